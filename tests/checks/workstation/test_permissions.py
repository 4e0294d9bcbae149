"""Step 3: what is said of a role that may not do what the application does, by simulation and by the calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from checks.catalogue import load
from fixtures.aws.errors import ACCESS_DENIED
from fixtures.aws.policy_language import Policy
from fixtures.evidence.denials import Decision, decisions_of, denial_of
from fixtures.evidence.grants import statement_of
from fixtures.evidence.identity import Identity
from fixtures.evidence.models import EMBEDDING, VARIABLES
from fixtures.evidence.permissions import Need
from fixtures.evidence.simulator import simulated_principal
from fixtures.readings import ReadError, Unavailable
from fixtures.settings import ModelSettings, Settings
from fixtures.simulation.controls import EnforcedGuardrail
from fixtures.simulation.policy import simulate, to_evaluation_results
from fixtures.simulation.world import World
from tests.bedrock_edits import (
    ACCOUNT,
    LISTING,
    PROFILE,
    PROFILE_ARN,
    READING,
    SONNET,
    TITAN,
    Edit,
    allow,
    both,
    boundary,
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
    throttled,
    without_preflight,
)
from tests.harness import Judged, judged, with_environment

GROUP = tuple(f"IAM-0{number}" for number in range(1, 8))
INVOKE, STREAM = "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"
LIST, GET = "bedrock:ListFoundationModels", "bedrock:GetFoundationModel"
SIMULATE = "iam:SimulatePrincipalPolicy"
SCP_DENIAL = (
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/jo is not authorized to perform: {LIST} with an explicit deny in a "
    "service control policy: arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1"
)
UNAUDITED = without_preflight("iam:GetRole")
"""The role that cannot be simulated, since it may not look itself up."""


def found(edit: Edit, *, only: tuple[str, ...] = GROUP, **options: Any) -> Judged:
    return judged("compliant", edit=edit, only=only, **options)


def statements(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements that a remedy tells to add."""
    (line,) = [line for line in result["remedy"] if '"Effect"' in line]
    told = json.loads(line.partition(" ")[2])
    return told if isinstance(told, list) else [told]


def asked(result: Judged, operation: str = SIMULATE) -> list[Mapping[str, Any]]:
    return [reading["params"] for reading in result.readings if reading["name"] == operation]


# ------------------------------------------------------------------------------------- IAM-01, by simulation


def test_the_compliant_role_may_do_all_that_applies() -> None:
    result = found(lambda world: world)
    assert result.with_status("not_applicable") == {
        f"IAM-01 InvokeModelWithResponseStream-{EMBEDDING}",
        f"IAM-02 {EMBEDDING}",
        *(f"IAM-06 {variable}" for variable in VARIABLES),
    }
    assert result["IAM-01", f"InvokeModelWithResponseStream-{EMBEDDING}"]["reason"].startswith(EMBEDDING)
    assert result.document["counts"]["compliant"] == len(result.results) - 5


def test_the_simulator_is_asked_about_each_action_on_what_iam_decides_it() -> None:
    questions = asked(found(lambda world: world))
    told = [{e["ContextKeyName"]: e["ContextKeyValues"] for e in q["ContextEntries"]} for q in questions]
    direct = [
        (tuple(q["ActionNames"]), tuple(q.get("ResourceArns", ())))
        for q, context in zip(questions, told, strict=True)
        if "bedrock:InferenceProfileArn" not in context
    ]
    assert sorted(direct) == sorted(
        [
            ((LIST,), ()),
            ((GET,), (model_arn(TITAN), model_arn(SONNET))),
            ((INVOKE, STREAM), (PROFILE_ARN, model_arn(TITAN))),
        ]
    )
    through = {
        q["ResourceArns"][0]: (context["bedrock:InferenceProfileArn"], context["aws:RequestedRegion"])
        for q, context in zip(questions, told, strict=True)
        if "bedrock:InferenceProfileArn" in context
    }
    assert through == {
        model_arn(SONNET, region): ([PROFILE_ARN], [region])
        for region in ("us-east-1", "us-east-2", "us-west-2")
    }
    assert len(questions) == 6


