"""What the command runs: pytest on the suite's own checks, and nothing of the folder that it is run in."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bedrock_preflight import __version__, ctrl_c

HERE = Path(__file__).resolve().parent
SUITE = HERE / "suite" if (HERE / "suite").is_dir() else HERE.parent
"""Where `checks`, `fixtures` and `reports` are: beside this file in a wheel, above it in a checkout."""
NAME = "bedrock-preflight"
COMMANDS = ("merge", "verify")
"""What it does in place of a run, as its first argument."""
OURS = (
    f"--config-file={HERE / 'pytest.toml'}",
    f"--rootdir={SUITE}",
    "--noconftest",
    "--disable-plugin-autoload",
    *("-p", "no:cacheprovider"),
    *("-p", "bedrock_preflight.places"),
    *("-p", "fixtures.plugin"),
    *("-p", "checks.plugin"),
    *("-p", "reports.plugin"),
)
"""What pytest is given before the caller's own arguments, which may override it."""
OTHERS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Variables with which an application configures its own tests."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite, or `merge` or `verify` of reports, with the arguments of the command line; the exit code."""
    # Whoever gives none has started the process for it.
    if arguments is not None:
        return _run(list(arguments))
    ctrl_c.own_process()
    code = _run(sys.argv[1:])
    ctrl_c.CtrlC().over()
    return code


def _run(given: Sequence[str]) -> int:
    try:
        Path.cwd()
    except FileNotFoundError:
        print(f"ERROR: {NAME}: this folder has been deleted; change into one that is there", file=sys.stderr)
        return 4
    sys.path[:] = own_modules_first(sys.path)
    if given and given[0] in COMMANDS:
        from reports.__main__ import main as reports

        return reports(given, [NAME])
    if given == ["--version"]:
        print(NAME, __version__)
        return 0
    for variable in OTHERS:
        os.environ.pop(variable, None)
    try:
        import pytest

        return int(pytest.main([*OURS, *given]))
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing is left to write, not even at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def own_modules_first(path: Sequence[str]) -> list[str]:
    """The module search path with the suite first, and without the working folder unless this package is installed in it."""
    here = os.path.realpath(Path.cwd())
    kept = [entry for entry in path if os.path.realpath(entry) != here or here == str(HERE.parent)]
    return [str(SUITE), *(entry for entry in kept if entry != str(SUITE))]
