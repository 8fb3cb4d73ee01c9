"""Data assets: the YAML of ``az ml data create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/data.py`` and ``entities/_assets/_artifacts/data.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.assets.artifacts import Artifact, artifact_address, rows, translate
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Upload
from airflow_azureml.jobspec.grammar.auto_delete import auto_delete
from airflow_azureml.jobspec.grammar.inputs import DATA_TYPES, TABLE_TYPES
from airflow_azureml.jobspec.grammar.mltable import local_table
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import Converted, Translator
from airflow_azureml.jobspec.table.values import mapped
from airflow_azureml.rest.ids import Workspace

TABLE = (
    *rows("dataType", (*DATA_TYPES, *TABLE_TYPES), "a type of data asset"),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything)),
    Field("auto_delete_setting", "autoDeleteSetting", auto_delete),
)


def translate_data(document: Document, workspace: Workspace) -> Artifact:
    """Translate a data asset. A local table brings along what it refers to.

    :raises SpecError: with all problems of the document, each with its place.
    """
    referenced: list[str] = []

    def uri(root: Located, ctx: Translator, data_type: str) -> Converted[str | Placeholder]:
        address = artifact_address(root, ctx, data_type, "data")
        if data_type in TABLE_TYPES and isinstance(address, Placeholder) and isinstance(address.requirement, Upload):
            referenced.extend(local_table(address.requirement.source, root.child("path"), ctx) or ())
        if data_type == "uri_file" and isinstance(address, Placeholder) and isinstance(address.requirement, Upload):
            located, requirement = root.child("path"), address.requirement
            if requirement.bundle.is_folder:
                return ctx.error(located, f"{show(located.value)} is a folder. Accepted for uri_file: a file.")
        return address

    translation = translate(document, workspace, TABLE, ("dataType", "uri_folder"), ("dataUri", uri))
    return replace(translation, body=_with(translation.body, referenced)) if referenced else translation


def _with(body: Mapping[str, Any], referenced: list[str]) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], "referencedUris": referenced}}
