"""The long-running operations on batch endpoints and deployments: how writes begin one, and the routes of
their state. Their addresses are the subscription's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.models import Deployments, Endpoints
from azureml_emulator.control.faults import subject
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.operations import DELETING, Operation, Record
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import Settings

FAILED = "This error is an injected fault: {state} did not succeed."


Records = Endpoints | Deployments
LASTS = {"Retry-After": "1", "x-ms-async-operation-timeout": "PT30M"}
"""Headers of every answer that begins an operation."""


def start(batch: Batch, request: web.Request, records: Records, key: str, value: Record, state: str) -> str:
    """Begin an operation, with the faults injected for it (``operation_slow``, ``operation_fails``); its id."""
    who = subject(f"{request.method} {request.path}")
    slow, fails = batch.faults.take("operation_slow", who), batch.faults.take("operation_fails", who)
    longer = slow.seconds(3) if slow else 0.0
    return records.begin(key, value, state, longer=longer, fails=fails is not None)


def write_response(
    batch: Batch,
    request: web.Request,
    records: Records,
    key: str,
    value: Record,
    resource: Callable[[Settings, Record], dict[str, Any]],
    before: Record | None,
) -> web.Response:
    """The answer to a write: the resource as it is meanwhile, with the address to poll and its own address.

    Source: recorded: ``Location`` is the resource, ``Azure-AsyncOperation`` the operation. That an update answers 200
    is unproven.
    """
    operation = start(batch, request, records, key, value, "Updating" if before else "Creating")
    body = resource(batch.settings, value)
    address = operation_url(batch.settings, request, "mfeOperationsStatus", f"{records.prefix}bes", operation)
    # Microsoft's sample script cli/batch-score-rest.sh polls what it finds here.
    body["properties"]["properties"] = {**(body["properties"]["properties"] or {}), "AzureAsyncOperationUri": address}
    headers = {
        "Azure-AsyncOperation": address,
        "Location": f"{batch.settings.base_url}{body['id']}?api-version={request.query['api-version']}",
        **LASTS,
    }
    return web.json_response(body, status=200 if before else 201, headers=headers)


def delete_response(
    batch: Batch, request: web.Request, records: Records, value: Record | None, key: str
) -> web.Response:
    """The answer to a delete. Source: recorded 202 with a body of ``null`` and two addresses."""
    if value is None:
        return web.Response(status=204)
    operation = start(batch, request, records, key, value, DELETING)
    headers = {
        "Azure-AsyncOperation": operation_url(
            batch.settings, request, "mfeOperationsStatus", records.prefix, operation
        ),
        "Location": operation_url(batch.settings, request, "mfeOperationResults", records.prefix, operation),
        **LASTS,
    }
    return web.json_response(None, status=202, headers=headers)


def operation_url(settings: Settings, request: web.Request, area: str, prefix: str, operation: str) -> str:
    """The address of an operation: a subscription's, with the workspace's id in its last segment."""
    name = f"{prefix}:{settings.workspace_id}:{operation}"
    return f"{settings.location_url}/{area}/{name}?api-version={request.query['api-version']}"


def find_operation(batch: Batch, request: web.Request, workspace_id: str, operation: str) -> Operation:
    """An operation of this workspace, or ARM's 404."""
    row = batch.endpoints.operation(operation) or batch.deployments.operation(operation)
    if row is None or workspace_id.lower() != batch.settings.workspace_id.lower():
        message = f"The operation '{request.path.rpartition('/')[2]}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    return row


async def operation_status(
    batch: Batch, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation. Source: recorded: ``id``, ``name``, ``status``, and for a delete times too."""
    row = find_operation(batch, request, workspace_id, operation)
    name = request.path.rpartition("/")[2]
    body: dict[str, Any] = {"id": request.path, "name": name, "status": row.status}
    if row.state == DELETING:
        body.update(startTime=row.started_at, percentComplete=100.0 if row.over else 0.0)
    if row.status == "Failed":
        body["error"] = {"code": "UserError", "message": FAILED.format(state=row.state.lower())}
    return web.json_response(body, headers={} if row.over else {"Retry-After": "1"})


async def operation_result(
    batch: Batch, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The end of a delete: 202 until then."""
    row = find_operation(batch, request, workspace_id, operation)
    if row.over:
        return web.Response(status=200)
    return web.Response(status=202, headers={"Location": str(request.url), "Retry-After": "1"})


ROUTES = [
    *(
        Route(
            "GET",
            f"{{location}}/mfeOperationsStatus/{kind}:{{workspace_id}}:{{operation}}",
            operation_status,
            Plane.ARM,
        )
        for kind in ("bebes", "bdbes", "be", "bd")
    ),
    *(
        Route(
            "GET",
            f"{{location}}/mfeOperationResults/{kind}:{{workspace_id}}:{{operation}}",
            operation_result,
            Plane.ARM,
        )
        for kind in ("be", "bd")
    ),
]
