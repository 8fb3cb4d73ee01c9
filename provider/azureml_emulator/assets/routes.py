"""Routes of asset versions and their containers, one set for all kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web

from azureml_emulator.assets.backend import Assets, check_name, curated, missing, without_prefix
from azureml_emulator.assets.reference_checks import CURATED
from azureml_emulator.assets.responses import container_resource, version_resource
from azureml_emulator.assets.schemas import CONTAINER
from azureml_emulator.assets.versions import ENTITIES, FEATURE_SETS, KINDS, Version
from azureml_emulator.core.paging import page, whole_number
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import invalid, read_properties
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.selection import has_all, in_time_order, refuse
from azureml_emulator.core.settings import ACCOUNT

OF_FEATURE_STORES = (FEATURE_SETS, ENTITIES)
VERSION_SIZE_KEYS = dict.fromkeys(OF_FEATURE_STORES, "pageSize")
SIZE_KEYS = {"models": "count", **VERSION_SIZE_KEYS}
"""What a page's size is asked for by, where it is not ``$top``. Source: api-version 2025-12-01."""


def in_view(request: web.Request, archived: bool) -> bool:
    """Whether a list shows what is archived, or is not, by the query ``listViewType``; archived rows are left out
    unless it says otherwise."""
    view = request.query.get("listViewType", "ActiveOnly").lower()
    return view == "all" or archived is (view == "archivedonly")


def resource(assets: Assets, kind: str, name: str) -> dict[str, Any] | None:
    """A container's resource, or None."""
    return container_resource(assets.owner, assets.versions, kind, name)


async def list_containers(assets: Assets, request: web.Request, *, kind: str) -> web.Response:
    """Every asset of a kind that has a name of its own."""
    names = dict.fromkeys(row.name for row in assets.versions.all(kind) if not row.anonymous)
    rows = [row for name in names if (row := resource(assets, kind, name))]
    shown = [row for row in rows if in_view(request, row["properties"]["isArchived"])]
    return page(request, assets.settings.base_url, shown, size_key=SIZE_KEYS.get(kind, "$top"))


async def get_container(assets: Assets, request: web.Request, name: str, *, kind: str) -> web.Response:
    """A container, with ``latestVersion`` and ``nextVersion``."""
    row = resource(assets, kind, without_prefix(name))
    if row is None:
        raise missing(kind, name)
    return web.json_response(row)


async def put_container(assets: Assets, request: web.Request, name: str, *, kind: str) -> web.Response:
    """Set a container's description, tags, or that it is archived."""
    properties = read_properties(await read_object(request), CONTAINER)
    check_name("name", name)
    exists = resource(assets, kind, name) is not None
    names = ("description", "tags", "properties", "isArchived")
    changes: dict[str, Any] = {key: properties[key] for key in names if key in properties}
    assets.versions.put_container(kind, name, {**assets.versions.container(kind, name), **changes})
    return web.json_response(resource(assets, kind, name), status=200 if exists else 201)


async def delete_container(assets: Assets, request: web.Request, name: str, *, kind: str) -> web.Response:
    """Remove a container with its versions: 204 when there was none."""
    return web.Response(status=200 if assets.versions.delete_container(kind, name) else 204)


async def list_versions(assets: Assets, request: web.Request, name: str, *, kind: str) -> web.Response:
    """Versions of a name; a query for a code's hash searches all names. Source: recorded test_code."""
    name = without_prefix(name)
    if kind == "codes" and "hash" in request.query:
        code_version = (request.query["hash"], request.query.get("hashVersion", "202208"))
        rows = [row for row in assets.versions.all("codes") if code_hash(row) == code_version][:1]
    else:
        rows = listed(request, assets.versions.of(kind, name), kind)
        if not rows and assets.knows_curated and kind == "environments" and CURATED.fullmatch(name):
            rows = [curated(name, None)]
    shown = [version_resource(assets.owner, row) for row in rows]
    return page(request, assets.settings.base_url, shown, size_key=VERSION_SIZE_KEYS.get(kind, "$top"))


