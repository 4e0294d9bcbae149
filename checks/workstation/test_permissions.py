"""Step 3: verify the Bedrock permissions, as IAM simulates them and as the calls themselves go."""

from __future__ import annotations

from collections.abc import Sequence

from checks.caller import caller_meant
from checks.denials import ASKS as DENIAL
from checks.denials import more, remedy_of
from checks.model_words import of_bedrock
from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import ACCESS_DENIED, INVALID_KEYS, refuses_api_key
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.denials import APPLY_GUARDRAIL, Decision, denial_of
from fixtures.evidence.grants import CallerNames
from fixtures.evidence.guardrails import Guardrails
from fixtures.evidence.models import (
    DEPLOYMENTS,
    MANTLES_OWN,
    PROFILE,
    UNDER_WAY,
    ConfiguredModel,
    agreement_of,
    form_is_missing,
    is_anthropics,
)
from fixtures.evidence.permissions import (
    GET,
    INVOKE,
    LIST,
    STREAM,
    SUBSCRIBE,
    Denial,
    Need,
    Needs,
    Permissions,
    actions_on,
    answers,
    destinations,
    has_product,
    named,
)
from fixtures.evidence.policies import BOUNDARY, IDENTITY
from fixtures.evidence.rulings import Comparison, Rulings, ruled_on
from fixtures.readings import Reading, Unavailable

NOTHING_TO_ALLOW = "allow nothing for {model}: it cannot be called by that name; mend the name first, then see what is denied"


@requirement("IAM-01", asks=DENIAL)
def test_action_is_allowed(
    case: str,
    needs: Needs,
    rulings: Rulings,
    models: dict[str, ConfiguredModel],
    evidence: Evidence,
) -> str:
    """The [action] on [each configured model] is allowed by SimulatePrincipalPolicy for the caller's own role."""
    name, _, variable = case.partition("-")
    action = f"bedrock:{name}"
    configured = models[variable]
    if action not in evidence.settings.models.required:
        not_applicable(f"[models] required does not name {action}")
    if action == STREAM and configured.name.kind == "mantle":
        not_applicable("[models] endpoint is mantle, where streaming takes no right of its own")
    if action == STREAM and STREAM not in actions_on(variable):
        not_applicable(f"{variable} is the embedding model, and embeddings are not streamed")
    if action == GET and configured.name.kind == "mantle" and configured.base is None:
        not_applicable(f"{configured.name.text}: {MANTLES_OWN}")
    if action == GET:
        of_bedrock(configured)
    need = needs.need(action, configured)
    return _require_allowed([need], rulings, configured if action != LIST else None, evidence)


@requirement("IAM-02", asks=DENIAL)
def test_profile_and_destinations_are_allowed(
    case: str,
    permissions: Permissions,
    rulings: Rulings,
    destination_rulings: Rulings,
    models: dict[str, ConfiguredModel],
    evidence: Evidence,
) -> str:
    """Through an inference profile: the profile and the foundation model in every destination region are allowed."""
    configured = models[case]
    profile = configured.profile
    if profile is None:
        not_applicable(f"{case} is {configured.name.text}, and no inference profile")
    invoked = [permissions.need(action, configured) for action in actions_on(case)]
    needs = [
        need._replace(resource=arn, through=need.resource)
        for arn in destinations(configured, profile)
        for need in invoked
    ]
    return _require_allowed([*invoked, *needs], {**rulings, **destination_rulings}, configured, evidence)


@requirement("IAM-03", asks=DENIAL)
def test_models_can_be_listed(model_listing: Reading, evidence: Evidence) -> str:
    """`ListFoundationModels` itself succeeds."""
    error = model_listing.error
    denial = denial_of(error, "*")
    if denial:
        _fail([Denial(Need(denial.action, "*"), denial)], ("denied", *caller_meant(evidence)), evidence)
    if error and error.code in ACCESS_DENIED | INVALID_KEYS:
        with_key = refuses_api_key(error.message)
        # STS knew the keys: where Bedrock does not, the account has not enabled the Region.
        refused = "REG04" if error.code in INVALID_KEYS else None
        require(
            False,
            cause="ENV08" if with_key else refused,
            expected="bedrock:ListFoundationModels answers",
            observed=f"{LIST}: {error.code}: {error.message}",
            given=("refused", *caller_meant(evidence)),
        )
    return f"{LIST}: {len(value_of(model_listing)['modelSummaries'])} models"


