"""Step 2, the credentials: which provider wins, and what in the environment or the files stands in the profile's way."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from checks import file_fixes
from checks.caller import as_allowed
from checks.fixes import Ask, Export, Fix, Unset
from checks.key_tools import put_there_by
from checks.remedies import UNSET
from checks.requirement import require, requirement
from checks.stored_keys import (
    UNWANTED,
    fault_of_keys,
    handed_out_late,
    issued_anew,
    misspelt,
    renewed,
    unwanted,
)
from fixtures.aws.errors import EXPIRED, INVALID_KEYS, PROCESS_FAILED, REFUSED, refuses_api_key
from fixtures.aws.selection import SELECTING
from fixtures.evidence import Evidence
from fixtures.evidence.code import CredentialCall
from fixtures.evidence.endpoints import Override, Overrides
from fixtures.evidence.environment import Variables
from fixtures.evidence.identity import STATIC, Provider, Winners, of_container
from fixtures.evidence.profile import Files, Place
from fixtures.evidence.tokens import instant
from fixtures.evidence.withheld import require_kept
from fixtures.late import dataclass
from fixtures.machine.api_key import LONG, SHORT
from fixtures.machine.environment import BEARER, CONTAINER_VARIABLES, KEY_VARIABLES, OF_LAMBDA, Keys
from fixtures.privacy.redaction import Flaw, Value
from fixtures.readings import ReadError, Unavailable
from fixtures.targets import Target
from fixtures.text.sentences import begins

KEY, SECRET, SESSION, SECURITY, EXPIRATION = KEY_VARIABLES
WEB_IDENTITY, METADATA = "assume-role-with-web-identity", ("container-role", "iam-role")
SOURCES = {
    **dict.fromkeys(STATIC, "aws_access_key_id"),
    "custom-process": "credential_process",
    "assume-role": "role_arn",
    WEB_IDENTITY: "web_identity_token_file",
    "login": "login_session",
}
"""The profile's option that makes a provider of botocore's chain answer."""
WAYS = {
    **dict.fromkeys(STATIC, "uses access keys from a file"),
    **dict.fromkeys(METADATA, "uses the role of the machine that it runs on"),
    "assume-role": "assumes a role",
    "custom-process": "gets its credentials from a program",
    WEB_IDENTITY: "assumes a role with a web identity",
    "login": "signs in with aws login",
    "env": "uses keys of the environment",
}
"""What a profile does whose credentials come from a provider, as the middle of a sentence."""
OF_DEFAULT = PROCESS_FAILED | {
    "InfiniteLoopConfigurationError",
    "InvalidConfigError",
    "MfaRequired",
    "MissingDependencyException",
    "PartialCredentialsError",
}
"""botocore's errors for a profile whose own source of credentials gives none."""

NO_METADATA = "AWS_EC2_METADATA_DISABLED"
INSTANCE = "169.254.169.254"
"""The metadata service of EC2."""
OF_A_MACHINE = (
    "# give the machine a role: an EC2 instance its instance profile, a task its task role, a pod an association or a service",
    "# account; from a container on EC2 the metadata service answers only with a hop limit of 2 (HttpPutResponseHopLimit)",
    "aws sts get-caller-identity",
)
"""What gives credentials where nobody signs in: Amazon EC2 User Guide, "Configure the Instance Metadata Service options"."""
SERVED = (
    "# have what serves that address give keys here: in EKS the Pod Identity Agent on the node, and an association of the",
    "# pod's service account with a role; in ECS the agent, and a task role; then:",
    "aws sts get-caller-identity",
    "# where this process is not in that pod or task, take the variable out that was copied from there",
)
"""Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"; Amazon ECS Developer Guide, "Task IAM
role"."""
WITHOUT_A_PERSON = (
    "# else, since nobody signs in here, have the job or the workload assume a role, by an identity token (in GitHub with",
    "# id-token: write, in GitLab by an entry in id_tokens) or as a task, an instance or a pod, and start it without the keys",
)
PLAIN = ("region", "output")
"""Options of a profile that give no credentials and are not meant to, beside the AWS CLI's own."""
WRAPPED = r".*?(credentials from container-role|retrieving metadata|retrieve (container|ECS) metadata): "

WEB_IDENTITY_VARIABLES = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME")


