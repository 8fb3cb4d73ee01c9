"""Spark components, and what a spark node that is written out becomes.

Source: azure-ai-ml 1.35.2, ``_schema/component/spark_component.py``, ``entities/_component/spark_component.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.includes import INCLUDES, beside, rows_of
from airflow_azureml.jobspec.kinds.spark.job import CONF, PROPERTIES, SPARK, entry_exists, parted
from airflow_azureml.jobspec.nodes.component import (
    HEAD,
    Component,
    component_code,
    declared,
    registration,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.node_keys import rows
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import Translator

LISTS = rows(SPARK, "py_files", "jars", "files", "archives")
OWN = (*LISTS, *rows(SPARK, "code", "entry", "conf", "args", "environment"))
"""What a component has of a job."""


def settings(conf: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the settings of a component; an empty one, zero and false included, counts as absent."""
    known, others = parted(conf)
    return {short: value or None for short, value in known.items()}, others


def spark_names(known: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings under Spark's own names, those with a short one as numbers where they are."""
    return {**others, **{CONF[short]: _whole(value) for short, value in known.items() if value is not None}}


def _whole(value: Any) -> object:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def with_code(located: Located, ctx: Translator) -> Located:
    """Take the whole folder of the file for the code of a component that names none, as Microsoft's client does; one
    that is written in a program has no such folder, and no code."""
    if "code" in located.value or located.place.file is None:
        return located
    ctx.warn(
        located, f"there is no code: all of {located.place.folder} is uploaded. Give code the folder of the entry."
    )
    return located.within({**located.value, "code": "."})


def spark_component(located: Located, ctx: Translator) -> Component:
    """Read a spark component."""
    located = with_code(located, ctx)
    properties = Field("properties", "properties", PROPERTIES)
    table = (*HEAD, *OWN, properties, INCLUDES)
    known = (*(row.name for row in table), "inputs", "outputs")
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(rows_of(table, located), located, ctx, extra=(*known, *unknown))
    inputs, outputs, io = declared(located, ctx, primitive=False)
    if "additional_includes" in body:
        body["code"] = beside(body["additional_includes"], located, ctx, component_code)
    else:
        entry_exists(located, ctx)
    conf = spark_names(*settings(body.get("conf")))
    spec = {"is_deterministic": True, **unknown, **body, "conf": conf, "type": "spark", **io}
    return Component(registration(spec, body.get("properties"), located), "spark", inputs, outputs, spec, located)
