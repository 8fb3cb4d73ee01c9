"""Tasks that find no nodes, and are put off without using a retry: Airflow can since 3.4."""

from __future__ import annotations

import datetime
from typing import Any

from airflow.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.retry import AzureMLRetryPolicy

SOON = datetime.timedelta(seconds=15)
SCENARIOS: dict[str, dict[str, Any]] = {
    "is_put_off": {"retry_policy": AzureMLRetryPolicy(reschedule_delay=SOON)},
    "is_put_off_from_a_queue": {"retry_policy": AzureMLRetryPolicy(reschedule_delay=SOON), "queue_timeout": 10},
    "is_put_off_too_often": {
        "retry_policy": AzureMLRetryPolicy(reschedule_delay=SOON, max_reschedules=1),
        "retries": 1,
    },
}

for scenario, keywords in SCENARIOS.items():
    for how in ("worker", "deferred"):
        with DAG(f"{scenario}_{how}", schedule=None, params={"place": "/nowhere"}) as dag:
            AzureMLCommandJobOperator(
                task_id="work",
                command="true",
                deferrable=how == "deferred",
                environment={"image": "docker.io/python"},
                max_resubmissions=0,
                retry_delay=SOON,
                **keywords,
            )
        globals()[dag.dag_id] = dag
