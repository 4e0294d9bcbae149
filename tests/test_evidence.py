"""Evidence: each question once, at the same time where it pays, failures remembered and traced, nothing beyond the list."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

import pytest

from fixtures.aws.operations import RefusedOperation, operation, operations
from fixtures.engine import Engine, Undeclared, fact, value_of
from fixtures.evidence import Evidence
from fixtures.readings import ReadError, Reading, Unavailable
from fixtures.settings import Settings
from fixtures.targets import Target

Seen = TypeVar("Seen", bound=Engine)
NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


class Backend:
    """Answers with functions by reading name, and notes what it was asked."""

    name = "live"

    def __init__(self, answers: Mapping[str, Callable[..., Any]], *, concurrent: bool = False) -> None:
        self.concurrent = concurrent
        self.asked: list[tuple[str, str, str]] = []
        self._answers = answers

    def now(self) -> datetime:
        return NOW

    def read(
        self, target: Target, name: str, params: Mapping[str, Any], region: str = "", by: str = ""
    ) -> Reading:
        self.asked.append((name, region, by))
        answer = self._answers[name](**params)
        if isinstance(answer, ReadError):
            return Reading(
                name, params, "2026-11-22T12:00:00Z", error=answer, action="iam:GetRole", region=region, by=by
            )
        return Reading(name, params, "2026-11-22T12:00:00Z", answer, region=region, by=by)

    def close(self) -> None: ...


def evidence(backend: Backend, kind: type[Seen] = Evidence, *, auditor: bool = False) -> Seen:
    target = Target("msh", "us-east-1")
    return kind(target, backend, Settings(), purpose="workstation", probe=False, auditor=auditor)


def test_a_question_is_asked_once_and_its_answer_shared() -> None:
    backend = Backend({"a": lambda **params: dict(params)})
    seen = evidence(backend)
    assert seen.value("a", x=1) == seen.value("a", x=1) == {"x": 1}
    assert seen.value("a", x=2) == {"x": 2}
    assert len(backend.asked) == 2


def test_a_question_asked_by_many_threads_is_asked_once() -> None:
    def slow() -> str:
        time.sleep(0.05)
        return "answer"

    backend = Backend({"a": slow}, concurrent=True)
    seen = evidence(backend)
    threads = [threading.Thread(target=seen.value, args=("a",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(backend.asked) == 1
    seen.close()


def test_independent_questions_are_asked_at_the_same_time() -> None:
    inside = threading.Barrier(4, timeout=5)

    def meet(n: int) -> int:
        inside.wait()
        return n

    seen = evidence(Backend({"a": meet}, concurrent=True))
    assert seen.together(lambda n: seen.value("a", n=n), range(4)) == [0, 1, 2, 3]
    seen.close()


def test_facts_are_prefetched_in_the_background() -> None:
    started = threading.Event()

    class Own(Engine):
        @fact()
        def wanted(evidence: Any) -> str:
            started.set()
            return "value"

    seen = evidence(Backend({}, concurrent=True), Own)
    seen.prefetch(["wanted"])
    assert started.wait(5)
    assert seen.wanted == "value"
    seen.close()


def test_a_failed_fact_fails_again_without_being_asked_again_and_names_the_facts_on_the_way() -> None:
    class Own(Engine):
        @fact()
        def inner(evidence: Any) -> Any:
            return evidence.value("a")

        @fact(asks=("inner",))
        def outer(evidence: Any) -> Any:
            return evidence.inner

    backend = Backend({"a": lambda: ReadError("ClientError", "Throttling", "Rate exceeded")})
    seen = evidence(backend, Own)
    for _ in range(2):
        with pytest.raises(Unavailable, match="Throttling: Rate exceeded") as caught:
            seen.outer
        assert caught.value.facts == ("outer", "inner", "call")
    assert len(backend.asked) == 1


def test_what_a_fact_rests_on_is_traced_also_when_it_was_worked_out_before_or_failed() -> None:
    class Own(Engine):
        @fact()
        def good(evidence: Any) -> Any:
            return evidence.together(lambda n: evidence.value("a", n=n), [1, 2])

        @fact()
        def bad(evidence: Any) -> Any:
            return evidence.value("b")

    seen = evidence(Backend({"a": lambda n: n, "b": lambda: ReadError("X", "X", "")}), Own)
    for _ in range(2):
        with seen.noting() as keys:
            assert seen.good == [1, 2]
            with pytest.raises(Unavailable):
                seen.bad
        assert keys == {'a {"n":1}', 'a {"n":2}', "b {}"}


def test_who_asks_for_what_it_does_not_declare_is_named_where_that_is_strict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(Engine):
        @fact()
        def other(evidence: Any) -> str:
            return "value"

        @fact()
        def silent(evidence: Any) -> Any:
            return evidence.other

        @fact(asks=("other",))
        def frank(evidence: Any) -> Any:
            return evidence.other

        @fact()
        def calling(evidence: Any) -> Any:
            return evidence.together(lambda _: evidence.call("iam:GetRole", RoleName="x"), [1])

    monkeypatch.setattr(Engine, "strict", True)
    seen = evidence(Backend({}), Own)
    assert seen.frank == "value"
    with pytest.raises(Undeclared, match="silent asks other"):
        seen.silent
    with pytest.raises(Undeclared, match="calling calls iam:GetRole"):
        seen.calling


def test_a_fact_that_is_not_known_has_no_name() -> None:
    with pytest.raises(KeyError, match="idenity"):
        Evidence.named("idenity")


def test_a_denied_read_names_the_missing_action_and_another_error_does_not() -> None:
    for code, actions in (
        ("AccessDenied", ("iam:GetRole",)),
        ("AccessDeniedException", ("iam:GetRole",)),
        ("Throttling", ()),
    ):
        reading = Reading(
            "iam:GetRole", {}, "", error=ReadError("ClientError", code, "no"), action="iam:GetRole"
        )
        with pytest.raises(Unavailable) as caught:
            value_of(reading)
        assert caught.value.missing_actions == actions


def test_what_is_about_the_account_is_asked_as_the_auditor() -> None:
    backend = Backend(
        {
            "credentials": lambda: {
                "method": "sso",
                "key_kind": "ASIA",
                "token": True,
                "refreshable": True,
                "minutes": 60,
            },
            "iam:GetRole": lambda **_: {},
            "sts:GetCallerIdentity": lambda: {
                "Account": "210987654321",
                "Arn": "arn:aws:iam::210987654321:user/jo",
            },
        }
    )
    seen = evidence(backend, auditor=True)
    seen.call("iam:GetRole", RoleName="x")
    seen.call("sts:GetCallerIdentity")
    assert ("iam:GetRole", "", "auditor") in backend.asked
    assert ("sts:GetCallerIdentity", "", "") in backend.asked


def test_what_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(RefusedOperation, match="iam:DeleteRole is not on the read-only list"):
        operation("iam:DeleteRole", probe=True)


def test_what_costs_money_is_refused_without_probe() -> None:
    with pytest.raises(RefusedOperation, match="only with --probe"):
        operation("bedrock-runtime:InvokeModel", probe=False)
    assert operation("bedrock-runtime:InvokeModel", probe=True).action == "bedrock:InvokeModel"


def test_everything_on_the_list_that_is_no_probe_only_reads() -> None:
    reads = ("Get", "List", "Describe", "Simulate", "Lookup", "Validate", "Test")
    assert not [
        key for key, listed in operations().items() if not listed.probe and not listed.name.startswith(reads)
    ]


def test_every_listed_operation_is_one_of_botocores() -> None:
    import botocore.session

    session = botocore.session.Session()
    for listed in operations().values():
        assert listed.name in session.get_service_model(listed.service).operation_names


def test_the_allow_list_keeps_nothing_that_it_does_not_name() -> None:
    answer = {
        "Account": "1",
        "Arn": "a",
        "UserId": "AROACANARY",
        "Credentials": {"SecretAccessKey": "CANARY"},
    }
    assert operations()["sts:GetCallerIdentity"].kept(answer) == {"Account": "1", "Arn": "a"}


def test_a_reading_survives_the_way_through_evidence_json() -> None:
    good = Reading(
        "a:B", {"x": [1]}, "2026-11-22T12:00:00Z", {"y": 2}, None, "req", "a:B", "us-east-1", "auditor"
    )
    bad = Reading(
        "a:B", {}, "2026-11-22T12:00:00Z", None, ReadError("ClientError", "Throttling", "slow", 429)
    )
    assert Reading.from_json(good.as_json()) == good
    assert Reading.from_json(bad.as_json()) == bad
    assert good.key != Reading("a:B", {"x": [1]}, "").key
