"""Step 6: manual verification, done by the suite: session, identity, client, models, versions, a child process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from checks import file_fixes
from checks.fixes import Unset
from checks.identity_tokens import refusal_of
from checks.key_tools import put_there_by
from checks.remedies import UNSET
from checks.requirement import not_applicable, require, requirement
from checks.stored_keys import fault_of_keys, handed_out_late, issued_anew, renewed
from fixtures.aws.errors import ACCESS_DENIED, EXPIRED, INVALID_KEYS, REFUSED, lasts_too_long
from fixtures.aws.selection import SELECTING
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.environment import Variables
from fixtures.evidence.identity import STATIC, Child, Identity, Provider, same_caller
from fixtures.evidence.models import FoundationModel
from fixtures.evidence.network import without_source
from fixtures.evidence.profile import Files, Place, Profile
from fixtures.evidence.regions import ALWAYS_ENABLED, Sdk
from fixtures.evidence.roles import SourceChain, source_chain
from fixtures.evidence.tokens import UNUSABLE_TOKEN
from fixtures.machine.config_file import EffectiveOption
from fixtures.readings import ReadError, Reading, Unavailable
from fixtures.settings import ROLE_ARN
from fixtures.targets import Target
from fixtures.text.sentences import begins

CLAUDE = "anthropic.claude"
SINCE = {
    "the service bedrock-runtime": (1, 31, 57),
    "an sso-session": (1, 29, 10),
    "login_session": (1, 41, 0),
}
"""The first botocore that has what a profile may use (botocore's changelog)."""
WEB_IDENTITY = "assume-role-with-web-identity"
UNREAD_TOKEN = frozenset({"FileNotFoundError", "IsADirectoryError", "PermissionError"})
NO_TOKEN = (
    "# a job is given one where it asks for it: GitLab by an entry in id_tokens, GitHub by the permission id-token: write",
)
REFUSED_TOKEN = (
    ACCESS_DENIED | EXPIRED | {"IDPCommunicationError", "IDPRejectedClaim", "InvalidIdentityToken"}
)
"""AWS STS API Reference, "AssumeRoleWithWebIdentity": Errors."""
OF_SESSION = {
    "DurationSeconds": "duration_seconds",
    "ExternalId": "external_id",
    "RoleSessionName": "role_session_name",
    "SerialNumber": "mfa_serial",
}
"""What a profile says of a role's session: AssumeRole's parameter, and the profile's option."""
NOWHERE = frozenset({"NoCredentialsError", "ProfileNotFound"})
"""What boto3 raises before it asks AWS at all."""


@requirement("RUN-01")
def test_session_is_built(session: Reading) -> str:
    """`boto3.Session(profile_name, region_name)` is built."""
    code = session.error.code if session.error else ""
    require(
        # Only these are about the profile; any other error leaves open whether it can be built.
        code not in {"ProfileNotFound", "ConfigParseError"},
        cause={"ProfileNotFound": "CFG01", "ConfigParseError": "CFG03"}.get(code),
        expected="a boto3 session for the profile",
        observed=f"{code}: {session.error.message if session.error else ''}",
    )
    value_of(session)
    return "a session was built"


@requirement("RUN-02", asks=("caller_identity", "identity_token"))
def test_caller_is_known(
    resolution: Reading,
    profile: Profile,
    provider: Provider,
    environment: Variables,
    parsed_files: Files,
    evidence: Evidence,
) -> str:
    """`sts:GetCallerIdentity` answers with account and ARN."""
    target = evidence.target
    if resolution.error and provider.method == "assume-role":
        chain = source_chain(parsed_files, target.profile)
        if _is_of_web_identity(resolution.error, chain, parsed_files):
            _require_web_identity(resolution.error, chain.base, evidence)
        _require_arns_of_roles(resolution.error, parsed_files, chain.profiles, environment)
        _require_role_is_assumed(resolution.error, chain)
        _require_sound_settings_of_roles(resolution.error, parsed_files, chain.profiles)
    if resolution.error and provider.method == WEB_IDENTITY:
        _require_arns_of_roles(resolution.error, parsed_files, (target.profile,), environment)
        _require_web_identity(resolution.error, target.profile, evidence)
        if parsed_files.option(target.profile, "role_session_name") is None:
            _require_sound_name_of_session(resolution.error, environment)
        _require_sound_settings_of_roles(resolution.error, parsed_files, (target.profile,))
    of_environment = ["keys-of-environment"] if provider.method == "env" else []
    caller_identity = evidence.caller_identity
    error = caller_identity.error
    if error and error.code in REFUSED:
        if provider.method in STATIC:
            _require_sound_keys(error, profile, parsed_files)
        stated = (
            parsed_files.option(target.profile, "aws_access_key_id") if provider.method in STATIC else None
        )
        place = parsed_files.place_of(stated) if stated else None
        keys = f"keys of provider {provider.method}" + (f" ({place})" if place else "")
        cause = _why_refused(error.code, provider, environment, target.region)
        require(
            False,
            cause=cause,
            expected="the account and ARN of the caller",
            observed=f"sts:GetCallerIdentity with {keys}: {error.code}",
            # A profile without SSO has nothing to log in to.
            remedy=_for_keys(place, provider, cause, parsed_files, profile, environment),
            file=place and place.file,
            line=place and place.line,
            given=["keys-refused", *of_environment],
        )
    answer = value_of(caller_identity, "unanswered", *of_environment)
    require(
        bool(answer["Account"] and answer["Arn"]),
        expected="account and ARN",
        observed=f"sts:GetCallerIdentity: {answer}",
    )
    return f"sts:GetCallerIdentity: account {answer['Account']}, {answer['Arn']}"


def _for_keys(
    place: Place | None,
    provider: Provider,
    cause: str | None,
    files: Files,
    profile: Profile,
    environment: Variables,
) -> Sequence[str] | None:
    """The remedy where the failure mode's would send a profile without SSO to a login, or leave a tool's shell half open."""
    if provider.method == "env" and (tool := put_there_by(environment)):
        return tool.mended
    if profile.uses_sso:
        return None
    process = files.option(profile.name, "credential_process")
    if cause == "PRE04" and provider.method == "custom-process" and process:
        return handed_out_late(files.place_of(process))
    if provider.method == "env":
        return issued_anew()
    return renewed(place, profile.name) if place else None


def _require_sound_keys(error: ReadError, profile: Profile, files: Files) -> None:
    """The keys in the file that AWS refuses have nothing that the file itself shows to be wrong."""
    fault = fault_of_keys(files, profile, error.code)
    if fault is None:
        return
    require(
        False,
        cause=fault.cause,
        title=fault.title,
        expected=fault.expected,
        observed=f"{fault.observed}; sts:GetCallerIdentity: {error.code}",
        # Where the profile has SSO too, a login is what it is to have.
        remedy=None if profile.uses_sso else fault.remedy,
        file=fault.place.file,
        line=fault.place.line,
        fix=fault.fix,
        given=["keys-refused"],
    )


def _require_arns_of_roles(
    error: ReadError, files: Files, profiles: Sequence[str], environment: Variables
) -> None:
    """What is given for a role is its ARN: AWS STS refuses another text as it refuses a caller."""
    if error.code not in ACCESS_DENIED | {"ParamValidationError", "ValidationError"}:
        return
    options = [option for name in profiles if (option := files.option(name, "role_arn"))]
    given = [(f"{files.place_of(option)}: role_arn", option["value"]) for option in options]
    for what, arn in given or [("AWS_ROLE_ARN", environment.get("AWS_ROLE_ARN"))]:
        place, _, name = what.rpartition(": ")
        require(
            # One that was cut for the reading may be right.
            arn is None or bool(ROLE_ARN.fullmatch(arn)),
            title=f"{name} is not the ARN of a role",
            expected="arn:aws:iam::ACCOUNT:role/NAME",
            observed=f"{what} is {arn}: {error.code}",
            remedy=[
                f"# {f'edit {place}: write' if place else 'export'} {name} as IAM shows the role's ARN: with :role/ in it,"
                " without quotes, and without a",
                "# variable, which nobody fills in but the shell that writes it",
            ],
            given=["not-assumed"],
        )


def _is_of_web_identity(error: ReadError, chain: SourceChain, files: Files) -> bool:
    """Whether the chain fails where it begins, with an identity token."""
    if files.option(chain.base, "web_identity_token_file") is None:
        return False
    # Not the word alone: a role that is refused later on may be called so.
    said = re.search("AssumeRoleWithWebIdentity|parameter WebIdentityToken", error.message)
    return error.code in UNREAD_TOKEN or said is not None or refusal_of(error) is not None


def _require_role_is_assumed(error: ReadError, chain: SourceChain) -> None:
    """The profile's role chain begins with credentials, and each role lets the one before it assume it."""
    # Of several roles AWS says which it refuses, and sometimes why.
    said = re.search(r"on resource: (\S+)(?P<own> because no identity-based policy allows)?", error.message)
    refused = said[1] if said and said[1] in chain.roles else chain.roles[-1]
    role = ROLE_ARN.fullmatch(refused)
    require(
        error.code not in ACCESS_DENIED or not (said and said["own"]),
        cause="STS02",
        title="The caller's own policies do not let it assume the role",
        expected=f"{chain.base} may assume {refused}",
        observed=f"sts:AssumeRole: {error.code}: {error.message}",
        remedy=[f"# an administrator has a policy of the caller allow sts:AssumeRole on {refused}"],
        given=["not-assumed"],
    )
    require(
        error.code not in ACCESS_DENIED,
        cause="STS02",
        expected=f"{chain.base} may assume {refused}",
        observed=f"sts:AssumeRole: {error.code}: {error.message}",
        role=role["name"] if role else refused,
        account=role["account"] if role else None,
        given=["not-assumed"],
    )
    require(
        error.code not in UNUSABLE_TOKEN,
        cause="TOK01" if error.code == "SSOTokenLoadError" else "TOK02",
        expected=f"an SSO token for profile {chain.base}, which {' → '.join(chain.profiles)} begins with",
        observed=f"{error.code}: {error.message}",
        profile=chain.base,
        given=["not-assumed"],
    )


def _of_session(error: ReadError) -> str | None:
    """The option of a profile that the error is about, where it is one of a role's session: botocore looks at lengths, AWS
    STS at the rest."""
    told = re.search("|".join(OF_SESSION), error.message, re.IGNORECASE)
    if error.code not in ("ParamValidationError", "ValidationError") or told is None:
        return None
    return next(name for told_as, name in OF_SESSION.items() if told_as.casefold() == told[0].casefold())


def _told_wrong(error: ReadError) -> str:
    # botocore says what is wrong in a line of its own.
    return begins(re.split(r"failed:(?:\s|\\n)*", error.message)[-1])


def _require_sound_name_of_session(error: ReadError, environment: Variables) -> None:
    """The name of a job's session, where a variable gives it, is one that AWS STS takes."""
    name = "AWS_ROLE_SESSION_NAME"
    require(
        _of_session(error) != "role_session_name" or not environment.get(name),
        title=f"{name} is not what AWS STS takes for the role",
        expected="2 to 64 letters, digits and signs of _+=,.@-",
        observed=f"{name} is {environment.get(name)}: {_told_wrong(error)}",
        remedy=[
            "# where the variable is set, write 2 to 64 letters, digits and signs of _+=,.@- in it, no / of a path;",
            "# or leave it out, and the session gets a name by itself:",
            f"unset {name}",
        ],
        given=["not-assumed"],
    )


def _require_sound_settings_of_roles(error: ReadError, files: Files, profiles: Sequence[str]) -> None:
    """What the profiles say of a role's session is what AWS STS takes."""
    option = _of_session(error)
    if option is None:
        return
    where = next((stated for name in profiles if (stated := files.option(name, option))), None)
    place = files.place_of(where) if where else files.header_of(profiles[0])
    require(
        where is None or not lasts_too_long(error.code, error.message),
        cause="STS04",
        expected="a session that lasts as long as the role allows",
        observed=f"{place}: {option}: {_told_wrong(error)}",
        file=place.file,
        line=place.line,
        given=["not-assumed"],
    )
    require(
        False,
        title=f"{option} is not what AWS STS takes for the role",
        expected=f"{option} as AWS STS and the role allow it",
        observed=f"{place}: {option}: {_told_wrong(error)}",
        remedy=[f"# edit {place}: correct {option}, or delete the line where the role asks for none"],
        file=place.file,
        line=place.line,
        given=["not-assumed"],
    )


def _require_web_identity(error: ReadError, profile: str, evidence: Evidence) -> None:
    """The token of the pod or the job is there, and AWS STS takes it for the role."""
    files = evidence.parsed_files
    stated = files.option(profile, "web_identity_token_file")
    place = files.place_of(stated) if stated else None
    said = str(place or "AWS_WEB_IDENTITY_TOKEN_FILE")
    where = f"{place}: web_identity_token_file" if place else said
    # A job that was given none writes a file all the same: botocore sends nothing that is too short for a token.
    empty = error.code == "ParamValidationError" and "for parameter WebIdentityToken" in error.message
    require(
        error.code not in UNREAD_TOKEN and not empty,
        cause="PRE11",
        expected="the token of the pod or the job, in the file that is named",
        observed=f"{where}: {'the file is there, and has no token' if empty else begins(error.message)}",
        remedy=[
            f"# have the job or the pod write its token where {said} says, before this runs; or correct the path there",
            *(NO_TOKEN if empty else ()),
        ],
        file=place and place.file,
        line=place and place.line,
        given=["not-assumed"],
    )
    known, token = refusal_of(error), None
    with suppress(Unavailable):  # then it is told without what the token says of itself
        token = evidence.identity_token
    role = files.option(profile, "role_arn") if stated else None
    arn = role["value"] if role else evidence.environment.get("AWS_ROLE_ARN")
    named = str(files.place_of(role)) if role else "AWS_ROLE_ARN"
    require(
        error.code not in REFUSED_TOKEN,
        cause="PRE11",
        title=known.title if known else None,
        expected="a role that trusts the token's issuer, audience and subject",
        observed=f"sts:AssumeRoleWithWebIdentity: {error.code}: {begins(error.message)}{known.shown(token) if known else ''}",
        remedy=known.remedy(token, arn, said, named)
        if known
        else [
            f"# have the job or the pod write a fresh token where {said} says; where it is fresh, the role's trust policy",
            "# is to name its issuer, its audience (sts.amazonaws.com) and its subject as they stand in the token",
        ],
        file=place and place.file,
        line=place and place.line,
        given=["not-assumed"],
    )


def _why_refused(code: str, provider: Provider, environment: Variables, region: str) -> str | None:
    """The failure mode that keys alone can have, once everything that could explain it has been looked at."""
    if code in EXPIRED:
        return "PRE04"
    if code not in INVALID_KEYS:
        return None
    # Before the Region: AWS refuses a temporary key without its token everywhere, with the same code.
    if provider.key_kind == "ASIA" and not provider.token:
        return "ENV02" if provider.method == "env" else "PRE02"
    if provider.key_kind == "AKIA":
        return "STS03"
    # What the global endpoint of STS hands out is not valid in Regions that an account has to enable; what the portal
    # has just handed out is refused nowhere else than in a Region that is not enabled.
    given = provider.method == "sso" and region not in ALWAYS_ENABLED
    return "REG04" if given or environment.get("AWS_STS_REGIONAL_ENDPOINTS") == "legacy" else None


@requirement("RUN-03", asks=("environment", "platform"))
def test_caller_is_the_profiles_role(
    identity: Identity, provider: Provider, profile: Profile, evidence: Evidence
) -> str:
    """The account is the profile's `sso_account_id`, the role its `sso_role_name`."""
    wanted = evidence.settings.profile
    account = profile.get("sso_account_id") or wanted.account_id
    role = profile.get("sso_role_name") or wanted.role_name
    if not account and not role:
        not_applicable("neither the profile nor [profile] in compliance.toml names an account and a role")
    require(
        account in (None, "", identity.account)
        # IAM's name of an SSO role has a prefix and a hash around that of the permission set.
        and role in (None, "", identity.permission_set or identity.role),
        cause="PRE06" if provider.method in ("iam-role", "container-role") else None,
        expected=f"account {account or 'any'}, role {role or 'any'}",
        observed=f"sts:GetCallerIdentity: {identity.arn}, from provider {provider.method}",
        remedy=_without_profile_of_people(evidence)
        if provider.method == "env" and profile.uses_sso and evidence.purpose != "workstation"
        else None,
    )
    return f"sts:GetCallerIdentity: {identity.arn}"


def _without_profile_of_people(evidence: Evidence) -> list[str]:
    """What to do in a job whose keys come before a profile that is for people who sign in."""
    name = evidence.target.profile
    selects = [each for each in SELECTING if evidence.environment.get(each) == name]
    return [
        f"# the keys in variables come before profile {name}, which is for people who sign in: start the job without it, and",
        "# check the keys by --profile default; then:",
        *(line for each in selects for line in UNSET.lines(evidence.platform, variable=each)),
        "aws sts get-caller-identity",
    ]


UNREADABLE = frozenset(
    {
        "AttributeError",
        "InvalidChecksumConfigError",
        "InvalidConfigError",
        "InvalidDefaultsMode",
        "InvalidIMDSEndpointError",
        "InvalidIMDSEndpointModeError",
        "InvalidMaxRetryAttemptsError",
        "InvalidRetryConfigurationError",
        "InvalidRetryModeError",
        "InvalidSTSRegionalEndpointsConfigError",
        "ValueError",
    }
)
"""What botocore raises for a setting whose value it does not take (measured for each of its variables and options)."""


def _require_readable_settings(error: ReadError, expected: str, evidence: Evidence) -> None:
    """No single variable and no single option of the profile keeps botocore from building clients."""
    refused = evidence.refused_setting if error.code in UNREADABLE else None
    if refused is None:
        return
    files, profile = evidence.files, evidence.target.profile
    stated = files.option(profile, refused.option) if refused.option else None
    place = files.place_of(stated) if stated else files.header_of(profile)
    _require_indented_services(stated, expected, files)
    require(
        False,
        title=f"botocore cannot read {refused.variable or refused.option}, and builds no client",
        expected=expected,
        observed=f"{refused.variable or f'{place}: {refused.option}'}: {refused.said or error.message}",
        remedy=[f"unset {refused.variable}", "# or give it a value that botocore takes, where it is set"]
        if refused.variable
        else [
            f"# edit {place}: give {refused.option} of profile {profile} a value that botocore takes, or delete it"
        ],
        file=place.file,
        line=place.line,
        given=["not-built"],
        fix=[Unset((refused.variable,))] if refused.variable else (),
    )


def _require_indented_services(stated: EffectiveOption | None, expected: str, files: Files) -> None:
    """In the services section every setting is indented below the name of a service, which has no value of its own."""
    found = files.config
    for section in found.file["sections"]:
        if stated is None or section["type"] != "services" or section["name"] != stated["value"]:
            continue
        flat = next((option for option in section["options"] if option["value"]["length"]), None)
        place = Place(found.path, flat["line"] if flat else section["line"])
        setting = bool(flat and flat["key"] == "endpoint_url")
        require(
            flat is None,
            title="botocore cannot read the services section, and builds no client",
            expected=expected,
            observed=f"{place}: endpoint_url stands in the first column, and belongs to no service"
            if setting
            else f"{place}: a service has a value of its own, in place of settings below it",
            remedy=[
                f"# edit {place}: indent the line, so that it belongs to the service above it"
                if setting
                else f"# edit {place}: end the line at the =, and write endpoint_url = with the address below it, indented"
            ],
            file=place.file,
            line=place.line,
            given=["not-built"],
        )


@requirement("RUN-04", asks=("files", "refused_setting"))
def test_runtime_client_is_built_for_the_region(
    runtime_client: Reading, environment: Variables, target: Target, evidence: Evidence
) -> str:
    """A `bedrock-runtime` client is built for the region, with the endpoint that belongs to it."""
    expected = f"a bedrock-runtime client with an endpoint in {target.region}"
    require(
        environment.get("AWS_DEFAULT_REGION") != "",
        cause="REG02",
        expected=expected,
        observed="AWS_DEFAULT_REGION is set and empty: a client gets https://bedrock-runtime..amazonaws.com",
        given=["empty-region"],
        fix=[Unset(("AWS_DEFAULT_REGION",))],
    )
    error = runtime_client.error
    # botocore's "Invalid endpoint: …" is about an endpoint, which is told below.
    if error and "endpoint: " not in error.message:
        _require_readable_settings(error, expected, evidence)
    if error and error.code in ("ValueError", "UnknownServiceError"):
        unknown = error.code == "UnknownServiceError"
        of_endpoint = not unknown and "endpoint" in error.message.lower()
        header = evidence.files.header_of(target.profile)
        require(
            False,
            cause="PRE09" if unknown else "REG06" if of_endpoint else None,
            expected=expected,
            observed=f"{error.code}: {error.message}",
            variable="AWS_ENDPOINT_URL",
            file=header.file,
            line=header.line,
            remedy=None
            if unknown or of_endpoint
            else (f"# correct what botocore cannot read, in {header} or in a variable AWS_…",),
            given=["not-built", *(["elsewhere"] if of_endpoint else [])],
        )
    client = value_of(runtime_client, "unread", *without_source(runtime_client))
    endpoint = str(client["endpoint"])
    approved = endpoint.startswith(tuple(evidence.settings.credentials.approved_endpoints))
    require(
        # A VPC endpoint's own name has the Region in it too.
        approved or f".{target.region}." in endpoint,
        cause="REG06",
        expected=expected,
        observed=f"the client's endpoint is {endpoint}",
        given=["elsewhere"],
    )
    return f"the client's endpoint is {endpoint}"


@requirement("RUN-05")
def test_claude_is_listed(listed_models: list[FoundationModel], target: Target) -> str:
    """At least one `anthropic.claude` model is listed."""
    require(
        any(CLAUDE in model.id for model in listed_models),
        expected=f"a model whose ID contains {CLAUDE}",
        observed=f"bedrock:ListFoundationModels in {target.region}: {len(listed_models)} models, none of them",
    )
    return f"{sum(CLAUDE in model.id for model in listed_models)} of {len(listed_models)} models in {target.region}"


@requirement("RUN-06")
def test_sdk_is_new_enough(sdk: Sdk, profile: Profile) -> str:
    """boto3 and botocore are new enough for what the profile uses."""
    used = ["the service bedrock-runtime"]
    used += ["an sso-session"] if profile.session_name else []
    used += ["login_session"] if "login_session" in profile.options else []
    newest = max(used, key=lambda feature: SINCE[feature])
    installed = tuple(int(part) for part in re.findall(r"\d+", sdk.botocore)[:3])
    require(
        installed >= SINCE[newest],
        cause="PRE09",
        expected=f"botocore {'.'.join(map(str, SINCE[newest]))} or later, for {newest}",
        observed=f"boto3 {sdk.boto3}, botocore {sdk.botocore}",
    )
    folders = " and ".join(f"{service} ({folder})" for service, folder in sdk.replaced.items())
    require(
        not sdk.replaced,
        cause="PRE09",
        title="An older model of a service takes the place of botocore's own",
        expected="botocore's own models of AWS's services, or newer ones",
        observed=f"botocore takes the model of {folders}, which lacks operations that its own has",
        remedy=[_set_aside(folder) for folder in sdk.replaced.values()],
    )
    require(
        "login_session" not in profile.options or sdk.awscrt,
        cause="PRE08",
        expected="the package awscrt, for login_session",
        observed="awscrt cannot be imported",
        given=["awscrt"],
    )
    return f"boto3 {sdk.boto3}, botocore {sdk.botocore}"


def _set_aside(folder: str) -> str:
    return f"# give {folder} another name, which `aws configure add-model` or a preview has put there, or delete it"


@requirement("RUN-07", asks=("of_environment",))
def test_child_process_is_the_same_caller(
    child_identity: Child,
    unselecting_child: Child | None,
    identity: Identity,
    parsed_files: Files,
    evidence: Evidence,
) -> str:
    """A child process that gets only AWS_PROFILE resolves the same identity."""
    if evidence.of_environment:
        not_applicable(
            f"the credentials are those of {evidence.of_environment}, which a child has to be given too"
        )
    base = source_chain(parsed_files, evidence.target.profile).base
    source = parsed_files.option(base, "credential_source")
    if source and source["value"] in ("EcsContainer", "Environment"):
        place = parsed_files.place_of(source)
        not_applicable(
            f"{place}: credential_source {source['value']} is of variables, which a child has to be given too"
        )
    expected = f"a child process with AWS_PROFILE alone is {identity.arn}"
    if child_identity.code:
        said = f"it gets {child_identity.code}: {child_identity.said}"
        if child_identity.code not in REFUSED | NOWHERE:
            raise Unavailable(said, given=("unclear",))
        require(False, expected=expected, observed=said, given=["refused"])
    require(
        same_caller(child_identity.arn, identity.arn),
        expected=expected,
        observed=f"it is {child_identity.arn}",
    )
    if unselecting_child and unselecting_child.code in REFUSED:
        stated = parsed_files.option("default", "aws_access_key_id")
        place = parsed_files.place_of(stated) if stated else parsed_files.header_of("default")
        require(
            False,
            cause="PRE01",
            expected="a process without AWS_PROFILE finds no stale keys",
            observed=f"AWS_PROFILE is not set, and the keys of profile default ({place}) get {unselecting_child.code}",
            file=place.file,
            line=place.line,
            given=["default-keys"],
            fix=file_fixes.without_keys(parsed_files, "default"),
        )
    return f"it is {child_identity.arn}"
