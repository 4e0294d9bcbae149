"""fleet.html: many targets against all requirements, as a matrix in one file. What fails comes first, and leads to names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from fixtures.privacy.unseen import visible
from reports.causes import common
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
from reports.results import SEVERITIES, VERDICTS, counts

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
    by_target: dict[str, dict[str, list[Json]]] = {target["id"]: {} for target in document["targets"]}
    for result in book.worst_first(document["results"]):
        by_target[result["target"]].setdefault(result["requirement"], []).append(result)
    columns = _columns(book.in_order(result["requirement"] for result in document["results"]), by_target)
    judged = sorted(
        document["targets"],
        key=lambda target: (
            VERDICTS.index(target["verdict"]),
            -_failures(by_target[target["id"]]),
            target["id"],
        ),
    )
    causes = _grouped(document["root_causes"])
    rows = []
    for number, target in enumerate(judged):
        name = target["id"]
        rows.append(
            {
                **target,
                **_row(by_target[name], [column["id"] for column in columns], _path(details.get(name))),
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
    waived = [
        {
            **row,
            "href": f"{pages[row['target']]}#{row_anchor(row)}"
            if pages[row["target"]]
            else f"#{places[row['target']]}",
        }
        for row in document["results"]
        if row["waiver"]
    ]
    return assembled(
        "fleet",
        running=on_each_sheet(document),
        document=document,
        run=document["run"],
        title=guide()["title"],
        letters=LETTERS,
        verdicts=[(verdict, sum(target["verdict"] == verdict for target in judged)) for verdict in VERDICTS],
        whole=bar(document["counts"], len(document["results"])),
        groups=[
            (group, sum(column["group"] == group for column in columns))
            for group in dict.fromkeys(column["group"] for column in columns)
        ],
        columns=columns,
        rows=rows,
        links={row["id"]: row["link"] for row in rows},
        severities=SEVERITIES,
        scopes=sorted({row["scope"] for row in document["results"]}, reverse=True),
        common=[
            {**asdict(cause), "column": place_of.get(cause.requirement)}
            for cause in common(document["root_causes"])
        ],
        missing=merged.get("missing", ()),
        expected=merged.get("expected"),
        total=len(document["results"]),
        unread=_unread(document["results"]),
        # For what the pages have in common: which targets there are stands in the matrix.
        targets=(),
        one_target=False,
        key=None,
        command=command_line(document["run"]["command"]),
        merged=document["merged"],
        exceptions=exceptions(document, waived),
        limits=limits(document),
        results_sha256=results_hash(document),
    )


def _columns(
    requirements: Sequence[str], by_target: Mapping[str, Mapping[str, Sequence[Json]]]
) -> list[dict[str, Any]]:
    """The requirements in the order of what fails most, in groups by the worst status of each; else in the guide's."""
    tallies = {
        name: counts(own[name][0] for own in by_target.values() if name in own) for name in requirements
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
    return [
        {"id": name, "group": GROUPS.get(worst(name), "The others"), "counts": tallies[name]}
        for name in ranked
    ]


def _grouped(rows: Sequence[Json]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = {}
    for row in rows:
        groups.setdefault(row["target"], []).append(row)
    return groups


def _unread(results: Sequence[Json]) -> list[dict[str, Any]]:
    """Why results could not be read, the most frequent reason first, with what would allow it."""
    groups: dict[str, list[Json]] = {}
    for row in results:
        if row["status"] == "inconclusive":
            groups.setdefault(row["reason"], []).append(row)
    return [
        {
            "reason": reason,
            "results": len(rows),
            "targets": len({row["target"] for row in rows}),
            "requirements": sorted({row["requirement"] for row in rows}),
            "actions": sorted({action for row in rows for action in row["missing_actions"]}),
        }
        for reason, rows in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


def _failures(results: Mapping[str, Sequence[Json]]) -> int:
    return sum(result["status"] == "non_compliant" for own in results.values() for result in own)


def _path(page: str | None) -> str | None:
    """As a path, whatever it contains: a colon would make a scheme of what stands before it."""
    return None if page is None else quote(page, safe="/")


def _row(results: Mapping[str, Sequence[Json]], columns: Sequence[str], page: str | None) -> dict[str, Any]:
    """A target: the `cells` of its row, which lead to its `page` where more is told there than a mark says.

    The matrix of a thousand targets has a hundred thousand cells: each is one element, and two where it leads somewhere.
    """
    worst = {requirement: own[0]["status"] for requirement, own in results.items()}
    cells: list[str] = []
    for requirement in columns:
        status = worst.get(requirement)
        if status is None:
            cells.append("<td>")
        elif page and status in NAMED:
            place, word = f"{page}#{row_anchor(results[requirement][0])}", WORDS[status].lower()
            cells.append(f'<td><a class={LETTERS[status]} href={place} aria-label="{word}"></a>')
        else:
            cells.append(f"<td class={LETTERS[status]}>")
    return {
        "cells": Markup("".join(cells)),
        "worst": worst,
        "counts": counts(result for own in results.values() for result in own),
    }


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
