"""Step 4: what is said of the regions that a set-up names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends import live
from fixtures.evidence.regions import Sdk
from fixtures.settings import ProfileSettings, RegionSettings, Settings
from fixtures.simulation.world import World, load_world
from tests.followed import follow
from tests.harness import WORKSTATION, Judged, judged
from tests.mending import Laptop
from tests.reports.test_fix_scripts import with_own
from tests.world_edits import Edit, answers, both, env_file, environment, written

ALL = tuple(f"REG-{number:02}" for number in range(1, 5))
CASES = ("target", "profile", "AWS_REGION", "AWS_DEFAULT_REGION")
CONFIG = "~/.aws/config"
Patch = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def region(name: str) -> Edit:
    """The region everywhere: profile, environment and environment file."""
    return both(
        environment(AWS_REGION=name, AWS_DEFAULT_REGION=name),
        env_file(("region = us-east-1\noutput", f"region = {name}\noutput"), of=CONFIG),
        env_file(("_REGION=us-east-1", f"_REGION={name}")),
    )


def of_compliant(edit: Edit, *only: str, settings: Settings | None = None) -> Judged:
    return judged("compliant", only=only or ALL, edit=edit, settings=settings)


def statuses(found: Judged, identifier: str) -> set[str]:
    return {found[identifier, case]["status"] for case in CASES}


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Patch], None]:
    """Lets a test edit what the installed SDK knows."""

    def patch(edit: Patch) -> None:
        real = live.READERS["sdk"]
        monkeypatch.setitem(live.READERS, "sdk", lambda subject: edit(real(subject)))  # type: ignore[attr-defined]

    return patch


def without(name: str) -> Patch:
    """An SDK that is older than the region."""

    def older(told: Mapping[str, Any]) -> Mapping[str, Any]:
        lists = ("regions", "bedrock_regions")
        shorter = {key: {p: [r for r in rs if r != name] for p, rs in told[key].items()} for key in lists}
        return {**told, **shorter}

    return older


def known() -> Sdk:
    readings = judged("compliant", only=("REG-01",)).readings
    return Sdk(**next(reading["value"] for reading in readings if reading["name"] == "sdk"))


# ------------------------------------------------------------------------------------------- what the SDK knows


def test_partitions_are_told_of_listed_names_of_likely_names_and_of_no_others() -> None:
    sdk = known()
    assert [sdk.partition_of(name) for name in ("us-east-1", "us-gov-west-1", "cn-north-1")] == [
        "aws",
        "aws-us-gov",
        "aws-cn",
    ]
    assert sdk.partition_of("ap-southeast-9") == "aws" and not sdk.knows("ap-southeast-9")
    for name in ("", "us-east-1a", "us-east", "US-EAST-1", "N. Virginia", "moon-west-1"):
        assert sdk.partition_of(name) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("us-west-2b", "us-west-2"),
        ("us-eats-1", "us-east-1"),
        ("us-esat-1", "us-east-1"),
        ("us-est-1", "us-east-1"),
        ("eu-wset-1", "eu-west-1"),
        ("ap-east-1", "us-east-1"),
        ("nowhere", "us-east-1"),
    ],
)
def test_the_region_that_was_meant_is_the_zones_or_the_most_similar_or_an_approved_one(
    text: str, meant: str
) -> None:
    assert known().meant_by(text, RegionSettings().approved) == meant


# ------------------------------------------------------------------------------------------------------ REG-01


def test_a_region_without_bedrock_is_one_root_cause_for_all_that_name_it() -> None:
    found = of_compliant(region("ap-east-1"), *ALL, "ENV-03", "IAM-01", "CON-02")
    result = found["REG-01", "AWS_REGION"]
    assert (result["status"], result["cause"]) == ("non_compliant", "REG03")
    assert result["observed"].startswith("AWS_REGION is ap-east-1 (environment): botocore ")
    assert result["remedy"][0] == "aws configure set region us-east-1 --profile msh"
    assert found["REG-01", "profile"]["observed"].startswith(
        "the profile's region is ap-east-1 (~/.aws/config line 10)"
    )
    assert found.root_causes == ["REG-01 REG03"]
    assert statuses(found, "REG-02") == {"non_compliant"}


@pytest.mark.parametrize("name", ["us-west-9", "ap-east-1", "eu-central-1"])
def test_a_region_that_the_run_alone_names_is_mended_by_another_run(name: str) -> None:
    found = judged("compliant", only=("REG-01", "REG-02"), regions=[name])
    wrong = [result for result in found.rows if result["status"] == "non_compliant"]
    assert {result["case"] for result in wrong} == {"target"}
    for result in wrong:
        assert (
            result["remedy"][0]
            == f"# run the checks again with --region us-east-1: nothing else names {name}"
        )


def test_a_region_that_the_profile_names_too_is_mended_there() -> None:
    found = judged("compliant", only=("REG-02",), edit=region("eu-central-1"))
    assert found["REG-02", "target"]["remedy"][0] == "aws configure set region us-east-1 --profile msh"


def test_a_misspelt_region_is_proved_by_the_accounts_own_list() -> None:
    found = of_compliant(region("us-eats-1"), *ALL, "ENV-03", "CON-02", "RUN-02")
    assert "account:ListRegions" in found["REG-01", "target"]["observed"]
    assert found["REG-01", "target"]["remedy"][0] == "aws configure set region us-east-1 --profile msh"
    assert found.root_causes == ["REG-01 REG03"]
    assert {found[name]["status"] for name in ("RUN-02", "ENV-03")} == {"blocked", "compliant"}


def test_a_name_that_the_sdk_does_not_know_and_nobody_can_vouch_for_gives_no_verdict() -> None:
    edit = both(region("us-south-1"), answers("account:ListRegions", "AccessDeniedException", status=403))
    found = of_compliant(edit)
    result = found["REG-01", "target"]
    assert result["status"] == "inconclusive"
    assert "does not know us-south-1, which may be newer" in result["reason"]
    assert found["REG-03", "target"]["missing_actions"] == ["account:ListRegions"]
    assert found.root_causes == ["CON-02 REG03"]


@pytest.mark.parametrize(("name", "meant"), [("us-esat-1", "us-east-1"), ("eu-wset-1", "eu-west-1")])
def test_a_name_that_can_be_no_regions_is_misspelt_whoever_may_list_them(name: str, meant: str) -> None:
    edit = both(region(name), answers("account:ListRegions", "AccessDeniedException", status=403))
    result = of_compliant(edit, "REG-01")["REG-01", "target"]
    assert (result["status"], result["cause"]) == ("non_compliant", "REG03")
    assert result["observed"] == f"the region under test is {name}: no Region is called so"
    assert result["remedy"][0] == f"aws configure set region {meant} --profile msh"


def test_where_a_region_is_expected_of_the_profile_that_is_what_a_misspelt_one_gives_way_to() -> None:
    settings = Settings(profile=ProfileSettings(region="us-west-2"))
    found = of_compliant(region("us-esat-1"), "REG-01", "PRF-06", "ENV-03", settings=settings)
    assert sorted(found.root_causes) == ["PRF-06", "REG-01 REG03"]
    assert {found["REG-01", case]["behind"] for case in ("target", "profile")} == {"PRF-06"}
    assert found["REG-01", "AWS_REGION"]["remedy"][0] == "aws configure set region us-west-2 --profile msh"


def test_a_region_that_is_newer_than_the_sdk_is_fine_once_bedrock_answers_there(
    sdk: Callable[[Patch], None],
) -> None:
    sdk(without("us-east-1"))
    found = judged("compliant", only=(*ALL, "ENV-03", "RUN-04"))
    assert found.root_causes == []
    assert statuses(found, "REG-01") == {"compliant"}
    assert found["REG-04"]["status"] == found["ENV-03"]["status"] == "compliant"


def test_a_new_region_where_bedrock_does_not_answer_gives_no_verdict(sdk: Callable[[Patch], None]) -> None:
    sdk(without("us-east-1"))
    found = of_compliant(answers("bedrock:ListFoundationModels", "AccessDeniedException", status=403))
    assert statuses(found, "REG-01") == {"inconclusive"}
    assert found.root_causes == []


def test_an_unlisted_region_is_not_asked_about_with_a_dead_token(sdk: Callable[[Patch], None]) -> None:
    sdk(without("us-east-1"))
    token = "~/.aws/sso/cache/${sha1:msh}.json"
    edit = env_file(("${now+8h}", "${now-1h}"), ("${now+80d}", "${now-1d}"), of=token)
    found = of_compliant(edit, *ALL, "SSO-03")
    assert found["REG-01", "target"]["behind"] == "SSO-03"


def test_bedrock_is_not_asked_where_the_sdk_lists_it() -> None:
    asked = {reading["name"] for reading in judged("compliant", only=("REG-01", "REG-02")).readings}
    assert not [name for name in asked if name.startswith(("bedrock:", "account:", "sts:"))]


@pytest.mark.parametrize("written", ["us-east-1", "us-west-2"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_region_without_bedrock_in_place_of_the_files_is_the_regions_fault(
    written: str, order: int
) -> None:
    edit = both(
        environment(AWS_REGION="ap-east-1"), env_file(("AWS_REGION=us-east-1", f"AWS_REGION={written}"))
    )
    found = of_compliant(edit, *("ENV-09", "REG-01", "ENV-03")[::order])
    assert found["ENV-09"]["behind"] == "REG-01"
    assert found.root_causes == ["REG-01 REG03"]


def test_an_unapproved_region_in_place_of_the_files_is_the_overrides_fault() -> None:
    found = of_compliant(environment(AWS_REGION="eu-central-1"), *ALL, "ENV-09", "ENV-03")
    assert found["REG-02", "AWS_REGION"]["behind"] == "ENV-09"
    assert found.root_causes == ["ENV-09 ENV11"]


def test_a_variable_that_nobody_sets_has_no_region_to_judge() -> None:
    edit = both(environment(AWS_REGION=None), env_file(("AWS_REGION=us-east-1\n", "")))
    found = of_compliant(edit)
    for identifier in ("REG-01", "REG-02", "REG-03"):
        assert found[identifier, "AWS_REGION"]["status"] == "not_applicable"
    assert found["REG-01", "AWS_REGION"]["reason"] == "AWS_REGION is not set"


def test_a_value_that_is_no_region_at_all_blocks_all_that_is_said_of_regions() -> None:
    edit = env_file(("region = us-east-1\noutput", "region = us-east-1 # home\noutput"), of=CONFIG)
    found = of_compliant(edit, *ALL, "PRF-05")
    assert {found[identifier, "profile"]["behind"] for identifier in ("REG-01", "REG-02", "REG-03")} == {
        "PRF-05"
    }
    assert found["REG-01", "AWS_REGION"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ REG-02


def test_a_region_that_is_not_approved_is_one_root_cause_without_a_code() -> None:
    found = of_compliant(region("eu-central-1"), *ALL, "ENV-03")
    result = found["REG-02", "AWS_DEFAULT_REGION"]
    assert (result["status"], result["cause"]) == ("non_compliant", None)
    assert result["expected"] == "one of us-east-1, us-west-2, eu-west-1"
    assert result["observed"] == "AWS_DEFAULT_REGION is eu-central-1 (environment)"
    assert result["remedy"][0] == "aws configure set region us-east-1 --profile msh"
    assert found.root_causes == ["REG-02"]


@pytest.mark.parametrize("approved", [("eu-central-1",), ()])
def test_the_organisation_decides_which_regions_are_approved(approved: tuple[str, ...]) -> None:
    settings = Settings(regions=RegionSettings(approved=approved))
    found = of_compliant(region("eu-central-1"), "REG-02", settings=settings)
    assert statuses(found, "REG-02") == {"compliant"}


def test_a_region_that_should_have_been_another_is_not_also_unapproved() -> None:
    edit = both(environment(AWS_REGION=None), env_file(("AWS_REGION=us-east-1", "AWS_REGION=eu-central-1")))
    found = of_compliant(edit, *ALL, "ENV-03")
    assert found["REG-02", "AWS_REGION"]["behind"] == "ENV-03"
    assert found.root_causes == ["ENV-03"]


# ------------------------------------------------------------------------------------------------------ REG-03


def disabled(*names: str) -> Edit:
    def edit(world: World) -> World:
        return replace(world, account=replace(world.account, disabled_regions=names))

    return edit


def test_a_region_that_is_not_enabled_explains_the_caller_whom_sts_does_not_know() -> None:
    settings = Settings(regions=RegionSettings(approved=("eu-south-1",)))
    edit = both(region("eu-south-1"), disabled("eu-south-1"))
    found = of_compliant(edit, *ALL, "RUN-02", "IAM-03", settings=settings)
    result = found["REG-03", "target"]
    assert (result["status"], result["cause"]) == ("non_compliant", "REG04")
    assert result["observed"] == "account:ListRegions: eu-south-1 is DISABLED"
    assert result["remedy"] == [
        "# somebody with rights on account 210987654321 enables the Region:",
        "aws account enable-region --region-name eu-south-1",
    ]
    assert (found["RUN-02"]["status"], found["RUN-02"]["behind"]) == ("non_compliant", "REG-03")
    assert found.root_causes == ["REG-03 REG04"]


def test_another_region_that_is_not_enabled_is_no_matter() -> None:
    assert statuses(of_compliant(disabled("eu-south-1")), "REG-03") == {"compliant"}


def test_without_the_right_to_list_regions_there_is_no_verdict_and_the_action_is_named() -> None:
    found = of_compliant(answers("account:ListRegions", "AccessDeniedException", status=403))
    for case in CASES:
        result = found["REG-03", case]
        assert (result["status"], result["missing_actions"]) == ("inconclusive", ["account:ListRegions"])


def test_with_a_dead_token_the_accounts_regions_are_blocked_by_it() -> None:
    found = judged("tok08-cli-lives-on-its-cache", only=(*ALL, "SSO-03"))
    assert {found["REG-03", case]["behind"] for case in CASES} == {"SSO-03"}


# ------------------------------------------------------------------------------------------------------ REG-04


def test_a_region_of_another_partition_than_the_login_is_reg05() -> None:
    found = of_compliant(region("us-gov-west-1"), *ALL, "RUN-02", "ENV-03")
    result = found["REG-04"]
    assert (result["status"], result["cause"]) == ("non_compliant", "REG05")
    assert result["observed"] == "~/.aws/config line 10: region us-gov-west-1 is of partition aws-us-gov"
    assert result["expected"] == "a region of partition aws, as sso_region us-east-1 says"
    assert "account 210987654321" in result["remedy"][0] and "~/.aws/config line 10" in result["remedy"][0]
    assert found.root_causes == ["REG-04 REG05"]
    assert found["RUN-02"]["behind"] == "REG-04"


def test_a_set_up_that_is_all_in_govcloud_is_fine() -> None:
    found = judged("ok-govcloud", only=(*ALL, "RUN-02", "RUN-04"))
    assert found.root_causes == []
    assert found["REG-04"]["status"] == "compliant"
    assert statuses(found, "REG-03") == {"compliant"}


def test_without_sso_the_caller_tells_the_partition() -> None:
    found = judged("ok-iam-user-on-purpose", only=("REG-04",))
    assert found["REG-04"]["status"] == "compliant"
    assert "sts:GetCallerIdentity" in {reading["name"] for reading in found.readings}


def test_an_endpoint_in_another_partition_is_the_overrides_fault() -> None:
    url = "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"
    found = of_compliant(environment(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=url), "REG-04", "CRD-06")
    assert found["REG-04"]["behind"] == "CRD-06"
    assert found["REG-04"]["cause"] == "REG06"
    assert "bedrock-runtime.cn-north-1" in found["REG-04"]["observed"]


@pytest.mark.parametrize(
    ("region", "identifier", "first"),
    [
        ("us-esat-1", "REG-01", "# write us-east-1, as the profile has it, wherever AWS_REGION is set to us-esat-1 now"),
        ("eu-central-1", "REG-02", "# write us-east-1, as the profile has it, wherever AWS_REGION is set to eu-central-1 now"),
    ],
)  # fmt: skip
def test_a_variables_region_is_mended_where_it_is_and_not_in_the_profile(
    region: str, identifier: str, first: str
) -> None:
    edit = both(environment(AWS_REGION=region), written(None))
    result = of_compliant(edit, identifier)
    assert result[identifier, "AWS_REGION"]["remedy"][0] == first
    assert not any("aws configure" in line for line in result[identifier, "AWS_REGION"]["remedy"])


@pytest.mark.parametrize(
    ("region", "in_file"), [("us-esat-1", True), ("us-esat-1", False), ("eu-central-1", False)]
)
def test_a_variables_region_that_is_mended_where_it_is_set_leaves_nothing(
    region: str, in_file: bool, tmp_path: Path
) -> None:
    name = "compliant" if in_file else "ok-no-env-file"
    file = env_file(("AWS_REGION=us-east-1", f"AWS_REGION={region}")) if in_file else both()
    world = both(environment(AWS_REGION=region), file)(load_world(name))
    before = judged(name, only=WORKSTATION, edit=lambda _: world)
    laptop = Laptop.of(world, tmp_path / "laptop")
    done, variables = follow(laptop, before.document["root_causes"][0]["remedy"])
    assert any(f"wherever AWS_REGION is set to {region} now" in line for line in done)
    mended = with_own(laptop.as_world(variables), world)
    after = judged(name, only=WORKSTATION, edit=lambda _: mended)
    assert (after.root_causes, after.with_status("inconclusive")) == ([], set())


@pytest.mark.parametrize(("in_file", "edits"), [("us-esat-1", 1), ("us-west-2", 0)])
def test_what_the_environment_file_has_is_mended_where_it_is_the_same(in_file: str, edits: int) -> None:
    edit = both(
        environment(AWS_REGION="us-esat-1"), env_file(("AWS_REGION=us-east-1", f"AWS_REGION={in_file}"))
    )
    rows = of_compliant(edit, "REG-01", "ENV-03", "ENV-09").rows
    (row,) = (each for each in rows if (each["requirement"], each["case"]) == ("REG-01", "AWS_REGION"))
    assert [each["does"] for each in row["fix"]] == ["unset"] + ["replace"] * edits


# --------------------------------------------------------------------------------- other partitions than the guide's

GOV = "ok-govcloud"
OF_ANOTHER_PARTITION = re.compile(r"\b(?:us|eu|ap)-(?:east|west|central|north|south)\w*-\d")


def remedies(found: Judged) -> list[str]:
    return [line for result in found.results.values() for line in result["remedy"] or ()]


def in_gov(name: str) -> Edit:
    return both(
        environment(AWS_REGION=name, AWS_DEFAULT_REGION=name),
        env_file(("region = us-gov-west-1\noutput", f"region = {name}\noutput"), of=CONFIG),
        env_file(("_REGION=us-gov-west-1", f"_REGION={name}")),
    )


def test_where_bedrock_is_in_no_region_of_the_partition_none_is_named() -> None:
    found = judged("reg03-china-has-no-bedrock", only=WORKSTATION, settings=Settings())
    assert found.root_causes == ["REG-01 REG03"]
    result = found["REG-01", "target"]
    assert result["title"] == "Amazon Bedrock is in no Region of partition aws-cn"
    assert result["remedy"] == [
        "# no Region of this partition has Amazon Bedrock: use a profile of an account in a partition that has it"
    ]
    assert not list(filter(OF_ANOTHER_PARTITION.search, remedies(found)))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("us-gov-wset-1", "us-gov-west-1"),
        ("us-gov-eats-1", "us-gov-east-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
    ],
)
def test_a_misspelt_region_of_govcloud_gives_way_to_one_of_its_own(name: str, meant: str) -> None:
    found = judged(GOV, only=WORKSTATION, edit=in_gov(name), settings=Settings())
    assert len(found.root_causes) == 1 and found.root_causes[0].endswith("REG03")
    assert f"aws configure set region {meant} --profile msh" in remedies(found)
    assert not list(filter(OF_ANOTHER_PARTITION.search, remedies(found)))


def test_a_list_that_has_no_region_of_the_partition_offers_none() -> None:
    """The guide's own list is of the commercial partition."""
    found = judged(GOV, only=("REG-02",), settings=Settings())
    assert found["REG-02", "target"]["remedy"] == [
        "# where it is approved, list the Region under approved in the table [regions] of compliance.toml"
    ]
    mixed = Settings(regions=RegionSettings(approved=("us-east-1", "us-gov-east-1")))
    remedy = judged(GOV, only=("REG-02",), settings=mixed)["REG-02", "target"]["remedy"]
    assert remedy[0] == "aws configure set region us-gov-east-1 --profile msh"


def test_without_any_region_one_of_the_profiles_partition_is_judged_and_named() -> None:
    nowhere = both(
        environment(AWS_REGION=None, AWS_DEFAULT_REGION=None),
        env_file(("region = us-gov-west-1\noutput", "output"), of=CONFIG),
        env_file(("AWS_REGION=us-gov-west-1\n", ""), ("AWS_DEFAULT_REGION=us-gov-west-1\n", "")),
    )
    found = judged(GOV, only=WORKSTATION, edit=nowhere)
    assert {result["target"] for result in found.document["results"]} == {"msh/us-gov-west-1"}
    assert found.root_causes == ["PRF-06", "ENV-02"]
    assert not list(filter(OF_ANOTHER_PARTITION.search, remedies(found)))
