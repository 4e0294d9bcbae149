"""The simulated account served over HTTP, the real AWS CLI led to it, and a laptop that has no other AWS."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore
import pytest

from fixtures.machine.children import Completed
from fixtures.simulation import server
from tests.suite import ROOT, Ran, run_suite

SSO_CACHE = Path(".aws/sso/cache/284c80bd216563a75ddf33fdbc5290f7f16a3720.json")
CLI_PLACES = [
    *filter(None, [os.environ.get("REAL_AWS_CLI")]),
    "/usr/bin/aws",
    "/usr/local/bin/aws",
    "/usr/local/aws-cli/v2/current/bin/aws",
    "/opt/homebrew/bin/aws",
]
"""Where an AWS CLI v2 may be; not what PATH finds first, which is often a v1."""


class Served:
    """A running server: its announcement, and requests to it."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.url: str = announced["url"]
        self.home = Path(announced["home"])
        self.work = Path(announced["cwd"])

    def log(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.url + server.LOG_PATH) as answer:
            log: list[dict[str, Any]] = json.load(answer)
        return log


@contextmanager
def serve(*options: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "fixtures.simulation.server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0


def real_cli() -> tuple[str, tuple[int, ...]]:
    """Path and version of an AWS CLI v2; the test is skipped where there is none."""
    for place in CLI_PLACES:
        if Path(place).is_file():
            banner = subprocess.run([place, "--version"], capture_output=True, text=True, check=True).stdout
            version = re.match(r"aws-cli/(\d+)\.(\d+)\.(\d+)", banner)
            if version and version[1] == "2":
                return place, tuple(int(part) for part in version.groups())
    pytest.skip(f"no AWS CLI v2 in {', '.join(CLI_PLACES)}")


class RealCli:
    """The AWS CLI of this machine on the server's home folder, led to the server.

    From 2.13 it reads AWS_ENDPOINT_URL. An older one is given endpoint rule sets in AWS_DATA_PATH, and the model of
    Bedrock, which came later.
    """

    def __init__(self, served: Served, models: Path) -> None:
        self.path, self.version = real_cli()
        self.environ = {
            "HOME": str(served.home),
            "PATH": "/usr/bin:/bin",
            "AWS_PROFILE": "msh",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.version >= (2, 13):
            self.environ["AWS_ENDPOINT_URL"] = served.url
        else:
            self.environ["AWS_DATA_PATH"] = str(models)
            write_models(models, served.url)

    def __call__(self, *arguments: str, **environment: str) -> Completed:
        environ = {**self.environ, **environment}
        done = subprocess.run(
            [self.path, *arguments],
            env={name: value for name, value in environ.items() if value != "-"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Completed(done.returncode, done.stdout, done.stderr)


def write_models(folder: Path, url: str) -> None:
    """Endpoint rule sets that lead each service to the URL, and botocore's model of Bedrock."""
    known = {"AWS::Region": "Region", "SDK::Endpoint": "Endpoint"}
    flags = {"AWS::UseDualStack": "UseDualStack", "AWS::UseFIPS": "UseFIPS"}
    rules = {
        "version": "1.0",
        "parameters": {
            **{
                n: {"type": "String", "builtIn": b, "required": False, "documentation": ""}
                for b, n in known.items()
            },
            **{
                n: {"type": "Boolean", "builtIn": b, "required": True, "default": False, "documentation": ""}
                for b, n in flags.items()
            },
        },
        "rules": [
            {"conditions": [], "type": "endpoint", "endpoint": {"url": url, "properties": {}, "headers": {}}}
        ],
    }
    versions = {
        "sso": "2019-06-10",
        "sso-oidc": "2019-06-10",
        "sts": "2011-06-15",
        "iam": "2010-05-08",
        "bedrock": "2023-04-20",
    }
    for service, version in versions.items():
        target = folder / service / version
        target.mkdir(parents=True)
        (target / "endpoint-rule-set-1.json").write_text(json.dumps(rules), encoding="utf-8")
    own = Path(botocore.__file__).parent / "data" / "bedrock" / versions["bedrock"]
    packed = own / "service-2.json.gz"
    model = gzip.decompress(packed.read_bytes()) if packed.exists() else (own / "service-2.json").read_bytes()
    (folder / "bedrock" / versions["bedrock"] / "service-2.json").write_bytes(model)


class Laptop:
    """A home folder with the served world's files, led to the server by its `profile`, which is for that `purpose`."""

    def __init__(
        self, served: Served, folder: Path, profile: str = "msh", purpose: str = "workstation"
    ) -> None:
        self.served = served
        self.folder = folder
        self._judged = ("--profile", profile, "--environment", purpose)
        config = served.home / ".aws" / "config"
        text = config.read_text(encoding="utf-8")
        config.write_text(
            text.replace(f"[profile {profile}]\n", f"[profile {profile}]\nendpoint_url = {served.url}\n"),
            encoding="utf-8",
        )
        (folder / "compliance.toml").write_text(
            f'[credentials]\napproved_endpoints = ["{served.url}"]\n', encoding="utf-8"
        )
        (folder / ".env.enterprise").write_text(
            (served.work / ".env.enterprise").read_text(encoding="utf-8"), encoding="utf-8"
        )
        self.environ = {
            "HOME": str(served.home),
            "PATH": str(folder / "bin"),
            "AWS_PROFILE": profile,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def install_cli(self) -> None:
        """The real AWS CLI as `aws`, with the models that lead an old one to the server."""
        cli = RealCli(self.served, self.folder / "models")
        program = self.folder / "bin" / "aws"
        program.parent.mkdir()
        models = cli.environ.get("AWS_DATA_PATH", "")
        program.write_text(
            f'#!/bin/sh\nexport AWS_DATA_PATH="{models}"\nexec {cli.path} "$@"\n', encoding="utf-8"
        )
        program.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Judges steps 1 to 6 of the guide on the laptop."""
        environ = {**self.environ, **environment}
        return run_suite(self.folder, *self._judged, *arguments, environ=environ, checks="checks/workstation")
