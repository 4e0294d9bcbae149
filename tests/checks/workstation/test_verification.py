"""Step 6: what is said of session, caller, client, listed models, SDK versions and a child process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from checks.requirement import NonCompliant
from checks.workstation.test_verification import test_caller_is_the_profiles_role as is_the_profiles_role
from fixtures.aws.selection import Selection
from fixtures.aws.service_models import SharedLoader
from fixtures.backends import live
from fixtures.evidence.identity import Identity, Provider
from fixtures.evidence.profile import Profile
from fixtures.settings import CredentialSettings, ProfileSettings, Settings
from fixtures.simulation.world import World, load_world
from tests.followed import follow
from tests.harness import WORKSTATION, Altered, Judged, judged, says
from tests.mending import Laptop
from tests.world_edits import Edit, answers, both, env_file, environment, machine, written

ALL = tuple(f"RUN-{number:02}" for number in range(1, 8))
CONFIG, CREDENTIALS = "~/.aws/config", "~/.aws/credentials"
STALE = (
    "[default]\naws_access_key_id = AKIAQCANARYOLDACCESS\naws_secret_access_key = CANARYkeyOfAUserWhoIsGone\n"
)
STATIC = Settings(credentials=CredentialSettings(allowed_providers=("sso", "shared-credentials-file")))


def of_compliant(edit: Edit, *only: str, settings: Settings | None = None) -> Judged:
    return judged("compliant", only=only or ALL, edit=edit, settings=settings)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a test change what one reader answers; an exception is raised."""

    def answer(name: str, change: Any) -> None:
        real = live.READERS[name]

        def reader(subject: Any, **params: Any) -> Any:
            if isinstance(change, Exception):
                raise change
            return change(real(subject, **params)) if callable(change) else change

        monkeypatch.setitem(live.READERS, name, reader)  # type: ignore[attr-defined]

    return answer


# ------------------------------------------------------------------------------------------------------ RUN-01


@pytest.mark.parametrize(
    ("edit", "root"),
    [
        (env_file(("[profile msh]", "[msh]"), of=CONFIG), "PRF-02"),
        (written(b"[profile msh]\n[profile msh]\n", of=CONFIG), "PRF-01"),
    ],
)
def test_a_session_that_cannot_be_built_is_explained_by_the_file(edit: Edit, root: str) -> None:
    assert of_compliant(edit, "RUN-01")["RUN-01"]["behind"] == root


@pytest.mark.parametrize(("name", "cause"), [("ProfileNotFound", "CFG01"), ("ConfigParseError", "CFG03")])
def test_a_session_that_nothing_explains_is_the_finding_itself(
    reads: Callable[..., None], name: str, cause: str
) -> None:
    reads("session", type(name, (Exception,), {})("no such thing"))
    result = judged("compliant", only=("RUN-01",))["RUN-01"]
    assert (result["status"], result["cause"], result["observed"]) == (
        "non_compliant",
        cause,
        f"{name}: no such thing",
    )


def test_another_error_of_the_session_gives_no_verdict(reads: Callable[..., None]) -> None:
    reads("session", RuntimeError("odd"))
    assert judged("compliant", only=("RUN-01",))["RUN-01"]["status"] == "inconclusive"


# ------------------------------------------------------------------------------------------------------ RUN-02


@pytest.mark.parametrize(
    ("world", "cause", "observed"),
    [
        (
            "pre04-pasted-keys-expired",
            "PRE04",
            "the temporary keys in ~/.aws/credentials line 2 have ended; sts:GetCallerIdentity: ExpiredToken",
        ),
        (
            "sts03-switched-off-key",
            "STS03",
            "sts:GetCallerIdentity with keys of provider shared-credentials-file (~/.aws/credentials line 2):"
            " InvalidClientTokenId",
        ),
    ],
)
def test_refused_keys_are_told_apart_and_named_with_their_line(world: str, cause: str, observed: str) -> None:
    found = judged(world, only=(*ALL, "IAM-03"))
    result = found["RUN-02"]
    assert (result["status"], result["cause"]) == ("non_compliant", cause)
    assert result["observed"] == observed
    assert found["IAM-03"]["behind"] == "RUN-02"
    assert {found[name]["status"] for name in ("RUN-03", "RUN-05", "RUN-07")} == {"blocked"}
    assert found.root_causes == [f"RUN-02 {cause}"]
    assert "CANARY" not in str(found.document) + str(found.readings)


def test_a_wrong_secret_has_no_code_but_is_a_finding() -> None:
    edit = env_file(
        ("CANARYkeyOfTheIamUserForTheBuildHost0000", "CANARYanotherSecretAccessKey0000000000000"),
        of=CREDENTIALS,
    )
    result = judged("ok-iam-user-on-purpose", only=ALL, edit=edit)["RUN-02"]
    assert (result["status"], result["cause"]) == ("non_compliant", None)
    assert result["observed"].endswith("SignatureDoesNotMatch")


@pytest.mark.parametrize(("legacy", "cause"), [("legacy", "REG04"), ("regional", None)])
def test_keys_that_sso_gave_and_sts_does_not_know_may_be_of_the_global_endpoint(
    legacy: str, cause: str | None
) -> None:
    edit = both(
        answers("sts:GetCallerIdentity", "InvalidClientTokenId", status=403),
        environment(AWS_STS_REGIONAL_ENDPOINTS=legacy),
    )
    result = of_compliant(edit, "RUN-02")["RUN-02"]
    assert (result["status"], result["cause"]) == ("non_compliant", cause)


