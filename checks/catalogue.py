"""The guide and the failure modes as data: what is required, what can be wrong, and the text that mends it.

guide.toml and causes.toml, beside this module, are the only place where requirements and failure modes are
described. They are read strictly: an entry that is misspelled, incomplete or refers to nothing is a
TomlError with file, line and key, and never a default.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from checks.entries import (
    CONTROLS,
    Catalogue,
    CatalogueError,
    Cause,
    Names,
    Requirement,
    Section,
    SettingsLike,
    Text,
)
from checks.remedies import PLACEHOLDERS, Remedy
from fixtures.late import dataclass
from fixtures.text.nearest import nearest
from fixtures.text.toml_file import TomlFile
from fixtures.text.toml_lines import KeyPath

__all__ = [
    "CONTROLS",
    "FOLDER",
    "PLACEHOLDERS",
    "Catalogue",
    "CatalogueError",
    "Cause",
    "Remedy",
    "Requirement",
    "Section",
    "SettingsLike",
    "load",
    "read",
]

FOLDER = Path(__file__).parent

Array = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class _Guide:
    """What guide.toml holds at its top."""

    title: Text
    stages: Names
    section: Array
    requirement: Array


@dataclass(frozen=True)
class _Modes:
    """What causes.toml holds at its top."""

    groups: Names
    cause: Array


def _refer(file: TomlFile, at: KeyPath, key: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raises TomlError for the first of the names that stand under `key` and refer to nothing."""
    for name in names:
        if name not in known:
            raise file.error((*at, key), f"{name!r} is not known{nearest(name, known)}")


def _once(file: TomlFile, at: KeyPath, key: str, name: str, earlier: Collection[str]) -> None:
    if name in earlier:
        raise file.error((*at, key), f"{name!r} stands twice")


def _sections(file: TomlFile) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    for at, table in file.tables("section"):
        section = file.build(Section, table, at)
        _once(file, at, "id", section.id, sections)
        sections[section.id] = section
    return sections


def _requirements(
    file: TomlFile, stages: Collection[str], sections: Mapping[str, Section], codes: Collection[str]
) -> dict[str, Requirement]:
    requirements: dict[str, Requirement] = {}
    for at, table in file.tables("requirement"):
        section = sections.get(str(table.get("section")))
        requirement = file.build(Requirement, table, at, given={"scope": section.scope if section else ""})
        _once(file, at, "id", requirement.id, requirements)
        _refer(file, at, "section", [requirement.section], sections)
        _refer(file, at, "stage", [requirement.stage], stages)
        _refer(file, at, "causes", requirement.causes, codes)
        requirements[requirement.id] = requirement
    return requirements


def _causes(file: TomlFile, groups: Collection[str]) -> dict[str, Cause]:
    causes: dict[str, Cause] = {}
    for at, table in file.tables("cause"):
        cause = file.build(Cause, table, at)
        _once(file, at, "code", cause.code, causes)
        _refer(file, at, "group", [cause.group], groups)
        causes[cause.code] = cause
    return causes


def read(folder: Path) -> Catalogue:
    """Read guide.toml and causes.toml in `folder`; TomlError where anything in them is wrong."""
    modes = TomlFile.load(folder / "causes.toml")
    groups = modes.build(_Modes).groups
    causes = _causes(modes, groups)

    file = TomlFile.load(folder / "guide.toml")
    guide = file.build(_Guide)
    sections = _sections(file)
    return Catalogue(
        title=guide.title,
        guide_sha256=file.sha256,
        stages=guide.stages,
        sections=tuple(sections.values()),
        requirements=tuple(_requirements(file, guide.stages, sections, causes).values()),
        groups=groups,
        causes=tuple(causes.values()),
    )


@cache
def load() -> Catalogue:
    """The catalogue beside this module, read once."""
    return read(FOLDER)
