"""Remedies as code: the resource that mends a requirement, as CloudFormation and as Terraform. resources.toml describes them.

They are text for whoever deploys; nothing here applies anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import Any

from checks.catalogue import load
from checks.entries import Names, Text
from fixtures.late import dataclass
from fixtures.text.nearest import nearest
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("resources.toml")
KNOWN = {
    "region": ("AWS::Region", "data.aws_region.current.region"),
    "account": ("AWS::AccountId", "data.aws_caller_identity.current.account_id"),
}
"""What both know by themselves: CloudFormation's pseudo parameter, Terraform's data source."""
_HOLE = re.compile(r"\$\{(\w+)\}")

Table = Mapping[str, Any]


def _none() -> Table:
    return MappingProxyType({})


@dataclass(frozen=True)
class Resource:
    """A resource, as resources.toml says what its fields mean."""

    requirements: Names
    name: Text
    cloudformation: Text = ""
    terraform: Text = ""
    no_cloudformation: Text = ""
    parameters: Mapping[str, str] = field(default_factory=_none)
    properties: Mapping[str, Any] = field(default_factory=_none)
    cloudformation_names: Mapping[str, str] = field(default_factory=_none)
    policy: Mapping[str, Any] = field(default_factory=_none)
    only_cloudformation: Mapping[str, Any] = field(default_factory=_none)
    only_terraform: Mapping[str, Any] = field(default_factory=_none)

    def problem(self) -> tuple[str, str] | None:
        if bool(self.no_cloudformation) == bool(self.cloudformation):
            return "no_cloudformation", "stands where there is no cloudformation, and says why"
        own = (self.properties, self.policy, self.only_cloudformation, self.only_terraform)
        used = {name for table in own for text in _texts(table) for name in _HOLE.findall(text)}
        if unknown := sorted(used - self.parameters.keys() - KNOWN.keys()):
            return "properties", f"{unknown[0]!r} is no parameter of it{nearest(unknown[0], self.parameters)}"
        if unused := sorted(self.parameters.keys() - used):
            return "parameters", f"{unused[0]!r} stands in no property"
        return None


@dataclass(frozen=True)
class _Resources:
    resource: tuple[Resource, ...]


@cache
def resources() -> tuple[Resource, ...]:
    """All of them; TomlError where one mends what is no requirement of the guide's."""
    file = TomlFile.load(FILE)
    known = {requirement.id for requirement in load()}
    found = file.build(_Resources).resource
    for number, resource in enumerate(found):
        for unknown in sorted(set(resource.requirements) - known):
            problem = f"no requirement is called {unknown!r}{nearest(unknown, known)}"
            raise file.error(("resource", number, "requirements"), problem)
    return found


def as_code(requirement: str) -> dict[str, str]:
    """What mends the requirement, by `cloudformation` and `terraform`, where it is a resource; else nothing."""
    own = [resource for resource in resources() if requirement in resource.requirements]
    templates = {"cloudformation": cloudformation(own), "terraform": terraform(own)}
    return {language: text for language, text in templates.items() if text}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, Sequence):
        for entry in value:
            yield from _texts(entry)


def _parameters(own: Iterable[Resource]) -> dict[str, str]:
    return {name: about for resource in own for name, about in resource.parameters.items()}


# ----------------------------------------------------------------------------------------------- CloudFormation


def cloudformation(own: Sequence[Resource]) -> str:
    """A template with the resources, as JSON; "" where CloudFormation has none of them."""
    there = [resource for resource in own if resource.cloudformation]
    if not there:
        return ""
    parameters = {
        _camel(name): {"Type": "String", "Description": about} for name, about in _parameters(there).items()
    }
    made = {
        _camel(resource.name): {
            "Type": resource.cloudformation,
            "Properties": _mapped(_of_cloudformation(resource), _reference),
        }
        for resource in there
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        **({"Parameters": parameters} if parameters else {}),
        "Resources": made,
    }
    return json.dumps(template, indent=1, ensure_ascii=False) + "\n"


def _of_cloudformation(resource: Resource) -> dict[str, Any]:
    """Its properties by CloudFormation's names."""
    names = resource.cloudformation_names
    own = {names.get(name, _camel(name)): value for name, value in resource.properties.items()}
    policy = {"PolicyDocument": resource.policy} if resource.policy else {}
    return {**own, **policy, **resource.only_cloudformation}


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _reference(text: str) -> Any:
    """The text with its parameters as CloudFormation refers to them."""
    names = _HOLE.findall(text)
    if not names:
        return text
    told = {name: KNOWN[name][0] if name in KNOWN else _camel(name) for name in names}
    if _HOLE.fullmatch(text):
        return {"Ref": told[names[0]]}
    return {"Fn::Sub": _HOLE.sub(lambda match: f"${{{told[match[1]]}}}", text)}


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(entry, change) for key, entry in value.items()}
    return [_mapped(entry, change) for entry in value] if isinstance(value, list | tuple) else value


# ---------------------------------------------------------------------------------------------------- Terraform


def terraform(own: Sequence[Resource]) -> str:
    """A module with the resources; "" where Terraform's provider has none of them."""
    there = [resource for resource in own if resource.terraform]
    if not there:
        return ""
    reasons = [each.no_cloudformation for each in there if each.no_cloudformation]
    parts = [fill(reason, 100, initial_indent="# ", subsequent_indent="# ") for reason in reasons]
    parts += [
        f"variable {_quoted(name)} {{\n  type        = string\n  description = {_quoted(about)}\n}}"
        for name, about in _parameters(there).items()
    ]
    written = "\n\n".join(
        _block(f"resource {_quoted(each.terraform)} {_quoted(each.name)}", _of_terraform(each), 0)
        for each in there
    )
    sources = [KNOWN[name][1].split(".")[1] for name in KNOWN if KNOWN[name][1] in written]
    parts += [f'data "{source}" "current" {{}}' for source in sources]
    return "\n\n".join([*parts, written]) + "\n"


def _of_terraform(resource: Resource) -> dict[str, Any]:
    policy = {"policy": _Document(resource.policy)} if resource.policy else {}
    return {**resource.properties, **policy, **resource.only_terraform}


@dataclass(frozen=True)
class _Document:
    """A value that is written as its JSON text."""

    content: Table


def _block(head: str, body: Table, depth: int) -> str:
    """A block: its arguments, lined up as `terraform fmt` does, and blocks within it for tables."""
    pad = "  " * depth
    arguments = {name: value for name, value in body.items() if not isinstance(value, Mapping)}
    width = max(map(len, arguments), default=0)
    lines = [f"{pad}  {name:<{width}} = {_expression(value)}" for name, value in arguments.items()]
    for name, value in body.items():
        if isinstance(value, Mapping):
            lines += [""] * bool(lines) + [_block(name, value, depth + 1)]
    return "\n".join([f"{pad}{head} {{", *lines, f"{pad}}}"])


def _expression(value: Any) -> str:
    if isinstance(value, _Document):
        return f"jsonencode({_expression(value.content)})"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _variable(value)
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_quoted(key)} = {_expression(entry)}" for key, entry in value.items()) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_expression, value)) + "]"
    return str(value)


def _variable(text: str) -> str:
    """The text with its parameters as Terraform refers to them."""
    told = {name: KNOWN[name][1] if name in KNOWN else f"var.{name}" for name in _HOLE.findall(text)}
    if _HOLE.fullmatch(text):
        return next(iter(told.values()))
    return _HOLE.sub(lambda match: f"${{{told[match[1]]}}}", _quoted(text))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
