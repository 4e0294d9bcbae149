"""Step 2: configure the AWS profile: both files, the profile in them, and each of its settings."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Sequence
from contextlib import suppress

from checks import environment_fixes, file_fixes
from checks.caller import as_allowed
from checks.conflicts import require_no_conflict
from checks.fixes import Export, Fix, Reencode, Rename, Unset
from checks.logins import mounted
from checks.portals import lacks_its_path, page_of, region_of
from checks.remedies import EXPORT, header_word
from checks.requirement import not_applicable, require, requirement
from checks.stored_keys import copied_until, half_pair, renewed
from fixtures.evidence import Evidence
from fixtures.evidence.environment import EnvFile, Variables
from fixtures.evidence.profile import (
    FORMS,
    OF_SESSION,
    SSO_KEYS,
    AwsFileFound,
    Files,
    Place,
    ProcessCommand,
    Profile,
)
from fixtures.evidence.regions import Sdk
from fixtures.evidence.roles import CREDENTIALS, source_chain
from fixtures.evidence.withheld import require_kept
from fixtures.late import dataclass
from fixtures.machine.config_file import EffectiveOption, Section
from fixtures.machine.environment import CONTAINER_VARIABLES, KEY_VARIABLES
from fixtures.machine.token_cache import normalise_start_url
from fixtures.machine.windows import is_null_device
from fixtures.readings import Unavailable
from fixtures.targets import Target
from fixtures.text.nearest import slips

MARKED = {"utf-8-bom": "a byte order mark", "utf-16": "UTF-16", "utf-32": "UTF-32"}
SYNTAX = {
    "no-section-header": "stands before the first [header]",
    "header-unclosed": "has a header without its ]",
    "header-unopened": "has a header without its [",
    "no-delimiter": "is neither a [header] nor name = value",
    "no-option-name": "has a value and no name",
    "nested-without-delimiter": "is indented and no name = value",
}
CORRECTED = {
    "no-section-header": "write the [header] that the line belongs to above it",
    "header-unclosed": "end the header with a ]",
    "header-unopened": "begin the header with a [",
    "no-delimiter": "write a [header] or name = value there, or make it a comment with a # in front",
    "no-option-name": "write the name in front of the value",
    "nested-without-delimiter": "write name = value there, or let the line start in the first column",
}
"""What mends a line that no parser takes."""
PLACEHOLDERS = {
    "sso_start_url": re.compile(r"https://your-org.*", re.IGNORECASE),
    "sso_account_id": re.compile("123456789012"),
    "sso_role_name": re.compile("YourRoleName", re.IGNORECASE),
}
"""The guide's, step 2."""
FORM_NAMES = {
    "sso_start_url": "an https:// address",
    "sso_region": "the name of a Region, such as us-east-1",
    "sso_account_id": "12 digits",
    "sso_role_name": "the name of a permission set: up to 64 letters, digits or +=,.@-_",
    "region": "the name of a Region, such as us-east-1",
}
OUTPUTS = ("json", "text", "table", "yaml", "yaml-stream", "off")
"""AWS CLI User Guide, "Setting the output format in the AWS CLI"."""
GUIDE_VALUES = {"cli_pager": "", "cli_auto_prompt": "off"}
KEYS = ("aws_access_key_id", "aws_secret_access_key")
OTHER_HOMES = {
    "windows": ("WIN05", "in the home folder of Windows, and this is WSL"),
    "home": ("WIN06", "in the folder that HOME names, and Python takes USERPROFILE"),
    "sudo": ("CFG13", "that of the user who called sudo"),
    "account": ("CFG13", "in this user's own home folder, and HOME names another"),
}
"""Causes of a config file that lies in another home folder, and what to say of it."""
SIGNED_IN_BEFORE = (
    "# in a job or below a tool: have the step that signs in run before this, in the same environment; by OIDC the job needs",
    "# the permission id-token: write, and in GitLab an entry in id_tokens; where this machine is to have a profile:",
)
OF_A_JOB = (
    "# have the step that signs in run before this, in the same environment (a container is to be given its variables); by",
    "# OIDC the job needs the permission id-token: write, and in GitLab an entry in id_tokens; then:",
    "aws sts get-caller-identity",
)
"""What gives a job credentials, where nobody is there to configure a profile."""
WEB_IDENTITY, BOTO3 = "assume-role-with-web-identity", "boto3"
OTHER_SOURCES = ("role_arn", "aws_access_key_id", "login_session", "credential_process")


@requirement("PRF-01", asks=("environment", "needs_no_profile", "platform", "selected_in_vain"))
def test_file_is_readable(case: str, files: Files, evidence: Evidence) -> str:
    """The [config, credentials] file is where its variable or the default says, UTF-8 without BOM, no duplicates."""
    found = files.config if case == "config" else files.credentials
    if not found.file["exists"]:
        _require_absence_is_meant(found, files, evidence)
        return f"there is no {found.path}, and none is needed"
    unreadable = found.file["unreadable"]
    astray = {
        "EISDIR": f"{found.path} is a folder",
        "ENOTDIR": f"{found.path.rpartition('/')[0]} is a file, where a folder belongs",
    }
    require(
        unreadable is None,
        cause="CFG13",
        expected="a file that this user can read",
        observed=astray.get(unreadable or "", f"{found.path} cannot be opened: {unreadable}"),
        # A container runtime makes a folder where it is to mount a file that the host does not have.
        remedy=[
            f"# {found.path} is to be a file; where a container mounts it, the host has none; else remove the empty folder:",
            f"rmdir {found.path}",
        ]
        if unreadable == "EISDIR"
        else None,
        file=found.path,
    )
    _require_encoding(found, evidence.target.profile)
    require_no_conflict(found.path, found.file, evidence.target.profile)
    # Before what stands twice: below a header that is broken, settings count as those of the section above.
    _require_syntax(found)
    duplicates = found.file["duplicates"]
    for above, line, header in found.taken_for_settings():
        # What stands below it may be no fault of anybody's: then whose header it is matters to that profile alone.
        if any(twice["header"] == above["header"] and twice["line"] > line for twice in duplicates):
            _require_bracket(found, above, line, header)
    # One stands for all: the fix joins every section that stands twice.
    for twice in duplicates[:1]:
        what = f"[{twice['header']}]"
        if twice["of"] == "option":
            what = f"{twice['option'] or 'an option'} of {what}"
        more = f", and {len(duplicates) - 1} more" if len(duplicates) > 1 else ""
        place = Place(found.path, twice["line"])
        require(
            False,
            cause="CFG03",
            expected="each section, and each option in it, once",
            observed=f"{place}: {what} for the second time, first in line {twice['first_line']}{more}",
            file=place.file,
            line=place.line,
            fix=lambda: file_fixes.without_repeats(found, _repeated(found)),
        )
    return f"{found.path} is readable, {found.file['encoding'] or 'empty'}, nothing in it twice"


def _require_syntax(found: AwsFileFound) -> None:
    for problem in found.file["syntax_errors"][:1]:
        place, kind = Place(found.path, problem["line"]), problem["kind"]
        header, key = problem.get("header"), problem.get("key")
        observed, mend = f"{place} {SYNTAX[kind]}", CORRECTED[kind]
        if header:
            observed, mend = f"{observed}: [{header}] is meant", f"write the header as [{header}]"
        elif key:
            observed, mend = (
                f"{observed}: {key} has no = behind it",
                f"write the = between {key} and its value",
            )
        require(
            False,
            title=f"{found.path} cannot be parsed, so that no profile can be read",
            expected="[headers], and name = value below them",
            observed=observed,
            remedy=[f"# edit {place}: {mend}"],
            file=found.path,
            line=place.line,
            fix=file_fixes.close_header(found, problem),
        )


