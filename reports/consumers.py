"""Who gets what, side by side: the ways to call AWS that the run tried, and what each program would use for Bedrock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from fixtures.consumers.rules import all_rules

BASIS = {"measured": "", "recorded": "as recorded", "source": "by its source"}
WORKS = {True: "yes", False: "no", None: "only a call could tell"}


MOST_LINES = 3
GETS = ("provider", "profile", "region", "works")


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


def in_short(target: str, consumers: Iterable[Mapping[str, Any]]) -> list[str]:
    """In MOST_LINES lines, where the target's programs that are named or in use differ from it: what each gets in the
    environment that counts for it, where that program is seen, and what decides."""
    rows = [row for row in consumers if row["target"] == target]
    here = _that_matter(rows)
    noted = dict.fromkeys(f"{row['consumer']}: {row['note']}" for row in rows if row.get("note"))
    groups: dict[str, list[str]] = {}
    # Programs that fail first, then those that somebody named: three lines do not hold all.
    for row in sorted(here, key=lambda row: (row["works"] is not False, not row.get("named"))):
        if row["differs"]:
            groups.setdefault(_gets(row), []).append(f"{row['consumer']} ({row.get('in_use') or 'named'})")
    room = MOST_LINES - len(noted)
    told = [f"{', '.join(names)}: {gets}" for gets, names in groups.items()]
    if len(told) > room:
        left = [name for names in list(groups.values())[room - 1 :] for name in names]
        return [*noted, *told[: room - 1], f"and {len(left)} more, in the report: {', '.join(left)}"]
    alike = [row["consumer"] for row in here if not row["differs"]]
    if told and alike and len(told) < room:
        told.append(f"{', '.join(alike)}: as the profile")
    return [*noted, *told]


def _that_matter(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of programs that are named, or in use: of these none that gets what boto3 gets there too, where nothing
    selects a profile, since code may."""
    boto3 = {row["environment"]: row for row in rows if row["consumer"] == "boto3"}
    found = []
    for row in rows:
        rules = all_rules().get(row["consumer"])
        # A library runs inside the application and has its environment file; a tool is started from the shell and has not.
        here = "application" if rules and rules.kind == "library" and "application" in boto3 else "shell"
        plain = boto3.get(here)
        unselected = plain is not None and not _selects(plain) and all(row[key] == plain[key] for key in GETS)
        if row["environment"] == here and (row.get("named") or (row.get("in_use") and not unselected)):
            found.append(row)
    return found


def _selects(boto3: Mapping[str, Any]) -> bool:
    """Whether something in the environment decides whose credentials boto3 takes: that comes first in `because`, and the
    Region's last."""
    decides = boto3["because"][0] if boto3["because"] else ""
    of_region = "REGION" in decides or len(boto3["because"]) == 1
    return boto3["profile"] not in (None, "default") or (boto3["provider"] is not None and not of_region)


def _gets(row: Mapping[str, Any]) -> str:
    if row["works"] is False:
        gets = f'fails: "{row["says"]}"' if row["says"] else "fails"
    else:
        whose = f" of {row['profile']}" if row["profile"] else ""
        gets = f"{row['provider'] or 'no credentials'}{whose} in {row['region'] or 'no Region'}"
    if row["differs"] == ["region"]:
        decides = row["because"][-1:]
    else:
        decides = [place for place in row["because"] if "_REGION" not in place][:2]
    return f"{gets}, because of {', '.join(decides)}" if decides else gets


def _line(row: Mapping[str, Any]) -> Line:
    rules = all_rules().get(row["consumer"])
    basis = BASIS[rules.basis] if rules else ""
    notes = "; ".join(filter(None, (basis, row.get("in_use") and f"in use: {row['in_use']}")))
    return Line(
        who=f"{row['consumer']} ({notes})" if notes else row["consumer"],
        where=row["environment"],
        provider=row["provider"] or "none",
        profile=row["profile"] or "none",
        region=row["region"] or "none",
        outcome=row["says"] or WORKS[row["works"]],
        because="; ".join(row["because"]),
        differs=list(row["differs"]),
    )
