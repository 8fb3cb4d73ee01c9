"""Control nodes: what the nodes have in common that say whether, and how often, other nodes run.

They are a private preview of Microsoft's: its client takes them only where a variable of the environment says so.
Source: azure-ai-ml 1.35.2, ``_schema/pipeline/control_flow_job.py``, ``condition_node.py``, ``entities/_builders/``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import Invalid, Translator
from airflow_azureml.jobspec.table.values import text

VARIABLE = "AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED"
"""Source: azure-ai-ml 1.35.2, ``is_private_preview_enabled``."""

PREVIEW = f"it is a private preview of Microsoft's, taken only where {VARIABLE} is true, as by its client."

A_NODE = re.compile(r"\$\{\{\s*parent\.jobs\.([^.{}\s]+)\s*\}\}")
A_PORT = re.compile(r"\$\{\{\s*parent\.jobs\.([^.{}\s]+)\.(inputs|outputs)\.([^{}\s]+?)\s*\}\}")

TYPE = Field("type", "type", text, bindable=False)
LOOPS = ("command", "pipeline")
"""What the body of a loop may be."""


def takes_previews() -> bool:
    """Whether the environment says that private previews are taken."""
    return os.environ.get(VARIABLE) in ("True", "true")


def node_binding(located: Located, ctx: Translator) -> str | Invalid:
    """Take a node as a whole: ``${{parent.jobs.NAME}}``."""
    if isinstance(located.value, str) and A_NODE.fullmatch(located.value):
        return located.value
    return ctx.error(located, f"{show(located.value)} is not a node. Accepted: ${{{{parent.jobs.NAME}}}}.")


def check_node(located: Located, ctx: Translator, scope: Scope, value: object) -> str | None:
    """Refuse a node that is not there; the name of one that is."""
    found = A_NODE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    if found[1] not in scope.names:
        ctx.error(located, f"{value}: there is no node {show(found[1])}.{nearest(found[1], scope.names)}")
        return None
    return found[1]


def check_body(located: Located, ctx: Translator, scope: Scope) -> str | None:
    """Refuse a body that is not there, or that no loop can have; the name of another one."""
    given = located.value.get("body")
    name = check_node(located.child("body"), ctx, scope, given) if given is not None else None
    if name is None or scope.jobs is None:
        return None
    value = scope.jobs.value[name]
    kind = value.get("type", "command") if isinstance(value, Mapping) else None
    if kind not in LOOPS:
        message = f"{show(name)} is of type {show(kind)}. The body of a loop is a command or a pipeline."
        ctx.error(located.child("body"), message)
        return None
    return name


def port_name(value: str) -> str:
    """The name of an input or output that may be written as a binding."""
    found = A_PORT.fullmatch(value)
    return found[3] if found else value


def check_port(located: Located, ctx: Translator, scope: Scope, body: str, side: str, name: str) -> None:
    """Refuse an input or output that the component of a body does not declare, as far as that is known."""
    component = scope.components.get(body)
    known = getattr(component, side) if component is not None else None
    if known is not None and name not in known:
        ctx.error(located, f"{show(body)} has no {side.removesuffix('s')} {show(name)}.{nearest(name, list(known))}")
