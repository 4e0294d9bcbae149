"""Files that a run is given, damaged in every manner: one line with file and place, and nothing written or replaced."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.backends.replay import Snapshot
from fixtures.machine.dependencies import Ecosystem, dependencies
from fixtures.settings import Settings
from fixtures.text.json_file import DEEPEST, JsonError, JsonFile
from fixtures.text.toml_file import TomlError
from reports import compare
from reports.__main__ import main
from reports.artifacts import json_text
from reports.verify import problems
from tests.report_material import guide, material, result, seal

HERE = "msh/us-east-1"
STATUSES = ("non_compliant", "inconclusive", "waived", "blocked", "compliant")
Change = Callable[[Any, Any], None]


def put(value: Any) -> Change:
    return lambda owner, key: owner.__setitem__(key, value)


CHANGES: dict[str, Change] = {
    "dropped": lambda owner, key: owner.__delitem__(key),
    "null": put(None),
    "list": put([]),
    "object": put({}),
    "number": put(7),
    "text": put("\x1b[31m nonsense"),
    "deep": put(json.loads("[" * 60 + "]" * 60)),
}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The two documents of a run with a result of each kind."""
    row = guide()["requirements"][0]
    results, evidence = material([HERE], [result(row, str(n), HERE, s) for n, s in enumerate(STATUSES)])
    return {"results.json": results, "evidence.json": evidence}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in the document: every key, and the first entry of each list."""
    entries = (
        value.items()
        if isinstance(value, dict)
        else list(enumerate(value))[:1]
        if isinstance(value, list)
        else ()
    )
    for key, inner in entries:
        yield (*at, key)
        if not ("settings" in at or "value" in at):
            yield from places(inner, (*at, key))


def mutants(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document with one place changed, for each place and manner."""
    for place in places(document):
        for name, change in CHANGES.items():
            changed = copy.deepcopy(document)
            owner = changed
            for key in place[:-1]:
                owner = owner[key]
            change(owner, place[-1])
            yield f"{'.'.join(map(str, place))} {name}", changed


BROKEN = {
    "empty": b"",
    "truncated": b'{"schema": 1, "results": [{"requirement": "SSO-0',
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "closed, and too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "no UTF-8": b'{"schema": "\xff"}',
    "no number": b'{"schema": NaN}',
    "long number": b'{"schema": ' + b"9" * 10_000 + b"}",
    "no object": b"[1]",
    "of something else": b'{"name": "package"}',
}


def in_one_line(text: str, file: str) -> bool:
    return text.count("\n") == 1 and file in text and "Traceback" not in text and "\x1b" not in text


@pytest.fixture
def report(tmp_path: Path, whole: dict[str, Any]) -> Path:
    folder = tmp_path / "shard"
    folder.mkdir()
    for name, document in whole.items():
        (folder / name).write_text(json_text(document), encoding="utf-8")
    seal(folder)
    return folder


