"""Containers: made, removed, described, listed; and the blobs in them listed page by page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.models import Blob

PAGE = 5000
"""The service's largest page."""

NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


async def create(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Create Container."""
    if not NAME.fullmatch(container):
        raise BlobError("InvalidResourceName", container)
    if not storage.blobs.create_container(container):
        raise BlobError("ContainerAlreadyExists")
    return web.Response(status=201, headers=container_headers(storage, container))


async def delete(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Delete Container with all that is in it."""
    if not storage.blobs.delete_container(container):
        raise BlobError("ContainerNotFound")
    return web.Response(status=202)


async def properties(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Get Container Properties."""
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    lease = {"x-ms-lease-status": "unlocked", "x-ms-lease-state": "available"}
    return web.Response(headers={**container_headers(storage, container), **lease})


def container_headers(storage: Storage, container: str) -> dict[str, str]:
    """ETag and Last-Modified of a container: those of its making."""
    moment = storage.blobs.container_made(container)
    return {"ETag": f'"0x{int(moment.timestamp() * 1e6):X}"', "Last-Modified": format_datetime(moment, usegmt=True)}


async def list_containers(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """List Containers."""
    prefix, marker, most = paging(request)
    names = [name for name in storage.blobs.containers() if name.startswith(prefix) and name >= marker]
    rows = []
    for name in names[:most]:
        row = container_headers(storage, name)
        rows.append(
            f"<Container><Name>{name}</Name><Properties><Last-Modified>{row['Last-Modified']}</Last-Modified>"
            f"<Etag>{escape(row['ETag'])}</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
            "</Properties></Container>"
        )
    following = encode_marker(names[most]) if len(names) > most else ""
    inner = f"<Containers>{''.join(rows)}</Containers><NextMarker>{following}</NextMarker>"
    where = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')}"
    return document(f"<EnumerationResults {where}>{inner}</EnumerationResults>")


async def list_blobs(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """List Blobs: flat, or one level with a delimiter; with metadata on request."""
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    prefix, marker, most = paging(request)
    delimiter = request.query.get("delimiter", "")
    with_metadata = "metadata" in request.query.get("include", "").split(",")
    items = [item for item in level(storage.blobs.names(container, prefix), prefix, delimiter) if item[0] >= marker]
    rows = []
    for name, is_prefix in items[:most]:
        blob = None if is_prefix else storage.blobs.get(container, name)
        if is_prefix:
            rows.append(f"<BlobPrefix>{name_element(name)}</BlobPrefix>")
        elif blob:
            rows.append(blob_element(blob, with_metadata))
    following = encode_marker(items[most][0]) if len(items) > most else ""
    head = f"<Prefix>{escape(prefix)}</Prefix><Marker>{escape(request.query.get('marker', ''))}</Marker>"
    head += f"<MaxResults>{most}</MaxResults>" + (f"<Delimiter>{escape(delimiter)}</Delimiter>" if delimiter else "")
    where = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')} ContainerName={quoteattr(container)}"
    tail = f"<Blobs>{''.join(rows)}</Blobs><NextMarker>{following}</NextMarker>"
    return document(f"<EnumerationResults {where}>{head}{tail}</EnumerationResults>")


def level(names: Iterable[str], prefix: str, delimiter: str) -> list[tuple[str, bool]]:
    """Names, or the folders they lie in, once each and in order; the second says whether it is a folder."""
    found: dict[str, bool] = {}
    for name in names:
        rest = name[len(prefix) :]
        cut = rest.find(delimiter) if delimiter else -1
        if cut >= 0:
            found[prefix + rest[: cut + len(delimiter)]] = True
        else:
            found[name] = False
    return sorted(found.items())


def paging(request: web.Request) -> tuple[str, str, int]:
    """Prefix, decoded marker and page size of a listing."""
    text = request.query.get("maxresults", str(PAGE))
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise BlobError("OutOfRangeQueryParameterValue", "maxresults")
    return request.query.get("prefix", ""), decode_marker(request.query.get("marker", "")), min(int(text), PAGE)


def encode_marker(name: str) -> str:
    """A name as an opaque marker."""
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogateescape")).decode()


def decode_marker(marker: str) -> str:
    """The name of a marker."""
    try:
        return base64.urlsafe_b64decode(marker).decode("utf-8", "surrogateescape")
    except (binascii.Error, UnicodeError, ValueError):
        raise BlobError("InvalidQueryParameterValue", "marker") from None


def name_element(name: str) -> str:
    """A name in XML; one that XML cannot hold is percent-encoded and marked so, as the service does."""
    if NOT_IN_XML.search(name):
        return f'<Name Encoded="true">{quote(name.encode("utf-8", "surrogateescape"))}</Name>'
    return f"<Name>{escape(name)}</Name>"


def blob_element(blob: Blob, with_metadata: bool) -> str:
    """One blob of a listing. Source: Azure Storage REST reference, List Blobs."""
    fields = {
        "Last-Modified": format_datetime(blob.modified, usegmt=True),
        "Etag": blob.etag,
        "Content-Length": str(blob.size),
        "Content-Type": blob.headers.get("Content-Type", "application/octet-stream"),
        "Content-Encoding": blob.headers.get("Content-Encoding", ""),
        "Content-Language": blob.headers.get("Content-Language", ""),
        "Content-MD5": blob.headers.get("Content-MD5", ""),
        "Content-Disposition": blob.headers.get("Content-Disposition", ""),
        "Cache-Control": blob.headers.get("Cache-Control", ""),
        "BlobType": blob.kind,
        "AccessTier": "Hot",
        "AccessTierInferred": "true",
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "true",
    }
    properties = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    metadata = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in blob.metadata.items())
    extra = f"<Metadata>{metadata}</Metadata>" if with_metadata else ""
    return f"<Blob>{name_element(blob.name)}<Properties>{properties}</Properties>{extra}</Blob>"


def document(text: str) -> web.Response:
    """An XML answer."""
    return web.Response(text=f'<?xml version="1.0" encoding="utf-8"?>{text}', content_type="application/xml")
