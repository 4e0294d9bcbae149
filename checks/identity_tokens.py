"""Why AWS STS takes no identity token of a job or a pod, and what mends it: the facts of identity_tokens.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from fixtures.late import dataclass
from fixtures.machine.identity_token import IdentityToken
from fixtures.readings import ReadError
from fixtures.settings import ROLE_ARN
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("identity_tokens.toml")
PLAIN = re.compile(r"(?!-|fileb?://)[\w.:/@+-]+", re.ASCII)
"""What a claim may be to stand in a command: the token is foreign text, and the AWS CLI takes options, and files to send, from
a command's words."""


@dataclass(frozen=True)
class Refusal:
    """One way in which AWS STS refuses a token: its codes and words, what is wrong, the claims that show it, what mends it."""

    codes: tuple[str, ...]
    says: tuple[str, ...]
    title: str
    shows: tuple[str, ...]
    mended: tuple[str, ...]

    def shown(self, token: IdentityToken | None) -> str:
        """The claims of the token that belong to it, as the end of a sentence; "" where there are none."""
        told = _claims(token)
        words = {"issuer": "is of", "audience": "is for", "subject": "is about", "ends": "ended at"}
        seen = [f"{words[name]} {told[name]}" for name in self.shows if told.get(name)]
        return f"; the token {', '.join(seen)}" if seen else ""

    def remedy(
        self, token: IdentityToken | None, role_arn: str | None, file: str, named: str
    ) -> Sequence[str]:
        """The lines that mend it, for the role that is named there and the token of that file."""
        told = {name: value for name, value in _claims(token).items() if PLAIN.fullmatch(value)}
        role = ROLE_ARN.fullmatch(role_arn or "")
        issuer = told.get("issuer", "ISSUER").removeprefix("https://")
        names = {
            "file": file,
            "named": named,
            "issuer": issuer,
            "audience": told.get("audience", "AUDIENCE"),
            "role": role["name"] if role else "ROLE",
            "account": role["account"] if role else "ACCOUNT",
        }
        partition = role[0].split(":")[1] if role else "aws"
        names["provider"] = f"arn:{partition}:iam::{names['account']}:oidc-provider/{issuer}"
        return [line.format(**names) for line in self.mended]


@dataclass(frozen=True)
class Refusals:
    """The facts of identity_tokens.toml."""

    refusal: tuple[Refusal, ...]


def refusal_of(error: ReadError) -> Refusal | None:
    """The refusal that AWS STS's error is; None for one that is not known."""
    said = error.message.casefold()
    return next(
        (
            each
            for each in _known().refusal
            if error.code in each.codes and any(words.casefold() in said for words in each.says)
        ),
        None,
    )


def _claims(token: IdentityToken | None) -> Mapping[str, str]:
    if token is None:
        return {}
    told = {
        "issuer": token["issuer"],
        "audience": next(iter(token["audiences"]), None),
        "subject": token["subject"],
        "ends": token["ends"],
    }
    return {name: value for name, value in told.items() if value}


@cache
def _known() -> Refusals:
    return TomlFile.load(FILE).build(Refusals)
