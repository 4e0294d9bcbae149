"""The map of explanations: read strictly, in step with the code and with its page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from checks.catalogue import load
from checks.explain import explained
from checks.explanations import explanations, read
from checks.judgement import explained_by, import_checks, rests_on
from checks.markdown import explanations_page
from fixtures.evidence import FACTS
from fixtures.text.toml_file import TomlError, TomlFile

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[facts]\nidenity = ['RUN-02']", "facts.idenity: no fact is called so"),
        ("[facts]\nidentity = ['RUN-20']", "facts.identity: no requirement is called 'RUN-20'"),
        ("[facts]\nidentity = ['MDL-03:CHAT']", "facts.identity: MDL-03 has no case 'CHAT'"),
        ("[facts]\nidentity = ['@calls']", "facts.identity: no set is called 'calls'"),
        ("[facts]\nidentity = 'RUN-02'", "facts.identity: must be"),
        ("[facts]\nidentity = [{ wen = 'x', by = [] }]", "facts.identity: {'wen'"),
        ("[requirements]\nRUN-20 = []", "no requirement is called 'RUN-20'"),
        ("[requirements]\nRUN-02 = ['RUN-02']", "requirements.RUN-02: explains itself"),
        ("[requirements]\nRUN-02 = ['SSO-03']\nSSO-03 = ['CON-03']\nCON-03 = ['RUN-02']", "explains itself"),
        ("[facts", "explanations.toml"),
    ],
)
def test_what_is_wrong_in_the_map_is_one_line_with_its_place(
    text: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "explanations.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TomlError) as caught:
        read(TomlFile.load(path), load(), FACTS)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_condition_of_the_map_is_one_that_the_code_meets_and_the_reverse() -> None:
    known = explanations()
    entries = [*known.facts.values(), *known.requirements.values()]
    in_map = {entry.condition for own in entries for entry in own if entry.condition}
    written, given = set[str](), set[str]()
    files = [*ROOT.glob("checks/**/*.py"), *ROOT.glob("fixtures/evidence/*.py"), ROOT / "fixtures/engine.py"]
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        written |= texts_in(tree)
        given |= {text for node in ast.walk(tree) if isinstance(node, ast.Call) for text in given_in(node)}
    assert in_map <= written
    assert given <= in_map


def given_in(call: ast.Call) -> set[str]:
    """The conditions that are written in the call: its `given`, and what `where` and `value_of` are told."""
    told = [keyword.value for keyword in call.keywords if keyword.arg == "given"]
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    told += call.args if name == "where" else call.args[1:] if name == "value_of" else []
    return {text for value in told for text in _listed(value)}


def _listed(value: ast.expr) -> set[str]:
    """The texts that the expression gives a list of, whatever decides which."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value.partition(":")[0]}
    if isinstance(value, ast.JoinedStr):
        return _listed(value.values[0]) if isinstance(value.values[0], ast.Constant) else set()
    parts = {
        ast.List: lambda: value.elts,  # type: ignore[attr-defined]
        ast.Tuple: lambda: value.elts,  # type: ignore[attr-defined]
        ast.IfExp: lambda: [value.body, value.orelse],  # type: ignore[attr-defined]
        ast.Starred: lambda: [value.value],  # type: ignore[attr-defined]
    }.get(type(value), list)()
    return {text for part in parts for text in _listed(part)}


def texts_in(tree: ast.AST) -> set[str]:
    """The texts, up to the colon behind which stands what met a condition."""
    return {
        node.value.partition(":")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_page_of_the_map_is_in_step_with_it() -> None:
    page = (ROOT / "checks" / "explanations.md").read_text(encoding="utf-8")
    made = explanations_page(load(), explanations(), rests_on)
    assert page == made, "run: python -m checks --explanations checks/explanations.md"


def test_explain_prints_what_a_requirement_rests_on_and_what_it_explains() -> None:
    import_checks()
    text = explained(load(), "SSO-06", "linux", "msh")
    above, below = text.split("rests on", 1)[1].split("mended by", 1)[0].split("explains", 1)
    assert {"SSO-03", "SSO-04", "PRF-05"} <= set(above.replace(",", " ").split())
    assert {"RUN-02", "IAM-03"} <= set(below.replace(",", " ").split())
    assert "IAM-03" in explained_by("SSO-06")
