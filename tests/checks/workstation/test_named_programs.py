"""ENV-11: what mends a program that does not get what the profile gets, done as the remedy says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends import live
from fixtures.consumers.in_use import tools
from fixtures.machine.coding_tools import described
from fixtures.simulation.world import World, load_world
from tests.harness import judged, says
from tests.world_edits import Edit, both, env_file, environment, machine, written

SETTINGS = "~/.claude/settings.json"
NO_KEYS = dict.fromkeys(
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
)
LANGCHAINS = dict.fromkeys(f"BEDROCK_{name}" for name in NO_KEYS if "SECURITY" not in name)


def naming(name: str, edit: Edit) -> Edit:
    """The edit, and the program named by the settings in place of the world's."""
    return lambda world: replace(edit(world), settings={"application": {"consumers": [name]}})


def keys_of_the_profile(world: World) -> World:
    """The environment as `env $(aws configure export-credentials …)` makes it, with keys that AWS knows."""
    other = load_world("ok-both-token-names")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    keys = {name: other.machine.environment[name] for name in names}
    return replace(environment(**keys, AWS_REGION="us-east-1")(world), role_session=other.role_session)


def session_called(name: str, before: str = "msh") -> Edit:
    """The profile's session under another name, as `aws configure sso` writes it, and the login under that."""

    def header(text: str) -> str:
        return f"[sso-session {shlex.quote(text)}]"

    def edit(world: World) -> World:
        token = world.machine.files[f"~/.aws/sso/cache/${{sha1:{before}}}.json"].text
        renamed = (
            (header(before), header(name)),
            (f"sso_session = {before}\n", f"sso_session = {name}\n"),
        )
        return both(
            env_file(*renamed, of="~/.aws/config"),
            written(None, of=f"~/.aws/sso/cache/${{sha1:{before}}}.json"),
            written(token, of=f"~/.aws/sso/cache/${{sha1:{name}}}.json"),
        )(world)

    return edit


def claude(**variables: str) -> Edit:
    env = {"CLAUDE_CODE_USE_BEDROCK": "1", **variables}
    return written(json.dumps({"env": env}, indent=1), of=SETTINGS)


def opencode(**options: str) -> Edit:
    settings = {"provider": {"amazon-bedrock": {"options": options}}}
    return written(json.dumps(settings), of="./opencode.jsonc")


def aider(*assigned: str) -> Edit:
    return written("\n".join(("AIDER_MODEL=bedrock/x", *assigned, "")), of="./.env")


KEYS = (
    "AWS_ACCESS_KEY_ID=AKIAQCANARYOFROWS001",
    "AWS_SECRET_ACCESS_KEY=CANARYsecretOfAnEarlierSetUp000000000000",
)
GOOSE = "GOOSE_PROVIDER: aws_bedrock\nAWS_PROFILE: nobody\nAWS_REGION: us-east-1\n"
CODEX = 'model_provider = "amazon-bedrock"\n'


