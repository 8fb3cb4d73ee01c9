"""Dynamic mapping: one training job per learning rate, side by side; the best of them, and what all have used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

with DAG(
    "learning_rates",
    schedule=None,
    params={"rates": [0.1, 0.001]},
    # The rendered inputs stay what they are: a list of dictionaries, numbers in them.
    render_template_as_native_obj=True,
    default_args={"deferrable": True},
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

    # [START mapped]
    @task
    def candidates(train_data: dict[str, Any], test_data: dict[str, Any], rates: list[float]) -> list[dict[str, Any]]:
        """Make the inputs of one job for each learning rate."""
        return [{"train_data": train_data, "test_data": test_data, "learning_rate": rate} for rate in rates]

    train = AzureMLCommandJobOperator.partial(
        task_id="train",
        command=(
            "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
            " --learning_rate ${{inputs.learning_rate}} --model ${{outputs.model}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        outputs={"model": {}},
    ).expand(inputs=candidates(prep.output["train_data"], prep.output["test_data"], "{{ params.rates }}"))

    @task
    def best(results: Iterable[dict[str, Any]]) -> str:
        """Name the job with the highest AUC."""
        return max(results, key=lambda result: result["metrics"]["auc"])["job_name"]

    best(train.output)
    # [END mapped]

    # [START usage]
    @task
    def spent(results: Iterable[dict[str, Any]]) -> float:
        """Add up the node hours of all jobs; those of which the service does not tell them count nothing."""
        return sum(result["usage"]["node_hours"] or 0 for result in results)

    spent(train.output)
    # [END usage]
