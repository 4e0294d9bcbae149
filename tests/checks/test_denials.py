"""A simulation is evidence of what it was told; a denial names layer, policy and condition, and its remedy is proven."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from fixtures.aws.policy_language import Policy
from fixtures.backends import Backend
from fixtures.evidence.denials import Decision
from fixtures.evidence.models import EMBEDDING
from fixtures.evidence.organisation import OrganisationAsks
from fixtures.evidence.permissions import INVOKE, STREAM, Need, named
from fixtures.evidence.rulings import Known, _called
from fixtures.readings import ReadError, Reading
from fixtures.simulation.policy import simulate
from fixtures.simulation.world import World
from fixtures.targets import Target
from tests.bedrock_edits import (
    ACCOUNT,
    HAIKU,
    PROFILE,
    PROFILE_ARN,
    READING,
    SONNET,
    TITAN,
    Edit,
    allow,
    both,
    chat,
    deny,
    document,
    embedding,
    fault,
    model,
    model_arn,
    policy,
    profile,
    scp,
)
from tests.enterprise_edits import changed
from tests.harness import WORKSTATION, Judged, judged
from tests.world_edits import answers, env_file

GROUP = tuple(f"IAM-0{number}" for number in range(1, 6))
CALLS = (*GROUP, "INV-01", "INV-02", "INV-03")
OFFICE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
INVOKING = [INVOKE, STREAM]


def found(edit: Edit, *, only: tuple[str, ...] = GROUP, **options: Any) -> Judged:
    return judged("compliant", edit=edit, only=only, **options)


def first(result: Judged) -> Mapping[str, Any]:
    """The first root cause's row."""
    row: Mapping[str, Any] = result.document["root_causes"][0]
    return row


def contradictions(result: Judged) -> list[str]:
    """Failed requirements about what a call of the same run was seen to succeed at."""
    proven = {"INV-01": f"InvokeModel-{'CHAT_MODEL'}", "INV-02": "InvokeModelWithResponseStream-CHAT_MODEL"}
    wrong = [
        case
        for call, case in proven.items()
        if result[call]["status"] == "compliant" and result["IAM-01", case]["status"] == "non_compliant"
    ]
    listed = result["IAM-03"]["status"] == "compliant"
    denied = result["IAM-01", "ListFoundationModels-CHAT_MODEL"]["status"] == "non_compliant"
    return [*wrong, *(["ListFoundationModels"] if listed and denied else [])]


@pytest.mark.parametrize("probe", [False, True])
def test_inside_the_companys_network_a_deny_on_everything_outside_is_quiet(probe: bool) -> None:
    result = found(policy(deny("*", Condition=OFFICE), name="Office"), only=CALLS, probe=probe)
    assert result.document["counts"]["non_compliant"] == result.document["counts"]["inconclusive"] == 0
    assert "was not told aws:SourceIp" in result["IAM-05"]["observed"]
    if probe:
        assert contradictions(result) == []


@pytest.mark.parametrize("probe", [False, True])
def test_two_denies_on_everything_outside_are_quiet_inside_too(probe: bool) -> None:
    """The caller's own, which the simulation was not told enough for, and the organisation's, which a call outvotes."""
    edit = both(
        policy(deny("*", Condition=OFFICE), name="Office"),
        scp(deny(["bedrock:Invoke*", "bedrock:ListFoundation*"], Condition=OFFICE)),
    )
    result = found(edit, only=CALLS, probe=probe)
    assert result.root_causes == []
    assert contradictions(result) == []


def test_a_key_that_nobody_knows_is_named_with_policy_and_statement_and_what_tells() -> None:
    edit = policy(deny("bedrock:Invoke*", Condition=OFFICE, Sid="OfficeOnly"), name="Office")
    row = found(edit)["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert row["status"] == "inconclusive"
    assert "aws:SourceIp in statement OfficeOnly of inline policy Office" in row["reason"]
    assert row["reason"].endswith("run with --probe")
    probed = found(edit, only=CALLS, probe=True)
    assert probed.root_causes == []
    assert contradictions(probed) == []


def test_a_denial_hangs_on_more_where_neither_a_guardrail_nor_another_policy_accounts_for_it() -> None:
    arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
    need, place = Need(INVOKE, arn), frozenset([Need(INVOKE, arn)])
    assert OrganisationAsks(place=place).hangs_on_more(need)
    assert OrganisationAsks(every=frozenset([(INVOKE, "foundation-model")])).hangs_on_more(need)
    assert not OrganisationAsks().hangs_on_more(need)
    assert not OrganisationAsks(place=place, guardrail=place).hangs_on_more(need)
    assert not OrganisationAsks(place=place, beyond=place).hangs_on_more(need)


def test_an_organisations_condition_that_a_call_outvotes_is_no_finding() -> None:
    edit = scp(deny(["bedrock:Invoke*", "bedrock:ListFoundation*"], Condition=OFFICE))
    result = found(edit)
    assert result.root_causes == []
    assert (
        "bedrock:ListFoundationModels, which succeeded"
        in result["IAM-01", "InvokeModel-CHAT_MODEL"]["reason"]
    )


def test_a_policy_that_cannot_be_read_is_named_by_the_action_that_would_read_it() -> None:
    edit = both(
        policy(deny("bedrock:Invoke*", Condition=OFFICE), name="Office"),
        policy(deny("iam:GetRolePolicy"), name="NoAudit"),
    )
    row = found(edit)["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", ["iam:GetRolePolicy"])


def outside(world: World) -> World:
    return replace(world, machine=replace(world.machine, source_ip="198.51.100.9"))


def test_outside_the_network_the_denied_call_settles_it_and_the_first_remedy_meets_the_condition() -> None:
    result = found(both(outside, policy(deny("bedrock:*", Condition=OFFICE, Sid="Office"), name="Office")))
    assert result.root_causes == ["IAM-01 IAM02"]
    assert "203.0.113.0/24" in first(result)["remedy"][0]
    assert "statement Office of inline policy Office" in first(result)["remedy"][0]


GUARDED = deny(INVOKING, Sid="Guarded", Condition={"Null": {"bedrock:GuardrailIdentifier": "true"}})


@pytest.mark.parametrize("probe", [False, True])
def test_a_guardrail_that_is_asked_for_is_named_first_and_with_a_probe_it_is_the_same(probe: bool) -> None:
    result = found(policy(GUARDED, name="Guard"), only=CALLS, probe=probe)
    assert result.root_causes == ["IAM-01 IAM05"]
    assert "guardrailIdentifier" in first(result)["remedy"][0]


def test_an_explicit_deny_is_answered_by_the_deny_statement_and_never_by_an_allow() -> None:
    result = found(policy(deny(STREAM), name="NoStream"))
    lines = first(result)["remedy"]
    told = [json.loads(line[2:]) for line in lines if line.startswith("# {")]
    assert [each["Effect"] for each in told] == ["Deny", "Deny"]
    assert told[0] == deny(STREAM)
    role = told[1]["Condition"]["ArnNotLike"]["aws:PrincipalArn"][0]
    assert ":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_BedrockDeveloper_" in role
    assert lines[-1] == "# proven: with that, IAM's simulation allows all of it"
    mended = Policy("mended", {"Version": "2012-10-17", "Statement": [allow("*"), told[1]]})
    assert simulate(STREAM, PROFILE_ARN, {"aws:PrincipalArn": role}, identity=[mended]).decision == "allowed"
    other = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Other"}
    assert simulate(STREAM, PROFILE_ARN, other, identity=[mended]).decision == "explicitDeny"


def test_a_change_that_is_not_enough_says_what_is_left() -> None:
    result = found(both(policy(allow(READING)), scp(deny(INVOKING))), only=CALLS, probe=True)
    lines = first(result)["remedy"]
    assert any(
        line.startswith("# not enough by itself: without the service control policy") for line in lines
    )
    assert any(line.startswith("# besides, an administrator") for line in lines)


def test_a_statement_to_add_is_exactly_what_is_denied_and_is_proven() -> None:
    kept = [model_arn(TITAN), PROFILE_ARN, model_arn(SONNET), model_arn(SONNET, "us-east-2")]
    result = found(policy(allow(READING), allow(INVOKING, kept)))
    lines = first(result)["remedy"]
    (told,) = [json.loads(line[2:]) for line in lines if line.startswith("# {")]
    through = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE_ARN}}
    assert told == allow(INVOKING, [model_arn(SONNET, "us-west-2")], Condition=through)
    assert lines[-1] == "# proven: with it, IAM's simulation allows all of it"
    assert "if routed there" in first(result)["observed"]


