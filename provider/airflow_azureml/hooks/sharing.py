"""What thousands of triggers of one event loop need at the same time is found out by one of them, for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from airflow_azureml.configuration import max_requests_per_second

if TYPE_CHECKING:
    from airflow_azureml.client import AsyncMLClient
    from airflow_azureml.rest.settings import Settings

T = TypeVar("T")

FOR = 5.0
"""Seconds for which what was found out is good: long enough for all triggers that begin together, short enough for a
connection that was changed."""

_FOUND: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, asyncio.Future[Any]]] = WeakKeyDictionary()


async def once_in_a_while(key: Hashable, find: Callable[[], Awaitable[T]]) -> T:
    """What ``find`` gives, or has given for the same key a moment ago; a failure is nobody else's."""
    loop = asyncio.get_running_loop()
    found = _FOUND.setdefault(loop, {})
    while (known := found.get(key)) is not None:
        if known.done():
            value: T = known.result()
            return value
        await asyncio.wait([known])
    found[key] = known = loop.create_future()
    try:
        value = await find()
        known.set_result(value)
    except BaseException:
        del found[key]
        known.cancel()
        raise
    loop.call_later(FOR, found.pop, key, None)
    return value


async def shared_client(
    key: Hashable, read_settings: Callable[[], Awaitable[Settings]], reread: Callable[[], Awaitable[Settings]]
) -> AsyncMLClient:
    """Take a share in the running event loop's client for a workspace.

    :param key: stands for what ``read_settings`` gives.
    :param reread: gives it as it is by then.
    """
    from airflow_azureml.observability import request_counter

    async def find_terms() -> tuple[Settings, float, Any]:
        settings = await read_settings()
        count = await asyncio.to_thread(request_counter, settings.workspace.name)
        return settings, max_requests_per_second(), count

    settings, budget, count = await once_in_a_while(key, find_terms)
    # The door: azure is loaded here, which takes a second; on a thread, for the loop serves others meanwhile.
    client = await once_in_a_while("client", partial(asyncio.to_thread, import_module, "airflow_azureml.client"))
    shared: AsyncMLClient = client.share(settings, budget, count=count)
    shared.reread = shared.reread or reread
    return shared
