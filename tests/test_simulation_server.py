"""The simulated account as an HTTP server: real boto3, and the real AWS CLI where there is one, work against it."""

from __future__ import annotations

import json
import os
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
import pytest

from fixtures.simulation import server
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.served import RealCli, Served, serve
from tests.world_files import CHAT, PROMPT, write_world

TOKEN = ".aws/sso/cache/284c80bd216563a75ddf33fdbc5290f7f16a3720.json"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The compliant world in a process of its own."""
    with serve("--home", str(tmp_path_factory.mktemp("served") / "home")) as running:
        yield running


@pytest.fixture
def session(served: Served, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A real boto3 session on the home folder of the server's world."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(served.home))
    monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
    tokens = str(served.home / ".aws" / "sso" / "cache")
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", tokens)
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", tokens)
    return boto3.Session(profile_name="msh")


def test_boto3_works_against_it_from_sso_to_streaming(session: boto3.Session, served: Served) -> None:
    before = len(served.log())
    identity = session.client("sts").get_caller_identity()
    assert "assumed-role/AWSReservedSSO_BedrockDeveloper" in identity["Arn"]
    assert session.client("bedrock").list_foundation_models()["modelSummaries"]
    runtime = session.client("bedrock-runtime")
    assert json.loads(runtime.invoke_model(modelId=CHAT, body=PROMPT)["body"].read())["content"]
    stream = runtime.invoke_model_with_response_stream(modelId=CHAT, body=PROMPT)["body"]
    assert [json.loads(event["chunk"]["bytes"])["type"] for event in stream][-1] == "message_stop"
    name = identity["Arn"].split("/")[1]
    assert session.client("iam").get_role(RoleName=name)["Role"]["Path"] == "/aws-reserved/sso.amazonaws.com/"
    assert session.client("account").list_regions()["Regions"]
    log = served.log()[before:]
    assert [(r["service"], r["operation"]) for r in log] == [
        ("sso", "GetRoleCredentials"),
        ("sts", "GetCallerIdentity"),
        ("bedrock", "ListFoundationModels"),
        ("bedrock-runtime", "InvokeModel"),
        ("bedrock-runtime", "InvokeModelWithResponseStream"),
        ("iam", "GetRole"),
        ("account", "ListRegions"),
    ]
    assert {r["principal"] for r in log[1:]} == {identity["Arn"]}


def test_its_clock_is_the_real_one(session: boto3.Session, served: Served) -> None:
    answer = session.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    told = datetime.strptime(answer["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=timezone.utc)
    assert abs(told - datetime.now(timezone.utc)) < timedelta(minutes=1)
    token = json.loads((served.home / TOKEN).read_text(encoding="utf-8"))
    expires = datetime.fromisoformat(token["expiresAt"].replace("Z", "+00:00"))
    assert timedelta(hours=7, minutes=58) < expires - datetime.now(timezone.utc) <= timedelta(hours=8)


def test_errors_arrive_as_aws_sends_them(session: boto3.Session) -> None:
    for service, operation, arguments, expected in [
        ("iam", "list_users", {}, "AccessDenied"),
        ("kms", "list_keys", {}, "AccessDeniedException"),
        ("bedrock", "get_inference_profile", {"inferenceProfileIdentifier": "none"}, "AccessDeniedException"),
    ]:
        client = session.client(service)
        with pytest.raises(client.exceptions.ClientError) as failure:
            getattr(client, operation)(**arguments)
        assert failure.value.response["Error"]["Code"] == expected


def test_it_answers_in_parallel_and_after_the_delay(tmp_path: Path) -> None:
    with serve("--home", str(tmp_path / "home"), "--delay-ms", "300") as slow, ThreadPoolExecutor(4) as pool:
        started = time.monotonic()
        list(pool.map(status_of, [slow.url + "/nothing"] * 4))
        assert 0.3 <= time.monotonic() - started < 1.1


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_a_path_of_no_service_is_not_found(served: Served) -> None:
    assert status_of(served.url + "/nothing") == 404


def test_a_world_that_cannot_be_served_is_one_line_and_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main(["--world", "compliance"]) == 4
    assert "did you mean 'compliant'?" in capsys.readouterr().err
    (tmp_path / ".aws").mkdir()
    assert server.main(["--home", str(tmp_path)]) == 4
    assert "would be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("authorization", "path", "expected"),
    [
        ("AWS4-HMAC-SHA256 Credential=A/20261122/eu-west-1/sts/aws4_request, S", "/", ("sts", "eu-west-1")),
        (
            "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/bedrock/aws4_request, S",
            "/model/x/invoke",
            ("bedrock-runtime", "us-east-1"),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/bedrock/aws4_request, S",
            "/x",
            ("bedrock", "us-east-1"),
        ),
        ("AWS4-HMAC-SHA256 Credential=A", "/", None),
        ("Bearer x", "/model/x/invoke", ("bedrock-runtime", "ap-south-1")),
        ("Bearer x", "/foundation-models", ("bedrock", "ap-south-1")),
        ("", "/federation/credentials", ("portal.sso", "ap-south-1")),
        ("", "/token", ("oidc", "ap-south-1")),
        ("", "/", None),
    ],
)
def test_the_service_is_told_by_signature_or_path(
    authorization: str, path: str, expected: tuple[str, str] | None
) -> None:
    assert server.service_of({"Authorization": authorization}, path, "ap-south-1") == expected


# The real AWS CLI


@pytest.fixture(scope="module")
def aws(served: Served, tmp_path_factory: pytest.TempPathFactory) -> RealCli:
    return RealCli(served, tmp_path_factory.mktemp("models"))


def test_the_real_cli_works_against_it(aws: RealCli) -> None:
    listed = aws("configure", "list")
    assert listed.returncode == 0
    assert re.search(r"access_key\W+\*{16}\w{4}\W+sso", listed.stdout)
    identity = json.loads(aws("sts", "get-caller-identity").stdout)
    assert identity["Account"] == "210987654321"
    models = json.loads(
        aws("bedrock", "list-foundation-models", "--query", "modelSummaries[].modelId").stdout
    )
    assert "anthropic.claude-sonnet-4-6" in models
    name = identity["Arn"].split("/")[1]
    role = json.loads(aws("iam", "get-role", "--role-name", name).stdout)["Role"]["Arn"]
    simulate = ("iam", "simulate-principal-policy", "--action-names", "bedrock:ListFoundationModels")
    results = json.loads(aws(*simulate, "--policy-source-arn", role).stdout)["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed"]
    refused = aws(*simulate, "--policy-source-arn", identity["Arn"])
    assert refused.returncode == 254
    assert "does not clearly define entity type and name" in refused.stderr


def test_the_real_cli_logs_in_and_out(aws: RealCli, served: Served) -> None:
    before = len(served.log())
    assert aws("sso", "logout").returncode == 0
    failed = aws("sts", "get-caller-identity")
    assert failed.returncode == 255
    assert "Token for msh does not exist" in failed.stderr
    flags = ["--no-browser", "--use-device-code"] if aws.version >= (2, 22) else ["--no-browser"]
    login = aws("sso", "login", *flags)
    assert (login.returncode, login.stderr) == (0, "")
    assert json.loads(aws("sts", "get-caller-identity").stdout)["Account"] == "210987654321"
    assert [r["operation"] for r in served.log()[before:] if r["service"] == "sso-oidc"] == [
        "RegisterClient",
        "StartDeviceAuthorization",
        "CreateToken",
    ]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["configure", "list"], {}),
        (
            ["configure", "list", "--profile", "msh"],
            {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "eu-west-1"},
        ),
        (["configure", "list", "--profile", "nope"], {}),
        (["configure", "list"], {"AWS_PROFILE": "nope"}),
        (["configure", "list"], {"AWS_PROFILE": ""}),
        (["configure", "list"], {"AWS_PROFILE": "-"}),
        (["configure", "list"], {"AWS_DEFAULT_PROFILE": "nope"}),
        (["configure", "list"], {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}),
        (
            ["configure", "list"],
            {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "CANARY"},
        ),
        (["sts", "get-caller-identity"], {}),
        (["sts", "get-caller-identity", "--output", "text"], {}),
        (["sts", "get-caller-identity"], {"AWS_PROFILE": "nope"}),
        (["sts", "get-caller-identity"], {"AWS_PROFILE": "-", "AWS_REGION": "us-east-1"}),
        (
            ["sts", "get-caller-identity"],
            {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "CANARY"},
        ),
    ],
)
def test_the_simulated_cli_prints_what_the_real_one_prints(
    aws: RealCli, tmp_path: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    real = aws(*arguments, **environment)
    version = ".".join(str(part) for part in aws.version)
    world = write_world(
        tmp_path, f'[machine]\ncli = "aws-cli/{version} Python/3"\n[machine.environment]\nAWS_REGION = false'
    )
    with simulated(load_world(str(world))) as simulation:
        environ = {"HOME": str(simulation.home), "AWS_PROFILE": "msh", **environment}
        told = simulation.run(
            ["aws", *arguments], {name: value for name, value in environ.items() if value != "-"}
        )
    assert (told.returncode, same(told.stdout), told.stderr) == (
        real.returncode,
        same(real.stdout),
        real.stderr,
    )


def same(text: str) -> str:
    """The text without the ends of keys, which differ from one server to the next."""
    return re.sub(r"\*{16}\w{4}", "*" * 20, text)


def test_the_server_lives_in_a_thread_too() -> None:
    with server.serving(load_world("compliant")) as (simulation, http):
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            url = f"http://{server.HOST}:{http.port}{server.LOG_PATH}"
            with urllib.request.urlopen(url) as answer:
                assert json.load(answer) == simulation.requests == []
        finally:
            http.shutdown()
            thread.join()
