"""The run of a command job, from ``Starting`` to its end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

from azureml_emulator.control.faults import Fault
from azureml_emulator.control.kinds import IMAGE_BUILD_FAILS, NODE_LOST, PREEMPT, QUEUE, QUOTA
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.schema import seconds
from azureml_emulator.execution import images, imports, job_faults, process_environment, processes
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.outputs import Outputs
from azureml_emulator.execution.staging import Stage
from azureml_emulator.execution.web_inputs import fetch
from azureml_emulator.identity.tokens import RUN_TOKEN_LIFETIME
from azureml_emulator.jobs import quotas
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun, Stop
from azureml_emulator.jobs.models import experiment_id

LOG = "user_logs/std_log.txt"
"""The artifact that is the log of a command."""

SCRIPT_FAILED = (
    "AzureMLCompute job failed.\nJobFailed: Submitted script failed with a non-zero exit code; "
    "see the driver log file for details."
    "\n\tReason: Job failed with non-zero exit Code {code}\n\tLog: user_logs/std_log.txt"
)
"""Source: the first line stands in public issues (MachineLearningNotebooks 1360, azure-cli-extensions 3574); the
rest is ours."""


class CommandRun(JobRun):
    """One command job while it runs."""

    def __init__(self, execution: Execution, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._execution = execution
        self._tree: processes.Tree | None = None
        self._watches = self._hides = False

    async def work(self) -> None:
        """Stage, run, collect; with a new stage as often as a preempted job goes back to the queue."""
        self._begin_log(LOG)
        await self._step("Starting")
        self._advance("Preparing")
        async with self._staged() as (stage, outputs):
            await self._unless_stopped(self._describe())
            await self._step("Preparing")
            ended = await self._execute(stage, outputs)
        while not ended:
            async with self._staged() as (stage, outputs):
                ended = await self._execute(stage, outputs)

    # the steps ---------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _staged(self) -> AsyncIterator[tuple[Stage, Outputs]]:
        """What a node is given, until the job leaves the node."""
        execution, job = self._execution, self._job
        stage = await asyncio.to_thread(execution.stager.stage, execution.stages / self.name, job.definition)
        outputs = Outputs(execution, self._artifacts, job, stage)
        try:
            await asyncio.to_thread(outputs.prepare)
            self._check_stop()
            await self._unless_stopped(self._fetch_pages(stage))
            yield stage, outputs
        finally:
            await self._end_tree()
            await asyncio.to_thread(stage.remove)

    async def _execute(self, stage: Stage, outputs: Outputs) -> bool:
        """Whether the job has ended; otherwise it is in the queue again."""
        await self._enter_queue()
        try:
            async with contextlib.AsyncExitStack() as stack:
                definition = self._job.definition
                instances = definition["resources"]["instanceCount"]
                slot = self._execution.slots.held(definition.get("computeId"), instances, self._queue_because)
                await self._unless_stopped(stack.enter_async_context(slot))
                await self._step("Queued")
                code = await self._run_command(stage, outputs.values)
                await self._report_imports(stage)
                self._advance("Finalizing", process=None)
        except job_faults.RequeuedError:
            self._advance("Queued", process=None)
            return False
        await self._finish(outputs, code)
        return True

    async def _enter_queue(self) -> None:
        """Go on to ``Queued`` and stay there as long as faults ask for.

        :raises ServiceError: there are no cores for the job (fault ``quota``).
        """
        computes, definition = self._execution.computes, self._job.definition
        quota = self._take_fault(QUOTA, lambda fault: fault.when == "after")
        if quota and quota.delay is None:
            self._check_stop()
            raise quotas.no_quota(computes, definition)
        self._advance("Queued")
        for fault, reason in (
            (quota, quotas.WAITS_FOR_QUOTA),
            (self._take_fault(QUEUE), job_faults.WAITS_FOR_NODES),
        ):
            if fault:
                self._queue_because(reason.format(**quotas.wanted(computes, definition)))
                await self._unless_stopped(self._faults.hold(fault))

    async def _finish(self, outputs: Outputs, code: int) -> None:
        """Collect what the command left, and end as it ended."""
        await asyncio.to_thread(outputs.gather_artifacts)
        await self._stay("Finalizing")
        if code == 0:
            await asyncio.to_thread(outputs.gather)
            self._jobs.change(self.name, status="Completed", outputs=outputs.register())
        else:
            self._fail("UserError", SCRIPT_FAILED.format(code=code), ("JobFailed",), {"exitCode": str(code)})

    async def _run_command(self, stage: Stage, outputs: dict[str, str]) -> int:
        command = process_environment.bound_command(
            self._job.definition["command"], {**stage.literals, **stage.inputs}, outputs
        )
        assert self._log is not None
        variables = self._variables(stage, outputs)
        self._tree = await processes.start(["/bin/bash", "-c", command], stage.code, variables, self._log)
        text = (self._job.definition.get("limits") or {}).get("timeout")
        limit = seconds(text) if text else None
        try:
            self._advance("Running", queueing=None, process=list(self._tree.identity))
            await self._not_responding()
            return await asyncio.wait_for(self._until_end(self._tree), limit)
        except asyncio.TimeoutError:
            raise Stop("timeout") from None
        finally:
            await self._end_tree()

    async def _until_end(self, tree: processes.Tree) -> int:
        """The command's exit code; a fault may take its node away before (``preempt``, ``node_lost``).

        :raises RequeuedError: the node is gone, and the job is to go back to the queue.
        :raises ServiceError: the node is gone, and the job has failed.
        """
        fault = self._take_fault((PREEMPT, NODE_LOST))
        if fault is None:
            return await self._unless_stopped(tree.wait())
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
        await self._lose_node(fault, tree)

    async def _lose_node(self, fault: Fault, tree: processes.Tree) -> NoReturn:
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

    # details -----------------------------------------------------------------------------------------

    def _variables(self, stage: Stage, outputs: dict[str, str]) -> dict[str, str]:
        settings, job = self._execution.settings, self._job
        token = self._execution.tokens.of_run()
        experiment = experiment_id(settings.workspace_id, job.experiment)
        job_variables, python = job.definition["environmentVariables"], self._python()
        programs = process_environment.program_folder(python, stage.root / "bin")
        assert self._log is not None
        return {
            **process_environment.base_variables(programs, python, stage.home, stage.scratch),
            **process_environment.service_variables(
                settings, job, token, int(time.time()) + RUN_TOKEN_LIFETIME, experiment
            ),
            **process_environment.tracking_variables(settings, job, token, experiment),
            **process_environment.distribution_variables(job.definition.get("distribution")),
            **process_environment.node_variables(
                job.definition["resources"]["instanceCount"], stage.code, self._log.parent
            ),
            **process_environment.data_variables(stage.inputs, outputs),
            **job_variables,
            **(imports.watching(stage.imports, job_variables, plugin=not self._hides) if self._watches else {}),
        }

    def _python(self) -> Path:
        name = process_environment.environment_name(self._execution.resolver, self._job.definition["environmentId"])
        return process_environment.interpreter(self._execution.settings, name)

    async def _describe(self) -> None:
        """Write to the log what runs the command, and which requested packages and nodes are not there.

        :raises ServiceError: the service could not build the image.
        """
        job, python = self._job, self._python()
        reference, properties = self._execution.environment(job.definition["environmentId"])
        contents = await self._execution.interpreters.contents(python)
        self.say(images.what_runs(reference, properties, python, contents.python))
        self._check_build(properties)
        conda, strict = images.conda_of(properties), not self._execution.settings.mlflow_direct
        if imports.is_all(conda, job.definition["command"]):
            self._hides = strict and imports.lacks_plugin(conda, contents)
            self._watches = True
        self.say(*images.lacking(conda, contents, plugin=strict, hidden=self._hides))
        nodes = job.definition["resources"]["instanceCount"]
        if nodes > 1:
            self.say(f"{nodes} nodes were requested; one process runs, as the first node.")

    async def _report_imports(self, stage: Stage) -> None:
        """Write to the end of the log which packages the code uses without the environment's requiring them."""
        if not stage.imports.is_file():
            return
        _, properties = self._execution.environment(self._job.definition["environmentId"])
        contents = await self._execution.interpreters.contents(self._python())
        noted = stage.imports.read_text(encoding="utf-8").split()
        names = imports.undeclared_packages(images.conda_of(properties), contents, noted, stage.code)
        if names:
            self.say(images.NOT_ASKED_FOR.format(names=", ".join(names)))

    def _check_build(self, properties: dict[str, Any]) -> None:
        reason = images.build_failure(self._execution.resolver, self._execution.blobs, properties)
        if reason is None and self._take_fault(IMAGE_BUILD_FAILS):
            reason = job_faults.BUILD_SAID
        if reason:
            self.say(reason)
            self._artifacts.write(self._job, images.BUILD_LOG, f"{reason}\n".encode())
            self._check_stop()
            raise job_faults.image_build_failed(reason)

    async def _fetch_pages(self, stage: Stage) -> None:
        for target, url in stage.pages.items():
            self.say(f"Reading {url.partition('?')[0]}")
            await fetch(url, target)

    def _queue_because(self, reason: str) -> None:
        info = {"code": job_faults.QUEUE_CODE, "message": reason, "lastRefreshTimestamp": stamp(now())}
        self._jobs.change(self.name, queueing=info)

    async def _not_responding(self) -> None:
        fault = self._take_fault("not_responding")
        if fault:
            self._advance("NotResponding")
            await self._unless_stopped(asyncio.sleep(fault.seconds(1)))
            self._advance("Running")

    async def _end_tree(self) -> None:
        if self._tree and self._tree.supervisor.returncode is None:
            self._tree.end()
            await self._tree.wait()
