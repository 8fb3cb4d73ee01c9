"""Attempts within a try on a real Airflow: evictions, a queue that is too long, and what dies between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.attempts import Attempts
from tests.processes.slow_run import TASK
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

BOTH_WAYS = pytest.mark.parametrize("way", ["worker", "deferred"])


@pytest.fixture
def attempts(airflow: RealAirflow, request: pytest.FixtureRequest) -> Iterator[Attempts]:
    """The run of a test, of a DAG of its own."""
    names = [item.name for item in request.session.items if item.path == request.path]
    way = request.node.callspec.params["way"]
    number = [name for name in names if f"[{way}" in name].index(request.node.name) + 1
    yield Attempts(airflow, f"resubmission_{way}_on_3_{number}", Path("unused"))
    airflow.service.clear_faults()


@BOTH_WAYS
def test_a_job_evicted_twice_ends_in_its_third_attempt_and_goes_on_counting(attempts: Attempts, way: str) -> None:
    attempts.fault("preempt", "--times", "2", "--delay", "1")
    attempts.trigger(evictions=2)
    log = attempts.ends("success")
    assert attempts.statuses() == ["Failed", "Failed", "Completed"]
    assert (attempts.tries(), attempts.puts()) == (1, [1, 1, 1])
    result = attempts.result()
    assert (result["attempts"], result["job_name"]) == (3, attempts.jobs()[2]["name"])
    assert "started 3 times" in log
    assert "Attempt 2 follows" in log


@BOTH_WAYS
def test_a_job_queued_for_too_long_completes_on_the_next_compute(attempts: Attempts, way: str) -> None:
    attempts.fault("queue", "--times", "1")
    attempts.trigger()
    log = attempts.ends("success")
    assert attempts.statuses() == ["Canceled", "Completed"]
    assert attempts.tries() == 1
    assert "queued for more than 20 seconds" in log
    assert "on serverless" in log


@BOTH_WAYS
def test_an_error_of_the_user_s_is_left_to_the_retries(attempts: Attempts, way: str) -> None:
    attempts.trigger(code=3)
    attempts.ends("failed")
    assert attempts.statuses() == ["Failed", "Failed"]
    assert attempts.tries() == 2


@BOTH_WAYS
def test_a_worker_killed_right_after_the_put_of_the_next_attempt_leaves_one(attempts: Attempts, way: str) -> None:
    attempts.fault("preempt", "--times", "1", "--delay", "1")
    route = f"PUT .*/jobs/{attempts.dag.replace('_', '.')}.*-2$"
    attempts.service.fault("delay", "--route", route, "--when", "after", "--delay", "60", "--times", "1")
    attempts.trigger(evictions=1)
    attempts.airflow.until("second job", lambda: len(attempts.jobs()) == 2)
    assert attempts.airflow.column("state", attempts.dag, attempts.run, TASK) == "running"
    attempts.airflow.kill_task(attempts.dag, attempts.run, TASK)
    attempts.airflow.until("second try", lambda: attempts.tries() == 2)
    attempts.ends("success")
    assert attempts.statuses() == ["Failed", "Completed"]
    assert attempts.puts() == [1, 1]
