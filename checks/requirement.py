"""The words a check is written in: `requirement`, `require`, `not_applicable`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from _pytest.outcomes import Failed, Skipped

from checks.fixes import Fix
from fixtures.evidence import FACTS
from fixtures.text.nearest import nearest

Check = TypeVar("Check", bound=Callable[..., "str | None"])

CHECKS: dict[str, Callable[..., str | None]] = {}
"""The check of each requirement whose module has been imported, by requirement ID."""


class NonCompliant(Failed):
    """Evidence was read, and it does not meet the requirement.

    `cause` is a failure mode's code or None; `expected` and `observed` are one line each, and so is `title`, in place of
    the cause's or of the requirement's statement, where neither says the failure; `names` fill the remedy's
    placeholders, and `each` repeats it for further names; of instructions for an HTTP status each it has the one for
    `status`; the remedy is the cause's, or with `own_remedy` the requirement's; `remedy` replaces either; `given` are the
    conditions that were met, by which the map of explanations is narrowed to what can explain this failure, and `by` the
    one requirement where the map leaves it to the check; `fix` is what a script can do about it on this machine.
    """

    def __init__(
        self,
        *,
        expected: str,
        observed: str,
        cause: str | None = None,
        title: str | None = None,
        remedy: Sequence[str] | None = None,
        given: Sequence[str] = (),
        by: str | None = None,
        own_remedy: bool = False,
        each: Sequence[Mapping[str, object]] = (),
        status: str = "",
        fix: Sequence[Fix] = (),
        **names: str,
    ) -> None:
        # No traceback: pytest prints the values of fixtures in it.
        super().__init__(f"expected {expected}; observed {observed}", pytrace=False)
        self.expected = expected
        self.observed = observed
        self.cause = cause
        self.title = title
        self.remedy = remedy
        self.given = tuple(given)
        self.by = by
        self.own_remedy = own_remedy
        self.each = each
        self.status = status
        self.fix = fix
        self.names = names


class NotApplicable(Skipped):
    """The settings or the platform rule the requirement out; the reason says which."""


GIVEN = ("case", "docket", "evidence", "target")
"""What a check's parameters may name besides facts."""


def requirement(identifier: str, *, asks: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Makes the function the check of this requirement of the guide.

    It raises NonCompliant where the requirement is not met, and returns what was seen where it is, as one line. Its
    parameters name the facts that it is about; `asks` are those that it asks for only where it has to. ValueError
    where the requirement has a check already, TypeError where a fact is not known.
    """

    def register(check: Check) -> Check:
        known = CHECKS.get(identifier)
        if known is not None and (known.__module__, known.__qualname__) != (
            check.__module__,
            check.__qualname__,
        ):
            raise ValueError(f"{identifier} is checked by {known.__qualname__} and by {check.__qualname__}")
        _hold_to_the_facts(check, asks)
        CHECKS[identifier] = check
        check.asks = facts_of(check) | frozenset(asks)  # type: ignore[attr-defined]
        check.requirement_id = identifier  # type: ignore[attr-defined]
        return check

    return register


def parameters(check: Callable[..., str | None]) -> tuple[str, ...]:
    """The names of the check's parameters, of which it may have any number by name."""
    code = check.__code__  # type: ignore[attr-defined]
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def facts_of(check: Callable[..., str | None]) -> frozenset[str]:
    """The names of the facts that the check's parameters name."""
    return frozenset(parameters(check)) - {*GIVEN}


def _hold_to_the_facts(check: Callable[..., str | None], asks: tuple[str, ...]) -> None:
    for name in (*facts_of(check), *asks):
        if name not in FACTS:
            raise TypeError(
                f"{check.__qualname__} asks for {name}: no fact is called so{nearest(name, FACTS)}"
            )


def require(
    condition: bool,
    *,
    expected: str,
    observed: str,
    cause: str | None = None,
    title: str | None = None,
    remedy: Sequence[str] | None = None,
    given: Sequence[str] = (),
    by: str | None = None,
    own_remedy: bool = False,
    each: Sequence[Mapping[str, object]] = (),
    status: str = "",
    fix: Callable[[], Sequence[Fix]] | Sequence[Fix] = (),
    **names: Any,
) -> None:
    """Raises NonCompliant unless the condition holds; a `fix` that takes working out may be a function."""
    if not condition:
        texts = {
            name: value if isinstance(value, str) else str(value)
            for name, value in names.items()
            if value is not None
        }
        raise NonCompliant(
            expected=expected,
            observed=observed,
            cause=cause,
            title=title,
            remedy=remedy,
            given=given,
            by=by,
            own_remedy=own_remedy,
            each=each,
            status=status,
            fix=fix() if callable(fix) else fix,
            **texts,
        )


def not_applicable(reason: str) -> NoReturn:
    """Says that the requirement does not apply, and which setting or platform rules it out."""
    raise NotApplicable(reason)
