"""Joining the results of CI shards or of many accounts into one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue, load
from fixtures.late import dataclass
from fixtures.text.json_file import JsonError, JsonFile
from reports.compare import key_of
from reports.results import SEVERITIES, document
from reports.verify import SCHEMAS, checksum_problems, content_problems

Json = dict[str, Any]

STATES = ("used", "not_judged", "stale", "not_selected", "pending")
"""States of a waiver; of several shards' the first of these holds for the whole."""


class CannotMerge(Exception):
    """Shards that do not make one report; one line."""


@dataclass(frozen=True)
class Shard:
    """The report in one folder. `damage` says in what it is not whole, a line each: then it was taken all the same."""

    folder: str
    sha256: str
    results: Json
    evidence: Json
    damage: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path, *, allow_damaged: bool = False) -> Shard:
        """From the report there. CannotMerge where it is not whole, unless `allow_damaged`, and where it has no results."""
        try:
            results = JsonFile.load(folder / "results.json", SCHEMAS["results.json"])
        except JsonError as error:
            raise CannotMerge(str(error)) from None
        if results.data["merged"] is not None:
            raise CannotMerge(
                f"{folder}: is itself a joined report; name the folders that it was joined from"
            )
        damage = [*checksum_problems(folder)]
        try:
            evidence = JsonFile.load(folder / "evidence.json", SCHEMAS["evidence.json"]).data
        except JsonError as error:
            damage.append(str(error).removeprefix(f"{folder}/"))
            evidence = _no_evidence(results.data)
        damage += content_problems(folder, results.data, evidence, SAY_THE_RESULTS)
        if damage and not allow_damaged:
            raise CannotMerge(f"{folder}: {_first(damage)}; --allow-damaged joins it all the same")
        return cls(_named(folder), results.sha256, _takeable(results.data, evidence), evidence, tuple(damage))


SAY_THE_RESULTS = ("results.json", "evidence.json", "junit.xml")
"""Files of a shard that are read back: each has every result, or what the results rest on."""


def _first(damage: Sequence[str]) -> str:
    return damage[0] + (f", and {len(damage) - 1} more" if len(damage) > 1 else "")


def _no_evidence(results: Json) -> Json:
    run = {"now": results["run"]["finished"], "probe": False, "auditor": None}
    known = ("backend", "world", "simulated", "environment")
    run |= {name: results["run"][name] for name in known}
    targets = [
        {name: target[name] for name in ("id", "profile", "region", "account_fingerprint")}
        for target in results["targets"]
    ]
    settings: Json = {}
    return {
        "schema": 1, "suite": results["suite"], "run": run, "settings": settings, "targets": targets, "readings": [],
    }  # fmt: skip


def _takeable(results: Json, evidence: Json) -> Json:
    """The results as far as they can be joined: of targets that are listed, once each, on readings that are there."""
    readings = {(reading["target"], reading["id"]) for reading in evidence["readings"]}
    targets = {target["id"] for target in results["targets"]}
    rows = {key_of(row): row for row in results["results"] if row["target"] in targets}
    kept = [
        {**row, "evidence": [name for name in row["evidence"] if (row["target"], name) in readings]}
        for row in rows.values()
    ]
    return {**results, "results": kept}


def _named(folder: Path) -> str:
    """The folder as it was given; of an absolute path, which may name a person, the last two parts."""
    return "/".join(folder.parts[-2:]) if folder.is_absolute() else folder.as_posix()


