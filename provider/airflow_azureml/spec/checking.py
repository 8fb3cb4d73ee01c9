"""Tells what a YAML file is (a job, the inputs of a batch endpoint, or something else), and checks it as that."""

from __future__ import annotations

import enum

from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.batch import INPUT_KEYS, OUTPUT_KEYS, SINGLE, TABLE, translate_invocation
from airflow_azureml.spec.document import Document
from airflow_azureml.spec.translate import KINDS, translate


class Kind(enum.Enum):
    """What a file is."""

    JOB = "a job"
    BATCH = "inputs of a batch endpoint"
    OTHER = "something else"


PORTS = {*INPUT_KEYS, *OUTPUT_KEYS}
BATCH_KEYS = {*PORTS, *SINGLE, *(row.name for row in TABLE)}
COMPONENT_KEYS = ("version", "is_deterministic")
"""What a component has and no job."""


def kind(document: Document) -> Kind:
    """Tell what a document is by its schema, its type and its keys. A job's type may be left out for a command."""
    value = document.value
    schema = str(value.get("$schema", "")).rpartition("/")[2].lower()
    if schema:
        return Kind.JOB if schema.removesuffix(".schema.json").endswith("job") else Kind.OTHER
    if set(value) <= BATCH_KEYS and PORTS & set(value):
        return Kind.BATCH
    word = value.get("type", "command" if "command" in value else None)
    known = isinstance(word, str) and word.lower() in KINDS
    return Kind.JOB if known and not any(key in value for key in COMPONENT_KEYS) else Kind.OTHER


def check(document: Document, workspace: Workspace) -> tuple[str, ...]:
    """Check a document and give back its warnings.

    :raises SpecError: with all problems of the document, each with its place.
    """
    if kind(document) is Kind.BATCH:
        return translate_invocation(document, workspace).warnings
    return translate(document, workspace).warnings
