"""Where nobody signs in: jobs and workloads with identity tokens, keys of a secret, and files that they share with people."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from fixtures.machine.identity_token import read_identity_token
from fixtures.settings import Settings
from fixtures.simulation.controls import IamRole, IdentityProvider
from fixtures.simulation.world import IamUser, Metadata, RoleSession, World, load_world
from tests.harness import WORKSTATION, Judged, judged, says
from tests.world_edits import Edit, both, env_file, environment, machine, written

CONFIG, CREDENTIALS, TOKEN = "~/.aws/config", "~/.aws/credentials", "~/token"
OF_A_JOB, OF_A_POD = "ok-identity-token-of-a-job", "ok-ent-production-pod"
AUDIENCE, SUBJECT = "sts.amazonaws.com", "repo:acme/docxp:ref:refs/heads/main"
PATHS = "AWS_CONFIG_FILE=${HOME}/.aws/config\nAWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials\n"
NO_FILES = both(
    *(written(None, of=file) for file in (CONFIG, CREDENTIALS)),
    env_file(("AWS_PROFILE=msh\n", ""), (PATHS, "")),
    environment(AWS_PROFILE=None),
    machine(profile="default"),
)
LONG_LIVED = {
    "AWS_ACCESS_KEY_ID": "AKIAQCANARYPIPELINE0",
    "AWS_SECRET_ACCESS_KEY": "CANARYsecretOfAUserOfThePipeline00000000",
}


def providers(*known: IdentityProvider) -> Edit:
    return lambda world: replace(world, identity_provider=known)


def of_job(
    *edits: Edit, world: str = OF_A_JOB, place: str = "ci", only: tuple[str, ...] = WORKSTATION
) -> Judged:
    return judged(world, edit=both(*edits), environment=place, only=only)


def user(world: World) -> World:
    return replace(world, iam_user=(IamUser("pipeline", *LONG_LIVED.values(), policies_of_role=True),))


# ------------------------------------------------------------------------------------------------ identity tokens


@pytest.mark.parametrize(
    ("edit", "title", "seen", "mends"),
    [
        (env_file(("now+5m", "now-1m"), of=TOKEN), "The identity token has ended",
         "the token ended at 2026-11-22T11:59:00Z", "# have the job write a token where ~/.aws/config line 4 says just before"),
        (env_file((SUBJECT, "repo:acme/docxp:environment:prod"), of=TOKEN), "The role does not trust this identity token",
         "is about repo:acme/docxp:environment:prod",
         "aws iam get-role --role-name DocXPPipeline --query Role.AssumeRolePolicyDocument"),
        (providers(), "The role's account has no identity provider for the issuer of the token",
         "the token is of https://token.actions.githubusercontent.com",
         "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list"
         " sts.amazonaws.com"),
        (env_file((AUDIENCE, "https://github.com/acme"), of=TOKEN),
         "The identity token is for another audience than the account's identity provider has",
         "the token is for https://github.com/acme",
         "aws iam add-client-id-to-open-id-connect-provider --client-id https://github.com/acme"
         " --open-id-connect-provider-arn"
         " arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com"),
        (written("glcbt-64_CANARY0123456789abcdef", of=TOKEN), "What stands in the place of the identity token is none",
         "is not a valid JWT", "# (CI_JOB_TOKEN is another kind), of GitHub's answer the field value"),
    ],
    ids=["ended", "another subject", "no provider", "another audience", "no such token"],
)  # fmt: skip
def test_why_no_identity_token_is_taken_is_told_apart_by_the_token_itself(
    edit: Edit, title: str, seen: str, mends: str
) -> None:
    found = of_job(edit)
    assert found.root_causes == ["RUN-02 PRE11"] and not found.with_status("inconclusive")
    assert says(found["RUN-02"], "PRE11", seen)
    assert found["RUN-02"]["title"] == title
    assert any(line.startswith(mends) for line in found["RUN-02"]["remedy"])
    assert "CANARY" not in json.dumps(found.readings)
    assert of_job().root_causes == []


@pytest.mark.parametrize(
    ("issuer", "audience", "command"),
    [
        ("https://x.example;reboot", AUDIENCE, f"--url https://ISSUER --client-id-list {AUDIENCE}"),
        ("https://x.example", "file:///etc/key", "--url https://x.example --client-id-list AUDIENCE"),
        ("https://x.example", "--endpoint-url", "--url https://x.example --client-id-list AUDIENCE"),
    ],
    ids=["another command", "a file to send", "an option"],
)
def test_an_identity_token_is_no_part_of_a_command_but_a_name(
    issuer: str, audience: str, command: str
) -> None:
    """The file's text is foreign, and stands in a command that is pasted."""
    token = f"${{jwt:{issuer} {audience} me now+5m}}"
    lines = of_job(written(token, of=TOKEN), only=("RUN-02",))["RUN-02"]["remedy"]
    assert lines[-1].endswith(command)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.bnVsbA.x", "e30.W10.x", "e30.e30.x"])
