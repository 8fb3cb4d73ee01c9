"""Leases of paths: by themselves, with a path that is made, and with what is written to a file.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/lease and, for those of a write,
``x-ms-lease-action`` and its neighbours in the published description of the api-version 2026-06-06
(``DataLakeStorage.json``, Path_Create, Path_AppendData and Path_FlushData).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs import leases
from azureml_emulator.storage.conditions import check_write, version_headers
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.properties import existing_path
from azureml_emulator.storage.leasing import (
    ACTION,
    DURATION,
    PROPOSED,
    act,
    check_lease,
    named,
    read_duration,
    read_id,
    required,
)

OF_A_WRITE = (PROPOSED, DURATION, ACTION)


class Change(NamedTuple):
    """What a write makes of its file's lease, and what its answer says of that.

    :param keep: to be called when the write is done.
    """

    keep: Callable[[], None]
    told: Mapping[str, str]


def takes_lease(request: web.Request) -> bool:
    """Whether a write takes a lease: it has none to name yet, and whether it can be taken is for it to say."""
    return request.headers.get(ACTION, "").lower().startswith("acquire")


async def lease_path(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Path - Lease. It changes neither ETag nor time of modification."""
    path = existing_path(storage, container, name)
    check_write(request, path)
    status, told = act(storage, request, container, name)
    return web.Response(status=status, headers={**version_headers(path), **told})


def lease_of_new(request: web.Request) -> leases.Lease | None:
    """The lease that a request to make a path takes of it; None where it takes none.

    :raises BlobError: one of the headers is missing, or is none of its kind.
    """
    if PROPOSED not in request.headers and DURATION not in request.headers:
        return None
    required(request, PROPOSED)
    return leases.acquire(None, now().timestamp(), read_duration(request), read_id(request, PROPOSED))


def lease_of_write(storage: Storage, request: web.Request, container: str, name: str, *, flushes: bool) -> Change:
    """What a request that writes to a file makes of the file's lease, which it has to name unless it takes it.

    :param flushes: it writes what was appended; only then a lease can be released with it. That another append is
        refused with ``InvalidHeaderValue`` is assumed.
    :raises BlobError: 400, or what Lease Blob answers.
    """
    action = request.headers.get(ACTION, "").lower()
    lease, moment = storage.leases.get(container, name), now().timestamp()
    told: dict[str, str] = {}
    changed = lease
    try:
        if action in ("acquire", "acquire-release"):
            required(request, PROPOSED)
            changed = leases.acquire(lease, moment, read_duration(request), read_id(request, PROPOSED))
        elif action == "auto-renew":
            changed = leases.renew(lease, moment, named(request))
            told["x-ms-lease-renewed"] = "true"
        elif action == "release":
            leases.release(lease, named(request))
        elif ACTION in request.headers or PROPOSED in request.headers or DURATION in request.headers:
            raise BlobError("InvalidHeaderValue", ACTION)
    except leases.LeaseError as error:
        raise BlobError(str(error)) from None
    if action.endswith("release"):
        if not flushes:
            raise BlobError("InvalidHeaderValue", f"{ACTION}: {action} without a flush")
        changed = None
    check_lease(storage, request, container, name, required=not takes_lease(request))

    def keep() -> None:
        if changed is not lease:
            storage.leases.put(container, name, changed)

    return Change(keep, told)
