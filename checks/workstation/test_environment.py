"""Step 4: the application's environment file, and what the process environment makes of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from checks import environment_fixes, file_fixes
from checks.conflicts import require_no_conflict
from checks.fixes import Export, Fix, Reencode, Unset
from checks.model_words import permitted_geography
from checks.remedies import EXPORT
from checks.requirement import not_applicable, require, requirement
from fixtures.consumers.rules import Rules
from fixtures.engine import value_of
from fixtures.evidence import Evidence
from fixtures.evidence.endpoints import IGNORED, SWITCHES
from fixtures.evidence.environment import EnvFile, Variables, in_use
from fixtures.evidence.models import EMBEDDING, ModelName
from fixtures.evidence.profile import SSO_KEYS, AwsFileFound, Files
from fixtures.evidence.regions import REGION_VARIABLES, Sdk, exported_region, profiles_region, written_region
from fixtures.evidence.replacements import are_within, lasting
from fixtures.evidence.roles import CREDENTIALS
from fixtures.machine.dotenv_file import READERS
from fixtures.machine.environment import BEARER, KEY_VARIABLES
from fixtures.machine.windows import is_null_device
from fixtures.readings import Reading, Unavailable
from fixtures.settings import MANTLE, GuidesOwn
from fixtures.targets import Target

FEWEST_ATTEMPTS = 3
RETRY_MODE = "adaptive"
TIMEOUT = "30"
"""The guide's values, step 4."""
NONE_THERE = "there is no .env.enterprise here, and neither --env-file nor compliance.toml names another file"
MARKED = {"utf-8-bom": "a byte order mark", "utf-16": "UTF-16", "utf-32": "UTF-32"}
ENCODINGS = {**MARKED, "undecodable": "bytes that are not UTF-8", "nul-characters": "NUL characters"}
MOST = 3
"""How many places a message names."""
PATHS = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
BUNDLE = "AWS_CA_BUNDLE"
VARIABLES = (
    "AWS_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_MAX_ATTEMPTS",
    "AWS_RETRY_MODE",
    "AWS_API_TIMEOUT",
    "BEDROCK_MODEL_ID",
    "BEDROCK_EMBED_MODEL_ID",
    "CHAT_MODEL",
)

KEY, SECRET, *_ = KEY_VARIABLES
OTHER_PROFILE, TOKEN_FILE = "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"
WEB_IDENTITY = "assume-role-with-web-identity"


@requirement("ENV-01")
def test_env_file_can_be_loaded(env_file_found: EnvFile, evidence: Evidence) -> str:
    """`.env.enterprise` exists where configured, is UTF-8 without BOM and parses."""
    path, file = env_file_found.path, env_file_found.file
    if not env_file_found.configured and not file["exists"]:
        not_applicable(NONE_THERE)
    require(
        file["exists"],
        expected=f"the file that [application] env_file in {evidence.settings.stated.place('application', 'env_file')} names",
        observed=f"{path}: no such file",
        file=path,
    )
    problem = file["encoding_problem"]
    if problem:
        require(
            False,
            cause="WIN01" if problem["kind"] in MARKED else None,
            expected="UTF-8 without a byte order mark",
            observed=f"{path} line {problem['line']}: {ENCODINGS[problem['kind']]}",
            file=path,
            fix=[Reencode(path)] if problem["kind"] in MARKED else (),
        )
    require_no_conflict(path, file)
    lines = file["unparsable_lines"]
    # Evidence from before it was looked at has no form.
    form = file.get("unparsable_form")
    what = (
        f"{form}, which {READERS[form]} and python-dotenv skips"
        if form
        else "not of that form, so python-dotenv skips it"
    )
    require(
        not lines,
        expected="lines of the form NAME=value",
        observed=f"{path} line {_listed(lines)}: {what}",
        remedy=[f"# edit {path} line {_listed(lines)}: write NAME=value in the place of {form}"]
        if form
        else None,
        file=path,
    )
    return f"{path}: {len(file['variables'])} variables"


def _listed(things: Sequence[object]) -> str:
    more = f" and {len(things) - MOST} more" if len(things) > MOST else ""
    return ", ".join(map(str, things[:MOST])) + more


