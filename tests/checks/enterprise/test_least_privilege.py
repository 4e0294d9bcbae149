"""Least privilege: what is effectively allowed, and which statement of which policy is behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto.core.responses import ActionResult

from checks.catalogue import load
from fixtures.aws import reports
from fixtures.aws.policy_document import matches, statements
from fixtures.evidence import simulator
from fixtures.evidence.privileges import BEARER, BEDROCK, ESCALATION
from fixtures.simulation import service
from fixtures.simulation.controls import IamGroup, LastUse, PolicyFinding
from fixtures.simulation.iam import Iam
from fixtures.simulation.world import World, load_world
from tests.bedrock_edits import (
    ACCOUNT,
    PROFILE_ARN,
    TITAN,
    allow,
    both,
    boundary,
    chat,
    deny,
    document,
    policy,
    scp,
)
from tests.enterprise_edits import Edit, changed, failing, with_settings
from tests.harness import Judged, judged

GROUP = tuple(f"LPR-0{number}" for number in range(1, 9))
ROLE = "AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd"
GUARDRAIL = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/gr0docxp"
EVERYTHING = allow("*")


def found(*edits: Edit, only: Sequence[str] = GROUP, world: str = "compliant", **options: Any) -> Judged:
    return judged(world, edit=both(*edits), only=tuple(only), **options)


def test_the_watched_actions_are_those_of_the_guide() -> None:
    cases = {requirement.id: requirement.cases for requirement in load()}
    assert tuple(f"bedrock:{case}" for case in cases["LPR-01"]) == BEDROCK
    assert cases["LPR-02"] == ESCALATION
    assert cases["LPR-06"] == tuple(BEARER)


# --------------------------------------------------------------------------------------- the effective decision


@pytest.mark.parametrize("case", load().requirement("LPR-01").cases)
def test_each_bedrock_action_that_a_statement_names_is_found(case: str) -> None:
    result = found(policy(allow(f"bedrock:{case}", Sid="Extra"), name="More"), only=["LPR-01"])
    assert result.with_status("non_compliant") == {f"LPR-01 {case}"}
    row = result["LPR-01", case]
    assert row["observed"] == f"bedrock:{case} is allowed on *, by statement Extra of inline policy More"
    assert row["remedy"][0].startswith(
        f"# an administrator takes bedrock:{case} out of statement Extra of policy More"
    )


@pytest.mark.parametrize("case", load().requirement("LPR-02").cases)
def test_each_escalating_action_that_a_statement_names_is_found(case: str) -> None:
    result = found(policy(allow(case), name="More"), only=["LPR-02"])
    assert result.with_status("non_compliant") == {f"LPR-02 {case}"}
    assert result["LPR-02", case]["observed"].endswith("by statement 1 of inline policy More")


@pytest.mark.parametrize("action", [action for actions in BEARER.values() for action in actions])
def test_each_way_around_the_signature_is_found(action: str) -> None:
    result = found(policy(allow(action), name="More"), only=["LPR-06"])
    case = next(case for case, actions in BEARER.items() if action in actions)
    assert result.with_status("non_compliant") == {f"LPR-06 {case}"}


def test_who_is_meant_to_call_with_api_keys_has_the_right_to() -> None:
    """And no other way around the signature."""
    keys = with_settings("enterprise", credentials={"allowed_providers": ("sso", "bearer")})
    rights = policy(allow(["bedrock:CallWithBearerToken", "bedrock-mantle:CreateInference"]), name="More")
    result = found(rights, only=["LPR-06"], settings=keys)
    assert result["LPR-06", "bedrock:CallWithBearerToken"]["status"] == "not_applicable"
    assert result["LPR-06", "bedrock-mantle:*"]["status"] == "non_compliant"


def test_an_action_on_one_resource_alone_is_found() -> None:
    result = found(policy(allow(["bedrock:UpdateGuardrail"], GUARDRAIL), name="More"), only=["LPR-01"])
    assert result["LPR-01", "UpdateGuardrail"]["observed"].startswith(
        f"bedrock:UpdateGuardrail is allowed on {GUARDRAIL}, by statement 1"
    )


def test_an_action_under_a_condition_that_can_be_met_is_found() -> None:
    condition = {"StringEquals": {"iam:PassedToService": ["bedrock.amazonaws.com"]}}
    jobs = policy(allow("iam:PassRole", "arn:aws:iam::*:role/jobs-*", Condition=condition), name="Jobs")
    assert found(jobs, only=["LPR-02"]).with_status("non_compliant") == {"LPR-02 iam:PassRole"}


def test_the_actions_of_one_statement_are_one_thing_to_mend() -> None:
    result = found(policy(allow(["bedrock:UpdateGuardrail", "bedrock:DeleteGuardrail"]), name="More"))
    assert result.root_causes == ["LPR-01"]
    assert result.document["root_causes"][0]["explains"] == 1
    for case in ("UpdateGuardrail", "DeleteGuardrail"):
        told = result["LPR-01", case]["remedy"][0]
        assert "takes bedrock:UpdateGuardrail,bedrock:DeleteGuardrail out of" in told


@pytest.mark.parametrize(
    "saved",
    [
        policy(deny("bedrock:*Guardrail"), name="Denial"),
        boundary(EVERYTHING, deny("bedrock:UpdateGuardrail")),
        boundary(allow(["bedrock:Get*", "bedrock:List*", "bedrock:InvokeModel*", "iam:*"])),
        scp(deny("bedrock:UpdateGuardrail")),
        policy(deny("bedrock:*", GUARDRAIL), name="Denial"),
    ],
    ids=["deny", "boundary denies", "boundary leaves out", "scp", "deny on the resource"],
)
def test_what_another_layer_forbids_is_denied(saved: Edit) -> None:
    more = policy(allow("bedrock:UpdateGuardrail", GUARDRAIL), name="More")
    assert found(more, saved, only=["LPR-01"]).with_status("non_compliant") == set()


def test_roles_that_are_named_may_be_assumed_and_patterns_of_roles_may_not() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role"
    named = policy(allow("sts:AssumeRole", [f"{role}/One", f"{role}/path/Two"]), name="Roles")
    assert found(named, only=["LPR-02"]).with_status("non_compliant") == set()
    for pattern in (f"{role}/app-*", "arn:aws:iam::*:role/Deploy", "*"):
        broad = policy(allow("sts:AssumeRole", pattern), name="Roles")
        assert found(broad, only=["LPR-02"]).with_status("non_compliant") == {"LPR-02 sts:AssumeRole"}


def test_subscribing_is_allowed_while_a_model_still_needs_it() -> None:
    subscribing = policy(allow("aws-marketplace:Subscribe"), name="Marketplace")
    assert found(subscribing, only=["LPR-02"]).with_status("non_compliant") == {
        "LPR-02 aws-marketplace:Subscribe"
    }
    pending = changed("model", "anthropic.claude-sonnet-4-6", agreement="NOT_AVAILABLE")
    result = found(subscribing, pending, only=["LPR-02"])["LPR-02", "aws-marketplace:Subscribe"]
    assert result["status"] == "not_applicable"
    assert "still needs its first subscription" in result["reason"]


# -------------------------------------------------------------------------------------------------- wildcards


@pytest.mark.parametrize(
    ("statement", "by"),
    [
        (allow("bedrock:InvokeModel", ["arn:aws:s3:::a", "arn:aws:bedrock:*"]), "arn:aws:bedrock:*"),
        # What is left out at the end of an ARN is any.
        (allow("bedrock:InvokeModel", "arn:aws:bedrock"), "arn:aws:bedrock"),
        (
            {"Effect": "Allow", "Action": ["bedrock:InvokeModel"], "NotResource": "arn:aws:s3:::a"},
            "NotResource",
        ),
    ],
)
def test_a_wildcard_over_models_is_named_as_it_is_written(statement: dict[str, Any], by: str) -> None:
    row = found(policy(statement, name="Wide"), only=["LPR-05"])["LPR-05"]
    assert row["observed"] == f"statement 1 of inline policy Wide lets any model be invoked, by {by}"
    assert f"in place of {by}: " in row["remedy"][0]


@pytest.mark.parametrize(
    ("statement", "extent"),
    [
        (allow("*"), "*"),
        (allow("bedrock:*"), "bedrock:*"),
        (allow("Bedrock:Invoke*"), "Bedrock:Invoke*"),
        (allow(["bedrock:InvokeModel", "bedrock:I*"]), "bedrock:I*"),
        (allow("bedrock:*", "arn:aws:bedrock:*"), "bedrock:*"),
        ({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, "all but iam:*"),
    ],
)
def test_a_wildcard_over_bedrock_is_one_root_cause(statement: dict[str, Any], extent: str) -> None:
    result = found(policy(statement, name="Wide"))
    assert result.root_causes == ["LPR-03"]
    assert result["LPR-03"]["observed"].startswith(f"statement 1 of inline policy Wide allows {extent} on ")
    allowed = json.loads(result["LPR-03"]["remedy"][0].partition("statement 1: ")[2])
    assert {action for each in allowed for action in each["Action"]} == {
        "bedrock:GetFoundationModel",
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:ListFoundationModels",
    }
    assert PROFILE_ARN in {arn for each in allowed for arn in each["Resource"]}


def test_the_statement_that_takes_a_wildcards_place_leaves_the_application_all_that_it_needs() -> None:
    wide = judged("compliant", edit=policy(allow("bedrock:*")))
    assert wide.root_causes == ["LPR-03"]
    allowed = json.loads(wide["LPR-03"]["remedy"][0].partition("statement 1: ")[2])
    assert judged("compliant", edit=policy(*allowed)).root_causes == []


def test_no_statement_is_offered_for_a_model_that_cannot_be_called_as_it_is_named() -> None:
    misspelt = both(policy(allow("bedrock:*")), chat("us.anthropic.claude-sonet-4-6"))
    for edit, requirement in ((misspelt, "LPR-03"), (chat("us.anthropic.claude-sonet-4-6"), "LPR-05")):
        first = found(edit, only=["MDL-02", requirement])[requirement]["remedy"][0]
        assert "ARNS-OF-THE-CONFIGURED-MODELS" in first
        assert "sonet" not in first


@pytest.mark.parametrize(
    "statement",
    [
        allow(["bedrock:Get*", "bedrock:List*"]),
        allow("bedrock:InvokeModel*", f"arn:aws:bedrock:*::foundation-model/{TITAN}"),
        allow("bedrock:InvokeAgent", f"arn:aws:bedrock:us-east-1:{ACCOUNT}:agent-alias/A/B"),
        allow("s3:*", "arn:aws:s3:::docxp/*"),
        deny("bedrock:*", GUARDRAIL),
    ],
)
def test_narrow_wildcards_raise_nothing(statement: dict[str, Any]) -> None:
    result = found(policy(statement, name="Narrow"))
    assert result.root_causes == []
    assert result["LPR-03"]["status"] == "compliant"


def test_a_boundary_saves_a_wide_policy() -> None:
    result = judged("ok-ent-boundary-saves-a-wide-policy", only=GROUP)
    assert result.with_status("compliant") >= {"LPR-03", "LPR-05", "LPR-01 UpdateGuardrail"}
    assert result.root_causes == []


def test_a_boundary_that_leaves_something_saves_only_the_rest() -> None:
    leaving = boundary(EVERYTHING, deny(["bedrock:InvokeAgent", "bedrock:InvokeFlow", "iam:Create*"]))
    result = found(policy(allow("bedrock:*"), name="Wide"), leaving, only=["LPR-01", "LPR-03"])
    assert result["LPR-03"]["status"] == "compliant"
    assert result["LPR-01", "UpdateGuardrail"]["status"] == "non_compliant"


# ---------------------------------------------------------------------------------- managed policies and groups


@pytest.mark.parametrize("name", load().requirement("LPR-04").cases)
def test_a_policy_for_administrators_is_one_root_cause(name: str) -> None:
    result = found(attached(f"aws/{name}", allow(["bedrock:*", "bedrock-mantle:*", "iam:PassRole"])))
    assert result.root_causes == ["LPR-04"]
    row = result["LPR-04", name]
    assert row["observed"] == f"arn:aws:iam::aws:policy/{name} is attached to role {ROLE}"
    assert row["remedy"][0].startswith(f"# an administrator takes {name} off {ROLE}")
    assert result["LPR-03"]["behind"] == "LPR-04"
    assert result["LPR-02", "iam:PassRole"]["behind"] == "LPR-04"


def attached(name: str, *stated: dict[str, Any]) -> Edit:
    return lambda world: replace(world, role=replace(world.role, attached={name: document(*stated)}))


def test_an_own_policy_of_that_name_is_judged_by_what_it_says() -> None:
    result = found(attached("AdministratorAccess", allow("bedrock:ListFoundationModels")))
    assert result.root_causes == []


def grouped(*stated: dict[str, Any], managed: str = "") -> Edit:
    """The IAM user in a group with that policy."""

    def edit(world: World) -> World:
        policies = {} if managed else {"Group": document(*stated)}
        group = IamGroup(
            "builders", policies=policies, attached={managed: document(*stated)} if managed else {}
        )
        return replace(changed("iam_user", "build", groups=("builders",))(world), iam_group=(group,))

    return edit


def test_what_comes_through_a_group_is_found_and_named() -> None:
    user = "ok-iam-user-on-purpose"
    inline = found(grouped(allow("bedrock:DeleteGuardrail", Sid="Tune")), world=user, only=["LPR-01"])
    assert inline["LPR-01", "DeleteGuardrail"]["observed"] == (
        "bedrock:DeleteGuardrail is allowed on *, by statement Tune of inline policy Group of group builders"
    )
    managed = found(grouped(allow("bedrock:*"), managed="aws/AmazonBedrockFullAccess"), world=user)
    assert managed.root_causes == ["LPR-04"]
    assert managed["LPR-04", "AmazonBedrockFullAccess"]["observed"].endswith("is attached to group builders")


def test_a_user_may_get_everything_it_needs_through_a_group() -> None:
    result = judged("ok-ent-policy-through-a-group", only=GROUP)
    assert result.root_causes == []
    assert "iam:GetGroupPolicy" in {reading["name"] for reading in result.readings}


# ----------------------------------------------------------------------------------------------------- models


def test_the_guides_own_wildcard_is_advice_with_the_tight_statement() -> None:
    result = judged("ent-lpr-05-every-model", only=GROUP)
    assert result.root_causes == ["LPR-05"]
    assert result["LPR-05"]["severity"] == "low"
    assert (
        result["LPR-05"]["observed"]
        == "statement Guide of inline policy Bedrock lets any model be invoked, by *"
    )
    tight = json.loads(result["LPR-05"]["remedy"][0].partition("in place of *: ")[2])
    assert f"arn:aws:bedrock:us-east-1::foundation-model/{TITAN}" in tight["Resource"]


def test_a_pattern_that_reaches_another_listed_model_is_found() -> None:
    result = judged("ent-lpr-05-every-model-of-a-provider", only=["LPR-05"])
    assert result["LPR-05"]["observed"].endswith(
        "lets cohere.embed-v4:0 be invoked, by arn:aws:bedrock:us-east-1::foundation-model/cohere.*"
    )


@pytest.mark.parametrize(
    "edit",
    [
        policy(
            allow(
                "bedrock:InvokeModel",
                Condition={"StringEquals": {"bedrock:InferenceProfileArn": PROFILE_ARN}},
            ),
            name="Through",
        ),
        policy(
            allow("bedrock:InvokeModel", f"arn:aws:bedrock:*::foundation-model/{TITAN}"), name="AnyRegion"
        ),
        policy(
            allow("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/*"), name="Elsewhere"
        ),
        both(policy(allow("bedrock:InvokeModel"), name="Wide"), scp(deny("bedrock:InvokeModel"))),
    ],
    ids=["through the profile", "any region", "another region", "an SCP denies"],
)
def test_models_that_are_not_reached_raise_nothing(edit: Edit) -> None:
    assert found(edit, only=["LPR-05"])["LPR-05"]["status"] == "compliant"


THROUGH = "bedrock:InferenceProfileArn"


def through_profiles(pattern: str, profiles: str, **condition: Any) -> Edit:
    """Every model through profiles of the pattern, and the profiles that the caller may invoke themselves."""
    more = {"Condition": condition} if condition else {}
    models = allow(
        "bedrock:InvokeModel",
        "arn:aws:bedrock:*::foundation-model/*",
        Sid="Through",
        Condition={"StringLike": {THROUGH: pattern}},
    )
    return policy(models, allow("bedrock:InvokeModel", profiles, **more), name="Profiles")


OWN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}"
ANOTHER = "us.anthropic.claude-sonnet-5"


@pytest.mark.parametrize(
    ("pattern", "profiles", "tagged", "status"),
    [
        ("*", PROFILE_ARN, False, "compliant"),
        (f"{OWN}:*", PROFILE_ARN, False, "compliant"),
        (f"{OWN}:inference-profile/*", PROFILE_ARN, False, "compliant"),
        (f"{OWN}:application-inference-profile/*", f"{OWN}:application-inference-profile/*", True, "compliant"),
        (f"{OWN}:application-inference-profile/*", f"{OWN}:application-inference-profile/*", False, "non_compliant"),
        ("*", f"{OWN}:application-inference-profile/*", False, "non_compliant"),
        ("*", f"{OWN}:inference-profile/*", False, "non_compliant"),
        # Reaches none with a name that nobody has given, and one that Bedrock lists.
        (f"{OWN}:inference-profile/us.*", f"{OWN}:inference-profile/us.anthropic.*", False, "non_compliant"),
        (f"{OWN}:inference-profile/{ANOTHER}", f"{OWN}:inference-profile/{ANOTHER}", False, "non_compliant"),
        (f"{OWN}:inference-profile/{ANOTHER}", PROFILE_ARN, False, "compliant"),
        # One pattern for both kinds.
        (f"{OWN}:*inference-profile/*", f"{OWN}:application-inference-profile/*", False, "non_compliant"),
        (f"{OWN}:*inference-profile/*", PROFILE_ARN, False, "compliant"),
    ],
)  # fmt: skip
def test_models_are_reached_through_profiles_that_may_be_invoked_themselves(
    pattern: str, profiles: str, tagged: bool, status: str
) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/project": "docxp"}} if tagged else {}
    row = found(through_profiles(pattern, profiles, **condition), only=["LPR-05"])["LPR-05"]
    assert row["status"] == status
    assert status == "compliant" or "statement Through of inline policy Profiles lets" in row["observed"]


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, "non_compliant"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "non_compliant"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "inconclusive"),
        # Another principal's, another Region's, and the configured profile's alone.
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, "compliant"),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, "compliant"),
        ({"StringEquals": {THROUGH: PROFILE_ARN}}, "compliant"),
    ],
)
def test_a_condition_on_who_calls_keeps_no_profile_from_being_invoked(
    condition: dict[str, Any], status: str
) -> None:
    profiles = f"{OWN}:application-inference-profile/*"
    row = found(through_profiles(profiles, profiles, **condition), only=["LPR-05"])["LPR-05"]
    assert row["status"] == status
    assert status != "inconclusive" or "hangs on aws:SourceIp, which is not known" in row["reason"]


def test_without_the_list_of_profiles_no_statement_reaches_none() -> None:
    unlisted = failing("bedrock:ListInferenceProfiles", "ThrottlingException")
    edit = through_profiles(f"{OWN}:inference-profile/*", PROFILE_ARN)
    assert found(unlisted, edit, only=["LPR-05"])["LPR-05"]["status"] == "inconclusive"


def test_without_the_list_of_models_only_a_wildcard_can_be_found() -> None:
    unlisted = failing("bedrock:ListFoundationModels", "ThrottlingException")
    narrow = found(unlisted, only=["LPR-05"])["LPR-05"]
    assert narrow["status"] == "inconclusive" and "ThrottlingException" in narrow["reason"]
    wide = found(unlisted, policy(allow("bedrock:InvokeModel"), name="Wide"), only=["LPR-05"])["LPR-05"]
    assert wide["status"] == "non_compliant"


@pytest.mark.parametrize(
    ("wide", "status", "behind"), [(False, "blocked", "IAM-04"), (True, "non_compliant", None)]
)
def test_a_model_that_may_be_the_one_behind_an_unread_profile_shows_no_statement_too_wide(
    wide: bool, status: str, behind: str | None
) -> None:
    unread = policy(deny(["bedrock:GetInferenceProfile", "bedrock:ListInferenceProfiles"]), name="NoGet")
    more = policy(allow("bedrock:InvokeModel", Sid="Wide"), name="Wide") if wide else unread
    row = found(unread, more, only=["LPR-05"], world="ok-application-inference-profile")["LPR-05"]
    assert (row["status"], row["behind"]) == (status, behind)


# --------------------------------------------------------------------------------- Access Analyzer and boundary


@pytest.mark.parametrize("kind", ["ERROR", "SECURITY_WARNING", "WARNING"])
def test_a_finding_of_access_analyzer_is_found(kind: Any) -> None:
    finding = PolicyFinding("ListModels", kind, "SOME_CODE", "Add a resource.")
    result = found(lambda world: replace(world, policy_finding=(finding,)), only=["LPR-07"])["LPR-07"]
    assert result["observed"] == f"inline policy Bedrock: {kind} SOME_CODE"
    assert result["remedy"][0] == (
        '# edit policy Bedrock as Access Analyzer says: "Add a resource."; with its document saved as policy.json this shows '
        "what is left:"
    )


def test_a_suggestion_and_a_finding_in_a_policy_of_aws_raise_nothing() -> None:
    suggestion = PolicyFinding("ListModels", "SUGGESTION", "REDUNDANT_ACTION", "…")
    in_aws = PolicyFinding("SecurityLake", "ERROR", "X", "…")
    result = found(
        lambda world: replace(world, policy_finding=(suggestion, in_aws)),
        attached("aws/SecurityAudit", allow("iam:List*", Sid="SecurityLake")),
        only=["LPR-07"],
    )
    assert result["LPR-07"]["status"] == "compliant"


def test_a_required_boundary_that_is_missing_is_found() -> None:
    result = judged("ent-lpr-08-no-boundary", only=["LPR-08"])["LPR-08"]
    assert result["observed"] == f"role {ROLE} has none"
    assert judged("enterprise", only=["LPR-08"])["LPR-08"]["status"] == "compliant"
    assert (
        judged("compliant", only=["LPR-08"])["LPR-08"]["reason"] == "[controls] permissions_boundary is false"
    )


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([EVERYTHING], "non_compliant"),
        ([allow("bedrock:*"), EVERYTHING], "non_compliant"),
        ([EVERYTHING, deny("s3:*")], "compliant"),
        ([allow("*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})], "compliant"),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "compliant"),
    ],
    ids=["all", "all besides", "a deny", "a condition", "not all"],
)
def test_a_boundary_that_allows_everything_is_none(statements: list[Any], status: str) -> None:
    row = judged("enterprise", only=["LPR-08"], edit=boundary(*statements))["LPR-08"]
    assert row["status"] == status
    assert status == "compliant" or row["title"] == "The caller's permissions boundary limits nothing"


def test_what_a_boundary_limits_is_not_known_where_its_policy_cannot_be_read() -> None:
    row = judged("enterprise", only=["LPR-08"], edit=failing("iam:GetPolicyVersion"))["LPR-08"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", ["iam:GetPolicyVersion"])


def test_a_users_boundary_counts_too() -> None:
    settings = load_world("ent-lpr-08-no-boundary").parsed_settings()
    user = replace(settings, credentials=load_world("ok-iam-user-on-purpose").parsed_settings().credentials)
    without = found(world="ok-iam-user-on-purpose", only=["LPR-08"], settings=user)["LPR-08"]
    assert without["observed"] == "user build has none"
    held = changed("iam_user", "build", boundary=document(EVERYTHING, deny("s3:*")))
    result = found(held, world="ok-iam-user-on-purpose", only=["LPR-08"], settings=user)["LPR-08"]
    assert result["status"] == "compliant"


# ------------------------------------------------------------------------------------------- what is not read


@pytest.mark.parametrize(
    ("operation", "requirements"),
    [
        ("iam:SimulatePrincipalPolicy", {"LPR-01", "LPR-02", "LPR-03", "LPR-06"}),
        ("iam:ListRolePolicies", {"LPR-01", "LPR-02", "LPR-03", "LPR-05", "LPR-06", "LPR-07"}),
        ("iam:GetRolePolicy", {"LPR-01", "LPR-02", "LPR-03", "LPR-05", "LPR-06", "LPR-07"}),
        (
            "iam:ListAttachedRolePolicies",
            {"LPR-01", "LPR-02", "LPR-03", "LPR-04", "LPR-05", "LPR-06", "LPR-07"},
        ),
        ("accessanalyzer:ValidatePolicy", {"LPR-07"}),
    ],
)
def test_what_is_denied_is_inconclusive_with_the_action(operation: str, requirements: set[str]) -> None:
    result = found(failing(operation), only=GROUP)
    unread = [row for row in result.results.values() if row["status"] == "inconclusive"]
    assert {row["requirement"] for row in unread} == requirements
    action = operation.replace("accessanalyzer", "access-analyzer")
    assert all(row["missing_actions"] == [action] for row in unread)


@pytest.mark.parametrize("kept", [0, 1])
def test_what_the_simulator_leaves_undecided_is_not_denied(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = simulator.decisions_of
    monkeypatch.setattr(simulator, "decisions_of", lambda answer: decided(answer)[:kept])
    result = found(only=["IAM-01", "LPR-01"])
    (reason,) = {row["reason"] for key, row in result.results.items() if key[0] == "LPR-01"}
    assert reason.startswith("iam:SimulatePrincipalPolicy decides nothing about ")
    assert result.with_status("compliant") == result.with_status("non_compliant") == set()


def test_a_grant_that_the_simulator_shows_needs_no_document() -> None:
    more = policy(allow("bedrock:UpdateGuardrail"), name="More")
    result = found(more, failing("iam:GetRolePolicy"), only=["LPR-01"])
    assert result["LPR-01", "UpdateGuardrail"]["observed"] == "bedrock:UpdateGuardrail is allowed on *"
    assert result["LPR-01", "DeleteGuardrail"]["status"] == "inconclusive"


def test_policies_are_found_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)
    many = [policy(allow(f"s3:GetObject{n}"), name=f"P{n}") for n in range(4)]
    last = policy(allow("bedrock:UpdateGuardrail"), name="Zzz")
    result = found(*many, last, attached("One", allow("s3:ListBucket")), only=["LPR-01", "LPR-02"])
    assert result.with_status("non_compliant") == {"LPR-01 UpdateGuardrail"}
    assert len(result.with_status("compliant")) == len(BEDROCK) + len(ESCALATION) - 1


# -------------------------------------------------------------------------------------------- policy documents


def test_a_statement_is_read_in_every_spelling() -> None:
    (one,) = statements("P", {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}})
    assert (one.name, one.pattern_for("S3:getobject"), one.pattern_for("s3:PutObject")) == (
        "1",
        "s3:Get*",
        None,
    )
    (other,) = statements(
        "P", {"Statement": [{"Effect": "Deny", "NotAction": ["iam:*"], "NotResource": "arn:x:*"}]}
    )
    assert (other.pattern_for("iam:GetRole"), other.pattern_for("s3:GetObject")) == (None, "NotAction")
    assert (other.covers("arn:x:1"), other.covers("arn:y:1")) == (False, True)
    (bare,) = statements(
        "P",
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["a:B"],
                "Condition": {"Bool": {"k": True}},
            }
        },
    )
    assert (bare.principals, bare.conditions) == ((("AWS", "*"),), (("Bool", "k", ("true",)),))


@pytest.mark.parametrize(
    "broken", [{}, {"Statement": []}, {"Statement": ["x"]}, {"Statement": [{"Effect": "Maybe"}]}]
)
def test_a_document_that_is_none_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="policy P"):
        statements("P", broken)


def test_patterns_are_iams() -> None:
    assert matches("arn:aws:s3:::a?c/*", "arn:aws:s3:::abc/d/e")
    assert not matches("arn:aws:s3:::a?c", "arn:aws:s3:::ac")
    assert not matches("a.c", "abc") and not matches("S3:*", "s3:x") and matches("S3:*", "s3:x", fold=True)


@pytest.mark.parametrize(
    ("age", "last_use", "status"),
    [
        (10, None, "compliant"),  # too young to be idle
        (59, 58, "compliant"),
        (400, 59, "compliant"),
        (400, 61, "non_compliant"),
        (400, None, "non_compliant"),
    ],
)
def test_rights_that_lie_idle_are_told_from_young_ones(age: int, last_use: int | None, status: str) -> None:
    def edit(world: World) -> World:
        ago = None if last_use is None else timedelta(days=last_use, hours=1)
        role = replace(world.role, age=timedelta(days=age, hours=1))
        return replace(world, role=role, last_use=(LastUse("bedrock", ago), LastUse("s3")))

    assert judged("enterprise", only=("LPR-09",), edit=edit)["LPR-09"]["status"] == status


def test_who_has_no_rights_to_bedrock_has_none_that_lie_idle() -> None:
    result = judged("enterprise", only=("LPR-09",), edit=lambda w: replace(w, last_use=(LastUse("s3"),)))
    assert result["LPR-09"]["status"] == "not_applicable"


def test_a_report_is_asked_for_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that never comes is no verdict."""
    monkeypatch.setattr(reports, "PACE", 0)
    asked: list[int] = []

    def unfinished(number: int) -> Any:
        original = Iam.get_service_last_accessed_details

        def answer(self: Iam) -> Any:
            asked.append(1)
            if len(asked) <= number:
                return ActionResult({"JobStatus": "IN_PROGRESS", "JobCreationDate": datetime(2026, 1, 1)})
            return original(self)

        return answer

    for number, status in ((3, "compliant"), (10**6, "inconclusive")):
        asked.clear()
        with monkeypatch.context() as patched:
            patched.setattr(Iam, "get_service_last_accessed_details", unfinished(number))
            assert judged("enterprise", only=("LPR-09",))["LPR-09"]["status"] == status
        assert len(asked) == min(number + 1, reports.MOST)
