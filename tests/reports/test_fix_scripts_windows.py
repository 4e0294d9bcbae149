"""The scripts for Windows. PowerShell's grammar parses the .ps1, and what the script calls and reads is looked up in it;
of the .bat the rules of cmd are checked. A PowerShell, a cmd or a wine that is on the PATH runs them for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from checks.fixes import Ask, Export, Fix, Insert, Move, Reencode, Rename, Replace, Unset
from fixtures.simulation.world import load_world
from reports.fix_scripts import Mend, powershell_quoted, scripts
from tests.mending import STAMP, Laptop, mends_of
from tests.reports.test_fix_scripts import (
    CONFIG,
    HOSTILE,
    NAMES,
    NOT_BY_SCRIPT,
    OPERATIONS,
    SET,
    TEXT,
    WORLDS,
    laptop_with,
    verdict_on,
)
from tests.windows_rules import batch_problems, called, errors, nodes, nodes_below, parsed, said

CMDLETS = {
    "Get-Item",
    "Get-Location",
    "New-Object",
    "Remove-Item",
    "Select-Object",
    "Set-StrictMode",
    "Test-Path",
    "Write-Host",
}
"""What the script calls of PowerShell 5.1 itself."""
AUTOMATIC = {"_", "true", "false", "null", "pid", "profile", "myinvocation"}
PWSH = shutil.which("pwsh") or shutil.which("powershell")
with_powershell = pytest.mark.skipif(PWSH is None, reason="no PowerShell is installed")
CMD = [path] if (path := shutil.which("cmd")) else [path, "cmd"] if (path := shutil.which("wine")) else []
with_cmd = pytest.mark.skipif(not CMD, reason="neither cmd nor wine is installed")


def written(*fixes: Fix, world: str | None = None) -> dict[str, str]:
    found = Mend("PRF-01", "CFG03", "Something is wrong", ("# mend it",), fixes)
    return {Path(name).suffix: text for name, text in scripts([found], world).items()}


EVERY: list[Fix] = [
    *(fix for fix, _ in OPERATIONS.values()),
    Reencode(CONFIG),
    Rename("~/.aws/config.txt", CONFIG),
    Unset(NAMES),
    Export("AWS_PROFILE", "my msh"),
    Ask("aws sso login"),
    Move("~/.aws/credentials", 1, "[profile b]", last=2, into=CONFIG, size=40),
]


# --------------------------------------------------------------------------------------------------- PowerShell


@pytest.mark.parametrize(
    "broken",
    ["if ($x) {", "Write-Host 'open", "foreach ($a in $b { }", "$a = @(1, ", "$x = (1", "$x = 'a' 'b"],
)
def test_the_grammar_refuses_what_powershell_would(broken: str) -> None:
    assert errors(broken)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_one_string_to_powershell(name: str) -> None:
    text = written(
        Replace(CONFIG, 1, f"[{name}]", old=f"[{name}]", new=f"[profile {name}]"),
        Insert(CONFIG, 2, "region=", name, text=f"# {name}"),
        Export("AWS_PROFILE", name),
        Ask(name),
    )[".ps1"]
    assert errors(text) == []
    # The grammar knows no typographic quotes: PowerShell takes each pair for one of them.
    plain = [[re.sub("([\u2018\u2019])\\1", r"\1", word) for word in call] for call in called(text)]
    assert ["Edit-Line", "1", f"[{name}]", "", f"[{name}]", f"[profile {name}]"] in plain
    assert ["Add-Below", "2", "region=", name, f"# {name}"] in plain
    assert ["Set-Value", "AWS_PROFILE", name] in plain
    assert ["Show-ByHand", "PRF-01 CFG03: Something is wrong", name] in plain


def test_quotes_of_any_kind_are_doubled() -> None:
    assert powershell_quoted("a'b\u2019c\u201bd\"e`f$g") == "'a''b\u2019\u2019c\u201b\u201bd\"e`f$g'"


def test_the_script_says_each_operation() -> None:
    calls = called(written(*EVERY)[".ps1"])
    for wanted in (
        ["Open-File", "1", "~/.aws/credentials"],
        ["Confirm-Size", "40"],
        ["Move-Lines", "1", "[profile b]", "", "2", "0"],
        ["Open-File", "2", CONFIG],
        ["Add-Moved", "1"],
        ["Edit-Line", "6", "[b]", "", "[b]", "[profile b]"],
        ["Add-Comment", "3", "region=", "profile a"],
        ["Remove-Line", "7", "region=", "b"],
        ["Remove-Indent", "4", "output=", "profile a"],
        ["Add-Below", "3", "region=", "profile a", "cli_pager ="],
        ["Add-Above", "3", "region=", "profile a", "# home"],
        ["Move-Lines", "7", "region=", "b", "7", "4"],
        ["Convert-Encoding"],
        ["Close-File"],
        ["Rename-Text", "3", "~/.aws/config.txt", CONFIG],
        ["Clear-Variables", "4", *NAMES],
        ["Set-Value", "AWS_PROFILE", "my msh"],
        ["Show-ByHand", "PRF-01 CFG03: Something is wrong", "aws sso login"],
    ):
        assert wanted in calls


def test_every_command_is_the_scripts_own_or_powershells() -> None:
    tree = parsed(written(*EVERY)[".ps1"])
    own = {said(node) for node in nodes(tree, "function_name")}
    used = {said(node) for node in nodes(tree, "command_name")}
    assert used - own - CMDLETS - {"'/bin/cp'", "'/bin/mv'"} == set()
    assert own - used == set(), "and none is there for nothing"


def test_every_function_gets_as_many_arguments_as_it_takes() -> None:
    tree = parsed(written(*EVERY)[".ps1"])
    takes = {}
    for function in nodes(tree, "function_statement"):
        (name,) = [child for child in function.children if child.type == "function_name"]
        takes[said(name)] = [said(parameter) for parameter in nodes_below(function, "script_parameter")]
    for command in nodes(tree, "command"):
        name, *elements = [child for child in command.children if child.is_named]
        if said(name) in takes:
            arguments = [
                each
                for listed in elements
                for each in listed.children
                if each.type not in ("command_argument_sep", "command_parameter")
            ]
            wanted = [each for each in takes[said(name)] if not each.startswith("[switch]")]
            assert len(arguments) == len(wanted), said(command)


def test_every_variable_that_is_read_is_set_somewhere() -> None:
    tree = parsed(written(*EVERY)[".ps1"])
    names = [
        (said(node).lower().removeprefix("$").removeprefix("script:"), node)
        for node in nodes(tree, "variable")
    ]
    assigned = {
        said(node).lower().removeprefix("$").removeprefix("script:")
        for holder in nodes(tree, "left_assignment_expression", "script_parameter", "foreach_statement")
        for node in list(nodes_below(holder, "variable"))[:1]
    }
    counted = {
        name
        for name, node in names
        if node.parent is not None
        and node.next_sibling is not None
        and said(node.next_sibling) in ("++", "+=")
    }
    unknown = {name for name, _ in names if not name.startswith("env:")} - assigned - counted - AUTOMATIC
    assert unknown == set()


def test_the_script_has_the_mark_without_which_windows_powershell_misreads_it() -> None:
    text = written(Export("AWS_PROFILE", "José"))[".ps1"]
    assert text.startswith("\ufeff#Requires -Version 5.1\r\n")
    assert "\n" not in text.replace("\r\n", "")


# ------------------------------------------------------------------------------------------ PowerShell, run for real


def run_powershell(
    laptop: Laptop, *arguments: str, environ: dict[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs PowerShell on the machine, in the application's folder: a file, or what is typed in its window."""
    return subprocess.run(
        [str(PWSH), "-NoProfile", *(["-Command", "-"] if typed else ["-File", *arguments])],
        cwd=laptop.work, env={**laptop.environ, **(environ or {})}, input=typed,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def given(laptop: Laptop, text: str) -> Path:
    script = laptop.folder / "fix_aws_authentication.ps1"
    script.write_bytes(text.encode())
    return script


def left_on(laptop: Laptop) -> dict[str, tuple[bytes, int]]:
    """Content and rights of every file; the time in the name of a backup is left out."""
    return {
        re.sub(re.escape(STAMP) + r"[\dTZ]+", STAMP, name): (content, laptop.mode(name))
        for name, content in laptop.files().items()
    }


@with_powershell
@pytest.mark.parametrize("name", [name for name in WORLDS if name not in NOT_BY_SCRIPT])
def test_powershell_leaves_a_world_as_the_posix_script_does(name: str, tmp_path: Path) -> None:
    found = mends_of(verdict_on(name))
    posix = Laptop.of(load_world(name), tmp_path / "posix")
    posix.give(found)
    assert posix.run("--apply", "--simulated").code == 0
    laptop = Laptop.of(load_world(name), tmp_path / "powershell")
    before = laptop.files()
    script = given(laptop, scripts(found, name)["fix_aws_authentication.ps1"])
    shown = run_powershell(laptop, str(script))
    assert (shown.returncode, shown.stderr, laptop.files()) == (0, "", before)
    for _ in range(2):
        applied = run_powershell(laptop, str(script), "-Apply", "-Simulated")
        assert (applied.returncode, applied.stderr) == (0, "")
        assert left_on(laptop) == left_on(posix)


@with_powershell
@pytest.mark.parametrize("what", OPERATIONS)
def test_powershell_does_what_the_posix_script_does(what: str, tmp_path: Path) -> None:
    fix, wanted = OPERATIONS[what]
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, fix)
    script = given(laptop, written(fix)[".ps1"])
    for _ in range(2):
        assert run_powershell(laptop, str(script), "-Apply").returncode == 0
        assert laptop.files()[CONFIG] == wanted
    assert len(laptop.files()) == 2


