"""Submit now, wait elsewhere: one task submits the job, a sensor waits for it and hands its outputs on."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateDataAssetOperator
from airflow_azureml.sensors import AzureMLJobSensor

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

with DAG("credit_defaults_sensor", schedule=None, tags=["azureml", "example"]) as dag:
    data = AzureMLCreateDataAssetOperator(
        task_id="credit_card_data",
        name="credit-card",
        path="credit_defaults/data/credit_card.csv",
        type="uri_file",
        description="Clients of a bank and whether they defaulted (invented; see generate.py).",
    )
    # [START sensor]
    submit = AzureMLCommandJobOperator(
        task_id="submit_data_prep",
        command=(
            "python data_prep.py --data ${{inputs.data}}"
            " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"data": {"type": "uri_file", "path": "azureml:credit-card@latest"}},
        outputs={"train_data": {}, "test_data": {}},
        wait_for_completion=False,
    )
    wait = AzureMLJobSensor(task_id="wait", job_name=submit.output, deferrable=True, timeout=3600)
    train = AzureMLCommandJobOperator(
        task_id="train",
        command=(
            "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
            " --model ${{outputs.model}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"train_data": wait.output["train_data"], "test_data": wait.output["test_data"]},
        outputs={"model": {}},
        deferrable=True,
    )
    # [END sensor]
    data >> submit
