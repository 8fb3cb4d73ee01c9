"""Flows that create and delete batch endpoints and deployments; repeating one changes nothing.

Each step looks first. What an earlier try has begun is waited for, and what is as it should be is left alone, so
whatever dies between two steps, the next try goes on from there. What a caller does not give stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar, get_args

from airflow_azureml.lifecycle.fulfilment import Fulfilment
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.news import Changing
from airflow_azureml.lifecycle.resource_diff import changes, holds, whole
from airflow_azureml.rest import endpoints, lro, workspace
from airflow_azureml.rest.endpoints import Deployment, Endpoint
from airflow_azureml.rest.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    PatienceError,
    Problem,
    RecordError,
    SpecError,
)
from airflow_azureml.rest.flow import Call, Flow, News, Pause, Reply, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import ELSEWHERE
from airflow_azureml.rest.times import retry_after

Resource = TypeVar("Resource", Endpoint, Deployment)

UNDER_WAY = frozenset({"creating", "updating", "deleting"})
"""States from which a resource moves on by itself."""

BETWEEN_LOOKS = 5.0
"""Seconds between looks at a resource that an operation of somebody else's is changing; Microsoft's client waits as
long between its looks at a deletion."""

LONGEST = 3600.0
"""Seconds for which such an operation is waited for; the service gives its own half an hour."""

FIRST_LOOK = 2.0
"""Seconds before the first look at an operation of ours, where the service does not say."""

CONFLICTS = 3
"""How often a change is begun that collides with another one."""


@dataclass(frozen=True)
class Operation:
    """A long-running operation that was begun.

    :param url: where its state is found. It opens nothing by itself: asking takes a token.
    :param header: the header that it comes from, which says how its answers are read.
    :param pause: seconds before the first look.
    """

    url: str
    header: str
    pause: float = FIRST_LOOK

    @classmethod
    def of(cls, reply: Reply) -> Operation | None:
        """Read the answer to the request that began it; None where nothing is left to wait for."""
        for header in ("Azure-AsyncOperation", "Location"):
            url = reply.header(header)
            if url and (reply.status == 202 or header != "Location"):
                asked = retry_after(reply)
                return cls(url, header, FIRST_LOOK if asked is None else asked)
        return None


Outcome = Literal["done", "failed", "unknown"]
"""What became of an operation; ``unknown`` leaves it to a look at the resource."""


@dataclass(frozen=True)
class OperationEvent:
    """What a trigger sends back to its task.

    :param step: of several operations in a row, which one this was.
    :param message: a complete sentence for every outcome but ``done``.
    :param try_number: of the try that was deferred; None where the trigger does not know it.
    """

    step: int
    outcome: Outcome
    message: str = ""
    try_number: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The event as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, event: Any) -> OperationEvent:
        """Read an event back.

        :raises RecordError: it is none of ours: lost, strange, or of another version.
        """
        fields = {"try_number": None, **event} if isinstance(event, Mapping) else {}
        step, message, number = fields.get("step"), fields.get("message"), fields.get("try_number")
        whole = isinstance(step, int) and not isinstance(step, bool) and step >= 0 and isinstance(number, int | None)
        if set(fields) != {"step", "outcome", "message", "try_number"} or not whole or not isinstance(message, str):
            expected = "step, outcome, message, try_number"
            raise RecordError(f"The trigger's event is {event!r:.80}; expected {expected}.") from None
        if fields["outcome"] not in get_args(Outcome):
            raise RecordError(f"OperationEvent.outcome is {fields['outcome']!r:.80}, which is not accepted.") from None
        return cls(fields["step"], fields["outcome"], message, number)


def follow(operation: Operation, patience: float) -> Steps[Reply]:
    """Wait until an operation is done.

    :param patience: seconds for which looks may go on failing.
    :raises BadRequestError: it failed; the text is the service's.
    :raises PatienceError: it took longer than an hour.
    """
    begun = Reply(202, {operation.header: operation.url, "Retry-After": str(operation.pause)})
    return (yield from lro.finish(begun, endure=patience))


def begin_endpoint(ws: Workspace, name: str, body: Mapping[str, Any]) -> Steps[Operation | None]:
    """Begin to make an endpoint, or to change it into what it should be; None when it is that already.

    :param body: ``{"properties": {...}}``, with ``tags`` where they are given.
    """

    def put(found: Endpoint | None) -> Steps[Call[Reply]]:
        return endpoints.begin_create(ws, name, (yield from _whole(ws, found, body)))

    return (yield from _begin(f"Batch endpoint {name}", lambda: endpoints.find(ws, name), body, put))


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
        return endpoints.begin_create_deployment(ws, endpoint, name, (yield from _whole(ws, found, filled)))

    what = f"Deployment {name} of batch endpoint {endpoint}"
    try:
        return (yield from _begin(what, lambda: endpoints.find_deployment(ws, endpoint, name), filled, put))
    except REFUSALS as error:
        raise (yield from explain(ws, filled, error)) from None


def begin_default(ws: Workspace, endpoint: str, deployment: str) -> Steps[Operation | None]:
    """Begin to make a deployment its endpoint's default one; None when it is."""
    return (yield from begin_endpoint(ws, endpoint, {"properties": {"defaults": {"deploymentName": deployment}}}))


