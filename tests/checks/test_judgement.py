"""Judgement: how a check and evidence become an outcome, and how a failure upstream explains those behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tomli

from checks.catalogue import Catalogue, load
from checks.explanations import read
from checks.judgement import Acceptance, Docket, Outcome, of_another_form
from checks.requirement import CHECKS, not_applicable, require, requirement
from fixtures.readings import Unavailable
from fixtures.settings import Settings
from fixtures.targets import Target
from fixtures.text.toml_file import TomlFile


class Evidence:
    """Facts given as functions."""

    target = Target("msh", "us-east-1")
    purpose = "workstation"
    probe = False
    enters = False
    allowed_providers = ("sso",)
    settings = Settings()
    environment = SimpleNamespace(told={"away": None})
    needs_no_profile = None
    of_environment = None

    def __init__(self, **facts: Callable[[], Any]) -> None:
        self._facts = facts

    def fact(self, name: str) -> Any:
        return self._facts[name]()

    @property
    def platform(self) -> str:
        return "linux"

    @contextmanager
    def asking(self, name: str, asks: Any) -> Iterator[None]:
        yield

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        yield {"a reading"}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[..., None]]]:
    """The registry of checks, empty for the time of a test, which may register its own."""
    before = dict(CHECKS)
    CHECKS.clear()
    monkeypatch.setattr("checks.judgement.import_checks", lambda: None)
    monkeypatch.setattr("checks.requirement._hold_to_the_facts", lambda *_: None)
    yield {}
    CHECKS.clear()
    CHECKS.update(before)


def judged(identifier: str, known: str = "", /, **facts: Callable[[], Any]) -> Outcome:
    return docket(known, **facts).judge(identifier, None)


def docket(
    known: str = "",
    /,
    covering: Callable[[Outcome], Acceptance | None] = lambda _: None,
    catalogue: Catalogue | None = None,
    **facts: Callable[[], Any],
) -> Docket:
    """`known` is a map of explanations, as in explanations.toml."""
    guide = catalogue or load()
    file = TomlFile(Path("explanations.toml"), known, tomli.loads(known))
    return Docket(Evidence(**facts), guide, Unavailable, covering, read(file, guide, facts))


def unread(fact: str, actions: tuple[str, ...] = ()) -> Callable[[], Any]:
    def fail() -> Any:
        raise Unavailable("the read failed", facts=(fact,), missing_actions=actions)

    return fail


@pytest.mark.usefixtures("checks")
def test_a_check_that_returns_is_compliant_with_the_readings_it_rests_on() -> None:
    @requirement("SSO-03")
    def test_token(token: int) -> None:
        require(token > 0, expected="some", observed="none")

    assert judged("SSO-03", token=lambda: 1).status == "compliant"
    assert judged("SSO-03", token=lambda: 1).evidence == ["a reading"]


@pytest.mark.usefixtures("checks")
def test_what_a_check_returns_is_what_was_seen() -> None:
    @requirement("SSO-03")
    def test_token(token: int) -> str:
        return f"{token} hours left"

    assert judged("SSO-03", token=lambda: 8).observed == "8 hours left"


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
def test_a_failure_without_cause_has_the_sentence_for_it() -> None:
    @requirement("SSO-07")
    def test_private() -> None:
        require(False, expected="private", observed="open")

    outcome = judged("SSO-07")
    assert outcome.title == load().requirement("SSO-07").failure
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

    outcome = docket(decisions=unread("decisions", ("iam:GetRole",))).judge("IAM-01", "x")
    assert (outcome.status, outcome.missing_actions) == ("inconclusive", ["iam:GetRole"])


@pytest.mark.usefixtures("checks")
def test_unread_evidence_is_blocked_by_the_failure_it_rests_on_selected_or_not() -> None:
    @requirement("SSO-03")
    def test_token() -> None:
        require(False, expected="15 min", observed="expired", cause="TOK02")

    @requirement("RUN-02")
    def test_caller(identity: Any) -> None: ...

    outcome = judged("RUN-02", "[facts]\nidentity = ['SSO-03']", identity=unread("identity"))
    assert (outcome.status, outcome.blocked_by, outcome.reason) == ("blocked", "SSO-03", "the read failed")


@pytest.mark.usefixtures("checks")
def test_a_failure_upstream_can_be_that_of_one_case_alone() -> None:
    @requirement("MDL-03")
    def test_active(case: str) -> None:
        require(case != "CHAT_MODEL", expected="ACTIVE", observed="LEGACY", cause="MOD05")

    @requirement("MDL-04")
    def test_end(case: str) -> None:
        raise Unavailable("no date", given=("undated",))

    judge = docket("[requirements]\nMDL-04 = [{ unread = 'undated', by = ['MDL-03:{case}'] }]").judge
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

    facts = {"token": unread("token"), "identity": unread("identity")}
    known = "[facts]\ntoken = ['PRF-04']\nidentity = ['SSO-03']"
    bench = docket(known, catalogue=with_cases_removed("PRF-04"), **facts)
    assert bench.judge("RUN-02", None).blocked_by == "PRF-04"


@pytest.mark.usefixtures("checks")
def test_upstream_that_holds_explains_nothing() -> None:
    @requirement("SSO-03")
    def test_token() -> None: ...

    @requirement("RUN-02")
    def test_caller(identity: Any) -> None: ...

    known = "[facts]\nidentity = ['SSO-03']"
    assert judged("RUN-02", known, identity=unread("identity")).status == "inconclusive"


@pytest.mark.usefixtures("checks")
def test_what_was_read_and_fails_is_non_compliant_also_where_another_failure_explains_it() -> None:
    @requirement("CRD-01")
    def test_provider() -> None:
        require(False, expected="sso", observed="env", cause="ENV01")

    @requirement("RUN-02")
    def test_caller() -> None:
        require(False, expected="a caller", observed="InvalidClientTokenId")

    outcome = judged("RUN-02", EXPLAINED)
    assert (outcome.status, outcome.explained_by, outcome.blocked_by) == ("non_compliant", "CRD-01", None)
    assert outcome.observed == "InvalidClientTokenId"


EXPLAINED = "[requirements]\nRUN-02 = ['CRD-01']"


@pytest.mark.usefixtures("checks")
@pytest.mark.parametrize(
    ("with_explained", "expected"), [(False, ("non_compliant", None)), (True, ("waived", "CRD-01"))]
)
def test_a_waived_failure_explains_nothing_unless_the_waiver_takes_what_it_explains(
    with_explained: bool, expected: tuple[str, str | None]
) -> None:
    @requirement("CRD-01")
    def test_provider() -> None:
        require(False, expected="sso", observed="env", cause="ENV01")

    @requirement("RUN-03")
    def test_role() -> None:
        require(False, expected="a role", observed="another")

    @requirement("RUN-04")
    def test_client(client: Any) -> None: ...

    known = "[facts]\nclient = ['CRD-01']\n[requirements]\nRUN-03 = ['CRD-01']"
    bench = docket(known, covering=only("CRD-01", Accepted("EX-1", with_explained)), client=unread("client"))
    outcome = bench.judge("RUN-03", None)
    assert bench.judge("CRD-01", None).status == "waived"
    assert (outcome.status, outcome.explained_by) == expected
    assert outcome.waiver == ("EX-1" if with_explained else None)
    unjudged = bench.judge("RUN-04", None)
    assert (unjudged.status, unjudged.waiver) == ("blocked" if with_explained else "inconclusive", None)


@pytest.mark.usefixtures("checks")
@pytest.mark.parametrize(("accept", "status"), [(False, "non_compliant"), (True, "waived")])
def test_a_blocker_is_waived_with_what_explains_it_only_where_blockers_are_accepted(
    accept: bool, status: str
) -> None:
    @requirement("CRD-01")
    def test_provider() -> None:
        require(False, expected="sso", observed="env", cause="ENV01")

    @requirement("RUN-02")
    def test_caller() -> None:
        require(False, expected="a caller", observed="InvalidClientTokenId")

    bench = docket(EXPLAINED, covering=only("CRD-01", Accepted("EX-1", True, accept)))
    assert bench.judge("RUN-02", None).status == status


@dataclass(frozen=True)
class Accepted:
    """A waiver."""

    id: str
    with_explained: bool
    accept_blocker: bool = False


def only(identifier: str, waiver: Accepted) -> Callable[[Outcome], Accepted | None]:
    return lambda outcome: waiver if outcome.requirement == identifier else None


@pytest.mark.usefixtures("checks")
def test_a_condition_that_the_check_did_not_meet_leaves_the_map_aside() -> None:
    @requirement("CRD-01")
    def test_provider() -> None:
        require(False, expected="sso", observed="env", cause="ENV01")

    @requirement("RUN-02")
    def test_caller() -> None:
        require(False, expected="a caller", observed="none", given=["met"])

    known = "[requirements]\nRUN-02 = [{{ when = '{}', by = ['CRD-01'] }}]"
    assert judged("RUN-02", known.format("met")).explained_by == "CRD-01"
    assert judged("RUN-02", known.format("other")).explained_by is None


@pytest.mark.usefixtures("checks")
def test_itself_is_not_what_is_behind_it() -> None:
    @requirement("PRF-01")
    def test_file() -> None:
        require(False, expected="a file", observed="none")

    @requirement("SSO-04")
    def test_region(token: Any) -> None: ...

    @requirement("CON-03")
    def test_clock() -> None:
        require(False, expected="now", observed="then")

    known = "[facts]\ntoken = ['PRF-01']\n[requirements]\nCON-03 = ['{}']"
    without = with_cases_removed("PRF-01")
    for entry, behind in (("SSO-04", "PRF-01"), ("SSO-04 itself", None)):
        bench = docket(known.format(entry), catalogue=without, token=unread("token"))
        assert bench.judge("CON-03", None).explained_by == behind


@pytest.mark.usefixtures("checks")
def test_a_check_that_stumbles_has_judged_nothing() -> None:
    @requirement("RUN-02")
    def test_caller(identity: Any) -> None:
        identity["Account"]

    outcome = judged("RUN-02", identity=lambda: {})
    assert outcome.status == "inconclusive"
    assert "'Account' was expected in it" in str(outcome.reason)


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

    known = "[facts]\na = ['SSO-02']\nb = ['SSO-01']"
    assert judged("SSO-01", known, a=unread("a"), b=unread("b")).status == "inconclusive"


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
        require(False, expected="an answer", observed="InvalidClientTokenId")

    @requirement("REG-03")
    def test_region(regions: Any) -> None: ...

    known = "[facts]\nregions = ['RUN-02']\n[requirements]\nRUN-02 = ['REG-03']"
    bench = docket(known, regions=unread("regions"))
    outcomes = {
        identifier: bench.judge(identifier, "target" if identifier == "REG-03" else None)
        for identifier in order
    }
    assert outcomes["RUN-02"].status == "non_compliant"
    assert (outcomes["REG-03"].status, outcomes["REG-03"].blocked_by) == ("blocked", "RUN-02")


@pytest.mark.parametrize(
    ("stumbles", "expected"),
    [(lambda answer: answer["roleList"], "'roleList' was expected in it"), (lambda answer: answer + 1, "")],
)
def test_what_a_check_stumbles_over_is_told_in_words(stumbles: Any, expected: str) -> None:
    with pytest.raises((KeyError, TypeError)) as stumbled:
        stumbles({})
    said = of_another_form(stumbled.value, ["sso:ListAccountRoles {}", "environment {}"])
    assert "another form than this suite knows (sso:ListAccountRoles)" in said
    assert expected in said
    assert not any(word in said for word in ("Error", "object", "indices", "unsupported"))
