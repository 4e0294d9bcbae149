"""Step 2, the login: the cached SSO token of the profile, and what the portal grants for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import timedelta
from difflib import get_close_matches

from checks import file_fixes
from checks.fixes import Ask, Fix, Rename
from checks.logins import mounted
from checks.portals import is_of_aws
from checks.requirement import not_applicable, require, requirement
from fixtures.aws.errors import PORTAL_NO_ACCESS, PORTAL_REFUSED_TOKEN
from fixtures.evidence import Evidence
from fixtures.evidence.identity import SSO_ROLE
from fixtures.evidence.network import skew_if_known
from fixtures.evidence.profile import AwsFileFound, Files, Place, Sso
from fixtures.evidence.tokens import (
    OtherLogin,
    SsoToken,
    TokenCache,
    kept_by_the_cli,
    token_flaw,
)
from fixtures.machine.config_file import Section
from fixtures.machine.token_cache import REFRESHED_BEFORE, TokenFile, cache_name, normalise_start_url
from fixtures.readings import Reading, Unavailable
from fixtures.targets import Target

ELSEWHERE = {
    "config-file": ("TOK10", "beside the file that AWS_CONFIG_FILE names, where no SDK looks for it"),
    "windows": ("WIN05", "in the home folder of Windows, and this is WSL"),
    "home": ("WIN06", "in the folder that HOME names, and Python takes USERPROFILE"),
    "sudo": ("TOK10", "in the home folder of the user who called sudo"),
    "account": ("TOK10", "in this user's own home folder, and HOME names another"),
}
"""Causes of a login that lies in another cache, and what to say of it."""

FLAWS = {
    "empty": "it is empty",
    "bom": "it starts with a byte order mark",
    "undecodable": "it is no UTF-8 text",
    "not-json": "it is no JSON",
    "not-an-object": "it is JSON, but no object",
    "no-expiry": "it has no expiresAt",
    "not-a-file": "it is no file",
}
ONCE = "; a refresh token holds once, and another program that refreshes at the same moment may have used it"
SCOPES = "sso_registration_scopes"
ACCESS = "sso:account:access"


@requirement("SSO-01", asks=("environment", "platform"))
def test_token_is_cached(
    sso: Sso,
    token_cache: TokenCache,
    other_logins: list[OtherLogin],
    files: Files,
    evidence: Evidence,
) -> str:
    """A token is cached for exactly the profile's start URL or sso-session."""
    _require_folder(token_cache, evidence)
    own, target = token_cache.named(sso.cached_as), evidence.target
    login, cause = _elsewhere(sso, other_logins)
    whose = f"sso-session {sso.session_name}" if sso.session_name else f"start URL {sso.start_url}"
    seen = f"{token_cache.path} has no {cache_name(sso.cached_as)[:8]}….json, the token of {whose}"
    if login and cause in ("TOK03", "TOK04"):
        name = login.path.rpartition("/")[2]
        seen += f"; {name[:8]}….json there is valid for {login.start_url}"
    elif login:
        seen += f"; it lies in {login.path.rpartition('/')[0]}, {ELSEWHERE[login.because][1]}"
    place = _place(files, target, sso, "sso_start_url")
    require(
        own is not None and not own["is_registration"],
        cause=cause,
        expected=f"a token for {whose}",
        observed=seen,
        file=place.file if cause == "TOK04" else login and _aws_folder(login) + "/config",
        line=place.line,
        start_url=login and login.start_url,
        sso_session=sso.session_name,
        remedy=[*away, _login(target).text] if cause == "TOK01" and (away := mounted(evidence)) else None,
        fix=_changed(files, target, sso, "sso_start_url", login.start_url if login else None)
        if cause == "TOK04"
        else (),
    )
    return f"{token_cache.path} has {cache_name(sso.cached_as)[:8]}….json, the token of {whose}"


def _require_folder(cache: TokenCache, evidence: Evidence) -> None:
    """Nothing is in the way of the folder in which logins are kept."""
    obstacle, path = cache.folder["obstacle"], cache.obstacle
    if not obstacle or not path:
        return
    shut = obstacle["is_folder"]
    mended = None
    if shut and evidence.platform != "windows":
        # As after a login with sudo.
        foreign = obstacle["owner_is_me"] is False
        mended = [f'sudo chown -R "$(id -un)" {path}' if foreign else f"chmod u+rwx {path}"]
    require(
        False,
        cause="TOK09" if shut else "TOK13",
        title=f"The folder of the SSO logins cannot be read: {path} is shut to this user" if shut else None,
        expected=f"a folder {cache.path} that this user can read",
        observed=f"{path} cannot be opened: {cache.folder['problem']}" if shut else f"{path} is no folder",
        remedy=mended,
        file=path,
        fix=[] if shut else [Rename(path, f"{path}.unusable"), _login(evidence.target)],
    )


