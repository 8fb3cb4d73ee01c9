"""DAGs whose job runs until the test lets it go: the job looks for the file that the run's ``conf`` names."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

WAIT = "until test -e ${{inputs.gate}}; do sleep 0.1; done"

for name, deferrable in (("patient_deferred", True), ("patient_on_worker", False)):
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
            deferrable=deferrable,
        )
    globals()[name] = dag
