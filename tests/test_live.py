"""Live, as an engineer runs it: a real home folder, a real token cache, real boto3 and the real AWS CLI v2, over HTTP."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from fixtures.simulation.placeholders import Placeholders
from tests.served import SSO_CACHE, Laptop, serve
from tests.suite import ROOT, Ran, run_suite

GITHUB = "https://token.actions.githubusercontent.com"


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    with serve("--home", str(tmp_path / "home")) as served:
        folder = tmp_path / "project"
        folder.mkdir()
        yield Laptop(served, folder)


def statuses(ran: Ran) -> dict[str, int]:
    return {status: number for status, number in ran.json()["counts"].items() if number}


def end_login(laptop: Laptop) -> None:
    """A token that has expired and cannot be refreshed."""
    token = laptop.served.home / SSO_CACHE
    cached = json.loads(token.read_text(encoding="utf-8"))
    cached["expiresAt"] = "2026-01-01T00:00:00Z"
    del cached["refreshToken"]
    token.write_text(json.dumps(cached), encoding="utf-8")


def test_a_fit_laptop_passes_with_the_real_aws_cli(laptop: Laptop) -> None:
    laptop.install_cli()
    ran = laptop.run()
    assert (ran.code, set(statuses(ran))) == (0, {"compliant", "not_applicable"}), ran.text
    assert "SIMULATED" not in ran.text
    assert (ran.json()["run"]["backend"], ran.json()["run"]["simulated"]) == ("live", False)
    cli = {r["requirement"]: r["status"] for r in ran.json()["results"] if r["requirement"].startswith("CLI")}
    assert cli == {"CLI-01": "compliant", "CLI-02": "compliant", "CLI-03": "compliant"}


def test_no_distinct_call_is_made_twice(laptop: Laptop) -> None:
    ran = laptop.run("-k", "not CLI and not RUN-07")
    asked = Counter((call["service"], call["operation"]) for call in laptop.served.log())
    questions = Counter(r["name"] for r in ran.json("evidence.json")["readings"] if ":" in r["name"])
    for (service, operation), number in asked.items():
        allowed = questions[f"{service}:{operation}"] or (operation == "GetRoleCredentials")
        assert number <= allowed, (service, operation, number)


def test_an_expired_token_is_named_without_asking_aws(laptop: Laptop) -> None:
    end_login(laptop)
    ran = laptop.run("-k", "not CLI")
    assert [(c["requirement"], c["cause"]) for c in ran.json()["root_causes"]] == [("SSO-03", "TOK02")]
    assert ran.code == 1
    assert laptop.served.log() == []


STARTED = """
import pytest
from fixtures.plugin import RUN

@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session):
    run = session.config.stash[RUN]
    asked = {key for each in run.gathered().values() for kind, key in each._known if kind == "reading"}
    print("before:", sorted(asked))
