"""Who calls: what boto3 with `profile_name`, boto3 with only the environment and the AWS CLI each get, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NOT_KNOWN = "not known"

Readings = Mapping[str, Mapping[str, Any]]


def callers(readings: Iterable[Mapping[str, Any]], profile: str) -> list[dict[str, str]]:
    """For each way to call AWS: who, profile, provider, region, identity; from one target's readings.

    Empty where they agree, where fewer than two were read, or where there is no such profile to compare with.
    """
    by_name: dict[str, Mapping[str, Any]] = {}
    for reading in readings:
        if not reading.get("by"):  # what the auditor's profile gets is another caller's
            by_name.setdefault(reading["name"], reading)
    found = [
        row for row in (_profile(by_name, profile), _environment(by_name), _cli(by_name, profile)) if row
    ]
    if by_name.get("provider", {}).get("error"):
        return []
    told = {tuple(row[key] for key in ("provider", "region")) for row in found}
    known = {row["identity"] for row in found if row["identity"] != NOT_KNOWN}
    return found if len(found) > 1 and (len(told) > 1 or len(known) > 1) else []


def _profile(readings: Readings, profile: str) -> dict[str, str] | None:
    if "provider" not in readings:
        return None
    return {
        "who": "boto3 with profile_name",
        "profile": profile,
        "provider": _text(readings, "provider", "method"),
        "region": _text(readings, "session", "region"),
        "identity": _text(readings, "sts:GetCallerIdentity", "Arn"),
    }


def _environment(readings: Readings) -> dict[str, str] | None:
    if "application" not in readings:
        return None
    error = readings["application"].get("error")
    return {
        "who": "boto3 with the environment",
        "profile": _text(readings, "application", "profile"),
        "provider": error["code"] if error else _text(readings, "application", "method"),
        "region": _text(readings, "application", "region"),
        "identity": _text(readings, "application.identity", "arn"),
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
