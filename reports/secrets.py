"""The secrets of the machine that a run judges: what the last scan looks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fixtures.machine.readers import DEFAULT_ENV_FILE
from fixtures.privacy.fingerprint import KEY
from fixtures.privacy.secrets import Secret, environment_secrets, file_secrets, machine_secrets
from fixtures.run import Run


def secrets_of(run: Run, environ: Mapping[str, str]) -> list[Secret]:
    """Those of this process's environment, `environ`, and of the machine under test: this one, or a simulated one.

    A snapshot has no machine; what was read for it was scanned when it was taken.
    """
    found = list(environment_secrets(environ))
    if environ.get(KEY):
        found.append(Secret(f"the variable {KEY}", environ[KEY]))
    if run.world is not None:
        found += environment_secrets(run.world.machine.environment)
        for name in run.world.machine.files:
            found += file_secrets(name, run.world.file_bytes(name) or b"")
    elif run.snapshot is None:
        found += machine_secrets(Path("~").expanduser(), environ, [Path(run.env_file or DEFAULT_ENV_FILE)])
    return found
