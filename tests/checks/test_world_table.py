"""World by world: which root causes the suite names. The table of failure modes, with a row for each shipped world."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import pytest

from checks.catalogue import load
from fixtures.simulation.world import World, list_worlds, load_world
from reports.screen import ROWS, height, screen
from tests.awaited import WITHOUT_A_WORLD
from tests.denied import contradicted, insufficient
from tests.harness import Judged, verdict_on
from tests.report_material import TAIL, alike

WORLDS = [name for name, _ in list_worlds()]
QUIET = ("compliant", "enterprise", "ok-")
LONGEST = 240
"""Characters of `observed`."""
NOT_FILLED_IN = re.compile(r"<(?!not set>)[a-z_ ]+>|\(new\)|\bNone\b")


@pytest.mark.parametrize("name", WORLDS)
def test_the_world_says_what_it_should(name: str, matrix: list[tuple[str, ...]], heights: list[int]) -> None:
    """One test for each world, since judging it is what takes the time."""
    world = load_world(name)
    found = verdict_on(name)
    matrix.append((name, ", ".join(world.expect.root_causes), ", ".join(found.root_causes)))

    assert tuple(found.root_causes) == world.expect.root_causes, found.document["root_causes"]
    assert bool(world.expect.root_causes) != name.startswith(QUIET), (
        "fault worlds expect a cause, quiet ones none"
    )
    if name.startswith(QUIET):
        assert {s for s, n in found.document["counts"].items() if n} <= {"compliant", "not_applicable"}
    nothing_secret_is_said(world, found)
    heights.append(height(screen(alike(found.document, name), TAIL)))
    assert heights[-1] <= ROWS, "the last screen is seen at once"
    assert contradicted(found) == []
    assert insufficient(found) == []
    for cause in found.document["root_causes"]:
        it_is_short_and_can_be_pasted(cause)
    for row in found.rows:
        assert not NOT_FILLED_IN.findall(" ".join(row["remedy"])), row


def test_every_mode_comes_first_in_a_world_and_those_of_the_headline_message_in_two() -> None:
    """What a world expects is what its own test above finds."""
    expected = [load_world(name).expect.root_causes for name in WORLDS]
    first = Counter(causes[0].split()[-1] for causes in expected if causes)
    wanted = {cause.code: 2 if cause.headline else 1 for cause in load().causes}
    lacking = {code for code, least in wanted.items() if first[code] < least}
    assert lacking == set(WITHOUT_A_WORLD), "a mode that has its worlds leaves the list"


def nothing_secret_is_said(world: World, found: Judged) -> None:
    said = json.dumps([found.document, found.readings])
    assert not [secret for secret in secrets_of(world) if len(secret) > 7 and secret in said]
    assert "CANARY" not in said


def it_is_short_and_can_be_pasted(cause: Mapping[str, Any]) -> None:
    assert len(cause["observed"]) <= LONGEST, cause
    assert "\n" not in cause["title"] + cause["observed"] + "".join(cause["remedy"])
    assert cause["remedy"]


@pytest.fixture(scope="session")
def heights() -> Iterator[list[int]]:
    """How many rows the last screen of each world has: what they come to is printed."""
    rows: list[int] = []
    yield rows
    print(f"\nrows of the last screen: {median(rows):g} in the middle, at most {max(rows)}")


@pytest.fixture(scope="session")
def matrix() -> Iterator[list[tuple[str, ...]]]:
    """The confusion matrix: world, expected and named root causes; printed where they differ."""
    rows: list[tuple[str, ...]] = []
    yield rows
    wrong = [row for row in rows if row[1] != row[2]]
    print(f"\n{len(rows) - len(wrong)} of {len(rows)} worlds named as expected")
    for name, expected, named in wrong:
        print(f"{name:<44} expected {expected or 'nothing':<24} named {named or 'nothing'}")


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
