"""Computes: what the service says of their state and their size.

A missing compute is 404 without a body (recorded answer of the service).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_azureml.rest.error_payloads import read
from airflow_azureml.rest.flow import Call, Json, Reply
from airflow_azureml.rest.ids import Workspace, segment
from airflow_azureml.rest.json_values import get_any_case, get_text

CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
"""Types of computes. Others are attached: ``Kubernetes``, ``SynapseSpark``, ``VirtualMachine`` ..."""

COMPUTE_KEPT_FOR = 60.0
"""Seconds for which a compute is taken to be what it was: its state changes more often than a datastore does."""


@dataclass(frozen=True)
class Compute:
    """A compute as the service shows it.

    :param kind: ``AmlCompute``, ``ComputeInstance``, ``Kubernetes`` ...
    :param provisioning_state: ``Creating``, ``Updating``, ``Deleting``, ``Succeeded``, ``Failed``, ``Canceled``,
        ``Unknown``; empty where the service does not say.
    :param state: of a compute instance: ``Running``, ``Stopped``, ``Starting`` ...
    :param vm_size: of its nodes, such as ``STANDARD_DS3_V2``; None for one that is attached.
    :param priority: of a cluster's nodes: ``Dedicated`` or ``LowPriority``.
    :param most_nodes: the largest number of nodes of a cluster.
    :param is_started_by_schedule: a compute instance has an enabled schedule that starts it.
    :param provisioning_errors: what kept it from being made or changed.
    :param errors: what keeps its nodes from starting, such as a quota.
    """

    name: str
    kind: str = ""
    provisioning_state: str = ""
    state: str | None = None
    most_nodes: int | None = None
    is_started_by_schedule: bool = False
    provisioning_errors: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    vm_size: str | None = None
    priority: str | None = None

    @classmethod
    def from_json(cls, name: str, value: Json) -> Compute:
        """Read a compute resource."""
        outer = get_any_case(value, "properties")
        inner = get_any_case(outer, "properties")
        nodes = get_any_case(inner, "scaleSettings", "maxNodeCount")
        schedules = _rows(get_any_case(inner, "schedules", "computeStartStop"))
        return cls(
            name=get_text(value, "name") or name,
            kind=get_text(outer, "computeType") or "",
            provisioning_state=get_text(outer, "provisioningState") or "",
            state=get_text(inner, "state"),
            most_nodes=nodes if isinstance(nodes, int) else None,
            is_started_by_schedule=any(_starts(row) for row in schedules),
            provisioning_errors=tuple(_said(_rows(get_any_case(outer, "provisioningErrors")))),
            errors=tuple(_said(_rows(get_any_case(inner, "errors")))),
            vm_size=get_text(inner, "vmSize"),
            priority=get_text(inner, "vmPriority"),
        )


def get(ws: Workspace, name: str, *, anew: bool = False) -> Call[Compute]:
    """Read a compute. Source: https://learn.microsoft.com/rest/api/azureml/compute/get

    :param anew: ask for it, though the client may have the answer still.
    """
    return Call(
        "GET",
        path(ws, name),
        lambda reply: Compute.from_json(name, reply.json()),
        kept_for=COMPUTE_KEPT_FOR,
        anew=anew,
    )


def first_page(ws: Workspace) -> Call[Mapping[str, Compute]]:
    """Read computes of the workspace, as many as the service puts on one page: by name, in lower case.

    Sources: https://learn.microsoft.com/rest/api/azureml/compute/list; azure-ai-ml 1.35.2,
    ``ComputeOperations.list``, which reads a row as it reads the answer for one compute.
    """

    def parse(reply: Reply) -> Mapping[str, Compute]:
        rows = ((get_text(row, "name"), row) for row in _rows(get_any_case(reply.json(), "value")))
        whole = ((name, row) for name, row in rows if name and isinstance(get_any_case(row, "properties"), Mapping))
        return {name.lower(): Compute.from_json(name, row) for name, row in whole}

    return Call("GET", f"{ws.path}/computes", parse, kept_for=COMPUTE_KEPT_FOR)


def path(ws: Workspace, name: str) -> str:
    """Where a compute is."""
    return f"{ws.path}/computes/{segment(name)}"


def begin_scale(ws: Workspace, name: str, settings: Json) -> Call[Reply]:
    """Begin to change how far a cluster scales, the one thing that an update may change.

    Source: https://learn.microsoft.com/rest/api/azureml/compute/update
    """
    body = {"properties": {"properties": {"scaleSettings": settings}}}
    return Call("PATCH", path(ws, name), lambda reply: reply, body=body, repeatable=True)


def begin_delete(ws: Workspace, name: str, action: str) -> Call[Reply]:
    """Begin to delete a compute.

    Source: https://learn.microsoft.com/rest/api/azureml/compute/delete

    :param action: what becomes of the machines below it: ``Delete`` or ``Detach``.
    """
    query = {"underlyingResourceAction": action}
    return Call("DELETE", path(ws, name), lambda reply: reply, query=query)


def begin_power(ws: Workspace, name: str, action: str) -> Call[Reply]:
    """Begin to start or stop a compute instance.

    Source: https://learn.microsoft.com/rest/api/azureml/compute/start; azure-ai-ml 1.35.2 takes 202 and follows
    ``Location``.

    :param action: ``start`` or ``stop``.
    """
    return Call("POST", f"{path(ws, name)}/{action}", lambda reply: reply)


def _rows(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _starts(schedule: Json) -> bool:
    """Whether a schedule starts its compute. Source: azure-ai-ml 1.35.2, ``ComputeStartStopSchedule``."""
    enabled = (get_text(schedule, "status") or "Enabled").lower() == "enabled"
    return enabled and (get_text(schedule, "action") or "").lower() == "start"


def _said(errors: Iterable[Json]) -> Iterator[str]:
    """The messages of errors, or their codes."""
    for error in errors:
        payload = read(error)
        text = payload.message or payload.code
        if text:
            yield text
