"""Worlds that a test writes itself, and what it needs to talk to one."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from botocore.exceptions import ClientError

from fixtures.simulation.world import World, load_world

CHAT = "us.anthropic.claude-sonnet-4-6"
CHAT_MODEL = "anthropic.claude-sonnet-4-6"
EMBEDDING = "amazon.titan-embed-text-v2:0"
PROMPT = json.dumps(
    {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "hello"}],
    }
)


def write_world(folder: Path, text: str, name: str = "own") -> Path:
    """A world file with that text; `title` and `extends = ["compliant"]` are added where it has none."""
    head = "" if "title =" in text else f'title = "{name}"\n'
    head += "" if "extends =" in text else 'extends = ["compliant"]\n'
    path = folder / f"{name}.toml"
    path.write_text(head + text, encoding="utf-8")
    return path


def make_world(text: str = "", name: str = "own") -> World:
    """The world of a TOML text that extends `compliant`."""
    with TemporaryDirectory() as folder:
        return load_world(str(write_world(Path(folder), text, name)))


def code(failure: pytest.ExceptionInfo[ClientError]) -> str:
    """AWS's error code of what botocore raised."""
    return str(failure.value.response["Error"]["Code"])


def message(failure: pytest.ExceptionInfo[ClientError]) -> str:
    """AWS's message of what botocore raised."""
    return str(failure.value.response["Error"]["Message"])


def status(failure: pytest.ExceptionInfo[ClientError]) -> int:
    """The HTTP status of what botocore raised."""
    return int(failure.value.response["ResponseMetadata"]["HTTPStatusCode"])
