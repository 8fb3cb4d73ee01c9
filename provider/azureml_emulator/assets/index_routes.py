"""Routes of indexes, at the workspace's own host: versions of what a search goes through, as it lies in storage.

Source: azure-ai-ml 1.35.2, ``IndexOperations`` and its client of 2024-04-01-preview (``azure_ai_assets_v2024_04_01``),
which takes an old path, below ``/genericasset``, for them. No index is built here.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.assets.backend import Assets, check_name
from azureml_emulator.assets.routes import in_view
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.paging import whole_number
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import address, bag, record, text
from azureml_emulator.core.selection import has_all

INDEXES = "indexes"
"""The kind under which versions keep them."""

DEVELOPMENT, ARCHIVE = "Development", "Archive"
"""Stages that mean something. Source: the description of ``Index.stage``."""

INDEX = record(
    {
        "id": text,
        "stage": text,
        "description": text,
        "tags": bag(text),
        "properties": bag(text),
        "storageUri": address,
    },
    ("storageUri",),
)


def index_resource(assets: Assets, version: Version) -> dict[str, Any]:
    """An index as the service answers it. That its id names location and GUID of the workspace is what azure-ai-ml
    1.35.2 reads of it."""
    settings = assets.settings
    owner = f"azureml://locations/{settings.region}/workspaces/{settings.workspace_id}"
    return {
        "id": f"{owner}/{INDEXES}/{version.name}/versions/{version.version}",
        **version.properties,
        "systemData": {
            "createdAt": version.created_at,
            "createdBy": version.created_by,
            "createdByType": "Application",
            "lastModifiedAt": version.modified_at,
        },
    }


def missing(what: str) -> ServiceError:
    """404 of the data plane. Its words are ours."""
    return ServiceError(404, "UserError", f"Index {what} not found.", ("NotFound", "IndexNotFound"), Envelope.HISTORY)


def answered(request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
    """Rows as ``skip`` and ``top`` ask; all of them are one page."""
    shown = rows[whole_number(request, "skip", 0) :]
    return web.json_response({"value": shown[: whole_number(request, "top", len(shown))]})


async def put_index(assets: Assets, request: web.Request, name: str, version: str) -> web.Response:
    """Create an index, or change one. Properties are add-only, tags are not. Source: the description of both."""
    check_name("name", name)
    check_name("version", version)
    given = read_body(await read_object(request), INDEX)
    before = assets.versions.get(INDEXES, name, version)
    held = dict(before.properties) if before else {}
    told = {key: each for key, each in given.items() if key != "id"}
    whole = {"stage": DEVELOPMENT, "description": None, "tags": {}, **held, **told}
    whole["properties"] = {**(given.get("properties") or {}), **held.get("properties", {})}
    stored = assets.versions.put(INDEXES, name, version, whole, assets.settings.client_id)
    return web.json_response(index_resource(assets, stored), status=200 if before else 201)


async def get_index(assets: Assets, request: web.Request, name: str, version: str) -> web.Response:
    """One version."""
    found = assets.versions.get(INDEXES, name, version)
    if found is None:
        raise missing(f"{name}:{version}")
    return web.json_response(index_resource(assets, found))


async def list_versions(assets: Assets, request: web.Request, name: str) -> web.Response:
    """The versions of a name, the newest first; archived ones where ``listViewType`` asks for them, with ``tags``."""
    rows = [row for row in reversed(assets.versions.of(INDEXES, name)) if in_view(request, is_archived(row))]
    rows = [row for row in rows if has_all(request, "tags", row.properties["tags"])]
    return answered(request, [index_resource(assets, row) for row in rows])


def is_archived(row: Version) -> bool:
    """Whether an index is archived."""
    return str(row.properties["stage"]) == ARCHIVE


def latest(assets: Assets, name: str) -> Version | None:
    """The version that was created last and is not archived."""
    return next((row for row in reversed(assets.versions.of(INDEXES, name)) if not is_archived(row)), None)


async def get_latest(assets: Assets, request: web.Request, name: str) -> web.Response:
    """The latest version of a name."""
    found = latest(assets, name)
    if found is None:
        raise missing(name)
    return web.json_response(index_resource(assets, found))


async def list_latest(assets: Assets, request: web.Request) -> web.Response:
    """The latest version of each name."""
    names = dict.fromkeys(row.name for row in assets.versions.all(INDEXES))
    return answered(request, [index_resource(assets, row) for name in names if (row := latest(assets, name))])


async def next_version(assets: Assets, request: web.Request, name: str) -> web.Response:
    """The version that a new one would have: one more than the highest number, else 1."""
    rows = assets.versions.of(INDEXES, name)
    following = int(assets.versions.next_number(INDEXES, name))
    return web.json_response({"nextVersion": following, "latestVersion": rows[-1].version if rows else ""})


TOP = f"/genericasset{{ws}}/{INDEXES}"
ROUTES = [
    Route("GET", TOP, list_latest, Plane.DATA),
    Route("GET", f"{TOP}/{{name}}", get_latest, Plane.DATA),
    Route("POST", f"{TOP}/{{name}}:getNextVersion", next_version, Plane.DATA),
    Route("GET", f"{TOP}/{{name}}/versions", list_versions, Plane.DATA),
    Route("GET", f"{TOP}/{{name}}/versions/{{version}}", get_index, Plane.DATA),
    Route("PUT", f"{TOP}/{{name}}/versions/{{version}}", put_index, Plane.DATA),
]
