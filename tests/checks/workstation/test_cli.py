"""Step 1: what is said of the AWS CLI, and of where it and boto3 differ."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from checks import releases
from checks.catalogue import load
from checks.requirement import NonCompliant
from checks.workstation.test_cli import test_cli_resolves_the_profile as resolves_the_profile
from fixtures.aws.selection import Selection
from fixtures.backends import live
from fixtures.evidence.programs import CliConfiguration
from fixtures.machine import readers
from fixtures.machine.children import Completed, Garbled, NoAnswer
from fixtures.simulation.world import World
from fixtures.targets import Target
from tests.harness import WORKSTATION, Judged, judged
from tests.world_edits import Edit, both, env_file, environment, machine, written

ALL = ("CLI-01", "CLI-02", "CLI-03")
CONFIG = "~/.aws/config"
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"
EXPIRED = env_file(("${now+8h}", "${now-1h}"), ("${now+80d}", "${now-1d}"), of=TOKEN)
ARN = "assumed-role/AWSReservedSSO_BedrockDeveloper_"


def cli_file(world: World) -> str:
    """The file of role credentials that the AWS CLI keeps."""
    return next(name for name in world.machine.files if "cli/cache" in name)


def of_compliant(edit: Edit, *only: str) -> Judged:
    return judged("compliant", only=only or ALL, edit=edit)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Lets a test answer one reading; an exception is raised."""

    def answer(name: str, value: Any) -> None:
        def reader(subject: Any, **params: Any) -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        monkeypatch.setitem(live.READERS, name, reader)  # type: ignore[attr-defined]

    return answer


# ------------------------------------------------------------------------------------------------------ CLI-01


def test_a_missing_cli_is_the_finding_and_blocks_what_would_ask_it() -> None:
    found = judged("cli-not-installed", only=(*ALL, "RUN-02", "RUN-07"))
    result = found["CLI-01"]
    assert (result["status"], result["observed"]) == ("non_compliant", "no program named aws on the PATH")
    assert "aws --version" in result["remedy"]
    assert {found[name]["behind"] for name in ("CLI-02", "CLI-03")} == {"CLI-01"}
    assert {found[name]["status"] for name in ("RUN-02", "RUN-07")} == {"compliant"}


@pytest.mark.parametrize(
    "banner", ["aws-cli/1.44.5 Python/3.11.7 Linux/6.1 botocore/1.44.5", "aws-cli/0.9 Python/2.7"]
)
def test_version_1_is_too_old(banner: str) -> None:
    result = of_compliant(machine(cli=banner))["CLI-01"]
    assert (result["status"], result["cause"]) == ("non_compliant", "PRE12")
    assert result["observed"].startswith(f"aws --version: {banner}")
    assert "; version 1 has no aws sso login" in result["observed"]
    assert ("ends on 2027-07-15" in result["observed"]) == banner.startswith("aws-cli/1.")


LOCAL = tuple(requirement.id for requirement in load() if requirement.read == "local")


@pytest.mark.parametrize("only", [(), WORKSTATION, LOCAL], ids=["all", "workstation", "local"])
def test_version_1_is_to_be_replaced_before_anybody_logs_in(only: tuple[str, ...]) -> None:
    nobody = written(None, of=TOKEN)
    found = judged("compliant", only=only, edit=both(nobody, machine(cli="aws-cli/1.44.8 Python/3.13.7")))
    assert found.root_causes == ["CLI-01 PRE12", "SSO-01 TOK01"]
    assert judged("compliant", only=only, edit=nobody).root_causes == ["SSO-01 TOK01"]


@pytest.mark.parametrize(
    "banner", ["aws-cli/2.9.0 Python/3.11", "aws-cli/3.1.0 Python/3.14", "aws-cli/10.0.1"]
)
def test_version_2_and_later_are_fine(banner: str) -> None:
    assert of_compliant(machine(cli=banner), "CLI-01")["CLI-01"]["status"] == "compliant"


