"""Keys in a file that AWS refuses: what the file itself shows to be wrong, and that nobody without SSO is sent to a login."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from fixtures.settings import CredentialSettings, Settings
from fixtures.simulation.world import File, World
from tests.harness import Judged, judged

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"
ASKED = ("PRF-04", "PRF-05", "PRF-10", "CRD-01", "CRD-03", "RUN-02", "IAM-03")
ID, SECRET = "AKIAQ2BUILDHOSTUSER0", "CANARYkeyOfTheIamUserForTheBuildHost0000"
PASTED = "aws_access_key_id = ASIAQCANARYPASTEDKEY\naws_secret_access_key = CANARYsecretKeyPastedFromThePortal000000"
MEANT = Settings(credentials=CredentialSettings(allowed_providers=("shared-credentials-file",)))


def with_keys(credentials: str, config: str = "") -> Callable[[World], World]:
    """The profile msh with that in the credentials file, and that more in the config file."""

    def edit(world: World) -> World:
        files = dict(world.machine.files)
        files[CREDENTIALS] = File(text=f"[msh]\n{credentials}\n")
        files[CONFIG] = File(text=files[CONFIG].text + config)
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    return edit


def of(edit: Callable[[World], World], settings: Settings) -> Judged:
    return judged("ok-iam-user-on-purpose", only=ASKED, edit=edit, settings=settings)


@pytest.mark.parametrize("settings", [MEANT, Settings()], ids=["allowed", "not allowed"])
@pytest.mark.parametrize(
    ("credentials", "cause", "observed"),
    [
        (f'aws_access_key_id = "{ID}"\naws_secret_access_key = "{SECRET}"', "CFG09", "line 2: aws_access_key_id has quotes"),
        (f"aws_access_key_id = {ID} # build\naws_secret_access_key = {SECRET}", "CFG09", "has a comment behind it"),
        (f"aws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\naws_session_token = old", "CFG15",
         "line 4: a session token stands beside a long-lived key"),
        ("aws_access_key_id = YOUR_ACCESS_KEY\naws_secret_access_key = YOUR_SECRET_KEY", None, "no key of AWS"),
        (f"aws_access_key_id = {ID}", "CFG15", "line 2: aws_access_key_id is there without aws_secret_access_key"),
        (f"aws_access_key_id = {ID}\naws_secret_access_key =", "CFG15", "without aws_secret_access_key"),
        (f"aws_secret_access_key = {SECRET}", "CFG15", "aws_secret_access_key is there without aws_access_key_id"),
        (PASTED, None, "ASIA…DKEY of profile msh has no aws_session_token"),
        (f"{PASTED}\naws_token = x", None, "has no aws_session_token"),
    ],
)  # fmt: skip
def test_the_fault_is_named_by_its_line_whether_keys_are_allowed_or_not(
    credentials: str, cause: str | None, observed: str, settings: Settings
) -> None:
    found = of(with_keys(credentials), settings)
    (root,) = found.document["root_causes"]
    assert (root["cause"], observed in root["observed"]) == (cause, True)
    assert root["remedy"][0].startswith("# edit ~/.aws/credentials line ")
    assert not any("sso" in line for line in root["remedy"])
    assert SECRET not in str(found.document)


def test_a_secret_in_the_other_file_is_told_where_it_stands() -> None:
    edit = with_keys(f"aws_access_key_id = {ID}", f"aws_secret_access_key = {SECRET}\n")
    observed = of(edit, MEANT)["PRF-10"]["observed"]
    assert observed.endswith("without aws_secret_access_key, which stands in ~/.aws/config line 6")


@pytest.mark.parametrize(
    ("credentials", "config"),
    [
        (f"aws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\naws_session_token =", ""),
        (f"AWS_ACCESS_KEY_ID = {ID}\nAWS_SECRET_ACCESS_KEY = {SECRET}", ""),
        (f"aws_access_key_id = {ID}\naws_secret_access_key = {SECRET}", f"aws_access_key_id = {ID}\n"),
    ],
)
def test_keys_that_work_are_no_fault(credentials: str, config: str) -> None:
    assert of(with_keys(credentials, config), MEANT).root_causes == []


def test_a_secret_without_its_key_is_passed_over_where_a_login_gives_credentials() -> None:
    found = judged("compliant", only=ASKED, edit=with_keys(f"aws_secret_access_key = {SECRET}"))
    assert found.root_causes == []


@pytest.mark.parametrize("settings", [MEANT, Settings()], ids=["allowed", "not allowed"])
def test_expired_keys_without_a_login_are_to_be_issued_again(settings: Settings) -> None:
    found = judged("pre04-pasted-keys-expired", only=ASKED, settings=settings)
    (root,) = found.document["root_causes"]
    assert (root["cause"], "credentials line 2 have ended" in root["observed"]) == ("PRE04", True)
    assert not any("sso" in line for line in root["remedy"])


def test_names_that_nobody_reads_are_named_where_nothing_gives_credentials() -> None:
    found = of(with_keys(f"export AWS_ACCESS_KEY_ID={ID}\nexport AWS_SECRET_ACCESS_KEY={SECRET}"), MEANT)
    assert found.root_causes == ["CRD-01"]
    assert found["CRD-01"]["title"] == "Nothing gives profile msh credentials"
    assert "~/.aws/credentials line 3 has a name that nobody reads" in found["CRD-01"]["observed"]
