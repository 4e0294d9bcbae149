"""Speed and memory as ratios within one run: `python -m tests.benchmark`, or only one of MEASURED: `… fleet`.

Everything is measured against `python -c "import pytest, boto3, moto"` on the same machine in the same minute; each figure
is the best of several runs. Nothing here is asserted: it is a report.
"""

from __future__ import annotations

import argparse
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import suppress
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median

from fixtures.threads import Pool
from reports.formats import fleet, targets
from reports.screenshots import Browser, BrowserMissing
from tests import many_targets
from tests.report_material import fleet_of, material
from tests.served import SSO_CACHE, Laptop, serve

ROOT = Path(__file__).parent.parent
ROUNDS = 5
INSTALLED = ("bedrock-preflight", "pytest-html", "pytest-metadata", "pytest-xdist")
"""What brings plugins for pytest where the suite is installed without its extras."""
CHAIN = 4
"""GetRoleCredentials, GetCallerIdentity, GetRole, SimulatePrincipalPolicy: each needs the answer before it."""
IMPORTS = 0.38
"""Seconds of `import pytest, boto3` on a machine on which a dead login's limits, 1 and 2 s, hold as such."""


def best(
    command: Sequence[str],
    rounds: int = ROUNDS,
    environ: dict[str, str] | None = None,
    folder: Path = ROOT,
    codes: Sequence[int] = (0,),
) -> tuple[float, int]:
    """The command's shortest wall time in seconds and its largest resident memory in MB.

    RuntimeError where it ends with another exit code: what did not run is not fast.
    """
    seconds, megabytes = float("inf"), 0
    for _ in range(rounds):
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environ or os.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status) not in codes:
            raise RuntimeError(f"exit code {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
        seconds = min(seconds, time.perf_counter() - started)
        megabytes = max(megabytes, usage.ru_maxrss // 1024)
    return seconds, megabytes


def on_screen(
    command: Sequence[str], text: str, environ: dict[str, str], folder: Path
) -> tuple[float, float]:
    """After how many seconds a terminal shows the text, and the command ends; the median of several runs, each."""
    runs = []
    for _ in range(ROUNDS):
        shown, began = None, time.perf_counter()
        screen, terminal = os.openpty()
        child = subprocess.Popen(command, cwd=folder, env=environ, stdout=terminal, stderr=terminal)
        os.close(terminal)
        with (
            os.fdopen(screen, "rb", buffering=0) as stream,
            suppress(OSError),
        ):  # Linux's way to say that nothing comes
            seen = b""
            while part := stream.read(65536):
                seen += part
                if shown is None and text.encode() in seen:
                    shown = time.perf_counter() - began
        child.wait()
        if shown is None:
            raise RuntimeError(f"{text} is never shown: {' '.join(command)}")
        runs.append((shown, time.perf_counter() - began))
    return median(first for first, _ in runs), median(last for _, last in runs)


def spent(command: Sequence[str], **environ: str) -> tuple[float, int]:
    """The command's processor time in seconds, which other work on the machine does not stretch, and its memory in MB."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"exit code {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def simulated(report: Path) -> None:
    """The simulated runs against the bare imports."""
    python = [sys.executable]
    suite = ["-m", "pytest", "--report-dir", str(report)]
    bare, _ = best([*python, "-c", "import pytest, boto3, moto"])
    print(f"bare imports                     {bare:6.2f} s")
    for name, arguments, limit, code in (
        ("bedrock-preflight --help", ["-m", "bedrock_preflight", "--help"], 1.5, 0),
        ("--collect-only checks/", [*suite, "--collect-only", "checks/"], 3, 0),
        ("checks/workstation", [*suite, "checks/workstation"], 8, 0),
        ("checks/, both scopes", [*suite, "checks/"], 16, 0),
        ("checks/ on an expired token", [*suite, "checks/", "--world", "tok02-expired-token"], 16, 1),
    ):
        seconds, megabytes = best([*python, *arguments], codes=(code,))
        print(f"{name:<32} {seconds:6.2f} s  {seconds / bare:5.1f} x (at most {limit}), {megabytes} MB")


def without_extras() -> list[str]:
    """The options with which pytest has the plugins of an installation without extras."""
    others = [each.name for each in entry_points(group="pytest11") if each.dist.name not in INSTALLED]
    return [word for name in others for word in ("-p", f"no:{name}")]


def live(folder: Path) -> None:
    """Live runs against the served account: what 100 ms for each call add, and the time to a root cause (not on Windows)."""
    seconds = {}
    for delay in (0, 100):
        place = folder / f"delay-{delay}"
        place.mkdir()
        with serve("--home", str(place / "home"), "--delay-ms", str(delay)) as served:
            laptop = Laptop(served, place)
            command = [sys.executable, "-m", "pytest", str(ROOT / "checks"), "--profile", "msh"]
            command += [*without_extras(), "--report-dir", str(place / "report")]
            command += ["-k", "not CLI and not RUN-07"]
            # What a laptop cannot attest (SUP-02, GOV-01) is not compliant there.
            seconds[delay], _ = best(command, 3, laptop.environ, laptop.folder, (0, 1, 6))
            if delay:
                broken = best([*command[:4], "--profile", "mhs"], 3, laptop.environ, laptop.folder, (4,))[0]
                cached = json.loads((served.home / SSO_CACHE).read_text(encoding="utf-8"))
                cached.update(expiresAt="2026-01-01T00:00:00Z")
                del cached["refreshToken"]
                (served.home / SSO_CACHE).write_text(json.dumps(cached), encoding="utf-8")
                whole = command[: command.index("-k")]
                told, expired = on_screen(whole, "TOK02", laptop.environ, laptop.folder)
                imports = [sys.executable, "-c", "import pytest, boto3; print('imported')"]
                _, bare = on_screen(imports, "imported", laptop.environ, laptop.folder)
    added = seconds[100] - seconds[0]
    print(f"live, calls at 0 ms              {seconds[0]:6.2f} s")
    print(
        f"live, calls at 100 ms            {seconds[100]:6.2f} s: {added:.2f} s more, "
        f"{added / (CHAIN * 0.1):.2f} x the longest chain of {CHAIN} calls (at most 1.3)"
    )
    print(f"misspelt profile, to the answer  {broken:6.2f} s (at most 2)")
    for what, measured, limit in (("root cause on screen", told, 1), ("run ended", expired, 2)):
        print(
            f"expired token, {what:<17} {measured:6.2f} s, {measured / bare:.1f} x the imports' {bare:.2f} s "
            f"(at most {limit / IMPORTS:.1f} x)"
        )


def opening(browser: Browser, page: Path) -> float:
    """The shortest of the seconds to the first picture of the page."""
    seconds = float("inf")
    for _ in range(ROUNDS):
        browser.open("about:blank")
        started = time.perf_counter()
        browser.open(page.as_uri())
        browser.run("return new Promise(done => requestAnimationFrame(() => setTimeout(done)));")
        seconds = min(seconds, time.perf_counter() - started)
    return seconds


def pages(folder: Path) -> None:
    """The page of a thousand targets against the page of one, as Chromium opens them."""
    (_, one), *_ = targets.render(*material(("alpha/us-east-1", "beta/us-west-2")))
    for name, markup in (("one.html", one), ("fleet.html", fleet.page(*fleet_of(1000)))):
        (folder / name).write_text(markup, encoding="utf-8")
    try:
        with Browser() as browser:
            alone, many = opening(browser, folder / "one.html"), opening(browser, folder / "fleet.html")
    except BrowserMissing as error:
        print(f"pages are not measured: {error}")
        return
    size = (folder / "fleet.html").stat().st_size / 1e6
    print(f"page of one target opens in      {alone:6.2f} s")
    print(
        f"page of 1000 targets opens in    {many:6.2f} s: {many / alone:.1f} x (at most 3), {size:.1f} MB (at most 15)"
    )


def many(folder: Path, sizes: Sequence[int]) -> None:
    """Judging and reporting many targets, enterprise scope: one account's evidence under many names, replayed.

    What the calls take is the next measurement's; the number of calls for each target is that of the one recorded run.
    """
    one = folder / "one"
    suite = [sys.executable, "-m", "pytest", str(ROOT / "checks" / "enterprise"), "-q"]
    _, alone = spent([*suite, "--world", "enterprise", "--report-dir", str(one)])
    recorded = json.loads((one / "evidence.json").read_text(encoding="utf-8"))
    calls = sum(":" in reading["name"] for reading in recorded["readings"])
    print(f"fleet, one simulated target      {alone} MB, {calls} calls")
    first = 0.0
    for size in sizes:
        report = folder / f"report-{size}"
        replayed = ["-p", many_targets.__name__, "--snapshot", str(one / "evidence.json")]
        command = [*suite, *replayed, "--report-dir", str(report)]
        seconds, megabytes = spent(command, **{many_targets.SIZE: str(size)})
        first = first or seconds / size
        written = sum(file.stat().st_size for file in report.iterdir()) // 2**20
        print(
            f"fleet, {size:>5} targets             {seconds:6.1f} s of processor, {1000 * seconds / size:.0f} ms a target "
            f"({seconds / size / first:.2f} x that of {sizes[0]}), {megabytes} MB, {written} MB written"
        )


def throttled(folder: Path, targets: int) -> None:
    """Many targets against one, with 100 ms for each call: what waiting for one leaves for the others."""
    seconds = {}
    for number in (1, targets):
        place = folder / f"throttled-{number}"
        place.mkdir()
        with serve("--home", str(place / "home"), "--delay-ms", "100") as served:
            laptop = Laptop(served, place)
            config = served.home / ".aws" / "config"
            text = config.read_text(encoding="utf-8")
            section = text[text.index("[profile msh]") :].partition("\n\n")[0]
            names = [f"msh-{each:02}" for each in range(number)]
            copies = [section.replace("[profile msh]", f"[profile {name}]") for name in names]
            config.write_text("\n\n".join([text, *copies]) + "\n", encoding="utf-8")
            command = [sys.executable, "-m", "pytest", str(ROOT / "checks" / "enterprise"), "-q"]
            command += [word for name in names for word in ("--profile", name)]
            command += ["--report-dir", str(place / "report"), "-k", "LOG_01 or LOG_02 or LOG_08"]
            seconds[number], _ = best(command, 1, laptop.environ, laptop.folder, (0, 1, 6))
    print(
        f"{targets} targets, calls at 100 ms     {seconds[targets]:6.2f} s, {seconds[targets] / seconds[1]:.2f} x "
        f"one target's {seconds[1]:.2f} s (less than 3)"
    )


def shared_out(targets: int, calls: int = 20) -> None:
    """What the calls of one account that AWS throttles take from the others': their time with it, and without."""
    seconds = {}
    for slow in (0.01, 1.0):
        pool, began = Pool("benchmark"), time.perf_counter()
        of_each = [
            [pool.start(partial(time.sleep, 0.01 if number else slow), number) for _ in range(calls)]
            for number in range(targets)
        ]
        wait([future for futures in of_each[1:] for future in futures if future])
        seconds[slow] = time.perf_counter() - began
        wait([future for future in of_each[0] if future])
    print(
        f"{targets - 1} targets beside a throttled {seconds[1.0]:5.2f} s, {seconds[1.0] / seconds[0.01]:.2f} x what they "
        "take without it"
    )


OF_PROGRAMS = {
    "fixtures/evidence/consumers.py": ("programs_in_use", "consumers", "tool_models"),
    "fixtures/consumers/table.py": ("table",),
}
"""What a run does for the programs that nobody named: the facts, and the table."""


def programs(folder: Path) -> None:
    """What the programs' table and what is in use take of a simulated run in which none is named."""
    kept = folder / "profile"
    suite = ["-m", "pytest", "checks/", "-p", "no:xdist", "--report-dir", str(folder / "report")]
    run = [sys.executable, "-m", "cProfile", "-o", str(kept), *suite]
    subprocess.run(run, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=600)
    told = pstats.Stats(str(kept)).stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in told.values())
    spent = sum(
        cumulative
        for (file, _, function), (_, _, _, cumulative, _) in told.items()
        if any(file.endswith(name) and function in functions for name, functions in OF_PROGRAMS.items())
    )
    print(f"programs, none of them named     {100 * spent / whole:5.2f} % of a simulated run (at most 2)")


MEASURED = {
    "simulated": lambda folder: simulated(folder / "report"),
    "live": live,
    "pages": pages,
    "fleet": lambda folder: many(folder, (10, 100, 1000)),
    "throttled": lambda folder: throttled(folder, 50),
    "programs": programs,
    "shared": lambda folder: shared_out(50),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark", description="Speed and memory as ratios within one run."
    )
    parser.add_argument(
        "measured", nargs="?", choices=tuple(MEASURED), help="only this; without it, all of them"
    )
    one = parser.parse_args().measured
    with tempfile.TemporaryDirectory() as name:
        for each in [one] if one else MEASURED:
            MEASURED[each](Path(name))
