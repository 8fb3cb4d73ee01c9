"""The trigger that waits for a long-running operation, such as the making of a batch endpoint; it only looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_azureml.triggers.jobs import DEFAULT_SECONDS


class AzureMLOperationTrigger(BaseTrigger):
    """Wait until an operation is done, then fire one event: ``lifecycle.batch.deployments.OperationEvent``, a mapping.

    :param url: where the operation's state is told.
    :param header: the header that told so: ``Azure-AsyncOperation`` or ``Location``.
    :param pause: seconds before the first look.
    :param step: of several operations in a row, which one this is; the event brings it back.
    :param azureml_conn_id: the connection; read in the triggerer, so no secret travels here.
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :param patience: seconds of failed looks in a row before the trigger gives up.
    :param try_number: of the try that is deferred; the event brings it back. None where it is not known.
    """

    def __init__(
        self,
        *,
        url: str,
        header: str,
        pause: float = 2.0,
        step: int = 0,
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        patience: float = DEFAULT_SECONDS["patience"],
        try_number: int | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.url = url
        self.header = header
        self.pause = pause
        self.step = step
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self.patience = patience
        self.try_number = try_number

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in another process."""
        names = (
            "url",
            "header",
            "pause",
            "step",
            "azureml_conn_id",
            "subscription_id",
            "resource_group",
            "workspace_name",
            "patience",
            "try_number",
        )
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the operation and fire one event."""
        from airflow_azureml.hooks.azureml import AzureMLHook
        from airflow_azureml.lifecycle.batch.deployments import Operation, OperationEvent, follow
        from airflow_azureml.rest.errors import AzureMLError, BadRequestError
        from airflow_azureml.triggers.jobs import SETTLE

        hook = AzureMLHook(
            self.azureml_conn_id,
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            workspace_name=self.workspace_name,
        )
        operation = Operation(self.url, self.header, max(self.pause, SETTLE))
        try:
            async with await hook.async_client() as client:
                await client.run(follow(operation, self.patience))
        except BadRequestError as error:
            event = OperationEvent(self.step, "failed", str(error))
        except AzureMLError as error:
            event = OperationEvent(self.step, "unknown", str(error))
        else:
            event = OperationEvent(self.step, "done")
        event = replace(event, try_number=self.try_number)
        yield TriggerEvent(event.to_dict())  # type: ignore[no-untyped-call]
