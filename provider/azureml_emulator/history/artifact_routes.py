"""Routes of artifacts: their names, addresses that carry the right to read them, and places for new ones.

Source: the clients ``_restclient/run_artifact`` and ``_restclient/artifact`` of azureml-mlflow 1.62.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.paging import one_page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import find_logged, missing_run
from azureml_emulator.mlflow.artifacts import RUNS
from azureml_emulator.storage.blobs.models import BlobNameError

WRITE_HOURS = 12
"""Hours for which an address to write to holds; that of the service is unproven."""


@dataclass(frozen=True)
class Folder:
    """A folder of artifacts: that of a run, or one that a client made, such as ``LocalUpload/<moment>-<id>``.

    :param storage: the container of the storage account that holds it.
    """

    storage: str
    origin: str
    container: str

    @property
    def prefix(self) -> str:
        """What the names of its blobs begin with."""
        return f"{self.origin}/{self.container}/"


def names(history: History, folder: Folder, prefix: str) -> list[str]:
    """The artifacts below a prefix, relative to their folder."""
    paths = history.blobs.names(folder.storage, folder.prefix + prefix)
    return [name.removeprefix(folder.prefix) for name in paths]


def content(history: History, folder: Folder, path: str, permissions: str = "r") -> dict[str, Any]:
    """Where one artifact can be read, or written."""
    lifetime = WRITE_HOURS * 3600.0 if permissions != "r" else 3600.0
    address = history.signer.url(folder.storage, folder.prefix + path, permissions, lifetime=lifetime)
    return {"contentUri": address, "origin": folder.origin, "container": folder.container, "path": path, "tags": {}}


def artifact_row(folder: Folder, path: str, created: str | None = None) -> dict[str, Any]:
    """One artifact of a list."""
    return {
        "artifactId": folder.prefix + path,
        "origin": folder.origin,
        "container": folder.container,
        "path": path,
        "etag": None,
        "createdTime": created,
        "dataPath": None,
        "tags": {},
    }


def run_folder(history: History, run: str) -> Folder:
    """The folder of a run: a job, or one that a script began by itself."""
    find_logged(history, run)
    return Folder(history.settings.artifact_container, RUNS, f"dcid.{run}")


def container_folder(history: History, origin: str, container: str) -> Folder:
    """A folder by its origin and name; those of runs are there as long as the run is known.

    Models that were no artifacts of a run lie in the default datastore: see ``mlflow.artifacts.address_of``.
    """
    if origin != RUNS:
        folder = Folder(history.settings.artifact_container, origin, container)
        return folder if names(history, folder, "") else Folder(history.settings.default_container, origin, container)
    if not container.startswith("dcid."):
        raise missing_run(container)
    return run_folder(history, container.removeprefix("dcid."))


def list_folder(history: History, folder: Folder, prefix: str) -> web.Response:
    """The artifacts below a prefix."""
    return one_page([artifact_row(folder, name) for name in names(history, folder, prefix)])


def content_information(history: History, folder: Folder, path: str) -> web.Response:
    """Where an artifact can be read, or a 404."""
    if path not in names(history, folder, path):
        message = f"The artifact {path!r} of {folder.prefix.rstrip('/')} was not found."
        raise ServiceError(404, "UserError", message, ("NotFoundError",), Envelope.HISTORY, component="artifact")
    return web.json_response(content(history, folder, path))


def content_by_prefix(history: History, folder: Folder, prefix: str) -> web.Response:
    """Where the artifacts below a prefix can be read."""
    return one_page([content(history, folder, name) for name in names(history, folder, prefix)])


def asked_path(request: web.Request) -> str:
    """The path, or the prefix, that a query names; empty where it names none."""
    return request.query.get("path", "")


async def new_artifacts(
    history: History, folder: Folder, request: web.Request, form: Callable[[str], str] = str
) -> web.Response:
    """Places for artifacts that the client is about to write.

    :param form: makes of an address to write to the one that the client understands.

    One that exists is an error in the answer, as in the service. Source of its words:
    https://github.com/lightly-ai/lightly-train/issues/256
    """
    made: dict[str, Any] = {"artifacts": {}, "artifactContentInformation": {}, "errors": {}}
    for path in await requested_paths(request):
        message = reason_against(history, folder, path)
        if message:
            made["errors"][path] = {"error": {"code": "UserError", "message": message}}
        else:
            made["artifacts"][path] = artifact_row(folder, path, stamp(now()))
            place = content(history, folder, path, "rcw")
            made["artifactContentInformation"][path] = {**place, "contentUri": form(place["contentUri"])}
    return web.json_response(made)


def reason_against(history: History, folder: Folder, path: str) -> str | None:
    """Why an artifact cannot be made, or None."""
    name = folder.prefix + path
    try:
        history.blobs.path(folder.storage, name)
    except BlobNameError as error:
        return str(error)
    exists = history.blobs.exists(folder.storage, name)
    return f"Resource Conflict: ArtifactId {name} already exists." if exists else None


async def requested_paths(request: web.Request) -> list[str]:
    """The paths of a request for places: ``{"paths": [{"path": "model/MLmodel"}]}``."""
    rows = (await read_object(request, Envelope.HISTORY)).get("paths")
    paths = [each.get("path") for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []
    if not paths or not all(isinstance(path, str) and path for path in paths):
        message = "paths must be an array of objects, each with a path."
        raise ServiceError(400, "UserError", message, ("BadArgument",), Envelope.HISTORY, component="artifact")
    return [str(path) for path in paths]


async def list_run_artifacts(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - List."""
    return list_folder(history, run_folder(history, run), asked_path(request))


