"""The last screen: what to mend first, in the rows of a window, and never a green word without its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reports.conditions import headline
from reports.screen import ROWS, WIDTH, Row, first_step, height, is_command, pasted, screen
from reports.terminal import summarise
from tests.harness import verdict_on
from tests.report_material import TAIL, alike

WORLDS = (
    "compliant",
    "enterprise",
    "tok02-expired-token",
    "ent-lpr-04-managed-full-access",
    "iam01-no-bedrock-policy",
)


def document(world: str, targets: int = 1, **run: Any) -> dict[str, Any]:
    """results.json of the world, for so many targets alike."""
    return alike(verdict_on(world).document, world, targets, **run)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("targets", [1, 2, 4, 24, 25])
def test_any_run_fits_a_window_and_ends_with_verdict_and_first_command(world: str, targets: int) -> None:
    told = document(world, targets)
    rows = screen(told, TAIL)
    assert height(rows) <= ROWS, [row.text for row in rows]
    verdict = next(row.text for row in reversed(rows) if row.text.startswith("verdict: "))
    assert verdict == f"verdict: {headline(told)}"
    page = "audit.html" if targets < 25 else "fleet.html"
    step = first_step(told["root_causes"][0]["remedy"], page) if told["root_causes"] else None
    end = " ".join(row.text.strip() for row in rows[[row.text for row in rows].index(verdict) :])
    assert end == (f"{verdict} first: {step}" if step else verdict)
    for cause in told["root_causes"][:1]:
        assert any(cause["title"] in row.text for row in rows)
    if targets > 4:
        others = len(told["root_causes"]) // targets
        having = f" with {others} root cause{'' if others == 1 else 's'}" if others else ""
        (row,) = [row.text for row in rows if row.text.startswith(f"and {targets - 4} other targets")]
        assert row.startswith(f"and {targets - 4} other targets{having}, in {page}")
        assert row.endswith(", …") if others else row.endswith(page)


WARNED = [Row(f"  EX-{number} ends soon" + " and so on" * 9, {"yellow": True}) for number in range(3)]


@pytest.mark.parametrize(
    "world", ["guide-as-written", "mod02-dead-model-exported", "run-05-region-without-claude"]
)
@pytest.mark.parametrize("targets", [2, 3, 4, 5])
@pytest.mark.parametrize("tail", [TAIL, [*TAIL, *WARNED]])
def test_no_target_loses_its_root_causes_without_a_word(world: str, targets: int, tail: list[Row]) -> None:
    told = document(world, targets)
    rows = [row.text for row in screen(told, tail)]
    assert "verdict: NOT COMPLIANT" in rows
    for target in told["targets"][:4]:
        (head,) = [
            number for number, row in enumerate(rows) if row.startswith(f"{target['id']}: NOT COMPLIANT")
        ]
        causes = [cause for cause in told["root_causes"] if cause["target"] == target["id"]]
        assert len(causes) > 1
        assert causes[0]["title"] in rows[head + 1]
        end = next(n for n, row in enumerate([*rows, ""]) if n > head and not row.startswith("  "))
        block = "\n".join(rows[head:end])
        shown = [cause for number, cause in enumerate(causes, 1) if f"  {number}. {cause['title']}" in block]
        left = len(causes) - len(shown)
        assert (f"  and {left} more" in block) is bool(left), block
        assert not left or "in audit.html: " in block.rpartition(f"and {left} more")[2]


@pytest.mark.parametrize(
    ("remedy", "says"),
    [
        (
            [
                "# add this:",
                '# {"Resource": "arn:aws:bedrock:us-east-1:****4321:x"}',
                '# {"Resource": "****4321"}',
            ],
            1,
        ),
        (["# add this:", '# {"Resource": "arn:aws:bedrock:us-east-1:123456784321:x"}'], 0),
        (["# ask an administrator of account ****4321", "aws sso login"], 0),
    ],
)
def test_beside_a_policy_without_whole_account_ids_it_is_said_once_what_writes_them(
    remedy: list[str], says: int
) -> None:
    told = document("tok02-expired-token")
    causes = [{**told["root_causes"][0], "remedy": remedy}]
    for piped in (False, True):
        rows = [row.text for row in screen({**told, "root_causes": causes}, TAIL, piped=piped)]
        assert sum("--show-account-ids" in row for row in rows) == says


def test_a_blocker_is_never_left_out_while_what_is_less_has_a_line() -> None:
    told = document("guide-as-written")
    one = told["root_causes"][0]
    severities = ["high", *["medium"] * 30, "blocker", *["medium"] * 5, "blocker"]
    causes = [
        {**one, "case": None, "cause": None, "requirement": f"GOV-{number:02}", "severity": severity}
        for number, severity in enumerate(severities, 1)
    ]
    rows = [row.text for row in screen({**told, "root_causes": causes}, TAIL)]
    numbers = [int(row.split(".")[0]) for row in rows if row[:2] == "  " and row.lstrip()[:1].isdigit()]
    assert len(numbers) < len(causes) and {1, 32, 38} < {*numbers} and 2 in numbers
    assert numbers == sorted(numbers), "in the order of the root causes"
    (left,) = [row for row in rows if row.startswith(f"  and {len(causes) - len(numbers)} more")]
    assert "GOV-32" not in left and "GOV-38" not in left


def test_what_was_not_evaluated_is_counted_where_there_is_no_room_for_it() -> None:
    told = document("guide-as-written", 4)
    unread = sum(result["status"] == "inconclusive" for result in told["results"]) // 4
    rows = [row.text for row in screen(told, TAIL)]
    assert unread
    assert (
        sum(
            f"{unread} not evaluated, in audit.html" in row or row == f"  not evaluated: {unread}"
            for row in rows
        )
        == 4
    )


def test_why_something_was_not_evaluated_is_not_cut_and_each_action_is_named_once() -> None:
    told = document("compliant")
    reasons = [
        "nobody says which model is called: " + "there is no file, and no setting either; " * 4,
        "b",
        "c",
        "d",
        "e",
    ]
    actions = [[], ["iam:GetRole"], ["iam:GetPolicy"], ["iam:ListRoles"], ["iam:ListUsers", "iam:GetUser"]]
    for result, reason, missing in zip(told["results"], reasons, actions, strict=False):
        result |= {"status": "inconclusive", "reason": reason, "missing_actions": missing}
    text = "\n".join(row.text for row in screen(told, TAIL))
    assert " ".join(reasons[0].split()) in text
    assert "and 2 reasons more, in audit.html" in text
    assert [text.count(f"would allow it: {' '.join(each)}") for each in actions[1:4]] == [1, 1, 0]
    assert "these IAM actions would allow it: iam:GetUser, iam:ListRoles, iam:ListUsers" in text


def test_what_keeps_a_target_from_being_judged_is_said_beside_a_long_remedy_of_another() -> None:
    told = document("ent-log-08-off", 3)
    name = "msh1/us-east-1"
    told["targets"][1] |= {"verdict": "incomplete", "scopes": {}}
    told["root_causes"] = [cause for cause in told["root_causes"] if cause["target"] != name]
    told["root_causes"][0]["remedy"] = [f"aws {'x' * 230}"] * 6
    for result in told["results"]:
        if result["target"] == name:
            result |= {
                "status": "inconclusive",
                "missing_actions": [],
                "reason": "let in by auditor-role.yaml",
            }
    rows = screen(told, TAIL)
    assert height(rows) <= ROWS
    block = [row.text for row in rows]
    block = block[block.index(f"{name}: INCOMPLETE") :]
    assert block[1].startswith("  not evaluated: ")
    assert (
        block[3] == "     auditor-role.yaml, beside the reports, lets the auditor in: create a StackSet of it"
    )


def test_of_a_fleet_those_that_are_not_shown_are_named_where_they_are_not_compliant() -> None:
    told = document("tok02-expired-token", 6)
    told["targets"][5]["verdict"] = "compliant"
    told["root_causes"] = [cause for cause in told["root_causes"] if cause["target"] != "msh5/us-east-1"]
    assert "and 2 other targets with 1 root cause, in audit.html: msh4/us-east-1" in [
        row.text for row in screen(told, TAIL)
    ]


def test_what_is_first_is_of_the_target_that_stands_first() -> None:
    light, grave = document("prf-08-pager-left-out"), document("tok02-expired-token", 2)
    name = "msh1/us-east-1"
    mixed = {
        **grave,
        "root_causes": [*light["root_causes"], *(c for c in grave["root_causes"] if c["target"] == name)],
        "results": [*light["results"], *(r for r in grave["results"] if r["target"] == name)],
    }
    rows = [row.text for row in screen(mixed, TAIL)]
    assert rows[1].startswith(f"{name}: NOT COMPLIANT")
    assert rows[-1] == "first: aws sso login --profile msh"


def test_who_called_is_said_once_where_all_targets_have_one_caller() -> None:
    rows = [row.text for row in screen(document("iam01-no-bedrock-policy", 3), TAIL)]
    assert [", as " in row for row in rows if row.startswith("msh")] == [True, False, False]
    assert rows[1].endswith(
        ", as arn:aws:sts::****4321:assumed-role/AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd/****"
    ) or (rows[1].endswith(", as assumed-role/AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd/****"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("  1. A title that goes on, and on, PRF-03", ["  1. A title that", "     goes on, and on,", "     PRF-03"]),
        ("     seen   it is so, and so", ["     seen   it is so,", "            and so"]),
        ("     mend   # edit it, and so on", ["     mend   # edit", "            # it, and", "            # so on"]),
        ("            # edit it, and so on", ["            # edit", "            # it, and", "            # so on"]),
        ("            rem edit it, and", ["            rem edit", "            rem it,", "            rem and"]),
        ("first: edit it, and so on", ["first: edit it, and", "  so on"]),
        ("  and 3 more, in audit.html", ["  and 3 more, in", "    audit.html"]),
        ("     seen   arn:aws:sts::111122223333:assumed-role", ["     seen   arn:aws:sts::111122223333:assumed-role"]),
        ("short", ["short"]),
    ],
)  # fmt: skip
def test_prose_is_broken_between_words_and_stays_what_it_was(text: str, lines: list[str]) -> None:
    assert Row(text).lines(21) == lines
    assert Row(text, command=True).lines(21) == [text]


def _behind(told: dict[str, Any], tail: list[Row], *, piped: bool = False) -> dict[str, list[str]]:
    """The rows below each root cause behind the first, of one target."""
    rows = [row.text for row in screen(told, tail, piped=piped)]
    assert height(screen(told, tail)) <= ROWS
    found: dict[str, list[str]] = {}
    for row in rows:
        if row[:2] == "  " and row.lstrip()[:1].isdigit():
            found[row.split(".")[0].strip()] = below = []
        elif row.startswith("     ") and found:
            below.append(row.strip())
        elif found:
            break
    return {number: below for number, below in found.items() if number != "1"}


def test_each_root_cause_behind_the_first_says_how_it_begins_to_be_mended() -> None:
    told = document("guide-as-written")
    told["root_causes"][3]["remedy"] = [f"# edit policy Bedrock: {{{'x' * 300}}}"]
    remedies = {str(number): cause["remedy"] for number, cause in enumerate(told["root_causes"], 1)}
    piped = _behind(told, TAIL, piped=True)
    assert piped["2"] == [f"mend   {remedies['2'][0]}", remedies["2"][1]]
    assert piped["3"] == [f"mend   {remedies['3'][0]}"]
    assert piped["4"] == ["mend   # edit policy Bedrock: see audit.html"], "a statement too long for a row"
    for more in range(8):
        shown = _behind(told, [*TAIL, *[Row("more")] * more])
        for number, below in shown.items():
            place = f"mend   {remedies[number][0].partition(':')[0]}: see audit.html"
            assert below in ([], [place], piped[number]), "whole, or where it is, and nothing cut"
        assert more > 4 or (shown["2"] and shown["3"])


def test_what_mends_the_others_takes_no_row_of_another_target() -> None:
    for targets in (2, 3, 4):
        told = document("guide-as-written", targets)
        rows = [row.text for row in screen(told, TAIL)]
        heads = [target["id"] for target in told["targets"]]
        assert [row.split(":")[0] for row in rows if row.split(":")[0] in heads] == heads
        piped = [row.text for row in screen(told, TAIL, piped=True)]
        said = [row for row in piped if row.startswith("     mend   ")]
        assert said and len(said) == len(set(said)), "what two targets have in common is mended once"
        assert height(screen(told, TAIL)) <= ROWS


def test_a_code_stands_behind_a_comma_however_short_the_line_is() -> None:
    told = document("guide-as-written")
    for rows in (0, 6, 12):
        causes = [row.text for row in screen(told, [*TAIL, *[Row("more")] * rows]) if ". " in row.text[:6]]
        assert causes
        for row, cause in zip(causes, told["root_causes"], strict=False):
            assert (
                f", {cause['requirement']}" in row and ".  " not in row and cause["title"] + "  " not in row
            )


def test_a_long_remedy_is_whole_where_there_is_room_for_it() -> None:
    told = document("iam01-no-bedrock-policy")
    remedy = ["# somebody adds this statement:", f"# {'{}' * 5 * WIDTH}", "# proven: it allows all of it"]
    told["root_causes"][0]["remedy"] = remedy
    rows = [row.text for row in screen(told, TAIL)]
    assert all(any(row.endswith(each) for row in rows) for each in remedy)
    assert not any("more of it" in row for row in rows)


def test_of_a_long_title_and_case_what_it_is_behind_is_not_cut() -> None:
    told = document("iam01-no-bedrock-policy")
    first = told["root_causes"][0]
    first["title"] = "A title " * 30
    rows = [row.text for row in screen(told, TAIL)]
    code = f", blocker (explains {first['explains']}, blocks {first['blocks']})"
    assert any(row.startswith("  1. A title ") and row.endswith(code) for row in rows)


def test_of_an_instruction_and_its_command_the_command_has_a_line_of_its_own() -> None:
    rows = [row.text for row in screen(document("net02-tls-inspection"), TAIL)]
    assert rows[-2].startswith("first: get the authority's certificates from IT")
    assert rows[-1] == "       export AWS_CA_BUNDLE=~/.aws/ca-bundle.pem"


@pytest.mark.parametrize("world", [*WORLDS, "guide-as-written", "ent-log-12-bucket-is-open"])
def test_no_command_of_the_screen_is_broken(world: str) -> None:
    told = document(world)
    for row in screen(told, TAIL):
        if any(
            row.text.endswith(each)
            for cause in told["root_causes"]
            for each in cause["remedy"]
            if is_command(each)
        ):
            assert row.lines(40) == [row.text]


def test_what_is_piped_is_not_cut() -> None:
    told = document("iam01-no-bedrock-policy")
    long = {
        **told["root_causes"][0],
        "title": "A title that goes on " + "and on " * 30,
        "observed": "seen " * 100,
    }
    told["root_causes"] = [{**long, "requirement": f"IAM-0{number}"} for number in range(1, 6)]
    for piped in (True, False):
        whole = [row.text for row in screen(told, TAIL, piped=piped)]
        titled = [row for row in whole if "A title that goes on" in row]
        assert len(titled) == 5
        assert all((f"{long['title'].strip()}, IAM-0" in row) is piped for row in titled[1:])
        assert any(long["observed"].strip() in row for row in whole) is piped


@pytest.mark.parametrize(
    ("remedy", "step"),
    [
        (["aws sso login --profile msh"], "aws sso login --profile msh"),
        (["# edit ~/.aws/config line 6: write [profile msh]", "aws sts get-caller-identity"],
         "edit ~/.aws/config line 6: write [profile msh]"),
        (["rem edit it"], "edit it"),
        (["# whoever may, shows it:", "aws sts get-caller-identity"], "whoever may, shows it: aws sts get-caller-identity"),
        (["# edit it, then:", "aws sso login"], "edit it, then: aws sso login"),
        (["# edit it, then:", "x" * 230], "edit it"),
        (["# in the file write:", "# a line"], "in the file write: see audit.html"),
        (["# somebody adds this statement:", "# {}"], "somebody adds this statement: see audit.html"),
        (["# name another; all that there are:", "x" * 230], "name another"),
        (["# opens it and submits the form,", "# or another does; this shows the state:", "x" * 230],
         "opens it and submits the form, or another does"),
        (["# keep one side, and delete the other's and the", "# marker lines: line 10"],
         "keep one side, and delete the other's and the marker lines: line 10"),
        (["# edit it: line 7", "# edit it: line 8"], "edit it: line 7"),
        (["# write [profile msh]", "# then delete the keys"], "write [profile msh]"),
        (["# do this; " + "x" * 230], "do this"),
        (["aws " + "x" * 150], "aws " + "x" * 150),
        (["aws " + "x" * 230], None),
        (["aws sso login --profile <name>", "# then edit it"], None),
        (["# " + "x" * 240, "aws sso login"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_first_step_is_how_the_remedy_begins(remedy: list[str], step: str | None) -> None:
    assert first_step(remedy, "audit.html") == step


@pytest.mark.parametrize(
    ("world", "begins"),
    [
        ("tok02-expired-token", "first: aws sso login"),
        (
            "cfg02-stale-keys-pre-empt-sso",
            "first: edit ~/.aws/config line 6: write the header as [profile msh]",
        ),
        ("cfg16-region-of-bedrock-for-the-portals", "first: edit ~/.aws/config line "),
        ("tok06-no-refresh-token", "first: edit ~/.aws/config line "),
    ],
)
def test_the_last_line_is_the_first_thing_to_do(world: str, begins: str) -> None:
    rows = [row.text for row in screen(document(world), TAIL)]
    last = rows[rows.index("verdict: NOT COMPLIANT") + 1 :]
    assert last[0].startswith(begins)
    assert len(last) == (2 if last[0].endswith(":") else 1)


def words(**changes: Any) -> str:
    told = document("compliant")
    run: Mapping[str, Any] = {**told["run"], "simulated": False, **changes}
    return headline({**told, "run": run})


def test_no_green_word_stands_without_its_conditions() -> None:
    whole = {"selected": {"requirements": 129, "of": 129}, "gate": "low"}
    assert words(**whole) == "compliant"
    assert (
        words(**{**whole, "selected": {"requirements": 7, "of": 129}})
        == "PARTIAL, 7 of 129 requirements: compliant"
    )
    assert words(**{**whole, "gate": "blocker"}) == "passes gate blocker"


def test_a_waiver_a_finding_below_the_gate_and_a_scope_are_said() -> None:
    told = document("compliant", gate="blocker")
    told["run"] |= {"simulated": False, "selected": {"requirements": 129, "of": 129}}
    low = next(row for row in told["results"] if row["severity"] != "blocker")
    below = {**told, "results": [{**low, "status": "non_compliant"}, *told["results"]]}
    assert headline(below) == "passes gate blocker; 1 finding below it"
    waived = {**told["results"][0], "status": "waived", "severity": "blocker", "waiver": {"id": "EX-1"}}
    told["run"]["gate"] = "low"
    assert headline({**told, "results": [waived, *told["results"][1:]]}) == "compliant with 1 waiver: EX-1"
    scope = [row for row in told["results"] if row["scope"] == "enterprise"]
    told["run"]["selected"] = {"requirements": len({row["requirement"] for row in scope}), "of": 129}
    assert headline({**told, "results": scope}) == "enterprise scope: compliant"


def test_a_command_that_would_not_run_is_prose() -> None:
    assert pasted("aws sso login --profile msh") == "aws sso login --profile msh"
    hidden = "aws cloudtrail start-logging --name arn:aws:cloudtrail:us-east-1:****4321:trail/x"
    assert pasted(hidden) == f"# with --show-account-ids: {hidden}"
    assert not is_command(hidden)
    assert not is_command("aws sns list-subscriptions-by-topic --topic-arn <topic-arn>")


class Terminal:
    """As much of pytest's terminal reporter as the summary is written to."""

    def __init__(self, *, isatty: bool) -> None:
        self.isatty = isatty
        self.lines: list[str] = []

    def section(self, title: str, **style: bool) -> None:
        self.lines.append(title)

    def write_line(self, text: str, **style: bool) -> None:
        self.lines.append(text)


