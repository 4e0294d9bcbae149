"""report.html: pytest-html's view with the suite's columns. Everything that reaches the page is escaped here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import pytest
from markupsafe import escape

from fixtures.privacy.redaction import redact
from fixtures.privacy.unseen import visible
from reports.causes import JoinedCause, joined, why_graver
from reports.conditions import headline
from reports.formats import Document, Format
from reports.formats.summary import counts_line
from reports.page import TEMPLATES, WORDS, counted, cut, unbroken, whole_page
from reports.results import by_target

COLUMNS = ("Requirement", "Severity", "Status", "Expected / observed", "Remedy")
LONGEST = 20_000
STYLES = (str(TEMPLATES / "page.css"), str(TEMPLATES / "report.css"))
MOST_CAUSES = 20
MOST_NAMED = 8
"""Targets that a root cause names here."""
OUTCOMES = {
    "compliant": "Passed",
    "non_compliant": "Failed",
    "waived": "XFailed",
    "blocked": "Skipped",
    "not_applicable": "Skipped",
    "inconclusive": "Error",
}
"""pytest-html's word for a status."""
ORDER = ("Failed", "Error", "Rerun", "XFailed", "XPassed", "Skipped", "Passed")
RANK = "rank"
"""What a row has its place in ORDER under: pytest-html's script sorts by whatever a row has."""


