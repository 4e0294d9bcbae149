"""waivers.toml: exceptions that somebody accepted for a time. They cover what does not comply, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from checks.catalogue import Catalogue
from fixtures import region_names
from fixtures.late import dataclass
from fixtures.text.nearest import nearest, slips
from fixtures.text.shape import distinct, each, filled, unless
from fixtures.text.toml_file import TomlError, TomlFile, together

# Both are promises of the README ("waivers.toml").
LONGEST_DAYS = 180
WARNING_DAYS = 14
TEXTS = ("id", "requirement", "justification", "requested_by", "approved_by", "ticket")
DATES = ("approved_on", "expires")
SCOPE = ("profiles", "accounts", "regions")
JUDGED = frozenset({"compliant", "non_compliant", "not_applicable", "waived"})


Problem = tuple[str, str]
Text = Annotated[str, filled]


def _first_schema(value: int) -> int:
    if value != 1:
        raise ValueError(f"must be 1, is {value}")
    return value


def _narrowing(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or not all(values):
        raise ValueError("must not be empty")
    return values


Scope = Annotated[tuple[str, ...], distinct, _narrowing]


@dataclass(frozen=True)
class _Top:
    """What waivers.toml holds at its top."""

    schema: Annotated[int, _first_schema]
    waiver: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a result was found; `account` is None where it could not be read."""

    profile: str
    region: str
    account: str | None


@dataclass(frozen=True)
class Waiver:
    """One [[waiver]]. Empty `profiles`, `accounts` and `regions` do not narrow it; `expires` is its last day, UTC."""

    id: Text
    requirement: Text
    justification: Text
    requested_by: Text
    approved_by: Text
    approved_on: date
    expires: date
    ticket: Text
    case: Text | None = None
    profiles: Scope = ()
    accounts: Scope = ()
    regions: Annotated[Scope, each(unless(region_names.problem))] = ()
    accept_blocker: bool = False
    with_explained: bool = False

    def problem(self) -> Problem | None:
        """The key at fault, and what is wrong with it."""
        for account in self.accounts:
            if not re.fullmatch(r"\d{12}", account, re.ASCII):
                return "accounts", f"{account!r} is no account ID: 12 digits"
        if self.approved_by.casefold() == self.requested_by.casefold():
            return "approved_by", f"{self.approved_by!r} asked for it: somebody else must approve"
        return None

    def is_about(self, requirement: str, case: str | None) -> bool:
        """Whether it names this requirement, and this case where it names one."""
        return self.requirement == requirement and self.case in {None, case}

    def reaches(self, place: Place) -> bool:
        """Whether it holds in this place. Where it names accounts, an unknown account is none of them."""
        return (
            (not self.profiles or place.profile in self.profiles)
            and (not self.regions or place.region in self.regions)
            and (not self.accounts or place.account in self.accounts)
        )


