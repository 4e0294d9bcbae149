"""Who calls, side by side: only where the ways to call differ."""

from __future__ import annotations

from dataclasses import replace

from fixtures.simulation.world import World
from reports.callers import callers
from tests.harness import judged
from tests.world_edits import both, environment

STS = "arn:aws:sts::210987654321:assumed-role/AWSReservedSSO_BedrockDeveloper_"


def told(world: str) -> dict[str, dict[str, str]]:
    return {row["who"]: row for row in callers(judged(world).readings, "msh")}


def test_nothing_is_shown_where_all_agree() -> None:
    assert told("compliant") == {}


def test_stale_keys_in_the_environment_reach_only_who_relies_on_it() -> None:
    rows = told("env01-stale-keys")
    assert rows["boto3 with profile_name"]["provider"] == "sso"
    assert rows["boto3 with profile_name"]["identity"].startswith(STS)
    assert rows["boto3 with the environment"]["provider"] == "env"
    assert rows["boto3 with the environment"]["identity"] in {"InvalidClientTokenId", "ExpiredToken"}
    assert rows["AWS CLI with --profile"]["provider"] == "sso"


def test_a_profile_that_only_the_environment_misses_is_shown() -> None:
    rows = told("env05-empty-profile")
    assert rows["boto3 with the environment"]["provider"] == "ProfileNotFound"
    assert rows["boto3 with profile_name"]["provider"] == "sso"


def test_another_region_is_shown() -> None:
    rows = told("reg01-boto3-takes-the-profiles-region")
    assert rows["boto3 with profile_name"]["region"] != rows["AWS CLI with --profile"]["region"]


def test_what_was_not_read_is_no_difference() -> None:
    found = judged("compliant", only=("CRD-01", "CRD-02")).readings
    names = {reading["name"] for reading in found}
    assert "application" in names and "session" not in names and callers(found, "msh") == []
    rows = callers(judged("env05-empty-profile", only=("CRD-01", "CRD-02")).readings, "msh")
    assert rows[0]["region"] == "not known", "beside a difference it is said"


def test_the_region_is_the_one_that_an_application_gets_and_not_the_one_under_test() -> None:
    """botocore asks AWS_DEFAULT_REGION before it looks into the profile."""
    elsewhere = environment(AWS_DEFAULT_REGION="us-west-2", AWS_REGION="us-east-1")
    rows = callers(judged("compliant", edit=elsewhere).readings, "msh")
    assert [row["region"] for row in rows] == ["us-west-2", "us-west-2", "us-east-1"]


def test_keys_of_the_environment_are_those_of_no_profile() -> None:
    rows = callers(judged("env01-stale-keys", edit=environment(AWS_PROFILE=None)).readings, "msh")
    assert [(row["profile"], row["provider"]) for row in rows[:2]] == [("msh", "sso"), ("default", "env")]


def test_the_auditor_is_not_taken_for_the_profile_under_test() -> None:
    found = judged("enterprise", auditor="auditor", only=("RUN-02", "CRD-01", "CLI-02", "CLI-03", "PRD-09"))
    assert "auditor" in {reading.get("by") for reading in found.readings}
    assert callers(found.readings, "msh") == []


def test_an_api_key_stands_beside_every_caller_since_bedrock_takes_it_from_all() -> None:
    rows = told("env08-empty-bearer")
    assert len(rows) == 3
    assert {row["provider"] for row in rows.values()} == {"sso; for Bedrock AWS_BEARER_TOKEN_BEDROCK"}
    assert all(row["identity"].startswith(STS) for row in rows.values())


def test_a_cli_that_lives_on_its_cache_is_shown_beside_who_has_no_token() -> None:
    rows = told("tok08-cli-lives-on-its-cache")
    assert rows["AWS CLI with --profile"]["identity"].startswith(STS)
    assert rows["boto3 with profile_name"]["identity"] == "TokenRetrievalError"
    assert rows["boto3 with the environment"]["identity"] == "TokenRetrievalError"


def test_another_profile_in_the_environment_is_shown() -> None:
    def edit(world: World) -> World:
        files = dict(world.machine.files)
        config = files["~/.aws/config"]
        own = config.text.partition("[profile msh]")[2].replace("BedrockDeveloper", "Admin")
        files["~/.aws/config"] = replace(config, text=f"{config.text}\n[profile prod]{own}")
        return replace(world, machine=replace(world.machine, files=files))

    found = judged("compliant", edit=both(edit, environment(AWS_PROFILE="prod")))
    rows = {row["who"]: row for row in callers(found.readings, "msh")}
    assert rows["boto3 with the environment"]["provider"] == "sso of profile prod"
    assert rows["boto3 with the environment"]["identity"] == "ForbiddenException"
    assert rows["boto3 with profile_name"]["identity"].startswith(STS)
