"""The fix scripts, as far as a report can tell: made by the run, which knows more of a failure than results.json has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from fixtures.privacy.unseen import printable
from reports.fix_scripts import NAME, SUFFIXES, TEMPLATES
from reports.formats import Document, Format
from reports.record import suite

_PART = re.compile("@([A-Z]+)@")
_TOLD = re.compile(r"^\W*\d+\. (.*) \((?:mended here|by hand)\)$", re.MULTILINE)
_SH = r"""(?:[\w@%+=:,./-]+|'[^']*'(?:"'"'[^']*')*)"""
"""A word that no POSIX shell takes for more than text, as shlex.quote writes it."""
_PS1 = "'(?:[^'\u2018\u2019\u201a\u201b]|''|\u2018\u2018|\u2019\u2019|\u201a\u201a|\u201b\u201b)*'"
"""The same for PowerShell, to which typographic quotes are quotes."""
_CHANGE = rf"(?:unset(?: \w+)+|export \w+={_SH})"
_LINES = {
    ".sh": rf"(?P<name>\w+)(?: {_SH})*\n|\n",
    ".ps1": rf"(?P<name>[\w-]+)(?: (?:\d+|{_PS1}|@\((?:{_PS1}(?:, )?)*\)))*\n|\n",
    ".bat": r'(?P<name>set) "\w+=[^"\n]*"\n|(?P<rem>rem) [\w ]+\n'
    r"|if defined \w+ echo \w+: taken out of this window\n|echo \w+: set in this window\n",
}
"""A line of what is filled in: an operation with numbers and quoted texts."""
_FUNCTIONS = {".sh": r"^(\w+)\(\)", ".ps1": r"^function (\w+-\w+)", ".bat": r"^(set) "}
_SOURCED = (
    rf"""(?:# .*\n|case "\$\{{1-}} \$\?" in\n|  "--apply [01]"\) {_CHANGE}(?:; {_CHANGE})*(?:; false)? ;;\n"""
    r"""|  \*" 0"\) ;; \*" 1"\) false ;; \*\) \(exit 2\) ;;\n|esac\n)*"""
)
"""What changes the shell that sources the script."""


def read_back(text: str, document: Document, evidence: Document, *, suffix: str) -> Iterator[str]:
    """Whether it has the run's root causes, and is its template filled in with nothing but the template's operations."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    causes = [
        printable(f"{cause['requirement']} {cause['cause'] or ''}".strip() + f": {cause['title']}")
        for cause in document["root_causes"]
    ]
    # Of several targets that have the same cause, the script names it once.
    if suffix != ".bat" and [*dict.fromkeys(_TOLD.findall(text))] != [*dict.fromkeys(causes)]:
        yield "its root causes are not those of results.json"
    if document["suite"] == suite():
        yield from _foreign(text, suffix)


def _foreign(text: str, suffix: str) -> Iterator[str]:
    """What is in the script that no script of this version has."""
    template = (TEMPLATES / f"{NAME}{suffix}").read_text(encoding="utf-8")
    parts = _parts(template, text)
    if parts is None:
        yield "is not the script of this version"
        return
    functions = set(re.findall(_FUNCTIONS[suffix], template, re.MULTILINE))
    plan = "".join(parts.get(name, "") + "\n" for name in ("PLAN", "VARIABLES")).lstrip("\n")
    place = 0
    while place < len(plan):
        match = re.compile(_LINES[suffix]).match(plan, place)
        if match is None or (match["name"] and match["name"] not in functions):
            yield f"does what no fix script does: {plan[place:].partition(chr(10))[0][:100]}"
            return
        place = match.end()
    if not re.fullmatch(_SOURCED, (parts.get("SOURCED", "") + "\n").lstrip("\n")):
        yield f"changes the shell as no fix script does: {parts['SOURCED'][:100]}"


def _parts(template: str, text: str) -> dict[str, str] | None:
    """What was filled in for each @PART@; None where anything else differs."""
    pieces = _PART.split(template)
    pattern = "".join(f"(?P<{p}>.*?)" if number % 2 else re.escape(p) for number, p in enumerate(pieces))
    match = re.fullmatch(pattern, text, re.DOTALL)
    return match.groupdict() if match else None


FORMATS = tuple(
    Format(
        f"{NAME}{suffix}", "what mends the locally fixable causes found", partial(read_back, suffix=suffix)
    )
    for suffix in SUFFIXES
)
