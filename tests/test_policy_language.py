"""The evaluator agrees with the rules as they are said a second time, and knows what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.aws.deciding_keys import Facts, Request, decide
from fixtures.aws.policy_language import Policy, completed
from fixtures.simulation.policy import simulate
from tests import policy_rules

INVOKE = "bedrock:InvokeModel"
LIST = "bedrock:ListFoundationModels"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
PROFILE = "arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-6"
OFFICE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

ACTIONS = [INVOKE, LIST, "iam:GetRole"]
RESOURCES = [
    MODEL,
    PROFILE,
    "*",
    "arn:aws:bedrock:::foundation-model/x",
    "arn:aws:iam::210987654321:role/a/b",
]
PIECES = st.sampled_from(
    [
        "*",
        "?",
        ":",
        "/",
        "arn:",
        "aws",
        "bedrock",
        "us-east-1",
        "210987654321",
        "foundation-model",
        "x",
        "a",
        "iam",
    ]
)
ARNS = st.one_of(
    st.sampled_from(
        ["arn:aws:bedrock", "arn:aws", "arn:aws:bedrock:us-east-1", "arn:aws:bedrock:*", "*", MODEL, PROFILE]
    ),
    st.lists(PIECES, min_size=1, max_size=8).map(lambda pieces: "arn:" + "".join(pieces)),
)
NAMES = st.one_of(
    st.sampled_from(
        ["*", "bedrock:*", "BEDROCK:invoke*", "iam:Get*", INVOKE, "bedrock:Invoke?odel", "*:List*"]
    ),
)
KEYS = ["aws:SourceIp", "aws:RequestedRegion", "aws:PrincipalTag/team", "aws:PrincipalArn"]
VALUES = {
    "aws:SourceIp": ["203.0.113.7"],
    "aws:RequestedRegion": ["us-east-1", "eu-west-1"],
    "aws:PrincipalTag/team": ["docxp", "Docxp", "other"],
    "aws:PrincipalArn": ["arn:aws:iam::210987654321:role/aws-reserved/x/Admin", "arn:aws:iam::1:role/Admin"],
}
TEXTS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
WANTED = st.sampled_from(["us-east-1", "us-*", "docxp", "doc?p", "*", "other", "DOCXP", ""])


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["text", "arn", "null"]))
        key = draw(st.sampled_from(KEYS))
        if kind == "null":
            found.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
            continue
        quantifier = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
        suffix = draw(st.sampled_from(["", "IfExists"]))
        if kind == "arn":
            operator = draw(st.sampled_from(["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"]))
            wanted: Any = draw(
                st.sampled_from(
                    [
                        "arn:aws:iam::*:role/*",
                        "arn:aws:iam::210987654321:role/Admin",
                        "arn:*:iam::1:role/Ad*n",
                    ]
                )
            )
        else:
            operator = draw(st.sampled_from(TEXTS))
            wanted = draw(st.one_of(WANTED, st.lists(WANTED, min_size=1, max_size=2)))
        found.setdefault(f"{quantifier}{operator}{suffix}", {})[key] = wanted
    return found


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.lists(NAMES, min_size=1, max_size=2)
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.lists(ARNS, min_size=1, max_size=2)
        ),
        "Condition": draw(conditions()),
    }


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, list[str]]:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True))
    return {key: [draw(st.sampled_from(VALUES[key]))] for key in keys}


def named(layer: list[dict[str, Any]], name: str) -> Policy:
    return Policy(name, {"Version": "2012-10-17", "Statement": layer})


LAYER = st.lists(statements(), min_size=1, max_size=3)


@settings(max_examples=120, deadline=None)
@given(LAYER, LAYER, st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts())
def test_the_evaluator_decides_as_the_rules_do(
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]],
    action: str,
    resource: str,
    context: dict[str, list[str]],
) -> None:
    found = simulate(
        action, resource, context, identity=[named(identity, "i")], boundary=named(boundary, "b")
    )
    assert found.decision == policy_rules.decision([identity, boundary], action, resource, context)


@settings(max_examples=120, deadline=None)
@given(ARNS, st.sampled_from(RESOURCES))
def test_resources_match_as_the_rules_say(pattern: str, resource: str) -> None:
    allowing = named([{"Effect": "Allow", "Action": "*", "Resource": pattern}], "p")
    expected = policy_rules.names_resource(pattern, resource)
    assert allowing.statements[0].applies(INVOKE, resource, {}) is expected


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("arn:aws:bedrock", "arn:aws:bedrock:*:*:*"),
        ("arn:aws:bedrock:us-east-1", "arn:aws:bedrock:us-east-1:*:*"),
        ("arn:aws:bedrock:", "arn:aws:bedrock::*:*"),
        ("arn:aws:bedrock:us-east-1::foundation-model/a", "arn:aws:bedrock:us-east-1::foundation-model/a"),
        ("arn:aws:bedrock:*", "arn:aws:bedrock:*"),
        ("*", "*"),
    ],
)
def test_an_incomplete_arn_is_completed_with_wildcards(pattern: str, whole: str) -> None:
    assert completed(pattern) == whole


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("arn:aws:bedrock", True),
        ("arn:aws:bedrock:us-east-1", True),
        ("arn:aws:bedrock:eu-west-1", False),
        ("arn:aws:s3", False),
    ],
)
def test_a_policy_with_an_incomplete_arn_allows_what_iam_makes_of_it(pattern: str, allowed: bool) -> None:
    policy = named([{"Effect": "Allow", "Action": "bedrock:*", "Resource": pattern}], "short")
    found = simulate(INVOKE, MODEL, {}, identity=[policy])
    assert (found.decision == "allowed") is allowed


# What a decision hangs on


@settings(max_examples=60, deadline=None)
@given(LAYER, LAYER, st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), contexts())
def test_what_is_decided_without_a_key_is_so_whatever_its_value(
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]],
    action: str,
    resource: str,
    known: dict[str, list[str]],
) -> None:
    layers = {"identity": [named(identity, "i")], "boundary": [named(boundary, "b")]}
    answer = decide(layers, Request(action, resource, known))
    unknown = [key for key in KEYS if key not in known]
    worlds = product(*([[], *([value] for value in VALUES[key])] for key in unknown))
    found = {
        policy_rules.decision(
            [identity, boundary], action, resource, {**known, **dict(zip(unknown, values, strict=True))}
        )
        for values in worlds
    }
    if answer.decided == "allowed":
        assert found == {"allowed"}
    if answer.decided == "denied":
        assert "allowed" not in found
        assert not answer.by or found == {"explicitDeny"}
    if answer.decided == "unknown":
        assert answer.keys and set(answer.keys) <= set(unknown)


ALLOW_ALL = {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}


def asked(action: str = INVOKE, resource: str = MODEL, **known: Any) -> Request:
    return Request(action, resource, {"aws:RequestedRegion": "us-east-1", **known})


def deny(condition: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition, **more}


def test_a_key_that_nobody_knows_is_named_with_policy_and_statement() -> None:
    policy = named([ALLOW_ALL, deny(OFFICE, Sid="OfficeOnly")], "Company")
    answer = decide({"identity": [policy]}, asked())
    assert answer.decided == "unknown"
    assert [str(turn) for turn in answer.turns] == ["aws:SourceIp in statement OfficeOnly of Company"]


def test_a_key_of_a_statement_on_something_else_does_not_matter() -> None:
    policy = named([ALLOW_ALL, deny(OFFICE, Action="s3:*")], "Company")
    assert decide({"identity": [policy]}, asked()).decided == "allowed"


def test_a_condition_that_a_known_key_settles_does_not_matter() -> None:
    both = {**OFFICE, "StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    policy = named([ALLOW_ALL, deny(both)], "Company")
    assert decide({"identity": [policy]}, asked()).decided == "allowed"


def test_without_any_allow_an_unknown_key_cannot_help() -> None:
    policy = named([deny(OFFICE)], "Company")
    answer = decide({"identity": [policy]}, asked())
    assert (answer.decided, answer.layer, answer.by) == ("denied", "identity", ())


def test_a_key_that_the_request_does_not_have_is_known() -> None:
    policy = named(
        [ALLOW_ALL, deny({"Null": {"bedrock:GuardrailIdentifier": "true"}}, Sid="Guarded")], "Company"
    )
    answer = decide({"identity": [policy]}, asked(**{"bedrock:GuardrailIdentifier": ()}))
    assert answer.decided == "denied"
    assert [statement.name for statement in answer.by] == ["Guarded"]


def test_a_call_that_succeeded_settles_the_condition_for_all_that_the_statement_covers() -> None:
    layers = {"identity": [named([ALLOW_ALL, deny(OFFICE)], "Company")]}
    facts = Facts()
    facts.learn(layers, asked(LIST, "*"))
    assert decide(layers, asked(), facts).decided == "allowed"


def test_a_success_settles_an_allow_under_the_same_condition_in_another_statement() -> None:
    inside = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    statements = [{**ALLOW_ALL, "Action": action, "Condition": inside} for action in (LIST, INVOKE)]
    layers = {"identity": [named(statements, "Company")]}
    facts = Facts()
    assert decide(layers, asked(), facts).decided == "unknown"
    facts.learn(layers, asked(LIST, "*"))
    assert decide(layers, asked(), facts).decided == "allowed"


def test_a_success_settles_nothing_about_another_statement_or_about_the_next_request() -> None:
    guarded = deny({"Null": {"bedrock:GuardrailIdentifier": "true"}})
    layers = {"identity": [named([ALLOW_ALL, guarded, deny(OFFICE, Action=INVOKE)], "Company")]}
    facts = Facts()
    facts.learn(layers, asked(LIST, "*"))
    assert set(decide(layers, asked(), facts).keys) == {"bedrock:GuardrailIdentifier", "aws:SourceIp"}


def test_a_success_that_a_known_key_explains_settles_nothing() -> None:
    both = {**OFFICE, "StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    layers = {"identity": [named([ALLOW_ALL, deny(both)], "Company")]}
    facts = Facts()
    facts.learn(layers, asked(LIST, "*"))
    there = asked(**{"aws:RequestedRegion": "us-east-2"})
    assert decide(layers, there, facts).keys == ("aws:SourceIp",)
