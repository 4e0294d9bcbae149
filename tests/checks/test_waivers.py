"""Waivers: read strictly, for non-compliance only, for a time, and every one of them accounted for."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load
from checks.waivers import Place, Register
from fixtures.text.toml_file import TomlError
from tests.suite import Ran, run_suite

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
"""The clock of the simulated worlds."""

ENTRY = {
    "id": '"EX-2026-014"',
    "requirement": '"PRF-08"',
    "profiles": '["msh"]',
    "justification": '"The pager is wanted on this machine"',
    "requested_by": '"a@example.com"',
    "approved_by": '"b@example.com"',
    "approved_on": "2026-11-02",
    "expires": "2027-01-31",
    "ticket": '"SEC-123"',
}


def waivers(*changes: dict[str, str | None]) -> str:
    """waivers.toml with an entry for each of `changes`: other TOML for a key, None to leave it out."""
    entries = []
    for change in changes:
        lines = [f"{key} = {value}" for key, value in {**ENTRY, **change}.items() if value is not None]
        entries.append("\n".join(["[[waiver]]", *lines]))
    return "schema = 1\n" + "\n".join(entries) + "\n"


def register(folder: Path, text: str, now: datetime = NOW) -> Register:
    file = folder / "waivers.toml"
    file.write_text(text, encoding="utf-8")
    return Register.load(file, load(), now)


def refusal(folder: Path, text: str, now: datetime = NOW) -> str:
    with pytest.raises(TomlError) as refused:
        register(folder, text, now)
    return str(refused.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ticket": None}, "waivers.toml:2: waiver[1].ticket: is missing"),
        ({"justification": '" "'}, "waivers.toml:6: waiver[1].justification: must be a text that is not empty, is ' '"),
        ({"approved_by": "7"}, "waivers.toml:8: waiver[1].approved_by: must be text, is 7"),
        ({"reason": '"why not"'}, "waivers.toml:12: waiver[1].reason: unknown key"),
        ({"requirement": '"PRF-88"'}, "waivers.toml:4: waiver[1].requirement: the guide has no 'PRF-88'; did you mean 'PRF-"),
        ({"case": '"sso_region"'}, "waivers.toml:12: waiver[1].case: PRF-08 has no case 'sso_region'"),
        (
            {"requirement": '"PRF-04"', "accept_blocker": "true", "case": '"sso_regoin"'},
            "waivers.toml:13: waiver[1].case: PRF-04 has no case 'sso_regoin'; did you mean 'sso_region'?",
        ),
        ({"approved_by": '"A@Example.com"'}, "waivers.toml:8: waiver[1].approved_by: 'A@Example.com' asked for it"),
        ({"expires": "2026-11-21"}, "waivers.toml:10: waiver[1].expires: 'EX-2026-014' expired on 2026-11-21, and today"),
        ({"expires": "2027-05-02"}, "waivers.toml:10: waiver[1].expires: 2027-05-02 is 181 days after approval, at most 180"),
        ({"expires": "2026-11-01"}, "waivers.toml:10: waiver[1].expires: 2026-11-01 is before its approval on 2026-11-02"),
        ({"expires": '"2027-01-31"'}, "waivers.toml:10: waiver[1].expires: must be a date such as 2026-11-22, without quotes"),
        ({"approved_on": "2026-11-02T12:00:00Z"}, "waivers.toml:9: waiver[1].approved_on: must be a date such as 2026-11-22"),
        ({"requirement": '"SSO-03"'}, "waivers.toml:4: waiver[1].requirement: SSO-03 is a blocker: to waive it"),
        ({"accept_blocker": '"yes"'}, "waivers.toml:12: waiver[1].accept_blocker: must be true or false, is 'yes'"),
        ({"profiles": '"msh"'}, "waivers.toml:5: waiver[1].profiles: must be a list of texts"),
        ({"profiles": "[]"}, "waivers.toml:5: waiver[1].profiles: must not be empty"),
        ({"profiles": '["msh", "msh"]'}, "waivers.toml:5: waiver[1].profiles: names something twice"),
        ({"accounts": '["21098765432"]'}, "waivers.toml:12: waiver[1].accounts: '21098765432' is no account ID"),
        ({"regions": '["us-east1"]'}, "waivers.toml:12: waiver[1].regions: 'us-east1' is not a Region; did you mean"),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_hold_is_refused_with_file_line_and_key(
    tmp_path: Path, change: dict[str, str | None], said: str
) -> None:
    assert refusal(tmp_path, waivers(change)).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "waivers.toml: schema: is missing"),
        ("schema = 2\n", "waivers.toml:1: schema: must be 1, is 2"),
        ("schema = true\n", "waivers.toml:1: schema: must be a whole number, is true"),
        ("schema = 1\nwaivers = []\n", "waivers.toml:2: waivers: unknown key; did you mean 'waiver'?"),
        ("schema = 1\n[waiver]\nid = 'x'\n", "waivers.toml:2: waiver: must be tables: [[waiver]]"),
        ("schema = 1\n[[waiver]\n", "waivers.toml:2: "),
        (
            waivers({}, {"requirement": '"PRF-07"'}),
            "waivers.toml:13: waiver[2].id: 'EX-2026-014' stands twice",
        ),
        (
            waivers({}, {"id": '"EX-2"'}),
            "waivers.toml:14: waiver[2].requirement: 'EX-2026-014' already covers exactly this",
        ),
    ],
)
def test_a_file_that_does_not_hold_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_a_waiver_holds_through_its_last_day_in_utc(tmp_path: Path) -> None:
    last = datetime(2027, 1, 31, 23, 59, tzinfo=timezone.utc)
    assert (
        register(tmp_path, waivers({}), last).days_left(register(tmp_path, waivers({}), last).waivers[0]) == 0
    )
    assert "expired" in refusal(tmp_path, waivers({}), datetime(2027, 2, 1, tzinfo=timezone.utc))


def test_exactly_180_days_and_a_blocker_that_is_accepted_are_allowed(tmp_path: Path) -> None:
    longest = {"expires": "2027-05-01", "requirement": '"SSO-03"', "accept_blocker": "true"}
    assert len(register(tmp_path, waivers(longest)).waivers) == 1


@pytest.mark.parametrize(
    ("narrowed", "place", "covered"),
    [
        ({}, Place("msh", "us-east-1", None), True),
        ({}, Place("prod", "us-east-1", None), False),
        ({"profiles": None}, Place("prod", "us-east-1", None), True),
        ({"regions": '["us-west-2"]'}, Place("msh", "us-east-1", None), False),
        ({"regions": '["us-west-2"]'}, Place("msh", "us-west-2", None), True),
        ({"accounts": '["210987654321"]'}, Place("msh", "us-east-1", "210987654321"), True),
        ({"accounts": '["210987654321"]'}, Place("msh", "us-east-1", "110987654321"), False),
        ({"accounts": '["210987654321"]'}, Place("msh", "us-east-1", None), False),
    ],
)
def test_profiles_accounts_and_regions_narrow_it(
    tmp_path: Path, narrowed: dict[str, str | None], place: Place, covered: bool
) -> None:
    (waiver,) = register(tmp_path, waivers(narrowed)).waivers
    assert waiver.reaches(place) is covered


def test_it_is_about_one_requirement_and_one_case_where_it_names_one(tmp_path: Path) -> None:
    narrowed = {"requirement": '"PRF-04"', "case": '"sso_region"', "accept_blocker": "true"}
    found = register(tmp_path, waivers(narrowed))
    assert found.about("PRF-04", "sso_region")
    assert not found.about("PRF-04", "sso_start_url")
    assert not found.about("PRF-08", None)


def row(status: str, waiver: str | None = None, case: str | None = None) -> dict[str, Any]:
    applied = {"id": waiver} if waiver else None
    return {
        "requirement": "PRF-08",
        "case": case,
        "target": "msh/us-east-1",
        "status": status,
        "waiver": applied,
    }


@pytest.mark.parametrize(
    ("change", "rows", "account", "state"),
    [
        ({}, [row("waived", "EX-2026-014")], None, "used"),
        ({}, [row("compliant")], None, "stale"),
        ({}, [row("not_applicable")], None, "stale"),
        ({}, [row("inconclusive")], None, "not_judged"),
        ({}, [row("blocked")], None, "not_judged"),
        ({}, [], None, "not_selected"),
        ({"profiles": '["prod"]'}, [row("compliant")], None, "not_selected"),
        ({"accounts": '["210987654321"]'}, [row("non_compliant")], None, "not_judged"),
        ({"accounts": '["210987654321"]'}, [row("non_compliant")], "110987654321", "not_selected"),
        ({"approved_on": "2026-11-23"}, [row("non_compliant")], None, "pending"),
    ],
)
def test_the_register_says_what_became_of_each(
    tmp_path: Path, change: dict[str, str | None], rows: list[dict[str, Any]], account: str | None, state: str
) -> None:
    found = register(tmp_path, waivers(change))
    (accounted,) = found.accounted(rows, {"msh/us-east-1": Place("msh", "us-east-1", account)})
    assert accounted["state"] == state
    assert accounted["covers"] == ([{"target": "msh/us-east-1", "case": None}] if state == "used" else [])


@pytest.mark.parametrize(
    ("named", "under_test", "meant"),
    [
        ("mhs", "msh", "msh"),
        ("acme-prd", "acme-prod", "acme-prod"),
        ("acme-prod", "acme-prod-2", None),
        ("team-b", "team-a", None),
        ("app-eu", "app-au", None),
        ("prod1", "prod2", None),
        ("prod", "msh", None),
    ],
)
def test_a_profile_that_was_mistyped_is_named(
    tmp_path: Path, named: str, under_test: str, meant: str | None
) -> None:
    found = register(tmp_path, waivers({"profiles": f'["{named}"]'}))
    rows = [row("non_compliant") | {"target": "it"}]
    (accounted,) = found.accounted(rows, {"it": Place(under_test, "us-east-1", None)})
    said = meant and f"covers nothing: no target has profile {named!r}; did you mean {meant!r}?"
    assert (accounted["state"], accounted["warning"]) == ("not_selected", said)


@pytest.mark.parametrize(
    ("named", "run", "there", "warning"),
    [
        # The run selects another of the machine's own profiles.
        (["acme-prd"], ["acme-prod"], ["acme-prd", "acme-prod"], None),
        (["acme-prd"], ["acme-prod"], [], "covers nothing: no target has profile 'acme-prd'; did you mean 'acme-prod'?"),
        # One is right, and another one is not.
        (["msh", "acme-prd"], ["msh", "acme-prod"], [], "no target has profile 'acme-prd'; did you mean 'acme-prod'?"),
        (["msh", "acme-prd"], ["msh"], [], None),
        (["acme-prod", "acme-prd"], ["acme-prod"], [], None),
    ],
)  # fmt: skip
def test_a_mistyped_profile_is_told_once_and_no_other_target(
    tmp_path: Path, named: list[str], run: list[str], there: list[str], warning: str | None
) -> None:
    found = register(tmp_path, waivers({"profiles": json.dumps(named)}))
    covered = {profile: "EX-2026-014" if profile in named else None for profile in run}
    rows = [row("waived" if of else "non_compliant", of) | {"target": it} for it, of in covered.items()]
    (accounted,) = found.accounted(rows, {it: Place(it, "us-east-1", None) for it in run}, there)
    assert accounted["warning"] == warning


def test_a_waiver_that_is_not_yet_approved_covers_nothing(tmp_path: Path) -> None:
    assert register(tmp_path, waivers({"approved_on": "2026-11-23"})).about("PRF-08", None) == []


@pytest.mark.parametrize(
    ("expires", "warning"),
    [
        ("2026-12-07", None),
        ("2026-12-06", "ends in 14 days"),
        ("2026-11-23", "ends tomorrow"),
        ("2026-11-22", "ends today"),
    ],
)
def test_fourteen_days_before_its_end_it_is_a_warning(
    tmp_path: Path, expires: str, warning: str | None
) -> None:
    found = register(tmp_path, waivers({"expires": expires}))
    (accounted,) = found.accounted(
        [row("waived", "EX-2026-014")], {"msh/us-east-1": Place("msh", "us-east-1", None)}
    )
    assert accounted["warning"] == warning


PAGER = (
    'title = "The pager is set"\nextends = ["compliant"]\n'
    '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n'
)


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run in which one requirement fails and is waived by the waivers.toml here."""
    folder = tmp_path_factory.mktemp("waived")
    (folder / "pager.toml").write_text(PAGER, encoding="utf-8")
    stale = {"id": '"EX-OLD"', "requirement": '"PRF-07"'}
    (folder / "waivers.toml").write_text(waivers({}, stale), encoding="utf-8")
    return run_suite(folder, "--world", "pager.toml", "-k", "PRF-08 or PRF-07")


