"""Who gets what, side by side: the ways to call AWS that the run tried, and what each program would use for Bedrock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from fixtures.consumers.rules import all_rules

BASIS = {"measured": "", "recorded": "as recorded", "source": "by its source"}
WORKS = {True: "yes", False: "no", None: "only a call could tell"}


class Line(TypedDict):
    """A row of the page's table, all of it text. `differs` are the names of the columns in which it is unlike the target's."""

    who: str
    where: str
    provider: str
    profile: str
    region: str
    outcome: str
    because: str
    differs: list[str]


def lines(target: Mapping[str, Any], consumers: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The target's table: first who was seen to call, where the ways to call differ, then each program; one row where a
    program gets the same in either environment."""
    called = [
        Line(
            who=row["who"],
            where="this run",
            provider=row["provider"],
            profile=row["profile"],
            region=row["region"],
            outcome=row["identity"],
            because="",
            differs=[],
        )
        for row in target.get("callers", [])
    ]
    rows: dict[str, Line] = {}
    for row in consumers:
        if row["target"] != target["id"]:
            continue
        line = _line(row)
        twin = rows.get(row["consumer"])
        if twin is not None and {**twin, "where": ""} == {**line, "where": ""}:
            twin["where"] = "both"
        else:
            rows[row["consumer"] if twin is None else f"{row['consumer']} {row['environment']}"] = line
    return [*called, *rows.values()]


def _line(row: Mapping[str, Any]) -> Line:
    rules = all_rules().get(row["consumer"])
    basis = BASIS[rules.basis] if rules else ""
    return Line(
        who=f"{row['consumer']}{f' ({basis})' if basis else ''}",
        where=row["environment"],
        provider=row["provider"] or "none",
        profile=row["profile"] or "none",
        region=row["region"] or "none",
        outcome=row["says"] or WORKS[row["works"]],
        because="; ".join(row["because"]),
        differs=list(row["differs"]),
    )
