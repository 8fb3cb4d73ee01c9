"""DAGs whose job runs until the test lets it go: the job looks for the file that the run's ``conf`` names."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

WAIT = "until test -e ${{inputs.gate}}; do sleep 0.1; done"

PATIENTS = {
    "patient_deferred": {"deferrable": True},
    "patient_on_worker": {"deferrable": False},
    "patient_in_a_hurry": {"deferrable": True, "execution_timeout": datetime.timedelta(seconds=15), "retries": 0},
}

for name, arguments in PATIENTS.items():
    with DAG(
        name,
        schedule=None,
        params={"gate": "/nowhere"},
        default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
    ) as dag:
        AzureMLCommandJobOperator(
            task_id="work",
            command=WAIT,
            inputs={"gate": "{{ params.gate }}"},
            environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
            **arguments,
        )
    globals()[name] = dag
