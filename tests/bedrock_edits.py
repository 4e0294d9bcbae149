"""Small changes of a world's role, organisation, models and environment file, for tests of what the checks say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fixtures.simulation.world import Fault, InferenceProfile, Model, Scp, World
from fixtures.text.shape import JsonObject
from tests.world_edits import ENV_FILE, Edit, both

ACCOUNT = "210987654321"
SONNET = "anthropic.claude-sonnet-4-6"
PROFILE = f"us.{SONNET}"
PROFILE_ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{PROFILE}"
TITAN = "amazon.titan-embed-text-v2:0"
HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
LISTING = [
    "bedrock:ListFoundationModels",
    "bedrock:ListInferenceProfiles",
    "bedrock:GetFoundationModelAvailability",
]
READING = [*LISTING, "bedrock:GetFoundationModel", "bedrock:GetInferenceProfile"]


def model_arn(base: str, region: str = "us-east-1") -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{base}"


def allow(actions: str | Sequence[str], resources: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: str | Sequence[str], resources: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def document(*statements: Mapping[str, Any]) -> JsonObject:
    return JsonObject(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def policy(*statements: Mapping[str, Any], name: str = "Bedrock") -> Edit:
    """The role with an inline policy of that name, in place of the one it had; without statements, without the policy."""

    def edit(world: World) -> World:
        policies = {key: text for key, text in world.role.policies.items() if key != name}
        if statements:
            policies[name] = document(*statements)
        return replace(world, role=replace(world.role, policies=policies))

    return edit


def without_preflight(*actions: str) -> Edit:
    """The role denied these of the actions with which it is audited."""
    return policy(deny(actions), name="NoAudit")


def boundary(*statements: Mapping[str, Any]) -> Edit:
    return lambda world: replace(world, role=replace(world.role, boundary=document(*statements)))


def scp(*statements: Mapping[str, Any], name: str = "Restriction") -> Edit:
    """One service control policy more; with the name FullAWSAccess in place of that which allows all."""

    def edit(world: World) -> World:
        kept = [each for each in world.scp if each.name != name]
        return replace(world, scp=(*kept, Scp(name, document(*statements))))

    return edit


def model(base: str, **changes: Any) -> Edit:
    """The model changed, or made."""

    def edit(world: World) -> World:
        known = {each.id: each for each in world.model}
        old = known.get(base) or Model(id=base, provider="Anthropic", name=base, regions=("us-east-1",))
        known[base] = replace(old, **changes)
        return replace(world, model=tuple(known.values()))

    return edit


def profile(identifier: str, **changes: Any) -> Edit:
    """The inference profile changed, or made."""

    def edit(world: World) -> World:
        known = {each.id: each for each in world.inference_profile}
        old = known.get(identifier) or InferenceProfile(identifier, SONNET, ("us-east-1",))
        known[identifier] = replace(old, **changes)
        return replace(world, inference_profile=tuple(known.values()))

    return edit


def chat(identifier: str, main: str = "") -> Edit:
    """The chat model configured as that, in both variables; or the other one, which no call of a run is made of, as `main`."""
    return lambda world: _env(
        world,
        (f"BEDROCK_MODEL_ID={PROFILE}", f"BEDROCK_MODEL_ID={main or identifier}"),
        (
            f"CHAT_MODEL={PROFILE}",
            f"CHAT_MODEL={identifier}",
        ),
    )


def embedding(identifier: str) -> Edit:
    """The embedding model configured as that."""
    before = f"BEDROCK_EMBED_MODEL_ID={TITAN}"
    return lambda world: _env(world, (before, f"BEDROCK_EMBED_MODEL_ID={identifier}"))


def _env(world: World, *changes: tuple[str, str]) -> World:
    file = world.machine.files[ENV_FILE]
    text = file.text
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    files = {**world.machine.files, ENV_FILE: replace(file, text=text)}
    return replace(world, machine=replace(world.machine, files=files))


def without_env_file(world: World) -> World:
    files = {name: file for name, file in world.machine.files.items() if name != ENV_FILE}
    return replace(world, machine=replace(world.machine, files=files))


def fault(operation: str, code: str, message: str = "", status: int = 400) -> Edit:
    """The operation answers this error."""
    return lambda world: replace(world, faults={**world.faults, operation: Fault(code, message, status)})


def throttled(*operations: str) -> Edit:
    return both(*(fault(each, "ThrottlingException", "Rate exceeded", 429) for each in operations))
