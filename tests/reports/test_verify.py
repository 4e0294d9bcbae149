"""`python -m reports verify`: whatever is changed in a report is found, with and without new checksums."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from reports.artifacts import CHECKSUMS, json_text
from reports.verify import problems
from tests.report_material import seal
from tests.suite import run_suite

POLICY = "auditor-policy.json"
SH, PS1, BAT = (f"fix_aws_authentication{suffix}" for suffix in (".sh", ".ps1", ".bat"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run with a failure, in two regions."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "pager.toml").write_text(
        'title = "The pager is set"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n',
        encoding="utf-8",
    )
    regions = ["--region", "us-east-1", "--region", "us-west-2"]
    return run_suite(
        folder, "--world", "pager.toml", "-k", "PRF_ or RUN_02 or MDL_03", "--sarif", *regions
    ).reports


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "report"))


def spoil(report: Path, name: str, before: str, after: str) -> None:
    file = report / name
    text = file.read_bytes().decode()
    assert before in text, f"{before!r} is not in {name}"
    file.write_bytes(text.replace(before, after, 1).encode())


def edit(report: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """results.json with a change, and checksums to fit."""
    document = json.loads((report / "results.json").read_text(encoding="utf-8"))
    change(document)
    (report / "results.json").write_text(json_text(document), encoding="utf-8")
    seal(report)


def test_a_report_as_it_was_written_holds_together(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert problems(report) == []
    assert main(["verify", str(report)]) == 0
    assert capsys.readouterr().out == f"{report}: holds together\n"


def test_a_whole_run_with_waivers_and_comparison_holds_together(made: Path, tmp_path: Path) -> None:
    (tmp_path / "pager.toml").write_text(
        (made.parent.parent / "pager.toml").read_text("utf-8"), encoding="utf-8"
    )
    (tmp_path / "waivers.toml").write_text(
        'schema = 1\n[[waiver]]\nid = "EX-1"\nrequirement = "PRF-08"\njustification = "j"\nrequested_by = "a"\n'
        'approved_by = "b"\napproved_on = 2026-11-02\nexpires = 2026-12-01\nticket = "T"\n',
        encoding="utf-8",
    )
    earlier = str(made / "results.json")
    ran = run_suite(tmp_path, "--world", "pager.toml", "--sarif", "--compare", earlier)
    assert set(ran.json()["targets"][0]["scopes"]) == {"workstation", "enterprise"}
    assert ran.json()["counts"]["waived"] == 1
    assert ran.json()["comparison"]["counts"]["newly waived"] == 1
    assert problems(ran.reports) == []


@pytest.mark.parametrize(
    "name",
    ["results.json", "evidence.json", "audit.html", "fleet.html", "report.html", "junit.xml", "summary.md", "results.sarif"],
)  # fmt: skip
def test_a_changed_file_is_not_what_its_checksum_says(report: Path, name: str) -> None:
    (report / name).write_bytes((report / name).read_bytes() + b" ")
    assert f"{name}: was changed, its hash is not that of SHA256SUMS" in problems(report)


def test_files_that_are_missing_or_not_listed_are_named(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (report / "summary.md").unlink()
    (report / "notes.txt").write_text("mine", encoding="utf-8")
    assert problems(report) == [
        "notes.txt: is not listed in SHA256SUMS",
        "summary.md: is missing, and SHA256SUMS lists it",
    ]
    assert main(["verify", str(report)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{report}: does not hold together"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "SHA256SUMS: No such file or directory"),
        ("nonsense\n", "SHA256SUMS: no line of SHA256SUMS: 'nonsense'"),
        (f"{'0' * 64}  ../../etc/passwd\n", "SHA256SUMS: no line of SHA256SUMS: "),
    ],
)
def test_checksums_that_cannot_be_read_are_a_problem(report: Path, text: str | None, said: str) -> None:
    (report / CHECKSUMS).unlink()
    if text is not None:
        (report / CHECKSUMS).write_text(text, encoding="utf-8")
    assert problems(report)[0].startswith(said)


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(key)


def row(document: dict[str, Any], status: str = "non_compliant") -> dict[str, Any]:
    return next(each for each in document["results"] if each["status"] == status)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            drop("waivers"),
            "results.json: not results.json of bedrock-preflight: must contain ['waivers'] properties",
        ),
        (lambda d: d.update(more=1), "must not contain {'more'} properties"),
        (
            lambda d: d["results"][2].update(severity="huge"),
            "results[2].severity: must be one of ['blocker', 'high', ",
        ),
        (lambda d: row(d).update(expected=None), "].expected: must be string"),
        (lambda d: d["results"][1].update(waiver={"id": "x"}), "results[1].waiver: must be null"),
    ],
)
def test_results_that_do_not_follow_the_schema_are_named_by_place(
    report: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    edit(report, change)
    assert any(said in problem for problem in problems(report)), problems(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["counts"].update(compliant=99), "results.json: counts are not those of its results"),
        (lambda d: d.update(verdict="compliant"), "results.json: the verdict is non_compliant by its results, and"),
        (lambda d: d["targets"][0].update(verdict="incomplete"), "results.json: the verdict for msh/us-east-1 is not"),
        (
            lambda d: d["targets"][0]["scopes"].update(workstation="compliant"),
            "results.json: the verdict for msh/us-east-1 is not that of its results",
        ),
        (lambda d: d["results"].append(row(d)), "results.json: PRF-08 cli_pager msh/us-east-1 stands twice"),
        (lambda d: row(d)["evidence"].append("E999"), "results.json: PRF-08 cli_pager msh/us-east-1 rests on E999, which"),
        (lambda d: row(d).update(target="x/y"), "results.json: PRF-08 cli_pager x/y is of a target that is not listed"),
        (
            lambda d: row(d).update(
                status="waived", waiver={"id": "EX", "approved_by": "b", "expires": "2026-12-01", "days_left": 9, "ticket": "T"}
            ),
            "results.json: PRF-08 cli_pager msh/us-east-1 is waived by EX, which is not in the register",
        ),
    ],
)  # fmt: skip
def test_results_that_contradict_themselves_are_found(
    report: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    edit(report, change)
    assert any(problem.startswith(said) for problem in problems(report)), problems(report)


def test_a_result_that_is_made_better_contradicts_every_page(report: Path) -> None:
    def better(document: dict[str, Any]) -> None:
        for each in document["results"]:
            if each["status"] == "non_compliant":
                each.update(status="compliant", cause=None, expected=None, observed=None, remedy=[])
        document["counts"].update(non_compliant=0, compliant=document["counts"]["compliant"] + 2)
        document.update(verdict="compliant", root_causes=[])
        for target in document["targets"]:
            target.update(verdict="compliant", scopes=dict.fromkeys(target["scopes"], "compliant"))

    edit(report, better)
    named = {problem.partition(":")[0] for problem in problems(report)}
    assert named == {
        "audit.html", "fleet.html", "report.html", "junit.xml", "summary.md", "results.sarif",
        "fix_aws_authentication.sh", "fix_aws_authentication.ps1",
        "target-001-msh-us-east-1.html", "target-002-msh-us-west-2.html",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("audit.html", 'data-status="non_compliant"', 'data-status="compliant"', "audit.html: the results that it shows"),
        ("audit.html", "cli_pager = less", "cli_pager is fine", "audit.html: is not what results.json and evidence.json make"),
        ("fleet.html", "PRF-08", "PRF-80", "fleet.html: is not what results.json and evidence.json make"),
        ("report.html", "&#34;result&#34;: &#34;Failed&#34;", "&#34;result&#34;: &#34;Passed&#34;", "report.html: its rows"),
        ("junit.xml", 'type="non_compliant"', 'type="waived"', "junit.xml: its test cases are not the results"),
        ("junit.xml", "expected ", "hoped for", "junit.xml: is not what results.json and evidence.json make"),
        ("summary.md", " 2 not compliant", " 0 not compliant", "summary.md: its counts are not those"),
        ("summary.md", "PRF-08", "PRF-80", "summary.md: is not what results.json and evidence.json make"),
        ("results.sarif", '"resultKey/v1": "', '"resultKey/v1": "0', "results.sarif: its results are not the active failures"),
        ("results.sarif", '"level": "note"', '"level": "none"', "results.sarif: is not what results.json and"),
        ("junit.xml", "</testsuites>", "", "junit.xml: cannot be read (ParseError"),
        ("report.html", "data-jsonblob", "data-blob", "report.html: cannot be read (ValueError: no data of pytest-html"),
        ("fleet.html", "<td><a class=x", "<td><a class=w", "fleet.html: the results that it shows are not those"),
        (POLICY, '"Allow"', '"Deny"', f"{POLICY}: its statement"),
        (POLICY, '"bedrock:', '"iam:CreateUser", "bedrock:', f"{POLICY}: it allows iam:CreateUser, which"),
        (SH, "PRF-08", "PRF-80", f"{SH}: its root causes are not those"),
        (SH, "umask 077", "umask 000", f"{SH}: is not the script of this version"),
        (SH, "\nfinish\n", "\nfinish\nrm -rf ~\n", f"{SH}: does what no fix script does: rm"),
        (SH, "\nfinish\n", "\nfinish $(reboot)\n", f"{SH}: does what no fix script does: finish $"),
        (PS1, "\nClose-File\r", "\nClose-File; Stop-Computer\r", f"{PS1}: does what no fix script does"),
        (BAT, "\nrem nothing", "\nformat c:\r\nrem nothing", f"{BAT}: does what no fix script does"),
    ],
)  # fmt: skip
def test_a_page_that_says_something_else_is_found_although_its_checksum_fits(
    report: Path, name: str, before: str, after: str, said: str
) -> None:
    spoil(report, name, before, after)
    seal(report)
    found = problems(report)
    assert [problem for problem in found if problem.startswith(said)], found
    assert {problem.partition(":")[0] for problem in found} == {name}


def test_changed_evidence_is_found_in_the_page_that_shows_it(report: Path) -> None:
    spoil(report, "evidence.json", "BedrockDeveloper", "SomebodyElse")
    seal(report)
    assert "audit.html: is not what results.json and evidence.json make" in problems(report)


def test_a_report_of_another_version_is_held_to_what_its_pages_say(report: Path) -> None:
    edit(report, lambda document: document["suite"].update(version="0.0.1"))
    found = problems(report)
    pages = ("audit.html", "target-001-msh-us-east-1.html", "target-002-msh-us-west-2.html")
    assert found == [f"{page}: the hash that it prints is not that of results.json" for page in pages]


def test_many_problems_of_one_kind_are_told_in_few_lines(report: Path) -> None:
    def all_wrong(document: dict[str, Any]) -> None:
        for each in document["results"]:
            each["evidence"] = ["E998"]

    edit(report, all_wrong)
    found = [problem for problem in problems(report) if "E998" in problem or "more of this kind" in problem]
    assert len(found) == 6


def test_what_is_no_report_at_all_is_one_clear_line_and_exit_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    assert main(["verify", str(tmp_path / "photos")]) == 4
    assert (
        capsys.readouterr().err
        == f"ERROR: {tmp_path / 'photos'}: no report: neither results.json nor SHA256SUMS is in it\n"
    )
    assert main(["verify", str(tmp_path / "nowhere")]) == 4
    assert capsys.readouterr().err == f"ERROR: {tmp_path / 'nowhere'}: no such folder\n"


def test_a_wrong_command_line_exits_4(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verfy"])
    assert (ended.value.code, "invalid choice: 'verfy'" in capsys.readouterr().err) == (4, True)


def test_two_rows_that_change_places_are_noticed_although_the_counts_stay(report: Path) -> None:
    file = report / "report.html"
    page = file.read_text(encoding="utf-8")
    failed, passed = "&#34;result&#34;: &#34;Failed&#34;", "&#34;result&#34;: &#34;Passed&#34;"
    changed = page.replace(failed, "\0", 1).replace(passed, failed, 1).replace("\0", passed, 1)
    assert sorted(changed) == sorted(page)
    file.write_text(changed, encoding="utf-8")
    assert "report.html: its rows are not the results of results.json" in problems(report)
