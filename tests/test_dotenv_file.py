"""The application's environment file, as python-dotenv reads it."""

import io
import os
import re

import pytest
from dotenv import dotenv_values, load_dotenv

from fixtures.machine.dotenv_file import GUIDE_KEYS, read_dotenv

SECRET = "wJa1rXUtnFEMI/K7MDENG+bPxRfiCYzCaNaRyX40"


def _read(text, **environ):
    return read_dotenv(text if isinstance(text, bytes) else text.encode(), environ=environ)


def _variable(text, key="AWS_PROFILE", **environ):
    return _read(text, **environ)["variables"][key]


def test_the_guides_file_is_read_with_its_lines():
    file = _read(
        "# AWS Configuration\nAWS_REGION=us-east-1\n\n\nAWS_MAX_ATTEMPTS=3\nexport AWS_RETRY_MODE=adaptive\n"
    )
    assert file["loads"] and file["unparsable_lines"] == file["secrets"] == []
    variables = file["variables"]
    assert [(key, v["line"], v["value"]["value"]) for key, v in variables.items()] == [
        ("AWS_REGION", 2, "us-east-1"),
        ("AWS_MAX_ATTEMPTS", 5, "3"),
        ("AWS_RETRY_MODE", 6, "adaptive"),
    ]


def test_a_missing_file_and_one_that_may_not_be_read_differ():
    missing = read_dotenv(None, environ={})
    denied = read_dotenv(None, environ={}, unreadable="EACCES")
    assert (missing["exists"], denied["exists"], denied["loads"]) == (False, True, False)


@pytest.mark.parametrize("key", GUIDE_KEYS)
def test_the_guides_variables_are_kept(key):
    assert _variable(f"{key}=canary", key)["value"]["value"] == "canary"


def test_other_variables_are_only_described():
    file = _read("DATABASE_NAME=canary\nMODEL='canary'\n")
    assert "canary" not in repr(file)
    assert file["variables"]["DATABASE_NAME"]["value"]["length"] == 6


@pytest.mark.parametrize(
    ("written", "value", "quoting"),
    [
        ("msh", "msh", "none"),
        ("msh # main", "msh", "none"),
        ("msh#main", "msh#main", "none"),
        ("'m\\sh'", "m\\sh", "single"),
        ('"msh" # main', "msh", "double"),
        ("", "", "none"),
    ],
)
def test_values_are_those_of_python_dotenv(written, value, quoting):
    variable = _variable(f"AWS_PROFILE={written}\n")
    assert (variable["value"]["value"], variable["quoting"]) == (value, quoting)
    assert dotenv_values(stream=io.StringIO(f"AWS_PROFILE={written}\n"))["AWS_PROFILE"] == value


def test_a_name_without_equals_sign_sets_nothing():
    assert not _variable("AWS_PROFILE\n")["assigned"]
    assert _variable("AWS_PROFILE=\n")["assigned"]


def test_unparsable_lines_are_numbered_behind_blank_lines():
    assert _read('\n\nA="x\nAWS_PROFILE=msh\n= 1\n')["unparsable_lines"] == [3, 5]


def test_the_last_of_two_counts():
    file = _read("AWS_PROFILE=a\nX=1\nAWS_PROFILE=b\n")
    assert file["repetitions"] == [{"key": "AWS_PROFILE", "first_line": 1, "line": 3}]
    assert file["variables"]["AWS_PROFILE"]["value"]["value"] == "b"


def test_a_windows_path_in_double_quotes_loses_its_backslashes():
    variable = _variable('AWS_CONFIG_FILE="C:\\new\\temp\\x"\n', "AWS_CONFIG_FILE")
    assert variable["escapes"] == ["\\n", "\\t"]
    assert variable["value"]["flaws"] == ["line-break", "control", "backslash"]
    single = _variable("AWS_CONFIG_FILE='C:\\new\\temp'\n", "AWS_CONFIG_FILE")
    assert (single["escapes"], single["value"]["value"]) == ([], r"C:\new\temp")


