"""Ctrl-C, from the first line of the suite's own code to its last: one line is said, and the exit code is 2."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NoReturn

INTERRUPTED = 2
"""pytest's exit code of a run that was interrupted."""
SAID = "bedrock-preflight: interrupted"
STDERR = 2
_to_clear_up: list[Callable[[], object]] = []


def stand_by() -> None:
    """Has a KeyboardInterrupt that nobody handles end the process in one line, in place of a traceback."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _told


def _told(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        end()
    sys.__excepthook__(kind, error, traceback)


def own_process() -> None:
    """As `stand_by`, for a process that is the command's own: there Ctrl-C raises nothing, which a callback or a finalizer
    would swallow, with a traceback."""
    stand_by()
    try:
        # pytest puts files in the place of both streams, some of the time.
        streams = os.dup(STDERR)
    except OSError:
        streams = STDERR
    CtrlC(partial(end, to=streams)).leave_next()


@contextmanager
def clearing_up(after: Callable[[], object]) -> Iterator[None]:
    """Does it when what is inside has ended, whichever way Ctrl-C ends it."""
    _to_clear_up.append(after)
    try:
        yield
    finally:
        _to_clear_up.remove(after)
        after()


def end(said: str = SAID, to: int = STDERR) -> NoReturn:
    """Ends the process at once, cleared up, with what is said as its last line."""
    for after in _to_clear_up:
        after()
    # A stream may be broken, or amid a write; and a line of a terminal may have been begun.
    with suppress(OSError, RuntimeError, ValueError):
        sys.stdout.flush()
    with suppress(OSError):
        os.write(to, f"{os.linesep if os.isatty(to) else ''}{said}{os.linesep}".encode(errors="replace"))
    # Not by SystemExit: where the interrupt came in code that was made from a text, as dataclasses are, Python ends by the
    # signal all the same, whatever became of the exception (Python/pythonrun.c, _Py_UnhandledKeyboardInterrupt).
    os._exit(INTERRUPTED)


class CtrlC:
    """What Ctrl-C does, where it does as Python has it, or what another one of these has it do: `ending` ends the process.

    Where Ctrl-C is somebody else's, or is ignored, as a shell has it for what runs in the background, it stays so.
    """

    def __init__(self, ending: Callable[[], object] = end) -> None:
        self._ending = ending
        handler = signal.getsignal(signal.SIGINT)
        known = handler is signal.default_int_handler or isinstance(getattr(handler, "__self__", None), CtrlC)
        self._ours = known and threading.current_thread() is threading.main_thread()

    def leave_next(self) -> None:
        """Lets the next one end the process.

        It is for when pytest gets ready, tells of a first one, or tells the verdict: it would end amid that, with its own
        traceback.
        """
        if self._ours:
            signal.signal(signal.SIGINT, self._leave)

    def raise_next(self) -> None:
        """Lets the next one raise KeyboardInterrupt, as Python does; from that moment on a further one ends the process."""
        if self._ours:
            signal.signal(signal.SIGINT, self._stop)

    def over(self) -> None:
        """What was asked for is done and told: the next one ends the process, unless that is what Python does by then."""
        if self._ours:
            self.leave_next()
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _stop(self, number: int, frame: Any) -> None:
        self.leave_next()
        raise KeyboardInterrupt

    def _leave(self, number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._ending()
        finally:
            os._exit(INTERRUPTED)
