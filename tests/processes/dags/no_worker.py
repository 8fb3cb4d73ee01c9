"""DAGs in no-worker mode: fifty short jobs, jobs that wait for a file, and tasks that need a worker after all."""

from __future__ import annotations

import datetime
from typing import Any

import airflow
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

try:
    from airflow.sdk import Asset, task
except ImportError:  # 2.11
    from airflow.datasets import Dataset as Asset  # type: ignore[attr-defined,no-redef]
    from airflow.decorators import task  # type: ignore[no-redef]

IMAGE = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
MAJOR = airflow.__version__.partition(".")[0]
MODE: dict[str, Any] = {"start_in_trigger": True, "finish_in_trigger": True}
WAIT = "until test -e ${{inputs.gate}}; do sleep 0.5; done"
WRITE = "echo $NUMBER > ${{outputs.number}}/number.txt"
LONG = f"{WRITE}; sleep 8"
"""Long enough to be waited for in the triggerer."""

COUNT = 50


def said(**_: object) -> None:
    """A callback that only a worker would call."""


def command(task_id: str, text: str = WRITE, **given: Any) -> AzureMLCommandJobOperator:
    """A short job with one output, in no-worker mode."""
    arguments = {
        "outputs": {"number": None},
        "environment_variables": {"NUMBER": "{{ params.number }}"},
        **MODE,
        **given,
    }
    return AzureMLCommandJobOperator(task_id=task_id, command=text, environment=IMAGE, **arguments)


with DAG(f"no_worker_on_{MAJOR}", schedule=None, params={"number": 7}) as both_lines:
    good = command("good", LONG)

    @task
    def read(result: dict, output: dict) -> str:
        """Take a result, and an output, as a task on a worker does."""
        return f"{result['status']} {result['outputs']['number']['path'] == output['path']}"

    read(good.output, good.output["number"])
    command("next", f"test -e ${{{{inputs.number}}}}/number.txt; {LONG}", inputs={"number": good.output["number"]})
    command("fails", f"{LONG}; exit 3", retries=0)
    command("fails_once_more", f"{LONG}; exit 3", retries=1, retry_delay=datetime.timedelta(seconds=1))
    command("callback", LONG, on_success_callback=said)

with DAG(f"no_worker_many_on_{MAJOR}", schedule=None, params={"number": 7}) as many:
    for index in range(COUNT):
        command(f"job_{index}", environment_variables={"NUMBER": f"{index}-{{{{ params.number }}}}"})

with DAG(f"no_worker_ends_on_{MAJOR}", schedule=None, params={"number": 7, "job": "none"}) as ends:
    good = command("good")

    @task
    def read(result: dict, output: dict) -> str:
        """Take a result, and an output, as a task on a worker does."""
        return f"{result['status']} {result['outputs']['number']['path'] == output['path']}"

    read(good.output, good.output["number"])
    command("next", "test -e ${{inputs.number}}/number.txt", inputs={"number": good.output["number"]})
    command("fails", "exit 3", retries=0)
    command("fails_once_more", "exit 3", retries=1, retry_delay=datetime.timedelta(seconds=1))
    command("canceled", "sleep 300", on_canceled="skip")
    command("with_code", "cat message.txt", code="no_worker_code")
    AzureMLJobOperator(task_id="from_file", job="no_worker_code/job.yml", **MODE)
    AzureMLJobSensor(task_id="sensor", job_name="{{ params.job }}", poke_interval=1, timeout=300, **MODE)

with DAG(
    f"no_worker_not_on_{MAJOR}",
    schedule=None,
    params={"number": 7},
    # Many workers begin at once, and Airflow's database is SQLite.
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=1)},
) as on_workers:
    outlets = command("outlets", outlets=[Asset("azureml://no-worker/outlets")])
    command("callback", on_success_callback=said)
    command("failure_callback", "exit 3", on_failure_callback=said, retries=0)
    AzureMLCommandJobOperator.partial(task_id="mapped", command="true", environment=IMAGE, **MODE).expand(
        display_name=["one", "two"]
    )
    outlets >> command(
        "xcom_pull", environment_variables={"NUMBER": "{{ ti.xcom_pull(task_ids='outlets')['job_name'] }}"}
    )
    command("secret", environment_variables={"API_TOKEN": "not-to-be-stored", "NUMBER": "1"})
    command("code_is_missing", "true", code="no_such_folder", retries=0)

for number in range(1, 7):
    name = f"no_worker_slow_on_{MAJOR}_{number}"
    with DAG(name, schedule=None, params={"gate": "/nowhere"}) as dag:
        AzureMLCommandJobOperator(
            task_id="work", command=WAIT, inputs={"gate": "{{ params.gate }}"}, environment=IMAGE, **MODE
        )
    globals()[name] = dag
