"""Judgement: a check and a target's evidence make an Outcome; the map of explanations says what is behind a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, field, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from checks.catalogue import Catalogue, Requirement, load
from checks.explanations import Explanations, Upstream, explanations
from checks.fixes import in_scripts
from checks.logins import as_typed_here, by_caller, in_account, in_partition, where_it_is_set
from checks.remedies import without_idle
from checks.requirement import CHECKS, NonCompliant, NotApplicable, parameters
from fixtures.engine import BEDROCK_CALL, CALL, CREDENTIALS, ODD_ANSWER, Undeclared
from fixtures.evidence import FACTS
from fixtures.late import dataclass
from fixtures.privacy.unseen import one_line


class Asked(Protocol):
    """What a run is asked for, as far as it decides which requirements apply: evidence knows it, and the run."""

    purpose: str
    probe: bool
    settings: Any

    @property
    def enters(self) -> bool: ...
    @property
    def allowed_providers(self) -> tuple[str, ...]: ...


class EvidenceLike(Asked, Protocol):
    """What judgement asks of evidence."""

    target: Any

    @property
    def platform(self) -> str: ...
    @property
    def winner(self) -> str | None: ...
    def fact(self, name: str) -> Any: ...
    def asking(self, name: str, asks: Any) -> Any: ...
    def noting(self) -> Any: ...


class Failure(Protocol):
    """Evidence that could not be had: fixtures.readings.Unavailable."""

    reason: str
    facts: tuple[str, ...]
    given: tuple[str, ...]
    missing_actions: tuple[str, ...]
    ruled_out: bool


class Acceptance(Protocol):
    """A waiver that covers a failure: checks.waivers.Waiver."""

    @property
    def id(self) -> str: ...
    @property
    def with_explained(self) -> bool: ...
    @property
    def accept_blocker(self) -> bool: ...


FAILED = ("non_compliant", "waived")
"""Read, and it does not meet the requirement."""


@dataclass(frozen=True)
class Outcome:
    """What became of one requirement, in one case, for one target.

    `explained_by` is the requirement whose failure is behind a failure, `blocked_by` the one behind what could not be
    judged; `waiver` the ID of the waiver that covers a failure, or the one behind it. `evidence` holds keys of readings,
    `fix` what a script can do about a failure, as checks.fixes writes it.
    """

    requirement: str
    case: str | None
    status: str
    title: str
    cause: str | None = None
    expected: str | None = None
    observed: str | None = None
    reason: str | None = None
    remedy: list[str] = field(default_factory=list)
    explained_by: str | None = None
    blocked_by: str | None = None
    waiver: str | None = None
    missing_actions: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    fix: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Primitives only, so that pytest-xdist can carry it."""
        return asdict(self)


@dataclass(frozen=True)
class _Root:
    """The failure behind another: its requirement, and the waiver that accepts it with all that it explains."""

    requirement: str
    accepted: Acceptance | None = None


