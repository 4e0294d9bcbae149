"""What a program gets with --json: one document, and one line on standard error where there is none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.conditions import conditions
from tests.suite import ROOT, outside_aws


def asked(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pytest checks/ --json ARGUMENTS` in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(ROOT / "checks"), "--json", *arguments],
        cwd=folder,
        env=outside_aws(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "workers"])
def test_one_document_is_all_there_is(tmp_path: Path, workers: tuple[str, ...]) -> None:
    done = asked(tmp_path, "-k", "SSO-03 or SSO-06", "--world", "tok02-expired-token", "-v", "-s", *workers)
    told = json.loads(done.stdout)
    assert done.stderr == ""
    assert done.returncode == told["exit_code"] == 1
    results = json.loads((tmp_path / "reports/latest/results.json").read_text(encoding="utf-8"))
    for key in ("verdict", "counts", "root_causes"):
        assert told[key] == results[key]
    (cause,) = told["root_causes"]
    assert (cause["cause"], cause["remedy"]) == ("TOK02", ["aws sso login --profile msh"])
    assert told["conditions"] == [
        "SIMULATED: world 'tok02-expired-token'",
        f"2 of {results['run']['selected']['of']} requirements",
    ]
    assert told["problem"] is None and told["consumers"] == []
    assert told["reports"]["directory"] == "reports/latest"
    assert set(told["reports"]["files"]) == {file.name for file in (tmp_path / "reports/latest").iterdir()}


def test_what_was_not_evaluated_says_what_would_let_it(tmp_path: Path) -> None:
    (tmp_path / "denied.toml").write_text(
        'title = "A read is denied"\nextends = ["compliant"]\n'
        '[faults."iam:SimulatePrincipalPolicy"]\ncode = "AccessDenied"\nmessage = "no"\nstatus = 403\n',
        encoding="utf-8",
    )
    told = json.loads(asked(tmp_path, "-k", "IAM-01", "--world", "denied.toml").stdout)
    (unread,) = told["not_evaluated"]
    assert (told["verdict"], told["exit_code"], told["root_causes"]) == ("incomplete", 6, [])
    assert unread["requirements"] == ["IAM-01"]
    assert unread["missing_actions"] == ["iam:SimulatePrincipalPolicy"]
    assert "AccessDenied" in unread["reason"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--world", "tok2"], r"no simulated world is named 'tok2'; .*"),
        (["--wrold", "compliant"], r"unrecognized arguments: --wrold compliant; did you mean '--world'[?]"),
        (["--gate", "hihg"], r"argument --gate: invalid choice: 'hihg' .*"),
        (["--profile", "msh", "-k", "("], r"Wrong expression passed to '-k': .*"),
        (["--profile", "nobody", "--backend", "moto"], r"--profile nobody: .*"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_no_document(
    tmp_path: Path, arguments: list[str], line: str
) -> None:
    done = asked(tmp_path, *arguments)
    assert done.returncode == 4
    assert done.stdout == ""
    assert re.fullmatch(f"ERROR: {line}", done.stderr.strip())


def test_nothing_selected_is_no_verdict(tmp_path: Path) -> None:
    done = asked(tmp_path, "-k", "NOT-99")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit_code"] == 5
    assert (told["verdict"], told["problem"], told["reports"]) == (None, "no check was selected", None)


def results(**run: Any) -> dict[str, Any]:
    """A document with one waived, one failing blocker and one failing result of low severity."""
    of = {"requirements": 3, "of": 3}
    return {
        "run": {"simulated": False, "world": None, "gate": "low", "selected": of, **run},
        "results": [
            {"scope": "workstation", "severity": "high", "status": "waived", "waiver": {"id": "EX-1"}},
            {"scope": "workstation", "severity": "blocker", "status": "compliant", "waiver": None},
            {"scope": "enterprise", "severity": "low", "status": "non_compliant", "waiver": None},
        ],
    }


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({}, ["1 waiver: EX-1"]),
        ({"gate": "high"}, ["gate high: 1 finding below it", "1 waiver: EX-1"]),
        ({"gate": "blocker"}, ["gate blocker: 1 finding below it"]),
        ({"selected": {"requirements": 3, "of": 127}}, ["3 of 127 requirements", "1 waiver: EX-1"]),
        ({"simulated": True, "world": "w"}, ["SIMULATED: world 'w'", "1 waiver: EX-1"]),
    ],
)
def test_a_verdict_says_its_conditions(run: dict[str, Any], said: list[str]) -> None:
    assert conditions(results(**run)) == said


def test_a_whole_verdict_has_none() -> None:
    whole = results()
    whole["results"] = whole["results"][1:]
    assert conditions(whole) == []


def test_assistants_are_told_the_keys_that_there_are(tmp_path: Path) -> None:
    told = json.loads(asked(tmp_path, "-k", "SSO-03").stdout)
    page = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))
    assert named == set(told) - {"schema", "problem"}
