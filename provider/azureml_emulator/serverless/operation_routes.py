"""The routes of long-running operations on serverless endpoints and marketplace subscriptions."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.operations import DELETING
from azureml_emulator.core.routing import Route
from azureml_emulator.endpoints.keys import shown_keys
from azureml_emulator.endpoints.operations import find_operation, operation_result, operation_routes, timed_status
from azureml_emulator.serverless.backend import Serverless
from azureml_emulator.serverless.models import Endpoints, Subscriptions


async def operation_end(
    room: Serverless, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The end of an operation: that of regenerating keys answers them. Source: the answers of Serverless Endpoints -
    Regenerate Keys, api-version 2025-12-01."""
    row = find_operation(room, request, workspace_id, operation)
    endpoint = room.endpoints.get(row.key)
    if row.over and row.state != DELETING and endpoint:
        return web.json_response(shown_keys(endpoint["keys"]))
    return await operation_result(room, request, region, workspace_id, operation)


KINDS = (Endpoints.writing, Subscriptions.writing)
ROUTES: list[Route[Serverless]] = operation_routes(timed_status, KINDS, KINDS, operation_end)
