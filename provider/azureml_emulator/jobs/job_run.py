"""A running job, whatever its type: it goes from status to status, ends when it is stopped, or fails."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from azureml_emulator.control.faults import Accept, Fault, Faults, whichever
from azureml_emulator.core.errors import ServiceError, nested
from azureml_emulator.core.transitions import JOBS, Transitions
from azureml_emulator.jobs.artifacts import Artifacts, JobError
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, Jobs

T = TypeVar("T")

STEPS = {"Starting": 0.2, "Preparing": 0.4, "Queued": 0.4, "NotResponding": 0.4, "Finalizing": 1.0}
"""Which share of the seconds of its clock a job spends in a status beside its work: a client that follows it from the
answer to its PUT (``jobs.stream`` looks after about half a second) must find it under way, or it shows no log at
all."""

STOPPED = "The emulator was stopped while the job ran; its processes were ended."
TIMED_OUT = "The job was canceled because it ran longer than its limits.timeout of {timeout}."


class Stop(Exception):
    """The job is to end now, for this reason: ``cancel``, ``timeout`` or ``shutdown``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class RunContext:
    """What every running job works with."""

    jobs: Jobs
    transitions: Transitions
    faults: Faults
    artifacts: Artifacts


class JobRun(ABC):
    """One job while it runs. A subclass implements the work of its type of job.

    :ivar cancel_is_over: the operation of its cancel is over although its status is still ``CancelRequested`` (fault
        ``cancel_slow``).
    """

    def __init__(self, context: RunContext, name: str) -> None:
        self.name = name
        self.cancel_is_over = False
        self._jobs = context.jobs
        self._transitions = context.transitions
        self._faults = context.faults
        self._artifacts = context.artifacts
        self._stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._log: Path | None = None

    @abstractmethod
    async def work(self) -> None:
        """Take the job from ``Starting`` to ``Completed`` or ``Failed``.

        ``Stop`` may be raised from every ``_advance`` and ``_unless_stopped``: whatever runs for the job has ended
        when this method is left.
        """

    def stop(self, reason: str) -> None:
        """Ask the job to end; the first reason counts."""
        if not self._stop.done():
            self._stop.set_result(reason)

    async def run(self) -> None:
        """Take the job to its end, whatever happens on the way."""
        try:
            await self.work()
        except Stop as stop:
            await self._stopped(stop.reason)
        except JobError as error:
            self._fail("UserError", str(error), ("BadArgument", "DataAccessError"))
        except ServiceError as error:
            self._fail(error.code, error.message, error.inner, error.parameters, error.message_format)
        except Exception as error:
            message = f"The emulator failed to run the job: {type(error).__name__}: {error}"
            self._fail("ServiceError", message, ("InternalError",))
            raise

    def say(self, *lines: str) -> None:
        """Write lines of the emulator's own to the job's log."""
        assert self._log is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"[azureml-emulator] {line}\n" for line in lines)

    def _take_fault(self, kinds: str | Iterable[str], accept: Accept = whichever) -> Fault | None:
        """The first fault of one of these kinds that is due for the job, counted."""
        return take_for(self._faults, kinds, self._jobs, self._job, accept)

    @property
    def _job(self) -> Job:
        job = self._jobs.get(self.name)
        assert job is not None
        return job

    def _begin_log(self, name: str) -> Path:
        """Make the job's log in its artifacts; its path."""
        self._log = self._artifacts.begin_log(self._job, name)
        return self._log

    async def _step(self, status: str) -> None:
        """Stay in a status for as long as it takes at least, unless the job is to end."""
        await self._unless_stopped(self._stay(status))

    async def _stay(self, status: str) -> None:
        """Stay in a status for as long as it takes at least."""
        await self._transitions.stay(JOBS, self.name, STEPS[status])

    async def _unless_stopped(self, work: Awaitable[T]) -> T:
        """The result of some work, or ``Stop`` as soon as the job is to end; work that was under way is dropped."""
        task = asyncio.ensure_future(work)
        try:
            under_way: set[asyncio.Future[Any]] = {task, self._stop}
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            self._check_stop()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _advance(self, status: str, **values: Any) -> None:
        """Go on to a status, unless the job was stopped meanwhile: a cancel comes before any further status."""
        self._check_stop()
        self._jobs.change(self.name, status=status, **values)

    def _check_stop(self) -> None:
        if self._stop.done():
            raise Stop(self._stop.result())

    async def _stopped(self, reason: str) -> None:
        if reason == "shutdown":
            self.say(STOPPED)
            self._fail("ServiceError", STOPPED, ("EmulatorStopped",))
            return
        if reason == "timeout":
            message = TIMED_OUT.format(timeout=self._job.definition["limits"]["timeout"])
            self.say(message)
            self._jobs.change(self.name, status="CancelRequested", cancel_reason=message)
        fault = self._take_fault("cancel_slow")
        if fault:
            self.cancel_is_over = True
            await asyncio.sleep(fault.seconds(3))
        self._jobs.change(self.name, status="Canceled", process=None, queueing=None)

    def _fail(
        self,
        code: str,
        message: str,
        inner: tuple[str, ...],
        parameters: Mapping[str, str] | None = None,
        message_format: str | None = None,
    ) -> None:
        error = {
            "code": code,
            "message": message,
            "messageFormat": message_format,
            "messageParameters": dict(parameters or {}),
            "innerError": nested(inner),
        }
        self._jobs.change(self.name, status="Failed", error=error, process=None, queueing=None)
