"""Every format validates against its schema, says what results.json says, and stays readable whatever it is given."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from checks.frameworks import frameworks, served
from reports.compare import SCHEMA
from reports.formats import (
    Format,
    WriterFailed,
    formats,
    guide,
    junit,
    made,
    ocsf,
    optional,
    oscal,
    rendered,
    sarif,
    summary,
)
from tests import report_material
from tests.formats import (
    EVERY_FORMAT,
    counts_agree,
    needs_ocsf,
    ocsf_valid,
    oscal_valid,
    outside_code,
    sarif_valid,
    text_of,
    xunit_valid,
)
from tests.report_material import material, result
from tests.suite import Ran, outside_aws, run_suite

HOSTILE = (
    "</code><script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example/phish www.evil.example <a@evil.example> @everyone #1",
    "=cmd|'/c calc'!A1",
    "``` \n# heading\n| cell | \\",
    "\x00\x07\x1b[31mred\x1b[0m\x85\u2028\u202egnp.exe\u2066\ufeff\U000e0041\ud800\uffff",
    "]]> <!-- --> &amp; &#0; %s {0}",
    "A" * 100_000,
)


@pytest.fixture(scope="module")
def many() -> tuple[dict[str, Any], dict[str, Any]]:
    """Two targets, every requirement, every status, and a comparison."""
    made, evidence = material(["msh/us-east-1", "prod/eu-west-1"])
    made["comparison"] = report_material.comparison(made)
    return made, evidence


@pytest.fixture(scope="module", params=range(len(HOSTILE)), ids=lambda number: f"hostile{number}")
def hostile(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A document in which every foreign text is hostile."""
    text = HOSTILE[request.param]
    requirement = guide()["requirements"][0]
    told: dict[str, Any] = {
        "expected": text,
        "observed": text,
        "title": text,
        "remedy": [text, "aws sso login"],
    }
    rows = [
        result(requirement, text, "msh/us-east-1", "non_compliant", **told),
        result(requirement, "b", "msh/us-east-1", "waived", **told),
        result(
            requirement, "c", "msh/us-east-1", "inconclusive", reason=text, missing_actions=[text], title=text
        ),
        result(requirement, "d", "msh/us-east-1", "compliant", title=text),
    ]
    rows[1]["waiver"] = {
        "id": text,
        "approved_by": text,
        "expires": "2026-12-01",
        "days_left": 9,
        "ticket": text,
    }
    made, _ = material(["msh/us-east-1"], rows)
    made["targets"][0]["principal"] = made["targets"][0]["account"] = text
    made["run"]["world"] = text
    made["waivers"] = [
        {**dict.fromkeys(("id", "requirement", "justification", "requested_by", "approved_by", "ticket"), text),
         "case": None, "profiles": [text], "accounts": [], "regions": [], "approved_on": "2026-11-01",
         "expires": "2026-12-01", "accept_blocker": False, "days_left": 9, "state": "used", "warning": text,
         "covers": [{"target": "msh/us-east-1", "case": "b"}]}
    ]  # fmt: skip
    return made


@pytest.fixture(scope="module", params=["alone", "two-workers"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run with failures, in two regions, with every format."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "pager.toml").write_text(
        'title = "The pager is set"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n',
        encoding="utf-8",
    )
    workers = ["-n", "2"] if request.param == "two-workers" else []
    regions = ["--region", "us-east-1", "--region", "us-west-2"]
    return run_suite(folder, "--world", "pager.toml", "-m", "local", *regions, *EVERY_FORMAT, *workers)


# junit.xml


def test_junit_follows_jenkins_schema(many: tuple[dict[str, Any], Any]) -> None:
    xunit_valid("".join(junit.render(many[0], {})))


def test_hostile_text_leaves_junit_valid(hostile: dict[str, Any]) -> None:
    text = "".join(junit.render(hostile, {}))
    xunit_valid(text)
    assert len(text) < 400_000
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff\ufffe\uffff]", text)


def test_junit_counts_are_those_of_the_results(many: tuple[dict[str, Any], Any]) -> None:
    root = ElementTree.fromstring("".join(junit.render(many[0], {})))
    counts = many[0]["counts"]
    assert {name: int(root.attrib[name]) for name in ("tests", "failures", "errors")} == {
        "tests": len(many[0]["results"]),
        "failures": counts["non_compliant"],
        "errors": counts["inconclusive"],
    }
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == sum(case.find(element) is not None for case in cases)


