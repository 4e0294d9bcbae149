"""report.html is pytest-html's, and says what the other reports say, to everybody, as far as its hooks go."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from reports.conditions import headline
from reports.formats.summary import counts_line
from reports.screenshots import Browser
from tests.formats import text_of
from tests.pages import Page, broken_ids, faults
from tests.suite import ROOT, Ran, run_suite


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("report")
    return run_suite(folder, "--world", "ent-lpr-04-managed-full-access", "-k", "LPR-04 or PRF-01 or SUP")


def test_it_says_the_verdict_the_counts_and_the_causes_without_scripts_and_leads_to_the_whole(
    ran: Ran,
) -> None:
    page = Page(re.sub(r"<script>.*?</script>", "", text_of(ran, "report.html"), flags=re.DOTALL))
    assert headline(ran.json()) in page.text
    assert "SIMULATED" in page.text
    assert counts_line(ran.json()) in page.text
    assert [cause["title"] in page.text for cause in ran.json()["root_causes"]] == [True]
    (link,) = [one["href"] for one in page.all("a") if not one["href"].startswith("https://")]
    assert (ran.reports / link).is_file()
    assert "tests took" not in page.text


def test_axe_finds_nothing_and_leaves_nothing_open(browser: Browser, axe_source: str, ran: Ran) -> None:
    assert faults(browser, axe_source, (ran.reports / "report.html").as_uri()) == []


BEYOND = """
const end = document.querySelector('.scroll').getBoundingClientRect().right + 1;
return [...document.querySelectorAll('#results-table *')].filter(
  each => each.offsetParent && each.getBoundingClientRect().right > end
).map(each => each.tagName + ' ' + each.textContent.slice(0, 60));
"""
"""What the table has where one must scroll to see it."""


def test_the_table_scrolls_where_the_window_is_narrow_and_the_page_does_not(
    browser: Browser, ran: Ran
) -> None:
    browser.resize(800, 900)
    browser.open((ran.reports / "report.html").as_uri())
    assert browser.run("return document.documentElement.scrollWidth;") <= 800
    assert browser.run("return document.querySelector('.scroll').tabIndex;") == 0
    assert browser.run(BEYOND)


def test_on_a_phone_the_cells_stand_below_each_other_and_nothing_scrolls(browser: Browser, ran: Ran) -> None:
    browser.resize(390, 900)
    browser.open((ran.reports / "report.html").as_uri())
    assert browser.run("return document.documentElement.scrollWidth;") <= 390
    assert browser.run(BEYOND) == []
    assert broken_ids(browser) == []
    shown = "return [...document.querySelectorAll('.extras-row')].filter(each => each.offsetParent).length;"
    browser.run("document.getElementById('hide_all_details').click();")
    assert browser.run(shown) == 0
    browser.run("document.getElementById('show_all_details').click();")
    assert browser.run(shown) > 0


def test_what_a_result_says_stands_there_once_and_what_else_is_known_beside_its_check(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "guide-as-written", "-k", "ENV-05 or PRF-05 or REG-03")
    data = json.loads(html.unescape(re.findall(r'data-jsonblob="([^"]*)"', text_of(ran, "report.html"))[0]))
    rows = {result["check"]: result for result in ran.json()["results"]}
    assert {row["status"] for row in rows.values()} >= {"non_compliant", "inconclusive", "compliant"}
    for nodeid, ((told,),) in ((nodeid, [each]) for nodeid, each in data["tests"].items()):
        row, cells = rows[nodeid], html.unescape("".join(told["resultsTableRow"]))
        cells = re.sub(r"</?span[^>]*>", "", cells)
        assert html.unescape(told["log"]) == nodeid
        for said in (row["expected"], row["reason"], row["cause"], *row["remedy"], *row["missing_actions"]):
            assert said is None or said in cells
        assert row["status"] != "non_compliant" or "<td>not compliant</td>" in cells


def test_it_does_not_say_where_the_suite_is(ran: Ran) -> None:
    page = (ran.reports / "report.html").read_text(encoding="utf-8")
    assert str(ROOT) not in page and "Skipped: " not in page


def test_a_run_names_its_reports_once_and_a_page_that_was_asked_for_besides(tmp_path: Path) -> None:
    asked = run_suite(tmp_path, "-k", "PRF_02", "--html", "own.html", "--self-contained-html")
    ran = run_suite(tmp_path, "-k", "PRF_02")
    assert (ran.text.count("report.html"), asked.text.count("own.html")) == (1, 1)
    assert (ran.reports / "report.html").is_file()
    assert (tmp_path / "own.html").is_file()


def test_failures_stand_above_what_could_not_be_evaluated(browser: Browser, tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "tok02-expired-token", "-x", "-k", "SSO")
    browser.open((ran.reports / "report.html").as_uri())
    shown = browser.run(
        "return [...document.querySelectorAll('td.col-result')].map(each => each.textContent);"
    )
    assert {"Failed", "Error", "Passed"} <= {*shown}
    assert shown == sorted(shown, key=["Failed", "Error", "Skipped", "Passed"].index)
