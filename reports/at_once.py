"""What is decided before the rest is read: a login that is over, and what mends it. Nothing lies upstream of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from checks.plugin import docket, requirement_of, target_of
from fixtures.plugin import RUN, judges_everything, shows_only
from fixtures.readings import Unavailable

if TYPE_CHECKING:
    import pytest

    from checks.judgement import Docket, Outcome

LOGIN = ("SSO-01", "SSO-02", "SSO-03")
"""A token that is there, can be read, and lasts: each is judged by the machine's files alone."""
MOST = 8
"""Targets of which it is said; more would be a page before the run has begun."""


def ask_ahead(config: pytest.Config) -> None:
    """Where a login is over by the machine's files, has AWS asked for its time before the checks are collected: a clock that is
    ahead is what else it may be. Nothing where a check may be left out, which would not have asked."""
    if not judges_everything(config) or config.stash[RUN].backend_name != "live":
        return
    for target in config.stash[RUN].targets[:MOST]:
        evidence = config.stash[RUN].evidence(target)
        with suppress(Unavailable):
            if evidence.sso_token.is_over:
                # Here: a thread would wait at each file for the one that collects (sys.getswitchinterval).
                evidence.read("client", service="sts", region=target.region)
                evidence.prefetch(["clock_skew"])


def logins_that_are_over(session: pytest.Session) -> Iterator[tuple[str, Outcome]]:
    """The targets with such a login, each with the failure that says so, where that was selected and is a root cause."""
    config = session.config
    # Where pytest-xdist distributes (dsession), this process judges nothing.
    if shows_only(config) or session.testsfailed or config.pluginmanager.has_plugin("dsession"):
        return
    asked = {target_of(item) for item in session.items if requirement_of(item) in LOGIN}
    for target in config.stash[RUN].targets[:MOST]:
        outcome = _first(docket(config, target)) if target.id in asked else None
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
