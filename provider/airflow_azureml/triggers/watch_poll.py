"""One poll for all watchers of a workspace and a connection in an event loop.

Airflow 3.3 shares it itself (``shared_stream_key``); on 3.0 to 3.2 the watchers subscribe here. Either way each says
what it watches, for of its arguments the poll is told only those that all of them share.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow_azureml.timeouts import timeout

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.watching.survey import Found
    from airflow_azureml.lifecycle.watching.told import Sighting, Watch

log = logging.getLogger(__name__)

GATHER = 1.0
"""Seconds from the first new watcher to the round that serves it: those that begin together are asked for together."""

Snapshot = Mapping[Any, tuple[Any, ...]]
"""What one round has seen, by watch; a watch without news may be missing."""


@dataclass(eq=False)
class Interest:
    """What one watcher waits for.

    :param interval: seconds between two rounds, at most.
    :param horizon: the time before which nothing is news to it.
    :param fresh: it has not been served yet.
    """

    watch: Watch
    interval: float
    horizon: datetime | None = None
    fresh: bool = True


class WatchPoll:
    """The rounds of one workspace, for as long as somebody takes them."""

    def __init__(self, workspace: Mapping[str, str | None]) -> None:
        self._workspace = workspace
        self._interests: list[Interest] = []
        self._joined = asyncio.Event()
        self._queues: set[asyncio.Queue[Snapshot]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._said: dict[str, str] = {}

    def join(self, interest: Interest) -> None:
        """Watch something from the next round on."""
        self._interests.append(interest)
        self._joined.set()

    def leave(self, interest: Interest) -> None:
        """Watch it no longer."""
        with contextlib.suppress(ValueError):
            self._interests.remove(interest)

    async def subscribe(self) -> AsyncIterator[Snapshot]:
        """All rounds from now on, shared with all others who subscribe: for Airflow that does not share by itself."""
        queue: asyncio.Queue[Snapshot] = asyncio.Queue()
        self._queues.add(queue)
        if self._pump is None:
            self._pump = asyncio.create_task(self._hand_on())
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
            if not self._queues and self._pump is not None:
                self._pump.cancel()
                self._pump = None

    async def _hand_on(self) -> None:
        async for snapshot in self.rounds():
            for queue in self._queues:
                queue.put_nowait(snapshot)

    async def rounds(self) -> AsyncIterator[Snapshot]:
        """Look again and again; what fails is told once, and tried again: a trigger that ends is only begun anew."""
        from airflow_azureml.hooks.azureml import AzureMLHook
        from airflow_azureml.lifecycle.watching.survey import Survey

        survey, client = Survey(self._complain), None
        try:
            while True:
                await self._somebody()
                found: Found = {}
                served = list(self._interests)
                try:
                    if client is None:
                        hook: dict[str, Any] = dict(self._workspace)
                        client = await AzureMLHook(**hook).async_client()
                    wanted, fresh = _combined(served)
                    now = datetime.now(timezone.utc)
                    await client.run(survey.round(client.workspace, wanted, fresh, now, found))
                    self._said.pop("", None)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and may be over by the next round
                    self._complain("", error)
                    if client is not None:
                        # The connection may have been mended meanwhile.
                        await client.close()
                        client = None
                for interest in served:
                    interest.fresh = interest.fresh and interest.watch not in found
                if found:
                    yield found
                await self._pause()
        finally:
            if client is not None:
                await client.close()

    async def _somebody(self) -> None:
        """Wait until there is something to watch."""
        while not self._interests:
            self._joined.clear()
            await self._joined.wait()
        if self._joined.is_set():
            await asyncio.sleep(GATHER)
        self._joined.clear()

    async def _pause(self) -> None:
        """Wait for the next round, or for the next watcher."""
        interval = min((interest.interval for interest in self._interests), default=0.0)
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(interval):
                await self._joined.wait()

    def _complain(self, what: str, error: Exception) -> None:
        """Say what fails, once until it fails otherwise."""
        said = str(error) or type(error).__name__
        if self._said.get(what) != said:
            self._said[what] = said
            name = self._workspace["azureml_conn_id"]
            log.warning(
                "Watching%s through connection %s fails, and is tried again: %s", what and f" {what}", name, said
            )


_POLLS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str | None, ...], WatchPoll]] = WeakKeyDictionary()


def poll_of(workspace: Mapping[str, str | None]) -> WatchPoll:
    """The running event loop's poll for a workspace.

    :param workspace: the arguments of the hook.
    """
    polls = _POLLS.setdefault(asyncio.get_running_loop(), {})
    key = tuple(workspace.values())
    if key not in polls:
        polls[key] = WatchPoll(dict(workspace))
    return polls[key]


def _combined(interests: list[Interest]) -> tuple[dict[Watch, datetime | None], set[Watch]]:
    """Each watch with the earliest horizon of its watchers, and those of which one is fresh."""
    wanted: dict[Watch, datetime | None] = {}
    for one in interests:
        earlier = wanted.get(one.watch, one.horizon)
        wanted[one.watch] = None if earlier is None or one.horizon is None else min(earlier, one.horizon)
    return wanted, {one.watch for one in interests if one.fresh}


def news_of(snapshot: Snapshot, watch: Watch) -> tuple[Sighting, ...] | None:
    """What a round has seen of one watch; None where it has not looked."""
    return snapshot.get(watch)
