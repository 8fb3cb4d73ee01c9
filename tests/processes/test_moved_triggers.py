"""Thirty deferred tasks on two triggerers that die, are restarted, lose their triggers to each other and hear nothing.

The jobs run on from the first test to the last, which lets them end and counts: no job was ended but those of the tasks
that were marked by hand, none was left over, and each was put once.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest

from azureml_emulator.console.inspection import requests_received
from tests.processes.slow_run import SlowRun
from tests.real_airflow import SECOND, RealAirflow

pytestmark = [pytest.mark.timeout(1800), pytest.mark.long]

COUNT = 30
ACTIVE = ("Queued", "Running")
"""What the jobs are until they may end: the emulator of a small machine runs eight at a time."""

SILENCE = 25.0
"""Seconds: longer than a trigger that was ended waits for an answer, and than a triggerer's heartbeat may be late."""

BUSY = 3
"""Processes that do nothing but take a processor's time."""


@dataclass
class ManyRun(SlowRun):
    """A run with many deferred tasks, and what becomes of each.

    :param marked: the tasks that were marked by hand.
    :param second: the job id of the second triggerer, once there is one.
    """

    marked: set[str] = field(default_factory=set)
    second: int = 0

    @property
    def tasks(self) -> set[str]:
        """The tasks that were not marked by hand."""
        return {f"work_{number}" for number in range(COUNT)} - self.marked

    def task_of(self, job: str) -> str:
        """The task of a job."""
        return job.removeprefix(f"{self.dag}-").partition("-")[0]

    def status_of_tasks(self) -> dict[str, str]:
        """The status of the job of each task; there is one for each."""
        jobs = self.jobs()
        assert len(jobs) <= COUNT
        return {self.task_of(job["name"]): job["status"] for job in jobs}

    def cancels(self) -> list[str]:
        """The tasks whose jobs were asked to end, once for each time."""
        paths = [str(one["path"]) for one in requests_received(self.service.state, "/cancel")]
        names = [path.split("/")[-2] for path in paths if path.endswith("/cancel")]
        return [self.task_of(name) for name in names if name.startswith(f"{self.dag}-")]

    def settled(self) -> bool:
        """Whether the trigger of each task runs in a triggerer that is there."""
        alive = self.alive()
        query = (
            "SELECT task_id, triggerer_id FROM trigger JOIN task_instance ON trigger.id = task_instance.trigger_id "
            "WHERE dag_id = ? AND run_id = ?"
        )
        places = dict(self.airflow.sql(query, self.dag, self.run))
        return all(places.get(task) in alive and self.runs_at(task, places[task]) for task in self.tasks)

    def alive(self) -> list[int]:
        """The job ids of the triggerers that Airflow holds to be alive, the oldest first."""
        late = datetime.now(timezone.utc) - timedelta(seconds=10)
        query = (
            "SELECT id FROM job WHERE job_type = 'TriggererJob' AND end_date IS NULL AND latest_heartbeat > ? "
            "ORDER BY id"
        )
        return [row[0] for row in self.airflow.sql(query, late.strftime("%Y-%m-%d %H:%M:%S.%f"))]

    def runs_at(self, task: str, triggerer: int) -> bool:
        """Whether a triggerer has begun with a task's trigger, and not ended it."""
        log = self.airflow.trigger_log(self.dag, self.run, task, triggerer)
        return log.rfind(" starting") > log.rfind("trigger completed")

    def expect_no_harm(self, what: str) -> None:
        """All jobs run on but those of marked tasks, which end; and every trigger has found its place again."""
        self.airflow.until(
            f"end of the marked tasks' jobs after {what}",
            lambda: all(status == "Canceled" for task, status in self.status_of_tasks().items() if task in self.marked),
        )
        self.airflow.until(f"rest after {what}", self.settled, timeout=300)
        statuses = self.status_of_tasks()
        assert {task: status for task, status in statuses.items() if status not in ACTIVE and task in self.tasks} == {}
        assert len(statuses) == COUNT
        assert set(self.cancels()) == self.marked
        states = self.airflow.states(self.dag, self.run)
        assert {task: states[task] for task in self.tasks} == dict.fromkeys(self.tasks, "deferred")
        print(f"after {what}: {len(self.tasks)} active, {sorted(self.marked)} Canceled; {self.told()}")

    def told(self) -> str:
        """What the triggers have said so far, counted."""
        place = f"logs/dag_id={self.dag}/run_id={self.run}/**/*.log*"
        logs = [path.read_text(errors="replace") for path in self.airflow.home.glob(place) if path.is_file()]
        logs += [path.read_text(errors="replace") for path in self.airflow.home.glob("*triggerer.log")]
        words = ("invoking on_kill", "task state: deferred", "task state: no answer", "task state: failed")
        return ", ".join(f"{word}: {sum(log.count(word) for log in logs)}" for word in words)

    def mark(self, *tasks: str) -> None:
        """Mark tasks as failed, as the button does."""
        self.marked |= set(tasks)
        for task in tasks:
            self.airflow.mark(self.dag, self.run, task, "failed")

    def has_second(self) -> tuple[int, int]:
        """See to it that two triggerers run, each with some of the triggers; their job ids."""
        if SECOND not in self.airflow.running:
            self.second = self.airflow.second_triggerer()
        others = self.airflow.until("first triggerer", lambda: [one for one in self.alive() if one != self.second])
        first = others[-1]
        self.airflow.move_triggers(first, self.second, every=2)
        self.airflow.until("rest with two triggerers", self.settled, timeout=300)
        return first, self.second


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Take the time of the machine's processors meanwhile."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def many(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyRun]:
    """The run, all of whose tasks are deferred; the second triggerer ends with it."""
    run = ManyRun(airflow, f"slow_many_on_{airflow.major}", tmp_path_factory.mktemp("many") / "gate")
    run.begin()
    statuses = run.status_of_tasks
    airflow.until("jobs", lambda: [one in ACTIVE for one in statuses().values()] == [True] * COUNT, timeout=600)
    airflow.until("rest", run.settled, timeout=300)
    yield run
    run.gate.touch()
    if SECOND in airflow.running:
        airflow.kill(SECOND, signal.SIGTERM)


