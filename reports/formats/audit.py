"""audit.html: the auditor's report as one file. All that it says stands in results.json, evidence.json or the guide."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any

from checks.frameworks import frameworks, served
from reports.artifacts import json_pieces
from reports.causes import joined, most_wanted, why_graver
from reports.compare import CHANGES, UNCOMPARED, uncompared
from reports.conditions import conditions, headline, replayed
from reports.consumers import lines
from reports.formats import Format, guide
from reports.page import MOST_TARGETS, WORST_FIRST, anchor, assembled
from reports.results import SEVERITIES, at_or_above, by_target, counts, reach

Json = Mapping[str, Any]

OPEN = frozenset({"non_compliant", "inconclusive", "waived"})
"""Statuses of results that somebody will act on, so that they say why their requirement matters."""

FEW = 12
"""Rows that stand open where they hold, too: of what nobody has to act on, more are folded."""

IDLE = {
    "stale": "no longer matches a failure",
    "not_judged": "what it is about could not be judged",
    "not_selected": "what it is about was not selected",
    "pending": "not yet in force",
}
"""What is said of a waiver that covers no result, by its state."""

LIMITS = (
    "It is a view of one moment: what changed after the evidence was read is not in it.",
    "It sees what the profile under test, or the auditor's profile, is allowed to see. What could not be read is listed "
    "as not evaluated, never as compliant.",
    "IAM's policy simulator sees no resource control policies, no session policies and no cross-account roles, and may "
    "not see conditions of service control policies: what it allows can still be refused.",
    "authorizationStatus of a model's availability is advice of AWS's, not a decision.",
    "A statement that is attested rests on the word of the person named, not on a reading.",
    "The hashes below show that these files belong together and were not changed since. They do not show who made them.",
)


def render(document: Json, evidence: Json) -> str:
    """The page for results.json's `document` and evidence.json's.

    Every text may be hostile, and none becomes markup or a link.
    """
    return page(document, evidence, results_hash(document))


def results_hash(document: Json) -> str:
    """SHA-256 of the file results.json."""
    summed = hashlib.sha256()
    for piece in json_pieces(document):
        summed.update(piece.encode())
    return summed.hexdigest()


def page(
    document: Json, evidence: Json, results_sha256: str, *, way: Json | None = None, key: str | None = None
) -> str:
    """The page of the whole document, or of one target's part of it.

    That one has its `key`, and a `way` to the other pages: names of files `fleet`, `previous` and `next`, and the `number`
    of targets.
    """
    comparison = document["comparison"]
    book = Guide(guide())
    changes = {_key(change): change["change"] for change in (comparison or {}).get("changes", ())}
    register = {
        (reading["target"], reading["id"]): _reading(reading) for reading in evidence.get("readings", ())
    }
    ordered = book.worst_first(document["results"])
    worst = {(result["target"], result["requirement"]): row_anchor(result) for result in reversed(ordered)}
    own = by_target(ordered)
    graver = {
        _key(cause): why_graver(cause, own.get(cause["target"], ())) for cause in document["root_causes"]
    }
    rows = [_row(result, book, register, changes, worst, graver) for result in ordered]
    anchors = {row["key"]: row["anchor"] for row in rows}
    whole = [(each, each.as_one()) for each in joined(document["root_causes"])]
    told = [
        {
            **cause,
            "anchor": anchors.get(_key(cause)),
            "places": [(own["target"], anchors.get(_key(own))) for own in each.members],
            "seen": each.seen,
            "graver": graver[_key(cause)],
            "about": book.causes.get(cause["cause"]),
            "reach": reach(cause),
            "below": not any(
                at_or_above(document["run"].get("gate", "low"), [{"severity": SEVERITIES[0], **cause}])
            ),
        }
        for each, cause in whole
    ]
    return assembled(
        "audit",
        running=on_each_sheet(document),
        foremost=[told[place] for place in sorted(most_wanted(told)[:3])],
        document=document,
        run=document["run"],
        title=guide()["title"],
        command=command_line(document["run"]["command"]),
        way=way,
        key=key,
        total=len(rows),
        whole=bar(document["counts"], len(rows)),
        cover=headline(document).removesuffix("; SIMULATED"),
        replay=replayed(document["run"]),
        conditional=any(not each.startswith("SIMULATED") for each in conditions(document)),
        accounts=sorted({str(target["account"]) for target in document["targets"] if target["account"]}),
        targets=[
            {
                **_target(target, document["results"]),
                "programs": lines(target, document.get("consumers", [])),
            }
            for target in document["targets"]
        ],
        root_causes=told,
        comparison=_compared(comparison, anchors),
        sections=_sections(rows, book),
        frameworks=_frameworks(rows, book),
        groups=[(status, [row for row in rows if row["status"] == status]) for status in WORST_FIRST],
        severities=SEVERITIES,
        open=OPEN,
        few=FEW,
        register=list(register.values()),
        exceptions=exceptions(document, rows),
        unread=_unread(rows, book),
        merged=document.get("merged"),
        limits=limits(document),
        results_sha256=results_sha256,
    )


def on_each_sheet(document: Json) -> list[str]:
    """Of which run and target a printed sheet is, simulated ones first of all."""
    run, names = document["run"], [target["id"] for target in document["targets"]]
    which = names[0] if len(names) == 1 else f"{len(names)} targets"
    suite = f"{document['suite']['name']} {document['suite']['version']}"
    told = replayed(run)
    return [
        *(["SIMULATED"] if run["simulated"] else []),
        *([told] if told else []),
        which,
        f"run of {run['finished']}",
        suite,
    ]


class Statements(HTMLParser):
    """What a page of `render` says, read back: `results` maps the rows' anchors to statuses; `counts`; `results_sha256`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.results: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.results_sha256 = self.target_key = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "details" and "data-status" in said:
            self.results[said["id"]] = said["data-status"]
        if "data-total" in said:
            self.counts[said["data-total"]] = int(said["data-count"])
        if "data-results-sha256" in said:
            self.results_sha256 = said["data-results-sha256"]
            self.target_key = said.get("data-target-key", "")


