"""Edits of a loaded world: the smallest change that makes a fault, as one function from World to World."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fixtures.simulation.world import Fault, File, World

Edit = Callable[[World], World]
ENV_FILE = "./.env.enterprise"


def env_file(*replacements: tuple[str, str], of: str = ENV_FILE) -> Edit:
    """Texts of a file replaced, each of which must be there."""

    def edit(world: World) -> World:
        text = world.machine.files[of].text
        for before, after in replacements:
            assert before in text, f"{before!r} is not in {of}"
            text = text.replace(before, after)
        return written(text, of=of)(world)

    return edit


def written(content: str | bytes | None, *, of: str = ENV_FILE) -> Edit:
    """A file with that content, or no such file."""

    def edit(world: World) -> World:
        files = {name: file for name, file in world.machine.files.items() if name != of}
        if isinstance(content, bytes):
            files[of] = File(base64=base64.b64encode(content).decode())
        elif content is not None:
            files[of] = File(text=content)
        return replace(world, machine=replace(world.machine, files=files))

    return edit


def environment(**variables: str | None) -> Edit:
    """Variables set, or with None unset."""

    def edit(world: World) -> World:
        merged = {**world.machine.environment, **variables}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(world, machine=replace(world.machine, environment=kept))

    return edit


def machine(**changes: Any) -> Edit:
    """Another platform, CLI or network."""
    return lambda world: replace(world, machine=replace(world.machine, **changes))


def answers(operation: str, code: str, message: str = "refused", status: int = 400) -> Edit:
    """An error of AWS in place of an answer."""
    return lambda world: replace(world, faults={**world.faults, operation: Fault(code, message, status)})


def both(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(world: World) -> World:
        for each in edits:
            world = each(world)
        return world

    return edit