def _require_bracket(found: AwsFileFound, above: Section, line: int, header: str, *given: str) -> None:
    place = Place(found.path, line)
    require(
        False,
        title=f"A header of {found.path} lacks its ], so that it and what is below it count for the section above",
        expected="[headers], and name = value below them",
        observed=f"{place} {SYNTAX['header-unclosed']}: [{header}] is meant, "
        f"and it is read as a setting of [{above['header']}]",
        remedy=[f"# edit {place}: write the header as [{header}]"],
        file=found.path,
        line=line,
        given=given,
        fix=file_fixes.close_parted_header(found, line, header),
    )


def _repeated(found: AwsFileFound) -> list[list[Section]]:
    """The sections that stand more than once, first to last."""
    headers = {twice["header"] for twice in found.file["duplicates"] if twice["of"] == "section"}
    sections = found.file["sections"]
    return [[section for section in sections if section["header"] == header] for header in sorted(headers)]


def _require_absence_is_meant(found: AwsFileFound, files: Files, evidence: Evidence) -> None:
    """botocore takes a file that is not there for an empty one; that is harmful where it was meant to have something."""
    profile = evidence.target.profile
    other = files.credentials if found is files.config else files.config
    with suppress(Unavailable):  # what gives credentials cannot be told where the other file is at fault
        if evidence.needs_no_profile:
            return
    default = f"~/.aws/{found.file['kind']}"
    elsewhere = bool(other.read_as(profile) or other.meant_for(profile))
    # A profile of the config file that says where its credentials come from needs none in the other file.
    complete = elsewhere and (
        found is files.config or bool(CREDENTIALS.intersection(files.profiles.get(profile, {})))
    )
    saved_as = found.look_alikes[0] if found.look_alikes and not complete else None
    if saved_as:
        mistaken = found.path.rpartition("/")[0] + "/" + saved_as
        require(
            False,
            cause="WIN08",
            expected=f"a file {found.path}",
            observed=f"{mistaken}, and no {found.path}",
            file=mistaken,
            candidate=found.path,
            fix=[Rename(mistaken, found.path)],
        )
    if found.link and not complete:
        link, target = found.link["path"], found.link["target"]
        require(
            False,
            cause="CFG13",
            expected=f"a file {found.path}",
            observed=f"{link} is a link to {target}, and nothing is there",
            file=link,
        )
    require(
        # The null device is how people say that there is to be no such file.
        found.variable is None or found.path == default or is_null_device(found.path, evidence.platform),
        cause="ENV12",
        expected=f"{found.variable} names a file, or is unset for {default}",
        observed=f"{found.variable} is set to {found.path or 'nothing'}, where no file is",
        variable=found.variable,
        fix=[Unset((str(found.variable),))],
    )
    # A machine that signs in with SSO alone has no credentials file, and needs none.
    if found is files.credentials or elsewhere:
        return
    # Only where this home has none: two set-ups are fine where each is complete.
    for another in evidence.value("file.config.elsewhere"):
        cause, told = OTHER_HOMES[another["because"]]
        title, remedy = None, None
        path, own_home = another["path"], another["path"].removesuffix("/.aws/config")
        if cause == "WIN05":
            # -n: a file that has come to be there meanwhile is not overwritten.
            copied = f"mkdir -p ~/.aws && cp -n {shlex.quote(path)} {default}"
            remedy = [copied, f"aws sso login --profile {shlex.quote(profile)}"]
        elif another["because"] == "sudo":
            title = "The config file is that of the user who called sudo"
            remedy = ["# run the program as the user who is logged in, without sudo"]
        elif another["because"] == "account":
            title = "HOME names another folder than the home folder of this user, where the config file is"
            remedy = [
                "# run the program with the home folder of this user:",
                f"export HOME={shlex.quote(own_home)}",
            ]
        require(
            False,
            cause=cause,
            title=title,
            expected=f"a file {default}",
            observed=f"there is no {found.path}, and {path} is {told}",
            remedy=remedy,
            file=path,
        )
    _require_role_of_the_token(found, evidence)
    # A job, or a tool that starts programs, has none either: its variables are what is missing there.
    by_variables = not {"env", "assume-role-with-web-identity"}.isdisjoint(evidence.allowed_providers)
    # Where they are there, what is wrong is the profile that is selected beside them.
    beside = evidence.selected_in_vain
    by_variables = by_variables and not beside
    require(
        False,
        title="This machine has neither an AWS profile nor allowed credentials in variables"
        if by_variables
        else "This machine has no AWS profile yet",
        expected=f"a file {default}" + (" or credentials in variables" if by_variables else ""),
        observed=f"there is no {found.path}: this machine has no AWS profile yet{_given_in_part(evidence)}",
        remedy=[*_secret_of_the_job(evidence), *OF_A_JOB]
        if by_variables and evidence.purpose == "ci"
        else [
            *(SIGNED_IN_BEFORE if by_variables else [*_of_the_container(evidence), *mounted(evidence)]),
            f"aws configure sso --profile {shlex.quote(profile)}",
        ],
        given=[
            *(["selected-in-vain"] if beside else []),
            *(["half-a-pair"] if _has_half_a_pair(evidence) else []),
            *(["api-key"] if evidence.environment.has_api_key else []),
            *(["keys"] if _has_keys_in_variables(evidence) else []),
        ],
        file=default,
    )


def _set_to_nothing(evidence: Evidence) -> list[str]:
    told = {name: evidence.environment.described(name) for name in KEY_VARIABLES}
    return [name for name, value in told.items() if value and not value["length"]]


def _given_in_part(evidence: Evidence) -> str:
    """What of a job's credentials is there and gives none, as the end of a sentence; "" where nothing is."""
    empty, environment = _set_to_nothing(evidence), evidence.environment
    alone = environment.has("AWS_ROLE_ARN") and not environment.has("AWS_WEB_IDENTITY_TOKEN_FILE")
    seen = [f"set to nothing: {', '.join(empty)}"] if empty else []
    seen += ["AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE"] if alone else []
    return "".join(f"; {each}" for each in seen)


def _secret_of_the_job(evidence: Evidence) -> list[str]:
    if not _set_to_nothing(evidence):
        return []
    return [
        "# the secrets behind these variables are empty here: mistyped, of another environment of the job's, or kept from the",
        "# pull requests of forks; see to that, or, better than keys:",
    ]


def _of_the_container(evidence: Evidence) -> list[str]:
    """What keeps the role of a container, which a profile would come before: CloudShell and SageMaker have one too."""
    named = next((name for name in CONTAINER_VARIABLES if evidence.environment.has(name)), None)
    if named is None or "container-role" in evidence.allowed_providers:
        return []
    return [
        as_allowed("container-role", evidence),
        f"# the role of this container, of which {named} tells, is used then; else:",
    ]


