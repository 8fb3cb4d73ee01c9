"""Batch jobs: how a batch endpoint takes an invocation, and how its jobs show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_emulator.batch.batch_run import RECORD, batch_record
from azureml_emulator.batch.deployments import is_pipeline
from azureml_emulator.batch.invocation import Body, display_name, effective, job_name, parameters, scoring_definition
from azureml_emulator.batch.models import Endpoints, Record
from azureml_emulator.batch.pipeline_invocation import pipeline_definition
from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.jobs.checks import begin
from azureml_emulator.jobs.models import Job, Jobs, completed_definition, moment

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments/jobs"
NO_DEFAULT = (
    "No valid deployments to route to. Please check that the endpoint has at least one deployment with positive weight "
    "values or use a deployment specific header to route."
)
"""Source: Microsoft's page on troubleshooting batch endpoints; its status and code are unproven."""

PIPELINE_PROPERTIES = {
    "azureml.runsource": "azureml.PipelineRun",
    "runSource": "Unavailable",
    "runType": "HTTP",
    "azureml.pipelineComponent": "pipelinerun",
}
"""Properties of every batch job. Source: recorded answers to invocations."""

LAG = 5.0
"""Seconds that a job is missing from lists when the fault does not say how many."""

EARLY = frozenset({"NotStarted", "Starting"})


def route(em: Emulator, endpoint: str, header: str | None) -> tuple[Record, Record]:
    """The endpoint and the deployment that a request goes to: the one that its header names, else the default.

    :raises ServiceError: 404 for what does not exist, 400 where there is no default. Status and codes are unproven.
    """
    endpoints = Endpoints(em.store, em.transitions.clock("endpoints").seconds)
    holder = endpoints.get(endpoint)
    if holder is None:
        raise missing(f"The batch endpoint {endpoint} was not found.", "EndpointNotFound")
    name = header or (holder["properties"].get("defaults") or {}).get("deploymentName")
    if not name:
        raise ServiceError(400, "UserError", NO_DEFAULT, ("BadArgument", "NoDefaultDeployment"), Envelope.HISTORY)
    deployment = endpoints.deployment(holder["name"], name)
    if deployment is None:
        raise missing(f"The deployment {name} of endpoint {endpoint} was not found.", "DeploymentNotFound")
    if deployment["state"] in ("Creating", "Deleting", "Failed"):
        message = f"The deployment {name} is not ready: its state is {deployment['state']}."
        raise ServiceError(400, "UserError", message, ("BadArgument", "DeploymentNotReady"), Envelope.HISTORY)
    return holder, deployment


def missing(message: str, code: str) -> ServiceError:
    """404 of the scoring host."""
    return ServiceError(404, "UserError", message, ("NotFoundError", code), Envelope.HISTORY)


def invoke(em: Emulator, endpoint: Record, deployment: Record, given: Body) -> Job:
    """Make and start the job of an invocation.

    :raises ServiceError: the invocation does not fit the deployment; no job was made.
    """
    name, echoed = job_name(), given
    if em.faults.take("drop_mark", f"POST /scoring/{endpoint['name']}/jobs"):
        echoed = {key: value for key, value in given.items() if key not in ("properties", "tags")}
    record = {"endpoint": endpoint["name"], "deployment": deployment["name"], "shown": shown(deployment, given)}
    if is_pipeline(deployment["properties"]):
        graph = pipeline_definition(em, endpoint, deployment, given)
        tags = {"azureml.jobtype": "azureml.pipelinejob"}
        job = begin(em, name, {**graph, **described(endpoint, deployment, echoed, tags)})
        em.store.put(RECORD, name, {**record, "kind": "pipeline"})
        return job
    child = scoring_definition(em, endpoint["name"], deployment, given)
    definition = completed_definition(name, parent_definition(endpoint, deployment, echoed, child))
    with em.store.transaction():
        em.store.put(RECORD, name, {**record, "kind": "model", "child": child})
        job = Jobs(em.store).add(name, definition, em.settings.client_id)
    em.engine.submit(name)
    return job


def described(endpoint: Record, deployment: Record, given: Body, tags: Body) -> Body:
    """Names, tags and properties of a batch job. Source: recorded GET of such a job."""
    text = f"Pipeline submission for endpoint: {endpoint['name']}, deployment: {deployment['name']}."
    own = {"azureml.batchrun": "true", "azureml.deploymentname": deployment["name"], **tags}
    return {
        "displayName": display_name(given),
        "description": given.get("description") or text,
        "tags": {**(given.get("tags") or {}), **own},
        "properties": {**(given.get("properties") or {}), **PIPELINE_PROPERTIES},
    }


