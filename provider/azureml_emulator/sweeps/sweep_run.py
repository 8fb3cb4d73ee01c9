"""The run of a sweep, which makes a job of each trial, ends the poor ones, and names the best."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any, Protocol

from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import seconds
from azureml_emulator.core.timeouts import timeout
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun, Stop
from azureml_emulator.jobs.models import STOPPABLE, Job
from azureml_emulator.sweeps.early_termination import Policy, policy_of
from azureml_emulator.sweeps.sampling import Sampler, Values
from azureml_emulator.sweeps.trial_run import TRIAL_RUNNER
from azureml_emulator.sweeps.trials import trial_job

LOG = "azureml-logs/hyperdrive.txt"
"""The artifact that is the log of a sweep. Source: azure-ai-ml 1.35.2 ``JobLogPattern`` and public records."""

MOST_TRIALS = 1000
"""The default of ``max_total_trials``. Source: Microsoft's YAML schema of sweep jobs; the 60 days that it gives as that
of ``timeout`` are not kept here."""

LOOK = 0.2
"""Seconds between two looks at what the trials report, where a policy may end them."""

ALL_FAILED = "User errors were found in at least one of the child runs."
"""Source: a failed sweep in https://github.com/swatig007/automlForImages/issues/25. That a sweep fails when none of its
trials completes, and only then, is an assumption."""

ENDED_EARLY = "The trial was canceled by the early termination policy {policy}."
"""The words are the emulator's."""

Reported = Callable[[str, str], list[float]]
"""``reported(job, metric)``: what a job has logged of a metric, the oldest first."""


class MakesSampler(Protocol):
    """Makes what chooses the values of a sweep's trials."""

    def __call__(self, definition: dict[str, object]) -> Sampler:
        """A sampler for the sweep's properties."""


