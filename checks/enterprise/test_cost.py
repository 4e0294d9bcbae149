"""Monitoring: what Bedrock costs, and who hears of it before the bill does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from checks.signing import signed_for
from fixtures.evidence import Evidence
from fixtures.evidence.costs import Budget, Charge, Monitor, Told, billed_as
from fixtures.evidence.identity import Identity
from fixtures.readings import Unavailable
from fixtures.unread import satisfying


@requirement("COST-01", asks=("attestations", "payer"))
def test_budget_covers_bedrock(
    budgets: list[Budget] | None, charges: list[Charge], identity: Identity, evidence: Evidence
) -> str:
    """A budget covers Bedrock and the model providers' own billing names, or the whole account."""
    known = _of_own_bill(budgets)
    uncovered = [charge for charge in charges if not any(budget.covers(charge) for budget in known)]
    missing = [billed_as(each) for each in uncovered if not any(budget.may_cover(each) for budget in known)]
    observed = f"none of {len(known)} cost budgets covers {', '.join(missing)}"
    require(
        not missing or evidence.payer is not None,
        expected="cost budgets over the whole account, or over each name that the models are billed under",
        observed=observed,
        account=identity.account,
        each=[{"value": Words(json.dumps(missing))}],
    )
    if missing:
        return signed_for("COST-01", _of_the_payer(evidence), evidence, here=observed)
    for charge in uncovered:
        in_doubt = _in_doubt(next(each for each in known if each.may_cover(charge)), charge)
        return signed_for("COST-01", in_doubt, evidence)
    return f"{_covering(known, charges)}: {len(known)} cost budgets, {len(charges)} names that the models are billed under"


@requirement("COST-02", asks=("attestations", "payer"))
def test_budget_has_subscribers(
    budgets: list[Budget] | None,
    budget_subscribers: dict[str, Told],
    charges: list[Charge],
    identity: Identity,
    evidence: Evidence,
) -> str:
    """The notifications of that budget have subscribers."""
    known, told = _of_own_bill(budgets), budget_subscribers
    for charge in charges:
        covering = [budget.name for budget in known if budget.covers(charge)]
        if not covering:
            unknown = f"no budget is known to cover {billed_as(charge)}"
            if any(budget.may_cover(charge) for budget in known) or evidence.payer:
                return signed_for("COST-02", unknown, evidence, given=("no-budget",))
            raise Unavailable(unknown, given=("no-budget",))
        if not satisfying(covering, lambda name: told[name].anybody):
            require(
                False,
                expected="a subscriber to a notification of the budget",
                observed=f"budget {covering[0]}, which covers {billed_as(charge)}: {told[covering[0]].problem}",
                account=identity.account,
                resource=covering[0],
            )
    return f"somebody hears of {_covering(known, charges)}"


@requirement("COST-03", asks=("attestations", "payer"))
def test_anomalies_are_reported(
    anomaly_monitors: list[Monitor] | None, charges: list[Charge], evidence: Evidence
) -> str:
    """A cost-anomaly monitor with a subscription covers the services."""
    monitors = _of_own_bill(anomaly_monitors)
    for charge in charges:
        covering = [monitor for monitor in monitors if monitor.covers(charge)]
        if satisfying(covering, _is_heard):
            continue
        if in_doubt := satisfying([each for each in monitors if each.may_cover(charge)], _is_heard):
            return signed_for("COST-03", _in_doubt(in_doubt[0], charge), evidence)
        if covering:
            told = covering[0].told
            problem = told.problem if told else "no subscription names it"
            observed = f"monitor {covering[0].name}, which covers {billed_as(charge)}: {problem}"
        else:
            observed = f"none of {len(monitors)} anomaly monitors covers {billed_as(charge)}"
        if evidence.payer:
            return signed_for("COST-03", _of_the_payer(evidence), evidence, here=observed)
        require(
            False, expected="an anomaly monitor of the services that somebody hears of", observed=observed
        )
    return f"{_covering(monitors, charges)} covers what the models are billed under, and somebody hears of it"


def _of_the_payer(evidence: Evidence) -> str:
    return f"account {evidence.payer} pays for this one, and what it has is not read here"


def _is_heard(monitor: Monitor) -> bool:
    return monitor.told is not None and monitor.told.anybody


def _in_doubt(entry: Budget | Monitor, charge: Charge) -> str:
    kind = "budget" if isinstance(entry, Budget) else "monitor"
    by = "it counts by tags or the like, and what carries them is not read here"
    return f"{kind} {entry.name} may cover {billed_as(charge)}: {by}"


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
