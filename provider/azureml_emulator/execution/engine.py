"""The engine: which jobs run, how many at a time, and what becomes of them when the emulator starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from azureml_emulator.batch.batch_run import BatchRun, runs_a_model
from azureml_emulator.core.errors import nested
from azureml_emulator.execution import process_environment, processes
from azureml_emulator.execution.command_run import CommandRun
from azureml_emulator.execution.requirements import Interpreters
from azureml_emulator.execution.staging import Stage
from azureml_emulator.jobs.job_run import JobRun
from azureml_emulator.jobs.models import BEFORE_RUNNING, Job, Jobs
from azureml_emulator.pipelines.pipeline_run import PipelineRun
from azureml_emulator.workspace.computes import most_nodes

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

logger = logging.getLogger(__name__)

RUNNERS: dict[str, type[JobRun]] = {"Command": CommandRun, "Pipeline": PipelineRun}
"""What runs each type of job. A runner of a graph submits its children here and awaits them with ``ended``."""

ON_EXIT = "The emulator was not running any more while the job ran; what was left of its processes was ended."


class Slots:
    """Room for jobs: so many commands at a time on this machine, and on a cluster not more than it has nodes."""

    def __init__(self, em: Emulator, limit: int) -> None:
        self._em = em
        self._limit = limit
        self._held: dict[str, tuple[str | None, int]] = {}
        self._freed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def held(self, name: str, waiting: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold a slot for a job, once there is one.

        :param waiting: told why there is none yet.
        """
        job = Jobs(self._em.store).get(name)
        assert job is not None
        wanted = (compute_name(job), int(job.definition["resources"]["instanceCount"]))
        async with self._freed:
            reason = self._refusal(*wanted)
            if reason:
                waiting(reason)
            await self._freed.wait_for(lambda: self._refusal(*wanted) is None)
            self._held[name] = wanted
        try:
            yield
        finally:
            del self._held[name]
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
        found = self._em.workspace.computes.get(compute)
        return most_nodes(found) if found else None


def compute_name(job: Job) -> str | None:
    """The cluster a job runs on, in lower case; None for serverless."""
    compute_id = job.definition.get("computeId")
    name = str(compute_id).rpartition("/")[2].lower() if compute_id else "serverless"
    return None if name == "serverless" else name


def begins_anew(job: Job) -> bool:
    """Whether a job that was not over when the emulator stopped runs after the next start: nothing of it had begun, and
    it is no step of a pipeline, which ends with the emulator."""
    return job.status in BEFORE_RUNNING and job.node is None


class Engine:
    """Runs jobs as tasks of the event loop. Job names are the keys of everything."""

    def __init__(self, em: Emulator) -> None:
        self._em = em
        self._jobs = Jobs(em.store)
        self._runs: dict[str, JobRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dawdling: set[str] = set()
        self.interpreters = Interpreters()
        self.slots = Slots(em, max(8, 2 * (os.cpu_count() or 1)))

    async def start(self) -> None:
        """End what a former emulator left behind, and go on with jobs that had not begun."""
        for folder in (self._em.settings.state / "jobs").glob("*"):
            Stage(folder).remove()
        for job in list(self._jobs.all()):
            if not job.ended:
                await self._recover(job)

    async def stop(self) -> None:
        """End every running job; jobs that had not begun wait for the next start."""
        for name, run in self._runs.items():
            job = self._jobs.get(name)
            if job and begins_anew(job):
                self._tasks[name].cancel()
            else:
                run.stop("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=2 * processes.GRACE + 5)

    def submit(self, name: str) -> None:
        """Begin a job that is in the store."""
        job = self._jobs.get(name)
        assert job is not None
        runner = BatchRun if runs_a_model(self._em, name) else RUNNERS[job.definition["jobType"]]
        self._runs[name] = run = runner(self._em, name)
        self._tasks[name] = task = asyncio.create_task(run.run(), name=f"job {name}")
        task.add_done_callback(lambda _: self._forget(name))

    def cancel(self, name: str, reason: str | None = None) -> None:
        """Ask a job to end; its status is ``CancelRequested`` until its processes are gone."""
        self._jobs.change(name, status="CancelRequested", cancel_reason=reason)
        self._runs[name].stop("cancel")

    async def ended(self, name: str) -> None:
        """Wait until a job's life is over."""
        task = self._tasks.get(name)
        if task:
            await asyncio.wait([task])

    def is_dawdling(self, name: str) -> bool:
        """Whether a cancel's operation is over although the job is still ``CancelRequested`` (fault
        ``cancel_slow``)."""
        return name in self._dawdling

    @contextlib.contextmanager
    def dawdling(self, name: str) -> Iterator[None]:
        """Mark a job whose cancel takes its time on purpose."""
        self._dawdling.add(name)
        try:
            yield
        finally:
            self._dawdling.discard(name)

    def _forget(self, name: str) -> None:
        self._runs.pop(name, None)
        task = self._tasks.pop(name, None)
        if task and not task.cancelled() and task.exception():
            logger.error("The job %s could not be run.", name, exc_info=task.exception())

    async def _recover(self, job: Job) -> None:
        marks = process_environment.identity_marks(self._em.settings, job.name)
        await processes.end_leftovers(job.process, marks)
        if begins_anew(job):
            start_over = {"status": "Starting", "walk": [*job.walk[:2]], "queueing": None}
            self._em.store.put("job", job.name, {**vars(job), **start_over})
            self.submit(job.name)
        elif job.status == "CancelRequested":
            self._jobs.change(job.name, status="Canceled", process=None)
        else:
            error = {
                "code": "ServiceError",
                "message": ON_EXIT,
                "messageParameters": {},
                "innerError": nested(("EmulatorStopped",)),
            }
            self._jobs.change(job.name, status="Failed", error=error, process=None, queueing=None)
