"""The tutorial as one pipeline job of Azure ML: its steps are components, Airflow sees one task and its outputs.

``job_from_yaml`` runs one command from YAML; here the YAML is a whole graph. Which to take: tasks of their own where
Airflow is to retry, show and connect the steps, one pipeline where Azure ML is to.
"""

from __future__ import annotations

import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

with DAG(
    "credit_defaults_pipeline",
    schedule="@daily",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START pipeline]
    pipeline = AzureMLJobOperator(
        task_id="pipeline",
        job="credit_defaults/pipeline.yml",
        inputs={"learning_rate": 0.05},
        set={"jobs.train.inputs.registered_model_name": "credit_defaults_of_pipeline"},
        retries=2,
        repair=True,  # a retry runs only the steps that have not finished
    )
    # [END pipeline]

    # [START pipeline_outputs]
    inspect = AzureMLCommandJobOperator(
        task_id="inspect",
        command="find ${{inputs.model}} -name MLmodel | tee ${{outputs.found}}/models.txt",
        environment=ENVIRONMENT,
        inputs={"model": pipeline.output["model"]},
        outputs={"found": {}},
    )

    @task
    def where(result: dict[str, Any]) -> dict[str, str]:
        """Tell where the outputs of the whole pipeline are."""
        return {name: output["path"] for name, output in result["outputs"].items()}

    where(pipeline.output)
    # [END pipeline_outputs]
