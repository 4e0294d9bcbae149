"""What mends something, as templates that are filled in and quoted for each shell."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from fixtures.late import dataclass
from fixtures.text.nearest import nearest
from fixtures.text.shape import distinct

PLACEHOLDERS = (
    "account",
    "action",
    "candidate",
    "file",
    "line",
    "model",
    "policy",
    "profile",
    "region",
    "resource",
    "role",
    "service",
    "sso_region",
    "sso_session",
    "start_url",
    "statement",
    "trail",
    "value",
    "variable",
)

_INSTRUCTION = "# "
_PLAIN = re.compile(r"[A-Za-z0-9_./:\\-]+")
_LEADS = {"line": " line ", "candidate": ", such as ", "sso_region": "; the login was in "}
"""What an instruction goes without where the value behind it is not known."""
_HOLE = re.compile(rf"<(?:{'|'.join(PLACEHOLDERS)})>")
_FOR_STATUS = re.compile(r"(?P<mark># |rem )(?P<status>\d{3}): ")
_WORKED_OUT = re.compile(r"^((?:# |rem )(?:.*: )?)<(?:statement|value)>$")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _posix_word(value: str) -> str:
    if value.startswith("~/") and value != "~/":  # A shell expands the tilde only where it is not quoted.
        return "~/" + shlex.quote(value[2:])
    return shlex.quote(value)


def _powershell_text(value: str) -> str:
    # PowerShell takes the typographic single quotes for the plain one.
    return re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value)


def _powershell_word(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f"'{_powershell_text(value)}'"


def _cmd_text(value: str) -> str | None:
    # cmd has no spelling of these two that holds both in a batch file and at the prompt.
    if '"' in value or "%" in value:
        return None
    if value.startswith("~/"):  # cmd knows no tilde.
        return "%USERPROFILE%\\" + value[2:].replace("/", "\\")
    return value


def _cmd_word(value: str) -> str | None:
    text = _cmd_text(value)
    return text if text is None or _PLAIN.fullmatch(text) else f'"{text}"'


class Words(str):
    """Words of this suite's own in place of a name: they stand in a sentence without quotes."""


def _prose_word(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) and not isinstance(value, Words) else value


def header_word(value: str) -> str:
    """The name of a profile or sso-session as it stands in a header of the config file."""
    # botocore splits a header of the config file as a shell would (botocore.configloader.build_profile_map).
    if not re.search(r"[\s'\"\\]", value):
        return value
    escaped = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{escaped}"'


@dataclass(frozen=True)
class _Shell:
    """How a shell's lines take values: `word` quotes one that stands by itself, `text` one within `quote`s.

    Either gives None for a value that it cannot write. No placeholder may stand between `closed` quotes.
    """

    word: Callable[[str], str | None]
    text: Callable[[str], str | None] = str
    quote: str = ""
    closed: str = ""
    comment: str = _INSTRUCTION

    def insert(self, value: object, before: str) -> str | None:
        """`value` as it is written after the text `before`; None where there is none or it is not safe."""
        if value is None or value == "" or _CONTROL.search(str(value)):
            return None
        within = self.quote and before.count(self.quote) % 2
        text = value if isinstance(value, str) else str(value)
        return self.text(text) if within else self.word(text)


_SHELLS = {
    "posix": _Shell(word=_posix_word, closed="'\""),
    "powershell": _Shell(word=_powershell_word, text=_powershell_text, quote="'", closed='"'),
    "cmd": _Shell(word=_cmd_word, text=_cmd_text, quote='"', comment="rem "),
}
_PROSE = _Shell(word=_prose_word)
_HEADER = _Shell(word=header_word)
# PowerShell is what Windows opens by default; a caller who wants cmd says so.
_SHELL_OF_PLATFORM = {"linux": "posix", "darwin": "posix", "windows": "powershell"}


