"""Batch runs: the life of a model deployment's batch job, which is a pipeline with one child that scores."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.execution.outputs import prepare_places
from azureml_emulator.jobs.job_run import JobRun, Stop
from azureml_emulator.jobs.models import STOPPABLE, Job, completed_definition

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

STEP = "batchscoring"
"""The name of the one step. Source: Microsoft's troubleshooting page, and a comment in azure-ai-ml 1.35.2."""

EXECUTION_LOG = "logs/azureml/executionlogs.txt"
"""Where clients look for the log of a pipeline. Source: azure-ai-ml 1.35.2 ``JobLogPattern``."""

RECORD = "batchjob"
"""Kind of the records that tell which endpoint and deployment made a job, by the job's name."""

CHILD_FAILED = "The batch job failed because its scoring job {child} {how}. {message}"


def batch_record(em: Emulator, name: str) -> dict[str, Any] | None:
    """What an endpoint's invocation left of itself: endpoint, deployment, kind (``model`` or ``pipeline``) and how it
    shows; None for jobs that were not made by an endpoint."""
    record: dict[str, Any] | None = em.store.get(RECORD, name)
    return record


def runs_a_model(em: Emulator, name: str) -> bool:
    """Whether a job is the batch job of a model deployment, which ``BatchRun`` takes to its end."""
    record = batch_record(em, name)
    return record is not None and record["kind"] == "model"


class BatchRun(JobRun):
    """One batch job while it lives."""

    async def work(self) -> None:
        """Start the scoring job, wait for its end, and end the same way."""
        job = self._job
        self._log = prepare_places(self._em.blobs, self._em.settings, job, EXECUTION_LOG)
        await self._step("Starting")
        self._advance("Preparing")
        await self._step("Preparing")
        self._advance("Running")
        child = self._start_child(job)
        self._tell(f"Scoring job {child} has started.")
        await self._follow(child)
        self._end_as(self._known(child))

    def _start_child(self, job: Job) -> str:
        record = batch_record(self._em, self.name)
        assert record is not None
        child = str(uuid.uuid4())
        definition = completed_definition(child, record["child"])
        self._jobs.add(child, definition, job.created_by, parent=self.name, root=self.name, node=STEP)
        self._em.engine.submit(child)
        return child

    async def _follow(self, child: str) -> None:
        """Wait for the child; a cancel reaches it first, and this job ends after it."""
        try:
            await self._unless_stopped(self._em.engine.ended(child))
        except Stop as stop:
            if stop.reason == "cancel" and self._known(child).status in STOPPABLE:
                self._em.engine.cancel(child, self._job.cancel_reason)
            await self._em.engine.ended(child)
            raise

    def _end_as(self, child: Job) -> None:
        self._tell(f"Scoring job {child.name} has ended: {child.status}.")
        if child.status == "Completed":
            self._advance("Finalizing")
            self._jobs.change(self.name, status="Completed")
            return
        if child.status == "Canceled":
            how, message = "was canceled", child.cancel_reason or ""
        else:
            how, message = "failed", str((child.error or {}).get("message", ""))
        code = (child.error or {}).get("code", "UserError")
        text = CHILD_FAILED.format(child=child.name, how=how, message=message).strip()
        self._fail(code, text, ("ChildRunFailed",))

    def _known(self, name: str) -> Job:
        job = self._jobs.get(name)
        assert job is not None
        return job

    def _tell(self, text: str) -> None:
        assert self._log is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"[{stamp(now())}] {text}\n")
