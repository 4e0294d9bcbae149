"""The terminal texts in the README, as they really are: `python -m tests.recorded` writes them into it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.suite import ROOT, run_suite

README = ROOT / "README.md"
FAILING = ("--world", "tok02-expired-token")


def failing_run(folder: Path) -> str:
    """The last screen of a run on the simulated machine whose SSO token has run out."""
    ran = run_suite(folder, *FAILING)
    before, _, after = ran.summary.partition("\n")[2].partition("\nreports: ")
    shown = f"{before}\nreports: {after.splitlines()[0]}".strip("\n")
    return f"```console\n$ pytest checks/ {' '.join(FAILING)}\n…\n{shown}\n```"


def between(document: str, name: str, text: str) -> str:
    """The document with `text` between the markers of that name; ValueError where it has them not once each."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(f"{begin} and {end} must each stand there once")
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def recorded(document: str, folder: Path) -> str:
    """The README with its recorded runs made anew."""
    return between(document, "failing-run", failing_run(folder))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        README.write_text(recorded(README.read_text(encoding="utf-8"), Path(name)), encoding="utf-8")
