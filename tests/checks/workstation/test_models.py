"""Step 4: what is said of the models that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from fixtures.evidence.models import EMBEDDING, VARIABLES, InferenceProfile, ModelName
from fixtures.evidence.replacements import geographies_of, lies_within, within
from fixtures.settings import ModelSettings, RegionSettings, Settings
from fixtures.simulation.world import World, load_world
from tests.bedrock_edits import (
    ACCOUNT,
    HAIKU,
    LISTING,
    PROFILE,
    PROFILE_ARN,
    READING,
    SONNET,
    TITAN,
    Edit,
    allow,
    both,
    chat,
    deny,
    embedding,
    fault,
    model,
    model_arn,
    policy,
    profile,
    throttled,
    without_env_file,
)
from tests.harness import Judged, judged, with_environment
from tests.world_edits import env_file, environment

GROUP = tuple(f"MDL-{number:02}" for number in range(1, 11))
CHAT, MAIN = "CHAT_MODEL", "BEDROCK_MODEL_ID"
CHATS = (MAIN, CHAT)
GET, GET_PROFILE = "bedrock:GetFoundationModel", "bedrock:GetInferenceProfile"
AVAILABILITY = "bedrock:GetFoundationModelAvailability"
LIST, LIST_PROFILES = "bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"
NOW = load_world("compliant").clock.now
ALL = policy(allow("*"))
"""The role may do everything, so that a model is never hidden by a permission."""


def found(edit: Edit, *, only: tuple[str, ...] = GROUP, **options: Any) -> Judged:
    return judged("compliant", edit=edit, only=only, **options)


def said(row: Mapping[str, Any]) -> tuple[str, str | None]:
    return row["status"], row["cause"]


def statuses(result: Judged, requirement: str) -> dict[str, str]:
    return {case: row["status"] for (known, case), row in result.results.items() if known == requirement}


def sole(edit: Edit, requirement: str, **options: Any) -> Judged:
    """The world's verdict, in which that requirement is the only one with a finding of its own."""
    result = found(edit, **options)
    assert {cause["requirement"] for cause in result.document["root_causes"]} == {requirement}
    return result


def test_the_compliant_worlds_models_meet_all_that_applies() -> None:
    result = found(lambda world: world)
    assert result.with_status("not_applicable") == {
        f"MDL-09 {EMBEDDING}",
        *(f"MDL-10 {variable}" for variable in VARIABLES),
    }
    assert result.document["counts"]["compliant"] == len(result.results) - 4


# ---------------------------------------------------------------------------------------------- the identifier

FORMS = {
    TITAN: ("model", None, TITAN),
    "zai.glm-4.7": ("model", None, "zai.glm-4.7"),
    "deepseek.v3.2": ("model", None, "deepseek.v3.2"),
    PROFILE: ("profile", "us", SONNET),
    f"us-gov.{SONNET}": ("profile", "us-gov", SONNET),
    f"apac.{SONNET}": ("profile", "apac", SONNET),
    f"global.{SONNET}": ("profile", "global", SONNET),
    "us.deepseek.r1-v1:0": ("profile", "us", "deepseek.r1-v1:0"),
    model_arn(TITAN): ("model", None, TITAN),
    f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{PROFILE}": ("profile", "us", SONNET),
    f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/a1b2c3": (
        "application-profile",
        None,
        None,
    ),
    f"arn:aws:bedrock:us-east-1:{ACCOUNT}:provisioned-model/a1b2c3d4e5f6": ("deployment", None, None),
}


@pytest.fixture(scope="module")
def patterns() -> dict[str, str]:
    service = botocore.session.Session().get_service_model("bedrock")
    names = ("GetFoundationModelIdentifier", "InferenceProfileIdentifier")
    return {name: service.shape_for(name).metadata["pattern"] for name in names}


@pytest.mark.parametrize("text", FORMS)
def test_a_name_is_taken_apart(text: str, patterns: dict[str, str]) -> None:
    name = ModelName.of(text)
    assert (name.kind, name.geography, name.base) == FORMS[text]
    assert name.well_formed(patterns)


@pytest.mark.parametrize(
    "text",
    [
        "Claude 3.5 Sonnet",
        "claude-sonnet-4-6",
        f"{SONNET} # the chat model",
        f'"{SONNET}"',
        "Anthropic.Claude-Sonnet-4-6",
        f"us.{SONNET} ",
        "https://bedrock.us-east-1.amazonaws.com/model/x",
        "arn:aws:bedrock:us-east-1::foundation-model",
        PROFILE_ARN.replace(ACCOUNT, ""),
        "arn:aws:bedrock:us-east-1::application-inference-profile/a1b2c3d4e5f6",
    ],
)
def test_what_is_no_identifier_is_malformed(text: str, patterns: dict[str, str]) -> None:
    assert not ModelName.of(text).well_formed(patterns)


def test_a_malformed_identifier_blocks_all_else_about_the_model() -> None:
    result = sole(chat("claude-sonnet-4-6"), "MDL-01")
    for variable, line in zip(CHATS, (16, 18), strict=True):
        row = result["MDL-01", variable]
        assert said(row) == ("non_compliant", "MOD02")
        assert row["observed"].startswith(f"{variable}=claude-sonnet-4-6 (./.env.enterprise line {line})")
    assert result["MDL-01", EMBEDDING]["status"] == "compliant"
    assert row["remedy"][:2] == [
        f"# edit ./.env.enterprise line {line}: set {variable} to an ID that the Region lists, such as {PROFILE}"
        for variable, line in zip(CHATS, (16, 18), strict=True)
    ]
    assert {result[f"MDL-0{n}", CHAT]["behind"] for n in (2, 3, 4, 5)} == {"MDL-01"}
    assert result["MDL-06"]["behind"] == "MDL-01"
    asked = {reading["params"].get("modelIdentifier") for reading in result.readings}
    assert "claude-sonnet-4-6" not in asked
    assert result.root_causes == ["MDL-01 MOD02"]


@pytest.mark.parametrize(
    "text",
    [
        "bedrock/us.anthropic.claude-sonnet-4-6",
        "claude-sonnet-4-6[1m]",
        "Claude Sonnet 4.6",
        "us.anthropic.claude sonnet 4.6",
        PROFILE_ARN.replace("/", "%2F"),
        PROFILE_ARN.replace(ACCOUNT, ""),
    ],
)
def test_a_name_as_others_write_it_is_given_back_as_the_account_lists_it(text: str) -> None:
    row = found(chat(text), only=("MDL-01",))["MDL-01", CHAT]
    assert row["remedy"][1].endswith(f"such as {PROFILE}")