@pytest.mark.parametrize(
    ("world", "program", "before", "cause", "remedy", "mended"),
    [
        pytest.param(
            "reg07-only-aws-region-for-langchain", "langchain-js", environment(), "REG07",
            "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
            both(
                environment(AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1"),
                written("AWS_PROFILE=msh\nAWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1\n"),
            ),
            id="a Region that it does not read",
        ),
        pytest.param(
            "reg08-litellms-own-variable", "litellm", environment(), "REG08", "export AWS_REGION_NAME=us-east-1",
            environment(AWS_REGION_NAME="us-east-1"),
            id="a Region variable that it alone reads",
        ),
        pytest.param(
            "reg08-litellms-own-variable", "litellm",
            both(environment(AWS_REGION_NAME=None), written("AWS_PROFILE=msh\nAWS_REGION_NAME=us-west-2\n")), "REG08",
            "# edit ./.env.enterprise line 2: write AWS_REGION_NAME=us-east-1",
            written("AWS_PROFILE=msh\nAWS_REGION_NAME=us-east-1\n"),
            id="the same in the application's file",
        ),
        pytest.param(
            "pre14-keys-that-javascript-takes-before-sso", "javascript-sdk", environment(), "PRE14",
            "# edit ~/.aws/credentials line 2: take the profile's keys out",
            written("", of="~/.aws/credentials"),
            id="keys in a file that come first for it",
        ),
        pytest.param(
            "pre15-vercel-reads-no-sso-profile", "vercel-ai", environment(), "PRE15",
            "env $(aws configure export-credentials --profile msh --format env-no-export)", keys_of_the_profile,
            id="no SSO profile at all",
        ),
        pytest.param(
            "cfg17-capitals-for-javascript", "javascript-sdk", environment(), "CFG17",
            "# edit ~/.aws/config line 6: from there on names of settings in small letters",
            env_file(
                ("SSO_", "sso_"), ("_Session", "_session"), ("_Account_ID", "_account_id"), ("_Role_Name", "_role_name"),
                of="~/.aws/config",
            ),
            id="names in capitals",
        ),
        pytest.param(
            "ok-programs-that-agree", "claude-code", session_called("Acme Dev"), "CFG17",
            "# edit ~/.aws/config line 7: write sso_session = Acme-Dev, here and in every profile",
            session_called("Acme-Dev", "Acme Dev"),
            id="a session's name with a space, and the login under the new one",
        ),
        pytest.param(
            "pre16-keys-in-langchains-own-variables", "langchain-js", environment(), "PRE16",
            "unset BEDROCK_AWS_ACCESS_KEY_ID BEDROCK_AWS_SECRET_ACCESS_KEY BEDROCK_AWS_SESSION_TOKEN",
            environment(**LANGCHAINS),
            id="keys that it alone reads",
        ),
        pytest.param(
            "env15-home-in-node-env-file", "javascript-sdk", environment(), "ENV15",
            "# edit ./.env.enterprise line 7: where it is the default place, delete the line",
            env_file(
                ("AWS_CONFIG_FILE=${HOME}/.aws/config\n", ""),
                ("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials\n", ""),
            ),
            id="a path that its library does not expand",
        ),
        pytest.param(
            "ok-profile-not-in-environment", "aws-cli", environment(), "PRE16", "export AWS_PROFILE=msh",
            environment(AWS_PROFILE="msh"),
            id="nothing selects the profile in the shell",
        ),
        pytest.param(
            "ok-programs-that-agree", "claude-code", claude(AWS_PROFILE="nobody"), None,
            "# edit ~/.claude/settings.json line 4: take `AWS_PROFILE` out of it",
            claude(),
            id="a tool's own settings",
        ),
        pytest.param(
            "ok-programs-that-agree", "opencode", opencode(region="us-west-2", profile="msh"), "REG08",
            "# edit ./opencode.jsonc line 1: take `region` out of it",
            both(opencode(profile="msh"), environment(AWS_REGION="us-east-1")),
            id="one of two keys in a line",
        ),
        pytest.param(
            "ok-programs-that-agree", "opencode", opencode(region="us-east-1", profile="nobody"), None,
            "# edit ./opencode.jsonc line 1: take `profile` out of it",
            opencode(region="us-east-1"),
            id="the other one",
        ),
        pytest.param(
            "ok-programs-that-agree", "aider", aider("AWS_REGION=us-west-2"), "REG08",
            "# edit ./.env line 2: take `AWS_REGION` out of it",
            both(aider(), environment(AWS_REGION="us-east-1")),
            id="an environment file of a tool's own",
        ),
        pytest.param(
            "ok-programs-that-agree", "aider", aider(*KEYS), "PRE16",
            "# edit ./.env line 2: take `AWS_ACCESS_KEY_ID` out of it",
            aider(KEYS[1]),
            id="keys of a tool's own, which nobody else has",
        ),
        pytest.param(
            "ok-programs-that-agree", "codex",
            written(f'{CODEX}\n[model_providers.amazon-bedrock.aws]\nprofile = "nobody"\n', of="~/.codex/config.toml"), "PRE16",
            "# edit ~/.codex/config.toml line 4: take `profile` out of it",
            written(CODEX, of="~/.codex/config.toml"),
            id="settings in TOML",
        ),
        pytest.param(
            "ok-programs-that-agree", "goose",
            both(
                environment(AWS_PROFILE=None, AWS_REGION=None, AWS_DEFAULT_REGION=None),
                written(GOOSE, of="~/.config/goose/config.yaml"),
            ),
            "PRE16", "# edit ~/.config/goose/config.yaml line 2: take `AWS_PROFILE` out of it",
            environment(AWS_PROFILE="msh", AWS_REGION="us-east-1"),
            id="settings in YAML, which yield to the shell's",
        ),
    ],
)  # fmt: skip
def test_what_the_remedy_says_mends_it(
    world: str, program: str, before: Edit, cause: str | None, remedy: str, mended: Edit
) -> None:
    failed = judged(world, only=("ENV-11",), edit=naming(program, before))["ENV-11", program]
    assert failed["status"] == "non_compliant"
    assert cause is None or failed["cause"] == cause
    assert any(line.startswith(remedy) for line in failed["remedy"]), failed["remedy"]
    after = judged(world, only=("ENV-11",), edit=naming(program, both(before, mended)))["ENV-11", program]
    assert after["status"] == "compliant", after["observed"]


@pytest.mark.parametrize("program", ["javascript-sdk", "claude-code", "aws-cli", "dotnet-sdk", "litellm"])
def test_programs_on_a_machine_that_agrees_are_compliant(program: str) -> None:
    found = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming(program, environment()))
    assert found["ENV-11", program]["status"] == "compliant"


