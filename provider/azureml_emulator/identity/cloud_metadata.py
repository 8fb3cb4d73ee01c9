"""Cloud metadata: how clients learn the addresses and audiences of this cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import CLOUD, LOOPBACK, PORTAL, STORAGE_SUFFIX

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator


async def endpoints(em: Emulator, request: web.Request) -> web.Response:
    """The one cloud that this server is.

    Source: azure-ai-ml 1.35.2 reads name, portal, resourceManager, authentication.loginEndpoint and suffixes.storage
    (``_azure_environments``), and picks the cloud whose resourceManager is part of the metadata's own address.
    """
    base = f"{origin(em, request)}/"
    cloud = {
        "name": CLOUD,
        "portal": PORTAL,
        "resourceManager": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base],
            "tenant": em.settings.tenant_id,
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": STORAGE_SUFFIX},
    }
    return web.json_response([cloud])


def origin(em: Emulator, request: web.Request) -> str:
    """This server under the loopback name that the request used, so that clients see one host throughout."""
    name = request.host.rpartition(":")[0]
    return f"https://{request.host}" if name in LOOPBACK else em.settings.base_url


ROUTES = [Route("GET", "/metadata/endpoints", endpoints, Plane.OPEN)]
