"""Train anew on new data: each new version of a data asset starts a run, whoever has registered it.

Needs Airflow 3.0. On 2.11, which has no watchers, this file can be read all the same, and has no DAG.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.triggers import AzureMLDataAssetTrigger

try:
    from airflow.sdk import Asset, AssetWatcher
except ImportError:
    AssetWatcher = None  # 2.11

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}

if AssetWatcher is not None:
    # [START watcher]
    watcher = AssetWatcher(name="new_version", trigger=AzureMLDataAssetTrigger("credit-cards"))
    cards = Asset("credit_cards", watchers=[watcher])

    with DAG(
        "retrain_on_new_data",
        schedule=[cards],
        default_args={"deferrable": True},
        tags=["azureml", "example"],
    ) as dag:

        @task
        def newest(*, triggering_asset_events: Any) -> dict[str, Any]:
            """The version to train on; of several that came at once, the last."""
            return triggering_asset_events[cards][-1].extra["payload"]

        data = newest()
        prep = AzureMLCommandJobOperator(
            task_id="data_prep",
            command=(
                "python data_prep.py --data ${{inputs.data}}"
                " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
            ),
            code="credit_defaults/src",
            environment=ENVIRONMENT,
            inputs={"data": {"type": "uri_file", "path": data["asset_id"]}},
            outputs={"train_data": {}, "test_data": {}},
        )
        # [END watcher]
        AzureMLCommandJobOperator(
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
