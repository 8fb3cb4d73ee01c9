"""The run of a pipeline job, which makes a job of each of its nodes as soon as that can run."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.core.clock import now
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun, Stop
from azureml_emulator.jobs.models import STOPPABLE, Job
from azureml_emulator.pipelines.control_nodes import condition_holds
from azureml_emulator.pipelines.graph import CONTROL, Row
from azureml_emulator.pipelines.loops import do_while, parallel_for
from azureml_emulator.pipelines.plans import APART, Plan, component_of, read_plan, refusals
from azureml_emulator.pipelines.results import Results
from azureml_emulator.pipelines.reuse import REUSED_RUNNER, fingerprint, is_deterministic
from azureml_emulator.storage.blobs.models import BlobStore

EXECUTION_LOG = "logs/azureml/executionlogs.txt"
"""Where clients look for the log of a pipeline. Source: azure-ai-ml 1.35.2 ``JobLogPattern`` and recordings."""

CHILD_FAILED = (
    "Pipeline has failed child jobs. Failed nodes: {nodes}. "
    "For more details and logs, please go to the job detail page and check the child jobs."
)
"""The wording is the emulator's recollection of the service's; the code ``PipelineHasStepJobFailed`` stands in public
reports."""


BYPASSED = "Bypassed"
"""The state of a node that does not run because a condition leads past it."""


class PipelineRun(JobRun):
    """One pipeline job while it runs.

    :param container: the container of the default datastore.
    """

    def __init__(self, assets: Assets, blobs: BlobStore, container: str, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._resolver = assets.resolver
        self._blobs = blobs
        self._engine = engine
        self._results = Results(self._jobs, assets, blobs, container, name)
        self._steps: list[str] = []
        self._fingerprints: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self._answers: dict[str, bool] = {}
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._ending = False

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
        failed = self._ended_as(plan, "Failed") or self._ended_as(plan, "Canceled")
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
        first = self._settings.get("on_init")
        waiting = {node: needs for node, needs in plan.graph.needs.items() if node not in self._apart}
        if first:
            await self._start(plan, first)
            await self._unless_stopped(asyncio.wait(self._under_way))
            self._under_way.clear()
            if not self._completed(first):
                return
        while True:
            for node in [node for node, needs in waiting.items() if all(map(self._is_over, needs))]:
                del waiting[node]
                await self._start(plan, node)
            if any(all(map(self._is_over, needs)) for needs in waiting.values()):
                continue
            if not self._under_way:
                return
            look = asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            done, _ = await self._unless_stopped(look)
            ended = [self._under_way.pop(task) for task in done]
            for task in done:
                task.result()
            if not self._going_on and not all(map(self._completed, ended)):
                return

    async def _start(self, plan: Plan, node: str) -> None:
        """Start a node, or pass it by where a condition says so, or what it takes data from was passed by.

        What the service shows of such nodes is not published; here they have no job.
        """
        graph = plan.graph
        passed = [need for need in graph.needs[node] if self._states[need] == BYPASSED]
        if passed or any(self._answers[gate] is not answer for gate, answer in graph.gates.get(node, {}).items()):
            self.say(f"The node {node} is bypassed.")
            self._states[node] = BYPASSED
            return
        kind = graph.nodes[node]["type"]
        if kind == "if_else":
            with refusals(f"jobs.{node}"):
                self._answers[node] = condition_holds(plan, node, plan.scope(self._results.row))
            self.say(f"The condition {node} is {self._answers[node]}.")
            self._states[node] = "Completed"
            return
        work = self._loop(plan, node) if kind in CONTROL else self._follow(plan, node, await self._begin(plan, node))
        self._under_way[asyncio.create_task(work)] = node

    async def _loop(self, plan: Plan, loop: str) -> None:
        """Run the rounds of a loop."""

        async def one_round(body: str, given: Mapping[str, Row], title: str) -> Job:
            name = await self._begin(plan, body, given=given, title=title)
            await self._follow(plan, body, name)
            return self._job_of(name)

        with refusals(f"jobs.{loop}"):
            if plan.graph.nodes[loop]["type"] == "do_while":
                state = await do_while(plan, loop, one_round, self._results)
            else:
                state = await parallel_for(plan, loop, one_round, self._results, going_on=self._going_on)
        self._states[plan.body(loop)] = self._states[loop] = state

    async def _finalize(self, plan: Plan) -> None:
        """Run the node that comes last, however the others ended, also after a cancel. Source: azure-ai-ml 1.35.2
        ``set_pipeline_settings`` ("after pipeline run finishes (completed/failed/canceled)")."""
        last = self._settings.get("on_finalize")
        if last and not self._shutting_down:
            await self._follow(plan, last, await self._begin(plan, last, whatever=True))

    @property
    def _settings(self) -> dict[str, Any]:
        return self._job.definition.get("settings") or {}

    @property
    def _going_on(self) -> bool:
        """Whether other nodes go on when one has not completed."""
        return bool(self._settings.get("continue_on_step_failure"))

    @property
    def _apart(self) -> set[str | None]:
        """The nodes that come before and after all others."""
        return {self._settings.get(side) for side in APART}

    async def _begin(
        self,
        plan: Plan,
        node: str,
        *,
        whatever: bool = False,
        given: Mapping[str, Row] | None = None,
        title: str | None = None,
    ) -> str:
        """Make the job of a node, under a name that is a GUID as the service's are; its name.

        :param whatever: also when the pipeline is to end.
        :param given: what a round of a loop gives to the node.
        :param title: its name in the pipeline, if that is not the node's: a loop's rounds are numbered, which is
            unproven.
        """
        job = plan.job(node, self._results.row, given)
        properties = self._engine.check({**job, "displayName": title} if title else job)
        name = str(uuid.uuid4())
        earlier = await self._earlier(plan, node, name, properties)
        if not whatever:
            self._check_stop()
            if self._ending:  # a loop's round, while which was prepared another node has failed
                raise Stop("cancel")
        self._steps.append(name)
        self._engine.add(
            name,
            properties,
            parent=self.name,
            root=self._job.root or self.name,
            node=node,
            runner=REUSED_RUNNER if earlier else None,
            reuses=earlier.name if earlier else None,
        )
        self._engine.submit(name)
        self.say(f"Submitting 1 runs, first five are: {name}")
        return name

    async def _earlier(self, plan: Plan, node: str, name: str, properties: Properties) -> Job | None:
        """The earlier step whose results the job of a node takes over, or None."""
        whole = plan.graph.nodes[node]["type"] == "pipeline"
        if whole or node in self._apart or not is_deterministic(plan.specs[node]):
            return None
        component = component_of(plan.graph.nodes[node])
        key = await asyncio.to_thread(fingerprint, self._resolver, self._blobs, component, properties)
        self._fingerprints[name] = key
        return None if self._settings.get("force_rerun") else self._jobs.result_of(key)

    async def _follow(self, plan: Plan, node: str, name: str) -> None:
        """Wait for the end of a node's job, and take over what it wrote."""
        await self._engine.ended(name)
        job = self._job_of(name)
        self.say(f"Completing processing run id {name}: {node} is {job.status}.")
        if job.status == "Completed":
            if name in self._fingerprints:
                self._jobs.keep_result(self._fingerprints[name], job.reuses or name)
            await self._results.take(plan, node, job)
        self._states[node] = job.status

    def _job_of(self, name: str) -> Job:
        """The record of a step."""
        job = self._jobs.get(name)
        assert job is not None
        return job

    def _is_over(self, node: str) -> bool:
        """Whether those that wait for a node need not wait any more."""
        return self._completed(node) or self._states.get(node) == BYPASSED

    def _completed(self, node: str) -> bool:
        return self._states.get(node) == "Completed"

    def _ended_as(self, plan: Plan, status: str) -> str:
        """The nodes that ended with a status, as the service lists them; of a loop its body."""
        found = (node for node, state in self._states.items() if state == status)
        return ", ".join(f"/{node}" for node in found if plan.graph.nodes[node]["type"] not in CONTROL)

    async def _end_steps(self) -> None:
        """Cancel the steps that still run, and wait for their end."""
        self._ending = True
        for name in self._steps:
            job = self._jobs.get(name)
            if job and job.status in STOPPABLE and not self._shutting_down:
                self._engine.cancel(job, self._job.cancel_reason or f"The pipeline {self.name} ended.")
        await asyncio.gather(*self._under_way, return_exceptions=True)

    @property
    def _shutting_down(self) -> bool:
        """Whether every job is being ended by the engine itself."""
        return self._stop.done() and self._stop.result() == "shutdown"
