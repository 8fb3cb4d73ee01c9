"""Routes of the registry: discovery, its assets, uploads to it and what is shared with it.

Its assets are asked for at the management front end that discovery names; the same paths at Azure Resource Manager are
published. The front end answers a PUT with 202 and the address of an operation, which answers the asset's id. Source:
``_registry_utils.py`` of azure-ai-ml 1.35.2, and recording test_create_and_get_from_registry. Azure Resource Manager
answers it with 201 or 200 and the asset. Source: the answers that the operations of api-version 2025-12-01 take, as
generated into azure-ai-ml 1.35.2, and those of 2023-04-01 (azure-mgmt-machinelearningservices 2.0.0b2).
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial

from aiohttp import web

from azureml_emulator.assets.references import UnresolvedError
from azureml_emulator.assets.registry import RegistryAssets
from azureml_emulator.assets.responses import version_resource
from azureml_emulator.assets.routes import (
    Handler,
    delete_container,
    delete_version,
    get_container,
    get_labelled,
    get_version,
    list_containers,
    list_versions,
    pending_upload,
    put_container,
)
from azureml_emulator.assets.versions import KINDS
from azureml_emulator.core.errors import Envelope, ServiceError, invalid_field, not_emulated
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import kind_of
from azureml_emulator.core.settings import REGISTRY

SHARED = ("models", "environments", "data")
"""What can be shared. Source: azure-ai-ml 1.35.2 has ``share`` for these."""

OPERATIONS = "/assetstore/v1.0/operations"
FRONT_END_PATH = "/mferp/managementfrontend"


async def discovery(registry: RegistryAssets, request: web.Request, name: str) -> web.Response:
    """Where a registry is. Source: recording test_create_and_get_from_registry; the form of the 404 is unproven."""
    settings = registry.settings
    if registry.neighbours.get(name):
        raise not_emulated(
            f"What is in registries beside {REGISTRY} is not emulated: {name} is empty", Envelope.HISTORY
        )
    if name.lower() != REGISTRY:
        message = f"The registry {name} was not found; the emulator has the registry {REGISTRY}."
        raise ServiceError(404, "UserError", message, ("NotFound", "RegistryNotFound"), Envelope.HISTORY)
    return web.json_response(
        {
            "registryId": registry.guid,
            "registryName": REGISTRY,
            "tenantId": settings.tenant_id,
            "primaryRegion": settings.region,
            "regions": [settings.region],
            "subscriptionId": settings.subscription_id,
            "resourceGroup": settings.resource_group,
            "workspaceName": None,
            "primaryRegionResourceProviderUri": f"{settings.base_url}/",
            "registryFqdns": {settings.region: {"uri": settings.base_url}},
        }
    )


async def put_version(
    registry: RegistryAssets, request: web.Request, name: str, version: str, *, kind: str
) -> web.Response:
    """Create a version, or change what may change of one; at the front end an operation, which is over at once.

    ``system_metadata``, which azure-ai-ml 1.35.2 sends of models here alone, is taken and left out.
    """
    body = await read_object(request)
    if kind == "models" and isinstance(body.get("properties"), dict):
        body["properties"].pop("system_metadata", None)
    properties = read_properties(body, registry.kinds[kind].shape)
    stored, is_new = registry.put(kind, name, version, properties)
    if not request.path.startswith(FRONT_END_PATH):
        resource = version_resource(registry.owner, stored)
        return web.json_response(resource, status=201 if is_new else 200)
    return operation_response(registry, {"assetId": registry.resolver.arm_id(stored)})


def operation_response(registry: RegistryAssets, result: dict[str, str] | None) -> web.Response:
    """A 202 with the address of an operation.

    :param result: what that will answer; None: nothing.
    """
    operation = registry.begin_operation(result)
    headers = {
        "Location": f"{registry.settings.base_url}{OPERATIONS}/{operation}",
        "Retry-After": "1",
        "x-ms-async-operation-timeout": "PT1H",
    }
    return web.json_response(None, status=202, headers=headers)


async def operation(registry: RegistryAssets, request: web.Request, operation: str) -> web.Response:
    """The end of an operation."""
    if operation not in registry.operations:
        message = f"The operation {operation} was not found."
        raise ServiceError(404, "UserError", message, ("NotFound", "OperationNotFound"), Envelope.HISTORY)
    result = registry.operations[operation]
    return web.json_response(result) if result else web.Response(status=200)


async def upload_place(registry: RegistryAssets, request: web.Request, name: str, version: str) -> web.Response:
    """A new container for an asset's files, with a SAS. Source: the same recording."""
    await read_object(request)
    uri, signed = registry.begin_upload()
    return web.json_response(
        {
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": account_id(registry),
                "credential": {"credentialType": "SAS", "sasUri": signed, "wasbsUri": None},
            },
            "imageReferenceForConsumption": None,
            "temporaryDataReferenceId": str(uuid.uuid4()),
            "temporaryDataReferenceType": None,
        }
    )