def test_percent_variables_and_the_tilde_stay_as_they_are():
    variable = _variable("AWS_CONFIG_FILE=~\\%USERNAME%\\config\n", "AWS_CONFIG_FILE", USERNAME="jo")
    assert variable["value"]["value"] == r"~\%USERNAME%\config"
    assert "percent-variable" in variable["value"]["flaws"]


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("AWS_CONFIG_FILE=/home/${USERNAME}/x", {"USERNAME": "jo"}),
        ("AWS_CONFIG_FILE=${HOME:-/root}/x", {}),
        ("AWS_REGION=a\nAWS_DEFAULT_REGION=${AWS_REGION}", {}),
        ("AWS_REGION=a\nAWS_DEFAULT_REGION=${AWS_REGION}", {"AWS_REGION": "b"}),
        ("CHAT_MODEL=${BEDROCK_MODEL_ID}\nBEDROCK_MODEL_ID=m", {}),
        ("AWS_REGION\nAWS_PROFILE=x${AWS_REGION}", {}),
    ],
)
def test_interpolation_is_that_of_load_dotenv_without_override(text, environ, monkeypatch, tmp_path):
    file = _read(text, **environ)
    for name in (*GUIDE_KEYS, "USERNAME", "HOME", "PYTHON_DOTENV_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "env").write_text(text)
    load_dotenv(tmp_path / "env")
    for key, variable in file["variables"].items():
        if key not in environ and variable["assigned"]:
            assert variable["value"]["value"] == os.environ.pop(key)


@pytest.mark.parametrize(
    "text",
    [
        "AWS_PROFILE=${AWS_SECRET_ACCESS_KEY}",
        "AWS_PROFILE=msh-${MYSTERY}",
        "OTHER=${AWS_SECRET_ACCESS_KEY}\nAWS_PROFILE=${OTHER}",
        "AWS_REGION=${AWS_SECRET_ACCESS_KEY}\nAWS_PROFILE=${AWS_REGION}",
        "HOME_DIR=canary\nAWS_PROFILE=${HOME_DIR}",
        "HOME=canary\nAWS_PROFILE=${HOME}",
        "AWS_PROFILE=${AWS_SECRET_ACCESS_KEY:-canary}",
    ],
)
def test_interpolation_carries_no_secret_into_a_variable_that_is_kept(text):
    file = _read(text, AWS_SECRET_ACCESS_KEY="canary", MYSTERY="canary")
    assert "canary" not in repr(file)
    assert file["variables"]["AWS_PROFILE"]["value"]["value"] is None
    assert len(file["variables"]["AWS_PROFILE"]["references"]) == 1


def test_the_environment_is_compared():
    text = "AWS_REGION=a\nAWS_PROFILE=b\nAWS_DEFAULT_REGION=c\nDATABASE_PASSWORD=d\n"
    variables = _read(text, AWS_REGION="a", AWS_PROFILE="x", DATABASE_PASSWORD="e")["variables"]
    assert [variable["environment"] for variable in variables.values()] == [
        "same",
        "different",
        "absent",
        "different",
    ]


@pytest.mark.parametrize(
    ("raw", "problem", "loads"),
    [
        ("\ufeffAWS_PROFILE=msh\n".encode(), "utf-8-bom", True),
        ("\ufeffAWS_PROFILE=msh\n".encode("utf-16-le"), "utf-16", False),
        (b"AWS_PROFILE=msh\n# \xe9\n", "undecodable", False),
    ],
)
def test_encoding_problems_are_found(raw, problem, loads, tmp_path, monkeypatch):
    file = _read(raw)
    assert (file["encoding_problem"]["kind"], file["loads"]) == (problem, loads)
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED", raising=False)
    (tmp_path / "env").write_bytes(raw)
    if loads:
        found = dotenv_values(tmp_path / "env")
        assert ("AWS_PROFILE" in found) == ("AWS_PROFILE" in file["variables"])
    else:
        with pytest.raises(UnicodeDecodeError):
            dotenv_values(tmp_path / "env")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("AWS_ACCESS_KEY_ID=AKIAQ3EGZ7YXWVUT4321", "access-key-id"),
        ("X=1 # was ASIAQ3EGZ7YXWVUT4321", "access-key-id"),
        ("AWS_SECRET_ACCESS_KEY=canary", "secret-access-key"),
        ("#AWS_SECRET_ACCESS_KEY='canary'", "secret-access-key"),
        ("MY_SECRET_KEY=canary", "secret-access-key"),
        (f"ANYTHING={SECRET}", "opaque"),
        ("AWS_SESSION_TOKEN=canary", "session-token"),
        ("X=IQoJb3JpZ2luX2VjcanaryAAA", "session-token"),
        ("AWS_BEARER_TOKEN_BEDROCK=canary", "bedrock-api-key"),
        ("X=ABSKcanarycanarycanary", "bedrock-api-key"),
        ("X=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.canary", "jwt"),
        ("X=aoaAAAAAGZk3bZzcanary:MGUC", "sso-token"),
        ("-----BEGIN PRIVATE KEY-----", "private-key"),
        ("DB_PASSWORD=canary", "password"),
        ("DATABASE_URL=postgres://jo:canary@db/x", "password-in-url"),
        ("GITHUB_TOKEN=canary", "named-secret"),
        ("OPENAI_API_KEY=canary", "named-secret"),
    ],
)
def test_secrets_are_found_and_not_kept(line, rule):
    file = _read(f"AWS_REGION=us-east-1\n{line}\n")
    (secret,) = file["secrets"]
    assert (secret["rule"], secret["line"]) == (rule, 2)
    assert secret["commented"] == line.startswith("#")
    assert "canary" not in repr(file) and SECRET not in repr(file)
    name = re.match(r"#?(\w+)=", line)
    assert secret["key"] == (name[1] if name else None)


@pytest.mark.parametrize(
    "line",
    [
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY=",
        "AWS_SECRET_ACCESS_KEY=testing",
        "AWS_SECRET_ACCESS_KEY=${SECRET}",
        "DB_PASSWORD=<your password>",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "MAX_TOKENS=4096",
        "USE_TOKEN=true",
        "API_SECRET=arn:aws:secretsmanager:us-east-1:210987654321:secret:db",
        "TOKENIZERS_PARALLELISM=false",
        "GIT_SHA=284c80bd216563a75ddf33fdbc5290f7f16a3720",
        "DATABASE_URL=postgres://jo:${PASSWORD}@db/x",
        "AWS_CONFIG_FILE=C:\\Users\\%USERNAME%\\.aws\\config",
        "BEDROCK_MODEL_ID=anthropic.claude-3-5-sonnet-20241022-v2:0",
        "# passwords belong elsewhere",
    ],
)
def test_what_only_looks_like_a_secret_is_none(line):
    assert _read(f"{line}\n")["secrets"] == []


def test_a_part_of_a_wrapped_secret_is_no_name():
    file = _read("AWS_SESSION_TOKEN=abc\nFwoGZXIvYXdzEBYaDcanary==\nQcanary/x=1\n")
    assert "canary" not in repr(file)
    assert file["hidden_lines"] == [2, 3]
