"""A model on its whole way: registered, deployed, invoked here and deferred, its scores handed on, all deleted."""

import datetime
import os
import sys
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

sys.path.insert(0, str(Path(__file__).parent))
from recording import record

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLDownloadJobOutputOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLRegisterModelOperator,
)

IMAGE = {"image": "docker.io/python"}

for name, deferrable in (("here", False), ("deferred", True)):
    with DAG(
        f"scoring_{name}",
        start_date=datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc),
        schedule=None,
        default_args={"on_failure_callback": record},
    ):
        names = os.environ.get("ENDPOINT", "unnamed")
        train = AzureMLCommandJobOperator(
            task_id="train",
            command="echo 7 > ${{outputs.model}}/factor.txt",
            environment=IMAGE,
            outputs={"model": {"type": "custom_model"}},
        )
        register = AzureMLRegisterModelOperator(
            task_id="register", name="{{ dag.dag_id }}-factor", path=train.output["model"], tags={"run": "{{ run_id }}"}
        )
        endpoint = AzureMLCreateBatchEndpointOperator(
            task_id="endpoint", name=f"{names}-{name}", description="made on {{ ds }}", deferrable=deferrable
        )
        deploy = AzureMLCreateBatchDeploymentOperator(
            task_id="deploy",
            name="blue",
            endpoint_name=f"{names}-{name}",
            model=register.output,
            code="scoring",
            scoring_script="score.py",
            environment=IMAGE,
            compute="cpu-cluster",
            set_default=True,
            deferrable=deferrable,
        )
        score = AzureMLInvokeBatchEndpointOperator(
            task_id="score", endpoint_name=f"{names}-{name}", input="scoring/numbers", deferrable=deferrable
        )
        read = AzureMLCommandJobOperator(
            task_id="read",
            command="cat ${{inputs.scores}}",
            environment=IMAGE,
            inputs={"scores": score.output["score"]},
        )
        fetch = AzureMLDownloadJobOutputOperator(
            task_id="fetch",
            job_name=score.output,
            output_name="score",
            local_path=f"{os.environ.get('FETCHED', 'fetched')}/{name}",
        )
        delete = AzureMLDeleteBatchEndpointOperator(
            task_id="delete", endpoint_name=f"{names}-{name}", deferrable=deferrable
        )
        endpoint >> deploy >> score >> [read, fetch] >> delete