def test_the_simulator_is_told_everything_that_is_known_of_the_caller() -> None:
    def tagged(world: World) -> World:
        return replace(world, role=replace(world.role, tags={"team": "docxp"}))

    entries = asked(found(tagged))[0]["ContextEntries"]
    told = {entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in entries}
    arn = told.pop("aws:PrincipalArn")
    assert arn.startswith(f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_")
    assert told == {
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalTag/team": "docxp",
        "aws:PrincipalType": "AssumedRole",
        "aws:RequestedRegion": "us-east-1",
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
    }


@pytest.mark.parametrize("action", [LIST, GET, INVOKE, STREAM])
def test_an_action_that_no_policy_allows_is_named_with_the_statement_to_add(action: str) -> None:
    result = found(policy(allow([each for each in (*READING, INVOKE, STREAM) if each != action])))
    for variable in VARIABLES:
        if action == STREAM and variable == EMBEDDING:
            continue
        row = result["IAM-01", f"{action.partition(':')[2]}-{variable}"]
        assert (row["status"], row["cause"]) == ("non_compliant", "IAM01")
        assert row["observed"].startswith(f"{action} on ")
        assert row["observed"].endswith(": no identity policy allows it")
        told = statements(row)
        assert all(each["Action"] == [action] for each in told)
        assert f"BedrockDeveloper in account {ACCOUNT}" in row["remedy"][0]
    assert result.root_causes == ["IAM-01 IAM01"]
    resources = {arn for each in told for arn in each["Resource"]}
    destinations = {model_arn(SONNET, region) for region in ("us-east-1", "us-east-2", "us-west-2")}
    assert (
        resources
        == {
            LIST: {"*"},
            GET: {model_arn(SONNET), model_arn(TITAN)},
            INVOKE: {PROFILE_ARN, model_arn(TITAN), *destinations},
            STREAM: {PROFILE_ARN, *destinations},
        }[action]
    )


def test_the_remedys_statement_mends_what_it_is_given_for() -> None:
    broken = policy(allow(READING))
    told = statements(found(broken)["IAM-01", "InvokeModel-CHAT_MODEL"])
    mended = found(both(broken, policy(*told, name="Added")))
    assert mended.root_causes == []


def test_the_destinations_that_could_not_be_read_are_in_the_statement_for_every_region() -> None:
    told = statements(found(policy())["IAM-01", "InvokeModel-CHAT_MODEL"])
    (through,) = [each for each in told if "Condition" in each]
    assert through["Resource"] == [f"arn:aws:bedrock:*::foundation-model/{SONNET}"]
    assert through["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE_ARN}}


@pytest.mark.parametrize(
    ("edit", "cause", "layer"),
    [
        (policy(allow(READING)), "IAM01", "no identity policy allows it"),
        (
            boundary({"Effect": "Allow", "NotAction": [INVOKE], "Resource": "*"}),
            "IAM01",
            "no permissions boundary allows it",
        ),
        (
            boundary(allow("*"), deny(INVOKE)),
            "IAM02",
            "explicit deny in the permissions boundary (policy Boundary), statement 2",
        ),
        (
            scp(deny(INVOKE, Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})),
            "IAM02",
            "explicit deny in the service control policy",
        ),
        (
            scp({"Effect": "Allow", "NotAction": INVOKE, "Resource": "*"}, name="FullAWSAccess"),
            "IAM02",
            "no service control policy allows it",
        ),
        (
            policy(deny(INVOKE), name="Extra"),
            "IAM02",
            "explicit deny in the identity policy (inline policy Extra), statement 1",
        ),
    ],
    ids=["identity", "boundary", "boundary-deny", "scp-deny", "scp", "explicit-deny"],
)
def test_a_denial_names_its_layer(edit: Edit, cause: str, layer: str) -> None:
    result = found(edit)
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["cause"]) == ("non_compliant", cause)
    assert layer in row["observed"].replace("PermissionsBoundary", "Boundary").replace(
        "BedrockBoundary", "Boundary"
    )
    assert result.root_causes == [f"IAM-01 {cause}"]


def test_two_faults_of_different_layers_are_two_root_causes() -> None:
    result = found(both(policy(allow([*READING, INVOKE])), scp(deny(LIST))))
    assert result.root_causes == ["IAM-01 IAM02", "IAM-01 IAM01"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("*"),
        allow("bedrock:*"),
        allow("BEDROCK:invoke*", [f"{PROFILE_ARN[:-3]}???", "arn:aws:bedrock:*::foundation-model/*"]),
        {"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "bedrock:*",
            "NotResource": "arn:aws:bedrock:*::foundation-model/meta.*",
        },
    ],
    ids=["all", "service", "wildcards", "NotAction", "NotResource"],
)
def test_a_policy_that_allows_in_other_words_is_no_finding(statement: dict[str, Any]) -> None:
    result = found(policy(allow(READING), statement))
    assert result.with_status("non_compliant") == set()
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "compliant"


@pytest.mark.parametrize("operation", ["iam:GetRole", SIMULATE])
def test_a_role_that_may_not_simulate_itself_is_not_judged_by_simulation(operation: str) -> None:
    result = found(without_preflight(operation))
    for case in ("InvokeModel-CHAT_MODEL", "ListFoundationModels-CHAT_MODEL"):
        row = result["IAM-01", case]
        assert (row["status"], row["missing_actions"]) == ("inconclusive", [operation])
    assert result["IAM-02", "CHAT_MODEL"]["missing_actions"] == [operation]
    assert result["IAM-05"]["missing_actions"] == [operation]
    assert result["IAM-03"]["status"] == "compliant"
    assert {result["IAM-04", variable]["status"] for variable in VARIABLES} == {"compliant"}


def test_a_throttled_simulation_judges_nothing() -> None:
    result = found(fault(SIMULATE, "Throttling", "Rate exceeded"))
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", [])
    assert "Throttling" in row["reason"]


@pytest.mark.parametrize(
    ("edit", "requirement"),
    [
        (chat("us.anthropic.claude-sonet-4-6"), "MDL-02"),
        (chat("Claude"), "MDL-01"),
        (chat(SONNET), "MDL-05"),
    ],
    ids=["misspelt", "malformed", "bare"],
)
def test_a_denial_about_a_model_that_cannot_be_called_is_explained_by_that(
    edit: Edit, requirement: str
) -> None:
    result = found(edit)
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["behind"]) == ("non_compliant", requirement)
    assert result["IAM-01", f"InvokeModel-{EMBEDDING}"]["status"] == "compliant"


