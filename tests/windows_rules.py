"""What can be said of scripts for Windows where there is none: PowerShell's grammar, and the rules of cmd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter
import tree_sitter_powershell

GRAMMAR = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


@cache
def parsed(text: str) -> tree_sitter.Tree:
    return GRAMMAR.parse(text.removeprefix("\ufeff").encode())


def nodes(tree: tree_sitter.Tree, *kinds: str) -> Iterator[tree_sitter.Node]:
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.children)
        if not kinds or node.type in kinds:
            yield node


def said(node: tree_sitter.Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def errors(text: str) -> list[str]:
    """What the grammar does not accept."""
    return [
        f"line {node.start_point[0] + 1}: {said(node)[:60]}"
        for node in nodes(parsed(text))
        if node.type == "ERROR" or node.is_missing
    ]


def called(text: str) -> list[list[str]]:
    """The script's calls outside its functions: name and arguments, strings as PowerShell reads them."""
    calls = []
    for command in nodes(parsed(text), "command"):
        parents, node = [], command.parent
        while node is not None:
            parents.append(node.type)
            node = node.parent
        if "function_statement" in parents:
            continue
        name, *elements = [child for child in command.children if child.is_named]
        words = [said(name)]
        for element in [each for listed in elements for each in listed.children]:
            if element.type not in ("command_argument_sep", "command_parameter"):
                strings = [said(each) for each in nodes_below(element, "verbatim_string_characters")]
                words += [each[1:-1].replace("''", "'") for each in strings] or [said(element)]
        calls.append(words)
    return calls


def nodes_below(node: tree_sitter.Node, kind: str) -> Iterator[tree_sitter.Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes_below(child, kind)


def batch_problems(text: str) -> list[str]:
    """What cmd would stumble over: its rules for batch files, as far as this one needs them."""
    found = []
    if "\n" in text.replace("\r\n", ""):
        found.append("a line ends without a carriage return, and goto may miss a label")
    if not text.isascii():
        found.append("a character is not ASCII, and the code page is not known")
    lines = text.split("\r\n")
    labels = [line[1:].lower() for line in lines if re.fullmatch(r":\w+", line)]
    depth = 0
    for number, line in enumerate(lines, 1):
        bare = re.sub(r'"[^"]*"', '""', line)
        if line.lower().startswith("rem"):
            continue
        if line.count('"') % 2:
            found.append(f"line {number}: a quote stays open")
        for label in re.findall(r"\bgoto\s+:?(\w+)", bare, re.IGNORECASE):
            if label.lower() not in labels:
                found.append(f"line {number}: no label {label}")
        for rest in re.findall(r"%+", re.sub(r"%~?\w*\d|%~dp0|%[A-Z_]+%|%%", "", line)):
            found.append(f"line {number}: a stray {rest}")
        if re.match(r"\s*set\s+(?!\")", line, re.IGNORECASE):
            found.append(f"line {number}: set without quotes keeps what stands behind")
        depth += bare.count("(") - bare.count(")")
        if depth < 0:
            found.append(f"line {number}: a parenthesis too many")
    if depth:
        found.append("a parenthesis stays open")
    if len(set(labels)) != len(labels):
        found.append("a label stands twice")
    return found
