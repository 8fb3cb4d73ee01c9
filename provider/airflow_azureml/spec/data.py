"""Data assets: the YAML of ``az ml data create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/data.py`` and ``entities/_assets/_artifacts/data.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.artifacts import Artifact, located, rows, translate
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import Field, Reading, anything, show
from airflow_azureml.spec.inputs import DATA_TYPES, TABLE_TYPES
from airflow_azureml.spec.needs import Gap, Upload
from airflow_azureml.spec.tables import local_table
from airflow_azureml.spec.values import mapped

TABLE = (
    *rows("dataType", (*DATA_TYPES, *TABLE_TYPES), "a type of data asset"),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything)),
)


def translate_data(document: Document, workspace: Workspace) -> Artifact:
    """Translate a data asset. A local table brings along what it refers to.

    :raises SpecError: with all problems of the document, each with its place.
    """
    referenced: list[str] = []

    def uri(root: Spot, reading: Reading, kind: str) -> Any:
        address = located(root, reading, kind, "data")
        if kind in TABLE_TYPES and isinstance(address, Gap) and isinstance(address.need, Upload):
            referenced.extend(local_table(address.need.source, root.child("path"), reading) or ())
        if kind == "uri_file" and isinstance(address, Gap) and isinstance(address.need, Upload):
            spot, need = root.child("path"), address.need
            if need.bundle.is_folder:
                return reading.refuse(spot, f"{show(spot.value)} is a folder. Accepted for uri_file: a file.")
        return address

    found = translate(document, workspace, TABLE, ("dataType", "uri_folder"), ("dataUri", uri))
    return replace(found, body=_with(found.body, referenced)) if referenced else found


def _with(body: Mapping[str, Any], referenced: list[str]) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], "referencedUris": referenced}}