def begin_delete(ws: Workspace, name: str) -> Steps[Operation | None]:
    """Begin to delete an endpoint with all its deployments; None when it is gone."""
    for remaining in reversed(range(CONFLICTS)):
        endpoint = yield from settled(lambda: endpoints.find(ws, name))
        if endpoint is None:
            return None
        try:
            return Operation.of((yield from endpoints.begin_delete(ws, name)))
        except NotFoundError as error:
            if error.code in ELSEWHERE:
                raise
            return None
        except ConflictError:
            if not remaining:
                raise
            yield Pause(BETWEEN_LOOKS)
    raise AssertionError("the last try returns or raises")


def gone(ws: Workspace, name: str) -> Steps[None]:
    """See that an endpoint is gone after its deletion.

    :raises ConflictError: it is there.
    """
    endpoint = yield from settled(lambda: endpoints.find(ws, name))
    if endpoint is not None:
        raise ConflictError(f"Batch endpoint {name} was not deleted: it is {endpoint.state}.", Reply(0)) from None


def made(look: Callable[[], Flow[Resource | None]], title: str) -> Steps[Resource]:
    """Read a resource after its operation.

    :raises BadRequestError: it is not there, or not as it should be.
    """
    resource = yield from settled(look)
    state = "missing" if resource is None else str(resource.state)
    if resource is None or (resource.state and resource.state.lower() != "succeeded"):
        raise BadRequestError(f"{title} was not created: it is {state}.", Reply(0)) from None
    return resource


def settled(look: Callable[[], Flow[Resource | None]]) -> Steps[Resource | None]:
    """Read a resource as it is once nothing changes it any more; None when there is none.

    :raises PatienceError: it was changing for an hour.
    """
    waited = 0.0
    while True:
        resource = yield from look()
        if resource is None or (resource.state or "").lower() not in UNDER_WAY:
            return resource
        if waited >= LONGEST:
            raise PatienceError(
                f"{resource.id or resource.name} was still {resource.state} after {waited:g} s."
            ) from None
        yield Pause(BETWEEN_LOOKS)
        waited += BETWEEN_LOOKS


def _begin(
    what: str,
    look: Callable[[], Flow[Resource | None]],
    wanted: Mapping[str, Any],
    put: Callable[[Resource | None], Flow[Call[Reply]]],
) -> Steps[Operation | None]:
    for remaining in reversed(range(CONFLICTS)):
        resource = yield from settled(look)
        if resource is not None and (resource.state or "").lower() == "succeeded" and holds(resource.raw, wanted):
            return None
        call = yield from put(resource)
        if resource is not None and (changed := tuple(changes(resource.raw, wanted))):
            yield News(Changing(what, changed))
        try:
            return Operation.of((yield from call))
        except ConflictError:
            # Somebody else began to change it since we looked.
            if not remaining:
                raise
            yield Pause(BETWEEN_LOOKS)
    raise AssertionError("the last try returns or raises")


def _whole(ws: Workspace, existing: Endpoint | Deployment | None, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """The body that creates a resource, or that changes one and keeps the values that are not given."""
    if existing is not None and existing.raw.get("location"):
        return whole(existing.raw, body)
    location = (yield from workspace.get(ws)).location
    return {"location": location, **(whole(existing.raw, body) if existing is not None else body)}


def _require_endpoint(ws: Workspace, name: str, lacking: Sequence[Problem]) -> Steps[None]:
    if (yield from settled(lambda: endpoints.find(ws, name))) is not None:
        return
    there = (
        ", ".join(sorted(found.name for found in (yield from endpoints.list(ws))))
        or "none, the workspace has no batch endpoint"
    )
    problem = Problem("endpoint_name", f"batch endpoint {name!r} does not exist. Accepted: {there}.")
    raise SpecError([problem, *lacking]) from None
