"""What all tests of a run share, in whichever worker they run."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from reports.screenshots import Browser
from tests import harness
from tests.pages import axe, browsing

# Judging a world makes and drops a hundred thousand objects: at Python's own threshold a quarter of the time of all tests is
# spent on looking for those that can go.
gc.set_threshold(100_000, 20, 100)


LONGEST = (
    "test_packages", "test_libraries", "test_remedies", "test_contract", "test_hostile_world", "test_fix_scripts",
    "test_interruption", "test_privacy", "test_world_table", "test_audit_page", "test_live", "test_command",
)  # fmt: skip
"""Files of tests by what they take, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: a worker has a file's tests, and none is to wait for another's at the end."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session", autouse=True)
def shelf_of_verdicts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where `tests.harness.verdict_on` keeps what was judged, below the folder of the run, which its workers have in common."""
    own = tmp_path_factory.getbasetemp()
    harness.shelf = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "verdicts"
    harness.shelf.mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def one_browser() -> Iterator[Browser]:
    """A browser takes seconds to start: one for all tests of a process."""
    with browsing() as browser:
        yield browser


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """The browser as if it had just been started: an empty page in a wide window, nothing emulated, nothing logged."""
    one_browser.open("about:blank")
    one_browser.emulate()
    one_browser.resize(1400, 1000)
    one_browser.log("browser")
    one_browser.log("performance")
    return one_browser


@pytest.fixture(scope="session")
def axe_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    return axe(tmp_path_factory.mktemp("axe"))
