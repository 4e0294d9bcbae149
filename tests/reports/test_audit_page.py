"""audit.html says what results.json says, to everybody, and runs nothing but its own script."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fixtures.privacy.unseen import visible
from reports.artifacts import json_text
from reports.formats import audit
from reports.page import cut
from reports.screenshots import Browser
from tests.pages import UNFOLD, Page, breaches, broken_ids, faults, policy, source_of
from tests.report_material import HOSTILE, comparison, few, guide, material, mixed, poisoned, result
from tests.suite import ROOT, run_suite

SCHEMA = json.loads((ROOT / "reports" / "results.schema.json").read_text(encoding="utf-8"))
ORDER = (
    "root-causes", "verdict", "changes", "provenance", "guide", "frameworks", "results", "exceptions", "not-evaluated",
    "limits", "integrity",
)  # fmt: skip


def said(browser: Browser) -> list[Any]:
    """What the browser says of the page; not that it follows many links in a moment, which a test's clicks make it do."""
    return [entry for entry in browser.log("browser") if "Throttling navigation" not in entry["message"]]


def rendered(document: dict[str, Any], evidence: dict[str, Any], **more: Any) -> str:
    return audit.render({**document, **more}, evidence)


@pytest.fixture(scope="module")
def told() -> tuple[dict[str, Any], dict[str, Any]]:
    return material()


@pytest.fixture(scope="module")
def markup(told: tuple[dict[str, Any], dict[str, Any]]) -> str:
    return rendered(*told, comparison=comparison(told[0]))


@pytest.fixture(scope="module")
def page(markup: str) -> Page:
    return Page(markup)


@pytest.fixture(scope="module")
def hostile() -> str:
    document, evidence = material(("msh/us-east-1", "prod/eu-west-1"))
    document = poisoned(document)
    jsonschema.validate(document, SCHEMA)
    return rendered(document, poisoned(evidence), comparison=poisoned(comparison(document)))


def test_the_material_is_what_a_run_writes(told: tuple[dict[str, Any], dict[str, Any]]) -> None:
    document, _ = told
    jsonschema.validate({**document, "comparison": comparison(document)}, SCHEMA)
    assert all(document["counts"].values())


# ---------------------------------------------------------------------------------------------------- what it says


def test_every_result_stands_there_once_with_its_status(told: Any, markup: str) -> None:
    document, _ = told
    said = audit.Statements(markup)
    assert said.results == {audit.row_anchor(one): one["status"] for one in document["results"]}
    assert len(said.results) == len(document["results"])


def test_the_root_causes_at_the_top_stand_in_the_order_of_the_section() -> None:
    document, evidence = material()
    one = document["root_causes"][0]
    severities = ("medium", "low", "high", "blocker")
    causes = [{**one, "title": f"Number {n}.", "severity": each} for n, each in enumerate(severities, 1)]
    text = rendered(document, evidence, root_causes=causes)
    top = text.partition('<ol class="foremost">')[2].partition("</ol>")[0]
    assert re.findall(r"Number \d", top) == ["Number 1", "Number 3", "Number 4"]


def test_what_explains_a_failure_is_named_once_where_the_failure_names_it_itself() -> None:
    document, evidence = material()
    row = {**document["results"][0], "status": "non_compliant", "blocked_by": None, "explained_by": "PRF-08"}
    for observed in ("PRF-08: a line is left", "a line is left"):
        rows = [{**row, "observed": observed}, *document["results"][1:]]
        text = " ".join(Page(rendered(document, evidence, results=rows)).text.split())
        assert "explained by PRF-08: a line is left" in text


def test_counts_are_those_of_the_results_and_each_scope_adds_up(told: Any, markup: str) -> None:
    document, _ = told
    assert audit.Statements(markup).counts == document["counts"]
    table = re.search(r"<table class=\"verdicts\">(.*?)</table>", markup, re.DOTALL)
    assert table is not None
    rows = [
        [int(n) for n in re.findall(r"<td class=\"n[^>]*>(\d+)</td>", row)]
        for row in table[1].split("<tr>")[2:]
    ]
    *scopes, whole = rows
    assert len(scopes) == 2
    for row in rows:
        assert sum(row[:-1]) == row[-1]
    assert [sum(column) for column in zip(*scopes, strict=True)] == whole
    assert whole[-1] == len(document["results"])


