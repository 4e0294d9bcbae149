"""The simulated AWS CLI and Python child process resolve as the real ones do."""

from __future__ import annotations

import json
import os

import pytest

from fixtures.simulation.programs import UnknownCommandError
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.world_files import make_world

CLI = "aws-cli/{} Python/3.13.7 Linux/6.1.0 exe/x86_64"
KEYS = """
[[iam_user]]
name = "deploy"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = "CANARY-secret"
[machine.files."~/.aws/credentials"]
text = '''
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = CANARY-secret
'''
"""


def test_the_cli_prints_its_version() -> None:
    with simulated(load_world("compliant")) as simulation:
        done = simulation.run(["aws", "--version"], simulation.environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{simulation.world.machine.cli}\n", "")


def test_a_machine_without_the_cli_has_no_such_program() -> None:
    with simulated(make_world('[machine]\ncli = ""')) as simulation, pytest.raises(FileNotFoundError):
        simulation.run(["aws", "--version"], simulation.environ)


def test_other_programs_are_not_there_and_other_commands_are_not_simulated() -> None:
    with simulated(load_world("compliant")) as simulation:
        with pytest.raises(FileNotFoundError):
            simulation.run(["sh", "-c", "true"], simulation.environ)
        with pytest.raises(UnknownCommandError, match="aws s3 ls"):
            simulation.run(["aws", "s3", "ls"], simulation.environ)


def test_configure_list_has_the_columns_of_its_version() -> None:
    with simulated(load_world("compliant")) as simulation:
        done = simulation.run(["aws", "configure", "list", "--profile", "msh"], simulation.environ)
        lines = done.stdout.splitlines()
        assert lines[0] == "NAME       : VALUE                    : TYPE             : LOCATION"
        assert lines[1] == "profile    : msh                      : manual           : --profile"
        assert lines[2].startswith("access_key : ****************")
        assert lines[2].endswith(" : sso              : ")
        assert (
            lines[4]
            == "region     : us-east-1                : env              : ['AWS_REGION', 'AWS_DEFAULT_REGION']"
        )
        assert (done.returncode, done.stderr) == (0, "")
    with simulated(make_world(f'[machine]\ncli = "{CLI.format("2.30.7")}"')) as simulation:
        lines = simulation.run(["aws", "configure", "list"], simulation.environ).stdout.splitlines()
        assert lines[0] == "      Name                    Value             Type    Location"
        assert (
            lines[2]
            == "   profile                      msh              env    ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE']"
        )
        assert lines[3].endswith("              sso    ")


def test_the_cli_answers_who_the_caller_is() -> None:
    with simulated(load_world("compliant")) as simulation:
        argv = [
            "aws",
            "sts",
            "get-caller-identity",
            "--profile",
            "msh",
            "--region",
            "us-east-1",
            "--output",
            "json",
        ]
        done = simulation.run(argv, {"HOME": str(simulation.home)})
        assert done.returncode == 0
        identity = json.loads(done.stdout)
        assert set(identity) == {"UserId", "Account", "Arn"}
        assert identity["Account"] == "210987654321"


def test_the_cli_reads_its_own_variables_first() -> None:
    with simulated(make_world(KEYS)) as simulation:
        environ = {**simulation.environ, "AWS_DEFAULT_PROFILE": "default", "AWS_PROFILE": "msh"}
        environ |= {"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "eu-west-1"}
        done = simulation.run(["aws", "sts", "get-caller-identity"], environ)
        assert "assumed-role" in done.stdout
        assert simulation.requests[-1].region == "eu-west-1"
        # boto3 reads the other ones first.
        assert simulation.child_identity(environ)["arn"] == "arn:aws:iam::210987654321:user/deploy"
        assert simulation.requests[-1].region == "us-west-2"


@pytest.mark.parametrize(
    ("edit", "environment", "code", "said"),
    [
        ("", {"AWS_PROFILE": "nope"}, 255, "\nThe config profile (nope) could not be found\n"),
        ("", {"AWS_PROFILE": ""}, 255, "\nThe config profile () could not be found\n"),
        (
            "[machine.files]\n'~/.aws/sso/cache/${sha1:msh}.json' = false",
            {},
            255,
            "\nError loading SSO Token: Token for msh does not exist\n",
        ),
        (
            "[sso]\nassignment = []",
            {},
            254,
            "\nAn error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access\n",
        ),
        (
            "[machine.environment]\nAWS_PROFILE = false",
            {},
            253,
            '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n',
        ),
        (
            f'[machine]\ncli = "{CLI.format("2.34.1")}"\n[machine.environment]\nAWS_PROFILE = false',
            {},
            253,
            '\naws: [ERROR]: Unable to locate credentials. You can configure credentials by running "aws login".\n',
        ),
    ],
)
def test_the_cli_fails_with_its_own_words_and_exit_codes(
    edit: str, environment: dict[str, str], code: int, said: str
) -> None:
    with simulated(make_world(edit)) as simulation:
        done = simulation.run(["aws", "sts", "get-caller-identity"], {**simulation.environ, **environment})
        assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


def test_configure_list_prints_what_it_knows_before_it_fails() -> None:
    with simulated(make_world("[machine.files]\n'~/.aws/sso/cache/${sha1:msh}.json' = false")) as simulation:
        done = simulation.run(["aws", "configure", "list"], simulation.environ)
        assert done.returncode == 255
        assert [line.split()[0] for line in done.stdout.splitlines()] == ["NAME", "profile"]


CACHE_KEY = '{"accountId":"210987654321","roleName":"BedrockDeveloper","sessionName":"msh"}'


def test_the_cli_works_with_its_own_cached_role_credentials_where_boto3_fails() -> None:
    text = f"""
[[role_session]]
access_key_id = "ASIAIOSFODNN7EXAMPLE"
secret_access_key = "CANARY-secret"
session_token = "CANARY-token"
[machine.files]
'~/.aws/sso/cache/${{sha1:msh}}.json' = false
[machine.files.'~/.aws/cli/cache/${{sha1:{CACHE_KEY}}}.json']
text = '{{"ProviderType": "sso", "Credentials": {{"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "CANARY-secret", "SessionToken": "CANARY-token", "Expiration": "${{now+1h}}", "AccountId": "210987654321"}}}}'
"""  # noqa: E501
    with simulated(make_world(text)) as simulation:
        done = simulation.run(["aws", "sts", "get-caller-identity"], simulation.environ)
        assert "assumed-role/AWSReservedSSO_BedrockDeveloper" in done.stdout
        assert simulation.child_identity(simulation.environ)["error"]["type"] == "SSOTokenLoadError"


def test_a_child_process_has_only_its_own_environment() -> None:
    with simulated(make_world(KEYS)) as simulation:
        home = {"HOME": str(simulation.home), "AWS_DEFAULT_REGION": "us-east-1"}
        assert simulation.child_identity(home) == {
            "account": "210987654321",
            "arn": "arn:aws:iam::210987654321:user/deploy",
            "method": "shared-credentials-file",
        }
        answer = simulation.child_identity({**home, "AWS_PROFILE": "msh"})
        assert (answer["account"], answer["method"]) == ("210987654321", "sso")
        assert os.environ["AWS_PROFILE"] == "msh"


def test_a_child_process_tells_its_error() -> None:
    with simulated(load_world("compliant")) as simulation:
        home = {"HOME": str(simulation.home)}
        error = simulation.child_identity({**home, "AWS_PROFILE": "nope"})["error"]
        assert error == {
            "type": "ProfileNotFound",
            "code": "ProfileNotFound",
            "message": "The config profile (nope) could not be found",
        }
        keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "CANARY"}
        error = simulation.child_identity({**home, **keys, "AWS_DEFAULT_REGION": "us-east-1"})["error"]
        assert (error["type"], error["code"]) == ("ClientError", "InvalidClientTokenId")
        assert "CANARY" not in error["message"]
