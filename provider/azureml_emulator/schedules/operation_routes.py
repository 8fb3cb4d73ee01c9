"""The routes of long-running operations on schedules."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.endpoints.operations import find_operation, operation_routes, status_body, status_response
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.schedules.models import ScheduleRecords


async def operation_status(
    schedules: Schedules, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation. Source: recording test_schedule_lifetime."""
    row = find_operation(schedules, request, workspace_id, operation)
    body = {**status_body(request, row), "startTime": row.started_at}
    if row.over:
        body["endTime"] = stamp(now())
    return status_response(row, body)


ROUTES = operation_routes(operation_status, [ScheduleRecords.writing], [ScheduleRecords.deleting])
