"""Jobs that run until the test lets them go, from tasks of two queues, on workers and deferred."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

TALK = "n=0; until test -e ${{inputs.gate}}; do n=$((n+1)); echo line $n; sleep 0.5; done; echo the-end"

with DAG(
    "two_queues",
    schedule=None,
    params={"gate": "/nowhere"},
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
) as dag:
    for queue in ("default", "second"):
        for deferrable in (False, True):
            AzureMLCommandJobOperator(
                task_id=f"{queue}_{'deferred' if deferrable else 'worker'}",
                queue=queue,
                deferrable=deferrable,
                command=TALK,
                inputs={"gate": "{{ params.gate }}"},
                environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
                experiment_name="{{ run_id }}",
            )
