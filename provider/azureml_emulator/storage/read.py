"""Reading blobs: whole or in part, properties, metadata, block lists."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import find_folder
from azureml_emulator.storage.blobs.records import APPEND, BLOCK, Blob
from azureml_emulator.storage.checksums import crc64, md5
from azureml_emulator.storage.conditions import OWN_TIER, check_tags, http_date, is_current, version_headers
from azureml_emulator.storage.errors import BlobError, not_modified

CHUNK = 1024 * 1024
HASHED_RANGE = 4 * 1024 * 1024
"""Bytes of the largest range that the service gives a hash for."""

RANGE_HASHES: Mapping[str, tuple[str, Callable[[Iterable[bytes]], str]]] = {
    "x-ms-range-get-content-md5": ("Content-MD5", md5),
    "x-ms-range-get-content-crc64": ("x-ms-content-crc64", crc64),
}
"""What asks for the hash of a range, what tells it, and how it is made."""

OVERRIDDEN = {
    "rscc": "Cache-Control",
    "rscd": "Content-Disposition",
    "rsce": "Content-Encoding",
    "rscl": "Content-Language",
    "rsct": "Content-Type",
}
"""Headers that fields of a signature replace."""


def find_blob(storage: Storage, container: str, name: str) -> Blob:
    """A blob, be it the mark of a folder, or the service's 404."""
    blob = storage.blobs.get(container, name) or find_folder(storage.blobs, container, name)
    if blob is None:
        raise BlobError("BlobNotFound" if storage.blobs.has_container(container) else "ContainerNotFound")
    return blob


def describe(storage: Storage, request: web.Request, container: str, blob: Blob) -> dict[str, str]:
    """The headers that describe a blob. A signature's own fields replace some of them."""
    headers = {
        **version_headers(blob),
        "Content-Type": "application/octet-stream",
        **blob.headers,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": blob.kind,
        "x-ms-creation-time": http_date(int(blob.created.timestamp())),
        **storage.leases.headers(container, blob.name, now().timestamp()),
        "x-ms-server-encrypted": "true",
    }
    headers.update(blob.copied)
    if blob.kind == APPEND:
        headers["x-ms-blob-committed-block-count"] = str(blob.appended)
    else:
        headers["x-ms-access-tier"] = blob.tier or OWN_TIER
        if blob.tier is None:
            headers["x-ms-access-tier-inferred"] = "true"
    if blob.tiered:
        headers["x-ms-access-tier-change-time"] = http_date(int(blob.tiered.timestamp()))
    if blob.tags:
        headers["x-ms-tag-count"] = str(len(blob.tags))
    headers.update({f"x-ms-meta-{name}": value for name, value in blob.metadata.items()})
    headers.update({OVERRIDDEN[name]: request.query[name] for name in OVERRIDDEN if name in request.query})
    return headers