def test_a_fault_of_another_model_hides_no_denial() -> None:
    result = found(both(chat(SONNET), policy(allow([*READING, STREAM]))))
    row = result["IAM-01", f"InvokeModel-{EMBEDDING}"]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM01")
    assert statements(row) == [allow([INVOKE], [model_arn(TITAN)])]
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["behind"] == "MDL-05"
    assert result.root_causes == ["IAM-01 IAM01", "MDL-05 MOD01"]


def test_a_denial_for_another_caller_than_was_meant_is_explained_by_that() -> None:
    def poor(world: World) -> World:
        audit = document(allow(SIMULATE))
        return replace(
            world,
            iam_user=tuple(
                replace(user, policies={"Audit": audit}, policies_of_role=False) for user in world.iam_user
            ),
        )

    meant = judged("ok-iam-user-on-purpose", only=GROUP, edit=poor)
    assert meant["IAM-01", "InvokeModel-CHAT_MODEL"]["cause"] == "IAM01"
    for_sso = judged("ok-iam-user-on-purpose", only=GROUP, edit=poor, settings=Settings())
    row = for_sso["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["behind"]) == ("non_compliant", "CRD-01")
    assert for_sso["IAM-03"]["behind"] == "CRD-01"


class Facts(NamedTuple):
    identity: Identity
    principal_arn: str = f"arn:aws:iam::{ACCOUNT}:role/found"


@pytest.mark.parametrize(
    ("arn", "role", "simulated"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x/jo", "x", True),
        (f"arn:aws:iam::{ACCOUNT}:user/team/jo", None, True),
        (f"arn:aws:iam::{ACCOUNT}:root", None, False),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/jo", None, False),
    ],
)
def test_only_roles_and_users_can_be_simulated(arn: str, role: str | None, simulated: bool) -> None:
    facts: Any = Facts(Identity(ACCOUNT, arn, "aws", role, None))
    if simulated:
        assert simulated_principal.function(facts).endswith("found")
        return
    with pytest.raises(Unavailable, match="is neither"):
        simulated_principal.function(facts)


# ------------------------------------------------------------------------------------ IAM-02, through profiles


def tight(*regions: str) -> Edit:
    """A policy that allows the chat model through its profile in these destination regions."""
    return policy(
        allow(READING),
        allow(
            [INVOKE, STREAM],
            [PROFILE_ARN, model_arn(TITAN), *(model_arn(SONNET, region) for region in regions)],
        ),
    )


def test_one_destination_that_is_not_allowed_breaks_the_profile() -> None:
    result = found(tight("us-east-1", "us-east-2"))
    row = result["IAM-02", "CHAT_MODEL"]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM01")
    assert f"foundation-model/{SONNET} in us-west-2 through {PROFILE}" in row["observed"]
    assert [each["Resource"] for each in statements(row)] == [[model_arn(SONNET, "us-west-2")]]
    assert result["IAM-02", EMBEDDING]["status"] == "not_applicable"
    assert result.root_causes == ["IAM-02 IAM01"]


def test_a_profile_that_is_not_allowed_fails_both_requirements_and_is_one_root_cause() -> None:
    result = found(policy(allow(READING), allow([INVOKE, STREAM], "arn:aws:bedrock:*::foundation-model/*")))
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "non_compliant"
    assert result["IAM-02", "CHAT_MODEL"]["status"] == "non_compliant"
    assert result.root_causes == ["IAM-01 IAM01"]


def test_a_region_that_the_organisation_denies_is_named() -> None:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}
    result = found(scp(deny("bedrock:*", Condition=elsewhere)))
    row = result["IAM-02", "CHAT_MODEL"]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM02")
    assert "in us-east-2" in row["observed"]
    assert "explicit deny in the service control policy" in row["observed"]
    assert any("list-inference-profiles" in line for line in row["remedy"])
    assert result.root_causes == ["IAM-02 IAM02"]


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_global_profile_takes_the_model_without_region_as_well(everywhere: bool) -> None:
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/global.{SONNET}"
    regions = (
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-central-1",
        "eu-west-1",
        *([""] if everywhere else []),
    )
    regional = [model_arn(SONNET, region) for region in regions]
    result = found(
        both(
            chat(f"global.{SONNET}"),
            policy(allow(READING), allow([INVOKE, STREAM], [arn, model_arn(TITAN), *regional])),
        )
    )
    row = result["IAM-02", "CHAT_MODEL"]
    if everywhere:
        assert row["status"] == "compliant"
        return
    assert "in any Region" in row["observed"]
    without_region = [q for q in asked(result) if q.get("ResourceArns") == [model_arn(SONNET, "")]]
    told = {
        entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in without_region[0]["ContextEntries"]
    }
    assert (told["bedrock:InferenceProfileArn"], told["aws:RequestedRegion"]) == ([arn], ["unspecified"])


