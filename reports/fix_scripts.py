"""The scripts that mend what a run found on this machine: fix_aws_authentication.sh, .ps1 and .bat.

All three say the same: what the checks gave as `fix` with their failures (checks.fixes), in templates that know how to
do each operation. What a script cannot do it asks for. The text depends on the results alone: the same evidence gives
the same scripts. Every value from outside is quoted for its shell; none is a secret, and account IDs are hidden as in
the other reports: the scripts find them in the line that they change.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from checks.fixes import (
    Ask,
    Comment,
    Dedent,
    Delete,
    Export,
    Fix,
    Insert,
    Line,
    Move,
    Reencode,
    Rename,
    Replace,
    Unset,
    fix_of,
)
from fixtures.late import dataclass
from fixtures.privacy.redaction import MARK
from fixtures.privacy.unseen import printable
from reports.causes import alike
from reports.page import counted
from reports.results import Result

TEMPLATES = Path(__file__).parent / "templates"
NAME = "fix_aws_authentication"
SUFFIXES = (".sh", ".ps1", ".bat")
STARTUP_FILES = (
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bashrc",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".config/fish/config.fish",
)
"""Where the shells are told what to put into the environment, below the home folder."""

# An account ID as fixtures.privacy.accounts masks it, also in the console's writing: ****-****-4321.
_HIDDEN = re.compile(r"(?:\*{4}[^\w*])*\*{4}[^\w*]?\d{4}")


@dataclass(frozen=True)
class Mend:
    """A root cause, and what a script can do about it."""

    requirement: str
    cause: str | None
    title: str
    remedy: tuple[str, ...]
    fixes: tuple[Fix, ...]

    @property
    def mended(self) -> bool:
        """Whether a script does something about it itself."""
        return any(fix.mends for fix in self.fixes)

    @property
    def named(self) -> str:
        return printable(f"{self.requirement} {self.cause or ''}".strip() + f": {self.title}")


def mends(groups: Iterable[Sequence[Result]]) -> list[Mend]:
    """The run's root causes with their operations, as readers may see them, from the groups of `failures_by_root_cause`.

    The same cause with the same remedy in several targets is one, as on the pages.
    """
    found: dict[tuple[Any, ...], Mend] = {}
    for group in groups:
        fixes = (_without_hidden(fix_of(fix)) for failure in group for fix in failure.get("fix", ()))
        first = group[0]
        names = (first["requirement"], first["cause"], first["title"])
        before = found[alike(first)].fixes if alike(first) in found else ()
        found[alike(first)] = Mend(*names, tuple(first["remedy"]), tuple(dict.fromkeys([*before, *fixes])))
    return [*found.values()]


def _without_hidden(fix: Fix) -> Fix:
    """The operation, or a request where it would write an account ID that is hidden and that the line itself has not."""
    if MARK in str(fix):
        return (
            fix
            if isinstance(fix, Ask)
            else Ask(f"{_place(fix)}what is to be written is redacted in the reports")
        )
    known = fix.begins + fix.old if isinstance(fix, Replace) else ""
    put = " ".join(str(getattr(fix, name, "")) for name in ("new", "text", "value", "file", "to", "into"))
    if isinstance(fix, Ask) or not set(_HIDDEN.findall(put)) - set(_HIDDEN.findall(known)):
        return fix
    return Ask(
        f"{_place(fix)}{put.strip()} has an account ID, which a script has with --show-account-ids alone"
    )


def _place(fix: Fix) -> str:
    return f"{fix.file} line {fix.line}: " if isinstance(fix, Line) else ""


def scripts(wanted: Sequence[Mend], world: str | None) -> dict[str, str]:
    """The three scripts by file name; `world` is the simulated one, where it was none of this machine."""
    plan = _Plan.of(wanted)
    return {f"{NAME}{suffix}": _WRITERS[suffix](wanted, plan, world or "") for suffix in SUFFIXES}


def told(wanted: Sequence[Mend], folder: str, platform: str, *, only_shows: bool = False) -> str:
    """How to run the script of this platform, for one line of a terminal; "" where it would do nothing.

    Where what was judged need not be this machine, as it is now, it `only_shows` what it would do.
    """
    mended = sum(mend.mended for mend in wanted)
    if not mended:
        return ""
    if platform == "windows":
        path = f"{folder}\\{NAME}.ps1".replace("/", "\\")
        command = f"powershell -ExecutionPolicy Bypass -File {_double_quoted(path)}"
        apply = " -Apply"
    else:
        variables = not only_shows and any(
            isinstance(fix, Unset | Export) for mend in wanted for fix in mend.fixes
        )
        path = f"{folder}/{NAME}.sh" if folder.startswith(("/", ".")) else f"./{folder}/{NAME}.sh"
        # Sourced, it can also change the environment of the shell.
        command = (
            f"{'.' if variables else 'sh'} {shlex.quote(path if variables else path.removeprefix('./'))}"
        )
        apply = " --apply"
    what = f"{mended} of {counted(len(wanted), 'root cause')}"
    return f"{command}   (shows how: {what})" if only_shows else f"{command}{apply}   ({what})"


def _double_quoted(path: str) -> str:
    return f'"{path}"' if re.search(r"[^\w.:\\-]", path) else path


# ------------------------------------------------------------------------------------------------------- plan


@dataclass
class _Plan:
    """The operations in the order in which a script does them: file by file, then names, variables, people.

    What moves from one file to another needs the file that it leaves first.
    """

    files: dict[str, list[Fix]] = field(default_factory=dict)
    renames: list[Rename] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    by_hand: list[tuple[str, list[str]]] = field(default_factory=list)

    @classmethod
    def of(cls, wanted: Iterable[Mend]) -> _Plan:
        plan = cls()
        for mend in wanted:
            for fix in mend.fixes:
                plan._take(fix)
            asked = [fix.text for fix in mend.fixes if isinstance(fix, Ask)]
            if asked or not mend.mended:
                plan.by_hand.append((mend.named, asked or [_instruction(line) for line in mend.remedy]))
        for file, fixes in plan.files.items():
            # A line that becomes a setting of its own is no part of a setting above it that goes.
            own = {fix.line for fix in fixes if isinstance(fix, Dedent)}
            plan.files[file] = [fix for fix in fixes if not (isinstance(fix, Comment) and fix.line in own)]
        for fix in [fix for fixes in plan.files.values() for fix in fixes]:
            if isinstance(fix, Move) and fix.into:
                # At the end, so that what it gets has been taken out of the other file before.
                plan.files[fix.into] = plan.files.pop(fix.into, [])
        return plan

    def _take(self, fix: Fix) -> None:
        if isinstance(fix, Line | Reencode):
            operations = self.files.setdefault(fix.file, [])
            if fix not in operations:
                operations.append(fix)
        elif isinstance(fix, Rename):
            self.renames.append(fix)
        elif isinstance(fix, Unset):
            self.unset += [name for name in fix.names if name not in self.unset]
        elif isinstance(fix, Export):
            self.exports.append(fix)

    def numbered(self) -> list[tuple[int, str, list[Fix]]]:
        """The files with their operations, counted from 1."""
        return [(number, file, fixes) for number, (file, fixes) in enumerate(self.files.items(), 1)]

    def arriving(self, file: str) -> list[int]:
        """The numbers of the files from which something moves into this one."""
        return [
            number
            for number, _, fixes in self.numbered()
            if any(isinstance(fix, Move) and fix.into == file for fix in fixes)
        ]


def _instruction(line: str) -> str:
    return line.removeprefix("# ")


Call = tuple[str, ...]
"""An operation of a template and its arguments."""


def _call(fix: Fix) -> Call:
    """The operation on a line as the templates take it; a number is written without quotes."""
    if isinstance(fix, Reencode):
        return ("reencode",)
    if not isinstance(fix, Line):
        raise TypeError(f"{fix.does} is no operation on a file")
    at = (str(fix.line), fix.begins, fix.under)
    if isinstance(fix, Replace):
        return ("replace", *at, fix.old, fix.new)
    if isinstance(fix, Insert):
        return ("insert_above" if fix.above else "insert_below", *at, fix.text)
    if isinstance(fix, Move):
        return ("move", *at, str(fix.last), str(fix.to))
    plain = {Comment: "comment", Delete: "delete", Dedent: "dedent"}
    return (plain[type(fix)], *at)


def _sizes(fixes: Iterable[Fix]) -> list[int]:
    """The sizes that a file must still have for the operations on it: one, or none."""
    return sorted({fix.size for fix in fixes if isinstance(fix, Line) and fix.size})


def _filled(template: str, **parts: str) -> str:
    """The template with each @PART@ replaced, in one pass: what is put in is not looked at again."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub("|".join(f"@{name}@" for name in parts), lambda match: parts[match[0].strip("@")], text)


