"""The run of a command job, from ``Starting`` to its end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from azureml_emulator.control.kinds import IMAGE_BUILD_FAILS
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.schema import seconds
from azureml_emulator.core.timeouts import timeout
from azureml_emulator.execution import images, job_faults, process_environment, processes
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.node_run import NodeRun
from azureml_emulator.execution.outputs import Outputs
from azureml_emulator.execution.runtime import Runtime
from azureml_emulator.execution.staging import Stage
from azureml_emulator.execution.web_inputs import fetch
from azureml_emulator.identity.tokens import RUN_TOKEN_LIFETIME
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import Stop
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


class CommandRun(NodeRun):
    """One command job while it runs."""

    def __init__(self, execution: Execution, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._computes = execution.computes
        self._execution = execution
        self._tree: processes.Tree | None = None
        self._runtime: Runtime | None = None

    async def work(self) -> None:
        """Stage, run, collect; with a new stage as often as a preempted job goes back to the queue."""
        self._begin_log(LOG)
        await self._step("Starting")
        self._advance("Preparing")
        async with self._staged() as (stage, outputs):
            await self._unless_stopped(self._prepare_runtime())
            await self._step("Preparing")
            ended = await self._execute(stage, outputs)
        while not ended:
            async with self._staged() as (stage, outputs):
                ended = await self._execute(stage, outputs)

    @property
    def _definition(self) -> Properties:
        """The command that is run, which is the job's definition; another type of job says what is run for it."""
        return self._job.definition

    # the steps ---------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _staged(self) -> AsyncIterator[tuple[Stage, Outputs]]:
        """What a node is given, until the job leaves the node."""
        execution, definition = self._execution, self._definition
        stage = await asyncio.to_thread(execution.stager.stage, execution.stages / self.name, definition)
        outputs = Outputs(execution, self._artifacts, replace(self._job, definition=definition), stage)
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
        await self.enter_queue()
        try:
            async with contextlib.AsyncExitStack() as stack:
                definition = self._definition
                instances = definition["resources"]["instanceCount"]
                slot = self._execution.slots.held(definition.get("computeId"), instances, self.queue_because)
                await self._unless_stopped(stack.enter_async_context(slot))
                await self._step("Queued")
                code = await self._run_command(stage, outputs.values)
                await self._explain(stage, code)
                self._advance("Finalizing", process=None)
        except job_faults.RequeuedError:
            self._advance("Queued", process=None)
            return False
        await self._finish(outputs, code)
        return True

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
            self._definition["command"], {**stage.literals, **stage.inputs}, outputs
        )
        assert self._log is not None
        variables = self._variables(stage, outputs)
        began = stamp(now())  # not when this process hears of it: the command may already do something
        self._tree = await processes.start(["/bin/bash", "-c", command], stage.code, variables, self._log)
        text = (self._definition.get("limits") or {}).get("timeout")
        limit = seconds(text) if text else None
        try:
            self._advance("Running", at=began, queueing=None, process=list(self._tree.identity))
            async with timeout(limit):
                return await self.until_end(self._tree)
        except asyncio.TimeoutError:
            raise Stop("timeout") from None
        finally:
            await self._end_tree()

    # details -----------------------------------------------------------------------------------------

    def _variables(self, stage: Stage, outputs: dict[str, str]) -> dict[str, str]:
        settings, job, definition = self._execution.settings, self._job, self._definition
        token = self._execution.tokens.of_run(self._job.created_by)
        experiment = experiment_id(settings.workspace_id, job.experiment)
        job_variables = definition["environmentVariables"]
        assert self._runtime is not None
        python = self._runtime.python
        programs = process_environment.program_folder(python, stage.root / "bin")
        assert self._log is not None
        return {
            **process_environment.base_variables(programs, python, stage.home, stage.scratch),
            **process_environment.service_variables(
                settings, job, token, int(time.time()) + RUN_TOKEN_LIFETIME, experiment
            ),
            **process_environment.tracking_variables(settings, job, token, experiment),
            **process_environment.distribution_variables(definition.get("distribution")),
            **process_environment.node_variables(
                definition["resources"]["instanceCount"], stage.code, self._log.parent
            ),
            **process_environment.data_variables(stage.inputs, outputs),
            **job_variables,
            **self._runtime.variables(stage.imports, job_variables),
        }

    async def _prepare_runtime(self) -> None:
        job, definition = self._job, self._definition
        self._runtime = Runtime(self._execution, definition["environmentId"], definition["command"])
        log = partial(self._artifacts.begin_log, job, images.BUILD_LOG)
        await self._runtime.prepare(self.say, log, lambda: self._take_fault(IMAGE_BUILD_FAILS) is not None)
        nodes = definition["resources"]["instanceCount"]
        if nodes > 1:
            self.say(f"{nodes} nodes were requested; one process runs, as the first node.")

    async def _explain(self, stage: Stage, code: int) -> None:
        assert self._runtime is not None
        assert self._log is not None
        await self._runtime.explain(self.say, code, self._log, stage.imports, stage.code)

    async def _fetch_pages(self, stage: Stage) -> None:
        for target, url in stage.pages.items():
            self.say(f"Reading {url.partition('?')[0]}")
            await fetch(url, target)

    async def _end_tree(self) -> None:
        if self._tree and self._tree.supervisor.returncode is None:
            self._tree.end()
            await self._tree.wait()
