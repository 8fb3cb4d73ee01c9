"""Routes of asset versions and their containers, one set for all kinds."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.assets.models import CURATED, KINDS, Kind, curated, merged, pending_container
from azureml_emulator.assets.versions import Version, Versions
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.schemas import CONTAINER, invalid, read_properties
from azureml_emulator.pipelines.component_of_job import own_version

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

TYPE = "Microsoft.MachineLearningServices/workspaces"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
"""Source: the pattern of names of containers (models, environments) in the specification of 2024-04-01-preview."""

VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}")
PSEUDO = {"azureml_default"}
"""What azure-ai-ml asks for as a version when it wants a component without naming one: ``azureml_default``."""


def version_resource(em: Emulator, found: Version) -> dict[str, Any]:
    """An asset version as ARM answers it."""
    author = {"createdBy": found.created_by, "createdByType": "Application"}
    return {
        "id": f"{em.settings.ws_arm}/{found.kind}/{found.name}/versions/{found.version}",
        "name": found.version,
        "type": f"{TYPE}/{found.kind}/versions",
        "properties": shown_properties(found),
        "systemData": {
            "createdAt": found.created_at,
            **author,
            "lastModifiedAt": found.modified_at,
            "lastModifiedBy": found.created_by,
            "lastModifiedByType": "Application",
        },
    }


def shown_properties(found: Version) -> dict[str, Any]:
    """What is shown of a version: a pipeline component comes back without its nodes. Source: recording
    test_batch_component."""
    spec = found.properties.get("componentSpec")
    if spec is None or spec.get("type") != "pipeline":
        return dict(found.properties)
    return {**found.properties, "componentSpec": {key: value for key, value in spec.items() if key != "jobs"}}


def container_resource(em: Emulator, kind: Kind, name: str) -> dict[str, Any] | None:
    """An asset's container as ARM answers it; None when there is no version of that name."""
    versions = Versions(em.store)
    rows = versions.of(kind.segment, name)
    own = versions.container(kind.segment, name)
    if not rows and not own:
        return None
    latest = versions.latest(kind.segment, name) or (rows[-1] if rows else None)
    properties: dict[str, Any] = {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        **own,
        "latestVersion": latest.version if latest else None,
        "nextVersion": versions.next_number(kind.segment, name),
    }
    if kind.segment == "data" and latest:
        properties["dataType"] = latest.properties["dataType"]
    return {
        "id": f"{em.settings.ws_arm}/{kind.segment}/{name}",
        "name": name,
        "type": f"{TYPE}/{kind.segment}",
        "properties": properties,
        "systemData": {"createdAt": rows[0].created_at, "lastModifiedAt": rows[-1].modified_at} if rows else {},
    }


def missing(kind: Kind, name: str, version: str | None = None) -> ServiceError:
    """The service's 404 for an asset."""
    word = {"data": "Data", "codes": "Code"}.get(kind.segment, kind.segment.removesuffix("s").capitalize())
    what = f"{word} {name}:{version}" if version else f"{word} container {name}"
    return ServiceError(
        404, "UserError", f"{what} not found.", inner=("NotFound", f"{word}NotFound"), parameters={"name": name}
    )


def find(em: Emulator, kind: Kind, name: str, version: str) -> Version:
    """One version by its number or by a pseudo version, or a 404."""
    versions = Versions(em.store)
    name = bare(name)
    found = versions.get(kind.segment, name, version)
    if found is None and version in PSEUDO:
        found = versions.latest(kind.segment, name)
    if found is None and kind.segment == "environments" and CURATED.fullmatch(name):
        found = curated(name, version)
    if found is None:
        raise missing(kind, name, version)
    return found


def listed(request: web.Request, rows: list[Version]) -> list[Version]:
    """Versions as the query asks: archived ones left out unless ``listViewType`` says otherwise, the newest first."""
    view = request.query.get("listViewType", "ActiveOnly").lower()
    if view != "all":
        rows = [row for row in rows if row.hidden is (view == "archivedonly")]
    order = request.query.get("$orderBy", "createdtime desc").lower().split()
    return rows if order and order[-1] == "asc" else rows[::-1]


async def list_containers(em: Emulator, request: web.Request, *, kind: Kind) -> web.Response:
    """Every asset of a kind that has a name of its own."""
    names = dict.fromkeys(row.name for row in Versions(em.store).all(kind.segment) if not row.anonymous)
    view = request.query.get("listViewType", "ActiveOnly").lower()
    rows = [row for name in names if (row := container_resource(em, kind, name))]
    if view != "all":
        rows = [row for row in rows if row["properties"]["isArchived"] is (view == "archivedonly")]
    return page(request, em.settings.base_url, rows)


async def get_container(em: Emulator, request: web.Request, name: str, *, kind: Kind) -> web.Response:
    """A container, with ``latestVersion`` and ``nextVersion``."""
    row = container_resource(em, kind, bare(name))
    if row is None:
        raise missing(kind, name)
    return web.json_response(row)


def bare(name: str) -> str:
    """A name that is asked for, without ``azureml:``.

    azure-ai-ml 1.35.2 leaves the prefix in the name when it looks for ``Input(path="azureml:<name>@latest")`` or an
    environment given so, as Microsoft's own samples write it. That the service takes it is unproven.
    """
    return name.removeprefix("azureml:")