def test_keys_that_sso_gave_and_a_disabled_region_refuses_are_the_regions_fault() -> None:
    def disabled(world: World) -> World:
        account = replace(world.account, disabled_regions=("af-south-1",))
        policies = {"Bedrock": world.role.policies["Bedrock"]}
        return replace(world, account=account, role=replace(world.role, policies=policies))

    config = env_file(("region = us-east-1\noutput", "region = af-south-1\noutput"), of="~/.aws/config")
    named = env_file(("_REGION=us-east-1", "_REGION=af-south-1"))
    exported = environment(AWS_REGION="af-south-1", AWS_DEFAULT_REGION="af-south-1")
    found = judged("compliant", edit=both(disabled, config, named, exported))
    assert found["REG-03", "target"]["status"] == "inconclusive"
    assert found.root_causes[0] == "RUN-02 REG04"
    assert "aws account enable-region --region-name af-south-1" in found["RUN-02"]["remedy"]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "SomethingNew"])
def test_an_error_that_says_nothing_about_the_keys_gives_no_verdict(code: str) -> None:
    found = of_compliant(answers("sts:GetCallerIdentity", code, status=400))
    assert {found[name]["status"] for name in ("RUN-02", "RUN-03", "RUN-07")} == {"inconclusive"}
    assert code in found["RUN-02"]["reason"]
    assert found.root_causes == []


def test_an_endpoint_that_cannot_be_reached_is_the_networks_fault() -> None:
    edit = machine(network={"sts.us-east-1.amazonaws.com": "dns"})
    found = of_compliant(edit, *ALL, "CON-02")
    assert {found[name]["behind"] for name in ("RUN-02", "RUN-03", "RUN-07")} == {"CON-02"}
    assert found["RUN-05"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ RUN-03


IDENTITY = Identity("210987654321", "arn:aws:sts::210987654321:assumed-role/Build/i-1", "aws", "Build", None)
PROFILE = Profile(
    "msh", {"sso_account_id": "210987654321", "sso_role_name": "BedrockDeveloper"}, None, None, None
)


class Asked:
    settings = Settings()


@pytest.mark.parametrize(
    ("method", "cause"), [("iam-role", "PRE06"), ("container-role", "PRE06"), ("assume-role", None)]
)
def test_another_role_than_the_profiles_is_named(method: str, cause: str | None) -> None:
    with pytest.raises(NonCompliant) as failure:
        is_the_profiles_role(IDENTITY, Provider(method), PROFILE, Asked())
    assert failure.value.cause == cause
    assert failure.value.expected == "account 210987654321, role BedrockDeveloper"
    assert failure.value.observed == f"sts:GetCallerIdentity: {IDENTITY.arn}, from provider {method}"


def test_without_sso_the_settings_say_who_is_expected() -> None:
    def settings(account: str) -> Settings:
        return replace(STATIC, profile=ProfileSettings(account_id=account))

    found = judged("ok-iam-user-on-purpose", only=("RUN-03",), settings=settings("210987654321"))
    assert found["RUN-03"]["status"] == "compliant"
    found = judged("ok-iam-user-on-purpose", only=("RUN-03",), settings=settings("111122223333"))
    assert found["RUN-03"]["status"] == "non_compliant"
    assert found["RUN-03"]["expected"] == "account 111122223333, role any"


def test_where_nobody_is_expected_anyone_will_do() -> None:
    found = judged("ok-iam-user-on-purpose", only=("RUN-03",))
    assert found["RUN-03"]["status"] == "not_applicable"


# ------------------------------------------------------------------------------------------------------ RUN-04


def test_an_empty_default_region_is_reg02_where_there_is_no_environment_file() -> None:
    edit = both(written(None), environment(AWS_DEFAULT_REGION=""))
    result = of_compliant(edit, *ALL, "ENV-03")["RUN-04"]
    assert (result["status"], result["cause"]) == ("non_compliant", "REG02")
    assert result["remedy"][0] == "unset AWS_DEFAULT_REGION"


def test_with_an_environment_file_the_regions_requirement_says_so_first() -> None:
    found = of_compliant(environment(AWS_DEFAULT_REGION=""), *ALL, "ENV-03")
    assert found["RUN-04"]["behind"] == "ENV-03"


def test_an_endpoint_elsewhere_is_the_overrides_fault() -> None:
    edit = environment(AWS_ENDPOINT_URL_BEDROCK_RUNTIME="http://localhost:4566")
    result = of_compliant(edit, "RUN-04")["RUN-04"]
    assert (result["cause"], result["behind"]) == ("REG06", "CRD-06")


def test_a_password_in_an_endpoint_is_not_kept() -> None:
    found = judged(
        "compliant", edit=environment(AWS_ENDPOINT_URL="http://jo:pa55word@localhost:4566/x?key=in-query")
    )
    assert found["RUN-04"]["behind"] == "CRD-06"
    assert found.root_causes == ["CRD-06 REG06"]
    said = str([found.document, found.readings])
    assert ("http://localhost:4566/x" in said, "pa55word" in said, "in-query" in said) == (True, False, False)


def test_an_approved_endpoint_is_fine_wherever_it_is() -> None:
    url = "https://bedrock.internal.example"
    settings = Settings(credentials=CredentialSettings(approved_endpoints=(url,)))
    edit = environment(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=url)
    assert of_compliant(edit, "RUN-04", settings=settings)["RUN-04"]["status"] == "compliant"


@pytest.mark.parametrize("variable", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_the_regions_other_endpoints_belong_to_it_too(variable: str) -> None:
    assert of_compliant(environment(**{variable: "true"}), "RUN-04")["RUN-04"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ValueError("Invalid endpoint: https://bedrock-runtime..amazonaws.com"), "REG06"),
        (type("UnknownServiceError", (Exception,), {})("Unknown service: 'bedrock-runtime'"), "PRE09"),
        (ValueError("Expecting value: line 1 column 1 (char 0)"), None),
    ],
)
def test_a_client_that_cannot_be_built_is_the_finding(
    reads: Callable[..., None], error: Exception, cause: str | None
) -> None:
    reads("client", error)
    result = judged("compliant", only=("RUN-04",))["RUN-04"]
    assert (result["status"], result["cause"]) == ("non_compliant", cause)
    assert str(error) in result["observed"]
    assert result["remedy"][0].startswith("# correct what botocore cannot read") is not bool(cause)