def test_the_session_policy_gets_everything_that_is_needed_in_one_go() -> None:
    def narrowed(world: World) -> World:
        rest = document({"Effect": "Allow", "NotAction": "bedrock:Invoke*", "Resource": "*"})
        return replace(world, role=replace(world.role, session_policy=rest))

    result = found(narrowed, only=CALLS, probe=True)
    assert result.root_causes == ["IAM-05 IAM04"]
    (line,) = [line for line in first(result)["remedy"] if '"Allow"' in line]
    resources = {arn for each in json.loads(line[2:]) for arn in each["Resource"]}
    regions = ("us-east-1", "us-east-2", "us-west-2")
    assert {PROFILE_ARN, model_arn(TITAN), *(model_arn(SONNET, region) for region in regions)} <= resources
    assert "the tool that assumes" in first(result)["remedy"][0]
    assert "IAM's simulator does not see such a policy" in first(result)["remedy"][-1]


@pytest.mark.parametrize(
    ("world", "words"),
    [
        ("iam02-denial-the-simulation-does-not-see", "service_control_policy/p-0123abcd"),
        ("iam02-role-denies-global-profiles", "to us.anthropic.claude-sonnet-4-6, which the account lists"),
        ("iam06-organisations-guardrail", "bedrock:ApplyGuardrail"),
    ],
)
def test_the_first_remedies_have_what_it_takes(world: str, words: str) -> None:
    probe = world.startswith("iam06")
    result = judged(world, only=CALLS, probe=probe)
    assert any(words in line for line in first(result)["remedy"][:2])


def test_a_profile_as_another_account_calls_it_is_not_to_be_called() -> None:
    """A policy that was copied from there: no request of this account meets its condition."""

    def allowed_through(arn: str) -> list[str]:
        through = {"StringEquals": {"bedrock:InferenceProfileArn": arn}}
        models = allow(INVOKING, "arn:aws:bedrock:*::foundation-model/*", Condition=through)
        return list(first(found(policy(allow(READING), models)))["remedy"])

    copied = allowed_through(PROFILE_ARN.replace("210987654321", "111122223333"))
    assert copied[0].startswith(
        "# statement 2 of inline policy Bedrock is for inference profiles as another account calls"
    )
    assert not any("call the model through" in line for line in copied)
    own = allowed_through(PROFILE_ARN.replace("sonnet-4-6", "opus-4-6"))
    assert any("call the model through the inference profile" in line for line in own)


def test_a_time_that_the_simulation_was_not_told_is_no_difference() -> None:
    over = {"DateGreaterThan": {"aws:CurrentTime": "2026-11-01T00:00:00Z"}}
    result = found(policy(deny("bedrock:*", Condition=over), name="Until"))
    assert result.root_causes == ["IAM-01 IAM02"]
    assert "was not told aws:CurrentTime" in result["IAM-05"]["observed"]


def test_a_model_that_is_denied_in_the_own_region_too_is_no_matter_of_regions() -> None:
    """A policy by which models are called through tagged application profiles alone, so that costs have an owner."""
    system = {"ArnLike": {"bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:inference-profile/*"}}
    by_profile = scp(deny(INVOKING, "arn:aws:bedrock:*::foundation-model/*", Condition=system))
    lines = first(found(by_profile))["remedy"]
    assert not any("never routed" in line for line in lines)
    assert lines[0].startswith("# to send to the administrator of the organisation")
    elsewhere = first(found(scp(OTHER_THAN_HERE)))["remedy"]
    assert elsewhere[0].startswith(
        "# name an inference profile that is never routed to us-east-2 or us-west-2"
    )