def test_what_is_no_identity_token_has_no_claims(token: str) -> None:
    assert read_identity_token(token) is None


def test_claims_of_another_form_are_none() -> None:
    claims = "eyJpc3MiOiAxLCAiYXVkIjogWyJhIiwgMl0sICJzdWIiOiAiYVxuYiIsICJleHAiOiAibm93In0"
    told = read_identity_token(f"e30.{claims}.x")
    assert told == {"issuer": None, "audiences": ["a"], "subject": None, "ends": None}


def test_a_claim_that_holds_a_token_itself_is_not_kept() -> None:
    within = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.CANARYsignature0123456789abcdef"
    text = json.dumps({"iss": "https://x.example", "aud": [within, AUDIENCE], "sub": within}).encode()
    told = read_identity_token(f"e30.{base64.urlsafe_b64encode(text).decode()}.x")
    assert told == {"issuer": "https://x.example", "audiences": [AUDIENCE], "subject": None, "ends": None}


CHAIN = written(
    "[profile deploy]\nregion = us-east-1\nrole_arn = arn:aws:iam::210987654321:role/Deploy\nsource_profile = ci\n\n"
    "[profile ci]\nrole_arn = arn:aws:iam::210987654321:role/DocXPPipeline\nweb_identity_token_file = ${home}/token\n",
    of=CONFIG,
)
DEPLOYS = both(CHAIN, machine(profile="deploy"), environment(AWS_PROFILE="deploy"))


@pytest.mark.parametrize(
    ("edit", "seen"),
    [
        (env_file(("now+5m", "now-1m"), of=TOKEN), "Token expired"),
        (written(None, of=TOKEN), "No such file"),
        (written("", of=TOKEN), "has no token"),
    ],
)
def test_a_chain_that_begins_with_an_identity_token_fails_by_the_token(edit: Edit, seen: str) -> None:
    """All that rests on the caller was inconclusive, or the role's trust policy was blamed."""
    found = of_job(DEPLOYS, edit)
    assert found.root_causes == ["RUN-02 PRE11"] and not found.with_status("inconclusive")
    assert seen in found["RUN-02"]["observed"]


@pytest.mark.parametrize("role", ["Deploy", "DeployByWebIdentity"])
def test_of_a_chains_roles_the_one_is_named_that_does_not_let_the_other_in(role: str) -> None:
    found = of_job(DEPLOYS, env_file(("role/Deploy", f"role/{role}"), of=CONFIG))
    assert found.root_causes == ["RUN-02 STS02"]
    assert found["RUN-02"]["remedy"][-1].startswith(f"aws iam get-role --role-name {role} ")


def test_where_the_callers_own_policies_are_what_lacks_no_trust_policy_is_to_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fixtures.simulation import sts

    plain = sts.AwsError

    def with_reason(code: str, message: str, status: int) -> Exception:
        because = " because no identity-based policy allows the sts:AssumeRole action"
        return plain(code, message + because * (code == "AccessDenied"), status)

    monkeypatch.setattr(sts, "AwsError", with_reason)
    result = of_job(DEPLOYS, only=("RUN-02",))["RUN-02"]
    assert result["title"] == "The caller's own policies do not let it assume the role"
    assert not any("trust" in line for line in result["remedy"])


