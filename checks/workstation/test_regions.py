"""Step 4: the regions that this set-up names: Bedrock in them, their approval, the account's choice, their partition."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from checks import environment_fixes
from checks.fixes import Fix
from checks.requirement import not_applicable, require, requirement
from fixtures.evidence import Evidence
from fixtures.evidence.profile import Files, Profile
from fixtures.evidence.regions import REGION_VARIABLES, BeyondSdk, NamedRegion, Sdk, written_region
from fixtures.readings import Reading, Unavailable

ENABLED = ("ENABLED", "ENABLED_BY_DEFAULT")
"""Account Management API Reference, "Region"."""

NOWHERE = (
    "# no Region of this partition has Amazon Bedrock: use a profile of an account in a partition that has it"
)

Regions = dict[str, NamedRegion | None]


def _named(case: str, regions: Regions) -> NamedRegion:
    named = regions[case]
    if named is None:
        not_applicable(f"{'the profile has no region' if case == 'profile' else f'{case} is not set'}")
    if not named.region:
        raise Unavailable(f"{named}", given=("empty",))
    if not named.is_host_label:
        raise Unavailable(f"{named}, which is no region's name", given=("no-name",))
    return named


def _elsewhere(case: str, regions: Regions, fit: Callable[[str], bool]) -> list[str] | None:
    """The remedy where the profile is not what names the region: --region alone does, and something else names one that is
    fit, or a variable does, and the profile names one."""
    named = regions[case]
    own = regions["profile"]
    if named and case in REGION_VARIABLES and own and own.region and fit(own.region):
        return [f"# write {own.region}, as the profile has it, wherever {case} is set to {named.region} now"]
    others = {
        each.region: None for name, each in regions.items() if each and each.region and name != "target"
    }
    if case != "target" or named is None or named.region in others:
        return None
    better = next(filter(fit, others), None)
    if not better:
        return None
    return [f"# run the checks again with --region {better}: nothing else names {named.region}"]


@requirement("REG-01", asks=("env_file", "files", "home_partition"))
def test_region_supports_bedrock(
    case: str,
    regions_in_use: Regions,
    sdk: Sdk,
    beyond_sdk: BeyondSdk,
    evidence: Evidence,
) -> str:
    """[each region in use] supports Bedrock."""
    named = _named(case, regions_in_use)
    if sdk.supports_bedrock(named.region) or named.region in beyond_sdk.answering:
        return f"{named}: Bedrock is there"
    is_name = sdk.partition_of(named.region) is not None
    lacks = f"botocore {sdk.botocore} lists no Bedrock there"
    if is_name and not sdk.knows(named.region):
        listed = beyond_sdk.listed
        # A new Region is no misspelt one: without AWS's own list nothing is said against it.
        if named.region in (listed or ()) or (listed is None and not sdk.mistyped(named.region)):
            newer = f"botocore {sdk.botocore} does not know {named.region}, which may be newer"
            raise Unavailable(newer, given=("newer",))
        lacks = "neither botocore nor account:ListRegions knows it" if listed else "no Region is called so"
    wanted, own = evidence.settings.profile.region, regions_in_use["profile"]
    of_profile = bool(own and own.region == named.region and case in ("profile", "target"))
    partition = evidence.home_partition or sdk.partition_of(named.region)
    meant = wanted or sdk.meant_by(named.region, evidence.settings.regions.approved, partition)

    def renamed() -> list[Fix]:
        # Another region in place of a real one is nobody's decision but the user's.
        if case == "target" or sdk.knows(named.region) or not meant:
            return []
        file = evidence.env_file
        written = written_region(case, file)
        odd = [named, *([written] if written and written.region == named.region else [])]
        return environment_fixes.name_region(odd, meant, evidence.files, evidence.target.profile, file)

    require(
        False,
        cause="REG03",
        title=None if meant else f"Amazon Bedrock is in no Region of partition {partition}",
        expected="a region in which Bedrock is available",
        observed=f"{named}: {lacks}",
        own_remedy=True,
        remedy=_elsewhere(case, regions_in_use, sdk.supports_bedrock) if meant else [NOWHERE],
        region=meant,
        candidate=named.region,
        fix=renamed,
        given=["real-region" if is_name else "misspelt", *(["unexpected"] if wanted and of_profile else [])],
    )
    return f"{named}: Bedrock is there"


@requirement("REG-02", asks=("home_partition",))
def test_region_is_approved(case: str, regions_in_use: Regions, sdk: Sdk, evidence: Evidence) -> str:
    """[each region in use] is on the approved list."""
    named = _named(case, regions_in_use)
    approved = evidence.settings.regions.approved
    another = _elsewhere(case, regions_in_use, approved.__contains__)
    partition = evidence.home_partition or sdk.partition_of(named.region)
    # To credentials of another partition a Region is no choice.
    fitting = next((name for name in approved if partition in (None, sdk.partition_of(name))), None)
    listed = f"list the Region under approved in the table [regions] of {evidence.settings.stated.place('regions', 'approved')}"
    elsewhere = [
        *(["overrides"] if named.overrides else []),
        *([] if sdk.knows(named.region) else ["unknown"]),
    ]
    require(
        not approved or named.region in approved,
        expected=f"one of {', '.join(approved)}",
        observed=str(named),
        remedy=[*another, f"# or {listed}"]
        if another
        else None
        if fitting
        else [f"# where it is approved, {listed}"],
        region=fitting,
        given=["not-approved", *elsewhere],
    )
    return f"{named}, one of {', '.join(approved) or 'any'}"


@requirement("REG-03", asks=("profile",))
def test_region_is_enabled(
    case: str, regions_in_use: Regions, region_opt_status: dict[str, str], evidence: Evidence
) -> str:
    """[each region in use] is enabled for the account."""
    named = _named(case, regions_in_use)
    elsewhere = ("of-a-variable",) if case.startswith("AWS_") else ()
    status = region_opt_status.get(named.region)
    if status is None:
        unlisted = f"account:ListRegions has no {named.region}"
        raise Unavailable(unlisted, given=("unlisted", *elsewhere))
    require(
        status in ENABLED,
        cause="REG04",
        expected=f"{named.region} is enabled for the account",
        observed=f"account:ListRegions: {named.region} is {status}",
        own_remedy=True,
        region=named.region,
        account=evidence.profile.get("sso_account_id"),
        given=elsewhere,
    )
    return f"account:ListRegions: {named.region} is {status}"


@requirement("REG-04", asks=("home_partition", "identity"))
def test_partition_is_one(
    profile: Profile, parsed_files: Files, sdk: Sdk, runtime_client: Reading, evidence: Evidence
) -> str:
    """Role, region and endpoints are of one partition."""
    region = evidence.target.region
    partition = sdk.partition_of(region)
    if partition is None:
        raise Unavailable(f"{region} is no region's name", given=("no-name",))
    credentials, told = _credentials_partition(profile, evidence)
    stated = parsed_files.option(profile.name, "region")
    place = parsed_files.place_of(stated) if stated else parsed_files.header_of(profile.name)
    require(
        partition == credentials,
        cause="REG05",
        expected=f"a region of partition {credentials}, as {told}",
        observed=f"{place}: region {region} is of partition {partition}",
        file=place.file,
        line=place.line,
        account=profile.get("sso_account_id"),
        given=["other-partition"],
    )
    host = urlsplit(runtime_client.value["endpoint"]).hostname if runtime_client.error is None else ""
    others = [label for label in (host or "").split(".") if sdk.partition_of(label) not in (None, partition)]
    require(
        not others,
        cause="REG06",
        expected=f"endpoints of partition {partition}, as the region {region}",
        observed=f"the bedrock-runtime client's endpoint is {host}",
        given=["endpoint"],
    )
    return f"all of partition {partition}"


def _credentials_partition(profile: Profile, evidence: Evidence) -> tuple[str, str]:
    """The partition of the credentials, and what tells it: what the profile says, else AWS."""
    if home := evidence.home_partition:
        by_role = (profile.get("role_arn") or "").startswith(f"arn:{home}:")
        return home, "role_arn in the profile says" if by_role else f"sso_region {profile.sso_region} says"
    identity = evidence.identity
    return identity.partition, "sts:GetCallerIdentity says"
