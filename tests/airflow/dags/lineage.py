"""Jobs whose data is to be known to OpenLineage."""

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLJobOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor

START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
IMAGE = {"image": "docker.io/python"}
COPY = "cat ${{inputs.cards}} > ${{outputs.copied}}/cards.csv"
CARDS = {"type": "uri_file", "path": "azureml:lineage-cards@latest"}
PIPELINE = {
    "type": "pipeline",
    "description": "Copies cards by a step.",
    "settings": {"default_compute": "azureml:serverless"},
    "inputs": {"cards": CARDS},
    "outputs": {"copied": {"type": "uri_folder"}},
    "jobs": {
        "copy": {
            "type": "command",
            "command": COPY,
            "environment": IMAGE,
            "inputs": {"cards": "${{parent.inputs.cards}}"},
            "outputs": {"copied": "${{parent.outputs.copied}}"},
        }
    },
}

with DAG("lineage", start_date=START, schedule=None):
    asset = AzureMLCreateDataAssetOperator(
        task_id="asset", name="lineage-cards", path="decorated.py", type="uri_file", version="1"
    )
    # Who is deferred waits for a job that has not ended before the deferral, also on a machine with much to do.
    for name, deferrable, pause in (("here", False, ""), ("deferred", True, "; sleep 6")):
        copy = AzureMLCommandJobOperator(
            task_id=f"copy_{name}",
            command=COPY + pause,
            environment=IMAGE,
            description="Copies cards.",
            inputs={"cards": CARDS},
            outputs={"copied": {"type": "uri_folder"}},
            deferrable=deferrable,
        )
        asset >> copy
        AzureMLCommandJobOperator(
            task_id=f"fail_{name}",
            command=f"ls ${{{{inputs.copied}}}}{pause}; exit 7",
            environment=IMAGE,
            inputs={"copied": copy.output["copied"]},
            deferrable=deferrable,
        )
    submitted = AzureMLJobOperator(task_id="submitted", job=PIPELINE, wait_for_completion=False)
    asset >> submitted
    AzureMLJobSensor(task_id="waited", job_name=submitted.output, poke_interval=0.5)
