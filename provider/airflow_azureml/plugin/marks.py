"""Marked tasks whose jobs are looked at a little later, on one thread of the API server, which ends with its work.

Whatever of Airflow holds a marked task ends the job itself, within seconds: a worker after its next heartbeat, a
triggerer after its next look. So the thread comes after them, and finds a job that is active only where none of them
lives. A mark is not committed yet when it is noted, an API server may not reach the service at once, and the job may
just be on its way: what is not settled is looked at again, twice.

A task that is cleared meanwhile has another try by then, under another id and with its XComs emptied. So what the
marked one has recorded is read at once.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.batch.outstanding import Outstanding
    from airflow_azureml.plugin.instances import TaskRecord
    from airflow_azureml.plugin.marked_job import ClearedSince

LOOKS = (20.0, 60.0, 240.0)
"""Seconds after a mark at which its job is looked at, the later ones only where there is something to wait for."""

AT_ONCE = -1
"""The number of what comes before the first look."""

RUN_MARKED_WITHIN = timedelta(seconds=10)
"""For how long, at the most, a request marks the tasks of a DAG run before it reports the run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mark:
    """A mark that was made: of one task instance by its id, or of all that had not ended in a DAG run.

    :param record: what the task instance had recorded then, as far as it was read.
    """

    marked_at: datetime
    instance_id: Any = None
    dag_id: str = ""
    run_id: str = ""
    record: TaskRecord | None = None


class MarkedTasks:
    """The marks whose jobs are still to be looked at.

    :param settle: looks at one, and says whether nothing is left to do.
    :param looks: seconds after a mark at which that is done, as ``LOOKS``.
    :param note: reads what has to be read at once.
    """

    def __init__(
        self,
        settle: Callable[[Mark], bool],
        looks: tuple[float, ...] = LOOKS,
        note: Callable[[Mark], Mark] = lambda mark: mark,
    ) -> None:
        self._settle, self._looks, self._note = settle, looks, note
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, int, Mark]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add_task(self, instance_id: Any) -> None:
        """Note that a task instance was marked just now; does not block."""
        self._add(Mark(_now(), instance_id=instance_id))

    def add_run(self, dag_id: str, run_id: str) -> None:
        """Note that a DAG run was marked just now; does not block."""
        self._add(Mark(_now(), dag_id=dag_id, run_id=run_id))

    def join(self, timeout: float) -> None:
        """Wait until all marks are settled, for so many seconds at the most."""
        with self._changed:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _add(self, mark: Mark) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic(), next(self._numbers), AT_ONCE, mark))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="azureml-marked-tasks", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _put(self, mark: Mark, number: int, marked: float) -> None:
        heapq.heappush(self._due, (marked + self._looks[number], next(self._numbers), number, mark))

    def _work(self) -> None:
        while (next_one := self._take()) is not None:
            due, number, mark = next_one
            if number == AT_ONCE:
                mark = self._note(mark)
                with self._changed:
                    self._put(mark, 0, due)
            elif not self._settle(mark) and number + 1 < len(self._looks):
                with self._changed:
                    self._put(mark, number + 1, due - self._looks[number])

    def _take(self) -> tuple[float, int, Mark] | None:
        """Wait for the mark that is due next: when it is due, at which look, and itself; None when all are settled."""
        with self._changed:
            while self._due:
                wait = self._due[0][0] - time.monotonic()
                if wait <= 0:
                    due, _, number, mark = heapq.heappop(self._due)
                    return due, number, mark
                self._changed.wait(wait)
            self._thread = None
            return None


def note(mark: Mark) -> Mark:
    """Read what the marked task instance has recorded. Never raises: without that, a *Clear* ends no job."""
    from airflow_azureml.plugin.instances import read

    try:
        return mark if mark.instance_id is None else replace(mark, record=read(mark.instance_id, at_the_mark=True))
    except Exception:  # noqa: BLE001 - as for ``settle``, which says what is wrong
        return mark


