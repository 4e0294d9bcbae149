"""Production environment: who the caller may be, role chains, lifetimes and keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fixtures.aws.role_sessions import session_name
from fixtures.evidence.profile import AwsFileFound, Files
from fixtures.evidence.roles import source_chain
from fixtures.machine.config_file import read_aws_file
from fixtures.simulation import service
from fixtures.simulation.controls import ServiceCredential
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.bedrock_edits import allow, both, policy
from tests.enterprise_edits import changed, failing, trusted, trusting, with_settings
from tests.harness import Judged, judged
from tests.world_edits import Edit, environment, written

ACCOUNT = "210987654321"
BATCH = ("PRD-05", "batch")


def on(world: str, *only: str, **options: Any) -> Judged:
    loaded = load_world(world)
    options = {"environment": loaded.expect.environment, "probe": loaded.expect.probe, **options}
    return judged(loaded, only=only, **options)


def said(result: Any) -> tuple[str, str | None, str]:
    return result["status"], result["cause"], result["observed"]


# ------------------------------------------------------------------------------------------- PRD-01 and PRD-02


def test_in_production_a_users_sign_in_is_no_service_account() -> None:
    found = on("ent-prd-01-user-sign-in-in-production", "PRD-01", "CRD-01")
    assert found.root_causes == ["PRD-01"]
    assert found["PRD-01"]["observed"].endswith("is the SSO role of a user, permission set BedrockDeveloper")
    assert "start it without the SSO profile msh" in found["PRD-01"]["remedy"][0]
    assert found["CRD-01"]["behind"] == "PRD-01"


def test_in_production_an_iam_user_is_no_service_account() -> None:
    found = on("ok-iam-user-on-purpose", "PRD-01", environment="production")
    assert said(found["PRD-01"])[2] == f"arn:aws:iam::{ACCOUNT}:user/build is the IAM user build"


def test_in_production_a_role_of_the_machine_is_what_is_asked_for() -> None:
    found = on("ok-ent-production-role", "PRD-01", "PRD-06", "PRD-08")
    assert found.with_status("compliant") == {"PRD-01", "PRD-06"}
    assert found["PRD-08"]["reason"] == "the caller has no role session, or one that the platform renews"


def test_outside_production_a_users_sign_in_is_as_the_guide_has_it() -> None:
    assert on("compliant", "PRD-01")["PRD-01"]["reason"] == "does not apply with --environment workstation"


def test_the_root_user_is_found_and_is_all_there_is_to_say() -> None:
    found = on("ent-prd-02-root-keys", "PRD-02", "LPR-01", "LPR-04", "LPR-05", "IAM-01")
    assert said(found["PRD-02"]) == ("non_compliant", None, f"arn:aws:iam::{ACCOUNT}:root is the root user")
    assert f"root user of account {ACCOUNT}" in found["PRD-02"]["remedy"][0]
    assert found.root_causes == ["PRD-02"]
    assert {row["behind"] for key, row in found.results.items() if key[0] == "LPR-04"} == {"PRD-02"}


def test_a_caller_that_cannot_be_known_is_not_judged() -> None:
    found = on("tok02-expired-token", "PRD-01", "PRD-02", environment="production")
    assert found.with_status("compliant") | found.with_status("non_compliant") == set()


# --------------------------------------------------------------------------------------------------- PRD-03


def test_a_long_lived_key_at_the_beginning_of_a_role_chain_is_found() -> None:
    found = on("ent-prd-03-role-chain-from-a-static-key", "PRD-03")
    assert said(found["PRD-03"]) == (
        "non_compliant",
        None,
        "AKIA…ER00 in ~/.aws/credentials line 2, profile hub",
    )
    assert found["PRD-03"]["remedy"][0].startswith(
        "# edit ~/.aws/credentials line 2: delete aws_access_key_id"
    )


def test_a_long_lived_key_in_the_environment_of_a_job_is_found() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAQCANARYJOBUSER00", "AWS_SECRET_ACCESS_KEY": "CANARY" + "k" * 34}
    found = on("compliant", "PRD-03", edit=environment(**keys), environment="ci")
    assert said(found["PRD-03"])[2] == "AKIA…ER00 in AWS_ACCESS_KEY_ID in the environment"
    assert found["PRD-03"]["remedy"][-1] == "# take the long-lived key out of the environment of this process"


@pytest.mark.parametrize("world", ["ok-iam-user-on-purpose", "ent-prd-06-exported-session-keys"])
def test_keys_that_compliance_toml_allows_are_meant(world: str) -> None:
    found = on(world, "PRD-03")
    assert "shared-credentials-file: long-lived keys are meant" in found["PRD-03"]["reason"]


def test_a_stale_key_in_the_way_of_sso_is_not_told_twice() -> None:
    found = on("cfg02-stale-keys-pre-empt-sso", "PRD-03")
    assert (found["PRD-03"]["status"], found["PRD-03"]["behind"]) == ("non_compliant", "PRF-03")


# ------------------------------------------------------------------------------------- PRD-04, role chains


def test_without_a_probe_no_session_is_opened() -> None:
    found = on("enterprise", "PRD-04", "PRD-05")
    assert found["PRD-04", "batch"]["reason"].endswith("run with --probe to include it")
    assert "sts:AssumeRole" not in {reading["name"] for reading in found.readings}


def test_the_configured_role_is_assumed_with_its_external_id_and_leaves_no_credential() -> None:
    found = on("enterprise", "PRD-04", probe=True)
    assert found["PRD-04", "batch"]["status"] == "compliant"
    (reading,) = [r for r in found.readings if r["name"] == "sts:AssumeRole"]
    assert reading["value"] == {
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/BedrockBatch/bedrock-preflight-msh",
        "minutes": 59,
    }
    assert "CANARY" not in str(found.readings)


def test_the_session_is_named_so_that_it_can_be_recognised() -> None:
    assert session_name("my team/ü") == "bedrock-preflight-my_team__"
    assert len(session_name("p" * 100)) == 64


def test_a_wrong_external_id_is_the_trust_policys_refusal() -> None:
    found = on("sts02-external-id-is-wrong", "PRD-04")["PRD-04", "batch"]
    assert said(found)[:2] == ("non_compliant", "STS02")
    assert found["observed"].startswith("AccessDenied: User: arn:aws:sts::")
    assert "lets this caller into the trust policy of BedrockBatch" in found["remedy"][0]


@pytest.mark.parametrize(
    ("before", "after", "said_of_it"),
    [
        ("source_profile = msh", "source_profile = batch", "profile batch leads back: batch → batch"),
        (
            "source_profile = msh",
            "source_profile = mhs",
            "source_profile mhs of profile batch does not exist",
        ),
        ("source_profile = msh", "", "profile batch has role_arn and no source_profile"),
    ],
)
def test_a_chain_that_leads_nowhere_is_found_in_the_file(before: str, after: str, said_of_it: str) -> None:
    found = on("enterprise", "PRD-04", probe=True, edit=config((before, after)))["PRD-04", "batch"]
    assert said(found)[:2] == ("non_compliant", "STS01")
    assert found["observed"].startswith("~/.aws/config line 2") and found["observed"].endswith(said_of_it)
    assert "~/.aws/config line 2" in found["remedy"][0]


def config(*replacements: tuple[str, str]) -> Edit:
    def edit(world: Any) -> Any:
        text = world.machine.files["~/.aws/config"].text
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after)
        return written(text, of="~/.aws/config")(world)

    return edit


def test_a_duration_that_the_role_does_not_allow_is_found() -> None:
    found = on("ent-prd-04-session-is-too-long", "PRD-04")["PRD-04", "batch"]
    assert said(found)[:2] == ("non_compliant", "STS04")
    assert "duration_seconds = 14400: The requested DurationSeconds exceeds the 1 hour" in found["observed"]
    place = found["observed"].partition(": ")[0]
    assert found["remedy"][0].startswith(f"# edit {place}: delete the line, and the session lasts an hour")


def test_a_configured_role_without_a_profile_is_found() -> None:
    settings = with_settings("enterprise", production={"cross_account_roles": ("nightly",)})
    found = on("enterprise", "PRD-04", "PRD-05", probe=True, settings=settings)
    assert said(found["PRD-04", "nightly"])[2] == "there is no profile nightly"
    assert found["PRD-04", "nightly"]["remedy"] == [
        "# add a profile nightly with role_arn and source_profile to ~/.aws/config"
    ]
    assert (found["PRD-05", "nightly"]["status"], found["PRD-05", "nightly"]["behind"]) == (
        "blocked",
        "PRD-04",
    )


def test_a_role_that_is_configured_by_its_arn_is_assumed_through_the_profile_that_names_it() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/BedrockBatch"
    settings = with_settings("enterprise", production={"cross_account_roles": (arn,)})
    found = on("enterprise", "PRD-04", "PRD-05", probe=True, settings=settings)
    assert found.with_status("compliant") == {"PRD-04 BedrockBatch-4321", "PRD-05 BedrockBatch-4321"}


def test_a_role_that_no_profile_names_is_assumed_from_the_profile_under_test() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/BedrockBatch"
    settings = with_settings("enterprise", production={"cross_account_roles": (arn,)})
    edit = both(
        config((f"role_arn = {arn}", "")),
        trusting(trusted({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
    )
    found = on("enterprise", "PRD-04", probe=True, settings=settings, edit=edit)
    assert found["PRD-04", "BedrockBatch-4321"]["status"] == "compliant"
    (reading,) = [r for r in found.readings if r["name"] == "sts:AssumeRole"]
    assert reading["params"] == {"role_arn": arn, "trust": False}


def test_a_role_that_asks_for_a_code_is_not_waited_for() -> None:
    code = "source_profile = msh\nmfa_serial = arn:aws:iam::210987654321:mfa/jo"
    found = on("enterprise", "PRD-04", probe=True, edit=config(("source_profile = msh", code)))
    assert found["PRD-04", "batch"]["status"] == "inconclusive"
    assert "asks for an MFA code" in found["PRD-04", "batch"]["reason"]


@pytest.mark.parametrize("code", ["ThrottlingException", "RegionDisabledException"])
def test_what_keeps_sts_from_answering_is_no_verdict_on_the_role(code: str) -> None:
    edit = failing("sts:AssumeRole", code, "slow down")
    found = on("enterprise", "PRD-04", probe=True, edit=edit)["PRD-04", "batch"]
    assert found["status"] == "inconclusive"
    assert f"{code}: slow down" in found["reason"]


def files(text: str) -> Files:
    def found(content: bytes | None, kind: Any) -> AwsFileFound:
        return AwsFileFound(
            f"~/.aws/{kind}", None, (), read_aws_file(content, path=f"~/.aws/{kind}", kind=kind)
        )

    return Files(found(text.encode(), "config"), found(None, "credentials"))


def test_a_chain_is_walked_to_the_profile_with_credentials_of_its_own() -> None:
    config_file = files(
        """
