"""What a start URL tells by itself, and what is said of settings that IAM Identity Center's addresses and numbers give."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from checks.catalogue import load
from checks.portals import is_of_aws, page_of, region_of
from fixtures.simulation.world import World
from tests.harness import judged
from tests.world_edits import both, env_file

CONFIG = "~/.aws/config"
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"
PORTAL = "https://acme.awsapps.com/start"
NEWER = "https://ssoins-0123456789abcdef.portal.eu-west-1.app.aws"


@pytest.mark.parametrize(
    ("url", "whose"),
    [
        ("https://myapps.microsoft.com/signin/aws?tenantId=1", "Microsoft Entra ID"),
        ("https://launcher.myapps.microsoft.com/api/signin/1", "Microsoft Entra ID"),
        ("https://acme.okta.com/app/UserHome", "Okta"),
        ("https://accounts.google.com/o/saml2/initsso?idpid=1", "Google"),
        ("https://sso.acme.example/adfs/ls/IdpInitiatedSignOn.aspx", "AD FS"),
        ("https://210987654321.signin.aws.amazon.com/console", "the AWS console"),
        ("https://us-east-1.console.aws.amazon.com/singlesignon/home", "the AWS console"),
    ],
)
def test_a_page_that_is_taken_for_the_portal_is_known_by_its_host(url: str, whose: str) -> None:
    assert page_of(url) == whose
    assert not is_of_aws(url)


@pytest.mark.parametrize(
    "url",
    [
        PORTAL,
        "https://d-1234567890.awsapps.com/start#/",
        "https://start.us-gov-home.awsapps.com/directory/acme",
        "https://start.home.awsapps.cn/directory/acme",
        "https://identitycenter.amazonaws.com/ssoins-0123456789abcdef",
        NEWER,
    ],
)
def test_a_portal_of_aws_is_nobody_elses_page(url: str) -> None:
    assert page_of(url) is None
    assert is_of_aws(url)


@pytest.mark.parametrize("url", ["https://aws.acme.example", "https://okta.com.acme.example/start"])
def test_the_companys_own_domain_is_neither(url: str) -> None:
    assert page_of(url) is None
    assert not is_of_aws(url)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (NEWER, "eu-west-1"),
        ("https://ssoins-0123456789abcdef.ap-southeast-2.portal.amazonaws.com", "ap-southeast-2"),
        ("https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/d-1234567890#/", "us-gov-west-1"),
        (PORTAL, None),
        ("https://start.us-gov-home.awsapps.com/directory/acme", None),
        ("https://aws.acme.example", None),
    ],
)
def test_the_newer_start_urls_name_their_region(url: str, region: str | None) -> None:
    assert region_of(url) == region


@pytest.mark.parametrize("world", ["cfg14-tile-of-entra-id", "cfg14-dashboard-of-okta"])
def test_the_page_is_named_and_where_the_portals_address_is_to_be_found(world: str) -> None:
    found = judged(world, only=("PRF-05",))
    (result,) = (r for r in found.document["results"] if r["status"] == "non_compliant")
    assert (result["case"], result["cause"]) == ("sso_start_url", "CFG14")
    assert "a page of" in result["observed"]
    assert "https://NAME.awsapps.com/start" in " ".join(result["remedy"])


BUILDER_ID = "sso_start_url = https://view.awsapps.com/start"
PERSONAL = f"[sso-session personal]\n{BUILDER_ID}\nsso_region = us-east-1\n\n[sso-session msh]"


def test_a_builder_id_opens_no_account() -> None:
    edit = env_file((f"sso_start_url = {PORTAL}", BUILDER_ID), of="~/.aws/config")
    found = judged("compliant", edit=edit, only=("PRF-05",))["PRF-05", "sso_start_url"]
    assert (found["status"], found["cause"]) == ("non_compliant", "CFG14")
    assert found["observed"].endswith("a page of AWS Builder ID, which opens no AWS account")


def test_a_builder_id_beside_the_profile_is_another_programs_affair() -> None:
    edit = env_file(("[sso-session msh]", PERSONAL), of="~/.aws/config")
    assert judged("compliant", edit=edit, only=("PRF-05", "PRF-09", "SSO-01")).root_causes == []


# -------------------------------------------------------------------------------------------------- sso_region


def test_who_is_logged_in_by_another_region_is_left_alone() -> None:
    """IAM Identity Center can be in several Regions."""
    edit = both(env_file((PORTAL, NEWER), of=CONFIG), env_file((PORTAL, NEWER), of=TOKEN))
    assert judged("compliant", only=("PRF-05",), edit=edit).root_causes == []


def test_a_login_that_has_ended_proves_no_region() -> None:
    ended = env_file((PORTAL, NEWER), ("${now+8h}", "${now-1h}"), of=TOKEN)
    edit = both(env_file((PORTAL, NEWER), of=CONFIG), ended)
    found = judged("compliant", only=("PRF-05",), edit=edit)
    assert found.root_causes == ["PRF-05 CFG16"]
    (cause,) = found.document["root_causes"]
    assert "sso_region = eu-west-1" in " ".join(cause["remedy"])


# -------------------------------------------------------------------------------------------------- sso_account_id


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ("2109-8765-4321", "between its digits"),
        ("2109 8765 4321", "between its digits"),
        ("210,987,654,321", "between its digits"),
        ("210,987", None),
        ("10987654321", "zeros in front"),
    ],
)
def test_an_account_number_as_consoles_and_spreadsheets_write_it(written_as: str, said: str | None) -> None:
    edit = env_file(("210987654321", written_as), of=CONFIG)
    found = judged("compliant", only=("PRF-05",), edit=edit)
    (cause,) = found.document["root_causes"]
    assert (cause["requirement"], cause["case"]) == ("PRF-05", "sso_account_id")
    assert said is None or said in cause["observed"]
    assert said is None or "12 digits" in " ".join(cause["remedy"])


@pytest.mark.parametrize("written_as", ["2109-8765-4321", "2109 8765 4321", "10987654321"])
def test_what_is_wrong_with_an_account_number_is_said_without_it(written_as: str) -> None:
    found = judged("compliant", only=("PRF-05",), edit=env_file(("210987654321", written_as), of=CONFIG))
    assert written_as not in json.dumps(found.document["root_causes"])


# ------------------------------------------------------------------------------------------------- the login


def test_scopes_under_a_misspelt_name_are_named_with_their_line() -> None:
    edit = both(
        env_file(("sso_registration_scopes", "sso_registration_scope"), of=CONFIG),
        env_file(('"refreshToken": "aorAAAAAG-CANARY-refresh-token"', '"x": ""'), of=TOKEN),
    )
    result = judged("compliant", only=("SSO-05",), edit=edit)["SSO-05"]
    assert result["cause"] == "TOK06"
    assert "config line 4 has a setting that nobody reads" in result["observed"]


def test_a_token_with_too_little_time_is_renewed_without_ending_what_others_use() -> None:
    """A login while the browser's session lives may reuse it, with its old end (aws/aws-cli#7361): then that one ends."""
    short = both(
        env_file(("${now+8h}", "${now+10m}"), of=TOKEN),
        env_file(('"refreshToken": "aorAAAAAG-CANARY-refresh-token"', '"x": ""'), of=TOKEN),
    )
    result = judged("compliant", only=("SSO-03",), edit=short)["SSO-03"]
    assert [line for line in result["remedy"] if not line.startswith("#")] == ["aws sso login --profile msh"]
    assert "sign out at https://acme.awsapps.com/start" in result["remedy"][1]


