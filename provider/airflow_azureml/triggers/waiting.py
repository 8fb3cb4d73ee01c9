"""Beside the wait of a trigger: what its failure is called in the event, and what metrics and traces tell of it.

How many jobs the triggers of one triggerer wait for is sent as a gauge while they do, and once more at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from contextvars import Context
from weakref import WeakKeyDictionary

from airflow_azureml.lifecycle.records import JobEvent, Outcome
from airflow_azureml.observability import JOBS_WAITING, NOTHING, gauge, metrics_on, span, traces_on
from airflow_azureml.rest import errors

BEAT = 5.0
"""Seconds between two values: StatsD servers and OpenTelemetry's exporter pass on one in 10 s or fewer."""


class _Waiting:
    """The counts of one event loop, by workspace."""

    def __init__(self) -> None:
        self.jobs: Counter[str] = Counter()
        self._beat: asyncio.Task[None] | None = None

    def beat(self) -> None:
        """See to it that the counts are sent. The task belongs to none of those that wait, nor do its log's lines."""
        if self._beat is None or self._beat.done():
            self._beat = Context().run(asyncio.get_running_loop().create_task, self._send())

    async def _send(self) -> None:
        host = await asyncio.to_thread(_hostname)
        while self.jobs:
            for workspace, count in list(self.jobs.items()):
                gauge(JOBS_WAITING, count, {"workspace": workspace, "hostname": host})
                if not count:
                    del self.jobs[workspace]
            await asyncio.sleep(BEAT)


_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = WeakKeyDictionary()


def waited_for(workspace: str, job_name: str) -> contextlib.AbstractContextManager[None]:
    """Count a job as waited for, in the running event loop, and trace the wait."""
    return _observed(workspace, job_name) if metrics_on() or traces_on() else NOTHING


@contextlib.contextmanager
def _observed(workspace: str, job_name: str) -> Iterator[None]:
    with _counted(workspace) if metrics_on() else NOTHING, span("azureml.wait", job=job_name):
        yield


@contextlib.contextmanager
def _counted(workspace: str) -> Iterator[None]:
    waiting = _LOOPS.setdefault(asyncio.get_running_loop(), _Waiting())
    waiting.jobs[workspace] += 1
    waiting.beat()
    try:
        yield
    finally:
        waiting.jobs[workspace] -= 1


def _hostname() -> str:
    """The name that Airflow gives this machine in its own metrics; looking it up may take a while."""
    from airflow.utils.net import get_hostname

    return str(get_hostname())  # type: ignore[no-untyped-call]


OUTCOMES: tuple[tuple[type[errors.AzureMLError], Outcome], ...] = (
    (errors.DeadlineError, "deadline"),
    (errors.QueueTimeoutError, "queue_timeout"),
    (errors.PatienceError, "patience"),
    (errors.NotFoundError, "missing"),
)


def event_of_failure(job_name: str, error: errors.AzureMLError) -> JobEvent:
    """The event of a wait that did not see the job's end."""
    found = (outcome for kind, outcome in OUTCOMES if isinstance(error, kind))
    return JobEvent(job_name, next(found, "error"), message=str(error))
