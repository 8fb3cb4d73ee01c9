"""Routes of an endpoint's credentials: its keys, new keys, a token."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.operations import Record
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.endpoints import handlers
from azureml_emulator.endpoints.keys import auth_mismatch, shown_keys
from azureml_emulator.online.backend import Online
from azureml_emulator.online.routes import SHARED
from azureml_emulator.online.schemas import AML_TOKEN, KEY


def with_mode(online: Online, name: str, mode: str) -> Record:
    """An endpoint that knows its callers in this way.

    :raises ServiceError: 404, or 400 when it knows them in another way.
    """
    endpoint = SHARED.find_endpoint(online, name)
    if endpoint["properties"]["authMode"] != mode:
        raise auth_mismatch(endpoint, mode)
    return endpoint


async def list_keys(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Online Endpoints - List keys."""
    return web.json_response(shown_keys(with_mode(online, endpoint, KEY)["keys"]))


async def regenerate_keys(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Online Endpoints - Regenerate keys: an operation."""
    return await handlers.regenerate_keys(online, request, online.endpoints, with_mode(online, endpoint, KEY))


async def get_token(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Online Endpoints - Get token."""
    return web.json_response(online.token(with_mode(online, endpoint, AML_TOKEN)))


ONE = "{ws}/onlineEndpoints/{endpoint}"
ROUTES = [
    Route("POST", f"{ONE}/listKeys", list_keys, Plane.ARM),
    Route("POST", f"{ONE}/regenerateKeys", regenerate_keys, Plane.ARM),
    Route("POST", f"{ONE}/token", get_token, Plane.ARM),
]
