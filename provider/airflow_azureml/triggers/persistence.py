"""What a trigger could not finish when it was ended is gone on with for as long as its triggerer lives.

Airflow waits for ``on_kill`` no longer than ``[triggerer] on_kill_timeout``. A database that is slow, or a service that
is out of order, may need longer to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

PAUSES = (5.0, 10.0, 20.0, 30.0)
"""Seconds between two attempts; the last is kept to."""

_UNDER_WAY: set[asyncio.Task[None]] = set()
"""An event loop holds its tasks by weak references only."""

_ONE_AT_A_TIME: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Thousands of triggers may be ended in one outage: what answers again is asked by one after the other."""


def go_on_with(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Repeat something in the running event loop, beside whatever it does, until it says that it is done.

    :param attempt: must not raise; it is given up with the loop.
    """
    task = asyncio.get_running_loop().create_task(_repeat(attempt))
    _UNDER_WAY.add(task)
    task.add_done_callback(_UNDER_WAY.discard)


async def _repeat(attempt: Callable[[], Awaitable[bool]]) -> None:
    lock = _ONE_AT_A_TIME.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    number = 0
    while True:
        await asyncio.sleep(PAUSES[min(number, len(PAUSES) - 1)])
        async with lock:
            if await attempt():
                return
        number += 1
