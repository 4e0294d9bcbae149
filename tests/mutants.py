"""Whether the tests notice a change of the checks or facts that should matter: `python -m tests.mutants [COUNT] [SEED]`.

A copy of the checkout gets one small change after another: a comparison or a condition turned around, what a check requires
held for true, what it says of causes and explanations left out. Each has to fail the table's test of a world, a test beside
the checks that it is about, or else one that names what was changed. Prints what nobody noticed, and ends with 1 below 95 in
100. `--keep FOLDER` keeps there what was found, and a run that is started again asks only for what nobody has noticed. A seed
stands for one sample: an edit exchanges the changes of the lines that it touches, and leaves the rest of the sample.

Each question is answered by a process that is forked with the libraries imported, and a world's table is asked only where
the checks that a change is about say something else of what was recorded of the world than they did.
"""

from __future__ import annotations

import argparse
import ast
import gc
import hashlib
import importlib
import json
import os
import pickle
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from inspect import getsourcefile
from itertools import chain
from pathlib import Path
from typing import Any

from checks.judgement import facts_behind, import_checks
from checks.requirement import CHECKS
from fixtures.evidence import FACTS
from fixtures.simulation.world import list_worlds, load_world
from tests.forked import LIBRARIES
from tests.suite import ROOT

COUNT, SEED, WANTED = 200, 1, 0.95
NEAR = 12
"""Worlds that are judged first for one change; a check has a handful."""
MOST, FEW = 12, 4
"""Worlds whose table is asked for one change, of those that end otherwise, and of those that only say it otherwise."""
SECONDS = 400
"""What one question may take."""
OWN = ("bedrock_preflight", "checks", "conftest", "fixtures", "reports", "tests")
"""The packages of the checkout, which a forked process imports anew."""
SAID = ("status", "cause", "explained_by", "blocked_by", "title", "observed", "remedy", "reason")
DECIDING = 4
"""What is compared of an outcome, and how much of that decides what the table has."""
TURNED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.ClassDef)
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

    @property
    def key(self) -> str:
        """What tells it from any other, also of a function that has been edited since."""
        whole = self.apply((ROOT / self.file).read_bytes())
        outermost = next((node for node in ast.parse(whole).body if self.within(node)), None)
        told = ast.get_source_segment(whole.decode(), outermost) if outermost else whole.decode()
        return hashlib.sha256(f"{self.file} {told}".encode()).hexdigest()[:16]

    def within(self, node: ast.stmt) -> bool:
        """Whether that function or class has the change."""
        return isinstance(node, FUNCTIONS) and node.lineno <= self.line <= (node.end_lineno or 0)


def sources() -> list[Path]:
    return sorted([*ROOT.glob("checks/*/test_*.py"), *ROOT.glob("fixtures/evidence/*.py")])


def draw(count: int, seed: int) -> tuple[list[Mutant], int]:
    """A sample of the changes that there are, and how many there are; drawn by what a change says, not by where it stands."""
    ranked: dict[str, Mutant] = {}
    for file in sources():
        source = file.read_bytes()
        for mutant in mutants_of(file):
            said = f"{mutant.file} {source[mutant.start : mutant.end].decode()} {mutant.text}"
            nth = 0
            while (rank := hashlib.sha256(f"{seed} {nth} {said}".encode()).hexdigest()) in ranked:
                nth += 1
            ranked[rank] = mutant
    return [ranked[rank] for rank in sorted(ranked)[:count]], len(ranked)


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
            left, right = map(operand, (node.left, node.comparators[0]))
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


def operand(node: ast.expr) -> str:
    """Its text, for a comparison: what binds no stronger is put in parentheses."""
    loose = isinstance(node, (ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.UnaryOp))
    return f"({ast.unparse(node)})" if loose else ast.unparse(node)


def file_of(function: object) -> str:
    return Path(str(getsourcefile(function))).relative_to(ROOT).as_posix()  # type: ignore[arg-type]


@cache
def functions() -> dict[tuple[str, str], frozenset[str]]:
    """By file and name, what each function or class of the checks and facts names: in code, or as a text of nothing else."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for path in sources():
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, FUNCTIONS):
                named = frozenset(filter(None, map(_named, ast.walk(node))))
                found[path.relative_to(ROOT).as_posix(), node.name] = named
    return found


def _named(node: ast.AST) -> str:
    match node:
        case (
            ast.Name(id=str(name))
            | ast.arg(arg=str(name))
            | ast.Attribute(attr=str(name))
            | ast.Constant(value=str(name))
        ):
            return name
    return ""


@cache
def _imports(file: str, other: str) -> bool:
    """Whether the file names the other's module."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return bool(re.search(rf"import.*\b{Path(other).stem}\b|\b{Path(other).stem} import", text))


