"""Step 2, the login: what is said of the cached token and of what the portal grants for it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.tokens import SSOTokenProvider

from checks.fixes import Replace
from checks.workstation.test_sso import _meant as permission_set_meant
from fixtures.backends import live
from fixtures.settings import CredentialSettings, Settings
from fixtures.simulation.world import File, World
from tests.harness import WORKSTATION, Altered, Judged, failing, judged, says
from tests.mending import mends_of
from tests.world_edits import Edit, both, env_file, environment

CONFIG = "~/.aws/config"
TOKEN = "~/.aws/sso/cache/${sha1:msh}.json"
PATH = "~/.aws/sso/cache/284c80bd216563a75ddf33fdbc5290f7f16a3720.json"
"""The file of sso-session msh; the name is that of failure-modes' pinned facts."""
SSO = tuple(f"SSO-{number:02}" for number in range(1, 8))
LOGIN = "aws sso login --profile msh"
LEGACY = "ok-profile-without-session"


def with_token(*replacements: tuple[str, str], mode: str = "600", name: str = TOKEN) -> Edit:
    """The world with edits of the token's file, each of which finds something."""

    def edit(world: World) -> World:
        text = world.machine.files[name].text
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after)
        return with_file(name, text, mode=mode)(world)

    return edit


def with_file(name: str, text: str | None, *, mode: str = "600") -> Edit:
    """The world with the file, or without it."""

    def edit(world: World) -> World:
        files = {key: file for key, file in world.machine.files.items() if key != name}
        if text is not None:
            files[name] = File(text=text, mode=mode)
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    return edit


def with_portal(*, tokens: tuple[str, ...] = (), world_fault: tuple[str, str] | None = None) -> Edit:
    """The world whose portal honours these access tokens, or answers ListAccountRoles with an error."""

    def edit(world: World) -> World:
        from fixtures.simulation.world import Fault

        if world_fault:
            code, message = world_fault
            return dataclasses.replace(world, faults={"sso:ListAccountRoles": Fault(code, message, 400)})
        return dataclasses.replace(world, sso=dataclasses.replace(world.sso, accepted_tokens=tokens))

    return edit


def of(edit: Edit, *only: str, world: str = "compliant", settings: Settings | None = None) -> Judged:
    return judged(world, only=only or SSO, edit=edit, settings=settings)


# -------------------------------------------------------------------------------------------- the shipped worlds


