"""A world's machine on disk, and the fix script run on it by a real shell."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fixtures.privacy.masking import principals
from fixtures.simulation import home
from fixtures.simulation.placeholders import Placeholders
from fixtures.simulation.world import File, World
from reports.fix_scripts import Mend, mends, scripts
from reports.record import presentable
from reports.results import failures_by_root_cause
from tests.harness import Judged

SCRIPT = "fix_aws_authentication.sh"
STAMP = ".bak-"


@dataclass(frozen=True)
class Ran:
    """What a script left: its exit code, its text, and the environment of the shell that sourced it."""

    code: int
    text: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Laptop:
    """The machine of a world, in a folder of its own; `script` is where its fix script is."""

    world: World
    folder: Path

    @classmethod
    def of(cls, world: World, folder: Path) -> Laptop:
        laptop = cls(world, folder)
        for each in (laptop.home, laptop.work):
            each.mkdir(parents=True)
        home.materialise(world, laptop.placeholders)
        return laptop

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def script(self) -> Path:
        return self.folder / SCRIPT

    @property
    def real_script(self) -> Path:
        """The script as it is where nothing is simulated."""
        return self.folder / f"real_{SCRIPT}"

    @property
    def placeholders(self) -> Placeholders:
        return Placeholders(self.world.clock.now, self.home, self.work)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a shell on it: the world's, and this machine's programs."""
        own = home.environment(self.world, self.placeholders)
        return {**own, "HOME": str(self.home), "PATH": os.environ["PATH"], "TMPDIR": str(self.folder)}

    def give(self, found: list[Mend]) -> None:
        """Puts the script that mends it on the machine, and beside it the one that a real machine would get."""
        for script, world in ((self.script, self.world.name), (self.real_script, None)):
            script.write_text(scripts(found, world)[SCRIPT], encoding="utf-8", newline="\n")

    def run(self, *arguments: str, shell: str = "sh") -> Ran:
        """Runs the script in the application's folder."""
        done = subprocess.run(
            [shell, str(self.script), *arguments],
            cwd=self.work,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def source(self, *arguments: str, shell: str = "sh") -> Ran:
        """Sources the script, and looks at the environment afterwards. The . of some shells takes no arguments."""
        given, script = shlex.join(["set", "--", *arguments]), shlex.quote(str(self.real_script))
        done = subprocess.run(
            [shell, "-c", f"{given}; . {script} >sourced.txt 2>&1; code=$?; env -0; exit $code"],
            cwd=self.work,
            env=self.environ,
            capture_output=True,
            check=False,
            timeout=60,
        )
        told = self.work / "sourced.txt"
        text = told.read_text(encoding="utf-8") + done.stderr.decode()
        told.unlink()
        pairs = [entry.partition("=") for entry in done.stdout.decode(errors="replace").split("\0") if entry]
        return Ran(done.returncode, text, {name: value for name, _, value in pairs})

    def files(self) -> dict[str, bytes]:
        """Every file of the machine, as `~/…` or `./…`."""
        return {
            f"{short}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for short, folder in (("~", self.home), (".", self.work))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def mode(self, name: str) -> int:
        """The rights of a file, as in 0o600."""
        return home.located(name, self.placeholders).stat().st_mode & 0o777

    def as_world(self, environment: Mapping[str, str] | None = None) -> World:
        """The world whose machine is this one as it is now, without backups; `environment` in place of its own."""
        files = {
            name: self._file(name, content) for name, content in self.files().items() if STAMP not in name
        }
        machine: dict[str, Any] = {"files": files}
        if environment is not None:
            machine["environment"] = {
                name: value.replace(str(self.home), "${home}").replace(str(self.work), "${cwd}")
                for name, value in environment.items()
            }
        return replace(self.world, machine=replace(self.world.machine, **machine))

    def _file(self, name: str, content: bytes) -> File:
        mode = oct(self.mode(name))[2:]
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            import base64

            return File(base64=base64.b64encode(content).decode(), mode=mode)
        return File(text=text.replace(str(self.home), "${home}").replace(str(self.work), "${cwd}"), mode=mode)


def mends_of(found: Judged) -> list[Mend]:
    """What a script could do about what was found, as a run of the suite would write it."""
    return mends(presentable(failures_by_root_cause(found.rows), False, principals(found.rows)))
