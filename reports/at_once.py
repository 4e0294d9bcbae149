"""What is decided before the rest is read: a login that is over, and what mends it. Nothing lies upstream of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.plugin import docket, requirement_of, target_of
from fixtures.plugin import RUN, shows_only

if TYPE_CHECKING:
    import pytest

    from checks.judgement import Docket, Outcome

LOGIN = ("SSO-01", "SSO-02", "SSO-03")
"""A token that is there, can be read, and lasts: each is judged by the machine's files alone."""
MOST = 8
"""Targets of which it is said; more would be a page before the run has begun."""


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
