"""Every enterprise check is what a world fails by: with its condition replaced by `true`, the table of worlds fails."""

from __future__ import annotations

from functools import cache

import pytest

from checks.catalogue import load
from checks.judgement import import_checks
from checks.requirement import CHECKS
from fixtures.simulation.world import World, list_worlds, load_world
from tests.harness import judged

import_checks()
ENTERPRISE = [requirement.id for requirement in load() if requirement.scope == "enterprise"]


@cache
def worlds_by_requirement() -> dict[str, list[World]]:
    """The worlds that expect a failure of the requirement, by its ID."""
    found: dict[str, list[World]] = {}
    for name, _ in list_worlds():
        world = load_world(name)
        for cause in world.expect.root_causes:
            found.setdefault(cause.split()[0], []).append(world)
    return found


def always_true() -> None:
    """A check whose condition always holds."""


@pytest.mark.parametrize("identifier", ENTERPRISE)
def test_a_world_fails_by_the_check_and_by_nothing_in_its_place(
    identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world, *_) = worlds_by_requirement()[identifier]
    options = {"environment": world.expect.environment, "probe": world.expect.probe, "only": (identifier,)}
    expected = [cause for cause in world.expect.root_causes if cause.split()[0] == identifier]
    assert judged(world, **options).root_causes == expected
    monkeypatch.setitem(CHECKS, identifier, always_true)
    assert judged(world, **options).root_causes == []
