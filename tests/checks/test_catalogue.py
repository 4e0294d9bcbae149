"""The guide's requirements and the failure modes as data, and the table that the README shows of them."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from checks import plugin
from checks.__main__ import BEGIN, END, main, update
from checks.catalogue import CONTROLS, FOLDER, PLACEHOLDERS, CatalogueError, Remedy, load, read
from checks.judgement import import_checks
from checks.markdown import requirements_table as table
from checks.remedies import Words, without_idle
from checks.requirement import CHECKS, facts_of
from fixtures.evidence import FACTS
from fixtures.plugin import RUN
from fixtures.settings import ATTESTABLE, ControlSettings, ProductionSettings, Settings
from fixtures.text.toml_file import TomlError, TomlFile
from tests.suite import run_suite

WORKSTATION_GROUPS = {
    "CLI": 3,
    "PRF": 10,
    "SSO": 7,
    "CRD": 6,
    "CON": 3,
    "IAM": 7,
    "ENV": 11,
    "REG": 4,
    "MDL": 12,
    "FIX": 2,
    "RUN": 7,
    "INV": 3,
}
ENTERPRISE_GROUPS = {
    "PRD": 9,
    "LPR": 9,
    "LOG": 12,
    "NET": 6,
    "MON": 11,
    "COST": 3,
    "SUP": 2,
    "QTA": 3,
    "GOV": 6,
}
CAUSE_GROUPS = {
    "CFG": 17,
    "TOK": 13,
    "ENV": 15,
    "PRE": 16,
    "WIN": 9,
    "REG": 8,
    "NET": 9,
    "STS": 4,
    "IAM": 6,
    "MOD": 12,
}
MODELS = ("BEDROCK_MODEL_ID", "BEDROCK_EMBED_MODEL_ID", "CHAT_MODEL")
TOOL_MODELS = (
    "ANTHROPIC_MODEL",
    *(f"ANTHROPIC_DEFAULT_{size}_MODEL" for size in ("OPUS", "SONNET", "HAIKU")),
    "ANTHROPIC_SMALL_FAST_MODEL",
)
REGIONS = ("target", "profile", "AWS_REGION", "AWS_DEFAULT_REGION")
SSO_SETTINGS = ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name")
PARAMETRIZED = {
    "PRF-01": ("config", "credentials"),
    "PRF-04": SSO_SETTINGS,
    "PRF-05": (*SSO_SETTINGS, "region"),
    "PRF-08": ("cli_pager", "cli_auto_prompt"),
    "CRD-02": (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
    ),
    "CRD-05": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "CON-02": ("sts", "bedrock", "bedrock-runtime", "bedrock-mantle", "portal.sso", "oidc"),
    "IAM-01": tuple(
        f"{action}-{model}"
        for action, model in product(
            ("ListFoundationModels", "InvokeModel", "InvokeModelWithResponseStream", "GetFoundationModel"),
            MODELS,
        )
    ),
    "ENV-02": (
        "AWS_REGION",
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_API_TIMEOUT",
        *MODELS,
    ),
    "ENV-05": ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE"),
    "MDL-08": tuple(
        f"{model}-{part}" for model, part in product(MODELS, ("region", "agreement", "entitlement"))
    ),
    **dict.fromkeys(("REG-01", "REG-02", "REG-03"), REGIONS),
    **dict.fromkeys(("IAM-02", "IAM-04", "IAM-06", "IAM-07", "MDL-01", "MDL-02", "MDL-03", "MDL-04"), MODELS),
    **dict.fromkeys(("MDL-05", "MDL-09", "MDL-10", "MDL-11"), MODELS),
    "MDL-12": TOOL_MODELS,
}
HEADLINE = "The security token included in the request is invalid"
SHELLS = ("posix", "powershell", "cmd")


def remedies() -> list[tuple[str, Remedy]]:
    catalogue = load()
    return [
        *((cause.code, cause.remedy) for cause in catalogue.causes),
        *((requirement.id, requirement.remedy) for requirement in catalogue),
    ]


REMEDIES = [pytest.param(remedy, id=name) for name, remedy in remedies()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data that a test may spoil."""
    copy = tmp_path / "checks"
    copy.mkdir()
    for name in ("guide.toml", "causes.toml"):
        shutil.copy(FOLDER / name, copy)
    return copy


