"""fleet.html shows every target against every requirement, and opens fast however many there are."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.privacy.unseen import visible
from reports.formats import fleet
from reports.formats.audit import row_anchor
from reports.screenshots import Browser
from tests.pages import Page, axe, breaches, browsing, policy, source_of, violations
from tests.report_material import HOSTILE, few, guide, material, poisoned

NAMES = ("alpha/us-east-1", "beta/us-west-2", "gamma/eu-west-1")
LARGEST_BYTES = 15_000_000
LONGEST_SECONDS = 3.0


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made, _ = material(NAMES)
    merged = {"shards": [], "expected": 4, "missing": ["delta/us-east-1"], "unexpected": [], "notices": []}
    return {**made, "merged": merged}


@pytest.fixture(scope="module")
def markup(document: dict[str, Any]) -> str:
    return rendered(document, details={NAMES[0]: "targets/alpha.html"})


def rendered(document: dict[str, Any], details: dict[str, str] | None = None) -> str:
    return fleet.page(document, details or {})


def cells(markup: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(target, requirement) → (mark, place that the cell leads to)."""
    columns = re.findall(r'<th class="q" scope="col"><a href="#q\d+">([^<]+)</a></th>', markup)
    found = {}
    for row in re.findall(r"<tr data-v.*?</tr>", markup, re.DOTALL):
        name = re.search(r'<th class="name".*?>([^<]+)</a></th>', row)
        assert name is not None
        for requirement, cell in zip(columns, row.split("<td>")[1:], strict=True):
            link = re.match(r"<a class=\w href=#([\w-]+)>(.)</a>", cell)
            if link:
                found[name[1], requirement] = (link[2], link[1])
    return found


def test_each_cell_has_the_worst_status_of_the_requirement(document: dict[str, Any], markup: str) -> None:
    worst: dict[tuple[str, str], str] = {}
    for one in document["results"]:
        key = (one["target"], one["requirement"])
        worst[key] = min(worst.get(key, "not_applicable"), one["status"], key=list(fleet.MARKS).index)
    assert {key: mark for key, (mark, _) in cells(markup).items()} == {
        key: fleet.MARKS[status] for key, status in worst.items()
    }


def test_each_cell_leads_to_what_is_told_of_it(document: dict[str, Any], markup: str) -> None:
    page = Page(markup)
    places = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(places)) == len(places)
    texts = {
        place: Page(text).text
        for place, text in re.findall(r'<li id="(t[\w-]+)">(.*?)</li>', markup, re.DOTALL)
    }
    for (_, requirement), (_, place) in cells(markup).items():
        assert requirement in texts[place]
    link = {one["href"] for one in page.all("a") if one["href"].startswith("#")}
    assert {place[1:] for place in link} <= set(places)


def test_a_failure_is_told_with_what_was_observed(document: dict[str, Any], markup: str) -> None:
    text = Page(markup).text
    for one in document["results"]:
        if one["status"] == "non_compliant" and one["case"] is None:
            assert one["observed"] in text
    for cause in document["root_causes"]:
        assert cause["title"][:100] in text


def test_counts_are_those_of_the_results(document: dict[str, Any], markup: str) -> None:
    said = {one["data-total"]: int(one["data-count"]) for one in Page(markup).all("b") if "data-total" in one}
    assert said == document["counts"]


def test_worst_targets_come_first(document: dict[str, Any], markup: str) -> None:
    verdicts = [one["data-v"] for one in Page(markup).all("tr") if "data-v" in one]
    assert verdicts == sorted(verdicts, key=fleet.VERDICTS.index)
    assert len(verdicts) == len(NAMES)


def test_missing_targets_are_named(markup: str) -> None:
    text = Page(markup).text
    assert "delta/us-east-1" in text
    assert "3 of 4" in text


def test_a_failure_leads_to_its_evidence_in_the_target_s_own_page(
    document: dict[str, Any], markup: str
) -> None:
    links = {one["href"] for one in Page(markup).all("a") if not one["href"].startswith("#")}
    one = next(
        one for one in document["results"] if (one["target"], one["status"]) == (NAMES[0], "inconclusive")
    )
    assert "targets/alpha.html" in links
    assert f"targets/alpha.html#{row_anchor(one)}" in links
    assert all(link.startswith("targets/alpha.html") for link in links)


def test_a_requirement_that_was_not_selected_for_a_target_has_no_cell() -> None:
    results = [one for one in few(NAMES[:2]) if one["target"] == NAMES[0] or one["status"] != "compliant"]
    markup = rendered(material(NAMES[:2], results)[0])
    assert set(cells(markup)) == {(one["target"], one["requirement"]) for one in results}


@pytest.fixture(scope="module")
def hostile() -> str:
    made, _ = material(NAMES[:2], few(NAMES[:2]))
    made = poisoned(made)
    return rendered(
        made, details={target["id"]: f"javascript:alert(1)//{HOSTILE}" for target in made["targets"]}
    )


