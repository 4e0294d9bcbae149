"""What each program gets, as results.json and --explain say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks.catalogue import load
from checks.explain import explained
from fixtures.consumers.rules import all_rules, rules_of
from fixtures.consumers.table import Row, table
from fixtures.text.toml_file import TomlError
from reports.consumers import lines
from tests.harness import judged


def rows(world: str) -> dict[tuple[str, str], Row]:
    found = judged(world, only=("PRF-02", "CRD-01", "RUN-02", "ENV-02", "SSO-01", "CLI-03"))
    made = table(found.readings, "msh", "us-east-1", "msh/us-east-1")
    return {(row["consumer"], row["environment"]): row for row in made}


@pytest.fixture(scope="module")
def agreeing() -> Mapping[tuple[str, str], Row]:
    return rows("ok-programs-that-agree")


def test_all_agree_but_the_one_that_reads_no_profile(agreeing: Mapping[tuple[str, str], Row]) -> None:
    assert {name for (name, _), row in agreeing.items() if row["differs"]} == {"vercel-ai"}
    told = agreeing["javascript-sdk", "application"]
    assert (told["provider"], told["profile"], told["region"]) == ("sso", "msh", "us-east-1")
    assert "variable AWS_PROFILE" in told["because"]


def test_keys_beside_a_profile_break_some_and_not_others() -> None:
    found = rows("env01-stale-keys")
    assert found["javascript-sdk", "shell"]["provider"] == "sso"
    for name in ("boto3", "anthropic-js", "anthropic", "vercel-ai", "litellm", "dotnet-sdk"):
        assert found[name, "shell"]["provider"] == "env"
        assert found[name, "shell"]["because"][0] == "variable AWS_ACCESS_KEY_ID"


def test_nodes_dotenv_leads_to_no_file_and_the_line_is_named() -> None:
    told = rows("compliant")["javascript-sdk", "application"]
    assert (told["provider"], told["works"]) == (None, False)
    assert told["says"] == "Could not load credentials from any providers"
    assert any(place.startswith("./.env.enterprise line ") for place in told["because"])


def test_the_page_has_one_row_where_a_program_gets_the_same_in_both(
    agreeing: Mapping[tuple[str, str], Row],
) -> None:
    target: dict[str, Any] = {"id": "msh/us-east-1", "callers": []}
    made = lines(target, agreeing.values())
    assert len(made) == len(all_rules())
    assert {line["where"] for line in made} == {"both"}
    assert "by its source" in next(line["who"] for line in made if line["who"].startswith("go-sdk"))


def test_explain_prints_a_programs_rules() -> None:
    page = explained(load(), "JavaScript-SDK", "linux", "msh")
    assert "AWS_REGION, then profile" in page
    assert "NODE_EXTRA_CA_CERTS" in page


def test_an_unknown_program_is_one_line_with_the_nearest_name() -> None:
    with pytest.raises(TomlError, match="did you mean 'javascript-sdk'"):
        rules_of("javascript")
