"""What is done to a resource: the operations to begin one after the other, and the reading of the result.

Operators carry a plan out step by step, so that they can defer in between; the hook carries it out at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.lifecycle.resources.operations import Operation, Resource, follow, made
from airflow_azureml.rest import assets, endpoints
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.flow import Flow, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.resources import computes, online, tracked

COMPUTE_DEFAULTS = {
    "vmSize": "size",
    "osType": "os_type",
    "remoteLoginPortPublicAccess": "ssh_public_access_enabled",
    "minNodeCount": "min_instances",
    "maxNodeCount": "max_instances",
    "nodeIdleTimeBeforeScaleDown": "idle_time_before_scale_down",
    "disableLocalAuth": "ssh_settings",
}
"""Properties that a new cluster has where the key is not given, and that an existing one keeps."""

ENDPOINT_DEFAULTS = {"authMode": "auth_mode"}
"""The same of an online endpoint."""


@dataclass(frozen=True)
class Plan:
    """What is done to a resource.

    :param steps: each begins an operation, or finds that there is nothing to do.
    :param result: reads the result when all are done.
    :param warnings: what the author of the spec should know.
    """

    steps: Sequence[Flow[Operation | None]]
    result: Flow[Any]
    warnings: Sequence[str] = ()


def carry_out(plan: Plan, patience: float) -> Steps[Any]:
    """Begin each operation and follow it to its end; gives back the result.

    :param patience: seconds for which looks at an operation may go on failing.
    """
    for step in plan.steps:
        operation = yield from step
        if operation is not None:
            yield from follow(operation, patience)
    return (yield from plan.result)


def batch_endpoint(document: Document, workspace: Workspace) -> Plan:
    """A batch endpoint: one operation makes or changes it."""
    from airflow_azureml.jobspec.batch.endpoints import translate_endpoint
    from airflow_azureml.lifecycle.batch.deployments import begin_endpoint

    read = translate_endpoint(document, workspace)
    named = _named(lambda: endpoints.find(workspace, read.name), f"Batch endpoint {read.name}")
    return Plan([begin_endpoint(workspace, read.name, read.body)], named, read.warnings)


def batch_deployment(document: Document, workspace: Workspace, *, set_default: bool) -> Plan:
    """A deployment of a batch endpoint: one operation makes or changes it, another makes it the default one."""
    from airflow_azureml.jobspec.batch.deployments import translate_deployment
    from airflow_azureml.lifecycle.batch.deployments import begin_default, begin_deployment

    read = translate_deployment(document, workspace)
    named = _named(
        lambda: endpoints.find_deployment(workspace, read.endpoint, read.name),
        f"Deployment {read.name} of batch endpoint {read.endpoint}",
    )
    steps = [begin_deployment(workspace, read.endpoint, read.name, read.body, read.lacking)]
    if set_default:
        steps.append(begin_default(workspace, read.endpoint, read.name))
    return Plan(steps, named, read.warnings)


def compute(document: Document, workspace: Workspace, if_exists: Literal["skip", "update", "fail"]) -> Plan:
    """A compute: one operation makes or changes it."""
    from airflow_azureml.jobspec.resources.computes import translate_compute
    from airflow_azureml.lifecycle.resources.computes import begin_compute

    read = translate_compute(document, workspace)
    if if_exists == "update" and read.body["properties"]["computeType"] != computes.CLUSTER:
        message = "'update' is for clusters (amlcompute) alone. Accepted: skip, fail."
        raise SpecError([Problem("if_exists", message)])
    given = _without_defaults(read.body, document.root.value)
    begun = begin_compute(workspace, read.name, read.body, given, if_exists)
    return Plan([begun], _compute_result(workspace, read.name), read.warnings)


def scale(workspace: Workspace, name: str, least: int | None, most: int | None) -> Plan:
    """How far a cluster scales: one operation changes it."""
    from airflow_azureml.lifecycle.resources.computes import begin_scale

    if least is None and most is None:
        message = "neither it nor max_instances is given. Accepted: one or both."
        raise SpecError([Problem("min_instances", message)])
    return Plan([begin_scale(workspace, name, least, most)], _compute_result(workspace, name))


def power(workspace: Workspace, name: str, action: Literal["start", "stop"]) -> Plan:
    """A compute instance that runs, or is stopped: one operation does it."""
    from airflow_azureml.lifecycle.resources.computes import begin_power, powered

    return Plan([begin_power(workspace, name, action)], powered(workspace, name, action))


def no_compute(workspace: Workspace, name: str, *, must_exist: bool) -> Plan:
    """No compute of this name: one operation deletes it."""
    from airflow_azureml.lifecycle.resources.computes import begin_delete, gone

    return Plan([begin_delete(workspace, name, must_exist=must_exist)], gone(workspace, name))


def online_endpoint(document: Document, workspace: Workspace) -> Plan:
    """An online endpoint: one operation makes or changes it."""
    from airflow_azureml.jobspec.resources.online import translate_online_endpoint
    from airflow_azureml.lifecycle.resources.online import begin_endpoint

    read, known = translate_online_endpoint(document, workspace), document.root.value
    properties = {
        key: value
        for key, value in read.body["properties"].items()
        if key not in ENDPOINT_DEFAULTS or ENDPOINT_DEFAULTS[key] in known
    }
    given = {key: value for key, value in read.body.items() if key != "identity" or "identity" in known}
    begun = begin_endpoint(workspace, read.name, read.body, {**given, "properties": properties})
    return Plan([begun], _endpoint_result(workspace, read.name), read.warnings)


def online_deployment(document: Document, workspace: Workspace, traffic: Any) -> Plan:
    """A deployment of an online endpoint: one operation makes or changes it, another gives it traffic.

    :param traffic: its percentage, or all percentages by the names of deployments; None leaves them as they are.
    """
    from airflow_azureml.jobspec.resources.online import translate_online_deployment
    from airflow_azureml.lifecycle.resources.online import begin_deployment, begin_share, begin_traffic, shares

    given = None if traffic is None else shares(traffic)
    read = translate_online_deployment(document, workspace)
    steps = [begin_deployment(workspace, read.endpoint, read.name, read.body)]
    if isinstance(given, int):
        steps.append(begin_share(workspace, read.endpoint, read.name, given))
    elif given is not None:
        steps.append(begin_traffic(workspace, read.endpoint, given))
    title = f"Deployment {read.name} of online endpoint {read.endpoint}"
    path = online.deployment(workspace, read.endpoint, read.name)
    return Plan(steps, _named(lambda: tracked.find(path), title), read.warnings)


def online_traffic(workspace: Workspace, name: str, traffic: Any) -> Plan:
    """The shares of an online endpoint's deployments: one operation moves the traffic."""
    from airflow_azureml.lifecycle.resources.online import begin_traffic, shares

    given = shares(traffic)
    if isinstance(given, int):
        accepted = 'Accepted: whole percentages by the names of deployments, such as {"blue": 90, "green": 10}'
        raise SpecError([Problem("traffic", f"{traffic!r} names no deployment. {accepted}.")])
    return Plan([begin_traffic(workspace, name, given)], _endpoint_result(workspace, name))


