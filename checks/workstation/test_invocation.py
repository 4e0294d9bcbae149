"""Step 6, with --probe: the models answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.caller import caller_meant
from checks.denials import ASKS as DENIAL
from checks.denials import remedy_of
from checks.error_texts import error_text
from checks.model_words import edited, edits, first, names, of_linked_account, permitted_geography
from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import THROTTLED
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.denials import Decision, denial_of
from fixtures.evidence.invocations import CHAT, documented_length
from fixtures.evidence.models import EMBEDDING, ConfiguredModel
from fixtures.evidence.permissions import (
    INVOKE,
    STREAM,
    Denial,
    Need,
    invoked_arn,
)
from fixtures.evidence.replacements import replacements, ways_to_call
from fixtures.readings import ReadError, Reading, Unavailable
from fixtures.text.sentences import begins

REFUSALS = (
    "IAM03", "MOD01", "MOD02", "MOD03", "MOD04", "MOD05", "MOD06", "MOD07", "MOD08", "MOD09", "MOD10", "MOD11", "MOD12",
)  # fmt: skip
"""Failure modes by which a caller who may invoke the model is refused all the same, in the words of error_texts.toml."""
UNSUBSCRIBED = ("IAM03", "MOD04")
"""What a model's agreement takes, where the account makes that itself."""
RESTRICTED, NO_ACCESS, LEGACY, THROTTLES = "MOD08", "MOD03", "MOD05", "MOD06"
FORBIDDEN = "IAM02"


@requirement("INV-01", asks=("caller_names", "chat_answer", "embedding_answer", "identity", *DENIAL))
def test_chat_model_answers(models: dict[str, ConfiguredModel], evidence: Evidence) -> str:
    """The chat model answers a minimal InvokeModel."""
    configured = models[CHAT]
    _at_bedrock_runtime(configured)
    answer = _answer(evidence.chat_answer, INVOKE, configured, evidence)
    require(
        "json" in answer["content_type"] and answer["stopped"],
        expected="an answer in JSON that says why it ended",
        observed=f"{CHAT}: {answer['content_type']}, {'ended' if answer['stopped'] else 'without an end'}",
        model=configured.base,
    )
    return f"{CHAT}: {answer['content_type']}, ended"


@requirement(
    "INV-02", asks=("caller_names", "chat_answer", "chat_stream", "embedding_answer", "identity", *DENIAL)
)
def test_chat_model_streams(models: dict[str, ConfiguredModel], evidence: Evidence) -> str:
    """It streams chunks and a stop."""
    configured = models[CHAT]
    _at_bedrock_runtime(configured)
    answer = _answer(evidence.chat_stream, STREAM, configured, evidence)
    require(
        answer["chunks"] > 0 and answer["stopped"],
        expected="chunks, the last of which ends the answer",
        observed=f"{CHAT}: {answer['chunks']} chunks, {'with' if answer['stopped'] else 'without'} an end",
        model=configured.base,
    )
    return f"{CHAT}: {answer['chunks']} chunks and an end"


@requirement("INV-03", asks=("caller_names", "chat_answer", "embedding_answer", "identity", *DENIAL))
def test_embedding_model_returns_its_vector(
    embedding_answer: Reading, models: dict[str, ConfiguredModel], evidence: Evidence
) -> str:
    """The embedding model returns a vector of its documented length."""
    configured = models[EMBEDDING]
    answer = _answer(embedding_answer, INVOKE, configured, evidence)
    documented = documented_length(configured.base)
    if documented is None:
        raise Unavailable(f"which length of vector {configured.base} documents is not known here")
    listed = replacements(configured, evidence.now, permitted_geography(evidence))
    require(
        answer["length"] == documented,
        expected=f"a vector of {documented} numbers",
        observed=f"{EMBEDDING}: {answer['length'] or 'no'} numbers",
        candidate=first(listed, configured.name),
        model=configured.base,
        each=edits(EMBEDDING, names(models), evidence.model_places),
    )
    return f"{EMBEDDING}: {answer['length']} numbers"


def _at_bedrock_runtime(configured: ConfiguredModel) -> None:
    if configured.name.kind == "mantle":
        not_applicable(
            "[models] endpoint is mantle: the model is called neither by InvokeModel nor by an SDK of AWS"
        )


def _answer(reading: Reading, action: str, configured: ConfiguredModel, evidence: Evidence) -> Any:
    """What was kept of the model's answer; a refusal is judged by its words, and any other error is none."""
    error = reading.error
    if error is None:
        return reading.value
    cause = _refusal(error, configured, evidence)
    if cause:
        _refused(cause, reading, configured, evidence)
    denial = denial_of(error)
    if denial:
        _denied(denial, action, configured, evidence)
    return value_of(reading)