def test_an_arn_that_is_escaped_as_for_an_address_is_given_back_as_it_is() -> None:
    """So it stands in settings from before Claude Code 0.2.125; nobody lists what has that name."""
    own = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc123xyz"
    made = both(
        profile("abc123xyz", regions=("us-east-1",), type="APPLICATION"),
        policy(allow(["bedrock:Get*", "bedrock:List*"])),
    )
    row = found(both(made, chat(own.replace("/", "%2F"))), only=("MDL-01",))["MDL-01", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert row["remedy"][1].endswith(f"such as {own}")
    assert found(both(made, chat(own)), only=("MDL-01", "MDL-02")).root_causes == []


def test_an_identifier_in_capitals_is_given_back_as_it_should_be() -> None:
    row = found(embedding("Amazon.Titan-Embed-Text-v2:0"), only=("MDL-01",))["MDL-01", EMBEDDING]
    assert row["remedy"][0] == (
        f"# edit ./.env.enterprise line 17: set {EMBEDDING} to an ID that the Region lists, such as {TITAN}"
    )


def test_only_what_the_lists_have_is_offered_for_an_identifier_where_they_were_read() -> None:
    slip = "us.anthropic.claude opus 4.9"
    row = found(chat(slip), only=("MDL-01",))["MDL-01", CHAT]
    assert row["remedy"][0] == f"# edit ./.env.enterprise line 16: give {MAIN} the ID as Bedrock lists it:"
    unread = found(both(ALL, throttled(LIST, LIST_PROFILES), chat(slip)), only=("MDL-01",))["MDL-01", CHAT]
    assert unread["remedy"][0].endswith("such as us.anthropic.claude-opus-4.9")


def test_the_end_of_an_arn_alone_is_sent_to_the_list_that_has_what_the_account_has_made() -> None:
    row = found(chat("a1b2c3d4e5f6"), only=("MDL-01",))["MDL-01", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert any("--type-equals APPLICATION" in line for line in row["remedy"])


def test_without_an_environment_file_the_settings_models_are_judged() -> None:
    wanted = Settings(models=ModelSettings(chat="claude!", embedding=TITAN))
    row = found(without_env_file, only=("MDL-01",), settings=wanted)["MDL-01", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert "CHAT_MODEL=claude! ([models] chat of compliance.toml)" in row["observed"]
    assert row["remedy"][0] == "# edit compliance.toml: give [models] chat the ID as Bedrock lists it:"
    assert not any(".env.enterprise" in line for line in row["remedy"])


@pytest.mark.parametrize(
    ("asked", "cause", "chat_model", "embedding_model"),
    [
        ("MDL-01", "MOD02", PROFILE, "Amazon.Titan-Embed-Text-v2:0"),
        ("MDL-02", "MOD02", PROFILE, "amazon.titan-embed-txt-v2:0"),
        ("MDL-05", "MOD01", SONNET, TITAN),
    ],
)
def test_a_model_of_the_settings_is_mended_in_the_file_and_line_that_name_it(
    tmp_path: Path, asked: str, cause: str, chat_model: str, embedding_model: str
) -> None:
    file = tmp_path / "prod.toml"
    file.write_text(f'[models]\nembedding = "{embedding_model}"\n\nchat = "{chat_model}"\n', encoding="utf-8")
    case, key, line = (CHAT, "chat", 4) if asked == "MDL-05" else (EMBEDDING, "embedding", 2)
    row = found(without_env_file, only=(asked,), settings=Settings.load(file))[asked, case]
    assert said(row) == ("non_compliant", cause)
    assert f"([models] {key} of {file} line {line})" in row["observed"]
    mend, *others = row["remedy"]
    assert mend.startswith(f"# edit {file} line {line}: set [models] {key} to ")
    assert not any("edit" in other for other in others)
    # The line that it names, with what it says there.
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = f'{key} = "{mend.rpartition(" ")[2]}"'
    file.write_text("\n".join(lines), encoding="utf-8")
    assert found(without_env_file, settings=Settings.load(file)).root_causes == []


def test_a_model_is_mended_in_the_environment_file_that_names_it_whatever_the_settings_have(
    tmp_path: Path,
) -> None:
    file = tmp_path / "compliance.toml"
    file.write_text(f'[models]\nchat = "{PROFILE}"\nembedding = "{TITAN}"\n', encoding="utf-8")
    row = found(chat("us.anthropic.claude-sonet-4-6"), only=("MDL-02",), settings=Settings.load(file))
    assert row["MDL-02", CHAT]["remedy"][0].startswith("# edit ./.env.enterprise line ")


def test_a_variable_of_the_process_needs_no_environment_file() -> None:
    row = found(lambda world: with_environment(without_env_file(world), CHAT_MODEL="nonsense"))[
        "MDL-01", CHAT
    ]
    assert (*said(row), row["behind"]) == ("non_compliant", "MOD02", None)
    assert row["observed"].startswith("CHAT_MODEL=nonsense (from the environment)")


def test_a_variable_of_the_process_counts_before_the_files() -> None:
    row = found(lambda world: with_environment(world, CHAT_MODEL="nonsense"), only=("MDL-01",))[
        "MDL-01", CHAT
    ]
    assert row["observed"].startswith("CHAT_MODEL=nonsense (from the environment)")


# ----------------------------------------------------------------------------------------------- MDL-02, exists


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("us.anthropic.claude-sonet-4-6", PROFILE),
        (f"eu.{SONNET}", PROFILE),
        ("anthropic.claude-sonnet-46", PROFILE),
        ("us.anthropic.claude-sonnet-5-0", "us.anthropic.claude-sonnet-5"),
    ],
)
def test_an_identifier_that_the_region_has_not_is_named_with_the_nearest_that_it_has(
    wrong: str, right: str
) -> None:
    result = sole(chat(wrong), "MDL-02")
    row = result["MDL-02", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert row["observed"].startswith(f"CHAT_MODEL={wrong} (./.env.enterprise line 18): none of the ")
    assert row["remedy"][1] == (
        f"# edit ./.env.enterprise line 18: set CHAT_MODEL to an ID that the Region lists, such as {right}"
    )
    assert result.root_causes == ["MDL-02 MOD02"]


def test_a_misspelt_embedding_model_gets_an_embedding_model_as_candidate() -> None:
    row = sole(embedding("amazon.titan-embed-txt-v2:0"), "MDL-02")["MDL-02", EMBEDDING]
    assert row["remedy"][0].endswith(f"such as {TITAN}")


def test_an_arn_of_another_region_does_not_resolve_here() -> None:
    row = found(both(ALL, embedding(model_arn(TITAN, "us-west-2"))))["MDL-02", EMBEDDING]
    assert said(row) == ("non_compliant", "MOD02")
    assert row["observed"].endswith("an ARN of us-west-2, and the Region is us-east-1")


def test_an_application_profile_of_another_region_is_called_there_or_made_here() -> None:
    """No model of this Region's lists stands in its place: it is there to count somebody's costs."""

    def own(region: str) -> str:
        return f"arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/abc123xyz"

    made = profile("abc123xyz", regions=("us-east-1", "us-west-2"), type="APPLICATION")
    result = found(both(ALL, made, chat(own("us-west-2"))))
    row = result["MDL-02", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert row["remedy"][0].startswith("# call Bedrock in us-west-2, where it is")
    assert row["remedy"][-1].startswith(
        "aws bedrock list-inference-profiles --type-equals APPLICATION --region us-west-2"
    )
    assert not any("an ID that the Region lists" in line for line in row["remedy"])
    assert found(both(ALL, made, chat(own("us-east-1")))).root_causes == []


@pytest.mark.parametrize("account", [ACCOUNT, "111122223333"])
def test_an_application_profile_that_is_none_of_the_accounts_is_sought_among_those_that_it_has_made(
    account: str,
) -> None:
    named = f"arn:aws:bedrock:us-east-1:{account}:application-inference-profile/zzz123zzz123"
    row = found(both(ALL, chat(named)))["MDL-02", CHAT]
    assert said(row) == ("non_compliant", "MOD02")
    assert ("111122223333" in row["remedy"][0]) is (account != ACCOUNT)
    assert ("the caller is of account" in row["observed"]) is (account != ACCOUNT)
    assert "inference profiles that us-east-1 lists" not in row["observed"]
    assert f"# edit ./.env.enterprise line 18: give {CHAT} the whole ARN" in " ".join(row["remedy"])
    assert row["remedy"][-1].startswith("aws bedrock list-inference-profiles --type-equals APPLICATION")
    own = profile("abc123xyz", regions=("us-east-1", "us-west-2"), type="APPLICATION")
    listed = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc123xyz"
    assert found(both(ALL, own, chat(listed))).root_causes == []


def test_where_nothing_can_be_listed_bedrocks_own_refusal_decides() -> None:
    unlisted = both(ALL, throttled(LIST, LIST_PROFILES), embedding("amazon.titan-embed-txt-v2:0"))
    row = found(unlisted)["MDL-02", EMBEDDING]
    assert said(row) == ("non_compliant", "MOD02")
    assert "ValidationException: The provided model identifier is invalid." in row["observed"]
    assert row["remedy"][0].endswith(f"set {EMBEDDING} to an ID that the Region lists")


def test_a_model_that_may_be_neither_read_nor_listed_is_not_said_to_be_missing() -> None:
    result = found(policy(allow(["bedrock:InvokeModel*"])))
    assert set(statuses(result, "MDL-02").values()) == {"blocked"}
    assert result["MDL-02", CHAT]["behind"] == "IAM-01"
    unsimulated = found(both(throttled(*READING), ALL))
    assert set(statuses(unsimulated, "MDL-02").values()) == {"inconclusive"}


def test_a_deployment_of_the_account_is_not_looked_into() -> None:
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:provisioned-model/a1b2c3d4e5f6"
    result = found(embedding(arn))
    assert statuses(result, "MDL-01")[EMBEDDING] == "compliant"
    assert statuses(result, "MDL-05")[EMBEDDING] == "compliant"
    assert statuses(result, "MDL-02")[EMBEDDING] == "inconclusive"
    assert result.root_causes == []


# ------------------------------------------------------------------------------------- MDL-03 and MDL-04, lasts

OLD = "anthropic.claude-3-5-sonnet-20241022-v2:0"


def old(**changes: Any) -> Edit:
    """The guide's chat model configured, and known to Bedrock."""
    described = {
        "name": "Claude 3.5 Sonnet v2",
        "inference_types": ("ON_DEMAND",),
        "status": "LEGACY",
        "end_of_life": NOW - timedelta(days=100),
        **changes,
    }
    return both(ALL, chat(OLD), model(OLD, **described))


def test_a_model_past_its_end_of_life_is_one_root_cause_and_blocks_all_else_about_it() -> None:
    result = sole(
        old(), "MDL-03", only=(*GROUP, "IAM-01", "IAM-02", "IAM-04", "IAM-06", "INV-01"), probe=True
    )
    row = result["MDL-03", CHAT]
    assert said(row) == ("non_compliant", "MOD05")
    assert (
        row["observed"] == f"CHAT_MODEL={OLD} (./.env.enterprise line 18): it has reached the end of its life"
    )
    assert (
        row["expected"]
        == "an ACTIVE model, such as us.anthropic.claude-sonnet-5, us.anthropic.claude-sonnet-4-6"
    )
    assert row["remedy"][:2] == [
        f"# edit ./.env.enterprise line {line}: set {variable} to an active model, such as "
        "us.anthropic.claude-sonnet-5, and test the application with it"
        for variable, line in zip(CHATS, (16, 18), strict=True)
    ]
    for requirement in ("MDL-02", "MDL-04", "MDL-05", "MDL-09", "IAM-04", "IAM-06"):
        assert result[requirement, CHAT]["behind"] == "MDL-03", requirement
        assert result[requirement, EMBEDDING]["status"] != "blocked", requirement
    assert {
        result["MDL-08", f"{CHAT}-{what}"]["behind"] for what in ("region", "agreement", "entitlement")
    } == {"MDL-03"}
    assert result["MDL-06"]["behind"] == "MDL-03"
    assert result["INV-01"]["behind"] == "MDL-03"
    assert len(result.root_causes) == 1


def test_a_denial_on_a_model_that_has_ended_is_not_another_fault() -> None:
    edit = both(
        old(),
        policy(allow(READING), allow("bedrock:Invoke*", f"arn:aws:bedrock:*::foundation-model/{TITAN}")),
    )
    result = found(edit, only=("MDL-03", "IAM-01"))
    assert result["IAM-01", f"InvokeModel-{CHAT}"]["behind"] == "MDL-03"
    assert result.root_causes == ["MDL-03 MOD05"]


@pytest.mark.parametrize("days", [365, 91])
def test_a_legacy_model_with_time_to_go_is_a_finding_though_it_lasts_long_enough(days: int) -> None:
    result = sole(old(end_of_life=NOW + timedelta(days=days, hours=1)), "MDL-03")
    assert said(result["MDL-03", CHAT]) == ("non_compliant", "MOD05")
    assert (
        f"it is LEGACY, end of life {NOW + timedelta(days=days):%Y-%m-%d}"
        in result["MDL-03", CHAT]["observed"]
    )
    assert result["MDL-04", CHAT]["status"] == "compliant"


def test_a_legacy_model_without_a_date_is_a_finding_too() -> None:
    result = sole(old(end_of_life=None), "MDL-03")
    assert result["MDL-03", CHAT]["observed"].endswith("it is LEGACY")
    assert result["MDL-04", CHAT]["status"] == "compliant"


def test_a_legacy_model_that_ends_soon_fails_both_and_is_one_root_cause() -> None:
    result = found(old(end_of_life=NOW + timedelta(days=30)))
    assert result["MDL-04", CHAT]["status"] == "non_compliant"
    assert result.root_causes == ["MDL-03 MOD05"]


@pytest.mark.parametrize(("days", "status"), [(90, "non_compliant"), (91, "compliant")])
def test_an_active_model_has_to_last_more_than_ninety_days(days: int, status: str) -> None:
    result = found(old(status="ACTIVE", end_of_life=NOW + timedelta(days=days)))
    assert result["MDL-03", CHAT]["status"] == "compliant"
    row = result["MDL-04", CHAT]
    assert row["status"] == status
    if status == "non_compliant":
        assert row["cause"] == "MOD05"
        assert "in 90 days, and more than 90 are wanted" in row["observed"]


def test_how_long_a_model_has_to_last_can_be_set() -> None:
    wanted = Settings(models=ModelSettings(minimum_days_to_end_of_life=10))
    result = found(
        old(status="ACTIVE", end_of_life=NOW + timedelta(days=30)), only=("MDL-04",), settings=wanted
    )
    assert result["MDL-04", CHAT]["status"] == "compliant"


def test_candidates_are_what_the_account_lists_and_can_be_called() -> None:
    newest = both(
        old(),
        model("anthropic.claude-opus-9", start_of_life=NOW, inference_types=("INFERENCE_PROFILE",)),
        model("anthropic.claude-haiku-9", start_of_life=NOW, inference_types=("ON_DEMAND",)),
        model("anthropic.claude-sonnet-9", start_of_life=NOW, inference_types=("PROVISIONED",)),
        model("anthropic.claude-sonnet-8", status="LEGACY", inference_types=("ON_DEMAND",)),
        model("meta.llama9", provider="Meta", start_of_life=NOW),
    )
    expected = found(newest, only=("MDL-03",))["MDL-03", CHAT]["expected"]
    assert expected == (
        "an ACTIVE model, such as us.anthropic.claude-sonnet-5, us.anthropic.claude-sonnet-4-6, anthropic.claude-haiku-9"
    )


def test_candidates_keep_to_the_residency_rule() -> None:
    settings = Settings(regions=RegionSettings(residency="eu"))
    row = found(old(), only=("MDL-03",), settings=settings)["MDL-03", CHAT]
    assert row["expected"] == "an ACTIVE model"
    assert "to an active model, and test" in row["remedy"][0]


def test_where_profiles_cannot_be_listed_the_regions_own_is_taken_to_exist() -> None:
    row = found(both(old(), throttled(LIST_PROFILES)), only=("MDL-03",))["MDL-03", CHAT]
    assert "such as us.anthropic.claude-sonnet-5" in row["expected"]


def test_what_cannot_be_read_of_a_model_is_taken_from_the_listing() -> None:
    denied = policy(deny([GET, GET_PROFILE]), name="NoGet")
    assert found(denied).root_causes == []
    assert set(statuses(found(denied), "MDL-03").values()) == {"compliant"}
    assert said(found(both(old(end_of_life=None), denied))["MDL-03", CHAT]) == ("non_compliant", "MOD05")


def test_a_model_that_can_be_neither_read_nor_found_in_a_listing_is_not_judged() -> None:
    result = found(throttled(GET, LIST))
    for requirement in ("MDL-03", "MDL-04"):
        assert set(statuses(result, requirement).values()) == {"inconclusive"}
    assert "ThrottlingException" in result["MDL-03", CHAT]["reason"]
    assert result["MDL-06"]["status"] == "inconclusive"


# -------------------------------------------------------------------------------- MDL-05 to MDL-07, is it right


def test_a_bare_id_that_is_not_on_demand_is_given_its_profile() -> None:
    result = sole(chat(SONNET), "MDL-05")
    row = result["MDL-05", MAIN]
    assert said(row) == ("non_compliant", "MOD01")
    assert row["observed"] == (
        f"{MAIN}={SONNET} (./.env.enterprise line 16): a bare ID, and the model supports INFERENCE_PROFILE, not ON_DEMAND"
    )
    assert row["expected"] == f"an inference profile for {SONNET}, such as {PROFILE}, global.{SONNET}"
    assert row["remedy"] == [
        f"# edit ./.env.enterprise line 16: set BEDROCK_MODEL_ID to the inference profile {PROFILE}",
        f"# edit ./.env.enterprise line 18: set CHAT_MODEL to the inference profile {PROFILE}",
        "# all that there are:",
        "aws bedrock list-inference-profiles --region us-east-1 --profile msh",
    ]
    assert result["MDL-05", EMBEDDING]["status"] == "compliant"
    assert result.root_causes == ["MDL-05 MOD01"]


WORLDWIDE = f"global.{SONNET} (a global profile: what it is asked may go to any commercial Region)"


def without_profiles(*identifiers: str) -> Edit:
    return lambda world: replace(
        world,
        inference_profile=tuple(each for each in world.inference_profile if each.id not in identifiers),
    )


def scripted(result: Judged, requirement: str) -> bool:
    """Whether a script mends what the requirement says of the chat model."""
    return any(row["fix"] for row in result.rows if (row["requirement"], row["case"]) == (requirement, CHAT))


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("MDL-05", SONNET),
        ("MDL-02", f"eu.{SONNET}"),
        ("MDL-01", f"bedrock/us.{SONNET}"),
    ],
)
def test_a_global_profile_that_nobody_named_is_offered_with_where_it_leads_and_by_no_script(
    requirement: str, named: str
) -> None:
    """eu. may be there for the sake of where prompts go."""
    alone = found(both(ALL, without_profiles(PROFILE, f"eu.{SONNET}"), chat(named)))
    assert alone[requirement, CHAT]["remedy"][1].endswith(WORLDWIDE)
    assert not scripted(alone, requirement)
    # With one nearer by, or where a global one was meant, nothing is said.
    near = found(both(ALL, chat(named)))
    assert "any commercial Region" not in " ".join(near[requirement, CHAT]["remedy"])
    assert scripted(near, requirement) is (requirement == "MDL-05")
    meant = found(both(ALL, without_profiles(PROFILE), chat("global.anthropic.claude-sonet-4-6")))
    assert meant["MDL-02", CHAT]["remedy"][1].endswith(f"such as global.{SONNET}")


def test_ways_to_call_that_the_sdk_has_not_heard_of_do_no_harm() -> None:
    assert found(model(TITAN, inference_types=("NEW", "ON_DEMAND"))).root_causes == []
    row = found(model(TITAN, inference_types=("NEW",)))["MDL-05", EMBEDDING]
    assert said(row) == ("non_compliant", "MOD01")


def test_a_model_of_which_bedrock_does_not_say_how_it_is_called_is_not_judged() -> None:
    assert (
        found(model(TITAN, inference_types=()), only=("MDL-05",))["MDL-05", EMBEDDING]["status"]
        == "inconclusive"
    )


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"streaming": False}, "it outputs TEXT and does not stream"),
        ({"output": ("IMAGE",)}, "it outputs IMAGE and streams"),
    ],
)
def test_a_chat_model_has_to_stream_text(changes: dict[str, Any], observed: str) -> None:
    row = sole(model(SONNET, **changes), "MDL-06")["MDL-06"]
    assert said(row) == ("non_compliant", None)
    assert row["observed"].endswith(observed)
    assert row["expected"] == "a model that outputs TEXT and streams"
    assert row["remedy"][0].endswith("such as us.anthropic.claude-sonnet-5")
    assert "CHAT_MODEL" in row["remedy"][1]


