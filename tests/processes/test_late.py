"""Submissions that the service acts upon when their task was cleared or marked: what they start ends, and soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azureml_emulator.console.inspection import requests_received
from tests.chaos.batch_endpoints import deploy
from tests.processes.one_job import CASES
from tests.processes.slow_run import BATCH_DEFERRED, BATCH_ON_WORKER, LATE_DEFERRED, LATE_ON_WORKER, TASK, SlowRun
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

HELD = 45
"""Seconds after which the emulator acts upon a submission: a cleared task's next try has its own job by then."""


@pytest.fixture(scope="module")
def tested_airflow(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> RealAirflow:
    """The session's Airflow 3.3, with the endpoints that its DAGs invoke."""
    with pytest.MonkeyPatch.context() as patch:
        connection = "AIRFLOW_CONN_AZUREML_DEFAULT"
        patch.setenv(connection, airflow.environment[connection])
        names = [f"{BATCH_ON_WORKER}_on_3_1", f"{BATCH_ON_WORKER}_on_3_2", f"{BATCH_DEFERRED}_on_3_1"]
        deploy(names, tmp_path_factory.mktemp("batch"))
    return airflow


def begin_held(slow_run: SlowRun) -> None:
    """Begin the run, and wait until the submission of its job is under way: the service does not act upon it yet."""
    service, airflow = slow_run.service, slow_run.airflow
    way, place = "PUT", f"/jobs/{slow_run.dag}-{TASK}-"
    if slow_run.dag.startswith((BATCH_ON_WORKER, BATCH_DEFERRED)):
        way, place = "POST", f"/scoring/{slow_run.dag.replace('_', '-')}/"
    # Narrowed to the run, so that the emulator has read the request, and acts upon it though nobody waits for the end.
    held = ("--when", "before", "--delay", str(HELD), "--times", "1", "--scope", slow_run.run)
    service.fault("delay", "--route", f"{way} .*{place}", *held)
    slow_run.begin()
    airflow.until(
        "submission", lambda: any(one["method"] == way for one in requests_received(service.state, place)), timeout=300
    )


def jobs(slow_run: SlowRun) -> list[dict[str, Any]]:
    """The jobs of the task, the oldest first, without the steps of batch jobs."""
    return [job for job in slow_run.jobs() if job["type"] == "Pipeline" or f"-{TASK}-" in job["name"]]


def until(slow_run: SlowRun, what: str, probe: Callable[[list[str]], bool]) -> None:
    """Wait for the statuses of the task's jobs."""
    slow_run.airflow.until(what, lambda: probe([job["status"] for job in jobs(slow_run)]), timeout=300)


@CASES.case(LATE_ON_WORKER, LATE_DEFERRED, BATCH_ON_WORKER, BATCH_DEFERRED)
def test_a_job_that_begins_after_a_clear_ends_while_the_new_one_goes_on(slow_run: SlowRun) -> None:
    begin_held(slow_run)

    # A Clear of a task that runs is counted only where its process ends in order: so it is marked first.
    slow_run.airflow.mark(slow_run.dag, slow_run.run, TASK, "failed")
    slow_run.airflow.clear(slow_run.dag, slow_run.run, TASK)
    until(slow_run, "the new job runs", lambda seen: seen == ["Running"])
    until(slow_run, "the older one has come and ended", lambda seen: seen == ["Running", "Canceled"])
    slow_run.finish()

    (new, older) = jobs(slow_run)
    assert (new["status"], older["status"]) == ("Completed", "Canceled")
    assert slow_run.result()["job_name"] == new["name"]
    assert f"Azure ML job {older['name']} was submitted before the task was cleared" in slow_run.airflow.log(
        slow_run.dag, slow_run.run, TASK
    )


@CASES.case(BATCH_ON_WORKER)
def test_a_batch_job_that_begins_after_its_task_was_marked_ends(slow_run: SlowRun) -> None:
    begin_held(slow_run)
    record = slow_run.airflow.xcom(slow_run.dag, slow_run.run, TASK, "azureml_invocation")
    assert record["endpoint"] == slow_run.dag.replace("_", "-")
    assert slow_run.airflow.xcom(slow_run.dag, slow_run.run, TASK, "azureml_job_name") is None

    slow_run.airflow.mark(slow_run.dag, slow_run.run, TASK, "failed")
    assert jobs(slow_run) == []
    until(slow_run, "the job has come and ended", lambda seen: seen == ["Canceled"])
    slow_run.gate.touch()
    assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"
