"""A process that has a run's libraries and the suite's own modules imported already, and forks: each run of the suite that a
test starts is a process of its own still, and takes less than half the time.

Run as a file, so that a run's process knows nothing of this package. It reads one order a line from its standard input,
`{"argv": […], "cwd": "…", "environ": {…}, "output": "…"}`, and answers each with the exit code of the run.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

LIBRARIES = (
    "_pytest.pastebin",
    "boto3.session",
    "botocore.signers",
    "cryptography.hazmat.primitives.serialization",
    "jinja2.ext",
    "moto.core.models",
    "moto.iam.models",
    "pytest",
    "requests",
    "werkzeug.routing",
)
"""What costs most to import. No plugin of pytest's: pytest warns of those that it finds imported before it began."""
PLUGINS = ("fixtures.plugin", "checks.plugin", "reports.plugin", "reports.at_once")
"""The suite's own plugins, and what imports them."""
PARTS = ("fixtures", "checks", "reports")


def own_modules() -> Iterator[str]:
    """The modules that a run of the suite imports by name."""
    for part in PARTS:
        for file in sorted((ROOT / part).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if name not in PLUGINS and not file.name.startswith(("test_", "__main__")):
                yield name


def main() -> None:
    """Forks for each order until there are no more."""
    sys.path[0] = str(ROOT)
    for name in (*LIBRARIES, *own_modules()):
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _run(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(order: dict[str, Any]) -> None:
    """`python -m pytest` in the process that was forked for it. Never returns."""
    code = 1
    try:
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environ"])
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.argv = ["pytest", *order["argv"]]
        sys.path[0] = order["cwd"]
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, it is this run that ends with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
