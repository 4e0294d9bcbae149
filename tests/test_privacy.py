"""What a report gives away: no account, no user, no secret; and twice the same for the same evidence."""

from __future__ import annotations

import base64
import html
import json
import os
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from checks.fixes import Ask, Replace
from checks.waivers import Register
from fixtures.privacy import scan
from fixtures.privacy.fingerprint import KEY, KEY_FILE, KeyProblem, fingerprint, fingerprint_key
from fixtures.privacy.scan import Guesses, finds
from fixtures.privacy.secrets import Secret, environment_secrets, file_secrets, machine_secrets
from fixtures.targets import Target
from reports.clock import fixed_instant
from reports.fix_scripts import mends
from reports.formats.html import harmless
from reports.record import Record
from reports.verify import problems
from tests.suite import Ran, outside_aws, run_suite

ACCOUNT = "210987654321"
CANARY = "wJalrXUtn9FEMI/K7MDENG+bPxRfiCYzzzzzCANA"
KEY_TEXT = "a key of the organisation's, long enough"


# Accounts and users


def named_after_its_account(folder: Path) -> str:
    """A world whose profile has the name that `aws configure sso` proposes: role and account."""
    world = folder / "named.toml"
    world.write_text(
        f'title = "A profile named after its account"\nextends = ["compliant"]\n[machine]\nprofile = "Dev-{ACCOUNT}"\n'
        f'[machine.environment]\nAWS_PROFILE = "Dev-{ACCOUNT}"\n'
        f'[machine.files."~/.aws/config"]\nreplace = [["[profile msh]", "[profile Dev-{ACCOUNT}]"]]\n',
        encoding="utf-8",
    )
    return str(world)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_an_account_in_a_profiles_name_is_masked_everywhere(tmp_path: Path, workers: list[str]) -> None:
    ran = run_suite(tmp_path, "--world", named_after_its_account(tmp_path), "-m", "local", *workers)
    document = ran.json()
    assert [target["id"] for target in document["targets"]] == ["Dev-****4321/us-east-1"]
    assert {row["target"] for row in document["results"]} == {"Dev-****4321/us-east-1"}
    assert sum(document["counts"].values()) == len(document["results"]) > 20
    for file in ran.reports.iterdir():
        assert ACCOUNT not in file.read_text(encoding="utf-8"), file.name


def test_results_of_a_masked_target_rest_on_evidence_of_the_same_name(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", named_after_its_account(tmp_path), "-k", "PRF_01")
    targets = {reading["id"]: reading["target"] for reading in ran.json("evidence.json")["readings"]}
    for row in ran.json()["results"]:
        assert {targets[name] for name in row["evidence"]} == {row["target"]}


def test_a_snapshot_of_a_masked_target_is_judged_to_the_same_results(tmp_path: Path) -> None:
    first = run_suite(tmp_path, "--world", named_after_its_account(tmp_path), "-k", "PRF_ or RUN_02")
    snapshot = tmp_path / "evidence.json"
    snapshot.write_bytes((first.reports / "evidence.json").read_bytes())
    results = first.json()["results"]
    again = run_suite(tmp_path, "--snapshot", str(snapshot), "-k", "PRF_ or RUN_02").json()["results"]

    def judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if name != "check"} for row in rows]

    assert judged(again) == judged(results)


def test_two_targets_whose_accounts_end_alike_stay_two() -> None:
    run: Any = SimpleNamespace(
        targets=[Target("Dev-210987654321", "us-east-1"), Target("Dev-110987654321", "us-east-1")]
    )
    record = Record(run, [], {}, Register((), date(2026, 11, 22)), [], "low", False, None)
    assert sorted(record._names.values()) == ["Dev-****4321/us-east-1", "Dev-****4321/us-east-1~2"]


# Fingerprints of accounts


def test_the_fingerprint_tells_accounts_apart_and_depends_on_the_key() -> None:
    key = KEY_TEXT.encode()
    assert fingerprint(ACCOUNT, key) == fingerprint(ACCOUNT, key)
    assert fingerprint(ACCOUNT, key) != fingerprint("110987654321", key)
    assert fingerprint(ACCOUNT, key) != fingerprint(ACCOUNT, b"another key, long enough")
    assert ACCOUNT[-4:] not in str(fingerprint(ACCOUNT, key))[:4] or len(str(fingerprint(ACCOUNT, key))) == 32
    assert fingerprint(None, key) is None
    assert fingerprint(ACCOUNT, None) is None


