"""Step 3: verify the Bedrock permissions, as IAM simulates them and as the calls themselves go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import ACCESS_DENIED, INVALID_KEYS
from fixtures.evidence import Evidence, value_of
from fixtures.evidence.identity import Provider
from fixtures.evidence.models import BEDROCK, PROFILE, ConfiguredModel, agreement_of, is_anthropics
from fixtures.evidence.permissions import (
    GET,
    LIST,
    STREAM,
    SUBSCRIBE,
    CallerNames,
    Decision,
    Decisions,
    Denial,
    Grants,
    Need,
    Permissions,
    actions_on,
    decided,
    denial_of,
    destinations,
    has_product,
    statement_of,
)
from fixtures.readings import Reading, Unavailable


def other_caller(evidence: Evidence) -> tuple[str, ...]:
    """What explains a denial because the caller is not who was meant. What only an application gets that names no profile
    (CRD-01 judges that too) explains nothing here."""
    provider: Provider = evidence.fact("provider")
    return ("RUN-03",) if provider.method in evidence.allowed_providers else ("RUN-03", "CRD-01")


def other_credentials(evidence: Evidence) -> tuple[str, ...]:
    """What explains a denied Bedrock call besides: it was made with an API key, or did not go to AWS."""
    return ("CRD-04", "CRD-06", *other_caller(evidence))


@requirement("IAM-01")
def test_action_is_allowed(
    case: str, permissions: Permissions, models: dict[str, ConfiguredModel], evidence: Evidence
) -> None:
    """The [action] on [each configured model] is allowed by SimulatePrincipalPolicy for the caller's own role."""
    name, _, variable = case.partition("-")
    action = f"bedrock:{name}"
    configured = models[variable]
    if action not in evidence.settings.models.required:
        not_applicable(f"[models] required does not name {action}")
    if action == STREAM and STREAM not in actions_on(variable):
        not_applicable(f"{variable} is the embedding model, and embeddings are not streamed")
    need = permissions.need(action, configured)
    obstacles = _obstacles(configured) if action != LIST else ()
    _require_allowed([need], permissions.decisions, obstacles, evidence)


@requirement("IAM-02")
def test_profile_and_destinations_are_allowed(
    case: str,
    permissions: Permissions,
    destination_permissions: Decisions,
    models: dict[str, ConfiguredModel],
    evidence: Evidence,
) -> None:
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
    decisions = {**permissions.decisions, **destination_permissions}
    _require_allowed([*invoked, *needs], decisions, _obstacles(configured), evidence)


@requirement("IAM-03")
def test_models_can_be_listed(model_listing: Reading, evidence: Evidence) -> None:
    """`ListFoundationModels` itself succeeds."""
    error = model_listing.error
    denial = denial_of(error, LIST, "*")
    if denial:
        simulated = ("IAM-01:ListFoundationModels-CHAT_MODEL", "IAM-05")
        _fail([Denial(Need(LIST, "*"), denial)], (*simulated, *other_credentials(evidence)), evidence)
    if error and error.code in ACCESS_DENIED | INVALID_KEYS:
        with_key = "api key" in error.message.lower()
        refused = "REG04" if error.code in INVALID_KEYS else None
        require(
            False,
            cause="ENV08" if with_key else refused,
            expected="bedrock:ListFoundationModels answers",
            observed=f"{LIST}: {error.code}: {error.message}",
            unless=("CRD-04", "CRD-06", "RUN-02", "REG-04", "REG-03", "REG-01", *other_caller(evidence)),
        )
    _answer(model_listing, BEDROCK)


@requirement("IAM-04")
def test_model_can_be_read(case: str, models: dict[str, ConfiguredModel], evidence: Evidence) -> None:
    """`GetFoundationModel` or `GetInferenceProfile` itself succeeds for [each configured model]."""
    configured = models[case]
    tried = {GET: configured.model_reading, PROFILE: configured.profile_reading}
    readings = {action: reading for action, reading in tried.items() if reading}
    if configured.retired or not readings:
        raise configured.unavailable("nothing can be read of it")
    if any(reading.error is None for reading in readings.values()):
        return
    refused = {action: denial_of(reading.error, action) for action, reading in readings.items()}
    denied = [Denial(Need(action, each.resource), each) for action, each in refused.items() if each]
    simulated = (f"IAM-01:GetFoundationModel-{case}", "IAM-05")
    if denied:
        _fail(denied[:1], (*_obstacles(configured), *simulated, *other_credentials(evidence)), evidence)
    for reading in readings.values():
        _answer(reading, configured.rests_on)


