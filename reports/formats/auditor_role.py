"""auditor-role.yaml: a CloudFormation template for a StackSet, with the role through which --accounts enters an account.

It has the trust policy that lets the auditor's profile in and nobody else, and the rights that this run's checks ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Template

from fixtures.evidence.identity import Identity
from fixtures.privacy.masking import STAND_IN_ACCOUNT
from reports.formats import Document, Format
from reports.formats.auditor_policy import policy, with_names
from reports.page import TEMPLATES

NAME = "auditor-role.yaml"
ENTERING = "sts:AssumeRole"
ACTION = re.compile(r"^ +- ([a-z0-9-]+:\w+)$", re.MULTILINE)


def suits(document: Document) -> bool:
    """Whether an account could not be entered."""
    return bool(_shut(document))


def render(document: Document, evidence: Document) -> str:
    """The template; the auditor's account is a parameter, without default where the reports mask accounts."""
    rows = [row for target, row in _first_of_each(evidence) if target in _shut(document)]
    auditor = Identity.of(rows[0]["value"])
    known = not STAND_IN_ACCOUNT.fullmatch(auditor.account)
    template = Template((TEMPLATES / NAME).read_text(encoding="utf-8"))
    path, _, name = _role(document).rpartition("/")
    return template.substitute(
        default=f'\n    Default: "{auditor.account}"' if known else "",
        patterns="\n".join(
            f'                  - !Sub "arn:${{AWS::Partition}}:iam::${{AuditorAccount}}:{pattern}"'
            for pattern in principal_patterns(auditor)
        ),
        path=f"/{path}/" if path else "/",
        name=name,
        actions="\n".join(f"                  - {action}" for action in _actions(document, evidence)),
    )


def principal_patterns(who: Identity) -> list[str]:
    """What matches the caller's principal, as aws:PrincipalArn has it, behind its account: an STS ARN has no path.

    The role of a permission set gets another ARN when it is made again, and is named by its set (IAM Identity Center User
    Guide, "Referencing permission sets in resource policies").
    """
    if who.permission_set:
        return [f"role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{who.permission_set}_" + "?" * 16]
    if who.role:
        return [f"role/{who.role}", f"role/*/{who.role}"]
    return [who.arn.rpartition(":")[2]]


def _shut(document: Document) -> set[str]:
    """The targets that could not be entered."""
    accounts = {target["id"] for target in document["targets"] if target.get("role")}
    return {row["target"] for row in document["results"] if ENTERING in row["missing_actions"]} & accounts


def _role(document: Document) -> str:
    """The role of the first account that could not be entered, with its path."""
    shut = _shut(document)
    return next(str(target["role"]) for target in document["targets"] if target["id"] in shut)


def _first_of_each(evidence: Document) -> Iterator[tuple[str, Document]]:
    for reading in evidence["readings"]:
        if reading["name"] == "sts:GetCallerIdentity" and reading.get("by") and reading.get("value"):
            yield reading["target"], reading


def _actions(document: Document, evidence: Document) -> list[str]:
    statements = policy(with_names(document, evidence), auditor=False)["Statement"]
    return sorted({action for statement in statements for action in statement["Action"]})


def read_back(text: str, document: Document, evidence: Document) -> Iterator[str]:
    """Whom it trusts, and that it allows what the checks ask for and nothing else."""
    if set(ACTION.findall(text)) != set(_actions(document, evidence)):
        yield "it allows other actions than the checks ask for"
    if text != render(document, evidence):
        yield "it is not the template of this run: whom it trusts may be another"


FORMATS = (
    Format(
        NAME,
        "where accounts could not be entered: a StackSet template with the role that lets the auditor in",
        read_back,
        render,
        suits=suits,
    ),
)
