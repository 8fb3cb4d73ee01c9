"""Routes of artifacts as the SDK of version 1 asks them: the operation first, and names in the path.

Source: ``_restclient/operations/artifact_operations.py`` of azureml-core 1.61.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from aiohttp import web

from azureml_emulator.core.paging import one_page
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.artifact_routes import (
    Folder,
    container_folder,
    content,
    content_information,
    list_folder,
    names,
    new_artifacts,
)
from azureml_emulator.history.backend import History
from azureml_emulator.mlflow.artifacts import RUNS


def address_for_sdk(address: str) -> str:
    """An address to write to, such that ``upload_blob_from_stream`` of azureml-core finds its way back to it.

    That client takes an address apart, ``https://<account>.blob.<suffix>/<container>/<name>``, and makes it anew, the
    name quoted once more. Here the account is in the path and the host may be a number, so account and ``blob`` stand
    in front of the host, where there is place for a user's name, of which ``requests`` makes no header without a
    password; and the name is as it is, but for what would end it.
    """
    scheme, _, rest = address.partition("://")
    place, _, query = rest.partition("?")
    host, _, path = place.partition("/")
    account = path.split(".")[0]
    name = re.sub("[%?#]", lambda match: quote(match[0]), unquote(path))
    return f"{scheme}://{account}.blob.x@{host}/{name}?{query}"


async def new_in_container(history: History, request: web.Request, origin: str, container: str) -> web.Response:
    """Artifacts - Batch create empty artifacts."""
    if origin == RUNS:
        folder = container_folder(history, origin, container)
    else:
        folder = Folder(history.settings.artifact_container, origin, container)
    return await new_artifacts(history, folder, request, address_for_sdk)


async def content_in_path(
    history: History, request: web.Request, origin: str, container: str, path: str
) -> web.Response:
    """Artifacts - Get content information."""
    return content_information(history, container_folder(history, origin, container), path)


async def contents_below(
    history: History, request: web.Request, origin: str, container: str, path: str
) -> web.Response:
    """Artifacts - List content information by prefix: a file, or a folder, behind which the SDK writes two slashes."""
    folder, whole = container_folder(history, origin, container), path.rstrip("/")
    found = [name for name in names(history, folder, whole) if name == whole or name.startswith(below(path))]
    return one_page([content(history, folder, name) for name in found])


async def list_below(history: History, request: web.Request, origin: str, container: str, path: str) -> web.Response:
    """Artifacts - List in path."""
    return list_folder(history, container_folder(history, origin, container), below(path))


def below(path: str) -> str:
    """What the names in a folder begin with; nothing for the whole container."""
    folder = path.rstrip("/")
    return f"{folder}/" if folder else ""


STORE = "/artifact/v2.0{ws}/artifacts"
PLACE = "{origin}/{container}"
ROUTES = [
    Route("POST", f"{STORE}/batch/metadata/{PLACE}", new_in_container, Plane.DATA),
    Route("GET", f"{STORE}/contentinfo/{PLACE}/{{path*}}", content_in_path, Plane.DATA),
    Route("GET", f"{STORE}/prefix/contentinfo/{PLACE}/{{path*}}", contents_below, Plane.DATA),
    Route("GET", f"{STORE}/{PLACE}/{{path*}}", list_below, Plane.DATA),
]
