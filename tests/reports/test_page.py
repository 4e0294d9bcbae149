"""What the pages have in common: their templates are compiled once, wherever the suite may keep them, and else each time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reports import page


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template in place of the pages', read by a new process each time."""
    own = tmp_path / "templates"
    own.mkdir()
    (own / "hello.html.j2").write_text("Hello {{ name }}")
    monkeypatch.setattr(page, "TEMPLATES", own)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(page, "_environment", page._environment.__wrapped__)
    return own


def hello() -> str:
    return page._environment().get_template("hello.html.j2").render(name="<you>")


def test_a_compiled_template_is_kept_beside_it(templates: Path) -> None:
    assert hello() == "Hello &lt;you&gt;"
    (kept,) = (templates / "__pycache__").iterdir()
    written = kept.stat().st_mtime_ns
    assert hello() == "Hello &lt;you&gt;"
    assert kept.stat().st_mtime_ns == written


def test_a_template_that_has_changed_is_compiled_anew(templates: Path) -> None:
    hello()
    (templates / "hello.html.j2").write_text("Good day {{ name }}")
    assert hello() == "Good day &lt;you&gt;"


def test_a_damaged_one_is_compiled_anew(templates: Path) -> None:
    hello()
    (kept,) = (templates / "__pycache__").iterdir()
    for content in (b"", b"rubbish", kept.read_bytes()[:40]):
        kept.write_bytes(content)
        assert hello() == "Hello &lt;you&gt;"


def test_where_nothing_can_be_kept_it_is_compiled_each_time(templates: Path) -> None:
    (templates / "__pycache__").write_text("in the way")
    assert hello() == "Hello &lt;you&gt;"
    assert (templates / "__pycache__").read_text() == "in the way"


def test_nothing_is_kept_where_python_keeps_nothing(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert hello() == "Hello &lt;you&gt;"
    assert not (templates / "__pycache__").exists()


def test_a_row_has_its_own_fields_and_what_every_dict_has(templates: Path) -> None:
    row = {"name": "<a>", "items": "what a field is called"}
    written = "{{ row.name }} {{ row.gone is defined }} {{ row['items'] }} {{ row.items()|length }} {{ row.get('name') }}"
    (templates / "hello.html.j2").write_text(written)
    shown = page._environment().get_template("hello.html.j2").render(row=row)
    assert shown == "&lt;a&gt; False what a field is called 2 &lt;a&gt;"