@pytest.mark.parametrize(
    ("world", "requirement", "cause", "observed", "remedy"),
    [
        ("tok01-no-login", "SSO-01", "TOK01", "has no 284c80bd….json, the token of sso-session msh", [LOGIN]),
        ("tok01-logged-out", "SSO-01", "TOK01", "has no 284c80bd….json", [LOGIN]),
        ("tok02-expired-token", "SSO-03", "TOK02", f"{PATH} expired 60 minutes ago, at 2026-11-22 11:00 UTC",
         [LOGIN]),
        ("tok02-expired-token-without-session", "SSO-03", "TOK02", "expired 14 hours ago", [LOGIN]),
        ("tok02-refresh-refused", "SSO-06", "TOK02", "UnauthorizedException, and the token could not be refreshed",
         [LOGIN, "# where this comes back although programs run all day: they refresh the login side by side, and a refresh"
          " token holds", "# once; let one refresh it before the others start, or give each an sso-session of its own name"]),
        ("tok03-other-session-name", "SSO-01", "TOK03",
         "293abb6b….json there is valid for https://acme.awsapps.com/start", [LOGIN]),
        ("tok03-cached-under-start-url", "SSO-01", "TOK03", "40169cea….json there is valid for", [LOGIN]),
        ("tok04-slash-at-end-of-start-url", "SSO-01", "TOK04", "is valid for https://acme.awsapps.com/start/",
         [f"# edit {CONFIG} line 2: write sso_start_url = https://acme.awsapps.com/start/, the same in every profile,"
          " then log in once more", LOGIN]),
        ("tok04-fragment-in-start-url", "SSO-01", "TOK04", "the token of start URL https://acme.awsapps.com/start#/",
         [f"# edit {CONFIG} line 2: write sso_start_url = https://acme.awsapps.com/start, the same in every profile,"
          " then log in once more", LOGIN]),
        ("tok05-token-cut-off", "SSO-02", "TOK05", f"{PATH}: it is no JSON", [f"rm -f -- {PATH}", LOGIN]),
        ("tok05-token-empty", "SSO-02", "TOK05", f"{PATH}: it is empty", [f"rm -f -- {PATH}", LOGIN]),
        ("tok05-token-with-byte-order-mark", "SSO-02", "TOK05", f"{PATH}: it starts with a byte order mark",
         [f"rm -f -- {PATH}", LOGIN]),
        ("tok05-time-without-zone", "SSO-02", "TOK05", f"{PATH}: expiresAt is a time without its zone",
         [f"rm -f -- {PATH}", LOGIN]),
        ("tok06-no-refresh-token", "SSO-05", "TOK06", f"{PATH} lacks refreshToken",
         [f"# edit {CONFIG} line 1: have sso_registration_scopes = sso:account:access under [sso-session msh], then:",
          LOGIN]),
        ("tok06-registration-expired", "SSO-05", "TOK06", "lacks a client registration that has not expired",
         [LOGIN]),
        ("tok07-revoked-session", "SSO-06", "TOK07",
         "in us-east-1: UnauthorizedException, for a token until 2026-11-22 20:00 UTC",
         [f"# edit {CONFIG} line 3: correct sso_region where it is not the Region of IAM Identity Center; the login was in "
          "us-east-1",
          LOGIN]),
        ("tok07-wrong-sso-region", "SSO-04", "TOK07", f"{PATH} is a token of us-east-1",
         [f"# edit {CONFIG} line 3: correct sso_region where it is not the Region of IAM Identity Center; the login was in "
          "us-east-1",
          LOGIN]),
        ("tok09-read-only-cache", "SSO-05", "TOK09", "~/.aws/sso/cache cannot be written",
         ["# in a container: mount ~/.aws/sso/cache without :ro or readOnly; elsewhere make it yours:",
          "chmod u+rwx ~/.aws/sso/cache"]),
        ("tok13-file-in-place-of-the-folder", "SSO-01", "TOK13", "~/.aws/sso is no folder",
         ["mv -n -- ~/.aws/sso ~/.aws/sso.unusable", LOGIN]),
        ("tok10-config-file-elsewhere", "SSO-01", "TOK10",
         "it lies in ./host-aws/sso/cache, beside the file that AWS_CONFIG_FILE names",
         ["# in a container: mount the host's .aws folder at the home folder of the container's user, or set HOME to its"
          " parent", LOGIN]),
        ("tok11-role-not-assigned", "SSO-06", "TOK11",
         "no BedrockDevelopers; it grants BedrockDeveloper there",
         [f"# edit {CONFIG} line 9: write sso_role_name = BedrockDeveloper, which is granted to you there",
          "# where BedrockDevelopers is meant, an administrator of IAM Identity Center has to assign it to you; what was"
          " assigned",
          "# since the login is seen after signing out at https://acme.awsapps.com/start in the browser, which ends this"
          " portal's session",
          "# for every profile, and:", LOGIN]),
        ("tok11-account-not-assigned", "SSO-06", "TOK11",
         "sso:ListAccountRoles for 444455556666: ForbiddenException: No access",
         ["# this lists what https://acme.awsapps.com/start grants and writes the one that you choose into the profile:",
          "aws configure sso --profile msh",
          "# if none fits, an administrator of IAM Identity Center has to assign BedrockDeveloper to you; what was assigned"
          " since the login",
          "# is seen after signing out at that address in the browser, which ends this portal's session for every profile,"
          " and:", LOGIN]),
        ("win05-login-in-windows", "SSO-01", "WIN05",
         "it lies in /mnt/c/Users/jo/.aws/sso/cache, in the home folder of Windows, and this is WSL",
         ["# inside WSL, where the program runs:", LOGIN]),
        ("win06-home-of-git-bash", "SSO-01", "WIN06",
         "it lies in ~/git-home/.aws/sso/cache, in the folder that HOME names, and Python takes USERPROFILE",
         ["# the token cache cannot be moved; log in as the user who runs the program:", LOGIN,
          "# where the profile's config file lies in the other home folder, name it:",
          "$env:AWS_CONFIG_FILE = '~/git-home/.aws/config'", "setx AWS_CONFIG_FILE '~/git-home/.aws/config'"]),
    ],
)  # fmt: skip
def test_a_world_that_fails_names_its_one_root_cause(
    world: str, requirement: str, cause: str, observed: str, remedy: list[str]
) -> None:
    found = judged(world, only=SSO)
    assert says(found[requirement], cause, observed)
    assert found[requirement]["remedy"] == remedy
    assert found.root_causes == [f"{requirement} {cause}"]
    assert found.with_status("inconclusive") == set()


@pytest.mark.parametrize(
    "world",
    [
        "compliant",
        "ok-expired-token-refreshes",
        "ok-tokens-of-other-sessions",
        "ok-token-time-in-old-spelling",
        "ok-two-homes-in-wsl",
        "ok-windows-token-files",
        LEGACY,
    ],
)
def test_a_look_alike_raises_nothing(world: str) -> None:
    found = judged(world, only=SSO)
    assert found.with_status("compliant") | found.with_status("not_applicable") == set(SSO)
    assert found["SSO-01"]["status"] == found["SSO-06"]["status"] == "compliant"


