"""evidence.json: what was observed, redacted. `--snapshot` takes it to judge the run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reports.artifacts import json_pieces
from reports.formats import Document, Format


def render(document: Document, evidence: Document) -> Iterator[str]:
    """The evidence itself."""
    return json_pieces(evidence)


def read_back(text: str, document: Document, evidence: Document) -> Iterator[str]:
    """Whether its readings have a name each, and belong to a target of the run."""
    names = Counter((reading["target"], reading["id"]) for reading in evidence["readings"])
    for (target, name), number in names.items():
        if number > 1:
            yield f"{name} of {target} stands twice"
    targets = {target["id"] for target in document["targets"]}
    for target in dict.fromkeys(reading["target"] for reading in evidence["readings"]):
        if target not in targets:
            yield f"its readings of {target} belong to no target of results.json"


FORMATS = (Format("evidence.json", "what was observed, redacted; --snapshot takes it", read_back, render),)
