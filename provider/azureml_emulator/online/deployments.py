"""Deployments: what the service checks before it takes an online deployment, and how it completes one. No HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.assets.reference_checks import required_version
from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem, seconds
from azureml_emulator.endpoints.scripts import complete_script

Properties = dict[str, Any]

DEFAULTS: Properties = {
    "description": None,
    "properties": {},
    "codeConfiguration": None,
    "environmentId": None,
    "environmentVariables": {},
    "scaleSettings": {"scaleType": "Default"},
    "modelMountPath": None,
    "appInsightsEnabled": False,
    "instanceType": None,
    "model": None,
    "privateNetworkConnection": False,
    "egressPublicNetworkAccess": "Enabled",
    "dataCollector": None,
}
"""Source: recording test_online_deployment."""

PROBE = {"failureThreshold": 30, "successThreshold": 1, "timeout": "PT2S", "period": "PT10S", "initialDelay": "PT10S"}
REQUESTS = {"maxQueueWait": "PT0.5S", "requestTimeout": "PT5S", "maxConcurrentRequestsPerInstance": 1}
"""Source of both: the YAML reference of managed online deployments; the recording shows the same but ``PT0S``."""

SKU = {"name": "Default", "tier": "Standard", "capacity": 1}
LONGEST_REQUEST = 180.0
"""Seconds. Source: the YAML reference."""

SERVED = ("codeConfiguration", "environmentId", "environmentVariables", "model", "livenessProbe", "readinessProbe")
"""Properties whose change needs new servers."""


def completed(resolver: Resolver, requested: Mapping[str, Any]) -> Properties:
    """The properties of a deployment as the service stores them.

    :param requested: the checked properties of a request.
    :raises ServiceError: 400 for what is missing, contradicts itself, or names something that does not exist (the texts
        are ours, the service's are unproven), 501 for what is not emulated.
    """
    if requested["endpointComputeType"] != "Managed":
        raise not_emulated(f"Online deployments on {requested['endpointComputeType']} are not emulated")
    properties = {**DEFAULTS, **{key: value for key, value in requested.items() if key != "provisioningState"}}
    for name in ("livenessProbe", "readinessProbe"):
        properties[name] = {**PROBE, **(requested.get(name) or {})}
    properties["requestSettings"] = {**REQUESTS, **(requested.get("requestSettings") or {})}
    check_numbers(properties)
    if not properties["codeConfiguration"] and not properties["model"]:
        raise not_emulated("Deployments without a scoring script and a model (custom containers) are not emulated")
    model = required_version(resolver, "model", properties["model"], "models") if properties["model"] else None
    complete_script(resolver, properties, str(model.properties.get("modelType")) if model else None)
    if model:
        properties["model"] = resolver.arm_id(model)
    return properties


def check_numbers(properties: Properties) -> None:
    """The instance type is given, and the numbers lie in their ranges.

    Source: the YAML reference, which calls the instance type required.
    """
    problems = []
    if not properties["instanceType"]:
        problems.append(Problem("properties.instanceType", "The value is required.", "NotNullValidator"))
    for name in ("livenessProbe", "readinessProbe"):
        for key in ("failureThreshold", "successThreshold"):
            if properties[name][key] < 1:
                problems.append(Problem(f"properties.{name}.{key}", f"{properties[name][key]} is less than 1."))
    requests = properties["requestSettings"]
    if requests["maxConcurrentRequestsPerInstance"] < 1:
        problems.append(Problem("properties.requestSettings.maxConcurrentRequestsPerInstance", "It is less than 1."))
    if (seconds(requests["requestTimeout"]) or 0) > LONGEST_REQUEST:
        problems.append(Problem("properties.requestSettings.requestTimeout", f"It is over {LONGEST_REQUEST:g} s."))
    if problems:
        raise invalid(problems)


def completed_sku(sku: Mapping[str, Any] | None) -> dict[str, Any]:
    """The SKU of a deployment: how many instances it has.

    :raises ServiceError: 400 for fewer than one.
    """
    whole = {**SKU, **{key: value for key, value in (sku or {}).items() if value is not None}}
    if not isinstance(whole["capacity"], int) or whole["capacity"] < 1:
        raise invalid([Problem("sku.capacity", f"{whole['capacity']!r} is no number of instances.")])
    return whole


def needs_new_servers(before: Mapping[str, Any] | None, properties: Properties) -> bool:
    """Whether a write changes what the servers of a deployment run."""
    if before is None or before["state"] == "Failed":
        return True
    return any(before["properties"].get(name) != properties.get(name) for name in SERVED)
