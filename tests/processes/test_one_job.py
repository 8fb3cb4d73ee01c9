"""One task, one job, whatever dies: counted from the emulator's jobs, with the PUTs received beside them.

What hurts a task alone is tried on many tasks at once. What hurts a triggerer hurts all that wait in it, so it is tried
when those cases are over that others wait for.
"""

from __future__ import annotations

import signal

import pytest

from tests.processes.one_job import CASES, OneJob
from tests.processes.slow_run import DEFERRED, ON_WORKER, OTHER, PAIR, TASK, SlowRun
from tests.real_airflow import SECOND, RealAirflow

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tested_airflow(airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 3.3."""
    return airflow


class TestOneJob(OneJob):
    """What holds on each line."""


@CASES.case(DEFERRED)
def test_a_worker_killed_right_after_its_put_leaves_one_job(slow_run: SlowRun) -> None:
    # The service acts at once, its answer comes too late: the worker dies knowing nothing of its job.
    slow_run.service.fault(
        "delay", "--route", f"PUT .*/jobs/{slow_run.dag}-", "--when", "after", "--delay", "60", "--times", "1"
    )
    slow_run.begin()
    slow_run.airflow.until("job", lambda: slow_run.jobs())
    assert slow_run.airflow.column("state", slow_run.dag, slow_run.run, TASK) == "running"

    slow_run.airflow.kill_task(slow_run.dag, slow_run.run, TASK)
    slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]


@CASES.case(DEFERRED)
def test_a_run_deleted_and_made_again_runs_a_new_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.finish()

    slow_run.airflow.delete_run(slow_run.dag, slow_run.run)
    slow_run.begin()
    slow_run.finish()

    assert slow_run.statuses() == ["Completed", "Completed"]
    assert slow_run.puts() == [1, 1]
    assert slow_run.result()["job_name"] == slow_run.jobs()[1]["name"]


@CASES.case(ON_WORKER, DEFERRED)
def test_marking_the_task_failed_cancels_its_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()

    slow_run.airflow.mark(slow_run.dag, slow_run.run, TASK, "failed")
    slow_run.wait_status(0, "Canceled")

    assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"
    assert slow_run.statuses() == ["Canceled"]


@pytest.mark.long
@CASES.case(PAIR)
def test_a_clear_after_its_workers_death_replaces_the_job_of_that_task_alone(slow_run: SlowRun) -> None:
    airflow, dag, run = slow_run.airflow, slow_run.dag, slow_run.run
    slow_run.begin()
    airflow.until("two jobs that run", lambda: slow_run.statuses() == ["Running", "Running"])
    for task in (TASK, OTHER):
        airflow.kill_task(dag, run, task, supervisor=True)
    airflow.clear(dag, run, TASK)
    assert airflow.column("state", dag, run, TASK) == "restarting"
    airflow.until("third job", lambda: len(slow_run.jobs()) == 3)
    slow_run.wait_status(2, "Running")
    slow_run.finish()

    of_task = {task: [job for job in slow_run.jobs() if f"-{task}-" in job["name"]] for task in (TASK, OTHER)}
    assert [job["status"] for job in of_task[TASK]] == ["Canceled", "Completed"]
    assert [job["status"] for job in of_task[OTHER]] == ["Completed"]
    assert slow_run.puts() == [1, 1, 1]
    assert (slow_run.tries(TASK), slow_run.tries(OTHER)) == (2, 2)
    assert slow_run.result()["job_name"] == of_task[TASK][1]["name"]


@CASES.case(ON_WORKER)
def test_a_worker_killed_with_its_supervisor_leaves_one_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")

    slow_run.airflow.kill_task(slow_run.dag, slow_run.run, TASK, supervisor=True)
    slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]


@CASES.case(ON_WORKER)
def test_a_task_that_is_marked_after_its_worker_was_killed_has_its_job_canceled(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")

    slow_run.airflow.kill_task(slow_run.dag, slow_run.run, TASK, supervisor=True)
    slow_run.airflow.mark(slow_run.dag, slow_run.run, TASK, "failed")
    slow_run.wait_status(0, "Canceled")

    assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"
    assert slow_run.statuses() == ["Canceled"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_the_job_alone(slow_run: SlowRun, number: signal.Signals) -> None:
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()

    slow_run.airflow.kill("triggerer", number)
    slow_run.airflow.start("triggerer")
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]
    assert slow_run.tries() == 1


@pytest.mark.long
def test_a_trigger_moved_to_another_triggerer_leaves_the_job_alone(slow_run: SlowRun) -> None:
    airflow = slow_run.airflow
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()
    first = airflow.triggerers()[-1]

    def log(triggerer: int) -> str:
        return airflow.trigger_log(slow_run.dag, slow_run.run, TASK, triggerer)

    def let_go() -> bool:
        # Airflow gives triggers back whose new triggerer is late with its heartbeat, as on a busy machine.
        airflow.move_triggers(first, second)
        return "trigger completed" in log(first)

    second = airflow.second_triggerer()
    try:
        assert airflow.move_triggers(first, second) == 1
        airflow.until("trigger at the second triggerer", lambda: log(second))
        # Airflow 3.3 calls on_kill here as if a user had ended the task; the job may end only when that is over.
        airflow.until("end of the trigger at the first", let_go)
        slow_run.finish()
    finally:
        airflow.kill(SECOND, signal.SIGTERM)

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]
    assert slow_run.tries() == 1
