"""The results of a run as data: counts, verdicts, root causes, exit code. Every format is made from this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from checks.catalogue import load
from checks.logins import COMMANDS as LOGINS
from checks.resources import as_code
from reports.spool import Rows

STATUSES = ("compliant", "non_compliant", "waived", "blocked", "not_applicable", "inconclusive")
VERDICTS = ("non_compliant", "incomplete", "compliant")
"""The worst first."""
SEVERITIES = ("blocker", "high", "medium", "low")
RESULT_KEYS = (
    "requirement", "case", "target", "scope", "section", "severity", "status", "cause", "title", "expected", "observed",
    "reason", "remedy", "explained_by", "blocked_by", "missing_actions", "waiver", "evidence", "check",
)  # fmt: skip

CLI = "CLI-01"
"""The requirement for the AWS CLI that a login takes."""
Result = Mapping[str, Any]

SCHEMA = 2
"""Of results.json; readers take 1 as well, where what a failure explains was told as blocked."""

EXIT_OK, EXIT_NON_COMPLIANT, EXIT_INCOMPLETE = 0, 1, 6


def counts(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each status; all statuses are there."""
    tally = dict.fromkeys(STATUSES, 0)
    for result in results:
        tally[result["status"]] += 1
    return tally


def by_target(results: Iterable[Result]) -> Mapping[str, Sequence[Result]]:
    """The results, or readings, of each target, in their order."""
    if isinstance(results, Rows):
        return results.by_target
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result["target"], []).append(result)
    return found


def verdict(results: Iterable[Result], gate: str = "low") -> str:
    """`non_compliant`, `incomplete` or `compliant`, over the results at or above the gate.

    Blocked results are unevaluated: where what blocks them is not itself among the results, the run is incomplete.
    """
    return overall(results, gate)


def _worst(statuses: Iterable[str], missing: Sequence[str]) -> str:
    ended = set(statuses)
    if "non_compliant" in ended:
        return "non_compliant"
    return "incomplete" if missing or ended & {"inconclusive", "blocked"} else "compliant"


def overall(results: Iterable[Result], gate: str, missing: Sequence[str] = ()) -> str:
    """The verdict of a whole run, which is not compliant while expected targets are missing."""
    return _worst((row["status"] for row in at_or_above(gate, results)), missing)


def exit_code(document: Mapping[str, Any], *, allow_incomplete: bool) -> int:
    """pytest's exit code for the verdict of results.json's document, as the contract has it.

    `allow_incomplete` lets pass what could not be read, not what a known failure blocks.
    """
    if document["verdict"] == "compliant":
        return EXIT_OK
    if document["verdict"] == "non_compliant":
        return EXIT_NON_COMPLIANT
    blocked = counts(at_or_above(document["run"]["gate"], document["results"]))["blocked"]
    return EXIT_OK if allow_incomplete and not blocked else EXIT_INCOMPLETE


def at_or_above(gate: str, results: Iterable[Result]) -> Iterator[Result]:
    """The results whose severity decides."""
    return (r for r in results if SEVERITIES.index(r["severity"]) <= SEVERITIES.index(gate))


