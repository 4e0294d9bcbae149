"""The scripts that mend what was found: in each world the real fix_aws_authentication.sh, run by a real shell."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load
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
    in_scripts,
)
from fixtures.simulation.world import File, World, list_worlds, load_world
from reports.fix_scripts import STARTUP_FILES, Mend, scripts, told
from tests.awaited import WITHOUT_A_WORLD
from tests.harness import WORKSTATION, judged, verdict_on
from tests.mending import STAMP, Laptop, mends_of
from tests.suite import run_suite
from tests.windows_rules import batch_problems, errors

LOCALLY = {cause.code for cause in load().causes if cause.fixable == "locally"}
AFTERWARDS = {
    # The portal is then the right one, and only a person can log in.
    "cfg16-region-of-bedrock-for-the-portals": ["SSO-01 TOK01"],
    # What nobody but a person can do comes to light behind what a script mends.
    "sts03-deleted-key": ["PRF-04"],
    "sts03-inactive-key": ["PRF-04"],
    # The region that AWS_REGION says is the one that boto3 then uses, and this world's role is not for it.
    "reg01-boto3-takes-the-profiles-region": ["IAM-01 IAM01"],
    "reg01-no-env-file-and-another-region": ["IAM-01 IAM01"],
    # The way to a login is free, and only a person can log in.
    "tok05-token-cut-off": ["SSO-01 TOK01"],
    "tok05-token-empty": ["SSO-01 TOK01"],
    "tok06-no-refresh-token": ["SSO-05 TOK06"],
    "tok13-file-in-place-of-the-folder": ["SSO-01 TOK01"],
}
BESIDES = (
    "tok05-token-cut-off",
    "tok05-token-empty",
    "tok06-no-refresh-token",
    "tok07-wrong-sso-region",
    "tok13-file-in-place-of-the-folder",
)
"""Worlds in which a script does a part of what it takes a person to mend."""
NOT_BY_SCRIPT = {
    "env09-shell-of-aws-vault": "the shell is the tool's, and no script can leave it for somebody",
    "net03-ca-bundle-in-der": "somebody has to convert the certificate, and may want the public roots beside it",
    "reg03-china-has-no-bedrock": "an account of another partition is needed",
    "reg03-region-without-bedrock": "which other Region is meant nobody knows",
    "sts03-switched-off-key": "the key is meant to be used, and somebody has to switch it on",
}


def local_causes(world: World) -> set[str]:
    """The locally fixable causes that the world expects."""
    return LOCALLY.intersection(cause.split()[-1] for cause in world.expect.root_causes)


WORLDS = [name for name, _ in list_worlds() if local_causes(load_world(name))]
APPLY = ("--apply", "--simulated")


def options_of(world: World) -> dict[str, Any]:
    """What a script can mend is of this machine: the account's own requirements say nothing about it."""
    return {
        "environment": world.expect.environment,
        "probe": world.expect.probe,
        "only": WORKSTATION,
    }


# ------------------------------------------------------------------------------------------------- each world


@pytest.mark.parametrize("name", [*(name for name in WORLDS if name not in NOT_BY_SCRIPT), *BESIDES])
def test_the_script_mends_the_world_and_nothing_else(name: str, tmp_path: Path) -> None:
    world, found = load_world(name), mends_of(verdict_on(name).of_workstation)
    laptop = Laptop.of(world, tmp_path / "laptop")
    laptop.give(found)
    fixes = [fix for mend in found for fix in mend.fixes]
    assert local_causes(world) <= {mend.cause for mend in found if mend.mended}
    before = laptop.files()

    shown = laptop.run()
    assert shown.code == 0, shown.text
    assert laptop.files() == before, "showing changes nothing"

    applied = laptop.run(*APPLY)
    assert applied.code == 0, applied.text
    after = laptop.files()
    assert_only_these_changed(before, after, fixes)
    assert_backed_up(laptop, before, after, fixes)
    assert not secrets_in(shown.text + applied.text, world)

    again = laptop.run(*APPLY)
    assert again.code == 0, again.text
    assert laptop.files() == after, "a second time there is nothing to do"

    machine = laptop.as_world({**laptop.source("--apply").environment})
    now = judged(world, **options_of(world), edit=lambda _: with_own(machine, world))
    left = [f"{mend.requirement} {mend.cause or ''}".strip() for mend in found if not mend.mended]
    assert now.root_causes == AFTERWARDS.get(name, left), now.document["root_causes"]

    every = scripts(found, world.name)
    assert errors(every["fix_aws_authentication.ps1"]) == []
    assert batch_problems(every["fix_aws_authentication.bat"]) == []
    assert not [secret for script in every.values() for secret in secrets_in(script, world)]


def with_own(machine: World, world: World) -> World:
    """The machine, with no more of this process's environment than the world has of its own and AWS's variables."""
    environment = {
        name: value
        for name, value in machine.machine.environment.items()
        if (name in world.machine.environment or name.startswith("AWS_")) and name not in ("HOME", "PATH")
    }
    return replace(machine, machine=replace(machine.machine, environment=environment))


