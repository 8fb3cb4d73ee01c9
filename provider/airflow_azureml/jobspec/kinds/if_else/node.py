"""Condition nodes of a pipeline.

Source: azure-ai-ml 1.35.2, ``_schema/pipeline/condition_node.py``, ``entities/_builders/condition_node.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.nodes.control import TYPE, check_node, node_binding
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed

BLOCKS = ("true_block", "false_block")
_NODES = listed(node_binding)


def condition(located: Located, ctx: Translator) -> bool | Invalid:
    """Take a truth value; a binding to an output or an input may stand in its place."""
    value = located.value
    if isinstance(value, bool):
        return value
    accepted = "true, false, ${{parent.jobs.NAME.outputs.OUTPUT}}, ${{parent.inputs.NAME}}"
    return ctx.error(located, f"{show(value)} is not a condition. Accepted: {accepted}.")


def block(located: Located, ctx: Translator) -> object:
    """Take a node or several; of one alone no list is sent."""
    if not isinstance(located.value, list):
        return node_binding(located, ctx)
    nodes = _NODES(located, ctx)
    return nodes[0] if nodes is not INVALID and len(nodes) == 1 else nodes


IF_ELSE = (
    TYPE,
    Field("condition", "condition", condition, required=True),
    *(Field(key, key, block, bindable=False) for key in BLOCKS),
)


def if_else_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a condition."""
    body = convert_mapping(IF_ELSE, located, ctx)
    named: dict[str, str] = {}
    for key in BLOCKS:
        value = body.get(key) or []
        for each in value if isinstance(value, list) else [value]:
            node = check_node(located.child(key), ctx, scope, each)
            if node is not None and named.setdefault(node, key) != key:
                ctx.error(located, f"both blocks name {show(node)}.", key)
    if not located.value.get(BLOCKS[0]) and not located.value.get(BLOCKS[1]):
        ctx.error(located, "a condition needs true_block or false_block.")
    return body
