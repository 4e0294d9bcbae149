"""Bedrock's second endpoint (bedrock-mantle) on purpose: with its own right and its own identifiers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fixtures.evidence.models import ModelName, as_on_mantle
from fixtures.evidence.permissions import INFER
from fixtures.settings import ModelSettings, Settings
from fixtures.simulation.world import World
from tests.bedrock_edits import (
    ACCOUNT,
    PROFILE,
    READING,
    SONNET,
    TITAN,
    Edit,
    allow,
    both,
    chat,
    deny,
    model,
    model_arn,
    policy,
    scp,
)
from tests.harness import Judged, judged
from tests.world_edits import machine

PROJECT = f"arn:aws:bedrock-mantle:us-east-1:{ACCOUNT}:project/default"
RIGHT = policy(allow(INFER, PROJECT), name="Mantle")
ON_MANTLE = Settings(models=ModelSettings(PROFILE, TITAN, endpoint="mantle"))
WHOLE = tuple(
    f"{group}-{number:02}"
    for group, last in {"IAM": 7, "MDL": 11, "INV": 3, "QTA": 3, "LPR": 6}.items()
    for number in range(1, last + 1)
)


def found(edit: Edit, *, only: tuple[str, ...] = WHOLE, **options: Any) -> Judged:
    return judged("compliant", edit=edit, only=only, settings=ON_MANTLE, **options)


@pytest.mark.parametrize("probe", [False, True])
def test_with_the_endpoints_own_right_it_is_fine_whether_the_model_may_be_invoked_or_not(probe: bool) -> None:
    bare = policy(allow(READING), allow("bedrock:InvokeModel", model_arn(TITAN)))
    for more in ((), (bare,)):
        result = found(both(chat(SONNET), RIGHT, *more), probe=probe)
        assert (result.root_causes, result.with_status("inconclusive") - {"INV-03"}) == ([], set())
        allowed = result["IAM-01", "InvokeModel-CHAT_MODEL"]
        assert allowed["observed"].startswith(f"{INFER} on project/default in us-east-1: allowed")
        assert {"LPR-06 bedrock-mantle:*", "IAM-02 CHAT_MODEL", "IAM-07 CHAT_MODEL", "INV-01"} <= (
            result.with_status("not_applicable")
        )
        assert result["LPR-06", "bedrock:CallWithBearerToken"]["status"] == "compliant"
        assert not [
            r
            for r in result.readings
            if r["params"].get("modelId") == SONNET and r["name"].startswith("bedrock-runtime")
        ]


@pytest.mark.parametrize("probe", [False, True])
def test_the_right_to_invoke_is_not_its_right(probe: bool) -> None:
    result = found(chat(SONNET), probe=probe)
    assert result.root_causes == ["IAM-01 IAM01"]
    (cause,) = result.document["root_causes"]
    (statement,) = [line for line in cause["remedy"] if '"Effect"' in line]
    assert statement == f'# {{"Effect":"Allow","Action":["{INFER}"],"Resource":["{PROJECT}"]}}'
    assert found(both(chat(SONNET), RIGHT), probe=probe).root_causes == []


def test_an_organisation_may_deny_the_endpoint_alone() -> None:
    result = found(both(chat(SONNET), RIGHT, scp(deny("bedrock-mantle:*"))))
    assert result.root_causes == ["IAM-01 IAM02"]


@pytest.mark.parametrize(
    "written", [PROFILE, f"global.{SONNET}", f"{SONNET}-v1:0", f"bedrock_mantle/{SONNET}"]
)
def test_an_identifier_of_the_first_endpoint_is_none_of_the_second(written: str) -> None:
    result = found(both(chat(written), RIGHT), only=("MDL-01", "MDL-02"))
    assert result.root_causes == ["MDL-01 MOD02"]
    (cause,) = result.document["root_causes"]
    assert f"set CHAT_MODEL to an ID that the Region lists, such as {SONNET}" in cause["remedy"][1]


@pytest.mark.parametrize(
    "written", ["us-gov-west-1/xai.grok-4.3", "bedrock_mantle/xai.grok-4.3", "XAI.Grok-4.3"]
)
def test_of_a_model_that_no_list_has_the_id_that_is_written_is_offered(written: str) -> None:
    (cause,) = found(both(chat(written), RIGHT), only=("MDL-01", "MDL-02")).document["root_causes"]
    assert "such as xai.grok-4.3" in cause["remedy"][0]


@pytest.mark.parametrize("written", ["no model", "us/grok"])
def test_what_is_no_id_of_the_second_endpoint_is_not_offered(written: str) -> None:
    (cause,) = found(both(chat(written), RIGHT), only=("MDL-01", "MDL-02")).document["root_causes"]
    assert "such as" not in cause["remedy"][0]


@pytest.mark.parametrize(("written", "known"), [("zai.glm-4.6", False), (as_on_mantle(TITAN), True)])
def test_no_statement_takes_the_right_off_a_model_because_the_second_endpoints_own_has_no_arn(
    written: str, known: bool
) -> None:
    result = found(both(chat(written), RIGHT), only=("LPR-05",))
    assert result.root_causes == ["LPR-05"]
    assert ("ARNS-OF-THE-CONFIGURED-MODELS" not in result["LPR-05"]["remedy"][0]) == known


def test_a_model_that_the_second_endpoint_alone_has_is_not_judged_by_the_list_of_the_first() -> None:
    result = found(both(chat("zai.glm-4.6"), RIGHT), only=("MDL-01", "MDL-02", "IAM-01", "IAM-04"))
    assert result.root_causes == []
    row = result["MDL-02", "CHAT_MODEL"]
    assert (row["status"], "bedrock-mantle may" in row["reason"]) == ("inconclusive", True)
    assert result["IAM-04", "CHAT_MODEL"]["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("identifier", "there"),
    [
        (PROFILE, SONNET),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5"),
        ("amazon.nova-pro-v1:0:300k", "amazon.nova-pro"),
        (model_arn(SONNET), SONNET),
    ],
)
def test_an_identifier_is_written_without_geography_and_revision(identifier: str, there: str) -> None:
    assert as_on_mantle(identifier) == there
    assert ModelName.on_mantle(there).well_formed({})


HOST = "bedrock-mantle.us-east-1.api.aws"


@pytest.mark.parametrize("fault", ["dns", "refused", "certificate"])
def test_its_host_is_in_another_domain_that_a_firewall_may_not_let_through(fault: str) -> None:
    fine = found(both(chat(SONNET), RIGHT), only=("CON-02",))
    assert fine["CON-02", "bedrock-mantle"]["observed"].startswith(f"{HOST} resolves, answers")
    result = found(both(chat(SONNET), RIGHT, machine(network={HOST: fault})), only=("CON-02",))
    assert result.with_status("non_compliant") == {"CON-02 bedrock-mantle"}
    assert HOST in result["CON-02", "bedrock-mantle"]["observed"]
    elsewhere = judged("compliant", edit=machine(network={HOST: fault}), only=("CON-02",))
    assert elsewhere.with_status("not_applicable") == {"CON-02 bedrock-mantle"}
    assert elsewhere.root_causes == []


def test_no_form_is_asked_for_there() -> None:
    def without_form(world: World) -> World:
        return replace(world, account=replace(world.account, use_case_form=False))

    reading = policy(allow("bedrock:GetUseCaseForModelAccess"), name="UseCase")
    waiting = both(without_form, reading, model(SONNET, agreement="NOT_AVAILABLE"))
    assert judged("compliant", edit=waiting, only=("MDL-08", "IAM-06")).root_causes == ["MDL-08 MOD04"]
    assert found(both(chat(SONNET), RIGHT, waiting)).root_causes == ["IAM-06 IAM03"]