# ------------------------------------------------------------------------------------------------ the guide


def test_every_requirement_of_the_workstation_scope_is_there_once_and_in_order() -> None:
    expected = [f"{group}-{n:02}" for group, count in WORKSTATION_GROUPS.items() for n in range(1, count + 1)]
    workstation = [requirement.id for requirement in load() if requirement.scope == "workstation"]
    assert workstation == expected


def test_every_requirement_of_the_enterprise_scope_is_there_once_and_in_order() -> None:
    expected = [f"{group}-{n:02}" for group, count in ENTERPRISE_GROUPS.items() for n in range(1, count + 1)]
    assert [requirement.id for requirement in load() if requirement.scope == "enterprise"] == expected


def test_the_lists_of_the_enterprise_scope_are_cases() -> None:
    cases = {
        r.id: r.cases or r.cases_from for r in load() if r.scope == "enterprise" and (r.cases or r.cases_from)
    }
    assert {id for id, named in cases.items() if named == "cross_account_roles"} == {"PRD-04", "PRD-05"}
    assert {id for id, named in cases.items() if named == MODELS} == {"QTA-02", "QTA-03", "GOV-02"}
    assert cases["QTA-01"] == (*MODELS, *(f"{model}-day" for model in MODELS))
    endpoints = ("bedrock-runtime", "bedrock", "sts")
    assert {id for id, named in cases.items() if named == endpoints} == {f"NET-0{n}" for n in range(1, 7)}
    assert cases["LPR-04"] == ("AdministratorAccess", "PowerUserAccess", "AmazonBedrockFullAccess")
    assert cases["LPR-06"] == ("bedrock:CallWithBearerToken", "bedrock-mantle:*")
    assert set(cases) == {"PRD-04", "PRD-05", "QTA-01", "QTA-02", "QTA-03", "GOV-02"} | {
        *(f"NET-0{n}" for n in range(1, 7)),
        *("LPR-01", "LPR-02", "LPR-04", "LPR-06"),
    }


def test_a_requirement_that_a_setting_gives_its_cases_has_one_for_each_entry() -> None:
    settings = Settings(
        production=ProductionSettings(("batch", "arn:aws:iam::444455556666:role/path/Reader"))
    )
    requirement = load().requirement("PRD-04")
    assert requirement.cases_with(settings) == ("batch", "Reader-6666")
    assert requirement.cases_with(Settings()) == (None,)
    assert load().requirement("LPR-04").cases_with(settings) == load().requirement("LPR-04").cases


def test_what_a_switch_makes_apply_is_a_switch_of_the_settings() -> None:
    switches = {field.name for field in fields(ControlSettings) if field.type == "bool"}
    assert set(CONTROLS) == switches
    assert {r.control for r in load() if r.control} == switches


COSTS = ("COST-01", "COST-02", "COST-03")
"""What may be on another account's bill, or marked by tags."""
WATCHED = tuple(f"MON-{number:02}" for number in (*range(1, 7), 8, 11))
"""What another account may watch, where the account's metrics are shared."""


def test_what_can_be_attested_is_what_the_settings_take() -> None:
    assert {r.id for r in load() if r.read == "attest"} | {"LOG-09", "GOV-03", *WATCHED, *COSTS} == set(
        ATTESTABLE
    )


def test_the_requirements_follow_the_guides_sections() -> None:
    catalogue = load()
    order = [section.id for section in catalogue.sections]
    positions = [order.index(requirement.section) for requirement in catalogue]
    assert positions == sorted(positions)
    assert set(order) == {requirement.section for requirement in catalogue}
    assert order[:6] == [f"Step {n}" for n in range(1, 7)]


def test_the_cases_of_a_parametrized_requirement_are_named() -> None:
    actual = {
        requirement.id: requirement.cases for requirement in load() if requirement.scope == "workstation"
    }
    assert {id: cases for id, cases in actual.items() if cases} == PARAMETRIZED


