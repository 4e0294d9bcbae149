"""Where the suite is started oddly, it answers all the same, in one line where it cannot run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite import ROOT, outside_aws

ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def said(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**outside_aws(), "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", [["pytest", str(ROOT / "checks")], ["bedrock_preflight"]])
def test_worlds_are_listed_in_a_locale_without_an_encoding(tmp_path: Path, command: list[str]) -> None:
    ran = said(tmp_path, *command, "--list-worlds", **ASCII)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "The profile Jos\\xe9 is read in a Windows code page" in ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder that somebody is in")
def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"rmdir {gone}; exec {sys.executable} -m bedrock_preflight --list-worlds"
    ran = subprocess.run(
        ["sh", "-c", script],
        cwd=gone,
        env={**outside_aws(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout) == (4, "")
    assert (
        ran.stderr
        == "ERROR: bedrock-preflight: this folder has been deleted; change into one that is there\n"
    )
