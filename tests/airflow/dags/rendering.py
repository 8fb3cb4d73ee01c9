"""Airflow's templates and Azure ML's bindings side by side, wherever they may stand."""

import datetime
from pathlib import Path

import jinja2
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

HERE = Path(__file__).parent
START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
COMMON = {"wait_for_completion": False}
IMAGE = {"image": "docker.io/python"}


def tasks() -> None:
    """The same tasks for every way of rendering."""
    AzureMLCommandJobOperator(
        task_id="plain",
        command="echo {{ ds }} ${{inputs.x}} $[[ {{ no }} ]] {% raw %}${{inputs.x}}{% endraw %} {{ '${{inputs.x}}' }}",
        environment=IMAGE,
        inputs={"x": 1},
        **COMMON,
    )
    AzureMLCommandJobOperator(
        task_id="nested",
        command="echo ${{inputs.day}}",
        environment=IMAGE,
        inputs={"day": "day {{ ds }}"},
        environment_variables={"DAY": "{{ ds }} ${{inputs.day}}"},
        tags={"config": "conf.yml", "day": "{{ ds }}!"},
        **COMMON,
    )
    AzureMLCommandJobOperator.partial(
        task_id="mapped", command="echo ${{inputs.n}} {{ ds }} {{ ti.map_index }}", environment=IMAGE, **COMMON
    ).expand(inputs=[{"n": "{{ ds }}-a"}, {"n": "b"}])


def files() -> None:
    """One job file, named in every way."""
    AzureMLJobOperator(task_id="by_name", job="jobs/rendered.yml", **COMMON)
    AzureMLJobOperator(task_id="by_template", job="jobs/{{ params.file }}.yml", set={"tags.set": "{{ ds }}"}, **COMMON)
    AzureMLJobOperator(task_id="by_absolute", job=str(HERE / "jobs" / "rendered.yml"), **COMMON)
    AzureMLJobOperator(task_id="by_path", job=Path("jobs") / "rendered.yml", **COMMON)
    AzureMLJobOperator.partial(task_id="by_mapping", **COMMON).expand(job=["jobs/rendered.yml"])
    text = (HERE / "jobs" / "rendered.yml").read_text().replace("./src", "jobs/src")
    AzureMLJobOperator(task_id="by_text", job=text, **COMMON)
    AzureMLJobOperator(
        task_id="by_dict",
        job={
            "type": "command",
            "command": "echo {{ ds }} ${{inputs.x}}",
            "environment": IMAGE,
            "inputs": {"x": "{{ ds }}"},
        },
        inputs={"y": "{{ ds }}"},
        tags={"day": "{{ ds }}"},
        **COMMON,
    )


with DAG("rendering", start_date=START, schedule=None, params={"x": "five", "file": "rendered"}):
    tasks()
    files()

with DAG("native", start_date=START, schedule=None, render_template_as_native_obj=True, params={"x": "five"}):
    tasks()
    AzureMLJobOperator(task_id="by_name", job="jobs/rendered.yml", **COMMON)

with DAG("strict", start_date=START, schedule=None, template_undefined=jinja2.StrictUndefined, params={"x": "five"}):
    tasks()
    AzureMLJobOperator(task_id="by_name", job="jobs/rendered.yml", **COMMON)
