"""Turns of requests beside the looks at jobs: one after another, within a budget that coroutines share."""

from __future__ import annotations

import asyncio

from airflow_azureml.lifecycle.pacing.throttle import Throttle

READS_PER_SECOND = 50.0
"""Pieces of log files that all who wait through one client read in a second, at most."""


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
