"""fleet.html: many targets against all requirements, as a matrix in one file. What fails comes first, and leads to names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field
from html.parser import HTMLParser
from sys import intern
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from fixtures.late import dataclass
from fixtures.privacy.unseen import visible
from reports.causes import common
from reports.conditions import beside_the_banners, is_part, replayed
from reports.formats import Format, guide, targets
from reports.formats.audit import (
    Guide,
    bar,
    command_line,
    exceptions,
    limits,
    on_each_sheet,
    results_hash,
    row_anchor,
)
from reports.page import WORDS, WORST_FIRST, assembled, cut
from reports.results import SEVERITIES, VERDICTS, by_target, counts

Json = Mapping[str, Any]

LETTERS = {
    "non_compliant": "x", "inconclusive": "i", "blocked": "b", "waived": "w", "compliant": "c", "not_applicable": "a",
}  # fmt: skip
"""Names of statuses that are short enough to stand in every cell; its mark and its word are the style sheet's."""

GROUPS = {
    "non_compliant": "Not compliant somewhere",
    "inconclusive": "Not read somewhere",
    "blocked": "Blocked somewhere",
    "waived": "Waived somewhere",
}
"""The groups of columns, by the worst status that a requirement has in any target."""

NAMED = ("non_compliant", "inconclusive", "waived")
"""Statuses for which a requirement names its targets, and a cell leads to the result in the target's page."""


def render(document: Json, evidence: Json) -> str:
    """The page for results.json's `document`."""
    return page(document, targets.names(document))


def page(document: Json, details: Mapping[str, str]) -> str:
    """The page; `details` has the relative path of a target's own audit page, for those that have one."""
    book = Guide(guide())
    lines: dict[str, _Line] = {target["id"]: _Line(target["id"]) for target in document["targets"]}
    waived, reasons = [], dict[str, _Reason]()
    for name, results in by_target(document["results"]).items():
        for result in book.worst_first(results):
            lines[name].take(result, details.get(name))
        for result in results:
            if result["waiver"]:
                waived.append(result)
            if result["status"] == "inconclusive":
                reasons.setdefault(result["reason"], _Reason(result["reason"])).take(result)
    columns = _columns(
        book.in_order(requirement for line in lines.values() for requirement in line.worst), lines
    )
    judged = sorted(
        document["targets"],
        key=lambda target: (
            VERDICTS.index(target["verdict"]),
            -lines[target["id"]].counts["non_compliant"],
            target["id"],
        ),
    )
    causes = by_target(document["root_causes"])
    rows = []
    for number, target in enumerate(judged):
        name = target["id"]
        rows.append(
            {
                **target,
                **lines[name].told([column["id"] for column in columns]),
                "place": f"t{number}",
                "key": targets.key_of_target(name),
                "link": Markup('<a href="#t{}">{}</a>').format(number, visible(cut(name, 60))),
                "causes": causes.get(name, ()),
                "page": _path(details.get(name)),
            }
        )
    places = {row["id"]: row["place"] for row in rows}
    columns = [{**column, **_requirement(column["id"], rows, book)} for column in columns]
    place_of = {column["id"]: number for number, column in enumerate(columns)}
    merged = document["merged"] or {}
    pages = {row["id"]: row["page"] for row in rows}
    covered = [
        {
            **row,
            "href": f"{pages[row['target']]}#{row_anchor(row)}"
            if pages[row["target"]]
            else f"#{places[row['target']]}",
        }
        for row in waived
    ]
    return assembled(
        "fleet",
        running=on_each_sheet(document),
        document=document,
        run=document["run"],
        replay=replayed(document["run"]),
        rests_on=(rests_on := beside_the_banners(document)),
        partial=any(is_part(told) for told in rests_on),
        title=guide()["title"],
        letters=LETTERS,
        verdicts=[(verdict, sum(target["verdict"] == verdict for target in judged)) for verdict in VERDICTS],
        whole=bar(document["counts"], len(document["results"])),
        groups=[
            (status, GROUPS.get(status, "The others"), sum(column["worst"] == status for column in columns))
            for status in dict.fromkeys(column["worst"] for column in columns)
        ],
        columns=columns,
        rows=rows,
        links={row["id"]: row["link"] for row in rows},
        severities=SEVERITIES,
        scopes=sorted({scope for line in lines.values() for scope in line.scopes}, reverse=True),
        common=[
            {**asdict(cause), "column": place_of.get(cause.requirement)}
            for cause in common(document["root_causes"])
        ],
        missing=merged.get("missing", ()),
        expected=merged.get("expected"),
        total=len(document["results"]),
        unread=[reason.told() for reason in sorted(reasons.values(), key=lambda reason: -reason.results)],
        # For what the pages have in common: which targets there are stands in the matrix.
        targets=(),
        one_target=False,
        key=None,
        command=command_line(document["run"]["command"]),
        merged=document["merged"],
        exceptions=exceptions(document, covered),
        limits=limits(document),
        results_sha256=results_hash(document),
    )


