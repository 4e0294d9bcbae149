"""Two faults at once, of which one explains the other: what no single world shows of the map of explanations.

`EDGES=FILE pytest tests/` and `python -m tests.edges FILE` list the entries that nothing shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from fixtures.simulation.world import load_world
from tests.harness import judged

PAIRS = tomli.loads(Path(__file__).with_name("explained_pairs.toml").read_text(encoding="utf-8"))["pair"]


@pytest.mark.parametrize("pair", PAIRS, ids=[" and ".join(pair["worlds"]) for pair in PAIRS])
def test_one_explains_the_other(tmp_path: Path, pair: dict[str, Any]) -> None:
    one, other = (load_world(name).expect for name in pair["worlds"])
    file = tmp_path / "both.toml"
    file.write_text(f'title = "Two faults"\nextends = {pair["worlds"]}\n', encoding="utf-8")
    found = judged(load_world(str(file)), environment=other.environment, probe=one.probe or other.probe)
    assert set(pair["entries"]) - found.edges == set(), found.root_causes
