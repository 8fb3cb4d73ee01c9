"""Components that run a command.

Source: azure-ai-ml 1.35.2, ``_schema/component/command_component.py``, ``entities/_component/command_component.py``.
"""

from __future__ import annotations

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.command_text import check_bindings, warn_of_optional
from airflow_azureml.jobspec.grammar.includes import INCLUDES, beside, rows_of
from airflow_azureml.jobspec.grammar.shared import DISTRIBUTION
from airflow_azureml.jobspec.nodes.component import (
    HEAD,
    Component,
    component_code,
    component_environment,
    component_resources,
    declared,
    registration,
    unknown_keys,
)
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything, filled, without_empty
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.values import mapped, text

COMMAND = (
    *HEAD,
    Field("command", "command", text, required=True),
    Field("code", "code", component_code),
    Field("environment", "environment", component_environment, required=True),
    Field("resources", "resources", component_resources),
    Field("distribution", "distribution", DISTRIBUTION),
    Field("properties", "properties", mapped(filled)),
    INCLUDES,
    Field("environment_variables", None, anything, unsent=True),
)
"""The spec of a command; Microsoft's client does not send a component's environment variables."""


def command_component(located: Located, ctx: Translator) -> Component:
    """Read a command component."""
    known = (*(row.name for row in COMMAND), "inputs", "outputs")
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(rows_of(COMMAND, located), located, ctx, extra=(*known, *unknown))
    inputs, outputs, io = declared(located, ctx, primitive=True)
    if isinstance(located.value.get("command"), str):
        check_bindings(located.child("command"), ctx, inputs, outputs)
        warn_of_optional(located.child("command"), ctx, [name for name, port in inputs.items() if port.optional])
    if "additional_includes" in body:
        body["code"] = beside(body["additional_includes"], located, ctx, component_code)
    tags = {"tags": body["tags"]} if body.get("tags") else {}
    spec = {**without_empty({"is_deterministic": True, **unknown, **body, "type": "command", **io}), **tags}
    return Component(registration(spec, body.get("properties"), located), "command", inputs, outputs, spec, located)
