"""What became of a DAG run, as text: for whoever reads of a test that failed, when its Airflow is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.real_airflow import RealAirflow

MOST = 40_000
"""Characters of one log, from its end."""

QUERIES = {
    "Tries before the last": (
        "SELECT task_id, try_number, state, start_date, end_date, pid FROM task_instance_history "
        "WHERE dag_id = ? AND run_id = ?"
    ),
    "Task instances": (
        "SELECT task_id, try_number, state, start_date, end_date, pid, trigger_id, updated_at FROM task_instance "
        "WHERE dag_id = ? AND run_id = ?"
    ),
    "Airflow's event log": (
        "SELECT dttm, event, task_id, try_number, extra FROM log WHERE dag_id = ? AND run_id = ? ORDER BY dttm"
    ),
    "Triggers, and the triggerers that have them": (
        "SELECT task_id, trigger.id, triggerer_id FROM trigger "
        "JOIN task_instance ON trigger.id = task_instance.trigger_id WHERE dag_id = ? AND run_id = ?"
    ),
}
"""What is read of Airflow's database, by headlines."""

TRIGGERERS = "SELECT id, state, start_date, latest_heartbeat FROM job WHERE job_type = 'TriggererJob'"


@contextlib.contextmanager
def told_of_failure(airflow: RealAirflow, dag: str, run: str) -> Iterator[None]:
    """Tell the story of a run beside whatever is raised while it is tried."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{error}\n{story(airflow, dag, run)}") from error


def story(airflow: RealAirflow, dag: str, run: str) -> str:
    """The rows of a run in Airflow's database, the logs of all tries, and what the components said of it."""
    parts = [f"{dag} {run}"]
    for headline, query in QUERIES.items():
        parts += [f"-- {headline}", *map(str, airflow.sql(query, dag, run))]
    parts += ["-- Triggerers", *map(str, airflow.sql(TRIGGERERS))]
    for place in sorted(airflow.home.glob(f"logs/dag_id={dag}/run_id={run}/**/*.log*")):
        parts += [f"-- {place.relative_to(airflow.home)}", _text(place)[-MOST:]]
    for place in sorted(airflow.home.glob("*.log")):
        parts += [
            f"-- {place.name}, on this run",
            *(line for line in _text(place).splitlines() if dag in line and run in line),
        ]
    return "\n".join(parts)


def _text(place: Path) -> str:
    return place.read_text(encoding="utf-8", errors="replace")
