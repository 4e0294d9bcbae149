"""Step 1: verify the AWS CLI configuration."""

from __future__ import annotations

import shlex
from datetime import datetime

from checks.catalogue import load
from checks.portals import host_of
from checks.releases import fault, given_up, parsed, too_old
from checks.requirement import require, requirement
from fixtures.aws.errors import BAD_SIGNATURE, EXPIRED, INVALID_KEYS
from fixtures.evidence import Evidence
from fixtures.evidence.identity import same_caller
from fixtures.evidence.programs import CliCaller, CliConfiguration, CliVersion
from fixtures.evidence.regions import REGION_VARIABLES
from fixtures.evidence.roles import source_chain
from fixtures.evidence.tokens import kept_by_the_cli
from fixtures.readings import Unavailable

CLI, OLDEST = "aws-cli", 2
UNPARSED = "Unable to parse config file"
"""botocore's ConfigParseError: the AWS CLI reads its plugins there before it says its version."""
ROWS = ("profile", "access_key", "secret_key", "region")
KEY_ROWS = ("access_key", "secret_key")


@requirement("CLI-01", asks=("files",))
def test_cli_is_new_enough(cli_version: CliVersion, evidence: Evidence) -> str:
    """The AWS CLI is installed, works, and is version 2 or later, new enough for what the profile uses."""
    require(
        cli_version.installed, expected="the AWS CLI on the PATH", observed="no program named aws on the PATH"
    )
    observed, version = f"aws --version: {cli_version.text}", cli_version.version
    if cli_version.failed and UNPARSED in cli_version.text:
        raise Unavailable(observed, given=("unparsed",))
    require(
        not cli_version.failed and bool(cli_version.text),
        cause="PRE12",
        expected="aws --version names a version",
        observed=observed if cli_version.text else "aws --version prints nothing",
        remedy=_installed_again(evidence),
    )
    if version is None:
        raise Unavailable(f"aws --version names no version: {cli_version.text}")
    ends = given_up(CLI, version)
    require(
        parsed(version)[0] >= OLDEST,
        cause="PRE12",
        own_remedy=True,
        expected="aws-cli/2 or later",
        observed=f"{observed}; version 1 has no aws sso login" + (f"; {ends}" if ends else ""),
    )
    used = _used(evidence)
    lacking = too_old(CLI, version, used)
    require(
        lacking is None,
        cause="PRE12",
        expected=f"aws-cli/{lacking[1]} or later" if lacking else "",
        observed=f"aws-cli/{version} does not know {used[lacking[0]]}" if lacking else "",
        remedy=_installed_again(evidence),
    )
    host = _portal(evidence)
    known = fault(CLI, version, host)
    require(
        known is None,
        cause="PRE13",
        expected=f"a release after aws-cli/{known.last}" if known else "",
        observed=f"aws-cli/{version}: with a start URL of {host} {known.says}" if known else "",
    )
    return f"aws --version: {cli_version.text}"


def _installed_again(evidence: Evidence) -> list[str] | None:
    """The remedy for a profile that nobody signs in to with SSO: it ends in another login, or in none."""
    try:
        files = evidence.files
    except Unavailable:
        return None
    base = source_chain(files, evidence.target.profile).base
    settings = files.profiles.get(base, {})
    if not settings or any(key.startswith("sso_") for key in settings):
        return None
    lines = [*load().cause("PRE12").remedy.any[:2]]
    return [*lines, f"aws login --profile {shlex.quote(base)}"] if "login_session" in settings else lines


def _used(evidence: Evidence) -> dict[str, str]:
    """What the profile, or the one that its role starts from, has that not every AWS CLI knows, and where it says so."""
    profiles, name = evidence.files.profiles, evidence.target.profile
    base = source_chain(evidence.files, name).base
    settings = profiles.get(base, {})
    used: dict[str, str] = {
        key: f"{key} of profile {base} in {evidence.files.place_of(settings[key])}"
        for key in ("sso_session", "login_session")
        if key in settings
    }
    if any(key.startswith("sso_") for key in settings):  # which the AWS CLI takes before a login of its own
        used.pop("login_session", None)
    # Who has the session's settings in the profile too gets by without sso_session in an older AWS CLI.
    if "sso_session" in used and {"sso_start_url", "sso_region"} <= settings.keys():
        del used["sso_session"]
    if base != name and "sso_session" in settings:
        place = evidence.files.place_of(profiles[name]["source_profile"])
        used["source_profile with sso_session"] = f"source_profile {base} in {place}, which has sso_session"
    return used


def _portal(evidence: Evidence) -> str:
    """The host of the start URL of the profile, or of the one that its role starts from; empty where there is none."""
    files = evidence.files
    base = source_chain(files, evidence.target.profile).base
    session = files.option(base, "sso_session")
    stated = files.stated(base, session["value"] if session else None, "sso_start_url")
    return host_of(stated["value"] or "") if stated else ""


@requirement("CLI-02", asks=("environment", "needs_no_profile"))
def test_cli_resolves_the_profile(cli_configuration: CliConfiguration, evidence: Evidence) -> str:
    """`aws configure list --profile P` resolves profile, region and a credential source."""
    if cli_configuration.returncode:
        raise Unavailable(
            f"{cli_configuration.command} failed: {_last_line(cli_configuration.error)}",
            given=("failed",),
        )
    # What the AWS CLI lists are the chain's keys: an API key for Bedrock is none of them.
    none_needed = {"profile"} if evidence.needs_no_profile else set()
    none_needed |= {*KEY_ROWS} if evidence.sends_api_key else set()
    wanted = [row for row in ROWS if row not in none_needed]
    unset = [row for row in wanted if row not in cli_configuration.resolved]
    remedy = title = None
    if unset == ["region"] and evidence.needs_no_profile:
        region = evidence.target.region
        remedy = [f"export AWS_REGION={region} AWS_DEFAULT_REGION={region}"]
        if not any(map(evidence.environment.has, REGION_VARIABLES)):
            title = f"No Region is set: neither {' nor '.join(REGION_VARIABLES)} is, and there is no profile"
    require(
        not unset,
        title=title,
        remedy=remedy,
        expected="a profile, both keys and a region, each with its source",
        observed=f"{cli_configuration.command}: {', '.join(unset)} <not set>",
        given=["region-unset" if unset == ["region"] else "keys-unset"],
    )
    return f"{cli_configuration.command}: a source for each of {', '.join(wanted)}"


@requirement("CLI-03", asks=("identity",))
def test_cli_and_boto3_are_the_same_caller(
    cli_caller: CliCaller, dead_token: str | None, cli_keys: dict[str, datetime], evidence: Evidence
) -> str:
    """The CLI and boto3 resolve the same account and ARN for the profile."""
    # Before the identity, which boto3 has not: what the CLI keeps is why people say that the login works.
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
        # A proxy or a missing right says nothing of who the AWS CLI is.
        if cli_caller.code not in INVALID_KEYS | EXPIRED | BAD_SIGNATURE:
            raise Unavailable(said, given=("not-asked",))
        require(
            False,
            cause="PRE04" if cli_caller.code in EXPIRED else None,
            expected=expected,
            observed=said,
        )
    require(
        cli_caller.account == identity.account and same_caller(cli_caller.arn, identity.arn),
        expected=expected,
        observed=f"aws sts get-caller-identity: {cli_caller.arn}",
        given=["another-caller"],
    )
    return f"both are {identity.arn}"


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "no message")
