"""What data assets and models have in common: a name, a version, and a path that may be local.

Source: azure-ai-ml 1.35.2, ``_schema/assets/artifact.py`` and ``entities/_assets/_artifacts/artifact.py``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.grammar.inputs import data_uri
from airflow_azureml.jobspec.grammar.local_files import PREFIXES, datastore, not_local
from airflow_azureml.jobspec.grammar.references import is_binding, is_url
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Omit, Translator
from airflow_azureml.jobspec.table.values import choice, text, version
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace


@dataclass(frozen=True)
class Artifact:
    """An asset to be made.

    :param version: None: the service counts.
    :param body: ``{"properties": {...}}``, with a placeholder where a local path must be uploaded.
    """

    name: str
    version: str | None
    body: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
"""Source: the pattern of names of containers (models, environments) in the service's specification."""


def asset_name(located: Located, ctx: Translator) -> str | Invalid:
    """Take the name of an asset."""
    if isinstance(located.value, str) and NAME.fullmatch(located.value):
        return located.value
    return ctx.error(
        located,
        f"{show(located.value)} is not a name. Accepted: up to 255 letters, digits, - and _, a letter or digit first.",
    )


def anything_later(located: Located, ctx: Translator) -> Omit:
    """Leave a value to be read together with others."""
    return OMIT


def rows(kind: str, types: Collection[str], what: str) -> tuple[Field, ...]:
    """Make the rows that both have.

    :param kind: the service's word for the type.
    :param what: what a message calls one.
    """
    return (
        Field("name", "name", asset_name, required=True),
        Field("version", "version", version),
        Field("type", kind, choice({word: word for word in types}, what)),
        Field("path", None, anything_later, required=True),
        Field("datastore", None, anything_later),
        Field("description", "description", text),
    )


def optional_name(table: tuple[Field, ...]) -> tuple[Field, ...]:
    """The same rows for an asset that may have no name."""
    return tuple(replace(row, required=False) if row.name == "name" else row for row in table)


KINDS = {"dataUri": "data", "modelUri": "model"}
"""The service's words for the address, and the kinds of file that have them."""

Uri = Callable[[Located, Translator, str], Any]
"""Reads the path of an asset of a type."""


def translate(
    document: Document, workspace: Workspace, table: tuple[Field, ...], kind: tuple[str, str], uri: tuple[str, Uri]
) -> Artifact:
    """Translate an asset.

    :param kind: the service's word for the type, and the type of what says none.
    :param uri: the service's word for the address, and what reads the path.
    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    body = convert_mapping(table, document.root, ctx)
    body.setdefault(*kind)
    address = uri[1](document.root, ctx, body[kind[0]])
    if problems := explained(document, ctx.errors(), KINDS[uri[0]]):
        raise SpecError(problems)
    name, number = body.pop("name"), body.pop("version", None)
    return Artifact(name, number, {"properties": {**body, uri[0]: address}}, tuple(ctx.warnings))


def artifact_address(
    root: Located, ctx: Translator, kind: str, what: str, kept: tuple[str, ...] = ()
) -> Converted[str | Placeholder]:
    """Read the path of an asset: local, or an address.

    :param what: what a message calls the asset.
    :param kept: how addresses begin that the service takes as they are.
    """
    path = root.value.get("path")
    if path is None and (root.document.from_python or "path" not in root.value):
        return OMIT
    located = root.child("path")
    if isinstance(path, Mapping):
        return ctx.error(located, f'{show(path)} is not a path. Accepted: the path of an output, its key "path".')
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        return ctx.error(located, f"{show(path)} is not a path. Accepted: a local path, or the address of {what}.")
    address = os.fspath(path)
    if address.startswith(kept):
        return address
    if not is_url(address) and (address.startswith(("azureml:", "/subscriptions/"))):
        return ctx.error(
            located, f"{show(address)} is already an asset. Accepted: a local path, or the address of {what}."
        )
    if is_binding(address):
        return ctx.error(
            located, f"{show(address)} is a binding, which is not resolved here. Accepted: a local path, or an address."
        )
    if address.startswith(PREFIXES) and not is_url(address):
        not_local(located.within(address), ctx)
        return INVALID
    return data_uri(located.within(address), ctx, kind, datastore(root, ctx))
