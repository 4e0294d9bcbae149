"""Fewer threads, the same results: down to none."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from typing import Any

import pytest

from fixtures import threads
from fixtures.threads import Pool
from tests.test_evidence import Backend, evidence


def starting(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the system give so many more threads, as under ulimit -u."""
    given = 0
    start = threading.Thread.start

    def bounded(thread: threading.Thread) -> None:
        nonlocal given
        if given >= least:
            raise RuntimeError("can't start new thread")
        given += 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", bounded)


@pytest.mark.parametrize("least", [1, 3])
def test_fewer_threads_do_the_same_work(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    starting(least, monkeypatch)
    pool = Pool("few")
    names: set[str] = set()

    def work(number: int) -> int:
        names.add(str(threading.get_ident()))
        return number * number

    started = [pool.start(lambda n=n: work(n)) for n in range(50)]
    assert [future.result(20) for future in started] == [n * n for n in range(50)]
    assert 1 <= len(names) <= least


def test_without_a_thread_whoever_asks_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    starting(0, monkeypatch)
    monkeypatch.setattr("fixtures.engine.pool", Pool)
    seen = evidence(Backend({"a": lambda n: n}, concurrent=True))
    assert seen.prefetch(["platform"]) == []
    with seen.noting() as keys:
        assert seen.together(lambda n: seen.value("a", n=n), range(3)) == [0, 1, 2]
    assert len(keys) == 3


def test_a_failure_is_for_whoever_asks() -> None:
    def fail() -> None:
        raise SystemExit(3)

    pool = Pool("failing", most=1)
    failing: Any = pool.start(fail)
    with pytest.raises(SystemExit):
        failing.result(20)
    after: Any = pool.start(lambda: "still working")
    assert after.result(20) == "still working"


def test_no_more_threads_than_the_most_are_started() -> None:
    pool, gate = Pool("bounded", most=4), threading.Event()
    started = [pool.start(gate.wait) for _ in range(20)]
    assert sum(thread.name == "bounded" for thread in threading.enumerate()) == 4
    gate.set()
    assert wait([future for future in started if future], 20).not_done == set()


def test_the_pools_are_the_processes() -> None:
    assert threads.pool("facts") is threads.pool("facts")
    assert threads.pool("facts") is not threads.pool("calls")
