"""Models: the YAML of ``az ml model create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/model.py`` and ``entities/_assets/_artifacts/model.py``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.data import anything_later, asset_name
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import (
    INVALID,
    OMIT,
    Field,
    Reading,
    answers,
    anything,
    choice,
    mapped,
    show,
    text,
    version,
    walk,
)
from airflow_azureml.spec.inputs import MODEL_TYPES, data_uri, datastore

RUN = "runs:/"
"""MLflow's form of a path in a job's artifacts, which the service takes as it is."""


@dataclass(frozen=True)
class Model:
    """A model to be registered.

    :param version: None: the service counts.
    :param body: ``{"properties": {...}}``, with a gap where a local path must be uploaded.
    """

    name: str
    version: str | None
    body: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


def _words(spot: Spot, reading: Reading) -> Any:
    """Take a mapping of texts; other scalars are sent as text, empty ones not at all."""
    found = mapped(anything, null=True)(spot, reading)
    if found is INVALID:
        return INVALID
    return {name: str(value) for name, value in found.items() if value is not None}


def _flavors(spot: Spot, reading: Reading) -> Any:
    """Take the flavors of an MLflow model: for each a mapping."""
    found = mapped(mapped(anything))(spot, reading)
    return INVALID if found is INVALID else {name: {"data": data} for name, data in found.items()}


TABLE = (
    Field("name", "name", asset_name, required=True),
    Field("version", "version", version),
    Field("type", "modelType", choice({word: word for word in MODEL_TYPES}, "a type of model")),
    Field("path", None, anything_later, required=True),
    Field("datastore", None, anything_later),
    Field("description", "description", text),
    Field("tags", "tags", _words),
    Field("properties", "properties", _words),
    Field("flavors", "flavors", _flavors),
    Field("stage", "stage", text),
    *answers("id", "utc_time_created", "latest_version", "creation_context", "job_name"),
)


def translate_model(document: Document, workspace: Workspace) -> Model:
    """Translate a model.

    :raises SpecError: with all problems of the document, each with its place.
    """
    reading = Reading.of(document, workspace)
    body = walk(TABLE, document.root, reading)
    body.setdefault("modelType", "custom_model")
    uri = _uri(document.root, reading, body["modelType"])
    if problems := reading.found():
        raise SpecError(problems)
    name, number = body.pop("name"), body.pop("version", None)
    return Model(name, number, {"properties": {**body, "modelUri": uri}}, tuple(reading.warnings))


def _uri(root: Spot, reading: Reading, kind: str) -> Any:
    path = root.value.get("path")
    if path is None:
        return OMIT
    spot = root.child("path")
    if isinstance(path, Mapping):
        return reading.refuse(spot, f'{show(path)} is not a path. Accepted: the path of an output, its key "path".')
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        return reading.refuse(spot, f"{show(path)} is not a path. Accepted: a local path, or the address of a model.")
    given = os.fspath(path)
    if given.startswith(RUN):
        return given
    return data_uri(spot.within(given), reading, kind, datastore(root, reading))
