"""pytest plugin of what is said: gathers the results, writes the artifacts, sums up, and sets the exit code."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load
from checks.plugin import lost
from fixtures.plugin import RUN
from fixtures.readings import Reading
from fixtures.run import Run, utc_now
from reports import audit, html, terminal
from reports.artifacts import Artifacts
from reports.masking import StandIns, masked, rewritten
from reports.results import Result, document, exit_code

WORKER_OUTPUT = "bedrock_preflight_evidence"
REPORTER = pytest.StashKey["Reporter"]()
DISTRIBUTION = "bedrock-preflight"
PYTESTS_OWN = {
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.INTERNAL_ERROR,
    pytest.ExitCode.USAGE_ERROR,
    pytest.ExitCode.NO_TESTS_COLLECTED,
}


def pytest_configure(config: pytest.Config) -> None:
    if RUN not in config.stash or hasattr(config, "workerinput") or config.option.collectonly:
        return
    reporter = Reporter(config, config.stash[RUN])
    config.stash[REPORTER] = reporter
    config.pluginmanager.register(reporter, "bedrock-preflight-reporter")
    config.pluginmanager.register(html.Columns(reporter.run.simulated), "bedrock-preflight-html")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Hides accounts and principals where reports are born: JUnit and pytest-html take them from there."""
    report: Any = yield
    if hasattr(report, "compliance"):
        show = item.config.option.show_account_ids
        report.compliance = presentable(report.compliance, show)
        if isinstance(report.longrepr, tuple):
            report.longrepr = tuple(presentable(list(report.longrepr), show))
        elif report.longrepr is not None:
            report.longrepr = presentable(str(report.longrepr), show)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its evidence to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and RUN in session.config.stash:
        output[WORKER_OUTPUT] = json.dumps(readings_of(session.config.stash[RUN]))


