"""Retraining: prepare, train, register the model, deploy it, score new clients with it, read the scores.

Every task may run again: the same model is not registered twice, and an endpoint that exists is left as it is.
"""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLRegisterModelOperator,
)

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}
LIKELY = 0.5

with DAG(
    "credit_defaults_retraining",
    schedule=None,
    default_args={"deferrable": True, "retries": 1, "retry_delay": datetime.timedelta(seconds=10)},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    prep = AzureMLCommandJobOperator(
        task_id="data_prep",
        command=(
            "python data_prep.py --data ${{inputs.data}}"
            " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"data": {"type": "uri_file", "path": "credit_defaults/data/credit_card.csv"}},
        outputs={"train_data": {}, "test_data": {}},
    )
    train = AzureMLCommandJobOperator(
        task_id="train",
        command=(
            "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
            " --model ${{outputs.model}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"train_data": prep.output["train_data"], "test_data": prep.output["test_data"]},
        outputs={"model": {}},
    )

    # [START register]
    register = AzureMLRegisterModelOperator(
        task_id="register",
        name="credit-defaults",
        path=train.output["model"],
        tags={"trained_on": "{{ run_id }}"},
    )
    # [END register]

    # [START deploy]
    endpoint = AzureMLCreateBatchEndpointOperator(
        task_id="endpoint",
        name="credit-defaults",
        description="Chances that clients default.",
    )
    deploy = AzureMLCreateBatchDeploymentOperator(
        task_id="deploy",
        name="gradient-boosting",
        endpoint_name="credit-defaults",
        model=register.output,
        code="credit_defaults/scoring",
        scoring_script="score.py",
        environment=ENVIRONMENT,
        compute="cpu-cluster",
        mini_batch_size=2,
        set_default=True,
    )
    # [END deploy]

    # [START invoke]
    score = AzureMLInvokeBatchEndpointOperator(
        task_id="score",
        endpoint_name="credit-defaults",
        input="credit_defaults/new_clients",
    )
    # [END invoke]

    # [START read]
    @task
    def read(result: dict[str, Any]) -> dict[str, Any]:
        """Read the scores from the place that the invocation's result names: client, chance, file; no header."""
        from airflow_azureml.hooks import AzureMLHook

        name = result["outputs"]["score"]["path"].rsplit("/", 1)[-1]
        with tempfile.TemporaryDirectory() as folder:
            AzureMLHook().download_output(result["job_name"], "score", folder)
            rows = [line.split() for line in (Path(folder) / name).read_text(encoding="utf-8").splitlines()]
        likely = sorted(int(client) for client, chance, _ in rows if float(chance) >= LIKELY)
        return {"clients": len(rows), "files": sorted({file for _, _, file in rows}), "likely": likely}

    read(score.output)
    # [END read]

    endpoint >> deploy >> score
