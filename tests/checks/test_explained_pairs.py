"""Two faults at once, of which one explains the other: what no single world shows of the map of explanations.

`EDGES=FILE pytest tests/` and `python -m tests.edges FILE` list the entries that nothing shows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import tomli

from fixtures.evidence.permissions import INVOKE, STREAM
from fixtures.settings import ModelSettings, ProfileSettings, Settings
from fixtures.simulation.world import load_world
from tests.bedrock_edits import HAIKU, READING, allow, model_arn, policy
from tests.harness import WORKSTATION, judged
from tests.world_edits import both, env_file, environment

PAIRS = tomli.loads(Path(__file__).with_name("explained_pairs.toml").read_text(encoding="utf-8"))["pair"]


@pytest.mark.parametrize("pair", PAIRS, ids=[" and ".join(pair["worlds"]) for pair in PAIRS])
def test_one_explains_the_other(tmp_path: Path, pair: dict[str, Any]) -> None:
    one, other = (load_world(name).expect for name in pair["worlds"])
    file = tmp_path / "both.toml"
    file.write_text(f'title = "Two faults"\nextends = {pair["worlds"]}\n', encoding="utf-8")
    found = judged(load_world(str(file)), environment=other.environment, probe=one.probe or other.probe)
    assert set(pair["entries"]) - found.edges == set(), found.root_causes


CONFIG = "~/.aws/config"
NO_NAME = {f"REG-0{number} < ENV-03 (no-name)" for number in (1, 2, 3)}


def test_a_region_that_is_no_name_is_one_root_cause() -> None:
    found = judged("compliant", edit=environment(AWS_DEFAULT_REGION="us-east-1 "))
    assert found.root_causes == ["ENV-03 REG03"]
    assert found.edges >= NO_NAME


def test_a_variable_that_is_left_out_is_one_root_cause() -> None:
    found = judged("compliant", edit=env_file(("\nCHAT_MODEL=us.anthropic.claude-sonnet-4-6", "")))
    assert found.root_causes == ["ENV-02"]
    assert "MDL-02 < ENV-02:{case} (left-out)" in found.edges
    assert "CHAT_MODEL=us.anthropic.claude-sonnet-4-6" in " ".join(found["ENV-02", "CHAT_MODEL"]["remedy"])


@pytest.mark.parametrize(
    ("changes", "explained"),
    [
        ({"status": "LEGACY"}, "MDL-03"),
        ({"status": "ACTIVE", "end_of_life": datetime(2026, 12, 12, tzinfo=timezone.utc)}, "MDL-04"),
        ({"status": "ACTIVE", "end_of_life": None, "inference_types": ("INFERENCE_PROFILE",)}, "MDL-05"),
    ],
)
def test_what_is_wrong_with_the_guides_own_model_is_explained_where_nobody_states_another(
    changes: dict[str, Any], explained: str
) -> None:
    chat = "us.anthropic.claude-sonnet-4-6"
    lines = env_file((f"BEDROCK_MODEL_ID={chat}\n", ""), (f"CHAT_MODEL={chat}", ""))
    here = {model.id: model for model in load_world("compliant").model}
    guides = str(Settings().models.chat)
    here[HAIKU] = replace(here[HAIKU], id=guides, **changes)
    allowed = policy(allow([*READING, INVOKE, STREAM], model_arn(guides)), name="Guides")
    edit = both(lines, allowed, lambda world: replace(world, model=tuple(here.values())))
    found = judged("compliant", only=WORKSTATION, edit=edit)
    assert f"{explained} < ENV-02:{{case}} (left-out)" in found.edges
    assert not [root for root in found.root_causes if root.startswith(("ENV-", "MDL-")) and root != "ENV-02"]
    # Where it is stated it is a model like any other.
    stated = Settings(models=ModelSettings(chat=guides))
    assert explained in [
        root.split()[0]
        for root in judged("compliant", only=WORKSTATION, edit=edit, settings=stated).root_causes
    ]


@pytest.mark.parametrize(
    ("before", "after", "wanted", "root_cause", "entries"),
    [
        pytest.param(
            "sso_account_id = 210987654321",
            "sso_account_id = 123456789012",
            "",
            "PRF-05",
            {"SSO-06 < PRF-05:sso_account_id (not-granted)"},
            id="the account of AWS's examples, which the portal does not list",
        ),
        pytest.param(
            "sso_account_id = 210987654321",
            "sso_account_id = 21098765432",
            "",
            "PRF-05",
            {"sso < PRF-05:sso_account_id"},
            id="an account with a digit too few",
        ),
        pytest.param(
            "sso_role_name = BedrockDeveloper",
            "sso_role_name = BedrockDeveloper # for Bedrock",
            "",
            "PRF-05 CFG09",
            {"sso < PRF-05:sso_role_name"},
            id="a comment behind the role's name, which botocore takes for a part of it",
        ),
        pytest.param(
            "sso_region = us-east-1",
            "sso_region = us-east-1a",
            "",
            "PRF-05 REG03",
            {"CON-02 < PRF-05:sso_region (login-region)"},
            id="a zone, where no portal has an address",
        ),
        pytest.param(
            "\nregion = us-east-1",
            "\nregion = eu-west-1",
            "us-east-1",
            "PRF-06",
            {"ENV-03 < PRF-06 (profile-in-another-region)", "MDL-02 < PRF-06 (of-another-region)"},
            id="a Region on another continent than the settings, the variables and the models",
        ),
    ],
)
def test_one_setting_is_one_root_cause(
    before: str, after: str, wanted: str, root_cause: str, entries: set[str]
) -> None:
    world = load_world("compliant")
    settings = replace(world.parsed_settings(), profile=ProfileSettings(region=wanted))
    found = judged(world, settings=settings, edit=env_file((before, after), of=CONFIG))
    assert found.root_causes == [root_cause]
    assert entries <= found.edges
