"""Batch endpoints and their deployments: read, list, create, delete, invoke, and the jobs of one.

Sources: https://learn.microsoft.com/rest/api/azureml/batch-endpoints and
https://learn.microsoft.com/rest/api/azureml/batch-deployments; recorded answers; azure-ai-ml 1.35.2 for what is sent.
Creating and deleting are long-running: the ``begin_…`` calls give back the answer that ``lro.finish`` follows to its
end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from airflow_azureml.rest import lro
from airflow_azureml.rest.errors import NoAnswerError, NotFoundError
from airflow_azureml.rest.flow import Call, Json, Plane, Reply, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import ELSEWHERE, Job
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import collect

DEPLOYMENT_HEADER = "azureml-model-deployment"
"""The header that chooses a deployment; without it the endpoint's default one runs."""

JOBS_VERSION = {"api-version": "2020-09-01-dataplanepreview"}

Kind = Literal["model", "pipeline"]


@dataclass(frozen=True)
class Endpoint:
    """A batch endpoint as the service shows it.

    :param scoring_uri: where it is invoked, to be used as it is; None until it is ready.
    :param default_deployment: runs where an invocation names none; None where there is none.
    :param state: ``Creating``, ``Succeeded``, ``Failed`` ...
    """

    name: str
    scoring_uri: str | None = None
    default_deployment: str | None = None
    state: str | None = None
    location: str | None = None
    id: str = ""
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Endpoint:
        """Read an endpoint resource."""
        inner = get_any_case(value, "properties")
        return cls(
            name=_name(value),
            scoring_uri=get_text(inner, "scoringUri"),
            default_deployment=get_text(inner, "defaults", "deploymentName"),
            state=get_text(inner, "provisioningState"),
            location=get_text(value, "location"),
            id=get_text(value, "id") or "",
            raw=value if isinstance(value, Mapping) else {},
        )

    @classmethod
    def from_reply(cls, reply: Reply) -> Endpoint:
        """Read the answer to a GET of an endpoint."""
        return cls.from_json(reply.json())


@dataclass(frozen=True)
class Deployment:
    """A batch deployment as the service shows it.

    :param kind: whether it scores with a model or runs a pipeline component; None where the answer does not say.
    :param output_file_name: the file that rows are appended to.
    :param output_action: ``AppendRow`` or ``SummaryOnly``.
    """

    name: str
    kind: Kind | None = None
    output_file_name: str | None = None
    output_action: str | None = None
    state: str | None = None
    id: str = ""
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Deployment:
        """Read a deployment resource."""
        inner = get_any_case(value, "properties")
        return cls(
            name=_name(value),
            kind=_kind(inner),
            output_file_name=get_text(inner, "outputFileName"),
            output_action=get_text(inner, "outputAction"),
            state=get_text(inner, "provisioningState"),
            id=get_text(value, "id") or "",
            raw=value if isinstance(value, Mapping) else {},
        )

    @classmethod
    def from_reply(cls, reply: Reply) -> Deployment:
        """Read the answer to a GET of a deployment."""
        return cls.from_json(reply.json())


def get(ws: Workspace, name: str) -> Call[Endpoint]:
    """Read an endpoint. Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints (Get)"""
    return Call("GET", _path(ws, name), Endpoint.from_reply)


def find(ws: Workspace, name: str) -> Steps[Endpoint | None]:
    """Read an endpoint, or None when there is none of that name.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints (Get)

    :raises NotFoundError: the workspace itself is not there.
    """
    try:
        return (yield from get(ws, name))
    except NotFoundError as error:
        if error.code in ELSEWHERE:
            raise
        return None


def list(ws: Workspace) -> Steps[tuple[Endpoint, ...]]:
    """List the endpoints of a workspace. Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints (List)"""
    rows = yield from collect(Call("GET", f"{ws.path}/batchEndpoints", Reply.json))
    return tuple(Endpoint.from_json(row) for row in rows)


def begin_create(ws: Workspace, name: str, body: Json) -> Call[Reply]:
    """Begin to make or change an endpoint: 201 with ``Azure-AsyncOperation``; ``Location`` is the resource itself.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints/create-or-update
    """
    return Call("PUT", _path(ws, name), _as_it_is, body=body)


def create(ws: Workspace, name: str, body: Json) -> Steps[Endpoint]:
    """Make or change an endpoint and wait until that is done.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints/create-or-update

    :param body: ``{"location": …, "properties": {…}}``.
    :raises BadRequestError: it could not be made.
    """
    yield from lro.finish((yield from begin_create(ws, name, body)))
    return (yield from get(ws, name))


def begin_delete(ws: Workspace, name: str) -> Call[Reply]:
    """Begin to delete an endpoint with all its deployments: 202 with both addresses (recorded answers).

    Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints (Delete)
    """
    return Call("DELETE", _path(ws, name), _as_it_is)


