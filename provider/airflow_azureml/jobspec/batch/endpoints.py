"""Batch endpoints: the YAML of ``az ml batch-endpoint create``.

Source: azure-ai-ml 1.35.2, ``_schema/_endpoint/batch/`` for what is accepted, ``entities/_endpoint/`` for what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, mapped, text, word
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

NAME = re.compile(r"[a-zA-Z](?=.{2,31}$)[-a-zA-Z0-9]*[a-zA-Z0-9]")
"""Source: azure-ai-ml 1.35.2, ``EndpointConfigurations``: 3 to 32 characters."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint to be made.

    :param body: ``{"properties": {...}}``, with ``tags`` where they are given; without a location.
    """

    name: str
    body: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


def tracked(properties: dict[str, Any]) -> dict[str, Any]:
    """Put the tags where a resource of its own has them: beside its properties."""
    tags = properties.pop("tags", None)
    return {"properties": properties, **({} if tags is None else {"tags": tags})}


def resource_name(located: Located, ctx: Translator) -> str | Invalid:
    """Take the name of an endpoint or a deployment."""
    if isinstance(located.value, str) and NAME.fullmatch(located.value):
        return located.value
    accepted = "3 to 32 letters, digits and -, a letter first, no - at the end"
    return ctx.error(located, f"{show(located.value)} is not a name. Accepted: {accepted}.")


LABELS = mapped(word, null=True)
"""Tags and properties of a resource."""

DEFAULTS = (Field("deployment_name", "deploymentName", resource_name),)

ENDPOINT = (
    Field("name", "name", resource_name, required=True),
    Field("description", "description", text),
    Field("tags", "tags", LABELS),
    Field("properties", "properties", LABELS),
    Field("auth_mode", "authMode", choice({"aad_token": "AADToken"}, "a way to authenticate", fold=snake)),
    Field("defaults", "defaults", nested(DEFAULTS)),
    *answers("id", "provisioning_state", "scoring_uri", "openapi_uri", "location", "identity", "creation_context"),
)


def translate_endpoint(document: Document, workspace: Workspace) -> Endpoint:
    """Translate a batch endpoint.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    body = convert_mapping(ENDPOINT, document.root, ctx)
    if problems := explained(document, ctx.errors(), "batch endpoint"):
        raise SpecError(problems)
    name = body.pop("name")
    return Endpoint(name, tracked({"authMode": "AADToken", **body}), tuple(ctx.warnings))
