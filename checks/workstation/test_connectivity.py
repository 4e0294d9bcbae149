"""Step 2, the way to AWS: proxy, certificates, endpoints and clock."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from checks import file_fixes
from checks.fixes import Export, Fix, Unset
from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from fixtures.evidence import Evidence
from fixtures.evidence.endpoints import Switch, host_of
from fixtures.evidence.network import SECOND, CaBundle, Endpoint, Proxy, Reach
from fixtures.evidence.profile import Files, Place
from fixtures.evidence.withheld import require_kept
from fixtures.machine.config_file import EffectiveOption
from fixtures.machine.proxy import TUNNEL
from fixtures.readings import Unavailable
from fixtures.targets import Target

TOLERANCE = timedelta(minutes=5)
"""How far off the time of a signature may be (IAM User Guide, "Troubleshoot signed AWS API requests")."""
PRECISION = timedelta(seconds=10)
"""How finely the difference is known."""

PROXY_FAULTS = {
    "dns": "its name does not resolve",
    "refused": "it refuses connections",
    "timeout": "it does not answer",
    "scheme": "botocore speaks HTTP and HTTPS to a proxy, and no such protocol",
    "address": "no host can be told from its name and password",
    "wrapped": "blanks or quotes stand around the address, and are taken for a part of it",
    "plain": "it is asked in HTTPS, and speaks HTTP",
    "authentication": "it answers",
}
PROXY_REMEDIES = {
    "scheme": "# give {variable} the proxy's address for HTTP, http://HOST:PORT; where it has none, unset {variable}",
    "address": "# write what is no letter or digit in name and password of {variable} %-escaped: %23 for #, %2F for /",
    "wrapped": "# write {variable} without blanks and quotes around its value, where it is set",
    "plain": "# write http:// for https:// at the start of {variable}: what goes through the proxy is encrypted all the same",
}
OF_MOST = "amazonaws.com"
"""What hosts of the partition aws end in, and of aws-us-gov: the failure mode's remedy has it."""
BUNDLE_FAULTS = {
    "missing": "where no file is",
    "folder": "which is a folder",
    "variable": "in which urllib3 fills in no variables; it knows ~",
    "empty": "set to nothing, which is no path",
    "der": "which is a certificate in DER, and PEM is read",
    "no-certificate": "where no certificate in PEM is",
}


@requirement("CON-01")
def test_proxy_and_bundle_exist(
    proxies: list[Proxy], ca_bundle: CaBundle | None, files: Files, target: Target, domains: dict[str, str]
) -> str:
    """The proxy and CA-bundle settings point at things that exist."""
    for proxy in proxies:
        name = proxy.variable or "the system's proxy setting"
        require(
            proxy.fault is None,
            cause="NET05" if proxy.fault == "authentication" else "NET01",
            expected=f"a proxy at {proxy.url}, or none",
            observed=f"{name} is {proxy.url}: {PROXY_FAULTS.get(proxy.fault or '', '')} {proxy.said or ''}".rstrip(),
            remedy=_proxys_remedy(proxy, name, domains),
            variable=proxy.variable or "HTTPS_PROXY",
            value=" and ".join(f"*.{domain}" for domain in domains),
            status="407" if proxy.fault == "authentication" else "",
        )
    if ca_bundle is None:
        return _way(proxies, ca_bundle)
    option = files.option(target.profile, "ca_bundle")
    place = files.place_of(option) if option else files.header_of(target.profile)
    of_profile = ca_bundle.source == "ca_bundle"
    where = f"{place}: ca_bundle" if of_profile else ca_bundle.source
    # A path that looks like a secret is withheld: of what was not kept nobody can say that it is not there.
    if ca_bundle.kind != "file":
        require_kept(ca_bundle.told, where)
    require(
        ca_bundle.kind == "file",
        cause="NET03",
        expected=f"{where} names a file",
        observed=f"{where} is {ca_bundle.path}, {BUNDLE_FAULTS.get(ca_bundle.kind, '')}"
        if ca_bundle.path
        else f"{where} is {BUNDLE_FAULTS['empty']}",
        variable="AWS_CA_BUNDLE" if of_profile else ca_bundle.source,
        file=place.file,
        line=place.line,
        remedy=_bundle_edit(ca_bundle, place if of_profile else None),
        fix=lambda: _without_bundle(ca_bundle, files, option if of_profile else None),
    )
    return _way(proxies, ca_bundle)


