"""Schedules of jobs: checked, never sent, since Airflow is what schedules here.

Source: azure-ai-ml 1.35.2, ``_schema/schedule/``; Microsoft Learn, *CLI (v2) schedule YAML schema*. The times of a
trigger and the text of a cron expression are left to the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import (
    INVALID,
    Convert,
    Field,
    Reading,
    answers,
    anything,
    by_type,
    fixed,
    nested,
    show,
    walk,
)
from airflow_azureml.spec.filekinds import explained
from airflow_azureml.spec.references import follow
from airflow_azureml.spec.shared import TAGS
from airflow_azureml.spec.translate import translate
from airflow_azureml.spec.values import choice, listed, mapped, text, whole

FREQUENCIES = ("minute", "hour", "day", "week", "month")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _one_or_more(convert: Convert) -> Convert:
    return lambda spot, reading: (listed(convert) if isinstance(spot.value, list) else convert)(spot, reading)


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


def _job(spot: Spot, reading: Reading) -> Any:
    """Check the job of a schedule: a file, with what is to be changed in it, or one that the service has."""
    given = spot.value
    if not isinstance(given, Mapping):
        return _file(spot, {}, reading)
    if given.get("job") is None:
        return reading.refuse(spot, '"job" is required. Accepted: a job file, azureml:NAME.', "job")
    changes = {key: value for key, value in given.items() if key != "job"}
    kind = changes.get("type")
    if kind is not None and (not isinstance(kind, str) or kind.lower() not in SCHEDULED):
        accepted = ", ".join(SCHEDULED)
        return reading.refuse(spot, f"{show(kind)} is not a type of scheduled job. Accepted: {accepted}.", "type")
    return _file(spot.child("job"), changes, reading)


def _file(spot: Spot, changes: Mapping[Any, Any], reading: Reading) -> Any:
    if not isinstance(spot.value, str) or not spot.value:
        return reading.refuse(spot, f"{show(spot.value)} is not a job. Accepted: a job file, azureml:NAME.")
    if spot.value.startswith("azureml:"):
        return None
    document = follow(spot.value, spot, reading)
    if document is INVALID:
        return INVALID
    try:
        found = translate(replace(document, value=_merged(document.value, changes), problems=()), reading.workspace)
        found.accepted()
    except SpecError as error:
        reading.problems.extend(error.problems)
        return INVALID
    reading.warnings.extend(found.warnings)
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
    """Check a schedule and the job in it; gives back warnings.

    :raises SpecError: with all problems of the document, each with its place.
    """
    reading = Reading.of(document, workspace)
    walk(SCHEDULE, document.root, reading)
    if problems := explained(document, reading.found(), "schedule"):
        raise SpecError(problems)
    return tuple(reading.warnings)
