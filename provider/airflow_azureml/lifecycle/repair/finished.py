"""The steps of a pipeline job that have finished, in it or in one that it has repaired itself, and where their outputs
are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_azureml.lifecycle.outputs import BEST_TRIAL, Outputs, shaped
from airflow_azureml.lifecycle.records import OutputRecord
from airflow_azureml.lifecycle.repair import record
from airflow_azureml.lifecycle.repair.steps import Data, Output, given_place, marks, titles
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import ServiceError, TransientError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace, parse_datastore_path
from airflow_azureml.rest.jobs import Job, JobOutput
from airflow_azureml.rest.status import Phase, phase

LONGEST = 50
"""Jobs that are looked back on, at most: each repairs the one before."""


@dataclass(frozen=True)
class Finished:
    """A step that has finished: the job that ran it, and the run that has its outputs."""

    job: str
    run: str


def finished_steps(
    ws: Workspace, last: Job, properties: Mapping[str, Any], *, vouched: bool
) -> Steps[dict[str, Finished]]:
    """Find the steps of a pipeline that have finished and are what they were, by name.

    :param last: the job before.
    :param properties: of the job that is to take them over.
    :param vouched: a job that does not tell what its steps were has the same ones.
    """
    named, known = titles(properties), marks(properties)
    found: dict[str, Finished] = {}
    candidates, job = set(known), last
    for _ in range(LONGEST):
        told = record.steps(job.properties)
        for run in (yield from history.children(ws, job.name)):
            name = named.get(run.display_name or "")
            if name not in candidates or phase(run.status) is not Phase.SUCCEEDED:
                continue
            if known[name] in told if told is not None else vouched:
                found[name] = Finished(job.name, _with_outputs(run))
        # What this job ran anew makes older results of it stale, whatever became of it.
        taken = record.taken(job.properties)
        candidates = {name for name in candidates - set(found) if known[name] in taken}
        before = job.properties.get(record.REPAIRS)
        earlier = (yield from jobs.find(ws, before)) if before and candidates else None
        if earlier is None:
            break
        job = earlier
    return found


def _with_outputs(run: Run) -> str:
    """The run that has a step's outputs: of a step that was reused, another one.

    Source: azure-ai-ml 1.35.2, ``constants/_job/pipeline.py``; recorded answers.
    """
    reused = run.properties.get("azureml.isreused", "").lower() == "true"
    return run.properties.get("azureml.reusedrunid") or run.id if reused else run.id


def places(
    ws: Workspace, properties: Mapping[str, Any], finished: Mapping[str, Finished], asked: Collection[Output]
) -> Steps[dict[Output, Data]]:
    """Find where outputs of finished steps are; what cannot be found out is left out."""
    known: dict[Output, history.RunOutput] = {}
    for step in sorted({step for step, _ in asked}):
        run = yield from run_with_outputs(ws, finished[step].run)
        known |= {(step, name): output for name, output in run.outputs.items() if (step, name) in asked}
    try:
        uris = yield from history.resolve(ws, known.values())
    except TransientError:
        raise
    except ServiceError:
        uris = {}
    found: dict[Output, Data] = {}
    for output in asked:
        asset = known.get(output)
        if asset is not None and asset.asset_id in uris:
            found[output] = Data(asset.kind, uris[asset.asset_id])
        elif (given := given_place(properties, output)) is not None:
            found[output] = given
    return {output: _exact(ws, data) for output, data in found.items()}


def _exact(ws: Workspace, data: Data) -> Data:
    place = parse_datastore_path(data.uri)
    return data if place is None else Data(data.kind, shaped(place, data.kind).long(ws))


def run_with_outputs(ws: Workspace, name: str) -> Steps[Run]:
    """Read a step's run with its outputs, those of a sweep's best trial among them; an empty one if that is refused."""
    try:
        run = yield from history.run_data(ws, name)
        best = run.properties.get(BEST_TRIAL)
        if best:
            trial = yield from history.run_data(ws, best)
            run = replace(run, outputs={**run.outputs, **trial.outputs})
    except TransientError:
        raise
    except ServiceError:
        return Run(name)
    return run


def kept_outputs(ws: Workspace, job: Job) -> Steps[dict[str, OutputRecord]]:
    """Read the outputs of a pipeline that steps have made which its job has taken over from earlier ones."""
    found: dict[str, OutputRecord] = {}
    told = record.kept(job.properties)
    for made in dict.fromkeys((one.job, one.run) for one in told):
        names = {one.name: one.output for one in told if (one.job, one.run) == made}
        before = (yield from jobs.find(ws, made[0])) or job
        run = yield from run_with_outputs(ws, made[1])
        outputs = {name: run.outputs[output] for name, output in names.items() if output in run.outputs}
        declared = {name: before.outputs.get(name) or JobOutput(output.kind) for name, output in outputs.items()}
        declared |= {name: before.outputs[name] for name in names if name in before.outputs}
        as_job = replace(before, kind="Pipeline", outputs=declared)
        found |= yield from Outputs(ws, as_job, replace(run, outputs=outputs)).read()
    return found
