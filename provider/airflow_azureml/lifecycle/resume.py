"""One task, one job: reattach to the job that is there, take its result, or submit the one that is missing.

Nothing is put without a look first, and a look follows every PUT that was not answered clearly, so whatever dies
between any two lines of this file, the next try finds what this one left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.lifecycle.news import Submitting
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import (
    ConflictError,
    ForeignJobError,
    ServiceError,
    TransientError,
)
from airflow_azureml.rest.flow import Flow, Json, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import Phase
from airflow_azureml.rest.times import retry_after

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries to submit a job; what still fails then is left to the task's own retries."""


@dataclass(frozen=True)
class Prepared:
    """A request that is ready to be sent.

    :param body: ``{"properties": {...}}``; the identity's tags are added to it.
    :param user_token: the request needs the caller's own token beside the bearer token.
    :param api_version: the only version that models what the body uses, or None for the connection's.
    """

    body: Mapping[str, Json] = field(repr=False)
    user_token: bool = False
    api_version: str | None = None


@dataclass(frozen=True)
class Found:
    """The job of this task.

    :param attempt: its number among this generation's jobs, from 1.
    :param submitted: it was submitted just now.
    """

    job: Job
    attempt: int
    submitted: bool


Request = Callable[[], Flow[Prepared]]
"""Makes the request; called only when something must be submitted, for it may upload files."""


def find_or_submit(ws: Workspace, identity: JobIdentity, request: Request) -> Steps[Found]:
    """Find the job of this task, or submit it.

    Looks from attempt 1 upwards to the first that is missing. The last one that is there decides: active or
    succeeded, it is the job; failed, canceled or being canceled, the missing one is submitted.

    :raises ForeignJobError: a job of one of our names is somebody else's.
    :raises TransientError: the service cannot be reached, or did not answer clearly to the very end.
    """
    identity = yield from _newest(ws, identity)
    last, attempt = None, 1
    while (found := (yield from _own(ws, identity, attempt))) is not None:
        last, attempt = found, attempt + 1
    if last is not None and _stands(last):
        return Found(last, attempt - 1, submitted=False)
    prepared = yield from request()
    job = yield from _submit(ws, identity, attempt, prepared)
    return Found(job, attempt, submitted=True)


def cancel_earlier(ws: Workspace, identity: JobIdentity) -> Steps[tuple[str, ...]]:
    """Cancel what the generations before this one left active; the names of the jobs that were asked to end."""
    asked: tuple[str, ...] = ()
    for earlier in identity.earlier():
        asked += yield from _cancel_generation(ws, earlier)
    return asked


def _cancel_generation(ws: Workspace, identity: JobIdentity) -> Steps[tuple[str, ...]]:
    """Cancel what is active of this generation's jobs; the names of the jobs that were asked to end.

    A job of one of our names that is somebody else's is left alone.
    """
    asked: tuple[str, ...] = ()
    attempt = 1
    while (job := (yield from jobs.find(ws, identity.name(attempt)))) is not None:
        ours = not identity.differing(job.tags, attempt)
        if ours and not job.phase.is_terminal and not job.is_being_canceled:
            canceled = yield from cancel(ws, job.name)
            asked = (*asked, job.name) if canceled.asked else asked
        attempt += 1
    return asked


def _stands(job: Job) -> bool:
    """Whether a try takes this job for its own: it runs, or has succeeded."""
    if job.is_being_canceled:
        return False
    return job.phase in (Phase.ACTIVE, Phase.SUCCEEDED)


def _newest(ws: Workspace, identity: JobIdentity) -> Steps[JobIdentity]:
    """The newest generation that has jobs of ours, this one or a later one."""
    for later in identity.later():
        job = yield from jobs.find(ws, later.name(1))
        if job is not None and not later.differing(job.tags, 1):
            return later
    return identity


def _own(ws: Workspace, identity: JobIdentity, attempt: int) -> Steps[Job | None]:
    """Read our job of this number; None when there is none.

    :raises ForeignJobError: its tags say that it is somebody else's.
    """
    name = identity.name(attempt)
    job = yield from jobs.find(ws, name)
    if job is None:
        return None
    expected = identity.tags(attempt)
    differing = identity.differing(job.tags, attempt)
    if differing:
        shown = "; ".join(f"{key} is {job.tags.get(key)!r}, expected {expected[key]!r}" for key in differing)
        text = f"Job {name} is not of this task: {shown}. It is left alone, and nothing is submitted."
        raise ForeignJobError(text) from None
    return job


def _submit(ws: Workspace, identity: JobIdentity, attempt: int, prepared: Prepared) -> Steps[Job]:
    """Put the job; after an answer that is not clear, look before anything else."""
    name = identity.name(attempt)
    call = jobs.create(
        ws,
        name,
        _tagged(prepared.body, identity.tags(attempt)),
        user_token=prepared.user_token,
        api_version=prepared.api_version,
    )
    pauses = iter(PAUSES)
    while True:
        yield News(Submitting(name, attempt))
        try:
            return (yield from call)
        except (ConflictError, TransientError) as error:
            trouble = error
        found = yield from _own_after(ws, identity, attempt, trouble, pauses)
        if found is not None:
            return found
        if isinstance(trouble, ConflictError):
            raise trouble from None
        yield from _rest(trouble, pauses)


def _own_after(
    ws: Workspace, identity: JobIdentity, attempt: int, trouble: ServiceError | TransientError, pauses: Iterator[float]
) -> Steps[Job | None]:
    """Look whether a PUT that failed has made the job all the same, for as long as there are pauses left."""
    while True:
        try:
            return (yield from _own(ws, identity, attempt))
        except TransientError as error:
            yield from _rest(error if isinstance(trouble, ConflictError) else trouble, pauses)


def _rest(trouble: ServiceError | TransientError, pauses: Iterator[float]) -> Steps[None]:
    """Pause before the next request, as long as the service asks and the table says.

    :raises TransientError: no pause is left; the trouble itself.
    """
    seconds = next(pauses, None)
    if seconds is None:
        raise trouble from None
    asked = retry_after(trouble.reply) if isinstance(trouble, ServiceError) else None
    yield Pause(max(seconds, asked or 0.0))


def _tagged(body: Mapping[str, Json], tags: Mapping[str, str]) -> dict[str, Json]:
    """The body with the identity's tags, which no tag of the user's can replace."""
    properties = body.get("properties") or {}
    return {**body, "properties": {**properties, "tags": {**(properties.get("tags") or {}), **tags}}}
