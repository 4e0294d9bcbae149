"""The simulated account's real calls know more than a simulation is told: network, tags, session, resources' policies."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fixtures.simulation.simulation import simulated
from tests.bedrock_edits import ACCOUNT, PROFILE_ARN, SONNET, TITAN, allow, deny, document, model_arn
from tests.world_files import CHAT, PROMPT, make_world, message

GUARDRAIL = "arn:aws:bedrock:us-east-1:444455556666:guardrail/gr0org"
OFFICE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


def extra(*statements: dict[str, Any]) -> str:
    return f"[role.policies]\nExtra = '''{document(*statements)}'''\n"


def refusal(*edits: str, operation: str = "list_foundation_models") -> str:
    """What the call is denied with, from `because` or `with` on; empty where it is not."""
    with simulated(make_world("\n".join(edits))):
        session = boto3.Session()
        try:
            if operation == "invoke_model":
                session.client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT)
            else:
                session.client("bedrock").list_foundation_models()
        except ClientError as error:
            text = error.response["Error"]["Message"]
            return text[text.index("is not authorized to perform: ") + 30 :]
    return ""


ENDPOINT = """
[machine.vpc_endpoints]
bedrock = "vpce-0company"
"""


@pytest.mark.parametrize(
    ("condition", "edits", "allowed"),
    [
        (OFFICE, "", True),
        (OFFICE, "[machine]\nsource_ip = '198.51.100.9'", False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-0company"}}, ENDPOINT, True),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-0company"}}, "", False),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-0acme"}}, ENDPOINT, True),
        ({"Null": {"aws:SourceIp": "false"}}, ENDPOINT, True),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "docxp"}}, "[role.tags]\nteam = 'docxp'", True),
        (
            {"StringNotEquals": {"aws:PrincipalTag/team": "docxp"}},
            "[role.session_tags]\nteam = 'docxp'",
            True,
        ),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "docxp"}}, "", False),
        ({"StringNotLike": {"aws:UserAgent": "*Boto*"}}, "", True),
        ({"StringLike": {"aws:UserAgent": "*Boto*"}}, "", False),
        ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/*"}}, "", True),
        ({"StringNotLike": {"aws:userid": "*:jo@example.com"}}, "", True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-acme000000"}}, "", True),
        ({"Null": {"aws:FederatedProvider": "true"}}, "", True),
    ],
)
def test_a_real_call_has_the_context_of_its_caller(
    condition: dict[str, Any], edits: str, allowed: bool
) -> None:
    said = refusal(extra(deny("bedrock:*", Condition=condition)), edits)
    assert said == (
        "" if allowed else "bedrock:ListFoundationModels with an explicit deny in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("edits", "operation", "said"),
    [
        (
            f"[role]\nsession_policy = '''{document(allow('bedrock:List*'))}'''",
            "invoke_model",
            f"bedrock:InvokeModel on resource: {PROFILE_ARN} because no session policy allows the bedrock:InvokeModel action",
        ),
        (
            f"[role]\nsession_policy = '''{document(allow('*'), deny('bedrock:List*'))}'''",
            "list",
            "bedrock:ListFoundationModels with an explicit deny in a session policy",
        ),
        (
            f"{ENDPOINT}\n[[vpc]]\nid='vpc-0acme'\ncidrs=['10.0.0.0/16']\n[[vpc_endpoint]]\nid='vpce-0company'\n"
            "service='bedrock'\nvpc='vpc-0acme'\n"
            f"policy = '''{document({**allow('bedrock:Get*'), 'Principal': '*'})}'''",
            "list",
            "bedrock:ListFoundationModels because no VPC endpoint policy allows the bedrock:ListFoundationModels action",
        ),
        (
            "[[rcp]]\nname = 'perimeter'\n"
            f"document = '''{document({**deny('bedrock:Invoke*'), 'Principal': '*'})}'''",
            "invoke_model",
            f"bedrock:InvokeModel on resource: {PROFILE_ARN} with an explicit deny in a resource control policy: "
            "arn:aws:organizations::111122223333:policy/o-acme000000/resource_control_policy/p-6dc449e2",
        ),
    ],
    ids=["session policy", "session policy denies", "endpoint policy", "rcp"],
)
def test_a_layer_that_a_simulation_does_not_see_denies_in_its_name(
    edits: str, operation: str, said: str
) -> None:
    assert refusal(edits, operation=operation) == said


ENFORCED = "[[enforced_guardrail]]\nid = 'gr0org'\naccount = '444455556666'\n"
SHARED = {
    "Effect": "Allow",
    "Action": "bedrock:ApplyGuardrail",
    "Resource": GUARDRAIL,
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
}
APPLY = extra(allow("bedrock:ApplyGuardrail", GUARDRAIL))


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (ENFORCED, "because no identity-based policy allows the bedrock:ApplyGuardrail action"),
        (ENFORCED + APPLY, "because no resource-based policy allows the bedrock:ApplyGuardrail action"),
        (f"{ENFORCED}policy = '''{document(SHARED)}'''\n{APPLY}", ""),
        (f"{ENFORCED}excluded = ['{SONNET}']", ""),
        (f"{ENFORCED}included = ['{TITAN}']", ""),
    ],
    ids=["no right", "not shared", "both", "excluded", "another model's"],
)
def test_an_enforced_guardrail_takes_the_right_to_apply_it_and_its_own_policys_consent(
    edits: str, said: str
) -> None:
    denied = refusal(edits, operation="invoke_model")
    assert denied == (f"bedrock:ApplyGuardrail on resource: {GUARDRAIL} {said}" if said else "")


def test_the_accounts_list_of_enforced_guardrails_leaves_out_the_organisations() -> None:
    mine = "[[enforced_guardrail]]\nid = 'gr0own'\n"
    with simulated(make_world(ENFORCED + mine + extra(allow("bedrock:ListEnforcedGuardrailsConfiguration")))):
        listed = boto3.Session().client("bedrock").list_enforced_guardrails_configuration()
        assert [row["guardrailId"] for row in listed["guardrailsConfig"]] == ["gr0own"]


def test_a_request_that_names_a_guardrail_has_its_key() -> None:
    guarded = extra(deny("bedrock:InvokeModel", Condition={"Null": {"bedrock:GuardrailIdentifier": "true"}}))
    with simulated(make_world(guarded)):
        runtime = boto3.Session().client("bedrock-runtime")
        with pytest.raises(ClientError) as failure:
            runtime.invoke_model(modelId=CHAT, body=PROMPT)
        assert message(failure).endswith("with an explicit deny in an identity-based policy")
        runtime.invoke_model(modelId=CHAT, body=PROMPT, guardrailIdentifier="gr0own", guardrailVersion="1")


def simulation(world: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """The simulator's decision on invoking the model, and its whole result."""
    with simulated(make_world(world)):
        session = boto3.Session()
        who = session.client("sts").get_caller_identity()["Arn"]
        iam = session.client("iam")
        role = iam.get_role(RoleName=who.split("/")[1])["Role"]["Arn"]
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["bedrock:InvokeModel"], ResourceArns=[model_arn(TITAN)], **more
        )
        (result,) = answer["EvaluationResults"]
        return result["EvalDecision"], result


