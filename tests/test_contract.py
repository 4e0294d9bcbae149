"""The contract, row by row, as its users meet it: command line, statuses, exit codes, files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from checks.catalogue import load
from tests.suite import ROOT, Ran, outside_aws, run_suite

EXPIRED = "tok02-expired-token"
WORKSTATION = "checks/workstation"


@pytest.fixture(scope="module")
def compliant(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The simulated compliant machine."""
    return run_suite(tmp_path_factory.mktemp("compliant"))


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The simulated machine whose SSO token has run out."""
    return run_suite(tmp_path_factory.mktemp("expired"), "--world", EXPIRED)


def test_without_options_the_simulated_compliant_machine_is_judged_and_passes(compliant: Ran) -> None:
    document = compliant.json()
    assert compliant.code == 0, compliant.text
    assert (document["verdict"], document["root_causes"]) == ("compliant", [])
    assert (document["run"]["backend"], document["run"]["world"]) == ("moto", "compliant")
    assert set(document["counts"]) - {s for s, n in document["counts"].items() if not n} <= {
        "compliant",
        "not_applicable",
    }


def test_every_requirement_has_a_result_for_every_case(compliant: Ran) -> None:
    expected = {(r.id, case) for r in load() for case in (r.cases or (None,))}
    assert {(r["requirement"], r["case"]) for r in compliant.json()["results"]} == expected


def test_simulated_runs_say_so_everywhere(compliant: Ran) -> None:
    assert "SIMULATED" in compliant.summary
    assert compliant.json()["run"]["simulated"] is True
    assert compliant.json("evidence.json")["run"]["simulated"] is True
    assert "SIMULATED" in (compliant.reports / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in (compliant.reports / "junit.xml").read_text(encoding="utf-8")


def test_results_follow_their_schema(compliant: Ran, expired: Ran) -> None:
    schema = json.loads((ROOT / "reports" / "results.schema.json").read_text(encoding="utf-8"))
    for ran in (compliant, expired):
        jsonschema.validate(ran.json(), schema)


def test_checksums_cover_every_artifact(compliant: Ran) -> None:
    lines = (compliant.reports / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    made = {file.name for file in compliant.reports.iterdir()} - {"SHA256SUMS"}
    assert {"results.json", "evidence.json", "report.html", "junit.xml"} <= made
    assert set(sums) == made
    for name, digest in sums.items():
        assert hashlib.sha256((compliant.reports / name).read_bytes()).hexdigest() == digest


def test_nothing_but_the_artifacts_is_left_behind(compliant: Ran) -> None:
    assert [entry.name for entry in compliant.reports.parent.iterdir()] == ["latest"]


def test_a_broken_machine_exits_1_and_names_one_root_cause(expired: Ran) -> None:
    document = expired.json()
    assert expired.code == 1
    assert [(c["requirement"], c["cause"]) for c in document["root_causes"]] == [("SSO-03", "TOK02")]
    cause = document["root_causes"][0]
    assert cause["blocks"] == document["counts"]["blocked"] > 20
    assert "aws sso login --profile msh" in cause["remedy"] or any(
        "aws sso login" in line for line in cause["remedy"]
    )


def test_the_terminal_ends_with_verdict_root_cause_evidence_remedy_and_reports(expired: Ran) -> None:
    cause = expired.json()["root_causes"][0]
    summary = expired.summary
    for text in (
        "NOT COMPLIANT",
        cause["title"],
        cause["observed"],
        f"blocks {cause['blocks']}",
        "report.html",
        *cause["remedy"],
    ):
        assert text in summary
    assert len(summary.splitlines()) < 24


def test_blocked_checks_are_skipped_and_name_what_blocks_them(expired: Ran) -> None:
    blocked = [r for r in expired.json()["results"] if r["status"] == "blocked"]
    assert {r["blocked_by"] for r in blocked} == {"SSO-03"}
    assert all(r["reason"] for r in blocked)


def test_a_read_that_fails_is_inconclusive_exits_6_and_names_the_action(tmp_path: Path) -> None:
    world = tmp_path / "denied.toml"
    world.write_text(
        'title = "A read is denied"\nextends = ["compliant"]\n'
        '[faults."iam:SimulatePrincipalPolicy"]\ncode = "AccessDenied"\nmessage = "no"\nstatus = 403\n',
        encoding="utf-8",
    )
    ran = run_suite(tmp_path, "--world", str(world), "-k", "IAM-01 or CLI-01")
    assert ran.code == 6, ran.text
    results = [
        r for r in ran.json()["results"] if r["requirement"] == "IAM-01" and r["status"] != "not_applicable"
    ]
    assert {(r["status"], *r["missing_actions"]) for r in results} == {
        ("inconclusive", "iam:SimulatePrincipalPolicy")
    }
    assert "this IAM action would allow it: iam:SimulatePrincipalPolicy" in ran.summary
    assert (
        run_suite(tmp_path, "--world", str(world), "-k", "IAM-01 or CLI-01", "--allow-incomplete").code == 0
    )


def test_what_lies_below_the_gate_does_not_fail_the_run_and_is_still_shown(tmp_path: Path) -> None:
    world = tmp_path / "pager.toml"
    world.write_text(
        'title = "The pager is set"\nextends = ["compliant"]\n'
        '[machine.files."~/.aws/config"]\nreplace = [["cli_pager =", "cli_pager = less"]]\n',
        encoding="utf-8",
    )
    assert run_suite(tmp_path, "--world", str(world), "-k", "PRF-08").code == 1
    gated = run_suite(tmp_path, "--world", str(world), "-k", "PRF-08", "--gate", "high")
    assert (gated.code, gated.json()["counts"]["non_compliant"], gated.json()["verdict"]) == (
        0,
        1,
        "compliant",
    )


def test_a_report_says_by_which_settings_it_was_judged(tmp_path: Path, compliant: Ran) -> None:
    """Months later the files may be others: their names, their hashes, and what each setting was."""
    account = "210987654321"
    files = {
        "compliance.toml": f'[controls]\ninvocation_logging = false\n[profile]\naccount_id = "{account}"\n',
        "waivers.toml": "schema = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    stated = {
        name: {"file": name, "sha256": hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}
        for name in files
    }
    ran = run_suite(tmp_path, "-k", "PRF-05")
    settings = ran.json()["run"]["settings"]
    assert (settings["compliance"], settings["waivers"]) == (
        stated["compliance.toml"],
        stated["waivers.toml"],
    )
    assert settings["effective"]["controls"]["invocation_logging"] is False
    assert settings["effective"]["profile"]["account_id"] == f"****{account[-4:]}"
    assert all(each["sha256"] in (ran.reports / "audit.html").read_text("utf-8") for each in stated.values())

    guides = compliant.json()["run"]["settings"]
    assert (guides["compliance"], guides["waivers"]) == (None, None)
    assert guides["effective"]["controls"]["invocation_logging"] is True

    (tmp_path / "compliance.toml").unlink()
    again = run_suite(tmp_path, "--snapshot", str(ran.reports / "evidence.json"), "-k", "PRF-05")
    assert again.json()["run"]["settings"]["compliance"] == stated["compliance.toml"]


def test_selecting_fewer_checks_makes_fewer_calls(tmp_path: Path, compliant: Ran) -> None:
    local = run_suite(tmp_path, "-k", "PRF-06 or SSO-03")
    assert local.code == 0
    assert local.json()["run"]["api_calls"] == 0 < compliant.json()["run"]["api_calls"]
    assert {reading["name"] for reading in local.json("evidence.json")["readings"]} < {
        reading["name"] for reading in compliant.json("evidence.json")["readings"]
    }


def test_no_question_is_asked_twice(compliant: Ran) -> None:
    readings = compliant.json("evidence.json")["readings"]
    asked = [
        (r["target"], r["name"], r.get("region"), r.get("by"), json.dumps(r["params"])) for r in readings
    ]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("selection", ["-m", "-k", "path"])
def test_pytests_own_selection_works(tmp_path: Path, selection: str) -> None:
    if selection == "path":
        ran = run_suite(tmp_path, checks="checks/workstation/test_cli.py")
        wanted = {"CLI-01", "CLI-02", "CLI-03"}
    else:
        ran = run_suite(tmp_path, selection, "blocker and local" if selection == "-m" else "SSO-01 or sso_02")
        wanted = (
            {r.id for r in load() if r.severity == "blocker" and r.read == "local"}
            if selection == "-m"
            else {"SSO-01", "SSO-02"}
        )
    assert {r["requirement"] for r in ran.json()["results"]} == wanted


def test_a_replay_says_everywhere_that_it_is_one_and_of_when(tmp_path: Path) -> None:
    first = run_suite(tmp_path, "--world", "cfg01-header-without-profile", "-k", "PRF")
    assert "replay of" not in f"{first.summary}{(first.reports / 'audit.html').read_text(encoding='utf-8')}"
    assert "evidence_of" not in first.json()["run"]
    recorded = first.json("evidence.json")
    # As another machine's run has it, which was none of a simulated one.
    recorded["run"].update(now="2026-11-20T08:00:00Z", backend="live", world=None, simulated=False)
    (tmp_path / "evidence.json").write_text(json.dumps(recorded), encoding="utf-8")
    again = run_suite(tmp_path, "--snapshot", "evidence.json", "-k", "PRF")
    told = "replay of evidence of 2026-11-20T08:00:00Z"
    assert f": {told}; msh/us-east-1\n" in again.text and "this machine" not in again.text
    assert f"\n{told}: nothing was read for this run\n" in again.summary
    assert "AWS calls in the recorded run" in again.summary
    verdict = next(line for line in again.summary.splitlines() if line.startswith("verdict: "))
    assert told in verdict
    assert "fix_aws_authentication.sh   (shows how: 1 of 1 root cause)" in again.summary
    assert "--apply" not in again.summary
    for page in ("audit.html", "report.html", "summary.md"):
        text = (again.reports / page).read_text(encoding="utf-8")
        assert told.partition(" ")[2] in text, page
        assert ("<strong>REPLAY</strong>" in text) is (page == "audit.html")
    assert again.json()["run"]["evidence_of"] == "2026-11-20T08:00:00Z"


def test_a_snapshot_is_judged_again_to_the_same_results(tmp_path: Path, compliant: Ran, expired: Ran) -> None:
    for ran in (compliant, expired):
        again = run_suite(tmp_path, "--snapshot", str(ran.reports / "evidence.json"))
        assert again.json()["results"] == ran.json()["results"]
        assert again.json()["root_causes"] == ran.json()["root_causes"]
        assert (again.code, again.json()["run"]["backend"]) == (ran.code, "replay")
        assert again.json()["run"]["simulated"] is True


def test_workers_give_the_same_results_and_read_each_target_once(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    alone = run_suite(tmp_path, "--region", "us-east-1", "--region", "us-west-2")
    parallel = run_suite(tmp_path / "two", "--region", "us-east-1", "--region", "us-west-2", "-n", "2")
    assert parallel.json()["results"] == alone.json()["results"]
    assert parallel.code == alone.code
    readings = parallel.json("evidence.json")["readings"]
    asked = [
        (r["target"], r["name"], r.get("region"), r.get("by"), json.dumps(r["params"], sort_keys=True))
        for r in readings
    ]
    assert len(asked) == len(set(asked))
    assert [target["id"] for target in parallel.json()["targets"]] == ["msh/us-east-1", "msh/us-west-2"]


def test_accounts_and_principals_are_masked_unless_asked_for(tmp_path: Path, compliant: Ran) -> None:
    assert compliant.json()["targets"][0]["account"] == "****4321"
    assert compliant.json()["run"]["redacted"] is True
    assert "Account IDs and principals are hidden" in (compliant.reports / "audit.html").read_text("utf-8")
    for file in compliant.reports.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "210987654321" not in text, file.name
        assert "jo@example.com" not in text, file.name
    shown = run_suite(tmp_path, "-k", "RUN-02", "--show-account-ids")
    assert shown.json()["targets"][0]["account"] == "210987654321"
    assert shown.json()["run"]["redacted"] is False
    assert "are hidden" not in (shown.reports / "audit.html").read_text("utf-8")
    assert shown.json()["targets"][0]["principal"].endswith("/jo@example.com")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--world", "complient"], "no simulated world is named 'complient'; did you mean 'compliant'?"),
        (
            ["--profile", "mhs", "--backend", "moto"],
            "--profile mhs: not in ~/.aws/config; did you mean 'msh'?",
        ),
        (["--snapshot", "nowhere.json"], "--snapshot nowhere.json: No such file or directory"),
        (["--compliance", "nowhere.toml"], "--compliance nowhere.toml: no such file"),
        (["--env-file", "nowhere.env"], "--env-file nowhere.env: no such file"),
        (
            ["--env-file", f"{ROOT}/reports/results.schema.json"],
            "no environment file: it has no line NAME=value",
        ),
        (["--world", "compliant", "--profile", "msh"], "add --backend moto, or leave --profile out"),
        (["--world", "compliant", "--snapshot", "evidence.json"], "--world goes with --backend moto"),
        (["--backend", "live"], "--backend live needs --profile NAME"),
        (["--backend", "replay"], "--backend replay needs --snapshot FILE"),
        (["--region", "us_east_1"], "--region us_east_1: not a Region; did you mean 'us-east-1'?"),
        (["--region", "us-esat-1"], "--region us-esat-1: not a Region; did you mean 'us-east-1'?"),
        (["-k", "SSO-03 or"], "Wrong expression passed to '-k': SSO-03 or"),
        (["-n", "2", "-k", "SSO-03 or"], "Wrong expression passed to '-k': SSO-03 or"),
        (["--gate", "hihg"], "--gate: invalid choice: 'hihg'"),
        (["--wrold", "compliant"], "unrecognized arguments: --wrold"),
    ],
)
def test_wrong_options_are_one_clear_line_and_exit_4(tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = run_suite(tmp_path, *arguments)
    assert (ran.code, "Traceback" in ran.text) == (4, False), ran.text
    assert said in ran.text
    assert not ran.reports.exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("AWS_REGION: us-east-1", "NAME: value, which Docker Compose and dotenv for Node read"),
        (
            'declare -x AWS_REGION="us-east-1"',
            'declare -x NAME="value", which bash reads and prints (export -p)',
        ),
        ("set -gx AWS_REGION us-east-1", "set -gx NAME value, which fish reads"),
    ],
)
def test_a_file_of_variables_that_python_dotenv_does_not_read_is_one_line(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "my.env").write_text(f"{line}\n", encoding="utf-8")
    ran = run_suite(tmp_path, "--env-file", "my.env")
    assert (ran.code, ran.reports.exists()) == (4, False)
    assert (
        f"--env-file my.env: its lines are {said} and python-dotenv does not: give it NAME=value, one a line"
        in ran.text
    )


@pytest.mark.parametrize(
    "option",
    [
        *("--profile", "--region", "--auditor-profile", "--world", "--snapshot", "--compliance"),
        *("--waivers", "--env-file", "--report-dir", "--compare", "--explain"),
    ],
)
def test_the_empty_value_of_a_shell_variable_that_is_not_set_is_refused(tmp_path: Path, option: str) -> None:
    ran = run_suite(tmp_path, option, "")
    assert (ran.code, list(tmp_path.iterdir())) == (4, [])
    assert f"error: argument {option}: its value is empty\n" in ran.text.replace("ERROR:", "error:")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-k", "SSO-03 or"], 4),
        (["nowhere"], 4),
        (["-k", "no_such_check"], 5),
        (["--fixtures"], 0),
        (["--fixtures-per-test", "-k", "CLI-01"], 0),
        (["--setup-plan", "-k", "CLI-01"], 0),
        (["--setup-only", "-k", "CLI-01"], 0),
    ],
)
def test_a_run_that_judges_nothing_says_nothing_of_the_machine(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    ran = run_suite(tmp_path, "--world", EXPIRED, *arguments)
    assert (ran.code, ran.reports.exists()) == (code, False)
    assert not [word for word in ("workstation:", "Generated html", "INCOMPLETE") if word in ran.text]


def test_a_wrong_key_in_compliance_toml_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "compliance.toml").write_text("[regions]\naproved = []\n", encoding="utf-8")
    ran = run_suite(tmp_path, "--profile", "msh", environ={"HOME": str(tmp_path), "PATH": ""})
    assert ran.code == 4
    assert "ERROR: compliance.toml:2: regions.aproved: unknown key; did you mean 'approved'?" in ran.text


def test_all_that_is_wrong_in_compliance_toml_is_told_at_once(tmp_path: Path) -> None:
    text = '[profile]\nsso_region = "us_east_1"\nregoin = "x"\n[regions]\naproved = []\n[profle]\n'
    (tmp_path / "compliance.toml").write_text(text, encoding="utf-8")
    ran = run_suite(tmp_path, "-k", "PRF-01")
    said = [line.removeprefix("ERROR: compliance.toml:") for line in ran.text.splitlines() if line]
    assert ran.code == 4
    assert [line.split(": ")[:2] for line in said] == [
        ["2", "profile.sso_region"],
        ["3", "profile.regoin"],
        ["5", "regions.aproved"],
        ["6", "profle"],
    ]


def test_a_broken_snapshot_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_text('{"schema": 1}', encoding="utf-8")
    ran = run_suite(tmp_path, "--snapshot", "evidence.json")
    assert (ran.code, "not evidence.json of bedrock-preflight: must contain" in ran.text) == (4, True)


@pytest.mark.parametrize("plugin", ["html", "terminal"])
def test_the_suite_runs_without_a_plugin_that_somebody_leaves_out(tmp_path: Path, plugin: str) -> None:
    ran = run_suite(tmp_path, "-k", "CLI-01", "-p", f"no:{plugin}")
    assert (ran.code, ran.json()["verdict"], "INTERNALERROR" in ran.text) == (0, "compliant", False)


def test_of_fixtures_those_of_other_plugins_alone_are_set_up_for_a_check(tmp_path: Path) -> None:
    (tmp_path / "watching.py").write_text(
        "import pytest\n"
        "set_up = set()\n"
        "@pytest.fixture(autouse=True)\n"
        "def theirs(request, settings):\n"
        "    assert request.node.name and settings.models\n"
        "def pytest_fixture_setup(fixturedef):\n"
        "    set_up.add(fixturedef.argname)\n"
        "def pytest_unconfigure():\n"
        "    print('set up:', *sorted(set_up))\n"
    )
    environ = {**outside_aws(), "PYTHONPATH": str(tmp_path)}
    ran = run_suite(tmp_path, "-k", "PRF_01 or PRF_02", "-p", "watching", environ=environ)
    assert ran.code == 0, ran.text
    # What is judged needs none: theirs asks for the settings, and through them for the run.
    assert "set up: run settings theirs\n" in ran.text


def test_what_goes_wrong_while_a_check_is_judged_is_an_error_of_it_and_what_it_prints_is_captured(
    tmp_path: Path,
) -> None:
    (tmp_path / "loud.py").write_text(
        "from checks.judgement import Docket\n"
        "from fixtures.engine import Undeclared\n"
        "judge, raised = Docket.judge, []\n"
        "def once(self, identifier, case):\n"
        "    if identifier == 'PRF-07' and not raised:\n"
        "        print('printed')\n"
        "        raised.append(1)\n"
        "        raise Undeclared('asks for more')\n"
        "    return judge(self, identifier, case)\n"
        "Docket.judge = once\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    assert item.funcargs is not None\n"
    )
    environ = {**outside_aws(), "PYTHONPATH": str(tmp_path)}
    ran = run_suite(tmp_path, "-k", "PRF-07 or SSO-03", "--json", "-p", "loud", environ=environ)
    answer = json.loads(ran.text)
    assert (ran.code, answer["verdict"]) == (6, "incomplete")
    assert [row["status"] for row in ran.json()["results"]] == ["inconclusive", "compliant"]


def test_selecting_nothing_exits_5(tmp_path: Path) -> None:
    assert run_suite(tmp_path, "-k", "no_such_check").code == 5


def test_collecting_reads_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--collect-only", "-q")
    assert (ran.code, ran.reports.exists()) == (0, False)
    assert "test_token" in ran.text


def test_the_simulated_worlds_are_listed_in_80_columns_and_filtered_by_k(tmp_path: Path) -> None:
    environ = {**outside_aws(), "COLUMNS": "80"}
    ran = run_suite(tmp_path, "--list-worlds", environ=environ)
    worlds = sorted(file.stem for file in (ROOT / "fixtures" / "worlds").glob("*.toml"))
    *lines, blank, last = ran.text.splitlines()
    assert (ran.code, blank, last) == (0, "", f"{len(worlds)} of {len(worlds)} worlds")
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == worlds
    assert max(map(len, lines)) <= 80
    *some, blank, last = run_suite(
        tmp_path, "--list-worlds", "-k", "TOK02 token", environ=environ
    ).text.splitlines()
    names = [line for line in some if not line.startswith(" ")]
    assert "tok02-expired-token" in {line.split()[0] for line in names}
    assert all("tok02" in line for line in names)
    assert last == f"{len(names)} of {len(worlds)} worlds have 'TOK02 token' in name or title"
    none = run_suite(tmp_path, "--list-worlds", "-k", "tok02 zebra")
    assert (none.code, "ERROR: --list-worlds -k tok02 zebra: no world has this" in none.text) == (4, True)


def test_the_earlier_report_stays_whole_where_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    first = run_suite(tmp_path, "-k", "CLI-01")
    before = first.json()
    refused = run_suite(tmp_path, "--world", "complient")
    assert (refused.code, first.json()) == (4, before)


def test_a_run_in_which_something_else_failed_never_exits_0(tmp_path: Path) -> None:
    other = tmp_path / "test_other.py"
    other.write_text("def test_fails():\n    assert 1 == 2\n", encoding="utf-8")
    failed = run_suite(tmp_path, str(other), "-k", "PRF-02 or test_fails")
    assert (failed.code, failed.json()["verdict"]) == (1, "compliant")
    other.write_text("import no_such_module\n", encoding="utf-8")
    assert run_suite(tmp_path, str(other), "-k", "PRF-02", "--continue-on-collection-errors").code == 1


def test_what_a_known_failure_blocks_is_not_allowed_as_incomplete(tmp_path: Path) -> None:
    assert run_suite(tmp_path, "--world", EXPIRED, "-k", "RUN-02", "--allow-incomplete").code == 6


def test_a_run_that_stopped_early_is_not_allowed_as_incomplete(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--world", EXPIRED, "-x", "--allow-incomplete", "-k", "SSO")
    assert ran.code not in {0, 6}


PROGRAMS = """
title = "An application with a library that does not get what the profile gets"
extends = ["ok-programs-that-agree"]
[machine.files."./package.json"]
text = '{"dependencies": {"@ai-sdk/amazon-bedrock": "*"}}'
"""


def test_whatever_is_selected_the_program_in_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "programs.toml").write_text(PROGRAMS, encoding="utf-8")
    named = "vercel-ai (./package.json line 1): fails"
    seen = {}
    for chosen in ((), ("-m", "local"), ("-k", "not ENV-11"), ("-k", "PRF-01")):
        ran = run_suite(tmp_path, "--world", "programs.toml", *chosen, checks=WORKSTATION)
        assert ran.code == 0, ran.text
        read = {reading["name"] for reading in ran.json("evidence.json")["readings"]}
        seen[chosen] = named in ran.summary, "programs.in-use" in read
        assert ("none of these checks asks AWS" in ran.summary) is (chosen[1:] in [("local",), ("PRF-01",)])
    # Too few files are read for a table, and nobody looks for programs.
    assert seen.pop(("-k", "PRF-01")) == (False, False)
    assert {*seen.values()} == {(True, True)}


SELECTED = "AWS_PROFILE=prod is set, and was not judged: --profile prod judges this machine"


@pytest.mark.parametrize(
    ("profile", "options", "said"),
    [
        ("prod", (), True),
        ("prod", ("-q",), True),
        ("prod", ("--json",), True),
        # Whoever names a simulated machine means it.
        ("prod", ("--world", "compliant"), False),
        ("prod", ("--backend", "moto"), False),
        (" ", (), False),
        (None, (), False),
    ],
)
def test_the_profile_that_the_shell_selects_is_not_taken_for_the_simulated_one(
    tmp_path: Path, profile: str | None, options: tuple[str, ...], said: bool
) -> None:
    environ = outside_aws() | ({} if profile is None else {"AWS_PROFILE": profile})
    ran = run_suite(tmp_path, "-k", "PRF-01", *options, environ=environ)
    assert (ran.code, ran.json()["run"]["backend"]) == (0, "moto")
    assert (SELECTED in ran.text) is said
    assert ("AWS_PROFILE=" in ran.text) is said
    if options == ("--json",):
        assert json.loads(ran.text)["conditions"][:2] == ["SIMULATED: world 'compliant'", SELECTED]


CORP = "[sso-session corp]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def of_sso(*names: str) -> str:
    return CORP + "".join(f"[profile {name}]\nsso_session = corp\n" for name in names)


@pytest.mark.parametrize(
    ("config", "environ", "said"),
    [
        (None, KEYS, "AWS_ACCESS_KEY_ID is set, and was not judged: --profile default judges this machine"),
        (
            of_sso("msh"),
            KEYS,
            "AWS_ACCESS_KEY_ID is set, and was not judged: --profile default --environment ci judges this machine",
        ),
        (
            None,
            {"AWS_BEARER_TOKEN_BEDROCK": "ABSKsecretsecret"},
            "AWS_BEARER_TOKEN_BEDROCK is set, and was not judged: --profile default judges this machine",
        ),
        # The one without the other is no credentials, and the SDKs pass over nothing.
        (None, {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": " "}, ""),
        (of_sso("msh"), {}, "SSO profile msh in ~/.aws/config was not judged: --profile msh judges this machine"),
        (
            of_sso("a", "b", "c", "d", "e"),
            {},
            "SSO profiles a, b, c and 2 more in ~/.aws/config were not judged: --profile a judges this machine",
        ),
        ("[profile plain]\nregion = us-east-1\n", {}, ""),
        (
            of_sso("acme-prod"),
            {"AWS_PROFILE": "acme-prd"},
            "AWS_PROFILE=acme-prd is set, and was not judged: no profile in ~/.aws/config is called so; "
            "did you mean 'acme-prod'?",
        ),
        (
            of_sso("acme-prod"),
            {"AWS_PROFILE": "acme-prod"},
            "AWS_PROFILE=acme-prod is set, and was not judged: --profile acme-prod judges this machine",
        ),
        ("\x00[[[\n= \n" * 10, {}, ""),
        (of_sso("msh") + "#" * 70_000, {}, ""),
    ],
)  # fmt: skip
def test_what_this_machine_has_is_not_taken_for_the_simulated_one(
    tmp_path: Path, config: str | None, environ: dict[str, str], said: str
) -> None:
    (tmp_path / ".aws").mkdir()
    if config is not None:
        (tmp_path / ".aws" / "config").write_text(config, encoding="utf-8")
    given = {**environ, "HOME": str(tmp_path), "PATH": ""}
    ran = run_suite(tmp_path, "-k", "PRF-01", environ=given)
    assert ran.code == 0, ran.text
    told = [line for line in ran.text.splitlines() if "judged: " in line]
    assert told == ([said] if said else [])
    assert not [
        value
        for name, value in environ.items()
        if name != "AWS_PROFILE" and value.strip() and value in ran.text
    ]


def test_without_a_folder_the_checkout_runs_its_checks_and_not_its_tests() -> None:
    for chosen, code in (
        (("--collect-only", "-q", "-k", "PRF_02"), 0),
        (("--compliance", "nowhere.toml"), 4),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *chosen],
            cwd=ROOT,
            env=outside_aws(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "tests/" not in done.stdout
        assert ("checks/workstation/test_profile.py::" in done.stdout) is (code == 0)
        assert ("--compliance nowhere.toml: no such file" in done.stderr) is (code == 4)
