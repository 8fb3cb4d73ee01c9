"""File systems: the containers of the account as the Data Lake endpoint shows them.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/filesystem.
"""

from __future__ import annotations

import re

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.containers import (
    change_container,
    check_container_write,
    container_headers,
    find_container,
)
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.properties import read_properties, written_properties
from azureml_emulator.storage.listings import PAGE, decode_marker, encode_marker

FLAT = {"x-ms-namespace-enabled": "false"}
"""The account has no hierarchical namespace, as those that Azure ML makes for a workspace."""


async def list_all(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """Filesystem - List."""
    prefix, (marker, most) = request.query.get("prefix", ""), paging(request)
    names = [name for name in storage.blobs.containers() if name.startswith(prefix) and name >= marker]
    rows = []
    for name in names[:most]:
        told = container_headers(storage.blobs.container(name))
        rows.append({"name": name, "lastModified": told["Last-Modified"], "etag": told["ETag"].strip('"')})
    following = {"x-ms-continuation": encode_marker(names[most])} if len(names) > most else {}
    return web.json_response({"filesystems": rows}, headers=following)


async def create(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Filesystem - Create."""
    if not storage.blobs.create_container(container, read_properties(request)):
        raise BlobError("FilesystemAlreadyExists")
    return web.Response(status=201, headers={**container_headers(storage.blobs.container(container)), **FLAT})


async def set_properties(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Filesystem - Set Properties: replace all of them."""
    found = find_container(storage, container)
    check_container_write(request, found)
    changed = change_container(storage, found, metadata=read_properties(request))
    return web.Response(headers=container_headers(changed))


async def properties(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Filesystem - Get Properties."""
    found = find_container(storage, container)
    told = {"x-ms-properties": written_properties(found.metadata), **FLAT}
    return web.Response(headers={**container_headers(found), **told})


async def delete(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Filesystem - Delete, with all that is in it."""
    check_container_write(request, find_container(storage, container))
    storage.blobs.delete_container(container)
    storage.appends.discard_container(container)
    storage.leases.forget_container(container)
    return web.Response(status=202)


def paging(request: web.Request) -> tuple[str, int]:
    """Where a page begins, and how many rows it has at most."""
    text = request.query.get("maxResults", str(PAGE))
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise BlobError("OutOfRangeQueryParameterValue", "maxResults")
    return decode_marker(request.query.get("continuation", "")), min(int(text), PAGE)
