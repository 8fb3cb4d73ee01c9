"""A sweep: one command tried with many hyperparameters by Azure ML; the next task takes the best trial's model."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

with DAG("tuned_training", schedule=None, default_args={"deferrable": True}, tags=["azureml", "example"]) as dag:
    # [START sweep]
    tune = AzureMLJobOperator(
        task_id="tune",
        job="tuned_training/sweep.yml",
        # As many at once as the cluster has nodes; Azure ML chooses the values.
        set={"limits.max_concurrent_trials": 2},
    )

    predict = AzureMLCommandJobOperator(
        task_id="predict",
        command="python predict.py --model ${{inputs.model}} --at ${{inputs.at}}",
        code="tuned_training",
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        # The outputs of a sweep are those of its best trial, and so are its metrics.
        inputs={"model": tune.output["model"], "at": 2.0},
    )
    # [END sweep]
