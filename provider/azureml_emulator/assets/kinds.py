"""Kinds of assets: the properties that the service stores for each kind, and which of them may change. No HTTP.

The kind ``components`` belongs to the room of pipelines, which defines what a component may declare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from azureml_emulator.assets.references import Place, Resolver, UnresolvedError
from azureml_emulator.assets.schemas import CODE, DATA, ENVIRONMENT, MODEL
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem, Shape
from azureml_emulator.storage.blobs.models import BlobStore

Properties = dict[str, Any]


def same_version(properties: Properties, version: str) -> str:
    """An asset is stored under the requested version."""
    return version


@dataclass(frozen=True)
class Kind:
    """One kind of asset.

    :param segment: its name in paths.
    :param finish: ``finish(name, version, properties)``: the properties as the service answers them.
    :param frozen: properties of a version that cannot change.
    :param clash: HTTP status and message of the error when a request would change them.
    :param kept_as: ``kept_as(properties, version)``: the version under which it is stored.
    """

    segment: str
    shape: Shape
    finish: Callable[[str, str, Properties], Properties]
    frozen: tuple[str, ...]
    clash: tuple[int, str]
    kept_as: Callable[[Properties, str], str] = same_version


def common_properties(properties: Properties) -> Properties:
    """The properties of every asset version."""
    return {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        "isAnonymous": False,
        **{key: value for key, value in properties.items() if value is not None},
    }


def finish_code(name: str, version: str, properties: Properties) -> Properties:
    """Code comes back as not anonymous. Source: recorded answers to Code Versions - Create."""
    return {**common_properties(properties), "isAnonymous": False, "provisioningState": "Succeeded"}


def finish_environment(name: str, version: str, properties: Properties) -> Properties:
    """An environment's conda file comes back as JSON text. Source: recorded answers to Environment Versions - Get."""
    if not (properties.get("image") or properties.get("build")):
        raise invalid([Problem("properties", "One of image and build is required.", "NotNullValidator")])
    if properties.get("image") and properties.get("build"):
        raise invalid([Problem("properties", "image and build exclude each other.")])
    finished = {
        "condaFile": None,
        "image": None,
        "build": None,
        "inferenceConfig": None,
        "osType": "Linux",
        "stage": None,
        "autoRebuild": "Disabled",
        **common_properties(properties),
        "environmentType": "UserCreated",
        "provisioningState": "Succeeded",
    }
    if properties.get("condaFile"):
        finished["condaFile"] = json.dumps(conda(properties["condaFile"]), indent=2)
    return finished


def conda(text: str) -> Any:
    """A conda file's text (YAML or JSON) as values."""
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that is none, such as 9999-99-99
        value = None
    if not isinstance(value, dict):
        raise invalid([Problem("properties.condaFile", "The conda file is not a YAML mapping.")])
    return value


def finish_data(resolver: Resolver, name: str, version: str, properties: Properties) -> Properties:
    """A data asset's address comes back in its long form. Source: recorded answers to Data Versions - Get."""
    return {**common_properties(properties), "dataUri": resolver.long_uri(properties["dataUri"])}


def finish_model(resolver: Resolver, blobs: BlobStore, name: str, version: str, properties: Properties) -> Properties:
    """A model comes back with the datastore address of its files, the job that wrote them, and its flavors."""
    uri = properties["modelUri"]
    written_by = re.match(r"(?:azureml://jobs/|runs:/)([^/]+)", uri)
    if written_by:
        try:
            place = resolver.place(uri)
        except UnresolvedError as error:
            raise ServiceError(400, "UserError", str(error), inner=("BadArgument", "ModelPathNotFound")) from None
        assert isinstance(place, Place)
        uri = resolver.uri_of(place)
    uri = resolver.long_uri(uri)
    finished = {
        "modelType": "custom_model",
        "stage": None,
        "flavors": {},
        "jobName": written_by[1] if written_by else None,
        **common_properties(properties),
        "modelUri": uri,
        "provisioningState": "Succeeded",
    }
    if not properties.get("flavors"):
        finished["flavors"] = flavors(resolver, blobs, uri)
    return finished


def flavors(resolver: Resolver, blobs: BlobStore, uri: str) -> dict[str, Any]:
    """The flavors that an ``MLmodel`` file at the model's place names, as text values."""
    try:
        place = resolver.place(uri)
        if not isinstance(place, Place):
            return {}
        described = yaml.safe_load(blobs.read(place.container, f"{place.path.rstrip('/')}/MLmodel"))
        rows = dict(described.get("flavors") or {})
    except (UnresolvedError, OSError, ValueError, yaml.YAMLError, AttributeError):
        return {}
    return {name: {"data": {key: str(value) for key, value in dict(row or {}).items()}} for name, row in rows.items()}


PATHS = "Asset paths cannot be updated."


def asset_kinds(resolver: Resolver, blobs: BlobStore) -> list[Kind]:
    """The kinds of assets, but for components."""
    return [
        Kind("codes", CODE, finish_code, ("codeUri",), (400, PATHS)),
        Kind(
            "environments",
            ENVIRONMENT,
            finish_environment,
            ("image", "condaFile", "build", "inferenceConfig", "osType"),
            (409, "An environment with this name and version already exists; its definition cannot be changed."),
        ),
        Kind("data", DATA, partial(finish_data, resolver), ("dataUri", "dataType"), (409, PATHS)),
        Kind("models", MODEL, partial(finish_model, resolver, blobs), ("modelUri", "modelType"), (409, PATHS)),
    ]


def updated_properties(kind: Kind, before: Version | None, finished: Properties) -> Properties:
    """The properties to store.

    :raises ServiceError: a frozen property of the version would change.
    """
    if before is None:
        return finished
    changed = [key for key in kind.frozen if definition_of(before.properties, key) != definition_of(finished, key)]
    if changed:
        status, message = kind.clash
        inner = ("Conflict", "AssetVersionExists") if status == 409 else ("BadArgument", "AssetPathImmutable")
        raise ServiceError(status, "UserError", message, inner=inner)
    return {
        **before.properties,
        **finished,
        "properties": {**finished["properties"], **before.properties["properties"]},
    }


def definition_of(properties: Mapping[str, Any], key: str) -> Any:
    """What two versions must have in common under a frozen key.

    Name and version in an anonymous component's spec are no part of it: azure-ai-ml 1.35.2 makes the version that it is
    put under of the rest (``Component._get_anonymous_hash``).
    """
    value = comparable(properties.get(key))
    if properties.get("isAnonymous") and isinstance(value, dict):
        return {word: each for word, each in value.items() if word not in ("name", "version")}
    return value


def comparable(value: Any) -> Any:
    """A value for comparison: no nulls, no slash at the end of a text, a component's service-made parts in text."""
    if isinstance(value, Mapping):
        return {key: comparable(each) for key, each in value.items() if each is not None and key != "_source"} or None
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return None if value is None else str(value).rstrip("/")
