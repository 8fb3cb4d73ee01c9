"""A task with one Azure ML job, in one process: its requests to the service, and its XComs and links in Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from airflow_azureml.exceptions import (
    AzureMLException,
    AzureMLJobCanceledError,
    AzureMLJobCanceledFinalError,
    AzureMLJobFailedError,
    AzureMLNotFoundError,
    AzureMLQueueTimeoutError,
    AzureMLServiceError,
    AzureMLSpecError,
)
from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.task.xcom import RESERVED_KEYS, push_job_name
from airflow_azureml.version_compat import AirflowSkipException

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.news import Ended
    from airflow_azureml.lifecycle.records import Failure, JobEvent
    from airflow_azureml.lifecycle.resume import Found
    from airflow_azureml.lifecycle.wait import WaitOptions
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.cancellation import TaskCancellation
    from airflow_azureml.task.submission import Submission

T = TypeVar("T")

OnCanceled = Literal["fail", "skip", "retry"]
ON_CANCELED: dict[str, type[Exception]] = {
    "fail": AzureMLJobCanceledFinalError,
    "skip": AirflowSkipException,
    "retry": AzureMLJobCanceledError,
}
"""What a cancel by somebody else does to the task: an end without retries, a skip, or a failure as any other."""


def check_on_canceled(value: Any) -> None:
    """Refuse an unknown word for ``on_canceled``.

    :raises AzureMLSpecError: names what is accepted.
    """
    if not isinstance(value, str) or value not in ON_CANCELED:
        raise AzureMLSpecError(f"on_canceled: {value!r} is not accepted. Accepted: {', '.join(ON_CANCELED)}.")


class JobTask:
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
        self.ti = ti
        self.log = log
        self.on_canceled = on_canceled
        self.soft_fail = soft_fail
        self.cancellation = cancellation
        self.client = hook.client()
        self.submission: Submission | None = None
        """How this process has found or submitted the job; None where another one has."""
        self._measured = False
        self._queue_timeout = queue_timeout
        self._left_queue: str | None = None
        """The job that this process has canceled because it was queued for too long."""

    def __enter__(self) -> JobTask:
        self.client.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.__exit__(*error)

    @property
    def workspace(self) -> Workspace:
        """The workspace of the hook."""
        return self.client.workspace

    def run(self, flow: Flow[T]) -> T:
        """Carry a flow out: its news goes to the log, and it ends early where the task is to end."""
        stop = self.cancellation.stop_event if self.cancellation is not None else None
        return self.client.run(flow, news=self.report, stop=stop)

    def run_to_end(self, flow: Flow[T]) -> T:
        """Carry a flow out that is no longer stopped: the job has ended."""
        return self.client.run(flow, news=self.report)

    def report(self, record: Any) -> None:
        """Write a flow's news into the log, and keep what names the job and its status."""
        from airflow_azureml.lifecycle.news import Ended, Invoked, Invoking, StatusChange, Submitting, lines

        if isinstance(record, (Submitting, Invoked)):
            push_job_name(self.ti, record.job_name)
            self._note(job_name=record.job_name)
        elif isinstance(record, Invoking) and self.submission is not None:
            # From here to the answer there may be a job whose name only the service knows.
            self._note(find_active=self.submission.find_active)
        elif isinstance(record, StatusChange):
            self._note(status=record.status)
        elif isinstance(record, Ended):
            self._measure(record)
        for level, text in lines(record):
            self.log.log(level, "%s", text)

    def _note(self, **seen: Any) -> None:
        if self.cancellation is not None:
            for name, value in seen.items():
                setattr(self.cancellation, name, value)

    def _measure(self, times: Ended) -> None:
        """Send how long the job was queued and ran: once, though its end may be read twice."""
        from airflow_azureml.observability import job_times

        if not self._measured:
            job_times(times.created_at, times.started_at, times.ended_at, self.ti, self.workspace.name)
        self._measured = True

    def find_or_start(self, submission: Submission, *, cancels_earlier: bool) -> Job:
        """Find this task's job or start it, and show its page."""
        from airflow_azureml.observability import span

        self.submission = submission
        with span("azureml.submit"):
            found = self.run(submission.find_or_start(self.workspace, cancels_earlier=cancels_earlier))
        job = found.job
        self._note(job_name=job.name, status=job.status)
        if not found.submitted:
            push_job_name(self.ti, job.name)
            self.log.info("Found Azure ML job %s of an earlier try; it is %s.", job.name, job.status)
        return job

    def show_page(self, job: Job) -> None:
        """Show the job's Studio page: a link on the task and one line in its log."""
        url = self._page(job)
        if url:
            self.ti.xcom_push(key=STUDIO_URL_KEY, value=url)
            self.log.info("Azure ML Studio: %s", url)

    def _page(self, job: Job) -> str | None:
        """The address of the job's page, opening in the connection's tenant."""
        from airflow_azureml.rest.ids import with_tenant

        return with_tenant(job.studio_url, self.client.settings.tenant_id) if job.studio_url else None

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

    def unfinished(self, job: Job) -> dict[str, Any]:
        """The result of a task that does not wait: no outputs yet."""
        from airflow_azureml.lifecycle.records import JobResult

        return JobResult.of_unfinished(job, self.client.settings.tenant_id).to_dict()

    def conclude(self, job: Job, *, tail: bool = False) -> dict[str, Any]:
        """End a task whose job has ended by itself, or was ended by somebody else; its log says how.

        :param tail: also write the end of the job's log, which has not been copied to this task's log.
        :return: the result mapping; each output has been pushed under its own name as well.
        :raises AzureMLJobFailedError: the job failed, or its own limit of time has ended it.
        :raises AzureMLJobCanceledError: somebody canceled the job and ``on_canceled`` is ``retry``; with ``fail`` as
            the subclass that is not retried.
        :raises AirflowSkipException: the same with ``skip``, and either with ``soft_fail``.
        """
        from airflow_azureml.lifecycle.result import log_tail
        from airflow_azureml.rest.status import Phase

        if job.phase is not Phase.SUCCEEDED:
            error = self._canceled(job) if job.phase is Phase.CANCELED else self._failed(job)
            raise AirflowSkipException(str(error)) if self.soft_fail else error
        if tail:
            lines = self.client.run(log_tail(self.workspace, job)).splitlines()
            if lines:
                self.log.info("The last lines of the job's log, also where they were copied while the task waited:")
            for line in lines:
                self.log.info("| %s", line)
        return self._completed(job)

    def _completed(self, job: Job) -> dict[str, Any]:
        """Push the outputs of a job that succeeded; its result."""
        from airflow_azureml.lifecycle.result import in_words, result

        tenant = self.client.settings.tenant_id
        values = self.run_to_end(result(self.workspace, job, tenant_id=tenant)).to_dict()
        for name, output in values["outputs"].items():
            if name in RESERVED_KEYS:
                self.log.warning("Output %s is only in the result: its name is reserved for another XCom.", name)
            else:
                self.ti.xcom_push(key=name, value=output)
        self.log.info("Azure ML job %s ended as %s.%s", job.name, job.status, in_words(values["metrics"]))
        return values

    def _failed(self, job: Job) -> Exception:
        """The error of a task whose job failed."""
        from airflow_azureml.lifecycle.result import failure

        self.log.error("Azure ML job %s ended as %s.", job.name, job.status)
        return self._failure(job, self.run_to_end(failure(self.workspace, job)))

    def _canceled(self, job: Job) -> Exception:
        """The error of a task whose job is Canceled, though the task has not asked for it."""
        from airflow_azureml.lifecycle.cancel_reason import cancellation
        from airflow_azureml.lifecycle.result import overdue

        why = self.run_to_end(cancellation(self.workspace, job, self._queue_timeout))
        if self._queue_timeout is not None and (why.left_in_queue or job.name == self._left_queue):
            return AzureMLQueueTimeoutError(job.name, seconds=self._queue_timeout)
        if why.limit is not None:
            self.log.error("Azure ML job %s was ended by its own time limit.", job.name)
            return self._failure(job, self.run_to_end(overdue(self.workspace, job, why.limit)))
        self.log.warning("Azure ML job %s ended as %s, and not by this task.", job.name, job.status)
        parts = (f"Azure ML job {job.name} was canceled, and not by this task.", why.reason, self._page(job))
        return ON_CANCELED[self.on_canceled](" ".join(part for part in parts if part))

    def _failure(self, job: Job, why: Failure) -> AzureMLJobFailedError:
        return AzureMLJobFailedError(
            job.name,
            status=job.status,
            code=why.code,
            reason=why.reason,
            log_tail=why.log_tail,
            studio_url=self._page(job),
            codes=why.codes,
            failure=why.kind,
        )
