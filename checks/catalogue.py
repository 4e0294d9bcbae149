"""The guide and the failure modes as data: what is required, what can be wrong, and the text that mends it.

guide.toml and causes.toml, beside this module, are the only place where requirements and failure modes are
described. They are read strictly: an entry that is misspelled, incomplete or refers to nothing is a
CatalogueError and never a default.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import shlex
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import tomli

from fixtures.options import ENVIRONMENTS, SEVERITIES

FOLDER = Path(__file__).parent

SCOPES = ("workstation", "enterprise")
READS = ("local", "read", "probe", "attest")
FIXABLE = ("locally", "person", "admin")
CASES_FROM = ("cross_account_roles",)
CONTROLS = ("vpc_endpoints", "permissions_boundary", "guardrails", "data_events", "invocation_logging")

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


class CatalogueError(ValueError):
    """The data is wrong or has nothing of that name. The message is one line: file, entry and key."""


# --------------------------------------------------------------------------------------------------- remedies

_INSTRUCTION = "# "
_PLAIN = re.compile(r"[A-Za-z0-9_./:\\-]+")
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


def _prose_word(value: str) -> str:
    return f'"{value}"' if re.search(r"\s", value) else value


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
        return self.text(str(value)) if within else self.word(str(value))


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
            in_header = instruction and before.endswith(("[profile ", "[sso-session "))
            inserted = (_HEADER if in_header else form).insert(names.get(name), before)
            filled += f"<{name}>" if inserted is None else inserted
    return filled.replace(_INSTRUCTION, shell.comment, 1) if instruction else filled


@dataclass(frozen=True)
class Remedy:
    """What mends something, as templates for each shell.

    A template that starts with "# " tells what to do, any other is a command.
    """

    posix: tuple[str, ...]
    powershell: tuple[str, ...]
    cmd: tuple[str, ...]

    def lines(self, platform: str, /, **names: object) -> tuple[str, ...]:
        """The lines to show or to paste on `platform`, with the placeholders filled in.

        platform  linux, darwin or windows, or a shell: posix, powershell, cmd
        names     values of PLACEHOLDERS, quoted where the shell needs it. Without a value, and with one that
                  the shell cannot be given safely (a control character; for cmd also " and %), a placeholder
                  stays as <name>.

        Instructions come as comments of the shell. Raises ValueError for an unknown platform, TypeError for
        an unknown name.
        """
        shell = _SHELL_OF_PLATFORM.get(platform, platform)
        if shell not in _SHELLS:
            known = ", ".join((*_SHELL_OF_PLATFORM, *_SHELLS))
            raise ValueError(f"platform {platform!r} is none of {known}")
        if unknown := names.keys() - set(PLACEHOLDERS):
            raise TypeError(f"no remedy has a placeholder {', '.join(sorted(unknown))}")
        templates: tuple[str, ...] = getattr(self, shell)
        return tuple(_fill(template, _SHELLS[shell], names) for template in templates)


# ---------------------------------------------------------------------------------------------------- entries


class SettingsLike(Protocol):
    """What the catalogue asks of settings: the cases that a setting names."""

    def cases(self, source: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Section:
    """A section of the guide: its id ("Step 2"), its title there, and the scope that it belongs to."""

    id: str
    title: str
    scope: str


@dataclass(frozen=True)
class Requirement:
    """One requirement of the guide; guide.toml says what the fields mean. `scope` is that of its section.

    `environments` and `provider` are empty where it applies to all, `control` where no switch of the settings makes it
    apply. `cases` are fixed, or those of the setting `cases_from`.
    """

    id: str
    section: str
    scope: str
    statement: str
    severity: str
    read: str
    cases: tuple[str, ...]
    causes: tuple[str, ...]
    stage: str
    source: str
    rationale: str
    remedy: Remedy
    environments: tuple[str, ...] = ()
    provider: str = ""
    cases_from: str = ""
    control: str = ""

    def cases_with(self, settings: SettingsLike) -> tuple[str | None, ...]:
        """The cases that are judged with these settings; None alone where there is just the requirement itself."""
        cases = settings.cases(self.cases_from) if self.cases_from else self.cases
        return cases or (None,)


@dataclass(frozen=True)
class Cause:
    """One failure mode; causes.toml says what the fields mean."""

    code: str
    group: str
    title: str
    symptom: str
    explanation: str
    detection: str
    benign: str
    headline: bool
    inferred: bool
    fixable: str
    remedy: Remedy


@dataclass(frozen=True)
class Catalogue:
    """All requirements, in the guide's order, and all failure modes. Iterating gives the requirements."""

    title: str
    guide_sha256: str
    stages: tuple[str, ...]
    sections: tuple[Section, ...]
    requirements: tuple[Requirement, ...]
    groups: tuple[str, ...]
    causes: tuple[Cause, ...]

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.requirements)

    def section(self, id: str) -> Section:
        """The section with this id; CatalogueError with the nearest ids where there is none."""
        return _look_up("section", self._sections_by_id, id)

    def requirement(self, id: str) -> Requirement:
        """The requirement with this id; CatalogueError with the nearest ids where there is none."""
        return _look_up("requirement", self._requirements_by_id, id)

    def cause(self, code: str) -> Cause:
        """The failure mode with this code; CatalogueError with the nearest codes where there is none."""
        return _look_up("cause", self._causes_by_code, code)

    @cached_property
    def _sections_by_id(self) -> dict[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def _requirements_by_id(self) -> dict[str, Requirement]:
        return {requirement.id: requirement for requirement in self.requirements}

    @cached_property
    def _causes_by_code(self) -> dict[str, Cause]:
        return {cause.code: cause for cause in self.causes}


_Entry = TypeVar("_Entry")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f" (nearest: {', '.join(near)})" if near else ""


def _look_up(kind: str, entries: Mapping[str, _Entry], name: str) -> _Entry:
    if name not in entries:
        raise CatalogueError(f"no {kind} is called {name!r}{_nearest(name, entries)}")
    return entries[name]


# ---------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Table:
    """A table of a TOML file and the place that messages give for it; reading a value checks its type."""

    place: str
    values: Mapping[str, Any]

    def error(self, key: str, problem: str) -> CatalogueError:
        return CatalogueError(f"{self.place}: {key}: {problem}")

    def expect(self, keys: Iterable[str]) -> None:
        for key in self.values:
            if key not in keys:
                raise self.error(key, f"unknown key{_nearest(key, keys)}")

    def text(self, key: str, *, empty: bool = False) -> str:
        """The text with its line breaks flowed."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self.error(key, "a text is missing here")
        flowed = " ".join(value.split())
        if not flowed and not empty:
            raise self.error(key, "is empty")
        return flowed

    def choice(self, key: str, allowed: Collection[str]) -> str:
        value = self.text(key)
        self._check_choice(key, value, allowed)
        return value

    def choices(self, key: str, allowed: Collection[str]) -> tuple[str, ...]:
        """Some of `allowed`, or none where the key is not there."""
        values = self.texts(key, optional=True)
        for value in values:
            self._check_choice(key, value, allowed)
        return values

    def _check_choice(self, key: str, value: str, allowed: Collection[str]) -> None:
        if value not in allowed:
            few = len(allowed) <= 15
            hint = f" (one of {', '.join(allowed)})" if few else _nearest(value, allowed)
            raise self.error(key, f"{value!r} is not known{hint}")

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, "is neither true nor false")
        return value

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        value = self.values.get(key, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "a list of texts is missing here")
        if len(set(value)) != len(value):
            raise self.error(key, "names something twice")
        return tuple(value)

    def remedy(self) -> Remedy:
        value = self.values.get("remedy")
        if not isinstance(value, dict):
            raise self.error("remedy", "a table is missing here")
        table = _Table(f"{self.place}: remedy", value)
        one_for_all = "any" in value
        table.expect(("any",) if one_for_all else _SHELLS)
        return Remedy(
            **{shell: table._templates("any" if one_for_all else shell, shell) for shell in _SHELLS}
        )

    def _templates(self, key: str, shell: str) -> tuple[str, ...]:
        templates = self.texts(key)
        if not templates:
            raise self.error(key, "is empty")
        for template in templates:
            if problem := _template_problem(template, shell):
                raise self.error(key, f"{template!r}: {problem}")
        return templates


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
            return f"unknown placeholder {{{name}}}{_nearest(name, PLACEHOLDERS)}"
        if name is not None and any(before.count(quote) % 2 for quote in closed):
            return f"{{{name}}} stands within quotes, where {shell} cannot quote it"
    return None


def _parse(path: Path) -> tuple[_Table, str]:
    """Read a TOML file; return its top table and the SHA-256 of its bytes."""
    place = f"{path.parent.name}/{path.name}"
    try:
        content = path.read_bytes()
        values = tomli.loads(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise CatalogueError(f"{place}: {' '.join(str(error).split())}") from error
    return _Table(place, values), hashlib.sha256(content).hexdigest()


def _entries(top: _Table, kind: str, id_key: str) -> Iterator[_Table]:
    """Yield the tables of the array `kind`, each placed by its id; a missing or second id is an error."""
    array = top.values.get(kind)
    if not isinstance(array, list) or not all(isinstance(values, dict) for values in array):
        raise top.error(kind, "an array of tables is missing here")
    seen: set[str] = set()
    for number, values in enumerate(array, start=1):
        id = _Table(f"{top.place}: {kind} number {number}", values).text(id_key)
        table = _Table(f"{top.place}: {kind} {id}", values)
        if id in seen:
            raise table.error(id_key, "stands twice")
        seen.add(id)
        yield table


def _read_section(table: _Table) -> Section:
    table.expect([field.name for field in fields(Section)])
    return Section(table.text("id"), table.text("title"), table.choice("scope", SCOPES))


def _read_requirement(
    table: _Table, stages: Collection[str], sections: Mapping[str, Section], codes: Collection[str]
) -> Requirement:
    table.expect([field.name for field in fields(Requirement) if field.name != "scope"])
    section = table.choice("section", sections)
    return Requirement(
        id=table.text("id"),
        section=section,
        scope=sections[section].scope,
        statement=table.text("statement"),
        severity=table.choice("severity", SEVERITIES),
        read=table.choice("read", READS),
        cases=table.texts("cases", optional=True),
        causes=table.choices("causes", codes),
        stage=table.choice("stage", stages),
        source=table.text("source"),
        rationale=table.text("rationale"),
        remedy=table.remedy(),
        environments=table.choices("environments", ENVIRONMENTS),
        provider=table.text("provider") if "provider" in table.values else "",
        cases_from=table.choice("cases_from", CASES_FROM) if "cases_from" in table.values else "",
        control=table.choice("control", CONTROLS) if "control" in table.values else "",
    )


def _read_cause(table: _Table, groups: Collection[str]) -> Cause:
    table.expect([field.name for field in fields(Cause)])
    return Cause(
        code=table.text("code"),
        group=table.choice("group", groups),
        title=table.text("title"),
        symptom=table.text("symptom"),
        explanation=table.text("explanation"),
        detection=table.text("detection"),
        benign=table.text("benign", empty=True),
        headline=table.flag("headline"),
        inferred=table.flag("inferred"),
        fixable=table.choice("fixable", FIXABLE),
        remedy=table.remedy(),
    )


def read(folder: Path) -> Catalogue:
    """Read guide.toml and causes.toml in `folder`; CatalogueError where anything in them is wrong."""
    modes, _ = _parse(folder / "causes.toml")
    modes.expect(("groups", "cause"))
    groups = modes.texts("groups")
    causes = {
        cause.code: cause
        for cause in (_read_cause(table, groups) for table in _entries(modes, "cause", "code"))
    }

    guide, guide_sha256 = _parse(folder / "guide.toml")
    guide.expect(("title", "stages", "section", "requirement"))
    stages = guide.texts("stages")
    sections = {section.id: section for section in map(_read_section, _entries(guide, "section", "id"))}
    requirements = [
        _read_requirement(table, stages, sections, causes) for table in _entries(guide, "requirement", "id")
    ]
    return Catalogue(
        title=guide.text("title"),
        guide_sha256=guide_sha256,
        stages=stages,
        sections=tuple(sections.values()),
        requirements=tuple(requirements),
        groups=groups,
        causes=tuple(causes.values()),
    )


@cache
def load() -> Catalogue:
    """The catalogue beside this module, read once."""
    return read(FOLDER)
