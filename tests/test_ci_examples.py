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
    steps: list[dict[str, Any]] = yaml.safe_load(example("yaml", "id: preflight"))["jobs"]["preflight"][
        "steps"
    ]
    return steps


@pytest.fixture(scope="module")
def gitlab() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(example("yaml", "id_tokens:"))["preflight"]
    return job


def test_every_option_of_the_examples_is_one() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"bedrock-preflight (--profile ci [^'\n]*)", README)
    assert len(commands) == 2
    for command in commands:
        for word in shlex.split(command):
            assert not word.startswith("-") or re.search(rf"(^|\s){re.escape(word)}[\s,=]", said), word


def test_the_github_job_takes_inputs_and_outputs_that_the_action_has(github: list[dict[str, Any]]) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (run,) = [step for step in github if "/bedrock-preflight@" in step.get("uses", "")]
    assert set(run["with"]) <= set(action["inputs"])
    assert "continue-on-error" not in run
    (after,) = github[github.index(run) + 1 :]
    output = re.fullmatch(rf"always\(\) && steps\.{run['id']}\.outputs\.([\w-]+) == 'true'", after["if"])
    assert output and output[1] in action["outputs"]
    assert after["with"]["sarif_file"] == f"{action['inputs']['report-dir']['default']}/results.sarif"


def test_the_gitlab_job_keeps_the_folder_and_shows_the_test_cases(gitlab: dict[str, Any]) -> None:
    assert gitlab["artifacts"]["when"] == "always"
    assert gitlab["artifacts"]["paths"] == ["reports/latest"]
    assert gitlab["artifacts"]["reports"]["junit"] == "reports/latest/junit.xml"
    assert gitlab["allow_failure"] == {"exit_codes": 6}
    assert gitlab["script"][-1].startswith("bedrock-preflight --profile ci")


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
        r"reports/latest/([\w.]+)", example("yaml", "id: preflight") + example("yaml", "id_tokens:")
    ):
        assert name in made
