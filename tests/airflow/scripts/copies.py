"""Operators that are given objects of Microsoft's own client, copied as Airflow copies them.

Call: ``runpy`` in an Airflow of its own, with the folder of Microsoft's client behind its own modules.
"""

import copy
import datetime
import json
import os

from airflow.providers.common.compat.sdk import DAG
from azure.ai.ml import Input, Output, command, dsl
from azure.ai.ml.entities import Environment

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

IMAGE = Environment(image="docker.io/python")


def job(x):
    """A command job with all that its object cannot copy."""
    return command(
        command="echo {{ ds }} ${{inputs.x}} > ${{outputs.o}}/f",
        environment=IMAGE,
        inputs={"x": x, "d": Input(type="uri_file", path="./a.csv")},
        outputs={"o": Output(type="uri_folder")},
        compute="c",
    )


@dsl.pipeline
def pipeline():
    """Two steps."""
    first = job(1)
    second = job(2)
    second.inputs.d = first.outputs.o


def made():
    """A DAG of all roads by which an object comes in."""
    with DAG("copies", start_date=datetime.datetime(2024, 1, 1), schedule=None) as dag:
        one = AzureMLJobOperator(task_id="one", job=job(1))
        AzureMLJobOperator(task_id="steps", job=pipeline())
        AzureMLJobOperator.partial(task_id="part", job=job(1)).expand(inputs=[{"x": 1}, {"x": 2}])
        AzureMLJobOperator.partial(task_id="each").expand(job=[job(1), job(2)])
        AzureMLJobOperator.partial(task_id="rows").expand_kwargs([{"job": job(1)}])
        AzureMLCommandJobOperator(
            task_id="keywords", command="x", environment=IMAGE, inputs={"d": Input(type="uri_file", path="azureml:a:1")}
        )
    return dag, one


dag, one = made()
kept = copy.deepcopy(dag).get_task("one").job
os.chdir("/")  # as another process of Airflow may have another working directory
again = made()[0]
mapped = dag.get_task("each").expand_input.value["job"]
print(
    json.dumps(
        {
            "subset": sorted(dag.partial_subset("one").task_ids),
            "kept": kept,
            "document": dict(one.load_field("job", {}).value),
            "beside": one.load_field("job", {}).places[()].folder == dag.folder,
            "built": one.load_field("job", {}).from_python,
            "mapped": [entry["inputs"]["x"] for entry in mapped],
            "environment": dag.get_task("keywords").environment,
            "input": dag.get_task("keywords").inputs["d"],
            "steady": [dag.get_task(name).job == again.get_task(name).job for name in ("one", "steps")],
        }
    )
)