def _proxys_remedy(proxy: Proxy, name: str, domains: Iterable[str]) -> list[str] | None:
    """What mends the proxy's setting where the failure mode's remedy is not it, or is for hosts of other domains."""
    if told := PROXY_REMEDIES.get(proxy.fault or ""):
        return [told.format(variable=name)]
    if [*domains] == [OF_MOST] or proxy.fault == "authentication":
        return None
    around = ",".join(f".{domain}" for domain in domains)
    return [
        f"# where the network needs the proxy, correct its address in {name}; where it does not, go around it: add {around}",
        "# to NO_PROXY, after a comma",
    ]


def _as_meant(bundle: CaBundle) -> str:
    """The path with ~ in place of a variable that is the home folder; nothing where it has none."""
    meant = re.sub(r"^(\$HOME|\$\{HOME\}|%USERPROFILE%)(?=[/\\])", "~", bundle.path)
    return meant if bundle.kind == "variable" and meant.startswith("~") else ""


def _bundle_edit(bundle: CaBundle, place: Place | None) -> list[str] | None:
    """The remedy where it is not that of the failure mode; `place` is the profile's line."""
    # The right certificate in the wrong form: to take the setting away would leave it untrusted.
    if bundle.kind == "der":
        made = f"{bundle.path}.pem"
        return [
            f"openssl x509 -inform der -in {bundle.path} -out {made}",
            f"# append the public roots to it, and write {made} in {place or bundle.source}",
        ]
    if place is None:
        return None
    meant = _as_meant(bundle)
    what = f"write ca_bundle = {meant}" if meant else "correct the path of ca_bundle, or delete the line"
    return [f"# edit {place}: {what}"]


def _without_bundle(bundle: CaBundle, files: Files, option: EffectiveOption | None) -> list[Fix]:
    """The setting goes; one that is right but for $HOME keeps its file, and one in DER is to be converted."""
    if bundle.kind == "der":
        return []
    if meant := _as_meant(bundle):
        if option:
            return file_fixes.change_setting(files.of(option), option, "ca_bundle", meant)
        return [Export(bundle.source, meant)]
    return file_fixes.comment_out(files.of(option), [option["line"]]) if option else [Unset((bundle.source,))]


def _way(proxies: list[Proxy], bundle: CaBundle | None) -> str:
    """How requests get to AWS, and what their certificates are checked against."""
    through = ", ".join(dict.fromkeys(f"a proxy at {proxy.url}" for proxy in proxies)) or "no proxy"
    against = bundle.path if bundle else "the SDK's own bundle"
    return f"{through}; certificates are checked against {against}"


