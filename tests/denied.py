"""What holds of every verdict on a denial, whichever world it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.aws.policy_language import Policy
from fixtures.evidence.grants import ANYWHERE
from fixtures.evidence.models import EMBEDDING
from fixtures.simulation.policy import simulate
from tests.harness import Judged

ASKED = re.compile(r"(?P<action>[\w-]+:\w+) allowed on (?P<resource>\S+)")
EVERYWHERE = {
    "bedrock:ListFoundationModels",
    "aws-marketplace:Subscribe",
    "aws-marketplace:ViewSubscriptions",
}
"""The actions that IAM decides on no resource."""
SHOWN = {
    ("INV-01", None): [("IAM-01", "InvokeModel-CHAT_MODEL"), ("IAM-07", "CHAT_MODEL")],
    ("INV-02", None): [("IAM-01", "InvokeModelWithResponseStream-CHAT_MODEL"), ("IAM-07", "CHAT_MODEL")],
    ("INV-03", None): [("IAM-01", f"InvokeModel-{EMBEDDING}"), ("IAM-07", EMBEDDING)],
    ("IAM-03", None): [("IAM-01", "ListFoundationModels-CHAT_MODEL")],
}
"""By a requirement that a call meets: those on the right to just that call."""


def contradicted(found: Judged) -> list[tuple[str, str]]:
    """The requirements that fail beside a call of the same run that succeeded at what they are about."""
    shown = [key for key in SHOWN if _status(found, key) == "compliant"]
    about = [each for key in shown for each in SHOWN[key]]
    for (requirement, case), result in found.results.items():
        read = requirement == "IAM-04" and result["status"] == "compliant"
        if read and "GetFoundationModel answered" in (result["observed"] or ""):
            about.append(("IAM-01", f"GetFoundationModel-{case}"))
    return [key for key in about if _status(found, key) == "non_compliant"]


def _status(found: Judged, key: tuple[str, str | None]) -> str | None:
    result = found.results.get(key)
    return result["status"] if result else None


def insufficient(found: Judged) -> list[str]:
    """What root causes print as statements to add, where that does not allow what they say is denied, or allows more."""
    wrong = []
    for cause in found.document["root_causes"]:
        for statements in printed(cause):
            own = [{key: value for key, value in each.items() if key != "Principal"} for each in statements]
            policy = Policy("printed", {"Version": "2012-10-17", "Statement": own})
            for action, resource, told in _asked(found, cause, statements):
                if simulate(action, resource, told, identity=[policy]).decision != "allowed":
                    wrong.append(f"{cause['requirement']}: {action} on {resource} is not allowed")
            wrong += [f"{cause['requirement']}: {more}" for each in statements for more in _broader(each)]
    return wrong


def printed(cause: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The Allow statements that the remedy says to add, line by line."""
    for line in cause["remedy"]:
        if line.startswith(("# {", "# [")) and '"Allow"' in line:
            told = json.loads(line[2:])
            # A whole document is no statement of the caller's: an endpoint's policy, say.
            if "Version" not in told:
                yield told if isinstance(told, list) else [told]


def _asked(
    found: Judged, cause: Mapping[str, Any], statements: list[dict[str, Any]]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What the failures of the root cause say is denied: action, resource, and the inference profile that leads there."""
    through = [each["Condition"]["StringEquals"] for each in statements if "Condition" in each]
    told = {key: value for each in through for key, value in each.items()}
    for result in found.document["results"]:
        same = result["cause"] == cause["cause"] and result["remedy"] == cause["remedy"]
        asked = ASKED.match(result["expected"] or "") if same else None
        if asked:
            yield asked["action"], asked["resource"], told


def _broader(statement: Mapping[str, Any]) -> Iterator[str]:
    """Wildcards: what the application needs has a name."""
    if any("*" in action for action in statement["Action"]):
        yield f"{statement['Action']} are more than is needed"
    # Where an inference profile that could not be read leads to is not known: then the profile itself is the bound.
    arns = [arn.replace(ANYWHERE, "") if "Condition" in statement else arn for arn in statement["Resource"]]
    if not EVERYWHERE.issuperset(statement["Action"]) and any("*" in arn for arn in arns):
        yield f"{statement['Resource']} are more than is needed"
