"""Routes of serverless endpoints and of marketplace subscriptions. No model is behind an endpoint: calling one is
``501``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.endpoints import handlers
from azureml_emulator.endpoints.bodies import merge, missing, read, record_of
from azureml_emulator.endpoints.keys import auth_mismatch, shown_keys, with_keys
from azureml_emulator.endpoints.operations import delete_response, write_response
from azureml_emulator.serverless import schemas
from azureml_emulator.serverless.backend import Serverless
from azureml_emulator.serverless.responses import endpoint_resource, subscription_resource


def find_endpoint(room: Serverless, name: str, *, look: bool = False) -> Record:
    """An endpoint, or a 404. The words of the service's own are unproven.

    :param look: a client looks at it.
    """
    value = room.endpoints.get(name, look=look)
    if value is None:
        raise missing("ServerlessEndpoint", name, "EndpointNotFound")
    return value


def shown(room: Serverless, value: Record) -> dict[str, Any]:
    """An endpoint as ARM answers it, with the subscription that there is to its model."""
    subscription = room.subscriptions.to((value["properties"].get("modelSettings") or {}).get("modelId"))
    found = {**value, "subscription": subscription and subscription["name"]}
    return endpoint_resource(room.settings, found)


async def list_endpoints(room: Serverless, request: web.Request) -> web.Response:
    """Serverless Endpoints - List."""
    return page(request, room.settings.base_url, room.endpoints.all(), show=lambda value: shown(room, value))


async def get_endpoint(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - Get."""
    return web.json_response(shown(room, find_endpoint(room, endpoint, look=True)))


async def put_endpoint(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - Create or update: an operation."""
    body = read(await read_object(request), schemas.ENDPOINT, endpoint)
    before = room.endpoints.get(endpoint)
    name = before["name"] if before else endpoint
    given = {key: body["properties"][key] for key in schemas.GIVEN if key in body["properties"]}
    properties = {"authMode": schemas.KEY, **given}
    value = with_keys(record_of(name, body, properties, before), before)
    return write_response(room, request, room.endpoints, name, value, endpoint_resource, before, tells=False)


async def patch_endpoint(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - Update: tags, identity, SKU."""
    body = read_body(await read_object(request), schemas.ENDPOINT_PATCH)
    value = find_endpoint(room, endpoint)
    merge(value, body, ("tags", "identity", "sku"))
    return write_response(room, request, room.endpoints, value["name"], value, endpoint_resource, value, tells=False)


async def delete_endpoint(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - Delete: an operation; a missing one is 204."""
    value = room.endpoints.get(endpoint)
    return delete_response(room, request, room.endpoints, value, value["name"] if value else "")


def with_key(room: Serverless, name: str) -> Record:
    """An endpoint that knows its callers by a key.

    :raises ServiceError: 404, or 400 when it knows them by tokens alone.
    """
    endpoint = find_endpoint(room, name)
    if schemas.KEY not in endpoint["properties"]["authMode"]:
        raise auth_mismatch(endpoint, schemas.KEY)
    return endpoint


async def list_keys(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - List keys."""
    return web.json_response(shown_keys(with_key(room, endpoint)["keys"]))


async def regenerate_keys(room: Serverless, request: web.Request, endpoint: str) -> web.Response:
    """Serverless Endpoints - Regenerate keys: an operation, whose result are the keys."""
    return await handlers.regenerate_keys(room, request, room.endpoints, with_key(room, endpoint))


async def list_subscriptions(room: Serverless, request: web.Request) -> web.Response:
    """Marketplace Subscriptions - List."""
    rows = [subscription_resource(room.settings, value) for value in room.subscriptions.all()]
    return page(request, room.settings.base_url, rows)


async def get_subscription(room: Serverless, request: web.Request, name: str) -> web.Response:
    """Marketplace Subscriptions - Get."""
    value = room.subscriptions.get(name, look=True)
    if value is None:
        raise missing("MarketplaceSubscription", name, "MarketplaceSubscriptionNotFound")
    return web.json_response(subscription_resource(room.settings, value))


async def put_subscription(room: Serverless, request: web.Request, name: str) -> web.Response:
    """Marketplace Subscriptions - Create or update: an operation."""
    body = read_body(await read_object(request), schemas.SUBSCRIPTION)
    before = room.subscriptions.get(name)
    created = {"created_at": before["created_at"]} if before else {}
    value = {"name": before["name"] if before else name, "properties": body["properties"], **created}
    records = room.subscriptions
    return write_response(room, request, records, name, value, subscription_resource, before, tells=False)


async def delete_subscription(room: Serverless, request: web.Request, name: str) -> web.Response:
    """Marketplace Subscriptions - Delete: an operation; a missing one is 204."""
    value = room.subscriptions.get(name)
    return delete_response(room, request, room.subscriptions, value, value["name"] if value else "")


ENDPOINTS = "{ws}/serverlessEndpoints"
ENDPOINT = f"{ENDPOINTS}/{{endpoint}}"
SUBSCRIPTIONS = "{ws}/marketplaceSubscriptions"
SUBSCRIPTION = f"{SUBSCRIPTIONS}/{{name}}"
ROUTES = [
    Route("GET", ENDPOINTS, list_endpoints, Plane.ARM),
    Route("GET", ENDPOINT, get_endpoint, Plane.ARM),
    Route("PUT", ENDPOINT, put_endpoint, Plane.ARM),
    Route("PATCH", ENDPOINT, patch_endpoint, Plane.ARM),
    Route("DELETE", ENDPOINT, delete_endpoint, Plane.ARM),
    Route("POST", f"{ENDPOINT}/listKeys", list_keys, Plane.ARM),
    Route("POST", f"{ENDPOINT}/regenerateKeys", regenerate_keys, Plane.ARM),
    Route("GET", SUBSCRIPTIONS, list_subscriptions, Plane.ARM),
    Route("GET", SUBSCRIPTION, get_subscription, Plane.ARM),
    Route("PUT", SUBSCRIPTION, put_subscription, Plane.ARM),
    Route("DELETE", SUBSCRIPTION, delete_subscription, Plane.ARM),
]