# ------------------------------------------------------------------------------------------ SSO-01, what is cached


def test_an_expired_token_under_another_name_is_no_login_for_this_profile() -> None:
    found = judged("tok03-cached-under-start-url", only=SSO, edit=_expire_the_other)
    assert says(found["SSO-01"], "TOK01", "has no 284c80bd….json, the token of sso-session msh")


def _expire_the_other(world: World) -> World:
    name = "~/.aws/sso/cache/${sha1:https://acme.awsapps.com/start}.json"
    return with_token(("${now+8h}", "${now-8h}"), name=name)(world)


def test_a_login_to_another_portal_is_no_login_for_this_profile() -> None:
    found = judged("tok03-cached-under-start-url", only=SSO, edit=_of_another_portal)
    assert found["SSO-01"]["cause"] == "TOK01"


def _of_another_portal(world: World) -> World:
    name = "~/.aws/sso/cache/${sha1:https://acme.awsapps.com/start}.json"
    return with_token(("acme.awsapps.com", "other.awsapps.com"), name=name)(world)


def test_a_file_that_is_only_a_client_registration_counts_as_no_token() -> None:
    registration = '{"clientId": "client-acme", "clientSecret": "CANARY", "expiresAt": "${now+80d}"}'
    found = of(with_file(TOKEN, registration))
    assert says(found["SSO-01"], "TOK01", "has no 284c80bd….json")
    assert found["SSO-02"]["behind"] == "SSO-01"


def test_what_follows_from_a_missing_login_is_blocked_by_it() -> None:
    found = judged("tok01-no-login", only=(*SSO, "RUN-02"))
    blocked = {"SSO-02", "SSO-03", "SSO-04", "SSO-05", "SSO-06", "RUN-02"}
    assert found.not_first() == blocked
    assert {found[name]["behind"] for name in blocked} == {"SSO-01"}
    assert "no token file" in found["SSO-07"]["reason"]


def test_the_cache_that_cannot_be_listed_makes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live.READERS, "token-cache", failing)  # type: ignore[index]
    found = judged("compliant", only=SSO)
    assert found.with_status("inconclusive") == set(SSO)
    assert "no such evidence today" in found["SSO-01"]["reason"]


def test_a_profile_without_its_sso_settings_blocks_the_login() -> None:
    text = "[profile msh]\nregion = us-east-1\n"
    found = judged("compliant", only=SSO, edit=with_file(CONFIG, text))
    assert found["SSO-01"]["status"] == "blocked"
    assert found["SSO-01"]["behind"] == "PRF-04"


def test_sso_does_not_apply_where_another_provider_is_allowed() -> None:
    settings = Settings(credentials=CredentialSettings(allowed_providers=("shared-credentials-file",)))
    found = judged("tok01-no-login", only=SSO, settings=settings)
    assert found.with_status("not_applicable") == set(SSO)


# ------------------------------------------------------------------------------------------- SSO-02, what is in it


@pytest.mark.parametrize(
    ("replacement", "observed"),
    [
        (('"aoaAAAAAG-CANARY-access-token"', "7"), "accessToken is no text"),
        (('"aoaAAAAAG-CANARY-access-token"', '""'), "accessToken is no text"),
        (("access-token", "access\\r\\ntoken"), "accessToken has a character that no HTTP header can have"),
        (('"${now+8h}"', "1795377600"), "expiresAt is no text"),
        (("${now+8h}", "tomorrow noon"), "expiresAt is no time"),
        (('  "expiresAt": "${now+8h}",\n', ""), "it has no expiresAt"),
        (("{", "[{"), "it is no JSON"),
    ],
)
def test_a_token_that_the_sdk_cannot_use_is_unreadable(replacement: tuple[str, str], observed: str) -> None:
    found = of(with_token(replacement))
    assert says(found["SSO-02"], "TOK05", f"{PATH}: {observed}")
    assert found.root_causes == ["SSO-02 TOK05"]


# ----------------------------------------------------------------------------------------- SSO-03, how long it lasts


def minimum(minutes: int) -> Settings:
    return Settings(credentials=CredentialSettings(minimum_minutes=minutes))


def test_a_token_that_soon_ends_and_is_not_refreshed_has_its_own_wording() -> None:
    found = judged(LEGACY, only=SSO, edit=_ends_in("10m"))
    assert says(found["SSO-03"], None, "expires in 10 minutes, at 2026-11-22 12:10 UTC, and is not refreshed")
    assert found["SSO-03"]["expected"] == "a token that lasts 15 minutes or more, or can be refreshed"
    assert found["SSO-03"]["remedy"][0] == LOGIN
    assert "for every profile" in found["SSO-03"]["remedy"][2]
    assert "expired" not in found["SSO-03"]["title"].partition(":")[0]


