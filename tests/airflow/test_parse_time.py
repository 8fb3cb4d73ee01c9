"""What is refused while a DAG file is parsed: outputs that a task does not have, and resources that are Airflow's."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLJobOperator,
)
from airflow_azureml.operators.workspace import missing_output
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.sensors import AzureMLJobSensor
from tests.airflow.installs import AirflowInstall
from tests.airflow.instance import Instance

COMMAND: dict[str, Any] = {"command": "echo", "environment": "azureml:e:1"}


def command(**given: Any) -> AzureMLCommandJobOperator:
    """A command job."""
    return AzureMLCommandJobOperator(**{"task_id": "train", **COMMAND, **given})


@pytest.mark.parametrize(
    "make",
    [
        lambda: command(outputs={"model": None, "report": {"type": "uri_file"}}),
        lambda: AzureMLJobOperator(
            task_id="train", job={**COMMAND, "outputs": {"model": {}}}, outputs={"report": {"type": "uri_file"}}
        ),
        lambda: AzureMLJobOperator(
            task_id="train", job={"type": "pipeline", "jobs": {}, "outputs": {"model": {}, "report": {}}}
        ),
    ],
)
def test_an_output_that_a_task_does_not_have_is_refused(make: Any) -> None:
    with DAG("d"):
        train = make()
        for name in ("model", "report", "default", "return_value", "azureml_studio_url"):
            assert train.output[name].key == name
        with pytest.raises(AzureMLSpecError) as caught:
            train.output["modle"]
    assert str(caught.value) == (
        'train.output["modle"]: task "train" has no output "modle". Did you mean "model"?'
        " It has: default, model, report."
    )


def test_what_the_result_has_is_no_output() -> None:
    with DAG("d"), pytest.raises(AzureMLSpecError) as caught:
        command(outputs={"model": None}).output["metrics"]
    assert 'give the next task train.output, and read ["metrics"] there.' in str(caught.value)


def test_with_multiple_outputs_it_is_one_and_no_output_may_be_named_like_it() -> None:
    """Airflow pushes each key of the result last: whoever reads the output would be given that instead."""
    with DAG("d"):
        train = command(outputs={"model": None}, multiple_outputs=True)
        assert {train.output[name].key for name in ("metrics", "job_name", "model")} == {"metrics", "job_name", "model"}
        hidden = [
            command(outputs={"metrics": None}, multiple_outputs=True, task_id="c"),
            AzureMLJobOperator(task_id="j", job={**COMMAND, "outputs": {"metrics": None}}, multiple_outputs=True),
        ]
    for task in hidden:
        with pytest.raises(AzureMLSpecError) as caught, translated():
            task.submission(Instance().context(), Workspace("s", "g", "w"))
        assert str(caught.value) == (
            "outputs.metrics: this name is reserved for another XCom of the task, because of multiple_outputs=True."
        )
    with DAG("d"):
        plain = command(outputs={"metrics": None})
    assert plain.submission(Instance().context(), Workspace("s", "g", "w"))


def test_references_are_copied_and_pickled() -> None:
    """Airflow copies operators, and people pickle DAGs, whose arguments hold references."""
    with DAG("d") as dag:
        train = command(outputs={"model": None})
        AzureMLJobSensor(task_id="wait", job_name=train.output)
    for found in (pickle.loads(pickle.dumps(dag)), copy.deepcopy(dag)):
        wait: Any = found.get_task("wait")
        reference = wait.job_name
        assert reference["model"].key == "model"
        assert reference.operator.task_id == "train"
        with pytest.raises(AzureMLSpecError, match="modle"):
            reference["modle"]


def test_a_sensor_has_the_outputs_of_the_task_that_it_waits_for() -> None:
    with DAG("d"):
        wait = AzureMLJobSensor(task_id="wait", job_name=command(outputs={"model": None}).output)
        assert wait.output["model"].key == "model"
        with pytest.raises(AzureMLSpecError, match='task "wait" has no output "modle"'):
            wait.output["modle"]
        assert AzureMLJobSensor(task_id="other", job_name="j").output["anything"].key == "anything"


def test_a_task_that_does_not_wait_for_its_job_has_no_outputs() -> None:
    with DAG("d"):
        submit = command(outputs={"model": None}, wait_for_completion=False)
        for name in ("model", "default"):
            with pytest.raises(AzureMLSpecError, match=rf'output\["{name}"\]: task "train" does not wait for its job'):
                submit.output[name]
        assert submit.output["azureml_job_name"].key == "azureml_job_name"
        wait = AzureMLJobSensor(task_id="wait", job_name=submit.output)
        assert wait.output["model"].key == "model"
        keys = command(task_id="keys", multiple_outputs=True, wait_for_completion=False)
        assert keys.output["job_name"].key == "job_name"


@pytest.mark.usefixtures("hook")
def test_where_only_a_run_shows_its_outputs_the_error_of_the_reader_says_so() -> None:
    ti = Instance()
    ti.xcoms["return_value"] = command(environment={"image": "x"}, wait_for_completion=False).execute(ti.context())
    assert "wait_for_completion=False" in str(missing_output("train", "model", ti))
    ti.xcoms["return_value"] |= {"ended_at": "2024-01-01T00:00:00+00:00", "outputs": {"default": {}}}
    assert str(missing_output("train", "model", ti)).endswith('has no output "model". It has: default.')


class Own(AzureMLCommandJobOperator):
    """An operator of a user's, which may push more."""


