"""The simulated machine: its files, environment, clocks, and that nothing leaves it or stays behind."""

from __future__ import annotations

import os
import socket
import stat
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import botocore.compat
import botocore.credentials
import botocore.endpoint
import botocore.session
import botocore.tokens
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, SSOTokenLoadError, TokenRetrievalError

from fixtures.simulation.network import OutsideSimulationError
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.world_files import code, make_world

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"


def soon_after(moment: datetime, expected: datetime) -> bool:
    return timedelta() <= moment - expected < timedelta(minutes=1)


# Files and environment


def test_files_stand_in_the_home_and_working_folder_with_their_modes() -> None:
    world = make_world(
        '[machine.files."~/.aws/config"]\nmode = "644"\n[machine.files."./a/b"]\ntext = "${home}"'
    )
    with simulated(world) as simulation:
        config = simulation.home / ".aws" / "config"
        assert stat.S_IMODE(config.stat().st_mode) == 0o644
        assert stat.S_IMODE((simulation.home / ".aws" / "credentials").stat().st_mode) == 0o600
        assert (simulation.cwd / "a" / "b").read_text() == str(simulation.home)
        token = simulation.home / ".aws/sso/cache/284c80bd216563a75ddf33fdbc5290f7f16a3720.json"
        assert '"expiresAt": "2026-11-22T20:00:00Z"' in token.read_text()
    assert not config.exists()


def test_the_environment_is_the_worlds_and_comes_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-real-machine")
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("SOMETHING", "else")
    before = dict(os.environ)
    with simulated(make_world('[machine.environment]\nAWS_CONFIG_FILE = "${home}/c"')) as simulation:
        assert os.environ["AWS_PROFILE"] == simulation.environ["AWS_PROFILE"] == "msh"
        assert os.environ["AWS_CONFIG_FILE"] == f"{simulation.home}/c"
        assert os.environ["HOME"] == str(simulation.home)
        assert set(simulation.environ) == {
            "AWS_CONFIG_FILE",
            "AWS_DEFAULT_REGION",
            "AWS_PROFILE",
            "AWS_REGION",
            "HOME",
            "PATH",
        }
        assert "AWS_ACCESS_KEY_ID" not in os.environ
        assert "SOMETHING" not in os.environ
        os.environ["AWS_LEFT_BEHIND"] = "x"
    assert dict(os.environ) == before


def test_everything_is_restored_after_an_exception() -> None:
    before = dict(os.environ)
    send, now = botocore.endpoint.time, botocore.compat.datetime
    with pytest.raises(ZeroDivisionError), simulated(load_world("compliant")):
        raise ZeroDivisionError
    assert dict(os.environ) == before
    assert (botocore.endpoint.time, botocore.compat.datetime) == (send, now)
    assert soon_after(botocore.credentials._local_now(), datetime.now(timezone.utc) - timedelta(seconds=30))


def test_another_world_cannot_run_meanwhile_but_afterwards() -> None:
    world = load_world("compliant")
    with (
        simulated(world),
        pytest.raises(RuntimeError, match="cannot simulate compliant: another world runs in this process"),
        simulated(world),
    ):
        pass
    with simulated(world):
        pass


def test_a_session_made_before_is_simulated_too() -> None:
    session = boto3.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x", region_name="us-east-1"
    )
    client = session.client("sts")
    with simulated(load_world("compliant")), pytest.raises(ClientError) as failure:
        client.get_caller_identity()
    assert code(failure) == "InvalidClientTokenId"


def test_a_session_of_one_world_has_nothing_of_the_next() -> None:
    world = load_world("compliant")
    with simulated(world):
        client = boto3.Session().client("sts")
        client.get_caller_identity()
    with simulated(world) as simulation:
        (simulation.home / ".aws/sso/cache/284c80bd216563a75ddf33fdbc5290f7f16a3720.json").unlink()
        with pytest.raises(SSOTokenLoadError):
            boto3.Session().client("sts").get_caller_identity()


def test_the_same_world_has_the_same_identifiers_each_time() -> None:
    seen = []
    for _ in range(2):
        with simulated(load_world("compliant")):
            session = boto3.Session()
            answer = session.client("sts").get_caller_identity()
            credentials = session.get_credentials()
            assert credentials is not None
            seen.append((answer["UserId"], credentials.access_key, answer["ResponseMetadata"]["RequestId"]))
    assert seen[0] == seen[1]


def test_a_home_folder_that_was_asked_for_stays(tmp_path: Path) -> None:
    with simulated(load_world("compliant"), home_folder=tmp_path / "home") as simulation:
        assert simulation.home == tmp_path / "home"
    assert (tmp_path / "home" / ".aws" / "config").is_file()


# Clocks


