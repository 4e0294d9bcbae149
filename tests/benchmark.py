"""Speed and memory as ratios within one run: `python -m tests.benchmark`.

Everything is measured against `python -c "import pytest, boto3, moto"` on the same machine in the same minute; each figure
is the best of several runs. Nothing here is asserted: it is a report.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 5


def best(
    command: Sequence[str], rounds: int = ROUNDS, environ: dict[str, str] | None = None
) -> tuple[float, int]:
    """The command's shortest wall time in seconds and its largest resident memory in MB."""
    seconds, megabytes = float("inf"), 0
    for _ in range(rounds):
        started = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=ROOT, env=environ or os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, _, usage = os.wait4(child.pid, 0)
        seconds = min(seconds, time.perf_counter() - started)
        megabytes = max(megabytes, usage.ru_maxrss // 1024)
    return seconds, megabytes


def simulated(report: Path) -> None:
    """The simulated runs against the bare imports."""
    python = [sys.executable]
    suite = [*python, "-m", "pytest", "--report-dir", str(report)]
    bare, _ = best([*python, "-c", "import pytest, boto3, moto"])
    print(f"bare imports                     {bare:6.2f} s")
    for name, command, limit in (
        ("--collect-only checks/", [*suite, "--collect-only", "checks/"], 3),
        ("checks/ on the compliant world", [*suite, "checks/"], 8),
        ("checks/workstation", [*suite, "checks/workstation"], 8),
        ("checks/ on an expired token", [*suite, "checks/", "--world", "expired-token"], 8),
    ):
        seconds, megabytes = best(command)
        print(f"{name:<32} {seconds:6.2f} s  {seconds / bare:5.1f} x (at most {limit}), {megabytes} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        simulated(Path(folder) / "report")
