"""World files: how they are merged, and what is said of one that is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.simulation.placeholders import Placeholders
from fixtures.simulation.world import WORLDS, WorldError, load_world
from fixtures.text.shape import duration
from fixtures.text.toml_file import TomlError
from fixtures.text.toml_lines import line_of
from tests.world_files import make_world, write_world

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def complaint(folder: Path, text: str) -> str:
    """What is said of a world with that text, without the folder."""
    with pytest.raises(TomlError) as failure:
        load_world(str(write_world(folder, text)))
    said = str(failure.value)
    assert "\n" not in said
    return said.replace(f"{folder}/", "")


# Merging


def test_a_world_has_what_it_inherits_and_what_it_says_itself() -> None:
    world = make_world('[sso]\nregion = "eu-west-1"')
    assert world.sso.region == "eu-west-1"
    assert world.sso.start_url == "https://acme.awsapps.com/start"
    assert world.title == "own"
    assert world.name == "own"


def test_later_parents_come_over_earlier_ones_and_the_file_over_all(tmp_path: Path) -> None:
    write_world(tmp_path, '[machine.environment]\nA = "first"\nB = "first"\nC = "first"', "first")
    write_world(tmp_path, 'extends = []\n[machine.environment]\nB = "second"\nC = "second"', "second")
    own = 'extends = ["first.toml", "second.toml"]\n[machine.environment]\nC = "own"'
    environment = load_world(str(write_world(tmp_path, own))).machine.environment
    assert (environment["A"], environment["B"], environment["C"]) == ("first", "second", "own")


def test_false_removes_a_variable_and_a_file() -> None:
    world = make_world(
        "[machine.environment]\nAWS_PROFILE = false\n[machine.files]\n'~/.aws/credentials' = false"
    )
    assert "AWS_PROFILE" not in world.machine.environment
    assert "AWS_REGION" in world.machine.environment
    assert "~/.aws/credentials" not in world.machine.files


def test_false_is_a_value_where_a_value_may_be_false() -> None:
    world = make_world('[[model]]\nid = "anthropic.claude-sonnet-4-6"\nstreaming = false')
    assert [m.streaming for m in world.model if m.id == "anthropic.claude-sonnet-4-6"] == [False]


def test_models_are_merged_by_id_and_new_ones_are_added() -> None:
    world = make_world(
        '[[model]]\nid = "amazon.titan-embed-text-v2:0"\nentitlement = "NOT_AVAILABLE"\n'
        '[[model]]\nid = "acme.new-v1:0"\nprovider = "Acme"\nname = "New"'
    )
    models = {model.id: model for model in world.model}
    assert models["amazon.titan-embed-text-v2:0"].entitlement == "NOT_AVAILABLE"
    assert models["amazon.titan-embed-text-v2:0"].output == ("EMBEDDING",)
    assert models["acme.new-v1:0"].provider == "Acme"


def test_assignments_replace_the_inherited_ones() -> None:
    world = make_world('[[sso.assignment]]\naccount = "111122223333"\nrole = "Other"')
    assert [(a.account, a.role) for a in world.sso.assignment] == [("111122223333", "Other")]


def test_an_edit_changes_the_inherited_text() -> None:
    world = make_world(
        '[machine.files."~/.aws/config"]\nreplace = [["region = us-east-1\\noutput", "region = us-east-1a\\noutput"]]'
    )
    config = world.file_bytes("~/.aws/config")
    assert config is not None
    assert b"region = us-east-1a\n" in config
    assert b"sso_region = us-east-1\n" in config


def test_an_edit_that_finds_nothing_is_an_error(tmp_path: Path) -> None:
    said = complaint(tmp_path, '[machine.files."~/.aws/config"]\nreplace = [["regoin", "region"]]')
    assert said == (
        "own.toml:4: machine.files.\"~/.aws/config\".replace[1]: 'regoin' is not in the inherited text"
    )


def test_bytes_replace_text() -> None:
    world = make_world('[machine.files."~/.aws/config"]\nbase64 = "/v9hAA=="')
    assert world.file_bytes("~/.aws/config") == b"\xfe\xffa\0"


def test_a_file_has_the_newlines_that_it_asks_for() -> None:
    world = make_world('[machine.files."~/x"]\ntext = "a\\nb\\n"\nnewline = "crlf"')
    assert world.file_bytes("~/x") == b"a\r\nb\r\n"
    assert world.file_bytes("~/y") is None


# What is wrong with a file


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_valid_one(tmp_path: Path) -> None:
    said = complaint(tmp_path, '[machine]\nplatform = "linux"\nenviroment = {}')
    assert said == "own.toml:5: machine.enviroment: unknown key; did you mean 'environment'?"


def test_an_unknown_key_of_a_model_is_named_with_its_place_in_the_array(tmp_path: Path) -> None:
    text = '[[model]]\nid = "a"\n\n[[model]]\nid = "b"\nend_of_live = 2027-01-01T00:00:00Z'
    assert (
        complaint(tmp_path, text)
        == "own.toml:8: model[2].end_of_live: unknown key; did you mean 'end_of_life'?"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[account]\nid = 12", "own.toml:4: account.id: must be text, is 12"),
        ("[role]\nmax_session_hours = true", "own.toml:4: role.max_session_hours: must be a whole number, is true"),
        ('[clock]\nnow = "noon"', "own.toml:4: clock.now: must be a date and time, is 'noon'"),
        (
            "[clock]\nnow = 2026-11-22T12:00:00",
            "own.toml:4: clock.now: must be a date and time with an offset, such as 2026-11-22T12:00:00Z",
        ),
        (
            '[clock]\nskew = "7 min"',
            "own.toml:4: clock.skew: '7 min' is no duration such as 90s, 7m, -10m, 8h or 30d",
        ),
        ('[machine]\nplatform = "linus"', "own.toml:4: machine.platform: 'linus' is not known; did you mean 'linux'?"),
        (
            '[account]\ndisabled_regions = "eu-west-1"',
            "own.toml:4: account.disabled_regions: must be a list of texts, is 'eu-west-1'",
        ),
        ("[machine.environment]\nA = 1", "own.toml:4: machine.environment.A: must be text, is 1"),
        ("sso = 1", "own.toml:3: sso: must be a table, is 1"),
        ("[role.policies]\np = '{'", "own.toml:4: role.policies.p: is no JSON: "),
        ("[role.policies]\np = '[]'", "own.toml:4: role.policies.p: must be the text of a JSON object"),
        (
            '[machine.files."/etc/passwd"]\ntext = ""',
            'own.toml:3: machine.files."/etc/passwd": a file is in ~/ (home), ./ (the working folder) or /mnt/',
        ),
        (
            '[machine.files."~/../x"]\ntext = ""',
            'own.toml:3: machine.files."~/../x": a file is in ~/ (home), ./ (the working folder) or /mnt/',
        ),
        ('[machine.files."~/x"]\ntext = "${now+8x}"', 'own.toml:3: machine.files."~/x": \'8x\' is no duration'),
        (
            '[machine.files."~/x"]\ntext = ""\nbase64 = ""',
            'own.toml:3: machine.files."~/x": has both text and base64',
        ),
        ('[[model]]\nname = "x"', "own.toml:3: model[1].id: is missing"),
        ('[[model]]\nid = "x"', "own.toml: model[6].provider: is missing"),
        ('[[scp]]\nname = "x"', "own.toml: scp[2].document: is missing"),
        ('extends = ["complaint"]', "own.toml:2: extends[1]: no simulated world is named 'complaint'"),
        ('extends = []\n[account]\nid = "1"', "own.toml: clock: is missing"),
        ("[clock\nnow = 1", "own.toml:3: Expected ']'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_with_file_line_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    assert complaint(tmp_path, text).startswith(said)


def test_every_file_needs_a_title_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = ["compliant"]', encoding="utf-8")
    with pytest.raises(TomlError, match=r"own\.toml: title: is missing$"):
        load_world(str(path))


def test_worlds_that_extend_each_other_are_an_error(tmp_path: Path) -> None:
    write_world(tmp_path, 'extends = ["b.toml"]', "a")
    write_world(tmp_path, 'extends = ["a.toml"]', "b")
    with pytest.raises(TomlError, match=r"a world cannot extend itself: a → b → a$"):
        load_world(str(tmp_path / "a.toml"))


def test_a_misspelt_world_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        WorldError, match=r"^no simulated world is named 'compliance'; did you mean 'compliant'\?$"
    ):
        load_world("compliance")


def test_a_world_that_nothing_resembles_is_answered_with_the_option_that_lists_them() -> None:
    with pytest.raises(WorldError, match=r"^no simulated world is named 'zzz-9'; --list-worlds lists them$"):
        load_world("zzz-9")


def test_a_world_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"nowhere\.toml: no such file$"):
        load_world(str(tmp_path / "nowhere.toml"))


def test_the_settings_of_a_world_are_those_of_compliance_toml(tmp_path: Path) -> None:
    good = load_world(str(write_world(tmp_path, '[settings.regions]\nresidency = "us"')))
    assert good.parsed_settings().regions.residency == "us"
    bad = load_world(str(write_world(tmp_path, '[settings.regions]\nresidence = "us"')))
    with pytest.raises(TomlError, match="residence"):
        bad.parsed_settings()


# Lines and placeholders


def test_the_line_of_an_entry_is_where_its_key_stands() -> None:
    source = (WORLDS / "compliant.toml").read_text(encoding="utf-8")
    lines = source.splitlines()
    for path in [
        ("clock", "now"),
        ("machine", "environment", "AWS_REGION"),
        ("machine", "files", "~/.aws/credentials", "text"),
        ("account", "id"),
        ("sso", "assignment", 0, "role"),
        ("role", "policies", "Preflight"),
        ("model", 3, "id"),
        ("inference_profile", 1, "regions"),
    ]:
        number = line_of(source, path)
        assert number is not None
        assert str(path[-1]) in lines[number - 1]
    number = line_of(source, ("model", 3, "id"))
    assert number is not None and "titan" in lines[number - 1]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${now}", "2026-11-22T12:00:00Z"),
        ("${now+8h}", "2026-11-22T20:00:00Z"),
        ("${now-30d}", "2026-10-23T12:00:00Z"),
        ("${sha1:msh}", "284c80bd216563a75ddf33fdbc5290f7f16a3720"),
        ('${sha1:{"a":"b"}}', "f19667405306ef12c6e6541a9326e358235b8a14"),
        ("${home}/.aws ${cwd}", "/h/.aws /w"),
        ("${HOME} ${USERNAME} $now {now}", "${HOME} ${USERNAME} $now {now}"),
        ("${nowhere}", "${nowhere}"),
    ],
)
def test_placeholders_are_replaced_and_what_is_the_files_own_is_kept(text: str, filled: str) -> None:
    assert Placeholders(NOON, Path("/h"), Path("/w")).fill(text) == filled


@pytest.mark.parametrize("text", ["${now+}", "${now 8h}", "${now+8}", "${now+8h+1m}", "${sha1}"])
def test_a_misspelt_placeholder_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        Placeholders(NOON, Path("/h")).fill(text)


@given(st.integers(0, 9999), st.sampled_from("smhd"), st.booleans())
def test_durations_are_read_as_they_are_written(amount: int, unit: str, negative: bool) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] * amount
    assert duration(f"{'-' if negative else ''}{amount}{unit}") == timedelta(
        seconds=-seconds if negative else seconds
    )
