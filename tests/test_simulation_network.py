"""The network of the simulated machine fails as the world says, with botocore's own exceptions."""

from __future__ import annotations

import boto3
import botocore.exceptions as errors
import pytest

from fixtures.simulation.dispatch import locate
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.world_files import make_world

STS = "https://sts.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("fault", "error", "probed"),
    [
        ("dns", errors.EndpointConnectionError, (False, False, False)),
        ("refused", errors.EndpointConnectionError, (True, False, False)),
        ("timeout", errors.ConnectTimeoutError, (True, False, False)),
        ("certificate", errors.SSLError, (True, True, False)),
    ],
)
def test_a_fault_of_a_host_meets_calls_and_probes(
    fault: str, error: type[Exception], probed: tuple[bool, bool, bool]
) -> None:
    with simulated(make_world(f'[machine.network]\n"sts.us-east-1.amazonaws.com" = "{fault}"')) as simulation:
        with pytest.raises(error, match=r"https://sts\.us-east-1\.amazonaws\.com"):
            boto3.Session().client("sts").get_caller_identity()
        answer = simulation.probe(STS)
        assert (answer["resolved"], answer["connected"], answer["trusted"]) == probed
        assert answer["date"] is None
        assert answer["error"]
        assert boto3.Session().client("bedrock").list_foundation_models()["modelSummaries"]


def test_a_probe_of_an_endpoint_tells_awss_time() -> None:
    with simulated(make_world('[clock]\nskew = "7m"')) as simulation:
        answer = simulation.probe(STS)
        assert answer["date"].startswith("Sun, 22 Nov 2026 12:00:")
        assert answer["date"].endswith(" GMT")
        assert {**answer, "date": None} == {
            "resolved": True,
            "connected": True,
            "trusted": True,
            "date": None,
            "error": None,
        }
        assert simulation.requests == []


@pytest.mark.parametrize(
    "host", ["sts.us-east-1a.amazonaws.com", "bedrock.ap-east-1.amazonaws.com", "a.example"]
)
def test_a_host_that_does_not_exist_does_not_resolve(host: str) -> None:
    with simulated(load_world("compliant")) as simulation:
        assert simulation.probe(f"https://{host}")["resolved"] is False


def test_a_region_without_bedrock_cannot_be_reached() -> None:
    with simulated(load_world("compliant")), pytest.raises(errors.EndpointConnectionError):
        boto3.Session().client("bedrock", region_name="ap-east-1").list_foundation_models()


def test_an_endpoint_override_leads_nowhere() -> None:
    world = make_world('[machine.environment]\nAWS_ENDPOINT_URL_STS = "http://localhost:4566"')
    with simulated(world), pytest.raises(errors.EndpointConnectionError, match="localhost:4566"):
        boto3.Session().client("sts").get_caller_identity()


def test_without_credentials_the_instance_metadata_is_not_there() -> None:
    world = make_world("[machine.environment]\nAWS_PROFILE = false\n[machine.files]\n'~/.aws/config' = false")
    with simulated(world):
        session = boto3.Session()
        assert session.get_credentials() is None
        with pytest.raises(errors.NoCredentialsError):
            session.client("sts").get_caller_identity()


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    world = make_world(
        '[machine.environment]\nHTTPS_PROXY = "http://user:CANARY@proxy.acme.example:3128"\n'
        '[machine.network]\n"proxy.acme.example" = "refused"'
    )
    with simulated(world) as simulation:
        with pytest.raises(errors.ProxyConnectionError, match=r"proxy\.acme\.example:3128") as failure:
            boto3.Session().client("sts").get_caller_identity()
        assert "CANARY" not in str(failure.value)
        assert simulation.probe(STS)["connected"] is False


def test_a_certificate_bundle_that_is_not_there_is_an_ssl_error() -> None:
    with simulated(make_world('[machine.environment]\nAWS_CA_BUNDLE = "${home}/none.pem"')) as simulation:
        with pytest.raises(errors.SSLError, match=r"Errno 2"):
            boto3.Session().client("sts").get_caller_identity()
        assert simulation.probe(STS, ca_bundle=f"{simulation.home}/none.pem")["trusted"] is False


def test_a_line_break_in_a_token_is_botocores_header_error() -> None:
    world = make_world(
        "[machine.environment]\nAWS_PROFILE = false\n"
        'AWS_ACCESS_KEY_ID = "ASIAIOSFODNN7EXAMPLE"\nAWS_SECRET_ACCESS_KEY = "CANARY"\n'
        'AWS_SESSION_TOKEN = "CANARY-token\\r"'
    )
    with simulated(world), pytest.raises(errors.HTTPClientError, match="Invalid header value"):
        boto3.Session().client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("sts.amazonaws.com", "sts", "us-east-1"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "bedrock-runtime", "eu-west-1"),
        ("bedrock-fips.us-east-1.amazonaws.com", "bedrock", "us-east-1"),
        ("portal.sso.eu-central-1.amazonaws.com", "portal.sso", "eu-central-1"),
        ("bedrock.us-gov-west-1.amazonaws.com", "bedrock", "us-gov-west-1"),
        ("sts.cn-north-1.amazonaws.com.cn", "sts", "cn-north-1"),
        ("bedrock.us-west-2.api.aws", "bedrock", "us-west-2"),
        ("vpce-0a1-b2c.bedrock-runtime.us-east-1.vpce.amazonaws.com", "bedrock-runtime", "us-east-1"),
    ],
)
def test_a_host_name_tells_service_and_region(host: str, service: str, region: str) -> None:
    assert locate(host) == (service, region)


@pytest.mark.parametrize(
    "host", ["", "example.com", "amazonaws.com", "sts.us-east-1.amazonaws.com.evil.example"]
)
def test_other_host_names_are_not_awss(host: str) -> None:
    assert locate(host) is None


def test_a_private_endpoint_is_the_service_itself() -> None:
    url = "https://vpce-0a1-b2c.bedrock.us-east-1.vpce.amazonaws.com"
    with simulated(make_world(f'[machine.environment]\nAWS_ENDPOINT_URL_BEDROCK = "{url}"')):
        assert boto3.Session().client("bedrock").list_foundation_models()["modelSummaries"]