[profile a]
role_arn = arn:aws:iam::111122223333:role/A
source_profile = b
[profile b]
role_arn = arn:aws:iam::111122223333:role/B
source_profile = c
[profile c]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
role_arn = arn:aws:iam::111122223333:role/C
source_profile = c
"""
    )
    chain = source_chain(config_file, "a")
    assert (chain.profiles, chain.broken, chain.base) == (("a", "b", "c"), None, "c")
    assert [role[-1] for role in chain.roles] == ["A", "B", "C"]
    assert source_chain(config_file, "nobody").profiles == ("nobody",)


# --------------------------------------------------------------------------------------------------- PRD-05

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
STRANGER = "arn:aws:iam::444455556666:root"
ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-acme000000"}}


@pytest.mark.parametrize(
    ("statement", "observed"),
    [
        (trusted("*"), "statement 1 admits *"),
        (trusted({"AWS": [ROOT, "*"]}), "statement 1 admits *"),
        (
            trusted({"AWS": "*"}, Sid="All", Condition={"Bool": {"aws:SecureTransport": "true"}}),
            "statement All admits *",
        ),
        (
            trusted({"AWS": "*"}, Condition={"StringLike": {"aws:PrincipalOrgID": "*"}}),
            "statement 1 admits *",
        ),
        ({**trusted(None), "NotPrincipal": {"AWS": ROOT}}, "statement 1 admits NotPrincipal"),
        (trusted({"AWS": STRANGER}), "statement 1 admits account 444455556666 without one"),
        (trusted({"AWS": ["444455556666", ROOT]}), "statement 1 admits account 444455556666 without one"),
        (
            trusted({"AWS": STRANGER}, Condition={"StringEqualsIfExists": {"sts:ExternalId": "x"}}),
            "statement 1 admits account 444455556666 without one",
        ),
    ],
)
def test_a_trust_policy_that_admits_too_many_is_found(statement: dict[str, Any], observed: str) -> None:
    statement = {key: value for key, value in statement.items() if value is not None}
    found = on("enterprise", "PRD-05", edit=trusting(statement))[BATCH]
    assert said(found) == ("non_compliant", None, observed)
    assert found["remedy"][0].startswith("# edit the trust policy of BedrockBatch: name the roles")


@pytest.mark.parametrize(
    "statement",
    [
        trusted({"AWS": ROOT}),
        trusted({"AWS": "arn:aws:iam::111122223333:role/Deploy"}),
        trusted({"AWS": STRANGER}, Condition={"StringEquals": {"sts:ExternalId": "secret"}}),
        trusted("*", Condition=ORGANISATION),
        trusted({"Service": "ecs-tasks.amazonaws.com"}),
        trusted({"Federated": "arn:aws:iam::210987654321:oidc-provider/token.actions.example.com"}),
        {**trusted("*"), "Effect": "Deny"},
        {**trusted("*"), "Action": "sts:TagSession"},
    ],
)
def test_a_trust_policy_that_names_whom_it_admits_is_fine(statement: dict[str, Any]) -> None:
    found = on("enterprise", "PRD-05", edit=trusting(trusted({"AWS": ROOT}), statement))
    assert found[BATCH]["status"] == "compliant"
    assert '"secret"' not in str(found.readings)


def test_a_role_of_another_account_is_read_by_itself_with_a_probe_and_else_not_at_all() -> None:
    assert on("ok-ent-role-in-another-account", "PRD-05")[BATCH]["status"] == "compliant"
    unread = on("ok-ent-role-in-another-account", "PRD-05", probe=False)[BATCH]
    assert (unread["status"], unread["missing_actions"]) == ("inconclusive", ["iam:GetRole"])
    assert "in account 444455556666" in unread["reason"] and "run with --probe" in unread["reason"]


def test_a_role_that_may_not_read_itself_says_what_it_lacks() -> None:
    edit = changed("iam_role", "BedrockBatch", policies={})
    found = on("ok-ent-role-in-another-account", "PRD-05", edit=edit)[BATCH]
    assert (found["status"], found["missing_actions"]) == ("inconclusive", ["iam:GetRole"])


# ------------------------------------------------------------------------------------- PRD-06 and PRD-08


def test_temporary_keys_that_nobody_renews_are_found() -> None:
    found = on("ent-prd-06-exported-session-keys", "PRD-06")["PRD-06"]
    assert said(found)[2] == "shared-credentials-file gives keys that end without being renewed"
    assert "let a provider that refreshes itself win" in found["remedy"][0]


def test_of_a_function_of_lambda_only_what_it_is_given_in_variables_is_given_anew() -> None:
    other = on(
        "ent-prd-06-exported-session-keys", "PRD-06", edit=environment(AWS_LAMBDA_FUNCTION_NAME="docxp")
    )
    assert said(other["PRD-06"])[2] == "shared-credentials-file gives keys that end without being renewed"
    assert on("ok-ent-production-function", "PRD-06")["PRD-06"]["status"] == "compliant"


def test_credentials_that_end_before_the_configured_minimum_are_found() -> None:
    settings = with_settings("compliant", credentials={"minimum_minutes": 500})
    found = on("compliant", "PRD-06", settings=settings)["PRD-06"]
    assert said(found)[2] == "479 minutes left of the credentials from sso"
    assert on("compliant", "PRD-06")["PRD-06"]["status"] == "compliant"


def test_credentials_are_short_because_the_token_is() -> None:
    found = on("tok02-expired-token", "PRD-06")["PRD-06"]
    assert (found["status"], found["behind"]) == ("blocked", "SSO-03")


def test_a_long_lived_key_is_no_matter_of_refreshing() -> None:
    assert "PRD-03 and PRD-07" in on("ok-iam-user-on-purpose", "PRD-06")["PRD-06"]["reason"]


def test_a_job_that_outlasts_the_session_is_found() -> None:
    found = on("ent-prd-08-job-outlasts-the-session", "PRD-08")["PRD-08"]
    assert said(found)[2] == "480 minutes, by the maximum session duration of the role"
    assert found["remedy"][1].endswith("--max-session-duration 36000 --profile msh")


@pytest.mark.parametrize(
    ("replacement", "longest", "observed"),
    [
        ((), 90, "60 minutes, by what the SDK asks for without duration_seconds"),
        (
            (("source_profile = hub", "source_profile = hub\nduration_seconds = 7200"),),
            150,
            "120 minutes, by duration_seconds of the profile",
        ),
    ],
)
def test_what_the_profile_asks_for_limits_the_session(replacement: Any, longest: int, observed: str) -> None:
    world = "ent-prd-03-role-chain-from-a-static-key"
    settings = with_settings(world, production={"longest_job_minutes": longest})
    found = on(world, "PRD-08", settings=settings, edit=config(*replacement))["PRD-08"]
    assert said(found)[2] == observed


def test_a_chained_role_lasts_an_hour_at_most() -> None:
    settings = with_settings(
        "enterprise",
        production={"longest_job_minutes": 61},
        credentials={"allowed_providers": ("assume-role",)},
    )
    chained = config(("duration_seconds = 3600", "role_session_name = jo"))

    def tested(world: Any) -> Any:
        world = changed("iam_role", "BedrockBatch", max_session_hours=12, policies_of_role=True)(world)
        return chained(replace(world, machine=replace(world.machine, profile="batch")))

    found = on("enterprise", "PRD-08", settings=settings, edit=tested)["PRD-08"]
    assert said(found)[2] == "60 minutes, by role chaining, from one role to the next"


# ------------------------------------------------------------------------------------- PRD-07 and PRD-09


def test_an_old_access_key_is_found_and_an_inactive_or_a_young_one_is_not() -> None:
    world = "ent-prd-07-old-access-key"
    found = on(world, "PRD-07")["PRD-07"]
    assert said(found)[2] == "AKIA****SER0 is 200 days old"
    assert "deactivate AKIA****SER0" in found["remedy"][0]
    young = changed("iam_user", "build", key_age=timedelta(days=90, hours=23))
    assert on(world, "PRD-07", edit=young)["PRD-07"]["status"] == "compliant"
    over = changed("iam_user", "build", key_age=timedelta(days=91))
    assert on(world, "PRD-07", edit=over)["PRD-07"]["status"] == "non_compliant"


def test_a_role_has_no_access_keys() -> None:
    assert "no IAM user" in on("compliant", "PRD-07")["PRD-07"]["reason"]


def test_an_active_bedrock_api_key_is_found() -> None:
    found = on("ent-prd-09-bedrock-api-key", "PRD-09")["PRD-09"]
    assert said(found)[2] == "ACCAQ7BEDROCKKEY0000 of IAM user BedrockAPIKey-x1y2 is active"
    assert "--service-specific-credential-id ACCAQ7BEDROCKKEY0000" in found["remedy"][0]


def test_keys_are_found_on_every_page_although_the_sdk_cannot_turn_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)
    keys = [ServiceCredential(f"ACCAKEY{n}", f"user{n}", status="Inactive") for n in range(4)]
    last = ServiceCredential("ACCAKEYLAST", "someone")

    def edit(world: Any) -> Any:
        return replace(world, service_credential=(*keys, last, ServiceCredential("ACCAKEYMORE", "other")))

    found = on("compliant", "PRD-09", edit=edit)["PRD-09"]
    assert said(found)[2] == "ACCAKEYLAST of IAM user someone is active, and 1 more"


def test_keys_that_cannot_be_used_and_keys_of_other_services_raise_nothing() -> None:
    assert on("ok-ent-bedrock-api-key-is-expired", "PRD-09")["PRD-09"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("world", "requirement", "operation"),
    [
        ("compliant", "PRD-08", "iam:GetRole"),
        ("compliant", "PRD-09", "iam:ListServiceSpecificCredentials"),
        ("ok-iam-user-on-purpose", "PRD-07", "iam:ListAccessKeys"),
        ("enterprise", "PRD-05", "iam:GetRole"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_what_could_not_be_read_is_no_verdict(
    world: str, requirement: str, operation: str, code: str
) -> None:
    found = on(world, requirement, edit=failing(operation, code))
    (result,) = found.results.values()
    assert result["status"] == "inconclusive"
    assert result["missing_actions"] == ([operation] if code == "AccessDenied" else [])


def test_sts_holds_role_chaining_to_an_hour_and_a_role_to_its_maximum() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/BedrockBatch"
    with simulated(load_world("enterprise")):
        sts = boto3.Session(profile_name="msh").client("sts")
        asked = {"RoleArn": role, "RoleSessionName": "jo", "ExternalId": "CANARY-external-id"}
        assert sts.assume_role(**asked)["AssumedRoleUser"]["Arn"].endswith("assumed-role/BedrockBatch/jo")
        with pytest.raises(ClientError, match="1 hour session limit"):
            sts.assume_role(**asked, DurationSeconds=3601)
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sts.assume_role(**{**asked, "ExternalId": "another"})


def test_an_account_that_a_role_trusts_decides_for_itself_who_may_assume_it() -> None:
    edit = policy(allow("sts:GetCallerIdentity"), name="Roles")
    found = on("enterprise", "PRD-04", probe=True, edit=edit)["PRD-04", "batch"]
    assert said(found)[:2] == ("non_compliant", "STS02")
