"""Failure modes that no world shows yet. Each leaves this list with its first world; the list is to become empty."""

from __future__ import annotations

WITHOUT_A_WORLD = {
    "PRE14": "a program with rules of its own, named as consumer",
    "REG07": "a program that reads the other Region variable, named as consumer",
}