def _ends_in(length: str) -> Edit:
    name = "~/.aws/sso/cache/${sha1:https://acme.awsapps.com/start}.json"
    return with_token(("${now+8h}", f"${{now+{length}}}"), name=name)


@pytest.mark.parametrize(("length", "minutes", "status"), [
    ("15m", 15, "compliant"), ("14m", 15, "non_compliant"), ("14m", 5, "compliant"), ("8h", 600, "non_compliant"),
])  # fmt: skip
def test_the_minimum_is_the_one_of_the_settings(length: str, minutes: int, status: str) -> None:
    found = judged(LEGACY, only=("SSO-03",), edit=_ends_in(length), settings=minimum(minutes))
    assert found["SSO-03"]["status"] == status


def test_a_token_that_has_ended_is_expired_even_where_no_minimum_is_asked_for() -> None:
    found = judged(LEGACY, only=("SSO-03",), edit=_ends_in("0m"), settings=minimum(0))
    assert says(found["SSO-03"], "TOK02", "expired 0 minutes ago")


def test_a_refreshable_token_is_good_however_old() -> None:
    found = of(both(with_token(("${now+8h}", "${now-30d}")), with_portal()))
    assert found["SSO-03"]["status"] == found["SSO-06"]["status"] == "compliant"


def test_an_expired_token_and_a_clock_that_is_a_little_off_are_two_faults() -> None:
    found = judged("tok02-expired-token", only=("SSO-03", "CON-03"), edit=_clock("7m"))
    assert found.root_causes == ["SSO-03 TOK02", "CON-03 NET04"]


def test_a_token_that_only_a_wrong_clock_takes_for_expired_is_blocked_by_the_clock() -> None:
    found = judged("net04-clock-hours-ahead", only=("SSO-03", "SSO-06", "CON-03"))
    assert found["SSO-03"]["behind"] == "CON-03"
    assert found.root_causes == ["CON-03 NET04"]


def test_a_token_that_is_about_to_end_by_awss_clock_too_is_not_the_clocks_fault_alone() -> None:
    found = judged(LEGACY, only=("SSO-03", "CON-03"), edit=both(_ends_in("5m"), _clock("1h")))
    assert found.root_causes == ["SSO-03 TOK02", "CON-03 NET04"]


def test_a_token_that_only_a_wrong_clock_takes_for_valid_is_not_called_revoked() -> None:
    late = both(_ends_in("8h"), with_portal(), _clock("-9h"))
    found = judged(LEGACY, only=("SSO-03", "SSO-06", "CON-03"), edit=both(late, _issued("${now-1h}")))
    assert found["SSO-06"]["behind"] == "CON-03"
    assert found.root_causes == ["CON-03 NET04"]


def _issued(moment: str) -> Edit:
    name = "~/.aws/sso/cache/${sha1:https://acme.awsapps.com/start}.json"
    return with_token(("${now+8h}", moment), name=name)


def _clock(skew: str) -> Edit:
    from fixtures.text.shape import duration

    def edit(world: World) -> World:
        return dataclasses.replace(world, clock=dataclasses.replace(world.clock, skew=duration(skew)))

    return edit


# ------------------------------------------------------------------------------------------- SSO-04, of which portal


def test_a_token_for_another_start_url_is_none_for_this_portal() -> None:
    other = ("acme.awsapps.com", "other.awsapps.com")
    found = of(with_token(other, ("CANARY-access-token", "CANARY-other-token")))
    assert says(found["SSO-04"], None, f"{PATH} is a token for https://other.awsapps.com/start")
    assert "the sso_start_url in ~/.aws/config line 2" in found["SSO-04"]["expected"]
    assert found["SSO-04"]["remedy"][0].startswith(f"# edit {CONFIG} line 2: ")


@pytest.mark.parametrize(
    "other",
    [("acme.awsapps.com", "sso.acme.example"), ('"region": "us-east-1"', '"region": "eu-west-1"')],
    ids=["a domain of its own that redirects", "a Region in which the instance is too"],
)
def test_a_token_that_the_portal_takes_is_of_this_portal(other: tuple[str, str]) -> None:
    assert of(with_token(other))["SSO-04"]["status"] == "compliant"


@pytest.mark.parametrize("url", ["https://acme.awsapps.com/start/", "https://acme.awsapps.com/start#/"])
def test_another_spelling_of_the_same_start_url_is_the_same_portal(url: str) -> None:
    assert of(with_token(("https://acme.awsapps.com/start", url)))["SSO-04"]["status"] == "compliant"