@pytest.mark.parametrize(
    "edit",
    [
        environment(AWS_ENDPOINT_URL_BEDROCK_RUNTIME="bedrock-runtime.us-east-1.amazonaws.com"),
        env_file(
            ("output = json\n", "output = json\nendpoint_url = vpce-0.sts.us-east-1.vpce.amazonaws.com\n"),
            of=CONFIG,
        ),
    ],
    ids=["variable", "profile"],
)
def test_an_override_that_is_no_url_is_one_root_cause(edit: Edit) -> None:
    found = judged("compliant", only=WORKSTATION, edit=edit)
    assert found.root_causes == ["CRD-06 REG06"]
    assert found["RUN-04"]["behind"] == "CRD-06"


def test_a_setting_that_no_client_can_be_built_with_is_no_endpoint() -> None:
    edit = env_file(("output = json", "output = json\nmax_attempts = many"), of=CONFIG)
    result = of_compliant(edit, "RUN-04")["RUN-04"]
    assert (result["status"], result["cause"]) == ("non_compliant", None)
    assert "invalid literal for int() with base 10: 'many'" in result["observed"]
    assert result["title"] == "botocore cannot read max_attempts, and builds no client"
    assert result["remedy"] == [
        f"# edit {CONFIG} line 12: give max_attempts of profile msh a value that botocore takes, or delete it"
    ]


def test_a_variable_that_no_client_can_be_built_with_is_the_cause() -> None:
    found = judged("compliant", edit=environment(AWS_MAX_ATTEMPTS="many"))
    assert found.root_causes == ["ENV-09 ENV11"]
    assert found["RUN-04"]["behind"] == "ENV-09"
    assert found["RUN-04"]["title"] == "botocore cannot read AWS_MAX_ATTEMPTS, and builds no client"


def test_another_error_of_the_client_gives_no_verdict(reads: Callable[..., None]) -> None:
    reads("client", RuntimeError("odd"))
    assert judged("compliant", only=("RUN-04",))["RUN-04"]["status"] == "inconclusive"


# ------------------------------------------------------------------------------------------------------ RUN-05


def test_a_region_without_any_claude_model_is_named() -> None:
    def edit(world: World) -> World:
        return replace(world, model=tuple(m for m in world.model if not m.id.startswith("anthropic.")))

    result = of_compliant(edit, "RUN-05")["RUN-05"]
    assert (result["status"], result["cause"]) == ("non_compliant", None)
    assert result["observed"].startswith("bedrock:ListFoundationModels in us-east-1: ")


def test_models_that_cannot_be_listed_give_no_verdict_about_claude() -> None:
    found = of_compliant(answers("bedrock:ListFoundationModels", "ThrottlingException", status=429), "RUN-05")
    assert found["RUN-05"]["status"] == "inconclusive"


# ------------------------------------------------------------------------------------------------------ RUN-06


@pytest.mark.parametrize(
    ("botocore", "status"),
    [
        ("1.31.56", "non_compliant"),
        ("1.29.0", "non_compliant"),
        ("1.31.57", "compliant"),
        ("2.0.0dev1", "compliant"),
    ],
)
def test_a_botocore_without_bedrock_runtime_is_too_old(
    reads: Callable[..., None], botocore: str, status: str
) -> None:
    reads("sdk", lambda told: {**told, "botocore": botocore})
    found = judged("compliant", only=("RUN-06",))
    assert found["RUN-06"]["status"] == status
    if status == "non_compliant":
        assert found["RUN-06"]["cause"] == "PRE09"
        assert found["RUN-06"]["expected"] == "botocore 1.31.57 or later, for the service bedrock-runtime"
        assert botocore in found["RUN-06"]["observed"]
        assert found["RUN-06"]["remedy"] == ["python3 -m pip install --upgrade boto3 botocore"]


@pytest.mark.parametrize(
    ("version", "operations"), [("2023-04-20", ["ListFoundationModels"]), ("2023-09-30", [])]
)
def test_a_model_of_bedrock_from_its_preview_is_told(version: str, operations: list[str]) -> None:
    """Which people were sent for `aws configure add-model`: botocore knows no operation that it lacks, and no other model."""
    found = judged("compliant", only=("PRF-05", "RUN-06"), edit=with_model(version, operations))
    assert found.root_causes == ["RUN-06 PRE09"]
    assert says(found["RUN-06"], "PRE09", "the model of bedrock (./models/bedrock), which lacks operations")
    assert found["RUN-06"]["remedy"][0].startswith("# give ./models/bedrock another name")
    assert not found.with_status("inconclusive")


