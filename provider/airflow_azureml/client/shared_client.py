"""One asynchronous client shared by all waits for one workspace in an event loop: one token, one connection pool."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from airflow_azureml.client.drivers import AsyncMLClient
from airflow_azureml.rest.settings import Settings

_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Settings, SharedClient]] = WeakKeyDictionary()


class SharedClient(AsyncMLClient):
    """A client with several holders; the last one to close it closes its connections."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.holders = 0

    async def close(self) -> None:
        """Give back one share."""
        self.holders -= 1
        if self.holders > 0:
            return
        clients = _CLIENTS.get(asyncio.get_running_loop(), {})
        if clients.get(self.settings) is self:
            del clients[self.settings]
        await super().close()


def share(settings: Settings) -> SharedClient:
    """Take a share in the running loop's client for these settings; ``close`` gives it back."""
    clients = _CLIENTS.setdefault(asyncio.get_running_loop(), {})
    client = clients.get(settings)
    if client is None:
        client = clients[settings] = SharedClient(settings)
    client.holders += 1
    return client