"""


@pytest.mark.parametrize(
    ("arguments", "over", "asked"),
    [
        ((), True, True),
        # Nobody waits for it, or may not want AWS to be asked.
        ((), False, False),
        (("-k", "SSO"), True, False),
        (("-m", "local"), True, False),
        (("--collect-only",), True, False),
        (("-n", "1"), True, False),
        (("--tx", "popen", "--dist", "load"), True, False),
        (("--framework", "cis-aws"), True, False),
        (("--deselect", "checks/enterprise/test_cost.py"), True, False),
        (("--ignore", str(ROOT / "checks" / "enterprise")), True, False),
    ],
)
def test_where_a_login_is_over_it_is_said_before_the_checks_are_collected(
    laptop: Laptop, arguments: tuple[str, ...], over: bool, asked: bool
) -> None:
    if over:
        end_login(laptop)
    (laptop.folder / "started.py").write_text(STARTED, encoding="utf-8")
    ran = run_suite(
        laptop.folder,
        *("--profile", "msh", "-p", "started", "-s", *arguments),
        environ={**laptop.environ, "PYTHONPATH": str(laptop.folder)},
    )
    before = next((line for line in ran.text.splitlines() if line.startswith("before:")), "")
    assert ("'client {" in before) == asked, ran.text
    said = "msh/us-east-1: The SSO token has expired, SSO-03 TOK02\n  mend   aws sso login --profile msh\n"
    assert (said in ran.text.partition("before:")[0]) == asked
    judged_here = not {"--collect-only", "-n", "--tx", "--framework"}.intersection(arguments)
    assert ran.text.count(said) == (over and judged_here)


def test_an_expired_token_that_can_refresh_is_refreshed_and_healthy(laptop: Laptop) -> None:
    token = laptop.served.home / SSO_CACHE
    cached = json.loads(token.read_text(encoding="utf-8"))
    cached["expiresAt"] = "2026-01-01T00:00:00Z"
    token.write_text(json.dumps(cached), encoding="utf-8")
    ran = laptop.run("-k", "SSO or RUN-02")
    assert ran.code == 0, ran.text
    assert "CreateToken" in {call["operation"] for call in laptop.served.log()}


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Laptop]:
    """Where a job assumes its role with the identity token that it was given."""
    with serve("--world", "ok-identity-token-of-a-job", "--home", str(tmp_path / "home")) as served:
        folder = tmp_path / "project"
        folder.mkdir()
        yield Laptop(served, folder, "ci", "ci")


def test_a_job_with_its_identity_token_passes_with_the_real_aws_cli(job: Laptop) -> None:
    job.install_cli()
    ran = job.run()
    assert (ran.code, set(statuses(ran))) == (0, {"compliant", "not_applicable"}), ran.text
    assert "AssumeRoleWithWebIdentity" in {call["operation"] for call in job.served.log()}


def test_a_job_whose_identity_token_has_ended_is_told_when(job: Laptop) -> None:
    placeholders = Placeholders(datetime.now(timezone.utc), job.served.home)
    ended = f"{GITHUB} sts.amazonaws.com repo:acme/docxp:ref:refs/heads/main now-1h"
    (job.served.home / "token").write_text(placeholders.fill(f"${{jwt:{ended}}}"), encoding="utf-8")
    ran = job.run("-k", "RUN-02")
    (cause,) = ran.json()["root_causes"]
    assert (cause["cause"], cause["title"]) == ("PRE11", "The identity token has ended")
    assert re.search(r"the token ended at \d{4}-\d\d-\d\dT", cause["observed"])
    assert "CANARY" not in ran.text


def test_a_misspelt_profile_is_one_line_and_exit_4(laptop: Laptop) -> None:
    ran = run_suite(laptop.folder, "--profile", "mhs", environ=laptop.environ)
    assert ran.code == 4
    assert "did you mean 'msh'?" in ran.text


def test_no_secret_of_the_home_folder_is_in_any_output(laptop: Laptop) -> None:
    ran = laptop.run(
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7CANARY0",
        AWS_SECRET_ACCESS_KEY="CANARYwJalrXUtnFEMIK7MDENGbPxRfiCYCANARY",
    )
    said = ran.text + "".join(file.read_text(encoding="utf-8") for file in ran.reports.iterdir())
    assert ran.json()["counts"]["compliant"]
    assert re.findall(r".{20}CANARY.{20}", said) == []


def test_several_profiles_are_each_judged(laptop: Laptop) -> None:
    config = laptop.served.home / ".aws" / "config"
    text = config.read_text(encoding="utf-8")
    _, _, profile = text.partition("[profile msh]")
    config.write_text(text + "\n[profile second]" + profile, encoding="utf-8")
    ran = laptop.run("--profile", "second", "-k", "RUN-02 or PRF-06", "-n", "2")
    assert [target["id"] for target in ran.json()["targets"]] == ["msh/us-east-1", "second/us-east-1"]
    assert statuses(ran) == {"compliant": 4}, ran.text
