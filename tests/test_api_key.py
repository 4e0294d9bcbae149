"""What a Bedrock API key says of itself, and that nothing else of it is kept."""

from __future__ import annotations

import base64
import re

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fixtures.machine.api_key import SHORT, read_api_key
from fixtures.machine.environment import read_environment


def short_term(region: str, expires: int = 43200, made: str = "") -> str:
    """A key as AWS's own generator makes one: a request to Bedrock, presigned by botocore; `made` is its time."""
    request = AWSRequest(
        method="POST",
        url="https://bedrock.amazonaws.com/",
        headers={"host": "bedrock.amazonaws.com"},
        params={"Action": "CallWithBearerToken"},
    )
    keys = Credentials("ASIAQCANARY000000001", "CANARYsecret", "CANARY+token/==")
    SigV4QueryAuth(keys, "bedrock", region, expires=expires).add_auth(request)
    url = request.url.removeprefix("https://") + "&Version=1"
    url = re.sub(r"(?<=X-Amz-Date=)[0-9TZ]+", made, url) if made else url
    return SHORT + base64.b64encode(url.encode()).decode()


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "ap-southeast-2"])
def test_a_short_term_key_says_its_region_and_its_time(region: str) -> None:
    told = read_api_key(short_term(region, 3600))
    assert (told["kind"], told["region"]) == ("short-term", region)
    assert told["made"] and told["ends"] and told["made"][:10] <= told["ends"][:10]
    hours = [int(told[name][11:13]) * 60 + int(told[name][14:16]) for name in ("made", "ends")]  # type: ignore[literal-required]
    assert (hours[1] - hours[0]) % 1440 == 60


@pytest.mark.parametrize("padding", ["", "\n"])
def test_a_key_that_lost_its_padding_is_read_too(padding: str) -> None:
    assert read_api_key(short_term("us-east-1").rstrip("=") + padding)["region"] == "us-east-1"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("ABSKQmVkcm9ja0FQSUtleS1hYmNk", "long-term"),
        ("anything", "other"),
        (f"{SHORT}%%%", "short-term"),
        (f"{SHORT}{base64.b64encode(b'no request').decode()}", "short-term"),
        (
            f"{SHORT}{base64.b64encode(b'x?X-Amz-Date=x&X-Amz-Expires=9&X-Amz-Credential=a').decode()}",
            "short-term",
        ),
    ],
)
def test_what_a_key_does_not_say_is_not_known(key: str, kind: str) -> None:
    assert read_api_key(key) == {"kind": kind, "region": None, "made": None, "ends": None}


def test_nothing_else_of_the_key_is_kept() -> None:
    key = short_term("us-east-1")
    kept = str(read_environment({"AWS_BEARER_TOKEN_BEDROCK": key}))
    assert "us-east-1" in kept
    assert "CANARY" not in kept and "ASIA" not in kept
    assert not any(key[start : start + 12] in kept for start in range(len(SHORT), len(key) - 12))
    assert read_environment({})["bearer"] is None
