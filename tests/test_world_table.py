"""World by world: which root causes the suite names. The table of failure modes, with a row for each shipped world."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

from fixtures.simulation.world import World, list_worlds, load_world
from tests.harness import Judged, judged

WORLDS = [name for name, _ in list_worlds()]
QUIET = ("compliant", "enterprise", "ok-")
LONGEST = 240
"""Characters of `observed`: two lines of a terminal."""


@cache
def verdict_on(name: str) -> Judged:
    world = load_world(name)
    return judged(world, environment=world.expect.environment, probe=world.expect.probe)


@pytest.fixture(scope="session", autouse=True)
def confusion_matrix(request: pytest.FixtureRequest) -> Iterator[None]:
    """Prints, after the run, every world whose first root cause is not the expected one."""
    yield
    rows = []
    for name in WORLDS:
        if verdict_on.cache_info().currsize and request.session.testsfailed:
            expected, named = load_world(name).expect.root_causes, tuple(verdict_on(name).root_causes)
            if expected != named:
                rows.append(
                    f"{name:<44} expected {', '.join(expected) or '-':<24} named {', '.join(named) or '-'}"
                )
    if rows:
        print("\nworld, expected and named root causes where they differ:", *rows, sep="\n")


@pytest.mark.parametrize("name", WORLDS)
def test_the_world_names_its_root_causes(name: str) -> None:
    world = load_world(name)
    found = verdict_on(name)
    assert tuple(found.root_causes) == world.expect.root_causes, found.document["root_causes"]
    assert bool(world.expect.root_causes) != name.startswith(QUIET), (
        "fault worlds expect a cause, quiet ones none"
    )


@pytest.mark.parametrize("name", [name for name in WORLDS if name.startswith(QUIET)])
def test_a_quiet_world_is_compliant_in_everything_that_applies(name: str) -> None:
    counted = verdict_on(name).document["counts"]
    assert {status for status, number in counted.items() if number} <= {"compliant", "not_applicable"}


@pytest.mark.parametrize("name", WORLDS)
def test_no_secret_of_the_world_is_in_what_is_said_or_kept(name: str) -> None:
    found = verdict_on(name)
    said = json.dumps([found.document, found.readings])
    secrets = {s for s in secrets_of(load_world(name)) if len(s) > 7}
    assert not [secret for secret in secrets if secret in said]
    assert "CANARY" not in said


@pytest.mark.parametrize("name", WORLDS)
def test_messages_are_short_and_remedies_can_be_pasted(name: str) -> None:
    for cause in verdict_on(name).document["root_causes"]:
        assert len(cause["observed"]) <= LONGEST, cause
        assert "\n" not in cause["title"] + cause["observed"] + "".join(cause["remedy"])
        assert cause["remedy"]
        assert not re.findall(
            r"<(?:profile|region|file|line|variable|sso_session|start_url)>", " ".join(cause["remedy"])
        ), cause


def secrets_of(world: World) -> Iterator[str]:
    """The secrets that the world's author put into it."""
    yield from world.sso.accepted_tokens
    for user in world.iam_user:
        yield user.secret_access_key
    for session in world.role_session:
        yield from (session.secret_access_key, session.session_token)
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
    ):
        value = world.machine.environment.get(name, "")
        if re.search(r"[A-Za-z0-9]{8}", value):
            yield value
