"""The pages made from data are in step with it: the requirements, the failure modes, the README's recorded run."""

from __future__ import annotations

from pathlib import Path

from checks.__main__ import failure_modes, update
from checks.catalogue import load
from checks.markdown import requirements_table
from tests.recorded import recorded
from tests.suite import ROOT

README = ROOT / "README.md"


def test_the_page_of_requirements_is_in_step_and_the_readme_leads_to_it() -> None:
    text = (ROOT / "checks" / "requirements.md").read_text(encoding="utf-8")
    assert text == update(text, requirements_table(load())), (
        "run: python -m checks --update checks/requirements.md"
    )
    for page in ("requirements", "failure-modes", "explanations"):
        assert f"(checks/{page}.md)" in README.read_text(encoding="utf-8")


def test_the_page_of_failure_modes_is_in_step() -> None:
    page = (ROOT / "checks" / "failure-modes.md").read_text(encoding="utf-8")
    assert page == failure_modes(), "run: python -m checks --failure-modes checks/failure-modes.md"


def test_every_failure_mode_stands_on_its_page_with_symptom_and_remedy() -> None:
    page = failure_modes()
    for cause in load().causes:
        assert f"### {cause.code} · " in page
        for line in cause.remedy.without_a_run("posix"):
            assert line in page


def test_the_readmes_recorded_run_is_what_really_is_printed(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    now = recorded(text, tmp_path)
    changed = [line for line in now.splitlines() if line not in text.splitlines()]
    assert text == now, f"run: python -m tests.recorded; it says now {changed}"
