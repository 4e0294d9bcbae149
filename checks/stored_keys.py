"""What is wrong with keys: characters that none has, and of keys in a file that AWS refuses what the file itself shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime

from checks import file_fixes
from checks.fixes import Fix
from fixtures.aws.errors import EXPIRED
from fixtures.evidence.profile import Files, Place, Profile
from fixtures.late import dataclass
from fixtures.machine.config_file import EffectiveOption
from fixtures.privacy.redaction import Flaw, Value

KEY, SECRET, TOKEN, OLDER = PARTS = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
)
COPIED = "aws_session_expiration"
UNWANTED: dict[Flaw, str] = {
    "line-break": "a line break",
    "control": "a control character",
    "zero-width": "an invisible character",
    "surrounding-space": "white space around it",
    "quoted": "quotes around it",
    "non-ascii": "a character that is not ASCII",
    "undecodable": "bytes that are no text",
}
"""What no credential and no profile name has in it."""
COMMENTED: dict[Flaw, str] = {"inline-comment": "a comment behind it"}


def unwanted(value: Value, flaws: dict[Flaw, str] = UNWANTED) -> list[str]:
    """What the value has in it that it should not have, in words."""
    found = {flaw: flaws[flaw] for flaw in value["flaws"] if flaw in flaws}
    if "line-break" in found:  # which counts as white space too
        found.pop("surrounding-space", None)
    return list(found.values())


@dataclass(frozen=True)
class KeyFault:
    """One thing that is wrong with the keys of a profile, and where; `title` and `remedy` where they are not the cause's."""

    cause: str | None
    expected: str
    observed: str
    place: Place
    title: str | None = None
    remedy: list[str] | None = None
    fix: Sequence[Fix] = ()


def fault_of_keys(files: Files, profile: Profile, refusal: str) -> KeyFault | None:
    """What the file shows of why AWS refuses the profile's keys with that code; None where it shows nothing."""
    name = profile.name
    stated = {part: option for part in PARTS if (option := files.option(name, part))}
    faults = (
        *_flawed(files, stated),
        *_placeholder(files, name, stated),
        *_token(files, stated, profile.two_tokens),
    )
    if faults:
        # In this order, since one hides the other: a stray
        # character makes a good key look like none of AWS's.
        return faults[0]
    if refusal in EXPIRED and KEY in stated:
        place = files.place_of(stated[KEY])
        return KeyFault(
            "PRE04",
            "keys that have not expired",
            f"the temporary keys in {place} have ended",
            place,
            remedy=renewed(place, name),
        )
    return None


def renewed(place: Place, profile: str) -> list[str]:
    """How keys in a file are replaced by whoever issued them; nobody signs in with SSO for a profile without it."""
    return [
        f"# edit {place}: give the section a key, its secret and their token, as they are issued now: the access portal shows",
        "# them under Access keys, a tool that wrote them does so again, and an IAM user gets a new key, without token; then:",
        f"aws sts get-caller-identity --profile {shlex.quote(profile)}",
    ]


def issued_anew() -> list[str]:
    """How keys of the environment are replaced by whoever issued them."""
    return [
        "# export a key, its secret and their token anew, as they are issued now: by the step of the pipeline or the tool that",
        "# exported these, or from the access portal under Access keys; start the program with them; then:",
        "aws sts get-caller-identity",
    ]


def handed_out_late(place: Place) -> list[str]:
    """What to do about a program that hands out keys which have ended: with an Expiration botocore would ask it again."""
    return [
        f"# log in again with the program of {place}: it hands out keys that have ended; where it can, have it print",
        "# Expiration too, by which botocore knows when to ask it anew",
    ]


def _flawed(files: Files, stated: dict[str, EffectiveOption]) -> Iterator[KeyFault]:
    for name, option in stated.items():
        found = unwanted(option["facts"], {**UNWANTED, **COMMENTED})
        if found:
            place = files.place_of(option)
            yield KeyFault(
                "CFG09",
                f"{name} alone in its line, without quotes and comment",
                f"{place}: {name} has {' and '.join(found)}",
                place,
                fix=file_fixes.clean_value(files.of(option), option, name),
            )


