"""Task Loops, which Airflow has since 3.4: each iteration has a job of its own, and so has each mapped task in it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task_group

from airflow_azureml.operators import AzureMLCancelOrphansOperator, AzureMLCommandJobOperator

FAIL_ONCE = "mkdir ${{inputs.place}}/failed-${{inputs.round}} || exit 0; exit 3"
WAIT = "test ${{inputs.round}} = 0 || until test -e ${{inputs.place}}/go; do sleep 0.2; done"
WAIT_AGAIN = "test ! -e ${{inputs.place}}/again || until test -e ${{inputs.place}}/go; do sleep 0.2; done"
STEPS = {
    "plain": "true",
    "retried": FAIL_ONCE,
    "cleared": "true",
    "cleared_midway": WAIT,
    "cleared_alone": WAIT_AGAIN,
    "found": WAIT,
    "abandoned": WAIT,
    "swept": WAIT,
}


def job(task_id: str, deferrable: bool, command: str, retry_delay: float = 1) -> dict[str, Any]:
    """The keywords of a job that knows its iteration."""
    return {
        "task_id": task_id,
        "command": command,
        "deferrable": deferrable,
        "environment": {"image": "docker.io/python"},
        "retries": 1,
        "retry_delay": datetime.timedelta(seconds=retry_delay),
    }


def noted(*, loop: Any, params: Any, **_: Any) -> bool:
    """Write down which job's result an iteration has; the third is the last, or one that is enough."""
    Path(params["place"], f"result-{loop.index}").write_text(loop.result["job_name"], encoding="utf-8")
    return bool(loop.index == 2 or Path(params["place"], "enough").exists())


for step, command in STEPS.items():
    for how in ("worker", "deferred"):
        with DAG(f"loops_{step}_{how}", schedule=None, params={"place": "/nowhere"}) as dag:

            @task_group
            def body(step: str = step, command: str = command, deferrable: bool = how == "deferred") -> Any:
                """One iteration."""
                given = {"place": "{{ params.place }}", "round": "{{ loop.index }}"}
                keywords = job("work", deferrable, command, 600 if step in ("abandoned", "swept") else 1)
                return AzureMLCommandJobOperator(**keywords, inputs=given).output

            body.loop(max_iterations=3, until=noted)
        globals()[dag.dag_id] = dag


with DAG("sweep_loops", schedule=None) as dag:
    AzureMLCancelOrphansOperator(task_id="sweep", dag_ids=["loops_swept_worker"])
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
