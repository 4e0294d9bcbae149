"""COST: budgets and anomaly monitors. Which world breaks what stands in the worlds themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fixtures.evidence.costs import BEDROCK, Budget, Monitor, covers
from fixtures.simulation import service
from fixtures.simulation.world import Fault, World, load_world
from fixtures.text.shape import JsonObject
from tests.harness import judged
from tests.world_edits import Edit

COST = ("COST-01", "COST-02", "COST-03")
READS = {
    "budgets:DescribeBudgets": ("COST-01", "COST-02"),
    "budgets:DescribeNotificationsForBudget": ("COST-02",),
    "budgets:DescribeSubscribersForNotification": ("COST-02",),
    "ce:GetAnomalyMonitors": ("COST-03",),
    "ce:GetAnomalySubscriptions": ("COST-03",),
}


@pytest.mark.parametrize("operation", READS)
def test_a_denied_read_leaves_its_requirements_open(operation: str) -> None:
    fault = Fault("AccessDeniedException", "User is not authorized", 400)
    found = judged("enterprise", only=COST, edit=lambda w: replace(w, faults={operation: fault}))

    assert found.with_status("inconclusive") == set(READS[operation])
    assert found.with_status("non_compliant") == set()
    action = "budgets:ViewBudget" if operation.startswith("budgets") else operation
    assert all(found[requirement]["missing_actions"] == [action] for requirement in READS[operation])


def test_many_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)

    def edit(world: World) -> World:
        (own,) = world.budget
        others = tuple(replace(own, name=f"b-{n}", filters={"Service": ("AWS Lambda",)}) for n in range(3))
        quiet = replace(own, notification=(replace(own.notification[0], threshold=50), *own.notification))
        monitors = tuple(replace(world.anomaly_monitor[0], name=f"m-{n}", dimension="TAG") for n in range(3))
        return replace(world, budget=(*others, quiet), anomaly_monitor=(*monitors, *world.anomaly_monitor))

    assert judged("enterprise", only=COST, edit=edit).with_status("compliant") == set(COST)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"type": "USAGE"}, False),
        ({"ends": "2026-10-31T00:00:00+00:00"}, False),
        ({"ends": "2087-06-15T00:00:00+00:00"}, True),
    ],
)
def test_a_budget_that_counts_no_money_or_has_ended_is_none(changes: dict[str, str], counts: bool) -> None:
    def edit(world: World) -> World:
        return replace(world, budget=tuple(replace(each, **changes) for each in world.budget))

    row = judged("enterprise", only=("COST-01",), edit=edit)["COST-01"]
    assert row["status"] == ("compliant" if counts else "non_compliant")


def test_the_remedy_names_what_the_budget_misses() -> None:
    found = judged("ent-cost-01-misses-claude", only=("COST-01",))["COST-01"]

    assert "Claude Sonnet 4.6 (Amazon Bedrock Edition)" in found["observed"]
    assert "Titan" not in found["observed"]
    assert "Claude Sonnet 4.6 (Amazon Bedrock Edition)" in " ".join(found["remedy"])


def counting(expression: dict[str, Any]) -> Any:
    """The account's budget, by that expression."""

    def edit(world: World) -> World:
        (own,) = world.budget
        return replace(world, budget=(replace(own, expression=JsonObject(json.dumps(expression))),))

    return edit


BY_TAG = {"Tags": {"Key": "team", "Values": ["documents"]}}
BY_CATEGORY = {"CostCategories": {"Key": "unit", "Values": ["AI"]}}
BY_USAGE = {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["USE1-MP:USE1_InputTokenCount-Units"]}}
OF_LAMBDA = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Lambda"]}}


@pytest.mark.parametrize(
    "expression", [BY_TAG, BY_CATEGORY, BY_USAGE, {"Not": BY_TAG}, {"And": [BY_TAG, BY_USAGE]}]
)
def test_what_a_budget_by_tags_or_the_like_takes_in_is_not_said(expression: dict[str, Any]) -> None:
    found = judged("enterprise", only=COST, edit=counting(expression))

    assert found.with_status("inconclusive") == {"COST-01", "COST-02"}
    assert "budget account may cover Amazon Bedrock: it counts by tags" in found["COST-01"]["reason"]


