"""Data assets: the YAML of ``az ml data create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/data.py`` and ``entities/_assets/_artifacts/data.py``. Tables
(``mltable``) are not taken: they need a list of what the table refers to, which only its own reader can make.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import (
    INVALID,
    OMIT,
    Field,
    Reading,
    anything,
    choice,
    mapped,
    show,
    text,
    version,
    walk,
)
from airflow_azureml.spec.inputs import ASSET_NAME, DATA_TYPES, data_uri, datastore


@dataclass(frozen=True)
class DataAsset:
    """A data asset to be made.

    :param version: None: the service counts.
    :param body: ``{"properties": {...}}``, with a gap where a local path must be uploaded.
    """

    name: str
    version: str | None
    body: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


def asset_name(spot: Spot, reading: Reading) -> Any:
    """Take the name of an asset."""
    if isinstance(spot.value, str) and ASSET_NAME.fullmatch(spot.value):
        return spot.value
    return reading.refuse(spot, f"{show(spot.value)} is not a name. Accepted: up to 255 letters, digits, - and _.")


def anything_later(spot: Spot, reading: Reading) -> Any:
    """Leave a value to be read together with others."""
    return OMIT


TABLE = (
    Field("name", "name", asset_name, required=True),
    Field("version", "version", version),
    Field("type", "dataType", choice({word: word for word in DATA_TYPES}, "a type of data asset")),
    Field("path", None, anything_later, required=True),
    Field("datastore", None, anything_later),
    Field("description", "description", text),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything)),
)


def translate_data(document: Document, workspace: Workspace) -> DataAsset:
    """Translate a data asset.

    :raises SpecError: with all problems of the document, each with its place.
    """
    reading = Reading.of(document, workspace)
    body = walk(TABLE, document.root, reading)
    body.setdefault("dataType", "uri_folder")
    uri = _uri(document.root, reading, body["dataType"])
    if problems := reading.found():
        raise SpecError(problems)
    name, number = body.pop("name"), body.pop("version", None)
    return DataAsset(name, number, {"properties": {**body, "dataUri": uri}}, tuple(reading.warnings))


def _uri(root: Spot, reading: Reading, kind: str) -> Any:
    path = root.value.get("path")
    if path is None:
        return INVALID
    spot = root.child("path")
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        return reading.refuse(spot, f"{show(path)} is not a path. Accepted: a local path, or the address of data.")
    return data_uri(spot.within(os.fspath(path)), reading, kind, datastore(root, reading))