@requirement(
    "CON-02", asks=("env_file", "environment", "home_partition", "needs_no_profile", "plain_host", "sdk")
)
def test_endpoint_is_reached_and_trusted(
    case: str,
    endpoints: dict[str, Endpoint],
    endpoint_switches: tuple[Switch, ...],
    proxies: list[Proxy],
    ca_bundle: CaBundle | None,
    files: Files,
    evidence: Evidence,
) -> str:
    """The endpoint resolves, connects and presents a certificate that is trusted."""
    if case == SECOND and case not in endpoints:
        not_applicable("[models] endpoint is runtime: the model is not called there")
    of_login = case in ("portal.sso", "oidc")
    if of_login and (given := evidence.needs_no_profile):
        not_applicable(f"no file has a profile, and none is needed: nobody signs in where {given} is allowed")
    endpoint, target = endpoints[case], evidence.target
    found = Reach.of(endpoint)
    if not found.resolved:
        _require_host_that_exists(found.host, endpoint_switches, files, evidence)
    header = files.header_of(target.profile)
    anywhere = any(not e.reading.error and e.reading.value["resolved"] for e in endpoints.values())
    require(
        # Where nothing resolves at all the network is at fault, and not the name of a Region.
        found.resolved or endpoint.in_known_region or not anywhere,
        cause="REG03",
        expected=f"a Region that AWS has, for {found.host} to resolve",
        observed=f"{found.host} does not resolve, and no Region is called {endpoint.region}",
        # The Region of the login is not the one in which the models are called.
        remedy=(f"aws configure sso --profile {target.profile}",) if of_login else None,
        file=header.file,
        line=header.line,
        region=evidence.sdk.meant_by(
            endpoint.region, evidence.settings.regions.approved, evidence.home_partition
        )
        or target.region,
        given=["login-region" if of_login else "unknown-region"],
    )
    # Before the connection: what the proxy refuses would be taken for a firewall.
    refused = TUNNEL.search(found.error or "")
    require(
        refused is None,
        cause="NET05",
        expected=f"a connection to {found.host} through the proxy",
        observed=f"the proxy answers {refused and refused['status']}{refused and refused['words']} to {found.host}",
        variable=next((proxy.variable for proxy in proxies if proxy.variable), "HTTPS_PROXY"),
        value=Words(_all_refused(endpoints)),
        status=refused["status"] if refused else "",
    )
    fault = f"{found.host} does not resolve" if not found.resolved else f"{found.host}: {found.error}"
    spared = None if found.connected else _spared(endpoint.url, evidence)
    require(
        found.connected,
        expected=f"a connection to {found.host}",
        observed=fault
        + _and_others(endpoint, endpoints.values())
        + (
            f"; {spared.by} has {spared.entry}, so that the proxy of {spared.proxy} is not used"
            if spared
            else ""
        ),
        remedy=_through_the_proxy(spared, target.profile)
        if spared
        else None
        if proxies
        else _proxy_of_the_application(evidence),
        given=["bedrock-unreachable"] if case.startswith("bedrock") else [],
    )
    require(
        found.trusted,
        cause="NET02",
        expected=f"a certificate of {found.host} that the SDK trusts",
        observed=f"{found.host}: {_without_url(found.error)}; certificates are checked against {_authorities(ca_bundle)}",
        remedy=None if ca_bundle else _bundle_of_the_application(evidence),
    )
    return f"{found.host} resolves, answers, and its certificate is trusted"


class _Spared(NamedTuple):
    """That a host is reached past the proxy which the variable `proxy` names: by the `entry` in the variable `by`."""

    proxy: str
    by: str
    entry: str


def _spared(url: str, evidence: Evidence) -> _Spared | None:
    """What keeps the URL from the proxy that others go through; None where nothing does, or there is none."""
    environment = evidence.environment
    # Where both are set, the name in small letters wins (Python documentation: urllib.request.getproxies).
    proxy, by = (
        next(
            (name for name in (word.lower(), word) if environment.get(name) != "" and name in environment),
            None,
        )
        for word in ("HTTPS_PROXY", "NO_PROXY")
    )
    if not proxy or not by or evidence.value("proxies", urls=[url]):
        return None
    entries = [entry.strip() for entry in (environment.get(by) or "").split(",")]
    host = host_of(url)
    # urllib.request.proxy_bypass_environment
    covers = (each for each in entries if entries == ["*"] or f".{host}".endswith(f".{each.lstrip('.')}"))
    entry = next((each for each in covers if each.strip(".")), None)
    return _Spared(proxy, by, entry) if entry else None


def _through_the_proxy(spared: _Spared, profile: str) -> list[str]:
    return [
        f"# where that proxy is the only way out, take {spared.entry} out of {spared.by}; then:",
        f"aws sts get-caller-identity --profile {shlex.quote(profile)}",
        "# where AWS is to be reached past it, have HTTPS on port 443 to its hosts opened in the firewall, or connect the VPN",
    ]