def test_junit_has_no_two_cases_of_one_name_even_across_targets(many: tuple[dict[str, Any], Any]) -> None:
    root = ElementTree.fromstring("".join(junit.render(many[0], {})))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(names) == len(set(names)) == len(many[0]["results"])


def test_junit_tells_expected_observed_and_remedy() -> None:
    row = result(guide()["requirements"][0], None, "msh/us-east-1", "non_compliant")
    made, _ = material(["msh/us-east-1"], [row])
    (failure,) = ElementTree.fromstring("".join(junit.render(made, {}))).iter("failure")
    assert failure.attrib["message"].startswith(row["requirement"])
    for text in (row["expected"], row["observed"], *row["remedy"]):
        assert text in (failure.text or "")


# summary.md


def test_the_summary_has_verdict_counts_causes_and_what_was_not_read(
    many: tuple[dict[str, Any], Any],
) -> None:
    made, _ = material()
    made["comparison"] = report_material.comparison(made)
    text = summary.render(made, {})
    assert text.startswith("# bedrock-preflight: NOT COMPLIANT; 1 waiver: EX-2026-014\n\n**SIMULATED**")
    assert summary.counts_line(made) in text
    assert summary.plain(made["root_causes"][0]["observed"]) in text
    assert "aws sso login --profile msh" in text
    assert "These IAM actions would allow it: iam:GetRole." in text
    assert "Since 2026-11-15T09:00:07Z" in text


def test_the_summary_of_a_fleet_has_a_line_for_each_cause_the_gravest_first() -> None:
    low, blocker = (
        next(r for r in guide()["requirements"] if (r["severity"], r["cases"]) == (severity, ()))
        for severity in ("low", "blocker")
    )
    names = [f"p{number}/us-east-1" for number in range(5)]
    rows = [result(low, None, name, "non_compliant") for name in names]
    rows += [result(blocker, None, name, "non_compliant") for name in names[:2]]
    made, _ = material(names, rows)
    made["run"]["world"] = None
    text = summary.render(made, {})
    lines = [line for line in text.splitlines() if line.startswith("- **")]
    assert [line.partition(":")[0] for line in lines] == [
        "- **2 of 5 targets** (blocker)",
        "- **5 of 5 targets** (low)",
    ]
    assert lines[1].endswith("p0/us-east-1, p1/us-east-1, p2/us-east-1 and 2 more")
    assert "5 targets: 5 not compliant." in text
    assert "None" not in text
    assert "fleet.html" in text


def test_the_summary_of_a_few_targets_has_each_cause_once_with_its_targets_and_its_remedy() -> None:
    low, blocker = (
        next(r for r in guide()["requirements"] if (r["severity"], r["cases"]) == (severity, ()))
        for severity in ("low", "blocker")
    )
    names = ["msh/us-east-1", "msh/us-west-2"]
    rows = [result(low, None, name, "non_compliant") for name in names]
    rows.append(result(blocker, None, names[1], "non_compliant", remedy=["aws sso login --profile prod"]))
    text = summary.render(*material(names, rows))
    told = [line for line in text.splitlines() if line.startswith("**")]
    assert [line.rpartition("): ")[2] for line in told[1:]] == [
        "msh/us-east-1, msh/us-west-2",
        "msh/us-west-2",
    ]
    assert text.count(summary.plain(low["statement"])) == 1
    assert [text.count(f"aws sso login --profile {name}") for name in ("msh", "prod")] == [1, 1]
    assert "## Root causes, target by target, first to mend first" in text


def test_the_summary_stays_one_page(many: tuple[dict[str, Any], Any]) -> None:
    assert len(summary.render(many[0], {}).splitlines()) < 200


def test_hostile_text_is_no_markup_in_the_summary(hostile: dict[str, Any]) -> None:
    text = summary.render(hostile, {})
    assert len(text) < 30_000
    bare = re.sub(r"\\.", "", outside_code(text))
    # The only markup is the page's own: headings, bold numbers, tables.
    assert not re.search(r"[<>\[\]`!@~]", bare)
    assert not re.search(r"https?:|javascript:alert\(|www\.", bare)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\u2066\ufeff\ud800-\udfff]", text)
    headings = [line for line in outside_code(text).splitlines() if line.startswith("#")]
    assert all(re.match(r"## (Root|Waivers|Not evaluated)|# bedrock-preflight", line) for line in headings)
    for line in outside_code(text).splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in {5, 7}


def test_no_remedy_can_close_its_block(hostile: dict[str, Any]) -> None:
    block = summary.fenced(["```", "````", "# heading", "\x1b[2J"])
    assert block.startswith("`````\n") and block.endswith("\n`````")
    assert "\x1b" not in block


