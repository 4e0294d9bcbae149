"""Security best practices, least privilege: what the caller may do beyond what the guide grants."""

from __future__ import annotations

from collections.abc import Sequence

from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from fixtures.aws.policy_document import Statement
from fixtures.evidence import Evidence
from fixtures.evidence.last_access import BedrockUse
from fixtures.evidence.models import waits_for_agreement
from fixtures.evidence.policies import Holding, Principal
from fixtures.evidence.privileges import (
    BEARER,
    BEDROCK,
    BEYOND,
    ESCALATION,
    SUBSCRIBE,
    Finding,
    Grant,
    Privileges,
    WideModelGrant,
)
from fixtures.settings import BEARER as API_KEY
from fixtures.settings import MANTLE

ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "AmazonBedrockFullAccess")
WRONG = ("ERROR", "SECURITY_WARNING", "WARNING")


@requirement("LPR-01")
def test_bedrock_action_is_denied(case: str, privileges: Privileges) -> str:
    """The Bedrock action, which changes logging, agreements, guardrails, policies or models, is denied to the caller."""
    _require_denied(privileges, [f"bedrock:{case}"], BEDROCK)
    return f"no policy of {privileges.source} grants bedrock:{case}, by SimulatePrincipalPolicy"


@requirement("LPR-02", asks=("models",))
def test_escalating_action_is_denied(case: str, privileges: Privileges, evidence: Evidence) -> str:
    """The IAM, STS, CloudTrail or Marketplace action is denied to the caller."""
    # The first call of such a model subscribes to it: until then the right is needed, and IAM-06 asks for it.
    if case == SUBSCRIBE:
        models = evidence.models
        waiting = [each.name.text for each in models.values() if waits_for_agreement(each)]
        if waiting:
            not_applicable(f"{waiting[0]} still needs its first subscription")
    _require_denied(privileges, [case], ESCALATION)
    return f"no policy of {privileges.source} grants {case}, by SimulatePrincipalPolicy"


@requirement("LPR-06")
def test_bearer_tokens_are_denied(case: str, privileges: Privileges, evidence: Evidence) -> str:
    """The caller is denied what API keys and Bedrock's second endpoint (Mantle) need."""
    if case == "bedrock-mantle:*" and evidence.settings.models.endpoint == MANTLE:
        not_applicable("[models] endpoint is mantle: the application is meant to call it")
    if case == "bedrock:CallWithBearerToken" and API_KEY in evidence.settings.credentials.allowed_providers:
        not_applicable(
            f"[credentials] allowed_providers has {API_KEY}: the application is meant to call with API keys"
        )
    _require_denied(privileges, BEARER[case], [each for actions in BEARER.values() for each in actions])
    return f"no policy of {privileges.source} grants {case}, by SimulatePrincipalPolicy"


def _require_denied(privileges: Privileges, actions: Sequence[str], group: Sequence[str]) -> None:
    """Raises NonCompliant for a grant of one of the actions; the remedy names all actions of the `group` that come of the
    same statement."""
    for grant in privileges.of(actions):
        same = [g for g in privileges.grants if g.action in group and g.statement == grant.statement]
        together = list(dict.fromkeys(each.action for each in same))
        require(
            False,
            expected=f"{grant.action} is denied",
            observed=str(grant),
            given=_wider(grant),
            action=",".join(together),
            statement=grant.statement and grant.statement.name,
            policy=grant.holding and grant.holding.name,
            resource=privileges.source,
            value=together[0],
        )


def _wider(grant: Grant) -> tuple[str, ...]:
    """What more can be said of the grant: that a policy for administrators, or a wildcard, is behind it."""
    attached = grant.holding is not None and grant.holding.by_aws and grant.holding.name in ADMINISTRATORS
    return (*(("wide",) if grant.wide else ()), *(("administrators",) if attached else ()))


@requirement("LPR-03", asks=("guides_statement",))
def test_no_policy_grants_everything(privileges: Privileges, evidence: Evidence) -> str:
    """No attached or inline policy effectively grants everything, all of Bedrock or all invocations on every resource."""
    for grant in privileges.of(BEYOND):
        if grant.wide and grant.statement and grant.holding:
            require(
                False,
                expected="the guide's four actions, each named",
                observed=f"statement {grant.statement.name} of {grant.holding} allows {grant.extent} on {grant.resource}",
                given=_wider(grant),
                policy=grant.holding.name,
                statement=grant.statement.name,
                resource=privileges.source,
                value=evidence.guides_statement,
            )
    if privileges.unread:  # what is allowed may be so by a statement that nobody has seen
        raise privileges.unread
    return f"no statement of {privileges.source} grants *, bedrock:* or bedrock:Invoke* on everything"