async def properties(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """A blob's properties and metadata as headers, without a body."""
    blob = find_blob(storage, container, name)
    if is_current(request, blob):
        return not_modified(blob.etag)
    headers = describe(storage, request, container, blob)
    if request.method == "HEAD":
        headers["Content-Length"] = str(blob.size)
    return web.Response(headers=headers)


async def download(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """A blob's content, or the part that ``x-ms-range`` or ``Range`` asks for."""
    blob = find_blob(storage, container, name)
    return await send(storage, request, container, blob, describe(storage, request, container, blob))


async def send(
    storage: Storage, request: web.Request, container: str, blob: Blob, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer a blob's content, or a part of it, if the request's conditions hold.

    :param headers: what describes the blob.
    """
    if is_current(request, blob):
        return not_modified(blob.etag)
    first, last = wanted_range(request, blob.size)
    partial = last is not None
    wanted = wanted_hash(request, partial)
    end = blob.size - 1 if last is None else last
    if partial:
        headers["Content-Range"] = f"bytes {first}-{end}/{blob.size}"
        whole_hash = headers.pop("Content-MD5", None)
        if whole_hash:
            headers["x-ms-blob-content-md5"] = whole_hash
    if blob.folder:
        return web.Response(headers=headers)
    with storage.blobs.path(container, blob.name).open("rb") as file:
        headers.update(await asyncio.to_thread(range_hash, wanted, file, first, end) if wanted else {})
        file.seek(first)
        response = web.StreamResponse(status=206 if partial else 200, headers=headers)
        response.content_length = end - first + 1
        await response.prepare(request)
        left = end - first + 1
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            await response.write(piece)
            left -= len(piece)
    await response.write_eof()
    return response


def wanted_hash(request: web.Request, partial: bool) -> str | None:
    """The header by which a request asks for the hash of a range; None where it does not.

    Source: Azure Storage REST reference, Get Blob; the code for both is one of the service's recorded answers.

    :raises BlobError: it asks for both, or without a range.
    """
    wanted = [name for name in RANGE_HASHES if request.headers.get(name, "").lower() == "true"]
    if len(wanted) > 1:
        raise BlobError("BothCrc64AndMd5RangeHeaderPresent")
    if wanted and not partial:
        raise BlobError("InvalidHeaderValue", f"{wanted[0]}: without a range")
    return wanted[0] if wanted else None


def range_hash(wanted: str, file: BinaryIO, first: int, last: int) -> dict[str, str]:
    """The header that tells the hash of a range.

    :param wanted: one of ``RANGE_HASHES``.
    :raises BlobError: the range is too large.
    """
    if last - first + 1 > HASHED_RANGE:
        raise BlobError("OutOfRangeQueryParameterValue", f"{wanted}: at most 4 MiB")
    file.seek(first)
    header, hashed = RANGE_HASHES[wanted]
    return {header: hashed([file.read(last - first + 1)])}


def wanted_range(request: web.Request, size: int) -> tuple[int, int | None]:
    """First and last byte of the requested range; ``(0, None)`` without a range or with one that is not readable.

    :raises BlobError: 416 when it begins behind the end, as any range of an empty blob does.
    """
    text = request.headers.get("x-ms-range") or request.headers.get("Range") or ""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", text.strip())
    if not match:
        return 0, None
    first = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if first >= size or last < first:
        raise BlobError("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
    return first, min(last, size - 1)


async def block_list(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """The blocks that a blob was made of, those that wait for a list, or both.

    Source: Azure Storage REST reference, Get Block List.
    """
    wanted = request.query.get("blocklisttype", "committed").lower()
    if wanted not in ("committed", "uncommitted", "all"):
        raise BlobError("InvalidQueryParameterValue", "blocklisttype")
    kept, blob = storage.blobs.blocks, storage.blobs.get(container, name)
    staged = list(kept.staged(container, name).items())
    if blob:
        check_tags(request.headers, blob)
        if blob.kind != BLOCK:
            raise BlobError("InvalidBlobType")
    elif not staged:
        raise BlobError("BlobNotFound" if storage.blobs.has_container(container) else "ContainerNotFound")
    committed = kept.committed(container, name, storage.blobs.path(container, name)) if blob else []
    lists = {
        "CommittedBlocks": committed if wanted in ("committed", "all") else [],
        "UncommittedBlocks": staged if wanted in ("uncommitted", "all") else [],
    }
    inner = "".join(f"<{key}>{block_rows(rows)}</{key}>" for key, rows in lists.items())
    text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{inner}</BlockList>'
    headers = {**version_headers(blob), "x-ms-blob-content-length": str(blob.size)} if blob else {}
    return web.Response(text=text, content_type="application/xml", headers=headers)


def block_rows(rows: Iterable[tuple[str, int]]) -> str:
    """Blocks as XML."""
    return "".join(f"<Block><Name>{block}</Name><Size>{size}</Size></Block>" for block, size in rows)