def test_an_embedding_model_has_to_embed() -> None:
    row = sole(both(ALL, embedding(PROFILE)), "MDL-07")["MDL-07"]
    assert said(row) == ("non_compliant", None)
    assert row["observed"].endswith("it outputs TEXT")
    assert row["expected"] == "a model that outputs EMBEDDING"
    assert row["remedy"] == [
        f"# edit ./.env.enterprise line 17: give {EMBEDDING} an embedding model, such as cohere.embed-v4:0"
    ]


@pytest.mark.parametrize(("requirement", "base"), [("MDL-06", SONNET), ("MDL-07", TITAN)])
def test_a_model_that_does_not_say_what_it_outputs_is_not_judged(requirement: str, base: str) -> None:
    assert found(model(base, output=()), only=(requirement,))[requirement]["status"] == "inconclusive"


# ---------------------------------------------------------------------------------------- MDL-08, available here


@pytest.mark.parametrize(
    ("what", "changes", "value"),
    [
        ("region", {"region_availability": "NOT_AVAILABLE"}, "NOT_AVAILABLE"),
        ("entitlement", {"entitlement": "NOT_AVAILABLE"}, "NOT_AVAILABLE"),
        ("agreement", {"agreement": "NOT_AVAILABLE"}, "NOT_AVAILABLE"),
        ("agreement", {"agreement": "ERROR"}, "ERROR"),
    ],
)
def test_what_is_not_available_of_a_model_is_named(what: str, changes: dict[str, Any], value: str) -> None:
    result = sole(model(TITAN, **changes), "MDL-08")
    row = result["MDL-08", f"{EMBEDDING}-{what}"]
    assert said(row) == ("non_compliant", "MOD03")
    assert row["observed"] == f"{EMBEDDING}: {what} of {TITAN} is {value}"
    # What a Region does not have, no administrator opens there.
    opens = row["remedy"][0].startswith(f"# an administrator of account {ACCOUNT} enables {TITAN}")
    assert opens == (what != "region")
    others = {"region", "agreement", "entitlement"} - {what}
    assert {result["MDL-08", f"{EMBEDDING}-{other}"]["status"] for other in others} == {"compliant"}


