"""What a short run does not load: the root cause of a login that is over is said before anything else is wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bedrock_preflight import extras
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


@pytest.mark.parametrize(
    ("extra", "needs"), [("simulation", ["moto>=", "werkzeug>="]), ("ocsf", ["py-ocsf-models>="])]
)
@pytest.mark.parametrize("checkout", [True, False])
def test_what_is_missing_is_named_with_its_bounds_wherever_the_suite_came_from(
    extra: str, needs: list[str], checkout: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not checkout:
        told = ["pytest>=9", "Moto<5.3,>=5.2; extra == 'other'"]
        told += [f'{each}1,<9; python_version < "4" and extra == "{extra}"' for each in needs]
        monkeypatch.setattr(extras, "CHECKOUT", tmp_path / "pyproject.toml")
        monkeypatch.setattr(extras, "requires", lambda name: told)
    found = extras.libraries(extra)
    assert [each.startswith(start) for each, start in zip(found, needs, strict=True)] == [True] * len(needs)
    assert not any(";" in each for each in found)
    monkeypatch.setattr(extras, "find_spec", lambda name: name)
    wanted = " ".join(f'"{each}"' for each in found)
    assert extras.install(extra) == f"{sys.executable} -m pip install {wanted}"
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert extras.install(extra) == f"uv pip install --python {sys.executable} {wanted}"
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / "pipx_metadata.json").touch()
    assert extras.install(extra) == f"pipx inject bedrock-preflight {wanted}"
