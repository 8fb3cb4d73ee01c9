"""Schedules of jobs: checked, never sent, since Airflow is what schedules here.

Source: azure-ai-ml 1.35.2, ``_schema/schedule/``; Microsoft Learn, *CLI (v2) schedule YAML schema*. The times of a
trigger and the text of a cron expression are left to the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.local_files import follow
from airflow_azureml.jobspec.grammar.shared import TAGS
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Convert, Field, answers
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, mapped, text, whole
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

FREQUENCIES = ("minute", "hour", "day", "week", "month")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _one_or_more(convert: Convert) -> Convert:
    return lambda located, ctx: (listed(convert) if isinstance(located.value, list) else convert)(located, ctx)


TIMES = (Field("start_time", None, anything), Field("end_time", None, anything), Field("time_zone", None, text))
PATTERN = (
    Field("hours", None, _one_or_more(whole), required=True),
    Field("minutes", None, _one_or_more(whole), required=True),
    Field("week_days", None, _one_or_more(choice(dict.fromkeys(DAYS), "a day of the week"))),
    Field("month_days", None, _one_or_more(whole)),
)
RECURRENCE = (
    *TIMES,
    Field("frequency", None, choice(dict.fromkeys(FREQUENCIES), "a frequency"), required=True),
    Field("interval", None, whole, required=True),
    Field("schedule", None, nested(PATTERN)),
)
CRON = (*TIMES, Field("expression", None, text, required=True))

SCHEDULED = ("pipeline", "command", "spark")
"""Types of jobs that can be scheduled with changes."""


def _job(located: Located, ctx: Translator) -> Invalid | None:
    """Check the job of a schedule: a file, with what is to be changed in it, or one that the service has."""
    job = located.value
    if not isinstance(job, Mapping):
        return _file(located, {}, ctx)
    if job.get("job") is None:
        return ctx.error(located, '"job" is required. Accepted: a job file, azureml:NAME.', "job")
    changes = {key: value for key, value in job.items() if key != "job"}
    job_type = changes.get("type")
    if job_type is not None and (not isinstance(job_type, str) or job_type.lower() not in SCHEDULED):
        accepted = ", ".join(SCHEDULED)
        return ctx.error(located, f"{show(job_type)} is not a type of scheduled job. Accepted: {accepted}.", "type")
    return _file(located.child("job"), changes, ctx)


def _file(located: Located, changes: Mapping[Any, Any], ctx: Translator) -> Invalid | None:
    if not isinstance(located.value, str) or not located.value:
        return ctx.error(located, f"{show(located.value)} is not a job. Accepted: a job file, azureml:NAME.")
    if located.value.startswith("azureml:"):
        return None
    document = follow(located.value, located, ctx)
    if document is INVALID:
        return INVALID
    try:
        translation = translate(replace(document, value=_merged(document.value, changes), problems=()), ctx.workspace)
        translation.check_accepted()
    except SpecError as error:
        ctx.problems.extend(error.problems)
        return INVALID
    ctx.warnings.extend(translation.warnings)
    return None


def _merged(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    """Lay changes over a job, mapping by mapping. Source: azure-ai-ml 1.35.2, ``merge_dict``."""
    both = dict(one)
    for key, value in other.items():
        below = both.get(key)
        both[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return both


SCHEDULE = (
    Field("name", None, text, required=True),
    Field("display_name", None, text),
    Field("description", None, text),
    Field("tags", None, TAGS),
    Field("properties", None, mapped(text, null=True)),
    Field("trigger", None, by_type({"cron": fixed(CRON), "recurrence": fixed(RECURRENCE)}, "a trigger"), required=True),
    Field("create_job", None, _job, required=True),
    *answers("id", "is_enabled", "provisioning_state", "creation_context"),
)


def check_schedule(document: Document, workspace: Workspace) -> tuple[str, ...]:
    """Check a schedule and the job in it; returns warnings.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    convert_mapping(SCHEDULE, document.root, ctx)
    if problems := explained(document, ctx.errors(), "schedule"):
        raise SpecError(problems)
    return tuple(ctx.warnings)
