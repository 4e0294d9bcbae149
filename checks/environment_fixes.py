"""How the application's environment file is mended, and what stands in the environment instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace

from checks import file_fixes
from checks.fixes import Ask, Comment, Fix, Insert, Line, Replace, Unset
from fixtures.evidence.environment import EnvFile
from fixtures.evidence.profile import Files
from fixtures.evidence.regions import ZONE, NamedRegion

PATHS = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def set_variable(file: EnvFile, name: str, value: str, *, below: str = "") -> list[Fix]:
    """The file's line for the variable gets the value; where the old one is not simple, a line of its own, and the old
    one becomes a comment. A variable that the file does not have comes below another one, or below its last."""
    return _pinned(file, _setting(file, name, value, below))


def _setting(file: EnvFile, name: str, value: str, below: str) -> list[Fix]:
    stated = file.file["variables"].get(name)
    if not re.fullmatch(r"[\w.:/@+${}~-]+", value):
        return [Ask(f"edit {file.path}: write {name}={value}, in single quotes")]
    if stated is None:
        lines = {found["line"]: each for each, found in file.file["variables"].items()}
        line = file.line(below) or max(lines, default=0)
        if not line:
            return [Ask(f"edit {file.path}: write {name}={value}")]
        above = f"{lines[line]}=" if file.variable(lines[line]) else lines[line]
        return [Insert(file.path, line, above, text=f"{name}={value}")]
    written = stated["written"]
    # It stands on several lines, of which a script would change the first alone.
    if "line-break" in written["flaws"] and not {"\\n", "\\r"}.intersection(stated["escapes"]):
        return [
            Ask(
                f"edit {file.path} line {stated['line']}: write {name}={value} in place of the lines of its value"
            )
        ]
    at = (file.path, stated["line"], f"{name}=" if stated["assigned"] else name)
    # Of a path the reading has shortened the home folder.
    simple = written["exact"] and written["value"] and not stated["escapes"] and name not in PATHS
    if simple and str(written["value"]).isprintable():
        return [Replace(*at, old=str(written["value"]), new=value)]
    return [Comment(*at), Insert(*at, text=f"{name}={value}")]


def lead_to(file: EnvFile, name: str, files: Files, platform: str) -> list[Fix]:
    """The path variable leads to the file that is in use; without one its line becomes a comment, so that the default
    counts."""
    found = files.config if name == "AWS_CONFIG_FILE" else files.credentials
    home = "${USERPROFILE}" if platform == "windows" else "${HOME}"
    path = found.path.replace("~", home, 1) if found.path.startswith("~/") else found.path
    if found.file["exists"] and found.variable is None:
        return set_variable(file, name, path)
    return leave_out(file, name)


def leave_out(file: EnvFile, name: str) -> list[Fix]:
    """The line that sets the variable becomes a comment."""
    stated = file.variable(name)
    return _pinned(file, [Comment(file.path, stated["line"], f"{name}=")] if stated else [])


def _pinned(file: EnvFile, fixes: Iterable[Fix]) -> list[Fix]:
    """The operations, for the file as it was alone: `./` may be another application's folder when a script runs."""
    return [replace(fix, size=file.file["size"]) if isinstance(fix, Line) else fix for fix in fixes]


def name_region(
    odd: Iterable[NamedRegion], region: str, files: Files, profile: str, file: EnvFile | None
) -> list[Fix]:
    """What names an odd region, such as a zone, names `region`; what a variable of this process has goes."""
    fixes: list[Fix] = []
    for each in odd:
        if each.region and not is_meant(each.region, region):
            continue
        if each.place == "environment":
            fixes.append(Unset((each.by,)))
        elif file and file.variable(each.by):
            fixes += set_variable(file, each.by, region)
        elif option := files.option(profile, "region"):
            fixes += file_fixes.change_setting(files.of(option), option, "region", region)
    return fixes


def is_meant(text: str, region: str) -> bool:
    """Whether the text can be nothing else than the region: one of its zones, or a misspelling."""
    zone = ZONE.fullmatch(text)
    near = difflib.get_close_matches(text, [region], cutoff=0.8)
    return bool(near) if zone is None else zone["region"] == region
