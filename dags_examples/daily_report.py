"""Airflow's templates and Azure ML's bindings in one command.

``{{ ds }}`` is rendered by Airflow, ``${{inputs.bank}}`` reaches Azure ML untouched.
"""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

with DAG(
    "daily_report",
    schedule="@daily",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START templates]
    report = AzureMLCommandJobOperator(
        task_id="report",
        command=(
            "python receive.py --text '{{ ds }} ${{inputs.bank}}' --list ${{inputs.days}} --output ${{outputs.report}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"bank": "north", "days": "{{ ds }},{{ macros.ds_add(ds, -1) }}"},
        outputs={
            "report": {"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/reports/{{ ds }}/"}
        },
        display_name="report of {{ ds }}",
        tags={"day": "{{ ds }}"},
    )
    # [END templates]
