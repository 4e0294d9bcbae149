"""Step 2, the credentials: what is said of the provider that wins and of what stands in the profile's way."""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.credentials import InstanceMetadataProvider

from checks.catalogue import load
from fixtures.aws.bounds import Bounds
from fixtures.aws.calls import Caller
from fixtures.aws.session_readers import application
from fixtures.backends import live
from fixtures.evidence.endpoints import Override, is_approved, is_own
from fixtures.machine.machine import LiveMachine
from fixtures.machine.python_code import credential_calls, python_files
from fixtures.settings import ApplicationSettings, CredentialSettings, Settings
from fixtures.simulation.world import File, RoleSession, World, load_world
from tests.fixtures.machine.test_api_key import short_term
from tests.harness import Judged, failing, judged, says
from tests.suite import run_suite
from tests.world_edits import Edit, answers, both, env_file, written
from tests.world_edits import environment as variables

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"
CRD = tuple(f"CRD-{number:02}" for number in range(1, 7))
KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
SESSION, SECURITY, EXPIRATION = "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION"
VARIABLES = (KEY, SECRET, SESSION, SECURITY, EXPIRATION)
ROLE_KEYS = {
    KEY: "ASIAQCANARYSESSION01",
    SECRET: "CANARYsecretOfAnExportedRoleSession00000",
    SESSION: "IQoJb3JpZ2luCANARYexportedSessionToken000000000000",
}
USER_KEYS = {KEY: "AKIAQCANARYOLDKEY001", SECRET: "CANARYsecretOfAnOldIamUserKey0000000000a"}
UNSET = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN"
STARTS = "~/.profile ~/.bash_profile ~/.bashrc ~/.zshrc"


def with_environment(variables: Mapping[str, str | None], **machine: Any) -> Edit:
    """The world with variables in its environment, or without those that are None."""

    def edit(world: World) -> World:
        environment = {**world.machine.environment, **variables}
        kept = {name: value for name, value in environment.items() if value is not None}
        return dataclasses.replace(
            world, machine=dataclasses.replace(world.machine, environment=kept, **machine)
        )

    return edit


def with_file(name: str, text: str) -> Edit:
    def edit(world: World) -> World:
        files = {**world.machine.files, name: File(text=text)}
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    return edit


def of(
    variables: Mapping[str, str | None],
    *only: str,
    environment: str = "workstation",
    settings: Settings | None = None,
    **machine: Any,
) -> Judged:
    """The compliant world with these variables in its environment."""
    edit = with_environment(variables, **machine)
    return judged("compliant", only=only or CRD, edit=edit, environment=environment, settings=settings)


def allowing(*providers: str, endpoints: tuple[str, ...] = ()) -> Settings:
    credentials = CredentialSettings(approved_endpoints=endpoints, allowed_providers=providers)
    return Settings(credentials=credentials)


# -------------------------------------------------------------------------------------------- the shipped worlds


