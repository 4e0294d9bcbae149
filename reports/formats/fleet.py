"""fleet.html: many targets against all requirements, as a matrix in one file. Each cell leads to its detail below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from reports.formats import Format, guide
from reports.formats.audit import MOST_TARGETS, Guide, bar, row_anchor
from reports.page import WORST_FIRST, anchor, assembled
from reports.results import STATUSES, VERDICTS, counts

Json = Mapping[str, Any]

MARKS = {
    "non_compliant": "✕", "inconclusive": "?", "blocked": "–", "waived": "w", "compliant": "✓", "not_applicable": "∅",
}  # fmt: skip
"""What stands in a cell, so that colour is not all that tells."""

LETTERS = {status: "a" if status == "not_applicable" else status[0] for status in MARKS}
"""Names of statuses that are short enough to stand in every cell."""

TOLD = frozenset({"non_compliant", "inconclusive", "waived"})
"""Statuses that are told one by one for each target; the others are listed."""


def render(document: Json, evidence: Json) -> str:
    """The page for results.json's `document`."""
    targets = document["targets"]
    details = {target["id"]: "audit.html" for target in targets} if len(targets) <= MOST_TARGETS else {}
    return page(document, details)


def page(document: Json, details: Mapping[str, str]) -> str:
    """The page; `details` has the relative path of a target's own audit page, for those that have one."""
    book = Guide(guide())
    by_target: dict[str, dict[str, list[Json]]] = {target["id"]: {} for target in document["targets"]}
    for result in book.worst_first(document["results"]):
        by_target[result["target"]].setdefault(result["requirement"], []).append(result)
    columns = book.in_order(result["requirement"] for result in document["results"])
    targets = sorted(
        document["targets"],
        key=lambda target: (
            VERDICTS.index(target["verdict"]),
            -_failures(by_target[target["id"]]),
            target["id"],
        ),
    )
    causes: dict[str, list[Json]] = {}
    for cause in document["root_causes"]:
        causes.setdefault(cause["target"], []).append(cause)
    rows = []
    for number, target in enumerate(targets):
        name = target["id"]
        row = _row(f"t{number}", by_target[name], columns)
        rows.append(
            {
                **target,
                **row,
                "key": anchor("t", name),
                "causes": causes.get(name, ()),
                "page": _path(details.get(name)),
            }
        )
    merged = document.get("merged") or {}
    return assembled(
        "fleet",
        document=document,
        run=document["run"],
        title=guide()["title"],
        marks=MARKS,
        letters=LETTERS,
        verdicts=[(verdict, sum(target["verdict"] == verdict for target in targets)) for verdict in VERDICTS],
        whole=bar(document["counts"], len(document["results"])),
        sections=_sections(columns, document["results"]),
        columns=columns,
        rows=rows,
        requirements=[_requirement(name, [row["worst"].get(name) for row in rows], book) for name in columns],
        common=_common(document["root_causes"]),
        missing=merged.get("missing", ()),
        expected=merged.get("expected"),
        total=len(document["results"]),
    )


def _failures(results: Mapping[str, Sequence[Json]]) -> int:
    return sum(result["status"] == "non_compliant" for own in results.values() for result in own)


def _path(page: str | None) -> str | None:
    """As a path, whatever it contains: a colon would make a scheme of what stands before it."""
    return None if page is None else quote(page, safe="/")


def _row(name: str, results: Mapping[str, Sequence[Json]], columns: Sequence[str]) -> dict[str, Any]:
    """A target: its `cells`, (status, place) or None for what was not selected, and what is told of it below."""
    worst = {requirement: own[0]["status"] for requirement, own in results.items()}
    cells: list[tuple[str, str] | None] = []
    told: list[dict[str, Any]] = []
    for position, requirement in enumerate(columns):
        status = worst.get(requirement)
        if status is None:
            cells.append(None)
        elif status in TOLD:
            place = f"{name}-{position}"
            cells.append((status, place))
            for each in (each for each in WORST_FIRST if each in TOLD):
                cases = [result for result in results[requirement] if result["status"] == each]
                if cases:
                    told.append(
                        {
                            "place": place if each == status else "",
                            "first": cases[0],
                            "cases": cases,
                            "row": row_anchor(cases[0]),
                        }
                    )
        else:
            cells.append((status, f"{name}{LETTERS[status]}"))
    told.sort(key=lambda entry: WORST_FIRST.index(entry["first"]["status"]))
    blocked: dict[str, list[str]] = {}
    for requirement in columns:
        if worst.get(requirement) == "blocked":
            blocked.setdefault(results[requirement][0]["blocked_by"], []).append(requirement)
    return {
        "place": name,
        "cells": cells,
        "worst": worst,
        "counts": counts(result for own in results.values() for result in own),
        "told": told,
        "blocked": blocked,
        "listed": {
            status: [requirement for requirement in columns if worst.get(requirement) == status]
            for status in ("compliant", "not_applicable")
        },
    }


def _sections(columns: Sequence[str], results: Sequence[Json]) -> list[tuple[str, int]]:
    """The sections above the columns: name and number of columns, in the columns' order."""
    section_of = {result["requirement"]: result["section"] for result in results}
    runs: list[tuple[str, int]] = []
    for requirement in columns:
        name = section_of[requirement]
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    return runs


def _requirement(name: str, worst: Sequence[str | None], guide: Guide) -> dict[str, Any]:
    tally = {status: sum(each == status for each in worst) for status in STATUSES}
    known = guide.requirements.get(name)
    return {
        "id": name,
        "statement": known["statement"] if known else "",
        "severity": known["severity"] if known else "",
        "counts": tally,
        "bar": bar(tally, len(worst)),
    }


def _common(root_causes: Sequence[Json]) -> list[dict[str, Any]]:
    """The root causes that most targets have, the most frequent first."""
    found: dict[tuple[str, str | None], list[Json]] = {}
    for cause in root_causes:
        found.setdefault((cause["requirement"], cause["cause"]), []).append(cause)
    ranked = sorted(
        found.items(), key=lambda entry: (-len({cause["target"] for cause in entry[1]}), entry[0][0])
    )
    return [
        {
            "requirement": requirement,
            "cause": code,
            "title": own[0]["title"],
            "targets": len({cause["target"] for cause in own}),
            "blocks": sum(cause["blocks"] for cause in own),
        }
        for (requirement, code), own in ranked[:10]
    ]


class Statements(HTMLParser):
    """What a page of `render` says, read back: `cells` maps target and requirement to the mark of its cell; `counts`."""

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
        if tag in {"td", "th", "a"}:
            self._text = ""
        if tag == "th":
            self._heads = said.get("class") == "q"

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target and self._column >= 0:
            self.cells[self._target, self._columns[self._column]] = self._text
        elif tag == "tr":
            self._target = ""
        elif tag == "th" and self._heads:
            self._columns.append(self._text)


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its counts, and the mark in each of its cells."""
    said = Statements(text)
    if said.counts != document["counts"]:
        yield "its counts are not those of results.json"
    worst: dict[tuple[str, str], str] = {}
    for row in document["results"]:
        key = anchor("t", row["target"]), row["requirement"]
        worst[key] = min(worst.get(key, WORST_FIRST[-1]), row["status"], key=WORST_FIRST.index)
    if said.cells != {key: MARKS[status] for key, status in worst.items()}:
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