def test_the_causes_that_stand_in_a_range_or_a_table_are_spelled_out() -> None:
    catalogue = load()
    for id in ("INV-01", "INV-02", "INV-03"):
        assert catalogue.requirement(id).causes == tuple(f"MOD{n:02}" for n in range(1, 13))
    headline = {cause.code for cause in catalogue.causes if cause.headline}
    assert headline <= set(catalogue.requirement("RUN-02").causes)


def test_what_breaks_further_up_the_chain_has_an_earlier_stage() -> None:
    catalogue = load()
    chain = ("CRD-04", "PRF-02", "CRD-01", "SSO-03", "CON-02", "RUN-02", "IAM-03", "MDL-02", "PRF-08")
    deployed = ("PRD-01", "LOG-01", "MON-01", "GOV-01")
    assert tuple(catalogue.requirement(id).stage for id in (*chain, *deployed)) == catalogue.stages


def test_what_is_about_sso_applies_to_that_provider_alone() -> None:
    about_sso = {requirement.id for requirement in load() if requirement.provider == "sso"}
    assert {f"SSO-0{n}" for n in range(1, 8)} <= about_sso
    assert "RUN-02" not in about_sso


def test_a_statement_is_one_plain_sentence() -> None:
    for requirement in load():
        assert requirement.statement.endswith("."), requirement.id
        assert not re.search(r"[\[\]`|\n]", requirement.statement), requirement.id


def test_the_guide_is_identified_by_the_hash_of_its_bytes() -> None:
    assert load().guide_sha256 == hashlib.sha256((FOLDER / "guide.toml").read_bytes()).hexdigest()


def test_the_data_is_read_once() -> None:
    assert load() is load()


# ------------------------------------------------------------------------------------------------ the causes


def test_every_failure_mode_is_there_once() -> None:
    expected = {f"{group}{n:02}" for group, count in CAUSE_GROUPS.items() for n in range(1, count + 1)}
    codes = [cause.code for cause in load().causes]
    assert len(codes) == len(expected)
    assert set(codes) == expected


def test_the_modes_that_give_the_guides_message_say_so() -> None:
    headline = {cause.code for cause in load().causes if cause.headline}
    shown_at_once = {
        "CFG02",
        "CFG15",
        "ENV01",
        "ENV02",
        "ENV03",
        "ENV04",
        "PRE01",
        "PRE02",
        "REG04",
        "REG05",
        "STS03",
    }
    assert headline == shown_at_once | {"ENV10"}  # ENV10 gives it for some characters only.
    assert all(load().cause(code).symptom == HEADLINE for code in shown_at_once)


def test_an_expired_token_is_not_offered_as_a_reason_for_the_headline_message() -> None:
    assert not load().cause("TOK02").headline


def test_what_was_inferred_is_marked() -> None:
    inferred = {cause.code for cause in load().causes if cause.inferred}
    assert inferred == {"TOK06", "ENV10", "WIN08", "REG04", "STS03"}


def test_titles_fit_a_terminal_line_and_tell_the_modes_apart() -> None:
    titles = [cause.title for cause in load().causes]
    assert [title for title in titles if len(title) > 90 or title.endswith(".")] == []
    assert len(set(titles)) == len(titles)


def test_an_explanation_has_two_to_four_sentences() -> None:
    for cause in load().causes:
        assert cause.explanation.endswith("."), cause.code
        assert 2 <= len(re.split(r"\. ", cause.explanation)) <= 4, cause.code


def test_no_cause_takes_rights_on_the_account_for_what_a_login_mends() -> None:
    for cause in load().causes:
        # A permission set that was not provisioned is the account's: the login after it only fetches the new state.
        if cause.code.startswith("TOK") and cause.code != "TOK12":
            assert cause.fixable != "admin", cause.code


