"""Task Loops, which Airflow has since 3.4: each iteration has a job of its own, and so has each mapped task in it."""

from __future__ import annotations

import datetime
from typing import Any

from airflow.sdk import DAG, task_group

from airflow_azureml.operators import AzureMLCommandJobOperator

FAIL_ONCE = "mkdir ${{inputs.place}}/failed-${{inputs.round}} || exit 0; exit 3"
WAIT = "test ${{inputs.round}} = 0 || until test -e ${{inputs.place}}/go; do sleep 0.2; done"
STEPS = {"plain": "true", "retried": FAIL_ONCE, "cleared": "true", "cleared_midway": WAIT}


def job(task_id: str, deferrable: bool, command: str) -> dict[str, Any]:
    """The keywords of a job that knows its iteration."""
    return {
        "task_id": task_id,
        "command": command,
        "deferrable": deferrable,
        "environment": {"image": "docker.io/python"},
        "retries": 1,
        "retry_delay": datetime.timedelta(seconds=1),
    }


for step, command in STEPS.items():
    for how in ("worker", "deferred"):
        with DAG(f"loops_{step}_{how}", schedule=None, params={"place": "/nowhere"}) as dag:

            @task_group
            def body(command: str = command, deferrable: bool = how == "deferred") -> Any:
                """One iteration."""
                given = {"place": "{{ params.place }}", "round": "{{ loop.index }}"}
                return AzureMLCommandJobOperator(**job("work", deferrable, command), inputs=given).output

            body.loop(max_iterations=3)
        globals()[dag.dag_id] = dag


def good_enough(*, loop: Any) -> bool:
    """Go by what the job of this iteration brought."""
    found = loop.result
    return found["status"] == "Completed" and f"-loop{loop.index}-" in found["job_name"] and loop.index == 1


for how in ("worker", "deferred"):
    with DAG(f"loops_until_{how}", schedule=None) as dag:

        @task_group
        def improve(deferrable: bool = how == "deferred") -> None:
            """One iteration."""
            AzureMLCommandJobOperator(**job("work", deferrable, "true"), inputs={"rate": "{{ 1 / (loop.index + 1) }}"})

        improve.loop(max_iterations=5, until=good_enough)
    globals()[dag.dag_id] = dag

    with DAG(f"loops_mapped_{how}", schedule=None) as dag:

        @task_group
        def mapped(deferrable: bool = how == "deferred") -> Any:
            """One iteration with two mapped jobs."""
            partial = AzureMLCommandJobOperator.partial(**job("work", deferrable, "true"))
            return partial.expand(inputs=[{"which": "a"}, {"which": "b"}]).output

        mapped.loop(max_iterations=2)
    globals()[dag.dag_id] = dag

    with DAG(f"loops_grouped_{how}", schedule=None) as dag:

        @task_group
        def around(deferrable: bool = how == "deferred") -> None:
            """One iteration with two task groups of a job."""

            @task_group
            def each(which: str, deferrable: bool = deferrable) -> None:
                AzureMLCommandJobOperator(**job("work", deferrable, "true"), inputs={"which": which})

            each.expand(which=["a", "b"])

        around.loop(max_iterations=2)
    globals()[dag.dag_id] = dag
