"""Writing blobs: whole, in blocks, by appending; metadata, properties, deletion."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from aiohttp import web

from azureml_emulator.storage.authorization import GRANTED
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.blocks import COMMITTED, LATEST, UNCOMMITTED
from azureml_emulator.storage.blobs.folders import MARK, change_folder, find_folder, make_folder, marked, unmark_folder
from azureml_emulator.storage.blobs.records import APPEND, BLOCK, Blob
from azureml_emulator.storage.bodies import LARGE, read_xml, receive
from azureml_emulator.storage.checksums import check_md5
from azureml_emulator.storage.conditions import (
    check_tags,
    check_write,
    content_headers,
    metadata_headers,
    tier_header,
    version_headers,
)
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.leasing import check_lease
from azureml_emulator.storage.read import find_blob
from azureml_emulator.storage.tags import tags_header

PLACES = (LATEST, COMMITTED, UNCOMMITTED)
"""The elements of a block list."""


def target(storage: Storage, request: web.Request, container: str, name: str) -> Blob | None:
    """What is there before a write, after its lease and its conditions were checked.

    A content takes its time to arrive, in which others may take a lease; so it is asked for again when it is there.
    """
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    storage.blobs.place(container, name)
    if name.endswith("/"):
        raise BlobError("InvalidResourceName", "A name that ends in a slash stands for a folder here, without content.")
    blob = storage.blobs.get(container, name)
    check_lease(storage, request, container, name, required=True)
    check_write(request, blob, makes=True)
    if blob and not may_overwrite(request):
        raise BlobError("AuthorizationPermissionMismatch")
    return blob


def may_overwrite(request: web.Request) -> bool:
    """A signature that may only create does not allow to write over what is there."""
    return "sig" not in request.query or bool(set("wa") & set(request[GRANTED]))


async def put(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Blob: the whole content in one request, or an empty append blob."""
    blob_type = request.headers.get("x-ms-blob-type")
    if blob_type == "PageBlob":
        raise BlobError("NotEmulated")
    if blob_type is None:
        raise BlobError("MissingRequiredHeader", "x-ms-blob-type")
    if blob_type not in (BLOCK, APPEND):
        raise BlobError("InvalidHeaderValue", "x-ms-blob-type")
    if blob_type == APPEND and request.content_length != 0:
        # Source: Azure Storage REST reference, Put Blob, Content-Length; the code is assumed.
        raise BlobError("InvalidHeaderValue", "Content-Length: an append blob is made without content")
    if blob_type == BLOCK and stands_for_folder(request, name):
        return put_folder(storage, request, container, name)
    if (request.content_length or LARGE) >= LARGE:  # a small one may as well be received before it is refused
        target(storage, request, container, name)
    headers, metadata, tier = content_headers(request, plain=True), metadata_headers(request), tier_header(request)
    tags = tags_header(request)
    file, told = await receive(storage, request)
    try:
        if blob_type == BLOCK:
            # What a block blob is to say of its content has to be so. Source: Azurite, see ``check_md5``.
            check_md5(headers.setdefault("Content-MD5", told["Content-MD5"]), told["Content-MD5"])
        target(storage, request, container, name)
        blob = storage.blobs.adopt(
            container, name, file, kind=blob_type, headers=headers, metadata=metadata, tier=tier, tags=tags
        )
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    # Source: Azure Storage REST reference, Put Block List: a whole blob ends the waiting of its blocks.
    storage.blobs.blocks.discard(container, name)
    answer = {**version_headers(blob), **told, "x-ms-request-server-encrypted": "true"}
    return web.Response(status=201, headers=answer)


def stands_for_folder(request: web.Request, name: str) -> bool:
    """Whether a blob that a request makes is one of no bytes that stands for a folder."""
    marks = [value for key, value in metadata_headers(request).items() if key.lower() == MARK]
    return request.content_length == 0 and (name.endswith("/") or marks == ["true"])


def put_folder(storage: Storage, request: web.Request, container: str, name: str) -> web.Response:
    """Put Blob of no bytes, which stands for a folder."""
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    there = storage.blobs.get(container, name) or find_folder(storage.blobs, container, name)
    check_write(request, there, makes=True)
    if there and not may_overwrite(request):
        raise BlobError("AuthorizationPermissionMismatch")
    headers, metadata = content_headers(request, plain=True), metadata_headers(request)
    made = make_folder(storage.blobs, container, name, headers, metadata, tags_header(request))
    return web.Response(status=201, headers={**version_headers(made), "x-ms-request-server-encrypted": "true"})