def test_a_model_that_the_region_has_not_is_named_otherwise_unless_it_answers() -> None:
    without, case = model(SONNET, region_availability="NOT_AVAILABLE"), ("MDL-08", "CHAT_MODEL-region")
    row = found(without, only=("MDL-08",))[case]
    assert "has anthropic.claude-sonnet-4-6 for no account in us-east-1" in row["remedy"][0]
    other = row["remedy"][1].partition("set BEDROCK_MODEL_ID to ")[2]
    assert other and not other.endswith("anthropic.claude-sonnet-4-6")
    lines = ("BEDROCK_MODEL_ID=us.anthropic.claude-sonnet-4-6", "CHAT_MODEL=us.anthropic.claude-sonnet-4-6")
    mended = both(without, env_file(*((line, f"{line.partition('=')[0]}={other}") for line in lines)))
    assert found(mended, only=("MDL-08",))[case]["status"] == "compliant"
    # What has answered is available, whatever is said of it.
    answered = judged("compliant", edit=without, only=("MDL-08", "INV-01"), probe=True)
    assert (answered["INV-01"]["status"], answered[case]["status"]) == ("compliant", "compliant")


@pytest.mark.parametrize(
    ("identifier", "regions", "status"),
    [
        (f"us.{SONNET}", ("us-east-2", "us-west-2"), "compliant"),
        (f"us.{SONNET}", ("us-east-1", "us-west-2"), "non_compliant"),
        (f"global.{SONNET}", ("", "us-east-1"), "compliant"),
    ],
)
def test_what_the_region_has_decides_nothing_of_a_profile_that_leads_to_others(
    identifier: str, regions: tuple[str, ...], status: str
) -> None:
    listed = both(profile(identifier, regions=regions, sources=("us-east-1",)), chat(identifier))
    result = found(both(listed, model(SONNET, region_availability="NOT_AVAILABLE")), only=("MDL-08",))
    assert result["MDL-08", "CHAT_MODEL-region"]["status"] == status


