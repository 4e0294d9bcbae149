"""The last screen: what to mend first, in the rows of a window, and never a green word without its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reports.conditions import headline
from reports.screen import ROWS, first_step, height, is_command, pasted, screen
from tests.harness import verdict_on
from tests.report_material import TAIL, alike

WORLDS = (
    "compliant",
    "enterprise",
    "tok02-expired-token",
    "ent-lpr-04-managed-full-access",
    "iam01-no-bedrock-policy",
)


def document(world: str, targets: int = 1, **run: Any) -> dict[str, Any]:
    """results.json of the world, for so many targets alike."""
    return alike(verdict_on(world).document, world, targets, **run)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("targets", [1, 2, 4, 24])
def test_any_run_fits_a_window_and_ends_with_verdict_and_first_command(world: str, targets: int) -> None:
    told = document(world, targets)
    rows = screen(told, TAIL)
    assert height(rows) <= ROWS, [row.text for row in rows]
    verdict = next(row.text for row in reversed(rows) if row.text.startswith("verdict: "))
    assert verdict == f"verdict: {headline(told)}"
    step = first_step(told["root_causes"][0]["remedy"]) if told["root_causes"] else None
    assert rows[-1].text == (f"first: {step}" if step else verdict)
    for cause in told["root_causes"][:1]:
        assert any(cause["title"] in row.text for row in rows)
    if targets > 4:
        assert f"and {targets - 4} other targets, in the report" in [row.text for row in rows]


def test_what_is_piped_is_not_cut() -> None:
    told = document("iam01-no-bedrock-policy")
    long = {
        **told["root_causes"][0],
        "title": "A title that goes on " + "and on " * 30,
        "observed": "seen " * 100,
    }
    told["root_causes"] = [{**long, "requirement": f"IAM-0{number}"} for number in range(1, 6)]
    for piped in (True, False):
        whole = [row.text for row in screen(told, TAIL, piped=piped)]
        titled = [row for row in whole if "A title that goes on" in row]
        assert len(titled) == 5
        assert all((long["title"] in row) is piped for row in titled[1:])
        assert any(long["observed"].strip() in row for row in whole) is piped


@pytest.mark.parametrize(
    ("remedy", "step"),
    [
        (["aws sso login --profile msh"], "aws sso login --profile msh"),
        (["# edit ~/.aws/config line 6: write [profile msh]", "aws sts get-caller-identity"],
         "edit ~/.aws/config line 6: write [profile msh]"),
        (["rem edit it"], "edit it"),
        (["# whoever may, shows it:", "aws sts get-caller-identity"], "whoever may, shows it: aws sts get-caller-identity"),
        (["# edit it, then:", "aws sso login"], "edit it, then: aws sso login"),
        (["# edit it, then:", "x" * 150], "edit it"),
        (["# in the file write:", "# a line"], "in the file write"),
        (["aws sso login --profile <name>", "# then edit it"], None),
        (["# " + "x" * 160, "aws sso login"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_first_step_is_how_the_remedy_begins(remedy: list[str], step: str | None) -> None:
    assert first_step(remedy) == step


@pytest.mark.parametrize(
    ("world", "begins"),
    [
        ("tok02-expired-token", "first: aws sso login"),
        (
            "cfg02-stale-keys-pre-empt-sso",
            "first: edit ~/.aws/config line 6: write the header as [profile msh]",
        ),
        ("cfg16-region-of-bedrock-for-the-portals", "first: edit ~/.aws/config line "),
        ("tok06-no-refresh-token", "first: edit ~/.aws/config line "),
    ],
)
def test_the_last_line_is_the_first_thing_to_do(world: str, begins: str) -> None:
    assert screen(document(world), TAIL)[-1].text.startswith(begins)


def words(**changes: Any) -> str:
    told = document("compliant")
    run: Mapping[str, Any] = {**told["run"], "simulated": False, **changes}
    return headline({**told, "run": run})


def test_no_green_word_stands_without_its_conditions() -> None:
    whole = {"selected": {"requirements": 129, "of": 129}, "gate": "low"}
    assert words(**whole) == "compliant"
    assert (
        words(**{**whole, "selected": {"requirements": 7, "of": 129}})
        == "PARTIAL, 7 of 129 requirements: compliant"
    )
    assert words(**{**whole, "gate": "blocker"}) == "passes gate blocker"


def test_a_waiver_a_finding_below_the_gate_and_a_scope_are_said() -> None:
    told = document("compliant", gate="blocker")
    told["run"] |= {"simulated": False, "selected": {"requirements": 129, "of": 129}}
    low = next(row for row in told["results"] if row["severity"] != "blocker")
    below = {**told, "results": [{**low, "status": "non_compliant"}, *told["results"]]}
    assert headline(below) == "passes gate blocker; 1 finding below it"
    waived = {**told["results"][0], "status": "waived", "severity": "blocker", "waiver": {"id": "EX-1"}}
    told["run"]["gate"] = "low"
    assert headline({**told, "results": [waived, *told["results"][1:]]}) == "compliant with 1 waiver: EX-1"
    scope = [row for row in told["results"] if row["scope"] == "enterprise"]
    told["run"]["selected"] = {"requirements": len({row["requirement"] for row in scope}), "of": 129}
    assert headline({**told, "results": scope}) == "enterprise scope: compliant"


def test_a_command_that_would_not_run_is_prose() -> None:
    assert pasted("aws sso login --profile msh") == "aws sso login --profile msh"
    hidden = "aws cloudtrail start-logging --name arn:aws:cloudtrail:us-east-1:****4321:trail/x"
    assert pasted(hidden) == f"# with --show-account-ids: {hidden}"
    assert not is_command(hidden)
    assert not is_command("aws sns list-subscriptions-by-topic --topic-arn <topic-arn>")
