"""All pages of a listing are read, and none without end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.aws import calls
from fixtures.backends.live import LiveBackend
from fixtures.readings import Reading
from fixtures.simulation import dispatch
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from fixtures.targets import Target

TARGET = Target("msh", "us-east-1")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Reads logs:DescribeLogGroups in so many pages of so many groups."""
    with simulated(load_world("enterprise")) as machine:
        backend = LiveBackend(machine, None, False, machine.now(), concurrent=False)
        assert backend.read(TARGET, "credentials", {}).error is None

        def read(number: float, groups: int) -> Reading:
            answered = 0

            def paged(*arguments: Any) -> Any:
                nonlocal answered
                answered += 1
                page: dict[str, Any] = {
                    "logGroups": [{"logGroupName": f"{answered}/{n}"} for n in range(groups)]
                }
                if answered < number:
                    page["nextToken"] = f"page {answered}"
                return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(page)

            monkeypatch.setattr(dispatch, "answer", paged)
            return backend.read(TARGET, "logs:DescribeLogGroups", {})

        yield read


def test_every_page_is_read(pages: Any) -> None:
    assert len(pages(3, 2).value["logGroups"]) == 6


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        (1, "logs:DescribeLogGroups has more than 20 pages, and was not read to its end"),
        (10, "logs:DescribeLogGroups has more than 100 entries, and was not read to its end"),
    ],
)
def test_a_listing_without_end_is_an_error_that_names_operation_and_bound(
    pages: Any, groups: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (calls.MOST_PAGES, calls.MOST_ITEMS) == (1_000, 100_000)
    monkeypatch.setattr(calls, "MOST_PAGES", 20)
    monkeypatch.setattr(calls, "MOST_ITEMS", 100)
    error = pages(float("inf"), groups).error
    assert (error.code, error.message) == ("EndlessListing", says)


def test_one_that_ends_at_the_bound_is_whole(pages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_PAGES", 20)
    assert len(pages(20, 1).value["logGroups"]) == 20