def changed_function(mutant: Mutant) -> str:
    """The function or class at the file's outermost level that has the change; empty where it is in none."""
    tree = ast.parse((ROOT / mutant.file).read_bytes())
    names = (node.name for node in tree.body if isinstance(node, FUNCTIONS) and mutant.within(node))
    return next(names, "")


def users(mutant: Mutant) -> tuple[frozenset[str], frozenset[str]]:
    """The requirements that a change is about, and the names of the functions by which it gets to them."""
    name = changed_function(mutant)
    todo, seen = (
        [(mutant.file, name)] if name else [key for key in functions() if key[0] == mutant.file],
        set(),
    )
    asking: set[str] = set()
    while todo:
        file, name = todo.pop()
        if (file, name) in seen:
            continue
        seen.add((file, name))
        here = _asking(file, name)
        asking |= here
        if not here:
            # What has an underscore before it is used in its own file alone, a fact wherever it is named.
            todo += [
                key
                for key, named in functions().items()
                if name in named
                and key[1] != name
                and (
                    key[0] == file or (not name.startswith("_") and (name in FACTS or _imports(key[0], file)))
                )
            ]
    return frozenset(asking), frozenset(name for _, name in seen)


@cache
def _asking(file: str, name: str) -> frozenset[str]:
    """The requirements whose check the function is, or whose check rests on the fact that it is."""
    fact = FACTS.get(name)
    if fact and file_of(fact.function) == file:
        return frozenset(each for each in CHECKS if name in facts_behind(each))
    return frozenset(
        each for each, check in CHECKS.items() if check.__name__ == name and file_of(check) == file
    )


@cache
def expecting() -> dict[str, frozenset[str]]:
    """By world, the requirements whose failure it expects."""
    expected = {name: load_world(name).expect.root_causes for name, _ in list_worlds()}
    return {name: frozenset(cause.split()[0] for cause in causes) for name, causes in expected.items()}


def worlds_for(about: frozenset[str]) -> tuple[list[str], list[str]]:
    """The worlds that expect a failure of one of them, spread over all that there are, and the others."""
    near = [name for name, causes in expecting().items() if about & causes]
    near = near[:: max(1, len(near) // NEAR)][:NEAR]
    return near, [name for name in expecting() if name not in near]


@cache
def tests_beside(identifier: str) -> tuple[str, ...]:
    """The file of tests that is called as the check's is; where there is none, those beside it that name the requirement."""
    own = ROOT / "tests" / file_of(CHECKS[identifier])
    named = (path for path in own.parent.glob("test_*.py") if identifier in path.read_text(encoding="utf-8"))
    return tuple(path.relative_to(ROOT).as_posix() for path in ([own] if own.exists() else sorted(named)))


@cache
def tests() -> dict[str, str]:
    """By node ID, the text of each test with its decorators and of what it calls in its file."""
    found = {}
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        texts = {
            node.name: "\n".join(
                lines[
                    min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1 : node.end_lineno
                ]
            )
            for node in nodes
        }
        for name, own in texts.items():
            if name.startswith("test_"):
                called = [other for each, other in texts.items() if each != name and f"{each}(" in own]
                found[f"{path.relative_to(ROOT).as_posix()}::{name}"] = "\n".join([own, *called])
    return found


def tests_naming(about: frozenset[str], names: frozenset[str]) -> list[str]:
    """The tests that name one of the requirements or of the functions."""
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(about | names)))})\b")
    return [node for node, text in tests().items() if word.search(text)]


def files_importing(module: str) -> list[str]:
    """The files of tests that name the module."""
    word = re.compile(rf"\b{re.escape(module)}\b")
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted(ROOT.glob("tests/**/test_*.py"))
        if word.search(path.read_text(encoding="utf-8"))
    ]


def mentions(file: str, about: frozenset[str]) -> int:
    """How often the file names the requirements."""
    return len(re.findall("|".join(map(re.escape, sorted(about))), (ROOT / file).read_text(encoding="utf-8")))


