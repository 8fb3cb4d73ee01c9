"""Routes of batch endpoints and their deployments: get, list, and the long-running put and delete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.batch import schemas
from azureml_emulator.batch.deployments import completed
from azureml_emulator.batch.models import DEPLOYMENT, ENDPOINT, GONE, Endpoints, Record
from azureml_emulator.batch.operation_routes import operation_url, start
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem, Shape
from azureml_emulator.core.schemas import invalid
from azureml_emulator.jobs.checks import refusal

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
"""Source: Microsoft's limits: 3 to 32 letters, digits and hyphens, the first one a letter."""

TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints"
MOST_DEPLOYMENTS = 20
"""Deployments of one endpoint. Source: Microsoft's page on quotas."""


def endpoints_of(em: Emulator) -> Endpoints:
    """The batch endpoints of this emulator."""
    return Endpoints(em.store, em.transitions.clock("endpoints").seconds)


def endpoint_resource(em: Emulator, value: Record) -> dict[str, Any]:
    """An endpoint as ARM answers it: without a scoring address while it is being created. Source: recorded answers."""
    creating = value["state"] == "Creating"
    uri = f"{em.settings.base_url}/scoring/{value['name']}/jobs"
    properties = {
        "description": None,
        "properties": {},
        "defaults": None,
        **value["properties"],
        "authMode": "AADToken",
        "keys": None,
        "scoringUri": None if creating else uri,
        "swaggerUri": None,
        "provisioningState": value["state"],
    }
    own = em.settings
    identity = value.get("identity") or {
        "type": "SystemAssigned",
        "principalId": own.client_id,
        "tenantId": own.tenant_id,
    }
    return {
        **tracked(em, value, f"{own.ws_arm}/batchEndpoints/{value['name']}", TYPE),
        "identity": identity,
        "properties": properties,
    }


def deployment_resource(em: Emulator, value: Record) -> dict[str, Any]:
    """A deployment as ARM answers it. Source: recorded answers."""
    path = f"{em.settings.ws_arm}/batchEndpoints/{value['endpoint']}/deployments/{value['name']}"
    properties = {**value["properties"], "provisioningState": value["state"]}
    return {**tracked(em, value, path, f"{TYPE}/deployments"), "properties": properties}


def tracked(em: Emulator, value: Record, path: str, kind: str) -> dict[str, Any]:
    """What endpoints and deployments have in common."""
    who = {"createdBy": em.settings.client_id, "createdByType": "Application"}
    times = {"createdAt": value["created_at"], "lastModifiedAt": value["modified_at"]}
    return {
        "id": path,
        "name": value["name"],
        "type": kind,
        "location": value["location"],
        "tags": value["tags"],
        "kind": value.get("kind"),
        "systemData": {**times, **who},
    }


def known_endpoint(em: Emulator, name: str) -> Record:
    """An endpoint, or a 404. The words of the service's own are unproven."""
    value = endpoints_of(em).get(name)
    if value is None:
        raise missing("BatchEndpoint", name, "EndpointNotFound")
    return value


def known_deployment(em: Emulator, endpoint: str, name: str) -> Record:
    """A deployment of an endpoint that exists, or a 404."""
    holder = known_endpoint(em, endpoint)
    value = endpoints_of(em).deployment(holder["name"], name)
    if value is None:
        raise missing("BatchDeployment", f"{name} of endpoint {holder['name']}", "DeploymentNotFound")
    return value


def missing(kind: str, name: str, code: str) -> ServiceError:
    """404 of the management front end."""
    return ServiceError(404, "UserError", f"{kind} {name} was not found.", ("NotFound", code))


async def list_endpoints(em: Emulator, request: web.Request) -> web.Response:
    """Batch Endpoints - List."""
    rows = [endpoint_resource(em, value) for value in endpoints_of(em).all()]
    return page(request, em.settings.base_url, rows, size_key="count")


