"""Routes of the data plane that tell where data and models lie: by the asset ids of runs, and by name and version."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.data_types import PASCAL
from azureml_emulator.assets.references import UnresolvedError
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route


async def asked_ids(request: web.Request) -> list[str]:
    """The asset ids of a request."""
    values = (await read_object(request, Envelope.HISTORY)).get("values")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ServiceError(
            400, "UserError", "values must be an array of asset ids.", ("BadArgument",), Envelope.HISTORY
        )
    return values


def properties_of(assets: Assets, asset_id: str, kind: str) -> dict[str, Any] | None:
    """The properties of the asset version that an id names, or None; an unknown id is left out of the answer
    (unproven)."""
    try:
        reference = assets.resolver.reference(asset_id)
        return dict(assets.resolver.version(reference).properties) if reference and reference.kind == kind else None
    except UnresolvedError:
        return None


async def resolve_data(assets: Assets, request: web.Request) -> web.Response:
    """Data versions - Batch get resolved uris. Source: recorded answer for a named output of a pipeline step."""
    rows = {}
    for asset_id in await asked_ids(request):
        properties = properties_of(assets, asset_id, "data")
        if properties:
            rows[asset_id] = {
                "uri": properties["dataUri"],
                "type": PASCAL[properties["dataType"]],
                "legacyDatasetType": None,
            }
    return web.json_response({"values": rows})


async def data_version(assets: Assets, _: web.Request, name: str, version: str) -> web.Response:
    """Data versions - Get. Source: ``DataVersionEntity`` of azure-ai-ml 1.35.2 (``dataset_dataplane``); mltable 1.7.0
    reads ``isV2``, too, and takes a table whose ``dataType`` is ``MLTable``. Who made it, and when, is left out."""
    found = assets.versions.get("data", name, version)
    if found is None:
        message = f"Data asset {name!r} of version {version!r} was not found."
        raise ServiceError(404, "UserError", message, ("NotFound",), Envelope.HISTORY)
    properties = found.properties
    row = {
        "assetId": assets.resolver.located_id(found),
        "dataContainerName": found.name,
        "dataType": PASCAL[properties["dataType"]],
        "dataUri": properties["dataUri"],
        "versionId": found.version,
        "mutableProps": {key: properties.get(key) for key in ("description", "tags", "isArchived")},
        "referencedDataUris": properties.get("referencedUris"),
        "properties": properties.get("properties"),
    }
    return web.json_response({"dataVersion": row, "isV2": True})


async def resolve_models(assets: Assets, request: web.Request) -> web.Response:
    """Models - Batch get resolved uris: the address is called ``path`` here. Source: the client's model, azure-ai-ml
    1.26."""
    rows = {}
    for asset_id in await asked_ids(request):
        properties = properties_of(assets, asset_id, "models")
        if properties:
            rows[asset_id] = {"path": properties["modelUri"], "type": PASCAL[properties["modelType"]]}
    return web.json_response({"values": rows})


ROUTES = [
    Route("GET", "/data/v1.0{ws}/dataversion/{name}/versions/{version}", data_version, Plane.DATA),
    Route("POST", "/data/v1.0{ws}/dataversion/batchGetResolvedUris", resolve_data, Plane.DATA),
    Route("POST", "/modelregistry/v1.0{ws}/models/batchGetResolvedUris", resolve_models, Plane.DATA),
]
