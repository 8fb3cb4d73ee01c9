"""The routes of long-running operations on batch endpoints and deployments."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.models import Deployments, Endpoints
from azureml_emulator.core.operations import DELETING
from azureml_emulator.endpoints.operations import find_operation, operation_routes, status_body, status_response

RECORDS = (Endpoints, Deployments)


async def operation_status(
    batch: Batch, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation. Source: recorded: ``id``, ``name``, ``status``, and for a delete times too."""
    row = find_operation(batch, request, workspace_id, operation)
    body = status_body(request, row)
    if row.state == DELETING:
        body.update(startTime=row.started_at, percentComplete=100.0 if row.over else 0.0)
    return status_response(row, body)


ROUTES = operation_routes(operation_status, [kind.writing for kind in RECORDS], [kind.deleting for kind in RECORDS])