def test_a_token_of_another_portal_that_this_one_takes_is_named_as_it_is() -> None:
    row = of(with_token(("acme.awsapps.com", "other.awsapps.com")))["SSO-04"]
    assert row["status"] == "compliant"
    assert row["observed"] == f"{PATH} is a token of us-east-1 for https://other.awsapps.com/start"


def test_a_token_that_names_neither_region_nor_start_url_is_none_to_compare() -> None:
    bare = '{"accessToken": "aoaAAAAAG-CANARY-access-token", "expiresAt": "${now+8h}"}'
    found = of(with_file(TOKEN, bare))
    assert found["SSO-04"]["status"] == "not_applicable"
    assert found["SSO-06"]["status"] == "compliant"


def test_what_the_portal_says_in_a_wrong_region_is_blocked_by_the_region() -> None:
    found = judged("tok07-wrong-sso-region", only=(*SSO, "RUN-02"))
    assert found["SSO-06"]["behind"] == found["RUN-02"]["behind"] == "SSO-04"


# ------------------------------------------------------------------------------------------- SSO-05, how it refreshes


def test_a_token_without_a_session_is_never_refreshed_and_none_the_worse() -> None:
    found = judged(LEGACY, only=("SSO-05",))
    assert found["SSO-05"]["status"] == "not_applicable"
    assert "no sso-session" in found["SSO-05"]["reason"]


@pytest.mark.parametrize("field", ["refreshToken", "clientId", "clientSecret"])
def test_each_field_that_a_refresh_takes_is_asked_for(field: str) -> None:
    assert says(of(with_token((f'"{field}"', '"other"')))["SSO-05"], "TOK06", f"{PATH} lacks {field}")


@pytest.mark.parametrize(
    ("scopes", "edits"),
    [
        ("sso:account:access", False),
        ("codewhisperer:completions, sso:account:access", False),
        ("codewhisperer:completions", True),
        ("", True),
    ],
)
def test_a_remedy_names_the_scope_only_where_the_session_has_it_not(scopes: str, edits: bool) -> None:
    config = env_file(("_scopes = sso:account:access", f"_scopes = {scopes}"), of=CONFIG)
    result = of(both(config, with_token(('"refreshToken"', '"other"'))))["SSO-05"]
    assert says(result, "TOK06", f"{PATH} lacks refreshToken")
    assert (len(result["remedy"]), result["remedy"][-1]) == (1 + edits, LOGIN)


def test_that_an_expired_token_cannot_refresh_is_no_second_fault() -> None:
    found = judged("tok02-expired-token", only=SSO)
    assert found["SSO-05"]["behind"] == "SSO-03"


EXPIRED = (("${now+8h}", "${now-1h}"),)


@pytest.mark.parametrize(
    "edit",
    [
        with_token(*EXPIRED, ('"refreshToken": "aorAAAAAG-CANARY-refresh-token"', '"refreshToken": null')),
        with_token(*EXPIRED, ('"refreshToken"', '"other"')),
        with_token(*EXPIRED, ('"clientId"', '"other"')),
        with_token(*EXPIRED, ("${now+80d}", "${now-1d}")),
    ],
    ids=["null", "no-refresh-token", "no-client", "registration-expired"],
)
def test_no_other_program_is_started_where_the_login_is_dead(edit: Edit) -> None:
    found = of(edit, *SSO, "CLI-02", "CLI-03", "RUN-02", "RUN-07")
    assert found["SSO-03"]["cause"] == "TOK02"
    assert {found[each]["status"] for each in ("CLI-02", "CLI-03", "RUN-02", "RUN-07")} == {"blocked"}
    assert not {"child.identity", "cli.identity", "cli.configure"} & {each["name"] for each in found.readings}


def test_a_cache_that_cannot_be_written_is_found_before_the_token_has_to_be_refreshed() -> None:
    found = judged("compliant", only=(*SSO, "RUN-02"), edit=_read_only)
    assert found.root_causes == ["SSO-05 TOK09"]
    assert found["RUN-02"]["status"] == found["SSO-06"]["status"] == "compliant"
    assert found["SSO-05"]["observed"].endswith("; this one works until 2026-11-22 20:00 UTC")


def _read_only(world: World) -> World:
    return dataclasses.replace(
        world, machine=dataclasses.replace(world.machine, read_only=("~/.aws/sso/cache",))
    )


def test_a_refresh_that_cannot_be_kept_blocks_what_needs_credentials() -> None:
    found = judged("tok09-read-only-cache", only=(*SSO, "RUN-02"))
    assert found["SSO-06"]["behind"] == found["RUN-02"]["behind"] == "SSO-05"
    assert "Read-only file system" in found["RUN-02"]["reason"]


