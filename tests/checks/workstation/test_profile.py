"""Step 2 and step 5: what is said of the AWS config and credentials files, of the profile, and of what is left to fix."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.catalogue import load
from checks.fixes import Comment, Insert, Line
from checks.requirement import NonCompliant
from checks.workstation.test_profile import test_file_is_readable as file_is_readable
from fixtures.backends import live
from fixtures.evidence.profile import AwsFileFound, Files, ProcessCommand
from fixtures.machine import readers
from fixtures.machine.machine import LiveMachine
from fixtures.machine.profiles import Profiles
from fixtures.settings import ApplicationSettings, CredentialSettings, ProfileSettings, Settings, Stated
from fixtures.simulation.world import File, World, load_world
from fixtures.targets import Target
from tests import world_edits
from tests.harness import WORKSTATION, Judged, judged, says
from tests.mending import Laptop, mends_of
from tests.world_edits import Edit, both, environment

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"
PROFILE = tuple(f"PRF-{number:02}" for number in range(1, 11))
SSO = ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name")
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"
HEADER = f"{CONFIG} line 6"
"""Where [profile msh] stands in the compliant world."""
KEYS = "[msh]\naws_access_key_id = AKIAQCANARYSTALEKEY1\naws_secret_access_key = CANARYsecret\n"
ROLE = "arn:aws:iam::210987654321:role/BedrockDeveloper"


changed = partial(world_edits.env_file, of=CONFIG)
written = partial(world_edits.written, of=CONFIG)


def machine(**changes: Any) -> Edit:
    """The world with another profile, platform or environment."""

    def edit(world: World) -> World:
        if "environment" in changes:
            changes["environment"] = {**world.machine.environment, **changes["environment"]}
            changes["environment"] = {k: v for k, v in changes["environment"].items() if v is not None}
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, **changes))

    return edit


def of_compliant(edit: Edit, *only: str, settings: Settings | None = None) -> Judged:
    return judged("compliant", only=only, edit=edit, settings=settings)


def failing(name: str) -> Callable[..., Any]:
    def reader(*_: Any, **__: Any) -> Any:
        raise OSError(5, f"no {name} today")

    return reader


# -------------------------------------------------------------------------------------------- the shipped worlds


@pytest.mark.parametrize(
    ("world", "requirement", "case", "observed", "remedy"),
    [
        ("cfg01-header-without-profile", "PRF-02", None, f"{HEADER}: [msh], which botocore skips",
         f"# edit {HEADER}: write the header as [profile msh],"),
        ("cfg02-stale-keys-pre-empt-sso", "PRF-03", None,
         f"{HEADER}: [msh] is skipped, and the static keys in {CREDENTIALS} line 1 win",
         f"# edit {HEADER}: write the header as [profile msh]"),
        ("cfg03-section-twice", "PRF-01", "config", f"{CONFIG} line 17: [profile msh] for the second time, first in line 6",
         f"# edit {CONFIG} line 17: this section or option stands twice"),
        ("cfg03-option-twice", "PRF-01", "config", f"{CONFIG} line 20: region of [profile old] for the second time",
         f"# edit {CONFIG} line 20:"),
        ("cfg04-quoted-twin", "PRF-03", None, f'{CONFIG} line 17: [profile "msh"] replaces [profile msh] of line 6',
         f"# edit {CONFIG} line 17: this header names the same as an earlier one"),
        ("cfg05-sso-session-misspelt", "PRF-09", None, f"but [sso_session msh] in {CONFIG} line 1",
         f"# edit {CONFIG} line 1: the config file has to have the header [sso-session msh],"),
        ("cfg05-sso-session-quoted", "PRF-09", None, f'{CONFIG} line 7: sso_session = "msh", and there is no',
         f"# edit {CONFIG} line 7: write sso_session = msh"),
        ("cfg06-sso-region-missing", "PRF-04", "sso_region", f"{CONFIG} line 5: profile msh has no sso_region",
         f"# edit {CONFIG} line 1: add sso_region = us-east-1 below it"),
        ("cfg07-no-account-and-role", "PRF-04", "sso_role_name", "neither sso_account_id nor sso_role_name",
         f"# edit {HEADER}: add sso_account_id and sso_role_name"),
        ("cfg08-settings-indented", "PRF-04", "sso_account_id", f"{CONFIG} line 8 is indented",
         f"# edit {CONFIG} line 8: let this line, and every setting below it that is indented,"),
        ("cfg09-comment-after-sso-region", "PRF-05", "sso_region",
         f"{CONFIG} line 3: sso_region = us-east-1  # where Identity Center lives",
         f"# edit {CONFIG} line 3: put the comment on a line of its own"),
        ("cfg09-quoted-region", "PRF-05", "region", f'{CONFIG} line 10: region = "us-east-1"', f"# edit {CONFIG} line 10:"),
        ("cfg10-profile-contradicts-session", "PRF-09", None, f"{CONFIG} line 8: sso_region = us-west-2",
         f"# edit {CONFIG} line 8: delete the setting from the profile, so that sso-session msh alone gives it"),
        ("cfg11-role-arn-beside-sso", "PRF-10", None, f"role_arn ({CONFIG} line 8) beside the SSO settings",
         f"# edit {CONFIG} line 8: move role_arn to a profile of its own"),
        ("cfg12-profile-in-credentials", "PRF-02", None,
         f"{CREDENTIALS} line 1: [profile msh], which names another profile there",
         f"# edit {CREDENTIALS} line 1: move this section to the config file"),
        ("env12-config-file-is-missing", "PRF-01", "config",
         "AWS_CONFIG_FILE is set to ~/.aws/config.team, where no file is", "unset AWS_CONFIG_FILE"),
        ("win01-config-with-byte-order-mark", "PRF-01", "config", f"{CONFIG} starts with a byte order mark",
         "$f = (Resolve-Path -LiteralPath '~/.aws/config').Path"),
        ("win01-credentials-in-utf-16", "PRF-01", "credentials", f"{CREDENTIALS} starts with UTF-16",
         "$f = (Resolve-Path -LiteralPath '~/.aws/credentials').Path"),
        ("win02-garbled-profile-name", "PRF-01", "config", f"{HEADER}: botocore reads [profile JosÃ©]",
         f"# edit {HEADER}: write ASCII letters alone, in a profile's name too"),
        ("win08-config-txt", "PRF-01", "config", "~/.aws/config.txt, and no ~/.aws/config",
         "Move-Item -LiteralPath '~/.aws/config.txt' -Destination '~/.aws/config'"),
        ("pre07-credential-process-missing", "PRF-10", None,
         f"credential_process ({CONFIG} line 8) beside the SSO settings; there is no program corp-credentials",
         f"# run the command of {CONFIG} line 8 by hand, and follow what it says: it has to be found by its full path"),
        ("pre08-login-session-without-awscrt", "PRF-10", None, f"{CONFIG} line 2: the package awscrt is not installed",
         f"# edit {CONFIG} line 2: where the profile is to use SSO, delete the line"),
        ("sts01-source-profile-missing", "PRF-10", None,
         f"{CONFIG} line 3: source_profile sso-base of profile msh does not exist",
         f"# edit {CONFIG} line 3: name an existing profile as source_profile"),
        ("sts01-source-profile-loop", "PRF-10", None, f"{CONFIG} line 11: source_profile msh of profile hub leads back",
         f"# edit {CONFIG} line 11: name an existing profile"),
        ("win09-backslashes-lost-in-wsl", "PRF-10", None, "there is no program C:Toolscorp-credentials.exe",
         f"# edit {CONFIG} line 8: write the program's path as WSL sees it"),
        ("win09-space-in-path", "PRF-10", None, "there is no program C:\\Program",
         f"# edit {CONFIG} line 8: put the program's path in double quotes"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_with_what_mends_it(
    world: str, requirement: str, case: str | None, observed: str, remedy: str
) -> None:
    found = judged(world, only=PROFILE)
    code = world.partition("-")[0].upper()
    result = found.results[requirement, case]
    assert says(result, code, observed)
    assert result["remedy"][0].startswith(remedy)
    assert found.root_causes == [f"{requirement} {code}"]
    assert found.with_status("inconclusive") == set()


@pytest.mark.parametrize(
    "world",
    [
        "ok-comments-and-spacing",
        "ok-default-profile",
        "ok-iam-user-on-purpose",
        "ok-nested-s3-settings",
        "ok-plugins-and-services",
        "ok-profile-without-session",
        "ok-quoted-header",
        "ok-start-url-with-fragment",
        "ok-token-only-profile",
        "ok-windows-line-ends",
    ],
)
def test_what_only_looks_like_a_fault_is_none(world: str) -> None:
    found = judged(world, only=PROFILE)
    assert {r["status"] for r in found.results.values()} <= {"compliant", "not_applicable"}
    assert found["PRF-02"]["status"] == found["PRF-03"]["status"] == "compliant"


def test_in_the_compliant_world_every_requirement_of_the_profile_is_met() -> None:
    found = judged("compliant", only=PROFILE)
    assert {r["status"] for r in found.results.values()} == {"compliant"}
    assert found.document["root_causes"] == []


def test_two_faults_of_the_profile_are_named_in_one_run() -> None:
    found = of_compliant(
        changed(("sso_role_name = BedrockDeveloper\n", ""), ("output = json", "output = pretty")), *PROFILE
    )
    assert found.root_causes == ["PRF-04 CFG06", "PRF-07"]


# ------------------------------------------------------------------------------------------------------- PRF-01


def test_an_empty_variable_hides_the_config_file() -> None:
    found = of_compliant(machine(environment={"AWS_CONFIG_FILE": ""}), *PROFILE)
    assert says(found["PRF-01", "config"], "ENV12", "AWS_CONFIG_FILE is set to nothing")
    assert found.root_causes == ["PRF-01 ENV12"]


def test_a_credentials_file_that_its_variable_does_not_find_is_named() -> None:
    where = {"AWS_SHARED_CREDENTIALS_FILE": "~/keys/credentials"}
    found = of_compliant(machine(environment=where), "PRF-01")
    assert says(
        found["PRF-01", "credentials"], "ENV12", "AWS_SHARED_CREDENTIALS_FILE is set to ~/keys/credentials"
    )
    assert found["PRF-01", "config"]["status"] == "compliant"


@pytest.mark.parametrize("value", [None, "~/.aws/credentials", "/dev/null"])
def test_nobody_needs_a_credentials_file_for_sso(value: str | None) -> None:
    edit = both(written(None, of=CREDENTIALS), machine(environment={"AWS_SHARED_CREDENTIALS_FILE": value}))
    assert of_compliant(edit, "PRF-01").with_status("compliant") == {"PRF-01 config", "PRF-01 credentials"}


def test_a_variable_that_says_where_the_config_file_is_does_no_harm() -> None:
    text = load_world("compliant").machine.files[CONFIG].text
    moved = both(
        written(None),
        written(text, of="./aws-config"),
        machine(environment={"AWS_CONFIG_FILE": "${cwd}/aws-config"}),
    )
    assert of_compliant(moved, *PROFILE).document["root_causes"] == []


def test_without_any_config_file_the_cli_is_to_write_one() -> None:
    found = of_compliant(written(None), *PROFILE)
    assert says(found["PRF-01", "config"], None, "there is no ~/.aws/config")
    assert found["PRF-01", "config"]["remedy"][-1] == "aws configure sso --profile msh"
    assert found.root_causes == ["PRF-01"]


def test_a_profile_of_the_credentials_file_alone_needs_no_config_file() -> None:
    edit = both(written(None), written(KEYS, of=CREDENTIALS))
    found = of_compliant(edit, "PRF-01", "PRF-02")
    assert {r["status"] for r in found.results.values()} == {"compliant"}


def test_a_path_below_the_home_folder_can_be_pasted_into_every_shell() -> None:
    remedy = load().cause("WIN08").remedy
    names = {"file": "~/.aws/config.txt", "candidate": "~/.aws/config"}
    assert remedy.lines("posix", **names) == ("mv -n -- ~/.aws/config.txt ~/.aws/config",)
    cmd = r'move "%USERPROFILE%\.aws\config.txt" "%USERPROFILE%\.aws\config"'
    assert remedy.lines("cmd", **names) == (cmd,)


def test_a_text_file_beside_the_config_file_is_left_alone() -> None:
    edit = both(written("old notes", of="~/.aws/config.txt"), written("more", of="~/.aws/credentials.txt"))
    assert of_compliant(edit, "PRF-01").document["root_causes"] == []


def test_credentials_that_were_saved_as_text_are_missed_where_they_have_the_profile() -> None:
    edit = both(
        written("[other]\n"), written(None, of=CREDENTIALS), written(KEYS, of="~/.aws/credentials.txt")
    )
    found = of_compliant(edit, "PRF-01", "PRF-02")
    assert says(found["PRF-01", "credentials"], "WIN08", "~/.aws/credentials.txt, and no ~/.aws/credentials")
    assert found["PRF-01", "credentials"]["remedy"] == ["mv -n -- ~/.aws/credentials.txt ~/.aws/credentials"]
    assert found["PRF-02"]["behind"] == "PRF-01"


@pytest.mark.parametrize("kind", ["config", "credentials"])
def test_a_file_that_may_not_be_opened_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = live.READERS[f"file.{kind}"]

    def denied(*arguments: Any) -> Any:
        answer = reader(*arguments)
        return {**answer, "file": {**answer["file"], "unreadable": "EACCES", "sections": []}}

    monkeypatch.setitem(live.READERS, f"file.{kind}", denied)
    found = judged("compliant", only=("PRF-01", "PRF-03"))
    assert says(found["PRF-01", kind], "CFG13", f"~/.aws/{kind} cannot be opened: EACCES")
    assert found["PRF-03"]["behind"] == "PRF-01"


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("region = us-east-1\n", f"{CREDENTIALS} line 1 stands before the first [header]"),
        ("[other]\n\nregion\n", f"{CREDENTIALS} line 3 is neither a [header] nor name = value"),
        ("[other]\n= us-east-1\n", f"{CREDENTIALS} line 2 has a value and no name"),
        ("[other]\ns3 =\n  fast\n", f"{CREDENTIALS} line 3 is indented and no name = value"),
    ],
)
def test_a_line_that_no_parser_takes_is_named(text: str, observed: str) -> None:
    found = of_compliant(written(text, of=CREDENTIALS), *PROFILE)
    assert says(found["PRF-01", "credentials"], None, observed)
    assert found.root_causes == ["PRF-01"]


AS_MEANT = "write the header as [profile msh]"


@pytest.mark.parametrize(
    ("before", "after", "observed", "mend"),
    [
        ("[profile msh]", "[profile msh", "has a header without its ]: [profile msh] is meant", AS_MEANT),
        ("[profile msh]", "profile msh]", "has a header without its [: [profile msh] is meant", AS_MEANT),
        (
            "[profile msh]",
            "profile msh",
            "is neither a [header] nor name = value: [profile msh] is meant",
            AS_MEANT,
        ),
        (
            "[profile msh]",
            "msh",
            "is neither a [header] nor name = value",
            "write a [header] or name = value",
        ),
        ("[profile msh]", "[profile msh # mine", "has a header without its ]", "end the header with a ]"),
        ("[profile msh]", "[msh", "has a header without its ]", "end the header with a ]"),
        (
            "\nregion = us-east-1",
            "\nregion us-east-1",
            "region has no = behind it",
            "write the = between region and",
        ),
        (
            "output = json",
            "out json",
            "is neither a [header] nor name = value",
            "write a [header] or name = value",
        ),
    ],
)
def test_a_malformed_line_is_what_is_to_be_edited_and_nothing_else(
    before: str, after: str, observed: str, mend: str
) -> None:
    # Below a header that is broken the settings of the profile stand twice in the section above it.
    default = "[default]\nregion = us-west-2\noutput = text\n\n[profile msh]"
    found = of_compliant(
        both(changed(("\n[profile msh]", f"\n{default}")), changed((before, after))), *WORKSTATION
    )
    assert found.root_causes == ["PRF-01"]
    result = found["PRF-01", "config"]
    assert says(result, None, observed)
    assert len(result["remedy"]) == 1 and result["remedy"][0].startswith(f"# edit {CONFIG} line ")
    assert f": {mend}" in result["remedy"][0]
    fixes = [fix for mended in mends_of(found) for fix in mended.fixes if isinstance(fix, Line)]
    whole = "is meant" in observed
    assert [(fix.does, fix.file) for fix in fixes] == [("replace", CONFIG)] * whole
    assert not any(isinstance(fix, Comment) for fix in fixes)


WITHOUT_BRACKET = load_world("prf-01-header-without-its-bracket")
PARTED = load_world("prf-02-header-with-a-colon-lacks-its-bracket")
TWICE = changed(("[profile team:msh", "[default]\nregion = us-west-2\n\n[profile team:msh"))


@pytest.mark.parametrize(
    ("world", "edit", "mended"),
    [
        (WITHOUT_BRACKET, lambda world: world, "\n[default]\nregion = us-west-2\n\n[profile msh]\n"),
        (
            WITHOUT_BRACKET,
            changed(("[profile msh\n", "profile msh\n")),
            "\n[default]\nregion = us-west-2\n\n[profile msh]\n",
        ),
        (PARTED, lambda world: world, "\n[profile team:msh]\n"),
        (PARTED, TWICE, "\n[default]\nregion = us-west-2\n\n[profile team:msh]\n"),
    ],
    ids=["a bracket", "both brackets", "a setting of the session", "settings that stand twice"],
)
def test_the_script_gives_a_header_its_bracket_and_the_next_run_is_well(
    tmp_path: Path, world: World, edit: Edit, mended: str
) -> None:
    laptop = Laptop.of(edit(world), tmp_path)
    laptop.give(mends_of(judged(world, only=WORKSTATION, edit=edit)))
    assert laptop.run("--apply", "--simulated").code == 0
    assert mended.encode() in laptop.files()[CONFIG]
    after = laptop.as_world()
    assert judged(after, only=WORKSTATION, settings=Settings()).root_causes == []


def test_a_header_that_counts_as_a_setting_is_named_for_its_own_profile_and_for_what_then_stands_twice() -> (
    None
):
    assert says(
        judged(PARTED, only=PROFILE)["PRF-02"],
        None,
        f"{CONFIG} line 6 has a header without its ]: [profile team:msh] is meant, and it is read as a setting of "
        "[sso-session msh]",
    )
    found = judged(PARTED, only=PROFILE, edit=TWICE)
    assert found.root_causes == ["PRF-01"]
    assert says(found["PRF-01", "config"], None, f"{CONFIG} line 9 has a header without its ]")
    # Of another profile than this one, and with nothing twice, it is nobody's fault here.
    assert (
        of_compliant(
            changed(("cli_auto_prompt = off", "cli_auto_prompt = off\n[profile b:c\n")), *PROFILE
        ).root_causes
        == []
    )


THERE = "[profile team:msh]\nregion = us-east-1\n\n[default]\nregion = us-west-2\n\n[profile team:msh"


@pytest.mark.parametrize(
    ("world", "edit", "line"),
    [
        ("compliant", changed(("output = json", "output = json\n[sso-session msh")), 12),
        (PARTED, changed(("[profile team:msh", THERE)), 12),
    ],
    ids=["a header", "a header that counts as a setting"],
)
def test_a_section_that_is_there_already_gets_no_second_header_by_a_script(
    world: World | str, edit: Edit, line: int
) -> None:
    found = judged(world, edit=edit, only=("PRF-01",))
    assert says(found["PRF-01", "config"], None, f"{CONFIG} line {line} has a header without its ]")
    assert not any(isinstance(fix, Line) for mend in mends_of(found) for fix in mend.fixes)


def test_a_file_in_another_encoding_is_named_by_line() -> None:
    found = of_compliant(written("[jos\xe9]\n".encode("cp1252"), of=CREDENTIALS), "PRF-01")
    assert says(found["PRF-01", "credentials"], None, f"{CREDENTIALS} line 1 is no text in utf-8")


def test_bytes_that_the_code_page_does_not_have_are_the_code_pages_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "cp1252")
    found = of_compliant(written("[\u0441]\n".encode(), of=CREDENTIALS), "PRF-01")
    assert says(found["PRF-01", "credentials"], "WIN02", f"{CREDENTIALS} line 1 is no text in cp1252")


def test_on_a_code_page_the_garbled_header_of_the_profile_is_recognised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "cp1252")
    edit = both(
        changed(("[profile msh]", "[profile José]")),
        machine(profile="José", environment={"AWS_PROFILE": "José"}),
    )
    found = of_compliant(edit, "PRF-01")
    assert says(found["PRF-01", "config"], "WIN02", f"{HEADER}: botocore reads [profile JosÃ©]")


def test_a_profile_that_is_garbled_and_not_the_one_in_use_is_left_alone() -> None:
    edit = changed(
        ("cli_auto_prompt = off\n", "cli_auto_prompt = off\n[profile JosÃ©]\nregion = us-east-1\n")
    )
    assert of_compliant(edit, "PRF-01").document["root_causes"] == []


def test_nul_characters_are_named_by_line() -> None:
    found = of_compliant(written("[other]\nregion = \0us-east-1\n", of=CREDENTIALS), "PRF-01")
    assert says(found["PRF-01", "credentials"], None, f"{CREDENTIALS} line 2 has NUL characters")


@pytest.mark.parametrize("case", ["config", "credentials"])
def test_a_file_that_could_not_be_read_is_not_judged(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, f"file.{case}", failing(case))
    found = judged("compliant", only=PROFILE)
    assert found["PRF-01", case]["status"] == "inconclusive"
    assert "OSError" in found["PRF-01", case]["reason"]
    # What botocore itself reads is known still.
    assert found["PRF-02"]["status"] == "inconclusive"
    assert found.document["root_causes"] == []


# ------------------------------------------------------------------------------------------------------- PRF-02


@pytest.mark.parametrize(
    ("header", "profile", "right"),
    [
        ("[msh]", "msh", "[profile msh]"),
        ("[Profile msh]", "msh", "[profile msh]"),
        ("[ profile msh ]", "msh", "[profile msh]"),
        ("[profile.msh]", "msh", "[profile msh]"),
        ("[profile MSH]", "msh", "[profile msh]"),
        ("[profile my msh]", "my msh", '[profile "my msh"]'),
        ("[profile o'neil]", "o'neil", '[profile "o\'neil"]'),
        ("[profile dom\\user]", "dom\\user", '[profile "dom\\\\user"]'),
    ],
)
def test_a_header_that_almost_names_the_profile_is_found(header: str, profile: str, right: str) -> None:
    edit = both(
        changed(("[profile msh]", header)), machine(profile=profile, environment={"AWS_PROFILE": profile})
    )
    found = of_compliant(edit, *PROFILE)
    assert says(found["PRF-02"], "CFG01", f"{HEADER}: {header}, which ")
    assert f"write the header as {right}," in found["PRF-02"]["remedy"][0]
    assert found.root_causes == ["PRF-02 CFG01"]


@pytest.mark.parametrize("name", ["my msh", "o'neil", "dom\\user"])
def test_the_header_that_the_remedy_names_is_one_that_botocore_reads(name: str) -> None:
    line = load().cause("CFG01").remedy.lines("linux", profile=name, file=CONFIG, line=6)[0]
    right = line[line.index("[profile") : line.index("],") + 1]
    edit = both(changed(("[profile msh]", right)), machine(profile=name, environment={"AWS_PROFILE": name}))
    assert of_compliant(edit, "PRF-02")["PRF-02"]["status"] == "compliant"


def test_a_reference_with_a_character_that_nobody_sees_means_the_session_without_it() -> None:
    found = of_compliant(changed(("sso_session = msh", "sso_session = msh\u200b")), "PRF-09")
    assert says(found["PRF-09"], "CFG05", f"but [sso-session msh] in {CONFIG} line 1")
    assert found["PRF-09"]["remedy"][0] == f"# edit {CONFIG} line 7: write sso_session = msh"
    (row,) = (row for row in found.rows if row["requirement"] == "PRF-09")
    assert [fix["does"] for fix in row["fix"]] == ["ask"]


def test_an_indented_header_is_a_part_of_the_value_above_it() -> None:
    found = of_compliant(changed(("[profile msh]", "  [profile msh]")), "PRF-02")
    assert says(found["PRF-02"], "CFG01", f"{HEADER}: [profile msh] is indented and so part of the value")
    keys = "[msh]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
    indented = changed(("[profile msh]", "  [profile msh]"))
    besides = of_compliant(both(indented, written(keys, of=CREDENTIALS)), "PRF-02")
    assert says(besides["PRF-02"], "CFG01", f"{HEADER}: [profile msh] is indented and so part of the value")
    second = of_compliant(changed(("[profile msh]", "  [profile old]\n  [profile msh]")), "PRF-02")
    assert says(second["PRF-02"], "CFG01", f"{CONFIG} line 7: [profile msh] is indented")
    other = of_compliant(changed(("[profile msh]", "  [profile old]\n[profile msh]")), "PRF-02")
    assert other["PRF-02"]["status"] == "compliant"


SPLIT = "cfg01-settings-split-over-two-headers"


def test_a_skipped_header_with_the_settings_is_named_beside_a_section_that_has_next_to_none() -> None:
    found = judged(SPLIT, only=PROFILE)
    assert says(found["PRF-02"], "CFG01", f"{HEADER}: [msh], which botocore skips")
    merge = (
        f"# edit {HEADER}: move what is below this header to [profile msh] in line 16, and delete the header"
    )
    assert found["PRF-02"]["remedy"] == [merge]
    assert found["PRF-04", "sso_start_url"]["behind"] == "PRF-02"


@pytest.mark.parametrize(
    "own",
    [
        f"role_arn = {ROLE}\nsource_profile = other",
        "credential_process = /bin/keys",
        "sso_session = msh\nsso_account_id = 210987654321\nsso_role_name = BedrockDeveloper",
    ],
)
def test_a_skipped_header_beside_a_profile_that_has_its_own_credentials_is_left_over(own: str) -> None:
    edit = changed(("[profile msh]\nregion", f"[profile msh]\n{own}\nregion"))
    assert judged(SPLIT, only=("PRF-02",), edit=edit)["PRF-02"]["status"] == "compliant"


@pytest.mark.usefixtures("not_refused")
def test_a_name_in_other_letters_is_another_profile_unless_the_environment_selects_it() -> None:
    edit = both(changed(("[profile msh]", "[profile MSH]")), machine(environment={"AWS_PROFILE": None}))
    found = of_compliant(edit, "PRF-02")
    assert says(found["PRF-02"], None, "no such profile, but MSH")
    assert [row["fix"] for row in found.rows if row["requirement"] == "PRF-02"] == [[]]


@pytest.mark.parametrize(
    ("asked", "selected", "refused"),
    [
        ("MSH", None, True),
        ("MSH", "MSH", False),
        ("msh ", None, True),
        ('"msh"', None, True),
        ("DEFAULT", None, True),
        ("blank", None, False),
        ("msh", None, False),
    ],
)
def test_a_slip_on_the_command_line_does_not_make_the_file_wrong(
    asked: str, selected: str | None, refused: bool
) -> None:
    text = b'[default]\nregion = x\n[profile msh]\n[profile "blank "]\n'
    environ = {"AWS_PROFILE": selected} if selected else {}
    assert Profiles.of_bytes(text, None, CONFIG, environ).rules_out(asked) is refused


@pytest.fixture
def not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a snapshot, whose profile was given before anybody read the files."""
    monkeypatch.setattr(Profiles, "rules_out", lambda self, profile: False)


