"""results.sarif: the active failures as SARIF 2.1.0 (OASIS), for code-scanning views."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reports.artifacts import json_text
from reports.formats import Format, guide
from reports.page import cut, visible

Json = Mapping[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"blocker": "error", "high": "error", "medium": "warning", "low": "note"}
SECURITY_SEVERITY = {"blocker": "9.0", "high": "7.5", "medium": "5.0", "low": "2.0"}
"""GitHub's scale for security alerts (its documentation, "SARIF support for code scanning")."""
BASELINE = {"regressed": "new", "new": "new", "no longer waived": "new", "unchanged": "unchanged"}
LONGEST = 4000


def render(document: Json, evidence: Json) -> str:
    """Only `non_compliant` results: viewers take whatever else is in such a file for an alert as well."""
    failures = [row for row in document["results"] if row["status"] == "non_compliant"]
    statements = {entry["id"]: entry["statement"] for entry in guide()["requirements"]}
    rules = {row["requirement"]: _rule(row, statements) for row in failures}
    order = list(rules)
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
                            "rules": list(rules.values()),
                            "properties": {"guide_sha256": suite["guide_sha256"]},
                        }
                    },
                    "automationDetails": {"id": f"{suite['name']}/"},
                    "invocations": [
                        {
                            "executionSuccessful": True,
                            "startTimeUtc": run["started"],
                            "endTimeUtc": run["finished"],
                        }
                    ],
                    "properties": {
                        "simulated": run["simulated"],
                        "backend": run["backend"],
                        "verdict": document["verdict"],
                    },
                    "columnKind": "unicodeCodePoints",
                    "results": [_result(row, order, changes) for row in failures],
                }
            ],
        }
    )


def _rule(row: Json, statements: Mapping[str, str]) -> dict[str, Any]:
    statement = _text(statements.get(row["requirement"], row["title"]))
    return {
        "id": row["requirement"],
        "name": row["requirement"],
        "shortDescription": {"text": statement},
        "fullDescription": {"text": f"{_text(row['section'])}: {statement}"},
        "defaultConfiguration": {"level": LEVELS[row["severity"]]},
        "properties": {
            "security-severity": SECURITY_SEVERITY[row["severity"]],
            "tags": ["security", row["scope"], row["section"]],
        },
    }


def _result(
    row: Json, order: list[str], changes: Mapping[tuple[str, str | None, str], str]
) -> dict[str, Any]:
    code = f" ({row['cause']})" if row["cause"] else ""
    case = f" [{row['case']}]" if row["case"] else ""
    told = [
        f"{row['title']}{code}{case}, {row['target']}.",
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
                "physicalLocation": {
                    "artifactLocation": {"uri": row["check"].partition("::")[0], "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": _text(row["target"], 500), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"resultKey/v1": fingerprint(*key)},
        "properties": {
            "target": _text(row["target"], 500),
            "case": _text(row["case"] or "", 500),
            "cause": row["cause"],
        },
    }
    if changes.get(key) in BASELINE:
        made["baselineState"] = BASELINE[changes[key]]
    return made


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