def _about(wanted: Sequence[Mend], world: str) -> list[str]:
    lines = [f"SIMULATED: made for the world {printable(world)}."] if world else []
    if not wanted:
        return [*lines, "Nothing was found that has to be mended, and this script does nothing."]
    return [
        *lines,
        "What was found, first to mend first:",
        *(
            f"  {number}. {mend.named} ({'mended here' if mend.mended else 'by hand'})"
            for number, mend in enumerate(wanted, 1)
        ),
    ]


# ---------------------------------------------------------------------------------------------------- writers


def _posix(wanted: Sequence[Mend], plan: _Plan, world: str) -> str:
    def line(*words: str) -> str:
        return " ".join([words[0], *(shlex.quote(word) for word in words[1:])])

    lines = []
    for _, file, fixes in plan.numbered():
        lines.append(line("file", file))
        lines += [f"of_size {size}" for size in _sizes(fixes)]
        lines += [line(*_call(fix)) for fix in fixes]
        lines += [f"append {number}" for number in plan.arriving(file)]
        lines += ["finish", ""]
    lines += [line("rename", rename.file, rename.to) for rename in plan.renames]
    sourced = []
    if plan.unset:
        lines.append(line("unset_variables", *plan.unset))
        sourced.append(f"unset {' '.join(plan.unset)}")
    for export in plan.exports:
        lines.append(line("export_variable", export.name, export.value, shlex.quote(export.value)))
        sourced.append(f"export {export.name}={shlex.quote(export.value)}")
    lines += [line("by_hand", what, *map(printable, asked)) for what, asked in plan.by_hand]
    return _filled(
        f"{NAME}.sh",
        SIMULATED=shlex.quote(printable(world)),
        STARTUP=" ".join(STARTUP_FILES),
        ABOUT="\n".join(_commented(_about(wanted, world), "#")),
        PLAN="\n".join(lines),
        SOURCED="\n".join(_after(sourced)),
    )


