"""What the tests of examples ask of a run: how it ended, what its tasks handed on, and where they waited."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from tests import REPOSITORY
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

EXAMPLES = REPOSITORY / "dags_examples"
RUN = "example"
DAY = date(2026, 3, 1)
"""The logical date of those that have a schedule."""


def finished(airflow: RealAirflow, runs: dict[str, str], dag: str) -> str:
    """Wait for the end of an example's run, which must succeed; gives back its id."""
    run = runs[dag]
    with told_of_failure(airflow, dag, run):
        assert ended(airflow, dag, run) == "success", airflow.states(dag, run)
    return run


def ended(airflow: RealAirflow, dag: str, run: str) -> str:
    """Wait for the end of a run; a task that the scheduler has failed by mistake, as a busy one may, is cleared."""
    state = airflow.wait_run(dag, run, timeout=420)
    for task in airflow.mistaken(dag, run):
        if "failed" in {was for name, was in airflow.states(dag, run).items() if name.partition("[")[0] == task}:
            airflow.clear(dag, run, task, downstream=True)
            state = airflow.wait_run(dag, run, timeout=420)
    return state


def stored(airflow: RealAirflow, https_url: str, name: str) -> Any:
    """Read a JSON file of an output."""
    return json.loads(text(airflow, https_url, name))


def text(airflow: RealAirflow, https_url: str, name: str) -> str:
    """Read a file of an output from the place where the emulator keeps its blobs."""
    place = https_url.split("/", 4)[4].rstrip("/")
    return (airflow.service.state / "storage" / place / name).read_text(encoding="utf-8")


def deferrals(airflow: RealAirflow, dag: str, run: str) -> dict[str, int]:
    """Count how often each task was deferred, by Airflow's own log of events."""
    query = "SELECT task_id, count(*) FROM log WHERE dag_id = ? AND run_id = ? AND event = 'deferred' GROUP BY task_id"
    return dict(airflow.sql(query, dag, run))


def waited_on_a_worker(airflow: RealAirflow, dag: str, run: str, *tasks: str) -> list[str]:
    """Those of these tasks whose jobs were waited for on a worker: they were not deferred, and tell of a status.

    A job that has ended by the first look is not waited for at all, which a slow machine makes of a short one.
    """
    deferred = deferrals(airflow, dag, run)
    told = re.compile(r"Azure ML job \S+ is [A-Z][A-Za-z]+\.")
    return [task for task in tasks if task not in deferred and told.search(airflow.log(dag, run, task))]
