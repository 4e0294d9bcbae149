"""Snapshots: what is none is refused in one line, never judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends.replay import Snapshot
from fixtures.settings import Settings
from fixtures.text.toml_file import TomlError


def snapshot() -> dict[str, Any]:
    return {
        "schema": 1,
        "suite": {"name": "bedrock-preflight", "version": "0.1.0", "guide_sha256": "0" * 64},
        "run": {
            "now": "2026-11-22T12:00:00Z", "world": None, "simulated": False, "environment": "workstation",
            "probe": False, "auditor": None, "backend": "live",
        },
        "settings": Settings().as_json(),
        "targets": [
            {"id": "msh/us-east-1", "profile": "msh", "region": "us-east-1", "account_fingerprint": None}
        ],
        "readings": [
            {"id": "E1", "target": "msh/us-east-1", "name": "platform", "params": {}, "at": "2026-11-22T12:00:00Z", "value": {}}
        ],
    }  # fmt: skip


def loaded(folder: Path, document: Any) -> Snapshot:
    file = folder / "evidence.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return Snapshot.load(file)


def test_a_snapshot_has_its_runs_clock_targets_and_readings(tmp_path: Path) -> None:
    found = loaded(tmp_path, snapshot())
    assert found.now.isoformat() == "2026-11-22T12:00:00+00:00"
    assert [target.id for target in found.targets] == ["msh/us-east-1"]
    assert list(found.readings) == [("msh/us-east-1", "platform {}")]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"run": {**snapshot()["run"], "environment": "mars"}},
        {"run": {**snapshot()["run"], "now": "2026-11-22T12:00:00"}},
        {"readings": [{"target": "msh/us-east-1", "name": "platform", "params": {}, "at": ""}]},
        {"readings": [{"target": "other/us-east-1", "name": "platform", "params": {}, "at": "", "value": 1}]},
        {"targets": [{}]},
        {"settings": {"regoins": {}}},
    ],
    ids=[
        "schema",
        "environment",
        "clock without zone",
        "no value",
        "unknown target",
        "no profile",
        "setting",
    ],
)
def test_what_is_no_snapshot_is_refused_in_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(TomlError) as caught:
        loaded(tmp_path, {**snapshot(), **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("document", [[], "text", None, 1])
def test_what_is_no_object_is_refused(tmp_path: Path, document: Any) -> None:
    with pytest.raises(TomlError, match=r"not evidence\.json of bedrock-preflight: must be object"):
        loaded(tmp_path, document)