def test_an_answer_that_such_a_model_cuts_short_is_blocked_by_it_and_any_other_odd_one_by_nothing() -> None:
    cut = judged("compliant", edit=with_model("2023-04-20", ["ListFoundationModels"]))
    assert cut.root_causes == ["RUN-06 PRE09"]
    assert not cut.with_status("inconclusive")
    assert (cut["IAM-03"]["status"], cut["IAM-03"]["behind"]) == ("blocked", "RUN-06")
    assert "'modelSummaries' was expected in it" in cut["IAM-03"]["reason"]
    other = judged(
        "compliant",
        only=("RUN-06", "IAM-03"),
        through=lambda backend: Altered(backend, "bedrock:ListFoundationModels", lambda _: {}),
    )
    assert other.root_causes == []
    assert (other["IAM-03"]["status"], other["IAM-03"]["behind"]) == ("inconclusive", None)


def test_what_such_a_model_keeps_from_being_asked_is_blocked_by_it() -> None:
    found = judged("compliant", edit=with_model("2023-09-30", []))
    assert found.root_causes == ["RUN-06 PRE09"]
    assert not found.with_status("inconclusive")
    for key in ("IAM-03", ("IAM-04", "CHAT_MODEL"), "IAM-05", ("MDL-02", "CHAT_MODEL"), "LOG-08"):
        assert (found[key]["status"], found[key]["behind"]) == ("blocked", "RUN-06")
    assert found["LOG-08"]["reason"].endswith(
        "the model of bedrock that botocore takes here has no GetModelInvocationLoggingConfiguration"
    )


def test_a_call_that_fails_otherwise_is_not_blocked_by_such_a_model() -> None:
    found = judged(
        "compliant",
        only=("RUN-06", "LOG-08"),
        edit=both(
            with_model("2023-09-30", ["GetModelInvocationLoggingConfiguration"]),
            answers("bedrock:GetModelInvocationLoggingConfiguration", "ThrottlingException", "slowly", 429),
        ),
    )
    assert found.root_causes == ["RUN-06 PRE09"]
    assert (found["LOG-08"]["status"], found["LOG-08"]["behind"]) == ("inconclusive", None)
    assert "Throttling" in found["LOG-08"]["reason"]


@pytest.mark.parametrize("text", ['{"metadata":', "{}", "[]"])
@pytest.mark.parametrize("service", ["sso-oidc", "bedrock-runtime"])
def test_a_model_that_is_none_keeps_nothing_else_of_the_sdk_unread(service: str, text: str) -> None:
    edit = both(
        environment(AWS_DATA_PATH="${cwd}/models"),
        written(text, of=f"./models/{service}/2099-01-01/service-2.json"),
    )
    found = judged("compliant", only=("PRF-05", "REG-01", "RUN-06"), edit=edit)
    assert found.root_causes == ["RUN-06 PRE09"]
    assert f"the model of {service} (./models/{service})" in found["RUN-06"]["observed"]
    assert not found.with_status("inconclusive")


def test_a_model_that_has_all_operations_is_nobodys_fault() -> None:
    own = SharedLoader(()).load_service_model("bedrock", "service-2")["operations"]
    found = judged("compliant", only=("RUN-06",), edit=with_model("2099-01-01", [*own, "Preview"]))
    assert found.root_causes == []


def with_model(version: str, operations: Iterable[str]) -> Edit:
    """AWS_DATA_PATH leads to a model of Bedrock with these operations."""
    own = SharedLoader(()).load_service_model("bedrock", "service-2")["operations"]
    model = {
        "metadata": {
            "apiVersion": version,
            "endpointPrefix": "bedrock",
            "protocol": "rest-json",
            "serviceId": "Bedrock",
        },
        "operations": {
            name: {"name": name, "http": own.get(name, {}).get("http", {"method": "GET", "requestUri": "/"})}
            for name in operations
        },
        "shapes": {},
    }
    return both(
        environment(AWS_DATA_PATH="${cwd}/models"),
        written(json.dumps(model), of=f"./models/bedrock/{version}/service-2.json"),
    )


def test_a_profile_of_aws_login_needs_a_newer_one_and_awscrt(reads: Callable[..., None]) -> None:
    edit = env_file(
        ("output = json", "output = json\nlogin_session = arn:aws:iam::210987654321:user/jo"), of=CONFIG
    )
    reads("sdk", lambda told: {**told, "botocore": "1.40.76"})
    result = of_compliant(edit, "RUN-06")["RUN-06"]
    assert (result["cause"], result["expected"]) == ("PRE09", "botocore 1.41.0 or later, for login_session")
    reads("sdk", lambda told: {**told, "botocore": "1.41.0", "awscrt": False})
    result = of_compliant(edit, "RUN-06")["RUN-06"]
    assert result["behind"] == "PRF-10" and "awscrt cannot be imported" in result["observed"]
    reads("sdk", lambda told: {**told, "botocore": "1.41.0", "awscrt": True})
    assert of_compliant(edit, "RUN-06")["RUN-06"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------------------ RUN-07


def test_the_child_is_given_the_profile_and_no_other_choice_of_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[dict[str, str]] = []

    environ = {
        "HOME": "/home/jo",
        "https_proxy": "http://proxy:3128",
        "AWS_CONFIG_FILE": "/etc/aws",
        "AWS_ACCESS_KEY_ID": "AKIAQCANARYOLDACCESS",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_BEARER_TOKEN_BEDROCK": "CANARY",
    }

    class Machine:
        def __init__(self) -> None:
            self.environ = environ

        def child_identity(self, environ: dict[str, str]) -> dict[str, Any]:
            given.append(environ)
            return {}

    class Subject:
        machine = Machine()
        caller = type("Caller", (), {"selection": Selection("msh", named=True)})

    live.READERS["child.identity"](Subject(), selects=True)
    live.READERS["child.identity"](Subject(), selects=False)
    kept = {"HOME": "/home/jo", "https_proxy": "http://proxy:3128", "AWS_CONFIG_FILE": "/etc/aws"}
    assert given == [{**kept, "AWS_PROFILE": "msh"}, kept]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"account": "1", "arn": "arn:aws:iam::111122223333:user/jo", "method": "env"}, "non_compliant"),
        (
            {"error": {"type": "ClientError", "code": "InvalidClientTokenId", "message": "no"}},
            "non_compliant",
        ),
        (
            {"error": {"type": "NoCredentialsError", "code": "NoCredentialsError", "message": "no"}},
            "non_compliant",
        ),
        (
            {
                "error": {
                    "type": "EndpointConnectionError",
                    "code": "EndpointConnectionError",
                    "message": "no",
                }
            },
            "inconclusive",
        ),
        (OSError("the child process ended with exit code 1: no module named boto3"), "inconclusive"),
    ],
)
def test_a_child_that_is_another_caller_or_none_is_named(
    reads: Callable[..., None], answer: Any, status: str
) -> None:
    reads("child.identity", answer)
    result = judged("compliant", only=("RUN-07",))["RUN-07"]
    assert (result["status"], result["cause"]) == (status, None)
    if status == "non_compliant":
        assert result["observed"].startswith(("it is arn:aws:iam::111122223333:user/jo", "it gets "))
        assert result["remedy"] == ["AWS_PROFILE=msh aws sts get-caller-identity"]


