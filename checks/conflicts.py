"""Files in which a merge was left unfinished."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from checks.requirement import require

if TYPE_CHECKING:
    from fixtures.machine.config_file import AwsFile
    from fixtures.machine.dotenv_file import DotenvFile


def require_no_conflict(path: str, file: AwsFile | DotenvFile, profile: str | None = None) -> None:
    """The file has no conflict markers. `profile`: whose settings show that it can be read again; None for none."""
    # Evidence from before they were looked for has none.
    lines = file.get("conflict_marks") or []
    shown = ", ".join(map(str, lines))
    require(
        not lines,
        title=f"A merge was left unfinished in {path}: there are conflict markers in it",
        expected="no line that begins with <<<<<<<, ======= or >>>>>>>",
        observed=f"{path} line {shown}: conflict markers, as git leaves them in a file that it could not merge",
        remedy=[
            f"# edit {path}: keep the lines of one side, above ======= or below it, and delete the other side's and the",
            f"# marker lines: line {shown}",
            *([f"aws configure list --profile {shlex.quote(profile)}"] if profile else ()),
        ],
    )