@pytest.mark.parametrize("probe", [False, True])
def test_a_global_profile_as_bedrock_lists_it_takes_what_the_user_guide_has(probe: bool) -> None:
    """It lists the model of the own Region and one without a Region, and the guide allows each for itself."""
    identifier = f"global.{SONNET}"
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{identifier}"
    through = {"bedrock:InferenceProfileArn": arn}

    def when(region: str, **more: str) -> dict[str, dict[str, str]]:
        return {"StringEquals": {"aws:RequestedRegion": region, **more}}

    statements = [
        allow(READING),
        allow(INVOKE, model_arn(TITAN)),
        allow([INVOKE, STREAM], arn, Condition=when("us-east-1")),
        allow([INVOKE, STREAM], model_arn(SONNET), Condition=when("us-east-1", **through)),
        allow([INVOKE, STREAM], model_arn(SONNET, ""), Condition=when("unspecified", **through)),
    ]
    listed = both(profile(identifier, regions=("", "us-east-1")), chat(identifier))
    only = (*GROUP, "INV-01", "INV-02")
    assert found(both(listed, policy(*statements)), only=only, probe=probe).root_causes == []
    without = found(both(listed, policy(*statements[:-1])), only=only, probe=probe)
    assert without.root_causes == ["IAM-02 IAM01"]
    assert "in any Region through global" in without["IAM-02", "CHAT_MODEL"]["observed"]


def test_without_the_profiles_destinations_nothing_is_said_about_them() -> None:
    result = found(policy(allow(["bedrock:GetFoundationModel*", LIST, INVOKE, STREAM])))
    row = result["IAM-02", "CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", ["bedrock:GetInferenceProfile"])
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "compliant"
    assert result["IAM-04", "CHAT_MODEL"]["status"] == "compliant"


def test_the_destinations_can_come_from_the_listing() -> None:
    result = found(both(tight("us-east-1"), policy(deny("bedrock:GetInferenceProfile"), name="NoGet")))
    assert "us-east-2" in result["IAM-02", "CHAT_MODEL"]["observed"]


# ----------------------------------------------------------------------------- IAM-03 and IAM-04, by the calls


def test_a_call_that_is_denied_as_simulated_is_explained_by_the_simulations_finding() -> None:
    result = found(
        policy(
            allow([INVOKE, STREAM, "bedrock:GetInferenceProfile", "bedrock:GetFoundationModelAvailability"])
        )
    )
    assert (result["IAM-03"]["status"], result["IAM-03"]["behind"]) == ("non_compliant", "IAM-01")
    row = result["IAM-04", EMBEDDING]
    assert (row["status"], row["behind"]) == ("non_compliant", "IAM-01")
    assert result["IAM-04", "CHAT_MODEL"]["status"] == "compliant"
    assert result.root_causes == ["IAM-01 IAM01"]


def test_without_a_simulation_the_denied_calls_are_the_finding_and_one_root_cause() -> None:
    result = found(both(policy(allow([INVOKE, STREAM])), UNAUDITED))
    assert (result["IAM-03"]["status"], result["IAM-03"]["cause"]) == ("non_compliant", "IAM01")
    assert "no identity policy allows it" in result["IAM-03"]["observed"]
    row = result["IAM-04", EMBEDDING]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM01")
    assert row["observed"].startswith(f"{GET} on foundation-model/{TITAN}")
    assert row["remedy"] == result["IAM-03"]["remedy"]
    assert {action for each in statements(row) for action in each["Action"]} == {GET, LIST}
    assert result.root_causes == ["IAM-03 IAM01"]


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        ("AccessDeniedException", SCP_DENIAL, "IAM02"),
        ("AccessDeniedException", f"User: x is not authorized to perform: {LIST}", "IAM01"),
        ("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.", "ENV08"),
        ("AccessDeniedException", "Your account is not authorized to invoke this API operation.", None),
        ("UnrecognizedClientException", "The security token included in the request is invalid.", "REG04"),
    ],
)
def test_listing_that_is_refused_is_told_apart_by_code_and_words(
    code: str, message: str, cause: str | None
) -> None:
    row = found(both(fault(LIST, code, message, 403), UNAUDITED), only=("IAM-03",))["IAM-03"]
    assert (row["status"], row["cause"]) == ("non_compliant", cause)
    assert row["remedy"]


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "InternalServerException", "SomethingNew", "ValidationException"]
)
def test_listing_that_fails_otherwise_says_nothing_about_permissions(code: str) -> None:
    result = found(fault(LIST, code, "no answer today"))
    assert result["IAM-03"]["status"] == "inconclusive"
    assert "no answer today" in result["IAM-03"]["reason"]
    # A call that nobody has answered may be the one that differs.
    assert result["IAM-05"]["status"] == "inconclusive"
    assert f"{LIST}: {code}" in result["IAM-05"]["reason"]
    assert result.root_causes == []


def test_a_bearer_token_explains_what_bedrock_refuses() -> None:
    refused = "Authentication failed: Please make sure your API Key is valid."

    def bearer(world: World) -> World:
        return with_environment(world, AWS_BEARER_TOKEN_BEDROCK="")

    edit = both(bearer, *(fault(each, "AccessDeniedException", refused, 403) for each in READING))
    result = found(edit)
    assert (result["IAM-03"]["status"], result["IAM-03"]["behind"]) == ("non_compliant", "CRD-04")
    assert result["IAM-04", "CHAT_MODEL"]["behind"] == "CRD-04"
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "compliant"


def test_a_model_that_cannot_be_read_because_of_throttling_is_not_judged() -> None:
    result = found(throttled(GET, "bedrock:GetInferenceProfile"))
    assert {result["IAM-04", variable]["status"] for variable in VARIABLES} == {"inconclusive"}


