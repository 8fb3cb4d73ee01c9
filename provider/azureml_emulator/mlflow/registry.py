"""MLflow's registry, whose models are the workspace's model assets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from azureml_emulator.assets.references import Place, UnresolvedError
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.mlflow.artifacts import address_of, folder_of, place_of
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.logged_models import find_logged_model
from azureml_emulator.mlflow.models import milliseconds, milliseconds_now
from azureml_emulator.mlflow.protocol import invalid, key_value_rows, key_values, missing, required
from azureml_emulator.mlflow.stages import ARCHIVED, STAGES

MODELS = "models"
NO_PROMPTS = re.compile(r"(\s+AND\s+)?tags?\.`mlflow\.prompt\.is_prompt`\s*!=\s*'true'\s*$", re.IGNORECASE)
"""What MLflow 3 adds to every search of models. There are no prompts here; what the service says to it is unproven."""

BY_NAME = re.compile(r"""name\s*=\s*(?P<quote>['"]?)(?P<name>[^'"]*)(?P=quote)""")
SOURCE_FORMAT = "Model source from file must be in the following format: azureml://artifacts/<origin>/<container>/<artifact_prefix>."
"""Source: the service's answer in https://github.com/mlflow/mlflow/issues/15329."""


def create_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Make a registered model, without a version yet."""
    name = required(body, "name")
    if exists(mlflow, name):
        text = f"Registered Model (name={name}) already exists."
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", text, envelope=Envelope.MLFLOW)
    properties = {
        "description": body.get("description"),
        "tags": dict(key_values(body.get("tags"))),
        "properties": {},
    }
    mlflow.assets.versions.put_container(MODELS, name, {**properties, "isArchived": False})
    return {"registered_model": registered_row(mlflow, name)}


def exists(mlflow: Mlflow, name: str) -> bool:
    """Whether there is a registered model of this name, with or without versions."""
    versions = mlflow.assets.versions
    return bool(versions.container(MODELS, name) or versions.of(MODELS, name))


def get_registered_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """A registered model."""
    name = required(body, "name")
    if not exists(mlflow, name):
        raise missing("Registered Model with name", name)
    return {"registered_model": registered_row(mlflow, name)}


def search_registered_models(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """All registered models, or the one that ``name='...'`` names; Azure ML has no other filter."""
    asked = name_asked_for(body)
    versions = mlflow.assets.versions
    names = {version.name for version in versions.all(MODELS) if not version.anonymous}
    if asked is not None:
        names &= {asked}
    return {"registered_models": [registered_row(mlflow, name) for name in sorted(names)]}


def name_asked_for(body: dict[str, Any]) -> str | None:
    """The name in the filter ``name='...'``; None: all names.

    :raises ServiceError: 501 for every other filter. What the service answers to them is unproven.
    """
    condition = NO_PROMPTS.sub("", str(body.get("filter") or "")).strip()
    if not condition:
        return None
    found = BY_NAME.fullmatch(condition)
    if found is None:
        text = "Filters of registered models other than by name are not emulated; see docs/emulator.md."
        raise ServiceError(501, "NOT_IMPLEMENTED", text, envelope=Envelope.MLFLOW)
    return found["name"]


def latest_versions(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The newest version in each stage that is asked for; in each stage there is when none is asked for."""
    get_registered_model(mlflow, body)
    name, given = required(body, "name"), body.get("stages") or STAGES
    stages = {read_stage(stage) for stage in ([given] if isinstance(given, str) else given)}
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
    """Remove a version."""
    gone = find_model_version(mlflow, body)
    mlflow.assets.versions.delete(MODELS, gone.name, gone.version)
    mlflow.stages.forget(gone.name, gone.version)
    return {}


def create_model_version(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Register a model's files as the next version of a model asset of the workspace."""
    name = required(body, "name")
    if not exists(mlflow, name):
        raise missing("Registered Model with name", name)
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
        place = Path(unquote(urlsplit(source).path)).resolve()
        root = mlflow.blobs.root.resolve()
        if place.is_relative_to(root) and len(place.relative_to(root).parts) > 1:
            container, *parts = place.relative_to(root).parts
            return resolver.uri_of(Place(container, "/".join(parts)))
        raise invalid(f"Invalid model version source: '{source}' is not in the workspace's storage.")
    return source


def find_model_version(mlflow: Mlflow, body: dict[str, Any]) -> Version:
    """The model version that a request names, or MLflow's 404."""
    name, version = required(body, "name"), str(body.get("version") or "")
    model_version = mlflow.assets.versions.get(MODELS, name, version)
    if model_version is None:
        raise missing("Model Version", f"name={name}, version={version}")
    return model_version


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


def set_registered_model_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set a tag of a registered model."""
    get_registered_model(mlflow, body)
    name, versions = required(body, "name"), mlflow.assets.versions
    container = versions.container(MODELS, name)
    tags = {**(container.get("tags") or {}), required(body, "key"): str(body.get("value", ""))}
    versions.put_container(MODELS, name, {**container, "tags": tags})
    return {}


def search_model_versions(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """All versions, or those of the one model that ``name='...'`` names, the newest first."""
    name, versions = name_asked_for(body), mlflow.assets.versions
    matching = versions.all(MODELS) if name is None else versions.of(MODELS, name)
    return {"model_versions": [version_row(mlflow, version) for version in reversed(matching)]}


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
    }
