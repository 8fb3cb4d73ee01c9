"""Lease Blob and Lease Container: the requests.

Source: https://learn.microsoft.com/rest/api/storageservices/lease-blob and
https://learn.microsoft.com/rest/api/storageservices/lease-container.
"""

from __future__ import annotations

import re
import uuid

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs import leases
from azureml_emulator.storage.conditions import check_write, version_headers
from azureml_emulator.storage.containers import check_container_write, container_headers, find_container
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.read import find_blob

PROPOSED, DURATION, ACTION = "x-ms-proposed-lease-id", "x-ms-lease-duration", "x-ms-lease-action"
STATUSES = {"acquire": 201, "renew": 200, "change": 200, "release": 200, "break": 202}


def check_lease(storage: Storage, request: web.Request, container: str, name: str, *, required: bool) -> None:
    """Refuse a request that does not name the lease in force, or names one that is not.

    Source: Azure Storage REST reference, Lease Blob and Lease Container, outcomes of use attempts.

    :param name: empty: the request is for the container itself.
    :param required: the lease in force has to be named.
    :raises BlobError: 412.
    """
    presented = request.headers.get("x-ms-lease-id")
    if presented is None and not required:
        return
    lease = storage.leases.get(container, name) if container else None
    if lease is None and presented is None:
        return
    if lease and name and not storage.blobs.is_there(container, name):
        storage.leases.put(container, name, None)
        lease = None
    kind = "Blob" if name else "Container"
    moment = now().timestamp()
    try:
        leases.check(lease, moment, presented.lower() if presented else None, kind, required=required)
    except leases.LeaseError as error:
        raise BlobError(str(error)) from None
    if required and leases.state_of(lease, moment) not in leases.LOCKED:
        # Who writes when a lease has ended ends it for good: it cannot be renewed.
        storage.leases.put(container, name, None)


async def lease_blob(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Lease Blob. It changes neither ETag nor time of modification."""
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    status, told = act(storage, request, container, name)
    return web.Response(status=status, headers={**version_headers(blob), **told})


async def lease_container(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Lease Container: who has it alone may delete the container; blobs are not concerned."""
    found = find_container(storage, container)
    check_container_write(request, found)
    status, told = act(storage, request, container, "")
    return web.Response(status=status, headers={**container_headers(found), **told})


def act(storage: Storage, request: web.Request, container: str, name: str) -> tuple[int, dict[str, str]]:
    """Do what the request says with a lease; returns status and headers.

    :raises BlobError: 400, or 409 where the lease's state does not allow it.
    """
    action = required(request, ACTION).lower()
    if action not in STATUSES:
        raise BlobError("InvalidHeaderValue", ACTION)
    kept, lease, moment = storage.leases, storage.leases.get(container, name), now().timestamp()
    told: dict[str, str] = {}
    changed: leases.Lease | None = None
    try:
        if action == "acquire":
            changed = leases.acquire(lease, moment, read_duration(request), read_id(request, PROPOSED))
        elif action == "renew":
            changed = leases.renew(lease, moment, named(request))
        elif action == "change":
            required(request, PROPOSED)
            changed = leases.change(lease, moment, named(request), read_id(request, PROPOSED))
        elif action == "release":
            leases.release(lease, named(request))
        else:
            changed, seconds = leases.end(lease, moment, read_period(request))
            told["x-ms-lease-time"] = str(seconds)
    except leases.LeaseError as error:
        raise BlobError(str(error)) from None
    kept.put(container, name, changed)
    if changed and action != "break":
        told["x-ms-lease-id"] = changed.id
    return STATUSES[action], told


def required(request: web.Request, header: str) -> str:
    """A header that has to be there."""
    text = request.headers.get(header)
    if text is None:
        raise BlobError("MissingRequiredHeader", header)
    return text


def named(request: web.Request) -> str:
    """The id of the lease that the request is about."""
    required(request, "x-ms-lease-id")
    return read_id(request, "x-ms-lease-id")


def read_id(request: web.Request, header: str) -> str:
    """A lease's id, a GUID; a new one where the header is not there."""
    text = request.headers.get(header)
    if text is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise BlobError("InvalidHeaderValue", header) from None


def read_duration(request: web.Request) -> int:
    """For how many seconds a lease is taken: 15 to 60, or -1 for no end."""
    text = required(request, DURATION)
    if not re.fullmatch(r"-1|\d{1,3}", text) or not (int(text) == leases.INFINITE or 15 <= int(text) <= 60):
        raise BlobError("InvalidHeaderValue", DURATION)
    return int(text)


def read_period(request: web.Request) -> int | None:
    """For how many seconds a lease that is broken goes on: 0 to 60."""
    text = request.headers.get("x-ms-lease-break-period")
    if text is not None and not (re.fullmatch(r"\d{1,3}", text) and int(text) <= 60):
        raise BlobError("InvalidHeaderValue", "x-ms-lease-break-period")
    return None if text is None else int(text)
