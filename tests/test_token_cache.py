"""The token cache: which file holds the token, what it says, and what is wrong with it."""

import json
import os
from pathlib import Path

import botocore.session
import pytest
from botocore.credentials import SSOCredentialFetcher
from botocore.utils import JSONFileCache, SSOTokenLoader

from fixtures.machine.token_cache import (
    cache_name,
    normalise_start_url,
    read_cli_cache,
    read_moment,
    read_token_cache,
    read_token_file,
    role_cache_name,
)

URL = "https://acme.awsapps.com/start"
TOKEN = {
    "startUrl": URL,
    "region": "us-east-1",
    "accessToken": "canary-access",
    "expiresAt": "2026-11-22T20:00:00Z",
    "clientId": "canary-id",
    "clientSecret": "canary-secret",
    "registrationExpiresAt": "2027-02-01T00:00:00Z",
    "refreshToken": "canary-refresh",
}


def _read(document, name="x.json", **options):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_token_file(raw, name=name, **{"mode": 0o100600, "owner_is_me": True, **options})


def test_a_good_token():
    token = _read(TOKEN, f"{cache_name('msh')}.json")
    assert token["problem"] is None and not token["is_registration"]
    assert token["expires_at"]["utc"] == "2026-11-22T20:00:00Z"
    assert token["registration_expires_at"]["utc"] == "2027-02-01T00:00:00Z"
    assert (token["start_url"], token["region"]) == (URL, "us-east-1")
    assert set(token["secrets"]) == {"accessToken", "refreshToken", "clientId", "clientSecret"}
    assert (token["mode"], token["private"], token["owner_is_me"]) == ("600", True, True)


def test_no_token_is_kept():
    assert "canary" not in json.dumps(_read(TOKEN)) + repr(_read(TOKEN))


