"""Tasks of each kind that handle secrets: logins, signatures of storage, a variable with a password."""

from __future__ import annotations

import datetime
import pathlib

from airflow.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLDownloadJobOutputOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor

HERE = pathlib.Path(__file__).parent
IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
GIVEN = {
    "environment": IMAGE,
    "environment_variables": {"API_PASSWORD": "{{ var.value.planted_password }}"},
    "retry_delay": datetime.timedelta(seconds=1),
}
WRITE = 'test -n "$API_PASSWORD" && cat ${{inputs.data}} > ${{outputs.out}}/x; sleep 8'

with DAG("planted", schedule=None, is_paused_upon_creation=False):
    for name, how in (("on_worker", {}), ("deferred", {"deferrable": True}), ("ends", {"finish_in_trigger": True})):
        task = AzureMLCommandJobOperator(
            task_id=name,
            command=WRITE,
            code=str(HERE),
            inputs={"data": {"type": "uri_file", "path": str(HERE / "planted.py")}},
            outputs={"out": {}},
            **GIVEN,
            **how,
        )
        AzureMLDownloadJobOutputOperator(
            task_id=f"download_{name}", job_name=task.output, output_name="out", local_path=f"downloaded/{name}"
        )
    AzureMLCommandJobOperator(task_id="starts", command="sleep 5", environment=IMAGE, start_in_trigger=True)
    AzureMLCommandJobOperator(task_id="fails", command="echo no; exit 3", retries=1, deferrable=True, **GIVEN)
    AzureMLCommandJobOperator(task_id="refused", command="echo ${{inputs.missing}}", **GIVEN)
    AzureMLCommandJobOperator(task_id="another_login", command="true", azureml_conn_id="planted_login", **GIVEN)
    AzureMLCreateDataAssetOperator(task_id="data", name="planted", path=str(HERE / "planted.py"), type="uri_file")
    AzureMLJobSensor(task_id="sensor", job_name="no-such-job", timeout=5, poke_interval=1)
