"""What an account has made of a model, or brought along: read by its own operation, and bound by no terms that are not its."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fixtures.evidence.models import DEPLOYMENTS
from fixtures.simulation.controls import OwnModel
from fixtures.simulation.world import World
from tests.bedrock_edits import ACCOUNT, HAIKU, SONNET, Edit, allow, both, chat, policy
from tests.harness import Judged, judged

WHOLE = tuple(
    f"{group}-{number:02}"
    for group, last in {"IAM": 7, "MDL": 11, "INV": 2, "QTA": 3}.items()
    for number in range(1, last + 1)
)
CALL = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


def own(kind: str, base: str = "", status: str = "InService", *, rights: list[str] | None = None) -> Edit:
    """The chat model configured as the account's own of that kind, with the rights to call and to read it."""
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:{kind}/abcdefghij12"

    def made(world: World) -> World:
        return replace(world, own_model=(OwnModel("abcdefghij12", kind, base, status),))  # type: ignore[arg-type]

    return both(chat(arn), made, policy(allow(rights or [*CALL, DEPLOYMENTS[kind]], arn), name="Own"))


def found(edit: Edit, **options: Any) -> Judged:
    return judged("compliant", edit=edit, only=WHOLE, **options)


@pytest.mark.parametrize("probe", [False, True])
def test_provisioned_throughput_is_judged_by_its_own_operation_and_its_models_life(probe: bool) -> None:
    result = found(own("provisioned-model", SONNET), probe=probe)
    assert (result.root_causes, result.with_status("inconclusive")) == ([], set())
    assert "GetProvisionedModelThroughput answered" in result["IAM-04", "CHAT_MODEL"]["observed"]
    assert result["MDL-03", "CHAT_MODEL"]["status"] == "compliant"
    assert result["QTA-01", "CHAT_MODEL"]["status"] == "not_applicable"
    assert "MDL-03 MOD05" in found(own("provisioned-model", HAIKU), probe=probe).root_causes


@pytest.mark.parametrize("kind", ["imported-model", "custom-model-deployment"])
def test_what_nothing_tells_the_model_of_has_none_of_bedrocks_terms(kind: str) -> None:
    result = found(own(kind, status="Active"))
    assert (result.root_causes, result.with_status("inconclusive")) == ([], set())
    assert {"MDL-03 CHAT_MODEL", "MDL-08 CHAT_MODEL-agreement", "IAM-06 CHAT_MODEL"} <= result.with_status(
        "not_applicable"
    )
    assert result["MDL-02", "CHAT_MODEL"]["status"] == "compliant"


def test_what_is_not_in_service_is_not_called() -> None:
    result = found(own("provisioned-model", SONNET, "Creating"), probe=True)
    assert result.root_causes == ["MDL-02"]
    assert result["MDL-02", "CHAT_MODEL"]["observed"].endswith("its status is Creating")
    assert result["INV-01"]["behind"] == "MDL-02"


def test_what_is_gone_is_said_in_the_operations_own_words() -> None:
    result = found(both(own("imported-model"), lambda world: replace(world, own_model=())))
    assert result.root_causes == ["MDL-02 MOD02"]
    assert "ResourceNotFoundException" in result["MDL-02", "CHAT_MODEL"]["observed"]


def test_the_right_to_call_it_is_judged_and_that_to_read_it_is_no_failure() -> None:
    assert found(own("provisioned-model", SONNET, rights=[DEPLOYMENTS["provisioned-model"]])).root_causes == [
        "IAM-01 IAM01"
    ]
    unread = found(own("provisioned-model", SONNET, rights=CALL))
    assert unread.root_causes == []
    row = unread["IAM-04", "CHAT_MODEL"]
    assert (row["status"], row["missing_actions"]) == ("inconclusive", [DEPLOYMENTS["provisioned-model"]])


def test_a_router_of_prompts_is_read_and_judged_by_itself_where_it_has_several_models() -> None:
    several = found(own("prompt-router", f"{SONNET} {HAIKU}", "AVAILABLE"), probe=True)
    assert (several.root_causes, several["MDL-03", "CHAT_MODEL"]["status"]) == ([], "not_applicable")
    assert several["MDL-02", "CHAT_MODEL"]["status"] == "compliant"
    assert "GetPromptRouter answered" in several["IAM-04", "CHAT_MODEL"]["observed"]
    assert several["IAM-01", "InvokeModel-CHAT_MODEL"]["status"] == "compliant"
    of_one_family = found(own("prompt-router", f"{HAIKU} {HAIKU}", "AVAILABLE"))
    assert "MDL-03 MOD05" in of_one_family.root_causes
    gone = found(both(own("prompt-router", SONNET), lambda world: replace(world, own_model=())))
    assert gone.root_causes == ["MDL-02 MOD02"]


def test_a_prompt_is_judged_by_the_model_in_it_and_its_rights_are_left_to_a_call() -> None:
    sound = found(own("prompt", f"us.{SONNET}", rights=["bedrock:GetPrompt"]))
    assert sound.root_causes == []
    assert sound["MDL-03", "CHAT_MODEL"]["status"] == "compliant"
    assert "GetPrompt answered" in sound["IAM-04", "CHAT_MODEL"]["observed"]
    row = sound["IAM-01", "InvokeModel-CHAT_MODEL"]
    assert (row["status"], "a call of Converse tells" in row["reason"]) == ("inconclusive", True)
    assert "MDL-03 MOD05" in found(own("prompt", HAIKU, rights=["bedrock:GetPrompt"])).root_causes
    unread = found(own("prompt", SONNET, rights=["bedrock:GetPromptRouter"]))
    assert unread["IAM-04", "CHAT_MODEL"]["missing_actions"] == ["bedrock:GetPrompt"]