def _after(sourced: Sequence[str]) -> list[str]:
    """What changes the environment of the shell that sources the script with --apply, and keeps the status."""
    if not sourced:
        return []
    body = "; ".join(sourced)
    return [
        "# Changes the shell that sources this, and no other.",
        'case "${1-} $?" in',
        f'  "--apply 0") {body} ;;',
        f'  "--apply 1") {body}; false ;;',
        '  *" 0") ;; *" 1") false ;; *) (exit 2) ;;',
        "esac",
    ]


def _powershell(wanted: Sequence[Mend], plan: _Plan, world: str) -> str:
    names = {
        "replace": "Edit-Line",
        "comment": "Add-Comment",
        "delete": "Remove-Line",
        "dedent": "Remove-Indent",
        "insert_above": "Add-Above",
        "insert_below": "Add-Below",
        "move": "Move-Lines",
        "reencode": "Convert-Encoding",
    }
    lines = []
    for number, file, fixes in plan.numbered():
        lines.append(f"Open-File {number} {powershell_quoted(file)}")
        lines += [f"Confirm-Size {size}" for size in _sizes(fixes)]
        for fix in fixes:
            name, *arguments = _call(fix)
            numbers = {0, 3, 4} if name == "move" else {0}
            words = [word if at in numbers else powershell_quoted(word) for at, word in enumerate(arguments)]
            lines.append(" ".join([names[name], *words]))
        lines += [f"Add-Moved {each}" for each in plan.arriving(file)]
        lines += ["Close-File", ""]
    number = len(plan.files)
    for rename in plan.renames:
        number += 1
        lines.append(f"Rename-Text {number} {powershell_quoted(rename.file)} {powershell_quoted(rename.to)}")
    if plan.unset:
        lines.append(f"Clear-Variables {number + 1} {_powershell_list(plan.unset)}")
    for export in plan.exports:
        lines.append(f"Set-Value {powershell_quoted(export.name)} {powershell_quoted(export.value)}")
    for what, asked in plan.by_hand:
        lines.append(f"Show-ByHand {powershell_quoted(what)} {_powershell_list(map(printable, asked))}")
    text = _filled(
        f"{NAME}.ps1",
        SIMULATED=powershell_quoted(printable(world)),
        # The text stands in a block comment, which #> would end.
        ABOUT="\n".join(line.replace("#>", "# >") for line in _about(wanted, world)),
        PLAN="\n".join(lines),
    )
    # Windows PowerShell takes a script without a byte order mark for one in the code page of the machine.
    return "\ufeff" + text.replace("\n", "\r\n")


def powershell_quoted(text: str) -> str:
    """A string in single quotes, in which only they have a meaning: the plain one and the typographic ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"


def _powershell_list(texts: Iterable[str]) -> str:
    return "@(" + ", ".join(powershell_quoted(text) for text in texts) + ")"


def _batch(wanted: Sequence[Mend], plan: _Plan, world: str) -> str:
    lines = []
    for name in plan.unset:
        lines += [f"if defined {name} echo {name}: taken out of this window", f'set "{name}="']
    for export in filter(_in_batch, plan.exports):
        lines += [
            f'set "{export.name}={_batch_text(export.value)}"',
            f"echo {export.name}: set in this window",
        ]
    text = _filled(
        f"{NAME}.bat", VARIABLES="\n".join(lines) or "rem nothing in the environment has to change"
    )
    return text.replace("\n", "\r\n")


def _in_batch(export: Export) -> bool:
    # cmd reads batch files in a code page that nobody knows here, and has no spelling for a quote in a value.
    return export.value.isascii() and '"' not in export.value


def _batch_text(value: str) -> str:
    # In a batch file %% is a per cent sign, and a single one begins a variable.
    return value.replace("%", "%%")


def _commented(lines: Iterable[str], mark: str) -> list[str]:
    return [f"{mark} {line}".rstrip() for line in lines]


_WRITERS: Mapping[str, Callable[[Sequence[Mend], _Plan, str], str]] = {
    ".sh": _posix,
    ".ps1": _powershell,
    ".bat": _batch,
}
