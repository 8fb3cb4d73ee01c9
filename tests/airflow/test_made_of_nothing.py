"""A template that makes nothing writes the text ``None``: it is no name, version, size or path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComputeOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.sensors import AzureMLComputeSensor
from airflow_azureml.task.fields.made_nothing import made_of_nothing
from tests.airflow.installs import AirflowInstall

JOB: dict[str, Any] = {"command": "echo", "environment": {"image": "python:3.11"}}
NONE = "{{ none }}"


def make(kind: Any, **given: Any) -> Any:
    """A task, rendered."""
    with DAG("d"):
        task = kind(task_id="t", **given)
    task.render_template_fields({"none": None})
    return task


@pytest.mark.parametrize(
    ("place", "kind", "given"),
    [
        ("name", AzureMLCreateComputeOperator, {"name": NONE}),
        ("size", AzureMLCreateComputeOperator, {"name": "c", "size": NONE}),
        ("name", AzureMLComputeSensor, {"name": NONE}),
        ("version", AzureMLRegisterModelOperator, {"name": "m", "path": "azureml://jobs/j", "version": NONE}),
        (
            "name",
            AzureMLRegisterModelOperator,
            {"spec": {"name": "m"}, "name": "{% if none %}m{% else %}None{% endif %}"},
        ),
        ("spec.stage", AzureMLRegisterModelOperator, {"spec": {"name": "m", "stage": NONE}}),
        ("experiment_name", AzureMLCommandJobOperator, {**JOB, "experiment_name": NONE}),
        ("command", AzureMLCommandJobOperator, {**JOB, "command": NONE}),
        ("environment.image", AzureMLCommandJobOperator, {**JOB, "environment": {"image": NONE}}),
        ("compute.1", AzureMLCommandJobOperator, {**JOB, "compute": ["a", NONE]}),
        ("outputs.o.path", AzureMLCommandJobOperator, {**JOB, "outputs": {"o": {"path": NONE}}}),
        ("job.jobs.a.compute", AzureMLJobOperator, {"job": {"type": "pipeline", "jobs": {"a": {"compute": NONE}}}}),
        ("set.jobs.a.compute", AzureMLJobOperator, {"job": JOB, "set": {"jobs.a.compute": NONE}}),
    ],
)
def test_it_is_refused_with_its_field_and_template(place: str, kind: Any, given: dict[str, Any]) -> None:
    with pytest.raises(AzureMLSpecError) as refused:
        make(kind, **given)
    assert str(refused.value).startswith(f'{place}: "None" is not accepted. It is what the template "{{')


def test_it_may_be_meant_for_a_script_or_a_person_and_where_it_is_written() -> None:
    free = {
        "inputs": {"limit": NONE},
        "environment_variables": {"LIMIT": NONE},
        "tags": {"limit": NONE},
        "description": NONE,
    }
    task = make(AzureMLCommandJobOperator, **JOB, **free, display_name="None", experiment_name=f"of {NONE}")
    assert (task.inputs["limit"], task.display_name, task.experiment_name) == ("None", "None", "of None")
    assert make(AzureMLJobOperator, job=JOB, set={"inputs.x": NONE}).set == {"inputs.x": "None"}


def test_a_value_of_a_search_space_may_be_meant() -> None:
    sweep = {"type": "sweep", "trial": JOB, "search_space": {"depth": {"type": "choice", "values": [4, NONE]}}}
    assert make(AzureMLJobOperator, job=sweep).job["search_space"]["depth"]["values"] == [4, "None"]


class OfAUsersOwn(AzureMLCommandJobOperator):
    """An operator with a field of its own."""

    template_fields = (*AzureMLCommandJobOperator.template_fields, "ticket")

    def __init__(self, *, ticket: str, **given: Any) -> None:
        super().__init__(**given)
        self.ticket = ticket


def test_a_field_of_a_users_own_class_takes_what_it_likes() -> None:
    assert make(OfAUsersOwn, ticket=NONE, **JOB).ticket == "None"
    with pytest.raises(AzureMLSpecError, match=r"^experiment_name: "):
        make(OfAUsersOwn, ticket=NONE, experiment_name=NONE, **JOB)


def test_a_mapping_may_contain_itself() -> None:
    around: dict[str, Any] = {}
    around["self"] = around
    assert list(made_of_nothing({"services": around}, {"services": around})) == []


DAGS = """
from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLCommandJobOperator

JOB = {"command": "echo", "environment": {"image": "python:3.11"}, "wait_for_completion": False}

with DAG("nothing", schedule=None, params={"none": None}):
    AzureMLCommandJobOperator.partial(task_id="mapped", **JOB).expand(experiment_name=["e", "{{ params.none }}"])

with DAG("nothing_native", schedule=None, params={"none": None}, render_template_as_native_obj=True):
    AzureMLCommandJobOperator(task_id="plain", experiment_name="{{ params.none }}", **JOB)
"""


def test_so_is_one_that_a_mapped_task_was_expanded_to_and_native_rendering_gives_none(install: AirflowInstall) -> None:
    Path(install.dags, "nothing.py").write_text(DAGS)
    log = install.run("nothing", "nothing_native")
    assert install.states("nothing") == {"mapped[0]": "success", "mapped[1]": "failed"}
    assert 'experiment_name: "None" is not accepted. It is what the template "{{ params.none }}" makes' in log
    assert install.xcom("nothing_native", "plain")["experiment_name"] == "nothing_native"
