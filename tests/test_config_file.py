"""The AWS files: what is read, and in which line stands why the rest is not."""

import botocore.configloader
import pytest

from fixtures.machine.config_file import effective_profiles, effective_sessions, kept_options, read_aws_file

GUIDE = """[profile msh]
sso_start_url = https://acme.awsapps.com/start
sso_region = us-east-1
sso_account_id = 210987654321
sso_role_name = BedrockDeveloper
region = us-east-1
output = json

# Enable CLI v2 features
cli_pager =
cli_auto_prompt = off
"""


def _config(text, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    return read_aws_file(raw, path="~/.aws/config", kind="config", **options)


def _credentials(text):
    return read_aws_file(text.encode(), path="~/.aws/credentials", kind="credentials")


ABSENT = read_aws_file(None, path="~/.aws/credentials", kind="credentials")


def _values(options):
    return {key: option["value"] for key, option in options.items()}


def test_the_guides_profile_is_read_with_its_lines():
    file = _config(GUIDE)
    assert file["loads"] and file["newline"] == "lf"
    profile = effective_profiles(file, ABSENT)["msh"]
    assert _values(profile) == {
        "sso_start_url": "https://acme.awsapps.com/start",
        "sso_region": "us-east-1",
        "sso_account_id": "210987654321",
        "sso_role_name": "BedrockDeveloper",
        "region": "us-east-1",
        "output": "json",
        "cli_pager": "",
        "cli_auto_prompt": "off",
    }
    assert (profile["cli_auto_prompt"]["file"], profile["cli_auto_prompt"]["line"]) == ("config", 11)


def test_a_missing_file_is_no_fault():
    assert not ABSENT["exists"] and ABSENT["loads"]
    assert effective_profiles(ABSENT, ABSENT) == {}


def test_a_file_that_may_not_be_read_is_there_and_gives_nothing():
    file = read_aws_file(None, path="x", kind="config", unreadable="EACCES")
    assert file["exists"] and file["unreadable"] == "EACCES" and file["sections"] == []


@pytest.mark.parametrize(
    ("header", "kind", "misread", "intended"),
    [
        ("[msh]", "unknown", "no-prefix", "msh"),
        ("[Profile msh]", "profile", "case", "msh"),
        ("[Default]", "profile", "case", "default"),
        ("[ profile msh ]", "profile", "surrounding-space", "msh"),
        ("[default ]", "profile", "surrounding-space", "default"),
        ("[profile my msh]", "profile", "unquoted-space", "my msh"),
        ("[profile o'neil]", "profile", "unbalanced-quote", "o'neil"),
        ("[profile.msh]", "profile", "separator", "msh"),
        ("[profile\u00a0msh]", "profile", "separator", "msh"),
        ("[profile]", "profile", "no-name", None),
        ("[sso_session msh]", "sso-session", "session-spelling", "msh"),
        ("[sso session msh]", "sso-session", "session-spelling", "msh"),
        ("[SSO-Session msh]", "sso-session", "case", "msh"),
        ("[sso-session my msh]", "sso-session", "unquoted-space", "my msh"),
    ],
)
def test_headers_that_botocore_ignores_are_explained(header, kind, misread, intended, tmp_path):
    text = f"# a comment\n{header}\nregion = us-east-1\n"
    file = _config(text)
    (section,) = file["sections"]
    assert (section["line"], section["header"], section["name"]) == (2, header[1:-1], None)
    assert (section["type"], section["misread"], section["intended"]) == (kind, misread, intended)
    assert not section["effective"]
    (tmp_path / "config").write_text(text, encoding="utf-8")
    loaded = botocore.configloader.load_config(str(tmp_path / "config"))
    assert loaded["profiles"] == loaded["sso_sessions"] == {}


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        ("[profile msh]", "profile", "msh"),
        ('[profile "my msh"]', "profile", "my msh"),
        ("[profile msh ]", "profile", "msh"),
        ("[profile dom\\user]", "profile", "domuser"),
        ("[profile msh] # main", "profile", "msh"),
        ("[default]", "profile", "default"),
        ("[sso-session msh]", "sso-session", "msh"),
        ("[services local]", "services", "local"),
        ("[plugins]", "plugins", None),
        ("[preview]", "preview", None),
        ("[DEFAULT]", "defaults", None),
    ],
)
def test_headers_that_botocore_reads_are_effective(header, kind, name):
    (section,) = _config(f"{header}\n")["sections"]
    assert (section["type"], section["name"], section["effective"], section["misread"]) == (
        kind,
        name,
        True,
        None,
    )