async def run_content(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - Get content information."""
    return content_information(history, run_folder(history, run), asked_path(request))


async def run_prefix_content(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - List content information by prefix."""
    return content_by_prefix(history, run_folder(history, run), asked_path(request))


async def new_run_artifacts(history: History, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - Batch create empty artifacts."""
    return await new_artifacts(history, run_folder(history, run), request)


async def list_container_artifacts(history: History, request: web.Request, origin: str, container: str) -> web.Response:
    """Artifacts - List in container."""
    return list_folder(history, container_folder(history, origin, container), asked_path(request))


async def container_content(history: History, request: web.Request, origin: str, container: str) -> web.Response:
    """Artifacts - Get content information."""
    return content_information(history, container_folder(history, origin, container), asked_path(request))


async def container_prefix_content(history: History, request: web.Request, origin: str, container: str) -> web.Response:
    """Artifacts - List content information by prefix."""
    return content_by_prefix(history, container_folder(history, origin, container), asked_path(request))


async def new_container_artifacts(history: History, request: web.Request, origin: str, container: str) -> web.Response:
    """Artifacts - Batch create empty artifacts."""
    return await new_artifacts(history, Folder(history.settings.artifact_container, origin, container), request)


HISTORY = "/history/v1.0{ws}"
SCOPES = (f"{HISTORY}/experiments/{{experiment}}", f"{HISTORY}/experimentids/{{experimentid}}")
STORE = "/artifact/v2.0{ws}/artifacts/{origin}/{container}"
OF_RUN = (
    ("GET", "", list_run_artifacts),
    ("GET", "/contentinfo", run_content),
    ("GET", "/prefix/contentinfo", run_prefix_content),
    ("POST", "/batch/metadata", new_run_artifacts),
)

ROUTES = [
    *(
        Route(method, f"{scope}/runs/{{run}}/artifacts{path}", handler, Plane.DATA)
        for scope in SCOPES
        for method, path, handler in OF_RUN
    ),
    Route("GET", STORE, list_container_artifacts, Plane.DATA),
    Route("GET", f"{STORE}/contentinfo", container_content, Plane.DATA),
    Route("GET", f"{STORE}/prefix/contentinfo", container_prefix_content, Plane.DATA),
    Route("POST", f"{STORE}/batch/metadata", new_container_artifacts, Plane.DATA),
]