async def start_pending_upload(registry: RegistryAssets, request: web.Request, name: str, version: str) -> web.Response:
    """The same as ARM has it. Source: azure-ai-ml 1.35.2 ``arm_ml_service``, Registry Model Versions, Registry Data
    Versions and Registry Code Versions - Create Or Get Start Pending Upload, 2025-12-01."""
    return await pending_upload(request, registry.begin_upload, account_id(registry))


def account_id(registry: RegistryAssets) -> str:
    """The registry's storage account."""
    return f"{registry.settings.registry_arm_id}/storage"


async def download_place(registry: RegistryAssets, request: web.Request, name: str, version: str) -> web.Response:
    """The container of an asset's files with a SAS to read them. Source: azure-ai-ml 1.35.2
    ``get_storage_details_for_registry_assets``, and Registry Data References - Get Blob Reference SAS of 2025-12-01."""
    uri = str((await read_object(request)).get("blobUri") or "")
    try:
        place = registry.resolver.place(uri)
        container = getattr(place, "container", "")
    except UnresolvedError:
        container = ""
    if not registry.owns(container):
        raise invalid_field("blobUri", f"{uri!r} is no place in the registry's storage.", "BlobUriNotFound")
    signed = f"{registry.address(container)}?{registry.signer.sign(container, 'rl')}"
    credential = {"credentialType": "SAS", "sasUri": signed}
    reference = {"blobUri": uri, "storageAccountArmId": account_id(registry), "credential": credential}
    return web.json_response({"blobReferenceForConsumption": reference})


async def share(registry: RegistryAssets, request: web.Request) -> web.Response:
    """Take an asset of the workspace over into the registry. Source: azure-ai-ml 1.35.2
    ``WorkspaceAssetReference`` and ``begin_import_registry_asset``; what the operation answers is unproven."""
    asked = (await read_object(request)).get("properties") or {}
    if not isinstance(asked, dict):
        raise invalid_field("properties", f"Expected an object, got {kind_of(asked)}.", "InvalidValue")
    source = str(asked.get("sourceAssetId") or "")
    try:
        reference = registry.resolver.reference(source)
        found = registry.resolver.version(reference) if reference and not reference.registry else None
    except UnresolvedError as error:
        raise invalid_field("sourceAssetId", str(error), "AssetNotFound") from None
    if found is None or found.kind not in SHARED:
        message = f"{source!r} is not the id of a version of {', '.join(SHARED)} in the workspace."
        raise invalid_field("sourceAssetId", message, "AssetNotFound")
    name, version = asked.get("destinationName") or found.name, asked.get("destinationVersion") or found.version
    await asyncio.to_thread(registry.add_copy, found, str(name), str(version))
    return operation_response(registry, None)


def routes_of(top: str, plane: Plane, kind: str) -> list[Route[RegistryAssets]]:
    """The routes of one kind.

    :param top: what their paths begin with.
    """
    one = f"{top}/{kind}/{{name}}"
    rows: list[tuple[str, str, Handler]] = [
        ("GET", f"{top}/{kind}", list_containers),
        ("GET", one, get_container),
        ("PUT", one, put_container),
        ("DELETE", one, delete_container),
        ("GET", f"{one}/versions", list_versions),
        ("GET", f"{one}/versions/{{version}}", get_version),
        ("PUT", f"{one}/versions/{{version}}", put_version),
        ("DELETE", f"{one}/versions/{{version}}", delete_version),
        ("GET", f"{one}/labels/{{label}}", get_labelled),
    ]
    return [Route(method, path, partial(handler, kind=kind), plane) for method, path, handler in rows]


PENDING_UPLOAD = "{name}/versions/{version}/startPendingUpload"
FRONT_END = f"{FRONT_END_PATH}{{registry}}"
ROUTES: list[Route[RegistryAssets]] = [
    Route("GET", "/registrymanagement/v1.0/registries/{name}/discovery", discovery, Plane.DATA),
    Route("GET", f"{OPERATIONS}/{{operation}}", operation, Plane.DATA),
    Route("PUT", f"{FRONT_END}/tempdatarefs/{{name}}/versions/{{version}}", upload_place, Plane.DATA),
    Route("POST", f"{FRONT_END}/datarefs/{{name}}/versions/{{version}}", download_place, Plane.DATA),
    Route("POST", "{registry}/datareferences/{name}/versions/{version}", download_place, Plane.ARM),
    Route("POST", f"{FRONT_END}/import", share, Plane.DATA),
    *(
        Route("POST", f"{{registry}}/{kind}/{PENDING_UPLOAD}", start_pending_upload, Plane.ARM)
        for kind in ("codes", "data", "models")
    ),
    *(
        route
        for top, plane in ((FRONT_END, Plane.DATA), ("{registry}", Plane.ARM))
        for kind in KINDS
        for route in routes_of(top, plane, kind)
    ),
]
