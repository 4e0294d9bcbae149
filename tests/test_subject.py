"""The subject of a reading: paths are told so that a person, and a script, finds the file from anywhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.subject import Subject


@pytest.mark.parametrize(
    ("cwd", "path", "told"),
    [
        ("/home/jo/app", "/home/jo/app/.env", "./.env"),
        ("/home/jo/app", "/home/jo/.aws/config", "~/.aws/config"),
        ("/home/jo", "/home/jo/.aws/config", "~/.aws/config"),
        ("/home/jo", "/home/jo", "~"),
        ("/home/jo/.aws", "/home/jo/.aws/config", "~/.aws/config"),
        ("/home", "/home/jo/.aws/config", "~/.aws/config"),
        ("/srv/app", "/srv/app/.env", "./.env"),
        ("/srv/app", "/srv/apple/.env", "/srv/apple/.env"),
        ("/home/jo/app", "/home/jo/app\\certs\\ca.pem", "./certs/ca.pem"),
    ],
)
def test_a_path_is_told_from_home_unless_it_is_in_a_working_folder_inside(
    cwd: str, path: str, told: str
) -> None:
    machine: Any = SimpleNamespace(home=Path("/home/jo"), cwd=Path(cwd))
    target: Any = None
    caller: Any = None
    assert Subject(machine, target, caller, None).abbreviated(path) == told