def _elsewhere(sso: Sso, logins: list[OtherLogin]) -> tuple[OtherLogin | None, str]:
    """The login that was meant for this profile and is not found by it, and the cause of that."""
    same_portal = [x for x in logins if x.normalised_start_url == normalise_start_url(sso.start_url)]
    for login in same_portal:
        if login.because == "cache":
            # A profile without sso-session finds its token by the hash of
            # its exact URL: a / more is all that is wrong.
            misspelt = not sso.session_name and login.named_after_start_url
            return login, "TOK04" if misspelt else "TOK03"
    for login in same_portal:
        # What is cached elsewhere has to have the profile's name too, or a login is needed in any case.
        if login.path.endswith(f"/{cache_name(sso.cached_as)}.json"):
            return login, ELSEWHERE[login.because][0]
    return None, "TOK01"


def _aws_folder(login: OtherLogin) -> str:
    return login.path.rpartition("/sso/cache/")[0]


def _place(files: Files, target: Target, sso: Sso, key: str) -> Place:
    """Where the setting stands, in the profile or in its sso-session; the profile's header where it cannot be told."""
    own = files.option(target.profile, key)
    if not own and sso.session_name:
        own = files.session_option(sso.session_name, key)
    return files.place_of(own) if own else files.header_of(target.profile)


def _changed(files: Files, target: Target, sso: Sso, key: str, value: str | None) -> list[Fix]:
    """The setting, in the profile or in its sso-session, gets the value that is known to be right."""
    own = files.option(target.profile, key)
    if not own and sso.session_name:
        own = files.session_option(sso.session_name, key)
    return file_fixes.change_setting(files.of(own), own, key, value) if own and value else []


def _login(target: Target) -> Ask:
    return Ask(f"aws sso login --profile {shlex.quote(target.profile)}")


@requirement("SSO-02")
def test_token_is_readable(token_file: TokenFile, token_cache: TokenCache, target: Target) -> str:
    """The cached token is readable JSON with an accessToken and an expiresAt."""
    path, flaw = f"{token_cache.path}/{token_file['name']}", token_flaw(token_file)
    require(
        flaw is None,
        cause="TOK05",
        expected="a JSON object with accessToken and expiresAt",
        observed=f"{path}: {FLAWS.get(str(flaw), flaw)}",
        file=path,
        fix=[Rename(path, f"{path}.unusable"), _login(target)],
    )
    return f"{path} has accessToken and expiresAt"


@requirement("SSO-03", asks=("cli_keys", "clock_skew"))
def test_token_lasts_long_enough(sso_token: SsoToken, sso: Sso, evidence: Evidence) -> str:
    """The token has not expired and lasts at least the configured minimum, 15 minutes unless set otherwise."""
    minimum = timedelta(minutes=evidence.settings.credentials.minimum_minutes)
    if sso_token.lasts(minimum):
        return _life(sso_token)
    ended = sso_token.remaining <= timedelta()
    # By a clock that is ahead of AWS's a token ends too early: then the clock is to mend, and no login helps.
    by_aws = sso_token.remaining + skew_if_known(evidence)
    observed = f"{sso_token.path} expires in {_minutes(sso_token.remaining)}, at {_utc(sso_token)}, and is not refreshed"
    cause = None
    if ended:
        kept = evidence.cli_keys.get(sso.cli_file)
        observed = f"{sso_token.path} expired {_minutes(-sso_token.remaining)} ago, at {_utc(sso_token)}"
        observed += f"; {kept_by_the_cli(kept)}" if kept else ""
        cause = "TOK08" if kept else "TOK02"
    require(
        False,
        cause=cause,
        expected=f"a token that lasts {_minutes(minimum)} or more, or can be refreshed",
        observed=observed,
        start_url=sso.start_url,
        given=["clock-ahead"] if by_aws >= minimum and by_aws > timedelta() else [],
    )
    return _life(sso_token)


