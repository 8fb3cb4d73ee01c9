"""Flows of online endpoints: made, deployed to, given traffic, invoked, deleted; repeating one changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.resources import operations
from airflow_azureml.lifecycle.resources.operations import Operation, begin, settled, whole_body
from airflow_azureml.rest.errors import BadRequestError, Problem, SpecError, TransientServiceError
from airflow_azureml.rest.flow import Call, Json, Reply, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.resources import online, tracked
from airflow_azureml.rest.resources.tracked import Resource

MODEL_ERROR, MODEL_STATUS = 424, "ms-azureml-model-error-statuscode"
"""How the scoring host says that a model did not answer with 200, and with what instead.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""


SHARES = frozenset({"traffic", "mirrorTraffic"})
"""Properties that hold percentages by the names of deployments."""


def begin_endpoint(
    ws: Workspace, name: str, body: Mapping[str, Any], given: Mapping[str, Any]
) -> Steps[Operation | None]:
    """Begin to make an endpoint, or to change it into what it should be; None when it is that already.

    :param body: of a new one: ``{"properties": {...}}``, with ``tags``, ``identity``, ``location``.
    :param given: the same without what are mere defaults of a new one.
    """
    path = online.endpoint(ws, name)
    body, given = _as_sent(body), _as_sent(given)

    def put(found: Resource | None) -> Steps[Call[Reply]]:
        return tracked.begin_put(path, (yield from whole_body(ws, found, body if found is None else given)))

    return (yield from begin(f"Online endpoint {name}", lambda: tracked.find(path), given, put))