@pytest.mark.parametrize("program", ["java-sdk", "go-sdk", "rust-sdk", "dotnet-sdk"])
def test_a_path_that_is_filled_in_before_the_program_starts_is_no_obstacle(program: str) -> None:
    """The guide's ${HOME} in the environment file, which Node's dotenv alone leaves as it is."""
    found = judged("compliant", only=("ENV-11",), edit=naming(program, environment()))
    assert found["ENV-11", program]["status"] == "compliant"


def test_another_region_is_not_explained_by_a_profile_that_is_not_the_programs() -> None:
    edit = both(
        env_file(("AWS_PROFILE=msh", "AWS_PROFILE=nobody")), opencode(region="us-west-2", profile="msh")
    )
    found = judged("ok-programs-that-agree", only=("ENV-04", "ENV-11"), edit=naming("opencode", edit))
    assert found.root_causes == ["ENV-04 ENV05", "ENV-11 REG08"]


def no_env_file(world: World) -> World:
    files = {name: file for name, file in world.machine.files.items() if name != "./.env.enterprise"}
    return replace(world, machine=replace(world.machine, files=files))


@pytest.mark.parametrize(
    ("program", "edit", "status"),
    [
        ("anthropic", no_env_file, "inconclusive"),
        ("javascript-sdk", no_env_file, "inconclusive"),
        ("javascript-sdk", both(no_env_file, environment(AWS_PROFILE="msh")), "compliant"),
        ("vercel-ai", no_env_file, "non_compliant"),
        ("aws-cli", no_env_file, "non_compliant"),
    ],
)
def test_code_may_name_the_profile_that_nothing_else_selects(program: str, edit: Edit, status: str) -> None:
    found = judged("ok-profile-not-in-environment", only=("ENV-11",), edit=naming(program, edit))
    assert found["ENV-11", program]["status"] == status, found["ENV-11", program]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"region": "{env:HERE}", "profile": "{env:AWS_PROFILE}"}, "compliant"),
        ({"region": "{env:THERE}", "profile": "msh"}, "non_compliant"),
        ({"region": "{env:UNSET}", "profile": "msh"}, "inconclusive"),
        ({"region": "{file:~/.region}", "profile": "msh"}, "inconclusive"),
        ({"region": "us-east-1", "profile": "{file:./profile}"}, "inconclusive"),
    ],
)
def test_what_a_tools_settings_refer_to_is_resolved_or_not_judged(
    options: dict[str, str], status: str
) -> None:
    edit = both(opencode(**options), environment(AWS_PROFILE="msh", HERE="us-east-1", THERE="us-west-2"))
    row = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming("opencode", edit))[
        "ENV-11", "opencode"
    ]
    assert row["status"] == status, row
    assert status != "inconclusive" or "./opencode.jsonc line 1 is not resolved" in row["reason"]


