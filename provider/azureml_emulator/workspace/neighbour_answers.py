"""What neighbours look like, and what begins an operation on one or tells its state.

The addresses of the operations are below ``locations/workspaceOperationsStatus`` and
``locations/registryOperationsStatus``, which are types of the resource provider; their form is that of a compute's.
"""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError, resource_not_found
from azureml_emulator.core.operations import DELETING, Record
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.schema import Shape
from azureml_emulator.core.settings import Settings
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.neighbours import Neighbours, check_name, record_of
from azureml_emulator.workspace.responses import workspace_resource

FAILED = "This error is an injected fault: the operation did not succeed."
PROVIDER = "Microsoft.MachineLearningServices"


def resource(settings: Settings, kind: str, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
    """A neighbour as ARM answers it.

    :param kind: ``workspaces`` or ``registries``.
    :param properties: those that the service says itself.
    """
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}"
    own = {"type": "SystemAssigned", "principalId": settings.client_id, "tenantId": settings.tenant_id}
    return {
        "id": f"{group}/providers/{PROVIDER}/{kind}/{record['name']}",
        "name": record["name"],
        "type": f"{PROVIDER}/{kind}",
        "location": record["location"],
        "kind": record.get("kind"),
        "tags": record.get("tags") or {},
        "sku": record.get("sku"),
        "identity": record.get("identity") or own,
        "properties": {**properties, **(record.get("properties") or {})},
        "systemData": {
            "createdAt": record["created_at"],
            "createdBy": settings.client_id,
            "createdByType": "Application",
            "lastModifiedAt": record["modified_at"],
        },
    }


def workspace_neighbour(settings: Settings, record: Record) -> dict[str, Any]:
    """Another workspace as ARM answers it."""
    properties = {
        "friendlyName": record["name"],
        "workspaceId": str(uuid.uuid5(uuid.UUID(settings.workspace_id), record["name"].lower())),
        "discoveryUrl": f"{settings.api}/discovery",
        "tenantId": settings.tenant_id,
        "publicNetworkAccess": "Enabled",
    }
    shown = resource(settings, "workspaces", record, properties)
    shown["properties"]["provisioningState"] = record["state"]
    return {**shown, "kind": record.get("kind") or "Default"}


def workspaces(workspace: Workspace) -> list[dict[str, Any]]:
    """All workspaces as ARM answers them, the emulator's own first."""
    settings = workspace.settings
    others = [workspace_neighbour(settings, record) for record in workspace.neighbours.all()]
    return [workspace_resource(settings, workspace.description.get()), *others]


def registry_neighbour(settings: Settings, record: Record) -> dict[str, Any]:
    """Another registry as ARM answers it."""
    name = record["name"]
    properties = {
        "discoveryUrl": f"{settings.base_url}/registrymanagement/v1.0/registries/{name}/discovery",
        "publicNetworkAccess": "Enabled",
        "regionDetails": [{"location": record["location"], "acrDetails": [], "storageAccountDetails": []}],
    }
    return resource(settings, "registries", record, properties)


def begin(
    settings: Settings, faults: Faults, request: web.Request, records: Neighbours, record: Record, state: str, area: str
) -> dict[str, str]:
    """Begin an operation on a neighbour; the headers that tell its address.

    :param area: ``workspaceOperationsStatus`` or ``registryOperationsStatus``.
    """
    longer, fails = faults.take_operation(f"{request.method} {request.path}")
    name = records.begin(record["name"], record, state, longer=longer, fails=fails)
    address = f"{settings.location_url}/{area}/{name}?api-version={request.query['api-version']}"
    return {"Azure-AsyncOperation": address, "Location": address, "Retry-After": "1"}


async def begin_put(
    settings: Settings, faults: Faults, request: web.Request, records: Neighbours, name: str, shape: Shape, area: str
) -> tuple[Record, dict[str, str], bool]:
    """Begin to make or change a neighbour as a request says: what is kept of it, the headers, and whether it is new.

    :raises ServiceError: the service's 400.
    """
    body = read_body(await read_object(request), shape)
    check_name(name)
    before = records.get(name)
    record = record_of(before["name"] if before else name, body, before, settings.region)
    headers = begin(settings, faults, request, records, record, "Updating" if before else "Creating", area)
    return record, headers, before is None


def delete_response(
    settings: Settings, faults: Faults, request: web.Request, records: Neighbours, name: str, area: str
) -> web.Response:
    """Begin to delete a neighbour; 204 for one that is missing."""
    record = records.get(name)
    if record is None:
        return web.Response(status=204)
    return web.Response(status=202, headers=begin(settings, faults, request, records, record, DELETING, area))


def state_of(records: Neighbours, name: str) -> web.Response:
    """The state of an operation on a neighbour, or ARM's 404."""
    operation = records.operation(name)
    if operation is None:
        message = f"The operation '{name}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    if not operation.over:
        body = {"status": "InProgress", "startTime": operation.started_at}
        return web.json_response(body, headers={"Retry-After": "1"})
    times = {"startTime": operation.started_at, "endTime": stamp(now())}
    if operation.fails:
        return web.json_response({"status": "Failed", "error": {"code": "UserError", "message": FAILED}, **times})
    return web.json_response({"status": "Succeeded", **times})


def missing(settings: Settings, kind: str, name: str) -> ServiceError:
    """ARM's 404 for a workspace or a registry."""
    return resource_not_found(f"{PROVIDER}/{kind}/{name}", settings.resource_group)
