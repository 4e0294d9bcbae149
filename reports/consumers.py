"""Who gets what, side by side: the ways to call AWS that the run tried, and what each program would use for Bedrock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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


def that_matter(rows: Iterable[Mapping[str, Any]], named: Collection[str]) -> list[Mapping[str, Any]]:
    """The rows of the programs that are named, in the environment that counts for each, where they differ."""
    rules = all_rules()
    return [
        row
        for row in rows
        if row["consumer"] in named
        and row["differs"]
        and row["environment"] == _counts(rules[row["consumer"]].judged_in, row, rows)
    ]


def _counts(judged_in: str, row: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    there = {
        r["environment"] for r in rows if r["consumer"] == row["consumer"] and r["target"] == row["target"]
    }
    return judged_in if judged_in in there else "shell"


def in_words(row: Mapping[str, Any]) -> str:
    """What the program gets, in one line."""
    if row["works"] is False:
        said = f'"{row["says"]}"' if row["says"] else "does not get through"
    else:
        said = (
            f"{row['provider']} of {row['profile']}"
            if row["profile"]
            else str(row["provider"] or "nothing known")
        )
        said += f" in {row['region'] or 'no Region'}"
    because = f" (because of {', '.join(row['because'][:2])})" if row["because"] else ""
    return f"{row['consumer']} in the {row['environment']}: {said}{because}"


def differing(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many programs differ in any environment."""
    return len({row["consumer"] for row in rows if row["differs"]})
