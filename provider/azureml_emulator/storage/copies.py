"""Copies within the account: whole blobs, blobs from an address, and blocks from a range of one.

Every copy is complete when it is answered. Source: Azure Storage REST reference, Copy Blob, Copy Blob From URL, Put
Blob From URL, Put Block From URL, Append Block From URL
(https://learn.microsoft.com/rest/api/storageservices/copy-blob and the pages beside it).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blocks import PIECE, Part
from azureml_emulator.storage.conditions import (
    CONTENT_HEADERS,
    check_write,
    content_headers,
    http_date,
    metadata_headers,
    tier_header,
    version_headers,
)
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.read import find_blob
from azureml_emulator.storage.records import BLOCK, Blob
from azureml_emulator.storage.sources import Source, find_source
from azureml_emulator.storage.write import check_append, check_stage, target

LONGEST_AT_ONCE = 256 * 1024 * 1024
"""Bytes of the largest source of Copy Blob From URL."""


async def copy(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Copy Blob; with ``x-ms-requires-sync`` Copy Blob From URL; with ``x-ms-blob-type`` Put Blob From URL."""
    if "x-ms-blob-type" in request.headers:
        return await put_from_address(storage, request, container, name)
    at_once = request.headers.get("x-ms-requires-sync", "").lower() == "true"
    source = find_source(storage, request, as_caller=not at_once)
    if at_once and source.blob.size > LONGEST_AT_ONCE:
        # Source: Azure/azure-sdk-for-go#19880.
        raise BlobError("CannotVerifyCopySource", cause=BlobError("CopySourceTooLarge"))
    check_target(target(storage, request, container, name), source)
    blocks = storage.blobs.blocks.committed(source.container, source.blob.name, source.file)
    file, digest = await take(storage, source, Part(source.file, 0, source.blob.size))
    check_source_hash(request, file, digest)
    copied = copy_headers(source)
    blob = place(
        storage,
        request,
        (container, name),
        file,
        kind=source.blob.kind,
        headers=source.blob.headers,
        metadata=metadata_headers(request) or source.blob.metadata,
        copied=copied,
    )
    storage.blobs.blocks.commit(container, name, storage.blobs.path(container, name), blocks)
    headers = {**version_headers(blob), **{key: copied[key] for key in ("x-ms-copy-id", "x-ms-copy-status")}}
    return web.Response(status=202, headers={**headers, "Content-MD5": digest} if at_once else headers)


