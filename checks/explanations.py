"""The map of explanations: which failure upstream explains that a fact could not be had, or that a requirement fails.

It stands as data in explanations.toml beside this module, and nowhere else; a check only narrows it, by the conditions
that it met. It is read strictly: a requirement, case, fact or set that does not exist, a condition that nothing in the code
meets, and a failure that would explain itself are each a CatalogueError.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli

from checks.catalogue import Catalogue, CatalogueError, load
from fixtures.engine import BEDROCK_CALL, CALL
from fixtures.evidence import FACTS

FILE = Path(__file__).parent / "explanations.toml"
ANY = "*"
ITSELF = " itself"
CASE, MODEL, SUBJECT = "{case}", "{model}", "{}"
"""In an entry: the case that asks; of `CHAT_MODEL-agreement` the model; what met the condition."""


@dataclass(frozen=True)
class Upstream:
    """What may explain: a requirement in one case or in any, `itself` or with what explains it in turn."""

    requirement: str
    case: str | None
    itself: bool


@dataclass(frozen=True)
class Entry:
    """An entry of the map: an upstream as it is written, and the condition under which it counts; "" for always.

    `unread` is that of a check which could not read what it needs, and then counts for nothing else.
    """

    by: str
    when: str = ""
    unread: str = ""

    @property
    def condition(self) -> str:
        """What has to be met for it to count; "" where nothing has."""
        return self.when or self.unread

    @property
    def requirement(self) -> str:
        """The ID of the requirement upstream, or ANY."""
        return self.by.removesuffix(ITSELF).partition(":")[0]

    def upstream(self, case: str | None, subject: str) -> Upstream:
        """The entry for the case that asks, with what met its condition."""
        text = self.by.removesuffix(ITSELF).replace(CASE, case or "").replace(SUBJECT, subject)
        text = text.replace(MODEL, (case or "").rpartition("-")[0])
        requirement, _, of = text.partition(":")
        return Upstream(requirement, of or None, self.by.endswith(ITSELF))


@dataclass(frozen=True)
class Explanations:
    """The map: entries by fact and by requirement, the nearest first."""

    facts: Mapping[str, tuple[Entry, ...]]
    requirements: Mapping[str, tuple[Entry, ...]]

    def of_failure(
        self, requirement: str, case: str | None, given: Sequence[str], by: str | None = None
    ) -> list[Upstream]:
        """What may explain that the requirement is not met, under the conditions; `by` is what stands for ANY."""
        entries = [entry for entry in self.requirements.get(requirement, ()) if not entry.unread]
        return [
            Upstream(by or "", None, False) if each.requirement == ANY else each.upstream(case, subject)
            for each, subject in _counting(entries, given)
            if each.requirement != ANY or by
        ]

    def of_unread(
        self, requirement: str, case: str | None, facts: Sequence[str], given: Sequence[str]
    ) -> list[Upstream]:
        """What may explain that the requirement could not be judged: by what its check met, then by the facts."""
        own = [entry for entry in self.requirements.get(requirement, ()) if entry.unread]
        entries = [*own, *(entry for fact in facts for entry in self.facts.get(fact, ()))]
        found = [each.upstream(case, subject) for each, subject in _counting(entries, given)]
        return list(dict.fromkeys(found))

    def rests_on(self, requirement: str, facts: Iterable[str]) -> list[str]:
        """The requirements that may explain this one, the nearest first; `facts` are those that its check asks for."""
        entries = [*self.requirements.get(requirement, ())]
        entries += [entry for fact in facts for entry in self.facts.get(fact, ())]
        return list(dict.fromkeys(e.requirement for e in entries if e.requirement not in (requirement, ANY)))


def _counting(entries: Iterable[Entry], given: Sequence[str]) -> Iterator[tuple[Entry, str]]:
    """The entries that count under the conditions, each with what met its condition."""
    met: dict[str, list[str]] = {}
    for condition in given:
        name, _, subject = condition.partition(":")
        met.setdefault(name, []).append(subject)
    for entry in entries:
        for subject in met.get(entry.condition, ()) if entry.condition else ("",):
            yield entry, subject


@cache
def explanations() -> Explanations:
    """The map beside this module, read once."""
    return read(FILE.read_text(encoding="utf-8"), load(), {*FACTS, CALL, BEDROCK_CALL})


def read(text: str, catalogue: Catalogue, facts: Collection[str]) -> Explanations:
    """The map in the TOML text; CatalogueError where anything in it is wrong."""
    try:
        top = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise CatalogueError(f"{FILE.name}: {error}") from None
    reader = _Reader(top.get("sets", {}), catalogue)
    unknown = [name for name in top.get("facts", {}) if name not in facts]
    if unknown:
        raise CatalogueError(f"{FILE.name}: facts: {unknown[0]}: no fact is called so")
    known = Explanations(
        {
            name: tuple(reader.entries(f"facts: {name}", given))
            for name, given in top.get("facts", {}).items()
        },
        {
            catalogue.requirement(name).id: tuple(reader.entries(f"requirements: {name}", given))
            for name, given in top.get("requirements", {}).items()
        },
    )
    for name, entries in known.requirements.items():
        if any(entry.requirement == name for entry in entries):
            raise CatalogueError(f"{FILE.name}: requirements: {name}: explains itself")
    always = {
        name: [entry.requirement for entry in entries if not entry.condition]
        for name, entries in known.requirements.items()
    }
    if circle := _circle(always):
        raise CatalogueError(f"{FILE.name}: requirements: {' < '.join(circle)}: explains itself")
    return known


def _circle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Requirements that explain each other all the way round; none where the map leads somewhere."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for each in edges.get(name, ()):
            if found := visit(each, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in edges if (found := visit(name, []))), [])


@dataclass(frozen=True)
class _Reader:
    sets: Mapping[str, Any]
    catalogue: Catalogue

    def entries(
        self, place: str, given: Any, condition: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Entry]:
        if not isinstance(given, list):
            raise CatalogueError(f"{FILE.name}: {place}: a list is missing here")
        for each in given:
            if isinstance(each, dict) and not condition and each.keys() in ({"when", "by"}, {"unread", "by"}):
                yield from self.entries(place, each["by"], {k: v for k, v in each.items() if k != "by"})
            elif isinstance(each, str) and each.startswith("@"):
                yield from self._set(place, each[1:], condition)
            elif isinstance(each, str):
                yield self._entry(place, each, condition)
            else:
                raise CatalogueError(
                    f'{FILE.name}: {place}: {each!r}: neither a text nor {{ when = "…", by = [] }}'
                )

    def _set(self, place: str, name: str, condition: Mapping[str, str]) -> Iterator[Entry]:
        if name not in self.sets:
            raise CatalogueError(f"{FILE.name}: {place}: no set is called {name!r}")
        # A condition on a set holds for all of it, but where the set has one of its own inside.
        for entry in self.entries(f"sets: {name}", self.sets[name]):
            yield entry if entry.condition else Entry(entry.by, **condition)

    def _entry(self, place: str, text: str, condition: Mapping[str, str]) -> Entry:
        entry = Entry(text, **condition)
        if entry.requirement == ANY:
            return entry
        try:
            requirement = self.catalogue.requirement(entry.requirement)
        except CatalogueError as error:
            raise CatalogueError(f"{FILE.name}: {place}: {error}") from None
        case = text.removesuffix(ITSELF).partition(":")[2]
        if case and "{" not in case and case not in requirement.cases:
            raise CatalogueError(f"{FILE.name}: {place}: {entry.requirement} has no case {case!r}")
        return entry
