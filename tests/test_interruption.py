"""Nothing half written: whatever stops a run, it says so, the exit code tells, and the earlier report is still whole."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from bedrock_preflight.ctrl_c import CtrlC
from reports.artifacts import CHECKSUMS, Artifacts, read_checksums
from reports.interruption import Terminated, stop_on_sigterm, uninterrupted
from reports.verify import problems
from tests import ctrl_c_again
from tests.served import serve
from tests.suite import ROOT, Ran, outside_aws, run_suite
from tests.test_live import Laptop

SECONDS = 60
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def left_beside(report: Path) -> list[str]:
    return sorted(entry.name for entry in report.parent.iterdir())


# Runs that are told to stop


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop whose account takes two seconds for each answer, with the report of an earlier run."""
    folder = tmp_path_factory.mktemp("slow")
    with serve("--home", str(folder / "home"), "--delay-ms", "2000") as served:
        (folder / "project").mkdir()
        laptop = Laptop(served, folder / "project")
        assert laptop.run("-k", "PRF_02").code == 0
        yield laptop


def answered(laptop: Laptop) -> int:
    """How many requests the server has answered, when those of a run that was stopped are through."""
    before, now = -1, len(laptop.served.log())
    while now != before:
        time.sleep(2.5)
        before, now = now, len(laptop.served.log())
    return now


def heeding_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def stopped(laptop: Laptop, number: signal.Signals, *arguments: str) -> tuple[Ran, float]:
    """A run that gets the signal while it waits for its first call; and how long it then took to end."""
    asked = answered(laptop)
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            str(ROOT / "checks" / "workstation"),
            "--profile",
            "msh",
            *arguments,
        ],
        cwd=laptop.folder,
        env={**laptop.environ, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell that starts the tests in the background has its children ignore Ctrl-C.
        preexec_fn=heeding_ctrl_c,  # noqa: PLW1509 - it takes no lock
    ) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while len(laptop.served.log()) == asked and time.monotonic() < deadline:
                assert process.poll() is None, "it ended before it asked anything"
                time.sleep(0.1)
            sent = time.monotonic()
            process.send_signal(number)
            text, _ = process.communicate(timeout=SECONDS)
            return Ran(
                process.returncode, text, laptop.folder / "reports" / "latest"
            ), time.monotonic() - sent
        finally:
            process.kill()


@posix
@pytest.mark.parametrize(
    ("number", "arguments", "named"),
    [
        (signal.SIGINT, [], "Ctrl-C"),
        (signal.SIGTERM, [], "SIGTERM"),
        (signal.SIGTERM, ["-n", "2"], "SIGTERM"),
    ],
    ids=["ctrl-c", "sigterm", "sigterm-to-two-workers"],
)  # fmt: skip
def test_a_run_that_is_told_to_stop_leaves_the_earlier_report(
    slow: Laptop, number: signal.Signals, arguments: list[str], named: str
) -> None:
    report = slow.folder / "reports" / "latest"
    before = contents(report)
    ran, seconds = stopped(slow, number, "-k", "not CLI", *arguments)
    assert ran.code == 2, ran.text
    assert f"interrupted by {named}: " in ran.text
    last = ran.text.splitlines()[-1]
    assert re.fullmatch(
        rf"interrupted by {named}: \d+ of \d+ checks were judged; nothing was written, and reports/latest is as it was.*",
        last,
    ), ran.text
    assert ran.text.count("nothing was written") == 1
    assert "bedrock preflight ==" not in ran.text or not re.search(r": 0 of", last)
    assert "Traceback" not in ran.text
    assert contents(report) == before
    assert problems(report) == []
    assert left_beside(report) == ["latest"]
    assert seconds < 90, "it waited for calls that nobody needs any more"


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_a_run_that_stops_at_its_first_failure_reports_it_and_that_the_rest_was_not_judged(
    tmp_path: Path, workers: list[str]
) -> None:
    ran = run_suite(tmp_path, "--world", "tok02-expired-token", "-x", "-k", "SSO or RUN", *workers)
    assert ran.code == 1, ran.text
    assert [cause["requirement"] for cause in ran.json()["root_causes"]] == ["SSO-03"]
    assert "before it was judged" in str(ran.json()["results"])
    assert problems(ran.reports) == []


