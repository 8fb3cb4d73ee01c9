"""The request of a pipeline job that takes the finished steps of another over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.lifecycle.news import Repairing, Warned
from airflow_azureml.lifecycle.repair import record
from airflow_azureml.lifecycle.repair.finished import Finished, finished_steps, places
from airflow_azureml.lifecycle.repair.steps import Data, Output, kept_outputs, marks, needed, to_take_over, without
from airflow_azureml.lifecycle.submission import Prepared
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import Problem, ServiceError, SpecError, TransientError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job

Properties = Mapping[str, Any]


def repairable(ws: Workspace, prepared: Prepared, last: Job | None, *, vouched: bool = False) -> Steps[Prepared]:
    """Have a pipeline job tell what its steps are, and take over those of the job before that have finished.

    Where that cannot be, the log says why, and the whole job runs.

    :param last: the job before, as it ended; None for none.
    :param vouched: if it does not tell what its steps are: they are the same.
    """
    properties = prepared.body["properties"]
    told = _told(properties)
    if isinstance(told, str):
        if last is not None:
            yield News(Warned(f"Azure ML job {last.name} is not repaired: {told}. The whole job runs again."))
        return prepared
    if last is not None:
        try:
            repaired = yield from _taken_over(ws, properties, last, vouched)
        except TransientError:
            raise
        except ServiceError as error:
            repaired = f"its steps cannot be read ({error})"
        if not isinstance(repaired, str):
            return _with(prepared, repaired, told)
        yield News(Warned(f"Azure ML job {last.name} is not repaired: {repaired}. The whole job runs again."))
    return _with(prepared, properties, told)


def repairing(ws: Workspace, prepared: Prepared, repairs: str) -> Steps[Prepared]:
    """Have a job take the finished steps of another one over, which says of each whether it is the same, or tells none.

    :param repairs: the other job's name.
    :raises NotFoundError: there is no such job.
    :raises SpecError: it has not ended.
    """
    job: Job = yield from jobs.get(ws, repairs)
    if not job.phase.is_terminal:
        raise SpecError([Problem("repairs", f"job {repairs} is {job.status}. Accepted: a job that has ended.")])
    return (yield from repairable(ws, prepared, job, vouched=True))


def _told(properties: Properties) -> dict[str, str] | str:
    """The properties that tell what the steps of a job are, or why there are none."""
    if properties.get("jobType") != "Pipeline":
        return f"a job of type {str(properties.get('jobType')).lower()} has no steps"
    if not properties.get("jobs"):
        return "its steps are those of a registered component, which only the service knows"
    told = record.of_steps(marks(properties).values())
    return "it has too many steps to tell them apart" if told is None else told


def _taken_over(ws: Workspace, properties: Properties, last: Job, vouched: bool) -> Steps[Properties | str]:
    """The properties of the job without the finished steps of the one before, or why that cannot be."""
    finished = yield from finished_steps(ws, last, properties, vouched=vouched)
    where: dict[Output, Data] = {}
    taken = to_take_over(properties, finished)
    while asked := needed(properties, taken) - set(where):
        where |= yield from places(ws, properties, finished, asked)
        lost = {step for step, name in asked if (step, name) not in where}
        if not lost:
            break
        taken = to_take_over(properties, taken - lost)
    if not taken:
        return "none of its steps has finished, is as it was, and has outputs that can be found"
    again = [name for name in properties["jobs"] if name not in taken]
    if not again:
        return "all of its steps have finished"
    known = marks(properties)
    kept = [_kept(name, output, finished) for name, output in kept_outputs(properties, taken).items()]
    told = record.of_repair(last.name, [known[name] for name in taken], kept)
    if told is None:
        return "too many of its steps and outputs would be taken over to tell them apart"
    yield News(Repairing(last.name, tuple(name for name in properties["jobs"] if name in taken), tuple(again)))
    changed = without(properties, taken, where)
    return {**changed, "properties": {**(properties.get("properties") or {}), **told}}


def _kept(name: str, output: Output, finished: Mapping[str, Finished]) -> record.Kept:
    step, port = output
    return record.Kept(name, finished[step].job, finished[step].run, port)


def _with(prepared: Prepared, properties: Properties, told: Mapping[str, str]) -> Prepared:
    own = {**(properties.get("properties") or {}), **told}
    return replace(prepared, body={**prepared.body, "properties": {**properties, "properties": own}})
