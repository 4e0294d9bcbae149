"""Support: what the account may ask of each configured model in a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

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
            remedy=_by_a_case([(zero[0], int(zero[0].default or 1))], caller_names),
            expected=f"more than 0 requests and tokens a {day or 'minute'} for {own.configured.name.text}",
            observed=f"{zero[0].name}: {zero[0].applied:,.0f} applied, and {_said(zero[0].default)} by default",
            account=caller_names.account,
            resource=zero[0].code,
            value=f"{zero[0].default or 1:.0f}",
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
        remedy=_by_a_case(short, caller_names),
        each=[{"resource": quota.code, "value": str(need)} for quota, need in short],
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
        remedy=_by_a_case(missing, caller_names),
        each=[{"resource": quota.code, "value": str(need)} for quota, need in missing],
        given=own.configured.in_its_way,
    )
    return "; ".join(
        f"{quota.name}: {quota.applied:,.0f}, {need} are needed" for quota, need in own.beyond_default()
    )


def _by_a_case(wanted: Sequence[tuple[Quota, int]], caller: CallerNames) -> list[str] | None:
    """Where Service Quotas takes no request for any of the quotas, as for those of a new account: whom to ask instead."""
    if not wanted or any(quota.adjustable for quota, _ in wanted):
        return None
    asked = " and ".join(f"{need:,} of {quota.name} ({quota.code})" for quota, need in wanted)
    account = caller.account or "<account>"
    return [
        f"# Service Quotas takes no request for it: an administrator opens a support case for account {account},",
        f"# under Account and billing, which every support plan has, or asks the account team: {asked}",
    ]


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
