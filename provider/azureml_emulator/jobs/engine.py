"""The engine: records jobs, runs them, and recovers or ends them when the emulator starts and stops.

What is particular to a type of job stands in its ``JobType``; the application makes the table of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azureml_emulator.core.callers import CALLER
from azureml_emulator.core.errors import ServiceError, nested
from azureml_emulator.core.schema import Shape
from azureml_emulator.core.transitions import JOBS
from azureml_emulator.jobs.artifacts import default_output
from azureml_emulator.jobs.definitions import Properties, with_defaults
from azureml_emulator.jobs.job_run import JobRun, RunContext
from azureml_emulator.jobs.models import BEFORE_RUNNING, STOPPABLE, Job
from azureml_emulator.jobs.views import JobView, RunView

logger = logging.getLogger(__name__)

ON_EXIT = "The emulator stopped while the job ran; the job's remaining processes were ended."

LAST_WORDS = 15.0
"""Seconds that running jobs get to end when the emulator stops."""


Runner = Callable[["Engine", str], JobRun]
"""``runner(engine, name)``: what takes the job of this name to its end."""


async def nothing_left(jobs: Sequence[Job]) -> None:
    """End what a former emulator left of some jobs: nothing."""


@dataclass(frozen=True)
class JobType:
    """One type of job.

    :param name: its ``jobType``, such as ``Command``.
    :param schema: the keys of its properties.
    :param check: ``check(engine, properties, depth)``: the properties, with references in the service's
        spelling. It raises the service's error where they name something that does not exist or does not fit;
        ``depth`` counts the pipelines around the job.
    :param complete: ``complete(definition)``: the definition with the defaults of this type.
    :param run: what takes the job to its end.
    :param job_view: how it shows as a job.
    :param run_view: how it shows as a run.
    :param needs_user_token: whether its PUT must carry a token for Azure ML, too.
    :param default_output: whether the job's artifacts are among its outputs, under the name ``default``.
    :param end_leftovers: ends processes that a former emulator left of some jobs.
    """

    name: str
    schema: Shape
    check: Callable[[Engine, Properties, int], Properties]
    complete: Callable[[Properties], Properties]
    run: Runner
    job_view: JobView
    run_view: RunView
    needs_user_token: bool = False
    default_output: bool = False
    end_leftovers: Callable[[Sequence[Job]], Awaitable[object]] = nothing_left


class Engine:
    """Takes jobs and runs them as tasks of the event loop. Job names are the keys of everything.

    :param runners: further runners by the name that a job's record gives; other jobs are run by their type's.
    :param created_by: the id of the application that makes the jobs which no request asks for.
    """

    def __init__(
        self,
        context: RunContext,
        types: Iterable[JobType],
        runners: Mapping[str, Runner],
        created_by: str,
    ) -> None:
        self.context = context
        self.jobs = context.jobs
        self.types: dict[str, JobType] = {}
        self._runners = dict(runners)
        self._created_by = created_by
        self._runs: dict[str, JobRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lineages: dict[str, frozenset[str]] = {}
        self._recovered: list[str] = []
        for row in types:
            self.add_type(row)

    def add_type(self, row: JobType) -> None:
        """Add a type of job."""
        self.types[row.name] = row
        self._runners[row.name] = row.run

    # submission --------------------------------------------------------------------------------------

    def check(self, properties: Properties, depth: int = 0) -> Properties:
        """The properties with their references in the service's spelling; everything they name exists.

        :raises ServiceError: 400 ``UserError`` for what does not exist.
        """
        return self.types[properties["jobType"]].check(self, properties, depth)

    def type_of(self, job: Job) -> JobType:
        """The type of a job."""
        return self.types[job.definition["jobType"]]

    def complete(self, name: str, properties: Properties) -> Properties:
        """The definition as the service stores it: with its defaults."""
        job_type = self.types[properties["jobType"]]
        definition = job_type.complete(with_defaults(properties))
        definition.setdefault("displayName", name)
        if job_type.default_output:
            definition["outputs"] = {"default": default_output(name), **definition["outputs"]}
        return definition

    def begin(
        self,
        name: str,
        properties: Properties,
        *,
        parent: str | None = None,
        root: str | None = None,
        node: str | None = None,
    ) -> Job:
        """Check a job, record it and start it.

        :param properties: properties that fit the schema of their type.
        :param parent: the job it belongs to; ``root`` is the outermost one.
        :param node: the job's name in the graph of its parent, which makes it a step of a pipeline.
        :raises ServiceError: something that it names does not exist or does not fit; no job was made.
        """
        job = self.add(name, self.check(properties), parent=parent, root=root, node=node)
        self.submit(name)
        return job

    def add(
        self,
        name: str,
        properties: Properties,
        *,
        parent: str | None = None,
        root: str | None = None,
        node: str | None = None,
        runner: str | None = None,
        is_part: bool = False,
        reuses: str | None = None,
    ) -> Job:
        """Record a job; ``submit`` starts it.

        :param is_part: whether it is a part of its parent although it is no step of a pipeline.
        :param reuses: the earlier step whose results it takes over.
        """
        marks: dict[str, Any] = {"root": root, "node": node, "runner": runner, "is_part": is_part, "reuses": reuses}
        created_by = CALLER.get() or self._created_by
        return self.jobs.add(name, self.complete(name, properties), created_by, parent, **marks)

    # the run -----------------------------------------------------------------------------------------

    def submit(self, name: str) -> None:
        """Start a job that is recorded."""
        job = self.jobs.get(name)
        assert job is not None
        self._runs[name] = run = self._runners[job.runner or job.definition["jobType"]](self, name)
        self._lineages[name] = frozenset(self._lineage(name))
        self._tasks[name] = asyncio.create_task(self._take_to_its_end(run), name=f"job {name}")

    async def _take_to_its_end(self, run: JobRun) -> None:
        try:
            await run.run()
        except Exception:
            logger.exception("The job %s could not be run.", run.name)
        finally:
            self._runs.pop(run.name, None)
            self._tasks.pop(run.name, None)
            self._lineages.pop(run.name, None)

    def cancel(self, job: Job, reason: str | None = None) -> None:
        """Ask a job to end; once more is no matter. Its status is ``CancelRequested`` until its processes are gone.

        :raises ServiceError: 400 when it is finalizing or has ended.
        """
        if job.status in STOPPABLE:
            self.jobs.change(job.name, status="CancelRequested", cancel_reason=reason)
            self._runs[job.name].stop("cancel")
        elif job.status != "CancelRequested":
            message = f"Job {job.name} is in state {job.status} and cannot be canceled."
            raise ServiceError(400, "UserError", message, inner=("BadArgument", "JobNotCancelable"))

    def cancel_is_over(self, job: Job) -> bool:
        """Whether the operation of a cancel is over; the job may still be ``CancelRequested`` (fault
        ``cancel_slow``)."""
        run = self._runs.get(job.name)
        return job.ended or (run is not None and run.cancel_is_over)

    def look(self, name: str) -> None:
        """Count a client's request for a job's status, for the job's steps as well, because a client that waits for a
        pipeline does not request theirs."""
        for running, lineage in self._lineages.items():
            if name in lineage:
                self.context.transitions.look(JOBS, running)

    def _lineage(self, name: str | None) -> Iterator[str]:
        """A job's name, and the names of the jobs that it belongs to."""
        while name:
            yield name
            job = self.jobs.get(name)
            name = job.parent if job else None

    async def ended(self, name: str) -> None:
        """Wait until a job has ended."""
        task = self._tasks.get(name)
        if task:
            await asyncio.wait([task])

    # start and stop of the emulator ------------------------------------------------------------------

    async def recover(self) -> None:
        """End what a former emulator left behind, as long as nobody can ask for a job: one that is made or canceled
        meanwhile would be taken for such a one."""
        left = [job for job in self.jobs.all() if not job.ended]
        for row in self.types.values():
            await row.end_leftovers([job for job in left if self.type_of(job) is row])
        for job in left:
            self._recover(job)

    def resume(self) -> None:
        """Go on with the jobs that had not begun when a former emulator stopped."""
        for name in self._recovered:
            self.submit(name)
        self._recovered.clear()

    async def stop(self) -> None:
        """End every running job; jobs that had not begun wait for the next start."""
        for name, run in self._runs.items():
            job = self.jobs.get(name)
            if job and begins_anew(job):
                self._tasks[name].cancel()
            else:
                run.stop("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=LAST_WORDS)

    def _recover(self, job: Job) -> None:
        if begins_anew(job):
            self.jobs.start_over(job)
            self._recovered.append(job.name)
        elif job.status == "CancelRequested":
            self.jobs.change(job.name, status="Canceled", process=None)
        else:
            inner = nested(("EmulatorStopped",))
            error = {"code": "ServiceError", "message": ON_EXIT, "messageParameters": {}, "innerError": inner}
            self.jobs.change(job.name, status="Failed", error=error, process=None, queueing=None)


def begins_anew(job: Job) -> bool:
    """Whether a job that was not over when the emulator stopped runs after the next start: nothing of it had begun, and
    it is no part of another job, which ends with the emulator."""
    return job.status in BEFORE_RUNNING and not job.belongs
