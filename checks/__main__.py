"""`python -m checks`: the README's table of requirements, made from the guide's data."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from checks.catalogue import Catalogue, CatalogueError, Requirement, load

BEGIN = "<!-- requirements -->"
END = "<!-- /requirements -->"


def table(catalogue: Catalogue) -> str:
    """The requirements as Markdown: for each section a heading and a table. Ends with a line feed."""
    parts = []
    for section in catalogue.sections:
        rows = [_row(requirement) for requirement in catalogue if requirement.section == section.id]
        parts.append(
            "\n".join(
                (
                    f"### {section.id} · {_plain(section.title)}",
                    "",
                    "| ID | Requirement | Severity | Read | Cases | Causes |",
                    "|---|---|---|---|---|---|",
                    *rows,
                    "",
                )
            )
        )
    return "\n".join(parts)


def update(document: str, new: str) -> str:
    """`document` with `new` between the two markers; ValueError unless it has each of them once, in order."""
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise ValueError(f"{BEGIN} and, after it, {END} must each stand there once")
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or write it into a document; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m checks", description="The requirements as a Markdown table."
    )
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help=f"rewrite what stands between {BEGIN} and {END} in FILE"
    )
    document: Path | None = parser.parse_args(arguments).update
    try:
        text = table(load())
        if document is None:
            sys.stdout.write(text)
        else:
            document.write_text(update(document.read_text(encoding="utf-8"), text), encoding="utf-8")
    except CatalogueError as error:
        parser.exit(1, f"{error}\n")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{document}: {error}\n")
    return 0


def _row(requirement: Requirement) -> str:
    cells = (
        requirement.id,
        _plain(requirement.statement),
        requirement.severity,
        requirement.read,
        f"each of `{requirement.cases_from}`" if requirement.cases_from else _cases(requirement.cases),
        ", ".join(requirement.causes) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _cases(cases: Sequence[str]) -> str:
    """The names of the cases; where they are all pairs of two lists, the two lists."""
    firsts = dict.fromkeys(case.partition("-")[0] for case in cases)
    seconds = dict.fromkeys(case.partition("-")[2] for case in cases)
    if len(firsts) > 1 and len(seconds) > 1 and list(cases) == [f"{a}-{b}" for a in firsts for b in seconds]:
        return f"{_codes(firsts)} × {_codes(seconds)}"
    return _codes(cases) or "–"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _plain(text: str) -> str:
    """`text` so that Markdown shows it as it is, within a table's cell."""
    return re.sub(r"([\\|*<`\[\]])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(main())
