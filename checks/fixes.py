"""What a script may do on this machine to mend a cause: a few operations, as data.

A check gives them with its failure; reports/fix_scripts.py writes them down for three shells. An operation on a line says
what the line must still look like, so that a script leaves alone a file that somebody has changed, and finds nothing
to do when it runs twice. None holds a secret: of a setting that may hold one it says the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from fixtures.late import dataclass
from fixtures.privacy.unseen import printable


@dataclass(frozen=True)
class Fix:
    """One operation. Paths are as people write them: `~/` for the home folder, `./` for the application's."""

    does: ClassVar[str]

    def as_json(self) -> dict[str, Any]:
        """Primitives only, so that pytest-xdist can carry it."""
        return {"does": self.does, **asdict(self)}

    @property
    def mends(self) -> bool:
        """Whether a script can do it; else it can only say what somebody has to do."""
        return True


@dataclass(frozen=True)
class Line(Fix):
    """A line of a text file, counted from 1.

    begins  what it begins with after blanks: `[msh]`; with a final `=` the name of a setting, whatever the case and
            the blanks around the name; "" for any line
    under   the text between the brackets of the header above it; "" where there need be none
    size    the bytes that the whole file still has to have, where this alone does not tell the line; else 0
    """

    file: str
    line: int
    begins: str
    under: str = ""
    size: int = 0


@dataclass(frozen=True)
class Replace(Line):
    """The first `old` in the line, in a setting behind its name, becomes `new`."""

    does = "replace"
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Comment(Line):
    """The line becomes a comment."""

    does = "comment"


@dataclass(frozen=True)
class Delete(Line):
    """The line goes."""

    does = "delete"


@dataclass(frozen=True)
class Dedent(Line):
    """The line starts in the first column."""

    does = "dedent"


@dataclass(frozen=True)
class Insert(Line):
    """A line `text` comes below the line, or `above` it."""

    does = "insert"
    text: str = ""
    above: bool = False


@dataclass(frozen=True)
class Move(Line):
    """The lines down to `last` go below line `to` of the same file, or to the end of the file `into`."""

    does = "move"
    last: int = 0
    to: int = 0
    into: str = ""


@dataclass(frozen=True)
class Reencode(Fix):
    """The file, which starts with the mark of UTF-8, UTF-16 or UTF-32, becomes UTF-8 without one."""

    does = "reencode"
    file: str


@dataclass(frozen=True)
class Rename(Fix):
    """The file gets the name `to`, if nothing has that name."""

    does = "rename"
    file: str
    to: str


@dataclass(frozen=True)
class Unset(Fix):
    """The environment variables go, and so do the lines of the shells' start-up files that set them."""

    does = "unset"
    names: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"does": self.does, "names": list(self.names)}


@dataclass(frozen=True)
class Export(Fix):
    """The environment variable gets a value, in the shell that asks for it."""

    does = "export"
    name: str
    value: str


@dataclass(frozen=True)
class Ask(Fix):
    """Somebody has to do it: a sentence, or a command to type."""

    does = "ask"
    text: str

    @property
    def mends(self) -> bool:
        return False


KINDS: dict[str, type[Fix]] = {
    kind.does: kind
    for kind in (Replace, Comment, Delete, Dedent, Insert, Move, Reencode, Rename, Unset, Export, Ask)
}


def fix_of(document: Mapping[str, Any]) -> Fix:
    """The operation that `as_json` wrote; KeyError or TypeError where the document is none."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in document.items()
    }
    return KINDS[values.pop("does")](**values)


def in_scripts(fixes: Iterable[Fix]) -> list[Fix]:
    """The operations, each once; one with a text that cannot be printed becomes an Ask: who reads the script must see it."""
    return list(dict.fromkeys(fix if _can_be_told(fix) else _by_hand(fix) for fix in fixes))


def _can_be_told(fix: Fix) -> bool:
    texts = [value for value in vars(fix).values() if isinstance(value, str)]
    return all(text.isprintable() for text in texts)


def _by_hand(fix: Fix) -> Ask:
    file, line = getattr(fix, "file", ""), getattr(fix, "line", 0)
    place = f"{file} line {line}" if line else file or f"the value of {getattr(fix, 'name', '')}"
    return Ask(printable(f"edit {place}: it has characters that cannot be seen"))
