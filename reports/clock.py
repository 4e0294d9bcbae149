"""When a report says that it was made: SOURCE_DATE_EPOCH makes two runs on the same evidence say the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone

VARIABLE = "SOURCE_DATE_EPOCH"


def fixed_instant(environ: Mapping[str, str] | None = None) -> datetime | None:
    """The instant that SOURCE_DATE_EPOCH names (reproducible-builds.org); None without it; ValueError if it is none.

    It is never the instant of judgement: whether a token has expired is not for a build system to say.
    """
    stated = (os.environ if environ is None else environ).get(VARIABLE)
    if not stated:
        return None
    try:
        return datetime.fromtimestamp(int(stated), timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{VARIABLE}: must be seconds since 1970, is {stated!r}") from None


def report_time(actual: datetime) -> datetime:
    """The instant as reports state it."""
    return fixed_instant() or actual


def stamp(instant: datetime) -> str:
    """ISO 8601, UTC, whole seconds."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
