"""The blob service: its addresses below ``/<account>.blob.<suffix>/`` and which operation each request is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import ACCOUNT, REGISTRY_CONTAINERS, STORAGE_SUFFIX
from azureml_emulator.storage import containers, copies, read, write
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

ACCOUNT_OPERATIONS: Table = {
    ("GET", "list"): Operation("l", containers.list_containers),
}
INFORMATION: Table = {
    ("GET", "properties"): Operation("racwdl", containers.account_information),
    ("HEAD", "properties"): Operation("racwdl", containers.account_information),
}
"""What may be asked about the account (``restype=account``) at each of its addresses."""
CONTAINER_OPERATIONS: Table = {
    ("PUT", ""): Operation("cw", containers.create),
    ("DELETE", ""): Operation("d", containers.delete),
    ("GET", ""): Operation("r", containers.properties),
    ("HEAD", ""): Operation("r", containers.properties),
    ("GET", "metadata"): Operation("r", containers.properties),
    ("HEAD", "metadata"): Operation("r", containers.properties),
    ("PUT", "metadata"): Operation("w", containers.set_metadata),
    ("GET", "acl"): Operation("r", containers.access_policy),
    ("HEAD", "acl"): Operation("r", containers.access_policy),
    ("GET", "list"): Operation("l", containers.list_blobs),
}
BLOB_OPERATIONS: Table = {
    ("GET", ""): Operation("r", read.download),
    ("HEAD", ""): Operation("r", read.properties),
    ("GET", "metadata"): Operation("r", read.properties),
    ("HEAD", "metadata"): Operation("r", read.properties),
    ("GET", "blocklist"): Operation("r", read.block_list),
    ("PUT", ""): Operation("cw", write.put),
    ("PUT", "block"): Operation("cw", write.put_block),
    ("PUT", "blocklist"): Operation("cw", write.put_block_list),
    ("PUT", "appendblock"): Operation("aw", write.append_block),
    ("PUT", "metadata"): Operation("w", write.set_metadata),
    ("PUT", "properties"): Operation("w", write.set_properties),
    ("PUT", "copy"): Operation("w", copies.abort),
    ("DELETE", ""): Operation("d", write.delete),
}
COPY_OPERATIONS: Table = {
    ("PUT", ""): Operation("cw", copies.copy),
    ("PUT", "block"): Operation("cw", copies.put_block),
    ("PUT", "appendblock"): Operation("aw", copies.append_block),
}
"""What the operations on a blob are when the request names a source (``x-ms-copy-source``)."""


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


async def account(storage: Storage, request: web.Request, suffix: str) -> web.StreamResponse:
    """An operation on the storage account."""
    restype = request.query.get("restype")
    table = ACCOUNT_OPERATIONS if restype is None else INFORMATION if restype == "account" else {}
    return await perform(storage, request, table, RequestedAccess("", "s", account_segment(suffix)))


async def container(storage: Storage, request: web.Request, suffix: str, container: str) -> web.StreamResponse:
    """An operation on a container."""
    restype = request.query.get("restype")
    table = CONTAINER_OPERATIONS if restype == "container" else INFORMATION if restype == "account" else {}
    return await perform(storage, request, table, RequestedAccess("", "c", account_segment(suffix), container))


async def blob(storage: Storage, request: web.Request, suffix: str, container: str, name: str) -> web.StreamResponse:
    """An operation on a blob."""
    table = COPY_OPERATIONS if "x-ms-copy-source" in request.headers else BLOB_OPERATIONS
    table = INFORMATION if request.query.get("restype") == "account" else table
    return await perform(storage, request, table, RequestedAccess("", "o", account_segment(suffix), container, name))


async def registry_container(storage: Storage, request: web.Request, rest: str) -> web.StreamResponse:
    """An operation on a container of the registry, whose address has no account in its path."""
    return await container(storage, request, STORAGE_SUFFIX, REGISTRY_CONTAINERS + rest)


async def registry_blob(storage: Storage, request: web.Request, rest: str, name: str) -> web.StreamResponse:
    """An operation on a blob of the registry."""
    return await blob(storage, request, STORAGE_SUFFIX, REGISTRY_CONTAINERS + rest, name)


def account_segment(suffix: str) -> str:
    """The first segment of the path, which clients take for the account's name."""
    return f"{ACCOUNT}.blob.{suffix}"


async def perform(storage: Storage, request: web.Request, table: Table, access: RequestedAccess) -> web.StreamResponse:
    """Authorize and carry out the operation that a request is, with the blob service's own errors."""
    operation = table.get((request.method, request.query.get("comp", "")))
    try:
        allowed = operation.permissions if operation else "racwdl"
        authorize(storage, request, replace(access, permissions=allowed))
        if operation is None:
            raise BlobError("NotEmulated")
        check_whole(request)
        return await operation.handler(storage, request, access.container, access.blob)
    except BlobError as error:
        response = respond(error, request.method)
    except BlobNameError as error:
        response = respond(BlobError("InvalidResourceName", str(error)), request.method)
    except BlobConflictError as error:
        response = respond(BlobError("PathConflict", str(error)), request.method)
    return response


async def data_lake(storage: Storage, request: web.Request, suffix: str, path: str = "") -> web.StreamResponse:
    """The Data Lake protocol on ``.dfs.`` is not here."""
    return respond(BlobError("NotEmulated"), request.method)


ROUTES = [
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}", account, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}/{{container}}", container, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}/{{container}}/{{name*}}", blob, Plane.STORAGE),
    Route("*", f"/{REGISTRY_CONTAINERS}{{rest}}", registry_container, Plane.STORAGE),
    Route("*", f"/{REGISTRY_CONTAINERS}{{rest}}/{{name*}}", registry_blob, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.dfs.{{suffix}}", data_lake, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.dfs.{{suffix}}/{{path*}}", data_lake, Plane.STORAGE),
]
