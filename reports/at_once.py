"""What is decided before the rest is read: a login that is over, and what mends it. Nothing lies upstream of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, wait
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from checks.judgement import import_checks
from checks.plugin import docket, requirement_of, target_of
from fixtures.plugin import RUN, distributes, judges_everything, shows_only
from fixtures.readings import Unavailable

if TYPE_CHECKING:
    from checks.judgement import Docket, Outcome
    from fixtures.evidence import Evidence
    from fixtures.targets import Target

LOGIN = ("SSO-01", "SSO-02", "SSO-03")
"""A token that is there, can be read, and lasts: each is judged by the machine's files alone."""
PATIENCE = 1.0
"""Seconds for AWS to tell its time, in all."""
UNTIL = pytest.StashKey[float]()
"""When they are over, by the monotonic clock."""
MOST = 8
"""Targets of which it is said; more would be a page before the run has begun."""


def before_collecting(config: pytest.Config) -> Iterator[tuple[str, Outcome]]:
    """The targets whose login is over by the machine's files, each with the failure that says so, where it is a root cause.

    It is told before the checks are collected where none of them is left out: nothing is asked that would not be asked then.
    """
    # The environment of a simulated machine is for judging it.
    if judges_everything(config) and config.stash[RUN].backend_name == "live":
        run = config.stash[RUN]
        over = [target for target in run.targets[:MOST] if _is_over(run.evidence(target))]
        yield from _told(config, over)


def before_judging(session: pytest.Session, told: Collection[str]) -> Iterator[tuple[str, Outcome]]:
    """The same of the selected checks, for targets of which it has not been `told`, and whatever else is wrong with a login."""
    config = session.config
    if shows_only(config) or session.testsfailed or distributes(config):
        return
    asked = {target_of(item) for item in session.items if requirement_of(item) in LOGIN}.difference(told)
    yield from _told(config, [each for each in config.stash[RUN].targets[:MOST] if each.id in asked])


def _is_over(evidence: Evidence) -> bool:
    """Whether the login has ended or is about to, by this machine's clock: one that is ahead is what else it may be."""
    try:
        return not evidence.sso_token.lasts(timedelta(minutes=evidence.settings.credentials.minimum_minutes))
    except Unavailable:  # there is none, or it cannot be read
        return False


def _ask_the_time(evidence: Evidence) -> list[Future[None]]:
    """Has AWS asked, where it hangs on that whether a login is over."""
    if not (evidence.waits and evidence.asks_aws and _is_over(evidence)):
        return []
    # Here: a thread would wait at each file of the SDK for the one that imports the checks (sys.getswitchinterval).
    evidence.read("client", service="sts", region=evidence.target.region)
    # Where no thread is to be had nobody waits for it here.
    return evidence.prefetch(["clock_skew"]) or [Future()]


def _told(config: pytest.Config, targets: Iterable[Target]) -> Iterator[tuple[str, Outcome]]:
    until = config.stash.setdefault(UNTIL, time.monotonic() + PATIENCE)
    asked = {target: _ask_the_time(config.stash[RUN].evidence(target)) for target in targets}
    if asked:
        import_checks()
    wait([answer for answers in asked.values() for answer in answers], max(0, until - time.monotonic()))
    for target, answers in asked.items():
        # Where AWS does not tell, the others are not to wait for it: then it is told at the end.
        outcome = _first(docket(config, target)) if all(each.done() for each in answers) else None
        if outcome:
            yield target.id, outcome


def _first(judged: Docket) -> Outcome | None:
    for identifier in LOGIN:
        outcome = judged.judge(identifier, None)
        if outcome.status == "non_compliant" and outcome.explained_by is None:
            return outcome
        if outcome.status != "compliant":
            return None
    return None
