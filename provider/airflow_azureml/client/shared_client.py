"""One asynchronous client shared by all waits for one workspace in an event loop.

They share one token, one connection pool, and one poller that looks at their jobs.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from airflow_azureml.client.drivers import AsyncMLClient
from airflow_azureml.client.pipeline import RequestCounter
from airflow_azureml.client.poller import Poller
from airflow_azureml.rest.flow import Look
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.settings import Settings

MAX_REQUESTS_PER_SECOND = 5.0

_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Settings, SharedClient]] = WeakKeyDictionary()


class SharedClient(AsyncMLClient):
    """A client with several holders; the last one to close it closes its connections."""

    def __init__(self, settings: Settings, budget: float, count: RequestCounter | None = None) -> None:
        super().__init__(settings, count=count)
        self.holders = 0
        self.poller = Poller(settings.workspace, self.run, budget)

    async def _look(self, look: Look) -> Job:
        return await self.poller.look(look)

    async def close(self) -> None:
        """Give back one share."""
        self.holders -= 1
        if self.holders > 0:
            return
        clients = _CLIENTS.get(asyncio.get_running_loop(), {})
        if clients.get(self.settings) is self:
            del clients[self.settings]
        await self.poller.close()
        await super().close()


def share(
    settings: Settings,
    max_requests_per_second: float = MAX_REQUESTS_PER_SECOND,
    *,
    count: RequestCounter | None = None,
) -> SharedClient:
    """Take a share in the running loop's client for these settings; ``close`` gives it back.

    :param max_requests_per_second: for looks at jobs, of all holders together; the first holder's counts.
    :param count: told of each request; likewise the first holder's.
    """
    clients = _CLIENTS.setdefault(asyncio.get_running_loop(), {})
    client = clients.get(settings)
    if client is None:
        client = clients[settings] = SharedClient(settings, max_requests_per_second, count)
    client.holders += 1
    return client