def test_it_has_the_hash_of_results_json(told: Any, markup: str) -> None:
    document = {**told[0], "comparison": comparison(told[0])}
    assert audit.Statements(markup).results_sha256 == hashlib.sha256(json_text(document).encode()).hexdigest()


def test_what_a_page_says_changes_with_the_results(told: Any) -> None:
    document, evidence = told
    changed = json.loads(json.dumps(document))
    changed["results"][0] |= {"status": "not_applicable", "reason": "no longer asked for"}
    before, after = (audit.Statements(rendered(each, evidence)) for each in (document, changed))
    assert before.results != after.results
    assert before.results_sha256 != after.results_sha256


def test_sections_come_in_the_order_that_an_auditor_reads_them(page: Page) -> None:
    sections = [one["id"] for one in page.all("section") if one.get("id") in ORDER]
    assert tuple(sections) == ORDER


def test_worst_results_come_first(told: Any, markup: str) -> None:
    statuses = list(audit.Statements(markup).results.values())
    ranks = [audit.WORST_FIRST.index(status) for status in statuses]
    assert ranks == sorted(ranks)
    severities = re.findall(r'data-status="non_compliant" data-severity="(\w+)"', markup)
    assert severities == sorted(severities, key=audit.SEVERITIES.index)


def test_a_result_has_its_expectation_observation_remedy_and_evidence(told: Any, markup: str) -> None:
    document, evidence = told
    readings = {reading["id"]: reading for reading in evidence["readings"]}
    rows = {
        row[: row.index('"')]: Page(row.split("</section>")[0]).text
        for row in markup.split('<details class="row" id="')[1:]
    }
    for one in document["results"]:
        text = rows[audit.row_anchor(one)]
        told = (one["expected"], one["observed"], one["reason"], one["blocked_by"])
        assert all(
            said in text for said in (*told, *one["remedy"], *one["missing_actions"]) if said is not None
        )
        for reading in (readings[name] for name in one["evidence"]):
            assert all(reading[key] in text for key in ("id", "name", "at", "request_id") if key in reading)


def test_values_of_every_reading_stand_in_the_register(told: Any, markup: str) -> None:
    _, evidence = told
    register = Page(markup[markup.index('<section id="evidence"') :]).text
    for reading in evidence["readings"]:
        for value in re.findall(r'[^"{}:, \[\]]+', json.dumps(reading.get("value") or reading["error"])):
            assert value in register


def test_provenance_names_who_when_what_and_how(told: Any, markup: str) -> None:
    document, _ = told
    text = Page(markup[markup.index('<section id="provenance"') : markup.index('<section id="guide"')]).text
    target, run = document["targets"][0], document["run"]
    for said in (
        target["principal"],
        "****4321",
        target["region"],
        run["boto3"],
        run["python"],
        run["platform"],
        "SIMULATED",
    ):
        assert said in text
    assert "2026-11-22 12:00:00" in text
    assert "2026-11-22 12:00:09" in text
    assert document["suite"]["guide_sha256"] in text
    assert "pytest checks/ --world 'made up'" in text


def test_a_verdict_with_conditions_is_set_smaller_than_a_bare_one() -> None:
    for gate, shown in (("low", [{}]), ("high", [{"class": "long"}])):
        document, evidence = material(
            results=[result(guide()["requirements"][0], None, "msh/us-east-1", "compliant")]
        )
        document["run"] |= {"gate": gate, "selected": {"requirements": 1, "of": 1}}
        assert Page(rendered(document, evidence)).all("strong")[:1] == shown


