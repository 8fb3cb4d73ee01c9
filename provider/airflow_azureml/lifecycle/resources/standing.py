"""Waiting for a resource that somebody else makes, changes or starts: how it stands, and whether that is an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_azureml.lifecycle.news import ResourceState, Warned
from airflow_azureml.lifecycle.resources.computes import RUNS, STOPPED, kind_of
from airflow_azureml.rest.errors import (
    AzureMLError,
    DeadlineError,
    PatienceError,
    Problem,
    SettingsError,
    SpecError,
    TransientError,
)
from airflow_azureml.rest.flow import News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.resources import computes, online, tracked
from airflow_azureml.rest.resources.computes import INSTANCE, Compute

BETWEEN_FAILED_LOOKS = 5.0
"""Seconds between looks that fail."""

LOG_TAIL = 20
"""Lines of a deployment's log that tell why it failed."""

ENDED_BADLY = frozenset({"failed", "canceled"})
"""Values of ``provisioningState`` that nothing changes by itself, in lower case."""

BROKEN = frozenset({"createfailed", "setupfailed", "usersetupfailed", "unusable"})
"""States of a compute instance in which it runs nothing, in lower case. Source: azure-ai-ml 1.35.2,
``ComputeInstanceState``."""

MISSING = "missing"
"""How a resource that is not there is said to stand."""


@dataclass(frozen=True)
class Standing:
    """How a resource stands.

    :param state: in the service's word, or ``missing``.
    :param is_there: it is as it is waited for.
    :param failure: why it will not become so by itself, a complete sentence; None where it may.
    :param result: ``{"id", "name"}`` of what is there.
    """

    state: str
    is_there: bool = False
    failure: str | None = None
    result: Mapping[str, Any] | None = None

    @property
    def is_end(self) -> bool:
        """Whether waiting is over."""
        return self.is_there or self.failure is not None


@dataclass(frozen=True)
class Awaited:
    """What is waited for.

    :param kind: ``online deployment`` or ``compute``.
    :param name: the resource's own.
    :param endpoint: of a deployment.
    :param state: of a compute: ``ready`` or ``stopped``.
    """

    kind: str
    name: str
    endpoint: str = ""
    state: str = "ready"

    @property
    def title(self) -> str:
        """What it is called in sentences."""
        if self.kind == "compute":
            return f"Compute {self.name}"
        return f"Deployment {self.name} of online endpoint {self.endpoint}"


@dataclass(frozen=True)
class Watch:
    """How it is waited for.

    :param clock: returns epoch seconds.
    :param interval: seconds between two looks.
    :param patience: seconds for which looks may go on failing.
    :param deadline: epoch seconds; it is looked at once more then.
    :param first_look_after: seconds before the first look.
    """

    clock: Callable[[], float]
    interval: float
    patience: float
    deadline: float
    first_look_after: float = 0.0


def wait(ws: Workspace, awaited: Awaited, watch: Watch) -> Steps[Standing]:
    """Look at a resource until it stands as it should, or will not; reports each state as news.

    :raises DeadlineError: the deadline has come.
    :raises PatienceError: looks kept failing.
    """
    said = ""
    yield Pause(watch.first_look_after)
    while True:
        found = yield from look(ws, awaited, watch, endures=AzureMLError)
        if found.state != said:
            said = found.state
            yield News(ResourceState(awaited.title, said))
        if found.is_end:
            return found
        left = watch.deadline - watch.clock()
        if left <= 0:
            raise DeadlineError(f"{awaited.title} was {found.state} at the deadline.") from None
        yield Pause(min(watch.interval, left))


def look(
    ws: Workspace, awaited: Awaited, watch: Watch, *, endures: type[AzureMLError] = TransientError
) -> Steps[Standing]:
    """Look at a resource once, riding out looks that fail.

    :param endures: what may pass by itself. A wrong secret is to fail at once in the first look, and not in later ones.
    :raises SpecError: the compute is of a type that has no such state.
    :raises PatienceError: looks kept failing.
    """
    failing_since: float | None = None
    while True:
        try:
            return (yield from (_compute if awaited.kind == "compute" else _deployment)(ws, awaited))
        except endures as error:
            if isinstance(error, (SettingsError, SpecError)):
                raise
            now = watch.clock()
            if failing_since is None:
                failing_since = now
                yield News(Warned(f"Cannot read {awaited.title}, retrying for up to {watch.patience:.0f} s: {error}"))
            if now - failing_since >= watch.patience:
                text = f"Reading {awaited.title} kept failing for {watch.patience:g} seconds. Last error: {error}"
                raise PatienceError(text) from None
        yield Pause(BETWEEN_FAILED_LOOKS)


def _deployment(ws: Workspace, awaited: Awaited) -> Steps[Standing]:
    found = yield from tracked.find(online.deployment(ws, awaited.endpoint, awaited.name))
    if found is None:
        return Standing(MISSING)
    state = found.state or "Unknown"
    if state.lower() in ENDED_BADLY:
        tail = yield from _end_of_log(ws, awaited)
        return Standing(state, failure=_sentence(f"{awaited.title} is {state}.", "The end of its log:", tail))
    return Standing(state, state.lower() == "succeeded", result={"id": found.id, "name": found.name})


def _end_of_log(ws: Workspace, awaited: Awaited) -> Steps[Sequence[str]]:
    """The last lines of a deployment's log; none where there is none to be had."""
    try:
        text = yield from online.logs(ws, awaited.endpoint, awaited.name, LOG_TAIL)
    except AzureMLError:
        return ()
    return text.splitlines()[-LOG_TAIL:]


def _compute(ws: Workspace, awaited: Awaited) -> Steps[Standing]:
    found = yield from tracked.find(computes.path(ws, awaited.name))
    if found is None:
        return Standing(MISSING)
    is_instance = kind_of(found) == INSTANCE
    if awaited.state == "stopped" and not is_instance:
        message = f"'stopped' is not accepted, for compute {found.name} is of type {kind_of(found)}. Accepted: ready."
        raise SpecError([Problem("state", message)]) from None
    seen = Compute.from_json(found.name, found.raw)
    provisioned, result = seen.provisioning_state or "Unknown", {"id": found.id, "name": found.name}
    state = seen.state or provisioned if is_instance and provisioned.lower() == "succeeded" else provisioned
    if state.lower() in ENDED_BADLY | BROKEN:
        return Standing(state, failure=_sentence(f"{awaited.title} is {state}.", "", seen.provisioning_errors))
    if not is_instance:
        return Standing(state, state.lower() == "succeeded", result=result)
    return Standing(state, state.lower() in (STOPPED if awaited.state == "stopped" else RUNS), result=result)


def _sentence(said: str, head: str, rows: Sequence[str]) -> str:
    return "\n".join((f"{said} {head}".rstrip(), *rows)) if rows else said
