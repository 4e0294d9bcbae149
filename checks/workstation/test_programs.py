"""Step 4: every program that matters here gets what the profile gets."""

from __future__ import annotations

import re
import shlex

from checks.requirement import require, requirement
from fixtures.consumers.resolver import Resolution
from fixtures.evidence import Evidence
from fixtures.evidence.consumers import Program
from fixtures.evidence.identity import STATIC
from fixtures.evidence.obstacles import Obstacle
from fixtures.evidence.regions import REGION_VARIABLES
from fixtures.readings import Unavailable


@requirement("ENV-11", asks=("consumers",))
def test_program_gets_what_the_target_gets(case: str, evidence: Evidence) -> None:
    """The program resolves the target's identity and Region, and nothing is seen that keeps it alone from Bedrock Runtime."""
    program: Program = evidence.consumers[case]
    gets, mine = program.gets, program.mine
    if mine.provider is None or mine.works is False:
        said = mine.says or "no credentials"
        raise Unavailable(f"boto3 itself does not get through with the profile: {said}", given=("target",))
    expected = (
        f"{case} gets what boto3 gets with the profile: {_credentials(mine)} in {evidence.target.region}"
    )
    identity = gets.works is not False and program.same
    in_region = gets.region == evidence.target.region or not evidence.one_region
    # A Region that cannot be told hides nothing where the identity differs already, or where several Regions are asked for.
    if gets.unknown == "credentials" or (gets.unknown and evidence.one_region and identity is not False):
        place = _deciding(program, gets.unknown) or "a file that it reads"
        raise Unavailable(f"the {gets.unknown} of {case} cannot be told: {place} is not resolved here")
    # The profile `default` needs nobody to select it.
    unselected = _unselected(gets) and mine.profile != "default"
    if program.rules.kind == "library" and unselected and program.rules.order != ("env",):
        raise Unavailable(
            f"nothing in the {gets.environment}'s environment selects a profile for {case}, and whether its code names one is "
            f"not seen: with AWS_PROFILE={mine.profile} it gets that one's credentials"
        )
    file, _, line = (_keys(program) or _last_line(gets) or _last_line(mine) or "").rpartition(" line ")
    require(
        bool(identity or identity is None) and in_region,
        cause=_cause(program),
        expected=expected,
        observed=_observed(program, of_region=bool(identity)),
        given=[_condition(program)],
        region=evidence.target.region,
        value=case,
        variable=_variable(program),
        file=file or None,
        line=line or None,
        remedy=_remedy(program, evidence.target.region),
    )
    _require_way(case, program)
    if program.unseen:
        raise Unavailable(f"what keeps it from Bedrock Runtime could not be looked for: {program.unseen}")
    # Equal settings are not equal people: a role and a cached token of the same name may be two.
    if program.same is None:
        raise Unavailable(f"nobody has asked AWS whose {_credentials(gets)} are", given=("not-asked",))


def _require_way(name: str, program: Program) -> None:
    """Nothing that boto3 does not notice keeps the program from Bedrock Runtime."""
    met = program.obstacle
    if met is None:
        return
    observed = {
        "authority": f"the certificate of {met.host} is by an authority that {met.source} ({met.bundle}) has; {name} does not "
        f"read that, and {met.variable} names no file",
        "http2": f"{met.host} ends a handshake that offers HTTP/2, and {name} speaks nothing else to it by itself",
        "proxy": f"{name} does not use {met.variable or 'the proxy of the system'} ({met.source}) by itself, and past it "
        f"{met.host} is not reached",
        "strict": f"{name} on Python {met.source} refuses {_rule(met)}, on the way to {met.host}",
    }[met.kind]
    if not met.certain:
        environment = " and its virtual environment are" if "pypi" in program.rules.packages else " is"
        raise Unavailable(
            f"{observed}, unless code gives its client HTTP of its own, and not all of that is seen here: [application] root "
            f"is where the code{environment}, or own_http names the program"
        )
    require(
        False,
        cause={"authority": "NET06", "http2": "NET07", "proxy": "NET08", "strict": "NET09"}[met.kind],
        expected=f"{name} gets through to {met.host}, as boto3 does",
        observed=observed,
        variable=met.variable or None,
        file=met.bundle or None,
        value=met.source if met.kind == "proxy" else met.host,
        remedy=_through(program, met) if met.kind == "proxy" else None,
    )


def _rule(met: Obstacle) -> str:
    """The certificate, its extension, and the rule in OpenSSL's words."""
    words = re.sub(r".*certificate verify failed: | \(_ssl\.c.*", "", met.said, flags=re.DOTALL)
    which = f"certificate {met.certificate} ({met.extension})" if met.certificate else "a certificate"
    return f'{which}: "{words}"'


def _through(program: Program, met: Obstacle) -> list[str] | None:
    """How the program comes to use the proxy, with the variable by the name that it has here."""
    lines = program.rules.network.through_proxy
    return [line.replace("HTTPS_PROXY", met.variable or "HTTPS_PROXY") for line in lines] or None


def _credentials(found: Resolution) -> str:
    provider = found.provider or "no credentials"
    return f"{provider} of {found.profile}" if found.profile else provider


def _observed(program: Program, *, of_region: bool) -> str:
    """What the program gets, and what decides it, in one line: of its Region alone, where that is what differs."""
    found = program.gets
    missing = (found.reason or "").startswith("region-")
    shown = found.because if found.reason == "bad-release" else found.because[:3]
    shown = tuple(place for place in [_deciding(program, "Region")] if place) if of_region else shown
    because = f", because of {', '.join(shown)}" if found.because and not missing else ""
    if _unselected(found) and not missing:
        because = ", where nothing selects a profile"
    where = f"in the {found.environment}'s environment"
    if found.works is False and found.says:
        return f'"{found.says}" {where}{because}'
    return f"{_credentials(found)} in {found.region or 'no Region'} {where}{because}"


