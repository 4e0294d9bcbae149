"""Who calls: what boto3 with `profile_name`, boto3 with only the environment and the AWS CLI each get, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NOT_KNOWN = "not known"
BEARER = "AWS_BEARER_TOKEN_BEDROCK"
OF_NO_PROFILE = {"none", "env", "container-role", "iam-role"}
"""Providers whose credentials belong to no profile, whichever is selected."""

Readings = Mapping[str, Mapping[str, Any]]


def callers(readings: Iterable[Mapping[str, Any]], profile: str) -> list[dict[str, str]]:
    """For each way to call AWS: who, profile, provider, region, identity; from one target's readings.

    Empty where they agree, where fewer than two were read, or where there is no such profile to compare with.
    """
    by_name: dict[str, Mapping[str, Any]] = {}
    for reading in readings:
        if not reading.get("by"):  # what the auditor's profile gets is another caller's
            by_name.setdefault(reading["name"], reading)
    if by_name.get("provider", {}).get("error"):
        return []
    named = _profile(by_name, profile)
    found = [row for row in (named, _environment(by_name, named), _cli(by_name, profile)) if row]
    # What was not read is no difference.
    known = (
        {row[column] for row in found if row[column] != NOT_KNOWN}
        for column in ("profile", "provider", "region", "identity")
    )
    key = _api_key(by_name)
    if len(found) < 2 or not (key or any(len(values) > 1 for values in known)):
        return []
    return [{**row, "provider": f"{row['provider']}{key}"} for row in found]


def _api_key(readings: Readings) -> str:
    """What goes to Bedrock in place of credentials, whoever calls it, where the variable is there at all."""
    variables = (readings.get("environment", {}).get("value") or {}).get("variables", {})
    return f"; for Bedrock {BEARER}" if BEARER in variables else ""


def _profile(readings: Readings, profile: str) -> dict[str, str] | None:
    if "provider" not in readings:
        return None
    identity = _text(readings, "sts:GetCallerIdentity", "Arn")
    if identity == NOT_KNOWN and "error" in (readings.get("child.identity", {}).get("value") or {}):
        identity = _text(readings, "child.identity", "arn")  # the same profile: why it could not be asked
    return {
        "who": "boto3 with profile_name",
        "profile": profile,
        "provider": _text(readings, "provider", "method"),
        "region": _text(readings, "session", "region"),
        "identity": identity,
    }


def _environment(readings: Readings, named: Mapping[str, str] | None) -> dict[str, str] | None:
    if "application" not in readings:
        return None
    error = readings["application"].get("error")
    profile = _text(readings, "application", "profile")
    provider = error["code"] if error else _text(readings, "application", "method")
    identity = _text(readings, "application.identity", "arn")
    if named and (profile, provider) == (named["profile"], named["provider"]) and identity == NOT_KNOWN:
        identity = named["identity"]
    elsewhere = (
        not error and named and profile not in (named["profile"], "none") and provider not in OF_NO_PROFILE
    )
    return {
        "who": "boto3 with the environment",
        "profile": profile,
        "provider": f"{provider} of profile {profile}" if elsewhere else provider,
        "region": _text(readings, "application", "region"),
        "identity": identity,
    }


def _cli(readings: Readings, profile: str) -> dict[str, str] | None:
    value = readings.get("cli.configure", {}).get("value")
    if not value or value["returncode"] or not value["rows"]:
        return None
    rows = value["rows"]
    key, region = rows.get("access_key", {}), rows.get("region", {})
    return {
        "who": "AWS CLI with --profile",
        "profile": profile,
        "provider": key["type"] if key.get("set") else "none",
        "region": region["value"] if region.get("set") else "none",
        "identity": _text(readings, "cli.identity", "arn"),
    }


def _text(readings: Readings, name: str, key: str) -> str:
    """The value; `none` where the answer has none, what AWS said where it refused, else that nobody asked."""
    reading = readings.get(name)
    if reading is None:
        return NOT_KNOWN
    value = reading.get("value") or {}
    error = reading.get("error") or value.get("error")
    if error:
        return str(error["code"] or NOT_KNOWN)
    return str(value.get(key) or "none")
