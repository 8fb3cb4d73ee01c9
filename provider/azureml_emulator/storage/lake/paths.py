"""Files and folders: made, described, read, deleted.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path. Of parents the account knows
nothing: what lies in a folder makes it be there, and it goes with the last of it unless it was made by itself.
"""

from __future__ import annotations

import asyncio
import os
import shutil

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import change_folder, make_folder, marked, unmark_folder
from azureml_emulator.storage.blobs.leases import end
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.conditions import check_write, is_current, version_headers
from azureml_emulator.storage.errors import BlobError, not_modified
from azureml_emulator.storage.lake.leases import OF_A_WRITE, lease_of_new
from azureml_emulator.storage.lake.listings import read_flag
from azureml_emulator.storage.lake.properties import (
    all_headers,
    existing_file,
    existing_path,
    find_path,
    kept_headers,
    path_headers,
    read_properties,
    system_headers,
)
from azureml_emulator.storage.leasing import DURATION, PROPOSED
from azureml_emulator.storage.read import send
from azureml_emulator.storage.write import may_overwrite

HIERARCHICAL = ("x-ms-permissions", "x-ms-umask", "x-ms-owner", "x-ms-group", "x-ms-acl")
"""What only accounts with a hierarchical namespace take."""

NOT_HERE = ("x-ms-encryption-context", "x-ms-expiry-option", *OF_A_WRITE)


def check_headers(request: web.Request, *taken: str) -> None:
    """Refuse what would be passed over.

    :param taken: headers that the operation has use for.
    :raises BlobError: 400 for what a flat account does not take, 501 for what the emulator does not have.
    """
    if any(name in request.headers for name in HIERARCHICAL):
        raise BlobError("HierarchicalNamespaceNotEnabled")
    others = [name for name in NOT_HERE if name in request.headers and name not in taken]
    if others:
        raise BlobError("NotEmulated", ", ".join(others))


def target_path(storage: Storage, request: web.Request, container: str, name: str, *taken: str) -> Blob | None:
    """What is there before a path is made, after the conditions were checked.

    :param taken: see ``check_headers``.
    """
    check_headers(request, *taken)
    path = find_path(storage, container, name)
    check_write(request, path, makes=True)
    if path and not may_overwrite(request):
        raise BlobError("AuthorizationPermissionMismatch")
    return path


async def create_file(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Create, a file without content; one that is there is replaced."""
    path = target_path(storage, request, container, name, PROPOSED, DURATION)
    if path and path.folder:
        raise BlobError("ResourceTypeMismatch")
    headers, properties, lease = path_headers(request), read_properties(request), lease_of_new(request)
    storage.appends.discard(container, name)
    break_lease(storage, container, name)
    storage.blobs.blocks.discard(container, name)
    made = storage.blobs.put_bytes(container, name, b"", headers=headers, metadata=properties, lake=True)
    if lease:
        storage.leases.put(container, name, lease)
    return created(made)


async def create_folder(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Create, a folder; what lies in one that is there stays."""
    path = target_path(storage, request, container, name, PROPOSED, DURATION)
    if path and not path.folder:
        raise BlobError("ResourceTypeMismatch")
    properties, lease = marked(read_properties(request)), lease_of_new(request)
    made = make_folder(storage.blobs, container, name, path_headers(request), properties)
    if lease:
        storage.leases.put(container, name, lease)
    return created(made)


def break_lease(storage: Storage, container: str, name: str) -> None:
    """A path that replaces another breaks its lease. Source: Path - Create."""
    lease = storage.leases.get(container, name)
    if lease:
        storage.leases.put(container, name, end(lease, now().timestamp(), 0)[0])


def created(path: Blob) -> web.Response:
    """The answer to whoever made a path."""
    headers = {**version_headers(path), "x-ms-request-server-encrypted": "true", "Content-Length": "0"}
    return web.Response(status=201, headers=headers)


async def properties(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Get Properties."""
    path = existing_path(storage, container, name)
    return described(request, path, all_headers(storage, container, path))


async def status(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Get Properties with ``getStatus``: without the user-defined ones."""
    path = existing_path(storage, container, name)
    return described(request, path, system_headers(storage, container, path))


def described(request: web.Request, path: Blob, headers: dict[str, str]) -> web.Response:
    """The answer of a HEAD."""
    if is_current(request, path):
        return not_modified(path.etag)
    return web.Response(headers={**headers, "Content-Length": str(path.size)})


async def read(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Read: a file's content or a range of it."""
    path = existing_file(storage, container, name)
    return await send(storage, request, container, path, all_headers(storage, container, path))


async def set_properties(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Update with ``setProperties``: user-defined properties that it does not name are removed.

    One content header removes the others, as ``set_http_headers`` of azure-storage-file-datalake says of them.
    """
    check_headers(request)
    path = existing_path(storage, container, name)
    check_write(request, path)
    headers, wanted = path_headers(request) or kept_headers(path.headers), read_properties(request)
    if path.folder:
        changed = change_folder(storage.blobs, container, name, headers=headers, metadata=marked(wanted))
    else:
        storage.blobs.set_headers(container, name, headers)
        changed = storage.blobs.set_metadata(container, name, wanted) or path
    return web.Response(headers=version_headers(changed))


async def delete(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Delete; a folder that is not empty only with ``recursive``, and then at once.

    It goes with leased files that lie in it, as a container does: by design, says the team of the service in
    https://github.com/microsoft/AzureStorageExplorer/issues/2790.
    """
    path = existing_path(storage, container, name)
    check_write(request, path)
    recursive = read_flag(request, "recursive")
    if not path.folder:
        storage.blobs.delete(container, name)
        storage.appends.discard(container, name)
        storage.leases.put(container, name, None)
        return web.Response()
    place = storage.blobs.path(container, name)
    if not recursive and next(os.scandir(place), None):
        raise BlobError("DirectoryNotEmpty")
    aside = storage.blobs.temporary()
    place.rename(aside)
    for row in storage.blobs.records.below(container, f"{name.rstrip('/')}/"):
        storage.blobs.records.forget(container, row)
        storage.blobs.blocks.forget(container, row)
        storage.appends.discard(container, row)
    storage.leases.forget_below(container, name)
    storage.leases.put(container, name, None)
    unmark_folder(storage.blobs, container, name)
    await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
    return web.Response()