def _require_host_that_exists(
    host: str, switches: Iterable[Switch], files: Files, evidence: Evidence
) -> None:
    """No switch leads to a host that is not there, in a network that finds the service's plain host."""
    switch = next((each for each in switches if each.moves(host)), None)
    plain = evidence.plain_host if switch else None
    if switch is None or plain is None or plain.error or not plain.value["resolved"]:
        return
    place = switch.place or files.header_of(evidence.target.profile)
    variable, line = switch.variable, [place.line]
    require(
        False,
        cause="ENV13",
        expected="hosts that exist, as those without the switch",
        observed=f"{host} does not resolve, and {switch.name} is what leads there",
        remedy=None if variable else [f"# edit {place}: delete the line {switch.option}"],
        variable=variable,
        file=place.file,
        line=place.line,
        fix=[Unset((variable,))] if variable else file_fixes.comment_out(files.config, line),
    )


def _all_refused(endpoints: dict[str, Endpoint]) -> str:
    """The hosts to which the proxy makes no connection, so that one request to whoever runs it names all."""
    tried = [(host_of(each.url), each.reading) for each in endpoints.values()]
    refused = [
        host for host, reading in tried if not reading.error and TUNNEL.search(reading.value["error"] or "")
    ]
    return " and ".join([", ".join(refused[:-1]), refused[-1]]) if len(refused) > 1 else "".join(refused)


def _bundle_of_the_application(evidence: Evidence) -> list[str] | None:
    """How the shell gets the bundle that the application's environment file names; None where that names none."""
    try:
        file = evidence.env_file
    except Unavailable:
        return None
    leads = file.leads.get("AWS_CA_BUNDLE") if file else None
    if file is None or not leads or not leads["is_file"]:
        return None
    place, path = file.place("AWS_CA_BUNDLE"), file.shown("AWS_CA_BUNDLE")
    return [
        f"# {place} has a bundle for the application; let what is started from this shell have it too:",
        f"export AWS_CA_BUNDLE={path}",
    ]


def _proxy_of_the_application(evidence: Evidence) -> list[str] | None:
    """That the shell has to have the proxy that the application's environment file names; None where that names none. Its value
    may hold a password."""
    try:
        file = evidence.env_file
    except Unavailable:
        return None
    name = next((each for each in ("HTTPS_PROXY", "https_proxy") if file and file.sets(each)), None)
    if file is None or name is None:
        return None
    return [
        f"# {file.place(name)} has a proxy for the application, and this shell has none: export {name} with the value",
        "# that it has there, for what is started from here, and run the checks again",
    ]


def _without_url(error: str | None) -> str:
    """botocore's text without the URL, whose host is said already."""
    return re.sub(r" for https://\S+", "", error or "", count=1)


def _authorities(bundle: CaBundle | None) -> str:
    return f"{bundle.source} ({bundle.path})" if bundle else "those that botocore brings along"


def _and_others(failed: Endpoint, endpoints: Iterable[Endpoint]) -> str:
    """How many of the others are not reached either."""
    others = [endpoint for endpoint in endpoints if endpoint is not failed]
    lost = sum(bool(o.reading.error or not o.reading.value["connected"]) for o in others)
    if not lost:
        return ""
    return (
        "; nor is any other endpoint"
        if lost == len(others)
        else f"; nor are {lost} of the other {len(others)} endpoints"
    )


@requirement("CON-03")
def test_clock_is_right(clock_skew: timedelta) -> str:
    """The machine's clock is within 5 minutes of AWS's."""
    off = round(abs(clock_skew).total_seconds() / 60)
    length = f"{off // 60} h {off % 60} min" if off >= 60 else f"{off} minutes"
    require(
        abs(clock_skew) <= TOLERANCE,
        cause="NET04",
        expected="a clock within 5 minutes of AWS's",
        observed=f"it is {length} {'ahead of' if clock_skew > timedelta() else 'behind'} AWS's",
    )
    # A Date header has whole seconds, and the answer takes its time: no more than this is known.
    steps = round(abs(clock_skew) / PRECISION)
    return f"it is about {steps * PRECISION.seconds} seconds off AWS's" if steps else "it agrees with AWS's"
