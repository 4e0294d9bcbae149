"""--explain: the page of a failure mode or requirement, without running anything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.catalogue import CatalogueError, load
from checks.explain import explained
from checks.plugin import pytest_cmdline_main
from tests.suite import run_suite


@pytest.mark.parametrize("code", [cause.code for cause in load().causes])
def test_every_failure_mode_has_a_page_with_its_remedy(code: str) -> None:
    cause = load().cause(code)
    page = explained(load(), code.lower(), "linux", "msh")
    for text in (code, cause.title, *cause.remedy.without_a_run("linux", profile="msh")):
        assert text in page
    assert cause.explanation.split(".", maxsplit=1)[0] in " ".join(page.split())


@pytest.mark.parametrize("identifier", [requirement.id for requirement in load()])
def test_every_requirement_has_a_page(identifier: str) -> None:
    requirement = load().requirement(identifier)
    page = explained(load(), identifier, "linux", "msh")
    assert page.startswith(f"{identifier}  {requirement.statement}")
    assert all(cause in page for cause in requirement.causes)


def test_the_remedy_is_the_platforms() -> None:
    assert "Remove-Item Env:" in explained(load(), "ENV01", "windows", "msh")
    assert "unset " in explained(load(), "ENV01", "linux", "msh")


def in_one_run(*asked: str, as_json: bool) -> tuple[str, ...]:
    """The complaints of a run with these --explain."""
    config: Any = SimpleNamespace(option=SimpleNamespace(explain=list(asked), profile=[], json=as_json))
    try:
        assert pytest_cmdline_main(config) == 0
    except pytest.UsageError as error:
        return error.args
    return ()


def test_what_is_known_is_said_beside_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    complaints = in_one_run("TOK98", "TOK02", "javascript-sdk", "TOK99", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"codes": ["TOK02"]}
    assert [text.partition(" is called ")[2][:7] for text in complaints] == ["'TOK98'", "'TOK99'"]
    in_one_run("TOK98", "TOK02", "javascript-sdk", as_json=False)
    said = capsys.readouterr().out
    assert said.startswith("TOK02  ") and "\njavascript-sdk  " in said


def test_a_programs_rules_have_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert in_one_run("JavaScript-SDK", as_json=True) == ()
    assert json.loads(capsys.readouterr().out) == {"codes": []}


@pytest.mark.parametrize(
    ("set_to", "named"), [("foo", "foo"), ("my team", "'my team'"), (None, "<profile>"), ("", "<profile>")]
)
def test_without_a_profile_that_of_the_shell_is_named(
    set_to: str | None, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    if set_to is not None:
        monkeypatch.setenv("AWS_PROFILE", set_to)
    monkeypatch.setattr("checks.plugin.this_platform", lambda: "linux")
    in_one_run("Token has expired and refresh failed", as_json=False)
    assert f"    aws sts get-caller-identity --profile {named}\n" in capsys.readouterr().out


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="'TOK99'; did you mean 'TOK0"):
        explained(load(), "TOK99", "linux", "msh")
    with pytest.raises(CatalogueError, match=r"'bedrock'; checks/failure-modes\.md lists them"):
        explained(load(), "bedrock", "linux", "msh")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sso03", "SSO-03"),
        ("sso-3", "SSO-03"),
        ("tok-7", "TOK07"),
        ("TOK7", "TOK07"),
        ("env09", "ENV09"),
        ("env-9", "ENV-09"),
    ],
)
def test_a_code_may_be_written_as_people_write_it(written: str, meant: str) -> None:
    assert explained(load(), written, "linux", "msh").startswith(f"{meant}  ")


def test_it_prints_and_stops(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--explain", "TOK07", "--profile", "prod")
    assert (ran.code, ran.reports.exists()) == (0, False)
    assert ran.text.startswith("TOK07  ")
    assert "aws sso login --profile prod" in ran.text
    unknown = run_suite(tmp_path, "--explain", "TOK99")
    assert unknown.code == 4
    assert "--explain: no failure mode or requirement is called 'TOK99'; did you mean 'TOK" in unknown.text
    both = run_suite(tmp_path, "--explain", "TOK01", "--explain", "SSO-03")
    assert re.findall(r"^[A-Z]{3}-?\d\d(?=  )", both.text, re.MULTILINE) == ["TOK01", "SSO-03"]


@pytest.mark.parametrize("path", ["invoke", "converse", "invoke-with-response-stream"])
def test_a_client_that_stopped_waiting_is_no_throttling(path: str) -> None:
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-6/{path}"
    page = explained(load(), f'Read timeout on endpoint URL: "{url}"', "linux", "msh").splitlines()
    assert page[:2] == [
        "this is:",
        "    The client stopped waiting for an answer that takes longer: no error of AWS, the login or the rights",
    ]
    assert page[2] == "or else:" and page[3].startswith("    NET01 ")
    text = " ".join(" ".join(page).split())
    assert "MOD06" not in text and "read_timeout=3600" in text and "or stream" in text
    throttled = explained(
        load(), "ThrottlingException when calling the InvokeModel operation", "linux", "msh"
    )
    assert "    MOD06  " in throttled and "or else" not in throttled


def test_what_only_a_run_knows_is_left_out_where_there_is_none() -> None:
    page = explained(load(), "TOK07", "linux", "msh")
    assert "correct sso_region where it is not the Region of IAM Identity Center\n" in page
    assert "<sso_region>" not in page
    for code, before in (("IAM01", "# "), ("QTA-01", "account team: "), ("MON-02", "# ")):
        page = explained(load(), code, "linux", "msh")
        assert f"{before}(a run that finds this writes it out)\n" in f"{page}\n"
        assert not re.search(r"# (.*: )?<(statement|value)>$", page, re.MULTILINE)
    assert "(a run that finds this writes it out)" not in explained(load(), "TOK01", "linux", "msh")


def test_of_no_credentials_the_causes_come_in_the_order_in_which_they_are_told_apart() -> None:
    page = explained(load(), "NoCredentialsError: Unable to locate credentials", "linux", "msh")
    listed = re.findall(r"^    ([A-Z]{3}\d\d)  ", page, re.MULTILINE)
    argued = page.partition("tells apart")[2].partition("said by")[0]
    assert re.findall(r"[A-Z]{3}\d\d", argued) == listed and len(listed) > 1
    assert "aws configure sso" in argued
    # There are no keys where this is said.
    assert "keys" not in page.partition("tells apart")[0]
