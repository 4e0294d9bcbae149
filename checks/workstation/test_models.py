"""Step 4: the models that the environment names: what they are, how long they last, how they are called."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote

from checks import environment_fixes
from checks.model_words import (
    edited,
    edits,
    first,
    names,
    of_bedrock,
    of_linked_account,
    permitted_geography,
    said,
    such_as,
)
from checks.requirement import not_applicable, require, requirement
from fixtures.evidence import Evidence
from fixtures.evidence.environment import EnvFile
from fixtures.evidence.governance import Program
from fixtures.evidence.grants import CallerNames
from fixtures.evidence.models import (
    EMBEDDING,
    IN_SERVICE,
    UNDER_WAY,
    ConfiguredModel,
    FoundationModel,
    ModelName,
    Place,
    agreement_of,
    as_on_mantle,
    form_is_missing,
    is_anthropics,
)
from fixtures.evidence.permissions import INVOKE, has_product
from fixtures.evidence.regions import Sdk
from fixtures.evidence.replacements import (
    are_within,
    fits,
    geographies_of,
    lies_within,
    meant,
    nearest,
    replacements,
    ways_to_call,
    within,
)
from fixtures.readings import Reading, Unavailable
from fixtures.settings import GuidesOwn
from fixtures.targets import Target

CHAT = "CHAT_MODEL"
TWINS = {CHAT: "BEDROCK_MODEL_ID", "BEDROCK_MODEL_ID": CHAT}
"""The two variables of the chat model (guide, step 4)."""
OF_APPLICATIONS = "aws bedrock list-inference-profiles --type-equals APPLICATION"
ADMITTED = ("eligible", "enabled")
"""Of an account in a trusted access program: admitted, and admitted and opted in."""
# Without authorizationStatus, which is NOT_AUTHORIZED of models too that answer calls.
AVAILABILITY = {"region": "regionAvailability", "entitlement": "entitlementAvailability"}
"""GetFoundationModelAvailability's members; that of the agreement lies one deeper."""


FORMS = (
    "provider.model, that with a geography in front, or an ARN, as Bedrock writes them",
    "provider.model, without geography, revision or ARN, as bedrock-mantle lists it",
)
"""Of an identifier, by the endpoint: bedrock-runtime and bedrock-mantle."""


@requirement("MDL-01", asks=("offers",))
def test_identifier_is_well_formed(
    case: str,
    model_names: dict[str, ModelName],
    model_places: dict[str, Place],
    sdk: Sdk,
    evidence: Evidence,
) -> str:
    """[Each configured model] is a well-formed model or inference-profile ID or ARN."""
    name = model_names[case]
    if name.well_formed(sdk.model_id_patterns):
        return said(case, name, model_places)
    listed = _meant(case, name, sdk, evidence)
    require(
        False,
        cause="MOD02",
        expected=f"{FORMS[name.kind == 'mantle']}{such_as(listed)}",
        observed=f"{said(case, name, model_places)}: of none of these forms",
        candidate=first(listed, name),
        own_remedy=not listed,
        each=edits(case, model_names, model_places),
        given=_overriding(case, model_places),
    )
    return said(case, name, model_places)


def _meant(case: str, name: ModelName, sdk: Sdk, evidence: Evidence) -> list[str]:
    """What was meant, as the account lists it; where that cannot be read, without capitals, quotes and blanks. An ARN may be
    written as it stands in an address, with %2F for a slash, which old releases of programs wanted."""
    written = unquote(name.text)
    tidied = ModelName.of(written.strip(" \t\"'").lower().replace(" ", "-"))
    known = [tidied.text] if tidied.well_formed(sdk.model_id_patterns) else []
    try:
        offers = evidence.offers
    except Unavailable:
        return known
    found = meant(written, offers, evidence.target.region, case, permitted_geography(evidence))
    if name.kind == "mantle":
        there = list(dict.fromkeys(map(as_on_mantle, found)))
        # Of what is written itself the part behind the last slash: LiteLLM's names have the Region before it.
        alone = [as_on_mantle(ModelName.of(each).id) for each in (written, tidied.text)]
        return there or [each for each in alone if ModelName.on_mantle(each).well_formed({})][:1]
    # Where the lists were read, only what they have is offered; what an account has made itself may be in none.
    lists = {
        "model": (offers.models, offers.model(tidied.base)),
        "profile": (offers.profiles, offers.profile(tidied.id)),
    }
    read, listed = lists.get(tidied.kind, (None, None))
    return found or (known if read is None or listed else [])