def test_a_child_without_any_region_still_learns_who_it_is() -> None:
    assert judged("reg01-only-aws-region", only=("RUN-07",))["RUN-07"]["status"] == "compliant"


def test_stale_default_keys_are_found_by_the_environments_own_requirement_first() -> None:
    found = judged("pre01-stale-default-keys", only=(*ALL, "CRD-05"))
    assert found["RUN-07"]["behind"] == "CRD-05"
    assert "default (~/.aws/credentials line 2) get InvalidClientTokenId" in found["RUN-07"]["observed"]


def test_where_static_keys_are_allowed_stale_ones_of_the_default_profile_are_pre01() -> None:
    edit = both(environment(AWS_PROFILE=None), written(STALE, of=CREDENTIALS))
    result = of_compliant(edit, settings=STATIC)["RUN-07"]
    assert (result["status"], result["cause"]) == ("non_compliant", "PRE01")
    assert "~/.aws/credentials line 2" in result["observed"]
    assert any("~/.aws/credentials line 2" in line for line in result["remedy"])
    assert "export AWS_PROFILE=msh" in result["remedy"]


def test_living_keys_of_an_iam_user_who_is_the_default_profile_are_fine() -> None:
    def user(world: World) -> World:
        (build,) = load_world("sts03-switched-off-key").iam_user
        return replace(world, iam_user=(replace(build, status="Active"),))

    keys = STALE.replace("AKIAQCANARYOLDACCESS", "AKIAQ2BUILDHOSTUSER0")
    keys = keys.replace("CANARYkeyOfAUserWhoIsGone", "CANARYkeyOfTheIamUserForTheBuildHost0000")
    region = "\n[default]\nregion = us-east-1\n"
    edit = both(
        environment(AWS_PROFILE=None),
        written(keys, of=CREDENTIALS),
        lambda world: written(world.machine.files[CONFIG].text + region, of=CONFIG)(world),
        user,
    )
    found = of_compliant(edit, settings=STATIC)
    assert found["RUN-07"]["status"] == "compliant"
    assert {"selects": False} in [r["params"] for r in found.readings if r["name"] == "child.identity"]


def test_without_default_keys_no_second_child_is_started() -> None:
    found = of_compliant(environment(AWS_PROFILE=None))
    assert [r["params"] for r in found.readings if r["name"] == "child.identity"] == [{"selects": True}]


def test_both_names_of_a_token_in_a_file_are_fine_with_one_value() -> None:
    """As tools write them; with two values the older name wins, and AWS refuses the keys."""
    left_over = "cfg15-security-token-left-over"
    assert judged(left_over, only=("RUN-02",)).root_causes == ["RUN-02 CFG15"]
    world = load_world(left_over)
    file = world.machine.files["~/.aws/credentials"]
    same = file.text.replace(
        "CANARY-session-token-of-last-week", "CANARY-session-token-pasted-from-the-portal"
    )
    found = judged(world, only=("RUN-02",), edit=written(same, of="~/.aws/credentials"))
    assert found["RUN-02"]["status"] == "compliant"


def setting(lines: str) -> Edit:
    """Lines below the profile's others."""
    return env_file(("output = json\n", f"output = json\n{lines}\n"), of="~/.aws/config")


def services(lines: str) -> Edit:
    """A services section, which the profile names."""

    def edit(world: World) -> World:
        return written(f"{world.machine.files[CONFIG].text}\n[services acme]\n{lines}\n", of=CONFIG)(world)

    return both(setting("services = acme"), edit)


# ------------------------------------------------------------------------- RUN-04, a setting that botocore cannot read


