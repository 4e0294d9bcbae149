"""What the terminal shows last: verdicts, root causes with what mends them, what was not evaluated, where the reports are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fixtures.privacy.unseen import visible
from reports.conditions import share
from reports.page import counted, cut
from reports.results import reach

LINE = 500
COMMAND = 2_000
CELL = 110
ROOT_CAUSES_SHOWN = 5
WORDS = {
    "compliant": "compliant",
    "non_compliant": "NOT COMPLIANT",
    "incomplete": "INCOMPLETE: not everything could be evaluated",
}
COLOURS = {"compliant": {"green": True}, "non_compliant": {"red": True}, "incomplete": {"yellow": True}}


def summarise(
    reporter: pytest.TerminalReporter,
    document: Mapping[str, Any],
    directory: Path,
    problem: str | None,
    mend: str = "",
) -> None:
    """Writes the summary of results.json's `document`; at most one screen of root causes for each target.

    `mend` is how to run the fix script, where there is something that it can do.
    """
    run = document["run"]
    reporter.section("bedrock preflight", bold=True)
    if run["simulated"]:
        reporter.write_line(
            _line(f"SIMULATED: world {run['world']!r}, no real machine or account was judged"), yellow=True
        )
    if run.get("shard"):
        reporter.write_line(share(run["shard"], len(document["targets"])))
    for target in document["targets"]:
        _target(reporter, document, target)
    if mend and not problem:
        reporter.write_line("")
        reporter.write_line(f"mend  {visible(mend)}", bold=True)
    tally = ", ".join(
        f"{count} {status.replace('_', ' ')}" for status, count in document["counts"].items() if count
    )
    reporter.write_line("")
    total = counted(sum(document["counts"].values()), "check")
    reporter.write_line(f"{total}{f': {tally}' if tally else ''}; {counted(run['api_calls'], 'AWS call')}")
    _waivers(reporter, document["waivers"])
    _comparison(reporter, document["comparison"])
    if problem:
        reporter.write_line(_line(problem), red=True, bold=True)
    else:
        reporter.write_line(
            f"reports: {directory / 'audit.html'}; report.html, results.json, junit.xml, evidence.json beside it"
        )


def _line(text: str) -> str:
    """Foreign text as one line in which nothing moves the cursor, changes colours or turns the writing direction."""
    return cut(visible(text), LINE)


def _waivers(reporter: pytest.TerminalReporter, waivers: Iterable[Mapping[str, Any]]) -> None:
    register = list(waivers)
    if not register:
        return
    used = sum(waiver["state"] == "used" for waiver in register)
    reporter.write_line(f"waivers: {used} of {len(register)} in use")
    for waiver in register:
        if waiver["warning"]:
            reporter.write_line(
                _line(f"  {waiver['id']} ({waiver['requirement']}) {waiver['warning']}"), yellow=True
            )


def _comparison(reporter: pytest.TerminalReporter, comparison: Mapping[str, Any] | None) -> None:
    if comparison is None:
        return
    tally = ", ".join(f"{count} {kind}" for kind, count in comparison["counts"].items() if count)
    reporter.write_line(f"since {comparison['against']['finished']}: {tally or 'nothing to compare'}")
    if len(comparison["trend"]) > 2:
        trend = ", ".join(str(point["open"]) for point in comparison["trend"][-12:])
        reporter.write_line(f"  open findings, run by run: {trend}")
    for notice in comparison["notices"]:
        reporter.write_line(_line(f"  {notice}"), yellow=True)


def _target(
    reporter: pytest.TerminalReporter, document: Mapping[str, Any], target: Mapping[str, Any]
) -> None:
    who = f" as {target['principal']}" if target["principal"] else ""
    reporter.write_line("")
    reporter.write(f"{_line(target['id'] + who)}: ", bold=True)
    reporter.write_line(WORDS[target["verdict"]], bold=True, **COLOURS[target["verdict"]])
    for scope, verdict in target["scopes"].items():
        reporter.write_line(f"  {scope}: {WORDS[verdict]}", **COLOURS[verdict])
    causes = [cause for cause in document["root_causes"] if cause["target"] == target["id"]]
    for number, cause in enumerate(causes[:ROOT_CAUSES_SHOWN], 1):
        _root_cause(reporter, number, cause)
    if len(causes) > ROOT_CAUSES_SHOWN:
        rest = ", ".join(dict.fromkeys(cause["requirement"] for cause in causes[ROOT_CAUSES_SHOWN:]))
        reporter.write_line(f"  and {len(causes) - ROOT_CAUSES_SHOWN} more, in the report: {rest}")
    _callers(reporter, target.get("callers", []))
    _not_evaluated(reporter, [r for r in document["results"] if r["target"] == target["id"]])


def _root_cause(reporter: pytest.TerminalReporter, number: int, cause: Mapping[str, Any]) -> None:
    code = f"{cause['requirement']}{' ' + cause['cause'] if cause['cause'] else ''}"
    case = f" [{cause['case']}]" if cause["case"] else ""
    behind = f" ({reach(cause)})" if reach(cause) else ""
    reporter.write_line("")
    reporter.write(f"  {number}. {_line(cause['title'])}", red=True, bold=True)
    reporter.write_line(f"  {code}{case}{behind}")
    reporter.write_line(f"     seen   {_line(cause['observed'])}")
    for position, line in enumerate(cause["remedy"]):
        # A command is for pasting: whole, or not at all.
        shown = visible(line) if len(line) <= COMMAND else "# a line too long for here is in the report"
        reporter.write_line(f"     {'mend' if position == 0 else '    '}   {shown}")


def _callers(reporter: pytest.TerminalReporter, rows: Sequence[Mapping[str, str]]) -> None:
    """Where the ways to call AWS differ: what each gets."""
    if not rows:
        return
    columns = ("who", "provider", "region", "identity")
    head = {"who": "the caller is", "provider": "from", "region": "in", "identity": "as"}
    table = [{column: cut(visible(row[column]), CELL) for column in columns} for row in (head, *rows)]
    widths = {column: max(len(row[column]) for row in table) for column in columns}
    reporter.write_line("")
    for number, row in enumerate(table):
        cells = (f"{row[column]:<{widths[column]}}" for column in columns)
        reporter.write_line(f"  {'  '.join(cells).rstrip()}", bold=number == 0)


def _not_evaluated(reporter: pytest.TerminalReporter, results: Iterable[Mapping[str, Any]]) -> None:
    unread = [result for result in results if result["status"] == "inconclusive"]
    reasons: dict[str, list[str]] = {}
    for result in unread:
        reasons.setdefault(result["reason"], []).append(result["requirement"])
    if reasons:
        reporter.write_line("")
        reporter.write_line(f"  not evaluated: {len(unread)}", yellow=True)
    for reason, requirements in reasons.items():
        named = ", ".join(dict.fromkeys(requirements))
        reporter.write_line(f"     {_line(f'{named}: {reason}')}")
    actions = sorted({action for result in unread for action in result["missing_actions"]})
    if actions:
        reporter.write_line(f"     would be, with: {', '.join(actions)}")