def _need_a_profile(file: EnvFile, evidence: Evidence) -> None:
    """Does not apply where the file names no profile, and need not."""
    if (
        evidence.purpose != "workstation"
        and evidence.target.profile == "default"
        and not file.variable("AWS_PROFILE")
    ):
        not_applicable(
            f"{file.path} names no profile: a job or a workload that selects none takes the default"
        )
    if (winner := evidence.selects_none) and not file.variable("AWS_PROFILE"):
        not_applicable(f"{file.path} names no profile, and need not: {winner} is what is allowed")


def _jobs_own(name: str, evidence: Evidence) -> bool:
    """Whether this is a job or a workload that has its own value for what selects its profile, or where that is: load_dotenv
    leaves what is set, and the file may be that of people who sign in."""
    if evidence.purpose == "workstation":
        return False
    if name == "AWS_PROFILE":
        return evidence.environment.get(name) == evidence.target.profile
    return any(found.variable == name and found.file["exists"] for found in evidence.files)


def _selected_by_the_job(evidence: Evidence) -> tuple[list[str], list[Fix]] | None:
    """How a job or a workload has its profile selected; None where people share the file's own."""
    profile = evidence.target.profile
    if evidence.purpose == "workstation" or _is_missing(evidence):
        return None
    lines = [
        "# have the job or the workload select it, which comes before the file, so that the file stays as people need it:",
        *EXPORT.lines(evidence.platform, variable="AWS_PROFILE", value=profile),
    ]
    return lines, [Export("AWS_PROFILE", profile)]


def _required(env_file: EnvFile | None) -> EnvFile:
    return env_file or not_applicable(NONE_THERE)


@requirement("ENV-02", asks=("environment", "models", "platform", "profile_names", "selects_none"))
def test_variable_is_set(case: str, env_file: EnvFile | None, target: Target, evidence: Evidence) -> str:
    """[AWS_REGION, AWS_PROFILE, …, CHAT_MODEL] is set."""
    file = _required(env_file)
    if file.sets(case):
        return f"{file.place(case)}: {case} = {file.shown(case)}"
    stated = file.variable(case)
    own = None
    if case == "AWS_PROFILE":
        _need_a_profile(file, evidence)
        if _jobs_own(case, evidence):
            return f"{case} is set where this runs, to {target.profile}"
        own = _selected_by_the_job(evidence)
    # A line that is there and cannot be parsed, or lies behind bytes that end the reading, is the file's fault, said once.
    lost = case in file.file["unparsable_keys"] or (
        file.file["encoding_problem"] and file.file["hidden_lines"]
    )
    elsewhere = (
        "region" if case in REGION_VARIABLES else "profile" if case == "AWS_PROFILE" and stated else None
    )
    values: dict[str, str | None] = {
        **dict.fromkeys(REGION_VARIABLES, target.region),
        "AWS_PROFILE": target.profile,
        "AWS_MAX_ATTEMPTS": str(FEWEST_ATTEMPTS),
        "AWS_RETRY_MODE": RETRY_MODE,
        "AWS_API_TIMEOUT": TIMEOUT,
    }
    # One edit for all that are missing: who mends the first would otherwise be sent back for each of the others.
    shared = evidence.purpose != "workstation" or _is_missing(evidence)
    leave = {"AWS_PROFILE"} - {case} if shared else set()
    unset = [name for name in VARIABLES if name not in leave and not file.sets(name)]
    values |= {name: _model_for(name, file, evidence) for name in unset if name not in values}
    unknown = [name for name in unset if not values[name]]
    require(
        False,
        expected=f"{case}, with a value",
        observed=f"{file.place(case)}: {case} has no value"
        if stated
        else f"{file.path}: no line sets {case}",
        each=[{"variable": name, "candidate": values[name]} for name in unset if values[name]],
        remedy=own[0]
        if own
        else _to_choose(file.path, {name: values[name] for name in unset}, target)
        if unknown
        else None,
        fix=own[1] if own else [],
        file=file.path,
        given=[
            *(["file-lost"] if lost else []),
            *([elsewhere] if elsewhere else []),
            *(["profile-to-come"] if case == "AWS_PROFILE" and _is_missing(evidence) else []),
        ],
    )
    return f"{file.place(case)}: {case} = {file.shown(case)}"


