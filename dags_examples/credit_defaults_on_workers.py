"""The same chain for an Airflow without triggerer: each task waits on its worker and shows the job's log."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateDataAssetOperator

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

# [START on_workers]
with DAG(
    "credit_defaults_on_workers",
    schedule=None,
    default_args={"deferrable": False},
    tags=["azureml", "example"],
) as dag:
    # [END on_workers]
    data = AzureMLCreateDataAssetOperator(
        task_id="credit_card_data",
        name="credit-card",
        path="credit_defaults/data/credit_card.csv",
        type="uri_file",
        description="Clients of a bank and whether they defaulted (invented; see generate.py).",
    )
    prep = AzureMLCommandJobOperator(
        task_id="data_prep",
        command=(
            "python data_prep.py --data ${{inputs.data}}"
            " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"data": {"type": "uri_file", "path": "azureml:credit-card@latest"}},
        outputs={"train_data": {}, "test_data": {}},
    )
    train = AzureMLCommandJobOperator(
        task_id="train",
        command=(
            "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
            " --model ${{outputs.model}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"train_data": prep.output["train_data"], "test_data": prep.output["test_data"]},
        outputs={"model": {}},
    )
    data >> prep
