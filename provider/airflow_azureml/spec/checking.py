"""Tells what a YAML file is (a job, the inputs of a batch endpoint, or something else), and checks it as that."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec import inputs as io
from airflow_azureml.spec.document import Document, Spot
from airflow_azureml.spec.fields import INVALID, Reading, anything, nearest, show
from airflow_azureml.spec.translate import KINDS, translate


class Kind(enum.Enum):
    """What a file is."""

    JOB = "a job"
    BATCH = "inputs of a batch endpoint"
    OTHER = "something else"


BATCH_KEYS = ("inputs", "outputs")
COMPONENT_KEYS = ("version", "is_deterministic")
"""What a component has and no job."""


def kind(document: Document) -> Kind:
    """Tell what a document is by its schema, its type and its keys. A job's type may be left out for a command."""
    value = document.value
    schema = str(value.get("$schema", "")).rpartition("/")[2].lower()
    if schema:
        return Kind.JOB if schema.removesuffix(".schema.json").endswith("job") else Kind.OTHER
    if set(value) <= set(BATCH_KEYS) and value:
        return Kind.BATCH
    word = value.get("type", "command" if "command" in value else None)
    known = isinstance(word, str) and word.lower() in KINDS
    return Kind.JOB if known and not any(key in value for key in COMPONENT_KEYS) else Kind.OTHER


def check(document: Document, workspace: Workspace) -> tuple[str, ...]:
    """Check a document and give back its warnings.

    :raises SpecError: with all problems of the document, each with its place.
    """
    if kind(document) is Kind.BATCH:
        return _check_batch(document, workspace)
    return translate(document, workspace).warnings


def _check_batch(document: Document, workspace: Workspace) -> tuple[str, ...]:
    reading = Reading(workspace)
    for part, check_one in (("inputs", _batch_input), ("outputs", _batch_output)):
        if document.value.get(part) is None:
            continue
        spot = document.root.child(part)
        if not isinstance(spot.value, Mapping):
            reading.refuse(spot, f"{show(spot.value)} is not a mapping of names.")
            continue
        for item in spot.items():
            io.named(item, reading)
            check_one(item, reading)
    if reading.problems:
        raise SpecError(reading.problems)
    return tuple(reading.warnings)


def _batch_input(spot: Spot, reading: Reading) -> None:
    value = spot.value
    if io.is_literal(value) or (isinstance(value, Mapping) and {"jobInputType", "JobInputType"} & set(value)):
        return
    if isinstance(value, Mapping) and isinstance(value.get("type"), str) and value["type"].lower() in io.LITERAL_TYPES:
        _literal(spot, reading)
        return
    io.job_input(spot, reading)


def _literal(spot: Spot, reading: Reading) -> None:
    given = [key for key in ("value", "default", "path") if key in spot.value]
    for key in spot.value:
        if key not in ("type", "value", "default", "path"):
            reading.refuse(spot, f"{show(key)} is not known here.{nearest(key, ('type', 'value', 'default'))}", key)
    if len(given) != 1 or not io.is_literal(spot.value[given[0]]):
        reading.refuse(spot, "a literal needs a value: a text, number or truth value.", "value")


def _batch_output(spot: Spot, reading: Reading) -> None:
    if isinstance(spot.value, Mapping) and {"jobOutputType", "JobOutputType"} & set(spot.value):
        if anything(spot, reading) is INVALID:
            return
    else:
        io.job_output(spot, reading)
