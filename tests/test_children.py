"""No child is waited for without end: one that sleeps, one that reads, one that floods, and what they leave behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from fixtures.machine import children
from fixtures.machine.children import Flood, NoAnswer
from fixtures.waiting import waits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs of POSIX")
ENVIRON = {"PATH": "/usr/bin:/bin"}
CEILING = 8
"""Seconds, of which a busy machine may need some."""


def run(script: str, seconds: float = CEILING) -> children.Completed:
    return children.run(["sh", "-c", script], ENVIRON, seconds=seconds, called="the tool")


def alive(text: str) -> bool:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return text in listed


def gone(text: str) -> bool:
    """Whether it ends within what a busy machine needs to bury it."""
    deadline = time.monotonic() + CEILING
    while alive(text) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(text)


def test_exit_code_and_both_texts_are_what_the_program_left() -> None:
    done = run("echo out; echo err >&2; printf '\\377'; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n\ufffd", "err\n")


def test_one_that_sleeps_is_ended_with_all_that_it_started() -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"^the tool did not answer within 0\.5 s$"):
        run("sleep 98761 & sleep 98761", 0.5)
    assert time.monotonic() - began < CEILING
    assert gone("sleep 98761")


def test_one_whose_outputs_are_held_by_what_it_left_behind_has_not_answered() -> None:
    with pytest.raises(NoAnswer):
        run("sleep 98762 & echo '{}'", 0.5)
    assert gone("sleep 98762")


def test_what_it_leaves_running_apart_from_its_outputs_is_left_alone() -> None:
    done = run("sleep 98763 >/dev/null 2>&1 & echo $!")
    assert alive("sleep 98763")
    os.kill(int(done.stdout), signal.SIGKILL)


def test_one_that_reads_finds_nothing_to_read() -> None:
    assert run("cat; echo end").stdout == "end\n"


def test_one_that_asks_on_the_terminal_has_none() -> None:
    """Run below a real terminal, as an engineer has one, which getpass would open past the standard input."""
    script = (
        "from fixtures.machine import children; import sys;"
        "done = children.run([sys.executable, '-c', 'import getpass; getpass.getpass()'], {}, seconds=20, called='x');"
        "print('said', done.returncode, done.stderr.strip().splitlines()[-1], flush=True)"
    )
    with warnings.catch_warnings():  # about threads, which the new process has done with at once
        warnings.simplefilter("ignore", DeprecationWarning)
        pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(Path(__file__).parent.parent)
        os.execv(sys.executable, [sys.executable, "-c", script])
    said = b""
    try:
        while chunk := os.read(terminal, 1024):
            said += chunk
    except OSError:  # Linux's way of saying that nobody holds the terminal any more
        pass
    os.waitpid(pid, 0)
    assert b"said 1 EOFError" in said


@pytest.mark.parametrize("script", ["yes", "yes >&2"])
def test_one_that_floods_is_ended(script: str) -> None:
    with pytest.raises(Flood, match=r"^the tool printed more than 1,000,000 bytes$"):
        run(script)


def test_what_is_waited_for_has_a_name_and_can_be_given_up() -> None:
    thread = threading.Thread(target=run, args=("sleep 98764", 60))
    thread.start()
    while not (waits() and alive("sleep 98764")):
        time.sleep(0.01)
    assert waits() == ["the tool"]
    assert waits(60) == []
    children.end_all()
    thread.join(CEILING)
    assert not thread.is_alive() and waits() == []