def test_both_chat_variables_are_one_root_cause() -> None:
    assert found(model(SONNET, entitlement="NOT_AVAILABLE")).root_causes == ["MDL-08 MOD03"]


def account(**changes: Any) -> Edit:
    def edit(world: World) -> World:
        return replace(world, account=replace(world.account, **changes))

    return edit


MARKET = policy(allow("aws-marketplace:*"), name="Market")
READ_FORM = policy(allow("bedrock:GetUseCaseForModelAccess"), name="Form")


@pytest.mark.parametrize(
    ("edits", "cause", "words"),
    [
        ((READ_FORM, account(use_case_form=False)), "MOD04", "the use-case form has not been submitted"),
        ((READ_FORM, MARKET), "MOD03", "is NOT_AVAILABLE"),
        ((MARKET,), "MOD04", "whether the use-case form was submitted could not be read"),
    ],
    ids=["missing", "submitted", "unknown"],
)
def test_anthropics_form_is_told_from_a_missing_agreement(
    edits: tuple[Edit, ...], cause: str, words: str
) -> None:
    result = found(both(model(SONNET, agreement="NOT_AVAILABLE", entitlement="NOT_AVAILABLE"), *edits))
    for what in ("agreement", "entitlement"):
        assert said(result["MDL-08", f"{CHAT}-{what}"]) == ("non_compliant", cause)
    observed = result["MDL-08", f"{CHAT}-agreement"]["observed"]
    assert words in observed and observed.count("form") == words.count("form")
    assert result.root_causes == [f"MDL-08 {cause}"]
    row = result["MDL-08", f"{CHAT}-agreement"]
    # Nobody says that a form is missing who could not read it: the first call may make the agreement.
    unknown = "could not be read" in words
    assert ("is not known" in row["title"]) == unknown
    assert any("the first call by somebody who may subscribe" in line for line in row["remedy"]) == unknown