def _model_for(variable: str, file: EnvFile, evidence: Evidence) -> str | None:
    """What to write for a model: what somebody has stated, else what Bedrock itself shows to be there and to last, the guide's
    own first; None where that is not known, or is a global profile, which somebody has to want."""
    twin = file.value("CHAT_MODEL") or file.value("BEDROCK_MODEL_ID") if variable != EMBEDDING else None
    models = evidence.settings.models
    stated = twin or (models.embedding if variable == EMBEDDING else models.chat)
    if not isinstance(stated, GuidesOwn):
        return stated
    if not evidence.asks_aws:
        return None
    until = evidence.now + timedelta(days=models.minimum_days_to_end_of_life)
    with suppress(Unavailable):
        found = lasting(evidence.models[variable], until, permitted_geography(evidence))
        return None if found and found.startswith("global.") else found
    return None


def _to_choose(path: str, values: Mapping[str, str | None], target: Target) -> list[str]:
    """The remedy where there are models that cannot be named, since nobody here has seen one alive: somebody chooses them."""
    unknown = [name for name, value in values.items() if not value]
    return [
        *(f"# edit {path}: write {name}={value}" for name, value in values.items() if value),
        f"# and give {' and '.join(unknown)} the ID of a model that is ACTIVE in {target.region}, or of its inference profile:",
        f"aws bedrock list-foundation-models --query \"modelSummaries[?modelLifecycle.status=='ACTIVE'].modelId\""
        f" --region {target.region} --profile {shlex.quote(target.profile)}",
    ]


def _is_missing(evidence: Evidence) -> bool:
    """Whether no file has the profile under test: to name it would stop what works without one."""
    return evidence.target.profile not in evidence.profile_names


@requirement("ENV-03", asks=("home_partition", "model_names", "profile"))
def test_regions_agree(
    env_file: EnvFile | None,
    environment: Variables,
    files: Files,
    sdk: Sdk,
    evidence: Evidence,
) -> str:
    """AWS_REGION, AWS_DEFAULT_REGION and the profile's region are equal, non-empty, and a region name (no zone)."""
    file = _required(env_file)
    target, approved = evidence.target, evidence.settings.regions.approved
    wanted = evidence.settings.profile.region
    exported = [exported_region(name, environment, file) for name in REGION_VARIABLES]
    overriding = [each for each in exported if each and each.overrides]
    own = profiles_region(files, target.profile)
    judged = [
        *(written_region(name, file) or at for name, at in zip(REGION_VARIABLES, exported, strict=True)),
        # A value that can be no name at all is for PRF-05.
        own if own and own.is_host_label else None,
    ]
    written = [each for each in judged if each]
    odd = [each for each in (*written, *overriding) if sdk.partition_of(each.region) is None]
    for each in odd[:1]:
        text = each.region or target.region
        bedrocks = sdk.meant_by(text, approved, evidence.home_partition)
        meant = wanted or bedrocks or next(iter(sdk.mistyped(text)), target.region)
        require(
            False,
            # An empty AWS_DEFAULT_REGION makes
            # https://bedrock-runtime..amazonaws.com; boto3 never reads AWS_REGION.
            cause="REG03" if each.region else "REG02" if each.by == "AWS_DEFAULT_REGION" else None,
            expected="the name of a region, such as us-east-1, and not of a zone",
            observed=", ".join(map(str, odd)),
            own_remedy=True,
            file=file.path,
            region=meant,
            fix=environment_fixes.name_region(
                [*odd, *(each for each in exported if each and sdk.partition_of(each.region) is None)],
                meant,
                files,
                target.profile,
                file,
            ),
        )
    profile = evidence.profile
    names = {each.by: each.region for each in written}
    only = names.get("AWS_REGION") if "AWS_DEFAULT_REGION" not in names else None
    require(
        # Where the profile has the same Region, boto3 gets it from there and nothing goes wrong.
        only is None or only == profile.region,
        cause="REG01",
        expected="AWS_DEFAULT_REGION, which boto3 reads",
        observed=f"{', '.join(map(str, written))}; AWS_DEFAULT_REGION is not set",
        own_remedy=True,
        file=file.path,
        region=wanted or only,
        given=[] if own else ["profile-without-region"],
        fix=lambda: _one_region(str(wanted or only), file, files, target.profile),
    )
    usable = [region for region in (target.region, *names.values()) if region in approved]
    # Where models are called through an inference profile of a geography, that is where they are meant to be called.
    fitting = [region for region in usable if are_within(evidence.model_names.values(), region)]
    require(
        len(set(names.values())) <= 1,
        expected="one region everywhere",
        observed=", ".join(map(str, written)),
        file=file.path,
        region=wanted or next(iter([*fitting, *usable]), target.region),
        given=["differ", *(["profile-in-another-region"] if wanted and profile.region != wanted else [])],
    )
    return ", ".join(map(str, written))


