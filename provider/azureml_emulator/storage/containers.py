"""Containers: made, removed, described."""

from __future__ import annotations

from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.policies import FIELDS, LONGEST_ID, MOST, Policy
from azureml_emulator.storage.blobs.records import Container
from azureml_emulator.storage.bodies import read_xml
from azureml_emulator.storage.conditions import OWN_SCOPE, metadata_headers, modified_since, unmodified_since
from azureml_emulator.storage.elements import document
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.sas import PERMISSIONS, read_moment

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
    found = find_container(storage, container)
    check_container_write(request, found)
    changed = change_container(storage, found, metadata=metadata_headers(request))
    return web.Response(headers=container_headers(changed))


async def access_policies(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Get Container ACL: the stored access policies."""
    found = find_container(storage, container)
    rows = "".join(map(policy_element, found.policies))
    return document(f"<SignedIdentifiers>{rows}</SignedIdentifiers>", container_headers(found))


async def set_access_policies(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Set Container ACL: replace the stored access policies; without a body there are none any more.

    They count at once; in the service it may take 30 seconds.
    """
    policies = read_policies(await read_xml(request)) if request.can_read_body else []
    if "x-ms-blob-public-access" in request.headers:
        raise BlobError("PublicAccessNotPermitted")
    found = find_container(storage, container)
    check_container_write(request, found)
    return web.Response(headers=container_headers(change_container(storage, found, policies=policies)))


def read_policies(root: ElementTree.Element) -> list[Policy]:
    """The stored access policies of a document.

    :raises BlobError: 400.
    """
    rows = {policy.id: policy for policy in map(read_policy, root)}
    if root.tag != "SignedIdentifiers" or not len(rows) == len(root) <= MOST:
        raise BlobError("InvalidXmlDocument", f"SignedIdentifiers has up to {MOST}, with an Id of their own each.")
    return list(rows.values())


def read_policy(row: ElementTree.Element) -> Policy:
    """One stored access policy; terms that it leaves empty it does not set.

    :raises BlobError: 400.
    """
    id, terms = row.findtext("Id") or "", row.find("AccessPolicy")
    if row.tag != "SignedIdentifier" or any(each.tag not in ("Id", "AccessPolicy") for each in row):
        raise BlobError("InvalidXmlDocument", row.tag)
    if not 1 <= len(id) <= LONGEST_ID:
        raise BlobError("InvalidXmlNodeValue", f"Id has 1 to {LONGEST_ID} characters.")
    return Policy(id, {each.tag: read_term(each) for each in (() if terms is None else terms) if each.text})


def read_term(element: ElementTree.Element) -> str:
    """What a stored access policy says of one thing, as it is shown.

    :raises BlobError: 400.
    """
    text = (element.text or "").strip()
    if element.tag not in FIELDS.values():
        raise BlobError("InvalidXmlDocument", element.tag)
    moment = read_moment(text)
    if element.tag == "Permission" and not set(text) - set(PERMISSIONS):
        return text
    if element.tag == "Permission" or moment is None:
        raise BlobError("InvalidXmlNodeValue", element.tag)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


def policy_element(policy: Policy) -> str:
    """A stored access policy in XML."""
    terms = "".join(f"<{term}>{policy.terms[term]}</{term}>" for term in FIELDS.values() if term in policy.terms)
    inner = f"<Id>{escape(policy.id)}</Id><AccessPolicy>{terms}</AccessPolicy>"
    return f"<SignedIdentifier>{inner}</SignedIdentifier>"


async def access_control(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Access control lists, of the root or of a path: only accounts with a hierarchical namespace have them.

    Clients ask for the root's to find out which kind of account this is; Arrow 26, where it was given a signature, at
    the address of the blob service. What that answers is not documented. Arrow takes 400 and 409 for an account like
    this one, and was tried with a signature against the service (https://github.com/apache/arrow/pull/45021).
    """
    find_container(storage, container)
    raise BlobError("HierarchicalNamespaceNotEnabled")


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


def change_container(storage: Storage, container: Container, **changes: Any) -> Container:
    """Write properties of a container, which is modified by that."""
    return storage.blobs.records.change_container(replace(container, modified=now(), **changes))


def container_headers(container: Container) -> dict[str, str]:
    """ETag and Last-Modified of a container."""
    moment = container.modified
    return {"ETag": f'"0x{int(moment.timestamp() * 1e6):X}"', "Last-Modified": format_datetime(moment, usegmt=True)}