def _unselected(found: Resolution) -> bool:
    """Whether it has no credentials because neither a variable nor a file selects a profile."""
    return found.provider is None and found.profile is None and not found.misled


def _cause(program: Program) -> str | None:
    """The failure mode; None where what is wrong is not about the program."""
    gets = program.gets
    if gets.reason == "bad-release":
        return None
    # Before the credentials: where the caller is the same, the Region is all that differs.
    if (gets.reason or "").startswith("region-") or (gets.works is not False and program.same):
        return "REG07" if _reads_another_variable(program) else "REG08"
    # Who reads variables alone, as the Vercel AI SDK, can use no profile, however right that is.
    if program.rules.order == ("env",):
        return "PRE15" if gets.provider is None else "PRE16"
    if gets.provider is None and gets.misled:
        return "ENV15"
    if gets.provider is None and (gets.profile or "default") == program.mine.profile:
        return "CFG17"
    return "PRE14" if gets.provider in STATIC else "PRE16"


def _reads_another_variable(program: Program) -> bool:
    """Whether a common variable has the target's Region and this program, which has none of its own, does not read it."""
    gets = program.gets
    return program.unread and (gets.region is None or gets.region == program.rules.region.otherwise)


def _variable(program: Program) -> str | None:
    """The variable that decides about the Region, and none of those that a remedy names anyhow."""
    place = _deciding(program, "Region") or ""
    names = program.gets.names.get(place, ())
    of_region = (name for name in names if name in program.rules.region.order)
    return next((name for name in of_region if name not in REGION_VARIABLES), None)


def _deciding(program: Program, what: str) -> str | None:
    """The place that decides about the `Region`, or which credentials are taken."""
    gets, rules = program.gets, program.rules
    wanted = {*(rules.region.order if what == "Region" else rules.profile.variables)}
    there = [place for place in gets.because if not wanted.isdisjoint(gets.names.get(place, ()))]
    return next(iter(there or gets.because[-1:]), None)


def _condition(program: Program) -> str:
    """What narrows the requirements that can explain it."""
    gets = program.gets
    if (gets.reason or "").startswith("region-") or (gets.works is not False and program.same):
        return "region"
    if gets.provider == "bearer" or gets.reason == "bearer-empty":
        return "api-key"
    if gets.provider == "env":
        return "keys"
    return "profile"


def _remedy(program: Program, region: str) -> list[str] | None:
    """Where it is not that of the failure mode: a bad release, a line of the application's file for a variable that this
    program alone reads, and a tool's own settings, which win over the shell's."""
    gets = program.gets
    if gets.reason == "bad-release":
        return [f"# install another release of {gets.consumer}: {gets.because[-1]}"]
    if gets.reason == "session-missing" and (line := _last_line(gets)):
        return _renamed_session(program, line)
    if keys := _keys(program):
        return [
            f"# edit {keys}: take the profile's keys out from there on, which {gets.consumer} uses before SSO"
        ]
    name, place = _variable(program), _deciding(program, "Region") or ""
    if (
        name in program.rules.region.order
        and " line " in place
        and program.same
        and not program.rules.settings
    ):
        return [f"# edit {place}: write {name}={region}"]
    own = {place: _own_names(program, place) for place in gets.because if _is_own(program, place)}
    return [
        f"# edit {place}: take {' and '.join(f'`{name}`' for name in names)} out of it, so that the shell's variable counts"
        for place, names in own.items()
        if names
    ] or None


def _renamed_session(program: Program, line: str) -> list[str] | None:
    """For the session of a profile that boto3 signs in with and the program does not find, for the spaces or quotes in its
    name. The token's file has that name too."""
    method, name, *_ = (*program.mine.source, "", "")
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    if method != "sso" or not plain or plain == name:
        return None
    return [
        f"# edit {line}: write sso_session = {plain}, here and in every profile that names this session,",
        f"# and the session's own header as [sso-session {plain}], without quotes and spaces; a new name takes a new login:",
        f"aws sso login --profile {shlex.quote(program.mine.profile or 'default')}",
    ]


def _keys(program: Program) -> str | None:
    """Where the keys stand that the program takes from a file and the target does not."""
    gets = program.gets
    return gets.source[2] if gets.source[:1] == ("static",) and not program.same else None


def _is_own(program: Program, place: str) -> bool:
    """Whether the place is in the tool's own settings: Claude Code's are all JSON."""
    settings, (file, _, line) = program.rules.settings, place.partition(" line ")
    return bool(line) and (
        (file in settings.files or file.startswith("$")) if settings else file.endswith(".json")
    )


def _own_names(program: Program, place: str) -> list[str]:
    """The keys at that place of a tool's own settings that differ: of its Region alone, where the caller is the same."""
    gets, settings = program.gets, program.rules.settings
    keys = (
        {variable: key.rpartition(".")[2] for key, variable in settings.variables.items()} if settings else {}
    )
    names = gets.names.get(place, ())
    of_region = gets.works is not False and program.same
    differ = [name for name in names if (name in program.rules.region.order) == bool(of_region)]
    return [keys.get(name, name) for name in differ]


def _last_line(found: Resolution) -> str | None:
    """That of the path that leads nowhere, where one does: AWS_CONFIG_FILE's comes first."""
    return next((place for place in (*found.misled, *reversed(found.because)) if " line " in place), None)