@pytest.mark.parametrize(
    ("world", "result", "cause", "observed", "remedy"),
    [
        ("env01-stale-keys", ("CRD-02", KEY), "ENV01",
         f"{KEY} is ASIA…ON01: boto3 with profile_name uses sso, an application with its environment alone env",
         [UNSET, "# remove the lines that set them in new shells as well; this finds them:",
          f"grep -ns {KEY} {STARTS}"]),
        ("env01-long-lived-keys", ("CRD-02", KEY), "ENV01", f"{KEY} is AKIA…Y001: boto3 with profile_name uses sso",
         None),
        ("env02-no-session-token", "CRD-03", "ENV02", f"{KEY} is ASIA…ON01, and {SESSION} is not set",
         [UNSET, "# or export all three together, as printed by: aws configure export-credentials --profile msh"
          " --format env"]),
        ("env03-stale-security-token", ("CRD-02", SECURITY), "ENV03",
         f"{SECURITY} differs from {SESSION}, and botocore takes {SECURITY}",
         [f"unset {SECURITY}", "# remove the line that sets it in new shells as well; this finds it:",
          f"grep -ns {SECURITY} {STARTS}",
          "# the keys beside it come before the profile; where the profile is to be used, unset them too:",
          f"unset {KEY} {SECRET} {SESSION}"]),
        ("env04-placeholder-keys", ("CRD-02", KEY), "ENV04", f"{KEY} is testing, {SECRET} is testing", [UNSET]),
        ("env05-empty-profile", ("CRD-05", "AWS_PROFILE"), "ENV05", "AWS_PROFILE is ''",
         ["export AWS_PROFILE=msh",
          "# correct the line that sets it in new shells as well; this finds it:", f"grep -ns AWS_PROFILE {STARTS}"]),
        ("env05-profile-with-carriage-return", ("CRD-05", "AWS_PROFILE"), "ENV05",
         r"AWS_PROFILE is 'msh\r', with a line break", None),
        ("env05-quoted-profile", ("CRD-05", "AWS_PROFILE"), "ENV05",
         """AWS_PROFILE is "'msh'", with quotes around it""", None),
        ("env05-unknown-profile", ("CRD-05", "AWS_PROFILE"), "ENV05",
         "AWS_PROFILE is 'msh-prod', which names no profile", None),
        ("env06-default-profile-masks", ("CRD-05", "AWS_DEFAULT_PROFILE"), "ENV06",
         "AWS_DEFAULT_PROFILE is 'sandbox' and AWS_PROFILE 'msh': boto3 takes the first, the AWS CLI the second",
         ["unset AWS_DEFAULT_PROFILE", "# remove the line that sets it in new shells as well; this finds it:",
          f"grep -ns AWS_DEFAULT_PROFILE {STARTS}"]),
        ("env07-key-without-secret", ("CRD-02", KEY), "ENV07", f"{KEY} is set without {SECRET}", [UNSET]),
        ("env07-secret-without-key", ("CRD-02", SECRET), "ENV07", f"{SECRET} is set without {KEY}, and ignored", [UNSET]),
        ("env08-bedrock-api-key", "CRD-04", "ENV08",
         "it is set (ABSK, 55 characters), and Bedrock's clients send it in place of the profile",
         ["unset AWS_BEARER_TOKEN_BEDROCK", "# remove the line that sets it in new shells as well; this finds it:",
          f"grep -ns AWS_BEARER_TOKEN_BEDROCK {STARTS}",
          '# where such a key is meant: add "bearer" to allowed_providers under [credentials] in compliance.toml']),
        ("env08-empty-bearer", "CRD-04", "ENV08", "it is set to nothing", None),
        ("env09-expired-export", ("CRD-02", EXPIRATION), "ENV09", f"{EXPIRATION} is 2026-11-22T11:00:00Z, which is past",
         [f"{UNSET} {EXPIRATION}", "# or export fresh ones, as printed by: aws configure export-credentials"
          " --profile msh --format env"]),
        ("env10-line-break-in-token", ("CRD-02", SESSION), "ENV10", f"{SESSION} (51 characters) has a line break",
         [f"{UNSET} {EXPIRATION}", "# where keys in the environment are meant, set them again, each in one line,"
          " without quotes in the value and blanks"]),
        ("env10-quotes-around-keys", ("CRD-02", KEY), "ENV10", f"{KEY} (22 characters) has quotes around it", None),
        ("win07-carriage-return-in-token", ("CRD-02", SESSION), "WIN07",
         f"{SESSION} (51 characters) has a carriage return at its end", None),
        ("pre02-code-drops-token", "CRD-03", "PRE02",
         "./docxp/backend/app/bedrock.py line 6: client() is given the keys of other credentials and no"
         " aws_session_token",
         ["# edit ./docxp/backend/app/bedrock.py line 6: pass profile_name=msh to boto3.Session and no keys; they then"
          " refresh themselves too", "# where keys have to be passed, pass aws_session_token with them"]),
        ("pre03-code-passes-token-alone", "CRD-03", "PRE03",
         "./docxp/backend/app/bedrock.py line 5: Session() is given aws_session_token and no aws_access_key_id",
         ["# edit ./docxp/backend/app/bedrock.py line 5: remove aws_session_token, or pass aws_access_key_id and"
          " aws_secret_access_key with it"]),
        ("pre05-web-identity-on-a-laptop", "CRD-01", "PRE05",
         "serviceaccount/token: an application with its environment alone gets assume-role-with-web-identity, with"
         " profile_name sso", ["unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME"]),
        ("pre05-web-identity-without-role", "CRD-01", "PRE05", "gets nothing (InvalidConfigError)", None),
        ("pre06-role-of-a-cloud-desktop", "CRD-01", "PRE06",
         "an application with its environment alone gets iam-role, with profile_name sso",
         ["export AWS_EC2_METADATA_DISABLED=true",
          "unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "export AWS_PROFILE=msh"]),
        ("pre06-role-of-a-container", "CRD-01", "PRE06", "gets container-role, with profile_name sso", None),
        ("sts03-deleted-key", "CRD-01", "STS03",
         f"shared-credentials-file wins: the long-lived key AKIA…Y001 in {CREDENTIALS} line 2",
         [f"# edit {CREDENTIALS} line 2: delete the entry with the old access key", f"unset {KEY} {SECRET}",
          "aws configure sso --profile msh"]),
        ("sts03-inactive-key", "CRD-01", "STS03", "the long-lived key AKIA…Y001", None),
        ("reg06-runtime-endpoint", "CRD-06", "REG06",
         "AWS_ENDPOINT_URL_BEDROCK_RUNTIME is http://localhost:4566",
         ["unset AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "# to ignore all overrides for now:",
          "export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"]),
        ("reg06-global-endpoint", "CRD-06", "REG06", "AWS_ENDPOINT_URL is http://localhost:4566", None),
        ("reg06-endpoint-in-profile", "CRD-06", "REG06",
         f"{CONFIG} line 12: endpoint_url is https://bedrock.gateway.acme.example", None),
    ],
)  # fmt: skip
def test_a_world_that_fails_names_its_one_root_cause(
    world: str, result: str | tuple[str, str], cause: str, observed: str, remedy: list[str] | None
) -> None:
    found = judged(world, only=CRD)
    assert says(found[result], cause, observed)
    assert remedy is None or found[result]["remedy"] == remedy
    assert found.root_causes == [f"{result if isinstance(result, str) else result[0]} {cause}"]
    assert found.with_status("inconclusive") == set()


@pytest.mark.parametrize(
    "world",
    [
        "compliant",
        "ok-both-token-names",
        "ok-emulator-endpoint",
        "ok-vpc-endpoint",
        "ok-overrides-ignored",
        "ok-profile-not-in-environment",
        "ok-same-profile-twice",
        "ok-code-passes-whole-credentials",
        "ok-iam-user-on-purpose",
        "ok-default-profile",
    ],
)
def test_a_look_alike_raises_nothing(world: str) -> None:
    found = judged(world, only=CRD)
    assert {r["status"] for r in found.results.values()} == {"compliant"}


# ------------------------------------------------------------------------------------------- CRD-01, who wins


def test_an_expiration_that_looks_like_a_secret_cannot_be_judged() -> None:
    world = with_environment({**ROLE_KEYS, EXPIRATION: "wJalrXUtn9FEMIzK7MDENGzbPxRfiCYzzzzzCANA"})
    found = judged("compliant", only=("CRD-02",), edit=world)["CRD-02", EXPIRATION]
    assert found["status"] == "inconclusive"
    assert found["reason"] == f"{EXPIRATION}: the value is not kept: it looks like a secret"


def test_the_providers_that_may_win_are_those_of_the_settings() -> None:
    found = judged("compliant", only=("CRD-01",), settings=allowing("iam-role", "container-role"))
    assert says(found["CRD-01"], None, "sso wins for it")
    assert found["CRD-01"]["expected"] == "iam-role or container-role as the provider of profile msh"


SIGNS_IN = "[default]\nlogin_session = arn:aws:iam::210987654321:user/jo\n\n[profile msh]"
HALF = "aws_access_key_id = AKIAQCANARYOLDKEY001\n"
HANDS_OUT = "[default]\ncredential_process = /opt/homebrew/bin/aws-sso process\n\n[profile msh]"


@pytest.mark.parametrize(("default", "said"), [(SIGNS_IN, "botocore[crt]"), (HANDS_OUT, "aws-sso")])
def test_a_profile_default_that_gives_nothing_is_named_unless_the_application_selects_another(
    default: str, said: str
) -> None:
    edit = both(with_environment({"AWS_PROFILE": None}), env_file(("[profile msh]", default), of=CONFIG))
    unselected = both(edit, env_file(("AWS_PROFILE=msh\n", "")))
    found = judged("compliant", only=("CRD-01",), edit=unselected)["CRD-01"]
    assert says(found, None, "AWS_PROFILE is not set, and profile default (~/.aws/config line")
    assert said in found["observed"] and "export AWS_PROFILE=msh" in found["remedy"]
    found = judged("compliant", only=("CRD-01",), edit=edit)["CRD-01"]
    assert found["status"] == "compliant" and "./.env.enterprise selects msh" in found["observed"]
    found = judged("ok-no-env-file", only=("CRD-01",), edit=edit)["CRD-01"]
    assert found["status"] == "compliant" and said in found["observed"]


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_default_is_nobodys_where_a_variable_selects_another(variable: str) -> None:
    edit = both(
        with_environment({"AWS_PROFILE": None, variable: "half"}),
        env_file(("AWS_PROFILE=msh\n", "")),
        env_file(
            ("[profile msh]", f"[default]\noutput = json\n\n[profile half]\n{HALF}\n[profile msh]"), of=CONFIG
        ),
    )
    found = judged("compliant", only=("CRD-01",), edit=edit)["CRD-01"]
    assert found["status"] == "blocked" and not found["observed"]


def test_in_production_a_persons_own_login_is_what_is_wrong() -> None:
    found = judged("compliant", only=("CRD-01",), environment="production")
    assert found["CRD-01"]["behind"] == "PRD-01"
    expected = found["CRD-01"]["expected"]
    assert expected.startswith("assume-role or assume-role-with-web-identity or container-role")


@pytest.mark.parametrize("world", ["pre06-role-of-a-container", "pre06-role-of-a-cloud-desktop"])
def test_the_machines_role_is_right_where_it_is_allowed(world: str) -> None:
    settings = allowing("sso", "container-role", "iam-role")
    assert judged(world, only=("CRD-01",), settings=settings)["CRD-01"]["status"] == "compliant"


def test_web_identity_is_right_in_ci() -> None:
    found = judged("pre05-web-identity-on-a-laptop", only=CRD, environment="ci")
    assert found.root_causes == []


def test_temporary_keys_of_the_profile_that_win_are_not_called_long_lived() -> None:
    keys = "[msh]\naws_access_key_id = ASIAQCANARYSESSION01\naws_secret_access_key = CANARY\naws_session_token = CANARY\n"
    config = "[profile msh]\nregion = us-east-1\n"
    found = judged(
        "compliant", only=("CRD-01",), edit=both(with_file(CONFIG, config), with_file(CREDENTIALS, keys))
    )
    seen = f"shared-credentials-file wins for it, by aws_access_key_id in {CREDENTIALS} line 2"
    assert says(found["CRD-01"], None, seen)
    assert found["CRD-01"]["remedy"][1].startswith(f"# edit {CREDENTIALS} line 2: ")


@pytest.mark.parametrize(
    ("world", "way"),
    [
        ("unasked-role-from-sso", "assumes a role from an SSO login"),
        ("unasked-access-key", "uses access keys from a file"),
    ],
)
def test_what_works_and_was_not_asked_for_is_said_so_and_the_setting_that_allows_it_makes_it_quiet(
    world: str, way: str
) -> None:
    only = tuple(each.id for each in load() if each.scope == "workstation")
    found = judged(world, only=only)
    assert found["CRD-01"]["title"] == f"The profile {way}: that works, and is not what the guide asks for"
    assert found["RUN-02"]["status"] == "compliant"
    (row,) = [row for row in found.rows if row["requirement"] == "CRD-01"]
    assert row["fix"] == [], "no script leaves the profile without credentials"
    setting = re.search(r"allowed_providers = (\[.*\]) under \[credentials\]", row["remedy"][0])
    assert setting
    allowed = judged(world, only=only, settings=allowing(*json.loads(setting[1])))
    assert allowed.root_causes == []


def test_whether_it_works_is_not_said_where_nothing_asks_aws(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "unasked-role-from-sso", "-m", "local", "-k", "CRD_01 or SSO_04")
    (row,) = [row for row in ran.json()["results"] if row["requirement"] == "CRD-01"]
    assert row["title"] == "Another provider than the settings allow gives profile msh its credentials"
    assert row["remedy"][0].startswith("# where this is meant: write allowed_providers")
    assert ran.json()["run"]["api_calls"] == 0


@pytest.mark.parametrize("world", ["cfg02-stale-keys-pre-empt-sso", "cfg07-no-account-and-role"])
def test_what_keeps_sso_from_winning_is_what_is_wrong(world: str) -> None:
    found = judged(world, only=("CRD-01",))
    assert found["CRD-01"]["behind"] in {"PRF-03", "PRF-04"}


def test_a_profile_that_cannot_be_read_blocks() -> None:
    found = judged("compliant", only=("CRD-01",), edit=with_file(CONFIG, "[profile msh\n"))
    assert found["CRD-01"]["behind"] == "PRF-01"


@pytest.mark.parametrize("reading", ["provider", "environment", "file.config"])
def test_without_its_evidence_no_winner_is_judged(reading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, reading, failing)  # type: ignore[index]
    assert judged("compliant", only=("CRD-01",))["CRD-01"]["status"] == "inconclusive"


def test_an_application_that_cannot_start_blocks_by_what_stops_it() -> None:
    assert of({"AWS_PROFILE": ""}, "CRD-01")["CRD-01"]["behind"] == "CRD-05"
    assert of({KEY: USER_KEYS[KEY]}, "CRD-01")["CRD-01"]["behind"] == "CRD-02"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Caller:
    """A caller on this machine whose profile has no credentials, and nothing else in the environment has any."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EC2_METADATA_DISABLED", KEY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "config").write_text("[profile bare]\nregion = us-east-1\n", encoding="utf-8")
    return Caller("bare", "us-east-1", Bounds(LiveMachine()))


def test_a_metadata_service_that_does_not_answer_holds_nothing_up(
    bare: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")
        monkeypatch.setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "5")
        subject: Any = SimpleNamespace(caller=bare)
        started = time.monotonic()
        assert application(subject)["method"] is None
        assert time.monotonic() - started < 60, "as its settings say it would be 300"


def test_a_metadata_service_is_asked_once_whatever_is_built_on_the_session(
    bare: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def load(provider: InstanceMetadataProvider) -> None:
        asked.append(provider)

    monkeypatch.setattr(InstanceMetadataProvider, "load", load)
    session = bare.session
    assert [session.get_credentials() for _ in range(3)] == [None, None, None]
    session.client("sts")
    assert len(asked) == 1


# --------------------------------------------------------------------------------- CRD-02, keys in the environment


def case(found: Judged, variable: str) -> Mapping[str, Any]:
    return found[("CRD-02", variable)]


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_that_is_unset_or_empty_does_no_harm(variable: str) -> None:
    found = of({variable: ""}, "CRD-02")
    assert {r["status"] for r in found.results.values()} == {"compliant"}


def test_keys_shadow_the_profile_as_one_root_cause_of_all_their_variables() -> None:
    found = of(ROLE_KEYS, "CRD-02")
    assert [case(found, v)["cause"] for v in VARIABLES] == ["ENV01", "ENV01", "ENV01", None, None]
    assert found.root_causes == ["CRD-02 ENV01"]


@pytest.mark.parametrize("config", [None, "[profile msh]\nregion = us-east-1\n"], ids=["none", "of-no-kind"])
def test_keys_that_are_all_there_is_are_not_taken_away_first(config: str | None) -> None:
    """As pasted from the access portal on a machine that has never had a profile for SSO."""
    only = ("PRF-01", "PRF-04", "SSO-01", *CRD, "RUN-02")
    session = RoleSession(ROLE_KEYS[KEY], ROLE_KEYS[SECRET], ROLE_KEYS[SESSION])
    edit = both(
        lambda world: dataclasses.replace(world, role_session=(session,)),
        written(config, of=CONFIG),
        written(None, of="~/.aws/sso/cache/${sha1:msh}.json"),
        with_environment(
            {**ROLE_KEYS, "AWS_PROFILE": "msh" if config else None}, profile="msh" if config else "default"
        ),
    )
    found = judged("ok-no-env-file", only=only, edit=edit)
    assert found.root_causes == ["CRD-02 ENV01"]
    (root,) = found.document["root_causes"]
    assert root["title"].startswith("The keys in variables are all the credentials here")
    assert 'allowed_providers = ["sso", "env"]' in root["remedy"][0]
    assert not any(line.startswith("unset") for line in root["remedy"])
    meant = judged("ok-no-env-file", only=only, edit=edit, settings=allowing("sso", "env"))
    assert not meant.with_status("non_compliant")


def test_a_function_of_lambda_has_the_keys_of_its_role_in_variables() -> None:
    only = ("PRF-01", *CRD, "PRD-06", "RUN-02")
    found = judged("ok-ent-production-function", environment="production", only=only)
    assert not found.with_status("non_compliant")
    assert found["PRD-06"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("edit", "settings"),
    [
        (with_environment({"AWS_LAMBDA_FUNCTION_NAME": None}, profile="default"), None),
        (both(), allowing("assume-role", "iam-role")),
    ],
    ids=["no function", "not what the settings allow"],
)
def test_other_keys_in_variables_are_not_meant_in_production(edit: Edit, settings: Settings | None) -> None:
    only = ("PRF-01", *CRD, "PRD-06", "RUN-02")
    world = "ok-ent-production-function"
    found = judged(world, environment="production", only=only, edit=edit, settings=settings)
    (cause, *_) = found.document["root_causes"]
    assert cause["cause"] == "ENV01"
    if settings:
        assert cause["title"].startswith("The keys in variables are all the credentials here")
        assert cause["remedy"][0].startswith("# where this is meant: write allowed_providers = [")
        assert not any(line.startswith(("unset", "aws configure")) for line in cause["remedy"])


@pytest.mark.parametrize(
    ("mark", "commands"),
    [
        ("AWS_VAULT", ["exit"]),
        ("AWS_SSO_ROLE_ARN", ["exit"]),
        # Ansible's too: no shell is left that nobody has opened.
        ("EC2_SECURITY_TOKEN", []),
        ("GRANTED_COMMAND", ["assume --unset"]),
        ("AWSUME_PROFILE", ["awsume --unset"]),
    ],
)
@pytest.mark.parametrize("ended", [False, True])
def test_keys_that_a_tool_has_put_there_are_taken_out_by_it(
    mark: str, commands: list[str], ended: bool
) -> None:
    keys = {**load_world("env09-expired-export").machine.environment, mark: "CANARY of the tool"}
    if not ended:
        del keys[EXPIRATION]
    found = of(keys, *CRD, "RUN-02")
    assert found.root_causes == [f"CRD-02 {'ENV09' if ended else 'ENV01'}"]
    (cause,) = found.document["root_causes"]
    assert [line for line in cause["remedy"] if not line.startswith("#")] == commands
    assert not any("unset AWS" in line for row in found.rows for line in row["remedy"])
    assert of(dict.fromkeys(keys), *CRD).root_causes == []


def test_a_tools_mark_alone_or_of_nothing_takes_no_part() -> None:
    assert of({"AWS_VAULT": "msh"}).root_causes == []
    stale = load_world("env01-stale-keys").machine.environment
    assert of({**stale, "AWS_VAULT": ""})["CRD-02", KEY]["remedy"][0] == UNSET


def test_a_profile_that_is_meant_for_sso_is_mended_and_not_left_to_the_keys() -> None:
    found = judged("cfg07-no-account-and-role", only=("PRF-04", "CRD-02"), edit=with_environment(ROLE_KEYS))
    assert "PRF-04 CFG07" in found.root_causes
    assert case(found, KEY)["remedy"][0].startswith("unset ")


def test_keys_of_an_oidc_step_are_meant_in_ci() -> None:
    found = of({**ROLE_KEYS, "AWS_PROFILE": None}, environment="ci")
    assert found.root_causes == []
    assert case(found, KEY)["status"] == "compliant"


def test_in_ci_keys_that_are_expired_or_broken_are_faults_all_the_same() -> None:
    found = of({**ROLE_KEYS, EXPIRATION: "2026-11-22T11:59:00Z"}, "CRD-02", environment="ci")
    assert says(case(found, EXPIRATION), "ENV09", "which is past")
    assert case(found, KEY)["status"] == "compliant"


def test_an_export_that_has_not_expired_is_only_a_shadow() -> None:
    found = of({**ROLE_KEYS, EXPIRATION: "2026-11-22T13:00:00+00:00"}, "CRD-02")
    assert found.root_causes == ["CRD-02 ENV01"]
    assert case(found, EXPIRATION)["status"] == "compliant"


@pytest.mark.parametrize("text", ["2026-11-22T11:00:00", "tomorrow noon"])
def test_a_time_that_botocore_cannot_read_is_malformed(text: str) -> None:
    found = of({**ROLE_KEYS, EXPIRATION: text}, "CRD-02", environment="ci")
    assert says(case(found, EXPIRATION), None, f"{EXPIRATION} is '{text}', which is no time with a zone")
    assert case(found, EXPIRATION)["remedy"] == [f"unset {EXPIRATION}"]


@pytest.mark.parametrize("variable", [SESSION, SECURITY])
def test_a_token_that_is_left_without_its_keys_is_stale(variable: str) -> None:
    found = of({variable: ROLE_KEYS[SESSION]}, "CRD-02")
    assert says(case(found, variable), None, f"{variable} is set without {KEY}")
    assert case(found, variable)["remedy"] == [f"unset {variable}"]
    assert found.root_causes == ["CRD-02"]


def test_the_same_token_under_both_names_is_no_fault_of_its_own() -> None:
    found = of({**ROLE_KEYS, SECURITY: ROLE_KEYS[SESSION]}, "CRD-02")
    assert found.root_causes == ["CRD-02 ENV01"]


def test_independent_faults_of_the_keys_are_all_named() -> None:
    variables = {
        **ROLE_KEYS,
        SECURITY: "IQoJb3JpZ2luCANARYolder0000000000",
        EXPIRATION: "2020-01-01T00:00:00Z",
    }
    assert set(of(variables, "CRD-02").root_causes) == {"CRD-02 ENV03", "CRD-02 ENV09"}


@pytest.mark.parametrize(
    ("key", "secret", "observed"),
    [
        ("FOOBARKEY", "FOOBARSECRET", f"{KEY} is foobarkey"),
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", f"{KEY} is …EXAMPLE"),
        ("AKIAQCANARYOLDKEY001", "testing", f"{SECRET} is testing"),
        (
            "AKIA12345",
            "CANARYsecretOfAnOldIamUserKey0000000000a",
            f"{KEY} is 9 characters, which is no key of AWS",
        ),
        ("akiaqcanaryoldkey001", "CANARYsecretOfAnOldIamUserKey0000000000a", f"{KEY} is 20 characters"),
    ],
)
def test_what_is_no_key_of_aws_is_a_placeholder(key: str, secret: str, observed: str) -> None:
    found = of({KEY: key, SECRET: secret}, "CRD-02", "CRD-03")
    assert says(case(found, KEY), "ENV04", observed)
    assert found.root_causes == ["CRD-02 ENV04"]


@pytest.mark.parametrize("approved", [(), ("http://other:4566",)])
def test_a_made_up_key_is_expected_only_by_an_emulator_that_is_approved(approved: tuple[str, ...]) -> None:
    variables = {KEY: "test", SECRET: "test", "AWS_ENDPOINT_URL": "http://localhost:4566"}
    found = of(variables, "CRD-02", "CRD-06", settings=allowing("sso", endpoints=approved))
    assert set(found.root_causes) == {"CRD-02 ENV04", "CRD-06 REG06"}
    known = of(variables, "CRD-02", "CRD-06", settings=allowing("sso", endpoints=("http://localhost:4566/",)))
    assert known.root_causes == []


@pytest.mark.parametrize(("service", "causes"), [("CLOUDWATCH_LOGS", []), ("DYNAMODB", ["CRD-02 ENV04"])])
def test_an_emulator_of_what_nobody_asks_beside_bedrock_expects_no_made_up_key(
    service: str, causes: list[str]
) -> None:
    emulator = "http://localhost:4566"
    variables = {KEY: "test", SECRET: "test", f"AWS_ENDPOINT_URL_{service}": emulator}
    assert of(variables, "CRD-02", settings=allowing("sso", endpoints=(emulator,))).root_causes == causes


def test_a_real_key_beside_an_emulator_shadows_all_the_same() -> None:
    variables = {**USER_KEYS, "AWS_ENDPOINT_URL_S3": "http://localhost:4566"}
    found = of(variables, "CRD-02", settings=allowing("sso", endpoints=("http://localhost:4566",)))
    assert found.root_causes == ["CRD-02 ENV01"]


@pytest.mark.parametrize(
    ("spoil", "observed"),
    [
        ("{}\n", "a line break"),
        ("{}\r", "a line break"),
        ("{}\u200b", "an invisible character and a character that is not ASCII"),
        ("{} ", "white space around it"),
        ("'{}'", "quotes around it"),
        ("{}\t", "a control character"),
    ],
)
@pytest.mark.parametrize("variable", [KEY, SECRET, SESSION])
def test_characters_that_no_credential_has_are_named_not_shown(
    variable: str, spoil: str, observed: str
) -> None:
    spoilt = {**ROLE_KEYS, variable: spoil.format(ROLE_KEYS[variable])}
    found = of(spoilt, "CRD-02", "CRD-03")
    assert says(case(found, variable), "ENV10", observed)
    assert case(found, variable)["observed"].startswith(f"{variable} (")
    assert found.root_causes == ["CRD-02 ENV10"]


def test_a_carriage_return_at_the_end_is_git_bashs_on_windows_alone() -> None:
    spoilt = {**ROLE_KEYS, SECRET: ROLE_KEYS[SECRET] + "\r"}
    assert of(spoilt, "CRD-02").root_causes == ["CRD-02 ENV10"]
    found = of(spoilt, "CRD-02", platform="windows")
    assert found.root_causes == ["CRD-02 WIN07"]
    assert case(found, SECRET)["remedy"][-1].startswith(f"Remove-Item Env:{KEY}, Env:{SECRET}, ")


def test_a_key_without_its_secret_is_named_before_its_missing_token() -> None:
    found = of({KEY: ROLE_KEYS[KEY]}, "CRD-02", "CRD-03")
    assert found.root_causes == ["CRD-02 ENV07"]


def test_shadowing_is_told_although_the_application_cannot_even_start() -> None:
    found = of({**ROLE_KEYS, "AWS_PROFILE": ""}, "CRD-02", "CRD-05")
    assert says(
        case(found, KEY), "ENV01", "an application with its environment alone nothing (ProfileNotFound)"
    )
    assert set(found.root_causes) == {"CRD-02 ENV01", "CRD-05 ENV05"}


def test_without_the_environment_nothing_is_said_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, "environment", failing)  # type: ignore[index]
    found = judged("compliant", only=("CRD-02", "CRD-03", "CRD-04", "CRD-05", "CRD-06"))
    assert {r["status"] for r in found.results.values()} == {"inconclusive"}


# ------------------------------------------------------------------------------------- CRD-03, keys and their token


@pytest.mark.parametrize("profile", ["msh", "default"])
def test_a_temporary_key_in_a_file_has_its_token_there(profile: str) -> None:
    keys = f"[{profile}]\naws_access_key_id = ASIAQCANARYSESSION01\naws_secret_access_key = CANARY\n"
    config = "[profile msh]\nregion = us-east-1\n"
    files = both(with_file(CONFIG, config), with_file(CREDENTIALS, keys))
    found = judged("compliant", only=("CRD-03",), edit=files)
    seen = f"{CREDENTIALS} line 2: ASIA…ON01 of profile {profile} has no aws_session_token"
    assert says(found["CRD-03"], None, seen)
    # The profile has no login that could help.
    assert found["CRD-03"]["remedy"][0].startswith(
        f"# edit {CREDENTIALS} line 2: give the section a key, its secret"
    )
    assert not any("sso" in line for line in found["CRD-03"]["remedy"])
    complete = both(files, with_file(CREDENTIALS, f"{keys}aws_session_token = CANARY\n"))
    assert judged("compliant", only=("CRD-03",), edit=complete)["CRD-03"]["status"] == "compliant"


def test_the_keys_of_a_profile_that_nobody_uses_here_are_its_own_affair() -> None:
    keys = "[other]\naws_access_key_id = ASIAQCANARYSESSION01\naws_secret_access_key = CANARY\n"
    found = judged("compliant", only=("CRD-03",), edit=with_file(CREDENTIALS, keys))
    assert found["CRD-03"]["status"] == "compliant"


def test_a_temporary_key_beside_sso_is_the_mixtures_fault() -> None:
    keys = "[msh]\naws_access_key_id = ASIAQCANARYSESSION01\naws_secret_access_key = CANARY\n"
    found = judged("compliant", only=("CRD-03", "PRF-10"), edit=with_file(CREDENTIALS, keys))
    assert found["CRD-03"]["behind"] == "PRF-10"


CODE = """
import os, boto3
sts = boto3.client("sts")
given = sts.assume_role(RoleArn="r", RoleSessionName="s")["Credentials"]
{}
"""


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('boto3.Session(aws_access_key_id=c.access_key, aws_secret_access_key=c.secret_key)', (True, False, True)),
        ('boto3.client("s3", aws_access_key_id=given["AccessKeyId"], aws_secret_access_key="x")', (True, False, True)),
        ('boto3.client("s3", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])', (True, False, True)),
        ('boto3.client("s3", aws_access_key_id=os.getenv("AWS_ACCESS_KEY_ID"))', (True, False, True)),
        ('key = c.access_key\nboto3.client("s3", aws_access_key_id=key)', (True, False, True)),
        ('boto3.client("s3", aws_access_key_id=c.access_key, aws_session_token=c.token)', (True, True, True)),
        ('boto3.client("s3", aws_access_key_id=c.access_key, aws_session_token=None)', (True, False, True)),
        ('boto3.Session(aws_session_token="t")', (False, True, False)),
        ('boto3.client("s3", aws_access_key_id=settings.key)', (True, False, False)),
    ],
)  # fmt: skip
def test_what_a_call_is_given_is_read_from_the_code(call: str, told: tuple[bool, bool, bool]) -> None:
    (found,) = credential_calls(CODE.format(call).encode())
    assert (found["key"], found["token"], found["copied"]) == told
    assert found["line"] == 5 + call.count("\n")


@pytest.mark.parametrize(
    "call",
    [
        'boto3.client("s3", endpoint_url="http://minio:9000", aws_access_key_id=c.access_key)',
        "boto3.Session(profile_name='msh')",
        "boto3.Session(**given, aws_session_token=t)",
        "boto3.Session(aws_session_token=None)",
        "this is no python",
    ],
)
def test_calls_of_which_nothing_can_be_said_are_left_out(call: str) -> None:
    assert credential_calls(CODE.format(call).encode()) == []


def test_keys_of_unknown_origin_are_no_finding() -> None:
    code = 'import boto3\nboto3.client("s3", aws_access_key_id=settings.key, aws_secret_access_key=settings.secret)\n'
    settings = Settings(application=ApplicationSettings(root="."))
    found = judged("compliant", only=("CRD-03",), edit=with_file("./app.py", code), settings=settings)
    assert found["CRD-03"]["status"] == "compliant"


def test_code_is_looked_at_only_where_the_settings_say_where_it_is() -> None:
    assert (
        judged("pre02-code-drops-token", only=("CRD-03",), settings=Settings())["CRD-03"]["status"]
        == "compliant"
    )


def test_installed_and_hidden_code_is_not_the_applications(tmp_path: Any) -> None:
    for name in ("app/a.py", ".venv/b.py", "venv/lib/site-packages/c.py", "app/node_modules/d.py", "e.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [path.name for path in python_files(tmp_path)] == ["a.py", "e.py"]


# -------------------------------------------------------------------------------------- CRD-04, the key of Bedrock


@pytest.mark.parametrize("value", ["", "ABSKQmVkcm9ja0FQSUtleQCANARY000000000000", "anything"])
def test_everything_of_bedrock_behind_the_key_is_blocked_by_it(value: str) -> None:
    found = of({"AWS_BEARER_TOKEN_BEDROCK": value}, "CRD-04", "IAM-03", "RUN-05", "RUN-02")
    assert says(found["CRD-04"], "ENV08", "Bedrock's clients send")
    assert value == "" or value not in json.dumps(found.document)
    assert found["IAM-03"]["behind"] == found["RUN-05"]["behind"] == "CRD-04"
    assert found["RUN-02"]["status"] == "compliant"
    assert found.root_causes == ["CRD-04 ENV08"]


@pytest.mark.parametrize("environment", ["workstation", "ci", "production"])
def test_an_api_key_stays_a_finding_wherever_it_is_set(environment: str) -> None:
    found = of({"AWS_BEARER_TOKEN_BEDROCK": "x"}, "CRD-04", environment=environment)
    assert found["CRD-04"]["status"] == "non_compliant"


MEANT = allowing("sso", "bearer")


@pytest.mark.parametrize(
    ("key", "status", "cause", "observed"),
    [
        # Of themselves they say nothing wrong, and this account has issued neither.
        (short_term("us-east-1", made="20261122T113000Z"), "non_compliant", "ENV14", "make sure your API Key is valid"),
        (short_term("eu-west-1", made="20261122T113000Z"), "non_compliant", "ENV14", "was made for eu-west-1"),
        (short_term("us-east-1", made="20261121T235959Z"), "non_compliant", "ENV14", "ends at 2026-11-22T11:59:59Z"),
        (short_term("us-east-1", made="20261122T000500Z"), "non_compliant", None, "ends at 2026-11-22T12:05:00Z"),
        ("ABSKQmVkcm9ja0FQSUtleQCANARY000000000000", "non_compliant", "ENV14", "make sure your API Key is valid"),
        ("sk-CANARY", "non_compliant", None, "9 characters), and no Bedrock API key"),
        ("", "non_compliant", "ENV08", "it is set to nothing"),
        ("ABSKQmVkcm9ja0FQSUtleQCANARY000000000000\n", "non_compliant", "ENV10", "characters) has a line break"),
        ('"ABSKQmVkcm9ja0FQSUtleQCANARY000000000000"', "non_compliant", "ENV10", "characters) has quotes around it"),
    ],
)  # fmt: skip
def test_a_key_that_is_meant_is_judged_by_what_it_says(
    key: str, status: str, cause: str | None, observed: str
) -> None:
    found = of({"AWS_BEARER_TOKEN_BEDROCK": key}, "CRD-04", settings=MEANT)
    assert (found["CRD-04"]["status"], found["CRD-04"]["cause"]) == (status, cause)
    assert observed in (found["CRD-04"]["observed"] or "")
    assert "CANARY" not in json.dumps([found.document, found.readings])


@pytest.mark.parametrize(
    ("said", "of_the_key"),
    [
        ("Bearer Token has expired", True),
        ("Your account is not authorized to invoke this API operation.", False),
    ],
)
def test_what_bedrock_says_of_a_key_that_says_no_end_itself_is_of_the_key(
    said: str, of_the_key: bool
) -> None:
    refused = answers("bedrock:ListFoundationModels", "AccessDeniedException", said, 403)
    found = judged("ok-short-term-bedrock-api-key", only=("CRD-04", "IAM-03"), edit=refused)
    assert found.root_causes == (["CRD-04 ENV14"] if of_the_key else ["IAM-03"])


def test_a_key_with_a_line_break_is_what_keeps_bedrock_from_being_asked() -> None:
    world = load_world("ok-short-term-bedrock-api-key")
    key = world.machine.environment["AWS_BEARER_TOKEN_BEDROCK"]
    broken = judged(world, edit=variables(AWS_BEARER_TOKEN_BEDROCK=f"{key}\n"))
    assert broken.root_causes == ["CRD-04 ENV10"]
    assert broken["IAM-03"]["behind"] == "CRD-04"
    assert broken["CRD-04"]["remedy"][0].startswith("# set AWS_BEARER_TOKEN_BEDROCK again")
    sound = judged(world)
    assert sound.root_causes == []
    assert sound["CRD-04"]["observed"].startswith("it is set (bedrock-api-key, ")


def test_with_a_key_that_alone_is_allowed_the_chain_is_nobodys_concern() -> None:
    only = tuple(each.id for each in load() if each.scope == "workstation")
    world = "ok-short-term-bedrock-api-key"
    assert judged(world, only=only, settings=allowing("bearer")).root_causes == []


def test_with_a_key_and_no_credentials_bedrock_is_judged_and_the_rest_is_not() -> None:
    bare = with_file(CONFIG, "[profile msh]\nregion = us-east-1\n")
    only = ("CLI-02", "CRD-01", "CRD-04", "IAM-03", "MDL-02", "RUN-02", "RUN-05")
    found = judged("ok-short-term-bedrock-api-key", only=only, edit=bare, settings=allowing("bearer"))
    assert found.root_causes == []
    assert not found.with_status("inconclusive")
    assert found["RUN-02"]["status"] == "not_applicable"
    assert {"CLI-02", "CRD-01", "CRD-04", "IAM-03", "MDL-02 CHAT_MODEL", "RUN-05"} <= found.with_status(
        "compliant"
    )
    unmeant = judged("ok-short-term-bedrock-api-key", only=only, edit=bare, settings=allowing("sso"))
    assert "CRD-04 ENV08" in unmeant.root_causes


# ------------------------------------------------------------------------------- CRD-05, the profile in the environment


SETS = {
    "AWS_PROFILE": ["export AWS_PROFILE=msh"],
    "AWS_DEFAULT_PROFILE": ["unset AWS_DEFAULT_PROFILE", "export AWS_PROFILE=msh"],
}
"""How the shell gets the profile: nothing is unset that the next line sets anyway."""


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
@pytest.mark.parametrize("value", ["", "msh ", '"msh"', "msh\n", "m\u200bsh", "mhs"])
def test_each_variable_that_names_no_profile_is_found(variable: str, value: str) -> None:
    found = of({"AWS_PROFILE": None, variable: value}, "CRD-05")
    assert says(found[("CRD-05", variable)], "ENV05", f"{variable} is {value!r}")
    assert found[("CRD-05", variable)]["remedy"][: len(SETS[variable])] == SETS[variable]
    assert found.root_causes == ["CRD-05 ENV05"]


SANDBOX = "\n[profile sandbox]\nregion = us-east-1\n"


def with_sandbox(world: World) -> World:
    return with_file(CONFIG, world.machine.files[CONFIG].text + SANDBOX)(world)


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_another_profile_that_exists_is_not_this_one(variable: str) -> None:
    edit = both(with_sandbox, with_environment({"AWS_PROFILE": None, variable: "sandbox"}))
    found = judged("compliant", only=("CRD-05",), edit=edit)
    assert says(found[("CRD-05", variable)], None, f"{variable} is 'sandbox', another profile")
    assert found[("CRD-05", variable)]["remedy"] == SETS[variable]


def test_a_profile_with_a_name_that_looks_garbled_is_selected_by_just_that() -> None:
    def edit(world: World) -> World:
        text = world.machine.files[CONFIG].text.replace("[profile msh]", "[profile \"José’s 'x'\"]")
        world = both(with_file(CONFIG, text), with_environment({"AWS_PROFILE": "José’s 'x'"}))(world)
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, profile="José’s 'x'"))

    assert (
        judged("compliant", only=("CRD-05",), edit=edit)[("CRD-05", "AWS_PROFILE")]["status"] == "compliant"
    )


DEFAULT = "[default]\naws_access_key_id = AKIAQCANARYOLDKEY001\naws_secret_access_key = CANARY\n"


def test_without_a_profile_the_keys_of_the_default_profile_are_used_and_may_be_needed() -> None:
    """Nobody has asked AWS here whether they are alive: another account's are, and nobody gives them back."""
    edit = both(with_file(CREDENTIALS, DEFAULT), with_environment({"AWS_PROFILE": None}))
    found = judged("compliant", only=("CRD-05", "CRD-01"), edit=edit)
    seen = f"AWS_PROFILE is not set, and profile default has AKIA…Y001 in {CREDENTIALS} line 2"
    assert says(found[("CRD-05", "AWS_PROFILE")], "PRE01", seen)
    assert found[("CRD-05", "AWS_PROFILE")]["remedy"][0] == "export AWS_PROFILE=msh"
    assert found[("CRD-05", "AWS_PROFILE")]["remedy"][-1].startswith(
        f"# edit {CREDENTIALS} line 2: where nothing else needs the keys"
    )
    assert found[("CRD-05", "AWS_DEFAULT_PROFILE")]["status"] == "compliant"
    assert found.root_causes == ["CRD-05 PRE01"]


def test_default_keys_do_no_harm_where_the_profile_is_selected_or_keys_are_meant() -> None:
    selected = judged("compliant", only=("CRD-05",), edit=with_file(CREDENTIALS, DEFAULT))
    assert selected.root_causes == []
    edit = both(with_file(CREDENTIALS, DEFAULT), with_environment({"AWS_PROFILE": None}))
    meant = judged(
        "compliant", only=("CRD-05",), edit=edit, settings=allowing("sso", "shared-credentials-file")
    )
    assert meant.root_causes == []


def test_whether_a_name_is_known_is_blocked_by_a_file_that_cannot_be_read() -> None:
    edit = both(with_file(CREDENTIALS, "[msh\n"), with_environment({"AWS_PROFILE": "sandbox"}))
    found = judged("compliant", only=("CRD-05",), edit=edit)
    assert found[("CRD-05", "AWS_PROFILE")]["behind"] == "PRF-01"


# ------------------------------------------------------------------------------------------- CRD-06, endpoints


def with_profile_lines(lines: str) -> Edit:
    def edit(world: World) -> World:
        text = world.machine.files[CONFIG].text.replace("output = json", f"output = json\n{lines}", 1)
        return with_file(CONFIG, text)(world)

    return edit


@pytest.mark.parametrize(
    ("service", "status"),
    [
        ("DYNAMODB", "compliant"),
        ("CLOUDWATCH_LOGS", "compliant"),
        ("S3", "compliant"),
        ("SSO_OIDC", "non_compliant"),
        ("BEDROCK_AGENT_RUNTIME", "non_compliant"),
    ],
)
def test_an_override_counts_for_the_services_that_a_login_and_a_call_of_a_model_ask(
    service: str, status: str
) -> None:
    found = of({f"AWS_ENDPOINT_URL_{service}": "http://localhost:8000"}, "CRD-06")
    assert found["CRD-06"]["status"] == status


def test_what_stands_in_for_s3_on_this_machine_is_not_asked_about_the_account() -> None:
    """The payloads' bucket is the account's, wherever the application keeps its own files."""
    store = {"AWS_ENDPOINT_URL_S3": "http://localhost:9000"}
    assert of(store, "LOG-12")["LOG-12"] == of({}, "LOG-12")["LOG-12"]
    everything = of({"AWS_ENDPOINT_URL": "http://localhost:9000"}, "LOG-12")["LOG-12"]
    assert everything["status"] not in {"compliant", "non_compliant"}


def test_every_override_that_is_not_approved_is_named() -> None:
    variables = {
        "AWS_ENDPOINT_URL_STS": "https://sts.acme.example",
        "AWS_ENDPOINT_URL_SSO": "https://sso.acme.example",
    }
    found = of(variables, "CRD-06")
    observed = (
        "AWS_ENDPOINT_URL_SSO is https://sso.acme.example, AWS_ENDPOINT_URL_STS is https://sts.acme.example"
    )
    assert says(found["CRD-06"], "REG06", observed)
    assert (
        of(
            variables,
            "CRD-06",
            settings=allowing("sso", endpoints=("sts.acme.example", "https://SSO.acme.example/")),
        )["CRD-06"]["status"]
        == "compliant"
    )


def test_an_override_in_the_services_section_of_the_profile_is_found_in_its_line() -> None:
    def edit(world: World) -> World:
        world = with_profile_lines("services = local")(world)
        text = world.machine.files[CONFIG].text
        return with_file(
            CONFIG, f"{text}\n[services local]\nbedrock_runtime =\n  endpoint_url = http://localhost:1\n"
        )(world)

    found = judged("compliant", only=("CRD-06",), edit=edit)
    assert says(found["CRD-06"], "REG06", f"{CONFIG} line 20: endpoint_url is http://localhost:1")
    lines = [f"# edit {CONFIG} line 20: delete the line, so that AWS's own endpoint is asked"]
    assert found["CRD-06"]["remedy"] == lines


def test_each_variable_that_overrides_an_endpoint_is_unset() -> None:
    both = {"AWS_ENDPOINT_URL_STS": "http://localhost:1", "AWS_ENDPOINT_URL_SSO": "http://localhost:1"}
    lines = of(both, "CRD-06")["CRD-06"]["remedy"]
    assert lines[:2] == ["unset AWS_ENDPOINT_URL_SSO", "unset AWS_ENDPOINT_URL_STS"]


def test_a_services_section_that_the_profile_does_not_name_is_not_in_force() -> None:
    def edit(world: World) -> World:
        text = world.machine.files[CONFIG].text
        return with_file(CONFIG, f"{text}\n[services local]\nsts =\n  endpoint_url = http://localhost:1\n")(
            world
        )

    assert judged("compliant", only=("CRD-06",), edit=edit)["CRD-06"]["status"] == "compliant"


def test_overrides_that_the_profile_ignores_are_not_in_force() -> None:
    ignoring = with_profile_lines("ignore_configured_endpoint_urls = true\nendpoint_url = http://localhost:1")
    assert judged("compliant", only=("CRD-06",), edit=ignoring)["CRD-06"]["status"] == "compliant"


def test_an_empty_override_is_none() -> None:
    assert of({"AWS_ENDPOINT_URL": ""}, "CRD-06")["CRD-06"]["status"] == "compliant"


def test_userinfo_and_query_of_an_override_are_not_shown() -> None:
    found = of(
        {"AWS_ENDPOINT_URL_STS": "https://jo:CANARYpassword@sts.acme.example/?key=CANARYquery"}, "CRD-06"
    )
    assert says(found["CRD-06"], "REG06", "AWS_ENDPOINT_URL_STS is https://sts.acme.example/")
    assert "CANARY" not in json.dumps(found["CRD-06"])


@pytest.mark.parametrize(
    ("service", "url", "own"),
    [
        ("sts", "https://sts.us-east-1.amazonaws.com", True),
        ("sts", "https://sts.amazonaws.com", True),
        ("bedrock-runtime", "https://sts.amazonaws.com", False),
        ("bedrock-runtime", "https://bedrock-runtime-fips.us-east-1.amazonaws.com", True),
        ("bedrock-runtime", "https://bedrock-runtime.us-east-1.api.aws/", True),
        ("bedrock", "https://vpce-0a1b-2c3d.bedrock.us-east-1.vpce.amazonaws.com", True),
        ("bedrock", "https://vpce-0a1b-2c3d-us-east-1a.bedrock.us-east-1.vpce.amazonaws.com", True),
        ("sso", "https://portal.sso.eu-west-1.amazonaws.com", True),
        ("sso-oidc", "https://oidc.eu-west-1.amazonaws.com", True),
        ("bedrock-runtime", "https://bedrock-runtime.eu-west-1.amazonaws.com", False),
        ("bedrock-runtime", "https://sts.us-east-1.amazonaws.com", False),
        ("bedrock-runtime", "http://bedrock-runtime.us-east-1.amazonaws.com", False),
        (None, "https://bedrock-runtime.us-east-1.amazonaws.com", False),
        ("sts", "https://sts.us-east-1.amazonaws.com.evil.example", False),
        ("sts", "https://evil.example/sts.us-east-1.amazonaws.com", False),
        ("sts", "http://[::1", False),
        ("sts", None, False),
    ],
)
def test_an_address_is_awss_own_for_that_service_and_region_alone(
    service: str | None, url: str | None, own: bool
) -> None:
    assert is_own(Override(service, url), "us-east-1") is own


def test_nothing_is_approved_by_an_empty_entry() -> None:
    assert not is_approved("", ("",)) and not is_approved(None, ("",))
    assert not is_approved("http://localhost:4566", ("http://localhost:45",))
    assert is_approved("http://localhost:4566", ("localhost",))


@pytest.mark.parametrize("world", ["reg06-global-endpoint", "reg06-endpoint-in-profile"])
def test_what_an_override_leads_astray_is_blocked_by_it(world: str) -> None:
    found = judged(world, only=("CRD-06", "CON-02", "SSO-06", "RUN-02"))
    assert {r["behind"] for r in found.results.values() if r["status"] == "blocked"} == {"CRD-06"}
    assert found["RUN-02"]["status"] == "blocked"


# ------------------------------------------------------------------------------------------------ an API key alone


def key_alone(world: World) -> World:
    files = {
        CONFIG: File(
            text="[profile msh]\nregion = us-east-1\noutput = json\ncli_pager =\ncli_auto_prompt = off\n"
        )
    }
    files = {name: file for name, file in {**world.machine.files, **files}.items() if "sso/cache" not in name}
    return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))


