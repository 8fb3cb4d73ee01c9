"""DAGs with one job each, which waits until the harness lets it go and then writes down whose it is.

A run under faults has a DAG for itself while it lasts: so its requests are told by the names of its jobs.
"""

from __future__ import annotations

import datetime
import os

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLJobOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor

COMMAND = (
    "until test -e ${{inputs.gate}}; do sleep 1; done; "
    "printf '%s %s' ${{inputs.token}} $AZUREML_RUN_ID > ${{outputs.data}}/content.txt"
)
IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
INPUTS = {"gate": "{{ dag_run.conf['gate'] }}", "token": "{{ dag_run.conf['token'] }}"}

STEP = {
    "type": "command",
    "command": COMMAND,
    "environment": IMAGE,
    "inputs": {"gate": "${{parent.inputs.gate}}", "token": "${{parent.inputs.token}}"},
    "outputs": {"data": "${{parent.outputs.data}}"},
}
PIPELINE = {
    "type": "pipeline",
    "settings": {"default_compute": "serverless"},
    "inputs": INPUTS,
    "outputs": {"data": {}},
    "jobs": {"step": STEP},
}

COMMAND_JOB = {"command": COMMAND, "environment": IMAGE, "inputs": INPUTS, "outputs": {"data": None}}

SENSORS = ({"deferrable": True}, {"mode": "reschedule"}, {"mode": "poke"})
"""How a sensor waits; the DAGs of the kind take turns."""


def work(kind: str, number: int) -> None:
    """The task of a kind that is under faults, in the DAG that is being made."""
    named = {"task_id": "work"}
    experiment = {"experiment_name": "{{ run_id }}"}
    if kind == "worker":
        AzureMLCommandJobOperator(**named, **experiment, **COMMAND_JOB, deferrable=False)
    elif kind == "deferred":
        AzureMLCommandJobOperator(**named, **experiment, **COMMAND_JOB, deferrable=True)
    elif kind == "triggerer":
        AzureMLCommandJobOperator(**named, **experiment, **COMMAND_JOB, start_in_trigger=True, finish_in_trigger=True)
    elif kind == "pipeline":
        AzureMLJobOperator(**named, **experiment, job=PIPELINE, deferrable=True)
    elif kind == "batch":
        # The tag says whose job it is, to whoever looks at the service: an invocation has none of the operator's.
        AzureMLInvokeBatchEndpointOperator(
            **named,
            endpoint_name=f"chaos-batch-{number:02d}",
            inputs=INPUTS,
            tags={"chaos_run": "{{ run_id }}"},
            deferrable=True,
        )
    else:
        submit = AzureMLCommandJobOperator(task_id="submit", **experiment, **COMMAND_JOB, wait_for_completion=False)
        AzureMLJobSensor(**named, job_name=submit.output, poke_interval=2, retries=10, **SENSORS[number % len(SENSORS)])


for name in filter(None, os.environ.get("CHAOS_DAGS", "").split(",")):
    _, kind, number = name.split("_")
    with DAG(
        name,
        schedule=None,
        is_paused_upon_creation=False,
        default_args={"retries": 40, "retry_delay": datetime.timedelta(seconds=1)},
    ) as dag:
        work(kind, int(number))
    globals()[name] = dag
