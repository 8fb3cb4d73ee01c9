"""The addresses of the Data Lake endpoint below ``/<account>.dfs.<suffix>/`` and which operation each request is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.settings import ACCOUNT
from azureml_emulator.storage import containers
from azureml_emulator.storage.authorization import RequestedAccess
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake import appends, file_systems, leases, listings, paths, renames
from azureml_emulator.storage.lake.errors import respond_json
from azureml_emulator.storage.operations import Operation, carry_out

Table = Mapping[tuple[str, str], Operation]

ACCOUNT_OPERATIONS: Table = {("GET", "resource=account"): Operation("l", file_systems.list_all)}
FILE_SYSTEM_OPERATIONS: Table = {
    ("PUT", "resource=filesystem"): Operation("cw", file_systems.create),
    ("PATCH", "resource=filesystem"): Operation("w", file_systems.set_properties),
    ("HEAD", "resource=filesystem"): Operation("r", file_systems.properties),
    ("DELETE", "resource=filesystem"): Operation("d", file_systems.delete, leased=True),
    ("GET", "resource=filesystem"): Operation("l", listings.list_paths),
    ("HEAD", "action=getaccesscontrol"): Operation("r", containers.access_control),
    ("PATCH", "action=setaccesscontrol"): Operation("w", containers.access_control),
    ("PATCH", "action=setaccesscontrolrecursive"): Operation("w", containers.access_control),
}
PATH_OPERATIONS: Table = {
    ("PUT", "resource=file"): Operation("cw", paths.create_file),
    ("PUT", "resource=directory"): Operation("cw", paths.create_folder),
    ("PUT", "rename"): Operation("cw", renames.rename),
    ("PATCH", "action=append"): Operation("aw", appends.append, leased=True),
    ("PATCH", "action=flush"): Operation("w", appends.flush, leased=True),
    ("PATCH", "action=setproperties"): Operation("w", paths.set_properties, leased=True),
    ("PATCH", "action=setaccesscontrol"): Operation("w", containers.access_control),
    ("PATCH", "action=setaccesscontrolrecursive"): Operation("w", containers.access_control),
    ("HEAD", ""): Operation("r", paths.properties),
    ("HEAD", "action=getstatus"): Operation("r", paths.status),
    ("HEAD", "action=getaccesscontrol"): Operation("r", containers.access_control),
    ("GET", ""): Operation("r", paths.read),
    ("POST", ""): Operation("wd", leases.lease_path, leased=None),
    ("DELETE", ""): Operation("d", paths.delete, leased=True),
}


async def account(storage: Storage, request: web.Request, suffix: str) -> web.StreamResponse:
    """An operation on the storage account."""
    return await perform(storage, request, ACCOUNT_OPERATIONS, RequestedAccess("", "s", account_segment(suffix)))


async def file_system(storage: Storage, request: web.Request, suffix: str, container: str) -> web.StreamResponse:
    """An operation on a file system."""
    access = RequestedAccess("", "c", account_segment(suffix), container)
    return await perform(storage, request, FILE_SYSTEM_OPERATIONS, access)


async def path(storage: Storage, request: web.Request, suffix: str, container: str, name: str) -> web.StreamResponse:
    """An operation on a file or a folder; a slash at the end of its name means nothing."""
    name = name.rstrip("/")
    if not name:
        return await file_system(storage, request, suffix, container)
    access = RequestedAccess("", "o", account_segment(suffix), container, name)
    return await perform(storage, request, PATH_OPERATIONS, access)


async def perform(storage: Storage, request: web.Request, table: Table, access: RequestedAccess) -> web.StreamResponse:
    """Authorize and carry out the operation that a request is, with the Data Lake's own errors."""
    operation = table.get(key_of(request))
    if operation and operation.leased and leases.takes_lease(request):
        operation = replace(operation, leased=False)
    try:
        return await carry_out(storage, request, operation, access)
    except BlobError as error:
        return respond_json(error, request.method)


def key_of(request: web.Request) -> tuple[str, str]:
    """Which row of a table a request is."""
    if "x-ms-rename-source" in request.headers:
        return request.method, "rename"
    named = [f"{key}={request.query[key].lower()}" for key in ("resource", "action", "comp") if key in request.query]
    return request.method, "&".join(named)


def account_segment(suffix: str) -> str:
    """The first segment of the path, which clients take for the account's name."""
    return f"{ACCOUNT}.dfs.{suffix}"


ROUTES = [
    Route("*", f"/{ACCOUNT}.dfs.{{suffix}}", account, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.dfs.{{suffix}}/{{container}}", file_system, Plane.STORAGE),
    Route("*", f"/{ACCOUNT}.dfs.{{suffix}}/{{container}}/{{name*}}", path, Plane.STORAGE),
]
