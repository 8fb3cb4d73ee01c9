"""Routes of jobs: put, get, list, cancel, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.batch.responses import listed_late
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.transitions import JOBS
from azureml_emulator.history.responses import shown_tags
from azureml_emulator.identity.tokens import TokenError
from azureml_emulator.jobs.checks import begin, check_references, read_job
from azureml_emulator.jobs.models import (
    STOPPABLE,
    Job,
    Jobs,
    changed_properties,
    completed_definition,
    immutable_message,
    updated_definition,
)
from azureml_emulator.pipelines import pipeline_run

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

TYPE = "Microsoft.MachineLearningServices/workspaces/jobs"
PAGE = 50
"""Jobs on a page; the service's own number is unproven."""

ABSENT = (
    "description",
    "computeId",
    "codeId",
    "componentId",
    "distribution",
    "limits",
    "notificationSetting",
    "secretsConfiguration",
)
"""Properties that a command job shows as null when they were not given."""


ABSENT_PIPELINE = (
    "description",
    "computeId",
    "componentId",
    "notificationSetting",
    "secretsConfiguration",
    "sourceJobId",
)
"""The same of a pipeline job."""


def job_resource(em: Emulator, job: Job) -> dict[str, Any]:
    """A job as ARM answers it. A step of a pipeline has no ``properties`` there at all. Source: recorded answers to
    GET of command jobs, pipeline jobs and a pipeline's child."""
    envelope = {
        "id": f"{em.settings.ws_arm}/jobs/{job.name}",
        "name": job.name,
        "type": TYPE,
        "systemData": {"createdAt": job.created_at, "createdBy": job.created_by, "createdByType": "Application"},
    }
    return envelope if job.node else {**envelope, "properties": job_properties(em, job)}


def job_properties(em: Emulator, job: Job) -> dict[str, Any]:
    """The properties of a job that is no step."""
    definition = job.definition
    hollow = job.ended and em.faults.take("null_outputs", job.name) is not None
    properties: dict[str, Any] = {
        **dict.fromkeys(ABSENT_PIPELINE if definition["jobType"] == "Pipeline" else ABSENT),
        **definition,
        "status": job.status,
        "services": {**definition.get("services", {}), **own_services(em, job.name)},
        "properties": system_properties(job),
        "tags": shown_tags(em, job),
        "inputs": {name: {"description": None, **value} for name, value in definition["inputs"].items()},
        "outputs": {name: output_row(value, hollow) for name, value in definition["outputs"].items()},
    }
    if definition["jobType"] == "Pipeline":
        return properties
    resources = (
        "instanceCount",
        "maxInstanceCount",
        "instanceType",
        "locations",
        "properties",
        "shmSize",
        "dockerArgs",
    )
    return {
        **properties,
        "parameters": em.tracking.params(job.name),
        "queueSettings": definition.get("queueSettings"),
        "resources": {**dict.fromkeys(resources), **definition["resources"]},
    }


def system_properties(job: Job) -> dict[str, str]:
    """The job's own properties with those that the service adds."""
    added = pipeline_run.properties(job) if job.definition["jobType"] == "Pipeline" else SYSTEM_PROPERTIES
    return {**added, **job.definition["properties"]}


SYSTEM_PROPERTIES = {
    "_azureml.ComputeTargetType": "amlctrain",
    "ProcessInfoFile": "azureml-logs/process_info.json",
    "ProcessStatusFile": "azureml-logs/process_status.json",
}


def output_row(value: dict[str, Any], hollow: bool) -> dict[str, Any]:
    """An output as it was asked for: without a ``uri`` of its own it stays null, also when the job has ended."""
    row = {"uri": None, "assetName": None, "assetVersion": None, "description": None, **value}
    return {**row, "uri": None} if hollow else row


def own_services(em: Emulator, name: str) -> dict[str, dict[str, Any]]:
    """The two services of every job: where it is tracked, and its Studio page."""
    own = em.settings
    tracking = f"azureml://{own.api.partition('://')[2]}/mlflow/v1.0{own.ws_arm}?"
    wsid = f"/subscriptions/{own.subscription_id}/resourcegroups/{own.resource_group}/workspaces/{own.workspace_name}"
    empty = dict.fromkeys(("port", "status", "errorMessage", "properties", "nodes"))
    return {
        "Tracking": {"jobServiceType": "Tracking", "endpoint": tracking, **empty},
        "Studio": {"jobServiceType": "Studio", "endpoint": f"{own.studio_url}/runs/{name}?wsid={wsid}", **empty},
    }


def known_job(em: Emulator, name: str) -> Job:
    """A job, or the service's 404. Source: recorded answer."""
    job = Jobs(em.store).get(name)
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


