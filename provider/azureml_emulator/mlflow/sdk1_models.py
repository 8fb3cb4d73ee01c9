"""Registered models as the SDK of version 1 asks for them: an asset, which names files, and the model above it.

They are the workspace's model assets, those of MLflow and of the v2 API too. Source: azureml-core 1.61,
``core/model.py``, ``_restclient/models_client.py`` and ``assets_client.py``, and the models ``Model`` and ``Asset``.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from azureml_emulator.assets.references import Place, UnresolvedError
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, not_emulated
from azureml_emulator.core.paging import one_page
from azureml_emulator.core.request_body import read_array, read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.registry_rows import MODELS

ASSET = "aml://asset/"
"""What the ``url`` of a model begins with. Source: ``Model._register_with_asset``."""

UNREAD = ("framework", "tag", "description", "datasetId")
"""Keys of a list's query that are not emulated."""

PATCHES = {"/kvTags": "tags", "/description": "description", "/properties": "properties"}
"""What may change of a model, by the path of a JSON patch."""


def asset_id(prefix: str) -> str:
    """The id of an asset. Here it carries the prefix of its files, so that no assets have to be kept."""
    return base64.urlsafe_b64encode(prefix.encode()).decode().rstrip("=")


def prefix_in(identifier: str) -> str | None:
    """The prefix that an asset's id carries, or None."""
    try:
        return base64.urlsafe_b64decode(identifier + "=" * (-len(identifier) % 4)).decode() or None
    except (binascii.Error, ValueError):
        return None


def asset_row(prefix: str, name: str | None = None, run: str | None = None) -> dict[str, Any]:
    """An asset."""
    return {
        "id": asset_id(prefix),
        "name": name,
        "type": None,
        "description": None,
        "artifacts": [{"id": None, "prefix": prefix}],
        "kvTags": {},
        "properties": {},
        "runid": run,
        "meta": {},
        "createdTime": stamp(now()),
    }


def refused(status: int, code: str, message: str) -> web.Response:
    """An error in the shape of model management, by whose ``statusCode`` the SDK knows that a model is not there.

    Source: the model ``ModelErrorResponse``.
    """
    correlation = {"RequestId": str(uuid.uuid4())}
    body = {"code": code, "statusCode": status, "message": message, "details": [], "correlation": correlation}
    return web.json_response(body, status=status)


def missing(what: str) -> web.Response:
    """404; its words are unproven."""
    return refused(404, "NotFound", f"{what} was not found.")


def prefix_of(mlflow: Mlflow, version: Version) -> str | None:
    """The prefix of a model's files, which the SDK reads as origin, container and path.

    None where there are no such three, or where they are in neither of the workspace's own containers.
    """
    try:
        place = mlflow.assets.resolver.place(str(version.properties["modelUri"]))
    except UnresolvedError:
        return None
    own = (mlflow.settings.artifact_container, mlflow.settings.default_container)
    if not isinstance(place, Place) or place.container not in own or place.path.strip("/").count("/") < 2:
        return None
    return place.path.rstrip("/")


def model_row(mlflow: Mlflow, version: Version) -> dict[str, Any]:
    """A model. Its framework is not kept."""
    prefix, properties = prefix_of(mlflow, version), version.properties
    return {
        "id": f"{version.name}:{version.version}",
        "name": version.name,
        "version": int(version.version),
        "framework": None,
        "frameworkVersion": None,
        "url": f"{ASSET}{asset_id(prefix)}" if prefix else str(properties["modelUri"]),
        "mimeType": "application/json",
        "description": properties.get("description"),
        "createdTime": version.created_at,
        "modifiedTime": version.modified_at,
        "unpack": False,
        "runId": properties.get("jobName"),
        "kvTags": properties.get("tags") or {},
        "properties": properties.get("properties") or {},
        "datasets": [],
        "derivedModelIds": [],
    }


async def create_asset(mlflow: Mlflow, request: web.Request) -> web.Response:
    """Assets - Create: of one prefix of artifacts; 501 for more, and for single files by their ids."""
    body = await read_object(request, Envelope.HISTORY)
    artifacts = body.get("artifacts")
    if not isinstance(artifacts, list) or not all(isinstance(each, dict) for each in artifacts):
        return refused(400, "BadRequest", "artifacts must be an array of objects.")
    prefixes = [each.get("prefix") for each in artifacts]
    if len(prefixes) != 1 or not isinstance(prefixes[0], str) or not prefixes[0]:
        raise not_emulated("An asset of anything but one prefix is not emulated", Envelope.HISTORY)
    return web.json_response(asset_row(prefixes[0].rstrip("/"), body.get("name"), body.get("runid")))


async def get_asset(mlflow: Mlflow, request: web.Request, asset: str) -> web.Response:
    """Assets - Query by id."""
    prefix = prefix_in(asset)
    return web.json_response(asset_row(prefix)) if prefix else missing(f"Asset {asset}")