def expected_targets(path: Path) -> list[str]:
    """The target IDs that a file lists, one a line; `#` begins a comment."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotMerge(f"--expect {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    targets = [bare for bare in (line.partition("#")[0].strip() for line in lines) if bare]
    if not targets:
        raise CannotMerge(f"--expect {path}: names no target")
    return list(dict.fromkeys(targets))


def merge(
    shards: Sequence[Shard],
    *,
    expected: Sequence[str] | None = None,
    allow_mixed: bool = False,
    command: Sequence[str] = (),
) -> tuple[Json, Json]:
    """results.json and evidence.json of the whole.

    Raises CannotMerge where two shards have a result for the same requirement, case and target, and, unless `allow_mixed`,
    where they were not made alike: suite, guide, environment, gate, simulated or not, or two accounts for one target.
    """
    _refuse_duplicates(shards)
    notices = _differences(shards)
    if notices and not allow_mixed:
        raise CannotMerge(f"{'; '.join(notices)}; --allow-mixed joins them all the same")
    catalogue = load()
    place = _places(catalogue)
    targets = _targets(shards)
    missing = [name for name in expected or () if name not in targets] + _missing_shares(shards)
    rows: list[Json] = []
    readings: list[Json] = []
    identifiers: dict[tuple[str, str], str] = {}
    for number, shard in enumerate(shards):
        for reading in shard.evidence["readings"]:
            name = f"E{len(readings) + 1}"
            identifiers[reading["target"], f"{number}:{reading['id']}"] = name
            readings.append({**reading, "id": name})
        roots = _roots(shard, catalogue, place)
        for row in shard.results["results"]:
            placed = {**row, **place(row["requirement"])}
            placed["evidence"] = [f"{number}:{name}" for name in row["evidence"]]
            behind = row.get("explained_by") or row["blocked_by"]
            if behind:
                placed["root"] = roots.get((row["target"], behind))
            rows.append(placed)
    newest = max(shards, key=lambda shard: str(shard.results["run"]["finished"]))
    # The last of the severities is the strictest gate: there every finding decides.
    gate = max((shard.results["run"]["gate"] for shard in shards), key=SEVERITIES.index)
    whole = document(
        rows,
        suite=newest.results["suite"],
        run=_run([shard.results["run"] for shard in shards], command),
        targets=list(targets.values()),
        evidence_ids=identifiers,
        gate=gate,
        waivers=_waivers(shards),
        # A report that is not whole is taken for what it says, and cannot make the whole compliant.
        missing=[*missing, *(shard.folder for shard in shards if shard.damage)],
        consumers=[row for shard in shards for row in shard.results.get("consumers", [])],
    )
    whole["merged"] = {
        "shards": [
            {
                "folder": shard.folder,
                "suite": shard.results["suite"],
                "run": shard.results["run"],
                "targets": [target["id"] for target in shard.results["targets"]],
                "results": len(shard.results["results"]),
                "results_sha256": shard.sha256,
            }
            for shard in shards
        ],
        "expected": None if expected is None else len(expected),
        "missing": missing,
        "unexpected": [] if expected is None else [name for name in targets if name not in expected],
        "damaged": [
            {"folder": shard.folder, "problems": list(shard.damage)} for shard in shards if shard.damage
        ],
        "notices": notices,
    }
    evidence = {
        "schema": 1,
        "merged": True,
        "suite": newest.results["suite"],
        "runs": [
            {name: value for name, value in shard.evidence.items() if name != "readings"} for shard in shards
        ],
        "readings": readings,
    }
    return whole, evidence


def _missing_shares(shards: Sequence[Shard]) -> list[str]:
    """The shares of runs with --shard that are not there, though another share of as many is."""
    there: dict[int, set[int]] = {}
    for share in (shard.results["run"].get("shard") for shard in shards):
        if share:
            there.setdefault(share["count"], set()).add(share["number"])
    return [
        f"shard {number} of {count}"
        for count, numbers in sorted(there.items())
        for number in range(1, count + 1)
        if number not in numbers
    ]


def _refuse_duplicates(shards: Sequence[Shard]) -> None:
    known: dict[str, str] = {}
    for shard in shards:
        if other := known.get(shard.sha256):
            both = f"{other} and {shard.folder} hold the same report"
            told = f"{other} is named twice" if other == shard.folder else both
            raise CannotMerge(f"{told}: name each report once")
        known[shard.sha256] = shard.folder
    seen: dict[Any, str] = {}
    for shard in shards:
        for row in shard.results["results"]:
            key = key_of(row)
            if key in seen:
                name = " ".join(part for part in key if part)
                raise CannotMerge(
                    f"{name} is in {seen[key]} and in {shard.folder}: a result has one place; accounts whose masked IDs are "
                    "alike are told apart with --show-account-ids"
                )
            seen[key] = shard.folder


def _differences(shards: Sequence[Shard]) -> list[str]:
    """In what the shards differ, in words."""
    said = []
    for what, values in (
        ("versions of the suite", [shard.results["suite"]["version"] for shard in shards]),
        ("guides", [shard.results["suite"]["guide_sha256"][:12] for shard in shards]),
        ("environments", [shard.results["run"]["environment"] for shard in shards]),
        ("gates", [shard.results["run"]["gate"] for shard in shards]),
        (
            "runs, SIMULATED and real",
            ["SIMULATED" if shard.results["run"]["simulated"] else "real" for shard in shards],
        ),
    ):
        if len(set(values)) > 1:
            said.append(f"mixed {what}: {', '.join(dict.fromkeys(values))}")
    # The same profile name on two machines is often two accounts.
    accounts: dict[str, str] = {}
    for target in (target for shard in shards for target in shard.results["targets"]):
        account = target["account"]
        if account and accounts.setdefault(target["id"], account) != account:
            said.append(f"mixed accounts: {target['id']} is {accounts[target['id']]} and {account}")
    return said


def _targets(shards: Sequence[Shard]) -> dict[str, Json]:
    """Each target once, with what any shard knows of it."""
    keys = ("id", "profile", "region", "account", "account_fingerprint", "principal")
    targets: dict[str, Json] = {}
    for target in (target for shard in shards for target in shard.results["targets"]):
        known = targets.setdefault(target["id"], {**dict.fromkeys(keys), "callers": []})
        known.update({key: known[key] or target[key] for key in keys})
        known["callers"] = known["callers"] or target.get("callers", [])
    return dict(sorted(targets.items()))


def _roots(shard: Shard, catalogue: Catalogue, place: Callable[[str], Json]) -> dict[tuple[str, str], Json]:
    """The failures that block something, by target and requirement: their own checks may not have been selected."""
    severities = {requirement.id: requirement.severity for requirement in catalogue}
    return {
        (cause["target"], cause["requirement"]): {
            **cause,
            "status": "non_compliant",
            "severity": severities.get(cause["requirement"], SEVERITIES[0]),
            **place(cause["requirement"]),
        }
        # Reversed: of several cases of one requirement the first to mend is what remains.
        for cause in reversed(shard.results["root_causes"])
    }


def _places(catalogue: Catalogue) -> Callable[[str], Json]:
    """Where the guide has a requirement; the last place for one of another version's guide."""
    known = {
        requirement.id: {"stage": catalogue.stages.index(requirement.stage), "order": order}
        for order, requirement in enumerate(catalogue)
    }
    last = {"stage": len(catalogue.stages), "order": len(catalogue.requirements)}
    return lambda requirement: known.get(requirement, last)


