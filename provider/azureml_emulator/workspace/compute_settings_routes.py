"""Routes of what can be asked or changed of a compute beside its life: keys, idle shutdown, single sign-on."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import invalid, read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem, seconds
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.computes import INSTANCE, VIRTUAL_MACHINE
from azureml_emulator.workspace.schemas import IDLE_SHUTDOWN, SINGLE_SIGN_ON

SHORTEST, LONGEST = 15 * 60, 3 * 24 * 3600
"""Seconds of idleness after which a compute instance may be stopped. Source: IdleShutdownSetting of
azure-mgmt-machinelearningservices 2.0.0b2."""


async def list_keys(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - List keys: the account of an attached machine. Other computes that are here have none; the form of that
    refusal is the emulator's."""
    record = workspace.computes.get(name)
    if record is None:
        return web.Response(status=404)
    kind = record["properties"]["computeType"]
    if kind != VIRTUAL_MACHINE:
        raise ServiceError(400, "UserError", f"ComputeListKeys with computeType {kind} is not supported.")
    account = (record["properties"]["properties"] or {}).get("administratorAccount")
    return web.json_response({"computeType": kind, "administratorAccount": account})


def instance(workspace: Workspace, name: str) -> Record | None:
    """A compute instance; None when there is no compute of that name.

    :raises ServiceError: 400, it is no instance. The form is the emulator's.
    """
    record = workspace.computes.get(name)
    if record is not None and record["properties"]["computeType"] != INSTANCE:
        kind = record["properties"]["computeType"]
        raise ServiceError(400, "UserError", f"This operation is not supported with computeType {kind}.")
    return record


async def set_idle_shutdown(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """Compute - Update idle shutdown setting, of earlier api-versions. It is kept and shown; nothing is stopped for
    idleness here."""
    record = instance(workspace, name)
    if record is None:
        return web.Response(status=404)
    asked = read_body(await read_object(request), IDLE_SHUTDOWN)
    idle = asked["idleTimeBeforeShutdown"]
    if not SHORTEST <= (seconds(idle) or 0) <= LONGEST:
        raise invalid([Problem("idleTimeBeforeShutdown", f"{idle!r} is not from PT15M to P3D.")])
    return changed(workspace, record, idleTimeBeforeShutdown=idle)


async def set_single_sign_on(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """What azure-ai-ml 1.35.2 sends as ``compute.enable_sso``; kept and shown."""
    record = instance(workspace, name)
    if record is None:
        return web.Response(status=404)
    asked = read_body(await read_object(request), SINGLE_SIGN_ON)
    return changed(workspace, record, enableSSO=asked["enableSSO"])


def changed(workspace: Workspace, record: Record, **settings: Any) -> web.Response:
    """Write settings of a compute instance: 200 without a body."""
    record["properties"]["properties"] = {**(record["properties"]["properties"] or {}), **settings}
    workspace.computes.put(record)
    return web.Response(status=200)


ONE = "{ws}/computes/{name}"
ROUTES = [
    Route("POST", f"{ONE}/listKeys", list_keys, Plane.ARM),
    Route("POST", f"{ONE}/updateIdleShutdownSetting", set_idle_shutdown, Plane.ARM),
    Route("POST", f"{ONE}/enableSso", set_single_sign_on, Plane.ARM),
]
