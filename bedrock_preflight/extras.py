"""What is installed beside the suite for some of its options, and how that is done for the Python that runs it."""

from __future__ import annotations

import re
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import tomli

NAME = "bedrock-preflight"
CHECKOUT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def libraries(extra: str) -> list[str]:
    """What the extra of that name consists of, with its bounds: `moto>=5.2.5,<5.3`."""
    if CHECKOUT.is_file():
        listed = tomli.loads(CHECKOUT.read_text(encoding="utf-8"))["project"]["optional-dependencies"][extra]
    else:
        listed = [each for each in requires(NAME) or () if f"extra == '{extra}'" in each.replace('"', "'")]
    return [each.partition(";")[0].strip() for each in listed]


def install(extra: str) -> str:
    """The command that installs the extra, wherever the suite itself has come from: an index may not have it."""
    wanted = " ".join(map(_quoted, libraries(extra)))
    if Path(sys.prefix, "pipx_metadata.json").is_file():
        return f"pipx inject {NAME} {wanted}"
    if find_spec("pip") is None:  # as uv makes environments
        return f"uv pip install --python {_quoted(sys.executable)} {wanted}"
    return f"{_quoted(sys.executable)} -m pip install {wanted}"


def _quoted(word: str) -> str:
    """As every shell takes it, cmd too."""
    return f'"{word}"' if re.search(r"[^\w./\\:-]", word) else word