def assert_only_these_changed(
    before: dict[str, bytes], after: dict[str, bytes], fixes: Sequence[Fix]
) -> None:
    """Every other file, and every other line of a file, is byte for byte what it was, and in its place."""
    renamed = {fix.file: fix.to for fix in fixes if isinstance(fix, Rename)}
    reencoded = {fix.file for fix in fixes if isinstance(fix, Reencode)}
    touched: dict[str, set[int]] = {}
    for fix in fixes:
        if isinstance(fix, Line):
            last = fix.last if isinstance(fix, Move) else fix.line
            touched.setdefault(fix.file, set()).update(range(fix.line, last + 1))
            if isinstance(fix, Move) and fix.into:
                touched.setdefault(fix.into, set())
    for name, old in before.items():
        new = after[renamed.get(name, name)]
        if name in reencoded:
            assert new == as_utf8(old)
        elif name in touched:
            assert new != old
            kept = [
                line for at, line in enumerate(old.splitlines(keepends=True), 1) if at not in touched[name]
            ]
            assert is_within(kept, new.splitlines(keepends=True)), (kept, new)
            assert not new or new.endswith(b"\n") == old.endswith(b"\n")
            assert (b"\r\n" in new) == (b"\r\n" in old)
        else:
            assert new == old, name
    made = {name for name in after if name not in before and STAMP not in name}
    assert made == set(renamed.values())


def as_utf8(content: bytes) -> bytes:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(encoding).encode()


def is_within(few: Iterable[bytes], many: Iterable[bytes]) -> bool:
    rest = iter(many)
    return all(line in rest for line in few)


def assert_backed_up(
    laptop: Laptop, before: dict[str, bytes], after: dict[str, bytes], fixes: Sequence[Fix]
) -> None:
    """Beside each changed file is one copy of what it was, with its rights; beside no other."""
    backups = {name: content for name, content in after.items() if STAMP in name}
    changed = {name for name, content in before.items() if after.get(name, content) != content}
    assert sorted(name.partition(STAMP)[0] for name in backups) == sorted(changed)
    for name, content in backups.items():
        own = name.partition(STAMP)[0]
        assert content == before[own]
        assert re.fullmatch(r"\d{8}T\d{6}Z", name.partition(STAMP)[2])
        assert laptop.mode(name) == laptop.mode(own) == int(laptop.world.machine.files[own].mode, 8)


def secrets_in(text: str, world: World) -> list[str]:
    """The secrets of the world's files and environment that the text has."""
    words = re.findall(r"[A-Za-z0-9+/=_-]*CANARY[A-Za-z0-9+/=_-]*", str(world.machine))
    return [word for word in words if word in text or "CANARY" in text]


def test_another_applications_environment_file_is_left_alone(tmp_path: Path) -> None:
    name = "env05-quoted-profile-in-env-file"
    laptop = Laptop.of(load_world(name), tmp_path / "laptop")
    laptop.give(mends_of(verdict_on(name).of_workstation))
    other = laptop.work / ".env.enterprise"
    other.write_text(other.read_text(encoding="utf-8") + "OWN=1\n", encoding="utf-8")
    before = laptop.files()
    assert "has changed since the checks read it" in laptop.run(*APPLY).text
    assert laptop.files() == before


@pytest.mark.parametrize("name", NOT_BY_SCRIPT)
def test_what_a_script_cannot_know_it_asks_for(name: str, tmp_path: Path) -> None:
    found = mends_of(verdict_on(name).of_workstation)
    laptop = Laptop.of(load_world(name), tmp_path / "laptop")
    laptop.give(found)
    before = laptop.files()
    ran = laptop.run(*APPLY)
    assert laptop.files() == before
    assert ran.code == 0
    assert f"By hand: {found[0].requirement} {found[0].cause}" in ran.text


def test_each_locally_fixable_cause_is_mended_in_some_world() -> None:
    worlds = [load_world(name) for name in WORLDS if name not in NOT_BY_SCRIPT]
    assert set().union(*map(local_causes, worlds)) == LOCALLY - set(WITHOUT_A_WORLD)


# ---------------------------------------------------------------------------------------------- each operation


def laptop_with(
    folder: Path, files: dict[str, bytes], *fixes: Fix, environment: dict[str, str] | None = None
) -> Laptop:
    """A machine that has these files alone, and the script that does these operations."""
    import base64

    world = load_world("compliant")
    own = {name: File(base64=base64.b64encode(content).decode() or "") for name, content in files.items()}
    machine = replace(world.machine, files=own, environment=environment or {})
    made = replace(world, machine=machine)
    object.__setattr__(made, "name", world.name)
    laptop = Laptop.of(made, folder / "laptop")
    laptop.give([Mend("PRF-01", None, "Something is wrong", ("mend it",), tuple(in_scripts(fixes)))])
    return laptop


def applied(folder: Path, content: bytes, *fixes: Fix, shell: str = "sh") -> bytes:
    """What the operations make of ~/.aws/config."""
    laptop = laptop_with(folder, {"~/.aws/config": content}, *fixes)
    ran = laptop.run(*APPLY, shell=shell)
    assert ran.code == 0, ran.text
    return laptop.files()["~/.aws/config"]


