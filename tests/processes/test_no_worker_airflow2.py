"""No-worker mode on Airflow 2.11: tasks start on workers, and end in the triggerer where nothing is lost by it."""

from __future__ import annotations

import pytest

from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

pytestmark = pytest.mark.timeout(600)

DAG, RUN = "no_worker_on_2", "run"
VISITS = "SELECT count(*) FROM log WHERE dag_id = ? AND task_id = ? AND event = 'running'"


@pytest.fixture(scope="module")
def ended(older_airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 2.11 when the run has ended."""
    older_airflow.trigger(DAG, RUN)
    with told_of_failure(older_airflow, DAG, RUN):
        older_airflow.wait_run(DAG, RUN, timeout=400)
    return older_airflow


def test_tasks_end_in_the_triggerer(ended: RealAirflow) -> None:
    assert ended.states(DAG, RUN) == {
        "good": "success",
        "next": "success",
        "read": "success",
        "fails": "failed",
        "fails_once_more": "failed",
        "callback": "success",
    }
    visits = {task: ended.sql(VISITS, DAG, task)[0][0] for task in ended.states(DAG, RUN)}
    # A failure that is retried must come back, for 2.11 would not retry it, and so must one with a callback.
    assert visits == {"good": 1, "next": 1, "read": 1, "fails": 1, "fails_once_more": 3, "callback": 2}
    assert ended.xcom(DAG, RUN, "read") == "Completed True"
    assert [job["status"] for job in ended.service.made(DAG) if "fails_once_more" in job["name"]] == ["Failed"] * 2


def test_the_log_says_why_a_worker_has_the_task(ended: RealAirflow) -> None:
    assert "start_in_trigger: this task starts on a worker: Airflow 2.11" in ended.log(DAG, RUN, "good")
    assert "ends on a worker: on_success_callback would not run" in ended.log(DAG, RUN, "callback")
    assert "non-zero exit Code 3" in ended.log(DAG, RUN, "fails")
