"""Support: plans and agreements that AWS knows of, and approvals that somebody signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from checks.signing import signed_for
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.attestations import Attestation, attested
from fixtures.evidence.governance import NO_PLAN, Agreement
from fixtures.evidence.grants import CallerNames
from fixtures.evidence.guardrails import Guardrail, Guardrails, missing_from
from fixtures.evidence.models import ModelName, Place
from fixtures.readings import Reading, Unavailable
from fixtures.unread import satisfying

LAST_DAY = date(2026, 12, 31)
"""Of the plans Developer and Business (AWS Support User Guide, "Changing AWS Support Plans")."""


@requirement("SUP-01", asks=("support_region",))
def test_support_plan_is_paid(support_levels: Reading, caller_names: CallerNames, evidence: Evidence) -> str:
    """The account has a paid support plan."""
    error = support_levels.error
    require(
        error is None or error.code != NO_PLAN,
        expected="a plan with which the Support API answers",
        observed=f"support:DescribeSeverityLevels: {error.code if error else ''}",
        account=caller_names.account,
        region=evidence.support_region,
    )
    if not value_of(support_levels).get("severityLevels"):
        raise Unavailable("support:DescribeSeverityLevels answered without levels")
    levels = value_of(support_levels)["severityLevels"]
    # AWS Support, "Compare AWS Support Plans": the API tells no plan by its name, and only these have critical cases.
    if "critical" in levels:
        return f"{len(levels)} severity levels, with critical, as the plans from Business Support+ on have"
    told = f"{len(levels)} severity levels, none of them critical, as a plan has that"
    require(
        evidence.now.date() <= LAST_DAY,
        expected="a plan that AWS still has: Business Support+ or one above it",
        observed=f"{told} ended on 2027-01-01",
        account=caller_names.account,
        region=evidence.support_region,
    )
    return f"{told} ends on 2027-01-01: Business Support+ or Enterprise has to be chosen by then"


@requirement("SUP-02")
def test_support_plan_is_attested(attestations: dict[str, list[Attestation]], evidence: Evidence) -> str:
    """The support plan is Enterprise or higher, and that is attested."""
    return _require_attested("SUP-02", attestations.get("SUP-02", []), evidence.now.date())


@requirement("GOV-01")
def test_service_is_approved(attestations: dict[str, list[Attestation]], evidence: Evidence) -> str:
    """The approval of the AI service is attested: it names owner, scope and models, and an expiry that is not past."""
    return _require_attested(
        "GOV-01", attestations.get("GOV-01", []), evidence.now.date(), ("scope", "models")
    )


@requirement("GOV-02")
def test_model_is_signed_off(
    case: str,
    attestations: dict[str, list[Attestation]],
    model_names: dict[str, ModelName],
    model_places: dict[str, Place],
    evidence: Evidence,
) -> str:
    """The configured model's licence and residency are signed off."""
    model = model_names[case]
    naming = [entry for entry in attestations.get("GOV-02", []) if _names(entry.entry.models, model)]
    if not naming and model_places[case].by_nobody:
        raise model_places[case].unsaid(case, f"{model.text}, which the guide has, is signed off by nobody")
    return _require_attested(
        "GOV-02",
        naming,
        evidence.now.date(),
        ("models",),
        of=f" with {model.text} among its models",
        model=model.text,
    )


def _names(models: Sequence[str], model: ModelName) -> bool:
    """Whether the model is among those as it is configured: an inference profile by its own name, since that says where
    prompts go."""
    return model.text in models or model.id in models


def _require_attested(
    requirement: str,
    entries: Sequence[Attestation],
    today: date,
    also: tuple[str, ...] = (),
    *,
    of: str = "",
    model: str | None = None,
) -> str:
    for whole in satisfying(entries, lambda entry: not entry.problems(today, also)):
        return attested(whole)
    if entries:
        problems = entries[0].problems(today, also)
        observed = f"[[attestation]] number {entries[0].number} {'; '.join(problems)}"
    else:
        observed = f"compliance.toml has no [[attestation]] for {requirement}{of}"
    require(
        False,
        expected=f"an [[attestation]] for {requirement}{of} that is complete and in force",
        observed=observed,
        model=model,
    )
    return ""


