"""What a start URL tells by itself: whose page it is, and in which Region IAM Identity Center has its portal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from fixtures.late import dataclass
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("portals.toml")


@dataclass(frozen=True)
class Forms:
    """Patterns of hosts with the Region in them, as the group `region`."""

    forms: tuple[str, ...]


@dataclass(frozen=True)
class Hosts:
    """Hosts, or with a dot in front what they end in."""

    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """The facts of portals.toml: whose `pages` are taken for a portal, by host; start URLs with Regions; AWS's portals."""

    pages: Mapping[str, str]
    regions: Forms
    portals: Hosts


def page_of(start_url: str) -> str | None:
    """Whose page the URL is, where that is not the AWS access portal's: an identity provider's or the console's.

    >>> page_of("https://myapps.microsoft.com/signin/aws?tenantId=1")
    'Microsoft Entra ID'
    >>> page_of("https://aws.acme.example")
    """
    host = host_of(start_url)
    adfs = "AD FS" if urlsplit(start_url).path.startswith("/adfs/") else None
    return next((whose for known, whose in _known().pages.items() if is_of(host, known)), adfs)


def region_of(start_url: str) -> str | None:
    """The Region that the URL names; None where it names none.

    >>> region_of("https://ssoins-0123456789abcdef.portal.eu-west-1.app.aws")
    'eu-west-1'
    """
    forms = (re.fullmatch(form, host_of(start_url)) for form in _known().regions.forms)
    return next((found["region"] for found in forms if found), None)


def lacks_its_path(start_url: str) -> bool:
    """Whether the URL is a portal's host alone: the portal's URL goes on with /start (IAM Identity Center User Guide, "Using
    the AWS access portal").

    >>> lacks_its_path("https://acme.awsapps.com/")
    True
    """
    return host_of(start_url).endswith(".awsapps.com") and urlsplit(start_url).path in ("", "/")


def is_of_aws(start_url: str) -> bool:
    """Whether the URL is one of AWS's own portals; a company's own domain leads to one."""
    return any(is_of(host_of(start_url), known) for known in _known().portals.hosts)


def host_of(url: str) -> str:
    """The host in small letters; empty where there is none."""
    return (urlsplit(url).hostname or "").casefold()


def is_of(host: str, known: str) -> bool:
    """Whether the host is the known one, or ends in it where that begins with a dot."""
    return host.endswith(known) if known.startswith(".") else host == known


@cache
def _known() -> Known:
    return TomlFile.load(FILE).build(Known)