def test_where_nothing_is_wrong_the_page_leads_to_what_could_not_be_read() -> None:
    for status, said in (("inconclusive", True), ("compliant", False)):
        document, evidence = material(
            results=[result(guide()["requirements"][0], None, "msh/us-east-1", status)]
        )
        text = " ".join(Page(rendered(document, evidence)).text.split())
        assert "Nothing that was evaluated is wrong." in text
        assert ("1 result could not be evaluated" in text) is said


def test_a_live_run_does_not_say_simulated() -> None:
    document, evidence = material()
    document["run"] |= {"simulated": False, "world": None, "backend": "live"}
    assert "SIMULATED" not in Page(rendered(document, evidence)).text


def test_root_causes_have_their_remedy_and_explanation(told: Any, markup: str) -> None:
    document, _ = told
    text = Page(
        markup[markup.index('<section id="root-causes"') : markup.index('<section id="verdict"')]
    ).text
    about = {cause["code"]: cause for cause in guide()["causes"]}
    assert document["root_causes"]
    for cause in document["root_causes"]:
        assert cut(cause["title"], 300) in text
        assert cause["observed"] in text
        assert not cause["cause"] or about[cause["cause"]]["explanation"] in text


def test_counts_of_a_section_lead_to_its_results(told: Any, markup: str) -> None:
    document, _ = told
    by_anchor = {audit.row_anchor(one): one for one in document["results"]}
    links = re.findall(
        r'href="#(r-\w+)" data-go-section="([^"]+)" data-go-status="(\w+)">.*?<b>(\d+)</b>', markup
    )
    assert sum(int(count) for *_, count in links) == len(document["results"])
    for anchor, section, status, count in links:
        assert by_anchor[anchor]["section"] == section
        assert sum(
            one["section"] == section and one["status"] == status for one in document["results"]
        ) == int(count)


def test_every_link_leads_to_a_place_in_the_page(page: Page) -> None:
    places = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = {one["href"] for one in page.all("a")}
    assert {link[1:] for link in links} <= places
    assert len(places) == sum("id" in attributes for _, attributes in page.elements)


def test_what_was_not_evaluated_names_the_action_that_would_allow_it(markup: str) -> None:
    text = Page(
        markup[markup.index('<section id="not-evaluated"') : markup.index('<section id="limits"')]
    ).text
    assert "AccessDenied: not authorized to perform iam:GetRole" in text
    assert "Would be read with iam:GetRole" in text
    assert "SSO-03" in text


def test_requirements_without_a_result_are_named() -> None:
    document, evidence = material(
        results=[one for one in mixed("msh/us-east-1") if one["requirement"] != "SSO-05"]
    )
    text = Page(rendered(document, evidence)).text
    assert "Requirements of the guide without a result here: SSO-05" in text


def test_sections_for_comparison_and_exceptions_are_there_when_they_have_something_to_say(told: Any) -> None:
    requirement = guide()["requirements"][0]
    document, evidence = material(results=[result(requirement, None, "msh/us-east-1", "compliant")])
    ids = {one.get("id") for one in Page(rendered(document, evidence)).all("section")}
    assert not ids & {"changes", "exceptions"}
    compared = {**document, "comparison": comparison(document)}
    assert "changes" in {one.get("id") for one in Page(rendered(compared, evidence)).all("section")}


def test_changes_are_told_by_kind(told: Any, markup: str) -> None:
    document, _ = told
    text = Page(markup[markup.index('<section id="changes"') : markup.index('<section id="provenance"')]).text
    for kind, count in comparison(document)["counts"].items():
        assert f"{count} {kind}" in text
    assert "the guide differs" in text
    assert "Open findings in 7 runs" in text


