"""Orphans: every night, the jobs of tasks that have ended without them are cancelled."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCancelOrphansOperator

with DAG(
    "cancel_orphans",
    start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    tags=["azureml", "example"],
) as dag:
    # [START sweep]
    sweep = AzureMLCancelOrphansOperator(task_id="sweep")
    # [END sweep]
