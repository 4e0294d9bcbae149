"""Which entries of the map of explanations the tests need: `EDGES=FILE pytest tests/`, then `python -m tests.edges FILE`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from checks.explanations import explanations

FILE = os.environ.get("EDGES")  # read at once: a test's machine has an environment of its own


def note(used: Iterable[str]) -> None:
    """Appends the entries that explained something to the file that the variable names, where it names one."""
    if FILE:
        with Path(FILE).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{edge}\n" for edge in sorted(used))


def unused(file: Path) -> list[str]:
    """The entries of the map that are not in the file, in the map's order."""
    used = set(file.read_text(encoding="utf-8").splitlines())
    return [edge for edge in dict.fromkeys(explanations().edges()) if edge not in used]


if __name__ == "__main__":
    for each in unused(Path(sys.argv[1])):
        print(each)