@requirement("CRD-01", asks=("application", "caller_identity", "env_file_found", "profile"))
def test_sso_provider_wins(
    provider: Provider,
    winners: Winners,
    files: Files,
    environment: Variables,
    evidence: Evidence,
) -> str:
    """The provider that wins for the profile is the one that the guide asks for: sso."""
    allowed, target = evidence.allowed_providers, evidence.target
    if evidence.sends_api_key:
        return f"Bedrock is sent the API key in {BEARER}, which comes before every provider"
    wanted = f"{' or '.join(allowed)} as the provider of profile {target.profile}"
    _require_containers_source(evidence.read("provider").error, evidence, wanted)
    _require_own_provider(provider, files, evidence, wanted)
    # An application that names no profile in code meets providers that a named profile switches off.
    token_file = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    error = winners.application.error
    _require_containers_source(error, evidence, wanted)
    if error and error.code == "InvalidConfigError" and token_file:
        method = WEB_IDENTITY  # which has a token file, and no role
    elif error and error.code in OF_DEFAULT and _takes_default(environment, files, target):
        return _require_selection(error, files, evidence, wanted)
    elif error:
        evidence.application  # noqa: B018  Unavailable where it cannot be had
        return f"an application with its environment alone gets {winners.alone}, with profile_name {winners.named}"
    else:
        method = winners.application.value["method"]
    alone = (
        f"an application with its environment alone gets {winners.alone}, with profile_name {winners.named}"
    )
    tool = put_there_by(environment)
    require(
        # An emulator's keys are for the emulator, and CI has its keys in variables.
        method != "env" or method in allowed or winners.emulated,
        cause="ENV01",
        expected=wanted,
        observed=alone,
        given=["keys-of-environment"],
        remedy=tool.mended if tool else None,
        fix=[] if tool else [Unset(KEY_VARIABLES)],
    )
    require(
        # On EKS the web identity is meant, and is allowed there; one that
        # the profile has itself is not the environment's.
        method != WEB_IDENTITY or method in allowed or not token_file,
        cause="PRE05",
        expected=wanted,
        observed=f"AWS_WEB_IDENTITY_TOKEN_FILE is {token_file}: {alone}",
        fix=[Unset(WEB_IDENTITY_VARIABLES)],
    )
    require(
        # In production the machine's role is what the guide asks for, and is allowed.
        method not in METADATA or method in allowed,
        cause="PRE06",
        expected=wanted,
        observed=alone,
        fix=_without_the_machines_role(target.profile),
    )
    return (
        f"an application with its environment alone gets {winners.alone}, with profile_name {winners.named}"
    )


def _require_containers_source(error: ReadError | None, evidence: Evidence, wanted: str) -> None:
    """Where a variable names a container's source of credentials, that gives some: the chain ends there else."""
    environment, meant = evidence.environment, "container-role" in evidence.allowed_providers
    named = next((name for name in CONTAINER_VARIABLES if name in environment), None)
    require(
        named is None or not of_container(error),
        cause="PRE11",
        expected=wanted,
        # What the exceptions of botocore have wrapped around one another.
        observed=f"{named} is set: {re.sub(WRAPPED, '', error.message) if error else ''}",
        remedy=SERVED if meant else None,
        fix=[] if meant else [Unset(CONTAINER_VARIABLES)],
    )


def _takes_default(environment: Variables, files: Files, target: Target) -> bool:
    """Whether an application that names no profile gets the profile default, and that is not the one under test."""
    selects = "AWS_PROFILE" in environment or "AWS_DEFAULT_PROFILE" in environment
    return not selects and target.profile != "default" and "default" in files.profiles


def _require_selection(error: ReadError, files: Files, evidence: Evidence, wanted: str) -> str:
    """Where the profile default gives nothing, the application's environment file selects the profile under test."""
    profile, place = evidence.target.profile, files.header_of("default")
    seen = (
        f"AWS_PROFILE is not set, and profile default ({place}) gives no credentials: {begins(error.message)}"
    )
    # No application is known here that would take it: a profile of another tool's is nobody's fault.
    if not evidence.env_file_found.file["exists"]:
        return seen
    require(
        evidence.env_file_found.value("AWS_PROFILE") == profile,
        title="An application that names no profile takes the profile default, which gives no credentials",
        expected=wanted,
        observed=seen,
        file=place.file,
        line=place.line,
        remedy=[
            f"export AWS_PROFILE={shlex.quote(profile)}",
            "# set it where the IDE, service or container is started too, or pass profile_name to boto3.Session",
        ],
        fix=[Export("AWS_PROFILE", profile)],
    )
    return f"{evidence.env_file_found.path} selects {profile}; without it: {seen}"


def _without_the_machines_role(profile: str) -> list[Fix]:
    return [
        Unset(CONTAINER_VARIABLES),
        Export("AWS_EC2_METADATA_DISABLED", "true"),
        Export("AWS_PROFILE", profile),
    ]