@requirement("MDL-02", asks=("env_file", "regions_in_use"))
def test_model_resolves(
    case: str, models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """[Each configured model] resolves in the region."""
    configured = models[case]
    if configured.resolves:
        _require_in_service(case, configured, model_places)
        return f"{said(case, configured.name, model_places)}: {configured.region} has it"
    configured.require_meant()
    geography = permitted_geography(evidence)
    alike = meant(configured.name.text, configured.offers, configured.region, case, geography)
    listed = list(dict.fromkeys([*alike, *nearest(configured, geography)]))
    require(
        False,
        cause="MOD02",
        expected=f"a model or inference profile of {configured.region}{such_as(listed)}",
        observed=f"{said(case, configured.name, model_places)}: {_why_not(configured)}",
        candidate=first(listed, configured.name),
        each=edits(case, names(models), model_places),
        remedy=_of_an_application(case, configured, evidence),
        given=[
            *(["of-another-region"] if _is_meant_for_another(configured, evidence) else []),
            *_left_out(case, model_places, evidence),
            *_overriding(case, model_places),
        ],
    )
    return f"{said(case, configured.name, model_places)}: {configured.region} has it"


def _of_an_application(case: str, configured: ConfiguredModel, evidence: Evidence) -> list[str] | None:
    """For an application inference profile, which is made to count somebody's costs: nothing that a Region lists for everybody
    stands in its place."""
    name, target = configured.name, evidence.target
    if name.kind != "application-profile":
        return None
    if name.region not in (None, target.region):
        return [
            f"# call Bedrock in {name.region}, where it is, if that Region is approved: by AWS_REGION, AWS_DEFAULT_REGION and",
            f"# the profile's region; else have one made in {target.region} for the same purpose, and name it; what there is:",
            f"{OF_APPLICATIONS} --region {name.region} --profile {shlex.quote(target.profile)}",
        ]
    theirs = configured.other_account
    return [
        *(
            [f"# call Bedrock by a profile for account {theirs}, where it was made; or else:"]
            if theirs
            else []
        ),
        *(
            f"# {edited(place)}: give {place['variable']} the whole ARN of an inference profile that this account has made"
            for place in edits(case, names(evidence.models), evidence.model_places)
        ),
        f"{OF_APPLICATIONS} --region {target.region} --profile {shlex.quote(target.profile)}",
    ]


def _left_out(variable: str, places: Mapping[str, Place], evidence: Evidence) -> list[str]:
    """The condition that the environment file leaves the variable out and has its twin, whose model is meant, or nobody has
    stated any, or that it has the variable in a line that python-dotenv does not read."""
    file, models, other = evidence.env_file, evidence.settings.models, TWINS.get(variable)
    lost = file is not None and variable in file.file["unparsable_keys"]
    twin = other is not None and not places[other].is_default
    guides = isinstance(models.chat if other else models.embedding, GuidesOwn)
    is_missing = file is not None and places[variable].is_default and (lost or twin or guides)
    return ["left-out"] if is_missing else []


def _is_meant_for_another(configured: ConfiguredModel, evidence: Evidence) -> bool:
    """Whether its geography has a Region that the settings or this set-up name, and not the one under test."""
    named = [
        evidence.settings.profile.region,
        *(each.region for each in evidence.regions_in_use.values() if each),
    ]
    here, *elsewhere = (are_within([configured.name], region) for region in (configured.region, *named))
    return not here and any(elsewhere)


def _require_in_service(case: str, configured: ConfiguredModel, places: Mapping[str, Place]) -> None:
    status = configured.status
    require(
        status in IN_SERVICE,
        expected=f"a {configured.name.resource} in service",
        observed=f"{said(case, configured.name, places)}: its status is {status}",
        remedy=[
            f"# wait until {configured.name.text} is in service, or have whoever made it look into its status, {status}"
        ],
    )


@requirement("MDL-03", asks=("env_file",))
def test_model_is_active(
    case: str, models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """[Each configured model] is ACTIVE: neither LEGACY nor past its end of life; the message names what is listed instead."""
    configured = of_bedrock(models[case])
    ending = None
    if configured.retired:
        ending = "it has reached the end of its life"
    else:
        life = configured.model.lifecycle
        # No word on it is not ACTIVE, and not LEGACY either.
        if not life.status:
            raise configured.unavailable("Bedrock does not say how long it lasts")
        over = life.end is not None and life.end <= evidence.now
        if over or life.status != "ACTIVE":
            until = f", end of life {life.end:%Y-%m-%d}" if life.end else ""
            ending = f"it is {'past its end of life' if over else life.status}{until}"
    _require_lasting(case, ending, models, model_places, evidence)
    return f"{said(case, configured.name, model_places)}: {configured.model.lifecycle.status}"


@requirement("MDL-04", asks=("env_file",))
def test_model_lasts_long_enough(
    case: str, models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """[Each configured model] has more than 90 days to its end of life."""
    life = of_bedrock(models[case]).model.lifecycle
    end = life.end
    if end is None:
        return f"{models[case].model.id} has no end of life yet"
    left = end - evidence.now
    wanted = timedelta(days=evidence.settings.models.minimum_days_to_end_of_life)
    # A model launched from September 2026 may be LEGACY for 45 days only: nobody is told of its end any earlier (Amazon
    # Bedrock User Guide, "Model lifecycle").
    wanted = min(wanted, life.notice) if life.notice else wanted
    ending = f"its end of life is {end:%Y-%m-%d}, in {left.days} days, and more than {wanted.days} are wanted"
    _require_lasting(case, None if left > wanted else ending, models, model_places, evidence)
    return f"its end of life is {end:%Y-%m-%d}, in {left.days} days"


@requirement("MDL-05")
def test_model_can_be_called_as_written(
    case: str,
    models: dict[str, ConfiguredModel],
    model_places: dict[str, Place],
    env_file: EnvFile | None,
    evidence: Evidence,
) -> str:
    """[Each configured model] can be called as written: a bare ID supports ON_DEMAND, otherwise a profile is named."""
    configured = models[case]
    if configured.callable_as_written:
        return f"{said(case, configured.name, model_places)}: callable by that name"
    configured.require_meant()
    model = configured.model
    ways = ways_to_call(model, configured.offers, configured.region, permitted_geography(evidence))
    require(
        False,
        cause="MOD01",
        expected=f"an inference profile for {model.id}{such_as(ways)}",
        observed=(
            f"{said(case, configured.name, model_places)}: a bare ID, and the model supports"
            f" {', '.join(model.inference_types)}, not ON_DEMAND"
        ),
        candidate=first(ways, configured.name),
        each=edits(case, names(models), model_places),
        given=[*_left_out(case, model_places, evidence), *_overriding(case, model_places)],
        fix=environment_fixes.set_variable(env_file, case, ways[0])
        # Where requests may go a person decides.
        if ways and not ways[0].startswith("global.") and env_file and env_file.variable(case)
        else (),
    )
    return f"{said(case, configured.name, model_places)}: callable by that name"


@requirement("MDL-12", asks=("tool_models",))
def test_tools_model_can_be_called(case: str, evidence: Evidence) -> str:
    """What Claude Code is set to call is well-formed, resolves, is not at its end and is callable as written."""
    tool = evidence.tool_models
    if tool is None:
        not_applicable(
            "Claude Code is neither set to call Bedrock here nor named, or its variables name no model"
        )
    if case in tool.aside:
        not_applicable(f"{case}: {tool.aside[case]}")
    if case not in tool.models:
        not_applicable(f"{case} is not set")
    configured = tool.models[case]
    fault = _fault(configured, evidence.now)
    ways = _instead(configured, fault[0], evidence) if fault else []
    require(
        fault is None,
        cause=fault[0] if fault else None,
        expected=f"a model or inference profile of {configured.region} that can be called{such_as(ways)}",
        observed=f"{said(case, configured.name, tool.places)}: {fault[1] if fault else ''}",
        candidate=first(ways, configured.name),
        each=edits(case, names(tool.models), tool.places),
        own_remedy=True,
    )
    return f"{said(case, configured.name, tool.places)}: {configured.region} has it, callable by that name"


def _instead(configured: ConfiguredModel, cause: str, evidence: Evidence) -> list[str]:
    """What could stand there, the best first: ways to call the model, one that lasts, or what was meant."""
    geography = permitted_geography(evidence)
    offers, region = configured.offers, configured.region
    if cause == "MOD01":
        return ways_to_call(configured.model, offers, region, geography)
    if cause == "MOD05":
        return replacements(configured, evidence.now, geography)[:3]
    written = unquote(configured.name.text)
    alike = meant(written, offers, region, configured.variable, geography)
    # What an account has made itself may be in no list.
    if written != configured.name.text and ModelName.of(written).resource:
        return alike or [written]
    return list(dict.fromkeys([*alike, *nearest(configured, geography)]))


def _fault(configured: ConfiguredModel, now: datetime) -> tuple[str, str] | None:
    """The failure mode that keeps the model from being called, and its words."""
    # Of a model that is retired Bedrock's own words are better than what its form says.
    if not configured.well_formed and not configured.retired:
        return "MOD02", f"{FORMS[0]} is expected, and it is of none of these forms"
    if configured.retired:
        return "MOD05", "it has reached the end of its life"
    if not configured.resolves:
        return "MOD02", _why_not(configured)
    end = None if configured.is_own else configured.model.lifecycle.end
    if end is not None and end <= now:
        return "MOD05", f"it has reached the end of its life, {end:%Y-%m-%d}"
    if not configured.callable_as_written:
        supported = ", ".join(configured.model.inference_types)
        return "MOD01", f"a bare ID, and the model supports {supported}, not ON_DEMAND"
    return None


@requirement("MDL-06")
def test_chat_model_streams_text(
    models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """The chat model outputs TEXT and streams."""
    model = _described(of_bedrock(models[CHAT]))
    streams = "streams" if model.streams else "does not stream"
    _require_fit(CHAT, f"it outputs {', '.join(model.outputs)} and {streams}", models, model_places, evidence)
    return f"{model.id} outputs {', '.join(model.outputs)} and {streams}"


@requirement("MDL-07")
def test_embedding_model_embeds(
    models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """The embedding model outputs EMBEDDING."""
    model = _described(models[EMBEDDING])
    _require_fit(EMBEDDING, f"it outputs {', '.join(model.outputs)}", models, model_places, evidence)
    return f"{model.id} outputs {', '.join(model.outputs)}"


@requirement("MDL-08", asks=("calls_made", "needs"))
def test_model_is_available(
    case: str,
    models: dict[str, ConfiguredModel],
    model_places: dict[str, Place],
    use_case_form: Reading | None,
    caller_names: CallerNames,
    evidence: Evidence,
) -> str:
    """[Region, agreement, entitlement] of [each configured model] is AVAILABLE; authorizationStatus is advice only."""
    variable, _, what = case.rpartition("-")
    configured = of_bedrock(models[variable])
    availability = configured.availability
    agreement = agreement_of(availability)
    status = agreement if what == "agreement" else str(availability.get(AVAILABILITY[what], ""))
    if not status:
        raise configured.unavailable(f"Bedrock does not say whether its {what} is available")
    if status != "AVAILABLE" and _has_answered(configured, evidence):
        return f"{variable}: {what} of {configured.base} is {status}, and it has answered a call of this run"
    if status != "AVAILABLE" and what == "region" and _runs_elsewhere(configured):
        return (
            f"{variable}: {what} of {configured.base} is {status}, and {configured.name.id} leads to others"
        )
    # Without an agreement there is no entitlement either: one cause for both.
    without = what != "region" and agreement not in {"AVAILABLE", ""}
    missing = form_is_missing(use_case_form)
    under_way = without and agreement == UNDER_WAY and not missing
    unsure = is_anthropics(configured) and not (use_case_form and use_case_form.value)
    # In GovCloud neither the form nor a right of this account makes it.
    own = without and not under_way and not configured.in_govcloud
    form = own and unsure
    rights = ["no-rights"] if own and has_product(configured) and not missing else []
    unread = form and not missing
    require(
        status == "AVAILABLE",
        cause="MOD04" if form else "MOD03",
        expected=f"{what} of {configured.base} AVAILABLE",
        observed=(
            f"{variable}: {what} of {configured.base} is {status}"
            f"{', and the use-case form has not been submitted' if form and missing else ''}"
            f"{', and whether the use-case form was submitted could not be read' if unread else ''}"
        ),
        given=[*rights, *_overriding(variable, model_places)],
        title=f"There is no agreement for {configured.base} yet, and whether Anthropic's use-case form is there is not known"
        if unread
        else None,
        remedy=_waiting(configured, evidence)
        if under_way
        else _elsewhere(variable, models, model_places, evidence)
        if what == "region"
        else _first_use(configured, evidence)
        if unread
        else of_linked_account(configured, evidence),
        model=configured.base,
        account=caller_names.account,
    )
    return f"{variable}: {what} of {configured.base} is {status}"


def _first_use(configured: ConfiguredModel, evidence: Evidence) -> list[str]:
    """Where the form may be all that is missing, or nothing: a model's first call makes its agreement (Amazon Bedrock User
    Guide, "Access Amazon Bedrock foundation models")."""
    account = evidence.caller_names.account or "<account>"
    return [
        f"# an administrator of account {account} opens {configured.base} in the Bedrock console's Model catalog, and submits",
        "# the use-case form where it asks for one, or that of the organisation's management account does, for all accounts;",
        "# where it asks for none, the first call by somebody who may subscribe makes the agreement; 15 minutes after either:",
        _asking(configured, evidence.target),
    ]


def _has_answered(configured: ConfiguredModel, evidence: Evidence) -> bool:
    """Whether a probe of this run has called the model: what it answers, it is available for."""
    if not evidence.probe:
        return False
    try:
        made = evidence.calls_made.get(evidence.needs.need(INVOKE, configured))
    except Unavailable:
        return False  # INV-01 to INV-03 say why it was not called
    return made is not None and made.allowed


def _runs_elsewhere(configured: ConfiguredModel) -> bool:
    """Whether it is called by an inference profile that the Region has and that leads to others: then what the Region itself
    has of models decides nothing. A global profile names the Region that it is read in, wherever it leads."""
    try:
        profile = configured.profile
    except Unavailable:
        return False
    active = profile is not None and profile.status == "ACTIVE" and bool(profile.regions)
    return bool(profile and active and ("" in profile.regions or configured.region not in profile.regions))


def _elsewhere(
    variable: str,
    models: Mapping[str, ConfiguredModel],
    places: Mapping[str, Place],
    evidence: Evidence,
) -> list[str]:
    """What somebody names whose model the Region has not: nothing in a console opens it there."""
    configured, geography = models[variable], permitted_geography(evidence)
    # By no inference profile either: where a model is available is asked of the Region that calls it.
    other = first(replacements(configured, evidence.now, geography), configured.name)
    found = f"set {{variable}} to {other}" if other else "set {variable} to an ID that the Region lists"
    lines = [
        f"# Bedrock has {configured.base} for no account in {configured.region}: another Region has it, or"
    ]
    for place in edits(variable, names(models), places):
        at = f" line {place['line']}" if place["line"] else ""
        lines.append(f"# edit {place['file']}{at}: {found.format(variable=place['variable'])}")
    asked = f"--region {configured.region} --profile {evidence.target.profile}"
    return [
        *lines,
        f'aws bedrock list-inference-profiles {asked} --query "inferenceProfileSummaries[].inferenceProfileId"',
    ]


def _waiting(configured: ConfiguredModel, evidence: Evidence) -> list[str]:
    return [
        f"# the agreement for {configured.base} is being made: wait 15 minutes; this shows the state:",
        _asking(configured, evidence.target),
    ]


def _asking(configured: ConfiguredModel, target: Target) -> str:
    where = f"--region {target.region} --profile {shlex.quote(target.profile)}"
    return f"aws bedrock get-foundation-model-availability --model-id {configured.base} {where}"


@requirement("MDL-09")
def test_profile_is_active_and_has_the_model(
    case: str, models: dict[str, ConfiguredModel], model_places: dict[str, Place], evidence: Evidence
) -> str:
    """A named inference profile is ACTIVE and contains the base model."""
    configured = models[case]
    if configured.retired:
        raise configured.unavailable("its life is over")
    profile = configured.profile
    if profile is None:
        not_applicable(f"{case} is {configured.name.text}, and no inference profile")
    inside = sorted({arn.rsplit("/", 1)[-1] for arn in profile.models})
    wanted = configured.name.base
    # In every destination a profile has one and the same model.
    right = inside == [wanted] if wanted else bool(inside)
    model = configured.offers.model(configured.base)
    ways = (
        ways_to_call(model, configured.offers, configured.region, permitted_geography(evidence))
        if model
        else []
    )
    others = [way for way in ways if way != profile.id]
    require(
        profile.status == "ACTIVE" and right,
        expected=f"an ACTIVE inference profile for {wanted or 'a foundation model'}",
        observed=(
            f"{said(case, configured.name, model_places)}: it is {profile.status or 'of no status'}"
            f" and contains {', '.join(inside) or 'no model'}"
        ),
        candidate=first(others, models[case].name),
        each=edits(case, names(models), model_places),
        given=_overriding(case, model_places),
    )
    return f"{said(case, configured.name, model_places)}: {profile.status or 'ACTIVE'}, and contains {', '.join(inside)}"


@requirement("MDL-10", asks=("offers",))
def test_requests_stay_in_the_permitted_geography(
    case: str,
    model_names: dict[str, ModelName],
    routed_models: dict[str, ConfiguredModel],
    model_places: dict[str, Place],
    evidence: Evidence,
) -> str:
    """Under a residency rule, no global or foreign-geography profile is used."""
    residency = permitted_geography(evidence)
    name = model_names[case]
    if not residency:
        not_applicable("there is no residency rule: [regions] residency is not set")
    leaves = name.geography is not None and not lies_within(name.geography, residency)
    where = f"geography {name.geography}"
    if case in routed_models and name.geography != residency:
        profile = routed_models[case].profile
        if profile and not profile.regions:
            raise routed_models[case].unavailable("Bedrock does not say where it sends requests")
        outside = [each for each in (profile.regions if profile else ()) if not within(residency, each)]
        # What the name does not tell, the profile's destinations do.
        leaves = bool(outside)
        where = ", ".join(each or "any Region" for each in outside)
    require(
        not leaves,
        expected=f"no inference profile that sends requests out of the geography {residency}",
        observed=f"{said(case, name, model_places)}: it sends requests to {where}",
        candidate=_profile_that_stays(name.base, residency, evidence) if leaves and name.base else None,
        each=edits(case, model_names, model_places),
        given=_overriding(case, model_places),
    )
    return f"{said(case, name, model_places)}: it stays within {residency}"


def _profile_that_stays(base: str, residency: str, evidence: Evidence) -> str:
    """The model's profile of the rule's own geography, or of the Region's within it where the Region lists that one."""
    own = f"{residency}.{base}"
    near = [each for each in geographies_of(evidence.target.region) if lies_within(each, residency)]
    narrower = [f"{each}.{base}" for each in near if each != residency]
    # What a name says takes no call: the listing is read where there is a choice, in a run that asks AWS at all.
    if not narrower or not evidence.asks_aws:
        return own
    try:
        listed = {each.id for each in evidence.offers.profiles or ()}
    except Unavailable:
        return own
    return next((each for each in narrower if each in listed), own)


@requirement("MDL-11")
def test_account_is_in_the_program(
    case: str, models: dict[str, ConfiguredModel], trusted_access: list[Program], caller_names: CallerNames
) -> str:
    """The account is in the trusted access program of [each configured model]'s provider, as far as the model needs one."""
    configured = of_bedrock(models[case])
    provider = configured.model.provider
    own = [program for program in trusted_access if program.provider.casefold() == provider.casefold()]
    if not own:
        not_applicable(f"the account sees no trusted access program of {provider}")
    outside = [program for program in own if program.status not in ADMITTED]
    # No operation says which of a provider's models a program is about: what is open to the account needs none.
    closed = str(configured.availability.get(AVAILABILITY["entitlement"], "")) == "NOT_AVAILABLE"
    told = [f"{each.id} is {each.status}{f' ({each.reason})' if each.reason else ''}" for each in outside]
    require(
        not outside or not closed,
        cause="MOD10",
        expected=f"the account enabled in a program of {provider}, or {configured.base} open without",
        observed=f"{case}: {configured.base} is not open to the account, and {'; '.join(told)}",
        model=configured.base,
        account=caller_names.account,
    )
    return "; ".join(f"{each.id} is {each.status}" for each in own)


def _overriding(variable: str, places: Mapping[str, Place]) -> list[str]:
    """The condition that the process's environment has the variable in place of what the environment file says."""
    return ["overridden"] if places[variable].overrides else []


def _require_lasting(
    case: str,
    ending: str | None,
    models: Mapping[str, ConfiguredModel],
    places: Mapping[str, Place],
    evidence: Evidence,
) -> None:
    """All ways to end are one cause with one remedy: a model that lasts. `ending` is what is wrong, None where nothing is."""
    if ending is None:
        return
    configured = models[case]
    configured.require_meant()
    listed = replacements(configured, evidence.now, permitted_geography(evidence))[:3]
    require(
        False,
        cause="MOD05",
        expected=f"an ACTIVE model{such_as(listed)}",
        observed=f"{said(case, configured.name, places)}: {ending}",
        candidate=first(listed, configured.name),
        each=edits(case, names(models), places),
        given=[*_left_out(case, places, evidence), *_overriding(case, places)],
    )


def _require_fit(
    case: str,
    what: str,
    models: Mapping[str, ConfiguredModel],
    places: Mapping[str, Place],
    evidence: Evidence,
) -> None:
    configured = models[case]
    if fits(configured.model, case):
        return
    # The same provider first: its models take the requests that the application makes now.
    related = replacements(configured, evidence.now, permitted_geography(evidence))
    listed = related or replacements(
        configured, evidence.now, permitted_geography(evidence), same_provider=False
    )
    require(
        False,
        expected="a model that outputs EMBEDDING"
        if case == EMBEDDING
        else "a model that outputs TEXT and streams",
        observed=f"{said(case, configured.name, places)}: {what}",
        candidate=first(listed, configured.name),
        each=edits(case, names(models), places),
        given=_overriding(case, places),
    )


def _described(configured: ConfiguredModel) -> FoundationModel:
    model = configured.model
    if not model.outputs:
        raise configured.unavailable("Bedrock does not say what it outputs")
    return model


def _why_not(configured: ConfiguredModel) -> str:
    """Why the name does not resolve."""
    name = configured.name
    if name.region and name.region != configured.region:
        return f"an ARN of {name.region}, and the Region is {configured.region}"
    if configured.is_anothers:
        return f"an ARN of account {name.account}, and each account has its own"
    if configured.other_account:
        return f"an ARN of account {name.account}, and the caller is of account {configured.account}"
    made = configured.deployment_reading
    if made and made.error:
        return f"{made.error.code}: {made.error.message}"
    # What the Region lists says more than a refusal, which reads alike for a slip of the pen and for another Region's model.
    reading = configured.profile_reading if configured.names_profile else configured.model_reading
    listed = configured.offers.profiles if configured.names_profile else configured.offers.models
    # Those that an account has made are in another list.
    if listed is not None and name.kind != "application-profile":
        kind = "inference profiles" if configured.names_profile else "models"
        return f"none of the {len(listed)} {kind} that {configured.region} lists"
    return f"{reading.error.code}: {reading.error.message}" if reading and reading.error else "malformed"