CONFIG = "~/.aws/config"
TEXT = b"# mine\n[profile a]\nregion = us-east-1\n\toutput = json\n\n[b]\nregion=eu-west-1 ; old\n"
OPERATIONS: dict[str, tuple[Fix, bytes]] = {
    "a header": (
        Replace(CONFIG, 6, "[b]", old="[b]", new="[profile b]"),
        TEXT.replace(b"[b]", b"[profile b]"),
    ),
    "a value": (
        Replace(CONFIG, 7, "region=", "b", old="eu-west-1 ; old", new="eu-west-1"),
        TEXT.replace(b"eu-west-1 ; old", b"eu-west-1"),
    ),
    "a comment": (
        Comment(CONFIG, 3, "region=", "profile a"),
        TEXT.replace(b"region = us-east-1", b"# region = us-east-1"),
    ),
    "a line deleted": (Delete(CONFIG, 7, "region=", "b"), TEXT.replace(b"region=eu-west-1 ; old\n", b"")),
    "a line in the first column": (
        Dedent(CONFIG, 4, "output=", "profile a"),
        TEXT.replace(b"\toutput", b"output"),
    ),
    "a line below": (
        Insert(CONFIG, 3, "region=", "profile a", text="cli_pager ="),
        TEXT.replace(b"us-east-1\n", b"us-east-1\ncli_pager =\n"),
    ),
    "a line above": (
        Insert(CONFIG, 3, "region=", "profile a", text="# home", above=True),
        TEXT.replace(b"region = us-east-1\n", b"# home\nregion = us-east-1\n"),
    ),
    "lines moved": (
        Move(CONFIG, 7, "region=", "b", last=7, to=4),
        TEXT.replace(b"region=eu-west-1 ; old\n", b"").replace(b"json\n", b"json\nregion=eu-west-1 ; old\n"),
    ),
}


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_an_operation_changes_its_line_and_keeps_the_line_ends(what: str, end: bytes, tmp_path: Path) -> None:
    fix, wanted = OPERATIONS[what]
    assert applied(tmp_path, TEXT.replace(b"\n", end), fix) == wanted.replace(b"\n", end)


@pytest.mark.parametrize("what", OPERATIONS)
def test_a_file_without_a_final_line_end_gets_none(what: str, tmp_path: Path) -> None:
    fix, wanted = OPERATIONS[what]
    if what != "lines moved":  # the last line is the one that moves
        assert applied(tmp_path, TEXT[:-1], fix) == wanted.removesuffix(b"\n") + b"\n" * (
            what == "a line deleted"
        )
    else:
        assert applied(tmp_path, TEXT[:-1], fix).count(b"\n") == TEXT.count(b"\n")


def test_several_operations_count_lines_as_the_file_had_them(tmp_path: Path) -> None:
    every = [
        OPERATIONS[what][0] for what in ("a header", "a value", "a line below", "a line in the first column")
    ]
    got = applied(tmp_path, TEXT, *every)
    assert got == (
        b"# mine\n[profile a]\nregion = us-east-1\ncli_pager =\noutput = json\n\n[profile b]\nregion=eu-west-1\n"
    )


def test_lines_below_the_same_line_come_once_however_often_it_runs(tmp_path: Path) -> None:
    every = [
        Insert(CONFIG, 3, "region=", "profile a", text=text)
        for text in ("cli_pager =", "cli_auto_prompt = off")
    ]
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, *every)
    assert laptop.run(*APPLY).code == 0
    wanted = TEXT.replace(b"us-east-1\n", b"us-east-1\ncli_pager =\ncli_auto_prompt = off\n")
    assert laptop.files()[CONFIG] == wanted
    again = laptop.run(*APPLY)
    assert again.code == 0 and "Nothing to do in files." in again.text
    assert laptop.files()[CONFIG] == wanted


@pytest.mark.parametrize("other", ["cfg10-profile-contradicts-session", "reg06-endpoint-in-profile"])
def test_settings_below_a_line_that_goes_are_kept_where_they_become_their_own(
    other: str, tmp_path: Path
) -> None:
    both = tmp_path / "both.toml"
    both.write_text(f'title = "Both"\nextends = ["cfg08-settings-indented", "{other}"]\n')
    world = load_world(str(both))
    laptop = Laptop.of(world, tmp_path / "laptop")
    found = judged(world)
    assert "PRF-04 CFG08" in found.root_causes and {"PRF-09 CFG10", "CRD-06 REG06"} & set(found.root_causes)
    laptop.give(mends_of(found))
    assert laptop.run(*APPLY).code == 0
    mended = laptop.as_world(world.machine.environment)
    assert judged(world, edit=lambda _: with_own(mended, world)).root_causes == []


def test_a_header_that_continues_a_value_does_not_hide_the_header_above_it(tmp_path: Path) -> None:
    text = b"[a]\nregion = x\n  [profile b]\n  output = json\nregion = y\n[profile c]\nregion = z\n"
    fixes = [Comment(CONFIG, line, "region=", "a") for line in (5, 7)]
    assert applied(tmp_path, text, *fixes) == text.replace(b"region = y", b"# region = y")


def test_a_section_moves_to_the_end_of_another_file(tmp_path: Path) -> None:
    files = {
        "~/.aws/credentials": b"[x]\r\na=1\r\n[profile b]\r\nregion=eu-west-1",
        CONFIG: b"[profile a]\r\nregion=r",
    }
    laptop = laptop_with(tmp_path, files, Move("~/.aws/credentials", 3, "[profile b]", last=4, into=CONFIG))
    assert laptop.run(*APPLY).code == 0
    after = laptop.files()
    assert after["~/.aws/credentials"] == b"[x]\r\na=1\r\n"
    assert after[CONFIG] == b"[profile a]\r\nregion=r\r\n\r\n[profile b]\r\nregion=eu-west-1"