def test_a_budget_by_tags_of_another_service_covers_nothing_of_bedrocks() -> None:
    found = judged("enterprise", only=COST[:1], edit=counting({"And": [BY_TAG, OF_LAMBDA]}))["COST-01"]

    assert found["status"] == "non_compliant"
    told, command = found["remedy"]
    named = 'in which Service names ["Amazon Bedrock", "Claude Sonnet 4.6 (Amazon Bedrock Edition)"]'
    assert told.startswith(f"# have a budget without CostFilters, or one {named}; ")
    assert command.startswith("aws budgets create-budget") and "file://" not in command


@pytest.mark.parametrize(
    ("monitor", "heard", "status"),
    [
        ({"dimension": "TAG"}, True, "inconclusive"),
        ({"dimension": "COST_CATEGORY"}, True, "inconclusive"),
        ({"type": "CUSTOM", "specification": JsonObject(json.dumps(BY_TAG))}, True, "inconclusive"),
        ({"type": "CUSTOM", "specification": JsonObject(json.dumps(OF_LAMBDA))}, True, "non_compliant"),
        ({"dimension": "TAG"}, False, "non_compliant"),
    ],
)
def test_what_a_monitor_by_tags_looks_at_is_not_said(
    monitor: dict[str, Any], heard: bool, status: str
) -> None:
    def edit(world: World) -> World:
        (own,) = world.anomaly_monitor
        subscriptions = world.anomaly_subscription if heard else ()
        return replace(world, anomaly_monitor=(replace(own, **monitor),), anomaly_subscription=subscriptions)

    assert judged("enterprise", only=COST[2:], edit=edit)["COST-03"]["status"] == status


def test_a_model_that_cannot_be_read_matters_to_a_budget_by_name_alone() -> None:
    denied = Fault("AccessDeniedException", "User is not authorized", 403)
    reads = ("bedrock:GetFoundationModel", "bedrock:ListFoundationModels")

    def edit(world: World) -> World:
        return replace(world, faults=dict.fromkeys(reads, denied))

    assert judged("enterprise", only=COST, edit=edit).with_status("compliant") == set(COST)
    named = judged("ok-ent-budgets-by-provider", only=COST[:2], edit=edit)
    assert named.with_status("inconclusive") == set(COST[:2])


# --------------------------------------------------------------------------------------------- another account's bill

BILLED_ELSEWHERE = "ok-ent-bill-of-another-account"


def attesting(**changes: Any) -> Edit:
    """The attestations of costs with these changes; without any, the world without these attestations."""

    def edit(world: World) -> World:
        entries = [each for each in world.settings["attestation"] if each["requirement"] not in COST]
        costs = [each for each in world.settings["attestation"] if each["requirement"] in COST]
        own = [{**each, **changes} for each in costs] if changes else []
        return replace(world, settings={**world.settings, "attestation": [*entries, *own]})

    return edit


def test_what_the_account_that_pays_may_have_is_no_finding_about_a_member() -> None:
    found = judged(BILLED_ELSEWHERE, only=COST, edit=attesting())

    assert found.with_status("inconclusive") == set(COST)
    assert found["COST-01"]["reason"].startswith(
        "account 111122223333 pays for this one, and what it has is not read here: [[attestation]] requirement = COST-01 tells;"
    )


def test_who_signed_for_the_payers_budgets_is_believed_until_that_is_over() -> None:
    whole = judged(BILLED_ELSEWHERE, only=COST)
    assert whole.with_status("compliant") == set(COST)
    assert "Finance is subscribed" in whole["COST-02"]["observed"]

    over = judged(BILLED_ELSEWHERE, only=COST, edit=attesting(expires="2026-11-21"))
    assert over.with_status("inconclusive") == set(COST)
    assert "COST-03 tells (number 7 expired on 2026-11-21); none of 0" in over["COST-03"]["reason"]


@pytest.mark.parametrize("alone", [True, False], ids=["in no organisation", "the payer itself"])
def test_who_pays_himself_needs_a_budget_of_his_own_whatever_was_signed(alone: bool) -> None:
    def edit(world: World) -> World:
        own = replace(world, account=replace(world.account, payer="" if not alone else world.account.payer))
        none = Fault(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.", 400
        )
        return replace(own, faults={"organizations:DescribeOrganization": none} if alone else {})

    found = judged(BILLED_ELSEWHERE, only=COST, edit=edit)
    assert found.with_status("non_compliant") == {"COST-01", "COST-03"}
    assert found.with_status("blocked") == {"COST-02"}


def test_without_knowing_who_pays_nothing_is_found() -> None:
    denied = Fault("AccessDeniedException", "User is not authorized", 400)
    found = judged(
        BILLED_ELSEWHERE,
        only=COST,
        edit=lambda world: replace(world, faults={"organizations:DescribeOrganization": denied}),
    )
    assert found.with_status("inconclusive") == set(COST)
    assert found["COST-01"]["missing_actions"] == ["organizations:DescribeOrganization"]