@pytest.mark.parametrize("missing", [{"agreement": "NOT_AVAILABLE"}, {"entitlement": "NOT_AVAILABLE"}])
@pytest.mark.parametrize(("world", "linked"), [("ok-govcloud", True), ("compliant", False)])
def test_in_govcloud_the_linked_account_makes_the_agreement(
    missing: dict[str, str], world: str, linked: bool
) -> None:
    result = judged(world, edit=both(model(SONNET, **missing), MARKET, READ_FORM), only=("IAM-06", "MDL-08"))
    assert result.root_causes == ["MDL-08 MOD03"]
    (cause,) = result.document["root_causes"]
    assert ("the standard AWS account that account" in cause["remedy"][0]) == linked
    assert ("Model catalog" in cause["remedy"][0]) == (not linked)


def test_in_govcloud_no_right_to_subscribe_is_asked_for() -> None:
    result = judged("ok-govcloud", edit=model(SONNET, agreement="NOT_AVAILABLE"))
    assert result.root_causes == ["MDL-08 MOD03"]
    assert result["IAM-06", CHAT]["status"] == "not_applicable"
    waits = judged("ok-govcloud", edit=model(SONNET, agreement="PENDING"), only=("MDL-08",))
    assert "is being made: wait 15 minutes" in waits["MDL-08", f"{CHAT}-agreement"]["remedy"][0]


def test_nothing_of_what_the_form_says_is_kept() -> None:
    result = found(both(model(SONNET, agreement="NOT_AVAILABLE"), READ_FORM, MARKET))
    (reading,) = [r for r in result.readings if r["name"] == "bedrock:GetUseCaseForModelAccess"]
    assert reading["value"] == {"submitted": True}


def test_the_form_is_asked_for_only_where_an_agreement_is_missing() -> None:
    names = {reading["name"] for reading in found(READ_FORM).readings}
    assert "bedrock:GetUseCaseForModelAccess" not in names


def test_authorization_status_is_advice() -> None:
    result = found(
        both(model(SONNET, authorization="NOT_AUTHORIZED"), model(TITAN, authorization="NOT_AUTHORIZED"))
    )
    assert set(statuses(result, "MDL-08").values()) == {"compliant"}


def test_availability_that_may_not_be_read_names_the_action() -> None:
    result = found(policy(deny(AVAILABILITY), name="No"), only=("MDL-08",))
    assert set(statuses(result, "MDL-08").values()) == {"inconclusive"}
    assert result["MDL-08", f"{CHAT}-region"]["missing_actions"] == [AVAILABILITY]


# ------------------------------------------------------------------------------------------ MDL-09, the profile


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"status": "INACTIVE"}, f"it is INACTIVE and contains {SONNET}"),
        ({"model": "anthropic.claude-sonnet-5"}, "it is ACTIVE and contains anthropic.claude-sonnet-5"),
    ],
)
def test_a_profile_has_to_be_active_and_for_its_model(changes: dict[str, Any], observed: str) -> None:
    result = found(both(ALL, profile(PROFILE, **changes)))
    row = result["MDL-09", CHAT]
    assert said(row) == ("non_compliant", None)
    assert row["observed"].endswith(observed)
    assert row["remedy"][0].endswith(f"such as {WORLDWIDE}")
    assert result["MDL-09", EMBEDDING]["status"] == "not_applicable"


def test_an_application_profile_is_whatever_model_it_contains() -> None:
    result = judged("ok-application-inference-profile", only=("MDL-09",))
    assert result["MDL-09", CHAT]["status"] == "compliant"
    renamed = judged(
        "ok-application-inference-profile",
        only=("MDL-09",),
        edit=both(ALL, profile("a1b2c3d4e5f6", status="INACTIVE")),
    )
    assert renamed["MDL-09", CHAT]["status"] == "non_compliant"


def test_a_profile_that_cannot_be_read_is_not_judged() -> None:
    result = found(throttled(GET_PROFILE, LIST_PROFILES), only=("MDL-09",))
    assert result["MDL-09", CHAT]["status"] == "inconclusive"


# --------------------------------------------------------------------------------------------- MDL-10, residency


def resident(geography: str) -> Settings:
    return Settings(regions=RegionSettings(residency=geography))


