"""Flows that create and delete batch endpoints and deployments; repeating one changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.resources import operations
from airflow_azureml.lifecycle.resources.operations import Operation, begin, settled, whole_body
from airflow_azureml.rest import endpoints
from airflow_azureml.rest.endpoints import Deployment, Endpoint
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.flow import Call, Reply, Steps
from airflow_azureml.rest.ids import Workspace


def begin_endpoint(ws: Workspace, name: str, body: Mapping[str, Any]) -> Steps[Operation | None]:
    """Begin to make an endpoint, or to change it into what it should be; None when it is that already.

    :param body: ``{"properties": {...}}``, with ``tags`` where they are given.
    """

    def put(found: Endpoint | None) -> Steps[Call[Reply]]:
        return endpoints.begin_create(ws, name, (yield from whole_body(ws, found, body)))

    return (yield from begin(f"Batch endpoint {name}", lambda: endpoints.find(ws, name), body, put))


def begin_deployment(
    ws: Workspace, endpoint: str, name: str, body: Mapping[str, Any], lacking: Sequence[Problem] = ()
) -> Steps[Operation | None]:
    """Begin to make a deployment, or to change it into what it should be; None when it is that already.

    :param body: as an endpoint's, with placeholders: what it needs is uploaded and registered first.
    :param lacking: what is wrong with it unless the deployment is there already.
    :raises SpecError: there is no such endpoint, or the deployment is new and something is lacking.
    """
    yield from _require_endpoint(ws, endpoint, lacking)
    if lacking and (yield from settled(lambda: endpoints.find_deployment(ws, endpoint, name))) is None:
        raise SpecError(lacking) from None
    try:
        filled: Mapping[str, Any] = yield from Fulfilment(ws).fill(body)
    except REFUSALS as error:
        raise (yield from explain(ws, body, error)) from None

    def put(found: Deployment | None) -> Steps[Call[Reply]]:
        return endpoints.begin_create_deployment(ws, endpoint, name, (yield from whole_body(ws, found, filled)))

    what = f"Deployment {name} of batch endpoint {endpoint}"
    try:
        return (yield from begin(what, lambda: endpoints.find_deployment(ws, endpoint, name), filled, put))
    except REFUSALS as error:
        raise (yield from explain(ws, filled, error)) from None


def begin_default(ws: Workspace, endpoint: str, deployment: str) -> Steps[Operation | None]:
    """Begin to make a deployment its endpoint's default one; None when it is."""
    return (yield from begin_endpoint(ws, endpoint, {"properties": {"defaults": {"deploymentName": deployment}}}))


def begin_delete(ws: Workspace, name: str) -> Steps[Operation | None]:
    """Begin to delete an endpoint with all its deployments; None when it is gone."""
    return (yield from operations.begin_delete(lambda: endpoints.find(ws, name), endpoints.begin_delete(ws, name)))


def gone(ws: Workspace, name: str) -> Steps[None]:
    """See that an endpoint is gone after its deletion.

    :raises ConflictError: it is there.
    """
    yield from operations.gone(lambda: endpoints.find(ws, name), f"Batch endpoint {name}")


def _require_endpoint(ws: Workspace, name: str, lacking: Sequence[Problem]) -> Steps[None]:
    if (yield from settled(lambda: endpoints.find(ws, name))) is not None:
        return
    there = (
        ", ".join(sorted(found.name for found in (yield from endpoints.list(ws))))
        or "none, the workspace has no batch endpoint"
    )
    problem = Problem("endpoint_name", f"batch endpoint {name!r} does not exist. Accepted: {there}.")
    raise SpecError([problem, *lacking]) from None
