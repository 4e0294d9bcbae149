"""results.ocsf.json: every result as an OCSF Compliance Finding (class 2003), through py-ocsf-models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from fixtures.privacy.masking import rewritten
from fixtures.privacy.unseen import visible
from reports.artifacts import json_pieces
from reports.formats import Format, guide
from reports.formats.sarif import fingerprint
from reports.page import cut

Json = Mapping[str, Any]

STANDARD = "AWS SSO Bedrock enterprise guide"
LONGEST = 2000
UNMAPPED = ("scope", "cause", "explained_by", "blocked_by", "missing_actions", "waiver", "evidence")
"""What OCSF has no attribute for."""


def unavailable() -> str:
    """How the extra `ocsf` is installed, where it is not there."""
    try:
        import py_ocsf_models  # noqa: F401
    except ImportError:
        from bedrock_preflight import extras

        return f"--ocsf needs py-ocsf-models: {extras.install('ocsf')}"
    return ""


def render(document: Json, evidence: Json) -> Iterator[str]:
    """A JSON array of findings, one after the other; ImportError without the extra `ocsf`."""
    statements = {entry["id"]: entry["statement"] for entry in guide()["requirements"]}
    targets = {target["id"]: target for target in document["targets"]}
    return json_pieces(
        _finding(document, row, targets[row["target"]], statements) for row in document["results"]
    )


def _finding(document: Json, row: Json, target: Json, statements: Mapping[str, str]) -> Any:
    from py_ocsf_models.events.findings.activity_id import ActivityID
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
    from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
    from py_ocsf_models.events.findings.severity_id import SeverityID
    from py_ocsf_models.events.findings.status_id import StatusID as FindingStatus
    from py_ocsf_models.objects.check import Check
    from py_ocsf_models.objects.compliance import Compliance
    from py_ocsf_models.objects.compliance_status import StatusID
    from py_ocsf_models.objects.finding_info import FindingInformation
    from py_ocsf_models.objects.metadata import Metadata
    from py_ocsf_models.objects.product import Product
    from py_ocsf_models.objects.remediation import Remediation
    from py_ocsf_models.objects.resource_details import ResourceDetails

    suite, run = document["suite"], document["run"]
    severity = {
        "blocker": SeverityID.Critical,
        "high": SeverityID.High,
        "medium": SeverityID.Medium,
        "low": SeverityID.Low,
    }[row["severity"]]
    passed = {
        "compliant": StatusID.Pass,
        "non_compliant": StatusID.Fail,
        "waived": StatusID.Fail,
        "inconclusive": StatusID.Warning,
        "blocked": StatusID.Warning,
        "not_applicable": StatusID.Other,
    }[row["status"]]
    # "Suppressed" is OCSF's word for an accepted finding; what is fine is nobody's work.
    progress = {"waived": FindingStatus.Suppressed, "non_compliant": FindingStatus.New}.get(
        row["status"], FindingStatus.Resolved if passed == StatusID.Pass else FindingStatus.Other
    )
    seconds = int(datetime.fromisoformat(run["finished"].replace("Z", "+00:00")).timestamp())
    statement = statements.get(row["requirement"], row["title"])
    detail = row["observed"] or row["reason"]
    finding = ComplianceFinding(
        activity_id=ActivityID.Create,
        activity_name=ActivityID.Create.name,
        type_uid=ComplianceFindingTypeID.Create,
        type_name=f"Compliance Finding: {ComplianceFindingTypeID.Create.name}",
        time=seconds * 1000,
        severity_id=severity,
        severity=severity.name,
        status_id=progress,
        status=progress.name,
        status_code=row["status"],
        status_detail=_text(detail) if detail else None,
        message=_text(row["title"]),
        metadata=Metadata(
            product=Product(name=suite["name"], vendor_name=suite["name"], version=suite["version"]),
            labels=["SIMULATED"] if run["simulated"] else None,
        ),
        compliance=Compliance(
            standards=[STANDARD],
            requirements=[row["section"]],
            control=row["requirement"],
            desc=_text(statement),
            status_id=passed,
            checks=[Check(uid=row["requirement"], name=_text(row["case"] or ""), desc=_text(row["check"]))],
        ),
        finding_info=FindingInformation(
            uid=fingerprint(row["requirement"], row["case"], row["target"]),
            title=_text(row["title"]),
            desc=_text(
                f"expected {row['expected']}; observed {row['observed']}" if row["expected"] else statement
            ),
            created_time=seconds * 1000,
            types=[row["cause"]] if row["cause"] else None,
        ),
        remediation=Remediation(desc=_text("\n".join(row["remedy"]))) if row["remedy"] else None,
        resources=[
            ResourceDetails(
                type="AWS profile",
                uid=_text(row["target"]),
                name=_text(target["profile"]),
                region=_text(target["region"]),
                owner=None,
                labels=[_text(f"account:{target['account']}")] if target["account"] else None,
            )
        ],
        unmapped=rewritten({name: row[name] for name in UNMAPPED if row[name]}, _text),
    )
    return json.loads(finding.model_dump_json(exclude_none=True))


def _text(text: str) -> str:
    return "\n".join(cut(line, LONGEST) for line in visible(text[: 2 * LONGEST]).splitlines())[:LONGEST]


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its findings, and the status of each."""
    said = {finding["finding_info"]["uid"]: finding["status_code"] for finding in json.loads(text)}
    expected = {
        fingerprint(r["requirement"], r["case"], r["target"]): r["status"] for r in document["results"]
    }
    if said != expected:
        yield "its findings are not the results of results.json"


FORMATS = (
    Format(
        "results.ocsf.json",
        "every result as an OCSF Compliance Finding",
        read_back,
        render,
        option="ocsf",
        unavailable=unavailable,
    ),
)
