"""Deployments: what the service checks before it takes a batch deployment, and how it completes one. No HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azureml_emulator.assets.reference_checks import required_version
from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import invalid_field, not_emulated
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem
from azureml_emulator.endpoints.scripts import complete_script

Properties = dict[str, Any]
CheckCompute = Callable[[Properties], None]
"""``check_compute(properties)``: raises the service's error unless a job can run on ``computeId`` and ``resources``."""

DEFAULTS: Properties = {
    "description": None,
    "properties": {},
    "codeConfiguration": None,
    "environmentId": None,
    "environmentVariables": {},
    "compute": None,
    "model": None,
    "maxConcurrencyPerInstance": 1,
    "miniBatchSize": 10,
    "errorThreshold": -1,
    "loggingLevel": "Info",
    "outputAction": "AppendRow",
    "outputFileName": "predictions.csv",
    "deploymentConfiguration": None,
}
"""Source of the values: the YAML reference of batch deployments, and recorded answers."""

RETRIES = {"maxRetries": 3, "timeout": "PT30S"}
LEAST = {"maxConcurrencyPerInstance": 1, "miniBatchSize": 1, "errorThreshold": -1}


def is_pipeline(properties: Properties) -> bool:
    """Whether a deployment runs a pipeline component, not a model."""
    configuration = properties.get("deploymentConfiguration") or {}
    return bool(configuration.get("deploymentConfigurationType") == "PipelineComponent")


def completed(resolver: Resolver, check_compute: CheckCompute, requested: Properties) -> Properties:
    """The properties of a deployment as the service stores them.

    :param requested: the checked properties of a request.
    :raises ServiceError: 400 for what is missing, contradicts itself, or names something that does not exist; the
        texts are ours, the service's are unproven.
    """
    properties = {**DEFAULTS, **{key: value for key, value in requested.items() if key != "provisioningState"}}
    properties["retrySettings"] = {**RETRIES, **(requested.get("retrySettings") or {})}
    properties["resources"] = {
        "instanceType": None,
        "properties": {},
        "instanceCount": 1,
        **(requested.get("resources") or {}),
    }
    check_numbers(properties)
    if is_pipeline(properties):
        complete_pipeline(resolver, properties)
    else:
        complete_model(resolver, check_compute, properties)
    return properties


def check_numbers(properties: Properties) -> None:
    """The numbers lie in their ranges."""
    values = {
        **{name: properties[name] for name in LEAST},
        "retrySettings.maxRetries": properties["retrySettings"]["maxRetries"],
    }
    values["resources.instanceCount"] = properties["resources"]["instanceCount"]
    least = {**LEAST, "retrySettings.maxRetries": 0, "resources.instanceCount": 1}
    problems = [
        Problem(f"properties.{name}", f"{value} is less than {least[name]}.")
        for name, value in values.items()
        if value is not None and value < least[name]
    ]
    if problems:
        raise invalid(problems)


def complete_pipeline(resolver: Resolver, properties: Properties) -> None:
    """A pipeline component's deployment: the component exists and is a pipeline; other properties are ignored.

    Source: recorded answers show compute and model of such a deployment as null.
    """
    reference = (properties["deploymentConfiguration"].get("componentId") or {}).get("assetId")
    if not reference:
        raise invalid(
            [Problem("properties.deploymentConfiguration.componentId", "The value is required.", "NotNullValidator")]
        )
    field = "deploymentConfiguration.componentId"
    version = required_version(resolver, field, reference, "components")
    kind = version.properties["componentSpec"].get("type")
    if kind != "pipeline":
        raise invalid_field(
            field, f"{reference!r} is a component of type {kind!r}; a pipeline component is needed.", "InvalidComponent"
        )
    properties.update(model=None, compute=None)
    properties["deploymentConfiguration"] = {"settings": {}, **properties["deploymentConfiguration"]}


def complete_model(resolver: Resolver, check_compute: CheckCompute, properties: Properties) -> None:
    """A model's deployment: model, compute, and unless the model is MLflow's a scoring script and an environment."""
    for key in ("model", "compute"):
        if not properties.get(key):
            raise invalid([Problem(f"properties.{key}", "The value is required.", "NotNullValidator")])
    model = required_version(resolver, "model", model_address(properties), "models")
    check_compute({"computeId": properties["compute"], "resources": properties["resources"]})
    complete_script(resolver, properties, model.properties.get("modelType"))


def model_address(properties: Properties) -> str:
    """The address of a deployment's model.

    :raises ServiceError: 501 for a model that is not named by its asset id.
    """
    reference = properties["model"]
    if reference.get("referenceType") != "Id" or not reference.get("assetId"):
        raise not_emulated("Deployments whose model is not named by an asset id are not emulated")
    return str(reference["assetId"])
