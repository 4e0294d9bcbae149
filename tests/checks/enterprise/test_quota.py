"""QTA: quotas by model. Which world breaks what stands in the worlds themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from fixtures.evidence.models import FoundationModel, Lifecycle
from fixtures.evidence.quotas import is_for
from fixtures.settings import QuotaSettings, Settings
from fixtures.simulation import service
from fixtures.simulation.world import Fault, World
from tests.harness import judged
from tests.world_edits import Edit

QTA = ("QTA-01", "QTA-02", "QTA-03")
OPERATIONS = ("ListServiceQuotas", "ListAWSDefaultServiceQuotas", "ListRequestedServiceQuotaChangeHistory")
CASES = ("BEDROCK_MODEL_ID", "BEDROCK_EMBED_MODEL_ID", "CHAT_MODEL")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_denied_read_leaves_all_open(operation: str) -> None:
    fault = Fault("AccessDeniedException", "User is not authorized", 400)
    found = judged(
        "enterprise", only=QTA, edit=lambda w: replace(w, faults={f"service-quotas:{operation}": fault})
    )

    daily = {f"QTA-01 {case}-day" for case in CASES}
    assert found.with_status("inconclusive") == {f"{each} {case}" for each in QTA for case in CASES} | daily
    assert found["QTA-01", "CHAT_MODEL"]["missing_actions"] == [f"servicequotas:{operation}"]


def test_many_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)

    def edit(world: World) -> World:
        others = tuple(
            replace(world.quota[0], code=f"L-{n}", name=f"Batch jobs {n}", default=0) for n in range(4)
        )
        requests = tuple(replace(world.quota_request[0], id=f"r-{n}", status="DENIED") for n in range(3))
        return replace(world, quota=(*others, *world.quota), quota_request=(*requests, *world.quota_request))

    assert judged("enterprise", only=QTA, edit=edit).root_causes == []


def test_a_model_without_a_quota_of_its_name_is_not_judged() -> None:
    found = judged("enterprise", only=QTA, edit=lambda w: replace(w, quota=()))

    assert found.with_status("compliant") == found.with_status("non_compliant") == set()


def test_without_settings_only_zero_is_asked_about() -> None:
    found = judged("compliant", only=QTA)

    assert {requirement for requirement, _ in found.results if requirement != "QTA-01"} == {
        "QTA-02",
        "QTA-03",
    }
    daily = {f"QTA-01 {case}-day" for case in CASES}
    open_ones = found.with_status("not_applicable")
    assert open_ones == {f"{each} {case}" for each in QTA[1:] for case in CASES} | daily
    assert "asks for nothing" in found["QTA-02", "CHAT_MODEL"]["reason"]


def test_quotas_of_a_model_that_is_not_in_use_are_named() -> None:
    settings = Settings(quotas={"us.anthropic.claude-sonet-4-6": QuotaSettings(50)})
    found = judged("enterprise", only=QTA, settings=settings)

    for requirement in ("QTA-02", "QTA-03"):
        row = found[requirement, "CHAT_MODEL"]
        assert row["status"] == "not_applicable"
        assert row["reason"].endswith("; us.anthropic.claude-sonet-4-6, which [quotas] has, is not in use")


def test_the_remedy_asks_for_what_is_needed() -> None:
    found = judged("ent-qta-03-request-is-pending", only=QTA)["QTA-03", "CHAT_MODEL"]

    assert "--quota-code L-CHATREQS --desired-value 300" in " ".join(found["remedy"])


def model(provider: str, name: str) -> FoundationModel:
    return FoundationModel("id", "arn", name, provider, (), False, (), Lifecycle("ACTIVE", None, None))


@pytest.mark.parametrize(
    ("quota", "of", "way", "unit"),
    [
        (
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6",
            model("Anthropic", "Claude Sonnet 4.6"),
            "cross-region",
            "tokens",
        ),
        (
            "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4 V1",
            model("Anthropic", "Claude Sonnet 4"),
            "cross-region",
            "requests",
        ),
        (
            "On-demand InvokeModel requests per minute for Anthropic Claude 3.5 Sonnet V2",
            model("Anthropic", "Claude 3.5 Sonnet v2"),
            "on-demand",
            "requests",
        ),
        (
            "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6",
            model("Anthropic", "Claude Sonnet 4.6"),
            "cross-region",
            None,
        ),
        (
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6",
            model("Anthropic", "Claude Sonnet 4"),
            "cross-region",
            None,
        ),
        (
            "On-demand model inference requests per minute for Anthropic Claude 3.5 Sonnet V2",
            model("Anthropic", "Claude 3.5 Sonnet"),
            "on-demand",
            None,
        ),
        ("Model invocation max tokens per day for Amazon Titan", model("Amazon", "Titan"), "on-demand", None),
        # The names that Service Quotas has of a maker of two words, of one in another spelling, and of a longer context.
        (
            "Cross-region model inference tokens per minute for Mistral Pixtral Large 25.02 V1",
            model("Mistral AI", "Pixtral Large (25.02)"),
            "cross-region",
            "tokens",
        ),
        (
            "On-demand model inference requests per minute for Mistral AI Mistral 7B Instruct",
            model("Mistral AI", "Mistral 7B Instruct"),
            "on-demand",
            "requests",
        ),
        (
            "On-demand model inference tokens per minute for OpenAI GPT OSS 120B",
            model("OpenAI", "gpt-oss-120b"),
            "on-demand",
            "tokens",
        ),
        (
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length",
            model("Anthropic", "Claude Sonnet 4.5"),
            "cross-region",
            None,
        ),
    ],
)
def test_a_quota_is_a_models_by_its_name(quota: str, of: FoundationModel, way: str, unit: str | None) -> None:
    assert is_for({"QuotaName": quota}, of, way) == unit


REQUEST = re.compile(
    r"request-service-quota-increase .*--quota-code (?P<code>\S+) --desired-value (?P<value>\d+) "
)
CASE = re.compile(r"(?P<value>[\d,]+) of [^()]+ \((?P<code>L-\w+)\)")


def granted(remedy: Sequence[str]) -> dict[str, int]:
    """What the remedy asks for, by the quota's code: the requests, and what stands in the case."""
    found = [
        each
        for line in remedy
        for each in (CASE.finditer(line) if line.startswith("# for what") else REQUEST.finditer(line))
    ]
    return {each["code"]: int(each["value"].replace(",", "")) for each in found}


