"""Documents as a run writes them, made up: every requirement of the guide, every status, as many targets as wanted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checks.catalogue import load
from fixtures.settings import Settings
from reports.artifacts import CHECKSUMS
from reports.compare import CHANGES
from reports.results import document
from reports.screen import Row

MIXED = (
    *("compliant",) * 9, "blocked", "not_applicable", "compliant", "inconclusive", "compliant", "non_compliant", "blocked",
)  # fmt: skip

READINGS: tuple[dict[str, Any], ...] = (
    {"name": "file.config", "params": {}, "value": {"profiles": {"msh": {"sso_session": "acme"}}}},
    {
        "name": "sts:GetCallerIdentity",
        "params": {},
        "request_id": "5bd1a3c6-8a6f-4f0e-9b3a-000000000001",
        "value": {
            "Account": "000000004321",
            "Arn": "arn:aws:sts::000000004321:assumed-role/Developer/principal-1",
        },
    },
    {
        "name": "iam:GetRole",
        "params": {"RoleName": "Developer"},
        "action": "iam:GetRole",
        "error": {"type": "ClientError", "code": "AccessDenied", "message": "not authorized", "status": 403},
    },
)


def guide() -> dict[str, Any]:
    """The guide as plain data, as the pages take it."""
    return asdict(load())


def result(
    requirement: Mapping[str, Any], case: str | None, target: str, status: str, **texts: Any
) -> dict[str, Any]:
    """A result as the suite hands it over, whole for its status, with `texts` in place of what it would say."""
    told: dict[str, Any] = {
        "cause": None, "expected": None, "observed": None, "reason": None, "remedy": [], "explained_by": None,
        "blocked_by": None, "missing_actions": [], "waiver": None, "evidence": [],
    }  # fmt: skip
    if status in {"non_compliant", "waived"}:
        told |= {
            "cause": next(iter(requirement["causes"]), None),
            "expected": "at least 15 minutes left",
            "observed": f"~/.aws/config line 12: {case or 'the token'} ended 2026-11-22T11:00:00Z",
            "remedy": [
                "# log in again, then start the application from the same shell",
                "aws sso login --profile msh",
            ],
        }
    if status == "waived":
        told["waiver"] = {
            "id": "EX-2026-014", "approved_by": "b@example.com", "expires": "2026-12-01", "days_left": 9, "ticket": "SEC-123",
        }  # fmt: skip
    if status == "blocked":
        told |= {"blocked_by": "SSO-03", "reason": "no call can be signed until there is a token"}
    if status == "not_applicable":
        told["reason"] = "controls.vpc_endpoints is off"
    if status == "inconclusive":
        told |= {
            "reason": "AccessDenied: not authorized to perform iam:GetRole",
            "missing_actions": ["iam:GetRole"],
        }
    same = {key: requirement[key] for key in ("scope", "section", "severity")}
    return {
        "requirement": requirement["id"],
        "case": case,
        "target": target,
        "status": status,
        "title": requirement["statement"],
        "check": f"checks/test_it.py::test_it[{target}]",
        "stage": 0,
        "order": 0,
        **same,
        **told,
        **texts,
    }


def mixed(target: str, number: int = 0) -> Iterator[dict[str, Any]]:
    """A result for each requirement and case of the guide, spread so that every status comes up."""
    place = number * 7
    for requirement in guide()["requirements"]:
        for case in requirement["cases"] or (None,):
            place += 1
            status = MIXED[place % len(MIXED)]
            yield result(
                requirement, case, target, "waived" if status == "non_compliant" and not place % 5 else status
            )


def few(names: Sequence[str], each: int = 3) -> list[dict[str, Any]]:
    """Of `mixed` results for those targets, so many of each status and target."""
    kept: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name in names:
        for one in mixed(name):
            kept.setdefault((name, one["status"]), []).append(one)
    return [one for own in kept.values() for one in own[:each]]


def material(
    names: Sequence[str] = ("msh/us-east-1",), results: Sequence[dict[str, Any]] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """results.json's document and evidence.json's, for those targets; of `results`, or of `mixed` ones."""
    if results is None:
        results = [one for number, name in enumerate(names) for one in mixed(name, number)]
    own: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number, one in enumerate(results):
        one["evidence"] = [reading["name"] for reading in READINGS[: 1 + number % len(READINGS)]]
        own[one["target"]].append(one)
    readings, keys = [], {}
    for name in names:
        for reading in READINGS:
            keys[name, str(reading["name"])] = f"E{len(readings) + 1}"
            readings.append(
                {"id": f"E{len(readings) + 1}", "target": name, "at": "2026-11-22T12:00:00Z", **reading}
            )
    made = document(
        results,
        suite={"name": "bedrock-preflight", "version": "0.1.0", "guide_sha256": load().guide_sha256},
        run={
            "started": "2026-11-22T12:00:00Z", "finished": "2026-11-22T12:00:09Z", "backend": "moto", "world": "made-up",
            "simulated": True, "command": ["checks/", "--world", "made up"], "environment": "workstation",
            "platform": "Linux-6.1.0-x86_64", "python": "3.13.7", "boto3": "1.44.5", "api_calls": 34,
            "redacted": True,
        },
        targets=[
            {
                "id": name, "profile": name.partition("/")[0], "region": name.partition("/")[2], "account": "****4321",
                "principal": "arn:aws:sts::****4321:assumed-role/AWSReservedSSO_Developer_0a7f608ccccc13bd/****",
            }
            for name in names
        ],
        evidence_ids=keys,
        gate="low",
    )  # fmt: skip
    evidence = {
        "schema": 1,
        "suite": made["suite"],
        "run": {
            "now": "2026-11-22T12:00:00Z", "backend": "moto", "world": "made-up", "simulated": True,
            "environment": "workstation", "probe": False, "auditor": None,
        },
        "settings": Settings().as_json(),
        "targets": [
            {key: target[key] for key in ("id", "profile", "region", "account_fingerprint")}
            for target in made["targets"]
        ],
        "readings": readings,
    }  # fmt: skip
    return made, evidence


TAIL = [Row("270 checks: 1 compliant; 0 AWS calls"), Row("reports: reports/latest/audit.html")]
"""What the last screen ends with, beside what is said of the targets."""


def alike(found: Mapping[str, Any], world: str, targets: int = 1, **run: Any) -> dict[str, Any]:
    """What was found in a world as results.json of a run on so many targets, all of them like the one."""
    names = [f"msh{number}/us-east-1" for number in range(targets)]
    many = {
        key: [{**row, "target": name} for name in names for row in found[key]]
        for key in ("results", "root_causes")
    }
    who = {
        "principal": "arn:aws:sts::****4321:assumed-role/AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd/****"
    }
    made = [{**found["targets"][0], **who, "id": name} for name in names]
    return {
        **found, **many, "targets": made, "run": {**found["run"], "simulated": True, "world": world, **run},
    }  # fmt: skip


def fleet_of(targets: int) -> tuple[dict[str, Any], dict[str, str]]:
    """The document of so many targets and of all requirements, and the page of each: three targets' results in turn."""
    sources = ("alpha/us-east-1", "beta/us-west-2", "gamma/eu-west-1")
    made, _ = material(sources)
    pairs = [(f"team-{number:03d}/us-east-1", sources[number % 3]) for number in range(targets)]
    own = {
        (key, name): [one for one in made[key] if one["target"] == name]
        for key in ("results", "root_causes")
        for name in sources
    }
    many = {
        key: [{**one, "target": name} for name, source in pairs for one in own[key, source]]
        for key in ("results", "root_causes")
    }
    told = [{**made["targets"][sources.index(source)], "id": name} for name, source in pairs]
    return {**made, **many, "targets": told}, {
        name: f"target-{n:03}.html" for n, (name, _) in enumerate(pairs, 1)
    }


