"""Keywords that are true or false: each of them, of each operator and sensor, by what their constructors say."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml import operators, sensors
from airflow_azureml.decorators.command import azureml_command
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLDownloadJobOutputOperator
from airflow_azureml.sensors import AzureMLComputeSensor
from airflow_azureml.task.fields.flags import flags

TASKS: list[Any] = [getattr(room, name) for room in (operators, sensors) for name in room.__all__]
FLAGS = [(task, name) for task in TASKS for name in sorted(flags(task))]
GIVEN = [(task, name) for task, name in FLAGS if name not in task.template_fields]
RENDERED = [(task, name) for task, name in FLAGS if name in task.template_fields]
JOB: dict[str, Any] = {"command": "echo", "environment": "azureml:e:1"}
NEITHER = [None, "", "False", "no", 0, 1, 3.5, [], {}, object()]


def made(task: Any, **given: Any) -> Any:
    """A task with a text for each keyword that it cannot do without."""
    needed = {
        item.name: {"a": 100} if item.name == "traffic" else "x"
        for item in inspect.signature(task.__init__).parameters.values()
        if item.default is item.empty and item.kind is item.KEYWORD_ONLY
    }
    with DAG("d"):
        return task(task_id="t", **{**needed, **given})


def test_all_of_them_are_known() -> None:
    assert {"deferrable", "cancel_on_kill", "wait_for_completion", "start_in_trigger"} <= flags(
        AzureMLCommandJobOperator
    )
    assert {name for _, name in RENDERED} == {"overwrite", "set_default", "wait_for_build"}


@pytest.mark.parametrize(("task", "name"), GIVEN)
def test_what_is_neither_true_nor_false_is_refused_where_it_is_written(task: Any, name: str) -> None:
    for given in [*NEITHER, "{{ params.x }}"]:
        with pytest.raises(
            AzureMLSpecError, match=rf"^{name}: .* is not accepted. Accepted: True or False; it is no t"
        ):
            made(task, **{name: given})
    assert [getattr(made(task, **{name: given}), name) for given in (True, False)] == [True, False]


@pytest.mark.parametrize(("task", "name"), RENDERED)
def test_one_that_is_rendered_is_read_as_the_word_that_it_is(task: Any, name: str) -> None:
    for given, meant in [(True, True), (False, False), ("{{ 1 == 2 }}", False), ("{{ 1 == 1 }}", True), ("true", True)]:
        made_task = made(task, **{name: given})
        made_task.render_template_fields({})
        assert getattr(made_task, name) is meant
    for given in [None, "", "no", "{{ 5 }}", 0, 1, []]:
        made_task = made(task, **{name: given})
        with pytest.raises(AzureMLSpecError, match=rf"^{name}: .* Accepted: True or False, or a template that renders"):
            made_task.render_template_fields({})


def test_so_is_one_of_default_args_of_partial_and_of_the_decorator() -> None:
    ways: list[Any] = [
        lambda: AzureMLCommandJobOperator(task_id="t", default_args={"deferrable": "no"}, **JOB),
        lambda: AzureMLCommandJobOperator.partial(task_id="t", deferrable="no", **JOB),
        lambda: azureml_command(environment="azureml:e:1", task_id="t", deferrable="no")(lambda: "echo")(),
        lambda: AzureMLComputeSensor(task_id="t", name="c", default_args={"deferrable": "no"}),
    ]
    for way in ways:
        with DAG("d"), pytest.raises(AzureMLSpecError, match=r'^deferrable: "no" is not accepted'):
            way()


def test_all_that_are_wrong_are_named_at_once() -> None:
    with pytest.raises(AzureMLSpecError) as refused:
        made(AzureMLCommandJobOperator, stream_logs=0, deferrable="no")
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["deferrable", "stream_logs"]


def test_those_of_numpy_are_flags() -> None:
    numpy = pytest.importorskip("numpy")
    assert made(AzureMLCommandJobOperator, deferrable=numpy.True_).deferrable is True
    task = made(AzureMLDownloadJobOutputOperator, overwrite=numpy.False_)
    task.render_template_fields({})
    assert task.overwrite is False


def test_a_keyword_that_somebody_elses_subclass_adds_is_theirs() -> None:
    class Theirs(AzureMLCommandJobOperator):
        def __init__(self, *, loud: bool = False, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.loud = loud

    assert made(Theirs, loud="very", **JOB).loud == "very"