@pytest.mark.parametrize("providers", [("bearer",), ("sso", "bearer")])
def test_an_api_key_alone_that_is_meant_is_quiet_and_what_it_cannot_be_asked_does_not_apply(
    providers: tuple[str, ...],
) -> None:
    only = (
        "PRF-04",
        "PRF-05",
        "SSO-01",
        *CRD,
        "CLI-02",
        "CLI-03",
        "IAM-01",
        "REG-04",
        "MDL-02",
        "RUN-02",
        "LOG-01",
    )
    found = judged("ok-short-term-bedrock-api-key", only=only, edit=key_alone, settings=allowing(*providers))
    assert {r["status"] for r in found.results.values()} == {"compliant", "not_applicable"}
    assert found["CRD-04"]["status"] == "compliant"
    assert found["MDL-02", "CHAT_MODEL"]["status"] == "compliant"
    assert "has no other credentials" in found["RUN-02"]["reason"]


def test_an_api_key_alone_that_nobody_asked_for_is_never_taken_away_first() -> None:
    only = ("PRF-04", "PRF-05", "SSO-01", *CRD, "CLI-02", "IAM-01", "MDL-02", "RUN-02")
    found = judged("ok-short-term-bedrock-api-key", only=only, edit=key_alone, settings=Settings())
    assert found.root_causes == ["CRD-04 ENV08"]
    assert not found.with_status("inconclusive")
    (root,) = found.document["root_causes"]
    assert root["title"] == "Bedrock is sent an API key, and profile msh has no other credentials"
    assert root["remedy"][0].endswith(
        'allowed_providers = ["sso", "bearer"] under [credentials] in compliance.toml'
    )
    assert not any(line.startswith("unset") for line in root["remedy"])


