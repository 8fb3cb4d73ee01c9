"""Writing blobs: whole, in blocks, by appending; metadata, properties, deletion."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import re
from pathlib import Path
from xml.etree import ElementTree

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blocks import COMMITTED, LATEST, UNCOMMITTED
from azureml_emulator.storage.checksums import crc64, pieces_of
from azureml_emulator.storage.conditions import (
    check_write,
    content_headers,
    metadata_headers,
    tier_header,
    version_headers,
)
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.read import CHUNK, find_blob
from azureml_emulator.storage.records import APPEND, BLOCK, Blob

BUFFER = 64 * 1024
"""Bytes of a received file that are written at once."""

LARGE = 1024 * 1024
"""Bytes of a blob whose write is refused before its content is received; a smaller one's after it."""

CRC64 = "x-ms-content-crc64"

PLACES = (LATEST, COMMITTED, UNCOMMITTED)
"""The elements of a block list."""

LONGEST_LIST = 16 * 1024 * 1024
"""Bytes of the longest block list that is read (the service takes 50,000 blocks)."""


def target(storage: Storage, request: web.Request, container: str, name: str) -> Blob | None:
    """What is there before a write, after its conditions were checked."""
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    storage.blobs.place(container, name)
    if name.endswith("/"):
        raise BlobError("InvalidResourceName", "The emulator keeps blobs as files: a name cannot end in a slash.")
    blob = storage.blobs.get(container, name)
    check_write(request, blob)
    if blob and not may_overwrite(request):
        raise BlobError("AuthorizationPermissionMismatch")
    return blob


def may_overwrite(request: web.Request) -> bool:
    """A signature that may only create does not allow to write over what is there."""
    return "sig" not in request.query or bool(set("wa") & set(request.query.get("sp", "")))


async def receive(storage: Storage, request: web.Request) -> tuple[Path, dict[str, str]]:
    """Write the request's body to a file, a large one piece by piece; returns it and what the answer says of it: its
    MD5, and its CRC-64 where the request names one.

    :raises BlobError: the body does not match ``Content-MD5`` or ``x-ms-content-crc64``.
    """
    file, digest = await received(storage, request)
    told, named = {"Content-MD5": digest}, request.headers.get(CRC64)
    if named is not None:
        told[CRC64] = await asyncio.to_thread(lambda: crc64(pieces_of(file)))
        if told[CRC64] != named:
            file.unlink(missing_ok=True)
            raise BlobError("Crc64Mismatch")
    return file, told


async def received(storage: Storage, request: web.Request) -> tuple[Path, str]:
    """The file of a request's body, and its MD5, base64."""
    file = storage.blobs.temporary()
    digest = hashlib.md5(usedforsecurity=False)
    if (request.content_length or LARGE) < LARGE:
        content = await request.read()
        digest.update(content)
        computed = checked(request, digest.digest())
        write_new(file, content)
        return file, computed
    try:
        with file.open("wb", BUFFER) as out:
            async for piece in request.content.iter_chunked(CHUNK):
                digest.update(piece)
                out.write(piece)
        computed = checked(request, digest.digest())
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file, computed


def checked(request: web.Request, digest: bytes) -> str:
    """The MD5 of a body, base64.

    :raises BlobError: the request names another one.
    """
    computed = base64.b64encode(digest).decode()
    if request.headers.get("Content-MD5", computed) != computed:
        raise BlobError("Md5Mismatch")
    return computed


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there, past the layers of ``open``: thousands of small blobs come in a row."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)


async def put(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Put Blob: the whole content in one request, or an empty append blob."""
    blob_type = request.headers.get("x-ms-blob-type")
    if blob_type == "PageBlob":
        raise BlobError("NotEmulated")
    if blob_type is None:
        raise BlobError("MissingRequiredHeader", "x-ms-blob-type")
    if blob_type not in (BLOCK, APPEND):
        raise BlobError("InvalidHeaderValue", "x-ms-blob-type")
    if (request.content_length or LARGE) >= LARGE:
        target(storage, request, container, name)
    headers, metadata, tier = content_headers(request, plain=True), metadata_headers(request), tier_header(request)
    file, told = await receive(storage, request)
    if blob_type == BLOCK:
        headers.setdefault("Content-MD5", told["Content-MD5"])
    try:
        target(storage, request, container, name)
        blob = storage.blobs.adopt(container, name, file, kind=blob_type, headers=headers, metadata=metadata, tier=tier)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    answer = {**version_headers(blob), **told, "x-ms-request-server-encrypted": "true"}
    return web.Response(status=201, headers=answer)


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
    blocks = read_block_list(await read_small(request))
    place, kept = storage.blobs.path(container, name), storage.blobs.blocks
    try:
        parts = await asyncio.to_thread(kept.parts, container, name, place, blocks)
    except KeyError as error:
        raise BlobError("InvalidBlockList", str(error.args[0])) from None
    file = await asyncio.to_thread(kept.join, parts)
    try:
        target(storage, request, container, name)
        blob = storage.blobs.adopt(container, name, file, headers=headers, metadata=metadata, tier=tier)
    finally:
        file.unlink(missing_ok=True)
    kept.commit(container, name, place, [(block, part.size) for (_, block), part in zip(blocks, parts, strict=True)])
    return web.Response(status=201, headers={**version_headers(blob), "x-ms-request-server-encrypted": "true"})


async def read_small(request: web.Request) -> bytes:
    """A body that is read whole."""
    content = bytearray()
    async for piece in request.content.iter_any():
        content += piece
        if len(content) > LONGEST_LIST:
            raise BlobError("RequestBodyTooLarge")
    return bytes(content)


def read_block_list(content: bytes) -> list[tuple[str, str]]:
    """A list's rows: where to look for a block, and its id."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BlobError("InvalidXmlDocument")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        raise BlobError("InvalidXmlDocument") from None
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
        **told,
        "x-ms-request-server-encrypted": "true",
    }
    return web.Response(status=201, headers=headers)


def check_append(request: web.Request, blob: Blob, size: int) -> None:
    """The kind of blob, and the conditions that only Append Block has."""
    if blob.kind != APPEND:
        raise BlobError("InvalidBlobType")
    position = request.headers.get("x-ms-blob-condition-appendpos")
    if position is not None and position != str(blob.size):
        raise BlobError("AppendPositionConditionNotMet")
    longest = request.headers.get("x-ms-blob-condition-maxsize", "")
    if re.fullmatch(r"\d+", longest) and blob.size + size > int(longest):
        raise BlobError("ConditionNotMet", "x-ms-blob-condition-maxsize")


async def set_metadata(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Metadata: replace all of it."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    changed = storage.blobs.set_metadata(container, name, metadata_headers(request)) or blob
    return web.Response(headers={**version_headers(changed), "x-ms-request-server-encrypted": "true"})


async def set_properties(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Properties: replace the content headers."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    changed = storage.blobs.set_headers(container, name, content_headers(request)) or blob
    return web.Response(headers=version_headers(changed))


async def set_tier(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Tier, of a block blob."""
    blob, tier = find_blob(storage, container, name), tier_header(request)
    if tier is None:
        raise BlobError("MissingRequiredHeader", "x-ms-access-tier")
    if blob.kind != BLOCK:
        raise BlobError("AccessTierNotSupportedForBlobType")
    storage.blobs.set_tier(container, name, tier)
    return web.Response(status=200)


async def delete(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Delete Blob, at once and for good."""
    check_write(request, find_blob(storage, container, name))
    storage.blobs.delete(container, name)
    return web.Response(status=202, headers={"x-ms-delete-type-permanent": "true"})
