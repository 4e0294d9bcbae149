"""The scripts for Windows. No PowerShell runs here: its grammar parses the .ps1, and what the script calls and reads is
looked up in it; where pwsh is installed, it runs. Of the .bat the rules of cmd are checked."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from checks.fixes import Ask, Export, Fix, Insert, Move, Reencode, Rename, Replace, Unset
from reports.fix_scripts import Mend, powershell_quoted, scripts
from tests.test_fix_scripts import (
    CONFIG,
    HOSTILE,
    NAMES,
    OPERATIONS,
    TEXT,
    laptop_with,
)
from tests.windows_rules import batch_problems, called, errors, nodes, nodes_below, parsed, said

CMDLETS = {
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


@pytest.mark.skipif(PWSH is None, reason="no PowerShell is installed")
@pytest.mark.parametrize("what", OPERATIONS)
def test_powershell_does_what_the_posix_script_does(what: str, tmp_path: Path) -> None:
    fix, wanted = OPERATIONS[what]
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, fix)
    script = laptop.folder / "fix.ps1"
    script.write_bytes(written(fix)[".ps1"].encode())
    for _ in range(2):
        subprocess.run(
            [str(PWSH), "-NoProfile", "-File", str(script), "-Apply"], env=laptop.environ, check=True
        )
        assert laptop.files()[CONFIG] == wanted
    assert len(laptop.files()) == 2


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
    _, _, applying = text.partition("if not defined FIX_AWS_APPLY exit /b 0\r\n")
    assert applying.startswith('set "AWS_ACCESS_KEY_ID="\r\nset "AWS_SESSION_TOKEN="\r\nexit /b 0\r\n')
    assert "setlocal" not in re.sub(r"rem .*", "", text)


def test_the_batch_file_starts_the_script_beside_it() -> None:
    text = written()[".bat"]
    assert '-File "%~dp0fix_aws_authentication.ps1" %FIX_AWS_APPLY% %FIX_AWS_SIMULATED%\r\n' in text