def _require_role_of_the_token(found: AwsFileFound, evidence: Evidence) -> None:
    """A job that has an identity token, and needs no profile for it, is told the role that it may assume."""
    environment = evidence.environment
    meant = WEB_IDENTITY in evidence.allowed_providers and environment.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    selects = "AWS_PROFILE" in environment or "AWS_DEFAULT_PROFILE" in environment
    require(
        not meant or selects or bool(environment.get("AWS_ROLE_ARN")),
        title="The identity token is there, and AWS_ROLE_ARN does not say which role to assume with it",
        expected="AWS_ROLE_ARN beside AWS_WEB_IDENTITY_TOKEN_FILE, or a profile that has both",
        observed=f"AWS_WEB_IDENTITY_TOKEN_FILE is {meant}, AWS_ROLE_ARN is not set, and there is no {found.path}",
        remedy=[
            "# export AWS_ROLE_ARN, the ARN of the role that trusts the token's issuer, where the token's file is named; then:",
            "aws sts get-caller-identity",
        ],
    )


def _has_half_a_pair(evidence: Evidence) -> bool:
    """Whether the keys that would do in the place of a profile are there by half, which boto3 refuses or passes over."""
    pairing = evidence.environment.told["keys"]["pairing"]
    return "env" in evidence.allowed_providers and pairing not in ("none", "complete")


def _has_keys_in_variables(evidence: Evidence) -> bool:
    return evidence.environment.told["keys"]["pairing"] == "complete"


def _require_encoding(found: AwsFileFound, profile: str) -> None:
    encoding, problem = found.file["encoding"], found.file["encoding_problem"]
    if problem:
        place = Place(found.path, problem["line"])
        marked = MARKED.get(problem["kind"])
        # Python reads the file in the encoding of the locale, and on Windows that is a code page.
        foreign = problem["kind"] == "undecodable" and encoding != "utf-8"
        seen = {
            "undecodable": f"{place} is no text in {encoding}, in which Python reads it",
            "nul-characters": f"{place} has NUL characters, as UTF-16 has them",
        }
        require(
            False,
            cause="WIN01" if marked else "WIN02" if foreign else None,
            expected="UTF-8 text without a byte order mark",
            observed=f"{found.path} starts with {marked}" if marked else seen[problem["kind"]],
            file=found.path,
            line=place.line,
            fix=[Reencode(found.path)] if marked else (),
        )
    for section in found.file["sections"]:
        garbled = section["garbled_from"]
        meant = garbled is not None and garbled.removeprefix("profile ").strip("\"' ") == profile
        require(
            not meant,
            cause="WIN02",
            expected=f"the header [{garbled}]",
            observed=f"{found.place(section)}: botocore reads [{section['header']}]",
            file=found.path,
            line=section["line"],
        )


def _need_a_profile(evidence: Evidence) -> None:
    """Does not apply where the machine works without any profile, as is allowed."""
    if evidence.needs_no_profile:
        not_applicable(
            f"no file has a profile, and none is needed: {evidence.needs_no_profile} is what is allowed"
        )


@requirement("PRF-02", asks=("needs_no_profile",))
def test_profile_exists(
    parsed_files: Files, profile_names: list[str], environment: Variables, evidence: Evidence
) -> str:
    """The profile exists under a header that botocore reads."""
    name = evidence.target.profile
    config, credentials = parsed_files.config, parsed_files.credentials
    exists = name in profile_names
    selected = name in (environment.get("AWS_PROFILE"), environment.get("AWS_DEFAULT_PROFILE"))
    # Who selects the name in the environment too has not mistyped it: then the letters in the file are wrong.
    meant = config.meant_for(name, in_any_case=selected)
    own = config.read_as(name)
    # A header of the config file that is skipped although the credentials file has the profile loses its settings too,
    # and so does one beside a profile that has next to none: `aws configure set` starts a new section.
    hollow = own and not any(map(_gives_credentials, filter(None, (own, credentials.read_as(name)))))
    skipped = [
        s
        for s in meant
        if not exists or (not own and _has_settings(s)) or (hollow and _has_settings(s, "sso_"))
    ]
    for section in skipped[:1]:
        place = config.place(section)
        merge = f"# edit {place}: move what is below this header to [{_header(name)}]"
        require(
            False,
            cause="CFG01",
            expected=f"the header [profile {name}]"
            + (f" above all settings, and not only those of {config.place(own)}" if own else ""),
            observed=f"{place}: [{section['header']}], {_read_instead(section)}",
            file=config.path,
            line=section["line"],
            given=["skipped"],
            remedy=(f"{merge} in line {own['line']}, and delete the header",) if own else None,
            fix=file_fixes.without_repeats(config, [[own, section]])
            if own
            else file_fixes.rename_header(config, section, _header(name)),
        )
    for section in credentials.meant_for(name) if not exists else ():
        misplaced = section["misread"] == "prefix-in-credentials"
        require(
            False,
            cause="CFG12" if misplaced else None,
            expected=f"[profile {name}] in the config file",
            observed=f"{credentials.place(section)}: [{section['header']}], which names another profile there",
            file=credentials.path,
            line=section["line"],
            fix=_put_right(parsed_files, section, name) if misplaced else (),
        )
    if not own and (indented := config.indented_for(name)):
        around, line, header = indented
        place = Place(config.path, line)
        require(
            False,
            cause="CFG01",
            expected=f"the header [{_header(name)}] in the first column",
            observed=f"{place}: [{header}] is indented and so part of the value above it",
            remedy=(
                f"# edit {place}: let the header, and what is indented below it, start in the first column",
            ),
            fix=file_fixes.dedent(config, [around]),
            given=["unread"],
        )
    for above, line, header in config.taken_for_settings() if not own else ():
        if header == _header(name):
            _require_bracket(config, above, line, header, "skipped")
    _need_a_profile(evidence)
    near = difflib.get_close_matches(name, profile_names, n=3) or sorted(profile_names)[:3]
    require(
        exists,
        expected=f"[profile {name}] in {config.path or 'the config file'}",
        observed=f"no such profile{', but ' + ', '.join(near) if near else ''}",
        given=["unread"],
    )
    return f"{config.place(own) if own else credentials.path}: profile {name}"


def _header(name: str) -> str:
    return "default" if name == "default" else f"profile {header_word(name)}"


def _put_right(files: Files, section: Section, name: str) -> list[Fix]:
    """Keys stay in the credentials file, under the header that is right there; settings go to the config file."""
    if file_fixes.holds_keys_alone(section):
        return file_fixes.rename_header(files.credentials, section, name)
    renamed = file_fixes.rename_header(files.credentials, section, _header(name))
    moved = file_fixes.move_section(files.credentials, section, files.config.path)
    return moved if section["header"] == _header(name) else [*renamed, *moved]


def _read_instead(section: Section) -> str:
    return f"which names the profile {section['name']}" if section["effective"] else "which botocore skips"


def _gives_credentials(section: Section) -> bool:
    """Whether it says where the profile's credentials come from."""
    return _has_settings(section, "sso_") or any(o["key"] in OTHER_SOURCES for o in section["options"])


def _has_settings(section: Section, prefix: str = "") -> bool:
    """Whether it has settings of the SDK's, as the section of another tool has not."""
    return any(option["key"] and option["key"].startswith(prefix) for option in section["options"])