def _as_sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with shares as Microsoft's client sends them: no shares of nothing, names in lower case.

    Source: azure-ai-ml 1.35.2, ``operations/_online_endpoint_operations.py: _strip_zeroes_from_traffic``.
    """
    properties = {
        key: {name.lower(): share for name, share in value.items() if share} if key in SHARES and value else value
        for key, value in body["properties"].items()
    }
    return {**body, "properties": properties}


def begin_deployment(ws: Workspace, endpoint: str, name: str, body: Mapping[str, Any]) -> Steps[Operation | None]:
    """Begin to make a deployment, or to change it into what it should be; None when it is that already.

    :param body: as an endpoint's, with placeholders: what it needs is uploaded and registered first.
    :raises SpecError: there is no such endpoint.
    """
    yield from required(ws, endpoint)
    path = online.deployment(ws, endpoint, name)
    filled = body
    try:
        filled = yield from Fulfilment(ws).fill(body)

        def put(found: Resource | None) -> Steps[Call[Reply]]:
            return tracked.begin_put(path, (yield from whole_body(ws, found, filled)))

        what = f"Deployment {name} of online endpoint {endpoint}"
        return (yield from begin(what, lambda: tracked.find(path), filled, put))
    except REFUSALS as error:
        raise (yield from explain(ws, filled, error)) from None


def begin_traffic(ws: Workspace, endpoint: str, shares: Mapping[str, int]) -> Steps[Operation | None]:
    """Begin to give the deployments of an endpoint these shares of its requests; None when they have them.

    :param shares: percentages by the names of deployments; whatever is not named gets none.
    :raises SpecError: there is no such endpoint or deployment.
    """
    yield from required(ws, endpoint)
    yield from _require_deployments(ws, endpoint, shares, "traffic")
    body = {"properties": {"traffic": dict(shares)}}
    return (yield from begin_endpoint(ws, endpoint, body, body))


def begin_share(ws: Workspace, endpoint: str, deployment: str, percent: int) -> Steps[Operation | None]:
    """Begin to give one deployment a share; the others keep the proportion that they have.

    :raises SpecError: no other deployment has a share that could become the rest.
    """
    found = yield from required(ws, endpoint)
    now = get_any_case(found.raw, "properties", "traffic") or {}
    others = {name: share for name, share in now.items() if share and name.casefold() != deployment.casefold()}
    if percent not in (0, 100) and not others:
        message = f"{percent} leaves a rest for other deployments, and none has traffic. Accepted: 100, or all shares."
        raise SpecError([Problem("traffic", message)]) from None
    shares = {**apportioned(others, 100 - percent), deployment: percent} if others or percent else {}
    return (yield from begin_traffic(ws, endpoint, shares))


def shares(given: Any) -> int | dict[str, int]:
    """Take a percentage, or percentages by the names of deployments; a text is taken for the number that it shows.

    :raises rest.errors.SpecError: they are none, or do not add up.
    """
    accepted = 'Accepted: {"blue": 90, "green": 10}, whole percentages that add up to 100 or 0'

    def percentage(value: Any) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isdecimal() and int(text) <= 100):
            raise SpecError([Problem("traffic", f"{value!r} is not a percentage. {accepted}.")])
        return int(text)

    if not isinstance(given, Mapping):
        return percentage(given)
    read = {str(name): percentage(value) for name, value in given.items()}
    if sum(read.values()) not in (0, 100):
        raise SpecError([Problem("traffic", f"{dict(given)} adds up to {sum(read.values())}. {accepted}.")])
    return read


def apportioned(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide a whole number in proportion, by the largest remainders."""
    whole = sum(weights.values())
    parts = {name: total * weight // whole for name, weight in weights.items()}
    rest = sorted(weights, key=lambda name: -(total * weights[name] % whole))
    for name in rest[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def begin_delete(ws: Workspace, name: str) -> Steps[Operation | None]:
    """Begin to delete an endpoint with all its deployments; None when it is gone."""
    path = online.endpoint(ws, name)
    return (yield from operations.begin_delete(lambda: tracked.find(path), tracked.begin_delete(path)))


def gone(ws: Workspace, name: str) -> Steps[None]:
    """See that an endpoint is gone after its deletion.

    :raises ConflictError: it is there.
    """
    yield from operations.gone(lambda: tracked.find(online.endpoint(ws, name)), f"Online endpoint {name}")


def json_value(field: str, given: Any) -> Any:
    """Take a value to be sent as JSON; a text must hold JSON.

    :raises rest.errors.SpecError: it cannot be written as JSON, or the text holds none.
    """
    try:
        return json.loads(given) if isinstance(given, str) else json.loads(json.dumps(given, allow_nan=False))
    except (ValueError, TypeError) as error:
        raise SpecError(
            [Problem(field, f"this is not JSON: {error}. Accepted: a mapping, a list, JSON text.")]
        ) from None


def invoke(ws: Workspace, endpoint: str, data: Json, deployment: str | None) -> Steps[Json]:
    """Score data with an endpoint, or with one of its deployments; answers what the model answers.

    :raises SpecError: there is no such endpoint or deployment.
    :raises BadRequestError: the model refused the data.
    :raises TransientServiceError: the model failed otherwise.
    """
    found = yield from required(ws, endpoint)
    if deployment is not None:
        yield from _require_deployments(ws, endpoint, {deployment: 100}, "deployment_name")
    properties = get_any_case(found.raw, "properties")
    uri = get_text(properties, "scoringUri")
    if uri is None:
        raise BadRequestError(f"Online endpoint {endpoint} has no scoring address: it is {found.state}.", Reply(0))
    known_by = online.CREDENTIALS.get((get_text(properties, "authMode") or "").lower())
    bearer = None if known_by is None else (yield from online.credential(ws, endpoint, *known_by))
    try:
        return (yield from online.score(uri, data, deployment, bearer))
    except BadRequestError as error:
        refused = (error.reply.header(MODEL_STATUS) or "").startswith("4")
        if error.reply.status != MODEL_ERROR or refused:
            raise
        raise TransientServiceError(str(error), error.reply, error.codes) from None


def required(ws: Workspace, name: str) -> Steps[Resource]:
    """Read an endpoint that must be there.

    :raises SpecError: it is not; says which are.
    """
    found = yield from settled(lambda: tracked.find(online.endpoint(ws, name)))
    if found is not None:
        return found
    there = ", ".join(sorted((yield from tracked.names(online.endpoints(ws)))))
    accepted = there or "none, the workspace has no online endpoint"
    raise SpecError([Problem("endpoint_name", f"online endpoint {name!r} does not exist. Accepted: {accepted}.")])


def _require_deployments(ws: Workspace, endpoint: str, shares: Mapping[str, int], field: str) -> Steps[None]:
    there = yield from tracked.names(f"{online.endpoint(ws, endpoint)}/deployments")
    known = {name.casefold() for name in there}
    accepted = ", ".join(sorted(there)) or "none, the endpoint has no deployment"
    wrong = [name for name, share in shares.items() if share and name.casefold() not in known]
    if wrong:
        said = f"does not exist in online endpoint {endpoint}. Accepted: {accepted}."
        raise SpecError([Problem(field, f"deployment {name!r} {said}") for name in wrong]) from None
