"""One loop that looks at all jobs that are waited for through one client, within one budget of requests.

Whose look comes next is decided by ``lifecycle.pacing``; this file asks and hands the answers to those who wait. Many
jobs are asked for at once where run history answers that; where it does not, each job is asked for by itself, which is
found out once and remembered for a while. A bad spell is met together: one request finds out whether it is over.

Those who wait run in coroutines of their own and log there. The loop belongs to none of them: Airflow would write what
it logs to the log of the task in whose context it was started.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from typing import Any

from airflow_azureml.lifecycle.pacing import Pacing, Ticket
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import (
    AzureMLError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ServiceError,
    SettingsError,
    TransientError,
)
from airflow_azureml.rest.flow import Call, Look
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.times import retry_after

log = logging.getLogger(__name__)

TOGETHER = "together"
"""The group of those who are asked for at once, from the whole workspace."""

REMEMBERED_FOR = 3600.0
"""Seconds for which a workspace is not asked for many jobs at once after it has refused that."""

SUSPENDED_FOR = 300.0
"""The same after such requests failed otherwise: the host of run history may be out of reach where Azure Resource
Manager is not."""

AT_ONCE = 4
"""Requests under way at the same time, at most."""

LATE = 10.0
"""Seconds for which a look may be late that cannot be put off."""

SLICE = 100
"""Waiters who are told of a failure before others get their turn in the event loop."""


class Waiter:
    """Somebody who waits for a look."""

    __slots__ = ("answer", "ticket")

    def __init__(self, ticket: Ticket, answer: asyncio.Future[Job]) -> None:
        self.ticket = ticket
        self.answer = answer


class Poller:
    """Answers looks, for all coroutines of one event loop that share one client.

    :param ask: makes a call.
    :param budget: requests in a second.
    """

    def __init__(self, ws: Workspace, ask: Callable[[Call[Any]], Coroutine[Any, Any, Any]], budget: float) -> None:
        self._ws = ws
        self._ask = ask
        self._pacing = Pacing(budget)
        self._waiters: dict[Ticket, Waiter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        self._alone_until = 0.0
        self._suspended = False
        self._failures_together = 0
        self._failed_alone_too = False
        self._stretched = False

    @property
    def waiting(self) -> int:
        """How many wait for an answer."""
        return len(self._waiters)

    async def look(self, look: Look) -> Job:
        """Wait for the status of a job; of the job only name, status and ``created_at`` are sure to be known.

        :raises AzureMLError: the look failed.
        """
        now = self._time()
        ticket = self._pacing.ask(look, now, None if now < self._alone_until else TOGETHER)
        waiter = Waiter(ticket, asyncio.get_running_loop().create_future())
        self._waiters[ticket] = waiter
        self._start(ticket.due)
        try:
            if look.latest is None:
                return await waiter.answer
            return await asyncio.wait_for(waiter.answer, look.latest + LATE)
        except asyncio.TimeoutError:
            raise TransientError(f"Job {look.job} could not be looked at in time.") from None
        finally:
            self._waiters.pop(waiter.ticket, None)
            self._pacing.drop(waiter.ticket)

    async def close(self) -> None:
        """End the loop and what it has asked."""
        tasks = [task for task in (self._loop, *self._tasks) if task is not None]
        self._loop = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
            for waiter in list(self._waiters.values()):
                _fail(waiter, error)

    async def _send_requests(self) -> None:
        while (moment := self._pacing.next_at()) is not None:
            if len(self._tasks) >= AT_ONCE:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                continue
            taken = self._pacing.take(self._time())
            if taken:
                self._report_stretch()
                task = self._spawn(self._request([self._waiters[ticket] for ticket in taken]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                await self._sleep(moment)

    async def _sleep(self, until: float) -> None:
        self._wake.clear()
        self._asleep_until = until
        try:
            await asyncio.wait_for(self._wake.wait(), max(until - self._time(), 0.001))
        except (TimeoutError, asyncio.TimeoutError):
            pass
        finally:
            self._asleep_until = 0.0

    async def _request(self, waiters: Sequence[Waiter]) -> None:
        """Ask for some jobs, and answer who waits for them."""
        together = waiters[0].ticket.group is not None
        names = [waiter.ticket.name for waiter in waiters]
        call = history.read_many(self._ws, names) if together else jobs.get(self._ws, names[0])
        try:
            found = await self._ask(call)
        except AzureMLError as error:
            if together:
                await self._failed_together(waiters, error)
            else:
                await self._failed_alone(waiters[0], error)
        except Exception as error:  # noqa: BLE001 - as above
            for waiter in waiters:
                _fail(waiter, error)
        else:
            self._succeeded(together)
            if together:
                self._answer(waiters, found)
            else:
                _answer(waiters[0], found)

    def _answer(self, waiters: Sequence[Waiter], runs: Mapping[str, Run]) -> None:
        """Hand out what run history showed; who is not in it is looked at alone."""
        for waiter in waiters:
            name = waiter.ticket.name
            run = runs.get(name)
            if run is None:
                self._again(waiter, None)
            else:
                message = run.queue_message or ""
                seen = Job(name, run.status, created_at=run.created_at, ended_at=run.ended_at, queue_message=message)
                _answer(waiter, seen)

    def _succeeded(self, together: bool) -> None:
        self._pacing.succeeded()
        if together:
            self._failures_together = 0
        elif self._failed_alone_too and self._suspended:
            # What is over was a bad spell of everything, not of run history alone.
            self._alone_until, self._suspended, self._failures_together = 0.0, False, 0
        self._failed_alone_too = False

    async def _failed_together(self, waiters: Sequence[Waiter], error: AzureMLError) -> None:
        status = error.reply.status if isinstance(error, ServiceError) else None
        if status in (400, 413) and self._pacing.shrink(len(waiters)):
            self._ask_again(waiters)
        elif isinstance(error, (BadRequestError, ForbiddenError, NotFoundError, SettingsError)):
            if self._time() >= self._alone_until:
                log.info("Run history does not tell of many jobs at once; each is asked for by itself: %s", error)
            self._look_alone_for(REMEMBERED_FOR)
            self._ask_again(waiters)
        else:
            self._failures_together += self._hold(error) and status not in (429, 503)
            if self._failures_together >= 2:
                self._suspended = True
                self._look_alone_for(SUSPENDED_FOR)
            if self._failures_together >= 2 or self._pacing.failures == 1:
                self._ask_again(waiters)
            else:
                await self._fail_all(waiters, error)

    async def _failed_alone(self, waiter: Waiter, error: AzureMLError) -> None:
        if isinstance(error, (NotFoundError, SettingsError)):
            # About this job, or about nothing that time could mend.
            _fail(waiter, error)
            return
        self._hold(error)
        self._failed_alone_too = True
        await self._fail_all([waiter], error)

    def _hold(self, error: AzureMLError) -> bool:
        """Send nothing for a while; whether the failure is another one than those before."""
        asked = retry_after(error.reply) if isinstance(error, ServiceError) else None
        return self._pacing.failed(self._time(), asked)

    async def _fail_all(self, waiters: Sequence[Waiter], error: AzureMLError) -> None:
        """Tell of a failure those who asked, and in a bad spell all whose turn it is: each has a patience to spend."""
        for waiter in waiters:
            _fail(waiter, error)
        if self._pacing.failures < 2:
            return
        now = self._time()
        others = [waiter for waiter in self._waiters.values() if waiter.ticket.live and waiter.ticket.due <= now]
        for start in range(0, len(others), SLICE):
            for waiter in others[start : start + SLICE]:
                _fail(waiter, error)
            await asyncio.sleep(0)

    def _look_alone_for(self, seconds: float) -> None:
        self._alone_until = self._time() + seconds
        self._pacing.regroup(TOGETHER, None)

    def _ask_again(self, waiters: Sequence[Waiter]) -> None:
        group = None if self._time() < self._alone_until else TOGETHER
        for waiter in waiters:
            self._again(waiter, group)

    def _again(self, waiter: Waiter, group: str | None) -> None:
        """Want a look for somebody once more, unless they have left."""
        if self._waiters.pop(waiter.ticket, None) is None:
            return
        waiter.ticket = self._pacing.again(waiter.ticket, self._time(), group)
        self._waiters[waiter.ticket] = waiter
        self._start(waiter.ticket.due)

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


def _answer(waiter: Waiter, job: Job) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(job)


def _fail(waiter: Waiter, error: Exception) -> None:
    if not waiter.answer.done():
        waiter.answer.set_exception(error)
