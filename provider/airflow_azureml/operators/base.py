"""The base of operators with a job: submit or find it, wait or defer, take its result, cancel it on kill."""

from __future__ import annotations

import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_azureml.configuration import queue_timeout, wait_options
from airflow_azureml.exceptions import AzureMLJobFailedError, AzureMLQueueTimeoutError, translated
from airflow_azureml.links import AzureMLStudioLink
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.cancellation import TaskCancellation
from airflow_azureml.task.deferral import DeferrableOperator, event_of_job
from airflow_azureml.task.job_end import OnCanceled, check_on_canceled
from airflow_azureml.task.job_task import JobTask
from airflow_azureml.task.lineage.operator import LineageOperator
from airflow_azureml.task.no_worker import NoWorkerOperator
from airflow_azureml.task.outlets import describe
from airflow_azureml.task.output_references import checked
from airflow_azureml.task.telling.callback_context import telling_callbacks
from airflow_azureml.task.xcom import pull_job_name, push_job_name, push_outlives
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AirflowTaskTimeout, conf, deferral_timeout

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.naming import JobIdentity
    from airflow_azureml.lifecycle.wait import WaitOptions
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.submission import Submission


class AzureMLJobBaseOperator(DeferrableOperator, NoWorkerOperator, LineageOperator, AzureMLBaseOperator):
    """Run one Azure ML job and wait for it; a subclass says only what the job is and how it comes to be.

    :param wait_for_completion: False ends the task once the job is submitted: its result has no outputs yet, a sensor
        takes them, and a *Clear* cancels nothing.
    :param deferrable: wait in the triggerer instead of on a worker; default: ``[operators] default_deferrable``.
    :param poll_interval: seconds between requests for the job's status, at most: a young job is asked for after 1, 2,
        4, 8 ... seconds (deferred: from the fifth second on); default: ``[azureml] poll_interval`` (30).
    :param patience: seconds for which such requests may go on failing; default: ``[azureml] patience`` (900).
    :param stream_logs: copy the job's log into the task's log: every five seconds while waiting on a worker, every
        ``poll_interval`` while deferred, where 4 MiB are copied at most.
    :param log_files: the files that are copied, as a glob pattern such as ``"user_logs/*"`` or a list of them; default:
        the log of the job's only or first node.
    :param cancel_on_kill: cancel the job when the task is cleared, failed or otherwise ended by hand, or out of time.
    :param on_canceled: what a cancel by somebody else does: ``fail`` without retries, ``skip``, or ``retry``: fail as
        any failure does. A job that its own time limit ended has failed.
    :param start_in_trigger: submit the job in the triggerer, without a worker, where Airflow (3.3) and the task allow
        it; implies ``deferrable=True``. The task's log says once why not, where not.
    :param finish_in_trigger: end the task in the triggerer, without a worker, where nothing is lost by it (outlets,
        callbacks, OpenLineage ...); implies ``deferrable=True``.
    :return: ``{"job_name", "status", "experiment_name", "studio_url", "started_at", "ended_at", "outputs", "metrics",
        "attempts", "usage"}``, and of a sweep ``best_job_name``. Each output is pushed under its own name, too, beside
        ``azureml_job_name`` (before the job is submitted) and ``azureml_studio_url``.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "log_files")
    operator_extra_links = (AzureMLStudioLink(),)
    queue_timeout: Any = None
    has_studio_page = False
    """Whether this try may have pushed the address of its job's page."""

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | None = None,
        patience: float | None = None,
        stream_logs: bool = True,
        log_files: str | Sequence[str] | None = None,
        cancel_on_kill: bool = True,
        on_canceled: OnCanceled = "fail",
        start_in_trigger: bool = False,
        finish_in_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable or start_in_trigger or finish_in_trigger
        self.poll_interval = poll_interval
        self.patience = patience
        self.stream_logs = stream_logs
        self.log_files = log_files
        self.cancel_on_kill = cancel_on_kill
        self.on_canceled = on_canceled
        self.start_in_trigger = start_in_trigger
        self.finish_in_trigger = finish_in_trigger
        self._cancellation: TaskCancellation | None = None
        self._killed_early = False

    @property
    def output(self) -> Any:
        """A reference to the result. ``output["name"]`` is one of the job's outputs, and refused where it has none."""
        return checked(super().output)

    def output_names(self) -> frozenset[str] | None:
        """The names of the job's outputs; None if only a run shows them."""
        return None

    @abstractmethod
    def submission(self, context: Any, workspace: Workspace) -> Submission:
        """Make the job ready to be started.

        :raises rest.errors.SpecError: the keywords contradict each other, or what they say is wrong.
        """

    def job_identity(self, context: Any, name_hint: str | None = None) -> JobIdentity:
        """Name this task's jobs. Each *Clear* begins a generation; Airflow's own retries stay in theirs."""
        from airflow_azureml.task.identity import job_identity

        return job_identity(context, self.retries or 0, name_hint)

    def execute(self, context: Any) -> dict[str, Any]:
        """Submit the job, or find the one that an earlier try submitted, and wait for it."""
        self.say_why_on_worker()
        return self._run(context, lambda cancellation: self._submit_and_wait(context, cancellation))

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Come back from the triggerer: the event says that it is time to look, the service says what happened."""
        self.has_studio_page = True
        return self._run(context, lambda cancellation: self._come_back(context, cancellation, event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Cancel the job when the deferral itself ran out of time, before Airflow fails the task."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_timeout() as error:
            if "timeout" not in str(error).lower():
                raise  # 2.11 says the same of a trigger that broke: its job goes on, and the next try finds it.
            cancellation = self._new_cancellation(context)
            cancellation.job_name = pull_job_name(cancellation.ti)
            raise cancellation.out_of_time() from None

    def on_kill(self) -> None:
        """Cancel the job if Airflow ends this task; leave it running if Airflow merely ends this process."""
        time_is_up = isinstance(sys.exc_info()[1], AirflowTaskTimeout)
        if self._cancellation is None:
            if not time_is_up:
                self._killed_early = True  # 3.x goes on with execute all the same
                return
            # 2.11, come back from the triggerer too late: nothing of ours has run in this process.
            from airflow_azureml.version_compat import get_current_context

            self._cancellation = self._new_cancellation(get_current_context())
            self._cancellation.job_name = pull_job_name(self._cancellation.ti)
        if time_is_up:
            if not self._cancellation.stop_event.is_set():
                self.log.error("%s", self._cancellation.out_of_time())
            return
        self._cancellation.begin()
        if not AIRFLOW_V_3_0_PLUS:
            # 3.x lets execute go on, which waits for the decision itself; 2.11 raises as soon as this returns.
            self._cancellation.join()

    def _new_cancellation(self, context: Any) -> TaskCancellation:
        given = self.cancel_on_kill, self.execution_timeout
        return TaskCancellation(context["ti"], self.log, self.hook(), *given, looped=context.get("loop") is not None)

    def _run(self, context: Any, part: Callable[[TaskCancellation], dict[str, Any]]) -> dict[str, Any]:
        """Run a part of the task's life; whatever ends it early takes the job along, or says why not."""
        cancellation = self._cancellation = self._new_cancellation(context)
        if self._killed_early:
            cancellation.begin()
        try:
            with telling_callbacks(), translated():
                result = part(cancellation)
                describe(context, self.outlets, result)
                return result
        except AirflowTaskTimeout:
            raise cancellation.out_of_time() from None
        except Exception:
            if cancellation.stop_event.is_set():
                raise cancellation.interrupted() from None
            raise

    def _task(self, cancellation: TaskCancellation) -> JobTask:
        ti, hook, limit = cancellation.ti, cancellation.hook, queue_timeout(self.queue_timeout)
        return JobTask(ti, self.log, hook, self.on_canceled, cancellation=cancellation, queue_timeout=limit)

    def start_in_triggerer(self, context: Any, cancellation: TaskCancellation) -> dict[str, Any]:
        """Submit the job, or find this try's; the arguments of the trigger that waits. Blocks: called on a thread."""
        with translated():
            check_on_canceled(self.on_canceled)
            options = self._wait_options()
            submission = self.submission(context, cancellation.hook.settings().workspace)
            with self._task(cancellation) as task:
                # The name of the job is known to whoever ends the task, and to an earlier try's trigger, from here on.
                push_job_name(cancellation.ti, submission.identity.name(1))
                job = self._start(task, submission)
            return self._waiting(cancellation, replace(options, late=task.late), job, since=0.0)

    def _start(self, task: JobTask, submission: Submission) -> Job:
        """Have the job, and show its page."""
        if not (ends_with_task := self.cancel_on_kill and self.wait_for_completion):
            push_outlives(task.ti)
        job = task.find_or_start(submission, cancels_earlier=ends_with_task)
        if task.cancellation is not None:
            task.cancellation.check()
        task.show_page(job)
        return job

    def _submit_and_wait(self, context: Any, cancellation: TaskCancellation) -> dict[str, Any]:
        check_on_canceled(self.on_canceled)
        options = self._wait_options()
        submission = self.submission(context, cancellation.hook.settings().workspace)
        with self._task(cancellation) as task:
            job = self._start(task, submission)
            self.has_studio_page = True
            if not self.wait_for_completion:
                return task.unfinished(job)
            return self._see_through(context, cancellation, task, job, options)

    def follow_up(
        self, context: Any, task: JobTask, job: Job, error: AzureMLJobFailedError | AzureMLQueueTimeoutError
    ) -> Job | None:
        """The job that takes the place of one that has failed, or left its queue; None where its end is the task's."""
        return None

    def _wait_options(self) -> WaitOptions:
        limits = {"queue_timeout": queue_timeout(self.queue_timeout)}
        return wait_options(self.poll_interval, self.patience, self.log_files, stream_logs=self.stream_logs, **limits)

    def _see_through(
        self, context: Any, cancellation: TaskCancellation, task: JobTask, job: Job, options: WaitOptions
    ) -> dict[str, Any]:
        """Wait for a job, and for those that take its place; the result of the last one."""
        first = options = replace(options, late=task.late)
        while True:
            if not job.phase.is_terminal and self.deferrable:
                # A job that has ended already must not be deferred for: a trigger that fires at once can fail its task.
                job = task.first_look(job.name, options)
                if not job.phase.is_terminal:
                    self._defer(cancellation, options, job)
            copied = not job.phase.is_terminal and self.stream_logs
            job = job if job.phase.is_terminal else task.wait(job.name, options)
            cancellation.check()
            if not job.phase.is_terminal:
                options = replace(options, queue_timeout=None)  # it has begun after all
                continue
            try:
                return task.conclude(job, tail=self.stream_logs and not copied)
            except (AzureMLJobFailedError, AzureMLQueueTimeoutError) as error:
                following = self.follow_up(context, task, job, error)
                if following is None:
                    raise
            cancellation.check()
            job, options = following, first

    def _defer(self, cancellation: TaskCancellation, options: WaitOptions, job: Job) -> None:
        from airflow_azureml.triggers.jobs import AzureMLJobTrigger

        cancellation.check()
        ti = cancellation.ti
        arguments = self._waiting(cancellation, options, job, since=time.time())
        arguments |= {"end": self.end_in_trigger(ti.try_number <= ti.max_tries), "try_number": ti.try_number}
        self.defer_to(ti, AzureMLJobTrigger.of(self, **arguments), arguments["deadline"])

    def _waiting(
        self, cancellation: TaskCancellation, options: WaitOptions, job: Job, *, since: float
    ) -> dict[str, Any]:
        """The arguments of the trigger that waits for the job.

        :param since: epoch seconds before which no trigger of this try has begun.
        """
        deadline = None
        if self.execution_timeout is not None:
            # Airflow 3 does not hold a deferred task to it, and counts anew after each deferral.
            deadline = self.began(cancellation.ti) + self.execution_timeout.total_seconds()
        return {
            "job_name": str(cancellation.job_name),
            "poll_interval": options.poll_interval,
            "patience": options.patience,
            "deadline": deadline,
            "queue_timeout": options.queue_timeout,
            "cancel_on_kill": self.cancel_on_kill,
            "looped": cancellation.looped,
            "late": options.late and options.late.to_dict(),
            "experiment_name": job.experiment_name,
            "log_copy": {"files": list(options.log_files), "kind": job.kind, "since": since}
            if options.stream_logs
            else None,
        }

    def _come_back(self, context: Any, cancellation: TaskCancellation, event: Any) -> dict[str, Any]:
        self.say_why_end_on_worker()
        job_event = event_of_job(event, cancellation.ti)
        cancellation.job_name = job_event.job_name
        if job_event.outcome == "deadline":
            raise cancellation.out_of_time()
        options = self._wait_options()
        with self._task(cancellation) as task:
            job = task.come_back(job_event, options)
            if not job.phase.is_terminal:
                options = replace(options, queue_timeout=None)  # it has begun after all
            return self._see_through(context, cancellation, task, job, options)
