"""What the guide's entries are: sections, requirements, failure modes, and the catalogue that looks them up.

The fields are the keys of guide.toml and causes.toml, where their comments say what each means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Protocol, TypeVar

from checks.remedies import Remedy
from fixtures.late import dataclass
from fixtures.options import ENVIRONMENTS, SEVERITIES
from fixtures.text.nearest import nearest
from fixtures.text.shape import distinct, filled, flowed, one_of, some_of

SCOPES = ("workstation", "enterprise")
READS = ("local", "read", "probe", "attest")
FIXABLE = ("locally", "person", "admin")
ABOUT = ("caller", "machine")
CASES_FROM = ("cross_account_roles", "consumers")
CONTROLS = (
    "vpc_endpoints", "permissions_boundary", "guardrails", "data_events", "invocation_logging", "unused_rights",
    "guardrail_filters", "guardduty", "usage_alarm",
)  # fmt: skip

Text = Annotated[str, flowed, filled]
Names = Annotated[tuple[str, ...], distinct]


class CatalogueError(ValueError):
    """The catalogue has nothing of that name; the message is one line with the nearest."""


class SettingsLike(Protocol):
    """What the catalogue asks of settings: the cases that a setting names."""

    def cases(self, source: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Section:
    """A section of the guide: its id ("Step 2"), its title there, and the scope that it belongs to."""

    id: Text
    title: Text
    scope: Annotated[str, one_of(*SCOPES)]


@dataclass(frozen=True)
class Requirement:
    """One requirement of the guide; guide.toml says what the fields mean. `scope` is that of its section.

    `failure` is the sentence of a report where it is not met. `environments` and `provider` are empty where it applies to
    all, `control` where no switch of the settings makes it apply, `about` where it is about the account. `cases` are
    fixed, or those of the setting `cases_from`.
    """

    id: Text
    section: Text
    scope: str
    statement: Text
    failure: Text
    severity: Annotated[str, one_of(*SEVERITIES)]
    read: Annotated[str, one_of(*READS)]
    stage: Text
    source: Text
    rationale: Text
    remedy: Remedy
    cases: Names = ()
    causes: Names = ()
    environments: Annotated[Names, some_of(*ENVIRONMENTS)] = ()
    provider: Text = ""
    cases_from: Annotated[str, one_of(*CASES_FROM)] = ""
    control: Annotated[str, one_of(*CONTROLS)] = ""
    about: Annotated[str, one_of(*ABOUT)] = ""

    def not_met(self, case: str | None, profile: str, region: str) -> str:
        """The sentence for a failure that no failure mode describes."""
        return self.failure.format(case=case or "", profile=profile, region=region)

    def cases_with(self, settings: SettingsLike) -> tuple[str | None, ...]:
        """The cases that are judged with these settings; None alone where there is just the requirement itself."""
        cases = settings.cases(self.cases_from) if self.cases_from else self.cases
        return cases or (None,)


@dataclass(frozen=True)
class Cause:
    """One failure mode; causes.toml says what the fields mean."""

    code: Text
    group: Text
    title: Text
    symptom: Text
    explanation: Text
    detection: Text
    benign: Annotated[str, flowed]
    fixable: Annotated[str, one_of(*FIXABLE)]
    remedy: Remedy
    headline: bool = False
    inferred: bool = False


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

    def place(self, id: str) -> int:
        """Where the requirement stands in the guide's order, from 0; CatalogueError with the nearest id where there is none."""
        return _look_up("requirement", self._places_by_id, id)

    def section(self, id: str) -> Section:
        """The section with this id; CatalogueError with the nearest id where there is none."""
        return _look_up("section", self._sections_by_id, id)

    def requirement(self, id: str) -> Requirement:
        """The requirement with this id; CatalogueError with the nearest id where there is none."""
        return _look_up("requirement", self._requirements_by_id, id)

    def cause(self, code: str) -> Cause:
        """The failure mode with this code; CatalogueError with the nearest code where there is none."""
        return _look_up("cause", self._causes_by_code, code)

    @cached_property
    def _places_by_id(self) -> dict[str, int]:
        return {requirement.id: place for place, requirement in enumerate(self.requirements)}

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


def _look_up(kind: str, entries: Mapping[str, _Entry], name: str) -> _Entry:
    if name not in entries:
        raise CatalogueError(f"no {kind} is called {name!r}{nearest(name, entries)}")
    return entries[name]
