"""The GitHub Action: its own steps, run as a runner runs them, in an application's folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.suite import ROOT, outside_aws

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="a composite action's steps are bash")


def evaluated(text: str, inputs: Mapping[str, str]) -> str:
    """The text with its `${{ … }}`: an input, the action's folder, or `a != '' && 'b' || c` of these."""

    def value(match: re.Match[str]) -> str:
        expression = match[1].strip()
        choice = re.fullmatch(r"inputs\.(\S+) != '' && '(\w+)' \|\| inputs\.(\S+)", expression)
        if choice:
            return choice[2] if inputs[choice[1]] else inputs[choice[3]]
        return str(ROOT) if expression == "github.action_path" else inputs[expression.removeprefix("inputs.")]

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


class Runner:
    """Runs steps, with the files through which they talk to each other and to the job."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.temporary, self.workspace = folder / "temporary", folder / "workspace"
        self.temporary.mkdir()
        self.workspace.mkdir()
        self.inputs = {name: spec["default"] for name, spec in ACTION["inputs"].items()} | given
        self.files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {
            **outside_aws(),
            "PATH": python,
            "RUNNER_TEMP": str(self.temporary),
            "HOME": str(folder),
        }
        self.environ |= {name: str(file) for name, file in self.files.items()}

    def said(self, name: str) -> dict[str, str]:
        """What the steps wrote to the file so far, by key."""
        lines = self.files[name].read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def run(self, step: str, **environ: str) -> subprocess.CompletedProcess[str]:
        spec = STEPS[step]
        own = {name: evaluated(value, self.inputs) for name, value in spec.get("env", {}).items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", spec["run"]],
            cwd=self.workspace,
            env={**self.environ, **self.said("GITHUB_ENV"), **own, **environ},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def test_every_step_keeps_inputs_out_of_its_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "run" in step:
            assert step["shell"] == "bash"
            assert subprocess.run(["bash", "-n", "-c", step["run"]], check=False).returncode == 0


def test_the_reports_are_kept_whatever_the_verdict() -> None:
    keep = STEPS["Keep the reports"]
    assert keep["if"].startswith("always()")
    assert keep["with"]["path"] == "${{ inputs.report-dir }}"


def test_its_steps_install_judge_and_tell(tmp_path: Path) -> None:
    """Dependencies come from the environment of the tests, in the place of an index."""
    runner = Runner(
        tmp_path,
        scope="workstation",
        options='--world tok02-expired-token -k "SSO-03 or SSO-06"',
        gate="high",
    )
    (runner.workspace / "conftest.py").write_text("raise SystemExit('the application')\n")
    here = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    installed = runner.run("Install", PIP_NO_BUILD_ISOLATION="false", **here)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    judged = runner.run("Judge", **here)
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "aws sso login --profile msh" in judged.stdout
    told = runner.said("GITHUB_OUTPUT")
    assert (told["exit-code"], told["verdict"]) == ("1", "non_compliant")
    results = json.loads((runner.workspace / "reports/latest/results.json").read_text(encoding="utf-8"))
    assert json.loads(told["counts"]) == results["counts"]
    assert (results["run"]["environment"], results["run"]["gate"]) == ("ci", "high")
    assert "SSO-03" in runner.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")

    runner.inputs |= {"options": "--world tok2", "report-dir": "elsewhere"}
    runner.files["GITHUB_OUTPUT"].write_text("")
    refused = runner.run("Judge", **here)
    assert refused.returncode == 4
    assert runner.said("GITHUB_OUTPUT") == {"exit-code": "4"}


class Tokens(BaseHTTPRequestHandler):
    """GitHub's endpoint for a job's token."""

    def do_GET(self) -> None:
        asked = self.path.endswith("&audience=sts.amazonaws.com")
        allowed = self.headers["Authorization"] == "bearer of-the-job"
        self.send_response(200 if asked and allowed else 403)
        self.end_headers()
        self.wfile.write(b'{"value": "the-token"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tokens() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token?version=2"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the step calls curl")
def test_a_role_becomes_a_profile_that_botocore_reads(tmp_path: Path, tokens: str) -> None:
    role = "arn:aws:iam::210987654321:role/preflight"
    runner = Runner(tmp_path, role=role, region="eu-west-1")
    python = {"PREFLIGHT": sysconfig.get_path("scripts")}
    asked = {"ACTIONS_ID_TOKEN_REQUEST_URL": tokens, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
    made = runner.run("Make a profile of the role", **python, **asked)
    assert made.returncode == 0, made.stderr
    assert "the-token" not in made.stdout + made.stderr
    from botocore.session import Session

    session = Session()
    session.set_config_variable("config_file", runner.said("GITHUB_ENV")["AWS_CONFIG_FILE"])
    profile = session.full_config["profiles"]["preflight"]
    token = Path(profile["web_identity_token_file"])
    assert (profile["role_arn"], profile["region"]) == (role, "eu-west-1")
    assert token.read_text(encoding="utf-8") == "the-token"
    if os.name != "nt":
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert evaluated(STEPS["Judge"]["env"]["PROFILE"], runner.inputs) == "preflight"


def test_a_role_without_the_right_to_a_token_is_one_line(tmp_path: Path) -> None:
    runner = Runner(tmp_path, role="arn:aws:iam::210987654321:role/preflight", region="eu-west-1")
    refused = runner.run("Make a profile of the role", PREFLIGHT=sysconfig.get_path("scripts"))
    assert refused.returncode == 4
    assert refused.stdout == "::error::role needs permissions: id-token: write\n"
