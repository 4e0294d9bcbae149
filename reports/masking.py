"""Account IDs and principals, hidden on the way out: masked for readers, replaced by stand-ins in evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

ACCOUNT = re.compile(
    r"(?P<digest>(?<![0-9A-Za-z])(?:[0-9a-f]{16,}|[0-9A-F]{16,})(?![0-9A-Za-z]))|(?<!\d)\d{12}(?!\d)"
)
"""Twelve digits, whatever stands beside them; digests and other hexadecimal IDs are passed over whole."""
NAMED = re.compile(r"[A-Fa-f]*(\d{12})[A-Fa-f]*")
"""An account ID beside letters that happen to be hexadecimal: no digest."""
PRINCIPAL = re.compile(r"(:(?:assumed-role/[\w+=,.@-]+|federated-user|user)/)([\w+=,.@/-]+)")
ADDRESS = re.compile(r"[\w+=,.-]+@[\w-]+(?:\.[\w-]+)+")
HOME = re.compile(
    r"((?:\b[A-Za-z]:|(?<![\w.])/mnt/[a-z]|(?<![\w./~}-]))(?P<slash>/|\\{1,2})(?:Users|home)(?P=slash))"
    r"(?!(?:Public|Shared)\b)"
    # A blank belongs to the name only where a backslash shows that the name goes on.
    r"[^\s\\/\"'`<>|:;,()%$*~{}]+(?:(?: [^\s\\/\"'`<>|:;,()]+){1,2}(?=\\))?"
)
"""The folder of a user, whose name it has: C:\\Users\\NAME, /home/NAME, /Users/NAME, /mnt/c/Users/NAME."""
SIGNATORIES = ("approved_by", "owner", "requested_by")
"""What waivers and attestations call the people who answer for them: their auditors have to see who."""
STAND_IN_NAME = re.compile(r"principal-\d+")
STAND_IN_ACCOUNT = re.compile(r"0{6}\d{6}")
PUBLIC_ACCOUNTS = frozenset({"123456789012"})
"""The placeholder of AWS's own documentation and of the guide: nobody's account, and worth reading as it is."""


def masked(document: Any, known: Collection[str] = ()) -> Any:
    """The document with account IDs as `****4321` and the names of users and sessions as `****`.

    Where a principal of the document, or one of those `known`, is an e-mail address, it is hidden in free text too.
    User names are hidden in the paths of home folders: `/home/~`.
    """
    addresses = _anywhere({*principals(document), *known})

    def mask(text: str) -> str:
        text = PRINCIPAL.sub(r"\1****", text)
        if addresses:
            text = addresses.sub("****", text)
        return _without_home(_accounts(text, lambda account: f"****{account[-4:]}"))

    return rewritten(document, mask, keeping=SIGNATORIES)


def principals(document: Any) -> set[str]:
    """The names of the users and sessions in the document's ARNs and in what CloudTrail was asked and answered."""
    found = set(_looked_up(document))

    def collect(text: str) -> str:
        found.update(match[2] for match in PRINCIPAL.finditer(text))
        return text

    rewritten(document, collect)
    return found


def _anywhere(names: Collection[str]) -> re.Pattern[str] | None:
    """Finds those of the names that nothing else is called: e-mail addresses, and their stand-ins; None for none."""
    told = sorted(
        (re.escape(name) for name in names if ADDRESS.fullmatch(name) or STAND_IN_NAME.fullmatch(name)),
        key=len,
        reverse=True,
    )
    return re.compile(rf"(?<![\w+=.-])(?:{'|'.join(told)})(?![\w-]|\.\w)", re.IGNORECASE) if told else None


def _accounts(text: str, shown: Callable[[str], str]) -> str:
    def one(match: re.Match[str]) -> str:
        named = NAMED.fullmatch(match[0])
        if not named or named[1] in PUBLIC_ACCOUNTS:
            return match[0]
        return match[0].replace(named[1], shown(named[1]))

    return ACCOUNT.sub(one, text)


def _without_home(text: str) -> str:
    return HOME.sub(r"\1~", text)


class StandIns:
    """Replaces each account and user, everywhere alike, by one that is as well formed and ends the same way.

    Evidence that is judged again must still tell two accounts apart and find twelve digits. A stand-in stands for
    itself, so that evidence of a replay is the evidence it replayed.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._looked_up: set[str] = set()
        self._addresses: re.Pattern[str] | None = None

    def replaced(self, document: Any) -> Any:
        self._looked_up |= set(_looked_up(document))
        self._addresses = _anywhere(principals(document))
        return rewritten(document, self._text, keeping=SIGNATORIES)

    def _text(self, text: str) -> str:
        if text in self._looked_up:
            return self._name(text)
        text = PRINCIPAL.sub(lambda m: m[1] + self._name(m[2]), text)
        if self._addresses:
            text = self._addresses.sub(lambda m: self._name(m[0]), text)
        return _without_home(_accounts(text, self._account))

    def _name(self, name: str) -> str:
        if STAND_IN_NAME.fullmatch(name):
            return name
        # Addresses are the same in any case of their letters.
        known = name.casefold() if "@" in name else name
        return self._names.setdefault(known, f"principal-{len(self._names) + 1}")

    def _account(self, account: str) -> str:
        if STAND_IN_ACCOUNT.fullmatch(account):
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


def rewritten(document: Any, change: Callable[[str], str], keeping: Collection[str] = ()) -> Any:
    """The JSON document with every text, keys included, changed; texts below a key of `keeping` stay."""
    if isinstance(document, str):
        return change(document)
    if isinstance(document, dict):
        return {
            rewritten(key, change): value
            if key in keeping and isinstance(value, str)
            else rewritten(value, change, keeping)
            for key, value in document.items()
        }
    if isinstance(document, list | tuple):
        return [rewritten(entry, change, keeping) for entry in document]
    return document
