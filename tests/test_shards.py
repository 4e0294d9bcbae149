"""Shares of the targets: which there are, and that all of them together are the whole run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.shards import NoShard, Shard
from fixtures.targets import Target
from reports.__main__ import main
from tests.suite import Ran, outside_aws, run_suite

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


@pytest.mark.parametrize(
    ("text", "environ", "share"),
    [
        ("1/1", {}, (1, 1)),
        ("4/12", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}, (4, 12)),
        ("auto", {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "8"}, (1, 8)),
        ("auto", {"AWS_BATCH_JOB_ARRAY_INDEX": "7", "AWS_BATCH_JOB_ARRAY_SIZE": "8"}, (8, 8)),
        ("auto", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3"}, (3, 3)),
    ],
)
def test_a_share_is_said_by_hand_or_by_the_engine(
    text: str, environ: Mapping[str, str], share: tuple[int, int]
) -> None:
    found = Shard.parsed(text, environ)
    assert (found.number, found.count) == share


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ("0/4", {}, "0/4: K goes from 1 to N"),
        ("5/4", {}, "5/4: K goes from 1 to N"),
        ("2", {}, "2: not K/N, such as 2/4, nor auto"),
        ("-1/4", {}, "-1/4: not K/N, such as 2/4, nor auto"),
        ("1/4/2", {}, "1/4/2: not K/N, such as 2/4, nor auto"),
        ("Auto", {}, "Auto: not K/N, such as 2/4, nor auto"),
        # A GitLab job without `parallel` has the total alone.
        (
            "auto",
            {"CI_NODE_TOTAL": "1"},
            "auto: no engine says which share this is (AWS_BATCH_JOB_ARRAY_INDEX and AWS_BATCH_JOB_ARRAY_SIZE; "
            "CI_NODE_INDEX and CI_NODE_TOTAL)",
        ),
        (
            "auto",
            {"CI_NODE_INDEX": "", "CI_NODE_TOTAL": "2"},
            "auto: CI_NODE_INDEX is '' and CI_NODE_TOTAL '2': not K/N, such as 2/4, nor auto",
        ),
    ],
)
def test_what_is_no_share_is_one_line(text: str, environ: Mapping[str, str], said: str) -> None:
    with pytest.raises(NoShard) as refused:
        Shard.parsed(text, environ)
    assert str(refused.value) == said


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_the_shares_are_the_whole_and_as_large_as_each_other(count: int) -> None:
    targets = [Target("msh", f"r-{number:02}") for number in range(10)]
    shares = [Shard(number, count).of(targets) for number in range(1, count + 1)]
    assert sorted(target for share in shares for target in share) == targets
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def run(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
    folder.mkdir()
    regions = [word for region in REGIONS for word in ("--region", region)]
    return run_suite(folder, *regions, "-k", "IAM-01 or REG-02", "-q", *arguments, environ=environ)


def seen(ran: Ran) -> list[dict[str, Any]]:
    """The results, each with what was asked in the place of its readings' numbers."""
    asked = {
        (reading["target"], reading["id"]): (reading["name"], reading["params"])
        for reading in ran.json("evidence.json")["readings"]
    }
    return [
        {**row, "evidence": [asked[row["target"], name] for name in row["evidence"]]}
        for row in ran.json()["results"]
    ]


def test_all_shards_merged_are_one_run(tmp_path: Path) -> None:
    """Four shards of three targets: the fourth has none, says so, and is as welcome as the others."""
    whole = run(tmp_path / "whole")
    assert whole.code == 1, whole.text
    shards = [run(tmp_path / f"shard{number}", "--shard", f"{number}/4") for number in (1, 2, 3)]
    engine = outside_aws() | {"AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}
    shards.append(run(tmp_path / "shard4", "--shard", "auto", environ=engine))
    assert [[target["region"] for target in shard.json()["targets"]] for shard in shards] == [
        [region] for region in REGIONS
    ] + [[]]
    assert shards[3].code == 0, shards[3].text
    assert "shard 4 of 4: no target falls to it" in shards[3].summary
    assert main(["verify", str(shards[3].reports)]) == 0

    folders = [str(shard.reports) for shard in shards]
    (tmp_path / "targets.txt").write_text("".join(f"msh/{region}\n" for region in REGIONS))
    merged = tmp_path / "merged"
    expect = ["--expect", str(tmp_path / "targets.txt"), "--report-dir", str(merged)]
    assert main(["merge", *folders, *expect]) == whole.code
    together = Ran(0, "", merged)
    assert seen(together) == seen(whole)
    for key in ("verdict", "counts", "root_causes"):
        assert together.json()[key] == whole.json()[key]
    assert [(t["id"], t["verdict"], t["scopes"]) for t in together.json()["targets"]] == [
        (t["id"], t["verdict"], t["scopes"]) for t in whole.json()["targets"]
    ]
    assert main(["verify", str(merged)]) == 0

    # A share that got lost is missed without --expect too: its target's verdict is not known.
    assert main(["merge", *folders[:3], "--report-dir", str(merged)]) == whole.code
    assert together.json()["merged"]["missing"] == ["shard 4 of 4"]


def test_without_an_engine_auto_is_refused(tmp_path: Path) -> None:
    ran = run(tmp_path / "here", "--shard", "auto")
    assert ran.code == 4
    assert "ERROR: --shard auto: no engine says which share this is" in ran.text
