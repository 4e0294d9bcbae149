"""What is removed from free text, what survives, and what is kept of a value."""

import json

import pytest

from fixtures.privacy.redaction import describe, redact, redact_known

CANARY = "wJa1rXUtnFEMI/K7MDENG+bPxRfiCYzCaNaRyX40"
TOKEN = "IQoJb3JpZ2luX2VjEPr" + "Ab1/" * 40 + "=="
ACCESS = "AKIA" + "Q3EGZ7YXWVUT4321"

SECRETS_IN_PLACE = [
    f"aws_secret_access_key = {CANARY}",
    f"aws_secret_access_key={CANARY}",
    f"aws_secret_access_key      :   {CANARY}",
    "password = it's a, b; & c<d",
    f"AWS_SECRET_ACCESS_KEY={CANARY}",
    f"export AWS_SESSION_TOKEN='{TOKEN}'",
    f'$Env:AWS_SECRET_ACCESS_KEY="{CANARY}"',
    f"set AWS_SESSION_TOKEN={TOKEN}",
    json.dumps({"SecretAccessKey": CANARY, "SessionToken": TOKEN}),
    json.dumps({"SecretAccessKey": CANARY}, indent=2),
    json.dumps(json.dumps({"SecretAccessKey": CANARY})),
    repr({"secret_key": CANARY, "token": TOKEN}),
    f"FrozenCredentials(access_key='x', secret_key='{CANARY}', token='{TOKEN}')",
    f"<SecretAccessKey>{CANARY}</SecretAccessKey>",
    f"aws configure set aws_secret_access_key {CANARY} --profile msh",
    f"Invalid header value b'{TOKEN}\\r'",
    f'Invalid header value b"{TOKEN}\'"',
    f"An HTTP Client raised an unhandled exception: Invalid header value b'Bearer {CANARY}\\n'",
    f"x-amz-security-token: {TOKEN}",
    f"Authorization: AWS4-HMAC-SHA256 Credential={ACCESS}/20261122/us-east-1/sts, Signature=0a1b2c",
    f"Authorization: Bearer {CANARY}",
    f"curl -H 'Bearer {CANARY}'",
    f"https://b.example/?X-Amz-Credential={ACCESS}%2F2026&X-Amz-Signature=0a1b2c&X-Amz-Security-Token=Zm9vYmFy",
    "https://idp.example/cb?client_secret=hunter2hunter2&state=1",
    "proxy http://jo:hunter2@proxy.example:8080/ refused",
    "proxy http://jo:hunt@er/2@proxy.example:8080/ refused",
    '{"clientSecret": "eyJraWQiOiJrZXktMTU2NDAyODA5OSIsImFsZyI6IkhTMzg0In0.eyJzZXJpYWxpemVkIjoie30ifQ.c2ln"}',
    f"read {CANARY} from the file",
    f"unknown={CANARY}",
    f"read {TOKEN} from the file",
    "token aoaAAAAAGZk3bZzXyW-CaNaRy_0123456789:MGUCMQDabc+/=",
    "token aorAAAAAGZk3bZzXyW-CaNaRy_0123456789:MGUCMQDabc+/=",
    "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "key ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZnaGlqa2xtbm9w is refused",
    "key bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249 is refused",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA and no end",
]
FRAGMENTS = [
    "wJa1r",
    "CaNaRy",
    "IQoJb3JpZ2lu",
    "Ab1/Ab1/",
    "hunter2",
    "hunt",
    "0a1b2c",
    "Zm9vYmFy",
    "MIIEpA",
    "it's",
]
FRAGMENTS += ["QmVkcm9ja0FQ", "YmVkcm9jay5h", "eyJhbGciOi", "eyJraWQi", "MGUCMQ", "Q3EGZ7YX"]

