"""Operations of the blob service: who may do each, what none of them passes over, and how refusals are worded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from azureml_emulator.storage.authorization import RequestedAccess, authorize
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.errors import BlobError, respond
from azureml_emulator.storage.models import BlobConflictError, BlobNameError


@dataclass(frozen=True)
class Operation:
    """One operation and the permissions any one of which allows it; see ``RequestedAccess``."""

    permissions: str
    handler: Callable[[Storage, web.Request, str, str], Awaitable[web.StreamResponse]]


Table = Mapping[tuple[str, str], Operation]


CHANGING_HEADERS = (
    "x-ms-encryption-key",
    "x-ms-encryption-scope",
    "x-ms-if-tags",
    "x-ms-source-if-tags",
    "x-ms-structured-body",
    "x-ms-tags",
)
CHANGING_KEYS = ("snapshot", "versionid")
"""What makes another operation of a request, or gives it another content: to pass it over would write or read the wrong
bytes. Source: Azure Storage REST reference, Put Blob, Get Blob, Copy Blob."""


def check_whole(request: web.Request) -> None:
    """Refuse a request with a part that is not here.

    :raises BlobError: 501, naming the part.
    """
    parts = [name for name in CHANGING_HEADERS if name in request.headers]
    parts += [name for name in CHANGING_KEYS if name in request.query]
    # With ``include`` the blob goes with its snapshots, of which there are none; ``only`` means to keep the blob.
    if request.headers.get("x-ms-delete-snapshots", "").lower() == "only":
        parts.append("x-ms-delete-snapshots: only")
    if parts:
        raise BlobError("NotEmulated", ", ".join(parts))


def check_lease(request: web.Request, access: RequestedAccess) -> None:
    """Refuse a request under a lease: there are none here, so it has been lost.

    Source: Azure Storage REST reference, Lease Blob and Lease Container, which themselves are not here.
    """
    if "x-ms-lease-id" in request.headers:
        raise BlobError(f"LeaseNotPresentWith{'Blob' if access.level == 'o' else 'Container'}Operation")


def check_text(request: web.Request) -> None:
    """Refuse a header that is no UTF-8: what would be kept of it could be shown in no later answer.

    :raises BlobError: 400, naming the header.
    """
    for name, value in request.headers.items():
        if not value.isascii() and not is_text(value):
            raise BlobError("InvalidHeaderValue", name)


def is_text(value: str) -> bool:
    """Whether all of a header could be decoded."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_of(request: web.Request) -> tuple[str, str]:
    """Which row of a table a request is."""
    return request.method, request.query.get("comp", "")


async def perform(storage: Storage, request: web.Request, table: Table, access: RequestedAccess) -> web.StreamResponse:
    """Authorize and carry out the operation that a request is, with the blob service's own errors."""
    operation = table.get(key_of(request))
    try:
        check_text(request)
        allowed = operation.permissions if operation else "racwdl"
        authorize(storage, request, replace(access, permissions=allowed))
        if operation is None:
            raise BlobError("NotEmulated")
        check_whole(request)
        check_lease(request, access)
        return await operation.handler(storage, request, access.container, access.blob)
    except BlobError as error:
        response = respond(error, request.method)
    except BlobNameError as error:
        response = respond(BlobError("InvalidResourceName", str(error)), request.method)
    except BlobConflictError as error:
        response = respond(BlobError("PathConflict", str(error)), request.method)
    return response
