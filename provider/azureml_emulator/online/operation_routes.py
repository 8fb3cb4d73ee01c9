"""The routes of long-running operations on online endpoints and deployments."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.endpoints.operations import find_operation, operation_routes, status_response, timed_body
from azureml_emulator.online.backend import Online
from azureml_emulator.online.models import Deployments, Endpoints

KINDS = [Endpoints.writing, Deployments.writing]


async def operation_status(
    online: Online, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation, which is ``Updating`` whatever it does. Source: recording test_online_deployment."""
    row = find_operation(online, request, workspace_id, operation)
    body = {**timed_body(request, row), "percentComplete": 100.0 if row.over else 0.0}
    if not row.over:
        body["status"] = "Updating"
    return status_response(row, body)


ROUTES = operation_routes(operation_status, KINDS, KINDS)