def without_any_profile(world: World) -> World:
    kept = {
        name: file
        for name, file in world.machine.files.items()
        if name not in (CONFIG, CREDENTIALS) and "sso/cache" not in name
    }
    variables = {name: text for name, text in world.machine.environment.items() if name != "AWS_PROFILE"}
    machine = dataclasses.replace(world.machine, profile="default", files=kept, environment=variables)
    return dataclasses.replace(world, machine=machine)


def test_an_api_key_on_a_machine_without_any_profile_is_not_taken_away_either() -> None:
    """Whoever has a key of Bedrock's and nothing else had it unset first, and was left with nothing."""
    only = ("PRF-01", "PRF-04", "SSO-01", *CRD, "CLI-02", "IAM-01", "MDL-02", "RUN-02")
    world = "ok-short-term-bedrock-api-key"
    found = judged(world, only=only, edit=without_any_profile, settings=Settings())
    assert found.root_causes[0] == "CRD-04 ENV08"
    assert (found["PRF-01", "config"]["status"], found["PRF-01", "config"]["behind"]) == (
        "non_compliant",
        "CRD-04",
    )
    lines = found.document["root_causes"][0]["remedy"]
    assert lines[0].endswith('allowed_providers = ["sso", "bearer"] under [credentials] in compliance.toml')
    assert not any(line.startswith("unset") for line in lines)
    meant = judged(world, only=only, edit=without_any_profile, settings=allowing("sso", "bearer"))
    assert meant["CRD-04"]["status"] == "compliant" and "PRF-01" not in str(meant.root_causes)


