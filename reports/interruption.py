"""Ctrl-C and SIGTERM: a run that is told to stop ends as pytest ends, and never between two files of a report."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM, as CI servers send it when a job is cancelled; pytest ends as it does on Ctrl-C."""

    def __str__(self) -> str:
        return "SIGTERM"


def stop_on_sigterm() -> Callable[[], None]:
    """Lets the first SIGTERM raise Terminated; returns what undoes it. Only the main thread can be told so."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def stop(number: int, frame: Any) -> None:
        # Who cancels a job often sends it to the shell and to its children. A second one, met while the first is being
        # told, would end Python with a traceback and the exit code of a verdict.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    return lambda: _restore(signal.SIGTERM, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignores both signals for the few renames inside: what was asked for is done when they end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            _restore(number, handler)


def leave(code: int) -> None:
    """Ends the process at once where calls are still in flight: Python would wait for their threads, half a minute or more."""
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    if any(not thread.daemon for thread in others):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _restore(number: signal.Signals, handler: Any) -> None:
    # None: a handler that was not set from Python, and cannot be set again from it.
    if handler is not None:
        signal.signal(number, handler)