def test_a_cli_that_prints_nothing_at_all_is_broken(reads: Callable[[str, Any], None]) -> None:
    reads("cli.version", {"installed": True, "text": "", "version": None})
    reads("cli.configure", {"command": "aws configure list", "returncode": 0, "error": "", "rows": {}})
    found = judged("compliant", only=("CLI-01", "CLI-02"))
    assert (found.root_causes, found["CLI-02"]["status"]) == (["CLI-01 PRE12"], "blocked")
    assert found["CLI-01"]["observed"] == "aws --version prints nothing"


@pytest.mark.parametrize(
    "answer",
    [
        {
            "installed": True,
            "text": "a wrapper that says nothing of versions",
            "version": None,
            "failed": False,
        },
        NoAnswer("aws --version did not answer within 10 s"),
        PermissionError(13, "Permission denied"),
    ],
)
def test_a_cli_that_does_not_tell_its_version_gives_no_verdict(
    reads: Callable[[str, Any], None], answer: Any
) -> None:
    reads("cli.version", answer)
    assert judged("compliant", only=("CLI-01",))["CLI-01"]["status"] == "inconclusive"


ROLE = """
[profile msh]
role_arn = arn:aws:iam::210987654321:role/App
source_profile = login

[profile login]
sso_account_id = 210987654321
sso_role_name = BedrockDeveloper
"""
SESSION = """
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = us-east-1
"""
BY_SESSION = f"{ROLE}sso_session = acme\n{SESSION}"
BY_URL = f"{ROLE}sso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
BY_LOGIN = "[profile msh]\nlogin_session = arn:aws:iam::210987654321:user/me\n"


@pytest.mark.parametrize(
    ("version", "config", "since"),
    [
        ("2.8.13", BY_SESSION, "2.10.1"),
        ("2.9.0", BY_SESSION, "2.10.1"),
        ("2.10.0", BY_SESSION, "2.10.1"),
        ("2.10.1", BY_SESSION, None),
        ("2.0.0", BY_URL, None),
        ("2.31.9", BY_LOGIN, "2.32.0"),
        ("2.32.0", BY_LOGIN, None),
    ],
)
def test_what_the_profile_uses_decides_how_old_the_cli_may_be(
    version: str, config: str, since: str | None
) -> None:
    """A source of the old form, with start URL and Region of its own, has worked since 2020."""
    edit = both(machine(cli=f"aws-cli/{version} Python/3.11"), written(config, of=CONFIG))
    result = of_compliant(edit, "CLI-01")["CLI-01"]
    assert result["status"] == ("non_compliant" if since else "compliant")
    assert result["cause"] == ("PRE12" if since else None)
    assert not since or f"aws-cli/{since} or later" in result["expected"]


def test_settings_beside_the_session_do_for_an_old_cli() -> None:
    settings = "sso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\nsso_account_id"
    edit = both(machine(cli="aws-cli/2.5.8 Python/3.9"), env_file(("sso_account_id", settings), of=CONFIG))
    assert of_compliant(edit, "CLI-01")["CLI-01"]["status"] == "compliant"


def test_a_cli_that_cannot_start_says_why_in_its_own_words_and_blocks_what_would_ask_it() -> None:
    found = judged("pre12-cli-that-cannot-start", only=ALL)
    assert "exit code 1: ImportError: cannot import name 'docevents'" in found["CLI-01"]["observed"]
    assert {found[name]["behind"] for name in ("CLI-02", "CLI-03")} == {"CLI-01"}


@pytest.mark.parametrize("banner", ["aws-cli/1.44.8 Python/3.13.7", "aws-cli/2.31.3 Python/3.13.7"])
def test_a_cli_that_cannot_parse_the_config_file_is_not_to_be_installed_again(banner: str) -> None:
    edit = both(machine(cli=banner), env_file(("[profile msh]", "[profile msh"), of=CONFIG))
    found = of_compliant(edit, *ALL, "PRF-01")
    assert found.root_causes == ["PRF-01"]
    assert (found["CLI-01"]["status"], found["CLI-01"]["behind"]) == ("blocked", "PRF-01")
    assert "Unable to parse config file" in found["CLI-01"]["reason"]
    assert found["CLI-02"]["behind"] == "PRF-01"


