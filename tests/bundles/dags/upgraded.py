"""A task whose operator is another one by the time that it comes back: its file is edited while it is deferred."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
WAIT = "until test -e ${{inputs.gates}}/go; do sleep 0.5; done; echo 1 > ${{outputs.found}}/x"
OLD = {
    "command": WAIT,
    "environment": IMAGE,
    "inputs": {"gates": "{{ params.gates }}"},
    "outputs": {"found": {}},
    "deferrable": True,
}
NEW = {
    "job": {"type": "command", "command": "exit 1", "environment": IMAGE},
    "outputs": {"other": {}},
    "deferrable": False,
    "wait_for_completion": False,
}

with DAG("upgraded", schedule=None, is_paused_upon_creation=False, params={"gates": "/nowhere"}):
    AzureMLCommandJobOperator(task_id="work", **OLD)

__all__ = ["NEW", "AzureMLJobOperator"]