def _require_own_provider(provider: Provider, files: Files, evidence: Evidence, wanted: str) -> None:
    method, profile, allowed = provider.method, evidence.target.profile, evidence.allowed_providers
    key = SOURCES.get(method or "", "")
    option = files.option(profile, key) if key else None
    place = files.place_of(option) if option else files.header_of(profile)
    uses_sso = _uses_sso(files, profile)
    if method in allowed:
        return
    # What came out of asking AWS with what wins: None where nothing asked, "" where it works.
    refusal = _refusal(evidence) if method else None
    cause, title, remedy, fix = None, None, None, list[Fix]()
    seen = f"{method} wins for it{f', by {key} in {place}' if option else ''}"
    if method is None:
        looks = misspelt(files, profile)
        seen = f"no provider has credentials for it{f'; {looks}' if looks else ''}"
        how = "configure sso" if "sso" in allowed else "configure list"
        remedy = [f"aws {how} --profile {shlex.quote(profile)}"]
        title = f"Nothing gives profile {profile} credentials"
        # One with settings of its own is to have them mended, not the machine's role in their place.
        plain = all(name in PLAIN or name.startswith("cli_") for name in files.profiles.get(profile, {}))
        if "iam-role" in allowed and "sso" not in allowed and plain:
            title, remedy = "Nothing gives this machine credentials", [*OF_A_MACHINE]
            # In any case (botocore.utils.IMDSFetcher).
            if (evidence.environment.get(NO_METADATA) or "").lower() == "true":
                seen += f"; {NO_METADATA} is true, so that the machine is not asked for its role"
                remedy = [f"unset {NO_METADATA}", *OF_A_MACHINE]
            elif proxy := _proxy_before_metadata(evidence):
                # Where both are set, Python reads the one in small letters (urllib.request.getproxies_environment).
                around = "no_proxy" if "no_proxy" in evidence.environment else "NO_PROXY"
                seen += f"; {proxy} is set, and the metadata service is asked through that proxy, as {around} has no {INSTANCE}"
                remedy = [f'export {around}="${around},{INSTANCE}"', *OF_A_MACHINE]
    elif (
        # First what the file itself shows: AWS refuses a token of
        # other keys with the code of a key that is gone.
        method in STATIC and refusal in REFUSED and (fault := fault_of_keys(files, evidence.profile, refusal))
    ):
        cause, title, place, fix = fault.cause, fault.title, fault.place, [*fault.fix]
        seen, remedy = f"{method} wins, and AWS refuses its keys ({refusal}): {fault.observed}", fault.remedy
    elif method in STATIC and provider.key_kind == "AKIA" and refusal in INVALID_KEYS:
        cause, seen = "STS03", f"{method} wins: the long-lived key AKIA…{provider.key_tail or ''} in {place}"
        gone = file_fixes.without_keys(files, profile)
        fix = [*gone, Ask(f"aws configure sso --profile {shlex.quote(profile)}")]
    # It works: no remedy may take away the only credentials that the profile has.
    elif refusal == "":
        title = f"The profile {_way(method, profile, files)}: that works, and is not what the guide asks for"
        remedy = _allowing(method, profile, files, evidence)
    elif method == "sso" and set(METADATA).intersection(allowed):
        # A login that is over: one that is alive is what PRD-01 is about.
        title = f"Profile {profile} is for a person who signs in, and here a role is asked for"
        selects = [name for name in SELECTING if evidence.environment.get(name) == profile]
        checked = ", and check it with --profile default" if profile != "default" else ""
        remedy = [
            "# give the workload a role of its own (task role, instance profile, service account), and start it without",
            f"# the SSO profile {profile}{checked}; then:",
            *([f"unset {' '.join(selects)}"] if selects else []),
            "aws sts get-caller-identity",
        ]
    elif method in METADATA:
        cause = "PRE06"
        fix = _without_the_machines_role(profile)
    elif method == "custom-process" and refusal in EXPIRED and not uses_sso:
        cause, remedy = "PRE04", handed_out_late(place)
        seen += f", and the keys that it hands out have ended ({refusal})"
    elif not uses_sso and refusal not in INVALID_KEYS:
        # To remove what the profile has would leave it with nothing.
        remedy = _allowing(method, profile, files, evidence)
    require(
        False,
        cause=cause,
        title=title,
        expected=wanted,
        observed=seen,
        remedy=remedy,
        file=place.file,
        line=place.line,
        given=["api-key"]
        if method is None and not uses_sso and evidence.environment.has_api_key
        else [
            *(["keys-refused"] if method in STATIC and refusal in REFUSED else []),
            "other-provider",
            *(["meant-for-sso"] if uses_sso or not option else []),
            *(["keys-of-environment"] if method == "env" else []),
        ],
        fix=fix,
    )


