"""The DAGs of ``benchmarks/deferred_tasks.py``: a task that waits in the triggerer for each of the stand-in's jobs.

Twenty to a DAG: with each trigger that starts a task Airflow 3.3 sends the triggerer the whole serialised DAG
(``triggerer_job_runner._create_workload``), a second and a megabyte for each of a thousand tasks in one DAG.
"""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.sensors import AzureMLJobSensor

TASKS, ON_WORKERS = (int(os.environ[f"BENCHMARK_{name}"]) for name in ("TASKS", "ON_WORKERS"))
IN_ONE = 20

for place, first in enumerate(range(0, TASKS, IN_ONE)):
    with DAG(f"deferred_tasks_{place}", schedule=None) as dag:
        for number in range(first, min(first + IN_ONE, TASKS)):
            # Every so many-th comes back to a worker, the others end in the triggerer.
            on_worker = bool(ON_WORKERS) and number % (TASKS // ON_WORKERS) == 0
            AzureMLJobSensor(
                task_id=f"{'worker' if on_worker else 'triggerer'}_{number}",
                job_name=f"job-{number}",
                poll_interval=30,
                timeout=7200,
                start_in_trigger=True,
                finish_in_trigger=not on_worker,
            )
    globals()[f"deferred_tasks_{place}"] = dag
