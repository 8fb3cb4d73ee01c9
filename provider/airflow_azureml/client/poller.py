"""One loop that looks at all jobs that are waited for through one client, within one budget of requests.

Whose look comes next is decided by ``lifecycle.pacing``; this file asks and hands the answers to those who wait. Many
jobs are asked for at once where run history answers that; where it does not, each job is asked for by itself. A bad
spell is met together: one request finds out whether it is over.

Those who wait run in coroutines of their own and log there. The loop belongs to none of them: Airflow would write what
it logs to the log of the task in whose context it was started.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from typing import Any

from airflow_azureml.client.waiters import Waiter
from airflow_azureml.lifecycle.pacing.groups import Groups
from airflow_azureml.lifecycle.pacing.requests import Verdict, ask_for, judge
from airflow_azureml.lifecycle.pacing.schedule import CHUNK, Pacing
from airflow_azureml.lifecycle.pacing.tickets import Ticket
from airflow_azureml.rest.errors import (
    AzureMLError,
    NotFoundError,
    SettingsError,
)
from airflow_azureml.rest.flow import Flow, Look
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.timeouts import timeout

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Requests under way at the same time, at most."""

UNSEEN = 2
"""Answers without a job before it is looked at alone: one that was just submitted may be unknown for a moment."""

UNSEEN_PAUSE = 5.0
"""Seconds from such an answer to the next question, at most."""

LATE = 10.0
"""Seconds for which a look may be late that cannot be put off."""

SLICE = 50
"""Waiters who are told something before others get their turn in the event loop."""