def no_online_endpoint(workspace: Workspace, name: str) -> Plan:
    """No online endpoint of this name: one operation deletes it with its deployments."""
    from airflow_azureml.lifecycle.resources.online import begin_delete, gone

    return Plan([begin_delete(workspace, name)], gone(workspace, name))


def environment(document: Document, workspace: Workspace) -> Plan:
    """A version of an environment."""
    from airflow_azureml.jobspec.assets.environments_components import translate_environment

    return _definition("environments", translate_environment(document, workspace), workspace)


def image(workspace: Workspace, made: Mapping[str, Any]) -> Plan:
    """The image of an environment: one operation builds it.

    :param made: ``{"id", "name", "version"}`` of the environment.
    """
    from airflow_azureml.lifecycle.resources.images import begin_build

    name, version = made["name"], made["version"]

    def result() -> Steps[dict[str, Any]]:
        found = yield from assets.get(workspace, "environments", name, version)
        return {"id": found.id, "name": found.name, "version": found.version}

    return Plan([begin_build(workspace, name, version)], result())


def component(document: Document, workspace: Workspace) -> Plan:
    """A version of a component."""
    from airflow_azureml.jobspec.assets.environments_components import translate_component

    return _definition("components", translate_component(document, workspace), workspace)


def _definition(kind: Literal["environments", "components"], read: Any, workspace: Workspace) -> Plan:
    from airflow_azureml.lifecycle.resources.definitions import register

    def result() -> Steps[dict[str, Any]]:
        made = yield from register(workspace, kind, read.name, read.version, read.body)
        return {"id": made.id, "name": made.name, "version": made.version}

    return Plan((), result(), read.warnings)


def _compute_result(workspace: Workspace, name: str) -> Steps[dict[str, Any]]:
    return _named(lambda: tracked.find(computes.path(workspace, name)), f"Compute {name}")


def _endpoint_result(workspace: Workspace, name: str) -> Steps[dict[str, Any]]:
    return _named(lambda: tracked.find(online.endpoint(workspace, name)), f"Online endpoint {name}")


def _named(look: Any, title: str) -> Steps[dict[str, Any]]:
    """Read id and name of what an operation has made."""
    resource: Resource = yield from made(look, title)
    return {"id": resource.id, "name": resource.name}


def _without_defaults(body: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """A body without the properties that nobody has given."""

    def asked(properties: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            key: value
            for key, value in properties.items()
            if key not in COMPUTE_DEFAULTS or COMPUTE_DEFAULTS[key] in known
        }
        return {key: asked(value) if key in ("properties", "scaleSettings") else value for key, value in kept.items()}

    return {**body, "properties": asked(body["properties"])}