def parent_definition(endpoint: Record, deployment: Record, given: Body, child: Body) -> Body:
    """A model deployment's batch job as ARM shows it: a pipeline, its experiment the endpoint's name."""
    output = child["outputs"]["score"]
    kinds = {"inputType": child["inputs"]["data"]["jobInputType"], "outputType": output["jobOutputType"]}
    definition = described(endpoint, deployment, given, {"azureml.jobtype": "azureml.batchjob", **kinds})
    definition["properties"]["azureml.parameters"] = parameters(
        effective(deployment["properties"], given), output.get("uri")
    )
    return {"jobType": "Pipeline", "experimentName": endpoint["name"], **definition}


def shown(deployment: Record, given: Body) -> Body:
    """What the answer to an invocation says of it beside the job's own state. Source: recorded answers."""
    settings = effective(deployment["properties"], given)
    resources = settings["resources"]
    body = {
        "dataset": None,
        "inputData": {
            name: {"description": None, **mode_of(row), **row} for name, row in (given.get("inputData") or {}).items()
        },
        "output": {"datastoreId": None, "path": None},
        "miniBatchSize": settings["miniBatchSize"],
        "maxConcurrencyPerInstance": settings["maxConcurrencyPerInstance"],
        "errorThreshold": settings["errorThreshold"],
        "retrySettings": settings["retrySettings"],
        "loggingLevel": settings["loggingLevel"],
        "outputFileName": settings["outputFileName"],
        "compute": {
            "target": settings["compute"],
            "instanceCount": resources["instanceCount"],
            "isLocal": False,
            "location": None,
            "instanceType": resources.get("instanceType"),
            "properties": None,
        },
    }
    outputs = given.get("outputData")
    if outputs:  # recorded: the key is there only when the request had it
        body["outputData"] = {
            name: {"description": None, "mode": "ReadWriteMount", **row} for name, row in outputs.items()
        }
    return body


def mode_of(row: Body) -> Body:
    """The mode that the service fills in for data."""
    return {} if row["jobInputType"] == "Literal" else {"mode": "ReadOnlyMount"}


def batch_resource(em: Emulator, job: Job) -> dict[str, Any]:
    """A batch job as the scoring host and the data plane tell of it. Source: recorded answers to invocations."""
    record = batch_record(em, job.name)
    assert record is not None
    own = em.settings
    wsid = f"/subscriptions/{own.subscription_id}/resourcegroups/{own.resource_group}/workspaces/{own.workspace_name}"
    studio = f"{own.studio_url}/runs/{job.name}?wsid={wsid}"
    tracking = f"azureml://{own.api.partition('://')[2]}/mlflow/v1.0{own.ws_arm}?"
    return {
        "id": f"{own.ws_arm}/batchEndpoints/{record['endpoint']}/deployments/{record['deployment']}/jobs/{job.name}",
        "name": job.name,
        "type": TYPE,
        "properties": {
            **record["shown"],
            "name": job.definition["displayName"],
            "description": job.definition.get("description"),
            "provisioningState": "Succeeded",
            "status": "Preparing" if job.status in EARLY else job.status,
            "interactionEndpoints": {
                name: {"jobEndpointType": name, "port": None, "endpoint": address, "properties": None}
                for name, address in (("Studio", studio), ("Tracking", tracking))
            },
            "tags": job.definition["tags"],
            "properties": job.definition["properties"],
        },
        "systemData": {"createdAt": job.created_at, "createdBy": job.created_by, "createdByType": "Application"},
    }


def jobs_of(em: Emulator, endpoint: str, deployment: str | None) -> list[Job]:
    """The jobs of an endpoint, or of one of its deployments, the newest first."""
    rows = []
    for job in Jobs(em.store).all():
        record = batch_record(em, job.name)
        if record is None or record["endpoint"].lower() != endpoint.lower() or listed_late(em, job):
            continue
        if deployment is None or record["deployment"].lower() == deployment.lower():
            rows.append(job)
    return rows[::-1]


def listed_late(em: Emulator, job: Job) -> bool:
    """Whether lists do not show a batch job, nor its steps, yet (fault ``list_lag``)."""
    delays = [row["delay"] for row in em.faults.list() if row["kind"] == "list_lag"]
    created = moment(job.created_at)
    invoked = job.root or job.parent or job.name
    if not delays or created is None or batch_record(em, invoked) is None:
        return False
    age = (now() - created).total_seconds()
    young = any(age < (LAG if delay is None else delay) for delay in delays)
    return young and em.faults.take("list_lag", invoked) is not None