# ----------------------------------------------------------------------------------------- SSO-06, what is granted


@pytest.mark.parametrize("name", ["AWSReservedSSO_BedrockDeveloper_0123456789abcdef", "bedrockdeveloper"])
def test_a_permission_set_in_other_words_is_written_as_the_portal_has_it(name: str) -> None:
    found = of(env_file(("sso_role_name = BedrockDeveloper", f"sso_role_name = {name}"), of=CONFIG))
    assert found.root_causes == ["SSO-06 TOK11"]
    assert found["SSO-06"]["remedy"] == [
        f"# edit {CONFIG} line 9: write sso_role_name = BedrockDeveloper, as the portal calls the permission set",
        "aws sts get-caller-identity --profile msh",
    ]
    assert [fix for mend in mends_of(found) for fix in mend.fixes] == [
        Replace(CONFIG, 9, "sso_role_name=", "profile msh", old=name, new="BedrockDeveloper")
    ]


def test_a_permission_set_that_is_nearly_the_one_is_changed_by_no_script() -> None:
    found = judged("tok11-role-not-assigned")
    assert not [fix for mend in mends_of(found) for fix in mend.fixes]


def test_where_a_permission_set_is_nearly_the_one_the_administrator_is_named_as_well() -> None:
    first, second, *_ = judged("tok11-role-not-assigned", only=("SSO-06",))["SSO-06"]["remedy"]
    assert first.endswith("write sso_role_name = BedrockDeveloper, which is granted to you there")
    assert second.startswith(
        "# where BedrockDevelopers is meant, an administrator of IAM Identity Center has to assign"
    )


@pytest.mark.parametrize(
    ("role", "granted", "alike"),
    [
        ("BedrockDevelopers", "BedrockDeveloper", True),
        ("Bedrock-Develper-dev", "Bedrock-Developer-dev", True),
        ("BedrockDeveloper-prod", "BedrockDeveloper-dev", False),
        ("BedrockDeveloper-prod", "BedrockDeveloper-preprod", False),
        ("BedrockDeveloper-prod", "BedrockDeveloper", False),
        ("BedrockDeveloperProd", "BedrockDeveloperDev", False),
        ("BedrockDeveloper-team1", "BedrockDeveloper-team2", False),
    ],
)
def test_only_a_slip_inside_a_word_means_another_permission_set(role: str, granted: str, alike: bool) -> None:
    assert permission_set_meant(role, [granted]) == (None, granted if alike else None)


def test_a_permission_set_that_is_like_none_that_is_granted_is_assigned_by_an_administrator() -> None:
    named = "sso_role_name = BedrockAdmin"
    found = of(env_file(("sso_role_name = BedrockDeveloper", named), of=CONFIG), "SSO-06")
    assert "has to assign BedrockAdmin to you;" in found["SSO-06"]["remedy"][2]


@pytest.mark.parametrize("code", ["ForbiddenException", "ResourceNotFoundException"])
def test_the_portals_denial_of_the_account_is_the_finding(code: str) -> None:
    found = of(with_portal(world_fault=(code, "No access")), "SSO-06")
    assert says(found["SSO-06"], "TOK11", f"{code}: No access")


@pytest.mark.parametrize(
    "code", ["TooManyRequestsException", "InternalServerException", "InvalidRequestException"]
)
def test_any_other_error_of_the_portal_makes_no_verdict(code: str) -> None:
    found = of(with_portal(world_fault=(code, "try later")), "SSO-06")
    assert found["SSO-06"]["status"] == "inconclusive"
    assert code in found["SSO-06"]["reason"]


def test_a_portal_that_cannot_be_reached_blocks_and_is_no_denial() -> None:
    found = judged("offline", only=("SSO-06", "SSO-03", "RUN-02"))
    assert found["SSO-06"]["behind"] == found["RUN-02"]["behind"] == "CON-02"
    assert found["SSO-03"]["status"] == "compliant"


def test_the_guides_placeholder_for_the_role_is_not_also_a_missing_assignment() -> None:
    world = with_file(CONFIG, None)

    def edit(each: World) -> World:
        text = each.machine.files[CONFIG].text.replace("BedrockDeveloper", "YourRoleName")
        return with_file(CONFIG, text)(world(each))

    found = of(edit, "SSO-06", "PRF-05")
    assert found["SSO-06"]["behind"] == "PRF-05"


def test_what_follows_from_a_refused_token_is_blocked_by_it() -> None:
    found = judged("tok07-revoked-session", only=("SSO-06", "RUN-02", "RUN-03"))
    assert found["RUN-02"]["behind"] == found["RUN-03"]["behind"] == "SSO-06"