# SARIF


def test_sarif_follows_the_oasis_schema(many: tuple[dict[str, Any], Any]) -> None:
    sarif_valid("".join(sarif.render(many[0], {})))


def test_hostile_text_leaves_sarif_valid(hostile: dict[str, Any]) -> None:
    text = "".join(sarif.render(hostile, {}))
    sarif_valid(text)
    assert len(text) < 30_000
    assert "\u202e" not in text


def test_sarif_has_the_active_failures_and_nothing_else(many: tuple[dict[str, Any], Any]) -> None:
    (run,) = json.loads("".join(sarif.render(many[0], {})))["runs"]
    failures = [row for row in many[0]["results"] if row["status"] == "non_compliant"]
    assert len(run["results"]) == len(failures) > 0
    assert {r["ruleId"] for r in run["results"]} == {row["requirement"] for row in failures}
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for one, row in zip(run["results"], failures, strict=True):
        assert rules[one["ruleIndex"]] == one["ruleId"]
        assert one["level"] == sarif.LEVELS[row["severity"]]
        assert "kind" not in one or one["kind"] == "fail"
        assert row["observed"] in one["message"]["text"]


def test_sarif_results_are_located_at_a_file_of_the_checkout(ran: Ran) -> None:
    results = json.loads(text_of(ran, "results.sarif"))["runs"][0]["results"]
    assert results
    for one in results:
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": ".aws/config", "uriBaseId": "HOME"}
        assert place["region"]["startLine"] > 1
        assert one["message"]["text"].startswith("SIMULATED: ")


@pytest.mark.parametrize(
    ("observed", "place"),
    [
        ("~/.aws/config line 12: [msh] is skipped", (".aws/config", "HOME", 12)),
        (".env.enterprise line 3: AWS_PROFILE is empty", (".env.enterprise", "%SRCROOT%", 3)),
        ("backend/.env.enterprise line 3", ("backend/.env.enterprise", "%SRCROOT%", 3)),
        ("the policy allows bedrock:* in line 7", (None, "%SRCROOT%", 1)),
        ("../../etc/passwd line 1", (None, "%SRCROOT%", 1)),
        ("https://x.example/a line 2", (None, "%SRCROOT%", 1)),
    ],
)
def test_sarif_places_a_result_at_the_line_that_was_observed(
    observed: str, place: tuple[str | None, str, int]
) -> None:
    row = result(guide()["requirements"][0], None, "msh/us-east-1", "non_compliant", observed=observed)
    made, _ = material(["msh/us-east-1"], [row])
    (run,) = json.loads("".join(sarif.render(made, {})))["runs"]
    found = run["results"][0]["locations"][0]["physicalLocation"]
    assert found["region"] == {"startLine": place[2]}
    assert found["artifactLocation"] == {"uri": place[0] or "checks/test_it.py", "uriBaseId": place[1]}


def test_sarif_of_a_run_that_could_not_evaluate_everything_is_not_successful() -> None:
    row = guide()["requirements"][0]
    for status, successful in (("compliant", True), ("inconclusive", False), ("blocked", False)):
        made, _ = material(["msh/us-east-1"], [result(row, None, "msh/us-east-1", status)])
        (run,) = json.loads("".join(sarif.render(made, {})))["runs"]
        (invocation,) = run["invocations"]
        assert invocation["executionSuccessful"] is successful
        assert ("toolExecutionNotifications" in invocation) is not successful


def test_sarif_gives_each_alert_its_own_hash_and_each_rule_its_remedy(
    many: tuple[dict[str, Any], Any],
) -> None:
    (run,) = json.loads("".join(sarif.render(many[0], {})))["runs"]
    hashes = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
    assert len(set(hashes)) == len(hashes)
    for rule in run["tool"]["driver"]["rules"]:
        assert "aws sso login --profile msh" in rule["help"]["text"]
        assert rule["help"]["markdown"].startswith("```sh\n")


def test_junit_names_test_cases_in_words_that_stay_however_they_end() -> None:
    rows = {row["id"]: row for row in guide()["requirements"]}

    def name(identifier: str, case: str | None, status: str) -> str:
        row = result(rows[identifier], case, "msh/us-east-1", status, title="It is off")
        return next(iter(junit.statuses("".join(junit.render(material(["msh/us-east-1"], [row])[0], {})))))

    assert (
        name("LOG-08", None, "compliant")
        == "LOG-08 Model invocation logging is on in the region [msh/us-east-1]"
    )
    assert name("LOG-08", None, "non_compliant") == name("LOG-08", None, "compliant")
    assert name("PRF-04", "sso_region", "waived") == (
        "PRF-04 The setting is present, in the profile or through its sso-session [msh/us-east-1: sso_region]"
    )


