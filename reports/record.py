"""The run as data: results.json and evidence.json, made from results, readings and what the options resolved to."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

from bedrock_preflight import __version__
from checks.catalogue import load
from checks.waivers import Place, Register
from fixtures.consumers.table import table
from fixtures.privacy.fingerprint import fingerprint
from fixtures.privacy.homes import without_this_home
from fixtures.privacy.masking import StandIns, masked, principals, rewritten
from fixtures.readings import Reading
from fixtures.run import Run, utc_now
from fixtures.targets import Target
from reports.callers import callers
from reports.clock import report_time, stamp
from reports.results import Result, document

DISTRIBUTION = "bedrock-preflight"
Json = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What a run found. `readings` are those of all processes, by target ID; `key` is that of account fingerprints."""

    run: Run
    results: Sequence[Result]
    readings: Mapping[str, Sequence[Json]]
    register: Register
    command: Sequence[str]
    gate: str
    show_account_ids: bool
    key: bytes | None

    def document(self) -> Json:
        """results.json, without a comparison; accounts and principals masked unless they are to be shown."""
        run = self.run
        judged = {result["target"] for result in self.results}
        targets = [self._target(target) for target in run.targets if target.id in judged]
        places = {t["id"]: Place(t["profile"], t["region"], t["account"]) for t in targets}
        results = [self._named(result) for result in self.results]
        made = document(
            results,
            suite=suite(),
            run={
                "started": stamp(report_time(run.started)),
                "finished": stamp(report_time(utc_now())),
                "backend": run.backend_name,
                "world": run.world_name,
                "simulated": run.simulated,
                "command": list(self.command),
                "shard": None if run.shard is None else asdict(run.shard),
                "environment": run.purpose,
                "platform": platform.platform(),
                "python": platform.python_version(),
                "boto3": version("boto3"),
                "redacted": not self.show_account_ids,
                "api_calls": sum(":" in r["name"] for readings in self.readings.values() for r in readings),
            },
            targets=targets,
            evidence_ids={
                (self._names[target], key): f"E{number}"
                for number, (target, key, _) in enumerate(self._numbered, 1)
            },
            gate=self.gate,
            waivers=self.register.accounted(results, places),
            consumers=[
                {**row, "target": self._names[target.id]}
                for target in run.targets
                if target.id in judged and not target.entered
                for row in table(
                    self.readings.get(target.id, []),
                    target.profile,
                    target.region,
                    target.id,
                    run.settings.application.consumers,
                )
            ],
        )
        shown: Json = presentable(made, self.show_account_ids, self._principals)
        return shown

    def evidence(self) -> Json:
        """evidence.json, which `--snapshot` takes; accounts and principals are stand-ins unless they are to be shown."""
        run = self.run
        snapshot = {
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
            "readings": [
                {"id": f"E{number}", "target": self._names[target], **reading}
                for number, (target, _, reading) in enumerate(self._numbered, 1)
            ],
        }
        kept: Json = rewritten(snapshot, without_this_home)
        if not self.show_account_ids:
            kept = StandIns().replaced(kept)
        return kept

    def _target(self, target: Target) -> Json:
        identity: Json = {}
        for reading in self.readings.get(target.id, ()):
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
            "callers": [] if target.entered else callers(self.readings.get(target.id, []), target.profile),
        }

    @cached_property
    def _principals(self) -> set[str]:
        return principals(dict(self.readings))

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
    def _numbered(self) -> list[tuple[str, str, Json]]:
        rows = [
            (target, Reading.from_json(reading).key, dict(reading))
            for target, readings in self.readings.items()
            for reading in readings
        ]
        rows.sort(key=lambda row: row[:2])
        # In the order of the stand-ins, which is that of a replay too.
        keys = StandIns().replaced([[self._names[target], key] for target, key, _ in rows])
        return [row for _, row in sorted(zip(keys, rows, strict=True), key=lambda pair: pair[0])]


def suite() -> Json:
    """Which suite and guide judged."""
    return {"name": DISTRIBUTION, "version": __version__, "guide_sha256": load().guide_sha256}


def presentable(document: Any, show_account_ids: bool, known: Collection[str] = ()) -> Any:
    """The document as readers may see it; `known` are principals besides those that it names itself."""
    neutral = rewritten(document, without_this_home)
    return neutral if show_account_ids else masked(neutral, known)