# --------------------------------------------------------------------------------------------- SSO-07, who can read


@pytest.mark.parametrize("mode", ["644", "640", "604", "660"])
def test_a_token_that_others_can_read_is_not_private(mode: str) -> None:
    found = of(with_token(mode=mode), "SSO-07")
    assert says(found["SSO-07"], None, f"others can read 284c80bd….json ({mode}) in ~/.aws/sso/cache")
    assert found["SSO-07"]["remedy"] == ["chmod -R go-rwx ~/.aws/sso/cache"]


def test_the_client_registration_holds_a_secret_too() -> None:
    registration = '{"clientId": "client-acme", "clientSecret": "CANARY", "expiresAt": "${now+80d}"}'
    found = of(with_file("~/.aws/sso/cache/0123456789.json", registration, mode="644"), "SSO-07")
    assert says(found["SSO-07"], None, "01234567….json (644)")


def test_a_file_without_secrets_may_be_read_by_anybody() -> None:
    found = of(with_file("~/.aws/sso/cache/notes.json", '{"note": "mine"}', mode="644"), "SSO-07")
    assert found["SSO-07"]["status"] == "compliant"


def test_wsl_makes_up_the_mode_of_a_file_on_a_windows_drive() -> None:
    """There chmod changes nothing, unless the drive was mounted with the option for that."""
    found = judged("ok-wsl-has-the-folder-of-windows", only=("SSO-07",))
    assert found["SSO-07"]["reason"] == (
        "~/.aws/sso/cache is on a Windows drive, whose permission bits say nothing in WSL without its option metadata"
    )


@pytest.mark.parametrize(("mode", "status"), [("777", "non_compliant"), ("600", "compliant")])
def test_with_the_option_for_it_the_mode_on_a_windows_drive_is_the_files_own(mode: str, status: str) -> None:
    def mounted(world: World) -> World:
        files = {
            name: dataclasses.replace(file, mode=mode) if name.endswith(".json") else file
            for name, file in world.machine.files.items()
        }
        own = dataclasses.replace(world.machine, files=files, drives=("rw", "metadata", "uid=1000"))
        return dataclasses.replace(world, machine=own)

    found = judged("ok-wsl-has-the-folder-of-windows", only=("SSO-07",), edit=mounted)
    assert found["SSO-07"]["status"] == status
    if status == "non_compliant":
        assert says(found["SSO-07"], None, "284c80bd….json (777)")
        assert found["SSO-07"]["remedy"] == ["chmod -R go-rwx ~/.aws/sso/cache"]


def test_a_mode_that_the_system_keeps_is_judged() -> None:
    without = environment(WSL_DISTRO_NAME=None)
    found = judged("ok-wsl-has-the-folder-of-windows", only=("SSO-07",), edit=without)
    assert says(found["SSO-07"], None, "284c80bd….json (777)")
    in_linux = both(environment(WSL_DISTRO_NAME="Ubuntu-24.04"), with_token(mode="644"))
    assert says(of(in_linux, "SSO-07")["SSO-07"], None, "284c80bd….json (644)")


def test_windows_has_no_mode_to_judge() -> None:
    found = judged("ok-windows-token-files", only=("SSO-07",))
    assert found["SSO-07"]["status"] == "not_applicable"
    assert "Windows" in found["SSO-07"]["reason"]


def test_a_token_that_the_portal_refuses_for_the_roles_keys_alone_is_refused() -> None:
    def edit(world: World) -> World:
        from fixtures.simulation.world import Fault

        refused = Fault("UnauthorizedException", "Session token not found or invalid", 401)
        return dataclasses.replace(world, faults={"sso:GetRoleCredentials": refused})

    found = of(edit, "SSO-06", "RUN-02", "CLI-02")
    assert found.root_causes == ["SSO-06 TOK07"]
    assert found["SSO-06"]["observed"].startswith(
        "sso:GetRoleCredentials in us-east-1: UnauthorizedSSOTokenError"
    )
    assert not found.with_status("inconclusive")


@pytest.mark.parametrize(("written", "causes"), [(True, []), (False, ["SSO-06 TOK02"])])
def test_a_refresh_that_another_program_has_won_is_read_from_its_file(
    written: bool, causes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Any, token: dict[str, Any]) -> Any:
        fresh = {**token, "accessToken": "aoaAAAAAG-CANARY-refreshed", "expiresAt": "2026-11-22T20:00:00Z"}
        if written:
            names = self._sso_config
            self._token_loader.save_token(names["sso_start_url"], fresh, session_name=names["session_name"])
        raise ClientError({"Error": {"Code": "InvalidGrantException", "Message": "used"}}, "CreateToken")

    monkeypatch.setattr(SSOTokenProvider, "_attempt_create_token", lost)
    honoured = with_portal(tokens=("aoaAAAAAG-CANARY-refreshed",))
    found = of(honoured, "SSO-03", "SSO-06", "RUN-02", world="ok-expired-token-refreshes")
    assert found.root_causes == causes
    if not written:
        assert (
            "another program that refreshes at the same moment may have used it"
            in found["SSO-06"]["observed"]
        )