def test_the_key_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY_TEXT}\n", encoding="utf-8")
    assert fingerprint_key({}) is None
    assert fingerprint_key({KEY: KEY_TEXT}) == KEY_TEXT.encode()
    assert fingerprint_key({KEY_FILE: str(tmp_path / "key")}) == KEY_TEXT.encode()


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({KEY: "short"}, f"{KEY}: the key has 5 bytes, at least 16 are needed"),
        ({KEY_FILE: "nowhere"}, f"{KEY_FILE} (nowhere): No such file or directory"),
        ({KEY: KEY_TEXT, KEY_FILE: "nowhere"}, f"{KEY} and {KEY_FILE} are both set"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(KeyProblem) as refused:
        fingerprint_key(environ)
    assert str(refused.value).startswith(said)
    assert KEY_TEXT not in str(refused.value)


def test_runs_are_joined_by_the_fingerprint_and_a_snapshot_keeps_it(tmp_path: Path) -> None:
    environ = {**outside_aws(), KEY: KEY_TEXT}
    (target,) = run_suite(tmp_path, "-k", "RUN_02", environ=environ).json()["targets"]
    assert (target["account"], target["account_fingerprint"]) == (
        "****4321",
        fingerprint(ACCOUNT, KEY_TEXT.encode()),
    )
    snapshot = tmp_path / "evidence.json"
    snapshot.write_bytes((tmp_path / "reports" / "latest" / "evidence.json").read_bytes())
    (again,) = run_suite(tmp_path, "--snapshot", str(snapshot), "-k", "RUN_02").json()["targets"]
    assert again["account_fingerprint"] == target["account_fingerprint"]
    (without,) = run_suite(tmp_path, "-k", "RUN_02").json()["targets"]
    assert without["account_fingerprint"] is None


def test_a_short_key_stops_the_run(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, environ={**outside_aws(), KEY: "short"})
    assert (ran.code, f"ERROR: {KEY}: the key has 5 bytes" in ran.text) == (4, True)


# The last scan


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("AWS_SECRET_ACCESS_KEY", CANARY, CANARY),
        ("AWS_SESSION_TOKEN", CANARY, CANARY),
        ("AWS_BEARER_TOKEN_BEDROCK", "ABSKcanarycanary", "ABSKcanarycanary"),
        ("GITHUB_TOKEN", "ghp_0123456789abcdef", "ghp_0123456789abcdef"),
        ("DB_PASSWORD", "correct-horse-7-battery", "correct-horse-7-battery"),
        ("HTTPS_PROXY", "http://jo:hunter2hunter2@proxy:3128", "hunter2hunter2"),
        ("AWS_PROFILE", "canary-profile-1", None),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token-1", None),
        ("TOKEN_ENDPOINT_HOST", "auth-1.example.com", None),
        ("DB_PASSWORD", "production", None),
        ("SECRET_PORT", "1234567890123", None),
        ("EDITOR", "emacs-30.1-nox", None),
    ],
)
def test_secret_variables_are_known_by_their_names(name: str, value: str, secret: str | None) -> None:
    assert [found.text for found in environment_secrets({name: value})] == ([secret] if secret else [])


@pytest.mark.parametrize(
    ("name", "content", "secrets"),
    [
        ("credentials", f"[msh]\naws_access_key_id = AKIA0000\naws_secret_access_key = {CANARY}\nregion=us-east-1\n", [CANARY]),
        ("credentials", f"aws_session_token={CANARY}\r\n", [CANARY]),
        (".env", f'export AWS_BEARER_TOKEN_BEDROCK="{CANARY}"\n', [CANARY]),
        ("token.json", json.dumps({"accessToken": CANARY, "refreshToken": "r", "clientId": "i"}), [CANARY, "r"]),
        ("role.json", json.dumps({"Credentials": {"SecretAccessKey": CANARY, "AccessKeyId": "ASIA"}}), [CANARY]),
        ("config", "\ufeff[default]\nregion = us-east-1\n", []),
    ],
)  # fmt: skip
def test_secrets_of_files_are_known_by_their_keys(name: str, content: str, secrets: list[str]) -> None:
    assert [found.text for found in file_secrets(name, content.encode())] == secrets