def _one_region(region: str, file: EnvFile, files: Files, profile: str) -> list[Fix]:
    """What boto3 reads has the region that AWS_REGION has: AWS_DEFAULT_REGION and the profile."""
    option = files.option(profile, "region")
    changed = file_fixes.change_setting(files.of(option), option, "region", region) if option else []
    added = environment_fixes.set_variable(file, "AWS_DEFAULT_REGION", region, below="AWS_REGION")
    return [*added, *changed]


@requirement(
    "ENV-04",
    asks=(
        "application_libraries", "application_overrides", "endpoint_overrides", "environment", "led_nowhere",
        "needs_no_profile", "platform", "profile_names", "selected_in_vain", "selects_none"
    ),
)  # fmt: skip
def test_profile_is_named(env_file: EnvFile | None, files: Files, target: Target, evidence: Evidence) -> str:
    """AWS_PROFILE names the profile under test, and nothing else in the file comes before it or sends calls elsewhere."""
    file = _required(env_file)
    # What the file has is judged by itself, whatever becomes of the profile that it names.
    if not file.variable("AWS_PROFILE"):
        _require_nothing_before(file, target, evidence)
        _need_a_profile(file, evidence)
    named = file.text("AWS_PROFILE")
    superfluous = False
    with suppress(Unavailable):
        # To name the default where no file has it would stop what works without a profile.
        superfluous = (evidence.needs_no_profile or evidence.selected_in_vain) is not None
    profiles = {section["name"] for found in files for section in found.file["sections"]}
    own = _selected_by_the_job(evidence)
    require(
        named == target.profile or _jobs_own("AWS_PROFILE", evidence),
        cause=None if named in profiles else "ENV05",
        expected=f"AWS_PROFILE={target.profile}",
        observed=f"{file.place('AWS_PROFILE')}: AWS_PROFILE is {file.shown('AWS_PROFILE')}",
        own_remedy=True,
        remedy=_without_a_profile(file, evidence) if superfluous else own[0] if own else None,
        file=file.path,
        line=file.line("AWS_PROFILE"),
        fix=lambda: (
            []
            if superfluous
            else own[1]
            if own
            else environment_fixes.set_variable(file, "AWS_PROFILE", target.profile)
            if named not in profiles
            else []
        ),
        given=[] if file.variable("AWS_PROFILE") else ["unset"],
    )
    _require_nothing_before(file, target, evidence)
    return f"{file.place('AWS_PROFILE')}: AWS_PROFILE is {file.shown('AWS_PROFILE')}"


def _without_a_profile(file: EnvFile, evidence: Evidence) -> list[str]:
    """How a file is kept from naming a profile to what needs none: the file may be that of people who need theirs."""
    lines = [f"# edit {file.place('AWS_PROFILE')}: delete the line"]
    if evidence.purpose != "workstation":
        lines.append(
            "# or, where people who sign in use this file too, give the job or the workload a file of its own"
        )
    return lines


def _require_nothing_before(file: EnvFile, target: Target, evidence: Evidence) -> None:
    """Nothing in the file comes before the profile for who relies on the environment, or sends calls elsewhere than to AWS."""
    faults = dict(_before(file, target, evidence))
    # One edit for all of them, and a key goes with what belongs to it.
    names = [
        name
        for fault in faults
        for name in (KEY_VARIABLES if fault == KEY else (fault,))
        if file.variable(name)
    ]
    require(
        not faults,
        title=f"{next(iter(faults), '')} in the environment file keeps the application from profile {target.profile}",
        expected=f"{file.path} without what comes before profile {target.profile}, or leads elsewhere than to AWS",
        observed="; ".join(f"{file.place(name)}: {seen}" for name, seen in faults.items()),
        remedy=[
            *(f"# edit {file.place(name)}: delete the line that sets {name}" for name in names),
            *(_approving(evidence) if evidence.application_overrides.astray else ()),
        ],
        fix=lambda: [fix for name in names for fix in environment_fixes.leave_out(file, name)],
        given=["a-secret"] if any(secret["key"] in names for secret in file.file["secrets"]) else [],
    )


