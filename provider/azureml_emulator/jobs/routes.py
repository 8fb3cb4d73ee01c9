"""Routes of jobs: put, get, list, update, cancel, delete."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import anything, bag, record
from azureml_emulator.core.selection import has_all, refuse
from azureml_emulator.identity.tokens import TokenError
from azureml_emulator.jobs.backend import JobsBackend
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.jobs.responses import job_resource
from azureml_emulator.jobs.visibility import listed_late

PAGE = 50
"""Jobs on a page; the service's own number is unproven."""


PATCHED = record({"properties": record({"notificationSetting": bag(anything, nulls=True)})}, ("properties",))
"""Source: PartialJobBase of the previews 2023-04-01 and 2024-01-01."""


def find_job(jobs: Jobs, name: str) -> Job:
    """A job.

    :raises ServiceError: the service's 404. Source: recorded answer.
    """
    job = jobs.get(name)
    if job is None:
        raise ServiceError(
            404,
            "UserError",
            f"Job {name} not found.",
            inner=("NotFound", "JobNotFound"),
            message_format="Job {jobId} not found.",
            parameters={"jobId": name},
        )
    return job


async def put_job(backend: JobsBackend, request: web.Request, name: str) -> web.Response:
    """Jobs - Create or update: 201 starts a job; the same definition again is 200 and starts nothing."""
    properties = backend.read(name, await read_object(request))
    job = backend.jobs.get(name)
    if job is not None:
        return web.json_response(job_resource(backend, backend.update(job, properties)))
    check_user_token(backend, request, properties)
    backend.check_quota(name, properties)
    job = backend.engine.begin(name, properties, parent=properties.get("parentJobName"))
    resource = job_resource(backend, job)
    version = request.query["api-version"]
    headers = {"Location": f"{backend.settings.base_url}{resource['id']}?api-version={version}"}
    return web.json_response(resource, status=201, headers=headers)


def check_user_token(backend: JobsBackend, request: web.Request, properties: Properties) -> None:
    """A pipeline, and a job that runs as its submitter, carry a second token. Its absence being a 400 is unproven.

    Source: azure-ai-ml 1.35.2 sends ``x-azureml-token`` (no ``Bearer``, Azure ML's audience) with these jobs; 1.22.4
    archives a pipeline by putting it again without the header.
    """
    identity = (properties.get("identity") or {}).get("identityType")
    if not backend.engine.types[properties["jobType"]].needs_user_token and identity != "UserIdentity":
        return
    token = request.headers.get("x-azureml-token")
    if not token:
        message = "The header x-azureml-token is required for pipelines and for jobs that run with user identity."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "MissingUserToken"))
    try:
        backend.tokens.verify(token, backend.tokens.audiences.ml)
    except TokenError as error:
        raise ServiceError(
            401, "UserError", f"x-azureml-token: {error.message}", inner=("Unauthorized", error.code)
        ) from None


async def get_job(backend: JobsBackend, request: web.Request, name: str) -> web.Response:
    """Jobs - Get."""
    job = find_job(backend.jobs, name)
    backend.engine.look(name)
    return web.json_response(job_resource(backend, job))


async def list_jobs(backend: JobsBackend, request: web.Request) -> web.Response:
    """Jobs - List, the newest first; children are not among them. There is no filter by status, as with the service.

    ``assetName``, ``scheduled``, ``scheduleId`` are of the previews 2023-02-01 to 2024-01-01; azure-ai-ml 1.35.2 sends
    the last two to later versions, too. How a job tells its schedule is not published.
    """
    refuse(request, "scheduled", "scheduleId")
    query = request.query
    view = query.get("listViewType", "ActiveOnly").lower()
    jobs, faults = backend.jobs, backend.faults
    found = jobs.tagged(query["tag"]) if "tag" in query else jobs.all()
    rows = [job for job in found if job.parent is None and not listed_late(jobs, faults, job)]
    if view != "all":
        rows = [job for job in rows if bool(job.definition.get("isArchived")) is (view == "archivedonly")]
    if "jobType" in query:
        rows = [job for job in rows if job.definition["jobType"].lower() == query["jobType"].lower()]
    rows = [job for job in rows if has_all(request, "properties", job.definition["properties"])]
    if "assetName" in query:
        rows = [job for job in rows if query["assetName"] in registered_names(job)]
    show = partial(job_resource, backend)
    return page(request, backend.settings.base_url, rows[::-1], default=PAGE, show=show)


def registered_names(job: Job) -> set[str]:
    """The names of assets that a job's outputs are registered with."""
    outputs = (job.definition.get("outputs") or {}).values()
    return {str(output["assetName"]) for output in outputs if output and output.get("assetName")}


async def patch_job(backend: JobsBackend, request: web.Request, name: str) -> web.Response:
    """Jobs - Update: the notification setting, as in the previews 2023-04-01 and 2024-01-01."""
    body = read_body(await read_object(request), PATCHED)
    job = find_job(backend.jobs, name)
    setting = body["properties"].get("notificationSetting")
    changed = backend.jobs.change(name, definition={**job.definition, "notificationSetting": setting})
    return web.json_response(job_resource(backend, changed))


async def delete_job(backend: JobsBackend, request: web.Request, name: str) -> web.Response:
    """Jobs - Delete: 200, or 204 when there is none. That only an ended job may be deleted is unproven."""
    job = backend.jobs.get(name)
    if job is None:
        return web.Response(status=204)
    if not job.ended:
        message = f"Job {name} is in state {job.status}; only a job that has ended can be deleted."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "JobNotTerminal"))
    backend.jobs.delete(name)
    return web.Response(status=200)


async def cancel_job(backend: JobsBackend, request: web.Request, name: str) -> web.Response:
    """Jobs - Cancel: 202 and the address of the operation. A job that is finalizing or has ended refuses (unproven
    in form)."""
    backend.engine.cancel(find_job(backend.jobs, name))
    settings = backend.settings
    operation = f"mfeOperationResults/jc:{settings.workspace_id}:{name}"
    location = f"{settings.location_url}/{operation}?api-version={request.query['api-version']}"
    headers = {"Location": location, "Retry-After": "1", "x-ms-async-operation-timeout": "PT1H"}
    return web.json_response(None, status=202, headers=headers)


ROUTES = [
    Route("GET", "{ws}/jobs", list_jobs, Plane.ARM),
    Route("GET", "{ws}/jobs/{name}", get_job, Plane.ARM),
    Route("PUT", "{ws}/jobs/{name}", put_job, Plane.ARM),
    Route("PATCH", "{ws}/jobs/{name}", patch_job, Plane.ARM),
    Route("DELETE", "{ws}/jobs/{name}", delete_job, Plane.ARM),
    Route("POST", "{ws}/jobs/{name}/cancel", cancel_job, Plane.ARM),
]