# ---------------------------------------------------------------------------------------------- the remedies


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_remedy_can_be_filled_in_for_every_shell(remedy: Remedy, shell: str) -> None:
    templates = remedy.templates(shell)
    assert templates
    used = {name for template in templates for name in PLACEHOLDERS if f"{{{name}}}" in template}

    known = "\n".join(remedy.lines(shell, **{name: f"value-of-{name}" for name in PLACEHOLDERS}))
    assert {name for name in PLACEHOLDERS if f"value-of-{name}" in known} == used
    assert not any(f"<{name}>" in known for name in PLACEHOLDERS)

    unknown = "\n".join(remedy.lines(shell))
    assert {name for name in PLACEHOLDERS if f"<{name}>" in unknown} == used


SDK = get_session()
COMMAND = re.compile(r"aws [a-z0-9-]+ [a-z]+(-[a-z]+)+ ?(--.*)?$")
OF_THE_CLI = {"profile", "region", "query", "output", "debug", "protocol", "port", "cidr"}
"""Options that the AWS CLI has itself: those of every command, and its short ways to write a security group's rule (AWS CLI
User Guide, "Command line options"; AWS CLI Command Reference, "authorize-security-group-ingress")."""


def commands() -> Iterator[str]:
    """The commands of the AWS CLI in the data, those of the CLI's own aside."""
    todo: list[Any] = [TomlFile.load(file).data for file in sorted(FOLDER.glob("*.toml"))]
    while todo:
        found = todo.pop()
        if (
            isinstance(found, str)
            and COMMAND.match(found)
            and not found.startswith(("aws sso ", "aws configure "))
        ):
            yield found
        elif isinstance(found, dict | list):
            todo += found.values() if isinstance(found, dict) else found


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_command_is_one_that_aws_has_with_all_that_it_asks_for(command: str) -> None:
    """By the service models that the AWS CLI makes its commands from."""
    _, service, name, *words = shlex.split(command.replace("{kind}", "").replace("s3api", "s3"))
    model = SDK.get_service_model(service)
    (operation,) = (each for each in model.operation_names if xform_name(each, "-") == name)
    shape = model.operation_model(operation).input_shape
    members = {xform_name(each, "-"): each for each in shape.members} if shape else {}
    given = {word.removeprefix("--") for word in words if word.startswith("--")} - OF_THE_CLI
    assert not {each.removeprefix("no-") for each in given} - members.keys()
    assert not {*(shape.required_members if shape else ())} - {
        members[each.removeprefix("no-")] for each in given
    }


@pytest.mark.parametrize("shell", ["posix", "powershell", "cmd"])
def test_a_file_that_a_command_takes_is_described_before_it(shell: str) -> None:
    """Nobody else has written it: whoever pastes the command has it by then."""
    taken = 0
    for owner in (*load(), *load().causes):
        lines = owner.remedy.templates(shell)
        for number, line in enumerate(lines):
            for file in re.findall(r"file://([\w.]+)", line):
                taken += 1
                assert any(file in above for above in lines[:number]), line
    assert taken


def test_what_is_shown_of_a_remedy_has_no_holes() -> None:
    lines = (
        "# edit {file} line {line}: correct it",
        "# or, with the Region:",
        "login --region {sso_region}",
        "logout",
    )
    remedy = Remedy(lines, lines, lines)
    assert remedy.known_lines("posix", file="~/a b", line=None) == ('# edit "~/a b": correct it', "logout")
    assert (
        remedy.known_lines("posix", file="~/a", line="3", sso_region="")[0] == "# edit ~/a line 3: correct it"
    )
    assert len(remedy.known_lines("posix", file="~/a", sso_region="us-east-1")) == 4
    assert Remedy(lines[2:3], (), ()).known_lines("posix") == ("login --region <sso_region>",), (
        "better than nothing"
    )
    phrase = remedy.lines("posix", file=Words("the environment of the process"))
    assert phrase[0] == "# edit the environment of the process: correct it"


