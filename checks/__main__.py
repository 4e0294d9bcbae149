"""`python -m checks`: the pages that are made from the guide's data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from checks.catalogue import load
from checks.explanations import explanations
from checks.judgement import rests_on
from checks.markdown import explanations_page, failure_modes_page, requirements_table
from fixtures.simulation.world import list_worlds
from fixtures.text.toml_file import TomlError

BEGIN = "<!-- requirements -->"
END = "<!-- /requirements -->"


def update(document: str, new: str) -> str:
    """`document` with `new` between the two markers; ValueError unless it has each of them once, in order."""
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise ValueError(f"{BEGIN} and, after it, {END} must each stand there once")
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"


def failure_modes() -> str:
    """The page of failure modes, with the worlds that are named after each: `tok02-expired-token` shows TOK02."""
    worlds: dict[str, list[str]] = {}
    for name, _ in list_worlds():
        worlds.setdefault(name.split("-", maxsplit=1)[0].upper(), []).append(name)
    return failure_modes_page(load(), worlds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table of requirements, or writes pages into files; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m checks", description="Pages made from the guide's data.")
    parser.add_argument(
        "--update",
        type=Path,
        metavar="FILE",
        help=f"rewrite the tables of requirements between {BEGIN} and {END} in FILE",
    )
    parser.add_argument("--failure-modes", type=Path, metavar="FILE", help="write the page of failure modes")
    parser.add_argument("--explanations", type=Path, metavar="FILE", help="write the map of explanations")
    options = parser.parse_args(arguments)
    document: Path | None = options.update
    try:
        if document is not None:
            text = update(document.read_text(encoding="utf-8"), requirements_table(load()))
            document.write_text(text, encoding="utf-8")
        if options.failure_modes is not None:
            document = options.failure_modes
            options.failure_modes.write_text(failure_modes(), encoding="utf-8")
        if options.explanations is not None:
            document = options.explanations
            options.explanations.write_text(
                explanations_page(load(), explanations(), rests_on), encoding="utf-8"
            )
        if document is None:
            sys.stdout.write(requirements_table(load()))
    except TomlError as error:
        parser.exit(1, f"{error}\n")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{document}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
