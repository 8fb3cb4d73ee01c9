"""The keywords of an invocation, laid over an ``inputs.yml``.

Source: azure-ai-ml 1.35.2, ``operations/_batch_endpoint_operations.py``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.rest.errors import Problem, SpecError

SHORT_NAMES = {"uri_folder": "UriFolder", "uri_file": "UriFile"}
"""What the one input of the short form is called. Source: azure-ai-ml 1.35.2."""


def arguments(
    document: Document | None = None,
    *,
    folder: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    input: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    input_type: str = "uri_folder",
    set: str | Mapping[str, Any] | Sequence[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    properties: Mapping[str, Any] | None = None,
    **values: Any,
) -> Document:
    """Lay the keywords of an invocation over an ``inputs.yml``.

    Mappings are merged key by key, single values replace, and ``set`` comes last.

    :param document: the file; None where there is none.
    :param folder: what relative paths in the keywords belong to; the working directory by default.
    :param input: the one input of the short form: a path, or the output of an upstream task.
    :param values: any other key of an invocation, such as ``mini_batch_size``; None leaves the file's.
    :raises SpecError: both ``input`` and ``inputs`` are given, or a mapping is none.
    """
    base = document if document is not None else load({}, folder=folder, from_python=True)
    mappings = {"inputs": inputs, "outputs": outputs, "tags": tags, "properties": properties}
    wrong = [name for name, value in mappings.items() if value is not None and not isinstance(value, Mapping)]
    if wrong:
        raise SpecError([Problem(name, f"{show(mappings[name])} is not a mapping.") for name in wrong])
    if input is not None:
        if inputs:
            raise SpecError([Problem("input", "input and inputs cannot be combined.")])
        mappings["inputs"] = _short(input, input_type)
    merged = base.merged(**{name: _dumped(value) for name, value in mappings.items()}).replaced(**values)
    return merged if set is None else merged.with_values(set, typed=True)


def _short(value: object, data_type: str) -> Mapping[str, Any]:
    """Write the short form as the one input that it means."""
    if not isinstance(value, (str, os.PathLike, Mapping)):
        accepted = "one path, or a mapping with a path. Give literals by name, in inputs"
        message = f"{show(value)} is not data. Accepted: {accepted}."
        raise SpecError([Problem("input", message)])
    entry = value if isinstance(value, Mapping) else {"path": os.fspath(value), "type": data_type}
    word = entry.get("type") or data_type
    if not isinstance(word, str) or word.lower() not in SHORT_NAMES:
        message = f"{show(word)} is not accepted for a single input. Accepted: {', '.join(SHORT_NAMES)}."
        raise SpecError([Problem("input_type", message)])
    return {SHORT_NAMES[word.lower()]: {**entry, "type": word.lower()}}


def _dumped(mapping: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Read ``Input`` and ``Output`` objects of azure-ai-ml through their own dump."""
    if mapping is None:
        return None
    return {
        name: value._to_dict() if not isinstance(value, Mapping) and hasattr(value, "_to_dict") else value
        for name, value in mapping.items()
    }
