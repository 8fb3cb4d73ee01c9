"""DAGs whose tasks wait for jobs that the service holds back; a rolling upgrade lays a changed text of this file here.

A process that runs a task makes the DAG of that task alone: a file with dozens of DAGs is read for each of them.
"""

from __future__ import annotations

import datetime
import json
import os

from airflow.providers.common.compat.sdk import DAG
from airflow.sdk import get_parsing_context

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

CHANGED = False
COMMAND = "until test -e ${{inputs.gate}}; do sleep 3; done; echo " + ("second" if CHANGED else "first")
KEYWORDS = {"display_name": "of the changed file"} if CHANGED else {}
IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
OPEN = "/"
JOB = {"command": COMMAND, "environment": IMAGE, **KEYWORDS}
STEP = {"type": "command", "command": COMMAND, "environment": IMAGE, "inputs": {"gate": "${{parent.inputs.gate}}"}}


def pipeline(number: int) -> dict[str, object]:
    """A pipeline of one step."""
    inputs = {"gate": OPEN, "number": number}
    settings = {"default_compute": "serverless"}
    return {"type": "pipeline", "settings": settings, "inputs": inputs, "jobs": {"step": STEP}, **KEYWORDS}


def work(kind: str, size: int) -> None:
    """The tasks of a kind, in the DAG that is being made."""
    inputs = [{"gate": OPEN, "number": number} for number in range(size)]
    if kind == "mapped":
        AzureMLCommandJobOperator.partial(task_id="work", **JOB, deferrable=True).expand(inputs=inputs)
    elif kind == "running":
        gates = [{**one, "gate": "{{ dag_run.conf['gate'] }}"} for one in inputs]
        AzureMLCommandJobOperator.partial(task_id="work", **JOB, deferrable=True).expand(inputs=gates)
    elif kind == "pipeline":
        jobs = [pipeline(number) for number in range(size)]
        AzureMLJobOperator.partial(task_id="work", deferrable=True).expand(job=jobs)
    elif kind == "sensor":
        submit = AzureMLCommandJobOperator.partial(task_id="submit", **JOB, wait_for_completion=False)
        jobs = submit.expand(inputs=inputs).output
        AzureMLJobSensor.partial(task_id="work", deferrable=True, poke_interval=2).expand(job_name=jobs)
    else:
        for number, given in enumerate(inputs):
            AzureMLCommandJobOperator(
                task_id=f"work_{number}",
                **JOB,
                inputs=given,
                start_in_trigger=True,
                finish_in_trigger=kind == "triggerer",
            )


asked = get_parsing_context().dag_id
for name, size in json.loads(os.environ["UPGRADE_DAGS"]).items():
    if asked in (None, name):
        with DAG(
            name,
            schedule=None,
            is_paused_upon_creation=False,
            max_active_tasks=1000,
            default_args={"retries": 3, "retry_delay": datetime.timedelta(seconds=1)},
        ) as dag:
            work(name.split("_")[1], size)
        globals()[name] = dag
