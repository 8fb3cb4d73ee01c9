"""Tasks that a user marks while no process of Airflow holds them: the API server sees to it that their jobs end."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.processes.slow_run import DEFERRED, KEPT, ON_WORKER, TASK, SlowRun
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]


class Marked:
    """Slow runs side by side, each with the number of jobs that its DAG had before."""

    def __init__(self, airflow: RealAirflow, gate: Path, dags: Sequence[str]) -> None:
        self.airflow = airflow
        self.runs = [SlowRun(airflow, dag, gate) for dag in dags]
        self.before = [len(run.jobs()) for run in self.runs]
        for run in self.runs:
            run.begin()

    def wait_jobs(self, *statuses: str, among: slice = slice(None)) -> None:
        """Wait until the job of each run, or of some, has one of these statuses."""
        for run, earlier in zip(self.runs[among], self.before[among], strict=True):
            run.wait_status(earlier, *statuses)

    def wait_tasks(self, state: str) -> None:
        """Wait until each task is in a state."""
        for run in self.runs:
            run.wait_task(state)

    def mark(self, number: int, state: str) -> None:
        """Mark the task of a run."""
        run = self.runs[number]
        self.airflow.mark(run.dag, run.run, TASK, state)

    def statuses(self) -> list[str]:
        """The status of the newest job of each run."""
        return [run.statuses()[-1] for run in self.runs]


def dags(kind: str, number: int) -> list[str]:
    """The names of the first DAGs of a kind."""
    return [f"{kind}_on_3_{one}" for one in range(1, number + 1)]


def test_tasks_marked_while_no_triggerer_lives_have_their_jobs_canceled(airflow: RealAirflow, tmp_path: Path) -> None:
    marked = Marked(airflow, tmp_path / "gate", [*dags(DEFERRED, 7), *dags(KEPT, 1)])
    marked.wait_jobs("Running")
    marked.wait_tasks("deferred")

    airflow.kill("triggerer", signal.SIGKILL)
    for number, state in enumerate(("failed", "success", "failed", "success")):
        marked.mark(number, state)
    for number, state in ((4, "failed"), (5, "success")):
        airflow.mark_run(marked.runs[number].dag, marked.runs[number].run, state)
    airflow.write_over(marked.runs[4].dag, marked.runs[4].run, TASK, "up_for_retry")
    marked.mark(7, "failed")
    marked.wait_jobs("Canceled", among=slice(6))

    # One that still waits, and one that is to go on whatever becomes of its task.
    assert marked.statuses() == ["Canceled"] * 6 + ["Running"] * 2
    states = [airflow.column("state", run.dag, run.run, TASK) for run in marked.runs]
    assert states == ["failed", "success", "failed", "success", "up_for_retry", "success", "deferred", "failed"]
    airflow.start("triggerer")
    marked.runs[6].finish()
    marked.wait_jobs("Completed", among=slice(6, 8))
    assert {run.puts()[-1] for run in marked.runs} == {1}


def test_tasks_marked_right_at_their_deferral_have_their_jobs_canceled(airflow: RealAirflow, tmp_path: Path) -> None:
    marked = Marked(airflow, tmp_path / "gate", dags(DEFERRED, 4))
    for number, run in enumerate(marked.runs):
        run.wait_task("deferred")
        marked.mark(number, "failed" if number % 2 else "success")

    marked.wait_jobs("Canceled")


def test_tasks_marked_after_their_workers_death_have_their_jobs_canceled(airflow: RealAirflow, tmp_path: Path) -> None:
    marked = Marked(airflow, tmp_path / "gate", dags(ON_WORKER, 4))
    marked.wait_jobs("Running")
    for number, run in enumerate(marked.runs):
        airflow.kill_task(run.dag, run.run, TASK, supervisor=True)
        marked.mark(number, "failed" if number % 2 else "success")

    marked.wait_jobs("Canceled")


def test_a_marked_task_that_is_cleared_at_once_has_a_new_job_alone(airflow: RealAirflow, tmp_path: Path) -> None:
    marked = Marked(airflow, tmp_path / "gate", dags(DEFERRED, 1))
    marked.wait_jobs("Running")
    marked.wait_tasks("deferred")
    (run,), (earlier,) = marked.runs, marked.before

    airflow.kill("triggerer", signal.SIGKILL)
    with told_of_failure(airflow, run.dag, run.run):
        marked.mark(0, "failed")
        # A Clear before the scheduler has ended the DAG run leaves it ended, and its task without a state for ever.
        assert airflow.wait_run(run.dag, run.run) == "failed"
        airflow.clear(run.dag, run.run, TASK)
        run.wait_status(earlier, "Canceled")
        run.wait_status(earlier + 1, "Running")
        airflow.start("triggerer")
        run.finish()

    assert run.statuses()[earlier:] == ["Canceled", "Completed"]