def _proxy_before_metadata(evidence: Evidence) -> str | None:
    """The variable whose proxy botocore asks for the instance's role, which no proxy has (botocore.utils.IMDSFetcher)."""
    with suppress(Unavailable):  # evidence from before it was looked at
        variable: str | None = evidence.value("metadata-proxy")["variable"]
        return variable
    return None


def _refusal(evidence: Evidence) -> str | None:
    """The code with which AWS refuses the profile's caller; "" where it does not, None where nobody asked."""
    if not evidence.asks_aws:
        return None
    try:
        answer = evidence.caller_identity
    except Unavailable:
        return None
    return answer.error.code if answer.error else ""


def _way(method: str, profile: str, files: Files) -> str:
    """How the profile gets its credentials, as the end of a sentence about it."""
    if method == "assume-role" and _login_behind(profile, files):
        return "assumes a role from an SSO login"
    return WAYS.get(method, f"gets its credentials from {method}")


def _login_behind(profile: str, files: Files) -> str | None:
    """The profile that signs in with SSO and is the source of this one's role."""
    passed: list[str] = []
    while (option := files.option(profile, "source_profile")) and option["value"] and profile not in passed:
        passed.append(profile)
        profile = option["value"]
    return profile if passed and _uses_sso(files, profile) else None


def _uses_sso(files: Files, profile: str) -> bool:
    return any(name.startswith("sso_") for name in files.profiles.get(profile, {}))


def _allowing(method: str, profile: str, files: Files, evidence: Evidence) -> list[str]:
    """What to do about a provider that the settings do not allow, and without which the profile has nothing."""
    login = _login_behind(profile, files)
    setting = as_allowed(method, evidence)
    if login:
        return [
            setting,
            f"# else use the profile {login}, which signs in with SSO itself, in place of {profile}",
        ]
    if evidence.purpose != "workstation":
        return [setting, *WITHOUT_A_PERSON]
    return [
        setting,
        "# else make a profile that signs in with SSO, beside this one:",
        f"aws configure sso --profile {shlex.quote(f'{profile}-sso')}",
    ]


OF_NO_PERSON = "Access keys in the environment come before the role that this workload is to have"


@dataclass(frozen=True)
class _Fault:
    """One thing that is wrong with the keys in the environment, and the variables that it concerns; one that has a title of its
    own leaves the keys as they are."""

    cause: str | None
    variables: tuple[str, ...]
    expected: str
    observed: str
    given: tuple[str, ...] = ()
    title: str | None = None


@requirement("CRD-02", asks=("files", "platform", "profile_names"))
def test_environment_has_no_stray_credential(
    case: str,
    environment: Variables,
    winners: Winners,
    evidence: Evidence,
) -> str:
    """The credential variable neither shadows the profile nor is half set, malformed or stale."""
    told = {name: environment.described(name) for name in KEY_VARIABLES}
    present = {name: value for name, value in told.items() if value and value["length"]}
    if case not in present:
        return f"{case} is not set"
    if winners.emulated:
        return "an emulator's keys, for an approved endpoint"
    faults = [
        *_bad_characters(present, environment.told["keys"], evidence.platform),
        *_placeholders(present),
        *_halves(present),
        *_second_token(environment.told["keys"]),
        *_expired(present, environment.told["keys"], evidence),
    ]
    alone = False
    if "env" in evidence.allowed_providers:
        faults += _token_of_others(present)
    elif KEY in present:
        # Of faulty keys nobody is left with less who takes them out.
        alone = not faults and _shadows_nothing(winners, evidence)
        faults.append(_shadow(present, faults, winners, evidence.target.profile))
    # Without them a job has nothing.
    needed = "env" in evidence.allowed_providers and bool({KEY, SECRET}.intersection(present))
    tool = put_there_by(environment) if KEY in present else None
    roles = "sso" not in evidence.allowed_providers and "env" not in evidence.allowed_providers
    for fault in faults:
        anew = not fault.title and needed and evidence.target.profile not in evidence.profile_names
        require(
            case not in fault.variables,
            cause=fault.cause,
            expected=fault.expected,
            observed=fault.observed,
            variable=fault.variables[0],
            given=fault.given,
            title=f"The keys in variables are all the credentials here: profile {evidence.target.profile} has none"
            if alone
            else fault.title or (OF_NO_PERSON if fault.cause == "ENV01" and roles else None),
            remedy=tool.mended
            if tool
            else issued_anew()
            if anew
            else _in_their_place(evidence)
            if alone
            else None,
            fix=[] if tool or anew or alone else [Unset(fault.variables if fault.title else KEY_VARIABLES)],
        )
    return f"{case} is set, and stands in nobody's way"


