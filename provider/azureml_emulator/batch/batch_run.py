"""The run of a model deployment's batch job, which is a pipeline with one child that scores."""

from __future__ import annotations

import uuid

from azureml_emulator.batch.models import Invocations
from azureml_emulator.batch.scoring_run import NO_CAPACITY, SCORING_RUNNER
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun, Stop
from azureml_emulator.jobs.models import STOPPABLE, Job

BATCH_RUNNER = "BatchScoring"
"""The runner that records of these jobs name: their type is that of pipelines."""

STEP = "batchscoring"
"""The name of the one step. Source: Microsoft's troubleshooting page, and a comment in azure-ai-ml 1.35.2."""

EXECUTION_LOG = "logs/azureml/executionlogs.txt"
"""Where clients look for the log of a pipeline. Source: azure-ai-ml 1.35.2 ``JobLogPattern``."""

CHILD_FAILED = "The batch job failed because its scoring job {child} {how}. {message}"


class BatchRun(JobRun):
    """One batch job while it runs."""

    def __init__(self, invocations: Invocations, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._invocations = invocations
        self._engine = engine

    async def work(self) -> None:
        """Start the scoring job, wait for its end, and end the same way."""
        self._begin_log(EXECUTION_LOG)
        await self._step("Starting")
        self._advance("Preparing")
        await self._step("Preparing")
        self._advance("Running")
        child = self._start_child()
        self.say(f"Scoring job {child} has started.")
        await self._follow(child)
        self._end_as(self._job_of(child))

    def _start_child(self) -> str:
        record = self._invocations.get(self.name)
        assert record is not None
        child = str(uuid.uuid4())
        definition = record["child"]
        self._engine.add(child, definition, parent=self.name, root=self.name, node=STEP, runner=SCORING_RUNNER)
        self._engine.submit(child)
        return child

    async def _follow(self, child: str) -> None:
        """Wait for the child; a cancel reaches it first, and this job ends after it."""
        try:
            await self._unless_stopped(self._engine.ended(child))
        except Stop as stop:
            scoring = self._job_of(child)
            if stop.reason == "cancel" and scoring.status in STOPPABLE:
                self._engine.cancel(scoring, self._job.cancel_reason)
            await self._engine.ended(child)
            raise

    def _end_as(self, child: Job) -> None:
        self.say(f"Scoring job {child.name} has ended: {child.status}.")
        if child.status == "Completed":
            self._advance("Finalizing")
            self._jobs.change(self.name, status="Completed")
            return
        if child.status == "Canceled" and child.cancel_reason == NO_CAPACITY:
            self._advance("CancelRequested", cancel_reason=NO_CAPACITY)
            raise Stop("cancel")
        if child.status == "Canceled":
            how, message = "was canceled", child.cancel_reason or ""
        else:
            how, message = "failed", str((child.error or {}).get("message", ""))
        code = (child.error or {}).get("code", "UserError")
        text = CHILD_FAILED.format(child=child.name, how=how, message=message).strip()
        self._fail(code, text, ("ChildRunFailed",))

    def _job_of(self, name: str) -> Job:
        job = self._jobs.get(name)
        assert job is not None
        return job

    def say(self, *lines: str) -> None:
        """Write lines with the time in front, as the service's execution logs have it."""
        assert self._log is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"[{stamp(now())}] {line}\n" for line in lines)