def delete(ws: Workspace, name: str) -> Steps[None]:
    """Delete an endpoint and wait until it is gone; one that is not there is fine.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-endpoints (Delete)
    """
    try:
        yield from lro.finish((yield from begin_delete(ws, name)))
    except NotFoundError as error:
        if error.code in ELSEWHERE:
            raise


def deployment(ws: Workspace, endpoint: str, name: str) -> Call[Deployment]:
    """Read a deployment. Source: https://learn.microsoft.com/rest/api/azureml/batch-deployments (Get)"""
    return Call("GET", _path(ws, endpoint, name), Deployment.from_reply)


def find_deployment(ws: Workspace, endpoint: str, name: str) -> Steps[Deployment | None]:
    """Read a deployment, or None when there is none of that name.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-deployments (Get)
    """
    try:
        return (yield from deployment(ws, endpoint, name))
    except NotFoundError as error:
        if error.code in ELSEWHERE - {"ParentResourceNotFound"}:
            raise
        return None


def deployments(ws: Workspace, endpoint: str) -> Steps[tuple[Deployment, ...]]:
    """List the deployments of an endpoint. Source: https://learn.microsoft.com/rest/api/azureml/batch-deployments/list"""
    rows = yield from collect(Call("GET", f"{_path(ws, endpoint)}/deployments", Reply.json))
    return tuple(Deployment.from_json(row) for row in rows)


def begin_create_deployment(ws: Workspace, endpoint: str, name: str, body: Json) -> Call[Reply]:
    """Begin to make or change a deployment; answered as ``begin_create`` is.

    Source: https://learn.microsoft.com/rest/api/azureml/batch-deployments (Create Or Update)
    """
    return Call("PUT", _path(ws, endpoint, name), _as_it_is, body=body)


def invoke(uri: str, body: Json, deployment: str | None = None) -> Call[Job]:
    """Start a job of an endpoint. Sent exactly once: each POST that arrives starts a job of its own.

    The headers are made anew for each call, so that no deployment leaks from one invocation into the next.

    Source: https://learn.microsoft.com/azure/machine-learning/how-to-access-data-batch-endpoints-jobs

    :param uri: the endpoint's ``scoring_uri``, as it is.
    :param body: ``{"properties": {…}}``.
    :param deployment: None for the endpoint's default one.
    """
    headers = {DEPLOYMENT_HEADER: deployment} if deployment else {}
    return Call(
        "POST", uri, _invoked, plane=Plane.SCORING, headers=headers, body=body, repeatable=False, ok=(200, 201, 202)
    )


def jobs(ws: Workspace, endpoint: str, deployment: str | None = None) -> Steps[tuple[Job, ...]]:
    """List the jobs of an endpoint, or of one of its deployments.

    Undocumented. Source: azure-ai-ml 1.35.2, ``operations/_batch_endpoint_operations.py``, ``list_jobs``. Customers
    report that the service refuses it, so nothing here depends on it.
    """
    path = f"/mferp/managementfrontend{_path(ws, endpoint, deployment)}/jobs"
    rows = yield from collect(Call("GET", path, Reply.json, plane=Plane.DATA_ML, query=JOBS_VERSION, ok=(200,)))
    return tuple(started(row) for row in rows)


def started(value: Json) -> Job:
    """Read a batch job as the scoring host shows it.

    The job's name is the top one; ``properties.name`` is what people see, and the ``Location`` header is the
    deployment's (recorded answers). It says nothing of an experiment.
    """
    inner = get_any_case(value, "properties")
    found = Job.from_json(value)
    return Job(
        name=found.name,
        status=found.status,
        kind="Pipeline",
        display_name=get_text(inner, "name"),
        studio_url=get_text(inner, "interactionEndpoints", "Studio", "endpoint"),
        tags=found.tags,
        properties=found.properties,
        created_at=found.created_at,
        raw=found.raw,
    )


def _invoked(reply: Reply) -> Job:
    job = started(reply.json())
    if not job.name:
        raise NoAnswerError(f"The invocation was answered with {reply.status} but without the name of a job.") from None
    return job


def _kind(inner: Json) -> Kind | None:
    """Find what a deployment runs, by either of the marks that answers of old and new api-versions carry."""
    configuration = get_any_case(inner, "deploymentConfiguration", "deploymentConfigurationType")
    old = get_any_case(inner, "properties", "ComponentDeployment.Type")
    if configuration == "PipelineComponent" or (isinstance(old, str) and old.lower() == "pipeline"):
        return "pipeline"
    return "model" if configuration == "Model" or get_any_case(inner, "model") else None


def _name(value: Json) -> str:
    """The last part of a resource's name or id."""
    return (get_text(value, "name") or get_text(value, "id") or "").rpartition("/")[2]


def _path(ws: Workspace, endpoint: str, deployment: str | None = None) -> str:
    path = f"{ws.path}/batchEndpoints/{quote(endpoint, safe='')}"
    return path if deployment is None else f"{path}/deployments/{quote(deployment, safe='')}"


def _as_it_is(reply: Reply) -> Reply:
    return reply
