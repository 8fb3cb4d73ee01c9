"""One client per workspace and process for all who work in threads, as ``shared_client`` is for coroutines.

What one submission has found out, its token and its connections serve the next one in the same process. A process that
is forked from this one begins with none: connections cannot be shared.
"""

from __future__ import annotations

import atexit
import os
import threading
from time import monotonic

from airflow_azureml.client.drivers import MLClient
from airflow_azureml.client.pipeline import Limits, RequestCounter
from airflow_azureml.rest.settings import Settings

MOST = 8
"""Clients that are kept though nobody uses them."""

IDLE = 30.0
"""Seconds without a user after which connections are opened anew: Azure, and what lies between, drops idle ones."""


class KeptClient(MLClient):
    """A client that stays when its holders close it."""

    def __init__(self, settings: Settings, limits: Limits, count: RequestCounter | None) -> None:
        super().__init__(settings, limits, count=count)
        self.holders = 0
        self.idle_since = monotonic()

    def close(self) -> None:
        """Give back one share."""
        with _CLIENTS.lock:
            self.holders = max(self.holders - 1, 0)
            self.idle_since = monotonic()

    def disconnect(self) -> None:
        """Close all connections; the next request opens others."""
        if self._transport.session is not None:
            self._transport.session.close()

    def end(self) -> None:
        """Close it for good."""
        super().close()


class _Clients:
    """The clients of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_settings: dict[tuple[Settings, Limits], KeptClient] = {}

    def lend(self, settings: Settings, limits: Limits, count: RequestCounter | None) -> KeptClient:
        """Find or make a client, and count one more holder."""
        with self.lock:
            # The one that was lent last comes last.
            client = self.by_settings.pop((settings, limits), None) or KeptClient(settings, limits, count)
            self.by_settings[settings, limits] = client
            if client.holders == 0 and monotonic() - client.idle_since > IDLE:
                client.disconnect()
            client.holders += 1
            unused = [key for key, other in self.by_settings.items() if other.holders == 0]
            for key in unused[:-MOST]:
                self.by_settings.pop(key).end()
            return client

    def forget(self) -> None:
        """Begin anew: clients that somebody has go on, but are lent to nobody else."""
        with self.lock:
            clients, self.by_settings = self.by_settings, {}
        for client in clients.values():
            if client.holders == 0:
                client.end()


_CLIENTS = _Clients()


def lend(settings: Settings, limits: Limits | None = None, *, count: RequestCounter | None = None) -> MLClient:
    """Lend this process's client for these settings and limits; ``close`` gives it back.

    :param count: told of each request; that of whoever borrows it first.
    """
    return _CLIENTS.lend(settings, limits or Limits(), count)


def forget() -> None:
    """Forget what clients have found out: the next one asks for everything."""
    _CLIENTS.forget()


def _after_fork() -> None:
    # Neither the lock nor the connections of the process that this one comes from: they stay its own.
    global _CLIENTS
    _CLIENTS = _Clients()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(forget)
