"""Sources of copies: the address in ``x-ms-copy-source``, who may read it, its conditions, and what is taken of it.

Source: Azure Storage REST reference, Copy Blob, Copy Blob From URL, Put Blob From URL, Put Block From URL
(https://learn.microsoft.com/rest/api/storageservices/copy-blob and the pages beside it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from aiohttp import web

from azureml_emulator.core.settings import ACCOUNT, LOOPBACK, REGISTRY_CONTAINERS, STORAGE_SUFFIX
from azureml_emulator.storage.authorization import RequestedAccess, check_address, check_signature, check_token
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.conditions import IF_TAGS, TAG_OPTION, all_hold
from azureml_emulator.storage.errors import BlobError

PLACE = re.compile(rf"/(?:{ACCOUNT}\.blob\.([^/]+)/([^/]+)|({REGISTRY_CONTAINERS}[^/]+))/(.+)", re.IGNORECASE)
"""The path of a blob of the account, or of the registry."""

CONDITIONS = {
    "x-ms-source-if-match": "If-Match",
    "x-ms-source-if-none-match": "If-None-Match",
    "x-ms-source-if-modified-since": "If-Modified-Since",
    "x-ms-source-if-unmodified-since": "If-Unmodified-Since",
    "x-ms-source-if-tags": IF_TAGS,
}
"""Conditions on a source, and what the same are called of the blob of a request."""


@dataclass(frozen=True)
class Source:
    """A blob to copy from.

    :param address: its address without the query, in which a signature may stand.
    """

    container: str
    blob: Blob
    file: Path
    address: str


def find_source(storage: Storage, request: web.Request, *, as_caller: bool) -> Source:
    """The blob that a request copies from.

    :param as_caller: whoever may ask the account by key or token reads the source with it, too. So it is with Copy
        Blob; where the content comes from an address, the address has to open the source itself. Source: Microsoft's
        answer in Azure/azure-sdk-for-python#36176.
    :raises BlobError: ``CannotVerifyCopySource`` with what the source answers, ``SourceConditionNotMet``, or
        ``NotEmulated`` for an address elsewhere.
    """
    text = request.headers.get("x-ms-copy-source", "")
    try:
        parts = urlsplit(text)
        here = parts.hostname in LOOPBACK and (parts.port or 443) == storage.settings.port
    except ValueError:
        raise BlobError("InvalidHeaderValue", "x-ms-copy-source") from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BlobError("InvalidHeaderValue", "x-ms-copy-source")
    match = PLACE.fullmatch(parts.path)
    if not here or not match:
        raise BlobError("NotEmulated", "x-ms-copy-source: copies within this storage account only")
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "snapshot" in fields or "versionid" in fields:
        raise BlobError("NotEmulated", "x-ms-copy-source: a snapshot or a version")
    suffix, container = match[1] or STORAGE_SUFFIX, unquote(match[2] or match[3])
    access = RequestedAccess("r", "o", f"{ACCOUNT}.blob.{suffix}", container, unquote(match[4]))
    needed = "rt" if takes_tags(request) else "r"
    try:
        authorize_source(storage, request, fields, access, as_caller, needed)
        blob = storage.blobs.get(access.container, access.blob)
        if blob is None:
            raise BlobError("BlobNotFound" if storage.blobs.has_container(container) else "ContainerNotFound")
    except BlobError as error:
        raise BlobError("CannotVerifyCopySource", error.detail, cause=error) from None
    check_conditions(request, blob)
    return Source(container, blob, storage.blobs.path(container, blob.name), without_query(parts))


def authorize_source(
    storage: Storage,
    request: web.Request,
    fields: Mapping[str, str],
    access: RequestedAccess,
    as_caller: bool,
    needed: str,
) -> None:
    """Whether the request may read its source: by the address's own signature, by a token for it, or as the caller.

    :param needed: letters, all of which a signature has to allow.
    :raises BlobError: 401 or 403, as an answer of the source.
    """
    bearer = request.headers.get("x-ms-copy-source-authorization", "")
    if "sig" in fields:
        if not set(needed) <= set(check_signature(storage, fields, access)):
            raise BlobError("AuthorizationPermissionMismatch")
        check_address(fields, request.remote or "")
    elif not as_caller:
        check_token(storage, bearer.partition(" ")[2] if bearer.lower().startswith("bearer ") else None)
    elif "sig" in request.query:
        raise BlobError("NoAuthenticationInformation")


def takes_tags(request: web.Request) -> bool:
    """Whether a copy is to have the index tags of its source, which a signature of that has to allow.

    :raises BlobError: 400: it says neither that nor the contrary.
    """
    option = request.headers.get(TAG_OPTION, "REPLACE").upper()
    if option not in ("COPY", "REPLACE"):
        raise BlobError("InvalidHeaderValue", TAG_OPTION)
    return option == "COPY"


def check_conditions(request: web.Request, blob: Blob) -> None:
    """Refuse a copy whose conditions on its source do not hold.

    :raises BlobError: 412.
    """
    asked = {name: request.headers[header] for header, name in CONDITIONS.items() if header in request.headers}
    if not all_hold(asked, blob):
        raise BlobError("SourceConditionNotMet")


def without_query(parts: SplitResult) -> str:
    """An address without its query and fragment."""
    return parts._replace(query="", fragment="").geturl()
