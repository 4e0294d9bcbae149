"""How the faults of the AWS config and credentials files are mended: from what was read to operations on lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from checks.fixes import Ask, Comment, Dedent, Delete, Fix, Insert, Line, Move, Replace
from fixtures.evidence.profile import AwsFileFound, Files
from fixtures.machine.config_file import EffectiveOption, Option, Section, SyntaxProblem

_QUOTES = "'\"`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}" + (
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
)
KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")


def rename_header(found: AwsFileFound, section: Section, header: str) -> list[Fix]:
    """The section gets the text `header` between its brackets."""
    old = f"[{section['header']}]"
    return [Replace(found.path, section["line"], old, old=old, new=f"[{header}]")]


def close_header(found: AwsFileFound, problem: SyntaxProblem) -> list[Fix]:
    """The header gets the brackets that it lacks; nothing where more may be wrong, or the section is there already."""
    header = problem.get("header")
    if not header or any(section["header"] == header for section in found.file["sections"]):
        return []
    written = {"header-unclosed": f"[{header}", "header-unopened": f"{header}]"}.get(problem["kind"], header)
    at = (found.path, problem["line"], written)
    return [Replace(*at, size=found.file["size"], old=written, new=f"[{header}]")]


def close_parted_header(found: AwsFileFound, line: int, header: str) -> list[Fix]:
    """The header that is taken for a setting gets its bracket; nothing where the section is there already."""
    if any(section["header"] == header for section in found.file["sections"]):
        return []
    return [
        Replace(found.path, line, f"[{header}", size=found.file["size"], old=f"[{header}", new=f"[{header}]")
    ]


def add_setting(found: AwsFileFound, section: Section, key: str, value: str) -> list[Fix]:
    """The section gets a setting that it lacks, below its last one."""
    text = f"{key} = {value}".rstrip()
    if not section["options"]:
        return [Insert(found.path, section["line"], f"[{section['header']}]", text=text)]
    last = _lines(found, section, section["options"][-1])[-1]
    return [Insert(*last, text=text)]


def change_setting(found: AwsFileFound, option: EffectiveOption, key: str, value: str) -> list[Fix]:
    """The setting gets another value; with "" it has nothing behind the `=`."""
    old = option["facts"]["value"]
    at = _at(found, option, key)
    # What was not read whole cannot be found whole: a script would leave a part of it in the line.
    if option["nested"] or not option["facts"]["exact"]:
        return [Ask(f"edit {found.path} line {option['line']}: write {key} = {value}".rstrip())]
    if not old:
        # An empty value is nothing that a script could look for in the line.
        return [Comment(*at), Insert(*at, text=f"{key} = {value}".rstrip())]
    return [Replace(*at, old=old, new=value)]


def clean_value(found: AwsFileFound, option: EffectiveOption, key: str) -> list[Fix]:
    """The setting loses the quotes around its value, and the comment behind it goes to a line of its own."""
    written = option["facts"]["value"]
    if not written or not option["facts"]["exact"] or option["nested"]:
        place = f"{found.path} line {option['line']}"
        return [Ask(f"edit {place}: write the value of {key} without quotes, and no comment behind it")]
    bare, *comment = re.split(r"\s+(?=[#;])", written, maxsplit=1)
    at = _at(found, option, key)
    fixes: list[Fix] = [Insert(*at, text=text, above=True) for text in comment]
    return [*fixes, Replace(*at, old=written, new=bare.strip(_QUOTES).strip())]


def comment_out(found: AwsFileFound, lines: Iterable[int]) -> list[Fix]:
    """The settings that stand in these lines become comments, with what is nested below them.

    Of what is nested below a setting the lines alone, as long as others are left.
    """
    gone = set(lines)
    fixes: list[Fix] = []
    for section in found.file["sections"]:
        for option in section["options"]:
            own, *nested = _lines(found, section, option)
            lost = [at for at in nested if at[1] in gone]
            if option["line"] in gone or (lost and len(lost) == len(nested)):
                lost = [own, *nested]
            fixes += [Comment(*at) for at in lost]
    return _pinned(found, fixes)


def delete_settings(found: AwsFileFound, section: Section, keys: Sequence[str] = KEYS) -> list[Fix]:
    """The section loses the settings."""
    gone = [option for option in section["options"] if option["key"] in keys]
    return [Delete(*at) for option in gone for at in _lines(found, section, option)]


def without_keys(files: Files, profile: str) -> list[Fix]:
    """The profile loses its static keys in both files."""
    sections = [(found, section) for found in files if (section := found.read_as(profile))]
    return [fix for found, section in sections for fix in delete_settings(found, section)]


def dedent(found: AwsFileFound, sections: Iterable[Section]) -> list[Fix]:
    """The settings that became a part of the value above them start in the first column."""
    fixes: list[Fix] = []
    for section in sections:
        for option in section["options"]:
            for nested in option["nested"] if option["swallows"] else ():
                begins = f"{nested['key']}=" if nested["key"] else ""
                fixes.append(Dedent(found.path, nested["line"], begins, section["header"]))
    return _pinned(found, {fix.line: fix for fix in fixes if isinstance(fix, Line)}.values())


def without_repeats(found: AwsFileFound, same: Sequence[Sequence[Section]]) -> list[Fix]:
    """Of sections that are the same one, and of settings that repeat, the first stays.

    `same` lists the groups of sections. What only a later section has goes to the end of the first one; what repeats
    becomes a comment, and so does a later header: nothing is lost, and what was meant can be seen.
    """
    repeated = {twice["line"] for twice in found.file["duplicates"] if twice["of"] == "option"}
    later = {section["line"] for group in same for section in group[1:]}
    fixes: list[Fix] = []
    for section in found.file["sections"]:
        if section["line"] not in later:
            fixes += comment_out(
                found, [option["line"] for option in section["options"] if option["line"] in repeated]
            )
    for first, *others in same:
        known = {option["key"] for option in first["options"]}
        to = _last_line(first["options"][-1]) if first["options"] else first["line"]
        for section in others:
            header = f"[{section['header']}]"
            fixes.append(Comment(found.path, section["line"], header))
            for option in section["options"]:
                # Of an option that nobody vouches for the name is not kept, so that nobody knows whether it repeats.
                unique = option["key"] not in {None, *known} and option["line"] not in repeated
                known.add(option["key"])
                if unique:
                    last = _last_line(option)
                    at = (found.path, option["line"], _name(option), section["header"])
                    fixes.append(Move(*at, last=last, to=to))
                else:
                    fixes += [Comment(*at) for at in _lines(found, section, option)]
    return _pinned(found, fixes)


def move_section(found: AwsFileFound, section: Section, into: str) -> list[Fix]:
    """The section goes to the end of another file."""
    last = _last_line(section["options"][-1]) if section["options"] else section["line"]
    return _pinned(found, [Move(found.path, section["line"], f"[{section['header']}]", last=last, into=into)])


def holds_keys_alone(section: Section) -> bool:
    """Whether the section has access keys and nothing else, as the credentials file is for."""
    return bool(section["options"]) and all(option["key"] in KEYS for option in section["options"])


def _pinned(found: AwsFileFound, fixes: Iterable[Fix]) -> list[Fix]:
    """The operations; one on a line whose name nobody vouches for, or on several lines, asks for the file as it was."""
    return [
        replace(fix, size=found.file["size"])
        if isinstance(fix, Line) and (not fix.begins or isinstance(fix, Move))
        else fix
        for fix in fixes
    ]


def _section_at(found: AwsFileFound, line: int) -> Section | None:
    above = [section for section in found.file["sections"] if section["line"] <= line]
    return above[-1] if above else None


def _at(found: AwsFileFound, option: EffectiveOption, key: str) -> tuple[str, int, str, str]:
    section = _section_at(found, option["line"])
    return found.path, option["line"], f"{key}=", section["header"] if section else ""


def _lines(found: AwsFileFound, section: Section, option: Option) -> list[tuple[str, int, str, str]]:
    names = {nested["line"]: f"{nested['key']}=" if nested["key"] else "" for nested in option["nested"]}
    lines = {option["line"]: _name(option), **names}
    return [(found.path, line, name, section["header"]) for line, name in sorted(lines.items())]


def _name(option: Option) -> str:
    return f"{option['key']}=" if option["key"] else ""


def _last_line(option: Option) -> int:
    return max([option["line"], *(nested["line"] for nested in option["nested"])])
