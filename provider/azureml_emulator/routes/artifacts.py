"""Routes of a run's artifacts: their names, and addresses that carry the right to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.errors import Envelope, ServiceError
from azureml_emulator.model import Job
from azureml_emulator.routing import Plane, Route
from azureml_emulator.runs import known_run, missing_run

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

ORIGIN = "ExperimentRun"


def names(em: Emulator, job: Job, prefix: str) -> list[str]:
    """The run's artifacts below a prefix, relative to its folder."""
    folder = f"{ORIGIN}/{job.data_container}/"
    found = em.blobs.names(em.settings.artifact_container, folder + prefix)
    return [name.removeprefix(folder) for name in found]


def content(em: Emulator, job: Job, path: str) -> dict[str, Any]:
    """Where one artifact can be read."""
    address = em.signer.url(em.settings.artifact_container, f"{ORIGIN}/{job.data_container}/{path}")
    return {"contentUri": address, "origin": ORIGIN, "container": job.data_container, "path": path, "tags": {}}


def row(job: Job, path: str) -> dict[str, Any]:
    """One artifact of a list."""
    return {
        "artifactId": f"{ORIGIN}/{job.data_container}/{path}",
        "origin": ORIGIN,
        "container": job.data_container,
        "path": path,
        "etag": None,
        "createdTime": job.created_at,
        "dataPath": None,
        "tags": {},
    }


def page(rows: list[dict[str, Any]]) -> web.Response:
    """A list in one page."""
    return web.json_response({"value": rows, "continuationToken": None, "nextLink": None})


def one(em: Emulator, job: Job, request: web.Request) -> dict[str, Any]:
    """The artifact that the query names, or a 404."""
    path = request.query.get("path", "")
    if path not in names(em, job, path):
        message = f"The artifact {path!r} of run {job.name} was not found."
        raise ServiceError(404, "UserError", message, ("NotFoundError",), Envelope.HISTORY, component="artifact")
    return content(em, job, path)


def in_container(em: Emulator, container: str) -> Job:
    """The run whose artifacts a container holds."""
    if not container.startswith("dcid."):
        raise missing_run(container)
    return known_run(em, container.removeprefix("dcid."))


async def list_of_run(em: Emulator, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - List, below the prefix ``path``."""
    job = known_run(em, run)
    return page([row(job, name) for name in names(em, job, request.query.get("path", ""))])


async def content_of_run(em: Emulator, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - Get content information."""
    return web.json_response(one(em, known_run(em, run), request))


async def prefix_of_run(em: Emulator, request: web.Request, run: str, **scope: str) -> web.Response:
    """Run artifacts - List content information by prefix."""
    job = known_run(em, run)
    return page([content(em, job, name) for name in names(em, job, request.query.get("path", ""))])


async def list_of_container(em: Emulator, request: web.Request, container: str) -> web.Response:
    """Artifacts - List in container."""
    job = in_container(em, container)
    return page([row(job, name) for name in names(em, job, request.query.get("path", ""))])


async def content_of_container(em: Emulator, request: web.Request, container: str) -> web.Response:
    """Artifacts - Get content information."""
    return web.json_response(one(em, in_container(em, container), request))


async def prefix_of_container(em: Emulator, request: web.Request, container: str) -> web.Response:
    """Artifacts - List content information by prefix."""
    job = in_container(em, container)
    return page([content(em, job, name) for name in names(em, job, request.query.get("path", ""))])


HISTORY = "/history/v1.0{ws}"
SCOPES = (f"{HISTORY}/experiments/{{experiment}}", f"{HISTORY}/experimentids/{{experimentid}}")
STORE = f"/artifact/v2.0{{ws}}/artifacts/{ORIGIN}/{{container}}"

ROUTES = [
    *(Route("GET", f"{scope}/runs/{{run}}/artifacts", list_of_run, Plane.DATA) for scope in SCOPES),
    *(Route("GET", f"{scope}/runs/{{run}}/artifacts/contentinfo", content_of_run, Plane.DATA) for scope in SCOPES),
    *(
        Route("GET", f"{scope}/runs/{{run}}/artifacts/prefix/contentinfo", prefix_of_run, Plane.DATA)
        for scope in SCOPES
    ),
    Route("GET", STORE, list_of_container, Plane.DATA),
    Route("GET", f"{STORE}/contentinfo", content_of_container, Plane.DATA),
    Route("GET", f"{STORE}/prefix/contentinfo", prefix_of_container, Plane.DATA),
]