def test_a_waived_failure_is_xfailed_and_does_not_fail_the_run(waived: Ran) -> None:
    assert waived.code == 0, waived.text
    assert "1 xfailed" in waived.text
    document = waived.json()
    (result,) = [r for r in document["results"] if r["status"] == "waived"]
    assert result["waiver"] == {
        "id": "EX-2026-014", "approved_by": "b@example.com", "expires": "2027-01-31", "days_left": 70, "ticket": "SEC-123",
    }  # fmt: skip
    assert result["observed"] and result["remedy"]
    assert (document["verdict"], document["counts"]["waived"], document["root_causes"]) == (
        "compliant",
        1,
        [],
    )


def test_the_register_is_in_the_results_and_in_the_summary(waived: Ran) -> None:
    states = {waiver["id"]: waiver["state"] for waiver in waived.json()["waivers"]}
    assert states == {"EX-2026-014": "used", "EX-OLD": "stale"}
    assert "waivers: 1 of 2 in use" in waived.summary
    assert "EX-OLD (PRF-07) no longer matches a failure: remove it" in waived.summary


def test_a_snapshot_is_judged_with_the_waivers_of_its_own_day(waived: Ran, tmp_path: Path) -> None:
    snapshot = ["--snapshot", str(waived.reports / "evidence.json"), "-k", "PRF-08"]
    (tmp_path / "waivers.toml").write_text(waivers({"expires": "2026-11-22"}), encoding="utf-8")
    assert run_suite(tmp_path, *snapshot).json()["counts"]["waived"] == 1
    (tmp_path / "waivers.toml").write_text(waivers({"expires": "2026-11-21"}), encoding="utf-8")
    refused = run_suite(tmp_path, *snapshot)
    assert (refused.code, "expired on 2026-11-21" in refused.text) == (4, True)


