"""results.oscal.json: the results as OSCAL assessment results (NIST, "OSCAL Assessment Results Model", 1.1.3).

Each target is a result, each result of ours an observation, and each requirement with a verdict a finding about an objective. A
finding is about the requirement and not about a framework's control: for that it is a part of the evidence, and its properties
name the controls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from checks.frameworks import Control, Framework, served
from fixtures.privacy.unseen import visible
from reports.artifacts import json_pieces
from reports.formats import Format, guide
from reports.page import cut
from reports.results import by_target

Json = Mapping[str, Any]

VERSION = "1.1.3"
NAMESPACE = UUID("6f3f6d64-5c40-5c0b-9d7e-0a8d6b1c2e11")
NS = "urn:bedrock-preflight"
LONGEST = 2000
FAILED = ("non_compliant", "waived")
UNREAD = ("inconclusive", "blocked")


def render(document: Json, evidence: Json) -> Iterator[str]:
    """The document, target by target; its UUIDs are the same for the same results of the same instant."""
    suite, run = document["suite"], document["run"]
    plan = _uuid("guide", suite["guide_sha256"])
    found = by_target(document["results"])
    return json_pieces(
        {
            "assessment-results": {
                "uuid": _uuid("report", run["finished"], *(target["id"] for target in document["targets"])),
                "metadata": {
                    "title": _line(f"{suite['name']}: {guide()['title']}"),
                    "last-modified": run["finished"],
                    "version": suite["version"],
                    "oscal-version": VERSION,
                    **({"remarks": "SIMULATED: no real machine or account was judged"} if run["simulated"] else {}),
                },
                "import-ap": {"href": f"#{plan}"},
                "results": (
                    _result(document, target, rows)
                    for target in document["targets"]
                    if (rows := found.get(target["id"]))
                ),
                "back-matter": {
                    "resources": [
                        {
                            "uuid": plan,
                            "title": _line(guide()["title"]),
                            "description": "The guide whose requirements are the objectives",
                            "props": [_prop("sha256", suite["guide_sha256"])],
                        }
                    ]
                },
            }
        }
    )  # fmt: skip


def _result(document: Json, target: Json, rows: Sequence[Json]) -> dict[str, Any]:
    run, name = document["run"], target["id"]
    subject = _uuid("target", name)
    findings = list(_findings(rows, name))
    objectives = [{"objective-id": each} for each in dict.fromkeys(row["requirement"] for row in rows)]
    return {
        "uuid": _uuid("result", run["finished"], name),
        "title": _line(name),
        "description": _text(
            f"{name} judged against the guide, as of {run['finished']}: {target['verdict']}"
        ),
        "start": run["started"],
        "end": run["finished"],
        "props": [_prop("verdict", target["verdict"])],
        "local-definitions": {
            "components": [
                {
                    "uuid": subject,
                    "type": "service",
                    "title": _line(f"{target['profile']} in {target['region']}"),
                    "description": _text(f"AWS account {target['account'] or 'not known'}"),
                    "status": {"state": "operational"},
                }
            ]
        },
        "reviewed-controls": {
            "control-selections": [_reviewed(rows)],
            "control-objective-selections": [{"include-objectives": objectives}],
        },
        "observations": [_observation(row, run, subject) for row in rows],
        **({"findings": findings} if findings else {}),
    }


def _reviewed(rows: Iterable[Json]) -> dict[str, Any]:
    """The guide's requirements, as its controls, and those of frameworks that they are evidence for."""
    found = {f"guide_{row['requirement'].lower()}" for row in rows}
    found |= {control_id(*each) for row in rows for each in served(row["requirement"])}
    return {"include-controls": [{"control-id": each} for each in sorted(found)]}


def _observation(row: Json, run: Json, subject: str) -> dict[str, Any]:
    case = f" {row['case']}" if row["case"] else ""
    told = row["observed"] or row["reason"] or row["title"]
    return {
        "uuid": _observed(row),
        "title": _line(f"{row['requirement']}{case}: {row['title']}"),
        "description": _text(told),
        "props": [
            _prop(name, row[name])
            for name in ("requirement", "case", "status", "severity", "cause")
            if row[name]
        ],
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": subject, "type": "component"}],
        "collected": run["finished"],
        **({"remarks": _text("\n".join(row["remedy"]))} if row["remedy"] else {}),
    }