class Poller:
    """Answers looks, for all coroutines of one event loop that share one client.

    :param ask: carries a flow through.
    :param budget: requests in a second.
    :param groups: what the workspace is known to answer.
    """

    def __init__(
        self, ws: Workspace, ask: Callable[[Flow[Any]], Coroutine[Any, Any, Any]], budget: float, groups: Groups
    ) -> None:
        self._ws = ws
        self._ask = ask
        self._pacing = Pacing(budget)
        self.throttle = self._pacing.throttle
        """When the next request may go out, which may also be one for something else than a job's status."""
        self._groups = groups
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        self._stretched = False
        self.waiting = 0
        """How many wait for an answer."""

    def look(self, look: Look) -> Waiter:
        """Wait for the status of a job; of the job only name, status and ``created_at`` are sure to be known.

        Awaiting it raises ``AzureMLError``: the look failed.
        """
        waiter = Waiter(look, self, LATE)
        assert waiter.ticket is not None
        self.waiting += 1
        self._queue(waiter.ticket, look.pause)
        return waiter

    def left(self, ticket: Ticket) -> None:
        """Forget somebody who does not wait any more."""
        self.waiting -= 1
        self._pacing.drop(ticket)

    async def close(self) -> None:
        """End the loop and what it has asked."""
        tasks = [task for task in (self._loop, *self._tasks) if task is not None]
        self._loop = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue(self, ticket: Ticket, pause: float) -> None:
        """Want a look in so many seconds."""
        now = self._time()
        self._pacing.ask(ticket, pause, now, self._groups.of(ticket.experiment, now))
        self._start(ticket.due)

    def _start(self, due: float) -> None:
        """See to it that the loop runs, and is awake in time."""
        if self._loop is None or self._loop.done():
            self._loop = self._spawn(self._work())
        elif due < self._asleep_until:
            self._wake.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return Context().run(asyncio.get_running_loop().create_task, work)

    async def _work(self) -> None:
        """Send requests while somebody waits."""
        try:
            await self._send_requests()
        except Exception as error:  # noqa: BLE001 - a bug must not leave anybody waiting for ever
            for ticket in list(self._pacing.tickets()):
                _fail(ticket, error)

    async def _send_requests(self) -> None:
        while True:
            if len(self._tasks) >= AT_ONCE:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                continue
            turn = self._pacing.take(self._time())
            if turn is None:
                return
            if isinstance(turn, float):
                await self._sleep(turn)
                continue
            self._report_stretch()
            task = self._spawn(self._request(turn))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _sleep(self, until: float) -> None:
        self._wake.clear()
        self._asleep_until = until
        try:
            async with timeout(max(until - self._time(), 0.001)):
                await self._wake.wait()
        except (TimeoutError, asyncio.TimeoutError):
            pass
        finally:
            self._asleep_until = 0.0

    async def _request(self, tickets: Sequence[Ticket]) -> None:
        """Ask for the jobs of some who wait, and answer them."""
        group = tickets[0].group
        try:
            shown: Mapping[str, Job] = await self._ask(ask_for(self._ws, group, [ticket.name for ticket in tickets]))
        except AzureMLError as error:
            if group is None:
                await self._failed_alone(tickets[0], error)
            else:
                await self._failed_together(group, tickets, error)
        except Exception as error:  # noqa: BLE001 - as above
            for ticket in tickets:
                _fail(ticket, error)
        else:
            self.throttle.succeeded()
            if self._groups.answered(group):
                self._regroup()
            for ticket in tickets:
                job = shown.get(ticket.name)
                if job is None:
                    self._missed(ticket)
                else:
                    self._answer(ticket, job)

    def _missed(self, ticket: Ticket) -> None:
        """Ask again for a job that an answer did not show; one that is missing again and again is looked at alone."""
        if ticket.waiter.done():
            return
        ticket.missed += 1
        if ticket.missed < UNSEEN:
            self._queue(ticket, min(ticket.interval, UNSEEN_PAUSE))
        else:
            self._ask_again([ticket], alone=True)

    def _answer(self, ticket: Ticket, job: Job) -> None:
        """Tell somebody of a job, if it is news to them; else look again later."""
        if ticket.waiter.done():
            return
        ticket.experiment = job.experiment_name or ticket.experiment
        ticket.missed *= ticket.group is None
        try:
            pause = ticket.look.again(job) if ticket.look.again is not None else None
        except Exception as error:  # noqa: BLE001 - as above
            _fail(ticket, error)
            return
        if pause is None:
            ticket.waiter.set_result(job)
        else:
            self._queue(ticket, pause)

    async def _failed_together(self, group: str, tickets: Sequence[Ticket], error: AzureMLError) -> None:
        verdict = judge(error)
        if verdict is Verdict.TOO_LARGE and self._pacing.shrink(len(tickets)):
            self._ask_again(tickets)
        elif verdict in (Verdict.TOO_LARGE, Verdict.REFUSED):
            self._refused(group, error)
            self._ask_again(tickets)
        else:
            now = self._time()
            if self._hold(error) and verdict is Verdict.FAILED and self._groups.failed(group, now):
                self._regroup()
            # Where such requests are not sent any more, also by the failure of one beside it, this one decides nothing.
            if self._groups.of(tickets[0].experiment, now) != group or self.throttle.failures == 1:
                self._ask_again(tickets)
            else:
                await self._fail_all(tickets, error)

    async def _failed_alone(self, ticket: Ticket, error: AzureMLError) -> None:
        if isinstance(error, (NotFoundError, SettingsError)):
            # About this job, or about nothing that time could mend.
            _fail(ticket, error)
            return
        self._hold(error)
        self._groups.failed(None, self._time())
        if self.throttle.failures == 1:
            self._ask_again([ticket])
        else:
            await self._fail_all([ticket], error)

    def _refused(self, group: str, error: AzureMLError) -> None:
        """Remember that such requests are not answered, and ask otherwise."""
        now = self._time()
        if self._groups.of(group, now) == group:
            log.info(
                "Run history does not tell of many jobs at once%s; they are asked for otherwise: %s",
                f" for experiment {group}" if group else "",
                error,
            )
        self._groups.refused(group, now)
        self._regroup(CHUNK)

    def _regroup(self, chunk: int | None = None) -> None:
        now = self._time()
        of = functools.cache(lambda experiment: self._groups.of(experiment, now))
        self._pacing.regroup(lambda ticket: of(ticket.experiment), chunk)

    def _hold(self, error: AzureMLError) -> bool:
        """Send nothing for a while; whether the failure is another one than those before."""
        return self.throttle.failed(self._time(), error.retry_after)

    async def _fail_all(self, tickets: Sequence[Ticket], error: AzureMLError) -> None:
        """Tell of a failure those who asked, and in a bad spell all whose turn it is: each has a patience to spend."""
        for ticket in tickets:
            _fail(ticket, error)
        now = self._time()
        others = [ticket for ticket in self._pacing.tickets() if ticket.due <= now]
        for start in range(0, len(others), SLICE):
            for ticket in others[start : start + SLICE]:
                _fail(ticket, error)
            await asyncio.sleep(0)

    def _ask_again(self, tickets: Sequence[Ticket], *, alone: bool = False) -> None:
        """Want a look at once, for those who still wait."""
        now = self._time()
        for ticket in tickets:
            if not ticket.waiter.done():
                self._pacing.again(ticket, now, None if alone else self._groups.of(ticket.experiment, now))
                self._start(ticket.due)

    def _report_stretch(self) -> None:
        """Say once that the budget is too small."""
        if self._stretched or (pause := self._pacing.stretched_to()) is None:
            return
        self._stretched = True
        log.warning(
            "%d jobs of workspace %s are waited for: within [azureml] max_requests_per_second, each is looked at every "
            "%.0f seconds, less often than asked for.",
            self.waiting,
            self._ws.name,
            pause,
        )

    def _time(self) -> float:
        return asyncio.get_running_loop().time()


def _fail(ticket: Ticket, error: Exception) -> None:
    if not ticket.waiter.done():
        ticket.waiter.set_exception(error)