def test_a_model_that_does_not_exist_is_no_question_of_permission() -> None:
    result = found(chat("us.anthropic.claude-sonet-4-6"))
    row = result["IAM-04", "CHAT_MODEL"]
    assert (row["status"], row["behind"]) == ("non_compliant", "MDL-02")


@pytest.mark.parametrize("denied", [SIMULATE, "iam:GetRole"])
def test_what_a_probe_has_shown_to_be_allowed_needs_no_simulation(denied: str) -> None:
    result = judged("compliant", edit=without_preflight(denied), only=("IAM-01", "IAM-02"), probe=True)
    rows = [row for (requirement, _), row in result.results.items() if requirement == "IAM-01"]
    assert {row["status"] for row in rows} == {"compliant", "not_applicable"}
    assert result["IAM-01", "InvokeModel-CHAT_MODEL"]["observed"].endswith("shown by calls of this run")
    assert result["IAM-02", "CHAT_MODEL"]["missing_actions"] == [denied]
    lacking = both(policy(allow(READING)), without_preflight(denied))
    result = judged("compliant", edit=lacking, only=("IAM-01", "INV-01"), probe=True)
    row = result["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", [denied])
    assert result.root_causes == ["INV-01 IAM01"]


# ------------------------------------------------------------------------------------- IAM-05, the two compared


def test_a_denial_that_the_simulation_does_not_see_is_named_once() -> None:
    result = found(fault(LIST, "AccessDeniedException", SCP_DENIAL, 403))
    row = result["IAM-05"]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM02")
    assert row["observed"].startswith("denied, though the simulation allows it")
    assert "explicit deny in the service control policy" in row["observed"]
    assert not any('"Allow"' in line for line in row["remedy"])
    assert any("policy/o-1/service_control_policy/p-1" in line for line in row["remedy"])
    assert result["IAM-03"]["behind"] == "IAM-05"
    assert result.root_causes == ["IAM-05 IAM02"]


def test_a_denial_of_keys_that_were_not_to_win_is_explained_by_them() -> None:
    denied = fault(LIST, "AccessDeniedException", SCP_DENIAL, 403)
    result = judged(
        "ent-prd-06-exported-session-keys", edit=denied, settings=Settings(), only=(*GROUP, "CRD-01")
    )
    assert result["IAM-05"]["behind"] == "CRD-01"


def test_where_no_call_got_as_far_as_a_decision_nothing_is_compared() -> None:
    assert found(throttled(LIST, GET))["IAM-05"]["status"] == "inconclusive"


def test_with_a_probe_the_invocations_are_compared_too() -> None:
    denied = (
        f"User: x is not authorized to perform: {INVOKE} on resource: {model_arn(SONNET, 'us-east-2')} "
        "with an explicit deny in a service control policy"
    )
    refused = fault("bedrock-runtime:InvokeModel", "AccessDeniedException", denied, 403)
    result = found(refused, only=("IAM-05", "INV-01"), probe=True)
    assert (result["IAM-05"]["status"], result["IAM-05"]["cause"]) == ("non_compliant", "IAM02")
    assert "in us-east-2 through" in result["IAM-05"]["observed"]
    assert result["INV-01"]["behind"] == "IAM-05"


# ------------------------------------------------------------------------------------------ IAM-06, Marketplace

COHERE = "cohere.embed-v4:0"
SUBSCRIBE = ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"]
NEW_EMBEDDING = both(
    embedding(COHERE),
    model(COHERE, agreement="NOT_AVAILABLE"),
    policy(allow([GET, INVOKE], model_arn(COHERE)), name="Cohere"),
)


def test_a_first_subscription_takes_rights_that_the_role_lacks() -> None:
    result = found(NEW_EMBEDDING, only=("IAM-06", "MDL-08"))
    row = result["IAM-06", EMBEDDING]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM03")
    assert (
        row["observed"]
        == f"the agreement for {COHERE} is NOT_AVAILABLE; aws-marketplace:Subscribe on *: no identity policy allows it"
    )
    assert COHERE in row["remedy"][0]
    assert result["MDL-08", f"{EMBEDDING}-agreement"]["behind"] == "IAM-06"
    assert result["IAM-06", "CHAT_MODEL"]["status"] == "not_applicable"


def test_with_the_rights_the_missing_subscription_is_the_finding() -> None:
    result = found(both(NEW_EMBEDDING, policy(allow(SUBSCRIBE), name="Market")), only=("IAM-06", "MDL-08"))
    assert result["IAM-06", EMBEDDING]["status"] == "compliant"
    assert result["MDL-08", f"{EMBEDDING}-agreement"]["cause"] == "MOD03"


def test_amazons_own_models_are_not_sold_in_the_marketplace() -> None:
    row = found(model(TITAN, agreement="NOT_AVAILABLE"), only=("IAM-06",))["IAM-06", EMBEDDING]
    assert row["status"] == "not_applicable"
    assert TITAN in row["reason"]


def test_the_marketplace_is_asked_about_only_where_a_subscription_is_missing() -> None:
    questions = [question["ActionNames"] for question in asked(found(lambda world: world))]
    assert SUBSCRIBE not in questions
    assert SUBSCRIBE in [question["ActionNames"] for question in asked(found(NEW_EMBEDDING))]


def test_anthropics_form_comes_before_the_subscription() -> None:
    result = judged("mod04-use-case-form-not-submitted", only=("IAM-06",))
    assert result["IAM-06", "CHAT_MODEL"]["behind"] == "MDL-08"


