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
{NAME} [workstation|enterprise|checks/…] [options]   judges a profile, or without one a simulated machine
{NAME} merge|verify --help                           joins reports, and checks whether one holds together

The suite's own options stand below "AWS SSO and Amazon Bedrock preflight"; all others are pytest's.
"""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    for plugin in PLUGINS:
        pluginmanager.load_setuptools_entrypoints("pytest11", name=plugin)


def pytest_addoption(parser: Any) -> None:
    parser.prog = NAME


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Puts the suite's paths in the place of what was named; UsageError for what the suite has not."""
    # No sooner: pytest warns of plugins that are imported before it loads them.
    from reports.plugin import COMMAND

    config.stash[COMMAND] = [NAME, *map(str, config.invocation_params.args[len(OURS) :])]
    if config.option.help:
        print(INTRODUCTION)
    else:
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