async def get_endpoint(em: Emulator, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Get."""
    return web.json_response(endpoint_resource(em, known_endpoint(em, endpoint)))


async def put_endpoint(em: Emulator, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Create or update. The default deployment that it names must exist (its refusal is unproven)."""
    given = read(await read_object(request), schemas.ENDPOINT, endpoint)
    before = endpoints_of(em).get(endpoint)
    name = before["name"] if before else endpoint
    default = (given["properties"].get("defaults") or {}).get("deploymentName")
    if default and endpoints_of(em).deployment(name, default) is None:
        message = f"The endpoint {name!r} has no deployment {default!r}."
        raise refusal("properties.defaults.deploymentName", message, "DeploymentNotFound")
    kept = {key: given["properties"].get(key) for key in ("description", "properties", "defaults")}
    value = record_of(name, given, {key: each for key, each in kept.items() if each is not None}, before)
    return begun(em, request, ENDPOINT, name, value, endpoint_resource, before)


async def patch_endpoint(em: Emulator, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Update: tags and identity."""
    value = known_endpoint(em, endpoint)
    merge(value, await read_object(request), ("tags", "identity"))
    return begun(em, request, ENDPOINT, value["name"], value, endpoint_resource, value)


async def delete_endpoint(em: Emulator, request: web.Request, endpoint: str) -> web.Response:
    """Batch Endpoints - Delete, with all its deployments: an operation; a missing one is 204."""
    value = endpoints_of(em).get(endpoint)
    return removed(em, request, ENDPOINT, value, value["name"] if value else "")


async def list_deployments(em: Emulator, request: web.Request, endpoint: str) -> web.Response:
    """Batch Deployments - List."""
    name = known_endpoint(em, endpoint)["name"]
    rows = [deployment_resource(em, value) for value in endpoints_of(em).deployments(name)]
    return page(request, em.settings.base_url, rows)


async def get_deployment(em: Emulator, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Get."""
    return web.json_response(deployment_resource(em, known_deployment(em, endpoint, deployment)))


async def put_deployment(em: Emulator, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Create or update."""
    holder = known_endpoint(em, endpoint)
    given = read(await read_object(request), schemas.DEPLOYMENT, deployment)
    before = endpoints_of(em).deployment(holder["name"], deployment)
    if before is None and len(endpoints_of(em).deployments(holder["name"])) >= MOST_DEPLOYMENTS:
        message = f"The endpoint has {MOST_DEPLOYMENTS} deployments; it can have no more."
        raise ServiceError(400, "UserError", message, ("QuotaExceeded", "DeploymentLimitReached"))
    name = before["name"] if before else deployment
    value = record_of(name, given, completed(em, given["properties"]), before)
    value["endpoint"] = holder["name"]
    return begun(em, request, DEPLOYMENT, f"{holder['name']}/{name}", value, deployment_resource, before)


async def patch_deployment(em: Emulator, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Update: tags and description."""
    value = known_deployment(em, endpoint, deployment)
    body = await read_object(request)
    merge(value, body, ("tags",))
    merge(value["properties"], body.get("properties") or {}, ("description",))
    return begun(em, request, DEPLOYMENT, f"{value['endpoint']}/{value['name']}", value, deployment_resource, value)


async def delete_deployment(em: Emulator, request: web.Request, endpoint: str, deployment: str) -> web.Response:
    """Batch Deployments - Delete: an operation; a missing one is 204."""
    value = endpoints_of(em).deployment(endpoint, deployment)
    return removed(em, request, DEPLOYMENT, value, f"{value['endpoint']}/{value['name']}" if value else "")


def read(body: dict[str, Any], shape: Shape, name: str) -> dict[str, Any]:
    """The checked body of a put."""
    problems: list[Problem] = []
    given = shape(body, "", problems.append)
    if not NAME.fullmatch(name):
        problems.append(Problem("name", f"{name!r}: 3 to 32 letters, digits and hyphens, the first one a letter."))
    if problems:
        raise invalid(problems)
    return dict(given)


def record_of(name: str, given: Mapping[str, Any], properties: dict[str, Any], before: Record | None) -> Record:
    """A record from a put."""
    kept = {"created_at": before["created_at"]} if before else {}
    rest = {key: given[key] for key in ("identity", "kind") if given.get(key)}
    return {
        "name": name,
        "location": given["location"],
        "tags": given.get("tags") or {},
        "properties": properties,
        **rest,
        **kept,
    }


def merge(value: dict[str, Any], body: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Take over what a patch may change."""
    for key in keys:
        if body.get(key) is not None:
            value[key] = body[key]


def begun(
    em: Emulator, request: web.Request, kind: str, key: str, value: Record, resource: Any, before: Record | None
) -> web.Response:
    """The answer to a write: the resource as it is meanwhile, with the address to poll and its own address.

    Source: recorded: ``Location`` is the resource, ``Azure-AsyncOperation`` the operation. That an update answers 200
    is unproven.
    """
    operation = start(em, request, kind, key, value, "Updating" if before else "Creating")
    body = resource(em, value)
    prefix = "bebes" if kind == ENDPOINT else "bdbes"
    version = request.query["api-version"]
    address = operation_url(em, request, "mfeOperationsStatus", prefix, operation)
    # Microsoft's sample script cli/batch-score-rest.sh polls what it finds here.
    body["properties"]["properties"] = {**(body["properties"]["properties"] or {}), "AzureAsyncOperationUri": address}
    headers = {
        "Azure-AsyncOperation": address,
        "Location": f"{em.settings.base_url}{body['id']}?api-version={version}",
        "Retry-After": "1",
        "x-ms-async-operation-timeout": "PT30M",
    }
    return web.json_response(body, status=200 if before else 201, headers=headers)


def removed(em: Emulator, request: web.Request, kind: str, value: Record | None, key: str) -> web.Response:
    """The answer to a delete. Source: recorded 202 with a body of ``null`` and two addresses."""
    if value is None:
        return web.Response(status=204)
    operation = start(em, request, kind, key, value, GONE)
    prefix = "be" if kind == ENDPOINT else "bd"
    headers = {
        "Azure-AsyncOperation": operation_url(em, request, "mfeOperationsStatus", prefix, operation),
        "Location": operation_url(em, request, "mfeOperationResults", prefix, operation),
        "Retry-After": "1",
        "x-ms-async-operation-timeout": "PT30M",
    }
    return web.json_response(None, status=202, headers=headers)


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
