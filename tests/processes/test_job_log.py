"""The log of a job in the log of its deferred task: all of it, in order, though the triggerer is killed meanwhile."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from airflow_azureml.triggers.log_copy import NOTED_AFTER
from tests.processes.job_log import copied, expect_lines, expect_no_delay, job_log
from tests.processes.slow_run import TALKING, prepared
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.timeout(600)


@pytest.mark.long
def test_the_log_of_a_deferred_task_has_the_jobs_though_the_triggerer_is_killed(
    airflow: RealAirflow, tmp_path: Path
) -> None:
    slow_run = prepared(airflow, TALKING, tmp_path)
    slow_run.begin()
    slow_run.wait_status(0, "Running")
    expect_lines(slow_run, 100)
    expect_no_delay(slow_run)

    airflow.kill("triggerer", signal.SIGKILL)
    before = copied(slow_run)
    airflow.start("triggerer")
    expect_lines(slow_run, 30)
    slow_run.finish()

    lines, whole = copied(slow_run), job_log(slow_run)
    assert "\n".join(dict.fromkeys(lines)) == whole
    assert whole.endswith("the-end")
    repeated = len(lines) - len(whole.splitlines())
    assert repeated < len(before)
    assert sum(len(line) + 1 for line in before[-repeated:]) < NOTED_AFTER + 1000 if repeated else True
