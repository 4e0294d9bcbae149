"""What a run has found so far: of the targets under way in memory, of those that are judged in files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.results import Result
from reports.spool import Spool

Json = dict[str, Any]


class Found:
    """Results and readings by target ID, each as it comes; `put_away` takes those of one target out of memory."""

    def __init__(self, results: Spool, readings: Spool) -> None:
        self.results, self.readings = results, readings
        self._results: dict[str, dict[str, Result]] = {}
        self._readings: dict[str, list[Json]] = {}

    def judged(self, nodeid: str, result: Result) -> None:
        """The check's result; of several that a plugin lets it have, the last."""
        self._results.setdefault(result["target"], {})[nodeid] = result

    def read(self, target: str, readings: Sequence[Json]) -> None:
        """Further readings of the target."""
        self._readings.setdefault(target, []).extend(readings)

    @property
    def under_way(self) -> list[str]:
        """The targets of which something is in memory."""
        return list(dict.fromkeys([*self._results, *self._readings]))

    def put_away(self, target: str) -> dict[str, Result]:
        """Keeps what is in memory of the target in the files; the results, by node ID. OSError where they cannot be written."""
        results = self._results.pop(target, {})
        readings = self._readings.pop(target, [])
        if results:
            self.results.add(target, list(results.values()))
        if readings:
            self.readings.add(target, readings)
        return results
