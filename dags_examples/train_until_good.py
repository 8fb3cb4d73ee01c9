"""Train until a metric is reached: a Task Loop, in which each iteration has a job of its own.

Needs Airflow 3.4. On older versions, which have no loops, this file can be read all the same, and has no DAG.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

try:
    from airflow.sdk import LoopDecision, task_group
except ImportError:
    LoopDecision = None  # below 3.4

ENVIRONMENT = {
    "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    "conda_file": "credit_defaults/environment.yml",
}
GOOD = 0.85

if LoopDecision is not None:
    with DAG(
        "train_until_good",
        schedule=None,
        default_args={"deferrable": True},
        tags=["azureml", "example"],
    ) as dag:
        prep = AzureMLCommandJobOperator(
            task_id="data_prep",
            command=(
                "python data_prep.py --data ${{inputs.data}}"
                " --train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}"
            ),
            code="credit_defaults/src",
            environment=ENVIRONMENT,
            inputs={"data": {"type": "uri_file", "path": "credit_defaults/data/credit_card.csv"}},
            outputs={"train_data": {}, "test_data": {}},
        )

        # [START until]
        @task_group
        def improve(train_data: Any, test_data: Any) -> None:
            """One iteration, at ten times the learning rate of the one before."""
            AzureMLCommandJobOperator(
                task_id="train",
                command=(
                    "python train.py --train_data ${{inputs.train_data}} --test_data ${{inputs.test_data}}"
                    " --learning_rate ${{inputs.learning_rate}} --model ${{outputs.model}}"
                ),
                code="credit_defaults/src",
                environment=ENVIRONMENT,
                inputs={
                    "train_data": train_data,
                    "test_data": test_data,
                    "learning_rate": "{{ 0.0001 * 10 ** loop.index }}",
                },
                outputs={"model": {}},
            )

        def good_enough(*, loop: Any) -> LoopDecision:
            """Go by the metrics of this iteration's own job."""
            auc = loop.result["metrics"]["auc"]
            return LoopDecision(stop=auc > GOOD, reason=f"AUC {auc:.3f}, needs more than {GOOD}")

        improve.partial(train_data=prep.output["train_data"], test_data=prep.output["test_data"]).loop(
            max_iterations=5, until=good_enough
        )
        # [END until]
