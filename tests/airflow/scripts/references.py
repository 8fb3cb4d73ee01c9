"""What Airflow does with references to outputs, those of our operators among them; prints ``fine``."""

from __future__ import annotations

import copy
from functools import partial

from airflow.decorators import task
from airflow.providers.common.compat.sdk import DAG
from airflow.serialization import serialized_objects

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

command = partial(AzureMLCommandJobOperator, command="echo", environment="azureml:e:1")

with DAG("references", schedule=None) as dag:
    train = AzureMLCommandJobOperator(
        task_id="train", command="echo", environment="azureml:e:1", outputs={"model": None}
    )
    use = AzureMLCommandJobOperator(
        task_id="use", command="echo", environment="azureml:e:1", inputs={"model": train.output["model"]}
    )
    wait = AzureMLJobSensor(task_id="wait", job_name=train.output)

    @task
    def read(result: object) -> None:
        """Take a result."""

    read(train.output)
    read.expand(result=train.output.map(lambda item: item))

assert use.upstream_task_ids == wait.upstream_task_ids == {"train"}, use.upstream_task_ids
serialization = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)
back = serialization.from_dict(serialization.to_dict(dag))
assert back.task_dict["use"].upstream_task_ids == {"train"}
copied = copy.deepcopy(train.output)
assert copied["model"].key == "model"
assert copy.deepcopy(dag).task_ids == dag.task_ids
assert "xcom_pull(task_ids='train'" in str(train.output)
assert set(dag.partial_subset("use", include_upstream=True).task_ids) == {"use", "train"}
for wrong in (lambda: train.output["modle"], lambda: command(task_id="other", resources={"instance_count": 2})):
    try:
        wrong()
    except AzureMLSpecError:
        continue
    raise AssertionError("this is to be refused")
print("fine")