def test_a_cli_that_is_broken_beside_such_a_file_is_one_more_root_cause() -> None:
    broken = env_file(("[profile msh]", "[profile msh"), of=CONFIG)
    found = judged("pre12-cli-that-cannot-start", only=(*ALL, "PRF-01"), edit=broken)
    assert sorted(found.root_causes) == ["CLI-01 PRE12", "PRF-01"]


def test_a_release_with_a_fault_is_named_and_the_profile_left_alone() -> None:
    result = judged("pre13-cli-that-cannot-log-in-to-govcloud", only=("CLI-01",))["CLI-01"]
    assert result["cause"] == "PRE13"
    assert "a release after aws-cli/2.36.3" in result["expected"]
    assert "leave the profile as it is" in " ".join(result["remedy"])


@pytest.mark.parametrize("version", ["2.35.12", "2.36.4"])
def test_the_releases_before_and_after_a_fault_are_fine(version: str) -> None:
    world = "pre13-cli-that-cannot-log-in-to-govcloud"
    found = judged(world, only=("CLI-01",), edit=machine(cli=f"aws-cli/{version} Python/3.14"))
    assert found["CLI-01"]["status"] == "compliant"


def test_a_fault_of_releases_ends_after_it_began() -> None:
    assert all(releases.parsed(fault.first) <= releases.parsed(fault.last) for fault in releases.load().fault)


# ------------------------------------------------------------------------------------------------------ CLI-02


def test_rows_without_a_value_are_named() -> None:
    command = "aws configure list --profile msh"
    listed = CliConfiguration(command, 0, "", frozenset({"profile", "region"}))
    with pytest.raises(NonCompliant) as failure:
        resolves_the_profile(listed, SimpleNamespace(sends_api_key=False, needs_no_profile=None))
    assert failure.value.observed == f"{command}: access_key, secret_key <not set>"


@pytest.mark.parametrize(
    ("edit", "root"),
    [
        (EXPIRED, "SSO-03"),
        (written(None, of=TOKEN), "SSO-01"),
        (env_file(("sso_role_name = BedrockDeveloper\n", ""), of=CONFIG), "PRF-04"),
        (env_file(("[profile msh]", "[msh]"), of=CONFIG), "PRF-02"),
        (written(b"[profile msh\n", of=CONFIG), "PRF-01"),
    ],
)
def test_what_keeps_the_cli_from_resolving_the_profile_is_named_as_its_own_requirement(
    edit: Edit, root: str
) -> None:
    found = of_compliant(edit)
    assert (found["CLI-02"]["status"], found["CLI-02"]["behind"]) == ("blocked", root)
    assert (found["CLI-03"]["status"], found["CLI-03"]["behind"]) == ("blocked", root)


def test_a_failure_of_the_program_that_nothing_explains_gives_no_verdict(
    reads: Callable[[str, Any], None],
) -> None:
    listed = {"returncode": 255, "rows": {}, "error": "first\nlast line", "command": "aws configure list"}
    reads("cli.configure", listed)
    result = judged("compliant", only=("CLI-02",))["CLI-02"]
    assert (result["status"], result["reason"]) == ("inconclusive", "aws configure list failed: last line")