@pytest.mark.parametrize("name", ["results.json", "evidence.json"])
@pytest.mark.parametrize("how", BROKEN)
def test_what_is_no_such_file_is_refused_by_everything_that_reads_it(
    report: Path, name: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = report / name
    file.write_bytes(BROKEN[how])
    seal(report)
    assert main(["verify", str(report)]) == 1
    assert name in capsys.readouterr().out
    all_of_it = report.parent / "all"
    all_of_it.mkdir()
    (all_of_it / "notes.txt").write_text("an earlier report", encoding="utf-8")
    assert main(["merge", str(report), "--report-dir", str(all_of_it)]) == 4
    assert in_one_line(capsys.readouterr().err, name)
    assert [entry.name for entry in all_of_it.iterdir()] == ["notes.txt"]
    with pytest.raises(compare.NotResults) as refused:
        compare.load(file)
    assert in_one_line(f"{refused.value}\n", name)
    with pytest.raises(TomlError) as not_judged:
        Snapshot.load(file)
    assert in_one_line(f"{not_judged.value}\n", name)


def test_a_file_that_is_larger_than_any_report_is_not_read_to_its_end(report: Path) -> None:
    with pytest.raises(JsonError, match=r"results\.json: larger than 0 MB, which no report is$"):
        JsonFile.load(report / "results.json", compare.SCHEMA, most_bytes=1000)


def test_every_change_of_results_json_is_refused_in_one_line_or_makes_a_whole_report(
    report: Path, whole: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where whoever changed it made the checksums fit. What is taken all the same is joined to a report that verifies."""
    codes: dict[int, int] = {}
    taken = []
    for name, changed in mutants(whole["results.json"]):
        (report / "results.json").write_text(json_text(changed), encoding="utf-8")
        seal(report)
        code = main(["merge", str(report), "--report-dir", str(report.parent / "all")])
        said = capsys.readouterr()
        codes[code] = codes.get(code, 0) + 1
        if code == 4:
            assert in_one_line(said.err, "shard"), (name, said.err)
            assert not (report.parent / "all").exists() or taken
        else:
            assert code in {0, 1, 6}, (name, said.err)
            taken.append(name)
    assert codes[4] > 500
    if taken:
        assert problems(report.parent / "all") == []


def test_every_change_of_evidence_json_is_refused_in_one_line_or_judged(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    file = tmp_path / "evidence.json"
    refused = 0
    for name, changed in mutants(whole["evidence.json"]):
        file.write_text(json_text(changed), encoding="utf-8")
        try:
            Snapshot.load(file)
        except TomlError as error:
            assert in_one_line(f"{error}\n", "evidence.json"), (name, str(error))
            refused += 1
    assert refused > 100


def test_every_change_of_an_earlier_results_json_is_refused_in_one_line_or_compared(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    file = tmp_path / "results.json"
    for name, changed in mutants(whole["results.json"]):
        file.write_text(json_text(changed), encoding="utf-8")
        try:
            compare.comparison(whole["results.json"], compare.load(file))
        except compare.NotResults as error:
            assert in_one_line(f"{error}\n", "results.json"), (name, str(error))


def test_a_number_that_python_does_not_read_is_one_line_too(tmp_path: Path) -> None:
    file = tmp_path / "compliance.toml"
    file.write_text(f"[credentials]\nminimum_minutes = {'9' * 9000}\n", encoding="utf-8")
    with pytest.raises(TomlError, match=r"compliance\.toml:2: a number that is too long$"):
        Settings.load(file)


MANIFESTS: dict[str, dict[str, Any]] = {
    "package.json": {"dependencies": {"ai": "^5"}, "devDependencies": {"@aws-sdk/client-sts": "3"}},
    "package-lock.json": {
        "packages": {"": {"dependencies": {"ai": "5"}}, "node_modules/ai": {"version": "5.0.1"}}
    },
    "pyproject.toml": {
        "project": {"dependencies": ["boto3>=1"], "optional-dependencies": {"a": ["litellm"]}},
        "dependency-groups": {"dev": ["litellm", {"include-group": "a"}], "a": ["pytest"]},
        "tool": {"poetry": {"dependencies": {"boto3": "1"}, "group": {"dev": {"dependencies": {"litellm": "1"}}}}},
    },
    "Pipfile": {"packages": {"boto3": "*"}, "dev-packages": {"litellm": {"version": "*"}}},
    "Pipfile.lock": {"default": {"boto3": {"version": "==1.44.8"}}},
    "uv.lock": {"version": 1, "package": [{"name": "boto3", "version": "1.44.8"}]},
}  # fmt: skip
PACKAGES: Mapping[Ecosystem, frozenset[str]] = {
    "npm": frozenset({"ai", "@aws-sdk/client-sts"}),
    "pypi": frozenset({"boto3", "litellm"}),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_change_of_a_manifest_leaves_what_can_be_read_of_it(tmp_path: Path, name: str) -> None:
    """A folder's own files are written for other programs, in versions that nobody here knows."""
    file = tmp_path / name
    write = json.dumps if name.endswith(".json") or name == "Pipfile.lock" else toml_text
    file.write_text(write(MANIFESTS[name]), encoding="utf-8")
    whole, problems = dependencies(tmp_path, PACKAGES)
    assert whole and not problems
    for how, changed in mutants(MANIFESTS[name]):
        file.write_text(write(changed), encoding="utf-8")
        found, problems = dependencies(tmp_path, PACKAGES)
        assert {each["package"] for each in found} <= {each["package"] for each in whole}, how
        assert not problems, how
    for how, content in {**BROKEN, "long number in TOML": b"a = " + b"9" * 9000}.items():
        file.write_bytes(content)
        found, problems = dependencies(tmp_path, PACKAGES)
        assert not found and len(problems) <= 1, how
        assert problems or not how.startswith(("truncated", "lists", "objects", "long")), how


def toml_text(document: Mapping[str, Any]) -> str:
    """The document in TOML, which has no null: an empty text stands for it."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return f"[{', '.join(map(written, value))}]"
        return json.dumps("" if value is None else value)

    return "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in document.items())
