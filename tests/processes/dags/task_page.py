"""Tasks whose pages are looked at: a job that runs until the test lets it go, one that fails twice, and none at all."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

from airflow_azureml.operators import AzureMLCommandJobOperator

IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
TRAIN = """python -c "import mlflow
mlflow.log_metric('auc', 0.9312)
for step in range(1, 6): mlflow.log_metric('loss', 1 / step, step=step)"
echo 'epoch 1 <b>of</b> 1'; printf weights > ${{outputs.model}}/weights.txt
until test -e ${{inputs.gate}}; do sleep 0.5; done"""

with DAG("task_page", schedule=None, is_paused_upon_creation=False, params={"gate": "/nowhere"}):
    train = AzureMLCommandJobOperator(
        task_id="train",
        command=TRAIN,
        environment=IMAGE,
        inputs={"gate": "{{ params.gate }}", "learning_rate": 0.25, "api_key": "not-for-every-eye"},
        outputs={"model": None},
        deferrable=True,
    )
    AzureMLCommandJobOperator(
        task_id="fails",
        command="echo nothing to be done; exit 3",
        environment=IMAGE,
        retries=1,
        retry_delay=datetime.timedelta(seconds=1),
    )
    EmptyOperator(task_id="no_job")
    train >> AzureMLCommandJobOperator(
        task_id="only_after_failure", command="true", environment=IMAGE, trigger_rule="all_failed"
    )
