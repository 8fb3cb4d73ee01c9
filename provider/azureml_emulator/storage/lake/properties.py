"""Headers of the Data Lake endpoint: user-defined properties, content headers, and what describes a path.

Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import shown_folder
from azureml_emulator.storage.blobs.records import Blob
from azureml_emulator.storage.conditions import CONTENT_HEADERS, http_date, version_headers
from azureml_emulator.storage.errors import BlobError


def find_path(storage: Storage, container: str, name: str) -> Blob | None:
    """A file, or a folder, which may be there only because something lies in it; None where there is neither.

    :raises BlobError: there is no such file system.
    """
    if not storage.blobs.has_container(container):
        raise BlobError("FilesystemNotFound")
    storage.blobs.place(container, name)
    return storage.blobs.get(container, name) or shown_folder(storage.blobs, container, name)


def existing_path(storage: Storage, container: str, name: str) -> Blob:
    """A file or a folder.

    :raises BlobError: 404.
    """
    found = find_path(storage, container, name)
    if found is None:
        raise BlobError("PathNotFound")
    return found


def existing_file(storage: Storage, container: str, name: str) -> Blob:
    """A file.

    :raises BlobError: 404, or 409 where it is a folder.
    """
    found = existing_path(storage, container, name)
    if found.folder:
        raise BlobError("ResourceTypeMismatch")
    return found


def read_properties(request: web.Request) -> dict[str, str]:
    """What ``x-ms-properties`` says: ``n1=v1, n2=v2``, each value base64 of ISO-8859-1.

    :raises BlobError: it is written otherwise.
    """
    properties = {}
    for pair in filter(None, (pair.strip() for pair in request.headers.get("x-ms-properties", "").split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise BlobError("InvalidPropertyName", f"x-ms-properties: {name!r}")
        try:
            properties[name] = base64.b64decode(value, validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            raise BlobError("InvalidHeaderValue", f"x-ms-properties: {name}") from None
    return properties


def written_properties(properties: Mapping[str, str]) -> str:
    """Properties as ``x-ms-properties`` writes them."""
    coded = {name: base64.b64encode(value.encode("latin-1", "replace")).decode() for name, value in properties.items()}
    return ",".join(f"{name}={value}" for name, value in coded.items())


def path_headers(request: web.Request) -> dict[str, str]:
    """The content headers that a request gives a path: ``x-ms-content-type`` and others of that kind."""
    names = {f"x-ms-{name.lower()}": name for name in CONTENT_HEADERS}
    return {name: request.headers[key] for key, name in names.items() if request.headers.get(key)}


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The content headers that stay with a path where a write or new properties name none: all but its MD5.

    Source: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/update, ``x-ms-content-md5``.
    """
    return {name: value for name, value in headers.items() if name != "Content-MD5"}


def system_headers(storage: Storage, container: str, path: Blob) -> dict[str, str]:
    """What the service itself says of a path."""
    return {
        **version_headers(path),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        **path.headers,
        "x-ms-resource-type": "directory" if path.folder else "file",
        "x-ms-creation-time": http_date(int(path.created.timestamp())),
        **storage.leases.headers(container, path.name, now().timestamp()),
        "x-ms-server-encrypted": "true",
    }


def all_headers(storage: Storage, container: str, path: Blob) -> dict[str, str]:
    """What the service says of a path, and its user-defined properties."""
    return {**system_headers(storage, container, path), "x-ms-properties": written_properties(path.metadata)}
