"""Root causes of several targets: what they have in common stands once, with its targets, and why one counts for more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reports.causes import common, joined, most_wanted, why_graver
from tests.formats import text_of
from tests.harness import verdict_on
from tests.pages import Page
from tests.suite import Ran, run_suite

WHY = "PRF-08 alone is low; as it explains FIX-01, this root cause counts as medium"


def cause(target: str, **changes: Any) -> dict[str, Any]:
    return {
        "target": target, "requirement": "SSO-03", "case": None, "cause": "TOK02", "severity": "blocker", "explains": 1,
        "blocks": 60, "title": "The token has expired", "observed": "it ended", "remedy": ["aws sso login"], **changes,
    }  # fmt: skip


def test_one_cause_with_one_remedy_is_one_entry_that_names_its_targets() -> None:
    (one,) = joined([cause("msh/us-east-1"), cause("msh/us-west-2", blocks=40, explains=0)])
    assert one.targets == ["msh/us-east-1", "msh/us-west-2"]
    assert one.seen == [("it ended", ["msh/us-east-1", "msh/us-west-2"])]
    assert (one.as_one()["blocks"], one.as_one()["explains"]) == (100, 1)


def test_what_was_seen_is_told_of_each_target_in_which_it_was() -> None:
    (one,) = joined([cause("a"), cause("b", observed="it ended before"), cause("c")])
    assert one.seen == [("it ended", ["a", "c"]), ("it ended before", ["b"])]


@pytest.mark.parametrize(
    "other",
    [
        {"remedy": ["aws sso login --profile prod"]}, {"cause": "TOK07"}, {"case": "sso_region"}, {"title": "It is another"},
        {"requirement": "SSO-01"},
    ],
)  # fmt: skip
def test_what_is_mended_otherwise_or_is_something_else_stands_for_itself(other: dict[str, Any]) -> None:
    assert [one.targets for one in joined([cause("a"), cause("b", **other)])] == [["a"], ["b"]]


def test_where_there_is_no_room_for_all_the_first_is_named_and_then_the_gravest() -> None:
    causes = [cause("a", severity=each) for each in ("high", "medium", "low", "blocker", "medium")]
    assert most_wanted(causes) == [0, 3, 1, 4, 2]
    assert most_wanted([]) == []


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        (
            ["cli_pager of profile msh is not so", "cli_pager of profile prod is not so"],
            "cli_pager of the profile is not so",
        ),
        (["Profile msh has no region", "Profile prod has no region"], "The profile has no region"),
        (["There is no profile msh here", "There is no profile prod here"], "There is no such profile here"),
        (["AWS_PROFILE is not msh", "AWS_PROFILE is not prod"], "AWS_PROFILE is not the profile"),
        (["No trail covers us-east-1", "No trail covers eu-west-1"], "No trail covers the Region"),
        # One text for all is right as it is, and a longer name is another one's.
        (["profile msh-old wins", "profile msh-old wins"], "profile msh-old wins"),
        (["profile msh-old wins", "profile prod wins"], "profile msh-old wins; the profile wins"),
    ],
)
def test_a_cause_of_several_targets_names_none_of_them_for_all(titles: list[str], told: str) -> None:
    targets = ("msh/us-east-1", "prod/eu-west-1~2")
    (one,) = common([cause(target, title=title) for target, title in zip(targets, titles, strict=True)])
    assert (one.title, len(one.targets)) == (told, 2)


def test_of_several_the_gravest_stands_for_all() -> None:
    (one,) = joined([cause("a", severity="high"), cause("b", severity="blocker"), cause("c", severity="low")])
    assert one.as_one()["severity"] == "blocker"


def test_why_a_root_cause_counts_for_more_than_its_result_is_said_and_only_there() -> None:
    told = verdict_on("prf-08-pager-left-out").document
    assert [why_graver(each, told["results"]) for each in told["root_causes"]] == [WHY]
    told = verdict_on("tok02-expired-token").document
    assert [why_graver(each, told["results"]) for each in told["root_causes"]] == [""]
    # Where its own check was not selected, the guide says what it is.
    pager = cause("a", requirement="PRF-08", severity="medium")
    assert why_graver(pager, []) == WHY.replace("as it explains FIX-01", "with what it explains")
    # One of a report of before root causes had a severity.
    assert why_graver({key: text for key, text in pager.items() if key != "severity"}, []) == ""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    regions = ["--region", "us-east-1", "--region", "us-west-2"]
    folder = tmp_path_factory.mktemp("two")
    return run_suite(folder, "--world", "prf-08-pager-left-out", *regions, "-k", "PRF-08 or FIX-01")


@pytest.mark.parametrize("name", ["audit.html", "report.html"])
def test_a_page_of_two_targets_has_their_common_cause_once_with_both_names(ran: Ran, name: str) -> None:
    causes = ran.json()["root_causes"]
    assert [each["target"] for each in causes] == ["msh/us-east-1", "msh/us-west-2"]
    html = text_of(ran, name)
    begin, end = {
        "audit.html": ('id="root-causes"', "</section>"),
        "report.html": ("<h2>Root causes", "</ol>"),
    }[name]
    part = html[html.index(begin) :]
    text = " ".join(Page(part[: part.index(end)].partition(">")[2]).text.split())
    assert text.count(causes[0]["title"]) == 1
    assert re.search(r"msh/us-east-1\b.*msh/us-west-2\b", text)
    assert WHY in text


def test_the_result_says_as_what_its_root_cause_counts(ran: Ran) -> None:
    page = re.sub(r'<span class="nb">(.*?)</span>', r"\1", text_of(ran, "audit.html"))
    rows = re.findall(r'<details class="row".*?</dl>', page, re.DOTALL)
    assert [WHY in Page(row).text for row in rows if '"id">PRF-08<' in row and "non_compliant" in row] == [
        True,
        True,
    ]
    assert not any(WHY in Page(row).text for row in rows if '"id">FIX-01<' in row)
