"""The programs themselves, as they are published: packages of JavaScript on Node and libraries of Python."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import select
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pytest

from fixtures.backends.live import LiveBackend
from fixtures.consumers.files import DEFAULTS
from fixtures.consumers.known import NEEDED, SEEN, Known
from fixtures.machine.profiles import Profiles
from fixtures.run import GUIDE_REGION, _configured_env_file
from fixtures.settings import Settings
from fixtures.simulation import dispatch, server
from fixtures.simulation.account import SimulatedAccount
from fixtures.simulation.world import World
from fixtures.targets import Target
from tests import harness

FOLDER = Path(__file__).parent / "consumers"
JAVASCRIPT = ("javascript-sdk", "anthropic-js", "vercel-ai", "langchain-js")
PYTHON = ("boto3", "anthropic", "litellm", "langchain-aws")
CLI = ("aws-cli",)
SECONDS, SECONDS_TO_START = 30, 240
"""How long an answer may take at most, and reading the libraries, which takes a minute where many tests share a processor."""
REFUSED = re.compile(r"security token included|Authentication failed|[Ss]ignature|API Key")
"""What the simulated account says of a caller whom it does not know."""


@dataclass(frozen=True)
class Ran:
    """What came of a call to Bedrock: the Region and kind of credentials that it was signed with, or was to be.

    provider: `bearer`, `env`, `other`, or None where no call was made. works: whether AWS knew the caller.
    """

    region: str | None
    provider: str | None
    works: bool
    error: str


class Packages:
    """A process that runs one language's packages, one call after another. Skips the test where it cannot read them all:
    an installation that was broken off has some."""

    def __init__(self, command: Sequence[str], said: IO[str], environ: Mapping[str, str]) -> None:
        self._command, self._said, self._environ = command, said, environ
        self._process = self._started()
        if self._line("the installation", SECONDS_TO_START) != {"ready": True}:
            self.close()
            pytest.skip(f"not all of the packages are installed: {self._last_said()}")

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "LITELLM_LOCAL_MODEL_COST_MAP": "True", **self._environ},
        )

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What the packages answer to one line of tests/consumers/run.*."""
        if self._process.poll() is not None:
            self._process = self._started()
            self._line("the installation", SECONDS_TO_START)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = self._line(task["consumer"], SECONDS)
        assert answer, f"{task['consumer']} has ended the process: {self._last_said()}"
        return answer

    def _line(self, whose: str, seconds: int) -> dict[str, Any]:
        """The next line of the process; nothing where it has ended. One that keeps silent is ended, so that its answer is not
        taken for the next one's."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            self.close()
        assert ready, f"{whose} has not answered in {seconds} seconds"
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {}
        return answer

    def _last_said(self) -> str:
        """The line in which the process says what went wrong: Node's has a colon and is not the last one."""
        self._said.seek(0)
        said = [line.strip() for line in self._said if re.match(r"[\w.]*(Error|Exception)\b.*:", line)]
        return said[-1] if said else "it says nothing"

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def _running(command: Sequence[str], **environ: str) -> Iterator[Packages]:
    with tempfile.TemporaryFile("w+") as said:
        packages = Packages(command, said, environ)
        try:
            yield packages
        finally:
            packages.close()


@contextmanager
def javascript(**environ: str) -> Iterator[Packages]:
    """JavaScript's packages, on a Node that is started with the variables; the test is skipped where Node 20 or they are
    missing."""
    node = shutil.which("node")
    version = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if node
        else ""
    )
    major = re.match(r"v(\d+)\.", version)
    if not node or not major or int(major[1]) < 20:
        pytest.skip(f"no Node 20 or newer here, but {version or 'none'}")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("the packages are not installed: npm ci in tests/consumers")
    with _running([node, "run.mjs"], **environ) as packages:
        yield packages


@contextmanager
def python() -> Iterator[Packages]:
    """Python's libraries; the test is skipped where they are missing."""
    interpreter = FOLDER / ".venv" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip("the libraries are not installed: requirements.txt into tests/consumers/.venv")
    with _running([str(interpreter), "run.py"]) as packages:
        yield packages


@contextmanager
def aws_cli() -> Iterator[Packages]:
    """The AWS CLI; the test is skipped where it is missing, or is not installed as a package of Python."""
    command = Path("/usr/bin/aws")
    first = (
        command.read_bytes()[:80].partition(b"\n")[0].decode("ascii", "replace") if command.is_file() else ""
    )
    if not re.match(r"#!\S*python[\d.]*$", first):
        pytest.skip(f"no AWS CLI of the system's own Python here, but {first[:20] or 'none'}")
    with _running([first.removeprefix("#!"), "run_cli.py"]) as packages:
        yield packages


_ran: dict[tuple[str, ...], Ran] = {}
"""What came of a call, by the program and all that it can see: half of the worlds differ for another reader alone, in the
application's file or in what AWS allows."""