@pytest.mark.usefixtures("not_refused")
def test_a_profile_of_which_there_is_no_trace_is_missing_without_a_cause() -> None:
    edit = both(changed(("[profile msh]", "[profile msh-old]")))
    found = of_compliant(edit, *PROFILE)
    assert says(found["PRF-02"], None, "no such profile, but msh-old")
    assert found["PRF-02"]["remedy"] == ["aws configure list-profiles", "aws configure sso --profile msh"]
    assert found.root_causes == ["PRF-02"]


@pytest.mark.usefixtures("not_refused")
def test_an_sso_session_of_that_name_is_no_profile() -> None:
    found = of_compliant(changed(("[profile msh]", "[profile sso]")), "PRF-02")
    assert says(found["PRF-02"], None, "no such profile")


def test_a_skipped_header_is_named_although_the_credentials_file_has_the_profile() -> None:
    keys = both(changed(("[profile msh]", "[msh]")), written(KEYS, of=CREDENTIALS))
    user = Settings(credentials=CredentialSettings(allowed_providers=("shared-credentials-file",)))
    found = of_compliant(keys, "PRF-02", "PRF-03", settings=user)
    assert says(found["PRF-02"], "CFG01", f"{HEADER}: [msh], which botocore skips")
    assert found["PRF-03"]["status"] == "compliant"


