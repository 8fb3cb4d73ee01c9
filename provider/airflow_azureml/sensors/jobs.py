"""The sensor that waits for a job that somebody else submitted, and takes its result."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.exceptions import (
    AzureMLException,
    AzureMLJobCanceledError,
    AzureMLJobFailedError,
    AzureMLJobTimeoutError,
    AzureMLNotFoundError,
    AzureMLServiceError,
    translated,
)
from airflow_azureml.links import AzureMLStudioLink
from airflow_azureml.task.deferral import ResumableOperator
from airflow_azureml.task.job_task import OnCanceled, announce, check_on_canceled, conclude, first_look, job_name_of
from airflow_azureml.task.output_references import checked
from airflow_azureml.triggers.jobs import AzureMLJobTrigger, seconds
from airflow_azureml.version_compat import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.rest.jobs import Job

BACKSTOP = 60.0
"""Seconds after the trigger's own deadline at which Airflow ends the deferral: the trigger can say what happened."""


class AzureMLJobSensor(ResumableOperator, BaseSensorOperator):
    """Wait until a job has completed; its result and outputs are then this task's, as if it had submitted the job.

    A job that failed fails the task, or skips it with ``soft_fail``; one that does not exist does so after a minute.
    The job is never cancelled.

    :param job_name: the job's name, or the result mapping of the task that submitted it.
    :param deferrable: wait in the triggerer; default: ``[operators] default_deferrable``.
    :param poll_interval: seconds between two looks while deferred; default: ``poke_interval``.
    :param stream_logs: copy the job's log into the task's log in mode ``poke``; otherwise its end, once it has ended.
    :param on_canceled: what a job that somebody canceled does to the task: ``fail`` without retries, ``skip``, or
        ``retry``: fail as any failure does. A job that its own time limit ended has failed.
    :param azureml_conn_id: connection of type ``azureml`` (or ``azure``).
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    """

    template_fields: Sequence[str] = (
        "job_name",
        "azureml_conn_id",
        "subscription_id",
        "resource_group",
        "workspace_name",
    )
    operator_extra_links = (AzureMLStudioLink(),)
    has_studio_page = False
    """Whether this try may have pushed the address of its job's page."""
    ui_color = "#e3f0fb"

    def __init__(
        self,
        *,
        job_name: str | Mapping[str, Any],
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | None = None,
        stream_logs: bool = False,
        on_canceled: OnCanceled = "fail",
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.stream_logs = stream_logs
        self.on_canceled = on_canceled
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self._client: MLClient | None = None
        self._watch: _Watch | None = None

    @property
    def output(self) -> Any:
        """A reference to the result. ``output["name"]`` is one of the job's outputs, and refused where it has none."""
        return checked(super().output)

    def output_names(self) -> frozenset[str] | None:
        """Those of the task whose result tells the job; None where only a run tells them."""
        task: Any = getattr(self.job_name, "operator", None)
        return task.output_names() if hasattr(task, "output_names") else None

    def hook(self) -> AzureMLHook:
        """Make the hook for this sensor's workspace."""
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook(
            self.azureml_conn_id,
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            workspace_name=self.workspace_name,
        )

    def execute(self, context: Any) -> Any:
        """Wait in the way that was asked for: poking, rescheduled or deferred."""
        with translated(), self._connected() as client:
            check_on_canceled(self.on_canceled)
            if not self.deferrable:
                return super().execute(context)
            result = self._look(context, client)
            if result is None:
                self._defer(context)
            return result

    def poke(self, context: Any) -> PokeReturnValue:
        """Look at the job once, riding out a bad spell; done when it has completed."""
        with translated(), self._connected() as client:
            result = self._look(context, client)
            return PokeReturnValue(is_done=result is not None, xcom_value=result)

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Come back from the triggerer: the event says that it is time to look, the service says what happened."""
        from airflow_azureml.lifecycle.records import JobEvent

        self.has_studio_page = True
        with translated(), self._connected() as client:
            told = JobEvent.from_dict(event)
            if told.outcome == "deadline":
                raise self._out_of_time(told.message)
            if told.outcome == "missing":
                raise AzureMLNotFoundError(told.message)
            if told.outcome == "patience":
                raise AzureMLServiceError(told.message)
            result = self._look(context, client, told.job_name)
            if result is None:
                raise AzureMLException(told.message or f"The trigger ended, but job {told.job_name} has not.")
            return result

    @contextlib.contextmanager
    def _connected(self) -> Iterator[MLClient]:
        """One client for all looks of this process."""
        if self._client is not None:
            yield self._client
            return
        with self.hook().client() as client:
            self._client, self._watch = client, None
            try:
                yield client
            finally:
                self._client = None

    def _look(self, context: Any, client: MLClient, name: str | None = None) -> dict[str, Any] | None:
        """Look once; the result of a job that has completed, None while it has not ended."""
        if self._watch is None:
            self._watch = _Watch(name or job_name_of(self.job_name), context["ti"], self.log)
        follow = self.stream_logs and not self.reschedule and not self.deferrable
        job = self._watch.look(client, seconds("patience", None), follow)
        self.has_studio_page = True
        if not job.phase.is_terminal:
            return None
        try:
            tail = self.stream_logs and not follow
            return conclude(context["ti"], self.log, client, job, self.on_canceled, tail=tail)
        except (AzureMLJobFailedError, AzureMLJobCanceledError) as error:
            if self.soft_fail:
                raise AirflowSkipException(str(error)) from None
            raise

    def _defer(self, context: Any) -> None:
        limits = [self.timeout, *([self.execution_timeout.total_seconds()] if self.execution_timeout else [])]
        deadline = self.began(context["ti"]) + min(limits)
        self.note_deferral(context["ti"])
        poll_interval = self.poke_interval if self.poll_interval is None else self.poll_interval
        self.defer(
            trigger=AzureMLJobTrigger(
                job_name=job_name_of(self.job_name),
                azureml_conn_id=self.azureml_conn_id,
                subscription_id=self.subscription_id,
                resource_group=self.resource_group,
                workspace_name=self.workspace_name,
                poll_interval=seconds("poll_interval", poll_interval or None),
                patience=seconds("patience", None),
                deadline=deadline,
                try_number=context["ti"].try_number,
                steady=True,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(deadline - time.time(), 0) + BACKSTOP),
        )

    def _out_of_time(self, message: str) -> Exception:
        if self.execution_timeout and self.execution_timeout.total_seconds() < self.timeout:
            return AzureMLJobTimeoutError(f"{message} The task's execution_timeout is {self.execution_timeout}.")
        return AirflowSensorTimeout(f"{message} The sensor's timeout is {self.timeout:g} s.")


class _Watch:
    """What one process of the sensor has seen and told of its job."""

    def __init__(self, name: str, ti: Any, log: Any) -> None:
        self._name, self._ti, self._log = name, ti, log
        self._seen: Job | None = None
        self._follower: Any = None

    def look(self, client: MLClient, patience: float, follow: bool) -> Job:
        """Look once and tell what is new."""
        from airflow_azureml.lifecycle.wait import look

        interval = 5.0
        if self._seen is None:
            # The first look is plain: a wrong secret fails at once and is not ridden out.
            job = client.run(first_look(client, self._name, interval, patience), news=self._tell)
            announce(self._ti, self._log, client, job)
        else:
            flow = look(self._name, clock=time.time, interval=interval, patience=patience)
            job = client.run(flow, news=self._tell)
        if self._seen is None or self._seen.status != job.status:
            self._log.info("Azure ML job %s is %s.", job.name, job.status)
        self._seen = job
        if follow:
            self._follow(client, job)
        return job

    def _follow(self, client: MLClient, job: Job) -> None:
        from airflow_azureml.lifecycle.job_log import LogFollower

        if self._follower is None:
            self._follower = LogFollower(client.workspace, self._name)
        client.run(self._follower.look(job), news=self._tell)

    def _tell(self, record: Any) -> None:
        from airflow_azureml.lifecycle.news import lines

        for level, text in lines(record):
            self._log.log(level, "%s", text)
