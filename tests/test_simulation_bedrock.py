"""Bedrock, IAM and Account Management of the simulated account answer from the world, under the caller's policies."""

from __future__ import annotations

import json
import math
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import WorldError, load_world
from tests.world_files import (
    CHAT,
    CHAT_MODEL,
    EMBEDDING,
    PROMPT,
    code,
    make_world,
    message,
    status,
)

ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
ALLOW_ALL = f"[role.policies]\nall = '{ALL}'\n"


def deny(action: str, condition: str = "{}") -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", '
        f'"Action": "{action}", "Resource": "*", "Condition": {condition}}}]}}'
    )


def allow(action: str) -> str:
    return ALL.replace('"Action": "*"', f'"Action": "{action}"')


# Models


def test_models_are_listed_in_the_regions_that_have_them() -> None:
    with simulated(load_world("compliant")):
        here = boto3.Session().client("bedrock").list_foundation_models()["modelSummaries"]
        there = (
            boto3.Session()
            .client("bedrock", region_name="us-east-2")
            .list_foundation_models()["modelSummaries"]
        )
        assert {m["modelId"] for m in here} - {m["modelId"] for m in there} == {
            "anthropic.claude-3-haiku-20240307-v1:0",
            "cohere.embed-v4:0",
        }
        titan = next(m for m in there if m["modelId"] == EMBEDDING)
        assert titan["modelArn"] == f"arn:aws:bedrock:us-east-2::foundation-model/{EMBEDDING}"
        assert titan["outputModalities"] == ["EMBEDDING"]
        assert titan["responseStreamingSupported"] is False
        assert titan["modelLifecycle"]["status"] == "ACTIVE"
        assert titan["modelLifecycle"]["startOfLifeTime"].year == 2024


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (
            {"byProvider": "anthropic", "byInferenceType": "ON_DEMAND"},
            ["anthropic.claude-3-haiku-20240307-v1:0"],
        ),
        ({"byOutputModality": "EMBEDDING"}, [EMBEDDING, "cohere.embed-v4:0"]),
        ({"byCustomizationType": "FINE_TUNING"}, []),
    ],
)
def test_the_list_of_models_can_be_filtered(filters: dict[str, str], expected: list[str]) -> None:
    with simulated(load_world("compliant")):
        answer = boto3.Session().client("bedrock").list_foundation_models(**filters)
        assert [m["modelId"] for m in answer["modelSummaries"]] == expected


def test_a_model_is_found_by_id_and_by_arn() -> None:
    with simulated(make_world(ALLOW_ALL)):
        bedrock = boto3.Session().client("bedrock")
        for identifier in (CHAT_MODEL, f"arn:aws:bedrock:us-east-1::foundation-model/{CHAT_MODEL}"):
            details = bedrock.get_foundation_model(modelIdentifier=identifier)["modelDetails"]
            assert details["modelId"] == CHAT_MODEL
            assert details["inferenceTypesSupported"] == ["INFERENCE_PROFILE"]


@pytest.mark.parametrize(
    ("model", "region", "expected"),
    [
        ("acme.unknown-v1:0", "us-east-1", ("ValidationException", 400)),
        ("cohere.embed-v4:0", "us-west-2", ("ResourceNotFoundException", 404)),
    ],
)
def test_a_model_that_is_not_there_is_an_error(model: str, region: str, expected: tuple[str, int]) -> None:
    with simulated(make_world(ALLOW_ALL)), pytest.raises(ClientError) as failure:
        boto3.Session().client("bedrock", region_name=region).get_foundation_model(modelIdentifier=model)
    assert (code(failure), status(failure)) == expected


def test_a_model_past_its_end_is_not_listed_and_not_found() -> None:
    text = f'[[model]]\nid = "{EMBEDDING}"\nend_of_life = 2026-11-22T12:00:30Z'
    with simulated(make_world(text)) as simulation:
        session = boto3.Session()
        bedrock, runtime = session.client("bedrock"), session.client("bedrock-runtime")
        assert bedrock.get_foundation_model(modelIdentifier=EMBEDDING)["modelDetails"]
        simulation.account.clock.sleep(60)
        assert EMBEDDING not in [m["modelId"] for m in bedrock.list_foundation_models()["modelSummaries"]]
        for call in (
            lambda: bedrock.get_foundation_model(modelIdentifier=EMBEDDING),
            lambda: runtime.invoke_model(modelId=EMBEDDING, body='{"inputText": "a"}'),
        ):
            with pytest.raises(ClientError, match="reached the end of its life") as failure:
                call()
            assert (code(failure), status(failure)) == ("ResourceNotFoundException", 404)