class Columns:
    """Hooks of pytest-html."""

    def __init__(self, simulated: bool) -> None:
        self._simulated = simulated

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "Bedrock preflight" + (" (SIMULATED)" if self._simulated else "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[1:] = [f"<th>{name}</th>" for name in COLUMNS]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        result = getattr(report, "compliance", None)
        if result is None:
            # Reports of set-up and collection carry no result; their node ID is no markup either.
            cells[1:] = [f"<td>{_text(report.nodeid)}</td>", *["<td></td>"] * (len(COLUMNS) - 1)]
            return
        names = (result["requirement"], result["cause"], result["case"] and f"[{result['case']}]")
        verdict = WORDS[result["status"]].lower()
        if result["expected"] is not None:
            seen = f"expected {_cell(result['expected'])}<br>observed {_cell(result['observed'])}"
        else:
            blocked = f"blocked by {result['blocked_by']}: " if result["blocked_by"] else ""
            seen = _cell(blocked + (result["reason"] or ""))
        if result["missing_actions"]:
            seen += f"<br>needs {_cell(', '.join(result['missing_actions']))}"
        if result["waiver"]:
            waiver = result["waiver"]
            verdict += f" until {waiver['expires']}: {waiver['id']}, {waiver['approved_by']}"
        remedy = "<br>".join(f"<code>{_cell(line)}</code>" for line in result["remedy"])
        cells[1:] = [
            f"<td>{_cell(' '.join(filter(None, names)))}<br>{_cell(result['title'])}<br>{_cell(result['target'])}</td>",
            f"<td>{_cell(result['severity'])}</td>",
            f"<td>{_cell(verdict)}</td>",
            f"<td>{seen}</td>",
            f"<td>{remedy}</td>",
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Leaves out which of pytest-xdist's workers it was, where its Python is, and of a result what its row says already:
        then the check stands there, as pytest takes it."""
        result = getattr(report, "compliance", None)
        said = result is not None and (
            isinstance(report.longrepr, tuple) or report.longreprtext.startswith(result["requirement"])
        )
        kept = [_WORKER.sub("", text) for text in (data[1:] if said else data)]
        kept = [text for text in kept if text.strip() and text != _NO_LOG]
        data[:] = [*([_text(report.nodeid)] if result is not None else []), *kept] or [_NO_LOG]


def reports_of_lost(nodeid: str, result: Mapping[str, Any] | None) -> list[Any]:
    """What pytest-html has to be told of a check that pytest did not see end; `result` is None where it was judged."""
    ended: Any = pytest.TestReport(nodeid, (nodeid, None, nodeid), {}, "passed", None, "teardown")
    if result is None:
        return [ended]
    failed: Any = pytest.TestReport(nodeid, (nodeid, None, nodeid), {}, "failed", result["reason"], "setup")
    failed.compliance = result
    return [failed, ended]


_NO_LOG = "No log output captured."
_WORKER = re.compile(r"^\[gw\d+\] \S+ -- Python .*\n", re.MULTILINE)
_STYLE_FROM = re.compile(r"^ \* \S.*[\\/]((?:page|report)\.css)$", re.MULTILINE)
"""Where pytest-html says that it has a style from."""
_DATA = re.compile(r'data-jsonblob="([^"]*)"')


def settled(
    page: str, rows: Iterable[tuple[str, Any]], fixed: datetime | None, document: Document
) -> Iterator[str]:
    """The page as the suite publishes it, in pieces, with the `rows` of node IDs before those that it has itself.

    It says what results.json's `document` says, leads to the report that has everything, and has what pytest-html leaves
    out for who hears it or has no scripts. Where there is a fixed instant, it says that it was made then.
    """
    page = _STYLE_FROM.sub(r" * \1", page)
    data = _data(page)
    own, data["tests"] = data["tests"], {}
    # pytest-html has errors above failures; where nobody chose another order, what has to be mended comes first.
    if data.get("initialSort") == "result":
        data["initialSort"] = RANK
    data["environment"] = {name: _flat(value) for name, value in data.get("environment", {}).items()}
    page = _DATA.sub(lambda _: f'data-jsonblob="{_HERE}"', page, count=1)
    for pattern, text in (
        (r"<html>", '<html lang="en">'),
        (r"<body>", "<body><main>"),
        (r"<footer>", "</main><footer>"),
        (r'<table id="results-table">', f'{_SCROLLED}<table id="results-table">'),
        (r"(?<=</thead>\n    </table>)", "</div>"),
        (r'(?s)<p class="run-count">.*?</p>', _said(document)),
    ):
        page = re.sub(pattern, lambda _, text=text: text, page, count=1)  # type: ignore[misc]
    page = re.sub(r'<input (?=[^>]*data-test-result="([\w-]+)")', r'<input aria-label="Show \1" ', page)
    if fixed is not None:
        page = re.sub(
            r"(Report generated on )\S+ at \S+( by)",
            rf"\g<1>{fixed:%d-%b-%Y} at {fixed:%H:%M:%S}\g<2>",
            page,
            count=1,
        )
    start, _, end = page.partition(_HERE)
    opening, tests, closing = json.dumps(data).partition('"tests": {')
    yield f"{start}{escape(opening + tests)}"
    before = ""
    for nodeid, told in chain(rows, sorted(own.items())):
        ranked = [
            {**row, RANK: ORDER.index(row["result"]) if row["result"] in ORDER else len(ORDER)}
            for row in told
        ]
        yield str(escape(f"{before}{json.dumps(nodeid)}: {json.dumps(ranked)}"))
        before = ", "
    yield f"{escape(closing)}{end}"


_HERE = "\0"
"""Stands for the data: no page has it."""
_SCROLLED = '<div class="scroll" role="region" aria-label="Results" tabindex="0">'


def _flat(value: Any) -> Any:
    """What pytest-html would show as lists within lists, as one text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _said(document: Document) -> str:
    """The verdict, the counts and the root causes of the document, and where everything is."""
    whole = whole_page(document)
    found = joined(document["root_causes"])
    several = len(document["targets"]) > 1
    causes = [_cause(each, several, document["results"]) for each in found[:MOST_CAUSES]]
    more = len(found) - len(causes)
    simulated = " <b>SIMULATED</b>" if document["run"]["simulated"] else ""
    return (
        f'<p class="verdict"><b>{_text(headline(document))}</b>{simulated}</p>'
        f'<p class="run-count">{counts_line(document)}</p>'
        f'<p><a href="{whole}">{whole}</a> has all of it, with evidence, and needs no scripts.</p>'
        + (f"<h2>Root causes</h2><ol>{''.join(causes)}</ol>" if causes else "")
        + (f"<p>And {counted(more, 'more root cause')}.</p>" if more else "")
        + "<noscript><p>The table of checks is drawn by a script, which does not run here.</p></noscript>"
    )


def _cause(found: JoinedCause, several: bool, results: Sequence[Mapping[str, Any]]) -> str:
    """A root cause with its targets, where the run has `several`."""
    cause = found.as_one()
    code = "".join(f" <code>{_text(each)}</code>" for each in (cause["requirement"], cause["case"]) if each)
    targets = found.targets[:MOST_NAMED]
    rest = f" and {len(found.targets) - len(targets)} more" if found.targets[MOST_NAMED:] else ""
    where = f": {_text(', '.join(targets))}{rest}" if several else ""
    why = why_graver(cause, by_target(results).get(cause["target"], ()))
    return f"<li>{_text(cause['title'])}{code} {_text(cause['severity'])}{f' ({_cell(why)})' if why else ''}{where}</li>"


def outcomes(page: str) -> dict[str, list[str]]:
    """Read back what report.html says: pytest-html's outcomes of each node ID, one a row. ValueError if it is none."""
    return {nodeid: [row["result"] for row in rows] for nodeid, rows in _data(page)["tests"].items()}


def _data(page: str) -> Any:
    found = _DATA.search(page)
    if found is None:
        raise ValueError("no data of pytest-html in it")
    return json.loads(html.unescape(found[1]))


def harmless(metadata: Any) -> Any:
    """pytest-metadata's table without secrets and markup: it has CI variables as they are, GitLab's token among them."""
    if isinstance(metadata, Mapping):
        return {_text(name): harmless(inner) for name, inner in metadata.items()}
    if isinstance(metadata, list | tuple):
        return [harmless(inner) for inner in metadata]
    return _text(redact(str(metadata)))


def _text(text: str) -> str:
    # pytest-html escapes neither cells nor node IDs, and nothing of what pytest-metadata tells.
    return str(escape(visible(cut(text, LONGEST))))


def _cell(text: str) -> str:
    return str(unbroken(cut(text, LONGEST)))


def read_back(text: str, document: Document, evidence: Document) -> Iterator[str]:
    """Its counts, and its rows: pytest's outcome of each check."""
    if f">{counts_line(document)}<" not in text:
        yield "its counts are not those of results.json"
    if outcomes(text) != {row["check"]: [OUTCOMES[row["status"]]] for row in document["results"]}:
        yield "its rows are not the results of results.json"


FORMATS = (Format("report.html", "pytest-html's view, self-contained", read_back),)
