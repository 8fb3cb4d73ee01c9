"""Routes of discovery and of the workspace's datastores."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import boolean, page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.selection import order_asked_for
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.datastores import container_of
from azureml_emulator.workspace.responses import datastore_resource
from azureml_emulator.workspace.schemas import DATASTORE

KEYS_SIGN = "2024-10-01-preview"
"""The api-version whose client takes the artifact store's key."""


async def discovery(workspace: Workspace, request: web.Request) -> web.Response:
    """The addresses of the data plane, without a token. Source: recorded answer of a region's discovery
    address."""
    services = (
        "api",
        "experimentation",
        "history",
        "hyperdrive",
        "labeling",
        "modelmanagement",
        "pipelines",
        "catalog",
        "gallery",
    )
    settings = workspace.settings
    return web.json_response({**dict.fromkeys(services, settings.api), "studio": settings.studio_url})


# datastores ------------------------------------------------------------------------------------------


def find_datastore(workspace: Workspace, name: str) -> dict[str, Any]:
    """A datastore's record, or the service's 404."""
    datastore = workspace.datastores.get(name)
    if datastore is None:
        raise ServiceError(
            404,
            "UserError",
            f"Could not find datastore: {name}.",
            inner=("NotFound", "DatastoreNotFound"),
            message_format="Could not find datastore: {datastoreName}.",
            parameters={"datastoreName": name},
        )
    return datastore


ORDERS = {"createdtime": "created_at", "modifiedtime": "modified_at", "name": "name"}
"""What ``orderBy`` of datastores sorts by. Source: its description in api-version 2025-12-01."""


async def list_datastores(workspace: Workspace, request: web.Request) -> web.Response:
    """Datastores - List, with ``isDefault``, ``names``, ``searchText``, ``orderBy``, ``orderByAsc`` (false if it is
    not given), ``count`` and ``$skip``."""
    rows = workspace.datastores.all()
    default = boolean(request, "isDefault")
    if default is not None:
        rows = [row for row in rows if bool(row["properties"]["isDefault"]) is default]
    names = request.query.getall("names", [])
    if names:
        wanted = {name.lower() for text in names for name in text.split(",")}
        rows = [row for row in rows if row["name"].lower() in wanted]
    if (key := order_asked_for(request, ORDERS)) is not None:
        rows = sorted(rows, key=lambda row: str(row[key]), reverse=not boolean(request, "orderByAsc"))
    search = request.query.get("searchText", "").lower()
    resources = [datastore_resource(workspace.settings, row) for row in rows if search in row["name"].lower()]
    return page(request, workspace.settings.base_url, resources, size_key="count", default=30)


async def get_datastore(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Datastores - Get."""
    return web.json_response(datastore_resource(workspace.settings, find_datastore(workspace, name)))


async def put_datastore(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Datastores - Create or update. Other calls do not answer its secrets."""
    properties = read_properties(await read_object(request), DATASTORE)
    exists = workspace.datastores.get(name) is not None
    datastore = workspace.datastores.put(name, properties)
    resource = datastore_resource(workspace.settings, datastore)
    return web.json_response(resource, status=200 if exists else 201)


async def delete_datastore(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Datastores - Delete: 204 when there was none."""
    return web.Response(status=200 if workspace.datastores.delete(name) else 204)


async def list_secrets(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Datastores - List secrets: a SAS when an expiring secret is requested, else the account's key.

    The artifact store answers its key, as azure-ai-ml 1.35.2 signs log addresses itself and takes a SAS for a key when
    it gets one, so that ``jobs.stream`` would print an error in place of the log. Clients of an earlier api-version
    than that one's (azure-ai-ml 1.22.4) know what to do with a SAS only.
    """
    settings = workspace.settings
    datastore = find_datastore(workspace, name)
    properties = datastore["properties"]
    if datastore["secrets"]:
        return web.json_response(datastore["secrets"])
    anonymous = properties["credentials"]["credentialsType"] == "None"
    container = container_of(properties)
    if anonymous or container is None or properties.get("accountName") != settings.account_name:
        message = f"The datastore {datastore['name']} has no credentials."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "NoSecrets"))
    body = await read_object(request, optional=True)
    version = request.query.get("api-version", KEYS_SIGN)
    signs = container == settings.artifact_container and version >= KEYS_SIGN
    if body.get("expirableSecret") and not signs:
        hours = float(body.get("expireAfterHours") or 1)
        sas = workspace.storage.signer.sign(container, "racwdl", lifetime=3600 * hours)
        return web.json_response({"secretsType": "Sas", "sasToken": sas})
    return web.json_response({"secretsType": "AccountKey", "key": settings.account_key})


ROUTES = [
    Route("GET", "/discovery", discovery, Plane.OPEN),
    Route("GET", "{ws}/datastores", list_datastores, Plane.ARM),
    Route("GET", "{ws}/datastores/{name}", get_datastore, Plane.ARM),
    Route("PUT", "{ws}/datastores/{name}", put_datastore, Plane.ARM),
    Route("DELETE", "{ws}/datastores/{name}", delete_datastore, Plane.ARM),
    Route("POST", "{ws}/datastores/{name}/listSecrets", list_secrets, Plane.ARM),
]
