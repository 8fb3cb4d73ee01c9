"""The life of one task with one job: submit or find again, wait here or deferred, take the result, cancel if killed."""

from __future__ import annotations

import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from airflow_azureml.exceptions import AzureMLException, AzureMLNotFoundError, AzureMLServiceError, translated
from airflow_azureml.links import AzureMLStudioLink
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.cancellation import Ending
from airflow_azureml.task.deferral import ResumableOperator
from airflow_azureml.task.job_task import (
    OnCanceled,
    announce,
    check_on_canceled,
    conclude,
    first_look,
    record_name,
    recorded_name,
    unfinished,
)
from airflow_azureml.task.output_references import checked
from airflow_azureml.triggers.jobs import AzureMLJobTrigger, seconds
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AirflowTaskTimeout, conf, deferral_timeout

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.lifecycle.naming import JobIdentity
    from airflow_azureml.lifecycle.resume import Found
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job

T = TypeVar("T")

BACKSTOP = 60.0
"""Seconds after the trigger's own deadline at which Airflow ends the deferral: the trigger can say what happened."""


class Submission(Protocol):
    """How the job of one task comes to be. No mistake is left in it that can be found without asking the service."""

    def check(self, ws: Workspace) -> Flow[None]:
        """Find the mistakes that only the service can tell; changes nothing there."""
        ...

    def cancel_earlier(self, ws: Workspace) -> Flow[tuple[str, ...]]:
        """Cancel what earlier generations of this task instance left running."""
        ...

    def find_or_start(self, ws: Workspace) -> Flow[Found]:
        """Find this task's job or start it; tells its name as news as soon as there is one."""
        ...

    def find_active(self, ws: Workspace) -> Flow[tuple[str, ...]]:
        """Find the jobs of this task that go on and whose names nobody has told."""
        ...


