"""Routes by which scripts of the SDK of version 1 make runs of their own, and tell how runs go.

Source: ``_restclient/contracts/events.py`` and ``operations/events_operations.py`` of azureml-core 1.61.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import find_run
from azureml_emulator.history.responses import failed_result
from azureml_emulator.history.script_runs import put_script_run, script_run_resource, wrong
from azureml_emulator.jobs.models import Job
from azureml_emulator.mlflow.models import Run, milliseconds_now

PREFIX = "Microsoft.MachineLearning.Run."
ENDS = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
"""MLflow's status of a run by the event that ends it."""

WITHOUT_EFFECT = frozenset({"Heartbeat", "CancelRequested", "Queued", "QueueingInfo"})


async def post_event(history: History, request: web.Request, experiment: str, run: str) -> web.Response:
    """Events - Post."""
    take_event(history, experiment, run, await read_object(request, Envelope.HISTORY))
    return web.json_response(None)


async def post_events(history: History, request: web.Request, experiment: str) -> web.Response:
    """Events - Batch post: those that are refused are named, the others are taken."""
    errors = []
    for event in await read_objects(request, "events"):
        try:
            take_event(history, experiment, str(data_of(event).get("RunId")), event)
        except ServiceError as error:
            errors.append({"key": event, "value": failed_result(error, history.settings.region)})
    return web.json_response({"errors": errors})


async def read_objects(request: web.Request, key: str) -> list[dict[str, Any]]:
    """What a batch consists of.

    :raises ServiceError: 400 where it is no array of objects.
    """
    found = (await read_object(request, Envelope.HISTORY)).get(key)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise wrong(f"{key} must be an array of objects.")
    return found


def data_of(event: dict[str, Any]) -> dict[str, Any]:
    """What an event says."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise wrong("data must be an object.")
    return data


def take_event(history: History, experiment: str, name: str, event: dict[str, Any]) -> None:
    """Change a run as an event says.

    :raises ServiceError: 404, 400 for an event that is none, 501 for one that has no meaning here.
    """
    word, data = str(event.get("name")).removeprefix(PREFIX), data_of(event)
    run = find_run(history, name, experiment)
    if isinstance(run, Job):
        take_event_of_job(history, run, word, data)
    elif word == "Start":
        history.tracking.put_run(replace(run, status="RUNNING", start=milliseconds_now()))
    elif word in ENDS:
        history.tracking.put_run(replace(run, status=ENDS[word], end=milliseconds_now()))
    elif word == "Error":
        history.tracking.put_run(replace(run, error=error_of(data)))
    elif word == "Warning":
        history.tracking.put_run(replace(run, warnings=[*run.warnings, warning_of(data)]))
    elif word not in WITHOUT_EFFECT:
        raise unknown(word)


def take_event_of_job(history: History, job: Job, word: str, data: dict[str, Any]) -> None:
    """Note what the script of a job says of it. Its command ends it, no event: the SDK sends none that would.

    What ``run.fail`` says is the job's error, also where its command then succeeds, which is unproven.
    """
    if word == "Error":
        history.jobs.change(job.name, error=error_of(data))
    elif word == "Warning":
        history.jobs.change(job.name, warnings=[*job.warnings, warning_of(data)])
    elif word != "Start" and word not in WITHOUT_EFFECT:
        raise unknown(word)


def unknown(word: str) -> ServiceError:
    """501 for an event."""
    return not_emulated(f"The event {PREFIX}{word} of a run is not emulated", Envelope.HISTORY)


def error_of(data: dict[str, Any]) -> dict[str, Any]:
    """The root error of an event."""
    response = data.get("ErrorResponse")
    root = response.get("error") if isinstance(response, dict) else None
    if not isinstance(root, dict):
        raise wrong("data.ErrorResponse.error must be an object.")
    return {key: value for key, value in root.items() if value is not None}


def warning_of(data: dict[str, Any]) -> dict[str, str]:
    """A warning of an event. Source: the model ``RunDetailsWarningDto``."""
    return {"source": str(data.get("Source")), "message": str(data.get("Message"))}


async def put_runs(history: History, request: web.Request, experiment: str) -> web.Response:
    """Runs - Batch add or modify runs that are no jobs, as ``run.create_children`` asks."""
    runs, errors = {}, {}
    for body in await read_objects(request, "runs"):
        name = str(body.get("runId"))
        try:
            runs[name] = script_run_resource(history, made_run(history, name, experiment, body))
        except ServiceError as error:
            errors[name] = failed_result(error, history.settings.region)
    return web.json_response({"runs": runs, "errors": errors})


def made_run(history: History, name: str, experiment: str, body: dict[str, Any]) -> Run:
    """Make or change a run that is no job."""
    if history.jobs.get(name):
        raise wrong(f"{name} is a job.")
    if history.tracking.script_run(name):
        find_run(history, name, experiment)
    return put_script_run(history, name, experiment, {key: value for key, value in body.items() if value is not None})


EXPERIMENT = "/history/v1.0{ws}/experiments/{experiment}"
ROUTES = [
    Route("POST", f"{EXPERIMENT}/runs/{{run}}/events", post_event, Plane.DATA),
    Route("POST", f"{EXPERIMENT}/batch/events", post_events, Plane.DATA),
    Route("PATCH", f"{EXPERIMENT}/batch/runs", put_runs, Plane.DATA),
]
