"""--explain TEXT: error texts as people paste them, each with the mode that fits first, and texts of other fields with none."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import botocore.exceptions
import pytest
import tomli

from checks.catalogue import CatalogueError, Cause, Remedy
from checks.catalogue import load as catalogue
from checks.error_texts import OPEN, error_text, load, plain
from checks.explain import explained, modes_of
from tests.suite import run_suite

TEXTS = tomli.loads((Path(__file__).parent / "pasted_texts.toml").read_text(encoding="utf-8"))
PASTED = TEXTS["paste"]
NO_ERROR_TEXT = {"CFG04", "ENV06", "ENV11"}
"""What these modes do is silent: no program prints a text for them."""
SEEN = {"PRE06", "WIN03"}
"""Of these the symptom is what somebody sees; the texts that come after it are in the data."""
SYMPTOMS = [cause for cause in catalogue().causes if cause.code not in NO_ERROR_TEXT | SEEN]


def first(text: str) -> str | None:
    """The mode that comes first; of a text that is of none, what it says."""
    found = error_text(text)
    return (found.modes[0] if found.modes else found.itself) if found else None


# --------------------------------------------------------------------------------------------- as they were pasted


@pytest.mark.parametrize("paste", PASTED, ids=[f"{n}-{paste['from']}" for n, paste in enumerate(PASTED)])
def test_the_mode_that_fits_a_public_report_comes_first(paste: dict[str, str]) -> None:
    assert first(paste["text"]) == paste["first"]


def in_colour(text: str) -> str:
    return f"\x1b[31;1m{text.replace(' ', chr(27) + '[0m ' + chr(27) + '[31m', 1)}\x1b[0m"


def at_a_narrow_terminal(text: str) -> str:
    return "\n".join(line[at : at + 37] for line in text.splitlines() for at in range(0, len(line), 37))


def with_times_before_its_lines(text: str) -> str:
    lines = textwrap.wrap(text, 60, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"2026-11-27T08:12:{n:02}.123Z {line}" for n, line in enumerate(lines))


DISGUISES: list[Callable[[str], str]] = [
    str.upper,
    in_colour,
    at_a_narrow_terminal,
    with_times_before_its_lines,
    lambda text: json.dumps({"error": {"message": text}}),
    lambda text: json.dumps({"body": json.dumps({"message": text}, ensure_ascii=True)}),
    lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
    lambda text: text.replace("'", "’").replace('"', "”"),
    lambda text: text.replace('"', "&quot;").replace("'", "&#39;"),
    lambda text: text.replace("\n", "\r\n"),
]


@pytest.mark.parametrize("disguise", range(len(DISGUISES)))
def test_what_copying_does_to_a_text_does_not_matter(disguise: int) -> None:
    changed = {
        paste["from"]: (paste["first"], first(DISGUISES[disguise](paste["text"])))
        for paste in PASTED
        if "\\x" not in paste["text"]
    }
    assert {name: pair for name, pair in changed.items() if pair[0] != pair[1]} == {}


# ------------------------------------------------------------------------------------------ what the programs say


@pytest.mark.parametrize(
    ("error", "mode"),
    [
        (botocore.exceptions.SSOTokenLoadError(error_msg="Token for acme does not exist"), "TOK01"),
        (
            botocore.exceptions.SSOTokenLoadError(
                error_msg="Token for https://acme.awsapps.com/start is invalid"
            ),
            "TOK05",
        ),
        (botocore.exceptions.UnauthorizedSSOTokenError(), "TOK02"),
        (
            botocore.exceptions.TokenRetrievalError(
                provider="sso", error_msg="Token has expired and refresh failed"
            ),
            "TOK02",
        ),
        (botocore.exceptions.ProfileNotFound(profile="msh"), "CFG01"),
        (botocore.exceptions.ProfileNotFound(profile=""), "ENV05"),
        (botocore.exceptions.ConfigParseError(path="/home/me/.aws/config"), "CFG03"),
        (botocore.exceptions.ConfigNotFound(path="/mnt/aws/config"), "ENV12"),
        (
            botocore.exceptions.InvalidConfigError(
                error_msg='The specified sso-session does not exist: "corp"'
            ),
            "CFG05",
        ),
        (
            botocore.exceptions.InvalidConfigError(
                error_msg="The value for sso_region is inconsistent between profile (x) and sso-session (y)."
            ),
            "CFG10",
        ),
        (
            botocore.exceptions.InvalidConfigError(
                error_msg='The profile "m" is configured to use SSO but is missing required configuration: sso_region'
            ),
            "CFG06",
        ),
        (
            botocore.exceptions.PartialCredentialsError(
                provider="assume-role", cred_var="source_profile or credential_source"
            ),
            "CFG11",
        ),
        (
            botocore.exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "ENV07",
        ),
        (
            botocore.exceptions.PartialCredentialsError(
                provider="shared-credentials-file", cred_var="aws_secret_access_key"
            ),
            "CFG15",
        ),
        (botocore.exceptions.NoCredentialsError(), "CFG07"),
        (botocore.exceptions.CredentialRetrievalError(provider="custom-process", error_msg="boom"), "PRE07"),
        (
            botocore.exceptions.CredentialRetrievalError(provider="container-role", error_msg="refused"),
            "PRE11",
        ),
        (botocore.exceptions.RefreshWithMFAUnsupportedError(), "PRE10"),
        (
            botocore.exceptions.MissingDependencyException(
                msg="Using the login credential provider requires an additional dependency. You will need to pip install "
                '"botocore[crt]" before proceeding.'
            ),
            "PRE08",
        ),
        (botocore.exceptions.LoginRefreshRequired(), "TOK02"),
        (
            botocore.exceptions.InfiniteLoopConfigError(source_profile="a", visited_profiles=["a", "b"]),
            "STS01",
        ),
        (botocore.exceptions.NoRegionError(), "REG01"),
        (botocore.exceptions.InvalidRegionError(region_name="us-east-1 # home"), "CFG09"),
        (
            botocore.exceptions.EndpointConnectionError(
                endpoint_url="https://portal.sso-fips.us-east-1.amazonaws.com/federation/credentials"
            ),
            "ENV13",
        ),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="https://oidc.us-east-1.api.aws/token"),
            "ENV13",
        ),
        (
            botocore.exceptions.EndpointConnectionError(
                endpoint_url="https://bedrock-runtime.us-east-1a.amazonaws.com/"
            ),
            "REG03",
        ),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="http://localhost:4566/"), "REG06"),
        (botocore.exceptions.ProxyConnectionError(proxy_url="http://proxy.acme.example:8080"), "NET01"),
        (
            botocore.exceptions.SSLError(
                endpoint_url="https://oidc.us-east-1.amazonaws.com/client/register",
                error="[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate",
            ),
            "NET02",
        ),
        (
            botocore.exceptions.SSLError(
                endpoint_url="https://sts.us-east-1.amazonaws.com/",
                error="[Errno 2] No such file or directory",
            ),
            "NET03",
        ),
        (
            botocore.exceptions.HTTPClientError(
                error="Invalid header value b'AWS4-HMAC-SHA256 Credential=AKIA\\n'"
            ),
            "ENV10",
        ),
        (
            botocore.exceptions.UnknownServiceError(
                service_name="bedrock-runtime", known_service_names="acm, s3"
            ),
            "PRE09",
        ),
    ],
)
def test_what_botocore_raises(error: Exception, mode: str) -> None:
    assert first(str(error)) == mode


@pytest.mark.parametrize(
    "said", TEXTS["said"], ids=[f"{n}-{said['first']}" for n, said in enumerate(TEXTS["said"])]
)
def test_what_other_programs_and_aws_say(said: dict[str, str]) -> None:
    assert first(said["text"]) == said["first"]


@pytest.mark.parametrize("cause", SYMPTOMS, ids=lambda cause: cause.code)
def test_the_symptom_of_each_mode_leads_to_it(cause: Cause) -> None:
    found = error_text(cause.symptom)
    assert found is not None
    assert cause.code in found.modes


# ---------------------------------------------------------------------------------------------- of other fields


@pytest.mark.parametrize("other", [other["text"] for other in TEXTS["other"]], ids=range(len(TEXTS["other"])))
def test_a_text_of_another_field_is_none(other: str) -> None:
    assert error_text(other) is None


# --------------------------------------------------------------------------------------------------- the data


def test_the_data_is_whole() -> None:
    known = {cause.code for cause in catalogue().causes}
    for entry in load():
        assert entry.says
        assert set(entry.modes) <= known, entry
        assert len(set(entry.modes)) == len(entry.modes), entry
        assert entry.apart.endswith((".", "?")), entry
        assert entry.source, entry
        assert entry.unless == () or entry.beside, entry
        assert entry.itself or (entry.modes and entry.command), entry
        command = (entry.command,) if entry.command else ()
        assert len(Remedy(command, command, command).lines("linux", profile="msh")) == len(command), entry
    assert {mode for entry in load() for mode in entry.modes} == known - NO_ERROR_TEXT


def test_what_decides_tests_and_changes_nothing() -> None:
    changes = re.compile(
        r"aws configure (?:sso|set|import|--)|aws configure$|aws (?:sso )?log(?:in|out)|install"
    )
    assert [entry.command for entry in load() if changes.search(entry.command)] == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        # The remedy of the one failure mode that it can be.
        (
            "Error: you have configured X but Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
            "ENV07",
        ),
        ("Invocation of model ID x with on-demand throughput isn't supported", "MOD01"),
        # A mode's remedy opens a browser here, and logs in to IAM Identity Center.
        (
            "gio: https://device.sso.us-east-1.amazonaws.com/: Operation not supported",
            "--no-browser --use-device-code",
        ),
        (
            "http://127.0.0.1:3000/?code=x refused to connect, after aws sso login",
            "aws sso login --use-device-code",
        ),
        ("Error loading login session token: x", "    aws login --profile dev"),
        ("Your session has expired. Please reauthenticate using 'aws login'", "    aws login --profile dev"),
    ],
)
def test_one_answer_has_its_remedy_at_once(text: str, mended: str) -> None:
    page = explained(catalogue(), text, "linux", "dev")
    remedy = page.partition("mended by")[2]
    assert "--explain" not in remedy
    if mended[0].isupper():
        lines = catalogue().cause(mended).remedy.lines("linux", profile="dev")
        assert [line.strip() for line in remedy.splitlines()[-len(lines) :]] == [
            line.strip() for line in lines
        ]
    else:
        assert mended in remedy
        assert "aws sso login --profile dev" not in remedy


def test_a_text_about_the_request_itself_is_said_to_be_that_and_names_no_mode(tmp_path: Path) -> None:
    text = "ValidationException: Input is too long for requested model."
    page = explained(catalogue(), text, "linux", "dev")
    assert page.startswith(
        "this is:\n    The request has more in it than the model takes: no error of the login"
    )
    assert not [word for word in ("or else", "decides", "mended by", "--explain") if word in page]
    assert modes_of(catalogue(), text) == ()
    ran = run_suite(tmp_path, "--json", "--explain", text)
    assert (ran.code, json.loads(ran.text)) == (0, {"codes": []})


def test_a_right_that_is_missing_is_no_deny() -> None:
    refused = "is not authorized to perform: bedrock:InvokeModel on resource: x"
    modes = {
        because: modes_of(catalogue(), refused + because)
        for because in (
            " because no identity-based policy allows the bedrock:InvokeModel action",
            " with an explicit deny in an identity-based policy",
            "",
        )
    }
    assert list(modes.values()) == [("IAM01",), ("IAM02", "IAM05"), ("IAM01", "IAM02")]


def test_javascript_2_names_the_login_and_the_variable_that_it_reads_the_config_file_with() -> None:
    text = "Missing credentials in config, if using AWS_CONFIG_FILE, set AWS_SDK_LOAD_CONFIG=1"
    page = explained(catalogue(), text, "linux", "dev")
    assert modes_of(catalogue(), text)[:3] == ("TOK02", "PRE14", "TOK01")
    assert "without AWS_SDK_LOAD_CONFIG=1" in " ".join(page.split())
    assert "    aws sts get-caller-identity --profile dev" in page


def test_phrases_are_written_as_they_are_looked_for() -> None:
    phrases = [phrase for entry in load() for phrase in (*entry.says, *entry.beside, *entry.unless)]
    for phrase in phrases:
        bare = phrase
        for name in OPEN:
            bare = bare.replace(name, " ")
        assert plain(bare) == " ".join(bare.split()), phrase
        assert not re.search(r"\{\w+\}", bare), f"{phrase} names neither a form nor a list of words"


# -------------------------------------------------------------------------------------------------- the answer


def test_the_page_says_which_what_tells_them_apart_and_what_decides() -> None:
    page = explained(
        catalogue(),
        "Error when retrieving token from sso: Token has expired and refresh failed",
        "linux",
        "dev",
    )
    assert page.startswith("most likely first:\n    TOK02  ")
    assert page.index("TOK02") < page.index("TOK06") < page.index("tells apart")
    assert "    aws sts get-caller-identity --profile dev" in page
    assert "--explain TOK02" in page


def test_the_codes_are_those_of_the_page() -> None:
    assert modes_of(catalogue(), "TOK07") == ("TOK07",)
    assert modes_of(catalogue(), "sso-03") == catalogue().requirement("SSO-03").causes
    with pytest.raises(CatalogueError, match=r"^this is no error text of [^\n]*$"):
        modes_of(catalogue(), "How do I log in?")


def test_a_text_on_the_command_line(tmp_path: Path) -> None:
    text = 'Traceback:\n  File "x.py"\nSSOTokenLoadError: Error loading SSO Token: Token for x does not exist'
    ran = run_suite(tmp_path, "--explain", text, "--profile", "prod")
    assert (ran.code, ran.reports.exists()) == (0, False)
    assert "TOK01" in ran.text
    assert "aws sts get-caller-identity --profile prod" in ran.text


def test_codes_as_json(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--json", "--explain", "Unable to parse config file: /home/me/.aws/config")
    assert ran.code == 0
    assert json.loads(ran.text)["codes"][0] == "CFG03"


def test_a_text_of_another_field_is_one_line_and_a_usage_error(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--explain", "How do I log in?")
    assert ran.code == 4
    assert [line for line in ran.text.splitlines() if line.strip()] == [
        "ERROR: --explain: this is no error text of AWS credentials, their login or Bedrock that is known here; "
        "checks/failure-modes.md lists what is"
    ]
