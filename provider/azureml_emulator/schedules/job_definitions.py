"""Definitions: the job of a schedule, as it is stored, and as it is made at a time. No HTTP."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from azureml_emulator.core.errors import invalid_field
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.jobs.checks import job_type_of
from azureml_emulator.jobs.definitions import Properties, with_defaults
from azureml_emulator.jobs.engine import Engine

NAME, TRIGGER_TIME = "${{name}}", "${{creation_context.trigger_time}}"
"""What is replaced when a job is made. Source: Microsoft's page on scheduling pipeline jobs."""

OF_ONE_JOB = frozenset({"displayName", "services", "status", "parentJobName", "sourceJobId"})
"""What a job that a schedule was made of keeps for itself."""


def stored(engine: Engine, given: Properties) -> Properties:
    """The definition of a schedule's job as the service stores it.

    It is checked as a job's PUT is, which the service may do later: when, is unproven.

    :raises ServiceError: 400 for what does not fit or does not exist, 501 for a type of job that is not emulated.
    """
    source = given.get("sourceJobId")
    own = {key: value for key, value in given.items() if not is_open(value)}
    whole = {**of_job(engine, source), **own} if source else given
    job_type = job_type_of(whole, engine.types)
    checked = {**read_properties({"properties": whole}, engine.types[job_type].schema), "jobType": job_type}
    engine.check(checked)
    kept = {key: value for key, value in checked.items() if key != "experimentName" or value}
    return {**with_defaults(kept), "status": "NotStarted"}


def of_job(engine: Engine, job_id: str) -> Properties:
    """The definition of the job that a schedule repeats.

    :raises ServiceError: 400 when there is none.
    """
    job = engine.jobs.get(str(job_id).rpartition("/")[2].removeprefix("azureml:"))
    if job is None:
        raise invalid_field("action.jobDefinition.sourceJobId", f"The job {job_id!r} was not found.", "JobNotFound")
    return {key: value for key, value in job.definition.items() if key not in OF_ONE_JOB}


def is_open(value: Any) -> bool:
    """Whether a value leaves that of the repeated job as it is."""
    return value is None or value in ("", {}, [])


def display_name(schedule: str, due: datetime) -> str:
    """The display name of a job. Source: Microsoft's page on scheduling pipeline jobs."""
    return f"{schedule}-{due.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


def due_job(definition: Properties, schedule: str, name: str, due: datetime) -> Properties:
    """The properties of the job that is made at a time.

    :param name: the job's name.
    """
    written = f"{due.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    job = {**definition, "displayName": display_name(schedule, due)}
    job["inputs"] = replaced(definition.get("inputs") or {}, TRIGGER_TIME, written)
    job["outputs"] = replaced(definition.get("outputs") or {}, NAME, name)
    return {key: value for key, value in job.items() if key not in ("status", "sourceJobId")}


def replaced(value: Any, expression: str, text: str) -> Any:
    """A value with an expression replaced in all its texts."""
    if isinstance(value, dict):
        return {key: replaced(each, expression, text) for key, each in value.items()}
    return value.replace(expression, text) if isinstance(value, str) else value
