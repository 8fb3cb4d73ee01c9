"""A compute instance that runs only while a DAG run needs it: started before the job and stopped afterwards, also where
the job has failed."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComputeOperator,
    AzureMLStartComputeInstanceOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.sensors import AzureMLComputeSensor

# In Azure the name of a compute instance is taken once in a region: choose your own.
INSTANCE = "airflow-instance"

with DAG(
    "compute_instance_hours",
    schedule=None,
    max_active_runs=1,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    # [START hours]
    # Made once; later runs leave it as it is.
    instance = AzureMLCreateComputeOperator(
        task_id="instance", name=INSTANCE, spec={"type": "computeinstance", "size": "STANDARD_DS3_V2"}
    )
    start = AzureMLStartComputeInstanceOperator(task_id="start", name=INSTANCE)
    ready = AzureMLComputeSensor(task_id="ready", name=INSTANCE, poke_interval=5, timeout=600)
    job = AzureMLCommandJobOperator(
        task_id="job",
        command="seq 1 100 | wc -l",
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        compute=INSTANCE,
    )
    stop = AzureMLStopComputeInstanceOperator(task_id="stop", name=INSTANCE)
    instance >> start >> ready >> job >> stop.as_teardown(setups=start)
    # [END hours]
