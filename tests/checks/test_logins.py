"""Login commands in remedies: with a device code where no browser opens, and this AWS CLI has it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from checks.logins import by_caller
from fixtures.machine.environment import read_environment
from fixtures.settings import Settings
from fixtures.targets import Target
from tests.bedrock_edits import chat
from tests.harness import WORKSTATION, judged
from tests.world_edits import Edit, both, environment, machine, written

SSH = environment(SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
CONFIG, CREDENTIALS, TOKEN = "~/.aws/config", "~/.aws/credentials", "~/.aws/sso/cache/${sha1:msh}.json"
NOBODYS = "anthropic.claude-of-nobody-v1:0"
OLD = machine(cli="aws-cli/2.21.3 Python/3.12.6")


@pytest.mark.parametrize(
    ("edit", "option"),
    [
        (both(), False),
        (SSH, True),
        (environment(KUBERNETES_SERVICE_HOST="10.0.0.1"), True),
        (both(SSH, OLD), False),
        (both(SSH, machine(cli="")), False),
    ],
    ids=["here", "over SSH", "in a container", "over SSH with an old CLI", "over SSH without the CLI"],
)
def test_a_login_is_typed_as_this_machine_needs_it(edit: Edit, option: bool) -> None:
    found = judged("tok02-expired-token", only=("SSO-03",), edit=edit)
    login = "aws sso login --profile msh"
    assert found["SSO-03"]["remedy"] == [f"{login} --use-device-code" if option else login]


def test_the_address_of_the_other_machine_is_not_kept() -> None:
    told = read_environment({"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"})
    assert told["away"] == "ssh"
    assert "192.0.2.1" not in str(told)


def test_an_empty_variable_is_no_connection() -> None:
    assert read_environment({"SSH_TTY": ""})["away"] is None


@pytest.mark.parametrize(
    ("lost", "requirement"),
    [((CONFIG, CREDENTIALS, TOKEN), ("PRF-01", "config")), ((TOKEN,), "SSO-01")],
    ids=["no file of AWS's", "the config file alone"],
)
@pytest.mark.parametrize(("variable", "said"), [("REMOTE_CONTAINERS", True), ("SSH_CONNECTION", False)])
def test_a_container_may_have_the_login_of_the_machine_that_it_runs_on(
    lost: tuple[str, ...], requirement: str | tuple[str, str], variable: str, said: bool
) -> None:
    edit = both(*(written(None, of=file) for file in lost), environment(**{variable: "true"}))
    found = judged("ok-no-env-file", only=WORKSTATION, edit=edit)
    assert len(found.root_causes) == 1
    remedy = found[requirement]["remedy"]
    assert remedy[-1].startswith(("aws sso login", "aws configure sso"))
    assert any("mount ~/.aws" in line for line in remedy) is said


def test_a_container_with_a_login_is_told_nothing() -> None:
    assert judged("compliant", only=WORKSTATION, edit=environment(REMOTE_CONTAINERS="true")).root_causes == []


@pytest.mark.parametrize(
    ("world", "edit", "place", "named"),
    [
        ("ok-ent-production-function", both(), "production", False),
        ("env01-stale-keys", chat(NOBODYS), "workstation", True),
        ("ok-no-env-file", both(), "workstation", True),
    ],
    ids=["keys in variables and no profile", "such keys that are not meant, and a profile", "SSO"],
)  # fmt: skip
def test_a_profile_that_shuts_out_the_credentials_in_variables_is_not_named(
    world: str, edit: Edit, place: str, named: bool
) -> None:
    """The AWS CLI ends with "The config profile (default) could not be found" where no file has it."""
    settings = replace(Settings(), models=replace(Settings().models, chat=NOBODYS))
    found = judged(world, edit=edit, environment=place, only=("MDL-02",), settings=settings)
    commands = [line for line in found["MDL-02", "CHAT_MODEL"]["remedy"] if line.startswith("aws ")]
    assert commands
    assert all(("--profile" in line) is named for line in commands)


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        (
            "aws bedrock list-foundation-models --profile ci --query x",
            "aws bedrock list-foundation-models --query x",
        ),
        ("aws sts get-caller-identity --profile ci-2", "aws sts get-caller-identity --profile ci-2"),
        (
            "aws configure set region us-east-1 --profile ci",
            "aws configure set region us-east-1 --profile ci",
        ),
        ("aws sso login --profile ci", "aws sso login --profile ci"),
        ("# aws sts get-caller-identity --profile ci", "# aws sts get-caller-identity --profile ci"),
    ],
)
@pytest.mark.parametrize("entered", ["", "role"])
@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", None])
def test_only_what_the_environment_is_to_answer_loses_the_profiles_name(
    line: str, typed: str, entered: str, variable: str | None
) -> None:
    """A profile of a Region alone, beside keys in variables: the keys count where nobody names it."""
    target = Target("ci", "us-east-1", entered)
    evidence = SimpleNamespace(target=target, needs_no_profile=None, of_environment=variable)
    assert by_caller([line], evidence) == [typed if variable and not entered else line]
