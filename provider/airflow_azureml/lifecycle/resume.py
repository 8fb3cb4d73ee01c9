"""One task, one job: reattach to a job that exists, take its result, or submit a new one.

Nothing is put without a look first, unless nothing can be there yet, and then it is the answer to the PUT that says
whether it is so; and a look follows every PUT that was not answered clearly. So whatever dies between any two lines of
this file, the next try finds what this one left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.cancellation import cancel_each
from airflow_azureml.lifecycle.late.names import LateNames, may_follow
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.lifecycle.needs.code_hash import tell_other_code
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.submission import Attempt, Prepared, put
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import ForeignJobError, PatienceError
from airflow_azureml.rest.flow import Flow, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job, PutJob
from airflow_azureml.rest.status import Phase

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.late.looks import LateJobs

CANCEL_LOOKS, BETWEEN_LOOKS = 300, 2.0
"""How often and with which pauses, in seconds, a job is looked at that was asked to end, before another may begin."""


@dataclass(frozen=True)
class Found:
    """The job of this task.

    :param attempt: its number among this generation's jobs, from 1.
    :param submitted: it was submitted just now.
    :param late: what may still begin of what a *Clear* has left behind; None for nothing.
    """

    job: Job
    attempt: int
    submitted: bool
    late: LateJobs | None = None


Request = Callable[[JobIdentity, "Job | None"], "Flow[Prepared]"]
"""Makes the request, told whose job it is and the one before it; called only when something must be submitted, for it
may upload files."""


@dataclass(frozen=True)
class Replaced:
    """The job whose place another one is to take in the same try.

    :param counts: it takes one of the try's resubmissions.
    """

    job_name: str
    counts: bool = True


def find_or_submit(
    ws: Workspace,
    identity: JobIdentity,
    request: Request,
    *,
    takes_ended: bool = False,
    replaced: Replaced | None = None,
    awaits_cancel: bool = False,
    looks_first: bool = True,
    ends_cleared: bool = False,
    elsewhere: Callable[[JobIdentity], Flow[JobIdentity]] | None = None,
) -> Steps[Found]:
    """Find the job of this task, or submit it.

    Looks from attempt 1 upwards to the first that is missing. The last one that is there decides: active or
    succeeded, it is the job; failed, canceled or being canceled, the missing one is submitted. After a *Clear* that
    Airflow has not counted all of them are left behind, and the first job of another generation is submitted.

    :param takes_ended: the last one is the job, whatever became of it.
    :param replaced: the job whose place another one is to take; one that follows it is that, whatever became of it.
    :param awaits_cancel: submit nothing before the last one has ended that is being canceled.
    :param looks_first: a job may be there already. Without it the first one is put at once, which saves a request; the
        service starts nothing where the name is taken, and says so, and what is there is then looked at all the same.
    :param ends_cleared: cancel what a *Clear* has left behind that Airflow has not counted.
    :param elsewhere: asked where no job has one of the names: under which others this generation may have jobs.
    :raises ForeignJobError: a job of one of our names is somebody else's.
    :raises TransientError: the service cannot be reached, or did not answer clearly to the very end.
    :raises PatienceError: the last one has been asked to end, and does not.
    """
    if not looks_first:
        put_first = yield from _put(ws, identity, 1, 0, (yield from request(identity, None)))
        if put_first.is_new:
            return Found(put_first.job, 1, submitted=True)
    identity = yield from _newest(ws, identity)
    first, last, attempt = None, None, 1
    late: LateJobs | None = None
    identity, found = yield from _begun(ws, identity, elsewhere)
    while found is not None:
        first, last, attempt = first or found, found, attempt + 1
        found = yield from _own(ws, identity, attempt)
    if last is not None and identity.is_cleared(last.tags):
        said = f"The task was cleared after Azure ML job {last.name} was submitted; it is {last.status}."
        yield News(Warned(f"{said} A new one follows."))
        identity, first, last, attempt = identity.begun_now(), None, None, 1
        if ends_cleared:
            late = (yield from end_earlier(ws, identity)).late
    resubmission = 0
    if last is not None:
        if awaits_cancel and last.is_being_canceled:
            last = yield from _end_of(ws, identity, attempt - 1)
        if replaced is not None and last.name == replaced.job_name:
            resubmission = identity.resubmissions(last.tags) + replaced.counts
        elif takes_ended or replaced is not None or _stands(last):
            return Found(last, attempt - 1, submitted=False, late=late)
    prepared = yield from request(identity, last)
    if first is not None:
        yield from tell_other_code(first, prepared.tags)
    answer = yield from _put(ws, identity, attempt, resubmission, prepared)
    return Found(answer.job, attempt, submitted=True, late=late)


def _begun(
    ws: Workspace, identity: JobIdentity, elsewhere: Callable[[JobIdentity], Flow[JobIdentity]] | None
) -> Steps[tuple[JobIdentity, Job | None]]:
    """The first job of this generation, if there is one, and the identity under which it is."""
    found = yield from _own(ws, identity, 1)
    if found is not None or elsewhere is None:
        return identity, found
    other = yield from elsewhere(identity)
    return other, None if other == identity else (yield from _own(ws, other, 1))


def _put(ws: Workspace, identity: JobIdentity, attempt: int, resubmission: int, prepared: Prepared) -> Steps[PutJob]:
    """Put our job of this number."""
    tags = {**prepared.tags, **identity.tags(attempt), **identity.history_tags(resubmission)}
    new = Attempt(identity.name(attempt), attempt, tags)
    return (yield from put(ws, new, prepared, lambda: _own(ws, identity, attempt)))


def _end_of(ws: Workspace, identity: JobIdentity, attempt: int) -> Steps[Job]:
    """Wait until a job has ended that was asked to.

    :raises PatienceError: it has not, for long.
    """
    for _ in range(CANCEL_LOOKS):
        job = yield from _own(ws, identity, attempt)
        if job is not None and job.phase.is_terminal:
            return job
        yield Pause(BETWEEN_LOOKS)
    raise PatienceError(
        f"Job {identity.name(attempt)} was asked to end, and has not within {CANCEL_LOOKS * BETWEEN_LOOKS:g} seconds."
    ) from None


def cancel_earlier(ws: Workspace, identity: JobIdentity) -> Steps[tuple[str, ...]]:
    """Cancel what the generations before this one left active; the names of the jobs that were asked to end."""
    return (yield from end_earlier(ws, identity)).asked


@dataclass(frozen=True)
class EndedEarlier:
    """What became of the generations before one.

    :param asked: the names of the jobs that were asked to end.
    :param late: those that may still begin; None for none.
    """

    asked: tuple[str, ...]
    late: LateNames | None


def end_earlier(ws: Workspace, identity: JobIdentity) -> Steps[EndedEarlier]:
    """Cancel what the generations before this one left active, and say what may still begin of them.

    What may begin is the next job of the newest generation that has any, and the first of those after it.
    """
    asked: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    for earlier in identity.earlier():
        found, ended = yield from _cancel_generation(ws, earlier)
        asked += ended
        late = () if found else late
        late += (earlier.name(len(found) + 1),) if may_follow(found) else ()
    return EndedEarlier(asked, LateNames(late) if late else None)


def _cancel_generation(ws: Workspace, identity: JobIdentity) -> Steps[tuple[tuple[Job, ...], tuple[str, ...]]]:
    """Cancel what is active of this generation's jobs.

    A job of one of our names that is somebody else's is left alone.

    :return: the jobs as they were found, and the names of those that were asked to end.
    """
    found: tuple[Job, ...] = ()
    asked: tuple[str, ...] = ()
    attempt = 1
    while (job := (yield from jobs.find(ws, identity.name(attempt)))) is not None:
        found = (*found, job)
        ours = not identity.differing(job.tags, attempt)
        if ours and not job.phase.is_terminal and not job.is_being_canceled:
            asked += yield from cancel_each(ws, (job.name,))
        attempt += 1
    return found, asked


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
        text = f"Job {name} belongs to another task: {shown}. It was not changed, and nothing was submitted."
        raise ForeignJobError(text) from None
    return job