OTHER_THAN_HERE = deny(INVOKING, Condition={"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}})
GLOBAL = f"global.{SONNET}"
UNITED_STATES = ("us-east-1", "us-east-2", "us-west-2")


def within(*regions: str, called: str = GLOBAL) -> Edit:
    """What is called, beside a global profile as Bedrock lists it, and an organisation that keeps requests within Regions."""
    return both(
        chat(called),
        profile(GLOBAL, regions=("us-east-1",)),
        policy(allow("bedrock:*"), name="Wide"),
        scp(deny("bedrock:*", Condition={"StringNotEquals": {"aws:RequestedRegion": regions}})),
    )


def test_a_global_profile_is_replaced_by_one_that_the_organisation_lets_through() -> None:
    result = found(within(*UNITED_STATES))
    lines = first(result)["remedy"]
    assert [line for line in lines if line.endswith(f"to {PROFILE}, which the account lists")] == lines[:2]
    assert found(within(*UNITED_STATES, called=PROFILE)).root_causes == []


def test_a_profile_that_is_denied_likewise_takes_no_global_ones_place() -> None:
    """Set in its place it was refused by the same policy, in the next Region that the request went to."""
    lines = first(found(within("us-east-1")))["remedy"]
    assert lines[0].startswith("# to send to the administrator of the organisation")
    assert "in any Region, where aws:RequestedRegion is unspecified, by an explicit deny" in lines[0]
    assert not any("never routed" in line or "which the account lists" in line for line in lines)
    assert found(within("us-east-1", called=PROFILE)).root_causes == ["IAM-02 IAM02"]
    assert found(within("us-east-1", "unspecified")).root_causes == []


# --------------------------------------------------------------------- policies of the organisation, with conditions

FROM_A_SERVICE = {"BoolIfExists": {"aws:ViaAWSService": "false"}}
OTHER_REGIONS = deny(
    "bedrock:*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}
)
NEWER = "anthropic.claude-sonnet-5"
ACTIONS = ("InvokeModel", "InvokeModelWithResponseStream")


@pytest.mark.parametrize("probe", [False, True])
@pytest.mark.parametrize("actions", ["*", "bedrock:*"])
@pytest.mark.parametrize("condition", [OFFICE, {**OFFICE, **FROM_A_SERVICE}], ids=["address", "perimeter"])
def test_an_organisation_that_denies_all_from_elsewhere_leaves_its_own_in_peace(
    condition: dict[str, Any], actions: str, probe: bool
) -> None:
    result = found(scp(deny(actions, Condition=condition)), only=CALLS, probe=probe)
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert result.root_causes == []
    assert result.with_status("inconclusive") == set()
    assert probe or "spares this caller, as bedrock:ListFoundationModels shows" in row["observed"]


def test_what_cannot_be_seen_behind_a_policy_that_spares_this_caller_is_said_and_shown_by_a_probe() -> None:
    of_the_place = scp(deny("*", Condition=OFFICE), name="Network")
    hidden = both(
        of_the_place, scp(deny(INVOKING, f"arn:aws:bedrock:*:*:inference-profile/{PROFILE}"), name="Ban")
    )
    said = found(hidden)["IAM-01", "InvokeModel-CHAT_MODEL"]["observed"]
    assert "a call of the model itself, with --probe, would show it of any other policy too" in said
    assert found(hidden, only=CALLS, probe=True).root_causes == ["IAM-01 IAM02"]


@pytest.mark.parametrize(
    ("actions", "condition"),
    [("*", {**OFFICE, **FROM_A_SERVICE}), ("bedrock:*", {**OFFICE, **FROM_A_SERVICE}), (INVOKING, OFFICE)],
    ids=["all, but for services", "Bedrock, but for services", "invocations, by address"],
)
def test_a_model_that_another_policy_denies_behind_that_of_the_place_is_never_taken_for_allowed(
    actions: str | list[str], condition: dict[str, Any]
) -> None:
    of_the_place = scp(deny(actions, Condition=condition), name="Network")
    banned = scp(deny(INVOKING, f"arn:aws:bedrock:*:*:inference-profile/{PROFILE}"), name="Ban")
    silent = found(both(of_the_place, banned))
    assert silent["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] in ("inconclusive", "non_compliant")
    if condition != OFFICE:
        assert silent.root_causes == ["IAM-01 IAM02"]
        assert silent["IAM-01", "InvokeModel-BEDROCK_EMBED_MODEL_ID"]["status"] != "non_compliant"
    called = found(both(of_the_place, banned), only=CALLS, probe=True)
    assert called.root_causes == ["IAM-01 IAM02"]
    assert called["IAM-01", "InvokeModel-BEDROCK_EMBED_MODEL_ID"]["status"] == "compliant"
    all_models = scp(deny(INVOKING, "arn:aws:bedrock:*::foundation-model/*"), name="Ban")
    behind = found(both(of_the_place, all_models))
    assert behind["IAM-01", "InvokeModel-BEDROCK_EMBED_MODEL_ID"]["status"] in (
        "inconclusive",
        "non_compliant",
    )


def test_rights_to_subscribe_that_another_policy_denies_are_not_spared_by_that_of_the_place() -> None:
    of_the_place = scp(deny("*", Condition={**OFFICE, **FROM_A_SERVICE}), name="Network")
    selling = scp(deny("aws-marketplace:*"), name="Market")
    waiting = both(model(SONNET, agreement="NOT_AVAILABLE"), policy(allow("*")))
    assert found(both(waiting, of_the_place), only=("IAM-06",)).root_causes == []
    denied = found(both(waiting, of_the_place, selling), only=("IAM-06",))
    assert denied["IAM-06", "CHAT_MODEL"]["status"] == "non_compliant"


@pytest.mark.parametrize("condition", [OFFICE, {**OFFICE, **FROM_A_SERVICE}], ids=["address", "perimeter"])
def test_a_policy_of_the_organisation_on_invocations_alone_is_left_to_a_call(
    condition: dict[str, Any],
) -> None:
    """Nobody in the account can tell a ban of all invocations from a condition on where they come from."""
    inside = scp(deny(INVOKING, Condition=condition))
    for each in (inside, scp(deny(INVOKING))):
        result = found(each)
        row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
        assert (result.root_causes, row["status"]) == ([], "inconclusive")
        assert "an SCP may forbid it: run with --probe to see" in row["reason"]
        assert "explicit deny in the service control policy" in row["reason"]
        assert "was not told, such as aws:SourceIp, aws:SourceVpc, aws:SourceVpce or aws:" in row["reason"]
    called = found(inside, only=CALLS, probe=True)
    assert (called.root_causes, called.with_status("inconclusive")) == ([], set())
    assert "spares this caller, as bedrock:InvokeModel shows" in called["IAM-02", "CHAT_MODEL"]["observed"]
    abroad = {**condition, "NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    outside = found(scp(deny(INVOKING, Condition=abroad)), only=CALLS, probe=True)
    assert outside.root_causes == ["IAM-01 IAM02"]


@pytest.mark.parametrize("condition", [{}, OFFICE], ids=["ban", "address"])
@pytest.mark.parametrize(
    ("resource", "more", "cases"),
    [
        ("arn:aws:bedrock:*::foundation-model/amazon.*", {}, "IAM-01"),
        ("arn:aws:bedrock:*::foundation-model/anthropic.*", {}, "IAM-02"),
        ("*", {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, "IAM-01"),
    ],
    ids=["embedding model", "chat model", "Regions"],
)
def test_what_the_organisation_denies_of_some_models_or_regions_is_found_without_a_call(
    resource: str, more: dict[str, Any], cases: str, condition: dict[str, Any]
) -> None:
    """What the simulation was told makes the difference there, so that it is evidence."""
    if condition:
        more = {**more, "NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    result = found(scp(deny(INVOKING, resource, Condition=more)))
    assert result.root_causes == [f"{cases} IAM02"]
    assert result.with_status("inconclusive") == set()


@pytest.mark.parametrize("probe", [False, True])
@pytest.mark.parametrize("actions", ["*", INVOKING], ids=["all", "invocations"])
def test_a_region_that_another_policy_denies_is_found_behind_that_of_the_place(
    actions: str | list[str], probe: bool
) -> None:
    of_the_place = scp(deny(actions, Condition={**OFFICE, **FROM_A_SERVICE}), name="Network")
    result = found(both(of_the_place, scp(OTHER_REGIONS, name="Regions")), probe=probe)
    assert result.root_causes == ["IAM-02 IAM02"]
    assert "in us-east-2 through" in result["IAM-02", "CHAT_MODEL"]["observed"]
    alone = found(of_the_place, only=CALLS, probe=True)
    assert (alone.root_causes, alone.with_status("inconclusive")) == ([], set())


@pytest.mark.parametrize(("allowed", "shown"), [(True, 1), (False, 0)])
def test_only_a_call_that_was_allowed_shows_what_the_organisation_lets_through(
    allowed: bool, shown: int
) -> None:
    one, another = Need(INVOKE, "model/one"), Need(STREAM, "model/another")
    calls = {one: Decision(*one[:2], allowed), another: Decision(*another[:2], True)}
    known = Known(calls=calls, layers=None)
    assert len(_called(known, Need(STREAM, "model/one"))) == shown


@pytest.mark.parametrize(
    ("called", "banned"),
    [
        (
            PROFILE,
            deny(
                INVOKING,
                ["arn:aws:bedrock:*:*:inference-profile/us.anthropic.claude-sonnet-5", model_arn(NEWER, "*")],
            ),
        ),
        (HAIKU, OTHER_REGIONS),
    ],
    ids=["model", "Regions"],
)
def test_a_call_of_one_model_says_nothing_of_what_another_policy_denies_of_others(
    called: str, banned: dict[str, Any]
) -> None:
    """Behind a statement on every invocation, the simulation shows no second one."""
    of_the_place = scp(deny(INVOKING, Condition=OFFICE), name="Network")
    configured = both(policy(allow("bedrock:*")), chat(called, main=f"us.{NEWER}"))
    alone = found(both(configured, scp(banned, name="Ban")), only=CALLS, probe=True)
    assert alone["IAM-02", "BEDROCK_MODEL_ID"]["status"] == "non_compliant"
    edit = both(configured, of_the_place, scp(banned, name="Ban"))
    assert found(edit)["IAM-02", "BEDROCK_MODEL_ID"]["status"] == "inconclusive"
    hidden = found(edit, only=CALLS, probe=True)
    assert hidden.root_causes in (["IAM-01 IAM02"], ["IAM-02 IAM02"])
    assert hidden["IAM-01", "InvokeModel-BEDROCK_MODEL_ID"]["status"] != "compliant"
    assert {hidden["IAM-01", f"{each}-CHAT_MODEL"]["status"] for each in ACTIONS} == {"compliant"}
    healthy = found(both(configured, of_the_place), only=CALLS, probe=True)
    assert (healthy.root_causes, healthy.with_status("inconclusive")) == ([], set())


class Unanswered(Backend):
    """Does not answer the simulations that tell of a request for that resource that it comes through an AWS service."""

    def __init__(self, asked: Backend, resource: str) -> None:
        self.name, self.concurrent, self._asked, self._resource = asked.name, False, asked, resource

    def now(self) -> datetime:
        return self._asked.now()

    def read(
        self, target: Target, name: str, params: Mapping[str, Any], region: str = "", by: str = ""
    ) -> Reading:
        answer = self._asked.read(target, name, params, region, by)
        told = {each["ContextKeyName"]: each["ContextKeyValues"] for each in params.get("ContextEntries", ())}
        if params.get("ResourceArns") == [self._resource] and told["aws:ViaAWSService"] == ["true"]:
            return replace(
                answer, value=None, error=ReadError("ClientError", "Throttling", "Rate exceeded", 400)
            )
        return answer

    def close(self) -> None:
        self._asked.close()


@pytest.mark.parametrize("probe", [False, True])
@pytest.mark.parametrize("actions", ["*", INVOKING], ids=["all", "invocations"])
def test_a_region_that_the_simulation_does_not_answer_for_is_not_taken_for_allowed(
    actions: str | list[str], probe: bool
) -> None:
    of_the_place = scp(deny(actions, Condition={**OFFICE, **FROM_A_SERVICE}), name="Network")
    configured = both(policy(allow("bedrock:*")), chat(HAIKU, main=f"us.{NEWER}"))
    edit = both(configured, of_the_place, scp(OTHER_REGIONS, name="Regions"))
    answered = found(edit, probe=probe)
    assert answered["IAM-02", "BEDROCK_MODEL_ID"]["status"] == "non_compliant"
    silent = found(edit, probe=probe, through=lambda asked: Unanswered(asked, model_arn(NEWER, "us-east-2")))
    row = silent["IAM-02", "BEDROCK_MODEL_ID"]
    # The probe calls the model, and is denied.
    assert row["status"] == ("non_compliant" if probe else "inconclusive")
    if not probe and actions == "*":
        assert "did not tell whether that hangs on more: " in row["reason"]
        assert "Rate exceeded" in row["reason"]


def test_on_foundation_models_alone_it_is_left_to_a_call_through_the_profile() -> None:
    """Where an SCP blocks one destination, the call fails, says AWS."""
    inside = scp(deny(INVOKING, "arn:aws:bedrock:*::foundation-model/*", Condition=OFFICE))
    assert found(inside).root_causes == []
    called = found(inside, only=CALLS, probe=True)
    assert (called.root_causes, called.with_status("inconclusive")) == ([], set())


def test_what_the_callers_own_policies_lack_is_found_whatever_the_organisation_does() -> None:
    result = found(both(policy(allow(READING)), scp(deny(INVOKING, Condition=OFFICE))))
    assert result.root_causes == ["IAM-01 IAM01"]
    assert any("not enough by itself" in line for line in first(result)["remedy"])


@pytest.mark.parametrize("probe", [False, True])
def test_a_guardrail_that_the_organisation_asks_for_is_told_from_a_ban(probe: bool) -> None:
    asking = found(scp(GUARDED), only=CALLS, probe=probe)
    assert asking.root_causes == ["IAM-01 IAM05"]
    assert "guardrailIdentifier" in first(asking)["remedy"][0]
    sparing = {**GUARDED, "Condition": {**GUARDED["Condition"], **FROM_A_SERVICE}}
    assert found(scp(sparing), only=CALLS, probe=probe).root_causes == ["IAM-01 IAM05"]
    banning = found(scp(deny(INVOKING)), only=CALLS, probe=probe)
    assert banning.root_causes == ["IAM-01 IAM02"][: int(probe)]


@pytest.mark.parametrize(
    "statement",
    [
        deny(INVOKING, "arn:aws:bedrock:*:*:inference-profile/*"),
        deny(
            INVOKING,
            "arn:aws:bedrock:*::foundation-model/*",
            Condition={
                "ArnNotLike": {
                    "bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:application-inference-profile/*"
                }
            },
        ),
    ],
    ids=["no other profile", "no model without"],
)
def test_an_organisation_that_wants_the_accounts_own_profiles_is_met_by_one(
    statement: dict[str, Any],
) -> None:
    edit = both(policy(allow("bedrock:*")), scp(statement))
    silent = found(edit)
    assert (silent.root_causes, len(silent.with_status("inconclusive")) > 0) == ([], True)
    told = [row["reason"] for row in silent.results.values() if row["status"] == "inconclusive"]
    assert all(
        "an application inference profile of the account's own it does not deny" in each for each in told
    )
    called = found(edit, only=CALLS, probe=True)
    assert called.root_causes == ["IAM-01 IAM02"]
    lines = first(called)["remedy"]
    assert "through the inference profile that the policy asks for, one of the account's own" in lines[0]
    assert "--type-equals APPLICATION" in lines[1]
    banned = found(both(policy(allow("bedrock:*")), scp(deny(INVOKING))), only=CALLS, probe=True)
    assert not any("account's own" in line for line in first(banned)["remedy"])


@pytest.mark.parametrize("probe", [False, True])
def test_a_policy_that_denies_all_that_would_read_it_is_one_root_cause(probe: bool) -> None:
    elsewhere = {"StringNotEquals": {"aws:SourceVpc": "vpc-0a1b2c3d4e5f60718"}}
    result = found(policy(deny("*", Condition=elsewhere), name="Network"), only=CALLS, probe=probe)
    assert result.root_causes == ["IAM-03 IAM02"]
    assert first(result)["remedy"][0].startswith("# the policy denies iam:GetRole as well")
    one = found(policy(deny("bedrock:*"), name="Network"), only=CALLS, probe=probe)
    assert not any("as well" in line for line in first(one)["remedy"])


def test_a_policy_of_the_organisation_that_one_call_names_is_named_to_its_owner_for_all() -> None:
    result = found(scp(deny("bedrock:*", "arn:aws:bedrock:*::foundation-model/anthropic.*")), only=CALLS)
    assert result.root_causes == ["IAM-01 IAM02"]
    assert any("service_control_policy/p-" in line for line in first(result)["remedy"])


def test_an_organisation_that_allows_other_services_alone_is_asked_to_allow_bedrock_too() -> None:
    others = ["account:*", "ec2:*", "iam:*", "s3:*", "sts:*"]
    result = found(scp(allow(others), name="FullAWSAccess"))
    assert result.root_causes == ["IAM-01 IAM02"]
    assert any("please allow it there" in line for line in first(result)["remedy"])
    # Listing the models was denied by a call.
    assert not any("no call of this run was denied so" in line for line in first(result)["remedy"])
    besides = scp(allow([*others, "bedrock:*", "organizations:Describe*"]), name="FullAWSAccess")
    assert (found(besides).root_causes, found(besides).with_status("inconclusive")) == ([], set())


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"bedrock:bearerTokenType": "LONG_TERM"}},
        {"ArnLike": {"bedrock:PromptRouterArn": "arn:aws:bedrock:*:*:default-prompt-router/*"}},
    ],
)
def test_a_deny_on_what_no_signed_request_of_a_model_has_is_quiet(condition: dict[str, Any]) -> None:
    result = found(policy(deny("bedrock:*", Condition=condition), name="Keys"))
    assert (result.root_causes, result.with_status("inconclusive")) == ([], set())


def test_what_all_requests_of_the_application_have_alike_is_settled_by_one_call() -> None:
    edit = policy(
        deny(INVOKING, Condition={"StringEquals": {"bedrock:ServiceTier": "priority"}}), name="Tier"
    )
    assert "bedrock:ServiceTier in statement 1" in found(edit)["IAM-02", "CHAT_MODEL"]["reason"]
    called = found(edit, only=CALLS, probe=True)
    assert (called.root_causes, called.with_status("inconclusive")) == ([], set())


@pytest.mark.parametrize(("name", "cause"), [("jo@*", []), ("al@*", ["IAM-01 IAM01"])])
def test_a_right_of_one_user_of_the_permission_set_is_told_by_the_name_of_the_session(
    name: str, cause: list[str]
) -> None:
    condition = {"StringLike": {"aws:userid": f"*:{name}"}}
    result = found(policy(allow(READING), allow(INVOKING, Condition=condition)))
    assert (result.root_causes, result.with_status("inconclusive")) == (cause, set())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            deny(INVOKING, Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
            "which no session of IAM Identity Center shows",
        ),
        (
            deny(
                INVOKING,
                Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/AWSReservedSSO_*"}},
            ),
            "leaves out the path that the role of a permission set has",
        ),
        (
            deny(INVOKING, Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Batch"}}),
            "spares only other callers: aws:PrincipalArn, one like arn:aws:iam::*:role/Batch",
        ),
        (
            deny(INVOKING, Condition={"Bool": {"aws:ViaAWSService": "false"}}),
            "spares only what an AWS service calls in the caller's name",
        ),
    ],
    ids=["second factor", "path", "another role", "services"],
)
def test_nobody_is_told_to_meet_a_condition_that_no_request_of_his_can_meet(
    statement: dict[str, Any], words: str
) -> None:
    result = found(policy(statement, name="Control"), only=CALLS, probe=True)
    assert result.root_causes == ["IAM-01 IAM02"]
    lines = first(result)["remedy"]
    assert words in lines[0]
    assert not any(line.startswith("# to meet") for line in lines)
    assert lines[-1] == "# proven: with that, IAM's simulation allows all of it"


def test_the_session_that_a_policy_has_ended_is_opened_anew() -> None:
    ended = {"DateLessThan": {"aws:TokenIssueTime": "2026-11-22T11:00:00Z"}}
    edit = both(
        policy(deny(INVOKING, Condition=ended), name="AWSRevokeOlderSessions"),
        *(fault(f"bedrock-runtime:{each}", "AccessDeniedException", ENDED, 403) for each in ACTIONS),
    )
    result = found(edit, only=CALLS, probe=True)
    assert (
        "end what still runs with the session that was open, and sign in anew" in first(result)["remedy"][0]
    )
    healthy = found(policy(deny("*", Condition=ended), name="AWSRevokeOlderSessions"))
    assert (healthy.root_causes, healthy.with_status("inconclusive")) == ([], set())


ENDED = (
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/y is not authorized to perform: bedrock:InvokeModel on resource: "
    f"{PROFILE_ARN} with an explicit deny in an identity-based policy"
)


def test_a_guardrails_profile_is_allowed_in_each_region_that_it_has() -> None:
    profile_arn = f"arn:aws:bedrock:us-east-2:{ACCOUNT}:guardrail-profile/us.guardrail.v1:0"
    message = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/y is not authorized to perform: bedrock:ApplyGuardrail on resource: "
        f"{profile_arn} because no identity-based policy allows the bedrock:ApplyGuardrail action"
    )
    result = found(
        fault("bedrock-runtime:InvokeModel", "AccessDeniedException", message, 403), only=CALLS, probe=True
    )
    (told,) = [json.loads(line[2:]) for line in first(result)["remedy"] if line.startswith("# {")]
    assert told == allow(["bedrock:ApplyGuardrail"], [profile_arn.replace("us-east-2", "*")])
    assert first(result)["remedy"][-1] == "# proven: with it, IAM's simulation allows all of it"


