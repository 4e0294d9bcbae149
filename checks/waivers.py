"""waivers.toml: exceptions that somebody accepted for a time. They cover what does not comply, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue, Requirement
from fixtures.toml_file import TomlFile, nearest

LONGEST_DAYS = 180
WARNING_DAYS = 14
TEXTS = ("id", "requirement", "justification", "requested_by", "approved_by", "ticket")
DATES = ("approved_on", "expires")
SCOPE = ("profiles", "accounts", "regions")
KEYS = (*TEXTS, *DATES, *SCOPE, "case", "accept_blocker")
JUDGED = frozenset({"compliant", "non_compliant", "not_applicable", "waived"})


@dataclass(frozen=True)
class Place:
    """Where a result was found; `account` is None where it could not be read."""

    profile: str
    region: str
    account: str | None


@dataclass(frozen=True)
class Waiver:
    """One [[waiver]]. Empty `profiles`, `accounts` and `regions` do not narrow it; `expires` is its last day, UTC."""

    id: str
    requirement: str
    case: str | None
    profiles: tuple[str, ...]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    justification: str
    requested_by: str
    approved_by: str
    approved_on: date
    expires: date
    ticket: str
    accept_blocker: bool

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
    """The waivers of one file, as of `today` (UTC)."""

    def __init__(self, waivers: Sequence[Waiver], today: date) -> None:
        self.waivers = waivers
        self.today = today

    @classmethod
    def load(cls, path: Path, catalogue: Catalogue, now: datetime) -> Register:
        """From a file; TomlError names file, line and key of the first entry that does not hold at `now`."""
        file = TomlFile.load(path)
        file.require_known(file.data, ("schema", "waiver"))
        if file.data.get("schema") != 1 or file.data["schema"] is True:
            raise file.error(("schema",), f"must be 1, is {file.data.get('schema')!r}")
        tables = file.data.get("waiver", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise file.error(("waiver",), "must be tables: [[waiver]]")
        today = now.date()
        waivers: list[Waiver] = []
        for number, table in enumerate(tables):
            entry = _Entry(file, number, table)
            waiver = entry.read(catalogue, today)
            for earlier in waivers:
                if earlier.id == waiver.id:
                    raise entry.error("id", f"{waiver.id!r} stands twice")
                if _covers(earlier) == _covers(waiver):
                    raise entry.error("requirement", f"{earlier.id!r} already covers exactly this")
            waivers.append(waiver)
        return cls(waivers, today)

    def about(self, requirement: str, case: str | None) -> list[Waiver]:
        """The waivers that are in force for the requirement and case, wherever."""
        return [w for w in self.waivers if w.is_about(requirement, case) and w.approved_on <= self.today]

    def days_left(self, waiver: Waiver) -> int:
        """Days until its last day; 0 on that day."""
        return (waiver.expires - self.today).days

    def applied(self, waiver: Waiver) -> dict[str, Any]:
        """The `waiver` of a result that it covers."""
        return {
            "id": waiver.id,
            "approved_by": waiver.approved_by,
            "expires": waiver.expires.isoformat(),
            "days_left": self.days_left(waiver),
            "ticket": waiver.ticket,
        }

    def accounted(
        self, results: Iterable[Mapping[str, Any]], places: Mapping[str, Place]
    ) -> list[dict[str, Any]]:
        """Every waiver with what became of it in a run: `results` of the run, `places` of its targets by ID.

        `state` is `used`; `stale` where all that it is about was judged and nothing needed it; `not_judged` where some of
        that could not be; `not_selected` where nothing of it was in the run; `pending` before its approval.
        """
        rows = list(results)
        return [self._accounted(waiver, rows, places) for waiver in self.waivers]

    def _accounted(
        self, waiver: Waiver, rows: Sequence[Mapping[str, Any]], places: Mapping[str, Place]
    ) -> dict[str, Any]:
        about = [row for row in rows if waiver.is_about(row["requirement"], row["case"])]
        unknown = [row for row in about if waiver.accounts and places[row["target"]].account is None]
        within = [row for row in about if waiver.reaches(places[row["target"]])]
        covered = [row for row in within if row["waiver"] and row["waiver"]["id"] == waiver.id]
        if waiver.approved_on > self.today:
            state, warning = "pending", f"approved on {waiver.approved_on}, which is not yet"
        elif covered:
            state, warning = "used", None
        elif unknown or any(row["status"] not in JUDGED for row in within):
            state, warning = "not_judged", None
        elif within:
            state, warning = "stale", "no longer matches a failure: remove it"
        else:
            state, warning = "not_selected", None
        left = self.days_left(waiver)
        if warning is None and left <= WARNING_DAYS:
            warning = f"ends in {left} days" if left > 1 else ("ends tomorrow" if left else "ends today")
        return {
            **{name: getattr(waiver, name) for name in (*TEXTS, "case", "accept_blocker")},
            **{name: getattr(waiver, name).isoformat() for name in DATES},
            **{name: list(getattr(waiver, name)) for name in SCOPE},
            "days_left": left,
            "state": state,
            "warning": warning,
            "covers": [{"target": row["target"], "case": row["case"]} for row in covered],
        }


def _covers(waiver: Waiver) -> tuple[Any, ...]:
    return waiver.requirement, waiver.case, *(frozenset(getattr(waiver, name)) for name in SCOPE)


class _Entry:
    """One [[waiver]] table on its way to a Waiver."""

    def __init__(self, file: TomlFile, number: int, table: Mapping[str, Any]) -> None:
        self._file = file
        self._number = number
        self._table = table

    def error(self, key: str, message: str) -> Exception:
        return self._file.error(("waiver", self._number, key), message)

    def read(self, catalogue: Catalogue, today: date) -> Waiver:
        self._file.require_known(self._table, KEYS, ("waiver", self._number))
        texts = {name: self._text(name) for name in TEXTS}
        requirement = self._requirement(catalogue, texts["requirement"])
        values: dict[str, Any] = {
            **texts,
            **{name: self._date(name) for name in DATES},
            **{name: self._list(name) for name in SCOPE},
            "case": self._case(requirement),
            "accept_blocker": self._flag("accept_blocker"),
        }
        waiver = Waiver(**values)
        for account in waiver.accounts:
            if not re.fullmatch(r"\d{12}", account, re.ASCII):
                raise self.error("accounts", f"{account!r} is no account ID: 12 digits")
        for region in waiver.regions:
            if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", region):
                raise self.error("regions", f"{region!r} is no region, such as us-east-1")
        self._approved(waiver, today)
        if requirement.severity == "blocker" and not waiver.accept_blocker:
            raise self.error(
                "requirement",
                f"{requirement.id} is a blocker: to waive it all the same say accept_blocker = true",
            )
        return waiver

    def _approved(self, waiver: Waiver, today: date) -> None:
        if waiver.approved_by.casefold() == waiver.requested_by.casefold():
            raise self.error(
                "approved_by", f"{waiver.approved_by!r} asked for it: somebody else must approve"
            )
        if waiver.expires < waiver.approved_on:
            raise self.error("expires", f"{waiver.expires} is before its approval on {waiver.approved_on}")
        days = (waiver.expires - waiver.approved_on).days
        if days > LONGEST_DAYS:
            raise self.error(
                "expires",
                f"{waiver.expires} is {days} days after approval, at most {LONGEST_DAYS} are allowed",
            )
        if waiver.expires < today:
            raise self.error(
                "expires", f"{waiver.id!r} expired on {waiver.expires}, and today is {today} (UTC)"
            )

    def _requirement(self, catalogue: Catalogue, identifier: str) -> Requirement:
        known = {requirement.id: requirement for requirement in catalogue}
        if identifier not in known:
            close = nearest(identifier, known)
            hint = close if "did you mean" in close else ""
            raise self.error("requirement", f"the guide has no {identifier!r}{hint}")
        return known[identifier]

    def _case(self, requirement: Requirement) -> str | None:
        if "case" not in self._table:
            return None
        case = self._text("case")
        if case not in requirement.cases:
            raise self.error(
                "case", f"{requirement.id} has no case {case!r}{nearest(case, requirement.cases)}"
            )
        return case

    def _text(self, name: str) -> str:
        value = self._table.get(name)
        if value is None:
            raise self.error(name, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"must be a text that is not empty, is {value!r}")
        return value.strip()

    def _date(self, name: str) -> date:
        value = self._table.get(name)
        if value is None:
            raise self.error(name, "is missing")
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.error(name, "must be a date without time and without quotes: 2027-01-31")
        return value

    def _list(self, name: str) -> tuple[str, ...]:
        value = self._table.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.error(name, "must be a list of texts")
        if not value or len(set(value)) != len(value):
            raise self.error(name, "must not be empty" if not value else "names something twice")
        return tuple(value)

    def _flag(self, name: str) -> bool:
        value = self._table.get(name, False)
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, is {value!r}")
        return value
