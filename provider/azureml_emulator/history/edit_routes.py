"""Routes of run history that change runs: editing them, their tags, canceling them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_array, read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import find_job, find_run
from azureml_emulator.history.responses import run_resource
from azureml_emulator.history.routes import SCOPES
from azureml_emulator.history.script_runs import put_script_run, script_run_resource, wrong
from azureml_emulator.jobs.definitions import updated_definition
from azureml_emulator.jobs.models import Job

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


async def edit_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Add or modify: display name, description, tags, properties, and whether it is archived (``hidden``).

    One that is not there is made, where the path names an experiment: so do scripts begin runs of their own.
    """
    body = {key: value for key, value in (await read_object(request, Envelope.HISTORY)).items() if value is not None}
    # Only now: another edit may have been made while the body came.
    where = experiment or history.tracking.experiments().get(experimentid or "")
    there = history.tracking.run(run) is not None
    found = find_run(history, run, experiment, experimentid) if there or not where else None
    if not isinstance(found, Job):
        changed_run = put_script_run(history, run, found.experiment if found else str(where), body)
        return web.json_response(script_run_resource(history, changed_run))
    refused = sorted(set(body) - set(EDITABLE) - {"runId"})
    if refused:
        raise wrong(f"The client may not change {', '.join(refused)}; it may change {', '.join(sorted(EDITABLE))}.")
    for key, value in body.items():
        kind = EDITABLE.get(key, str)
        if not isinstance(value, kind):
            raise wrong(f"{key} is {value!r}. Accepted: {FORMS[kind]}.")
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
    changed = history.jobs.change(run, definition=updated_definition(found.definition, changes))
    return web.json_response(run_resource(history, changed))


async def delete_tags(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Delete tags: the body is an array of keys; one that is not there is no error here, which is unproven.

    Source: ``delete_tags`` in ``_restclient/operations/run_operations.py`` of azureml-core 1.61.
    """
    gone = await read_array(request, Envelope.HISTORY)
    found = find_run(history, run, experiment, experimentid)
    if isinstance(found, Job):
        tags = {key: value for key, value in found.definition["tags"].items() if key not in gone}
        history.jobs.change(run, definition={**found.definition, "tags": tags})
    for key in gone:
        history.tracking.delete_tag(run, str(key))
    return web.json_response({"errors": {}})


async def cancel_run(
    history: History, request: web.Request, run: str, experiment: str | None = None, experimentid: str | None = None
) -> web.Response:
    """Runs - Cancel, with a reason."""
    job = find_job(history, run, experiment, experimentid)
    try:
        history.engine.cancel(job, request.query.get("CancelationReason"))
    except ServiceError as error:
        raise wrong(error.message) from None
    return web.json_response(None)


ROUTES = [
    *(Route("PATCH", f"{scope}/runs/{{run}}", edit_run, Plane.DATA) for scope in SCOPES),
    *(Route("POST", f"{scope}/runs/{{run}}/cancel", cancel_run, Plane.DATA) for scope in SCOPES[1:]),
    *(Route("DELETE", f"{scope}/runs/{{run}}/tags", delete_tags, Plane.DATA) for scope in SCOPES[1:]),
]
