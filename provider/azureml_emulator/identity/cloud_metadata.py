"""Cloud metadata: how clients learn the addresses and audiences of this cloud."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import CLOUD, LOOPBACK, PORTAL, STORAGE_SUFFIX
from azureml_emulator.identity.backend import Authority

ONE_CLOUD = "2022-09-01"
"""The first api-version that answers no list."""


async def endpoints(authority: Authority, request: web.Request) -> web.Response:
    """The one cloud that this server is.

    Source: azure-ai-ml 1.35.2 reads name, portal, resourceManager, authentication.loginEndpoint and suffixes.storage
    (``_azure_environments``), and picks the cloud whose resourceManager is part of the metadata's own address. From
    api-version 2022-09-01 on the answer is the cloud itself. Source: azure-cli 2.91.0, ``az cloud register``.
    """
    base = f"{origin(authority, request)}/"
    cloud = {
        "name": CLOUD,
        "portal": PORTAL,
        "resourceManager": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base],
            "tenant": authority.settings.tenant_id,
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": STORAGE_SUFFIX},
    }
    alone = request.query.get("api-version", "") >= ONE_CLOUD
    return web.json_response(cloud if alone else [cloud])


def origin(authority: Authority, request: web.Request) -> str:
    """This server under the loopback name that the request used, so that clients see one host throughout."""
    name = request.host.rpartition(":")[0]
    return f"https://{request.host}" if name in LOOPBACK else authority.settings.base_url


ROUTES = [Route("GET", "/metadata/endpoints", endpoints, Plane.OPEN)]
