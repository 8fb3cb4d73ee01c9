"""The kinds of assets of a feature store: entities and feature sets. No HTTP.

The service keeps them in workspaces of the kind ``FeatureStore``; here the one workspace takes them. Nothing is
materialized.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import yaml

from azureml_emulator.assets.kinds import Kind, Properties, common_properties
from azureml_emulator.assets.references import Place, Resolver, UnresolvedError
from azureml_emulator.assets.schemas import ASSET
from azureml_emulator.assets.versions import ENTITIES, FEATURE_SETS, Version, Versions
from azureml_emulator.core.errors import invalid_field, not_emulated
from azureml_emulator.core.schema import address, anything, filled, many, record, text, words
from azureml_emulator.storage.blobs.models import BlobStore

SPECIFICATION = "FeatureSetSpec.yaml"
"""The file of a feature set's specification in its folder. Source: azure-ai-ml 1.35.2,
``read_feature_set_metadata``."""

DATA_TYPES = ("String", "Integer", "Long", "Float", "Double", "Binary", "Datetime", "Boolean")
"""Source: FeatureDataType of api-version 2025-12-01."""

ENTITY = record({**ASSET, "indexColumns": many(record({"columnName": filled, "dataType": words(*DATA_TYPES)}))})
SETTINGS = record(
    {
        "notification": anything,
        "resource": record({"instanceType": text}),
        "schedule": anything,
        "sparkConfiguration": anything,
        "storeType": words("None", "Online", "Offline", "OnlineAndOffline"),
    }
)
FEATURE_SET = record(
    {
        **ASSET,
        "entities": many(filled),
        "materializationSettings": SETTINGS,
        "specification": record({"path": address}),
    }
)
"""Source: FeaturestoreEntityVersionProperties, FeaturesetVersionProperties and MaterializationSettings of api-version
2025-12-01."""

CLASH = "The version exists; what defines it cannot be changed. A new definition is a new version."
"""An assumption, from what holds for other assets; form and text of the refusal are ours."""

NAMED = re.compile(
    rf"azureml:(?P<name>[^:/]+):(?P<version>[^:/]+)|.*/{ENTITIES}/(?P<n>[^/]+)/versions/(?P<v>[^/]+)", re.I
)


def finish_entity(name: str, version: str, properties: Properties) -> Properties:
    """An entity as it is kept."""
    return {"stage": None, "indexColumns": [], **common_properties(properties), "provisioningState": "Succeeded"}


def finish_feature_set(versions: Versions, name: str, version: str, properties: Properties) -> Properties:
    """A feature set as it is kept.

    :raises ServiceError: 400 where it names an entity that is not there, 501 where it is to be materialized.
    """
    settings = properties.get("materializationSettings") or {}
    if settings.get("schedule") or settings.get("storeType", "None") != "None":
        raise not_emulated("Materializing feature sets (materializationSettings) is not emulated")
    for index, entity in enumerate(properties.get("entities") or []):
        named = NAMED.fullmatch(entity)
        found = named and versions.get(ENTITIES, named["name"] or named["n"], named["version"] or named["v"])
        if found is None:
            raise invalid_field(f"entities[{index}]", f"The entity {entity!r} was not found.", "EntityNotFound")
    finished: Properties = {"entities": [], "materializationSettings": None, "specification": None, "stage": None}
    return {**finished, **common_properties(properties), "provisioningState": "Succeeded"}


def feature_kinds(versions: Versions) -> list[Kind]:
    """The kinds of assets of a feature store."""
    feature_set = partial(finish_feature_set, versions)
    return [
        Kind(ENTITIES, ENTITY, finish_entity, ("indexColumns",), (400, CLASH)),
        Kind(FEATURE_SETS, FEATURE_SET, feature_set, ("entities", "specification"), (400, CLASH)),
    ]


def features_of(resolver: Resolver, blobs: BlobStore, feature_set: Version) -> list[dict[str, Any]]:
    """The features that a feature set's specification lists, each with ``name``, ``type``, ``description`` and
    ``tags``; none where its file cannot be read."""
    path = (feature_set.properties.get("specification") or {}).get("path") or ""
    try:
        place = resolver.place(path)
        if not isinstance(place, Place):
            return []
        described = yaml.safe_load(blobs.read(place.container, f"{place.path.rstrip('/')}/{SPECIFICATION}".lstrip("/")))
        rows = described["features"]
        return [row for row in rows if isinstance(row, dict) and row.get("name")]
    except (UnresolvedError, OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return []
