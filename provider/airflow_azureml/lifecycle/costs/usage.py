"""What a job has used: seconds in the queue and running, node hours, and money where prices are known.

Times are run history's: created, started, ended. So are the nodes (``compute`` of a run: ``vmSize``, ``instanceCount``,
``priority``; azure-ai-ml 1.35.2, model ``Compute`` of ``_restclient/runhistory``). That the service fills them for
every kind of job is unproven; what it leaves out is taken from the job's ``resources``, where one node is the
documented default of ``instance_count``, and from the compute that the job names. What nobody tells is None.

Whether Azure bills a node from the job's start to its end is another matter: a cluster's nodes are billed while they
are there, idle ones too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.computes.named import NO_RESOURCES, nodes_of
from airflow_azureml.lifecycle.costs.prices import DEDICATED, LOW_PRIORITY, Prices
from airflow_azureml.rest import history
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import Json, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace, parse_arm_id
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.resources import computes
from airflow_azureml.rest.resources.computes import Compute

LOW = frozenset({"lowpriority", "low_priority", "spot"})
"""Words of the service for nodes that may be taken away: a compute's ``vmPriority``, a serverless job's ``jobTier``
(Microsoft Learn: ``Spot``)."""

MOST_PARENTS = 10
"""Pipelines and sweeps within a job whose steps are read, at most: each takes a request."""


@dataclass(frozen=True)
class Usage:
    """What a job has used; what the service does not tell is None.

    Of a job that runs others, the node hours and the cost are the sums of theirs; ``nodes`` is None, and ``vm_size`` is
    theirs if it is the same for all.

    :param queued_seconds: from its creation to its start.
    :param run_seconds: from its start to its end.
    :param node_hours: hours of running, times nodes.
    :param vm_size: in the service's spelling, such as ``STANDARD_DS3_V2``.
    :param cost: by the table of prices.
    """

    queued_seconds: float | None = None
    run_seconds: float | None = None
    node_hours: float | None = None
    nodes: int | None = None
    vm_size: str | None = None
    cost: float | None = None

    def to_dict(self, *, with_cost: bool) -> dict[str, Any]:
        """The mapping that XCom carries; the cost where there is a table of prices."""
        values = asdict(self)
        if not with_cost:
            del values["cost"]
        return values


@dataclass(frozen=True)
class _Nodes:
    """What one run had."""

    count: int | None
    vm_size: str | None
    low_priority: bool = False


def usage(
    ws: Workspace, job: Job, run: Run, children: tuple[Run, ...] | None, prices: Prices | None
) -> Steps[dict[str, Any]]:
    """Add up what a job has used, asking for as little as possible; whatever cannot be read is None, never an error.

    :param run: the job's own, as it was read anyhow.
    :param children: those of a job that runs others; None where they could not be read.
    :param prices: None where there is no table.
    """
    queued, ran = _seconds(run.created_at or job.created_at, run.started_at), _seconds(run.started_at, run.ended_at)
    if job.kind in PARENTS:
        found = yield from _of_children(ws, job, children, prices)
    else:
        nodes = yield from _of_run(ws, job, run)
        found = _charged(ran, nodes, prices)
    whole = Usage(queued, ran, found.node_hours, found.nodes, found.vm_size, found.cost)
    return whole.to_dict(with_cost=prices is not None)


def _of_run(ws: Workspace, job: Job, run: Run) -> Steps[_Nodes]:
    """The nodes of a job that runs by itself; its compute is asked where nothing else tells their size."""
    definition = get_any_case(job.raw, "properties")
    told = _told(run, definition)
    if told.vm_size is not None:
        return told
    arm_id = parse_arm_id(job.compute_id) if job.compute_id else None
    name = arm_id.name if arm_id is not None and arm_id.workspace.same_as(ws) else get_text(run.compute, "target")
    if not name or name.lower() in NO_RESOURCES:
        return told
    try:
        compute = yield from computes.get(ws, name)
    except AzureMLError:
        return told
    return _on(compute, told)


def _of_children(ws: Workspace, job: Job, children: tuple[Run, ...] | None, prices: Prices | None) -> Steps[Usage]:
    """The sum over the steps or trials of a job."""
    leaves = yield from _leaves(ws, job, children)
    if leaves is None:
        return Usage()
    told = {run.id: _told(run, definition) for run, definition in leaves}
    listed: Mapping[str, Compute] = {}
    if any(told[run.id].vm_size is None and _target(run) for run, _ in leaves):
        try:
            listed = yield from computes.first_page(ws)
        except AzureMLError:
            listed = {}
    parts = []
    for run, _ in leaves:
        nodes, compute = told[run.id], listed.get(_target(run))
        if nodes.vm_size is None and compute is not None:
            nodes = _on(compute, nodes)
        parts.append(_charged(_seconds(run.started_at, run.ended_at), nodes, prices))
    sizes = {part.vm_size for part in parts}
    return Usage(
        node_hours=_sum(part.node_hours for part in parts),
        vm_size=sizes.pop() if len(sizes) == 1 else None,
        cost=_sum(part.cost for part in parts),
    )


def _leaves(ws: Workspace, job: Job, children: tuple[Run, ...] | None) -> Steps[list[tuple[Run, Json]] | None]:
    """All runs below a job that ran on nodes, each with what the job says of it; None where not all can be read.

    Steps that took over the results of others, and those that never began, are not among them.
    """
    definition = get_any_case(job.raw, "properties")
    waiting, found, asked = [(run, definition) for run in children or ()], [], 0
    if children is None:
        return None
    while waiting:
        run, parent = waiting.pop()
        own = get_any_case(parent, "jobs", run.display_name or "") or (
            parent if get_any_case(parent, "trial") else None
        )
        if run.properties.get("azureml.isreused", "").lower() == "true" or run.started_at is None:
            continue
        if not _is_parent(run):
            found.append((run, own))
            continue
        asked += 1
        try:
            below = (yield from history.children(ws, run.id)) if asked <= MOST_PARENTS else None
        except AzureMLError:
            below = None
        if below is None:
            return None
        waiting += [(child, own) for child in below]
    return found


def _is_parent(run: Run) -> bool:
    """Whether a step runs others: a pipeline, a sweep (``azureml.PipelineRun``, ``hyperdrive``; recorded answers)."""
    kind = (run.kind or "").lower()
    return any(word in kind for word in ("pipelinerun", "hyperdrive", "sweep", "automl"))


def _told(run: Run, definition: Json) -> _Nodes:
    """The nodes of a run as run history, or else the job's request, tells them."""
    resources = get_any_case(definition, "resources")
    count = get_any_case(run.compute, "instanceCount")
    size = (
        get_text(run.compute, "vmSize") or get_text(resources, "instanceType") or get_text(resources, "instance_type")
    )
    tier = get_text(definition, "queueSettings", "jobTier") or get_text(definition, "queue_settings", "job_tier")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        count = _asked_for(definition)
    return _Nodes(count, size, _is_low(get_text(run.compute, "priority")) or _is_low(tier))


