"""pytest plugin of what must be: parametrizes the checks, and lets each end as what its judgement says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import CatalogueError, load
from checks.explain import explained, modes_of
from checks.frameworks import selected
from checks.judgement import FAILED, Docket, Outcome, import_checks, ruled_out
from checks.requirement import CHECKS, GIVEN, NonCompliant
from checks.waivers import Place, Register, Waiver
from fixtures.evidence import FACTS
from fixtures.machine.machine import this_platform
from fixtures.options import SEVERITIES
from fixtures.plugin import RULED_OUT, RUN, shows_only
from fixtures.readings import Unavailable
from fixtures.run import Refused, Run, lies_here, path_of
from fixtures.targets import Target
from fixtures.text.nearest import nearest
from fixtures.text.toml_file import TomlError

DEFAULT_WAIVERS = Path("waivers.toml")
DOCKETS = pytest.StashKey[dict[Target, Docket]]()
_OF_THE_SUITE = frozenset((*FACTS, *GIVEN, "request", "run", "settings"))
"""The fixtures by which a check is told what it is about."""
OUTCOME = pytest.StashKey[Outcome]()
WORDS = pytest.StashKey[dict[str, set[str]]]()
REGISTER = pytest.StashKey[Register]()


def pytest_configure(config: pytest.Config) -> None:
    for severity in SEVERITIES:
        config.addinivalue_line("markers", f"{severity}: checks of requirements of this severity")
    for read, what in (
        ("local", "only this machine"),
        ("read", "read-only AWS calls"),
        ("probe", "calls that cost money"),
        ("attest", "a signed-off statement in compliance.toml"),
    ):
        config.addinivalue_line("markers", f"{read}: checks that need {what}")
    config.stash[DOCKETS] = {}
    if RUN in config.stash:
        _refuse_the_machines_scope_of_accounts(config)
        try:
            load()
        except TomlError as error:
            raise pytest.UsageError(*str(error).splitlines()) from None
        _of_frameworks(config)
        config.stash[REGISTER] = register(config.option.waivers, config.stash[RUN])


def _refuse_the_machines_scope_of_accounts(config: pytest.Config) -> None:
    machines = Path(__file__).parent / "workstation"
    for arg in config.args if config.stash[RUN].enters else ():
        path = path_of(config, str(arg))
        if machines in (path, *path.parents):
            raise pytest.UsageError(f"{arg}: of accounts that are entered, checks/enterprise is judged")


def register(given: Path | None, run: Run) -> Register:
    """The waivers of the file, or of waivers.toml here; UsageError where one of them does not hold."""
    try:
        path = given or lies_here(DEFAULT_WAIVERS)
    except Refused as error:
        raise pytest.UsageError(*str(error).splitlines()) from None
    if path is None:
        return Register((), run.now.date())
    if not path.is_file():
        raise pytest.UsageError(f"--waivers {path}: no such file")
    try:
        return Register.load(path, load(), run.now)
    except TomlError as error:
        raise pytest.UsageError(*str(error).splitlines()) from None


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answers --explain without running anything."""
    asked = config.option.explain
    if asked is None:
        return None
    profile = config.option.profile[0] if config.option.profile else os.environ.get("AWS_PROFILE")
    pages, codes, unknown = [], dict[str, None](), []
    for each in asked:
        try:
            pages.append(explained(load(), each, this_platform(), profile))
            codes.update(dict.fromkeys(modes_of(load(), each)))
        except CatalogueError as error:
            unknown.append(f"--explain: {error}")
    if pages or config.option.json:
        print(json.dumps({"codes": list(codes)}) if config.option.json else "\n\n".join(pages))
    if unknown:
        raise pytest.UsageError(*unknown)
    return 0


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Of accounts that are entered the enterprise scope is judged: this machine is nothing of theirs."""
    run = config.stash.get(RUN, None)
    if run is not None and run.enters and collection_path == Path(__file__).parent / "workstation":
        return True
    return None


def docket(config: pytest.Config, target: Target) -> Docket:
    """The target's docket in this process."""
    dockets = config.stash[DOCKETS]
    if target not in dockets:
        dockets[target] = Docket(
            config.stash[RUN].evidence(target),
            load(),
            Unavailable,
            lambda outcome: covering(config, target, outcome) if REGISTER in config.stash else None,
        )
    return dockets[target]


