"""Step 1: verify the AWS CLI configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from checks.requirement import require, requirement
from fixtures.aws.errors import BAD_SIGNATURE, EXPIRED, INVALID_KEYS
from fixtures.evidence import Evidence
from fixtures.evidence.identity import same_caller
from fixtures.evidence.programs import CliCaller, CliVersion
from fixtures.evidence.tokens import kept_by_the_cli
from fixtures.readings import Unavailable

OLDEST = 2
ROWS = ("profile", "access_key", "secret_key", "region")


@requirement("CLI-01")
def test_cli_is_version_2(cli_version: CliVersion) -> None:
    """The AWS CLI is installed and is version 2 or later."""
    require(
        cli_version.installed, expected="the AWS CLI on the PATH", observed="no program named aws on the PATH"
    )
    if cli_version.version is None:
        raise Unavailable(f"aws --version names no version: {cli_version.text or 'it prints nothing'}")
    require(
        int(cli_version.version.split(".")[0]) >= OLDEST,
        expected="aws-cli/2 or later",
        observed=f"aws --version: {cli_version.text}",
    )


@requirement("CLI-02")
def test_cli_resolves_the_profile(cli_configuration: dict[str, Any], evidence: Evidence) -> None:
    """`aws configure list --profile P` resolves profile, region and a credential source."""
    if cli_configuration["returncode"]:
        raise Unavailable(
            f"{cli_configuration['command']} failed: {_last_line(cli_configuration['error'])}",
            given=("failed",),
        )
    rows = cli_configuration["rows"]
    unset = [row for row in ROWS if not rows.get(row, {}).get("set")]
    require(
        not unset,
        expected="a profile, both keys and a region, each with its source",
        observed=f"{cli_configuration['command']}: {', '.join(unset)} <not set>",
        given=["region-unset" if unset == ["region"] else "keys-unset"],
    )


@requirement("CLI-03", asks=("identity",))
def test_cli_and_boto3_are_the_same_caller(
    cli_caller: CliCaller, dead_token: str | None, cli_keys: dict[str, datetime], evidence: Evidence
) -> None:
    """The CLI and boto3 resolve the same account and ARN for the profile."""
    if dead_token and cli_caller.arn and cli_keys:
        require(
            False,
            cause="TOK08",
            expected="boto3 and the AWS CLI answer alike",
            observed=f"boto3: {dead_token}; {kept_by_the_cli(max(cli_keys.values()))}",
            given=["dead-token"],
        )
    identity = evidence.identity
    expected = f"the AWS CLI answers as boto3 does: {identity.arn}"
    if cli_caller.arn is None:
        said = f"aws sts get-caller-identity: {_last_line(cli_caller.said or '')}"
        if cli_caller.code not in INVALID_KEYS | EXPIRED | BAD_SIGNATURE:
            raise Unavailable(said, given=("not-asked",))
        require(
            False,
            cause="PRE04" if cli_caller.code in EXPIRED else None,
            expected=expected,
            observed=said,
            given=["refused"],
        )
    require(
        cli_caller.account == identity.account and same_caller(cli_caller.arn, identity.arn),
        expected=expected,
        observed=f"aws sts get-caller-identity: {cli_caller.arn}",
        given=["another-caller"],
    )


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "no message")
