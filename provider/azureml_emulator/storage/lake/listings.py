"""What lies in a folder of a file system, page by page.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import shown_folder
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.conditions import version_headers
from azureml_emulator.storage.containers import encode_marker
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.lake.file_systems import paging
from azureml_emulator.storage.lake.properties import existing_path

FILETIME = 116444736000000000
"""The epoch in the unit of ``creationTime``: 100 nanoseconds since 1601."""


async def list_paths(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Path - List: files and folders below one, all of them or its own level only, in the order of their names."""
    recursive = read_flag(request, "recursive")
    if recursive is None:
        raise BlobError("MissingRequiredQueryParameter", "recursive")
    marker, most = paging(request)
    if not storage.blobs.has_container(container):
        raise BlobError("FilesystemNotFound")
    folder = request.query.get("directory", "").strip("/")
    if folder and not existing_path(storage, container, folder).folder:
        raise BlobError("PathNotFound")
    top = storage.blobs.place(container, folder).rstrip("/")
    found = sorted(item for item in entries(top, f"{folder}/" if folder else "", recursive) if item[0] >= marker)
    paths = []
    for name, is_folder in found[:most]:
        path = shown_folder(storage.blobs, container, name) if is_folder else storage.blobs.get(container, name)
        if path:
            paths.append(row(path))
    following = {"x-ms-continuation": encode_marker(found[most][0])} if len(found) > most else {}
    return web.json_response({"paths": paths}, headers=following)


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


def entries(top: str, lead: str, recursive: bool) -> Iterator[tuple[str, bool]]:
    """The names of what lies in a folder, and whether each is a folder. Links are nothing here, as for blobs.

    :param lead: what stands in front of each name.
    """
    with os.scandir(top) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield lead + entry.name, True
                if recursive:
                    yield from entries(entry.path, f"{lead}{entry.name}/", recursive)
            elif entry.is_file(follow_symlinks=False):
                yield lead + entry.name, False


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
