"""Does a report hold together? Everything in it is worked out again from results.json and evidence.json."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from reports import audit, html, junit, sarif, summary
from reports.artifacts import CHECKSUMS, json_text, read_checksums
from reports.formats import FORMATS, WriterFailed, rendered
from reports.record import suite
from reports.results import by_target, counts, overall, verdict

Json = Mapping[str, Any]

SCHEMA = Path(__file__).parent / "results.schema.json"
SHOWN = 5
"""Problems of one kind that are told; the rest are counted."""


def problems(folder: Path) -> list[str]:
    """What is wrong with the report in the folder, a line each; nothing where it holds together."""
    return [*_checksums(folder), *_contents(folder)]


def _checksums(folder: Path) -> Iterator[str]:
    file = folder / CHECKSUMS
    try:
        listed = read_checksums(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{CHECKSUMS}: {getattr(error, 'strerror', None) or error}"
        return
    present = {entry.name for entry in folder.iterdir()} - {CHECKSUMS}
    for name in sorted(set(listed) | present):
        if name not in present:
            yield f"{name}: is missing, and {CHECKSUMS} lists it"
        elif name not in listed:
            yield f"{name}: is not listed in {CHECKSUMS}"
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != listed[name]:
            yield f"{name}: was changed, its hash is not that of {CHECKSUMS}"


def _contents(folder: Path) -> Iterator[str]:
    documents = {}
    for name in ("results.json", "evidence.json"):
        try:
            documents[name] = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            yield f"{name}: {getattr(error, 'strerror', None) or error}"
    if len(documents) < 2:
        return
    results, evidence = documents["results.json"], documents["evidence.json"]
    wrong = list(_schema(results))
    yield from wrong
    # What has not the shape of results.json says nothing that could be compared.
    if not wrong:
        yield from _some(_consistency(results, evidence))
        yield from _pages(folder, results, evidence)


def _schema(results: Json) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    errors = sorted(
        validator.iter_errors(results), key=lambda error: [str(part) for part in error.absolute_path]
    )
    yield from _some(f"results.json: {error.json_path}: {error.message[:200]}" for error in errors)


def _consistency(results: Json, evidence: Json) -> Iterator[str]:
    """results.json with itself and with evidence.json."""
    rows, gate = results["results"], results["run"]["gate"]
    if counts(rows) != results["counts"]:
        yield "results.json: counts are not those of its results"
    missing = (results["merged"] or {"missing": ()})["missing"]
    if overall(rows, gate, missing) != results["verdict"]:
        yield f"results.json: the verdict is {overall(rows, gate, missing)} by its results, and it says {results['verdict']}"
    targets = {target["id"]: target for target in results["targets"]}
    found = by_target(rows)
    for name, target in targets.items():
        own = found.get(name, [])
        scopes = {
            scope: verdict([r for r in own if r["scope"] == scope], gate)
            for scope in {r["scope"] for r in own}
        }
        if verdict(own, gate) != target["verdict"] or scopes != target["scopes"]:
            yield f"results.json: the verdict for {name} is not that of its results"
    keys = Counter((row["requirement"], row["case"], row["target"]) for row in rows)
    for key in (key for key, number in keys.items() if number > 1):
        yield f"results.json: {' '.join(filter(None, key))} stands twice"
    register = {waiver["id"] for waiver in results["waivers"]}
    known = {(reading["target"], reading["id"]) for reading in evidence["readings"]}
    for row in rows:
        name = " ".join(filter(None, (row["requirement"], row["case"], row["target"])))
        if row["target"] not in targets:
            yield f"results.json: {name} is of a target that is not listed"
        if row["waiver"] and row["waiver"]["id"] not in register:
            yield f"results.json: {name} is waived by {row['waiver']['id']}, which is not in the register"
        for reading in row["evidence"]:
            if (row["target"], reading) not in known:
                yield f"results.json: {name} rests on {reading}, which is not in evidence.json"


def _pages(folder: Path, results: Json, evidence: Json) -> Iterator[str]:
    """What each page says, and, where this very version made them, whether it makes them so again."""
    same = results["suite"] == suite()
    for name, says in _READ_BACK.items():
        file = folder / name
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        try:
            found = list(says(text, results))
        except (ValueError, KeyError, TypeError, ElementTree.ParseError) as error:
            found = [f"cannot be read ({type(error).__name__}: {error})"]
        if not found and same:
            found = list(_made_again(name, text, results, evidence))
        yield from _some(f"{name}: {each}" for each in found)


def _made_again(name: str, text: str, results: Json, evidence: Json) -> Iterator[str]:
    for each in FORMATS:
        if each.name == name:
            try:
                if rendered(each, results, evidence) != text:
                    yield "is not what results.json and evidence.json make"
            except WriterFailed as failure:
                if not isinstance(failure.__cause__, ImportError):
                    yield str(failure)


def _audit(text: str, results: Json) -> Iterator[str]:
    said = audit.Statements(text)
    if said.counts != results["counts"]:
        yield "its counts are not those of results.json"
    shown = {audit.row_anchor(row): row["status"] for row in results["results"]}
    if said.results != shown:
        yield "the results that it shows are not those of results.json"
    if said.results_sha256 != hashlib.sha256(json_text(results).encode()).hexdigest():
        yield "the hash that it prints is not that of results.json"


def _html(text: str, results: Json) -> Iterator[str]:
    expected = {row["check"]: [html.OUTCOMES[row["status"]]] for row in results["results"]}
    if html.outcomes(text) != expected:
        yield "its rows are not the results of results.json"


def _junit(text: str, results: Json) -> Iterator[str]:
    expected = {
        junit.case_name(row): row["status"] if row["status"] in junit.ELEMENTS else None
        for row in results["results"]
    }
    if junit.statuses(text) != expected:
        yield "its test cases are not the results of results.json"


def _summary(text: str, results: Json) -> Iterator[str]:
    if summary.counts_line(results) not in text:
        yield "its counts are not those of results.json"


def _sarif(text: str, results: Json) -> Iterator[str]:
    said = [
        row["partialFingerprints"]["resultKey/v1"]
        for run in json.loads(text)["runs"]
        for row in run["results"]
    ]
    failures = (row for row in results["results"] if row["status"] == "non_compliant")
    if sorted(said) != sorted(sarif.fingerprint(r["requirement"], r["case"], r["target"]) for r in failures):
        yield "its results are not the active failures of results.json"


def _ocsf(text: str, results: Json) -> Iterator[str]:
    said = {finding["finding_info"]["uid"]: finding["status_code"] for finding in json.loads(text)}
    if said != {
        sarif.fingerprint(r["requirement"], r["case"], r["target"]): r["status"] for r in results["results"]
    }:
        yield "its findings are not the results of results.json"


_READ_BACK: dict[str, Callable[[str, Json], Iterator[str]]] = {
    "audit.html": _audit,
    "fleet.html": lambda text, results: iter(()),
    "report.html": _html,
    "junit.xml": _junit,
    "summary.md": _summary,
    "results.sarif": _sarif,
    "results.ocsf.json": _ocsf,
}


def _some(found: Iterator[str]) -> Iterator[str]:
    """The first problems, and how many more there are."""
    told = 0
    for told, problem in enumerate(found, 1):
        if told <= SHOWN:
            yield re.sub(r"\s+", " ", problem)
    if told > SHOWN:
        yield f"and {told - SHOWN} more of this kind"
