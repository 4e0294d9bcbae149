"""Whatever the bytes, the readers answer; what botocore reads they read alike; and no secret gets through."""

import json
from pathlib import Path

import botocore.configloader
import botocore.exceptions
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fixtures.machine.config_file import PUBLIC_KEYS, effective_profiles, effective_sessions, read_aws_file

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
    "region output sso_session sso_start_url SSO_Region s3 cli_pager mystery role_arn".split()
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
