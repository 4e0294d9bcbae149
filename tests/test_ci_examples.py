"""The README's examples for CI servers: they parse, gate on the exit code, keep the artifacts, and use options there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml

from reports.formats import formats
from tests.suite import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(language: str, containing: str) -> str:
    """The README's one block of the language with that text in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


@pytest.fixture(scope="module")
def github() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(example("yaml", "runs-on"))["jobs"]["preflight"]["steps"]
    return steps


@pytest.fixture(scope="module")
def gitlab() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(example("yaml", "image:"))["preflight"]
    return job


def test_every_option_of_the_examples_is_one() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"pytest (checks/ --profile ci [^'\n]*)", README)
    assert len(commands) == 3
    for command in commands:
        for word in shlex.split(command):
            assert not word.startswith("-") or re.search(rf"(^|\s){re.escape(word)}[\s,=]", said), word


def test_the_github_job_fails_by_the_exit_code_and_keeps_everything_all_the_same(
    github: list[dict[str, Any]],
) -> None:
    (run,) = [step for step in github if "pytest checks/" in step.get("run", "")]
    assert "continue-on-error" not in run and "||" not in run["run"]
    after = github[github.index(run) + 1 :]
    assert all(step["if"] == "always()" for step in after)
    assert any("summary.md" in step.get("run", "") and "GITHUB_STEP_SUMMARY" in step["run"] for step in after)
    assert any(step.get("with", {}).get("sarif_file") == "reports/latest/results.sarif" for step in after)
    assert any(step.get("with", {}).get("path") == "reports/latest" for step in after)


def test_the_gitlab_job_keeps_the_folder_and_shows_the_test_cases(gitlab: dict[str, Any]) -> None:
    assert gitlab["artifacts"]["when"] == "always"
    assert gitlab["artifacts"]["paths"] == ["reports/latest"]
    assert gitlab["artifacts"]["reports"]["junit"] == "reports/latest/junit.xml"
    assert gitlab["allow_failure"] == {"exit_codes": 6}
    assert gitlab["script"][-1].startswith("pytest checks/")


def test_the_jenkins_pipeline_tells_incomplete_from_failed_and_keeps_everything() -> None:
    text = example("groovy", "pipeline")
    assert text.count("{") == text.count("}")
    assert "returnStatus: true" in text
    assert re.search(r"code == 6\) \{ unstable\(", text)
    assert re.search(r"code != 0\) \{ error\(", text)
    assert "archiveArtifacts artifacts: 'reports/latest/**'" in text.partition("always")[2]


def test_the_files_that_the_examples_name_are_artifacts() -> None:
    made = {each.name for each in formats()}
    for name in re.findall(
        r"reports/latest/([\w.]+)", example("yaml", "runs-on") + example("yaml", "image:")
    ):
        assert name in made
