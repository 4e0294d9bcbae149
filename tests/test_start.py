"""What a short run does not load: the root cause of a login that is over is said before anything else is wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite import ROOT, outside_aws

RUN = """
import sys
import pytest
code = pytest.main(sys.argv[1:])
print("loaded", int(code), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def last_line(folder: Path, program: str, *arguments: str) -> str:
    """What a process of its own says last that runs pytest in the program."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**outside_aws(), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_a_run_loads_none_of_what_it_has_nothing_of(tmp_path: Path) -> None:
    said = last_line(tmp_path, RUN, str(ROOT / "checks"), "-k", "SSO_03", "--world", "tok02-expired-token")
    _, code, *loaded = said.split()
    assert code == "1"
    assert "botocore" in loaded
    assert "hypothesis" not in loaded


GARBAGE = """
import gc
import sys
import pytest

collects = sys.argv[1] == "True"
if not collects:
    gc.disable()
seen = {}

class Seen:
    def pytest_itemcollected(self):
        seen["collecting"] = gc.isenabled()

    def pytest_runtest_setup(self):
        seen["judging"] = gc.isenabled()

pytest.main(sys.argv[2:], plugins=[Seen()])
print("seen", {**seen, "after": gc.isenabled()})
"""


@pytest.mark.parametrize(
    ("collects", "arguments", "seen"),
    [
        (True, ["-k", "SSO_03"], {"collecting": False, "judging": True, "after": True}),
        (False, ["-k", "SSO_03"], {"collecting": False, "judging": False, "after": False}),
        (True, ["--explain", "TOK02"], {"after": True}),
        (True, ["--world", "nonexistent"], {"after": True}),
    ],
)
def test_garbage_is_looked_for_as_before_once_there_are_checks(
    collects: bool, arguments: list[str], seen: dict[str, bool], tmp_path: Path
) -> None:
    said = last_line(tmp_path, GARBAGE, str(collects), str(ROOT / "checks"), *arguments)
    assert said == f"seen {seen}"
