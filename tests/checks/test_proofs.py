"""What is said of a denial holds whether a call was made or not: the same first cause, nothing against what a call showed, and
a statement that is enough and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fixtures.aws.policy_language import Policy
from fixtures.simulation.policy import simulate
from fixtures.simulation.world import World, list_worlds, load_world
from tests.denied import contradicted, insufficient, printed
from tests.harness import Judged, judged, verdict_on

GROUPS = {"IAM": 7, "MDL": 11, "INV": 3, "QTA": 3}
ABOUT = tuple(f"{group}-{number:02}" for group, last in GROUPS.items() for number in range(1, last + 1))
"""The requirements on the way from an identity to a model's answer."""
NOT_SEEN = "not proven: IAM's simulator does not see such a policy"


def _of_calls(world: World) -> bool:
    """Whether what fails lets a model be called: one without a proper name is called neither way."""
    return any(cause.split("-")[0] in ("IAM", "INV", "QTA") for cause in world.expect.root_causes)


WORLDS = {name: world for name, _ in list_worlds() if _of_calls(world := load_world(name))}
TOLD_BY_THE_ACCOUNT = [name for name, world in WORLDS.items() if not world.expect.probe]
TOLD_BY_A_CALL = [name for name, world in WORLDS.items() if world.expect.probe]
DENIED = [name for name, world in WORLDS.items() if "IAM" in " ".join(world.expect.root_causes)]


def _first(found: Judged) -> str:
    """The first root cause of those requirements; empty where there is none."""
    return next((cause for cause in found.root_causes if cause.split()[0] in ABOUT), "")


@pytest.mark.parametrize("name", TOLD_BY_THE_ACCOUNT)
def test_what_the_account_tells_a_call_does_not_change(name: str) -> None:
    world = WORLDS[name]
    called = judged(world, only=ABOUT, probe=True, environment=world.expect.environment)
    alone = _first(verdict_on(name))
    assert alone.split()[-1] == _first(called).split()[-1]
    assert (contradicted(called), insufficient(called), _unproven(called)) == ([], [], [])


@pytest.mark.parametrize("name", TOLD_BY_A_CALL)
def test_what_a_call_alone_tells_is_not_guessed_without_one(name: str) -> None:
    world = WORLDS[name]
    found = judged(world, only=ABOUT, environment=world.expect.environment)
    assert _first(found) in ("", *world.expect.root_causes)
    assert (contradicted(found), insufficient(found), _unproven(found)) == ([], [], [])


@pytest.mark.parametrize("name", DENIED)
def test_a_statement_to_add_is_proven_and_has_nothing_that_is_allowed_already(name: str) -> None:
    found = verdict_on(name)
    assert (_unproven(found), list(_superfluous(WORLDS[name], found))) == ([], [])


def _unproven(found: Judged) -> list[Mapping[str, Any]]:
    """The root causes with a statement to add of which nothing says that it is enough."""
    return [
        cause
        for cause in found.document["root_causes"]
        if list(printed(cause))
        and not any(line.startswith("# proven: ") or NOT_SEEN in line for line in cause["remedy"])
    ]


def _superfluous(world: World, found: Judged) -> Iterator[tuple[str, str]]:
    """What proven statements allow and the role's own policies allow already."""
    role = world.role
    held = {**role.policies, **role.attached}
    identity = [Policy(name, json.loads(text)) for name, text in held.items()]
    boundary = Policy("boundary", json.loads(role.boundary)) if role.boundary else None
    for cause in found.document["root_causes"]:
        if not any(line.startswith("# proven: ") for line in cause["remedy"]):
            continue
        for statement in (each for group in printed(cause) for each in group):
            told = (statement.get("Condition") or {}).get("StringEquals", {})
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    made = simulate(action, resource, told, identity=identity, boundary=boundary)
                    if made.decision == "allowed":
                        yield action, resource
