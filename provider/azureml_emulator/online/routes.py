"""Routes of online endpoints and their deployments: get, list, the long-running put and delete, and logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.selection import has_all, order_asked_for
from azureml_emulator.endpoints.bodies import check_room, merge, read, record_of
from azureml_emulator.endpoints.handlers import Shared
from azureml_emulator.endpoints.keys import with_keys
from azureml_emulator.endpoints.operations import write_response
from azureml_emulator.endpoints.records import key_of
from azureml_emulator.online import schemas
from azureml_emulator.online.backend import Online
from azureml_emulator.online.deployments import completed_sku
from azureml_emulator.online.responses import deployment_resource, endpoint_resource

STATUS_OF = {"Succeeded": "Succeeded", "Failed": "Failed"}


SHARED: Shared[Online] = Shared("Online", endpoint_resource, deployment_resource)
"""The handlers that batch and online endpoints have in common."""


ORDERS = {
    "createdatasc": ("created_at", False),
    "createdatdesc": ("created_at", True),
    "updatedatasc": ("modified_at", False),
    "updatedatdesc": ("modified_at", True),
}
"""What ``orderBy`` sorts by, and whether the last comes first. Source: OrderString of api-version 2025-12-01."""

COMPUTE_TYPES = {"managed": False, "kubernetes": True}
"""Whether endpoints of a ``computeType`` have a compute. Source: EndpointComputeType; there are none of its third."""


async def list_endpoints(online: Online, request: web.Request) -> web.Response:
    """Online Endpoints - List: of a name, of a type of compute, with tags or properties, in an order."""
    query, rows = request.query, online.endpoints.all()
    if (order := order_asked_for(request, ORDERS)) is not None:
        key, last_first = order
        rows = sorted(rows, key=lambda row: str(row[key]), reverse=last_first)
    rows = [row for row in rows if row["name"] == query.get("name", row["name"])]
    if "computeType" in query:
        wanted = COMPUTE_TYPES.get(query["computeType"].lower())
        rows = [row for row in rows if bool(row["properties"].get("compute")) is wanted]
    rows = [row for row in rows if has_all(request, "tags", row["tags"])]
    resources = [endpoint_resource(online.settings, row) for row in rows]
    shown = [row for row in resources if has_all(request, "properties", row["properties"]["properties"])]
    return page(request, online.settings.base_url, shown, size_key="count")


async def put_endpoint(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Online Endpoints - Create or update."""
    body = read(await read_object(request), schemas.ENDPOINT, endpoint)
    before = online.endpoints.get(endpoint)
    name = before["name"] if before else endpoint
    properties = online.endpoint_properties(name, body["properties"])
    value = with_keys(record_of(name, body, properties, before), before)
    return write_response(online, request, online.endpoints, name, value, endpoint_resource, before)


def changes_properties(request: web.Request) -> bool:
    """Whether an update may change properties, as those of old api-versions may."""
    return request.query["api-version"] <= schemas.LAST_WITH_PROPERTIES


