"""Functions that return the command of a job: their arguments, templates, mapping, names of Airflow's."""

import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.operators import AzureMLCommandJobOperator

START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
IMAGE = {"image": "docker.io/python"}
CALLS = Path(__file__).with_name("calls.txt")

with DAG("decorated", start_date=START, schedule=None, params={"word": "hello"}):
    make = AzureMLCommandJobOperator(
        task_id="make", command="echo 41 > ${{outputs.number}}/n", environment=IMAGE, outputs={"number": {}}
    )

    @task.azureml_command(environment=IMAGE, inputs={"step": 1}, outputs={"sum": {}}, deferrable=True)
    def add(number, sum, step, word, ds=None, **context):
        """Add to a number."""
        with CALLS.open("a") as calls:
            calls.write("add\n")
        return (
            f"echo {word} {ds} {context['ti'].task_id} {{{{ params.word }}}};"
            f" echo $(( $(cat {number}/n) + {step} )) > {sum}/n"
        )

    @task.azureml_command(environment=IMAGE)
    def show(found, result, day):
        """Show what a task has left, decided by its result."""
        return f"cat {found}/n; echo {result['status']} {day}"

    added = add(make.output["number"], word="{{ params.word }}")
    show.override(task_id="shown")(added["sum"], added, "{{ ds }}")

    @task.azureml_command(environment=IMAGE, inputs={"rate": None}, map_index_template="{{ ti.map_index }}")
    def each(number, rate):
        """One job for each rate."""
        return f"cat {number}/n; echo {rate}"

    each.partial(number=make.output["number"]).expand(rate=[0.1, 0.2])

    @task.azureml_command(environment=IMAGE, retries=2)
    def silent():
        """Forget what to return."""

    silent()
