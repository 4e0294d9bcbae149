"""What a failure mode or a requirement means and how it is mended, as text for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from checks.catalogue import Catalogue, CatalogueError, Cause, Requirement
from fixtures.text.nearest import nearest

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
    causes = {cause.code: cause for cause in catalogue.causes}
    requirements = {requirement.id: requirement for requirement in catalogue}
    for wanted in _spellings(code.upper()):
        if wanted in requirements:
            return "\n".join(_requirement(requirements[wanted], platform, profile))
        if wanted in causes:
            reported_by = [r for r in catalogue if wanted in r.causes]
            return "\n".join(_cause(causes[wanted], reported_by, platform, profile))
    hint = nearest(code.upper(), [*causes, *requirements], "checks/failure-modes.md")
    raise CatalogueError(f"no failure mode or requirement is called {code!r}{hint}")


def _spellings(code: str) -> Iterator[str]:
    """The code as it is, then as it may have been meant: ENV09 is a failure mode, and ENV-09 a requirement."""
    yield code
    parts = re.fullmatch(r"([A-Z]+)([-_ ]?)0*(\d{1,2})", code)
    if parts:
        joints = ("-", "") if parts[2] else ("", "-")
        yield from (f"{parts[1]}{joint}{int(parts[3]):02}" for joint in joints)


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
    reporters = [requirement.id for requirement in reported_by]
    if reporters:
        yield from _paragraph("reported by", ", ".join(reporters))


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
