"""Operations of the blob service: who may do each, what none of them passes over, and how refusals are worded."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from azureml_emulator.storage.authorization import RequestedAccess, authorize, check_tag_permission
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.models import BlobConflictError, BlobNameError
from azureml_emulator.storage.conditions import IF_TAGS, OWN_SCOPE, TAG_OPTION
from azureml_emulator.storage.errors import BlobError, respond
from azureml_emulator.storage.leasing import check_lease


@dataclass(frozen=True)
class Operation:
    """One operation and the permissions any one of which allows it; see ``RequestedAccess``.

    :param leased: it has to name the lease of what it is for, where one is in force; None: it does not ask for leases.
    :param account_only: of signatures only the account's allow it.
    :param obeys: those of ``CHANGING_HEADERS`` and ``ONLY_VALUES`` that it has use for.
    """

    permissions: str
    handler: Callable[[Storage, web.Request, str, str], Awaitable[web.StreamResponse]]
    leased: bool | None = False
    obeys: tuple[str, ...] = ()
    account_only: bool = False


Table = Mapping[tuple[str, str], Operation]


CHANGING_HEADERS = (
    "x-ms-blob-content-length",
    "x-ms-blob-sequence-number",
    "x-ms-encryption-key",
    "x-ms-encryption-scope",
    "x-ms-if-tags",
    "x-ms-immutability-policy-until-date",
    "x-ms-sequence-number-action",
    "x-ms-source-if-tags",
    "x-ms-structured-body",
    "x-ms-tags",
)
CHANGING_KEYS = ("snapshot", "versionid")
"""What makes another operation of a request, or gives it another content: to pass it over would write or read the wrong
bytes, or leave a blob unprotected. Source: Azure Storage REST reference, Put Blob, Get Blob, Copy Blob, Set Blob
Properties, whose fields of page blobs would empty the headers of another one."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Containers' names, apart from their lengths."""
VERSIONS = re.compile(r"\d{4}-\d{2}-\d{2}")
OWN_MEANING = ("$root", "$web", "$logs", "$blobchangefeed")
TAGS = (IF_TAGS, "x-ms-tags")
"""Headers of index tags that the operations which make a blob obey."""

ONLY_VALUES = {
    **OWN_SCOPE,
    TAG_OPTION: "replace",
    "x-ms-legal-hold": "false",
    "x-ms-seal-blob": "false",
}
"""Headers that change nothing with one value, and with any other what is not here."""


def check_whole(request: web.Request, operation: Operation) -> None:
    """Refuse a request with a part that is not here.

    :raises BlobError: 501, naming the part; 400 for what is none.
    """
    parts = [name for name in CHANGING_HEADERS if name in request.headers and name not in operation.obeys]
    parts += [name for name in CHANGING_KEYS if name in request.query]
    only = {name: value for name, value in ONLY_VALUES.items() if name not in operation.obeys}
    values = {name: request.headers.get(name, value) for name, value in only.items()}
    parts += [f"{name}: {value}" for name, value in values.items() if value.lower() != ONLY_VALUES[name]]
    # With ``include`` the blob goes with its snapshots, of which there are none; ``only`` means to keep the blob.
    snapshots = request.headers.get("x-ms-delete-snapshots", "include").lower()
    if snapshots == "only":
        parts.append("x-ms-delete-snapshots: only")
    elif snapshots != "include":
        raise BlobError("InvalidHeaderValue", "x-ms-delete-snapshots")
    if parts:
        raise BlobError("NotEmulated", ", ".join(parts))


def check_text(request: web.Request) -> None:
    """Refuse a header that is no UTF-8: what would be kept of it could be shown in no later answer.

    :raises BlobError: 400, naming the header.
    """
    for name, value in request.headers.items():
        if not value.isascii() and not is_text(value):
            raise BlobError("InvalidHeaderValue", name)


def check_version(request: web.Request) -> None:
    """Refuse a version that is no date. Which dates are versions is not looked up: each month has another one.

    Source of the code: Azurite 3.35.

    :raises BlobError: 400.
    """
    version = request.headers.get("x-ms-version")
    if version is not None and not VERSIONS.fullmatch(version):
        raise BlobError("InvalidHeaderValue", f"x-ms-version: {version}")


def is_text(value: str) -> bool:
    """Whether all of a header could be decoded."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_container(name: str) -> None:
    """Refuse the name of a container that can be none, whatever is asked about it.

    Source: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata,
    Container names; that reading one is refused, too, and with which codes: Azure/LogicAppsUX#3470, Azurite 3.35.

    :raises BlobError: 400; 501 for a container that has a meaning of its own, such as ``$root``.
    """
    if name in OWN_MEANING:
        raise BlobError("NotEmulated", f"the container {name}")
    if not 3 <= len(name) <= 63:
        raise BlobError("OutOfRangeInput", name)
    if not NAME.fullmatch(name):
        raise BlobError("InvalidResourceName", name)


def key_of(request: web.Request) -> tuple[str, str]:
    """Which row of a table a request is."""
    return request.method, request.query.get("comp", "")


async def perform(storage: Storage, request: web.Request, table: Table, access: RequestedAccess) -> web.StreamResponse:
    """Authorize and carry out the operation that a request is, with the blob service's own errors."""
    try:
        return await carry_out(storage, request, table.get(key_of(request)), access)
    except BlobError as error:
        return respond(error, request.method)


async def carry_out(
    storage: Storage, request: web.Request, operation: Operation | None, access: RequestedAccess
) -> web.StreamResponse:
    """Authorize and carry out an operation.

    :param operation: None: the emulator has none for the request.
    :raises BlobError: every refusal.
    """
    check_text(request)
    check_version(request)
    allowed = operation.permissions if operation else "racwdl"
    account_only = operation is not None and operation.account_only
    authorize(storage, request, replace(access, permissions=allowed, account_only=account_only))
    if operation is None:
        raise BlobError("NotEmulated")
    if access.container:
        check_container(access.container)
    check_whole(request, operation)
    if any(name in request.headers for name in TAGS):
        check_tag_permission(request)
    if operation.leased is not None:
        check_lease(storage, request, access.container, access.blob, required=operation.leased)
    try:
        return await operation.handler(storage, request, access.container, access.blob)
    except BlobNameError as error:
        raise BlobError("InvalidResourceName", str(error)) from None
    except BlobConflictError as error:
        raise BlobError("PathConflict", str(error)) from None
