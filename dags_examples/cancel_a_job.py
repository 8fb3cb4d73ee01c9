"""Cancelling: a job is started without waiting, cancelled, and the sensor that finds it canceled is skipped."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCancelJobOperator, AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

with DAG("cancel_a_job", schedule=None, tags=["azureml", "example"]) as dag:
    # [START cancel]
    start = AzureMLCommandJobOperator(
        task_id="start",
        command="sleep 3600",
        environment=ENVIRONMENT,
        wait_for_completion=False,
    )
    cancel = AzureMLCancelJobOperator(task_id="cancel", job_name="{{ ti.xcom_pull(task_ids='start')['job_name'] }}")
    # [END cancel]
    wait = AzureMLJobSensor(task_id="wait", job_name=start.output, on_canceled="skip", deferrable=True)
    start >> cancel >> wait
