"""Routes of the scoring host: invoke a batch endpoint, look at one of its jobs; and the data plane's lists of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from azureml_emulator.batch.batch_run import batch_record
from azureml_emulator.batch.invocation import read_invocation
from azureml_emulator.batch.models import Endpoints
from azureml_emulator.batch.responses import batch_resource, invoke, jobs_of, missing, route
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.jobs.models import Jobs

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

T = TypeVar("T")

HEADER = "azureml-model-deployment"
VERSION = "2020-09-01-dataplanepreview"
COMPONENT = "batch-endpoint"


def worded(act: Callable[[], T]) -> T:
    """What an action answers; its refusals in the words of the scoring host (shape C, seen in public issues)."""
    try:
        return act()
    except ServiceError as error:
        if error.envelope is Envelope.MANAGEMENT:
            raise replace(error, envelope=Envelope.HISTORY, component=COMPONENT) from None
        raise


async def post_job(em: Emulator, request: web.Request, endpoint: str, deployment: str | None = None) -> web.Response:
    """Invoke an endpoint: 201 and the job. Each call makes another job, as with the service."""
    body = await read_object(request, Envelope.HISTORY)
    holder, chosen = route(em, endpoint, deployment or request.headers.get(HEADER))
    job = worded(lambda: invoke(em, holder, chosen, read_invocation(body)))
    request["job"] = job.name
    own = em.settings
    path = f"{own.ws_arm}/batchEndpoints/{holder['name']}/deployments/{chosen['name']}"
    headers = {
        # Recorded: the address is the deployment's, not the job's.
        "Location": f"{own.api}/mferp/managementfrontend{path}?api-version={VERSION}",
        HEADER: chosen["name"],
        "x-ms-response-type": "standard",
    }
    return web.json_response(batch_resource(em, job), status=201, headers=headers)


async def get_job(
    em: Emulator, request: web.Request, endpoint: str, job: str, deployment: str | None = None
) -> web.Response:
    """One job of an endpoint."""
    record = batch_record(em, job)
    found = Jobs(em.store).get(job)
    if record is None or found is None or record["endpoint"].lower() != endpoint.lower():
        raise missing(f"The job {job} of endpoint {endpoint} was not found.", "JobNotFound")
    return web.json_response(batch_resource(em, found))


async def list_jobs(em: Emulator, request: web.Request, endpoint: str, deployment: str | None = None) -> web.Response:
    """The jobs of an endpoint or deployment, the newest first."""
    endpoints = Endpoints(em.store, em.transitions.clock("endpoints").seconds)
    if endpoints.get(endpoint) is None:
        raise missing(f"The batch endpoint {endpoint} was not found.", "EndpointNotFound")
    if deployment is not None and endpoints.deployment(endpoint, deployment) is None:
        raise missing(f"The deployment {deployment} of endpoint {endpoint} was not found.", "DeploymentNotFound")
    chosen = deployment or request.query.get("deployment")
    rows: list[Any] = [batch_resource(em, job) for job in jobs_of(em, endpoint, chosen)]
    return page(request, em.settings.base_url, rows)


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
