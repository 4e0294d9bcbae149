"""Joining shards: one report of many, nothing twice, nothing mixed unnoticed, nothing missing unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from checks.catalogue import load
from reports.__main__ import main
from reports.artifacts import json_text
from reports.compare import SCHEMA
from reports.formats import junit
from reports.merge import CannotMerge, Shard, expected_targets, merge
from reports.results import verdict
from reports.verify import problems
from tests.report_material import guide, material, mixed, result, seal
from tests.suite import Ran, run_suite

HERE = "msh/us-east-1"
THERE = "prod/eu-west-1"


def requirement(name: str) -> dict[str, Any]:
    return next(entry for entry in guide()["requirements"] if entry["id"] == name)


def saved(folder: Path, made: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Shard:
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json_text(made[0]), encoding="utf-8")
    (folder / "evidence.json").write_text(json_text(made[1]), encoding="utf-8")
    seal(folder)
    return Shard.read(folder)


def unwaived(target: str) -> list[dict[str, Any]]:
    return [row for row in mixed(target) if row["status"] != "waived"]


def shard(folder: Path, target: str, statuses: Mapping[str, str], **more: Any) -> Shard:
    """A report of one target with a result for each requirement named; `more` replaces parts of it."""
    made, evidence = material(
        [target], [result(requirement(name), None, target, status) for name, status in statuses.items()]
    )
    for part, values in more.items():
        made[part] = {**made[part], **values} if isinstance(values, dict) else values
    rows, gate = made["results"], made["run"]["gate"]
    for judged in made["targets"]:
        judged.update(
            verdict=verdict(rows, gate), scopes=dict.fromkeys(judged["scopes"], verdict(rows, gate))
        )
    made["verdict"] = verdict(rows, gate)
    return saved(folder, (made, evidence))


def test_the_results_of_all_shards_are_there_once_in_the_guides_order(tmp_path: Path) -> None:
    one = shard(tmp_path / "a", THERE, {"SSO-03": "compliant", "SSO-01": "compliant"})
    two = shard(tmp_path / "b", HERE, {"RUN-02": "compliant"})
    three = shard(tmp_path / "c", HERE, {"PRF-01": "non_compliant"})
    document, _ = merge([one, two, three])
    order = [entry.id for entry in load()]
    expected = sorted(
        [(THERE, "SSO-03"), (THERE, "SSO-01"), (HERE, "RUN-02"), (HERE, "PRF-01")],
        key=lambda k: (k[0], order.index(k[1])),
    )
    assert [(row["target"], row["requirement"]) for row in document["results"]] == expected
    assert [target["id"] for target in document["targets"]] == [HERE, THERE]
    assert [target["verdict"] for target in document["targets"]] == ["non_compliant", "compliant"]
    assert (document["verdict"], sum(document["counts"].values())) == ("non_compliant", 4)
    assert document["run"]["api_calls"] == 3 * 34


def test_settings_that_all_shards_share_are_those_of_the_whole(tmp_path: Path) -> None:
    def judged_by(name: str, target: str, months: int) -> Shard:
        settings = {"compliance": None, "waivers": None, "effective": {"logging": {"minimum_months": months}}}
        return shard(tmp_path / name, target, {"SSO-03": "compliant"}, run={"settings": settings})

    alike, _ = merge([judged_by("a", HERE, 12), judged_by("b", THERE, 12)])
    assert alike["run"]["settings"]["effective"] == {"logging": {"minimum_months": 12}}
    unlike, _ = merge([judged_by("c", HERE, 12), judged_by("d", THERE, 6)])
    assert unlike["run"]["settings"] is None
    told = [each["run"]["settings"]["effective"]["logging"] for each in unlike["merged"]["shards"]]
    assert told == [{"minimum_months": 12}, {"minimum_months": 6}]


def test_the_joined_document_follows_the_schema(tmp_path: Path) -> None:
    document, _ = merge(
        [
            saved(tmp_path / name, material([target], unwaived(target)))
            for name, target in (("a", HERE), ("b", THERE))
        ],
        expected=[HERE, "x/y"],
    )
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_each_result_still_rests_on_its_own_evidence(tmp_path: Path) -> None:
    shards = [
        shard(tmp_path / "a", HERE, {"SSO-03": "compliant", "PRF-01": "compliant", "PRF-02": "compliant"}),
        shard(tmp_path / "b", HERE, {"RUN-02": "compliant"}),
        shard(tmp_path / "c", THERE, {"SSO-03": "compliant"}),
    ]
    document, evidence = merge(shards)
    readings = {reading["id"]: reading for reading in evidence["readings"]}
    assert len(readings) == len(evidence["readings"]) == 9
    before = {
        (row["requirement"], row["target"]): [
            next(
                r["name"]
                for r in each.evidence["readings"]
                if r["id"] == name and r["target"] == row["target"]
            )
            for name in row["evidence"]
        ]
        for each in shards
        for row in each.results["results"]
    }
    for row in document["results"]:
        names = [readings[name]["name"] for name in row["evidence"]]
        assert names == before[row["requirement"], row["target"]]
        assert {readings[name]["target"] for name in row["evidence"]} == {row["target"]}


def test_a_root_cause_counts_what_it_blocks_in_every_shard(tmp_path: Path) -> None:
    failing = shard(tmp_path / "a", HERE, {"SSO-03": "non_compliant"})
    blocked = shard(tmp_path / "b", HERE, {"RUN-02": "blocked", "RUN-03": "blocked"})
    elsewhere = shard(tmp_path / "c", THERE, {"RUN-02": "blocked"})
    document, _ = merge([blocked, failing, elsewhere])
    assert [(c["target"], c["requirement"], c["blocks"]) for c in document["root_causes"]] == [
        (HERE, "SSO-03", 2)
    ]


def test_what_blocks_stays_a_root_cause_where_no_shard_selected_its_check(tmp_path: Path) -> None:
    cause = {
        "target": HERE, "requirement": "SSO-03", "case": None, "cause": "TOK02", "title": "expired", "observed": "an hour ago",
        "remedy": ["aws sso login"], "blocks": 1, "explains": 0, "severity": "blocker",
    }  # fmt: skip
    blocked = shard(tmp_path / "a", HERE, {"RUN-02": "blocked"}, root_causes=[cause])
    document, _ = merge([blocked, shard(tmp_path / "b", HERE, {"RUN-03": "blocked"})])
    assert document["root_causes"] == [{**cause, "blocks": 2}]


def test_a_result_in_two_shards_is_refused(tmp_path: Path) -> None:
    shards = [
        shard(tmp_path / name, HERE, {"SSO-03": status})
        for name, status in (("a", "compliant"), ("b", "non_compliant"))
    ]
    with pytest.raises(CannotMerge, match=r"^SSO-03 msh/us-east-1 is in .*/a and in .*/b"):
        merge(shards, allow_mixed=True)


def test_a_report_that_is_named_twice_is_said_so_and_not_that_accounts_are_alike(tmp_path: Path) -> None:
    one = shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    with pytest.raises(CannotMerge, match=r"^\S+/a is named twice: name each report once$"):
        merge([one, one])
    copied = replace(one, folder="copy/a")
    with pytest.raises(CannotMerge, match=r"^\S+/a and copy/a hold the same report: name each report once$"):
        merge([one, copied])


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("suite", {"version": "0.0.9"}, "mixed versions of the suite: 0.1.0, 0.0.9"),
        ("suite", {"guide_sha256": "ab" * 32}, "mixed guides: "),
        ("run", {"environment": "ci"}, "mixed environments: workstation, ci"),
        ("run", {"gate": "high"}, "mixed gates: low, high"),
        ("run", {"simulated": False}, "mixed runs, SIMULATED and real: SIMULATED, real"),
    ],
)
def test_what_was_not_made_alike_is_refused_unless_told(
    tmp_path: Path, part: str, values: dict[str, Any], said: str
) -> None:
    shards = [
        shard(tmp_path / "a", HERE, {"SSO-03": "compliant"}),
        shard(tmp_path / "b", THERE, {"SSO-03": "compliant"}, **{part: values}),
    ]
    with pytest.raises(CannotMerge) as refused:
        merge(shards)
    assert str(refused.value).startswith(said)
    assert "--allow-mixed" in str(refused.value)
    document, _ = merge(shards, allow_mixed=True)
    assert document["merged"]["notices"][0].startswith(said)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_one_target_with_two_accounts_is_refused(tmp_path: Path) -> None:
    one = shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    two = shard(tmp_path / "b", HERE, {"SSO-01": "compliant"})
    two.results["targets"][0]["account"] = "****9999"
    with pytest.raises(CannotMerge, match=r"mixed accounts: msh/us-east-1 is \*\*\*\*4321 and \*\*\*\*9999"):
        merge([one, two])


def test_an_account_that_one_shard_could_not_read_is_known_from_another(tmp_path: Path) -> None:
    one = shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    one.results["targets"][0]["account"] = one.results["targets"][0]["principal"] = None
    two = shard(tmp_path / "b", HERE, {"SSO-01": "compliant"})
    document, _ = merge([one, two])
    assert document["targets"][0]["account"] == "****4321"


def test_the_strictest_gate_of_mixed_ones_decides(tmp_path: Path) -> None:
    shards = [
        shard(tmp_path / "a", HERE, {"PRF-08": "non_compliant"}, run={"gate": "high"}),
        shard(tmp_path / "b", THERE, {"PRF-08": "compliant"}),
    ]
    assert merge(shards, allow_mixed=True)[0]["verdict"] == "non_compliant"


def test_missing_and_unexpected_targets_are_listed_and_leave_the_whole_incomplete(tmp_path: Path) -> None:
    expected = tmp_path / "expected.txt"
    expected.write_text(f"# the fleet\n{HERE}\n\nlost/us-east-1  # moved\n{HERE}\n", encoding="utf-8")
    assert expected_targets(expected) == [HERE, "lost/us-east-1"]
    shards = [
        shard(tmp_path / "a", HERE, {"SSO-03": "compliant"}),
        shard(tmp_path / "b", THERE, {"SSO-03": "compliant"}),
    ]
    document, _ = merge(shards, expected=expected_targets(expected))
    found = document["merged"]
    assert (found["expected"], found["missing"], found["unexpected"]) == (2, ["lost/us-east-1"], [THERE])
    assert document["verdict"] == "incomplete"
    assert merge(shards, expected=[HERE, THERE])[0]["verdict"] == "compliant"


WAIVER = {
    "id": "EX-1", "requirement": "SSO-03", "case": None, "profiles": [], "accounts": [], "regions": [], "justification": "x",
    "requested_by": "a", "approved_by": "b",
    "approved_on": "2026-11-01", "expires": "2026-12-30", "ticket": "T", "accept_blocker": True,
}  # fmt: skip


def with_waiver(folder: Path, target: str, state: str, **more: Any) -> Shard:
    covers = [{"target": target, "case": None}] if state == "used" else []
    told = {**WAIVER, "state": state, "days_left": 38, "covers": covers, "warning": None, **more}
    return shard(folder, target, {"SSO-01": "compliant"}, waivers=[told])


def test_a_waiver_that_any_shard_needed_is_in_use(tmp_path: Path) -> None:
    shards = [
        with_waiver(tmp_path / "a", HERE, "stale", warning="no longer matches a failure: remove it"),
        with_waiver(tmp_path / "b", THERE, "used", days_left=37),
    ]
    (waiver,) = merge(shards)[0]["waivers"]
    assert (waiver["state"], waiver["warning"], waiver["days_left"]) == ("used", None, 37)
    assert waiver["covers"] == [{"target": THERE, "case": None}]


def test_one_id_for_two_waivers_is_refused(tmp_path: Path) -> None:
    shards = [
        with_waiver(tmp_path / "a", HERE, "stale"),
        with_waiver(tmp_path / "b", THERE, "used", approved_by="c"),
    ]
    with pytest.raises(CannotMerge, match=r"waiver EX-1 is not the same in .*/b"):
        merge(shards)


def test_the_runs_that_were_joined_are_named_with_their_hashes(tmp_path: Path) -> None:
    one = shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    (told,) = merge([one])[0]["merged"]["shards"]
    assert (told["folder"], told["targets"], told["results"]) == (f"{tmp_path.name}/a", [HERE], 1)
    assert told["results_sha256"] == one.sha256


# Shards that are not whole


def lose(folder: Path, *, also_counts: bool = False) -> None:
    """Takes the last result out of results.json."""
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    lost = document["results"].pop()
    if also_counts:
        document["counts"][lost["status"]] -= 1
    (folder / "results.json").write_text(json_text(document), encoding="utf-8")


def unsealed(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()


def quietly(folder: Path) -> None:
    """With counts and checksums that fit; junit.xml still has it."""
    lose(folder, also_counts=True)
    seal(folder)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose, "results.json: was changed, its hash is not that of SHA256SUMS, and 4 more"),
        (unsealed, "SHA256SUMS: No such file or directory"),
        (lambda folder: (folder / "evidence.json").unlink(), "evidence.json: is missing, and SHA256SUMS lists it"),
        (quietly, "junit.xml: has SSO-03 The token has not expired"),
    ],
)  # fmt: skip
def test_a_shard_that_is_not_whole_is_refused_by_name_and_taken_where_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None], said: str
) -> None:
    statuses = {"SSO-01": "compliant", "SSO-03": "compliant"}
    shard(tmp_path / "whole", THERE, statuses)
    shard(tmp_path / "b", HERE, statuses)
    document = json.loads((tmp_path / "b" / "results.json").read_text(encoding="utf-8"))
    (tmp_path / "b" / "junit.xml").write_text("".join(junit.render(document, {})), encoding="utf-8")
    seal(tmp_path / "b")
    damage(tmp_path / "b")
    arguments = (tmp_path / "whole", tmp_path / "b", "--report-dir", tmp_path / "all")
    code, text = merged(capsys, *arguments)
    assert (code, text.count("\n")) == (4, 1)
    assert text.startswith(f"ERROR: {tmp_path / 'b'}: {said}")
    assert not (tmp_path / "all").exists()
    code, text = merged(capsys, *arguments, "--allow-damaged")
    assert code == 6, text
    assert f"damaged: {tmp_path.name}/b: " in text
    assert problems(tmp_path / "all") == []
    page = (tmp_path / "all" / "summary.md").read_text(encoding="utf-8")
    assert "1 damaged report" in page


# The command


def merged(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = main(["merge", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_the_command_writes_a_whole_report_that_holds_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, target in (("a", HERE), ("b", THERE)):
        shard(tmp_path / name, target, {"SSO-03": "compliant", "SSO-01": "inconclusive"})
    code, said = merged(capsys, tmp_path / "a", tmp_path / "b", "--report-dir", tmp_path / "all", "--sarif")
    assert code == 6, said
    assert "2 reports, 2 targets, 4 results: 2 compliant, 2 inconclusive" in said
    assert {file.name for file in (tmp_path / "all").iterdir()} == {
        "SHA256SUMS", "audit.html", "auditor-policy.json", "evidence.json", "fleet.html", "junit.xml", "results.json",
        "results.sarif", "summary.md", *(file.name for file in (tmp_path / "all").glob("target-00[12]-*.html")),
    }  # fmt: skip
    assert len(list((tmp_path / "all").glob("target-*.html"))) == 2
    assert problems(tmp_path / "all") == []
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "all", "b"]
    assert "Joined from 2 runs." in (tmp_path / "all" / "summary.md").read_text(encoding="utf-8")


def test_the_command_says_what_is_missing_and_exits_6(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    (tmp_path / "expected").write_text(f"{HERE}\nlost/us-east-1\n", encoding="utf-8")
    arguments = [tmp_path / "a", "--expect", tmp_path / "expected", "--report-dir", tmp_path / "all"]
    code, said = merged(capsys, *arguments)
    assert (code, "missing: lost/us-east-1" in said) == (6, True)
    assert merged(capsys, *arguments, "--allow-incomplete")[0] == 0
    assert problems(tmp_path / "all") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere/results.json: No such file or directory"),
        (["a", "--expect", "nowhere"], "--expect nowhere: No such file or directory"),
        (["a", "--expect", "empty"], "--expect empty: names no target"),
        (["a", "a"], "a is named twice: name each report once"),
        (["broken"], "broken/results.json:1: not JSON: Expecting property name"),
        (["a", "--compare", "nowhere"], "--compare nowhere: No such file"),
    ],
)
def test_what_cannot_be_joined_is_one_clear_line_and_exit_4(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    (tmp_path / "empty").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "results.json").write_text("{", encoding="utf-8")
    code, text = merged(capsys, *arguments)
    assert code == 4
    assert text.startswith(f"ERROR: {said}")
    assert len(text.splitlines()) == 1
    assert not (tmp_path / "reports").exists()


def test_a_joined_report_is_neither_joined_again_nor_judged_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    merged(capsys, tmp_path / "a", "--report-dir", tmp_path / "all")
    code, said = merged(capsys, tmp_path / "all", "--report-dir", tmp_path / "again")
    assert (code, "is itself a joined report" in said) == (4, True)
    ran = run_suite(tmp_path, "--snapshot", str(tmp_path / "all" / "evidence.json"))
    assert (ran.code, "joined from several runs" in ran.text) == (4, True)


def test_the_command_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shard(tmp_path / "before", HERE, {"SSO-03": "compliant"})
    shard(tmp_path / "now", HERE, {"SSO-03": "non_compliant"})
    merged(
        capsys,
        tmp_path / "now",
        "--compare",
        tmp_path / "before" / "results.json",
        "--report-dir",
        tmp_path / "all",
    )
    document = json.loads((tmp_path / "all" / "results.json").read_text(encoding="utf-8"))
    assert document["comparison"]["counts"]["regressed"] == 1


def test_shards_of_real_runs_make_the_same_results_as_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(name: str, *arguments: str) -> Ran:
        (tmp_path / name).mkdir()
        return run_suite(tmp_path / name, "--world", str(world), *arguments)

    world = tmp_path / "pager.toml"
    world.write_text(
        'title = "The pager is set"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n',
        encoding="utf-8",
    )
    whole = run("whole", "-k", "PRF_ or SSO_").json()
    parts = [run("one", "-k", "PRF_").reports, run("two", "-k", "SSO_ and not PRF_").reports]
    code, said = merged(capsys, *parts, "--report-dir", tmp_path / "all")
    document = json.loads((tmp_path / "all" / "results.json").read_text(encoding="utf-8"))
    assert code == 1, said

    def bare(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "evidence": len(row["evidence"])} for row in results]

    assert bare(document["results"]) == bare(whole["results"])
    assert document["root_causes"] == whole["root_causes"]
    assert problems(tmp_path / "all") == []


def test_a_report_is_not_written_over_one_that_it_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shard(tmp_path / "a", HERE, {"SSO-03": "compliant"})
    before = (tmp_path / "a" / "results.json").read_bytes()
    code, said = merged(capsys, tmp_path / "a", "--report-dir", tmp_path / "a")
    assert (code, "is one of the reports that are to be joined" in said) == (4, True)
    assert (tmp_path / "a" / "results.json").read_bytes() == before