@pytest.mark.parametrize("banner", ["aws-cli/2.15.0 Python/3.11", "aws-cli/2.31.3 Python/3.13"])
def test_both_styles_of_the_list_are_read(banner: str) -> None:
    assert of_compliant(machine(cli=banner), "CLI-02")["CLI-02"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ CLI-03


def test_a_cli_that_lives_on_its_cache_proves_nothing_for_boto3() -> None:
    found = judged("tok08-cli-lives-on-its-cache", only=(*ALL, "SSO-03", "RUN-02"))
    result = found["CLI-03"]
    assert (result["status"], result["cause"]) == ("non_compliant", "TOK08")
    assert "TokenRetrievalError" in result["observed"] and "until 12:40 UTC" in result["observed"]
    assert result["remedy"] == ["aws sso login --profile msh"]
    assert found["RUN-02"]["behind"] == "SSO-03"
    assert "CANARY" not in str(found.document) + str(found.readings)


def test_a_dead_token_and_the_cli_that_hides_it_are_one_root_cause() -> None:
    found = judged("tok08-cli-lives-on-its-cache", only=(*ALL, "SSO-03"))
    assert found.root_causes == ["SSO-03 TOK08"]
    assert found["SSO-03"]["remedy"] == found["CLI-03"]["remedy"]
    assert "expired 20 minutes ago" in found["SSO-03"]["observed"]
    assert "until 12:40 UTC" in found["SSO-03"]["observed"]


@pytest.mark.parametrize("other", ["BedrockAdmin", "${sha1:msh}"])
def test_keys_that_the_cli_keeps_for_another_role_are_not_taken_for_the_profiles(other: str) -> None:
    def moved(world: World) -> World:
        kept = cli_file(world)
        text = world.machine.files[kept].text
        return both(written(None, of=kept), written(text, of=kept.replace("BedrockDeveloper", other)))(world)

    found = judged("tok08-cli-lives-on-its-cache", only=("SSO-03",), edit=moved)
    assert (found["SSO-03"]["cause"], "cli/cache" in found["SSO-03"]["observed"]) == ("TOK02", False)


def test_a_token_that_is_missing_is_the_cause_although_the_cli_still_works() -> None:
    edit = written(None, of=TOKEN)
    found = judged("tok08-cli-lives-on-its-cache", only=(*ALL, "SSO-01"), edit=edit)
    assert found.root_causes == ["SSO-01 TOK01"]
    assert found["CLI-03"]["explained_by"] == "SSO-01"


def test_keys_in_the_cache_that_have_ended_explain_nothing() -> None:
    found = judged(
        "tok08-cli-lives-on-its-cache",
        only=(*ALL, "SSO-03"),
        edit=lambda world: env_file(("${now+40m}", "${now-1m}"), of=cli_file(world))(world),
    )
    assert found["CLI-03"]["behind"] == "SSO-03"
    assert found.root_causes == ["SSO-03 TOK02"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [("ExpiredToken", "PRE04"), ("InvalidClientTokenId", None), ("SignatureDoesNotMatch", None)],
)
def test_keys_that_aws_refuses_from_the_cli_alone_are_named(
    reads: Callable[[str, Any], None], code: str, cause: str | None
) -> None:
    message = f"\nAn error occurred ({code}) when calling the GetCallerIdentity operation: no"
    reads("cli.identity", {"error": {"code": code, "message": message}})
    result = judged("compliant", only=("CLI-03",))["CLI-03"]
    assert (result["status"], result["cause"]) == ("non_compliant", cause)
    assert code in result["observed"] and "\n" not in result["observed"]
    assert ARN in result["expected"]


@pytest.mark.parametrize(
    "error",
    [
        {"code": "", "message": "Could not connect to the endpoint URL"},
        {"code": "NoAnswer", "message": "aws sts get-caller-identity did not answer within 10 s"},
        {"code": "SomethingNew", "message": "An error occurred (SomethingNew)"},
    ],
)
def test_an_error_that_is_not_about_the_keys_gives_no_verdict(
    reads: Callable[[str, Any], None], error: Any
) -> None:
    reads("cli.identity", {"error": error})
    result = judged("compliant", only=("CLI-03",))["CLI-03"]
    assert result["status"] == "inconclusive"
    assert result["reason"].startswith("aws sts get-caller-identity: ")


def test_two_different_callers_are_named(reads: Callable[[str, Any], None]) -> None:
    other = "arn:aws:iam::111122223333:user/jo"
    reads("cli.identity", {"account": "111122223333", "arn": other})
    result = judged("compliant", only=("CLI-03",))["CLI-03"]
    assert (result["status"], result["cause"]) == ("non_compliant", None)
    assert result["observed"] == f"aws sts get-caller-identity: {other}"
    assert ARN in result["expected"]


def test_an_error_of_an_old_cli_is_its_versions_fault(reads: Callable[[str, Any], None]) -> None:
    reads("cli.identity", {"error": {"code": "", "message": "Error loading SSO Token"}})
    found = of_compliant(machine(cli="aws-cli/1.19.0 Python/3.8"))
    assert found["CLI-03"]["behind"] == "CLI-01"


def test_a_profile_of_static_keys_is_asked_the_same_way() -> None:
    found = judged("ok-iam-user-on-purpose", only=ALL)
    assert {result["status"] for result in found.results.values()} == {"compliant"}


def test_the_cli_is_asked_once_for_each_question() -> None:
    names = [r["name"] for r in of_compliant(both()).readings if r["name"].startswith("cli.")]
    assert sorted(names) == ["cli.configure", "cli.identity", "cli.version"]


SAID = "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token is expired"


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        (f"\n{SAID}\n", SAID),
        (f"\naws: [ERROR]: {SAID}\n", f"aws: [ERROR]: {SAID}"),
        (
            f"\naws: [ERROR]: {SAID}\n\nAdditional error details:\nType: Sender\nDetail: none\n",
            f"aws: [ERROR]: {SAID}",
        ),
        (
            '{"Code": "ExpiredToken", "Message": "The security token is expired"}\n',
            '{"Code": "ExpiredToken", "Message": "The security token is expired"}',
        ),
        (
            '{\n    "Code": "ExpiredToken",\n    "Message": "The security token is expired"\n}\n',
            "The security token is expired",
        ),
        ("Code: ExpiredToken\nMessage: The security token is expired\n", "The security token is expired"),
    ],
    ids=["before 2.34", "legacy", "enhanced", "json in one line", "json", "yaml"],
)
def test_an_error_is_read_in_each_form_of_the_cli(printed: str, message: str) -> None:
    subject: Any = SimpleNamespace(
        target=Target("msh", "us-east-1"),
        caller=SimpleNamespace(selection=Selection("msh", named=True)),
        machine=SimpleNamespace(environ={}, run=lambda argv, environ, called: Completed(254, "", printed)),
    )
    assert readers.cli_identity(subject) == {"error": {"code": "ExpiredToken", "message": message}}


