"""The terminal texts in the README, as they really are: `python -m tests.recorded` writes them into it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.served import Laptop, serve
from tests.suite import ROOT

README = ROOT / "README.md"
ATTEMPTS = 3
SYMPTOM = "import boto3; boto3.Session(profile_name='msh').client('bedrock').list_foundation_models()"
MEND = "sh reports/latest/fix_aws_authentication.sh --apply"
STALE_KEYS = """
[msh]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"""
BACKUP = (re.compile(r"\.bak-\d{8}T\d{6}Z"), ".bak-20261122T120000Z")
"""The hour at which a backup was made is the one thing that differs from run to run."""


def from_symptom_to_mended(folder: Path) -> str:
    """What is typed and answered on a laptop whose profile old keys stand in for: a real AWS CLI, boto3 and shell, on a
    simulated account that is served over HTTP."""
    with serve("--home", str(folder / "home")) as served:
        project = folder / "project"
        project.mkdir()
        laptop = Laptop(served, project)
        laptop.install_cli()
        config = served.home / ".aws" / "config"
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("[profile msh]", "[msh]"), encoding="utf-8")
        (served.home / ".aws" / "credentials").write_text(STALE_KEYS.lstrip(), encoding="utf-8")
        # Until its header is mended, botocore does not see what the profile says of the endpoint.
        laptop.environ["AWS_ENDPOINT_URL"] = served.url
        symptom = _said(laptop, sys.executable, "-c", SYMPTOM).splitlines()[-1]
        told = "\n\n".join(
            (
                f'$ python -c "{SYMPTOM}"\n…\n{symptom}',
                _judged(laptop),
                f"$ {MEND}\n{_said(laptop, *MEND.split())}",
                _judged(laptop),
            )
        )
    return f"```console\n{BACKUP[0].sub(BACKUP[1], told)}\n```"


def _said(laptop: Laptop, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=laptop.folder,
        env={**laptop.environ, "PATH": f"{laptop.environ['PATH']}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return (done.stdout + done.stderr).strip()


def _judged(laptop: Laptop) -> str:
    """The last screen of a run."""
    ran = laptop.run()
    # What pytest says below it is not the suite's.
    shown = re.split(r"\n=+ \d+ \w+.* in ", ran.summary.partition("\n")[2])[0].strip("\n")
    return f"$ pytest checks/workstation --profile msh\n…\n{shown}"


def between(document: str, name: str, text: str) -> str:
    """The document with `text` between the markers of that name; ValueError where it has them not once each."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(f"{begin} and {end} must each stand there once")
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def recorded(document: str, folder: Path) -> str:
    """The README with its recorded run made anew; one in which a busy machine let something time out is not the one to show."""
    for attempt in range(ATTEMPTS):
        place = folder / str(attempt)
        place.mkdir()
        text = from_symptom_to_mended(place)
        if "INCOMPLETE" not in text:
            break
    return between(document, "recorded-run", text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        README.write_text(recorded(README.read_text(encoding="utf-8"), Path(name)), encoding="utf-8")
