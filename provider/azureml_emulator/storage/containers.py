"""Containers: made, removed, described."""

from __future__ import annotations

import re
from email.utils import format_datetime

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.records import Container
from azureml_emulator.storage.conditions import OWN_SCOPE, metadata_headers, modified_since, unmodified_since
from azureml_emulator.storage.elements import document
from azureml_emulator.storage.errors import BlobError

NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")

ACCOUNT_INFORMATION = {
    "x-ms-sku-name": "Standard_LRS",
    "x-ms-account-kind": "StorageV2",
    "x-ms-is-hns-enabled": "false",
}


NOT_PROTECTED = {
    **OWN_SCOPE,
    "x-ms-has-immutability-policy": "false",
    "x-ms-has-legal-hold": "false",
    "x-ms-immutable-storage-with-versioning-enabled": "false",
}
"""What every container says of how it is kept."""


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
        **NOT_PROTECTED,
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
