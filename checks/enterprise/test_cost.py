"""Monitoring: what Bedrock costs, and who hears of it before the bill does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from checks.requirement import not_applicable, require, requirement
from fixtures.evidence.costs import Budget, Charge, Monitor, Told, billed_as
from fixtures.evidence.identity import Identity
from fixtures.readings import Unavailable
from fixtures.unread import satisfying


@requirement("COST-01")
def test_budget_covers_bedrock(
    budgets: list[Budget] | None, charges: list[Charge], identity: Identity
) -> str:
    """A budget covers Bedrock and the model providers' own billing names, or the whole account."""
    known = _of_own_bill(budgets)
    missing = [billed_as(charge) for charge in charges if not any(budget.covers(charge) for budget in known)]
    require(
        not missing,
        expected="cost budgets over the whole account, or over each name that the models are billed under",
        observed=f"none of {len(known)} cost budgets covers {', '.join(missing)}",
        account=identity.account,
        value=", ".join(missing),
    )
    return f"{_covering(known, charges)}: {len(known)} cost budgets, {len(charges)} names that the models are billed under"


@requirement("COST-02")
def test_budget_has_subscribers(
    budgets: list[Budget] | None,
    budget_subscribers: dict[str, Told],
    charges: list[Charge],
    identity: Identity,
) -> str:
    """The notifications of that budget have subscribers."""
    known, told = _of_own_bill(budgets), budget_subscribers
    for charge in charges:
        covering = [budget.name for budget in known if budget.covers(charge)]
        if not covering:
            raise Unavailable(f"no budget covers {charge['SERVICE']}", given=("no-budget",))
        if not satisfying(covering, lambda name: told[name].anybody):
            require(
                False,
                expected="a subscriber to a notification of the budget",
                observed=f"budget {covering[0]}, which covers {charge['SERVICE']}: {told[covering[0]].problem}",
                account=identity.account,
                resource=covering[0],
            )
    return f"somebody hears of {_covering(known, charges)}"


@requirement("COST-03")
def test_anomalies_are_reported(anomaly_monitors: list[Monitor] | None, charges: list[Charge]) -> str:
    """A cost-anomaly monitor with a subscription covers the services."""
    monitors = _of_own_bill(anomaly_monitors)
    for charge in charges:
        covering = [monitor for monitor in monitors if monitor.covers(charge)]
        if satisfying(covering, lambda monitor: monitor.told is not None and monitor.told.anybody):
            continue
        if covering:
            told = covering[0].told
            problem = told.problem if told else "no subscription names it"
            observed = f"monitor {covering[0].name}, which covers {charge['SERVICE']}: {problem}"
        else:
            observed = f"none of {len(monitors)} anomaly monitors covers {charge['SERVICE']}"
        require(
            False, expected="an anomaly monitor of the services that somebody hears of", observed=observed
        )
    return f"{_covering(monitors, charges)} covers what the models are billed under, and somebody hears of it"


def _covering(entries: Sequence[Budget] | Sequence[Monitor], charges: Sequence[Charge]) -> str:
    """The names of those that cover something of the charges."""
    return ", ".join(
        dict.fromkeys(each.name for charge in charges for each in entries if each.covers(charge))
    )


Entry = TypeVar("Entry")


def _of_own_bill(entries: list[Entry] | None) -> list[Entry]:
    if entries is None:
        not_applicable("the partition has no bill of its own: it is on that of the account in aws")
    return entries
