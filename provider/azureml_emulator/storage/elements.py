"""XML of listings: one element for each thing that is listed, and the document around them.

Source: Azure Storage REST reference, List Blobs (https://learn.microsoft.com/rest/api/storageservices/list-blobs) and
List Containers (https://learn.microsoft.com/rest/api/storageservices/list-containers2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.records import BLOCK, Blob
from azureml_emulator.storage.conditions import OWN_TIER

COPIED = {
    "x-ms-copy-id": "CopyId",
    "x-ms-copy-source": "CopySource",
    "x-ms-copy-status": "CopyStatus",
    "x-ms-copy-progress": "CopyProgress",
    "x-ms-copy-completion-time": "CopyCompletionTime",
}
"""Elements of a listing for the headers of a copy."""

NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def name_element(name: str) -> str:
    """A name in XML; one that XML cannot hold is percent-encoded and marked so, as the service does."""
    if NOT_IN_XML.search(name):
        return f'<Name Encoded="true">{quote(name.encode("utf-8", "surrogateescape"))}</Name>'
    return f"<Name>{escape(name)}</Name>"


def element_of(header: str, value: str) -> str:
    """The element of a listing that says what a header ``x-ms-…`` of a single answer says."""
    name = "".join(part.capitalize() for part in header.removeprefix("x-ms-").split("-"))
    return f"<{name}>{escape(value)}</{name}>"


def lease_elements(storage: Storage, container: str, name: str) -> dict[str, str]:
    """What a listing says of the lease of a blob, or of a container."""
    told = storage.leases.headers(container, name, now().timestamp())
    return {f"Lease{key.removeprefix('x-ms-lease-').capitalize()}": value for key, value in told.items()}


def blob_element(name: str, blob: Blob, wanted: set[str], lease: Mapping[str, str]) -> str:
    """One blob of a listing. Source: Azure Storage REST reference, List Blobs.

    :param name: what it is called there.
    :param wanted: what the request includes, such as ``metadata``, ``tags`` and ``copy``.
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
    if blob.tiered:
        fields["AccessTierChangeTime"] = format_datetime(blob.tiered, usegmt=True)
    if blob.tags:
        fields["TagCount"] = str(len(blob.tags))
    if "copy" in wanted:
        fields.update({COPIED[name]: value for name, value in blob.copied.items()})
    properties = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    extra = metadata_element(blob.metadata) if "metadata" in wanted else ""
    extra += tags_element(blob.tags) if "tags" in wanted and blob.tags else ""
    return f"<Blob>{name_element(name)}<Properties>{properties}</Properties>{extra}</Blob>"


def waiting_element(name: str) -> str:
    """A blob of which there is nothing but blocks that wait for a list.

    Source: List Blobs, Remarks: of ``uncommittedblobs`` neither time, ETag, content headers nor metadata are told.
    """
    properties = f"<Content-Length>0</Content-Length><BlobType>{BLOCK}</BlobType>"
    return f"<Blob>{name_element(name)}<Properties>{properties}</Properties></Blob>"


def metadata_element(metadata: Mapping[str, str]) -> str:
    """Metadata of a listing."""
    return f"<Metadata>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in metadata.items())}</Metadata>"


def tags_element(tags: Mapping[str, str]) -> str:
    """Index tags."""
    rows = (f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags.items())
    return f"<Tags><TagSet>{''.join(rows)}</TagSet></Tags>"


def document(text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An XML answer."""
    content = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return web.Response(text=content, content_type="application/xml", headers=headers)
