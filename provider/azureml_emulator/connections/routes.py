"""Routes of connections. Nobody is called through one: whether a target is there and takes its credentials, which the
previews can test, is not told here."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from azureml_emulator.connections.backend import WorkspaceConnections
from azureml_emulator.connections.responses import connection_resource
from azureml_emulator.connections.schemas import BODY
from azureml_emulator.core.callers import CALLER
from azureml_emulator.core.errors import ServiceError, not_emulated
from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import boolean, page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import invalid, read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")
"""Source: the pattern of ``connectionName`` in the published description of Workspace Connections."""


def find(room: WorkspaceConnections, name: str) -> Record:
    """A connection's record, or 404. The form of the 404 is unproven."""
    record = room.connections.get(name)
    if record is None:
        message = f"Could not find connection: {name}."
        raise ServiceError(404, "UserError", message, inner=("NotFound", "ConnectionNotFound"))
    return record


async def list_connections(room: WorkspaceConnections, request: web.Request) -> web.Response:
    """Workspace Connections - List, those of a ``target`` and a ``category``.

    :raises ServiceError: 501 for ``includeAll``: how datastores show among connections is not published.
    """
    if boolean(request, "includeAll"):
        raise not_emulated("Datastores in the list of connections (includeAll) are not emulated")
    rows = room.connections.all()
    for key in ("target", "category"):
        if wanted := request.query.get(key, "").lower():
            rows = [row for row in rows if str(row["properties"].get(key)).lower() == wanted]
    shown = [connection_resource(room.settings, row) for row in rows]
    return page(request, room.settings.base_url, shown)


async def get_connection(room: WorkspaceConnections, request: web.Request, name: str) -> web.Response:
    """Workspace Connections - Get."""
    return web.json_response(connection_resource(room.settings, find(room, name)))


async def read_connection(request: web.Request) -> dict[str, Any]:
    """The properties in a request's body.

    :raises ServiceError: the service's 400, with everything that is wrong.
    """
    properties: dict[str, Any] = read_body(await read_object(request), BODY)["properties"]
    return properties


def caller() -> str:
    """The application that asks."""
    return CALLER.get() or ""


async def put_connection(room: WorkspaceConnections, request: web.Request, name: str) -> web.Response:
    """Workspace Connections - Create: 200, also for a new one. One of the same name is replaced."""
    properties = await read_connection(request)
    problems = []
    if "category" not in properties:
        problems.append(Problem("properties.category", "The value is required.", "NotNullValidator"))
    if not NAME.fullmatch(name):
        message = f"{name!r}: 3 to 33 letters, digits, hyphens and underscores, the first one a letter or a digit."
        problems.append(Problem("name", message))
    if problems:
        raise invalid(problems)
    return web.json_response(connection_resource(room.settings, room.connections.put(name, properties, caller())))


async def patch_connection(room: WorkspaceConnections, request: web.Request, name: str) -> web.Response:
    """Workspace Connections - Update."""
    record = find(room, name)
    changed = room.connections.change(record, await read_connection(request), caller())
    return web.json_response(connection_resource(room.settings, changed))


async def delete_connection(room: WorkspaceConnections, request: web.Request, name: str) -> web.Response:
    """Workspace Connections - Delete: 204 when there was none."""
    return web.Response(status=200 if room.connections.delete(name) else 204)


async def list_secrets(room: WorkspaceConnections, request: web.Request, name: str) -> web.Response:
    """Workspace Connections - List secrets: the connection with its credentials."""
    return web.json_response(connection_resource(room.settings, find(room, name), secrets=True))


ONE = "{ws}/connections/{name}"
ROUTES = [
    Route("GET", "{ws}/connections", list_connections, Plane.ARM),
    Route("GET", ONE, get_connection, Plane.ARM),
    Route("PUT", ONE, put_connection, Plane.ARM),
    Route("PATCH", ONE, patch_connection, Plane.ARM),
    Route("DELETE", ONE, delete_connection, Plane.ARM),
    Route("POST", f"{ONE}/listsecrets", list_secrets, Plane.ARM),
]