def test_an_exception_has_its_approver_and_days_left_and_one_that_covers_nothing_is_shown_too() -> None:
    document, evidence = material()
    stale = {
        "id": "EX-OLD", "requirement": "SSO-07", "case": None, "approved_by": "c@example.com", "requested_by": "a@example.com",
        "approved_on": "2026-11-01", "expires": "2026-12-24", "days_left": 32, "justification": "an old laptop",
        "ticket": "SEC-9",
        "state": "stale", "warning": "no longer matches a failure: remove it", "covers": [], "profiles": [], "accounts": [],
        "regions": [], "accept_blocker": False,
    }  # fmt: skip
    document["waivers"] = [stale]
    jsonschema.validate(document, SCHEMA)
    markup = rendered(document, evidence)
    text = Page(
        markup[markup.index('<section id="exceptions"') : markup.index('<section id="not-evaluated"')]
    ).text
    for said in (
        "EX-2026-014",
        "b@example.com",
        "2026-12-01",
        "EX-OLD",
        "c@example.com",
        "32",
        "an old laptop",
        "SEC-9",
    ):
        assert said in text
    assert "no longer matches a failure" in text


def test_a_merged_document_names_its_runs_and_the_targets_that_are_missing() -> None:
    document, evidence = material(("a/us-east-1", "b/us-east-1"))
    document["merged"] = {
        "shards": [
            {"folder": "shard-1", "suite": document["suite"], "run": document["run"], "targets": ["a/us-east-1"],
             "results": 259, "results_sha256": "2" * 64}
        ],
        "expected": 3, "missing": ["c/us-east-1"], "unexpected": [], "notices": ["two runs have no hash"],
    }  # fmt: skip
    text = Page(rendered(document, evidence)).text
    for said in ("shard-1", "2" * 64, "1 expected target is missing", "c/us-east-1", "two runs have no hash"):
        assert said in text


def test_an_auditors_ten_questions_are_answered_by_the_page_alone(told: Any, markup: str) -> None:
    document, _ = told
    parts = dict(re.findall(r'<section id="([a-z-]+)"(.*?)(?=<section id="|</main>)', markup, re.DOTALL))
    text = {name: " ".join(Page(part).text.split()) for name, part in parts.items()}
    target, run = document["targets"][0], document["run"]
    waiver = next(one["waiver"] for one in document["results"] if one["waiver"])
    passed = next(one for one in document["results"] if one["status"] == "compliant")
    failed = document["root_causes"][0]
    partial = rendered(*material(results=[r for r in mixed("msh/us-east-1") if r["requirement"] != "SSO-05"]))
    answers = {
        "who was judged": ("provenance", [target["principal"], target["account"], target["region"]]),
        "when": ("provenance", ["2026-11-22 12:00:00", "2026-11-22 12:00:09"]),
        "by which rules": ("provenance", [document["suite"]["guide_sha256"], document["suite"]["version"], run["gate"]]),
        "what failed and why": ("root-causes", [cut(failed["title"], 300), failed["observed"], failed["severity"]]),
        "what was accepted by whom until when": ("exceptions", [waiver[k] for k in ("id", "approved_by", "expires")]),
        "what could not be read and what would allow it": (
            "not-evaluated", ["not authorized to perform iam:GetRole", "Would be read with iam:GetRole"],
        ),
        "what changed": ("changes", ["the guide differs", "2026-11-15 09:00:00", "regressed"]),
        "what a pass rests on": ("results", [passed["requirement"], passed["title"], *passed["evidence"]]),
        "whether the files are whole": ("integrity", ["sha256sum -c SHA256SUMS", audit.Statements(markup).results_sha256]),
    }  # fmt: skip
    missing = [
        (asked, said)
        for asked, (part, all_of) in answers.items()
        for said in all_of
        if said not in text[part]
    ]
    assert missing == []
    assert (
        "Requirements of the guide without a result here: SSO-05" in Page(partial).text
    )  # what was left out


def test_equal_documents_make_equal_pages(told: Any, markup: str) -> None:
    assert rendered(*told, comparison=comparison(told[0])) == markup


def test_a_page_of_one_target_is_small(markup: str) -> None:
    assert len(markup.encode()) < 1_000_000


# ------------------------------------------------------------------------------------------------- what it is safe from


