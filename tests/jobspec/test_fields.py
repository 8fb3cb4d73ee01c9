"""The table room: a row's name in each form, what takes bindings, and words that a component keeps as they are."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import airflow_azureml.jobspec
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Container, Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import choice, listed, mapped, text, whole
from airflow_azureml.rest.ids import Workspace

ROWS = (
    Field("display_name", "displayName", text),
    Field("compute", "computeId", text, component="target"),
    Field("comment", None, text),
    Field("tier", "jobTier", choice({"spot": "Spot"}, "a tier")),
    Field("resource_id", "resourceId", text, node=None),
)
GIVEN = {"display_name": "d", "compute": "c", "comment": "x", "tier": "SPOT", "resource_id": "r"}
BINDING = "${{parent.inputs.x}}"


def converted(table: tuple[Field, ...], value: dict[str, Any], form: Form) -> tuple[dict[str, Any], list[str]]:
    """What a table makes of a mapping in a form, and the paths of the mistakes in it."""
    ctx = Translator(Workspace("s", "g", "w")).in_form(form)
    body = convert_mapping(table, load(value).root, ctx)
    return body, [problem.path for problem in ctx.errors()]


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (Form.JOB, {"displayName": "d", "computeId": "c", "jobTier": "Spot", "resourceId": "r"}),
        (Form.NODE, {"display_name": "d", "computeId": "c", "job_tier": "Spot"}),
        (Form.COMPONENT, {"display_name": "d", "target": "c", "tier": "spot", "resource_id": "r"}),
    ],
)
def test_a_row_says_its_name_in_each_form(form: Form, body: dict[str, Any]) -> None:
    assert converted(ROWS, GIVEN, form) == (body, [])


def test_another_form_of_a_translation_notes_mistakes_in_the_same_list() -> None:
    ctx = Translator(Workspace("s", "g", "w"))
    node = ctx.in_form(Form.NODE)
    assert (node.bound, ctx.bound, node.unbound().bound) == (True, False, False)
    assert node.unbound().form is Form.NODE
    assert node.error(load({"a": 1}).root, "wrong.") is INVALID
    assert [problem.message for problem in ctx.errors()] == ["wrong."]


KINDS = by_type({"big": fixed((Field("size", "theSize", whole),), kindType="Big")}, "a kind")
CONTAINERS = {"nested": nested(()), "listed": listed(text), "mapped": mapped(text)}


@pytest.mark.parametrize("name", CONTAINERS)
def test_no_binding_stands_for_a_mapping_or_list(name: str) -> None:
    row = Field("key", "key", CONTAINERS[name])
    assert converted((row,), {"key": BINDING}, Form.NODE) == ({}, ["key"])


@pytest.mark.parametrize("convert", [whole, KINDS])
def test_a_binding_stands_for_a_single_value_and_a_union_by_type(convert: Any) -> None:
    row = Field("key", "key", convert)
    assert converted((row,), {"key": BINDING}, Form.NODE) == ({"key": BINDING}, [])
    assert converted((row,), {"key": BINDING}, Form.JOB) == ({}, ["key"])


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (Form.JOB, {"kindType": "Big", "theSize": 1}),
        (Form.NODE, {"kind_type": "Big", "the_size": 1}),
        (Form.COMPONENT, {"type": "big", "size": 1}),
    ],
)
def test_a_component_keeps_the_type_of_a_union(form: Form, body: dict[str, Any]) -> None:
    row = Field("key", "key", KINDS)
    assert converted((row,), {"key": {"type": "BIG", "size": 1}}, form) == ({"key": body}, [])


def test_a_converter_of_a_mapping_can_be_marked_by_hand() -> None:
    @Container
    def convert(located: Any, ctx: Translator) -> dict[str, Any]:
        return dict(located.value)

    assert not Field("key", "key", convert).takes_binding()
    assert Field("key", "key", convert, bindable=True).takes_binding()


SOURCES = sorted(Path(airflow_azureml.jobspec.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_every_converter_says_what_it_returns(source: Path) -> None:
    functions = [node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.FunctionDef)]
    untyped = [node.name for node in functions if isinstance(node.returns, ast.Name) and node.returns.id == "Any"]
    assert untyped == []