BENIGN = [
    "An error occurred (UnrecognizedClientException): The security token included in the request is invalid",
    "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The token has expired.",
    "Error loading SSO Token: Token for msh does not exist",
    "Error when retrieving token from sso: Token has expired and refresh failed",
    "Unable to refresh SSO token: missing keys: ['refreshToken', 'clientSecret']",
    "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY\nbotocore.exceptions.ClientError",
    "The SSO session associated with this profile has expired or is otherwise invalid.",
    "Authentication failed: Please make sure your API Key is valid",
    "The bearer variable beats the profile",
    "The config profile (msh) could not be found",
    "sso_session = msh\nsso_region = us-east-1\noutput = json",
    "arn:aws:sts::210987654321:assumed-role/AWSReservedSSO_BedrockDeveloper_0123456789abcdef/jo@example.com",
    "arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-6",
    "/Users/JohnDoe/Projects/DocXP/backend/config/settings1/production2/archive3/logs4/current5",
    "284c80bd216563a75ddf33fdbc5290f7f16a3720.json",
    "https://acme.awsapps.com/start#/",
    'Could not connect to the endpoint URL: "https://sts.us-east-1a.amazonaws.com/"',
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
]


@pytest.mark.parametrize("text", SECRETS_IN_PLACE, ids=range(len(SECRETS_IN_PLACE)))
def test_no_part_of_a_secret_survives(text):
    redacted = redact(text)
    assert not [fragment for fragment in FRAGMENTS if fragment in redacted]
    assert redacted != text


@pytest.mark.parametrize("text", BENIGN, ids=range(len(BENIGN)))
def test_what_a_user_needs_to_read_survives(text):
    assert redact(text) == text


@pytest.mark.parametrize("text", SECRETS_IN_PLACE + BENIGN, ids=range(len(SECRETS_IN_PLACE + BENIGN)))
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


def test_what_stands_around_a_secret_stays():
    assert (
        redact('{"SecretAccessKey": "abc", "Version": 1}')
        == '{"SecretAccessKey": "[redacted]", "Version": 1}'
    )
    assert redact("a\npassword: x\nb") == "a\npassword: [redacted]\nb"
    assert redact("GET /?X-Amz-Signature=abc&Action=List") == "GET /?X-Amz-Signature=[redacted]&Action=List"
    assert redact("via http://jo:pw@proxy.example:8080/") == "via http://[redacted]@proxy.example:8080/"


@pytest.mark.parametrize("kind", ["AKIA", "ASIA"])
def test_an_access_key_id_keeps_its_kind_and_last_four_characters(kind):
    assert redact(f"The key {kind}Q3EGZ7YXWVUT4321.") == f"The key {kind}****4321."


def test_known_secrets_go_in_every_encoding():
    secret = 'p&ss "wörd"/+'
    text = f"{secret} {json.dumps(secret)} {secret!r} p%26ss%20%22w%C3%B6rd%22%2F%2B"
    redacted = redact_known(text, [secret])
    assert "rd" not in redacted.replace("[redacted]", "")


def test_known_placeholders_and_crumbs_are_no_secrets():
    assert redact_known("testing the abc test", ["testing", "test", "abc", ""]) == "testing the abc test"


def test_a_longer_known_secret_goes_before_one_that_it_contains():
    assert redact_known("key: prefix-suffix", ["prefix", "prefix-suffix"]) == "key: [redacted]"


def test_public_text_is_kept_exactly_and_its_flaws_are_named():
    value = describe("msh\r", "public")
    assert (value["value"], value["exact"], value["length"]) == ("msh\r", True, 4)
    assert value["flaws"] == ["line-break", "surrounding-space"]


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("a\nb", "line-break"),
        ("a\tb", "control"),
        ("a\N{ZERO WIDTH SPACE}", "zero-width"),
        ("\ufeffa", "zero-width"),
        ("a ", "surrounding-space"),
        ('"a"', "quoted"),
        ("\N{LEFT DOUBLE QUOTATION MARK}a\N{RIGHT DOUBLE QUOTATION MARK}", "quoted"),
        ("é", "non-ascii"),
        ("a\udcff", "undecodable"),
        ("us-east-1 # Virginia", "inline-comment"),
        (r"%USERNAME%", "percent-variable"),
        (r"C:\x", "backslash"),
    ],
)
def test_each_flaw_is_named_for_secrets_too(text, flaw):
    assert flaw in describe(text, "public")["flaws"]
    assert flaw in describe(text, "session-token")["flaws"]


