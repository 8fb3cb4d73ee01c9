"""The blob service: its addresses below ``/<account>.blob.<suffix>/`` and which operation each request is."""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import ACCOUNT, REGISTRY_CONTAINERS, STORAGE_SUFFIX
from azureml_emulator.storage import batches, containers, copies, delegation, leasing, listings, read, tags, write
from azureml_emulator.storage.authorization import RequestedAccess
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.conditions import IF_TAGS, TAG_OPTION
from azureml_emulator.storage.operations import TAGS, Operation, Table, key_of, perform

ACCOUNT_OPERATIONS: Table = {
    ("GET", "list"): Operation("l", listings.list_containers),
    ("POST", "batch"): Operation("racwdl", batches.submit),
}
SEARCH: Table = {("GET", "blobs"): Operation("f", tags.find)}
"""What may be asked about the blobs of the account. Source of what a signature of the account has to be for (objects):
Microsoft's Azurite 3.35."""
PREFIX_OPERATIONS: Table = {("GET", "list"): Operation("l", listings.list_blobs_of_prefix)}
"""What is asked of the account as if it were a container, the container being the first part of the prefix."""
SERVICE_OPERATIONS: Table = {
    ("POST", "userdelegationkey"): Operation("racwdl", delegation.user_delegation_key),
}
INFORMATION: Table = {
    ("GET", "properties"): Operation("racwdl", containers.account_information),
    ("HEAD", "properties"): Operation("racwdl", containers.account_information),
}
"""What may be asked about the account (``restype=account``) at each of its addresses, with a signature of the account
for whatever. Source: Azure/Azurite#320, of the service."""
BY_NO_SIGNATURE = ""
"""What no signature allows. Source: Microsoft's Azurite 3.36, of both operations on the policies of a container."""
ACCESS_CONTROL: Table = {("HEAD", ""): Operation("r", containers.access_control)}
"""What belongs to the Data Lake's address, and is asked here, too."""
CONTAINER_OPERATIONS: Table = {
    ("PUT", ""): Operation("cw", containers.create, account_only=True),
    ("DELETE", ""): Operation("d", containers.delete, leased=True, account_only=True),
    ("GET", ""): Operation("r", containers.properties, account_only=True),
    ("HEAD", ""): Operation("r", containers.properties, account_only=True),
    ("GET", "metadata"): Operation("r", containers.properties, account_only=True),
    ("HEAD", "metadata"): Operation("r", containers.properties, account_only=True),
    ("PUT", "metadata"): Operation("w", containers.set_metadata, account_only=True),
    ("GET", "acl"): Operation(BY_NO_SIGNATURE, containers.access_policies),
    ("HEAD", "acl"): Operation(BY_NO_SIGNATURE, containers.access_policies),
    ("PUT", "acl"): Operation(BY_NO_SIGNATURE, containers.set_access_policies),
    ("GET", "list"): Operation("l", listings.list_blobs),
    ("POST", "batch"): Operation("racwdl", batches.submit),
    ("PUT", "lease"): Operation("wd", leasing.lease_container, leased=None, account_only=True),
    ("GET", "blobs"): Operation("f", tags.find),
}
"""What concerns a container itself, a signature of the container does not allow: it cannot even be asked whether it
exists. Source: Azure/azure-sdk-for-python#24227 and #18012, Azure/azure-sdk-for-net#17142; that leases are among it:
Microsoft's Azurite 3.35."""
BLOB_OPERATIONS: Table = {
    ("GET", ""): Operation("r", read.download, obeys=(IF_TAGS,)),
    ("HEAD", ""): Operation("r", read.properties, obeys=(IF_TAGS,)),
    ("GET", "metadata"): Operation("r", read.properties, obeys=(IF_TAGS,)),
    ("HEAD", "metadata"): Operation("r", read.properties, obeys=(IF_TAGS,)),
    ("GET", "blocklist"): Operation("r", read.block_list, obeys=(IF_TAGS,)),
    ("GET", "tags"): Operation("t", tags.get_tags, obeys=(IF_TAGS,)),
    ("PUT", ""): Operation("cw", write.put, leased=True, obeys=TAGS),
    ("PUT", "block"): Operation("w", write.put_block, leased=True),
    ("PUT", "blocklist"): Operation("w", write.put_block_list, leased=True, obeys=TAGS),
    ("PUT", "appendblock"): Operation("aw", write.append_block, leased=True, obeys=(IF_TAGS,)),
    ("PUT", "metadata"): Operation("w", write.set_metadata, leased=True, obeys=(IF_TAGS,)),
    ("PUT", "properties"): Operation("w", write.set_properties, leased=True, obeys=(IF_TAGS,)),
    ("PUT", "tags"): Operation("t", tags.set_tags, leased=True, obeys=(IF_TAGS,)),
    ("PUT", "tier"): Operation("w", write.set_tier, obeys=(IF_TAGS,)),
    ("PUT", "copy"): Operation("w", copies.abort),
    ("PUT", "lease"): Operation("wd", leasing.lease_blob, leased=None, obeys=(IF_TAGS,)),
    ("DELETE", ""): Operation("d", write.delete, leased=True, obeys=(IF_TAGS,)),
}
"""Blocks, unlike a whole blob, take a signature that may write. Source: Microsoft's Azurite 3.35."""
COPY_OPERATIONS: Table = {
    ("PUT", ""): Operation("cw", copies.copy, leased=True, obeys=(*TAGS, TAG_OPTION, "x-ms-source-if-tags")),
    ("PUT", "block"): Operation("w", copies.put_block, leased=True),
    ("PUT", "appendblock"): Operation("aw", copies.append_block, leased=True, obeys=(IF_TAGS,)),
}
"""What the operations on a blob are when the request names a source (``x-ms-copy-source``)."""


