"""Releases of programs and what they cannot do: the dated facts of releases.toml, asked by program and version."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from checks.portals import is_of
from fixtures.late import dataclass
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("releases.toml")

Version = tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """A major version that is given up, and where that was said."""

    program: str
    major: int
    says: str
    source: str


@dataclass(frozen=True)
class Support:
    """What the program cannot use before the release `since`."""

    program: str
    uses: str
    since: str
    source: str


@dataclass(frozen=True)
class Fault:
    """A fault of the releases from `first` to `last`, with start URLs of the hosts."""

    program: str
    first: str
    last: str
    hosts: tuple[str, ...]
    says: str
    source: str


@dataclass(frozen=True)
class Releases:
    """The facts of releases.toml."""

    line: tuple[Line, ...]
    support: tuple[Support, ...]
    fault: tuple[Fault, ...]


def parsed(version: str) -> Version:
    """`2.9.19` as numbers, which compare as releases do."""
    return tuple(int(part) for part in version.split("."))


def given_up(program: str, version: str) -> str | None:
    """What is said of the program's major version, where it is given up."""
    lines = (line for line in load().line if line.program == program)
    return next((line.says for line in lines if line.major == parsed(version)[0]), None)


def too_old(program: str, version: str, uses: Collection[str]) -> tuple[str, str] | None:
    """What a profile uses that came with a later release, and that release; the latest, None where there is none."""
    later = [
        (parsed(entry.since), entry.uses, entry.since)
        for entry in load().support
        if entry.program == program and entry.uses in uses and parsed(version) < parsed(entry.since)
    ]
    return max(later)[1:] if later else None


def fault(program: str, version: str, host: str) -> Fault | None:
    """The fault of this release for a start URL of the host; None where none is known."""
    for entry in load().fault:
        within = parsed(entry.first) <= parsed(version) <= parsed(entry.last)
        if entry.program == program and within and any(is_of(host, known) for known in entry.hosts):
            return entry
    return None


@cache
def load() -> Releases:
    """The entries of releases.toml, read once."""
    return TomlFile.load(FILE).build(Releases)
