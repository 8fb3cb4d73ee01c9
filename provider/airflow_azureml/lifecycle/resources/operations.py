"""Long-running operations on resources of every kind: begun once, followed to their end, read afterwards.

Each step looks first. What an earlier try has begun is waited for, and what is as it should be is left alone, so
whatever dies between two steps, the next try goes on from there. What a caller does not give stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, TypeVar, get_args

from airflow_azureml.lifecycle.news import Changing
from airflow_azureml.lifecycle.resource_diff import changes, holds, whole
from airflow_azureml.rest import lro, workspace
from airflow_azureml.rest.errors import BadRequestError, ConflictError, NotFoundError, PatienceError, RecordError
from airflow_azureml.rest.flow import Call, Flow, Json, News, Pause, Reply, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import ELSEWHERE
from airflow_azureml.rest.times import retry_after


class Resource(Protocol):
    """What every resource with long-running operations shows."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def id(self) -> str:
        """Its ARM id."""
        ...

    @property
    def state(self) -> str | None:
        """Its ``provisioningState``."""
        ...

    @property
    def raw(self) -> Mapping[str, Json]:
        """All that the service shows."""
        ...


Found = TypeVar("Found", bound=Resource)

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


Outcome = Literal["done", "failed", "unknown", "deadline"]
"""What became of an operation, or of the wait for a resource; ``unknown`` leaves it to a look at the resource."""


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
        """Read an event back; what a later release has added to it is passed over.

        :raises RecordError: it is none of ours: lost or strange.
        """
        fields = {"try_number": None, **event} if isinstance(event, Mapping) else {}
        step, message, number = fields.get("step"), fields.get("message"), fields.get("try_number")
        whole = isinstance(step, int) and not isinstance(step, bool) and step >= 0 and isinstance(number, int | None)
        if not set(fields) >= {"step", "outcome", "message"} or not whole or not isinstance(message, str):
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


def begin(
    what: str,
    look: Callable[[], Flow[Found | None]],
    wanted: Mapping[str, Any],
    put: Callable[[Found | None], Flow[Call[Reply]]],
) -> Steps[Operation | None]:
    """Begin to make a resource, or to change it into what it should be; None when it is that already.

    :param what: what the log calls it.
    :param wanted: what it should show.
    :param put: makes the request, of what there is.
    """
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


def begin_delete(look: Callable[[], Flow[Found | None]], delete: Call[Reply]) -> Steps[Operation | None]:
    """Begin to delete a resource; None when it is gone."""
    for remaining in reversed(range(CONFLICTS)):
        if (yield from settled(look)) is None:
            return None
        try:
            return Operation.of((yield from delete))
        except NotFoundError as error:
            if error.code in ELSEWHERE:
                raise
            return None
        except ConflictError:
            if not remaining:
                raise
            yield Pause(BETWEEN_LOOKS)
    raise AssertionError("the last try returns or raises")


def gone(look: Callable[[], Flow[Found | None]], title: str) -> Steps[None]:
    """See that a resource is gone after its deletion.

    :raises ConflictError: it is there.
    """
    resource = yield from settled(look)
    if resource is not None:
        raise ConflictError(f"{title} was not deleted: it is {resource.state}.", Reply(0)) from None


def made(look: Callable[[], Flow[Found | None]], title: str) -> Steps[Found]:
    """Read a resource after its operation.

    :raises BadRequestError: it is not there, or not as it should be.
    """
    resource = yield from settled(look)
    state = "missing" if resource is None else str(resource.state)
    if resource is None or (resource.state and resource.state.lower() != "succeeded"):
        raise BadRequestError(f"{title} was not created: it is {state}.", Reply(0)) from None
    return resource


def settled(look: Callable[[], Flow[Found | None]]) -> Steps[Found | None]:
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


def whole_body(ws: Workspace, existing: Resource | None, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """The body that creates a resource, or that changes one and keeps the values that are not given."""
    if existing is not None and existing.raw.get("location"):
        return whole(existing.raw, body)
    location = (yield from workspace.get(ws)).location
    return {"location": location, **(whole(existing.raw, body) if existing is not None else body)}
