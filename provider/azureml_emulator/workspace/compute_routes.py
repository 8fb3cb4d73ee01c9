"""Routes of computes: creating, changing and deleting one, starting and stopping a compute instance are long-running
operations, whose addresses are the subscription's, not the workspace's."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from azureml_emulator.core.api_versions import is_first_version
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated
from azureml_emulator.core.operations import DELETING, Operation, Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import invalid, read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.computes import (
    INSTANCE,
    RUNNING,
    STOPPED,
    compute,
    instance_state,
    scale_problems,
)
from azureml_emulator.workspace.responses import OPERATION_FAILED, compute_resource
from azureml_emulator.workspace.schemas import COMPUTE_ENVELOPE, COMPUTE_PATCH, FIRST_COMPUTE_PATCH

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,31}")
"""Source: the service's rule for compute names, 2 to 32 characters that begin with a letter."""


ELSEWHERE = ("AKS", "DataFactory", "HDInsight", "Databricks", "DataLakeAnalytics")
"""Types of compute that are not here. Source: ComputeType of api-version 2025-12-01."""


async def list_computes(workspace: Workspace, request: web.Request) -> web.Response:
    """Compute - List."""
    settings = workspace.settings
    return page(request, settings.base_url, [shown(workspace, each) for each in workspace.computes.all()])


