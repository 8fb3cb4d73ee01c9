"""Components that copy data; those that import and export are Azure ML's own, or registered.

Source: azure-ai-ml 1.35.2, ``_schema/component/data_transfer_component.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.component_io import PARAMETERS
from airflow_azureml.jobspec.nodes.component import (
    HEAD,
    Component,
    any_mapping,
    declared,
    registration,
    unknown_keys,
)
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import without_empty
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.values import choice

COPY, IMPORT, EXPORT = "copy_data", "import_data", "export_data"
TASKS = {IMPORT: "source", EXPORT: "sink", COPY: None}
"""What a node does, and its key for the place outside of Azure ML."""

COPY_MODE = choice({word: word for word in ("merge_with_overwrite", "fail_if_conflict")}, "a way to copy")


def transfer_component(located: Located, ctx: Translator) -> Component:
    """Read a component that copies data; those that import and export are Azure ML's own or registered."""
    copy_alone = Field("task", "task", choice({COPY: COPY}, "the task of a component in a file"), required=True)
    rows = (*HEAD, copy_alone, Field("data_copy_mode", "data_copy_mode", COPY_MODE))
    rows = (*rows, Field("properties", "properties", any_mapping))
    known = (*(row.name for row in rows), "inputs", "outputs")
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(rows, located, ctx, extra=("inputs", "outputs", *unknown))
    inputs, outputs, io = declared(located, ctx, primitive=False)
    check_copy(located, ctx, io)
    properties = body.pop("properties", None)
    tags = {"tags": body["tags"]} if body.get("tags") else {}
    spec = {**without_empty({"is_deterministic": True, **unknown, **body, "type": "data_transfer", **io}), **tags}
    registered = registration(spec, properties, located)
    return Component(registered, "data_transfer", inputs, outputs, spec, located)


def check_copy(located: Located, ctx: Translator, io: Mapping[str, Any]) -> None:
    """Check what goes in and out of a copy: data into one output of its type, or much into a folder."""
    types = {part: [port["type"] for port in io.get(part, {}).values()] for part in ("inputs", "outputs")}
    written = {part: located.value.get(part) for part in types}
    if not types["inputs"] and not written["inputs"]:
        ctx.error(located, "a copy needs inputs.", "inputs")
    if not isinstance(written["outputs"], Mapping) or len(written["outputs"]) != 1:
        ctx.error(located, "a copy needs exactly one output.", "outputs")
    for name, port in io.get("inputs", {}).items():
        if port["type"] in PARAMETERS:
            ctx.error(located, f"a copy takes data, not a {port['type']}.", "inputs", name)
    if len(types["inputs"]) == 1 and types["outputs"] and types["inputs"] != types["outputs"]:
        ctx.error(
            located,
            f"a copy of one {types['inputs'][0]} has an output of that type, not {types['outputs'][0]}.",
            "outputs",
        )
    if len(types["inputs"]) > 1 and types["outputs"] not in ([], ["uri_folder"]):
        ctx.error(
            located, f"a copy of several inputs has an output of type uri_folder, not {types['outputs'][0]}.", "outputs"
        )
