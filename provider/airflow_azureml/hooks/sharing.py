"""What thousands of triggers of one event loop need at the same time is found out by one of them, for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

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