def _findings(rows: Iterable[Json], target: str) -> Iterator[dict[str, Any]]:
    """One for each requirement that has a verdict: what could not be read, or does not apply, is observed alone."""
    statements = {entry["id"]: entry["statement"] for entry in guide()["requirements"]}
    for (name, state), own in _verdicts(rows).items():
        yield {
            "uuid": _uuid("finding", target, name),
            "title": _line(f"{name}: {own[0]['title']}"),
            "description": _text(str(statements.get(name, own[0]["title"]))),
            "props": [
                _prop("control", f"{framework.name} {control.id}") for framework, control in served(name)
            ] or [_prop("requirement", name)],
            "target": {
                "type": "objective-id",
                "target-id": name,
                "status": {"state": state, "reason": "pass" if state == "satisfied" else "fail"},
            },
            "related-observations": [{"observation-uuid": _observed(row)} for row in own],
            **({"remarks": "waived"} if _accepted(own) else {}),
        }  # fmt: skip


def _verdicts(rows: Iterable[Json]) -> dict[tuple[str, str], list[Json]]:
    """The rows by requirement and state, of the requirements that have one."""
    found: dict[tuple[str, str], list[Json]] = {}
    for name, group in groupby(sorted(rows, key=_of), key=_of):
        own = list(group)
        statuses = {row["status"] for row in own}
        if statuses & set(FAILED):
            found[name, "not-satisfied"] = own
        elif "compliant" in statuses and not statuses & set(UNREAD):
            found[name, "satisfied"] = own
    return found


def _accepted(rows: Iterable[Json]) -> bool:
    """Whether each failure among them is covered by a waiver, and there is one."""
    return {row["status"] for row in rows if row["status"] in FAILED} == {"waived"}


def _of(row: Json) -> str:
    return str(row["requirement"])


def control_id(framework: Framework, control: Control) -> str:
    """The control as OSCAL names controls, in a token: NIST's own of its catalog, others behind their framework's name."""
    if framework.name == "nist-800-53":
        return re.sub(r"\((\d+)\)", r".\1", control.id.lower())  # AC-6(7) is ac-6.7 there
    return f"{framework.name}_{re.sub(r'[^a-z0-9]+', '-', control.id.lower()).strip('-')}"


def _observed(row: Json) -> str:
    return _uuid("observation", row["target"], row["requirement"], row["case"] or "")


def _uuid(*parts: str) -> str:
    return str(uuid5(NAMESPACE, json.dumps(parts)))


def _prop(name: str, value: object) -> dict[str, str]:
    return {"name": name, "ns": NS, "value": _line(str(value))}


def _line(text: str) -> str:
    # OSCAL's strings begin and end with something that can be seen: none is empty.
    return cut(visible(text), 300) or "-"


def _text(text: str) -> str:
    lines = (cut(line, LONGEST) for line in visible(text[: 2 * LONGEST]).splitlines())
    return "\n".join(lines)[:LONGEST].strip() or "-"


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """The status of each observation, and the state of each finding."""
    results = json.loads(text)["assessment-results"]["results"]
    observed = {
        row["uuid"]: next(prop["value"] for prop in row["props"] if prop["name"] == "status")
        for result in results
        for row in result.get("observations", ())
    }
    if observed != {_observed(row): row["status"] for row in document["results"]}:
        yield "its observations are not the results of results.json"
    states = {
        (result["title"], finding["target"]["target-id"], finding["target"]["status"]["state"])
        for result in results
        for finding in result.get("findings", ())
    }
    expected = {
        (_line(target), *verdict)
        for target, rows in by_target(document["results"]).items()
        for verdict in _verdicts(rows)
    }
    if states != expected:
        yield "its findings are not those of the results of results.json"


FORMATS = (
    Format(
        "results.oscal.json",
        "the results as OSCAL assessment results",
        read_back,
        render,
        option="oscal",
        suits=lambda document: bool(document["results"]),
    ),
)