def test_without_its_waiver_the_same_machine_fails(waived: Ran, tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--snapshot", str(waived.reports / "evidence.json"), "-k", "PRF-08")
    assert (ran.code, ran.json()["counts"]["non_compliant"], ran.json()["waivers"]) == (1, 1, [])


def test_a_waiver_narrowed_to_an_account_covers_that_account(tmp_path: Path) -> None:
    (tmp_path / "pager.toml").write_text(PAGER, encoding="utf-8")
    for account, code in (("210987654321", 0), ("110987654321", 1)):
        (tmp_path / "waivers.toml").write_text(waivers({"accounts": f'["{account}"]'}), encoding="utf-8")
        ran = run_suite(tmp_path, "--world", "pager.toml", "-k", "PRF-08")
        assert ran.code == code, ran.text
        assert account not in (ran.reports / "results.json").read_text(encoding="utf-8")


def test_a_waiver_covers_nothing_that_is_blocked_or_could_not_be_read(tmp_path: Path) -> None:
    world = tmp_path / "denied.toml"
    world.write_text(
        'title = "A read is denied"\nextends = ["compliant"]\n'
        '[faults."sts:GetCallerIdentity"]\ncode = "Unheard"\nmessage = "no"\nstatus = 500\n',
        encoding="utf-8",
    )
    accepted = {"requirement": '"RUN-02"', "accept_blocker": "true", "profiles": None}
    (tmp_path / "waivers.toml").write_text(waivers(accepted), encoding="utf-8")
    ran = run_suite(tmp_path, "--world", "denied.toml", "-k", "RUN-02")
    assert ran.code == 6, ran.text
    assert {result["status"] for result in ran.json()["results"]} == {"inconclusive"}
    assert [waiver["state"] for waiver in ran.json()["waivers"]] == ["not_judged"]


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["--waivers", "nowhere.toml"], None, "--waivers nowhere.toml: no such file"),
        ([], waivers({"expires": "2026-11-21"}), "waivers.toml:10: waiver[1].expires: 'EX-2026-014' expired"),
        (["--waivers", "waivers.toml", "-n", "2"], waivers({"ticket": None}), "waivers.toml:2: waiver[1].ticket: is missing"),
    ],
)  # fmt: skip
def test_a_wrong_register_stops_the_run_before_it_reads_anything(
    tmp_path: Path, arguments: list[str], text: str | None, said: str
) -> None:
    if text:
        (tmp_path / "waivers.toml").write_text(text, encoding="utf-8")
    ran = run_suite(tmp_path, *arguments)
    assert (ran.code, "Traceback" in ran.text) == (4, False), ran.text
    assert f"ERROR: {said}" in ran.text
    assert not (tmp_path / "reports").exists()


def test_workers_waive_alike(tmp_path: Path, waived: Ran) -> None:
    (tmp_path / "pager.toml").write_text(PAGER, encoding="utf-8")
    (tmp_path / "waivers.toml").write_text(waivers({}), encoding="utf-8")
    ran = run_suite(tmp_path, "--world", "pager.toml", "-k", "PRF-08", "-n", "2")
    assert (ran.code, ran.json()["counts"]["waived"]) == (0, 1)


def test_all_that_is_wrong_is_told_at_once_a_line_each(tmp_path: Path) -> None:
    text = waivers(
        {"ticket": "7", "reason": '"x"'},
        {},
        {"id": '"EX-2"', "requirement": '"PRF-88"'},
        {"id": '"EX-3"', "ticket": None},
    )
    said = [
        line.partition("waivers.toml:")[2].partition(": ")[2] for line in refusal(tmp_path, text).splitlines()
    ]
    assert [line.split(":")[0] for line in said] == [
        "waiver[1].ticket",
        "waiver[1].reason",
        "waiver[3].requirement",
        "waiver[4].ticket",
    ]
    ran = run_suite(tmp_path, "-k", "PRF-01")
    assert ran.code == 4
    assert ran.text.count("ERROR: waivers.toml:") == 4
