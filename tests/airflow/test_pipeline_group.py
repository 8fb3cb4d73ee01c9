"""A pipeline's file as a group of tasks: what is there when the DAG is parsed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, task
from airflow.serialization.serialized_objects import DagSerialization

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.task import description
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

FILE = Path(__file__).parent / "dags" / "steps" / "pipeline.yml"
STEPS = ("count", "twice.times", "twice.check", "add", "total")


@pytest.fixture
def dag() -> Iterator[DAG]:
    """The DAG that the group is made in."""
    with DAG("d", schedule=None) as found:
        yield found


def upstream(dag: DAG) -> dict[str, set[str]]:
    """Which tasks each task waits for."""
    return {found.task_id: set(found.upstream_task_ids) for found in dag.tasks}


def test_bindings_are_the_order_of_tasks(dag: DAG) -> None:
    group = AzureMLPipelineTaskGroup("g", job=FILE)

    assert upstream(dag) == {
        "g.count": set(),
        "g.twice.times": {"g.count"},
        "g.twice.check": {"g.twice.times"},
        "g.add": {"g.count"},
        "g.total": {"g.twice.check", "g.add"},
    }
    assert sorted(group.steps) == sorted(STEPS)
    assert [child.node_id for child in group.children.values()] == ["g.count", "g.twice", "g.add", "g.total"]


def test_the_group_stands_between_tasks(dag: DAG) -> None:
    def command(name: str, **inputs: Any) -> AzureMLCommandJobOperator:
        return AzureMLCommandJobOperator(task_id=name, command="ls", environment="azureml:e:1", inputs=inputs)

    @task
    def factor() -> int:
        return 3

    group = AzureMLPipelineTaskGroup("g", job=FILE, inputs={"factor": factor(), "cores": 2})
    command("before") >> group >> command("after")
    command("takes", total=group.output["total"])
    found = upstream(dag)

    assert found["g.count"] == {"before"}
    assert found["g.twice.times"] == {"g.count", "factor"}
    assert found["after"] == {"g.total"}
    assert found["takes"] == {"g.total"}
    assert set(group.output) == {"total", "doubled", "best"}
    assert group.steps["count"].inputs == {"cores": 2}
    assert "cores" not in group.steps["count"].job["inputs"]


def test_keywords_go_to_the_group_or_to_each_step(dag: DAG) -> None:
    group = AzureMLPipelineTaskGroup(
        "g",
        job=FILE,
        tooltip="steps",
        default_args={"retries": 3},
        deferrable=True,
        poll_interval=7,
        azureml_conn_id="other",
        compute=["a", "b"],
        display_name="Nightly",
        checkpoint="counts",
        set={"jobs.total.compute": "azureml:own"},
    )

    assert group.tooltip == "steps"
    for name, step in group.steps.items():
        assert (step.retries, step.deferrable, step.poll_interval, step.azureml_conn_id) == (3, True, 7, "other")
        assert step.display_name == f"Nightly.{name}"
        assert step.compute == (None if name == "total" else ["a", "b"])
        assert step.checkpoint == ("counts" if name == "count" else None)
        assert "default_compute" not in step.job["settings"]


def test_a_group_is_serialised_and_made_again(dag: DAG) -> None:
    group = AzureMLPipelineTaskGroup("g", job=FILE)
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))

    assert again.task_ids == [step.task_id for step in group.steps.values()]
    assert again.get_task("g.total").upstream_task_ids == {"g.twice.check", "g.add"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"job": "none.yml"}, "job: the file 'none.yml' does not exist. Looked in: "),
        ({"inputs": {"factr": 1}}, 'inputs.factr: the pipeline has no such input. Did you mean "factor"?'),
        ({"set": {"jobs.total.inputs.left": "${{parent.jobs.none.outputs.x}}"}}, 'there is no node "none"'),
        ({"checkpoint": "none"}, 'checkpoint: no step has an output "none".'),
    ],
)
def test_what_is_wrong_is_refused_when_the_dag_is_parsed(dag: DAG, given: dict[str, Any], message: str) -> None:
    with pytest.raises(AzureMLSpecError) as error:
        AzureMLPipelineTaskGroup("g", **{"job": FILE, **given})

    assert message in str(error.value)
    assert error.value.__suppress_context__


def test_a_mistake_in_a_value_is_told_with_its_line(dag: DAG) -> None:
    step = AzureMLPipelineTaskGroup("g", job=FILE).steps["count"]
    step.inputs = {"words": {"type": "uri_file", "path": "azureml:w:1"}}
    step.job = {**step.job, "jobs": {"count": {**step.job["jobs"]["count"], "limits": {"timeout": "soon"}}}}

    with pytest.raises(SpecError, match=r"pipeline.yml:\d+: limits.timeout"):
        translate(step.document({}), Workspace("s", "g", "w"))


def test_outputs_that_are_not_there_are_refused(dag: DAG) -> None:
    group = AzureMLPipelineTaskGroup("g", job=FILE)

    with pytest.raises(AzureMLSpecError, match=r'g.output\["totl"\]: .* Did you mean "total"?'):
        group.output["totl"]
    with pytest.raises(AzureMLSpecError, match='has no output "x"'):
        group.steps["count"].output["x"]


def test_commands_are_shown_below_a_parent(dag: DAG, capsys: pytest.CaptureFixture[str]) -> None:
    @task
    def parent() -> str:
        return "nightly"

    group = AzureMLPipelineTaskGroup("g", job=FILE, parent_job_name=parent())
    assert all("parent" in step.upstream_task_ids for step in group.steps.values())
    total, add = group.steps["total"], group.steps["add"]
    data = {"type": "uri_folder", "path": "azureml:d:1"}
    for step in (total, add):
        step.inputs = dict.fromkeys(step.inputs or (), data)
        step.parent_job_name = "nightly"

    assert total.document({}).value["parent_job_name"] == "nightly"
    assert "parent_job_name" not in add.document({}).value
    assert "parent_job_name: not sent, for this step is a pipeline job" in capsys.readouterr().out


def test_a_step_is_made_again_in_the_triggerer(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "local_bundles", lambda: True)
    group = AzureMLPipelineTaskGroup("g", job=FILE, start_in_trigger=True)
    step = group.steps["twice.check"]
    again = description.made_again(json.loads(description.describe(step)), "d")
    found = []
    for one in (step, again):
        one.inputs = {name: {"type": "uri_folder", "path": "azureml:d:1"} for name in one.inputs or ()}
        found.append(one.document({}))

    assert type(again) is type(step)
    assert found[0].value == found[1].value
    assert found[0].value["type"] == found[1].value["type"] == "command"