def _approving(evidence: Evidence) -> tuple[str, ...]:
    place = evidence.settings.stated.place("credentials", "approved_endpoints")
    return (
        "# or, where an address is meant, a gateway or an emulator, list it under approved_endpoints in the table",
        f"# [credentials] of {place}",
    )


def _first(libraries: Iterable[Rules], reads: Callable[[Rules], bool]) -> str | None:
    """The name of the first library of which that holds."""
    return next((rules.name for rules in libraries if reads(rules)), None)


def _before(file: EnvFile, target: Target, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """The variables of the file that do so, with what is to be said of each: of those that the process has already, the file's
    are not used (python-dotenv: load_dotenv)."""
    environment, allowed = evidence.environment, evidence.allowed_providers
    added = {name for name in file.file["variables"] if file.variable(name) and name not in environment}
    libraries = evidence.application_libraries
    # Where the process has the right one, the file's is wrong all the same.
    wrong = file.variable(OTHER_PROFILE) and file.text(OTHER_PROFILE) != target.profile
    if wrong and (reader := _first(libraries, lambda rules: OTHER_PROFILE in rules.profile.variables)):
        yield (
            OTHER_PROFILE,
            f"{reader} takes {OTHER_PROFILE}, which is {file.shown(OTHER_PROFILE)}, before AWS_PROFILE",
        )
    emulated = evidence.endpoint_overrides.to_emulators or evidence.application_overrides.to_emulators
    # JavaScript's SDK passes over keys in variables where one names a profile.
    selected = bool(in_use(file, environment, "AWS_PROFILE"))
    reader = _first(libraries, lambda rules: not (rules.keys.unless_profile and selected))
    if reader and KEY in added and file.sets(KEY) and not emulated:
        key, secret = file.variable(KEY), environment.described(SECRET)
        if not (file.sets(SECRET) if SECRET in added else secret and secret["length"]):
            if half := _first(libraries, lambda rules: rules.keys.half != "skipped"):
                yield KEY, f"{half} stops at {KEY}, which has no {SECRET} beside it"
        elif key and key["value"]["placeholder"]:
            yield KEY, f"{KEY} is no key of AWS, and {reader} takes it before every profile"
        elif "env" not in allowed:
            yield KEY, f"{reader} takes {KEY} before every profile"
    # JavaScript's SDK looks for it behind the profile.
    reader = _first(libraries, lambda rules: "web-identity" in rules.order)
    if reader and TOKEN_FILE in added and file.sets(TOKEN_FILE) and WEB_IDENTITY not in allowed:
        yield TOKEN_FILE, f"{reader} takes the web identity in {TOKEN_FILE} before the profile"
    if BEARER in added and not ("bearer" in allowed and file.sets(BEARER)):
        empty = "" if file.sets(BEARER) else ", which is empty,"
        yield BEARER, f"Bedrock's clients send {BEARER}{empty} in place of the profile"
    with suppress(Unavailable):  # what keeps clients from being made is for others
        for name, host in evidence.led_nowhere.items():
            yield name, f"{name} leads to {host}, which does not resolve, where the host without it does"
    for over in evidence.application_overrides.astray:
        own = (
            f"AWS's own for {over.service} in {target.region}"
            if over.service
            else "AWS's own for all services"
        )
        led = f"{over.url}, which is neither {own} nor an approved endpoint"
        if file.variable(over.option):
            yield over.option, f"{over.option} is {led}"
        else:
            yield IGNORED, f"with {IGNORED} {file.shown(IGNORED)} boto3 heeds {over.name}: {led}"


@requirement("ENV-05", asks=("profile_names", "selects_none"))
def test_path_leads_to_a_file(
    case: str,
    env_file: EnvFile | None,
    environment: Variables,
    files: Files,
    platform: str,
    evidence: Evidence,
) -> str:
    """[AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CA_BUNDLE] is a file after the expansion that really happens."""
    file = _required(env_file)
    if file.variable(case) is None:
        not_applicable(f"{file.path} does not set {case}, so that the default counts")
    if case == BUNDLE:
        return _bundle_of_the_application(file, environment)
    if _jobs_own(case, evidence):
        not_applicable(f"{case} is set where this runs, and leads to a file: that of {file.path} is not read")
    flaw = _path_flaw(file, case)
    kind = "config" if case == "AWS_CONFIG_FILE" else "credentials"
    # The guide's file names both places; a machine that signs in with SSO has nothing at the second.
    if flaw == "ENV12" and (because := _needs_no_file(file.shown(case), kind, files, evidence)):
        null = is_null_device(file.shown(case), platform)
        seen = "the null device, and no file is needed" if null else "not there, and need not be"
        not_applicable(f"{file.shown(case)} is {seen}: {because}")
    alike = [name for name in PATHS if _path_flaw(file, name) == flaw]
    require(
        flaw is None,
        cause=flaw,
        expected="the path of a file",
        observed=f"{file.place(case)}: {case} leads to {file.shown(case)}, which is no file",
        own_remedy=flaw == "ENV12",
        each=[{"variable": name, "line": file.line(name)} for name in alike],
        file=file.path,
        fix=lambda: environment_fixes.lead_to(file, case, files, platform),
        given=[
            *([f"right-path:{kind}"] if file.value(case) == files.path_of(kind) else []),
            *(["profile-to-come"] if _is_missing(evidence) else []),
        ],
    )
    return f"{file.place(case)}: {case} leads to {file.shown(case)}"


def _bundle_of_the_application(file: EnvFile, environment: Variables) -> str:
    """The CA bundle that the file names for the application is there; what the process has already is for CON-01."""
    place = file.place(BUNDLE)
    # load_dotenv leaves alone what is set.
    if BUNDLE in environment:
        return f"{place}: {BUNDLE} is not read, since the process has one"
    if BUNDLE not in file.leads:
        raise Unavailable("this evidence is from before the path of a CA bundle was followed")
    require(
        file.leads[BUNDLE]["is_file"],
        cause="NET03",
        expected="the path of a file, in which ~ is the home folder",
        observed=f"{place}: {BUNDLE} is {file.shown(BUNDLE)}, where no file is",
        remedy=[f"# edit {place}: give {BUNDLE} the full path of the file in PEM, or delete the line"],
        fix=lambda: environment_fixes.leave_out(file, BUNDLE),
    )
    return f"{place}: {BUNDLE} leads to {file.shown(BUNDLE)}"


def _needs_no_file(path: str, kind: str, files: Files, evidence: Evidence) -> str | None:
    """Why the file need not be there, which botocore takes for an empty one then: as PRF-01 has it, at its usual place or
    the null device."""
    if winner := evidence.selects_none:
        return f"{winner} is what is allowed"
    profile = evidence.target.profile
    other = files.credentials if kind == "config" else files.config
    # The null device is how people say that there is to be no such file, whatever this process has: SSO needs nothing there,
    # and a role may.
    if is_null_device(path, evidence.platform):
        complete = _comes_to_sso(other, profile)
    else:
        complete = path == f"~/.aws/{kind}" and not CREDENTIALS.isdisjoint(_options(other, profile))
    return f"profile {profile} is complete in {other.path}" if complete else None


def _options(found: AwsFileFound, profile: str) -> dict[str | None, str | None]:
    """The profile's options in that file alone."""
    section = found.read_as(profile)
    return {option["key"]: option["value"]["value"] for option in section["options"]} if section else {}


def _comes_to_sso(found: AwsFileFound, profile: str) -> bool:
    """Whether the profile has SSO settings in that file alone, or its source profiles lead to one that has."""
    visited: set[str] = set()
    name: str | None = profile
    while name and name not in visited:
        visited.add(name)
        own = _options(found, name)
        if not own.keys().isdisjoint(SSO_KEYS):
            return True
        name = own.get("source_profile") if "role_arn" in own else None
    return False


def _path_flaw(file: EnvFile, name: str) -> str | None:
    stated = file.variable(name)
    if stated is None or file.leads[name]["is_file"]:
        return None
    value = file.value(name) or ""
    # "\\\\" is how a backslash is written between quotes; only at the start of a share's name does it lose one.
    if any(escape != "\\\\" for escape in stated["escapes"]) or (
        stated["escapes"] and re.match(r"\\[^\\]", value)
    ):
        return "WIN04"
    return "WIN03" if file.leads[name]["literal"] else "ENV12"


@requirement("ENV-06")
def test_clients_retry(env_file: EnvFile | None, retrying: Reading | None) -> str:
    """AWS_MAX_ATTEMPTS is a whole number ≥ 3, AWS_RETRY_MODE is `adaptive`, and a client really uses both."""
    file = _required(env_file)
    names = ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")
    attempts, mode = (file.text(name) for name in names)
    expected = f"AWS_MAX_ATTEMPTS of at least {FEWEST_ATTEMPTS} and AWS_RETRY_MODE {RETRY_MODE}"
    require(
        _whole(attempts) >= FEWEST_ATTEMPTS and mode == RETRY_MODE,
        expected=expected,
        observed=", ".join(f"{file.place(name)}: {name} is {file.shown(name)}" for name in names),
        file=file.path,
        given=[f"unset:{name}" for name in names if not file.sets(name)],
    )
    retries = value_of(retrying, "no-client")["retries"] if retrying else {}
    require(
        # AWS_MAX_ATTEMPTS counts the first attempt too (AWS SDKs
        # and Tools Reference Guide, "Retry behavior").
        (retries.get("mode"), retries.get("total_max_attempts")) == (mode, _whole(attempts)),
        expected=expected,
        observed=f"a client that is built with them retries so: {retries}",
        file=file.path,
    )
    return f"a client that is built with them makes {retries.get('total_max_attempts')} attempts, mode {retries.get('mode')}"


def _whole(text: str | None) -> int:
    """The whole number that the text is; 0 for any other text."""
    return int(text) if text and text.isascii() and text.isdecimal() else 0


@requirement("ENV-07")
def test_timeout_is_a_number_of_seconds(env_file: EnvFile | None) -> str:
    """AWS_API_TIMEOUT is a positive whole number of seconds."""
    name = "AWS_API_TIMEOUT"
    file = _required(env_file)
    require(
        _whole(file.text(name)) > 0,
        title=None if file.sets(name) else f"{name} has no value in the environment file",
        expected="a positive whole number of seconds",
        observed=f"{file.place(name)}: {name} is {file.shown(name)}",
        file=file.path,
        line=file.line(name),
        given=[] if file.sets(name) else ["unset"],
    )
    return f"{file.place(name)}: {name} is {file.shown(name)}"


@requirement("ENV-08")
def test_env_file_holds_no_secret(env_file: EnvFile | None) -> str:
    """The file holds no secret."""
    file = _required(env_file)
    secrets = file.file["secrets"]
    rules: dict[tuple[int, str], list[str]] = {}
    for each in secrets:
        rules.setdefault((each["line"], each["key"] or "a value"), []).append(each["rule"])
    found = [f"{key} at line {line} ({', '.join(told)})" for (line, key), told in rules.items()]
    require(
        not secrets,
        expected="no key, token or password",
        observed=f"{file.path}: {_listed(found)}",
        remedy=[_taken_out(f"{file.path} line {line}", key) for line, key in rules],
        file=file.path,
    )
    return f"{file.path}: no key, token or password in {len(file.file['variables'])} variables"


def _taken_out(place: str, key: str) -> str:
    """How a secret leaves the file: the profile stands in for AWS's own, and any other is still needed."""
    if key.startswith("AWS_"):
        return f"# edit {place}: delete {key}, and have what it held revoked: others may have read it"
    return f"# edit {place}: move {key} to a store of secrets that the application asks, and renew what others may have read"


@requirement("ENV-09", asks=("led_nowhere", "platform", "selects_none"))
def test_environment_does_not_override(
    env_file: EnvFile | None,
    environment: Variables,
    files: Files,
    sdk: Sdk,
    target: Target,
    evidence: Evidence,
) -> str:
    """The process environment does not override the file with other values."""
    file = _required(env_file)
    overridden = [
        name
        for name, variable in file.file["variables"].items()
        if variable["assigned"]
        and variable["environment"] == "different"
        and _of_the_guide(name)
        and not (name in ("AWS_PROFILE", *PATHS) and _jobs_own(name, evidence))
        # botocore takes ~ in a path for the home folder, as the file's ${HOME} is: they may lead to one file.
        and not (name in PATHS and file.value(name) and file.value(name) == environment.get(name))
        and not _is_without_on_purpose(name, environment.get(name), files, evidence)
    ]

    def judged_elsewhere(name: str) -> bool:
        """Whether one of the two values is wrong itself, which is for the requirement about that value."""
        both = (file.value(name) or "", environment.get(name) or "")
        if name in REGION_VARIABLES:
            # Where the file's value is wrong itself, to let it win would break what works.
            own = profiles_region(files, target.profile)
            return not all(map(sdk.supports_bedrock, both)) or (own is not None and own.region != both[0])
        opened = next((found for found in files if found.variable == name), None)
        if name in SWITCHES.values():
            with suppress(Unavailable):
                return name in evidence.led_nowhere
        return name == "AWS_PROFILE" or (
            name in PATHS and not (file.leads[name]["is_file"] and opened and opened.file["exists"])
        )

    others = [name for name in overridden if not judged_elsewhere(name)]
    named = others or overridden
    require(
        not overridden,
        cause="ENV11",
        expected="the file's values, or none, in the environment",
        observed=_listed([_difference(name, file, environment) for name in named]),
        each=[{"variable": name} for name in named],
        fix=[Unset(tuple(named))],
        given=[] if others else ["wrong-value"],
    )
    return "what is exported is what the file says, or is not in it"


def _is_without_on_purpose(name: str, path: str | None, files: Files, evidence: Evidence) -> bool:
    """Whether somebody has put the null device in the place of a file that is not needed: it takes nothing away."""
    if name not in PATHS or path is None or not is_null_device(path, evidence.platform):
        return False
    return (
        _needs_no_file(path, "config" if name == "AWS_CONFIG_FILE" else "credentials", files, evidence)
        is not None
    )


def _of_the_guide(name: str) -> bool:
    """Whether it says how AWS is used. What else a file sets, PATH say, is the application's own affair; who calls is judged by
    itself, in the process and in the file: a job's own keys are not to make way for a file's stand-ins."""
    selects = (*KEY_VARIABLES, BEARER, OTHER_PROFILE, TOKEN_FILE)
    return (name.startswith(("AWS_", "BEDROCK_")) or name in VARIABLES) and name not in selects


def _difference(name: str, file: EnvFile, environment: Variables) -> str:
    here = environment.get(name)
    if here is None or file.value(name) is None:
        return f"{name} is another than at {file.place(name)}"
    return f"{name} is {here or 'empty'}, and {file.shown(name)} at {file.place(name)}"


@requirement("ENV-10")
def test_chat_models_agree(env_file: EnvFile | None, sdk: Sdk, evidence: Evidence) -> str:
    """CHAT_MODEL and BEDROCK_MODEL_ID agree."""
    file = _required(env_file)
    names = ("CHAT_MODEL", "BEDROCK_MODEL_ID")
    form = ModelName.on_mantle if evidence.settings.models.endpoint == MANTLE else ModelName.of
    lacking = [name for name in names if not file.sets(name)]
    # What MDL-01 rejects is not to be given to both.
    sound = [name for name in names if form(file.text(name) or "").well_formed(sdk.model_id_patterns)]
    require(
        _agree(file.text(name) for name in names),
        title=f"{' and '.join(lacking)} has no value in the environment file" if lacking else None,
        expected="one model for both",
        observed=", ".join(f"{file.place(name)}: {name} is {file.shown(name)}" for name in names),
        file=file.path,
        model=file.value(next(iter(sound), "CHAT_MODEL")),
        given=[f"unset:{name}" for name in lacking],
    )
    return ", ".join(f"{name} is {file.shown(name)}" for name in names)


def _agree(texts: Iterable[str | None]) -> bool:
    """Whether the identifiers mean one model; a bare one and its inference profile's do, which MDL-05 tells apart."""
    one, other = (ModelName.of(text or "") for text in texts)
    if one.base is None or other.base is None:
        return one.text == other.text
    return one.base == other.base and (
        one.geography == other.geography or None in (one.geography, other.geography)
    )
