"""DAGs whose job runs until the test lets it go: the job looks for the file that the run's ``conf`` names.

Each run has a DAG of its own, so that many can be looked at side by side: ``slow_deferred_on_3_1`` is the first
of its kind on Airflow 3. One emulator may serve Airflow 2 and 3, and counts jobs by their DAG.
"""

from __future__ import annotations

import datetime

import airflow
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLInvokeBatchEndpointOperator

WAIT = "until test -e ${{inputs.gate}}; do sleep 0.5; done"
LINE = "line $n, long enough for a log of some size while the task waits for the job"
TALK = f"n=0; until test -e ${{{{inputs.gate}}}}; do n=$((n+1)); echo {LINE}; sleep 0.3; done; printf the-end"
MAJOR = airflow.__version__.partition(".")[0]

KINDS = {
    "slow_deferred": {"deferrable": True},
    "slow_deferred_talking": {"deferrable": True, "command": TALK},
    "slow_deferred_kept": {"deferrable": True, "cancel_on_kill": False},
    "slow_on_worker": {"deferrable": False},
    "slow_in_a_hurry": {"deferrable": True, "execution_timeout": datetime.timedelta(seconds=30), "retries": 0},
}
# Each DAG is read by every task of this file, and known to the scheduler.
COUNTS = {"slow_deferred": 10, "slow_on_worker": 8}
FEW = 2

for kind, arguments in KINDS.items():
    for number in range(1, COUNTS.get(kind, FEW) + 1):
        name = f"{kind}_on_{MAJOR}_{number}"
        with DAG(
            name,
            schedule=None,
            is_paused_upon_creation=False,
            params={"gate": "/nowhere"},
            default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
        ) as dag:
            AzureMLCommandJobOperator(
                task_id="work",
                inputs={"gate": "{{ params.gate }}"},
                environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
                **{"command": WAIT, **arguments},
            )
        globals()[name] = dag

with DAG(
    f"slow_pair_on_{MAJOR}_1",
    schedule=None,
    is_paused_upon_creation=False,
    params={"gate": "/nowhere"},
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
) as pair:
    for name in ("work", "other"):
        AzureMLCommandJobOperator(
            task_id=name,
            inputs={"gate": "{{ params.gate }}"},
            environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
            command=WAIT,
        )

for kind in ("slow_late_on_worker", "slow_late_deferred", "slow_batch_on_worker", "slow_batch_deferred"):
    for number in range(1, 3):
        name = f"{kind}_on_{MAJOR}_{number}"
        with DAG(
            name,
            schedule=None,
            is_paused_upon_creation=False,
            params={"gate": "/nowhere"},
            default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
        ) as dag:
            job = {
                "command": WAIT,
                "inputs": {"gate": "{{ params.gate }}"},
                "environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
            }
            # The DAG run goes on while the task is marked and cleared: otherwise it would begin anew.
            AzureMLCommandJobOperator(task_id="other", deferrable=True, **job)
            if kind.startswith("slow_batch"):
                AzureMLInvokeBatchEndpointOperator(
                    task_id="work",
                    endpoint_name=name.replace("_", "-"),
                    experiment_name=name,
                    inputs={"gate": "{{ params.gate }}", "token": "x"},
                    tags={"run": "{{ run_id }}"},
                    deferrable=kind.endswith("deferred"),
                )
            else:
                AzureMLCommandJobOperator(task_id="work", deferrable=kind.endswith("deferred"), **job)
        globals()[name] = dag

with DAG(
    f"slow_many_on_{MAJOR}",
    schedule=None,
    is_paused_upon_creation=False,
    params={"gate": "/nowhere"},
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
) as many:
    for number in range(30):
        AzureMLCommandJobOperator(
            task_id=f"work_{number}",
            inputs={"gate": "{{ params.gate }}"},
            environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
            command="until test -e ${{inputs.gate}}; do sleep 3; done",
            deferrable=True,
        )
