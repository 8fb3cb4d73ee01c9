"""A pipeline file as Airflow tasks: two candidates are trained, measured side by side, and the better one is kept.

``credit_defaults_pipeline`` hands such a file to Azure ML as one job; here each of its eight steps is a task, which is
retried, cleared and looked at by itself.
"""

from __future__ import annotations

import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

with DAG(
    "champion",
    schedule=None,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START group]
    @task
    def smallest_rate() -> float:
        """What the slower candidate learns with."""
        return 0.01

    training = AzureMLPipelineTaskGroup(
        "training",
        job="champion/pipeline.yml",
        inputs={"slow_rate": smallest_rate()},
        retries=2,
        retry_delay=datetime.timedelta(seconds=5),
    )

    @task
    def announce(champion: dict[str, Any], report: dict[str, Any]) -> dict[str, str]:
        """Tell where the better model and its figures lie."""
        return {"champion": champion["path"], "report": report["path"]}

    announce(training.output["champion"], training.output["report"])
    # [END group]