def readings_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The readings made in this process, by target."""
    return {
        target.id: [r.as_json() for r in evidence.readings()] for target, evidence in run.gathered().items()
    }


class Reporter:
    """Collects the results of a run and says them."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self.config = config
        self.run = run
        self.results: dict[str, Result] = {}
        self.selected: dict[str, None] = {}
        self.readings: dict[str, list[dict[str, Any]]] = {}
        self.artifacts = Artifacts(Path(config.option.report_dir))
        self.document: Mapping[str, Any] | None = None
        self.problem: str | None = None
        option = config.option
        # Failures are told at the end, as root causes: pytest's own listing only where somebody asks for more.
        if option.verbose <= 0 and option.tbstyle == "auto":
            option.tbstyle, option.reportchars = "no", ""
        if option.xmlpath is None:
            option.xmlpath = str(self.artifacts.staged("junit.xml"))
        if getattr(option, "htmlpath", None) is None:
            option.htmlpath = str(self.artifacts.staged("report.html"))
            option.self_contained_html = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.selected.update(dict.fromkeys(item.nodeid for item in session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self.selected.update(dict.fromkeys(ids))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        gathered = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, "{}")
        for target, readings in json.loads(gathered).items():
            self.readings.setdefault(target, []).extend(readings)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = getattr(report, "compliance", None)
        if result is not None:
            self.results[report.nodeid] = result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Any:
        """After pytest's own reports are written, before its summary: the artifacts, and the exit code they bear out."""
        answer = yield
        for nodeid in self.selected:
            if nodeid not in self.results:
                result = lost(self.config, nodeid, "the run ended before it was judged")
                if result is not None:
                    self.results[nodeid] = result
        if not self.results:
            return answer
        self.document = self._document()
        if exitstatus not in PYTESTS_OWN:
            session.exitstatus = exit_code(
                self.document["verdict"], allow_incomplete=self.config.option.allow_incomplete
            )
        try:
            self.artifacts.write_json("results.json", self.document)
            evidence = self._evidence()
            self.artifacts.write_json("evidence.json", evidence)
            guide = asdict(load())
            self.artifacts.write("audit.html", audit.render(self.document, evidence, catalogue_info=guide))
            self.artifacts.publish()
            self._rename_in_plugins()
        except OSError as error:
            self.problem = f"the reports could not be written: {error}"
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        return answer

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.document is not None:
            terminal.summarise(terminalreporter, self.document, self.artifacts.directory, self.problem)

    def _rename_in_plugins(self) -> None:
        """pytest's own reporters print where they wrote; by now the files are in the report directory."""
        for plugin in self.config.pluginmanager.get_plugins():
            for name in ("logfile", "_report_path"):
                path = getattr(plugin, name, None)
                if path is not None and Path(path) == self.artifacts.staged(Path(path).name):
                    setattr(plugin, name, type(path)((self.artifacts.directory / Path(path).name).resolve()))

    def pytest_report_header(self) -> list[str]:
        run = self.run
        source = f"world {run.world_name!r} (SIMULATED)" if run.simulated else "this machine"
        return [
            f"{DISTRIBUTION} {suite_version()}: {run.backend_name}, {source}; {', '.join(t.id for t in run.targets)}"
        ]

    def pytest_unconfigure(self) -> None:
        self.artifacts.discard()

    def _document(self) -> dict[str, Any]:
        run, option = self.run, self.config.option
        self.readings.update(readings_of(run))
        results = list(self.results.values())
        made = document(
            results,
            suite={"name": DISTRIBUTION, "version": suite_version(), "guide_sha256": load().guide_sha256},
            run={
                "started": stamp(run.started),
                "finished": stamp(utc_now()),
                "backend": run.backend_name,
                "world": run.world_name,
                "simulated": run.simulated,
                "command": [str(arg) for arg in self.config.invocation_params.args],
                "environment": run.environment,
                "platform": platform.platform(),
                "python": platform.python_version(),
                "boto3": version("boto3"),
                "api_calls": sum(":" in r["name"] for readings in self.readings.values() for r in readings),
            },
            targets=[
                self._target(target)
                for target in run.targets
                if any(r["target"] == target.id for r in results)
            ],
            evidence_ids=self._evidence_ids(),
            gate=option.gate,
        )
        shown: dict[str, Any] = presentable(made, option.show_account_ids)
        return shown

    def _target(self, target: Any) -> dict[str, Any]:
        identity: dict[str, Any] = {}
        for reading in self.readings.get(target.id, []):
            if reading["name"] == "sts:GetCallerIdentity":
                identity = reading.get("value") or {}
        return {
            "id": target.id,
            "profile": target.profile,
            "region": target.region,
            "account": identity.get("Account"),
            "principal": identity.get("Arn"),
        }

    def _numbered(self) -> list[tuple[str, str, dict[str, Any]]]:
        rows = [
            (target, Reading.from_json(reading).key, reading)
            for target, readings in self.readings.items()
            for reading in readings
        ]
        return sorted(rows, key=lambda row: row[:2])

    def _evidence_ids(self) -> dict[tuple[str, str], str]:
        return {(target, key): f"E{number}" for number, (target, key, _) in enumerate(self._numbered(), 1)}

    def _evidence(self) -> dict[str, Any]:
        run = self.run
        snapshot = {
            "schema": 1,
            "suite": {"name": DISTRIBUTION, "version": suite_version(), "guide_sha256": load().guide_sha256},
            "run": {
                "now": stamp(run.backend.now()) if run.gathered() or run.snapshot else stamp(run.started),
                "backend": run.backend_name,
                "world": run.world_name,
                "simulated": run.simulated,
                "environment": run.environment,
                "probe": run.probe,
                "auditor": run.auditor,
            },
            "settings": run.settings.as_json(),
            "targets": [{"profile": target.profile, "region": target.region} for target in run.targets],
            "readings": [
                {"id": f"E{number}", "target": target, **reading}
                for number, (target, _, reading) in enumerate(self._numbered(), 1)
            ],
        }
        kept: dict[str, Any] = neutral(snapshot)
        if not self.config.option.show_account_ids:
            kept = StandIns().replaced(kept)
        return kept


def presentable(document: Any, show_account_ids: bool) -> Any:
    """The document as readers may see it."""
    return neutral(document) if show_account_ids else masked(neutral(document))


def neutral(document: Any) -> Any:
    """The document without this machine's home folder: its path names a person."""
    home = str(Path("~").expanduser())
    return rewritten(document, lambda text: text.replace(home, "~") if len(home) > 1 else text)


def stamp(instant: Any) -> str:
    """ISO 8601, UTC, whole seconds."""
    return str(instant.strftime("%Y-%m-%dT%H:%M:%SZ"))


def suite_version() -> str:
    """From pyproject.toml: the suite runs from its checkout, where it need not be installed."""
    import tomli

    project = tomli.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
