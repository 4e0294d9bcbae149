"""credential_process and mfa_serial through real botocore: every way of failing is an error that says which, and none waits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from fixtures.backends.live import LiveBackend
from fixtures.readings import ReadError, Reading
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import World
from fixtures.targets import Target
from tests.world_edits import written
from tests.world_files import make_world

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs of POSIX")

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYCANARYKEY000"
KEYS = {"Version": 1, "AccessKeyId": "AKIAIOSFODNN7CANARY0", "SecretAccessKey": SECRET}
TARGET = Target("msh", "us-east-1")
PROCESS = "[profile msh]\ncredential_process = tool --password hunter2hunter2\nregion = us-east-1\n"
SOURCE = """[profile msh]
role_arn = arn:aws:iam::210987654321:role/App
source_profile = base
region = us-east-1

[profile base]
credential_process = tool
"""


def world_of(script: str, config: str = PROCESS) -> World:
    base = make_world('[machine.files."~/bin/tool"]\ntext = "#!/bin/sh\\n"\nmode = "755"\n')
    tool = base.machine.files["~/bin/tool"]
    object.__setattr__(tool, "text", f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    return written(config, of="~/.aws/config")(base)


@contextmanager
def backend(world: World, seconds: float = 10) -> Iterator[LiveBackend]:
    with simulated(world, process_seconds=seconds) as machine:
        yield LiveBackend(machine, None, False, machine.now(), concurrent=False)


def provider(script: str, config: str = PROCESS, seconds: float = 10) -> Reading:
    with backend(world_of(script, config), seconds) as asked:
        return asked.read(TARGET, "provider", {})


def error(script: str, config: str = PROCESS, seconds: float = 10) -> ReadError:
    found = provider(script, config, seconds).error
    assert found is not None
    assert SECRET not in found.message and "hunter2" not in found.message
    return found


def printing(*lines: str) -> str:
    return "\n".join(f"cat <<'END'\n{line}\nEND" for line in lines)


def expiring(by: timedelta) -> str:
    with backend(world_of("")) as asked:
        ends = asked.machine.now() + by
    return json.dumps({**KEYS, "Expiration": ends.isoformat()})


def test_one_that_prints_what_is_asked_for_gives_credentials() -> None:
    assert provider(printing(json.dumps(KEYS))).value == {"method": "custom-process"}
    lasting = provider(printing(expiring(timedelta(hours=1))))
    assert lasting.value == {"method": "custom-process"}


@pytest.mark.parametrize("config", [PROCESS, SOURCE], ids=["of the profile", "of its source profile"])
@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("echo no session for you >&2; exit 3", "ProcessExitCode", "exit code 3: no session for you"),
        ("echo only on stdout; exit 1", "ProcessExitCode", "exit code 1: only on stdout"),
        ("exit 7", "ProcessExitCode", "exit code 7"),
        (printing("A new version is available", json.dumps(KEYS)), "ProcessOutput",
         "printed 'A new version is available' before its JSON"),
        (printing(f"key {SECRET}", json.dumps(KEYS)), "ProcessOutput", "printed 'key [redacted]' before its JSON"),
        ("echo please log in", "ProcessOutput", "printed 'please log in' and no JSON"),
        ("true", "ProcessOutput", "printed nothing"),
        ("echo '[]'", "ProcessOutput", "printed JSON that is no object"),
        (printing(json.dumps(KEYS)[:-4]), "ProcessOutput", "printed JSON that cannot be read: Invalid control"),
        (printing(json.dumps({**KEYS, "Version": 2})), "ProcessOutput", 'printed Version 2 where "Version": 1 is asked'),
        (printing(json.dumps({"Version": 1, "AccessKeyId": "AKIAIOSFODNN7CANARY0"})), "ProcessOutput",
         "printed no SecretAccessKey"),
        (printing(json.dumps({**KEYS, "Expiration": "soon"})), "ProcessOutput", "an Expiration that is no time"),
        (printing(json.dumps({**KEYS, "Expiration": "2030-01-01T00:00:00"})), "ProcessOutput", "without a time zone"),
        (printing(expiring(timedelta(hours=-1))), "ProcessExpired", "printed credentials that ended at 2026-11-2"),
        ("read code && echo $code", "ProcessExitCode", "exit code 1"),
        ("yes", "ProcessNoAnswer", "credential_process tool printed more than 1,000,000 bytes"),
    ],
)  # fmt: skip
def test_each_way_of_failing_is_told_in_the_programs_own_words(
    script: str, code: str, message: str, config: str
) -> None:
    found = error(script, config)
    assert found.code == code
    assert found.message.startswith("credential_process tool")
    assert message in found.message


def test_one_that_does_not_answer_names_command_and_bound() -> None:
    found = error("sleep 98765", seconds=1)
    assert (found.code, found.message) == (
        "ProcessNoAnswer",
        "credential_process tool did not answer within 1 s",
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("tooll", "credential_process tooll cannot be started: no such file or directory"),
        ("PASSWORD=hunter2 tool", "credential_process cannot be started: no such file or directory"),
    ],
)
def test_one_that_is_not_there_is_named(command: str, message: str) -> None:
    found = error("", PROCESS.replace("tool --password hunter2hunter2", command))
    assert (found.code, found.message) == ("ProcessNotFound", message)


def test_nobody_is_asked_for_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("a person was asked")

    monkeypatch.setattr("getpass.getpass", asked)
    config = SOURCE.replace("region", "mfa_serial = arn:aws:iam::210987654321:mfa/jo\nregion")
    with backend(world_of(printing(json.dumps(KEYS)), config)) as backend_:
        assert backend_.read(TARGET, "provider", {}).value == {"method": "assume-role"}
        found = backend_.read(TARGET, "credentials", {}).error
    assert found is not None and found.code == "MfaRequired"
    assert "arn:aws:iam::210987654321:mfa/jo" in found.message and "mfa_serial" in found.message


def test_a_fit_source_profile_is_quiet() -> None:
    with backend(world_of(printing(json.dumps(KEYS)), SOURCE)) as asked:
        assert asked.read(TARGET, "provider", {}).error is None