def test_a_source_of_keys_in_variables_takes_no_identity_token() -> None:
    """boto/botocore#2245."""
    edit = both(
        env_file(("web_identity_token_file = ${home}/token", "credential_source = Environment"), of=CONFIG),
        environment(
            AWS_ROLE_ARN="arn:aws:iam::210987654321:role/DocXPPipeline",
            AWS_WEB_IDENTITY_TOKEN_FILE="${home}/token",
        ),
    )
    found = of_job(edit)
    assert found.root_causes == ["PRF-10 STS01"]
    assert "no identity token" in found["PRF-10"]["remedy"][0]
    without = of_job(edit, environment(AWS_WEB_IDENTITY_TOKEN_FILE=None), only=("PRF-10",))
    assert "no identity token" not in without["PRF-10"]["remedy"][0]


# ---------------------------------------------------------------------------------- files that people share with jobs


def test_a_jobs_profile_needs_no_pager_of_its_own() -> None:
    edit = env_file(("[profile ci]\n", "[profile ci]\ncli_auto_prompt = on\n"), of=CONFIG)
    assert {
        of_job(only=("PRF-08",))["PRF-08", case]["status"] for case in ("cli_pager", "cli_auto_prompt")
    } == {"not_applicable"}
    assert of_job(edit, only=("PRF-08",))["PRF-08", "cli_auto_prompt"]["status"] == "non_compliant"
    at_a_terminal = of_job(only=("PRF-08",), place="workstation")
    assert at_a_terminal["PRF-08", "cli_pager"]["status"] == "non_compliant"


@pytest.mark.parametrize(
    ("edit", "requirement"),
    [(both(), ("ENV-04", None)), (env_file(("AWS_PROFILE=msh\n", "")), ("ENV-02", "AWS_PROFILE"))],
    ids=["that of people", "none"],
)
def test_a_job_selects_its_profile_itself_and_the_file_that_people_share_stays(
    edit: Edit, requirement: tuple[str, str]
) -> None:
    found = of_job(edit, environment(AWS_PROFILE=None))
    assert [cause["requirement"] for cause in found.document["root_causes"]] == [requirement[0]]
    result = found.results[requirement]
    assert result["remedy"][-1] == "export AWS_PROFILE=ci"
    assert not any(line.startswith("# edit") for line in result["remedy"])
    assert of_job(edit).root_causes == []
    people = of_job(edit, environment(AWS_PROFILE=None), place="workstation", only=(requirement[0],))
    assert any(line.startswith("# edit") for line in people.results[requirement]["remedy"])


def test_a_job_may_have_its_config_file_elsewhere_than_the_file_that_people_share_says() -> None:
    """As the GitHub Action of this suite makes it."""
    text = "[profile ci]\nregion = us-east-1\nrole_arn = arn:aws:iam::210987654321:role/DocXPPipeline\n"
    moved = both(
        written(None, of=CONFIG),
        written(f"{text}web_identity_token_file = ${{home}}/token\n", of="~/runner/config"),
        environment(AWS_CONFIG_FILE="${home}/runner/config"),
    )
    assert of_job(moved).root_causes == []
    people = of_job(moved, place="workstation", only=("ENV-05", "ENV-09"))
    assert people["ENV-05", "AWS_CONFIG_FILE"]["status"] == "non_compliant"


def test_a_profile_in_the_file_is_named_after_what_keeps_a_pod_from_its_keys() -> None:
    edit = both(
        written("AWS_PROFILE=msh\nAWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1\n"),
        written(None, of=TOKEN),
    )
    found = of_job(edit, world=OF_A_POD, place="production")
    assert found.root_causes[0] == "RUN-02 PRE11" and "ENV-04 ENV05" in found.root_causes
    assert found["ENV-04"]["remedy"][-1].startswith("# or, where people who sign in use this file too")


# ------------------------------------------------------------------------------------------------- keys of a secret


@pytest.mark.parametrize(
    ("variables", "seen", "first"),
    [
        ({}, "no AWS profile yet", "# have the step that signs in run before this"),
        (dict.fromkeys(LONG_LIVED, ""), "set to nothing: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
         "# the secrets behind these variables are empty here"),
        ({"AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/DocXPPipeline"},
         "AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE", "# have the step that signs in run before this"),
    ],
    ids=["nothing", "empty secrets", "a role without a token"],
)  # fmt: skip
def test_a_job_without_credentials_is_sent_to_what_gives_them_and_to_no_login(
    variables: dict[str, str], seen: str, first: str
) -> None:
    found = of_job(NO_FILES, environment(**variables))
    assert found.root_causes == ["PRF-01"]
    result = found["PRF-01", "config"]
    assert seen in result["observed"] and result["remedy"][0].startswith(first)
    assert not any(line.startswith("aws configure sso") for row in found.rows for line in row["remedy"][:1])
    assert not any(line.startswith("aws configure") for line in result["remedy"])


