"""auditor-policy.json: an IAM policy with the actions that the checks of a run need, and no others.

With --auditor-profile it is the policy for that profile; without, what is read about the account and what is asked as the
profile itself are two statements of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from checks.judgement import check_of
from fixtures.aws.operations import operations
from fixtures.evidence import FACTS
from fixtures.targets import AUDITOR
from reports.results import Result

UNEVALUATED = ("blocked", "inconclusive")
ACCOUNT, PROFILE = "ReadAboutTheAccount", "AskAsTheProfile"


def policy(results: Iterable[Result], *, auditor: bool) -> dict[str, Any]:
    """The policy document for these results; `auditor` tells whether a second profile reads about the account."""
    needed = sorted({name for result in results for name in operations_for(result)})
    listed = operations()
    account = {listed[name].action for name in needed if listed[name].by == AUDITOR}
    profile = set() if auditor else {listed[name].action for name in needed if listed[name].by != AUDITOR}
    statements = [
        {"Sid": sid, "Effect": "Allow", "Action": sorted(actions - {""}), "Resource": "*"}
        for sid, actions in ((ACCOUNT, account), (PROFILE, profile - account))
        if actions - {""}
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def operations_for(result: Result) -> set[str]:
    """The operations that the result rests on; where it could not be evaluated, those that its check may ask for too.

    Those are only followed as far as the facts' code names them: so they are for a run that did not get that far.
    """
    asked = {key.split(" ", 1)[0] for key in result["evidence"]} & set(operations())
    if result["status"] in UNEVALUATED:
        asked |= operations_named_by(check_of(result["requirement"]))
    return asked


@cache
def operations_named_by(check: Callable[..., None]) -> frozenset[str]:
    """The operations that the code of the check's facts names, and of the facts and functions that these use."""
    listed = operations()
    todo: list[Any] = [FACTS[name] for name in inspect.signature(check).parameters if name in FACTS]
    todo.append(check)
    found: set[str] = set()
    visited: set[int] = set()
    while todo:
        function = inspect.unwrap(todo.pop())
        if id(function) in visited or not isinstance(function, FunctionType):
            continue
        visited.add(id(function))
        for value in _mentioned(function):
            if isinstance(value, str):
                found.update({value} & listed.keys())
                todo += [FACTS[value]] if value in FACTS else []
            else:
                todo += _functions(value)
    return frozenset(name for name in found if not listed[name].probe)


@cache
def _mentioned(function: FunctionType) -> tuple[Any, ...]:
    """Of what the function's code mentions the names of operations and facts, and the functions and classes of facts."""
    known = operations().keys() | FACTS.keys()
    return tuple(
        value
        for value in _constants(function.__code__, function.__globals__)
        if (value in known if isinstance(value, str) else _is_evidence(value))
    )


def _constants(code: CodeType, names: Mapping[str, Any]) -> Iterator[Any]:
    """What the code mentions: its constants, those of the functions inside it, and the globals it names."""
    for value in (*code.co_consts, *(names[name] for name in code.co_names if name in names)):
        if isinstance(value, CodeType):
            yield from _constants(value, names)
        else:
            yield from _inside(value)


def _inside(value: Any) -> Iterator[Any]:
    """The value, or what the collection holds."""
    if isinstance(value, tuple | list | set | frozenset | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _inside(each)
    else:
        yield value


def _is_evidence(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith("fixtures.evidence.")


def _functions(value: Any) -> list[Any]:
    """The function itself, or those of a class."""
    if not inspect.isclass(value):
        return [value]
    members = (getattr(member, "fget", member) for member in vars(value).values())
    return [getattr(member, "func", member) for member in members]
