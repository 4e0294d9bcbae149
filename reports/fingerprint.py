"""Keyed fingerprints of accounts: with the same key, runs can be joined by account though reports hide it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

KEY = "PREFLIGHT_FINGERPRINT_KEY"
KEY_FILE = "PREFLIGHT_FINGERPRINT_KEY_FILE"
SHORTEST = 16


class KeyProblem(Exception):
    """A key that cannot be used; one line without the key."""


def fingerprint_key(environ: Mapping[str, str]) -> bytes | None:
    """The key from the one variable, or from the file that the other names; None without either.

    Raises KeyProblem: there are only 10¹² accounts, so a key that can be guessed gives the account away.
    """
    if environ.get(KEY) and environ.get(KEY_FILE):
        raise KeyProblem(f"{KEY} and {KEY_FILE} are both set: which of them is meant?")
    if environ.get(KEY_FILE):
        source = f"{KEY_FILE} ({environ[KEY_FILE]})"
        try:
            key = Path(environ[KEY_FILE]).expanduser().read_bytes().strip()
        except OSError as error:
            raise KeyProblem(f"{source}: {error.strerror}") from None
    else:
        source, key = KEY, environ.get(KEY, "").encode("utf-8", "surrogateescape").strip()
        if not key:
            return None
    if len(key) < SHORTEST:
        raise KeyProblem(f"{source}: the key has {len(key)} bytes, at least {SHORTEST} are needed")
    return key


def fingerprint(account: str | None, key: bytes | None) -> str | None:
    """HMAC-SHA-256 of the account ID, 128 bits in hexadecimal; None without account or key."""
    if account is None or key is None:
        return None
    return hmac.new(key, f"aws-account:{account}".encode(), hashlib.sha256).hexdigest()[:32]
