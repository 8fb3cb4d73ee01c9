"""Jobs whose scripts report back."""

import datetime

from airflow.providers.common.compat.assets import Asset, AssetAlias
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
REPORT = """mkdir -p outputs; cat > outputs/airflow.json <<'END'
{"xcom": {"rows": 3, "out": 1}, "note": "three rows", "asset_extra": {"rows": 3, "status": "checked"}}
END"""


def command(task_id: str, command: str, **given: object) -> AzureMLCommandJobOperator:
    """A small command job."""
    return AzureMLCommandJobOperator(
        task_id=task_id, command=command, environment={"image": "docker.io/python"}, **given
    )


with DAG("reports", start_date=START, schedule=None):
    for name, deferrable in (("here", False), ("deferred", True)):
        outlets = [Asset(f"reported-{name}"), AssetAlias(f"reported-as-{name}")]
        command(f"report_{name}", REPORT, outputs={"out": None}, deferrable=deferrable, outlets=outlets)
        command(f"broken_{name}", "mkdir -p outputs; echo '{' > outputs/airflow.json", deferrable=deferrable)
    submitted = command("submitted", REPORT, wait_for_completion=False)
    AzureMLJobSensor(task_id="report_sensed", job_name=submitted.output, poke_interval=0.5)