def _run(runs: Sequence[Mapping[str, Any]], command: Sequence[str]) -> Json:
    return {
        "started": min(run["started"] for run in runs),
        "finished": max(run["finished"] for run in runs),
        "backend": _same((run["backend"] for run in runs), "mixed"),
        "world": _same((run["world"] for run in runs), None),
        "simulated": any(run["simulated"] for run in runs),
        "command": list(command),
        "environment": _same((run["environment"] for run in runs), "mixed"),
        **{name: ", ".join(sorted({run[name] for run in runs})) for name in ("platform", "python", "boto3")},
        "redacted": any(run.get("redacted", True) for run in runs),
        "settings": _same_settings([run.get("settings") for run in runs]),
        "api_calls": sum(run["api_calls"] for run in runs),
    }


def _same_settings(settings: Sequence[Json | None]) -> Json | None:
    """What all runs were judged by; None where they differ: then each run's own stands with its shard."""
    return settings[0] if all(each == settings[0] for each in settings) else None


def _same(values: Iterable[Any], otherwise: Any) -> Any:
    found = list(dict.fromkeys(values))
    return found[0] if len(found) == 1 else otherwise


def _waivers(shards: Sequence[Shard]) -> list[Json]:
    """Each waiver once: what any shard used is used. CannotMerge where one ID stands for two waivers."""
    merged: dict[str, Json] = {}
    outcome = ("state", "warning", "covers", "days_left")
    for shard in shards:
        for waiver in shard.results["waivers"]:
            known = merged.setdefault(waiver["id"], {**waiver, "covers": []})
            if any(known[key] != waiver[key] for key in waiver if key not in outcome):
                raise CannotMerge(
                    f"waiver {waiver['id']} is not the same in {shard.folder} as in an earlier folder"
                )
            if STATES.index(waiver["state"]) < STATES.index(known["state"]):
                known.update(state=waiver["state"], warning=waiver["warning"])
            known["covers"] += waiver["covers"]
            known["days_left"] = min(known["days_left"], waiver["days_left"])
    return list(merged.values())