@pytest.mark.parametrize(
    ("edit", "named", "mends"),
    [
        (environment(AWS_MAX_ATTEMPTS=""), "AWS_MAX_ATTEMPTS: ", "unset AWS_MAX_ATTEMPTS"),
        (environment(AWS_RETRY_MODE="legacyy"), "AWS_RETRY_MODE: ", "unset AWS_RETRY_MODE"),
        (
            environment(AWS_REQUEST_CHECKSUM_CALCULATION="when-required"),
            "AWS_REQUEST_CHECKSUM_CALCULATION: ",
            "unset",
        ),
        (environment(AWS_METADATA_SERVICE_TIMEOUT="1s"), "AWS_METADATA_SERVICE_TIMEOUT: ", "unset"),
        (environment(AWS_METADATA_SERVICE_NUM_ATTEMPTS=""), "AWS_METADATA_SERVICE_NUM_ATTEMPTS: ", "unset"),
        (
            environment(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE="ipv5"),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: ",
            "unset",
        ),
        (
            setting("metadata_service_timeout = 1s"),
            "metadata_service_timeout: ",
            "# edit ~/.aws/config line ",
        ),
        (setting("sts_regional_endpoints = true"), "sts_regional_endpoints: ", "# edit ~/.aws/config line "),
        (setting("s3 =\nsignature_version = s3v4"), "s3: ", "# edit ~/.aws/config line "),
        (setting("services = acme"), "services: ", "# edit ~/.aws/config line "),
        (
            services("bedrock_runtime =\nendpoint_url = https://bedrock-runtime.us-east-1.amazonaws.com"),
            f"{CONFIG} line 20: endpoint_url stands in the first column",
            f"# edit {CONFIG} line 20: indent the line",
        ),
        (
            services("bedrock_runtime = https://bedrock-runtime.us-east-1.amazonaws.com"),
            f"{CONFIG} line 19: a service has a value of its own",
            f"# edit {CONFIG} line 19: end the line at the =",
        ),
    ],
)
def test_a_setting_that_botocore_cannot_read_is_the_one_root_cause(
    edit: Edit, named: str, mends: str
) -> None:
    found = judged("ok-no-env-file", only=WORKSTATION, edit=edit)
    assert found.root_causes == ["RUN-04"]
    assert not found.with_status("inconclusive")
    assert named in found["RUN-04"]["observed"]
    assert found["RUN-04"]["remedy"][0].startswith(mends)


@pytest.mark.parametrize(
    "edit",
    [
        environment(AWS_REQUEST_CHECKSUM_CALCULATION="WHEN_REQUIRED", AWS_DEFAULTS_MODE="standard"),
        setting("s3 =\n  signature_version = s3v4"),
        setting("s3 = signature_version = s3v4"),
        services("bedrock_runtime =\n  endpoint_url = https://bedrock-runtime.us-east-1.amazonaws.com"),
        setting("sts_regional_endpoints = legacy\nmax_attempts = 5"),
        environment(AWS_METADATA_SERVICE_TIMEOUT="5", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE="IPv6"),
    ],
    ids=["capitals", "nested", "one line", "services", "two options", "a longer wait"],
)
def test_what_botocore_reads_in_its_own_way_is_no_fault(edit: Edit) -> None:
    assert judged("compliant", only=("RUN-01", "RUN-02", "RUN-04"), edit=edit).root_causes == []


MISSPELT = env_file(("sso_role_name", "sso_rolename"), of=CONFIG)


@pytest.mark.parametrize(
    ("world", "edit"),
    [
        ("ok-tls-inspection-with-bundle", MISSPELT),
        ("compliant", both(MISSPELT, environment(AWS_CA_BUNDLE="/opt/acme/gone.pem"))),
        ("compliant", both(setting("max_attempts = 5\ns3 =\n  signature_version = s3v4"), MISSPELT)),
    ],
    ids=["a bundle", "no bundle there", "options"],
)
def test_what_the_credentials_of_a_profile_fail_with_is_put_down_to_no_setting_that_botocore_reads(
    world: str, edit: Edit
) -> None:
    found = judged(world, only=("PRF-04", "CON-01", "RUN-04"), edit=edit)
    assert (found["PRF-04", "sso_role_name"]["cause"], found["RUN-04"]["behind"]) == ("CFG06", "PRF-04")
    assert "unset AWS_CA_BUNDLE" not in found["RUN-04"]["remedy"]


def test_a_setting_that_botocore_cannot_read_beside_such_a_profile_is_told_in_its_own_words() -> None:
    edit = both(MISSPELT, environment(AWS_RETRY_MODE="legacyy"))
    result = judged("ok-no-env-file", only=("PRF-04", "RUN-04"), edit=edit)["RUN-04"]
    assert result["title"] == "botocore cannot read AWS_RETRY_MODE, and builds no client"
    assert '"legacyy" must be one of' in result["observed"] and "sso_role_name" not in result["observed"]
    assert result["remedy"][0] == "unset AWS_RETRY_MODE"


# ------------------------------------------------------------------- RUN-02, a role that cannot be had, and why not

OWN = "sso_session = msh\nsso_account_id = 210987654321\nsso_role_name = BedrockDeveloper\n"
WEB = "role_arn = arn:aws:iam::210987654321:role/App\nweb_identity_token_file = ${home}/token\n"
INSTANCE = "role_arn = arn:aws:iam::210987654321:role/App\ncredential_source = Ec2InstanceMetadata\n"


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "AssumeRole")


def test_a_web_identity_whose_token_is_not_there_is_the_one_root_cause() -> None:
    found = judged("compliant", only=WORKSTATION, edit=env_file((OWN, WEB), of=CONFIG), environment="ci")
    assert found.root_causes == ["RUN-02 PRE11"] and not found.with_status("inconclusive")
    assert "web_identity_token_file: [Errno 2] No such file" in found["RUN-02"]["observed"]
    assert "~/.aws/config line 8" in found["RUN-02"]["remedy"][0]


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "PRE11"),
        ("InvalidIdentityToken", "No OpenIDConnect provider found in your account", "PRE11"),
        ("ExpiredTokenException", "Token expired: current date/time must be before the expiration", "PRE11"),
        # Nothing that the role or its token could be blamed for.
        ("Throttling", "Rate exceeded", None),
    ],
)
def test_a_web_identity_that_the_role_refuses_is_told_from_one_that_is_not_answered(
    reads: Callable[..., None], code: str, message: str, cause: str | None
) -> None:
    reads("credentials", refusal(code, message))
    edit = both(env_file((OWN, WEB), of=CONFIG), written("eyJ.eyJ.CANARY", of="~/token"))
    result = judged("compliant", only=("RUN-02",), edit=edit, environment="ci")["RUN-02"]
    assert (result["status"], result["cause"]) == ("non_compliant" if cause else "inconclusive", cause)
    assert cause is None or (message in result["observed"] and "CANARY" not in str(result))