def test_a_token_that_cannot_refresh_shows_what_it_lacks():
    token = _read({key: value for key, value in TOKEN.items() if key != "refreshToken"})
    assert "refreshToken" not in token["secrets"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \n", "empty", id="blank"),
        pytest.param("\ufeff{}".encode(), "bom", id="utf-8-bom"),
        pytest.param("\ufeff{}".encode("utf-16-le"), "bom", id="utf-16"),
        pytest.param(b'{"accessToken": "\xe9"}', "undecodable", id="latin-1"),
        pytest.param(b"{", "not-json", id="cut"),
        pytest.param(b"[" * 100_000, "not-json", id="deep"),
        pytest.param(b'{"a": ' + b"1" * 10_000 + b"}", "not-json", id="long-number"),
        pytest.param(b'["accessToken"]', "not-an-object", id="list"),
        pytest.param(b'{"accessToken": "canary"}', "no-expiry", id="no-expiry"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_where_botocore_finds_no_token(raw, problem, tmp_path):
    assert _read(raw)["problem"] == problem
    (tmp_path / f"{cache_name('msh')}.json").write_bytes(raw)
    with pytest.raises((KeyError, RecursionError, botocore.exceptions.SSOTokenLoadError)):
        SSOTokenLoader(JSONFileCache(str(tmp_path)))(URL, "msh")


def test_a_client_registration_is_no_token():
    registration = _read(
        {"clientId": "canary", "clientSecret": "canary", "expiresAt": "2027-02-01T00:00:00Z"}
    )
    assert registration["is_registration"] and registration["problem"] is None
    assert not _read(b"{")["is_registration"]


def test_fields_that_are_no_text_are_said_to_be_none():
    token = _read(TOKEN | {"accessToken": 5, "expiresAt": 1795377600, "startUrl": 7, "region": None})
    assert token["secrets"]["accessToken"]["flaws"] == ["not-text"]
    assert token["expires_at"]["problem"] == "not-text"
    assert (token["start_url"], token["region"]) == (None, None)


@pytest.mark.parametrize(
    ("written", "utc", "problem"),
    [
        ("2026-11-22T20:00:00Z", "2026-11-22T20:00:00Z", None),
        ("2026-11-22T20:00:00UTC", "2026-11-22T20:00:00Z", None),
        ("2026-11-22T20:00:00.75+02:00", "2026-11-22T18:00:00Z", None),
        ("2026-11-22T20:00:00", None, "naive"),
        ("2026-11-22T20:00:00XYZ", None, "naive"),
        (1795377600, None, "not-text"),
        ("junk", None, "not-a-time"),
        ("", None, "not-a-time"),
        ("0001-01-01T00:00:00+23:00", None, "not-a-time"),
        (None, None, "absent"),
    ],
)
def test_times_are_read_as_botocore_reads_them(written, utc, problem):
    moment = read_moment(written)
    assert (moment["utc"], moment["problem"]) == (utc, problem)


def test_a_null_is_there_and_is_no_time():
    assert _read(TOKEN | {"expiresAt": None})["expires_at"]["problem"] == "not-text"
    assert _read({"accessToken": "x"})["expires_at"]["problem"] == "absent"


@pytest.mark.parametrize("session", [None, "msh"])
def test_the_file_is_named_as_botocore_names_it(session, tmp_path):
    SSOTokenLoader(JSONFileCache(str(tmp_path))).save_token(URL, TOKEN, session)
    assert [path.stem for path in tmp_path.iterdir()] == [cache_name(session or URL)]
    assert cache_name("msh") == "284c80bd216563a75ddf33fdbc5290f7f16a3720"


def test_a_file_named_after_its_own_start_url_is_told():
    assert _read(TOKEN, f"{cache_name(URL)}.json")["named_after_start_url"]
    assert not _read(TOKEN, f"{cache_name('msh')}.json")["named_after_start_url"]


@pytest.mark.parametrize(
    "url",
    [
        URL,
        URL + "/",
        URL + "#",
        URL + "#/",
        URL + "/#/",
        "HTTPS://Acme.awsapps.com/start/",
        URL + "/#/?tab=a",
    ],
)
def test_start_urls_that_open_the_same_portal_look_alike(url):
    assert normalise_start_url(url) == URL
    assert _read(TOKEN | {"startUrl": url})["normalised_start_url"] == URL


def test_other_start_urls_stay_apart():
    assert normalise_start_url("https://acme.awsapps.com/Start") != URL
    assert normalise_start_url("acme/") == "acme"


def test_the_mode_tells_whether_others_may_read():
    assert (_read(TOKEN, mode=0o100644)["mode"], _read(TOKEN, mode=0o100644)["private"]) == ("644", False)
    assert (_read(TOKEN, mode=None)["mode"], _read(TOKEN, mode=None)["private"]) == (None, None)


def test_a_folder_is_read_whole_and_what_cannot_be_read_is_in_it(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(TOKEN))
    (tmp_path / "a.json").chmod(0o600)
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c.json").symlink_to(tmp_path / "c.json")
    (tmp_path / "d.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "e.json")
    (tmp_path / "f.txt").write_text("{}")
    cache = read_token_cache(tmp_path)
    assert [(token["name"], token["problem"]) for token in cache["tokens"]] == [
        ("a.json", None),
        ("b.json", "not-a-file"),
        ("c.json", "unreadable: ELOOP"),
        ("d.json", "unreadable: ENOENT"),
        ("e.json", "not-a-file"),
    ]
    assert (cache["tokens"][0]["mode"], cache["tokens"][0]["owner_is_me"]) == ("600", True)
    assert cache["folder"]["exists"] and cache["folder"]["writable"]


def test_a_file_that_may_not_be_read_keeps_its_place(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(json.dumps(TOKEN))

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    token = read_token_cache(tmp_path)["tokens"][0]
    assert token["problem"] == "unreadable: EACCES"
    assert token["mode"] is not None and not token["is_registration"]


def test_a_folder_that_may_not_be_listed_says_so(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", denied)
    cache = read_token_cache(tmp_path)
    assert cache["folder"]["problem"] == "unreadable: EACCES"
    assert cache["folder"]["exists"] and cache["tokens"] == []


def test_a_file_name_that_is_no_text_is_written_out():
    assert _read(TOKEN, os.fsdecode(b"\xff.json"))["name"] == r"\udcff.json"


def test_no_folder_is_no_problem_where_it_can_be_made(tmp_path):
    cache = read_token_cache(tmp_path / "sso" / "cache")
    assert cache == {
        "folder": {"exists": False, "problem": None, "writable": True, "mode": None},
        "tokens": [],
    }


def test_a_folder_on_a_read_only_mount_is_not_writable(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert not read_token_cache(tmp_path)["folder"]["writable"]
    assert not read_token_cache(tmp_path / "missing")["folder"]["writable"]


def test_the_clis_role_credentials_tell_their_end_and_their_giver(tmp_path):
    keys = {"AccessKeyId": "ASIAcanary", "SecretAccessKey": "canary", "SessionToken": "canary"}
    good = {"ProviderType": "sso", "Credentials": keys | {"Expiration": "2026-11-22T20:00:00Z"}}
    (tmp_path / "a.json").write_text(json.dumps(good))
    (tmp_path / "b.json").write_text(json.dumps({"ProviderType": "canary", "Credentials": []}))
    (tmp_path / "c.json").write_text("[]")
    cache = read_cli_cache(tmp_path)
    assert "canary" not in repr(cache)
    a, b, c = cache["credentials"]
    assert (a["provider"], a["complete"], a["expiration"]["utc"]) == ("sso", True, "2026-11-22T20:00:00Z")
    assert (b["provider"], b["complete"], b["expiration"]["problem"]) == ("other", False, "absent")
    assert c["problem"] == "not-an-object"


@pytest.mark.parametrize("session", [None, "msh", "Sitzung \u00e4"])
def test_the_file_of_the_clis_role_credentials_is_named_as_botocore_names_it(session: str | None) -> None:
    url = "https://d-9067f00000.awsapps.com/start"
    fetcher = SSOCredentialFetcher(
        url, "eu-central-1", "BedrockDeveloper", "210987654321", None, sso_session_name=session
    )
    assert role_cache_name(session, url, "210987654321", "BedrockDeveloper") == fetcher._create_cache_key()