def test_a_tools_own_section_of_the_same_name_is_left_alone() -> None:
    found = of_compliant(
        changed(("[sso-session msh]", "[msh]\ncolour = green\n\n[sso-session msh]")), *PROFILE
    )
    assert found.document["root_causes"] == []


def test_a_header_of_the_credentials_file_with_a_space_in_it_is_named() -> None:
    edit = both(written("[other]\n"), written(KEYS.replace("[msh]", "[ msh]"), of=CREDENTIALS))
    found = of_compliant(edit, "PRF-02")
    assert says(found["PRF-02"], None, f"{CREDENTIALS} line 1: [ msh], which names another profile there")


def test_which_profiles_there_are_is_asked_of_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, "profiles", failing("profiles"))
    assert judged("compliant", only=("PRF-02",))["PRF-02"]["status"] == "inconclusive"


def test_what_a_terminal_would_act_on_is_written_out() -> None:
    cleared = of_compliant(changed(("output = json", "output = json\x1b[2J")), "PRF-07")
    assert says(cleared["PRF-07"], None, r"output = json\x1b[2J")
    twin = of_compliant(changed(("[profile msh]", '[profile msh]\n[profile\t"msh"]')), "PRF-03")
    assert says(twin["PRF-03"], "CFG04", r'[profile\t"msh"] replaces [profile msh]')


# ------------------------------------------------------------------------------------------------------- PRF-03


def test_default_has_a_twin_with_the_word_profile() -> None:
    edit = both(
        changed(("[profile msh]", "[profile default]\nregion = eu-west-1\n\n[default]")),
        machine(profile="default"),
    )
    found = of_compliant(edit, "PRF-03")
    assert says(found["PRF-03"], "CFG04", f"{CONFIG} line 9: [default] replaces [profile default] of line 6")


def test_a_twin_of_the_sso_session_counts_too() -> None:
    edit = changed(("[profile msh]", "[sso-session 'msh']\nsso_region = us-east-1\n\n[profile msh]"))
    found = of_compliant(edit, *PROFILE)
    assert says(
        found["PRF-03"], "CFG04", f"{CONFIG} line 6: [sso-session 'msh'] replaces [sso-session msh] of line 1"
    )
    assert found["PRF-04", "sso_start_url"]["behind"] == "PRF-03"
    assert found.root_causes == ["PRF-03 CFG04"]


def test_twins_of_another_profile_are_left_alone() -> None:
    twins = (
        'cli_auto_prompt = off\n\n[profile old]\nregion = us-east-1\n\n[profile "old"]\nregion = us-west-2\n'
    )
    assert (
        of_compliant(changed(("cli_auto_prompt = off\n", twins)), "PRF-03")["PRF-03"]["status"] == "compliant"
    )


def test_keys_beside_a_profile_that_is_read_pre_empt_nothing() -> None:
    found = of_compliant(written(KEYS, of=CREDENTIALS), "PRF-02", "PRF-03")
    assert {r["status"] for r in found.results.values()} == {"compliant"}


def test_a_skipped_header_without_sso_settings_is_not_why_the_keys_win() -> None:
    edit = both(written("[msh]\nregion = us-east-1\n"), written(KEYS, of=CREDENTIALS))
    found = of_compliant(edit, "PRF-02", "PRF-03", "PRF-04")
    assert found["PRF-03"]["status"] == "compliant"
    assert found.root_causes == ["PRF-02 CFG01"]


