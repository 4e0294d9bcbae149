"""Production environment: service accounts, cross-account access, credentials that last."""

from __future__ import annotations

from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import ACCESS_DENIED, lasts_too_long
from fixtures.aws.policy_document import Statement, is_wild
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.environment import Variables
from fixtures.evidence.identity import STATIC, Credentials, Identity, Provider
from fixtures.evidence.profile import Files
from fixtures.evidence.roles import (
    AccessKey,
    ApiKey,
    ConfiguredKey,
    CrossAccountRole,
    SessionLimit,
    TrustPolicy,
)
from fixtures.machine.environment import OF_LAMBDA
from fixtures.readings import Reading, Unavailable

MOST_DAYS = 90
LIMITING_KEYS = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalArn", "aws:PrincipalAccount")
"""Conditions on who the caller is (IAM User Guide, "AWS global condition context keys")."""
LIMITING_OPERATORS = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase")


@requirement("PRD-01")
def test_production_runs_as_a_role(identity: Identity, provider: Provider) -> str:
    """In production the caller is an IAM role: no user's SSO role, no federated user and no IAM user."""
    kind = "an IAM role"
    if identity.permission_set:
        kind = f"the SSO role of a user, permission set {identity.permission_set}"
    elif identity.user:
        kind = f"the IAM user {identity.user}"
    elif identity.role is None:
        kind = "the root user" if identity.is_root else "a federated user"
    require(
        identity.role is not None and identity.permission_set is None,
        expected="an IAM role that belongs to the service",
        observed=f"{identity.arn} is {kind}",
        given=["keys-of-environment"] if provider.method == "env" else [],
    )
    return f"{identity.arn} is an IAM role"


@requirement("PRD-02")
def test_caller_is_not_root(identity: Identity) -> str:
    """The caller is never the root user."""
    require(
        not identity.is_root,
        expected="a role or user with policies of its own",
        observed=f"{identity.arn} is the root user",
        account=identity.account,
    )
    return f"{identity.arn} is not the root user"


@requirement("PRD-03")
def test_no_long_lived_key_is_configured(long_lived_keys: list[ConfiguredKey], evidence: Evidence) -> str:
    """No long-lived access key (AKIA) is configured for the profile, nor where its role chain begins."""
    wanted = [provider for provider in (*STATIC, "env") if provider in evidence.allowed_providers]
    # Only where somebody wrote so: of itself CI allows keys in variables, which are to be temporary ones.
    if evidence.settings.credentials.allowed_providers and wanted:
        not_applicable(f"[credentials] allowed_providers has {wanted[0]}: long-lived keys are meant")
    for key in long_lived_keys:
        require(
            False,
            expected="credentials that expire",
            observed=f"AKIA…{key.tail} in {key.where}",
            file=key.place and key.place.file,
            line=key.place and key.place.line,
            remedy=None if key.place else _without_long_lived_key(evidence),
        )
    return "no AKIA key is configured for the profile"


def _without_long_lived_key(evidence: Evidence) -> list[str]:
    out = "# take the long-lived key out of the environment of this process"
    if evidence.purpose == "workstation":
        return [out]
    return [
        "# give the job or the workload a role first, which may have nothing else: in GitHub and GitLab by an identity token",
        "# (id-token: write, id_tokens), in AWS by an instance profile, a task role or a service account's role; then:",
        out,
    ]


@requirement("PRD-04")
def test_cross_account_role_can_be_assumed(
    case: str,
    cross_account_roles: dict[str, CrossAccountRole],
    assumed_roles: dict[str, Reading | None],
    files: Files,
) -> str:
    """The profile chain of the cross-account role resolves without a loop, and AssumeRole succeeds."""
    role = cross_account_roles[case]
    require(
        not role.missing,
        expected=f"a profile {role.entry} with role_arn",
        observed=role.missing,
        role=role.entry,
        profile=role.entry,
        remedy=[f"# add a profile {role.entry} with role_arn and source_profile to {role.place.file}"],
    )
    if role.chain.broken:
        place, why = role.chain.broken
        require(
            False,
            cause="STS01",
            expected=f"the source profiles of {role.entry} lead to credentials",
            observed=f"{place}: {why}",
            file=place.file,
            line=place.line,
        )
    reading = assumed_roles[case]
    if reading is None:
        raise Unavailable(
            f"the role of profile {role.profile} asks for an MFA code, which nobody can enter here"
        )
    error = reading.error
    if error and error.code in ACCESS_DENIED:
        require(
            False,
            cause="STS02",
            expected=f"sts:AssumeRole on {role.role_arn} succeeds",
            observed=f"{error.code}: {error.message}",
            role=role.name,
            account=role.account,
        )
    stated = files.option(role.profile, "duration_seconds")
    if error and stated and lasts_too_long(error.code, error.message):
        place = files.place_of(stated)
        require(
            False,
            cause="STS04",
            expected=f"a session of {role.role_arn} that lasts as long as the role allows",
            observed=f"{place}: duration_seconds = {stated['value']}: {error.message}",
            file=place.file,
            line=place.line,
        )
    if error and error.code == "ValidationError":
        require(
            False,
            expected=f"a session of {role.role_arn} with the duration of profile {role.profile}",
            observed=f"{error.code}: {error.message}",
            role=role.name,
            profile=role.profile,
        )
    value_of(reading)
    return f"sts:AssumeRole on {role.role_arn} succeeded"


