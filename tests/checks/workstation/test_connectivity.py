"""Step 2, the way to AWS: what is said of proxy, certificates, endpoints and clock."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3

from fixtures.backends import live
from fixtures.machine.machine import LiveMachine
from fixtures.settings import ModelSettings, Settings
from fixtures.simulation.world import File, World, load_world
from fixtures.text.shape import duration
from tests.harness import Judged, failing, judged, says
from tests.world_edits import Edit, both, env_file, environment

CONFIG = "~/.aws/config"
CON = ("CON-01", "CON-02", "CON-03")
FINE = {"compliant", "not_applicable"}
"""With bedrock-mantle, which these do not call."""
HOSTS = {
    "sts": "sts.us-east-1.amazonaws.com",
    "bedrock": "bedrock.us-east-1.amazonaws.com",
    "bedrock-runtime": "bedrock-runtime.us-east-1.amazonaws.com",
    "portal.sso": "portal.sso.us-east-1.amazonaws.com",
    "oidc": "oidc.us-east-1.amazonaws.com",
}
OPEN_PORT = [
    "# have HTTPS on port 443 to AWS's endpoints opened in the firewall or the proxy, or connect the VPN, then try:",
    "aws sts get-caller-identity --profile msh --debug",
]
BUNDLE = [
    "# get the authority's certificates from IT as one PEM file, appended to the public roots, save it there and name it:",
    "export AWS_CA_BUNDLE=~/.aws/ca-bundle.pem",
]


def machine(**changes: Any) -> Edit:
    """The world with another platform, network or files, and with more in its environment."""

    def edit(world: World) -> World:
        made = dict(changes)
        for name in ("environment", "files"):
            if name in made:
                made[name] = {**getattr(world.machine, name), **made[name]}
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, **made))

    return edit


def config(*replacements: tuple[str, str]) -> Edit:
    def edit(world: World) -> World:
        text = world.machine.files[CONFIG].text
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after)
        return machine(files={CONFIG: File(text=text)})(world)

    return edit


def skewed(length: str) -> Edit:
    def edit(world: World) -> World:
        return dataclasses.replace(world, clock=dataclasses.replace(world.clock, skew=duration(length)))

    return edit


def of(edit: Edit, *only: str) -> Judged:
    return judged("compliant", only=only or CON, edit=edit)


# -------------------------------------------------------------------------------------------- the shipped worlds


@pytest.mark.parametrize(
    ("world", "result", "cause", "observed", "remedy"),
    [
        ("net01-proxy-is-off", "CON-01", "NET01", "HTTPS_PROXY is http://localhost:3128: it refuses connections",
         ["# where the network needs the proxy, correct its address in HTTPS_PROXY; where it does not, go around it:",
          'export NO_PROXY="$NO_PROXY,.amazonaws.com"']),
        ("net02-tls-inspection", ("CON-02", "sts"), "NET02",
         "sts.us-east-1.amazonaws.com: SSL validation failed"
         " [SSL: CERTIFICATE_VERIFY_FAILED]", BUNDLE),
        ("net02-inspected-runtime", ("CON-02", "bedrock-runtime"), "NET02", "SSL validation failed", BUNDLE),
        ("net03-ca-bundle-is-gone", "CON-01", "NET03", "AWS_CA_BUNDLE is /opt/acme/ca-bundle.pem, where no file is",
         ["# correct the path, or do without it:", "unset AWS_CA_BUNDLE"]),
        ("net04-clock-behind", "CON-03", "NET04", "it is 40 minutes behind AWS's", None),
        ("net04-clock-hours-ahead", "CON-03", "NET04", "it is 9 h 0 min ahead of AWS's", None),
        ("offline", ("CON-02", "sts"), None, "sts.us-east-1.amazonaws.com does not resolve; nor is any other endpoint",
         OPEN_PORT),
        ("runtime-blocked-by-firewall", ("CON-02", "bedrock-runtime"), None, "Connect timeout on endpoint URL",
         OPEN_PORT),
    ],
)  # fmt: skip
def test_a_world_that_fails_names_its_one_root_cause(
    world: str, result: str | tuple[str, str], cause: str | None, observed: str, remedy: list[str] | None
) -> None:
    found = judged(world, only=(*CON, "SSO-06", "RUN-02", "RUN-03"))
    assert says(found[result], cause, observed)
    assert remedy is None or found[result]["remedy"] == remedy
    assert found.root_causes == [f"{result if isinstance(result, str) else result[0]} {cause or ''}".strip()]
    assert found.with_status("inconclusive") == set()


@pytest.mark.parametrize(
    "world",
    [
        "compliant",
        "ok-required-proxy",
        "ok-dead-proxy-not-used",
        "ok-tls-inspection-with-bundle",
        "ok-clock-three-minutes-off",
        "ok-vpc-endpoint",
    ],
)
def test_a_look_alike_raises_nothing(world: str) -> None:
    assert {r["status"] for r in judged(world, only=CON).results.values()} == FINE


# ------------------------------------------------------------------------------------- CON-01, proxy and CA bundle


@pytest.mark.parametrize(
    ("region", "around", "suffix"),
    [
        ("eusc-de-east-1", ".amazonaws.eu", "amazonaws.eu"),
        ("us-gov-west-1", ".amazonaws.com", "amazonaws.com"),
        ("us-east-1", ".amazonaws.com", "amazonaws.com"),
    ],
)
def test_the_hosts_that_a_proxy_is_asked_for_are_those_of_the_regions_partition(
    region: str, around: str, suffix: str
) -> None:
    off = load_world("net01-proxy-is-off")

    def con01(no_proxy: str) -> Mapping[str, Any]:
        return judged(off, only=("CON-01",), edit=environment(NO_PROXY=no_proxy), regions=[region])["CON-01"]

    assert con01(around)["status"] == "compliant"
    others = ".amazonaws.eu" if suffix == "amazonaws.com" else ".amazonaws.com"
    dead = con01(others)
    assert dead["status"] == "non_compliant"
    assert f".{suffix}" in " ".join(dead["remedy"]) and f".{others}" not in " ".join(dead["remedy"])


@pytest.mark.parametrize(
    ("switched", "edit"),
    [("dual-stack", environment(AWS_USE_DUALSTACK_ENDPOINT="true")), ("mantle", lambda world: world)],
    ids=["dual-stack endpoints", "the second endpoint"],
)
def test_hosts_of_another_domain_are_to_go_around_the_proxy_as_well(switched: str, edit: Edit) -> None:
    settings = Settings(models=ModelSettings(endpoint="mantle")) if switched == "mantle" else Settings()

    def con01(no_proxy: str) -> Mapping[str, Any]:
        around = both(edit, environment(NO_PROXY=no_proxy))
        return judged("net01-proxy-is-off", only=("CON-01",), edit=around, settings=settings)["CON-01"]

    told = "add .amazonaws.com,.api.aws"
    assert told in con01("localhost")["remedy"][0]
    for half in (".amazonaws.com", ".api.aws"):
        assert con01(half)["status"] == "non_compliant"
    assert con01(told.removeprefix("add "))["status"] == "compliant"


@pytest.mark.parametrize(
    ("fault", "observed"),
    [
        ("dns", "its name does not resolve"),
        ("refused", "it refuses connections"),
        ("timeout", "it does not answer"),
    ],
)
def test_a_proxy_that_cannot_be_connected_to_is_named_by_its_variable(fault: str, observed: str) -> None:
    dead = machine(
        environment={"https_proxy": "http://jo:CANARYpassword@proxy.acme.example:8080"},
        network={"proxy.acme.example": fault},
    )
    found = of(dead, "CON-01")
    assert says(found["CON-01"], "NET01", f"https_proxy is http://proxy.acme.example:8080: {observed}")
    assert "correct its address in https_proxy" in found["CON-01"]["remedy"][0]
    assert "CANARY" not in str(found.document)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_that_the_sdk_does_not_use_is_none_of_its_business(variable: str) -> None:
    dead = machine(
        environment={variable: "http://proxy.acme.example:8080"}, network={"proxy.acme.example": "refused"}
    )
    assert {r["status"] for r in of(dead).results.values()} == FINE


def test_what_needs_the_proxy_is_blocked_by_it() -> None:
    found = judged("net01-proxy-is-off", only=("CON-02", "CON-03", "SSO-06", "RUN-02"))
    assert found.not_first() == {f"CON-02 {name}" for name in HOSTS} | {
        "CON-03",
        "SSO-06",
        "RUN-02",
    }
    assert {r["behind"] for r in found.results.values() if r["status"] in ("blocked", "non_compliant")} == {
        "CON-01"
    }


@pytest.mark.parametrize(
    ("edit", "observed", "last"),
    [
        (machine(environment={"REQUESTS_CA_BUNDLE": "/gone.pem"}), "REQUESTS_CA_BUNDLE is /gone.pem, where no file is",
         "unset REQUESTS_CA_BUNDLE"),
        (machine(environment={"AWS_CA_BUNDLE": ""}), "AWS_CA_BUNDLE is set to nothing, which is no path",
         "unset AWS_CA_BUNDLE"),
        (machine(environment={"AWS_CA_BUNDLE": "${home}/.aws"}), "AWS_CA_BUNDLE is ~/.aws, which is a folder",
         "unset AWS_CA_BUNDLE"),
        (machine(environment={"AWS_CA_BUNDLE": "~/gone.pem"}), "AWS_CA_BUNDLE is ~/gone.pem, where no file is",
         "unset AWS_CA_BUNDLE"),
        (config(("output = json", "output = json\nca_bundle = ../acme.pem")),
         f"{CONFIG} line 12: ca_bundle is ../acme.pem, where no file is",
         f"# edit {CONFIG} line 12: correct the path of ca_bundle, or delete the line"),
        (config(("output = json", "output = json\nca_bundle = ${HOME}/.aws/config")),
         f"{CONFIG} line 12: ca_bundle is ${{HOME}}/.aws/config, in which urllib3 fills in no variables; it knows ~",
         f"# edit {CONFIG} line 12: write ca_bundle = ~/.aws/config"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_no_file_is_named_by_its_setting(edit: Edit, observed: str, last: str) -> None:
    found = of(edit, "CON-01")
    assert says(found["CON-01"], "NET03", observed)
    assert found["CON-01"]["remedy"][-1] == last


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_urllib3_and_the_check_take_the_same_path_for_a_bundle(name: str) -> None:
    """What botocore hands to urllib3 for a path with ~, which a library reads from an .env file as it stands there."""
    connection = urllib3.connection.HTTPSConnection("sts.us-east-1.amazonaws.com", ca_certs="~/$HOME/a.pem")
    assert connection.ca_certs == os.path.expanduser("~/$HOME/a.pem")  # noqa: PTH111
    bundle = {"~/certs/a.pem": File(text="-----BEGIN CERTIFICATE-----")}
    edit = machine(files=bundle, environment={name: "~/certs/a.pem"})
    assert of(edit, "CON-01")["CON-01"]["status"] == "compliant"


def test_the_bundle_that_counts_is_the_first_in_botocores_order() -> None:
    good = {"./acme.pem": File(text="-----BEGIN CERTIFICATE-----")}
    edit = machine(files=good, environment={"AWS_CA_BUNDLE": "acme.pem", "REQUESTS_CA_BUNDLE": "/gone.pem"})
    assert of(edit, "CON-01")["CON-01"]["status"] == "compliant"


def test_a_bundle_whose_path_looks_like_a_secret_cannot_be_judged() -> None:
    found = of(machine(environment={"AWS_CA_BUNDLE": "wJalrXUtn9FEMIzK7MDENGzbPxRfiCYzzzzzCANA"}), "CON-01")
    assert found["CON-01"]["status"] == "inconclusive"
    assert found["CON-01"]["reason"] == "AWS_CA_BUNDLE: the value is not kept: it looks like a secret"


def test_ssl_cert_file_is_ignored_as_botocore_ignores_it() -> None:
    found = of(machine(environment={"SSL_CERT_FILE": "/gone.pem", "CURL_CA_BUNDLE": "/gone.pem"}))
    assert {r["status"] for r in found.results.values()} == FINE


def test_a_dead_proxy_is_told_although_the_profile_is_broken() -> None:
    edit = both(
        machine(environment={"HTTPS_PROXY": "http://localhost:3128"}, network={"localhost": "refused"}),
        machine(files={CONFIG: File(text="[profile msh\n")}),
    )
    assert of(edit, "CON-01", "PRF-01").root_causes == ["CON-01 NET01", "PRF-01"]


@pytest.mark.parametrize("reading", ["proxies", "ca-bundle"])
def test_settings_that_could_not_be_read_make_no_verdict(
    reading: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(live.READERS, reading, failing)  # type: ignore[index]
    assert judged("compliant", only=("CON-01",))["CON-01"]["status"] == "inconclusive"


# ------------------------------------------------------------------------------------------------ CON-02, endpoints


def behind_a_proxy(spared: str, **variables: str) -> Edit:
    """A network with no other way out than its proxy, and hosts that are reached past it."""
    way = {"HTTPS_PROXY": "http://jo:CANARYpass@proxy.acme.example:8080", "NO_PROXY": spared, **variables}
    return machine(environment=way, network=dict.fromkeys(HOSTS.values(), "proxied"))


@pytest.mark.parametrize(
    ("spared", "entry"),
    [
        ("localhost, .amazonaws.com,10.0.0.0/8", ".amazonaws.com"),
        ("amazonaws.com,localhost", "amazonaws.com"),
        ("sts.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"),
        ("*", "*"),
    ],
)
def test_a_host_that_goes_past_the_only_way_out_is_told_by_what_spares_it(spared: str, entry: str) -> None:
    found = of(behind_a_proxy(spared), "CON-02")[("CON-02", "sts")]
    assert says(found, None, f"NO_PROXY has {entry}, so that the proxy of HTTPS_PROXY is not used")
    assert found["remedy"] == [
        f"# where that proxy is the only way out, take {entry} out of NO_PROXY; then:",
        "aws sts get-caller-identity --profile msh",
        "# where AWS is to be reached past it, have HTTPS on port 443 to its hosts opened in the firewall, or connect the VPN",
    ]
    assert of(behind_a_proxy("localhost,10.0.0.0/8"), "CON-02").root_causes == []


@pytest.mark.parametrize(
    "edit",
    [
        behind_a_proxy("*.amazonaws.com", HTTPS_PROXY=""),
        machine(environment={"NO_PROXY": "*"}, network=dict.fromkeys(HOSTS.values(), "timeout")),
    ],
    ids=["a proxy of no name", "no proxy"],
)
def test_where_no_proxy_is_passed_by_nothing_is_said_of_one(edit: Edit) -> None:
    found = of(edit, "CON-02")[("CON-02", "sts")]
    assert "NO_PROXY" not in found["observed"]
    assert found["remedy"] == OPEN_PORT


@pytest.mark.parametrize("case", HOSTS)
@pytest.mark.parametrize(
    ("fault", "cause", "observed"),
    [
        ("dns", None, "does not resolve"),
        ("refused", None, "Could not connect to the endpoint URL"),
        ("timeout", None, "Connect timeout on endpoint URL"),
        ("certificate", "NET02", "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_each_endpoint_is_tried_and_named(case: str, fault: str, cause: str | None, observed: str) -> None:
    found = of(machine(network={HOSTS[case]: fault}), "CON-02")
    assert says(found[("CON-02", case)], cause, observed)
    assert HOSTS[case] in found[("CON-02", case)]["observed"]
    assert found.with_status("non_compliant") == {f"CON-02 {case}"}


def test_endpoints_that_are_lost_together_are_one_root_cause() -> None:
    lost = {HOSTS["sts"]: "dns", HOSTS["oidc"]: "refused"}
    found = of(machine(network=lost), "CON-02")
    assert found.root_causes == ["CON-02"]
    assert found[("CON-02", "sts")]["observed"].endswith("; nor are 1 of the other 4 endpoints")


def test_without_a_network_no_credential_and_no_permission_is_called_wrong() -> None:
    found = judged("offline")
    assert found.root_causes == ["CON-02"]
    assert found.with_status("non_compliant") == {f"CON-02 {name}" for name in HOSTS}
    assert found["RUN-02"]["behind"] == found["IAM-03"]["behind"] == "CON-02"


@pytest.mark.parametrize(
    ("edit", "also"),
    [
        (machine(files={"~/.aws/credentials": File(text="[msh]\naws_access_key_id = AKIAQCANARYOLDKEY001\n"
         "aws_secret_access_key = CANARYsecretOfAnEarlierSetUp000000000000\n")}), "PRF-10"),
        (environment(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test"), "CRD-02 ENV04"),
        (config(("sso_account_id = 210987654321", "sso_account_id = 2109-8765-4321")), "PRF-05"),
    ],
    ids=["second source", "keys of the environment", "account"],
)  # fmt: skip
def test_without_a_network_nothing_else_is_said_to_keep_the_profile_from_its_credentials(
    edit: Edit, also: str
) -> None:
    found = judged("offline", edit=edit)
    assert set(found.root_causes) == {"CON-02", also}
    assert found.root_causes[0] == "CON-02"
    assert found["RUN-02"]["behind"] == found["IAM-03"]["behind"] == "CON-02"
    # With a network the other is what it was.
    assert [cause.split()[0] for cause in judged("compliant", edit=edit).root_causes] == [
        also.split(maxsplit=1)[0]
    ]


def test_a_region_of_the_login_that_does_not_exist_is_no_network_fault() -> None:
    no_login = machine(files={"~/.aws/sso/cache/${sha1:msh}.json": File(text="{}")})
    found = of(
        both(config(("sso_region = us-east-1", "sso_region = us-south-1")), no_login), "CON-02", "SSO-04"
    )
    seen = "portal.sso.us-south-1.amazonaws.com does not resolve, and no Region is called us-south-1"
    assert says(found[("CON-02", "portal.sso")], "REG03", seen)
    assert found[("CON-02", "portal.sso")]["remedy"] == ["aws configure sso --profile msh"]
    assert set(found.root_causes) == {"SSO-01 TOK01", "CON-02 REG03"}
    assert found[("CON-02", "sts")]["status"] == "compliant"


def test_a_token_of_another_region_tells_better_which_region_is_meant() -> None:
    found = of(config(("sso_region = us-east-1", "sso_region = us-south-1")), "CON-02", "SSO-04")
    assert found.root_causes == ["SSO-04 TOK07"]
    assert found[("CON-02", "oidc")]["behind"] == "SSO-04"


def test_a_region_of_bedrock_that_does_not_exist_is_told_by_what_checks_the_region() -> None:
    found = of(config(("\nregion = us-east-1", "\nregion = us-east-1a")), "CON-02", "REG-01")
    assert found[("CON-02", "bedrock")]["behind"] in {"ENV-03", "REG-01"}


def test_an_endpoint_that_could_not_be_tried_is_inconclusive_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = live.READERS["endpoint"]

    def endpoint(subject: Any, url: str) -> Any:
        return failing() if "oidc" in url else probe(subject, url)

    monkeypatch.setitem(live.READERS, "endpoint", endpoint)  # type: ignore[index]
    found = judged("compliant", only=("CON-02", "CON-03"))
    assert found.with_status("inconclusive") == {"CON-02 oidc"}
    assert "no such evidence today" in found[("CON-02", "oidc")]["reason"]


# ---------------------------------------------------------------------------------------------------- CON-03, clock


@pytest.mark.parametrize(
    ("skew", "observed"),
    [
        ("6m", "it is 6 minutes ahead of AWS's"),
        ("-6m", "it is 6 minutes behind AWS's"),
        ("-90m", "1 h 30 min behind"),
    ],
)
def test_a_clock_more_than_five_minutes_off_is_named_with_its_side(skew: str, observed: str) -> None:
    found = of(skewed(skew), "CON-03")
    assert says(found["CON-03"], "NET04", observed)
    assert found["CON-03"]["remedy"][0].startswith('if [ "$(uname)" = Darwin ]; then sudo sntp')


@pytest.mark.parametrize("skew", ["4m", "-4m"])
def test_a_clock_less_than_five_minutes_off_is_right(skew: str) -> None:
    assert of(skewed(skew), "CON-03")["CON-03"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("skew", "observed"),
    [("-2s", "it agrees with AWS's"), ("1s", "it agrees with AWS's"), ("2m", "about 120 s")],
)
def test_the_clock_is_told_no_finer_than_it_was_measured(skew: str, observed: str) -> None:
    assert observed in of(skewed(skew), "CON-03")["CON-03"]["observed"]


def test_on_windows_the_clock_is_set_with_w32tm() -> None:
    found = of(both(skewed("7m"), machine(platform="windows")), "CON-03")
    assert found["CON-03"]["remedy"][-1] == "w32tm /resync"


def test_the_clock_is_read_from_whichever_endpoint_answers() -> None:
    found = of(both(skewed("7m"), machine(network={HOSTS["sts"]: "timeout"})), "CON-03")
    assert says(found["CON-03"], "NET04", "7 minutes ahead")


def test_the_clock_is_known_by_one_endpoint_where_that_sends_its_time() -> None:
    found = of(skewed("7m"), "CON-03")
    assert says(found["CON-03"], "NET04", "7 minutes ahead")
    asked = [reading["params"] for reading in found.readings if reading["name"] in ("client", "endpoint")]
    assert asked == [{"service": "sts", "region": "us-east-1"}, {"url": f"https://{HOSTS['sts']}"}]


def test_without_an_endpoint_the_clock_is_not_judged() -> None:
    found = of(both(skewed("7m"), machine(network=dict.fromkeys(HOSTS.values(), "dns"))), "CON-03")
    assert found["CON-03"]["behind"] == "CON-02"


def test_signatures_that_the_clock_spoils_are_blocked_by_it() -> None:
    found = judged("net04-clock-behind", only=("CON-03", "RUN-02", "IAM-03"))
    assert found["RUN-02"]["behind"] == found["IAM-03"]["behind"] == "CON-03"
    assert found.root_causes == ["CON-03 NET04"]


# ------------------------------------------------------------------------------------------- what the real machine says


def test_a_connection_is_made_where_something_listens_and_refused_where_nothing_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert LiveMachine().connect("127.0.0.1", port) is None
    assert LiveMachine().connect("127.0.0.1", port) == "refused"


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (socket.gaierror(-2, "unknown"), "dns"),
        (TimeoutError(), "timeout"),
        (OSError(113, "no route"), "refused"),
    ],
)
def test_what_keeps_a_connection_from_being_made_is_told_apart(
    error: OSError, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_connection(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert LiveMachine().connect("proxy.acme.example", 8080) == fault


def test_whether_a_folder_can_be_written_is_the_systems_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = LiveMachine()
    assert machine.writable(tmp_path) and machine.writable(tmp_path / "not" / "yet")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert not machine.writable(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    assert not machine.writable(tmp_path) and not machine.writable(tmp_path / "not" / "yet")


# ------------------------------------------------------------------------------------- what a proxy's URL may hold


@pytest.mark.parametrize("between", "#/?")
def test_a_password_that_is_not_escaped_is_named_and_no_part_of_it_is_shown(between: str) -> None:
    url = f"http://jo:CANARY{between}pass@proxy.acme.example:8080"
    found = of(machine(environment={"HTTPS_PROXY": url}), *CON, "RUN-02")
    assert found.root_causes == ["CON-01 NET01"]
    assert says(found["CON-01"], "NET01", "HTTPS_PROXY is (not shown): no host can be told from its name")
    assert "%23" in found["CON-01"]["remedy"][0]
    assert not found.with_status("inconclusive")
    assert "CANARY" not in f"{found.document}{found.readings}"


def test_a_proxy_that_refuses_several_hosts_is_one_root_cause_that_names_all() -> None:
    hosts = dict.fromkeys(HOSTS.values(), "forbidden")
    found = of(
        machine(environment={"HTTPS_PROXY": "http://proxy.acme.example:8080"}, network=hosts), *CON, "RUN-02"
    )
    assert found.root_causes == ["CON-02 NET05"]
    remedy = " ".join(found["CON-02", "sts"]["remedy"])
    assert all(host in remedy for host in HOSTS.values()) and chr(34) not in remedy
    assert found["CON-02", "oidc"]["remedy"] == found["CON-02", "sts"]["remedy"]


@pytest.mark.parametrize(
    ("network", "requirement", "first"),
    [
        (dict.fromkeys(HOSTS.values(), "forbidden"), "CON-02", "# whoever runs the proxy lets "),
        (
            {"proxy.acme.example": "authentication"},
            "CON-01",
            "# put name and password into the proxy's address",
        ),
    ],
)
def test_of_what_a_proxy_can_refuse_for_the_remedy_is_that_for_what_it_said(
    network: dict[str, str], requirement: str, first: str
) -> None:
    found = of(
        machine(environment={"HTTPS_PROXY": "http://proxy.acme.example:8080"}, network=network),
        *CON,
        "RUN-02",
    )
    assert found.root_causes == [f"{requirement} NET05"]
    (told,) = next(row["remedy"] for row in found.document["root_causes"])
    assert told.startswith(first) and "407" not in told and "403" not in told


@pytest.mark.parametrize("path", ["~/.aws", ""])
def test_what_a_bundle_that_is_none_keeps_from_being_read_is_blocked_by_it(path: str) -> None:
    found = of(machine(environment={"AWS_CA_BUNDLE": path}), *CON, "ENV-06", "RUN-04")
    assert found.root_causes == ["CON-01 NET03"]
    assert not found.with_status("inconclusive")


def test_where_the_application_has_a_bundle_the_shell_is_given_that_one() -> None:
    def edit(world: World) -> World:
        text = world.machine.files["./.env.enterprise"].text
        files = {
            "./.env.enterprise": File(text=f"{text}AWS_CA_BUNDLE=~/corp.pem\n"),
            "~/corp.pem": File(text="-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        }
        return machine(files=files, network=dict.fromkeys(HOSTS.values(), "certificate"))(world)

    found = of(edit, *CON, "ENV-05")
    assert found.root_causes == ["CON-02 NET02"]
    assert found["CON-02", "sts"]["remedy"][1] == "export AWS_CA_BUNDLE=~/corp.pem"
    assert found["ENV-05", "AWS_CA_BUNDLE"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("world", "says_so"),
    [
        ("env13-fips-by-variable", "AWS_USE_FIPS_ENDPOINT is what leads there"),
        (
            "env13-dual-stack-in-the-profile",
            "~/.aws/config line 12: use_dualstack_endpoint is what leads there",
        ),
    ],
)
def test_a_switch_that_leads_to_no_host_is_named_by_its_variable_or_its_line(
    world: str, says_so: str
) -> None:
    (cause,) = judged(world, only=("CON-02",)).document["root_causes"]
    assert cause["observed"].endswith(says_so)


@pytest.mark.parametrize("form", [" {}", "{} ", "{}\r", '"{}"', "'{}'"])
@pytest.mark.parametrize("login", ["", "jo:CANARYpass@"])
def test_what_stands_around_a_proxys_url_is_named_as_that(form: str, login: str) -> None:
    """Docker's --env-file, among others, takes quotes for a part of the value."""
    url = form.format(f"http://{login}proxy.acme.example:8080")
    found = judged("ok-required-proxy", only=(*CON, "RUN-02"), edit=environment(HTTPS_PROXY=url))
    assert found.root_causes == ["CON-01 NET01"]
    assert says(
        found["CON-01"], "NET01", "HTTPS_PROXY is (not shown): blanks or quotes stand around the address"
    )
    assert found["CON-01"]["remedy"] == [
        "# write HTTPS_PROXY without blanks and quotes around its value, where it is set"
    ]
    assert "CANARY" not in f"{found.document}{found.readings}"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_the_environment_file_alone_names_is_what_the_shell_lacks(name: str) -> None:
    line = env_file(("AWS_PROFILE=msh\n", f"AWS_PROFILE=msh\n{name}=http://user:CANARY@proxy:3128\n"))
    found = judged("offline", only=("CON-02",), edit=line)["CON-02", "sts"]
    assert found["remedy"][0].startswith(
        "# ./.env.enterprise line 4 has a proxy for the application, and this shell has none"
    )
    assert "CANARY" not in str(found)
    assert "proxy for the application" not in str(
        judged("offline", only=("CON-02",))["CON-02", "sts"]["remedy"]
    )


@pytest.mark.parametrize(
    ("world", "place", "status"),
    [
        ("ok-ent-production-function", "production", "not_applicable"),
        ("ok-ent-production-role", "production", "compliant"),
        ("ok-no-env-file", "workstation", "compliant"),
    ],
)
def test_the_hosts_of_a_login_are_asked_for_where_there_is_a_profile(
    world: str, place: str, status: str
) -> None:
    found = judged(world, environment=place, only=("CON-02",))
    assert found["CON-02", "sts"]["status"] == "compliant"
    assert {found["CON-02", case]["status"] for case in ("portal.sso", "oidc")} == {status}
