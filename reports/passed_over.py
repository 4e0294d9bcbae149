"""What of this machine somebody may take for judged, where a run that names none judges a simulated one."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from fixtures.machine.profiles import SELECTING
from fixtures.run import UNSELECTED
from fixtures.text.nearest import nearest

CREDENTIALS = (
    ("AWS_BEARER_TOKEN_BEDROCK",),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
)
"""The variables that give credentials, those of one provider together."""
FILES = (("config", "AWS_CONFIG_FILE"), ("credentials", "AWS_SHARED_CREDENTIALS_FILE"))
NAMED = 3
LARGEST = 64 * 1024
"""Bytes of both files that are read for a hint: more takes longer than it is worth."""


def passed_over(environ: Mapping[str, str], purpose: str) -> str:
    """What would have been judged with --profile, the selected profile, the credentials in variables or the SSO profiles, and
    how; empty where there is nothing. No secret is in it. `purpose` is what --environment says."""
    profiles, headers, shown = _known(environ)
    for name in SELECTING:
        if (selected := environ.get(name, "")).strip():
            told = f"{name}={selected} is set, and was not judged: "
            # A header that may have been meant to name it is for the checks to diagnose.
            if profiles and not any(selected.casefold() in header.casefold() for header in headers):
                return f"{told}no profile in {shown} is called so{nearest(selected, profiles)}"
            return f"{told}{_judging(selected)}"
    for names in CREDENTIALS:
        if all(environ.get(name, "").strip() for name in names):
            # Where the files have profiles and no default, only a job selects none.
            lacks = profiles and UNSELECTED not in profiles and purpose == "workstation"
            more = " --environment ci" if lacks else ""
            return f"{names[0]} is set, and was not judged: {_judging(UNSELECTED, more)}"
    sso = [name for name, by_sso in profiles.items() if by_sso]
    if not sso:
        return ""
    more = f" and {len(sso) - NAMED} more" if len(sso) > NAMED else ""
    which = f"profile{'s' if len(sso) > 1 else ''} {', '.join(sso[:NAMED])}{more}"
    return f"SSO {which} in {shown} {'were' if len(sso) > 1 else 'was'} not judged: {_judging(sso[0])}"


def _judging(profile: str, more: str = "") -> str:
    return f"--profile {shlex.quote(profile)}{more} judges this machine"


def _known(environ: Mapping[str, str]) -> tuple[Mapping[str, bool], list[str], str]:
    """The profiles in the machine's files with whether they log in by SSO, all headers there, and the config file's name; none
    where the files are too large for a hint, or cannot be read.

    Headers and two keys are looked for, and nothing is parsed: as botocore reads a file, fifty profiles take longer than a hint
    may.
    """
    stated = {kind: environ.get(variable) or f"~/.aws/{kind}" for kind, variable in FILES}
    texts = {}
    try:
        paths = {kind: Path(os.path.expandvars(place)).expanduser() for kind, place in stated.items()}
        there = {kind: path for kind, path in paths.items() if path.is_file()}
        if sum(path.stat().st_size for path in there.values()) > LARGEST:
            return {}, [], ""
        texts = {kind: path.read_text(encoding="utf-8-sig", errors="replace") for kind, path in there.items()}
    # No home folder, or a file that this user may not read.
    except (OSError, RuntimeError, ValueError):
        return {}, [], ""
    profiles: dict[str, bool] = {}
    headers = []
    for kind, text in texts.items():
        for section in _SECTION.finditer(text):
            headers.append(section["header"])
            named = _PROFILE.fullmatch(section["header"]) if kind == "config" else None
            name = named["name"] if named else section["header"]
            if named or kind == "credentials" or name == UNSELECTED:
                profiles[name] = profiles.get(name, False) or bool(_SSO.search(section["body"]))
    return profiles, headers, stated["config"]


_SECTION = re.compile(
    r"^\[[ \t]*(?P<header>[^\]\n]+?)[ \t]*\](?P<body>[^\n]*(?:\n(?!\[)[^\n]*)*)", re.MULTILINE
)
_PROFILE = re.compile(r"profile[ \t]+(?P<quote>[\"']?)(?P<name>.+)(?P=quote)")
_SSO = re.compile(r"^sso_(?:session|start_url)[ \t]*=", re.MULTILINE)
