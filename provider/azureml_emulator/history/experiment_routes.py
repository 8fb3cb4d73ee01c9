"""Routes of experiments as run history has them: those that jobs name, and those that scripts make.

Source: ``_restclient/operations/experiment_operations.py`` of azureml-core 1.61 and its model ``ExperimentDto``.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated
from azureml_emulator.core.paging import one_page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.odata import FilterError, parse_filter
from azureml_emulator.history.script_runs import wrong


def experiment_row(history: History, name: str) -> dict[str, Any]:
    """An experiment. When it was made is not kept here: ``createdUtc`` is null. None is ever archived."""
    return {
        "experimentId": history.tracking.experiment_id(name),
        "name": name,
        "description": None,
        "createdUtc": None,
        "archivedTime": None,
        "tags": history.tracking.experiment_tags(name),
    }


def missing_experiment(what: str) -> ServiceError:
    """Run history's 404 for an unknown experiment. The inner codes are unproven."""
    message = f"Experiment {what} was not found."
    return ServiceError(404, "UserError", message, ("NotFoundError", "ExperimentNotFound"), Envelope.HISTORY)


def name_of(history: History, experimentid: str) -> str:
    """The name of an experiment by its id, or a 404."""
    name = history.tracking.experiments().get(experimentid)
    if name is None:
        raise missing_experiment(experimentid)
    return name


async def get_experiment(history: History, request: web.Request, experiment: str) -> web.Response:
    """Experiments - Get."""
    if experiment not in history.tracking.experiments().values():
        raise missing_experiment(experiment)
    return web.json_response(experiment_row(history, experiment))


async def create_experiment(history: History, request: web.Request, experiment: str) -> web.Response:
    """Experiments - Create: the SDK asks for one that it did not find. One that is there is answered as it is."""
    if experiment not in history.tracking.experiments().values():
        history.tracking.put_experiment(experiment, {})
    return web.json_response(experiment_row(history, experiment))


async def get_experiment_by_id(history: History, request: web.Request, experimentid: str) -> web.Response:
    """Experiments - Get by id."""
    return web.json_response(experiment_row(history, name_of(history, experimentid)))


async def update_experiment(history: History, request: web.Request, experimentid: str) -> web.Response:
    """Experiments - Update: its tags, which are merged. Other changes are 501."""
    body = await read_object(request, Envelope.HISTORY)
    name = name_of(history, experimentid)
    others = [key for key, value in body.items() if key != "tags" and value is not None]
    if others:
        raise not_emulated(f"Changing {', '.join(others)} of an experiment is not emulated", Envelope.HISTORY)
    tags = body.get("tags") or {}
    if not isinstance(tags, dict):
        raise wrong("tags must be an object.")
    history.tracking.put_experiment(name, {**history.tracking.experiment_tags(name), **tags})
    return web.json_response(experiment_row(history, name))


async def delete_tags(history: History, request: web.Request, experimentid: str) -> web.Response:
    """Experiments - Delete tags; one that is not there is no error here, which is unproven."""
    gone = (await read_object(request, Envelope.HISTORY)).get("tags")
    if not isinstance(gone, list):
        raise wrong("tags must be an array of keys.")
    name = name_of(history, experimentid)
    tags = history.tracking.experiment_tags(name)
    history.tracking.put_experiment(name, {key: value for key, value in tags.items() if key not in gone})
    return web.json_response({"errors": {}})


async def query_experiments(history: History, request: web.Request) -> web.Response:
    """Experiments - Query, on one page: those that a filter leaves, by ``name`` and ``Tags/<key>``."""
    query = await read_object(request, Envelope.HISTORY, optional=True)
    view = str(request.query.get("viewType") or query.get("viewType") or "")
    try:
        test = parse_filter(str(query.get("filter") or ""))
    except FilterError as error:
        raise wrong(str(error)) from None
    names = [] if view.lower() == "archivedonly" else history.tracking.experiments().values()
    rows = [row for row in (experiment_row(history, name) for name in names) if test(row)]
    return one_page(rows)


HISTORY = "/history/v1.0{ws}"
ROUTES = [
    Route("GET", f"{HISTORY}/experiments/{{experiment}}", get_experiment, Plane.DATA),
    Route("POST", f"{HISTORY}/experiments/{{experiment}}", create_experiment, Plane.DATA),
    Route("POST", f"{HISTORY}/experiments:query", query_experiments, Plane.DATA),
    Route("GET", f"{HISTORY}/experimentids/{{experimentid}}", get_experiment_by_id, Plane.DATA),
    Route("PATCH", f"{HISTORY}/experimentids/{{experimentid}}", update_experiment, Plane.DATA),
    Route("POST", f"{HISTORY}/experimentids/{{experimentid}}/tags:delete", delete_tags, Plane.DATA),
]