def row_anchor(result: Json) -> str:
    """Where a result stands in the page that `render` makes."""
    return anchor("r", *_key(result))


def command_line(command: Sequence[str]) -> str:
    """What was typed: a run of pytest's has its arguments alone."""
    return shlex.join(command if command[:1] in (["bedrock-preflight"], ["python"]) else ["pytest", *command])


def _key(result: Json) -> tuple[str, str | None, str]:
    return result["requirement"], result["case"], result["target"]


class Guide:
    """The guide's words for what results name by ID. A result of another version's guide may name what it has not."""

    def __init__(self, info: Json) -> None:
        self.sections: dict[str, Json] = {section["id"]: section for section in info["sections"]}
        self.requirements: dict[str, Json] = {entry["id"]: entry for entry in info["requirements"]}
        self.causes: dict[str | None, Json] = {cause["code"]: cause for cause in info["causes"]}
        self._order = {identifier: number for number, identifier in enumerate(self.requirements)}

    def worst_first(self, results: Iterable[Json]) -> list[Json]:
        return sorted(
            results,
            key=lambda r: (
                WORST_FIRST.index(r["status"]),
                SEVERITIES.index(r["severity"]),
                self._order.get(r["requirement"], len(self._order)),
                r["target"],
            ),
        )

    def in_order(self, identifiers: Iterable[str]) -> list[str]:
        """Each requirement once, as the guide has them."""
        return sorted(
            set(identifiers),
            key=lambda identifier: (self._order.get(identifier, len(self._order)), identifier),
        )


def _row(
    result: Json,
    guide: Guide,
    register: Mapping[tuple[str, str], dict[str, Any]],
    changes: Mapping[Any, str],
    worst: Mapping[tuple[str, str], str],
    graver: Mapping[Any, str],
) -> dict[str, Any]:
    key = _key(result)
    read = [(result["target"], name) for name in result["evidence"]]
    behind = result.get("explained_by") or result["blocked_by"]
    return {
        **result,
        "key": key,
        "anchor": row_anchor(result),
        "href": f"#{row_anchor(result)}",
        "guide": guide.requirements.get(result["requirement"]),
        "about": guide.causes.get(result["cause"]),
        "change": changes.get(key),
        "graver": graver.get(key, ""),
        "behind": worst.get((result["target"], behind)) if behind else None,
        "open": result["status"] in OPEN,
        "controls": served(result["requirement"]),
        "readings": [register[place] for place in read if place in register],
        "elsewhere": [name for target, name in read if (target, name) not in register],
    }


