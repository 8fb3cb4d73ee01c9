"""Attempts within a try whose worker or triggerer dies between the end of one and the start of the next.

All run together on one Airflow; those whose triggerer dies begin when the others are over, which it would hurt.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.processes.attempts import Attempts
from tests.processes.slow_run import TASK
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

pytestmark = [pytest.mark.timeout(1500), pytest.mark.long]

QUEUED_FOR = 155
"""Seconds: longer than a job of these DAGs may be queued."""

LISTED = ["cpu-cluster", "serverless"]


@dataclass(frozen=True)
class Cause:
    """Why the first job ends, and what follows from that whoever is killed.

    :param faults: asked for before the run begins; ``WAIT`` stands for the seconds until the job ends.
    """

    conf: Mapping[str, Any]
    state: str
    statuses: list[str]
    computes: list[str]
    faults: list[tuple[str, ...]] = field(default_factory=list)
    ended_by_task: bool = False


WAIT = "WAIT"
CAUSES = {
    "evicted": Cause(
        {"evictions": 2},
        "success",
        ["Failed", "Failed", "Completed"],
        [*LISTED, "serverless"],
        [("preempt", "--times", "1", "--delay", WAIT, "--then", "preempt", "--times", "1", "--delay", "1")],
    ),
    "queued": Cause({}, "success", ["Canceled", "Completed"], LISTED, [("queue", "--times", "1")], ended_by_task=True),
    # A user's error is left to the retry, which begins with the first compute.
    "wrong": Cause({"code": 3, "hold": WAIT}, "failed", ["Failed", "Failed"], ["cpu-cluster", "cpu-cluster"]),
}


def begin(run: Attempts, cause: Cause, seconds: int) -> None:
    """Begin a run whose job ends after it has run for so many seconds, or is queued for too long."""
    for kind, *words in cause.faults:
        given = [str(seconds) if word == WAIT else word for word in words]
        run.service.fault(kind, "--route", f"^{run.dag}-", *given)
    run.trigger(**{name: seconds if value == WAIT else value for name, value in cause.conf.items()})


def worker_killed_while_it_waits(run: Attempts, cause: Cause) -> None:
    """The job ends while the worker is frozen, which is killed before it knows."""
    begin(run, cause, 12)
    run.airflow.until("job", lambda: run.jobs())
    freeze(run)
    wait_end(run, cause, 65)
    assert len(run.jobs()) == 1
    run.airflow.kill_task(run.dag, run.run, TASK)


def worker_killed_when_it_resumes(run: Attempts, cause: Cause) -> None:
    """The trigger has told of the job's end; the worker is killed before it has done anything about it."""
    begin(run, cause, 12)
    run.wait_task("deferred")
    run.wait_task("running")
    freeze(run)
    assert len(run.jobs()) == 1
    run.airflow.kill_task(run.dag, run.run, TASK)


def freeze(run: Attempts) -> None:
    """Stop the task's process where it is."""
    os.kill(int(run.airflow.column("pid", run.dag, run.run, TASK)), signal.SIGSTOP)


def wait_end(run: Attempts, cause: Cause, seconds: int) -> None:
    """Wait until the job has ended, or has been queued for so many seconds."""
    if cause.ended_by_task:
        time.sleep(seconds)
        assert run.statuses() == ["Queued"]
    else:
        run.wait_status(0, "Failed")


Killing = Callable[[Attempts, Cause], None]
WORKERS: dict[str, Killing] = {
    "worker_killed": worker_killed_while_it_waits,
    "resumed_killed": worker_killed_when_it_resumes,
}
TRIGGERER = "triggerer_killed"


def attempts(airflow: RealAirflow, way: str, cause: str) -> Attempts:
    """A run of a DAG of its own."""
    return Attempts(airflow, f"resubmission_{way}_on_3_{list(CAUSES).index(cause) + 1}", Path("unused"))


@pytest.fixture(scope="module")
def outcomes(airflow: RealAirflow) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """What becomes of the runs whose workers die."""

    def tried(way: str, cause: str) -> None:
        run = attempts(airflow, way, cause)
        with told_of_failure(airflow, run.dag, run.run):
            WORKERS[way](run, CAUSES[cause])
            run.airflow.until("second try", lambda: run.tries() == 2)
            expect(run, CAUSES[cause])
            assert run.tries() == 2

    with ThreadPoolExecutor(len(WORKERS) * len(CAUSES)) as pool:
        yield {(way, cause): pool.submit(tried, way, cause) for way in WORKERS for cause in CAUSES}
    airflow.service.clear_faults()


@pytest.fixture(scope="module")
def triggerer_killed(
    airflow: RealAirflow, outcomes: Mapping[tuple[str, str], Future[None]]
) -> Iterator[dict[str, Attempts]]:
    """Runs whose triggerer was killed while it waited for the first job, and began again when that was over."""
    for outcome in outcomes.values():
        outcome.exception()
    runs = {cause: attempts(airflow, TRIGGERER, cause) for cause in CAUSES}
    for cause, run in runs.items():
        begin(run, CAUSES[cause], 1)
        if cause != "queued":
            run.fault("queue", "--times", "1")  # until the triggerer is dead
    for run in runs.values():
        run.wait_trigger()
    airflow.kill("triggerer", signal.SIGKILL)
    killed = time.monotonic()
    assert [run.statuses() for run in runs.values()] == [["Queued"]] * len(runs)
    for cause in ("evicted", "wrong"):
        runs[cause].service.clear_faults(scope=runs[cause].run)
        wait_end(runs[cause], CAUSES[cause], 0)
    time.sleep(max(QUEUED_FOR - (time.monotonic() - killed), 0))
    assert [len(run.jobs()) for run in runs.values()] == [1] * len(runs)
    airflow.start("triggerer")
    yield runs
    airflow.service.clear_faults()


def expect(run: Attempts, cause: Cause) -> None:
    """One job after the other, each put once, on the computes of the list, the checkpoint's folder kept."""
    log = run.ends(cause.state)
    assert run.statuses() == cause.statuses
    assert run.puts() == [1] * len(cause.statuses)
    assert run.computes() == cause.computes
    jobs = run.jobs()
    assert all(before["ended_at"] <= after["created_at"] for before, after in pairwise(jobs))
    if cause.state == "success":
        result = run.result()
        assert (result["attempts"], result["job_name"]) == (len(jobs), jobs[-1]["name"])
        started = sum(job["started_at"] is not None for job in jobs)
        assert f"started {started} times" in log


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("way", WORKERS)
def test_a_worker_killed_between_two_attempts_leaves_the_next_to_the_retry(
    outcomes: Mapping[tuple[str, str], Future[None]], way: str, cause: str
) -> None:
    outcomes[way, cause].result()


@pytest.mark.parametrize("cause", CAUSES)
def test_a_triggerer_killed_between_two_attempts_costs_no_try(
    triggerer_killed: Mapping[str, Attempts], cause: str
) -> None:
    run = triggerer_killed[cause]
    with told_of_failure(run.airflow, run.dag, run.run):
        expect(run, CAUSES[cause])
        assert run.tries() == (2 if cause == "wrong" else 1)
