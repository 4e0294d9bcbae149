"""Judgement: how a check and evidence become an outcome, and how a failure upstream explains those behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from checks.catalogue import Catalogue, load
from checks.judgement import Docket, Outcome
from checks.requirement import CHECKS, not_applicable, require, requirement
from fixtures.readings import Unavailable
from fixtures.settings import Settings
from fixtures.targets import Target


class Evidence:
    """Facts given as functions."""

    target = Target("msh", "us-east-1")
    environment = "workstation"
    probe = False
    allowed_providers = ("sso",)
    settings = Settings()

    def __init__(self, **facts: Callable[[], Any]) -> None:
        self._facts = {"platform": lambda: "linux", **facts}

    def fact(self, name: str) -> Any:
        return self._facts[name]()

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        yield {"a reading"}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[..., None]]]:
    """The registry of checks, empty for the time of a test, which may register its own."""
    before = dict(CHECKS)
    CHECKS.clear()
    monkeypatch.setattr("checks.judgement.import_checks", lambda: None)
    yield {}
    CHECKS.clear()
    CHECKS.update(before)


def judged(identifier: str, **facts: Callable[[], Any]) -> Outcome:
    return docket(**facts).judge(identifier, None)


def docket(**facts: Callable[[], Any]) -> Docket:
    return Docket(Evidence(**facts), load(), Unavailable)


def unread(*rests_on: str, actions: tuple[str, ...] = ()) -> Callable[[], Any]:
    def fail() -> Any:
        raise Unavailable("the read failed", rests_on=rests_on, missing_actions=actions)

    return fail


@pytest.mark.usefixtures("checks")
def test_a_check_that_returns_is_compliant_with_the_readings_it_rests_on() -> None:
    @requirement("SSO-03")
    def test_token(token: int) -> None:
        require(token > 0, expected="some", observed="none")

    assert judged("SSO-03", token=lambda: 1).status == "compliant"
    assert judged("SSO-03", token=lambda: 1).evidence == ["a reading"]


@pytest.mark.usefixtures("checks")
def test_a_failure_names_cause_title_and_the_remedy_with_this_profiles_name() -> None:
    @requirement("SSO-03")
    def test_token() -> None:
        require(False, expected="15 min", observed="expired", cause="TOK02")

    outcome = judged("SSO-03")
    assert (outcome.status, outcome.cause, outcome.expected, outcome.observed) == (
        "non_compliant",
        "TOK02",
        "15 min",
        "expired",
    )
    assert outcome.title == load().cause("TOK02").title
    assert any("aws sso login" in line and "msh" in line for line in outcome.remedy)


@pytest.mark.usefixtures("checks")
def test_a_failure_without_cause_says_which_requirement_is_not_met() -> None:
    @requirement("SSO-07")
    def test_private() -> None:
        require(False, expected="private", observed="open")

    outcome = judged("SSO-07")
    assert outcome.title == f"Not met: {load().requirement('SSO-07').statement}"
    assert outcome.remedy


@pytest.mark.usefixtures("checks")
def test_what_the_settings_rule_out_is_not_applicable_with_its_reason() -> None:
    @requirement("SSO-07")
    def test_private() -> None:
        not_applicable("no modes on this platform")

    assert (judged("SSO-07").status, judged("SSO-07").reason) == (
        "not_applicable",
        "no modes on this platform",
    )


@pytest.mark.usefixtures("checks")
def test_unread_evidence_is_inconclusive_and_names_the_missing_action() -> None:
    @requirement("IAM-01")
    def test_allowed(decisions: Any) -> None:
        require(False, expected="never", observed="asked")

    outcome = docket(decisions=unread(actions=("iam:GetRole",))).judge("IAM-01", "x")
    assert (outcome.status, outcome.missing_actions) == ("inconclusive", ["iam:GetRole"])


@pytest.mark.usefixtures("checks")
def test_unread_evidence_is_blocked_by_the_failure_it_rests_on_selected_or_not() -> None:
    @requirement("SSO-03")
    def test_token() -> None:
        require(False, expected="15 min", observed="expired", cause="TOK02")

    @requirement("RUN-02")
    def test_caller(identity: Any) -> None: ...

    outcome = judged("RUN-02", identity=unread("SSO-03"))
    assert (outcome.status, outcome.blocked_by, outcome.reason) == ("blocked", "SSO-03", "the read failed")


@pytest.mark.usefixtures("checks")
def test_a_failure_upstream_can_be_that_of_one_case_alone() -> None:
    @requirement("MDL-03")
    def test_active(case: str) -> None:
        require(case != "CHAT_MODEL", expected="ACTIVE", observed="LEGACY", cause="MOD05")

    @requirement("MDL-04")
    def test_end(case: str) -> None:
        raise Unavailable("no date", rests_on=(f"MDL-03:{case}",))

    judge = docket().judge
    assert judge("MDL-04", "CHAT_MODEL").blocked_by == "MDL-03"
    assert judge("MDL-04", "BEDROCK_EMBED_MODEL_ID").status == "inconclusive"


@pytest.mark.usefixtures("checks")
def test_the_root_of_a_chain_is_named_not_the_link_before() -> None:
    @requirement("PRF-04")
    def test_settings() -> None:
        require(False, expected="set", observed="missing", cause="CFG06")

    @requirement("SSO-03")
    def test_token(token: Any) -> None: ...

    @requirement("RUN-02")
    def test_caller(identity: Any) -> None: ...

    facts = {"token": unread("PRF-04"), "identity": unread("SSO-03")}
    assert (
        Docket(Evidence(**facts), with_cases_removed("PRF-04"), Unavailable).judge("RUN-02", None).blocked_by
        == "PRF-04"
    )


@pytest.mark.usefixtures("checks")
def test_upstream_that_holds_explains_nothing() -> None:
    @requirement("SSO-03")
    def test_token() -> None: ...

    @requirement("RUN-02")
    def test_caller(identity: Any) -> None: ...

    assert judged("RUN-02", identity=unread("SSO-03")).status == "inconclusive"


@pytest.mark.usefixtures("checks")
def test_a_read_failure_that_something_upstream_explains_is_blocked_instead() -> None:
    @requirement("CRD-01")
    def test_provider() -> None:
        require(False, expected="sso", observed="env", cause="ENV01")

    @requirement("RUN-02")
    def test_caller() -> None:
        require(False, expected="a caller", observed="InvalidClientTokenId", unless=("CRD-01",))

    outcome = judged("RUN-02")
    assert (outcome.status, outcome.blocked_by) == ("blocked", "CRD-01")
    assert "InvalidClientTokenId" in str(outcome.reason)


@pytest.mark.usefixtures("checks")
def test_a_check_that_stumbles_has_judged_nothing() -> None:
    @requirement("RUN-02")
    def test_caller(identity: Any) -> None:
        identity["Account"]

    outcome = judged("RUN-02", identity=lambda: {})
    assert outcome.status == "inconclusive"
    assert "KeyError" in str(outcome.reason)


@pytest.mark.usefixtures("checks")
def test_probes_run_only_when_asked_for() -> None:
    @requirement("INV-01")
    def test_answer() -> None:
        require(False, expected="never", observed="asked")

    outcome = judged("INV-01")
    assert (outcome.status, "--probe" in str(outcome.reason)) == ("not_applicable", True)


@pytest.mark.usefixtures("checks")
def test_two_requirements_that_wait_for_each_other_end() -> None:
    @requirement("SSO-01")
    def test_cached(a: Any) -> None: ...

    @requirement("SSO-02")
    def test_readable(b: Any) -> None: ...

    assert judged("SSO-01", a=unread("SSO-02"), b=unread("SSO-01")).status == "inconclusive"


@pytest.mark.usefixtures("checks")
def test_a_requirement_has_one_check() -> None:
    @requirement("SSO-01")
    def test_cached() -> None: ...

    with pytest.raises(ValueError, match="SSO-01 is checked by"):

        @requirement("SSO-01")
        def test_again() -> None: ...


def with_cases_removed(identifier: str) -> Catalogue:
    catalogue = load()
    return replace(
        catalogue,
        requirements=tuple(replace(r, cases=()) if r.id == identifier else r for r in catalogue.requirements),
    )


@pytest.mark.usefixtures("checks")
@pytest.mark.parametrize("order", [("RUN-02", "REG-03"), ("REG-03", "RUN-02")])
def test_requirements_that_may_explain_each_other_are_judged_alike_in_either_order(
    order: tuple[str, str],
) -> None:
    @requirement("RUN-02")
    def test_caller() -> None:
        require(False, expected="an answer", observed="InvalidClientTokenId", unless=("REG-03",))

    @requirement("REG-03")
    def test_region(regions: Any) -> None: ...

    bench = docket(regions=unread("RUN-02"))
    outcomes = {
        identifier: bench.judge(identifier, "target" if identifier == "REG-03" else None)
        for identifier in order
    }
    assert outcomes["RUN-02"].status == "non_compliant"
    assert (outcomes["REG-03"].status, outcomes["REG-03"].blocked_by) == ("blocked", "RUN-02")
