"""Failure modes that no world shows yet. Each leaves this list with its first world; the list is to become empty."""

from __future__ import annotations

WITHOUT_A_WORLD: dict[str, str] = {}