@pytest.mark.parametrize(
    ("program", "edit", "status"),
    [
        ("langchain-js", environment(**dict(f"BEDROCK_{each}".split("=") for each in KEYS)), "non_compliant"),
        ("anthropic", written("\n".join(("AWS_PROFILE=msh", *KEYS, ""))), "non_compliant"),
        ("anthropic", written("\n".join((KEYS[0].replace("AKIA", "ASIA"), KEYS[1], "AWS_SESSION_TOKEN=x"))), "inconclusive"),
        ("javascript-sdk", written("\n".join(("AWS_PROFILE=msh", *KEYS, ""))), "compliant"),
        ("anthropic", keys_of_the_profile, "compliant"),
    ],
)  # fmt: skip
def test_keys_that_boto3_does_not_have_in_the_shell_are_not_taken_for_its_own(
    program: str, edit: Edit, status: str
) -> None:
    row = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming(program, edit))["ENV-11", program]
    assert row["status"] == status, row


def test_a_reference_to_a_secret_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "opencode.json").write_text(
        json.dumps(
            {"provider": {"amazon-bedrock": {"options": {"region": "{env:KEY}", "profile": "{env:KEY}"}}}}
        )
    )
    found = described(tmp_path, tmp_path, tools()["opencode"], {"KEY": "CANARY-of-another"})
    assert "CANARY" not in json.dumps(found)


def test_keys_are_taken_out_of_where_they_are_though_the_profile_is_chosen_elsewhere() -> None:
    edit = both(environment(AWS_PROFILE=None), written("AWS_PROFILE=msh\nAWS_REGION=us-east-1\n"))
    edit = naming("javascript-sdk", edit)
    row = judged("pre14-keys-that-javascript-takes-before-sso", only=("ENV-11",), edit=edit)[
        "ENV-11", "javascript-sdk"
    ]
    assert row["cause"] == "PRE14"
    assert row["remedy"][0].startswith("# edit ~/.aws/credentials line 2: take the profile's keys out")


def test_a_bad_release_is_named_with_one_that_works() -> None:
    edit = both(
        claude(AWS_REGION="us-west-2"),
        written(json.dumps({"dependencies": {"@anthropic-ai/claude-code": "2"}}), of="./package.json"),
        written('{"version": "2.1.207"}', of="./node_modules/@anthropic-ai/claude-code/package.json"),
    )
    failed = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming("claude-code", edit))[
        "ENV-11", "claude-code"
    ]
    assert failed["status"] == "non_compliant"
    assert "2.1.206 does not" in failed["remedy"][0]


# ------------------------------------------------------------------------------------- through to Bedrock Runtime

INSPECTED = "net06-javascript-does-not-know-the-authority"
WITHOUT_HTTP2 = "net07-inspection-without-http2"
HOST = "bedrock-runtime.us-east-1.amazonaws.com"
BEHIND_PROXY = "net08-javascript-uses-no-proxy"
NOT_STRICT = "net09-authority-that-is-not-strict-enough"
NEVER_ASKED = ("endpoint.protocol", "endpoint.strictness", "trust", "application.code")
AGENT = "export const client = new BedrockRuntimeClient({ requestHandler: new NodeHttpHandler({ httpsAgent: agent }) });"
USED = written(
    "".join(
        f'import "{each}";\n'
        for each in ("@aws-sdk/client-bedrock-runtime", "@langchain/aws", "@anthropic-ai/bedrock-sdk")
    ),
    of="./app.mjs",
)
BUNDLE = "${home}/.aws/ca-bundle.pem"


def stopped(world: str, *programs: str, edit: Edit = lambda world: world) -> dict[str, Mapping[str, Any]]:
    """The programs, named all together, that do not get what the profile gets."""
    found = judged(
        world,
        only=("ENV-11",),
        edit=lambda w: replace(edit(w), settings={"application": {"consumers": [*programs]}}),
    )
    assert {case for _, case in found.results} == {*programs}
    failed = {str(case): row for (_, case), row in found.results.items() if row["status"] != "compliant"}
    assert all(row["status"] == "non_compliant" for row in failed.values())
    return failed


def not_inspected(world: World) -> World:
    """As where the proxy leaves Bedrock Runtime alone."""
    faults = {host: fault for host, fault in world.machine.network.items() if host != HOST}
    return replace(world, machine=replace(world.machine, network=faults))


def test_a_program_that_uses_no_proxy_gets_through_where_the_direct_way_is_open() -> None:
    found = judged("net08-javascript-uses-no-proxy", only=("ENV-11",), edit=machine(network={}))
    assert found["ENV-11", "javascript-sdk"]["status"] == "compliant"


