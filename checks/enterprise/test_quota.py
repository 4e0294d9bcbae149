"""Support: what the account may ask of each configured model in a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from fixtures.evidence import Evidence
from fixtures.evidence.grants import CallerNames
from fixtures.evidence.quotas import ModelQuotas, Quota, names_of


@requirement("QTA-01")
def test_quota_is_above_zero(case: str, quotas: dict[str, ModelQuotas], caller_names: CallerNames) -> str:
    """The configured model has an applied quota above zero, per minute and per day."""
    variable, _, day = case.partition("-")
    own = quotas[variable]
    _require_runtime(own)
    if day and not own.daily:
        not_applicable(f"Service Quotas has no quota per day for {own.configured.name.text}")
    # AWS gives new accounts an applied quota of 0 for some models, whatever its default is.
    zero = [quota for quota in (own.daily if day else own.quotas) if quota.applied <= 0]
    if zero:
        require(
            False,
            cause="MOD12" if day else None,
            own_remedy=True,
            expected=f"more than 0 requests and tokens a {day or 'minute'} for {own.configured.name.text}",
            observed=f"{zero[0].name}: {zero[0].applied:,.0f} applied, and {_said(zero[0].default)} by default",
            account=caller_names.account,
            each=_asked_for([(zero[0], int(zero[0].default or 1))]),
            given=own.configured.in_its_way,
        )
    return "; ".join(f"{quota.name}: {quota.applied:,.0f}" for quota in (own.daily if day else own.quotas))


@requirement("QTA-02")
def test_quota_is_as_configured(
    case: str, quotas: dict[str, ModelQuotas], caller_names: CallerNames, evidence: Evidence
) -> str:
    """The configured model has at least the configured requests and tokens a minute."""
    own = quotas[case]
    _require_runtime(own)
    if not own.needed:
        _nothing_configured(case, quotas, evidence)
    short = own.short()
    require(
        not short,
        expected=f"{' and '.join(f'{need} {quota.unit}' for quota, need in short)} a minute",
        observed="; ".join(f"{quota.name}: {quota.applied:,.0f}" for quota, _ in short),
        account=caller_names.account,
        each=_asked_for(short),
        given=own.configured.in_its_way,
    )
    return "; ".join(f"{quota.name}: {quota.applied:,.0f}" for quota in own.quotas)


@requirement("QTA-03")
def test_increase_was_granted(
    case: str, quotas: dict[str, ModelQuotas], caller_names: CallerNames, evidence: Evidence
) -> str:
    """Where an increase was needed, the applied quota is above the default, or an approved request exists."""
    own = quotas[case]
    _require_runtime(own)
    if not own.needed:
        _nothing_configured(case, quotas, evidence)
    if own.quotas and not own.beyond_default():
        not_applicable(f"the defaults are enough for what is configured for {own.configured.name.text}")
    missing = [(quota, need) for quota, need in own.beyond_default() if not quota.raised]
    require(
        not missing,
        expected="an applied quota above the default, or an approved request for one",
        observed="; ".join(
            f"{quota.name}: {quota.applied:,.0f}, the default, {need} are needed and no request was approved"
            for quota, need in missing
        ),
        account=caller_names.account,
        each=_asked_for(missing),
        given=own.configured.in_its_way,
    )
    return "; ".join(
        f"{quota.name}: {quota.applied:,.0f}, {need} are needed" for quota, need in own.beyond_default()
    )


def _asked_for(wanted: Sequence[tuple[Quota, int]]) -> list[dict[str, object]]:
    """The remedy's names for each quota that Service Quotas takes a request for, and for all others, as those of a new account
    are, what to ask for instead."""
    names: list[dict[str, object]] = [
        {"resource": quota.code, "value": str(need)} for quota, need in wanted if quota.adjustable
    ]
    others = [f"{need:,} of {quota.name} ({quota.code})" for quota, need in wanted if not quota.adjustable]
    return [*names, {"statement": Words(" and ".join(others))}] if others else names


def _require_runtime(own: ModelQuotas) -> None:
    if own.configured.name.kind == "deployment":
        not_applicable(
            f"{own.configured.name.text} is the account's own, and counts against no quota of on-demand models"
        )
    if own.configured.name.kind == "mantle":
        not_applicable("[models] endpoint is mantle, which has quotas of its own, per model and Region")


def _nothing_configured(case: str, quotas: dict[str, ModelQuotas], evidence: Evidence) -> NoReturn:
    used = {name for each in quotas.values() for name in names_of(each.configured)}
    unused = [name for name in evidence.settings.quotas if name not in used]
    besides = f"; {', '.join(unused)}, which [quotas] has, is not in use" if unused else ""
    not_applicable(f'[quotas."{quotas[case].configured.name.text}"] asks for nothing{besides}')


def _said(default: float | None) -> str:
    return "nothing" if default is None else f"{default:,.0f}"
