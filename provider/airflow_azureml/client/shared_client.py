"""One asynchronous client shared by all waits for one workspace in an event loop.

They share one token, one connection pool, and one poller that looks at their jobs.
"""

from __future__ import annotations

import asyncio
import functools
import gc
from weakref import WeakKeyDictionary

from airflow_azureml.client.drivers import AsyncMLClient
from airflow_azureml.client.pipeline import RequestCounter
from airflow_azureml.client.poller import Poller
from airflow_azureml.client.session import LOOKS_PER_SECOND
from airflow_azureml.client.waiters import Waiter
from airflow_azureml.lifecycle.pacing.groups import Groups
from airflow_azureml.lifecycle.pacing.throttle import Throttle
from airflow_azureml.rest.flow import Look, Plane, Turn
from airflow_azureml.rest.settings import Settings

READS_PER_SECOND = 50.0
"""Pieces of log files that all who wait through one client read in a second, at most."""

_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[dict[Settings, SharedClient], dict[Settings, Groups]]] = (
    WeakKeyDictionary()
)
"""The clients of each event loop, and what has been found out about their workspaces, which outlives them."""


class Turns:
    """Lets those who wait go on one by one, the first who came first, as a throttle allows."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._queue = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a turn, and use it up."""
        loop = asyncio.get_running_loop()
        async with self._queue:
            while (pause := self._throttle.free_at - loop.time()) > 0:
                await asyncio.sleep(pause)
            self._throttle.sent(loop.time())


class SharedClient(AsyncMLClient):
    """A client with several holders; the last one to close it closes its connections."""

    def __init__(self, settings: Settings, budget: float, groups: Groups, count: RequestCounter | None = None) -> None:
        super().__init__(settings, count=count)
        self.holders = 0
        self.poller = Poller(settings.workspace, self.run, budget, groups)
        self._turns = Turns(self.poller.throttle)
        self._blob_turns = Turns(Throttle(READS_PER_SECOND))

    async def _turn(self, turn: Turn) -> None:
        await (self._blob_turns if turn.plane is Plane.SIGNED else self._turns).take()

    def _look(self, look: Look) -> Waiter:
        return self.poller.look(look)

    async def close(self) -> None:
        """Give back one share."""
        self.holders -= 1
        if self.holders > 0:
            return
        clients, _ = _LOOPS.get(asyncio.get_running_loop(), ({}, {}))
        if clients.get(self.settings) is self:
            del clients[self.settings]
        await self.poller.close()
        await super().close()


def share(settings: Settings, budget: float = LOOKS_PER_SECOND, *, count: RequestCounter | None = None) -> SharedClient:
    """Take a share in the running loop's client for these settings; ``close`` gives it back.

    :param budget: looks at jobs in a second, of all holders together; the first holder's counts.
    :param count: told of each request; likewise the first holder's.
    """
    clients, groups = _LOOPS.setdefault(asyncio.get_running_loop(), ({}, {}))
    client = clients.get(settings)
    if client is None:
        _leave_out_of_collections()
        known = groups.setdefault(settings, Groups())
        client = clients[settings] = SharedClient(settings, budget, known, count)
    client.holders += 1
    return client


@functools.cache
def _leave_out_of_collections() -> None:
    """Have the garbage collector leave alone what the process has loaded by now; once in a process.

    A loaded Airflow has 180,000 objects, which a full collection goes over for 0.1 s and longer while no trigger is
    served. They are modules, classes and the like, and stay. What is garbage without a cycle is freed all the same.
    """
    gc.collect(1)
    gc.freeze()
