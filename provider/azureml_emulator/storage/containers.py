"""Containers: made, removed, described, listed; and the blobs in them listed page by page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from email.utils import format_datetime
from heapq import merge
from itertools import islice
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import find_folder, marked_folders
from azureml_emulator.storage.blobs.records import BLOCK, Blob, Container
from azureml_emulator.storage.blobs.walks import Position
from azureml_emulator.storage.conditions import OWN_TIER, metadata_headers, modified_since, unmodified_since
from azureml_emulator.storage.errors import BlobError

PAGE = 5000
"""The service's largest page."""

NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
COPIED = {
    "x-ms-copy-id": "CopyId",
    "x-ms-copy-source": "CopySource",
    "x-ms-copy-status": "CopyStatus",
    "x-ms-copy-progress": "CopyProgress",
    "x-ms-copy-completion-time": "CopyCompletionTime",
}
"""Elements of a listing for the headers of a copy."""

NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


ACCOUNT_INFORMATION = {
    "x-ms-sku-name": "Standard_LRS",
    "x-ms-account-kind": "StorageV2",
    "x-ms-is-hns-enabled": "false",
}


async def create(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Create Container. The account permits no anonymous access, as a new one does."""
    if not NAME.fullmatch(container):
        raise BlobError("InvalidResourceName", container)
    if "x-ms-blob-public-access" in request.headers:
        raise BlobError("PublicAccessNotPermitted")
    if not storage.blobs.create_container(container, metadata_headers(request)):
        raise BlobError("ContainerAlreadyExists")
    return web.Response(status=201, headers=container_headers(storage.blobs.container(container)))


async def delete(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Delete Container with all that is in it."""
    check_container_write(request, find_container(storage, container))
    storage.blobs.delete_container(container)
    storage.appends.discard_container(container)
    storage.leases.forget_container(container)
    return web.Response(status=202)


async def properties(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Get Container Properties, Get Container Metadata."""
    found = find_container(storage, container)
    headers = {
        **container_headers(found),
        **storage.leases.headers(container, "", now().timestamp()),
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
        **{f"x-ms-meta-{name}": value for name, value in found.metadata.items()},
    }
    return web.Response(headers=headers)


async def set_metadata(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Set Container Metadata: replace all of it."""
    check_container_write(request, find_container(storage, container))
    changed = storage.blobs.set_container_metadata(container, metadata_headers(request))
    return web.Response(headers=container_headers(changed))


async def access_policy(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Get Container ACL: there are no stored access policies."""
    found = find_container(storage, container)
    return document("<SignedIdentifiers></SignedIdentifiers>", container_headers(found))


async def account_information(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """Get Account Information."""
    return web.Response(headers=ACCOUNT_INFORMATION)


def find_container(storage: Storage, container: str) -> Container:
    """A container, or the service's 404."""
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    return storage.blobs.container(container)


def check_container_write(request: web.Request, container: Container) -> None:
    """Refuse a write whose conditions do not hold.

    Source: Azure Storage REST reference, conditional headers: those of time are all that containers have.
    """
    if not (modified_since(request.headers, container) and unmodified_since(request.headers, container)):
        raise BlobError("ConditionNotMet")


def container_headers(container: Container) -> dict[str, str]:
    """ETag and Last-Modified of a container."""
    moment = container.modified
    return {"ETag": f'"0x{int(moment.timestamp() * 1e6):X}"', "Last-Modified": format_datetime(moment, usegmt=True)}


async def list_containers(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """List Containers."""
    prefix, marker, most = paging(request)
    with_metadata = "metadata" in included(request)
    names = [name for name in storage.blobs.containers() if name.startswith(prefix) and name >= marker]
    rows = []
    for name in names[:most]:
        found = storage.blobs.container(name)
        row = container_headers(found)
        lease = "".join(f"<{key}>{value}</{key}>" for key, value in lease_elements(storage, name, "").items())
        rows.append(
            f"<Container><Name>{name}</Name><Properties><Last-Modified>{row['Last-Modified']}</Last-Modified>"
            f"<Etag>{escape(row['ETag'])}</Etag>{lease}"
            f"</Properties>{metadata_element(found.metadata) if with_metadata else ''}</Container>"
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
    wanted = included(request)
    position = Position(marker)
    files = (name for name in storage.blobs.walk(container, prefix, position) if not name.endswith("/"))
    names = merge(files, marked_folders(storage.blobs, container, prefix, marker))
    items = list(islice(level(names, prefix, delimiter, position), most + 1))
    rows = []
    for name, is_prefix in items[:most]:
        blob = None if is_prefix else storage.blobs.get(container, name) or find_folder(storage.blobs, container, name)
        if is_prefix:
            rows.append(f"<BlobPrefix>{name_element(name)}</BlobPrefix>")
        elif blob:
            rows.append(blob_element(blob, wanted, lease_elements(storage, container, name)))
    following = encode_marker(items[most][0]) if len(items) > most else ""
    head = f"<Prefix>{escape(prefix)}</Prefix><Marker>{escape(request.query.get('marker', ''))}</Marker>"
    head += f"<MaxResults>{most}</MaxResults>" + (f"<Delimiter>{escape(delimiter)}</Delimiter>" if delimiter else "")
    where = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')} ContainerName={quoteattr(container)}"
    tail = f"<Blobs>{''.join(rows)}</Blobs><NextMarker>{following}</NextMarker>"
    return document(f"<EnumerationResults {where}>{head}{tail}</EnumerationResults>")


def included(request: web.Request) -> set[str]:
    """What a listing is to hold beside the properties."""
    return {part.strip().lower() for part in request.query.get("include", "").split(",")}


def level(names: Iterable[str], prefix: str, delimiter: str, position: Position) -> Iterator[tuple[str, bool]]:
    """Names, or the folders they lie in, once each; the second says whether it is a folder.

    :param names: in order.
    :param position: where they go on; it is set behind a folder that was found.
    """
    for name in names:
        if name < position.start:
            continue
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield name, False
        else:
            folder = name[: cut + len(delimiter)]
            yield folder, True
            position.leave(folder)


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


def lease_elements(storage: Storage, container: str, name: str) -> dict[str, str]:
    """What a listing says of the lease of a blob, or of a container."""
    told = storage.leases.headers(container, name, now().timestamp())
    return {f"Lease{key.removeprefix('x-ms-lease-').capitalize()}": value for key, value in told.items()}


def blob_element(blob: Blob, wanted: set[str], lease: Mapping[str, str]) -> str:
    """One blob of a listing. Source: Azure Storage REST reference, List Blobs.

    :param wanted: what the request includes, such as ``metadata`` and ``copy``.
    """
    fields = {
        "Creation-Time": format_datetime(blob.created, usegmt=True),
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
        **lease,
        "ServerEncrypted": "true",
    }
    if blob.kind == BLOCK:
        fields["AccessTier"] = blob.tier or OWN_TIER
        if blob.tier is None:
            fields["AccessTierInferred"] = "true"
    if "copy" in wanted:
        fields.update({COPIED[name]: value for name, value in blob.copied.items()})
    properties = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    extra = metadata_element(blob.metadata) if "metadata" in wanted else ""
    return f"<Blob>{name_element(blob.name)}<Properties>{properties}</Properties>{extra}</Blob>"


def metadata_element(metadata: Mapping[str, str]) -> str:
    """Metadata of a listing."""
    return f"<Metadata>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in metadata.items())}</Metadata>"


def document(text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An XML answer."""
    content = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return web.Response(text=content, content_type="application/xml", headers=headers)
