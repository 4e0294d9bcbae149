"""The run as one JSON document on standard output, for the program that started it (`--json`)."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from reports.conditions import conditions

SCHEMA = 1


class Quiet:
    """Keeps what pytest prints from standard output: until the run has an end, nobody knows whether it is wanted."""

    def __init__(self) -> None:
        """pytest's terminal reporter, which is made after this, takes the stand-in for standard output."""
        self._said, self._output = io.StringIO(), sys.stdout
        sys.stdout = self._said

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        self.pytest_unconfigure()

    def pytest_unconfigure(self) -> None:
        if sys.stdout is self._said:
            sys.stdout = self._output

    @property
    def said(self) -> str:
        """All that pytest printed so far."""
        return self._said.getvalue()


def for_program(
    document: Mapping[str, Any] | None,
    *,
    code: int,
    problem: str | None,
    directory: Path,
    files: Sequence[str],
) -> dict[str, Any]:
    """What a program is told: of results.json's `document`, if there is one, what decides and what to do.

    `code` is the run's exit code, `problem` why no reports were written, `files` are those that were.
    """
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "verdict": None,
        "conditions": [],
        "exit_code": code,
        "problem": problem,
        "targets": [],
        "counts": {},
        "root_causes": [],
        "consumers": [],
        "not_evaluated": [],
        "reports": {"directory": directory.as_posix(), "files": sorted(files)} if files else None,
    }
    if document is not None:
        told |= {
            "verdict": document["verdict"],
            "conditions": conditions(document),
            "targets": [
                {key: target[key] for key in ("id", "account", "principal", "verdict", "scopes")}
                for target in document["targets"]
            ],
            "counts": document["counts"],
            "root_causes": document["root_causes"],
            "consumers": [consumer for consumer in document.get("consumers", ()) if consumer["differs"]],
            "not_evaluated": _not_evaluated(document["results"]),
        }
    return told


def _not_evaluated(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What could not be read, those together that have one reason."""
    together: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        if result["status"] == "inconclusive":
            empty: dict[str, Any] = {"requirements": [], "missing_actions": []}
            known = together.setdefault((result["target"], result["reason"]), empty)
            known["requirements"].append(result["requirement"])
            known["missing_actions"] += result["missing_actions"]
    return [
        {"target": target, "reason": reason} | {key: sorted(set(value)) for key, value in known.items()}
        for (target, reason), known in together.items()
    ]


def say(told: Mapping[str, Any]) -> None:
    """Prints the document in ASCII, which every standard output can carry."""
    print(json.dumps(told, indent=1))
    sys.stdout.flush()