def test_keys_under_the_header_are_meant_where_an_iam_user_is_allowed() -> None:
    user = Settings(credentials=CredentialSettings(allowed_providers=("shared-credentials-file",)))
    keys = both(changed(("[profile msh]", "[msh]")), written(KEYS, of=CREDENTIALS))
    assert of_compliant(keys, "PRF-03", settings=user)["PRF-03"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------- PRF-04


ADDED = {
    "sso_start_url": f"# edit {CONFIG} line 1: add sso_start_url = https://acme.awsapps.com/start below it",
    "sso_region": f"# edit {CONFIG} line 1: add sso_region = us-east-1 below it",
    "sso_account_id": "aws configure sso --profile msh",
    "sso_role_name": f"# edit {CONFIG} line 6: add sso_role_name = BedrockDeveloper below it",
}
"""What is known of a missing setting: from the cached token, or from the portal."""


@pytest.mark.parametrize("key", SSO)
def test_a_missing_setting_is_named_alone(key: str) -> None:
    text = load_world("compliant").machine.files[CONFIG].text
    (line,) = [line for line in text.splitlines() if line.startswith(key)]
    found = of_compliant(changed((f"{line}\n", "")), *PROFILE)
    assert says(found["PRF-04", key], "CFG06", f"profile msh has no {key}")
    assert found["PRF-04", key]["remedy"][-1] == ADDED[key]
    assert found["PRF-05", key]["explained_by"] == "PRF-04"
    assert {f"PRF-04 {other}" for other in SSO if other != key} <= found.with_status("compliant")
    assert found.root_causes == ["PRF-04 CFG06"]


START_URL, SSO_REGION = "sso_start_url = https://acme.awsapps.com/start\n", "sso_region = us-east-1\n"
NAMED = "sso_session = msh\n"


@pytest.mark.parametrize("lines", [START_URL, SSO_REGION, START_URL + SSO_REGION])
def test_what_the_profile_has_in_place_of_its_session_is_to_be_the_sessions(lines: str) -> None:
    """botocore looks for a token's portal in the sso-session alone; a profile of the older form had it itself."""
    found = of_compliant(changed((lines, ""), (NAMED, NAMED + lines)))
    key = lines.partition(" ")[0]
    assert found.root_causes == ["PRF-04 CFG06"]
    assert found["PRF-04", key]["title"] == "The sso-session lacks a setting that the profile has itself"
    assert found["PRF-04", key]["remedy"] == [
        f"# edit {CONFIG} line 1: add {line} below it" for line in lines.splitlines()
    ]
    assert not found.with_status("inconclusive")
    mended = of_compliant(
        both(
            changed((lines, ""), (NAMED, NAMED + lines)),
            changed(("[sso-session msh]\n", f"[sso-session msh]\n{lines}")),
        )
    )
    assert mended.root_causes == []


def test_an_empty_setting_is_as_good_as_none() -> None:
    found = of_compliant(changed(("sso_role_name = BedrockDeveloper", "sso_role_name =")), "PRF-04")
    assert says(found["PRF-04", "sso_role_name"], "CFG06", "profile msh has no sso_role_name")
    assert found["PRF-04", "sso_role_name"]["remedy"] == [
        f"# edit {CONFIG} line 9: write sso_role_name = BedrockDeveloper"
    ]


def test_the_roles_that_the_portal_grants_are_candidates_for_a_missing_one() -> None:
    several = judged("cfg06-role-name-missing", only=("PRF-04",))
    assert several["PRF-04", "sso_role_name"]["remedy"] == [
        f"# edit {CONFIG} line 6: add sso_role_name = BedrockDeveloper below it; the portal grants BedrockDeveloper, ReadOnly"
    ]
    assert all(row["fix"] == [] for row in several.rows), "which is meant nobody knows"
    wanted = Settings(profile=ProfileSettings(role_name="ReadOnly"))
    told = judged("cfg06-role-name-missing", only=("PRF-04",), settings=wanted)
    assert told["PRF-04", "sso_role_name"]["remedy"][0].endswith("add sso_role_name = ReadOnly below it")
    expired = judged("cfg06-role-name-missing", only=("PRF-04",), edit=world_edits.written("{}", of=TOKEN))
    assert expired["PRF-04", "sso_role_name"]["remedy"][-1] == "aws configure sso --profile msh"


def test_account_and_role_in_the_session_do_not_make_an_sso_profile() -> None:
    pair = "sso_account_id = 210987654321\nsso_role_name = BedrockDeveloper\n"
    edit = changed((pair, ""), ("[sso-session msh]\n", f"[sso-session msh]\n{pair}"))
    found = of_compliant(edit, "PRF-04", "PRF-05")
    assert says(found["PRF-04", "sso_account_id"], "CFG07", "neither sso_account_id nor sso_role_name")
    assert found.root_causes == ["PRF-04 CFG07"]


def test_a_profile_without_any_sso_setting_is_one_root_cause() -> None:
    plain = "[profile msh]\nregion = us-east-1\ncli_pager =\ncli_auto_prompt = off\n"
    found = of_compliant(written(plain), *PROFILE)
    assert says(found["PRF-04", "sso_start_url"], None, f"{CONFIG} line 1: profile msh has no SSO settings")
    assert found["PRF-04", "sso_start_url"]["remedy"] == ["aws configure sso --profile msh"]
    assert found.root_causes == ["PRF-04"]
    assert found["PRF-09"]["status"] == "not_applicable"


def test_a_profile_of_another_kind_is_judged_by_the_provider_that_wins() -> None:
    plain = "[profile msh]\nregion = us-east-1\ncli_pager =\ncli_auto_prompt = off\n"
    keys = of_compliant(both(written(plain), written(KEYS, of=CREDENTIALS)), *PROFILE, "CRD-01")
    assert {keys["PRF-04", key]["behind"] for key in SSO} == {"CRD-01"}
    assert keys.root_causes == ["CRD-01 STS03"]
    process = of_compliant(written(f"{plain}credential_process = corp-credentials\n"), *PROFILE, "CRD-01")
    assert process.root_causes == ["PRF-10 PRE07"]


def test_a_profile_that_needs_no_sso_needs_none_of_its_settings() -> None:
    found = judged("ok-iam-user-on-purpose", only=("PRF-04", "PRF-05", "PRF-09"))
    assert found["PRF-04", "sso_region"]["status"] == "not_applicable"
    assert found["PRF-05", "sso_region"]["status"] == "not_applicable"
    assert found["PRF-05", "region"]["status"] == "compliant"
    assert found["PRF-09"]["status"] == "not_applicable"


def test_an_indented_setting_of_the_sso_session_is_found_too() -> None:
    found = of_compliant(changed(("\nsso_region", "\n  sso_region")), *PROFILE)
    assert says(found["PRF-04", "sso_region"], "CFG08", f"{CONFIG} line 3 is indented")
    assert says(found["PRF-04", "sso_start_url"], "CFG08", f"{CONFIG} line 3 is indented")
    assert found.root_causes == ["PRF-04 CFG08"]


def test_everything_that_the_indentation_took_away_is_one_root_cause() -> None:
    found = judged("cfg08-settings-indented", only=PROFILE)
    for missing in (("PRF-04", "sso_role_name"), "PRF-06", ("PRF-08", "cli_pager"), "PRF-09"):
        assert says(found[missing], "CFG08", f"{CONFIG} line 8 is indented")
    assert found["PRF-07"]["status"] == "compliant"
    assert found.document["root_causes"][0]["explains"] > 0


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (
            "[profile msh]\n",
            "<<<<<<< HEAD\n[profile msh]\n=======\n[profile msh]\n>>>>>>> theirs\n",
            "6, 8, 10",
        ),
        ("[sso-session msh]\n", "<<<<<<< Updated upstream\n[sso-session msh]\n", "1"),
        ("output = json\n", "output = json\n>>>>>>> 3f2a1b4 (fix: region)\n", "12"),
        ("output = json\n", "<<<<<<< a\n||||||| b\n=======\noutput = json\n>>>>>>> c\n", "11, 12, 13, 15"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_conflict_markers_are_told_as_such_before_what_they_do_to_the_file(
    before: str, after: str, lines: str, newline: str
) -> None:
    text = load_world("compliant").machine.files[CONFIG].text.replace(before, after).replace("\n", newline)
    found = of_compliant(written(text), *WORKSTATION)
    assert found.root_causes == ["PRF-01"]
    result = found["PRF-01", "config"]
    assert result["title"] == f"A merge was left unfinished in {CONFIG}: there are conflict markers in it"
    assert result["observed"].startswith(f"{CONFIG} line {lines}: conflict markers")
    assert f"# marker lines: line {lines}" in result["remedy"]
    assert not any(mend.fixes for mend in mends_of(found))


def test_marks_in_a_comment_or_in_a_value_are_none_of_a_merge() -> None:
    ruled = changed(("output = json", "# <<<<<<< HEAD\n; =======\n# >>>>>>> theirs\noutput = json"))
    assert of_compliant(ruled, *WORKSTATION).root_causes == []
    alone = of_compliant(changed(("output = json", "=======\noutput = json")), "PRF-01")
    assert says(alone["PRF-01", "config"], None, f"{CONFIG} line 11 has a value and no name")


# ------------------------------------------------------------------------------------------------------- PRF-05


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sso_start_url", "http://acme.awsapps.com/start"),
        ("sso_start_url", "acme.awsapps.com/start"),
        ("sso_region", "N. Virginia"),
        ("sso_region", "us-east"),
        ("sso_role_name", "arn:aws:iam::210987654321:role/BedrockDeveloper"),
        ("region", "us-east-1, us-west-2"),
    ],
)
def test_a_value_of_another_form_is_named_with_the_form(key: str, value: str) -> None:
    text = load_world("compliant").machine.files[CONFIG].text
    number, line = next((n, line) for n, line in enumerate(text.splitlines(), 1) if line.startswith(key))
    found = of_compliant(changed((f"\n{line}\n", f"\n{key} = {value}\n")), *PROFILE)
    assert says(found["PRF-05", key], None, f"{CONFIG} line {number}: {key} = {value}")
    assert f"# edit {CONFIG} line {number}:" in found["PRF-05", key]["remedy"][0]
    assert found.root_causes == ["PRF-05"]


@pytest.mark.parametrize(
    "value", ["us-esat-1", "us-est-1", "us-east-11", "us-east1", "us-east-1a", "US-EAST-1", "us_east_1"]
)
def test_a_mistyped_region_of_the_portal_is_the_one_root_cause_with_the_region_that_was_meant(
    value: str,
) -> None:
    edit = changed(("sso_region = us-east-1", f"sso_region = {value}"))
    found = of_compliant(edit, *WORKSTATION)
    assert found.root_causes == ["PRF-05 REG03"]
    result = found["PRF-05", "sso_region"]
    assert says(result, "REG03", f"{CONFIG} line 3: sso_region = {value}")
    assert result["title"] == "sso_region of profile msh is mistyped: no Region is called so"
    assert result["remedy"] == [f"# edit {CONFIG} line 3: write sso_region = us-east-1"]


@pytest.mark.parametrize(
    ("value", "wanted", "meant"),
    [
        ("us-esat-1", "", "us-east-1"),
        ("us-est-1", "", "us-east-1 or us-west-1"),
        ("us-est-1", "us-west-1", "us-west-1"),
        ("us-est-1", "eu-west-1", "us-east-1 or us-west-1"),
    ],
)
def test_without_a_login_the_settings_tell_which_region_was_meant_and_a_login_is_due(
    value: str, wanted: str, meant: str
) -> None:
    edit = both(changed(("sso_region = us-east-1", f"sso_region = {value}")), written(None, of=TOKEN))
    settings = Settings(profile=ProfileSettings(sso_region=wanted))
    found = judged("compliant", only=(*PROFILE, "SSO-01", "CON-02"), edit=edit, settings=settings)
    assert found.root_causes == ["PRF-05 REG03"]
    assert found["PRF-05", "sso_region"]["remedy"] == [
        f"# edit {CONFIG} line 3: write sso_region = {meant}",
        "aws sso login --profile msh",
    ]


@pytest.mark.parametrize("value", ["us-south-1", "nz-north-1", "eusc-fr-west-1"])
def test_a_region_of_the_portal_that_may_be_newer_than_botocore_is_not_called_mistyped(value: str) -> None:
    found = of_compliant(changed(("sso_region = us-east-1", f"sso_region = {value}")), "PRF-05")
    assert found["PRF-05", "sso_region"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2109-8765-4321", "with something between its digits"),
        ("21098765432", "without the zeros in front, which spreadsheets drop"),
    ],
)
def test_an_account_number_of_another_form_is_described_and_not_shown(value: str, written: str) -> None:
    number = "210987654321"
    found = of_compliant(changed((f"sso_account_id = {number}", f"sso_account_id = {value}")), *PROFILE)
    assert says(found["PRF-05", "sso_account_id"], None, f"sso_account_id is written {written}")
    assert value not in found["PRF-05", "sso_account_id"]["observed"]