def test_availability_is_told_in_its_four_parts() -> None:
    text = (
        f'[[model]]\nid = "{CHAT_MODEL}"\nagreement = "PENDING"\n'
        'authorization = "NOT_AUTHORIZED"\nentitlement = "NOT_AVAILABLE"'
    )
    with simulated(make_world(text)):
        answer = boto3.Session().client("bedrock").get_foundation_model_availability(modelId=CHAT_MODEL)
        assert answer["agreementAvailability"] == {"status": "PENDING"}
        assert answer["authorizationStatus"] == "NOT_AUTHORIZED"
        assert answer["entitlementAvailability"] == "NOT_AVAILABLE"
        assert answer["regionAvailability"] == "AVAILABLE"
        elsewhere = boto3.Session().client("bedrock", region_name="sa-east-1")
        assert (
            elsewhere.get_foundation_model_availability(modelId=CHAT_MODEL)["regionAvailability"]
            == "NOT_AVAILABLE"
        )


# Inference profiles


def test_inference_profiles_name_the_models_in_their_destinations() -> None:
    with simulated(load_world("compliant")):
        profile = boto3.Session().client("bedrock").get_inference_profile(inferenceProfileIdentifier=CHAT)
        assert (
            profile["inferenceProfileArn"]
            == f"arn:aws:bedrock:us-east-1:210987654321:inference-profile/{CHAT}"
        )
        assert [m["modelArn"] for m in profile["models"]] == [
            f"arn:aws:bedrock:{region}::foundation-model/{CHAT_MODEL}"
            for region in ("us-east-1", "us-east-2", "us-west-2")
        ]
        assert (profile["status"], profile["type"]) == ("ACTIVE", "SYSTEM_DEFINED")


def test_a_global_profile_is_everywhere_and_routes_without_a_region() -> None:
    with simulated(make_world(ALLOW_ALL)):
        client = boto3.Session().client("bedrock", region_name="sa-east-1")
        profile = client.get_inference_profile(inferenceProfileIdentifier=f"global.{CHAT_MODEL}")
        assert profile["models"][-1]["modelArn"] == f"arn:aws:bedrock:::foundation-model/{CHAT_MODEL}"
        with pytest.raises(ClientError) as failure:
            client.get_inference_profile(inferenceProfileIdentifier=CHAT)
        assert code(failure) == "ResourceNotFoundException"


def test_inference_profiles_come_in_pages() -> None:
    with simulated(load_world("compliant")):
        client = boto3.Session().client("bedrock")
        whole = client.list_inference_profiles()["inferenceProfileSummaries"]
        pages = client.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 2})
        listed = [page["inferenceProfileSummaries"] for page in pages]
        assert [len(page) for page in listed] == [2, 1]
        assert [*listed[0], *listed[1]] == whole
        assert client.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"] == []


# Invocation


def test_the_chat_model_answers_a_message() -> None:
    with simulated(load_world("compliant")):
        answer = boto3.Session().client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT)
        body = json.loads(answer["body"].read())
        assert answer["contentType"] == "application/json"
        assert body["role"] == "assistant"
        assert body["content"][0]["text"]
        assert body["stop_reason"] == "end_turn"


def test_the_chat_model_streams_chunks_and_a_stop() -> None:
    with simulated(load_world("compliant")):
        runtime = boto3.Session().client("bedrock-runtime")
        stream = runtime.invoke_model_with_response_stream(modelId=CHAT, body=PROMPT)["body"]
        kinds = [json.loads(event["chunk"]["bytes"])["type"] for event in stream]
        assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
        assert "content_block_delta" in kinds


def test_the_embedding_model_returns_a_vector_of_its_documented_length() -> None:
    with simulated(load_world("compliant")):
        runtime = boto3.Session().client("bedrock-runtime")

        def vector(**body: Any) -> list[float]:
            answer = runtime.invoke_model(modelId=EMBEDDING, body=json.dumps(body))
            embedding: list[float] = json.loads(answer["body"].read())["embedding"]
            return embedding

        assert len(vector(inputText="a")) == 1024
        assert len(vector(inputText="a", dimensions=256)) == 256
        assert math.isclose(sum(x * x for x in vector(inputText="a")), 1)
        assert vector(inputText="a") == vector(inputText="a") != vector(inputText="b")


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (CHAT, "{}"),
        (CHAT, "no JSON"),
        (EMBEDDING, "{}"),
        (EMBEDDING, '{"inputText": "a", "dimensions": 3}'),
    ],
)
def test_a_body_that_the_model_does_not_understand_is_refused(model: str, body: str) -> None:
    with simulated(load_world("compliant")), pytest.raises(ClientError) as failure:
        boto3.Session().client("bedrock-runtime").invoke_model(modelId=model, body=body)
    assert (code(failure), status(failure)) == ("ValidationException", 400)