def test_of_instructions_for_a_status_each_the_one_is_shown_that_was_seen_and_all_for_any_other() -> None:
    remedy = Remedy(any=("# 407: sign in at {value}", "# 403: ask {role}", "# 4030: no status", "try again"))
    names = {"value": "the proxy", "role": "IT"}
    seen = ('# sign in at "the proxy"', "# 4030: no status", "try again")
    assert remedy.answering("407", "posix", **names) == seen
    assert remedy.answering("403", "cmd", **names)[0] == "rem ask IT"
    assert len(remedy.answering("403", "posix", **names)) == 3
    for other in ("502", ""):
        assert remedy.answering(other, "posix", **names) == remedy.known_lines("posix", **names)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_an_instruction_is_a_comment_of_its_shell(remedy: Remedy) -> None:
    for shell, marker, foreign in (
        ("posix", "# ", "rem "),
        ("powershell", "# ", "rem "),
        ("cmd", "rem ", "#"),
    ):
        lines = remedy.lines(shell)
        instructions = [template.startswith("# ") for template in remedy.templates(shell)]
        assert [line.startswith(marker) for line in lines] == instructions
        assert not any(line.startswith(foreign) for line in lines)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_clearing_a_variable_is_written_in_the_shells_own_way(remedy: Remedy) -> None:
    assert not any(line.startswith(("Remove-Item", "set ", "setx", "reg ")) for line in remedy.posix)
    assert not any(line.startswith(("unset", "export", "set ", "reg ", "rm ")) for line in remedy.powershell)
    assert not any(line.startswith(("unset", "export", "Remove-Item", "$env:", "rm ")) for line in remedy.cmd)


def test_a_platform_means_its_own_shell() -> None:
    remedy = load().cause("ENV08").remedy
    assert remedy.lines("linux")[0] == "unset AWS_BEARER_TOKEN_BEDROCK"
    assert remedy.lines("darwin") == remedy.lines("linux") == remedy.lines("posix")
    assert remedy.lines("windows")[0] == "Remove-Item Env:AWS_BEARER_TOKEN_BEDROCK"
    assert remedy.lines("cmd")[0] == "set AWS_BEARER_TOKEN_BEDROCK="


def test_an_unknown_platform_or_name_is_refused() -> None:
    remedy = load().cause("TOK02").remedy
    with pytest.raises(ValueError, match="amiga"):
        remedy.lines("amiga")
    with pytest.raises(TypeError, match="profil"):
        remedy.lines("linux", profil="msh")


def test_a_known_profile_gives_the_command_of_the_guide() -> None:
    for platform in ("linux", "windows", "cmd"):
        assert load().cause("TOK02").remedy.lines(platform, profile="msh") == ("aws sso login --profile msh",)


@pytest.mark.parametrize(
    ("shell", "profile", "expected"),
    [
        ("posix", "my team", "aws sso login --profile 'my team'"),
        ("posix", "o'neil", "aws sso login --profile 'o'\"'\"'neil'"),
        ("posix", "$(id)", "aws sso login --profile '$(id)'"),
        ("powershell", "my team", "aws sso login --profile 'my team'"),
        ("powershell", "o'neil", "aws sso login --profile 'o''neil'"),
        ("powershell", "o\u2019neil;id", "aws sso login --profile 'o\u2019\u2019neil;id'"),
        ("powershell", "$(id)", "aws sso login --profile '$(id)'"),
        ("cmd", "my team", 'aws sso login --profile "my team"'),
        ("cmd", "a&b", 'aws sso login --profile "a&b"'),
        ("cmd", 'a"&b', "aws sso login --profile <profile>"),
        ("cmd", "%PATH%", "aws sso login --profile <profile>"),
        ("posix", "msh\nid", "aws sso login --profile <profile>"),
        ("powershell", "msh\rid", "aws sso login --profile <profile>"),
    ],
)
def test_a_name_is_quoted_for_the_shell_or_left_out(shell: str, profile: str, expected: str) -> None:
    assert load().cause("TOK02").remedy.lines(shell, profile=profile) == (expected,)


def test_a_value_within_quotes_of_the_template_is_not_quoted_again() -> None:
    remedy = load().cause("PRE01").remedy
    assert remedy.lines("powershell", profile="o'neil team")[0] == "$env:AWS_PROFILE = 'o''neil team'"
    assert remedy.lines("cmd", profile="my team")[0] == 'set "AWS_PROFILE=my team"'


