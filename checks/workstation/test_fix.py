"""Step 5: run the automated fix."""

from __future__ import annotations

from checks.catalogue import Requirement, load
from checks.fixes import fix_of
from checks.judgement import Docket, Outcome
from checks.requirement import not_applicable, require, requirement
from fixtures.evidence.application import FixScript
from fixtures.readings import Unavailable


@requirement("FIX-01", asks=("environment", "cli_version", "needs_no_profile", "of_environment"))
def test_nothing_is_left_to_fix(docket: Docket) -> str:
    """No locally fixable cause remains: the generated fix script's dry run has nothing to do."""
    outcomes = [outcome for each in _judged_before() for outcome in docket.all(each.id)]
    left = [outcome for outcome in outcomes if _has_something_to_do(outcome)]
    for outcome in left[:1]:
        require(
            False,
            expected="nothing that can be mended on this machine",
            observed=f"{outcome.requirement} {outcome.cause or ''}".strip() + f": {outcome.observed}",
            by=outcome.requirement,
        )
    for outcome in outcomes:
        if outcome.status == "inconclusive":
            raise Unavailable(f"{outcome.requirement} could not be judged: {outcome.reason}")
    return f"{len(outcomes)} results of this machine, and nothing that a script could mend"


def _judged_before() -> list[Requirement]:
    """The guide's requirements that this machine alone decides, up to step 5."""
    requirements = list(load())
    here = requirements.index(load().requirement("FIX-01"))
    return [each for each in requirements[:here] if each.read == "local" and each.scope == "workstation"]


def _has_something_to_do(outcome: Outcome) -> bool:
    """Whether the fix script that this run writes mends the failure, and does not merely ask somebody to."""
    return any(fix_of(fix).mends for fix in outcome.fix)


@requirement("FIX-02")
def test_application_has_its_fix_script(fix_script: FixScript | None) -> str:
    """Where an application root is configured, its `backend/fix_aws_authentication.bat` is there."""
    if fix_script is None:
        not_applicable("compliance.toml names no [application] root")
    require(fix_script.exists, expected=f"a file {fix_script.path}", observed=f"no file {fix_script.path}")
    return f"{fix_script.path} is there"
