"""Does a report hold together? Everything in it is worked out again from results.json and evidence.json."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures.backends import replay
from fixtures.text.json_file import JsonError, JsonFile
from reports import compare
from reports.artifacts import CHECKSUMS, encoded, listed_in, read_checksums
from reports.formats import Format, WriterFailed, formats, rendered
from reports.record import suite

Json = Mapping[str, Any]

SCHEMAS = {"results.json": compare.SCHEMA, "evidence.json": replay.SCHEMA}
SHOWN = 5
"""Problems of one kind that are told; the rest are counted."""


class NotAReport(Exception):
    """A folder in which there is no report at all; one line."""


def problems(folder: Path) -> list[str]:
    """What is wrong with the report in the folder, a line each; nothing where it holds together.

    Raises NotAReport where there is neither a results.json nor checksums.
    """
    if not folder.is_dir():
        raise NotAReport(f"{folder}: no such folder")
    if not any((folder / name).is_file() for name in (CHECKSUMS, "results.json")):
        raise NotAReport(f"{folder}: no report: neither results.json nor {CHECKSUMS} is in it")
    return [*checksum_problems(folder), *_contents(folder)]


def checksum_problems(folder: Path) -> Iterator[str]:
    """What of the folder's files is not as SHA256SUMS has it, a line each."""
    try:
        listed = read_checksums((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{CHECKSUMS}: {getattr(error, 'strerror', None) or error}"
        return
    present = _present(folder)
    for name in sorted(set(listed) | present):
        if name not in present:
            yield f"{name}: is missing, and {CHECKSUMS} lists it"
        elif name not in listed:
            yield f"{name}: is not listed in {CHECKSUMS}"
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != listed[name]:
            yield f"{name}: was changed, its hash is not that of {CHECKSUMS}"


def _present(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} - {CHECKSUMS}


def _contents(folder: Path) -> Iterator[str]:
    documents = {}
    for name, schema in SCHEMAS.items():
        try:
            documents[name] = JsonFile.load(folder / name, schema).data
        except JsonError as error:
            yield name + str(error).removeprefix(str(folder / name))
    # What has not the shape of its schema says nothing that could be compared.
    if len(documents) == len(SCHEMAS):
        yield from _files(folder, documents["results.json"], documents["evidence.json"])


def _files(folder: Path, results: Json, evidence: Json) -> Iterator[str]:
    """What each file says, and, where this very version made it, whether it makes it so again."""
    present = _present(folder)
    same = results["suite"] == suite()
    for each in formats():
        right = []
        for name in sorted(filter(each.has, present)):
            told = list(_read_back(each, folder / name, results, evidence))
            yield from _some(f"{name}: {problem}" for problem in told)
            right += [] if told else [name]
        if same:
            yield from _some(_made_again(each, folder, right, results, evidence))
    for name in sorted(present & set(listed_in(folder))):
        if same and not any(each.has(name) for each in formats()):
            yield f"{name}: is of no format of this version, so that nobody can tell what it should say"


def content_problems(folder: Path, results: Json, evidence: Json, names: Sequence[str]) -> Iterator[str]:
    """What those of the folder's files say otherwise than the two documents, a line each; none is made again."""
    for each in formats():
        for name in filter(each.has, names):
            if (folder / name).is_file():
                yield from _some(
                    f"{name}: {problem}" for problem in _read_back(each, folder / name, results, evidence)
                )


def _read_back(each: Format, file: Path, results: Json, evidence: Json) -> Iterator[str]:
    try:
        yield from each.read_back(file.read_bytes().decode("utf-8", "replace"), results, evidence)
    # The XML parser's ParseError is a SyntaxError; a forged file may be of any form.
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError) as error:
        yield f"cannot be read ({type(error).__name__}: {error})"


def _made_again(
    each: Format, folder: Path, right: Sequence[str], results: Json, evidence: Json
) -> Iterator[str]:
    """Of the files that say what they should, those that are written otherwise; and those that should be there."""
    # It was not asked for: what is optional may be missing.
    if each.option and not right:
        return
    known = {*_present(folder), *listed_in(folder)}
    try:
        for name, text in rendered(each, results, evidence):
            if name not in known:
                yield f"{name}: is missing, and every report of this kind has it"
            elif name in right and (folder / name).read_bytes() != encoded("".join(text)):
                yield f"{name}: is not what results.json and evidence.json make"
    except WriterFailed as failure:
        # An extra that is not installed here says nothing against the report.
        if not isinstance(failure.__cause__, ImportError):
            yield str(failure)


def _some(found: Iterator[str]) -> Iterator[str]:
    """The first problems, and how many more there are."""
    told = 0
    for told, problem in enumerate(found, 1):
        if told <= SHOWN:
            yield re.sub(r"\s+", " ", problem)
    if told > SHOWN:
        yield f"and {told - SHOWN} more of this kind"