class SweepRun(JobRun):
    """One sweep while it runs."""

    def __init__(self, sampler_for: MakesSampler, reported: Reported, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)
        self._engine = engine
        self._reported = reported
        definition = self._job.definition
        self._sampler = sampler_for(definition)
        self._maximize = definition["objective"]["goal"] == "Maximize"
        self._metric = definition["objective"]["primaryMetric"]
        self._policy: Policy | None = policy_of(definition.get("earlyTermination"), definition["objective"]["goal"])
        self._trials: dict[str, int] = {}
        self._judged: dict[str, int] = {}
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._all_sampled = False

    async def work(self) -> None:
        """Run the trials; the outputs of the best are the sweep's."""
        self._begin_log(LOG)
        await self._step("Starting")
        self._advance("Preparing")
        await self._step("Preparing")
        self.say("Experiment created", source="API")
        self._advance("Running")
        limit = self._limits.get("timeout")
        try:
            async with timeout(seconds(limit) if limit else None):
                await self._run_trials()
        except asyncio.TimeoutError:
            raise Stop("timeout") from None
        finally:
            await self._end_trials()
        self._advance("Finalizing")
        await self._stay("Finalizing")
        completed = [job for job in map(self._job_of, self._trials) if job.status == "Completed"]
        failed = not completed and any(self._job_of(name).status == "Failed" for name in self._trials)
        self.say(f"Changing Run Status from Running to {'Failed' if failed else 'Completed'}")
        if failed:
            raise ServiceError(400, "UserError", ALL_FAILED, ("ChildRunFailed",))
        self._jobs.change(self.name, status="Completed", **self._best_of(completed))

    def say(self, *lines: str, source: str = "CONTROLLER") -> None:
        """Write lines as the service's log of a sweep has them.

        :param source: the part of the service that speaks: ``API``, ``GENERATOR``, ``SCHEDULER``, ``CONTROLLER``.
        """
        assert self._log is not None
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"[{now():%Y-%m-%dT%H:%M:%S.%f}][{source}][INFO]{line}\n" for line in lines)

    @property
    def _limits(self) -> dict[str, str]:
        return self._job.definition.get("limits") or {}

    # the trials --------------------------------------------------------------------------------------

    async def _run_trials(self) -> None:
        """Keep as many trials running as the limits allow, until there are no further values."""
        most = int(self._limits.get("maxTotalTrials") or MOST_TRIALS)
        at_once = int(self._limits.get("maxConcurrentTrials") or most)
        while True:
            self._begin_trials(min(at_once - len(self._under_way), most - len(self._trials)))
            if len(self._trials) == most and not self._all_sampled:
                self.say(f"Max number of jobs '{most}' reached for experiment.", source="GENERATOR")
                self._sampled_all()
            if not self._under_way:
                return
            look = asyncio.wait(
                self._under_way, timeout=LOOK if self._policy else None, return_when=asyncio.FIRST_COMPLETED
            )
            done, _ = await self._unless_stopped(look)
            for task in done:
                name = self._under_way.pop(task)
                task.result()
                self._sampler.tell(self._trials[name], self._score(name))
            self._end_poor_trials()

    def _begin_trials(self, wanted: int) -> None:
        if wanted <= 0 or self._all_sampled:
            return
        self.say(f"Trying to sample '{wanted}' jobs from the hyperparameter space", source="GENERATOR")
        chosen: list[Values] = []
        while len(chosen) < wanted and not self._all_sampled:
            values = self._sampler.next(len(self._trials) + len(chosen))
            if values is None:
                self._sampled_all()
            else:
                chosen.append(values)
        found = f"Successfully sampled '{len(chosen)}' jobs, they will soon be submitted to the execution target."
        self.say(found, source="GENERATOR")
        for values in chosen:
            self._begin(values)

    def _sampled_all(self) -> None:
        self._all_sampled = True
        self.say("All jobs generated.", source="GENERATOR")

    def _begin(self, values: Values) -> None:
        """Make the job of a trial, called ``<sweep>_<number>``; the sweep's tags have its values under that name.

        Source: the names in public records; azureml-train-core ``HyperDriveRun.get_hyperparameters`` for the tags.
        """
        job, number = self._job, len(self._trials)
        name = f"{self.name}_{number}"
        self.say(f"Scheduling job, id='{name}'", source="SCHEDULER")
        definition = self._engine.check(trial_job(job.definition, values))
        self._engine.add(
            name, definition, parent=self.name, root=job.root or self.name, runner=TRIAL_RUNNER, is_part=True
        )
        self._trials[name] = number
        tags = {**job.definition["tags"], name: json.dumps(values)}
        self._jobs.change(self.name, definition={**job.definition, "tags": tags})
        self._engine.submit(name)
        self._under_way[asyncio.create_task(self._engine.ended(name))] = name
        self.say(f"Successfully scheduled a job. Id='{name}'", source="SCHEDULER")

    def _end_poor_trials(self) -> None:
        """Cancel the trials that the policy ends."""
        if self._policy is None:
            return
        reports = {name: self._reported(name, self._metric) for name in self._trials}
        for name in self._under_way.values():
            job = self._job_of(name)
            if job.status in STOPPABLE and self._policy.ended(name, reports, self._judged.get(name, 0)):
                self.say(ENDED_EARLY.format(policy=self._policy.kind) + f" Id='{name}'")
                self._engine.cancel(job, ENDED_EARLY.format(policy=self._policy.kind))
            self._judged[name] = len(reports[name])

    async def _end_trials(self) -> None:
        """Cancel the trials that still run, and wait for their end."""
        for name in self._under_way.values():
            job = self._job_of(name)
            if job.status in STOPPABLE and not self._shutting_down:
                self._engine.cancel(job, self._job.cancel_reason or f"The sweep {self.name} ended.")
        await asyncio.gather(*self._under_way, return_exceptions=True)

    @property
    def _shutting_down(self) -> bool:
        """Whether every job is being ended by the engine itself."""
        return self._stop.done() and self._stop.result() == "shutdown"

    # the best ----------------------------------------------------------------------------------------

    def _score(self, name: str) -> float | None:
        """The best value of the primary metric that a trial has logged, of those that are numbers."""
        values = [value for value in self._reported(name, self._metric) if math.isfinite(value)]
        if not values:
            return None
        return max(values) if self._maximize else min(values)

    def _best_of(self, completed: list[Job]) -> dict[str, Any]:
        """What the best trial changes of the sweep: its outputs and properties.

        Source of the properties: public records of ``get_details()`` (``best_child_run_id``, ``score``,
        ``best_metric_status``, ``best_data_container_id``). Which trials count is unproven: here those that completed;
        of equals the first.
        """
        scores = {job.name: self._score(job.name) for job in completed}
        scored = {name: score for name, score in scores.items() if score is not None}
        if not scored:
            return {}
        name = (max if self._maximize else min)(scored, key=scored.__getitem__)
        best, job = self._job_of(name), self._job
        found = {
            "best_child_run_id": name,
            "score": str(scored[name]),
            "best_metric_status": "Succeeded",
            "best_data_container_id": best.data_container,
        }
        outputs = {key: row for key, row in best.outputs.items() if key != "default"}
        definition = {**job.definition, "properties": {**job.definition["properties"], **found}}
        return {"definition": definition, "outputs": outputs}

    def _job_of(self, name: str) -> Job:
        job = self._jobs.get(name)
        assert job is not None
        return job
