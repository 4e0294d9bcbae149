"""Every check is what a world fails by: with its condition replaced by `true`, the world no longer fails so.

A requirement that no world fails is not proven, whatever its check says: it fails here.
"""

from __future__ import annotations

from functools import cache

import pytest

from checks.catalogue import load
from checks.judgement import import_checks
from checks.requirement import CHECKS
from fixtures.simulation.world import World, list_worlds, load_world
from tests.harness import judged, verdict_on

import_checks()
REQUIREMENTS = [requirement.id for requirement in load()]
EXPLAINED = {"FIX-01": "cfg01-header-without-profile", "RUN-01": "cfg01-header-without-profile"}
"""What fails only where something else fails that explains it, and so is no root cause of a world; and where it does."""


@cache
def worlds_by_requirement() -> dict[str, World]:
    """The first world that expects a failure of the requirement, by its ID."""
    found = {identifier: load_world(name) for identifier, name in EXPLAINED.items()}
    for name, _ in list_worlds():
        world = load_world(name)
        for cause in world.expect.root_causes:
            found.setdefault(cause.split()[0], world)
    return found


def always_true() -> None:
    """A check whose condition always holds."""


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_a_world_fails_by_the_check_and_by_nothing_in_its_place(
    identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert identifier in worlds_by_requirement(), "no world fails by it: write one into fixtures/worlds/"
    world = worlds_by_requirement()[identifier]
    failing = [r for r in verdict_on(world.name).results.values() if r["requirement"] == identifier]
    assert "non_compliant" in {result["status"] for result in failing}
    monkeypatch.setitem(CHECKS, identifier, always_true)
    now = judged(world, environment=world.expect.environment, probe=world.expect.probe, only=(identifier,))
    assert not now.with_status("non_compliant")


def test_what_is_explained_is_so_where_everything_is_judged() -> None:
    """A requirement leaves the list once a world has it for a root cause."""
    roots = {cause.split()[0] for name, _ in list_worlds() for cause in load_world(name).expect.root_causes}
    assert not EXPLAINED.keys() & roots
