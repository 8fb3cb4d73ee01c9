"""From a sweep to an answer: the best trial's model is registered, deployed to an online endpoint and asked; then the
endpoint is deleted, also where a task before has failed."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.sensors import AzureMLOnlineDeploymentSensor

# In Azure an endpoint's name is taken once in a region: choose your own. Two runs at once would share it.
ENDPOINT = "airflow-tuned-line"

with DAG(
    "tuned_model_online",
    schedule=None,
    max_active_runs=1,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    tune = AzureMLJobOperator(task_id="tune", job="tuned_training/sweep.yml")
    # [START online]
    register = AzureMLRegisterModelOperator(
        task_id="register",
        name="tuned-line",
        # The outputs of a sweep are those of its best trial.
        path=tune.output["model"],
    )
    endpoint = AzureMLCreateOnlineEndpointOperator(task_id="endpoint", name=ENDPOINT)
    deploy = AzureMLCreateOnlineDeploymentOperator(
        task_id="deploy",
        name="blue",
        endpoint_name=endpoint.output,
        model=register.output,
        code="tuned_model_online",
        scoring_script="score.py",
        environment={
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
            "conda_file": "tuned_model_online/environment.yml",
        },
        instance_type="Standard_DS3_v2",
        instance_count=1,
        traffic=100,
    )
    ask = AzureMLInvokeOnlineEndpointOperator(
        task_id="ask",
        endpoint_name=ENDPOINT,
        data={"at": [0.0, 2.0]},
        retries=2,
    )
    delete = AzureMLDeleteOnlineEndpointOperator(task_id="delete", endpoint_name=ENDPOINT)
    stands = AzureMLOnlineDeploymentSensor(
        task_id="stands", endpoint_name=ENDPOINT, deployment_name="blue", poke_interval=5, timeout=1200
    )
    deploy >> stands >> ask >> delete.as_teardown(setups=endpoint)
    # [END online]
