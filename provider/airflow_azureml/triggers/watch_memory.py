"""Where a watcher keeps what it has told, so that a restart neither loses nor doubles an event.

On Airflow 3.3 that is the state store of the assets that it is for, on 3.0 to 3.2 an Airflow variable.
``plugin.watch_listener`` writes what an event has told in the transaction that stores the event. Where nothing listens,
because the plugin is not loaded, the trigger writes it itself, a minute after the event: a triggerer that dies in
between tells it once more when it comes back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from airflow_azureml.blocking import on_thread

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.watching.told import Told

LOOKS = (2.0, 3.0, 5.0, 10.0, 20.0, 20.0)
"""Seconds between the looks at whether an event was stored: a triggerer hands events on once a second, when it can."""

TRY_AGAIN_AFTER = 10.0
"""Seconds after which Airflow is asked again when it fails to answer."""


DESCRIPTION = "What an Azure ML watcher has told; without it the watch begins anew."


class Place(Protocol):
    """Where values are kept by key, beyond the life of a process."""

    async def get(self, key: str) -> list[Any]:
        """All values of a key; empty where there is none."""
        ...

    async def set(self, key: str, value: Any) -> None:
        """Keep a value."""
        ...


class AssetStates:
    """The state stores of assets (Airflow 3.3); one trigger may be for several assets."""

    def __init__(self, stores: Any) -> None:
        # Of several assets the accessors are had by asset alone, and nothing tells a trigger which ones it is for.
        self._stores: Sequence[Any] = list(getattr(stores, "_by_name", {}).values()) or [stores]

    async def get(self, key: str) -> list[Any]:
        """The values of all assets."""
        values = [await store.aget(key) for store in self._stores]
        return [value for value in values if value is not None]

    async def set(self, key: str, value: Any) -> None:
        """Keep a value with each asset."""
        for store in self._stores:
            await store.aset(key, value)


class Variables:
    """Airflow's variables (3.0 to 3.2), as ``airflow.sdk`` gives them: a triggerer has no database there."""

    async def get(self, key: str) -> list[Any]:
        """The value, or nothing."""
        from airflow.sdk import Variable

        text = await on_thread(Variable.get, key, default=None)
        return [] if text is None else [json.loads(text)]

    async def set(self, key: str, value: Any) -> None:
        """Keep a value."""
        from airflow.sdk import Variable

        await on_thread(Variable.set, key, json.dumps(value), description=DESCRIPTION)


class WatchMemory:
    """What one watcher has told.

    :param key: of its record.
    :param log: says when Airflow does not answer.
    """

    def __init__(self, place: Place, key: str, log: Any) -> None:
        self._place = place
        self._key = key
        self._log = log

    async def read(self) -> Told | None:
        """What was told; None where the watch has not begun. Waits for as long as Airflow does not answer."""
        from airflow_azureml.lifecycle.watching.told import Told

        while True:
            try:
                values = await self._place.get(self._key)
                break
            except Exception as error:  # noqa: BLE001 - an event too many or too few would be worse than a late one
                self._log.warning("Airflow does not say what this watcher has told: %s", str(error).partition("\n")[0])
            await asyncio.sleep(TRY_AGAIN_AFTER)
        told = None
        for value in values:
            told = Told.from_dict(value) if told is None else told.joined(Told.from_dict(value))
        return told

    async def write(self, told: Told) -> None:
        """Keep what was told. Waits for as long as Airflow does not answer."""
        while True:
            try:
                await self._place.set(self._key, told.to_dict())
                return
            except Exception as error:  # noqa: BLE001 - see read
                self._log.warning("Airflow does not keep what this watcher has told: %s", str(error).partition("\n")[0])
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def settle(self, told: Told) -> None:
        """See to it that what was told just now is kept; never before its events are stored: they would be lost."""
        kept = None
        for pause in LOOKS:
            await asyncio.sleep(pause)
            kept = await self.read()
            if kept is not None and kept.joined(told) == kept:
                return
        self._log.warning("No listener keeps what watchers have told: is the plugin of this provider loaded?")
        await self.write(told if kept is None else kept.joined(told))