@pytest.mark.parametrize(
    "edit",
    [
        policy(allow(READING)),
        both(policy(allow(READING)), scp(deny(INVOKING))),
        both(
            scp(deny("*", Condition={**OFFICE, **FROM_A_SERVICE}), name="Network"),
            scp(OTHER_REGIONS, name="Regions"),
        ),
        scp(deny(INVOKING, "arn:aws:bedrock:*:*:inference-profile/*")),
    ],
    ids=["no right", "no right and a ban", "place and Regions", "profiles"],
)
def test_a_denial_costs_a_handful_of_further_simulations(edit: Edit) -> None:
    healthy, denied = (
        [each for each in found(state).readings if each["name"] == "iam:SimulatePrincipalPolicy"]
        for state in (lambda world: world, edit)
    )
    assert 0 < len(denied) - len(healthy) <= 7


# ------------------------------------------------------------------------ what a call needs besides its own right

KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NO_KEY = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a policy"
)


@pytest.mark.parametrize(
    ("said", "layer", "statement"),
    [
        (
            f"on resource: {KEY} because no identity-based policy allows the kms:Decrypt action",
            "no identity policy allows it",
            {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]},
        ),
        (
            f"on the resource associated with this ciphertext {NO_KEY} explicitly denies access",
            "no resource-based policy allows it",
            {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["*"]},
        ),
    ],
    ids=["role", "key"],
)
def test_the_right_to_a_key_that_a_call_lacks_is_named_and_not_that_to_invoke(
    said: str, layer: str, statement: dict[str, Any]
) -> None:
    """The key of a guardrail, or of a model that the account has made."""
    message = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/y is not authorized to perform: kms:Decrypt {said}"
    )
    calls = ("bedrock-runtime:InvokeModel", "bedrock-runtime:InvokeModelWithResponseStream")
    result = found(
        both(*(fault(each, "AccessDeniedException", message, 403) for each in calls)), only=CALLS, probe=True
    )
    (cause,) = result.document["root_causes"]
    assert (cause["requirement"], cause["observed"]) == (
        "INV-01",
        f"the call was denied: kms:Decrypt on {named('*' if 'ciphertext' in said else KEY)}: {layer}",
    )
    (told,) = [json.loads(line[2:]) for line in cause["remedy"] if line.startswith("# {")]
    assert {key: value for key, value in told.items() if key != "Principal"} == statement
    assert ("Principal" in told) == (layer == "no resource-based policy allows it")


