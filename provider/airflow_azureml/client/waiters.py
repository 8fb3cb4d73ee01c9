"""Those who wait for a look at a job: each is a future, for thousands of coroutines around them would cost more."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from airflow_azureml.lifecycle.pacing.tickets import Ticket
from airflow_azureml.rest.errors import TransientError
from airflow_azureml.rest.flow import Look
from airflow_azureml.rest.jobs import Job


class Host(Protocol):
    """Where somebody waits."""

    def left(self, ticket: Ticket) -> None:
        """Forget somebody who does not wait any more, however that came."""


class Waiter(asyncio.Future[Job]):
    """One who waits for a job's status; who cancels it has left.

    :param late: seconds for which a look may be late that cannot be put off.

    ``ticket``: the look; None once the wait is over.
    """

    __slots__ = ("_host", "_late", "ticket")

    def __init__(self, look: Look, host: Host, late: float) -> None:
        super().__init__()
        loop = self.get_loop()
        self._host = host
        self.ticket: Ticket | None = Ticket(look, loop.time(), self)
        latest = self.ticket.latest
        self._late = None if latest is None else loop.call_at(latest + late, self._give_up)

    def cancel(self, msg: Any | None = None) -> bool:
        """Leave."""
        canceled = super().cancel(msg)
        self._end()
        return canceled

    def set_result(self, result: Job) -> None:
        """Tell of the job."""
        super().set_result(result)
        self._end()

    def set_exception(self, exception: type | BaseException) -> None:
        """Tell of a failure."""
        super().set_exception(exception)
        self._end()

    def _give_up(self) -> None:
        if self.ticket is not None:
            self.set_exception(TransientError(f"Job {self.ticket.name} could not be looked at in time."))

    def _end(self) -> None:
        ticket, self.ticket = self.ticket, None
        if ticket is not None:
            self._host.left(ticket)
        if self._late is not None:
            self._late.cancel()
            self._late = None
