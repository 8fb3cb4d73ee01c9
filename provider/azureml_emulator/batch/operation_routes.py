"""Routes of the long-running operations on batch endpoints and deployments: their addresses are the subscription's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.batch.models import GONE, Endpoints, Operation, Record
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.routing import Plane, Route

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

LOCATION = "{sub}/providers/Microsoft.MachineLearningServices/locations/{region}"
FAILED = "The emulator was asked for this fault: {state} did not succeed."


def start(em: Emulator, request: web.Request, kind: str, key: str, value: Record, state: str) -> str:
    """Begin an operation, with the faults that were asked for (``operation_slow``, ``operation_fails``); its id."""
    subject = f"{request.method} {request.path}"
    slow, fails = em.faults.take("operation_slow", subject), em.faults.take("operation_fails", subject)
    endpoints = Endpoints(em.store, em.transitions.clock("endpoints").seconds)
    return endpoints.begin(kind, key, value, state, longer=slow.seconds(3) if slow else 0.0, fails=fails is not None)


def operation_url(em: Emulator, request: web.Request, area: str, prefix: str, operation: str) -> str:
    """The address of an operation: a subscription's, with the workspace's id in its last segment."""
    own = em.settings
    version = request.query["api-version"]
    return (
        f"{own.base_url}/subscriptions/{own.subscription_id}/providers/Microsoft.MachineLearningServices/locations/{own.region}"
        f"/{area}/{prefix}:{own.workspace_id}:{operation}?api-version={version}"
    )


def known_operation(em: Emulator, request: web.Request, workspace_id: str, operation: str) -> Operation:
    """An operation of this workspace, or ARM's 404."""
    row = Endpoints(em.store, em.transitions.clock("endpoints").seconds).operation(operation)
    if row is None or workspace_id.lower() != em.settings.workspace_id.lower():
        message = f"The operation '{request.path.rpartition('/')[2]}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    return row


async def operation_status(
    em: Emulator, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation. Source: recorded: ``id``, ``name``, ``status``, and for a delete times too."""
    row = known_operation(em, request, workspace_id, operation)
    name = request.path.rpartition("/")[2]
    body: dict[str, Any] = {"id": request.path, "name": name, "status": row.status}
    if row.state == GONE:
        body.update(startTime=row.started_at, percentComplete=0.0 if row.going_on else 100.0)
    if row.status == "Failed":
        body["error"] = {"code": "UserError", "message": FAILED.format(state=row.state.lower())}
    return web.json_response(body, headers={"Retry-After": "1"} if row.going_on else {})


async def operation_result(
    em: Emulator, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The end of a delete: 202 until then."""
    row = known_operation(em, request, workspace_id, operation)
    headers = {"Location": str(request.url), "Retry-After": "1"} if row.going_on else {}
    return web.Response(status=202 if row.going_on else 200, headers=headers)


ROUTES = [
    *(
        Route(
            "GET", f"{LOCATION}/mfeOperationsStatus/{kind}:{{workspace_id}}:{{operation}}", operation_status, Plane.ARM
        )
        for kind in ("bebes", "bdbes", "be", "bd")
    ),
    *(
        Route(
            "GET", f"{LOCATION}/mfeOperationResults/{kind}:{{workspace_id}}:{{operation}}", operation_result, Plane.ARM
        )
        for kind in ("be", "bd")
    ),
]
