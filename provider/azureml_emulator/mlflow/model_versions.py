"""Versions of registered models, which are the workspace's model assets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from azureml_emulator.assets.references import Place, UnresolvedError
from azureml_emulator.mlflow.artifacts import address_of, folder_of, place_of
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.logged_models import find_logged_model
from azureml_emulator.mlflow.protocol import invalid, key_values, required
from azureml_emulator.mlflow.registered_models import read_stage
from azureml_emulator.mlflow.registry_rows import MODELS, find_model_version, find_registered_model, version_row
from azureml_emulator.mlflow.stages import ARCHIVED

SOURCE_FORMAT = "Model source from file must be in the following format: azureml://artifacts/<origin>/<container>/<artifact_prefix>."
"""Source: the service's answer in https://github.com/mlflow/mlflow/issues/15329."""


def transition_stage(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Move a version to a stage, and those that are there to ``Archived`` when asked to."""
    moved, stage = find_model_version(mlflow, body), read_stage(body.get("stage"))
    if body.get("archive_existing_versions") is True:
        for other in mlflow.assets.versions.of(MODELS, moved.name):
            if other.version != moved.version and mlflow.stages.of(moved.name, other.version) == stage:
                mlflow.stages.put(moved.name, other.version, ARCHIVED)
    mlflow.stages.put(moved.name, moved.version, stage)
    return {"model_version": version_row(mlflow, moved)}


def delete_model_version(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a version, and its aliases, which MLflow's own store keeps: a later version may get its number here."""
    gone = find_model_version(mlflow, body)
    mlflow.assets.versions.delete(MODELS, gone.name, gone.version)
    mlflow.stages.forget(gone.name, gone.version)
    for alias, version in mlflow.aliases.of(gone.name).items():
        if version == gone.version:
            mlflow.aliases.forget(gone.name, alias)
    return {}


def create_model_version(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Register a model's files as the next version of a model asset of the workspace."""
    name = find_registered_model(mlflow, body)
    source = required(body, "source")
    properties = {
        "modelUri": address(mlflow, source),
        "modelType": "mlflow_model",
        "description": body.get("description"),
        "tags": dict(key_values(body.get("tags"))),
        "properties": {"mlflow.source": source, "mlflow.modelId": str(body.get("model_id") or "")},
    }
    versions = mlflow.assets.versions
    version = versions.next_number(MODELS, name)
    finished = mlflow.assets.kinds[MODELS].finish(name, version, properties)
    written_by = re.search(r"/ExperimentRun/dcid\.([^/]+)/", str(finished["modelUri"]))
    finished["jobName"] = body.get("run_id") or (written_by and written_by[1]) or finished.get("jobName")
    made = versions.put(MODELS, name, version, finished, mlflow.settings.client_id)
    mlflow.stages.forget(name, version)  # an earlier one of this number
    return {"model_version": version_row(mlflow, made)}


def address(mlflow: Mlflow, source: str) -> str:
    """The address of a model's files in the workspace's storage.

    :param source: an address of artifacts, ``runs:/…``, ``azureml://…``; ``models:/<id of a logged model>`` and ``file://…``
        below the emulator's storage where plain MLflow shall be enough.
    :raises ServiceError: the files are elsewhere.
    """
    resolver = mlflow.assets.resolver
    artifacts = place_of(mlflow, source)
    if artifacts:
        return resolver.uri_of(artifacts)
    if not mlflow.settings.mlflow_direct and not source.startswith("azureml:"):
        raise invalid(f"{SOURCE_FORMAT} Provided model source: {source}")
    if source.startswith("models:/m-"):
        record = find_logged_model(mlflow, {"model_id": source.removeprefix("models:/")})
        return resolver.uri_of(Place(mlflow.settings.artifact_container, record["path"]))
    if source.startswith("runs:/"):
        run, _, path = source.removeprefix("runs:/").partition("/")
        return resolver.uri_of(Place(mlflow.settings.artifact_container, f"{folder_of(run)}/{path}"))
    if source.startswith(("file://", "/")):
        try:
            place = Path(unquote(urlsplit(source).path)).resolve()
        except ValueError:
            raise invalid(f"Invalid model version source: '{source}' is not an address.") from None
        root = mlflow.blobs.root.resolve()
        if place.is_relative_to(root) and len(place.relative_to(root).parts) > 1:
            container, *parts = place.relative_to(root).parts
            return resolver.uri_of(Place(container, "/".join(parts)))
        raise invalid(f"Invalid model version source: '{source}' is not in the workspace's storage.")
    return source


def get_model_version(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """A model version."""
    return {"model_version": version_row(mlflow, find_model_version(mlflow, body))}


def update_model_version(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Change a version's description."""
    model_version = find_model_version(mlflow, body)
    changed = {**model_version.properties, "description": body.get("description")}
    stored = mlflow.assets.versions.put(MODELS, model_version.name, model_version.version, changed)
    return {"model_version": version_row(mlflow, stored)}


def set_model_version_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set a tag of a version."""
    model_version = find_model_version(mlflow, body)
    tags = {**(model_version.properties.get("tags") or {}), required(body, "key"): str(body.get("value", ""))}
    mlflow.assets.versions.put(
        MODELS, model_version.name, model_version.version, {**model_version.properties, "tags": tags}
    )
    return {}


def delete_model_version_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a tag of a version."""
    model_version, key = find_model_version(mlflow, body), required(body, "key")
    tags = {name: value for name, value in (model_version.properties.get("tags") or {}).items() if name != key}
    mlflow.assets.versions.put(
        MODELS, model_version.name, model_version.version, {**model_version.properties, "tags": tags}
    )
    return {}


def download_uri(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Where a version's files are."""
    model_version = find_model_version(mlflow, body)
    try:
        place = mlflow.assets.resolver.place(str(model_version.properties["modelUri"]))
    except UnresolvedError as error:
        raise invalid(str(error)) from None
    if not isinstance(place, Place):
        raise invalid(f"The files of model '{model_version.name}' are not in the workspace's storage.")
    return {"artifact_uri": address_of(mlflow, place)}