@requirement("PRF-03")
def test_nothing_replaces_the_profile(parsed_files: Files, target: Target, evidence: Evidence) -> str:
    """Nothing else defines the same profile and silently replaces or pre-empts it."""
    name = target.profile
    config, credentials = parsed_files.config, parsed_files.credentials
    named = parsed_files.option(name, "sso_session")
    ours = {("profile", name), ("sso-session", named["value"] if named else None)}
    for twin in config.file["twins"]:
        lines, headers = twin["lines"], twin["headers"]
        require(
            (twin["type"], twin["name"]) not in ours,
            cause="CFG04",
            expected=f"one section for {twin['type']} {twin['name']}",
            observed=f"{Place(config.path, lines[-1])}: [{headers[-1]}] replaces [{headers[0]}] of line {lines[0]}",
            file=config.path,
            line=lines[-1],
            fix=file_fixes.without_repeats(
                config, [[section for section in config.file["sections"] if section["line"] in lines]]
            ),
        )
    hidden = [section for section in config.meant_for(name) if _has_settings(section, "sso_")]
    keys = credentials.read_as(name)
    # Keys that are allowed to win are those of an IAM user, and are meant.
    wanted = (
        "sso" in evidence.allowed_providers and "shared-credentials-file" not in evidence.allowed_providers
    )
    if wanted and hidden and keys and not config.read_as(name):
        require(
            not {option["key"] for option in keys["options"]}.intersection(KEYS),
            cause="CFG02",
            expected=f"the SSO settings under [profile {name}], and no keys of {name} elsewhere",
            observed=f"{config.place(hidden[0])}: [{hidden[0]['header']}] is skipped, and the static keys in"
            f" {credentials.place(keys)} win",
            file=config.path,
            line=hidden[0]["line"],
            fix=[
                *file_fixes.rename_header(config, hidden[0], _header(name)),
                *file_fixes.delete_settings(credentials, keys),
            ],
        )
    return f"no other section defines profile {name}"


WHAT = {
    "sso_start_url": "the AWS access portal's URL",
    "sso_region": "the Region of IAM Identity Center",
    "sso_account_id": "the account's twelve digits",
    "sso_role_name": "the permission set's name as the AWS access portal shows it",
}
"""What the settings of SSO have to say."""


@requirement("PRF-04", asks=("environment", "sso_candidates"))
def test_sso_setting_is_present(case: str, profile: Profile, parsed_files: Files, evidence: Evidence) -> str:
    """[sso_start_url, sso_region, sso_account_id, sso_role_name] is set, in the profile or through its sso-session."""
    through_session = case in OF_SESSION
    _require_first_column(parsed_files, profile, {case, "sso_session"} if through_session else {case})
    # botocore looks for these two in the profile alone when it decides whether the profile is one for SSO.
    skipped = not any(key in profile.options for key in ("sso_account_id", "sso_role_name"))
    if not profile.lacks(case) and (through_session or not skipped):
        return f"{case} = {profile.get(case)}"
    place = parsed_files.header_of(profile.name)
    cause, title, remedy, fix = None, None, None, list[Fix]()
    lacks = [case]
    if profile.uses_sso:
        cause, lacks = "CFG06", [key for key in SSO_KEYS if profile.lacks(key)]
        remedy, fix = _lines_to_add(lacks, profile, parsed_files, evidence)
    seen = f"{place}: profile {profile.name} has no {', and no '.join(lacks)}"
    misplaced = through_session and profile.has(case)
    if misplaced:
        title = "The sso-session lacks a setting that the profile has itself"
        names = " and ".join(key for key in lacks if profile.has(key))
        seen = f"{place}: profile {profile.name} has {names} itself, and botocore looks in sso-session {profile.session_name}"
    if not profile.uses_sso:
        seen = f"{place}: profile {profile.name} has no SSO settings"
    elif skipped and not through_session:
        cause, seen = "CFG07", f"{place}: profile {profile.name} has neither sso_account_id nor sso_role_name"
        remedy = None
    named = {case, "sso_session"} if through_session and "sso_session" not in profile.options else {case}
    if profile.uses_sso and (wrong := _misnamed(parsed_files, profile.name, named)):
        title = "A setting of the SSO profile has a name that nobody reads"
        (place, name), fix = wrong, []
        seen = f"{place} has a name that nobody reads, and that looks like {name}"
        remedy = [
            f"# edit {place}: call the setting {name}",
            f"aws configure list --profile {shlex.quote(profile.name)}",
        ]
    dangling = "sso_session" in profile.options and profile.session is None
    # Without any SSO setting it is a profile of another kind, and that another provider wins is what is wrong.
    sources = any(key in profile.options for key in OTHER_SOURCES)
    other = not profile.uses_sso and (sources or half_pair(parsed_files, profile.name) is not None)
    require(
        False,
        cause=cause,
        title=title,
        expected=f"{case} of {f'sso-session {profile.session_name}' if misplaced else f'profile {profile.name}'}",
        observed=seen,
        remedy=remedy,
        fix=fix,
        file=place.file,
        line=place.line,
        given=[
            "missing",
            *(["dangling-session"] if dangling and through_session else []),
            *(["other-kind"] if other else []),
            *(["api-key"] if not profile.uses_sso and evidence.environment.has_api_key else []),
            *(["keys"] if not profile.uses_sso and _has_keys_in_variables(evidence) else []),
        ],
    )
    return f"{case} = {profile.get(case)}"


def _misnamed(files: Files, profile: str, names: Collection[str]) -> tuple[Place, str] | None:
    """The setting of the profile that nobody reads under the name it has, and that was meant for one of these."""
    for found in files:
        section = found.read_as(profile)
        for option in section["options"] if section else ():
            if option["key"] is None and option["resembles"] in names:
                return Place(found.path, option["line"]), str(option["resembles"])
    return None


def _lines_to_add(
    keys: Sequence[str], profile: Profile, files: Files, evidence: Evidence
) -> tuple[list[str] | None, list[Fix]]:
    """What adds all settings that the profile lacks: one fault, however many they are; commands come last."""
    told = [_line_to_add(key, profile, files, evidence) for key in keys]
    if not all(lines for lines, _ in told):
        return None, []
    lines = dict.fromkeys(line for lines, _ in told for line in lines or ())
    remedy = sorted(lines, key=lambda line: not line.startswith("#"))
    return remedy, [fix for _, fixes in told for fix in fixes]


def _line_to_add(
    key: str, profile: Profile, files: Files, evidence: Evidence
) -> tuple[list[str] | None, list[Fix]]:
    """The line to add, below the header of the section in which it is missing; a script adds what can be nothing else."""
    name, kind = profile.name, "profile"
    if profile.session_name and profile.session is not None and key in OF_SESSION:
        name, kind = profile.session_name, "sso-session"
    sections = [(found, section) for found in files if (section := found.read_as(name, kind))]
    if not sections:
        return None, []
    try:
        candidates = evidence.sso_candidates.get(key, [])
    except Unavailable:
        candidates = []
    if own := profile.options.get(key):  # which the session may not contradict
        candidates = [own]
    found, section = sections[0]
    empty = files.session_option(name, key) if kind == "sso-session" else files.option(name, key)
    if empty and candidates:  # a second line of that name would be one too many
        fixes = file_fixes.change_setting(files.of(empty), empty, key, candidates[0])
        return [f"# edit {files.place_of(empty)}: write {key} = {candidates[0]}"], fixes
    edit = f"# edit {Place(found.path, section['line'])}: add"
    if not candidates:
        ask = f"aws configure sso --profile {shlex.quote(profile.name)}"
        return [f"{edit} a line {key} = with {WHAT[key]}, or let the AWS CLI ask for all four:", ask], []
    first, *others = candidates
    also = f"; the portal grants {', '.join(candidates)}" if others else ""
    # Which of several roles it is to be nobody decides for the user.
    fix = file_fixes.add_setting(found, section, key, first) if not others else []
    return [f"{edit} {key} = {first} below it{also}"], fix