class Register:
    """The waivers of one file, as of `today` (UTC); `file` is None where there is none."""

    def __init__(self, waivers: Sequence[Waiver], today: date, file: TomlFile | None = None) -> None:
        self.waivers = waivers
        self.today = today
        self.file = file

    @classmethod
    def load(cls, path: Path, catalogue: Catalogue, now: datetime) -> Register:
        """From a file; TomlError names file, line and key of each entry that does not hold at `now`, a line each."""
        file = TomlFile.load(path)
        tables = file.tables("waiver")
        today = now.date()
        waivers: list[Waiver] = []
        errors: list[TomlError] = []
        try:
            file.build(_Top)
        except TomlError as error:
            errors.append(error)
        for at, table in tables:
            try:
                waiver = file.build(Waiver, table, at)
            except TomlError as error:
                errors.append(error)
                continue
            if problem := _problem(waiver, catalogue, today) or _clash(waiver, waivers):
                errors.append(file.error((*at, problem[0]), problem[1]))
            else:
                waivers.append(waiver)
        if errors:
            raise together(errors)
        return cls(waivers, today, file)

    def about(self, requirement: str, case: str | None) -> list[Waiver]:
        """The waivers that are in force for the requirement and case, wherever."""
        return [w for w in self.waivers if w.is_about(requirement, case) and w.approved_on <= self.today]

    def days_left(self, waiver: Waiver) -> int:
        """Days until its last day; 0 on that day."""
        return (waiver.expires - self.today).days

    def applied(self, identifier: str) -> dict[str, Any]:
        """The `waiver` of a result that the one with this ID covers."""
        waiver = next(waiver for waiver in self.waivers if waiver.id == identifier)
        return {
            "id": waiver.id,
            "approved_by": waiver.approved_by,
            "expires": waiver.expires.isoformat(),
            "days_left": self.days_left(waiver),
            "ticket": waiver.ticket,
        }

    def accounted(
        self,
        results: Iterable[Mapping[str, Any]],
        places: Mapping[str, Place],
        profiles: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """Every waiver with what became of it in a run: `results` of the run, `places` of its targets by ID, and the
        `profiles` that its machine has, which are no slips of the pen.

        `state` is `used`; `stale` where all that it is about was judged and nothing needed it; `not_judged` where some of
        that could not be; `not_selected` where nothing of it was in the run; `pending` before its approval.
        """
        if not self.waivers:
            return []
        # Of a fleet's only those that some waiver is about.
        rows = [r for r in results if any(w.is_about(r["requirement"], r["case"]) for w in self.waivers)]
        return [self._accounted(waiver, rows, places, profiles) for waiver in self.waivers]

    def _accounted(
        self,
        waiver: Waiver,
        rows: Sequence[Mapping[str, Any]],
        places: Mapping[str, Place],
        profiles: Collection[str],
    ) -> dict[str, Any]:
        about = [row for row in rows if waiver.is_about(row["requirement"], row["case"])]
        unknown = [row for row in about if waiver.accounts and places[row["target"]].account is None]
        within = [row for row in about if waiver.reaches(places[row["target"]])]
        covered = [row for row in within if row["waiver"] and row["waiver"]["id"] == waiver.id]
        if waiver.approved_on > self.today:
            state, warning = "pending", f"approved on {waiver.approved_on}, which is not yet"
        elif covered:
            state, warning = "used", None
        # Before stale: what could not be judged this time may fail the next, and need it.
        elif unknown or any(row["status"] not in JUDGED for row in within):
            state, warning = "not_judged", None
        elif within:
            state, warning = "stale", "no longer matches a failure: remove it"
        else:
            state, warning = "not_selected", None
        if warning is None and (
            slip := _misspelt(waiver, (places[row["target"]].profile for row in about), profiles)
        ):
            warning = slip if within else f"covers nothing: {slip}"
        left = self.days_left(waiver)
        if warning is None and left <= WARNING_DAYS:
            warning = f"ends in {left} days" if left > 1 else ("ends tomorrow" if left else "ends today")
        return {
            **{name: getattr(waiver, name) for name in (*TEXTS, "case", "accept_blocker", "with_explained")},
            **{name: getattr(waiver, name).isoformat() for name in DATES},
            **{name: list(getattr(waiver, name)) for name in SCOPE},
            "days_left": left,
            "state": state,
            "warning": warning,
            "covers": [{"target": row["target"], "case": row["case"]} for row in covered],
        }


def _misspelt(waiver: Waiver, profiles: Iterable[str], there: Collection[str]) -> str | None:
    """That one of its profiles is none of the run, nor of those that are `there`, where that can only be a slip of the pen for
    one of the run.

    A register may be shared: what differs by a figure or in a word of one or two letters may be somebody else's profile.
    """
    run = {*profiles}
    missing = [name for name in waiver.profiles if name not in run and name not in there]
    for name in missing:
        for meant in slips(name, sorted(run.difference(waiver.profiles))):
            words = [re.split(r"[^a-zA-Z]+", each) for each in (name, meant)]
            short = any(
                one != other and min(len(one), len(other)) < 3 for one, other in zip(*words, strict=False)
            )
            if (
                re.findall(r"\d", name) == re.findall(r"\d", meant)
                and len(words[0]) == len(words[1])
                and not short
            ):
                return f"no target has profile {name!r}; did you mean {meant!r}?"
    return None


def _covers(waiver: Waiver) -> tuple[Any, ...]:
    return waiver.requirement, waiver.case, *(frozenset(getattr(waiver, name)) for name in SCOPE)


def _clash(waiver: Waiver, others: Iterable[Waiver]) -> Problem | None:
    for other in others:
        if other.id == waiver.id:
            return "id", f"{waiver.id!r} stands twice"
        if _covers(other) == _covers(waiver):
            return "requirement", f"{other.id!r} already covers exactly this"
    return None


def _problem(waiver: Waiver, catalogue: Catalogue, today: date) -> Problem | None:
    """The key at fault and what is wrong with it, where the waiver is not one that can hold today."""
    known = {requirement.id: requirement for requirement in catalogue}
    if waiver.requirement not in known:
        close = nearest(waiver.requirement, known)
        hint = close if "did you mean" in close else ""
        return "requirement", f"the guide has no {waiver.requirement!r}{hint}"
    requirement = known[waiver.requirement]
    if waiver.case is not None and waiver.case not in requirement.cases:
        hint = nearest(waiver.case, requirement.cases)
        return "case", f"{requirement.id} has no case {waiver.case!r}{hint}"
    if problem := _dates(waiver, today):
        return problem
    if requirement.severity == "blocker" and not waiver.accept_blocker:
        return (
            "requirement",
            f"{requirement.id} is a blocker: to waive it all the same say accept_blocker = true",
        )
    return None


def _dates(waiver: Waiver, today: date) -> Problem | None:
    days = (waiver.expires - waiver.approved_on).days
    if days < 0:
        return "expires", f"{waiver.expires} is before its approval on {waiver.approved_on}"
    if days > LONGEST_DAYS:
        return (
            "expires",
            f"{waiver.expires} is {days} days after approval, at most {LONGEST_DAYS} are allowed",
        )
    if waiver.expires < today:
        return "expires", f"{waiver.id!r} expired on {waiver.expires}, and today is {today} (UTC)"
    return None
