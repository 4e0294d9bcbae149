"""No verdict without evidence: whatever keeps the account from being read, nothing about it is said to be right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from checks.catalogue import load
from checks.judgement import import_checks
from checks.requirement import CHECKS
from fixtures.aws.operations import operations
from fixtures.backends import Backend
from fixtures.readings import ReadError, Reading
from fixtures.targets import Target
from tests.harness import Judged, judged

import_checks()
ENTERPRISE = tuple(r.id for r in load() if r.scope == "enterprise" and r.id in CHECKS)
VERDICTS = ("compliant", "non_compliant")
TRAILS, STATUS, SELECTORS = (
    f"cloudtrail:{name}" for name in ("DescribeTrails", "GetTrailStatus", "GetEventSelectors")
)
JUDGED_BY = {
    **dict.fromkeys(("LOG-01", "LOG-05"), TRAILS),
    "LOG-02": STATUS,
    **dict.fromkeys(("LOG-03", "LOG-04", "LOG-07"), SELECTORS),
    "MON-09": "cloudwatch:",
}
"""The operation that a check judges where its fact reads more than that."""
OFF = {"LOG-08": "answers are empty objects"}
"""Where that is what AWS answers of something that is switched off."""

Spoil = Callable[[Reading, int], Reading]
"""What becomes of the answer to the n-th call of AWS, counted from 0."""


class Spoilt(Backend):
    """Answers of AWS that something happens to; what is on the machine can be read as ever. `bad` are their keys."""

    def __init__(self, asked: Backend, spoil: Spoil) -> None:
        self.name, self.concurrent, self._asked, self._spoil = asked.name, False, asked, spoil
        self.calls = 0
        self.bad: set[str] = set()

    def now(self) -> datetime:
        return self._asked.now()

    def read(
        self, target: Target, name: str, params: Mapping[str, Any], region: str = "", by: str = ""
    ) -> Reading:
        answer = self._asked.read(target, name, params, region, by)
        if name not in operations():
            return answer
        given = self._spoil(answer, self.calls)
        self.calls += 1
        if given is not answer:
            self.bad.add(given.key)
        return given

    def close(self) -> None:
        self._asked.close()


def failed(code: str, message: str = "no") -> Callable[[Reading], Reading]:
    return lambda answer: replace(answer, value=None, error=ReadError("ClientError", code, message, 400))


def told(value: Any) -> Callable[[Reading], Reading]:
    return lambda answer: replace(answer, value=value, error=None)


def always(happens: Callable[[Reading], Reading]) -> Spoil:
    return lambda answer, number: happens(answer)


def but_the_caller(happens: Callable[[Reading], Reading]) -> Spoil:
    return lambda answer, number: answer if answer.name == "sts:GetCallerIdentity" else happens(answer)


DENIED = failed("AccessDeniedException", "not authorized")
THROTTLED = failed("ThrottlingException", "Rate exceeded")
EXPIRED = failed("ExpiredToken", "The security token included in the request is expired")

SPOILT: dict[str, Spoil] = {
    "every read is denied": but_the_caller(DENIED),
    "the session expires after the first call": lambda answer, n: EXPIRED(answer) if n else answer,
    "every second call is throttled": lambda answer, n: THROTTLED(answer) if n % 2 else answer,
    "every other second call is throttled": lambda answer, n: answer if n % 2 else THROTTLED(answer),
    "answers are empty objects": but_the_caller(told({})),
    "answers are nothing": but_the_caller(told(None)),
    "answers are lists": but_the_caller(told([])),
    "answers are text": but_the_caller(told("<html>")),
    "no answer comes at all": always(failed("EndpointConnectionError", "no route")),
}


def spoilt(world: str, spoil: Spoil, **options: Any) -> tuple[Judged, set[str]]:
    made: list[Spoilt] = []

    def between(asked: Backend) -> Backend:
        made.append(Spoilt(asked, spoil))
        return made[0]

    found = judged(world, only=ENTERPRISE, through=between, **options)
    return found, made[0].bad


@pytest.mark.parametrize("world", ["enterprise", "compliant"])
@pytest.mark.parametrize("what", SPOILT)
def test_nothing_is_said_of_what_was_not_read(world: str, what: str) -> None:
    found, bad = spoilt(world, SPOILT[what])
    assert bad
    for row in found.rows:
        if OFF.get(row["requirement"]) == what:
            continue
        own = JUDGED_BY.get(row["requirement"], "")
        unread = sorted(key for key in bad.intersection(row["evidence"]) if key.startswith(own))
        assert row["status"] not in VERDICTS or not unread, (row["requirement"], row["case"], unread)
        assert row["status"] != "non_compliant", (row["requirement"], row["case"], row["observed"])


def test_what_is_denied_names_the_action_that_is_missing() -> None:
    found, _ = spoilt("enterprise", but_the_caller(DENIED))
    unread = [row for row in found.rows if row["status"] == "inconclusive"]
    assert len(unread) > 60
    listed = {operation.action for operation in operations().values()}
    for row in unread:
        assert row["missing_actions"] and set(row["missing_actions"]) <= listed, (
            row["requirement"],
            row["reason"],
        )


def test_an_expired_session_is_explained_by_itself() -> None:
    found, _ = spoilt("enterprise", SPOILT["the session expires after the first call"])
    reasons = {row["reason"] for row in found.rows if row["status"] == "inconclusive"}
    assert any("ExpiredToken" in reason for reason in reasons)


def test_a_fault_in_one_account_wide_read_leaves_the_other_verdicts() -> None:
    def one(answer: Reading, number: int) -> Reading:
        return THROTTLED(answer) if answer.name == "iam:ListServiceSpecificCredentials" else answer

    found, _ = spoilt("enterprise", one)
    assert found.with_status("inconclusive") == {"PRD-09"}
