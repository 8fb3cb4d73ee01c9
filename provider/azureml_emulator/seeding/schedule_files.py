"""Schedules of jobs, from the CLI's files.

Source of the keys: https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule; their names in requests:
the models of azure-ai-ml 1.35.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.schedules.schemas import CREATE_JOB, SCHEDULE
from azureml_emulator.seeding.files import SeedFile
from azureml_emulator.seeding.job_files import JobFiles, Row, read_mapping

TRIGGER = {"start_time": "startTime", "end_time": "endTime", "time_zone": "timeZone", "expression": "expression"}
PATTERN = {"hours": "hours", "minutes": "minutes", "month_days": "monthDays", "week_days": "weekDays"}
KINDS = ("cron", "recurrence")


class ScheduleFiles:
    """Registers schedules.

    :param jobs: reads the jobs that they make.
    """

    def __init__(self, schedules: Schedules, jobs: JobFiles) -> None:
        self._schedules = schedules
        self._jobs = jobs

    def schedule(self, file: SeedFile, name: str, on_loop: Callable[[Callable[[], None]], None]) -> None:
        """Write a schedule; one that is disabled stays so.

        :param on_loop: runs something on the event loop.
        :raises SeedError: a field is not accepted.
        :raises ServiceError: the service would refuse it.
        """
        records, content = self._schedules.records, file.content
        before = records.get(name)
        head = {key: content[key] for key in ("description", "tags", "properties") if content.get(key)}
        if content.get("display_name"):
            head["displayName"] = content["display_name"]
        requested = {
            **head,
            "trigger": trigger(file, content.get("trigger")),
            "action": {"actionType": CREATE_JOB, "jobDefinition": self._job(file, content.get("create_job"))},
            "isEnabled": before["properties"]["isEnabled"] if before else True,
        }
        properties = self._schedules.complete(read_properties({"properties": requested}, SCHEDULE))
        created = {"created_at": before["created_at"]} if before else {}
        value = {"name": name, "properties": properties, **created}
        records.begin(name, value, "Updating" if before else "Creating")
        on_loop(self._schedules.changed)

    def _job(self, file: SeedFile, value: Any) -> Row:
        """The job that is made: one that is there, that of another file, or one that is written out."""
        overrides: Mapping[str, Any] = {}
        if isinstance(value, Mapping) and "job" in value:
            overrides = {key: each for key, each in value.items() if key not in ("job", "type")}
            value = value["job"]
        if isinstance(value, str) and value.startswith(("azureml:", "/subscriptions/")):
            if overrides:
                raise file.error("create_job", "values beside a job that is there are not read here.")
            return {"sourceJobId": value}
        if isinstance(value, str):
            path = file.local(value.removeprefix("file:"))
            if not path.is_file():
                raise file.error("create_job", f"{value!r} is no file. Accepted: a file beside it, azureml:JOB.")
            content = read_mapping(path, file, "create_job")
            return self._jobs.job(SeedFile(path, file.kind, content), {**content, **overrides})
        if not isinstance(value, Mapping):
            raise file.error("create_job", f"{value!r} is not accepted. Accepted: a job, its file, azureml:JOB.")
        return self._jobs.job(file, value)


def trigger(file: SeedFile, value: Any) -> Row:
    """A trigger as requests have it.

    :raises SeedError: it is none.
    """
    kind = str(value.get("type")).lower() if isinstance(value, Mapping) else None
    if kind not in KINDS:
        raise file.error("trigger.type", f"{kind!r} is not accepted. Accepted: {', '.join(KINDS)}.")
    found = {own: written(value[key]) for key, own in TRIGGER.items() if value.get(key) is not None}
    if kind == "cron":
        return {"triggerType": "Cron", **found}
    pattern = value.get("schedule") or {}
    rows = {own: listed(pattern[key]) for key, own in PATTERN.items() if pattern.get(key) is not None}
    return {
        "triggerType": "Recurrence",
        "frequency": value.get("frequency"),
        "interval": value.get("interval"),
        **({"schedule": {"hours": [], "minutes": [], **rows}} if rows else {}),
        **found,
    }


def written(value: Any) -> str:
    """A text; YAML reads times as such."""
    return f"{value:%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else str(value)


def listed(value: Any) -> list[Any]:
    """One value or several."""
    return list(value) if isinstance(value, list) else [value]
