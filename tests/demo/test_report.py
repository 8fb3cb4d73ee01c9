"""The demo is green only when everything is, and says what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo import report
from demo.__main__ import stay
from demo.airflow import Airflow
from demo.emulator import Emulator
from demo.results import Results
from demo.run import Task

NAME = "etl-train-1"
JOB = {"name": NAME, "status": "Completed"}


def task(state: str = "success", result: bool = True) -> Task:
    mapping: dict[str, Any] = {
        "job_name": NAME,
        "status": "Completed",
        "experiment_name": "etl",
        "studio_url": "http://127.0.0.1:1/runs/etl-train-1?wsid=/subscriptions/s",
        "outputs": {
            "default": {"path": "azureml://subscriptions/s/datastores/a/paths/ExperimentRun/dcid.etl-train-1/"},
            "model": {"path": "azureml://subscriptions/s/datastores/d/paths/azureml/etl-train-1/model/"},
        },
        "metrics": {"auc": 0.875, "loss": None},
    }
    return Task("train", state, 2, 12.5, 4.25, mapping if result else None)


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


def test_a_line_for_each_task_and_one_for_its_page() -> None:
    decided = Task("decide", "success", 1, 0.25, text="promote")

    assert list(report.lines([task(), decided])) == [
        "  ✓ train                 12.5 s (4.2 s deferred)   2 tries, auc 0.875, loss unknown",
        "      http://127.0.0.1:1/runs/etl-train-1",
        "  ✓ decide                 0.2 s                    promote",
    ]
    assert next(report.lines([task("failed")])).startswith(
        "  ✗ train                 12.5 s (4.2 s deferred)   failed, 2 tries"
    )


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\033[32m✓\033[0m" in next(report.lines([task()], colour=True))
    assert not report.coloured()
    monkeypatch.setattr("sys.stdout", type("Terminal", (), {"isatty": staticmethod(lambda: True)}))
    assert report.coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not report.coloured()


def test_no_line_is_longer_than_a_hundred_columns() -> None:
    long = task()
    assert long.result
    long.result["metrics"] = {f"metric_{number}": number / 7 for number in range(40)}
    first = next(report.lines([long]))
    assert 80 < len(first) <= 100
    assert first.endswith(", …")


def test_a_run_stands_beside_the_one_before(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    assert results.last() is None
    first = report.trained("one", 0.001, [task(result=False), task()])
    assert first
    assert list(report.comparison(first, None)) == [
        "  Model  azureml/etl-train-1/model/",
        "  AUC    0.875 at learning rate 0.001",
    ]
    results.add(first)
    second = report.Outcome("two", 0.1, {"auc": 0.9})
    assert list(report.comparison(second, results.last())) == [
        "  AUC    0.9 at learning rate 0.1   (the run before: 0.875 at 0.001)"
    ]
    (tmp_path / "results.jsonl").write_text("half a li")
    assert results.last() is None


def test_without_a_terminal_the_demo_ends_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    airflow = Airflow(tmp_path, tmp_path / "airflow", tmp_path)
    stay(airflow, Emulator(tmp_path, tmp_path / "emulator", tmp_path))
    assert "come back with" in capsys.readouterr().out
