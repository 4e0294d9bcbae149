"""Two faults at once: where neither hides the other, one run names both, so that nobody mends them one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.simulation.world import load_world
from tests.harness import judged

PAIRS = [
    ("env01-stale-keys", "env08-bedrock-api-key"),
    ("env01-stale-keys", "tok02-expired-token"),
    ("env01-stale-keys", "cfg06-sso-region-missing"),
    ("env01-stale-keys", "reg06-runtime-endpoint"),
    ("env02-no-session-token", "env06-default-profile-masks"),
    ("env03-stale-security-token", "tok01-no-login"),
    ("env06-default-profile-masks", "tok02-expired-token"),
    ("env07-key-without-secret", "env08-empty-bearer"),
    ("env08-bedrock-api-key", "tok02-expired-token"),
    ("env08-bedrock-api-key", "cfg01-header-without-profile"),
    ("env08-bedrock-api-key", "win03-percent-variable-in-env-file"),
    ("env08-bedrock-api-key", "iam01-no-bedrock-policy"),
    ("env08-empty-bearer", "cfg04-quoted-twin"),
    ("env09-expired-export", "tok06-no-refresh-token"),
    ("env11-exported-values-win", "tok02-expired-token"),
    ("cfg04-quoted-twin", "win03-percent-variable-in-env-file"),
    ("cfg09-quoted-region", "env01-stale-keys"),
    ("cfg10-profile-contradicts-session", "env08-bedrock-api-key"),
    ("tok02-expired-token", "win04-backslashes-eaten-in-env-file"),
    ("tok02-expired-token", "net01-proxy-is-off"),
    ("tok07-wrong-sso-region", "env08-bedrock-api-key"),
    ("tok11-role-not-assigned", "win03-percent-variable-in-env-file"),
    ("reg01-only-aws-region", "tok02-expired-token"),
    ("env01-stale-keys", "iam03-no-marketplace-rights"),
    ("mod05-end-of-life", "env01-stale-keys"),
    ("win04-backslashes-eaten-in-env-file", "mod05-end-of-life"),
    ("net04-clock-behind", "env08-bedrock-api-key"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one} and {other}" for one, other in PAIRS])
def test_both_are_named(tmp_path: Path, one: str, other: str) -> None:
    file = tmp_path / "both.toml"
    file.write_text(f'title = "Two faults"\nextends = ["{one}", "{other}"]\n', encoding="utf-8")
    found = set(judged(load_world(str(file))).root_causes)
    expected = {cause for name in (one, other) for cause in load_world(name).expect.root_causes}
    codes = {cause.split()[-1] for cause in expected}
    assert codes == {cause.split()[-1] for cause in found}, found