async def put_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Block: keep a part under its id until a list names it. Blocks may come in any order and at once."""
    block = check_stage(storage, request, container, name)
    file, told = await receive(storage, request)
    storage.blobs.blocks.stage(container, name, block, file)
    return web.Response(status=201, headers={**told, "x-ms-request-server-encrypted": "true"})


def check_stage(storage: Storage, request: web.Request, container: str, name: str) -> str:
    """The id of a block that a request keeps for a blob.

    Source: Azure Storage REST reference, Put Block: all ids of a blob's waiting blocks have the same length.
    """
    block = request.query.get("blockid", "")
    if not is_base64(block):
        raise BlobError("InvalidQueryParameterValue", "blockid")
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    storage.blobs.path(container, name)
    blob = storage.blobs.get(container, name)
    if blob and blob.kind != BLOCK:
        raise BlobError("InvalidBlobType")
    if storage.blobs.blocks.other_length(container, name, block):
        raise BlobError("InvalidBlobOrBlock", "blockid")
    return block


async def put_block_list(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Block List: make the blob of the blocks that the list names, in its order."""
    present = target(storage, request, container, name)
    if present and present.kind != BLOCK:
        raise BlobError("InvalidBlobType")
    headers, metadata, tier = content_headers(request), metadata_headers(request), tier_header(request)
    tags, blocks = tags_header(request), read_block_list(await read_xml(request))
    place, kept = storage.blobs.path(container, name), storage.blobs.blocks
    try:
        parts = await asyncio.to_thread(kept.parts, container, name, place, blocks)
    except KeyError as error:
        raise BlobError("InvalidBlockList", str(error.args[0])) from None
    file = await asyncio.to_thread(kept.join, parts)
    try:
        target(storage, request, container, name)
        blob = storage.blobs.adopt(container, name, file, headers=headers, metadata=metadata, tier=tier, tags=tags)
    finally:
        file.unlink(missing_ok=True)
    kept.commit(container, name, place, [(block, part.size) for (_, block), part in zip(blocks, parts, strict=True)])
    return web.Response(status=201, headers={**version_headers(blob), "x-ms-request-server-encrypted": "true"})


def read_block_list(root: ElementTree.Element) -> list[tuple[str, str]]:
    """A list's rows: where to look for a block, and its id."""
    if root.tag != "BlockList" or any(row.tag not in PLACES for row in root):
        raise BlobError("InvalidXmlDocument")
    return [(row.tag, (row.text or "").strip()) for row in root]


def is_base64(text: str) -> bool:
    """Whether a block's id is base64 of 1 to 64 bytes."""
    try:
        return 1 <= len(base64.b64decode(text, validate=True)) <= 64
    except (binascii.Error, ValueError):
        return False


async def append_block(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Append Block: add to the end of an append blob."""
    find_blob(storage, container, name)
    file, told = await receive(storage, request)
    return append(storage, request, container, name, file, told)


def append(
    storage: Storage, request: web.Request, container: str, name: str, file: Path, told: Mapping[str, str]
) -> web.Response:
    """Add a file, which is used up, to the end of an append blob if its conditions hold; returns the answer.

    :param told: what the answer says of the block.
    """
    try:
        blob = find_blob(storage, container, name)
        check_lease(storage, request, container, name, required=True)
        check_write(request, blob)
        check_append(request, blob, file.stat().st_size)
        grown = storage.blobs.append_block(container, name, file)
    finally:
        file.unlink(missing_ok=True)
    headers = {
        **version_headers(grown),
        "x-ms-blob-append-offset": str(blob.size),
        "x-ms-blob-committed-block-count": str(grown.appended),
        **told,
        "x-ms-request-server-encrypted": "true",
    }
    return web.Response(status=201, headers=headers)


def check_append(request: web.Request, blob: Blob, size: int) -> None:
    """The kind of blob, and the conditions that only Append Block has.

    Source: Azure Storage REST reference, Append Block; that a block may not be empty, Microsoft's Azurite 3.35.
    """
    if blob.kind != APPEND:
        raise BlobError("InvalidBlobType")
    if not size:
        raise BlobError("InvalidHeaderValue", "Content-Length")
    position = read_length(request, "x-ms-blob-condition-appendpos")
    if position is not None and position != blob.size:
        raise BlobError("AppendPositionConditionNotMet")
    longest = read_length(request, "x-ms-blob-condition-maxsize")
    if longest is not None and blob.size + size > longest:
        raise BlobError("MaxBlobSizeConditionNotMet")


def read_length(request: web.Request, header: str) -> int | None:
    """A number of bytes; None where the header is not there.

    :raises BlobError: it is none.
    """
    text = request.headers.get(header)
    if text is not None and not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise BlobError("InvalidHeaderValue", header)
    return None if text is None else int(text)


async def set_metadata(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Metadata: replace all of it."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    metadata = metadata_headers(request)
    if blob.folder:
        metadata = metadata if name.endswith("/") else marked(metadata)
        changed = change_folder(storage.blobs, container, name, metadata=metadata)
    else:
        changed = storage.blobs.set_metadata(container, name, metadata) or blob
    return web.Response(headers={**version_headers(changed), "x-ms-request-server-encrypted": "true"})


async def set_properties(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Properties: replace the content headers."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    headers = content_headers(request)
    if blob.folder:
        changed = change_folder(storage.blobs, container, name, headers=headers)
    else:
        changed = storage.blobs.set_headers(container, name, headers) or blob
    return web.Response(headers=version_headers(changed))


async def set_tier(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Tier, of a block blob."""
    blob, tier = find_blob(storage, container, name), tier_header(request)
    check_tags(request.headers, blob)
    if tier is None:
        raise BlobError("MissingRequiredHeader", "x-ms-access-tier")
    if blob.kind != BLOCK:
        raise BlobError("AccessTierNotSupportedForBlobType")
    storage.blobs.set_tier(container, name, tier)
    return web.Response(status=200)


async def delete(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Delete Blob, at once and for good."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    if blob.folder:
        unmark_folder(storage.blobs, container, name)
    storage.blobs.delete(container, name)
    storage.leases.put(container, name, None)
    return web.Response(status=202, headers={"x-ms-delete-type-permanent": "true"})
