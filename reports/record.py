"""The run as data: results.json and evidence.json, made from results, readings and what the options resolved to."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import version
from itertools import accumulate, chain
from typing import Any

from bedrock_preflight import __version__
from checks.catalogue import load
from checks.waivers import Place, Register
from fixtures.consumers.table import table
from fixtures.late import dataclass
from fixtures.privacy.fingerprint import fingerprint
from fixtures.privacy.homes import without_this_home
from fixtures.privacy.masking import Mask, Seen, StandIns, masked, principals, rewritten
from fixtures.readings import key_of
from fixtures.run import Run, utc_now
from fixtures.targets import Target
from reports.callers import callers
from reports.clock import report_time, stamp
from reports.results import Result, failures_by_root_cause, headed, rows_of
from reports.spool import Rows, Spool

DISTRIBUTION = "bedrock-preflight"
Json = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What a run found: `results` and `readings` of all processes, by target ID; `key` is that of account fingerprints.

    Of a fleet neither is in memory: both are read a target at a time, several times over.
    """

    run: Run
    results: Mapping[str, Sequence[Result]]
    readings: Mapping[str, Sequence[Json]]
    register: Register
    command: Sequence[str]
    gate: str
    show_account_ids: bool
    key: bytes | None

    def document(self, told: Spool, last: Callable[[Any], Any]) -> Json:
        """results.json, without a comparison; accounts and principals masked unless they are to be shown.

        Its rows are put into `told`, after what is done to them `last`.
        """
        for rows in self._rows():
            shown = last(self._shown(rows))
            told.add(shown[0]["target"], shown)
        return {**self._shown(self._head), "results": Rows(told)}

    def failures(self) -> Iterator[list[list[Result]]]:
        """The failures by root cause, with all that is known of them, of a target at a time, as readers may see them."""
        for target in self._judged:
            own = [self._named(result) for result in self.results[target.id]]
            yield self._shown(failures_by_root_cause(own))

    def evidence(self, told: Spool, last: Callable[[Any], Any]) -> Json:
        """evidence.json, which `--snapshot` takes; accounts and principals are stand-ins unless they are to be shown.

        Its readings are put into `told`, after what is done to them `last`.
        """
        run = self.run
        head = rewritten(
            {
                "schema": 1,
                "suite": suite(),
                "run": {
                    "now": stamp(run.backend.now())
                    if run.snapshot or any(map(run.has_asked, run.targets))
                    else stamp(run.started),
                    "backend": run.backend_name,
                    "world": run.world_name,
                    "simulated": run.simulated,
                    "environment": run.purpose,
                    "probe": run.probe,
                    "auditor": run.auditor,
                    **({"listed_by": list(run.listed_by)} if run.listed_by else {}),
                },
                "settings": run.settings.as_json(),
                "targets": [
                    {
                        "id": self._names[target.id],
                        "profile": target.profile,
                        "region": target.region,
                        "account_fingerprint": self._target(target)["account_fingerprint"],
                        **({"entered": target.entered} if target.entered else {}),
                    }
                    for target in run.targets
                ],
            },
            without_this_home,
        )
        # They are read twice: those of one target are kept meanwhile.
        alone = list(self._read()) if len(self._numbered) == 1 else None
        if self.show_account_ids:
            hidden = _unchanged
        else:
            seen = Seen()
            for part in chain((head,), alone or self._read()):
                seen.note(part)
            hidden = StandIns(seen).hidden
        # The first stand-ins are those of the head.
        kept: Json = hidden(head)
        for part in alone or self._read():
            shown = last(hidden(part))
            told.add(shown[0]["target"], shown)
        return {**kept, "readings": Rows(told)}

    @cached_property
    def _judged(self) -> list[Target]:
        """The targets with results, as results.json has them."""
        judged = [target for target in self.run.targets if target.id in self.results]
        return sorted(judged, key=lambda target: self._names[target.id])

    @cached_property
    def _head(self) -> Json:
        """results.json without its rows, before anything is hidden."""
        run = self.run
        targets = [self._target(target) for target in run.targets if target.id in self.results]
        places = {t["id"]: Place(t["profile"], t["region"], t["account"]) for t in targets}

        def named() -> Iterator[tuple[str, list[Result]]]:
            for target in self._judged:
                yield self._names[target.id], [self._named(result) for result in self.results[target.id]]

        return headed(
            named(),
            (),
            suite=suite(),
            run={
                "started": stamp(report_time(run.started)),
                "finished": stamp(report_time(utc_now())),
                "backend": run.backend_name,
                "world": run.world_name,
                "simulated": run.simulated,
                **({"evidence_of": stamp(run.snapshot.now)} if run.snapshot else {}),
                "command": list(self.command),
                "shard": None if run.shard is None else asdict(run.shard),
                "environment": run.purpose,
                "platform": platform.platform(),
                "python": platform.python_version(),
                "boto3": version("boto3"),
                "redacted": not self.show_account_ids,
                "settings": {
                    "compliance": _file(run.settings.stated.file, run.settings.stated.sha256),
                    "waivers": _file(str(self.register.file.path), self.register.file.sha256)
                    if self.register.file
                    else None,
                    "effective": run.settings.effective(),
                },
                "api_calls": sum(":" in r["name"] for readings in self.readings.values() for r in readings),
            },
            targets=targets,
            gate=self.gate,
            waivers=self.register.accounted(
                (row for _, rows in named() for row in rows),
                places,
                self._profiles_there() if self.register.waivers else (),
            ),
            consumers=[
                {**row, "target": self._names[target.id]}
                for target in run.targets
                if target.id in self.results and not target.entered
                for row in table(
                    self._read_of(target.id),
                    target.profile,
                    target.region,
                    target.id,
                    run.settings.application.consumers,
                )
            ],
        )

    def _profiles_there(self) -> set[str]:
        """The profiles that the machine's files have, as far as the run has read them."""
        read = (each for own in self.readings.values() for each in own if each["name"] == "profiles")
        return {name for each in read for name in (each.get("value") or {}).get("profiles", ())}

    def _rows(self) -> Iterator[list[Json]]:
        """The rows of results.json, a target at a time."""
        for target in self._judged:
            identifiers = {key_of(reading): identifier for identifier, reading in self._in_order(target.id)}
            yield rows_of([self._named(result) for result in self.results[target.id]], identifiers)

    def _read(self) -> Iterator[list[Json]]:
        """The readings of evidence.json, a target at a time, with nothing hidden yet but the home folder."""
        for target in self._numbered:
            name, own = self._names[target], self._in_order(target)
            rows = [{"id": identifier, "target": name, **reading} for identifier, reading in own]
            yield rewritten(rows, without_this_home)

    def _shown(self, document: Any) -> Any:
        """A part of results.json as readers may see it: what any part tells of whom to hide is hidden in all."""
        neutral = rewritten(document, without_this_home)
        return neutral if self.show_account_ids else self._mask.hidden(neutral)

    @cached_property
    def _mask(self) -> Mask:
        seen = Seen(set(self._principals))
        for part in chain((self._head,), self._rows()):
            seen.note(rewritten(part, without_this_home))
        return Mask(seen)

    def _target(self, target: Target) -> Json:
        identity: Json = {}
        for reading in self._read_of(target.id):
            if reading["name"] == "sts:GetCallerIdentity" and not reading.get("by"):
                identity = reading.get("value") or {}
        account = identity.get("Account") or (target.entered.split(":")[4] if target.entered else None)
        # A snapshot's accounts are stand-ins: only the run that read them could tell their fingerprints.
        recorded = self.run.snapshot.fingerprints.get(target.id) if self.run.snapshot else None
        return {
            "id": self._names[target.id],
            "profile": target.profile,
            "region": target.region,
            "account": account,
            "account_fingerprint": recorded if self.run.snapshot else fingerprint(account, self.key),
            "principal": identity.get("Arn"),
            **({"role": target.entered.partition("role/")[2]} if target.entered else {}),
            "callers": [] if target.entered else callers(self._read_of(target.id), target.profile),
        }

    def _read_of(self, target: str) -> Sequence[Json]:
        """The target's readings, which nobody changes; of the last one that was asked for they are still there."""
        if target not in self._last_read:
            self._last_read.clear()
            self._last_read[target] = self.readings.get(target, ())
        return self._last_read[target]

    @cached_property
    def _last_read(self) -> dict[str, Sequence[Json]]:
        return {}

    @cached_property
    def _principals(self) -> set[str]:
        return {name for each in self.readings.items() for name in principals(dict([each]))}

    @cached_property
    def _names(self) -> dict[str, str]:
        """By target ID, the ID as reports have it: profiles are often named after their account.

        Targets whose accounts end alike are numbered, so that masking does not make them one.
        """
        names: dict[str, str] = {}
        for target in self.run.targets:
            shown = base = str(presentable(target.id, self.show_account_ids, self._principals))
            number = 1
            while shown in names.values():
                number += 1
                shown = f"{base}~{number}"
            names[target.id] = shown
        return names

    def _named(self, result: Result) -> Result:
        """The result with the target's ID as reports have it; its keys of readings stay, they are looked up."""
        raw = result["target"]
        named = {
            **result,
            "target": self._names[raw],
            "check": result["check"].replace(raw, self._names[raw]),
        }
        if result.get("root"):
            named["root"] = {**result["root"], "target": self._names[raw]}
        return named

    @cached_property
    def _numbered(self) -> dict[str, tuple[int, list[int]]]:
        """The targets as evidence.json has them: how many readings stand before each one's, and the places of its own."""
        # In the order of the stand-ins, which is that of a replay too.
        seen = Seen()
        for target in sorted(self.readings):
            seen.note(self._asked(target))
        stand_ins, found = StandIns(seen), []
        for target in sorted(self.readings):
            asked = stand_ins.hidden(self._asked(target))
            places = sorted(range(len(asked)), key=asked.__getitem__)
            found.append((asked[0][0] if asked else "", target, places))
        found.sort(key=lambda row: row[0])
        before = accumulate((len(places) for _, _, places in found), initial=0)
        return {target: (start, places) for (_, target, places), start in zip(found, before, strict=False)}

    def _asked(self, target: str) -> list[list[str]]:
        """Of each of the target's readings, by its key, what it is put in order by."""
        return [[self._names[target], key] for key in sorted(map(key_of, self._read_of(target)))]

    def _in_order(self, target: str) -> list[tuple[str, Json]]:
        """The target's readings as evidence.json has them, with their IDs."""
        before, places = self._numbered.get(target, (0, []))
        own = sorted(self._read_of(target), key=key_of)
        return [(f"E{number}", own[place]) for number, place in enumerate(places, before + 1)]


def _unchanged(document: Any) -> Any:
    return document


def _file(path: str, sha256: str) -> Json | None:
    return {"file": path, "sha256": sha256} if sha256 else None


def suite() -> Json:
    """Which suite and guide judged."""
    return {"name": DISTRIBUTION, "version": __version__, "guide_sha256": load().guide_sha256}


def presentable(document: Any, show_account_ids: bool, known: Collection[str] = ()) -> Any:
    """The document as readers may see it; `known` are principals besides those that it names itself."""
    neutral = rewritten(document, without_this_home)
    return neutral if show_account_ids else masked(neutral, known)


def presentable_pieces(pieces: Callable[[], Iterable[str]], show_account_ids: bool) -> Iterator[str]:
    """As `presentable`, of a text in pieces, which are made twice: what any of them tells is hidden in all."""
    seen = Seen()
    for piece in () if show_account_ids else pieces():
        seen.note(without_this_home(piece))
    mask = Mask(seen)
    for piece in pieces():
        neutral = without_this_home(piece)
        yield neutral if show_account_ids else mask.hidden(neutral)