def listed(request: web.Request, rows: list[Version], kind: str) -> list[Version]:
    """Versions as the query asks, the newest first. Lists of data, of models and of what
    a feature store holds have filters, which other kinds do not.

    ``stage`` is of the previews 2023-04-01 to 2024-01-01; azure-ai-ml 1.35.2 sends it to later versions, too.

    :raises ServiceError: the 501 of a filter whose effect is not published, the 400 of an ``offset`` that is no number.
    """
    shown = [row for row in rows if in_view(request, row.hidden)]
    shown = in_time_order(request, shown, lambda row: row.modified_at, newest_first=True)
    if "stage" in request.query:
        shown = [row for row in shown if row.properties.get("stage") == request.query["stage"]]
    if kind == "data":
        return [row for row in shown if has_all(request, "$tags", row.properties.get("tags"))]
    if kind not in ("models", *OF_FEATURE_STORES):
        return shown
    refuse(request, "description", "feed", "createdBy", "versionName")
    shown = [row for row in shown if row.version == request.query.get("version", row.version)]
    for key in ("tags", "properties"):
        shown = [row for row in shown if has_all(request, key, row.properties.get(key))]
    return shown[whole_number(request, "offset", 0) :]


def code_hash(row: Version) -> tuple[str, str]:
    """The content hash that code was registered with."""
    inner = row.properties["properties"]
    return inner.get("hash_sha256", ""), inner.get("hash_version", "202208")


async def get_version(assets: Assets, request: web.Request, name: str, version: str, *, kind: str) -> web.Response:
    """One version."""
    return web.json_response(version_resource(assets.owner, assets.find(kind, name, version)))


async def get_labelled(assets: Assets, request: web.Request, name: str, label: str, *, kind: str) -> web.Response:
    """The version behind a label: ``latest`` or ``default``."""
    asset = assets.versions.latest(kind, name) if label in ("latest", "default") else None
    if asset is None:
        raise missing(kind, name, f"@{label}")
    return web.json_response(version_resource(assets.owner, asset))


async def put_version(assets: Assets, request: web.Request, name: str, version: str, *, kind: str) -> web.Response:
    """Create a version, or change what may change of one: 201 with its own address for a new one, 200 for one that
    exists."""
    properties = read_properties(await read_object(request), assets.kinds[kind].shape)
    stored, is_new = assets.put(kind, name, version, properties)
    body = version_resource(assets.owner, stored)
    own = f"{assets.settings.base_url}{body['id']}?api-version={request.query['api-version']}"
    headers = {"Location": own} if is_new else {}
    return web.json_response(body, status=201 if is_new else 200, headers=headers)


async def delete_version(assets: Assets, request: web.Request, name: str, version: str, *, kind: str) -> web.Response:
    """Remove a version: 204 when there was none."""
    return web.Response(status=200 if assets.versions.delete(kind, name, version) else 204)


async def start_pending_upload(assets: Assets, request: web.Request, name: str, version: str) -> web.Response:
    """A new container to upload code to, with a SAS. Source: recorded answers; each call gives its own container."""
    settings = assets.settings
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    return await pending_upload(request, assets.begin_upload, account)


async def pending_upload(request: web.Request, begin: Callable[[], tuple[str, str]], account: str) -> web.Response:
    """The answer to a request for a place to upload to.

    :param begin: makes the container; its address, and the address with the right to write.
    :param account: the ARM id of the storage account.
    """
    body = await read_object(request, optional=True)
    kind = body.get("pendingUploadType", "TemporaryBlobReference")
    if kind not in ("TemporaryBlobReference", "None"):
        raise invalid([Problem("pendingUploadType", f"{kind!r} is not one of: None, TemporaryBlobReference.")])
    uri, signed = begin()
    return web.json_response(
        {
            "pendingUploadId": body.get("pendingUploadId"),
            "pendingUploadType": "TemporaryBlobReference",
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": account,
                "credential": {"credentialType": "SAS", "sasUri": signed},
            },
        }
    )


Handler = Callable[..., Awaitable[web.StreamResponse]]


def routes_of(kind: str) -> list[Route[Assets]]:
    """The routes of one kind."""
    top = f"{{ws}}/{kind}"
    one = f"{top}/{{name}}"
    rows: list[tuple[str, str, Handler]] = [
        ("GET", top, list_containers),
        ("GET", one, get_container),
        ("PUT", one, put_container),
        ("DELETE", one, delete_container),
        ("GET", f"{one}/versions", list_versions),
        ("GET", f"{one}/versions/{{version}}", get_version),
        ("PUT", f"{one}/versions/{{version}}", put_version),
        ("DELETE", f"{one}/versions/{{version}}", delete_version),
        ("GET", f"{one}/labels/{{label}}", get_labelled),
    ]
    return [Route(method, path, partial(handler, kind=kind), Plane.ARM) for method, path, handler in rows]


ROUTES = [
    *(route for kind in KINDS for route in routes_of(kind)),
    Route("POST", "{ws}/codes/{name}/versions/{version}/startPendingUpload", start_pending_upload, Plane.ARM),
]