@pytest.mark.parametrize("more", [" start", "start?token=CANARY", "start # the portal"])
def test_what_follows_an_address_is_said_and_not_shown(more: str) -> None:
    found = of_compliant(changed(("awsapps.com/start", f"awsapps.com/{more}")), "PRF-05", "SSO-01")
    cause = "CFG09" if "#" in more else None
    seen = f"{CONFIG} line 2: sso_start_url = https://acme.awsapps.com/"
    assert says(found["PRF-05", "sso_start_url"], cause, seen)
    assert "CANARY" not in str(found.document)
    assert found["SSO-01"]["behind"] == "PRF-05"


def test_a_character_that_nobody_sees_is_shown() -> None:
    found = of_compliant(changed(("= BedrockDeveloper", "= BedrockDeveloper\u200b")), "PRF-05")
    assert says(found["PRF-05", "sso_role_name"], None, r"sso_role_name = BedrockDeveloper\u200b")


@pytest.mark.parametrize("quote", ['"', "'", "\N{LEFT DOUBLE QUOTATION MARK}"])
def test_quotes_are_part_of_a_value(quote: str) -> None:
    found = of_compliant(changed(("210987654321", f"{quote}210987654321{quote}")), "PRF-05")
    assert says(found["PRF-05", "sso_account_id"], "CFG09", f"{CONFIG} line 8: sso_account_id = {quote}2109")


@pytest.mark.parametrize(
    ("key", "right", "placeholder"),
    [
        ("sso_start_url", "https://acme.awsapps.com/start", "https://your-org.awsapps.com/start"),
        ("sso_account_id", "210987654321", "123456789012"),
        ("sso_role_name", "BedrockDeveloper", "YourRoleName"),
    ],
)
def test_a_placeholder_of_the_guide_is_no_value(key: str, right: str, placeholder: str) -> None:
    edit = changed((f"{key} = {right}", f"{key} = {placeholder}"))
    found = of_compliant(edit, "PRF-05")
    assert says(found["PRF-05", key], None, f"{key} = {placeholder}, the guide's placeholder")
    wanted = {"sso_start_url": "sso_start_url", "sso_account_id": "account_id", "sso_role_name": "role_name"}[
        key
    ]
    meant = Settings(profile=ProfileSettings(**{wanted: placeholder}))
    assert of_compliant(edit, "PRF-05", settings=meant)["PRF-05", key]["status"] == "compliant"


@pytest.mark.parametrize("token", [True, False])
def test_nobody_is_sent_to_log_in_to_a_placeholder(token: bool) -> None:
    edit = changed(("https://acme.awsapps.com", "https://your-org.awsapps.com"))
    if not token:
        edit = both(edit, written(None, of="~/.aws/sso/cache/${sha1:msh}.json"))
    found = of_compliant(edit, *PROFILE, "SSO-01", "SSO-04")
    assert found.root_causes == ["PRF-05"]


def test_the_guides_placeholders_are_one_root_cause() -> None:
    found = judged("guide-as-written", only=PROFILE)
    assert found.with_status("non_compliant") == {f"PRF-05 {key}" for key in SSO if key != "sso_region"}
    assert found.root_causes == ["PRF-05"]


@pytest.mark.parametrize(
    ("key", "setting", "value"),
    [
        ("sso_start_url", "sso_start_url", "https://other.awsapps.com/start"),
        ("sso_region", "sso_region", "eu-west-1"),
        ("sso_account_id", "account_id", "111122223333"),
        ("sso_role_name", "role_name", "BedrockReader"),
    ],
)
def test_a_value_is_the_one_that_the_settings_expect(key: str, setting: str, value: str) -> None:
    settings = Settings(
        profile=ProfileSettings(**{setting: value}), stated=Stated(lines={f"profile.{setting}": 7})
    )
    found = judged("compliant", only=("PRF-05",), settings=settings)
    result, there = found["PRF-05", key], "compliance.toml line 7"
    assert says(result, None, f"{CONFIG} line ")
    assert result["expected"] == f"{key} = {value}, as [profile] in {there} says"
    assert result["title"] == f"{key} of profile msh is another than {there} has"
    hidden = key == "sso_account_id"
    written = f"as {key} the account_id of {there}" if hidden else f"{key} = {value}, as {there} has it"
    line = result["observed"].partition(":")[0]
    assert result["remedy"][0] == f"# edit {line}: write {written}"
    of_login = ["aws sso login --profile msh"] if key in ("sso_start_url", "sso_region") else []
    assert result["remedy"][1:] == of_login
    assert len(found.with_status("non_compliant")) == 1


@pytest.mark.parametrize(("value", "known"), [("https://acme2.awsapps.com/start", True), ("", False)])
def test_of_a_value_that_is_malformed_the_expected_one_is_said_where_it_is_known(
    value: str, known: bool
) -> None:
    edit = changed(("https://acme.awsapps.com/start", "acme.awsapps.com"))
    settings = Settings(profile=ProfileSettings(sso_start_url=value))
    result = judged("compliant", only=("PRF-05",), edit=edit, settings=settings)["PRF-05", "sso_start_url"]
    assert (f"write sso_start_url = {value}, as compliance.toml" in result["remedy"][0]) is known
    assert (result["remedy"][-1] == "aws configure sso --profile msh") is not known


def test_a_start_url_of_the_same_portal_is_the_expected_one() -> None:
    settings = Settings(profile=ProfileSettings(sso_start_url="https://acme.awsapps.com/start/#/"))
    assert judged("compliant", only=("PRF-05",), settings=settings).document["root_causes"] == []


def test_a_machine_without_profiles_is_told_so_and_how_to_make_one() -> None:
    found = of_compliant(written(None), "PRF-01")["PRF-01", "config"]
    assert found["observed"] == "there is no ~/.aws/config: this machine has no AWS profile yet"
    assert found["remedy"][0] == "aws configure sso --profile msh"


def test_the_role_of_a_container_is_offered_before_a_profile_that_would_come_before_it() -> None:
    """CloudShell and SageMaker have one and no profile: `aws configure sso` would take its place."""
    lone = both(
        written(None, of=CONFIG),
        written(None, of=CREDENTIALS),
        environment(
            AWS_PROFILE=None,
            AWS_CONTAINER_CREDENTIALS_FULL_URI="http://localhost:1338/latest/meta-data/container/security-credentials",
        ),
    )
    first, *others = of_compliant(lone, "PRF-01")["PRF-01", "config"]["remedy"]
    assert 'allowed_providers = ["sso", "container-role"] under [credentials] in compliance.toml' in first
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in others[0]
    assert others[-1].startswith("aws configure sso")


@pytest.mark.parametrize(
    ("make_folder", "observed"),
    [(True, "~/.aws/config is a folder"), (False, "~/.aws is a file, where a folder belongs")],
)
def test_a_folder_in_the_files_place_and_a_file_in_the_folders_are_told(
    make_folder: bool, observed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if make_folder:
        (tmp_path / ".aws" / "config").mkdir(parents=True)
    else:
        (tmp_path / ".aws").write_text("", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    subject: Any = SimpleNamespace(
        machine=SimpleNamespace(environ={}, platform="linux"),
        abbreviated=lambda path: str(path).replace(str(tmp_path), "~"),
    )
    found = readers.config_file(subject)
    files = AwsFileFound(found["path"], None, (), found["file"])
    asked: Any = SimpleNamespace(target=Target("msh", "us-east-1"))
    with pytest.raises(NonCompliant) as raised:
        file_is_readable("config", Files(files, files), asked)
    assert raised.value.observed == observed


def test_a_name_as_long_as_a_secret_is_kept() -> None:
    name = "BedrockDeveloperReadOnlyAccessProdEU2024"
    found = of_compliant(changed(("= BedrockDeveloper", f"= {name}")), "PRF-05")
    assert found["PRF-05", "sso_role_name"]["status"] == "compliant"
    assert name in str(found.readings)


def test_a_secret_in_the_place_of_a_value_is_not_shown() -> None:
    found = of_compliant(changed(("= BedrockDeveloper", "= AKIAQCANARYSTALEKEY1")), "PRF-05")
    assert found["PRF-05", "sso_role_name"]["status"] == "inconclusive"
    reason = found["PRF-05", "sso_role_name"]["reason"]
    assert reason.endswith("sso_role_name: the value is not kept: it looks like a secret")
    assert "AKIA" not in str(found.document)


# ------------------------------------------------------------------------------------------------------- PRF-06


def test_a_profile_without_a_region_is_named() -> None:
    found = of_compliant(changed(("\nregion = us-east-1\n", "\n")), *PROFILE)
    assert says(found["PRF-06"], None, f"{HEADER}: profile msh has no region")
    assert found["PRF-06"]["remedy"] == ["aws configure set region us-east-1 --profile msh"]
    assert found["PRF-05", "region"]["behind"] == "PRF-06"
    assert found.root_causes == ["PRF-06"]


def test_a_region_in_the_variable_that_boto3_does_not_read_is_the_cause() -> None:
    alone = machine(environment={"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": None})
    file = world_edits.env_file(
        ("AWS_REGION=us-east-1", "AWS_REGION=us-west-2"), ("AWS_DEFAULT_REGION=us-east-1\n", "")
    )
    found = of_compliant(both(alone, file, changed(("\nregion = us-east-1\n", "\n"))), *PROFILE)
    assert says(found["PRF-06"], "REG01", "boto3 does not read AWS_REGION, which is us-west-2")
    assert found["PRF-06"]["remedy"][0] == "export AWS_DEFAULT_REGION=us-west-2"
    assert found.root_causes == ["PRF-06 REG01"]
    assert of_compliant(alone, "PRF-06")["PRF-06"]["status"] == "compliant"


def test_a_stale_variable_does_not_say_which_region_the_profile_lacks() -> None:
    stale = machine(environment={"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": None})
    found = of_compliant(both(stale, changed(("\nregion = us-east-1\n", "\n"))), "PRF-06", "ENV-09")
    assert found.root_causes == ["ENV-09 ENV11", "PRF-06 REG01"]
    assert found["PRF-06"]["remedy"][0] == "export AWS_DEFAULT_REGION=us-east-1"
    assert "eu-west-1" not in str([row["fix"] for row in found.rows if row["requirement"] == "PRF-06"])


def test_the_region_is_the_one_that_the_settings_expect() -> None:
    settings = Settings(profile=ProfileSettings(region="us-west-2"))
    found = judged("compliant", only=("PRF-06",), settings=settings)
    assert says(found["PRF-06"], None, f"{CONFIG} line 10: region = us-east-1")
    assert found["PRF-06"]["remedy"] == ["aws configure set region us-west-2 --profile msh"]
    quoted = changed(("\nregion = us-east-1\n", '\nregion = "us-west-2"\n'))
    assert of_compliant(quoted, "PRF-06", settings=settings)["PRF-06"]["behind"] == "PRF-05"


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("team", True),
        ("session", True),
        ("a", True),
        ("Acme Dev", False),
        ("acmedev", False),
        ("blank", False),
        ("inner", False),
        ("inside", True),
    ],
)
def test_a_name_is_refused_unless_a_header_may_have_been_meant_to_name_it(name: str, refused: bool) -> None:
    text = b'[profile good]\n[sso-session team]\n[services session]\n[Profile "Acme Dev"]\n[blank ]\n'
    text += b"region = x\n  [profile inner]\n  [sso-session inside]\n"
    assert Profiles.of_bytes(text, None, CONFIG, {}).rules_out(name) is refused


