"""Environments and components with a name of their own: the YAML of ``az ml environment`` and ``component create``.

Source: azure-ai-ml 1.35.2, ``_schema/assets/environment.py`` and ``_schema/component/`` for what is accepted,
``entities/_assets/environment.py`` and ``entities/_component/component.py`` for what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.assets.artifacts import Artifact, asset_name
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar.environments import CONDA, ENVIRONMENT, build, check_image
from airflow_azureml.jobspec.grammar.local_files import datastore
from airflow_azureml.jobspec.kinds.table import COMPONENT_TYPES, job_translator
from airflow_azureml.jobspec.nodes.component import Component
from airflow_azureml.jobspec.nodes.node_component import read
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import version
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

COMPONENT_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)
REGISTRABLE = re.compile(r"[a-z][a-z0-9_]*")
"""Names under which Microsoft's client registers a component; one in a pipeline job may have any."""


def translate_environment(document: Document, workspace: Workspace) -> Artifact:
    """Translate an environment that is registered under its name.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    root = document.root
    for key in CONDA:
        if key in root.value:
            ctx.error(root, f"{show(key)} belongs in a conda file. Accepted here: image, conda_file, build.", key)
    naming = {"name": Field("name", "name", asset_name, required=True), "version": Field("version", "version", version)}
    table = (
        *(row for row in ENVIRONMENT if row.name not in naming),
        *naming.values(),
        Field("build", "build", build(datastore(root, ctx))),
    )
    body = convert_mapping(
        table, root.within({key: value for key, value in root.value.items() if key not in CONDA}), ctx
    )
    check_image(body, root, ctx)
    if problems := explained(document, ctx.errors(), "environment"):
        raise SpecError(problems)
    name, number = body.pop("name"), body.pop("version", None)
    return Artifact(
        name, number, {"properties": {**body, "isAnonymous": False, "isArchived": False}}, tuple(ctx.warnings)
    )


def translate_component(document: Document, workspace: Workspace) -> Artifact:
    """Translate a component that is registered under its name.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = job_translator(document.faults, workspace)
    root = document.root
    word = root.value.get("type", "command")
    component: Any = None
    if not isinstance(word, str) or word.lower() not in COMPONENT_TYPES:
        ctx.error(root, f"{show(word)} is not a type of component.{nearest(word, COMPONENT_TYPES)}", "type")
    else:
        component = read(root, ctx, word.lower())
    name, number = _name(root, ctx), root.value.get("version")
    if number is not None or ("version" in root.value and not document.from_python):
        number = version(root.child("version"), ctx)
    problems = explained(document, ctx.errors(strict=True), "component")
    if problems or name is INVALID:
        raise SpecError(problems)
    return Artifact(name, number, {"properties": _body(component, name, number)}, tuple(ctx.warnings))


def _name(root: Located, ctx: Translator) -> str | Invalid:
    if root.value.get("name") is None:
        return ctx.error(root, '"name" is required.', "name")
    name = root.value["name"]
    if isinstance(name, str) and COMPONENT_NAME.fullmatch(name):
        if not REGISTRABLE.fullmatch(name):
            accepted = "lower-case letters, digits and _, a letter first"
            ctx.warn(root.child("name"), f"Microsoft's client registers no component of this name, only {accepted}.")
        return name
    return ctx.error(root, f"{show(name)} is not a name. Accepted: letters, digits, _, - and dots.", "name")


def _body(component: Component, name: str, number: str | None) -> dict[str, Any]:
    """Write a component as the service holds it. In its spec all tags are texts, beside it they are as given."""
    spec: Mapping[str, Any] = component.spec
    tags, properties = spec.get("tags") or {}, spec.get("properties") or {}
    written = {"tags": {key: item if item is None else str(item) for key, item in tags.items()}} if tags else {}
    return {
        "componentSpec": {"name": name, **({"version": number} if number else {}), **spec, **written},
        "isAnonymous": False,
        "isArchived": False,
        "properties": {key: item if item is None else str(item) for key, item in properties.items()},
        "tags": dict(tags),
        **({"description": spec["description"]} if "description" in spec else {}),
    }