@with_powershell
@pytest.mark.parametrize("arguments", [(), ("-Apply",)], ids=["shown", "applied"])
def test_a_process_of_its_own_says_what_to_type_in_the_window(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    laptop = laptop_with(tmp_path, {})
    script = given(laptop, written(Unset(NAMES), Export("AWS_PROFILE", "o'neil"))[".ps1"])
    ran = run_powershell(laptop, str(script), *arguments, environ=SET)
    assert "taken out" not in ran.stdout
    assert "  Remove-Item Env:AWS_ACCESS_KEY_ID, Env:AWS_SESSION_TOKEN\n" in ran.stdout
    assert '  (cmd: set "AWS_ACCESS_KEY_ID=" & set "AWS_SESSION_TOKEN=")\n' in ran.stdout
    assert "  $env:AWS_PROFILE = 'o''neil'\n" in ran.stdout
    assert "none of these is set" in run_powershell(laptop, str(script), *arguments).stdout


@with_powershell
def test_in_the_window_itself_the_variables_go(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {})
    script = given(laptop, written(Unset(NAMES), Export("AWS_PROFILE", "msh"))[".ps1"])
    typed = f"& '{script}' -Apply\n\"left: $env:AWS_ACCESS_KEY_ID $env:AWS_REGION $env:AWS_PROFILE\"\n"
    ran = run_powershell(laptop, environ=SET, typed=typed)
    assert "AWS_ACCESS_KEY_ID: taken out of this window\n" in ran.stdout
    assert "left:  us-east-1 msh\n" in ran.stdout


PROFILE = rb"""# start
$env:AWS_ACCESS_KEY_ID = 'AKIAX'
  ${env:AWS_SESSION_TOKEN}="a b"   # old
$env:AWS_REGION = 'us-east-1'
if ($true) {
    $Env:aws_access_key_id = $Saved
}
[Environment]::SetEnvironmentVariable('AWS_ACCESS_KEY_ID', 'AKIAX')
Set-Item -Path Env:\AWS_SESSION_TOKEN -Value x
$env:AWS_REGION, $env:AWS_SESSION_TOKEN = 'a', 'b'
$env:AWS_ACCESS_KEY_ID, $env:AWS_SESSION_TOKEN = 'a', 'b'
if ($x) { $env:AWS_ACCESS_KEY_ID = 'x' }
[Environment]::SetEnvironmentVariable(
    'AWS_ACCESS_KEY_ID', 'AKIAX')
$text = @'
$env:AWS_ACCESS_KEY_ID = 'x'
'@
<#
$env:AWS_ACCESS_KEY_ID = 'x'
#>
# $env:AWS_ACCESS_KEY_ID = 'x'
$all = 'a', `
$env:AWS_ACCESS_KEY_ID = 'x'
$env:AWS_ACCESS_KEY_ID = 'x'
Remove-Item Env:AWS_ACCESS_KEY_ID
if (Test-Path Env:AWS_SESSION_TOKEN) { Write-Host $env:AWS_SESSION_TOKEN }
$env:MY_AWS_ACCESS_KEY_ID = 4
"""
COMMENTED, NAMED = {2, 3, 6, 24}, {8, 9, 10, 11, 12, 14, 16, 23}


@with_powershell
def test_what_a_profile_script_sets_becomes_a_comment_or_is_named(tmp_path: Path) -> None:
    file = "~/.config/powershell/profile.ps1"
    laptop = laptop_with(tmp_path, {file: PROFILE})
    script = given(laptop, written(Unset(NAMES))[".ps1"])
    ran = run_powershell(laptop, str(script), "-Apply")
    lines = PROFILE.splitlines(keepends=True)
    assert laptop.files()[file] == b"".join(
        b"# " + line if at in COMMENTED else line for at, line in enumerate(lines, 1)
    )
    named = re.findall(r"line (\d+): names (\w+): take out by hand", ran.stdout)
    assert {int(at) for at, _ in named} == NAMED
    assert {name for at, name in named if at == "11"} == set(NAMES)


@with_powershell
def test_powershell_writes_through_a_link(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {"~/dotfiles/aws": TEXT})
    link = laptop.home / ".aws" / "config"
    link.parent.mkdir()
    link.symlink_to("../dotfiles/aws")
    fix, wanted = OPERATIONS["a header"]
    ran = run_powershell(laptop, str(given(laptop, written(fix)[".ps1"])), "-Apply")
    assert (ran.returncode, ran.stderr, link.is_symlink()) == (0, "", True)
    assert (laptop.home / "dotfiles" / "aws").read_bytes() == wanted
    assert len([name for name in laptop.files() if STAMP in name]) == 1


@with_powershell
@pytest.mark.parametrize("target", ["/proc/self/mem", "nowhere", "."])
def test_powershell_says_what_it_cannot_read_and_does_the_rest(target: str, tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {"~/.aws/credentials": TEXT})
    (laptop.home / ".aws" / "config").symlink_to(target)
    fix, wanted = OPERATIONS["a header"]
    other = Replace("~/.aws/credentials", 6, "[b]", old="[b]", new="[profile b]")
    ran = run_powershell(laptop, str(given(laptop, written(fix, other)[".ps1"])), "-Apply")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert re.search(r"~/\.aws/config (cannot be read|is no file): left alone", ran.stdout)
    assert (laptop.home / ".aws" / "credentials").read_bytes() == wanted


# --------------------------------------------------------------------------------------------------------- cmd


@pytest.mark.parametrize(
    "broken",
    [
        "goto nowhere",
        'echo "open',
        "if a==b (",
        "echo )",
        "set A=b",
        "echo 50% off",
        "echo café",
        ":a\r\n:a",
        "a\nb",
    ],
)
def test_the_rules_of_cmd_can_be_broken(broken: str) -> None:
    assert batch_problems(f"@echo off\r\n{broken}\r\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_is_set_or_left_out_by_cmd(name: str) -> None:
    text = written(Export("AWS_PROFILE", name))[".bat"]
    assert batch_problems(text) == []
    line = f'set "AWS_PROFILE={name.replace("%", "%%")}"'
    assert (line in text.split("\r\n")) == (name.isascii() and '"' not in name)


def test_the_batch_file_takes_the_variables_out_of_its_window() -> None:
    text = written(Unset(NAMES))[".bat"]
    _, _, applying = text.partition(":window\r\n")
    assert re.findall(r'^set "(\w+)="\r$', applying, re.MULTILINE) == list(NAMES)


def test_the_batch_file_starts_the_script_beside_it() -> None:
    text = written()[".bat"]
    assert (
        '-File "%~dp0fix_aws_authentication.ps1" -FromBatch %FIX_AWS_APPLY% %FIX_AWS_SIMULATED%\r\n' in text
    )


# ------------------------------------------------------------------------------------------------- cmd, run for real


@pytest.fixture(scope="session")
def windows_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where wine has its Windows; cmd has its own."""
    return tmp_path_factory.mktemp("wine")


def run_batch(folder: Path, windows: Path, *arguments: str, code: int = 0) -> tuple[int, str, dict[str, str]]:
    """Runs the .bat in a window in which the variables are set, with a stand-in for PowerShell that ends with `code`.

    Gives the .bat's exit code, what was shown, and the window's environment afterwards.
    """
    text = written(Unset(NAMES), Export("AWS_PROFILE", "my %msh%"))[".bat"]
    assert text.count("\r\npowershell.exe ") == 1
    files = {
        "fix_aws_authentication.bat": text.replace("\r\npowershell.exe ", "\r\ncmd /d /c stand_in.bat "),
        "fix_aws_authentication.ps1": "",
        "stand_in.bat": f"@echo got %*\r\n@exit /b {code}\r\n",
        "window.bat": f"@echo off\r\ncall fix_aws_authentication.bat {' '.join(arguments)}\r\n"
        "echo ended %ERRORLEVEL%\r\nset\r\n",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content.encode())
    here = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {"WINEPREFIX": str(windows), "WINEDEBUG": "-all", **SET}
    done = subprocess.run(
        [*CMD, "/d", "/c", "window.bat"],
        cwd=folder, env={**here, **own}, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    shown, _, after = done.stdout.decode(errors="replace").replace("\r\n", "\n").partition("ended ")
    ended, _, variables = after.partition("\n")
    pairs = [line.partition("=") for line in variables.splitlines()]
    return int(ended), shown, {name: value for name, _, value in pairs if name.startswith(("AWS_", "FIX_"))}


@with_cmd
@pytest.mark.parametrize(
    ("arguments", "code", "goes"),
    [
        ((), 0, False),
        (("/apply",), 0, True),
        (("/apply", "/simulated"), 0, True),
        (("/apply",), 1, True),
        (("/apply",), 2, False),
        (("/apply",), -1073741510, False),
        (("/apply",), 9009, False),
    ],
)
def test_the_batch_file_leaves_in_its_window_what_it_says(
    arguments: Sequence[str], code: int, goes: bool, tmp_path: Path, windows_folder: Path
) -> None:
    ended, shown, environment = run_batch(tmp_path, windows_folder, *arguments, code=code)
    assert bool(ended) == bool(code), "wine's call has 1 for every code"
    assert f"-FromBatch {'-Apply' if arguments else ''}" in shown
    for name in NAMES:
        assert (f"{name}: taken out of this window" in shown) == goes
        assert (name in environment) == (not goes)
    assert environment.get("AWS_PROFILE") == ("my %msh%" if goes else None)
    assert environment["AWS_REGION"] == "us-east-1"
    assert not [name for name in environment if name.startswith("FIX_")]
    assert ("Not everything could be done." in shown, "Nothing could be done." in shown) == (
        code == 1,
        code not in (0, 1),
    )


@with_cmd
def test_the_batch_file_refuses_what_it_does_not_know(tmp_path: Path, windows_folder: Path) -> None:
    ended, shown, environment = run_batch(tmp_path, windows_folder, "/aply")
    assert (bool(ended), shown) == (True, "usage: fix_aws_authentication.bat [/apply]\n")
    assert environment == SET
