"""Judging a world without pytest around it, so that a table of a hundred worlds takes seconds."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from checks.catalogue import load
from checks.judgement import Docket
from checks.plugin import result
from fixtures.backends import Backend
from fixtures.engine import Engine
from fixtures.machine.profiles import Profiles
from fixtures.readings import Reading, Unavailable
from fixtures.run import Run, _configured_env_file, _targets, utc_now
from fixtures.settings import Settings
from fixtures.simulation.world import World, load_world
from reports.results import document
from tests import edges

Engine.strict = True
WORKSTATION = tuple(requirement.id for requirement in load() if requirement.scope == "workstation")
shelf: Path | None = None
"""Where the verdicts of this run of the tests stand, one file each; tests/conftest.py sets it, for all its workers the same."""


class Judged:
    """What the suite says of a world: `results` by (requirement, case), and results.json's `document`.

    What explains or blocks a result stands as `behind` in it too. `rows` are the results with all that reports are made
    from, `edges` the entries of the map that explained something.
    """

    def __init__(
        self,
        results: list[Mapping[str, Any]],
        readings: list[Mapping[str, Any]],
        edges: frozenset[str] = frozenset(),
        workstation_readings: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.edges = edges
        self._workstation_readings = list(workstation_readings)
        keys = {(r["target"], key): key for r in results for key in r["evidence"]}
        self.readings = readings
        self.rows = results
        self.document = document(
            results, suite={}, run={}, targets=[{"id": results[0]["target"]}], evidence_ids=keys, gate="low"
        )
        self.results = {
            (r["requirement"], r["case"]): {**r, "behind": r["explained_by"] or r["blocked_by"]}
            for r in self.document["results"]
        }

    def __getitem__(self, key: str | tuple[str, str]) -> Mapping[str, Any]:
        return self.results[key if isinstance(key, tuple) else (key, None)]

    @property
    def root_causes(self) -> list[str]:
        """`SSO-03 TOK02` or `PRF-07`, first to mend first."""
        return [f"{c['requirement']} {c['cause'] or ''}".strip() for c in self.document["root_causes"]]

    @property
    def of_workstation(self) -> Judged:
        """The same of the workstation's requirements alone, with no more read than they ask for."""
        rows = [row for row in self.rows if row["requirement"] in WORKSTATION]
        return Judged(rows, self._workstation_readings)

    def with_status(self, status: str) -> set[str]:
        """`PRF-04 sso_region` or `SSO-03` of the results with that status."""
        return {_named(r) for r in self.results.values() if r["status"] == status}

    def not_first(self) -> set[str]:
        """The results that another failure explains or blocks, named likewise."""
        return {_named(r) for r in self.results.values() if r["behind"]}


def verdict_on(name: str) -> Judged:
    """What the suite says of a shipped world as it is, in the environment that it expects: judged once for all the tests of
    a run, whichever of them and of its workers asks first."""
    if shelf is None:
        raise RuntimeError("tests/conftest.py says where verdicts are kept")
    kept, begun = shelf / f"{name}.pickle", shelf / f"{name}.begun"
    if not kept.exists() and not _awaited(kept, begun):
        world = load_world(name)
        found = judged(world, environment=world.expect.environment, probe=world.expect.probe)
        with NamedTemporaryFile(dir=shelf, delete=False) as half:
            pickle.dump(found, half)
        Path(half.name).replace(kept)
    verdict: Judged = pickle.loads(kept.read_bytes())
    return verdict


def _awaited(kept: Path, begun: Path) -> bool:
    """Whether another worker has begun with it and comes to an end within what any world takes."""
    try:
        begun.touch(exist_ok=False)
    except FileExistsError:
        deadline = time.monotonic() + 60
        while not kept.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    return kept.exists()


def _named(result: Mapping[str, Any]) -> str:
    return f"{result['requirement']} {result['case'] or ''}".strip()


class Altered:
    """What is put before a world's backend: the readings of that name come with another value."""

    def __init__(self, asked: Any, name: str, change: Callable[[Any], Any]) -> None:
        self._asked, self._name, self._change = asked, name, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._asked, name)

    def read(self, target: Any, name: str, *more: Any, **named: Any) -> Reading:
        reading: Reading = self._asked.read(target, name, *more, **named)
        return replace(reading, value=self._change(reading.value)) if name == self._name else reading


def judged(
    world: World | str,
    *,
    environment: str = "workstation",
    probe: bool = False,
    settings: Settings | None = None,
    only: tuple[str, ...] = (),
    edit: Callable[[World], World] = lambda world: world,
    auditor: str | None = None,
    through: Callable[[Backend], Backend] = lambda backend: backend,
    regions: Sequence[str] = (),
) -> Judged:
    """Judges every requirement, or `only` some, on the world (a name, or one that was loaded), which `edit` may change.

    `auditor` is the profile that reads about the account, `regions` what --region names; `through` may put another
    backend before the world's.
    """
    original = load_world(world) if isinstance(world, str) else world
    loaded = edit(original)
    for name in ("name", "path"):  # dataclasses.replace leaves out what is no argument
        object.__setattr__(loaded, name, getattr(original, name))
    expected = settings or (loaded.parsed_settings() if loaded.settings else Settings())
    known = Profiles.of_world(loaded)
    (target,) = _targets([loaded.machine.profile], regions, known, expected, environment)
    env_file = _configured_env_file(expected)
    run = Run("moto", environment, probe, expected, [target], env_file, utc_now(), auditor, world=loaded)
    try:
        vars(run)["backend"] = through(run.backend)
        evidence = run.evidence(target)
        docket = Docket(evidence, load(), Unavailable)
        results = []
        readings: dict[str, list[Mapping[str, Any]]] = {}
        for scope in ("workstation", "enterprise"):
            for requirement in load():
                if requirement.scope == scope and (not only or requirement.id in only):
                    for outcome in docket.all(requirement.id):
                        row = result(outcome, target, f"checks/{requirement.id}")
                        if outcome.explained_by or outcome.blocked_by:
                            row["root"] = result(docket.root(outcome), target, "")
                        results.append(row)
            readings[scope] = [reading.as_json() for reading in evidence.readings()]
        edges.note(docket.edges)
        return Judged(results, readings["enterprise"], frozenset(docket.edges), readings["workstation"])
    finally:
        run.close()


def with_environment(world: World, **variables: str) -> World:
    """The world with more variables in its environment."""
    return replace(
        world, machine=replace(world.machine, environment={**world.machine.environment, **variables})
    )


def says(result: Mapping[str, Any], cause: str | None, observed: str) -> bool:
    """Whether it is non-compliant for this cause, with this text in what was observed, on one line, a remedy that is filled
    in, and no secret of a world."""
    assert (result["status"], result["cause"]) == ("non_compliant", cause)
    assert observed in result["observed"]
    assert "\n" not in result["observed"]
    assert result["remedy"] and not any("<" in line.replace("source <(", "") for line in result["remedy"])
    assert "CANARY" not in json.dumps(result)
    return True


def failing(*_: Any, **__: Any) -> Any:
    """A reader that cannot read."""
    raise OSError(5, "no such evidence today")
