"""A job file whose environment nobody has made yet: run on the workspace of the connection ``fresh_machine``."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLJobOperator

with DAG("fresh_machine", schedule=None) as dag:
    AzureMLJobOperator(
        task_id="train", job="fresh_machine/job.yml", azureml_conn_id="fresh_machine", deferrable=True, retries=0
    )