def _shadows_nothing(winners: Winners, evidence: Evidence) -> bool:
    """Whether whoever takes the keys out is left without credentials: the profile is of no kind, or no file has any."""
    # Elsewhere the role of the machine may be behind them.
    theirs = winners.named.startswith("env") and evidence.environment.has(OF_LAMBDA)
    if not (theirs or winners.named.startswith("nothing")):
        return False
    files, name = evidence.files, evidence.target.profile
    if name in files.profiles:
        return not any(key.startswith("sso_") for key in files.profiles[name])
    # Where one was meant for it, that one is to be mended.
    return not evidence.profile_names and not any(found.meant_for(name) for found in files)


def _in_their_place(evidence: Evidence) -> list[str]:
    if "sso" not in evidence.allowed_providers:
        lambdas = (
            "# as in a function of AWS Lambda, which has the keys of its role there; else take them out, and"
        )
        return [as_allowed("env", evidence), lambdas, *OF_A_MACHINE]
    return [
        as_allowed("env", evidence),
        "# else make the profile one that signs in with SSO, and only then take the keys out of the variables:",
        f"aws configure sso --profile {shlex.quote(evidence.target.profile)}",
    ]


def _bad_characters(present: dict[str, Value], keys: Keys, platform: str) -> Iterable[_Fault]:
    for name, value in present.items():
        found = unwanted(value)
        if not found or (name == EXPIRATION and not {"line-break", "control"}.intersection(value["flaws"])):
            continue
        # A shell of Windows that captures a program's output leaves the carriage return of its line ends.
        returned = platform == "windows" and name in keys["ending_in_return"]
        seen = "a carriage return at its end" if returned else " and ".join(found)
        yield _Fault(
            "WIN07" if returned else "ENV10",
            (name,),
            f"{name} without line breaks, blanks, quotes or invisible characters",
            f"{name} ({value['length']} characters) has {seen}",
        )


def _placeholders(present: dict[str, Value]) -> Iterable[_Fault]:
    stand_ins = {name: value["placeholder"] for name, value in present.items() if value["placeholder"]}
    key = present.get(KEY)
    # With a stray character in it a key is malformed by that alone, which ENV10 says.
    malformed = key and not key["well_formed"] and not set(key["flaws"]).intersection(UNWANTED)
    if malformed and KEY not in stand_ins:
        stand_ins[KEY] = f"{key['length']} characters" if key else ""
    if stand_ins:
        seen = ", ".join(f"{name} is {word}" for name, word in stand_ins.items())
        yield _Fault(
            "ENV04",
            tuple(name for name in present if name in stand_ins or name != EXPIRATION),
            "no keys in the environment, or AKIA or ASIA and 16 capitals and digits",
            f"{seen}, which is no key of AWS",
        )


def _halves(present: dict[str, Value]) -> Iterable[_Fault]:
    if KEY in present and SECRET not in present:
        yield _Fault("ENV07", (KEY,), f"{SECRET} beside {KEY}, or neither", f"{KEY} is set without {SECRET}")
    elif SECRET in present and KEY not in present:
        seen = f"{SECRET} is set without {KEY}, and ignored"
        yield _Fault("ENV07", (SECRET, SESSION, SECURITY), f"{KEY} beside {SECRET}, or neither", seen)
    elif KEY not in present:
        for name in (SESSION, SECURITY):
            if name in present:
                yield _Fault(
                    None,
                    (name,),
                    f"{name} beside the keys it belongs to, or unset",
                    f"{name} is set without {KEY}",
                )


def _second_token(keys: Keys) -> Iterable[_Fault]:
    # Tools that export both names give them one value.
    if keys["tokens"] == "different":
        yield _Fault(
            "ENV03",
            (SECURITY,),
            f"{SECURITY} unset, or equal to {SESSION}",
            f"{SECURITY} differs from {SESSION}, and botocore takes {SECURITY}",
        )


def _token_of_others(present: dict[str, Value]) -> Iterable[_Fault]:
    """A long-lived key that is meant, beside a token that an earlier step has left: AWS refuses the two as it refuses a key
    that is gone."""
    tokens = tuple(name for name in (SESSION, SECURITY) if name in present)
    if tokens and KEY in present and SECRET in present and present[KEY]["kind"] == "AKIA":
        yield _Fault(
            None,
            tokens,
            f"no session token beside a long-lived {KEY}, which has none",
            f"{KEY} is AKIA…{present[KEY]['last4'] or ''}, and {tokens[0]} is set",
            title=f"{tokens[0]} stands beside a long-lived key, which has none: AWS refuses the two together",
        )