def root_causes(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The failures that no other failure explains, the first to mend first."""
    keys = ("target", "requirement", "case", "cause", "title", "observed", "remedy")
    causes, behind = [], _Behind(results)
    for group in failures_by_root_cause(results):
        first = group[0]
        explained = [*group[1:], *behind.of(group, "explained_by")]
        causes.append(
            {
                **{key: first[key] for key in keys},
                "severity": gravest([first, *explained]),
                "explains": len(explained),
                "blocks": len(behind.of(group, "blocked_by")),
            }
        )
    return causes


def reach(cause: Mapping[str, Any]) -> str:
    """What a root cause is behind, in words: `explains 22, blocks 40`; nothing where it stands alone."""
    counted = {"explains": cause.get("explains", 0), "blocks": cause["blocks"]}
    return ", ".join(f"{verb} {count}" for verb, count in counted.items() if count)


def gravest(results: Iterable[Result]) -> str:
    """The highest severity among the results: what a root cause counts with, over itself and what it explains."""
    return SEVERITIES[min(SEVERITIES.index(result["severity"]) for result in results)]


def failures_by_root_cause(results: Sequence[Result]) -> list[list[Result]]:
    """The failures that no other failure explains, those together that have one root cause, the first to mend first.

    Failures of one cause with one remedy are one root cause. What explains or blocks the selected checks is a root cause
    even where its own check was not selected. First comes what keeps most of what applies to the target from being judged;
    then what is severe or blocks something, by stage from the environment to the model; then the rest. An AWS CLI that is at
    fault comes before the first login that it is to do.
    """
    failures: dict[tuple[Any, ...], Result] = {}
    for result in results:
        for failure in (result, result.get("root")):
            if failure and failure["status"] == "non_compliant" and not failure.get("explained_by"):
                failures.setdefault((failure["target"], failure["requirement"], failure["case"]), failure)
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for failure in sorted(failures.values(), key=lambda f: (f["target"], f["stage"], f["order"])):
        same = failure["cause"] or failure["requirement"]
        groups.setdefault((failure["target"], same, *failure["remedy"]), []).append(failure)

    behind_each = _Behind(results)
    of_target = Counter(result["target"] for result in results if result["status"] != "not_applicable")
    blocked = {id(group): len(behind_each.of(group, "blocked_by")) for group in groups.values()}
    keeps_most = {
        group[0]["target"]: group
        for group in groups.values()
        if 2 * blocked[id(group)] > of_target[group[0]["target"]]
    }

    def rank(group: Sequence[Result]) -> tuple[Any, ...]:
        first, severity = group[0], min(SEVERITIES.index(failure["severity"]) for failure in group)
        urgent = blocked[id(group)] or behind_each.of(group, "explained_by")
        turn = 1 if urgent or severity <= SEVERITIES.index("high") else 2
        turn = 0 if group is keeps_most.get(first["target"]) else turn
        return first["target"], turn, first["stage"], severity, first["order"]

    def takes_a_login(group: Sequence[Result]) -> bool:
        lines = group[0]["remedy"]
        if group is not keeps_most.get(group[0]["target"]):
            lines = [line for line in lines if not line.startswith("#")][:1]
        return any(line.startswith(LOGINS) for line in lines)

    ranks = {id(group): rank(group) for group in groups.values()}
    logins: dict[str, tuple[Any, ...]] = {}
    for group in filter(takes_a_login, groups.values()):
        target, own = group[0]["target"], ranks[id(group)]
        logins[target] = min(own, logins.get(target, own))
    for group in groups.values():
        login = logins.get(group[0]["target"])
        if login and group[0]["requirement"] == CLI:
            ranks[id(group)] = min(ranks[id(group)], (*login[:-1], -1))
    return sorted(groups.values(), key=lambda group: ranks[id(group)])


class _Behind:
    """The results that a failure explains or blocks, looked up once: a fleet has a hundred thousand of them."""

    def __init__(self, results: Iterable[Result]) -> None:
        self._by: dict[tuple[str, str, str], list[Result]] = {}
        for result in results:
            for key in ("explained_by", "blocked_by"):
                if result.get(key) and result["status"] in ("non_compliant", "blocked"):
                    self._by.setdefault((key, result["target"], result[key]), []).append(result)

    def of(self, group: Sequence[Result], key: str) -> list[Result]:
        """The results behind any failure of the group, as `key` says."""
        members = dict.fromkeys((key, failure["target"], failure["requirement"]) for failure in group)
        return [result for member in members for result in self._by.get(member, [])]


def rows_of(results: Sequence[Result], evidence_ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of results.json for one target's results, in the guide's order; `evidence_ids` map keys of readings to `E1`…"""
    rows = []
    for result in in_order(results):
        row = {key: result.get(key) for key in RESULT_KEYS}
        if result["status"] in ("non_compliant", "waived") and (code := as_code(result["requirement"])):
            row["as_code"] = code
        row["evidence"] = [evidence_ids[key] for key in result["evidence"]]
        rows.append(row)
    return rows


def in_order(results: Sequence[Result]) -> list[Result]:
    """One target's results as the guide has their requirements."""
    return sorted(results, key=lambda r: r["order"])


def document(
    results: Sequence[Result],
    *,
    evidence_ids: Mapping[tuple[str, str], str],
    **known: Any,
) -> dict[str, Any]:
    """results.json of results that are all at hand; `evidence_ids` map (target, key) to `E1`…, `known` is as in `headed`."""
    found = sorted(by_target(results).items())
    ids: dict[str, dict[str, str]] = {}
    for (target, key), identifier in evidence_ids.items():
        ids.setdefault(target, {})[key] = identifier
    rows = [row for target, own in found for row in rows_of(own, ids.get(target, {}))]
    return headed(found, rows, **known)


def headed(
    results: Iterable[tuple[str, Sequence[Result]]],
    rows: Sequence[Mapping[str, Any]],
    *,
    suite: Mapping[str, Any],
    run: Mapping[str, Any],
    targets: Sequence[Mapping[str, Any]],
    gate: str,
    waivers: Sequence[Mapping[str, Any]] = (),
    consumers: Sequence[Mapping[str, Any]] = (),
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    """results.json with the `rows` that were made of the results, which come by target, in the order of the targets' IDs.

    `targets` have id, profile, region, account, principal; `waivers` is the register with what became of each; `consumers`
    what each program gets; `missing` are targets that should have been there, without which the whole is incomplete at best;
    `comparison` and `merged` are null until they are put in.
    """
    tally = dict.fromkeys(STATUSES, 0)
    causes: list[dict[str, Any]] = []
    verdicts: dict[str, dict[str, Any]] = {}
    selected: set[str] = set()
    decisive: set[str] = set()
    for target, unordered in results:
        own = in_order(unordered)
        for status, count in counts(own).items():
            tally[status] += count
        scopes = {
            scope: verdict([r for r in own if r["scope"] == scope], gate)
            for scope in dict.fromkeys(r["scope"] for r in own)
        }
        verdicts[target] = {"verdict": verdict(own, gate), "scopes": scopes}
        causes += root_causes(own)
        selected |= {result["requirement"] for result in own}
        decisive |= {result["status"] for result in at_or_above(gate, own)}
    return {
        "schema": SCHEMA,
        "suite": dict(suite),
        "run": {
            **run,
            "gate": gate,
            "selected": {"requirements": len(selected), "of": len(load().requirements)},
        },
        "targets": [
            {
                "account_fingerprint": None,
                **target,
                **verdicts.get(target["id"], {"verdict": verdict(()), "scopes": {}}),
            }
            for target in targets
        ],
        "counts": tally,
        "verdict": _worst(decisive, missing),
        "root_causes": causes,
        "results": rows,
        "waivers": list(waivers),
        "consumers": list(consumers),
        "comparison": None,
        "merged": None,
    }
