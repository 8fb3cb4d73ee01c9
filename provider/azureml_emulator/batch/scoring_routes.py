"""Routes of the scoring host: invoke a batch endpoint, get one of its jobs; and the data plane's lists of them."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from azureml_emulator.batch.backend import Batch, missing
from azureml_emulator.batch.invocation import read_invocation
from azureml_emulator.batch.responses import batch_resource
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route

HEADER = "azureml-model-deployment"
VERSION = "2020-09-01-dataplanepreview"
COMPONENT = "batch-endpoint"


def in_words_of_host(error: ServiceError) -> ServiceError:
    """A refusal in the words of the scoring host (shape C, seen in public issues)."""
    if error.envelope is Envelope.MANAGEMENT:
        return replace(error, envelope=Envelope.HISTORY, component=COMPONENT)
    return error


async def post_job(batch: Batch, request: web.Request, endpoint: str, deployment: str | None = None) -> web.Response:
    """Invoke an endpoint: 201 and the job. Each call makes another job, as with the service."""
    body = await read_object(request, Envelope.HISTORY)
    holder, chosen = batch.route(endpoint, deployment or request.headers.get(HEADER))
    try:
        job = batch.invoke(holder, chosen, read_invocation(body))
    except ServiceError as error:
        raise in_words_of_host(error) from None
    request["job"] = job.name
    record, _ = batch.find_job(endpoint, job.name)
    settings = batch.settings
    path = f"{settings.workspace_arm_id}/batchEndpoints/{holder['name']}/deployments/{chosen['name']}"
    headers = {
        # Recorded: the address is the deployment's, not the job's.
        "Location": f"{settings.api}/mferp/managementfrontend{path}?api-version={VERSION}",
        HEADER: chosen["name"],
        "x-ms-response-type": "standard",
    }
    return web.json_response(batch_resource(settings, record, job), status=201, headers=headers)


async def get_job(
    batch: Batch, request: web.Request, endpoint: str, job: str, deployment: str | None = None
) -> web.Response:
    """One job of an endpoint."""
    return web.json_response(batch_resource(batch.settings, *batch.find_job(endpoint, job)))


async def list_jobs(batch: Batch, request: web.Request, endpoint: str, deployment: str | None = None) -> web.Response:
    """The jobs of an endpoint or deployment, the newest first."""
    if batch.endpoints.get(endpoint) is None:
        raise missing(f"The batch endpoint {endpoint} was not found.", "EndpointNotFound")
    if deployment is not None and batch.deployments.get(f"{endpoint}/{deployment}") is None:
        raise missing(f"The deployment {deployment} of endpoint {endpoint} was not found.", "DeploymentNotFound")
    jobs = batch.jobs_of(endpoint, deployment or request.query.get("deployment"))
    return page(request, batch.settings.base_url, [batch_resource(batch.settings, *row) for row in jobs])


DATA_PLANE = "/mferp/managementfrontend{ws}/batchEndpoints/{endpoint}"
OF_DEPLOYMENT = f"{DATA_PLANE}/deployments/{{deployment}}"
ROUTES = [
    Route("POST", "/scoring/{endpoint}/jobs", post_job, Plane.SCORING),
    Route("GET", "/scoring/{endpoint}/jobs/{job}", get_job, Plane.SCORING),
    *(
        Route(method, f"{scope}/jobs{tail}", handler, Plane.SCORING)
        for scope in (DATA_PLANE, OF_DEPLOYMENT)
        for method, tail, handler in (("POST", "", post_job), ("GET", "", list_jobs), ("GET", "/{job}", get_job))
    ),
]