def _expired(present: dict[str, Value], keys: Keys, evidence: Evidence) -> Iterable[_Fault]:
    ends = keys["expiration"]
    # Nobody reads it where there is no key that it could be about (botocore.credentials.EnvProvider).
    if EXPIRATION not in present or KEY not in present:
        return
    now = evidence.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    if ends["utc"] is None:
        require_kept(present[EXPIRATION], EXPIRATION)
        seen = f"{EXPIRATION} is {present[EXPIRATION]['value']!r}, which is no time with a zone"
        yield _Fault(None, (EXPIRATION,), "a time such as 2030-01-31T12:00:00Z, or unset", seen)
    elif ends["utc"] <= now:
        seen = f"{EXPIRATION} is {ends['utc']}, which is past"
        yield _Fault("ENV09", (EXPIRATION,), f"{EXPIRATION} after {now}, or unset", seen)


def _shadow(present: dict[str, Value], faults: Sequence[_Fault], winners: Winners, profile: str) -> _Fault:
    """The keys come before the profile. Where they are faulty too that fault is the one to name: what mends it, mends both."""
    concerned = tuple(name for name in present if name != EXPIRATION)
    if faults:
        first = faults[0]
        return _Fault(
            first.cause, (first.variables[0], *concerned), first.expected, first.observed, first.given
        )
    kind, last4 = present[KEY]["kind"], present[KEY]["last4"] or ""
    return _Fault(
        "ENV01",
        concerned,
        f"no keys in the environment, so that profile {profile} is used",
        f"{KEY} is {kind}…{last4}: boto3 with profile_name uses {winners.named},"
        f" an application with its environment alone {winners.alone}",
        given=("shadows",),
    )


@requirement("CRD-03")
def test_temporary_keys_have_their_token(
    environment: Variables,
    files: Files,
    credential_calls: list[CredentialCall],
    target: Target,
    evidence: Evidence,
) -> str:
    """Temporary keys, which start with ASIA, carry their session token wherever they are stored."""
    key = environment.described(KEY)
    keys = environment.told["keys"]
    # Without them a job has nothing.
    needed = "env" in evidence.allowed_providers and target.profile not in files.profiles
    require(
        # Half a pair is CRD-02's to name.
        keys["pairing"] != "complete" or not keys["token_missing"],
        cause="ENV02",
        expected=f"{SESSION} beside a temporary {KEY}",
        observed=f"{KEY} is ASIA…{(key and key['last4']) or ''}, and {SESSION} is not set",
        variable=KEY,
        remedy=issued_anew() if needed else None,
        fix=[] if needed else [Unset(KEY_VARIABLES)],
    )
    # The profile default is what a child process gets that selects none.
    for name in dict.fromkeys((target.profile, "default")):
        _require_token_in_files(files, name, target.profile)
    for call in credential_calls:
        _require_whole_credentials(call)
    return "no temporary key without its session token, in the environment, the files or the code"


def _require_token_in_files(files: Files, profile: str, tested: str) -> None:
    options = files.profiles.get(profile, {})
    key = options.get("aws_access_key_id")
    token = options.get("aws_session_token") or options.get("aws_security_token")
    if not key:
        return
    place, looks = files.place_of(key), misspelt(files, profile)
    require(
        key["facts"]["kind"] != "ASIA" or bool(token and token["facts"]["length"]),
        expected="aws_session_token beside a temporary aws_access_key_id",
        observed=f"{place}: ASIA…{key['facts']['last4'] or ''} of profile {profile} has no aws_session_token"
        + (f"; {looks}" if looks else ""),
        # A profile without SSO has nothing to log in to.
        remedy=None if _uses_sso(files, tested) else renewed(place, profile),
        file=place.file,
        line=place.line,
        given=["own-profile"] if profile == tested else [],
    )


def _require_whole_credentials(call: CredentialCall) -> None:
    place = Place(call.file, call.line)
    require(
        call.key or not call.token,
        cause="PRE03",
        expected="a session token only beside the keys that it belongs to",
        observed=f"{place}: {call.name}() is given aws_session_token and no aws_access_key_id",
        file=call.file,
        line=call.line,
    )
    require(
        call.token or not call.copied,
        cause="PRE02",
        expected="aws_session_token beside the keys that are passed on, or no keys",
        observed=f"{place}: {call.name}() is given the keys of other credentials and no aws_session_token",
        file=call.file,
        line=call.line,
    )


IN_NO_HEADER: dict[Flaw, str] = {
    flaw: words for flaw, words in UNWANTED.items() if flaw != "surrounding-space"
}
"""What no API key is sent with; what a blank at its end does is not known."""


