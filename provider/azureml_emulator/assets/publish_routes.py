"""Routes that publish a version of the workspace to the registry: what ``share`` does at the front end, as Azure
Resource Manager has it.

Source: Data Versions - Publish and its likes of api-version 2025-12-01, with their published examples: the body is a
DestinationAsset, the answer 202 with ``Location``. A component is not published here: what it names would have to be in
the registry, too, and how the service does that is not published.
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from azureml_emulator.assets.registry import RegistryAssets
from azureml_emulator.assets.registry_routes import operation_response
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import record, text
from azureml_emulator.core.settings import REGISTRY

PUBLISHED = ("codes", "data", "environments", "models")
DESTINATION = record({"registryName": text, "destinationName": text, "destinationVersion": text}, ("registryName",))
"""Source: DestinationAsset. That the registry's name is required is an assumption; the others default to those of the
version, as with ``share``."""


async def publish(
    registry: RegistryAssets, request: web.Request, name: str, version: str, *, kind: str
) -> web.Response:
    """Take a version of the workspace over into the registry, with its files. The forms of the 404s are unproven.

    :raises ServiceError: 404 where there is no such version or registry, 409 where the registry has the version.
    """
    asked = read_body(await read_object(request), DESTINATION)
    found = registry.workspace.versions.get(kind, name, version)
    if found is None:
        message = f"Could not find version {version} of {name} in {kind} of the workspace."
        raise ServiceError(404, "UserError", message, ("NotFound", "AssetNotFound"))
    if asked["registryName"].lower() != REGISTRY:
        message = f"The registry {asked['registryName']} was not found; the emulator has the registry {REGISTRY}."
        raise ServiceError(404, "UserError", message, ("NotFound", "RegistryNotFound"))
    place = asked.get("destinationName") or found.name, asked.get("destinationVersion") or found.version
    await asyncio.to_thread(registry.add_copy, found, *place)
    return operation_response(registry, None)


ROUTES = [
    Route("POST", f"{{ws}}/{kind}/{{name}}/versions/{{version}}/publish", partial(publish, kind=kind), Plane.ARM)
    for kind in PUBLISHED
]