def test_a_header_in_an_instruction_is_written_as_the_config_file_wants_it() -> None:
    header = load().cause("CFG01").remedy
    file = "/home/jo/.aws/config"
    assert header.lines("linux", profile="msh", file=file, line=4)[0].startswith(
        f"# edit {file} line 4: write the header as [profile msh],"
    )
    assert '[profile "my team"]' in header.lines("linux", profile="my team", file=file, line=4)[0]


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
@pytest.mark.parametrize(
    "value", ["plain", "two words", "o'neil", "$(touch made)", "`touch made`", 'a"b;touch made']
)
def test_a_posix_shell_gets_exactly_the_value(value: str, tmp_path: Path) -> None:
    line = load().cause("REG01").remedy.lines("posix", region=value)[0]
    script = f'{line}\nprintf %s "$AWS_DEFAULT_REGION"'
    ran = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == value
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_a_posix_shell_still_expands_the_home_folder(tmp_path: Path) -> None:
    line = load().cause("WIN06").remedy.lines("posix", file="~/.aws/my config")[-1]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    script = f'{line}\nprintf %s "$AWS_CONFIG_FILE"'
    ran = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{tmp_path}/.aws/my config"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_every_posix_line_is_valid_shell() -> None:
    names = dict.fromkeys(PLACEHOLDERS, "value")
    script = "\n".join(line for _, remedy in remedies() for line in remedy.lines("posix", **names))
    ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(
    shutil.which("sh") is None or shutil.which("python3") is None, reason="needs sh and python3"
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_remedy_for_a_byte_order_mark_leaves_utf_8_without_one(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "the config"
    text = "[profile msh]\nregion = us-east-1\n# é\n"
    file.write_bytes(text.encode(encoding))
    (line,) = load().cause("WIN01").remedy.lines("linux", file=file)
    subprocess.run(["sh", "-c", line], check=True)
    assert file.read_bytes() == text.encode("utf-8")


# --------------------------------------------------------------------------------------------- strict reading


def test_the_data_is_read_from_the_folder_that_is_named(folder: Path) -> None:
    assert read(folder) == load()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "guide.toml",
            'id = "CLI-01"\nfailure',
            'id = "CLI-01"\nseverty = "high"\nfailure',
            "requirement[1].severty: unknown key; did you mean 'severity'?",
        ),
        (
            "guide.toml",
            'severity = "low"',
            'severity = "minor"',
            "severity: 'minor' is not known; known: blocker, high, low and 1 more",
        ),
        (
            "guide.toml",
            'id = "CLI-02"',
            'id = "CLI-01"',
            "requirement[2].id: 'CLI-01' stands twice",
        ),
        (
            "guide.toml",
            '"TOK08", "PRE04"',
            '"TOK88", "PRE04"',
            "requirement[3].causes: 'TOK88' is not known; did you mean 'TOK0",
        ),
        (
            "guide.toml",
            'stage = "network"',
            'stage = "cable"',
            "stage: 'cable' is not known; known: config, deployment, environment and",
        ),
        (
            "guide.toml",
            'section = "Step 1"',
            'section = "Step 9"',
            "requirement[1].section: 'Step 9' is not known; did you mean 'Step ",
        ),
        (
            "guide.toml",
            'scope = "workstation"',
            'scope = "laptop"',
            "section[1].scope: 'laptop' is not known; known: enterprise, workstation",
        ),
        (
            "guide.toml",
            'cases = ["config", "credentials"]',
            'cases = ["config", "config"]',
            "cases: names something twice",
        ),
        (
            "guide.toml",
            'id = "CLI-01"',
            'name = "CLI-01"',
            "requirement[1].name: unknown key",
        ),
        (
            "guide.toml",
            'read = "local"',
            'read = "guess"',
            "requirement[1].read: 'guess' is not known; known: attest, local, probe",
        ),
        ("guide.toml", "stages = [", "stages = {", ": "),
        (
            "guide.toml",
            'stage = "token"\n',
            'stage = "token"\nenvironments = ["prod"]\n',
            "requirement[1].environments: 'prod' is not known; did you mean 'production'?",
        ),
        (
            "causes.toml",
            'code = "CFG01"',
            'code = "CFG01"\nheadline = "yes"',
            "cause[1].headline: must be true or false, is 'yes'",
        ),
        (
            "causes.toml",
            'fixable = "locally"',
            'fixable = "somehow"',
            "cause[1].fixable: 'somehow' is not known; known: admin, locally, person",
        ),
        (
            "causes.toml",
            'group = "Config file"',
            'group = "Config"',
            "cause[1].group: 'Config' is not known; did you mean 'Config file'?",
        ),
        (
            "causes.toml",
            'benign = ""\n',
            "",
            "cause[3].benign: is missing",
        ),
        (
            "causes.toml",
            "aws configure list --profile {profile}",
            "aws configure list --profile {profle}",
            "'aws configure list --profile {profle}': unknown placeholder {profle}; did you mean 'profile'?",
        ),
        (
            "causes.toml",
            "aws configure list --profile {profile}",
            "aws configure list --profile {profile",
            "cause[1].remedy.any: 'aws configure list --profile {profile': expected '}'",
        ),
        (
            "causes.toml",
            "aws configure list --profile {profile}",
            "aws configure list --profile '{profile}'",
            "{profile} stands within quotes, where posix cannot quote it",
        ),
        (
            "causes.toml",
            "[cause.remedy]\nany",
            "[cause.remedy]\nfish",
            "cause[1].remedy.fish: unknown key",
        ),
        (
            "causes.toml",
            "[cause.remedy]\nany",
            "[cause.remedy]\nposix",
            "cause[1].remedy.powershell: is missing",
        ),
    ],
)
def test_a_mistake_in_the_data_is_one_line_with_file_line_and_key(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TomlError) as caught:
        read(folder)
    assert re.match(rf"{re.escape(str(path))}:\d+: ", str(caught.value))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistake_in_the_data_ends_a_run_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise TomlError("checks/guide.toml:1: title: is missing")

    monkeypatch.setattr(plugin, "load", broken)
    stash = pytest.Stash()
    stash[RUN] = SimpleNamespace(enters=False)  # type: ignore[assignment]
    config = SimpleNamespace(addinivalue_line=lambda *words: None, stash=stash)
    with pytest.raises(pytest.UsageError, match=r"^checks/guide\.toml:1: title: is missing$"):
        plugin.pytest_configure(config)  # type: ignore[arg-type]


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "causes.toml").unlink()
    with pytest.raises(TomlError, match=r"checks/causes\.toml: No such file"):
        read(folder)