# --------------------------------------------------------------------------- policies that were meant to be enough

APPLICATION = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abcdef123456"
ON_OWN_PROFILES = (
    allow(INVOKING, "arn:aws:bedrock:*:*:application-inference-profile/*"),
    allow(
        INVOKING,
        "arn:aws:bedrock:*::foundation-model/*",
        Condition={
            "StringLike": {
                "bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:application-inference-profile/*"
            }
        },
    ),
)
OF_TITAN = allow(INVOKE, model_arn(TITAN))


def own_profile(world: World) -> World:
    return chat(APPLICATION)(profile("abcdef123456", type="APPLICATION")(world))


def test_an_own_profile_that_may_not_even_be_read_is_allowed_with_all_that_it_leads_to_at_once() -> None:
    """The models behind it came to light in the next run, one refusal later."""
    bound = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE_ARN}}
    others = (
        allow(["bedrock:ListFoundationModels", "bedrock:GetFoundationModelAvailability"]),
        allow(["bedrock:GetFoundationModel", INVOKE], model_arn(TITAN)),
        allow("bedrock:GetFoundationModel", model_arn(SONNET)),
        allow(INVOKING, PROFILE_ARN),
        allow(INVOKING, model_arn(SONNET, "*"), Condition=bound),
    )
    before = found(both(own_profile, policy(*others)), only=WORKSTATION)
    assert before.root_causes == ["IAM-01 IAM01"]
    (told,) = [json.loads(line[2:]) for line in first(before)["remedy"] if line.startswith("# [{")]
    models = next(each for each in told if "Condition" in each)
    assert models["Resource"] == ["arn:aws:bedrock:*::foundation-model/*"]
    assert models["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": APPLICATION}}
    assert first(before)["remedy"][-1].startswith("# not proven: which models the inference profile leads to")
    narrow = tuple(f"LPR-0{number}" for number in range(1, 7))
    after = found(both(own_profile, policy(*others, *told)), only=(*WORKSTATION, *narrow))
    assert (after.root_causes, after.with_status("inconclusive")) == ([], set())
    # What is allowed already is not asked for again, though nobody here sees it.
    enough = policy(
        *others, allow(INVOKING, APPLICATION),
        allow(INVOKING, model_arn(SONNET, "*"), Condition={"StringEquals": {"bedrock:InferenceProfileArn": APPLICATION}}),
    )  # fmt: skip
    assert found(both(own_profile, enough), only=WORKSTATION).root_causes == ["IAM-04 IAM01"]


