"""The programs themselves, as they are published: packages of JavaScript on Node and libraries of Python."""

from __future__ import annotations

import json
import re
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends.live import LiveBackend
from fixtures.consumers.known import NEEDED, SEEN, Known
from fixtures.machine.profiles import Profiles
from fixtures.run import _configured_env_file, _targets
from fixtures.settings import Settings
from fixtures.simulation import server
from fixtures.simulation.world import World

FOLDER = Path(__file__).parent / "consumers"
JAVASCRIPT = ("javascript-sdk", "anthropic-js", "vercel-ai", "langchain-js")
PYTHON = ("boto3", "anthropic", "litellm", "langchain-aws")
SECONDS = 60
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
    """A process that runs one language's packages, one call after another."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": "/usr/bin:/bin", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What the packages answer to one line of tests/consumers/run.*."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        assert ready, f"{task['consumer']} has not answered in {SECONDS} seconds"
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def javascript() -> Iterator[Packages]:
    """JavaScript's packages; the test is skipped where Node 20 or they are missing."""
    node = shutil.which("node")
    version = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else ""
    )
    if not node or int(version.strip().lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"no Node 20 or newer here, but {version.strip() or 'none'}")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("the packages are not installed: npm ci in tests/consumers")
    packages = Packages([node, "run.mjs"])
    yield packages
    packages.close()


@contextmanager
def python() -> Iterator[Packages]:
    """Python's libraries; the test is skipped where they are missing."""
    interpreter = FOLDER / ".venv" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip("the libraries are not installed: requirements.txt into tests/consumers/.venv")
    packages = Packages([str(interpreter), "run.py"])
    yield packages
    packages.close()


class Served:
    """A world whose account answers over HTTP: what is known of its machine, and what programs get there."""

    def __init__(self, world: World, known: Known, url: str, simulation: Any, seen: list[str]) -> None:
        self.known = known
        self.env_file: Path | None = simulation.cwd / ".env.enterprise"
        if self.env_file and not self.env_file.exists():
            self.env_file = None
        self._url = url
        self._home = str(simulation.home)
        self._environ = {**simulation.environ, "AWS_EC2_METADATA_DISABLED": "true"}
        self._keys = {value for name, value in world.machine.environment.items() if "ACCESS_KEY_ID" in name}
        self._seen = seen

    def run(self, packages: Packages, consumer: str, environment: str) -> Ran:
        """One program, in the `shell` or in the `application`'s environment."""
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


@contextmanager
def served(world: World) -> Iterator[Served]:
    """The world's account over HTTP, and its machine's files on the disk."""
    seen: list[str] = []
    located = server.service_of

    def noting(headers: Mapping[str, str], path: str, home_region: str) -> tuple[str, str] | None:
        if path.startswith("/model/"):
            seen.append(headers.get("Authorization", ""))
        return located(headers, path, home_region)

    with pytest.MonkeyPatch.context() as patch, server.serving(world) as (simulation, http):
        patch.setattr(server, "service_of", noting)
        known = known_of(world, simulation)
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Served(world, known, f"http://{server.HOST}:{http.port}", simulation, seen)
        finally:
            http.shutdown()
            thread.join()


def known_of(world: World, simulation: Any) -> Known:
    """What a run knows of the machine, read where the programs run."""
    settings = world.parsed_settings() if world.settings else Settings()
    (target,) = _targets([world.machine.profile], [], Profiles.of_world(world), settings)
    now = simulation.now().replace(microsecond=0)
    backend = LiveBackend(
        simulation, _configured_env_file(settings), False, now, name="moto", concurrent=False
    )
    readings = [backend.read(target, name, {}).as_json() for name in (*NEEDED, *SEEN)]
    backend.close()
    return Known.of(readings, target.profile, target.region)
