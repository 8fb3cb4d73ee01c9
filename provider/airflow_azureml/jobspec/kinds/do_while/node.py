"""Loop nodes of a pipeline, round after round.

Source: azure-ai-ml 1.35.2, ``DoWhileSchema``, ``entities/_builders/do_while.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.nodes.control import TYPE, check_body, check_port, node_binding, port_name
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed, mapped, text, whole

MOST = 1000
"""Source: azure-ai-ml 1.35.2, ``DO_WHILE_MAX_ITERATION``."""

_TEXTS = listed(text)


def port(located: Located, ctx: Translator) -> str | Invalid:
    """Take the name of an output of the body, which may be a binding."""
    name = text(located, ctx)
    return name if name is INVALID else port_name(name)


def ports(located: Located, ctx: Translator) -> list[str] | Invalid:
    """Take the name of an input of the body, or several."""
    names = _TEXTS(located, ctx) if isinstance(located.value, list) else text(located, ctx)
    if names is INVALID:
        return INVALID
    return [port_name(name) for name in (names if isinstance(names, list) else [names])]


def rounds(located: Located, ctx: Translator) -> int | Invalid:
    """Take the greatest number of rounds."""
    number = whole(located, ctx)
    if number is INVALID or 0 <= number <= MOST:
        return number
    return ctx.error(located, f"{show(number)} is not a number of rounds. Accepted: 0 to {MOST}.")


DO_WHILE = (
    TYPE,
    Field("body", "body", node_binding, required=True, bindable=False),
    Field("condition", "condition", port, bindable=False),
    Field("mapping", "mapping", mapped(ports), required=True),
    Field(
        "limits",
        "limits",
        nested((Field("max_iteration_count", "maxIterationCount", rounds, required=True, bindable=False),)),
        required=True,
    ),
)


def do_while_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a loop."""
    body = convert_mapping(DO_WHILE, located, ctx)
    looped = check_body(located, ctx, scope)
    body["mapping"] = {port_name(str(output)): inputs for output, inputs in (body.get("mapping") or {}).items()}
    if looped is not None:
        if isinstance(body.get("condition"), str):
            check_port(located.child("condition"), ctx, scope, looped, "outputs", body["condition"])
        for output, inputs in body["mapping"].items():
            check_port(located.child("mapping"), ctx, scope, looped, "outputs", output)
            for each in inputs:
                check_port(located.child("mapping"), ctx, scope, looped, "inputs", each)
    return body
