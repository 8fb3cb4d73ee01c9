"""Routes of the workspace's keys, and of what can be asked about it: a diagnosis, features, private links, and the
operations of the resource provider."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.control.role_actions import PROVIDER, PUBLISHED
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.responses import TYPE, workspace_resource
from azureml_emulator.workspace.schemas import DIAGNOSE

RESULTS = (
    "userDefinedRouteResults",
    "networkSecurityRuleResults",
    "resourceLockResults",
    "dnsResolutionResults",
    "storageAccountResults",
    "keyVaultResults",
    "containerRegistryResults",
    "applicationInsightsResults",
    "otherResults",
)
"""What a diagnosis looks at. Source: DiagnoseResponseResultValue of api-version 2025-12-01."""

SHIFT = 28800
"""Seconds that a token for notebooks is good for. Source: the published example of List Notebook Access Token."""


async def list_keys(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - List keys: that of the storage account; the emulator has no other resources."""
    absent = ("appInsightsInstrumentationKey", "containerRegistryCredentials", "notebookAccessKeys")
    account = workspace_resource(workspace.settings)["properties"]["storageAccount"]
    keys = {
        "userStorageKey": workspace.settings.account_key,
        "userStorageResourceId": account,
        "userStorageArmId": account,
    }
    return web.json_response({**dict.fromkeys(absent), **keys})


async def list_storage_keys(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - List storage account keys."""
    return web.json_response({"userStorageKey": workspace.settings.account_key})


async def list_notebook_keys(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - List notebook keys: none, for there are no notebooks."""
    return web.json_response({"primaryAccessKey": None, "secondaryAccessKey": None})


async def list_notebook_token(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - List notebook access token: without a token, for there are no notebooks."""
    absent = ("accessToken", "refreshToken", "hostName", "notebookResourceId", "publicDns")
    token = {"tokenType": "Bearer", "expiresIn": SHIFT, "scope": "aznb_identity"}
    return web.json_response({**dict.fromkeys(absent), **token})


async def resync_keys(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - Resync keys: done at once, for a key of the emulator never changes."""
    return web.Response(status=200)


async def diagnose(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - Diagnose: nothing is wrong with a workspace that has no network of its own."""
    read_body(await read_object(request, optional=True), DIAGNOSE)
    return web.json_response({"value": {name: [] for name in RESULTS}})


async def list_features(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspace Features - List: those of Studio's pages, of which the emulator has none."""
    return web.json_response({"value": []})


async def list_private_links(workspace: Workspace, request: web.Request) -> web.Response:
    """Private Link Resources - List: what a private endpoint could lead to. Source: the published example."""
    name = "amlworkspace"
    resource = {
        "id": f"{workspace.settings.workspace_arm_id}/privateLinkResources/{name}",
        "name": name,
        "type": f"{TYPE}/privateLinkResources",
        "properties": {"groupId": name, "requiredMembers": ["default"]},
    }
    return web.json_response({"value": [resource]})


async def list_private_endpoints(workspace: Workspace, request: web.Request) -> web.Response:
    """Private Endpoint Connections - List: none can be made here."""
    return web.json_response({"value": []})


async def get_private_endpoint(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Private Endpoint Connections - Get: there is none."""
    message = f"The private endpoint connection '{name}' was not found."
    raise ServiceError(404, "ResourceNotFound", message, envelope=Envelope.ARM)


async def delete_private_endpoint(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Private Endpoint Connections - Delete: 204, as there was none."""
    return web.Response(status=204)


def operation_row(action: str) -> dict[str, Any]:
    """An operation as the resource provider lists it."""
    parts = action.removeprefix(f"{PROVIDER}/").split("/")
    verb = parts[-2] if parts[-1] == "action" else parts[-1]
    resource = "/".join(parts[: parts.index(verb)])
    display = {"provider": "Microsoft Machine Learning Services", "resource": resource, "operation": verb}
    return {"name": action, "isDataAction": False, "display": {**display, "description": action}}


async def list_operations(workspace: Workspace, request: web.Request) -> web.Response:
    """Operations - List: the actions that requests to the emulator may need."""
    return web.json_response({"value": [operation_row(action) for action in PUBLISHED.values()]})


ROUTES = [
    Route("GET", f"/providers/{PROVIDER}/operations", list_operations, Plane.ARM),
    Route("POST", "{ws}/listKeys", list_keys, Plane.ARM),
    Route("POST", "{ws}/listStorageAccountKeys", list_storage_keys, Plane.ARM),
    Route("POST", "{ws}/listNotebookKeys", list_notebook_keys, Plane.ARM),
    Route("POST", "{ws}/listNotebookAccessToken", list_notebook_token, Plane.ARM),
    Route("POST", "{ws}/resyncKeys", resync_keys, Plane.ARM),
    Route("POST", "{ws}/diagnose", diagnose, Plane.ARM),
    Route("GET", "{ws}/features", list_features, Plane.ARM),
    Route("GET", "{ws}/privateLinkResources", list_private_links, Plane.ARM),
    Route("GET", "{ws}/privateEndpointConnections", list_private_endpoints, Plane.ARM),
    Route("GET", "{ws}/privateEndpointConnections/{name}", get_private_endpoint, Plane.ARM),
    Route("DELETE", "{ws}/privateEndpointConnections/{name}", delete_private_endpoint, Plane.ARM),
]
