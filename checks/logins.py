"""The commands of remedies, as they have to be typed on this machine and for this account."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from checks.releases import too_old
from fixtures.readings import Unavailable
from fixtures.targets import Target

LOGIN = "aws sso login"
COMMANDS = (LOGIN, "aws configure sso")
OF_FILES = ("aws sso ", "aws configure s")
"""Commands that are about the profile itself, whoever calls: aws configure set and sso, and not list."""
IN_A_JOB = (
    "# nobody signs in in a job: have a step before this assume a role (in GitHub with id-token: write, in GitLab by an",
    "# entry in id_tokens), and start this without the SSO profile; where a person sits at this terminal:",
)
IN_A_WORKLOAD = (
    "# nobody signs in where a workload runs: give it a role of its own (task role, instance profile, service account), and",
    "# start it without the SSO profile; where a person sits at this terminal:",
)
"""What comes before a login, or a profile for one, where nobody is there to sign in."""
START_UP = ("# remove the line", "# correct the line", "# and remove the line", "grep -ns ")
"""What is said of a person's new shells, whose start-up files a job and a workload have not."""
WHERE_IT_IS_SET = "# and take it out, or correct it, where the job, its image or the task definition sets it"
SETS = "aws configure set "
"""What would make a profile where none is needed."""
OPTION = "--use-device-code"
OF_AWS_ALONE = ("aws freetier ",)
"""Commands of services that no other partition has (AWS General Reference, "AWS Free Tier endpoints")."""


def as_typed_here(lines: Sequence[str], evidence: Any) -> list[str]:
    """The lines of a remedy, its logins with the option that lets another machine's browser confirm them, and in a job after
    what is done there instead.

    Over SSH and in a container no browser opens, and what a browser elsewhere is sent back to is that machine's own
    address; the AWS CLI has the option since 2.22 (AWS CLI User Guide, "Configuring IAM Identity Center authentication").
    """
    if not any(line.startswith(COMMANDS) for line in lines):
        return list(lines)
    option = f" {OPTION}" if _is_far_from_a_browser(evidence) else ""
    typed = [f"{line}{option}" if line.startswith(COMMANDS) else line for line in lines]
    first = next(at for at, line in enumerate(typed) if line.startswith(COMMANDS))
    typed[first:first] = {"ci": IN_A_JOB, "production": IN_A_WORKLOAD}.get(evidence.purpose, ())
    return typed


def mounted(evidence: Any) -> list[str]:
    """What comes before a login in a container, whose machine may have one already; that of a job has none."""
    if evidence.environment.told.get("away") != "container" or evidence.purpose == "ci":
        return []
    return [
        "# where this container runs on a machine that has the profile and its login, mount ~/.aws of that here; else:"
    ]


def where_it_is_set(lines: Sequence[str], evidence: Any) -> list[str]:
    """The lines of a remedy, in a job and a workload without those about a person's new shells."""
    if evidence.purpose == "workstation" or not any(line.startswith(START_UP) for line in lines):
        return list(lines)
    at = next(at for at, line in enumerate(lines) if line.startswith(START_UP))
    kept = [line for line in lines if not line.startswith(START_UP)]
    return [*kept[:at], WHERE_IT_IS_SET, *kept[at:]]


def in_partition(lines: Sequence[str], evidence: Any) -> list[str]:
    """The lines of a remedy, without the commands that only the partition aws has and what introduces them, where the target's
    Region is of another."""
    if not any(line.startswith(OF_AWS_ALONE) for line in lines):
        return list(lines)
    if evidence.fact("sdk").partition_of(evidence.target.region) == "aws":
        return list(lines)
    following = zip(lines, (*lines[1:], ""), strict=True)
    return [
        line
        for line, after in following
        if not line.startswith(OF_AWS_ALONE) and not (line.endswith(":") and after.startswith(OF_AWS_ALONE))
    ]


def by_caller(lines: Sequence[str], evidence: Any) -> list[str]:
    """The lines of a remedy, the profile not named where the target's credentials are those of the environment.

    A profile that is named shuts these out, and one that no file has cannot be named at all.
    """
    option = f" --profile {shlex.quote(evidence.target.profile)}"
    if any(line.startswith(SETS) and option in line for line in lines) and _needs_no_profile(evidence):
        lines = [line for line in lines if not line.startswith(SETS)] or lines
    asking = [line.startswith("aws ") and not line.startswith(OF_FILES) and option in line for line in lines]
    if evidence.target.entered or not any(asking) or not _is_left_to_the_environment(evidence):
        return list(lines)
    whole = re.compile(rf"{re.escape(option)}(?!\S)")
    return [whole.sub("", line) if asks else line for line, asks in zip(lines, asking, strict=True)]


def _needs_no_profile(evidence: Any) -> bool:
    try:
        return evidence.needs_no_profile is not None
    except Unavailable:
        return False


def _is_left_to_the_environment(evidence: Any) -> bool:
    try:
        return evidence.needs_no_profile is not None or evidence.of_environment is not None
    except Unavailable:
        return False


def in_account(lines: Sequence[str], target: Target) -> list[str]:
    """The lines of a remedy; of an account that was entered with a placeholder for the profile that may change something there.

    No role that only reads mends it, and a profile that is called as the account is may be another account's.
    """
    option = re.compile(rf"--profile {re.escape(shlex.quote(target.profile))}(?!\S)")
    if not target.entered or not any(option.search(line) for line in lines):
        return list(lines)
    own = "PROFILE-OF-" + re.sub(r"\W+", "-", target.profile, flags=re.ASCII)
    named = [option.sub(f"--profile {own}", line) for line in lines]
    return [*named, f"# {own}: a profile here that may change this in the account {target.profile}"]


def _is_far_from_a_browser(evidence: Any) -> bool:
    """Whether the shell is another machine's, and the AWS CLI there has the option."""
    try:
        if not evidence.environment.told.get("away"):
            return False
        version = evidence.cli_version.version
    except Unavailable:
        return False
    return version is not None and too_old("aws-cli", version, (OPTION,)) is None
