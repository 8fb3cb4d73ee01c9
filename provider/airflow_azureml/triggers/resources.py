"""The trigger of sensors that wait for a resource; it only reads."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_azureml.triggers.base import AzureMLBaseTrigger

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.resources.operations import OperationEvent


@dataclass(kw_only=True, eq=False, repr=False)
class AzureMLResourceTrigger(AzureMLBaseTrigger):
    """Wait until a resource stands as it should or will not, then fire one event, an ``OperationEvent``.

    :param kind: ``online deployment`` or ``compute``.
    :param name: the resource's own.
    :param endpoint: of a deployment.
    :param state: that is waited for.
    :param poll_interval: seconds between two looks.
    :param deadline: epoch seconds at which the wait is given up.
    """

    kind: str
    name: str
    endpoint: str
    state: str
    poll_interval: float
    deadline: float

    async def wait(self) -> OperationEvent:
        """Wait for the resource."""
        from airflow_azureml.lifecycle.resources.operations import OperationEvent
        from airflow_azureml.lifecycle.resources.standing import Awaited, Watch, wait
        from airflow_azureml.rest.errors import AzureMLError, DeadlineError

        await self.turn()
        awaited = Awaited(self.kind, self.name, self.endpoint, self.state)
        first = self.first_look_after(min(self.poll_interval, max(self.deadline - time.time(), 0.0)))
        watch = Watch(time.time, self.poll_interval, self.patience, self.deadline, first)
        try:
            async with await self.hook().async_client() as client:
                await client.run(wait(client.workspace, awaited, watch), news=self.tell)
        except DeadlineError as error:
            return OperationEvent(0, "deadline", str(error))
        except AzureMLError as error:
            return OperationEvent(0, "unknown", str(error))
        return OperationEvent(0, "done")