class Questions:
    """Asks the checkout, each question in a process that is forked for it."""

    def __init__(self, checkout: Path, kept: Path) -> None:
        self._checkout = checkout
        self._verdicts = kept / "verdicts"
        self._verdicts.mkdir(parents=True, exist_ok=True)
        self._stamp = int(time.time()) - 10**6
        self._sound: set[str] = set()

    def warm(self) -> None:
        """Imports what judging a world imports besides the checkout's own: each process that is forked has it then."""
        told = self._ask(_libraries, ["enterprise"], frozenset())
        for name in (told or "").split():
            with suppress(ImportError):
                importlib.import_module(name)

    def noticed(self, mutant: Mutant) -> str | None:
        """What notices the change; None where nothing does."""
        about, names = users(mutant)
        near, far = worlds_for(about)
        beside = list(dict.fromkeys(chain.from_iterable(map(tests_beside, sorted(about)))))
        own = f"test_{Path(mutant.file).stem.removeprefix('test_')}"
        beside.sort(key=lambda file: (Path(file).stem != own, -mentions(file, about)))
        named = tests_naming(about if len(about) < 20 else frozenset(), names)
        importing = files_importing(Path(mutant.file).stem)
        first = [node for node in named if node.partition("::")[0] in beside[:4]]
        others = [file for file in importing if file not in beside]
        others += [node for node in named if node.partition("::")[0] not in {*beside, *importing}]
        file = self._checkout / mutant.file
        source = file.read_bytes()
        for ask, of in (
            (_table, near),
            (_fails, first),
            (_table, far),
            (_fails, beside[:4]),
            (_fails, beside[4:] + others),
        ):
            if ask is _table:
                self._judge(of)
            try:
                self._write(file, mutant.apply(source))
                if of and (by := self._ask(ask, of, about)):
                    return by
            finally:
                self._write(file, source)
        return None

    def sound(self, by: str) -> bool:
        """Whether the test that noticed a change passes without it, asked once for each test."""
        if "::" in by and by not in self._sound and not self._ask(_fails, [by], frozenset()):
            self._sound.add(by)
        return "::" not in by or by in self._sound

    def _write(self, file: Path, source: bytes) -> None:
        """A time of its own for each text: Python keeps what it has compiled by size and second."""
        file.write_bytes(source)
        self._stamp += 2
        os.utime(file, (self._stamp, self._stamp))

    def _judge(self, worlds: Sequence[str]) -> None:
        lacking = [name for name in worlds if not (self._verdicts / name).exists()]
        if lacking:
            self._ask(_judge, lacking, frozenset(), 10**4)

    def _ask(
        self,
        ask: Callable[[Sequence[str], frozenset[str], Path], str | None],
        of: Sequence[str],
        about: frozenset[str],
        seconds: int = SECONDS,
    ) -> str | None:
        answers, answer = os.pipe()
        child = os.fork()
        if not child:
            os.close(answers)
            self._answer(ask, of, about, answer)
        os.close(answer)
        late = False

        def end(*_: object) -> None:
            nonlocal late
            late = True
            os.killpg(child, signal.SIGKILL)

        signal.signal(signal.SIGALRM, end)
        signal.alarm(seconds)
        try:
            with os.fdopen(answers, encoding="utf-8") as stream:
                said = stream.read()
            os.waitpid(child, 0)
        finally:
            signal.alarm(0)
        if late or not said:
            print(f"no answer within {seconds} s: {ask.__name__} of {len(of)}", file=sys.stderr)
            return None
        if said.startswith("Traceback"):
            raise RuntimeError(said)
        by: str | None = json.loads(said)
        return by

    def _answer(
        self,
        ask: Callable[[Sequence[str], frozenset[str], Path], str | None],
        of: Sequence[str],
        about: frozenset[str],
        answer: int,
    ) -> None:
        """In the process that was forked: never returns."""
        try:
            os.setsid()
            gc.disable()
            quiet = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(quiet, number)
            os.chdir(self._checkout)
            sys.path[0] = str(self._checkout)
            for name in [name for name in sys.modules if name.partition(".")[0] in OWN]:
                del sys.modules[name]
            try:
                importlib.import_module("tests.harness")
            except Exception as error:  # noqa: BLE001 - a change that lets nothing be imported is noticed by everything
                by: str | None = f"nothing can be imported: {error!r}"[:200]
            else:
                by = ask(of, about, self._verdicts)
            os.write(answer, json.dumps(by).encode())
        except BaseException:  # noqa: BLE001 - told by the process that forked
            os.write(answer, traceback.format_exc().encode())
        finally:
            os._exit(0)


def _libraries(worlds: Sequence[str], _: frozenset[str], __: Path) -> str:
    harness, before = importlib.import_module("tests.harness"), {*sys.modules}
    for name in worlds:
        harness.judged(name)
    return " ".join(name for name in sys.modules if name not in before and name.partition(".")[0] not in OWN)