def test_an_agreement_that_cannot_be_read_names_the_action() -> None:
    row = found(policy(deny("bedrock:GetFoundationModelAvailability"), name="X"), only=("IAM-06",))[
        "IAM-06", "CHAT_MODEL"
    ]
    assert (row["status"], row["missing_actions"]) == (
        "inconclusive",
        ["bedrock:GetFoundationModelAvailability"],
    )


# ------------------------------------------------------------------------------------------ reading IAM's words


@pytest.mark.parametrize("per_resource", [False, True], ids=["one-result", "result-per-resource"])
def test_both_shapes_of_the_simulators_answer_are_read(per_resource: bool) -> None:
    role = Policy.from_json("Role", document(allow(INVOKE, model_arn(TITAN))))
    decisions = {
        arn: simulate(INVOKE, arn, {}, identity=[role]) for arn in (model_arn(TITAN), model_arn(SONNET))
    }
    answer = {"EvaluationResults": to_evaluation_results(INVOKE, decisions, per_resource=per_resource)}
    read = {each.resource: (each.allowed, each.layer) for each in decisions_of(answer)}
    assert read == {model_arn(TITAN): (True, ""), model_arn(SONNET): (False, "identity policy")}


def test_a_result_for_one_resource_need_not_repeat_it() -> None:
    row = {"EvalActionName": INVOKE, "EvalResourceName": model_arn(TITAN), "EvalDecision": "implicitDeny"}
    (decision,) = decisions_of({"EvaluationResults": [row]})
    assert decision == Decision(INVOKE, model_arn(TITAN), False, "identity policy")


def test_an_organisations_denial_of_one_resource_is_not_blamed_for_another() -> None:
    rows = [
        {"EvalResourceName": "a", "EvalResourceDecision": "explicitDeny", "MatchedStatements": []},
        {"EvalResourceName": "b", "EvalResourceDecision": "implicitDeny", "MatchedStatements": []},
    ]
    result = {
        "EvalActionName": INVOKE,
        "EvalDecision": "explicitDeny",
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
        "ResourceSpecificResults": rows,
    }
    read = decisions_of({"EvaluationResults": [result]})
    assert [each.layer for each in read] == ["service control policy", "identity policy"]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (" because no identity-based policy allows the x action", "no identity policy allows it"),
        (" because no permissions boundary allows the x action", "no permissions boundary allows it"),
        (" because no service control policy allows the x action", "no service control policy allows it"),
        (
            " with an explicit deny in a service control policy: arn:aws:x",
            "explicit deny in the service control policy (arn:aws:x)",
        ),
        (" with an explicit deny in an identity-based policy", "explicit deny in the identity policy"),
        (" because no session policy allows the x action", "no session policy allows it"),
        (" with an explicit deny in a VPC endpoint policy", "explicit deny in the VPC endpoint policy"),
        ("", "no identity policy allows it"),
    ],
)
def test_the_layer_is_read_from_an_access_denied_message(end: str, said: str) -> None:
    message = (
        f"User: arn:aws:sts::1:x is not authorized to perform: {INVOKE} on resource: {model_arn(TITAN)}{end}"
    )
    for code in sorted(ACCESS_DENIED):
        decision = denial_of(ReadError("ClientError", code, message))
        assert decision is not None
        assert (str(decision), decision.resource) == (said, model_arn(TITAN))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ThrottlingException", "is not authorized to perform: bedrock:InvokeModel"),
        ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        ("AccessDeniedException", "is not authorized to perform the required AWS Marketplace actions"),
    ],
)
def test_what_is_no_decision_of_iams_is_no_denial(code: str, message: str) -> None:
    assert denial_of(ReadError("ClientError", code, message)) is None


def test_a_statement_groups_resources_that_take_the_same_actions() -> None:
    needs = [Need(action, arn) for arn in ("arn:b", "arn:a") for action in (STREAM, INVOKE)]
    assert json.loads(statement_of(needs)) == allow([INVOKE, STREAM], ["arn:a", "arn:b"])


def test_the_causes_of_the_group_have_remedies_and_a_deny_is_not_answered_by_an_allow() -> None:
    names = {"statement": '{"Effect":"Allow"}', "account": "1", "role": "r", "region": "x", "profile": "p"}
    for code, statement in {"IAM01": True, "IAM02": False}.items():
        lines = load().cause(code).remedy.lines("linux", **names)
        assert any('{"Effect":"Allow"}' in line for line in lines) is statement
        assert not any("<" in line for line in lines)


def test_an_action_that_compliance_toml_does_not_require_need_not_be_allowed() -> None:
    settings = Settings(models=ModelSettings(required=(LIST, INVOKE, GET)))
    found = judged("compliant", only=("IAM-01",), edit=policy(allow("*"), deny(STREAM)), settings=settings)
    streams = found["IAM-01", "InvokeModelWithResponseStream-CHAT_MODEL"]
    assert (streams["status"], streams["reason"]) == (
        "not_applicable",
        f"[models] required does not name {STREAM}",
    )
    assert found.root_causes == []
    assert judged("compliant", only=("IAM-01",), edit=policy(allow("*"), deny(STREAM))).root_causes == [
        "IAM-01 IAM02"
    ]


# ------------------------------------------------------------------------------------------- IAM-07, guardrails

