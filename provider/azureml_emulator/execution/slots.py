"""Slots: how many jobs run at a time on this machine, and on each cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from azureml_emulator.jobs.models import Job
from azureml_emulator.workspace.computes import Computes, most_nodes


class Slots:
    """Room for jobs: so many commands at a time on this machine, and on a cluster not more than it has nodes."""

    def __init__(self, computes: Computes, limit: int) -> None:
        self._computes = computes
        self._limit = limit
        self._held: dict[str, tuple[str | None, int]] = {}
        self._freed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def held(self, job: Job, waiting: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold a slot for a job, once there is one.

        :param waiting: called with the reason when there is none yet.
        """
        wanted = (compute_name(job), int(job.definition["resources"]["instanceCount"]))
        async with self._freed:
            reason = self._refusal(*wanted)
            if reason:
                waiting(reason)
            await self._freed.wait_for(lambda: self._refusal(*wanted) is None)
            self._held[job.name] = wanted
        try:
            yield
        finally:
            del self._held[job.name]
            async with self._freed:
                self._freed.notify_all()

    def _refusal(self, compute: str | None, instances: int) -> str | None:
        if compute:
            nodes = self._nodes(compute)
            taken = sum(count for other, count in self._held.values() if other == compute)
            if nodes is not None and taken and taken + instances > nodes:
                return f"The compute {compute!r} has {nodes} node(s); too few of them are free of other jobs."
        if len(self._held) >= self._limit:
            return f"This emulator runs {self._limit} jobs at a time; the job waits for one of them to end."
        return None

    def _nodes(self, compute: str) -> int | None:
        found = self._computes.get(compute)
        return most_nodes(found) if found else None


def compute_name(job: Job) -> str | None:
    """The cluster a job runs on, in lower case; None for serverless."""
    compute_id = job.definition.get("computeId")
    name = str(compute_id).rpartition("/")[2].lower() if compute_id else "serverless"
    return None if name == "serverless" else name
