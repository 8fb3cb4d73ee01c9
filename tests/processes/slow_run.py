"""A run of a DAG whose only job ends when the test says so, and many of them side by side."""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.real_airflow import RealAirflow, Service
from tests.run_story import told_of_failure

DEFERRED, ON_WORKER, IN_A_HURRY = "slow_deferred", "slow_on_worker", "slow_in_a_hurry"
TALKING, KEPT, PAIR = "slow_deferred_talking", "slow_deferred_kept", "slow_pair"
LATE_ON_WORKER, LATE_DEFERRED = "slow_late_on_worker", "slow_late_deferred"
BATCH_ON_WORKER, BATCH_DEFERRED = "slow_batch_on_worker", "slow_batch_deferred"
TASK, OTHER = "work", "other"
"""The task of each run, and the second one of a pair."""


@dataclass
class SlowRun:
    """One run: what becomes of its task, and which jobs it made."""

    airflow: RealAirflow
    dag: str
    gate: Path
    run: str = field(default_factory=lambda: f"run-{uuid4().hex[:8]}")

    @property
    def service(self) -> Service:
        """The emulator that the jobs run on."""
        return self.airflow.service

    def begin(self) -> None:
        """Start the DAG run."""
        self.airflow.trigger(self.dag, self.run, conf={"gate": str(self.gate)})

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that were made for this DAG, the oldest first."""
        return self.service.made(self.dag)

    def puts(self) -> list[int]:
        """How many PUTs of each of these jobs were received."""
        return [self.service.puts(job["name"]) for job in self.jobs()]

    def statuses(self) -> list[str]:
        """The statuses of these jobs."""
        return [job["status"] for job in self.jobs()]

    def wait_status(self, number: int, *statuses: str) -> None:
        """Wait until job ``number`` (from 0) has one of these statuses."""
        self.airflow.until(
            f"job {number} {statuses}", lambda: len(self.jobs()) > number and self.statuses()[number] in statuses
        )

    def wait_task(self, *states: str) -> None:
        """Wait until the task is in one of these states."""
        self.airflow.wait_state(self.dag, self.run, TASK, *states)

    def wait_waiting(self) -> None:
        """Wait until the task waits for its job: on its worker, or in the newest triggerer, which has begun with it.

        A task that is ended between its deferral and that moment has nothing running that Airflow could tell.
        """
        if not self.dag.startswith(DEFERRED):
            self.wait_task("running")
            return
        self.wait_trigger()

    def wait_trigger(self) -> None:
        """Wait until the newest triggerer has begun with the deferred task."""
        self.wait_task("deferred")
        newest = self.airflow.triggerers()[-1]
        self.airflow.until("trigger begun", lambda: self.airflow.trigger_log(self.dag, self.run, TASK, newest))

    def tries(self, task: str = TASK) -> int:
        """Which try the task is in."""
        return int(self.airflow.column("try_number", self.dag, self.run, task))

    def finish(self) -> None:
        """Let the job end, and expect the DAG run to succeed."""
        self.gate.touch()
        assert self.airflow.wait_run(self.dag, self.run) == "success", self.airflow.log(self.dag, self.run, TASK)

    def result(self) -> dict[str, Any]:
        """What the task returned."""
        value: dict[str, Any] = self.airflow.xcom(self.dag, self.run, TASK)
        return value


NUMBERS: dict[tuple[Path, str], Iterator[int]] = defaultdict(lambda: itertools.count(1))
"""The numbers of the next slow runs, by the home of their Airflow and their kind."""

SIDE_BY_SIDE = 6
"""Cases at a time: Airflow's database is SQLite, which lets one write after the other."""

Case = Callable[[SlowRun], None]


class SideBySide:
    """The cases of a file that do not disturb each other: several at a time, each in a thread, and each is a test."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}

    def case(self, *kinds: str) -> Callable[[Case], Callable[..., None]]:
        """Make a test of a case: one for each of these kinds of slow runs."""

        def take(case: Case) -> Callable[..., None]:
            def look(outcomes: Mapping[str, Future[None]], kind: str, request: pytest.FixtureRequest) -> None:
                outcomes[request.node.name].result()

            look.__name__ = look.__qualname__ = case.__name__
            look.__module__ = case.__module__
            self._cases[case.__name__] = case
            return pytest.mark.parametrize("kind", kinds)(look)

        return take

    @contextlib.contextmanager
    def begun(
        self, airflow: RealAirflow, request: pytest.FixtureRequest, gates: Path
    ) -> Iterator[dict[str, Future[None]]]:
        """Begin the cases that are among the tests to run; gives what becomes of each, by its test's name."""
        chosen = [item for item in items_of(request) if item.originalname in self._cases]
        slow_runs = {item.name: prepared(airflow, str(item.callspec.params["kind"]), gates) for item in chosen}
        try:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                yield {
                    item.name: pool.submit(tried, self._cases[item.originalname], slow_runs[item.name])
                    for item in chosen
                }
        finally:
            airflow.service.clear_faults()
            release(slow_runs)

    @contextlib.contextmanager
    def waiting(
        self, airflow: RealAirflow, request: pytest.FixtureRequest, gates: Path
    ) -> Iterator[dict[str, SlowRun]]:
        """Begin a slow run that waits in the triggerer for each other test that needs one, by the test's name."""
        chosen = [item for item in items_of(request) if "slow_run" in item.fixturenames]
        slow_runs = {item.name: prepared(airflow, DEFERRED, gates) for item in chosen}
        for slow_run in slow_runs.values():
            slow_run.begin()
        try:
            yield slow_runs
        finally:
            release(slow_runs)


def tried(case: Case, slow_run: SlowRun) -> None:
    """Try a case; an error tells what became of the run."""
    with told_of_failure(slow_run.airflow, slow_run.dag, slow_run.run):
        case(slow_run)


def release(slow_runs: Mapping[str, SlowRun]) -> None:
    """Let the jobs end that still run."""
    for slow_run in slow_runs.values():
        slow_run.gate.touch()


def prepared(airflow: RealAirflow, kind: str, gates: Path) -> SlowRun:
    """A slow run with a DAG of its own, to be begun."""
    dag = f"{kind}_on_{airflow.major}_{next(NUMBERS[airflow.home, kind])}"
    return SlowRun(airflow, dag, gates / dag)


def items_of(request: pytest.FixtureRequest) -> list[pytest.Function]:
    """The tests of this file that are to run."""
    return [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
