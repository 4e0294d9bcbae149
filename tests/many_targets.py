"""pytest plugin of the benchmark: replays the snapshot of one target as that of many, which need no file of their own size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from fixtures.backends.replay import Snapshot
from fixtures.readings import Reading

SIZE = "BENCHMARK_TARGETS"
"""The variable that says how many."""


class Alike(Mapping[tuple[str, str], Reading]):
    """What the one target was asked, as the answer of whichever is asked."""

    def __init__(self, recorded: Mapping[tuple[str, str], Reading]) -> None:
        self._by_question = {question: reading for (_, question), reading in recorded.items()}

    def __getitem__(self, asked: tuple[str, str]) -> Reading:
        return self._by_question[asked[1]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def __len__(self) -> int:
        return len(self._by_question)


_load = Snapshot.load


def load(path: Path) -> Snapshot:
    """The snapshot of one target, as one of SIZE targets."""
    one = _load(path)
    (own,) = one.targets
    targets = [replace(own, profile=f"account-{number:04}") for number in range(int(os.environ[SIZE]))]
    (known,) = one.fingerprints.values()
    return replace(
        one,
        targets=targets,
        readings=Alike(one.readings),
        fingerprints=dict.fromkeys((target.id for target in targets), known),
    )


Snapshot.load = staticmethod(load)  # type: ignore[method-assign,assignment]
