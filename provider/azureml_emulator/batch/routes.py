"""Routes of batch endpoints and their deployments: get, list, and the long-running put and delete."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.batch import schemas
from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.responses import deployment_resource, endpoint_resource
from azureml_emulator.core.errors import invalid_field
from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.endpoints.bodies import check_room, merge, missing, read, record_of
from azureml_emulator.endpoints.operations import delete_response, write_response


def find_endpoint(batch: Batch, name: str, *, look: bool = False) -> Record:
    """An endpoint, or a 404. The words of the service's own are unproven.

    :param look: a client looks at it.
    """
    value = batch.endpoints.get(name, look=look)
    if value is None:
        raise missing("BatchEndpoint", name, "EndpointNotFound")
    return value


def find_deployment(batch: Batch, endpoint: str, name: str, *, look: bool = False) -> Record:
    """A deployment of an endpoint that exists, or a 404.

    :param look: a client looks at it.
    """
    holder = find_endpoint(batch, endpoint)
    value = batch.deployments.get(f"{holder['name']}/{name}", look=look)
    if value is None:
        raise missing("BatchDeployment", f"{name} of endpoint {holder['name']}", "DeploymentNotFound")
    return value


async def list_endpoints(batch: Batch, request: web.Request) -> web.Response:
    """Batch Endpoints - List."""
    rows = [endpoint_resource(batch.settings, value) for value in batch.endpoints.all()]
    return page(request, batch.settings.base_url, rows, size_key="count")


async def get_endpoint(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Get."""
    return web.json_response(endpoint_resource(batch.settings, find_endpoint(batch, endpoint, look=True)))


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


async def patch_endpoint(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Update: tags and identity."""
    value = find_endpoint(batch, endpoint)
    merge(value, await read_object(request), ("tags", "identity"))
    return write_response(batch, request, batch.endpoints, value["name"], value, endpoint_resource, value)


async def delete_endpoint(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Delete, with all its deployments: an operation; a missing one is 204."""
    value = batch.endpoints.get(endpoint)
    return delete_response(batch, request, batch.endpoints, value, value["name"] if value else "")


async def list_deployments(batch: Batch, request: web.Request, endpoint: str) -> web.Response:
    """Batch Deployments - List."""
    name = find_endpoint(batch, endpoint)["name"]
    rows = [deployment_resource(batch.settings, value) for value in batch.deployments.of(name)]
    return page(request, batch.settings.base_url, rows)


async def get_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Get."""
    record = find_deployment(batch, endpoint, deployment, look=True)
    return web.json_response(deployment_resource(batch.settings, record))


async def put_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Create or update."""
    holder = find_endpoint(batch, endpoint)["name"]
    body = read(await read_object(request), schemas.DEPLOYMENT, deployment)
    before = batch.deployments.get(f"{holder}/{deployment}")
    check_room(before, len(batch.deployments.of(holder)))
    name = before["name"] if before else deployment
    value = record_of(name, body, batch.complete_deployment(body["properties"]), before)
    value["endpoint"] = holder
    return write_response(batch, request, batch.deployments, f"{holder}/{name}", value, deployment_resource, before)


async def patch_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Update: tags and description."""
    value = find_deployment(batch, endpoint, deployment)
    body = await read_object(request)
    merge(value, body, ("tags",))
    merge(value["properties"], body.get("properties") or {}, ("description",))
    key = f"{value['endpoint']}/{value['name']}"
    return write_response(batch, request, batch.deployments, key, value, deployment_resource, value)


async def delete_deployment(batch: Batch, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Delete: an operation; a missing one is 204."""
    value = batch.deployments.get(f"{endpoint}/{deployment}")
    return delete_response(
        batch, request, batch.deployments, value, f"{value['endpoint']}/{value['name']}" if value else ""
    )


ENDPOINTS = "{ws}/batchEndpoints"
ONE = f"{ENDPOINTS}/{{endpoint}}"
DEPLOYMENTS = f"{ONE}/deployments"
ROUTES = [
    Route("GET", ENDPOINTS, list_endpoints, Plane.ARM),
    Route("GET", ONE, get_endpoint, Plane.ARM),
    Route("PUT", ONE, put_endpoint, Plane.ARM),
    Route("PATCH", ONE, patch_endpoint, Plane.ARM),
    Route("DELETE", ONE, delete_endpoint, Plane.ARM),
    Route("GET", DEPLOYMENTS, list_deployments, Plane.ARM),
    Route("GET", f"{DEPLOYMENTS}/{{deployment}}", get_deployment, Plane.ARM),
    Route("PUT", f"{DEPLOYMENTS}/{{deployment}}", put_deployment, Plane.ARM),
    Route("PATCH", f"{DEPLOYMENTS}/{{deployment}}", patch_deployment, Plane.ARM),
    Route("DELETE", f"{DEPLOYMENTS}/{{deployment}}", delete_deployment, Plane.ARM),
]
