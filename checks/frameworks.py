"""Frameworks: the controls of published standards that requirements are evidence for. frameworks.toml has them."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from checks.catalogue import load
from checks.entries import CatalogueError, Names, Text
from fixtures.late import dataclass
from fixtures.text.nearest import nearest
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("frameworks.toml")


@dataclass(frozen=True)
class Control:
    """A control of a framework, the requirements that are evidence for it, and on what `basis` that is said."""

    id: Text
    title: Text
    requirements: Names
    basis: Text


@dataclass(frozen=True)
class Framework:
    """A published standard in one version; `name` is what --framework takes."""

    name: Text
    title: Text
    version: Text
    publisher: Text
    control: tuple[Control, ...]

    @property
    def requirements(self) -> frozenset[str]:
        """All that is evidence for one of its controls."""
        return frozenset(name for control in self.control for name in control.requirements)


@dataclass(frozen=True)
class _Frameworks:
    framework: tuple[Framework, ...]


@cache
def frameworks() -> dict[str, Framework]:
    """By name; TomlError where a control names what is no requirement of the guide's."""
    file = TomlFile.load(FILE)
    known = {requirement.id for requirement in load()}
    found = file.build(_Frameworks).framework
    for number, framework in enumerate(found):
        for place, control in enumerate(framework.control):
            for unknown in sorted(set(control.requirements) - known):
                at = ("framework", number, "control", place, "requirements")
                raise file.error(at, f"no requirement is called {unknown!r}{nearest(unknown, known)}")
    return {framework.name: framework for framework in found}


def selected(names: Collection[str]) -> frozenset[str]:
    """The requirements that are evidence for any of the frameworks; CatalogueError, of one line, for one that is not known."""
    for name in names:
        if name not in frameworks():
            raise CatalogueError(f"no framework is called {name!r}{nearest(name, frameworks())}")
    return frozenset().union(*(frameworks()[name].requirements for name in names))


def served(requirement: str) -> list[tuple[Framework, Control]]:
    """The controls that the requirement is evidence for."""
    return [
        (framework, control)
        for framework in frameworks().values()
        for control in framework.control
        if requirement in control.requirements
    ]