@posix
def test_what_was_judged_before_is_told(slow: Laptop) -> None:
    ran, _ = stopped(slow, signal.SIGINT, "-k", "PRF_ or RUN_02")
    assert "INCOMPLETE" in ran.summary
    assert "the run was interrupted before it was judged" in ran.summary
    assert "RUN-02" in ran.summary


@posix
def test_who_waits_at_a_terminal_sees_that_something_goes_on(slow: Laptop) -> None:
    reader, terminal = os.openpty()
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(ROOT / "checks" / "workstation"),
        "--profile",
        "msh",
        "-k",
        "RUN or IAM",
    ]
    with subprocess.Popen(
        command, cwd=slow.folder, env=slow.environ, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        with os.fdopen(reader, "rb", buffering=0) as screen:
            said = b"".join(iter(lambda: read_of(screen), b"")).decode()
    assert process.returncode == 0, said
    assert re.search(r"\rreading: \d+ answers in \d+ s(, waiting for [^…]+)? …", said), said
    assert re.search(r"\r\d+ answers in \d+ s +\r\n", said)
    assert "reading: " not in slow.run("-k", "RUN or IAM").text


def read_of(screen: IO[bytes]) -> bytes:
    """What is on the screen next; nothing where whoever wrote to it has ended."""
    try:
        return screen.read(4096)
    except OSError:
        return b""


def test_what_a_worker_judged_before_it_died_is_kept_and_the_rest_is_inconclusive(tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text(
        "import os\ndef pytest_runtest_setup(item):\n"
        "    if 'PYTEST_XDIST_WORKER' in os.environ and 'us-west-2:credentials' in item.nodeid: os._exit(1)\n",
        encoding="utf-8",
    )
    regions = ["--region", "us-east-1", "--region", "us-west-2"]
    options = ["-n", "2", "--max-worker-restart", "0", "-p", "dying", "-k", "PRF_01 or PRF_02"]
    ran = run_suite(tmp_path, *regions, *options, environ={**outside_aws(), "PYTHONPATH": str(tmp_path)})
    assert ran.code == 6, ran.text
    statuses = {
        (row["requirement"], row["case"], row["target"][4:]): row["status"] for row in ran.json()["results"]
    }
    assert statuses == {
        ("PRF-01", "config", "us-east-1"): "compliant",
        ("PRF-01", "credentials", "us-east-1"): "compliant",
        ("PRF-02", None, "us-east-1"): "compliant",
        ("PRF-01", "config", "us-west-2"): "compliant",
        ("PRF-01", "credentials", "us-west-2"): "inconclusive",
        ("PRF-02", None, "us-west-2"): "inconclusive",
    }
    assert problems(ran.reports) == []


def test_collection_that_fails_leaves_the_earlier_report(tmp_path: Path) -> None:
    report = run_suite(tmp_path, "-k", "PRF_02").reports
    before = contents(report)
    broken = tmp_path / "test_broken.py"
    broken.write_text("import nothing_of_this_name\n", encoding="utf-8")
    ran = run_suite(tmp_path, str(broken), "-k", "PRF_02")
    assert ran.code == 2, ran.text
    assert contents(report) == before
    assert left_beside(report) == ["latest"]


def test_a_check_that_cannot_be_imported_is_one_line_and_leaves_the_earlier_report(tmp_path: Path) -> None:
    report = run_suite(tmp_path, "-k", "PRF_02").reports
    before = contents(report)
    ran = failing(tmp_path, 'import sys\nsys.modules["checks.workstation.test_models"] = None\n')
    assert ran.code in (2, 3), ran.text
    assert "checks.workstation.test_models" in ran.text
    assert "Traceback" not in ran.text
    assert contents(report) == before


# Writers that fail


def broken(module: str, error: str) -> str:
    """A plugin with which the format of that module cannot be made."""
    return (
        f"from dataclasses import replace\nfrom reports.formats import {module}\n"
        f"def render(document, evidence): raise {error}\n"
        f"{module}.FORMATS = (replace({module}.FORMATS[0], render=render),)\n"
    )


def failing(folder: Path, patch: str, *arguments: str) -> Ran:
    """A run with a plugin that breaks something."""
    (folder / "breaking.py").write_text(patch, encoding="utf-8")
    environ = {**outside_aws(), "PYTHONPATH": str(folder)}
    return run_suite(folder, "-k", "PRF_02", "-p", "breaking", *arguments, environ=environ)


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (
            broken("summary", "RuntimeError('no ink')"),
            "summary.md could not be made: RuntimeError: no ink; nothing was written",
        ),
        (
            broken("audit", "RecursionError('too deep')"),
            "audit.html could not be made: RecursionError: too deep; nothing was written",
        ),
        (
            "import pytest_html.basereport as b\ndef write(self, page): raise OSError(28, 'No space left on device')\n"
            "b.BaseReport._write_report = write\n",
            "report.html could not be made: OSError: [Errno 28] No space left on device; nothing was written",
        ),
        (
            "import reports.record as r\ndef evidence(self, *_): raise KeyError('E1')\nr.Record.evidence = evidence\n",
            "the reports could not be made: KeyError: 'E1'; nothing was written",
        ),
        (
            "import reports.record as r\ndef document(self, *_): raise ValueError('no')\nr.Record.document = document\n",
            "the reports could not be made: ValueError: no; nothing was written",
        ),
        (
            "from pathlib import Path\nown = Path.open\ndef opened(self, *how, **more):\n"
            "    if self.name == 'evidence.json': raise OSError(28, 'No space left on device')\n"
            "    return own(self, *how, **more)\n"
            "Path.open = opened\n",
            "the reports could not be written: No space left on device; nothing was written",
        ),
    ],
    ids=["summary", "audit", "pytest-html", "evidence", "results", "full disk"],
)
def test_a_writer_that_fails_is_named_and_the_earlier_report_is_still_there(
    tmp_path: Path, patch: str, said: str
) -> None:
    report = run_suite(tmp_path, "-k", "PRF_02").reports
    before = contents(report)
    ran = failing(tmp_path, patch)
    assert ran.code == 3, ran.text
    assert said in ran.text
    assert "and reports/latest is as it was" in ran.text
    assert "Traceback" not in ran.text
    assert contents(report) == before
    assert left_beside(report) == ["latest"]


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="needs a small file system")
def test_a_disk_that_is_really_full_leaves_the_earlier_report(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: every write beyond it fails, of whichever writer."""
    report = run_suite(tmp_path, "-k", "PRF_02").reports
    before = contents(report)
    ran = failing(
        tmp_path,
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n",
    )
    assert ran.code == 3, ran.text
    assert "File too large" in ran.text
    assert contents(report) == before
    assert left_beside(report) == ["latest"]


def test_a_report_folder_that_cannot_be_made_stops_the_run_before_it_reads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in ("file", "file/below"):
        ran = run_suite(tmp_path, "--report-dir", place)
        assert ran.code == 4, ran.text
        assert f"ERROR: --report-dir {place}: file is a file, not a folder" in ran.text
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


# Publication


def publish(directory: Path, **files: str) -> None:
    artifacts = Artifacts(directory)
    try:
        for name, text in files.items():
            artifacts.write(name.replace("_", "."), text)
        artifacts.publish()
    finally:
        artifacts.discard()


def test_a_report_replaces_the_earlier_one_as_a_folder(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "latest"
    publish(report, a_txt="1", b_txt="1")
    first = report.stat().st_ino
    publish(report, a_txt="2", c_txt="2")
    assert contents(report) == {"a.txt": b"2", "c.txt": b"2", CHECKSUMS: (report / CHECKSUMS).read_bytes()}
    assert report.stat().st_ino != first
    assert left_beside(report) == ["latest"]


def test_files_of_others_stay_and_the_earlier_reports_own_go(tmp_path: Path) -> None:
    report = tmp_path / "mixed"
    publish(report, a_txt="1", old_sarif="1")
    (report / "mine.txt").write_text("mine", encoding="utf-8")
    (report / "sub").mkdir()
    publish(report, a_txt="2")
    assert sorted(entry.name for entry in report.iterdir()) == [CHECKSUMS, "a.txt", "mine.txt", "sub"]
    assert (report / "a.txt").read_text(encoding="utf-8") == "2"
    assert list(read_checksums((report / CHECKSUMS).read_text(encoding="utf-8"))) == ["a.txt"]


def test_a_folder_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    publish(tmp_path / "link", a_txt="1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text(encoding="utf-8") == "1"


def test_checksums_that_name_other_folders_move_nothing_there(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (tmp_path / "outside").write_text("mine", encoding="utf-8")
    (report / CHECKSUMS).write_text(f"{'0' * 64}  ../outside\n", encoding="utf-8")
    publish(report, a_txt="1")
    assert (tmp_path / "outside").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("fails_at", range(1, 7))
def test_files_that_cannot_take_their_places_leave_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    report = tmp_path / "report"
    publish(report, a_txt="1", b_txt="1")
    (report / "mine.txt").write_text("mine", encoding="utf-8")
    before = contents(report)
    replace, calls = Path.replace, 0

    def breaking(self: Path, target: Any) -> Path:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", breaking)
    with pytest.raises(OSError, match="Input/output error"):
        publish(report, a_txt="2", b_txt="2")
    monkeypatch.undo()
    assert contents(report) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["report"]


def test_a_folder_that_cannot_take_its_place_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report"
    publish(report, a_txt="1")
    before = contents(report)
    rename = Path.rename

    def breaking(self: Path, target: Any) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", breaking)
    with pytest.raises(OSError, match="Input/output error"):
        publish(report, a_txt="2")
    assert contents(report) == before


def test_where_folders_cannot_be_moved_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "report"
    publish(report, a_txt="1", b_txt="1")

    def refused(self: Path, target: Any) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    publish(report, a_txt="2")
    assert set(contents(report)) == {"a.txt", CHECKSUMS}
    assert (report / "a.txt").read_text(encoding="utf-8") == "2"


def test_nothing_is_left_of_what_was_not_published(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "new" / "reports" / "latest")
    artifacts.write("a.txt", "1")
    artifacts.discard()
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_report_has_the_rights_of_any_other_folder(tmp_path: Path) -> None:
    publish(tmp_path / "report", a_txt="1")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "report").chmod(0o700)
    publish(tmp_path / "report", a_txt="2")
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o700


# Signals


@posix
def test_sigterm_ends_pytest_as_ctrl_c_does_and_is_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    restore = stop_on_sigterm()
    with pytest.raises(Terminated, match="SIGTERM"):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)  # the shell's, once more: the run is ending already
    assert issubclass(Terminated, KeyboardInterrupt)
    restore()
    assert signal.getsignal(signal.SIGTERM) is before


@posix
def test_a_further_ctrl_c_leaves_at_once_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", left)
    before, told = signal.signal(signal.SIGINT, signal.default_int_handler), list[int]()

    def ending() -> None:
        signal.raise_signal(signal.SIGINT)
        told.append(1)

    try:
        CtrlC().leave_next()
        CtrlC(ending).raise_next()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGINT)
        assert (ended.value.code, told) == (2, [1])
    finally:
        signal.signal(signal.SIGINT, before)


@posix
@pytest.mark.parametrize(
    "handler", [signal.SIG_IGN, lambda number, frame: None], ids=["ignored", "another's"]
)
def test_a_ctrl_c_that_is_not_pythons_own_stays_whose_it_is(handler: Any) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        ctrl_c = CtrlC()
        for change in (ctrl_c.leave_next, ctrl_c.raise_next, ctrl_c.over):
            change()
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


@posix
@pytest.mark.parametrize("moment", ctrl_c_again.MOMENTS)
def test_one_who_does_not_wait_gets_a_whole_report_and_no_traceback(tmp_path: Path, moment: str) -> None:
    report = tmp_path / "reports" / "latest"
    publish(report, a_txt="1")
    before = contents(report)
    run = [sys.executable, "-m", "pytest", "-p", ctrl_c_again.__name__, str(ROOT / "checks"), "-k", "SSO_03"]
    done = subprocess.run(
        [*run, "--world", "tok02-expired-token"],
        cwd=tmp_path,
        env={**outside_aws(), "PYTHONPATH": str(ROOT), ctrl_c_again.MOMENT: moment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=heeding_ctrl_c,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert left_beside(report) == ["latest"]
    said = done.stderr.splitlines()
    assert len(said) == (
        0 if moment in ("judging", "writing") and "interrupted by Ctrl-C" in done.stdout else 1
    )
    assert all("interrupted" in line for line in said)
    if moment in ("telling", "ending"):
        assert not list(problems(report))
    else:
        assert contents(report) == before


BEFORE_CHECKS = """
import os, signal
import pytest
@pytest.hookimpl(%s)
def %s():
    os.kill(os.getpid(), signal.SIGTERM)
"""


@posix
@pytest.mark.parametrize("moment", ["pytest_sessionstart", "pytest_collection", "pytest_runtestloop"])
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_sigterm_before_the_first_check_is_said_by_the_last_line(
    tmp_path: Path, moment: str, workers: list[str]
) -> None:
    (tmp_path / "stops.py").write_text(BEFORE_CHECKS % ("tryfirst=True", moment), encoding="utf-8")
    ran = run_suite(
        tmp_path,
        *("-k", "PRF_02", "-p", "stops", *workers),
        environ={**outside_aws(), "PYTHONPATH": str(tmp_path)},
    )
    said = ran.text.splitlines()[-1]
    assert ran.code == 2, ran.text
    assert said.startswith("interrupted by SIGTERM"), ran.text
    assert "nothing was written, and reports/latest is as it was" in said
    assert "bedrock preflight ==" not in ran.text
    assert not ran.reports.exists()


STOPS = """
import os, signal, sys
from bedrock_preflight.command import main
def stop(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    print("went on")
%s
sys.exit(main())
"""
"""The command, in a process of its own, that gets Ctrl-C where `stop` stands."""


@posix
@pytest.mark.parametrize(
    ("arguments", "stands"),
    [
        (["--list-worlds"], "import pytest; pytest.main = stop"),
        (["--list-worlds"], "import fixtures.simulation.world as world; world.list_worlds = stop"),
        (["--explain", "TOK02"], "import checks.plugin as plugin; plugin.explained = stop"),
        (["merge", "old", "--report-dir", "new"], "import reports.__main__ as main_; main_.finds = stop"),
        (["merge", "old", "--report-dir", "new"], "import reports.merge as merge; merge.Shard.read = stop"),
        (["verify", "old"], "import reports.__main__ as main_; main_.problems = stop"),
        (["-k", "SSO_03", "--compare", "old"], "import reports.compare as compare; compare.load = stop"),
        # A callback swallows what is raised in it, with a traceback.
        (["--list-worlds"], "import pytest, weakref; pytest.main = lambda _: weakref.ref(main_ := type('T', (), {})(), stop)"),
    ],
)  # fmt: skip
def test_ctrl_c_is_one_line_wherever_it_comes(tmp_path: Path, arguments: list[str], stands: str) -> None:
    publish(tmp_path / "new", a_txt="1")
    before = contents(tmp_path / "new")
    ran = run_suite(tmp_path, "-k", "SSO_03", "--report-dir", "old")
    assert ran.code == 0
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})" + STOPS % stands, *arguments],
        cwd=tmp_path,
        env=outside_aws(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=heeding_ctrl_c,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bedrock-preflight: interrupted\n"
    assert contents(tmp_path / "new") == before
    assert not {entry.name for entry in tmp_path.iterdir()} - {"new", "old", "reports"}


@posix
def test_no_signal_comes_between_two_files() -> None:
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
