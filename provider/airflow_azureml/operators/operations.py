"""The base of operators that wait for long-running operations on a resource."""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from airflow_azureml.configuration import patience
from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError, translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.deferral import DeferrableOperator
from airflow_azureml.version_compat import conf

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.lifecycle.resources.operations import Operation
    from airflow_azureml.rest.ids import Workspace


class AzureMLProvisioningBaseOperator(DeferrableOperator, AzureMLBaseOperator):
    """Bring a resource into a state by operations that take minutes; a subclass says which.

    :param deferrable: wait in the triggerer instead of on a worker; default: ``[operators] default_deferrable``.
    """

    pushes_each_key = True

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self._stop: threading.Event | None = None
        self._told_to_end = False

    @abstractmethod
    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """Say which operations to begin one after the other, and how the result is read when all are done.

        :raises rest.errors.SpecError: a keyword or the spec is wrong.
        """

    def execute(self, context: Any) -> Any:
        """Begin what is missing, and follow it to its end."""
        return self._go_on(context, 0)

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        """Come back from the triggerer: say why the operation failed, or go on with the next one."""
        from airflow_azureml.lifecycle.resources.operations import OperationEvent

        with translated():
            done = OperationEvent.from_dict(event)
        if done.outcome == "failed":
            raise AzureMLSpecError(done.message)
        if done.outcome == "unknown":
            self.log.warning("%s", done.message)
        return self._go_on(context, done.step + (done.outcome == "done"))

    def on_kill(self) -> None:
        """End the waiting; an operation that was begun goes on, and the next try finds it. Airflow 3 goes on all the
        same with a task that was told to end: nothing is begun then any more."""
        self._told_to_end = True
        if self._stop is not None:
            self._stop.set()

    def _go_on(self, context: Any, first: int) -> Any:
        self._stop = threading.Event()
        if self._told_to_end:
            self._stop.set()
        try:
            return self._carry_out(context, first)
        except Exception:
            if not self._stop.is_set():
                raise
            what = "An operation that it has begun goes on, and the next try finds it."
            raise AzureMLException(f"The task was told to end before what it waited for was done. {what}") from None

    def _carry_out(self, context: Any, first: int) -> Any:
        from airflow_azureml.lifecycle.news import reporter

        with translated():
            hook, limit = self.hook(), patience()
            plan = self.plan(context, hook.settings().workspace)
            for warning in plan.warnings:
                self.log.warning("%s", warning)
            with hook.client() as client:
                for number, step in list(enumerate(plan.steps))[first:]:
                    operation = client.run(step, news=reporter(self.log), stop=self._stop)
                    if operation is None:
                        continue
                    if self.deferrable:
                        self._defer(context, number, operation, limit)
                    self._follow(client, operation, limit)
                return client.run(plan.result, stop=self._stop)

    def _follow(self, client: Any, operation: Operation, limit: float) -> None:
        from airflow_azureml.lifecycle.resources.operations import follow

        client.run(follow(operation, limit), stop=self._stop)

    def _defer(self, context: Any, number: int, operation: Operation, limit: float) -> None:
        from airflow_azureml.triggers.operations import AzureMLOperationTrigger

        ti, deadline = context["ti"], None
        if self.execution_timeout is not None:
            # Airflow 3 does not hold a deferred task to it.
            deadline = self.began(ti) + self.execution_timeout.total_seconds()
        trigger = AzureMLOperationTrigger.of(
            self,
            url=operation.url,
            header=operation.header,
            pause=operation.pause,
            step=number,
            patience=limit,
            try_number=ti.try_number,
        )
        self.defer_to(ti, trigger, deadline, backstop=1.0)
