"""Every operator and sensor of resources once: computes, definitions, a model in a registry and behind an endpoint."""

import datetime
import os
import sys
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

sys.path.insert(0, str(Path(__file__).parent))
from recording import record

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComponentOperator,
    AzureMLCreateComputeOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLDeleteComputeOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLDownloadModelOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLRegisterModelOperator,
    AzureMLScaleComputeOperator,
    AzureMLSetOnlineTrafficOperator,
    AzureMLShareModelOperator,
    AzureMLStartComputeInstanceOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLOnlineDeploymentSensor

IMAGE = {"image": "docker.io/python"}
NAMES = os.environ.get("RESOURCES", "unnamed")
FETCHED = os.environ.get("FETCHED", "fetched")

for way, deferrable in (("here", False), ("deferred", True)):
    name = f"{NAMES}-{way}"
    with DAG(
        f"resources_{way}",
        start_date=datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc),
        schedule=None,
        default_args={"on_failure_callback": record},
    ):
        environment = AzureMLCreateEnvironmentOperator(
            task_id="environment", name=name, wait_for_build=True, deferrable=deferrable, **IMAGE
        )
        component = AzureMLCreateComponentOperator(
            task_id="component",
            spec=f"name: {name}\ntype: command\ncommand: echo\n"
            "environment: azureml:{{ ti.xcom_pull('environment', key='id') }}\n",
        )
        environment >> component

        cluster = AzureMLCreateComputeOperator(
            task_id="cluster", name=name, size="STANDARD_DS2_V2", max_instances=1, deferrable=deferrable
        )
        scale = AzureMLScaleComputeOperator(
            task_id="scale", name=cluster.output, max_instances=2, deferrable=deferrable
        )
        ready = AzureMLComputeSensor(task_id="ready", name=cluster.output, poke_interval=1, deferrable=deferrable)
        train = AzureMLCommandJobOperator(
            task_id="train",
            command="echo 7 > ${{outputs.model}}/factor.txt",
            environment=environment.output["id"],
            compute=name,
            outputs={"model": {"type": "custom_model"}},
            deferrable=deferrable,
        )
        no_cluster = AzureMLDeleteComputeOperator(task_id="no_cluster", name=cluster.output, deferrable=deferrable)
        cluster >> scale >> ready >> train >> no_cluster

        instance = AzureMLCreateComputeOperator(
            task_id="instance", name=f"{name}-i", type="computeinstance", size="S", deferrable=deferrable
        )
        stop = AzureMLStopComputeInstanceOperator(task_id="stop", name=instance.output, deferrable=deferrable)
        start = AzureMLStartComputeInstanceOperator(task_id="start", name=instance.output, deferrable=deferrable)
        stop >> start

        register = AzureMLRegisterModelOperator(task_id="register", name=name, path=train.output["model"])
        share = AzureMLShareModelOperator(task_id="share", model=register.output, registry_name="local")
        fetch = AzureMLDownloadModelOperator(task_id="fetch", model=register.output, local_path=f"{FETCHED}/{way}")

        endpoint = AzureMLCreateOnlineEndpointOperator(
            task_id="endpoint", name=name, description="made on {{ ds }}", deferrable=deferrable
        )
        deploy = AzureMLCreateOnlineDeploymentOperator(
            task_id="deploy",
            name="blue",
            endpoint_name=endpoint.output,
            model=share.output,
            environment=environment.output["id"],
            code="doubler",
            scoring_script="score.py",
            instance_type="Standard_DS3_v2",
            instance_count=1,
            deferrable=deferrable,
        )
        stands = AzureMLOnlineDeploymentSensor(
            task_id="stands", endpoint_name=name, deployment_name="blue", poke_interval=1, deferrable=deferrable
        )
        traffic = AzureMLSetOnlineTrafficOperator(
            task_id="traffic", endpoint_name=name, traffic={"blue": 100}, deferrable=deferrable
        )
        ask = AzureMLInvokeOnlineEndpointOperator(task_id="ask", endpoint_name=name, data={"data": [1, 2]})
        no_endpoint = AzureMLDeleteOnlineEndpointOperator(
            task_id="no_endpoint", endpoint_name=name, deferrable=deferrable
        )
        deploy >> stands >> traffic >> ask >> no_endpoint