@pytest.mark.parametrize(
    "printed", ["", "using profile msh", "[]", '{"Account": "1"}', "9" * 9000, "[" * 99_999]
)
def test_what_a_wrapper_of_the_cli_prints_instead_of_an_answer_is_no_answer(printed: str) -> None:
    subject: Any = SimpleNamespace(
        target=Target("msh", "us-east-1"),
        caller=SimpleNamespace(selection=Selection("msh", named=True)),
        machine=SimpleNamespace(environ={}, run=lambda argv, environ, called: Completed(0, printed, "")),
    )
    with pytest.raises(
        Garbled, match=r"^aws sts get-caller-identity .* printed no JSON with Account and Arn$"
    ):
        readers.cli_identity(subject)


def test_of_a_cli_that_crashes_the_exit_code_and_the_last_line_are_kept() -> None:
    crash = (
        'Traceback (most recent call last):\n  File "/opt/aws.py", line 1\nImportError: no module awscli\n\n'
    )
    subject: Any = SimpleNamespace(
        machine=SimpleNamespace(environ={}, run=lambda argv, environ, called: Completed(1, "", crash)),
        target=Target("msh", "us-east-1"),
        caller=SimpleNamespace(selection=Selection("msh", named=True)),
    )
    assert readers.cli_version(subject)["text"] == "exit code 1: ImportError: no module awscli"
    assert readers.cli_configure(subject)["error"] == "ImportError: no module awscli"
    assert readers.cli_identity(subject)["error"]["message"] == "ImportError: no module awscli"


