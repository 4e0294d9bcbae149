"""What changed since an earlier run: results joined by requirement, case and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures.late import dataclass
from fixtures.text.json_file import JsonError, JsonFile

SCHEMA = Path(__file__).parent / "results.schema.json"
"""Of results.json, which is read for `--compare`, merge and verify; it takes what earlier versions wrote."""

Key = tuple[str, str | None, str]

CHANGES = (
    "regressed", "new", "no longer waived", "no longer evaluated", "newly waived", "fixed", "now evaluated", "unchanged",
)  # fmt: skip
UNCOMPARED = "only in the earlier run and not compared"
FINE = frozenset({"compliant", "not_applicable"})
UNREAD = frozenset({"inconclusive", "blocked"})
NAME = "results*.json"


class NotResults(Exception):
    """A file or folder that cannot be compared with; one line."""


@dataclass(frozen=True)
class Earlier:
    """An earlier results.json, reduced to what a comparison needs."""

    file: str
    sha256: str
    suite: Mapping[str, Any]
    run: Mapping[str, Any]
    verdict: str
    statuses: Mapping[Key, str]


def load(path: Path) -> list[Earlier]:
    """The earlier runs, the oldest first: of one results.json, or of all `results*.json` in a folder and below it."""
    if path.is_dir():
        files = sorted(path.rglob(NAME))
        if not files:
            raise NotResults(f"--compare {path}: no {NAME} in this folder")
        runs = sorted(
            (_read(file) for file in files if file.is_file()), key=lambda run: (run.run["finished"], run.file)
        )
        # A share of targets may have been empty: that is no state in which anything was.
        return [run for run in runs if run.statuses] or runs[-1:]
    return [_read(path)]


def _read(file: Path) -> Earlier:
    try:
        read = JsonFile.load(file, SCHEMA)
    except JsonError as error:
        raise NotResults(f"--compare {error}") from None
    document = read.data
    return Earlier(
        file=file.name,
        sha256=read.sha256,
        suite={name: document["suite"][name] for name in ("version", "guide_sha256")},
        run={
            name: document["run"][name]
            for name in ("started", "finished", "simulated", "environment", "world")
        },
        verdict=document["verdict"],
        statuses={key_of(row): row["status"] for row in document["results"]},
    )


def key_of(row: Mapping[str, Any]) -> Key:
    """What results of two runs are joined by."""
    return row["requirement"], row["case"], row["target"]


def change(was: str | None, now: str | None) -> str | None:
    """What became of one result, of its statuses then and now; None is no such result, and there was nothing to lose.

    | then \\ now | fine | non_compliant | waived | not read or absent |
    |---|---|---|---|---|
    | fine | unchanged | regressed | newly waived | no longer evaluated |
    | non_compliant | fixed | unchanged | newly waived | no longer evaluated |
    | waived | fixed | no longer waived | unchanged | no longer evaluated |
    | not read | now evaluated | new | newly waived | unchanged |
    | absent | new | new | newly waived | unchanged |

    What could not be read and is compliant now is neither new nor mended; what is not, is a finding that nobody knew of.
    """
    before = "unread" if was is None or was in UNREAD else "fine" if was in FINE else was
    after = "unread" if now is None or now in UNREAD else "fine" if now in FINE else now
    # No longer read comes before all else: what nobody saw has been neither fixed nor lost.
    if before == after:
        return None if now is None else "unchanged"
    if after == "unread":
        return "no longer evaluated"
    if after == "waived":
        return "newly waived"
    if before == "unread":
        return "now evaluated" if was is not None and after == "fine" else "new"
    if after == "fine":
        return "fixed"
    return "no longer waived" if before == "waived" else "regressed"


def comparison(document: Mapping[str, Any], earlier: Sequence[Earlier]) -> dict[str, Any]:
    """`comparison` of results.json: this document against the last of the earlier runs, and the trend over all of them."""
    against = earlier[-1]
    now = {key_of(row): row["status"] for row in document["results"]}
    changes = []
    keys = [*now, *(key for key in against.statuses if key not in now)] if against.statuses else []
    for key in keys:
        kind = change(against.statuses.get(key), now.get(key))
        if kind is not None:
            requirement, case, target = key
            changes.append(
                {
                    "requirement": requirement,
                    "case": case,
                    "target": target,
                    "change": kind,
                    "was": against.statuses.get(key),
                    "now": now.get(key),
                }
            )
    return {
        "against": {
            "file": against.file,
            "started": against.run["started"],
            "finished": against.run["finished"],
            "suite_version": against.suite["version"],
            "guide_sha256": against.suite["guide_sha256"],
            "results_sha256": against.sha256,
        },
        "notices": notices(document, against),
        "counts": {kind: sum(each["change"] == kind for each in changes) for kind in CHANGES},
        "changes": changes,
        "trend": [
            *(_point(run.run, run.verdict, run.statuses) for run in earlier if run.statuses),
            *([_point(document["run"], document["verdict"], now)] if now else []),
        ],
    }


def tally(told: Mapping[str, Any]) -> str:
    """The kinds of change in a `comparison` of results.json, counted, and how many of the earlier run's are `uncompared`."""
    counted = [f"{told['counts'][kind]} {kind}" for kind in CHANGES if told["counts"][kind]]
    if left := uncompared(told):
        counted.append(f"{left} {UNCOMPARED}")
    return ", ".join(counted) or "nothing to compare"


def uncompared(told: Mapping[str, Any]) -> int:
    """How many of the earlier run's results a `comparison` of results.json is silent about: those that could not be judged
    then and are none of this run's."""
    changes = told["changes"]
    # The last point is this run's, where it has results.
    points = told["trend"][:-1] if any(each["now"] is not None for each in changes) else told["trend"]
    then = sum(each["was"] is not None for each in changes)
    return max(0, points[-1]["total"] - then) if changes and points else 0


def notices(document: Mapping[str, Any], against: Earlier) -> list[str]:
    """In what the two runs differ besides their results."""
    said = [] if against.statuses else ["the earlier run judged no target: there is nothing to compare with"]
    if against.suite["version"] != document["suite"]["version"]:
        said.append(
            f"the suite differs: {against.suite['version']} then, {document['suite']['version']} now; "
            "what changed may be its checks"
        )
    if against.suite["guide_sha256"] != document["suite"]["guide_sha256"]:
        said.append(
            f"the guide differs: {against.suite['guide_sha256'][:12]} then, {document['suite']['guide_sha256'][:12]} now; "
            "what changed may be the requirements"
        )
    if against.run["environment"] != document["run"]["environment"]:
        said.append(
            f"the environment differs: {against.run['environment']} then, {document['run']['environment']} now"
        )
    if against.run["simulated"] != document["run"]["simulated"]:
        said.append(
            f"only one of the runs is SIMULATED: the {'earlier' if against.run['simulated'] else 'present'} one"
        )
    elif against.run["world"] != document["run"]["world"]:
        said.append(
            f"the simulated world differs: {against.run['world']!r} then, {document['run']['world']!r} now"
        )
    return said


def _point(run: Mapping[str, Any], verdict: str, statuses: Mapping[Key, str]) -> dict[str, Any]:
    found = list(statuses.values())
    return {
        "started": run["started"],
        "finished": run["finished"],
        "open": found.count("non_compliant"),
        "waived": found.count("waived"),
        "unread": sum(status in UNREAD for status in found),
        "total": len(found),
        "verdict": verdict,
    }
