"""A job that reports back: what its script writes into ``outputs/airflow.json`` are XComs, a note and asset extras."""

from __future__ import annotations

from airflow.providers.common.compat.assets import Asset
from airflow.providers.common.compat.sdk import DAG, XComArg, task

from airflow_azureml.operators import AzureMLCommandJobOperator

with DAG("reporting_job", schedule=None, tags=["azureml", "example"]) as dag:
    # [START report]
    clean = AzureMLCommandJobOperator(
        task_id="clean",
        command="python clean.py ${{inputs.clients}} ${{outputs.cleaned}}",
        code="reporting_job/clean.py",
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        inputs={"clients": {"type": "uri_file", "path": "credit_defaults/data/credit_card.csv"}},
        outputs={"cleaned": {}},
        outlets=[Asset("cleaned_clients")],
        deferrable=True,
    )

    @task
    def check(rows: int, refused: int) -> str:
        """Decide by what the script has counted."""
        if refused > rows / 10:
            raise ValueError(f"{refused} clients were refused, and only {rows} kept.")
        return f"{rows} clients"

    check(XComArg(clean, key="rows"), XComArg(clean, key="refused"))
    # [END report]