class AzureMLJobBaseOperator(ResumableOperator, AzureMLBaseOperator):
    """Run one Azure ML job and wait for it; a subclass says only what the job is and how it comes to be.

    :param wait_for_completion: False ends the task once the job is submitted; its result then has no outputs yet.
    :param deferrable: wait in the triggerer instead of on a worker; default: ``[operators] default_deferrable``.
    :param poll_interval: seconds between two looks at the job, at most: young jobs are looked at sooner, after 1, 2, 4,
        8 ... seconds; default: ``[azureml] poll_interval`` (30).
    :param patience: seconds of failed looks in a row before the task gives up; default: ``[azureml] patience`` (900).
    :param stream_logs: copy the job's log into the task's log while waiting on a worker; after a deferral, its end.
    :param cancel_on_kill: cancel the job when the task is cleared, failed or otherwise ended by hand, or out of time.
    :param on_canceled: what a cancel by somebody else does: ``fail`` without retries, ``skip``, or ``retry``: fail as
        any failure does. A job that its own time limit ended has failed.
    """

    operator_extra_links = (AzureMLStudioLink(),)
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
        cancel_on_kill: bool = True,
        on_canceled: OnCanceled = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.patience = patience
        self.stream_logs = stream_logs
        self.cancel_on_kill = cancel_on_kill
        self.on_canceled = on_canceled
        self._ending: Ending | None = None
        self._told_early = False

    @property
    def output(self) -> Any:
        """A reference to the result. ``output["name"]`` is one of the job's outputs, and refused where it has none."""
        return checked(super().output)

    def output_names(self) -> frozenset[str] | None:
        """The names of the job's outputs; None where only a run tells them."""
        return None

    @abstractmethod
    def submission(self, context: Any, workspace: Workspace) -> Submission:
        """Make the job ready to be started.

        :raises rest.errors.SpecError: the keywords contradict each other, or what they say is wrong.
        """

    def execute(self, context: Any) -> dict[str, Any]:
        """Submit the job, or find the one that an earlier try submitted, and wait for it."""
        return self._live(context, lambda ending: self._submit_and_wait(context, ending))

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Come back from the triggerer: the event says that it is time to look, the service says what happened."""
        self.has_studio_page = True
        return self._live(context, lambda ending: self._take_up(context, ending, event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Cancel the job when the deferral itself ran out of time, before Airflow fails the task."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_timeout() as error:
            if "timeout" not in str(error).lower():
                raise  # 2.11 says the same of a trigger that broke: its job goes on, and the next try finds it.
            ending = self._begin(context)
            ending.job_name = recorded_name(ending.ti)
            raise ending.out_of_time(self.execution_timeout) from None

    def on_kill(self) -> None:
        """Cancel the job if Airflow ends this task; leave it running if Airflow merely ends this process."""
        time_is_up = isinstance(sys.exc_info()[1], AirflowTaskTimeout)
        if self._ending is None:
            if not time_is_up:
                self._told_early = True  # 3.x goes on with execute all the same
                return
            # 2.11, come back from the triggerer too late: nothing of ours has run in this process.
            from airflow_azureml.version_compat import get_current_context

            self._ending = self._begin(get_current_context())
            self._ending.job_name = recorded_name(self._ending.ti)
        if time_is_up:
            if not self._ending.told.is_set():
                self.log.error("%s", self._ending.out_of_time(self.execution_timeout))
            return
        self._ending.begin()
        if not AIRFLOW_V_3_0_PLUS:
            # 3.x lets execute go on, which waits for the decision itself; 2.11 raises as soon as this returns.
            self._ending.settle()

    def _begin(self, context: Any) -> Ending:
        limit, looped = self.execution_timeout, context.get("loop") is not None
        return Ending(context["ti"], self.log, self.hook(), self.cancel_on_kill, limit, looped=looped)

    def _live(self, context: Any, life: Callable[[Ending], T]) -> T:
        """Run a part of the task's life; whatever ends it early takes the job along, or says why not."""
        ending = self._ending = self._begin(context)
        if self._told_early:
            ending.begin()
        try:
            with translated():
                return life(ending)
        except AirflowTaskTimeout:
            raise ending.out_of_time(self.execution_timeout) from None
        except Exception:
            if ending.told.is_set():
                raise ending.interrupted() from None
            raise

    def _submit_and_wait(self, context: Any, ending: Ending) -> dict[str, Any]:
        check_on_canceled(self.on_canceled)
        poll_interval, patience = seconds("poll_interval", self.poll_interval), seconds("patience", self.patience)
        submission = self.submission(context, ending.hook.settings().workspace)
        with ending.hook.client() as client:
            job = self._submit(client, ending, submission)
            url = announce(ending.ti, self.log, client, job)
            self.has_studio_page = True
            if not self.wait_for_completion:
                return unfinished(job, url)
            shown = False
            if not job.phase.is_terminal and self.deferrable:
                # A job that has ended already must not be deferred for: a trigger that fires at once can fail its task.
                job = self._look(client, ending, poll_interval, patience)
                if not job.phase.is_terminal:
                    self._defer(ending, poll_interval, patience)
            if not job.phase.is_terminal:
                job, shown = self._wait(client, ending, poll_interval, patience), self.stream_logs
            ending.check()
            tail = self.stream_logs and not shown
            return conclude(ending.ti, self.log, client, job, self.on_canceled, tail=tail)

    def job_identity(self, context: Any, name_hint: str | None = None) -> JobIdentity:
        """Name this task's jobs. Each *Clear* begins a generation; Airflow's own retries stay in theirs."""
        from airflow_azureml.lifecycle.naming import identify
        from airflow_azureml.task.identity import task_facts

        return identify(task_facts(context, self.retries or 0, name_hint))

    def _submit(self, client: MLClient, ending: Ending, submission: Submission) -> Job:
        """Find this task's job or start it, once all that earlier generations left running is cancelled."""
        from airflow_azureml.lifecycle.news import Invoked, Invoking, Submitting

        def hear(record: Any) -> None:
            if isinstance(record, (Submitting, Invoked)):
                ending.job_name = record.job_name
                record_name(ending.ti, record.job_name)
            elif isinstance(record, Invoking):
                # From here to the answer there may be a job whose name only the service knows.
                ending.search = submission.find_active
            self.tell(record)

        client.run(submission.check(client.workspace), news=self.tell, stop=ending.told)
        if self.cancel_on_kill and self.wait_for_completion:
            client.run(submission.cancel_earlier(client.workspace), news=self.tell, stop=ending.told)
        found = client.run(submission.find_or_start(client.workspace), news=hear, stop=ending.told)
        ending.job_name, ending.status = found.job.name, found.job.status
        if not found.submitted:
            record_name(ending.ti, found.job.name)
            self.log.info("Found Azure ML job %s of an earlier try; it is %s.", found.job.name, found.job.status)
        ending.check()
        return found.job

    def _look(self, client: MLClient, ending: Ending, poll_interval: float, patience: float) -> Job:
        flow = first_look(client, str(ending.job_name), poll_interval, patience)
        return client.run(flow, news=self.tell, stop=ending.told)

    def _wait(self, client: MLClient, ending: Ending, poll_interval: float, patience: float) -> Job:
        from airflow_azureml.lifecycle.news import StatusChange
        from airflow_azureml.lifecycle.wait import wait

        def hear(record: Any) -> None:
            if isinstance(record, StatusChange):
                ending.status = record.status
            self.tell(record)

        flow = wait(
            client.workspace,
            str(ending.job_name),
            clock=time.time,
            poll_interval=poll_interval,
            patience=patience,
            stream_logs=self.stream_logs,
        )
        return client.run(flow, news=hear, stop=ending.told)

    def _defer(self, ending: Ending, poll_interval: float, patience: float) -> None:
        ending.check()
        deadline = None
        if self.execution_timeout is not None:
            # Airflow 3 does not hold a deferred task to it, and counts anew after each deferral.
            deadline = self.began(ending.ti) + self.execution_timeout.total_seconds()
        self.note_deferral(ending.ti)
        self.defer(
            trigger=AzureMLJobTrigger(
                job_name=str(ending.job_name),
                azureml_conn_id=self.azureml_conn_id,
                subscription_id=self.subscription_id,
                resource_group=self.resource_group,
                workspace_name=self.workspace_name,
                poll_interval=poll_interval,
                patience=patience,
                deadline=deadline,
                cancel_on_kill=self.cancel_on_kill,
                try_number=ending.ti.try_number,
                looped=ending.looped,
            ),
            method_name="execute_complete",
            timeout=None if deadline is None else timedelta(seconds=max(deadline - time.time(), 0) + BACKSTOP),
        )

    def _take_up(self, context: Any, ending: Ending, event: Any) -> dict[str, Any]:
        from airflow_azureml.lifecycle.records import JobEvent

        told = JobEvent.from_dict(event)
        ending.job_name = told.job_name
        if told.outcome == "deadline":
            raise ending.out_of_time(self.execution_timeout)
        if told.outcome == "missing":
            raise AzureMLNotFoundError(told.message)
        if told.outcome == "patience":
            raise AzureMLServiceError(told.message)
        poll_interval, patience = seconds("poll_interval", self.poll_interval), seconds("patience", self.patience)
        with ending.hook.client() as client:
            job = self._look(client, ending, poll_interval, patience)
            ending.status = job.status
            if not job.phase.is_terminal:
                raise AzureMLException(told.message or f"The trigger ended, but job {job.name} is {job.status}.")
            ending.check()
            return conclude(ending.ti, self.log, client, job, self.on_canceled, tail=self.stream_logs)
