"""A host that does not answer costs its time once: real sockets that accept and say nothing, and botocore's own retries."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError

from fixtures.aws import bounds, hosts
from fixtures.aws.hosts import HostIsSilent, Hosts
from fixtures.backends.live import described
from fixtures.machine.machine import LiveMachine

ANSWER = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


class Silent:
    """A host that takes every connection and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            while True:
                self.connections.append(self._socket.accept()[0])
        except OSError:  # closed
            return

    def close(self) -> None:
        for each in (*self.connections, self._socket):
            each.close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    monkeypatch.setattr(bounds, "READ_SECONDS", 0.5)
    monkeypatch.setattr(hosts, "PATIENCE", 0.4)
    server = Silent()
    yield server
    server.close()


def sts(held: bounds.Bounds, url: str) -> Any:
    inner = botocore.session.Session(profile=None, session_vars={"profile": (None, None, None, None)})
    session = held.hold(
        boto3.Session("AKIDEXAMPLE", "secret", botocore_session=inner, region_name="us-east-1")
    )
    return session.client("sts", endpoint_url=url)


def test_it_is_waited_for_once_whoever_asks_and_the_error_stays_the_same(silent: Silent) -> None:
    held = bounds.Bounds(LiveMachine())
    failures = []
    for _ in range(3):
        with pytest.raises((HostIsSilent, ReadTimeoutError)) as caught:
            sts(held, silent.url).get_caller_identity()
        failures.append(described(caught.value))
    assert len(silent.connections) == 1, "one attempt, no retry, and no second call"
    assert {(failure.type, failure.code) for failure in failures} == {
        ("ReadTimeoutError", "ReadTimeoutError")
    }
    assert len({failure.message for failure in failures}) == 1


def test_another_host_is_asked_all_the_same(silent: Silent) -> None:
    held = bounds.Bounds(LiveMachine())
    with pytest.raises((HostIsSilent, ReadTimeoutError)):
        sts(held, silent.url).get_caller_identity()

    class Talking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        client = sts(held, f"http://127.0.0.1:{server.server_address[1]}")
        assert client.get_caller_identity()["Account"] == "1"
    finally:
        server.shutdown()
        server.server_close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Request:
    url = "https://user:word@sts.us-east-1.amazonaws.com/"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(known: Hosts, clock: Clock, seconds: float, failure: Exception | None) -> None:
    known._before(request=Request())
    clock.now += seconds
    known._after(exception=failure)


def test_one_that_refuses_at_once_is_tried_anew(clock: Clock) -> None:
    known = Hosts(clock)
    for _ in range(5):
        ask(known, clock, 0.1, ConnectionRefusedError())


def test_one_that_has_answered_before_is_excused_once(clock: Clock) -> None:
    known = Hosts(clock)
    ask(known, clock, 0.1, None)
    ask(known, clock, 15, TimeoutError("first"))
    ask(known, clock, 0.1, None)
    ask(known, clock, 15, TimeoutError("second"))
    ask(known, clock, 15, TimeoutError("third"))
    with pytest.raises(HostIsSilent, match="third"):
        ask(known, clock, 0, None)


def test_what_is_the_same_for_every_target_is_asked_once() -> None:
    known, asked = Hosts(), []

    def ask_slowly() -> str:
        time.sleep(0.05)
        asked.append(1)
        return "answer"

    threads = [threading.Thread(target=known.found, args=("question", ask_slowly)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known.found("question", ask_slowly) == "answer"
    assert len(asked) == 1