def _reading(reading: Json) -> dict[str, Any]:
    error = reading.get("error")
    return {
        "anchor": anchor("e", reading["target"], reading["id"]),
        "id": reading["id"],
        "target": reading["target"],
        "call": reading["name"],
        "params": reading["params"],
        "at": reading["at"],
        "action": reading.get("action", ""),
        "region": reading.get("region", ""),
        "by": reading.get("by", ""),
        "request_id": reading.get("request_id"),
        "outcome": error["code"] if error else "answered",
        "failed": bool(error),
        "value": error or reading.get("value"),
    }


def _target(target: Json, results: Iterable[Json]) -> dict[str, Any]:
    own = [result for result in results if result["target"] == target["id"]]
    scopes = []
    for name, verdict in target["scopes"].items():
        within = [result for result in own if result["scope"] == name]
        scopes.append({"name": name, "verdict": verdict, "counts": counts(within), "total": len(within)})
    return {**target, "scopes": scopes, "total": len(own)}


def _sections(rows: Sequence[dict[str, Any]], guide: Guide) -> list[dict[str, Any]]:
    """The guide's sections that have results, each with its counts, its bar and its requirements."""
    order = list(guide.sections)
    named = sorted(
        {row["section"] for row in rows},
        key=lambda name: (order.index(name) if name in order else len(order), name),
    )
    # Bars share one scale: a section of three results must not look like one of thirty.
    largest = max((sum(row["section"] == name for row in rows) for name in named), default=0)
    sections = []
    for name in named:
        own = [row for row in rows if row["section"] == name]
        tally = counts(own)
        requirements = []
        for identifier in guide.in_order(row["requirement"] for row in own):
            of_it = [row for row in own if row["requirement"] == identifier]
            known = guide.requirements.get(identifier)
            statement = known["statement"] if known else of_it[0]["title"]
            requirements.append({"id": identifier, "statement": statement, "worst": of_it[0], "rows": of_it})
        sections.append(
            {
                "id": name,
                "title": guide.sections[name]["title"] if name in guide.sections else "",
                "scope": own[0]["scope"],
                "counts": tally,
                "total": len(own),
                "first": {
                    status: next(row["anchor"] for row in own if row["status"] == status)
                    for status in tally
                    if tally[status]
                },
                "bar": bar(tally, largest),
                "requirements": requirements,
            }
        )
    return sections


def _frameworks(rows: Sequence[dict[str, Any]], guide: Guide) -> list[dict[str, Any]]:
    """The frameworks with evidence among the results: each control with the requirements that serve it, and their worst."""
    worst: dict[str, dict[str, Any]] = {}
    for row in rows:
        worst.setdefault(row["requirement"], row)
    found = []
    for framework in frameworks().values():
        controls = [
            {**asdict(control), "rows": [worst[name] for name in guide.in_order(served)]}
            for control in framework.control
            if (served := set(control.requirements) & worst.keys())
        ]
        if controls:
            found.append({**asdict(framework), "controls": controls})
    return found


def bar(tally: Mapping[str, int], whole: int) -> list[dict[str, Any]]:
    """The segments of a stacked bar, worst first: status, count, and `x` and `width` in percent of `whole`."""
    segments, before = [], 0
    for status in WORST_FIRST:
        if tally[status]:
            x, width = 100 * before / whole, 100 * tally[status] / whole
            segments.append(
                {"status": status, "count": tally[status], "x": f"{x:.3f}%", "width": f"{width:.3f}%"}
            )
            before += tally[status]
    return segments


