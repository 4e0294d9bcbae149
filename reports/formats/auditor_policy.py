"""auditor-policy.json: an IAM policy with the actions that the checks of a run need, and no others.

With --auditor-profile it is the policy for that profile; without, what is read about the account and what is asked as the
profile itself are two statements of it. With --accounts those are for the role in each account, and what the auditor's own
profile needs to list and to enter them are two more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from checks.judgement import check_of
from fixtures.aws.operations import operations
from fixtures.engine import CREDENTIALS
from fixtures.evidence import FACTS
from fixtures.targets import AUDITOR
from reports.artifacts import json_text
from reports.formats import Document, Format
from reports.results import Result, by_target

UNEVALUATED = ("blocked", "inconclusive")
ACCOUNT, PROFILE = "ReadAboutTheAccount", "AskAsTheProfile"
LIST, ENTER = "ListTheAccounts", "EnterTheAccounts"


def render(document: Document, evidence: Document) -> str:
    """The policy of the run, or of all runs that were joined."""
    import fixtures.plugin  # noqa: F401  registers the facts, which nothing else does outside of pytest

    made = policy(with_names(document, evidence), auditor=_has_auditor(evidence))
    return json_text({**made, "Statement": [*made["Statement"], *_of_the_auditor(evidence)]})


def _has_auditor(evidence: Document) -> bool:
    """Whether a second profile read about the account: in each of the runs, where several were joined."""
    runs = evidence.get("runs", [evidence])
    return all(made["run"]["auditor"] for made in runs) and not _entered(evidence)


def _entered(evidence: Document) -> list[str]:
    """The roles through which accounts were entered, by their ARNs in any account."""
    runs = evidence.get("runs", [evidence])
    roles = {target.get("entered", "") for made in runs for target in made["targets"]} - {""}
    return sorted({re.sub(r":\d{12}:", ":*:", role) for role in roles})


def _of_the_auditor(evidence: Document) -> list[dict[str, Any]]:
    """What the auditor's own profile needs, in its own account."""
    listed_by = {
        operations()[name].action
        for made in evidence.get("runs", [evidence])
        for name in made["run"].get("listed_by", ())
    }
    found = []
    if listed_by:
        found.append({"Sid": LIST, "Effect": "Allow", "Action": sorted(listed_by), "Resource": "*"})
    if roles := _entered(evidence):
        found.append({"Sid": ENTER, "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": roles})
    return found


def with_names(document: Document, evidence: Document) -> Iterator[Result]:
    """The results with the readings' names in the place of their IDs."""
    readings = by_target(evidence["readings"])
    for target, rows in by_target(document["results"]).items():
        names = {reading["id"]: reading["name"] for reading in readings.get(target, ())}
        for row in rows:
            yield {**row, "evidence": [names[key] for key in row["evidence"] if key in names]}


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


def read_back(text: str, document: Document, evidence: Document) -> Iterator[str]:
    """Its actions: those that the results rest on, and none besides those that the suite may ask for at all."""
    statements = json.loads(text)["Statement"]
    for statement in statements:
        own = statement in _of_the_auditor(evidence)
        if not own and (statement["Effect"], statement["Resource"], len(statement)) != ("Allow", "*", 4):
            yield f"its statement {statement['Sid']} has another form"
    allowed = {action for statement in statements for action in statement["Action"]}
    listed = operations()
    for action in sorted(allowed - {operation.action for operation in listed.values()}):
        yield f"it allows {action}, which no check asks for"
    asked = {name for row in with_names(document, evidence) for name in row["evidence"]} & listed.keys()
    # Where an auditor read for the account, what the profile itself asked needs no statement of the auditor's.
    of_the_profile = not _has_auditor(evidence)
    rests_on = {listed[name].action for name in asked if of_the_profile or listed[name].by == AUDITOR}
    for action in sorted(rests_on - allowed - {""}):
        yield f"it does not allow {action}, which a result rests on"


FORMATS = (
    Format(
        "auditor-policy.json",
        "the IAM policy with exactly the actions that this run's checks need",
        read_back,
        render,
    ),
)
