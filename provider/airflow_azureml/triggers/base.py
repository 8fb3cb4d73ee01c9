"""The base of all triggers: it names a trigger's arguments once, reaches the workspace, and fires one event.

A subclass is a dataclass whose fields are its arguments, so its constructor and its serialised form follow from them.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_azureml.connection_id import refuse_written_out

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.records import JobEvent
    from airflow_azureml.lifecycle.resources.operations import OperationEvent

SETTLE = 5.0
"""Seconds before the first look, at least: an event that comes before the scheduler has digested that the worker is
done can make it fail the task."""

BEGIN_AT_ONCE = 10
"""Triggers that begin in one turn of their event loop, at most: a triggerer may start thousands of them together, and
whoever holds the loop for a fifth of a second is reported as blocking it."""


class Entrance:
    """Lets the triggers of one event loop begin a few at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[asyncio.Future[None]] = deque()

    def turn(self) -> asyncio.Future[None]:
        """What to await before a trigger begins."""
        turn = self._loop.create_future()
        if not self._queue:
            self._loop.call_soon(self._let_in)
        self._queue.append(turn)
        return turn

    def _let_in(self) -> None:
        for _ in range(min(BEGIN_AT_ONCE, len(self._queue))):
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
        if self._queue:
            self._loop.call_soon(self._let_in)


_ENTRANCES: WeakKeyDictionary[asyncio.AbstractEventLoop, Entrance] = WeakKeyDictionary()
_LOGS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[type, Any]] = WeakKeyDictionary()


@dataclass(kw_only=True, eq=False, repr=False)
class AzureMLBaseTrigger(BaseTrigger):
    """Wait for something in one workspace, then fire one event.

    :param azureml_conn_id: the connection; read in the triggerer, so no secret travels here.
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :param patience: seconds of failed looks in a row before the trigger gives up.
    :param try_number: of the try that is deferred; the event brings it back. None where it is not known.
    """

    azureml_conn_id: str = "azureml_default"
    subscription_id: str | None = None
    resource_group: str | None = None
    workspace_name: str | None = None
    patience: float = 900.0
    try_number: int | None = None

    def __post_init__(self) -> None:
        refuse_written_out(self.azureml_conn_id)
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def of(cls, holder: Any, **arguments: Any) -> AzureMLBaseTrigger:
        """Make a trigger for the workspace of an operator or a sensor.

        :param arguments: all others.
        """
        from airflow_azureml.hooks.azureml import WORKSPACE_ARGUMENTS

        return cls(**{name: getattr(holder, name) for name in WORKSPACE_ARGUMENTS}, **arguments)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in another process."""
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {item.name: getattr(self, item.name) for item in fields(self)}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait and fire one event."""
        event = replace(await self.wait(), try_number=self.try_number)
        yield TriggerEvent(event.to_dict())  # type: ignore[no-untyped-call]

    @abstractmethod
    async def wait(self) -> JobEvent | OperationEvent:
        """Wait until there is something to say."""

    def first_look_after(self, seconds: float = 0.0) -> float:
        """Seconds before the first look: not so soon that the event could come too early."""
        return max(seconds, SETTLE)

    def turn(self) -> asyncio.Future[None]:
        """What to await before this trigger begins."""
        loop = asyncio.get_running_loop()
        entrance = _ENTRANCES.get(loop)
        if entrance is None:
            entrance = _ENTRANCES[loop] = Entrance(loop)
        return entrance.turn()

    def tell(self, record: Any) -> None:
        """Write a flow's news into the task's log."""
        from airflow_azureml.lifecycle.news import reporter

        reporter(self.shared_log())(record)

    def shared_log(self) -> Any:
        """The log of all triggers of this class: one for each of thousands would take a kilobyte each.

        Whose log a line belongs to, Airflow knows by the context.
        """
        if self._log is not None:
            return self._log
        logs = _LOGS.setdefault(asyncio.get_running_loop(), {})
        log = logs.get(type(self))
        if log is None:
            log = logs[type(self)] = self.log
            self._log = None
        return log

    def hook(self) -> AzureMLHook:
        """Make the hook for this trigger's workspace."""
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook.of(self)