@pytest.mark.parametrize("which", ["markup", "hostile"])
def test_nothing_can_run_load_or_lead_elsewhere(which: str, request: pytest.FixtureRequest) -> None:
    page = Page(request.getfixturevalue(which))
    assert breaches(page) == []
    assert page.unbalanced == []


def test_the_policy_admits_the_one_script_and_style_and_nothing_else(page: Page) -> None:
    directives = policy(page)
    (script,), (style,) = page.between("script"), page.between("style")
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == [source_of(script)]
    assert directives["style-src"] == [source_of(style)]
    assert {"base-uri", "form-action"} <= directives.keys()
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_is_shown_as_text_and_what_is_invisible_is_spelled_out(hostile: str) -> None:
    text = Page(hostile).text
    assert visible(HOSTILE) in text
    assert "⟨U+202E⟩" in text
    unseen = set("\x00\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041")
    assert unseen <= set(HOSTILE)
    assert not unseen & set(hostile)


def test_a_hostile_page_still_says_what_results_json_says(hostile: str) -> None:
    document = poisoned(material(("msh/us-east-1", "prod/eu-west-1"))[0])
    said = audit.Statements(hostile)
    assert said.results == {audit.row_anchor(one): one["status"] for one in document["results"]}
    assert said.counts == document["counts"]


def test_long_texts_stand_there_whole_and_not_in_many_copies() -> None:
    huge = "arn:aws:iam::" + "x" * 100_000 + ":end"
    requirement = guide()["requirements"][0]
    one = result(
        requirement,
        "case" * 25_000,
        "msh/us-east-1",
        "non_compliant",
        observed=huge,
        expected=huge,
        remedy=[huge],
    )
    document, evidence = material(results=[one])
    evidence["readings"][0]["value"] = {"policy": huge}
    markup = rendered(document, evidence)
    assert re.sub(r"… and [\d,]+ more characters", "", Page(markup).text).count(huge) >= 4
    assert len(markup) < 1_200_000


# ---------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture
def address(markup: str, tmp_path: Path) -> str:
    return written(markup, tmp_path)


def written(markup: str, folder: Path) -> str:
    (folder / "audit.html").write_text(markup, encoding="utf-8", newline="\n")
    return (folder / "audit.html").as_uri()


SHOWN = "return [...document.querySelectorAll('details.row')].filter(row => row.checkVisibility()).map(row => row.id);"


def test_axe_finds_nothing_and_leaves_nothing_open(browser: Browser, axe_source: str, tmp_path: Path) -> None:
    names = ("msh/us-east-1", "prod/eu-west-1")
    document, evidence = material(names, few(names, 1))
    page = rendered(document, evidence, comparison=comparison(document))
    assert faults(browser, axe_source, written(page, tmp_path)) == []


def test_hostile_text_runs_no_script_and_widens_nothing(
    browser: Browser, hostile: str, tmp_path: Path
) -> None:
    browser.resize(420, 1000)
    browser.open(written(hostile, tmp_path))
    browser.run(UNFOLD)
    browser.run(
        "for (const link of document.querySelectorAll('.tile, a[data-go-status]:nth-child(2)')) link.click();"
    )
    browser.run("return new Promise(done => setTimeout(done, 200));")
    assert browser.run("return window.pwned ?? null;") is None
    assert said(browser) == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth;")


def test_long_texts_widen_nothing(browser: Browser, tmp_path: Path) -> None:
    huge = "x" * 100_000
    requirement = guide()["requirements"][0]
    one = result(requirement, huge, huge, "non_compliant", observed=huge, expected=huge, remedy=[huge])
    document, evidence = material((huge,), [one])
    browser.resize(420, 1000)
    browser.open(
        written(rendered(document, evidence, comparison=poisoned(comparison(document), huge)), tmp_path)
    )
    browser.run(UNFOLD)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth;")


