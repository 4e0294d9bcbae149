"""Whether the tests notice a change of the checks or facts that should matter: `python -m tests.mutants [COUNT] [SEED]`.

A copy of the checkout gets one small change after another: a comparison or a condition turned around, what a check requires
held for true, what it says of causes and explanations left out. Each has to fail a world that expects a failure of the checks
that it is about, a test beside the changed file, or else any world that there is. Prints what nobody noticed, and ends with 1
below 95 in 100.
"""

from __future__ import annotations

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import getsourcefile, getsourcelines, signature
from pathlib import Path

from checks.judgement import import_checks
from checks.requirement import CHECKS
from fixtures.evidence import FACTS
from fixtures.simulation.world import list_worlds, load_world
from tests.suite import ROOT

COUNT, SEED, WANTED = 200, 1, 0.95
WORLDS = 12
"""Worlds that are judged first for one change; a check has a handful."""
TABLE, ONE_WORLD = "tests/checks/test_world_table.py", "test_the_world_says_what_it_should"
TURNED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
LEFT_OUT = ("given", "cause")
"""Arguments of `require` without which a failure is explained by nothing, or is nobody's."""


@dataclass(frozen=True)
class Mutant:
    """A text of a file, from `start` to `end` in bytes, and what stands in its place."""

    file: str
    line: int
    start: int
    end: int
    text: str

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every change of the file that the tests should notice."""
    source = file.read_bytes()
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))

    def changed(node: ast.expr | ast.keyword, text: str) -> Mutant:
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        return Mutant(file.relative_to(ROOT).as_posix(), node.lineno, start, end, text)

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            yield changed(node, f"({left} {TURNED[type(node.ops[0])]} {right})")
        elif isinstance(node, ast.BoolOp):
            other = " or " if isinstance(node.op, ast.And) else " and "
            yield changed(node, "(" + other.join(f"({ast.unparse(each)})" for each in node.values) + ")")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield changed(node, f"({ast.unparse(node.operand)})")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "require" and node.args:
            yield changed(node.args[0], "True")
            for keyword in node.keywords:
                if keyword.arg in LEFT_OUT:
                    yield changed(
                        keyword, f"{keyword.arg}=None" if keyword.arg == "cause" else f"{keyword.arg}=()"
                    )


def file_of(function: object) -> str:
    return Path(str(getsourcefile(function))).relative_to(ROOT).as_posix()  # type: ignore[arg-type]


def holds(function: Callable[..., object], line: int) -> bool:
    lines, first = getsourcelines(function)
    return first <= line < first + len(lines)


@cache
def expecting() -> dict[str, frozenset[str]]:
    """By world, the requirements whose failure it expects."""
    expected = {name: load_world(name).expect.root_causes for name, _ in list_worlds()}
    return {name: frozenset(cause.split()[0] for cause in causes) for name, causes in expected.items()}


def asked_by(file: str, line: int | None = None) -> dict[str, str]:
    """The checks in the file or over its facts, each with its own file; of one `line`, those of the function that holds it.

    A file of neither is one that those files import which have them.
    """
    facts = {
        name
        for name, fact in FACTS.items()
        if file_of(fact.function) == file and (line is None or holds(fact.function, line))
    }
    asking = {
        identifier: file_of(check)
        for identifier, check in CHECKS.items()
        if (file_of(check) == file and (line is None or holds(check, line)))
        or facts & {*signature(check).parameters, *getattr(check, "asks", ())}
    }
    if asking or line is not None:
        return asking
    name = file.removesuffix(".py").replace("/", ".")
    users = [path for path in sources() if f"from {name} import" in path.read_text(encoding="utf-8")]
    for user in users:
        asking |= asked_by(user.relative_to(ROOT).as_posix())
    return asking


def sources() -> list[Path]:
    return sorted([*ROOT.glob("checks/*/test_*.py"), *ROOT.glob("fixtures/evidence/*.py")])


def tests_of(mutant: Mutant) -> list[str]:
    """The tests that should notice a change, the quick ones first: worlds that expect a failure of the checks that it is
    about, or others of its file, and the tests beside these."""
    about, asking = asked_by(mutant.file, mutant.line), asked_by(mutant.file)
    near = [name for name, causes in expecting().items() if about.keys() & causes][:WORLDS]
    far = [name for name, causes in expecting().items() if asking.keys() & causes and name not in near]
    spread = near + far[:: max(1, len(far) // (WORLDS - len(near) or 1))][: WORLDS - len(near)]
    beside = {test for identifier, check in asking.items() for test in tests_beside(identifier, check)}
    return [f"{TABLE}::{ONE_WORLD}[{name}]" for name in spread] + sorted(beside)


@cache
def tests_beside(identifier: str, check: str) -> tuple[str, ...]:
    """The file of tests that is called as the check's is; where there is none, those beside it that name the requirement."""
    own = ROOT / "tests" / check
    if own.exists():
        return (f"tests/{check}",)
    named = (path for path in own.parent.glob("test_*.py") if identifier in path.read_text(encoding="utf-8"))
    return tuple(path.relative_to(ROOT).as_posix() for path in sorted(named))


def noticed(mutant: Mutant, checkout: Path) -> bool:
    """Whether a test fails with it."""
    file = checkout / mutant.file
    source = file.read_bytes()
    file.write_bytes(mutant.apply(source))
    try:
        return any(fails(tests, checkout) for tests in (tests_of(mutant), [TABLE]) if tests)
    finally:
        file.write_bytes(source)


def fails(tests: Sequence[str], checkout: Path) -> bool:
    """Whether one of the tests fails, or cannot be collected; RuntimeError where pytest did not get to run them."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--timeout", "120", *tests]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2):
        raise RuntimeError(
            f"exit code {done.returncode}: {' '.join(command)}\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
        )
    return done.returncode != 0


def main(count: int = COUNT, seed: int = SEED) -> int:
    import_checks()
    every = [mutant for file in sources() for mutant in mutants_of(file)]
    sample = random.Random(seed).sample(every, min(count, len(every)))
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "checkout"
        shutil.copytree(
            ROOT, checkout, ignore=shutil.ignore_patterns(".git", "node_modules", ".venv", "__pycache__")
        )
        missed = []
        for number, mutant in enumerate(sample, 1):
            if not noticed(mutant, checkout):
                missed.append(mutant)
                print(f"{mutant.file}:{mutant.line}: nobody notices {mutant.text}", flush=True)
            print(f"{number - len(missed)} of {number} noticed", file=sys.stderr, flush=True)
    print(f"{len(sample) - len(missed)} of {len(sample)} noticed, out of {len(every)} that there are")
    return int(len(missed) > (1 - WANTED) * len(sample))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
