"""Step 4: what is said of the application's environment file, and of the process environment beside it."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends import live
from fixtures.settings import (
    ApplicationSettings,
    CredentialSettings,
    ModelSettings,
    ProfileSettings,
    Settings,
)
from fixtures.simulation.world import World, load_world
from tests.followed import follow
from tests.harness import WORKSTATION, Judged, judged
from tests.mending import Laptop
from tests.reports.test_fix_scripts import with_own
from tests.world_edits import ENV_FILE, Edit, answers, both, env_file, environment, machine, written

ALL = tuple(f"ENV-{number:02}" for number in range(1, 11))
PATHS = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
CONFIG = "~/.aws/config"
NO_REGIONS = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}
TEXT = load_world("compliant").machine.files[ENV_FILE].text


def of_compliant(edit: Edit, *only: str, settings: Settings | None = None) -> Judged:
    return judged("compliant", only=only, edit=edit, settings=settings)


def line_of(start: str) -> int:
    """The line of the compliant world's file that starts so."""
    return next(number for number, line in enumerate(TEXT.split("\n"), 1) if line.startswith(start))


def failure(result: Mapping[str, Any], cause: str | None = None) -> tuple[str, str]:
    """What was observed, and the remedy in one text, of a result that is non-compliant for this cause."""
    assert (result["status"], result["cause"]) == ("non_compliant", cause), result
    assert "\n" not in result["observed"] and result["remedy"]
    assert not any("<" in line for line in result["remedy"]), result["remedy"]
    return result["observed"], "; ".join(result["remedy"])


def blocked_by(result: Mapping[str, Any]) -> str:
    assert result["status"] in ("blocked", "non_compliant"), result
    return str(result["behind"])


# --------------------------------------------------------------------------------------------- no file at all


@pytest.mark.parametrize(
    ("written_as", "seen"),
    [
        (r"\1: \2", "NAME: value, which Docker Compose and dotenv for Node read and python-dotenv skips"),
        (
            r'declare -x \1="\2"',
            'declare -x NAME="value", which bash reads and prints (export -p) and python-dotenv skips',
        ),
        (r"set -gx \1 \2", "set -gx NAME value, which fish reads and python-dotenv skips"),
        (r"set \1=\2", "set NAME=value, which cmd reads and python-dotenv skips"),
    ],
)
def test_a_file_in_a_form_that_others_read_is_told_by_it_and_nothing_in_it_counts(
    written_as: str, seen: str
) -> None:
    text = re.sub(r"(?m)^(\w+)=(.*)$", written_as, TEXT)
    found = of_compliant(written(text), *WORKSTATION)
    observed, remedy = failure(found["ENV-01"])
    assert observed == f"{ENV_FILE} line 2, 3, 4 and 8 more: {seen}"
    assert "write NAME=value in the place of" in remedy
    assert found.root_causes == ["ENV-01"]
    assert {found["ENV-02", name]["behind"] for name in ("AWS_PROFILE", "CHAT_MODEL")} == {"ENV-01"}


def test_conflict_markers_in_the_file_are_told_as_such() -> None:
    both_sides = "<<<<<<< HEAD\nAWS_REGION=us-east-1\n=======\nAWS_REGION=us-east-1\n>>>>>>> theirs\n"
    found = of_compliant(env_file(("AWS_REGION=us-east-1\n", both_sides)), *ALL)
    assert found.root_causes == ["ENV-01"]
    observed, remedy = failure(found["ENV-01"])
    assert observed.startswith(f"{ENV_FILE} line 2, 4, 6: conflict markers")
    assert "marker lines: line 2, 4, 6" in remedy and "aws configure" not in remedy
    ruled = env_file(("AWS_REGION=us-east-1\n", "# <<<<<<< HEAD\nAWS_REGION=us-east-1\n"))
    assert of_compliant(ruled, *ALL).root_causes == []


def test_without_a_file_nothing_of_step_4s_file_applies_and_each_says_why() -> None:
    found = of_compliant(written(None), *ALL)
    assert {result["status"] for result in found.results.values()} == {"not_applicable"}
    assert all(".env.enterprise" in result["reason"] for result in found.results.values())


def test_a_file_that_is_configured_and_missing_is_a_failure_that_blocks_the_rest() -> None:
    settings = Settings(application=ApplicationSettings(root="backend", env_file=".env"))
    found = of_compliant(written(None), *ALL, settings=settings)
    observed, remedy = failure(found["ENV-01"])
    assert observed == "./backend/.env: no such file"
    assert remedy.startswith("# edit ./backend/.env: ")
    assert {blocked_by(r) for (name, _), r in found.results.items() if name != "ENV-01"} == {"ENV-01"}
    assert found.root_causes == ["ENV-01"]


