"""No-worker mode: two jobs, one after the other, that start and end in the triggerer; the last task has a worker."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

# [START without_workers]
with DAG(
    "without_workers",
    schedule=None,
    default_args={"start_in_trigger": True, "finish_in_trigger": True},
    tags=["azureml", "example"],
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

    @task
    def decide(result: dict[str, Any]) -> str:
        """Say whether the model is good enough."""
        return "promote" if result["metrics"]["auc"] > 0.7 else "keep"

    decide(train.output)
# [END without_workers]