def settle(mark: Mark) -> bool:
    """See to it that no job goes on whose task was marked; whether that is done. Never raises."""
    try:
        return _settle(mark)
    except Exception as error:  # noqa: BLE001 - this is the API server's process: whatever it is ends here
        log.warning("The Azure ML job of a marked task could not be looked at: %s", str(error).partition("\n")[0])
        return False


def _settle(mark: Mark) -> bool:
    from airflow_azureml.plugin.instances import changed_since, read

    if mark.instance_id is not None:
        ids = [mark.instance_id]
    else:
        ids = changed_since(mark.dag_id, mark.run_id, mark.marked_at - RUN_MARKED_WITHIN)
    records = [read(instance_id) for instance_id in ids]
    if records == [None]:
        return mark.record is None or _settle_cleared(mark.record)
    outcomes = [_settle_record(record) for record in records if record is not None]
    return bool(ids) and all(outcomes)


def _settle_cleared(record: TaskRecord) -> bool:
    """Look at the job of a task instance that another try has taken the place of; whether nothing is left to do."""
    from airflow_azureml.plugin.instances import run_started
    from airflow_azureml.plugin.marked_job import ClearedSince

    if not record.has_jobs or record.outlives or record.workspace is None:
        return True
    cleared = ClearedSince(run_started(record.task.dag_id, record.task.run_id))
    done = record.job_name is None or _end(record, record.job_name, cleared)
    if record.outstanding is None or cleared.looks_for(record.outstanding):
        return done
    return _end_outstanding(record, record.outstanding)


def _settle_record(record: TaskRecord) -> bool:
    """Look at the job of one task instance; whether nothing is left to do."""
    task, name = record.task, record.job_name
    if not record.has_ended:
        return False  # not committed yet, or cleared since: then its next try sees to the job
    if not record.has_jobs:
        return True  # none of our tasks, or one that had no job yet
    said = f"Azure ML job {name}" if name is not None else "The Azure ML batch job, if there is one,"
    if record.outlives:
        log.info("%s goes on, as is wanted of it: %s was marked.", said, task)
        return True
    if record.workspace is None:
        log.warning("%s is left alone although %s was marked: Airflow does not hold its connection.", said, task)
        return True
    done = name is None or _end(record, name)
    return done if record.outstanding is None else _end_outstanding(record, record.outstanding)


def _end_outstanding(record: TaskRecord, outstanding: Outstanding) -> bool:
    """End what has come of the invocations of a marked task by now; never done, for more may come until the last look.

    Only marks that name this task instance count, so it may be done as often as one likes.
    """
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.rest.errors import AzureMLError

    try:
        with AzureMLHook(**(record.workspace or {})).client() as client:  # type: ignore[arg-type]
            names = client.run(outstanding.cancel(client.workspace))
    except AzureMLError as error:
        said = str(error).partition("\n")[0]
        log.warning("Whether %s, which was marked, has a batch job could not be found out: %s", record.task, said)
        return False
    for name in names:
        log.info(
            "Azure ML job %s, whose name %s, which was marked, had not got, was asked to cancel.", name, record.task
        )
    return False


def _end(record: TaskRecord, name: str, cleared: ClearedSince | None = None) -> bool:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.plugin.marked_job import end_job
    from airflow_azureml.rest.errors import AzureMLError

    try:
        with AzureMLHook(**(record.workspace or {})).client() as client:  # type: ignore[arg-type]
            outcome = client.run(end_job(client.workspace, name, record.task, cleared))
    except AzureMLError as error:
        said = str(error).partition("\n")[0]
        log.warning("Azure ML job %s of %s, which was marked, could not be canceled: %s", name, record.task, said)
        return False
    if isinstance(outcome, str):
        log.info("Azure ML job %s is left alone although %s was marked: %s.", name, record.task, outcome)
        return True
    level = logging.INFO if outcome.asked else logging.DEBUG
    log.log(level, "Azure ML job %s of %s, which was marked, %s.", name, record.task, outcome)
    return outcome.job is not None


def _now() -> datetime:
    return datetime.now(timezone.utc)


MARKED = MarkedTasks(settle, note=note)
"""The marks of this process."""
