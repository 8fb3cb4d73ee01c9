"""The computes that a job and its nodes name, and how many nodes of each are asked for: by rule for every kind of job.

A binding, ``serverless``, ``local``, a virtual cluster and a compute of another workspace are none that can be looked
at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.rest.ids import Workspace, parse_arm_id
from airflow_azureml.rest.json_values import get_any_case

NO_RESOURCES = frozenset({"serverless", "local"})
"""Names that stand for no compute of a workspace."""


@dataclass(frozen=True)
class Use:
    """A compute, and what is asked of it.

    :param place: the field that names it, as in YAML: ``jobs.train.compute``.
    :param nodes: how many nodes one run takes; 1 where nothing is said.
    """

    place: str
    name: str
    nodes: int = 1


def uses(ws: Workspace, properties: Mapping[str, Any]) -> Iterator[Use]:
    """What a job asks of which computes.

    :param properties: of the body of its request; components that it registers first are in it as placeholders.
    """
    own = properties.get("computeId")
    if properties.get("jobType") != "Pipeline":
        yield from _use(ws, "compute", own, nodes_of(properties))
        return
    settings = properties.get("settings") or {}
    yield from _use(ws, "compute", own)
    yield from _use(ws, "settings.default_compute", settings.get("default_compute"))
    default = settings.get("default_compute") or own
    yield from _of_nodes(ws, "jobs", properties.get("jobs"), default)


def _of_nodes(ws: Workspace, place: str, nodes: Any, default: Any) -> Iterator[Use]:
    for name, node in (nodes or {}).items() if isinstance(nodes, Mapping) else ():
        if not isinstance(node, Mapping):
            continue
        here, own, spec = f"{place}.{name}", node.get("computeId"), _component(node.get("componentId"))
        count = nodes_of(node)
        if own:
            yield from _use(ws, f"{here}.compute", own, count)
        elif count > 1:
            yield from _use(ws, f"{here}.resources.instance_count", default, count)
        yield from _of_nodes(ws, f"{here}.component.jobs", spec.get("jobs"), own or default)


def _use(ws: Workspace, place: str, compute: Any, nodes: int = 1) -> Iterator[Use]:
    arm_id = parse_arm_id(compute) if isinstance(compute, str) else None
    if arm_id is None or arm_id.kind.lower() != "computes" or not arm_id.workspace.same_as(ws):
        return
    if arm_id.name.lower() not in NO_RESOURCES and "${{" not in arm_id.name:
        yield Use(place, arm_id.name, nodes)


def nodes_of(job: Mapping[str, Any]) -> int:
    """The number of nodes of a run: of a sweep, that of a trial."""
    found = job.get("trial")
    trial: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    component = _component(get_any_case(trial, "componentId"))
    return max(_count(holder.get("resources")) for holder in (job, trial, component))


def _count(resources: Any) -> int:
    for key in ("instanceCount", "instance_count"):
        count = get_any_case(resources, key)
        if isinstance(count, int) and not isinstance(count, bool):
            return count
    return 1


def _component(reference: Any) -> Mapping[str, Any]:
    """The specification of a component that the request registers; an empty one for what is registered already."""
    if not isinstance(reference, Placeholder) or not isinstance(reference.requirement, Register):
        return {}
    spec = get_any_case(reference.requirement.body, "properties", "componentSpec")
    return spec if isinstance(spec, Mapping) else {}
