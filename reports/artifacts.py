"""Artifacts: the files of one report, which appear together or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fixtures.privacy.unseen import UNSEEN
from reports.interruption import uninterrupted
from reports.spool import Rows, Spool

CHECKSUMS = "SHA256SUMS"


_JSON = json.JSONEncoder(indent=1, sort_keys=True, ensure_ascii=False)


def json_text(document: Any) -> str:
    """How JSON artifacts are written: sorted keys, indented, so that two can be compared line by line.

    What cannot be seen, or is no UTF-8 (a lone surrogate, which an answer of AWS's may hold), is written as JSON's own
    escape: whoever reads the file as text sees it.
    """
    return "".join(json_pieces(document))


def json_pieces(document: Any) -> Iterator[str]:
    """The text of `json_text` in pieces. What is neither a list nor plain is read row by row, and written as a list."""
    for piece in _pieces(document, "\n"):
        yield UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], piece)
    yield "\n"


def _pieces(document: Any, margin: str) -> Iterator[str]:
    inner = margin + " "
    if isinstance(document, dict) and document:
        before = "{"
        for key in sorted(document):
            yield f"{before}{inner}{json.dumps(key, ensure_ascii=False)}: "
            yield from _pieces(document[key], inner)
            before = ","
        yield margin + "}"
    elif isinstance(document, Rows | Iterator):
        before = "["
        for row in document:
            yield f"{before}{inner}{_indented(row, inner)}"
            before = ","
        yield "[]" if before == "[" else f"{margin}]"
    else:
        yield _indented(document, margin)


def _indented(value: Any, margin: str) -> str:
    # No text within has a line's end: JSON escapes it.
    return _JSON.encode(value).replace("\n", margin)


def as_read(document: Any) -> Any:
    """The document as whoever reads its file has it: keys sorted, every sequence a list, each text as JSON's escapes say it.

    Made without its text, which of a fleet has a hundred megabytes; what is one text or object here is one there. Rows were
    read so.
    """
    made: dict[int, Any] = {}

    def read(part: Any) -> Any:
        if isinstance(part, str):
            return _text_as_read(part)
        if isinstance(part, dict):
            known = made.get(id(part))
            if known is None:
                made[id(part)] = known = {_text_as_read(key): read(part[key]) for key in sorted(part)}
            return known
        if isinstance(part, (list, tuple)):
            return [read(entry) for entry in part]
        return part

    return read(document)


def _text_as_read(text: str) -> str:
    """Two surrogates side by side are read as the character that they stand for."""
    return (
        text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    )


def encoded(text: str) -> bytes:
    """How a text stands in its file."""
    return text.encode("utf-8", "backslashreplace")


def digest(path: Path) -> str:
    """SHA-256 of the file."""
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            summed.update(block)
    return summed.hexdigest()


def read_checksums(text: str) -> dict[str, str]:
    """Digest by name of what SHA256SUMS lists; ValueError for a line that is none, or a name with a folder in it."""
    sums = {}
    for line in text.splitlines():
        digest, mark, name = line.partition("  ")
        if not mark or len(digest) != 64 or not name or name in {".", ".."} or set(name) & set("/\\\0"):
            raise ValueError(f"no line of {CHECKSUMS}: {line[:100]!r}")
        sums[name] = digest
    return sums


def listed_in(folder: Path) -> list[str]:
    """The names in the folder's SHA256SUMS; none where there is no such file, or it is not one of ours."""
    try:
        return list(read_checksums((folder / CHECKSUMS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


class Artifacts:
    """The report directory. Files are made in a folder beside it, and take their places when all are complete."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError where nothing can be written beside `directory`."""
        self.directory = directory
        for folder in (directory, *directory.parents):
            if folder.exists() and not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, f"{folder} is a file, not a folder")
        self._made_folders = [folder for folder in directory.parents if not folder.exists()]
        directory.parent.mkdir(parents=True, exist_ok=True)
        self._beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        # mkdtemp's own folder is private; a report has the rights of any other folder made here.
        self._staging, self._earlier = self._beside / "new", self._beside / "earlier"
        self._staging.mkdir()
        self._names: list[str] = []
        self._spools: list[Spool] = []

    def staged(self, name: str) -> Path:
        """Where to write the artifact of this name; it counts as made where the file is there on `publish`."""
        if name not in self._names:
            self._names.append(name)
        return self._staging / name

    def write(self, name: str, text: str | Iterable[str]) -> None:
        """Makes a text artifact of its text or the pieces of it, UTF-8 with `\\n`."""
        with self.staged(name).open("wb") as file:
            for piece in [text] if isinstance(text, str) else text:
                file.write(encoded(piece))

    def spool(self) -> Spool:
        """An empty one, beside the files that are made."""
        self._spools.append(Spool(self._beside))
        return self._spools[-1]

    def made(self) -> list[Path]:
        """The files that are complete, not published yet."""
        return [self.staged(name) for name in self._names if self.staged(name).is_file()]

    def publish(self) -> list[Path]:
        """Puts the complete files and their checksums in the place of the earlier report.

        A report directory that holds nothing but the earlier report is replaced as a folder; in any other, file takes the
        place of file. OSError where it cannot be done: the earlier report is then back in its place.
        """
        sums = {file.name: digest(file) for file in self.made()}
        self.write(CHECKSUMS, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))
        with uninterrupted():
            if not (self._is_all_ours() and self._replace_folder()):
                self._replace_files([*sums, CHECKSUMS])
        return [self.directory / name for name in [*sums, CHECKSUMS]]

    def _is_all_ours(self) -> bool:
        """Whether the directory can be replaced: none yet, or with nothing in it but what its checksums name."""
        if not self.directory.exists():
            return True
        if (
            # What others reach by a link, have mounted or stand in is not to be moved away under them.
            self.directory.is_symlink()
            or os.path.ismount(self.directory)
            or Path.cwd() == self.directory.resolve()
        ):
            return False
        inside = list(self.directory.iterdir())
        ours = {CHECKSUMS, *listed_in(self.directory)}
        return all(entry.name in ours and entry.is_file() for entry in inside)

    def _replace_folder(self) -> bool:
        """False where the system does not let the folder be moved (Windows, while somebody has a file of it open)."""
        if self.directory.exists():
            shutil.copymode(self.directory, self._staging)
            try:
                self.directory.rename(self._earlier)
            except OSError:
                return False
        try:
            self._staging.rename(self.directory)
        except OSError:
            if self._earlier.exists():
                self._earlier.rename(self.directory)
            raise
        return True

    def _replace_files(self, names: list[str]) -> None:
        """The checksums go first and come last: a directory that has them is whole."""
        self.directory.mkdir(exist_ok=True)
        self._earlier.mkdir()
        old = dict.fromkeys([CHECKSUMS, *listed_in(self.directory), *names])
        aside, placed = [], []
        try:
            for name in old:
                if (self.directory / name).exists():
                    (self.directory / name).replace(self._earlier / name)
                    aside.append(name)
            for name in names:
                self.staged(name).replace(self.directory / name)
                placed.append(name)
        except OSError:
            for name in placed:
                (self.directory / name).unlink()
            for name in reversed(aside):
                (self._earlier / name).replace(self.directory / name)
            raise

    def discard(self) -> None:
        """Removes the spools, what was not published, the earlier report that was replaced, and folders made for nothing."""
        for spool in self._spools:
            spool.close()
        shutil.rmtree(self._beside, ignore_errors=True)
        for folder in self._made_folders:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
