"""Sensors that wait for resources which somebody else makes, changes or starts: online deployments, computes."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_azureml import configuration
from airflow_azureml.exceptions import AzureMLException, AzureMLJobTimeoutError, AzureMLServiceError, translated
from airflow_azureml.task.deferral import BACKSTOP, DeferrableOperator
from airflow_azureml.task.fields.rendered_texts import TextFieldsOperator
from airflow_azureml.task.resource_fields import compute_name_of, deployment_name_of, endpoint_name_of, one_of
from airflow_azureml.task.sensor_skips import SkippingSensor
from airflow_azureml.version_compat import (
    AirflowSensorTimeout,
    AirflowSkipException,
    PokeReturnValue,
    conf,
)

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.resources.standing import Awaited, Standing

ComputeState = Literal["ready", "stopped"]


class AzureMLResourceBaseSensor(SkippingSensor, DeferrableOperator, TextFieldsOperator):
    """Wait until a resource stands as it should; a subclass says which.

    One that does not exist yet is waited for. One that has failed fails the task, or skips it with ``soft_fail`` or
    ``never_fail``.

    :param deferrable: wait in the triggerer; default: ``[operators] default_deferrable``.
    :param poll_interval: seconds between two looks while deferred; default: ``poke_interval``.
    :param azureml_conn_id: connection of type ``azureml`` (or ``azure``).
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :return: ``{"id", "name"}``.
    """

    template_fields: Sequence[str] = ("azureml_conn_id", "subscription_id", "resource_group", "workspace_name")
    ui_color = "#e3f0fb"

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | None = None,
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name

    @property
    def output(self) -> Any:
        """A reference to the result, which any keyword takes in place of a value: for type checkers ``Any``."""
        return super().output

    @abstractmethod
    def awaited(self) -> Awaited:
        """Say what is waited for.

        :raises AzureMLSpecError: a keyword is wrong.
        """

    def hook(self) -> AzureMLHook:
        """Make the hook for this sensor's workspace."""
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook.of(self)

    def execute(self, context: Any) -> Any:
        """Wait in the way that was asked for: poking, rescheduled or deferred."""
        if not self.deferrable:
            with self.poking():
                return super().execute(context)
        with translated():
            self._interval()
        with self.looking():
            found = self._look()
            stands = self._stands(found)
        return dict(found.result or {}) if stands else self._defer(context)

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once, riding out a bad spell; done when the resource stands as it should."""
        found = self._look()
        done = self._stands(found)
        return PokeReturnValue(is_done=done, xcom_value=dict(found.result or {}) if done else None)

    def execute_complete(self, context: Any, event: Any = None) -> dict[str, Any]:
        """Come back from the triggerer: the event says that it is time to look, the service says how things stand."""
        from airflow_azureml.lifecycle.resources.operations import OperationEvent

        with translated():
            said = OperationEvent.from_dict(event)
        if said.outcome == "deadline":
            raise self._out_of_time(said.message)
        found = self._look()
        if not self._stands(found):
            raise AzureMLServiceError(said.message or f"It was there, and is {found.state} now.")
        return dict(found.result or {})

    def _look(self) -> Standing:
        from airflow_azureml.lifecycle.news import ResourceState, reporter
        from airflow_azureml.lifecycle.resources.standing import Watch, look

        with translated(), self.hook().client() as client:
            awaited = self.awaited()
            watch = Watch(time.time, self.poke_interval, self.patience_of_look(), 0.0)
            report = reporter(self.log)
            found: Standing = client.run(look(client.workspace, awaited, watch), news=report)
            report(ResourceState(awaited.title, found.state))
            return found

    def _stands(self, found: Standing) -> bool:
        """Whether the resource stands as it should.

        :raises AzureMLException: it will not; skips instead with ``soft_fail`` or ``never_fail``.
        """
        if found.failure is not None:
            with self.ending(AzureMLException):
                raise AirflowSkipException(found.failure) if self.skips_failures else AzureMLException(found.failure)
        return found.is_there

    def _defer(self, context: Any) -> None:
        from airflow_azureml.triggers.resources import AzureMLResourceTrigger

        ti, awaited = context["ti"], self.awaited()
        with translated():
            interval, patience = self._interval(), configuration.patience()
        deadline = self.began(ti) + self._limit().total_seconds()
        trigger = AzureMLResourceTrigger.of(
            self,
            kind=awaited.kind,
            name=awaited.name,
            endpoint=awaited.endpoint,
            state=awaited.state,
            poll_interval=interval,
            deadline=deadline,
            patience=patience,
            try_number=ti.try_number,
        )
        self.defer_to(ti, trigger, deadline, BACKSTOP)

    def _interval(self) -> float:
        return configuration.sensor_interval(self.poll_interval, self.poke_interval)

    def _limit(self) -> timedelta:
        timeout = timedelta(seconds=self.timeout)
        return min(timeout, self.execution_timeout) if self.execution_timeout else timeout

    def _out_of_time(self, message: str) -> Exception:
        if self.execution_timeout and self.execution_timeout.total_seconds() < self.timeout:
            return AzureMLJobTimeoutError(f"{message} The task's execution_timeout is {self.execution_timeout}.")
        return AirflowSensorTimeout(f"{message} The sensor's timeout is {self.timeout:g} s.")


class AzureMLOnlineDeploymentSensor(AzureMLResourceBaseSensor):
    """Wait until a deployment of an online endpoint stands, such as one that a pipeline outside of Airflow makes.

    One that does not exist yet is waited for. One that has failed fails the task with the end of its log, or skips it
    with ``soft_fail``.

    :param endpoint_name: the endpoint, or the result of the task that made it.
    :param deployment_name: the deployment, or the result of the task that made it.
    """

    template_fields: Sequence[str] = (
        *AzureMLResourceBaseSensor.template_fields,
        "endpoint_name",
        "deployment_name",
    )

    def __init__(
        self, *, endpoint_name: str | Mapping[str, Any], deployment_name: str | Mapping[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name
        self.deployment_name = deployment_name

    def awaited(self) -> Awaited:
        """The deployment."""
        from airflow_azureml.lifecycle.resources.standing import Awaited

        endpoint = endpoint_name_of(self.endpoint_name)
        return Awaited("online deployment", deployment_name_of(self.deployment_name, endpoint), endpoint)


class AzureMLComputeSensor(AzureMLResourceBaseSensor):
    """Wait until a compute takes jobs, or until a compute instance is stopped.

    One that does not exist yet is waited for. One that could not be made fails the task with the service's reasons, or
    skips it with ``soft_fail``.

    :param name: the compute, or the result of the task that made it.
    :param state: ``ready``: it is made, and a compute instance runs; ``stopped``: a compute instance is stopped.
    """

    template_fields: Sequence[str] = (*AzureMLResourceBaseSensor.template_fields, "name", "state")

    def __init__(self, *, name: str | Mapping[str, Any], state: ComputeState = "ready", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.state = state

    def awaited(self) -> Awaited:
        """The compute."""
        from airflow_azureml.lifecycle.resources.standing import Awaited

        return Awaited("compute", compute_name_of(self.name), state=one_of("state", self.state, ComputeState))
