"""Runs that are no jobs, as run history has them: scripts begin them by themselves, as children of a job or alone.

They are those that MLflow begins, too. Source: the models ``CreateRunDto`` and ``RunDto`` of azureml-core 1.61.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from azureml_emulator.core.clock import stamp
from azureml_emulator.core.errors import Envelope, ServiceError, correlation
from azureml_emulator.history.backend import History
from azureml_emulator.jobs.models import NAME
from azureml_emulator.mlflow.models import PARENT, Run, milliseconds_now

STATUSES = {
    "SCHEDULED": "NotStarted",
    "RUNNING": "Running",
    "FINISHED": "Completed",
    "FAILED": "Failed",
    "KILLED": "Canceled",
}
"""Run history's status by MLflow's."""

OF_HISTORY = {shown: status for status, shown in STATUSES.items()}

TEXTS = ("runId", "parentRunId", "status", "name", "displayName", "description")
BAGS = ("tags", "properties")
NOT_KEPT = frozenset({"scriptName", "target", "runType", "runTypeV2", "heartbeatEnabled"})
"""What a client may say of a run, and is not kept."""


def script_children(history: History, parent: str) -> list[Run]:
    """The runs that scripts began as children of a run, the oldest first."""
    return [run for run in history.tracking.script_runs() if run.parent == parent]


def root_of(history: History, run: Run) -> str:
    """The outermost run above one: of a job, the one that it belongs to."""
    seen = {run.id}
    while run.parent and run.parent not in seen:
        seen.add(run.parent)
        above = history.tracking.script_run(run.parent)
        if above is None:
            job = history.jobs.get(run.parent)
            return (job.root or job.name) if job else run.parent
        run = above
    return run.id


def put_script_run(history: History, name: str, experiment: str, body: dict[str, Any]) -> Run:
    """Make a run, or change one: what the body says of it, its tags and properties merged.

    What scripts and MLflow's clients see of a tag without a value is an empty text, which is unproven.

    :raises ServiceError: 400 for what cannot be said of a run.
    """
    check(name, body)
    run = history.tracking.script_run(name) or Run(name, experiment, "SCHEDULED", milliseconds_now(), None)
    tags = {key: "" if value is None else str(value) for key, value in (body.get("tags") or {}).items()}
    given = {key: str(value) for key, value in (body.get("properties") or {}).items() if value is not None}
    parent = run.parent or body.get("parentRunId")
    run = replace(
        run,
        name=str(body.get("displayName") or body.get("name") or run.name),
        description=str(body.get("description") or run.description),
        status=OF_HISTORY[body["status"]] if body.get("status") else run.status,
        parent=parent,
        properties={**given, **run.properties},
    )
    history.tracking.put_run(run)
    if parent:
        tags[PARENT] = parent
    history.tracking.log(run.id, [], [], tags.items())
    return run


def check(name: str, body: dict[str, Any]) -> None:
    """Refuse what cannot be said of a run that is no job. That its name must be as a job's is assumed."""
    if not NAME.fullmatch(name):
        raise wrong(f"runId is {name!r}. Accepted: letters, digits, - and _, at most 255.")
    refused = sorted(set(body) - {*TEXTS, *BAGS, *NOT_KEPT})
    if refused:
        raise wrong(f"{', '.join(refused)} cannot be set; accepted: {', '.join((*TEXTS, *BAGS))}.")
    for keys, kind, name in ((TEXTS, str, "a text"), (BAGS, dict, "an object")):
        for key in keys:
            if body.get(key) is not None and not isinstance(body[key], kind):
                raise wrong(f"{key} is {body[key]!r}. Accepted: {name}.")
    if body.get("status") and body["status"] not in OF_HISTORY:
        raise wrong(f"status is {body['status']!r}. Accepted: {', '.join(OF_HISTORY)}.")


def wrong(message: str) -> ServiceError:
    """Run history's 400."""
    return ServiceError(400, "UserError", message, ("BadArgument",), Envelope.HISTORY)


def script_run_resource(history: History, run: Run) -> dict[str, Any]:
    """A run that is no job. Who made it is not kept; its type is null, which is unproven."""
    root, nobody = root_of(history, run), {"userObjectId": None, "userName": None, "userTenantId": None, "upn": None}
    tags = history.tracking.tags(run.id).items()
    return {
        "runNumber": run.start // 1000,
        "runId": run.id,
        "runUuid": run.id,
        "rootRunId": root,
        "rootRunUuid": root,
        "parentRunId": run.parent,
        "parentRunUuid": None,
        "experimentId": history.experiment_id(run),
        "name": run.name,
        "displayName": run.name,
        "description": run.description or None,
        "hidden": run.deleted,
        "status": STATUSES.get(run.status, run.status),
        "startTimeUtc": None if run.status == "SCHEDULED" else instant(run.start),
        "endTimeUtc": instant(run.end),
        "createdUtc": instant(run.start),
        "createdBy": nobody,
        "dataContainerId": f"dcid.{run.id}",
        "runType": None,
        "runTypeV2": None,
        "properties": run.properties,
        "parameters": history.tracking.params(run.id),
        "tags": {key: value for key, value in tags if not key.startswith("mlflow.")},
        "target": "local",
        "error": error_response(history, run),
        "warnings": run.warnings,
        "services": {},
        "inputs": None,
        "outputs": None,
    }


def script_run_details(history: History, run: Run) -> dict[str, Any]:
    """The details of a run that is no job: it has no logs."""
    row = script_run_resource(history, run)
    return {**row, "createdTimeUtc": row["createdUtc"], "logFiles": {}, "inputs": {}, "outputs": {}}


def error_response(history: History, run: Run) -> dict[str, Any] | None:
    """What a script said of the failure of a run."""
    if run.error is None:
        return None
    region = history.settings.region
    return {"error": run.error, "correlation": correlation(), "environment": region, "location": region}


def instant(milliseconds: int | None) -> str | None:
    """A time of a run as run history writes it."""
    return None if milliseconds is None else stamp(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))
