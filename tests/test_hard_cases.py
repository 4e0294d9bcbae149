"""Reads that fail in the middle of a run: no verdict rests on them, and the run goes on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from fixtures.simulation.world import Fault, World
from tests.harness import Judged, judged

NO_VERDICT = {
    "throttled": Fault("ThrottlingException", "Rate exceeded", 429),
    "server error": Fault("InternalFailure", "We encountered an internal error", 500),
    "unknown code": Fault("SurprisingException", "Nobody has seen this before", 400),
    "expired in mid-run": Fault(
        "ExpiredTokenException", "The security token included in the request is expired", 403
    ),
}
DENIED = Fault("AccessDeniedException", "User is not authorized to perform this action", 403)
NEEDED_BY = {
    "sts:GetCallerIdentity": {"RUN-02", "RUN-03"},
    "iam:GetRole": {"IAM-01", "IAM-02"},
    "iam:SimulatePrincipalPolicy": {"IAM-01", "IAM-02"},
    "bedrock:ListFoundationModels": {"IAM-03", "RUN-05"},
    "bedrock:GetFoundationModel": {"IAM-04"},
    "bedrock:GetFoundationModelAvailability": {"MDL-08"},
    "account:ListRegions": {"REG-03"},
    "sso:ListAccountRoles": {"SSO-06"},
}
"""What cannot be judged where the operation gives no answer: some case of each of these requirements."""

THE_FINDING_ITSELF = {
    ("bedrock:ListFoundationModels", "IAM-03"),
    ("bedrock:GetFoundationModel", "IAM-04"),
}
"""Where the denial is what the requirement is about."""


@cache
def with_fault(operation: str, fault: Fault) -> Judged:
    def break_it(world: World) -> World:
        return replace(world, faults={operation: fault})

    return judged("compliant", edit=break_it)


@pytest.mark.parametrize("kind", NO_VERDICT)
@pytest.mark.parametrize("operation", NEEDED_BY)
def test_an_answer_that_did_not_come_makes_no_verdict(operation: str, kind: str) -> None:
    found = with_fault(operation, NO_VERDICT[kind])
    if (operation, kind) == ("sts:GetCallerIdentity", "expired in mid-run"):
        pytest.skip("an expired token at GetCallerIdentity is RUN-02's own finding")
    assert found.with_status("non_compliant") == set()
    inconclusive = {name.split(" ", maxsplit=1)[0] for name in found.with_status("inconclusive")}
    assert inconclusive >= NEEDED_BY[operation]
    assert found.document["verdict"] == "incomplete"
    assert len(found.with_status("compliant")) > 60, "the run goes on"


@pytest.mark.parametrize(
    "operation", [operation for operation in NEEDED_BY if not operation.startswith(("sts", "sso"))]
)
def test_a_denied_read_names_the_action_that_would_allow_it(operation: str) -> None:
    found = with_fault(operation, DENIED)
    judged_by_denial = {name.split(" ", maxsplit=1)[0] for name in found.with_status("non_compliant")}
    allowed = {requirement for about, requirement in THE_FINDING_ITSELF if about == operation}
    assert judged_by_denial <= allowed
    for result in found.results.values():
        if result["status"] == "inconclusive":
            assert result["missing_actions"] == [operation], result
    unjudged = {
        r["requirement"] for r in found.results.values() if r["status"] in {"inconclusive", "blocked"}
    }
    assert unjudged | judged_by_denial >= NEEDED_BY[operation]


def test_the_reason_names_call_code_and_message() -> None:
    found = with_fault("account:ListRegions", NO_VERDICT["unknown code"])
    reasons = {r["reason"] for r in found.results.values() if r["status"] == "inconclusive"}
    assert reasons == {"account:ListRegions failed: SurprisingException: Nobody has seen this before"}
