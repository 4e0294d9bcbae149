"""results.sarif: the active failures as SARIF 2.1.0 (OASIS), for code-scanning views."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from fixtures.privacy.unseen import visible
from reports.artifacts import json_text
from reports.formats import Format, guide
from reports.formats.summary import fenced
from reports.page import counted, cut

Json = Mapping[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"blocker": "error", "high": "error", "medium": "warning", "low": "note"}
SECURITY_SEVERITY = {"blocker": "9.0", "high": "7.5", "medium": "5.0", "low": "2.0"}
"""GitHub's scale for security alerts (its documentation, "SARIF support for code scanning")."""
BASELINE = {"regressed": "new", "new": "new", "no longer waived": "new", "unchanged": "unchanged"}
LONGEST = 4000
REMEDIES = 10
_PLACE = re.compile(r"(?<!\S)(?=\S*[./\\])(?P<file>(?:~[/\\]|\.?\w)[\w./\\-]*) line (?P<line>[1-9]\d{0,6})\b")
"""A file below the home folder or the checkout, and its line, as checks name them."""


def render(document: Json, evidence: Json) -> str:
    """Only `non_compliant` results: viewers take whatever else is in such a file for an alert as well."""
    failures = [row for row in document["results"] if row["status"] == "non_compliant"]
    statements = {entry["id"]: entry["statement"] for entry in guide()["requirements"]}
    failing: dict[str, list[Json]] = {}
    for row in failures:
        failing.setdefault(row["requirement"], []).append(row)
    order = list(failing)
    changes = {
        (c["requirement"], c["case"], c["target"]): c["change"]
        for c in (document["comparison"] or {"changes": ()})["changes"]
    }
    suite, run = document["suite"], document["run"]
    return json_text(
        {
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": suite["name"],
                            "version": suite["version"],
                            "rules": [_rule(rows, statements) for rows in failing.values()],
                            "properties": {"guide_sha256": suite["guide_sha256"]},
                        }
                    },
                    # Alerts belong to the category that this names: a simulated run closes none of a real one's.
                    "automationDetails": {
                        "id": f"{suite['name']}/{'simulated/' if run['simulated'] else ''}"
                    },
                    "originalUriBaseIds": {"HOME": {"description": {"text": "the home folder"}}},
                    "invocations": [_invocation(document)],
                    "properties": {
                        "simulated": run["simulated"],
                        "backend": run["backend"],
                        "verdict": document["verdict"],
                    },
                    "columnKind": "unicodeCodePoints",
                    "results": [_result(row, order, changes, run["simulated"]) for row in failures],
                }
            ],
        }
    )


def _invocation(document: Json) -> dict[str, Any]:
    """The run: not successful where something was not evaluated, since an alert that is missing is then not mended."""
    counts, merged = document["counts"], document["merged"] or {}
    unread = counts["inconclusive"] + counts["blocked"]
    lost = len(merged.get("missing", ())) + len(merged.get("damaged", ()))
    told = [f"{counted(unread, 'result')} could not be evaluated"] if unread else []
    told += [f"{counted(lost, 'report')} or targets are missing or damaged"] if lost else []
    return {
        "executionSuccessful": not told,
        "startTimeUtc": document["run"]["started"],
        "endTimeUtc": document["run"]["finished"],
        **(
            {"toolExecutionNotifications": [{"level": "warning", "message": {"text": "; ".join(told)}}]}
            if told
            else {}
        ),
    }


def _rule(rows: list[Json], statements: Mapping[str, str]) -> dict[str, Any]:
    """The rule of the requirement that the rows fail; its help is what mends them."""
    row = rows[0]
    remedies = list(dict.fromkeys("\n".join(_text(line, 1000) for line in each["remedy"]) for each in rows))
    mends = _text("\n\n".join(remedies[:REMEDIES]))
    statement = _text(statements.get(row["requirement"], row["title"]))
    return {
        "id": row["requirement"],
        "name": row["requirement"],
        "shortDescription": {"text": statement},
        "fullDescription": {"text": f"{_text(row['section'])}: {statement}"},
        "help": {"text": mends, "markdown": fenced(mends.splitlines(), "sh")},
        "defaultConfiguration": {"level": LEVELS[row["severity"]]},
        "properties": {
            "security-severity": SECURITY_SEVERITY[row["severity"]],
            "tags": ["security", row["scope"], row["section"]],
        },
    }


def _result(
    row: Json, order: list[str], changes: Mapping[tuple[str, str | None, str], str], simulated: bool
) -> dict[str, Any]:
    code = f" ({row['cause']})" if row["cause"] else ""
    case = f" [{row['case']}]" if row["case"] else ""
    told = [
        f"{'SIMULATED: ' if simulated else ''}{row['title']}{code}{case}, {row['target']}.",
        f"Expected: {row['expected']}",
        f"Observed: {row['observed']}",
        *(f"Mend: {line}" for line in row["remedy"]),
    ]
    key = (row["requirement"], row["case"], row["target"])
    made: dict[str, Any] = {
        "ruleId": row["requirement"],
        "ruleIndex": order.index(row["requirement"]),
        "level": LEVELS[row["severity"]],
        "kind": "fail",
        "message": {"text": _text("\n".join(_text(line, 1000) for line in told))},
        "locations": [
            {
                "physicalLocation": _location(row),
                "logicalLocations": [{"fullyQualifiedName": _text(row["target"], 500), "kind": "resource"}],
            }
        ],
        # GitHub tells alerts apart by the line's hash alone, and many results have one place.
        "partialFingerprints": {
            "resultKey/v1": fingerprint(*key),
            "primaryLocationLineHash": f"{fingerprint(*key)[:16]}:1",
        },
        "properties": {
            "target": _text(row["target"], 500),
            "case": _text(row["case"] or "", 500),
            "cause": row["cause"],
        },
    }
    if changes.get(key) in BASELINE:
        made["baselineState"] = BASELINE[changes[key]]
    return made


def _location(row: Json) -> dict[str, Any]:
    """The line of the file that was observed to be wrong, where it names one; else the check."""
    told = _PLACE.search(row["observed"] or "")
    # GitHub refuses a result without a place: the check's own file is one that exists.
    if told is None:
        uri, base, line = row["check"].partition("::")[0], "%SRCROOT%", 1
    else:
        file = told["file"].replace("\\", "/")
        base = "HOME" if file.startswith("~/") else "%SRCROOT%"
        uri, line = file.removeprefix("~/"), int(told["line"])
    return {"artifactLocation": {"uri": quote(uri), "uriBaseId": base}, "region": {"startLine": line}}


def fingerprint(requirement: str, case: str | None, target: str) -> str:
    """What makes two runs' findings the same finding, whatever is observed."""
    return hashlib.sha256(json.dumps([requirement, case, target]).encode()).hexdigest()[:32]


def _text(text: str, length: int = LONGEST) -> str:
    return "\n".join(cut(line, length) for line in visible(text[: 2 * length]).splitlines())[:LONGEST]


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Which results it has."""
    said = [
        row["partialFingerprints"]["resultKey/v1"]
        for run in json.loads(text)["runs"]
        for row in run["results"]
    ]
    failures = (row for row in document["results"] if row["status"] == "non_compliant")
    if sorted(said) != sorted(fingerprint(r["requirement"], r["case"], r["target"]) for r in failures):
        yield "its results are not the active failures of results.json"


FORMATS = (
    Format(
        "results.sarif", "the active failures, for code-scanning views", read_back, render, option="sarif"
    ),
)
