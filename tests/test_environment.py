"""The environment's reading, and the rules of Windows for paths and text files."""

import ntpath
import os

import pytest
from botocore.credentials import EnvProvider

from fixtures.machine.environment import key_kind, read_environment
from fixtures.machine.windows import (
    config_txt_look_alikes,
    decode,
    expand_windows_vars,
    garbled_from,
    is_windows_path,
    literal_percent_variables,
)

AKIA, ASIA = "AKIAQ3EGZ7YXWVUT4321", "ASIAQ3EGZ7YXWVUT4321"
SECRET = "wJa1rXUtnFEMI/K7MDENG+bPxRfiCYzCaNaRyX40"


def _value(name, text):
    return read_environment({name: text})["variables"][name]


@pytest.mark.parametrize("text", ["msh", "msh\r", '"msh"', " msh", "m\N{ZERO WIDTH SPACE}sh", ""])
def test_a_profile_name_is_kept_to_the_character(text):
    value = _value("AWS_PROFILE", text)
    assert value["value"] == text and value["exact"]


def test_only_variables_that_are_set_are_in_the_reading_and_empty_ones_are():
    variables = read_environment({"AWS_REGION": "", "PATH": "/bin", "LANG": "C", "AWSOME": "x"})["variables"]
    assert list(variables) == ["AWS_REGION"]
    assert variables["AWS_REGION"]["length"] == 0


def test_an_empty_bearer_variable_is_there():
    assert _value("AWS_BEARER_TOKEN_BEDROCK", "")["length"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_SOMETHING_NEW",
        "BEDROCK_API_KEY",
    ],
)
def test_secrets_and_unknown_variables_are_only_described(name):
    reading = read_environment({name: "canary"})
    assert "canary" not in repr(reading)
    assert reading["variables"][name]["length"] == 6


def test_urls_lose_their_userinfo():
    environ = {
        "https_proxy": "http://jo:canary@proxy:8080",
        "AWS_ENDPOINT_URL_STS": "https://u:canary@sts.example",
    }
    variables = read_environment(environ)["variables"]
    assert variables["https_proxy"]["value"] == "http://proxy:8080"
    assert variables["AWS_ENDPOINT_URL_STS"]["value"] == "https://sts.example"


@pytest.mark.parametrize(
    ("environ", "pairing"),
    [
        ({}, "none"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "none"),
        ({"AWS_ACCESS_KEY_ID": AKIA, "AWS_SECRET_ACCESS_KEY": SECRET}, "complete"),
        ({"AWS_ACCESS_KEY_ID": AKIA}, "key-without-secret"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, "secret-without-key"),
    ],
)
def test_keys_pair_up_as_botocore_pairs_them(environ, pairing):
    assert read_environment(environ)["keys"]["pairing"] == pairing


@pytest.mark.parametrize(
    ("session", "security", "tokens"),
    [
        (None, None, "none"),
        ("a", None, "session"),
        (None, "a", "security"),
        ("", "a", "security"),
        ("a", "a", "equal"),
        ("a", "b", "different"),
    ],
)
def test_the_two_token_variables_are_compared_and_neither_is_kept(session, security, tokens):
    environ = {"AWS_ACCESS_KEY_ID": ASIA, "AWS_SECRET_ACCESS_KEY": SECRET}
    environ |= {} if session is None else {"AWS_SESSION_TOKEN": session}
    environ |= {} if security is None else {"AWS_SECURITY_TOKEN": security}
    keys = read_environment(environ)["keys"]
    assert keys["tokens"] == tokens
    used = EnvProvider(environ=environ).load().token
    assert used == (security or session or None)
    assert keys["token_missing"] == (used is None)


def test_a_long_lived_key_needs_no_token():
    environ = {"AWS_ACCESS_KEY_ID": AKIA, "AWS_SECRET_ACCESS_KEY": SECRET}
    assert not read_environment(environ)["keys"]["token_missing"]


@pytest.mark.parametrize(
    ("text", "utc", "problem"),
    [
        ("2026-11-22T12:00:00+01:00", "2026-11-22T11:00:00Z", None),
        ("2026-11-22T12:00:00", None, "naive"),
        ("soon", None, "not-a-time"),
        ("", None, "absent"),
    ],
)
def test_the_expiration_is_read_as_botocore_reads_it(text, utc, problem):
    expiration = read_environment({"AWS_CREDENTIAL_EXPIRATION": text})["keys"]["expiration"]
    assert (expiration["utc"], expiration["problem"]) == (utc, problem)


