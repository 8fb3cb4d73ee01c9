"""The log of a job in the log of its deferred task on Airflow 2.11: all of it, in order, each line once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.job_log import copied, expect_lines, expect_no_delay, job_log
from tests.processes.slow_run import TALKING, prepared
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.timeout(600)


@pytest.mark.long
def test_the_log_of_a_deferred_task_has_the_jobs(older_airflow: RealAirflow, tmp_path: Path) -> None:
    slow_run = prepared(older_airflow, TALKING, tmp_path)
    slow_run.begin()
    slow_run.wait_status(0, "Running")
    expect_lines(slow_run, 20)
    expect_no_delay(slow_run)
    slow_run.finish()
    assert "\n".join(copied(slow_run)) == job_log(slow_run)