def pytest_target_judged(config: pytest.Config, target: Target) -> None:
    config.stash[DOCKETS].pop(target, None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each target and case of the check's requirement."""
    identifier = getattr(metafunc.function, "requirement_id", None)
    if identifier is None:
        return
    requirement = load().requirement(identifier)
    run = metafunc.config.stash[RUN]
    targets = run.targets
    if requirement.cases or "case" in metafunc.fixturenames:
        rows = [(target, case) for target in targets for case in requirement.cases_with(run.settings)]
        ids = [target.id if case is None else f"{target.id}:{case}" for target, case in rows]
        # Plain IDs in a fixed order: pytest-xdist's workers have to
        # collect the same, and pytest-html escapes none.
        metafunc.parametrize(("target", "case"), rows, ids=ids)
    else:
        metafunc.parametrize("target", targets, ids=[target.id for target in targets])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Gives -k the requirement's ID, in both writings: one set of words for all that check it."""
    identifier = requirement_of(item)
    if identifier and not item.extra_keyword_matches:
        words = item.config.stash.setdefault(WORDS, {})
        item.extra_keyword_matches = words.setdefault(identifier, {identifier, identifier.replace("-", "_")})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Marks the checks, so that -m and -k know severity and kind of reading, and puts them in the guide's order."""
    catalogue = load()
    # A mark serves all the items that have it: of a fleet these are a hundred thousand.
    marks: dict[str, pytest.MarkDecorator] = {}
    not_judged: dict[str, bool] = {}
    for item in items:
        identifier = requirement_of(item)
        if identifier:
            requirement = catalogue.requirement(identifier)
            for name in (requirement.severity, requirement.read):
                if name not in marks:
                    marks[name] = getattr(pytest.mark, name)
                item.add_marker(marks[name])
            if identifier not in not_judged:
                not_judged[identifier] = ruled_out(requirement, item.config.stash[RUN]) is not None
            # Only where it holds: an entry for each item of a fleet would take more room than the rest of its stash.
            if not_judged[identifier]:
                item.stash[RULED_OUT] = True

    _select_frameworks(session.config, items)
    order = {requirement.id: number for number, requirement in enumerate(catalogue)}

    def position(item: pytest.Item) -> tuple[str, int]:
        return target_of(item), order.get(requirement_of(item) or "", -1)

    items.sort(key=position)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """Where -k alone selects nothing, what may have been meant."""
    option = config.option
    asked, besides = option.keyword, (option.markexpr, option.framework, option.deselect)
    if items or not asked or any(besides) or RUN not in config.stash or not config.stash[RUN].targets:
        return None
    known = {part for requirement in load() for part in (requirement.id, requirement.id.partition("-")[0])}
    words = [word for word in re.findall(r"[\w-]+", asked) if word not in ("and", "or", "not")]
    unknown = next((word for word in words if word.upper().replace("_", "-") not in known), None)
    hint = nearest(unknown, known) if unknown else ""
    codes = {cause.code for cause in load().causes}
    mode = next((word.upper() for word in words if word.upper() in codes), None)
    if mode:
        return f"-k {asked}: selects no check; {mode} is a failure mode, which --explain {mode} tells of"
    return f"-k {asked}: selects no check{hint if 'did you mean' in hint else ''}"


def _of_frameworks(config: pytest.Config) -> frozenset[str] | None:
    """The requirements of the frameworks that --framework names, None without any; UsageError for one that is not known."""
    try:
        return selected(config.option.framework) if config.option.framework else None
    except CatalogueError as error:
        raise pytest.UsageError(f"--framework: {error}") from None


def _select_frameworks(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what is no evidence for the frameworks that --framework names."""
    wanted = _of_frameworks(config)
    if wanted is None:
        return
    others = [item for item in items if requirement_of(item) not in wanted]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if requirement_of(item) in wanted]


def requirement_of(item: pytest.Item) -> str | None:
    """The ID of the requirement that the item checks; None for other tests."""
    identifier: str | None = getattr(getattr(item, "function", None), "requirement_id", None)
    return identifier


def target_of(item: pytest.Item) -> str:
    """The ID of the item's target; empty where it has none."""
    target = item.callspec.params.get("target") if hasattr(item, "callspec") else None
    return target.id if isinstance(target, Target) else ""


@pytest.fixture(name="docket")
def docket_fixture(request: pytest.FixtureRequest, target: Target) -> Docket:
    """The outcomes for the target, for a check about other checks."""
    return docket(request.config, target)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Judges before pytest fills the check's arguments, so that what cannot be judged ends here: skipped or error."""
    identifier = requirement_of(item)
    if identifier is None or shows_only(item.config):
        return
    params: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]
    outcome = docket(item.config, params["target"]).judge(identifier, params.get("case"))
    item.stash[OUTCOME] = outcome
    # What the check was judged by needs no second gathering: pytest fills what is not here, such as fixtures of plugins.
    item.funcargs.update(dict.fromkeys(_OF_THE_SUITE.intersection(item.fixturenames)))  # type: ignore[attr-defined]
    if outcome.status == "blocked":
        pytest.skip(f"blocked by {outcome.blocked_by}: {outcome.reason}")
    if outcome.status == "not_applicable":
        pytest.skip(f"not applicable: {outcome.reason}")
    if outcome.status == "inconclusive":
        actions = f" (needs {', '.join(outcome.missing_actions)})" if outcome.missing_actions else ""
        pytest.fail(f"{identifier} is inconclusive: {outcome.reason}{actions}", pytrace=False)
    if outcome.status == "waived":
        # `raises`: whatever else goes wrong in the check is not what was accepted.
        item.add_marker(
            pytest.mark.xfail(raises=NonCompliant, strict=True, reason=f"waived: {outcome.waiver}")
        )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Lets the check end as it was judged, in place of running it once more."""
    outcome = pyfuncitem.stash.get(OUTCOME, None)
    if outcome is None:
        return None
    if outcome.status in FAILED:
        raise NonCompliant(expected=str(outcome.expected), observed=str(outcome.observed))
    return True


def covering(config: pytest.Config, target: Target, outcome: Outcome) -> Waiver | None:
    """The first waiver that covers the failure. The account is read only where a waiver names accounts."""
    for waiver in config.stash[REGISTER].about(outcome.requirement, outcome.case):
        account = account_of(config, target) if waiver.accounts else None
        if waiver.reaches(Place(target.profile, target.region, account)):
            return waiver
    return None


def account_of(config: pytest.Config, target: Target) -> str | None:
    """The account that the profile's credentials are for; None where that cannot be read."""
    try:
        account: str = config.stash[RUN].evidence(target).identity.account
    except Unavailable:
        return None
    return account


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Attaches the outcome to the report of the phase that decides it."""
    report: Any = yield
    outcome = item.stash.get(OUTCOME, None)
    # The last phase: a fleet's outcomes would otherwise all be kept until the run ends.
    if outcome is not None and report.when == "teardown":
        del item.stash[OUTCOME]
    if outcome is not None and (report.when == "call" or (report.when == "setup" and not report.passed)):
        params: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]
        report.compliance = result(outcome, params["target"], item.nodeid)
        if outcome.waiver:
            report.compliance["waiver"] = item.config.stash[REGISTER].applied(outcome.waiver)
        if outcome.explained_by or outcome.blocked_by:
            root = docket(item.config, params["target"]).root(outcome)
            report.compliance["root"] = result(root, params["target"], "")
        if call.excinfo is not None and isinstance(call.excinfo.value, NonCompliant):
            # In place of the traceback, in which pytest prints the arguments of the check.
            report.longrepr = told(outcome)
    return report


def result(outcome: Outcome, target: Target, check: str) -> dict[str, Any]:
    """The outcome with what the guide says of its requirement: all that reports need to know."""
    catalogue = load()
    requirement = catalogue.requirement(outcome.requirement)
    return {
        **outcome.as_json(),
        "waiver": None,
        "target": target.id,
        "check": check,
        "severity": requirement.severity,
        "section": requirement.section,
        "scope": requirement.scope,
        "stage": catalogue.stages.index(requirement.stage),
        "order": catalogue.place(requirement.id),
    }


@cache
def _named_by_tests() -> dict[str, str]:
    """The requirements by the names of the tests that check them. Of a fleet that is interrupted all are asked for."""
    import_checks()
    return {check.__name__: identifier for identifier, check in CHECKS.items()}


def lost(config: pytest.Config, nodeid: str, reason: str) -> dict[str, Any] | None:
    """The result for a selected check that never came to be judged; None for a test that is no check."""
    name, _, parameters = nodeid.rsplit("::", 1)[-1].partition("[")
    identifier = _named_by_tests().get(name)
    if identifier is None:
        return None
    wanted, _, case = parameters.rstrip("]").partition(":")
    target = config.stash[RUN].by_id[wanted]
    statement = load().requirement(identifier).statement
    return result(Outcome(identifier, case or None, "inconclusive", statement, reason=reason), target, nodeid)


def told(outcome: Outcome) -> str:
    """A failure as pytest prints it: what, expected, observed, remedy."""
    lines = [f"{outcome.requirement} {outcome.cause or ''}".strip() + f": {outcome.title}"]
    lines += [f"  expected  {outcome.expected}", f"  observed  {outcome.observed}"]
    lines += [f"  mend      {line}" for line in outcome.remedy]
    return "\n".join(lines)
