"""A DAG is written down alike whenever it is: made again, copied, pickled, cut down to all of its tasks."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.sdk import DAG, task_group
from airflow.serialization.serialized_objects import DagSerialization

from airflow_azureml import operators, sensors
from airflow_azureml.decorators import azureml_command
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

JOB: dict[str, Any] = {"environment": "azureml:e:1"}
MODE: dict[str, Any] = {"start_in_trigger": True, "finish_in_trigger": True}
PIPELINE = {
    "type": "pipeline",
    "inputs": {"x": {"type": "uri_folder", "path": "azureml:d:1"}},
    "jobs": {
        "a": {
            "type": "command",
            "command": "cp ${{inputs.x}} ${{outputs.o}}",
            "inputs": {"x": "${{parent.inputs.x}}"},
            "outputs": {"o": None},
            **JOB,
        },
        "b": {
            "type": "command",
            "command": "cat ${{inputs.x}}",
            "inputs": {"x": "${{parent.jobs.a.outputs.o}}"},
            **JOB,
        },
    },
}


class Own(AzureMLCommandJobOperator):
    """A class of a DAG author's."""

    template_fields = (*AzureMLCommandJobOperator.template_fields, "team")

    def __init__(self, *, team: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.team = team


def written(x: Any) -> str:
    """A command; the function keeps its name, by which it is pickled."""
    return f"echo {x}"


function = azureml_command(outputs={"m": None}, **JOB)(written)


def build() -> DAG:
    """A DAG with all that we have."""
    with DAG("d", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), schedule=None) as dag:
        first = AzureMLCommandJobOperator(task_id="first", command="echo", outputs={"o": None}, **JOB)
        AzureMLCommandJobOperator(
            task_id="none", command="c", inputs={"o": first.output["o"]}, execution_timeout=timedelta(1), **MODE, **JOB
        )
        mapped = AzureMLCommandJobOperator.partial(task_id="mapped", map_index_template="{{ task.command }}", **JOB)
        several = mapped.expand(command=["a", "b"])
        rows: list[Any] = [{"job": {"type": "command", "command": "e", **JOB}, "set": {"tags.a": "b"}}, {"job": "x"}]
        AzureMLJobOperator.partial(task_id="rows", start_in_trigger=True).expand_kwargs(rows)
        AzureMLJobSensor(task_id="sensor", job_name=first.output, **MODE)
        AzureMLJobSensor.partial(task_id="sensors").expand(job_name=several.output)
        function.override(task_id="function", retries=3)(first.output["o"])
        function.override(task_id="functions", default_args={"compute": "c"}).expand(x=[1, 2])
        Own(task_id="own", team="a", command="c", **MODE, **JOB)
        Own.partial(task_id="owns", team="a", **JOB).expand(command=["c"])
        AzureMLPipelineTaskGroup("steps", job=PIPELINE, inputs={"x": first.output["o"]}, **MODE)

        @task_group
        def each(word: str) -> None:
            AzureMLPipelineTaskGroup("steps", job=PIPELINE)
            AzureMLCommandJobOperator(task_id="in", command=word, **MODE, **JOB)

        each.expand(word=["a", "b"])
        up: Any = operators.AzureMLCreateComputeOperator(task_id="up", name="c", size="s")
        up.as_setup()
        down = operators.AzureMLDeleteComputeOperator(task_id="down", name=up.output["name"]).as_teardown(setups=up)
        up >> AzureMLCommandJobOperator(task_id="amid", command="x", compute=up.output, **JOB) >> down
        operators.AzureMLCancelOrphansOperator(task_id="orphans", dag_ids={"a", "b", "c"})
        sensors.AzureMLComputeSensor(task_id="compute", name="c", deferrable=True)
    return dag


WAYS: dict[str, Callable[[DAG], DAG]] = {
    "again": lambda dag: dag,
    "made again": lambda dag: build(),
    "copied": copy.deepcopy,
    "pickled": lambda dag: pickle.loads(pickle.dumps(dag)),
    "cut down to all": lambda dag: dag.partial_subset(list(dag.task_ids)),
    "cut down to all, and copied": lambda dag: copy.deepcopy(dag.partial_subset(list(dag.task_ids))),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_is_written_alike(way: Callable[[DAG], DAG]) -> None:
    dag = build()
    once = json.dumps(DagSerialization.to_dict(dag))
    assert json.dumps(DagSerialization.to_dict(way(dag))) == once
