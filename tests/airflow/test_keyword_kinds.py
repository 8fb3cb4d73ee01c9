"""Keywords of a wrong kind, what is false for Python above all: each of each operator, sensor and group, by its
signature."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml import operators, sensors
from airflow_azureml.decorators import azureml_command
from airflow_azureml.exceptions import AzureMLConnectionError, AzureMLSpecError
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

TASKS: list[Any] = [getattr(room, name) for room in (operators, sensors) for name in room.__all__]
MAKERS: list[Any] = [*TASKS, AzureMLPipelineTaskGroup]
FALSE: list[Any] = [None, 0, 0.0, "", " ", False, [], (), {}, b"", set(), timedelta(0), 1, 2.5, "word", Path("x")]
SAYS_SOMETHING = {"description", "docker_args", "stage", "subscription_id", "resource_group", "workspace_name"}
"""Texts that may be empty."""
JOB: dict[str, Any] = {"task_id": "t", "command": "echo", "environment": "azureml:e:1"}
PIPELINE = {"type": "pipeline", "jobs": {"a": {"type": "command", "command": "echo", "environment": "azureml:e:1"}}}


REFUSALS = (AzureMLSpecError, AzureMLConnectionError)
"""The second of a mapping in place of a connection's id, which may hold a password."""


def hints(maker: Any) -> dict[str, Any]:
    """The types of all keywords that our own classes declare."""
    found: dict[str, Any] = {}
    for cls in maker.__mro__:
        if cls.__module__.startswith("airflow_azureml.") and "__init__" in vars(cls):
            found = {**typing.get_type_hints(vars(cls)["__init__"]), **found}
    return {name: kind for name, kind in found.items() if name not in ("return", "kwargs", "group_id")}


KEYWORDS = [(maker, name, kind) for maker in MAKERS for name, kind in hints(maker).items()]
TYPED = [(maker, name, kind) for maker, name, kind in KEYWORDS if kind not in (Any, bool)]


def made(maker: Any, **given: Any) -> Any:
    """A task, or a group of one, with a text for each keyword that it cannot do without."""
    needed = {
        item.name: {"a": 100} if item.name == "traffic" else "x"
        for cls in maker.__mro__
        if cls.__module__.startswith("airflow_azureml.") and "__init__" in vars(cls)
        for item in inspect.signature(vars(cls)["__init__"]).parameters.values()
        if item.default is item.empty and item.kind is item.KEYWORD_ONLY
    }
    with DAG("d"):
        if maker is AzureMLPipelineTaskGroup:
            return maker("g", **{"job": PIPELINE, **given})
        return maker(task_id="t", **{**needed, **given})


def fits(kind: Any, name: str, value: Any, is_field: bool) -> bool:
    """Whether a value is of one of the kinds of an annotation; an empty text says nothing, and no flag is a number."""
    options = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    if typing.get_origin(kind) is Literal:
        return value in options
    plain = tuple(typing.get_origin(option) or option for option in options)
    if isinstance(value, str):
        if str in plain:
            return bool(value.strip()) or name in SAYS_SOMETHING
        return is_field and bool(value.strip()) and bool({int, float, bool} & set(plain))
    if isinstance(value, bool):
        return bool in plain
    if isinstance(value, (bytes, Mapping)):
        return isinstance(value, Mapping) and Mapping in plain
    if isinstance(value, int):
        return int in plain or float in plain
    if isinstance(value, Iterable):
        lists = [one for one in plain if isinstance(one, type) and issubclass(one, Iterable)]
        return bool([one for one in lists if one not in (str, Mapping)]) and not (name == "compute" and not value)
    return isinstance(value, tuple(one for one in plain if isinstance(one, type)))


@pytest.mark.parametrize(("maker", "name", "kind"), TYPED, ids=[f"{one.__name__}-{name}" for one, name, _ in TYPED])
def test_what_is_no_value_of_a_keyword_is_refused_where_it_is_written(maker: Any, name: str, kind: Any) -> None:
    is_field = name in getattr(maker, "template_fields", (name,))
    for value in FALSE:
        if fits(kind, name, value, is_field):
            continue
        with pytest.raises(REFUSALS, match=rf"^{name}: .*\. Accepted: ."):
            made(maker, **{name: value})


