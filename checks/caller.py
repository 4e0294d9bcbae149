"""What checks of several subjects have to know of the caller: the condition under which it is not who was meant."""

from __future__ import annotations

from fixtures.evidence import Evidence


def caller_meant(evidence: Evidence) -> tuple[str, ...]:
    """The condition that the caller is not who was meant, since another provider wins for the profile; else none."""
    provider = evidence.provider
    return () if provider.method in evidence.allowed_providers else ("unwanted-provider",)