OWN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/gr0docxp"
APPLY = policy(allow("bedrock:ApplyGuardrail", OWN), name="Apply")
GUARDED = deny([INVOKE, STREAM], Condition={"StringNotEquals": {"bedrock:GuardrailIdentifier": f"{OWN}:1"}})
NO_ORGANISATION = fault(
    "organizations:DescribeEffectivePolicy", "AWSOrganizationsNotInUseException", "Not a member."
)


def enforced(**more: Any) -> Edit:
    """A guardrail that the account, or that of `account`, enforces."""
    return lambda world: replace(world, enforced_guardrail=(EnforcedGuardrail("gr0docxp", **more),))


def naming(guardrail: str) -> Settings:
    """compliance.toml with the guardrail that the application sends."""
    return Settings(models=ModelSettings(PROFILE, TITAN, guardrail=guardrail))


@pytest.mark.parametrize("probe", [False, True])
@pytest.mark.parametrize("owner", ["", "444455556666"])
def test_an_enforced_guardrail_that_the_caller_may_not_apply_is_one_root_cause(
    owner: str, probe: bool
) -> None:
    result = found(enforced(account=owner), only=(*GROUP, "INV-01", "INV-02", "INV-03"), probe=probe)
    arn = OWN.replace(ACCOUNT, owner or ACCOUNT)
    assert result.root_causes == ["IAM-07 IAM06"]
    (cause,) = result.document["root_causes"]
    assert statements(cause) == [allow(["bedrock:ApplyGuardrail"], [arn])]
    assert any("resource-based policy" in line for line in cause["remedy"]) is bool(owner)
    mended = both(enforced(), policy(*statements(cause), name="Apply"))
    assert owner or found(mended, only=(*GROUP, "INV-01"), probe=probe).root_causes == []


@pytest.mark.parametrize(
    "edit",
    [
        both(enforced(), APPLY),
        both(enforced(included=("amazon.nova-pro-v1:0",))),
        both(enforced(excluded=(SONNET, TITAN), account="444455556666")),
        NO_ORGANISATION,
        enforced(region="eu-west-1"),
    ],
    ids=["may apply", "another model's", "left out", "no organisation", "elsewhere"],
)
def test_a_guardrail_that_is_not_in_the_way_is_none(edit: Edit) -> None:
    result = found(edit, only=("IAM-07",))
    assert result.with_status("compliant") == {f"IAM-07 {variable}" for variable in VARIABLES}


def test_guardrails_that_cannot_be_listed_are_not_guessed_and_a_call_shows_that_none_is_in_the_way() -> None:
    unread = without_preflight("organizations:DescribeEffectivePolicy")
    row = found(unread, only=("IAM-07",))["IAM-07", "CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == (
        "inconclusive",
        ["organizations:DescribeEffectivePolicy"],
    )
    row = found(unread, only=("IAM-07",), probe=True)["IAM-07", "CHAT_MODEL"]
    assert (row["status"], "succeeded" in row["observed"]) == ("compliant", True)
    known = found(both(unread, enforced()), only=("IAM-07",))
    assert known["IAM-07", "CHAT_MODEL"]["cause"] == "IAM06"


@pytest.mark.parametrize("probe", [False, True])
def test_an_application_that_sends_the_guardrail_meets_the_policy_that_asks_for_it(probe: bool) -> None:
    asking = policy(GUARDED, name="Guardrail")
    of_all = (*GROUP, "INV-01", "INV-02", "INV-03")
    assert found(asking, only=of_all, probe=probe).root_causes == ["IAM-01 IAM05"]
    for named in ("gr0docxp:1", f"{OWN}:1"):
        sent = found(both(asking, APPLY), only=of_all, probe=probe, settings=naming(named))
        assert (sent.root_causes, sent.with_status("inconclusive")) == ([], set())
    other = found(both(asking, APPLY), only=of_all, probe=probe, settings=naming("gr0docxp"))
    assert other.root_causes == ["IAM-01 IAM05"]
    unable = found(asking, only=of_all, probe=probe, settings=naming("gr0docxp:1"))
    assert unable.root_causes == ["IAM-07 IAM06"]


def test_the_policy_of_a_guardrail_names_the_caller_that_it_is_to_let_in() -> None:
    (cause,) = judged("iam06-guardrail-not-shared", only=GROUP, probe=True).document["root_causes"]
    (statement,) = statements(cause)
    assert ":role/" in statement["Principal"]["AWS"]
    assert statement["Resource"] == ["arn:aws:bedrock:us-east-1:444455556666:guardrail/gr0org"]


# ---------------------------------------------------------------------------- IAM-06, rights through Bedrock