def test_budgets_of_a_members_own_need_no_word_of_the_payer() -> None:
    found = judged(
        "enterprise", only=COST, edit=lambda w: replace(w, account=replace(w.account, payer="111122223333"))
    )
    assert found.with_status("compliant") == set(COST)
    assert not any(reading["name"] == "organizations:DescribeOrganization" for reading in found.readings)


def test_what_tags_decide_can_be_signed_for() -> None:
    expression = counting({"Tags": {"Key": "team", "Values": ["documents"]}})
    signed = load_world(BILLED_ELSEWHERE).settings["attestation"]

    def edit(world: World) -> World:
        return replace(expression(world), settings={**world.settings, "attestation": signed})

    found = judged("enterprise", only=COST, edit=edit)
    assert found.with_status("compliant") == set(COST)
    assert "Budgets in the payer account" in found["COST-01"]["observed"]


def test_a_partition_without_a_bill_is_ruled_out() -> None:
    found = judged("ok-govcloud", only=COST)

    assert found.with_status("not_applicable") == set(COST)


def types(*values: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(values)}}


@pytest.mark.parametrize(
    ("expression", "covered"),
    [
        ({"Not": types("Credit", "Refund")}, True),
        (
            types("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "Recurring", "Support", "Upfront"),
            True,
        ),
        ({"And": [{"Not": types("Credit")}, {"Not": types("Tax")}]}, True),
        (types("Tax", "Support"), False),
        ({"Not": types("Usage")}, False),
    ],
)
def test_a_budget_before_credits_and_tax_covers_what_calls_cost(
    expression: dict[str, Any], covered: bool
) -> None:
    """So that credits hide no spending; as a budget with such an expression, or without one, is made in the console."""

    found = judged("enterprise", only=COST[:2], edit=counting(expression))
    assert found["COST-01"]["status"] == ("compliant" if covered else "non_compliant")
    assert covered == (found.with_status("compliant") == set(COST[:2]))


CHARGE = {
    "SERVICE": "Amazon Bedrock",
    "LINKED_ACCOUNT": "111122223333",
    "REGION": "us-east-1",
    "RECORD_TYPE": "Usage",
}


def services(*values: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"Dimensions": {"Key": "SERVICE", "Values": list(values), "MatchOptions": list(options)}}


TAG = {"Tags": {"Key": "team", "Values": ["a"]}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({}, True),
        (services("amazon bedrock"), True),
        (services("AWS Lambda"), False),
        (services("bedrock"), False),
        (services("bedrock", options=("CONTAINS",)), True),
        (services("Amazon", options=("STARTS_WITH",)), True),
        ({"Not": services("AWS Lambda")}, True),
        ({"Not": services("Amazon Bedrock")}, False),
        ({"Or": [services("AWS Lambda"), services("Amazon Bedrock")]}, True),
        ({"And": [services("AWS Lambda"), services("Amazon Bedrock")]}, False),
        (TAG, False),
        ({"Not": TAG}, False),
        ({"Or": [TAG, services("Amazon Bedrock")]}, True),
        ({"And": [TAG, services("Amazon Bedrock")]}, False),
    ],
)
def test_an_expression_covers_what_it_is_known_to_take_in(expression: dict[str, Any], expected: bool) -> None:
    assert covers(expression, CHARGE) is expected


def test_several_filters_of_a_budget_must_all_admit() -> None:
    row = {"BudgetName": "b", "CostFilters": {"Service": ["Amazon Bedrock"], "Region": ["eu-west-1"]}}

    assert not Budget.of(row).covers(CHARGE)
    assert Budget.of({**row, "CostFilters": {"Region": ["us-east-1"]}}).covers(CHARGE)
    assert not Budget.of({**row, "CostFilters": {"TagKeyValue": ["user:team$a"]}}).covers(CHARGE)


@pytest.mark.parametrize(
    ("services", "covered"),
    [([BEDROCK], True), (["Amazon Elastic Compute Cloud - Compute"], False), ([], False)],
)
def test_a_monitor_of_its_own_covers_the_services_that_it_names(services: list[str], covered: bool) -> None:
    expression = {"Dimensions": {"Key": "SERVICE", "Values": services}} if services else {}
    assert Monitor("m", "", expression, told=None).covers({"SERVICE": BEDROCK}) is covered
