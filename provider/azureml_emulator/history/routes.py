"""Routes of run history: reading runs one by one and many at once, editing and canceling them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_array, read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import find_run, in_experiment, lags, missing_run
from azureml_emulator.history.odata import FilterError, parse_filter
from azureml_emulator.history.responses import (
    details_resource,
    failed_result,
    run_resource,
    typed_inputs,
    typed_outputs,
)
from azureml_emulator.identity.tokens import RUN_TOKEN_LIFETIME
from azureml_emulator.jobs.definitions import updated_definition
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.visibility import listed_late

PAGE = 500

FORMS = {dict: "an object", bool: "true or false", str: "a text"}
"""How a value of each kind is called in a refusal."""

EDITABLE: dict[str, type] = {
    "displayName": str,
    "description": str,
    "tags": dict,
    "properties": dict,
    "hidden": bool,
    "name": str,
}
"""What a client may change of a run, and of which kind each is."""


async def get_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get."""
    job = in_experiment(history, run, experiment, experimentid, look=True)
    return web.json_response(run_resource(history, job))


async def get_details(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get details."""
    job = in_experiment(history, run, experiment, experimentid, look=True)
    return web.json_response(details_resource(history, job))


async def get_children(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get children, the oldest first."""
    in_experiment(history, run, experiment, experimentid)
    rows = history.jobs.children(run)
    query = request.query
    return page_of_runs(history, rows, query.get("$filter"), query.get("$top"), query.get("$continuationtoken"))


async def edit_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Add or modify: display name, description, tags, properties, and whether it is archived (``hidden``)."""
    body = {key: value for key, value in (await read_object(request, Envelope.HISTORY)).items() if value is not None}
    # Only now: another edit may have been made while the body came.
    job = in_experiment(history, run, experiment, experimentid)
    refused = sorted(set(body) - set(EDITABLE) - {"runId"})
    if refused:
        raise bad_request(
            f"The client may not change {', '.join(refused)}; it may change {', '.join(sorted(EDITABLE))}."
        )
    for key, value in body.items():
        kind = EDITABLE.get(key, str)
        if not isinstance(value, kind):
            raise bad_request(f"{key} is {value!r}. Accepted: {FORMS[kind]}.")
    changes: dict[str, Any] = {
        key: body[key] for key in ("displayName", "description", "tags", "properties") if key in body
    }
    if "hidden" in body:
        changes["isArchived"] = bool(body["hidden"])
    for bag in ("tags", "properties"):
        if bag in changes:
            changes[bag] = {
                key: None if value is None else str(value)
                for key, value in changes[bag].items()
                if bag == "tags" or value is not None
            }
    changed = history.jobs.change(run, definition=updated_definition(job.definition, changes))
    return web.json_response(run_resource(history, changed))


async def delete_tags(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Delete tags: the body is an array of keys; one that is not there is no error here, which is unproven.

    Source: ``delete_tags`` in ``_restclient/operations/run_operations.py`` of azureml-core 1.61.
    """
    gone = await read_array(request, Envelope.HISTORY)
    job = in_experiment(history, run, experiment, experimentid)
    tags = {key: value for key, value in job.definition["tags"].items() if key not in gone}
    history.jobs.change(run, definition={**job.definition, "tags": tags})
    for key in gone:
        history.tracking.delete_tag(run, str(key))
    return web.json_response({"errors": {}})


async def cancel_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Cancel, with a reason."""
    job = in_experiment(history, run, experiment, experimentid)
    try:
        history.engine.cancel(job, request.query.get("CancelationReason"))
    except ServiceError as error:
        raise bad_request(error.message) from None
    return web.json_response(None)


async def get_token(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Runs - Get token: a new one, for a job whose own is about to expire.

    Source: ``_restclient/token`` of azureml-mlflow 1.62.
    """
    job = find_run(history, run)
    expiry = now() + timedelta(seconds=RUN_TOKEN_LIFETIME)
    return web.json_response({"token": history.tokens.of_run(job.created_by), "expiryTimeUtc": stamp(expiry)})


async def get_services(history: History, request: web.Request, run: str, node: str) -> web.Response:
    """Runs - Get service instances: the emulator opens no interactive services."""
    find_run(history, run)
    return web.json_response({"instances": {}})


async def rundata(history: History, request: web.Request) -> web.Response:
    """Runs - Get run data: the one answer that has inputs and outputs."""
    selection = await read_object(request, Envelope.HISTORY)
    answer = run_data(history, selection)
    request["job"] = selection["runId"]
    return web.json_response(answer)


def run_data(history: History, selection: dict[str, Any]) -> dict[str, Any]:
    """The parts of a run that a request selects."""
    name = selection.get("runId")
    if not isinstance(name, str):
        raise bad_request("runId is required.")
    job = find_run(history, name, look=True)
    metadata = {**run_resource(history, job), "inputs": typed_inputs(history, job), "outputs": typed_outputs(job)}
    return {
        "runMetadata": metadata if selection.get("selectRunMetadata") else None,
        "runDefinition": {"Command": job.definition.get("command")} if selection.get("selectRunDefinition") else None,
        "jobSpecification": None,
        "systemSettings": None,
    }


async def batch_rundata(history: History, request: web.Request) -> web.Response:
    """Runs - Batch get run data: each request by its own key."""
    selections = (await read_object(request, Envelope.HISTORY)).get("requests")
    if not isinstance(selections, dict) or not all(isinstance(row, dict) for row in selections.values()):
        raise bad_request("requests must be an object of requests.")
    good, failed = {}, {}
    for key, row in selections.items():
        try:
            good[key] = run_data(history, row)
        except ServiceError as error:
            failed[key] = failed_result(error, history.settings.region)
    return web.json_response({"successfulResults": good, "failedResults": failed})


def experiment_test(history: History, experiment: str | None, experimentid: str | None) -> Callable[[Job], bool]:
    """Whether a job belongs to the experiment that a path names."""
    if experiment is not None:
        return lambda job: job.experiment == experiment
    return lambda job: history.experiment_id(job) == experimentid


async def runs_by_ids(
    history: History, request: web.Request, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get by ids, of one experiment."""
    names = (await read_object(request, Envelope.HISTORY)).get("runIds")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request("runIds must be an array of run ids.")
    belongs = experiment_test(history, experiment, experimentid)
    runs, errors = {}, {}
    for name in names:
        job = history.jobs.get(str(name))
        if job and belongs(job) and not lags(history, job):
            runs[name] = run_resource(history, job)
        else:
            errors[name] = failed_result(missing_run(str(name)), history.settings.region)
    return web.json_response({"runs": runs, "errors": errors})


async def query_runs(
    history: History, request: web.Request, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Query, of one experiment; a run that does not fit is absent."""
    query = await read_object(request, Envelope.HISTORY, optional=True)
    present = [job for job in history.jobs_of(experiment, experimentid) if not lags(history, job)]
    rows = [job for job in present if not listed_late(history.jobs, history.faults, job)]
    order = str(query.get("orderBy") or "").lower().split()
    if order and order[0] == "runid":
        rows.sort(key=lambda job: job.name)
    if order and order[-1] == "desc":
        rows.reverse()
    return page_of_runs(history, rows, query.get("filter"), query.get("top"), query.get("continuationToken"))


def page_of_runs(history: History, rows: list[Job], condition: Any, top: Any, token: Any) -> web.Response:
    """One page of runs; a single page comes without a token. Source: recorded answers to children."""
    try:
        test = parse_filter(str(condition or ""))
        size, start = int(top or PAGE), int(token or 0)
        if size < 0 or start < 0:
            raise ValueError("top and continuationToken are whole numbers from zero.")
    except (FilterError, TypeError, ValueError) as error:
        raise bad_request(str(error)) from None
    matching = [run for run in (run_resource(history, job) for job in rows) if test(run)]
    body: dict[str, Any] = {"value": matching[start : start + size]}
    if start + size < len(matching):
        body.update(continuationToken=str(start + size), nextLink=None)
    return web.json_response(body)


def bad_request(message: str) -> ServiceError:
    """Run history's 400."""
    return ServiceError(400, "UserError", message, ("BadArgument",), Envelope.HISTORY)


HISTORY = "/history/v1.0{ws}"
SCOPES = (HISTORY, f"{HISTORY}/experiments/{{experiment}}", f"{HISTORY}/experimentids/{{experimentid}}")
OF_RUN: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/runs/{run}", get_run),
    ("PATCH", "/runs/{run}", edit_run),
    ("GET", "/runs/{run}/details", get_details),
    ("GET", "/runs/{run}/children", get_children),
]
OF_EXPERIMENT: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/runs/{run}/token", get_token),
    ("POST", "/runs/{run}/cancel", cancel_run),
    ("DELETE", "/runs/{run}/tags", delete_tags),
    ("POST", "/runs/runIds", runs_by_ids),
    ("POST", "/runs:query", query_runs),
]

ROUTES = [
    *(Route(method, scope + path, handler, Plane.DATA) for scope in SCOPES for method, path, handler in OF_RUN),
    *(
        Route(method, scope + path, handler, Plane.DATA)
        for scope in SCOPES[1:]
        for method, path, handler in OF_EXPERIMENT
    ),
    Route("GET", f"{HISTORY}/runs/{{run}}/serviceinstances/{{node}}", get_services, Plane.DATA),
    Route("POST", f"{HISTORY}/rundata", rundata, Plane.DATA),
    Route("POST", f"{HISTORY}/batchrundata", batch_rundata, Plane.DATA),
]
