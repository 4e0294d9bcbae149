"""target-*.html: the auditor's report of each of several targets, a page each, which lead to each other and to fleet.html."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from fixtures.late import dataclass
from reports.formats import Format
from reports.formats.audit import Statements, page, results_hash, row_anchor
from reports.page import anchor
from reports.results import by_target, counts

Json = Mapping[str, Any]


def names(document: Json) -> dict[str, str]:
    """The file of each target's page, by the target's ID: `target-007-msh-us-east-1.html`."""
    targets = document["targets"]
    digits = max(3, len(str(len(targets))))
    return {
        target["id"]: f"target-{number:0{digits}}-{_plain(target['id'])}.html"
        for number, target in enumerate(targets, 1)
    }


def _plain(text: str) -> str:
    """The text as a part of a file's name on any system."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[:60].strip("-") or "x"


def key_of_target(target: str) -> str:
    """What a page and a row of the matrix say of which target they are."""
    return anchor("t", target)


def render(document: Json, evidence: Json) -> Iterator[tuple[str, str]]:
    """The pages, with their names."""
    files, sha256 = names(document), results_hash(document)
    rows, readings = by_target(document["results"]), by_target(evidence["readings"])
    causes = by_target(document["root_causes"])
    changes = by_target((document["comparison"] or {"changes": ()})["changes"])
    order = list(files.values())
    for number, target in enumerate(document["targets"]):
        name = target["id"]
        own, read = rows.get(name, []), readings.get(name, [])
        part = {
            **document,
            "run": {**document["run"], "api_calls": sum(":" in reading["name"] for reading in read)},
            "targets": [target],
            "verdict": target["verdict"],
            "counts": counts(own),
            "results": own,
            "root_causes": causes.get(name, []),
            "waivers": [w for w in document["waivers"] if name in {c["target"] for c in w["covers"]}],
            "comparison": _compared(document["comparison"], changes.get(name, [])),
            "merged": _joined(document["merged"], name),
        }
        way = {
            "fleet": "fleet.html",
            "number": len(order),
            "previous": order[number - 1] if number else None,
            "next": order[number + 1] if number + 1 < len(order) else None,
        }
        told = {**evidence, "readings": read}
        yield files[name], page(part, told, sha256, way=way, key=key_of_target(name))


def _compared(comparison: Json | None, changes: Sequence[Json]) -> Json | None:
    """The comparison as far as it is about the target; a trend is the whole run's."""
    return None if comparison is None else {**comparison, "changes": changes, "trend": []}


def _joined(merged: Json | None, target: str) -> Json | None:
    """Which of the joined runs the target is from."""
    if merged is None:
        return None
    shards = [shard for shard in merged["shards"] if target in shard["targets"]]
    return {**merged, "shards": shards, "missing": [], "unexpected": [], "damaged": []}


@dataclass
class _Known:
    """What the pages of the document that was read back last have to say: a thousand pages ask for it."""

    document: Json | None = None
    sha256: str = ""
    rows: Mapping[str, Sequence[Json]] = field(default_factory=dict)

    def of(self, document: Json) -> _Known:
        if document is not self.document:
            self.document, self.sha256 = document, results_hash(document)
            self.rows = {key_of_target(name): rows for name, rows in by_target(document["results"]).items()}
        return self


_KNOWN = _Known()


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its counts, its results and the hash that it prints."""
    said, known = Statements(text), _KNOWN.of(document)
    rows = known.rows.get(said.target_key, ())
    if not rows:
        yield "it is of no target of results.json"
    if said.counts != counts(rows):
        yield "its counts are not those of results.json"
    if said.results != {row_anchor(row): row["status"] for row in rows}:
        yield "the results that it shows are not those of results.json"
    if said.results_sha256 != known.sha256:
        yield "the hash that it prints is not that of results.json"


FORMATS = (
    Format(
        "target-*.html",
        "where there are several targets: the auditor's report of each",
        read_back,
        render,
        suits=lambda document: len(document["targets"]) > 1,
    ),
)
