"""MDL-12: the models that Claude Code is set to call, judged like the application's, and only where they are this target's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.bedrock_edits import PROFILE_ARN
from tests.harness import judged, says
from tests.world_edits import Edit, both, environment, written

PROFILE = "us.anthropic.claude-sonnet-4-6"
CONFIG = "~/.claude/settings.json"
HERE = {"AWS_PROFILE": "msh", "AWS_REGION": "us-east-1"}


def claude(**variables: str) -> Edit:
    """Claude Code set to call Bedrock as the target does."""
    env = {"CLAUDE_CODE_USE_BEDROCK": "1", **HERE, **variables}
    return written(json.dumps({"env": env}, indent=1), of=CONFIG)


def judge(edit: Edit, variable: str = "ANTHROPIC_MODEL") -> dict[str, object]:
    return dict(judged("compliant", only=("MDL-12",), edit=edit)["MDL-12", variable])


@pytest.mark.parametrize(
    ("text", "cause", "words"),
    [
        ("us.anthropic.claude-sonet-4-6", "MOD02", "us-east-1"),
        ("anthropic.claude-sonnet-4-6", "MOD01", "not ON_DEMAND"),
        ("eu.anthropic.claude-sonnet-4-6", "MOD02", "us-east-1"),
        ("bedrock/converse/us.anthropic.claude-sonnet-4-6", "MOD02", "of none of these forms"),
        (PROFILE_ARN.replace("/", "%2F"), "MOD02", "of none of these forms"),
    ],
)
def test_a_model_that_cannot_be_called_is_named_with_file_line_and_another(
    text: str, cause: str, words: str
) -> None:
    row = judge(claude(ANTHROPIC_MODEL=text))
    assert row["status"] == "non_compliant"
    assert says(row, cause, f"ANTHROPIC_MODEL={text} (~/.claude/settings.json line 6)")
    assert words in str(row["observed"])
    (line,) = row["remedy"]  # type: ignore[misc]
    assert line.startswith("# edit ~/.claude/settings.json line 6: give ANTHROPIC_MODEL")
    mended = judge(claude(ANTHROPIC_MODEL=line.rpartition(" ")[2]))
    assert mended["status"] == "compliant", mended


def test_a_model_at_its_end_is_replaced_by_one_that_lasts() -> None:
    edit = claude(ANTHROPIC_MODEL="anthropic.claude-3-5-sonnet-20241022-v2:0")
    row = judged("mod05-end-of-life", only=("MDL-12",), edit=edit)["MDL-12", "ANTHROPIC_MODEL"]
    assert says(row, "MOD05", "it has reached the end of its life")
    assert "such as us.anthropic.claude-sonnet-" in row["remedy"][-1]


@pytest.mark.parametrize("text", [PROFILE, f"{PROFILE}[1m]"])
def test_a_model_that_can_be_called_is_compliant(text: str) -> None:
    assert judge(claude(ANTHROPIC_MODEL=text))["status"] == "compliant"


def test_a_prompt_router_is_asked_for_as_the_applications_would_be() -> None:
    router = "arn:aws:bedrock:us-east-1:210987654321:default-prompt-router/anthropic.claude:1"
    found = judged("compliant", only=("MDL-12",), edit=claude(ANTHROPIC_MODEL=router))
    assert "bedrock:GetPromptRouter" in {reading["name"] for reading in found.readings}


def test_an_exported_variable_counts_where_no_settings_file_says_otherwise() -> None:
    edit = both(claude(), environment(ANTHROPIC_SMALL_FAST_MODEL="us.anthropic.claude-hiku"))
    row = judge(edit, "ANTHROPIC_SMALL_FAST_MODEL")
    assert says(row, "MOD02", "ANTHROPIC_SMALL_FAST_MODEL=us.anthropic.claude-hiku (from the environment)")
    assert judge(both(edit, claude(ANTHROPIC_SMALL_FAST_MODEL=PROFILE)), "ANTHROPIC_SMALL_FAST_MODEL")[
        "status"
    ] == "compliant"  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        pytest.param(environment(), "neither set to call Bedrock", id="not in use"),
        pytest.param(environment(ANTHROPIC_MODEL="wrong"), "neither set to call Bedrock", id="another's"),
        pytest.param(claude(), "name no model", id="its own default"),
        pytest.param(claude(ANTHROPIC_MODEL="opusplan"), "an alias", id="alias"),
        pytest.param(claude(ANTHROPIC_MODEL="fable"), "an alias", id="alias of a later release"),
        pytest.param(claude(ANTHROPIC_MODEL="sonnet[1m]"), "an alias", id="alias with its suffix"),
        pytest.param(claude(ANTHROPIC_MODEL="claude-opus-4-8"), "Anthropic's own name", id="first party"),
        pytest.param(
            claude(ANTHROPIC_MODEL="eu.anthropic.claude-sonnet-4-6", AWS_REGION="eu-west-1"),
            "not this target", id="another Region",
        ),
        pytest.param(
            both(claude(ANTHROPIC_MODEL="wrong", AWS_PROFILE="other"), environment()), "not this target", id="profile"
        ),
    ],
)  # fmt: skip
def test_what_is_not_this_targets_matter_is_not_judged(edit: Edit, why: str) -> None:
    row = judge(edit)
    assert row["status"] == "not_applicable"
    assert why in str(row["reason"])


@pytest.mark.parametrize("variable", ["ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"])
def test_the_small_model_of_another_region_is_not_judged(variable: str) -> None:
    model = {variable: "eu.anthropic.claude-haiku-4-5"}
    assert judge(claude(**model), variable)["status"] == "non_compliant"
    row = judge(claude(**model, ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION="us-west-2"), variable)
    assert row["status"] == "not_applicable"
    assert "another Region" in str(row["reason"])


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", PROFILE),  # LEGACY Claude 3 Haiku looks most like it
        ("anthropic.claude-3-haiku-20240307-v1:O", "anthropic.claude-3-haiku-20240307-v1:0"),
    ],
)
def test_of_legacy_models_only_the_one_that_was_meant_is_offered(written: str, offered: str) -> None:
    row = judge(claude(ANTHROPIC_SMALL_FAST_MODEL=written), "ANTHROPIC_SMALL_FAST_MODEL")
    assert str(row["remedy"]).endswith(f"such as {offered}']")


def test_a_tool_that_is_named_is_judged_though_nothing_says_that_it_calls_bedrock() -> None:
    edit = both(environment(ANTHROPIC_MODEL="us.anthropic.claude-hiku"), environment(AWS_REGION="us-east-1"))
    named = {"application": {"consumers": ["claude-code"]}}
    assert judge(lambda world: replace(edit(world), settings=named))["status"] == "non_compliant"


def test_nothing_is_asked_where_no_tool_is_in_use() -> None:
    found = judged("compliant", only=("MDL-12",), edit=environment(ANTHROPIC_MODEL="wrong"))
    assert not [reading["name"] for reading in found.readings if ":" in reading["name"]]
