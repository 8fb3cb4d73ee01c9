"""Literals of inputs: which values are some, what changes of them on the way, and what the service does not take."""

from __future__ import annotations

import math
import os.path

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.references import is_reference
from airflow_azureml.jobspec.grammar.whole_results import MADE_BY_A_TEMPLATE, is_text_of_result
from airflow_azureml.jobspec.table.json_values import warn_of_reading
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.values import warn_of_base

EMPTY = (
    'an empty string is not accepted as an input: Azure ML refuses it ("The Value field is required"). '
    'Omit the input, or give a word that the script treats as empty, such as "none".'
)
"""Source: Azure/azure-sdk-for-python#41834."""


def is_literal(value: object) -> bool:
    """Whether a value is a scalar that an input may be given as."""
    return isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value))


def check_literal(located: Located, ctx: Translator, data_type: str) -> None:
    """Warn of what changes in a literal on its way, and note what the service does not take."""
    literal = located.value
    if isinstance(literal, str) and is_text_of_result(literal):
        ctx.error(located, f"the input {show(located.name)} is the text of a mapping. {MADE_BY_A_TEMPLATE}")
        return
    if literal == "":
        ctx.reject(located, EMPTY)
    elif isinstance(literal, str) and not literal.strip():
        ctx.warn(located, f"the string is only whitespace, and {EMPTY}")
    _warn_of_data(located, ctx)
    if data_type in ("number", "integer"):
        warn_of_base(located, ctx, literal)
    elif data_type != "boolean" or not isinstance(literal, bool):
        warn_of_reading(located, ctx, str(literal))


def _warn_of_data(located: Located, ctx: Translator) -> None:
    """Warn of a text that names data: a reference, an address in storage, or what lies beside the job or DAG."""
    text = located.value
    if not isinstance(text, str) or len(text) > 1000 or not text.isprintable():
        return
    local_kind, reference = None, is_reference(text)
    looks_local = ("/" in text or "." in text) and text.strip("./") and not os.path.isabs(text)
    if looks_local and not reference:
        local_kind = located.document.files.kind(located.document.files.locate(text, located.place.folder))
    if local_kind is None and not reference:
        return
    place = text.partition("?")[0]  # what may follow is a signature
    named = "an asset or address" if local_kind is None else f"an existing {local_kind}"
    data_type = (
        "uri_file" if local_kind == "file" or (local_kind is None and "." in place.rpartition("/")[2]) else "uri_folder"
    )
    ctx.warn(
        located,
        f"{show(place)} is sent as a string, although it names {named}. Write data as a mapping: "
        f"{{type: {data_type}, path: {show(place)}}}.",
    )