def test_a_region_with_a_comment_does_not_become_the_target() -> None:
    profiles = Profiles.of_bytes(b"[profile msh]\nregion = us-west-2 # home\n", None, CONFIG, {})
    assert profiles.region("msh") is None
    assert Profiles.of_bytes(b"[profile msh]\nregion = US-WEST-2\n", None, CONFIG, {}).region("msh") is None
    assert (
        Profiles.of_bytes(b"[profile msh]\nregion = us-west-2\n", None, CONFIG, {}).region("msh")
        == "us-west-2"
    )


def test_the_region_is_not_judged_without_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, "environment", failing("environment"))
    assert judged("compliant", only=("PRF-06",))["PRF-06"]["status"] == "inconclusive"


# ---------------------------------------------------------------------------------------------- PRF-07 and PRF-08


@pytest.mark.parametrize("output", ["pretty", "JSON", '"json"', "json # for scripts"])
def test_an_output_that_the_cli_does_not_know_is_named(output: str) -> None:
    found = of_compliant(changed(("output = json", f"output = {output}")), *PROFILE)
    assert says(found["PRF-07"], None, f"{CONFIG} line 11: output = {output}")
    assert found["PRF-07"]["remedy"] == ["aws configure set output json --profile msh"]
    assert found.root_causes == ["PRF-07"]


@pytest.mark.parametrize("line", ["output = yaml-stream\n", "output = off\n", ""])
def test_an_output_that_the_cli_knows_or_chooses_itself_is_fine(line: str) -> None:
    assert of_compliant(changed(("output = json\n", line)), "PRF-07")["PRF-07"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("case", "before", "after", "observed", "mended"),
    [
        (
            "cli_pager",
            "cli_pager =\n",
            "",
            f"{HEADER}: profile msh has no cli_pager",
            f"# edit {HEADER}: below [profile msh] write a line with cli_pager = and nothing after it",
        ),
        (
            "cli_pager",
            "cli_pager =\n",
            "cli_pager = less\n",
            f"{CONFIG} line 14: cli_pager = less",
            f"# edit {CONFIG} line 14: have cli_pager = there, and nothing after it",
        ),
        (
            "cli_auto_prompt",
            "cli_auto_prompt = off\n",
            "",
            f"{HEADER}: profile msh has no cli_auto_prompt",
            "aws configure set cli_auto_prompt off --profile msh",
        ),
        (
            "cli_auto_prompt",
            "= off\n",
            "= on-partial\n",
            f"{CONFIG} line 15: cli_auto_prompt = on-partial",
            "aws configure set cli_auto_prompt off --profile msh",
        ),
    ],
)
def test_a_cli_that_would_stop_and_wait_is_named(
    case: str, before: str, after: str, observed: str, mended: str
) -> None:
    """A second line of a setting stops boto3: none is proposed where the file has one."""
    found = of_compliant(changed((before, after)), *PROFILE)
    assert says(found["PRF-08", case], None, observed)
    assert found["PRF-08", case]["remedy"] == [mended]
    assert len(found.with_status("non_compliant")) == 1


@pytest.mark.parametrize(
    ("line", "environ", "written"),
    [
        ("cli_pager =\n", {}, ["cli_pager ="]),
        ("\nregion = us-east-1\n", {"AWS_REGION": "us-east-1"}, ["region = us-east-1"]),
        # Which Region is meant, nobody says.
        ("\nregion = us-east-1\n", {}, []),
    ],
)
def test_a_script_adds_a_line_whose_value_is_known(
    line: str, environ: dict[str, str], written: list[str]
) -> None:
    no_region = environment(**{"AWS_REGION": None, "AWS_DEFAULT_REGION": None, **environ})
    edit = both(changed((line, "\n" if line.startswith("\n") else "")), no_region)
    found = of_compliant(edit, "PRF-06", "PRF-08")
    fixes = [fix for mend in mends_of(found) for fix in mend.fixes]
    assert [fix.text for fix in fixes if isinstance(fix, Insert) and fix.file == CONFIG] == written


# ------------------------------------------------------------------------------------------------------- PRF-09


@pytest.mark.parametrize(
    ("before", "after", "observed"),
    [
        ("[sso-session msh]", "[sso-session acme]", "there is no [sso-session msh]"),
        ("[sso-session msh]", "[sso-session MSH]", f"but [sso-session MSH] in {CONFIG} line 1"),
        ("[sso-session msh]", "[Sso-Session msh]", f"but [Sso-Session msh] in {CONFIG} line 1"),
        ("sso_session = msh", "sso_session = msh # work", "sso_session = msh # work, and there is no"),
    ],
)
def test_a_dangling_sso_session_blocks_what_it_would_give(before: str, after: str, observed: str) -> None:
    found = of_compliant(changed((before, after)), *PROFILE)
    assert says(found["PRF-09"], "CFG05", observed)
    told = "write sso_session = " if "MSH" in after or "#" in after else "the header [sso-session msh],"
    assert told in found["PRF-09"]["remedy"][0]
    assert found["PRF-04", "sso_region"]["behind"] == "PRF-09"
    assert found["PRF-04", "sso_account_id"]["status"] == "compliant"
    assert found.root_causes == ["PRF-09 CFG05"]


@pytest.mark.parametrize(
    ("names", "written_as", "meant"),
    [
        (["acme"], "acmee", "acme"),
        (["acme", "other"], "amce", "acme"),
        (["acme", "acmes"], "acmee", None),
        (["team1"], "team2", None),
        (["dev"], "des", None),
        (["other"], "acmee", None),
    ],
)
def test_a_slip_in_the_sessions_name_is_mended_in_the_profile(
    names: list[str], written_as: str, meant: str | None
) -> None:
    sections = "\n".join(f"[sso-session {name}]\nsso_region = us-east-1\n" for name in names[1:])
    called = changed(
        ("[sso-session msh]", f"{sections}[sso-session {names[0]}]"),
        ("sso_session = msh", f"sso_session = {written_as}"),
    )
    result = of_compliant(called, "PRF-09")["PRF-09"]
    place = result["observed"].partition(": sso_session")[0]
    assert says(result, "CFG05", f"sso_session = {written_as}, and there is no [sso-session {written_as}]")
    assert (f", but [sso-session {meant}] in" in result["observed"]) is (meant is not None)
    told = f"# edit {place}: write sso_session = {meant}"
    assert (result["remedy"][0] == told) is (meant is not None)
    if meant is None:
        assert f"the header [sso-session {written_as}]" in result["remedy"][0]
    else:
        followed = changed(
            ("[sso-session msh]", f"{sections}[sso-session {names[0]}]"),
            ("sso_session = msh", f"sso_session = {meant}"),
        )
        assert of_compliant(followed, "PRF-09")["PRF-09"]["status"] == "compliant"


def test_an_sso_session_in_the_credentials_file_is_pointed_out() -> None:
    section = "[sso-session msh]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
    config = changed((section, "[sso-session other]\nsso_region = us-east-1\n"))
    found = of_compliant(both(config, written(section, of=CREDENTIALS)), "PRF-09")
    assert says(found["PRF-09"], "CFG05", f"but [sso-session msh] in {CREDENTIALS} line 1")


def test_a_missing_role_is_named_beside_a_session_that_contradicts_the_profile() -> None:
    edit = changed(
        ("sso_session = msh\n", "sso_session = msh\nsso_region = eu-west-1\n"),
        ("sso_role_name = BedrockDeveloper\n", ""),
    )
    found = of_compliant(edit, *PROFILE)
    assert found.root_causes == ["PRF-04 CFG06", "PRF-09 CFG10"]


def test_a_missing_start_url_is_not_explained_by_what_a_session_contradicts() -> None:
    edit = changed(
        ("sso_session = msh\n", "sso_session = msh\nsso_region = eu-west-1\n"),
        ("sso_start_url = https://acme.awsapps.com/start\n", ""),
    )
    assert of_compliant(edit, *PROFILE)["PRF-04", "sso_start_url"]["behind"] is None


def test_a_profile_may_repeat_what_its_session_says() -> None:
    edit = changed(("sso_session = msh\n", "sso_session = msh\nsso_region = us-east-1\n"))
    assert of_compliant(edit, *PROFILE).document["root_causes"] == []


def test_a_profile_without_a_session_has_none_to_agree_with() -> None:
    result = judged("ok-profile-without-session", only=("PRF-09",))["PRF-09"]
    assert (result["status"], result["reason"]) == ("not_applicable", "the profile names no sso-session")


# ------------------------------------------------------------------------------------------------------- PRF-10


COPIED = """[msh]
aws_access_key_id = ASIAQCANARYCOPIED001
aws_secret_access_key = CANARYsecretOfTheCopiedSessionKeys00000000
aws_session_token = IQoJb3JpZ2luX2VjCANARYTOKEN
aws_security_token = IQoJb3JpZ2luX2VjCANARYTOKEN
aws_session_expiration = 2026-11-22T20:00:00+00:00+0000
region = us-east-1
"""
"""What yawsso writes."""


def credentials(*replacements: tuple[str, str]) -> Edit:
    """The credentials file with the copied keys, edited."""
    text = COPIED
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after)
    return world_edits.written(text, of=CREDENTIALS)


@pytest.mark.parametrize(
    "written_as", ["2026-11-22T20:00:00+00:00+0000", "2026-11-22T20:00:00+0000", "2026-11-22T20:00:00Z"]
)
def test_keys_that_a_tool_copied_from_the_login_and_that_last_are_no_second_source(written_as: str) -> None:
    found = of_compliant(credentials(("2026-11-22T20:00:00+00:00+0000", written_as)), *WORKSTATION)
    assert found.root_causes == []
    assert (
        "keys that a tool has copied until 20:00 UTC for programs without SSO" in found["PRF-10"]["observed"]
    )


def test_such_keys_that_have_ended_are_copied_again_or_go() -> None:
    found = of_compliant(credentials(("2026-11-22T20", "2026-11-22T10")), *WORKSTATION)
    assert found.root_causes == ["PRF-10"]
    assert says(found["PRF-10"], None, f"aws_access_key_id ({CREDENTIALS} line 2) beside the SSO settings")
    assert "which a tool copied there" in found["PRF-10"]["remedy"][0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("aws_session_expiration = 2026-11-22T20:00:00+00:00+0000\n", ""),
        ("2026-11-22T20:00:00+00:00+0000", "tomorrow"),
        ("ASIAQCANARYCOPIED001", "AKIAQCANARYOLDKEY001"),
    ],
)
def test_keys_of_which_nobody_knows_that_they_are_copied_are_a_second_source(before: str, after: str) -> None:
    found = of_compliant(credentials((before, after)), "PRF-10")
    assert says(found["PRF-10"], None, f"aws_access_key_id ({CREDENTIALS} line 2) beside the SSO settings")
    assert "leave only the SSO settings" in found["PRF-10"]["remedy"][0]


def test_keys_beside_the_sso_settings_are_a_second_source() -> None:
    found = of_compliant(written(KEYS, of=CREDENTIALS), *PROFILE)
    assert says(found["PRF-10"], None, f"aws_access_key_id ({CREDENTIALS} line 2) beside the SSO settings")
    assert found["PRF-10"]["remedy"][0].startswith(
        f"# edit {CREDENTIALS} line 2: leave only the SSO settings"
    )
    assert "CANARY" not in str(found.document)
    assert found.root_causes == ["PRF-10"]


