"""pytest plugin of the command: its places are the suite's scopes, files and node IDs, wherever it is run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bedrock_preflight.command import COMMANDS, NAME, OURS, SUITE

CHECKS = SUITE / "checks"
PLUGINS = ("xdist", "metadata", "html")
"""The suite's own dependencies by the names of their entry points: of all plugins that are installed, these are loaded."""

INTRODUCTION = f"""\
{NAME} [workstation|enterprise|checks/…] [options]

  {NAME} --profile NAME      why Bedrock refuses it, and what mends that
  {NAME}                     the same of a simulated machine, to try it
  {NAME} --explain "TEXT"    what an error text or a code means
  {NAME} merge|verify --help joins reports; whether one holds together

Exit code: 0 compliant, 1 not, 6 not all could be evaluated, 4 wrong options.
Reports are in reports/latest: audit.html, results.json, junit.xml and others.
Of pytest's options all work too, as -k SSO-03 or -n 4: --help -v lists them.
"""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    for plugin in PLUGINS:
        pluginmanager.load_setuptools_entrypoints("pytest11", name=plugin)


def pytest_addoption(parser: Any, pluginmanager: pytest.PytestPluginManager) -> None:
    parser.prog = NAME
    pluginmanager.register(_Help(parser))


class _Help:
    """What `--help` says: the suite's own options, and with `-v` those of pytest besides."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int | None:
        if not config.option.help:
            return None
        print(INTRODUCTION)
        if {"-v", "--verbose"} & {*map(str, config.invocation_params.args)}:
            return None
        from fixtures.options import TITLE

        sections = self._parser.optparser.format_help().split("\n\n")
        print(next(section for section in sections if TITLE in section).rstrip())
        return 0


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Puts the suite's paths in the place of what was named; UsageError for what the suite has not."""
    # No sooner: pytest warns of plugins that are imported before it loads them.
    from reports.plugin import COMMAND

    config.stash[COMMAND] = [NAME, *map(str, config.invocation_params.args[len(OURS) :])]
    if not config.option.help:
        config.args = [place(named) for named in config.option.file_or_dir] or [str(CHECKS)]


def place(named: str) -> str:
    """The path, with the rest of a node ID, of `workstation`, `checks/workstation`, `workstation/test_sso.py::test_…`."""
    path, mark, rest = named.partition("::")
    inside = PurePosixPath(path.replace("\\", "/").removeprefix("./"))
    found = Path(path) if Path(path).is_absolute() else CHECKS / str(inside).removeprefix("checks/")
    if inside == PurePosixPath("checks"):
        found = CHECKS
    found = found.resolve()
    if not found.is_relative_to(CHECKS) or not found.exists() or not named:
        raise pytest.UsageError(unknown(named))
    return f"{found}{mark}{rest}"


def unknown(named: str) -> str:
    """The complaint about a place that is none, with what it may have been meant to be."""
    from fixtures.text.nearest import nearest

    files = sorted(file.relative_to(SUITE).as_posix() for file in CHECKS.glob("*/test_*.py"))
    scopes = sorted({PurePosixPath(file).parent.name for file in files}, reverse=True)
    hint = nearest(named.partition("::")[0], [*scopes, *files, *COMMANDS], "--collect-only")
    return f"{named}: neither a scope ({', '.join(scopes)}) nor a file or check of the suite{hint}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: Iterable[Any]) -> None:
    """Workers are started with `-c`, which puts the working folder first in their search path; -P leaves it out."""
    for spec in specs:
        if spec.popen and not spec.python and sys.version_info >= (3, 11):
            spec.python = f"{shlex.quote(sys.executable)} -P"
