"""Answers that are not of the shape of botocore's models are errors that say where; those that are pass."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import botocore.session
import pytest

from fixtures.aws.shapes import UnexpectedShape, check_shape
from fixtures.backends.live import LiveBackend
from fixtures.simulation import dispatch
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from fixtures.targets import Target

SESSION = botocore.session.Session()


@cache
def model(operation: str) -> Any:
    service, _, name = operation.partition(":")
    return SESSION.get_service_model(service).operation_model(name)


def check(operation: str, body: Any, status: int = 200) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    check_shape(model(operation), {"status_code": status, "body": sent, "headers": {}})


def result(operation: str, inside: str) -> bytes:
    name = operation.partition(":")[2]
    return (
        f'<{name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{name}Result>{inside}</{name}Result>'
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


@pytest.mark.parametrize(
    ("operation", "body", "says"),
    [
        ("sso:ListAccountRoles", {"roleList": {}}, "roleList as an object where a list is expected"),
        ("sso:ListAccountRoles", {"roleList": ["a"]}, "roleList[0] as text where an object is expected"),
        ("sso:ListAccountRoles", {"roleList": [{"roleName": ["a"]}]}, "roleList[0].roleName as a list where text is expected"),
        ("sso:ListAccountRoles", [], "all of it as a list where an object is expected"),
        ("sso:ListAccountRoles", "<html>", "all of it as text where an object is expected"),
        ("sso:ListAccountRoles", b"<html></html>", "no JSON in it"),
        ("cloudtrail:DescribeTrails", {"trailList": {}}, "trailList as an object where a list is expected"),
        ("cloudtrail:DescribeTrails", {"trailList": [{"IsMultiRegionTrail": "false"}]},
         "trailList[0].IsMultiRegionTrail as text where true or false is expected"),
        ("bedrock:GetFoundationModelAvailability", {"agreementAvailability": {"status": {}}},
         "agreementAvailability.status as an object where text is expected"),
        ("bedrock:ListFoundationModels", {"modelSummaries": "many"}, "modelSummaries as text where a list is expected"),
        ("iam:ListAttachedRolePolicies", result("iam:ListAttachedRolePolicies", "<AttachedPolicies>no</AttachedPolicies>"),
         "AttachedPolicies as text where a list is expected"),
        ("iam:ListAttachedRolePolicies",
         result("iam:ListAttachedRolePolicies", "<IsTruncated><a/></IsTruncated>"),
         "IsTruncated with elements in it where true or false is expected"),
        ("sts:GetCallerIdentity", b"<html><body>Sign in</body></html>", "<html> where <GetCallerIdentityResult> is expected"),
        ("ec2:DescribeVpcs", b"<html><body>Sign in</body></html>", "a web page where XML is expected"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_an_error_that_says_where(operation: str, body: Any, says: str) -> None:
    with pytest.raises(UnexpectedShape) as caught:
        check(operation, body)
    assert str(caught.value) == f"the answer to {operation} has {says}"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("sso:ListAccountRoles", {"roleList": [{"roleName": "a", "accountId": "1", "new": {}}], "nextToken": None}),
        ("sso:ListAccountRoles", {}),
        ("cloudtrail:DescribeTrails", {"trailList": []}),
        ("bedrock:GetModelInvocationLoggingConfiguration", b""),
        ("logs:DescribeLogGroups", {"logGroups": [{"creationTime": 1.5, "storedBytes": 3}]}),
        ("budgets:DescribeBudgets", {"Budgets": [{"TimePeriod": {"Start": 1.7e9, "End": 3706473600}}]}),
        ("s3:GetBucketLocation", b"<LocationConstraint>eu-west-1</LocationConstraint>"),
        ("s3:GetBucketPolicy", b'{"Statement": []}'),
        ("ec2:DescribeVpcs", b"<DescribeVpcsResponse><vpcSet><item><vpcId>v</vpcId></item></vpcSet></DescribeVpcsResponse>"),
        ("iam:ListAttachedRolePolicies",
         result("iam:ListAttachedRolePolicies", "<AttachedPolicies>\n </AttachedPolicies><IsTruncated>false</IsTruncated>")),
    ],
)  # fmt: skip
def test_what_the_model_allows_passes(operation: str, body: Any) -> None:
    check(operation, body)


def test_an_error_of_aws_is_left_to_botocore() -> None:
    check("sso:ListAccountRoles", "<html>", status=403)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("bedrock:ListFoundationModels", '{"modelSummaries": {}}'),
        ("cloudtrail:DescribeTrails", '{"trailList": {}}'),
        ("iam:GetRole", result("iam:GetRole", "<Role>none</Role>").decode()),
        ("cloudwatch:ListMetrics", b"\xa1\x67Metrics\xa0"),
    ],
)
def test_the_reading_is_an_error(operation: str, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulated(load_world("enterprise")) as machine:
        backend = LiveBackend(machine, None, False, machine.now(), concurrent=False)
        target = Target("msh", "us-east-1")
        params = {"RoleName": "Bedrock"} if operation == "iam:GetRole" else {}
        assert backend.read(target, "credentials", {}).error is None
        good = dispatch.answer

        def spoilt(*arguments: Any) -> Any:
            _, headers, _ = good(*arguments)
            return 200, headers, body

        monkeypatch.setattr(dispatch, "answer", spoilt)
        read = backend.read(target, operation, params)
    assert read.error is not None and read.error.code == "UnexpectedShape", read
    assert read.value is None
