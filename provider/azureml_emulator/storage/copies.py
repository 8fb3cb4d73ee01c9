"""Copies within the account: whole blobs, blobs from an address, and blocks from a range of one.

Every copy is complete when it is answered. Source: Azure Storage REST reference, Copy Blob, Copy Blob From URL, Put
Blob From URL, Put Block From URL, Append Block From URL
(https://learn.microsoft.com/rest/api/storageservices/copy-blob and the pages beside it).
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.blocks import Part
from azureml_emulator.storage.blobs.records import BLOCK
from azureml_emulator.storage.checksums import OF_SOURCE, check_one_hash, compare, md5, pieces_of
from azureml_emulator.storage.conditions import (
    TAG_OPTION,
    content_headers,
    http_date,
    metadata_headers,
    tier_header,
    version_headers,
)
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.read import find_blob
from azureml_emulator.storage.sources import Source, find_source, takes_tags
from azureml_emulator.storage.tags import HEADER, tags_header
from azureml_emulator.storage.write import append, check_stage, target

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
    check_target(storage, request, container, name, source)
    metadata, tier = metadata_headers(request) or source.blob.metadata, tier_header(request)
    if takes_tags(request) and not at_once:
        raise BlobError("NotEmulated", f"{TAG_OPTION}: COPY, which only copies from an address have")
    tags = tags_of_copy(request, source)
    blocks = storage.blobs.blocks.committed(source.container, source.blob.name, source.file)
    file, told = await take(storage, request, source, Part(source.file, 0, source.blob.size))
    copied = copy_headers(source)
    try:
        check_target(storage, request, container, name, source)
        blob = storage.blobs.adopt(
            container,
            name,
            file,
            kind=source.blob.kind,
            headers=source.blob.headers,
            metadata=metadata,
            copied=copied,
            appended=source.blob.appended,
            tier=tier,
            tags=tags,
        )
    finally:
        file.unlink(missing_ok=True)
    storage.blobs.blocks.commit(container, name, storage.blobs.path(container, name), blocks)
    headers = {**version_headers(blob), **{key: copied[key] for key in ("x-ms-copy-id", "x-ms-copy-status")}}
    return web.Response(status=202, headers={**headers, **told} if at_once else headers)


async def put_from_address(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Blob From URL: a new block blob with a source's content, and its content headers unless they are not wanted.

    What the request says of them itself counts more. Metadata is the request's own. As with Put Blob, a blob of any
    kind is replaced.
    """
    if request.headers["x-ms-blob-type"] != BLOCK:
        raise BlobError("InvalidHeaderValue", "x-ms-blob-type")
    source = find_source(storage, request, as_caller=False)
    target(storage, request, container, name)
    headers, metadata, tier = content_headers(request), metadata_headers(request), tier_header(request)
    tags = tags_of_copy(request, source)
    if request.headers.get("x-ms-copy-source-blob-properties", "true").lower() != "false":
        headers = {**source.blob.headers, **headers}
    file, told = await take(storage, request, source, Part(source.file, 0, source.blob.size))
    headers["Content-MD5"] = told["Content-MD5"]
    try:
        target(storage, request, container, name)
        blob = storage.blobs.adopt(container, name, file, headers=headers, metadata=metadata, tier=tier, tags=tags)
    finally:
        file.unlink(missing_ok=True)
    storage.blobs.blocks.discard(container, name)
    return web.Response(status=201, headers={**version_headers(blob), **told, "x-ms-request-server-encrypted": "true"})


def tags_of_copy(request: web.Request, source: Source) -> Mapping[str, str]:
    """The index tags of a blob that a copy makes: the request's own, or those of its source.

    Source of the refusal of both: Microsoft's Azurite 3.36.
    """
    if not takes_tags(request):
        return tags_header(request)
    if HEADER in request.headers:
        raise BlobError("BothUserTagsAndSourceTagsCopyPresentException")
    return source.blob.tags


async def put_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Block From URL: keep a range of a source as a block."""
    block = check_stage(storage, request, container, name)
    source = find_source(storage, request, as_caller=False)
    file, told = await take(storage, request, source, wanted_part(request, source))
    storage.blobs.blocks.stage(container, name, block, file)
    return web.Response(status=201, headers={**told, "x-ms-request-server-encrypted": "true"})


async def append_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Append Block From URL: add a range of a source to the end of an append blob."""
    find_blob(storage, container, name)
    source = find_source(storage, request, as_caller=False)
    file, told = await take(storage, request, source, wanted_part(request, source))
    return append(storage, request, container, name, file, told)


async def abort(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Abort Copy Blob: none is pending, for each is complete when it is answered."""
    find_blob(storage, container, name)
    raise BlobError("NoPendingCopyOperation")


def check_target(storage: Storage, request: web.Request, container: str, name: str, source: Source) -> None:
    """The conditions of a copy; and a blob that is there is replaced by one of its own kind only."""
    blob = target(storage, request, container, name)
    if blob and blob.kind != source.blob.kind:
        raise BlobError("InvalidBlobType")


def copy_headers(source: Source) -> dict[str, str]:
    """What a blob says of the copy that made it. A signature in the source's address is not kept."""
    return {
        "x-ms-copy-id": str(uuid.uuid4()),
        "x-ms-copy-source": source.address,
        "x-ms-copy-status": "success",
        "x-ms-copy-progress": f"{source.blob.size}/{source.blob.size}",
        "x-ms-copy-completion-time": http_date(int(now().timestamp())),
    }


async def take(storage: Storage, request: web.Request, source: Source, part: Part) -> tuple[Path, dict[str, str]]:
    """Copy a part of a source to a new file; returns it and what the answer says of its content.

    :raises BlobError: the content is not what the request's headers say, or the source was deleted or changed while it
        was copied: part of either content would be worse. The service locks on the ETag; its code for that is assumed.
    """
    check_one_hash(request, OF_SOURCE)
    try:
        file = await asyncio.to_thread(storage.blobs.blocks.join, [part])
    except FileNotFoundError:
        raise BlobError("CannotVerifyCopySource", cause=BlobError("BlobNotFound")) from None
    try:
        digest = await asyncio.to_thread(lambda: md5(pieces_of(file)))
        told = await compare(request, OF_SOURCE, digest, lambda: pieces_of(file))
        now_there = storage.blobs.get(source.container, source.blob.name)
        if now_there is None or now_there.etag != source.blob.etag:
            raise BlobError("CannotVerifyCopySource", cause=BlobError("ConditionNotMet"))
        return file, told
    except BaseException:
        file.unlink(missing_ok=True)
        raise


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
