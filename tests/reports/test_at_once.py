"""What is said before the rest is read: a login that is over, where nothing lies upstream of it."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks.catalogue import load
from checks.judgement import Docket
from checks.plugin import DOCKETS
from fixtures.machine.profiles import Profiles
from fixtures.plugin import RUN
from fixtures.readings import Unavailable
from fixtures.run import Run, _targets, utc_now
from fixtures.simulation.world import load_world
from reports import at_once
from reports.at_once import _first
from tests.suite import run_suite

SAID = "msh/us-east-1: The SSO token has expired, SSO-03 TOK02"


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ("tok01-no-login", "SSO-01"),
        ("tok05-token-empty", "SSO-02"),
        ("tok02-expired-token", "SSO-03"),
        ("compliant", None),
        ("ok-expired-token-refreshes", None),
        ("ok-iam-user-on-purpose", None),
        # Something lies upstream of it: an incomplete profile, a clock that is wrong.
        ("cfg06-role-name-missing", None),
        ("net04-clock-hours-ahead", None),
    ],
)
def test_it_is_a_root_cause_that_the_files_alone_decide(world: str, said: str | None) -> None:
    loaded = load_world(world)
    settings = loaded.parsed_settings()
    (target,) = _targets([loaded.machine.profile], [], Profiles.of_world(loaded), settings, "workstation")
    run = Run("moto", "workstation", False, settings, [target], None, utc_now(), world=loaded)
    try:
        evidence = run.evidence(target)
        outcome = _first(Docket(evidence, load(), Unavailable))
        asked = {reading.name for reading in evidence.readings()}
    finally:
        run.close()
    assert (outcome and outcome.requirement) == said
    assert not asked & {"cli.version", "cli.configure", "child.identity", "sts:GetCallerIdentity"}


def test_it_stands_before_the_first_check_and_the_checks_are_judged_all_the_same(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "tok02-expired-token", "-k", "SSO or CON-03")
    before, _, after = ran.text.partition("checks/workstation/test_sso.py")
    assert SAID in before and "mend   aws sso login --profile msh" in before
    assert "  1. The SSO token has expired, SSO-03 TOK02" in after
    assert "/test_connectivity.py ." in after


@pytest.mark.parametrize(("answered", "said"), [(True, ["msh/us-east-1"]), (False, [])])
def test_where_aws_does_not_tell_its_time_nothing_is_said_yet(
    answered: bool, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_world("tok02-expired-token")
    settings = loaded.parsed_settings()
    (target,) = _targets([loaded.machine.profile], [], Profiles.of_world(loaded), settings, "workstation")
    run = Run("moto", "workstation", False, settings, [target], None, utc_now(), world=loaded)
    time = Future[None]()
    if answered:
        time.set_result(None)
    monkeypatch.setattr(at_once, "_ask_the_time", lambda _: [time])
    monkeypatch.setattr(at_once, "PATIENCE", 0)
    config = SimpleNamespace(stash={RUN: run, DOCKETS: {}})
    try:
        told = [name for name, _ in at_once._told(config, [target])]  # type: ignore[arg-type]
    finally:
        run.close()
    assert told == said


@pytest.mark.parametrize(("selection", "asked"), [("local", False), ("blocker", True)])
def test_the_time_is_asked_of_aws_only_where_something_asks_aws(
    selection: str, asked: bool, tmp_path: Path
) -> None:
    ran = run_suite(tmp_path, "--world", "tok02-expired-token", "-m", selection, "-k", "SSO or RUN_02")
    readings = {each["name"] for each in ran.json("evidence.json")["readings"]}
    assert ("endpoint" in readings, "token-cache" in readings) == (asked, True)


def test_it_is_not_said_where_the_output_is_to_be_short(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "tok02-expired-token", "-k", "SSO-03", "-q")
    assert SAID not in ran.text.partition("  1. ")[0]