def _pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield (text, placeholder or None) of a template as str.format reads it; ValueError for stray braces."""
    for text, name, form, conversion in string.Formatter().parse(template):
        if form or conversion:
            raise ValueError(f"{{{name}}} has a format or conversion")
        yield text, name


def _fill(template: str, shell: _Shell, names: Mapping[str, object]) -> str:
    instruction = template.startswith(_INSTRUCTION)
    form = _PROSE if instruction else shell
    filled, before = "", ""
    for text, name in _pieces(template):
        before += text
        filled += text
        if name is not None:
            # A name with blanks needs quotes inside a section's brackets and none in a sentence.
            in_header = instruction and before.endswith(("[profile ", "[sso-session "))
            inserted = (_HEADER if in_header else form).insert(names.get(name), before)
            # Where a line's number is not known, "line" before it goes too: an instruction with a hole sends nobody anywhere.
            lead = _LEADS.get(name, "") if inserted is None and instruction and names else ""
            if lead and filled.endswith(lead):
                filled = filled.removesuffix(lead)
            else:
                filled += f"<{name}>" if inserted is None else inserted
    return filled.replace(_INSTRUCTION, shell.comment, 1) if instruction else filled


@dataclass(frozen=True)
class Remedy:
    """What mends something, as templates for each shell; `any` where all read the same text.

    A template that starts with "# " tells what to do, any other is a command.
    """

    posix: Annotated[tuple[str, ...], distinct] = ()
    powershell: Annotated[tuple[str, ...], distinct] = ()
    cmd: Annotated[tuple[str, ...], distinct] = ()
    any: Annotated[tuple[str, ...], distinct] = ()

    def templates(self, shell: str) -> tuple[str, ...]:
        """Those for posix, powershell or cmd."""
        own: tuple[str, ...] = getattr(self, shell)
        return own or self.any

    def lines(self, platform: str, /, **names: object) -> tuple[str, ...]:
        """The lines to show or to paste on `platform`, with the placeholders filled in.

        platform  linux, darwin or windows, or a shell: posix, powershell, cmd
        names     values of PLACEHOLDERS, quoted where the shell needs it. Without a value, and with one that
                  the shell cannot be given safely (a control character; for cmd also " and %), a placeholder
                  stays as <name>; an instruction goes without `line 3`, `, such as …` and `; the login was in …`.

        Instructions come as comments of the shell. Raises ValueError for an unknown platform, TypeError for
        an unknown name.
        """
        shell = _SHELL_OF_PLATFORM.get(platform, platform)
        if shell not in _SHELLS:
            known = ", ".join((*_SHELL_OF_PLATFORM, *_SHELLS))
            raise ValueError(f"platform {platform!r} is none of {known}")
        if unknown := names.keys() - set(PLACEHOLDERS):
            raise TypeError(f"no remedy has a placeholder {', '.join(sorted(unknown))}")
        return tuple(_fill(template, _SHELLS[shell], names) for template in self.templates(shell))

    def without_a_run(self, platform: str, /, **names: object) -> tuple[str, ...]:
        """The `lines` for a page of no run, which says of what a run works out in full that it does."""
        told = r"\1(a run that finds this writes it out)"
        return tuple(_WORKED_OUT.sub(told, line) for line in self.lines(platform, **names))

    def known_lines(self, platform: str, /, **names: object) -> tuple[str, ...]:
        """The `lines` of which everything is known; an instruction that ends in a colon goes with the command below it.

        All of them where nothing would be left.
        """
        lines = self.lines(platform, **names)
        kept: list[str] = []
        for line, after in zip(lines, (*lines[1:], ""), strict=True):
            introduces = line.endswith(":") and _HOLE.search(after)
            if not _HOLE.search(line) and not introduces:
                kept.append(line)
        return tuple(kept) or lines

    def answering(self, status: str, platform: str, /, **names: object) -> tuple[str, ...]:
        """The `known_lines`, and of those that begin with an HTTP status and a colon the one for `status`, where one is."""
        lines = self.known_lines(platform, **names)
        found = [_FOR_STATUS.match(line) for line in lines]
        if status not in [each["status"] for each in found if each]:
            return lines
        kept = zip(lines, found, strict=True)
        return tuple(
            f"{each['mark']}{line[each.end() :]}" if each else line
            for line, each in kept
            if each is None or each["status"] == status
        )

    def problem(self) -> tuple[str, str] | None:
        """The key at fault, and what is wrong with it: for whoever builds this from a table."""
        for shell in _SHELLS:
            own = getattr(self, shell)
            if own and self.any:
                return "any", f"stands beside {shell}, and is for all shells"
            if not own and not self.any:
                return shell, "is missing"
            for template in self.templates(shell):
                if problem := _template_problem(template, shell):
                    return shell if own else "any", f"{template!r}: {problem}"
        return None


_TAKES_OUT = re.compile(r"(?:unset |Remove-Item Env:|set )(\w+)(?:=| -ErrorAction SilentlyContinue)?")
_PUTS_IN = re.compile(r"(?:export |\$env:|set \")(\w+) ?=.")


def without_idle(lines: Sequence[str]) -> list[str]:
    """The lines without one that takes a variable out of the shell where the next one puts another value there."""
    kept = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        out, into = _TAKES_OUT.fullmatch(line), _PUTS_IN.match(after)
        if not out or not into or out[1] != into[1]:
            kept.append(line)
    return kept


EXPORT = Remedy(
    posix=("export {variable}={value}",),
    powershell=("$env:{variable} = '{value}'",),
    cmd=("set {variable}={value}",),
)
UNSET = Remedy(
    posix=("unset {variable}",), powershell=("Remove-Item Env:{variable}",), cmd=("set {variable}=",)
)
"""How a variable is set, and taken out, where a check says so in lines of its own."""


def _template_problem(template: str, shell: str) -> str | None:
    if not template.isascii() or not template.isprintable() or template != template.strip():
        return "is no single line of printable ASCII"
    try:
        pieces = list(_pieces(template))
    except ValueError as error:
        return str(error)
    closed = "" if template.startswith(_INSTRUCTION) else _SHELLS[shell].closed
    before = ""
    for text, name in pieces:
        before += text
        if name is not None and name not in PLACEHOLDERS:
            return f"unknown placeholder {{{name}}}{nearest(name, PLACEHOLDERS)}"
        if name is not None and any(before.count(quote) % 2 for quote in closed):
            return f"{{{name}}} stands within quotes, where {shell} cannot quote it"
    return None
