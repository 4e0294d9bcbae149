"""Small changes of the enterprise world: roles and their trust, keys, endpoints, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fixtures.settings import Settings
from fixtures.simulation.world import Fault, World, load_world
from fixtures.text.shape import JsonObject
from tests.world_edits import Edit


def changed(table: str, key: str, **changes: Any) -> Edit:
    """The entry of that name or ID in an array of tables, changed."""

    def edit(world: World) -> World:
        rows = getattr(world, table)
        found = [row for row in rows if key in (getattr(row, "name", None), getattr(row, "id", None))]
        assert found, f"the world has no {table} {key}"
        return replace(world, **{table: tuple(replace(r, **changes) if r in found else r for r in rows)})

    return edit


def trusting(*statements: Mapping[str, Any], role: str = "BedrockBatch") -> Edit:
    """The role with that trust policy."""
    document = JsonObject(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return changed("iam_role", role, trust=document)


def trusted(principal: Any, **more: Any) -> dict[str, Any]:
    """A statement that lets the principal assume the role."""
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def failing(operation: str, code: str = "AccessDenied", message: str = "refused", after: int = 0) -> Edit:
    """An error of AWS in place of the answer."""
    fault = Fault(code=code, message=message, status=400, after=after)
    return lambda world: replace(world, faults={**world.faults, operation: fault})


def with_settings(name: str, **sections: Mapping[str, Any]) -> Settings:
    """The world's settings, with some values of some sections changed."""
    settings = load_world(name).parsed_settings()
    changes = {key: replace(getattr(settings, key), **values) for key, values in sections.items()}
    return replace(settings, **changes)
