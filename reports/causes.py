"""Root causes of several targets as one, what most of a fleet has to mend, and why one counts as it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.catalogue import load
from fixtures.late import dataclass
from reports.results import SEVERITIES

Json = Mapping[str, Any]


@dataclass(frozen=True)
class CommonCause:
    """A requirement's root cause, the targets that have it, and how many results it explains or blocks in all of them."""

    requirement: str
    code: str | None
    severity: str
    title: str
    targets: tuple[str, ...]
    reach: int


@dataclass(frozen=True)
class JoinedCause:
    """A root cause with the same remedy in each of its `members`, which are those of results.json, of a target each."""

    members: tuple[Json, ...]

    @property
    def first(self) -> Json:
        """The one that stands for all: they differ in their targets, and in what was seen there."""
        return min(self.members, key=lambda cause: SEVERITIES.index(cause.get("severity", SEVERITIES[0])))

    @property
    def targets(self) -> list[str]:
        """The targets that have it."""
        return [cause["target"] for cause in self.members]

    @property
    def seen(self) -> list[tuple[str, list[str]]]:
        """What was seen, each text with the targets in which it was."""
        told: dict[str, list[str]] = {}
        for cause in self.members:
            told.setdefault(cause["observed"], []).append(cause["target"])
        return [*told.items()]

    def as_one(self) -> dict[str, Any]:
        """In the form of results.json: the gravest of them, with all that they explain and block."""
        behind = {key: sum(cause.get(key, 0) for cause in self.members) for key in ("explains", "blocks")}
        return {**self.first, **behind}


def joined(root_causes: Iterable[Json]) -> list[JoinedCause]:
    """Each root cause once, in the order of results.json: the same cause with the same remedy in several targets is one."""
    groups: dict[tuple[Any, ...], list[Json]] = {}
    for cause in root_causes:
        groups.setdefault(alike(cause), []).append(cause)
    return [JoinedCause(tuple(group)) for group in groups.values()]


def alike(cause: Json) -> tuple[Any, ...]:
    """What root causes of several targets have in common that are one to who mends them."""
    return *(cause[name] for name in ("requirement", "case", "cause", "title")), *cause["remedy"]


def most_wanted(causes: Sequence[Json]) -> list[int]:
    """The places of root causes as they get room where there is none for all: the first to mend, then the gravest."""
    rest = sorted(
        range(1, len(causes)),
        key=lambda place: SEVERITIES.index(causes[place].get("severity", SEVERITIES[0])),
    )
    return [*range(len(causes))[:1], *rest]


def why_graver(cause: Json, results: Iterable[Json]) -> str:
    """Why a root cause counts as graver than its own result does; empty where it does not. `results` are its target's."""
    of_guide = {requirement.id: requirement.severity for requirement in load()}
    itself, counts_as = cause["requirement"], cause.get("severity")
    failures = [row for row in results if row["status"] == "non_compliant"]
    own = {(row["requirement"], row["case"]): row["severity"] for row in failures}
    alone = own.get((itself, cause["case"])) or of_guide.get(itself)
    if None in (alone, counts_as) or alone == counts_as:
        return ""
    graver = [row for row in failures if row["severity"] == counts_as and row.get("explained_by") == itself]
    why = f"as it explains {graver[0]['requirement']}" if graver else "with what it explains"
    return f"{itself} alone is {alone}; {why}, this root cause counts as {counts_as}"


def _title_of_all(causes: Sequence[Json]) -> str:
    """What is wrong in all of the causes' targets: where titles differ, without the profile and the Region of one of them."""
    titles = [*dict.fromkeys(cause["title"] for cause in causes)]
    if len(titles) > 1:
        titles = [*dict.fromkeys(_of_any(cause) for cause in causes)]
    more = f"; and {len(titles) - 2} more like these" if titles[2:] else ""
    return "; ".join(titles[:2]) + more


def _of_any(cause: Json) -> str:
    """The title of a root cause without the names of its target."""
    # Of targets that masking would make one, the second has ~2 after its Region.
    profile, _, region = re.sub(r"~\d+$", "", cause["target"]).rpartition("/")
    if not profile or not region:
        return str(cause["title"])
    name, end = re.escape(profile), r"(?![\w-])"
    text = re.sub(rf"\bno profile {name}{end}", "no such profile", cause["title"])
    text = re.sub(
        rf"\b(p|P)rofile {name}{end}", lambda found: f"{'t' if found[1] == 'p' else 'T'}he profile", text
    )
    text = re.sub(rf"(?<= is not ){name}$", "the profile", text)
    return re.sub(rf"\b{re.escape(region)}{end}", "the Region", text)


def common(root_causes: Iterable[Json]) -> list[CommonCause]:
    """Each root cause once, whatever its case: the gravest first, of these what most targets have."""
    groups: dict[tuple[str, str | None], list[Json]] = {}
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
                _title_of_all(group),
                tuple(dict.fromkeys(cause["target"] for cause in group)),
                sum(cause["blocks"] + cause.get("explains", 0) for cause in group),
            )
        )
    return sorted(
        causes,
        key=lambda c: (SEVERITIES.index(c.severity), -len(c.targets), c.requirement, c.code or ""),
    )
