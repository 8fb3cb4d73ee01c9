"""Results of the tasks that made them in the place of the names of what a batch endpoint needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateComputeOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLInvokeOnlineEndpointOperator,
)
from airflow_azureml.sensors import AzureMLOnlineDeploymentSensor
from airflow_azureml.task.resource_fields import compute_name_of, deployment_name_of, endpoint_name_of
from tests.airflow.instance import Instance
from tests.airflow.scoring import IMAGE, context, deployment, endpoint, invoker, register, scorer, unique

pytestmark = pytest.mark.usefixtures("hook")


def test_each_is_named_by_its_result(hook: AzureMLHook, tmp_path: Path) -> None:
    made = endpoint(name=unique("ep"))
    cluster = AzureMLCreateComputeOperator(task_id="t", name=unique("cpu"), size="STANDARD_DS2_V2", max_instances=1)
    environment = AzureMLCreateEnvironmentOperator(task_id="t", name=unique("env"), image=IMAGE["image"])
    given = scorer(tmp_path, register(tmp_path, "10"))
    given |= {"compute": cluster.execute(context()), "environment": environment.execute(context())}
    blue = deployment(name="blue", endpoint_name=made, **given)
    assert endpoint(name=made["name"], default_deployment=blue)["name"] == made["name"]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("1\n")
    task = invoker(endpoint_name=made, deployment_name=blue, input=str(tmp_path / "data"))
    result = task.execute(Instance().context())
    tags = hook.get_job(result["job_name"]).tags
    assert (result["status"], tags["azureml.deploymentname"]) == ("Completed", "blue")
    AzureMLDeleteBatchEndpointOperator(task_id="t", endpoint_name=made).execute(context())


@pytest.mark.parametrize("value", [5, {"id": "x"}, ["blue"], {"name": 5}])
def test_what_names_nothing_is_refused(value: Any) -> None:
    def refused(field: str, run: Any, **given: Any) -> None:
        with pytest.raises(
            AzureMLSpecError, match=rf"^{field}: .* is not accepted. Accepted: (an? \w+'s name, or a|a text that)"
        ):
            run(**given)

    def invoke(**given: Any) -> None:
        invoker(input="azureml:x:1", **given).execute(Instance().context())

    refused("endpoint_name", invoke, endpoint_name=value)
    refused("deployment_name", invoke, endpoint_name="ep", deployment_name=value)
    refused("endpoint_name", deployment, name="blue", endpoint_name=value, model="azureml:m:1", compute="cpu-cluster")
    refused("default_deployment", endpoint, name="ep", default_deployment=value)


PLACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
ENDPOINT = {"id": f"{PLACE}/batchEndpoints/mine", "name": "mine"}
BLUE = {"id": f"{PLACE}/batchEndpoints/other/deployments/blue", "name": "blue"}


@pytest.mark.parametrize("given", ["mine", ENDPOINT])
def test_a_deployment_of_another_endpoint_is_refused(given: Any) -> None:
    said = "deployment_name: 'blue' is one of the endpoint 'other'. Accepted: a deployment of the endpoint 'mine'."
    with DAG("d"):
        online = AzureMLInvokeOnlineEndpointOperator(task_id="o", endpoint_name=given, data={}, deployment_name=BLUE)
        sensor = AzureMLOnlineDeploymentSensor(task_id="s", endpoint_name=given, deployment_name=BLUE)
    runs: list[Any] = [
        lambda: invoker(endpoint_name=given, deployment_name=BLUE, input="azureml:x:1").execute(Instance().context()),
        lambda: online.execute({}),
        sensor.awaited,
    ]
    for run in runs:
        with pytest.raises(AzureMLSpecError) as refused:
            run()
        assert str(refused.value) == said
    for named in ({"name": "mine"}, {"spec": {"name": "mine"}}):
        with pytest.raises(AzureMLSpecError, match=r"^default_deployment: 'blue' is one of the endpoint 'other'"):
            endpoint(default_deployment=BLUE, **named)


def test_one_of_the_same_endpoint_is_taken_however_its_name_is_written() -> None:
    assert deployment_name_of(BLUE, "Other") == deployment_name_of("blue", "mine") == "blue"


@pytest.mark.parametrize(
    "call",
    [
        lambda: endpoint_name_of(BLUE),
        lambda: deployment_name_of(ENDPOINT, "mine"),
        lambda: compute_name_of(ENDPOINT),
    ],
)
def test_the_result_of_a_task_that_made_something_else_names_nothing(call: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"is not accepted\. Accepted: an? \w+'s name"):
        call()