def _refusal(error: ReadError, configured: ConfiguredModel, evidence: Evidence) -> str | None:
    """The failure mode that the model's refusal names; None where the words are of none."""
    # An error within a stream is named as the stream's event is, with a small letter.
    code = error.code[:1].upper() + error.code[1:]
    known = error_text(f"An error occurred ({code}) when calling the InvokeModel operation: {error.message}")
    cause = known.modes[0] if known and known.modes else ""
    if cause == RESTRICTED and _is_legacy(configured):
        return LEGACY  # only extended access is left of it, which the account has not
    if cause == RESTRICTED and _another_answers(configured, evidence):
        return NO_ACCESS  # one model that the account may not use, and no restricted account
    if cause == FORBIDDEN and "aws-marketplace:" in error.message:
        return cause  # the organisation denies what a subscription takes
    # Whoever is throttled was let in: neither a login nor a right would help. A 503 in the same words is Bedrock's own.
    if cause in REFUSALS and (cause != THROTTLES or code in THROTTLED):
        return cause
    return THROTTLES if code in THROTTLED else None


def _is_legacy(configured: ConfiguredModel) -> bool:
    """Whether the model is known to be LEGACY."""
    try:
        return configured.model.lifecycle.status == "LEGACY"
    except Unavailable:
        return False


def _another_answers(configured: ConfiguredModel, evidence: Evidence) -> bool:
    """Whether a model other than this one has answered in this run."""
    for variable, ask in ((CHAT, "chat_answer"), (EMBEDDING, "embedding_answer")):
        if variable == configured.variable:
            continue
        try:
            answer: Reading = evidence.fact(ask)
        except Unavailable:
            continue  # it was not called: nothing is known of it
        if answer.error is None:
            return True
    return False


def _refused(
    cause: str,
    reading: Reading,
    configured: ConfiguredModel,
    evidence: Evidence,
) -> None:
    error = reading.error
    caller = evidence.caller_names
    geography = permitted_geography(evidence)
    model = configured.offers.model(configured.base)
    ways = ways_to_call(model, configured.offers, configured.region, geography) if model else []
    said = f"{error.code}: {begins(error.message)}" if error else ""
    candidates = ways if cause == "MOD01" else replacements(configured, evidence.now, geography)
    remedy = None
    if cause == NO_ACCESS:
        remedy = _offered_and_refused(configured, first(candidates, configured.name), said, evidence)
    elif cause == FORBIDDEN and (forbids := denial_of(error)):
        remedy = remedy_of(Denial(Need(forbids.action, forbids.resource), forbids), evidence)
    elif cause in UNSUBSCRIBED:
        remedy = of_linked_account(configured, evidence)
    require(
        False,
        cause=cause,
        expected=f"{configured.name.text} answers",
        observed=f"{reading.action} on {configured.name.text}: {said}",
        given=[f"{cause}:{configured.variable}", "refused", *caller_meant(evidence)],
        remedy=remedy,
        candidate=first(candidates, configured.name),
        model=configured.base,
        account=caller.account,
        role=caller.role,
        each=edits(configured.variable, names({configured.variable: configured}), evidence.model_places),
    )


def _offered_and_refused(
    configured: ConfiguredModel, other: str | None, said: str, evidence: Evidence
) -> list[str]:
    """What is called here has its agreement: nothing in the account's console opens it."""
    own = {configured.variable: configured}
    account = evidence.caller_names.account or "<account>"
    lines = [
        f"# Bedrock offers {configured.base} to the account and refuses it: where its agreement is new, wait 15 minutes;",
        f"# else only AWS opens it for account {account}: ask its account team or AWS Sales, or open a support case",
    ]
    if "being verified" in said.lower():
        lines = [
            f"# AWS is verifying account {account}, as it does with new ones and after an upgrade: that takes some hours;",
            "# where it takes more than a day, an administrator opens a support case, under Account and billing",
        ]
    if "channel program" in said.lower():
        lines = [
            f"# ask the AWS Solution Provider or Distributor that holds account {account} to open {configured.base} for it"
        ]
    if other:
        lines += [
            _until_then(place, other)
            for place in edits(configured.variable, names(own), evidence.model_places)
        ]
    asked = (
        f"--model-id {configured.base} --region {evidence.target.region} --profile {evidence.target.profile}"
    )
    return [*lines, f"aws bedrock get-foundation-model-availability {asked}"]


def _until_then(place: Mapping[str, object], other: str) -> str:
    return f"# until then {edited(place)}: set {place['variable']} to {other}"


def _denied(denial: Decision, action: str, configured: ConfiguredModel, evidence: Evidence) -> None:
    variable = configured.variable
    own = Denial(_need(denial, action, configured, evidence), denial)
    own = next((each for each in evidence.grants.denials if each.need == own.need), own)
    denied = "invoke-denied" if action == INVOKE else "stream-denied"
    require(
        False,
        cause=own.decision.cause,
        expected=f"{denial.action} allowed on {denial.resource}",
        observed=f"the call was denied: {own}",
        given=[f"{denied}:{variable}", "refused", *caller_meant(evidence)],
        remedy=remedy_of(own, evidence),
    )


def _need(denial: Decision, action: str, configured: ConfiguredModel, evidence: Evidence) -> Need:
    """What the call needed and was denied: through a profile it may be the model in one destination."""
    invoked = invoked_arn(configured.name, evidence.identity, evidence.target.region)
    if denial.action != action:
        return Need(denial.action, denial.resource)
    elsewhere = denial.resource not in {"*", invoked}
    return Need(action, denial.resource, invoked) if elsewhere else Need(action, invoked)
