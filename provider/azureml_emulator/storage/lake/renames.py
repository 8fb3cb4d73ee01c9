"""Files and folders that get another name, in their file system or another one of the account.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/create.
"""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.authorization import RequestedAccess, check_address, check_signature
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import change_folder, is_place, marked
from azureml_emulator.storage.blobs.leases import LeaseError, check
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.conditions import version_headers
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.paths import break_lease, target_path
from azureml_emulator.storage.lake.properties import find_path, path_headers, read_properties
from azureml_emulator.storage.sources import check_conditions


async def rename(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Create with ``x-ms-rename-source``; a file in the new place is replaced, a folder there is not.

    Properties that the request gives replace those that the source has.
    """
    name = name.rstrip("/")
    there = target_path(storage, request, container, name)
    source_container, source = find_source(storage, request, container, name)
    check_place(storage, container, name, there, source)
    check_source_lease(storage, request, source_container, source.name)
    break_lease(storage, container, name)
    if (container, name) != (source_container, source.name):
        move(storage, source_container, source, container, name)
    headers, properties = path_headers(request), read_properties(request)
    if source.folder:
        if headers or properties:
            wanted = marked(properties or source.metadata)
            change_folder(storage.blobs, container, name, headers=headers or source.headers, metadata=wanted)
    elif headers or properties:
        storage.blobs.set_headers(container, name, headers or source.headers)
        storage.blobs.set_metadata(container, name, properties or source.metadata)
    moved = find_path(storage, container, name) or source
    return web.Response(status=201, headers={**version_headers(moved), "Content-Length": "0"})


def find_source(storage: Storage, request: web.Request, container: str, name: str) -> tuple[str, Blob]:
    """The path that gets another name, and its file system, if its conditions hold and the request may move it.

    :raises BlobError: 400, 403, 404 or 412.
    """
    parts = urlsplit(request.headers.get("x-ms-rename-source", ""))
    source_container, _, source_name = unquote(parts.path).lstrip("/").partition("/")
    source_name = source_name.rstrip("/")
    if not source_container or not source_name:
        raise BlobError("InvalidSourceUri")
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "sig" in request.query:
        fields = fields if "sig" in fields else dict(request.query)
        account = request.path.strip("/").partition("/")[0]
        check_signature(storage, fields, RequestedAccess("dm", "o", account, source_container, source_name))
        check_address(fields, request.remote or "")
    path = find_path(storage, source_container, source_name)
    if path is None:
        raise BlobError("SourcePathNotFound")
    check_conditions(request, path)
    if path.folder and source_container == container and name.startswith(f"{source_name}/"):
        raise BlobError("InvalidRenameSourcePath")
    return source_container, path


def check_source_lease(storage: Storage, request: web.Request, container: str, name: str) -> None:
    """The lease of what gets another name has to be named in ``x-ms-source-lease-id``."""
    named = request.headers.get("x-ms-source-lease-id")
    lease = storage.leases.get(container, name)
    try:
        check(lease, now().timestamp(), named.lower() if named else None, "Blob", required=True)
    except LeaseError as error:
        raise BlobError(str(error)) from None


def check_place(storage: Storage, container: str, name: str, there: Blob | None, source: Blob) -> None:
    """Refuse a new name that cannot be taken.

    :param there: what has it.
    :raises BlobError: 404 or 409.
    """
    if there and there.folder != source.folder:
        raise BlobError("InvalidSourceOrDestinationResourceType")
    if there and there.folder and next(os.scandir(storage.blobs.path(container, name)), None):
        raise BlobError("PathAlreadyExists", "The directory is not empty.")
    if not is_place(storage.blobs, container, name.rpartition("/")[0]):
        raise BlobError("RenameDestinationParentPathNotFound")


def move(storage: Storage, source_container: str, source: Blob, container: str, name: str) -> None:
    """Move a file, or a folder with all that is in it, and the properties of each.

    What is leased in a folder stays so: that is assumed. Its own lease a path has to be named for, and loses.
    """
    blobs = storage.blobs
    for row in blobs.rename(source_container, source.name, container, name, folder=source.folder):
        new = name + row.removeprefix(source.name)
        blobs.blocks.move(source_container, row, container, new)
        storage.appends.discard(source_container, row)
        storage.appends.discard(container, new)
    storage.leases.put(source_container, source.name, None)
    storage.leases.move_below(source_container, source.name, container, name)
    blobs.prune(source_container, source.name)