class Docket:
    """The outcomes for one target, each worked out once, whether its test was selected or it explains another.

    `covering` finds the waiver that covers a failure, where there is one; `known` is the map of explanations.
    `edges` are those of its entries that have explained something.
    """

    def __init__(
        self,
        evidence: EvidenceLike,
        catalogue: Catalogue,
        unavailable: type[Exception],
        covering: Callable[[Outcome], Acceptance | None] = lambda _: None,
        known: Explanations | None = None,
    ) -> None:
        self.evidence = evidence
        self._catalogue = catalogue
        self._unavailable = unavailable
        self._covering = covering
        self._explanations = known or explanations()
        self._outcomes: dict[tuple[str, str | None], Outcome] = {}
        self._under_way: list[str] = []
        self._passed_over: set[str] = set()
        self.edges: set[str] = set()

    def judge(self, identifier: str, case: str | None) -> Outcome:
        """The outcome for the requirement and case."""
        key = (identifier, case)
        if key in self._outcomes:
            return self._outcomes[key]
        self._under_way.append(identifier)
        try:
            outcome = self._judged(self._catalogue.requirement(identifier), case)
        finally:
            self._under_way.pop()
            self._passed_over.discard(identifier)
        # What could not be read may be explained by what asks for it: what no failure explained, while one of them was
        # still under way, is asked again. A failure stands, since the one under way is then explained by it.
        if not self._passed_over or outcome.status in FAILED:
            self._outcomes[key] = outcome
        return outcome

    def all(self, identifier: str) -> list[Outcome]:
        """The outcomes for every case of the requirement."""
        cases = self._catalogue.requirement(identifier).cases_with(self.evidence.settings)
        return [self.judge(identifier, case) for case in cases]

    def root(self, outcome: Outcome) -> Outcome:
        """The failure that the outcome names as the one that explains or blocks it."""
        failures = [
            o for o in self.all(str(outcome.explained_by or outcome.blocked_by)) if o.status in FAILED
        ]
        # One that stands for itself comes before those that something else explains.
        return min(failures, key=lambda failure: failure.explained_by is not None)

    def arguments(self, check: Callable[..., str | None], case: str | None) -> dict[str, Any]:
        """The values of the check's parameters: `case`, `docket`, `evidence`, or a fact by its name."""
        known = {"case": case, "docket": self, "evidence": self.evidence, "target": self.evidence.target}
        return {
            name: known[name] if name in known else self.evidence.fact(name) for name in parameters(check)
        }

    def _judged(self, requirement: Requirement, case: str | None) -> Outcome:
        with self.evidence.noting() as seen:
            try:
                ruled = self._ruled_out(requirement, case) or self._outranked(requirement, case)
                outcome = ruled or self._verdict(requirement, case)
            except self._unavailable as failure:
                outcome = self._unread(requirement, case, failure)  # type: ignore[arg-type]
            # A fault of this suite's own code and no outcome: its tests are to meet it.
            except Undeclared:
                raise
            # A check that stumbles over malformed evidence has judged nothing; what it stumbled over is the reason.
            except Exception as error:  # noqa: BLE001
                outcome = self._stumbled(requirement, case, of_another_form(error, seen), seen)
        named = self.evidence.settings.stated.named
        told = {name: vars(outcome)[name] for name in ("expected", "observed", "reason")}
        lines = {name: one_line(named(text)) for name, text in told.items() if text is not None}
        remedy = [named(line) for line in outcome.remedy]
        return Outcome(**{**vars(outcome), **lines, "remedy": remedy, "evidence": sorted(seen)})

    def _ruled_out(self, requirement: Requirement, case: str | None) -> Outcome | None:
        reason = ruled_out(requirement, self.evidence)
        if reason is None:
            return None
        if requirement.cases_from == "consumers":
            with self.evidence.asking(requirement.id, ("programs_in_use",)):
                found = self.evidence.fact("programs_in_use")
            reason += f"; in use here: {', '.join(found)}" if found else ""
        return Outcome(requirement.id, case, "not_applicable", requirement.statement, reason=reason)

    def _outranked(self, requirement: Requirement, case: str | None) -> Outcome | None:
        """Where another provider than the requirement's may win, and does, it does not apply."""
        allowed = {*self.evidence.allowed_providers} - {requirement.provider}
        if not requirement.provider or not allowed:
            return None
        try:
            wins = self.evidence.winner
        except self._unavailable:
            return None
        # SSO that does not work stays a failure: only credentials that somebody allowed take its place.
        if wins not in allowed:
            return None
        reason = f"{wins} wins for the profile, which [credentials] allowed_providers has, and not {requirement.provider}"
        return Outcome(requirement.id, case, "not_applicable", requirement.statement, reason=reason)

    def _verdict(self, requirement: Requirement, case: str | None) -> Outcome:
        check = check_of(requirement.id)
        asks = check.asks  # type: ignore[attr-defined]
        try:
            with self.evidence.asking(requirement.id, asks):
                seen = check(**self.arguments(check, case))
        except NonCompliant as failure:
            return self._non_compliant(requirement, case, failure)
        except NotApplicable as ruled_out:
            return Outcome(
                requirement.id, case, "not_applicable", requirement.statement, reason=str(ruled_out.msg)
            )
        return Outcome(requirement.id, case, "compliant", requirement.statement, observed=seen)

    def _non_compliant(self, requirement: Requirement, case: str | None, failure: NonCompliant) -> Outcome:
        cause = self._catalogue.cause(failure.cause) if failure.cause else None
        target = self.evidence.target
        remedy = failure.remedy
        if remedy is None:
            names = {"profile": target.profile, "region": target.region, **failure.names}
            source = cause.remedy if cause and not failure.own_remedy else requirement.remedy
            with self.evidence.asking(requirement.id, ("platform",)):
                platform = self.evidence.platform
            filled = [
                source.answering(failure.status, platform, **{**names, **each})
                for each in failure.each or ({},)
            ]
            remedy = without_idle(list(dict.fromkeys(chain.from_iterable(zip(*filled, strict=True)))))
        outcome = Outcome(
            requirement.id,
            case,
            "non_compliant",
            failure.title
            or (cause.title if cause else requirement.not_met(case, target.profile, target.region)),
            cause=failure.cause,
            expected=failure.expected,
            observed=failure.observed,
            remedy=self._typed(remedy),
            fix=[fix.as_json() for fix in in_scripts(failure.fix)],
        )
        upstream = self._explanations.of_failure(requirement.id, case, failure.given, failure.by)
        root = self._root_among(upstream, requirement.id)
        accepted = root.accepted if root else self._covering(outcome)
        if root and accepted and requirement.severity == "blocker" and not accepted.accept_blocker:
            root, accepted = None, None  # what was accepted were no blockers: this one stands for itself
        return replace(
            outcome,
            status="waived" if accepted else "non_compliant",
            explained_by=root.requirement if root else None,
            waiver=accepted.id if accepted else None,
        )

    def _typed(self, remedy: Sequence[str]) -> list[str]:
        """The remedy as it is typed on this machine, by this caller, in this partition and account."""
        for as_typed in (as_typed_here, by_caller, where_it_is_set, in_partition):
            remedy = as_typed(remedy, self.evidence)
        return in_account(remedy, self.evidence.target)

    def _unread(self, requirement: Requirement, case: str | None, failure: Failure) -> Outcome:
        if failure.ruled_out:
            return Outcome(
                requirement.id, case, "not_applicable", requirement.statement, reason=failure.reason
            )
        upstream = self._explanations.of_unread(requirement.id, case, failure.facts, failure.given)
        root = self._root_among(upstream, requirement.id)
        return Outcome(
            requirement.id,
            case,
            "blocked" if root else "inconclusive",
            requirement.statement,
            reason=failure.reason,
            blocked_by=root.requirement if root else None,
            # Where a failure explains it, to grant a right would mend nothing.
            missing_actions=[] if root else sorted(failure.missing_actions),
        )

    def _stumbled(
        self, requirement: Requirement, case: str | None, reason: str, seen: Iterable[str]
    ) -> Outcome:
        """What a check has judged nothing by: blocked where something is wrong with how AWS's answers are read."""
        facts = (ODD_ANSWER,) if any(":" in key.partition(" ")[0] for key in seen) else ()
        root = self._root_among(self._explanations.of_unread(requirement.id, case, facts, ()), requirement.id)
        return Outcome(
            requirement.id,
            case,
            "blocked" if root else "inconclusive",
            requirement.statement,
            reason=reason,
            blocked_by=root.requirement if root else None,
        )

    def _root_among(self, upstream: Sequence[Upstream], asking: str) -> _Root | None:
        """The first of the requirements that fails, or the failure behind it, other than the one that asks."""
        for each in upstream:
            if each.requirement in self._under_way:
                self._passed_over.add(each.requirement)
                continue
            if self.evidence.enters and self._catalogue.requirement(each.requirement).scope != "enterprise":
                continue  # the files and tokens of this machine explain nothing about an account that is entered
            one = [self.judge(each.requirement, each.case)] if each.case else self.all(each.requirement)
            for outcome in one:
                root = self._behind(outcome, each.itself)
                # What the one that asks explains itself is no reason for it.
                if root and root.requirement != asking:
                    self.edges.add(each.edge)
                    return root
        return None

    def _behind(self, outcome: Outcome, itself: bool) -> _Root | None:
        """The failure that the outcome is, or that is behind it; a waived one only with what it explains."""
        if outcome.status == "blocked" and not itself:
            return _Root(str(outcome.blocked_by))
        if outcome.status == "non_compliant":
            return _Root(outcome.explained_by or outcome.requirement)
        if outcome.status == "waived":
            first = self.root(outcome) if outcome.explained_by else outcome
            accepted = self._covering(first)
            if accepted and accepted.with_explained:
                return _Root(first.requirement, accepted)
        return None


