"""Data assets: the YAML of ``az ml data create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/data.py`` and ``entities/_assets/_artifacts/data.py``. Tables
(``mltable``) are not taken: they need a list of what the table refers to, which only its own reader can make.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.artifacts import Artifact, located, rows, translate
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import Field, Reading, anything
from airflow_azureml.spec.inputs import DATA_TYPES
from airflow_azureml.spec.values import mapped

TABLE = (
    *rows("dataType", DATA_TYPES, "a type of data asset"),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything)),
)


def translate_data(document: Document, workspace: Workspace) -> Artifact:
    """Translate a data asset.

    :raises SpecError: with all problems of the document, each with its place.
    """
    return translate(document, workspace, TABLE, ("dataType", "uri_folder"), ("dataUri", _uri))


def _uri(root: Spot, reading: Reading, kind: str) -> Any:
    return located(root, reading, kind, "data")
