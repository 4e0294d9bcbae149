"""How checks speak of the variables that name a model, and of what could stand there instead."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from checks.remedies import Words
from checks.requirement import not_applicable
from fixtures.evidence import Evidence
from fixtures.evidence.models import EMBEDDING, ENVIRONMENT, ConfiguredModel, ModelName, Place


def names(models: Mapping[str, ConfiguredModel]) -> dict[str, ModelName]:
    """The identifier in each variable."""
    return {variable: configured.name for variable, configured in models.items()}


def said(variable: str, name: ModelName, places: Mapping[str, Place]) -> str:
    """The variable with its value and where that stands."""
    return f"{variable}={name.text} ({places[variable]})"


def of_bedrock(configured: ConfiguredModel) -> ConfiguredModel:
    """The model, where it is one of Bedrock's or made of one: what an account brought along has no terms of Bedrock's."""
    if configured.is_own and configured.resolves:
        not_applicable(
            f"{configured.name.text} is the account's own, and nothing tells of one model behind it"
        )
    return configured


def of_linked_account(configured: ConfiguredModel, evidence: Evidence) -> list[str] | None:
    """What opens a model in GovCloud (US), whose accounts make no agreement themselves (Amazon Bedrock User Guide, "Regional
    availability by models"); None elsewhere, where the account itself makes it."""
    if not configured.in_govcloud:
        return None
    account = evidence.caller_names.account or "<account>"
    asked = f"--region {configured.region} --profile {shlex.quote(evidence.target.profile)}"
    return [
        f"# an administrator of the standard AWS account that account {account} is linked with makes the agreement for",
        f"# {configured.base} there (us-east-1 or us-west-2), by a first call or create-foundation-model-agreement; then",
        f"# one of account {account} enables the model here, in the Bedrock console under Model access; some minutes later:",
        f"aws bedrock get-foundation-model-availability --model-id {configured.base} {asked}",
    ]


def edits(
    variable: str, named: Mapping[str, ModelName], places: Mapping[str, Place]
) -> list[dict[str, object]]:
    """The remedy's names for every variable that has the same model for the same purpose: they make one root cause."""
    return [
        _edited(other, places[other])
        for other, name in named.items()
        if name == named[variable] and (other == EMBEDDING) == (variable == EMBEDDING)
    ]


def _edited(variable: str, place: Place) -> dict[str, object]:
    if place.setting:
        return {
            "variable": Words(place.setting.name),
            "file": place.setting.file,
            "line": place.setting.line,
        }
    file = Words("the environment of the process") if place.file == ENVIRONMENT else place.file
    return {"variable": variable, "file": file, "line": place.line}


def edited(place: Mapping[str, object]) -> str:
    """Where somebody edits, of one of `edits`: `edit ./.env line 3`."""
    line = f" line {place['line']}" if place["line"] else ""
    return f"edit {place['file']}{line}"


def permitted_geography(evidence: Evidence) -> str:
    """The geography that requests must not leave; empty without such a rule."""
    return evidence.settings.regions.residency.strip().lower()


def such_as(listed: Sequence[str]) -> str:
    """The end of a sentence that names examples, where there are any."""
    return f", such as {', '.join(listed)}" if listed else ""


ANYWHERE = "a global profile: what it is asked may go to any commercial Region"


def first(listed: Sequence[str], instead_of: ModelName) -> str | None:
    """The best of the candidates, in a remedy's words: of a global profile, which somebody has to want, where requests may go,
    unless one is named already."""
    best = listed[0] if listed else None
    if best and best.startswith("global.") and "global." not in instead_of.text:
        return Words(f"{best} ({ANYWHERE})")
    return best
