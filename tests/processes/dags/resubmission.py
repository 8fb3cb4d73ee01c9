"""DAGs whose job counts in a folder that lasts how often it was started, and runs on while it is to be evicted."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

COUNT = """\
file=${{outputs.ckpt}}/count; number=$(($(cat $file 2>/dev/null || echo 0) + 1))
echo $number > $file; echo "started $number times"
if [ $number -le {{ params.evictions }} ]; then sleep 120; fi
sleep {{ params.hold }}
exit {{ params.code }}
"""

QUEUE_TIMEOUTS = {
    "worker": 20,
    "deferred": 20,
    # Whoever is to die must have begun to wait before the job has been queued for so long.
    "worker_killed": 60,
    "resumed_killed": 60,
    "triggerer_killed": 150,
}
"""Seconds, by how a task waits and who is killed: the worker that waits, that which resumes, or the triggerer."""

for way, queue_timeout in QUEUE_TIMEOUTS.items():
    for number in range(1, 7):
        name = f"resubmission_{way}_on_3_{number}"
        with DAG(
            name,
            schedule=None,
            is_paused_upon_creation=False,
            params={"evictions": 0, "code": 0, "hold": 0},
            default_args={"retries": 1, "retry_delay": datetime.timedelta(seconds=1)},
        ) as dag:
            AzureMLCommandJobOperator(
                task_id="work",
                command=COUNT,
                outputs={"ckpt": None},
                checkpoint="ckpt",
                compute=["cpu-cluster", "serverless"],
                queue_timeout=queue_timeout,
                environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
                deferrable=not way.startswith("worker"),
                poll_interval=2,
            )
        globals()[name] = dag