@pytest.mark.parametrize(
    ("identifier", "geography", "status"),
    [
        (PROFILE, "us", "compliant"),
        (PROFILE, "US ", "compliant"),
        (PROFILE, "eu", "non_compliant"),
        (f"global.{SONNET}", "us", "non_compliant"),
        (f"us-gov.{SONNET}", "us", "non_compliant"),
        (HAIKU, "us", "compliant"),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/eu.{SONNET}", "us", "non_compliant"),
    ],
)
def test_a_residency_rule_is_about_where_requests_go(identifier: str, geography: str, status: str) -> None:
    result = found(chat(identifier), only=("MDL-10",), settings=resident(geography))
    row = result["MDL-10", CHAT]
    assert row["status"] == status
    if status == "non_compliant":
        assert (
            f"CHAT_MODEL={identifier} (./.env.enterprise line 18): it sends requests to geography "
            in row["observed"]
        )
        assert row["remedy"][1].endswith(f"such as {geography}.{SONNET}")
    assert {reading["name"] for reading in result.readings if ":" in reading["name"]} == set()


@pytest.mark.parametrize(("geography", "status"), [("us", "compliant"), ("eu", "non_compliant")])
def test_an_application_profile_goes_where_its_destinations_are(geography: str, status: str) -> None:
    result = judged("ok-application-inference-profile", only=("MDL-10",), settings=resident(geography))
    row = result["MDL-10", CHAT]
    assert row["status"] == status
    if status == "non_compliant":
        assert row["observed"].endswith("it sends requests to us-east-1, us-east-2, us-west-2")
        # Which model it is of was not asked: no other profile of it can be named.
        assert row["remedy"][-1].endswith("give CHAT_MODEL an inference profile of the permitted geography")


@pytest.mark.parametrize(
    ("region", "identifier", "residency", "status"),
    [
        ("ap-southeast-2", "au", "apac", "compliant"),
        ("ap-northeast-1", "jp", "apac", "compliant"),
        ("ap-southeast-2", "apac", "au", "non_compliant"),
        ("ap-southeast-2", "us", "apac", "non_compliant"),
        ("us-gov-west-1", "us-gov", "us", "non_compliant"),
    ],
)
def test_a_geography_that_lies_in_the_permitted_one_stays_there(
    region: str, identifier: str, residency: str, status: str
) -> None:
    edit = both(chat(f"{identifier}.{SONNET}"), profile(f"{identifier}.{SONNET}", model=SONNET))
    row = found(edit, only=("MDL-10",), settings=resident(residency))["MDL-10", CHAT]
    assert row["status"] == status
    assert lies_within(identifier, residency) == (status == "compliant")
    assert all(within(each, region) for each in geographies_of(region))


def test_a_remedy_under_a_residency_rule_names_the_regions_own_geography() -> None:
    at_sydney = both(
        environment(AWS_REGION="ap-southeast-2", AWS_DEFAULT_REGION="ap-southeast-2"),
        env_file(("us-east-1", "ap-southeast-2")),
        env_file(("region = us-east-1\noutput", "region = ap-southeast-2\noutput"), of="~/.aws/config"),
        model(TITAN, regions=("ap-southeast-2",)),
        model(SONNET, regions=("ap-southeast-2", "ap-southeast-4")),
        profile(f"au.{SONNET}", model=SONNET, regions=("ap-southeast-2", "ap-southeast-4")),
    )
    rule = resident("apac")
    worldwide = found(both(ALL, at_sydney, chat(f"global.{SONNET}")), only=("MDL-10",), settings=rule)
    assert worldwide["MDL-10", CHAT]["remedy"][1].endswith(f"such as au.{SONNET}")
    bare = found(both(ALL, at_sydney, chat(SONNET)), only=("MDL-05",), settings=rule)
    assert bare["MDL-05", CHAT]["remedy"][1].endswith(f"the inference profile au.{SONNET}")
    mended = found(both(ALL, at_sydney, chat(f"au.{SONNET}")), settings=rule)
    assert mended.root_causes == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_remedy_under_a_residency_rule_names_no_narrower_profile_that_the_region_has_not(
    listed: bool,
) -> None:
    """The rule's own, where the Region lists that alone and where the listing is denied."""
    there = ("ap-southeast-2", "ap-southeast-4", "ap-northeast-1")
    at_sydney = both(
        environment(AWS_REGION="ap-southeast-2", AWS_DEFAULT_REGION="ap-southeast-2"),
        env_file(("us-east-1", "ap-southeast-2")),
        env_file(("region = us-east-1\noutput", "region = ap-southeast-2\noutput"), of="~/.aws/config"),
        model(TITAN, regions=("ap-southeast-2",)),
        model(SONNET, regions=there),
        profile(f"apac.{SONNET}", model=SONNET, regions=there),
    )
    edit = at_sydney if listed else both(at_sydney, fault(LIST_PROFILES, "AccessDeniedException", "No"))
    rule = resident("apac")
    worldwide = found(both(ALL, edit, chat(f"global.{SONNET}")), only=("MDL-10",), settings=rule)
    assert worldwide["MDL-10", CHAT]["remedy"][1].endswith(f"such as apac.{SONNET}")
    bare = found(both(ALL, edit, chat(SONNET)), only=("MDL-05",), settings=rule)
    assert bare["MDL-05", CHAT]["remedy"][1].endswith(f"the inference profile apac.{SONNET}")
    mended = found(both(ALL, at_sydney, chat(f"apac.{SONNET}")), settings=rule)
    assert mended.root_causes == []


AMERICAS = profile(f"amer.{SONNET}", model=SONNET, regions=("us-east-1", "us-west-2", "ca-central-1"))


@pytest.mark.parametrize("probe", [False, True])
def test_a_geography_that_nobody_here_knows_is_what_the_account_lists(probe: bool) -> None:
    edit = both(ALL, AMERICAS, chat(f"amer.{SONNET}"))
    result = judged("compliant", edit=edit, only=(*GROUP, "IAM-01", "IAM-02", "INV-01"), probe=probe)
    assert result.root_causes == []
    assert "amer." in result["IAM-02", CHAT]["observed"]


def test_where_requests_go_in_a_geography_that_nobody_here_knows_its_destinations_say() -> None:
    edit = both(ALL, AMERICAS, chat(f"amer.{SONNET}"))
    for residency, status in (("amer", "compliant"), ("us", "non_compliant")):
        row = found(edit, only=("MDL-10",), settings=resident(residency))["MDL-10", CHAT]
        assert row["status"] == status
    assert row["observed"].endswith("it sends requests to ca-central-1")


