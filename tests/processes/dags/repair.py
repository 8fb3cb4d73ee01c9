"""DAGs whose task is a pipeline with a step that fails the first time; each step notes in a file that it has begun."""

from __future__ import annotations

import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLJobOperator

BEGUN = "echo {} >> {{{{ params.notes }}}}; "
FAILS_ONCE = 'test "$(grep -c fails {{ params.notes }})" = 2 && '


def step(name: str, command: str, **inputs: str) -> dict[str, Any]:
    """A step that writes a folder."""
    return {
        "type": "command",
        "command": BEGUN.format(name) + command,
        "environment": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        "inputs": inputs,
        "outputs": {"out": {"type": "uri_folder"}},
    }


PIPELINE = {
    "type": "pipeline",
    "settings": {"default_compute": "serverless", "force_rerun": True},
    "outputs": {"report": {"type": "uri_folder"}},
    "jobs": {
        "first": step("first", "echo 1 > ${{outputs.out}}/x"),
        "fails": step(
            "fails", FAILS_ONCE + "cp ${{inputs.a}}/x ${{outputs.out}}/x", a="${{parent.jobs.first.outputs.out}}"
        ),
        "last": {
            **step("last", "cp ${{inputs.a}}/x ${{outputs.out}}/x", a="${{parent.jobs.fails.outputs.out}}"),
            "outputs": {"out": "${{parent.outputs.report}}"},
        },
    },
}

for way in ("worker", "deferred"):
    with DAG(f"repair_{way}", schedule=None, params={"notes": "/nowhere"}) as dag:
        AzureMLJobOperator(
            task_id="work",
            job=PIPELINE,
            repair=True,
            retries=1,
            retry_delay=datetime.timedelta(seconds=1),
            deferrable=way == "deferred",
            poll_interval=1,
        )
    globals()[f"repair_{way}"] = dag
