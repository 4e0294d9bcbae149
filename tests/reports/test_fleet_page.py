"""fleet.html shows every target against every requirement, and opens fast however many there are."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from fixtures.privacy.unseen import visible
from reports.artifacts import json_text
from reports.formats import fleet, targets
from reports.formats.audit import row_anchor
from reports.page import WORST_FIRST, cut
from reports.screenshots import Browser
from tests.pages import UNFOLD, Page, breaches, faults, policy, source_of
from tests.report_material import HOSTILE, few, fleet_of, guide, material, poisoned, result

NAMES = ("alpha/us-east-1", "beta/us-west-2", "gamma/eu-west-1")
LARGEST_BYTES = 15_000_000


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


@pytest.mark.parametrize(
    ("selected", "said"),
    [({"requirements": 3, "of": 136}, "PARTIAL</strong> 3 of 136 requirements"), (None, None)],
)
def test_a_part_of_the_requirements_is_no_whole(
    document: dict[str, Any], selected: dict[str, int] | None, said: str | None
) -> None:
    markup = rendered({**document, "run": {**document["run"], "selected": selected}})
    assert ("PARTIAL" in markup) is (said is not None)
    assert said is None or said in markup


def columns_of(markup: str) -> list[str]:
    return re.findall(r'<th class="q" scope="col" [^>]*><a href="#q\d+">([^<]+)</a></th>', markup)


def cells(markup: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(target, requirement) → (letter of the status, place that the cell leads to, where it leads somewhere)."""
    columns = columns_of(markup)
    found = {}
    for row in re.findall(r"<tr data-v.*?</tr>", markup, re.DOTALL):
        name = re.search(r'<th class="name".*?>([^<]+)</a></th>', row)
        assert name is not None
        for requirement, cell in zip(columns, re.split(r"<td(?: class=(?=\w))?>?", row)[1:], strict=True):
            if link := re.match(r"<a class=(\w) href=([\w./%#-]+) aria-label=\"[a-z ]+\"></a>", cell):
                found[name[1], requirement] = (link[1], link[2])
            elif plain := re.match(r"(\w)>", cell):
                found[name[1], requirement] = (plain[1], "")
    return found


def test_each_cell_has_the_worst_status_of_the_requirement(document: dict[str, Any], markup: str) -> None:
    worst: dict[tuple[str, str], str] = {}
    for one in document["results"]:
        key = (one["target"], one["requirement"])
        worst[key] = min(worst.get(key, "not_applicable"), one["status"], key=WORST_FIRST.index)
    assert {key: mark for key, (mark, _) in cells(markup).items()} == {
        key: fleet.LETTERS[status] for key, status in worst.items()
    }


def test_each_cell_leads_to_its_result_in_the_page_of_its_target(document: dict[str, Any]) -> None:
    details = {name: f"target-{number}.html" for number, name in enumerate(NAMES)}
    worst = {(one["target"], one["requirement"], one["status"]): [] for one in document["results"]}
    for one in document["results"]:
        worst[one["target"], one["requirement"], one["status"]].append(row_anchor(one))
    words = {letter: status for status, letter in fleet.LETTERS.items()}
    for (target, requirement), (letter, place) in cells(rendered(document, details)).items():
        assert bool(place) == (letter in "xiw")
        page, _, anchor = place.partition("#")
        assert not place or page == details[target]
        assert not place or anchor in worst[target, requirement, words[letter]]


def test_places_are_there_once_and_every_link_in_the_page_leads_to_one(markup: str) -> None:
    page = Page(markup)
    places = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(places)) == len(places)
    link = {one["href"] for one in page.all("a") if one["href"].startswith("#")}
    assert {place[1:] for place in link} <= set(places)


