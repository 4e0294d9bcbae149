"""The output formats, a file each: what it is called, what asks for it, how it is made, and how it is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from itertools import chain
from pkgutil import iter_modules
from typing import Any

from checks.catalogue import load
from fixtures.late import dataclass
from reports.page import cut

Document = Mapping[str, Any]
Text = str | Iterable[str]
"""Of a file, whole or in pieces."""
Render = Callable[[Document, Document], "str | Iterable[str | tuple[str, str]]"]
ReadBack = Callable[[str, Document, Document], Iterable[str]]


@dataclass(frozen=True)
class Format:
    """An artifact of a report, and both ways between it and the data: `results.json`'s document and `evidence.json`'s.

    `name` is the file's, or a pattern (`targets/*.html`) where there are several. `about` says in a line what it is.
    `read_back(text, document, evidence)` yields in what the file says something else than the two documents, a line each:
    `verify` finds a forged one by it. `render(document, evidence)` makes the text, or the pieces of one that is long where
    there are many targets, or pairs of file name and text; it is None for what only the run itself can make. `option` names
    the switch that asks for it; without one it is always made. `unavailable()` is what is missing for it on this machine, in
    a line. `suits(document)` tells whether it is made for such a document.
    """

    name: str
    about: str
    read_back: ReadBack
    render: Render | None = None
    option: str = ""
    unavailable: Callable[[], str] = lambda: ""
    suits: Callable[[Document], bool] = lambda document: True

    def __post_init__(self) -> None:
        if not callable(self.read_back):
            raise TypeError(f"{self.name}: a format that cannot be read back cannot be verified")

    def has(self, file: str) -> bool:
        """Whether the file of that name is one of it."""
        return fnmatchcase(file, self.name)


@cache
def formats() -> tuple[Format, ...]:
    """All formats: those that the modules of this folder have as `FORMATS`. TypeError where two claim one file."""
    found: dict[str, Format] = {}
    for module in sorted(each.name for each in iter_modules(__path__)):
        for each in import_module(f"{__name__}.{module}").FORMATS:
            if each.name in found:
                raise TypeError(f"{each.name}: made by two modules of {__name__}")
            found[each.name] = each
    return tuple(found.values())


def optional() -> list[Format]:
    """The formats that are made where an option asks for them."""
    return [each for each in formats() if each.option]


def asked_for(options: Any) -> list[Format]:
    """The formats that are always made, and those that the options ask for."""
    return [each for each in formats() if not each.option or getattr(options, each.option)]


def missing_for(options: Any) -> str:
    """What is missing on this machine for a format that the options ask for, in a line; "" where nothing is."""
    return next(filter(None, (each.unavailable() for each in asked_for(options))), "")


class WriterFailed(Exception):
    """A format could not be made; one line that names it."""


def rendered(each: Format, document: Document, evidence: Document) -> Iterator[tuple[str, Text]]:
    """The format's files as pairs of name and text, or pieces; WriterFailed whatever its writer stumbled over.

    There are none where it does not suit the document, or only a run can make it.
    """
    if each.render is None or not each.suits(document):
        return
    with _told(each):
        made = each.render(document, evidence)
        if isinstance(made, str):
            yield each.name, made
            return
        parts = iter(made)
        first = next(parts, None)
        if isinstance(first, str):
            yield each.name, _pieces(each, chain([first], parts))
            return
        yield from chain([] if first is None else [first], parts)  # type: ignore[misc]


def _pieces(each: Format, parts: Iterator[Any]) -> Iterator[str]:
    with _told(each):
        yield from parts


@contextmanager
def _told(each: Format) -> Iterator[None]:
    try:
        yield
    # A writer's mistake must neither lose the earlier report nor hide the verdict; it is told with its class.
    except Exception as error:
        raise WriterFailed(f"{each.name} could not be made: {type(error).__name__}: {error}") from error


def made(options: Any, document: Document, evidence: Document) -> Iterator[tuple[str, Text]]:
    """The files of all formats that the options ask for, as pairs of name and text, or pieces."""
    for each in asked_for(options):
        yield from rendered(each, document, evidence)


@cache
def guide() -> dict[str, Any]:
    """The guide as plain data: what formats need to spell out IDs."""
    return asdict(load())


@cache
def _statements() -> dict[str, str]:
    return {entry["id"]: entry["statement"] for entry in guide()["requirements"]}


def in_words(row: Mapping[str, Any]) -> str:
    """What is required of the result, in the guide's first words: `Model invocation logging is on in the region`.

    The cases that a statement lists are left out: the result has one of them. What another version's guide required has the
    result's own title.
    """
    statement = _statements().get(row["requirement"], row["title"])
    if row["case"]:
        statement = re.sub(r" \([^()]*(?:,| or )[^()]*\)", "", statement, count=1)
    return cut(re.split(r"[:;] |, where ", statement)[0].rstrip("."), 120)


def named(row: Mapping[str, Any]) -> str:
    """A result's requirement, case and target in one text, as problems name it."""
    return " ".join(filter(None, (row["requirement"], row["case"], row["target"])))