MOST_NAMED = 3


def of_another_form(error: Exception, seen: Iterable[str]) -> str:
    """What to say of evidence over which a check stumbles: what was read, and where it can be told what was expected there."""
    names = sorted({key.partition(" ")[0] for key in seen})
    # What AWS or a program answered is what others may have formed otherwise.
    answers = [name for name in names if ":" in name or "." in name] or names
    more = " and others" if len(answers) > MOST_NAMED else ""
    what = f"{', '.join(answers[:MOST_NAMED]) or 'the settings'}{more}"
    wanted = f": {error.args[0]!r} was expected in it" if isinstance(error, KeyError) and error.args else ""
    return f"what was read has another form than this suite knows ({what}){wanted}; the report's evidence.json has it"


NAMED_BY = {
    "cross_account_roles": "[production] cross_account_roles",
    "consumers": "[application] consumers, or --consumer,",
}
"""The settings that cases come from, as people write them."""


OF_ACCOUNTS = {
    "caller": "to an account of --accounts that is the auditor, and not who uses Bedrock there",
    "machine": "this one is not in the account",
}
"""Why what is not about the account does not apply to one that --accounts names."""


def ruled_out(requirement: Requirement, asked: Asked) -> str | None:
    """Why the options or settings rule the requirement out; None where they do not."""
    # The widest reason first: who asks about an account is not told of an option that would not help.
    if requirement.about and asked.enters:
        return f"is about the {requirement.about}: {OF_ACCOUNTS[requirement.about]}"
    if requirement.read == "probe" and not asked.probe:
        return "costs money or opens a session: run with --probe to include it"
    if requirement.environments and asked.purpose not in requirement.environments:
        return f"does not apply with --environment {asked.purpose}"
    if requirement.provider and requirement.provider not in asked.allowed_providers:
        allowed = ", ".join(asked.allowed_providers)
        return f"[credentials] allowed_providers are {allowed}, not {requirement.provider}"
    if requirement.control and not getattr(asked.settings.controls, requirement.control):
        return f"[controls] {requirement.control} is false"
    if requirement.cases_from and not asked.settings.cases(requirement.cases_from):
        return f"{NAMED_BY[requirement.cases_from]} names none"
    return None