def test_the_machines_files_are_all_looked_at(tmp_path: Path) -> None:
    files = {
        ".aws/credentials": "aws_secret_access_key = canary-of-credentials",
        ".aws/config": "aws_session_token = canary-of-config",
        ".aws/sso/cache/t.json": '{"accessToken": "canary-of-sso"}',
        ".aws/cli/cache/c.json": '{"Credentials": {"SessionToken": "canary-of-cli"}}',
        "elsewhere": "aws_secret_access_key = canary-of-elsewhere",
        "app.env": "AWS_SECRET_ACCESS_KEY=canary-of-env-file",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    environ = {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "elsewhere"),
        "AWS_SECRET_ACCESS_KEY": "canary-of-variable",
    }
    found = {secret.text for secret in machine_secrets(tmp_path, environ, [tmp_path / "app.env"])}
    expected = ("credentials", "config", "sso", "cli", "elsewhere", "env-file", "variable")
    assert found == {f"canary-of-{name}" for name in expected}


WRITTEN = {
    "plain": CANARY,
    "json": json.dumps({"a": CANARY + '"'}),
    "html": html.escape(CANARY),
    "url": quote(CANARY, safe=""),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "within a word": f"x{CANARY}x",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_secret_is_found_however_a_format_writes_it(tmp_path: Path, form: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(f"<p>{WRITTEN[form]}</p>", encoding="utf-8")
    (found,) = [f for f in finds([file], [Secret("the variable X", CANARY)]) if "variable" in f.what]
    assert str(found) == "page.html holds the value of the variable X"


def test_a_secret_with_markup_in_it_is_found_escaped(tmp_path: Path) -> None:
    secret = "p<a>ss'w\"ord&1"
    file = tmp_path / "page.html"
    for text in (html.escape(secret), html.escape(json.dumps(secret)), json.dumps(secret), secret):
        file.write_text(text, encoding="utf-8")
        assert finds([file], [Secret("X", secret)]), text


@pytest.mark.parametrize(
    "leak",
    [
        "AKIAQ3EGRF7ZT2XNLV4C",
        "ASIAQ3EGRF7ZT2XNLV4C",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "aoaAAAAAGabcdefghijkl",
        "ABSKQmVkcm9ja0FQSUtleS0",
        "IQoJb3JpZ2luX2VjEJr",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_has_the_shape_of_a_secret_is_found_though_nobody_knows_it(tmp_path: Path, leak: str) -> None:
    file = tmp_path / "summary.md"
    file.write_text(f"observed {leak}.", encoding="utf-8")
    (found,) = finds([file], [])
    assert found.what.startswith("what has the shape of a secret")
    assert leak not in str(found)


@pytest.mark.parametrize("text", ["AKIAIOSFODNN7EXAMPLE", "AKIA****LV4C", "testing", "sha256-" + "Ab1+" * 11])
def test_placeholders_masks_and_hashes_are_no_finds(tmp_path: Path, text: str) -> None:
    file = tmp_path / "summary.md"
    file.write_text(text, encoding="utf-8")
    assert finds([file], [Secret("AWS_SECRET_ACCESS_KEY", "testing"), Secret("PIN", "1234")]) == []


def test_a_file_that_is_looked_through_in_parts_is_seen_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "WINDOW", 48)
    monkeypatch.setattr(scan, "LONGEST", 24)
    file = tmp_path / "results.json"
    known = Secret("the variable X", "two words and\na line", guessed=True)
    for place in range(120):
        before, after = ("word " * 40)[:place], ("\nword" * 40)[: 150 - place]
        for told, count in (("AKIAQ3EGRF7ZT2XNLV4C", 1), ("AKIAIOSFODNN7EXAMPLE", 0), (known.text, 1)):
            file.write_text(f"{before} {told} {after}", encoding="utf-8", newline="")
            assert len(finds([file], [known])) == count, (place, told)
        Guesses([known]).files([file])
        assert file.read_text(encoding="utf-8") == f"{before} [redacted] {after}"


REPORTED = "AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd"
"""What reports of the compliant world hold, wherever the role is named."""


def test_a_secret_in_an_artifact_fails_the_run_and_nothing_is_published(tmp_path: Path) -> None:
    before = run_suite(tmp_path, "-k", "RUN_02")
    earlier = before.json()
    ran = run_suite(tmp_path, "-k", "RUN_02", environ={**outside_aws(), "AWS_SECRET_ACCESS_KEY": REPORTED})
    assert ran.code == 3, ran.text
    assert "results.json holds the value of the variable AWS_SECRET_ACCESS_KEY" in ran.text
    assert "nothing was written, and reports/latest is as it was" in ran.text
    assert REPORTED not in ran.text
    assert before.json() == earlier
    assert [entry.name for entry in (tmp_path / "reports").iterdir()] == ["latest"]


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_what_a_name_makes_one_guess_is_hidden_and_the_report_is_whole(
    tmp_path: Path, workers: list[str]
) -> None:
    failing = ["-k", "RUN_02 or CRD_03", "--world", "env01-stale-keys", "-rA", "-vv", "--sarif", *workers]
    seen = run_suite(tmp_path, *failing)
    assert REPORTED in (seen.reports / "results.json").read_text(encoding="utf-8")
    ran = run_suite(tmp_path, *failing, environ={**outside_aws(), "APP_SECRET": REPORTED})
    assert ran.code == seen.code, ran.text
    for artifact in ran.reports.iterdir():
        assert REPORTED not in artifact.read_text(encoding="utf-8"), artifact.name
    assert REPORTED not in ran.text
    assert (
        "[redacted] in the reports: the variable APP_SECRET (its name says that it is a secret)" in ran.text
    )
    assert "/[redacted]/" in ran.json()["targets"][0]["principal"]
    assert problems(ran.reports) == []


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "INIT_CWD", "XAUTHORITY", "GIT_AUTHOR_NAME"])
def test_a_variable_that_is_vouched_for_is_no_secret(tmp_path: Path, name: str) -> None:
    assert list(environment_secrets({name: "/srv/team7/preflight"})) == []
    if name == "PWD":
        ran = run_suite(
            tmp_path, "-k", "RUN_02", environ={**outside_aws(), "PWD": REPORTED, "OLDPWD": REPORTED}
        )
        assert ran.code == 0, ran.text
        assert REPORTED in (ran.reports / "results.json").read_text(encoding="utf-8")


def test_no_variable_of_this_machine_is_taken_for_a_secret_by_its_path_or_place() -> None:
    """The shell's own, as it exports them in a folder with a digit outside the home folder."""
    script = "cd /srv/team7/preflight 2>/dev/null || cd /; env -0"
    shell = {"PATH": os.environ["PATH"], "HOME": "/home/jo7", "OLDPWD": "/srv/team7/preflight", "SHLVL": "2"}
    told = subprocess.run(["sh", "-c", script], env=shell, capture_output=True, check=True).stdout
    environ = dict(line.split("=", 1) for line in told.decode().split("\0") if line)
    assert "PWD" in environ
    assert list(environment_secrets(environ)) == []


@pytest.mark.parametrize(
    "value",
    [
        "/srv/team7/preflight",
        "~/projects/team-7/app",
        r"C:\Users\jo7\work",
        "us-east-1",
        "prod-eu-west-1",
        "auth-1.example.com:8443",
        "2026-11-22T12:00:00Z",
        "arn:aws:secretsmanager:us-east-1:210987654321:secret:app-7",
        "jo7@example.com",
        "read write openid",
        "1234567890123",
    ],
)
def test_what_everybody_may_know_is_no_secret_behind_any_name(value: str) -> None:
    assert list(environment_secrets({"APP_SECRET": value})) == []
    assert list(file_secrets(".env", f"APP_SECRET={value}\n".encode())) == []


@pytest.mark.parametrize(
    "value", [CANARY, "/Zx9canary8Ab7qweRTY", "a1/B2/c3+" * 5, "correct-horse-7-battery"]
)
def test_what_may_be_a_secret_is_one_behind_a_name_that_says_so(value: str) -> None:
    assert [secret.guessed for secret in environment_secrets({"APP_SECRET": value})] == [True]
    assert [secret.guessed for secret in environment_secrets({"AWS_SESSION_TOKEN": value})] == [False]


def test_a_fix_that_would_write_what_is_redacted_is_asked_for() -> None:
    fix = Replace("~/.aws/config", 3, "role_arn = ", old="x", new="[redacted]")
    row = {"requirement": "PRF-04", "cause": None, "title": "t", "remedy": ["# x"], "fix": [fix.as_json()]}
    root = {"status": "non_compliant", "blocked_by": None, "target": "msh/us-east-1", "case": None}
    (mend,) = mends([[{**row, **root, "order": 0, "stage": 0, "severity": "high"}]])
    (asked,) = mend.fixes
    assert asked == Ask("~/.aws/config line 3: what is to be written is redacted in the reports")


def test_a_secret_of_the_simulated_machine_is_known_too(tmp_path: Path) -> None:
    world = tmp_path / "leak.toml"
    world.write_text(
        'title = "A region that is a secret"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/sso/cache/canary.json"]\ntext = \'{"accessToken": "BedrockDeveloper"}\'\n',
        encoding="utf-8",
    )
    ran = run_suite(tmp_path, "--world", str(world), "-k", "RUN_02")
    assert ran.code == 3, ran.text
    assert "holds the value of accessToken in ~/.aws/sso/cache/canary.json" in ran.text


def test_pytest_metadatas_variables_lose_their_secrets_and_their_markup() -> None:
    shown: Any = harmless(
        {
            "CI_REPOSITORY_URL": "https://gitlab-ci-token:glcbt-64_abc@git.example/x.git",
            "<b>": {"Plugins": ["<script>", 1]},
        }
    )
    assert shown["CI_REPOSITORY_URL"] == "https://[redacted]@git.example/x.git"
    assert shown["&lt;b&gt;"] == {"Plugins": ["&lt;script&gt;", "1"]}


# Twice the same


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Two targets, some of whose checks call AWS."""
    regions = ["--region", "us-east-1", "--region", "us-west-2"]
    return run_suite(tmp_path_factory.mktemp("snapshot"), *regions, "-k", "PRF_ or SSO_ or RUN_02")


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_two_runs_on_one_snapshot_are_the_same_byte_for_byte(
    tmp_path: Path, snapshot: Ran, workers: list[str]
) -> None:
    environ = {**outside_aws(), "SOURCE_DATE_EPOCH": "1795348800"}
    arguments = ["--snapshot", "evidence.json", "--sarif", "-k", "PRF_ or SSO_ or RUN_02", *workers]
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "evidence.json").write_bytes((snapshot.reports / "evidence.json").read_bytes())
        ran = run_suite(folder, *arguments, environ={**environ, "PYTHONHASHSEED": str(len(made) + 1)})
        made.append({file.name: file.read_bytes() for file in ran.reports.iterdir()})
    assert {"report.html", "junit.xml", "audit.html", "SHA256SUMS"} <= set(made[0]) == set(made[1])
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
    assert b"2026-11-22T12:00:00Z" in made[0]["results.json"]
    assert b"22-Nov-2026 at 12:00:00" in made[0]["report.html"]


def test_the_fixed_instant_is_not_that_of_judgement(tmp_path: Path) -> None:
    environ = {**outside_aws(), "SOURCE_DATE_EPOCH": "0"}
    ran = run_suite(tmp_path, "-k", "SSO_03", environ=environ)
    assert ran.json()["run"]["started"] == "1970-01-01T00:00:00Z"
    assert ran.json("evidence.json")["run"]["now"] == "2026-11-22T12:00:00Z"
    assert ran.json()["counts"]["compliant"] == 1


@pytest.mark.parametrize("stated", ["soon", "1e9", "99999999999999999"])
def test_a_fixed_instant_that_is_none_stops_the_run(tmp_path: Path, stated: str) -> None:
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH: must be seconds since 1970"):
        fixed_instant({"SOURCE_DATE_EPOCH": stated})
    if stated == "soon":
        ran = run_suite(tmp_path, environ={**outside_aws(), "SOURCE_DATE_EPOCH": stated})
        assert (ran.code, "ERROR: SOURCE_DATE_EPOCH: must be seconds" in ran.text) == (4, True)