def test_a_role_that_is_refused_elsewhere_than_at_aws_is_explained_by_where_that_is(
    reads: Callable[..., None],
) -> None:
    reads("credentials", refusal("AccessDenied", "User is not authorized to perform: sts:AssumeRole"))
    edit = environment(AWS_ENDPOINT_URL_STS="https://sts.acme.example")
    found = judged("ok-role-assumed-from-sso", only=("RUN-02", "CRD-06"), edit=edit)
    assert found.root_causes == ["CRD-06 REG06"]
    assert (found["RUN-02"]["cause"], found["RUN-02"]["explained_by"]) == ("STS02", "CRD-06")


def test_a_web_identity_that_is_refused_elsewhere_than_at_aws_is_explained_by_where_that_is(
    reads: Callable[..., None],
) -> None:
    reads("credentials", refusal("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"))
    edit = both(
        env_file((OWN, WEB), of=CONFIG),
        written("eyJ.eyJ.CANARY", of="~/token"),
        environment(AWS_ENDPOINT_URL_STS="https://sts.acme.example"),
    )
    found = judged("compliant", only=("RUN-02", "CRD-06"), edit=edit, environment="ci")
    assert found.root_causes == ["CRD-06 REG06"]
    assert found["RUN-02"]["explained_by"] == "CRD-06"


@pytest.mark.parametrize(
    ("line", "code", "message", "option"),
    [
        ("external_id = x", None, "Invalid length for parameter ExternalId, value: 1", "external_id"),
        ("duration_seconds = 60", None, "Invalid value for parameter DurationSeconds, value: 60, valid min value: 900",
         "duration_seconds"),
        ("role_session_name = jo doe", "ValidationError",
         "1 validation error detected: Value 'jo doe' at 'roleSessionName' failed to satisfy constraint",
         "role_session_name"),
    ],
)  # fmt: skip
def test_what_sts_does_not_take_for_a_role_is_named_by_its_line(
    reads: Callable[..., None], line: str, code: str | None, message: str, option: str
) -> None:
    if code:
        reads("credentials", refusal(code, message))
    found = judged("ok-role-assumed-from-sso", only=("RUN-02",), edit=setting(line))
    assert found["RUN-02"]["status"] == "non_compliant"
    assert f"line 17: {option}: {message}" in found["RUN-02"]["observed"]
    assert found["RUN-02"]["remedy"] == [
        f"# edit {CONFIG} line 17: correct {option}, or delete the line where the role asks for none"
    ]


@pytest.mark.parametrize(
    "limit",
    ["MaxSessionDuration set for this role", "1 hour session limit for roles assumed by role chaining"],
)
def test_a_session_that_is_asked_for_too_long_lasts_an_hour_without_its_line(
    reads: Callable[..., None], limit: str
) -> None:
    reads("credentials", refusal("ValidationError", f"The requested DurationSeconds exceeds the {limit}."))
    found = judged("ok-role-assumed-from-sso", only=("RUN-02",), edit=setting("duration_seconds = 43200"))
    assert found.root_causes == ["RUN-02 STS04"]
    assert found["RUN-02"]["observed"].startswith(f"{CONFIG} line 17: duration_seconds: The requested")
    assert found["RUN-02"]["remedy"][0].startswith(f"# edit {CONFIG} line 17: delete the line")


def test_the_remedy_of_a_session_that_is_too_long_mends_it(tmp_path: Path) -> None:
    name = "sts04-longer-than-role-chaining-allows"
    laptop = Laptop.of(load_world(name), tmp_path)
    done, variables = follow(laptop, judged(name, only=("RUN-02",)).document["root_causes"][0]["remedy"])
    assert len(done) == 1
    after = judged(name, only=WORKSTATION, edit=lambda _: laptop.as_world(variables))
    assert (after.root_causes, after.with_status("inconclusive")) == ([], set())


def test_a_source_of_credentials_that_this_machine_has_not_is_named_without_a_login_beside_it() -> None:
    found = judged("compliant", only=WORKSTATION, edit=env_file((OWN, INSTANCE), of=CONFIG))
    assert found.root_causes == ["PRF-10 STS01"]
    assert "credential_source Ec2InstanceMetadata has no credentials here" in found["PRF-10"]["observed"]
    assert "source_profile" in found["PRF-10"]["remedy"][1]


# ------------------------------------------------------------------------------------- what stands in a role's place

ROLE = "arn:aws:iam::210987654321:role/App"
FROM_SSO = "ok-role-assumed-from-sso"


@pytest.mark.parametrize(
    "arn",
    [
        f'"{ROLE}"',
        f"{ROLE}  # of the service",
        "arn:aws:iam::210987654321:user/App",
        "arn:aws:sts::210987654321:assumed-role/App/jo",
        "App",
    ],
)
def test_what_is_no_roles_arn_is_no_matter_of_its_trust_policy(arn: str) -> None:
    edit = env_file((f"role_arn = {ROLE}", f"role_arn = {arn}"), of=CONFIG)
    found = judged(FROM_SSO, only=WORKSTATION, edit=edit)
    assert found.root_causes == ["RUN-02"]
    assert found["RUN-02"]["title"] == "role_arn is not the ARN of a role"
    assert found["RUN-02"]["remedy"][0].startswith(f"# edit {CONFIG} line 13: write role_arn as IAM shows")