@requirement("LPR-04")
def test_no_administrators_policy_is_attached(
    case: str, attached_policies: list[Holding], principal: Principal
) -> str:
    """The AWS managed policy is attached neither to the caller's role or user nor to a group of that user."""
    for holding in attached_policies:
        holder = f"group {holding.group}" if holding.group else f"{principal.kind.lower()} {principal.name}"
        require(
            not (holding.by_aws and holding.name == case),
            expected=f"{case} is not attached",
            observed=f"{holding.arn} is attached to {holder}",
            policy=case,
            role=holding.group or principal.name,
            resource=holding.arn,
        )
    return f"attached are {', '.join(holding.name for holding in attached_policies) or 'no managed policies'}"


@requirement("LPR-05", asks=("models", "tight_statement"))
def test_invoking_is_granted_on_the_configured_models(
    wide_model_grants: list[WideModelGrant], evidence: Evidence
) -> str:
    """InvokeModel is granted on the configured models alone."""
    for grant in sorted(wide_model_grants, key=lambda each: not each.by_wildcard)[:1]:
        for configured in () if grant.by_wildcard else evidence.models.values():
            configured.require_meant()
            if configured.names_profile and configured.base is None:
                raise configured.unread(configured.profile_reading)  # the model may be the one behind it
        reached = "any model" if grant.by_wildcard else grant.witness.rsplit("/", 1)[-1]
        require(
            False,
            expected="the ARNs of the configured models",
            observed=f"statement {grant.statement.name} of {grant.holding} lets {reached} be invoked, by {grant.pattern}",
            given=() if grant.by_wildcard else ("named-models",),
            policy=grant.holding.name,
            statement=grant.statement.name,
            resource=grant.pattern,
            value=evidence.tight_statement,
        )
    return "each statement that grants InvokeModel names the configured models alone"


@requirement("LPR-07")
def test_policies_are_valid(policy_findings: list[Finding]) -> str:
    """Access Analyzer finds no error, security warning or warning in the policies that the account wrote itself."""
    for finding in sorted(
        policy_findings, key=lambda found: WRONG.index(found.type) if found.type in WRONG else 9
    ):
        require(
            finding.type not in WRONG,
            expected="no finding of IAM Access Analyzer",
            observed=f"{finding.holding}: {finding.type} {finding.code}",
            policy=finding.holding.name,
            value=finding.details,
        )
    return f"IAM Access Analyzer: {len(policy_findings)} findings, none an error or a warning"


@requirement("LPR-08", asks=("boundary_policy",))
def test_permissions_boundary_is_set(
    permissions_boundary: str | None, principal: Principal, evidence: Evidence
) -> str:
    """A permissions boundary is set where one is required, and is none that allows everything."""
    require(
        permissions_boundary is not None,
        expected="a permissions boundary, [controls] permissions_boundary",
        observed=f"{principal.kind.lower()} {principal.name} has none",
        role=principal.name,
    )
    boundary = evidence.boundary_policy
    require(
        boundary is None or not _limits_nothing(boundary.statements),
        title="The caller's permissions boundary limits nothing",
        expected="a permissions boundary that leaves something out, [controls] permissions_boundary",
        observed=f"{permissions_boundary} of {principal.kind.lower()} {principal.name} allows everything",
        role=principal.name,
    )
    return f"{principal.kind.lower()} {principal.name} has {permissions_boundary}"


def _limits_nothing(statements: Sequence[Statement]) -> bool:
    everything = [
        each
        for each in statements
        if each.allows and "*" in each.actions and "*" in each.resources and not each.conditions
    ]
    named = [each for each in everything if not (each.not_action or each.not_resource)]
    return bool(named) and all(each.allows for each in statements)


UNUSED_DAYS = 60


@requirement("LPR-09")
def test_rights_are_used(bedrock_use: BedrockUse) -> str:
    """The caller's rights to Bedrock were used in the last 60 days, where unused ones are to be taken back."""
    use = bedrock_use
    if not use.granted:
        not_applicable(f"no policy of {use.principal} grants anything of Bedrock's")
    last = "never, as far back as IAM looks" if use.idle is None else f"{use.idle} days ago"
    kind, _, name = use.principal.partition(" ")
    require(
        # What is younger than that has had no time to be used.
        use.exists < UNUSED_DAYS or (use.idle is not None and use.idle < UNUSED_DAYS),
        expected=f"use of Bedrock within {UNUSED_DAYS} days",
        observed=f"iam:GetServiceLastAccessedDetails: {use.principal} used Bedrock {last}, and is {use.exists} days old",
        each=[{"resource": Words(use.principal), "role": name if kind == "role" else None}],
    )
    return f"{use.principal} is {use.exists} days old, and used Bedrock {last}"
