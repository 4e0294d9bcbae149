"""Adding a format is one file: it works in a run and in merge, is in --help, and a forged one is found by verify."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reports.artifacts import CHECKSUMS
from reports.formats import Format, formats
from tests.suite import ROOT, outside_aws

SCRIPTS = "fix_aws_authentication"
MODULE = '''"""results.lines: one line a result."""

import csv
import io

from reports.formats import Format


def render(document, evidence):
    text = io.StringIO()
    csv.writer(text).writerows(rows(document))
    return text.getvalue()


def rows(document):
    return [[row["requirement"], row["case"] or "", row["target"], row["status"]] for row in document["results"]]


def read_back(text, document, evidence):
    if list(csv.reader(io.StringIO(text, newline=""))) != rows(document):
        yield "its lines are not the results of results.json"


FORMATS = (Format("results.lines", "one line a result", read_back, render, option="lines"),)
'''


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the suite with one more file."""
    copy = tmp_path_factory.mktemp("checkout") / "suite"
    for folder in ("bedrock_preflight", "checks", "fixtures", "reports"):
        ignored = shutil.ignore_patterns("__pycache__", "latest", "pictures")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    for file in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / file, copy / file)
    (copy / "reports" / "formats" / "results_lines.py").write_text(MODULE, encoding="utf-8")
    return copy


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=checkout, env=outside_aws(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(checkout: Path) -> Path:
    for region in ("us-east-1", "us-west-2"):
        ran = run(
            checkout,
            "pytest",
            "checks",
            "-k",
            "PRF_07",
            "--lines",
            "--region",
            region,
            "--report-dir",
            region,
        )
        assert ran.returncode == 0, ran.stdout
    return checkout


def test_a_new_format_is_an_option_of_a_run_and_of_merge(checkout: Path) -> None:
    for command in (("pytest", "checks", "--help"), ("reports", "merge", "--help")):
        assert "also write results.lines: one line a result" in " ".join(
            run(checkout, *command).stdout.split()
        )


def test_it_is_written_by_a_run_and_by_merge_and_is_whole(made: Path) -> None:
    merged = run(made, "reports", "merge", "us-east-1", "us-west-2", "--lines", "--report-dir", "all")
    assert merged.returncode == 0, merged.stderr
    rows = {
        folder: (made / folder / "results.lines").read_bytes().decode()
        for folder in ("us-east-1", "us-west-2", "all")
    }
    assert rows["us-east-1"].startswith("PRF-07,,msh/us-east-1,compliant")
    assert rows["all"] == rows["us-east-1"] + rows["us-west-2"]
    for folder in rows:
        checked = run(made, "reports", "verify", folder)
        assert (checked.returncode, checked.stdout) == (0, f"{folder}: holds together\n")


def test_a_forged_one_is_found_although_its_checksum_fits(made: Path) -> None:
    forged = Path(shutil.copytree(made / "us-east-1", made / "forged"))
    file = forged / "results.lines"
    file.write_bytes(file.read_bytes().replace(b"compliant", b"not_applicable"))
    sums = forged / CHECKSUMS
    listed = {line.split("  ")[1]: line for line in sums.read_text(encoding="utf-8").splitlines()}
    listed["results.lines"] = f"{hashlib.sha256(file.read_bytes()).hexdigest()}  results.lines"
    sums.write_text("".join(f"{line}\n" for line in listed.values()), encoding="utf-8")
    checked = run(made, "reports", "verify", "forged")
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (
        1,
        "results.lines: its lines are not the results of results.json",
    )


def test_a_file_that_no_format_knows_is_not_called_whole(made: Path) -> None:
    """What nobody can read back could say anything, whatever its checksum."""
    (made / "reports" / "formats" / "results_lines.py").rename(made / "results_lines.py")
    try:
        checked = run(made, "reports", "verify", "us-east-1")
    finally:
        (made / "results_lines.py").rename(made / "reports" / "formats" / "results_lines.py")
    assert checked.returncode == 1
    assert checked.stdout.startswith("results.lines: is of no format of this version")


def test_a_format_without_a_read_back_cannot_be_registered() -> None:
    with pytest.raises(TypeError, match="read_back"):
        Format("results.lines", "one line a result")  # type: ignore[call-arg]
    with pytest.raises(
        TypeError, match=r"results\.lines: a format that cannot be read back cannot be verified"
    ):
        Format("results.lines", "one line a result", None)  # type: ignore[arg-type]


def test_every_format_says_what_it_is_and_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for each in formats():
        stem, dot, suffix = each.name.rpartition(".")
        assert each.about
        assert f"`{each.name}`" in readme or (stem, f"`{dot}{suffix}`" in readme) == (SCRIPTS, True), (
            each.name
        )