async def get_compute(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Get; a missing one is 404 with an empty body. Source: recorded compute answers."""
    record = workspace.computes.get(name, look=True)
    return web.json_response(shown(workspace, record)) if record else web.Response(status=404)


def shown(workspace: Workspace, record: Record) -> dict[str, Any]:
    """A compute, with what keeps its nodes from starting."""
    return compute_resource(workspace.settings, record, workspace.computes.errors(record["name"]))


async def put_compute(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Create or update: 201 and an operation for a new one, 200 and an operation for one that exists."""
    given = await read_object(request)
    check_type(given.get("properties"))
    problems: list[Problem] = []
    body = COMPUTE_ENVELOPE(given, "", problems.append)
    if not NAME.fullmatch(name):
        problems.append(Problem("name", f"{name!r}: 2 to 32 letters, digits and hyphens, the first one a letter."))
    if problems:
        raise invalid(problems)
    before = workspace.computes.get(name)
    record = compute(workspace.settings.region, name, body["properties"], body.get("tags"))
    check_scale(record)
    if before is None:
        return operation_response(workspace, request, record, "Creating", 201)
    record["properties"]["createdOn"] = before["properties"]["createdOn"]
    record["lasting"] = before.get("lasting")
    return operation_response(workspace, request, record, "Updating", 200)


def check_type(properties: object) -> None:
    """Refuse a type of compute that the service has and the emulator has not.

    :raises ServiceError: 501. What is no type of compute is left to the schema.
    """
    asked_type = properties.get("computeType") if isinstance(properties, dict) else None
    if asked_type in ELSEWHERE:
        raise not_emulated(f"Computes of type {asked_type} are not emulated")


def check_scale(record: Record) -> None:
    """Refuse node counts that no cluster can have.

    :raises ServiceError: 400. The form is the emulator's.
    """
    found = scale_problems((record["properties"]["properties"] or {}).get("scaleSettings") or {})
    if found:
        raise invalid([Problem(f"properties.properties.scaleSettings.{key}", message) for key, message in found])


async def patch_compute(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Update: only the scale settings of a cluster."""
    first = is_first_version(request)
    body = read_body(await read_object(request), FIRST_COMPUTE_PATCH if first else COMPUTE_PATCH)
    record = workspace.computes.get(name)
    if record is None:
        return web.Response(status=404)
    properties = body.get("properties") or {}
    changes = properties if first else properties.get("properties") or {}
    record["properties"]["properties"].setdefault("scaleSettings", {}).update(changes.get("scaleSettings") or {})
    check_scale(record)
    return operation_response(workspace, request, record, "Updating", 200)


async def delete_compute(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Delete: an operation; a missing one is 204."""
    record = workspace.computes.get(name)
    if record is None:
        return web.Response(status=204)
    return accepted(operation_url(workspace, request, begin(workspace, request, record, DELETING)))


def accepted(address: str) -> web.Response:
    """The answer that begins an operation without a body: the addresses of its state and of its end."""
    result = address.replace("/computeOperationsStatus/", "/computeOperationResults/")
    return web.Response(status=202, headers={"Azure-AsyncOperation": address, "Location": result, "Retry-After": "1"})


def begin(workspace: Workspace, request: web.Request, record: Record, state: str, action: str = "") -> str:
    """Begin an operation, with the faults injected for it (``operation_slow``, ``operation_fails``); its id.

    :param action: what is done to a compute instance, where the state does not say it.
    """
    record["begun"] = action or state
    longer, fails = workspace.faults.take_operation(f"{request.method} {request.path}")
    return workspace.computes.begin(record["name"], record, state, longer=longer, fails=fails)


async def start_instance(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Start."""
    return power(workspace, request, name, "start", RUNNING)


async def stop_instance(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Stop."""
    return power(workspace, request, name, "stop", STOPPED)


async def restart_instance(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Restart."""
    return power(workspace, request, name, "restart", RUNNING)


def power(workspace: Workspace, request: web.Request, name: str, action: str, lasting: str) -> web.Response:
    """Begin to start, stop or restart a compute instance: 202 with the address of the operation.

    Source: azure-ai-ml 1.35.2, ``ComputeOperations._start_initial``, takes 202 and reads ``Location``. Api-version
    2020-08-01 has no operation, and azure-mgmt-machinelearningservices 1.0.1, which speaks it, takes 200 alone.

    :param lasting: its state afterwards.
    :raises ServiceError: it is a cluster, or not in a state for that. The code of a start that is not allowed, with its
        words: https://github.com/microsoft/vscode-tools-for-ai/issues/2096, where the operation ended with it; that the
        request is refused at once is the emulator's.
    """
    record = workspace.computes.get(name)
    if record is None:
        return web.Response(status=404)
    if record["properties"]["computeType"] != INSTANCE:
        kind = record["properties"]["computeType"]
        raise ServiceError(400, "UserError", f"Compute{action.title()} with computeType {kind} is not supported.")
    if action == "start" and instance_state(record) != STOPPED:
        message = f"Start Azure ML Compute Instance is only allowed when the instance {name} is in 'stopped' state"
        raise ServiceError(400, "UserError", message, inner=("StartComputeInstanceOnlyAllowedInStoppedState",))
    if action != "start" and instance_state(record) != RUNNING:
        message = f"The compute instance {name} is {instance_state(record)}, not {RUNNING}."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "ComputeInstanceNotRunning"))
    record["lasting"] = lasting
    operation = begin(workspace, request, record, "Updating", action)
    return web.Response() if is_first_version(request) else accepted(operation_url(workspace, request, operation))


async def list_nodes(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - List nodes: an emulated cluster has none."""
    return web.json_response({"nodes": []}) if workspace.computes.get(name) else web.Response(status=404)


def operation_response(
    workspace: Workspace, request: web.Request, record: dict[str, Any], state: str, status: int
) -> web.Response:
    """The answer to a write: the compute as it is while the operation goes on, with the address to poll and no
    ``Location``."""
    operation = begin(workspace, request, record, state)
    headers = {"Azure-AsyncOperation": operation_url(workspace, request, operation), "Retry-After": "1"}
    return web.json_response(shown(workspace, record), status=status, headers=headers)


# operations ------------------------------------------------------------------------------------------


def operation_url(workspace: Workspace, request: web.Request, operation: str) -> str:
    """The address to poll. Source: recorded AmlCompute creation."""
    version = request.query.get("api-version", "")
    address = f"{workspace.settings.location_url}/computeOperationsStatus/{operation}"
    return f"{address}?api-version={version}&service=new"


def find_operation(workspace: Workspace, name: str) -> Operation:
    """An operation on a compute, or ARM's 404."""
    operation = workspace.computes.operation(name)
    if operation is None:
        message = f"The operation '{name}' was not found."
        raise ServiceError(404, "OperationNotFound", message, envelope=Envelope.ARM)
    return operation


async def operation_status(workspace: Workspace, request: web.Request, region: str, operation: str) -> web.Response:
    """The state of an operation on a compute. Source: recorded: no ``id`` and no ``name`` in the answer."""
    state = find_operation(workspace, operation)
    if not state.over:
        body = {"status": "InProgress", "startTime": state.started_at}
        return web.json_response(body, headers={"Retry-After": "1"})
    times = {"startTime": state.started_at, "endTime": stamp(now())}
    if state.fails:
        error = {"code": "UserError", "message": OPERATION_FAILED}
        return web.json_response({"status": "Failed", "error": error, **times})
    return web.json_response({"status": "Succeeded", "percentComplete": 100.0, **times})


async def operation_result(workspace: Workspace, request: web.Request, region: str, operation: str) -> web.Response:
    """The end of an operation on a compute: 202 until then."""
    if find_operation(workspace, operation).over:
        return web.Response(status=200)
    return web.Response(status=202, headers={"Location": str(request.url), "Retry-After": "1"})


ROUTES = [
    Route("GET", "{ws}/computes", list_computes, Plane.ARM),
    Route("GET", "{ws}/computes/{name}", get_compute, Plane.ARM),
    Route("PUT", "{ws}/computes/{name}", put_compute, Plane.ARM),
    Route("PATCH", "{ws}/computes/{name}", patch_compute, Plane.ARM),
    Route("DELETE", "{ws}/computes/{name}", delete_compute, Plane.ARM),
    Route("POST", "{ws}/computes/{name}/start", start_instance, Plane.ARM),
    Route("POST", "{ws}/computes/{name}/stop", stop_instance, Plane.ARM),
    Route("POST", "{ws}/computes/{name}/restart", restart_instance, Plane.ARM),
    Route("POST", "{ws}/computes/{name}/listNodes", list_nodes, Plane.ARM),
    Route("GET", "{location}/computeOperationsStatus/{operation}", operation_status, Plane.ARM),
    Route("GET", "{location}/computeOperationResults/{operation}", operation_result, Plane.ARM),
]