@pytest.mark.parametrize(
    ("cause", "edit", "model", "error", "said"),
    [
        ("MOD01", "", CHAT_MODEL, ("ValidationException", 400), "on-demand throughput isn’t supported"),
        ("MOD02", "", "acme.unknown-v1:0", ("ValidationException", 400), "model identifier is invalid"),
        ("MOD03", 'entitlement = "NOT_AVAILABLE"', CHAT, ("AccessDeniedException", 403), "You don't have access to"),
        (
            "MOD04",
            'agreement = "NOT_AVAILABLE"',
            CHAT,
            ("ResourceNotFoundException", 404),
            "use case details have not been submitted",
        ),
        (
            "MOD05",
            'invoke_error = "ResourceNotFoundException: Access denied. This Model is marked by provider as Legacy"',
            CHAT,
            ("ResourceNotFoundException", 404),
            "marked by provider as Legacy",
        ),
        (
            "MOD05",
            "end_of_life = 2026-01-01T00:00:00Z",
            CHAT,
            ("ResourceNotFoundException", 404),
            "reached the end of its life",
        ),
        (
            "MOD06",
            'invoke_error = "ThrottlingException: Too many requests, please wait before trying again."',
            CHAT,
            ("ThrottlingException", 429),
            "Too many requests",
        ),
    ],
)  # fmt: skip
def test_an_invocation_fails_as_bedrocks_does(
    cause: str, edit: str, model: str, error: tuple[str, int], said: str
) -> None:
    with simulated(make_world(f'{ALLOW_ALL}[[model]]\nid = "{CHAT_MODEL}"\n{edit}')):
        runtime = boto3.Session().client("bedrock-runtime")
        for call in (runtime.invoke_model, runtime.invoke_model_with_response_stream):
            with pytest.raises(ClientError) as failure:
                call(modelId=model, body=PROMPT)
            assert (code(failure), status(failure)) == error, cause
            assert said in message(failure)


def test_a_first_subscription_takes_marketplace_rights() -> None:
    text = f'[[model]]\nid = "{CHAT_MODEL}"\nagreement = "NOT_AVAILABLE"'
    with (
        simulated(make_world(text)),
        pytest.raises(ClientError, match="aws-marketplace:Subscribe") as failure,
    ):
        boto3.Session().client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT)
    assert code(failure) == "AccessDeniedException"


def test_an_embedding_model_does_not_stream() -> None:
    with simulated(load_world("compliant")), pytest.raises(ClientError) as failure:
        boto3.Session().client("bedrock-runtime").invoke_model_with_response_stream(
            modelId=EMBEDDING, body='{"inputText": "a"}'
        )
    assert code(failure) == "ValidationException"


# Authorisation


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            "[role]\npolicies = {Bedrock = false}",
            "because no identity-based policy allows the bedrock:ListFoundationModels action",
        ),
        (
            f"[role.policies]\nno = '{deny('bedrock:List*')}'",
            "with an explicit deny in an identity-based policy",
        ),
        (
            f"[[scp]]\nname = 'no'\ndocument = '{deny('bedrock:*')}'",
            "with an explicit deny in a service control policy: "
            "arn:aws:organizations::111122223333:policy/o-acme000000/service_control_policy/p-9390298f",
        ),
        (
            f"[[scp]]\nname = 'FullAWSAccess'\ndocument = '{allow('s3:*')}'",
            "because no service control policy allows the bedrock:ListFoundationModels action",
        ),
        (
            f"[role]\nboundary = '{allow('s3:*')}'",
            "because no permissions boundary allows the bedrock:ListFoundationModels action",
        ),
        (
            f"[role]\nboundary = '{deny('*')}'",
            "with an explicit deny in a permissions boundary: arn:aws:iam::210987654321:policy/Boundary",
        ),
        (
            f"[role.attached]\nManaged = '{deny('bedrock:ListFoundationModels')}'",
            "with an explicit deny in an identity-based policy: arn:aws:iam::210987654321:policy/Managed",
        ),
        (
            "[[scp]]\nname = 'region'\ndocument = '"
            + deny("*", '{"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}')
            + "'",
            "with an explicit deny in a service control policy: "
            "arn:aws:organizations::111122223333:policy/o-acme000000/service_control_policy/p-c697d298",
        ),
    ],
)
def test_a_denial_names_its_layer_as_aws_does(edit: str, said: str) -> None:
    with simulated(make_world(edit)):
        session = boto3.Session()
        arn = session.client("sts").get_caller_identity()["Arn"]
        with pytest.raises(ClientError) as failure:
            session.client("bedrock").list_foundation_models()
        assert (code(failure), status(failure)) == ("AccessDeniedException", 403)
        assert (
            message(failure)
            == f"User: {arn} is not authorized to perform: bedrock:ListFoundationModels {said}"
        )


