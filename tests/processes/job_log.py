"""The log of a job in the log of its deferred task: what a real Airflow's files have of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

from tests.processes.slow_run import TASK, SlowRun

MARK = "std_log.txt | "
POLL_INTERVAL = 1
"""Seconds, as the harness sets it."""


def job_log(slow_run: SlowRun) -> str:
    """What the run's only job has printed by now."""
    name = slow_run.jobs()[0]["name"]
    (place,) = slow_run.service.state.rglob(f"dcid.{name}/user_logs/std_log.txt")
    return place.read_text(encoding="utf-8")


def copied(slow_run: SlowRun) -> list[str]:
    """The job's lines in the files of the task's triggers, the oldest trigger first."""
    found = {}
    where = f"logs/dag_id={slow_run.dag}/run_id={slow_run.run}/task_id={TASK}/**/*.trigger.*.log"
    for place in slow_run.airflow.home.glob(where):
        number = int(re.findall(r"\.trigger\.(\d+)\.log$", place.name)[0])
        found[number] = list(_lines(place.read_text(encoding="utf-8")))
    return [line for number in sorted(found) for line in found[number]]


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        said = json.loads(line)["event"] if line.startswith("{") else line
        if MARK in said:
            yield said.partition(MARK)[2]


def expect_lines(slow_run: SlowRun, number: int) -> None:
    """Wait until so many more lines of the job are in the task's log, while it is deferred."""
    wanted = len(copied(slow_run)) + number
    slow_run.airflow.until(f"{wanted} lines", lambda: len(copied(slow_run)) >= wanted)
    slow_run.wait_task("deferred")


def expect_no_delay(slow_run: SlowRun) -> None:
    """See that what the job has printed is in the task's log two poll intervals later, and a second for the machine."""
    printed = job_log(slow_run).splitlines()[-2]
    time.sleep(2 * POLL_INTERVAL + 1)
    assert printed in copied(slow_run)