def test_a_section_moves_to_a_file_that_is_not_there_yet_and_only_its_owner_can_read_it(
    tmp_path: Path,
) -> None:
    files = {"~/.aws/credentials": b"[profile b]\nregion=eu-west-1\n"}
    laptop = laptop_with(tmp_path, files, Move("~/.aws/credentials", 1, "[profile b]", last=2, into=CONFIG))
    assert laptop.run(*APPLY).code == 0
    assert laptop.files()[CONFIG] == b"[profile b]\nregion=eu-west-1\n"
    assert laptop.mode(CONFIG) == 0o600


@pytest.mark.parametrize("there", [True, False], ids=["a file", "no file"])
def test_what_moves_stays_where_it_is_as_long_as_it_cannot_be_written_to_the_other_file(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"~/.aws/credentials": b"[profile b]\nregion=eu-west-1\n"}
    if there:
        files[CONFIG] = b"[profile a]\n"
    tools = tmp_path / "tools"
    tools.mkdir()
    refusing = f'#!/bin/sh\ncase $* in *config.fix*) exit 1 ;; esac\nexec {shutil.which("cp")} "$@"\n'
    (tools / "cp").write_text(refusing, encoding="utf-8")
    (tools / "cp").chmod(0o755)
    laptop = laptop_with(tmp_path, files, Move("~/.aws/credentials", 1, "[profile b]", last=2, into=CONFIG))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    ran = laptop.run(*APPLY)
    assert ran.code == 1
    assert "~/.aws/credentials keeps what would have moved out of it: left alone" in ran.text
    assert {name: text for name, text in laptop.files().items() if STAMP not in name} == files


def test_a_line_that_nothing_tells_is_touched_only_in_the_file_as_it_was(tmp_path: Path) -> None:
    operation = Comment(CONFIG, 4, "", "profile a", size=len(TEXT))
    assert b"\n# \toutput" in applied(tmp_path / "same", TEXT, operation)
    moved = b"# new\n" + TEXT
    laptop = laptop_with(tmp_path / "moved", {CONFIG: moved}, operation, OPERATIONS["a header"][0])
    ran = laptop.run(*APPLY)
    assert (ran.code, laptop.files()) == (0, {CONFIG: moved})
    assert "~/.aws/config has changed since the checks read it: left alone" in ran.text


CHANGED = {
    "the line is another": TEXT.replace(b"region=eu-west-1 ; old", b"output=json"),
    "the line has moved": b"\n" + TEXT,
    "the section is another": TEXT.replace(b"[b]", b"[c]"),
    "the value is another": TEXT.replace(b"eu-west-1 ; old", b"eu-west-2"),
    "the file is shorter": TEXT[:20],
    "the file is empty": b"",
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_file_that_somebody_has_changed_is_left_alone(what: str, tmp_path: Path) -> None:
    fix, _ = OPERATIONS["a value"]
    laptop = laptop_with(tmp_path, {CONFIG: CHANGED[what]}, fix)
    ran = laptop.run(*APPLY)
    assert laptop.files() == {CONFIG: CHANGED[what]}
    assert ran.code == 0
    assert "left alone" in ran.text


def test_a_file_that_changes_while_the_script_runs_is_left_alone(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a value"][0])
    text = laptop.script.read_text(encoding="utf-8")
    marker = 'if [ -z "$changed" ]; then'
    assert text.count(marker) == 1
    laptop.script.write_text(
        text.replace(marker, f'printf x >>"$home/.aws/config"\n{marker}'), encoding="utf-8"
    )
    ran = laptop.run(*APPLY)
    assert laptop.files() == {CONFIG: TEXT + b"x"}
    assert (ran.code, "has changed in the meantime" in ran.text) == (1, True)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {}, OPERATIONS["a value"][0], Rename("~/.aws/config.txt", CONFIG))
    ran = laptop.run(*APPLY)
    assert (ran.code, laptop.files()) == (0, {})
    assert "~/.aws/config is not there" in ran.text
    assert "~/.aws/config.txt is not there" in ran.text


def test_who_runs_it_in_another_folder_is_told_so(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {}, Comment("./.env.enterprise", 1, "AWS_PROFILE="))
    assert "./.env.enterprise is not there: nothing to do. This runs in the folder" in laptop.run(*APPLY).text


def test_a_file_is_not_renamed_over_another(tmp_path: Path) -> None:
    files = {"~/.aws/config.txt": b"new", CONFIG: b"old"}
    laptop = laptop_with(tmp_path, files, Rename("~/.aws/config.txt", CONFIG))
    assert laptop.run(*APPLY).code == 0
    assert laptop.files() == files


def test_bytes_that_are_no_text_stay(tmp_path: Path) -> None:
    odd = b"# \xff\xfe caf\xe9 \xc3\x28\x1b[0m\n" + TEXT.replace(b"# mine\n", b"")
    assert applied(tmp_path, odd, OPERATIONS["a header"][0]) == odd.replace(b"[b]", b"[profile b]")


def test_a_file_with_bytes_that_awk_cannot_write_is_left_alone(tmp_path: Path) -> None:
    laptop = laptop_with(
        tmp_path, {CONFIG: b"[b]\n\0\n"}, Replace(CONFIG, 1, "[b]", old="[b]", new="[profile b]")
    )
    laptop.run(*APPLY)
    assert laptop.files()[CONFIG].endswith(b"]\n\0\n")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {"~/dotfiles/aws": TEXT}, OPERATIONS["a header"][0])
    link = laptop.home / ".aws" / "config"
    link.parent.mkdir()
    link.symlink_to("../dotfiles/aws")
    assert laptop.run(*APPLY).code == 0
    assert link.is_symlink()
    assert (laptop.home / "dotfiles" / "aws").read_bytes() == TEXT.replace(b"[b]", b"[profile b]")


