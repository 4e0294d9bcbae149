"""junit.xml, as Jenkins' xunit schema has it (family xunit2): a suite for each target, a test case for each result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from fixtures.privacy.unseen import visible
from reports.formats import Format, in_words
from reports.results import by_target

Json = Mapping[str, Any]

ELEMENTS = {
    "non_compliant": "failure",
    "inconclusive": "error",
    "waived": "skipped",
    "blocked": "skipped",
    "not_applicable": "skipped",
}
"""What a status is to a CI server; a compliant result is a test case with nothing in it."""

LONGEST = 20_000
_NO_XML = "[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]"
"""What XML 1.0 does not allow in any form (section 2.2)."""


def render(document: Json, evidence: Json) -> Iterator[str]:
    """The document as XML, suite by suite. Times are left out: they belong to calls, which checks share."""
    whole = {"name": document["suite"]["name"], **_counts(document["results"])}
    del whole["skipped"]  # the schema has it for a single suite only
    opening = ElementTree.tostring(ElementTree.Element("testsuites", whole), encoding="unicode")
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    if not document["targets"]:
        yield f"{opening}\n"
        return
    yield opening.removesuffix(" />") + ">"
    found = by_target(document["results"])
    for target in document["targets"]:
        own = found.get(target["id"], [])
        name = target["id"] + (" (SIMULATED)" if document["run"]["simulated"] else "")
        started = document["run"]["started"].rstrip("Z")
        suite = ElementTree.Element("testsuite", {"name": _text(name), "timestamp": started, **_counts(own)})
        for row in own:
            _case(suite, row)
        ElementTree.indent(suite, " ", level=1)
        yield f"\n {ElementTree.tostring(suite, encoding='unicode')}"
    yield "\n</testsuites>\n"


def _counts(rows: Iterable[Json]) -> dict[str, str]:
    ended = Counter(ELEMENTS.get(row["status"]) for row in rows)
    return {
        "tests": str(ended.total()),
        "failures": str(ended["failure"]),
        "errors": str(ended["error"]),
        "skipped": str(ended["skipped"]),
    }


def case_name(row: Json) -> str:
    """The test case's name: `LOG-08 Model invocation logging is on in the region [msh/us-east-1]`.

    With the target, since CI servers take equal names of two suites for one test; and the same however it ends, so that they
    have one history of it.
    """
    return f"{row['requirement']} {_text(in_words(row))} {_where(row)}"


def _where(row: Json) -> str:
    return _text(f"[{row['target']}{': ' + row['case'] if row['case'] else ''}]")


def _case(suite: ElementTree.Element, row: Json) -> None:
    path = row["check"].partition("::")[0]
    classname = re.sub(r"\.py$", "", path).replace("/", ".")
    case = ElementTree.SubElement(suite, "testcase", {"classname": _text(classname), "name": case_name(row)})
    element = ELEMENTS.get(row["status"])
    if element is None:
        return
    message, lines = _told(row)
    inside = ElementTree.SubElement(case, element, {"type": row["status"], "message": _text(message)})
    inside.text = _text("\n".join(lines))


def _told(row: Json) -> tuple[str, list[str]]:
    if row["status"] in {"non_compliant", "waived"}:
        code = f" {row['cause']}" if row["cause"] else ""
        waived = (
            f"waived until {row['waiver']['expires']} by {row['waiver']['id']}: " if row["waiver"] else ""
        )
        lines = [f"expected  {row['expected']}", f"observed  {row['observed']}"]
        return f"{waived}{row['requirement']}{code}: {row['title']}", lines + [
            f"mend      {r}" for r in row["remedy"]
        ]
    by = f"blocked by {row['blocked_by']}: " if row["blocked_by"] else ""
    needs = [f"needs {', '.join(row['missing_actions'])}"] if row["missing_actions"] else []
    return f"{by}{row['reason']}", [f"{row['requirement']}: {row['title']}", *needs]


def _text(text: str) -> str:
    return re.sub(_NO_XML, "\ufffd", visible(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"))


def statuses(text: str) -> dict[str, str | None]:
    """Read back what junit.xml says: by test case, the status in its element's `type`; None where it passed.

    Raises xml.etree.ElementTree.ParseError where it is no XML.
    """
    said: dict[str, str | None] = {}
    for case in ElementTree.fromstring(text).iter("testcase"):
        inside = next(iter(case), None)
        said[case.attrib["name"]] = None if inside is None else inside.get("type")
    return said


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its test cases, and how each ended."""
    expected = {
        (row["requirement"], _where(row)): row["status"] if row["status"] in ELEMENTS else None
        for row in document["results"]
    }
    # The words between are the guide's, and another version's guide may have others.
    said = {}
    for name, status in statuses(text).items():
        requirement, _, rest = name.partition(" ")
        where = next((key for key in _ends(rest) if (requirement, key) in expected), None)
        if where is None:
            yield f"has {name}, which is not in results.json"
        said[requirement, where] = status
    if said != expected:
        yield "its test cases are not the results of results.json"


def _ends(text: str) -> Iterator[str]:
    """What stands from any bracket on, the last first: cases and words may have brackets themselves."""
    place = text.rfind("[")
    while place >= 0:
        yield text[place:]
        place = text.rfind("[", 0, place)


FORMATS = (Format("junit.xml", "the results for CI servers, after Jenkins' xunit schema", read_back, render),)
