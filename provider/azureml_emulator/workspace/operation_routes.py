"""Routes of long-running operations: their addresses are the subscription's, not the workspace's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.workspace.compute_routes import computes_of

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

LOCATION = "{sub}/providers/Microsoft.MachineLearningServices/locations/{region}"


def started(em: Emulator, operation: str) -> tuple[str, bool]:
    """When an operation on a compute began and whether it goes on; a 404 when there is none."""
    found = computes_of(em).under_way(operation)
    if found is None:
        raise ServiceError(
            404, "OperationNotFound", f"The operation '{operation}' was not found.", envelope=Envelope.ARM
        )
    return found


async def compute_status(em: Emulator, request: web.Request, region: str, operation: str) -> web.Response:
    """The state of an operation on a compute. Source: recorded: no ``id`` and no ``name`` in the answer."""
    start, going_on = started(em, operation)
    if going_on:
        return web.json_response({"status": "InProgress", "startTime": start}, headers={"Retry-After": "1"})
    return web.json_response(
        {"status": "Succeeded", "percentComplete": 100.0, "startTime": start, "endTime": stamp(now())}
    )


async def compute_result(em: Emulator, request: web.Request, region: str, operation: str) -> web.Response:
    """The end of an operation on a compute: 202 until then."""
    _, going_on = started(em, operation)
    headers = {"Location": str(request.url), "Retry-After": "1"} if going_on else {}
    return web.Response(status=202 if going_on else 200, headers=headers)


async def cancel_result(em: Emulator, request: web.Request, region: str, workspace_id: str, job: str) -> web.Response:
    """How a cancel is going: 202 and the same address while the job is being stopped, then 200 with an empty body.

    It is over before the job is ``Canceled`` where the fault ``cancel_slow`` is at work, as with the service.
    """
    record = Jobs(em.store).get(job)
    if record is None or workspace_id.lower() != em.settings.workspace_id.lower():
        raise ServiceError(
            404, "OperationNotFound", f"The operation 'jc:{workspace_id}:{job}' was not found.", envelope=Envelope.ARM
        )
    if record.ended or em.engine.is_dawdling(job):
        return web.Response(status=200)
    return web.json_response({}, status=202, headers={"Location": str(request.url), "Retry-After": "1"})


ROUTES = [
    Route("GET", LOCATION + "/computeOperationsStatus/{operation}", compute_status, Plane.ARM),
    Route("GET", LOCATION + "/computeOperationResults/{operation}", compute_result, Plane.ARM),
    Route("GET", LOCATION + "/mfeOperationResults/jc:{workspace_id}:{job}", cancel_result, Plane.ARM),
]