async def put_container(em: Emulator, request: web.Request, name: str, *, kind: Kind) -> web.Response:
    """Set a container's description, tags, or that it is archived."""
    given = read_properties(await read_object(request), CONTAINER)
    check_name("name", name)
    before = container_resource(em, kind, name)
    own = Versions(em.store).container(kind.segment, name)
    kept: dict[str, Any] = {
        key: given[key] for key in ("description", "tags", "properties", "isArchived") if key in given
    }
    Versions(em.store).put_container(kind.segment, name, {**own, **kept})
    return web.json_response(container_resource(em, kind, name), status=200 if before else 201)


async def delete_container(em: Emulator, request: web.Request, name: str, *, kind: Kind) -> web.Response:
    """Remove a container with its versions: 204 when there was none."""
    versions = Versions(em.store)
    rows = versions.of(kind.segment, name)
    known = em.store.delete("container", f"{kind.segment}/{name}")
    for row in rows:
        versions.delete(kind.segment, name, row.version)
    return web.Response(status=200 if rows or known else 204)


async def list_versions(em: Emulator, request: web.Request, name: str, *, kind: Kind) -> web.Response:
    """Versions of a name; code asked for by its hash is looked for under every name. Source: recorded test_code."""
    versions = Versions(em.store)
    name = bare(name)
    if kind.segment == "codes" and "hash" in request.query:
        wanted = (request.query["hash"], request.query.get("hashVersion", "202208"))
        rows = [row for row in versions.all("codes") if code_hash(row) == wanted][:1]
    else:
        rows = listed(request, versions.of(kind.segment, name))
        if not rows and kind.segment == "environments" and CURATED.fullmatch(name):
            rows = [curated(name, None)]
    return page(request, em.settings.base_url, [version_resource(em, row) for row in rows])


def code_hash(row: Version) -> tuple[str, str]:
    """The content hash that code was registered with."""
    inner = row.properties["properties"]
    return inner.get("hash_sha256", ""), inner.get("hash_version", "202208")


async def get_version(em: Emulator, request: web.Request, name: str, version: str, *, kind: Kind) -> web.Response:
    """One version."""
    return web.json_response(version_resource(em, find(em, kind, name, version)))


async def get_labelled(em: Emulator, request: web.Request, name: str, label: str, *, kind: Kind) -> web.Response:
    """The version behind a label: ``latest`` and ``default`` are known."""
    found = Versions(em.store).latest(kind.segment, name) if label in ("latest", "default") else None
    if found is None:
        raise missing(kind, name, f"@{label}")
    return web.json_response(version_resource(em, found))


async def put_version(em: Emulator, request: web.Request, name: str, version: str, *, kind: Kind) -> web.Response:
    """Create a version, or change what may change of one: 201 for a new one, 200 for one that exists."""
    given = read_properties(await read_object(request), kind.shape)
    check_name("name", name)
    check_name("version", version)
    version = own_version(given, version)
    versions = Versions(em.store)
    before = versions.get(kind.segment, name, version)
    finished = merged(kind, before, kind.finish(em, name, version, given))
    stored = versions.put(kind.segment, name, version, finished, em.settings.client_id)
    resource = version_resource(em, stored)
    headers = {} if before else {"Location": f"{em.settings.base_url}{resource['id']}"}
    return web.json_response(resource, status=200 if before else 201, headers=headers)


async def delete_version(em: Emulator, request: web.Request, name: str, version: str, *, kind: Kind) -> web.Response:
    """Remove a version: 204 when there was none."""
    return web.Response(status=200 if Versions(em.store).delete(kind.segment, name, version) else 204)


def check_name(field: str, value: str) -> None:
    """Names are letters, digits, hyphens and underscores, and versions may have dots.

    :raises ServiceError: the service's 400 otherwise.
    """
    pattern, dots = (VERSION, ", '_' and '.'") if field == "version" else (NAME, " and '_'")
    if not pattern.fullmatch(value):
        problem = Problem(
            field, f"{value!r}: letters, digits, '-'{dots}, the first one a letter or digit, at most 255."
        )
        raise invalid([problem])


async def start_pending_upload(em: Emulator, request: web.Request, name: str, version: str) -> web.Response:
    """A new container to upload code to, with a SAS. Source: recorded answers; each call gives its own container."""
    given = await read_object(request, optional=True)
    kind = given.get("pendingUploadType", "TemporaryBlobReference")
    if kind not in ("TemporaryBlobReference", "None"):
        raise invalid([Problem("pendingUploadType", f"{kind!r} is not one of: None, TemporaryBlobReference.")])
    own = em.settings
    container = pending_container(own.workspace_id)
    em.blobs.create_container(container)
    group = f"/subscriptions/{own.subscription_id}/resourceGroups/{own.resource_group}"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/emuacct"
    return web.json_response(
        {
            "pendingUploadId": given.get("pendingUploadId"),
            "pendingUploadType": "TemporaryBlobReference",
            "blobReferenceForConsumption": {
                "blobUri": f"{own.storage_url}/{container}",
                "storageAccountArmId": account,
                "credential": {"credentialType": "SAS", "sasUri": em.signer.url(container, permissions="racwl")},
            },
        }
    )


def routes_of(kind: Kind) -> list[Route[Emulator]]:
    """The routes of one kind."""
    top = f"{{ws}}/{kind.segment}"
    one = f"{top}/{{name}}"
    rows: list[tuple[str, str, Callable[..., Any]]] = [
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
    return [Route(method, path, bound(handler, kind), Plane.ARM) for method, path, handler in rows]


def bound(handler: Callable[..., Any], kind: Kind) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A handler for one kind."""
    return partial(handler, kind=kind)


ROUTES = [
    *(route for kind in KINDS.values() for route in routes_of(kind)),
    Route("POST", "{ws}/codes/{name}/versions/{version}/startPendingUpload", start_pending_upload, Plane.ARM),
]
