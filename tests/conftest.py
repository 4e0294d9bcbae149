"""What all tests of a run share, in whichever worker they run."""

from __future__ import annotations

import os

import pytest

from tests import harness


@pytest.fixture(scope="session", autouse=True)
def shelf_of_verdicts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where `tests.harness.verdict_on` keeps what was judged, below the folder of the run, which its workers have in common."""
    own = tmp_path_factory.getbasetemp()
    harness.shelf = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "verdicts"
    harness.shelf.mkdir(exist_ok=True)