def _require_first_column(files: Files, profile: Profile, keys: set[str]) -> None:
    """The settings are not indented, which would make them part of the value above them."""
    named = files.option(profile.name, "sso_session")
    place = files.swallowed(profile.name, named["value"] if named else None, keys)
    require(
        place is None,
        cause="CFG08",
        expected=f"{', '.join(sorted(keys))} in the first column",
        observed=f"{place} is indented and so part of the value above it",
        file=place and place.file,
        line=place and place.line,
        fix=lambda: [
            fix for found in files for fix in file_fixes.dedent(found, _sections_of(files, found, profile))
        ],
    )


def _sections_of(files: Files, found: AwsFileFound, profile: Profile) -> list[Section]:
    """The sections of the file that make the profile: its own, and its sso-session's."""
    named = files.option(profile.name, "sso_session")
    wanted = {("profile", profile.name), ("sso-session", named["value"] if named else None)}
    return [s for s in found.file["sections"] if s["effective"] and (s["type"], s["name"]) in wanted]


def _is_for_sso(evidence: Evidence) -> bool:
    """Whether the profile is to sign in with SSO: not where another provider may win, and does."""
    others = {*evidence.allowed_providers} - {"sso"}
    if "sso" not in evidence.allowed_providers or not others:
        return "sso" in evidence.allowed_providers
    return evidence.winner not in others


@requirement("PRF-05", asks=("needs_no_profile", "sdk", "token_cache", "winner"))
def test_value_is_well_formed(case: str, profile: Profile, parsed_files: Files, evidence: Evidence) -> str:
    """[sso_start_url, sso_region, sso_account_id, sso_role_name, region] is well formed and no placeholder."""
    if not profile.has(case) and case in SSO_KEYS and not _is_for_sso(evidence):
        not_applicable(
            f"the profile has no {case}, and [credentials] allowed_providers has what wins in place of sso"
        )
    # Only here: a header that was meant for the profile is a fault, whatever else gives credentials.
    _need_a_profile(evidence)
    require(
        profile.has(case),
        expected=f"{case} of profile {profile.name}",
        observed="it is not set",
        given=["unset" if case in SSO_KEYS else "region-unset"],
    )
    _require_first_column(parsed_files, profile, {case})
    value, stated = profile.get(case), parsed_files.stated(profile.name, profile.session_name, case)
    place = parsed_files.place_of(stated) if stated else parsed_files.header_of(profile.name)
    require_kept(stated["facts"] if stated else None, f"{place}: {case}")
    seen = f"{place}: {case} = {value if value is not None else '(not shown)'}"
    require(
        # To botocore a comment behind a value, and quotes around it, are a part of the value.
        not stated or not {"inline-comment", "quoted"}.intersection(stated["facts"]["flaws"]),
        cause="CFG09",
        expected=f"{FORM_NAMES[case]}, without comment or quotes",
        observed=seen,
        file=place.file,
        line=place.line,
        fix=lambda: file_fixes.clean_value(parsed_files.of(stated), stated, case) if stated else [],
    )
    # What the value was taken from says more than that it is not well formed: so these come before its form.
    _require_an_access_portal(case, value, place)
    _require_the_portals_path(case, value, profile, parsed_files, evidence)
    _require_digits_alone(case, value, place)
    _require_the_portals_region(case, profile, parsed_files, evidence)
    _require_a_region_that_exists(case, profile, parsed_files, evidence)
    whole = stated is None or stated["facts"]["exact"]
    if value is not None and not whole:
        seen += " and more that is no part of it"
    key = WANTED_BY.get(case, "")
    wanted = getattr(evidence.settings.profile, key, "")
    says = str(evidence.settings.stated.place("profile", key))
    as_wanted = _written_as_wanted(case, place, wanted, says, profile) if wanted else None
    require(
        value is not None and whole and bool(FORMS[case].fullmatch(value)),
        expected=FORM_NAMES[case],
        observed=seen,
        remedy=as_wanted,
        file=place.file,
        line=place.line,
    )
    # Before the placeholders: what compliance.toml asks for is meant, however it reads.
    if wanted:
        require(
            _same(case, str(value), wanted),
            title=f"{case} of profile {profile.name} is another than {says} has",
            expected=f"{case} = {wanted}, as [profile] in {says} says",
            observed=seen,
            remedy=as_wanted,
            file=place.file,
            line=place.line,
        )
        return seen
    header = parsed_files.header_of(profile.name)
    require(
        case not in PLACEHOLDERS or not PLACEHOLDERS[case].fullmatch(str(value)),
        expected=f"your organisation's own {case}",
        observed=f"{seen}, the guide's placeholder",
        file=header.file,
        line=header.line,
    )
    return seen


def _written_as_wanted(case: str, place: Place, wanted: str, says: str, profile: Profile) -> list[str]:
    """The edit that gives the setting its value of compliance.toml; of an account ID, which reports hide, the place alone."""
    value = (
        f"as {case} the account_id of {says}"
        if case == "sso_account_id"
        else f"{case} = {wanted}, as {says} has it"
    )
    # A token is one of a portal in its Region.
    logs_in = _log_in(profile) if case in ("sso_start_url", "sso_region") else []
    return [f"# edit {place}: write {value}", *logs_in]


def _require_an_access_portal(case: str, value: str | None, place: Place) -> None:
    """A start URL is no page of an identity provider, and none of the console."""
    # A company's own domain in front of the portal is no page of any of these.
    page = page_of(value or "") if case == "sso_start_url" else None
    require(
        page is None,
        cause="CFG14",
        expected="the address of the AWS access portal",
        observed=f"{place}: sso_start_url = {value}, a page of {page}",
        file=place.file,
        line=place.line,
    )


def _require_the_portals_path(
    case: str, value: str | None, profile: Profile, files: Files, evidence: Evidence
) -> None:
    """A start URL goes on behind the portal's host, unless somebody is logged in by it as it is."""
    stated = files.stated(profile.name, profile.session_name, case)
    if case != "sso_start_url" or not value or not stated or not lacks_its_path(value):
        return
    if _logged_in(profile, evidence):
        return
    place, whole = files.place_of(stated), f"{value.rstrip('/')}/start"
    require(
        False,
        expected=f"sso_start_url = {whole}",
        observed=f"{place}: sso_start_url = {value}, which is the portal's host alone",
        remedy=[f"# edit {place}: write sso_start_url = {whole}", *_log_in(profile)],
        fix=lambda: file_fixes.change_setting(files.of(stated), stated, "sso_start_url", whole),
    )


def _log_in(profile: Profile) -> list[str]:
    return [f"aws sso login --profile {shlex.quote(profile.name)}"]


