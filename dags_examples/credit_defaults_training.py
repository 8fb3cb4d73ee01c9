"""Azure ML's pipeline tutorial as an Airflow DAG: register data, prepare it, train on it, decide, hand the verdict on.

While a job runs its task waits in the triggerer and holds no worker. ``learning_rate`` may be given when the DAG is
triggered. Needs the connection ``azureml_default``.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateDataAssetOperator

# [START environment]
# What the jobs run in: an image, and what conda and pip add to it. The file lies beside this one.
ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}
# [END environment]

MINIMUM_AUC = 0.83

with DAG(
    "credit_defaults_training",
    description="Azure ML's pipeline tutorial: data, preparation, training, decision.",
    schedule=None,
    params={
        "learning_rate": Param(0.1, type="number", exclusiveMinimum=0),
        "test_train_ratio": Param(0.25, type="number", exclusiveMinimum=0, exclusiveMaximum=1),
    },
    default_args={"deferrable": True, "retries": 1, "retry_delay": datetime.timedelta(seconds=10)},
    tags=["azureml", "example"],
    doc_md=__doc__,
) as dag:
    # [START data_asset]
    data = AzureMLCreateDataAssetOperator(
        task_id="credit_card_data",
        name="credit-card",
        path="credit_defaults/data/credit_card.csv",
        type="uri_file",
        description="Clients of a bank and whether they defaulted (invented; see generate.py).",
    )
    # [END data_asset]

    # [START data_prep]
    prep = AzureMLCommandJobOperator(
        task_id="data_prep",
        command=(
            "python data_prep.py --data ${{inputs.data}} --test_train_ratio ${{inputs.test_train_ratio}}"
            " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={
            "data": {"type": "uri_file", "path": "azureml:credit-card@latest"},
            "test_train_ratio": "{{ params.test_train_ratio }}",
        },
        outputs={"train_data": {}, "test_data": {}},
    )
    # [END data_prep]

    # [START train]
    train = AzureMLCommandJobOperator(
        task_id="train",
        command=(
            "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
            " --learning_rate ${{inputs.learning_rate}} --registered_model_name ${{inputs.registered_model_name}}"
            " --model ${{outputs.model}}"
        ),
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={
            "train_data": prep.output["train_data"],
            "test_data": prep.output["test_data"],
            "learning_rate": "{{ params.learning_rate }}",
            "registered_model_name": "credit_defaults_model",
        },
        outputs={"model": {}},
    )
    # [END train]

    # [START decide]
    @task
    def decide(result: dict[str, Any]) -> str:
        """Read the AUC of the training job and say what becomes of the model."""
        auc = result["metrics"]["auc"]
        verdict = "promote" if auc >= MINIMUM_AUC else "keep the old one"
        print(f"AUC {auc:.4f}, at least {MINIMUM_AUC} wanted: {verdict}")
        return verdict

    verdict = decide(train.output)
    # [END decide]

    # [START straight_into_the_command]
    text = AzureMLCommandJobOperator(
        task_id="text",
        command="python receive.py --text \"{{ ti.xcom_pull(task_ids='decide') }}\"",
        code="credit_defaults/src",
        environment=ENVIRONMENT,
    )
    comma_list = AzureMLCommandJobOperator(
        task_id="comma_list",
        command="python receive.py --list ${{inputs.columns}}",
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"columns": ",".join(["LIMIT_BAL", "AGE", "PAY_0"])},
    )
    json_document = AzureMLCommandJobOperator(
        task_id="json_document",
        command="python receive.py --json '${{inputs.document}}' --output ${{outputs.received}}",
        code="credit_defaults/src",
        environment=ENVIRONMENT,
        inputs={"document": json.dumps({"model": "credit_defaults_model", "rates": [0.1, 0.2], "note": "50 % of all"})},
        outputs={"received": {}},
    )
    # [END straight_into_the_command]

    data >> prep
    verdict >> [text, comma_list, json_document]
