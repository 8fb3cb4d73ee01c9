"""A job kept in a YAML file, as the Azure CLI takes it; Airflow renders it, keywords and ``set`` change it."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLJobOperator

with DAG(
    "job_from_yaml",
    schedule="@daily",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START yaml]
    prep = AzureMLJobOperator(
        task_id="data_prep",
        job="credit_defaults/data_prep.yml",
        inputs={"test_train_ratio": 0.3},
        set={"tags.team": "credit"},
    )
    # [END yaml]