def test_one_denied_destination_breaks_a_profile() -> None:
    condition = '{"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}'
    with simulated(make_world(f"[[scp]]\nname = 'region'\ndocument = '{deny('bedrock:*', condition)}'")):
        with pytest.raises(ClientError) as failure:
            boto3.Session().client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT)
        assert f"on resource: arn:aws:bedrock:us-east-2::foundation-model/{CHAT_MODEL}" in message(failure)
        assert "with an explicit deny in a service control policy: arn:aws:organizations::" in message(
            failure
        )


def test_the_tight_policy_allows_the_model_through_its_profile_only() -> None:
    with simulated(make_world(f'[[model]]\nid = "{CHAT_MODEL}"\ninference_types = ["ON_DEMAND"]')):
        runtime = boto3.Session().client("bedrock-runtime")
        runtime.invoke_model(modelId=CHAT, body=PROMPT)
        for model in (CHAT_MODEL, f"global.{CHAT_MODEL}"):
            with pytest.raises(
                ClientError, match="is not authorized to perform: bedrock:InvokeModel on resource"
            ):
                runtime.invoke_model(modelId=model, body=PROMPT)


def test_services_that_moto_has_are_under_the_policies_too() -> None:
    with simulated(load_world("compliant")):
        session = boto3.Session()
        for service, operation, action, denied in [
            ("kms", "list_keys", "kms:ListKeys", "AccessDeniedException"),
            ("ec2", "describe_vpcs", "ec2:DescribeVpcs", "UnauthorizedOperation"),
            ("iam", "list_users", "iam:ListUsers", "AccessDenied"),
            ("sns", "list_topics", "sns:ListTopics", "AuthorizationError"),
            ("s3", "list_buckets", "s3:ListAllMyBuckets", "AccessDenied"),
        ]:
            with pytest.raises(ClientError, match=action) as failure:
                getattr(session.client(service), operation)()
            assert code(failure) == denied
    with simulated(make_world(ALLOW_ALL)):
        assert boto3.Session().client("kms").list_keys()["Keys"] == []
        assert boto3.Session().client("s3").list_buckets()["Buckets"] == []


# IAM


def role_of(session: boto3.Session) -> dict[str, Any]:
    name = session.client("sts").get_caller_identity()["Arn"].split("/")[1]
    role: dict[str, Any] = session.client("iam").get_role(RoleName=name)["Role"]
    return role


def test_the_role_is_found_with_its_path_and_session_length() -> None:
    with simulated(load_world("compliant")):
        role = role_of(boto3.Session())
        assert role["Path"] == "/aws-reserved/sso.amazonaws.com/"
        assert role["Arn"].endswith(f"{role['Path']}{role['RoleName']}")
        assert role["MaxSessionDuration"] == 8 * 3600
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Federated"]


def test_a_role_of_identity_center_elsewhere_has_the_region_in_its_path() -> None:
    edit = 'replace = [["sso_region = us-east-1", "sso_region = eu-west-1"]]'
    text = f'[sso]\nregion = "eu-west-1"\n[machine.files."~/.aws/config"]\n{edit}'
    with simulated(make_world(text)):
        assert role_of(boto3.Session())["Path"] == "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def test_policies_of_the_role_can_be_read() -> None:
    text = f"{ALLOW_ALL}[role.attached]\nCustomer = '{ALL}'\n\"aws/PowerUserAccess\" = '{ALL}'\n[role]\nboundary = '{ALL}'"
    with simulated(make_world(text)):
        session = boto3.Session()
        iam, role = session.client("iam"), role_of(session)
        attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        assert {policy["PolicyArn"] for policy in attached} == {
            "arn:aws:iam::210987654321:policy/Customer",
            "arn:aws:iam::aws:policy/PowerUserAccess",
        }
        assert set(iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]) == {
            "Account",
            "Bedrock",
            "Preflight",
            "all",
        }
        assert (
            role["PermissionsBoundary"]["PermissionsBoundaryArn"]
            == "arn:aws:iam::210987654321:policy/Boundary"
        )