def _judge(worlds: Sequence[str], _: frozenset[str], kept: Path) -> None:
    """Keeps what was read of each world, and what is said by that."""
    harness = importlib.import_module("tests.harness")
    for name in worlds:
        expect = load_world(name).expect
        found = harness.judged(name, environment=expect.environment, probe=expect.probe)
        half = kept / f"{name}.half"
        half.write_bytes(pickle.dumps((found, _said(name, found, frozenset(CHECKS)))))
        half.replace(kept / name)


def _table(worlds: Sequence[str], about: frozenset[str], kept: Path) -> str | None:
    """The first of the worlds of which one of the checks says something else by what was read, and whose test notices it.

    Those come first in which something ends otherwise, and no more than a few of the others, which only say it otherwise.
    """
    other, otherwise = [], []
    for name in worlds:
        found, before = pickle.loads((kept / name).read_bytes())
        try:
            now = _said(name, found, about)
        except Exception:  # noqa: BLE001 - the world's test judges the same
            other.append(name)
            continue
        if any(now[key][:DECIDING] != before[key][:DECIDING] for key in now):
            other.append(name)
        elif any(now[key] != before[key] for key in now):
            otherwise.append(name)
    harness = importlib.import_module("tests.harness")
    table = importlib.import_module("tests.checks.test_world_table")
    harness.shelf = Path(tempfile.mkdtemp())
    try:
        for name in (*other[:MOST], *otherwise[:FEW]):
            try:
                table.test_the_world_says_what_it_should(name, [], [])
            except Exception:  # noqa: BLE001 - whatever it is, the test fails with it
                return f"world {name}"
    finally:
        shutil.rmtree(harness.shelf)
    return None


def _said(name: str, found: Any, about: frozenset[str]) -> dict[tuple[str, str | None], tuple[Any, ...]]:
    """What the checks say by what was recorded of the world, by requirement and case: first what decides."""
    replayed, engine = (
        importlib.import_module("tests.replayed"),
        importlib.import_module("fixtures.engine").Engine,
    )
    # FIX-01 judges all the others, whatever it says that it asks for: the world's test judges those before it.
    engine.strict = False
    docket = replayed.docket_on(importlib.import_module("fixtures.simulation.world").load_world(name), found)
    try:
        return {
            (each.requirement, each.case): tuple(getattr(each, what) for what in SAID)
            for identifier in sorted(about)
            for each in docket.all(identifier)
        }
    finally:
        engine.strict = True


def _fails(tests: Sequence[str], _: frozenset[str], __: Path) -> str | None:
    """The first of the tests that fails."""
    pytest = importlib.import_module("pytest")
    failed: list[str] = []

    class Failures:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                failed.append(report.nodeid)

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                failed.append(f"{report.nodeid}::(collected)")

    with tempfile.TemporaryDirectory() as folder:
        pytest.main(
            ["-x", "-q", "--timeout", "120", "--basetemp", folder + "/t", *tests], plugins=[Failures()]
        )
    return failed[0] if failed else None


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    parser.add_argument("seed", nargs="?", type=int, default=SEED)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(argv)
    import_checks()
    for name in LIBRARIES:
        importlib.import_module(name)
    sample, every = draw(options.count, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        kept = options.keep or Path(folder) / "kept"
        checkout = Path(folder) / "checkout"
        left_out = shutil.ignore_patterns(".git", "node_modules", ".venv", "__pycache__", "reports/latest")
        shutil.copytree(ROOT, checkout, ignore=left_out)
        questions = Questions(checkout, kept)
        questions.warm()
        missed = list(run(sample, questions, kept / "results.jsonl"))
    for mutant in missed:
        print(f"{mutant.file}:{mutant.line}: nobody notices {mutant.text}")
    print(f"{len(sample) - len(missed)} of {len(sample)} noticed, out of {every} that there are")
    return int(len(missed) > (1 - WANTED) * len(sample))


def run(sample: Iterable[Mutant], questions: Questions, results: Path) -> Iterator[Mutant]:
    """Those that nobody notices; what is found is added to the results as it comes."""
    known = {}
    if results.exists():
        for line in results.read_text(encoding="utf-8").splitlines():
            known[json.loads(line)["key"]] = json.loads(line)["by"]
    for number, mutant in enumerate(sample, 1):
        by, began = known.get(mutant.key), time.monotonic()
        if not by:
            by = questions.noticed(mutant)
            if by and not questions.sound(by):
                by = None
            told = {"key": mutant.key, **asdict(mutant), "by": by, "seconds": round(time.monotonic() - began)}
            with results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(told) + "\n")
            print(f"{number}: {mutant.file}:{mutant.line} {by or 'NOBODY'}", file=sys.stderr, flush=True)
        if not by:
            yield mutant


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