def test_botocore_reads_the_worlds_time_and_the_world_lasts() -> None:
    with simulated(load_world("compliant")) as simulation:
        assert soon_after(simulation.now(), NOON)
        assert soon_after(botocore.credentials._local_now(), NOON)
        assert soon_after(botocore.tokens._utc_now(), NOON)
        assert soon_after(botocore.compat.get_current_datetime(remove_tzinfo=False), NOON)
        first = simulation.now()
        time.sleep(0.01)
        assert simulation.now() > first


def test_the_caller_may_say_what_time_it_is() -> None:
    moment = datetime(2030, 1, 1, tzinfo=timezone.utc)
    with simulated(load_world("compliant"), now=moment) as simulation:
        assert soon_after(simulation.now(), moment)
        token = next((simulation.home / ".aws/sso/cache").iterdir()).read_text()
        assert '"expiresAt": "2030-01-01T08:00:00Z"' in token


def test_role_credentials_expire_by_aws_time() -> None:
    with simulated(load_world("compliant")):
        credentials: Any = botocore.session.Session().get_credentials()
        credentials.get_frozen_credentials()
        assert soon_after(credentials._expiry_time, NOON + timedelta(hours=8))


def test_credentials_are_refreshed_when_the_worlds_time_has_passed() -> None:
    with simulated(load_world("compliant")) as simulation:
        credentials: Any = botocore.session.Session().get_credentials()
        first = credentials.get_frozen_credentials().access_key
        assert credentials.get_frozen_credentials().access_key == first
        simulation.account.clock.sleep(7.9 * 3600)
        assert credentials.get_frozen_credentials().access_key != first


def test_a_token_that_is_about_to_expire_is_refreshed_in_its_file() -> None:
    with simulated(make_world(f"[machine.files.'{TOKEN}']\nreplace = [['${{now+8h}}', '${{now+5m}}']]")) as s:
        boto3.Session().client("sts").get_caller_identity()
        assert "CANARY-access-token-issued-1" in next((s.home / ".aws/sso/cache").iterdir()).read_text()


def test_a_token_that_expired_and_cannot_refresh_gives_botocores_own_error() -> None:
    text = (
        f"[machine.files.'{TOKEN}']\nreplace = [['${{now+8h}}', '${{now-1h}}']]\n"
        '[faults."sso-oidc:CreateToken"]\ncode = "InvalidGrantException"\nmessage = "Invalid refresh token provided"'
    )
    with simulated(make_world(text)), pytest.raises(TokenRetrievalError, match="refresh failed"):
        boto3.Session().client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        ("4m", None),
        ("-4m", None),
        ("7m", r"Signature not yet current: 20261122T1207\d\dZ is still later than 20261122T1205\d\dZ"),
        (
            "-7m",
            r"Signature expired: 20261122T1153\d\dZ is now earlier than 20261122T1155\d\dZ \(20261122T1200",
        ),
    ],
)
def test_a_machine_whose_clock_is_off_signs_what_aws_refuses(skew: str, expected: str | None) -> None:
    with simulated(make_world(f'[clock]\nskew = "{skew}"')) as simulation:
        off = timedelta(minutes=int(skew[:-1]))
        assert soon_after(simulation.now(), NOON + off)
        client = boto3.Session().client("sts")
        if expected is None:
            client.get_caller_identity()
            return
        with pytest.raises(ClientError, match=expected) as failure:
            client.get_caller_identity()
        assert code(failure) == "SignatureDoesNotMatch"
        with pytest.raises(ClientError, match=expected) as failure:
            boto3.Session().client("bedrock").list_foundation_models()
        assert code(failure) == "InvalidSignatureException"


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_waiting_between_retries_takes_no_real_time(mode: str) -> None:
    text = (
        '[faults."bedrock:ListFoundationModels"]\n'
        'code = "ThrottlingException"\nmessage = "Rate exceeded"\nstatus = 429'
    )
    with simulated(make_world(text)) as simulation:
        config = Config(retries={"mode": mode, "total_max_attempts": 5})
        client = boto3.Session().client("bedrock", config=config)
        started = time.monotonic()
        with pytest.raises(ClientError, match="Rate exceeded") as failure:
            client.list_foundation_models()
        assert time.monotonic() - started < 1
        assert code(failure) == "ThrottlingException"
        assert [r.operation for r in simulation.requests].count("ListFoundationModels") == 5


# Nothing leaves the machine


def test_no_other_host_is_reached_by_whatever_means() -> None:
    with simulated(load_world("compliant")):
        with pytest.raises(OutsideSimulationError, match=r"example\.com"):
            socket.getaddrinfo("example.com", 443)
        with pytest.raises(OutsideSimulationError, match=r"192\.0\.2\.1"):
            socket.create_connection(("192.0.2.1", 443), timeout=1)
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()


def test_an_operation_that_is_not_simulated_says_so() -> None:
    everything = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    )
    world = make_world(f"[role.policies]\nall = '{everything}'")
    with simulated(world), pytest.raises(NotImplementedError, match="get_organizations_access_report"):
        boto3.Session().client("iam").get_organizations_access_report(JobId="0" * 36)
