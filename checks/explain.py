"""What a failure mode or a requirement means and how it is mended, as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from checks.catalogue import Catalogue, Cause, Requirement

WIDTH = 100
KNOWN = {
    "locally": "a script can mend it",
    "person": "a person has to act",
    "admin": "takes rights on the account",
}


def explained(catalogue: Catalogue, code: str, platform: str, profile: str) -> str:
    """The page for a failure mode's code (`TOK07`) or a requirement's ID (`SSO-04`), however its letters are cased.

    Remedies are for `platform` and name `profile`. CatalogueError, with the nearest names, where there is no such code.
    """
    wanted = code.upper()
    if "-" in wanted:
        lines = _requirement(catalogue.requirement(wanted), platform, profile)
    else:
        cause = catalogue.cause(wanted)
        lines = _cause(cause, [r for r in catalogue if wanted in r.causes], platform, profile)
    return "\n".join(lines)


def _cause(cause: Cause, reported_by: Iterable[Requirement], platform: str, profile: str) -> Iterator[str]:
    yield f"{cause.code}  {cause.title}"
    yield ""
    yield from _paragraph("symptom", cause.symptom)
    yield from _paragraph("what happens", cause.explanation)
    yield from _paragraph("detected by", cause.detection)
    if cause.benign:
        yield from _paragraph("not to confuse", cause.benign)
    yield from _paragraph("mended by", KNOWN[cause.fixable])
    yield from (f"    {line}" for line in cause.remedy.lines(platform, profile=profile))
    yield from _paragraph("reported by", ", ".join(requirement.id for requirement in reported_by))


def _requirement(requirement: Requirement, platform: str, profile: str) -> Iterator[str]:
    yield f"{requirement.id}  {requirement.statement}"
    yield ""
    yield from _paragraph(
        "severity", f"{requirement.severity}; {requirement.section}; read: {requirement.read}"
    )
    yield from _paragraph("why", requirement.rationale)
    yield from _paragraph("source", requirement.source)
    if requirement.cases:
        yield from _paragraph("cases", ", ".join(requirement.cases))
    if requirement.causes:
        yield from _paragraph("causes", f"{', '.join(requirement.causes)}  (--explain each)")
    yield from _paragraph("mended by", "what its cause says, or else")
    yield from (f"    {line}" for line in requirement.remedy.lines(platform, profile=profile))


def _paragraph(name: str, text: str) -> list[str]:
    indent = " " * 16
    return textwrap.wrap(f"{name:<16}{text}", WIDTH, subsequent_indent=indent, break_on_hyphens=False)