def test_thirty_moved_triggers_end_no_job(many: ManyRun) -> None:
    first, second = many.has_second()
    for source, target in ((first, second), (second, first), (first, second)):
        many.airflow.move_triggers(source, target)
        time.sleep(3)
    many.expect_no_harm("three moves")


def test_a_triggerer_that_is_stopped_ends_no_job(many: ManyRun) -> None:
    many.has_second()
    many.airflow.kill(SECOND, signal.SIGTERM)
    many.expect_no_harm("SIGTERM of the second triggerer")


def test_a_triggerer_that_is_killed_on_a_busy_machine_ends_no_job(many: ManyRun) -> None:
    with busy_machine():
        first, second = many.has_second()
        many.airflow.move_triggers(second, first)
        time.sleep(1)
        many.airflow.kill("triggerer", signal.SIGKILL)
        many.expect_no_harm("SIGKILL of the first triggerer on a busy machine")
    many.airflow.start("triggerer")


@pytest.mark.parametrize("silent", ["triggerer", "api-server", "database"])
def test_a_silent_airflow_ends_no_job_and_loses_no_mark(many: ManyRun, silent: str) -> None:
    airflow = many.airflow
    first, second = many.has_second()
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        tasks = sorted(many.tasks)[:2]
        if silent == "database":
            many.mark(*tasks)  # and at once nobody can be asked why the triggers have ended
            airflow.move_triggers(first, second)
            stack.enter_context(airflow.database_locked())
        else:
            airflow.move_triggers(first, second)
            time.sleep(1.5)  # the first triggerer has begun to end its triggers
            stack.enter_context(airflow.frozen(silent))
            airflow.until("triggers at the second", lambda: all(many.runs_at(task, second) for task in tasks))
            marking = pool.submit(many.mark, *tasks)
        time.sleep(SILENCE)
        stack.close()
        if silent != "database":
            marking.result()
    many.expect_no_harm(f"{SILENCE:.0f} s of a silent {silent}")


def test_in_the_end_every_job_has_been_put_once_and_none_is_left(many: ManyRun) -> None:
    many.gate.touch()
    many.airflow.wait_run(many.dag, many.run, timeout=600)
    statuses = many.status_of_tasks()
    assert statuses == {**dict.fromkeys(many.tasks, "Completed"), **dict.fromkeys(many.marked, "Canceled")}
    assert many.puts() == [1] * COUNT
    states = many.airflow.states(many.dag, many.run)
    assert {task: states[task] for task in many.tasks} == dict.fromkeys(many.tasks, "success")
    tries = "SELECT DISTINCT try_number FROM task_instance WHERE dag_id = ? AND run_id = ?"
    print(f"tries: {many.airflow.sql(tries, many.dag, many.run)}; cancels: {sorted(many.cancels())}; {many.told()}")