@pytest.mark.parametrize(
    "target", ["/proc/self/mem", "nowhere", "."], ids=["unreadable", "nowhere", "folder"]
)
def test_what_cannot_be_read_is_said_so_and_the_rest_is_done(target: str, tmp_path: Path) -> None:
    other = Replace("~/.aws/credentials", 6, "[b]", old="[b]", new="[profile b]")
    moved = Move("~/.aws/credentials", 1, "# mine", last=1, into=CONFIG)
    laptop = laptop_with(
        tmp_path, {"~/.aws/credentials": TEXT}, OPERATIONS["a header"][0], other, Unset(NAMES)
    )
    for link in (laptop.home / ".aws" / "config", laptop.home / ".bashrc"):
        link.symlink_to(target)
    ran = laptop.run(*APPLY)
    assert ran.code == 1
    assert re.search(r"^~/\.aws/config (cannot be read|is no file): left alone$", ran.text, re.MULTILINE)
    assert ("~/.bashrc cannot be read" in ran.text) == (target == "/proc/self/mem"), (
        "no start-up file, no word"
    )
    credentials = laptop.home / ".aws" / "credentials"
    assert credentials.read_bytes() == TEXT.replace(b"[b]", b"[profile b]")

    laptop.give([Mend("PRF-01", None, "Something is wrong", (), (moved,))])
    assert "keeps what would have moved out of it" in laptop.run(*APPLY).text
    assert credentials.read_bytes() == TEXT.replace(b"[b]", b"[profile b]")
    assert (laptop.home / ".aws" / "config").is_symlink()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_file_and_its_backup_keep_the_rights_of_the_file(mode: int, tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0])
    (laptop.home / ".aws" / "config").chmod(mode)
    assert laptop.run(*APPLY).code == 0
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (laptop.home / ".aws").iterdir()}
    assert modes == {mode}
    assert len(list((laptop.home / ".aws").iterdir())) == 2


def test_a_file_that_is_mounted_by_itself_is_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0])
    tools = tmp_path / "tools"
    tools.mkdir()
    # As the system has it: mv: cannot move: Device or resource busy
    busy = (
        f'#!/bin/sh\ncase $* in *config.fix*) echo busy >&2; exit 1 ;; esac\nexec {shutil.which("mv")} "$@"\n'
    )
    (tools / "mv").write_text(busy, encoding="utf-8")
    (tools / "mv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    file = laptop.home / ".aws" / "config"
    before = file.stat().st_ino
    ran = laptop.run(*APPLY)
    assert ran.code == 0 and "busy" not in ran.text
    assert file.stat().st_ino == before
    assert file.read_bytes() == TEXT.replace(b"[b]", b"[profile b]")
    assert [name.partition(STAMP)[0] for name in laptop.files()] == [CONFIG, CONFIG]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0])
    laptop.run(*APPLY)
    assert {path.name for path in laptop.folder.iterdir()} == {
        "home",
        "work",
        laptop.script.name,
        laptop.real_script.name,
    }


MARKS = {
    "utf-8": b"\xef\xbb\xbf",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
    "utf-32-le": b"\xff\xfe\0\0",
    "utf-32-be": b"\0\0\xfe\xff",
}


@pytest.mark.parametrize("encoding", MARKS)
def test_a_marked_file_becomes_utf_8(encoding: str, tmp_path: Path) -> None:
    text = "[profile José]\r\nregion = eu-west-1\r\n# 😀"
    assert applied(tmp_path, MARKS[encoding] + text.encode(encoding), Reencode(CONFIG)) == text.encode()


def test_a_file_without_a_mark_is_not_recoded(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, Reencode(CONFIG))
    assert laptop.run(*APPLY).code == 0
    assert laptop.files() == {CONFIG: TEXT}


def test_account_ids_are_hidden_in_the_script_and_kept_in_the_file(tmp_path: Path) -> None:
    fix = Replace(CONFIG, 1, "[Admin-****4321]", old="[Admin-****4321]", new="[profile Admin-****4321]")
    quoted = Replace(CONFIG, 2, "sso_account_id=", "Admin-****4321", old='"****4321"', new="****4321")
    content = b'[Admin-210987654321]\nsso_account_id = "210987654321"\n'
    got = applied(tmp_path, content, fix, quoted)
    assert got == b"[profile Admin-210987654321]\nsso_account_id = 210987654321\n"


def test_an_account_id_that_is_nowhere_in_the_line_is_asked_for_and_never_written(tmp_path: Path) -> None:
    world = load_world("env05-unknown-profile")
    name = "Admin-210987654321"
    renamed = replace(
        world,
        machine=replace(
            world.machine,
            profile=name,
            files={
                path: replace(file, text=file.text.replace("profile msh", f"profile {name}"))
                for path, file in world.machine.files.items()
            },
        ),
    )
    found = mends_of(judged(world, edit=lambda _: renamed, only=("CRD-05", "ENV-04")))
    told_of = [fix for mend in found for fix in mend.fixes if not isinstance(fix, Unset)]
    assert told_of
    assert all(isinstance(fix, Ask) and "--show-account-ids" in fix.text for fix in told_of), told_of


