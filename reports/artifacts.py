"""Artifacts: files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

CHECKSUMS = "SHA256SUMS"


def json_text(document: Any) -> str:
    """How JSON artifacts are written: sorted keys, indented, so that two can be compared line by line."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


class Artifacts:
    """The report directory. Files are made in a folder beside it and moved in, one by one, when they are complete."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.parent.mkdir(parents=True, exist_ok=True)
        self._staging = tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent)
        self._names: list[str] = []

    def staged(self, name: str) -> Path:
        """Where to write the artifact of this name; it counts as made where the file is there on `publish`."""
        if name not in self._names:
            self._names.append(name)
        return Path(self._staging.name) / name

    def write(self, name: str, text: str) -> None:
        """Makes a text artifact, UTF-8 with `\\n`."""
        self.staged(name).write_text(text, encoding="utf-8", newline="\n")

    def write_json(self, name: str, document: Any) -> None:
        """Makes a JSON artifact, as `json_text` writes it."""
        self.write(name, json_text(document))

    def publish(self) -> list[Path]:
        """Moves the complete files into the report directory, their checksums last; OSError where it cannot."""
        made = [name for name in self._names if self.staged(name).is_file()]
        sums = [
            f"{hashlib.sha256(self.staged(name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(made)
        ]
        self.write(CHECKSUMS, "".join(sums))
        self.directory.mkdir(parents=True, exist_ok=True)
        for name in [*made, CHECKSUMS]:
            self.staged(name).replace(self.directory / name)
        return [self.directory / name for name in [*made, CHECKSUMS]]

    def discard(self) -> None:
        """Removes what was not published."""
        self._staging.cleanup()
