"""Which tool has put the keys into the environment, and how they are left: the facts of key_tools.toml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fixtures.evidence.environment import Variables
from fixtures.late import dataclass
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("key_tools.toml")


@dataclass(frozen=True)
class KeyTool:
    """A tool that puts keys into a shell: its name, the variable that tells of it, and how the keys are left and renewed."""

    tool: str
    mark: str
    mended: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class KeyTools:
    """The facts of key_tools.toml."""

    tool: tuple[KeyTool, ...]


def put_there_by(environment: Variables) -> KeyTool | None:
    """The tool that has put the environment's keys there; None where none of those that are known has."""
    return next((tool for tool in _known().tool if environment.has(tool.mark)), None)


@cache
def _known() -> KeyTools:
    return TomlFile.load(FILE).build(KeyTools)