@requirement("CRD-04", asks=("model_listing", "profile_names", "provider"))
def test_no_bedrock_api_key(environment: Variables, target: Target, evidence: Evidence) -> str:
    """AWS_BEARER_TOKEN_BEDROCK is not set, not even to nothing; where it is allowed, its key is valid in this Region."""
    told = environment.described(BEARER)
    seen = "it is set to nothing, and Bedrock's clients send that"
    if told and told["length"]:
        if "bearer" in evidence.allowed_providers:
            _require_valid_api_key(environment, target, evidence)
            return (
                f"it is set ({told['kind']}, {told['length']} characters), and bearer is an allowed provider"
            )
        seen = f"it is set ({told['kind']}, {told['length']} characters), and Bedrock's clients send it in place of the profile"
        _require_other_credentials(seen, target, evidence)
    require(
        told is None,
        cause="ENV08",
        expected=f"{BEARER} is not set",
        observed=seen,
        fix=[Unset((BEARER,))],
    )
    return "AWS_BEARER_TOKEN_BEDROCK is not set"


def _require_other_credentials(seen: str, target: Target, evidence: Evidence) -> None:
    """The profile has credentials besides the key: whoever unsets the key is not left with nothing."""
    require(
        not _has_nothing_else(evidence),
        cause="ENV08",
        title=f"Bedrock is sent an API key, and profile {target.profile} has no other credentials",
        expected=f"{BEARER} is not set",
        observed=seen,
        remedy=[
            as_allowed("bearer", evidence),
            f"# else make the profile one that signs in with SSO, and then unset {BEARER}:",
            f"aws configure sso --profile {shlex.quote(target.profile)}",
        ],
    )


def _has_nothing_else(evidence: Evidence) -> bool:
    with suppress(Unavailable):
        return evidence.provider.method is None
    with suppress(Unavailable):  # where there are profiles, the target is to be one of them
        return not evidence.profile_names
    return False


def _require_valid_api_key(environment: Variables, target: Target, evidence: Evidence) -> None:
    """A short-term key says itself when it ends and in which Region it holds; a long-term one says neither."""
    key = environment.told.get("bearer")
    if key is None:
        raise Unavailable("this evidence is from before the key's own words were read")
    minimum = timedelta(minutes=evidence.settings.credentials.minimum_minutes)
    told = environment.told["variables"][BEARER]
    garbled = unwanted(told, IN_NO_HEADER)
    require(
        not garbled,
        cause="ENV10",
        expected=f"{BEARER} without line breaks, quotes or invisible characters",
        observed=f"{BEARER} ({told['length']} characters) has {' and '.join(garbled)}",
        remedy=[
            f"# set {BEARER} again, in one line and without quotes in its value: as it is, it cannot be sent"
        ],
    )
    require(
        key["kind"] != "other",
        expected=f"{BEARER} starts with {SHORT} or {LONG}, as Bedrock API keys do",
        observed=f"it is set ({told['length']} characters), and no Bedrock API key",
        fix=[Unset((BEARER,))],
    )
    ends = instant(key["ends"])
    left = None if ends is None else ends - evidence.now
    require(
        # A long-term key does not say when it ends: Bedrock does, below.
        left is None or left >= minimum,
        cause="ENV14" if left is not None and left <= timedelta() else None,
        expected=f"a Bedrock API key that lasts {minimum.total_seconds() // 60:.0f} minutes or more",
        observed=f"the short-term key of {key['made']} ends at {key['ends']}",
    )
    require(
        key["region"] in (None, target.region),
        cause="ENV14",
        expected=f"a Bedrock API key of {target.region}",
        observed=f"the short-term key of {key['made']} was made for {key['region']}, and holds there alone",
    )
    # What the key does not say of itself, such as that somebody has revoked it, Bedrock does.
    refused = evidence.model_listing.error if evidence.asks_aws else None
    require(
        refused is None or not refuses_api_key(refused.message),
        cause="ENV14",
        title="Bedrock refuses the API key",
        expected=f"a Bedrock API key that Bedrock takes in {target.region}",
        observed=f"bedrock:ListFoundationModels: {refused and refused.code}: {refused and begins(refused.message)}",
    )