def test_a_value_that_contains_the_old_one_is_not_changed_twice(tmp_path: Path) -> None:
    fix = Replace(CONFIG, 1, "model=", old="a.b", new="us.a.b")
    laptop = laptop_with(tmp_path, {CONFIG: b"model=a.b\n"}, fix)
    laptop.run(*APPLY)
    once = laptop.files()
    laptop.run(*APPLY)
    assert once[CONFIG] == b"model=us.a.b\n"
    assert laptop.files() == once


# ----------------------------------------------------------------------------------------------- hostile names

HOSTILE = [
    "my profile",
    "o'neil",
    'say "hi"',
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "a;touch pwned",
    "a\\nb",
    "-rf",
    "%PATH%",
    "José ✓",
    "it\u2019s",
    "@PLAN@",
    "#> & 'x' <#",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str, tmp_path: Path) -> None:
    file = f"~/.aws/{name.replace('/', '')}"
    content = f"[{name}]\nregion = us-east-1\n".encode()
    fixes = [
        Replace(file, 1, f"[{name}]", old=f"[{name}]", new=f"[profile {name}]"),
        Insert(file, 2, "region=", name, text=f"# {name}"),
        Export("AWS_PROFILE", name),
        Ask(f"do something with {name}"),
    ]
    laptop = laptop_with(tmp_path, {file: content}, *fixes)
    ran = laptop.run(*APPLY)
    assert ran.code == 0, ran.text
    assert laptop.files()[file] == f"[profile {name}]\nregion = us-east-1\n# {name}\n".encode()
    assert f"do something with {name}" in ran.text
    assert laptop.source("--apply").environment["AWS_PROFILE"] == name
    assert not list(tmp_path.rglob("pwned"))


def test_a_name_that_cannot_be_seen_is_not_written_into_a_script() -> None:
    fixes = in_scripts(
        [
            Comment(CONFIG, 3, "[a\nrm -rf ~]"),
            Export("AWS_PROFILE", "a\tb"),
            Export("AWS_PROFILE", "a\u202eb"),
        ]
    )
    assert fixes == [
        Ask(f"edit {CONFIG} line 3: it has characters that cannot be seen"),
        Ask("edit the value of AWS_PROFILE: it has characters that cannot be seen"),
    ]
    assert not any(re.search(r"[\x00-\x1f]", str(vars(fix).values())) for fix in fixes)