@pytest.mark.parametrize(
    "actions",
    [
        ["bedrock:Converse", "bedrock:ConverseStream"],
        ["bedrock-runtime:InvokeModel", "bedrock-runtime:InvokeModelWithResponseStream"],
    ],
)
def test_a_statement_that_allows_what_iam_does_not_know_is_named(actions: list[str]) -> None:
    result = found(policy(allow(READING), allow(actions)))
    assert result.root_causes == ["IAM-01 IAM01"]
    lines = first(result)["remedy"]
    assert lines[0].startswith(
        f"# statement 2 of inline policy Bedrock allows {' and '.join(actions)}, and IAM knows no such"
    )
    assert lines[-1] == "# proven: with it, IAM's simulation allows all of it"
    lacking = found(policy(allow(READING), allow(["bedrock:ApplyGuardrail", *INVOKING], model_arn(TITAN))))
    but_not = {"Effect": "Allow", "NotAction": STREAM, "Resource": "*"}
    for result in (lacking, found(policy(but_not))):
        assert not any("knows no such action" in line for line in first(result)["remedy"])


@pytest.mark.parametrize("probe", [False, True])
def test_where_only_the_accounts_own_profiles_are_allowed_these_are_what_to_look_for(probe: bool) -> None:
    allowed = policy(allow(READING), OF_TITAN, *ON_OWN_PROFILES)
    result = found(allowed, only=CALLS, probe=probe)
    assert result.root_causes == ["IAM-01 IAM01"]
    assert "--type-equals APPLICATION" in first(result)["remedy"][1]
    mended = found(both(allowed, own_profile), only=CALLS, probe=probe)
    assert (mended.root_causes, mended.with_status("inconclusive")) == ([], set())


def test_an_own_profile_that_may_not_be_read_is_proven_to_need_just_that() -> None:
    unread = ("bedrock:GetInferenceProfile", "bedrock:ListInferenceProfiles")
    reading = [each for each in READING if each not in unread]
    result = found(both(own_profile, policy(allow(reading), OF_TITAN, *ON_OWN_PROFILES)))
    assert result.root_causes == ["IAM-04 IAM01"]
    lines = first(result)["remedy"]
    (told,) = [json.loads(line[2:]) for line in lines if line.startswith("# {")]
    assert told == allow(["bedrock:GetInferenceProfile"], [APPLICATION])
    assert lines[-1] == "# proven: with it, IAM's simulation allows all of it"


