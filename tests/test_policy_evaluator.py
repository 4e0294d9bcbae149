"""The simulated IAM decides as AWS's documentation says it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.session
import botocore.validate
import pytest

from fixtures.aws.policy_language import Policy, PolicyError
from fixtures.simulation.policy import Decision, evaluate_layer, simulate, to_evaluation_results

INVOKE = "bedrock:InvokeModel"
TITAN = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
CLAUDE = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6"
PROFILE = "arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-6"


def policy(*statements: Mapping[str, Any], name: str = "guide", version: str = "2012-10-17") -> Policy:
    return Policy(name, {"Version": version, "Statement": list(statements)})


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", **_completed(elements)}


def deny(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Deny", **_completed(elements)}


def _completed(elements: dict[str, Any]) -> dict[str, Any]:
    defaults = {} if "NotAction" in elements else {"Action": "*"}
    defaults |= {} if "NotResource" in elements else {"Resource": "*"}
    return {**defaults, **elements}


ALL = policy(allow(), name="all")
NOTHING = policy(allow(Action="iam:GetUser"), name="nothing")
DENIAL = policy(allow(), deny(Action="bedrock:*"), name="denial")


def decide(statements: list[dict[str, Any]], action: str, resource: str, **context: Any) -> str:
    return simulate(action, resource, context.get("context", {}), identity=[policy(*statements)]).decision


@pytest.mark.parametrize(
    ("statements", "action", "resource", "decision"),
    [
        pytest.param([allow(Action=INVOKE)], INVOKE, TITAN, "allowed", id="an allow"),
        pytest.param([], INVOKE, TITAN, "implicitDeny", id="no policy at all"),
        pytest.param([allow(Action="s3:*")], INVOKE, TITAN, "implicitDeny", id="an allow of something else"),
        pytest.param([allow(), deny(Action=INVOKE)], INVOKE, TITAN, "explicitDeny", id="deny after allow"),
        pytest.param([deny(Action=INVOKE), allow()], INVOKE, TITAN, "explicitDeny", id="deny before allow"),
        pytest.param([allow(), deny(Action="s3:*")], INVOKE, TITAN, "allowed", id="deny of something else"),
        pytest.param(
            [deny(Action="s3:*")], INVOKE, TITAN, "implicitDeny", id="a deny elsewhere allows nothing"
        ),
        pytest.param(
            [allow(Action="BEDROCK:invokemodel")], INVOKE, TITAN, "allowed", id="actions ignore case"
        ),
        pytest.param(
            [allow(Action="bedrock:invoke*")], INVOKE, TITAN, "allowed", id="wildcard actions do too"
        ),
        pytest.param(
            [allow(Action="bedrock:InvokeMode?")], INVOKE, TITAN, "allowed", id="? is one character"
        ),
        pytest.param(
            [allow(Action="bedrock:InvokeModel?")], INVOKE, TITAN, "implicitDeny", id="? is not none"
        ),
        pytest.param(
            [allow(Action="bedrock:Invoke")], INVOKE, TITAN, "implicitDeny", id="no match of a prefix"
        ),
        pytest.param(
            [allow(Action="bedrock:Invoke.odel")], INVOKE, TITAN, "implicitDeny", id=". is a full stop"
        ),
        pytest.param([allow(Action=["s3:*", INVOKE])], INVOKE, TITAN, "allowed", id="any action of a list"),
        pytest.param([allow(NotAction="iam:*")], INVOKE, TITAN, "allowed", id="NotAction allows the rest"),
        pytest.param([allow(NotAction="iam:*")], "iam:GetRole", "*", "implicitDeny", id="NotAction excludes"),
        pytest.param(
            [allow(NotAction="IAM:getrole")], "iam:GetRole", "*", "implicitDeny", id="NotAction and case"
        ),
        pytest.param(
            [allow(NotAction=["s3:*", "iam:*"])], "iam:GetRole", "*", "implicitDeny", id="NotAction list"
        ),
        pytest.param(
            [allow(), deny(NotAction="sts:*")], INVOKE, TITAN, "explicitDeny", id="deny of all but NotAction"
        ),
        pytest.param(
            [allow(), deny(NotAction="bedrock:*")], INVOKE, TITAN, "allowed", id="deny spares its NotAction"
        ),
        pytest.param([allow(Resource=TITAN)], INVOKE, TITAN, "allowed", id="the very resource"),
        pytest.param([allow(Resource=TITAN)], INVOKE, CLAUDE, "implicitDeny", id="another resource"),
        pytest.param(
            [allow(Resource=TITAN.upper().replace("ARN:", "arn:"))], INVOKE, TITAN, "implicitDeny", id="case"
        ),
        pytest.param(
            [allow(Resource=[TITAN, CLAUDE])], INVOKE, CLAUDE, "allowed", id="any resource of a list"
        ),
        pytest.param([allow(NotResource=TITAN)], INVOKE, CLAUDE, "allowed", id="NotResource allows the rest"),
        pytest.param([allow(NotResource=TITAN)], INVOKE, TITAN, "implicitDeny", id="NotResource excludes"),
        pytest.param(
            [allow(), deny(NotResource=TITAN)],
            INVOKE,
            CLAUDE,
            "explicitDeny",
            id="deny of all but NotResource",
        ),
        pytest.param(
            [allow(), deny(NotResource=TITAN)], INVOKE, TITAN, "allowed", id="deny spares NotResource"
        ),
        pytest.param(
            [allow(), deny(NotResource=[TITAN, PROFILE])], INVOKE, PROFILE, "allowed", id="deny spares either"
        ),
        pytest.param([allow(Resource="*")], INVOKE, "*", "allowed", id="* matches *"),
        pytest.param([allow(Resource=TITAN)], INVOKE, "*", "implicitDeny", id="an ARN does not match *"),
        pytest.param(
            [allow(Resource="arn:aws:bedrock:*")], INVOKE, "*", "implicitDeny", id="nor does a pattern"
        ),
        pytest.param([allow(), deny(Resource=TITAN)], INVOKE, "*", "allowed", id="deny on an ARN leaves *"),
        pytest.param([allow(), deny(NotResource=TITAN)], INVOKE, "*", "explicitDeny", id="* is not that ARN"),
    ],
)
def test_effect_action_and_resource(
    statements: list[dict[str, Any]], action: str, resource: str, decision: str
) -> None:
    identity = [policy(*statements)] if statements else []
    assert simulate(action, resource, {}, identity=identity).decision == decision


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("arn:aws:bedrock:*::foundation-model/*", TITAN, True),
        ("arn:aws:bedrock:*::foundation-model/amazon.*", TITAN, True),
        ("arn:aws:bedrock:*::foundation-model/amazon.*", CLAUDE, False),
        ("arn:aws:bedrock:*:*:foundation-model/*", TITAN, True),
        ("arn:aws:bedrock:us-*-1::foundation-model/*", TITAN, True),
        ("arn:aws:bedrock:us-????-1::foundation-model/*", TITAN, True),
        ("arn:aws:bedrock:us-?-1::foundation-model/*", TITAN, False),
        ("arn:aws:bedrock:*::foundation-model/*", PROFILE, False),
        ("arn:aws:bedrock:*", TITAN, True),
        ("arn:aws:bedrock:*:foundation-model/*", TITAN, True),  # a * that ends a component runs on
        ("arn:aws:bedrock:us*model/*", TITAN, False),  # any other stays in its component
        ("arn:aws:bedrock:us-east-1:*model/*", TITAN, False),
        ("arn:aws:bedrock:us-east-1?:foundation-model/*", TITAN, False),
        ("arn:aws:bedrock:us-east-1::foundation-model/*:0", TITAN, True),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/*0",
            TITAN,
            True,
        ),  # the sixth component may hold colons
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2?0", TITAN, True),
        ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test/3", True),
        ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/test/3", False),
        ("arn:aws:s3:::b/[ab]", "arn:aws:s3:::b/a", False),
    ],
)
def test_wildcards_in_resources(pattern: str, resource: str, matches: bool) -> None:
    assert decide([allow(Resource=pattern)], INVOKE, resource) == ("allowed" if matches else "implicitDeny")
    assert decide([allow(NotResource=pattern)], INVOKE, resource) == (
        "implicitDeny" if matches else "allowed"
    )


ROLE = "arn:aws:iam::210987654321:role/app"


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", "us-east-1", "us-east-1", True),
        ("StringEquals", "us-east-1", "US-EAST-1", False),
        ("StringEquals", "us-*", "us-east-1", False),
        ("StringEquals", ["us-west-2", "us-east-1"], "us-east-1", True),
        ("StringEquals", "us-east-1", None, False),
        ("StringEquals", "", "", True),
        ("StringEquals", True, "true", True),
        ("StringNotEquals", "us-east-1", "us-east-1", False),
        ("StringNotEquals", "us-east-1", "eu-west-1", True),
        ("StringNotEquals", ["us-east-1", "eu-west-1"], "eu-west-1", False),  # NOR
        ("StringNotEquals", ["us-east-1", "eu-west-1"], "sa-east-1", True),
        ("StringNotEquals", "us-east-1", None, True),
        ("StringEqualsIgnoreCase", "US-east-1", "us-EAST-1", True),
        ("StringEqualsIgnoreCase", "us-east-1", "us-east-2", False),
        ("StringNotEqualsIgnoreCase", "US-east-1", "us-EAST-1", False),
        ("StringNotEqualsIgnoreCase", "US-east-1", None, True),
        ("StringLike", "us-*", "us-east-1", True),
        ("StringLike", "US-*", "us-east-1", False),
        ("StringLike", "us-east-?", "us-east-10", False),
        ("StringLike", "a*c", "a\nc", True),
        ("StringLike", "*", None, False),
        ("StringNotLike", "us-*", "us-east-1", False),
        ("StringNotLike", "us-*", "eu-west-1", True),
        ("StringNotLike", "*", None, True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "10", True),
        ("NumericNotEquals", "10", "10.0", False),
        ("NumericNotEquals", "10", None, True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "9", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericGreaterThan", "0", None, False),
        ("DateEquals", "2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", True),
        ("DateEquals", "2026-11-22T12:00:00.5Z", "2026-11-22T12:00:00.500Z", True),
        ("DateEquals", "2026-11-22", "2026-11-22T00:00Z", True),
        ("DateEquals", "2026", "2026-01-01", True),
        ("DateEquals", "1700000000", "2023-11-14T22:13:20Z", True),
        ("DateNotEquals", "2026-11-22", "2026-11-22T00:00:00Z", False),
        ("DateNotEquals", "2026-11-22", None, True),
        ("DateLessThan", "2026-11-22T12:00:00Z", "2026-11-22T11:59:59Z", True),
        ("DateLessThan", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", False),
        ("DateLessThanEquals", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", True),
        ("DateGreaterThan", "2020-01-01T00:00:01Z", "2026-11-22", True),
        ("DateGreaterThan", "2026-11-22", "2020-01-01T00:00:01Z", False),
        ("DateGreaterThanEquals", "2026-11", "2026-11-01", True),
        ("Bool", "false", "false", True),
        ("Bool", False, "False", True),
        ("Bool", "false", "true", False),
        ("Bool", "false", None, False),
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "ASIAIOSFODNN7EXAMPLE", False),
        ("BinaryEquals", "QUJD", None, False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
        ("IpAddress", "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", "203.0.113.7/24", "203.0.113.9", True),
        ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
        ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
        ("IpAddress", "0.0.0.0/0", None, False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
        ("NotIpAddress", "203.0.113.0/24", None, True),
        ("ArnEquals", "arn:aws:iam::*:role/app", ROLE, True),
        ("ArnLike", "arn:aws:iam::*:role/a?p", ROLE, True),
        ("ArnLike", "arn:aws:iam::*:ROLE/app", ROLE, False),
        ("ArnLike", "arn:aws:iam::*:role/app", None, False),
        (
            "ArnLike",
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            False,
        ),
        (
            "StringLike",
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            True,
        ),
        ("ArnLike", "arn:*:*:*:*:*", "no ARN", False),
        ("ArnNotEquals", "arn:aws:iam::*:role/app", ROLE, False),
        ("ArnNotLike", "arn:aws:iam::*:role/other", ROLE, True),
        ("ArnNotLike", "arn:aws:iam::*:role/app", None, True),
        ("Null", "true", None, True),
        ("Null", "true", "there", False),
        ("Null", "false", None, False),
        ("Null", "false", "there", True),
        ("Null", True, None, True),
        ("Null", "true", [], True),
        ("Null", "true", "", True),
        ("Null", "false", ["a", "b"], True),
        ("StringEqualsIfExists", "us-east-1", None, True),
        ("StringEqualsIfExists", "us-east-1", "us-east-1", True),
        ("StringEqualsIfExists", "us-east-1", "eu-west-1", False),
        ("StringNotEqualsIfExists", "us-east-1", None, True),
        ("StringNotEqualsIfExists", "us-east-1", "us-east-1", False),
        ("BoolIfExists", "true", None, True),
        ("IpAddressIfExists", "203.0.113.0/24", "198.51.100.1", False),
        ("ArnLikeIfExists", "arn:aws:iam::*:role/app", None, True),
        ("NumericLessThanIfExists", "10", "11", False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a", "b"], None, True),
        ("ForAllValues:StringEquals", ["a", "b"], [], True),
        ("ForAllValues:StringEquals", ["a", "b"], [""], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], False),
        ("ForAllValues:StringNotEquals", ["a", "b"], None, True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
        ("ForAnyValue:StringEquals", ["a", "b"], None, False),
        ("ForAnyValue:StringEquals", ["a", "b"], [""], False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], None, False),
        ("ForAnyValue:StringLikeIfExists", "a*", None, True),
        ("ForAnyValue:StringLikeIfExists", "a*", ["b"], False),
        ("ForAnyValue:StringLikeIfExists", "a*", [""], False),
        ("ForAllValues:ArnLike", "arn:aws:iam::*:role/*", [ROLE, "arn:aws:iam::1:user/u"], False),
        ("ForAnyValue:Bool", "true", ["false", "true"], True),
    ],
)
def test_condition_operators(operator: str, wanted: Any, given: Any, holds: bool) -> None:
    context = {} if given is None else {"aws:Key": given}
    statement = {"Condition": {operator: {"aws:Key": wanted}}}
    assert decide([allow(**statement)], INVOKE, TITAN, context=context) == (
        "allowed" if holds else "implicitDeny"
    )
    assert decide([allow(), deny(**statement)], INVOKE, TITAN, context=context) == (
        "explicitDeny" if holds else "allowed"
    )


def test_context_keys_compare_without_case() -> None:
    statement = allow(Condition={"StringEquals": {"AWS:requestedregion": "us-east-1"}})
    assert decide([statement], INVOKE, TITAN, context={"aws:RequestedRegion": "us-east-1"}) == "allowed"


@pytest.mark.parametrize(
    ("region", "agent", "ip", "decision"),
    [
        ("us-east-1", "sdk", "203.0.113.7", "allowed"),
        ("us-east-1", "sdk", "198.51.100.1", "implicitDeny"),
        ("us-east-1", "browser", "203.0.113.7", "implicitDeny"),
        ("eu-west-1", "sdk", "203.0.113.7", "implicitDeny"),
    ],
)
def test_all_keys_and_operators_must_hold(region: str, agent: str, ip: str, decision: str) -> None:
    condition = {
        "StringEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"], "aws:UserAgent": "sdk"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    }
    context = {"aws:RequestedRegion": region, "aws:UserAgent": agent, "aws:SourceIp": ip}
    assert decide([allow(Condition=condition)], INVOKE, TITAN, context=context) == decision


HOME = "arn:aws:s3:::home/"


@pytest.mark.parametrize(
    ("element", "pattern", "resource", "context", "matches"),
    [
        ("Resource", HOME + "${aws:username}/*", HOME + "jo/x", {"aws:username": "jo"}, True),
        ("Resource", HOME + "${AWS:UserName}/*", HOME + "jo/x", {"aws:username": "jo"}, True),
        ("Resource", HOME + "${aws:username}/*", HOME + "al/x", {"aws:username": "jo"}, False),
        ("Resource", HOME + "${aws:username}/*", HOME + "jo/x", {}, False),
        ("Resource", HOME + "${aws:username}*", HOME + "jo", {}, False),
        ("NotResource", HOME + "${aws:username}*", HOME + "jo", {}, True),
        ("Resource", HOME + "${aws:username, 'guest'}/*", HOME + "guest/x", {}, True),
        ("Resource", HOME + "${aws:username, 'guest'}/*", HOME + "guest/x", {"aws:username": "jo"}, False),
        ("Resource", HOME + "${aws:username, 'guest'}/*", HOME + "jo/x", {"aws:username": "jo"}, True),
        ("Resource", HOME + "${aws:username}", HOME + "anything", {"aws:username": "*"}, False),
        ("Resource", HOME + "${aws:username}", HOME + "*", {"aws:username": "*"}, True),
        ("Resource", HOME + "a${*}", HOME + "a*", {}, True),
        ("Resource", HOME + "a${*}", HOME + "ab", {}, False),
        ("Resource", HOME + "a${?}", HOME + "a?", {}, True),
        ("Resource", HOME + "a${?}", HOME + "ab", {}, False),
        ("Resource", HOME + "a${$}{x}", HOME + "a${x}", {}, True),
        (
            "Resource",
            HOME + "${aws:PrincipalTag/team}-${aws:PrincipalTag/app}*",
            HOME + "ml-chat-1",
            {"aws:PrincipalTag/Team": "ml", "aws:PrincipalTag/App": "chat"},
            True,
        ),
    ],
)
def test_variables_in_resources(
    element: str, pattern: str, resource: str, context: dict[str, str], matches: bool
) -> None:
    decision = decide([allow(**{element: pattern})], "s3:GetObject", resource, context=context)
    assert decision == ("allowed" if matches else "implicitDeny")


@pytest.mark.parametrize(
    ("operator", "wanted", "context", "holds"),
    [
        (
            "StringEquals",
            "${aws:PrincipalTag/team}",
            {"aws:PrincipalTag/team": "ml", "s3:prefix": "ml"},
            True,
        ),
        (
            "StringEquals",
            "${aws:PrincipalTag/team}",
            {"aws:PrincipalTag/team": "ml", "s3:prefix": "hr"},
            False,
        ),
        ("StringEquals", "${aws:PrincipalTag/team}", {"s3:prefix": "ml"}, False),
        ("StringEquals", "${aws:PrincipalTag/team}", {"s3:prefix": "${aws:PrincipalTag/team}"}, False),
        ("StringNotEquals", "${aws:PrincipalTag/team}", {"s3:prefix": "ml"}, True),
        ("StringEquals", "${aws:PrincipalTag/team, 'all'}", {"s3:prefix": "all"}, True),
        ("StringEquals", "x${*}", {"s3:prefix": "x*"}, True),
        ("StringLike", "x${*}", {"s3:prefix": "xy"}, False),
        (
            "StringLike",
            ["home/", "home/${aws:username}/*"],
            {"aws:username": "jo", "s3:prefix": "home/jo/a"},
            True,
        ),
        ("StringLike", ["home/", "home/${aws:username}/*"], {"s3:prefix": "home/"}, True),
        ("ArnLike", "${aws:PrincipalArn}", {"aws:PrincipalArn": ROLE, "s3:prefix": ROLE}, True),
    ],
)
def test_variables_in_conditions(operator: str, wanted: Any, context: dict[str, str], holds: bool) -> None:
    statement = allow(Condition={operator: {"s3:prefix": wanted}})
    assert decide([statement], "s3:ListBucket", "*", context=context) == (
        "allowed" if holds else "implicitDeny"
    )


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_variables_are_plain_text_in_the_earlier_language(version: dict[str, str]) -> None:
    statement = allow(Resource=HOME + "${aws:username}")
    identity = [Policy("old", {**version, "Statement": statement})]
    context = {"aws:username": "jo"}
    assert simulate("s3:GetObject", HOME + "jo", context, identity=identity).decision == "implicitDeny"
    assert (
        simulate("s3:GetObject", HOME + "${aws:username}", context, identity=identity).decision == "allowed"
    )


@pytest.mark.parametrize(
    ("layers", "decision", "by_boundary", "by_organizations"),
    [
        pytest.param({}, "allowed", None, None, id="identity alone"),
        pytest.param({"identity": [NOTHING, ALL]}, "allowed", None, None, id="one identity policy suffices"),
        pytest.param(
            {"identity": [ALL, DENIAL]}, "explicitDeny", None, None, id="any identity policy denies"
        ),
        pytest.param({"boundary": ALL}, "allowed", True, None, id="a boundary that allows"),
        pytest.param({"boundary": NOTHING}, "implicitDeny", False, None, id="a boundary that does not allow"),
        pytest.param({"boundary": DENIAL}, "explicitDeny", False, None, id="a boundary that denies"),
        pytest.param(
            {"identity": [], "boundary": ALL}, "implicitDeny", True, None, id="a boundary gives nothing"
        ),
        pytest.param({"scps": [[ALL]]}, "allowed", None, True, id="one level"),
        pytest.param({"scps": [[ALL], [ALL]]}, "allowed", None, True, id="two levels that allow"),
        pytest.param({"scps": [[ALL], [NOTHING]]}, "implicitDeny", None, False, id="the account's does not"),
        pytest.param({"scps": [[NOTHING], [ALL]]}, "implicitDeny", None, False, id="the root's does not"),
        pytest.param({"scps": [[ALL], [NOTHING, ALL]]}, "allowed", None, True, id="one of a level suffices"),
        pytest.param({"scps": [[ALL], []]}, "implicitDeny", None, False, id="a level without any"),
        pytest.param({"scps": [[ALL, DENIAL], [ALL]]}, "explicitDeny", None, False, id="the root's denies"),
        pytest.param(
            {"scps": [[NOTHING], [DENIAL]]}, "explicitDeny", None, False, id="deny beats a missing allow"
        ),
        pytest.param(
            {"identity": [], "scps": [[ALL]]}, "implicitDeny", None, True, id="an SCP gives nothing"
        ),
        pytest.param({"session": [ALL]}, "allowed", None, None, id="a session policy that allows"),
        pytest.param({"session": [NOTHING]}, "implicitDeny", None, None, id="a session policy that does not"),
        pytest.param({"session": []}, "implicitDeny", None, None, id="an empty session policy"),
        pytest.param({"session": [DENIAL]}, "explicitDeny", None, None, id="a session policy that denies"),
        pytest.param(
            {"boundary": NOTHING, "scps": [[ALL], [DENIAL]]},
            "explicitDeny",
            False,
            False,
            id="all layers count",
        ),
        pytest.param(
            {"boundary": ALL, "scps": [[ALL]], "session": [NOTHING]},
            "implicitDeny",
            True,
            True,
            id="the last stops",
        ),
    ],
)
def test_layers(
    layers: dict[str, Any], decision: str, by_boundary: bool | None, by_organizations: bool | None
) -> None:
    decided = simulate(INVOKE, TITAN, {}, **{"identity": [ALL], **layers})
    assert (decided.decision, decided.allowed_by_boundary, decided.allowed_by_organizations) == (
        decision,
        by_boundary,
        by_organizations,
    )


def named(decided: Decision) -> list[tuple[str, int, str | None]]:
    return [(statement.policy, statement.index, statement.sid) for statement in decided.matched]


def test_matched_statements_are_those_that_make_the_decision() -> None:
    guide = policy(allow(Sid="List", Action="bedrock:List*"), allow(Sid="Invoke", Action=INVOKE))
    guard = policy(allow(), deny(Sid="NoClaude", Resource=CLAUDE), name="guard")
    identity = [guide, ALL]
    allowed = simulate(INVOKE, TITAN, {}, identity=identity, boundary=guard, scps=[[ALL]])
    assert named(allowed) == [("guide", 1, "Invoke"), ("all", 0, None)]
    denied = simulate(INVOKE, CLAUDE, {}, identity=identity, boundary=guard, scps=[[DENIAL]])
    assert named(denied) == [("denial", 1, None), ("guard", 1, "NoClaude")]
    assert [statement.policy for statement in denied.reported] == ["guard"]
    assert named(simulate(INVOKE, TITAN, {}, identity=identity, boundary=NOTHING)) == []


def test_one_layer_by_itself() -> None:
    layer = evaluate_layer("boundary", [DENIAL], "s3:GetObject", "*", {})
    assert (layer.name, layer.decision, [s.index for s in layer.matched]) == ("boundary", "allowed", [0])
    layer = evaluate_layer("boundary", [DENIAL], INVOKE, "*", {})
    assert (layer.decision, [s.index for s in layer.matched]) == ("explicitDeny", [1])


def test_missing_context_names_what_any_identity_statement_or_the_boundary_reads() -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    elsewhere = allow(
        Action="s3:*", Resource=HOME + "${aws:username}", Condition={"Bool": {"aws:MFA": "true"}}
    )
    team = allow(Condition={"StringEquals": {"aws:requestedregion": "${aws:PrincipalTag/team, 'none'}"}})
    decided = simulate(
        INVOKE,
        TITAN,
        {"AWS:mfa": "true", "bedrock:Empty": []},
        identity=[policy(allow(Condition=region), elsewhere)],
        boundary=policy(
            team, allow(Condition={"Null": {"bedrock:Empty": "true"}}), allow(Resource=HOME + "${*}")
        ),
        scps=[[policy(allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))]],
    )
    assert decided.missing_context == (
        "aws:RequestedRegion",
        "aws:username",
        "aws:PrincipalTag/team",
        "bedrock:Empty",
    )


STATEMENT = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Effect": "allow"}, "Effect is 'allow'"),
        ({"Effect": None}, "Effect is None"),
        ({"Action": None}, "Action is missing"),
        ({"Action": []}, "Action is missing"),
        ({"Action": "s3"}, "Action 's3' names no service"),
        ({"NotAction": "s3:*"}, "needs one of Action and NotAction"),
        ({"NotResource": "*"}, "needs one of Resource and NotResource"),
        ({"Resource": "bucket"}, "neither an ARN nor"),
        ({"Resource": "arn:aws:s3:${aws:RequestedRegion}::b"}, "variable before the fifth colon"),
        ({"Resource": HOME + "${aws:username"}, "malformed variable"),
        ({"Resource": HOME + "${aws:username 'x'}"}, "malformed variable"),
        ({"Principal": "*"}, "unknown element Principal"),
        ({"action": "s3:*"}, "unknown element action"),
        ({"Condition": "x"}, "no JSON object"),
        ({"Condition": {"StringEquals": "x"}}, "no JSON object"),
        ({"Condition": {"StringEquals": {"aws:x": []}}}, "StringEquals aws:x is missing"),
        ({"Condition": {"StringMatches": {"aws:x": "y"}}}, "unknown condition operator 'StringMatches'"),
        ({"Condition": {"stringequals": {"aws:x": "y"}}}, "unknown condition operator"),
        ({"Condition": {"NotBool": {"aws:x": "true"}}}, "unknown condition operator"),
        ({"Condition": {"NumericNotLessThan": {"aws:x": "1"}}}, "unknown condition operator"),
        ({"Condition": {"NullIfExists": {"aws:x": "true"}}}, "unknown condition operator"),
        ({"Condition": {"ForAnyValue:Null": {"aws:x": "true"}}}, "unknown condition operator"),
        ({"Condition": {"ForEachValue:StringEquals": {"aws:x": "y"}}}, "unknown condition operator"),
        ({"Condition": {"NumericEquals": {"aws:x": "ten"}}}, "'ten' is no number"),
        ({"Condition": {"NumericEquals": {"aws:x": "NaN"}}}, "'NaN' is no number"),
        ({"Condition": {"DateLessThan": {"aws:x": "tomorrow"}}}, "'tomorrow' is no date"),
        ({"Condition": {"DateLessThan": {"aws:x": "2026-13-01"}}}, "month"),
        ({"Condition": {"DateLessThan": {"aws:x": "2026-11-22T12:00:00"}}}, "no date"),
        ({"Condition": {"Bool": {"aws:x": "yes"}}}, "neither true nor false"),
        ({"Condition": {"Null": {"aws:x": "maybe"}}}, "neither true nor false"),
        ({"Condition": {"BinaryEquals": {"aws:x": "!"}}}, "statement 1"),
        ({"Condition": {"IpAddress": {"aws:x": "203.0.113.0/33"}}}, "statement 1"),
        ({"Condition": {"ArnLike": {"aws:x": "arn:aws:iam::role"}}}, "is no ARN"),
    ],
)
def test_a_malformed_statement_is_refused_by_name(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match="policy 'tight', statement 1: ") as refused:
        Policy("tight", {"Version": "2012-10-17", "Statement": [STATEMENT, {**STATEMENT, **change}]})
    assert problem in str(refused.value)
    assert (refused.value.policy, refused.value.statement) == ("tight", 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": "all"}',
        json.dumps({"Version": "2026-01-01", "Statement": STATEMENT}),
        json.dumps({"version": "2012-10-17", "Statement": STATEMENT}),
        '{"Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}}',
    ],
)
def test_a_malformed_document_is_refused_by_name(text: str) -> None:
    with pytest.raises(PolicyError, match="policy 'tight': "):
        Policy.from_json("tight", text)


def test_a_document_may_hold_a_single_statement() -> None:
    single = Policy.from_json("tight", json.dumps({"Version": "2012-10-17", "Statement": STATEMENT}))
    assert simulate("s3:GetObject", HOME, {}, identity=[single]).decision == "allowed"


@pytest.mark.parametrize(
    ("condition", "context"),
    [
        ({"NumericLessThan": {"aws:x": "10"}}, {"aws:x": "few"}),
        ({"DateLessThan": {"aws:x": "2026-11-22"}}, {"aws:x": "soon"}),
        ({"IpAddress": {"aws:x": "203.0.113.0/24"}}, {"aws:x": "here"}),
        ({"StringEquals": {"aws:x": "a"}}, {"aws:x": ["a", "b"]}),
        ({"StringEquals": {"aws:x": "${aws:TagKeys}"}}, {"aws:x": "a", "aws:TagKeys": ["a", "b"]}),
    ],
)
def test_a_request_that_cannot_be_compared_is_not_guessed(condition: Any, context: Any) -> None:
    with pytest.raises(PolicyError, match="policy 'guide', statement 0: "):
        decide([allow(Condition=condition)], INVOKE, TITAN, context=context)


GUIDE = policy(allow(Sid="Embed", Action=INVOKE, Resource=TITAN), deny(Action=INVOKE, Resource=PROFILE))


def results(*resources: str, per_resource: bool = False, **layers: Any) -> list[dict[str, Any]]:
    decisions = {r: simulate(INVOKE, r, {}, **{"identity": [GUIDE], **layers}) for r in resources}
    return to_evaluation_results(INVOKE, decisions, per_resource=per_resource)


BY_GUIDE = [{"SourcePolicyId": "guide", "SourcePolicyType": "IAM Policy"}]


def test_one_result_for_each_action_with_the_most_restrictive_decision() -> None:
    [result] = results(TITAN, CLAUDE)
    assert result == {
        "EvalActionName": INVOKE,
        "EvalResourceName": "arn:${Partition}:bedrock:${Region}::foundation-model/${ResourceName}",
        "EvalDecision": "implicitDeny",
        "MatchedStatements": [],
        "MissingContextValues": [],
        "ResourceSpecificResults": [
            {
                "EvalResourceName": TITAN,
                "EvalResourceDecision": "allowed",
                "MatchedStatements": BY_GUIDE,
                "MissingContextValues": [],
            },
            {
                "EvalResourceName": CLAUDE,
                "EvalResourceDecision": "implicitDeny",
                "MatchedStatements": [],
                "MissingContextValues": [],
            },
        ],
    }
    assert results(TITAN)[0]["EvalDecision"] == "allowed"
    assert results("arn:aws:s3:::bucket")[0]["EvalResourceName"] == "arn:${Partition}:s3:::${ResourceName}"
    assert results("arn:aws")[0]["EvalResourceName"] == "*"
    [denied] = results(TITAN, PROFILE, CLAUDE)
    assert (denied["EvalDecision"], denied["MatchedStatements"]) == ("explicitDeny", BY_GUIDE)


def test_the_earlier_shape_repeats_the_decision_of_all_for_each_resource() -> None:
    titan, claude = results(TITAN, CLAUDE, per_resource=True)
    assert [titan["EvalResourceName"], claude["EvalResourceName"]] == [TITAN, CLAUDE]
    assert [titan["EvalDecision"], claude["EvalDecision"]] == ["implicitDeny", "implicitDeny"]
    assert [
        [(r["EvalResourceName"], r["EvalResourceDecision"]) for r in result["ResourceSpecificResults"]]
        for result in (titan, claude)
    ] == [[(TITAN, "allowed")], [(CLAUDE, "implicitDeny")]]


@pytest.mark.parametrize("per_resource", [False, True])
def test_a_simulation_without_resources_has_no_results_by_resource(per_resource: bool) -> None:
    assert results("*", per_resource=per_resource, identity=[ALL]) == [
        {
            "EvalActionName": INVOKE,
            "EvalResourceName": "*",
            "EvalDecision": "allowed",
            "MatchedStatements": [{"SourcePolicyId": "all", "SourcePolicyType": "IAM Policy"}],
            "MissingContextValues": [],
        }
    ]


def test_results_name_the_layer_that_stops_the_request() -> None:
    boundary = Policy("Edge", policy(allow(Resource=TITAN)).document, "Permissions Boundary Policy")
    [result] = results(TITAN, CLAUDE, identity=[ALL], boundary=boundary, scps=[[ALL]])
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    assert [r["PermissionsBoundaryDecisionDetail"] for r in result["ResourceSpecificResults"]] == [
        {"AllowedByPermissionsBoundary": True},
        {"AllowedByPermissionsBoundary": False},
    ]
    assert all("OrganizationsDecisionDetail" not in r for r in result["ResourceSpecificResults"])
    [stopped] = results(TITAN, identity=[ALL], scps=[[ALL], [NOTHING]])
    assert stopped["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_statements_of_service_control_policies_are_not_shown_and_those_of_a_boundary_are() -> None:
    [by_scp] = results(TITAN, identity=[DENIAL], scps=[[DENIAL]])
    assert by_scp["MatchedStatements"] == [{"SourcePolicyId": "denial", "SourcePolicyType": "IAM Policy"}]
    [by_scp] = results(TITAN, identity=[ALL], scps=[[DENIAL]])
    assert (by_scp["EvalDecision"], by_scp["MatchedStatements"]) == ("explicitDeny", [])
    edge = Policy("Edge", DENIAL.document, "Permissions Boundary Policy")
    [by_boundary] = results(TITAN, identity=[ALL], boundary=edge)
    assert by_boundary["MatchedStatements"] == [
        {"SourcePolicyId": "Edge", "SourcePolicyType": "Permissions Boundary Policy"}
    ]


@pytest.mark.parametrize("per_resource", [False, True])
def test_results_have_the_members_and_types_of_the_service_model(per_resource: bool) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    layers: dict[str, Any] = {
        "identity": [policy(allow(Condition=condition)), GUIDE],
        "boundary": ALL,
        "scps": [[ALL]],
    }
    answer = {"EvaluationResults": results(TITAN, PROFILE, per_resource=per_resource, **layers)}
    service = botocore.session.get_session().get_service_model("iam")
    shape = service.operation_model("SimulatePrincipalPolicy").output_shape
    report = botocore.validate.ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    assert answer["EvaluationResults"][0]["MissingContextValues"] == ["aws:RequestedRegion"]
