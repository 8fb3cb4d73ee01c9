"""Long-running operations over HTTP: how writes and deletes begin one, and what is answered of its state. Their
addresses are the subscription's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeVar

from aiohttp import web

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.operations import DELETING, Operation, Record
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import Settings
from azureml_emulator.endpoints.records import OperatedRecords

FAILED = "This error is an injected fault: {state} did not succeed."

LASTS = {"Retry-After": "1", "x-ms-async-operation-timeout": "PT30M"}
"""Headers of every answer that begins an operation."""

Resource = Callable[[Settings, Record], dict[str, Any]]
"""``resource(settings, record)``: a record as ARM answers it."""


class Owner(Protocol):
    """The backend of a room whose records have operations."""

    settings: Settings
    faults: Faults

    def operated(self) -> Iterable[OperatedRecords]:
        """All its records that have operations."""


Room = TypeVar("Room", bound=Owner)


def start(owner: Owner, request: web.Request, records: OperatedRecords, key: str, value: Record, state: str) -> str:
    """Begin an operation, with the faults injected for it (``operation_slow``, ``operation_fails``); its id."""
    longer, fails = owner.faults.take_operation(f"{request.method} {request.path}")
    return records.begin(key, value, state, longer=longer, fails=fails)


def write_response(
    owner: Owner,
    request: web.Request,
    records: OperatedRecords,
    key: str,
    value: Record,
    resource: Resource,
    before: Record | None,
    *,
    tells: bool = True,
) -> web.Response:
    """The answer to a write: the resource as it is meanwhile, with the address to poll and its own address.

    Source: recorded: ``Location`` is the resource, ``Azure-AsyncOperation`` the operation. That an update answers 200
    is unproven.

    :param tells: whether the resource itself tells the operation's address.
    """
    operation = start(owner, request, records, key, value, "Updating" if before else "Creating")
    body = resource(owner.settings, value)
    address = operation_url(owner.settings, request, "mfeOperationsStatus", records.writing, operation)
    if tells:  # Microsoft's sample script cli/batch-score-rest.sh polls what it finds here
        own = body["properties"]["properties"] or {}
        body["properties"]["properties"] = {**own, "AzureAsyncOperationUri": address}
    headers = {
        "Azure-AsyncOperation": address,
        "Location": f"{owner.settings.base_url}{body['id']}?api-version={request.query['api-version']}",
        **LASTS,
    }
    return web.json_response(body, status=200 if before else 201, headers=headers)


def delete_response(
    owner: Owner, request: web.Request, records: OperatedRecords, value: Record | None, key: str
) -> web.Response:
    """The answer to a delete. Source: recorded 202 with a body of ``null`` and two addresses."""
    if value is None:
        return web.Response(status=204)
    operation = start(owner, request, records, key, value, DELETING)
    return web.json_response(None, status=202, headers=accepted(owner.settings, request, records.deleting, operation))


def accepted(settings: Settings, request: web.Request, prefix: str, operation: str) -> dict[str, str]:
    """The headers of a 202: the addresses of an operation's state and of its end."""
    return {
        "Azure-AsyncOperation": operation_url(settings, request, "mfeOperationsStatus", prefix, operation),
        "Location": operation_url(settings, request, "mfeOperationResults", prefix, operation),
        **LASTS,
    }


def operation_url(settings: Settings, request: web.Request, area: str, prefix: str, operation: str) -> str:
    """The address of an operation: a subscription's, with the workspace's id in its last segment."""
    name = f"{prefix}:{settings.workspace_id}:{operation}"
    return f"{settings.location_url}/{area}/{name}?api-version={request.query['api-version']}"


def find_operation(owner: Owner, request: web.Request, workspace_id: str, operation: str) -> Operation:
    """An operation of this workspace, or ARM's 404."""
    rows = (records.operation(operation) for records in owner.operated())
    row = next((row for row in rows if row), None)
    if row is None or workspace_id.lower() != owner.settings.workspace_id.lower():
        message = f"The operation '{request.path.rpartition('/')[2]}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    return row


def status_body(request: web.Request, row: Operation) -> dict[str, Any]:
    """The part of an operation's state that all kinds have: ``id``, ``name``, ``status`` and, where it failed, why."""
    body: dict[str, Any] = {"id": request.path, "name": request.path.rpartition("/")[2], "status": row.status}
    if row.status == "Failed":
        body["error"] = row.error or {"code": "UserError", "message": FAILED.format(state=row.state.lower())}
    return body


def timed_body(request: web.Request, row: Operation) -> dict[str, Any]:
    """The same with the times that most kinds tell: ``startTime``, and ``endTime`` where it is over."""
    end = {"endTime": stamp(now())} if row.over else {}
    return {**status_body(request, row), "startTime": row.started_at, **end}


async def timed_status(
    owner: Owner, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The state of an operation, with its times."""
    row = find_operation(owner, request, workspace_id, operation)
    return status_response(row, timed_body(request, row))


def status_response(row: Operation, body: dict[str, Any]) -> web.Response:
    """The state of an operation, with the advice to come again as long as it goes on."""
    return web.json_response(body, headers={} if row.over else {"Retry-After": "1"})


async def operation_result(
    owner: Owner, request: web.Request, region: str, workspace_id: str, operation: str
) -> web.Response:
    """The end of a delete: 202 until then."""
    row = find_operation(owner, request, workspace_id, operation)
    if row.over:
        return web.Response(status=200)
    return web.Response(status=202, headers={"Location": str(request.url), "Retry-After": "1"})


def operation_routes(
    status: Callable[[Room, web.Request, str, str, str], Awaitable[web.Response]],
    writing: Iterable[str],
    deleting: Iterable[str],
    end: Callable[[Room, web.Request, str, str, str], Awaitable[web.Response]] = operation_result,
) -> list[Route[Room]]:
    """The routes of the operations of a room.

    :param status: the handler that answers the state.
    :param writing: what the ids of operations that write begin with; ``deleting``: of those that delete, or have
        another result.
    :param end: the handler that answers their end.
    """
    prefixes = dict.fromkeys((*writing, *deleting))
    name = "{{location}}/{area}/{kind}:{{workspace_id}}:{{operation}}"
    states = [name.format(area="mfeOperationsStatus", kind=kind) for kind in prefixes]
    ends = [name.format(area="mfeOperationResults", kind=kind) for kind in dict.fromkeys(deleting)]
    rows: list[Route[Room]] = [Route("GET", path, status, Plane.ARM) for path in states]
    rows += [Route("GET", path, end, Plane.ARM) for path in ends]
    return rows
