"""Plugin for a run that is told to stop by somebody who does not wait: Ctrl-C from the moment that MOMENT names, every few
milliseconds until the process has ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from reports.artifacts import Artifacts

MOMENT = "CTRL_C_FROM"
MOMENTS = ("loading", "starting", "collecting", "judging", "writing", "telling", "ending")
_awaited = [os.environ.get(MOMENT)]
"""Until it has come; asked for before a simulated machine's environment takes the place of this one."""


def _from(moment: str) -> None:
    if moment not in _awaited:
        return

    def again_and_again() -> None:
        while True:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.005)

    _awaited.clear()
    threading.Thread(target=again_and_again, daemon=True).start()
    time.sleep(0.05)


def pytest_plugin_registered(plugin: object) -> None:
    if getattr(plugin, "__name__", "") == "checks.plugin":
        _from("loading")


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    _from("starting")


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file() -> None:
    _from("collecting")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _from("ending")


def pytest_runtest_setup() -> None:
    _from("judging")


def pytest_sessionfinish() -> None:
    write: Callable[..., Any] = Artifacts.write

    def told(*arguments: Any) -> Any:
        answer = write(*arguments)
        _from("writing")
        return answer

    Artifacts.write = told  # type: ignore[method-assign]


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary() -> None:
    _from("telling")