def _require_digits_alone(case: str, value: str | None, place: Place) -> None:
    """An account number is not written as consoles and spreadsheets write it. The number itself is nobody's business."""
    digits = re.sub(r"[\s.,'\u2010-\u2015\u2019-]", "", value or "") if case == "sso_account_id" else ""
    # In masked evidence a * stands for a digit.
    written = {
        12: "with something between its digits" if digits != value else None,
        **dict.fromkeys((9, 10, 11), "without the zeros in front, which spreadsheets drop"),
    }.get(len(digits) if re.fullmatch(r"[\d*]+", digits) else 0)
    require(
        written is None,
        expected="12 digits and nothing between them",
        observed=f"{place}: sso_account_id is written {written}",
        remedy=[
            f"# edit {place.file} line {place.line}: write sso_account_id as 12 digits, without dashes or blanks"
        ],
    )


def _require_the_portals_region(case: str, profile: Profile, files: Files, evidence: Evidence) -> None:
    """sso_region is the Region that the start URL names, unless somebody is logged in by it."""
    start_url, stated = (
        profile.get("sso_start_url"),
        files.stated(profile.name, profile.session_name, "sso_region"),
    )
    named = region_of(start_url) if case == "sso_region" and start_url else None
    # A login by the other Region shows that IAM Identity Center is in both.
    if not named or not stated or stated["value"] == named or _logged_in(profile, evidence):
        return
    place = files.place_of(stated)
    require(
        False,
        cause="CFG16",
        expected=f"sso_region = {named}, which the start URL names",
        observed=f"{place}: sso_region = {stated['value']}, and sso_start_url = {start_url}",
        file=place.file,
        line=place.line,
        sso_region=named,
        fix=lambda: file_fixes.change_setting(files.of(stated), stated, "sso_region", named),
    )


def _require_a_region_that_exists(case: str, profile: Profile, files: Files, evidence: Evidence) -> None:
    """sso_region is no name that was meant to be a Region's and is none."""
    stated = files.stated(profile.name, profile.session_name, "sso_region")
    if case != "sso_region" or not stated or not stated["facts"]["exact"]:
        return
    meant = evidence.sdk.mistyped(stated["value"] or "")
    token = evidence.token_cache.named(profile.session_name or profile.get("sso_start_url") or "")
    logged_in = token["region"] if token else None
    # What is expected, or where somebody has logged in, is what was meant.
    right = next((each for each in (evidence.settings.profile.sso_region, logged_in) if each in meant), None)
    likely = [right] if right else meant
    place, wanted = files.place_of(stated), f"sso_region = {' or '.join(likely)}"
    require(
        not meant,
        cause="REG03",
        title=f"sso_region of profile {profile.name} is mistyped: no Region is called so",
        expected=wanted,
        observed=f"{place}: sso_region = {stated['value']}",
        remedy=[f"# edit {place}: write {wanted}", *([] if logged_in in likely else _log_in(profile))],
        fix=lambda: (
            file_fixes.change_setting(files.of(stated), stated, "sso_region", likely[0])
            if len(likely) == 1
            else []
        ),
    )


def _logged_in(profile: Profile, evidence: Evidence) -> bool:
    """Whether a token of the profile's sso_region is cached for it that has not expired."""
    token = evidence.token_cache.named(profile.session_name or profile.get("sso_start_url") or "")
    ends = token["expires_at"]["utc"] if token else None
    return bool(
        token
        and ends
        and token["region"] == profile.sso_region
        and ends > f"{evidence.now:%Y-%m-%dT%H:%M:%SZ}"
    )


WANTED_BY = {
    "sso_start_url": "sso_start_url",
    "sso_region": "sso_region",
    "sso_account_id": "account_id",
    "sso_role_name": "role_name",
}
"""The settings of [profile] in compliance.toml, by those of the profile that they are about."""


def _same(key: str, value: str, wanted: str) -> bool:
    if key == "sso_start_url":  # A final / or #/ leads to the same portal.
        return normalise_start_url(value) == normalise_start_url(wanted)
    return value == wanted


@requirement("PRF-06", asks=("application_libraries", "env_file_found", "needs_no_profile", "platform"))
def test_region_is_the_expected_one(
    profile: Profile, parsed_files: Files, environment: Variables, evidence: Evidence, target: Target
) -> str:
    """The profile's region is set and is the expected one."""
    _require_region_without_profile(environment, evidence)
    _need_a_profile(evidence)
    _require_first_column(parsed_files, profile, {"region"})
    wanted = evidence.settings.profile.region
    header = parsed_files.header_of(profile.name)
    # boto3 reads AWS_DEFAULT_REGION alone: where that is set too, AWS_REGION misleads nobody.
    ignored = environment.get("AWS_REGION") if "AWS_DEFAULT_REGION" not in environment else None
    file = evidence.env_file_found
    # Where the two differ, ENV-09 says of the variable of this process that it is stale.
    meant = wanted or file.value("AWS_DEFAULT_REGION") or file.value("AWS_REGION") or ignored or ""
    require(
        profile.has("region"),
        cause="REG01" if ignored else None,
        expected=f"region{f' = {wanted}' if wanted else ''} in profile {profile.name}",
        observed=f"{header}: profile {profile.name} has no region"
        + (f", and boto3 does not read AWS_REGION, which is {ignored}" if ignored else ""),
        region=meant or target.region,
        given=["unset"],
        fix=lambda: [
            *_added(parsed_files, profile, "region", meant if wanted or ignored else ""),
            *(_for_boto3(meant, file) if ignored else ()),
        ],
    )
    stated = parsed_files.option(profile.name, "region")
    place = parsed_files.place_of(stated) if stated else header
    require(
        not wanted or profile.region == wanted,
        expected=f"region = {wanted}, as [profile] in {evidence.settings.stated.place('profile', 'region')} says",
        observed=f"{place}: region = {profile.region}",
        region=wanted,
        given=["unexpected"],
        fix=lambda: (
            file_fixes.change_setting(parsed_files.of(stated), stated, "region", wanted) if stated else []
        ),
    )
    # Where an environment file is there, ENV-03 compares all that name a region.
    alone = not file.file["exists"]
    require(
        not alone or not ignored or ignored == profile.region,
        cause="REG01",
        expected=f"AWS_DEFAULT_REGION, which boto3 reads, or region = {ignored} in profile {profile.name} too",
        observed=f"AWS_REGION is {ignored}, which the AWS CLI takes, and boto3 takes {profile.region} ({place})",
        region=meant,
        fix=lambda: [
            Export("AWS_DEFAULT_REGION", meant),
            *(file_fixes.change_setting(parsed_files.of(stated), stated, "region", meant) if stated else ()),
        ],
    )
    return f"{place}: region = {profile.region}"


def _require_region_without_profile(environment: Variables, evidence: Evidence) -> None:
    """Who needs no profile has its Region where boto3 reads it, where that is the application's."""
    region = environment.get("AWS_REGION")
    # Where an environment file is there, ENV-03 compares all that name a region.
    if not region or "AWS_DEFAULT_REGION" in environment or evidence.env_file_found.file["exists"]:
        return
    require(
        not evidence.needs_no_profile
        or BOTO3 not in {rules.name for rules in evidence.application_libraries},
        cause="REG01",
        title="boto3 has no Region: it does not read AWS_REGION, and there is no profile that has one",
        expected="AWS_DEFAULT_REGION, which boto3 reads",
        observed=f"AWS_REGION is {region}, AWS_DEFAULT_REGION is not set, and there is no profile",
        remedy=EXPORT.lines(evidence.platform, variable="AWS_DEFAULT_REGION", value=region),
        fix=[Export("AWS_DEFAULT_REGION", region)],
    )


