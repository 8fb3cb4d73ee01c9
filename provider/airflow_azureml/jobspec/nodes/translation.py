"""The translation of a pipeline's nodes: the kind of each, and its body by the row of that kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.kind import JobTranslator, Kind, Scope
from airflow_azureml.jobspec.nodes.node_component import component, component_type
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import without_empty
from airflow_azureml.jobspec.table.translator import INVALID

NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""What a node may be called."""


def jobs_of(located: Located) -> Located | None:
    """Where the nodes of a pipeline or of a pipeline component are written; None where it has none."""
    return located.child("jobs") if located.value.get("jobs") is not None else None


def translate_nodes(ctx: JobTranslator, scope: Scope) -> dict[str, Any]:
    """Translate all nodes of a pipeline: components first, for the types of what is bound to them."""
    if scope.jobs is None:
        return {}
    if not isinstance(scope.jobs.value, Mapping):
        ctx.error(scope.jobs, f"{show(scope.jobs.value)} is not a mapping of nodes.")
        return {}
    kinds = {item.name: kind for item in scope.jobs.items() if (kind := _kind(item, ctx)) is not None}
    for item in scope.jobs.items():
        if item.name in kinds:
            _read_component(item, kinds[item.name], ctx, scope)
    nodes = {}
    in_node = ctx.in_form(Form.NODE)
    for item in scope.jobs.items():
        if (kind := kinds.get(item.name)) is not None and kind.node is not None:
            node = kind.node(item, in_node, scope, item.name)
            nodes[item.name] = node if kind.keeps_empty else without_empty(node)
            bindings.check_all(item, ctx, scope, item.name)
    bindings.refuse_circles(scope, ctx)
    return nodes


def _read_component(located: Located, kind: Kind, ctx: JobTranslator, scope: Scope) -> None:
    """Read the component of a node, if it has one, into the scope."""
    key = kind.component_key
    if located.value.get(key) is not None:
        found = component(located.child(key), ctx, kind.runs or kind.word)
        if found is not INVALID:
            scope.components[located.name] = found
    elif not kind.inline:
        ctx.error(located, f"{show(key)} is required.", key)
    elif key in located.value:
        ctx.error(located, "an empty value is not a component.", key)


def _kind(located: Located, ctx: JobTranslator) -> Kind | None:
    """The kind of a node: what it says, else what its component says, else command."""
    if not isinstance(located.path[-1], str) or not NAME.fullmatch(located.path[-1]):
        ctx.error(located, f"{show(located.path[-1])} is not a node's name. Accepted: lower letters, digits and _.")
    if not isinstance(located.value, Mapping):
        ctx.error(located, f"{show(located.value)} is not a node. Accepted: a mapping.")
        return None
    typed = "type" in located.value
    word = located.value["type"] if typed else _untyped(located, ctx)
    accepted = {kind.word: kind for kind in ctx.kinds.values() if kind.node is not None}
    kind = accepted.get(word.lower()) if isinstance(word, str) else None
    if kind is None:
        ctx.error(located, f"{show(word)} is not a type of node.{nearest(word, accepted)}", "type")
    elif kind.says_type and not typed:
        ctx.error(located, f'"type" is required: {kind.word}.', "type")
        return None
    return kind


def _untyped(located: Located, ctx: JobTranslator) -> str:
    """The kind of a node that names none: its component's, else that whose keys it has."""
    if located.value.get("component"):
        return component_type(located.child("component"), ctx) or "command"
    return next((kind.word for kind in ctx.kinds.values() if kind.is_node(located.value)), "command")