def test_a_process_that_can_be_started_is_a_second_source_too() -> None:
    program = both(
        changed(("sso_session = msh\n", "sso_session = msh\ncredential_process = corp-credentials --json\n")),
        corp_credentials,
    )
    found = of_compliant(program, "PRF-10")
    assert says(found["PRF-10"], None, f"credential_process ({CONFIG} line 8) beside the SSO settings")
    assert "no program" not in found["PRF-10"]["observed"]


OWN_LOGIN = [
    "aws configure export-credentials --profile msh",
    "aws-sso-util credential-process --profile msh",
    "aws2-wrap --process --profile msh",
]


def printing(command: str, *programs: str) -> Edit:
    """The compliant profile with that command beside its SSO settings, and the programs on the path."""

    def edit(world: World) -> World:
        there = {f"~/bin/{name}": File(text=PROGRAM, mode="755") for name in programs}
        machine = dataclasses.replace(world.machine, files={**world.machine.files, **there})
        return dataclasses.replace(world, machine=machine)

    return both(
        changed(("sso_session = msh\n", f"sso_session = msh\ncredential_process = {command}\n")), edit
    )


@pytest.mark.parametrize("command", OWN_LOGIN)
def test_a_process_that_prints_the_profiles_own_login_is_no_second_source(command: str) -> None:
    """Which is there for programs that know no SSO: with it taken out, those have nothing."""
    found = of_compliant(printing(command, "aws", "aws-sso-util", "aws2-wrap"), *PROFILE, "CRD-01")
    assert found.root_causes == []


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (OWN_LOGIN[0].replace("msh", "other"), None),
        ("corp-credentials --profile msh", None),
        ("aws sts get-session-token --profile msh", None),
        ("/opt/aws --profile msh", "PRE07"),
    ],
    ids=["another profile's login", "another program", "another command", "a program that is not there"],
)
def test_a_process_that_may_be_another_source_is_told(command: str, cause: str | None) -> None:
    found = of_compliant(printing(command, "aws", "corp-credentials"), *PROFILE)
    assert says(found["PRF-10"], cause, f"credential_process ({CONFIG} line 8) beside the SSO settings")


def test_a_program_that_is_not_there_asks_for_nothing() -> None:
    """granted's command names its own profile by design, and is told by the fault alone."""
    command = "granted credential-process --profile msh"
    found = of_compliant(printing(command), *PROFILE)
    assert found["PRF-10"]["observed"].endswith("; there is no program granted")


def test_keys_beside_the_profiles_own_login_are_a_second_source() -> None:
    found = of_compliant(both(printing(OWN_LOGIN[0], "aws"), written(KEYS, of=CREDENTIALS)), *PROFILE)
    assert says(found["PRF-10"], None, f"aws_access_key_id ({CREDENTIALS} line 2) beside the SSO settings")


PROGRAM = """#!/bin/sh
echo '{"Version": 1, "AccessKeyId": "AKIACANARYCANARYCANA", "SecretAccessKey": "CANARYcanaryCANARYcanaryCANARYcanaryCANA"}'
"""


def corp_credentials(world: World) -> World:
    """The world with that program on the path."""
    files = {**world.machine.files, "~/bin/corp-credentials": File(text=PROGRAM, mode="755")}
    return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))


ALONE = "[profile msh]\ncredential_process = {command}\nregion = us-east-1\n"
PROCESS = Settings(credentials=CredentialSettings(allowed_providers=("custom-process",)))


def test_a_process_on_purpose_has_to_be_there() -> None:
    edit = written(ALONE.format(command="corp-credentials"))
    found = of_compliant(edit, "PRF-10", settings=PROCESS)
    assert says(found["PRF-10"], "PRE07", f"{CONFIG} line 2: there is no program corp-credentials")
    there = of_compliant(both(edit, corp_credentials), "PRF-10", settings=PROCESS)
    assert there["PRF-10"]["status"] == "compliant"


def test_a_command_with_an_open_quotation_mark_starts_nothing() -> None:
    found = of_compliant(written(ALONE.format(command="'corp-credentials")), "PRF-10", settings=PROCESS)
    assert says(found["PRF-10"], "PRE07", "there is no program")


def test_the_arguments_of_a_process_are_not_kept() -> None:
    found = of_compliant(
        written(ALONE.format(command="corp-credentials --pin CANARY-pin")), *PROFILE, settings=PROCESS
    )
    assert "CANARY" not in str(found.document) + str(found.readings)


@pytest.mark.parametrize(
    ("platform", "command", "mangled"),
    [
        ("linux", ProcessCommand("C:\\Tools\\creds.exe", "C:Toolscreds.exe", 1, False), True),
        ("linux", ProcessCommand("/opt/creds", "/opt/creds", 1, False), False),
        ("windows", ProcessCommand("C:\\Program", "C:\\Program", 3, False), True),
        (
            "windows",
            ProcessCommand("C:\\Program Files\\creds.exe", "C:\\Program Files\\creds.exe", 1, False),
            False,
        ),
        ("windows", ProcessCommand("C:\\Tools\\creds.exe", "C:\\Tools\\creds.exe", 2, False), False),
        ("windows", ProcessCommand("C:\\Tools\\creds", "C:\\Tools\\creds", 2, True), False),
        ("windows", ProcessCommand("creds", "creds", 2, False), False),
    ],
)
def test_a_windows_path_that_the_shell_takes_apart_is_recognised(
    platform: str, command: ProcessCommand, mangled: bool
) -> None:
    assert command.is_mangled(platform) is mangled


def test_a_quoted_windows_path_is_merely_not_there() -> None:
    edit = both(
        written(ALONE.format(command='"C:\\Program Files\\Corp\\creds.exe" --json')),
        machine(platform="windows"),
    )
    found = of_compliant(edit, "PRF-10", settings=PROCESS)
    assert says(found["PRF-10"], "PRE07", "there is no program C:\\Program Files\\Corp\\creds.exe")


def test_aws_login_beside_sso_is_a_second_source() -> None:
    edit = changed(
        ("sso_session = msh\n", "sso_session = msh\nlogin_session = arn:aws:iam::210987654321:user/jo\n")
    )
    found = of_compliant(edit, *PROFILE, "RUN-06")
    assert says(
        found["PRF-10"],
        "PRE08",
        f"login_session ({CONFIG} line 8) beside the SSO settings; the package awscrt",
    )
    assert found["RUN-06"]["behind"] == "PRF-10"


def test_with_awscrt_aws_login_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = live.READERS["sdk"]
    monkeypatch.setitem(live.READERS, "sdk", lambda subject: {**reader(subject), "awscrt": True})
    assert judged("pre08-login-session-without-awscrt", only=("PRF-10",))["PRF-10"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("lines", "observed"),
    [
        (
            "source_profile = msh\n",
            f"{CONFIG} line 3: source_profile msh of profile msh leads back: msh → msh",
        ),
        ("external_id = x\n", f"{CONFIG} line 2: profile msh has role_arn and no source_profile"),
    ],
)
def test_a_role_that_starts_from_nowhere_is_named(lines: str, observed: str) -> None:
    allowed = Settings(credentials=CredentialSettings(allowed_providers=("assume-role",)))
    found = of_compliant(written(f"[profile msh]\nrole_arn = {ROLE}\n{lines}"), "PRF-10", settings=allowed)
    assert says(found["PRF-10"], "STS01", observed)


@pytest.mark.parametrize(
    "lines",
    [
        "source_profile = base\n\n[profile base]\nsso_session = msh\nsso_account_id = 111122223333\n",
        "source_profile = msh\naws_access_key_id = AKIAQCANARYSTALEKEY1\naws_secret_access_key = CANARYsecret\n",
        "credential_source = Environment\n",
        "web_identity_token_file = /token\n",
    ],
)
def test_a_role_that_starts_somewhere_is_fine(lines: str) -> None:
    allowed = Settings(credentials=CredentialSettings(allowed_providers=("assume-role",)))
    keys = environment(AWS_ACCESS_KEY_ID="AKIAQCANARYSTALEKEY1", AWS_SECRET_ACCESS_KEY="CANARYsecret")
    config = written(f"[profile msh]\nrole_arn = {ROLE}\n{lines}")
    found = of_compliant(both(keys, config), "PRF-10", settings=allowed)
    assert found["PRF-10"]["status"] == "compliant"


@pytest.mark.parametrize("reader", ["credential-process", "sdk", "platform"])
def test_the_sources_are_not_judged_without_all_that_tells_of_them(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(live.READERS, reader, failing(reader))
    assert judged("compliant", only=("PRF-10",))["PRF-10"]["status"] == "inconclusive"


@pytest.mark.parametrize(
    "requirement", ["PRF-04", "PRF-05", "PRF-06", "PRF-07", "PRF-08", "PRF-09", "PRF-10"]
)
def test_a_profile_that_botocore_does_not_read_is_not_judged(
    requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = judged("cfg01-header-without-profile", only=(requirement,))
    assert {(r["status"], r["behind"]) for r in blocked.results.values()} == {("blocked", "PRF-02")}
    monkeypatch.setitem(live.READERS, "session", failing("session"))
    unread = judged("compliant", only=(requirement,))
    assert {r["status"] for r in unread.results.values()} == {"inconclusive"}


# ------------------------------------------------------------------------------------------------------- step 5


def test_what_a_script_could_mend_keeps_the_fix_from_being_done() -> None:
    found = judged("cfg01-header-without-profile", only=("FIX-01",))
    assert (found["FIX-01"]["status"], found["FIX-01"]["behind"]) == ("non_compliant", "PRF-02")
    assert "PRF-02 CFG01" in found["FIX-01"]["observed"]


def test_the_fix_waits_for_the_first_of_several() -> None:
    edit = changed(
        ("sso_region = us-east-1", "sso_region = 'us-east-1'"), ("\nregion = us", "\n  region = us")
    )
    assert of_compliant(edit, "FIX-01", "PRF-05").root_causes == ["PRF-04 CFG08", "PRF-05 CFG09"]
    assert of_compliant(edit, "FIX-01")["FIX-01"]["behind"] == "PRF-04"


def test_what_takes_a_person_is_no_work_for_the_script() -> None:
    found = of_compliant(changed(("sso_account_id = 210987654321\n", "")), "PRF-04", "FIX-01")
    assert found.root_causes == ["PRF-04 CFG06"]
    assert found["FIX-01"]["behind"] is None


def test_nothing_is_left_to_fix_in_the_compliant_world() -> None:
    assert judged("compliant", only=("FIX-01",))["FIX-01"]["status"] == "compliant"


def test_nothing_is_said_of_the_fix_while_something_could_not_be_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(live.READERS, "file.credentials", failing("credentials"))
    result = judged("compliant", only=("FIX-01",))["FIX-01"]
    assert result["status"] == "inconclusive"
    assert result["reason"].split(":")[0].endswith("could not be judged")


def test_without_an_application_there_is_no_script_to_look_for() -> None:
    result = judged("compliant", only=("FIX-02",))["FIX-02"]
    assert result["status"] == "not_applicable"
    assert "[application] root" in result["reason"]


def test_the_applications_fix_script_is_looked_for_below_its_root() -> None:
    settings = Settings(application=ApplicationSettings(root="docxp"))
    absent = judged("compliant", only=("FIX-02",), settings=settings)
    assert says(absent["FIX-02"], None, "no file ./docxp/backend/fix_aws_authentication.bat")
    script = written("@echo off\n", of="./docxp/backend/fix_aws_authentication.bat")
    assert of_compliant(script, "FIX-02", settings=settings)["FIX-02"]["status"] == "compliant"


def test_the_fix_script_is_not_judged_where_the_folder_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(live.READERS, "paths", failing("paths"))
    settings = Settings(application=ApplicationSettings(root="docxp"))
    assert judged("compliant", only=("FIX-02",), settings=settings)["FIX-02"]["status"] == "inconclusive"


# ------------------------------------------------------------------------------ files that are not what they seem


def with_files(**files: File | None) -> Edit:
    """The world with these entries in its files; None takes one away. `config` and `credentials` are those of ~/.aws."""

    def edit(world: World) -> World:
        named = {f"~/.aws/{name}" if "/" not in name else name: file for name, file in files.items()}
        merged = {**world.machine.files, **named}
        kept = {name: file for name, file in merged.items() if file is not None}
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=kept))

    return edit