@requirement("IAM-04", asks=DENIAL)
def test_model_can_be_read(case: str, models: dict[str, ConfiguredModel], evidence: Evidence) -> str:
    """`GetFoundationModel` or `GetInferenceProfile` itself succeeds for [each configured model]."""
    configured = models[case]
    if configured.name.kind == "mantle" and configured.base is None:
        not_applicable(f"{configured.name.text}: {MANTLES_OWN}")
    own = DEPLOYMENTS.get(configured.name.resource, "")
    tried = {
        GET: configured.model_reading,
        PROFILE: configured.profile_reading,
        own: configured.deployment_reading,
    }
    readings = {action: reading for action, reading in tried.items() if reading}
    if configured.retired or not readings:
        raise configured.unavailable("nothing can be read of it")
    answered = [action for action, reading in readings.items() if reading.error is None]
    if answered:
        return f"{configured.name.text}: {' and '.join(answered)} answered"
    refused = {action: denial_of(reading.error) for action, reading in readings.items()}
    denied = [
        Denial(Need(each.action, each.resource), each)
        for action, each in refused.items()
        if each and action != own  # to read what the account made is none of the guide's rights
    ]
    unanswered = [
        reading for reading in readings.values() if reading.error and not answers(GET, reading.error)
    ]
    # One of them is enough: the one that was not answered might have been.
    if unanswered:
        raise configured.unread(unanswered[0])
    if denied:
        _require_meant(configured, denied)
        _fail(denied[:1], (*configured.in_its_way, *caller_meant(evidence)), evidence, configured)
    raise configured.unread(next(iter(readings.values())))


@requirement("IAM-05", asks=DENIAL)
def test_simulation_and_calls_agree(
    compared: dict[Need, Comparison], calls_unanswered: tuple[str, ...], evidence: Evidence
) -> str:
    """What the simulation says, where it was told everything, and what the calls do agree."""
    if not compared:
        raise Unavailable("no call of this run got as far as IAM's decision", given=("no-call",))
    told = {need: each for need, each in compared.items() if each.untold == ()}
    # Of what IAM's simulator does not see: resource control
    # policies, session policies, policies of VPC endpoints.
    unseen = [
        Denial(need, each.made)
        for need, each in told.items()
        if each.simulated.allowed and not each.made.allowed
    ]
    if unseen:
        first = unseen[0]
        require(
            False,
            cause=first.decision.cause,
            expected="the calls that IAM's simulation allows are not denied",
            observed=f"denied, though the simulation allows it: {first}{more(unseen)}",
            given=caller_meant(evidence),
            remedy=remedy_of(first, evidence),
        )
    done = [
        Denial(need, each.simulated)
        for need, each in told.items()
        if each.made.allowed and not each.simulated.allowed
    ]
    if done:
        require(
            False,
            expected="the calls that IAM's simulation denies are denied",
            observed=f"the call succeeded, and the simulation says: {done[0]}{more(done)}",
            given=caller_meant(evidence),
            action=done[0].need.action,
        )
    # One that differs may be among those that nobody has answered.
    if calls_unanswered:
        reason = f"not every call of this run was answered: {', '.join(calls_unanswered)}"
        raise Unavailable(reason, given=("no-call",))
    differing = [
        f"{need.action} {'succeeded' if each.made.allowed else 'was denied'}, and the simulation, which was not told "
        f"{' and '.join(each.untold) if each.untold else 'what a service control policy asks for'}, says: {each.simulated}"
        for need, each in compared.items()
        if each.untold != ()
    ]
    alike = f"{len(compared) - len(differing)} of {len(compared)} decisions are the same both ways"
    return "; ".join([alike, *differing[:1]])


@requirement("IAM-06", asks=("provider", *DENIAL))
def test_marketplace_rights_exist(
    case: str,
    models: dict[str, ConfiguredModel],
    marketplace_rulings: Rulings,
    use_case_form: Reading | None,
    caller_names: CallerNames,
    evidence: Evidence,
) -> str:
    """Marketplace rights exist where [each configured model] still needs a first subscription."""
    configured = models[case]
    if configured.base and not has_product(configured):
        not_applicable(f"{configured.base} has no product in the AWS Marketplace")
    agreement = agreement_of(of_bedrock(configured).availability)
    if agreement == "AVAILABLE":
        not_applicable(f"the account has its agreement for {configured.base}")
    if configured.in_govcloud:
        not_applicable(
            "an account of AWS GovCloud (US) subscribes to no model: the standard one linked with it does"
        )
    form = ("form",) if is_anthropics(configured) and form_is_missing(use_case_form) else ()
    if agreement == UNDER_WAY and not form:
        not_applicable(f"the agreement for {configured.base} is being made")
    ruled = {action: ruled_on(marketplace_rulings, Need(action, "*")) for action in SUBSCRIBE}
    denied = [Denial(Need(action, "*"), ruling.decision) for action, ruling in ruled.items() if ruling.denied]
    # A Deny statement is no right that somebody forgot to give.
    forbidden = [
        each for each in denied if each.decision.explicit or each.decision.layer not in (IDENTITY, BOUNDARY)
    ]
    if denied:
        _require_meant(configured, denied)
    require(
        not denied,
        cause="IAM03",
        expected=f"{' and '.join(SUBSCRIBE)} allowed, until the account has subscribed to {configured.base}",
        observed=f"the agreement for {configured.base} is {agreement}; {' and '.join(map(str, forbidden or denied))}",
        given=(*configured.in_its_way, *form, *caller_meant(evidence)),
        remedy=remedy_of(forbidden[0], evidence) if forbidden else None,
        model=configured.base,
        account=caller_names.account,
        role=caller_names.role,
    )
    doubts = [f"{action}: {ruling.doubt}" for action, ruling in ruled.items() if ruling.doubt]
    if doubts:
        raise Unavailable(doubts[0], given=configured.in_its_way)
    return f"the agreement for {configured.base} is {agreement}, and {' and '.join(SUBSCRIBE)} are allowed through Bedrock"


