"""Routes of computes: clusters exist by name; creating and deleting one is a long-running operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem, anything, bag, record, text
from azureml_emulator.core.schemas import COMPUTE, invalid
from azureml_emulator.workspace.computes import GONE, Computes, compute

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,31}")
"""Source: the service's rule for compute names, 2 to 32 characters that begin with a letter."""

ENVELOPE = record(
    {
        "properties": COMPUTE,
        "location": text,
        "tags": bag(text),
        "identity": bag(anything, nulls=True),
        "sku": bag(anything, nulls=True),
        "id": text,
        "name": text,
        "type": text,
        "systemData": bag(anything, nulls=True),
    },
    ("properties",),
)


def resource(em: Emulator, value: dict[str, Any]) -> dict[str, Any]:
    """A compute as ARM answers it."""
    return {
        "id": f"{em.settings.ws_arm}/computes/{value['name']}",
        "name": value["name"],
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "location": value["location"],
        "tags": value["tags"],
        "properties": value["properties"],
    }


async def list_computes(em: Emulator, request: web.Request) -> web.Response:
    """Compute - List."""
    return page(request, em.settings.base_url, [resource(em, value) for value in computes_of(em).all()])


async def get_compute(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Compute - Get; a missing one is 404 with an empty body. Source: recorded compute answers."""
    value = computes_of(em).get(name)
    return web.json_response(resource(em, value)) if value else web.Response(status=404)


async def put_compute(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Compute - Create or update: 201 and an operation for a new one, 200 and an operation for one that exists."""
    problems: list[Problem] = []
    given = ENVELOPE(await read_object(request), "", problems.append)
    if not NAME.fullmatch(name):
        problems.append(Problem("name", f"{name!r}: 2 to 32 letters, digits and hyphens, the first one a letter."))
    if problems:
        raise invalid(problems)
    before = computes_of(em).get(name)
    value = compute(em.settings.region, name, given["properties"], "Creating", given.get("tags"))
    if before:
        value["properties"]["createdOn"] = before["properties"]["createdOn"]
    return begun(em, request, value, "Updating" if before else "Creating", 200 if before else 201)


async def patch_compute(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Compute - Update: only the scale settings of a cluster."""
    value = computes_of(em).get(name)
    if value is None:
        return web.Response(status=404)
    body = await read_object(request)
    asked = (body.get("properties") or {}).get("properties") or {}
    value["properties"]["properties"].setdefault("scaleSettings", {}).update(asked.get("scaleSettings") or {})
    return begun(em, request, value, "Updating", 200)


async def delete_compute(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Compute - Delete: an operation; a missing one is 204."""
    value = computes_of(em).get(name)
    if value is None:
        return web.Response(status=204)
    address = operation_url(em, request, computes_of(em).begin(value, GONE))
    result = address.replace("/computeOperationsStatus/", "/computeOperationResults/")
    return web.Response(status=202, headers={"Azure-AsyncOperation": address, "Location": result, "Retry-After": "1"})


async def list_nodes(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Compute - List nodes: an emulated cluster has none."""
    return web.json_response({"nodes": []}) if computes_of(em).get(name) else web.Response(status=404)


def computes_of(em: Emulator) -> Computes:
    """The computes of this emulator."""
    return Computes(em.store, em.clock.pause)


def begun(em: Emulator, request: web.Request, value: dict[str, Any], state: str, status: int) -> web.Response:
    """The answer to a write: the compute as it is while the operation goes on, with the address to poll and no
    ``Location``."""
    operation = computes_of(em).begin(value, state)
    headers = {"Azure-AsyncOperation": operation_url(em, request, operation), "Retry-After": "1"}
    return web.json_response(resource(em, value), status=status, headers=headers)


def operation_url(em: Emulator, request: web.Request, operation: str) -> str:
    """The address to poll. Source: recorded AmlCompute creation."""
    own = em.settings
    version = request.query.get("api-version", "")
    return (
        f"{own.base_url}/subscriptions/{own.subscription_id}/providers/Microsoft.MachineLearningServices/locations/{own.region}"
        f"/computeOperationsStatus/{operation}?api-version={version}&service=new"
    )


ROUTES = [
    Route("GET", "{ws}/computes", list_computes, Plane.ARM),
    Route("GET", "{ws}/computes/{name}", get_compute, Plane.ARM),
    Route("PUT", "{ws}/computes/{name}", put_compute, Plane.ARM),
    Route("PATCH", "{ws}/computes/{name}", patch_compute, Plane.ARM),
    Route("DELETE", "{ws}/computes/{name}", delete_compute, Plane.ARM),
    Route("POST", "{ws}/computes/{name}/listNodes", list_nodes, Plane.ARM),
]
