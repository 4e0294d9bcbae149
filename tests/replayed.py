"""A world's verdict anew from the readings that were recorded of it: a hundredth of what the world itself takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.catalogue import load
from checks.judgement import Docket
from fixtures.evidence import Evidence
from fixtures.readings import ReadError, Reading, Unavailable, reading_key
from fixtures.settings import Settings
from fixtures.simulation.world import World
from fixtures.targets import Target
from tests.harness import Judged

NO_ANSWER = ReadError("EndpointConnectionError", "EndpointConnectionError", "no answer came")


@dataclass
class Withholding:
    """The backend that answers what was recorded, but for one question, and for what was never asked."""

    recorded: Mapping[str, Reading]
    instant: datetime
    withheld: str
    name: str = "replay"
    concurrent: bool = False

    def now(self) -> datetime:
        return self.instant

    def read(
        self, target: Target, name: str, params: Mapping[str, Any], region: str = "", by: str = ""
    ) -> Reading:
        key = reading_key(name, params, region, by)
        known = self.recorded.get(key)
        if known is None or key == self.withheld:
            return Reading(name, params, "2026-11-22T12:00:00Z", error=NO_ANSWER, region=region, by=by)
        return known

    def let_go(self, target: Target) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""


def recorded_of(found: Judged) -> dict[str, Reading]:
    """The readings that the verdict rests on, by key."""
    return {reading.key: reading for reading in map(Reading.from_json, found.readings)}


def docket_on(world: World, found: Judged, *, withheld: str = "") -> Docket:
    """Judges by what was recorded of the world, without the reading of that key."""
    (region,) = {row["target"].partition("/")[2] for row in found.rows}
    instant = (world.clock.now + world.clock.skew).replace(microsecond=0)
    backend = Withholding(recorded_of(found), instant, withheld)
    settings = world.parsed_settings() if world.settings else Settings()
    target, expect = Target(world.machine.profile, region), world.expect
    evidence = Evidence(target, backend, settings, purpose=expect.environment, probe=expect.probe)
    return Docket(evidence, load(), Unavailable)
