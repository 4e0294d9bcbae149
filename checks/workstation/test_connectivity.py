"""Step 2, the way to AWS: proxy, certificates, endpoints and clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from checks import file_fixes
from checks.fixes import Export, Fix, Unset
from checks.requirement import require, requirement
from fixtures.evidence.network import CaBundle, Endpoint, Proxy, Reach
from fixtures.evidence.profile import Files, Place
from fixtures.evidence.withheld import require_kept
from fixtures.machine.config_file import EffectiveOption
from fixtures.targets import Target

TOLERANCE = timedelta(minutes=5)
"""How far off the time of a signature may be (IAM User Guide, "Troubleshoot signed AWS API requests")."""

PROXY_FAULTS = {
    "dns": "its name does not resolve",
    "refused": "it refuses connections",
    "timeout": "it does not answer",
}
BUNDLE_FAULTS = {
    "missing": "where no file is",
    "folder": "which is a folder",
    "variable": "in which urllib3 fills in no variables; it knows ~",
    "empty": "set to nothing, which is no path",
}


@requirement("CON-01")
def test_proxy_and_bundle_exist(
    proxies: list[Proxy], ca_bundle: CaBundle | None, files: Files, target: Target
) -> str:
    """The proxy and CA-bundle settings point at things that exist."""
    for proxy in proxies:
        name = proxy.variable or "the system's proxy setting"
        require(
            proxy.fault is None,
            cause="NET01",
            expected=f"a proxy at {proxy.url}, or none",
            observed=f"{name} is {proxy.url}: {PROXY_FAULTS.get(proxy.fault or '', '')}",
            variable=proxy.variable or "HTTPS_PROXY",
        )
    if ca_bundle is None:
        return _way(proxies, ca_bundle)
    option = files.option(target.profile, "ca_bundle")
    place = files.place_of(option) if option else files.header_of(target.profile)
    of_profile = ca_bundle.source == "ca_bundle"
    where = f"{place}: ca_bundle" if of_profile else ca_bundle.source
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
        remedy=_bundle_edit(ca_bundle, place) if of_profile else None,
        fix=lambda: _without_bundle(ca_bundle, files, option if of_profile else None),
    )
    return _way(proxies, ca_bundle)


def _as_meant(bundle: CaBundle) -> str:
    """The path with ~ in place of a variable that is the home folder; nothing where it has none."""
    meant = re.sub(r"^(\$HOME|\$\{HOME\}|%USERPROFILE%)(?=[/\\])", "~", bundle.path)
    return meant if bundle.kind == "variable" and meant.startswith("~") else ""


def _bundle_edit(bundle: CaBundle, place: Place) -> list[str]:
    meant = _as_meant(bundle)
    what = f"write ca_bundle = {meant}" if meant else "correct the path of ca_bundle, or delete the line"
    return [f"# edit {place}: {what}"]


def _without_bundle(bundle: CaBundle, files: Files, option: EffectiveOption | None) -> list[Fix]:
    """The setting goes; one that is right but for $HOME keeps its file."""
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


@requirement("CON-02")
def test_endpoint_is_reached_and_trusted(
    case: str, endpoints: dict[str, Endpoint], files: Files, target: Target
) -> str:
    """The endpoint resolves, connects and presents a certificate that is trusted."""
    endpoint = endpoints[case]
    found = Reach.of(endpoint)
    of_login = case in ("portal.sso", "oidc")
    header = files.header_of(target.profile)
    anywhere = any(not e.reading.error and e.reading.value["resolved"] for e in endpoints.values())
    require(
        found.resolved or endpoint.in_known_region or not anywhere,
        cause="REG03",
        expected=f"a Region that AWS has, for {found.host} to resolve",
        observed=f"{found.host} does not resolve, and no Region is called {endpoint.region}",
        # The Region of the login is not the one in which the models are called.
        remedy=(f"aws configure sso --profile {target.profile}",) if of_login else None,
        file=header.file,
        line=header.line,
        region="us-east-1",
        given=["login-region" if of_login else "unknown-region"],
    )
    fault = f"{found.host} does not resolve" if not found.resolved else f"{found.host}: {found.error}"
    require(
        found.connected,
        expected=f"a connection to {found.host}",
        observed=fault + _and_others(endpoint, endpoints.values()),
        given=["bedrock-unreachable"] if case.startswith("bedrock") else [],
    )
    require(
        found.trusted,
        cause="NET02",
        expected=f"a certificate of {found.host} that the SDK trusts",
        observed=f"{found.host}: {found.error}",
    )
    return f"{found.host} resolves, answers, and its certificate is trusted"


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
    return f"it is {round(abs(clock_skew).total_seconds())} seconds off AWS's"
