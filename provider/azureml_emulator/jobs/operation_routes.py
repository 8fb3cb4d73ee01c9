"""Routes of the cancelling of jobs as a long-running operation: its address is the subscription's."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.jobs.backend import JobsBackend


async def cancel_result(
    backend: JobsBackend, request: web.Request, region: str, workspace_id: str, job: str
) -> web.Response:
    """How a cancel is going: 202 and the same address while the job is being stopped, then 200 with an empty body.

    It is over before the job is ``Canceled`` where the fault ``cancel_slow`` is at work, as with the service.
    """
    record = backend.jobs.get(job)
    if record is None or workspace_id.lower() != backend.settings.workspace_id.lower():
        message = f"The operation 'jc:{workspace_id}:{job}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    if backend.engine.cancel_is_over(record):
        return web.Response(status=200)
    return web.json_response({}, status=202, headers={"Location": str(request.url), "Retry-After": "1"})


ROUTES = [Route("GET", "{location}/mfeOperationResults/jc:{workspace_id}:{job}", cancel_result, Plane.ARM)]
