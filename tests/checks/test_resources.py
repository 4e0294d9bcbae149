"""Remedies as code: from one description CloudFormation that its linter takes, and Terraform that its grammar takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import tree_sitter_hcl
from cfnlint.api import lint
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from tree_sitter import Language, Parser

from checks import resources
from checks.catalogue import load
from checks.resources import as_code, cloudformation, terraform
from fixtures.text.toml_file import TomlError
from tests.harness import judged

MENDED = sorted({requirement for each in resources.resources() for requirement in each.requirements})


def test_all_of_them_are_what_the_linter_takes() -> None:
    """In one template, since the linter takes longer to start than to read; its parameters are strings that somebody gives."""
    template = cloudformation(resources.resources())
    assert [str(problem) for problem in lint(template)] == []
    made = json.loads(template)["Resources"]
    assert len(made) == sum(bool(each.cloudformation) for each in resources.resources())


@pytest.mark.parametrize("requirement", MENDED)
def test_terraforms_grammar_takes_it_and_every_variable_is_declared(requirement: str) -> None:
    text = as_code(requirement)["terraform"]
    tree = Parser(Language(tree_sitter_hcl.language())).parse(text.encode())
    assert not tree.root_node.has_error, text
    assert set(re.findall(r"var\.(\w+)", text)) == set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    assert set(re.findall(r"data\.(\w+)\.current", text)) == set(
        re.findall(r'^data "(\w+)"', text, re.MULTILINE)
    )


def test_where_cloudformation_has_no_type_the_other_text_says_so_as_long_as_that_is_true() -> None:
    known = PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")
    assert "AWS::Bedrock::Guardrail" in known
    assert [kind for kind in known if kind.startswith("AWS::Bedrock") and "Logging" in kind] == []
    assert list(as_code("LOG-08")) == ["terraform"]
    said, _, module = as_code("LOG-08")["terraform"].partition("\n\n")
    assert {line[:2] for line in said.splitlines()} == {"# "}
    assert said.startswith("# CloudFormation has no resource type for")
    assert "CloudFormation" not in module


def test_both_say_the_same() -> None:
    """Every value of the shared description stands in both, under the name that it has there."""
    for each in resources.resources():
        if not (each.cloudformation and each.terraform):
            continue
        (own,) = json.loads(cloudformation([each]))["Resources"].values()
        module = terraform([each])
        shared = {each.cloudformation_names.get(n, resources._camel(n)) for n in each.properties}
        assert shared <= set(own["Properties"])
        for name, value in each.properties.items():
            assert re.search(rf"^  {name} += ", module, re.MULTILINE), name
            if isinstance(value, str) and "$" not in value:
                assert json.dumps(value) in module


def test_parameters_are_references_and_text_with_one_is_put_together() -> None:
    endpoint = [each for each in resources.resources() if each.name == "bedrock_runtime_endpoint"]
    (own,) = json.loads(cloudformation(endpoint))["Resources"].values()
    assert own["Properties"]["VpcId"] == {"Ref": "Vpc"}
    assert own["Properties"]["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.bedrock-runtime"}
    module = terraform(endpoint)
    assert 'service_name        = "com.amazonaws.${data.aws_region.current.region}.bedrock-runtime"' in module
    assert "vpc_id              = var.vpc" in module


def test_a_failure_has_it_and_what_is_fine_has_not() -> None:
    only = ("MON-06", "MON-11", "LOG-08")
    found = judged("ent-mon-11-usage-unwatched", only=only)
    assert found["MON-11"]["as_code"] == as_code("MON-11")
    assert "as_code" not in found["MON-06"]
    assert set(as_code("LOG-08")) == {"terraform"}  # CloudFormation has no such resource
    assert as_code("SSO-03") == {}


def test_what_a_resource_mends_is_of_the_enterprise_scope() -> None:
    assert {load().requirement(each).scope for each in MENDED} == {"enterprise"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"MON-11"', '"MON-99"', "requirements: no requirement is called 'MON-99'"),
        ("alarm_actions = [\"${topic}\"]", "alarm_actions = [\"${topik}\"]", "'topik' is no parameter of it; did you mean"),
        ("parameters.email =", "parameters.mail =", "'email' is no parameter of it"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_description_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, said: str
) -> None:
    file = tmp_path / "resources.toml"
    file.write_text(resources.FILE.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    monkeypatch.setattr(resources, "FILE", file)
    with pytest.raises(TomlError, match=re.escape(said)):
        resources.resources.__wrapped__()
