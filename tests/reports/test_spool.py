"""What is kept in files of a fleet reads like the lists that it stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports import spool
from reports.artifacts import json_text
from reports.found import Found
from reports.results import by_target
from reports.spool import Rows, Spool

ROWS = {
    "b/us-east-1": [
        {"target": "b/us-east-1", "told": ["x", None, 1.5]},
        {"target": "b/us-east-1", "told": {}},
    ],
    "a/us-east-1": [{"target": "a/us-east-1", "told": "two\nlines, a \u2028 and a lone \ud800"}],
}


def filled(folder: Path) -> Spool:
    kept = Spool(folder)
    for target, rows in ROWS.items():
        kept.add(target, rows[:1])
    for target, rows in ROWS.items():
        kept.add(target, rows[1:])
    return kept


@pytest.mark.parametrize("in_memory", [1, spool.IN_MEMORY])
def test_rows_are_read_back_by_target_in_the_order_in_which_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    kept = filled(tmp_path)
    assert dict(kept) == ROWS
    assert list(kept) == list(ROWS)
    assert kept.rows == 3
    rows = Rows(kept)
    assert list(rows) == [row for own in ROWS.values() for row in own] == rows[:]
    assert (len(rows), rows[2], rows[-1:]) == (3, ROWS["a/us-east-1"][0], ROWS["a/us-east-1"])
    with pytest.raises(IndexError):
        rows[3]
    assert by_target(rows) == ROWS
    # The file has no name, so that nobody else reads it and nothing has to be tidied up behind a run that is killed.
    assert [file.name for file in tmp_path.iterdir()] == []


def test_rows_that_are_read_one_by_one_are_written_as_a_list_is(tmp_path: Path) -> None:
    rows = [row for own in ROWS.values() for row in own]
    for told in (rows, []):
        whole = {"b": {"rows": told, "empty": {}}, "a": [told]}
        plain = json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        read = plain.replace("\u2028", "\\u2028").replace("\ud800", "\\ud800")
        lazily: dict[str, Any] = {**whole, "b": {"rows": iter(told), "empty": {}}}
        assert json_text(whole) == json_text(lazily) == read
    assert json_text({"rows": Rows(filled(tmp_path))}) == json_text({"rows": rows})


def test_what_comes_after_a_target_was_put_away_is_kept_behind_it(tmp_path: Path) -> None:
    """A worker's last readings come when its results have been put away; a check that is run again has its last result."""
    found = Found(Spool(tmp_path), Spool(tmp_path))
    for status in ("non_compliant", "compliant"):
        found.judged("x[a/us-east-1]", {"target": "a/us-east-1", "status": status})
    found.read("a/us-east-1", [{"name": "session"}])
    assert list(found.put_away("a/us-east-1")) == ["x[a/us-east-1]"]
    found.read("a/us-east-1", [{"name": "platform"}])
    assert found.under_way == ["a/us-east-1"]
    found.put_away("a/us-east-1")
    assert [row["status"] for row in found.results["a/us-east-1"]] == ["compliant"]
    assert [row["name"] for row in found.readings["a/us-east-1"]] == ["session", "platform"]
    assert found.under_way == []