KEPT = [
    (maker, name, kind)
    for maker, name, kind in TYPED
    # The first reads its pipeline; the others have a least value.
    if maker is not AzureMLPipelineTaskGroup and name not in ("poll_interval", "max_resubmissions", "queue_timeout")
]


@pytest.mark.parametrize(("maker", "name", "kind"), KEPT, ids=[f"{one.__name__}-{name}" for one, name, _ in KEPT])
def test_what_may_be_given_is_kept(maker: Any, name: str, kind: Any) -> None:
    is_field = name in maker.template_fields
    given = [value for value in FALSE if fits(kind, name, value, is_field) and not isinstance(value, set)]
    for value in [*given, *(["{{ params.x }}"] if is_field else [])]:
        assert getattr(made(maker, **{name: value}), name) == value


@pytest.mark.parametrize("name", ["poll_interval", "patience", "max_resubmissions", "queue_timeout"])
def test_numbers_below_the_least_are_refused_where_they_are_written(name: str) -> None:
    for value in [-1, float("nan"), float("inf"), *([] if name in ("patience", "max_resubmissions") else [0])]:
        with pytest.raises(AzureMLSpecError, match=rf"^{name}: .* is not accepted\. Accepted: "):
            made(AzureMLCommandJobOperator, **{name: value})


@pytest.mark.parametrize(
    ("name", "given", "accepted"),
    [
        ("compute", "", "a text that is not empty, a mapping, a list that is not empty or None"),
        ("compute", [], "a text that is not empty, a mapping, a list that is not empty or None"),
        ("display_name", " ", "a text that is not empty or None"),
        ("inputs", "", "a mapping or None"),
        ("docker_args", 5, "a text, a list or None"),
    ],
)
def test_what_a_template_has_rendered_is_read_alike(name: str, given: Any, accepted: str) -> None:
    template: Any = {name: "{{ params.x }}"}
    with DAG("d", render_template_as_native_obj=True):
        task = AzureMLCommandJobOperator(**JOB, **template)
    with pytest.raises(AzureMLSpecError, match=rf"^{name}: .* is not accepted\. Accepted: {accepted}\.$"):
        task.render_template_fields({"params": {"x": given}})


def test_a_text_may_stand_for_a_number_and_nothing_for_what_may_be_left_out() -> None:
    given: dict[str, Any] = {"instance_count": "{{ 2 }}", "compute": "{{ none }}"}
    with DAG("d", render_template_as_native_obj=True):
        task = AzureMLCommandJobOperator(task_id="t", command="echo", environment="azureml:e:1", **given)
    task.render_template_fields({})
    assert (task.instance_count, task.compute) == (2, None)


def test_all_that_are_wrong_are_named_at_once() -> None:
    with pytest.raises(AzureMLSpecError) as refused:
        made(AzureMLCommandJobOperator, inputs=0, compute="", limits=[])
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["inputs", "compute", "limits"]


def test_a_keyword_that_somebody_elses_subclass_declares_anew_is_theirs() -> None:
    class Theirs(AzureMLCommandJobOperator):
        def __init__(self, *, compute: int = 0, display_name: str | None = None, **kwargs: Any) -> None:
            super().__init__(compute=f"cluster-{compute}", display_name=display_name, **kwargs)

    assert made(Theirs, compute=0, command="echo", environment="azureml:e:1").compute == "cluster-0"
    with pytest.raises(AzureMLSpecError, match=r'^display_name: "" is not accepted'):
        made(Theirs, display_name="", command="echo", environment="azureml:e:1")


def test_those_of_a_decorated_function_and_of_the_rows_of_a_mapped_task() -> None:
    ways: list[Callable[[], Any]] = [
        lambda: azureml_command(environment="azureml:e:1", compute="")(lambda: "echo")(),
        lambda: azureml_command(environment="azureml:e:1")(lambda: "echo").override(compute="", task_id="t")(),
        lambda: azureml_command(environment="azureml:e:1", compute="")(lambda x: "echo").expand(x=[1]),
        lambda: AzureMLCommandJobOperator.partial(task_id="t", command="e", environment="e").expand(compute=["a", ""]),
        lambda: AzureMLCommandJobOperator.partial(task_id="t").expand_kwargs([{"compute": ""}]),
    ]
    for way in ways:
        with DAG("d"), pytest.raises(AzureMLSpecError, match=r'^compute: "" is not accepted'):
            way()
