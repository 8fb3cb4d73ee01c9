"""One task, one job: reattach to a job that exists, take its result, or submit a new one.

Nothing is put without a look first, and a look follows every PUT that was not answered clearly, so whatever dies
between any two lines of this file, the next try finds what this one left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.lifecycle.submission import Attempt, Prepared, prepare, put
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import ForeignJobError
from airflow_azureml.rest.flow import Flow, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import Phase

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation


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


class TaskSubmission:
    """The job of a task that is submitted by a PUT under a name of ours.

    :param begun: this very try has begun in another process: a job that is there is its own, however it has ended.
    """

    def __init__(self, identity: JobIdentity, translation: Translation, *, begun: bool = False) -> None:
        self.identity = identity
        self.translation = translation
        self.begun = begun

    def find_or_start(self, ws: Workspace, *, cancels_earlier: bool) -> Steps[Found]:
        """Find this task's job or submit it.

        :param cancels_earlier: the job ends with its task: cancel first what earlier generations left running.
        """
        if cancels_earlier:
            yield from cancel_earlier(ws, self.identity)
        tags = {} if cancels_earlier else {OUTLIVES_TAG: "true"}
        return (yield from self._find_or_submit(ws, takes_ended=self.begun, tags=tags))

    def start_next(self, ws: Workspace, ended: Job) -> Steps[Found]:
        """Submit the job that takes the place of one that the platform has ended, or find it.

        :param ended: the job, as it ended.
        """
        tags = {OUTLIVES_TAG: ended.tags[OUTLIVES_TAG]} if OUTLIVES_TAG in ended.tags else {}
        return (yield from self._find_or_submit(ws, ended=ended.name, tags=tags))

    def _find_or_submit(self, ws: Workspace, **given: Any) -> Steps[Found]:
        def request() -> Steps[Prepared]:
            return (yield from prepare(ws, self.translation))

        try:
            return (yield from find_or_submit(ws, self.identity, request, **given))
        except REFUSALS as error:
            raise (yield from explain(ws, self.translation.body, error)) from None

    def find_active(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Find nothing: the name is known before there is a job."""
        yield from ()
        return ()


def find_or_submit(
    ws: Workspace,
    identity: JobIdentity,
    request: Request,
    *,
    takes_ended: bool = False,
    ended: str | None = None,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> Steps[Found]:
    """Find the job of this task, or submit it.

    Looks from attempt 1 upwards to the first that is missing. The last one that is there decides: active or
    succeeded, it is the job; failed, canceled or being canceled, the missing one is submitted.

    :param takes_ended: the last one is the job, whatever became of it.
    :param ended: the job whose place another one is to take; one that follows it is that, whatever became of it.
    :param tags: further tags of a job that is submitted, beside those that say whose it is.
    :raises ForeignJobError: a job of one of our names is somebody else's.
    :raises TransientError: the service cannot be reached, or did not answer clearly to the very end.
    """
    identity = yield from _newest(ws, identity)
    last, attempt = None, 1
    while (found := (yield from _own(ws, identity, attempt))) is not None:
        last, attempt = found, attempt + 1
    if last is not None and last.name != ended and (takes_ended or ended is not None or _stands(last)):
        return Found(last, attempt - 1, submitted=False)
    resubmission = identity.resubmissions(last.tags) + 1 if last is not None and last.name == ended else 0
    prepared = yield from request()
    tags = {**tags, **identity.tags(attempt), **identity.history_tags(resubmission)}
    new = Attempt(identity.name(attempt), attempt, tags)
    job = yield from put(ws, new, prepared, lambda: _own(ws, identity, attempt))
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
        text = f"Job {name} belongs to another task: {shown}. It was not changed, and nothing was submitted."
        raise ForeignJobError(text) from None
    return job