def test_a_private_authority_is_named_to_javascript_by_a_variable_of_its_own() -> None:
    """The AWS CLI reads AWS_CA_BUNDLE, .NET and Claude Code the system's store."""
    programs = ("aws-cli", "javascript-sdk", "anthropic-js", "langchain-js", "dotnet-sdk", "claude-code")
    failed = stopped(INSPECTED, *programs)
    assert set(failed) == {"javascript-sdk", "anthropic-js", "langchain-js"}
    for program, row in failed.items():
        assert says(row, "NET06", f"AWS_CA_BUNDLE (~/.aws/ca-bundle.pem) has; {program} does not read that")
        assert row["remedy"][-1] == "export NODE_EXTRA_CA_CERTS=~/.aws/ca-bundle.pem"


@pytest.mark.parametrize("path", ["/gone.pem", "~/.aws/ca-bundle.pem"], ids=["no file", "Node expands no ~"])
def test_a_variable_that_names_no_file_does_not_help(path: str) -> None:
    failed = stopped(INSPECTED, "javascript-sdk", edit=environment(NODE_EXTRA_CA_CERTS=path))
    assert failed["javascript-sdk"]["cause"] == "NET06"


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(environment(NODE_EXTRA_CA_CERTS=BUNDLE), id="as the remedy says"),
        pytest.param(environment(NODE_OPTIONS="--use-system-ca"), id="it may read the system's store"),
        pytest.param(
            env_file(("AWS_REGION=", "NODE_EXTRA_CA_CERTS=/etc/ssl/acme.pem\nAWS_REGION=")),
            id="what may be read before the program starts",
        ),
        pytest.param(not_inspected, id="other hosts are inspected"),
    ],
)
def test_an_authority_that_javascript_may_well_know_or_never_meets_is_no_obstacle(edit: Edit) -> None:
    assert not stopped(INSPECTED, "javascript-sdk", edit=edit)


def test_a_program_that_uses_no_proxy_gets_past_the_one_that_inspects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = environment(HTTPS_PROXY="http://proxy.acme.example:8080")
    assert stopped(INSPECTED, "javascript-sdk", edit=proxy)
    probe = live.READERS["endpoint"]

    def endpoint(subject: Any, url: str, way: str = "") -> Any:
        return probe(subject, url) if way == "direct" else probe(subject, url, way=way)

    monkeypatch.setitem(live.READERS, "endpoint", endpoint)  # type: ignore[index]
    assert not stopped(INSPECTED, "javascript-sdk", edit=proxy)


def test_an_inspection_without_http2_stops_who_speaks_nothing_else() -> None:
    """Go offers both versions, the others speak HTTP/1.1."""
    programs = ("javascript-sdk", "langchain-js", "anthropic-js", "claude-code", "dotnet-sdk", "go-sdk")
    failed = stopped(WITHOUT_HTTP2, *programs, edit=USED)
    assert set(failed) == {"javascript-sdk", "langchain-js"}
    for row in failed.values():
        assert says(row, "NET07", f"{HOST} ends a handshake that offers HTTP/2")


def test_once_http2_is_let_through_nothing_stops_it() -> None:
    assert not stopped(WITHOUT_HTTP2, "javascript-sdk", edit=not_inspected)


def test_a_proxy_that_is_the_only_way_out_stops_javascript_alone() -> None:
    programs = ("aws-cli", "javascript-sdk", "anthropic-js", "anthropic", "claude-code", "dotnet-sdk")
    failed = stopped(BEHIND_PROXY, *programs, edit=USED)
    assert set(failed) == {"javascript-sdk", "anthropic-js"}
    for row in failed.values():
        assert says(
            row,
            "NET08",
            f"does not use HTTPS_PROXY (http://proxy.acme.example:8080) by itself, and past it {HOST}",
        )
    assert "new HttpsProxyAgent(process.env.HTTPS_PROXY)" in failed["javascript-sdk"]["remedy"][0]
    assert "NODE_USE_ENV_PROXY=1" in failed["anthropic-js"]["remedy"][0]


def test_the_remedy_names_the_proxys_variable_as_it_is_written_here() -> None:
    edit = environment(HTTPS_PROXY=None, https_proxy="http://proxy.acme.example:8080")
    failed = stopped(BEHIND_PROXY, "javascript-sdk", edit=edit)
    assert "process.env.https_proxy" in failed["javascript-sdk"]["remedy"][0]


