"""The run of a pipeline job, which makes a job of each of its nodes as soon as that can run."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from azureml_emulator.assets.references import Place, Resolver
from azureml_emulator.core.clock import now
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun
from azureml_emulator.jobs.models import STOPPABLE, Job
from azureml_emulator.pipelines.graph import BindingError, Row, bound_outputs
from azureml_emulator.pipelines.plans import APART, Plan, component_of, read_plan
from azureml_emulator.pipelines.reuse import REUSED_RUNNER, fingerprint, is_deterministic
from azureml_emulator.storage.files import copy_file, copy_tree
from azureml_emulator.storage.models import BlobStore

EXECUTION_LOG = "logs/azureml/executionlogs.txt"
"""Where clients look for the log of a pipeline. Source: azure-ai-ml 1.35.2 ``JobLogPattern`` and recordings."""

CHILD_FAILED = (
    "Pipeline has failed child jobs. Failed nodes: {nodes}. "
    "For more details and logs, please go to the job detail page and check the child jobs."
)
"""The wording is the emulator's recollection of the service's; the code ``PipelineHasStepJobFailed`` stands in public
reports."""


class PipelineRun(JobRun):
    """One pipeline job while it runs.

    :param container: the container of the default datastore.
    """

    def __init__(self, resolver: Resolver, blobs: BlobStore, container: str, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._resolver = resolver
        self._blobs = blobs
        self._container = container
        self._engine = engine
        self._steps: dict[str, str] = {}
        self._fingerprints: dict[str, str] = {}
        self._ended: dict[str, Job] = {}
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def work(self) -> None:
        """Run the nodes in their order; the pipeline fails when one of them does not complete."""
        self._begin_log(EXECUTION_LOG)
        await self._step("Starting")
        self._advance("Preparing")
        await self._step("Preparing")
        plan = read_plan(self._resolver, self._job.definition)
        self._advance("Running")
        try:
            await self._run_nodes(plan)
        finally:
            await self._end_steps()
            await self._finalize(plan)
        self._advance("Finalizing")
        await self._stay("Finalizing")
        failed = self._ended_as("Failed") or self._ended_as("Canceled")
        if failed:
            self.say(f"Execution of the pipeline failed. Failed nodes: {failed}.")
            message = CHILD_FAILED.format(nodes=failed)
            self._fail("UserError", message, ("PipelineHasStepJobFailed",), {"nodes": failed})
            return
        self.say("All nodes have completed.")
        self._jobs.change(self.name, status="Completed")

    def say(self, *lines: str) -> None:
        """Write lines with the time in front, as the service's execution logs have it."""
        assert self._log is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"[{now():%Y-%m-%d %H:%M:%SZ}] {line}\n" for line in lines)

    # the nodes ---------------------------------------------------------------------------------------

    async def _run_nodes(self, plan: Plan) -> None:
        """Start every node whose data is there, until none runs and none can start.

        When a step does not complete, no other is started and those that run are canceled, unless the pipeline's
        settings say ``continue_on_step_failure``. Source: schema of pipeline jobs, Microsoft's reference.
        """
        going_on = bool(self._settings.get("continue_on_step_failure"))
        first = self._settings.get("on_init")
        waiting = {node: needs for node, needs in plan.graph.needs.items() if node not in self._apart}
        if first:
            await self._begin(plan, first)
            self._under_way[asyncio.create_task(self._follow(plan, first))] = first
            await self._unless_stopped(asyncio.wait(self._under_way))
            self._under_way.clear()
            if not self._completed(first):
                return
        while True:
            for node in [node for node, needs in waiting.items() if all(map(self._completed, needs))]:
                del waiting[node]
                await self._begin(plan, node)
                self._under_way[asyncio.create_task(self._follow(plan, node))] = node
            if not self._under_way:
                return
            look = asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            done, _ = await self._unless_stopped(look)
            ended = [self._under_way.pop(task) for task in done]
            for task in done:
                task.result()
            if not going_on and not all(map(self._completed, ended)):
                return

    async def _finalize(self, plan: Plan) -> None:
        """Run the node that comes last, however the others ended, also after a cancel. Source: azure-ai-ml 1.35.2
        ``set_pipeline_settings`` ("after pipeline run finishes (completed/failed/canceled)")."""
        last = self._settings.get("on_finalize")
        if last and not self._shutting_down:
            await self._begin(plan, last, whatever=True)
            await self._follow(plan, last)

    @property
    def _settings(self) -> dict[str, Any]:
        return self._job.definition.get("settings") or {}

    @property
    def _apart(self) -> set[str | None]:
        """The nodes that come before and after all others."""
        return {self._settings.get(side) for side in APART}

    async def _begin(self, plan: Plan, node: str, *, whatever: bool = False) -> None:
        """Make the job of a node, under a name that is a GUID as the service's are.

        :param whatever: also when the pipeline is to end.
        """
        properties = self._engine.check(plan.job(node, self._produced))
        earlier = await self._earlier(plan, node, properties)
        if not whatever:
            self._check_stop()
        job, name = self._job, str(uuid.uuid4())
        self._steps[node] = name
        self._engine.add(
            name,
            properties,
            parent=self.name,
            root=job.root or self.name,
            node=node,
            runner=REUSED_RUNNER if earlier else None,
            reuses=earlier.name if earlier else None,
        )
        self._engine.submit(name)
        self.say(f"Submitting 1 runs, first five are: {name}")

    async def _earlier(self, plan: Plan, node: str, properties: Properties) -> Job | None:
        """The earlier step whose results a node takes over, or None."""
        whole = plan.graph.nodes[node]["type"] == "pipeline"
        if whole or node in self._apart or not is_deterministic(plan.specs[node]):
            return None
        component = component_of(plan.graph.nodes[node])
        key = await asyncio.to_thread(fingerprint, self._resolver, self._blobs, component, properties)
        self._fingerprints[node] = key
        return None if self._settings.get("force_rerun") else self._jobs.result_of(key)

    async def _follow(self, plan: Plan, node: str) -> None:
        """Wait for a node's end, and take over those of its outputs that are the pipeline's."""
        name = self._steps[node]
        await self._engine.ended(name)
        job = self._jobs.get(name)
        assert job is not None
        self.say(f"Completing processing run id {name}: {node} is {job.status}.")
        if job.status == "Completed":
            if node in self._fingerprints:
                self._jobs.keep_result(self._fingerprints[node], job.reuses or name)
            for output, target in bound_outputs(plan.graph.nodes[node]).items():
                if output in job.outputs:
                    await self._take_output(plan, job.outputs[output], target)
        self._ended[node] = job

    def _completed(self, node: str) -> bool:
        return node in self._ended and self._ended[node].status == "Completed"

    def _ended_as(self, status: str) -> str:
        """The nodes that ended with a status, as the service lists them."""
        return ", ".join(f"/{node}" for node, job in self._ended.items() if job.status == status)

    def _produced(self, node: str, output: str) -> Row:
        """The data in an output of a node that has completed."""
        job = self._ended[node]
        if output not in job.outputs or output not in job.definition["outputs"]:
            raise BindingError(f"The node {node!r} left no output {output!r}.")
        return {
            "jobInputType": job.definition["outputs"][output]["jobOutputType"],
            "uri": job.outputs[output]["uri"],
        }

    async def _end_steps(self) -> None:
        """Cancel the steps that still run, and wait for their end."""
        for name in self._steps.values():
            job = self._jobs.get(name)
            if job and job.status in STOPPABLE and not self._shutting_down:
                self._engine.cancel(job, self._job.cancel_reason or f"The pipeline {self.name} ended.")
        await asyncio.gather(*self._under_way, return_exceptions=True)

    @property
    def _shutting_down(self) -> bool:
        """Whether every job is being ended by the engine itself."""
        return self._stop.done() and self._stop.result() == "shutdown"

    # outputs -----------------------------------------------------------------------------------------

    async def _take_output(self, plan: Plan, row: Mapping[str, str], target: str) -> None:
        """Show a step's output as the pipeline's, and lay a copy where Microsoft's client looks for it.

        Source: recorded rundata of a pipeline names the asset of the step; azure-ai-ml 1.35.2 downloads from
        ``azureml/<pipeline>/<output>/`` of the default datastore all the same, unless the output has an address.
        """
        self._jobs.change(self.name, outputs={**self._job.outputs, target: dict(row)})
        if not plan.outputs[target].get("uri"):
            place = self._resolver.place(row["uri"])
            assert isinstance(place, Place)
            await asyncio.to_thread(self._copy, place, f"azureml/{self.name}/{target}")

    def _copy(self, place: Place, folder: str) -> None:
        source = self._blobs.path(place.container, place.path)
        copy = self._blobs.path(self._container, folder)
        if source.is_dir():
            copy_tree(source, copy)
        elif source.exists():
            copy.mkdir(parents=True, exist_ok=True)
            copy_file(source, copy / source.name)
