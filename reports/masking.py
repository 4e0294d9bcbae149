"""Account IDs and principals, hidden on the way out: masked for readers, replaced by stand-ins in evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

ACCOUNT = re.compile(r"(?<![\w])\d{12}(?![\w])")
PRINCIPAL = re.compile(r"(:(?:assumed-role/[\w+=,.@-]+|federated-user|user)/)([\w+=,.@/-]+)")
STAND_IN_NAME = re.compile(r"principal-\d+")
STAND_IN_ACCOUNT = re.compile(r"0{6}\d{6}")
PUBLIC_ACCOUNTS = frozenset({"123456789012"})
"""The placeholder of AWS's own documentation and of the guide: nobody's account, and worth reading as it is."""


def masked(document: Any) -> Any:
    """The document with account IDs as `****4321` and the names of users and sessions as `****`."""

    def mask(text: str) -> str:
        text = PRINCIPAL.sub(r"\1****", text)
        return ACCOUNT.sub(lambda m: m[0] if m[0] in PUBLIC_ACCOUNTS else f"****{m[0][-4:]}", text)

    return rewritten(document, mask)


class StandIns:
    """Replaces each account and user, everywhere alike, by one that is as well formed and ends the same way.

    Evidence that is judged again must still tell two accounts apart and find twelve digits. A stand-in stands for
    itself, so that evidence of a replay is the evidence it replayed.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._looked_up: set[str] = set()

    def replaced(self, document: Any) -> Any:
        self._looked_up |= set(_looked_up(document))
        return rewritten(document, self._text)

    def _text(self, text: str) -> str:
        if text in self._looked_up:
            return self._name(text)
        text = PRINCIPAL.sub(lambda m: m[1] + self._name(m[2]), text)
        return ACCOUNT.sub(lambda m: self._account(m[0]), text)

    def _name(self, name: str) -> str:
        if STAND_IN_NAME.fullmatch(name):
            return name
        return self._names.setdefault(name, f"principal-{len(self._names) + 1}")

    def _account(self, account: str) -> str:
        if account in PUBLIC_ACCOUNTS or STAND_IN_ACCOUNT.fullmatch(account):
            return account
        if account not in self._accounts:
            taken = {v for v in self._accounts.values() if v.endswith(account[-4:])}
            self._accounts[account] = f"{len(taken):08d}{account[-4:]}"
        return self._accounts[account]


def _looked_up(document: Any) -> Iterator[str]:
    """The user names of CloudTrail's LookupEvents, asked for and answered: bare names, in no ARN."""
    if isinstance(document, dict):
        if document.get("AttributeKey") == "Username":
            yield document["AttributeValue"]
        if isinstance(document.get("Username"), str):
            yield document["Username"]
        for value in document.values():
            yield from _looked_up(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from _looked_up(value)


def rewritten(document: Any, change: Callable[[str], str]) -> Any:
    """The JSON document with every text, keys included, changed."""
    if isinstance(document, str):
        return change(document)
    if isinstance(document, dict):
        return {rewritten(key, change): rewritten(value, change) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [rewritten(entry, change) for entry in document]
    return document
