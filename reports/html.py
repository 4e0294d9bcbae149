"""report.html: pytest-html's view with the suite's columns. Everything that reaches the page is escaped here."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import escape

COLUMNS = ("Requirement", "Severity", "Status", "Expected / observed", "Remedy")


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
            cells[1:] = [f"<td>{escape(report.nodeid)}</td>", *["<td></td>"] * (len(COLUMNS) - 1)]
            return
        case = f" [{result['case']}]" if result["case"] else ""
        verdict = result["status"].replace("_", " ")
        if result["status"] == "non_compliant":
            seen = f"expected {escape(result['expected'])}<br>observed {escape(result['observed'])}"
        else:
            seen = str(escape(result["reason"] or ""))
        remedy = "<br>".join(f"<code>{escape(line)}</code>" for line in result["remedy"])
        cells[1:] = [
            f"<td>{escape(result['requirement'] + case)}<br>{escape(result['title'])}</td>",
            f"<td>{escape(result['severity'])}</td>",
            f"<td>{escape(verdict)}</td>",
            f"<td>{seen}</td>",
            f"<td>{remedy}</td>",
        ]
