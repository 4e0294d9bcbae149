"""The worlds of fixtures/worlds are well formed, can be simulated, and hold no secret that is not a canary."""

from __future__ import annotations

import re
from base64 import b64decode

import boto3
import pytest
from botocore.exceptions import ClientError

from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import WORLDS as FOLDER
from fixtures.simulation.world import World, list_worlds, load_world
from tests.world_files import CHAT, EMBEDDING, PROMPT

NAMES = [name for name, _ in list_worlds()]
SECRET_KEYS = (
    r"accessToken|refreshToken|clientSecret|SecretAccessKey|SessionToken"
    r"|aws_secret_access_key|aws_session_token|aws_security_token"
)
PLACEHOLDERS = {"null", "", "test", "testing", "foobar_secret"}
"""What emulators use in place of keys (failure mode ENV04)."""


def texts(world: World) -> str:
    # Code is no place for a secret that stands alone: it passes on what it was given.
    return "\n".join(file.text for name, file in world.machine.files.items() if not name.endswith(".py"))


def secrets(world: World) -> list[str]:
    """Everything in the world that stands where a secret stands."""
    stated = re.findall(rf'(?m)"?(?:{SECRET_KEYS})"?\s*[:=]\s*"?([^"\n,]*)', texts(world))
    environment = [
        value
        for name, value in world.machine.environment.items()
        if re.search("SECRET|TOKEN(?!_FILE)", name) and name.startswith("AWS")
    ]
    declared = [user.secret_access_key for user in world.iam_user]
    declared += [session.secret_access_key for session in world.role_session]
    declared += [session.session_token for session in world.role_session]
    return [value.strip() for value in (*stated, *environment, *declared, *world.sso.accepted_tokens)]


def test_the_worlds_are_listed_by_name_each_with_a_title() -> None:
    listed = list_worlds()
    assert {"compliant", "guide-as-written"} <= {name for name, _ in listed}
    assert listed == sorted(listed)
    assert all(title and "\n" not in title for _, title in listed)
    assert len({title for _, title in listed}) == len(listed)


@pytest.mark.parametrize("name", NAMES)
def test_every_world_can_be_simulated(name: str) -> None:
    with simulated(load_world(name)) as simulation:
        assert simulation.home.is_dir()
        assert simulation.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_every_secret_of_a_world_is_a_canary(name: str) -> None:
    found = secrets(load_world(name))
    assert [value for value in found if "CANARY" not in plain(value) and value not in PLACEHOLDERS] == []


def plain(secret: str) -> str:
    """The secret; of a short-term Bedrock API key the presigned request that it stands for."""
    prefix = "bedrock-api-key-"
    return b64decode(secret.removeprefix(prefix)).decode() if secret.startswith(prefix) else secret


def test_the_search_for_secrets_finds_those_of_a_token_file() -> None:
    assert len(secrets(load_world("compliant"))) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_world_names_no_real_account(name: str) -> None:
    accounts = set(re.findall(r"\b\d{12}\b", (FOLDER / f"{name}.toml").read_text(encoding="utf-8")))
    assert accounts <= {"123456789012", "210987654321", "111122223333", "444455556666"}


def test_in_the_compliant_world_everything_that_the_guide_asks_for_works() -> None:
    with simulated(load_world("compliant")):
        session = boto3.Session()
        assert session.profile_name == "msh"
        credentials = session.get_credentials()
        assert credentials is not None and credentials.method == "sso"
        identity = session.client("sts").get_caller_identity()
        assert identity["Account"] == "210987654321"
        assert re.fullmatch(
            r"arn:aws:sts::210987654321:assumed-role/AWSReservedSSO_BedrockDeveloper_[0-9a-f]{16}/jo@example\.com",
            identity["Arn"],
        )
        models = session.client("bedrock").list_foundation_models()["modelSummaries"]
        assert [m["modelId"] for m in models if "anthropic.claude" in m["modelId"]]
        runtime = session.client("bedrock-runtime")
        assert runtime.invoke_model(modelId=CHAT, body=PROMPT)["body"].read()
        assert runtime.invoke_model(modelId=EMBEDDING, body='{"inputText": "a"}')["body"].read()


def test_the_guide_as_it_is_written_meets_a_model_past_its_end_of_life() -> None:
    with simulated(load_world("guide-as-written")) as simulation:
        environment_file = (simulation.cwd / ".env.enterprise").read_text(encoding="utf-8")
        assert r"AWS_CONFIG_FILE=C:\Users\%USERNAME%\.aws\config" in environment_file
        session = boto3.Session()
        assert session.client("sts").get_caller_identity()["Account"] == "123456789012"
        with pytest.raises(ClientError, match="reached the end of its life"):
            session.client("bedrock").get_foundation_model(
                modelIdentifier="anthropic.claude-3-5-sonnet-20241022-v2:0"
            )