@pytest.mark.parametrize("probe", [False, True])
def test_an_own_profile_that_may_be_listed_need_not_be_read(probe: bool) -> None:
    """The list has its models as well: nothing is said against a caller who may call it."""
    reading = [each for each in READING if each != "bedrock:GetInferenceProfile"]
    allowed = policy(allow(reading), OF_TITAN, *ON_OWN_PROFILES)
    result = found(both(own_profile, allowed), only=(*CALLS, "MDL-02", "MDL-03", "MDL-09"), probe=probe)
    assert (result.root_causes, result.with_status("inconclusive")) == ([], set())
    assert "GetFoundationModel answered" in result["IAM-04", "CHAT_MODEL"]["observed"]
    whole = found(both(own_profile, policy(allow(READING), OF_TITAN, *ON_OWN_PROFILES)), only=CALLS)
    for judged_so, asked in ((result, True), (whole, False)):
        listed = [each for each in judged_so.readings if each["name"] == "bedrock:ListInferenceProfiles"]
        assert any("typeEquals" in each["params"] for each in listed) is asked


@pytest.mark.parametrize("probe", [False, True])
@pytest.mark.parametrize("may_read", [False, True])
def test_a_tag_that_a_profile_has_to_have_is_the_profiles_and_not_the_requests(
    may_read: bool, probe: bool
) -> None:
    tagged = allow(INVOKING, APPLICATION, Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})
    on_models = allow(INVOKING, "arn:aws:bedrock:*::foundation-model/*")
    reading = [*READING, *(["bedrock:ListTagsForResource"] if may_read else [])]
    allowed = policy(allow(reading), tagged, on_models)
    result = found(both(own_profile, allowed), only=CALLS, probe=probe)
    assert result.root_causes == ["IAM-01 IAM01"][: int(may_read or probe)]
    if result.root_causes:
        lines = first(result)["remedy"]
        assert (
            "name an inference profile of the account that has the tag aws:ResourceTag/team, red" in lines[0]
        )
        assert lines[1].startswith(f"aws bedrock list-tags-for-resource --resource-arn {APPLICATION} ")
    red = both(own_profile, profile("abcdef123456", tags={"team": "red"}))
    mended = found(both(red, allowed), only=CALLS, probe=probe)
    assert mended.root_causes == []
    assert (mended.with_status("inconclusive") == set()) == (may_read or probe)


def test_a_wildcard_that_is_compared_as_a_letter_is_named() -> None:
    profiles = {"StringEquals": {"bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:inference-profile/*"}}
    on_models = allow(INVOKING, "arn:aws:bedrock:*::foundation-model/*", Condition=profiles)
    allowed = (allow(READING), OF_TITAN, allow(INVOKING, PROFILE_ARN))
    result = found(policy(*allowed, on_models))
    assert result.root_causes == ["IAM-02 IAM01"]
    assert first(result)["remedy"][0].endswith("no request meets it; with StringLike it says what was meant")
    meant = {**on_models, "Condition": {"StringLike": profiles["StringEquals"]}}
    assert found(policy(*allowed, meant)).root_causes == []


def test_a_deny_that_lists_what_it_spares_gets_what_is_lacking_and_stays_in_force() -> None:
    listed = [PROFILE_ARN, model_arn(TITAN)]
    only = {"Effect": "Deny", "Action": INVOKING, "NotResource": listed}
    result = found(policy(only, name="Only"))
    assert result.root_causes == ["IAM-02 IAM02"]
    lines = first(result)["remedy"]
    told = [json.loads(line[2:]) for line in lines if line.startswith("# {")]
    models = [model_arn(SONNET, region) for region in ("us-east-1", "us-east-2", "us-west-2")]
    assert told == [only, {**only, "NotResource": [*listed, *models]}]
    assert lines[-1] == "# proven: with that, IAM's simulation allows all of it"
    assert found(policy(told[1], name="Only")).root_causes == []


def test_what_the_simulation_allows_as_it_is_no_statement_is_proven_to_mend() -> None:
    said = f"User: x is not authorized to perform: {INVOKE} on resource: {PROFILE_ARN}"
    missing = f"{said} because no identity-based policy allows the {INVOKE} action"
    result = found(model(SONNET, invoke_error=f"AccessDeniedException: {missing}"), only=CALLS, probe=True)
    assert result.root_causes == ["IAM-05 IAM01"]
    assert first(result)["remedy"][-1] == "# not proven: IAM's simulation allows the calls as it is"


def on_resources(of: str) -> Edit:
    return scp(deny("bedrock:Invoke*", Condition={"StringNotEquals": {"aws:ResourceAccount": of}}))


def test_a_policy_on_whose_the_resource_is_denies_nothing_of_the_accounts_own() -> None:
    """So it is with Bedrock's models: AWS's own policies take them for the caller's."""
    result = found(on_resources(ACCOUNT))
    assert (result.root_causes, result.with_status("inconclusive")) == ([], set())
    for case in ("InvokeModel-CHAT_MODEL", f"InvokeModel-{EMBEDDING}"):
        assert result["IAM-01", case]["status"] == "compliant"
    called = found(on_resources(ACCOUNT), only=CALLS, probe=True)
    assert (called.root_causes, called.with_status("inconclusive")) == ([], set())


def test_behind_a_policy_on_whose_the_resource_is_another_one_still_denies_a_region() -> None:
    ohio = scp(deny("bedrock:Invoke*", model_arn(SONNET, "us-east-2")))
    result = found(both(on_resources(ACCOUNT), ohio))
    assert result["IAM-02", "CHAT_MODEL"]["status"] == "non_compliant"
    assert result["IAM-01", f"InvokeModel-{EMBEDDING}"]["status"] == "compliant"


OURS = "o-acme000000"
LONE = answers("organizations:DescribeOrganization", "AWSOrganizationsNotInUseException")
BLIND = answers("organizations:DescribeOrganization", "AccessDeniedException", status=403)


@pytest.mark.parametrize(
    ("of", "edit", "status"),
    [
        (OURS, lambda world: world, "compliant"),
        ("o-other00000", lambda world: world, "inconclusive"),
        (OURS, BLIND, "inconclusive"),
    ],
    ids=["ours", "another's", "unread"],
)
def test_a_policy_on_resources_of_the_organisation_spares_those_of_its_accounts(
    of: str, edit: Edit, status: str
) -> None:
    of_resources = scp(deny("bedrock:Invoke*", Condition={"StringNotEquals": {"aws:ResourceOrgID": of}}))
    result = found(both(of_resources, edit))
    assert result.root_causes == []
    for row in (result["IAM-01", "InvokeModel-CHAT_MODEL"], result["IAM-01", f"InvokeModel-{EMBEDDING}"]):
        assert row["status"] == status
        assert status == "compliant" or "aws:SourceVpce or aws:ResourceOrgID" in row["reason"]