def _for_boto3(region: str, file: EnvFile) -> list[Fix]:
    """The application's environment file has what boto3 reads, beside AWS_REGION."""
    name = "AWS_DEFAULT_REGION"
    there = not file.file["loads"] or not file.file["exists"] or file.variable(name)
    return [] if there else environment_fixes.set_variable(file, name, region, below="AWS_REGION")


def _added(files: Files, profile: Profile, key: str, value: str) -> list[Fix]:
    """The setting below the profile's others; nothing where its value is not known."""
    if not value and key not in GUIDE_VALUES:
        return []
    own = [(found, section) for found in files if (section := found.read_as(profile.name))]
    return [fix for found, section in own[:1] for fix in file_fixes.add_setting(found, section, key, value)]


@requirement("PRF-07")
def test_output_is_known(profile: Profile, parsed_files: Files) -> str:
    """`output` is a format that the CLI knows; where it is not set, the CLI takes json."""
    stated = parsed_files.option(profile.name, "output")
    output = profile.options.get("output")
    require(
        "output" not in profile.options or output in OUTPUTS,
        expected=f"one of {', '.join(OUTPUTS)}",
        observed=f"{parsed_files.place_of(stated)}: output = {output}" if stated else f"output = {output}",
        fix=lambda: (
            file_fixes.change_setting(parsed_files.of(stated), stated, "output", "json") if stated else []
        ),
    )
    return f"output = {output}"


@requirement("PRF-08", asks=("needs_no_profile",))
def test_cli_asks_nobody(case: str, profile: Profile, parsed_files: Files, evidence: Evidence) -> str:
    """[cli_pager, cli_auto_prompt] is set as the guide sets it."""
    _need_a_profile(evidence)
    _require_first_column(parsed_files, profile, {case})
    stated, header = parsed_files.option(profile.name, case), parsed_files.header_of(profile.name)
    # AWS CLI User Guide, "Controlling command output" and "auto-prompt": on a terminal alone, and off unless it is set.
    if stated is None and evidence.purpose != "workstation":
        not_applicable(
            f"{case} is not set, and nobody sits at a terminal, where alone the AWS CLI pages and prompts"
        )
    require(
        profile.options.get(case) == GUIDE_VALUES[case],
        expected=f"{case} = {GUIDE_VALUES[case]}".strip(),
        observed=f"{parsed_files.place_of(stated)}: {case} = {profile.options.get(case)}"
        if stated
        else f"{header}: profile {profile.name} has no {case}",
        file=header.file,
        line=header.line,
        given=["unset"],
        remedy=_as_the_guide_sets(case, profile, parsed_files),
        fix=lambda: (
            file_fixes.change_setting(parsed_files.of(stated), stated, case, GUIDE_VALUES[case])
            if stated
            else _added(parsed_files, profile, case, GUIDE_VALUES[case])
        ),
    )
    return f"{case} = {profile.options.get(case)}".strip()


def _as_the_guide_sets(case: str, profile: Profile, files: Files) -> list[str]:
    """How the setting gets the guide's value: aws configure set takes no empty one, and a setting's second line stops boto3."""
    if GUIDE_VALUES[case]:
        return [f"aws configure set {case} {GUIDE_VALUES[case]} --profile {shlex.quote(profile.name)}"]
    stated = files.option(profile.name, case)
    if stated:
        return [f"# edit {files.place_of(stated)}: have {case} = there, and nothing after it"]
    below = f"below [{_header(profile.name)}]"
    return [
        f"# edit {files.header_of(profile.name)}: {below} write a line with {case} = and nothing after it"
    ]


@requirement("PRF-09")
def test_sso_session_agrees(profile: Profile, parsed_files: Files) -> str:
    """A referenced sso-session exists and agrees with the profile."""
    if "sso_session" not in profile.options:
        not_applicable("the profile names no sso-session")
    _require_first_column(parsed_files, profile, {"sso_session"})
    named = parsed_files.option(profile.name, "sso_session")
    place = parsed_files.place_of(named) if named else parsed_files.header_of(profile.name)
    written = str(profile.session_name)
    # What was copied from a page may hold characters that nobody sees.
    # To botocore a comment behind the name is a part of the name.
    bare = "".join(filter(str.isprintable, written)).strip("\"'").partition(" #")[0].strip()
    if profile.session is None:
        misspelt = [(found, section) for found in parsed_files for section in _sessions_meant(found, bare)]
        alike = [] if misspelt else _sessions_alike(parsed_files, bare)
        fix, remedy = list[Fix](), None
        seen = f"{place}: sso_session = {written}, and there is no [sso-session {written}]"
        for found, section in [*misspelt, *alike][:1]:
            seen += f", but [{section['header']}] in {found.place(section)}"
            # A likeness may be chance: whoever knows the name decides, and no script.
            fix = _session_found(parsed_files, named, found, section, bare) if misspelt else []
            # Other profiles refer to a section that is read as it is called, and its token is cached by that name.
            if section["effective"] and section["type"] == "sso-session":
                remedy = [
                    f"# edit {place}: write sso_session = {section['name']}",
                    f"aws configure list --profile {shlex.quote(profile.name)}",
                ]
            place = found.place(section) if section["name"] != bare else place
        require(
            False,
            cause="CFG05",
            expected=f"a section [sso-session {bare}] in the config file",
            observed=seen,
            file=place.file,
            line=place.line,
            sso_session=bare,
            remedy=remedy,
            fix=fix,
        )
    for key in sorted(profile.disagreements):
        own = parsed_files.option(profile.name, key)
        place = parsed_files.place_of(own) if own else place
        require(
            False,
            cause="CFG10",
            expected=f"{key} = {(profile.session or {})[key]}, as in [sso-session {written}], or none in the profile",
            observed=f"{place}: {key} = {profile.options.get(key)}",
            file=place.file,
            line=place.line,
            sso_session=written,
            fix=lambda: _left_to_the_session(parsed_files, profile),
        )
    return f"[sso-session {written}] is there, and profile {profile.name} agrees with it"


def _session_found(
    files: Files, named: EffectiveOption | None, found: AwsFileFound, section: Section, name: str
) -> list[Fix]:
    """What lets the profile find the section that was meant."""
    if section["effective"] and section["type"] == "sso-session" and named:
        # Other profiles may refer to the section as it is called.
        return file_fixes.change_setting(files.of(named), named, "sso_session", str(section["name"]))
    header = f"sso-session {header_word(name)}"
    renamed = file_fixes.rename_header(found, section, header) if section["header"] != header else []
    moved = file_fixes.move_section(found, section, files.config.path) if found is files.credentials else []
    return [*renamed, *moved]


def _left_to_the_session(files: Files, profile: Profile) -> list[Fix]:
    """The profile no longer has the settings that its sso-session gives otherwise."""
    session = profile.session or {}
    own = [
        files.option(profile.name, key)
        for key, value in session.items()
        if profile.options.get(key, value) != value
    ]
    return [
        fix for option in own if option for fix in file_fixes.comment_out(files.of(option), [option["line"]])
    ]


def _sessions_meant(found: AwsFileFound, name: str) -> list[Section]:
    """The sections that define the sso-session, or were meant to."""
    wanted = name.casefold()
    return [
        section
        for section in found.file["sections"]
        if (section["type"] == "sso-session" or section["misread"] == "session-in-credentials")
        and wanted in (str(section["name"]).casefold(), str(section["intended"]).casefold())
    ]


