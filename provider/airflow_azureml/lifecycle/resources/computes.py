"""Flows of computes: made, changed, scaled, started, stopped, deleted; repeating one changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from airflow_azureml.lifecycle.news import Changing
from airflow_azureml.lifecycle.resource_diff import changes
from airflow_azureml.lifecycle.resources import operations
from airflow_azureml.lifecycle.resources.operations import BETWEEN_LOOKS, LONGEST, Operation, begin, settled, whole_body
from airflow_azureml.rest.errors import BadRequestError, PatienceError, Problem, SpecError
from airflow_azureml.rest.flow import Call, News, Pause, Reply, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.resources import computes, tracked
from airflow_azureml.rest.resources.computes import CLUSTER, INSTANCE
from airflow_azureml.rest.resources.tracked import Resource

IfExists = Literal["skip", "update", "fail"]

KUBERNETES = "Kubernetes"
"""Alone of all says its location twice. Source: azure-ai-ml 1.35.2, ``entities/_compute/kubernetes_compute.py``."""

OUTER = ("computeType", "description", "disableLocalAuth")
INNER = (
    *("osType", "vmSize", "vmPriority", "scaleSettings", "subnet", "remoteLoginPortPublicAccess"),
    *("enableNodePublicIp", "isolatedNetwork", "userAccountCredentials"),
)
"""What a cluster shows of what it was made of; all else are answers. Source: azure-ai-ml 1.35.2, ``AmlCompute``."""

RUNS = frozenset({"running", "jobrunning"})
STOPPED = frozenset({"stopped"})
CHANGES = frozenset(
    {"creating", "starting", "stopping", "restarting", "resizing", "settingup", "usersettingup", "systemsettingup"}
)
"""States of a compute instance, in lower case. Source: azure-ai-ml 1.35.2, ``ComputeInstanceState``."""


def begin_compute(
    ws: Workspace, name: str, body: Mapping[str, Any], given: Mapping[str, Any], if_exists: IfExists
) -> Steps[Operation | None]:
    """Begin to make a compute, or to change a cluster; None when nothing is to be done.

    :param body: of a new one: ``{"properties": {...}}``, with ``tags``, ``identity``, ``location``.
    :param given: the same without what are mere defaults of a new one.
    :raises SpecError: there is one already, and it is of another type or ``if_exists`` is ``fail``.
    """
    path, kind = computes.path(ws, name), body["properties"]["computeType"]
    found = yield from tracked.find(path)
    if found is not None:
        if kind_of(found) != kind:
            raise SpecError([Problem("name", f"compute {name!r} exists and is of type {kind_of(found)}, not {kind}.")])
        if if_exists == "fail":
            accepted = 'Accepted: another name, or if_exists="skip" or "update"'
            raise SpecError([Problem("name", f"compute {name!r} exists already. {accepted}.")]) from None
        if if_exists == "skip" and (yield from settled(lambda: tracked.find(path))) is not None:
            return None

    def put(found: Resource | None) -> Steps[Call[Reply]]:
        if found is None:
            made = yield from whole_body(ws, None, body)
            if kind == KUBERNETES:
                made["properties"] = {"computeLocation": made["location"], **made["properties"]}
            return tracked.begin_put(path, made)
        outer = get_any_case(found.raw, "properties")
        inner = get_any_case(outer, "properties")
        made_of = {key: inner[key] for key in INNER if inner.get(key) is not None}
        kept = {**{key: outer[key] for key in OUTER if outer.get(key) is not None}, "properties": made_of}
        shown = replace(found, raw={**found.raw, "properties": kept})
        return tracked.begin_put(path, (yield from whole_body(ws, shown, given)))

    return (yield from begin(f"Compute {name}", lambda: tracked.find(path), given, put))


def begin_scale(ws: Workspace, name: str, least: int | None, most: int | None) -> Steps[Operation | None]:
    """Begin to change how many nodes a cluster has at least and at most; None when it is so.

    :raises SpecError: there is no such cluster, or it would have more at least than at most.
    """
    found = yield from required(ws, name, CLUSTER)
    shown = get_any_case(found.raw, "properties", "properties", "scaleSettings") or {}
    given = {key: value for key, value in (("minNodeCount", least), ("maxNodeCount", most)) if value is not None}
    settings = {**shown, **given}
    fewest, largest = settings.get("minNodeCount") or 0, settings.get("maxNodeCount")
    if largest is not None and fewest > largest:
        message = f"{fewest} is more than max_instances, {largest}. Accepted: 0 to max_instances."
        raise SpecError([Problem("min_instances", message)]) from None
    changed = tuple(changes({"scale_settings": shown}, {"scale_settings": given}))
    if not changed:
        return None
    yield News(Changing(f"Compute {name}", changed))
    return Operation.of((yield from computes.begin_scale(ws, name, settings)))


def begin_delete(ws: Workspace, name: str, *, must_exist: bool) -> Steps[Operation | None]:
    """Begin to delete a compute, or to detach one that was not made by Azure ML; None when it is gone.

    :raises SpecError: there is none, and there must be one.
    """
    path = computes.path(ws, name)
    found = yield from tracked.find(path)
    if found is None:
        if must_exist:
            raise (yield from _missing(ws, name))
        return None
    action = "Delete" if kind_of(found) in (CLUSTER, INSTANCE) else "Detach"
    request = computes.begin_delete(ws, name, action)
    return (yield from operations.begin_delete(lambda: tracked.find(path), request))


def gone(ws: Workspace, name: str) -> Steps[None]:
    """See that a compute is gone after its deletion.

    :raises ConflictError: it is there.
    """
    yield from operations.gone(lambda: tracked.find(computes.path(ws, name)), f"Compute {name}")


def begin_power(ws: Workspace, name: str, action: Literal["start", "stop"]) -> Steps[Operation | None]:
    """Begin to start or stop a compute instance; None when it runs or is stopped already.

    :raises SpecError: there is no such compute instance.
    """
    found = yield from _steady(ws, name)
    if _state(found) in (RUNS if action == "start" else STOPPED):
        return None
    return Operation.of((yield from computes.begin_power(ws, name, action)))


def powered(ws: Workspace, name: str, action: Literal["start", "stop"]) -> Steps[dict[str, Any]]:
    """Read a compute instance after it was started or stopped.

    :raises BadRequestError: it does not run, or is not stopped.
    """
    found = yield from _steady(ws, name)
    if _state(found) not in (RUNS if action == "start" else STOPPED):
        said = "started" if action == "start" else "stopped"
        raise BadRequestError(f"Compute instance {name} was not {said}: it is {_state(found)}.", Reply(0)) from None
    return {"id": found.id, "name": found.name}


def required(ws: Workspace, name: str, kind: str) -> Steps[Resource]:
    """Read a compute that must be there, once nothing changes it any more.

    :raises SpecError: it is not, or is of another type.
    """
    found = yield from settled(lambda: tracked.find(computes.path(ws, name)))
    if found is None:
        raise (yield from _missing(ws, name))
    if kind_of(found) != kind:
        message = f"compute {name!r} is of type {kind_of(found)}. Accepted: one of type {kind}."
        raise SpecError([Problem("name", message)]) from None
    return found


def kind_of(found: Resource) -> str:
    """The type of a compute in the service's word."""
    return get_text(found.raw, "properties", "computeType") or ""


def _missing(ws: Workspace, name: str) -> Steps[SpecError]:
    there = ", ".join(sorted((yield from tracked.names(f"{ws.path}/computes"))))
    accepted = there or "none, the workspace has no compute"
    return SpecError([Problem("name", f"compute {name!r} does not exist. Accepted: {accepted}.")])


def _state(found: Resource) -> str:
    return (get_text(found.raw, "properties", "properties", "state") or "").lower()


def _steady(ws: Workspace, name: str) -> Steps[Resource]:
    waited = 0.0
    while True:
        found = yield from required(ws, name, INSTANCE)
        if _state(found) not in CHANGES:
            return found
        if waited >= LONGEST:
            raise PatienceError(f"Compute instance {name} was still {_state(found)} after {waited:g} s.") from None
        yield Pause(BETWEEN_LOOKS)
        waited += BETWEEN_LOOKS