@pytest.mark.parametrize(
    ("header", "misread", "intended"),
    [
        ("profile msh", "prefix-in-credentials", "msh"),
        ("sso-session msh", "session-in-credentials", "msh"),
        (" msh ", "surrounding-space", "msh"),
        ("Default", "case", "default"),
        ("msh", None, None),
        ("profiles", None, None),
    ],
)
def test_in_the_credentials_file_every_header_names_a_profile(header, misread, intended):
    file = _credentials(f"[{header}]\nregion = x\n")
    (section,) = file["sections"]
    assert (section["name"], section["misread"], section["intended"]) == (header, misread, intended)
    assert list(effective_profiles(_config(""), file)) == [header]


def test_a_garbled_header_names_what_it_was():
    (section,) = _config("[profile José]\n".encode(), encoding="cp1252")["sections"]
    assert (section["name"], section["garbled_from"]) == ("JosÃ©", "profile José")
    (section,) = _config("[profile José]\n")["sections"]
    assert (section["name"], section["garbled_from"]) == ("José", None)


def test_duplicates_are_found_with_both_lines():
    file = _config("[profile a]\nregion=x\nREGION=y\n[profile b]\n[profile a]\nmystery=1\nmystery=2\n")
    assert not file["loads"]
    assert [(d["of"], d["header"], d["option"], d["first_line"], d["line"]) for d in file["duplicates"]] == [
        ("option", "profile a", "region", 2, 3),
        ("section", "profile a", None, 1, 5),
        ("option", "profile a", None, 6, 7),
    ]
    assert effective_profiles(file, ABSENT) == {}


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("region = x\n[profile a]\n", "no-section-header", 1),
        ("[profile a]\nregion\n", "no-delimiter", 2),
        ("[profile a]\n\n= x\n", "no-option-name", 3),
        ("[profile a]\ns3 =\n  addressing_style path\n", "nested-without-delimiter", 3),
    ],
)
def test_syntax_errors_have_a_line_and_no_text(text, kind, line):
    file = _config(text)
    assert file["syntax_errors"] == [{"kind": kind, "line": line}]
    assert not file["loads"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_keeps_the_file_from_loading_and_not_from_being_explained(encoding):
    file = _config(GUIDE.encode(encoding))
    assert file["encoding_problem"] and not file["loads"]
    assert [section["name"] for section in file["sections"]] == ["msh"]


def test_invalid_bytes_are_found_by_line():
    file = _config(b"[profile a]\r\nregion = x\r\n# Jos\xe9\r\n")
    assert file["encoding_problem"] == {"kind": "undecodable", "line": 3}
    assert (file["loads"], file["newline"]) == (False, "crlf")


def test_one_file_that_does_not_load_takes_the_other_with_it():
    assert effective_profiles(_config(GUIDE), _credentials("[a]\n[a]\n")) == {}


def test_the_last_twin_replaces_the_whole_profile():
    file = _config(
        '[profile msh]\nsso_region=x\n[profile "msh"]\noutput=json\n[sso-session a]\n[sso-session "a"]\n'
    )
    assert [(twin["type"], twin["name"], twin["lines"]) for twin in file["twins"]] == [
        ("profile", "msh", [1, 3]),
        ("sso-session", "a", [5, 6]),
    ]
    assert [(s["effective"], s["misread"]) for s in file["sections"][:2]] == [
        (False, "replaced"),
        (True, None),
    ]
    assert _values(effective_profiles(file, ABSENT)["msh"]) == {"output": "json"}


def test_default_and_profile_default_are_twins():
    (twin,) = _config("[default]\nregion=x\n[profile default]\n")["twins"]
    assert twin["headers"] == ["default", "profile default"]


def test_the_credentials_file_wins_option_by_option():
    credentials = _credentials("[msh]\nregion = eu-west-1\naws_access_key_id = AKIAQ3EGZ7YXWVUT4321\n")
    profile = effective_profiles(_config(GUIDE), credentials)["msh"]
    assert (profile["region"]["value"], profile["region"]["file"]) == ("eu-west-1", "credentials")
    assert (profile["output"]["value"], profile["output"]["file"]) == ("json", "config")
    assert profile["aws_access_key_id"]["facts"]["kind"] == "AKIA"
    assert profile["aws_access_key_id"]["facts"]["last4"] == "4321"


def test_sections_called_default_in_capitals_lend_their_options_to_all():
    file = _config("[DEFAULT]\nregion=x\noutput=text\n[profile a]\nregion=y\n[sso-session s]\n")
    assert _values(effective_profiles(file, ABSENT)["a"]) == {"region": "y", "output": "text"}
    assert _values(effective_sessions(file)["s"]) == {"region": "x", "output": "text"}


def test_indented_keys_are_swallowed_by_the_key_above():
    file = _config(
        "[profile msh]\nsso_start_url = https://a\n  sso_region = us-east-1\n  [profile b]\n  mystery: 1\n"
    )
    (option,) = file["sections"][0]["options"]
    assert option["swallows"]
    assert [(nested["line"], nested["key"], nested["header"]) for nested in option["nested"]] == [
        (3, "sso_region", None),
        (4, None, "profile b"),
        (5, None, None),
    ]
    effective = effective_profiles(file, ABSENT)["msh"]
    assert effective["sso_start_url"]["value"] is None
    assert effective["sso_start_url"]["facts"]["value"] == "https://a"


def test_the_guides_empty_pager_swallows_keys_that_are_indented_below_it():
    (option,) = _config("[profile a]\ncli_pager = \n  sso_region = x\n")["sections"][0]["options"]
    assert option["swallows"] and option["nested"][0]["value"]["value"] == "x"


def test_nested_settings_are_no_fault():
    file = _config(
        "[profile a]\ns3 =\n  addressing_style = path\n[services l]\nsts =\n  endpoint_url = http://l\n"
    )
    options = [section["options"][0] for section in file["sections"]]
    assert file["loads"] and not any(option["swallows"] for option in options)
    assert options[1]["nested"][0]["value"]["value"] == "http://l"


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        ("region = us-east-1 # Virginia", "inline-comment"),
        ("region = us-east-1 ; Virginia", "inline-comment"),
        ('region = "us-east-1"', "quoted"),
        ("region = us-east-1  ", "trailing-space"),
        ("region = us-\N{ZERO WIDTH SPACE}east-1", "zero-width"),
        ("credential_process = C:\\tool.exe", "backslash"),
    ],
)
def test_suspicious_values_are_flagged(line, flaw):
    (option,) = _config(f"[profile a]\n{line}\n")["sections"][0]["options"]
    assert set(option["value"]["flaws"]) - {"non-ascii"} == {flaw}


