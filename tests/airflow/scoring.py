"""What tests of batch endpoints have in common: a scoring script, and operators outside of any DAG file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLRegisterModelOperator,
)
from tests.airflow.instance import Instance

SCRIPT = """
import os
import time

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.txt")) as file:
        factor = int(file.read())

def run(mini_batch):
    rows = []
    for path in mini_batch:
        if os.path.basename(path) == "slow.txt":
            time.sleep(60)
        with open(path) as file:
            rows += [f"{os.path.basename(path)} {factor * int(line)}" for line in file]
    return rows
"""
"""A scoring script without any library: each number of a file times the model's factor; ``slow.txt`` takes a minute."""

IMAGE = {"image": "docker.io/python"}


def context(**given: Any) -> Any:
    """What Airflow gives to ``execute``."""
    return Instance(**given).context()


def endpoint(**given: Any) -> dict[str, Any]:
    """Run the operator that makes an endpoint."""
    task = AzureMLCreateBatchEndpointOperator(task_id="t", **given)
    found: dict[str, Any] = task.execute(context())
    return found


def deployment(**given: Any) -> dict[str, Any]:
    """Run the operator that makes a deployment."""
    task = AzureMLCreateBatchDeploymentOperator(task_id="t", **given)
    found: dict[str, Any] = task.execute(context())
    return found


def register(folder: Path, factor: str) -> str:
    """Register a model for ``SCRIPT``: one file with a number; a reference to it."""
    (folder / "factor.txt").write_text(factor)
    task = AzureMLRegisterModelOperator(task_id="t", name=unique("model"), path=str(folder / "factor.txt"))
    made: dict[str, Any] = task.execute({})
    return f"azureml:{made['name']}:{made['version']}"


def scorer(folder: Path, model: str) -> dict[str, Any]:
    """The keywords of a deployment that scores with ``SCRIPT``, written to a folder."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "score.py").write_text(SCRIPT)
    return {
        "model": model,
        "code": str(folder / "src"),
        "scoring_script": "score.py",
        "environment": IMAGE,
        "compute": "cpu-cluster",
    }


def invoker(**given: Any) -> AzureMLInvokeBatchEndpointOperator:
    """An invocation of a task outside of any DAG file."""
    dag = DAG("d", schedule=None)
    return AzureMLInvokeBatchEndpointOperator(task_id="t", dag=dag, **{"poll_interval": 0.2, **given})


def unique(stem: str) -> str:
    """A name that no other test has."""
    return f"{stem}-{uuid4().hex[:8]}"