def _asked_for(definition: Json) -> int | None:
    """The nodes that a job, a step or the trial of a sweep asks for; None where a component or Spark decides."""
    if not isinstance(definition, Mapping):
        return None
    nodes = nodes_of(definition)
    by_itself = get_text(definition, "jobType") in ("Command", "Sweep")
    return nodes if by_itself or nodes > 1 or get_any_case(definition, "resources") else None


def _on(compute: Compute, nodes: _Nodes) -> _Nodes:
    return _Nodes(nodes.count, compute.vm_size, nodes.low_priority or _is_low(compute.priority))


def _is_low(word: str | None) -> bool:
    return (word or "").lower() in LOW


def _target(run: Run) -> str:
    return (get_text(run.compute, "target") or "").lower()


def _charged(seconds: float | None, nodes: _Nodes, prices: Prices | None) -> Usage:
    """What nodes have used in some time."""
    hours = None if seconds is None or nodes.count is None else seconds * nodes.count / 3600
    price = prices.of(nodes.vm_size, LOW_PRIORITY if nodes.low_priority else DEDICATED) if prices is not None else None
    return Usage(
        node_hours=None if hours is None else round(hours, 6),
        nodes=nodes.count,
        vm_size=nodes.vm_size,
        cost=None if hours is None or price is None else round(hours * price, 6),
    )


def _seconds(begun: datetime | None, ended: datetime | None) -> float | None:
    """Never below 0, for the clocks of two machines may disagree."""
    return None if begun is None or ended is None else round(max((ended - begun).total_seconds(), 0.0), 3)


def _sum(parts: Iterable[float | None]) -> float | None:
    """The sum, unless one part is unknown."""
    values = list(parts)
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if len(known) == len(values) else None