async def put_from_address(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Blob From URL: a new block blob with a source's content, and its content headers unless they are not wanted.

    What the request says of them itself counts more. Metadata is the request's own.
    """
    if request.headers["x-ms-blob-type"] != BLOCK:
        raise BlobError("InvalidHeaderValue", "x-ms-blob-type")
    source = find_source(storage, request, as_caller=False)
    check_target(target(storage, request, container, name), source)
    file, digest = await take(storage, source, Part(source.file, 0, source.blob.size))
    check_source_hash(request, file, digest)
    own = content_headers(request)
    if request.headers.get("x-ms-copy-source-blob-properties", "true").lower() != "false":
        own = {**source.blob.headers, **own}
    headers = {**own, "Content-MD5": digest}
    blob = place(storage, request, (container, name), file, headers=headers, metadata=metadata_headers(request))
    storage.blobs.blocks.discard(container, name)
    answer = {**version_headers(blob), "Content-MD5": digest, "x-ms-request-server-encrypted": "true"}
    return web.Response(status=201, headers=answer)


async def put_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Block From URL: keep a range of a source as a block."""
    block = check_stage(storage, request, container, name)
    source = find_source(storage, request, as_caller=False)
    file, digest = await take(storage, source, wanted_part(request, source))
    check_source_hash(request, file, digest)
    storage.blobs.blocks.stage(container, name, block, file)
    return web.Response(status=201, headers={"Content-MD5": digest, "x-ms-request-server-encrypted": "true"})


async def append_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Append Block From URL: add a range of a source to the end of an append blob."""
    find_blob(storage, container, name)
    source = find_source(storage, request, as_caller=False)
    file, digest = await take(storage, source, wanted_part(request, source))
    check_source_hash(request, file, digest)
    try:
        blob = find_blob(storage, container, name)
        check_write(request, blob)
        check_append(request, blob, file.stat().st_size)
        grown = storage.blobs.append_block(container, name, file)
    finally:
        file.unlink(missing_ok=True)
    headers = {
        **version_headers(grown),
        "x-ms-blob-append-offset": str(blob.size),
        "x-ms-blob-committed-block-count": str(grown.appended),
        "Content-MD5": digest,
        "x-ms-request-server-encrypted": "true",
    }
    return web.Response(status=201, headers=headers)


async def abort(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Abort Copy Blob: none is pending, for each is complete when it is answered."""
    find_blob(storage, container, name)
    raise BlobError("NoPendingCopyOperation")


def check_target(blob: Blob | None, source: Source) -> None:
    """A blob that is there is replaced by one of its own kind only."""
    if blob and blob.kind != source.blob.kind:
        raise BlobError("InvalidBlobType")


def place(
    storage: Storage,
    request: web.Request,
    where: tuple[str, str],
    file: Path,
    *,
    kind: str = BLOCK,
    headers: Mapping[str, str],
    metadata: Mapping[str, str],
    copied: Mapping[str, str] | None = None,
) -> Blob:
    """Put a copy in its place, if its conditions still hold."""
    tier = tier_header(request)
    kept = {name: headers[name] for name in CONTENT_HEADERS if name in headers}
    try:
        target(storage, request, *where)
        return storage.blobs.adopt(*where, file, kind=kind, headers=kept, metadata=metadata, copied=copied, tier=tier)
    finally:
        file.unlink(missing_ok=True)


def copy_headers(source: Source) -> dict[str, str]:
    """What a blob says of the copy that made it. A signature in the source's address is not kept."""
    return {
        "x-ms-copy-id": str(uuid.uuid4()),
        "x-ms-copy-source": source.address,
        "x-ms-copy-status": "success",
        "x-ms-copy-progress": f"{source.blob.size}/{source.blob.size}",
        "x-ms-copy-completion-time": http_date(int(now().timestamp())),
    }


async def take(storage: Storage, source: Source, part: Part) -> tuple[Path, str]:
    """Copy a part of a source to a new file; returns it and its MD5, base64."""
    try:
        file = await asyncio.to_thread(storage.blobs.blocks.join, [part])
    except FileNotFoundError:
        raise BlobError("CannotVerifyCopySource", cause=BlobError("BlobNotFound")) from None
    return file, await asyncio.to_thread(hash_of, file)


def hash_of(file: Path) -> str:
    """The MD5 of a file, base64."""
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def check_source_hash(request: web.Request, file: Path, digest: str) -> None:
    """Refuse what is not what ``x-ms-source-content-md5`` says."""
    if request.headers.get("x-ms-source-content-md5", digest) != digest:
        file.unlink(missing_ok=True)
        raise BlobError("Md5Mismatch")


def wanted_part(request: web.Request, source: Source) -> Part:
    """The part of a source that ``x-ms-source-range`` asks for; all of it where the request says nothing.

    :raises BlobError: the header is no range, or the range does not lie within the source.
    """
    text = request.headers.get("x-ms-source-range")
    if text is None:
        return Part(source.file, 0, source.blob.size)
    match = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", text.strip())
    if not match:
        raise BlobError("InvalidHeaderValue", "x-ms-source-range")
    first, last = int(match[1]), int(match[2]) if match[2] else source.blob.size - 1
    if first > last or first >= source.blob.size:
        raise BlobError("InvalidRange")
    return Part(source.file, first, min(last, source.blob.size - 1) - first + 1)
