"""Rows of many targets, kept in a file and read a target at a time: a fleet's would not all go into memory."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

Json = dict[str, Any]

IN_MEMORY = 2 * 2**20
"""Bytes that are kept without a file: more than a few targets have."""


class Spool(Mapping[str, list[Json]]):
    """The rows of each target, in the order in which the targets came, and of one target in that in which they were added.

    They are read from the file whenever they are asked for: what is changed in them is forgotten. The file is in `folder`, has
    no name that others could open, and is gone with the process. OSError where it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115  closed by close
        self._places: dict[str, list[tuple[int, int]]] = {}
        self.rows = 0

    def add(self, target: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows behind those that the target has."""
        self._file.seek(0, os.SEEK_END)
        # Not by what seek returns: nothing, before Python 3.11.
        place = self._file.tell()
        pickle.dump(list(rows), self._file, pickle.HIGHEST_PROTOCOL)
        self._places.setdefault(target, []).append((place, self._file.tell() - place))
        self.rows += len(rows)

    def __getitem__(self, target: str) -> list[Json]:
        rows: list[Json] = []
        for place, length in self._places[target]:
            self._file.seek(place)
            rows += pickle.loads(self._file.read(length))
        return rows

    def __contains__(self, target: object) -> bool:
        return target in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Gives the file back; nothing can be read any more."""
        self._file.close()


class Rows(Sequence[Json]):
    """All rows of a spool, one target's behind the other's, as a list would have them; `by_target` has them by target."""

    def __init__(self, by_target: Spool) -> None:
        self.by_target = by_target

    def __iter__(self) -> Iterator[Json]:
        for target in self.by_target:
            yield from self.by_target[target]

    def __len__(self) -> int:
        return self.by_target.rows

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return list(self)[place]
        found = next(islice(self, place, None), None) if place >= 0 else None
        if found is None:
            raise IndexError(place)
        return found
