"""Slots: how many jobs run at a time on this machine, and on each cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from azureml_emulator.workspace.computes import Computes, cluster_name, most_nodes


class Slot(NamedTuple):
    """What a job takes.

    :param cluster: None where it runs on none.
    :param instances: how many nodes of the cluster.
    """

    cluster: str | None
    instances: int


class Slots:
    """Room for jobs: so many commands at a time on this machine, and on a cluster not more than it has nodes.

    Whoever waits is asked once for each slot that becomes free, in the order of coming; there may be thousands.
    """

    def __init__(self, computes: Computes, limit: int) -> None:
        self._computes = computes
        self._limit = limit
        self._held: list[Slot] = []
        self._waiting: dict[asyncio.Future[None], Slot] = {}

    @contextlib.asynccontextmanager
    async def held(self, compute_id: str | None, instances: int, waiting: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold a slot for a job, once there is one.

        :param compute_id: the cluster that the job runs on; None for serverless.
        :param instances: how many nodes of the cluster it takes.
        :param waiting: called with the reason when there is none yet.
        """
        slot = Slot(cluster_name(compute_id), instances)
        reason = self._refusal(slot)
        if reason is None:
            self._held.append(slot)
        else:
            waiting(reason)
            await self._turn(slot)
        try:
            yield
        finally:
            self._held.remove(slot)
            self._hand_out()

    async def _turn(self, slot: Slot) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = slot
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.pop(turn, None) is None:  # it had got its slot in the same moment
                self._held.remove(slot)
                self._hand_out()
            raise

    def _hand_out(self) -> None:
        """Give slots to those that wait, as far as there are any."""
        refused: set[Slot] = set()
        for turn, slot in list(self._waiting.items()):
            if len(self._held) >= self._limit:
                return
            if slot in refused or turn.cancelled():  # whoever has been cancelled takes itself off the list
                continue
            if self._refusal(slot):
                refused.add(slot)
                continue
            del self._waiting[turn]
            self._held.append(slot)
            turn.set_result(None)

    def _refusal(self, slot: Slot) -> str | None:
        if slot.cluster:
            nodes = self._nodes(slot.cluster)
            taken = sum(other.instances for other in self._held if other.cluster == slot.cluster)
            if nodes is not None and taken and taken + slot.instances > nodes:
                return f"The compute {slot.cluster!r} has {nodes} node(s); too few of them are free of other jobs."
        if len(self._held) >= self._limit:
            return f"This emulator runs {self._limit} jobs at a time; the job waits for one of them to end."
        return None

    def _nodes(self, cluster: str) -> int | None:
        compute = self._computes.get(cluster)
        return most_nodes(compute) if compute else None