class Served:
    """A world whose account answers over HTTP: what is known of its machine, and what programs get there."""

    def __init__(self, world: World, known: Known, url: str, simulation: Any, seen: list[str]) -> None:
        self.known = known
        self._state = seen_by_programs(world)
        self._env_text = repr(world.machine.files.get("./.env.enterprise"))
        self.env_file: Path | None = simulation.cwd / ".env.enterprise"
        if self.env_file and not self.env_file.exists():
            self.env_file = None
        self._url = url
        self._home = str(simulation.home)
        self._environ = {**simulation.environ, "AWS_EC2_METADATA_DISABLED": "true"}
        self._keys = {value for name, value in world.machine.environment.items() if "ACCESS_KEY_ID" in name}
        self._seen = seen

    def run(self, packages: Packages, consumer: str, environment: str) -> Ran:
        """One program, in the `shell` or in the `application`'s environment. In a state that is the same for it as that of
        another world, what it did there."""
        key = (consumer, self._state, self._env_text if environment == "application" else "")
        if key not in _ran:
            _ran[key] = self._asked(packages, consumer, environment)
        return _ran[key]

    def _asked(self, packages: Packages, consumer: str, environment: str) -> Ran:
        self._seen.clear()
        env_file = str(self.env_file) if environment == "application" else None
        answer = packages.ask(
            {
                "consumer": consumer,
                "environ": self._environ,
                "env_file": env_file,
                "url": self._url,
                "model": "us.anthropic.claude-sonnet-4-6",
            }
        )
        sent = self._seen[-1] if self._seen else ""
        error = (answer["error"] or "").replace(self._home, "~")
        signed = re.search(r"Credential=([^/]*)/\d+/([^/]*)/", sent)
        if signed:
            kind = "env" if signed[1] in self._keys else "other"
            return Ran(signed[2], kind, not REFUSED.search(error), error)
        bearer = sent.startswith("Bearer")
        return Ran(
            answer["region"], "bearer" if bearer else None, bearer and not REFUSED.search(error), error
        )


def seen_by_programs(world: World) -> str:
    """All of a world that a program sees in the shell: its machine but the application's file, and who AWS says it is. What a
    caller may do is no matter here: a call that is denied is signed like one that is not."""
    machine = replace(
        world.machine,
        files={name: file for name, file in world.machine.files.items() if name != "./.env.enterprise"},
    )
    users = [replace(user, policies={}, attached={}, groups=()) for user in world.iam_user]
    role = replace(world.role, policies={}, attached={}, boundary=None, tags={}, session_policy=None)
    account = (
        world.clock,
        world.account,
        world.sso,
        role,
        users,
        world.role_session,
        world.iam_role,
        world.faults,
    )
    return repr((machine, account, world.settings))


@contextmanager
def served(world: World) -> Iterator[Served]:
    """The world's account over HTTP, and its machine's files on the disk."""
    seen: list[str] = []
    answer = dispatch.answer

    def noting(account: SimulatedAccount, request: Any, *located: Any) -> dispatch.Answer | None:
        answered = answer(account, request, *located)
        if "/model/" in request.url or account.requests[-1].operation == "GetCallerIdentity":
            seen.append(request.headers.get("Authorization", ""))
        return answered

    with pytest.MonkeyPatch.context() as patch, server.serving(world) as (simulation, http):
        patch.setattr(dispatch, "answer", noting)
        known = known_of(world, simulation)
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Served(world, known, f"http://{server.HOST}:{http.port}", simulation, seen)
        finally:
            http.shutdown()
            thread.join()


def known_of(world: World, simulation: Any) -> Known:
    """What a run knows of the machine, read where the programs run; once for all workers of a run of the tests."""
    if harness.shelf is None:
        raise RuntimeError("tests/conftest.py says where readings are kept")
    kept = harness.shelf / f"{hashlib.sha256(repr(world).encode()).hexdigest()}.known"
    if not kept.exists():
        with tempfile.NamedTemporaryFile(dir=harness.shelf, delete=False) as half:
            pickle.dump(_read(world, simulation), half)
        Path(half.name).replace(kept)
    known: Known = pickle.loads(kept.read_bytes())
    return known


def _read(world: World, simulation: Any) -> Known:
    settings = world.parsed_settings() if world.settings else Settings()
    profile = world.machine.profile
    region = Profiles.of_world(world).region(profile) or settings.profile.region or GUIDE_REGION
    target = Target(profile, region)
    now = simulation.now().replace(microsecond=0)
    backend = LiveBackend(
        simulation, _configured_env_file(settings), False, now, name="moto", concurrent=False
    )
    readings = [backend.read(target, name, {}).as_json() for name in (*NEEDED, *SEEN)]
    for kind, default in DEFAULTS.items():
        readings.append(backend.read(target, f"file.{kind}", {"stated": default}).as_json())
    backend.close()
    return Known.of(readings, target.profile, target.region)