def changed_properties(value: Record, body: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of what is updated: given ones take the place of those that are there, null says nothing."""
    asked = body.get("properties") or {}
    return {**value["properties"], **{key: each for key, each in asked.items() if each is not None}}


async def patch_endpoint(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Online Endpoints - Update: tags and identity; of old api-versions the shares of its deployments, too.

    That given shares take the place of those that are there is assumed.
    """
    if not changes_properties(request):
        return await SHARED.patch_endpoint(online, request, endpoint)
    body = read_body(await read_object(request), schemas.OLD_ENDPOINT_PATCH)
    value = SHARED.find_endpoint(online, endpoint)
    value["properties"] = online.endpoint_properties(value["name"], changed_properties(value, body))
    merge(value, body, ("tags", "identity"))
    return write_response(online, request, online.endpoints, value["name"], value, endpoint_resource, value)


async def put_deployment(online: Online, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Online Deployments - Create or update: over when its server answers, or cannot."""
    holder = SHARED.find_endpoint(online, endpoint)["name"]
    body = read(await read_object(request), schemas.DEPLOYMENT, deployment)
    before = online.deployments.get(f"{holder}/{deployment}")
    check_room(before, len(online.deployments.of(holder)))
    properties, sku = online.complete_deployment(body)
    name = before["name"] if before else deployment
    value = {**record_of(name, body, properties, before), "endpoint": holder, "sku": sku}
    return written(online, request, value, before)


async def patch_deployment(online: Online, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Online Deployments - Update: tags and the number of instances; of old api-versions properties, too, each of which
    takes the place of the one that is there (assumed)."""
    shape = schemas.OLD_DEPLOYMENT_PATCH if changes_properties(request) else schemas.DEPLOYMENT_PATCH
    body = read_body(await read_object(request), shape)
    value = SHARED.find_deployment(online, endpoint, deployment)
    before = {**value}
    if body.get("properties"):
        value["properties"] = online.complete_deployment({"properties": changed_properties(value, body)})[0]
    merge(value, body, ("tags",))
    value["sku"] = completed_sku({**value["sku"], **(body.get("sku") or {})})
    return written(online, request, value, before)


def written(online: Online, request: web.Request, value: Record, before: Record | None) -> web.Response:
    """The answer to a write of a deployment, whose servers are started."""
    answer = write_response(online, request, online.deployments, key_of(value), value, deployment_resource, before)
    online.serve(value, before)
    return answer


async def delete_deployment(online: Online, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Online Deployments - Delete: an operation; a missing one is 204."""
    value = online.deployments.get(f"{endpoint}/{deployment}")
    if value:
        online.check_idle(SHARED.find_endpoint(online, endpoint), value)
    return await SHARED.delete_deployment(online, request, endpoint, deployment)


async def get_logs(online: Online, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Online Deployments - Get logs: the last lines of a container's log below a word about its state.

    Source of the part before the log: https://github.com/MicrosoftLearning/mslearn-azure-ml/issues/100.
    """
    record = SHARED.find_deployment(online, endpoint, deployment)
    asked = read_body(await read_object(request, optional=True), schemas.LOGS)
    container = asked.get("containerType") or "InferenceServer"
    lines = online.servers.logs(key_of(record), container).splitlines()
    tail = asked.get("tail")
    kept = lines[-tail:] if tail else lines
    state = STATUS_OF.get(record["state"], "InProgress")
    head = f"Instance status:\nUserContainerStart: {state}\n\nContainer logs:\n"
    return web.json_response({"content": head + "".join(f"{line}\n" for line in kept)})


async def list_skus(online: Online, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Online Deployments - List SKUs: how many instances it may have."""
    record = SHARED.find_deployment(online, endpoint, deployment)
    capacity = {"default": 1, "minimum": 1, "maximum": 50, "scaleType": "Manual"}
    sku = {name: record["sku"][name] for name in ("name", "tier")}
    kind = "Microsoft.MachineLearning.Services/endpoints/deployments"
    return page(request, online.settings.base_url, [{"resourceType": kind, "sku": sku, "capacity": capacity}])


ENDPOINTS = "{ws}/onlineEndpoints"
ONE = f"{ENDPOINTS}/{{endpoint}}"
DEPLOYMENTS = f"{ONE}/deployments"
DEPLOYMENT = f"{DEPLOYMENTS}/{{deployment}}"
ROUTES = [
    Route("GET", ENDPOINTS, list_endpoints, Plane.ARM),
    Route("GET", ONE, SHARED.get_endpoint, Plane.ARM),
    Route("PUT", ONE, put_endpoint, Plane.ARM),
    Route("PATCH", ONE, patch_endpoint, Plane.ARM),
    Route("DELETE", ONE, SHARED.delete_endpoint, Plane.ARM),
    Route("GET", DEPLOYMENTS, SHARED.list_deployments, Plane.ARM),
    Route("GET", DEPLOYMENT, SHARED.get_deployment, Plane.ARM),
    Route("PUT", DEPLOYMENT, put_deployment, Plane.ARM),
    Route("PATCH", DEPLOYMENT, patch_deployment, Plane.ARM),
    Route("DELETE", DEPLOYMENT, delete_deployment, Plane.ARM),
    Route("POST", f"{DEPLOYMENT}/getLogs", get_logs, Plane.ARM),
    Route("GET", f"{DEPLOYMENT}/skus", list_skus, Plane.ARM),
]