def test_home_and_userprofile_are_only_noted():
    reading = read_environment({"HOME": "/home/canary"})
    assert (reading["home"], reading["userprofile"]) == (True, False)
    assert "canary" not in repr(reading)


@pytest.mark.parametrize(
    ("key", "kind"), [(AKIA, "AKIA"), (ASIA, "ASIA"), ("testing", "other"), ("", None), (None, None)]
)
def test_the_kind_of_a_key(key, kind):
    assert key_kind(key) == kind


@pytest.mark.parametrize(
    "path",
    [
        r"C:\Users\%USERNAME%\.aws\config",
        "$USERNAME/${USERNAME}/x",
        "%UNKNOWN%/$UNKNOWN/${UNKNOWN}",
        "'%USERNAME%'%USERNAME%",
        "'%USERNAME%",
        "100%% $$x",
        "%USERNAME",
        "${USERNAME",
        "$",
        "%",
        "",
        "$-x %% %USERNAME%%USERNAME%",
        "plain",
    ],
)
def test_paths_expand_as_ntpath_expands_them(path, monkeypatch):
    environ = {"USERNAME": "jo"}
    monkeypatch.setattr(os, "environ", environ)
    assert expand_windows_vars(path, environ) == ntpath.expandvars(path)


def test_windows_compares_names_without_regard_to_case():
    assert expand_windows_vars("%UserName%", {"USERNAME": "jo"}) == "jo"


def test_literal_percent_variables_are_named():
    assert literal_percent_variables(r"C:\%HOMEPATH%\%USERNAME%") == ["HOMEPATH", "USERNAME"]
    assert literal_percent_variables("a%20b%20c 100%") == []


@pytest.mark.parametrize("path", [r"C:\x", "c:/x", r"\\server\share", r".aws\config"])
def test_windows_paths_are_told(path):
    assert is_windows_path(path)


@pytest.mark.parametrize("path", ["/home/jo", "~/.aws/config", "config", r"/mnt/c/a\b", ""])
def test_other_paths_are_not_windows_paths(path):
    assert not is_windows_path(path)


def test_a_hidden_extension_makes_a_look_alike():
    siblings = [
        "config",
        "config.txt",
        "Config.TXT",
        "config.txt.txt",
        "config.bak",
        "credentials.txt",
        "myconfig.txt",
    ]
    assert config_txt_look_alikes(siblings, "config") == ["Config.TXT", "config.txt", "config.txt.txt"]


@pytest.mark.parametrize(
    ("text", "original"), [("JosÃ©", "José"), ("José", None), ("jose", None), ("日本", None)]
)
def test_utf_8_that_was_read_as_cp1252_is_recognised(text, original):
    assert garbled_from(text) == original


@pytest.mark.parametrize(
    ("raw", "text", "problem"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n", None),
        ("\ufeffa".encode(), "a", ("utf-8-bom", 1)),
        ("\ufeffa\n".encode("utf-16-le"), "a\n", ("utf-16", 1)),
        ("\ufeffa".encode("utf-16-be"), "a", ("utf-16", 1)),
        ("\ufeffa".encode("utf-32-le"), "a", ("utf-32", 1)),
        (b"a\r\nb\n\xe9", "a\nb\n\ufffd", ("undecodable", 3)),
        (b"a\n\0", "a\n\0", ("nul-characters", 2)),
    ],
)
def test_the_encoding_is_judged_and_the_text_is_read_all_the_same(raw, text, problem):
    decoded = decode(raw)
    found = decoded.problem
    assert decoded.text == text
    assert (found and (found["kind"], found["line"])) == problem


@pytest.mark.parametrize(
    ("raw", "newline"),
    [(b"a\n", "lf"), (b"a\r\n", "crlf"), (b"a\rb", "cr"), (b"a\r\nb\n", "mixed"), (b"a", "none")],
)
def test_the_newline_style_is_named(raw, newline):
    assert decode(raw).newline == newline


def test_the_machines_own_encoding_is_used():
    assert decode("José".encode(), "cp1252").text == "JosÃ©"