NO_SCP = f"[[scp]]\nname = 'no'\ndocument = '''{document(deny('bedrock:Invoke*'))}'''\n"
MANAGED = f"[role.attached]\nManaged = '''{document(deny('bedrock:Invoke*'))}'''\n"
BOUNDARY = f"[role]\nboundary = '''{document(allow('s3:*'), allow('iam:*'))}'''\n"
INLINE = extra(deny("bedrock:Invoke*"))


@pytest.mark.parametrize(
    ("world", "exclusion"),
    [
        (NO_SCP, {"PolicyType": "scp"}),
        (MANAGED, {"PolicyType": "user-managed"}),
        (MANAGED, {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/Man*"}),
        (BOUNDARY, {"PolicyType": "permission-boundary"}),
        (
            INLINE,
            {
                "InlinePolicyIdentifier": {
                    "PolicyName": "Extra",
                    "AttachmentType": "role",
                    "AttachmentName": "AWSReservedSSO_BedrockDeveloper_*",
                }
            },
        ),
    ],
    ids=["scp", "managed by type", "managed by ARN", "boundary", "inline by name"],
)
def test_a_simulation_can_leave_the_policy_out_that_denies(world: str, exclusion: dict[str, Any]) -> None:
    assert simulation(world)[0] != "allowed"
    assert simulation(world, PolicyExclusionList=[exclusion])[0] == "allowed"


@pytest.mark.parametrize("kind", ["rcp", "aws-managed"])
def test_an_exclusion_that_matches_nothing_is_ignored(kind: str) -> None:
    assert simulation(NO_SCP, PolicyExclusionList=[{"PolicyType": kind}])[0] == "explicitDeny"


def test_an_exclusion_that_is_none_is_refused() -> None:
    with pytest.raises(ClientError) as failure:
        simulation("", PolicyExclusionList=[{"PolicyArn": "arn:aws:iam::*:policy/Some*thing*"}])
    assert failure.value.response["Error"]["Code"] == "InvalidInput"


def test_a_simulation_takes_a_policy_along_and_tells_which_keys_it_missed() -> None:
    nothing = "[role.policies]\nBedrock = false\n"
    assert simulation(nothing)[0] == "implicitDeny"
    statement = allow(
        "bedrock:InvokeModel", model_arn(TITAN), Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    )
    decided, result = simulation(nothing, PolicyInputList=[document(statement)])
    assert decided == "implicitDeny"
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:SourceIp"]
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["10.1.2.3"]}
    assert simulation(nothing, PolicyInputList=[document(statement)], ContextEntries=[entry])[0] == "allowed"


def test_a_simulation_evaluates_conditions_of_service_control_policies_and_names_none_of_their_keys() -> None:
    scp = f"[[scp]]\nname = 'office'\ndocument = '''{document(deny('*', Condition=OFFICE))}'''\n"
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["203.0.113.9"]}
    decided, result = simulation(scp)
    assert decided == "explicitDeny"
    assert "aws:SourceIp" not in json.dumps(result)
    assert simulation(scp, ContextEntries=[entry])[0] == "allowed"
