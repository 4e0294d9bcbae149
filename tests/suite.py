"""Running the suite as its users do: pytest in a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What a run left: exit code, terminal text, report folder."""

    code: int
    text: str
    reports: Path

    def json(self, name: str = "results.json") -> Any:
        """An artifact of the run."""
        return json.loads((self.reports / name).read_text(encoding="utf-8"))

    @property
    def summary(self) -> str:
        """The suite's own part of the terminal text."""
        _, _, summary = self.text.partition(" bedrock preflight ==")
        return summary


def run_suite(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, checks: str = "checks"
) -> Ran:
    """`pytest checks/ ARGUMENTS` from `folder`, reports in its `reports/latest`."""
    done = subprocess.run(
        # Who runs the suite has no Hypothesis, whose plugin takes half a second of each run.
        [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", str(ROOT / checks), *arguments],
        cwd=folder,
        env={"COLUMNS": "120", **(environ if environ is not None else outside_aws())},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, folder / "reports" / "latest")


def outside_aws() -> dict[str, str]:
    """This process's environment without what AWS's SDKs read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
