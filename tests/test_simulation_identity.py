"""Signatures, tokens and the SSO portal answer as AWS's do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, UnauthorizedSSOTokenError

from fixtures.simulation.simulation import Simulation, simulated
from fixtures.simulation.world import load_world
from tests.world_files import CHAT, PROMPT, code, make_world, message, status

USER = """
[[iam_user]]
name = "deploy"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = "CANARY-secret"
policies = { list = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "bedrock:List*", "Resource": "*"}}' }
"""
SESSION = """
[[role_session]]
access_key_id = "ASIAIOSFODNN7EXAMPLE"
secret_access_key = "CANARY-secret"
session_token = "CANARY-token"
expires = "${now+1h}"
"""
TOKEN = "aoaAAAAAG-CANARY-access-token"
INVALID = "The security token included in the request is invalid."


def with_keys(key: str, secret: str, token: str | None = None, region: str = "us-east-1") -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )


def refusals(session: boto3.Session) -> list[tuple[str, str, int]]:
    """Code, message and status that STS and Bedrock answer."""
    found = []
    for call in (session.client("sts").get_caller_identity, session.client("bedrock").list_foundation_models):
        with pytest.raises(ClientError) as failure:
            call()
        found.append((code(failure), message(failure), status(failure)))
    return found


# Keys


def test_keys_that_nobody_issued_are_invalid() -> None:
    with simulated(load_world("compliant")):
        assert refusals(with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY")) == [
            ("InvalidClientTokenId", INVALID, 403),
            ("UnrecognizedClientException", INVALID, 403),
        ]


def test_keys_of_an_iam_user_are_his() -> None:
    with simulated(make_world(USER)):
        session = with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY-secret")
        assert session.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::210987654321:user/deploy"
        assert session.client("bedrock").list_foundation_models()["modelSummaries"]
        with pytest.raises(
            ClientError, match="user/deploy is not authorized to perform: bedrock:InvokeModel"
        ):
            session.client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT)


def test_inactive_keys_are_invalid() -> None:
    with simulated(make_world(USER + 'status = "Inactive"')):
        codes = [code for code, _, _ in refusals(with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY-secret"))]
        assert codes == ["InvalidClientTokenId", "UnrecognizedClientException"]


def test_a_wrong_secret_is_a_wrong_signature() -> None:
    with simulated(make_world(USER)):
        found = refusals(with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY-other"))
        assert [code for code, _, _ in found] == ["SignatureDoesNotMatch", "InvalidSignatureException"]
        assert all("does not match the signature you provided" in said for _, said, _ in found)


@pytest.mark.parametrize("token", [None, "CANARY-other", ""])
def test_temporary_keys_without_their_token_are_invalid(token: str | None) -> None:
    with simulated(make_world(SESSION)):
        codes = [code for code, _, _ in refusals(with_keys("ASIAIOSFODNN7EXAMPLE", "CANARY-secret", token))]
        assert codes == ["InvalidClientTokenId", "UnrecognizedClientException"]


def test_long_lived_keys_with_a_token_are_invalid() -> None:
    with simulated(make_world(USER)):
        found = refusals(with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY-secret", "CANARY-token"))
        assert [code for code, _, _ in found] == ["InvalidClientTokenId", "UnrecognizedClientException"]


def test_temporary_keys_are_the_roles() -> None:
    with simulated(make_world(SESSION)):
        session = with_keys("ASIAIOSFODNN7EXAMPLE", "CANARY-secret", "CANARY-token")
        assert (
            "assumed-role/AWSReservedSSO_BedrockDeveloper_"
            in session.client("sts").get_caller_identity()["Arn"]
        )


def test_expired_keys_are_said_to_be_expired() -> None:
    with simulated(make_world(SESSION.replace("+1h", "-1h"))):
        said = "The security token included in the request is expired"
        assert refusals(with_keys("ASIAIOSFODNN7EXAMPLE", "CANARY-secret", "CANARY-token")) == [
            ("ExpiredToken", said, 403),
            ("ExpiredTokenException", said, 403),
        ]


def test_keys_expire_while_the_world_runs() -> None:
    with simulated(make_world(SESSION)) as simulation:
        session = with_keys("ASIAIOSFODNN7EXAMPLE", "CANARY-secret", "CANARY-token")
        session.client("sts").get_caller_identity()
        simulation.account.clock.sleep(timedelta(hours=1).total_seconds())
        assert [code for code, _, _ in refusals(session)] == ["ExpiredToken", "ExpiredTokenException"]


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1"])
def test_keys_are_invalid_in_a_disabled_region_and_in_another_partition(region: str) -> None:
    with simulated(make_world('[account]\ndisabled_regions = ["eu-west-1"]')):
        codes = [code for code, _, _ in refusals(boto3.Session(region_name=region))]
        assert codes == ["InvalidClientTokenId", "UnrecognizedClientException"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ABSK-CANARY", "Authentication failed: Please make sure your API Key is valid."),
        ("CANARY", "Invalid API Key format: Must start with pre-defined prefix"),
        ("", "Invalid API Key format: Must start with pre-defined prefix"),
    ],
)
def test_an_api_key_beats_the_profile_at_bedrock_alone(key: str, said: str) -> None:
    with simulated(make_world(f'[machine.environment]\nAWS_BEARER_TOKEN_BEDROCK = "{key}"')):
        session = boto3.Session()
        assert session.client("sts").get_caller_identity()["Account"] == "210987654321"
        for call in (
            session.client("bedrock").list_foundation_models,
            lambda: session.client("bedrock-runtime").invoke_model(modelId=CHAT, body=PROMPT),
        ):
            with pytest.raises(ClientError) as failure:
                call()
            assert (code(failure), message(failure), status(failure)) == ("AccessDeniedException", said, 403)


def test_an_unsigned_request_is_refused() -> None:
    with simulated(load_world("compliant")), pytest.raises(ClientError) as failure:
        config = Config(signature_version=botocore.UNSIGNED)
        boto3.Session().client("bedrock", config=config).list_foundation_models()
    assert code(failure) == "MissingAuthenticationToken"


# Roles


def test_a_role_that_trusts_nobody_cannot_be_assumed() -> None:
    with simulated(load_world("compliant")):
        session = boto3.Session()
        arn = session.client("iam").get_role(RoleName=own_role(session))["Role"]["Arn"]
        with pytest.raises(
            ClientError, match="is not authorized to perform: sts:AssumeRole on resource"
        ) as failure:
            session.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")
        assert code(failure) == "AccessDenied"


def test_a_role_that_trusts_the_caller_can_be_assumed_with_its_external_id() -> None:
    with simulated(load_world("compliant")) as simulation:
        session = boto3.Session()
        who = session.client("sts").get_caller_identity()["Arn"]
        role = simulation.account.role(own_role(session))
        assert role is not None
        role.assume_role_policy_document = (
            f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{who}"}}, "Action": "sts:AssumeRole", '
            '"Condition": {"StringEquals": {"sts:ExternalId": "acme"}}}]}'
        )
        sts = session.client("sts")
        with pytest.raises(ClientError):
            sts.assume_role(RoleArn=role.arn, RoleSessionName="me")
        given = sts.assume_role(RoleArn=role.arn, RoleSessionName="me", ExternalId="acme")["Credentials"]
        again = with_keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        assert again.client("sts").get_caller_identity()["Arn"].endswith("/me")


def own_role(session: boto3.Session) -> str:
    return session.client("sts").get_caller_identity()["Arn"].split("/")[1]


# The SSO portal


def portal(simulation: Simulation, region: str = "us-east-1") -> Any:
    return boto3.Session().client("sso", region_name=region)


def test_the_portal_lists_what_it_grants() -> None:
    text = "".join(
        f'[[sso.assignment]]\naccount = "{account}"\nrole = "{role}"\n'
        for account, role in [("210987654321", "Dev"), ("210987654321", "Admin"), ("111122223333", "Dev")]
    )
    with simulated(make_world(text)) as simulation:
        sso = portal(simulation)
        accounts = sso.list_accounts(accessToken=TOKEN)["accountList"]
        assert [account["accountId"] for account in accounts] == ["111122223333", "210987654321"]
        roles = sso.list_account_roles(accessToken=TOKEN, accountId="210987654321")["roleList"]
        assert [role["roleName"] for role in roles] == ["Admin", "Dev"]
        with pytest.raises(ClientError, match="No access") as failure:
            sso.list_account_roles(accessToken=TOKEN, accountId="444455556666")
        assert (code(failure), status(failure)) == ("ForbiddenException", 403)


@pytest.mark.parametrize(("token", "region"), [("CANARY-revoked", "us-east-1"), (TOKEN, "eu-west-1")])
def test_a_token_that_the_portal_does_not_know_is_refused(token: str, region: str) -> None:
    with simulated(load_world("compliant")) as simulation:
        sso = portal(simulation, region)
        for call in (
            lambda: sso.list_accounts(accessToken=token),
            lambda: sso.list_account_roles(accessToken=token, accountId="210987654321"),
            lambda: sso.get_role_credentials(
                accessToken=token, accountId="210987654321", roleName="BedrockDeveloper"
            ),
        ):
            with pytest.raises(ClientError, match="Session token not found or invalid") as failure:
                call()
            assert (code(failure), status(failure)) == ("UnauthorizedException", 401)


def test_a_revoked_token_is_botocores_own_error() -> None:
    with simulated(make_world("[sso]\naccepted_tokens = []")), pytest.raises(UnauthorizedSSOTokenError):
        boto3.Session().client("sts").get_caller_identity()


def test_a_role_that_is_not_granted_is_forbidden() -> None:
    with simulated(make_world("[sso]\nassignment = []")), pytest.raises(ClientError) as failure:
        boto3.Session().client("sts").get_caller_identity()
    assert (code(failure), message(failure)) == ("ForbiddenException", "No access")


def test_a_role_of_another_account_is_one_of_that_account() -> None:
    text = (
        '[[sso.assignment]]\naccount = "111122223333"\nrole = "BedrockDeveloper"\n'
        '[machine.files."~/.aws/config"]\nreplace = [["210987654321", "111122223333"]]'
    )
    with simulated(make_world(text)):
        session = boto3.Session()
        assert session.client("sts").get_caller_identity()["Account"] == "111122223333"
        with pytest.raises(ClientError, match="no identity-based policy allows"):
            session.client("bedrock").list_foundation_models()


def test_role_credentials_last_as_long_as_the_permission_set_says() -> None:
    with simulated(make_world("[role]\nmax_session_hours = 2")) as simulation:
        given = portal(simulation).get_role_credentials(
            accessToken=TOKEN, accountId="210987654321", roleName="BedrockDeveloper"
        )["roleCredentials"]
        left = given["expiration"] / 1000 - simulation.now().timestamp()
        assert 7190 < left <= 7200
        assert given["accessKeyId"].startswith("ASIA")
        assert "CANARY" in given["secretAccessKey"]
        assert "CANARY" in given["sessionToken"]


def test_logging_out_revokes_the_token() -> None:
    with simulated(load_world("compliant")) as simulation:
        sso = portal(simulation)
        sso.logout(accessToken=TOKEN)
        with pytest.raises(ClientError, match="Session token not found or invalid"):
            sso.list_accounts(accessToken=TOKEN)


def test_a_device_is_authorized_at_once_and_its_token_is_good() -> None:
    with simulated(load_world("compliant")) as simulation:
        oidc = boto3.Session().client("sso-oidc", region_name="us-east-1")
        client = oidc.register_client(clientName="x", clientType="public")
        assert client["clientSecretExpiresAt"] > simulation.now().timestamp()
        device = oidc.start_device_authorization(
            clientId=client["clientId"],
            clientSecret=client["clientSecret"],
            startUrl="https://acme.awsapps.com/start",
        )
        token = oidc.create_token(
            clientId=client["clientId"],
            clientSecret=client["clientSecret"],
            grantType="urn:ietf:params:oauth:grant-type:device_code",
            deviceCode=device["deviceCode"],
        )
        assert token["expiresIn"] == 8 * 3600
        assert portal(simulation).list_accounts(accessToken=token["accessToken"])["accountList"]


def test_what_the_oidc_service_does_not_know_it_refuses() -> None:
    with simulated(load_world("compliant")):
        oidc = boto3.Session().client("sso-oidc", region_name="us-east-1")
        with pytest.raises(ClientError) as failure:
            oidc.start_device_authorization(
                clientId="c", clientSecret="s", startUrl="https://other.example/start"
            )
        assert code(failure) == "InvalidRequestException"
        with pytest.raises(ClientError) as failure:
            oidc.create_token(clientId="c", clientSecret="s", grantType="refresh_token")
        assert code(failure) == "InvalidGrantException"
        elsewhere = boto3.Session().client("sso-oidc", region_name="eu-west-1")
        with pytest.raises(ClientError) as failure:
            elsewhere.create_token(
                clientId="c", clientSecret="s", grantType="refresh_token", refreshToken="CANARY"
            )
        assert code(failure) == "InvalidGrantException"


# Log and faults


def test_every_request_is_logged_with_its_principal() -> None:
    with simulated(load_world("compliant")) as simulation:
        arn = boto3.Session().client("sts").get_caller_identity()["Arn"]
        with pytest.raises(ClientError):
            with_keys("AKIAIOSFODNN7EXAMPLE", "CANARY").client("bedrock").list_foundation_models()
        assert [tuple(request) for request in simulation.requests] == [
            ("sso", "GetRoleCredentials", "us-east-1", None),
            ("sts", "GetCallerIdentity", "us-east-1", arn),
            ("bedrock", "ListFoundationModels", "us-east-1", None),
        ]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("sts:GetCallerIdentity", lambda s: s.client("sts").get_caller_identity()),
        ("bedrock:ListInferenceProfiles", lambda s: s.client("bedrock").list_inference_profiles()),
        ("account:ListRegions", lambda s: s.client("account").list_regions()),
        ("cloudtrail:DescribeTrails", lambda s: s.client("cloudtrail").describe_trails()),
        ("s3:ListAllMyBuckets", lambda s: s.client("s3").list_buckets()),
    ],
)
def test_a_fault_of_the_world_comes_in_place_of_the_answer(name: str, call: Any) -> None:
    everything = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    )
    text = (
        f"[role.policies]\nall = '{everything}'\n[faults.\"{name}\"]\n"
        'code = "AcmeException"\nmessage = "a < b"\nstatus = 418\nafter = 2'
    )
    with simulated(make_world(text)):
        session = boto3.Session()
        call(session)
        call(session)
        with pytest.raises(ClientError) as failure:
            call(session)
        assert (code(failure), message(failure), status(failure)) == ("AcmeException", "a < b", 418)
