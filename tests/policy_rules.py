"""IAM's rules for policies, said a second time and otherwise: to compare the evaluator with.

From the IAM User Guide ("IAM JSON policy elements: Condition operators", "… Resource", "… Action", "Policy evaluation logic").
Patterns are compared character by character, without regular expressions; nothing is shared with the evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Context = Mapping[str, Sequence[str]]


def like(pattern: str, text: str) -> bool:
    """`*` is any number of characters, `?` is one."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return like(pattern[1:], text) or (bool(text) and like(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and like(pattern[1:], text[1:])


def names_resource(pattern: str, resource: str) -> bool:
    """A Resource: `*`, or an ARN field by field, of which missing ones are wildcards; a `*` that ends a field runs on."""
    if pattern == "*":
        return True
    fields = pattern.split(":")
    fields += ["*"] * (6 - len(fields))
    return _fields([*fields[:5], ":".join(fields[5:])], resource)


def _fields(fields: list[str], text: str) -> bool:
    first, rest = fields[0], fields[1:]
    if not rest:
        return like(first, text)
    ends = [i for i, character in enumerate(text) if character == ":"]
    if not first.endswith("*"):
        ends = ends[:1]
    return any(
        like_in_field(first, text[:end]) and _fields(rest, text[end + 1 :]) for end in ends if end < len(text)
    )


def like_in_field(pattern: str, text: str) -> bool:
    """As `like`, but only a last `*` takes colons."""
    if ":" not in text:
        return like(pattern, text)
    stem = pattern[:-1] if pattern.endswith("*") else pattern
    return any(":" not in text[:cut] and like(stem, text[:cut]) for cut in range(len(text) + 1))


def covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    named = next(statement[key] for key in ("Action", "NotAction") if key in statement)
    on = next(statement[key] for key in ("Resource", "NotResource") if key in statement)
    acts = any(like(each.lower(), action.lower()) for each in _many(named))
    found = any(names_resource(each, resource) for each in _many(on))
    return acts is ("Action" in statement) and found is ("Resource" in statement)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def compares(operator: str, wanted: str, given: str) -> bool:
    """One value of a positive operator with one value of the request."""
    if operator == "StringEquals":
        return wanted == given
    if operator == "StringEqualsIgnoreCase":
        return wanted.casefold() == given.casefold()
    if operator == "StringLike":
        return like(wanted, given)
    if operator in ("ArnEquals", "ArnLike"):
        fields, parts = wanted.split(":", 5), given.split(":", 5)
        return len(parts) == 6 and all(map(like, fields, parts))
    if operator == "Bool":
        return (wanted.lower() == "true") is (given.lower() == "true")
    numbers = {"NumericEquals": "==", "NumericLessThan": "<", "NumericGreaterThanEquals": ">="}
    order = (float(given) > float(wanted)) - (float(given) < float(wanted))
    return {"==": order == 0, "<": order < 0, ">=": order >= 0}[numbers[operator]]


NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def condition_holds(operator: str, key: str, wanted: Any, context: Context) -> bool:
    """One operator and key of a Condition."""
    given = list({name.lower(): values for name, values in context.items()}.get(key.lower(), []))
    values = [str(each).lower() if isinstance(each, bool) else str(each) for each in _many(wanted)]
    if operator == "Null":
        return ("false" if given else "true") in [value.lower() for value in values]
    quantifier, _, plain = operator.rpartition(":")
    optional = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    negated, base = plain in NEGATED, NEGATED.get(plain, plain)
    if not given:
        if quantifier == "ForAnyValue":
            return optional
        return quantifier == "ForAllValues" or optional or negated

    def one(value: str) -> bool:
        found = [compares(base, each, value) for each in values]
        return not any(found) if negated else any(found)

    return all(map(one, given)) if quantifier == "ForAllValues" else any(map(one, given))


def applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    conditions = [
        condition_holds(operator, key, wanted, context)
        for operator, entries in statement.get("Condition", {}).items()
        for key, wanted in entries.items()
    ]
    return covers(statement, action, resource) and all(conditions)


def decision(
    layers: Sequence[Sequence[Mapping[str, Any]]], action: str, resource: str, context: Context
) -> str:
    """`explicitDeny`, `implicitDeny` or `allowed` by layers of statements."""
    found = [[s["Effect"] for s in layer if applies(s, action, resource, context)] for layer in layers]
    if any("Deny" in effects for effects in found):
        return "explicitDeny"
    return "allowed" if all("Allow" in effects for effects in found) else "implicitDeny"
