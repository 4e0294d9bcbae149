"""results.json: the run as data. Everything else is made from it and from evidence.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reports.artifacts import json_pieces
from reports.formats import Document, Format, named
from reports.results import by_target, counts, overall, verdict


def render(document: Document, evidence: Document) -> Iterator[str]:
    """The document itself."""
    return json_pieces(document)


def read_back(text: str, document: Document, evidence: Document) -> Iterator[str]:
    """Whether it is of one mind with itself and with evidence.json."""
    selected = document["run"].get("selected", {}).get("requirements")
    present = len({row["requirement"] for row in document["results"]})
    if selected not in (None, present):
        yield f"{selected} requirements were selected, and there are results for {present}"
    yield from _verdicts(document)
    yield from _results(document, evidence)


def _verdicts(document: Document) -> Iterator[str]:
    rows, gate = document["results"], document["run"]["gate"]
    if counts(rows) != document["counts"]:
        yield "counts are not those of its results"
    merged = document["merged"] or {}
    missing = [*merged.get("missing", ()), *(shard["folder"] for shard in merged.get("damaged", ()))]
    if overall(rows, gate, missing) != document["verdict"]:
        yield f"the verdict is {overall(rows, gate, missing)} by its results, and it says {document['verdict']}"
    results_of = by_target(rows)
    for target in document["targets"]:
        own = results_of.get(target["id"], [])
        scopes = {
            scope: verdict([r for r in own if r["scope"] == scope], gate)
            for scope in {r["scope"] for r in own}
        }
        if verdict(own, gate) != target["verdict"] or scopes != target["scopes"]:
            yield f"the verdict for {target['id']} is not that of its results"


def _results(document: Document, evidence: Document) -> Iterator[str]:
    rows = document["results"]
    keys = Counter((row["requirement"], row["case"], row["target"]) for row in rows)
    for key in (key for key, number in keys.items() if number > 1):
        yield f"{' '.join(filter(None, key))} stands twice"
    targets = {target["id"] for target in document["targets"]}
    register = {waiver["id"] for waiver in document["waivers"]}
    readings = {(reading["target"], reading["id"]) for reading in evidence["readings"]}
    for row in rows:
        if row["target"] not in targets:
            yield f"{named(row)} is of a target that is not listed"
        if row["waiver"] and row["waiver"]["id"] not in register:
            yield f"{named(row)} is waived by {row['waiver']['id']}, which is not in the register"
        for reading in row["evidence"]:
            if (row["target"], reading) not in readings:
                yield f"{named(row)} rests on {reading}, which is not in evidence.json"


FORMATS = (Format("results.json", "the run as data", read_back, render),)
