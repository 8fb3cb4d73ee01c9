"""The trigger that waits for a long-running operation, such as the creation of a batch endpoint; it only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_azureml.triggers.base import AzureMLBaseTrigger

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.resources.operations import OperationEvent


@dataclass(kw_only=True, eq=False, repr=False)
class AzureMLOperationTrigger(AzureMLBaseTrigger):
    """Wait until an operation is done, then fire one event: ``lifecycle.resources.operations.OperationEvent``.

    :param url: where the operation's state is found.
    :param header: the header that it comes from: ``Azure-AsyncOperation`` or ``Location``.
    :param pause: seconds before the first look.
    :param step: of several operations in a row, which one this is; the event brings it back.
    """

    url: str
    header: str
    pause: float = 2.0
    step: int = 0

    async def wait(self) -> OperationEvent:
        """Wait for the operation."""
        from airflow_azureml.lifecycle.resources.operations import Operation, OperationEvent, follow
        from airflow_azureml.rest.errors import AzureMLError, BadRequestError

        await self.turn()
        operation = Operation(self.url, self.header, self.first_look_after(self.pause))
        try:
            async with await self.hook().async_client() as client:
                await client.run(follow(operation, self.patience))
        except BadRequestError as error:
            return OperationEvent(self.step, "failed", str(error))
        except AzureMLError as error:
            return OperationEvent(self.step, "unknown", str(error))
        return OperationEvent(self.step, "done")
