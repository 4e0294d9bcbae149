"""A remedy followed to the letter on a world's machine: its commands typed, its edits made, its logins done."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from botocore.configloader import build_profile_map, raw_config_parse

from fixtures.machine.token_cache import cache_name
from fixtures.simulation import home
from tests.mending import Laptop

EDIT = re.compile(r"# edit (?P<file>\"[^\"]+\"|\S+?)(?: line (?P<line>\d+))?: (?P<what>.+)")
DELETE = re.compile(
    r"(?:where [^,;]+, )?(?:delete (?:the|this) (?:line|setting)|delete mfa_serial|remove aws_session_token)"
)
WRITE = re.compile(
    r"(?:add|have|write) (?:the header as (?P<header>\[[^]]+\])|(?P<setting>\w+ ?= ?\S+?)(?=[,;]?(?: |$)))"
)
VARIABLE = re.compile(r"\b([A-Z_]+)=(\S+)")
TYPED = re.compile(r"(?:export|unset|rm -f --|mv|aws configure set) ")
"""The commands that change this machine alone, and ask nobody."""
CLI = Path("/usr/bin/aws")
KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
NEW_TOKEN = "aoaAAAAAG-CANARY-token-of-the-next-login"
"""What a login leaves; the portal of the machine's world has to take it."""
BUNDLE = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"