# ----------------------------------------------------------------------------------------- environment variables

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN")
SET = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SESSION_TOKEN": "testing", "AWS_REGION": "us-east-1"}
SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "ksh", "busybox") if shutil.which(shell)]


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "busybox"])
def test_sourcing_takes_the_variables_out_of_the_shell_and_leaves_nothing_in_it(
    shell: str, tmp_path: Path
) -> None:
    laptop = laptop_with(
        tmp_path, {"~/.profile": b"export AWS_ACCESS_KEY_ID=a\n"}, Unset(NAMES), environment=SET
    )
    before = laptop.files()
    shown = laptop.source(shell=shell)
    assert (shown.code, laptop.files()) == (0, before)
    assert {name: shown.environment.get(name) for name in SET} == SET, "shown, and not done"
    assert "Would be taken out of this shell: AWS_ACCESS_KEY_ID AWS_SESSION_TOKEN" in shown.text
    sourced = laptop.source("--apply", shell=shell)
    assert sourced.code == 0, sourced.text
    assert "AWS_ACCESS_KEY_ID" not in sourced.environment
    assert "AWS_SESSION_TOKEN" not in sourced.environment
    assert sourced.environment["AWS_REGION"] == "us-east-1"
    assert laptop.files()["~/.profile"] == b": # export AWS_ACCESS_KEY_ID=a\n"
    left = subprocess.run(
        [shell, "-c", f". {laptop.real_script} >/dev/null; set"],
        env=laptop.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert left.returncode == 0
    assert not re.findall(r"^(?:work|home|stamp|editor|apply|plan|fix_\w+)\b.*", left.stdout, re.MULTILINE)


def test_a_script_that_is_run_says_what_to_type(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {}, Unset(NAMES), Export("AWS_PROFILE", "my msh"), environment=SET)
    said = laptop.run().text
    assert "  unset AWS_ACCESS_KEY_ID AWS_SESSION_TOKEN\n" in said
    assert "  export AWS_PROFILE='my msh'\n" in said


def test_variables_that_are_not_set_any_more_are_said_so(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {}, Unset(NAMES), environment={})
    assert "none of these is set" in laptop.run().text


STARTUP = b"""# start
export AWS_ACCESS_KEY_ID=AKIAX
  export AWS_SESSION_TOKEN="a b"   # old
AWS_SESSION_TOKEN='x'
export AWS_REGION=us-east-1
declare -x AWS_SESSION_TOKEN=y;
if true; then
export AWS_ACCESS_KEY_ID=$SAVED
fi
export AWS_ACCESS_KEY_ID=1 AWS_REGION=2
[ -n "$X" ] && export AWS_ACCESS_KEY_ID=3
AWS_SESSION_TOKEN=$(pass show "aws token")
export AWS_SESSION_TOKEN="open
end"
MY_AWS_ACCESS_KEY_ID=4
# export AWS_ACCESS_KEY_ID=5
export OTHER=1 \\
  AWS_ACCESS_KEY_ID=6
cat >/dev/null <<-'EOF'
AWS_SESSION_TOKEN=7
EOF
AWS_SESSION_TOKEN=8
echo done
"""
COMMENTED = {2, 3, 4, 6, 8, 22}
BY_HAND = {10, 11, 12, 13, 18, 20}


@pytest.mark.parametrize("name", [name for name in STARTUP_FILES if not name.endswith(".fish")])
def test_lines_of_start_up_files_that_set_the_variables_become_comments(name: str, tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {f"~/{name}": STARTUP}, Unset(NAMES))
    ran = laptop.run(*APPLY)
    lines = STARTUP.splitlines(keepends=True)
    wanted = [b": # " + line if at in COMMENTED else line for at, line in enumerate(lines, 1)]
    after = laptop.files()
    assert after[f"~/{name}"] == b"".join(wanted)
    assert {
        int(at) for at in re.findall(r"line (\d+): sets \w+ along with something else", ran.text)
    } == BY_HAND
    assert "AKIAX" not in ran.text
    assert [content for backup, content in after.items() if STAMP in backup] == [STARTUP]
    laptop.run(*APPLY)
    assert laptop.files() == after


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh") if shutil.which(shell)])
def test_a_start_up_file_still_works_afterwards(shell: str, tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {"~/.bashrc": STARTUP.replace(b"pass show", b"echo")}, Unset(NAMES))
    laptop.run(*APPLY)
    done = subprocess.run(
        [shell, "-c", ". ~/.bashrc"], env=laptop.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


FISH = b"""set -gx AWS_ACCESS_KEY_ID AKIAX
set -x AWS_SESSION_TOKEN 'a b' # old
set AWS_SESSION_TOKEN
set -e AWS_ACCESS_KEY_ID
set -q AWS_ACCESS_KEY_ID; and echo set
set -gx AWS_REGION us-east-1
set -gx AWS_SESSION_TOKEN (pass show aws)
if true
    set -gx AWS_ACCESS_KEY_ID 2
end
"""


def test_lines_of_fish_become_comments_too(tmp_path: Path) -> None:
    file = "~/.config/fish/config.fish"
    laptop = laptop_with(tmp_path, {file: FISH}, Unset(NAMES))
    ran = laptop.run(*APPLY)
    lines = FISH.splitlines(keepends=True)
    wanted = [b"# " + line if at in {1, 2, 3, 9} else line for at, line in enumerate(lines, 1)]
    assert laptop.files()[file] == b"".join(wanted)
    assert re.findall(r"line (\d+): sets", ran.text) == ["7"]


def test_an_environment_cause_is_mended_for_new_shells_as_well(tmp_path: Path) -> None:
    world = load_world("env01-stale-keys")
    laptop = Laptop.of(world, tmp_path / "laptop")
    laptop.give(mends_of(verdict_on("env01-stale-keys")))
    (laptop.home / ".bashrc").write_text("alias ll='ls -l'\nexport AWS_ACCESS_KEY_ID=ASIAQCANARYSESSION01\n")
    said = laptop.run(*APPLY).text
    assert (laptop.home / ".bashrc").read_text() == (
        "alias ll='ls -l'\n: # export AWS_ACCESS_KEY_ID=ASIAQCANARYSESSION01\n"
    )
    assert "CANARY" not in said


# ------------------------------------------------------------------------------------------- shells and manners


@pytest.mark.parametrize("shell", SHELLS)
def test_any_posix_shell_runs_it(shell: str, tmp_path: Path) -> None:
    words = [shell, "sh"] if shell == "busybox" else [shell]
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0])
    done = subprocess.run(
        [*words, str(laptop.script), *APPLY],
        cwd=laptop.work, env=laptop.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert laptop.files()[CONFIG] == TEXT.replace(b"[b]", b"[profile b]")


@pytest.mark.parametrize("awk", ["mawk", "gawk", "original-awk", "busybox awk"])
def test_any_awk_does_it(awk: str, tmp_path: Path) -> None:
    program, *applet = awk.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    fixes = [*(fix for fix, _ in OPERATIONS.values()), Unset(NAMES)]
    files = {CONFIG: TEXT.replace(b"# mine", b"# caf\xe9 \xff"), "~/.bashrc": STARTUP}
    laptop = laptop_with(tmp_path, files, *fixes)
    reference = laptop_with(tmp_path / "mawk", files, *fixes)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "awk").write_text(f'#!/bin/sh\nexec {shutil.which(program)} {" ".join(applet)} "$@"\n')
    (tools / "awk").chmod(0o755)
    done = subprocess.run(
        ["sh", str(laptop.script), *APPLY],
        cwd=laptop.work, env={**laptop.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    reference.run(*APPLY)
    assert {name: laptop.files()[name] for name in files} == {name: reference.files()[name] for name in files}
    assert reference.files()["~/.bashrc"] != STARTUP


def test_a_script_for_a_simulated_world_touches_no_real_machine_by_mistake(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0], Unset(NAMES))
    refused = laptop.run("--apply")
    assert (refused.code, laptop.files()) == (2, {CONFIG: TEXT})
    assert "SIMULATED" in refused.text
    sourced = subprocess.run(
        ["sh", "-c", f"set -- --apply; . {laptop.script} >/dev/null; echo $? $AWS_ACCESS_KEY_ID"],
        env={**laptop.environ, **SET}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert sourced.stdout == "2 testing\n"
    real = scripts([Mend("PRF-01", None, "x", (), (OPERATIONS["a header"][0],))], None)
    assert all("SIMULATED: made for" not in text for text in real.values())
    laptop.script.write_text(real["fix_aws_authentication.sh"], encoding="utf-8")
    assert laptop.run("--apply").code == 0
    assert laptop.files()[CONFIG] != TEXT


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    laptop = laptop_with(tmp_path, {CONFIG: TEXT}, OPERATIONS["a header"][0])
    refused = laptop.run("-apply")
    assert (refused.code, laptop.files()) == (2, {CONFIG: TEXT})
    assert "usage" in refused.text


def test_with_nothing_to_mend_the_scripts_do_nothing_and_say_so(tmp_path: Path) -> None:
    laptop = Laptop.of(load_world("compliant"), tmp_path / "laptop")
    found = mends_of(verdict_on("compliant"))
    laptop.give(found)
    before = laptop.files()
    ran = laptop.run(*APPLY)
    assert (found, ran.code, laptop.files()) == ([], 0, before)
    assert "Nothing to do" in ran.text
    assert "By hand" not in ran.text
    assert [name for name, text in scripts(found, None).items() if "does nothing" in text] == [
        "fix_aws_authentication.sh",
        "fix_aws_authentication.ps1",
    ]
    assert told(found, "reports/latest", "linux") == ""


def test_what_only_a_person_can_do_is_asked_for(tmp_path: Path) -> None:
    name = "tok02-expired-token"
    laptop = Laptop.of(load_world(name), tmp_path / "laptop")
    found = mends_of(verdict_on(name).of_workstation)
    laptop.give(found)
    said = laptop.run().text
    assert "By hand: SSO-03 TOK02: The SSO token has expired\n  aws sso login --profile msh\n" in said
    assert told(found, "reports/latest", "linux") == ""


def test_operations_survive_as_json() -> None:
    every: list[Fix] = [fix for fix, _ in OPERATIONS.values()]
    every += [Reencode("~/x"), Rename("~/x", "~/y"), Unset(NAMES), Export("A", "b"), Ask("c")]
    assert [fix_of(fix.as_json()) for fix in every] == every


# --------------------------------------------------------------------------------------------------- whole runs


def test_a_run_writes_the_scripts_and_names_the_one_of_its_platform(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", "cfg01-header-without-profile", "-k", "PRF")
    script = ran.reports / "fix_aws_authentication.sh"
    assert (
        "mend  sh reports/latest/fix_aws_authentication.sh   (shows how: 1 of 1 root cause)\n" in ran.summary
    )
    assert "replace 6 '[msh]' '' '[msh]' '[profile msh]'" in script.read_text(encoding="utf-8")
    assert (ran.reports / "fix_aws_authentication.ps1").read_bytes().startswith(b"\xef\xbb\xbf#Requires")
    sums = (ran.reports / "SHA256SUMS").read_text()
    assert all(f"fix_aws_authentication{suffix}\n" in sums for suffix in (".sh", ".ps1", ".bat"))
    assert not any("fix" in row for row in ran.json()["results"])

    windows = run_suite(tmp_path, "--world", "win08-config-txt", "-k", "PRF")
    assert (
        r"-File reports\latest\fix_aws_authentication.ps1   (shows how: 1 of 1 root cause)" in windows.summary
    )


def test_replay_and_workers_write_the_same_scripts(tmp_path: Path) -> None:
    first = run_suite(tmp_path, "--world", "cfg02-stale-keys-pre-empt-sso", "-k", "PRF or CRD", "-n", "2")
    names = [f"fix_aws_authentication{suffix}" for suffix in (".sh", ".ps1", ".bat")]
    wrote = {name: (first.reports / name).read_bytes() for name in names}
    evidence = tmp_path / "evidence.json"
    shutil.copy(first.reports / "evidence.json", evidence)
    run_suite(tmp_path, "--snapshot", str(evidence), "-k", "PRF or CRD")
    assert {name: (first.reports / name).read_bytes() for name in names} == wrote
    assert b"delete 2" in wrote[names[0]]


def test_a_root_cause_of_two_targets_is_told_once(tmp_path: Path) -> None:
    two = ("--region", "us-east-1", "--region", "us-west-2")
    ran = run_suite(tmp_path, "--world", "guide-as-written", *two, "-k", "ENV-05 or PRF-05")
    causes = ran.json()["root_causes"]
    assert [cause["requirement"] for cause in causes] == ["ENV-05", "PRF-05"] * 2
    assert "(shows how: 1 of 2 root causes)" in ran.summary
    script = (ran.reports / "fix_aws_authentication.sh").read_text(encoding="utf-8")
    assert re.findall(r"^#   \d\. ([A-Z]+-\d+)", script, re.MULTILINE) == ["ENV-05", "PRF-05"]


def test_the_line_in_the_terminal_sources_a_script_that_changes_the_environment() -> None:
    unset = Mend("CRD-02", "ENV01", "x", (), (Unset(NAMES),))
    asked = Mend("SSO-03", "TOK02", "y", ("aws sso login",), ())
    assert told([unset, asked], "reports/latest", "darwin") == (
        ". ./reports/latest/fix_aws_authentication.sh --apply   (1 of 2 root causes)"
    )
    assert told([unset], "/tmp/my reports", "linux").startswith(
        ". '/tmp/my reports/fix_aws_authentication.sh'"
    )
    assert told([unset], "C:/my reports", "windows").startswith(
        r'powershell -ExecutionPolicy Bypass -File "C:\my reports\fix_aws_authentication.ps1" -Apply'
    )