def test_nothing_is_loaded_and_nothing_is_refused(browser: Browser, address: str) -> None:
    browser.open(address)
    events = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    asked = {
        event["params"]["request"]["url"].partition("#")[0]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert asked <= {address, "about:blank"}
    assert said(browser) == []


def test_all_is_there_without_scripts(browser: Browser, told: Any, markup: str, tmp_path: Path) -> None:
    document, _ = told
    script = re.search(r"<script>.*?</script>", markup, re.DOTALL)
    assert script is not None
    browser.open(written(markup.replace(script[0], ""), tmp_path))
    assert not browser.run("return document.getElementById('filters').checkVisibility();")
    browser.run("for (const one of document.querySelectorAll('details.group')) one.open = true;")
    assert len(browser.run(SHOWN)) == len(document["results"])
    browser.run("document.querySelector('details.row').open = true;")
    text = browser.run("return document.querySelector('details.row').innerText;")
    assert document["root_causes"][0]["observed"] in text
    assert "aws sso login --profile msh" in text


def test_print_has_everything_unfolded_whatever_was_filtered(browser: Browser, address: str) -> None:
    browser.open(f"{address}#status=waived")
    browser.emulate(media="print")
    hidden = browser.run(
        "return [...document.querySelectorAll('details:not([data-from]) > :not(summary)')]"
        ".filter(part => !part.checkVisibility() || !part.getClientRects().length)"
        ".map(part => part.outerHTML.slice(0, 100));"
    )
    assert hidden == []
    assert not browser.run("return document.getElementById('filters').checkVisibility();")


ELEVEN = (
    "ent-log-02-silent", "ent-log-12-bucket-is-open", "ent-mon-04-cannot-fire", "ent-mon-05-not-confirmed",
    "ent-mon-07-delivery-fails", "ent-net-03-one-zone", "ent-net-05-open-policy", "ent-cost-01-misses-claude",
    "ent-gov-01-no-owner", "ent-gov-04-model-left-out", "ent-lpr-04-managed-full-access",
)  # fmt: skip


def test_print_has_a_short_edition_and_says_on_each_sheet_of_what_it_is(
    browser: Browser, tmp_path: Path
) -> None:
    world = f"title = 'Much is wrong with the account'\nextends = {['compliant', *ELEVEN]}\n"
    (tmp_path / "m.toml").write_text(world, encoding="utf-8")
    ran = run_suite(tmp_path, "--world", "m.toml")
    page = (ran.reports / "audit.html").as_uri()
    browser.open(f"{page}#short")
    assert len(re.findall(rb"/Type\s*/Page\b", browser.pdf())) <= 8
    browser.emulate(media="print")
    parts = "return [...document.querySelectorAll('main > section')].filter(p => p.checkVisibility()).map(p => p.id);"
    assert browser.run(parts) == ["root-causes", "verdict", "not-evaluated"]
    browser.open(page)
    assert set(browser.run(parts)) > {"provenance", "results", "evidence"}
    rule = re.search(r'@top-left \{ content: "([^"]*)"', (ran.reports / "audit.html").read_text("utf-8"))
    assert rule is not None
    said = re.sub(r"\\([0-9a-f]+) ", lambda match: chr(int(match[1], 16)), rule[1])
    run = ran.json()["run"]
    assert said.startswith(f"SIMULATED · msh/us-east-1 · run of {run['finished']}")


def test_filters_are_taken_from_the_address_and_kept_in_it(browser: Browser, told: Any, address: str) -> None:
    document, _ = told

    def matching(**wanted: str) -> set[str]:
        return {
            audit.row_anchor(one)
            for one in document["results"]
            if all(one[key] == value for key, value in wanted.items())
        }

    browser.open(f"{address}#status=non_compliant,waived&severity=high")
    found = set(browser.run(SHOWN))
    assert found == matching(status="non_compliant", severity="high") | matching(
        status="waived", severity="high"
    )
    browser.run("document.querySelector('input[value=waived]').click();")
    assert set(browser.run(SHOWN)) == matching(status="non_compliant", severity="high")
    assert browser.run("return location.hash;") == "#status=non_compliant&severity=high"
    browser.run("location.hash = 'section=Step+2&q=SSO-03';")
    assert set(browser.run(SHOWN)) >= matching(section="Step 2", requirement="SSO-03")
    assert set(browser.run(SHOWN)) <= matching(section="Step 2")
    assert browser.run("return document.getElementById('f-shown').value;").startswith(
        f"{len(browser.run(SHOWN))} of "
    )
    browser.run("document.getElementById('f-clear').click();")
    assert browser.run("return document.querySelectorAll('details.row.out').length;") == 0
    assert browser.run("return location.hash;") == ""


def test_what_holds_is_folded_until_it_is_asked_for(browser: Browser, told: Any, address: str) -> None:
    document, _ = told
    held = {audit.row_anchor(one): one["status"] for one in document["results"]}
    few = {status for status, count in document["counts"].items() if count <= audit.FEW}
    assert "compliant" not in few
    browser.open(address)
    unasked = set(browser.run(SHOWN))
    assert unasked == {anchor for anchor, status in held.items() if status in audit.OPEN | few}
    passed = next(anchor for anchor, status in held.items() if status == "compliant")
    for asked in ("#status=compliant", f"#{passed}"):
        browser.open("about:blank")
        browser.open(f"{address}{asked}")
        assert passed in browser.run(SHOWN)
    browser.run("document.getElementById('f-fold').click();")
    assert len(browser.run(SHOWN)) == len(document["results"])
    browser.run("document.getElementById('f-fold').click();")
    assert set(browser.run(SHOWN)) == unasked


def test_a_page_of_one_target_begins_with_its_root_causes_and_is_a_few_windows_long(
    browser: Browser, tmp_path: Path
) -> None:
    ran = run_suite(tmp_path, "--world", "cfg02-stale-keys-pre-empt-sso")
    browser.resize(390, 844)
    browser.open((ran.reports / "audit.html").as_uri())
    tops = "return [...document.querySelectorAll('#root-causes, .stack')].map(part => part.getBoundingClientRect().top);"
    causes, *_ = browser.run(tops)
    assert causes < 1000
    assert not browser.run(
        "return [...document.querySelectorAll('.stack')].some(part => part.checkVisibility());"
    )
    assert browser.run("return document.documentElement.scrollHeight;") < 20 * 844
    for width in (390, 320):
        browser.resize(width, 844)
        assert broken_ids(browser) == []
        assert browser.run("return document.documentElement.scrollWidth;") <= width


def test_a_count_of_the_guide_filters_the_results(browser: Browser, told: Any, address: str) -> None:
    document, _ = told
    browser.open(address)
    browser.run("document.querySelector(\"a[data-go-section='Step 4'][data-go-status=blocked]\").click();")
    browser.run("return new Promise(done => setTimeout(done, 100));")
    expected = {
        audit.row_anchor(one)
        for one in document["results"]
        if (one["section"], one["status"]) == ("Step 4", "blocked")
    }
    assert set(browser.run(SHOWN)) == expected


def test_an_address_of_a_result_unfolds_it(browser: Browser, told: Any, address: str) -> None:
    anchor = audit.row_anchor(told[0]["results"][5])
    browser.open(f"{address}#{anchor}")
    assert browser.run("return document.getElementById(arguments[0]).open;", anchor)


def test_evidence_unfolds_in_place(browser: Browser, told: Any, address: str) -> None:
    one = next(one for one in told[0]["results"] if "E1" in one["evidence"])
    browser.open(f"{address}#{audit.row_anchor(one)}")
    browser.run("document.querySelector(`#${arguments[0]} .ev`).open = true;", audit.row_anchor(one))
    browser.run("return new Promise(done => setTimeout(done, 100));")
    assert "profiles" in browser.run(
        "return document.querySelector(`#${arguments[0]} .ev`).innerText;", audit.row_anchor(one)
    )


def test_no_window_is_too_narrow(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.run(UNFOLD)
    for width in (320, 768):
        browser.resize(width, 800)
        assert browser.run("return document.documentElement.scrollWidth;") <= width
