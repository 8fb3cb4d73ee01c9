"""Routes of the tenant, the subscription and the resource group, which ``az login`` and ``az group show`` ask for."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.routing import SUBSCRIPTION, Plane, Route
from azureml_emulator.subscriptions.backend import Subscriptions
from azureml_emulator.subscriptions.responses import (
    group_resource,
    location_resource,
    subscription_resource,
    tenant_resource,
)

GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group_}}"


async def list_tenants(room: Subscriptions, request: web.Request) -> web.Response:
    """Tenants - List."""
    return web.json_response({"value": [tenant_resource(room.settings)]})


async def list_subscriptions(room: Subscriptions, request: web.Request) -> web.Response:
    """Subscriptions - List."""
    row = subscription_resource(room.settings)
    return web.json_response({"value": [row], "count": {"type": "Total", "value": 1}})


async def get_subscription(room: Subscriptions, request: web.Request) -> web.Response:
    """Subscriptions - Get."""
    return web.json_response(subscription_resource(room.settings))


async def list_locations(room: Subscriptions, request: web.Request) -> web.Response:
    """Subscriptions - List Locations."""
    return web.json_response({"value": [location_resource(room.settings)]})


async def list_groups(room: Subscriptions, request: web.Request) -> web.Response:
    """Resource Groups - List."""
    return web.json_response({"value": [group_resource(room.settings)]})


async def get_group(room: Subscriptions, request: web.Request) -> web.Response:
    """Resource Groups - Get."""
    return web.json_response(group_resource(room.settings))


async def check_group(room: Subscriptions, request: web.Request) -> web.Response:
    """Resource Groups - Check Existence: 204; another one is 404 before it comes here."""
    return web.Response(status=204)


ROUTES = [
    Route("GET", "/tenants", list_tenants, Plane.ARM),
    Route("GET", "/subscriptions", list_subscriptions, Plane.ARM),
    Route("GET", "{sub}", get_subscription, Plane.ARM),
    Route("GET", "{sub}/locations", list_locations, Plane.ARM),
    Route("GET", "{sub}/resourceGroups", list_groups, Plane.ARM),
    Route("GET", GROUP, get_group, Plane.ARM),
    Route("HEAD", GROUP, check_group, Plane.ARM),
]