def _columns(requirements: Sequence[str], lines: Mapping[str, _Line]) -> list[dict[str, Any]]:
    """The requirements in the order of what fails most, in groups by the worst status of each; else in the guide's."""
    tallies = {
        name: counts({"status": line.worst[name]} for line in lines.values() if name in line.worst)
        for name in requirements
    }

    def worst(name: str) -> str:
        return next((status for status in GROUPS if tallies[name][status]), "")

    order = list(GROUPS)
    ranked = sorted(
        requirements,
        key=lambda name: (
            order.index(worst(name)) if worst(name) else len(order),
            *(-tallies[name][status] for status in order),
        ),
    )
    return [{"id": name, "worst": worst(name), "counts": tallies[name]} for name in ranked]


@dataclass
class _Reason:
    """Why results could not be read: how many, of which requirements and targets, and the actions that would allow it."""

    reason: str
    results: int = 0
    targets: set[str] = field(default_factory=set)
    requirements: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)

    def take(self, result: Json) -> None:
        self.results += 1
        self.targets.add(result["target"])
        self.requirements.add(result["requirement"])
        self.actions.update(result["missing_actions"])

    def told(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "results": self.results,
            "targets": len(self.targets),
            "requirements": sorted(self.requirements),
            "actions": sorted(self.actions),
        }


def _path(page: str | None) -> str | None:
    """As a path, whatever it contains: a colon would make a scheme of what stands before it."""
    return None if page is None else quote(page, safe="/")


@dataclass
class _Line:
    """A target's line of the matrix, from its results, the worst first: all that is kept of them.

    `worst` has a status for each requirement, `links` where a cell leads, in the target's own page, where more is told there
    than a mark says.
    """

    target: str
    worst: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: counts(()))
    scopes: set[str] = field(default_factory=set)

    def take(self, result: Json, page: str | None) -> None:
        # One text of each, whichever target's file it was read from.
        requirement, status = intern(result["requirement"]), intern(result["status"])
        self.counts[status] += 1
        self.scopes.add(result["scope"])
        if requirement not in self.worst:
            self.worst[requirement] = status
            if page and status in NAMED:
                self.links[requirement] = f"{_path(page)}#{row_anchor(result)}"

    def told(self, columns: Sequence[str]) -> dict[str, Any]:
        """Its `cells`, which a matrix of a thousand targets has a hundred thousand of: one element each, two where it leads
        somewhere."""
        cells: list[str] = []
        for requirement in columns:
            status = self.worst.get(requirement)
            if status is None:
                cells.append("<td>")
            elif requirement in self.links:
                place, word = self.links[requirement], WORDS[status].lower()
                cells.append(f'<td><a class={LETTERS[status]} href={place} aria-label="{word}"></a>')
            else:
                cells.append(f"<td class={LETTERS[status]}>")
        return {"cells": Markup("".join(cells)), "worst": self.worst, "counts": self.counts}


def _requirement(name: str, rows: Sequence[Json], book: Guide) -> dict[str, Any]:
    """What the page tells of a requirement: in which targets it ends as what, and in whose words."""
    known = book.requirements.get(name)
    ended = {status: [row["link"] for row in rows if row["worst"].get(name) == status] for status in NAMED}
    tally = counts({"status": row["worst"][name]} for row in rows if name in row["worst"])
    return {
        "statement": known["statement"] if known else "",
        "severity": known["severity"] if known else "",
        "scope": known["scope"] if known else "",
        "ended": {status: Markup(" ").join(links) for status, links in ended.items() if links},
        "bar": bar(tally, len(rows)),
    }


class Statements(HTMLParser):
    """What a page of `render` says, read back: `cells` maps target and requirement to the letter of its cell; `counts`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: dict[tuple[str, str], str] = {}
        self.counts: dict[str, int] = {}
        self._columns: list[str] = []
        self._target, self._column, self._heads, self._text = "", -1, False, ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if "data-total" in said:
            self.counts[said["data-total"]] = int(said["data-count"])
        if tag == "tr":
            self._target, self._column = said.get("data-target", ""), -1
        elif tag == "td":
            self._column += 1
        elif tag == "th":
            self._heads, self._text = said.get("class") == "q", ""
        if tag in {"td", "a"} and self._target and self._column >= 0 and "class" in said:
            self.cells[self._target, self._columns[self._column]] = said["class"]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._target = ""
        elif tag == "th" and self._heads:
            self._columns.append(self._text)


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its counts, and what each of its cells says."""
    said = Statements(text)
    if said.counts != document["counts"]:
        yield "its counts are not those of results.json"
    worst: dict[tuple[str, str], str] = {}
    for row in document["results"]:
        key = targets.key_of_target(row["target"]), row["requirement"]
        worst[key] = min(worst.get(key, WORST_FIRST[-1]), row["status"], key=WORST_FIRST.index)
    if said.cells != {key: LETTERS[status] for key, status in worst.items()}:
        yield "the results that it shows are not those of results.json"


FORMATS = (
    Format(
        "fleet.html",
        "where there are several targets: a matrix of targets and requirements",
        read_back,
        render,
        suits=lambda document: len(document["targets"]) > 1,
    ),
)
