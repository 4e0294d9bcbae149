"""Whatever the bytes, the readers answer; what botocore reads they read alike; and no secret gets through."""

import codecs
import json
import ntpath
import os
import re
from pathlib import Path

import botocore.configloader
import botocore.exceptions
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fixtures.machine.config_file import PUBLIC_KEYS, effective_profiles, effective_sessions, read_aws_file
from fixtures.machine.dotenv_file import read_dotenv
from fixtures.machine.environment import read_environment
from fixtures.machine.token_cache import read_token_file
from fixtures.machine.windows import expand_windows_vars
from fixtures.privacy.redaction import redact, redact_known
from fixtures.privacy.variables import SORTS

few = settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# INI-like text, likely enough to be read: mostly one header of a kind, and one option of a name below it.
URL_KEYS = {"sso_start_url", "endpoint_url"}

_NAMES = st.sampled_from(
    ["msh", "a b", "o'neil", '"msh"', "'m s'", "dom\\user", "", "é", "x]y", "\u200bz", "msh "]
)
_PREFIXES = st.sampled_from(
    [
        "profile ",
        "profile ",
        "profile\t",
        "profilex ",
        "Profile ",
        " profile ",
        "sso-session ",
        "sso_session ",
        "",
    ]
)
_HEADERS = st.builds("[{}{}]{}".format, _PREFIXES, _NAMES, st.sampled_from(["", "", "", " # comment", "x"]))
_HEADERS |= st.sampled_from(["[DEFAULT]", "[default]", "[plugins]", "[services x]"])
_KEYS = st.sampled_from(
    ["region", "output", "sso_session", "sso_start_url", "SSO_Region", "s3", "cli_pager", "mystery"]
)
_DELIMITERS = st.sampled_from([" = ", "=", ":", " : ", "\u3000=\xa0", " ="])
_VALUES = st.sampled_from(
    [
        "us-east-1",
        "",
        "",
        "https://acme.awsapps.com/start#/",
        "a # b",
        "a=b",
        '"q"',
        "msh",
        "a\x0bb=c",
        "ü",
        "x:y",
    ]
)
_INDENTS = st.sampled_from(["", "", "", "", "", " ", "  ", "\t", "\x0c", "\xa0"])
_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", " \n", "\n\n"])
_OPTIONS = st.tuples(_INDENTS, _KEYS, _DELIMITERS, _VALUES, _ENDS)
_ODDITIES = st.sampled_from(
    ["", "", "", "", "", "# c\n", "  ; c\n", " a=b\n", "word\n", "= x\n", " [x]\n", "\ufeff", "[\n"]
)


@st.composite
def _files(draw):
    text = draw(_ODDITIES) if draw(st.integers(0, 9)) == 0 else ""
    for header in draw(st.lists(_HEADERS, max_size=4, unique=draw(st.integers(0, 9)) > 0)):
        text += draw(_INDENTS) + header + draw(_ENDS)
        unique = (lambda option: option[1].lower()) if draw(st.integers(0, 9)) else None
        for option in draw(st.lists(_OPTIONS, max_size=4, unique_by=unique)):
            text += "".join(option) + draw(_ODDITIES)
    return text


def _botocore(config: Path, credentials: Path):
    """The profiles as botocore.session.Session.full_config merges them, or None where it raises."""
    try:
        loaded = botocore.configloader.load_config(str(config))
        profiles = loaded["profiles"]
        for name, options in botocore.configloader.raw_config_parse(str(credentials)).items():
            profiles.setdefault(name, {}).update(options)
    except botocore.exceptions.ConfigParseError:
        return None
    return profiles, loaded["sso_sessions"]


def _assert_same(ours, theirs):
    assert set(ours) == set(theirs)
    for name, options in theirs.items():
        for key in PUBLIC_KEYS:
            assert (key in ours[name]) == (key in options)
            if key not in options:
                continue
            effective, value = ours[name][key], options[key]
            if isinstance(value, dict):
                assert effective["value"] is None and effective["facts"]["length"] == 0
                assert len(effective["nested"]) >= len(value) > 0
                continue
            facts, first_line = effective["facts"], value.split("\n")[0]
            assert effective["value"] == (value if facts["exact"] and "\n" not in value else None)
            assert (
                facts["value"] == first_line
                if facts["exact"]
                else key in URL_KEYS and facts["value"] in value
            )


