"""One task, one job, on each Airflow line: what is tried on many tasks at once, and holds on 2.11 as on 3.3."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.processes.slow_run import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, SideBySide, SlowRun

EXECUTION_TIMEOUT = 30
"""Seconds, of the DAGs whose tasks are in a hurry."""

CASES = SideBySide()
"""The cases of both lines, and those that a file adds for its own."""


class OneJob:
    """Tests for a file to inherit that names its Airflow ``tested_airflow``."""

    @staticmethod
    @CASES.case(ON_WORKER, DEFERRED)
    def test_airflows_own_metrics_tell_of_the_job_and_its_requests(slow_run: SlowRun) -> None:
        metrics = slow_run.airflow.metrics
        slow_run.begin()
        slow_run.wait_status(0, "Running")
        slow_run.wait_waiting()
        slow_run.finish()

        task = {"dag_id": slow_run.dag, "task_id": TASK, "workspace": "emulator-ws"}
        task_and_operator = {**task, "operator": "AzureMLCommandJobOperator"}
        (ran,) = slow_run.airflow.until("metrics", lambda: metrics.of("azureml.job.run", **task_and_operator))
        (queued,) = slow_run.airflow.until("metrics", lambda: metrics.of("azureml.job.queued", **task_and_operator))
        assert queued.kind == ran.kind == "timer"
        result = slow_run.result()
        started, ended = (datetime.fromisoformat(result[key]) for key in ("started_at", "ended_at"))
        assert ran.value == pytest.approx((ended - started).total_seconds() * 1000, abs=2)
        assert metrics.of("azureml.requests", plane="arm", status="200", workspace="emulator-ws")
        delays = metrics.of("azureml.event.delay", **task)
        if slow_run.dag.startswith(ON_WORKER):
            assert not delays
        else:
            assert len(delays) == 1
            assert 0 <= delays[0].value < 120_000
            slow_run.airflow.until(
                "gauge",
                lambda: any(one.value > 0 for one in metrics.of("azureml.jobs.waiting", workspace="emulator-ws")),
            )
        assert slow_run.jobs()[0]["name"] not in str([one.tags for one in metrics.metrics])

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
    @pytest.mark.long
    @CASES.case(IN_A_HURRY)
    def test_a_task_whose_time_is_up_while_it_is_deferred_cancels_its_job(slow_run: SlowRun) -> None:
        slow_run.begin()
        slow_run.wait_status(0, "Running")
        slow_run.wait_trigger()

        slow_run.wait_status(0, "Canceled")
        assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"

        began = datetime.fromisoformat(slow_run.airflow.column("start_date", slow_run.dag, slow_run.run, TASK))
        (job,) = slow_run.jobs()
        ended = datetime.fromisoformat(job["ended_at"]).astimezone(timezone.utc).replace(tzinfo=None)
        late = (ended - began.replace(tzinfo=None)).total_seconds() - EXECUTION_TIMEOUT
        # The trigger's own deadline; that of Airflow comes a minute later.
        assert 0 <= late < 55
        print(f"canceled {late:.1f} s after the limit")
        assert f"execution_timeout of 0:00:{EXECUTION_TIMEOUT}" in slow_run.airflow.log(
            slow_run.dag, slow_run.run, TASK
        )

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
