"""Step 6 with --probe: what is said of models that answer, and of those that do not."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from fixtures.aws.invocations import INVOCATION_READERS
from fixtures.evidence.invocations import LENGTHS, REQUESTS
from fixtures.simulation import bedrock_runtime
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
    embedding,
    fault,
    model,
    model_arn,
    policy,
)
from tests.harness import Judged, judged

GROUP = ("INV-01", "INV-02", "INV-03")
INVOKE, STREAM = "bedrock-runtime:InvokeModel", "bedrock-runtime:InvokeModelWithResponseStream"
ALL = policy(allow("*"))


def found(edit: Edit, *, only: tuple[str, ...] = GROUP, probe: bool = True) -> Judged:
    return judged("compliant", edit=edit, only=only, probe=probe)


def invoked(result: Judged) -> list[dict[str, Any]]:
    return [dict(reading) for reading in result.readings if reading["name"] in (INVOKE, STREAM)]


def refusal(message: str) -> Edit:
    """The chat model refuses to be invoked, and nothing that can be read tells why."""
    return model(SONNET, invoke_error=message)


def test_all_models_answer_in_the_compliant_world() -> None:
    result = found(lambda world: world)
    assert {row["status"] for row in result.results.values()} == {"compliant"}


def test_nothing_is_invoked_without_probe() -> None:
    result = found(lambda world: world, probe=False)
    assert {row["status"] for row in result.results.values()} == {"not_applicable"}
    assert invoked(result) == []


def test_the_model_is_called_as_it_is_configured_with_one_token_at_most() -> None:
    result = found(lambda world: world)
    asked = [(reading["name"], reading["params"]["modelId"]) for reading in invoked(result)]
    assert sorted(asked) == [(INVOKE, TITAN), (INVOKE, PROFILE), (STREAM, PROFILE)]
    limits = {"max_tokens", "max_gen_len", "maxTokens"}
    for body in REQUESTS.values():
        flat = {**body, **body.get("inferenceConfig", {})}
        assert [flat[name] for name in limits & set(flat)] in ([1], [])


def test_of_the_answer_only_facts_are_kept() -> None:
    kept = {(r["name"], r["params"]["modelId"]): r["value"] for r in invoked(found(lambda world: world))}
    assert kept == {
        (INVOKE, PROFILE): {"content_type": "application/json", "stopped": True, "length": None},
        (STREAM, PROFILE): {
            "content_type": kept[STREAM, PROFILE]["content_type"],
            "chunks": 6,
            "stopped": True,
        },
        (INVOKE, TITAN): {"content_type": "application/json", "stopped": False, "length": 1024},
    }


# -------------------------------------------------------------------------------------------- refusals by words

TOO_MANY = "ThrottlingException: Too many requests, please wait before trying again."
REFUSALS = {
    "MOD01": "ValidationException: Invocation of model ID x with on-demand throughput isn’t supported.",
    "MOD02": "ValidationException: The provided model identifier is invalid.",
    "MOD03": "AccessDeniedException: You don't have access to the model with the specified model ID.",
    "MOD04": "ResourceNotFoundException: Model use case details have not been submitted for this account.",
    "MOD05": "ResourceNotFoundException: This Model is marked by provider as Legacy and you have not been using it.",
    "MOD06": TOO_MANY,
    "IAM03": "AccessDeniedException: ... is not authorized to perform the required AWS Marketplace actions (x)",
}


@pytest.mark.parametrize("cause", REFUSALS)
def test_a_refusal_that_reading_did_not_foretell_is_told_by_its_words(cause: str) -> None:
    result = found(refusal(REFUSALS[cause]))
    for requirement in ("INV-01", "INV-02"):
        row = result[requirement]
        assert (row["status"], row["cause"]) == ("non_compliant", cause)
    code, _, message = REFUSALS[cause].partition(": ")
    assert result["INV-01"]["observed"] == f"bedrock:InvokeModel on {PROFILE}: {code}: {message}"
    assert result["INV-01"]["remedy"] == result["INV-02"]["remedy"]
    assert result["INV-03"]["status"] == "compliant"
    assert result.root_causes == [f"INV-01 {cause}"]


def test_throttling_says_that_authentication_passed() -> None:
    row = found(refusal(TOO_MANY))["INV-01"]
    assert "authentication has passed" in row["title"]
    assert SONNET in row["remedy"][0]


@pytest.mark.parametrize(
    "message",
    [
        "ModelTimeoutException: too slow",
        "ServiceUnavailableException: later",
        "ServiceUnavailableException: Too many connections, please wait before trying again.",
        "New: ?",
        # In the words of no failure mode, and known to --explain all the same.
        "ValidationException: The model returned the following errors: temperature is deprecated for this model.",
    ],
)
def test_any_other_error_judges_nothing(message: str) -> None:
    result = found(refusal(message))
    assert result["INV-01"]["status"] == "inconclusive"
    assert message.partition(": ")[2] in result["INV-01"]["reason"]
    assert result.root_causes == []


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("AccessDeniedException: API Model access is denied by Marketplace subscription", "IAM03"),
        ("BadCScoreException: Your account is not authorized to access this model", "MOD03"),
        ("ValidationException: Error 002: Access to Bedrock models is not allowed for this account", "MOD03"),
        ("AccessDeniedException: Your account is currently being verified. Please wait.", "MOD03"),
        (
            "AccessDeniedException: Your account is not authorized to access this model. Your AWS Marketplace "
            "subscription for this model is still being processed.",
            "MOD03",
        ),
    ],
)
def test_a_refusal_in_the_words_of_the_user_guide_is_no_right_of_the_role(message: str, cause: str) -> None:
    result = found(refusal(message))
    assert result.root_causes == [f"INV-01 {cause}"]
    waits = "AWS is verifying account" if "verified" in message else "wait 15 minutes"
    assert cause != "MOD03" or waits in result["INV-01"]["remedy"][0]
    everywhere = found(both(refusal(message), model(TITAN, invoke_error=message)))
    restricted = "arketplace" not in message
    assert everywhere["INV-01"]["cause"] == ("MOD08" if restricted else cause)
    assert not restricted or "aws freetier get-account-plan-state" in everywhere["INV-01"]["remedy"][2]


def test_a_plan_that_only_the_partition_aws_has_is_asked_for_nowhere_else() -> None:
    def restricted(world: World) -> World:
        refused = tuple(
            replace(each, invoke_error="ValidationException: Operation not allowed") for each in world.model
        )
        return replace(world, model=refused)

    lines = [
        judged(name, edit=restricted, only=("INV-01",), probe=True)["INV-01"]["remedy"]
        for name in ("compliant", "ok-govcloud")
    ]
    here, there = ("\n".join(each) for each in lines)
    assert "aws freetier" in here and "Free plan" in here
    assert "freetier" not in there and "Free plan" not in there
    assert there.splitlines()[1].startswith("# else an administrator opens a support case")


@pytest.mark.parametrize(("world", "linked"), [("ok-govcloud", True), ("compliant", False)])
def test_in_govcloud_a_call_that_lacks_the_agreement_asks_for_no_right_of_the_caller(
    world: str, linked: bool
) -> None:
    refused = model(
        SONNET, invoke_error=f"AccessDeniedException: Model access is denied due to {SUBSCRIBING}."
    )
    row = judged(world, edit=refused, only=("INV-01",), probe=True)["INV-01"]
    assert row["cause"] == "IAM03"
    assert ("the standard AWS account that account" in row["remedy"][0]) == linked
    assert (
        any("allows BedrockDeveloper to call aws-marketplace:Subscribe" in line for line in row["remedy"])
        != linked
    )


SUBSCRIBING = "User: x is not authorized to perform: aws-marketplace:Subscribe"
POLICY_ARN = "arn:aws:organizations::111122223333:policy/o-acme000000/service_control_policy/p-0123abcd"


@pytest.mark.parametrize(
    ("reason", "cause", "remedy"),
    [
        ("an internal error.", "MOD03", "wait 15 minutes"),
        (f"{SUBSCRIBING}.", "IAM03", "allows BedrockDeveloper to call aws-marketplace:Subscribe"),
        (
            f"{SUBSCRIBING} with an explicit deny in a service control policy: {POLICY_ARN}.",
            "IAM02",
            f"is denied aws-marketplace:Subscribe on * by an explicit deny in the service control policy {POLICY_ARN}.",
        ),
    ],
)
def test_why_the_marketplace_subscribes_to_nothing_is_in_its_own_words(
    reason: str, cause: str, remedy: str
) -> None:
    end = "Your AWS Marketplace subscription for this model cannot be completed at this time."
    result = found(refusal(f"AccessDeniedException: Model access is denied due to {reason} {end}"))
    assert result.root_causes == [f"INV-01 {cause}"]
    assert remedy in result["INV-01"]["remedy"][0]


@pytest.mark.parametrize(
    ("edit", "requirement"),
    [
        (chat(SONNET), "MDL-05"),
        (chat("us.anthropic.claude-sonet-4-6"), "MDL-02"),
        (chat("Claude"), "MDL-01"),
        (model(SONNET, agreement="NOT_AVAILABLE"), "IAM-06"),
        (model(SONNET, agreement="PENDING"), "MDL-08"),
    ],
    ids=["bare", "misspelt", "malformed", "agreement", "pending"],
)
def test_a_model_that_would_fail_or_whose_agreement_a_call_might_accept_is_not_called(
    edit: Edit, requirement: str
) -> None:
    result = found(edit)
    for each in ("INV-01", "INV-02"):
        assert (result[each]["status"], result[each]["behind"]) == ("blocked", requirement)
    assert {reading["params"]["modelId"] for reading in invoked(result)} == {TITAN}


def test_a_model_whose_agreement_cannot_be_read_is_not_called() -> None:
    result = found(
        policy(allow([each for each in READING if "Availability" not in each] + ["bedrock:Invoke*"]))
    )
    assert {row["status"] for row in result.results.values()} == {"inconclusive"}
    assert result["INV-01"]["missing_actions"] == ["bedrock:GetFoundationModelAvailability"]
    assert invoked(result) == []


@pytest.mark.parametrize("base", ["amazon.nova-pro-v1:0", "deepseek.r1-v1:0", "openai.gpt-oss-120b-1:0"])
def test_a_model_of_another_maker_is_asked_as_its_maker_says(base: str) -> None:
    edit = both(ALL, model(base, provider="Other", name=base, regions=("us-east-1",)), chat(base))
    result = found(edit)
    assert {row["status"] for row in result.results.values()} == {"compliant"}


def test_a_model_for_which_no_small_request_is_known_is_not_called() -> None:
    described: dict[str, Any] = {"provider": "New", "inference_types": ("ON_DEMAND",)}
    result = found(both(ALL, chat("new.model-1"), model("new.model-1", **described)))
    assert result["INV-01"]["status"] == "inconclusive"
    assert "new.model-1 is not called" in result["INV-01"]["reason"]


# ----------------------------------------------------------------------------------------------------- denials


def test_a_denied_invocation_is_explained_by_what_the_simulation_found() -> None:
    result = found(policy(allow(READING)))
    assert {row["behind"] for row in result.results.values()} == {"IAM-01"}


def test_without_a_simulation_the_denied_invocation_is_the_finding() -> None:
    unsimulated = fault("iam:SimulatePrincipalPolicy", "AccessDenied", "no", 403)
    result = found(both(policy(allow(READING)), unsimulated))
    row = result["INV-01"]
    assert (row["status"], row["cause"]) == ("non_compliant", "IAM01")
    assert row["observed"].startswith("the call was denied: bedrock:InvokeModel on inference-profile/")
    assert any(
        f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{PROFILE}" in line for line in row["remedy"]
    )
    assert result.root_causes == ["INV-01 IAM01"]


# ---------------------------------------------------------------------------------------- answers that are wrong


def test_an_answer_without_an_end_is_not_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bedrock_runtime._message
    monkeypatch.setattr(bedrock_runtime, "_message", lambda *a: {**whole(*a), "stop_reason": None})
    row = found(lambda world: world, only=("INV-01",))["INV-01"]
    assert (row["status"], row["cause"]) == ("non_compliant", None)
    assert row["observed"] == "CHAT_MODEL: application/json, without an end"


def test_a_stream_that_breaks_off_is_not_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bedrock_runtime._events
    monkeypatch.setattr(bedrock_runtime, "_events", lambda *a: list(whole(*a))[:3])
    row = found(lambda world: world, only=("INV-02",))["INV-02"]
    assert (row["status"], row["cause"]) == ("non_compliant", None)
    assert row["observed"] == "CHAT_MODEL: 3 chunks, without an end"
    assert "InvokeModelWithResponseStream" in row["remedy"][0]


@pytest.mark.parametrize("length", [256, 0])
def test_a_vector_of_another_length_is_not_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(bedrock_runtime, "_embedding", lambda body: {"embedding": [0.5] * length})
    row = found(lambda world: world, only=("INV-03",))["INV-03"]
    assert (row["status"], row["cause"]) == ("non_compliant", None)
    assert row["expected"] == "a vector of 1024 numbers"
    assert row["observed"] == f"BEDROCK_EMBED_MODEL_ID: {length or 'no'} numbers"
    assert "line 17" in row["remedy"][0]


def test_a_vector_of_a_model_that_documents_none_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock_runtime, "_embedding", lambda body: {"embedding": [0.5]})
    other = "cohere.embed-next"
    edit = both(ALL, embedding(other), model(other, provider="Cohere", output=("EMBEDDING",)))
    assert found(edit, only=("INV-03",))["INV-03"]["status"] == "inconclusive"


def test_an_embedding_model_named_by_its_arn_has_its_documented_length() -> None:
    result = found(both(ALL, embedding(model_arn(TITAN))), only=("INV-03",))
    assert result["INV-03"]["status"] == "compliant"
    assert invoked(result)[0]["params"]["modelId"] == model_arn(TITAN)


# ----------------------------------------------------------------------------------------------------- readers


class Subject:
    """What the readers are given: a client that answers with these bytes."""

    def __init__(self, document: Any, events: tuple[Any, ...] = ()) -> None:
        self.caller = self
        self._document = document
        self._events = events

    def client(self, service: str) -> Any:
        assert service == "bedrock-runtime"
        return self

    def invoke_model(self, modelId: str, body: str, **_: str) -> Any:  # noqa: N803
        assert json.loads(body) == {"q": 1}
        return {"contentType": "application/json", "body": io.BytesIO(json.dumps(self._document).encode())}

    def invoke_model_with_response_stream(self, modelId: str, body: str, **_: str) -> Any:  # noqa: N803
        assert json.loads(body) == {"q": 1}
        return {"body": [{"chunk": {"bytes": json.dumps(event).encode()}} for event in self._events]}


@pytest.mark.parametrize(
    ("document", "stopped", "length"),
    [
        ({"content": [{"text": "SECRET"}], "stop_reason": "max_tokens"}, True, None),
        ({"output": {"message": {"content": [{"text": "SECRET"}]}}, "stopReason": "end_turn"}, True, None),
        ({"generation": "SECRET", "stop_reason": "length"}, True, None),
        ({"outputs": [{"text": "SECRET", "stop_reason": "length"}]}, True, None),
        ({"choices": [{"message": {"content": "SECRET"}, "finish_reason": "stop"}]}, True, None),
        ({"generation": "SECRET", "stop_reason": None}, False, None),
        ({"embedding": [0.1] * 7, "inputTextTokenCount": 1}, False, 7),
        ({"embeddings": [[0.1] * 5], "texts": ["SECRET"]}, False, 5),
        ({"embeddings": {"float": [[1] * 4]}, "texts": ["SECRET"]}, False, 4),
        ({"embeddings": []}, False, None),
    ],
)
def test_an_answer_of_any_provider_is_reduced_to_facts(
    document: Any, stopped: bool, length: int | None
) -> None:
    subject: Any = Subject(document)
    kept = INVOCATION_READERS[INVOKE](subject, modelId="m", body={"q": 1})
    assert kept == {"content_type": "application/json", "stopped": stopped, "length": length}


@pytest.mark.parametrize(
    ("events", "stopped"),
    [
        (({"type": "content_block_delta", "delta": {"text": "SECRET"}}, {"type": "message_stop"}), True),
        (
            (
                {"contentBlockDelta": {"delta": {"text": "SECRET"}}},
                {"messageStop": {"stopReason": "max_tokens"}},
            ),
            True,
        ),
        (({"generation": "SECRET", "stop_reason": None}, {"generation": "", "stop_reason": "length"}), True),
        (({"type": "content_block_delta", "delta": {"text": "message_stop"}},), False),
        ((), False),
    ],
)
def test_a_stream_of_any_provider_is_reduced_to_facts(events: tuple[Any, ...], stopped: bool) -> None:
    subject: Any = Subject(None, events)
    kept = INVOCATION_READERS[STREAM](subject, modelId="m", body={"q": 1})
    assert kept == {"content_type": "", "chunks": len(events), "stopped": stopped}


def test_every_length_is_of_a_model_that_can_be_asked() -> None:
    assert all(any(base.startswith(prefix) for prefix in REQUESTS) for base in LENGTHS)


def test_what_the_account_is_offered_and_refused_is_opened_by_aws_and_by_no_switch_of_its_own() -> None:
    result = found(
        refusal(
            f"AccessDeniedException: {SONNET} is not available for this account. For more, contact AWS Sales"
        )
    )
    assert result.root_causes == ["INV-01 MOD03"]
    lines = result.document["root_causes"][0]["remedy"]
    assert "only AWS opens it" in lines[1]
    assert any(line.endswith("set CHAT_MODEL to us.anthropic.claude-sonnet-5") for line in lines)
    assert not any("console" in line for line in lines)


@pytest.mark.parametrize(
    "message",
    [
        "ValidationException: Operation not allowed",
        "ValidationException: This Model is marked by provider as Legacy and you have not been actively using the model in "
        "the last 30 days. Please upgrade to an active model on Amazon Bedrock.",
    ],
)
def test_a_legacy_model_that_is_refused_is_one_root_cause_with_its_being_legacy(message: str) -> None:
    legacy = model(SONNET, status="LEGACY", invoke_error=message)
    result = found(legacy, only=(*GROUP, "MDL-03"))
    assert result.root_causes == ["MDL-03 MOD05"]
    assert (result["INV-01"]["cause"], result["INV-01"]["behind"]) == ("MOD05", "MDL-03")
    assert "INV-01 < MDL-03:{} (MOD05)" in result.edges