def _life(token: SsoToken) -> str:
    refreshed = ", and refreshes itself" if token.renewable else ""
    return f"{token.path} lasts until {_utc(token)}, {_minutes(token.remaining)} more{refreshed}"


def _utc(token: SsoToken) -> str:
    return token.expires.strftime("%Y-%m-%d %H:%M UTC")


def _minutes(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 120:
        return f"{minutes // 60} hours"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


@requirement("SSO-04", asks=("portal_roles", "sdk"))
def test_token_is_of_this_portal(
    sso_token: SsoToken, sso: Sso, files: Files, target: Target, evidence: Evidence
) -> str:
    """The token's Region and start URL are the profile's."""
    if sso_token.region is None and sso_token.start_url is None:
        not_applicable("the token's file names neither Region nor start URL, and need not")
    # Tools that export a token leave out what they do not know.
    same = sso_token.start_url is None or _same_portal(sso_token.start_url, sso.start_url)
    place = _place(files, target, sso, "sso_region")
    if not (same and sso_token.region in (None, sso.region)) and _is_honoured(evidence):
        return f"{sso_token.path} is a token of {sso_token.region or sso.region} for {sso_token.start_url or sso.start_url}"
    require(
        sso_token.region in (None, sso.region),
        cause="TOK07",
        expected=f"a token of {sso.region}, the sso_region in {place}",
        observed=f"{sso_token.path} is a token of {sso_token.region}",
        file=place.file,
        line=place.line,
        sso_region=sso_token.region,
        # The portal of a start URL is in one Region, and has just been logged in to there.
        fix=_changed(files, target, sso, "sso_region", sso_token.region) if same else (),
        given=["other-region"],
    )
    place = _place(files, target, sso, "sso_start_url")
    require(
        same,
        expected=f"a token for {sso.start_url}, the sso_start_url in {place}",
        observed=f"{sso_token.path} is a token for {sso_token.start_url}",
        file=place.file,
        line=place.line,
    )
    return f"{sso_token.path} is a token of {sso_token.region or sso.region} for {sso_token.start_url or sso.start_url}"


def _same_portal(cached: str, stated: str) -> bool:
    """Whether the token's start URL is the profile's. A company's own domain leads to the portal, under whose address newer
    releases of the AWS CLI keep the token (aws/aws-cli#10457)."""
    if is_of_aws(cached) and not is_of_aws(stated):
        return True
    return normalise_start_url(cached) == normalise_start_url(stated)


def _is_honoured(evidence: Evidence) -> bool:
    """Whether the profile's portal took the token all the same: an instance may be in several Regions, and a start URL may
    lead on to another."""
    if not evidence.asks_aws:
        return False
    try:
        roles = evidence.portal_roles
    except Unavailable:
        # A portal that has not answered has refused nothing. With a token that is over it is not asked, and in a Region that
        # does not exist there is none.
        if evidence.sso_token.remaining > timedelta() and evidence.sdk.knows(evidence.sso.region):
            raise
        return False
    return roles.error is None


@requirement("SSO-05")
def test_token_can_refresh_itself(
    sso_token: SsoToken, sso: Sso, token_cache: TokenCache, files: Files, target: Target
) -> str:
    """The token of an sso-session can refresh itself: refresh token, registration, and a cache that can be written."""
    if not sso.session_name:
        not_applicable("the profile has no sso-session, and only the token of one is refreshed")
    header = next(
        (Place(found.path, section["line"]) for found, section in _named(files, sso.session_name)), None
    )
    misspelt = _misspelt_scopes(files, sso.session_name)
    place = misspelt or header or files.header_of(target.profile)
    require(
        not sso_token.lacks,
        cause="TOK06",
        expected="refreshToken, clientId, clientSecret and a client registration that has not expired",
        observed=f"{sso_token.path} lacks {', '.join(sso_token.lacks)}"
        + (f"; {misspelt} has a setting that nobody reads and that looks like {SCOPES}" if misspelt else ""),
        file=place.file,
        line=place.line,
        sso_session=sso.session_name,
        remedy=[_login(target).text] if _asks_for_refreshing(files, sso.session_name) else None,
        given=["cannot-refresh"],
        fix=[*_with_scopes(files, sso.session_name), _login(target)],
    )
    require(
        token_cache.folder["writable"],
        cause="TOK09",
        expected=f"{token_cache.path} can be written",
        observed=f"{token_cache.path} cannot be written, so a refreshed token cannot be kept"
        + (f"; this one works until {_utc(sso_token)}" if sso_token.remaining > timedelta() else ""),
    )
    return f"{sso_token.path} has what refreshes it, and {token_cache.path} can be written"


def _named(files: Files, session: str) -> list[tuple[AwsFileFound, Section]]:
    """The sections that make the sso-session."""
    return [(found, section) for found in files if (section := found.read_as(session, "sso-session"))]


def _misspelt_scopes(files: Files, session: str) -> Place | None:
    """Where the sso-session has what was meant for its scopes under another name."""
    return next(
        (
            Place(found.path, option["line"])
            for found, section in _named(files, session)
            for option in section["options"]
            if option["key"] is None and option["resembles"] == SCOPES
        ),
        None,
    )


def _asks_for_refreshing(files: Files, session: str) -> bool:
    """Whether the sso-session has the scope with which a login gets a refresh token: then only the login is missing."""
    scopes = files.session_option(session, SCOPES)
    return scopes is not None and ACCESS in (scopes["value"] or "").replace(" ", "").split(",")


def _with_scopes(files: Files, session: str) -> list[Fix]:
    """The sso-session asks for what a login needs to get a refresh token."""
    if files.session_option(session, SCOPES):
        return []
    return [
        fix
        for found, section in _named(files, session)[:1]
        for fix in file_fixes.add_setting(found, section, SCOPES, ACCESS)
    ]


def _refreshed_by_one(target: Target) -> list[str]:
    """What to do where a token that could have been refreshed was not: two programs may have done so at once."""
    profile = shlex.quote(target.profile)
    return [
        f"aws sso login --profile {profile}",
        "# where this comes back although programs run all day: they refresh the login side by side, and a refresh token holds",
        "# once; let one refresh it before the others start, or give each an sso-session of its own name",
    ]


@requirement("SSO-06", asks=("clock_skew",))
def test_portal_grants_the_role(
    portal_roles: Reading,
    resolution: Reading,
    sso: Sso,
    sso_token: SsoToken,
    files: Files,
    evidence: Evidence,
) -> str:
    """The SSO portal accepts the token and grants the profile's account and role."""
    target, code = evidence.target, portal_roles.error.code if portal_roles.error else ""
    place = _place(files, target, sso, "sso_region")
    if code in PORTAL_REFUSED_TOKEN:
        ended = sso_token.remaining <= timedelta()
        belated = not ended and sso_token.remaining + skew_if_known(evidence) <= timedelta()
        due = sso_token.remaining < REFRESHED_BEFORE
        require(
            False,
            cause="TOK02" if ended else "TOK07",
            expected=f"the portal in {sso.region} accepts the token",
            observed=f"sso:ListAccountRoles in {sso.region}: {code}"
            + (
                ", and the token could not be refreshed" + ONCE * sso_token.renewable
                if ended
                else f", for a token until {_utc(sso_token)}"
            ),
            remedy=_refreshed_by_one(target) if ended and sso_token.renewable else None,
            file=place.file,
            line=place.line,
            sso_region=sso.region,
            given=[
                "token-refused",
                *(["refresh-due"] if due else []),
                *(["clock-behind"] if belated else []),
            ],
        )
    place = _place(files, target, sso, "sso_role_name")
    refusal = f"{code}: {portal_roles.error.message}" if portal_roles.error else ""
    roles = [] if portal_roles.error else [role["roleName"] for role in portal_roles.value["roleList"]]
    granted = f"; it grants {', '.join(sorted(roles))} there" if roles else ""
    same, alike = _meant(sso.role, roles)
    require(
        code not in PORTAL_NO_ACCESS and sso.role in roles,
        cause="TOK11",
        expected=f"the portal grants {sso.role} in account {sso.account}, as in {place}",
        observed=f"sso:ListAccountRoles for {sso.account}: {refusal or f'no {sso.role}'}{granted}",
        start_url=sso.start_url,
        role=sso.role,
        remedy=_for_role(place, sso, same, alike, target),
        given=["not-granted"],
        fix=_changed(files, target, sso, "sso_role_name", same),
    )
    refused = resolution.error
    require(
        # Listed and refused all the same: the permission set is not provisioned in the account.
        refused is None or refused.code not in PORTAL_NO_ACCESS,
        cause="TOK12",
        expected=f"the portal issues credentials for {sso.role} in account {sso.account}, which it lists",
        observed=f"sso:GetRoleCredentials: {refused and refused.code}: {refused and refused.message}{granted}",
        start_url=sso.start_url,
        role=sso.role,
        account=sso.account,
    )
    place = _place(files, target, sso, "sso_region")
    require(
        refused is None or refused.code != "UnauthorizedSSOTokenError" or sso_token.remaining <= timedelta(),
        cause="TOK07",
        expected=f"the portal in {sso.region} accepts the token for the keys of {sso.role}, which it lists",
        observed=f"sso:GetRoleCredentials in {sso.region}: {refused and refused.code}, for a token until {_utc(sso_token)}",
        file=place.file,
        line=place.line,
        sso_region=sso.region,
    )
    return f"sso:ListAccountRoles for {sso.account}: {sso.role} is granted"


ENVIRONMENTS = frozenset(
    ("dev", "test", "qa", "uat", "int", "stage", "staging", "prod", "preprod", "nonprod", "prd", "production")
) | {"sandbox", "sbx", "live"}
"""Words by which permission sets for different environments are told apart."""


def _meant(role: str, granted: Sequence[str]) -> tuple[str | None, str | None]:
    """The permission set that is granted and is the role's in other words: in other case, or as IAM calls its role; else one
    whose name is nearly the same."""
    reserved = SSO_ROLE.fullmatch(role)
    name = (reserved["permission_set"] if reserved else role).casefold()
    folded = {known.casefold(): known for known in granted}
    near = get_close_matches(name, [known for known in folded if _is_slip(name, known)], 1, 0.85)
    return folded.get(name), next((folded[known] for known in near), None)


def _is_slip(name: str, known: str) -> bool:
    """Whether the names differ inside one word, and not by the environment that the word names: -prod is no slip of -dev."""
    words, others = (re.split(r"[-_.]", each) for each in (name, known))
    if len(words) != len(others):
        return False
    different = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    # The portal may list the name itself, in which case nothing differs.
    return len(different) < 2 and all(
        _environments(one) == _environments(other)
        and re.sub(r"\D", "", one) == re.sub(r"\D", "", other)
        and bool(get_close_matches(one, [other], 1, 0.75))
        for one, other in different
    )


def _environments(word: str) -> set[str]:
    return {each for each in ENVIRONMENTS if word.startswith(each) or word.endswith(each)}


def _for_role(
    place: Place, sso: Sso, same: str | None, alike: str | None, target: Target
) -> list[str] | None:
    """What to write in place of a role's name that is another's; None where the portal grants nothing like it."""
    profile = shlex.quote(target.profile)
    if same:
        return [
            f"# edit {place}: write sso_role_name = {same}, as the portal calls the permission set",
            f"aws sts get-caller-identity --profile {profile}",
        ]
    if alike is None:
        return None
    return [
        f"# edit {place}: write sso_role_name = {alike}, which is granted to you there",
        f"# where {sso.role} is meant, an administrator of IAM Identity Center has to assign it to you; what was assigned",
        f"# since the login is seen after signing out at {sso.start_url} in the browser, which ends this portal's session",
        "# for every profile, and:",
        f"aws sso login --profile {profile}",
    ]


@requirement("SSO-07")
def test_token_files_are_private(token_cache: TokenCache, platform: str) -> str:
    """The token files are private to their owner."""
    if platform == "windows":
        not_applicable("Windows has no permission bits; a user's home folder is private there")
    # A client's registration has a secret as well.
    secret = [token for token in token_cache.tokens if token["secrets"]]
    if not secret:
        not_applicable(f"there is no token file in {token_cache.path}")
    if all(token["private"] is None and token["problem"] is None for token in secret):
        not_applicable(
            f"{token_cache.path} is on a Windows drive, whose permission bits say nothing in WSL without its option metadata"
        )
    open_ones = [
        f"{token['name'][:8]}….json ({token['mode']})" for token in secret if token["private"] is False
    ]
    require(
        not open_ones,
        expected=f"mode 600 for every file in {token_cache.path}",
        observed=f"others can read {', '.join(open_ones)} in {token_cache.path}",
    )
    return f"{len(secret)} token files in {token_cache.path} are private"