async def register_model(mlflow: Mlflow, request: web.Request) -> web.Response:
    """Models - Register: as the next version of its name. Framework, data sets and resources are taken and not kept."""
    body = await read_object(request, Envelope.HISTORY)
    name, url = body.get("name"), str(body.get("url"))
    prefix = prefix_in(url.removeprefix(ASSET)) if url.startswith(ASSET) else None
    if not isinstance(name, str) or prefix is None:
        return refused(400, "BadRequest", f"A model has a name and the url of an asset, {ASSET}<id>.")
    if body.get("unpack"):
        raise not_emulated("A model that is unpacked is not emulated", Envelope.HISTORY)
    properties = {
        "modelUri": mlflow.assets.resolver.uri_of(Place(mlflow.settings.artifact_container, prefix)),
        "modelType": "custom_model",
        "description": body.get("description"),
        "tags": texts(body.get("kvTags")),
        "properties": texts(body.get("properties")),
    }
    version = mlflow.assets.versions.next_number(MODELS, name)
    made, _ = mlflow.assets.put(MODELS, name, version, properties)
    changed = {**made.properties, "jobName": body.get("runId")}
    return web.json_response(model_row(mlflow, mlflow.assets.versions.put(MODELS, name, version, changed)))


def texts(bag: Any) -> dict[str, str]:
    """Tags or properties."""
    return {key: str(value) for key, value in bag.items()} if isinstance(bag, dict) else {}


def find_model(mlflow: Mlflow, model: str) -> Version | None:
    """A model by its id, ``<name>:<version>``."""
    name, _, version = model.rpartition(":")
    found = mlflow.assets.versions.get(MODELS, name, version)
    return found if found and is_numbered(found) else None


def is_numbered(version: Version) -> bool:
    """Whether the SDK can be told of a version: its model has a whole number for it."""
    return version.version.isascii() and version.version.isdigit()


async def get_model(mlflow: Mlflow, request: web.Request, model: str) -> web.Response:
    """Models - Query by id."""
    found = find_model(mlflow, model)
    return web.json_response(model_row(mlflow, found)) if found else missing(f"Model {model}")


async def list_models(mlflow: Mlflow, request: web.Request) -> web.Response:
    """Models - List, on one page, the newest first: the SDK takes the first for the latest.

    Archived versions, and those whose version is no whole number, are left out.
    """
    query = request.query
    unread = [key for key in UNREAD if query.get(key)]
    if unread:
        raise not_emulated(f"A list of models by {', '.join(unread)} is not emulated", Envelope.HISTORY)
    wanted, run = query.get("name"), query.get("runId")
    found = mlflow.assets.versions.of(MODELS, wanted) if wanted else mlflow.assets.versions.all(MODELS)
    rows = [model_row(mlflow, each) for each in reversed(found) if is_numbered(each) and not each.hidden]
    rows = [row for row in rows if run in (None, row["runId"]) and matches(row["kvTags"], query.get("tags"))]
    rows = [row for row in rows if matches(row["properties"], query.get("properties"))]
    if query.get("latestVersionOnly", "").lower() == "true":
        rows = list({row["name"]: row for row in sorted(rows, key=lambda row: int(row["version"]))}.values())
    return one_page(rows)


def matches(bag: Mapping[str, str], condition: str | None) -> bool:
    """Whether tags are as ``key=value,key`` asks: with the values given, or there at all."""
    for part in filter(None, (condition or "").split(",")):
        key, equals, value = part.partition("=")
        if key not in bag or (equals and bag[key] != value):
            return False
    return True


async def patch_model(mlflow: Mlflow, request: web.Request, model: str) -> web.Response:
    """Models - Patch: a JSON patch of tags, description and properties as wholes, as ``model.update`` sends it."""
    patches = await read_array(request, Envelope.HISTORY)
    found = find_model(mlflow, model)
    if found is None:
        return missing(f"Model {model}")
    changed = dict(found.properties)
    for patch in patches:
        path = patch.get("path") if isinstance(patch, dict) else None
        if path not in PATCHES:
            raise not_emulated(f"Changing {path} of a model is not emulated", Envelope.HISTORY)
        key, value = PATCHES[path], patch.get("value")
        changed[key] = value if key == "description" else texts(value)
    stored = mlflow.assets.versions.put(MODELS, found.name, found.version, changed)
    return web.json_response(model_row(mlflow, stored))


async def delete_model(mlflow: Mlflow, request: web.Request, model: str) -> web.Response:
    """Models - Delete; 204 for one that is not there."""
    found = find_model(mlflow, model)
    if found is None:
        return web.Response(status=204)
    mlflow.assets.versions.delete(MODELS, found.name, found.version)
    mlflow.stages.forget(found.name, found.version)
    return web.Response(status=200)


MANAGEMENT = "/modelmanagement/v1.0{ws}"
ROUTES = [
    Route("POST", f"{MANAGEMENT}/assets", create_asset, Plane.DATA),
    Route("GET", f"{MANAGEMENT}/assets/{{asset}}", get_asset, Plane.DATA),
    Route("POST", f"{MANAGEMENT}/models", register_model, Plane.DATA),
    Route("GET", f"{MANAGEMENT}/models", list_models, Plane.DATA),
    Route("GET", f"{MANAGEMENT}/models/{{model}}", get_model, Plane.DATA),
    Route("PATCH", f"{MANAGEMENT}/models/{{model}}", patch_model, Plane.DATA),
    Route("DELETE", f"{MANAGEMENT}/models/{{model}}", delete_model, Plane.DATA),
]