@few
@example(config="", credentials="[profile x]y]\n")
@given(config=_files(), credentials=_files() | st.just(""))
@example(config="[DEFAULT]\nregion=a\n", credentials="[DEFAULT]\noutput=json\n[msh]\n")
@example(config="[DEFAULT]\nfoo=\n bar\n", credentials="")
@example(config="[profile a]\nfoo=\n\n bar=1\n", credentials="[profile a]\nregion=x\n")
@example(config='[profile a]\nregion=x\n[profile "a"]\noutput=json\n', credentials="")
def test_profiles_and_sessions_are_those_of_botocore(config, credentials, tmp_path):
    paths = tmp_path / "config", tmp_path / "credentials"
    raws = config.encode(), credentials.encode()
    for path, raw in zip(paths, raws, strict=True):
        path.write_bytes(raw)
    files = (
        read_aws_file(raws[0], path="config", kind="config"),
        read_aws_file(raws[1], path="credentials", kind="credentials"),
    )
    expected = _botocore(*paths)
    assert all(file["loads"] for file in files) == (expected is not None)
    if expected is not None:
        _assert_same(effective_profiles(*files), expected[0])
        _assert_same(effective_sessions(files[0]), expected[1])


# Bytes that come closer to the files' grammars than chance would.
_CHUNKS = st.sampled_from(
    re.findall(
        rb"\S+", rb"""[ ] = : # " ' \ { } ${ :// @ export profile region AWS_PROFILE= aws_secret_access_key"""
    )
    + re.findall(rb"\S+", rb""""accessToken": "expiresAt": "2026-11-22T20:00:00 1e999999 %USERNAME%""")
    + [b"\n", b"\r\n", b" ", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\0", b"\xe9"]
)
_BYTES = st.lists(_CHUNKS | st.binary(max_size=6), max_size=25).map(b"".join)


@few
@given(raw=_BYTES)
def test_whatever_the_bytes_every_reader_answers_in_json(raw):
    readings = [
        read_aws_file(raw, path="config", kind="config"),
        read_aws_file(raw, path="config", kind="config", encoding="cp1252"),
        read_aws_file(raw, path="credentials", kind="credentials"),
        read_dotenv(raw, environ={}),
        read_token_file(raw, name="x.json", mode=None, owner_is_me=None),
        effective_profiles(
            read_aws_file(raw, path="config", kind="config"), read_aws_file(raw, path="c", kind="credentials")
        ),
    ]
    text = json.dumps(readings, ensure_ascii=False, allow_nan=False)
    assert json.loads(text.encode()) == readings


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026", "T1Z"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_FIELDS = ["accessToken", "refreshToken", "clientId", "clientSecret", "expiresAt", "startUrl", "region"]


@few
@given(document=st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_whatever_the_token_file_holds_its_reader_answers(document):
    token = read_token_file(json.dumps(document).encode(), name="x.json", mode=0o600, owner_is_me=True)
    assert token["problem"] == (
        "no-expiry" if "accessToken" in document and "expiresAt" not in document else None
    )
    json.dumps(token, ensure_ascii=False).encode()


@few
@given(text=st.text(max_size=40) | st.text(alphabet="0123456789-:TZ+.e UTCpm/", max_size=30))
def test_whatever_the_expiration_it_is_a_time_or_a_problem(text):
    moment = read_environment({"AWS_CREDENTIAL_EXPIRATION": text})["keys"]["expiration"]
    assert (moment["utc"] is None) == (moment["problem"] is not None)


# Unmistakable, and of the characters that secrets are made of.
_CANARIES = st.from_regex(r"[A-Za-z0-9+/]{6,30}CaNaRy[0-9]{2}[A-Za-z0-9+/]{0,40}={0,2}", fullmatch=True)
_SECRET_KEYS = ["aws_secret_access_key", "AWS_SESSION_TOKEN", "aws_security_token", "mystery", "external_id"]


def _holds(reading, secret):
    middle = secret[secret.index("CaNaRy") :][:8].lower()
    return middle in (json.dumps(reading) + repr(reading)).lower()


@few
@given(
    canary=_CANARIES,
    key=st.sampled_from(_SECRET_KEYS),
    delimiter=st.sampled_from(["=", " = ", ":", " : "]),
    wrap=st.sampled_from(["{}", '"{}"', "'{}'", "{} # c", "\n  {}", "a\n {}=x", "\n{}", "{}\n{}"]),
    around=_files(),
    kind=st.sampled_from(["config", "credentials"]),
)
def test_no_secret_of_an_aws_file_is_in_its_reading(*, canary, key, delimiter, wrap, around, kind):
    text = f"[profile msh]\nregion = x\n{key}{delimiter}{wrap.replace('{}', canary)}\n{around}"
    file = read_aws_file(text.encode(), path="x", kind=kind)
    nothing = read_aws_file(None, path="y", kind="credentials")
    assert not _holds([file, effective_profiles(file, nothing)], canary)


@few
@given(
    canary=_CANARIES,
    key=st.sampled_from([*_SECRET_KEYS, "DB_PASSWORD", "GITHUB_TOKEN"]),
    wrap=st.sampled_from(
        ["{}", '"{}"', "'{}'", "{} # {}", "\n{}", "x\n#{}", "\nAWS_PROFILE=${MY_SECRET}", '"{}']
    ),
)
def test_no_secret_of_an_environment_file_is_in_its_reading(canary, key, wrap):
    text = f"AWS_PROFILE=msh\n{key}={wrap.replace('{}', canary)}\nCHAT_MODEL=${{{key}}}\n"
    assert not _holds(read_dotenv(text.encode(), environ={"MY_SECRET": canary, key: canary}), canary)


@few
@given(canary=_CANARIES)
def test_no_secret_of_environment_or_token_file_is_in_a_reading(canary):
    secret = [name for name, sort in SORTS.items() if sort not in ("public", "url")]
    environ = dict.fromkeys([*secret, "AWS_MYSTERY", "BEDROCK_MYSTERY", "HOME"], canary)
    assert not _holds(read_environment(environ), canary)
    urls = dict.fromkeys(
        (name for name, sort in SORTS.items() if sort == "url"), f"https://jo:{canary}@h/p?q={canary}"
    )
    assert not _holds(read_environment(urls), canary)
    fields = {"accessToken": canary, "refreshToken": canary, "clientId": canary, "clientSecret": canary}
    raw = json.dumps(fields | {"expiresAt": "2026", "mystery": canary}).encode()
    assert not _holds(read_token_file(raw, name="x.json", mode=None, owner_is_me=None), canary)


_WORDS = re.findall(
    r"\S+", """password aws_secret_access_key token SessionToken = ' " \\ b' :// @ & ? < > . [redacted]"""
)
_TOKENS = ["AKIAQ3EGZ7YXWVUT4321", "eyJhbGciOiJIUzI1NiJ9.e30.abc", "abcdefghijkl12", "x" * 40, "Ab1" * 14]
_LABELS = [" ", "\n", ": ", "Bearer ", "Authorization", "header value ", "-----BEGIN PRIVATE KEY-----"]
_SENTENCES = st.lists(st.sampled_from([*_WORDS, *_TOKENS, *_LABELS]), max_size=14).map("".join)


@few
@given(text=_SENTENCES)
def test_redaction_is_idempotent(text):
    assert redact(redact(text)) == redact(text)


@few
@given(before=_SENTENCES, canary=_CANARIES, after=_SENTENCES)
def test_a_known_secret_never_stays(before, canary, after):
    assert canary not in redact_known(f"{before}{canary}{after}{canary!r}", [canary])


@few
@given(path=st.text(alphabet="%${}'AB_- \\/", max_size=16))
def test_windows_paths_expand_as_ntpath_expands_them(path):
    environ = {"A": "1", "AB": "2"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", environ)
        assert expand_windows_vars(path, environ) == ntpath.expandvars(path)