def test_the_fragment_of_a_start_url_is_no_comment():
    (option,) = _config("[profile a]\nsso_start_url = https://a.example/start#/\n")["sections"][0]["options"]
    assert option["value"]["flaws"] == [] and option["value"]["exact"]


def test_a_misspelt_key_is_not_shown_and_its_likeness_is():
    (option,) = _config("[profile a]\nsso_acount_id = 1\n")["sections"][0]["options"]
    assert (option["key"], option["resembles"], option["value"]["value"]) == (None, "sso_account_id", None)


SECRETS = """[canary1]
aws_access_key_id = canary2
aws_secret_access_key = canary3
  canary4 = canary5
  canary6
aws_session_token: canary7
canary8==
mystery = canary9
credential_process = tool --password canary10
sso_start_url = https://jo:canary11@acme.example/start?canary12
external_id = canary13
# canary14
region = us-east-1 aws_secret_access_key = canary15
output = json
  aws_secret_access_key = canary16
canary17
"""


@pytest.mark.parametrize("read", [_config, _credentials])
def test_of_all_that_may_be_secret_nothing_is_kept(read):
    file = read(SECRETS)
    shown = repr(file) + repr(effective_profiles(file, ABSENT))
    assert [number for number in range(2, 18) if f"canary{number}" in shown] == []
    assert "canary1" in shown


def test_of_a_credential_process_the_program_is_kept():
    (option,) = _config("[profile a]\ncredential_process = /opt/tool --key canary\n")["sections"][0][
        "options"
    ]
    assert option["value"]["value"] == "/opt/tool"
    assert effective_profiles(_config(GUIDE), ABSENT)["msh"]["region"]["facts"]["exact"]


def test_options_as_botocore_returns_them_are_redacted_alike():
    options = {
        "region": "us-east-1",
        "aws_secret_access_key": "canary",
        "mystery": "canary",
        "credential_process": "tool canary",
        "s3": {"addressing_style": "path"},
        "output": "json\naws_secret_access_key = canary",
    }
    assert kept_options(options) == {
        "region": "us-east-1",
        "aws_secret_access_key": None,
        "credential_process": "tool",
        "s3": None,
        "output": None,
    }