BY_BEDROCK = {"StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}}


@pytest.mark.parametrize(
    "condition",
    [
        BY_BEDROCK,
        {"ForAnyValue:StringEquals": {"aws:CalledVia": ["bedrock.amazonaws.com"]}},
        {"Bool": {"aws:ViaAWSService": "true"}},
    ],
    ids=["last", "any", "a service"],
)
def test_rights_that_are_held_through_bedrock_alone_are_rights(condition: dict[str, Any]) -> None:
    edit = both(NEW_EMBEDDING, policy(allow(SUBSCRIBE, Condition=condition), name="Market"))
    assert found(edit, only=("IAM-06",))["IAM-06", EMBEDDING]["status"] == "compliant"


def test_rights_to_products_that_nobody_knows_are_left_undecided() -> None:
    product = {"ForAnyValue:StringEquals": {"aws-marketplace:ProductId": ["prod-0a1b2c3d4e5f6"]}}
    edit = both(NEW_EMBEDDING, policy(allow(SUBSCRIBE, Condition=product), name="Market"))
    row = found(edit, only=("IAM-06",))["IAM-06", EMBEDDING]
    assert (row["status"], "aws-marketplace:ProductId in statement 1" in row["reason"]) == (
        "inconclusive",
        True,
    )


def test_rights_that_the_organisation_denies_are_its_matter_and_no_right_to_add() -> None:
    denied = scp(deny(SUBSCRIBE[0]))
    edit = both(NEW_EMBEDDING, policy(allow(SUBSCRIBE), name="Market"), denied)
    row = found(edit, only=("IAM-06",))["IAM-06", EMBEDDING]
    assert (row["cause"], "explicit deny in the service control policy" in row["observed"]) == ("IAM03", True)
    assert row["remedy"][0].startswith("# to send to the administrator of the organisation")
    assert row["remedy"][1].startswith("# proven: without the service control policy")
    assert not any('"Allow"' in line for line in row["remedy"])


def test_an_agreement_that_is_being_made_is_waited_for() -> None:
    result = found(model(SONNET, agreement="PENDING"), only=("IAM-06", "MDL-08"))
    assert result.root_causes == ["MDL-08 MOD03"]
    assert "wait 15 minutes" in result.document["root_causes"][0]["remedy"][0]
    assert result["IAM-06", "CHAT_MODEL"]["status"] == "not_applicable"


# ------------------------------------------------------------------------------- models that cannot be called so

SLIP = "us.anthropic.claude-sonet-4-6"


def test_nothing_is_to_be_allowed_for_a_name_that_is_no_models() -> None:
    result = judged("compliant", edit=chat(SLIP))
    assert result.root_causes == ["MDL-02 MOD02"]
    for key in (
        ("IAM-01", "GetFoundationModel-CHAT_MODEL"),
        ("IAM-01", "InvokeModel-CHAT_MODEL"),
        ("IAM-04", "CHAT_MODEL"),
    ):
        assert result[key]["behind"] == "MDL-02"
        assert [line.partition(":")[0] for line in result[key]["remedy"]] == [f"# allow nothing for {SLIP}"]


def test_a_model_that_is_denied_beside_it_is_to_be_allowed_alone() -> None:
    chat_alone = [
        allow(LISTING),
        allow([GET, INVOKE, STREAM], [PROFILE_ARN, f"arn:aws:bedrock:*::foundation-model/{SONNET}"]),
    ]
    result = judged("compliant", edit=both(policy(*chat_alone), chat(SLIP)))
    assert result.root_causes == ["IAM-01 IAM01", "MDL-02 MOD02"]
    remedy = " ".join(result["IAM-01", f"InvokeModel-{EMBEDDING}"]["remedy"])
    assert TITAN in remedy
    assert "sonet" not in remedy
    assert SONNET not in remedy


@pytest.mark.parametrize(
    ("denying", "told"),
    [
        (scp(deny("bedrock:*")), "service control policy"),
        (boundary(allow("*"), deny("bedrock:InvokeModel")), "boundary"),
    ],
    ids=["all", "invocations alone"],
)
def test_a_deny_is_told_whatever_the_model_is_called(denying: Edit, told: str) -> None:
    result = judged("compliant", edit=both(denying, chat(SLIP)))
    remedy = " ".join(result["IAM-01", "InvokeModel-CHAT_MODEL"]["remedy"])
    assert told in remedy
    assert "allow nothing" not in remedy


@pytest.mark.parametrize("account", [ACCOUNT, "111122223333"])
def test_an_inference_profile_of_another_account_is_said_to_be_that_before_any_right_is_asked_for(
    account: str,
) -> None:
    named = f"arn:aws:bedrock:us-east-1:{account}:application-inference-profile/a1b2c3d4e5f6"
    own = profile("a1b2c3d4e5f6", model=SONNET, regions=("us-east-1",), type="APPLICATION")
    result = judged("compliant", edit=both(own, chat(named)))
    assert result.root_causes == ["IAM-01 IAM01"]
    first = result["IAM-01", "InvokeModel-CHAT_MODEL"]["remedy"][0]
    assert ("is account 111122223333's, and the caller is of account" in first) is (account != ACCOUNT)


def test_a_context_key_is_sent_as_the_type_that_iam_has_for_it() -> None:
    """IAM User Guide, "AWS global condition context keys": aws:CalledVia has several values, aws:ViaAWSService one of two."""
    edit = both(NEW_EMBEDDING, policy(allow(SUBSCRIBE, Condition=BY_BEDROCK), name="Market"))
    sent = [
        entry
        for reading in found(edit, only=("IAM-06",)).readings
        if reading["name"] == "iam:SimulatePrincipalPolicy"
        for entry in reading["params"]["ContextEntries"]
    ]
    types = {entry["ContextKeyName"]: entry["ContextKeyType"] for entry in sent}
    assert types["aws:CalledVia"] == "stringList"
    assert types["aws:ViaAWSService"] == "boolean"
    assert types["aws:CalledViaLast"] == "string"
