"""Containers listed, and the blobs in them, page by page.

Source: Azure Storage REST reference, List Blobs (https://learn.microsoft.com/rest/api/storageservices/list-blobs) and
List Containers (https://learn.microsoft.com/rest/api/storageservices/list-containers2).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice, takewhile
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from azureml_emulator.storage.authorization import check_tag_permission
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import find_folder, marked_folders
from azureml_emulator.storage.blobs.walks import LAST, Position
from azureml_emulator.storage.containers import NOT_PROTECTED, container_headers
from azureml_emulator.storage.elements import (
    blob_element,
    document,
    element_of,
    lease_elements,
    metadata_element,
    name_element,
    waiting_element,
)
from azureml_emulator.storage.errors import BlobError

PAGE = 5000
"""The service's largest page."""

OF_CONTAINERS = frozenset({"metadata", "deleted", "system"})
OF_BLOBS = frozenset(
    {
        "copy",
        "deleted",
        "deletedwithversions",
        "immutabilitypolicy",
        "legalhold",
        "metadata",
        "permissions",
        "snapshots",
        "tags",
        "uncommittedblobs",
        "versions",
    }
)
"""What ``include`` can name. Nothing is protected, has versions or snapshots, or is kept when it was deleted, so most
of it adds nothing; permissions are those of accounts with a hierarchical namespace."""


async def list_containers(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """List Containers."""
    prefix, marker, most = paging(request)
    with_metadata = "metadata" in included(request, OF_CONTAINERS)
    names = [name for name in storage.blobs.containers() if name.startswith(prefix) and name >= marker]
    kept = "".join(element_of(name, value) for name, value in NOT_PROTECTED.items())
    rows = []
    for name in names[:most]:
        found = storage.blobs.container(name)
        row = container_headers(found)
        lease = "".join(f"<{key}>{value}</{key}>" for key, value in lease_elements(storage, name, "").items())
        rows.append(
            f"<Container><Name>{name}</Name><Properties><Last-Modified>{row['Last-Modified']}</Last-Modified>"
            f"<Etag>{escape(row['ETag'])}</Etag>{lease}{kept}"
            f"</Properties>{metadata_element(found.metadata) if with_metadata else ''}</Container>"
        )
    following = encode_marker(names[most]) if len(names) > most else ""
    given = {name: request.query.get(name.lower(), "") for name in ("Prefix", "Marker", "MaxResults")}
    head = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in given.items() if text)
    inner = f"<Containers>{''.join(rows)}</Containers><NextMarker>{following}</NextMarker>"
    where = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')}"
    return document(f"<EnumerationResults {where}>{head}{inner}</EnumerationResults>")


async def list_blobs(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """List Blobs of the container in the path."""
    return blobs_page(storage, request, container, "")


async def list_blobs_of_prefix(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """List Blobs of the container that the prefix begins with, which so do the names that are answered.

    azureml-dataprep-rslex 2.26, in mltable and azureml-fsspec, takes an account that stands in the path for the
    container, and the container for the first folder in it.
    """
    return blobs_page(storage, request, container, f"{container}/")


def blobs_page(storage: Storage, request: web.Request, container: str, lead: str) -> web.Response:
    """List Blobs: flat, or one level with a delimiter; with metadata, and what waits to be a blob, on request.

    ``startFrom`` is the first name that is wanted, and ``endBefore`` the first that is not: ``start_from`` and
    ``end_before`` of azure-storage-blob 12.31. Nothing that was deleted is kept, so ``showonly=deleted`` finds nothing.

    :param lead: what stands in front of every name, in the request and in the answer.
    :raises BlobError: 404, 400 for what is not readable, 501 for other values of ``showonly``.
    """
    shown = request.query.get("showonly")
    if shown not in (None, "deleted"):
        raise BlobError("NotEmulated", f"showonly={shown}")
    if not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    asked, marker, most = paging(request)
    prefix = asked.removeprefix(lead)
    delimiter = request.query.get("delimiter", "")
    wanted = included(request, OF_BLOBS)
    if "tags" in wanted:
        check_tag_permission(request)
    start = max(marker, request.query.get("startFrom", "").removeprefix(lead))
    position = Position(start)
    files = (name for name in storage.blobs.walk(container, prefix, position) if not name.endswith("/"))
    waiting = waiting_names(storage, container, prefix) if "uncommittedblobs" in wanted else []
    names = merge(files, marked_folders(storage.blobs, container, prefix, start), waiting)
    before = request.query.get("endBefore", "").removeprefix(lead) or LAST
    found = takewhile(lambda item: item[0] < before, level(names, prefix, delimiter, position))
    items = list(islice(() if shown else found, most + 1))
    rows = []
    for name, is_prefix in items[:most]:
        blob = None if is_prefix else storage.blobs.get(container, name) or find_folder(storage.blobs, container, name)
        if is_prefix:
            rows.append(f"<BlobPrefix>{name_element(lead + name)}</BlobPrefix>")
        elif blob:
            rows.append(blob_element(lead + name, blob, wanted, lease_elements(storage, container, name)))
        elif name in waiting:
            rows.append(waiting_element(lead + name))
    following = encode_marker(items[most][0]) if len(items) > most else ""
    head = f"<Prefix>{escape(asked)}</Prefix><Marker>{escape(request.query.get('marker', ''))}</Marker>"
    head += f"<MaxResults>{most}</MaxResults>" + (f"<Delimiter>{escape(delimiter)}</Delimiter>" if delimiter else "")
    where = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')} ContainerName={quoteattr(container)}"
    tail = f"<Blobs>{''.join(rows)}</Blobs><NextMarker>{following}</NextMarker>"
    return document(f"<EnumerationResults {where}>{head}{tail}</EnumerationResults>")


def waiting_names(storage: Storage, container: str, prefix: str) -> list[str]:
    """The names of what is no blob yet: blocks wait for a list there."""
    names = storage.blobs.blocks.waiting(container, prefix)
    return [name for name in names if storage.blobs.get(container, name) is None]


def included(request: web.Request, known: frozenset[str]) -> set[str]:
    """What a listing is to hold beside the properties.

    :param known: what it can hold.
    :raises BlobError: 400 for what is no such thing.
    """
    wanted = {part.strip().lower() for text in request.query.getall("include", []) for part in text.split(",")} - {""}
    if not wanted <= known:
        raise BlobError("InvalidQueryParameterValue", f"include: {', '.join(sorted(wanted - known))}")
    return wanted


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
