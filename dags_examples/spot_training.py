"""Spot: a training that goes on where the last node left off, on the next compute where one is taken away."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

with DAG("spot_training", schedule=None, tags=["azureml", "example"]) as dag:
    # [START spot]
    train = AzureMLCommandJobOperator(
        task_id="train",
        command="python train.py --checkpoints ${{outputs.ckpt}} --epochs 8",
        code="spot_training",
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        compute=["cpu-cluster", "serverless"],  # in order of preference
        queue_timeout=datetime.timedelta(minutes=30),
        outputs={"ckpt": None},
        checkpoint="ckpt",  # the same folder for all attempts and tries
        deferrable=True,
    )
    # [END spot]
