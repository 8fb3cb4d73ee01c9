"""The demo is green only when everything is, and says what is not."""

from __future__ import annotations

from typing import Any

import pytest

from demo import report
from demo.run import Task

NAME = "etl-train-1"
JOB = {
    "name": NAME,
    "status": "Completed",
    "started_at": "2026-01-02T03:04:05.1234567Z",
    "ended_at": "2026-01-02T03:04:09.6234567+00:00",
}
PUT = {"method": "PUT", "path": f"/subscriptions/s/jobs/{NAME}"}


def task(state: str = "success", result: bool = True) -> Task:
    mapping: dict[str, Any] = {
        "job_name": NAME,
        "status": "Completed",
        "experiment_name": "etl",
        "studio_url": "http://127.0.0.1:1/runs/etl-train-1",
        "outputs": {"model": {"path": "azureml://subscriptions/s/model/"}},
        "metrics": {"auc": 0.875, "loss": None},
    }
    return Task("train", state, 2, 4.25, mapping if result else None)


def test_all_green() -> None:
    assert report.problems([task()], {NAME: JOB}) == []


@pytest.mark.parametrize(
    ("tasks", "jobs", "said"),
    [
        ([task("failed")], {NAME: JOB}, "Task train ended as failed."),
        ([task("upstream_failed"), task()], {NAME: JOB}, "Task train ended as upstream_failed."),
        ([task()], {NAME: JOB | {"status": "Failed"}}, f"Job {NAME} of task train is Failed in the journal."),
        ([task()], {}, f"Job {NAME} of task train is unknown in the journal."),
        ([task(result=False)], {}, "No task gave back a job."),
        ([], {}, "No task gave back a job."),
    ],
)
def test_what_is_not_green(tasks: list[Task], jobs: dict[str, Any], said: str) -> None:
    assert report.problems(tasks, jobs) == [said]


def test_a_failed_task_shows_its_job() -> None:
    failed = task("failed", result=False)
    failed.link = "http://127.0.0.1:1/runs/etl-train-1"

    assert report.problems([task(), failed], {NAME: JOB}) == [
        "Task train ended as failed. http://127.0.0.1:1/runs/etl-train-1"
    ]


def test_the_report_says_it_all() -> None:
    said = "\n".join(report.lines([task()], {NAME: JOB}, [PUT, PUT, {"method": "GET", "path": PUT["path"]}]))

    assert "train             success             2     4.2 s   Completed     4.5 s     2" in said
    assert "job      etl-train-1 (Completed, experiment etl)" in said
    assert "Studio   http://127.0.0.1:1/runs/etl-train-1" in said
    assert "output   model: azureml://subscriptions/s/model/" in said
    assert "metric   auc = 0.875" in said
    assert "metric   loss = None" in said