def test_a_single_one_is_one() -> None:
    made, _ = material(
        ["msh/us-east-1"], [result(guide()["requirements"][0], None, "msh/us-east-1", "compliant")]
    )
    made["run"]["api_calls"] = 1
    text = summary.render(made, {})
    assert "1 check: " in text
    assert "1 AWS call." in text


def test_sarif_fingerprints_tell_results_apart_and_not_what_was_observed(
    many: tuple[dict[str, Any], Any],
) -> None:
    def prints(document: dict[str, Any]) -> list[str]:
        (run,) = json.loads("".join(sarif.render(document, {})))["runs"]
        return [one["partialFingerprints"]["resultKey/v1"] for one in run["results"]]

    first = prints(many[0])
    later = {**many[0], "results": [{**row, "observed": "later"} for row in many[0]["results"]]}
    assert len(set(first)) == len(first)
    assert prints(later) == first


# OCSF


@needs_ocsf
def test_oscal_follows_nists_schema(many: tuple[dict[str, Any], Any], hostile: dict[str, Any]) -> None:
    for document in (many[0], hostile):
        results = oscal_valid("".join(oscal.render(document, {})))
        assert [len(result["observations"]) for result in results] == [
            len([row for row in document["results"] if row["target"] == target["id"]])
            for target in document["targets"]
        ]
        references = {
            row["observation-uuid"]
            for result in results
            for finding in result.get("findings", ())
            for row in finding["related-observations"]
        }
        assert references <= {row["uuid"] for result in results for row in result["observations"]}


def test_oscal_calls_satisfied_what_is_compliant_and_nothing_that_could_not_be_read() -> None:
    """A requirement with several cases is satisfied where each that applies is, and has no verdict while one is unread."""
    document, _ = material()
    (target,) = document["targets"][:1]
    row = {**document["results"][0], "target": target["id"]}
    statuses = {
        "LOG-08": ("compliant", "not_applicable"),
        "LOG-09": ("compliant", "non_compliant"),
        "LOG-10": ("compliant", "inconclusive"),
        "LOG-11": ("waived",),
        "LOG-12": ("blocked",),
        "SSO-03": ("not_applicable",),
    }
    document["targets"] = [target]
    document["results"] = [
        {**row, "requirement": name, "case": f"case-{number}", "status": status}
        for name, each in statuses.items()
        for number, status in enumerate(each)
    ]
    (result,) = oscal_valid("".join(oscal.render(document, {})))
    found = {each["target"]["target-id"]: each for each in result["findings"]}
    assert {name: each["target"]["status"]["state"] for name, each in found.items()} == {
        "LOG-08": "satisfied",
        "LOG-09": "not-satisfied",
        "LOG-11": "not-satisfied",
    }
    assert found["LOG-11"]["remarks"] == "waived"
    controls = {prop["value"] for prop in found["LOG-09"]["props"]}
    assert {"eu-ai-act Art. 26(6)", "nist-800-53 AU-11"} <= controls
    reviewed = {
        each["control-id"]
        for each in result["reviewed-controls"]["control-selections"][0]["include-controls"]
    }
    assert {"au-11", "eu-ai-act_art-26-6"} <= reviewed
    lpr, ac = "LPR-09", frameworks()["nist-800-53"]
    assert "ac-6.7" in {oscal.control_id(*each) for each in served(lpr) if each[0] is ac}
    assert not list(oscal.read_back("".join(oscal.render(document, {})), document, {}))
    forged = "".join(oscal.render(document, {})).replace(
        '"state": "not-satisfied"', '"state": "satisfied"', 1
    )
    assert list(oscal.read_back(forged, document, {})) == [
        "its findings are not those of the results of results.json"
    ]


def test_ocsf_findings_round_trip_through_the_models(many: tuple[dict[str, Any], Any]) -> None:
    findings = ocsf_valid("".join(ocsf.render(many[0], {})))
    for finding, row in zip(findings, many[0]["results"], strict=True):
        assert (finding["class_uid"], finding["type_uid"]) == (2003, 200301)
        assert (finding["status_code"], finding["compliance"]["control"]) == (
            row["status"],
            row["requirement"],
        )


