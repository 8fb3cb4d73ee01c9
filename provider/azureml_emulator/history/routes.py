"""Routes of run history: reading runs one by one and many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import belongs, find_job, find_run, lags, missing_run
from azureml_emulator.history.odata import FilterError, parse_filter
from azureml_emulator.history.responses import (
    details_resource,
    failed_result,
    run_resource,
    typed_inputs,
    typed_outputs,
)
from azureml_emulator.history.script_runs import (
    script_children,
    script_run_details,
    script_run_resource,
    wrong,
)
from azureml_emulator.identity.tokens import RUN_TOKEN_LIFETIME
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.visibility import listed_late
from azureml_emulator.mlflow.models import Run

PAGE = 500


async def get_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get."""
    return web.json_response(resource(history, find_run(history, run, experiment, experimentid, look=True)))


async def get_details(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get details."""
    found = find_run(history, run, experiment, experimentid, look=True)
    if isinstance(found, Run):
        return web.json_response(script_run_details(history, found))
    return web.json_response(details_resource(history, found))


async def get_children(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get children, the oldest first."""
    find_run(history, run, experiment, experimentid)
    rows: list[Job | Run] = [*history.jobs.children(run), *script_children(history, run)]
    query = request.query
    return page_of_runs(history, rows, query.get("$filter"), query.get("$top"), query.get("$continuationtoken"))


async def get_token(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Runs - Get token: a new one, for a job whose own is about to expire.

    Source: ``_restclient/token`` of azureml-mlflow 1.62.
    """
    job = find_job(history, run)
    expiry = now() + timedelta(seconds=RUN_TOKEN_LIFETIME)
    return web.json_response({"token": history.tokens.of_run(job.created_by), "expiryTimeUtc": stamp(expiry)})


async def get_services(history: History, request: web.Request, run: str, node: str) -> web.Response:
    """Runs - Get service instances: the emulator opens no interactive services."""
    find_job(history, run)
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
        raise wrong("runId is required.")
    job = find_job(history, name, look=True)
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
        raise wrong("requests must be an object of requests.")
    good, failed = {}, {}
    for key, row in selections.items():
        try:
            good[key] = run_data(history, row)
        except ServiceError as error:
            failed[key] = failed_result(error, history.settings.region)
    return web.json_response({"successfulResults": good, "failedResults": failed})


async def runs_by_ids(
    history: History, request: web.Request, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Get by ids, of one experiment."""
    names = (await read_object(request, Envelope.HISTORY)).get("runIds")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise wrong("runIds must be an array of run ids.")
    runs, errors = {}, {}
    for name in names:
        job = history.jobs.get(str(name))
        if job and belongs(history, job, experiment, experimentid) and not lags(history, job):
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
    rows: list[Job | Run] = [job for job in present if not listed_late(history.jobs, history.faults, job)]
    rows += [run for run in history.tracking.script_runs() if belongs(history, run, experiment, experimentid)]
    order = str(query.get("orderBy") or "").lower().split()
    if order and order[0] == "runid":
        rows.sort(key=lambda row: row.id if isinstance(row, Run) else row.name)
    if order and order[-1] == "desc":
        rows.reverse()
    return page_of_runs(history, rows, query.get("filter"), query.get("top"), query.get("continuationToken"))


def resource(history: History, row: Job | Run) -> dict[str, Any]:
    """A run of a list: a job, or one that a script began."""
    return script_run_resource(history, row) if isinstance(row, Run) else run_resource(history, row)


def page_of_runs(history: History, rows: Sequence[Job | Run], condition: Any, top: Any, token: Any) -> web.Response:
    """One page of runs; a single page comes without a token. Source: recorded answers to children."""
    try:
        test = parse_filter(str(condition or ""))
        size, start = int(top or PAGE), int(token or 0)
        if size < 0 or start < 0:
            raise ValueError("top and continuationToken are whole numbers from zero.")
    except (FilterError, TypeError, ValueError) as error:
        raise wrong(str(error)) from None
    matching = [run for run in (resource(history, row) for row in rows) if test(run)]
    body: dict[str, Any] = {"value": matching[start : start + size]}
    if start + size < len(matching):
        body.update(continuationToken=str(start + size), nextLink=None)
    return web.json_response(body)


HISTORY = "/history/v1.0{ws}"
SCOPES = (HISTORY, f"{HISTORY}/experiments/{{experiment}}", f"{HISTORY}/experimentids/{{experimentid}}")
OF_RUN: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/runs/{run}", get_run),
    ("GET", "/runs/{run}/details", get_details),
    ("GET", "/runs/{run}/children", get_children),
]
OF_EXPERIMENT: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/runs/{run}/token", get_token),
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
