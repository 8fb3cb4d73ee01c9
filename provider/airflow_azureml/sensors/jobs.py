"""The sensor that waits for a job that was submitted elsewhere, and takes its result."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml import configuration
from airflow_azureml.exceptions import (
    AzureMLJobCanceledError,
    AzureMLJobFailedError,
    AzureMLJobTimeoutError,
    translated,
)
from airflow_azureml.links import AzureMLStudioLink
from airflow_azureml.task.deferral import BACKSTOP, DeferrableOperator
from airflow_azureml.task.fields.rendered_texts import TextFieldsOperator
from airflow_azureml.task.job_end import OnCanceled, check_on_canceled
from airflow_azureml.task.job_task import JobTask
from airflow_azureml.task.lineage.operator import LineageOperator
from airflow_azureml.task.no_worker import NoWorkerOperator
from airflow_azureml.task.outlets import describe
from airflow_azureml.task.output_references import checked
from airflow_azureml.task.sensor_skips import SkippingSensor
from airflow_azureml.task.telling.callback_context import telling_callbacks
from airflow_azureml.task.xcom import job_name_of
from airflow_azureml.version_compat import AirflowSensorTimeout, PokeReturnValue, conf

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.wait import WaitOptions
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.cancellation import TaskCancellation

BETWEEN_FAILED_LOOKS = 5.0
"""Seconds between looks that fail, at most."""


class AzureMLJobSensor(SkippingSensor, DeferrableOperator, NoWorkerOperator, LineageOperator, TextFieldsOperator):
    """Wait until a job has completed; its result and outputs are then this task's, as if it had submitted the job.

    A job that failed fails the task, or skips it with ``soft_fail`` or ``never_fail``; one that does not exist does so
    after a minute, or after the ``timeout`` if that is shorter. ``silent_fail`` is for looks that fail, not for a job
    that did. The job is never cancelled.

    :param job_name: the job's name, or the result mapping of the task that submitted it.
    :param deferrable: wait in the triggerer; default: ``[operators] default_deferrable``.
    :param poll_interval: seconds between two looks while deferred; default: ``poke_interval``.
    :param stream_logs: copy the job's log into the task's log, in mode ``poke`` and while deferred (4 MiB at most);
        in mode ``reschedule`` its end, once it has ended.
    :param log_files: the files that are copied, as a glob pattern such as ``"user_logs/*"`` or a list of them; default:
        the log of the job's only or first node.
    :param on_canceled: what a job that somebody canceled does to the task: ``fail`` without retries, ``skip``, or
        ``retry``: fail as any failure does. A job that its own time limit ended has failed.
    :param start_in_trigger: wait in the triggerer from the beginning, without a worker, where Airflow (3.3) and the
        task allow it (not if ``job_name`` is another task's output); implies ``deferrable=True``.
    :param finish_in_trigger: end the task in the triggerer, without a worker, where nothing is lost by it; implies
        ``deferrable=True``.
    :param azureml_conn_id: connection of type ``azureml`` (or ``azure``).
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :return: the result of the job, and each output under its own name, as operators give them.
    """

    template_fields: Sequence[str] = (
        "job_name",
        "log_files",
        "azureml_conn_id",
        "subscription_id",
        "resource_group",
        "workspace_name",
    )
    operator_extra_links = (AzureMLStudioLink(),)
    has_studio_page = False
    """Whether this try may have pushed the address of its job's page."""
    ui_color = "#e3f0fb"
    further_keywords = ("poke_interval", "timeout", "soft_fail", "never_fail")

    def __init__(
        self,
        *,
        job_name: str | Mapping[str, Any],
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | None = None,
        stream_logs: bool = False,
        log_files: str | Sequence[str] | None = None,
        on_canceled: OnCanceled = "fail",
        start_in_trigger: bool = False,
        finish_in_trigger: bool = False,
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.deferrable = deferrable or start_in_trigger or finish_in_trigger
        self.poll_interval = poll_interval
        self.stream_logs = stream_logs
        self.log_files = log_files
        self.on_canceled = on_canceled
        self.start_in_trigger = start_in_trigger
        self.finish_in_trigger = finish_in_trigger
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self._watch: _Watch | None = None

    @property
    def output(self) -> Any:
        """A reference to the result. ``output["name"]`` is one of the job's outputs, and refused where it has none."""
        return checked(super().output)

    def output_names(self) -> frozenset[str] | None:
        """Those of the task whose result names the job; None if only a run shows them."""
        task: Any = getattr(self.job_name, "operator", None)
        return task.output_names() if hasattr(task, "output_names") else None

    def hook(self) -> AzureMLHook:
        """Make the hook for this sensor's workspace."""
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook.of(self)

    def execute(self, context: Any) -> Any:
        """Wait in the way that was asked for: poking, rescheduled or deferred."""
        self.say_why_on_worker()
        with telling_callbacks(), translated(), contextlib.ExitStack() as stack:
            with self.looking(), translated():
                watch = stack.enter_context(self._watching(context))
            check_on_canceled(self.on_canceled)
            if not self.deferrable:
                with self.poking():
                    result = super().execute(context)
            else:
                self._interval()  # before the first look, which may take a minute
                with self.looking(), translated():
                    result = self._look(watch)
                if result is None:
                    self._defer(context, watch.seen)
            describe(context, self.outlets, result)
            return result

    def poke(self, context: Any) -> PokeReturnValue:
        """Look at the job once, riding out a bad spell; done when it has completed."""
        with telling_callbacks(), translated(), self._watching(context) as watch:
            result = self._look(watch)
            return PokeReturnValue(is_done=result is not None, xcom_value=result)

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Come back from the triggerer: the event says that it is time to look, the service says what happened."""
        from airflow_azureml.lifecycle.records import JobEvent

        self.has_studio_page = True
        self.say_why_end_on_worker()
        with telling_callbacks(), translated(), self._task(context) as task:
            job_event = JobEvent.from_dict(event)
            if job_event.outcome == "deadline":
                raise self._out_of_time(job_event.message)
            job = task.come_back(job_event, configuration.wait_options(BETWEEN_FAILED_LOOKS))
            result = task.conclude(job, tail=self.stream_logs)
            describe(context, self.outlets, result)
            return result

    def _task(self, context: Any) -> JobTask:
        return JobTask(context["ti"], self.log, self.hook(), self.on_canceled, soft_fail=self.skips_failures)

    @contextlib.contextmanager
    def _watching(self, context: Any) -> Iterator[_Watch]:
        """One client for all looks of this process."""
        from airflow_azureml.lifecycle.wait import MISSING_OK_FOR

        if self._watch is not None:
            yield self._watch
            return
        with self._task(context) as task:
            patience = self.patience_of_look()
            limits = {"limit": patience, "missing_ok_for": min(MISSING_OK_FOR, patience)}
            options = configuration.wait_options(BETWEEN_FAILED_LOOKS, files=self.log_files, **limits)
            self._watch = _Watch(task, job_name_of(self.job_name), options)
            try:
                yield self._watch
            finally:
                self._watch = None

    def _look(self, watch: _Watch) -> dict[str, Any] | None:
        """Look once; the result of a job that has completed, None while it has not ended."""
        copies = self.stream_logs and not self.reschedule and not self.deferrable
        job = watch.look(copies)
        self.has_studio_page = True
        if not job.phase.is_terminal:
            return None
        with self.ending(AzureMLJobFailedError, AzureMLJobCanceledError):
            return watch.task.conclude(job, tail=self.stream_logs and not copies)

    def start_in_triggerer(self, context: Any, cancellation: TaskCancellation) -> dict[str, Any]:
        """Show the job's page; the arguments of the trigger that waits. Blocks: called on a thread."""
        from airflow_azureml.rest import jobs

        with translated(), JobTask(cancellation.ti, cancellation.log, cancellation.hook, self.on_canceled) as task:
            check_on_canceled(self.on_canceled)
            job = task.run(jobs.find(task.workspace, job_name_of(self.job_name)))
            if job is not None:
                task.show_page(job)
            return self._waiting(context["ti"], job, since=0.0)

    def trigger_timeout(self) -> timedelta | None:
        """The sensor's ``timeout``, and some time for the trigger to say so itself."""
        return timedelta(seconds=self.timeout + BACKSTOP)

    def _defer(self, context: Any, job: Job | None) -> None:
        from airflow_azureml.triggers.jobs import AzureMLJobTrigger

        ti = context["ti"]
        arguments = self._waiting(ti, job, since=time.time())
        end = self.end_in_trigger(ti.try_number <= ti.max_tries)
        trigger = AzureMLJobTrigger.of(self, end=end, try_number=ti.try_number, **arguments)
        self.defer_to(ti, trigger, arguments["deadline"])

    def _waiting(self, ti: Any, job: Job | None, *, since: float) -> dict[str, Any]:
        """The arguments of the trigger that waits for the job.

        :param since: epoch seconds before which no trigger of this try has begun.
        """
        limits = [self.timeout, *([self.execution_timeout.total_seconds()] if self.execution_timeout else [])]
        return {
            "job_name": job_name_of(self.job_name),
            "poll_interval": self._interval(),
            "patience": configuration.patience(),
            "deadline": self.began(ti) + min(limits),
            "steady": True,
            "log_copy": {
                "files": list(configuration.log_files(self.log_files)),
                "kind": None if job is None else job.kind,
                "since": since,
            }
            if self.stream_logs
            else None,
        }

    def _interval(self) -> float:
        return configuration.sensor_interval(self.poll_interval, self.poke_interval)

    def _out_of_time(self, message: str) -> Exception:
        if self.execution_timeout and self.execution_timeout.total_seconds() < self.timeout:
            return AzureMLJobTimeoutError(f"{message} The task's execution_timeout is {self.execution_timeout}.")
        return AirflowSensorTimeout(f"{message} The sensor's timeout is {self.timeout:g} s.")


class _Watch:
    """What one process of the sensor has seen of its job."""

    def __init__(self, task: JobTask, job_name: str, options: WaitOptions) -> None:
        self.task = task
        self._job_name = job_name
        self._options = options
        self.seen: Job | None = None
        self._follower: Any = None

    def look(self, copies: bool) -> Job:
        """Look once and report what is new.

        :param copies: copy what the job's log has gained into the task's.
        """
        from airflow_azureml.lifecycle.wait import look

        if self.seen is None:
            job = self.task.first_look(self._job_name, self._options)
            self.task.show_page(job)
        else:
            job = self.task.run(look(self._job_name, self._options))
        if self.seen is None or self.seen.status != job.status:
            self.task.log.info("Azure ML job %s is %s.", job.name, job.status)
        self.seen = job
        if copies:
            self._copy_log(job)
        return job

    def _copy_log(self, job: Job) -> None:
        from airflow_azureml.lifecycle.job_log import LogCopy, LogFollower

        if self._follower is None:
            self._follower = LogFollower(self.task.workspace, self._job_name, LogCopy(self._options.log_files))
        self.task.run(self._follower.look(job))