def test_the_simulator_decides_by_resource_and_names_the_layers() -> None:
    text = f"[[scp]]\nname = 'no'\ndocument = '{deny('bedrock:GetFoundationModel')}'"
    with simulated(make_world(text)):
        session = boto3.Session()
        titan = f"arn:aws:bedrock:us-east-1::foundation-model/{EMBEDDING}"
        other = "arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-v4:0"
        results = session.client("iam").simulate_principal_policy(
            PolicySourceArn=role_of(session)["Arn"],
            ActionNames=["bedrock:InvokeModel", "bedrock:GetFoundationModel"],
            ResourceArns=[titan, other],
            ContextEntries=[
                {
                    "ContextKeyName": "aws:RequestedRegion",
                    "ContextKeyValues": ["us-east-1"],
                    "ContextKeyType": "string",
                }
            ],
        )["EvaluationResults"]
        invoke, get = results
        assert invoke["EvalActionName"] == "bedrock:InvokeModel"
        assert invoke["EvalDecision"] == "implicitDeny"
        assert {
            r["EvalResourceName"]: r["EvalResourceDecision"] for r in invoke["ResourceSpecificResults"]
        } == {
            titan: "allowed",
            other: "implicitDeny",
        }
        assert get["EvalDecision"] == "explicitDeny"
        assert get["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_the_simulator_answers_in_pages() -> None:
    with simulated(load_world("compliant")):
        session = boto3.Session()
        actions = [f"bedrock:Get{letter}" for letter in "ABCDE"]
        pages = (
            session.client("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(
                PolicySourceArn=role_of(session)["Arn"], ActionNames=actions, PaginationConfig={"PageSize": 2}
            )
        )
        listed = [[r["EvalActionName"] for r in page["EvaluationResults"]] for page in pages]
        assert listed == [actions[:2], actions[2:4], actions[4:]]


def test_the_simulator_refuses_an_assumed_role() -> None:
    with simulated(load_world("compliant")):
        session = boto3.Session()
        arn = session.client("sts").get_caller_identity()["Arn"]
        with pytest.raises(ClientError, match="does not clearly define entity type and name") as failure:
            session.client("iam").simulate_principal_policy(
                PolicySourceArn=arn, ActionNames=["bedrock:InvokeModel"]
            )
        assert (code(failure), status(failure)) == ("InvalidInput", 400)


def test_the_simulator_knows_only_roles_and_users_of_the_account() -> None:
    user = '[[iam_user]]\nname = "deploy"\naccess_key_id = "AKIAIOSFODNN7EXAMPLE"\nsecret_access_key = "CANARY"\n'
    with simulated(make_world(ALLOW_ALL + user)):
        iam = boto3.Session().client("iam")
        answer = iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::210987654321:user/deploy", ActionNames=["bedrock:InvokeModel"]
        )
        assert answer["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
        for arn in ("arn:aws:iam::210987654321:role/none", "arn:aws:iam::210987654321:user/none"):
            with pytest.raises(ClientError) as failure:
                iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["bedrock:InvokeModel"])
            assert (code(failure), status(failure)) == ("NoSuchEntity", 404)


# Regions


def test_regions_have_their_opt_in_status() -> None:
    with simulated(make_world('[account]\ndisabled_regions = ["eu-south-2"]')):
        client = boto3.Session().client("account")
        pages = client.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10})
        states = {r["RegionName"]: r["RegionOptStatus"] for page in pages for r in page["Regions"]}
        assert (states["us-east-1"], states["af-south-1"], states["eu-south-2"]) == (
            "ENABLED_BY_DEFAULT",
            "ENABLED",
            "DISABLED",
        )
        assert not any(region.startswith(("us-gov", "cn-", "aws-")) for region in states)
        assert client.list_regions(RegionOptStatusContains=["DISABLED"])["Regions"] == [
            {"RegionName": "eu-south-2", "RegionOptStatus": "DISABLED"}
        ]
        assert client.get_region_opt_status(RegionName="eu-south-2")["RegionOptStatus"] == "DISABLED"
        with pytest.raises(ClientError) as failure:
            client.get_region_opt_status(RegionName="eu-nowhere-1")
        assert code(failure) == "ValidationException"


def test_a_policy_that_iam_would_refuse_is_an_error_of_the_world() -> None:
    with (
        pytest.raises(WorldError, match=r"^own: ") as failure,
        simulated(make_world('[role.policies]\nodd = \'{"Version": "2012-10-17"}\'')),
    ):
        pass
    assert "\n" not in str(failure.value)
