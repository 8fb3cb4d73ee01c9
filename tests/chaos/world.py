"""What is, looked at all the time by one thread: tasks in Airflow's database, jobs and requests at the emulator."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from demo.airflow import AirflowError
from tests.chaos.plan import Case
from tests.chaos.service import ChaosService, Request
from tests.distributed.bed import Bed

PAUSE = 0.25
TASK = "work"

QUERY = (
    "SELECT dr.run_id, dr.state, ti.state, ti.try_number, ti.pid, ti.next_method, t.triggerer_id "
    "FROM dag_run dr JOIN task_instance ti ON ti.dag_id = dr.dag_id AND ti.run_id = dr.run_id "
    "LEFT JOIN trigger t ON t.id = ti.trigger_id WHERE ti.task_id = ? AND dr.run_id IN ({})"
)


class CutOffError(Exception):
    """The session's time is up, and a run has not come to its end."""


@dataclass(frozen=True)
class Task:
    """A task instance, as Airflow's database has it.

    :param triggerer: the job id of the triggerer that has its trigger.
    """

    run_state: str
    state: str | None
    try_number: int
    pid: int | None
    next_method: str | None
    triggerer: int | None


class World(threading.Thread):
    """A thread that looks, and tells whoever waits."""

    def __init__(self, bed: Bed, service: ChaosService) -> None:
        super().__init__(daemon=True)
        self.bed, self.service = bed, service
        self.tasks: dict[str, Task] = {}
        self.watched: set[str] = set()
        self.ends = threading.Event()
        self.cut = threading.Event()
        """Set when the session's time is up: whoever waits then is told so."""
        self._news = threading.Condition()
        self.looks = 0

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self.ends.wait(PAUSE):
            try:
                self.look()
            except (AirflowError, sqlite3.Error) as error:
                print(f"looked in vain: {error!r}", flush=True)

    def look(self) -> None:
        """Look once."""
        runs = sorted(self.watched)
        if runs:
            rows = self.bed.airflow.sql(QUERY.format(",".join("?" * len(runs))), TASK, *runs)
            self.tasks = {row[0]: Task(*row[1:]) for row in rows}
        self.service.refresh()
        with self._news:
            self.looks += 1
            self._news.notify_all()

    def wait(self, probe: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; whether it is.

        :raises CutOffError: the session's time is up.
        """
        deadline = time.monotonic() + seconds
        with self._news:
            while not probe():
                if self.cut.is_set():
                    raise CutOffError
                left = deadline - time.monotonic()
                if left <= 0 or self.ends.is_set():
                    return False
                self._news.wait(min(left, 5))
        return True

    def fresh(self) -> None:
        """Wait for a look that begins from now on."""
        seen = self.looks
        with self._news:
            self._news.wait_for(lambda: self.looks > seen + 1, 300)

    def task(self, case: Case) -> Task | None:
        """The task instance of a case; None where it is not there."""
        return self.tasks.get(case.run)

    def held(self, case: Case, method: str = "PUT") -> Request | None:
        """The newest request about a case's jobs that waits for its answer."""
        rows = self.service.requests[case.dag]
        return next((one for one in reversed(rows) if one.status is None and one.method == method), None)

    def running_tasks(self) -> list[int]:
        """The processes of the tasks that run."""
        return [task.pid for task in self.tasks.values() if task.state == "running" and task.pid]
