"""What the terminal shows last: the screen of the run, and what became of waivers, earlier findings and reports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load
from fixtures.privacy.unseen import visible
from reports.compare import tally
from reports.page import counted, status_words, whole_page
from reports.screen import Row, line, screen

WARNINGS = 3


def summarise(
    reporter: pytest.TerminalReporter,
    document: Mapping[str, Any],
    directory: Path,
    problem: str | None,
    mend: str = "",
    passed_over: str = "",
) -> None:
    """Writes the summary of results.json's `document`, one screen of it.

    `problem` is why no reports were written, which is said after all else, `mend` how to run the fix script, where there is
    something that it can do, and `passed_over` which profile somebody may think was judged.
    """
    reporter.section("bedrock preflight", bold=True)
    piped = not reporter.isatty
    width = shutil.get_terminal_size().columns
    tail = [*_tail(document, directory, problem, mend, passed_over)]
    for row in screen(document, tail, piped=piped):
        for text in [row.text] if piped else row.lines(width):
            reporter.write_line(text, **row.style)


def _tail(
    document: Mapping[str, Any], directory: Path, problem: str | None, mend: str, passed_over: str
) -> Iterator[Row]:
    if passed_over:
        yield Row(line(passed_over), {"yellow": True})
    if mend and not problem:
        yield Row(f"mend  {visible(mend)}", {"bold": True}, command=True)
    counts = document["counts"]
    ended = status_words(counts)
    total, calls = counted(sum(counts.values()), "check"), counted(document["run"]["api_calls"], "AWS call")
    calls += " in the recorded run" if document["run"].get("backend") == "replay" else ""
    unasked = ": none of these checks asks AWS" if _all_local(document) else ""
    yield Row(f"{total}{f': {ended}' if ended else ''}; {calls}{unasked}")
    yield from _waivers(document)
    yield from _comparison(document)
    if not problem:
        page = whole_page(document)
        rest = [*(["target-*.html"] if page == "fleet.html" else []), "report.html", "results.json"]
        yield Row(f"reports: {directory / page}; {', '.join(rest)}, junit.xml, evidence.json beside it")


def _all_local(document: Mapping[str, Any]) -> bool:
    """Whether nothing was selected that asks AWS, as with `-m local`: then what it would have said is not known."""
    local = (load().requirement(row["requirement"]).read == "local" for row in document["results"])
    return any(document["counts"].values()) and all(local)


def _waivers(document: Mapping[str, Any]) -> Iterator[Row]:
    register = document["waivers"]
    if not register:
        return
    used = sum(waiver["state"] == "used" for waiver in register)
    yield Row(f"waivers: {used} of {len(register)} in use")
    warned = [waiver for waiver in register if waiver["warning"]]
    for waiver in warned[:WARNINGS]:
        yield Row(line(f"  {waiver['id']} ({waiver['requirement']}) {waiver['warning']}"), {"yellow": True})
    if len(warned) > WARNINGS:
        yield Row(
            f"  and {counted(len(warned) - WARNINGS, 'warning')} more, in {whole_page(document)}",
            {"yellow": True},
        )


def _comparison(document: Mapping[str, Any]) -> Iterator[Row]:
    comparison = document["comparison"]
    if comparison is None:
        return
    yield Row(line(f"since {comparison['against']['finished']}: {tally(comparison)}"))
    if len(comparison["trend"]) > 2:
        trend = ", ".join(str(point["open"]) for point in comparison["trend"][-12:])
        yield Row(f"  open findings, run by run: {trend}")
    for notice in comparison["notices"][:WARNINGS]:
        yield Row(line(f"  {notice}"), {"yellow": True})