def test_a_root_cause_is_told_with_what_was_observed(document: dict[str, Any], markup: str) -> None:
    told = dict(
        re.findall(r'<details class="one" id="t\d+".*?<b>([^<]+)</b>(.*?)</details>', markup, re.DOTALL)
    )
    for name in NAMES:
        text, causes = Page(told[name]).text, [c for c in document["root_causes"] if c["target"] == name]
        for cause in causes[:3]:
            assert cut(cause["title"], 100) in text
            assert cut(cause["observed"], 100) in text
        assert (f"and {len(causes) - 3} more root cause" in text) == (len(causes) > 3)


def test_counts_are_those_of_the_results(document: dict[str, Any], markup: str) -> None:
    said = {one["data-total"]: int(one["data-count"]) for one in Page(markup).all("b") if "data-total" in one}
    assert said == document["counts"]


def test_worst_targets_come_first(document: dict[str, Any], markup: str) -> None:
    verdicts = [one["data-v"] for one in Page(markup).all("tr") if "data-v" in one]
    assert verdicts == sorted(verdicts, key=fleet.VERDICTS.index)
    assert len(verdicts) == len(NAMES)


def test_what_fails_most_comes_first_in_columns(document: dict[str, Any], markup: str) -> None:
    marks = cells(markup)
    fails = [
        sum(marks.get((name, column), ("", ""))[0] == fleet.LETTERS["non_compliant"] for name in NAMES)
        for column in columns_of(markup)
    ]
    assert fails == sorted(fails, reverse=True)
    assert fails[0] > 0


def test_a_cause_and_a_requirement_lead_to_the_names_of_their_targets(
    document: dict[str, Any], markup: str
) -> None:
    places = dict(re.findall(r'<a class="v-\w+" href="#(t\d+)" title="[^"]*">([^<]+)</a>', markup))
    blocks = re.findall(r"<details(?: data-go=[^>]*)?><summary><b>(.*?)</details>", markup, re.DOTALL)
    assert len(blocks) == len({(c["requirement"], c["cause"]) for c in document["root_causes"]})
    for block in blocks:
        (requirement,) = re.findall(r"<code>([A-Z]+-\d+)</code>", re.sub("</?span[^>]*>", "", block))
        code = next(iter(re.findall(r'<code class="code">(\w+)</code>', block)), None)
        named = {places[place] for place in re.findall(r'href="#(t\d+)"', block)}
        assert named == {
            c["target"]
            for c in document["root_causes"]
            if (c["requirement"], c["cause"]) == (requirement, code)
        }
    for number, column in enumerate(columns_of(markup)):
        entry = re.search(rf'<li id="q{number}">(.*?)</details></li>', markup, re.DOTALL)
        failing = re.search(r"Not compliant:(.*?)</p>", entry[1], re.DOTALL) if entry else None
        named = {places[place] for place in re.findall(r'href="#(t\d+)"', failing[1])} if failing else set()
        marks = cells(markup)
        assert named == {
            n for n in NAMES if marks.get((n, column), ("", ""))[0] == fleet.LETTERS["non_compliant"]
        }


def test_provenance_limits_and_integrity_are_there_and_totals_have_their_units(
    document: dict[str, Any], markup: str
) -> None:
    page = Page(markup)
    assert {"provenance", "limits", "integrity"} <= {one.get("id") for one in page.all("section")}
    assert "3 targets not compliant" in " ".join(page.text.split())
    assert "2026-11-22 12:00:09" in page.text
    (said,) = [one["data-results-sha256"] for one in page.all("code") if "data-results-sha256" in one]
    assert said == hashlib.sha256(json_text(document).encode()).hexdigest()


def test_the_register_of_waivers_is_there() -> None:
    made, _ = material(NAMES, few(NAMES))
    text = Page(rendered(made)).text
    assert "EX-2026-014" in text
    assert "b@example.com" in text