@pytest.mark.parametrize("text", ["us-east-1", "https://acme.awsapps.com/start#/", "a%20b%20c", "msh"])
def test_ordinary_values_have_no_flaws(text):
    assert describe(text, "public")["flaws"] == []


def test_a_lone_surrogate_is_written_out():
    value = describe("a\udcff", "public")
    assert value["value"] == r"a\udcff" and not value["exact"]


@pytest.mark.parametrize(
    ("url", "kept", "flaws"),
    [
        ("https://acme.awsapps.com/start#/", "https://acme.awsapps.com/start#/", []),
        ("https://acme.awsapps.com/start/#/?tab=accounts", "https://acme.awsapps.com/start/#/", ["query"]),
        ("https://acme.awsapps.com/start#access=abc", "https://acme.awsapps.com/start", ["query"]),
        ("https://acme.awsapps.com/start # main", "https://acme.awsapps.com/start", ["inline-comment"]),
        ("http://jo:p@ss/w@proxy:8080", "http://proxy:8080", ["userinfo"]),
        ("jo:pass@proxy:8080", "proxy:8080", ["userinfo"]),
        ("proxy:8080", "proxy:8080", []),
    ],
)
def test_urls_lose_userinfo_and_query(url, kept, flaws):
    value = describe(url, "url")
    assert (value["value"], value["flaws"], value["exact"]) == (kept, flaws, url == kept)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("/opt/tool --password hunter2", "/opt/tool"),
        ('"C:\\Program Files\\tool.exe" --key x', "C:\\Program Files\\tool.exe"),
        ("TOKEN=abc tool", None),
        ("", None),
    ],
)
def test_of_a_command_only_the_program_is_kept(command, program):
    assert describe(command, "command")["value"] == program


@pytest.mark.parametrize(
    ("text", "kind", "well_formed", "last4"),
    [
        (ACCESS, "AKIA", True, "4321"),
        ("ASIA" + ACCESS[4:], "ASIA", True, "4321"),
        (ACCESS + "\r", "AKIA", False, None),
        (f'"{ACCESS}"', "other", False, None),
        (CANARY, "other", False, None),
        ("", "other", False, None),
    ],
)
def test_of_an_access_key_id_kind_form_and_tail_are_kept(text, kind, well_formed, last4):
    value = describe(text, "access-key-id")
    assert (value["kind"], value["well_formed"], value["last4"]) == (kind, well_formed, last4)
    assert value["value"] is None


@pytest.mark.parametrize("sort", ["secret-key", "session-token", "bearer", "hidden"])
@pytest.mark.parametrize(
    "secret", [CANARY, TOKEN, "ABSKcanarycanarycanarycanary", "canary", "", "canary\r\n"]
)
def test_of_secrets_no_fragment_is_kept(sort, secret):
    value = describe(secret, sort)
    assert value["length"] == len(secret)
    assert "anary" not in repr(value) and CANARY[:6] not in repr(value) and TOKEN[:6] not in repr(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("testing", "testing"),
        ("FOOBARKEY", "foobarkey"),
        ("AKIAIOSFODNN7EXAMPLE", "…EXAMPLE"),
        ("<your key>", "<…>"),
        ("YOUR_SECRET", "your…"),
        (CANARY, None),
    ],
)
def test_placeholders_of_tests_and_documentation_are_named(text, name):
    assert describe(text, "secret-key")["placeholder"] == name


def test_public_values_that_hold_a_secret_are_not_kept():
    for text in (ACCESS, CANARY, f"us-east-1 aws_secret_access_key = {CANARY[:9]}"):
        value = describe(text, "public")
        assert value["value"] is None
        assert "secret-like" in value["flaws"]