@pytest.mark.parametrize("world", ["tok01-no-login", "tok02-expired-token"])
def test_no_other_program_is_started_for_a_login_that_is_dead(world: str) -> None:
    found = judged(world, only=("CLI-01", "CLI-02", "CLI-03", "RUN-07"))
    assert not {"cli.configure", "cli.identity", "child.identity"} & {each["name"] for each in found.readings}
    assert found.with_status("blocked") == {"CLI-02", "CLI-03", "RUN-07"}


@pytest.mark.parametrize(("name", "told"), [("sso_registration_scope", True), ("sso_colour", False)])
def test_only_what_looks_like_the_scopes_is_told_beside_a_token_that_cannot_refresh_itself(
    name: str, told: bool
) -> None:
    edit = env_file(
        ("sso_region = us-east-1\n", f"sso_region = us-east-1\n{name} = sso:account:access\n"), of=CONFIG
    )
    row = judged("tok06-no-refresh-token", only=("SSO-05",), edit=edit)["SSO-05"]
    assert ("line 4 has a setting that nobody reads" in row["observed"]) is told, row["observed"]


# ------------------------------------------------------------------------------------ the folder that is none, or shut


def in_place_of_the_folder(name: str, file: File) -> Edit:
    """The world with no login, and the file in the place of a folder."""

    def edit(world: World) -> World:
        files = {key: each for key, each in world.machine.files.items() if "/sso/cache/" not in key}
        files[name] = file
        return dataclasses.replace(world, machine=dataclasses.replace(world.machine, files=files))

    return edit


@pytest.mark.parametrize("name", ["~/.aws/sso", "~/.aws/sso/cache"])
@pytest.mark.parametrize("file", [File(text="x"), File(text=""), File(link="/nowhere/at/all")])
@pytest.mark.parametrize("world", ["compliant", LEGACY])
def test_what_is_no_folder_is_one_root_cause_and_nothing_is_deleted(
    world: str, name: str, file: File
) -> None:
    found = judged(world, only=WORKSTATION, edit=in_place_of_the_folder(name, file))
    assert found.root_causes == ["SSO-01 TOK13"]
    assert found["SSO-01"]["observed"] == f"{name} is no folder"
    assert not any("rm " in line for line in found["SSO-01"]["remedy"])
    assert not found.with_status("inconclusive")


@pytest.mark.parametrize(
    ("mine", "mended"),
    [
        (True, "chmod u+rwx ~/.aws/sso"),
        (None, "chmod u+rwx ~/.aws/sso"),
        (False, 'sudo chown -R "$(id -un)" ~/.aws/sso'),
    ],
)
def test_a_folder_that_is_shut_to_this_user_is_opened(mine: bool | None, mended: str) -> None:
    def shut(answer: Any) -> Any:
        obstacle = {"name": "sso", "is_folder": True, "owner_is_me": mine}
        folder = {"problem": "unreadable: EACCES", "obstacle": obstacle, "writable": False}
        return {**answer, "cache": {"folder": {**answer["cache"]["folder"], **folder}, "tokens": []}}

    found = judged(
        "compliant",
        only=WORKSTATION,
        edit=with_file(TOKEN, None),
        through=lambda backend: Altered(backend, "token-cache", shut),
    )
    assert found.root_causes == ["SSO-01 TOK09"]
    assert (
        found["SSO-01"]["title"]
        == "The folder of the SSO logins cannot be read: ~/.aws/sso is shut to this user"
    )
    assert found["SSO-01"]["remedy"] == [mended]


@pytest.mark.parametrize("obstacle", [None, {"name": "cache", "is_folder": True, "owner_is_me": True}])
def test_a_folder_that_can_be_entered_and_not_listed_gives_no_verdict(
    obstacle: dict[str, Any] | None,
) -> None:
    """An SDK opens the token's file there by its name; nor is there one from evidence that knows no obstacle."""

    def unlisted(answer: Any) -> Any:
        folder = {"problem": "unreadable: EACCES", "obstacle": obstacle, "writable": True}
        return {**answer, "cache": {"folder": {**answer["cache"]["folder"], **folder}, "tokens": []}}

    found = judged(
        "compliant", only=("SSO-01",), through=lambda backend: Altered(backend, "token-cache", unlisted)
    )
    assert found["SSO-01"]["status"] == "inconclusive"