def test_no_remedy_has_every_portals_logins_deleted() -> None:
    """`aws sso logout` ends the sessions of every portal, and takes the AWS CLI's keys away besides."""
    known = load()
    remedies = [known.cause(cause.code).remedy for cause in known.causes] + [each.remedy for each in known]
    shells = ("posix", "powershell", "cmd")
    lines = {line for remedy in remedies for shell in shells for line in remedy.templates(shell)}
    assert [line for line in lines if line.startswith("aws sso logout")] == []


def test_a_token_that_has_ended_needs_no_signing_out() -> None:
    assert judged("tok02-expired-token", only=("SSO-03",))["SSO-03"]["remedy"] == [
        "aws sso login --profile msh"
    ]


def test_a_role_that_is_not_listed_yet_is_looked_for_in_a_new_session_first() -> None:
    result = judged("tok11-role-not-assigned", only=("SSO-06",))["SSO-06"]
    commands = [line for line in result["remedy"] if not line.startswith("#")]
    assert commands == ["aws sso login --profile msh"]


def test_a_token_under_the_portals_address_is_that_of_the_companys_domain_whatever_the_portal_says() -> None:
    def refused(world: World) -> World:
        return replace(world, sso=replace(world.sso, accepted_tokens=()))

    found = judged("ok-start-url-on-the-companys-domain", only=("SSO-04",), edit=refused)
    assert found["SSO-04"]["status"] == "compliant"
    other = both(refused, env_file((PORTAL, "https://other.example"), of=TOKEN))
    found = judged("ok-start-url-on-the-companys-domain", only=("SSO-04",), edit=other)
    assert found["SSO-04"]["status"] == "non_compliant"
