"""The routes of long-running operations on online endpoints and deployments."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.endpoints.operations import find_operation, operation_routes, status_body, status_response
from azureml_emulator.online.backend import Online
from azureml_emulator.online.models import Deployments, Endpoints

KINDS = [Endpoints.writing, Deployments.writing]


async def operation_status(
    online: Online, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation, which is ``Updating`` whatever it does. Source: recording test_online_deployment."""
    row = find_operation(online, request, workspace_id, operation)
    body = {**status_body(request, row), "startTime": row.started_at}
    if row.over:
        body.update(percentComplete=100.0, endTime=stamp(now()))
    else:
        body.update(percentComplete=0.0, status="Updating")
    return status_response(row, body)


ROUTES = operation_routes(operation_status, KINDS, KINDS)