async def account(storage: Storage, request: web.Request, suffix: str) -> web.StreamResponse:
    """An operation on the storage account."""
    restype = request.query.get("restype")
    name, cut, _ = request.query.get("prefix", "").partition("/")
    if restype == "container" and cut and key_of(request) in PREFIX_OPERATIONS:
        access = RequestedAccess("", "c", account_segment(suffix), name)
        return await perform(storage, request, PREFIX_OPERATIONS, access)
    # @azure/storage-blob 12.32 takes an account that stands in the path for a container, and says so in its batches.
    own = restype is None or request.query.get("comp") == "batch"
    other: dict[str | None, Table] = {"account": INFORMATION, "service": SERVICE_OPERATIONS}
    table = ACCOUNT_OPERATIONS if own else other.get(restype, {})
    searched = own and key_of(request) in SEARCH
    level = "o" if searched else "" if table is INFORMATION else "s"
    access = RequestedAccess("", level, account_segment(suffix))
    return await perform(storage, request, SEARCH if searched else table, access)


async def container(storage: Storage, request: web.Request, suffix: str, container: str) -> web.StreamResponse:
    """An operation on a container."""
    restype = request.query.get("restype")
    table = CONTAINER_OPERATIONS if restype == "container" else INFORMATION if restype == "account" else {}
    if restype is None and request.query.get("action", "").lower() == "getaccesscontrol":
        table = ACCESS_CONTROL
    level = "" if table is INFORMATION else "c"
    return await perform(storage, request, table, RequestedAccess("", level, account_segment(suffix), container))


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


ROUTES = [
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}", account, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}/{{container}}", container, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.blob.{{suffix}}/{{container}}/{{name*}}", blob, Plane.STORAGE),
    Route("*", f"/{REGISTRY_CONTAINERS}{{rest}}", registry_container, Plane.STORAGE),
    Route("*", f"/{REGISTRY_CONTAINERS}{{rest}}/{{name*}}", registry_blob, Plane.STORAGE),
]
