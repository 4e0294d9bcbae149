"""Step 6: manual verification, done by the suite: session, identity, clients, models, a child process."""

from __future__ import annotations

from typing import Any

from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import BAD_SIGNATURE, EXPIRED, INVALID_KEYS
from fixtures.evidence import value_of
from fixtures.evidence.identity import CALLS, Identity, Provider
from fixtures.evidence.models import FoundationModel
from fixtures.evidence.network import Client
from fixtures.evidence.profile import Profile
from fixtures.evidence.regions import Sdk
from fixtures.readings import Reading

CLAUDE = "anthropic.claude"
SINCE = {
    "bedrock-runtime": (1, 31, 57),
    "sso-session": (1, 29, 1),
    "login_session": (1, 41, 0),
}
"""The first botocore that has what a profile may use (failure-modes, PRE09; botocore's changelog)."""


@requirement("RUN-01")
def test_session_is_built(session: Reading) -> None:
    """`boto3.Session(profile_name, region_name)` is built."""
    code = session.error.code if session.error else ""
    require(
        code not in {"ProfileNotFound", "ConfigParseError"},
        expected="a boto3 session for the profile",
        observed=f"{code}: {session.error and session.error.message}",
        cause={"ProfileNotFound": "CFG01", "ConfigParseError": "CFG03"}.get(code),
        unless=("PRF-02", "PRF-01"),
    )
    value_of(session)


@requirement("RUN-02")
def test_caller_is_known(caller_identity: Reading, provider: Provider) -> None:
    """`sts:GetCallerIdentity` answers with account and ARN."""
    error = caller_identity.error
    if error and error.code in INVALID_KEYS | EXPIRED | BAD_SIGNATURE:
        incomplete = provider.key_kind == "ASIA" and not provider.token
        static = provider.method == "shared-credentials-file" and provider.key_kind == "AKIA"
        cause = "ENV02" if incomplete else "STS03" if static else "PRE04" if error.code in EXPIRED else None
        require(
            False,
            expected="the account and ARN of the caller",
            observed=f"{error.code} for credentials from {provider.method}: {error.message}",
            cause=cause,
            unless=CALLS,
        )
    answer = value_of(caller_identity)
    require(bool(answer["Account"] and answer["Arn"]), expected="the account and ARN of the caller", observed=f"{answer}")


@requirement("RUN-03")
def test_caller_is_the_profiles_role(identity: Identity, profile: Profile) -> None:
    """The account is the profile's `sso_account_id`, the role its `sso_role_name`."""
    if not profile.uses_sso:
        not_applicable("the profile does not use SSO, so it names no account and role")
    account, role = profile.get("sso_account_id"), profile.get("sso_role_name")
    require(
        (identity.account, identity.permission_set) == (account, role),
        expected=f"account {account}, role {role}",
        observed=f"{identity.arn}",
        cause="PRE06" if identity.permission_set is None else None,
        unless=("CRD-01",),
    )


@requirement("RUN-04")
def test_runtime_client_is_built_for_the_region(clients: dict[str, Client], target: Any, docket: Any) -> None:
    """A `bedrock-runtime` client is built for the region, with the endpoint that belongs to it."""
    client = clients["bedrock-runtime"]
    require(
        f".{target.region}." in client.endpoint or "vpce" in client.endpoint,
        expected=f"an endpoint in {target.region}",
        observed=client.endpoint,
        cause="REG06",
        unless=("CRD-06",),
    )


@requirement("RUN-05")
def test_claude_is_listed(listed_models: list[FoundationModel]) -> None:
    """At least one `anthropic.claude` model is listed."""
    found = [model.id for model in listed_models if CLAUDE in model.id]
    require(bool(found), expected=f"a model whose ID has {CLAUDE}", observed=f"{len(listed_models)} models, none of them")


@requirement("RUN-06")
def test_sdk_is_new_enough(sdk: Sdk, profile: Profile) -> None:
    """boto3 and botocore are new enough for what the profile uses."""
    used = ["bedrock-runtime"]
    used += ["sso-session"] if profile.session_name else []
    used += ["login_session"] if "login_session" in profile.options else []
    installed = tuple(int(part) for part in sdk.botocore.split(".")[:3])
    for feature in used:
        needed = SINCE[feature]
        require(
            installed >= needed,
            expected=f"botocore {'.'.join(map(str, needed))} or later, for {feature}",
            observed=f"botocore {sdk.botocore}",
            cause="PRE09",
        )
    require(
        "login_session" not in profile.options or sdk.awscrt,
        expected="the package awscrt, for login_session",
        observed="awscrt is not installed",
        cause="PRE08",
        unless=("PRF-10",),
    )


@requirement("RUN-07")
def test_child_process_is_the_same_caller(child_identity: dict[str, Any], identity: Identity) -> None:
    """A child process that gets only AWS_PROFILE resolves the same identity."""
    error = child_identity.get("error")
    require(
        error is None and child_identity["arn"] == identity.arn,
        expected=f"a child process with AWS_PROFILE alone is {identity.arn}",
        observed=f"it gets {error['code']}: {error['message']}" if error else f"it is {child_identity['arn']}",
        cause="PRE01",
    )