def test_a_key_that_bedrock_refuses_is_said_so_once() -> None:
    only = ("CRD-04", "IAM-03", "IAM-04", "MDL-02", "RUN-02")
    found = judged("env08-bedrock-api-key", only=only, settings=allowing("sso", "bearer"))
    assert found.root_causes == ["CRD-04 ENV14"]
    assert found["CRD-04"]["title"] == "Bedrock refuses the API key"
    assert not found.with_status("inconclusive")


@pytest.mark.parametrize(
    ("settings", "first"), [(allowing("custom-process"), "RUN-02"), (Settings(), "CRD-01")]
)
def test_a_program_that_hands_out_keys_which_have_ended_is_to_log_in_again(
    settings: Settings, first: str
) -> None:
    def edit(world: World) -> World:
        (session,) = (each for each in judged_keys if each.access_key_id == "ASIAQCANARYPASTEDKEY")
        told = {
            "Version": 1,
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
        }
        script = f"#!/bin/sh\necho '{json.dumps({**told, 'SessionToken': session.session_token})}'\n"
        world = dataclasses.replace(world, role_session=(session,))
        files = {**world.machine.files, "~/bin/corp-credentials": File(text=script, mode="755")}
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    judged_keys = load_world("pre04-pasted-keys-expired").role_session
    found = judged("ok-credential-process", only=("PRF-04", "CRD-01", "RUN-02"), edit=edit, settings=settings)
    assert found.root_causes == [f"{first} PRE04"]
    (root,) = found.document["root_causes"]
    assert root["remedy"][0].startswith("# log in again with the program of ~/.aws/config line 2")


