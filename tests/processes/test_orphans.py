"""The sweep while no triggerer lives: it ends the jobs of marked tasks, and no job that somebody waits for."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.processes.slow_run import DEFERRED, TASK, SlowRun
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.timeout(600)

SWEEP = "cancel_orphans"
RUNS, MARKED = 8, 4


@pytest.mark.long
def test_a_sweep_while_no_triggerer_lives_ends_the_marked_tasks_jobs_alone(
    airflow: RealAirflow, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runs = [SlowRun(airflow, f"{DEFERRED}_on_3_{number}", gate) for number in range(1, RUNS + 1)]
    before = [len(run.jobs()) for run in runs]
    for run in runs:
        run.begin()
    for run, earlier in zip(runs, before, strict=True):
        run.wait_status(earlier, "Running")
        run.wait_task("deferred")
    marked, waiting = runs[:MARKED], runs[MARKED:]

    airflow.kill("triggerer", signal.SIGKILL)
    for run, state in zip(marked, ("failed", "success", "failed", "success"), strict=True):
        airflow.mark(run.dag, run.run, TASK, state)
    # The API server looks at their jobs a little later. This one is gone by then, and what it had noted with it.
    airflow.kill("api-server", signal.SIGKILL)
    airflow.start("api-server")
    assert {run.statuses()[-1] for run in runs} == {"Running"}
    sweep = "after-the-marks"
    airflow.trigger(SWEEP, sweep)
    assert airflow.wait_run(SWEEP, sweep) == "success"

    names = [run.jobs()[-1]["name"] for run in marked]
    assert sorted(airflow.xcom(SWEEP, sweep, "sweep")) == sorted(names)
    for run, earlier in zip(marked, before[:MARKED], strict=True):
        run.wait_status(earlier, "Canceled")
    assert {run.statuses()[-1] for run in waiting} == {"Running"}
    airflow.start("triggerer")
    for run in waiting:
        run.finish()
    assert {run.statuses()[-1] for run in waiting} == {"Completed"}
    assert {run.puts()[-1] for run in runs} == {1}
    assert {run.tries() for run in waiting} == {1}
