"""Routes of batch endpoints and their deployments: get, list, and the long-running put and delete."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.batch import schemas
from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.responses import deployment_resource, endpoint_resource
from azureml_emulator.core.errors import ServiceError, invalid_field
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.endpoints.bodies import check_room, merge, read, record_of
from azureml_emulator.endpoints.handlers import Shared
from azureml_emulator.endpoints.operations import write_response
from azureml_emulator.endpoints.records import key_of

SHARED: Shared[Batch] = Shared("Batch", endpoint_resource, deployment_resource)
"""The handlers that batch and online endpoints have in common."""


async def list_endpoints(batch: Batch, request: web.Request) -> web.Response:
    """Batch Endpoints - List."""
    rows = [endpoint_resource(batch.settings, value) for value in batch.endpoints.all()]
    return page(request, batch.settings.base_url, rows, size_key="count")


async def put_endpoint(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Create or update. The default deployment that it names must exist (its refusal is unproven)."""
    body = read(await read_object(request), schemas.ENDPOINT, endpoint)
    before = batch.endpoints.get(endpoint)
    name = before["name"] if before else endpoint
    default = (body["properties"].get("defaults") or {}).get("deploymentName")
    if default and batch.deployments.get(f"{name}/{default}") is None:
        message = f"The endpoint {name!r} has no deployment {default!r}."
        raise invalid_field("properties.defaults.deploymentName", message, "DeploymentNotFound")
    properties = {key: body["properties"].get(key) for key in ("description", "properties", "defaults")}
    value = record_of(name, body, {key: each for key, each in properties.items() if each is not None}, before)
    return write_response(batch, request, batch.endpoints, name, value, endpoint_resource, before)


async def list_keys(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - List keys: refused, for callers of batch endpoints have tokens, never keys. Form and text are
    ours."""
    found = SHARED.find_endpoint(batch, endpoint)
    message = f"The endpoint {found['name']} has the auth mode AADToken, not Key."
    raise ServiceError(400, "UserError", message, ("BadArgument", "AuthModeMismatch"))


async def put_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Create or update."""
    holder = SHARED.find_endpoint(batch, endpoint)["name"]
    body = read(await read_object(request), schemas.DEPLOYMENT, deployment)
    before = batch.deployments.get(f"{holder}/{deployment}")
    check_room(before, len(batch.deployments.of(holder)))
    name = before["name"] if before else deployment
    value = record_of(name, body, batch.complete_deployment(body["properties"]), before)
    value["endpoint"] = holder
    return write_response(batch, request, batch.deployments, f"{holder}/{name}", value, deployment_resource, before)


async def patch_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Update: tags and description."""
    body = read_body(await read_object(request), schemas.DEPLOYMENT_PATCH)
    value = SHARED.find_deployment(batch, endpoint, deployment)
    merge(value, body, ("tags",))
    merge(value["properties"], body.get("properties") or {}, ("description",))
    return write_response(batch, request, batch.deployments, key_of(value), value, deployment_resource, value)


ENDPOINTS = "{ws}/batchEndpoints"
ONE = f"{ENDPOINTS}/{{endpoint}}"
DEPLOYMENTS = f"{ONE}/deployments"
ROUTES = [
    Route("GET", ENDPOINTS, list_endpoints, Plane.ARM),
    Route("GET", ONE, SHARED.get_endpoint, Plane.ARM),
    Route("PUT", ONE, put_endpoint, Plane.ARM),
    Route("PATCH", ONE, SHARED.patch_endpoint, Plane.ARM),
    Route("DELETE", ONE, SHARED.delete_endpoint, Plane.ARM),
    Route("POST", f"{ONE}/listkeys", list_keys, Plane.ARM),
    Route("GET", DEPLOYMENTS, SHARED.list_deployments, Plane.ARM),
    Route("GET", f"{DEPLOYMENTS}/{{deployment}}", SHARED.get_deployment, Plane.ARM),
    Route("PUT", f"{DEPLOYMENTS}/{{deployment}}", put_deployment, Plane.ARM),
    Route("PATCH", f"{DEPLOYMENTS}/{{deployment}}", patch_deployment, Plane.ARM),
    Route("DELETE", f"{DEPLOYMENTS}/{{deployment}}", SHARED.delete_deployment, Plane.ARM),
]
