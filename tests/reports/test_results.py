"""The results model: counts, verdicts, gate, exit codes, root causes."""

from __future__ import annotations

from typing import Any

import pytest

from reports.results import counts, exit_code, root_causes, verdict


def result(requirement: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "requirement": requirement, "case": None, "target": "msh/us-east-1", "severity": "high", "status": status,
        "cause": None, "title": f"title of {requirement}", "observed": "seen", "remedy": [f"mend {requirement}"],
        "blocked_by": None, "stage": 3, "order": 0, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["compliant", "not_applicable", "waived"], "compliant"),
        (["compliant", "inconclusive"], "incomplete"),
        (["inconclusive", "non_compliant"], "non_compliant"),
        (["compliant", "blocked"], "incomplete"),
    ],
)
def test_the_verdict_is_compliant_only_where_everything_that_applies_is(
    statuses: list[str], expected: str
) -> None:
    assert verdict([result("SSO-03", status) for status in statuses]) == expected


@pytest.mark.parametrize(
    ("gate", "expected"), [("low", "non_compliant"), ("high", "incomplete"), ("blocker", "compliant")]
)
def test_what_lies_below_the_gate_does_not_decide(gate: str, expected: str) -> None:
    results = [
        result("A", "non_compliant", severity="medium"),
        result("B", "inconclusive", severity="high"),
        result("C", "compliant", severity="blocker"),
    ]
    assert verdict(results, gate) == expected


@pytest.mark.parametrize(
    ("status", "allow", "code"),
    [
        ("compliant", False, 0),
        ("non_compliant", False, 1),
        ("non_compliant", True, 1),
        ("inconclusive", False, 6),
        ("inconclusive", True, 0),
        ("blocked", False, 6),
        ("blocked", True, 6),
    ],
)
def test_exit_codes_are_the_contracts_and_only_what_was_not_read_can_be_allowed(
    status: str, allow: bool, code: int
) -> None:
    results = [result("SSO-03", status)]
    document = {"verdict": verdict(results), "results": results, "run": {"gate": "low"}}
    assert exit_code(document, allow_incomplete=allow) == code


def test_counts_name_every_status() -> None:
    tally = counts([result("A", "compliant"), result("B", "blocked")])
    assert tally == {
        "compliant": 1, "non_compliant": 0, "waived": 0, "blocked": 1, "not_applicable": 0, "inconclusive": 0,
    }  # fmt: skip


def test_the_most_upstream_root_cause_comes_first() -> None:
    token = result("SSO-03", "non_compliant", cause="TOK02", severity="blocker", stage=3)
    bearer = result("CRD-04", "non_compliant", cause="ENV08", severity="blocker", stage=0)
    pager = result("PRF-08", "non_compliant", severity="low", stage=0)
    assert [c["requirement"] for c in root_causes([pager, token, bearer])] == ["CRD-04", "SSO-03", "PRF-08"]


def test_before_it_comes_what_keeps_most_from_being_judged_and_first_the_aws_cli_that_it_takes() -> None:
    second = result("PRF-10", "non_compliant", stage=0)
    cli = result("CLI-01", "non_compliant", cause="PRE12", severity="medium", stage=2)
    blocked = [result(f"RUN-0{n}", "blocked", blocked_by="SSO-03") for n in range(4)]
    token = result("SSO-03", "non_compliant", cause="TOK02", stage=3)
    found = [second, cli, token, *blocked]
    assert [c["requirement"] for c in root_causes(found)] == ["SSO-03", "PRF-10", "CLI-01"]
    login = {**token, "remedy": ["# then:", "aws sso login --profile msh"]}
    found = [second, cli, login, *blocked]
    assert [c["requirement"] for c in root_causes(found)] == ["CLI-01", "SSO-03", "PRF-10"]
    elsewhere = [{**each, "target": "other/us-east-1"} for each in (second, cli, *blocked[:1])]
    found = [*elsewhere, *found, *(result(f"MDL-0{n}", "compliant") for n in range(9))]
    assert [c["requirement"] for c in root_causes(found)] == [
        "PRF-10",
        "CLI-01",
        "SSO-03",
        "PRF-10",
        "CLI-01",
    ]


@pytest.mark.parametrize(
    ("remedy", "order"),
    [
        (
            ["# where nobody has logged in yet:", "aws sso login --profile msh"],
            ["PRF-10", "CLI-01", "SSO-01"],
        ),
        (["rm ~/.aws/sso/cache/old.json", "aws sso login --profile msh"], ["PRF-10", "SSO-01", "CLI-01"]),
    ],
    ids=["a login first", "something else first"],
)
def test_an_aws_cli_at_fault_comes_before_a_login_that_keeps_little_from_being_judged(
    remedy: list[str], order: list[str]
) -> None:
    token = result("SSO-01", "non_compliant", cause="TOK01", severity="blocker", stage=2, remedy=remedy)
    cli = result("CLI-01", "non_compliant", cause="PRE12", severity="high", stage=2)
    profile = result("PRF-10", "non_compliant", severity="blocker", stage=1)
    blocked = result("SSO-02", "blocked", blocked_by="SSO-01")
    others = [result(f"ENV-0{n}", "compliant") for n in range(9)]
    found = root_causes([token, cli, profile, blocked, *others])
    assert [cause["requirement"] for cause in found] == order
    without = [{**cli, "status": "compliant"}, token, profile, blocked, *others]
    assert [cause["requirement"] for cause in root_causes(without)] == ["PRF-10", "SSO-01"]


def test_failures_of_one_cause_with_one_remedy_are_one_root_cause() -> None:
    same = [
        result(
            "IAM-01", "non_compliant", cause="IAM01", case=case, remedy=["add the statement"], order=number
        )
        for number, case in enumerate(["a", "b", "c"])
    ]
    other = result("IAM-02", "non_compliant", cause="IAM01", remedy=["ask for another"], order=9)
    found = root_causes([*same, other])
    assert [(c["requirement"], c["case"], c["explains"], c["blocks"]) for c in found] == [
        ("IAM-01", "a", 2, 0),
        ("IAM-02", None, 0, 0),
    ]


def test_what_a_failure_explains_is_no_root_cause_and_counts_with_it_at_the_gate() -> None:
    root = result("LPR-04", "non_compliant", severity="medium")
    explained = result("LPR-01", "non_compliant", explained_by="LPR-04", severity="high", order=1)
    found = root_causes([root, explained])
    assert [(c["requirement"], c["severity"], c["explains"]) for c in found] == [("LPR-04", "high", 1)]
    assert verdict([root, explained], "high") == "non_compliant"
    assert verdict([root], "high") == "compliant"


def test_a_root_cause_counts_what_it_blocks_in_its_own_target() -> None:
    failure = result("SSO-03", "non_compliant", cause="TOK02")
    blocked = [result(f"RUN-0{n}", "blocked", blocked_by="SSO-03") for n in range(4)]
    elsewhere = result("RUN-09", "blocked", blocked_by="SSO-03", target="other/us-east-1")
    assert [c["blocks"] for c in root_causes([failure, *blocked, elsewhere])] == [4]


def test_what_blocks_is_a_root_cause_even_where_its_check_was_not_selected() -> None:
    root = result("SSO-03", "non_compliant", cause="TOK02")
    found = root_causes([result("RUN-02", "blocked", blocked_by="SSO-03", root=root)])
    assert [(c["requirement"], c["cause"], c["blocks"]) for c in found] == [("SSO-03", "TOK02", 1)]


def test_what_could_not_be_read_is_no_root_cause() -> None:
    assert root_causes([result("A", "inconclusive"), result("B", "compliant"), result("C", "waived")]) == []