def test_a_token_that_an_earlier_step_has_left_beside_a_long_lived_key_is_what_is_refused() -> None:
    """AWS answers as it does for a key that is gone."""
    keys = both(NO_FILES, environment(**LONG_LIVED), user)
    found = of_job(keys, environment(AWS_SESSION_TOKEN="CANARY-of-an-earlier-role"))
    assert found.root_causes == ["CRD-02"]
    assert says(found["CRD-02", "AWS_SESSION_TOKEN"], None, "AWS_ACCESS_KEY_ID is AKIA…INE0")
    assert found["CRD-02", "AWS_SESSION_TOKEN"]["remedy"] == ["unset AWS_SESSION_TOKEN"]
    assert of_job(keys).root_causes == []


def test_a_long_lived_key_of_a_job_goes_after_a_role_has_come() -> None:
    keys = both(NO_FILES, environment(**LONG_LIVED), user)
    result = of_job(keys, only=("PRD-03",))["PRD-03"]
    assert result["remedy"][0].startswith("# give the job or the workload a role first")


def test_a_secret_without_its_key_is_one_fault_with_the_token_that_came_with_it() -> None:
    """A masked output of another job is empty."""
    secret = {
        "AWS_SECRET_ACCESS_KEY": "CANARYsecretOfAnotherJob0000000000000000",
        "AWS_SESSION_TOKEN": "CANARYtoken",
    }
    found = of_job(NO_FILES, environment(**secret))
    assert found.root_causes == ["CRD-02 ENV07"]
    assert says(found["CRD-02", "AWS_SESSION_TOKEN"], "ENV07", "is set without AWS_ACCESS_KEY_ID")
    alone = of_job(NO_FILES, environment(AWS_SESSION_TOKEN="CANARYtoken"), only=("CRD-02",))
    assert alone["CRD-02", "AWS_SESSION_TOKEN"]["observed"].endswith("is set without AWS_ACCESS_KEY_ID")


TEMPORARY = {
    "AWS_ACCESS_KEY_ID": "ASIAQCANARYSESSION01",
    "AWS_SECRET_ACCESS_KEY": "CANARYsecret00000000000000",
}


def test_keys_that_have_lost_their_token_on_the_way_to_a_job_are_issued_anew() -> None:
    """To unset them would leave the job with nothing, and no profile is there to export from."""
    remedy = of_job(NO_FILES, environment(**TEMPORARY), only=("CRD-03",))["CRD-03"]["remedy"]
    assert remedy[0].startswith("# export a key, its secret and their token anew")
    people = judged("compliant", edit=environment(**TEMPORARY), only=("CRD-03",))
    assert people["CRD-03"]["remedy"][0].startswith("unset AWS_ACCESS_KEY_ID")


def test_keys_of_a_job_before_a_profile_for_people_are_not_to_give_way_to_a_login() -> None:
    names = ("access_key_id", "secret_access_key", "session_token")
    keys = (*TEMPORARY.values(), "CANARY-token-of-the-job")
    session = RoleSession(**dict(zip(names, keys, strict=True)), role="DocXPPipeline")
    edit = both(
        lambda world: replace(world, role_session=(session,)),
        written(load_world("compliant").machine.files[CONFIG].text, of=CONFIG),
        environment(**TEMPORARY, AWS_SESSION_TOKEN=keys[2], AWS_PROFILE="msh"),
        machine(profile="msh"),
    )
    found = of_job(edit, only=("RUN-03",))["RUN-03"]
    assert found["status"] == "non_compliant"
    assert found["remedy"][-2:] == ["unset AWS_PROFILE", "aws sts get-caller-identity"]
    assert not any("aws sso" in line for line in found["remedy"])


# --------------------------------------------------------------------------------------------- the machine's own role

OF_EC2 = "ok-ent-production-role"
PROXY = {"HTTP_PROXY": "http://proxy.acme.example:3128"}
AWAY = both(NO_FILES, machine(metadata=None))