def check_of(identifier: str) -> Callable[..., str | None]:
    """The requirement's check; imports the check modules where it was not selected. KeyError where there is none."""
    if identifier not in CHECKS:
        import_checks()
    return CHECKS[identifier]


def facts_behind(identifier: str) -> list[str]:
    """All facts that the requirement's check may ask for, and what the map of explanations calls the calls of AWS in them."""
    found: dict[str, None] = {}
    todo = sorted(check_of(identifier).asks)  # type: ignore[attr-defined]
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        found[name] = None
        known = FACTS[name]
        bedrock = any(call.startswith(("bedrock:", "bedrock-runtime:")) for call in known.calls)
        found.update(dict.fromkeys([CALL] * bool(known.calls) + [BEDROCK_CALL] * bedrock))
        todo += sorted({*known.asks, *(CREDENTIALS[:1] if known.calls else ())})
    return list(found)


def rests_on(identifier: str) -> list[str]:
    """The requirements whose failure may explain that this one is not met or cannot be judged, the nearest first."""
    return explanations().rests_on(identifier, facts_behind(identifier))


def explained_by(identifier: str) -> list[str]:
    """The requirements that a failure of this one may explain, in the guide's order."""
    return [each.id for each in load() if identifier in rests_on(each.id)]


def import_checks() -> None:
    """Imports every check module, so that all checks are registered whatever was selected."""
    for file in sorted(Path(__file__).parent.glob("*/test_*.py")):
        import_module(f"checks.{file.parent.name}.{file.stem}")