def seal(folder: Path) -> None:
    """Checksums for what is in the folder: what whoever changes a report can make as well."""
    names = sorted(file.name for file in folder.iterdir() if file.name != CHECKSUMS)
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def comparison(made: Mapping[str, Any]) -> dict[str, Any]:
    """What changed since an earlier run, made up: every kind of change, a notice, and a trend."""
    kinds = (
        "unchanged",
        "fixed",
        "unchanged",
        "regressed",
        "new",
        "unchanged",
        "newly waived",
        "no longer waived",
        "now evaluated",
    )
    changes = [
        {
            **{key: one[key] for key in ("requirement", "case", "target")},
            "change": kinds[number % len(kinds)],
            "was": "compliant",
            "now": one["status"],
        }
        for number, one in enumerate(made["results"])
    ]
    changes.append(
        {
            "requirement": "SSO-03", "case": "gone", "target": "gone/us-east-1", "change": "no longer evaluated",
            "was": "compliant", "now": None,
        }
    )  # fmt: skip
    return {
        "against": {
            "file": "results.json", "started": "2026-11-15T09:00:00Z", "finished": "2026-11-15T09:00:07Z",
            "suite_version": "0.1.0", "guide_sha256": "0" * 64, "results_sha256": "1" * 64,
        },
        "notices": ["the guide differs: what changed may be the requirements"],
        "counts": {kind: sum(each["change"] == kind for each in changes) for kind in CHANGES},
        "changes": changes,
        "trend": [
            {
                "started": f"2026-10-0{day}T09:00:00Z", "finished": f"2026-10-0{day}T09:00:07Z", "open": left, "waived": 1,
                "unread": 2, "total": 259, "verdict": "non_compliant",
            }
            for day, left in enumerate((30, 34, 22, 19, 21, 12, 9), 1)
        ],
    }  # fmt: skip


HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>\"'><svg onload=window.pwned=1>"
    '</style></script></title></textarea><!-- javascript:window.pwned=1 {{7*7}}{%raw%} =HYPERLINK("http://example.com") '
    "a\x00b\x1b[31m\x9b \u202egnp.exe\u2066 \u200b\ufeff\u2028 \U000e0041 ]]> &lt; \r\n\n end"
)
"""Markup, a link, a template, a formula, controls, direction overrides: what a name or an error message may hold."""

_PATTERNED = re.compile(
    "requirement|scopes?|severity|status|cause|blocked_by|explained_by|differs|evidence|verdict|started|finished|backend|environment|gate|"
    "sha256|guide_sha256|results_sha256|at|change|was|now|expires|approved_on|state"
)


def poisoned(value: Any, hostile: str = HOSTILE, key: str = "") -> Any:
    """The document with every text that the schema leaves free followed by `hostile`."""
    if isinstance(value, dict):
        fixed = {"id"} if "at" in value else set() if key != "scopes" else set(value)
        return {
            name: entry if name in fixed else poisoned(entry, hostile, name) for name, entry in value.items()
        }
    if isinstance(value, list):
        return [poisoned(entry, hostile, key) for entry in value]
    return value + hostile if isinstance(value, str) and not _PATTERNED.fullmatch(key) else value