@requirement("IAM-07", asks=DENIAL)
def test_guardrails_may_be_applied(
    case: str,
    guardrails: Guardrails,
    guardrail_rulings: Rulings,
    calls_made: dict[Need, Decision],
    models: dict[str, ConfiguredModel],
    permissions: Permissions,
    evidence: Evidence,
) -> str:
    """The caller may apply each guardrail that a call of [each configured model] goes through."""
    configured = models[case]
    if configured.name.kind == "mantle":
        not_applicable("[models] endpoint is mantle, which applies no guardrails")
    needs = [Need(APPLY_GUARDRAIL, arn) for arn in guardrails.on(configured.name)]
    denied = [need for need in needs if guardrail_rulings[need].denied]
    made = calls_made.get(permissions.need(INVOKE, configured))
    # The call went through whatever is enforced on it, also what this caller may not list.
    if made and made.allowed and not denied:
        return f"a call of {configured.name.text} succeeded, with all guardrails that it goes through"
    if guardrails.unread and not denied:
        raise guardrails.unread
    if not needs:
        return f"no guardrail is enforced on {configured.name.text}, and the application names none"
    allowed = _require_allowed(denied or needs, guardrail_rulings, configured, evidence)
    foreign = [need for need in needs if need.resource.split(":")[4] != permissions.who.account]
    told = "; whether the guardrail's own policy lets this account in, only a call tells" if foreign else ""
    return f"{allowed}{told}"


def _require_allowed(
    needs: Sequence[Need], rulings: Rulings, configured: ConfiguredModel | None, evidence: Evidence
) -> str:
    """What is needed of the model is allowed; of no model where that is None."""
    obstacles = configured.in_its_way if configured else ()
    ruled = [(need, ruled_on(rulings, need)) for need in needs]
    denied = [Denial(need, ruling.decision) for need, ruling in ruled if ruling.denied]
    if denied:
        _require_meant(configured, denied)
        _fail(denied, (*obstacles, *caller_meant(evidence)), evidence, configured)
    doubted = [(need, ruling) for need, ruling in ruled if ruling.doubt]
    if doubted:
        need, ruling = doubted[0]
        reason = f"{need.action} on {named(need.resource)}: {ruling.doubt}"
        raise Unavailable(reason, given=obstacles, missing_actions=ruling.missing_actions)
    shown = sum(ruling.by_call for _, ruling in ruled)
    by = f"{shown} shown by calls of this run" if shown else "by IAM's simulation"
    spared = next((ruling.spared for _, ruling in ruled if ruling.spared), None)
    if spared:
        by = f"{by}; a service control policy that covers it spares this caller, as {spared.action} shows"
        # Nobody here can read another one behind it, and the simulation shows the first alone.
        if spared.action not in (INVOKE, STREAM) and not evidence.probe:
            by = f"{by}: a call of the model itself, with --probe, would show it of any other policy too"
    return f"{needs[0].action} on {named(needs[0].resource)}: allowed{more(needs)}; {by}"


def _require_meant(configured: ConfiguredModel | None, denied: Sequence[Denial]) -> None:
    """That nobody allows what nobody has named is no fault; a Deny is somebody's rule, whatever the model."""
    if configured and not any(each.decision.explicit for each in denied):
        configured.require_meant()


def _fail(
    denied: Sequence[Denial],
    given: tuple[str, ...],
    evidence: Evidence,
    configured: ConfiguredModel | None = None,
) -> None:
    """Over the first denial; the remedy is for all that have its cause, so that they make one root cause. For a model that
    cannot be called as it is named nothing is to be allowed."""
    first = denied[0]
    useless = configured and configured.in_its_way and not any(each.decision.explicit for each in denied)
    require(
        False,
        cause=first.decision.cause,
        expected=f"{first.need.action} allowed on {first.need.resource}",
        observed=f"{first}{more(denied)}",
        given=given,
        remedy=[f"# {NOTHING_TO_ALLOW.format(model=configured.name.text)}"]
        if configured and useless
        else remedy_of(first, evidence),
    )
