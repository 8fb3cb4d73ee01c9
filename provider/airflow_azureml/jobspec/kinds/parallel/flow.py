"""Flows of Prompt flow as components of parallel nodes: a ``flow.dag.yaml``, or a ``run.yml`` that names one.

Such a file is known by its ``$schema``. The component is of a type of its own, ``promptflow_parallel``; it takes
``data``, what another flow gave (``flow_outputs``), ``connections.NODE.NAME``, and a text for each input of the flow.
Source: azure-ai-ml 1.35.2, ``_schema/component/flow.py``, ``entities/_component/flow.py`` and
``operations/_component_operations.py``; nothing of Prompt flow itself is needed.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Address, Placeholder, Register, Upload
from airflow_azureml.jobspec.grammar.component_io import Port
from airflow_azureml.jobspec.grammar.includes import beside
from airflow_azureml.jobspec.grammar.local_files import follow, local_upload
from airflow_azureml.jobspec.nodes.component import ANONYMOUS, Component, component_environment
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import without_empty
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed, mapped, text, truth

SCHEMAS = "https://azuremlschemas.azureedge.net/promptflow/latest/"
FLOW, RUN = f"{SCHEMAS}Flow.schema.json", f"{SCHEMAS}Run.schema.json"
TYPE = "promptflow_parallel"
FILE = "flow.dag.yaml"
"""What the file of a flow is called in its folder."""

TOOLS = ".promptflow/flow.tools.json"
"""What a flow must have been validated to; Microsoft's client refuses one without."""

INPUTS = {"data": Port("uri_folder", required=True), "flow_outputs": Port("uri_folder", optional=True)}
OUTPUTS = {"flow_outputs": Port("uri_folder"), "debug_info": Port("uri_folder")}

NAME = re.compile(r"[a-z][a-z0-9_]*")


def _name(located: Located, ctx: Translator) -> str | Invalid:
    name = text(located, ctx)
    if name is INVALID or NAME.fullmatch(name):
        return name
    return ctx.error(located, f"{show(name)} is not a name. Accepted: lower letters, digits and _, a letter first.")


def _unsent(located: Located, ctx: Translator) -> Invalid:
    """Leave out what Microsoft's client does not send: inputs of the node say what is mapped to what."""
    ctx.warn(
        located, f"{show(located.name)} is not sent. Map columns by inputs of the node, such as url: ${{data.url}}."
    )
    return INVALID


_TEXTS = mapped(text)
_OVERRIDES = (
    Field("environment", "environment", component_environment),
    Field("is_deterministic", "isDeterministic", truth),
)
_BOTH = (
    Field("name", "name", _name),
    Field("version", "version", text),
    Field("display_name", "displayName", text),
    Field("description", "description", text),
    Field("tags", "tags", _TEXTS),
    Field("environment_variables", "environmentVariables", _TEXTS),
    Field("azureml", "azureml", nested(_OVERRIDES)),
)
_FLOW = (*_BOTH, Field("additional_includes", None, listed(text)))
_RUN = (
    *_BOTH,
    Field("flow", None, text, required=True),
    Field("variant", "variant", text),
    Field("connections", "connections", mapped(_TEXTS)),
    *(Field(key, None, _unsent) for key in ("column_mapping", "column_mappings")),
)


def is_flow(located: Located) -> bool:
    """Tell the file of a flow from that of another component."""
    return (
        located.path == () and located.value.get("type") in (None, TYPE) and located.value.get("$schema") in (FLOW, RUN)
    )


def flow_component(located: Located, ctx: Translator) -> Component | Invalid:
    """Read a flow; keys that are Prompt flow's own affairs are left to it."""
    flow = located if located.value["$schema"] == FLOW else _named(located, ctx)
    if flow is INVALID:
        return INVALID
    rows = _FLOW if flow is located else _RUN
    body = _read(rows, located, ctx)
    code = _code(flow, ctx)
    if code is INVALID:
        return INVALID
    folder, file = os.path.split(flow.place.file or FILE)
    variables = _variables(flow) if flow is not located else {}
    spec = {
        "is_deterministic": True,
        "name": os.path.basename(folder).replace("-", "_"),
        "version": "1",
        **{key: value for key, value in body.items() if value or key not in ("name", "version")},
        "environment_variables": {**variables, **body.get("environment_variables", {})},
        "type": TYPE,
        "code": Placeholder(code),
        "flow_definition_uri": Placeholder(Address(code), f"{{}}/{file}"),
    }
    spec = without_empty(spec)
    return Component(_registration(spec), "parallel", INPUTS, OUTPUTS, spec, more_inputs=True)


def _read(rows: tuple[Field, ...], located: Located, ctx: Translator) -> dict[str, Any]:
    """Read the keys of a table, and let those pass that are not in it."""
    known = {row.name for row in rows}
    body = convert_mapping(rows, located, ctx, extra=[key for key in located.value if key not in known])
    body.update(body.pop("azureml", {}))
    return body


def _named(located: Located, ctx: Translator) -> Located | Invalid:
    """Find the flow that a run names: its folder or its file; gives back the top of that."""
    flow_path, files = located.value.get("flow"), located.document.files
    if not isinstance(flow_path, str) or not flow_path:
        message = '"flow" is required.' if flow_path is None else f"{show(flow_path)} is not a path."
        return ctx.error(located, f"{message} Accepted: the folder of a flow, its file.", "flow")
    path = files.locate(flow_path, located.child("flow").place.folder)
    if files.kind(path) == "folder":
        path = os.path.join(path, FILE)
    if files.kind(path) != "file":
        return ctx.error(located, f"{show(flow_path)}: there is no flow {path}.", "flow")
    document: Document | Invalid = follow(path, located.child("flow"), ctx)
    return INVALID if document is INVALID else document.root


def _variables(flow: Located) -> Mapping[str, Any]:
    variables = flow.value.get("environment_variables")
    return variables if isinstance(variables, Mapping) else {}


def _code(flow: Located, ctx: Translator) -> Upload | Invalid:
    """Take the folder of a flow as code, with what it includes besides."""
    folder = os.path.dirname(flow.place.file or "") or flow.place.folder
    included = flow.value.get("additional_includes")
    if included:
        with_code = flow.within({**flow.value, "code": folder})
        paths = listed(text)(flow.child("additional_includes"), ctx)
        code = INVALID if paths is INVALID else beside(paths, with_code, ctx, lambda located, _: INVALID)
        upload = code.requirement if isinstance(code, Placeholder) else INVALID
    else:
        upload = local_upload("code", folder, flow.within(folder), ctx, component=True)
    if not isinstance(upload, Upload):
        return INVALID
    tools = os.path.join(folder, TOOLS)
    if flow.document.files.kind(tools) is None and TOOLS not in [name for _, name in upload.bundle.files]:
        return ctx.error(flow, f'the flow has no {TOOLS}. Run "pf flow validate" on it to create the file.')
    return upload


def _registration(spec: Mapping[str, Any]) -> Placeholder:
    """Need the registration of a flow by its content; other than other components' its spec keeps its name."""
    about = {"description": spec["description"]} if "description" in spec else {}
    body = {
        "componentSpec": spec,
        "isAnonymous": True,
        "isArchived": False,
        "properties": {},
        "tags": dict(spec.get("tags", {})),
        **about,
    }
    return Placeholder(Register("components", ANONYMOUS, None, {"properties": body}))