def _placeholder(files: Files, profile: str, stated: dict[str, EffectiveOption]) -> Iterator[KeyFault]:
    key = stated.get(KEY)
    if key is None or (key["facts"]["well_formed"] and not key["facts"]["placeholder"]):
        return
    place = files.place_of(key)
    written = key["facts"]["placeholder"] or f"{key['facts']['length']} characters"
    yield KeyFault(
        None,
        "an access key ID: AKIA or ASIA and 16 capitals and digits",
        f"{place}: {KEY} is {written}, which is no key of AWS",
        place,
        title=f"The access key of profile {profile} is a placeholder",
        remedy=renewed(place, profile),
    )


def _token(files: Files, stated: dict[str, EffectiveOption], two: bool) -> Iterator[KeyFault]:
    """The keys have the token that was issued with them, and no other."""
    key, token, older = (stated.get(name) for name in (KEY, TOKEN, OLDER))
    left_over, why = None, ""
    if two:
        left_over, why = older, "aws_security_token differs from aws_session_token, and botocore takes it"
    elif key and key["facts"]["kind"] == "AKIA":
        left_over = next((each for each in (older, token) if each and each["facts"]["length"]), None)
        why = "a session token stands beside a long-lived key, which has none"
    if left_over is None:
        return
    place = files.place_of(left_over)
    yield KeyFault(
        "CFG15",
        "keys with the token that was issued with them",
        f"{place}: {why}",
        place,
        fix=file_fixes.comment_out(files.of(left_over), [left_over["line"]]),
    )


def misspelt(files: Files, profile: str) -> str | None:
    """Where the profile has a setting that nobody reads and that looks like one of keys, in words."""
    for found in files:
        section = found.read_as(profile)
        for option in section["options"] if section else ():
            if option["key"] is None and option["resembles"] in PARTS:
                place = Place(found.path, option["line"])
                return f"{place} has a name that nobody reads and that looks like {option['resembles']}"
    return None


def copied_until(files: Files, profile: Profile) -> datetime | None:
    """When the keys end that a tool has copied from the profile's SSO login into the credentials file, for programs that know
    no SSO, and noted their end; None where there are none. botocore takes SSO before them (yawsso, "core.py")."""
    stated = {part: files.option(profile.name, part) for part in (KEY, SECRET, TOKEN, COPIED)}
    there = [option for option in stated.values() if option and option["file"] == "credentials"]
    key, noted = stated[KEY], stated[COPIED]
    if not (
        profile.uses_sso and len(there) == len(stated) and key and key["facts"]["kind"] == "ASIA" and noted
    ):
        return None
    # yawsso writes the offset twice.
    moment = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:?00)*Z?", noted["value"] or "")
    return datetime.fromisoformat(f"{moment[1]}+00:00") if moment else None


def half_pair(files: Files, profile: str) -> tuple[str, Place, str] | None:
    """Half a pair of keys in a file: its name, where it is and what it lacks. botocore looks for the other half in the same
    section of the same file, stops at a key without its secret, and passes over a secret without its key."""
    halves: list[tuple[str, Place, str]] = []
    for found in (files.credentials, files.config):
        section = found.read_as(profile)
        lines = {option["key"]: option for option in section["options"]} if section else {}
        there = [name for name in (KEY, SECRET) if name in lines and lines[name]["value"]["length"]]
        if len(there) == 2:
            return None if not halves or halves[0][0] == SECRET else halves[0]
        for name in there:
            other = SECRET if name == KEY else KEY
            elsewhere = files.option(profile, other)
            where = f", which stands in {files.place_of(elsewhere)}" if elsewhere else ""
            halves.append(
                (name, Place(found.path, lines[name]["line"]), f"{name} is there without {other}{where}")
            )
    # A key stops the chain wherever it stands.
    return min(halves, key=lambda half: half[0] != KEY, default=None)
