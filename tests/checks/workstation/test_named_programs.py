"""ENV-11: what mends a program that does not get what the profile gets, done as the remedy says."""

from __future__ import annotations

import json

import pytest

from tests.harness import judged
from tests.world_edits import Edit, both, env_file, environment, written

SETTINGS = "~/.claude/settings.json"
NO_KEYS = dict.fromkeys(
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
)
LANGCHAINS = dict.fromkeys(f"BEDROCK_{name}" for name in NO_KEYS if "SECURITY" not in name)


def naming(name: str, edit: Edit) -> Edit:
    """The edit, and the program named by the settings in place of the world's."""
    from dataclasses import replace

    return lambda world: replace(edit(world), settings={"application": {"consumers": [name]}})


def claude(**variables: str) -> Edit:
    env = {"CLAUDE_CODE_USE_BEDROCK": "1", **variables}
    return written(json.dumps({"env": env}, indent=1), of=SETTINGS)


@pytest.mark.parametrize(
    ("world", "program", "before", "cause", "remedy", "mended"),
    [
        pytest.param(
            "reg08-only-aws-region-for-langchain", "langchain-js", environment(), "REG08",
            "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
            both(
                environment(AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1"),
                written("AWS_PROFILE=msh\nAWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1\n"),
            ),
            id="a Region that it does not read",
        ),
        pytest.param(
            "pre16-keys-in-langchains-own-variables", "langchain-js", environment(), "PRE16",
            "unset BEDROCK_AWS_ACCESS_KEY_ID BEDROCK_AWS_SECRET_ACCESS_KEY BEDROCK_AWS_SESSION_TOKEN",
            environment(**LANGCHAINS),
            id="keys that it alone reads",
        ),
        pytest.param(
            "env15-home-in-node-env-file", "javascript-sdk", environment(), "ENV15",
            "# edit ./.env.enterprise line 7: where it is the default place, delete the line",
            env_file(
                ("AWS_CONFIG_FILE=${HOME}/.aws/config\n", ""),
                ("AWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials\n", ""),
            ),
            id="a path that its library does not expand",
        ),
        pytest.param(
            "ok-programs-that-agree", "claude-code", claude(AWS_PROFILE="nobody"), None,
            "# edit ~/.claude/settings.json line 4: delete the line",
            claude(),
            id="a tool's own settings",
        ),
    ],
)  # fmt: skip
def test_what_the_remedy_says_mends_it(
    world: str, program: str, before: Edit, cause: str | None, remedy: str, mended: Edit
) -> None:
    failed = judged(world, only=("ENV-11",), edit=naming(program, before))["ENV-11", program]
    assert failed["status"] == "non_compliant"
    assert cause is None or failed["cause"] == cause
    assert any(line.startswith(remedy) for line in failed["remedy"]), failed["remedy"]
    after = judged(world, only=("ENV-11",), edit=naming(program, both(before, mended)))["ENV-11", program]
    assert after["status"] == "compliant", after["observed"]


@pytest.mark.parametrize("program", ["javascript-sdk", "claude-code", "aws-cli", "dotnet-sdk", "litellm"])
def test_programs_on_a_machine_that_agrees_are_compliant(program: str) -> None:
    found = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming(program, environment()))
    assert found["ENV-11", program]["status"] == "compliant"


def test_a_bad_release_is_named_with_one_that_works() -> None:
    edit = both(
        claude(AWS_REGION="us-west-2"),
        written(json.dumps({"dependencies": {"@anthropic-ai/claude-code": "2"}}), of="./package.json"),
        written('{"version": "2.1.207"}', of="./node_modules/@anthropic-ai/claude-code/package.json"),
    )
    failed = judged("ok-programs-that-agree", only=("ENV-11",), edit=naming("claude-code", edit))[
        "ENV-11", "claude-code"
    ]
    assert failed["status"] == "non_compliant"
    assert "2.1.206 does not" in failed["remedy"][0]