@pytest.mark.parametrize(
    ("files", "observed"),
    [
        ({"config": File(link="${home}/gone/config")}, "~/.aws/config is a link to ~/gone/config, and nothing is there"),
        ({"config": File(link="../gone")}, "~/.aws/config is a link to ~/gone, and nothing is there"),
        ({"config": File(link="other"), "other": File(link="/mnt/d/gone")},
         "~/.aws/other is a link to /mnt/d/gone, and nothing is there"),
        ({"config": File(link="config")}, "~/.aws/config is a link to ~/.aws/config, and nothing is there"),
        ({"config": File(link="other"), "other": File(link="config")}, "and nothing is there"),
        ({"config": File(folder=True)}, "~/.aws/config is a folder"),
        ({"config": File(link="folder"), "folder": File(folder=True)}, "~/.aws/config is a folder"),
    ],
)  # fmt: skip
def test_a_config_file_that_is_none_is_never_a_machine_without_a_profile(
    files: dict[str, File], observed: str
) -> None:
    found = of_compliant(with_files(**files), *PROFILE, "RUN-02")
    assert says(found["PRF-01", "config"], "CFG13", observed)
    assert found.root_causes == ["PRF-01 CFG13"]
    assert "no AWS profile yet" not in str(found.document)


@pytest.mark.parametrize("odd", [File(link="${home}/gone"), File(link="config")])
def test_a_credentials_file_that_is_none_is_no_fault_where_the_profile_needs_none(odd: File) -> None:
    edit = both(
        with_files(credentials=odd),
        world_edits.env_file(("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials\n", "")),
    )
    assert of_compliant(edit, *PROFILE).root_causes == []


def test_a_link_in_place_of_the_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".aws").symlink_to(tmp_path / "not-mounted")
    subject = SimpleNamespace(
        machine=SimpleNamespace(mounts=tmp_path / "mnt", home=tmp_path / "home", cwd=tmp_path, platform="linux", environ={}),
        abbreviated=str,
    )  # fmt: skip
    found = readers._dangling_link(tmp_path / "home" / ".aws" / "config")
    assert found == (tmp_path / "home" / ".aws", tmp_path / "not-mounted")
    assert readers._told(subject, found[1]) == str(tmp_path / "not-mounted")  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no list of users' home folders")
def test_the_system_knows_the_home_of_who_runs_this_and_of_nobody_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/elsewhere")
    machine = LiveMachine()
    assert machine.home == Path("/elsewhere")
    own = machine.home_of("")
    assert own is None or own != machine.home
    assert machine.home_of("nobody-of-that-name") is None


# ------------------------------------------------------------------------------- several missing, and start URLs


def test_two_settings_that_are_missing_are_one_root_cause_with_a_line_for_each() -> None:
    edit = changed(("sso_start_url = https://acme.awsapps.com/start\n", ""), ("sso_region = us-east-1\n", ""))
    found = of_compliant(edit, "PRF-04", "PRF-05", "RUN-02")
    assert found.root_causes == ["PRF-04 CFG06"]
    (root,) = found.document["root_causes"]
    assert root["observed"].endswith("profile msh has no sso_start_url, and no sso_region")
    assert root["remedy"] == [
        f"# edit {CONFIG} line 1: add sso_start_url = https://acme.awsapps.com/start below it",
        f"# edit {CONFIG} line 1: add sso_region = us-east-1 below it",
    ]
    assert found["PRF-04", "sso_region"]["remedy"] == root["remedy"]


def test_the_host_of_the_portal_alone_is_no_start_url_unless_somebody_is_logged_in_by_it() -> None:
    bare = changed(("awsapps.com/start", "awsapps.com"))
    found = of_compliant(both(bare, without_login), "PRF-05", "SSO-01")
    assert found.root_causes == ["PRF-05"]
    assert found["PRF-05", "sso_start_url"]["remedy"][0].endswith(
        "sso_start_url = https://acme.awsapps.com/start"
    )
    assert of_compliant(bare, "PRF-05")["PRF-05", "sso_start_url"]["status"] == "compliant"


def without_login(world: World) -> World:
    files = {name: file for name, file in world.machine.files.items() if "sso/cache" not in name}
    return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))


@pytest.mark.parametrize("ending", ["/start#/", "/start/#/?tab=accounts", "/start/"])
def test_the_address_that_the_browser_shows_of_the_portal_is_a_start_url(ending: str) -> None:
    found = of_compliant(changed(("/start", ending)), "PRF-04", "PRF-05", "SSO-01", "SSO-03")
    assert found.root_causes == []
    assert not found.with_status("inconclusive")


def test_the_page_that_the_portal_leads_to_is_no_start_url() -> None:
    url = "https://us-east-1.signin.aws/platform/d-9067000000/login"
    found = of_compliant(changed(("https://acme.awsapps.com/start", url)), "PRF-05")
    assert says(found["PRF-05", "sso_start_url"], "CFG14", "a page of AWS's sign-in")


def test_a_profile_header_in_the_credentials_file_is_told_and_the_same_section_in_the_config_file_is_right() -> (
    None
):
    found = judged("cfg12-profile-in-credentials", only=("PRF-02",))
    seen = f"{CREDENTIALS} line 1: [profile msh], which names another profile there"
    assert says(found["PRF-02"], "CFG12", seen)

    def moved(world: World) -> World:
        files = dict(world.machine.files)
        section = files.pop(CREDENTIALS).text
        files[CONFIG] = File(text=files[CONFIG].text + section)
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    mended = judged("cfg12-profile-in-credentials", only=("PRF-02",), edit=moved)
    assert mended["PRF-02"]["status"] == "compliant"


@pytest.mark.parametrize("name", ["win09-backslashes-lost-in-wsl", "win09-space-in-path"])
def test_a_path_that_lost_its_marks_is_told_from_a_program_that_is_plainly_not_there(
    name: str,
) -> None:
    assert judged(name, only=("PRF-10",))["PRF-10"]["cause"] == "WIN09"
    plain = changed(
        ("sso_session = msh\n", "sso_session = msh\ncredential_process = corp-credentials --json\n")
    )
    assert of_compliant(plain, "PRF-10")["PRF-10"]["cause"] == "PRE07"


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        (
            "~/bin/corp-credentials",
            "there is no program ~/bin/corp-credentials; no shell is started that would",
        ),
        ("$HOME/bin/corp-credentials", "there is no program $HOME/bin/corp-credentials; no shell is started"),
        ("STAGE=prod corp-credentials", "its first word is no program, and no shell is started"),
        ("corp-credential", "there is no program corp-credential"),
    ],
)
def test_what_only_a_shell_would_understand_is_said_of_a_process(command: str, seen: str) -> None:
    edit = world_edits.env_file(("= corp-credentials", f"= {command}"), of=CONFIG)
    found = judged("ok-credential-process", only=PROFILE, edit=edit)
    assert found.root_causes == ["PRF-10 PRE07"]
    assert seen in found["PRF-10"]["observed"]
    assert "None" not in found["PRF-10"]["observed"]


def test_the_portals_region_is_found_wrong_in_the_setting_that_names_it() -> None:
    found = judged("cfg16-region-of-bedrock-for-the-portals", only=("PRF-05",))
    assert found.with_status("non_compliant") == {"PRF-05 sso_region"}


@pytest.mark.parametrize(
    ("line", "written", "name", "cases"),
    [
        (7, "sso-session = msh", "sso_session", ["sso_start_url", "sso_region"]),
        (7, "sso_sesion = msh", "sso_session", ["sso_start_url", "sso_region"]),
        (8, "sso_accountid = 210987654321", "sso_account_id", ["sso_account_id"]),
        (9, "sso_rolename = BedrockDeveloper", "sso_role_name", ["sso_role_name"]),
    ],
)
def test_a_setting_whose_name_is_misspelt_is_named_with_its_line(
    line: int, written: str, name: str, cases: list[str]
) -> None:
    value = written.partition(" = ")[2]
    found = of_compliant(changed((f"{name} = {value}\n", f"{written}\n")), *PROFILE)
    assert found.root_causes == ["PRF-04 CFG06"]
    for case in cases:
        result = found["PRF-04", case]
        assert (
            result["observed"]
            == f"{CONFIG} line {line} has a name that nobody reads, and that looks like {name}"
        )
        assert result["remedy"][0] == f"# edit {CONFIG} line {line}: call the setting {name}"


def test_a_misspelt_session_has_no_account_and_is_not_named_for_it() -> None:
    lost = [("sso_session = msh\n", "sso-session = msh\n"), ("sso_account_id = 210987654321\n", "")]
    found = of_compliant(changed(*lost), *PROFILE)
    assert "line 7 has a name that nobody reads" in found["PRF-04", "sso_region"]["observed"]
    assert found["PRF-04", "sso_account_id"]["observed"].endswith("and no sso_account_id")


def test_a_setting_of_another_program_beside_the_profiles_is_no_misspelling() -> None:
    """granted and aws-sso-util write such; the profile lacks nothing."""
    more = "granted_sso_account_id = 210987654321\nsso_auto_populated = true\nsso_account_name = acme\n"
    assert of_compliant(changed(("output = json\n", f"output = json\n{more}")), *PROFILE).root_causes == []


def test_a_session_in_other_letters_is_called_as_its_section_is() -> None:
    """Under the section's name its token is cached, and other profiles refer to it."""
    found = of_compliant(changed(("sso_session = msh", "sso_session = MSH")), *PROFILE)
    assert found.root_causes == ["PRF-09 CFG05"]
    assert found["PRF-09"]["remedy"][0] == f"# edit {CONFIG} line 7: write sso_session = msh"


@pytest.mark.parametrize(
    ("lines", "region"),
    [
        ("sso_session = corp", "us-gov-east-1"),
        ("sso_start_url = https://x\nsso_region = cn-northwest-1", "cn-northwest-1"),
        ("role_arn = arn:aws-us-gov:iam::210987654321:role/x\nsource_profile = y", "us-gov-west-1"),
        ("role_arn = arn:aws-cn:iam::210987654321:role/x\nsource_profile = y", "cn-north-1"),
        ("sso_region = eu-central-1", None),
        ("role_arn = arn:aws:iam::210987654321:role/x\nsource_profile = y", None),
        ("role_arn = x", None),
        ("output = json", None),
    ],
)
def test_a_profile_without_region_is_judged_in_one_of_its_own_partition(
    lines: str, region: str | None
) -> None:
    text = f"[sso-session corp]\nsso_region = us-gov-east-1\n[profile msh]\n{lines}\n".encode()
    assert Profiles.of_bytes(text, None, CONFIG, {}).region_elsewhere("msh") == region
