"""Routes of workspaces: making, reading, changing and deleting one. The emulator's own is changed at once and cannot
be deleted; others are made and deleted by long-running operations, and nothing is in them."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.operations import Record
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import WORKSPACE, Plane, Route
from azureml_emulator.workspace import description_answers as own
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.description import merged_identity
from azureml_emulator.workspace.neighbour_answers import (
    begin_put,
    delete_response,
    missing,
    state_of,
    workspace_neighbour,
    workspaces,
)
from azureml_emulator.workspace.schemas import WORKSPACE_PATCH, WORKSPACE_PUT

AREA = "workspaceOperationsStatus"


def is_own(workspace: Workspace, name: str) -> bool:
    """Whether a name is that of the emulator's own workspace."""
    return name.lower() == workspace.settings.workspace_name.lower()


def find(workspace: Workspace, name: str, *, look: bool = False) -> Record:
    """Another workspace, or ARM's 404."""
    record = workspace.neighbours.get(name, look=look)
    if record is None:
        raise missing(workspace.settings, "workspaces", name)
    return record


async def get_workspace(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Workspaces - Get."""
    if is_own(workspace, name):
        return own.answer(workspace)
    return web.json_response(workspace_neighbour(workspace.settings, find(workspace, name, look=True)))


async def list_workspaces(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - List by resource group, and by subscription; those of a ``kind``."""
    rows = workspaces(workspace)
    wanted = [word.lower() for word in request.query.get("kind", "").split(",") if word]
    return web.json_response({"value": [row for row in rows if not wanted or row["kind"].lower() in wanted]})


async def put_workspace(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Workspaces - Create or update: of another one, 202 and an operation."""
    if is_own(workspace, name):
        return await own.put_workspace(workspace, request)
    records = workspace.neighbours
    _, headers, _ = await begin_put(workspace.settings, workspace.faults, request, records, name, WORKSPACE_PUT, AREA)
    return web.Response(status=202, headers=headers)


async def patch_workspace(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Workspaces - Update: over at once."""
    if is_own(workspace, name):
        return await own.patch_workspace(workspace, request)
    said = read_body(await read_object(request), WORKSPACE_PATCH)
    record = find(workspace, name)
    properties = {**(record.get("properties") or {}), **(said.get("properties") or {})}
    identity = merged_identity(record.get("identity") or {}, said.get("identity") or {})
    told = {key: said[key] for key in ("tags", "sku") if said.get(key) is not None}
    workspace.neighbours.put(record["name"], {**record, **told, "properties": properties, "identity": identity})
    return web.json_response(workspace_neighbour(workspace.settings, find(workspace, name)))


async def delete_workspace(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Workspaces - Delete: an operation; a missing one is 204, the emulator's own is 501.

    It is gone afterwards, whatever ``forceToPurge`` says: nothing is kept to be recovered.
    """
    if is_own(workspace, name):
        raise not_emulated(f"Deleting the emulator's own workspace, {name}, is not emulated")
    return delete_response(workspace.settings, workspace.faults, request, workspace.neighbours, name, AREA)


async def operation_status(workspace: Workspace, request: web.Request, region: str, operation: str) -> web.Response:
    """The state of an operation on another workspace."""
    return state_of(workspace.neighbours, operation)


ONE = WORKSPACE.replace("{workspace_}", "{name}")
GROUP_WORKSPACES = ONE.rpartition("/")[0]
SUBSCRIPTION_WORKSPACES = "{sub}/providers/Microsoft.MachineLearningServices/workspaces"
ROUTES = [
    Route("GET", ONE, get_workspace, Plane.ARM),
    Route("PUT", ONE, put_workspace, Plane.ARM),
    Route("PATCH", ONE, patch_workspace, Plane.ARM),
    Route("DELETE", ONE, delete_workspace, Plane.ARM),
    Route("GET", GROUP_WORKSPACES, list_workspaces, Plane.ARM),
    Route("GET", SUBSCRIPTION_WORKSPACES, list_workspaces, Plane.ARM),
    Route("GET", f"{{location}}/{AREA}/{{operation}}", operation_status, Plane.ARM),
]