def test_a_file_that_cannot_be_opened_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(subject: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(live.READERS, "file.dotenv", refuse)  # type: ignore[attr-defined]
    found = judged("compliant", only=ALL)
    assert {result["status"] for result in found.results.values()} == {"inconclusive"}
    assert "PermissionError" in found["ENV-01"]["reason"]


# ------------------------------------------------------------------------------------------------------ ENV-01


def test_a_byte_order_mark_spoils_the_file_but_not_what_else_can_be_said_of_it() -> None:
    bad = TEXT.replace("AWS_RETRY_MODE=adaptive", "AWS_RETRY_MODE=legacy").encode()
    found = of_compliant(written(codecs.BOM_UTF8 + bad), *ALL)
    observed, remedy = failure(found["ENV-01"], "WIN01")
    assert observed == "./.env.enterprise line 1: a byte order mark"
    assert "./.env.enterprise" in remedy
    assert found.root_causes == ["ENV-01 WIN01", "ENV-06"]


def test_utf_16_is_named_and_nothing_is_concluded_from_the_text() -> None:
    found = of_compliant(written(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), *ALL)
    observed, _ = failure(found["ENV-01"], "WIN01")
    assert observed == "./.env.enterprise line 1: UTF-16"
    assert {r["status"] for (name, _), r in found.results.items() if name != "ENV-01"} == {"blocked"}


def test_text_that_is_no_utf_8_is_no_fault_of_windows_marks() -> None:
    broken = TEXT.encode().replace(b"# AWS SDK retry configuration", b"# f\xfcr AWS")
    observed, remedy = failure(of_compliant(written(broken), "ENV-01")["ENV-01"])
    assert observed == f"./.env.enterprise line {line_of('# AWS SDK')}: bytes that are not UTF-8"
    assert "UTF-8" in remedy


def test_a_line_that_does_not_parse_explains_the_variable_that_it_was_to_set_and_no_other() -> None:
    edit = env_file(("AWS_API_TIMEOUT=30", "AWS_API_TIMEOUT 30"), ("AWS_MAX_ATTEMPTS=3\n", ""))
    found = of_compliant(edit, *ALL)
    observed, _ = failure(found["ENV-01"])
    assert observed.startswith(f"./.env.enterprise line {line_of('AWS_API_TIMEOUT') - 1}: not of that form")
    assert blocked_by(found["ENV-02", "AWS_API_TIMEOUT"]) == "ENV-01"
    assert found["ENV-02", "AWS_MAX_ATTEMPTS"]["status"] == "non_compliant"
    assert blocked_by(found["ENV-07"]) == "ENV-01"


# ------------------------------------------------------------------------------------------------------ ENV-02


@pytest.mark.parametrize("text", ["", "AWS_RETRY_MODE=\n", "AWS_RETRY_MODE\n", "#AWS_RETRY_MODE=adaptive\n"])
def test_a_variable_without_a_value_is_missing(text: str) -> None:
    found = of_compliant(env_file(("AWS_RETRY_MODE=adaptive\n", text)), "ENV-02", "ENV-06")
    observed, remedy = failure(found["ENV-02", "AWS_RETRY_MODE"])
    assert "AWS_RETRY_MODE" in observed and "./.env.enterprise" in observed
    assert remedy == "# edit ./.env.enterprise: write AWS_RETRY_MODE=adaptive"
    assert blocked_by(found["ENV-06"]) == "ENV-02"
    assert found["ENV-02", "AWS_MAX_ATTEMPTS"]["status"] == "compliant"


def test_several_missing_variables_are_one_root_cause_with_a_line_for_each() -> None:
    kept = ("AWS_REGION", "AWS_PROFILE", "AWS_DEFAULT_REGION")
    text = "\n".join(line for line in TEXT.split("\n") if line.startswith(kept))
    found = of_compliant(written(text), *ALL)
    assert found.root_causes == ["ENV-02"]
    (cause,) = found.document["root_causes"]
    assert cause["remedy"] == [
        f"# edit ./.env.enterprise: write {line}"
        for line in (
            "AWS_MAX_ATTEMPTS=3",
            "AWS_RETRY_MODE=adaptive",
            "AWS_API_TIMEOUT=30",
            # Not the guide's own, which this world lists as ended: what it lists in its place.
            "BEDROCK_MODEL_ID=us.anthropic.claude-sonnet-5",
            "BEDROCK_EMBED_MODEL_ID=amazon.titan-embed-text-v2:0",
            "CHAT_MODEL=us.anthropic.claude-sonnet-5",
        )
    ]


NO_MODELS = env_file(
    ("BEDROCK_MODEL_ID=us.anthropic.claude-sonnet-4-6\n", ""),
    ("BEDROCK_EMBED_MODEL_ID=amazon.titan-embed-text-v2:0\n", ""),
    ("CHAT_MODEL=us.anthropic.claude-sonnet-4-6", ""),
)


def test_a_model_that_is_missing_is_one_that_the_account_lists_as_lasting(tmp_path: Path) -> None:
    """The guide's own is past its end: whoever wrote it was sent back by the next run."""
    world = NO_MODELS(load_world("compliant"))
    before = judged("compliant", only=WORKSTATION, edit=lambda _: world)
    laptop = Laptop.of(world, tmp_path / "laptop")
    done, variables = follow(laptop, before.document["root_causes"][0]["remedy"])
    assert before.root_causes == ["ENV-02"] and len(done) == 3
    mended = with_own(laptop.as_world(variables), world)
    after = judged("compliant", only=WORKSTATION, edit=lambda _: mended)
    failed = {row["requirement"] for row in after.rows if row["status"] == "non_compliant"}
    assert not {name for name in failed if name.startswith(("ENV-", "MDL-"))}


def test_a_model_that_is_missing_is_no_global_profile_unless_somebody_wants_one() -> None:
    """What it is asked may go anywhere: compare MDL-05."""

    def alone(world: World) -> World:
        left = (each for each in world.inference_profile if each.id.startswith("global."))
        return replace(world, inference_profile=tuple(left))

    for edit, proposed in ((both(), True), (alone, False)):
        remedy = of_compliant(both(NO_MODELS, edit), "ENV-02")["ENV-02", "CHAT_MODEL"]["remedy"]
        assert any("claude" in line for line in remedy) is proposed
        assert not any("global." in line for line in remedy)


@pytest.mark.parametrize(
    ("edit", "unknown"),
    [
        (
            written("", of="~/.aws/sso/cache/${sha1:msh}.json"),
            "BEDROCK_MODEL_ID and BEDROCK_EMBED_MODEL_ID and CHAT_MODEL",
        ),
        (
            answers("bedrock:ListFoundationModels", "AccessDeniedException"),
            "BEDROCK_MODEL_ID and CHAT_MODEL",
        ),
    ],
)
def test_a_model_that_nobody_has_seen_alive_is_not_proposed(edit: Edit, unknown: str) -> None:
    remedy = of_compliant(both(edit, NO_MODELS), "ENV-02")["ENV-02", "CHAT_MODEL"]["remedy"]
    assert not any("claude" in line for line in remedy)
    assert remedy[-2].startswith(f"# and give {unknown} the ID of")
    assert remedy[-1].startswith("aws bedrock list-foundation-models --query")


def test_a_model_that_the_settings_state_is_the_one_to_write() -> None:
    settings = Settings(models=ModelSettings(chat="us.anthropic.claude-haiku-4-5-20251001-v1:0"))
    edit = env_file(
        ("CHAT_MODEL=us.anthropic.claude-sonnet-4-6", ""),
        ("BEDROCK_MODEL_ID=us.anthropic.claude-sonnet-4-6\n", ""),
    )
    found = of_compliant(edit, "ENV-02", settings=settings)["ENV-02", "CHAT_MODEL"]
    assert (
        "# edit ./.env.enterprise: write CHAT_MODEL=us.anthropic.claude-haiku-4-5-20251001-v1:0"
        in found["remedy"]
    )


def test_what_is_exported_does_not_stand_in_for_the_file() -> None:
    edit = both(env_file(("AWS_API_TIMEOUT=30\n", "")), environment(AWS_API_TIMEOUT="30"))
    assert of_compliant(edit, "ENV-02")["ENV-02", "AWS_API_TIMEOUT"]["status"] == "non_compliant"


# ------------------------------------------------------------------------------------------------------ ENV-03


def test_the_three_regions_have_to_be_equal() -> None:
    edit = both(environment(**NO_REGIONS), env_file(("AWS_REGION=us-east-1", "AWS_REGION=eu-west-1")))
    found = of_compliant(edit, *ALL)
    observed, remedy = failure(found["ENV-03"])
    assert "AWS_REGION is eu-west-1 (./.env.enterprise line 2)" in observed
    assert "the profile's region is us-east-1 (~/.aws/config line 10)" in observed
    assert "write AWS_REGION=us-east-1 and AWS_DEFAULT_REGION=us-east-1" in remedy
    assert found.root_causes == ["ENV-03"]


def test_the_region_that_the_settings_expect_is_the_one_to_write() -> None:
    settings = Settings(profile=ProfileSettings(region="us-west-2"))
    edit = both(
        environment(**NO_REGIONS),
        env_file(("region = us-east-1\noutput", "region = us-west-2\noutput"), of=CONFIG),
    )
    _, remedy = failure(of_compliant(edit, "ENV-03", settings=settings)["ENV-03"])
    assert "us-west-2" in remedy and "us-east-1" not in remedy


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (
            both(
                environment(**NO_REGIONS),
                env_file(("AWS_DEFAULT_REGION=us-east-1", "AWS_DEFAULT_REGION=")),
            ),
            "./.env.enterprise line 4",
        ),
        (environment(AWS_DEFAULT_REGION=""), "environment"),
    ],
)
def test_an_empty_default_region_is_reg02_wherever_it_stands(edit: Edit, where: str) -> None:
    found = of_compliant(edit, *ALL, "RUN-04", "REG-01")
    observed, _ = failure(found["ENV-03"], "REG02")
    assert observed == f"AWS_DEFAULT_REGION is '' ({where})"
    assert found.root_causes == ["ENV-03 REG02"]


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (
            both(environment(**NO_REGIONS), env_file(("AWS_REGION=us-east-1", "AWS_REGION=us-east-1a"))),
            "AWS_REGION is us-east-1a (./.env.enterprise line 2)",
        ),
        (environment(AWS_DEFAULT_REGION="us-east-1b"), "AWS_DEFAULT_REGION is us-east-1b (environment)"),
        (
            env_file(("region = us-east-1\noutput", "region = us-east-1c\noutput"), of=CONFIG),
            "the profile's region is us-east-1c (~/.aws/config line 10)",
        ),
    ],
)
def test_a_zone_is_no_region_wherever_it_stands(edit: Edit, where: str) -> None:
    found = of_compliant(edit, *ALL, "REG-01", "REG-02", "REG-03", "REG-04", "RUN-02", "RUN-04")
    observed, remedy = failure(found["ENV-03"], "REG03")
    assert observed == where
    assert "AWS_DEFAULT_REGION=us-east-1" in remedy and "us-east-1a" not in remedy
    assert found.root_causes == ["ENV-03 REG03"]