@pytest.mark.parametrize("arn", [f"{ROLE}s", ROLE.replace("role/", "role/of/a/path/")])
def test_a_role_that_cannot_be_assumed_is_still_a_matter_of_its_trust_policy(arn: str) -> None:
    edit = env_file((f"role_arn = {ROLE}", f"role_arn = {arn}"), of=CONFIG)
    assert judged(FROM_SSO, only=WORKSTATION, edit=edit).root_causes == ["RUN-02 STS02"]


def test_two_sources_of_one_role_are_named_with_the_line_of_the_second() -> None:
    edit = env_file(("role_arn =", "credential_source = Environment\nrole_arn ="), of=CONFIG)
    found = judged(FROM_SSO, only=WORKSTATION, edit=edit)
    assert found.root_causes == ["PRF-10 STS01"]
    assert not found.with_status("inconclusive")
    assert found["PRF-10"]["remedy"][0].startswith(f"# edit {CONFIG} line 13: delete the line")
    mended = both(edit, env_file(("credential_source = Environment\n", ""), of=CONFIG))
    assert judged(FROM_SSO, only=WORKSTATION, edit=mended).root_causes == []


@pytest.mark.parametrize(
    ("variable", "root", "title"),
    [
        ("$PREFLIGHT_ROLE", "RUN-02", "AWS_ROLE_ARN is not the ARN of a role"),
        ("", "PRF-01", "The identity token is there, and AWS_ROLE_ARN does not say which role"),
        (None, "PRF-01", "The identity token is there, and AWS_ROLE_ARN does not say which role"),
    ],
)
def test_a_job_whose_variable_for_the_role_was_not_filled_in_is_told_so(
    tmp_path: Path, variable: str | None, root: str, title: str
) -> None:
    token = tmp_path / "token"
    token.write_text("an.identity.token", encoding="utf-8")
    edit = both(
        *(written(None, of=file) for file in (CONFIG, CREDENTIALS)),
        environment(AWS_PROFILE=None, AWS_ROLE_ARN=variable, AWS_WEB_IDENTITY_TOKEN_FILE=str(token)),
        machine(profile="default"),
    )
    found = judged("ok-no-env-file", only=WORKSTATION, edit=edit, environment="ci")
    assert found.root_causes == [root]
    (cause,) = found.document["root_causes"]
    assert cause["title"].startswith(title)
    assert "export AWS_ROLE_ARN" in cause["remedy"][0]
    assert not found.with_status("inconclusive")


@pytest.mark.parametrize(
    ("name", "refused"),
    [("x", None), ("acme/app", "Value 'acme/app' at 'roleSessionName' failed to satisfy constraint")],
)
def test_a_jobs_name_for_its_session_that_sts_does_not_take_is_named_by_its_variable(
    tmp_path: Path, reads: Callable[..., None], name: str, refused: str | None
) -> None:
    """GitLab's CI_PROJECT_PATH, say; all that rests on the caller was inconclusive."""
    token = tmp_path / "token"
    token.write_text("an.identity.token", encoding="utf-8")

    def job(**variables: str | None) -> Edit:
        return both(
            *(written(None, of=file) for file in (CONFIG, CREDENTIALS)),
            environment(
                AWS_PROFILE=None, AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(token), **variables
            ),
            machine(profile="default"),
        )

    if refused:
        reads("credentials", refusal("ValidationError", f"1 validation error detected: {refused}"))
    found = judged("ok-no-env-file", only=WORKSTATION, edit=job(AWS_ROLE_SESSION_NAME=name), environment="ci")
    assert found.root_causes == ["RUN-02"] and not found.with_status("inconclusive")
    assert found["RUN-02"]["observed"].startswith(f"AWS_ROLE_SESSION_NAME is {name}: ")
    assert found["RUN-02"]["remedy"][-1] == "unset AWS_ROLE_SESSION_NAME"
    if not refused:
        after = judged("ok-no-env-file", only=("RUN-02",), edit=job(), environment="ci")["RUN-02"]
        assert "AWS_ROLE_SESSION_NAME" not in str(after)


def test_refused_keys_of_a_tools_shell_are_renewed_by_the_tool() -> None:
    keys = environment(
        AWS_PROFILE=None, AWS_ACCESS_KEY_ID="ASIAQCANARYSESSION01",
        AWS_SECRET_ACCESS_KEY="CANARYsecretOfAnExportedRoleSession00000", AWS_SESSION_TOKEN="CANARYtoken",
    )  # fmt: skip
    job = both(keys, *(written(None, of=file) for file in (CONFIG, CREDENTIALS)), machine(profile="default"))
    for mark, first in (
        (None, "# export a key, its secret and their token anew"),
        ("x", "# aws-vault exec has"),
    ):
        edit = both(job, environment(AWS_VAULT=mark))
        found = judged("ok-no-env-file", only=("RUN-02",), edit=edit, environment="ci")
        assert found["RUN-02"]["status"] == "non_compliant"
        assert found["RUN-02"]["remedy"][0].startswith(first)


@pytest.mark.parametrize("lacking", ["Account", "Arn"])
def test_a_caller_without_account_or_arn_is_none(lacking: str) -> None:
    def without(backend: Any) -> Any:
        return Altered(backend, "sts:GetCallerIdentity", lambda answer: {**answer, lacking: ""})

    row = judged("compliant", only=("RUN-02",), through=without)["RUN-02"]
    assert (row["status"], row["cause"]) == ("non_compliant", None)
