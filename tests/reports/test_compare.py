"""What changed since an earlier run: joined by requirement, case and target, and the trend over several runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load
from reports.artifacts import json_text
from reports.compare import CHANGES, NotResults, change, comparison, tally
from reports.compare import load as load_earlier
from reports.formats import audit
from reports.results import STATUSES
from tests.pages import Page
from tests.report_material import material, result
from tests.suite import run_suite

TARGET = "msh/us-east-1"


def report(statuses: Mapping[str, str], target: str = TARGET) -> dict[str, Any]:
    """results.json with one result for each requirement named."""
    catalogue = {entry["id"]: entry for entry in _requirements()}
    rows = [
        result({**catalogue[name], "cases": ()}, None, target, status) for name, status in statuses.items()
    ]
    made, _ = material([target], rows)
    return made


def _requirements() -> list[dict[str, Any]]:
    return [
        {name: getattr(entry, name) for name in ("id", "causes", "scope", "section", "severity", "statement")}
        for entry in load()
    ]


def saved(folder: Path, name: str, document: Mapping[str, Any]) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json_text(document), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("compliant", "compliant", "unchanged"),
        ("compliant", "not_applicable", "unchanged"),
        ("compliant", "non_compliant", "regressed"),
        ("not_applicable", "non_compliant", "regressed"),
        ("compliant", "waived", "newly waived"),
        ("compliant", "inconclusive", "no longer evaluated"),
        ("compliant", None, "no longer evaluated"),
        ("non_compliant", "compliant", "fixed"),
        ("non_compliant", "non_compliant", "unchanged"),
        ("non_compliant", "waived", "newly waived"),
        ("non_compliant", "blocked", "no longer evaluated"),
        ("non_compliant", None, "no longer evaluated"),
        ("waived", "compliant", "fixed"),
        ("waived", "waived", "unchanged"),
        ("waived", "non_compliant", "no longer waived"),
        ("waived", "inconclusive", "no longer evaluated"),
        ("inconclusive", "non_compliant", "new"),
        ("blocked", "compliant", "now evaluated"),
        ("inconclusive", "not_applicable", "now evaluated"),
        ("blocked", "waived", "newly waived"),
        ("inconclusive", "blocked", "unchanged"),
        ("blocked", None, None),
        (None, "non_compliant", "new"),
        (None, "compliant", "new"),
        (None, "waived", "newly waived"),
        (None, "inconclusive", "unchanged"),
    ],
)
def test_each_result_has_one_kind_of_change(was: str | None, now: str | None, expected: str | None) -> None:
    assert change(was, now) == expected


def test_every_pair_of_statuses_is_some_change() -> None:
    assert {change(was, now) for was in (*STATUSES, None) for now in STATUSES} == set(CHANGES)


def test_results_are_joined_by_requirement_case_and_target(tmp_path: Path) -> None:
    catalogue = {entry["id"]: entry for entry in _requirements()}
    here = result(catalogue["PRF-04"], "sso_region", TARGET, "non_compliant")
    was, _ = material([TARGET], [{**here, "status": "compliant", "case": "sso_start_url"}, {**here}])
    now, _ = material([TARGET], [{**here, "case": "sso_start_url"}, {**here}])
    found = comparison(now, load_earlier(saved(tmp_path, "results.json", was)))
    assert [(c["case"], c["change"], c["was"], c["now"]) for c in found["changes"]] == [
        ("sso_start_url", "regressed", "compliant", "non_compliant"),
        ("sso_region", "unchanged", "non_compliant", "non_compliant"),
    ]
    elsewhere = comparison(
        report({"SSO-03": "compliant"}, "prod/us-east-1"),
        load_earlier(saved(tmp_path, "r.json", report({"SSO-03": "compliant"}))),
    )
    assert {c["target"]: c["change"] for c in elsewhere["changes"]} == {
        "prod/us-east-1": "new",
        TARGET: "no longer evaluated",
    }


def test_what_could_not_be_judged_before_is_neither_new_nor_fixed_where_it_is_fine(tmp_path: Path) -> None:
    was = report(
        {"SSO-03": "non_compliant", "RUN-02": "blocked", "IAM-03": "blocked", "REG-03": "inconclusive"}
    )
    now = report(
        {
            "SSO-03": "compliant",
            "RUN-02": "compliant",
            "IAM-03": "non_compliant",
            "REG-03": "compliant",
            "PRF-08": "compliant",
        }
    )
    found = comparison(now, load_earlier(saved(tmp_path, "results.json", was)))
    assert {c["requirement"]: c["change"] for c in found["changes"]} == {
        "SSO-03": "fixed", "RUN-02": "now evaluated", "IAM-03": "new", "REG-03": "now evaluated", "PRF-08": "new",
    }  # fmt: skip
    assert {kind: count for kind, count in found["counts"].items() if count} == {
        "fixed": 1,
        "now evaluated": 2,
        "new": 2,
    }
    # A report of before this kind of change is no less one: it can be compared with.
    old = {
        **now,
        "comparison": {**found, "counts": {k: n for k, n in found["counts"].items() if k != "now evaluated"}},
    }
    assert load_earlier(saved(tmp_path, "old.json", old))


def test_the_counts_add_up_to_the_changes(tmp_path: Path) -> None:
    now, _ = material()
    was, _ = material(["other/us-east-1"])
    found = comparison(now, load_earlier(saved(tmp_path, "results.json", was)))
    assert sum(found["counts"].values()) == len(found["changes"]) > len(now["results"])


def test_what_only_the_earlier_run_has_is_counted_where_no_change_tells_of_it(tmp_path: Path) -> None:
    was = report(
        {"SSO-03": "non_compliant", "SSO-01": "compliant", "RUN-01": "blocked", "RUN-02": "inconclusive"}
    )
    earlier = load_earlier(saved(tmp_path, "results.json", was))
    runs = [
        report(dict.fromkeys(statuses, "compliant"))
        for statuses in (("SSO-03",), ("SSO-03", "SSO-01", "RUN-01", "RUN-02"), ("SSO-01", "RUN-03"))
    ]
    compared = [{**run, "comparison": comparison(run, earlier)} for run in runs]
    pages = [" ".join(Page(audit.render(run, {})).text.split()) for run in compared]
    assert ["2 only in the earlier run and not compared." in page for page in pages] == [True, False, True]
    assert [tally(run["comparison"]) for run in compared] == [
        "1 no longer evaluated, 1 fixed, 2 only in the earlier run and not compared",
        "1 fixed, 2 now evaluated, 1 unchanged",
        "1 new, 1 no longer evaluated, 1 unchanged, 2 only in the earlier run and not compared",
    ]


def changed(document: dict[str, Any], part: str, **values: Any) -> dict[str, Any]:
    return {**document, part: {**document[part], **values}}


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("suite", {"version": "0.0.9"}, ["the suite differs: 0.0.9 then, 0.1.0 now; what changed may be its checks"]),
        ("suite", {"guide_sha256": "ab" * 32}, ["the guide differs: abababababab then, "]),
        ("run", {"environment": "ci"}, ["the environment differs: ci then, workstation now"]),
        ("run", {"simulated": False}, ["only one of the runs is SIMULATED: the present one"]),
        ("run", {"world": "compliant"}, ["the simulated world differs: 'compliant' then, 'made-up' now"]),
        ("run", {"platform": "Windows"}, []),
    ],
)  # fmt: skip
def test_a_differing_suite_guide_or_run_is_announced(
    tmp_path: Path, part: str, values: dict[str, Any], said: list[str]
) -> None:
    now = report({"SSO-03": "compliant"})
    found = comparison(now, load_earlier(saved(tmp_path, "results.json", changed(now, part, **values))))
    assert len(found["notices"]) == len(said)
    assert all(notice.startswith(text) for notice, text in zip(found["notices"], said, strict=True))


def test_a_folder_is_a_history_compared_with_its_last_run(tmp_path: Path) -> None:
    days: Sequence[tuple[str, dict[str, str]]] = [
        ("2026-11-03", {"SSO-03": "non_compliant", "SSO-01": "non_compliant", "PRF-08": "compliant"}),
        ("2026-11-01", {"SSO-03": "non_compliant", "SSO-01": "compliant", "PRF-08": "blocked"}),
        ("2026-11-02", {"SSO-03": "compliant", "SSO-01": "compliant", "PRF-08": "waived"}),
    ]
    for number, (day, statuses) in enumerate(days):
        dated = changed(report(statuses), "run", started=f"{day}T09:00:00Z", finished=f"{day}T09:00:07Z")
        saved(tmp_path, f"{'abc'[number]}/results.json", dated)
        saved(tmp_path, f"{'abc'[number]}/evidence.json", {"no": "results"})
    now = report({"SSO-03": "non_compliant", "SSO-01": "compliant", "PRF-08": "compliant"})
    found = comparison(now, load_earlier(tmp_path))
    assert found["against"]["started"] == "2026-11-03T09:00:00Z"
    assert [(p["started"][:10], p["open"], p["waived"], p["unread"], p["total"]) for p in found["trend"]] == [
        ("2026-11-01", 1, 0, 1, 3),
        ("2026-11-02", 0, 1, 0, 3),
        ("2026-11-03", 2, 0, 0, 3),
        ("2026-11-22", 1, 0, 0, 3),
    ]


def test_with_an_empty_share_nothing_is_compared(tmp_path: Path) -> None:
    empty = saved(tmp_path, "b/results.json", {**report({"SSO-01": "compliant"}), "results": []})
    now = report({"SSO-01": "compliant", "SSO-03": "inconclusive", "PRF-08": "non_compliant"})
    found = comparison(now, load_earlier(empty))
    assert (found["changes"], set(found["counts"].values()), len(found["trend"])) == ([], {0}, 1)
    assert found["notices"] == ["the earlier run judged no target: there is nothing to compare with"]
    assert comparison(now, load_earlier(tmp_path)) == found
    # In a history it is no state in which anything was, be it the last.
    older = changed(report({"SSO-01": "non_compliant"}), "run", finished="2026-11-01T09:00:07Z")
    saved(tmp_path, "a/results.json", older)
    found = comparison(now, load_earlier(tmp_path))
    assert (found["notices"], found["counts"]["fixed"], len(found["trend"])) == ([], 1, 2)
    assert comparison({**now, "results": []}, load_earlier(tmp_path))["trend"] == found["trend"][:1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "results.json:1: not JSON: Expecting property name"),
        ("[]", "not results.json of bedrock-preflight: must be object"),
        ('{"schema": 7}', "not results.json of bedrock-preflight: "),
        ('{"schema": 1}', "not results.json of bedrock-preflight: must contain ['comparison', 'counts', "),
    ],
)
def test_what_is_no_results_json_is_refused_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(NotResults, match=r"^--compare ") as refused:
        load_earlier(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_status_is_refused(tmp_path: Path) -> None:
    now = report({"SSO-03": "compliant"})
    now["results"][0]["status"] = "passed"
    with pytest.raises(NotResults, match=r"results\[0\]\.status: must be one of \['compliant', "):
        load_earlier(saved(tmp_path, "results.json", now))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--compare", "nowhere.json"], "--compare nowhere.json: No such file or directory"),
        (["--compare", "empty"], "--compare empty: no results*.json in this folder"),
    ],
)
def test_what_cannot_be_compared_with_stops_the_run(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    ran = run_suite(tmp_path, *arguments)
    assert (ran.code, f"ERROR: {said}" in ran.text) == (4, True), ran.text
    assert not (tmp_path / "reports").exists()


def test_a_run_says_what_changed_in_the_results_the_terminal_and_the_pages(tmp_path: Path) -> None:
    (tmp_path / "pager.toml").write_text(
        'title = "The pager is set"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n',
        encoding="utf-8",
    )
    before = run_suite(tmp_path, "-k", "PRF-08")
    history = tmp_path / "history"
    for day in ("1", "2"):
        saved(history / day, "results.json", before.json())
    after = run_suite(tmp_path, "--world", "pager.toml", "-k", "PRF-08", "--compare", str(history))
    found = after.json()["comparison"]
    assert (found["counts"]["regressed"], found["counts"]["unchanged"]) == (1, 1)
    assert [point["open"] for point in found["trend"]] == [0, 0, 1]
    assert "1 regressed, 1 unchanged" in after.summary
    assert "open findings, run by run: 0, 0, 1" in after.summary
    assert "the simulated world differs: 'compliant' then, 'pager' now" in after.summary
    page = (after.reports / "summary.md").read_text(encoding="utf-8")
    assert "1 regressed, 1 unchanged." in page
    assert "PRF-08 cli\\_pager msh/us-east-1" in page
    assert json.loads((after.reports / "results.json").read_text(encoding="utf-8"))["run"]["gate"] == "low"


def test_without_the_option_there_is_no_comparison(tmp_path: Path) -> None:
    assert run_suite(tmp_path, "-k", "PRF-08").json()["comparison"] is None