@requirement("GOV-03", asks=("attestations", "payer", "support_region"))
def test_agreements_are_active(
    agreements: list[Agreement], caller_names: CallerNames, evidence: Evidence
) -> str:
    """The agreements that are required, such as a business associate addendum, are active."""
    wanted = evidence.settings.controls.agreements
    if not wanted:
        not_applicable("[controls] agreements names none")
    problems = {}
    for name in wanted:
        own = [each for each in agreements if each.name.casefold() == name.casefold()]
        if not any(not each.over for each in own):
            problems[name] = f"{name} {own[0].over}" if own else f"{name} was never accepted"
    observed = f"artifact:ListCustomerAgreements: {'; '.join(problems.values())}"
    # An organisation's management account accepts for all of its accounts (AWS Artifact User Guide, "Managing an agreement for
    # multiple accounts").
    if problems and (manager := _manager(observed, evidence)):
        where = f"account {manager} manages the organisation, and what it has accepted for all its accounts"
        return signed_for("GOV-03", f"{where} is not read here", evidence, here=observed)
    require(
        not problems,
        expected=f"active: {', '.join(wanted)}",
        observed=observed,
        account=caller_names.account,
        region=evidence.support_region,
        each=[{"resource": name} for name in problems],
    )
    return f"active: {', '.join(wanted)}"


def _manager(observed: str, evidence: Evidence) -> str | None:
    """The management account of the organisation that this account is a member of; None for none. Unavailable, with what was
    `observed`, where that is not known."""
    try:
        return evidence.payer
    except Unavailable as failure:
        told = f"{observed}; whether an organisation has accepted it for this account is not known: {failure.reason}"
        raise failure.saying(told) from None


@requirement("GOV-04", asks=("organisation_guardrails",))
def test_guardrails_are_enforced(
    enforced_guardrails: list[Guardrail], model_names: dict[str, ModelName], evidence: Evidence
) -> str:
    """The guardrails that are required are enforced in the region."""
    missing = missing_from(model_names.values(), enforced_guardrails)
    # Only then: fewer may read what the organisation enforces than what the account does.
    if missing:
        enforced_guardrails = [*enforced_guardrails, *evidence.organisation_guardrails]
        missing = missing_from(model_names.values(), enforced_guardrails)
    if enforced_guardrails:
        observed = f"no enforced guardrail covers {', '.join(missing)}"
    else:
        observed = f"bedrock:ListEnforcedGuardrailsConfiguration: none in {evidence.target.region}"
    require(not missing, expected="enforced guardrails for each configured model", observed=observed)
    return f"{', '.join(each.id for each in enforced_guardrails)} enforced in {evidence.target.region}"


@requirement("GOV-06", asks=("guardrail_filters",))
def test_guardrails_filter(guardrails: Guardrails, evidence: Evidence) -> str:
    """The guardrails in use filter attacks on prompts and sensitive information, where that is required."""
    region = evidence.target.region
    # What could not be read may be the very guardrail that is in use.
    if not guardrails.unread:
        require(
            bool(guardrails.enforced or guardrails.named),
            expected="a guardrail that is enforced, or that [models] guardrail names",
            observed=f"no guardrail is in use in {region}",
            given=["no-guardrail"],
            each=[{"value": Words("both filters")}],
        )
    filters = evidence.guardrail_filters
    lacking = [
        words
        for words, there in (
            ("a filter for prompt attacks", any(each.attacks for each in filters)),
            ("a filter for sensitive information", any(each.sensitive for each in filters)),
        )
        if not there
    ]
    names = ", ".join(each.arn.rsplit("/", 1)[-1] for each in filters)
    require(
        not lacking,
        expected="guardrails in use with a filter for prompt attacks and one for sensitive information",
        observed=f"bedrock:GetGuardrail: {names} in {region} without {' and '.join(lacking)}",
        each=[{"value": Words(" and ".join(lacking))}],
    )
    return f"{names} in {region}: filters for prompt attacks and sensitive information"


@requirement("GOV-05")
def test_retention_mode_is_allowed(retention_mode: str, evidence: Evidence) -> str:
    """The account's data retention mode in the Region is one that is allowed."""
    allowed = evidence.settings.models.retention_modes
    # A Region that was never configured takes each model's default, and what keeps nothing exposes nothing.
    fits = {*allowed, "none", *(("inherit",) if "default" in allowed else ())}
    require(
        retention_mode in fits,
        expected=f"data retention mode {' or '.join(allowed)}, [models] retention_modes",
        observed=f"bedrock:GetAccountDataRetention in {evidence.target.region}: {retention_mode}, {RETAINED[retention_mode]}"
        if retention_mode in RETAINED
        else f"bedrock:GetAccountDataRetention in {evidence.target.region}: {retention_mode}",
        value=allowed[0] if allowed else "none",
    )
    return f"bedrock:GetAccountDataRetention in {evidence.target.region}: {retention_mode}"


RETAINED = {
    "default": "which keeps what each model's terms say",
    "inherit": "which keeps what each model's terms say",
    "aws_review": "which lets AWS keep and review what is sent",
    "provider_data_share": "which lets the models' providers have what is sent",
}
"""What a mode means (Amazon Bedrock User Guide, "Data retention")."""
