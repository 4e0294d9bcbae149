"""compliance.toml: defaults from the guide, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from fixtures.settings import Settings
from fixtures.text.toml_file import TomlError


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "compliance.toml"
    file.write_text(text, encoding="utf-8")
    return Settings.load(file)


def test_every_key_has_the_guides_value_as_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert settings.regions.approved == ("us-east-1", "us-west-2", "eu-west-1")
    assert settings.models.chat == "anthropic.claude-3-5-sonnet-20241022-v2:0"
    assert settings.models.embedding == "amazon.titan-embed-text-v2:0"
    assert settings.credentials.minimum_minutes == 15


def test_values_are_taken_and_the_rest_keeps_its_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[regions]\napproved = ["eu-west-1"]\n[credentials]\nminimum_minutes = 30\n')
    assert settings.regions.approved == ("eu-west-1",)
    assert settings.regions.residency == ""
    assert settings.credentials.minimum_minutes == 30


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            "[regions]\nresidency = 'us'\naproved = []\n",
            3,
            "regions.aproved: unknown key; did you mean 'approved'?",
        ),
        ("[region]\n", 1, "region: unknown key; did you mean 'regions'?"),
        (
            "\n[credentials]\nminimum_minutes = 'soon'\n",
            3,
            "credentials.minimum_minutes: must be a whole number",
        ),
        ("[credentials]\nminimum_minutes = true\n", 2, "credentials.minimum_minutes: must be a whole number"),
        ("[credentials]\nminimum_minutes = -1\n", 2, "credentials.minimum_minutes: must not be negative"),
        ("[credentials]\nprocess_seconds = 0\n", 2, "credentials.process_seconds: must be at least 1, is 0"),
        ("[regions]\napproved = 'eu-west-1'\n", 2, "regions.approved: must be a list of texts"),
        ("profile = 'msh'\n", 1, "profile: must be a table"),
        (
            "[controls]\nvpc_endpoint = true\n",
            2,
            "controls.vpc_endpoint: unknown key; did you mean 'vpc_endpoints'?",
        ),
        ("[controls]\nguardrails = 'yes'\n", 2, "controls.guardrails: must be true or false, is 'yes'"),
        (
            "[controls]\ninvocation_payloads = ['txt']\n",
            2,
            "controls.invocation_payloads: 'txt' is not known; did you mean 'text'?",
        ),
        (
            "[credentials]\nallowed_providers = ['sso', 'ssso']\n",
            2,
            "credentials.allowed_providers: 'ssso' is not known; did you mean 'sso'?",
        ),
        (
            "[credentials]\nminimum_minutes = 99999999999999999999\n",
            2,
            "credentials.minimum_minutes: must be at most 1000000000, is 99999999999999999999",
        ),
        (
            "[models]\nrequired = ['bedrock:InvokeModels']\n",
            2,
            "models.required: 'bedrock:InvokeModels' is not known; did you mean 'bedrock:InvokeModel'?",
        ),
        (
            "[controls]\nworkload_networks = ['10.0.0.1/8']\n",
            2,
            "controls.workload_networks: '10.0.0.1/8' is no CIDR block such as 10.0.0.0/16",
        ),
        (
            "[production]\ncross_account_roles = ['arn:aws:iam::1:role/X']\n",
            2,
            "production.cross_account_roles: 'arn:aws:iam::1:role/X' is neither a role's ARN nor a profile",
        ),
        (
            "[production]\ncross_account_roles = ['a b', 'a_b']\n",
            2,
            "production.cross_account_roles: names one role twice, as results would call it",
        ),
        (
            "[quotas.'us.anthropic.claude']\nrequests = 5\n",
            2,
            "quotas.\"us.anthropic.claude\".requests: unknown key; did you mean 'requests_per_minute'?",
        ),
        ("[qzqz]\n", 1, "qzqz: unknown key; known: application, attestation, controls and "),
        ("[quotas]\nx = 5\n", 2, "quotas.x: must be a table"),
        ("[attestation]\nrequirement = 'GOV-01'\n", 1, "attestation: must be an array of tables"),
        (
            "[[attestation]]\nrequirement = 'GOV-01'\n\n[[attestation]]\nrequirement = 'GOV-9'\n",
            5,
            "attestation[2].requirement: 'GOV-9' is none that can be attested; did you mean 'GOV-0",
        ),
        (
            "[[attestation]]\nstatement = 'Yes'\n",
            1,
            "attestation[1].requirement: '' is none that can be attested",
        ),
        (
            "[[attestation]]\nrequirement = 'GOV-01'\nexpires = 'soon'\n",
            3,
            "attestation[1].expires: must be a date such as 2026-11-22, is 'soon'",
        ),
        (
            "[[attestation]]\nrequirement = 'GOV-01'\nexpires = 2027-01-31T00:00:00Z\n",
            3,
            "attestation[1].expires: must be a date such as 2026-11-22, without quotes and without a time, is ",
        ),
        (
            "[[attestation]]\nrequirement = 'GOV-01'\nsha256 = 'ABC'\n",
            3,
            "attestation[1].sha256: must be 64 hexadecimal digits in lower case, is 'ABC'",
        ),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(TomlError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'compliance.toml'}:{line}: {said}")
    assert "\n" not in str(caught.value)


def test_malformed_toml_is_named_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match=r"compliance\.toml:\d: Invalid value"):
        loaded(tmp_path, "[regions]\napproved = [\n")


def test_a_file_that_is_not_utf8_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / "compliance.toml"
    file.write_bytes(b"# caf\xe9\n")
    with pytest.raises(TomlError, match="not UTF-8 at byte 5"):
        Settings.load(file)


def test_settings_survive_the_way_through_evidence_json(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        [regions]
        approved = ["eu-west-1"]
        [profile]
        account_id = "210987654321"
        [production]
        cross_account_roles = ["batch"]
        [quotas."us.anthropic.claude-sonnet-4-6"]
        requests_per_minute = 50
        [[attestation]]
        requirement = "GOV-02"
        approved_on = 2026-11-02
        expires = 2027-01-31
        models = ["us.anthropic.claude-sonnet-4-6"]
        """,
    )
    assert settings.attestation[0].expires == date(2027, 1, 31)
    assert settings.quotas["us.anthropic.claude-sonnet-4-6"].requests_per_minute == 50
    written = json.loads(json.dumps(settings.as_json()))
    assert Settings.from_json(written) == settings


def test_a_file_says_what_another_does_not(tmp_path: Path) -> None:
    base = loaded(tmp_path, "[controls]\nvpc_endpoints = true\n[credentials]\nminimum_minutes = 30\n")
    file = tmp_path / "over.toml"
    file.write_text("[controls]\nguardrails = true\n", encoding="utf-8")
    settings = Settings.load(file, base)
    assert (settings.controls.vpc_endpoints, settings.controls.guardrails) == (True, True)
    assert settings.credentials.minimum_minutes == 30
