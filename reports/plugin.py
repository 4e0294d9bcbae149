"""pytest plugin of what is said: gathers the results, writes the artifacts, sums up, and sets the exit code."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import pytest

from bedrock_preflight import __version__, ctrl_c
from bedrock_preflight.ctrl_c import CtrlC
from checks.judgement import Outcome
from checks.plugin import REGISTER, lost
from fixtures.machine.machine import this_platform
from fixtures.plugin import RUN, show_what_is_said, shows_only
from fixtures.privacy.fingerprint import KeyProblem, fingerprint_key
from fixtures.privacy.scan import Guesses, finds
from fixtures.privacy.secrets import Secret, environment_secrets
from fixtures.privacy.unseen import visible
from fixtures.readings import key_of
from fixtures.run import Run
from fixtures.targets import Target, target_of_node
from fixtures.waiting import waits
from reports import at_once, compare, fix_scripts, terminal
from reports.answer import Quiet, for_program, say
from reports.artifacts import Artifacts, as_read
from reports.clock import fixed_instant, stamp
from reports.formats import WriterFailed, html, made, missing_for, optional
from reports.found import Found
from reports.interruption import Terminated, leave, stop_on_sigterm
from reports.passed_over import passed_over
from reports.record import DISTRIBUTION, Record, presentable, presentable_pieces
from reports.results import exit_code, in_order
from reports.secrets import secrets_of

WORKER_OUTPUT = "bedrock_preflight_evidence"
REPORTER = pytest.StashKey["Reporter"]()
NAMED = 8
"""Targets that the header of a run names."""
AWHILE = 1.0
"""Seconds after which what is waited for is worth a word."""
COMMAND = pytest.StashKey[Sequence[str]]()
"""What was typed, where that was not pytest itself."""
SENT = pytest.StashKey[dict[str, set[str]]]()
UNSENT = pytest.StashKey[dict[str, list[dict[str, Any]]]]()
GUESSES = pytest.StashKey[Guesses]()
NO_KEYWORDS: Mapping[str, Literal[1]] = {}
OURS = ("compliance", "readings")
"""What the suite puts on a report, and has taken from it when the check has ended."""
SILENT = ""
"""pytest's category of what it says nothing about: set-ups and teardowns that passed. `--durations` asks for them."""
PASSED = "passed"
"""pytest's category of the checks that did."""
PYTESTS_OWN = {
    pytest.ExitCode.INTERNAL_ERROR,
    pytest.ExitCode.USAGE_ERROR,
    pytest.ExitCode.NO_TESTS_COLLECTED,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bedrock-preflight")
    for each in optional():
        group.addoption(f"--{each.option}", action="store_true", help=f"also write {each.name}: {each.about}")


def pytest_configure(config: pytest.Config) -> None:
    if RUN not in config.stash or shows_only(config):
        return
    config.stash[GUESSES] = Guesses(environment_secrets(os.environ))
    if hasattr(config, "workerinput"):
        return
    quiet = Quiet() if config.option.json else None
    if quiet:
        config.pluginmanager.register(quiet, "bedrock-preflight-quiet")
    reporter = Reporter(config, config.stash[RUN], quiet)
    config.stash[REPORTER] = reporter
    config.pluginmanager.register(reporter, "bedrock-preflight-reporter")
    config.pluginmanager.register(html.Columns(reporter.run.simulated), "bedrock-preflight-html")


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_metadata(metadata: dict[str, Any]) -> None:
    """Makes harmless what pytest-html shows of the environment."""
    safe = html.harmless(metadata)
    metadata.clear()
    metadata.update(safe)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Hides accounts and principals in what pytest prints, and in what its own reporters write."""
    report: Any = yield
    if hasattr(report, "compliance"):
        if hasattr(item.config, "workerinput"):
            # As text: pytest-xdist carries primitives on a report, and nothing else.
            report.readings = unsent(item.config)
        show, guesses = item.config.option.show_account_ids, item.config.stash[GUESSES]
        # That of a skip is file, line and reason.
        if isinstance(report.longrepr, tuple):
            report.longrepr = tuple(guesses.document(presentable(list(report.longrepr), show)))
        elif report.longrepr is not None:
            report.longrepr = guesses.text(presentable(str(report.longrepr), show))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over what it read and no result has taken along."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and RUN in session.config.stash:
        output[WORKER_OUTPUT] = unsent(session.config)


def unsent(config: pytest.Config) -> str:
    """The readings that this worker has not sent yet, as JSON: they go with the results, in case it dies."""
    _take_along(config)
    unsent, config.stash[UNSENT] = config.stash[UNSENT], {}
    return json.dumps(unsent)


def _take_along(config: pytest.Config) -> None:
    """Notes down what has been read since it was asked for last."""
    sent, waiting = config.stash.setdefault(SENT, {}), config.stash.setdefault(UNSENT, {})
    for target, readings in readings_of(config.stash[RUN]).items():
        known = sent.setdefault(target, set())
        fresh = [reading for reading in readings if key_of(reading) not in known]
        waiting.setdefault(target, []).extend(fresh)
        known.update(key_of(reading) for reading in fresh)


@pytest.hookimpl(tryfirst=True)
def pytest_target_judged(config: pytest.Config, target: Target) -> None:
    """A worker keeps what it read of the target until it can hand it over."""
    if hasattr(config, "workerinput"):
        _take_along(config)
        config.stash[SENT].pop(target.id, None)


def readings_of(run: Run, only: Target | None = None) -> dict[str, list[dict[str, Any]]]:
    """The readings made in this process of targets that have not been let go, or of one of them, by target."""
    return {
        target.id: [reading.as_json() for reading in evidence.readings()]
        for target, evidence in run.gathered().items()
        if only in (None, target)
    }


class Reporter:
    """Collects the results of a run and says them."""

    def __init__(self, config: pytest.Config, run: Run, quiet: Quiet | None = None) -> None:
        """Raises UsageError where what the options ask of the reports cannot be had: before anything is read."""
        self.config = config
        self.run = run
        self.quiet = quiet
        self.files: list[str] = []
        self.code = int(pytest.ExitCode.USAGE_ERROR)
        # Of what was selected, what is not both judged and ended; and how much of each target that is.
        self.selected: dict[str, None] = {}
        self.judged: set[str] = set()
        self.ended: set[str] = set()
        self.left: Counter[str] = Counter()
        self.document: Mapping[str, Any] | None = None
        self.problem: str | None = None
        self.stopped_by: str | None = None
        self.waited_for: list[str] = []
        self.told_at_once: set[str] = set()
        self.published = False
        self.judged_any = False
        self.answered = False
        self._under_way: dict[str, list[pytest.TestReport]] = {}
        # Something besides the checks failed, or a check never came to be judged: no exit code may then say that all is well.
        self.broken = False
        # While it is judged, a simulated machine's environment stands in the place of this one.
        self.environ = dict(os.environ)
        option = config.option
        asked_for = option.profile or option.world or option.backend or option.snapshot or option.accounts
        self.unjudged = passed_over(self.environ, run.purpose) if run.simulated and not asked_for else ""
        if missing := missing_for(option):
            raise pytest.UsageError(missing)
        try:
            self.earlier = compare.load(option.compare) if option.compare else []
            self.key = fingerprint_key(self.environ)
            self.fixed = fixed_instant()
            self.artifacts = Artifacts(Path(option.report_dir))
            self.found = Found(self.artifacts.spool(), self.artifacts.spool())
            self.rows_of_page = self.artifacts.spool()
        except (compare.NotResults, KeyProblem, ValueError) as error:
            raise pytest.UsageError(str(error)) from None
        except OSError as error:
            raise pytest.UsageError(f"--report-dir {option.report_dir}: {error.strerror}") from None
        # Failures are told at the end, as root causes: pytest's own listing only where somebody asks for more.
        if getattr(option, "verbose", 1) <= 0 and option.tbstyle == "auto":
            option.tbstyle, option.reportchars = "no", ""
        if config.pluginmanager.has_plugin("html") and option.htmlpath is None:
            option.htmlpath = str(self.artifacts.staged("report.html"))
            option.self_contained_html = True
            option.css = [*option.css, *html.STYLES]
        self._restore_sigterm = stop_on_sigterm()
        self._ctrl_c = CtrlC(self._end)
        self._ctrl_c.leave_next()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if self._reporter is not None:
            self._tell_at_once(at_once.before_collecting(session.config))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._select(item.nodeid for item in session.items)

    def _select(self, nodeids: Iterable[str]) -> None:
        # Each of pytest-xdist's workers tells the same, also one that takes the place of another when much is judged.
        if not self.left:
            self.selected.update(dict.fromkeys(nodeids))
            self.left.update(map(target_of_node, self.selected))

    @property
    def _reporter(self) -> pytest.TerminalReporter | None:
        """What writes lines while the run goes on; None where nothing is to be said then."""
        reporter: pytest.TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        # Without that plugin there is no such option either.
        return None if reporter is None or self.quiet or self.config.option.verbose < 0 else reporter

    def pytest_runtestloop(self, session: pytest.Session) -> None:
        self._ctrl_c.raise_next()
        if self._reporter is not None:
            self._tell_at_once(at_once.before_judging(session, self.told_at_once))

    def _tell_at_once(self, logins: Iterable[tuple[str, Outcome]]) -> None:
        """Says what has to be mended first, where that is known before anybody is asked."""
        for target, outcome in logins:
            self.told_at_once.add(target)
            what = f"{target}: {outcome.title}, {outcome.requirement} {outcome.cause or ''}".strip()
            lines = [what, *(f"  mend   {line}" for line in outcome.remedy[:1])]
            shown = presentable("\n".join(lines), self.config.option.show_account_ids)
            if self._reporter is not None:
                self._reporter.write_line(self.config.stash[GUESSES].text(shown), red=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self._select(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        self._take(getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, "{}"))

    def _take(self, sent: str) -> None:
        for target, readings in json.loads(sent).items():
            self.found.read(target, readings)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = getattr(report, "compliance", None)
        if result is not None:
            self.found.judged(report.nodeid, result)
            self.judged.add(report.nodeid)
            if readings := getattr(report, "readings", ""):  # a worker's
                self._take(readings)
        elif report.failed:
            self.broken = True
        if report.when == "teardown":
            self.ended.add(report.nodeid)
        self._under_way.setdefault(report.nodeid, []).append(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Of a check that has ended nobody asks pytest's reports for more than how; a fleet has a million of them."""
        for report in self._under_way.pop(nodeid, ()):
            report.keywords = NO_KEYWORDS
            for name in OURS:
                vars(report).pop(name, None)
        told = self.config.pluginmanager.get_plugin("terminalreporter")
        if told is not None and self.config.option.durations is None:
            told.stats.get(SILENT, []).clear()
            passed = told.stats.get(PASSED, [])
            # Of those that passed pytest asks how many there are, and nothing of each, where -r does not ask for them.
            if passed and not set(self.config.option.reportchars) & set("pPA"):
                passed[-1] = passed[0]
        for page in self._pages:
            page._reports.pop(nodeid, None)
        if nodeid in self.selected and nodeid in self.judged and nodeid in self.ended:
            del self.selected[nodeid]
            self.judged.remove(nodeid)
            self.ended.remove(nodeid)
            target = target_of_node(nodeid)
            self.left[target] -= 1
            if not self.left[target]:
                self._put_away(target)

    @pytest.hookimpl(tryfirst=True)
    def pytest_target_judged(self, target: Target) -> None:
        """Takes along what was read before it is let go."""
        self._read_here(target)
        self._put_away(target.id)

    def _read_here(self, only: Target | None = None) -> None:
        for target, readings in readings_of(self.run, only).items():
            self.found.read(target, readings)

    def _put_away(self, target: str) -> None:
        """Keeps what is known of the target out of memory, the rows that pytest-html made of it too."""
        try:
            results = self.found.put_away(target)
            for page in self._pages[:1]:
                rows = page._report.data["tests"]
                made = [
                    {"order": result["order"], "nodeid": nodeid, "rows": rows.pop(nodeid)}
                    for nodeid, result in results.items()
                    if nodeid in rows
                ]
                if made:
                    self.rows_of_page.add(target, made)
        except OSError as error:
            pytest.exit(
                f"what was found cannot be kept beside {self.artifacts.directory}: {error.strerror or error}",
                pytest.ExitCode.INTERNAL_ERROR,
            )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.broken = self.broken or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # pytest and xdist stop in this way too, after -x or --maxfail: then what was judged is what was asked for.
        if type(excinfo.value) in (KeyboardInterrupt, Terminated):
            self.stopped_by = str(excinfo.value) or "Ctrl-C"
            self.waited_for = waits(AWHILE)
            self._ctrl_c.leave_next()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Any:
        """After pytest's own reports are written, before its summary: the artifacts, and the exit code they bear out."""
        answer = None
        judged = self.found.results.rows
        try:
            self._put_all_away()
            judged = self.found.results.rows
            # Of a command line that cannot be followed there is nothing to account for.
            if exitstatus != pytest.ExitCode.USAGE_ERROR:
                self._account_for_all()
        # A check's file that cannot be imported can account for nothing: pytest has said why.
        except Exception as error:  # noqa: BLE001
            self._fail(session, f"what was selected cannot be accounted for: {type(error).__name__}: {error}")
        except KeyboardInterrupt as stop:
            self._stopped(session, stop)
        try:
            answer = yield
        # pytest-html writes in this hook too; what stops it must not look like a verdict.
        except Exception as error:  # noqa: BLE001
            self._fail(session, f"report.html could not be made: {type(error).__name__}: {error}")
        except KeyboardInterrupt as stop:
            self._stopped(session, stop)
        try:
            self._finish(session, exitstatus, judged)
        # A mistake in here must not end as pytest ends a plugin's: with a traceback and the exit code of a verdict.
        except Exception as error:  # noqa: BLE001
            self._fail(session, f"the reports could not be made: {type(error).__name__}: {error}")
        except KeyboardInterrupt as stop:
            self._stopped(session, stop)
        self._ctrl_c.leave_next()
        self._withdraw_html()
        self.code = int(session.exitstatus)
        return answer

    def _put_all_away(self) -> None:
        for target in self.found.under_way:
            self._put_away(target)

    def _account_for_all(self) -> None:
        """Every selected check has a result, and a row in report.html, also where the run or its worker ended before."""
        reason = "the run was interrupted" if self.stopped_by else "the run ended"
        before = ""
        for nodeid in self.selected:
            lost_here = None
            if (target := target_of_node(nodeid)) != before:
                self._put_all_away()
                before = target
            if nodeid not in self.judged:
                lost_here = lost(self.config, nodeid, f"{reason} before it was judged")
                if lost_here is None:
                    continue
                self.found.judged(nodeid, lost_here)
                self.broken = True
            if nodeid not in self.ended:
                for plugin in self._writing_here():
                    for report in html.reports_of_lost(nodeid, lost_here):
                        plugin.pytest_runtest_logreport(report)
                    plugin._reports.pop(nodeid, None)
        self._put_all_away()

    def _finish(self, session: pytest.Session, exitstatus: int, judged: int) -> None:
        # A shard may have no target: that is all there is to judge then.
        nothing = not self.run.targets
        if not self.found.results and not nothing:
            return
        self._read_here()
        self._put_all_away()
        document = self._guesses.document(self._record.document(self.artifacts.spool(), self._last))
        if self.earlier:
            document["comparison"] = compare.comparison(document, self.earlier)
        self.document, self.judged_any = document, judged > 0
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR or self.stopped_by or not (judged or nothing):
            by = f"interrupted by {self.stopped_by}" if self.stopped_by else "stopped"
            self.problem = f"{by}: {judged} of {self.found.results.rows} checks were judged; {self._became}"
            if self.waited_for:
                self.problem += f"; it was waiting for {', '.join(self.waited_for[:3])}"
        elif self.problem is None:
            # Those codes of pytest's say that nothing was judged, which no verdict may hide.
            if exitstatus not in PYTESTS_OWN or nothing:
                allow = self.config.option.allow_incomplete and not self.broken
                code = exit_code(self.document, allow_incomplete=allow)
                # What failed besides the checks is in no verdict: a compliant one does not make up for it.
                session.exitstatus = code or (exitstatus if self.broken else code)
            self._write(session)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        # Of a run in which nothing was judged the last line says all.
        if self.document is not None and (self.problem is None or self.judged_any):
            mend = fix_scripts.told(
                self._mends,
                self.artifacts.directory.as_posix(),
                self._platform(),
                # A snapshot may be another machine's, and a line that it names another one by now.
                only_shows=self.run.simulated or self.run.snapshot is not None,
            )
            terminal.summarise(
                terminalreporter,
                self.document,
                self.artifacts.directory,
                self.problem,
                mend,
                self._passed_over,
            )
            if told := self._guesses.told():
                terminalreporter.write_line(told)

    def pytest_report_header(self) -> list[str]:
        run = self.run
        source = f", world {run.world_name!r} (SIMULATED)" if run.simulated else ", this machine"
        if run.snapshot:
            source = f" of evidence of {stamp(run.snapshot.now)}{source if run.simulated else ''}"
        named = ", ".join(target.id for target in run.targets[:NAMED])
        others = f" and {len(run.targets) - NAMED} more" if len(run.targets) > NAMED else ""
        shown = presentable(
            named, self.config.option.show_account_ids
        )  # the access portal names profiles by accounts
        return [f"{DISTRIBUTION} {__version__}: {run.backend_name}{source}; {shown}{others}"]

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        # Before the session begins there is no end of it either.
        if self.stopped_by and self.problem is None and not self.published:
            self.problem = f"interrupted by {self.stopped_by}; {self._became}"
        if self.quiet and self.code != pytest.ExitCode.USAGE_ERROR:
            self._answer(self.quiet)
        elif self.problem is not None and (said := self.config.pluginmanager.get_plugin("terminalreporter")):
            # As the last line: before it are pytest's own, with where in the code it was stopped.
            said.write_line(visible(self.problem), red=True, bold=True)
        self.artifacts.discard()
        self._restore_sigterm()
        self._ctrl_c.over()
        if self.stopped_by:
            leave(pytest.ExitCode.INTERRUPTED)

    def _end(self) -> None:
        """Ctrl-C where pytest would show where in its code that was, or end amid what it tells: with one line, and with --json
        the document, unless that has been said."""
        show_what_is_said(self.config)
        self.artifacts.discard()
        problem = f"interrupted by Ctrl-C; {self._became}"
        if self.quiet and not self.answered:
            self.quiet.pytest_unconfigure()
            self.answered = True
            told = for_program(
                None,
                code=ctrl_c.INTERRUPTED,
                problem=problem,
                directory=self.artifacts.directory,
                files=self.files,
            )
            say(told)
        ctrl_c.end(problem)

    @property
    def _became(self) -> str:
        """What became of the reports."""
        directory = self.artifacts.directory
        if self.published:
            return f"the reports are in {directory}"
        return f"nothing was written, and {directory} is as it was"

    def _answer(self, quiet: Quiet) -> None:
        """Tells the program that asked, and those who look after it what pytest said, where there is no verdict."""
        problem = self.problem
        if self.document is None:
            problem = problem or (
                "no check was selected"
                if self.code == pytest.ExitCode.NO_TESTS_COLLECTED
                else "the run broke off"
            )
            sys.stderr.write(quiet.said)
        directory = self.artifacts.directory
        told = for_program(
            self.document, code=self.code, problem=problem, directory=directory, files=self.files
        )
        # Under which the verdict holds like the others, and no part of results.json: it is about who asked.
        if self.document is not None and self._passed_over:
            told["conditions"].insert(1, self._passed_over)
        self.answered = True
        say(told)

    @cached_property
    def _record(self) -> Record:
        return Record(
            run=self.run,
            results=self.found.results,
            readings=self.found.readings,
            register=self.config.stash[REGISTER],
            command=self.config.stash.get(COMMAND, [str(arg) for arg in self.config.invocation_params.args]),
            gate=self.config.option.gate,
            show_account_ids=self.config.option.show_account_ids,
            key=self.key,
        )

    @cached_property
    def _passed_over(self) -> str:
        """What of this machine is not judged, where nothing asks for the simulated one that is."""
        return str(self._guesses.text(presentable(self.unjudged, self.config.option.show_account_ids)))

    @cached_property
    def _mends(self) -> list[fix_scripts.Mend]:
        """The root causes with what a script can do about them, as readers may see them."""
        shown = map(self._guesses.document, self._record.failures())
        return fix_scripts.mends(chain.from_iterable(shown))

    @cached_property
    def _secrets(self) -> list[Secret]:
        return secrets_of(self.run, self.environ)

    @cached_property
    def _guesses(self) -> Guesses:
        return Guesses(self._secrets)

    def _platform(self) -> str:
        """The platform of the machine that was judged."""
        read = (reading for readings in self.found.readings.values() for reading in readings)
        told = next((reading for reading in read if reading["name"] == "platform"), None)
        return str(told["value"]["platform"]) if told else this_platform()

    def _last(self, part: Any) -> Any:
        """A part of a document without guessed secrets, as whoever reads its file has it."""
        return as_read(self._guesses.document(part))

    def _write(self, session: pytest.Session) -> None:
        """All artifacts or none. A secret in one of them is told by its place, and then nothing else is told."""
        try:
            self._finish_html()
            evidence = self._guesses.document(self._record.evidence(self.artifacts.spool(), self._last))
            for name, text in made(self.config.option, as_read(self.document), as_read(evidence)):
                self.artifacts.write(name, text)
            world = self.run.world_name if self.run.simulated else None
            for name, script in fix_scripts.scripts(self._mends, world).items():
                self.artifacts.write(name, script)
            self._guesses.files(self.artifacts.made())
            # After the guesses are out: what is found now stands
            # where secrets stand, and is no matter of names.
            leaks = finds(self.artifacts.made(), self._secrets)
            if leaks:
                self.document = None
                # Without the document the last screen says nothing either: what was found may stand in it.
                self._fail(session, f"{'; '.join(map(str, leaks[:5]))}: this is a mistake of the suite's")
                return
            self.files = [file.name for file in self.artifacts.publish()]
            self.published = True
            # The process ends: pytest would look through all that it holds for what cannot be reached, several times.
            gc.freeze()
        except OSError as error:
            self._fail(session, f"the reports could not be written: {error.strerror or error}")
        except WriterFailed as error:
            self._fail(session, str(error))
        # A mistake in here must not end as pytest ends a plugin's: with a traceback and the exit code of a verdict.
        except Exception as error:  # noqa: BLE001
            self._fail(session, f"the reports could not be made: {type(error).__name__}: {error}")

    def _stopped(self, session: pytest.Session, stop: KeyboardInterrupt) -> None:
        """After the last check: what is published by then stays, and nothing else is."""
        if self.published:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        else:
            self._fail(session, f"interrupted by {str(stop) or 'Ctrl-C'}", pytest.ExitCode.INTERRUPTED)

    def _fail(
        self, session: pytest.Session, problem: str, code: pytest.ExitCode = pytest.ExitCode.INTERNAL_ERROR
    ) -> None:
        self.problem = f"{problem}; {self._became}"
        session.exitstatus = code

    def _finish_html(self) -> None:
        """What pytest-html writes besides the suite's own cells: node IDs, times."""
        page = self.artifacts.staged("report.html")
        if page.is_file():
            text = page.read_text(encoding="utf-8")

            def pieces() -> Iterator[str]:
                return html.settled(text, self._rows_of_page(), self.fixed, self.document or {})

            self.artifacts.write(page.name, presentable_pieces(pieces, self.config.option.show_account_ids))

    def _rows_of_page(self) -> Iterator[tuple[str, Any]]:
        """What pytest-html shows of each check, whichever worker was first in the guide's order."""
        for target in sorted(self.rows_of_page):
            for row in in_order(self.rows_of_page[target]):
                yield row["nodeid"], row["rows"]

    def _withdraw_html(self) -> None:
        """pytest-html would print where it wrote: the page is in the report folder by now, which is told, or is no more."""
        for plugin in self._writing_here():
            self.config.pluginmanager.unregister(plugin)

    @cached_property
    def _pages(self) -> list[Any]:
        return self._writing_here()

    def _writing_here(self) -> list[Any]:
        staged = self.artifacts.staged("report.html").absolute()
        plugins = self.config.pluginmanager.get_plugins()
        return [each for each in plugins if hasattr(each, "_report_path") and each._report_path == staged]