@pytest.mark.parametrize(
    "make",
    [
        lambda: command(outputs="{{ params.outputs }}"),
        lambda: command(outputs={"{{ params.name }}": None}),
        lambda: command(outputs=AzureMLDeleteBatchEndpointOperator(task_id="other", endpoint_name="e").output),
        lambda: command(post_execute=lambda context, result: None),
        lambda: command(on_execute_callback=lambda context: context["ti"].xcom_push("anything", 1)),
        lambda: AzureMLJobOperator(task_id="train", job={"type": "pipeline", "component": "azureml:p:1"}),
        lambda: AzureMLJobOperator(task_id="train", job={"type": "sweep", "trial": "trial.yml"}),
        lambda: Own(task_id="train", **COMMAND),
        lambda: AzureMLJobOperator(task_id="train", job="job.yml"),
        lambda: AzureMLJobOperator(task_id="train", job="command: echo\nenvironment: azureml:e:1\n"),
        lambda: AzureMLJobOperator(task_id="train", job=COMMAND, set={"outputs.x.type": "uri_file"}),
        lambda: AzureMLJobOperator(task_id="train", job={"type": "automl"}),
        lambda: AzureMLInvokeBatchEndpointOperator(task_id="train", endpoint_name="e"),
        lambda: AzureMLCommandJobOperator.partial(task_id="train", environment="azureml:e:1").expand(command=["a"]),
    ],
)
def test_what_only_a_run_tells_is_let_be(make: Any) -> None:
    with DAG("d"):
        assert make().output["anything"].key == "anything"


def test_airflow_takes_checked_references_for_its_own(install: AirflowInstall) -> None:
    """They set dependencies, are serialised and copied, are mapped over, and can be given whole."""
    script = Path(__file__).with_name("scripts") / "references.py"
    assert install.python_says(f"import runpy; runpy.run_path({str(script)!r})").splitlines()[-1] == "fine"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda given: command(resources=given),
            'AzureMLCommandJobOperator: Airflow owns "resources". Write job_resources=.',
        ),
        (lambda given: AzureMLCreateBatchDeploymentOperator(task_id="t", resources=given), "Write job_resources=."),
        (lambda given: AzureMLJobOperator(task_id="t", job={}, resources=given), "Write set={"),
    ],
)
def test_resources_are_those_of_airflow(make: Any, said: str) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        make({"instance_count": 2})
    assert said in str(caught.value)
    assert make(None).task_id