def test_a_source_of_a_container_that_answers_is_none_that_fails() -> None:
    found = judged("pre06-role-of-a-container", only=("CRD-01",))
    assert found.root_causes == ["CRD-01 PRE06"]
    dead = judged("pre11-container-source-does-not-answer", only=("CRD-01",))
    assert says(
        dead["CRD-01"], "PRE11", 'Could not connect to the endpoint URL: "http://127.0.0.1:9911/creds"'
    )


@pytest.mark.parametrize(
    ("variables", "root", "behind"),
    [
        ({}, ["PRF-04"], "PRF-04"),
        # It stands in for credentials, where a profile has none.
        ({"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-x"}, ["CRD-04 ENV08"], "CRD-04"),
    ],
)
def test_a_profile_with_none_of_the_settings_of_sso_is_explained_by_what_there_is(
    variables: Mapping[str, str], root: list[str], behind: str
) -> None:
    settings = "sso_session = msh\nsso_account_id = 210987654321\nsso_role_name = BedrockDeveloper\n"
    edit = both(env_file((settings, ""), of=CONFIG), with_environment(variables))
    result = judged("compliant", edit=edit, only=("PRF-04", "CRD-01", "CRD-04"))
    assert (result.root_causes, result["CRD-01"]["behind"]) == (root, behind)