@pytest.mark.parametrize(
    ("key", "value", "edit", "status"),
    [
        ("aws:PrincipalOrgID", OURS, lambda world: world, "compliant"),
        ("aws:PrincipalOrgID", "o-other00000", lambda world: world, "non_compliant"),
        ("aws:PrincipalOrgID", OURS, LONE, "non_compliant"),
        ("aws:PrincipalOrgID", OURS, BLIND, "inconclusive"),
        ("aws:ResourceOrgID", OURS, lambda world: world, "compliant"),
        ("aws:ResourceAccount", ACCOUNT, lambda world: world, "compliant"),
        ("aws:ResourceAccount", "${aws:PrincipalAccount}", lambda world: world, "compliant"),
        ("aws:ResourceAccount", "999999999999", lambda world: world, "non_compliant"),
    ],
)
def test_what_a_policy_of_the_callers_asks_of_organisation_and_owner_is_decided(
    key: str, value: str, edit: Edit, status: str
) -> None:
    """As AWS's managed policy for AgentCore's memory asks it of models and profiles."""
    own = policy(allow(READING), allow(INVOKING, Condition={"StringEquals": {key: value}}))
    result = found(both(own, edit))
    for case in ("InvokeModel-CHAT_MODEL", f"InvokeModel-{EMBEDDING}"):
        row = result["IAM-01", case]
        assert row["status"] == status
        assert status != "inconclusive" or key in row["reason"]
        unread = ["organizations:DescribeOrganization"] if edit is BLIND else []
        assert row["missing_actions"] == unread


def test_whose_organisation_another_account_is_of_is_not_known() -> None:
    theirs = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6"
    own = policy(allow(READING), allow(INVOKING, Condition={"StringEquals": {"aws:ResourceOrgID": OURS}}))
    row = found(both(own, chat(theirs)))["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert row["status"] == "inconclusive" and "aws:ResourceOrgID" in row["reason"]


@pytest.mark.parametrize(
    "edit", [on_resources("999999999999"), scp(deny("bedrock:Invoke*"))], ids=["owner", "ban"]
)
def test_a_policy_on_another_owner_stays_in_doubt_as_a_ban_does(edit: Edit) -> None:
    result = found(edit)
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert row["status"] == "inconclusive" and "aws:ResourceAccount" not in row["reason"]
    assert "aws:SourceVpce or aws:ResourceOrgID" in row["reason"]


def attached(name: str) -> Edit:
    closed = {name: document(deny([*INVOKING, "iam:CreateUser"]))}
    return lambda world: replace(world, role=replace(world.role, attached={**world.role.attached, **closed}))


@pytest.mark.parametrize("read", [True, False])
def test_what_a_leaked_key_has_closed_up_nobody_is_asked_to_open(read: bool) -> None:
    arn = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
    said = f"User: x is not authorized to perform: {INVOKE} on resource: {PROFILE_ARN}"
    refused = f"AccessDeniedException: {said} with an explicit deny in an identity-based policy: {arn}"
    closed = attached("aws/AWSCompromisedKeyQuarantineV3") if read else model(SONNET, invoke_error=refused)
    lines = first(found(closed, only=CALLS, probe=not read))["remedy"]
    assert lines[0].startswith(
        "# AWS has attached AWSCompromisedKeyQuarantineV3 since a long-lived access key"
    )
    assert lines[0].endswith("the policy goes last")
    assert [line for line in lines if "takes policy" in line] == (lines[1:2] if read else [])
    assert not any("spares" in line or "exempt" in line or "proven" in line for line in lines)


@pytest.mark.parametrize(
    ("policy_off", "key", "in_file", "root_causes"),
    [
        (False, "OLD", "OLD", ["IAM-01 IAM02"]),
        (False, "NEW", "OLD", ["RUN-02 STS03"]),
        (False, "NEW", "NEW", ["IAM-01 IAM02"]),
        (True, "NEW", "NEW", []),
    ],
    ids=["as it was found", "the key is deleted", "the application has another", "and the policy is off"],
)
def test_what_is_to_be_done_about_a_leaked_key_step_by_step(
    policy_off: bool, key: str, in_file: str, root_causes: list[str]
) -> None:
    """Each step is one that a run tells from the others, and the last one leaves nothing."""
    old = "AKIAQ2BUILDHOSTUSER0"
    keys = {"OLD": old, "NEW": "AKIAQ2BUILDHOSTUSER1"}
    closed = {} if policy_off else {"aws/AWSCompromisedKeyQuarantineV3": document(deny(INVOKING))}

    def edit(world: World) -> World:
        written = env_file((old, keys[in_file]), of="~/.aws/credentials")(world)
        return changed("iam_user", "build", access_key_id=keys[key], attached=closed)(written)

    result = judged("ok-iam-user-on-purpose", edit=edit, only=WORKSTATION, probe=True)
    assert result.root_causes == root_causes
    if root_causes == ["IAM-01 IAM02"]:
        lines = first(result)["remedy"]
        assert "first an administrator deletes that key" in lines[0]
        assert lines[1].startswith("# then an administrator takes policy AWSCompromisedKeyQuarantineV3 off")


@pytest.mark.parametrize(("name", "by_aws"), [("aws/AWSDenyBedrock", True), ("DenyBedrock", False)])
def test_a_policy_of_aws_is_taken_off_and_not_edited(name: str, by_aws: bool) -> None:
    lines = first(found(attached(name)))["remedy"]
    assert ("takes policy AWSDenyBedrock off, which is AWS's own" in lines[0]) == by_aws
    assert any("spares this caller" in line for line in lines) != by_aws
    assert lines[-1] == "# proven: with that, IAM's simulation allows all of it"


@pytest.mark.parametrize("probe", [False, True])
def test_a_model_that_alone_is_called_by_its_id_is_to_be_called_as_the_others_are(probe: bool) -> None:
    """The chat model goes through a profile of the account's own, as the organisation wants it, the embedding model not."""
    through = {
        "ArnNotLike": {"bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:application-inference-profile/*"}
    }
    everything = deny(INVOKING, "arn:aws:bedrock:*::foundation-model/*", Condition=through)
    chats = both(own_profile, policy(allow([*READING, *INVOKING])))
    result = found(both(chats, scp(everything)), only=CALLS, probe=probe)
    assert result.root_causes == ["IAM-01 IAM02"]
    lines = first(result)["remedy"]
    assert "one of the account's own, which create-inference-profile makes" in lines[0]
    assert "--type-equals APPLICATION" in lines[1]
    identifier = "fedcba654321"
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/{identifier}"
    made = both(profile(identifier, model=TITAN, type="APPLICATION"), embedding(arn))
    mended = found(both(chats, scp(everything), made), only=CALLS, probe=probe)
    assert (mended.root_causes, mended.with_status("inconclusive")) == ([], set())
    banned = found(both(chats, scp(deny(INVOKING, model_arn(TITAN)))), only=CALLS, probe=probe)
    assert not any("account's own" in line for line in first(banned)["remedy"])
