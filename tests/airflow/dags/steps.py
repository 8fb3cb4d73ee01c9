"""A pipeline's file as a group of tasks, between tasks of its own."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateComponentOperator
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup

with DAG("steps", schedule=None, start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)):

    @task
    def factor() -> int:
        """What is known only when the DAG runs."""
        return 10

    group = AzureMLPipelineTaskGroup("group", job="steps/pipeline.yml", inputs={"factor": factor()})
    AzureMLCreateComponentOperator(task_id="register", spec="steps/components/add.yml") >> group
    AzureMLCommandJobOperator(
        task_id="show",
        command="cat ${{inputs.total}}/n.txt",
        environment={"image": "docker.io/python"},
        inputs={"total": group.output["total"]},
    )
