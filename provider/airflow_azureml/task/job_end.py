"""The end of a task's job: its result and XComs, or the error that says why there is none; and what it has used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from airflow_azureml.exceptions import (
    AzureMLJobCanceledError,
    AzureMLJobCanceledFinalError,
    AzureMLJobFailedError,
    AzureMLQueueTimeoutError,
    AzureMLSpecError,
)
from airflow_azureml.task.lineage.record import keep
from airflow_azureml.task.telling.callback_context import tell_callbacks
from airflow_azureml.task.telling.report import hand_on
from airflow_azureml.task.xcom import USAGE_KEY, reserved_keys
from airflow_azureml.version_compat import AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.costs.prices import Prices
    from airflow_azureml.lifecycle.records import Failure
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job

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


class JobEnd:
    """What a task does when its job has ended.

    :param ti: the task instance.
    :param log: the operator's log.
    :param hook: the operator's hook.
    :param on_canceled: what a cancel by somebody else does to the task.
    :param soft_fail: skip the task where its job failed or was canceled.
    :param queue_timeout: seconds that the job has from its submission until it runs; None for any number.
    """

    def __init__(
        self,
        ti: Any,
        log: Any,
        hook: AzureMLHook,
        on_canceled: OnCanceled,
        soft_fail: bool,
        queue_timeout: float | None,
    ) -> None:
        self.ti = ti
        self.log = log
        self.on_canceled = on_canceled
        self.soft_fail = soft_fail
        self.client = hook.client()
        self._queue_timeout = queue_timeout
        self.held_counts: list[Callable[[], None]] | None = None
        """Takes what is counted in place of Airflow's metrics, until it is known whether the task ends here."""
        self._left_queue: str | None = None
        """The job that this process has canceled because it was queued for too long."""

    @property
    def workspace(self) -> Workspace:
        """The workspace of the hook."""
        return self.client.workspace

    def report(self, record: Any) -> None:
        """Write a flow's news into the log."""
        from airflow_azureml.lifecycle.news import lines

        for level, text in lines(record):
            self.log.log(level, "%s", text)

    def run_to_end(self, flow: Flow[T]) -> T:
        """Carry a flow out that is no longer stopped: the job has ended."""
        return self.client.run(flow, news=self.report)

    def count(self, send: Callable[[], None]) -> None:
        """Send what is counted of the job's end, once: where a worker may yet do the same, only when none does."""
        if self.held_counts is None:
            send()
        else:
            self.held_counts.append(send)

    def page(self, job: Job) -> str | None:
        """The address of the job's page, opening in the connection's tenant."""
        from airflow_azureml.rest.ids import with_tenant

        return with_tenant(job.studio_url, self.client.settings.tenant_id) if job.studio_url else None

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

        tell_callbacks(job_name=job.name, studio_url=self.page(job), status=job.status)
        if job.phase is not Phase.SUCCEEDED:
            error = self._canceled(job) if job.phase is Phase.CANCELED else self._failed(job)
            tell_callbacks(failure=getattr(error, "failure", None))
            keep(self, job, error=error)
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
        from airflow_azureml.lifecycle.result import in_words, result_and_report

        tenant, reserved = self.client.settings.tenant_id, reserved_keys(getattr(self.ti, "task", None))
        found, report = self.run_to_end(
            result_and_report(self.workspace, job, reserved, tenant_id=tenant, prices=self._prices())
        )
        values = found.to_dict()
        self._leave_usage(values["usage"])
        for name, output in values["outputs"].items():
            if name in reserved:
                self.log.warning("Output %s is only in the result: its name is reserved for another XCom.", name)
            else:
                self.ti.xcom_push(key=name, value=output)
        hand_on(report, self.ti, self.log)
        keep(self, job, outputs=values["outputs"])
        self.log.info("Azure ML job %s ended as %s.%s", job.name, job.status, in_words(values["metrics"]))
        return values

    def _failed(self, job: Job) -> Exception:
        """The error of a task whose job failed."""
        from airflow_azureml.lifecycle.result import failure

        self.log.error("Azure ML job %s ended as %s.", job.name, job.status)
        return self._failure(job, self.run_to_end(failure(self.workspace, job, prices=self._prices())))

    def _canceled(self, job: Job) -> Exception:
        """The error of a task whose job is Canceled, though the task has not asked for it."""
        from airflow_azureml.lifecycle.cancel_reason import cancellation
        from airflow_azureml.lifecycle.result import overdue

        prices = self._prices()
        why = self.run_to_end(cancellation(self.workspace, job, self._queue_timeout, prices))
        if self._queue_timeout is not None and (why.left_in_queue or job.name == self._left_queue):
            self._leave_usage(why.usage)
            return AzureMLQueueTimeoutError(job.name, seconds=self._queue_timeout)
        if why.limit is not None:
            self.log.error("Azure ML job %s was ended by its own time limit.", job.name)
            return self._failure(job, self.run_to_end(overdue(self.workspace, job, why.limit, prices)))
        self.log.warning("Azure ML job %s ended as %s, and not by this task.", job.name, job.status)
        self._leave_usage(why.usage)
        parts = (f"Azure ML job {job.name} was canceled, and not by this task.", why.reason, self.page(job))
        return ON_CANCELED[self.on_canceled](" ".join(part for part in parts if part))

    def _failure(self, job: Job, why: Failure) -> AzureMLJobFailedError:
        self._leave_usage(why.usage)
        return AzureMLJobFailedError(
            job.name,
            status=job.status,
            code=why.code,
            reason=why.reason,
            log_tail=why.log_tail,
            studio_url=self.page(job),
            codes=why.codes,
            failure=why.kind,
            usage=why.usage,
        )

    def _prices(self) -> Prices | None:
        """The user's table of prices; one that is wrong is told in the log and is not used: the job has ended."""
        from airflow_azureml.configuration import prices
        from airflow_azureml.rest.errors import SettingsError

        try:
            return prices()
        except SettingsError as error:
            self.log.warning("%s The cost of the job is left out.", error)
            return None

    def _leave_usage(self, usage: Mapping[str, Any] | None) -> None:
        """Count what the job has used, tell callbacks, and leave it also where there is no result."""
        from airflow_azureml.observability import node_time

        if usage is not None:
            self.count(partial(node_time, usage, self.ti, self.workspace.name))
            tell_callbacks(usage=dict(usage))
            self.ti.xcom_push(key=USAGE_KEY, value=dict(usage))
