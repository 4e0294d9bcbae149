"""Failure modes that no world shows yet. Each leaves this list with its first world; the list is to become empty."""

from __future__ import annotations

WITHOUT_A_WORLD = {
    "PRE11": "a container's source that does not answer",
    "PRE14": "a program with rules of its own, named as consumer",
    "REG07": "a program that reads the other Region variable, named as consumer",
    "NET06": "a private authority that only botocore knows",
    "NET07": "an inspection without HTTP/2",
    "MOD07": "no payment method",
    "MOD08": "an account that AWS has restricted",
    "MOD09": "a model that asks for another data retention mode",
    "MOD10": "a model of a trusted access program",
    "MOD11": "a country that the provider does not serve",
    "MOD12": "a used-up quota of tokens per day",
}
