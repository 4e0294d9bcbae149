"""Root causes of many targets as one: what most of a fleet has to mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.catalogue import load
from fixtures.late import dataclass
from reports.results import SEVERITIES


@dataclass(frozen=True)
class CommonCause:
    """A requirement's root cause, the targets that have it, and how many results it explains or blocks in all of them."""

    requirement: str
    code: str | None
    severity: str
    title: str
    targets: tuple[str, ...]
    reach: int


def common(root_causes: Iterable[Mapping[str, Any]]) -> list[CommonCause]:
    """Each root cause once, whatever its case: the gravest first, of these what most targets have."""
    groups: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for cause in root_causes:
        groups.setdefault((cause["requirement"], cause["cause"]), []).append(cause)
    of_guide = {requirement.id: requirement.severity for requirement in load()}
    causes = []
    for (requirement, code), group in groups.items():
        severities = [cause.get("severity") or of_guide.get(requirement, SEVERITIES[-1]) for cause in group]
        causes.append(
            CommonCause(
                requirement,
                code,
                min(severities, key=SEVERITIES.index),
                group[0]["title"],
                tuple(dict.fromkeys(cause["target"] for cause in group)),
                sum(cause["blocks"] + cause.get("explains", 0) for cause in group),
            )
        )
    return sorted(
        causes,
        key=lambda c: (SEVERITIES.index(c.severity), -len(c.targets), c.requirement, c.code or ""),
    )