def test_a_file_that_is_no_utf_8_is_named(folder: Path) -> None:
    (folder / "guide.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(TomlError, match=r"checks/guide\.toml: not UTF-8 at byte 9"):
        read(folder)


def test_looking_up_a_name_that_does_not_exist_gives_the_nearest() -> None:
    catalogue = load()
    assert catalogue.requirement("SSO-03").causes == ("TOK02", "TOK08")
    assert catalogue.cause("TOK02").code == "TOK02"
    assert catalogue.section("Step 3").title == "Verify Bedrock Permissions"
    with pytest.raises(CatalogueError, match=r"^no requirement is called 'SSO-3'; did you mean 'SSO-0"):
        catalogue.requirement("SSO-3")
    with pytest.raises(CatalogueError, match=r"^no cause is called 'TOK2'; did you mean 'TOK"):
        catalogue.cause("TOK2")


# ----------------------------------------------------------------------------------------- the README's table


def rows(markdown: str) -> dict[str, list[str]]:
    found = re.findall(r"^\| ([A-Z]+-\d\d) \|(.*)\|$", markdown, flags=re.MULTILINE)
    return {id: [cell.strip() for cell in re.split(r"(?<!\\)\|", rest)] for id, rest in found}


def test_the_table_has_a_row_for_every_requirement_under_its_section() -> None:
    catalogue = load()
    markdown = table(catalogue)
    cells = rows(markdown)
    assert list(cells) == [requirement.id for requirement in catalogue]
    for requirement in catalogue:
        statement, severity, how, _, causes = cells[requirement.id]
        assert statement == requirement.statement
        assert (severity, how) == (requirement.severity, requirement.read)
        assert causes == (", ".join(requirement.causes) or "–")
    step_5 = markdown.partition("## Step 5 · Run Automated Fix")[2].partition("## ")[0]
    assert list(rows(step_5)) == ["FIX-01", "FIX-02"]


def test_the_table_shows_pairs_of_cases_as_a_product() -> None:
    cells = rows(table(load()))
    assert cells["MDL-08"][3] == (
        "`BEDROCK_MODEL_ID`, `BEDROCK_EMBED_MODEL_ID`, `CHAT_MODEL` × `region`, `agreement`, `entitlement`"
    )
    assert cells["CON-02"][3] == "`sts`, `bedrock`, `bedrock-runtime`, `bedrock-mantle`, `portal.sso`, `oidc`"
    assert cells["CLI-01"][3] == "–"


def test_updating_replaces_what_stands_between_the_markers_and_nothing_else() -> None:
    document = f"# Title\n\nbefore\n{BEGIN}\nold\n{END}\nafter\n"
    updated = update(document, "new\n")
    assert updated == f"# Title\n\nbefore\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert update(updated, "new\n") == updated


@pytest.mark.parametrize("document", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_document_without_one_pair_of_markers_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="must each stand there once"):
        update(document, "new\n")


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == table(load())


def test_the_command_updates_a_file_in_place(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"é before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    assert main(["--update", str(readme)]) == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("é before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert table(load()) in text


def test_the_command_leaves_a_file_without_markers_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("no markers\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["--update", str(readme)])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith(f"{readme}: ")
    assert readme.read_text(encoding="utf-8") == "no markers\n"


def test_the_module_runs_from_the_checkout() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "checks"],
        cwd=FOLDER.parent,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode("utf-8").replace("\r\n", "\n") == table(load())


@pytest.mark.parametrize("identifier", [each.id for each in load()])
def test_a_check_takes_each_fact_for_what_it_is(identifier: str) -> None:
    import_checks()
    check = CHECKS[identifier]
    for name in facts_of(check):
        made = FACTS[name].function
        # As the modules have them; one name alone each, since others may be for type checkers.
        given = eval(check.__annotations__[name], check.__globals__)  # type: ignore[attr-defined]
        assert given == eval(made.__annotations__["return"], made.__globals__), name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("SOS-03", "-k SOS-03: selects no check; did you mean 'SSO-03'?"),
        ("SSO-03 and COST", "-k SSO-03 and COST: selects no check"),
        ("tok02", "-k tok02: selects no check; TOK02 is a failure mode, which --explain TOK02 tells of"),
        ("SSO-03", None),
    ],
)
def test_where_k_selects_nothing_what_was_meant_is_named(
    asked: str, told: str | None, tmp_path: Path
) -> None:
    text = run_suite(tmp_path, "-k", asked, checks="checks/workstation/test_sso.py").text
    assert next((line for line in text.splitlines() if line.startswith("-k ")), None) == told


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("lokal", "'local'"),
        ("not local and blockr", "'blocker'"),
        ("zzzz", None),
        ("local and not local", None),
    ],
)
def test_a_mark_that_there_is_not_is_answered_with_the_one_that_was_meant(
    asked: str, meant: str | None, workers: tuple[str, ...], tmp_path: Path
) -> None:
    ran = run_suite(tmp_path, "-m", asked, *workers, checks="checks/workstation/test_sso.py")
    assert ran.code == (5 if asked == "local and not local" else 4), ran.text
    assert (f"; did you mean {meant}?" in ran.text) is (meant is not None)
    assert ("did you mean" in ran.text) is (meant is not None)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["unset A", "export A=b"], ["export A=b"]),
        (["Remove-Item Env:A -ErrorAction SilentlyContinue", "$env:A = 'b'"], ["$env:A = 'b'"]),
        (["set A=", 'set "A=b"'], ['set "A=b"']),
        (["unset A", "export B=b"], ["unset A", "export B=b"]),
        (["unset A", "# then", "export A=b"], ["unset A", "# then", "export A=b"]),
        (["unset A"], ["unset A"]),
    ],
)
def test_nothing_is_taken_out_that_the_next_line_sets(lines: list[str], kept: list[str]) -> None:
    assert without_idle(lines) == kept
