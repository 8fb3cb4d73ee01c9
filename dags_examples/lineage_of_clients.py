"""Lineage: what is registered, and what jobs make of it, as OpenLineage is told without a word of it in the DAG."""

from __future__ import annotations

from typing import Any

try:
    from airflow.sdk import DAG, ObjectStoragePath, task
except ImportError:  # Airflow 2.11
    from airflow import DAG
    from airflow.decorators import task
    from airflow.io.path import ObjectStoragePath

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateDataAssetOperator

ENVIRONMENT = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}

# [START lineage]
with DAG("lineage_of_clients", schedule=None, tags=["azureml", "example"]) as dag:
    register = AzureMLCreateDataAssetOperator(
        task_id="register",
        name="lineage-clients",
        type="uri_file",
        path="credit_defaults/data/credit_card.csv",
    )
    sample = AzureMLCommandJobOperator(
        task_id="sample",
        description="Takes each tenth client.",
        command="awk 'NR % 10 == 0' ${{inputs.clients}} > ${{outputs.part}}/clients.csv",
        environment=ENVIRONMENT,
        inputs={"clients": {"type": "uri_file", "path": "azureml:lineage-clients@latest"}},
        outputs={"part": {}},
    )
    count = AzureMLCommandJobOperator(
        task_id="count",
        description="Counts them.",
        command="wc -l < ${{inputs.part}}/clients.csv > ${{outputs.number}}",
        environment=ENVIRONMENT,
        inputs={"part": sample.output["part"]},
        outputs={"number": {"type": "uri_file"}},
    )

    @task
    def read(number: dict[str, Any]) -> int:
        """Read it without a job: Airflow tells of files that are opened by such a path."""
        with ObjectStoragePath(number["path"]).open() as stream:
            return int(stream.read())

    register >> sample
    read(count.output["number"])
# [END lineage]
