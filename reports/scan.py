"""The last look before a report is published: is a secret of the machine, or what has the shape of one, in any artifact?

Readings are redacted when they are made. This is for the day when that fails: then nothing is published.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fixtures.machine.environment import sort_of
from fixtures.machine.redaction import SHAPES, placeholder
from fixtures.machine.token_cache import SECRET_FIELDS

SHORTEST = 8
SECRET_SORTS = frozenset({"secret-key", "session-token", "bearer"})
SECRET_KEYS = re.compile(r"(?i)secret|session_token|security_token|password|api_?key|external_id")
"""Keys of AWS's files whose value is a secret."""

_SECRET_NAME = re.compile(r"(?i)secret|token|passw|pwd|api_?key|private_?key|credential|auth")
_PLACE_NAME = re.compile(
    r"(?i)(file|path|dir|uri|url|host|home|sock|endpoint|arn|user|id|name|preference|mode)s?$"
)
_ASSIGNMENT = re.compile(
    r"^[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*[=:][^\S\n]*(.*?)[^\S\n]*$", re.MULTILINE
)
_JSON_SECRETS = {*SECRET_FIELDS, "SecretAccessKey", "SessionToken"} - {"clientId"}


@dataclass(frozen=True)
class Secret:
    """A secret of the machine, and where it stands there. Its repr does not show it."""

    where: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Find:
    """What was found in an artifact: `what` names the secret's place or its shape, never the secret."""

    artifact: str
    what: str

    def __str__(self) -> str:
        return f"{self.artifact} holds {self.what}"


def environment_secrets(environ: Mapping[str, str]) -> Iterator[Secret]:
    """Secrets in variables: AWS's own, and those whose name says so; a word or a number is no secret."""
    for name, value in environ.items():
        where = f"the variable {name}"
        if sort_of(name) in SECRET_SORTS:
            yield Secret(where, value)
        elif "://" in value:
            yield from _in_url(where, value)
        elif _named_secret(name) and len(value) >= 12 and not re.fullmatch(r"[A-Za-z_. /-]+|[\d.:-]+", value):
            yield Secret(where, value)


def _named_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name) and not _PLACE_NAME.search(name) and sort_of(name) == "hidden")


def _in_url(where: str, url: str) -> Iterator[Secret]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return  # no URL after all
    if password:
        yield Secret(f"{where} (password in a URL)", password)


def file_secrets(name: str, content: bytes) -> Iterator[Secret]:
    """Secrets in one file: JSON of a cache, or lines `key = value` of an AWS or environment file."""
    text = content.decode("utf-8", "replace")
    try:
        yield from _in_json(name, json.loads(text))
    except (ValueError, RecursionError):
        for key, value in _ASSIGNMENT.findall(text):
            bare = value.strip("'\"")
            if SECRET_KEYS.search(key) or sort_of(key) in SECRET_SORTS:
                yield Secret(f"{key} in {name}", bare)
            elif "://" in bare:
                yield from _in_url(f"{key} in {name}", bare)


def _in_json(name: str, value: Any) -> Iterator[Secret]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _JSON_SECRETS and isinstance(inner, str):
                yield Secret(f"{key} in {name}", inner)
            else:
                yield from _in_json(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(name, inner)


def machine_secrets(home: Path, environ: Mapping[str, str], more: Iterable[Path] = ()) -> list[Secret]:
    """Those of a machine: its environment, the two AWS files, the SSO and CLI caches, and `more` files."""
    aws = home / ".aws"
    stated = [environ.get("AWS_CONFIG_FILE"), environ.get("AWS_SHARED_CREDENTIALS_FILE")]
    files = [
        aws / "config",
        aws / "credentials",
        *(Path(os.path.expandvars(name)).expanduser() for name in stated if name),
    ]
    for folder in (aws / "sso" / "cache", aws / "cli" / "cache"):
        files += sorted(folder.glob("*.json"))
    found = list(environment_secrets(environ))
    for file in [*files, *more]:
        try:
            content = file.read_bytes() if file.is_file() else b""
        except OSError:
            continue  # what cannot be read here could not be read into a report either
        found += file_secrets(file.name, content)
    return found


def finds(artifacts: Sequence[Path], secrets: Iterable[Secret]) -> list[Find]:
    """What is found in the files, in order. Placeholders of documentation and tests are no secrets."""
    forms = {
        form: secret.where for secret in secrets if _is_secret(secret.text) for form in _forms(secret.text)
    }
    found: list[Find] = []
    for artifact in artifacts:
        text = artifact.read_text(encoding="utf-8", errors="replace")
        seen = {f"the value of {where}" for form, where in forms.items() if form in text}
        for shape, pattern in SHAPES.items():
            if any(not placeholder(match.group()) for match in pattern.finditer(text)):
                seen.add(f"what has the shape of a secret ({shape})")
        found += [Find(artifact.name, what) for what in sorted(seen)]
    return found


def _is_secret(text: str) -> bool:
    return len(text) >= SHORTEST and not placeholder(text)


def _forms(secret: str) -> set[str]:
    """The secret as the formats write it."""
    raw = secret.encode("utf-8", "surrogateescape")
    text = raw.decode("utf-8", "replace")
    escaped = json.dumps(text)[1:-1]
    forms = {
        text,
        escaped,
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        html.escape(text),
        html.escape(escaped),
        quote(text, safe=""),
        base64.b64encode(raw).decode(),
    }
    return {form for form in forms if len(form) >= SHORTEST}
