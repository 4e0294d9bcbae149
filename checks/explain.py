"""What a failure mode, a requirement or a pasted error text means and how it is mended, as text for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from checks.catalogue import Catalogue, CatalogueError, Cause, Remedy, Requirement
from checks.error_texts import ErrorText, error_text
from checks.frameworks import served
from checks.judgement import explained_by, rests_on
from fixtures.consumers.rules import Rules, all_rules
from fixtures.text.nearest import nearest

WIDTH = 100
NAME = re.compile(r"\S{1,40}")
KNOWN = {
    "locally": "a script can mend it",
    "person": "a person has to act",
    "admin": "takes rights on the account",
}


def explained(catalogue: Catalogue, asked: str, platform: str, profile: str | None) -> str:
    """The page for a failure mode's code (`TOK07`), a requirement's ID (`SSO-04`), however their letters are cased, or a
    pasted error text.

    Remedies and commands are for `platform` and name `profile`, or have `<profile>` in its place. CatalogueError, of one
    line, where there is nothing of that name and no text of this field.
    """
    if asked.lower() in all_rules():
        return "\n".join(_consumer(all_rules()[asked.lower()]))
    entry = _meant(catalogue, asked)
    if isinstance(entry, Requirement):
        lines = _requirement(entry, platform, profile)
    elif isinstance(entry, Cause):
        lines = _cause(entry, [r for r in catalogue if entry.code in r.causes], platform, profile)
    else:
        lines = _error_text(entry, catalogue, platform, profile)
    return "\n".join(lines)


BASIS = {
    "measured": "measured with version",
    "recorded": "as recorded with version",
    "source": "read in its source, never run; version",
}


def _consumer(rules: Rules) -> Iterator[str]:
    yield f"{rules.name}  {rules.title}"
    yield ""
    yield from _paragraph("basis", f"{BASIS[rules.basis]} {rules.version}, {rules.as_of}")
    yield from _paragraph("source", "; ".join(rules.source))
    yield from _paragraph("judged in", f"the {rules.judged_in}'s environment")
    if rules.bearer:
        yield from _paragraph(
            "API key", f"{rules.bearer.variable} comes first; where it is empty: {rules.bearer.empty}"
        )
    yield from _paragraph("credentials", ", then ".join(rules.order))
    yield from _paragraph(
        "profile from", ", then ".join(rules.profile.variables) or "nowhere: it reads no profile"
    )
    otherwise = f", else {rules.region.otherwise} in silence" if rules.region.otherwise else ""
    yield from _paragraph("Region from", ", then ".join(rules.region.order) + otherwise)
    own = " besides those that it brings along" if rules.network.brings_authorities else ""
    yield from _paragraph("CA from", (", then ".join(rules.network.ca) or "the system's store") + own)
    yield from _paragraph("proxy from", ", then ".join(rules.network.proxy) or "nowhere by itself")
    yield from _paragraph("endpoint from", ", then ".join(rules.network.endpoints) or "nowhere")
    yield from _paragraph("HTTP", f"version {rules.network.http} to Bedrock Runtime")
    for note in rules.notes:
        yield from _paragraph("note", note)
    for bad in rules.bad_release:
        told = f"{', '.join(bad.versions)} {bad.fault}; {bad.works_in} does not ({bad.source}, {bad.dated})"
        yield from _paragraph("bad release", told)
    for reason, said in rules.says.items():
        yield from _paragraph("says", f"{reason}: {said}")


def modes_of(catalogue: Catalogue, asked: str) -> tuple[str, ...]:
    """The codes of the failure modes that the page is about, the most likely first; none of a program's rules, and of a text
    that is of none. CatalogueError as in `explained`."""
    if asked.lower() in all_rules():
        return ()
    entry = _meant(catalogue, asked)
    if isinstance(entry, Cause):
        return (entry.code,)
    return entry.causes if isinstance(entry, Requirement) else entry.modes


def _meant(catalogue: Catalogue, asked: str) -> Cause | Requirement | ErrorText:
    causes = {cause.code: cause for cause in catalogue.causes}
    requirements = {requirement.id: requirement for requirement in catalogue}
    for wanted in _spellings(asked.upper()):
        named = requirements.get(wanted) or causes.get(wanted)
        if named:
            return named
    said = error_text(asked)
    if said:
        return said
    if NAME.fullmatch(asked):
        hint = nearest(asked, [*causes, *requirements, *all_rules()], "checks/failure-modes.md")
        raise CatalogueError(f"no failure mode or requirement is called {asked!r}{hint}")
    raise CatalogueError(
        "this is no error text of AWS credentials, their login or Bedrock that is known here; "
        "checks/failure-modes.md lists what is"
    )


def _spellings(code: str) -> Iterator[str]:
    """The code as it is, then as it may have been meant: ENV09 is a failure mode, and ENV-09 a requirement."""
    yield code
    parts = re.fullmatch(r"([A-Z]+)([-_ ]?)0*(\d{1,2})", code)
    if parts:
        joints = ("-", "") if parts[2] else ("", "-")
        yield from (f"{parts[1]}{joint}{int(parts[3]):02}" for joint in joints)


def _error_text(said: ErrorText, catalogue: Catalogue, platform: str, profile: str | None) -> Iterator[str]:
    if said.itself:
        yield "this is:"
        yield f"    {said.itself}"
    if said.modes:
        yield "or else:" if said.itself else "most likely first:" if len(said.modes) > 1 else "this is:"
        yield from (f"    {mode}  {catalogue.cause(mode).title}" for mode in said.modes)
    yield ""
    yield from _paragraph("tells apart" if len(said.modes) + bool(said.itself) > 1 else "to know", said.apart)
    yield from _paragraph("said by", said.source)
    if said.command:
        yield from _paragraph("decides", "")
        yield from _command(said.command, platform, profile)
    if said.mend:
        yield from _paragraph("mended by", "")
        yield from _command(said.mend, platform, profile)
    elif len(said.modes) == 1 and not said.itself:
        yield from _mended(catalogue.cause(said.modes[0]), platform, profile)
    elif said.modes:
        yield from _paragraph("mended by", f"what each says: --explain {said.modes[0]}")


def _command(command: str, platform: str, profile: str | None) -> Iterator[str]:
    line = (command,)
    yield from (f"    {each}" for each in Remedy(line, line, line).lines(platform, profile=profile))


def _mended(cause: Cause, platform: str, profile: str | None) -> Iterator[str]:
    yield from _paragraph("mended by", KNOWN[cause.fixable])
    yield from (f"    {line}" for line in cause.remedy.without_a_run(platform, profile=profile))


def _cause(
    cause: Cause, reported_by: Iterable[Requirement], platform: str, profile: str | None
) -> Iterator[str]:
    yield f"{cause.code}  {cause.title}"
    yield ""
    yield from _paragraph("symptom", cause.symptom)
    yield from _paragraph("what happens", cause.explanation)
    yield from _paragraph("detected by", cause.detection)
    if cause.benign:
        yield from _paragraph("not to confuse", cause.benign)
    yield from _mended(cause, platform, profile)
    reporters = [requirement.id for requirement in reported_by]
    if reporters:
        yield from _paragraph("reported by", ", ".join(reporters))


def _requirement(requirement: Requirement, platform: str, profile: str | None) -> Iterator[str]:
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
    for name, others in (("rests on", rests_on(requirement.id)), ("explains", explained_by(requirement.id))):
        yield from _paragraph(name, ", ".join(others) or "nothing: it stands for itself")
    for framework, control in served(requirement.id):
        yield from _paragraph(
            "evidence for", f"{framework.title} ({framework.version}), {control.id}: {control.title}"
        )
    yield from _paragraph("mended by", "what its cause says, or else")
    yield from (f"    {line}" for line in requirement.remedy.without_a_run(platform, profile=profile))


def _paragraph(name: str, text: str) -> list[str]:
    indent = " " * 16
    return textwrap.wrap(f"{name:<16}{text}", WIDTH, subsequent_indent=indent, break_on_hyphens=False)
