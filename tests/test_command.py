"""The command `bedrock-preflight`, from a wheel that is installed, in folders that know nothing of the suite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.recorded import README
from tests.suite import ROOT, Ran, outside_aws, run_suite

ROOMS = ("checks", "fixtures", "reports")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True)
class Installed:
    """The wheel, and where it is installed without the suite's checkout."""

    wheel: Path
    scripts: Path

    def run(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """`bedrock-preflight ARGUMENTS` in the folder."""
        done = subprocess.run(
            [self.scripts / "bedrock-preflight", *arguments],
            cwd=folder,
            env={**outside_aws(), "COLUMNS": "120", **(environ or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr, folder / "reports" / "latest")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built as `pip install .` does, of a copy, since a build leaves its parts; the dependencies are those that are here."""
    folder = tmp_path_factory.mktemp("installed")
    copy = folder / "checkout"
    for name in ("bedrock_preflight", *ROOMS):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "latest"))
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, copy)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    building = [
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(folder),
        str(copy),
    ]
    subprocess.run([*pip, *building], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    place = folder / "venv"
    venv.create(place)
    paths = {"base": str(place), "platbase": str(place)}
    here = sysconfig.get_path("purelib", vars=paths)
    Path(here, "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts", vars=paths))
    python = str(scripts / "python")
    subprocess.run(
        [*pip, "--python", python, "install", "--ignore-installed", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    return Installed(wheel, scripts)


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A folder whose tests, configuration and packages are named as the suite's are; each says so when it is touched."""
    folder = tmp_path / "application"
    for package in (*ROOMS, "tests", "workstation", "bedrock_preflight"):
        (folder / package).mkdir(parents=True)
        for name in ("__init__", "conftest", "plugin", "test_application"):
            (folder / package / f"{name}.py").write_text(f"raise SystemExit('touched {package}/{name}')\n")
    # Names of the standard library too: pytest-xdist's workers have the working folder first in their path.
    for name in ("conftest", "test_application", *(("queue", "html") if sys.version_info >= (3, 11) else ())):
        (folder / f"{name}.py").write_text(f"raise SystemExit('touched {name}')\n")
    for name in ("pytest.ini", "pytest.toml", "tox.ini"):
        (folder / name).write_text("[pytest]\naddopts = --touched\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--touched'\n")
    return folder


def test_the_wheel_is_one_package_with_all_that_a_run_needs(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"bedrock_preflight"}
    for room in ROOMS:
        for file in (ROOT / room).rglob("*"):
            inside = file.relative_to(ROOT)
            ours = not {"__pycache__", "pictures", "latest"} & set(inside.parts)
            if file.is_file() and ours and file.suffix != ".pyc":
                assert f"bedrock_preflight/suite/{inside.as_posix()}" in names


def test_it_judges_the_simulated_world_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    ran = installed.run(tmp_path, "workstation", "--world", "tok02-expired-token")
    assert ran.code == 1, ran.text
    assert "aws sso login --profile msh" in ran.summary
    results = ran.json()
    assert results["run"]["command"] == ["bedrock-preflight", "workstation", "--world", "tok02-expired-token"]
    assert "bedrock-preflight workstation --world tok02-expired-token" in (
        ran.reports / "audit.html"
    ).read_text(encoding="utf-8")
    assert all(row["check"].startswith("checks/workstation/test_") for row in results["results"])
    assert (ran.reports / "report.html").is_file()
    assert {entry.name for entry in tmp_path.iterdir()} == {"reports"}
    assert installed.run(tmp_path, "verify", "reports/latest").code == 0
    merged = installed.run(tmp_path, "merge", "reports/latest", "--report-dir", "whole")
    assert merged.code == 1, merged.text


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "workers"])
def test_it_leaves_the_application_alone(
    installed: Installed, application: Path, workers: tuple[str, ...]
) -> None:
    others = {"PYTEST_ADDOPTS": "--touched", "PYTEST_PLUGINS": "checks.plugin"}
    ran = installed.run(application, "workstation", "-k", "SSO-03", *workers, environ=others)
    assert ran.code == 0, ran.text
    assert [row["requirement"] for row in ran.json()["results"]] == ["SSO-03"]


def test_it_takes_the_folders_own_settings(installed: Installed, application: Path) -> None:
    (application / "compliance.toml").write_text('[regions]\napproved = ["eu-west-1"]\n')
    (application / "waivers.toml").write_text(
        """schema = 1
[[waiver]]
id = "EX-1"
requirement = "REG-02"
justification = "it moves"
requested_by = "a@example.com"
approved_by = "b@example.com"
approved_on = 2026-11-20
expires = 2026-12-20
ticket = "SEC-1"
"""
    )
    ran = installed.run(application, "-k", "REG-02")
    assert ran.code == 0, ran.text
    assert ran.json()["counts"]["waived"] > 0


def test_it_takes_a_node_id_of_a_report(installed: Installed, tmp_path: Path) -> None:
    check = "checks/workstation/test_sso.py::test_token_is_readable[msh/us-east-1]"
    ran = installed.run(tmp_path, check)
    assert [row["check"] for row in ran.json()["results"]] == [check], ran.text


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("workstaton", "did you mean 'workstation'?"),
        ("verfy", "did you mean 'verify'?"),
        ("tests", "--collect-only lists them"),
        ("../application", "--collect-only lists them"),
        ("checks/../../tests", "--collect-only lists them"),
        ("checks/workstation/test_ss.py", "did you mean 'checks/workstation/test_sso.py'?"),
    ],
)
def test_it_knows_no_other_places(installed: Installed, application: Path, place: str, hint: str) -> None:
    ran = installed.run(application, place)
    assert ran.code == 4
    assert ran.text.strip() == (
        f"ERROR: {place}: neither a scope (workstation, enterprise) nor a file or check of the suite; {hint}"
    )
    assert not ran.reports.exists()


def test_it_says_what_there_is(installed: Installed, application: Path) -> None:
    said = installed.run(application, "--help")
    assert said.code == 0
    assert said.text.startswith("bedrock-preflight [workstation|enterprise|checks/…] [options]")
    ours = {f"--{name}" for name in re.findall(r"^\| `--([a-z-]+)", README.read_text("utf-8"), re.MULTILINE)}
    assert ours and ours <= {*re.findall(r"--[a-z-]+", said.text)}
    assert "--junit-xml" not in said.text and len(said.text.splitlines()) <= 80
    of_all = installed.run(application, "--help", "-v")
    assert of_all.code == 0
    assert all(option in of_all.text for option in ("--gate", "--junit-xml", "--numprocesses"))
    assert installed.run(application, "--version").text == "bedrock-preflight 0.1.0\n"
    listed = installed.run(application, "enterprise", "--collect-only", "-q", "-k", "COST-01")
    assert "checks/enterprise/test_cost.py::test_budget_covers_bedrock[msh/us-east-1]" in listed.text
    assert installed.run(application, "--list-worlds").code == 0
    assert "TOK07" in installed.run(application, "--explain", "TOK07").text


@pytest.mark.parametrize("name", ["compliance.toml", "waivers.toml"])
@pytest.mark.parametrize("what", ["a folder", "leads to nothing"])
def test_what_has_the_name_of_a_settings_file_and_is_none_is_not_passed_over(
    name: str, what: str, tmp_path: Path
) -> None:
    if what == "a folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).symlink_to("nowhere")
    ran = run_suite(tmp_path, "-k", "SSO_03")
    assert (ran.code, f"ERROR: {name}: {what}, and no file" in ran.text) == (4, True)
