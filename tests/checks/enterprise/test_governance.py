"""SUP and GOV: what AWS knows of, and what somebody signed. Which world breaks what stands in the worlds themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import tomli

from checks.catalogue import load
from fixtures.evidence.attestations import REQUIRED
from fixtures.simulation import service
from fixtures.simulation.world import Fault, World
from tests.bedrock_edits import allow, policy
from tests.enterprise_edits import changed
from tests.harness import judged

ALL = ("SUP-01", "SUP-02", "GOV-01", "GOV-02", "GOV-03", "GOV-04")
READS = {
    "support:DescribeSeverityLevels": "SUP-01",
    "artifact:ListCustomerAgreements": "GOV-03",
    "bedrock:ListEnforcedGuardrailsConfiguration": "GOV-04",
}


@pytest.mark.parametrize("operation", READS)
def test_a_denied_read_leaves_its_requirement_open(operation: str) -> None:
    fault = Fault("AccessDeniedException", "User is not authorized", 403)
    found = judged("enterprise", only=ALL, edit=lambda w: replace(w, faults={operation: fault}))

    assert found.with_status("inconclusive") == {READS[operation]}
    assert found.with_status("non_compliant") == set()
    assert found[READS[operation]]["missing_actions"] == [operation]


def test_many_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)

    def edit(world: World) -> World:
        (own,) = world.agreement
        others = tuple(replace(own, name=f"Agreement {n}") for n in range(3))
        (guardrail,) = world.enforced_guardrail
        narrow = tuple(replace(guardrail, id=f"g{n}", included=("x.y",)) for n in range(3))
        return replace(world, agreement=(*others, own), enforced_guardrail=(*narrow, guardrail))

    assert judged("enterprise", only=ALL, edit=edit).root_causes == []


def test_an_agreement_that_ended_is_not_active() -> None:
    def edit(world: World) -> World:
        return replace(world, agreement=(replace(world.agreement[0], ends_in=timedelta(days=-1)),))

    found = judged("enterprise", only=ALL, edit=edit)

    assert found.root_causes == ["GOV-03"]
    assert "ended on 2026-11-21" in found["GOV-03"]["observed"]


def attested(requirement: str, **changes: Any) -> Callable[[World], World]:
    """Edits the attestation for the requirement; a change to None takes the key out."""

    def edit(world: World) -> World:
        entries = []
        for entry in world.settings["attestation"]:
            edits = changes if entry["requirement"] == requirement else {}
            entries.append({k: v for k, v in {**entry, **edits}.items() if v is not None})
        return replace(world, settings={**world.settings, "attestation": entries})

    return edit


@pytest.mark.parametrize("requirement", ["SUP-02", "GOV-01"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"owner": None}, "has no owner"),
        ({"approved_by": None}, "has no approved_by"),
        ({"sha256": None}, "has no sha256"),
        ({"expires": "2026-11-21"}, "expired on 2026-11-21"),
        ({"approved_on": "2026-11-23"}, "still to come"),
    ],
)
def test_an_attestation_that_lacks_something_does_not_hold(
    requirement: str, changes: dict[str, Any], said: str
) -> None:
    found = judged("enterprise", only=(requirement,), edit=attested(requirement, **changes))

    assert found[requirement]["status"] == "non_compliant"
    assert said in found[requirement]["observed"]


@pytest.mark.parametrize("key", ["scope", "models"])
def test_an_approval_says_what_it_is_for(key: str) -> None:
    found = judged("enterprise", only=("GOV-01",), edit=attested("GOV-01", **{key: None}))

    assert f"has no {key}" in found["GOV-01"]["observed"]


@pytest.mark.parametrize("requirement", ["SUP-02", "GOV-01", "GOV-02", "MON-08"])
def test_what_to_attest_is_toml_as_it_stands_and_whole(requirement: str) -> None:
    remedy = load().requirement(requirement).remedy.lines("linux", model="a.b-1", profile="msh")[0]
    listed = remedy.partition("[[attestation]]: ")[2]
    pairs = re.findall(r"\w+ = (?:\"[^\"]*\"|\[[^\]]*\])", listed)
    named = {"GOV-02": ["a.b-1"]}
    expected = {
        "requirement": requirement,
        **({"models": named[requirement]} if requirement in named else {}),
    }
    assert tomli.loads("\n".join(pairs)) == expected
    also = {"GOV-01": {"scope", "models"}}.get(requirement, set())
    assert {*REQUIRED, *also} <= set(re.findall(r"\w+", listed))


def test_it_holds_on_its_last_day() -> None:
    found = judged("enterprise", only=("SUP-02",), edit=attested("SUP-02", expires="2026-11-22"))

    assert found["SUP-02"]["status"] == "compliant"


def test_a_sign_off_of_the_model_is_none_of_a_profile_that_leads_elsewhere() -> None:
    models = ["anthropic.claude-sonnet-4-6", "amazon.titan-embed-text-v2:0"]
    found = judged("enterprise", only=("GOV-02",), edit=attested("GOV-02", models=models))

    assert found.with_status("non_compliant") == {"GOV-02 BEDROCK_MODEL_ID", "GOV-02 CHAT_MODEL"}
    assert "us.anthropic.claude-sonnet-4-6" in found["GOV-02", "CHAT_MODEL"]["remedy"][0]


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"attacks": "LOW"}, ""),
        ({"attacks": "NONE"}, "a filter for prompt attacks"),
        ({"personal": ()}, "a filter for sensitive information"),
        ({"personal_action": "NONE"}, "a filter for sensitive information"),
        ({"attacks": "NONE", "personal": ()}, "a filter for prompt attacks and a filter for sensitive information"),
    ],
)  # fmt: skip
def test_a_filter_that_is_off_or_only_notes_is_none(changes: dict[str, Any], lacking: str) -> None:
    found = judged("enterprise", only=("GOV-06",), edit=changed("guardrail", "gr0enterprise", **changes))[
        "GOV-06"
    ]
    assert found["status"] == ("non_compliant" if lacking else "compliant")
    assert not lacking or found["observed"].endswith(f"without {lacking}")


def test_two_guardrails_hold_the_filters_together_and_none_at_all_is_gov_04s() -> None:
    def two(world: World) -> World:
        (own,), (enforced,) = world.guardrail, world.enforced_guardrail
        rows = (replace(own, personal=()), replace(own, id="gr0personal", attacks="NONE"))
        return replace(
            world, guardrail=rows, enforced_guardrail=(enforced, replace(enforced, id="gr0personal"))
        )

    assert judged("enterprise", only=("GOV-04", "GOV-06"), edit=two).root_causes == []
    found = judged(
        "enterprise", only=("GOV-04", "GOV-06"), edit=lambda world: replace(world, enforced_guardrail=())
    )
    assert found.root_causes == ["GOV-04"]
    assert found["GOV-06"]["explained_by"] == "GOV-04"


def test_a_guardrail_of_another_account_that_cannot_be_read_is_no_verdict() -> None:
    fault = Fault("AccessDeniedException", "User is not authorized", 403)
    found = judged(
        "enterprise", only=("GOV-06",), edit=lambda w: replace(w, faults={"bedrock:GetGuardrail": fault})
    )
    assert found["GOV-06"]["status"] == "inconclusive"
    assert found["GOV-06"]["missing_actions"] == ["bedrock:GetGuardrail"]


@pytest.mark.parametrize(
    ("plan", "status"),
    [("business", "non_compliant"), ("enterprise", "compliant"), ("developer", "non_compliant")],
)
def test_a_plan_that_has_ended_is_none(plan: Any, status: str) -> None:
    """Until then it is one, and the result says how long."""

    def on(day: datetime, world: World) -> World:
        made = replace(world, support=replace(world.support, plan=plan))
        return replace(made, clock=replace(world.clock, now=day))

    first, last = datetime(2027, 1, 1, tzinfo=timezone.utc), datetime(2026, 12, 31, 23, tzinfo=timezone.utc)
    after = judged("enterprise", only=("SUP-01",), edit=lambda world: on(first, world))["SUP-01"]
    assert after["status"] == status
    before = judged("enterprise", only=("SUP-01",), edit=lambda world: on(last, world))["SUP-01"]
    assert before["status"] == ("non_compliant" if plan == "developer" else "compliant")
    if plan == "business":
        assert "ended on 2027-01-01" in after["observed"]
        assert "ends on 2027-01-01" in before["observed"]


@pytest.mark.parametrize("agreed", ["here", "never", "over"])
def test_what_the_organisation_may_have_agreed_to_is_for_somebody_to_say(agreed: str) -> None:
    """The management account accepts for all accounts; one that is in no organisation decides alone."""

    def edit(world: World) -> World:
        (own,) = world.agreement
        there = {"here": (own,), "never": (), "over": (replace(own, state="CUSTOMER_TERMINATED"),)}
        return replace(world, agreement=there[agreed])

    def member(world: World) -> World:
        return replace(edit(world), account=replace(world.account, payer="111122223333"))

    def signed(world: World) -> World:
        theirs = {**world.settings["attestation"][0], "requirement": "GOV-03"}
        told = [*world.settings["attestation"], theirs]
        return replace(member(world), settings={**world.settings, "attestation": told})

    def unread(world: World) -> World:
        refused = Fault("AccessDeniedException", "User is not authorized", 403)
        return replace(edit(world), faults={"organizations:DescribeOrganization": refused})

    alone, within, attested, blind = (
        judged("enterprise", only=("GOV-03",), edit=each)["GOV-03"] for each in (edit, member, signed, unread)
    )
    open_or = {"here": "compliant"}
    assert alone["status"] == open_or.get(agreed, "non_compliant")
    assert within["status"] == blind["status"] == open_or.get(agreed, "inconclusive")
    assert attested["status"] == "compliant"
    if agreed != "here":
        assert within["reason"].startswith(
            "account 111122223333 manages the organisation, and what it has accepted for all its accounts is not read here: "
            "[[attestation]] requirement = GOV-03 tells; artifact:ListCustomerAgreements: AWS Business Associate Addendum "
        )
        assert "; whether an organisation has accepted it for this account is not known: " in blind["reason"]
        assert blind["missing_actions"] == ["organizations:DescribeOrganization"]


@pytest.mark.parametrize(("world", "region"), [("enterprise", "us-east-1"), ("ok-govcloud", "us-gov-west-1")])
def test_a_remedy_asks_where_the_partition_has_its_support(world: str, region: str) -> None:
    def edit(world: World) -> World:
        controls = {**world.settings.get("controls", {}), "agreements": ["Another agreement"]}
        planless = replace(world, support=replace(world.support, plan="basic"))
        return policy(allow("*"))(replace(planless, settings={**world.settings, "controls": controls}))

    found = judged(world, only=("SUP-01", "GOV-03"), edit=edit)
    assert {found[each]["remedy"][-1] for each in ("SUP-01", "GOV-03")} == {
        f"aws support describe-severity-levels --region {region} --profile msh",
        f"aws artifact list-customer-agreements --region {region} --profile msh",
    }