@requirement("PRD-05")
def test_trust_of_cross_account_role_is_narrow(
    case: str,
    trust_policies: dict[str, TrustPolicy],
    cross_account_roles: dict[str, CrossAccountRole],
    identity: Identity,
    evidence: Evidence,
) -> str:
    """The trust policy admits no wildcard principal, and asks third parties for an external ID."""
    role = cross_account_roles[case]
    known = {role.account, identity.account, *evidence.settings.production.trusted_accounts}
    for statement in trust_policies[case].statements:
        if not statement.allows or not _about_assuming(statement):
            continue
        # With Allow it admits everybody else (IAM User Guide, "AWS JSON policy elements: NotPrincipal").
        anybody = ["NotPrincipal"] if statement.not_principal else []
        anybody += [name for kind, name in statement.principals if kind == "AWS" and is_wild(name)]
        require(
            not anybody or _limits_callers(statement),
            expected=f"principals that are named may assume {role.name}",
            observed=f"statement {statement.name} admits {', '.join(anybody)}",
            role=role.name,
        )
        strangers = sorted(
            {_account_of(name) for kind, name in statement.principals if kind == "AWS"} - known
        )
        # "*" and patterns are judged above.
        strangers = [account for account in strangers if account.isdigit()]
        require(
            not strangers or _asks_for_external_id(statement),
            expected=f"sts:ExternalId where a third party may assume {role.name}",
            observed=f"statement {statement.name} admits account {', '.join(strangers)} without one",
            role=role.name,
        )
    named = {name for statement in trust_policies[case].statements for _, name in statement.principals}
    return f"the trust policy of {role.name} names {', '.join(sorted(named)) or 'nobody'}"


def _about_assuming(statement: Statement) -> bool:
    return statement.pattern_for("sts:AssumeRole") is not None


def _limits_callers(statement: Statement) -> bool:
    return any(
        # No IfExists among these: whoever brings no such key would be let in.
        operator.rsplit(":", 1)[-1] in LIMITING_OPERATORS and values and "*" not in values
        for key in LIMITING_KEYS
        for operator, values in statement.condition(key)
    )


def _account_of(principal: str) -> str:
    return principal.split(":")[4] if principal.startswith("arn:") else principal


def _asks_for_external_id(statement: Statement) -> bool:
    return any(
        operator in ("StringEquals", "StringLike") for operator, _ in statement.condition("sts:ExternalId")
    )


@requirement("PRD-06")
def test_credentials_refresh_themselves(
    credentials: Credentials, environment: Variables, evidence: Evidence
) -> str:
    """The credentials refresh themselves and have at least the configured minimum of their lifetime left."""
    if credentials.key_kind == "AKIA":
        not_applicable("a long-lived key does not expire: PRD-03 and PRD-07 are about it")
    if credentials.method == "env" and environment.has(OF_LAMBDA):
        return "AWS Lambda gives the function's environments new keys of its role, each in its variables"
    minimum = evidence.settings.credentials.minimum_minutes
    require(
        credentials.refreshable,
        expected="credentials that the SDK renews by itself",
        observed=f"{credentials.method} gives keys that end without being renewed",
        given=("not-renewed",),
    )
    left = credentials.minutes
    require(
        left is None or left >= minimum,
        expected=f"at least {minimum} minutes left",
        observed=f"{left} minutes left of the credentials from {credentials.method}",
    )
    return f"{credentials.method} renews them" + (f", {left} minutes left" if left is not None else "")


@requirement("PRD-07")
def test_access_keys_are_young(access_keys: list[AccessKey] | None) -> str:
    """The active access keys of the IAM user are at most 90 days old."""
    if access_keys is None:
        not_applicable("the caller is no IAM user: it has no access keys")
    for key in access_keys:
        require(
            not key.active or key.age.days <= MOST_DAYS,
            expected=f"access keys of at most {MOST_DAYS} days",
            observed=f"{key.id} is {key.age.days} days old",
            resource=key.id,
        )
    return (
        "; ".join(f"{key.id} is {key.age.days} days old" for key in access_keys)
        or "the user has no access keys"
    )


UNCHAINED = (
    "# a role that another role opens lasts an hour, whatever its maximum: have the job assume it directly, by its identity",
    "# token or the machine's own role, or see that its programs keep to the profile, whose session the SDK opens anew",
)


@requirement("PRD-08")
def test_session_outlasts_the_longest_job(session_limit: SessionLimit | None, evidence: Evidence) -> str:
    """The role's maximum session duration, or the one hour of a chained role, is at least the longest job."""
    if session_limit is None:
        not_applicable("the caller has no role session, or one that the platform renews")
    longest = evidence.settings.production.longest_job_minutes
    require(
        session_limit.minutes >= longest,
        expected=f"sessions of {longest} minutes, [production] longest_job_minutes",
        observed=f"{session_limit.minutes} minutes, by {session_limit.why}",
        remedy=UNCHAINED if session_limit.chained else None,
        role=session_limit.role,
        value=longest * 60,
    )
    return f"{session_limit.minutes} minutes, by {session_limit.why}; the longest job takes {longest}"


@requirement("PRD-09")
def test_no_bedrock_api_key_exists(bedrock_api_keys: list[ApiKey]) -> str:
    """No active Bedrock API key (a service-specific credential) exists in the account."""
    for key in bedrock_api_keys[:1]:
        others = f", and {len(bedrock_api_keys) - 1} more" if len(bedrock_api_keys) > 1 else ""
        require(
            False,
            expected="no active service-specific credential for bedrock.amazonaws.com",
            observed=f"{key.id} of IAM user {key.user} is active{others}",
            resource=key.id,
            value=key.user,
        )
    return "iam:ListServiceSpecificCredentials lists no active one for bedrock.amazonaws.com"