@pytest.mark.parametrize(
    ("targets", "page"), [(24, "audit.html; report.html"), (25, "fleet.html; target-*.html, report.html")]
)
def test_the_reports_that_are_named_are_those_that_were_written(targets: int, page: str) -> None:
    told = {**document("tok02-expired-token", targets, api_calls=0), "waivers": [], "comparison": None}
    terminal = Terminal(isatty=False)
    summarise(terminal, told, Path("reports/latest"), None)  # type: ignore[arg-type]
    assert any(
        line.startswith(f"reports: {Path('reports/latest') / page}, results.json") for line in terminal.lines
    )


def test_a_window_gets_whole_words_and_a_pipe_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    told = {**document("net02-tls-inspection", api_calls=0), "waivers": [], "comparison": None}
    window, pipe = Terminal(isatty=True), Terminal(isatty=False)
    for each in (window, pipe):
        summarise(each, told, Path("reports/latest"), None)  # type: ignore[arg-type]
    assert max(map(len, pipe.lines)) > 100
    assert all(len(line) <= 70 for line in window.lines)
    assert "       export AWS_CA_BUNDLE=~/.aws/ca-bundle.pem" in window.lines
    assert " ".join(" ".join(window.lines).replace("# ", "").split()) == " ".join(
        " ".join(pipe.lines).replace("# ", "").split()
    )
