"""Registered models and their versions as MLflow shows them."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.versions import Version
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.models import milliseconds, milliseconds_now
from azureml_emulator.mlflow.protocol import key_value_rows, missing, required

MODELS = "models"
"""The kind of asset that models are."""


def exists(mlflow: Mlflow, name: str) -> bool:
    """Whether there is a registered model of this name, with or without versions."""
    versions = mlflow.assets.versions
    return bool(versions.container(MODELS, name) or versions.of(MODELS, name))


def find_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> str:
    """The name of the registered model that a request names, or MLflow's 404."""
    name = required(body, "name")
    if not exists(mlflow, name):
        raise missing("Registered Model with name", name)
    return name


def find_model_version(mlflow: Mlflow, body: dict[str, Any]) -> Version:
    """The model version that a request names, or MLflow's 404."""
    name, version = required(body, "name"), str(body.get("version") or "")
    model_version = mlflow.assets.versions.get(MODELS, name, version)
    if model_version is None:
        raise missing("Model Version", f"name={name}, version={version}")
    return model_version


def version_row(mlflow: Mlflow, version: Version) -> dict[str, Any]:
    """A model version as MLflow answers it."""
    properties = version.properties
    custom = properties.get("properties") or {}
    return {
        "name": version.name,
        "version": version.version,
        "creation_timestamp": milliseconds(version.created_at),
        "last_updated_timestamp": milliseconds(version.modified_at),
        "current_stage": mlflow.stages.of(version.name, version.version),
        "description": properties.get("description") or "",
        "source": custom.get("mlflow.source") or properties["modelUri"],
        "run_id": properties.get("jobName") or "",
        "model_id": custom.get("mlflow.modelId") or "",
        "status": "READY",
        "tags": key_value_rows(properties.get("tags") or {}),
        "aliases": [alias for alias, number in mlflow.aliases.of(version.name).items() if number == version.version],
    }


def registered_row(mlflow: Mlflow, name: str) -> dict[str, Any]:
    """A registered model as MLflow answers it."""
    versions = mlflow.assets.versions
    container, latest = versions.container(MODELS, name), versions.latest(MODELS, name)
    return {
        "name": name,
        "creation_timestamp": milliseconds(latest.created_at) if latest else milliseconds_now(),
        "last_updated_timestamp": milliseconds(latest.modified_at) if latest else milliseconds_now(),
        "description": container.get("description") or "",
        "latest_versions": [version_row(mlflow, latest)] if latest else [],
        "tags": key_value_rows(container.get("tags") or {}),
        "aliases": [{"alias": alias, "version": number} for alias, number in mlflow.aliases.of(name).items()],
    }
