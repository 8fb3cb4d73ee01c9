"""Routes of registries: making, reading, changing and deleting one. The emulator's own, named ``local``, is as it is;
others are made and deleted by long-running operations, and nothing is in them."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.assets.registry import RegistryAssets
from azureml_emulator.assets.registry_resource import registries, registry_resource
from azureml_emulator.assets.schemas import REGISTRY_PATCH, REGISTRY_PUT
from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.operations import Record
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import REGISTRY as REGISTRY_PATH
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import REGISTRY
from azureml_emulator.workspace.neighbour_answers import (
    begin_put,
    delete_response,
    missing,
    registry_neighbour,
    state_of,
)

AREA = "registryOperationsStatus"


def find(registry: RegistryAssets, name: str, *, look: bool = False) -> Record:
    """Another registry, or ARM's 404.

    :raises ServiceError: also 501, for the emulator's own.
    """
    refuse_own(name)
    record = registry.neighbours.get(name, look=look)
    if record is None:
        raise missing(registry.settings, "registries", name)
    return record


def refuse_own(name: str) -> None:
    """Refuse to change the emulator's own registry.

    :raises ServiceError: 501.
    """
    if name.lower() == REGISTRY:
        raise not_emulated(f"Changing or deleting the emulator's own registry, {name}, is not emulated")


async def get_registry(registry: RegistryAssets, request: web.Request, name: str) -> web.Response:
    """Registries - Get."""
    if name.lower() == REGISTRY:
        return web.json_response(registry_resource(registry))
    return web.json_response(registry_neighbour(registry.settings, find(registry, name, look=True)))


async def list_registries(registry: RegistryAssets, request: web.Request) -> web.Response:
    """Registries - List, of the resource group and of the subscription."""
    return web.json_response({"value": registries(registry)})


async def put_registry(registry: RegistryAssets, request: web.Request, name: str) -> web.Response:
    """Registries - Create or update: an operation."""
    refuse_own(name)
    settings, records = registry.settings, registry.neighbours
    record, headers, is_new = await begin_put(settings, registry.faults, request, records, name, REGISTRY_PUT, AREA)
    resource = registry_neighbour(settings, record)
    return web.json_response(resource, status=201 if is_new else 200, headers=headers)


async def patch_registry(registry: RegistryAssets, request: web.Request, name: str) -> web.Response:
    """Registries - Update: tags, identity and SKU, at once."""
    record = find(registry, name)
    said = read_body(await read_object(request), REGISTRY_PATCH)
    told = {key: each for key, each in said.items() if each is not None}
    registry.neighbours.put(record["name"], {**record, **told})
    return web.json_response(registry_neighbour(registry.settings, find(registry, name)))


async def delete_registry(registry: RegistryAssets, request: web.Request, name: str) -> web.Response:
    """Registries - Delete: an operation; a missing one is 204."""
    refuse_own(name)
    return delete_response(registry.settings, registry.faults, request, registry.neighbours, name, AREA)


async def operation_status(registry: RegistryAssets, request: web.Request, region: str, operation: str) -> web.Response:
    """The state of an operation on another registry."""
    return state_of(registry.neighbours, operation)


ONE = REGISTRY_PATH.replace("{registry_}", "{name}")
ROUTES: list[Route[RegistryAssets]] = [
    Route("GET", ONE, get_registry, Plane.ARM),
    Route("PUT", ONE, put_registry, Plane.ARM),
    Route("PATCH", ONE, patch_registry, Plane.ARM),
    Route("DELETE", ONE, delete_registry, Plane.ARM),
    Route("GET", ONE.rpartition("/")[0], list_registries, Plane.ARM),
    Route("GET", "{sub}/providers/Microsoft.MachineLearningServices/registries", list_registries, Plane.ARM),
    Route("GET", f"{{location}}/{AREA}/{{operation}}", operation_status, Plane.ARM),
]
