"""Registered models, of which the workspace's model assets are the versions.

Microsoft's page says that they are immutable in Azure Machine Learning: neither renamed nor deleted there, only their
versions are (https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow). What is particular to
MLflow's own server goes by its ``store/model_registry/sqlalchemy_store.py``, 3.13.
"""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.protocol import invalid, key_values, required, texts
from azureml_emulator.mlflow.registry_rows import MODELS, exists, find_registered_model, registered_row, version_row
from azureml_emulator.mlflow.stages import STAGES


def create_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Make a registered model, without a version yet."""
    name = free_name(mlflow, required(body, "name"))
    properties = {
        "description": body.get("description"),
        "tags": dict(key_values(body.get("tags"))),
        "properties": {},
    }
    mlflow.assets.versions.put_container(MODELS, name, {**properties, "isArchived": False})
    return {"registered_model": registered_row(mlflow, name)}


def get_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """A registered model."""
    return {"registered_model": registered_row(mlflow, find_registered_model(mlflow, body))}


def latest_versions(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The newest version in each stage that is asked for; in each stage there is when none is asked for."""
    name = find_registered_model(mlflow, body)
    stages = {read_stage(stage) for stage in texts(body, "stages") or STAGES}
    newest = {
        mlflow.stages.of(name, version.version): version
        for version in mlflow.assets.versions.of(MODELS, name)
        if not version.hidden
    }
    return {"model_versions": [version_row(mlflow, row) for stage, row in newest.items() if stage in stages]}


def read_stage(value: Any) -> str:
    """A stage's name; its case counts.

    :raises ServiceError: there is no such stage.
    """
    if value not in STAGES:
        raise invalid(f"Invalid Model Version stage: {value}. Value must be one of {', '.join(STAGES)}.")
    return str(value)


def set_registered_model_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set a tag of a registered model."""
    name = find_registered_model(mlflow, body)
    tags = {**tags_of(mlflow, name), required(body, "key"): str(body.get("value", ""))}
    change(mlflow, name, tags=tags)
    return {}


def delete_registered_model_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a tag of a registered model."""
    name, key = find_registered_model(mlflow, body), required(body, "key")
    change(mlflow, name, tags={other: value for other, value in tags_of(mlflow, name).items() if other != key})
    return {}


def update_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Change a registered model's description."""
    name = find_registered_model(mlflow, body)
    change(mlflow, name, description=body.get("description"))
    return {"registered_model": registered_row(mlflow, name)}


def rename_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Give a registered model another name, with its versions, their stages and its aliases."""
    name, new = find_registered_model(mlflow, body), free_name(mlflow, required(body, "new_name"))
    versions = mlflow.assets.versions
    aliases, container = mlflow.aliases.of(name), versions.container(MODELS, name)
    versions.put_container(MODELS, new, container)
    for row in versions.of(MODELS, name):
        versions.put(MODELS, new, row.version, row.properties, row.created_by)
        mlflow.stages.put(new, row.version, mlflow.stages.of(name, row.version))
    for alias, version in aliases.items():
        mlflow.aliases.put(new, alias, version)
    forget(mlflow, name)
    return {"registered_model": registered_row(mlflow, new)}


def delete_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a registered model with its versions."""
    forget(mlflow, find_registered_model(mlflow, body))
    return {}


def forget(mlflow: Mlflow, name: str) -> None:
    """Remove a registered model, and what MLflow alone knows of it."""
    for row in mlflow.assets.versions.of(MODELS, name):
        mlflow.stages.forget(name, row.version)
    for alias in mlflow.aliases.of(name):
        mlflow.aliases.forget(name, alias)
    mlflow.assets.versions.delete_container(MODELS, name)


def free_name(mlflow: Mlflow, name: str) -> str:
    """A name that no registered model has yet.

    :raises ServiceError: one has it.
    """
    if exists(mlflow, name):
        text = f"Registered Model (name={name}) already exists."
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", text, envelope=Envelope.MLFLOW)
    return name


def tags_of(mlflow: Mlflow, name: str) -> dict[str, str]:
    """The tags of a registered model itself."""
    return dict(mlflow.assets.versions.container(MODELS, name).get("tags") or {})


def change(mlflow: Mlflow, name: str, **properties: Any) -> None:
    """Change what is kept of a registered model beside its versions."""
    versions = mlflow.assets.versions
    versions.put_container(MODELS, name, {**versions.container(MODELS, name), **properties})
