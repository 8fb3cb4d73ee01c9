"""Slots: how many jobs run at a time on this machine, and on each cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from azureml_emulator.workspace.computes import Computes, cluster_name, most_nodes


class Slots:
    """Room for jobs: so many commands at a time on this machine, and on a cluster not more than it has nodes."""

    def __init__(self, computes: Computes, limit: int) -> None:
        self._computes = computes
        self._limit = limit
        self._held: list[tuple[str | None, int]] = []
        self._freed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def held(self, compute_id: str | None, instances: int, waiting: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold a slot for a job, once there is one.

        :param compute_id: the cluster that the job runs on; None for serverless.
        :param instances: how many nodes of the cluster it takes.
        :param waiting: called with the reason when there is none yet.
        """
        slot = (cluster_name(compute_id), instances)
        async with self._freed:
            reason = self._refusal(*slot)
            if reason:
                waiting(reason)
            await self._freed.wait_for(lambda: self._refusal(*slot) is None)
            self._held.append(slot)
        try:
            yield
        finally:
            self._held.remove(slot)
            async with self._freed:
                self._freed.notify_all()

    def _refusal(self, cluster: str | None, instances: int) -> str | None:
        if cluster:
            nodes = self._nodes(cluster)
            taken = sum(count for other, count in self._held if other == cluster)
            if nodes is not None and taken and taken + instances > nodes:
                return f"The compute {cluster!r} has {nodes} node(s); too few of them are free of other jobs."
        if len(self._held) >= self._limit:
            return f"This emulator runs {self._limit} jobs at a time; the job waits for one of them to end."
        return None

    def _nodes(self, cluster: str) -> int | None:
        compute = self._computes.get(cluster)
        return most_nodes(compute) if compute else None
