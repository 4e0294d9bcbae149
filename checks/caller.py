"""What checks of several subjects have to know of the caller: the condition under which it is not who was meant, and the
setting that means it."""

from __future__ import annotations

from fixtures.evidence import Evidence


def caller_meant(evidence: Evidence) -> tuple[str, ...]:
    """The condition that the caller is not who was meant, since another provider wins for the profile; else none."""
    provider = evidence.provider
    return () if provider.method in evidence.allowed_providers else ("unwanted-provider",)


def as_allowed(method: str, evidence: Evidence) -> str:
    """The line of a remedy that has the provider allowed, beside those that are."""
    names = ", ".join(f'"{name}"' for name in (*evidence.allowed_providers, method))
    place = evidence.settings.stated.place("credentials", "allowed_providers")
    return f"# where this is meant: write allowed_providers = [{names}] under [credentials] in {place}"