@pytest.mark.parametrize("which", ["markup", "hostile"])
def test_nothing_can_run_load_or_lead_elsewhere(which: str, request: pytest.FixtureRequest) -> None:
    page = Page(request.getfixturevalue(which))
    assert breaches(page) == []
    assert page.unbalanced == []
    directives = policy(page)
    (script,), (style,) = page.between("script"), page.between("style")
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == [source_of(script)]
    assert directives["style-src"] == [source_of(style)]


def test_hostile_text_is_shown_as_text(hostile: str) -> None:
    text = Page(hostile).text
    assert " ".join(visible(HOSTILE).split())[:40] in text
    assert not set("\x00\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041") & set(hostile)


# ---------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(autouse=True)
def plain_view(request: pytest.FixtureRequest) -> None:
    if "browser" in request.fixturenames:
        browser = request.getfixturevalue("browser")
        browser.open("about:blank")
        browser.emulate()
        browser.resize(1400, 1000)
        browser.log("browser")
        browser.log("performance")


def written(markup: str, folder: Path) -> str:
    (folder / "fleet.html").write_text(markup, encoding="utf-8", newline="\n")
    return (folder / "fleet.html").as_uri()


@pytest.mark.parametrize("view", [(1400, False), (1400, True), (420, False)], ids=["wide", "dark", "narrow"])
def test_axe_finds_nothing(
    browser: Browser, view: tuple[int, bool], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = axe(tmp_path_factory.mktemp("axe"))
    width, dark = view
    browser.emulate(dark=dark)
    browser.resize(width, 1000)
    browser.open(written(rendered(material(NAMES, few(NAMES))[0]), tmp_path))
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true;")
    assert violations(browser, source) == []


def test_hostile_text_runs_no_script_and_nothing_is_loaded(
    browser: Browser, hostile: str, tmp_path: Path
) -> None:
    browser.resize(420, 900)
    browser.open(written(hostile, tmp_path))
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true;")
    assert browser.run("return window.pwned ?? null;") is None
    assert browser.log("browser") == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth;")
    loaded = "return performance.getEntriesByType('resource').map(one => one.name);"
    assert browser.run(loaded) == []


def test_a_cell_opens_its_detail_without_scripts_too(browser: Browser, markup: str, tmp_path: Path) -> None:
    silent = re.sub(r"<script>.*?</script>", "", markup, flags=re.DOTALL)
    browser.open(written(silent, tmp_path))
    browser.run("document.querySelector('.matrix a.n').click();")
    browser.run("return new Promise(done => setTimeout(done, 200));")
    assert browser.run("return document.querySelector(location.hash).checkVisibility();")
    assert browser.run("return document.querySelector(location.hash).closest('details').open;")


def test_targets_are_filtered_and_the_filter_is_kept_in_the_address(
    browser: Browser, markup: str, tmp_path: Path
) -> None:
    shown = "return [...document.querySelectorAll('tr[data-v]')].filter(row => row.checkVisibility()).length;"
    browser.open(written(markup, tmp_path) + "#q=beta")
    assert browser.run(shown) == 1
    browser.run(
        "const find = document.getElementById('f-q'); find.value = 'a/';"
        "find.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    assert browser.run(shown) == 3
    assert browser.run("return location.hash;") == "#q=a%2F"


def fleet_of(targets: int) -> str:
    """The page of so many targets and of all requirements: three targets' results, given to each in turn."""
    made, _ = material(NAMES)
    names = [f"team-{number:03d}/us-east-1" for number in range(targets)]
    template = {name: [one for one in made["results"] if one["target"] == name] for name in NAMES}
    causes = {name: [one for one in made["root_causes"] if one["target"] == name] for name in NAMES}
    pairs = [(name, NAMES[number % len(NAMES)]) for number, name in enumerate(names)]
    return rendered(
        {
            **made,
            "targets": [{**made["targets"][NAMES.index(source)], "id": name} for name, source in pairs],
            "results": [{**one, "target": name} for name, source in pairs for one in template[source]],
            "root_causes": [{**one, "target": name} for name, source in pairs for one in causes[source]],
        },
        details={name: f"targets/{number}.html" for number, name in enumerate(names)},
    )


def test_five_hundred_targets_open_within_three_seconds(browser: Browser, tmp_path: Path) -> None:
    assert len(guide()["requirements"]) >= 127
    markup = fleet_of(500)
    assert len(markup.encode()) < LARGEST_BYTES
    assert len(cells(markup)) == 500 * len(guide()["requirements"])
    address = written(markup, tmp_path)
    taken = []
    # Other programs share the processors of a test machine: the best of three is what the page costs.
    for _ in range(3):
        browser.open("about:blank")
        started = time.monotonic()
        browser.open(address)
        browser.run("return new Promise(done => requestAnimationFrame(() => setTimeout(done)));")
        taken.append(time.monotonic() - started)
    assert min(taken) < LONGEST_SECONDS
