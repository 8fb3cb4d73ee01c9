"""A task with one Azure ML job, in one process: its requests to the service, and its XComs and links in Airflow."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_azureml.exceptions import (
    AzureMLException,
    AzureMLNotFoundError,
    AzureMLServiceError,
)
from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.task.job_end import JobEnd, OnCanceled
from airflow_azureml.task.lineage.record import keep
from airflow_azureml.task.telling.callback_context import tell_callbacks
from airflow_azureml.task.xcom import INVOCATION_KEY, pull_own, push_job_name

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.batch.outstanding import Outstanding
    from airflow_azureml.lifecycle.late.looks import LateLooks
    from airflow_azureml.lifecycle.news import Ended
    from airflow_azureml.lifecycle.records import JobEvent
    from airflow_azureml.lifecycle.resume import Found
    from airflow_azureml.lifecycle.wait import WaitOptions
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.cancellation import TaskCancellation
    from airflow_azureml.task.submission import Submission

T = TypeVar("T")


class JobTask(JobEnd):
    """A task instance, its log and a client: use it as a context manager, for it opens the client.

    :param ti: the task instance.
    :param log: the operator's log.
    :param hook: the operator's hook.
    :param on_canceled: what a cancel by somebody else does to the task.
    :param soft_fail: skip the task where its job failed or was canceled.
    :param cancellation: says whether the task is being ended, and gets the job that would end with it.
    :param queue_timeout: seconds that the job has from its submission until it runs; None for any number.
    """

    def __init__(
        self,
        ti: Any,
        log: Any,
        hook: AzureMLHook,
        on_canceled: OnCanceled,
        *,
        soft_fail: bool = False,
        cancellation: TaskCancellation | None = None,
        queue_timeout: float | None = None,
    ) -> None:
        super().__init__(ti, log, hook, on_canceled, soft_fail, queue_timeout)
        self.cancellation = cancellation
        self.submission: Submission | None = None
        """How this process has found or submitted the job; None where another one has."""
        self.late: LateLooks | None = None
        """When to look, while the job is waited for, for those that a *Clear* has left behind; None for none."""
        self._measured = False

    def __enter__(self) -> JobTask:
        self.client.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.__exit__(*error)

    def run(self, flow: Flow[T]) -> T:
        """Carry a flow out: its news goes to the log, and it ends early where the task is to end."""
        stop = self.cancellation.stop_event if self.cancellation is not None else None
        return self.client.run(flow, news=self.report, stop=stop)

    def report(self, record: Any) -> None:
        """Write a flow's news into the log, and keep what names the job and its status."""
        from airflow_azureml.lifecycle.news import Ended, Invoked, Invoking, MayStart, StatusChange, Submitting

        if isinstance(record, (Submitting, Invoked)):
            push_job_name(self.ti, record.job_name)
            self._note(job_name=record.job_name)
        elif isinstance(record, Invoking) and self.submission is not None:
            # From here to the answer there may be a job whose name only the service knows.
            self._note(find_active=self.submission.find_active)
        elif isinstance(record, MayStart):
            self.ti.xcom_push(key=INVOCATION_KEY, value=record.record)
        elif isinstance(record, StatusChange):
            self._note(status=record.status)
        elif isinstance(record, Ended):
            self._measure(record)
        super().report(record)

    def _note(self, **seen: Any) -> None:
        if self.cancellation is not None:
            for name, value in seen.items():
                setattr(self.cancellation, name, value)

    def _measure(self, times: Ended) -> None:
        """Send how long the job was queued and ran: once, though its end may be read twice."""
        from airflow_azureml.observability import job_times

        if not self._measured:
            spans = times.created_at, times.started_at, times.ended_at
            self.count(partial(job_times, *spans, self.ti, self.workspace.name))
        self._measured = True

    def find_or_start(self, submission: Submission, *, cancels_earlier: bool) -> Job:
        """Find this task's job or start it, and show its page."""
        from airflow_azureml.lifecycle.late.looks import LateLooks
        from airflow_azureml.observability import span

        self.submission = submission
        with span("azureml.submit"):
            found = self.run(submission.find_or_start(self.workspace, cancels_earlier=cancels_earlier))
        job = found.job
        self.late = None if found.late is None else LateLooks.from_now(found.late, time.time())
        self._note(job_name=job.name, status=job.status)
        if not found.submitted:
            push_job_name(self.ti, job.name)
            self.log.info("Found Azure ML job %s of an earlier try; it is %s.", job.name, job.status)
        return job

    def show_page(self, job: Job) -> None:
        """Show the job's Studio page: a link on the task and one line in its log."""
        url = self.page(job)
        tell_callbacks(job_name=job.name, studio_url=url)
        if url:
            self.ti.xcom_push(key=STUDIO_URL_KEY, value=url)
            self.log.info("Azure ML Studio: %s", url)

    def first_look(self, name: str, options: WaitOptions) -> Job:
        """Look at a job that this process has not seen yet."""
        from airflow_azureml.lifecycle.wait import first_look

        job = self.run(first_look(self.workspace, name, options))
        self._note(status=job.status)
        return job

    def wait(self, name: str, options: WaitOptions) -> Job:
        """Wait until the job has ended; one that was to be taken from its queue, and has begun after all, goes on."""
        from airflow_azureml.lifecycle.wait import wait
        from airflow_azureml.observability import span
        from airflow_azureml.rest.errors import QueueTimeoutError

        with span("azureml.wait", job=name):
            try:
                return self.run(wait(self.workspace, name, options))
            except QueueTimeoutError as error:
                said = str(error)
        return self._leave_queue(name, options, said)

    def _leave_queue(self, name: str, options: WaitOptions, said: str) -> Job:
        """Cancel a job that was queued for too long, and wait for its end, unless it has begun."""
        from airflow_azureml.lifecycle.attempts.queue_timeout import leave_queue

        self.log.warning("%s It is canceled, unless it begins just now.", said)
        job, asked = self.run(leave_queue(self.workspace, name, options))
        self._left_queue = name if asked else None
        self._note(status=job.status)
        return job

    def start_next(self, following: Flow[Found]) -> Found:
        """Have the job that takes the place of one that Azure has ended, and show its page."""
        found = self.run(following)
        self._measured = False
        self._note(job_name=found.job.name, status=found.job.status)
        if not found.submitted:
            push_job_name(self.ti, found.job.name)
        self.show_page(found.job)
        return found

    def come_back(self, event: JobEvent, options: WaitOptions) -> Job:
        """The job of a task that comes back from the triggerer: the event says when to look, the service what happened.

        :raises AzureMLException: the wait ended before the job.
        """
        if event.outcome == "missing":
            raise AzureMLNotFoundError(event.message)
        if event.outcome == "patience":
            raise AzureMLServiceError(event.message)
        if event.outcome == "queue_timeout":
            return self._leave_queue(event.job_name, options, event.message)
        job = self.first_look(event.job_name, options)
        if not job.phase.is_terminal:
            raise AzureMLException(event.message or f"The trigger ended, but job {job.name} is {job.status}.")
        return job

    def conclude(self, job: Job, *, tail: bool = False) -> dict[str, Any]:
        """End a task whose job has ended, and cancel a job of before its *Clear* that came late."""
        self._cancel_late(job)
        return super().conclude(job, tail=tail)

    def _cancel_late(self, job: Job) -> None:
        """Cancel what came late. That the service cannot be asked is only told: the task's own job has ended."""
        from airflow_azureml.lifecycle.late.looks import came_late, not_found_out
        from airflow_azureml.lifecycle.late_jobs import cancel_late
        from airflow_azureml.rest.errors import AzureMLError

        ti = self.ti
        try:
            outstanding = self._outstanding(job)
            names = self.run_to_end(cancel_late(self.workspace, job, ti.dag_id, ti.run_id, ti.task_id))
            if outstanding is not None:
                names += self.run_to_end(outstanding.cancel(self.workspace))
        except AzureMLError as error:
            self.log.warning("%s", not_found_out(error))
            return
        for name in names:
            self.log.warning("%s", came_late(name))

    def _outstanding(self, job: Job) -> Outstanding | None:
        """What the task's generations before this one may have started at a batch endpoint, and nobody has seen.

        Airflow is asked only where a try has gone before, and where tags do not say whose the job is.
        """
        from airflow_azureml.lifecycle.batch.outstanding import Outstanding
        from airflow_azureml.lifecycle.naming import IDENTITY_TAGS

        if self.ti.try_number == 1 or IDENTITY_TAGS[0] in job.tags:
            return None
        recorded = Outstanding.from_dict(pull_own(self.ti, INVOCATION_KEY))
        return None if recorded is None else recorded.of_earlier

    def unfinished(self, job: Job) -> dict[str, Any]:
        """The result of a task that does not wait: no outputs yet."""
        from airflow_azureml.lifecycle.records import JobResult

        keep(self, job)
        return JobResult.of_unfinished(job, self.client.settings.tenant_id).to_dict()
