"""The run of a job on a node: its way through the queue, and what faults do to its node."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NoReturn

from azureml_emulator.control.faults import Fault
from azureml_emulator.control.kinds import NODE_LOST, PREEMPT, QUEUE, QUOTA
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.execution import job_faults
from azureml_emulator.execution.processes import Tree
from azureml_emulator.jobs import quotas
from azureml_emulator.jobs.job_run import JobRun
from azureml_emulator.workspace.computes import Computes, cluster_name, has_failed


class NodeRun(JobRun):
    """One job with processes of its own while it runs."""

    _computes: Computes
    """Where it waits for a node."""

    async def enter_queue(self) -> None:
        """Go on to ``Queued`` and stay there as long as faults ask for, and until the compute is ready.

        :raises ServiceError: there are no cores for the job (fault ``quota``), or its cluster is in a failed state.
        """
        definition = self._job.definition
        cluster = cluster_name(definition.get("computeId"))
        quota = self._take_fault(QUOTA, lambda fault: fault.when == "after")
        if quota and quota.delay is None:
            self._check_stop()
            raise quotas.no_quota(self._computes, definition)
        self._advance("Queued")
        if cluster is not None:
            await self._unless_stopped(self._computes.until_ready(cluster))
            if has_failed(self._computes.get(cluster)):
                raise job_faults.cluster_failed(cluster)
        for fault, reason in (
            (quota, quotas.WAITS_FOR_QUOTA),
            (self._take_fault(QUEUE), job_faults.WAITS_FOR_NODES),
        ):
            if fault:
                text = reason.format(**quotas.wanted(self._computes, definition))
                self.queue_because(text)
                in_trouble = self._computes.in_trouble(cluster, text) if fault is quota else contextlib.nullcontext()
                with in_trouble:
                    await self._unless_stopped(self._faults.hold(fault))

    def queue_because(self, reason: str) -> None:
        """Say why the job waits."""
        info = {"code": job_faults.QUEUE_CODE, "message": reason, "lastRefreshTimestamp": stamp(now())}
        self._jobs.change(self.name, queueing=info)

    async def until_end(self, tree: Tree) -> int:
        """The command's exit code; a fault may take its node away before (``preempt``, ``node_lost``).

        :raises RequeuedError: the node is gone, and the job is to go back to the queue.
        :raises ServiceError: the node is gone, and the job has failed.
        """
        await self._not_responding()
        fault = self._take_fault((PREEMPT, NODE_LOST))
        if fault is None:
            return await self._unless_stopped(tree.wait())
        if not fault.delay:
            await self._lose_node(fault, tree)
        end = asyncio.ensure_future(self._unless_stopped(tree.wait()))
        ended: set[asyncio.Future[int]] = {end}
        try:
            ended, _ = await asyncio.wait({end}, timeout=fault.seconds(0))
        finally:
            if ended:
                self._faults.give_back(fault)
            end.cancel()
            await asyncio.wait({end})
        if ended:
            return end.result()
        if not self._faults.stands(fault):
            return await self._unless_stopped(tree.wait())
        await self._lose_node(fault, tree)

    async def _lose_node(self, fault: Fault, tree: Tree) -> NoReturn:
        """End the command as its node does: with a warning (SIGTERM, after a while SIGKILL) or without."""
        if fault.kind == PREEMPT:
            self.say(job_faults.PREEMPTION_SAID)
            tree.end()
        else:
            self.say(job_faults.LOSS_SAID)
            tree.kill()
        await tree.wait()
        self._check_stop()
        if fault.requeue:
            raise job_faults.RequeuedError
        if fault.kind == PREEMPT:
            self.preempted()
        self._advance("NotResponding", process=None)
        await self._step("NotResponding")
        raise job_faults.node_lost()

    def preempted(self) -> NoReturn:
        """End the job, whose node was taken away for good."""
        raise job_faults.preempted()

    async def _not_responding(self) -> None:
        fault = self._take_fault("not_responding")
        if fault:
            self._advance("NotResponding")
            await self._unless_stopped(asyncio.sleep(fault.seconds(1)))
            self._advance("Running")
