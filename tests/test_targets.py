"""Targets: their IDs stay plain, sorted and readable from a node ID."""

from __future__ import annotations

import pytest

from fixtures.targets import Target, ordered, target_of_node


def test_targets_are_sorted_and_unique() -> None:
    assert ordered([Target("b", "us-east-1"), Target("a", "x"), Target("b", "us-east-1")]) == [
        Target("a", "x"),
        Target("b", "us-east-1"),
    ]


def test_an_id_holds_nothing_that_a_node_id_or_page_cannot_carry() -> None:
    assert Target("o'neil <b>[x]:", "us-east-1").id == "o_neil__b__x__/us-east-1"


@pytest.mark.parametrize(
    ("nodeid", "target"),
    [
        ("checks/workstation/test_sso.py::test_token[msh/us-east-1]", "msh/us-east-1"),
        ("checks/workstation/test_profile.py::test_key[msh/us-east-1:sso_region]", "msh/us-east-1"),
        ("checks/x.py::test_models[a.b@c/eu-west-1:InvokeModel-CHAT_MODEL]", "a.b@c/eu-west-1"),
        ("tests/test_other.py::test_thing[1-2]", "tests/test_other.py::test_thing[1-2]"),
    ],
)
def test_the_target_is_read_from_a_node_id(nodeid: str, target: str) -> None:
    assert target_of_node(nodeid) == target
