"""A cluster for one DAG run: made, used by its jobs, grown for the training, deleted at the end or after a failure."""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComputeOperator,
    AzureMLDeleteComputeOperator,
    AzureMLScaleComputeOperator,
)

IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
# [START cluster]
# Two runs have two clusters; a task that is cleared finds its run's own. At most 32 letters, digits and -.
CLUSTER = "run-{{ (dag_run.logical_date or dag_run.run_after).strftime('%Y%m%d-%H%M%S-%f') }}"

with DAG("cluster_for_one_run", schedule=None, default_args={"deferrable": True}, tags=["azureml", "example"]) as dag:
    cluster = AzureMLCreateComputeOperator(
        task_id="cluster",
        name=CLUSTER,
        size="STANDARD_DS3_V2",
        max_instances=1,
        idle_time_before_scale_down=datetime.timedelta(minutes=5),
        tags={"run": "{{ run_id }}"},
    )
    sample = AzureMLCommandJobOperator(
        task_id="sample",
        command="seq 1 100 > ${{outputs.numbers}}/numbers.txt",
        environment=IMAGE,
        compute=CLUSTER,
        outputs={"numbers": {"type": "uri_folder"}},
    )
    grow = AzureMLScaleComputeOperator(task_id="grow", name=cluster.output, max_instances=2)
    # As many jobs at once as the cluster has nodes now.
    train = AzureMLCommandJobOperator.partial(
        task_id="train",
        environment=IMAGE,
        compute=CLUSTER,
        inputs={"numbers": sample.output["numbers"]},
    ).expand(command=[f"awk '$1 % {n} == 0' ${{{{inputs.numbers}}}}/numbers.txt | wc -l" for n in (2, 3)])
    delete = AzureMLDeleteComputeOperator(task_id="delete", name=cluster.output)
    cluster >> sample >> grow >> train >> delete.as_teardown(setups=cluster)
    # [END cluster]