@requirement("CRD-05", asks=("files", "platform", "profile_names", "selected_in_vain"))
def test_environment_selects_the_profile(
    case: str, environment: Variables, target: Target, evidence: Evidence
) -> str:
    """The variable is clean text and selects the profile under test, or is unset."""
    told = environment.described(case)
    if told is None:
        if case == "AWS_PROFILE" and "AWS_DEFAULT_PROFILE" not in environment:
            _require_harmless_default(target, evidence)
        return f"{case} is not set"
    shown = repr(told["value"]) if told["value"] is not None else "something that looks like a secret"
    expected = f"{case} = {target.profile}, or unset"
    fix: list[Fix] = [Unset((case,))]
    unset = None
    if target.profile == "default" and "default" not in evidence.profile_names:
        # Without a profile botocore goes on to what the machine has; with the name of one that is not there it stops.
        taken_out = UNSET.lines(evidence.platform, variable=case)
        unset = [*taken_out, "# and remove the line that sets it in new shells"]
    elif case == "AWS_PROFILE":
        fix.append(Export(case, target.profile))
    # A profile may be called in letters of any language.
    garbled = [seen for seen in unwanted(told) if seen != UNWANTED["non-ascii"]]
    # The default stops boto3 as any other name does where it is selected and no file has it.
    if told["value"] == target.profile and not evidence.selected_in_vain:
        return f"{case} is {target.profile}"
    require(
        bool(told["length"]) and not garbled,
        cause="ENV05",
        expected=expected,
        observed=f"{case} is {shown}" + (f", with {' and '.join(garbled)}" if garbled else ""),
        variable=case,
        remedy=unset,
        fix=fix,
    )
    other = environment.get("AWS_PROFILE")
    require(
        case != "AWS_DEFAULT_PROFILE" or "AWS_PROFILE" not in environment or other == told["value"],
        cause="ENV06",
        expected=f"{case} unset, or equal to AWS_PROFILE",
        observed=f"{case} is {shown} and AWS_PROFILE {other!r}: boto3 takes the first, the AWS CLI the second",
        variable=case,
        fix=[Unset((case,))],
    )
    exists = told["value"] in evidence.profile_names
    masked = exists and case == "AWS_PROFILE" and environment.get("AWS_DEFAULT_PROFILE") == target.profile
    what = "another profile" if exists else "which names no profile"
    if masked:
        what += f", and AWS_DEFAULT_PROFILE {target.profile!r}: the AWS CLI takes the first, boto3 the second"
    require(
        False,
        cause="ENV06" if masked else None if exists else "ENV05",
        expected=expected,
        observed=f"{case} is {shown}, {what}",
        variable=case,
        # To unset AWS_DEFAULT_PROFILE would leave the other profile to both.
        own_remedy=masked,
        remedy=unset,
        fix=[] if exists and not masked else fix,
    )
    return f"{case} is {target.profile}"


def _require_harmless_default(target: Target, evidence: Evidence) -> None:
    """Without AWS_PROFILE nothing else is taken for the profile: no static keys of the profile default."""
    files = evidence.files
    key = files.option("default", "aws_access_key_id")
    # Static keys that may win are an IAM user's on purpose.
    if key is None or target.profile == "default" or not set(STATIC).isdisjoint(evidence.allowed_providers):
        return
    place = files.place_of(key)
    require(
        False,
        cause="PRE01",
        expected=f"AWS_PROFILE = {target.profile}, or no static keys in the profile default",
        observed=f"AWS_PROFILE is not set, and profile default has {key['facts']['kind']}…{key['facts']['last4'] or ''}"
        f" in {place}",
        file=place.file,
        line=place.line,
        # Nobody knows here whether the keys are still used for something else.
        fix=[
            Export("AWS_PROFILE", target.profile),
            Ask(
                "set AWS_PROFILE where the IDE, service or container is started too, or pass profile_name to boto3.Session"
            ),
            Ask(f"edit {place}: delete the keys of the profile default where nothing else uses them"),
        ],
    )


@requirement("CRD-06")
def test_endpoints_are_the_approved_ones(endpoint_overrides: Overrides, files: Files, target: Target) -> str:
    """No endpoint override points elsewhere than to the approved endpoints."""
    astray = endpoint_overrides.astray
    variables = [override.variable for override in astray if override.variable]
    place = next((o.place for o in astray if o.place), files.header_of(target.profile))
    require(
        not astray,
        cause="REG06",
        expected="AWS's own endpoints, or those in [credentials] approved_endpoints",
        observed=", ".join(f"{o.name} is {o.url or '(not shown)'}" for o in astray),
        each=[{"variable": variable} for variable in variables],
        remedy=None
        if variables
        else (f"# edit {place}: delete the line, so that AWS's own endpoint is asked",),
        file=place.file,
        line=place.line,
        fix=lambda: _without(astray, files),
    )
    return "no endpoint of a login or of Bedrock is overridden but to approved ones"


def _without(overrides: Iterable[Override], files: Files) -> list[Fix]:
    """The variables go, and the lines of the config file become comments."""
    names = tuple(override.variable for override in overrides if override.variable)
    lines = [override.place.line for override in overrides if override.place]
    return [*([Unset(names)] if names else []), *file_fixes.comment_out(files.config, lines)]