@requirement("IAM-05")
def test_simulation_and_calls_agree(
    compared: Mapping[Need, tuple[Decision, Decision]], caller_names: CallerNames, evidence: Evidence
) -> None:
    """What the simulation says and what the calls do agree."""
    if not compared:
        raise Unavailable("no call of this run got as far as IAM's decision", rests_on=BEDROCK)
    unseen = [
        Denial(need, made)
        for need, (simulated, made) in compared.items()
        if simulated.allowed and not made.allowed
    ]
    if unseen:
        require(
            False,
            cause="IAM02",
            expected="the calls that IAM's simulation allows are not denied",
            observed=f"the simulation allows it, and the call was denied: {unseen[0]}{_more(unseen)}",
            unless=other_credentials(evidence),
            statement=statement_of(unseen),
            account=caller_names.account,
            role=caller_names.role,
        )
    done = [
        Denial(need, simulated)
        for need, (simulated, made) in compared.items()
        if made.allowed and not simulated.allowed
    ]
    if done:
        missing = sorted({key for each in done for key in each.decision.missing})
        untold = f" (IAM was not told {', '.join(missing)})" if missing else ""
        require(
            False,
            expected="the calls that IAM's simulation denies are denied",
            observed=f"the call succeeded, and the simulation says: {done[0]}{untold}{_more(done)}",
            unless=other_credentials(evidence),
            action=done[0].need.action,
        )


@requirement("IAM-06")
def test_marketplace_rights_exist(
    case: str,
    models: dict[str, ConfiguredModel],
    marketplace_permissions: Decisions,
    use_case_form: Reading | None,
    caller_names: CallerNames,
    evidence: Evidence,
) -> None:
    """Marketplace rights exist where [each configured model] still needs a first subscription."""
    configured = models[case]
    if configured.base and not has_product(configured):
        not_applicable(f"{configured.base} has no product in the AWS Marketplace")
    agreement = agreement_of(configured.availability)
    if agreement == "AVAILABLE":
        not_applicable(f"the account has its agreement for {configured.base}")
    denied = [
        action for action in SUBSCRIBE if not decided(marketplace_permissions, Need(action, "*")).allowed
    ]
    # Whoever submits Anthropic's form does it in the console, which subscribes as well: the form comes first.
    form = (
        (f"MDL-08:{case}-agreement",) if is_anthropics(configured) and form_is_missing(use_case_form) else ()
    )
    require(
        not denied,
        cause="IAM03",
        expected=f"{' and '.join(SUBSCRIBE)} allowed, until the account has subscribed to {configured.base}",
        observed=f"the agreement for {configured.base} is {agreement}, and {' and '.join(denied)} denied",
        unless=(*_obstacles(configured), *form, *other_caller(evidence)),
        model=configured.base,
        account=caller_names.account,
        role=caller_names.role,
    )


def form_is_missing(form: Reading | None) -> bool:
    """Whether Anthropic's use-case form is known not to have been submitted."""
    return form is not None and form.error is not None and form.error.code == "ResourceNotFoundException"


def _require_allowed(
    needs: Sequence[Need], decisions: Decisions, obstacles: tuple[str, ...], evidence: Evidence
) -> None:
    denied = [
        Denial(need, decided(decisions, need)) for need in needs if not decided(decisions, need).allowed
    ]
    if denied:
        # A missing Allow may be one with a condition that the simulator was not told enough for.
        doubtful = evidence.fact("grants").doubtful and not denied[0].decision.explicit
        # In a Region without Bedrock nobody needs to be allowed anything.
        _fail(
            denied,
            (*obstacles, "REG-01", *(("IAM-05",) if doubtful else ()), *other_caller(evidence)),
            evidence,
        )


def _fail(denied: Sequence[Denial], unless: tuple[str, ...], evidence: Evidence) -> None:
    """Over the first denial; the remedy is for all that have its cause, so that they make one root cause."""
    first = denied[0]
    grants: Grants = evidence.fact("grants")
    require(
        False,
        cause=first.decision.cause,
        expected=f"{first.need.action} allowed on {first.need.resource}",
        observed=f"{first}{_more(denied)}",
        unless=unless,
        statement=grants.statement(first.decision.cause, denied),
        account=grants.caller.account,
        role=grants.caller.role,
    )


def _more(denied: Sequence[Denial]) -> str:
    return f", and {len(denied) - 1} more like it" if len(denied) > 1 else ""


def _obstacles(configured: ConfiguredModel) -> tuple[str, ...]:
    return (configured.obstacle,) if configured.obstacle else ()


def _answer(reading: Reading, rests_on: tuple[str, ...]) -> None:
    try:
        value_of(reading)
    except Unavailable as failure:
        raise failure.resting_on(rests_on) from None
