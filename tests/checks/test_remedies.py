"""What is said to do, done: in each world the script and the remedy, to the letter, and the next run is no worse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session

from checks.catalogue import PLACEHOLDERS, load
from checks.fixes import Ask
from fixtures.settings import Settings
from fixtures.simulation.world import list_worlds, load_world
from tests.followed import EDIT, NEW_TOKEN, follow, place, working
from tests.harness import Judged, judged, verdict_on
from tests.mending import Laptop, mends_of
from tests.reports.test_fix_scripts import AFTERWARDS, APPLY, WORLDS, options_of, with_own

FAULTS = [name for name, _ in list_worlds() if load_world(name).expect.root_causes]
RANK = ("compliant", "incomplete", "non_compliant")
IN_THE_LIGHT = {
    *AFTERWARDS,
    # The Region that is approved is then wanted elsewhere too, and this world's role is not for it.
    "reg-02-region-not-approved",
}
"""Worlds in which something else comes to light behind what is mended."""
OF_THE_CLI_ALONE = {"configure", "sso", "login"}
"""Commands of the AWS CLI that are no service's."""
SHELLS = ("posix", "powershell", "cmd")
OF_EVERY_COMMAND = {"--profile", "--region", "--query", "--output", "--debug"}
OF_THE_CLI = {
    "authorize-security-group-ingress": {"--protocol", "--port", "--cidr"},
    "subscribe": {"--notification-endpoint"},
}
"""Options that the AWS CLI has in the place of an operation's own parameters (AWS CLI Command Reference)."""
UNFILLED = re.compile(rf"<(?:{'|'.join(PLACEHOLDERS)})>|\(new\)|\bNone\b")


@pytest.mark.parametrize("name", FAULTS)
def test_a_remedy_that_is_followed_makes_nothing_worse(name: str, tmp_path: Path) -> None:
    world, before = load_world(name), verdict_on(name).of_workstation
    laptop = Laptop.of(world, tmp_path / "laptop")
    for row in before.rows:
        every_place_is_there(laptop, row)
    lines = [line for cause in before.document["root_causes"] for line in cause["remedy"]]
    done, environment = follow(laptop, list(dict.fromkeys(lines)))
    if done:
        after = judged_on(laptop, environment)
        nothing_is_worse(before, after, done, in_the_light=name in IN_THE_LIGHT)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in WORLDS])
def test_a_script_makes_nothing_worse_where_it_mends_a_part(name: str, tmp_path: Path) -> None:
    """Of the worlds that a script mends, tests/reports/test_fix_scripts.py asks more."""
    before = verdict_on(name).of_workstation
    found = mends_of(before)
    if any(mend.mended for mend in found):
        laptop = Laptop.of(load_world(name), tmp_path / "laptop")
        laptop.give(found)
        assert laptop.run(*APPLY).code == 0
        # What it asks a person for.
        asked = [fix.text for mend in found for fix in mend.fixes if isinstance(fix, Ask)]
        follow(laptop, asked)
        after = judged_on(laptop, dict(laptop.source("--apply").environment))
        nothing_is_worse(before, after, [str(fix) for mend in found for fix in mend.fixes])


def judged_on(laptop: Laptop, environment: Mapping[str, str]) -> Judged:
    machine = with_own(laptop.as_world(environment), laptop.world)
    portal = replace(machine.sso, accepted_tokens=(*machine.sso.accepted_tokens, NEW_TOKEN))
    machine = replace(machine, sso=portal)
    return judged(laptop.world, **options_of(laptop.world), edit=lambda _: machine)


def every_place_is_there(laptop: Laptop, row: Mapping[str, Any]) -> None:
    """A remedy names what there is: a file that is there, a line that it has."""
    for line in row["remedy"]:
        assert not UNFILLED.search(line), (row["requirement"], line)
        if line.startswith("# edit the environment of the process: "):
            continue
        if found := EDIT.match(line):
            file = place(laptop, found["file"])
            assert file.is_file(), (row["requirement"], line)
            if found["line"]:
                assert int(found["line"]) <= len(file.read_bytes().splitlines()), (row["requirement"], line)
        else:
            assert not line.startswith("# edit "), (row["requirement"], line)


def nothing_is_worse(before: Judged, after: Judged, done: list[str], *, in_the_light: bool = False) -> None:
    """No call that was answered is not any more, no verdict is worse, and what was compliant is so still, unless it comes
    `in_the_light` behind what was mended."""
    said = (done, after.document["root_causes"])
    assert not working(before.readings) - working(after.readings), said
    lost = before.with_status("compliant") - after.with_status("compliant")
    assert in_the_light or not lost - after.with_status("not_applicable"), said
    assert RANK.index(after.document["verdict"]) <= RANK.index(before.document["verdict"]), said


@pytest.mark.parametrize(
    ("world", "requirement", "text", "said"),
    [
        (
            "reg-02-region-not-approved",
            "REG-02",
            '[regions]\napproved = ["eu-west-1"]\n',
            "approved in the table [regions] of FILE",
        ),
        ("ent-sup-02-not-attested", "SUP-02", "", "attest it in FILE, each of these"),
        ("ent-log-08-off", "LOG-08", "[controls]\nguardrails = true\n", "say so in FILE: [controls]"),
        (
            "ok-credential-process",
            "CRD-01",
            '[credentials]\n\nallowed_providers = ["sso"]\n',
            '"custom-process"] under [credentials] in FILE line 3',
        ),
    ],
)
def test_what_a_remedy_has_written_into_the_settings_goes_into_the_file_that_was_given(
    tmp_path: Path, world: str, requirement: str, text: str, said: str
) -> None:
    file = tmp_path / "prod.toml"
    file.write_text(text, encoding="utf-8")
    settings = Settings.load(file, load_world(world).parsed_settings())
    found = judged(world, only=(requirement,), settings=settings).results.values()
    rows = [row for row in found if row["status"] == "non_compliant"]
    assert rows
    for row in rows:
        remedy = "\n".join(row["remedy"])
        assert said.replace("FILE", str(file)) in remedy
        assert "compliance.toml" not in remedy


def commands_of_services() -> set[str]:
    """The AWS CLI's commands in every remedy of the catalogue, those that a comment introduces too."""
    catalogue = load()
    remedies = [each.remedy for each in (*catalogue.requirements, *catalogue.causes)]
    lines = [line for each in remedies for shell in SHELLS for line in each.templates(shell)]
    found = {match[1] for line in lines if (match := re.match(r"(?:# .*: )?(aws [a-z].*)", line))}
    return {command for command in found if command.split()[1] not in {*OF_THE_CLI_ALONE, "--version"}}


@pytest.mark.parametrize("command", sorted(commands_of_services()))
def test_a_command_is_an_operation_with_its_parameters(command: str) -> None:
    _, service, operation, *_ = command.split()
    model = Session().get_service_model(service.replace("s3api", "s3"))
    (found,) = [name for name in model.operation_names if xform_name(name, "-") == operation]
    shape = model.operation_model(found).input_shape
    members = {f"--{xform_name(name, '-')}" for name in shape.members} if shape else set()
    members |= OF_THE_CLI.get(operation, set())
    options = set(re.findall(r"(?<=\s)--[a-z0-9-]+", command)) - OF_EVERY_COMMAND
    assert {option.replace("--no-", "--") for option in options} <= members, command
    assert {f"--{xform_name(name, '-')}" for name in (shape.required_members if shape else ())} <= options