LONG_ENOUGH = 4
"""Letters of a name: of shorter ones, dev and des, too many are a slip of one another."""


def _sessions_alike(files: Files, name: str) -> list[tuple[AwsFileFound, Section]]:
    """The one sso-session that is read and is called `name` but for a slip of the pen; none where there are two, or where the
    names differ in a digit, by which people count sessions."""
    read = {
        str(section["name"]): (found, section)
        for found in files
        for section in found.file["sections"]
        if section["effective"] and section["type"] == "sso-session"
    }
    near = slips(name, read) if len(name) >= LONG_ENOUGH else []
    near = [known for known in near if re.sub(r"\D", "", known) == re.sub(r"\D", "", name)]
    return [read[known] for known in near] if len(near) == 1 else []


@dataclass(frozen=True)
class _Source:
    """A source of credentials in the profile besides SSO; `broken` where it could not give any."""

    key: str
    place: Place
    cause: str | None
    broken: str | None


@requirement("PRF-10", asks=("environment",))
def test_profile_has_one_source(
    profile: Profile,
    parsed_files: Files,
    credential_process: ProcessCommand | None,
    process_fault: str | None,
    sdk: Sdk,
    platform: str,
    evidence: Evidence,
) -> str:
    """The profile mixes no second credential source with SSO."""
    sources = _other_sources(profile, parsed_files, credential_process, process_fault, sdk, platform)
    copied = copied_until(parsed_files, profile)
    if copied:
        ended = copied <= evidence.now
        sources = [source for source in sources if ended or source.key != KEYS[0]]
    if profile.uses_sso:
        names = ", ".join(f"{source.key} ({source.place})" for source in sources)
        # Without SSO settings of its own a profile with role_arn and source_profile is right.
        for source in sources[:1]:
            require(
                False,
                cause="CFG11" if source.key == "role_arn" else source.cause,
                expected=f"the SSO settings alone in profile {profile.name}",
                observed=f"{names} beside the SSO settings{f'; {source.broken}' if source.broken else ''}",
                remedy=_copied_anew(source.place, profile.name) if copied and source.key == KEYS[0] else None,
                file=source.place.file,
                line=source.place.line,
            )
    by_token = evidence.environment.has("AWS_WEB_IDENTITY_TOKEN_FILE")
    in_container = any(map(evidence.environment.has, CONTAINER_VARIABLES))
    for source in sources:
        require(
            source.broken is None,
            cause=source.cause,
            expected=f"{source.key} of profile {profile.name} can give credentials",
            observed=f"{source.place}: {source.broken}",
            remedy=_for_source(source, profile.name, by_token=by_token, in_container=in_container),
            file=source.place.file,
            line=source.place.line,
        )
    beside = (
        f", but for keys that a tool has copied until {copied:%H:%M} UTC for programs without SSO"
        if copied
        else ""
    )
    return f"SSO is the only source of credentials in the profile{beside}"


def _copied_anew(place: Place, profile: str) -> list[str]:
    return [
        f"# the keys in {place}, which a tool copied there for programs that know no SSO, have ended: have it copy them",
        "# again (yawsso does), or, where no program needs them any more, delete the section; then:",
        f"aws sts get-caller-identity --profile {shlex.quote(profile)}",
    ]


def _for_source(source: _Source, profile: str, *, by_token: bool, in_container: bool) -> list[str] | None:
    """The remedy where the failure mode's does not fit what the source is."""
    if source.cause == "CFG15":
        return renewed(source.place, profile)
    if source.cause == "STS01" and "credential_source and source_profile" in str(source.broken):
        return [
            f"# edit {source.place}: delete the line, where the role is to be assumed from the source_profile;",
            "# where it is to be assumed from what this machine itself has, delete source_profile instead",
        ]
    if source.cause == "STS01" and str(source.broken).startswith("credential_source"):
        if by_token and "credential_source Environment" in str(source.broken):
            return [
                f"# {source.place}: credential_source Environment takes keys in variables, and no identity token; name in its",
                "# place a source_profile with the role_arn and the web_identity_token_file that AWS_ROLE_ARN and",
                "# AWS_WEB_IDENTITY_TOKEN_FILE have",
            ]
        return [
            f"# {source.place}: credential_source is for a process on that machine, container or with those variables; here,",
            "# write credential_source = EcsContainer in its place, since a variable names a container's source"
            if in_container
            else "# write source_profile and the name of a profile that has credentials, in its place",
        ]
    return None


def _no_program(command: ProcessCommand) -> str:
    """What is said of a program that cannot be found: botocore starts it without a shell, which would fill in more."""
    name = command.program or command.written
    if name is None:
        return "its first word is no program, and no shell is started that would make more of it"
    filled = "; no shell is started that would fill in ~ or a variable" if name.startswith(("~", "$")) else ""
    return f"there is no program {name}{filled}"


def _other_sources(
    profile: Profile,
    files: Files,
    command: ProcessCommand | None,
    fault: str | None,
    sdk: Sdk,
    platform: str,
) -> list[_Source]:
    """In the order of botocore's chain."""

    def place(key: str) -> Place:
        stated = files.option(profile.name, key)
        return files.place_of(stated) if stated else files.header_of(profile.name)

    sources = []
    if "role_arn" in profile.options:
        broken = _broken_chain(files, profile.name, fault)
        sources.append(_Source("role_arn", *(broken or (place("role_arn"), None, None))))
    half = half_pair(files, profile.name)
    # A key without its secret ends botocore's chain, unless a role comes before it.
    if half and half[0] == "aws_access_key_id" and not sources:
        sources.append(_Source(half[0], half[1], "CFG15", half[2]))
    elif "aws_access_key_id" in profile.options:
        sources.append(_Source("aws_access_key_id", place("aws_access_key_id"), None, None))
    if "login_session" in profile.options:
        missing = None if sdk.awscrt else "the package awscrt is not installed"
        sources.append(_Source("login_session", place("login_session"), missing and "PRE08", missing))
    if command and not (profile.uses_sso and command.found and command.prints_own_login):
        lost = fault if command.found else _no_program(command)
        if fault and command.found and command.names_itself:
            lost = f"{fault}, and it asks for the credentials of profile {profile.name} itself"
        cause = "WIN09" if command.is_mangled(platform) else "PRE07"
        sources.append(_Source("credential_process", place("credential_process"), lost and cause, lost))
    # botocore passes over a secret alone: it is a fault only where nothing else is there.
    if half and not sources and not profile.uses_sso:
        sources.append(_Source(half[0], half[1], "CFG15", half[2]))
    return sources


def _broken_chain(files: Files, name: str, fault: str | None) -> tuple[Place, str, str] | None:
    """Where, by which failure mode and why the profiles behind a role give no credentials to anybody but a person."""
    chain = source_chain(files, name)
    if chain.broken:
        return chain.broken[0], "STS01", chain.broken[1]
    for each in chain.profiles:
        asking = files.option(each, "mfa_serial")
        # Without role_arn nobody reads mfa_serial.
        if asking and files.option(each, "role_arn"):
            why = f"mfa_serial of profile {each} has every program ask a person for a code"
            return files.place_of(asking), "PRE10", why
    source = files.option(chain.profiles[-1], "credential_source")
    if source and fault:
        return files.place_of(source), "STS01", f"credential_source {fault}"
    command = files.option(chain.base, "credential_process")
    return (files.place_of(command), "PRE07", fault) if command and fault else None
