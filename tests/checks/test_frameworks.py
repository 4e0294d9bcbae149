"""Frameworks: data that holds together, and a selection by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks import frameworks
from checks.catalogue import load
from checks.entries import CatalogueError
from checks.explain import explained
from fixtures.text.toml_file import TomlError
from tests.suite import ROOT, run_suite


def test_every_control_stands_once_and_every_framework_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("### By framework")[2].partition("\n### ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == list(frameworks.frameworks())
    for framework in frameworks.frameworks().values():
        ids = [control.id for control in framework.control]
        assert len(ids) == len(set(ids))


def test_what_the_frameworks_are_about_the_workstation_is_not() -> None:
    """A laptop's files are evidence for nobody's controls: no control of these frameworks asks about them."""
    scopes = {requirement.id: requirement.scope for requirement in load()}
    for name in frameworks.frameworks():
        assert {scopes[requirement] for requirement in frameworks.selected([name])} == {"enterprise"}


def test_selection_joins_frameworks_and_knows_their_names() -> None:
    both = frameworks.selected(["eu-ai-act", "nist-ai-rmf"])
    assert both == frameworks.selected(["eu-ai-act"]) | frameworks.selected(["nist-ai-rmf"])
    assert {"LOG-08", "LOG-09", "MON-06"} <= both and "NET-01" not in both
    with pytest.raises(CatalogueError, match=r"no framework is called 'nist'; did you mean 'nist-"):
        frameworks.selected(["nist"])


def test_a_control_about_nothing_that_there_is_is_refused_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "frameworks.toml"
    file.write_text(
        frameworks.FILE.read_text(encoding="utf-8").replace('["LOG-09"]', '["LOG-99"]', 1), encoding="utf-8"
    )
    monkeypatch.setattr(frameworks, "FILE", file)
    with pytest.raises(TomlError, match=r"requirements: no requirement is called 'LOG-99'"):
        frameworks.frameworks.__wrapped__()


def test_a_requirement_says_what_it_is_evidence_for() -> None:
    page = " ".join(explained(load(), "LOG-09", "linux", "msh").split())
    assert "evidence for" in page and "Art. 26(6): Deployers keep automatically generated logs" in page
    assert "evidence for" not in explained(load(), "SSO-03", "linux", "msh")


def test_a_run_judges_what_is_evidence_for_the_framework_and_nothing_else(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--framework", "eu-ai-act", "-q")
    assert ran.code == 0, ran.text
    found = {row["requirement"] for row in ran.json()["results"]}
    assert found == frameworks.selected(["eu-ai-act"])
    assert ran.json()["run"]["selected"]["requirements"] == len(found)
    wrong = run_suite(tmp_path, "--framework", "eu-ai", "-q")
    assert wrong.code == 4
    assert "ERROR: --framework: no framework is called 'eu-ai'; did you mean 'eu-ai-act'?" in wrong.text