def follow(laptop: Laptop, remedy: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Does what a machine can do of the remedy: the lines that it did, and the environment afterwards.

    The edits come first, since lines are counted as the files had them.
    """
    environment = dict(laptop.environ)
    done = _edit(laptop, remedy)
    for line in remedy:
        for pattern, act in ACTS.items():
            if found := re.match(pattern, line):
                act(laptop, environment, found)
                done.append(line)
        if TYPED.match(line) and (CLI.exists() or not line.startswith("aws ")):
            _type(laptop, environment, line)
            done.append(line)
    return done, environment


def place(laptop: Laptop, file: str) -> Path:
    """Where a file of the machine lies, as a remedy names it."""
    return home.located(file.strip('"'), laptop.placeholders)


def working(readings: Iterable[Mapping[str, object]]) -> set[str]:
    """The calls that were answered: Bedrock's, those for a login and a caller, and who the programs of the machine are.

    What is read about the account, its roles say, is read only where it is wanted.
    """
    wanted = re.compile(r"(sts|sso|bedrock|bedrock-runtime):|(cli|child)\.identity$")
    names = [str(reading["name"]) for reading in readings if reading.get("value") is not None]
    return {name for name in names if wanted.match(name)}


# ------------------------------------------------------------------------------------------------------------ edits


def _edit(laptop: Laptop, remedy: Sequence[str]) -> list[str]:
    """Makes the edits that leave no choice: the lines that say so."""
    changes: dict[Path, dict[int, str]] = {}
    done = []
    for line in remedy:
        found = EDIT.match(line)
        if not found or not (DELETE.match(found["what"]) or WRITE.match(found["what"])):
            continue
        done.append(line)
        file = place(laptop, found["file"])
        if found["line"]:
            changes.setdefault(file, {})[int(found["line"])] = found["what"]
        else:
            _write_variables(file, dict(VARIABLE.findall(found["what"])))
    for file, whats in changes.items():
        lines = file.read_bytes().splitlines(keepends=True)
        changed = [_edited(line, whats.get(at), lines) for at, line in enumerate(lines, 1)]
        file.write_bytes(b"".join(changed))
    return done


def _edited(line: bytes, what: str | None, lines: Sequence[bytes]) -> bytes:
    """The line after what was said about it: a setting comes below a header, and in the place of a setting."""
    if what is None:
        return line
    text = WRITE.match(what)
    if DELETE.match(what) or text is None:
        return b""
    written = (text["header"] or text["setting"]).encode() + (b"\r\n" if line.endswith(b"\r\n") else b"\n")
    if text["setting"] and line.lstrip().startswith(b"["):
        return line if written in lines else line + written
    return written


def _write_variables(file: Path, variables: Mapping[str, str]) -> None:
    """Writes the variables in an environment file, in place of those that it has."""
    kept = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.removeprefix("export ").partition("=")[0].strip() not in variables
    ]
    lines = [*kept, *(f"{name}={value}" for name, value in variables.items())]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- acts


def _type(laptop: Laptop, environment: dict[str, str], line: str) -> None:
    """Types the command in the window whose environment this is."""
    tools = laptop.folder / "tools"
    tools.mkdir(exist_ok=True)
    if CLI.exists() and not (tools / "aws").exists():
        (tools / "aws").symlink_to(CLI)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-ec", f"{line}\nenv -0"],
        cwd=laptop.work, env={**environment, "PATH": path}, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    pairs = [entry.partition("=") for entry in ran.stdout.decode().split("\0") if entry]
    environment.clear()
    environment.update({name: value for name, _, value in pairs})


def _log_in(laptop: Laptop, environment: dict[str, str], said: re.Match[str]) -> None:
    """What a login leaves: the token of the portal, under the name that the AWS CLI gives it."""
    config = Path(environment.get("AWS_CONFIG_FILE") or laptop.home / ".aws" / "config")
    known = build_profile_map(raw_config_parse(str(config))) if config.is_file() else {}
    profile = known.get("profiles", {}).get(said["profile"])
    if profile is None:
        return  # the AWS CLI knows no such profile
    session = known.get("sso_sessions", {}).get(profile.get("sso_session"), profile)
    if session.get("sso_start_url", "").rstrip("/#") != laptop.world.sso.start_url.rstrip("/#"):
        return  # there is no portal where somebody could log in
    now = laptop.world.clock.now
    token = {
        "startUrl": session["sso_start_url"],
        "region": session["sso_region"],
        "accessToken": NEW_TOKEN,
        "expiresAt": f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}",
        "clientId": "client-acme",
        "clientSecret": "CANARY-client-secret",
        "registrationExpiresAt": f"{now + timedelta(days=80):%Y-%m-%dT%H:%M:%SZ}",
    }
    if "sso_session" in profile:
        token["refreshToken"] = "aorAAAAAG-CANARY-refresh-token"
    name = cache_name(profile.get("sso_session") or session["sso_start_url"])
    cache = laptop.home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{name}.json"
    file.write_text(json.dumps(token), encoding="utf-8")
    file.chmod(0o600)


def _get_the_bundle(laptop: Laptop, _environment: dict[str, str], _said: re.Match[str]) -> None:
    (laptop.home / ".aws" / "ca-bundle.pem").write_bytes(BUNDLE)


def _delete_keys(laptop: Laptop, _environment: dict[str, str], said: re.Match[str]) -> None:
    file, inside, kept = laptop.home / ".aws" / "credentials", False, []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("["):
            inside = line.strip() == f"[{said['profile']}]"
        if not inside or line.partition("=")[0].strip() not in KEYS:
            kept.append(line)
    file.write_text("".join(kept), encoding="utf-8")


def _write_everywhere(laptop: Laptop, environment: dict[str, str], said: re.Match[str]) -> None:
    old = re.compile(rf"(?<![\w-]){re.escape(said['old'])}(?![\w-])")
    for file in (laptop.home / ".aws" / "config", laptop.work / ".env.enterprise"):
        if file.exists():
            file.write_text(old.sub(said["new"], file.read_text(encoding="utf-8")), encoding="utf-8")
    environment.update({name: old.sub(said["new"], value) for name, value in environment.items()})


def _set_everywhere(laptop: Laptop, environment: dict[str, str], said: re.Match[str]) -> None:
    name, file = said["name"], laptop.work / ".env.enterprise"
    if environment.get(name) == said["old"]:
        environment[name] = said["new"]
    if file.exists():
        was = re.compile(rf"(?m)^(?P<name>(?:export )?{name}=){re.escape(said['old'])}$")
        file.write_text(
            was.sub(rf"\g<name>{said['new']}", file.read_text(encoding="utf-8")), encoding="utf-8"
        )


def _set(_laptop: Laptop, environment: dict[str, str], said: re.Match[str]) -> None:
    environment[said["name"]] = said["value"]


ACTS: Mapping[str, Callable[[Laptop, dict[str, str], re.Match[str]], None]] = {
    r"aws sso login --profile (?P<profile>\S+)$": _log_in,
    r"# edit the environment of the process: set (?P<name>\w+) to .* (?P<value>\S+)$": _set,
    r"# get the authority's certificates from IT .* save it there": _get_the_bundle,
    r"# then delete the keys of (?P<profile>\S+) from the credentials file": _delete_keys,
    r"# and write (?P<new>\S+), .* wherever (?P<old>\S+) is written now": _write_everywhere,
    r"# write (?P<new>\S+), .* wherever (?P<name>\w+) is set to (?P<old>\S+) now": _set_everywhere,
}
