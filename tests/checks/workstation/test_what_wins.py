"""Credentials that are not the profile's: of variables, of the machine, or a key for Bedrock alone. What wins and is allowed is
judged, and what is listed beside it and is not used raises nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.run import Refused
from fixtures.settings import Settings
from fixtures.simulation.world import Metadata, RoleSession, World, load_world
from tests.harness import WORKSTATION, Judged, judged
from tests.world_edits import Edit, both, env_file, environment, machine, written

CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"
KEYS = {
    "AWS_ACCESS_KEY_ID": "ASIAQCANARYSESSION01",
    "AWS_SECRET_ACCESS_KEY": "CANARYsecretOfAnExportedRoleSession00000",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luCANARYexportedSessionToken000000000000",
}
OF_A_TASK = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0f6b1c1e-5f0a-4a0e-9d2f-3c1a5b7e9d11"}
NO_FILES = both(
    written(None, of=CONFIG),
    written(None, of=CREDENTIALS),
    written(None, of=TOKEN),
    machine(profile="default"),
)
PATHS = "AWS_CONFIG_FILE=${HOME}/.aws/config\nAWS_SHARED_CREDENTIALS_FILE=${HOME}/.aws/credentials\n"
GUIDES_PATHS = both(NO_FILES, environment(AWS_PROFILE=None), env_file(("AWS_PROFILE=msh\n", "")))
NO_PROFILE = both(GUIDES_PATHS, env_file((PATHS, "")))
REGION_ALONE = both(
    NO_PROFILE, written("[default]\nregion = us-east-1\ncli_pager =\ncli_auto_prompt = off\n", of=CONFIG)
)
NONE_SELECTED = both(environment(AWS_PROFILE=None), env_file(("AWS_PROFILE=msh\n", "")))
ENDED = env_file(("${now+8h}", "${now-2h}"), ("${now+80d}", "${now-2d}"), of=TOKEN)
DEFAULT_KEYS_TEXT = "[default]\naws_access_key_id = AKIAQCANARYOLDKEY001\naws_secret_access_key = CANARY\n"
DEFAULT_KEYS = written(DEFAULT_KEYS_TEXT, of=CREDENTIALS)
LOGGED_OUT = written(None, of=TOKEN)


def allowing(*providers: str) -> Edit:
    """What compliance.toml allows to win."""
    return lambda world: replace(world, settings={"credentials": {"allowed_providers": list(providers)}})


def exported(expires: str = "${now+1h}") -> Edit:
    """Keys of a role session in variables, as a step of a pipeline or a tool exports them."""
    names = ("access_key_id", "secret_access_key", "session_token")
    session = RoleSession(**dict(zip(names, KEYS.values(), strict=True)), expires=expires)
    return both(
        environment(**KEYS), lambda world: replace(world, role_session=(*world.role_session, session))
    )


def found(world: World | str, *edits: Edit, purpose: str = "workstation") -> Judged:
    return judged(world, edit=both(*edits), environment=purpose, only=WORKSTATION)


def in_a_task(world: World) -> World:
    return both(machine(metadata=Metadata("DocXPService", "container")), environment(**OF_A_TASK))(world)


@pytest.mark.parametrize(
    ("world", "edits", "purpose"),
    [
        ("compliant", [exported(), GUIDES_PATHS], "ci"),
        ("ok-no-env-file", [exported(), NO_FILES, environment(AWS_PROFILE=None)], "ci"),
        ("compliant", [exported(), NO_PROFILE, allowing("env", "sso")], "workstation"),
        ("compliant", [exported(), REGION_ALONE, allowing("env")], "workstation"),
        ("ok-short-term-bedrock-api-key", [NO_PROFILE], "workstation"),
        ("ok-ent-production-role", [NO_PROFILE], "production"),
        ("ok-ent-production-role", [REGION_ALONE], "production"),
        ("ok-ent-production-role", [in_a_task, NO_PROFILE], "production"),
        ("ok-ent-production-role", [in_a_task], "production"),
        ("compliant", [exported(), ENDED, allowing("env", "sso")], "workstation"),
        (
            "compliant",
            [exported(), LOGGED_OUT, environment(AWS_PROFILE=None), allowing("env", "sso")],
            "workstation",
        ),
        ("ok-short-term-bedrock-api-key", [ENDED], "workstation"),
        ("ok-short-term-bedrock-api-key", [LOGGED_OUT], "workstation"),
        ("compliant", [exported(), NONE_SELECTED, allowing("env", "sso")], "workstation"),
        ("ok-ent-production-role", [NO_PROFILE], "ci"),
        ("ok-ent-production-role", [REGION_ALONE], "ci"),
        ("ok-ent-production-role", [in_a_task, NO_PROFILE], "ci"),
        ("ok-ent-production-role", [exported(), NO_PROFILE], "ci"),
        ("compliant", [environment(AWS_CREDENTIAL_EXPIRATION="2026-11-20T13:00:00Z")], "workstation"),
    ],
    ids=[
        "keys of a pipeline's step and no file of AWS's",
        "the same without an environment file",
        "keys of variables on a workstation",
        "a profile default that has a Region alone",
        "an API key and no file",
        "an instance's role and no file",
        "an instance's role and a profile default that has a Region alone",
        "a task's role and no file",
        "a task's role and a profile",
        "keys beside a login that has ended",
        "keys beside no login",
        "an API key beside a login that has ended",
        "an API key beside no login",
        "keys beside a login that is alive, and no profile selected",
        "the role of a job's runner and no file",
        "the role of a job's runner and a profile default that has a Region alone",
        "the role of a job's container and no file",
        "keys of a pipeline's step on a runner that has a role",
        "the time when keys ended that are no longer there",
    ],
)
def test_what_wins_works_and_is_allowed_raises_nothing(world: str, edits: list[Edit], purpose: str) -> None:
    verdict = found(world, *edits, purpose=purpose)
    assert verdict.root_causes == []
    assert not verdict.with_status("inconclusive") and not verdict.with_status("blocked")


@pytest.mark.parametrize(
    ("world", "edits", "root_causes"),
    [
        # Not allowed: what there is to judge is the login.
        ("compliant", [exported(), ENDED], ["CRD-02 ENV01", "SSO-03 TOK02"]),
        ("env08-bedrock-api-key", [ENDED], ["CRD-04 ENV08", "SSO-03 TOK02"]),
        # All that there is: that no profile is there either is part of it.
        ("compliant", [exported(), NO_PROFILE], ["CRD-02 ENV01"]),
        # Allowed, and not there.
        ("compliant", [NO_PROFILE, allowing("env", "sso")], ["PRF-01"]),
        ("compliant", [ENDED, allowing("env", "sso")], ["SSO-03 TOK02"]),
        # Allowed, and they do not work.
        ("compliant", [exported("${now-1h}"), NO_PROFILE, allowing("env")], ["RUN-02 PRE04"]),
        ("compliant", [exported("${now-1h}"), ENDED, allowing("env", "sso")], ["RUN-02 PRE04"]),
        ("env14-key-has-ended", [ENDED], ["CRD-04 ENV14"]),
        # Not selected, and what wins instead is not allowed, or is another profile's keys.
        ("compliant", [NONE_SELECTED], ["ENV-02"]),
        ("compliant", [NONE_SELECTED, exported()], ["CRD-02 ENV01", "ENV-02"]),
        (
            "compliant",
            [NONE_SELECTED, DEFAULT_KEYS, allowing("shared-credentials-file", "sso")],
            ["RUN-07 PRE01", "ENV-02"],
        ),
        # A profile that is named and missing stops boto3 whatever the environment has.
        ("compliant", [exported(), NO_PROFILE, machine(profile="msh"), allowing("env", "sso")], ["PRF-01"]),
    ],
)
def test_where_it_does_not_work_or_is_not_allowed_that_is_named(
    world: str, edits: list[Edit], root_causes: list[str]
) -> None:
    assert found(world, *edits).root_causes == root_causes


def test_keys_that_have_ended_on_a_machine_without_sso_send_nobody_to_a_login() -> None:
    remedy = found("compliant", exported("${now-1h}"), NO_PROFILE, allowing("env"))["RUN-02"]["remedy"]
    assert "aws sts get-caller-identity" in remedy
    assert not any("sso login" in line or line.startswith("unset") for line in remedy)


def test_a_login_that_is_alive_is_judged_beside_keys_that_are_allowed() -> None:
    verdict = found("compliant", exported(), allowing("env", "sso"))
    assert verdict.root_causes == []
    assert verdict["SSO-03"]["status"] == "compliant"


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_where_a_profile_is_selected_no_child_is_asked_that_selects_none(variable: str) -> None:
    """The fact `unselecting_child`, which RUN-07 rests on."""
    other = DEFAULT_KEYS_TEXT.replace("[default]", "[sandbox]")
    edit = both(
        environment(AWS_PROFILE=None), environment(**{variable: "sandbox"}), written(other, of=CREDENTIALS)
    )
    children = [r["params"] for r in found("compliant", edit).readings if r["name"] == "child.identity"]
    assert children == [{"selects": True}]


@pytest.mark.parametrize(("edit", "asked"), [(environment(), False), (exported(), True)])
def test_who_relies_on_the_environment_is_asked_about_only_where_that_may_be_another(
    edit: Edit, asked: bool
) -> None:
    verdict = found("compliant", edit)
    assert ("application.identity" in {each["name"] for each in verdict.readings}) == asked


def test_keys_that_are_not_to_win_and_are_none_of_awss_are_one_root_cause() -> None:
    verdict = judged("cfg15-token-beside-a-long-lived-key", only=WORKSTATION, settings=Settings())
    assert verdict.root_causes == ["CRD-01 CFG15"]
    assert verdict["CRD-01"]["observed"].startswith("shared-credentials-file wins, and AWS refuses its keys")


def test_a_variable_that_is_missing_is_found_where_no_profile_need_be_selected() -> None:
    verdict = found(
        "compliant",
        exported(),
        NONE_SELECTED,
        env_file(("AWS_API_TIMEOUT=30\n", "")),
        allowing("env", "sso"),
    )
    assert verdict.root_causes == ["ENV-02"]
    assert verdict["ENV-02", "AWS_PROFILE"]["status"] == "not_applicable"
    assert verdict["ENV-02", "AWS_API_TIMEOUT"]["status"] == "non_compliant"


def test_keys_win_over_an_api_key_beside_a_login_that_has_ended() -> None:
    """The fact `winner`: an API key stands in for a login that has ended, and for nothing else."""
    verdict = found("ok-short-term-bedrock-api-key", exported(), ENDED, allowing("bearer", "env", "sso"))
    assert verdict.root_causes == []
    assert verdict["RUN-02"]["status"] == "compliant"


def test_a_profile_with_a_source_of_its_own_is_judged_beside_the_keys_of_an_earlier_step() -> None:
    verdict = found("ok-role-assumed-from-sso", exported(), allowing("env", "assume-role"))
    assert verdict.root_causes == []
    assert "with profile_name assume-role" in verdict["CRD-01"]["observed"]


@pytest.mark.parametrize(
    "edit",
    [NO_PROFILE, GUIDES_PATHS, REGION_ALONE, both()],
    ids=["no file", "the guide's paths", "a Region alone", "a profile without credentials"],
)
def test_a_machine_that_is_to_have_a_role_and_has_none_is_told_so_and_sends_nobody_to_a_login(
    edit: Edit,
) -> None:
    verdict = found("ok-ent-production-role", edit, machine(metadata=None), purpose="production")
    assert verdict.root_causes == ["CRD-01"]
    assert verdict["CRD-01"]["title"] == "Nothing gives this machine credentials"
    assert verdict["CRD-01"]["remedy"][0].startswith("# give the machine a role: ")
    assert not any("aws configure" in line for line in verdict["CRD-01"]["remedy"])


@pytest.mark.parametrize("edit", [NO_PROFILE, both()], ids=["no file", "a profile without credentials"])
@pytest.mark.parametrize(("said", "first"), [("true", "unset "), ("TRUE", "unset "), ("false", "# give ")])
def test_a_variable_that_keeps_programs_from_asking_the_machine_for_its_role_is_named(
    edit: Edit, said: str, first: str
) -> None:
    asked = machine(metadata=None) if said == "false" else both()
    variable = environment(AWS_EC2_METADATA_DISABLED=said)
    verdict = found("ok-ent-production-role", edit, asked, variable, purpose="production")
    assert verdict.root_causes == ["CRD-01"]
    assert verdict["CRD-01"]["remedy"][0].startswith(first)
    assert ("AWS_EC2_METADATA_DISABLED is true" in verdict["CRD-01"]["observed"]) is (said != "false")


def test_that_variable_keeps_nobody_from_credentials_that_are_not_the_machines() -> None:
    assert found("compliant", environment(AWS_EC2_METADATA_DISABLED="true")).root_causes == []


@pytest.mark.parametrize("edit", [NO_PROFILE, GUIDES_PATHS], ids=["no paths", "the guide's paths"])
def test_a_job_without_credentials_is_to_sign_in_in_a_step_before(edit: Edit) -> None:
    verdict = found("compliant", edit, purpose="ci")
    assert verdict.root_causes == ["PRF-01"]
    result = verdict["PRF-01", "config"]
    assert result["title"] == "This machine has neither an AWS profile nor allowed credentials in variables"
    assert "have the step that signs in run before this" in result["remedy"][0]
    # Where SSO alone is allowed there is no such step.
    alone = found("compliant", edit)["PRF-01", "config"]
    assert alone["remedy"] == ["aws configure sso --profile default"]


KEY, SECRET = KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]


@pytest.mark.parametrize(
    ("edits", "root_cause"),
    [
        ([environment(AWS_ACCESS_KEY_ID=KEY)], "CRD-02 ENV07"),
        ([environment(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY="")], "CRD-02 ENV07"),
        ([environment(AWS_SECRET_ACCESS_KEY=SECRET)], "CRD-02 ENV07"),
        ([environment(AWS_ACCESS_KEY_ID="${{ secrets.KEY }}", AWS_SECRET_ACCESS_KEY="x")], "CRD-02 ENV04"),
        ([exported(), environment(AWS_SESSION_TOKEN=KEYS["AWS_SESSION_TOKEN"] + "\n")], "CRD-02 ENV10"),
        (
            [exported("${now-1h}"), environment(AWS_CREDENTIAL_EXPIRATION="2026-11-22T11:00:00Z")],
            "CRD-02 ENV09",
        ),
    ],
)
def test_keys_of_a_job_that_are_wrong_are_the_one_fault_and_are_issued_anew(
    edits: list[Edit], root_cause: str
) -> None:
    """Without them the job has nothing: to unset them would be no remedy, and a login none either."""
    verdict = found("compliant", *edits, NO_PROFILE, purpose="ci")
    assert verdict.root_causes == [root_cause]
    (cause,) = verdict.document["root_causes"]
    assert cause["remedy"][0].startswith("# export a key, its secret and their token anew")
    assert not verdict.with_status("inconclusive")


@pytest.mark.parametrize(
    ("edits", "root_cause"),
    [
        ([environment(AWS_PROFILE="docxp-dev")], "CRD-05 ENV05"),
        ([environment(AWS_PROFILE="")], "CRD-05 ENV05"),
        ([environment(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")], "CRD-02 ENV04"),
        ([exported()], "CRD-02 ENV01"),
    ],
    ids=["a developer's profile", "an empty profile", "an emulator's keys", "a person's keys"],
)
def test_what_is_left_over_beside_a_workloads_role_is_the_one_fault_and_goes(
    edits: list[Edit], root_cause: str
) -> None:
    edit = both(NO_PROFILE, *edits)
    verdict = judged(
        "ok-ent-production-role", edit=edit, environment="production", only=(*WORKSTATION, "PRD-01")
    )
    assert verdict.root_causes == [root_cause]
    (cause,) = verdict.document["root_causes"]
    assert cause["remedy"][0].startswith("unset ")
    assert not any(line.startswith("export AWS_PROFILE") for line in cause["remedy"])


def test_a_job_with_keys_is_not_told_to_name_a_profile_that_no_file_has() -> None:
    without_region = env_file(("AWS_REGION=us-east-1\n", ""))
    verdict = found("compliant", exported(), NO_PROFILE, without_region, purpose="ci")
    assert verdict.root_causes == ["ENV-02"]
    assert not any("AWS_PROFILE" in line for line in verdict["ENV-02", "AWS_REGION"]["remedy"])


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_that_a_job_selects_beside_its_keys_is_what_is_wrong(variable: str) -> None:
    """boto3 stops at it; a profile that is configured, or the default named, would not help."""
    edits = (exported(), NO_PROFILE, environment(**{variable: "docxp-dev"}))
    verdict = found("compliant", *edits, purpose="ci")
    assert verdict.root_causes == ["CRD-05 ENV05"]
    assert verdict["CRD-05", variable]["remedy"][0] == f"unset {variable}"
    of_the_file = found(
        "compliant", *edits, env_file(("AWS_REGION=", "AWS_PROFILE=msh\nAWS_REGION=")), purpose="ci"
    )
    assert of_the_file.root_causes == ["CRD-05 ENV05", "ENV-04 ENV05"]
    assert of_the_file["ENV-04"]["remedy"][0] == "# edit ./.env.enterprise line 2: delete the line"


@pytest.mark.parametrize(
    ("content", "said"), [("", "has no token"), ("\n", "has no token"), (None, "No such file")]
)
def test_a_job_that_was_given_no_identity_token_is_told_so(content: str | None, said: str) -> None:
    variables = environment(
        AWS_ROLE_ARN="arn:aws:iam::210987654321:role/DocXPService",
        AWS_WEB_IDENTITY_TOKEN_FILE="${home}/web_identity_token",
    )
    verdict = found(
        "compliant", NO_PROFILE, variables, written(content, of="~/web_identity_token"), purpose="ci"
    )
    assert verdict.root_causes == ["RUN-02 PRE11"]
    assert said in verdict["RUN-02"]["observed"]
    assert any("id_tokens" in line for line in verdict["RUN-02"]["remedy"]) is (content is not None)
    assert not verdict.with_status("inconclusive")


NO_ANSWER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9911/creds"}
POD = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
OF_A_POD = {**POD, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "${home}/eks-pod-identity-token"}
FAILING = {
    "nobody answers": (NO_ANSWER, "Could not connect to the endpoint URL"),
    "no token file": (OF_A_POD, "No such file or directory"),
    "a line break in the token": (
        {**POD, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "two\nlines"},
        "not a legal header value",
    ),
    "a host that is not asked": (
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://credentials.example/"},
        "Unsupported host 'credentials.example'",
    ),
}
FROM_THE_CONTAINER = env_file(
    (
        "[profile msh]\n",
        "[profile msh]\nrole_arn = arn:aws:iam::210987654321:role/App\ncredential_source = EcsContainer\n",
    ),
    of=CONFIG,
)


@pytest.mark.parametrize(("variables", "said"), FAILING.values(), ids=FAILING)
@pytest.mark.parametrize(
    ("world", "edit", "purpose"),
    [
        ("ok-ent-production-role", NO_PROFILE, "production"),
        ("ok-ent-production-role", both(), "production"),
        ("ok-ent-production-role", FROM_THE_CONTAINER, "production"),
        ("compliant", NONE_SELECTED, "workstation"),
    ],
    ids=[
        "no profile",
        "a profile without credentials",
        "a role from the container",
        "an SSO profile not selected",
    ],
)
def test_a_containers_source_that_fails_is_the_one_root_cause(
    world: str, edit: Edit, purpose: str, variables: dict[str, str], said: str
) -> None:
    """Wherever the chain ends at it: not a profile that is missing, and not nothing at all."""
    verdict = found(world, edit, machine(metadata=None), environment(**variables), purpose=purpose)
    assert [cause for cause in verdict.root_causes if cause != "ENV-02"] == ["CRD-01 PRE11"]
    assert said in verdict["CRD-01"]["observed"]
    assert verdict["CRD-01"]["observed"].startswith("AWS_CONTAINER_CREDENTIALS_FULL_URI is set: ")
    assert not verdict.with_status("inconclusive")


def test_a_pods_source_that_answers_raises_nothing() -> None:
    verdict = found(
        "ok-ent-production-role",
        in_a_task,
        NO_PROFILE,
        environment(
            AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=None,
            **{**OF_A_POD, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/v1/credentials"},
        ),
        written("eyJhbGciOi-CANARY-pod", of="~/eks-pod-identity-token"),
        purpose="production",
    )
    assert verdict.root_causes == [] and not verdict.with_status("inconclusive")


@pytest.mark.parametrize(
    ("edit", "requirement", "line"),
    [
        (environment(AWS_PROFILE="msh"), ("CRD-05", "AWS_PROFILE"), "unset AWS_PROFILE"),
        (env_file(("AWS_REGION=", "AWS_PROFILE=msh\nAWS_REGION=")), "ENV-04", "delete the line"),
    ],
)
def test_a_profile_that_no_file_has_is_taken_out_not_renamed(
    edit: Edit, requirement: str | tuple[str, str], line: str
) -> None:
    """botocore stops at the name of a profile that is not there, `default` too."""
    verdict = found("compliant", exported(), NO_PROFILE, edit, allowing("env", "sso"))
    remedy = verdict[requirement]["remedy"]
    assert any(line in told for told in remedy)
    assert not any("AWS_PROFILE=default" in told for told in remedy)


def test_a_profile_of_a_workload_with_settings_of_its_own_is_not_sent_for_the_machines_role() -> None:
    role = "rol_arn = arn:aws:iam::210987654321:role/app\ncredential_source = Ec2InstanceMetadata\n"
    text = f"[profile app]\nregion = us-east-1\n{role}"
    edits = (written(None, of=CREDENTIALS), written(None, of=TOKEN), written(text, of=CONFIG))
    verdict = found(
        "compliant", *edits, machine(profile="app"), environment(AWS_PROFILE=None), purpose="production"
    )
    assert "aws configure list --profile app" in verdict["CRD-01"]["remedy"]


@pytest.mark.parametrize("variable", ["msh", None])
@pytest.mark.parametrize("login", [LOGGED_OUT, ENDED], ids=["no login", "a login that has ended"])
def test_a_workload_with_a_persons_profile_is_to_start_without_it(login: Edit, variable: str | None) -> None:
    verdict = found("compliant", login, environment(AWS_PROFILE=variable), purpose="production")
    assert verdict.root_causes[0] == "CRD-01"
    remedy = verdict["CRD-01"]["remedy"]
    assert verdict["CRD-01"]["title"].startswith("Profile msh is for a person who signs in")
    assert ("unset AWS_PROFILE" in remedy) is (variable is not None)
    assert not any("remove the source" in line or "sso login" in line for line in remedy)


@pytest.mark.parametrize(
    ("world", "edits", "purpose", "root_causes"),
    [
        ("ok-ent-production-role", [NO_PROFILE], "production", ["CRD-05 ENV05"]),
        ("compliant", [exported(), NO_PROFILE], "ci", ["CRD-05 ENV05"]),
        ("compliant", [exported(), REGION_ALONE], "ci", []),
        ("compliant", [NO_PROFILE], "workstation", ["PRF-01"]),
    ],
)
def test_the_default_is_no_profile_to_select_where_no_file_has_it(
    world: str, edits: list[Edit], purpose: str, root_causes: list[str]
) -> None:
    """boto3 goes on without it unless it is selected, at which it stops."""
    verdict = found(world, *edits, environment(AWS_PROFILE="default"), purpose=purpose)
    assert verdict.root_causes == root_causes


def test_nobody_is_sent_to_a_login_in_a_job_without_being_told_what_a_job_does() -> None:
    verdict = found("compliant", LOGGED_OUT, purpose="ci")
    assert verdict.root_causes == ["SSO-01 TOK01"]
    assert "have a step before this assume a role" in verdict["SSO-01"]["remedy"][0]
    assert verdict["SSO-01"]["remedy"][-1] == "aws sso login --profile msh"


def with_a_role_of_its_own(world: World) -> World:
    """A task of the account, with the role that ok-ent-production-role has for it."""
    return in_a_task(replace(world, iam_role=load_world("ok-ent-production-role").iam_role))


@pytest.mark.parametrize(
    ("purpose", "said", "done"),
    [
        ("ci", "have a step before this assume a role", exported()),
        ("production", "and check it with --profile default", with_a_role_of_its_own),
    ],
)
@pytest.mark.parametrize("login", [LOGGED_OUT, ENDED], ids=["no login", "a login that has ended"])
def test_who_does_what_stands_in_the_place_of_a_login_has_what_was_asked_for(
    login: Edit, purpose: str, said: str, done: Edit
) -> None:
    """The file with the person's profile may stay where it is."""
    before = found("compliant", login, purpose=purpose)
    remedy = before.document["root_causes"][0]["remedy"]
    assert said in " ".join(remedy)
    after = found("compliant", login, done, NONE_SELECTED, machine(profile="default"), purpose=purpose)
    assert (after.root_causes, after.with_status("inconclusive")) == ([], set())


def test_a_person_who_names_the_default_and_has_none_has_mistyped_it() -> None:
    with pytest.raises(Refused, match=r"--profile default: not in .*; known: msh"):
        found("compliant", machine(profile="default"))
