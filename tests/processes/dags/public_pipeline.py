"""A public pipeline file as a group of tasks, where its folder lies beside the tests' own DAGs; it is unchanged."""

from __future__ import annotations

import datetime
from pathlib import Path

import airflow
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

FILE = Path(__file__).parents[1] / "public" / "pipeline.yml"
MAJOR = airflow.__version__.partition(".")[0]

if FILE.exists():
    with DAG(f"public_on_{MAJOR}", schedule=None) as dag:
        # A short name: jobs carry forty characters of a task's.
        AzureMLPipelineTaskGroup(
            "p", job=FILE, deferrable=True, retries=1, retry_delay=datetime.timedelta(seconds=1), poll_interval=1
        )