@pytest.mark.parametrize(
    "printed",
    [
        "   profile                 my profile           manual    --profile\n"
        "access_key     ****************KEY1 shared-credentials-file    \n"
        "    region                <not set>             None    None\n",
        "profile    : my profile               : manual           : --profile\n"
        "access_key : ****************KEY1     : shared-credentials-file : \n"
        "region     : <not set>                : None             : None\n",
    ],
    ids=["before 2.31", "since 2.31"],
)
def test_a_source_that_is_wider_than_its_column_is_read(printed: str) -> None:
    subject: Any = SimpleNamespace(
        machine=SimpleNamespace(environ={}, run=lambda argv, environ, called: Completed(0, printed, "")),
        target=Target("my profile", "us-east-1"),
        caller=SimpleNamespace(selection=Selection("my profile", named=True)),
    )
    assert readers.cli_configure(subject)["rows"] == {
        "profile": {"value": "my profile", "set": True, "type": "manual", "location": "--profile"},
        "access_key": {"value": "", "set": True, "type": "shared-credentials-file", "location": ""},
        "region": {"value": "<not set>", "set": False, "type": "None", "location": "None"},
    }


def test_nobody_without_sso_is_sent_to_its_login_by_a_cli_that_is_too_old_or_broken(
    reads: Callable[[str, Any], None],
) -> None:
    old = {"installed": True, "text": "aws-cli/2.31.3", "version": "2.31.3", "failed": False}
    reads("cli.version", old)
    remedy = judged("pre08-login-session-without-awscrt", only=("CLI-01",))["CLI-01"]["remedy"]
    assert remedy[1:] == ["aws --version", "aws login --profile msh"]
    reads("cli.version", {**old, "text": "exit code 1: ImportError", "version": None, "failed": True})
    assert judged("ok-iam-user-on-purpose", only=("CLI-01",))["CLI-01"]["remedy"][1:] == ["aws --version"]
    assert judged("compliant", only=("CLI-01",))["CLI-01"]["remedy"][-1] == "aws sso login --profile msh"


NO_REGION = environment(AWS_REGION=None, AWS_DEFAULT_REGION=None)


@pytest.mark.parametrize(
    ("world", "edit", "behind"),
    [
        ("cfg02-stale-keys-pre-empt-sso", NO_REGION, "PRF-03"),
        (
            "compliant",
            both(NO_REGION, env_file(("\nregion = us-east-1\n", "\n"), of="~/.aws/config")),
            "PRF-06",
        ),
    ],
)
def test_a_region_that_the_cli_has_not_is_what_the_profile_has_not(
    world: str, edit: Edit, behind: str
) -> None:
    found = judged(world, edit=edit)
    assert [cause.split()[0] for cause in found.root_causes] == [behind]
    assert found["CLI-02"]["observed"].endswith("region <not set>")
    assert found["CLI-02"]["behind"] == behind


def test_a_job_without_any_region_is_to_export_one_and_gets_no_profile() -> None:
    keys = environment(
        AWS_ACCESS_KEY_ID="ASIAQCANARYSESSION01",
        AWS_SECRET_ACCESS_KEY="CANARYsecretOfAnExportedRoleSession00000",
        AWS_SESSION_TOKEN="CANARYtoken",
        AWS_PROFILE=None,
    )
    job = both(NO_REGION, keys, *(written(None, of=f"~/.aws/{kind}") for kind in ("config", "credentials")))
    found = judged(
        "ok-no-env-file", edit=both(job, machine(profile="default")), only=("CLI-02",), environment="ci"
    )
    assert found["CLI-02"]["observed"].endswith("region <not set>")
    assert found["CLI-02"]["title"].startswith(
        "No Region is set: neither AWS_REGION nor AWS_DEFAULT_REGION is"
    )
    assert found["CLI-02"]["remedy"] == ["export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1"]
    mended = environment(AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1")
    job = both(job, mended, machine(profile="default"))
    assert (
        judged("ok-no-env-file", edit=job, only=("CLI-02",), environment="ci")["CLI-02"]["status"]
        == "compliant"
    )
