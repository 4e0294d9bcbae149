"""auditor-policy.json: with exactly its actions nothing is denied, and without one of them just what needs it is unread."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from checks.catalogue import load
from fixtures.aws.errors import ACCESS_DENIED
from fixtures.aws.operations import operations
from fixtures.backends import Backend
from fixtures.readings import Reading, reading_key
from fixtures.simulation.world import Assignment, World, load_world
from fixtures.targets import AUDITOR, Target
from fixtures.text.shape import JsonObject
from reports.formats.auditor_policy import ACCOUNT, PROFILE, operations_for, operations_of, policy
from tests.harness import Judged, judged
from tests.world_edits import written

AUDITED = "enterprise"
CONFIG = "~/.aws/config"


def allowed(document: Mapping[str, Any], sid: str) -> tuple[str, ...]:
    """The actions of the statement; none where the policy has no such statement."""
    return next((tuple(s["Action"]) for s in document["Statement"] if s["Sid"] == sid), ())


def with_auditor(world: World, actions: tuple[str, ...]) -> World:
    """The world where the auditor may do just these actions, and the profile under test reads nothing about the account."""
    statement = {"Effect": "Allow", "Action": list(actions) or ["none:Nothing"], "Resource": "*"}
    document = JsonObject(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    own = {
        name: text
        for name, text in world.role.policies.items()
        if not name.startswith(("Account", "Preflight"))
    }
    (reader,) = world.permission_set
    return replace(
        world,
        role=replace(world.role, policies=own),
        permission_set=(replace(reader, attached={}, policies={"Auditor": document}),),
    )


def audited(actions: tuple[str, ...], **options: Any) -> Judged:
    return judged(AUDITED, auditor="auditor", edit=lambda world: with_auditor(world, actions), **options)


def needed(found: Judged, *, auditor: bool = True) -> dict[str, Any]:
    return policy(found.rows, auditor=auditor)


@cache
def unrestricted() -> Judged:
    """The auditor may do everything."""
    return audited(("*",))


@cache
def generated() -> tuple[str, ...]:
    return allowed(needed(unrestricted()), ACCOUNT)


def denied(found: Judged) -> list[str]:
    return [r["name"] for r in found.readings if r.get("error", {}).get("code") in ACCESS_DENIED]


def statuses(found: Judged) -> dict[Any, str]:
    return {key: result["status"] for key, result in found.results.items()}


def test_with_just_these_actions_the_whole_suite_runs_and_nothing_is_denied() -> None:
    found = audited(generated())
    assert denied(found) == []
    assert statuses(found) == statuses(unrestricted())
    assert found.with_status("inconclusive") == set()


def test_the_actions_are_those_of_the_call_layers_own_list() -> None:
    listed = {operation.action for operation in operations().values() if operation.by == AUDITOR}
    assert set(generated()) <= listed
    assert len(generated()) > 15
    assert not {action for action in generated() if "*" in action or action == ""}


class AllButOne(Backend):
    """What was read before, except where the action that is now missing allowed it: that is asked again."""

    def __init__(self, asked: Backend, before: Judged, missing: str) -> None:
        self.name, self.concurrent, self._asked, self._missing = asked.name, False, asked, missing
        readings = [Reading.from_json(reading) for reading in before.readings]
        self._known = {reading.key: reading for reading in readings if reading.action != missing}

    def now(self) -> datetime:
        return self._asked.now()

    def read(
        self, target: Target, name: str, params: Mapping[str, Any], region: str = "", by: str = ""
    ) -> Reading:
        known = self._known.get(reading_key(name, params, region, by))
        return known or self._asked.read(target, name, params, region, by)

    def close(self) -> None:
        self._asked.close()


def test_without_one_of_them_what_needs_it_and_nothing_else_is_inconclusive() -> None:
    """All actions in one test: they share the evidence of one run."""
    whole = unrestricted()
    for missing in generated():
        rest = tuple(action for action in generated() if action != missing)
        found = audited(rest, through=lambda asked, gone=missing: AllButOne(asked, whole, gone))
        turned = {key for key, status in statuses(found).items() if status != statuses(whole)[key]}
        assert turned, f"nothing needs {missing}"
        for key in turned:
            result = found.results[key]
            assert (result["status"], result["missing_actions"]) == ("inconclusive", [missing]), (
                missing,
                key,
            )
        users = {
            (row["requirement"], row["case"])
            for row in whole.rows
            if missing in {operations()[name].action for name in operations_for(row)}
        }
        assert turned <= users, missing


def test_a_part_of_the_checks_takes_a_part_of_the_actions() -> None:
    found = judged(AUDITED, auditor="auditor", only=("NET-01", "PRD-09"))
    assert allowed(needed(found), ACCOUNT) == (
        "ec2:DescribeVpcEndpoints",
        "iam:ListServiceSpecificCredentials",
    )


def test_without_an_auditor_what_the_profile_asks_about_itself_is_a_statement_of_its_own() -> None:
    found = judged("compliant", only=("IAM-03", "PRD-09", "SSO-06"))
    document = needed(found, auditor=False)
    assert allowed(document, ACCOUNT) == ("iam:ListServiceSpecificCredentials",)
    assert allowed(document, PROFILE) == ("bedrock:ListFoundationModels",)
    assert allowed(needed(found), PROFILE) == ()


def test_what_was_not_evaluated_brings_the_actions_that_its_facts_name() -> None:
    found = judged("tok02-expired-token", only=("LPR-04", "NET-03", "PRD-07"))
    assert {row["status"] for row in found.rows} == {"blocked", "not_applicable"}
    assert allowed(needed(found), ACCOUNT) == (
        "iam:ListAccessKeys",
        "iam:ListAttachedGroupPolicies",
        "iam:ListAttachedRolePolicies",
        "iam:ListAttachedUserPolicies",
        "iam:ListGroupsForUser",
    )


@pytest.mark.parametrize("name", [AUDITED, "compliant"])
def test_what_a_check_was_seen_to_ask_its_facts_name(name: str) -> None:
    """What the code names covers what a run does: nothing that is asked hides from whoever follows the code."""
    found = unrestricted() if name == AUDITED else judged(name)
    for row in found.rows:
        if row["status"] in ("compliant", "non_compliant"):
            named = operations_of(row["requirement"])
            auditors = {n for n in operations_for(row) if operations()[n].by == AUDITOR}
            assert auditors <= named, (row["requirement"], auditors - named)


def test_nothing_needed_is_no_statement() -> None:
    found = judged("compliant", only=("PRD-03",))
    assert needed(found)["Statement"] == []
    assert load_world(AUDITED).permission_set and load().requirement("PRD-03").read == "local"


def test_an_auditor_of_another_account_tells_nothing_about_this_one() -> None:
    def elsewhere(world: World) -> World:
        text = world.machine.files[CONFIG].text
        other = "[profile auditor]\nsso_session = msh\nsso_account_id = 444455556666"
        moved = text.replace("[profile auditor]\nsso_session = msh\nsso_account_id = 210987654321", other)
        grants = (*world.sso.assignment, Assignment("444455556666", "PreflightAuditor"))
        return replace(written(moved, of=CONFIG)(world), sso=replace(world.sso, assignment=grants))

    found = judged(AUDITED, auditor="auditor", edit=elsewhere, only=("PRD-02", "PRD-09", "LPR-04", "LOG-01"))
    assert found["PRD-02"]["status"] == "compliant"
    assert found.with_status("compliant") == {"PRD-02"}
    reason = found["PRD-09"]["reason"]
    assert (
        reason == "the auditor's profile is in account 444455556666, the profile under test in 210987654321"
    )
