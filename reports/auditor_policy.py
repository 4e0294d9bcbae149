"""auditor-policy.json: an IAM policy with the actions that the checks of a run need, and no others.

With --auditor-profile it is the policy for that profile; without, what is read about the account and what is asked as the
profile itself are two statements of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from checks.judgement import check_of
from fixtures.aws.operations import operations
from fixtures.engine import CREDENTIALS
from fixtures.evidence import FACTS
from fixtures.targets import AUDITOR
from reports.results import Result

UNEVALUATED = ("blocked", "inconclusive")
ACCOUNT, PROFILE = "ReadAboutTheAccount", "AskAsTheProfile"


def policy(results: Iterable[Result], *, auditor: bool) -> dict[str, Any]:
    """The policy document for these results; `auditor` tells whether a second profile reads about the account."""
    needed = sorted({name for result in results for name in operations_for(result)})
    listed = operations()
    account = {listed[name].action for name in needed if listed[name].by == AUDITOR}
    profile = set() if auditor else {listed[name].action for name in needed if listed[name].by != AUDITOR}
    statements = [
        {"Sid": sid, "Effect": "Allow", "Action": sorted(actions - {""}), "Resource": "*"}
        for sid, actions in ((ACCOUNT, account), (PROFILE, profile - account))
        if actions - {""}
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def operations_for(result: Result) -> set[str]:
    """The operations that the result rests on; where it could not be evaluated, those that its check may ask for too."""
    asked = {key.split(" ", 1)[0] for key in result["evidence"]} & set(operations())
    if result["status"] in UNEVALUATED:
        asked |= operations_of(result["requirement"])
    return asked


@cache
def operations_of(requirement: str) -> frozenset[str]:
    """The operations that the facts of the requirement's check ask for, and the facts that these ask for; no probes."""
    listed, found, todo = operations(), set[str](), list(check_of(requirement).asks)  # type: ignore[attr-defined]
    visited: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in visited:
            visited.add(name)
            found |= FACTS[name].calls
            todo += [*FACTS[name].asks, *(CREDENTIALS if FACTS[name].calls else ())]
    return frozenset(name for name in found if not listed[name].probe)