@pytest.mark.parametrize(
    ("program", "edit"),
    [
        pytest.param(
            "javascript-sdk", machine(network={}), id="the network lets it out without the proxy too"
        ),
        pytest.param("anthropic-js", environment(NODE_USE_ENV_PROXY="1"), id="Node is told to use it"),
        pytest.param(
            "javascript-sdk",
            environment(NODE_OPTIONS="--require ./agent.cjs"),
            id="what Node loads first may",
        ),
        pytest.param("javascript-sdk", written(AGENT, of="./app.mjs"), id="code gives it an agent"),
        pytest.param("javascript-sdk", written(AGENT, of="./src/aws/client.ts"), id="in another file"),
    ],
)
def test_a_proxy_that_is_not_needed_or_is_used_stops_nobody(program: str, edit: Edit) -> None:
    assert not stopped(BEHIND_PROXY, program, edit=edit)


def test_a_host_of_no_proxy_is_not_asked_for_through_it() -> None:
    edit = both(environment(NO_PROXY=".amazonaws.com"), machine(network={}))
    found = judged(BEHIND_PROXY, only=("ENV-11",), edit=edit)
    assert found["ENV-11", "javascript-sdk"]["status"] == "compliant"
    assert "direct" not in {reading["params"].get("way") for reading in found.readings}


@pytest.mark.parametrize("world", [BEHIND_PROXY, WITHOUT_HTTP2])
@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(written(None, of="./app.mjs"), id="no code"),
        pytest.param(
            both(written(None, of="./app.mjs"), written("export default [];", of="./eslint.config.js")),
            id="code that is not about it",
        ),
        pytest.param(
            written(f"//{'x' * 1_100_000}\n{AGENT}", of="./bundle.mjs"), id="a file too large to read"
        ),
    ],
)
def test_what_code_may_have_mended_is_no_failure_where_it_is_not_seen(world: str, edit: Edit) -> None:
    row = judged(world, only=("ENV-11",), edit=edit)["ENV-11", "javascript-sdk"]
    assert row["status"] == "inconclusive"
    assert "unless code gives its client HTTP of its own" in row["reason"]


@pytest.mark.parametrize("world", [BEHIND_PROXY, WITHOUT_HTTP2, INSPECTED])
def test_the_settings_can_say_that_code_makes_http_of_its_own(world: str) -> None:
    said = {"application": {"consumers": ["javascript-sdk"], "own_http": ["javascript-sdk"]}}
    found = judged(world, only=("ENV-11",), edit=lambda w: replace(w, settings=said))
    assert found["ENV-11", "javascript-sdk"]["status"] == "compliant"


def test_code_that_makes_http_of_its_own_is_believed_about_http2() -> None:
    assert not stopped(WITHOUT_HTTP2, "javascript-sdk", edit=written(AGENT, of="./app.mjs"))


def test_python_clients_read_another_variable_and_hold_certificates_to_more() -> None:
    both_used = written("import anthropic\nfrom litellm import completion\n", of="./app.py")
    edit = both(both_used, environment(SSL_CERT_FILE=None))
    unnamed = stopped(NOT_STRICT, "anthropic", "litellm", "boto3", edit=edit)
    assert {name: row["cause"] for name, row in unnamed.items()} == {"anthropic": "NET06", "litellm": "NET06"}
    assert unnamed["anthropic"]["remedy"][-1] == "export SSL_CERT_FILE=~/.aws/ca-bundle.pem"
    failed = stopped(
        NOT_STRICT,
        "anthropic",
        "litellm",
        "langchain-aws",
        "javascript-sdk",
        edit=both(both_used, environment(NODE_EXTRA_CA_CERTS=BUNDLE)),
    )
    assert set(failed) == {"anthropic", "litellm"}
    said = 'Acme Inspection Root (Basic Constraints): "Basic Constraints of CA cert not marked critical"'
    assert says(failed["anthropic"], "NET09", said)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(
            written("version = 3.12.4\n", of="./.venv/pyvenv.cfg"), id="a Python that is not strict"
        ),
        pytest.param(written("import truststore\n", of="./app.py"), id="code has a context of its own"),
        pytest.param(machine(network={HOST: "certificate"}), id="a certificate that keeps the rules"),
    ],
)
def test_a_certificate_is_held_to_strict_rules_by_nobody_else(edit: Edit) -> None:
    assert not stopped(NOT_STRICT, "anthropic", edit=edit)