def _compared(comparison: Json | None, anchors: Mapping[Any, str]) -> dict[str, Any] | None:
    if comparison is None:
        return None
    changes = [{**change, "anchor": anchors.get(_key(change))} for change in comparison["changes"]]
    left = uncompared(comparison)
    kinds = {change["change"] for change in changes}
    return {
        "against": comparison["against"],
        "notices": comparison.get("notices", ()),
        "trend": _trend(comparison.get("trend", ())),
        "left": f"{left} {UNCOMPARED}" if left else "",
        "kinds": [
            (kind, [change for change in changes if change["change"] == kind])
            for kind in [*(kind for kind in CHANGES if kind in kinds), *sorted(kinds - set(CHANGES))]
        ],
    }


def _trend(points: Sequence[Json]) -> list[dict[str, Any]]:
    """The points of the trend in a picture of 600 by 120: `x` and `y`, with `open` and `started`."""
    highest = max((point["open"] for point in points), default=0) or 1
    step = 560 / max(len(points) - 1, 1)
    return [
        {
            **point,
            "at": point.get("finished") or point["started"],
            "x": round(20 + number * step, 1),
            "y": round(100 - 76 * point["open"] / highest, 1),
        }
        for number, point in enumerate(points)
    ]


def exceptions(document: Json, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The register of waivers with the results that each covers; what has none covers nothing any more."""
    entries: dict[str, dict[str, Any]] = {}
    for waiver in (*document.get("waivers", ()), *(row["waiver"] for row in rows if row["waiver"])):
        entry = entries.setdefault(str(waiver.get("id", "")), {"rows": []})
        entry.update(waiver)
    for row in rows:
        if row["waiver"]:
            entries[str(row["waiver"].get("id", ""))]["rows"].append(row)
    texts = (
        "requirement",
        "case",
        "approved_on",
        "expires",
        "requested_by",
        "justification",
        "ticket",
        "warning",
    )
    return [
        {
            **{text: str(entry.get(text) or "") for text in texts},
            "id": name,
            "rows": entry["rows"],
            "approver": str(entry.get("approved_by") or "not named"),
            "days_left": entry.get("days_left", ""),
            "idle": IDLE.get(entry.get("state", "used" if entry["rows"] else "stale"), ""),
        }
        for name, entry in entries.items()
    ]


def _unread(rows: Sequence[dict[str, Any]], guide: Guide) -> dict[str, Any]:
    """What has no verdict, grouped by what explains it, and what of the guide was not selected."""

    def grouped(status: str, *keys: str) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows:
            if row["status"] == status:
                groups.setdefault(tuple(row[key] for key in keys), []).append(row)
        return [{**dict(zip(keys, values, strict=True)), "rows": own} for values, own in groups.items()]

    inconclusive = grouped("inconclusive", "reason")
    for group in inconclusive:
        group["actions"] = sorted({action for row in group["rows"] for action in row["missing_actions"]})
    titles = {row["anchor"]: row["title"] for row in rows}
    blocked = grouped("blocked", "target", "blocked_by", "behind")
    for group in blocked:
        group["behind_title"] = titles.get(group["behind"], "")
    return {
        "inconclusive": inconclusive,
        "blocked": blocked,
        "not_applicable": grouped("not_applicable", "reason"),
        "not_selected": guide.in_order(set(guide.requirements) - {row["requirement"] for row in rows}),
    }


def limits(document: Json) -> list[str]:
    """What the method does not prove, what this very run cannot show first."""
    run, of_run = document["run"], []
    if run["simulated"]:
        of_run.append("This run is SIMULATED: it says nothing about any real machine or account.")
    if run["backend"] == "replay":
        of_run.append(
            "This run judged recorded evidence: it is as old as that, and as true as the file it came from."
        )
    return [*of_run, *LIMITS]


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its counts, its results and the hash that it prints."""
    said = Statements(text)
    if said.counts != document["counts"]:
        yield "its counts are not those of results.json"
    shown = {row_anchor(row): row["status"] for row in document["results"]}
    if said.results != shown:
        yield "the results that it shows are not those of results.json"
    if said.results_sha256 != results_hash(document):
        yield "the hash that it prints is not that of results.json"


FORMATS = (
    Format(
        "audit.html",
        "the auditor's report: one file that loads nothing",
        read_back,
        render,
        suits=lambda document: len(document["targets"]) <= MOST_TARGETS,
    ),
)