def test_every_target_has_its_page_at_any_number_and_the_pages_lead_to_each_other() -> None:
    names = [f"p{number}/us-east-1" for number in range(30)]
    row = guide()["requirements"][0]
    made, evidence = material(names, [result(row, None, name, "non_compliant") for name in names])
    pages = dict(targets.render(made, evidence))
    assert list(pages) == list(targets.names(made).values())
    assert list(pages)[6] == "target-007-p6-us-east-1.html"
    index = {one["href"] for one in Page(fleet.render(made, evidence)).all("a")}
    assert set(pages) <= index
    for number, markup in enumerate(pages.values()):
        page = Page(markup)
        assert breaches(page) == []
        links = {one["href"] for one in page.all("a") if not one["href"].startswith("#")}
        order = list(pages)
        assert links == {"fleet.html", *order[max(number - 1, 0) : number], *order[number + 1 : number + 2]}
        assert list(targets.read_back(markup, made, evidence)) == []
        assert f"p{number}/us-east-1" in page.text
    better = pages[order[0]].replace('data-status="non_compliant"', 'data-status="compliant"')
    assert list(targets.read_back(better, made, evidence)) == [
        "the results that it shows are not those of results.json"
    ]


def test_missing_targets_are_named(markup: str) -> None:
    text = Page(markup).text
    assert "delta/us-east-1" in text
    assert "3 of 4" in text


def test_why_targets_are_incomplete_is_told_at_the_top_and_only_where_some_are(
    document: dict[str, Any], markup: str
) -> None:
    verdicts = [{**target, "verdict": "incomplete"} for target in document["targets"]]
    told = rendered({**document, "targets": verdicts}).partition("</ol>")[0]
    assert "3 targets incomplete: " in told
    assert 'href="#h-unread"' in told
    assert 'href="#h-unread"' not in markup


def test_what_leaves_the_page_leads_to_the_page_of_a_target(markup: str) -> None:
    links = {one["href"] for one in Page(markup).all("a") if not one["href"].startswith("#")}
    assert "targets/alpha.html" in links
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


def written(markup: str, folder: Path) -> str:
    (folder / "fleet.html").write_text(markup, encoding="utf-8", newline="\n")
    return (folder / "fleet.html").as_uri()


def test_axe_finds_nothing_and_leaves_nothing_open(browser: Browser, axe_source: str, tmp_path: Path) -> None:
    made, _ = material(NAMES, few(NAMES, 1))
    page = rendered(made, {name: f"{number}.html" for number, name in enumerate(NAMES)})
    assert faults(browser, axe_source, written(page, tmp_path)) == []


def test_hostile_text_runs_no_script_and_nothing_is_loaded(
    browser: Browser, hostile: str, tmp_path: Path
) -> None:
    browser.resize(420, 900)
    browser.open(written(hostile, tmp_path))
    browser.run(UNFOLD)
    assert browser.run("return window.pwned ?? null;") is None
    assert browser.log("browser") == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth;")
    loaded = "return performance.getEntriesByType('resource').map(one => one.name);"
    assert browser.run(loaded) == []


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


