"""Tells what a YAML file is (a job, the inputs of a batch endpoint, or something else), and checks it as that."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.batch import INPUT_KEYS, OUTPUT_KEYS, SINGLE, TABLE, translate_invocation
from airflow_azureml.spec.document import Document
from airflow_azureml.spec.fields import closest
from airflow_azureml.spec.translate import KINDS, translate


class Kind(enum.Enum):
    """What a file is."""

    JOB = "a job"
    BATCH = "inputs of a batch endpoint"
    OTHER = "something else"


PORTS = {*INPUT_KEYS, *OUTPUT_KEYS}
BATCH_KEYS = {*PORTS, *SINGLE, *(row.name for row in TABLE)}
OTHERS_KEYS = ("version", "is_deterministic", "endpoint_name", "dependencies", "channels")
"""What a component, a deployment or a conda file has and no job."""

JOB_KEYS = ("command", "trial", "environment", "compute", "code", "search_space", "objective", "experiment_name")
NODE_KEYS = {"component", "command", "trial"}
"""Keys by which jobs are known that do not say their type."""


def kind(document: Document) -> Kind:
    """Tell what a document is by its schema, its type and its keys. A job's type may be left out for a command."""
    value = document.value
    schema = str(value.get("$schema", "")).rpartition("/")[2].lower()
    if schema:
        return Kind.JOB if schema.removesuffix(".schema.json").endswith("job") else Kind.OTHER
    if PORTS & set(value) and all(key in BATCH_KEYS or closest(key, BATCH_KEYS) for key in value):
        return Kind.BATCH
    return Kind.JOB if _is_job(value) else Kind.OTHER


def _is_job(value: Mapping[str, Any]) -> bool:
    """Tell a job, also one whose type or keys are misspelt: it must not pass for something that nobody checks."""
    if any(key in value for key in OTHERS_KEYS):
        return False
    if "type" in value:
        word = value["type"]
        return isinstance(word, str) and bool(closest(word.lower(), KINDS))
    nodes = value.get("jobs")
    if isinstance(nodes, Mapping) and any(
        isinstance(node, Mapping) and NODE_KEYS & set(node) for node in nodes.values()
    ):
        return True
    known = [closest(key, JOB_KEYS) for key in value if isinstance(key, str)]
    return "command" in known or ("trial" in known and len(set(known)) > 2)


def check(document: Document, workspace: Workspace) -> tuple[str, ...]:
    """Check a document and give back its warnings.

    :raises SpecError: with all problems of the document, each with its place.
    """
    if kind(document) is Kind.BATCH:
        return translate_invocation(document, workspace).warnings
    return translate(document, workspace).warnings
