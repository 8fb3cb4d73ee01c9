"""Results of the tasks that made them in the place of the names of what a batch endpoint needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateComputeOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLDeleteBatchEndpointOperator,
)
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
        with pytest.raises(AzureMLSpecError, match=rf"^{field}: .* is not accepted. Accepted: an? \w+'s name, or a"):
            run(**given)

    def invoke(**given: Any) -> None:
        invoker(input="azureml:x:1", **given).execute(Instance().context())

    refused("endpoint_name", invoke, endpoint_name=value)
    refused("deployment_name", invoke, endpoint_name="ep", deployment_name=value)
    refused("endpoint_name", deployment, name="blue", endpoint_name=value, model="azureml:m:1", compute="cpu-cluster")
    refused("default_deployment", endpoint, name="ep", default_deployment=value)