@pytest.mark.parametrize(
    ("variables", "around"),
    [
        (PROXY, "NO_PROXY"),
        ({**PROXY, "NO_PROXY": "169.254.169.254"}, None),
        # Of the two names Python, and so boto3, reads this one.
        ({**PROXY, "NO_PROXY": "169.254.169.254", "no_proxy": "localhost"}, "no_proxy"),
        ({"HTTPS_PROXY": PROXY["HTTP_PROXY"]}, None),
    ],
)
def test_a_proxy_is_not_to_be_asked_for_an_instances_role(
    variables: dict[str, str], around: str | None
) -> None:
    found = of_job(AWAY, environment(**variables), world=OF_EC2, place="production")["CRD-01"]
    assert ("HTTP_PROXY is set, and the metadata service is asked" in found["observed"]) is bool(around)
    export = f'export {around}="${around},169.254.169.254"'
    assert (found["remedy"][0] == export) if around else not found["remedy"][0].startswith("export")
    if around:
        mended = {**variables, around: f"{variables.get(around, '')},169.254.169.254"}
        after = of_job(AWAY, environment(**mended), world=OF_EC2, place="production")["CRD-01"]
        assert "through that proxy" not in after["observed"]


def test_a_source_of_an_instance_is_another_in_a_container() -> None:
    role = "role_arn = arn:aws:iam::210987654321:role/Deploy\ncredential_source = Ec2InstanceMetadata\n"
    edit = both(
        AWAY, written(f"[profile deploy]\nregion = us-east-1\n{role}", of=CONFIG), machine(profile="deploy")
    )
    address = environment(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/credentials/0f6b1c1e")
    inside = of_job(edit, address, world=OF_EC2, place="production")
    assert inside.root_causes[0] == "PRF-10 STS01"
    assert "EcsContainer" in inside["PRF-10"]["remedy"][1]
    outside = of_job(edit, world=OF_EC2, place="production")
    assert "source_profile" in outside["PRF-10"]["remedy"][1]


def test_a_variable_that_selects_nothing_is_not_replaced_by_the_other() -> None:
    """AWS_PROFILE=default stops boto3 where no file has that profile."""
    found = of_job(environment(AWS_DEFAULT_PROFILE="dev"), world=OF_A_POD, place="production")
    assert found.root_causes == ["CRD-05 ENV05"]
    remedy = found["CRD-05", "AWS_DEFAULT_PROFILE"]["remedy"]
    assert remedy[0] == "unset AWS_DEFAULT_PROFILE" and not any("export" in line for line in remedy)


OF_JAVASCRIPT = '{"dependencies": {"@aws-sdk/client-bedrock-runtime": "3.1170.0"}}'


@pytest.mark.parametrize(
    ("edit", "raised"),
    [
        (environment(AWS_DEFAULT_REGION=None), True),
        (both(), False),
        (
            both(environment(AWS_DEFAULT_REGION=None), written(OF_JAVASCRIPT, of="./package.json")),
            False,
        ),
    ],
    ids=["AWS_REGION alone", "both", "JavaScript"],
)
def test_where_no_profile_is_needed_boto3_has_a_region_of_its_own_variable(edit: Edit, raised: bool) -> None:
    found = of_job(edit, world=OF_A_POD, place="production")
    assert found.root_causes == (["PRF-06 REG01"] if raised else [])
    if raised:
        assert found["PRF-06"]["remedy"] == ["export AWS_DEFAULT_REGION=us-east-1"]


@pytest.mark.parametrize(
    ("world", "place", "of_shells"),
    [(OF_A_POD, "production", False), ("env01-stale-keys", "workstation", True)],
)
def test_no_workload_is_sent_to_the_start_up_files_of_a_shell(
    world: str, place: str, of_shells: bool
) -> None:
    found = of_job(environment(**LONG_LIVED), world=world, place=place, only=("CRD-02",))
    remedy = found["CRD-02", "AWS_ACCESS_KEY_ID"]["remedy"]
    assert remedy[0].startswith("unset AWS_ACCESS_KEY_ID")
    assert any(line.startswith("grep") for line in remedy) is of_shells
    assert any("task definition" in line for line in remedy) is not of_shells
    assert ("SSO" in found["CRD-02", "AWS_ACCESS_KEY_ID"]["title"]) is of_shells


# ------------------------------------------------------------------------------------- chains, and the profile default


def trusting(principal: str) -> Edit:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return lambda world: replace(
        world,
        iam_role=(*world.iam_role, IamRole("Deploy", trust, policies_of_role=True, max_session_hours=2)),
    )


OF_A_TASK = both(
    environment(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/credentials/0f6b1c1e"),
    machine(metadata=Metadata("DocXPService", "container")),
)


def test_a_task_whose_default_profile_assumes_a_role_needs_no_selection_and_no_child_without_its_variables() -> (
    None
):
    role = "role_arn = arn:aws:iam::210987654321:role/Deploy\ncredential_source = EcsContainer\n"
    edit = both(
        NO_FILES,
        OF_A_TASK,
        written(f"[default]\nregion = us-east-1\n{role}", of=CONFIG),
        trusting("arn:aws:iam::210987654321:role/DocXPService"),
    )
    found = of_job(edit, world=OF_EC2, place="production")
    assert (found.root_causes, found.with_status("inconclusive")) == ([], set())
    assert "credential_source EcsContainer" in found["RUN-07"]["reason"]
    people = of_job(edit, world=OF_EC2, place="workstation", only=("ENV-02",))
    assert people["ENV-02", "AWS_PROFILE"]["status"] == "non_compliant"


def test_a_role_that_another_opens_is_not_to_be_given_a_longer_maximum() -> None:
    edit = both(DEPLOYS, trusting("arn:aws:iam::210987654321:role/DocXPPipeline"))
    long = replace(Settings(), production=replace(Settings().production, longest_job_minutes=120))
    found = judged(OF_A_JOB, edit=edit, environment="production", only=("PRD-08",), settings=long)["PRD-08"]
    assert "role chaining" in found["observed"]
    assert not any("update-role" in line for line in found["remedy"])
    alone = judged(OF_A_JOB, environment="production", only=("PRD-08",), settings=long)["PRD-08"]
    assert any("update-role" in line for line in alone["remedy"])


@pytest.mark.parametrize(
    ("world", "selected", "key", "line"),
    [
        (OF_A_JOB, None, ("ENV-04", None), "$env:AWS_PROFILE = 'ci'"),
        (OF_A_POD, "dev", ("CRD-05", "AWS_PROFILE"), "Remove-Item Env:AWS_PROFILE"),
    ],
)
def test_a_job_on_windows_is_told_in_the_words_of_its_shell(
    world: str, selected: str | None, key: tuple[str, str | None], line: str
) -> None:
    edit = both(environment(AWS_PROFILE=selected), machine(platform="windows"))
    assert line in of_job(edit, world=world, only=(key[0],)).results[key]["remedy"]


def test_no_profile_is_made_where_none_is_needed() -> None:
    variables = environment(AWS_REGION="us-east-1a", AWS_DEFAULT_REGION="us-east-1a")
    shared = written("AWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1\n")
    pod = of_job(variables, shared, world=OF_A_POD, place="production", only=("ENV-03",))
    assert pod["ENV-03"]["status"] == "non_compliant"
    assert not any(line.startswith("aws configure") for line in pod["ENV-03"]["remedy"])


KEYS_IN_A_FILE = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n".format(
    *LONG_LIVED.values()
)


def test_where_nobody_signs_in_a_login_is_for_who_sits_there() -> None:
    for place in ("ci", "workstation"):
        lines = judged("tok01-no-login", environment=place, only=("SSO-01",))["SSO-01"]["remedy"]
        assert lines[-1].startswith("aws sso login")
        assert lines[0].startswith("# nobody signs in in a job") is (place == "ci")
    gone = both(NO_FILES, written(KEYS_IN_A_FILE, of=CREDENTIALS))
    lines = of_job(gone, world=OF_EC2, place="production", only=("CRD-01",))["CRD-01"]["remedy"]
    at = lines.index("aws configure sso --profile default")
    assert lines[at - 2].startswith("# nobody signs in where a workload runs")


def test_keys_in_a_file_that_work_in_a_job_are_replaced_by_a_role_and_no_login() -> None:
    edit = both(NO_FILES, written(KEYS_IN_A_FILE, of=CREDENTIALS), user)
    remedy = of_job(edit, only=("CRD-01",))["CRD-01"]["remedy"]
    assert remedy[0].startswith("# where this is meant") and "assume a role" in remedy[1]
    assert not any("aws configure sso" in line for line in remedy)