def test_a_profile_of_unknown_geography_without_destinations_is_not_said_to_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InferenceProfile, "regions", ())
    row = found(both(ALL, AMERICAS, chat(f"amer.{SONNET}")), only=("MDL-10",), settings=resident("us"))
    assert row["MDL-10", CHAT]["status"] == "inconclusive"
    assert "does not say where it sends requests" in row["MDL-10", CHAT]["reason"]


def test_a_bare_id_is_given_the_only_profile_that_the_region_lists() -> None:
    def americas_alone(world: World) -> World:
        kept = [each for each in world.inference_profile if each.id.startswith("amer.")]
        return replace(world, inference_profile=tuple(kept))

    edit = both(ALL, AMERICAS, americas_alone, chat(SONNET))
    assert found(edit)["MDL-05", CHAT]["remedy"][1].endswith(f"the inference profile amer.{SONNET}")
    under_a_rule = found(edit, settings=resident("us"))["MDL-05", CHAT]
    assert not any("amer." in line for line in under_a_rule["remedy"])


@pytest.mark.parametrize(
    ("text", "geography"),
    [
        ("amer.anthropic.claude-sonnet-4-6", "amer"),
        ("in.anthropic.claude-sonnet-4-6", "in"),
        ("emea.ai21.jamba-2-large", "emea"),
        ("global.openai.gpt-5.6-luna", "global"),
        ("openai.gpt-5.6-luna", None),
        ("deepseek.v3.2", None),
        ("qwen.qwen3.5-397b-a17b", None),
        ("xai.grok-4.6", None),
        ("minimax.minimax-m2.5", None),
        ("ai21.jamba-1-5-mini-v1:0", None),
    ],
)
def test_a_geography_is_told_from_a_providers_name(text: str, geography: str | None) -> None:
    name = ModelName.of(text)
    assert (name.geography, name.base) == (geography, text.removeprefix(f"{geography}."))


def test_an_application_profile_that_cannot_be_read_is_not_said_to_stay() -> None:
    edit = fault(GET_PROFILE, "ThrottlingException", "Rate exceeded")
    listed = throttled(LIST_PROFILES)
    result = judged(
        "ok-application-inference-profile",
        only=("MDL-10",),
        settings=resident("us"),
        edit=both(edit, listed),
    )
    assert result["MDL-10", CHAT]["status"] == "inconclusive"
    assert result["MDL-10", EMBEDDING]["status"] == "compliant"


@pytest.mark.parametrize(
    ("region", "geographies"),
    [
        ("us-east-1", ["us"]),
        ("us-gov-west-1", ["us-gov"]),
        ("eu-west-1", ["eu"]),
        ("ap-southeast-2", ["au", "apac"]),
        ("ap-northeast-1", ["jp", "apac"]),
        ("ca-central-1", ["ca"]),
    ],
)
def test_a_region_has_its_geographies(region: str, geographies: list[str]) -> None:
    assert geographies_of(region) == geographies
    assert all(within(geography, region) for geography in geographies)


def test_no_region_is_in_a_geography_that_nobody_knows() -> None:
    assert not within("moon", "us-east-1")


# -------------------------------------------------------------------------------------------- what upstream does


def test_an_expired_login_blocks_everything_that_asks_aws() -> None:
    result = judged("tok02-expired-token", only=GROUP)
    asking = {
        key for key, row in result.results.items() if key[0] != "MDL-01" and row["status"] != "not_applicable"
    }
    assert len(asking) > 20
    assert {(result[key]["status"], result[key]["behind"]) for key in asking} == {("blocked", "SSO-03")}


def test_a_missing_listing_right_is_no_finding_about_models() -> None:
    result = found(policy(allow([each for each in READING if each not in LISTING] + ["bedrock:Invoke*"])))
    assert result.with_status("non_compliant") == set()
    assert set(statuses(result, "MDL-03").values()) == {"compliant"}


def test_the_inference_profile_of_another_account_is_none_of_this_one() -> None:
    theirs = "arn:aws:bedrock:us-east-1:999988887777:inference-profile/us.anthropic.claude-sonnet-4-6"
    result = judged("compliant", edit=chat(theirs), only=("MDL-02", "IAM-01"))
    assert result.root_causes == ["MDL-02 MOD02"]
    assert any(
        "set CHAT_MODEL to" in line and PROFILE in line for line in result["MDL-02", "CHAT_MODEL"]["remedy"]
    )
    own = judged("compliant", edit=chat(theirs.replace("999988887777", ACCOUNT)), only=("MDL-02", "IAM-01"))
    assert own.root_causes == []


# ---------------------------------------------------------------------------------------- nobody says which model


def test_the_guides_own_model_is_no_fault_of_a_machine_that_names_none() -> None:
    found = judged("ok-no-env-file", settings=Settings())
    assert not {cause for cause in found.root_causes if cause.startswith("MDL")}
    for case in ("CHAT_MODEL", "BEDROCK_MODEL_ID"):
        result = found["MDL-02", case]
        assert result["status"] == "inconclusive"
        assert "compliance.toml has no chat in [models]" in result["reason"]
    assert found["MDL-02", "BEDROCK_EMBED_MODEL_ID"]["status"] == "compliant"


def test_that_nobody_allows_what_nobody_names_is_no_fault_either() -> None:
    found = judged("enterprise", settings=Settings(), edit=without_env_file)
    about = ("IAM-01", "IAM-02", "IAM-04", "LPR-05", "GOV-02")
    assert not {cause for cause in found.root_causes if cause.startswith(about)}
    assert found["GOV-02", "CHAT_MODEL"]["status"] == "inconclusive"


def test_a_deny_statement_is_found_whichever_model_is_meant() -> None:
    found = judged("ok-no-env-file", settings=Settings(), edit=policy(allow("bedrock:*"), deny("bedrock:*")))
    assert found["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "non_compliant"


@pytest.mark.parametrize("model", ["us.anthropic.claude-sonnet-4-5", ModelSettings.chat + ""])
def test_a_model_that_the_settings_name_is_judged_without_an_environment_file(model: str) -> None:
    settings = Settings(models=ModelSettings(chat=str(model)))
    assert judged("ok-no-env-file", settings=settings)["MDL-02", "CHAT_MODEL"]["cause"] == "MOD02"
