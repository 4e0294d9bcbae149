"""The map of explanations: which failure upstream explains that a fact could not be had, or that a requirement fails.

It stands as data in explanations.toml beside this module, and nowhere else; a check only narrows it, by the conditions
that it met. It is read strictly: a requirement, case, fact or set that does not exist, a condition that nothing in the code
meets, and a failure that would explain itself are each a TomlError with file, line and key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.catalogue import Catalogue, Requirement, load
from fixtures.engine import BEDROCK_CALL, CALL, ODD_ANSWER
from fixtures.evidence import FACTS
from fixtures.late import dataclass
from fixtures.text.nearest import nearest
from fixtures.text.toml_file import TomlFile
from fixtures.text.toml_lines import KeyPath

FILE = Path(__file__).parent / "explanations.toml"
Lists = Mapping[str, tuple[Any, ...]]
ANY = "*"
ITSELF = " itself"
CASE, MODEL, SUBJECT = "{case}", "{model}", "{}"
"""In an entry: the case that asks; of `CHAT_MODEL-agreement` the model; what met the condition."""


@dataclass(frozen=True)
class Upstream:
    """What may explain: a requirement in one case or in any, `itself` or with what explains it in turn.

    `edge` is the entry of the map behind it, as one text: `SSO-06 < SSO-04 (token-refused)`.
    """

    requirement: str
    case: str | None
    itself: bool
    edge: str = field(default="", compare=False)


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

    def edge(self, owner: str) -> str:
        """The entry of that fact or requirement as one text."""
        return f"{owner} < {self.by}" + (f" ({self.condition})" if self.condition else "")

    @cache  # noqa: B019  as many as the map has entries, and these cases: none more for a target
    def upstream(self, owner: str, case: str | None, subject: str) -> Upstream:
        """The entry for the case that asks, with what met its condition."""
        text = self.by.removesuffix(ITSELF).replace(CASE, case or "").replace(SUBJECT, subject)
        text = text.replace(MODEL, (case or "").rpartition("-")[0])
        requirement, _, of = text.partition(":")
        return Upstream(requirement, of or None, self.by.endswith(ITSELF), self.edge(owner))


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
            Upstream(by or "", None, False, each.edge(requirement))
            if each.requirement == ANY
            else each.upstream(requirement, case, subject)
            for each, subject in _counting(entries, given)
            if each.requirement != ANY or by
        ]

    def of_unread(
        self, requirement: str, case: str | None, facts: Sequence[str], given: Sequence[str]
    ) -> list[Upstream]:
        """What may explain that the requirement could not be judged: by what its check met, then by the facts."""
        own = [entry for entry in self.requirements.get(requirement, ()) if entry.unread]
        entries = {requirement: own, **{fact: self.facts.get(fact, ()) for fact in facts}}
        found = [
            each.upstream(owner, case, subject)
            for owner, listed in entries.items()
            for each, subject in _counting(listed, given)
        ]
        return list(dict.fromkeys(found))

    def edges(self) -> list[str]:
        """Every entry of the map as one text."""
        owners = [*self.facts.items(), *self.requirements.items()]
        return [entry.edge(owner) for owner, entries in owners for entry in entries]

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
    return read(TomlFile.load(FILE), load(), {*FACTS, CALL, BEDROCK_CALL, ODD_ANSWER})


def read(file: TomlFile, catalogue: Catalogue, facts: Collection[str]) -> Explanations:
    """The map in the file; TomlError where anything in it is wrong."""
    top = file.build(_Top)
    reader = _Reader(file, top.sets, catalogue)
    for name in top.facts:
        if name not in facts:
            raise file.error(("facts", name), f"no fact is called so{nearest(name, facts)}")
    known = Explanations(
        {name: tuple(reader.entries(("facts", name), own)) for name, own in top.facts.items()},
        {name: tuple(reader.entries(("requirements", name), own)) for name, own in top.requirements.items()},
    )
    for name, entries in known.requirements.items():
        reader.requirement(("requirements", name), name)
        if any(entry.requirement == name for entry in entries):
            raise file.error(("requirements", name), "explains itself")
    always = {
        name: [entry.requirement for entry in entries if not entry.condition]
        for name, entries in known.requirements.items()
    }
    if circle := _circle(always):
        raise file.error(("requirements", circle[0]), f"explains itself: {' < '.join(circle)}")
    return known


def _circle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Requirements that explain each other all the way round, whatever is met; none where the map leads somewhere."""
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
class _Top:
    """What explanations.toml holds at its top; an entry is a text or a table."""

    sets: Lists = field(default_factory=dict)
    facts: Lists = field(default_factory=dict)
    requirements: Lists = field(default_factory=dict)


@dataclass(frozen=True)
class _Reader:
    file: TomlFile
    sets: Lists
    catalogue: Catalogue

    def entries(
        self, at: KeyPath, own: Sequence[Any], condition: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Entry]:
        for each in own:
            if isinstance(each, dict) and not condition and each.keys() in ({"when", "by"}, {"unread", "by"}):
                met = {name: str(value) for name, value in each.items() if name != "by"}
                yield from self.entries(at, each["by"], met)
            elif isinstance(each, str) and each.startswith("@"):
                yield from self._set(at, each[1:], condition)
            elif isinstance(each, str):
                yield self._entry(at, each, condition)
            else:
                raise self.file.error(at, f'{each!r}: neither a text nor {{ when = "…", by = [] }}')

    def _set(self, at: KeyPath, name: str, condition: Mapping[str, str]) -> Iterator[Entry]:
        if name not in self.sets:
            raise self.file.error(at, f"no set is called {name!r}{nearest(name, self.sets)}")
        # A condition on a set holds for all of it, but where the set has one of its own inside.
        for entry in self.entries(("sets", name), self.sets[name]):
            yield entry if entry.condition else Entry(entry.by, **condition)

    def _entry(self, at: KeyPath, text: str, condition: Mapping[str, str]) -> Entry:
        entry = Entry(text, **condition)
        if entry.requirement == ANY:
            return entry
        known = self.requirement(at, entry.requirement)
        case = text.removesuffix(ITSELF).partition(":")[2]
        if case and "{" not in case and case not in known.cases:
            raise self.file.error(at, f"{known.id} has no case {case!r}{nearest(case, known.cases)}")
        return entry

    def requirement(self, at: KeyPath, name: str) -> Requirement:
        """The requirement of that ID; TomlError where there is none."""
        known = {requirement.id: requirement for requirement in self.catalogue}
        if name not in known:
            raise self.file.error(at, f"no requirement is called {name!r}{nearest(name, known)}")
        return known[name]
