"""The flow that cancels a job, and what is known of the job afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import BadRequestError, ConflictError, NotFoundError, TransientError
from airflow_azureml.rest.flow import Flow, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before the second attempt; each pause is twice as long as the one before, up to the longest."""


@dataclass(frozen=True)
class Cancellation:
    """What a cancel came to.

    :param job: the job as last seen, None when there is none.
    :param asked: the service took the request to end it.
    """

    job: Job | None
    asked: bool = False

    def __str__(self) -> str:
        """The same in words that follow the job's name."""
        if self.asked:
            return "was asked to cancel"
        if self.job is None:
            return "does not exist"
        if self.job.phase.is_terminal:
            return f"had already ended: it is {self.job.status}"
        if self.job.is_being_canceled:
            return "was already being canceled"
        return f"is already finishing: it is {self.job.status}"


def cancel(ws: Workspace, name: str) -> Steps[Cancellation]:
    """See to it that a job ends: ask for its end where it is active.

    A job that is ending by itself, or has ended while it was asked, may refuse (seen for ``Finalizing``); that is no
    error.

    :raises ServiceError: the service refuses although the job goes on.
    """
    job = yield from jobs.find(ws, name)
    if job is None or job.phase.is_terminal or job.is_being_canceled:
        return Cancellation(job)
    try:
        yield from jobs.begin_cancel(ws, name)
    except NotFoundError:
        return Cancellation(None)
    except (BadRequestError, ConflictError) as refusal:
        job = yield from jobs.find(ws, name)
        if job is not None and not job.phase.is_terminal and not job.is_being_canceled and job.status != "Finalizing":
            raise refusal from None
        return Cancellation(job)
    return Cancellation(job, asked=True)


def cancel_each(ws: Workspace, names: Iterable[str]) -> Steps[tuple[str, ...]]:
    """Cancel jobs, one after the other; the names of those that were asked to end.

    :raises ServiceError: as for ``cancel``.
    """
    asked: tuple[str, ...] = ()
    for name in names:
        canceled = yield from cancel(ws, name)
        asked = (*asked, name) if canceled.asked else asked
    return asked


def persistently(flow: Callable[[], Flow[T]], until: float, clock: Callable[[], float]) -> Steps[T]:
    """Carry a flow through; what may pass by itself is tried again, the last time when the time is up.

    Before that it is tried as late as the service asks.

    :param flow: makes the flow, for each attempt anew.
    :param until: the time, by ``clock``, after which none begins.
    :raises TransientError: that of the last attempt.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            return (yield from flow())
        except TransientError as error:
            left = until - clock()
            if left <= 0:
                raise
            yield Pause(min(max(pause, error.retry_after or 0.0), left))
            pause = min(2 * pause, LONGEST_PAUSE)