@needs_ocsf
def test_ocsf_says_pass_only_of_what_is_compliant(many: tuple[dict[str, Any], Any]) -> None:
    findings = json.loads("".join(ocsf.render(many[0], {})))
    said = {
        (finding["status_code"], finding["compliance"]["status_id"], finding["status"])
        for finding in findings
    }
    assert said == {
        ("compliant", 1, "Resolved"),
        ("non_compliant", 3, "New"),
        ("waived", 3, "Suppressed"),
        ("inconclusive", 2, "Other"),
        ("blocked", 2, "Other"),
        ("not_applicable", 99, "Other"),
    }


@needs_ocsf
def test_hostile_text_leaves_ocsf_readable(hostile: dict[str, Any]) -> None:
    text = "".join(ocsf.render(hostile, {}))
    assert len(json.loads(text)) == 4
    assert "\u202e" not in text
    assert len(text) < 100_000


def test_without_its_package_ocsf_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['py_ocsf_models'] = None\n",  # as if it were not there
        encoding="utf-8",
    )
    ran = run_suite(tmp_path, "--ocsf", environ={**outside_aws(), "PYTHONPATH": str(tmp_path)})
    assert ran.code == 4, ran.text
    assert (
        f'ERROR: --ocsf needs py-ocsf-models: {sys.executable} -m pip install "py-ocsf-models>=' in ran.text
    )
    assert "Traceback" not in ran.text


# All of them


def test_the_material_follows_the_schema(many: tuple[dict[str, Any], Any]) -> None:
    jsonschema.validate(many[0], json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_formats_agree_in_every_count(ran: Ran) -> None:
    assert counts_agree(ran)["non_compliant"] == 4


ALWAYS = {"results.json", "evidence.json", "auditor-policy.json", "junit.xml", "summary.md"}


def written(asked: set[str], document: dict[str, Any], evidence: dict[str, Any]) -> set[str]:
    options = SimpleNamespace(**{each.option: each.option in asked for each in optional()})
    return {name for name, _ in made(options, document, evidence)}


def text_by(each: Format, document: dict[str, Any], evidence: dict[str, Any]) -> str:
    """All that the format writes, with the names of its files."""
    return "".join(f"{name}\n{''.join(text)}" for name, text in rendered(each, document, evidence))


def test_sarif_and_ocsf_are_written_only_where_asked_for() -> None:
    assert written({"sarif"}, *material()) == {*ALWAYS, "audit.html", "results.sarif"}


def test_the_fleet_page_is_for_several_targets_and_the_audit_page_for_few() -> None:
    row = guide()["requirements"][0]
    names = [f"p{number}/us-east-1" for number in range(30)]
    made = material(names, [result(row, None, name, "compliant") for name in names])
    pages = {f"target-{number + 1:03}-{name.replace('/', '-')}.html" for number, name in enumerate(names)}
    assert written(set(), *made) == {*ALWAYS, "fleet.html", *pages}


def test_a_writer_that_fails_is_named_in_one_line() -> None:
    def broken(document: Any, evidence: Any) -> str:
        raise RuntimeError("no ink")

    def says_nothing(text: str, document: Any, evidence: Any) -> list[str]:
        return []

    with pytest.raises(WriterFailed, match=r"^page\.html could not be made: RuntimeError: no ink$"):
        list(rendered(Format("page.html", "a page", says_nothing, broken), {}, {}))


def test_no_format_computes_a_verdict_of_its_own(many: tuple[dict[str, Any], Any]) -> None:
    """Each says what the document says, also where the document is wrong."""
    wrong = {**many[0], "verdict": "compliant", "counts": {**many[0]["counts"], "compliant": 4711}}
    assert "# bedrock-preflight: compliant" in summary.render(wrong, {})
    assert "4711 compliant" in summary.render(wrong, {})


def test_every_format_is_the_same_again(many: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for each in formats():
        if not each.unavailable():
            made = [
                hashlib.sha256(text_by(each, *many).encode("utf-8", "replace")).hexdigest() for _ in range(2)
            ]
            assert made[0] == made[1], each.name


def test_every_format_takes_a_result_of_another_guide() -> None:
    row = {**guide()["requirements"][0], "id": "ZZZ-99", "section": "Step 99"}
    document, evidence = material(["msh/us-east-1"], [result(row, None, "msh/us-east-1", "non_compliant")])
    for each in formats():
        if not each.unavailable():
            text = text_by(each, document, evidence)
            assert "ZZZ-99" in text or not text or each.name in {"evidence.json", "auditor-policy.json"}
