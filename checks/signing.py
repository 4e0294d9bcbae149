"""What checks of several subjects may take from a signature: what is in an account that is not read from this one."""

from __future__ import annotations

from typing import NoReturn

from fixtures.evidence import Evidence
from fixtures.evidence.attestations import attested
from fixtures.readings import Unavailable
from fixtures.unread import satisfying


def in_force(requirement: str, evidence: Evidence) -> str | None:
    """What somebody attested for the requirement, where that is complete and in force; else None."""
    today = evidence.now.date()
    entries = evidence.attestations.get(requirement, [])
    for whole in satisfying(entries, lambda entry: not entry.problems(today)):
        return attested(whole)
    return None


def signed_for(
    requirement: str, unread: str, evidence: Evidence, *, here: str = "", given: tuple[str, ...] = ()
) -> str:
    """What somebody attested of what is not read; Unavailable, with how to attest it and what there is `here`, where nothing
    in force says so."""
    return in_force(requirement, evidence) or _unsigned(requirement, unread, evidence, here, given)


def _unsigned(
    requirement: str, unread: str, evidence: Evidence, here: str, given: tuple[str, ...]
) -> NoReturn:
    entries = evidence.attestations.get(requirement, [])
    problems = "; ".join(entries[0].problems(evidence.now.date())) if entries else ""
    lapsed = f" (number {entries[0].number} {problems})" if entries else ""
    tells = f"[[attestation]] requirement = {requirement} tells{lapsed}"
    raise Unavailable(f"{unread}: {tells}{here and f'; {here}'}", given=given)