SITE = "./.venv/lib/python3.13/site-packages"


@pytest.mark.parametrize("trusting", [environment(), environment(SSL_CERT_FILE=None)], ids=["NET09", "NET06"])
@pytest.mark.parametrize("file", [".venv/pyvenv.cfg", "app.py"])
def test_python_that_was_not_seen_is_no_failure(trusting: Edit, file: str) -> None:
    edit = both(trusting, written(None, of=f"./{file}"))
    row = judged(NOT_STRICT, only=("ENV-11",), edit=edit)["ENV-11", "anthropic"]
    assert row["status"] == "inconclusive", row
    assert "virtual environment" in row["reason"]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(written("import pip_system_certs.bootstrap\n", of=f"{SITE}/pip_system_certs.pth"), id="pth"),
        pytest.param(
            written("import truststore; truststore.inject_into_ssl()\n", of=f"{SITE}/_acme.pth"), id="truststore"
        ),
        pytest.param(
            both(
                written("certifi's and the organisation's own\n", of=f"{SITE}/certifi/cacert.pem"),
                written("certifi/cacert.pem,sha256=AAAA,29\n", of=f"{SITE}/certifi-2026.1.1.dist-info/RECORD"),
            ),
            id="certifi extended",
        ),
    ],
)  # fmt: skip
def test_an_environment_that_trusts_more_by_itself_is_no_obstacle(edit: Edit) -> None:
    assert not stopped(NOT_STRICT, "anthropic", edit=both(edit, environment(SSL_CERT_FILE=None)))


def test_where_nobody_is_named_nothing_more_is_asked() -> None:
    found = judged(INSPECTED, only=("ENV-11", "CON-02"), edit=lambda world: replace(world, settings={}))
    asked = {(reading["name"], reading["params"].get("way")) for reading in found.readings}
    assert ("endpoint", None) in asked
    assert not {name for name, way in asked if way or name in NEVER_ASKED}


def test_the_default_profile_needs_nobody_to_select_it(tmp_path: Path) -> None:
    file = tmp_path / "default.toml"
    file.write_text("""
        title = "Settings in capitals, of the profile that is taken where nothing selects one"
        extends = ["cfg17-capitals-for-javascript"]
        [machine]
        profile = "default"
        [machine.environment]
        AWS_PROFILE = false
        [machine.files."~/.aws/config"]
        replace = [["[profile msh]", "[default]"]]
        [machine.files."./.env.enterprise"]
        replace = [["AWS_PROFILE=msh", ""]]
    """)
    row = judged(load_world(str(file)), only=("ENV-11",))["ENV-11", "javascript-sdk"]
    assert (row["status"], row["cause"]) == ("non_compliant", "CFG17")


# --------------------------------------------------------------------------------------- files that only the program reads


@pytest.mark.parametrize(
    ("role", "status"), [("BedrockDeveloper", "compliant"), ("ReadOnly", "non_compliant")]
)
def test_the_config_file_that_the_environment_file_names_is_the_programs(role: str, status: str) -> None:
    session = "[sso-session msh]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
    profile = f"[profile msh]\nsso_session = msh\nsso_account_id = 210987654321\nsso_role_name = {role}\nregion = us-east-1\n"
    edit = both(
        env_file(("AWS_CONFIG_FILE=${HOME}/.aws/config", "AWS_CONFIG_FILE=${home}/.aws/app")),
        written(session + profile, of="~/.aws/app"),
        naming("javascript-sdk", environment()),
    )
    found = judged("compliant", only=("ENV-11",), edit=edit)
    assert found["ENV-11", "javascript-sdk"]["status"] == status


@pytest.mark.parametrize(
    ("world", "program", "decides"),
    [
        (
            "cfg17-capitals-for-javascript",
            "javascript-sdk",
            ", because of variable AWS_PROFILE, variable AWS_REGION",
        ),
        # That no variable has a Region is no variable's doing.
        ("reg07-only-aws-region-for-langchain", "langchain-js", "'s environment"),
    ],
)
def test_what_decides_is_told_unless_a_region_is_what_is_missing(
    world: str, program: str, decides: str
) -> None:
    row = judged(world, only=("ENV-11",))["ENV-11", program]
    assert row["observed"].endswith(decides), row["observed"]