def test_aws_region_alone_is_reg01_only_where_the_profile_has_another_region() -> None:
    alone = both(environment(**NO_REGIONS), env_file(("AWS_DEFAULT_REGION=us-east-1\n", "")))
    found = of_compliant(alone, *ALL)
    assert (found["ENV-03"]["status"], found.root_causes) == ("compliant", ["ENV-02"])
    other = both(alone, env_file(("AWS_REGION=us-east-1", "AWS_REGION=us-west-2")))
    found = of_compliant(other, *ALL)
    observed, remedy = failure(found["ENV-03"], "REG01")
    assert observed.endswith("AWS_DEFAULT_REGION is not set")
    assert "AWS_DEFAULT_REGION=us-west-2" in remedy
    assert blocked_by(found["ENV-02", "AWS_DEFAULT_REGION"]) == "ENV-03"


def test_a_value_that_is_no_regions_name_at_all_is_left_to_the_profile() -> None:
    edit = env_file(("region = us-east-1\noutput", "region = us-east-1 # home\noutput"), of=CONFIG)
    found = of_compliant(edit, *ALL, "PRF-05")
    assert found["ENV-03"]["status"] == "compliant"
    assert found.root_causes == ["PRF-05 CFG09"]


def test_regions_are_judged_beside_a_config_file_that_cannot_be_parsed() -> None:
    edit = both(written(b"[profile msh\n", of=CONFIG), environment(AWS_DEFAULT_REGION=""))
    assert of_compliant(edit, "ENV-03")["ENV-03"]["cause"] == "REG02"
    found = of_compliant(written(b"[profile msh\n", of=CONFIG), "ENV-03")
    assert blocked_by(found["ENV-03"]) == "PRF-01"


# ------------------------------------------------------------------------------------------------------ ENV-04


def test_a_profile_that_the_file_names_is_judged_whatever_becomes_of_its_credentials() -> None:
    astray = env_file(("AWS_PROFILE=msh", "AWS_PROFILE=other"))
    for edit, status in ((astray, "non_compliant"), (env_file(), "compliant")):
        assert judged("pre07-credential-process-missing", edit=edit)["ENV-04"]["status"] == status


@pytest.mark.parametrize("value", ["", "'\"msh\"'", '"msh "', "prod"])
def test_a_profile_that_botocore_would_not_find_is_env05(value: str) -> None:
    edit = both(environment(AWS_PROFILE=None), env_file(("AWS_PROFILE=msh", f"AWS_PROFILE={value}")))
    found = of_compliant(edit, *ALL)
    observed, remedy = failure(found["ENV-04"], "ENV05")
    assert observed.startswith("./.env.enterprise line 3: AWS_PROFILE is ")
    assert remedy == "# edit ./.env.enterprise line 3: write AWS_PROFILE=msh"
    assert found.root_causes == ["ENV-04 ENV05"]
    (row,) = (each for each in found.rows if each["requirement"] == "ENV-04")
    assert {each["file"] for each in row["fix"]} == {"./.env.enterprise"}


def test_another_profile_that_exists_has_no_cause_but_is_not_the_one_under_test() -> None:
    other = "\n[profile dev]\nregion = us-east-1\n"
    edit = both(
        lambda world: written(world.machine.files[CONFIG].text + other, of=CONFIG)(world),
        env_file(("AWS_PROFILE=msh", "AWS_PROFILE=dev")),
    )
    observed, _ = failure(of_compliant(edit, *ALL)["ENV-04"])
    assert observed == "./.env.enterprise line 3: AWS_PROFILE is dev"


def test_a_missing_profile_is_for_the_requirement_that_it_is_set() -> None:
    found = of_compliant(both(environment(AWS_PROFILE=None), env_file(("AWS_PROFILE=msh\n", ""))), *ALL)
    assert blocked_by(found["ENV-04"]) == "ENV-02"
    assert found.root_causes == ["ENV-02"]


