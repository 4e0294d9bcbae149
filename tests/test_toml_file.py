"""TOML that people write: one reader, which knows the line of every complaint, and its bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from fixtures.text.shape import ShapeError, build, distinct, filled, one_of
from fixtures.text.toml_file import DEEPEST, LARGEST, TomlError, TomlFile
from fixtures.text.toml_lines import dotted, line_of
from tests.suite import run_suite

SOURCE = '''# 1
text = """
[a]            # within the text: no header
name = "no"
"""
list = [
  "x",         # 7
  ["y", "z"]
]
[a]            # 10
name = 'it''s' # the comment with a " and a [
"quoted.key" = 1
inline = { b = { c = 1 } }
[[a.b]]        # 14
c = 1
[[a.b]]
c = 2          # 17
[[a.b.d]]
[[a.b.d]]      # 19
e.f = 3
[g."h.i"]      # 21
'''.replace("'it''s'", "'its'")

NESTED = {
    "arrays": lambda levels: f"x = {'[' * levels}{']' * levels}",
    "inline tables": lambda levels: "x = " + "{a = " * levels + "1" + "}" * levels,
    "a header": lambda levels: f"[{'.'.join('a' * levels)}]",
    "a dotted key": lambda levels: f"{'.'.join('a' * levels)} = 1",
    "arrays of tables": lambda levels: "\n".join(
        f"[[{'.'.join('a' * n)}]]" for n in range(1, min(levels // 2, DEEPEST) + 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("text",), 2),
        (("list",), 6),
        (("list", 1), 6),
        (("a",), 10),
        (("a", "name"), 11),
        (("a", "quoted.key"), 12),
        (("a", "inline", "b", "c"), 13),
        (("a", "missing"), 10),
        (("a", "b"), 14),
        (("g",), 21),
        (("a", "b", 0, "c"), 15),
        (("a", "b", 1, "c"), 17),
        (("a", "b", 1, "d", 1), 19),
        (("a", "b", 1, "d", 1, "e", "f"), 20),
        (("g", "h.i"), 21),
        (("nowhere",), None),
    ],
)
def test_the_line_is_that_of_the_statement_or_of_the_table_above(
    path: tuple[str | int, ...], line: int | None
) -> None:
    tomli.loads(SOURCE)
    assert line_of(SOURCE, path) == line


@given(st.text(alphabet="[]{}=.\"'#a\\\n ", max_size=60), st.lists(st.sampled_from(["a", "b"]), max_size=2))
def test_looking_for_a_line_never_fails(source: str, path: list[str]) -> None:
    number = line_of(source, tuple(path))
    assert number is None or 1 <= number <= len(source.split("\n"))


def test_paths_are_written_as_in_toml() -> None:
    assert dotted(("machine", "files", "~/.aws/config", "mode")) == 'machine.files."~/.aws/config".mode'
    assert dotted(("model", 1, "id")) == "model[2].id"


def complaint(path: Path) -> str:
    with pytest.raises(TomlError) as refused:
        TomlFile.load(path)
    said = str(refused.value)
    assert "\n" not in said
    return said.removeprefix(f"{path}")


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("levels", [DEEPEST + 2, 5_000])
def test_what_is_nested_too_deep_is_one_line(
    tmp_path: Path, nested: Callable[[int], str], levels: int
) -> None:
    file = tmp_path / "compliance.toml"
    file.write_text(f"\n{nested(levels)}\n", encoding="utf-8")
    said = complaint(file)
    assert said.startswith(":2: ")
    assert said.endswith((f"nested more than {DEEPEST} levels deep", f"a key of more than {DEEPEST} parts"))


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_what_is_nested_within_the_bound_is_read(tmp_path: Path, nested: Callable[[int], str]) -> None:
    file = tmp_path / "compliance.toml"
    file.write_text(nested(DEEPEST - 2), encoding="utf-8")
    assert TomlFile.load(file).data


def test_a_file_that_is_too_large_is_not_parsed(tmp_path: Path) -> None:
    file = tmp_path / "compliance.toml"
    file.write_text("#" * LARGEST, encoding="utf-8")
    assert TomlFile.load(file).data == {}
    file.write_text("#" * (LARGEST + 1), encoding="utf-8")
    assert complaint(file) == ": larger than 1024 KiB"


def test_a_folder_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    assert complaint(tmp_path) == ": Is a directory"
    assert complaint(tmp_path / "none.toml") == ": No such file or directory"


@pytest.mark.parametrize("option", ["--compliance", "--waivers", "--world"])
def test_whatever_is_read_says_so_in_one_line_and_exits_4(tmp_path: Path, option: str) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(f"\ntitle = {'[' * 5_000}{']' * 5_000}\n", encoding="utf-8")
    ran = run_suite(tmp_path, option, str(file))
    assert ran.code == 4
    assert f"{file}:2: nested more than {DEEPEST} levels deep" in ran.text
    assert "Traceback" not in ran.text
    assert "INTERNALERROR" not in ran.text


# What a dataclass may ask of its fields


@dataclass(frozen=True)
class Inner:
    name: Annotated[str, filled]
    kinds: Annotated[tuple[str, ...], distinct] = ()

    def problem(self) -> tuple[str, str] | None:
        return ("kinds", "are too many") if len(self.kinds) > 2 else None


@dataclass(frozen=True)
class Outer:
    scope: str
    inner: Inner
    endpoint: Annotated[str, one_of("runtime", "mantle")] = "runtime"


def built(table: dict[str, object]) -> Outer:
    return build(Outer, {"inner": {"name": " n "}, **table}, given={"scope": "workstation"})


def test_rules_give_the_value_back() -> None:
    assert built({"endpoint": "mantle"}) == Outer("workstation", Inner("n"), "mantle")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"scope": "enterprise"}, "scope: unknown key; known: endpoint, inner"),
        ({"inner": {"name": " "}}, "inner.name: must be a text that is not empty, is ' '"),
        ({"inner": {}}, "inner.name: is missing"),
        ({"inner": {"name": "n", "kinds": ["a", "a"]}}, "inner.kinds: names something twice"),
        ({"inner": {"name": "n", "kinds": ["a", "b", "c"]}}, "inner.kinds: are too many"),
        ({"endpoint": "mantel"}, "endpoint: 'mantel' is not known; did you mean 'mantle'?"),
        ({"endpoint": True}, "endpoint: must be text, is true"),
    ],
)
def test_what_a_rule_refuses_is_named_by_its_path(table: dict[str, object], said: str) -> None:
    with pytest.raises(ShapeError) as refused:
        built(table)
    assert str(refused.value) == said


def test_what_the_table_does_not_say_comes_from_the_base() -> None:
    base = Outer("ci", Inner("n", ("a",)), "mantle")
    assert build(Outer, {"inner": {"name": "m"}}, base=base) == Outer("ci", Inner("m", ("a",)), "mantle")
