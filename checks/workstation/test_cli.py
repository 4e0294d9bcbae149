"""Step 1: verify the AWS CLI configuration."""

from __future__ import annotations

from checks.requirement import require, requirement

OLDEST = 2


@requirement("CLI-01")
def test_cli_is_version_2(cli_version):
    """The AWS CLI is installed and is version 2 or later."""
    require(cli_version.installed, expected="the AWS CLI on the PATH", observed="no program named aws")
    major = int((cli_version.version or "0").split(".")[0])
    require(major >= OLDEST, expected="aws-cli/2 or later", observed=cli_version.text or "no version")


@requirement("CLI-02")
def test_cli_resolves_the_profile(cli_configuration, target):
    """`aws configure list` resolves the profile, a region and a credential source."""
    rows = cli_configuration["rows"]
    missing = [name for name in ("access_key", "secret_key", "region") if not rows.get(name, {}).get("set")]
    require(
        cli_configuration["returncode"] == 0 and not missing,
        expected="profile, region and credentials with a source",
        observed=cli_configuration["error"] or f"not set: {', '.join(missing)}",
        unless=("SSO-03", "SSO-01", "PRF-04", "PRF-02", "PRF-01", "PRF-06"),
    )


@requirement("CLI-03")
def test_cli_and_boto3_are_the_same_caller(cli_identity, identity, application):
    """The AWS CLI and boto3 resolve the same account and ARN for the profile."""
    error = cli_identity.get("error")
    require(
        error is None,
        expected=f"the AWS CLI answers as {identity.arn}",
        observed=f"the AWS CLI says {error and (error['code'] or error['message'])}",
        cause="TOK08" if error and error["code"] in {"ExpiredToken", "ExpiredTokenException"} else None,
    )
    require(
        (cli_identity["account"], cli_identity["arn"]) == (identity.account, identity.arn),
        expected=f"the AWS CLI answers as {identity.arn}",
        observed=f"the AWS CLI answers as {cli_identity['arn']}",
    )
