"""One task, one job, on each Airflow line: what is tried on many tasks at once, and holds on 2.11 as on 3.3."""

from __future__ import annotations

from tests.processes.slow_run import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, SideBySide, SlowRun

CASES = SideBySide()
"""The cases of both lines, and those that a file adds for its own."""


class OneJob:
    """Tests for a file to inherit that names its Airflow ``tested_airflow``."""

    @staticmethod
    @CASES.case(DEFERRED)
    def test_a_finished_task_that_is_cleared_runs_a_second_job(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.finish()
        first = slow_run.result()["job_name"]

        slow_run.airflow.clear(slow_run.dag, slow_run.run, TASK)
        slow_run.airflow.until("second job", lambda: len(slow_run.jobs()) == 2)
        slow_run.finish()

        assert slow_run.statuses() == ["Completed", "Completed"]
        assert slow_run.puts() == [1, 1]
        assert slow_run.result()["job_name"] == slow_run.jobs()[1]["name"] != first

    @staticmethod
    @CASES.case(ON_WORKER, DEFERRED)
    def test_clearing_the_waiting_task_replaces_its_job(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.wait_status(0, "Running")
        slow_run.wait_waiting()

        slow_run.airflow.clear(slow_run.dag, slow_run.run, TASK)
        slow_run.wait_status(0, "Canceled")
        slow_run.wait_status(1, "Running")
        slow_run.finish()

        assert slow_run.statuses() == ["Canceled", "Completed"]
        assert slow_run.puts() == [1, 1]
        assert slow_run.result()["job_name"] == slow_run.jobs()[1]["name"]

    @staticmethod
    @CASES.case(IN_A_HURRY)
    def test_a_task_out_of_time_cancels_its_job(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.wait_status(0, "Running")

        slow_run.wait_status(0, "Canceled")
        assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"

        assert slow_run.statuses() == ["Canceled"]
        assert "Timeout" in slow_run.airflow.log(slow_run.dag, slow_run.run, TASK)

    @staticmethod
    @CASES.case(ON_WORKER)
    def test_a_worker_killed_while_it_waits_leaves_one_job(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.wait_status(0, "Running")

        slow_run.airflow.kill_task(slow_run.dag, slow_run.run, TASK)
        slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
        slow_run.wait_task("running")
        slow_run.finish()

        assert slow_run.statuses() == ["Completed"]
        assert slow_run.puts() == [1]
        assert slow_run.tries() == 2
        assert slow_run.result()["job_name"] == slow_run.jobs()[0]["name"]

    @staticmethod
    @CASES.case(ON_WORKER)
    def test_a_worker_that_is_asked_to_end_leaves_the_job_alone(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.wait_status(0, "Running")

        slow_run.airflow.end_task(slow_run.dag, slow_run.run, TASK)
        slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
        slow_run.finish()

        assert slow_run.statuses() == ["Completed"]
        assert slow_run.puts() == [1]