@pytest.mark.parametrize(("requirement", "applied"), [("QTA-01", 0), ("QTA-02", 1)])
@pytest.mark.parametrize("adjustable", ["requests tokens", "tokens", ""])
def test_what_is_asked_for_as_each_quota_takes_it_is_enough(
    requirement: str, applied: int, adjustable: str
) -> None:
    """A quota that Service Quotas takes no request for, as those of a new account, is asked for in a support case."""
    units = adjustable.split()

    def edit(world: World) -> World:
        rows = (
            replace(each, applied=applied, adjustable=any(f" {unit} " in each.name for unit in units))
            if "Sonnet" in each.name
            else each
            for each in world.quota
        )
        return replace(world, quota=tuple(rows))

    def mended(remedy: Sequence[str], before: Edit) -> Edit:
        asked = granted(remedy)
        assert asked
        return lambda world: replace(
            world,
            quota=tuple(
                replace(each, applied=asked.get(each.code, each.applied)) for each in before(world).quota
            ),
        )

    told: list[str] = []
    for _ in range(3):
        row = judged("enterprise", only=(requirement,), edit=edit)[requirement, "CHAT_MODEL"]
        if row["status"] == "compliant":
            break
        told += row["remedy"]
        edit = mended(row["remedy"], edit)
    assert row["status"] == "compliant"
    in_case = [line for line in told if "opens a support case for account 210987654321" in line]
    requests = [line for line in told if "request-service-quota-increase" in line]
    assert bool(in_case) is (units != ["requests", "tokens"])
    assert bool(requests) is bool(units)
    assert not any(code in line for code in granted(in_case) for line in requests)
