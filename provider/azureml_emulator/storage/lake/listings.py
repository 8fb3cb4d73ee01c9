"""What lies in a folder of a file system, page by page.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import shown_folder
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.blobs.walks import Position
from azureml_emulator.storage.conditions import version_headers
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.file_systems import paging
from azureml_emulator.storage.lake.properties import existing_path
from azureml_emulator.storage.listings import encode_marker

FILETIME = 116444736000000000
"""The epoch in the unit of ``creationTime``: 100 nanoseconds since 1601."""


async def list_paths(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Path - List: files and folders below one, all of them or its own level only, in the order of their names.

    ``beginFrom``, relative to the folder, is the first that is wanted: ``start_from`` of azure-storage-file-datalake
    12.26, which says that a listing of one level takes one level of names only.
    """
    recursive = read_flag(request, "recursive")
    if recursive is None:
        raise BlobError("MissingRequiredQueryParameter", "recursive")
    marker, most = paging(request)
    if not storage.blobs.has_container(container):
        raise BlobError("FilesystemNotFound")
    folder = request.query.get("directory", "").strip("/")
    if folder and not existing_path(storage, container, folder).folder:
        raise BlobError("PathNotFound")
    lead, first = f"{folder}/" if folder else "", request.query.get("beginFrom", "")
    if "/" in first.rstrip("/") and not recursive:
        raise BlobError("InvalidQueryParameterValue", "beginFrom")
    position = Position(max(marker, lead + first))
    names = storage.blobs.walk(container, lead, position)
    found = list(islice(entries(names, position, recursive=recursive), most + 1))
    paths = []
    for name in found[:most]:
        is_folder, name = name.endswith("/"), name.rstrip("/")
        path = shown_folder(storage.blobs, container, name) if is_folder else storage.blobs.get(container, name)
        if path:  # it may have been removed meanwhile
            paths.append(row(path))
    following = {"x-ms-continuation": encode_marker(found[most])} if len(found) > most else {}
    return web.json_response({"paths": paths}, headers=following)


def entries(names: Iterable[str], position: Position, *, recursive: bool) -> Iterator[str]:
    """Names in order, without those that lie deeper unless all are wanted.

    :param position: where the names go on; it is set behind a folder that is not to be entered.
    """
    for name in names:
        yield name
        if name.endswith("/") and not recursive:
            position.leave(name)


def read_flag(request: web.Request, name: str) -> bool | None:
    """A field of the query that is true or false; None where it is not there.

    :raises BlobError: it is neither.
    """
    text = request.query.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise BlobError("InvalidQueryParameterValue", name)
    return text.lower() == "true"


def row(path: Blob) -> dict[str, Any]:
    """One path of a listing; numbers and flags are texts, as the service writes them."""
    told = version_headers(path)
    return {
        "name": path.name,
        **({"isDirectory": "true"} if path.folder else {}),
        "contentLength": str(path.size),
        "lastModified": told["Last-Modified"],
        "etag": path.etag,
        "creationTime": str(int(path.created.timestamp() * 10_000_000) + FILETIME),
    }
