"""Models: the YAML of ``az ml model create`` to the service's words.

Source: azure-ai-ml 1.35.2, ``_schema/assets/model.py`` and ``entities/_assets/_artifacts/model.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.assets.artifacts import Artifact, artifact_address, optional_name, rows, translate
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import LATEST, Placeholder, Register, Upload
from airflow_azureml.jobspec.grammar.inputs import MODEL_TYPES
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed, mapped, text
from airflow_azureml.rest.ids import Workspace

RUN = "runs:/"
"""MLflow's form of a path in a job's artifacts, which the service takes as it is."""


def _words(located: Located, ctx: Translator) -> Body | Invalid:
    """Take a mapping of texts; other scalars are sent as text, empty ones not at all."""
    found = mapped(anything, null=True)(located, ctx)
    if found is INVALID:
        return INVALID
    return {name: str(value) for name, value in found.items() if value is not None}


def _flavors(located: Located, ctx: Translator) -> Converted[Body]:
    """Take the flavors of an MLflow model: for each a mapping."""
    found = mapped(mapped(anything))(located, ctx)
    if found is INVALID or not found:
        return OMIT if found == {} else INVALID
    return {name: {"data": data} for name, data in found.items()}


TEMPLATE = nested((Field("asset_id", "assetId", text, required=True),))
"""A deployment template, named by its address in a registry."""


def _templates(located: Located, ctx: Translator) -> Converted[list[Any]]:
    return listed(TEMPLATE)(located, ctx) or OMIT


TABLE = (
    *rows("modelType", MODEL_TYPES, "a type of model"),
    Field("tags", "tags", _words),
    Field("properties", "properties", _words),
    Field("flavors", "flavors", _flavors),
    Field("stage", "stage", text),
    Field("default_deployment_template", "defaultDeploymentTemplate", TEMPLATE),
    Field("allowed_deployment_templates", "allowedDeploymentTemplates", _templates),
    Field("system_metadata", None, mapped(anything), unsent=True),
    *answers("id", "utc_time_created", "latest_version", "creation_context", "job_name"),
)


def translate_model(document: Document, workspace: Workspace) -> Artifact:
    """Translate a model.

    :raises SpecError: with all problems of the document, each with its place.
    """
    return translate(document, workspace, TABLE, ("modelType", "custom_model"), ("modelUri", _uri))


def _uri(root: Located, ctx: Translator, kind: str) -> Converted[str | Placeholder]:
    address = artifact_address(root, ctx, kind, "a model", (RUN,))
    if kind == "mlflow_model" and isinstance(address, Placeholder) and isinstance(address.requirement, Upload):
        located = root.child("path")
        if not address.requirement.bundle.is_folder:
            return ctx.error(located, f"{show(located.value)} is a file. Accepted for mlflow_model: a folder.")
    return address


def inline(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Read a model that is written out in a deployment, and need its registration: by its content, or under its name.

    Source: azure-ai-ml 1.35.2, ``AnonymousModelSchema``, and ``Model``, which names one without a name by its hash.
    """
    before = len(ctx.problems)
    body = convert_mapping(optional_name(TABLE), located, ctx)
    body.setdefault("modelType", "custom_model")
    address = _uri(located, ctx, body["modelType"])
    name, number = body.pop("name", ""), body.pop("version", None)
    if number is not None and not name:
        ctx.error(located, "a version needs a name.", "version")
    if len(ctx.problems) > before:
        return INVALID
    properties = {**body, "modelUri": address, "isAnonymous": not name}
    return Placeholder(Register("models", name, (number or LATEST) if name else None, {"properties": properties}))