def press(browser: Browser, key: str) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        browser.tell("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])
    browser.run("return new Promise(done => setTimeout(done, 50));")


KEYS = {"ArrowRight": 39, "ArrowDown": 40, "Tab": 9}


def test_the_matrix_is_one_tab_stop_in_which_arrow_keys_move_and_each_cell_has_a_label(
    browser: Browser, markup: str, tmp_path: Path
) -> None:
    browser.open(written(markup, tmp_path))
    browser.run("return new Promise(done => setTimeout(done, 600));")
    stops = "return [...document.querySelectorAll('.matrix-of, .matrix a')].filter(one => one.tabIndex >= 0).length;"
    assert browser.run(stops) == 1
    browser.run("document.querySelector('.matrix-of').focus();")
    seen = []
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown"):
        press(browser, key)
        seen.append(browser.run("return document.activeElement.getAttribute('aria-label');"))
    first, second = columns_of(markup)[:2]
    rows = re.findall(r'href="#t\d+" title="([^"]*)"', markup)
    assert seen[0] is None
    assert [text.rpartition(": ")[0] for text in seen[1:]] == [
        f"{rows[0]}, {first}", f"{rows[0]}, {second}", f"{rows[1]}, {second}",
    ]  # fmt: skip
    assert all(
        text.rpartition(": ")[2] in {"not compliant", "inconclusive", "blocked", "waived", "compliant"}
        for text in seen[1:]
    )


def test_filters_narrow_columns_and_rows_and_back_undoes_a_choice(
    browser: Browser, markup: str, tmp_path: Path
) -> None:
    marks, column = cells(markup), columns_of(markup)[1]
    failing = [n for n in NAMES if marks[n, column][0] == fleet.LETTERS["non_compliant"]]
    shown = (
        "return [...document.querySelectorAll('tr[data-v]')].filter(row => row.checkVisibility())"
        ".map(row => row.cells[0].textContent);"
    )
    heads = "return [...document.querySelectorAll('.matrix .q')].filter(one => one.checkVisibility()).length;"
    browser.open(written(markup, tmp_path) + f"#requirement={column}&status=non_compliant")
    assert sorted(browser.run(shown)) == failing
    assert browser.run(heads) == 1
    browser.run(
        "const one = document.getElementById('f-requirement'); one.value = '';"
        "one.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    assert browser.run("return location.hash;") == "#status=non_compliant"
    assert browser.run(heads) == len(columns_of(markup))
    browser.run("history.back(); return new Promise(done => setTimeout(done, 300));")
    assert browser.run("return location.hash;") == f"#requirement={column}&status=non_compliant"
    assert browser.run(heads) == 1
    severity = (
        "const one = document.getElementById('f-severity'); one.value = 'blocker';"
        "one.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    browser.run("document.getElementById('f-clear').click();" + severity)
    blockers = {row["id"] for row in guide()["requirements"] if row["severity"] == "blocker"}
    assert browser.run(heads) == len(blockers & set(columns_of(markup)))


def test_a_jump_lands_with_its_target_in_view(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(rendered(*fleet_of(120)), tmp_path))
    for place in ("t110", "t3", "q100"):
        browser.run(f"location.hash = '#{place}'; return new Promise(done => setTimeout(done, 400));")
        box = browser.run(
            f"const b = document.getElementById('{place}').getBoundingClientRect(); return [b.top, innerHeight];"
        )
        assert 0 <= box[0] < box[1], (place, box)


def test_long_names_stay_apart_on_a_narrow_screen(browser: Browser, tmp_path: Path) -> None:
    names = [f"production-workloads-payments-{number:02d}/eu-central-1" for number in range(3)]
    row = guide()["requirements"][0]
    made, _ = material(names, [result(row, None, name, "compliant") for name in names])
    browser.resize(390, 900)
    browser.open(written(rendered(made), tmp_path))
    cut = browser.run(
        "return [...document.querySelectorAll('.matrix tbody .name')].filter(one => one.scrollWidth > one.clientWidth + 1 || "
        "one.firstElementChild.getBoundingClientRect().height > one.parentElement.getBoundingClientRect().height + 1).length;"
    )
    assert cut == 0


def test_a_thousand_targets_against_all_requirements_are_below_15_mb() -> None:
    few, more = (len(rendered(*fleet_of(number)).encode()) for number in (30, 60))
    assert 1000 * (more - few) / 30 + few < LARGEST_BYTES


def test_a_cell_is_one_element_and_two_where_it_leads_somewhere(markup: str) -> None:
    matrix = Page(markup[markup.index("<tbody>") : markup.index("</tbody>")])
    marks = cells(markup)
    assert len(matrix.all("td")) == len(columns_of(markup)) * len(NAMES)
    assert len(matrix.all("a")) == len(NAMES) + sum(bool(place) for _, place in marks.values())
    assert len(matrix.elements) == len(matrix.all("td")) + len(matrix.all("a")) + 2 * len(NAMES) + 1
