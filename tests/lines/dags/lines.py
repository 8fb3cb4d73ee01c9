"""A DAG for each scenario, waited for on a worker and deferred. What its job does depends on a folder of the run."""

from __future__ import annotations

import datetime
from typing import Any

from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

try:
    from airflow.sdk import DAG
except ImportError:  # 2.11; and an old common-compat knows no name for both
    from airflow import DAG  # type: ignore[no-redef]

FAIL_ONCE = "mkdir ${{inputs.place}}/failed || exit 0; exit 3"
WAIT = "until test -e ${{inputs.place}}/go; do sleep 0.2; done"

SCENARIOS: dict[str, dict[str, Any]] = {
    "succeeds": {"command": "echo x > ${{outputs.out}}/x", "outputs": {"out": None}},
    "is_retried": {"command": FAIL_ONCE, "retries": 1},
    "is_canceled": {"command": WAIT, "retries": 1},
    "is_canceled_and_retried": {"command": WAIT, "retries": 1, "on_canceled": "retry"},
    "is_skipped": {"command": WAIT, "retries": 1, "on_canceled": "skip"},
    "is_out_of_time": {"command": WAIT, "execution_timeout": datetime.timedelta(seconds=25)},
    "is_cleared": {"command": WAIT, "retries": 1},
    "is_cleared_on_a_dead_worker": {"command": WAIT, "retries": 1},
    "is_marked": {"command": WAIT, "retries": 1},
    "is_marked_as_a_run": {"command": WAIT, "retries": 1},
}


def job(task_id: str, deferrable: bool, **given: Any) -> AzureMLCommandJobOperator:
    """A command job that knows the folder of its run."""
    return AzureMLCommandJobOperator(
        task_id=task_id,
        deferrable=deferrable,
        inputs={"place": "{{ params.place }}"},
        environment={"image": "docker.io/python"},
        retry_delay=datetime.timedelta(seconds=1),
        **given,
    )


for scenario, keywords in SCENARIOS.items():
    for how in ("worker", "deferred"):
        with DAG(f"{scenario}_{how}", schedule=None, params={"place": "/nowhere"}) as dag:
            task = job("work", how == "deferred", **keywords)
            if scenario == "succeeds":
                AzureMLJobSensor(task_id="watch", job_name=task.output, poke_interval=1, deferrable=how == "deferred")
        globals()[dag.dag_id] = dag