def test_a_value_that_may_not_be_kept_gives_no_verdict() -> None:
    edit = both(environment(TEAM_PROFILE="msh"), env_file(("AWS_PROFILE=msh", "AWS_PROFILE=${TEAM_PROFILE}")))
    found = of_compliant(edit, "ENV-02", "ENV-04")
    assert found["ENV-04"]["status"] == "inconclusive"
    assert found["ENV-02", "AWS_PROFILE"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ ENV-05


def path(value: str) -> Edit:
    return env_file(("AWS_CONFIG_FILE=${HOME}/.aws/config", f"AWS_CONFIG_FILE={value}"))


@pytest.mark.parametrize(
    ("value", "cause", "seen"),
    [
        ("${HOME}/aws/config", "ENV12", "~/aws/config"),
        ("", "ENV12", "''"),
        ("${HOME}/.aws", "ENV12", "~/.aws"),
        (r"C:\Users\%USERNAME%\.aws\config", "WIN03", r"C:\Users\%USERNAME%\.aws\config"),
        ("%USERPROFILE%/.aws/config", "WIN03", "%USERPROFILE%/.aws/config"),
        (r'"C:\temp\new\config"', "WIN04", r"'C:\temp\new\config'"),
        (r'"\\files\aws\config"', "WIN04", r"\files"),
        (r'"\\files\\aws\\config"', "WIN04", r"\files"),
        (r'"C:\\Users\\jo\\.aws\\config"', "ENV12", r"C:\Users\jo\.aws\config"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_apart_by_what_became_of_it(
    value: str, cause: str, seen: str
) -> None:
    found = of_compliant(path(value), *ALL)
    observed, remedy = failure(found["ENV-05", "AWS_CONFIG_FILE"], cause)
    assert observed.startswith("./.env.enterprise line 7: AWS_CONFIG_FILE leads to ")
    assert seen.replace("\\", "") in observed.replace("\\", "")
    assert remedy.startswith("# edit ./.env.enterprise line 7: ") and "AWS_CONFIG_FILE" in remedy
    assert found["ENV-05", "AWS_SHARED_CREDENTIALS_FILE"]["status"] == "compliant"
    assert found.root_causes == [f"ENV-05 {cause}"]


@pytest.mark.parametrize("value", ["${HOME}/.aws/credentials", "~/.aws/credentials"])
def test_the_usual_place_of_a_file_that_the_profile_does_not_need_leads_nowhere_harmful(value: str) -> None:
    """`aws configure sso` writes no credentials file, and botocore takes one that is not there for an empty one."""
    file = ("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials", f"AWS_SHARED_CREDENTIALS_FILE={value}")
    found = of_compliant(both(env_file(file), written(None, of="~/.aws/credentials")), "ENV-05", "PRF-01")
    assert found.root_causes == []
    assert "complete in ~/.aws/config" in found["ENV-05", "AWS_SHARED_CREDENTIALS_FILE"]["reason"]


def test_the_null_device_in_place_of_the_file_that_has_the_keys_leads_nowhere() -> None:
    """The application is left without credentials, where this process has some."""
    file = ("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
    own = (
        "[profile msh]\n",
        "[profile msh]\nrole_arn = arn:aws:iam::210987654321:role/App\nsource_profile = msh\n",
    )
    for edit in (env_file(file), both(env_file(file), env_file(own, of=CONFIG))):
        found = judged("ok-iam-user-on-purpose", edit=edit, only=("ENV-05", "PRF-01"))
        failure(found["ENV-05", "AWS_SHARED_CREDENTIALS_FILE"], "ENV12")


@pytest.mark.parametrize(
    ("platform", "value"), [("linux", "/dev/null"), ("windows", "nul"), ("windows", "NUL")]
)
@pytest.mark.parametrize("by_role", [False, True])
def test_the_null_device_is_no_fault_where_sso_needs_no_such_file(
    platform: str, value: str, by_role: bool
) -> None:
    """Also by way of a source profile, and on the platform that was read, wherever it is judged."""
    file = ("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials", f"AWS_SHARED_CREDENTIALS_FILE={value}")
    role = "[profile msh]\nrole_arn = arn:aws:iam::210987654321:role/App\nsource_profile = base\n\n[profile base]\n"
    own = [env_file(("[profile msh]\n", role), of=CONFIG)] if by_role else []
    found = of_compliant(both(machine(platform=platform), env_file(file), *own), "ENV-05")
    result = found["ENV-05", "AWS_SHARED_CREDENTIALS_FILE"]
    assert result["status"] == "not_applicable"
    assert result["reason"].startswith(f"{value} is the null device, and no file is needed")


@pytest.mark.parametrize(("platform", "value"), [("linux", "/dev/null"), ("windows", "NUL")])
def test_the_null_device_is_exported_on_purpose_where_no_such_file_is_needed(
    platform: str, value: str
) -> None:
    exported = environment(AWS_SHARED_CREDENTIALS_FILE=value)
    found = of_compliant(both(machine(platform=platform), exported), "ENV-05", "ENV-09", "FIX-03", "PRF-01")
    assert found.root_causes == []
    assert found["ENV-09"]["status"] == "compliant"
    # Where the keys stand in that file, whoever has the null device has none.
    needed = judged(
        "ok-iam-user-on-purpose", edit=environment(AWS_SHARED_CREDENTIALS_FILE="/dev/null"), only=("ENV-09",)
    )
    failure(needed["ENV-09"], "ENV11")
    # Any other file may have other keys.
    other = of_compliant(environment(AWS_SHARED_CREDENTIALS_FILE="${home}/other"), "ENV-09")
    failure(other["ENV-09"], "ENV11")


def test_two_paths_with_one_fault_are_one_root_cause_that_names_both_lines() -> None:
    found = judged("win03-percent-variable-in-env-file", only=ALL)
    (cause,) = found.document["root_causes"]
    assert [line.split(":")[0] for line in cause["remedy"]] == [
        "# edit ./.env.enterprise line 7",
        "# edit ./.env.enterprise line 8",
    ]


@pytest.mark.parametrize("value", ["%USERPROFILE%/.aws/config", "%userprofile%/.aws/config", "~/.aws/config"])
def test_windows_expands_the_reference_when_botocore_opens_the_path(value: str) -> None:
    found = of_compliant(both(machine(platform="windows"), path(value)), "ENV-05")
    assert found["ENV-05", "AWS_CONFIG_FILE"]["status"] == "compliant"


def test_on_windows_a_reference_to_nothing_stays_literal_and_a_missing_file_is_one() -> None:
    for value, cause in (("%USERPORFILE%/.aws/config", "WIN03"), ("%USERPROFILE%/aws/config", "ENV12")):
        found = of_compliant(both(machine(platform="windows"), path(value)), "ENV-05")
        failure(found["ENV-05", "AWS_CONFIG_FILE"], cause)


@pytest.mark.parametrize("value", ["'${HOME}/.aws/config'", '"${HOME}/.aws/config"', "$HOME/.aws/config"])
def test_other_ways_to_write_a_path_that_leads_to_the_file_are_fine(value: str) -> None:
    found = of_compliant(path(value), "ENV-05")
    # Between single quotes python-dotenv interpolates all the same, and botocore expands what it leaves.
    assert found["ENV-05", "AWS_CONFIG_FILE"]["status"] == "compliant"


def test_a_path_that_takes_over_a_variable_which_is_not_kept_is_still_followed() -> None:
    edit = both(environment(APP_HOME="${home}"), path("${APP_HOME}/.aws/config"))
    assert of_compliant(edit, "ENV-05")["ENV-05", "AWS_CONFIG_FILE"]["status"] == "compliant"
    edit = both(environment(APP_HOME="${home}"), path("${APP_HOME}/aws/config"))
    observed, _ = failure(of_compliant(edit, "ENV-05")["ENV-05", "AWS_CONFIG_FILE"], "ENV12")
    assert observed == "./.env.enterprise line 7: AWS_CONFIG_FILE leads to (not shown), which is no file"


def test_a_path_that_is_not_set_is_not_applicable() -> None:
    found = of_compliant(env_file(("AWS_CONFIG_FILE=${HOME}/.aws/config\n", "")), "ENV-05")
    assert found["ENV-05", "AWS_CONFIG_FILE"]["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("value", "exported", "status"),
    [
        ("/opt/corp/ca.pem", None, "non_compliant"),
        ("$APP_HOME/.aws/config", None, "non_compliant"),
        ("~/.aws/config", None, "compliant"),
        ("${HOME}/.aws/config", None, "compliant"),
        ("/opt/corp/ca.pem", "~/.aws/config", "compliant"),
    ],
)
def test_the_applications_ca_bundle_is_found_as_urllib3_finds_it(
    value: str, exported: str | None, status: str
) -> None:
    edit = env_file(("AWS_MAX_ATTEMPTS=3\n", f"AWS_MAX_ATTEMPTS=3\nAWS_CA_BUNDLE={value}\n"))
    more = {"APP_HOME": "${home}"} | ({"AWS_CA_BUNDLE": exported} if exported else {})
    found = of_compliant(both(environment(**more), edit), "ENV-05")
    result = found["ENV-05", "AWS_CA_BUNDLE"]
    assert result["status"] == status
    if status == "non_compliant":
        assert result["cause"] == "NET03"
        assert result["remedy"][0].startswith("# edit ./.env.enterprise line 12: give AWS_CA_BUNDLE")


def test_the_reading_has_no_path_of_this_machine() -> None:
    readings = judged("compliant", only=("ENV-05",)).readings
    (reading,) = [each for each in readings if each["name"] == "file.dotenv"]
    assert reading["value"]["file"]["variables"]["AWS_CONFIG_FILE"]["value"]["value"] == "~/.aws/config"
    assert "simulated-" not in str(reading) and os.sep + "home" not in str(reading)


# ----------------------------------------------------------------------------------------------- ENV-06, ENV-07


@pytest.mark.parametrize(
    "change",
    [
        ("AWS_MAX_ATTEMPTS=3", "AWS_MAX_ATTEMPTS=2"),
        ("AWS_MAX_ATTEMPTS=3", "AWS_MAX_ATTEMPTS=3.5"),
        ("AWS_MAX_ATTEMPTS=3", "AWS_MAX_ATTEMPTS=-3"),
        ("AWS_MAX_ATTEMPTS=3", "AWS_MAX_ATTEMPTS=three"),
        ("AWS_RETRY_MODE=adaptive", "AWS_RETRY_MODE=standard"),
        ("AWS_RETRY_MODE=adaptive", "AWS_RETRY_MODE=Adaptive"),
    ],
)
def test_too_few_attempts_or_another_retry_mode_is_named_with_its_line(change: tuple[str, str]) -> None:
    found = of_compliant(env_file(change), *ALL)
    observed, remedy = failure(found["ENV-06"])
    name, _, value = change[1].partition("=")
    assert f"./.env.enterprise line {line_of(name)}: {name} is {value}" in observed
    assert remedy == "# edit ./.env.enterprise: write AWS_MAX_ATTEMPTS=3 and AWS_RETRY_MODE=adaptive"
    assert found.root_causes == ["ENV-06"]


def test_the_client_itself_has_to_retry_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def client(subject: Any, variables: Mapping[str, str]) -> Any:
        assert variables == {"AWS_MAX_ATTEMPTS": "3", "AWS_RETRY_MODE": "adaptive"}
        return {"retries": {"mode": "legacy", "total_max_attempts": 5}}

    monkeypatch.setitem(live.READERS, "client.environment", client)  # type: ignore[attr-defined]
    observed, _ = failure(judged("compliant", only=("ENV-06",))["ENV-06"])
    assert "legacy" in observed


def test_a_client_that_cannot_be_built_gives_no_verdict_on_retries() -> None:
    found = of_compliant(written("[msh]\nregion = us-east-1\n", of=CONFIG), "ENV-06")
    assert (found["ENV-06"]["status"], found["ENV-06"]["behind"]) == ("blocked", "PRF-02")


@pytest.mark.parametrize("value", ["0", "-1", "30s", "2.5", "none"])
def test_a_timeout_has_to_be_a_positive_whole_number(value: str) -> None:
    found = of_compliant(env_file(("AWS_API_TIMEOUT=30", f"AWS_API_TIMEOUT={value}")), *ALL)
    observed, remedy = failure(found["ENV-07"])
    assert observed == f"./.env.enterprise line {line_of('AWS_API_TIMEOUT')}: AWS_API_TIMEOUT is {value}"
    assert remedy == f"# edit ./.env.enterprise line {line_of('AWS_API_TIMEOUT')}: write AWS_API_TIMEOUT=30"


@pytest.mark.parametrize(
    ("line", "requirement", "title"),
    [
        ("AWS_API_TIMEOUT=30", "ENV-07", "AWS_API_TIMEOUT has no value in the environment file"),
        (
            "CHAT_MODEL=us.anthropic.claude-sonnet-4-6",
            "ENV-10",
            "CHAT_MODEL has no value in the environment file",
        ),
    ],
)
def test_what_has_no_value_is_not_said_to_have_a_wrong_one(line: str, requirement: str, title: str) -> None:
    name = line.partition("=")[0]
    for lacking in (env_file((f"\n{line}\n", "\n")), env_file((f"\n{line}", f"\n{name}="))):
        assert of_compliant(lacking, *ALL)[requirement]["title"] == title
    wrong = of_compliant(env_file((f"\n{line}", f"\n{name}=0")), *ALL)[requirement]
    assert wrong["status"] == "non_compliant" and wrong["title"] != title


# ------------------------------------------------------------------------------------------------------ ENV-08


def test_secrets_are_named_by_line_and_variable_and_never_shown() -> None:
    secret = "CANARYkeyThatSomebodyLeftInTheFile000000"
    lines = f"AWS_SECRET_ACCESS_KEY={secret}\n#AWS_SESSION_TOKEN={secret}\nDATABASE_URL=postgres://jo:{secret}@db/x\n"
    found = of_compliant(written(TEXT + lines), *ALL)
    observed, remedy = failure(found["ENV-08"])
    first = len(TEXT.split("\n"))
    assert f"AWS_SECRET_ACCESS_KEY at line {first} (secret-access-key)" in observed
    assert f"AWS_SESSION_TOKEN at line {first + 1}" in observed
    assert f"DATABASE_URL at line {first + 2} (opaque, password-in-url)" in observed
    assert f"# edit ./.env.enterprise line {first}: delete AWS_SECRET_ACCESS_KEY" in remedy
    # The application still needs what is none of AWS's.
    assert f"# edit ./.env.enterprise line {first + 2}: move DATABASE_URL to a store of secrets" in remedy
    assert secret not in str(found.document) + str(found.readings)


def test_stand_ins_and_references_are_no_secrets() -> None:
    lines = (
        "AWS_SECRET_ACCESS_KEY=<your key>\nBEDROCK_PASSWORD=${DB_PASSWORD}\nUSE_TOKEN=true\nSESSION_TOKEN=\n"
    )
    assert of_compliant(written(TEXT + lines), "ENV-08")["ENV-08"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ ENV-09


def test_every_variable_that_is_overridden_is_named_with_both_values_and_unset() -> None:
    found = of_compliant(environment(AWS_REGION="us-west-2", AWS_API_TIMEOUT="5"), *ALL)
    observed, remedy = failure(found["ENV-09"], "ENV11")
    assert "AWS_REGION is us-west-2, and us-east-1 at ./.env.enterprise line 2" in observed
    assert "AWS_API_TIMEOUT is 5, and 30 at " in observed
    assert remedy.startswith("unset AWS_REGION; unset AWS_API_TIMEOUT; # or let the file win")
    assert found.root_causes == ["ENV-09 ENV11"]


def test_a_path_that_is_written_otherwise_overrides_nothing() -> None:
    """botocore takes ~ for the home folder (botocore.configloader.load_config)."""
    same = environment(AWS_CONFIG_FILE="~/.aws/config")
    assert of_compliant(same, "ENV-09")["ENV-09"]["status"] == "compliant"
    other = both(environment(AWS_CONFIG_FILE="~/.aws/other"), written("[profile msh]\n", of="~/.aws/other"))
    assert of_compliant(other, "ENV-09")["ENV-09"]["cause"] == "ENV11"


def test_on_windows_the_override_is_removed_as_powershell_does() -> None:
    found = of_compliant(both(machine(platform="windows"), environment(AWS_API_TIMEOUT="5")), "ENV-09")
    assert failure(found["ENV-09"], "ENV11")[1].startswith("Remove-Item Env:AWS_API_TIMEOUT")


def test_what_says_nothing_of_aws_is_the_applications_own_affair() -> None:
    edit = both(
        written(TEXT + "PATH=/opt/app/bin\nHOME=/opt/app\n"), environment(PATH="/usr/bin", HOME="/home/jo")
    )
    assert of_compliant(edit, "ENV-09")["ENV-09"]["status"] == "compliant"


def test_a_secret_that_overrides_another_is_not_shown() -> None:
    lines = "BEDROCK_PASSWORD=CANARY-in-the-file\n"
    edit = both(written(TEXT + lines), environment(BEDROCK_PASSWORD="CANARY-in-the-environment"))
    found = of_compliant(edit, *ALL)
    assert failure(found["ENV-09"], "ENV11")[0].startswith("BEDROCK_PASSWORD is another than at ")
    assert "CANARY" not in str(found.document) + str(found.readings)


@pytest.mark.parametrize(
    ("edit", "root"),
    [
        (environment(AWS_PROFILE="prod"), "CRD-05 ENV05"),
        (env_file(("AWS_PROFILE=msh", "AWS_PROFILE=prod")), "ENV-04 ENV05"),
        (environment(AWS_DEFAULT_REGION=""), "ENV-03 REG02"),
        (env_file(("AWS_REGION=us-east-1", "AWS_REGION=us-west-2")), "ENV-03"),
        (environment(AWS_CONFIG_FILE="~/aws/config"), "PRF-01 ENV12"),
        (both(environment(AWS_CONFIG_FILE="~/.aws/config"), path("${HOME}/aws/config")), "ENV-05 ENV12"),
    ],
)
def test_where_one_of_the_two_values_is_wrong_itself_that_is_the_one_root_cause(
    edit: Edit, root: str
) -> None:
    found = of_compliant(edit, *ALL, "CRD-05", "PRF-01")
    assert found["ENV-09"]["behind"]
    assert found.root_causes == [root]


def test_an_override_is_named_beside_another_fault_of_another_variable() -> None:
    found = of_compliant(environment(AWS_PROFILE="prod", AWS_API_TIMEOUT="5"), *ALL, "CRD-05")
    assert sorted(found.root_causes) == ["CRD-05 ENV05", "ENV-09 ENV11"]
    assert "AWS_PROFILE" not in found["ENV-09"]["observed"]


# ------------------------------------------------------------------------------------------------------ ENV-10


def test_two_chat_models_are_named_with_their_lines() -> None:
    edit = env_file(("CHAT_MODEL=us.anthropic.claude-sonnet-4-6", "CHAT_MODEL=us.anthropic.claude-sonnet-5"))
    found = of_compliant(edit, "ENV-10")
    observed, remedy = failure(found["ENV-10"])
    assert f"line {line_of('CHAT_MODEL')}: CHAT_MODEL is us.anthropic.claude-sonnet-5" in observed
    assert (
        f"line {line_of('BEDROCK_MODEL_ID')}: BEDROCK_MODEL_ID is us.anthropic.claude-sonnet-4-6" in observed
    )
    assert remedy.endswith("the same value, us.anthropic.claude-sonnet-5")


@pytest.mark.parametrize("odd", ["CHAT_MODEL", "BEDROCK_MODEL_ID"])
def test_an_identifier_of_no_form_is_not_spread_to_both(odd: str) -> None:
    sound = "us.anthropic.claude-sonnet-4-6"
    edit = env_file((f"\n{odd}={sound}", f"\n{odd}=bedrock/{sound}"))
    found = of_compliant(edit, "ENV-10", "MDL-01")
    assert found["MDL-01", odd]["status"] == "non_compliant"
    assert failure(found["ENV-10"])[1].endswith(f"the same value, {sound}")
    mended = env_file((f"\n{odd}={sound}", f"\n{odd}={sound}"))
    assert of_compliant(mended, "ENV-10")["ENV-10"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("chat", "status"),
    [
        (
            "arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-6",
            "compliant",
        ),
        ("anthropic.claude-sonnet-4-6", "compliant"),
        ("eu.anthropic.claude-sonnet-4-6", "non_compliant"),
        ("", "non_compliant"),
    ],
)
def test_chat_models_agree_where_they_mean_one_model_by_one_way(chat: str, status: str) -> None:
    edit = env_file(("CHAT_MODEL=us.anthropic.claude-sonnet-4-6", f"CHAT_MODEL={chat}"))
    assert of_compliant(edit, "ENV-10")["ENV-10"]["status"] == status


# ------------------------------------------------------------------------ ENV-04, what comes before the profile in the file

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
VPC_ENDPOINT = "https://vpce-0abc-1.bedrock-runtime.us-east-1.vpce.amazonaws.com"
EMULATOR = Settings(credentials=CredentialSettings(approved_endpoints=("http://localhost:4566",)))


def added(*lines: str) -> Edit:
    """More lines in the file, below AWS_PROFILE's."""
    return env_file(("AWS_PROFILE=msh\n", "\n".join(("AWS_PROFILE=msh", *lines, ""))))


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (
            (f"{KEY}=your-access-key-id", f"{SECRET}=your-secret"),
            "AWS_ACCESS_KEY_ID is no key of AWS, and boto3 takes it before",
        ),
        ((f"{KEY}=test", f"{SECRET}=test"), "AWS_ACCESS_KEY_ID is no key of AWS, and boto3 takes it before"),
        (
            (f"{KEY}=changeme", f"{SECRET}="),
            "boto3 stops at AWS_ACCESS_KEY_ID, which has no AWS_SECRET_ACCESS_KEY",
        ),
        (
            ("AWS_BEARER_TOKEN_BEDROCK=",),
            "Bedrock's clients send AWS_BEARER_TOKEN_BEDROCK, which is empty, in",
        ),
        (("AWS_BEARER_TOKEN_BEDROCK=your-key",), "Bedrock's clients send AWS_BEARER_TOKEN_BEDROCK in place"),
        (("AWS_DEFAULT_PROFILE=old",), "boto3 takes AWS_DEFAULT_PROFILE, which is old, before AWS_PROFILE"),
        (("AWS_DEFAULT_PROFILE=",), "boto3 takes AWS_DEFAULT_PROFILE, which is '', before AWS_PROFILE"),
        (
            ("AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/token",),
            "boto3 takes the web identity in AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
        (
            ("AWS_ENDPOINT_URL=http://localhost:4566",),
            "AWS_ENDPOINT_URL is http://localhost:4566, which is neither",
        ),
        (
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://localhost:4566",),
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME is http://loc",
        ),
    ],
)
def test_what_comes_before_the_profile_in_the_file_is_named_with_its_line(
    lines: tuple[str, ...], seen: str
) -> None:
    """A copied example: the application then gets what the shell, and whoever is tried there, does not."""
    found = judged("compliant", only=WORKSTATION, edit=added(*lines))
    assert found.root_causes == ["ENV-04"]
    observed, remedy = failure(found["ENV-04"])
    assert observed.startswith(f"{ENV_FILE} line 4: {seen}")
    edits = [line for line in remedy.split("; ") if line.startswith("# edit ")]
    assert ("approved_endpoints" in remedy) is lines[0].startswith("AWS_ENDPOINT_URL")
    assert edits == [
        f"# edit {ENV_FILE} line {number}: delete the line that sets {line.partition('=')[0]}"
        for number, line in enumerate(lines, 4)
    ]


def test_all_that_comes_before_it_goes_in_one_edit() -> None:
    found = judged(
        "compliant",
        only=("ENV-04",),
        edit=added("AWS_ENDPOINT_URL=http://localhost:4566", f"{KEY}=test", f"{SECRET}=test"),
    )
    _, remedy = failure(found["ENV-04"])
    edits = [line for line in remedy.split("; ") if line.startswith("# edit ")]
    assert [line.rpartition(" ")[2] for line in edits] == [KEY, SECRET, "AWS_ENDPOINT_URL"]


@pytest.mark.parametrize(
    ("edit", "settings"),
    [
        (added(f"{KEY}=", f"{SECRET}=", "AWS_SESSION_TOKEN="), None),
        (added(f"# {KEY}=your-access-key-id", "#AWS_BEARER_TOKEN_BEDROCK="), None),
        (added(KEY, "AWS_BEARER_TOKEN_BEDROCK"), None),
        (added("AWS_DEFAULT_PROFILE=msh"), None),
        (added("AWS_ENDPOINT_URL_S3=http://localhost:9000"), None),
        (added(f"AWS_ENDPOINT_URL_BEDROCK_RUNTIME={VPC_ENDPOINT}"), None),
        (added("AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https://${GATEWAY}/bedrock"), None),
        (added("AWS_ENDPOINT_URL=http://localhost:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"), None),
        (added("AWS_ENDPOINT_URL_STS=https://sts.amazonaws.com"), None),
        (added("AWS_ENDPOINT_URL=http://localhost:4566", f"{KEY}=test", f"{SECRET}=test"), EMULATOR),
    ],
    ids=[
        "empty keys", "comments", "names without a value", "the same profile twice", "another service", "a VPC endpoint",
        "an address that is not known", "overrides that are ignored", "STS without a Region", "an emulator on purpose",
    ],
)  # fmt: skip
def test_what_leaves_the_application_with_the_profile_is_no_fault(
    edit: Edit, settings: Settings | None
) -> None:
    assert judged("compliant", only=WORKSTATION, edit=edit, settings=settings).root_causes == []


IGNORED = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
OVERRIDE = "AWS_ENDPOINT_URL=http://localhost:4566"
IGNORED_BY_PROFILE = env_file(
    ("output = json\n", f"output = json\nignore_configured_endpoint_urls = true\n{OVERRIDE[4:].lower()}\n"),
    of=CONFIG,
)


@pytest.mark.parametrize("value", ["true", "TRUE", '"True"', "true # for now"])
def test_overrides_are_ignored_where_botocore_takes_the_switch_for_true(value: str) -> None:
    assert judged("compliant", only=WORKSTATION, edit=added(OVERRIDE, f"{IGNORED}={value}")).root_causes == []


@pytest.mark.parametrize("value", ["false", "1", "yes", "on", "", "${HOME}"])
def test_any_other_value_of_the_switch_is_false(value: str) -> None:
    found = judged("compliant", only=("ENV-04",), edit=added(OVERRIDE, f"{IGNORED}={value}"))["ENV-04"]
    assert "line 4: AWS_ENDPOINT_URL is http://localhost:4566" in failure(found)[0]


def test_the_switch_of_the_process_comes_before_that_of_the_file_and_that_before_the_profiles() -> None:
    def status(*edits: Edit) -> str:
        return str(judged("compliant", only=("ENV-04",), edit=both(*edits))["ENV-04"]["status"])

    on, off = added(OVERRIDE, f"{IGNORED}=true"), added(OVERRIDE, f"{IGNORED}=false")
    assert status(on, environment(**{IGNORED: "false"})) == "non_compliant"
    assert status(off, environment(**{IGNORED: "true"})) == "compliant"
    assert status(added(OVERRIDE), IGNORED_BY_PROFILE) == "compliant"
    assert status(off, IGNORED_BY_PROFILE) == "non_compliant"


def test_a_file_that_has_the_profiles_override_heeded_again_is_told_by_its_switch() -> None:
    heeded = both(added(f"{IGNORED}=false"), IGNORED_BY_PROFILE)
    found = judged("compliant", only=WORKSTATION, edit=heeded)
    assert found.root_causes == ["ENV-04"]
    observed, remedy = failure(found["ENV-04"])
    assert observed.startswith(
        f"{ENV_FILE} line 4: with {IGNORED} false boto3 heeds ~/.aws/config line 13: endpoint_url: http://localhost:4566"
    )
    assert f"# edit {ENV_FILE} line 4: delete the line that sets {IGNORED}" in remedy
    assert judged("compliant", only=WORKSTATION, edit=IGNORED_BY_PROFILE).root_causes == []


def test_a_switch_that_is_not_kept_decides_only_where_there_is_an_override() -> None:
    hidden = f"{IGNORED}=${{INTERNAL_CHOICE}}"
    assert (
        judged("compliant", only=("ENV-04",), edit=added(OVERRIDE, hidden))["ENV-04"]["status"]
        == "inconclusive"
    )
    assert judged("compliant", only=("ENV-04",), edit=added(hidden))["ENV-04"]["status"] == "compliant"


NO_FIPS = machine(
    network={"portal.sso-fips.us-east-1.amazonaws.com": "dns", "oidc-fips.us-east-1.amazonaws.com": "dns"}
)
NO_DUAL_STACK = machine(network={"sts.us-east-1.api.aws": "dns"})


@pytest.mark.parametrize(
    ("variable", "network", "host"),
    [
        ("AWS_USE_FIPS_ENDPOINT", NO_FIPS, "portal.sso-fips.us-east-1.amazonaws.com"),
        ("AWS_USE_DUALSTACK_ENDPOINT", NO_DUAL_STACK, "sts.us-east-1.api.aws"),
    ],
    ids=["fips", "dual-stack"],
)
def test_a_switch_of_the_file_that_leads_to_no_host_is_told_with_it(
    variable: str, network: Edit, host: str
) -> None:
    found = judged("compliant", only=WORKSTATION, edit=both(added(f"{variable}=true"), network))
    assert found.root_causes == ["ENV-04"]
    observed, remedy = failure(found["ENV-04"])
    assert observed.startswith(f"{ENV_FILE} line 4: {variable} leads to {host}, which does not resolve")
    assert remedy == f"# edit {ENV_FILE} line 4: delete the line that sets {variable}"


@pytest.mark.parametrize(
    "edit",
    [
        added("AWS_USE_FIPS_ENDPOINT=true"),
        both(added("AWS_USE_FIPS_ENDPOINT=false"), NO_FIPS),
        both(added("AWS_USE_FIPS_ENDPOINT=1"), NO_FIPS),
        both(added("AWS_USE_DUALSTACK_ENDPOINT=true"), NO_FIPS),
    ],
    ids=["hosts that are there", "off", "no word that botocore takes for true", "the other switch"],
)
def test_a_switch_of_the_file_that_leads_nowhere_astray_is_none(edit: Edit) -> None:
    assert judged("compliant", only=WORKSTATION, edit=edit).root_causes == []


def test_a_switch_of_the_file_is_no_fault_where_nothing_resolves_or_the_process_has_it() -> None:
    switch = added("AWS_USE_FIPS_ENDPOINT=true")
    assert judged("offline", only=("ENV-04", "CON-02"), edit=switch)["ENV-04"]["status"] == "compliant"
    exported = both(switch, NO_FIPS, environment(AWS_USE_FIPS_ENDPOINT="true"))
    assert judged("compliant", only=WORKSTATION, edit=exported).root_causes == ["CON-02 ENV13"]


@pytest.mark.parametrize("exported", ["false", "0", ""])
def test_a_switch_that_the_process_turns_off_is_not_unset_where_the_files_leads_nowhere(
    exported: str,
) -> None:
    """Whoever unset it had what works broken, and the file's line to mend in the next run."""
    switch = both(added("AWS_USE_FIPS_ENDPOINT=true"), environment(AWS_USE_FIPS_ENDPOINT=exported))
    found = judged("compliant", only=WORKSTATION, edit=both(switch, NO_FIPS))
    assert found.root_causes == ["ENV-04"]
    assert found["ENV-09"]["explained_by"] == "ENV-04"
    assert (
        failure(found["ENV-04"])[1]
        == f"# edit {ENV_FILE} line 4: delete the line that sets AWS_USE_FIPS_ENDPOINT"
    )
    mended = both(environment(AWS_USE_FIPS_ENDPOINT=exported), NO_FIPS)
    assert judged("compliant", only=WORKSTATION, edit=mended).root_causes == []
    # Where its hosts are there, the file's word is to count.
    assert judged("compliant", only=WORKSTATION, edit=switch).root_causes == ["ENV-09 ENV11"]


def test_an_address_in_the_file_is_told_with_what_aws_has_there() -> None:
    elsewhere = added("AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https://bedrock-runtime.us-west-2.amazonaws.com")
    observed, _ = failure(judged("compliant", only=("ENV-04",), edit=elsewhere)["ENV-04"])
    assert "neither AWS's own for bedrock-runtime in us-east-1 nor an approved endpoint" in observed


def depends_on(*packages: str) -> Edit:
    """An application of JavaScript with these packages."""
    return written(json.dumps({"dependencies": dict.fromkeys(packages, "3.0.0")}), of="./package.json")


JAVASCRIPT, ANTHROPIC, VERCEL = (
    "@aws-sdk/client-bedrock-runtime",
    "@anthropic-ai/bedrock-sdk",
    "@ai-sdk/amazon-bedrock",
)
BEFORE = {
    "another profile": added("AWS_DEFAULT_PROFILE=old"),
    "web identity": added(
        "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/token", "AWS_ROLE_ARN=arn:aws:iam::210987654321:role/job"
    ),
    "stand-ins": added(f"{KEY}=changeme", f"{SECRET}=changeme"),
    "half a pair": added(f"{KEY}=changeme"),
}
"""What comes before AWS_PROFILE to boto3."""


@pytest.mark.parametrize(
    ("packages", "before"),
    [
        *(
            ((package,), each)
            for package in (JAVASCRIPT, ANTHROPIC, VERCEL)
            for each in ("another profile", "web identity")
        ),
        ((JAVASCRIPT, "express"), "stand-ins"),
        ((JAVASCRIPT,), "half a pair"),
        ((ANTHROPIC,), "half a pair"),
    ],
)
def test_what_no_library_of_an_application_of_javascript_reads_is_no_fault(
    packages: tuple[str, ...], before: str
) -> None:
    assert (
        judged("compliant", only=WORKSTATION, edit=both(BEFORE[before], depends_on(*packages))).root_causes
        == []
    )


@pytest.mark.parametrize(
    ("packages", "before", "seen"),
    [
        (
            (JAVASCRIPT, ANTHROPIC),
            "stand-ins",
            "AWS_ACCESS_KEY_ID is no key of AWS, and anthropic-js takes it before",
        ),
        ((VERCEL,), "half a pair", "vercel-ai stops at AWS_ACCESS_KEY_ID"),
        # Nobody knows by what it calls AWS.
        (("express",), "another profile", "boto3 takes AWS_DEFAULT_PROFILE"),
    ],
)
def test_what_a_library_of_it_reads_is_told_with_its_name(
    packages: tuple[str, ...], before: str, seen: str
) -> None:
    found = judged("compliant", only=("ENV-04",), edit=both(BEFORE[before], depends_on(*packages)))
    assert seen in failure(found["ENV-04"])[0]


@pytest.mark.parametrize(
    "python",
    ["requirements-dev.txt", "backend/requirements.txt", "worker/main.py", "pyproject.toml", "uv.lock"],
)
@pytest.mark.parametrize("before", ["another profile", "web identity", "stand-ins"])
def test_beside_python_boto3_counts(python: str, before: str) -> None:
    mixed = both(BEFORE[before], depends_on(JAVASCRIPT), written("", of=f"./{python}"))
    assert "boto3 takes" in failure(judged("compliant", only=("ENV-04",), edit=mixed)["ENV-04"])[0]


def test_python_in_what_is_installed_is_none_of_the_application() -> None:
    installed = written("", of="./node_modules/node-gyp/gyp.py")
    alone = both(BEFORE["another profile"], depends_on(JAVASCRIPT), installed)
    assert judged("compliant", only=("ENV-04",), edit=alone)["ENV-04"]["status"] == "compliant"


def test_keys_in_the_file_are_a_secret_first() -> None:
    keys = (f"{KEY}=AKIAQCANARYOLDKEY001", f"{SECRET}=CANARYsecretOfAnEarlierSetUp000000000000")
    found = judged("compliant", only=WORKSTATION, edit=added(*keys))
    assert found.root_causes == ["ENV-08"]
    assert found["ENV-04"]["explained_by"] == "ENV-08"


def test_another_secret_of_the_file_explains_no_key_that_is_none() -> None:
    found = judged(
        "compliant",
        only=WORKSTATION,
        edit=added(f"{KEY}=AKIAIOSFODNN7EXAMPLE", "DB_PASSWORD=CANARYhunter2hunter2"),
    )
    assert found["ENV-08"]["observed"].startswith("./.env.enterprise: DB_PASSWORD")
    assert found["ENV-04"]["explained_by"] is None
    assert set(found.root_causes) == {"ENV-08", "ENV-04"}
    mended = judged("compliant", only=WORKSTATION, edit=added("DB_PASSWORD=CANARYhunter2hunter2"))
    assert mended.root_causes == ["ENV-08"]


def test_a_jobs_own_keys_do_not_make_way_for_stand_ins_of_the_file() -> None:
    """To unset them, as for another variable that the process overrides, would leave the job with the stand-ins."""
    keys = load_world("ok-both-token-names").machine.environment
    exported = {name: keys[name] for name in (KEY, SECRET, "AWS_SESSION_TOKEN")}
    edit = both(added(f"{KEY}=changeme", f"{SECRET}=changeme"), environment(**exported))
    found = judged("compliant", only=ALL, edit=edit, environment="ci")
    assert found["ENV-09"]["status"] == found["ENV-04"]["status"] == "compliant"
    overriding = both(edit, environment(AWS_API_TIMEOUT="5"))
    remedy = judged("compliant", only=ALL, edit=overriding, environment="ci")["ENV-09"]["remedy"]
    assert not any(KEY in line for line in remedy)
