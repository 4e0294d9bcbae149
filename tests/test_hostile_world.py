"""A hostile world, run from end to end: nothing of it runs, and every format stays valid, readable and of one mind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.privacy.unseen import visible
from reports.screenshots import Browser
from reports.verify import problems
from tests import hostile_world
from tests.formats import (
    EVERY_FORMAT,
    HAS_OCSF,
    counts_agree,
    ocsf_valid,
    outside_code,
    sarif_valid,
    text_of,
    xunit_valid,
)
from tests.hostile_world import INVISIBLE
from tests.pages import Page, breaches, browsing
from tests.suite import Ran, run_suite
from tests.windows_rules import batch_problems, errors

PAGES = ("audit.html", "fleet.html", "report.html")
LONGEST_LINE = 2_500
UNFOLD = "for (const one of [...document.querySelectorAll('details')].slice(0, 60)) one.open = true;"
"""Not all of them: a browser takes a minute to break so many words of 100 kB."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("first")
    return run_suite(folder, *hostile_world.write(folder), *EVERY_FORMAT)


@pytest.fixture(scope="module")
def second(first: Ran, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The same with two workers, compared with a first run that was tampered with."""
    folder = tmp_path_factory.mktemp("second")
    (folder / "earlier.json").write_text(hostile_world.earlier(first.json()), encoding="utf-8")
    options = [*hostile_world.write(folder), *EVERY_FORMAT, "-n", "2"]
    return run_suite(folder, *options, "--compare", "earlier.json")


@pytest.fixture(params=["first", "second"])
def ran(request: pytest.FixtureRequest) -> Ran:
    found: Ran = request.getfixturevalue(request.param)
    return found


def test_the_world_reaches_every_status_and_says_what_is_hostile_in_each(first: Ran) -> None:
    assert first.code == 1, first.text
    results = first.json()["results"]
    assert all(first.json()["counts"].values())
    for status in ("non_compliant", "waived", "inconclusive"):
        assert any("window.pwned" in str(row) for row in results if row["status"] == status), status
    assert any(len(str(row["observed"])) > 100_000 for row in results), "the long text is kept whole"


def test_two_workers_find_the_same(first: Ran, second: Ran) -> None:
    assert second.json()["results"] == first.json()["results"]
    assert second.json()["root_causes"] == first.json()["root_causes"]


def test_the_terminal_stays_readable(ran: Ran) -> None:
    assert "Traceback" not in ran.text
    assert not re.search(INVISIBLE, ran.text)
    assert max(len(line) for line in ran.summary.splitlines()) < LONGEST_LINE


def test_every_artifact_is_whole_and_says_what_cannot_be_seen(ran: Ran) -> None:
    assert problems(ran.reports) == []
    for file in ran.reports.iterdir():
        assert not re.search(INVISIBLE, file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")), (
            file.name
        )
    assert "⟨U+202E⟩gnp.exe" in text_of(ran, "audit.html")


def test_every_format_is_valid_and_they_agree_in_every_count(ran: Ran) -> None:
    counts_agree(ran)
    xunit_valid(text_of(ran, "junit.xml"))
    if HAS_OCSF:
        assert ocsf_valid(text_of(ran, "results.ocsf.json"))
    sarif_valid(text_of(ran, "results.sarif"))


def test_the_summary_has_no_markup_but_its_own(ran: Ran) -> None:
    bare = re.sub(r"\\.", "", outside_code(text_of(ran, "summary.md")))
    assert not re.search(r"<\w|\]\(|https?:", bare)


def test_the_scripts_are_scripts_and_run_nothing_of_it(first: Ran, tmp_path: Path) -> None:
    script = first.reports / "fix_aws_authentication.sh"
    done = subprocess.run(
        ["sh", str(script)], cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, list(tmp_path.iterdir())) == (0, []), done.stderr
    assert done.stderr == ""
    assert errors(text_of(first, "fix_aws_authentication.ps1")) == []
    batch = (first.reports / "fix_aws_authentication.bat").read_bytes().decode()
    assert batch_problems(batch) == []


@pytest.mark.parametrize("name", ["audit.html", "fleet.html"])
def test_nothing_in_a_page_can_run_load_or_lead_elsewhere(second: Ran, name: str) -> None:
    assert breaches(Page(text_of(second, name))) == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_it_runs_in_a_browser(browser: Browser, ran: Ran, name: str) -> None:
    browser.open("about:blank")
    browser.log("performance")
    browser.resize(420, 1000)
    address = (ran.reports / name).as_uri()
    browser.open(address)
    browser.run(UNFOLD)
    browser.run(
        "const first = (what, most) => [...document.querySelectorAll(what)].slice(0, most);"
        "for (const one of [...first('a[href^=\"#\"], button', 40), ...first('td.col-result', 3)]) one.click();"
    )
    browser.run("return new Promise(done => setTimeout(done, 300));")
    assert browser.run("return window.pwned ?? null;") is None
    assert requests_beyond(browser, address) == set()
    if name == "report.html":
        browser.resize(1400, 1000)  # pytest-html's own page is not for narrower windows
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth;")


def requests_beyond(browser: Browser, address: str) -> set[str]:
    events: list[dict[str, Any]] = [
        json.loads(entry["message"])["message"] for entry in browser.log("performance")
    ]
    asked = {
        event["params"]["request"]["url"].partition("#")[0]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    return {url for url in asked if url not in {address, "about:blank"} and not url.startswith("data:")}


def test_the_hostile_texts_are_read_in_the_browser_as_they_are(browser: Browser, first: Ran) -> None:
    browser.open((first.reports / "audit.html").as_uri())
    browser.run(UNFOLD)
    shown = browser.run("return document.body.innerText;")
    assert visible("<svg onload=window.pwned=1></style></script></title></textarea><!-- javascript:") in shown
