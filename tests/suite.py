"""Running the suite as its users do: pytest in a process of its own, in a folder of its own."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
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


class _Forks:
    """The process of tests/forked.py, started when it is first needed, and ended with this one."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None
        self._outputs = Path(mkdtemp())
        atexit.register(self._end)

    def run(self, argv: Sequence[str], folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
        """Exit code and text of `python -m pytest ARGV`."""
        if not self._server:
            self._server = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "forked.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        assert self._server.stdin and self._server.stdout
        output = self._outputs / "output"
        order = {"argv": argv, "cwd": str(folder), "environ": dict(environ), "output": str(output)}
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        if not select.select([self._server.stdout], [], [], SECONDS)[0]:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server = None
            raise TimeoutError(f"no end after {SECONDS} s: {' '.join(argv)}\n{output.read_text()}")
        return int(self._server.stdout.readline()), output.read_text(encoding="utf-8", errors="replace")

    def _end(self) -> None:
        if self._server and self._server.stdin:
            self._server.stdin.close()
        shutil.rmtree(self._outputs, ignore_errors=True)


_FORKS = _Forks()


def run_suite(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, checks: str = "checks"
) -> Ran:
    """`pytest checks/ ARGUMENTS` from `folder`, reports in its `reports/latest`."""
    argv = [str(ROOT / checks), *arguments]
    own = {"COLUMNS": "120", **(environ if environ is not None else outside_aws())}
    if hasattr(os, "fork") and _interpreter(own) == _interpreter(os.environ):
        return Ran(*_FORKS.run(argv, folder, own), folder / "reports" / "latest")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *argv],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, folder / "reports" / "latest")


def _interpreter(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter heeds when it starts, and not afterwards."""
    return {name: value for name, value in environ.items() if name.startswith(("PYTHON", "LC_", "LANG"))}


def outside_aws() -> dict[str, str]:
    """This process's environment without what AWS's SDKs read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