async def put_job(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Jobs - Create or update: 201 starts a job; the same definition again is 200 and starts nothing."""
    given = read_job(name, await read_object(request))
    check_user_token(em, request, given)
    jobs = Jobs(em.store)
    job = jobs.get(name)
    if job is not None:
        return web.json_response(job_resource(em, update(em, job, given)))
    job = begin(em, name, given, parent=given.get("parentJobName"))
    resource = job_resource(em, job)
    version = request.query["api-version"]
    headers = {"Location": f"{em.settings.base_url}{resource['id']}?api-version={version}"}
    return web.json_response(resource, status=201, headers=headers)


def update(em: Emulator, job: Job, given: dict[str, Any]) -> Job:
    """Change what may change of a job that exists.

    :raises ServiceError: 400 ``JobPropertyImmutable`` when the definition is another one. The status 400 is unproven.
    """
    asked = completed_definition(job.name, given)
    changed = changed_properties(job.definition, asked)
    if "environmentId" in changed or "inputs" in changed:  # the stored spelling is the service's
        asked = completed_definition(job.name, check_references(em, given))
        changed = changed_properties(job.definition, asked)
    if changed:
        raise ServiceError(
            400,
            "UserError",
            immutable_message(changed),
            inner=("Immutable", "JobPropertyImmutable"),
            message_format=immutable_message(["{property}"]),
            parameters={"property": ", ".join(changed)},
        )
    return Jobs(em.store).change(job.name, definition=updated_definition(job.definition, given))


def check_user_token(em: Emulator, request: web.Request, given: dict[str, Any]) -> None:
    """A pipeline, and a job that runs as its submitter, carry a second token. Its absence being a 400 is unproven.

    Source: azure-ai-ml 1.35.2 sends ``x-azureml-token`` (no ``Bearer``, Azure ML's audience) with these jobs.
    """
    identity = (given.get("identity") or {}).get("identityType")
    if given["jobType"] != "Pipeline" and identity != "UserIdentity":
        return
    token = request.headers.get("x-azureml-token")
    if not token:
        message = "The header x-azureml-token is required for pipelines and for jobs that run with user identity."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "MissingUserToken"))
    try:
        em.tokens.verify(token, em.tokens.audiences.ml)
    except TokenError as error:
        raise ServiceError(
            401, "UserError", f"x-azureml-token: {error.message}", inner=("Unauthorized", error.code)
        ) from None


async def get_job(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Jobs - Get."""
    job = known_job(em, name)
    em.transitions.look(JOBS, name)
    return web.json_response(job_resource(em, job))


async def list_jobs(em: Emulator, request: web.Request) -> web.Response:
    """Jobs - List, the newest first; children are not among them. There is no filter by status, as with the service."""
    query = request.query
    view = query.get("listViewType", "ActiveOnly").lower()
    rows = [job for job in Jobs(em.store).all() if job.parent is None and not listed_late(em, job)]
    if view != "all":
        rows = [job for job in rows if bool(job.definition.get("isArchived")) is (view == "archivedonly")]
    if "jobType" in query:
        rows = [job for job in rows if job.definition["jobType"].lower() == query["jobType"].lower()]
    if "tag" in query:
        rows = [job for job in rows if query["tag"] in job.definition["tags"]]
    for text in filter(None, query.get("properties", "").split(",")):
        key, equals, value = text.partition("=")
        rows = [job for job in rows if key in job.definition["properties"]]
        rows = [job for job in rows if not equals or job.definition["properties"][key] == value]
    return page(request, em.settings.base_url, [job_resource(em, job) for job in reversed(rows)], default=PAGE)


async def cancel_job(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Jobs - Cancel: 202 and the address of the operation. A job that is finalizing or has ended refuses (unproven
    in form)."""
    job = known_job(em, name)
    begin_cancel(em, job, None)
    own = em.settings
    version = request.query["api-version"]
    location = (
        f"{own.base_url}/subscriptions/{own.subscription_id}/providers/Microsoft.MachineLearningServices/locations/{own.region}"
        f"/mfeOperationResults/jc:{own.workspace_id}:{name}?api-version={version}"
    )
    headers = {"Location": location, "Retry-After": "1", "x-ms-async-operation-timeout": "PT1H"}
    return web.json_response(None, status=202, headers=headers)


def begin_cancel(em: Emulator, job: Job, reason: str | None) -> None:
    """Ask a job to end; once more is no matter.

    :raises ServiceError: 400 when it is finalizing or has ended.
    """
    if job.status in STOPPABLE:
        em.engine.cancel(job.name, reason)
    elif job.status != "CancelRequested":
        message = f"Job {job.name} is in state {job.status} and cannot be canceled."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "JobNotCancelable"))


async def patch_job(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Jobs - Update: the notification setting, as in the previews 2023-04-01 and 2024-01-01."""
    job = known_job(em, name)
    body = await read_object(request)
    setting = (body.get("properties") or {}).get("notificationSetting")
    changed = Jobs(em.store).change(name, definition={**job.definition, "notificationSetting": setting})
    return web.json_response(job_resource(em, changed))


async def delete_job(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Jobs - Delete: 200, or 204 when there is none. That only an ended job may be deleted is unproven."""
    job = Jobs(em.store).get(name)
    if job is None:
        return web.Response(status=204)
    if not job.ended:
        message = f"Job {name} is in state {job.status}; only a job that has ended can be deleted."
        raise ServiceError(400, "UserError", message, inner=("BadArgument", "JobNotTerminal"))
    Jobs(em.store).delete(name)
    return web.Response(status=200)


ROUTES = [
    Route("GET", "{ws}/jobs", list_jobs, Plane.ARM),
    Route("GET", "{ws}/jobs/{name}", get_job, Plane.ARM),
    Route("PUT", "{ws}/jobs/{name}", put_job, Plane.ARM),
    Route("PATCH", "{ws}/jobs/{name}", patch_job, Plane.ARM),
    Route("DELETE", "{ws}/jobs/{name}", delete_job, Plane.ARM),
    Route("POST", "{ws}/jobs/{name}/cancel", cancel_job, Plane.ARM),
]
