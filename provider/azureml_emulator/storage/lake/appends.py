"""Content of files: appended in parts of any size, which a flush writes.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/update.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.blocks import Part
from azureml_emulator.storage.bodies import receive
from azureml_emulator.storage.conditions import check_write, version_headers
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.leases import OF_A_WRITE, lease_of_write
from azureml_emulator.storage.lake.listings import read_flag
from azureml_emulator.storage.lake.paths import check_headers
from azureml_emulator.storage.lake.properties import existing_file, kept_headers, path_headers


async def append(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Update with ``append``: keep data for a position, in any order; with ``flush=true`` write it, too."""
    check_headers(request, *OF_A_WRITE)
    position, flushes = read_position(request), bool(read_flag(request, "flush"))
    existing_file(storage, container, name)
    lease_of_write(storage, request, container, name, flushes=flushes)
    file, told = await receive(storage, request)
    size = file.stat().st_size
    existing_file(storage, container, name)
    lease = lease_of_write(storage, request, container, name, flushes=flushes)
    storage.appends.keep(container, name, position, file)
    headers = {**told, "x-ms-request-server-encrypted": "true", **lease.told}
    if flushes:
        headers.update(await write(storage, request, container, name, position + size))
    else:
        lease.keep()
    return web.Response(status=202, headers=headers)


async def flush(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Update with ``flush``: write what was appended, up to a position that is the file's new length."""
    if request.body_exists and await request.read():
        raise BlobError("ContentLengthMustBeZero")
    told = await write(storage, request, container, name, read_position(request))
    return web.Response(headers={**told, "x-ms-request-server-encrypted": "true"})


async def write(storage: Storage, request: web.Request, container: str, name: str, end: int) -> dict[str, str]:
    """Write what was appended, up to a position, if the request's conditions hold; returns what is told of the file.

    :raises BlobError: the data has a gap or ends elsewhere, the file was written through the blob service, or it
        changed meanwhile: the service has nothing for writers at the same time, either.
    """
    check_headers(request, *OF_A_WRITE)
    path = existing_file(storage, container, name)
    check_write(request, path)
    lease = lease_of_write(storage, request, container, name, flushes=True)
    if not path.lake:
        raise BlobError("InvalidFlushOperation")
    parts = storage.appends.parts(container, name, path.size, end)
    if parts is None:
        raise BlobError("InvalidFlushPosition")
    record = storage.blobs.records.get(container, name)
    headers = {**kept_headers(record.headers), **path_headers(request)}
    if parts:
        whole = [Part(storage.blobs.path(container, name), 0, path.size), *parts]
        file = await asyncio.to_thread(storage.blobs.blocks.join, whole)
        try:
            if existing_file(storage, container, name).etag != path.etag:
                raise BlobError("ConditionNotMet")
            lease = lease_of_write(storage, request, container, name, flushes=True)
            storage.blobs.adopt(
                container,
                name,
                file,
                headers=headers,
                metadata=record.metadata,
                tier=record.tier,
                lake=True,
                tags=record.tags,
            )
        finally:
            file.unlink(missing_ok=True)
    elif headers != record.headers:
        storage.blobs.set_headers(container, name, headers)
    storage.appends.written(container, name, end, all_of_it=not read_flag(request, "retainUncommittedData"))
    lease.keep()
    return {**version_headers(existing_file(storage, container, name)), **lease.told}


def read_position(request: web.Request) -> int:
    """Where data is appended, or up to where it is written.

    :raises BlobError: the query does not say it.
    """
    text = request.query.get("position")
    if text is None:
        raise BlobError("MissingRequiredQueryParameter", "position")
    if not re.fullmatch(r"\d{1,18}", text):
        raise BlobError("InvalidQueryParameterValue", "position")
    return int(text)
